package platform_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"

	"sealdesk/platformapi"
	"sealdesk/platformapi/client"
	"sealdesk/platformapi/platform"
	"sealdesk/platformapi/platformtest"
	"sealdesk/platformapi/web/dpop"
	"sealdesk/platformapi/wire"
)

var (
	agency     = platformapi.Organisation{USCC: "91410800MA40000011", Name: "焦作市公共资源代理有限公司"}
	supervisor = platformapi.Organisation{USCC: "11410800MB00000012", Name: "修武县财政局"}
	hallOrg    = platformapi.Organisation{USCC: "12410800MB00000013", Name: "修武县公共资源交易中心"}
)

// mayNot says what each kind of caller must not do. Everything else it may, and a new operation stands here or is missing
// from a list below.
var mayNot = map[string][]string{
	"nobody": {
		"GetSession", "Logout", "GetAccount", "CreateBindingChallenge", "BindCertificate", "UnbindCertificate", "ListLots", "GetLot", "GetFlow",
		"ListContracts", "CreateContract", "GetContract", "DeleteContract", "SaveFields", "PutAttachment", "RemoveAttachment", "SetNote",
		"DownloadAttachment", "SubmitContract", "WithdrawContract", "AgreeContract", "RefuseContract", "PublishContract", "FileContract",
		"ListReceipts", "ListTemplates", "DownloadTemplate", "WatchEvents",
	},
	"account": {
		"GetSession", "ListLots", "GetLot", "GetFlow", "ListContracts", "CreateContract", "GetContract", "DeleteContract", "SaveFields",
		"PutAttachment", "RemoveAttachment", "SetNote", "DownloadAttachment", "SubmitContract", "WithdrawContract", "AgreeContract",
		"RefuseContract", "PublishContract", "FileContract", "ListReceipts", "ListTemplates", "DownloadTemplate", "WatchEvents",
	},
	"party": {"GetAccount", "CreateBindingChallenge", "BindCertificate", "UnbindCertificate"},
	"agency": {
		"GetAccount", "CreateBindingChallenge", "BindCertificate", "UnbindCertificate", "CreateContract", "DeleteContract", "SaveFields",
		"PutAttachment", "RemoveAttachment", "SetNote", "SubmitContract", "WithdrawContract", "AgreeContract", "RefuseContract",
		"PublishContract", "FileContract", "ListReceipts", "ListTemplates", "DownloadTemplate",
	},
	"supervisor": {
		"GetAccount", "CreateBindingChallenge", "BindCertificate", "UnbindCertificate", "ListLots", "CreateContract", "DeleteContract", "SaveFields",
		"PutAttachment", "RemoveAttachment", "SetNote", "SubmitContract", "WithdrawContract", "AgreeContract", "RefuseContract",
		"PublishContract", "FileContract", "ListReceipts", "ListTemplates", "DownloadTemplate",
	},
	"hall": {
		"GetAccount", "CreateBindingChallenge", "BindCertificate", "UnbindCertificate", "ListLots", "GetLot", "GetFlow", "ListContracts",
		"CreateContract", "GetContract", "DeleteContract", "SaveFields", "PutAttachment", "RemoveAttachment", "SetNote", "DownloadAttachment",
		"SubmitContract", "WithdrawContract", "AgreeContract", "RefuseContract", "PublishContract", "FileContract", "ListReceipts",
		"ListTemplates", "DownloadTemplate", "WatchEvents",
	},
}

// What is of tenders, by who may do it.
var (
	ofBidders = []string{"ListBids", "BeginBid", "CompleteBid", "WithdrawBid", "ListBidReceipts", "Object", "BeginBackup", "CompleteBackup", "ListCredit", "PutCredit", "RemoveCredit", "DownloadCredit"}
	ofHosts   = []string{"CreateTender", "PostponeTender", "ConductOpening", "AnswerObjection", "SignRecord"}
	ofPresent = []string{"SignIn", "TakeEnvelopes", "DecryptBid", "ReportFailure"}
	ofReaders = []string{"ListTenders", "GetTender", "DownloadOutline", "ListTenderBids", "GetBid", "WatchTender", "DownloadRecord"}
	ofFiles   = []string{"DownloadBid", "DownloadPart"}
)

func init() {
	add := func(who string, lists ...[]string) { mayNot[who] = append(mayNot[who], slices.Concat(lists...)...) }
	add("nobody", ofBidders, ofHosts, ofPresent, ofReaders, ofFiles)
	add("account", ofBidders, ofHosts, ofPresent, ofReaders, ofFiles)
	add("agency", ofBidders, ofPresent)
	add("supervisor", ofBidders, ofHosts, ofPresent)
	add("hall", ofBidders, ofHosts, ofFiles)
}

// world is platformtest's with organisations that are no parties.
func newRoles(t *testing.T) (*platformtest.World, map[string]*recorder) {
	t.Helper()
	w := platformtest.NewWorld(t, t.TempDir(), nil)
	seed := platform.Seed{
		Organisations: []platformapi.Organisation{agency, supervisor, hallOrg},
		Kinds: map[string]platformapi.OrganisationKind{
			agency.USCC: platformapi.OrganisationAgency, supervisor.USCC: platformapi.OrganisationSupervisor, hallOrg.USCC: platformapi.OrganisationHall,
		},
	}
	for _, l := range platformtest.Seed(w.Clock.Now()).Lots {
		if l.ID == platformtest.LotID {
			l.AgencyUSCC = agency.USCC
			seed.Lots = append(seed.Lots, l)
		}
	}
	if err := w.Server.Import(t.Context(), seed); err != nil {
		t.Fatal(err)
	}
	if err := w.Server.AddAccount(t.Context(), accountOf, "张三", secret, platformtest.Purchaser.USCC); err != nil {
		t.Fatal(err)
	}
	callers := map[string]*recorder{}
	for name, org := range map[string]platformapi.Organisation{"party": platformtest.Purchaser, "agency": agency, "supervisor": supervisor, "hall": hallOrg} {
		rec := &recorder{}
		id := w.Identity(org)
		if id.Key == nil {
			id = w.CA.Issue(t, "ecdsa", org)
		}
		c, err := client.Login(t.Context(), w.URL, id.Key, id.Chain, client.Options{Transport: rec, Keeper: rec})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := c.Session(t.Context()); err != nil {
			t.Fatal(err)
		}
		callers[name] = rec
	}
	return w, callers
}

// Every operation of the description is tried by every kind of caller: those that must not are refused before anything of
// the request is looked at, and nobody else is.
func TestWhoMayDoWhat(t *testing.T) {
	w, callers := newRoles(t)
	spec, err := wire.GetSpec()
	if err != nil {
		t.Fatal(err)
	}
	account := newAccountRecorder(t, w)
	callers["account"] = account
	callers["nobody"] = nil
	tried := 0
	for path, item := range spec.Paths.Map() {
		for method, op := range item.Operations() {
			name := strings.ToUpper(op.OperationID[:1]) + op.OperationID[1:]
			if name == "Logout" {
				continue // everybody may, and it would end the session that the others need
			}
			for who, rec := range callers {
				tried++
				status, code := call(t, w, rec, method, path, op)
				forbidden := code == platformapi.CodeRoleForbidden || code == platformapi.CodeCertificateOnly || code == platformapi.CodeAccountOnly || code == platformapi.CodeSessionOver
				if want := slices.Contains(mayNot[who], name); forbidden != want {
					t.Errorf("%s by %s: %d %s; it must be forbidden: %v", name, who, status, code, want)
				}
			}
		}
	}
	t.Logf("%d operations by callers", tried)
	if tried < 200 {
		t.Errorf("only %d were tried", tried)
	}
}

func newAccountRecorder(t *testing.T, w *platformtest.World) *recorder {
	t.Helper()
	key, err := dpop.NewKey()
	if err != nil {
		t.Fatal(err)
	}
	const path = "/v1/login/account"
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, w.URL+path, strings.NewReader(`{"account":"`+accountOf+`","password":"`+secret+`"}`))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set(dpop.Header, prove(t, key, http.MethodPost, w.URL+path, "", w.Clock.Now()))
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	var answer platformapi.AccountAnswer
	if err := json.NewDecoder(resp.Body).Decode(&answer); err != nil || answer.Token == "" {
		t.Fatalf("%s, %v", resp.Status, err)
	}
	return &recorder{token: answer.Token, key: key}
}

// call sends a request that is right in form, by example.
func call(t *testing.T, w *platformtest.World, rec *recorder, method, path string, op *openapi3.Operation) (int, string) {
	t.Helper()
	id := platformapi.NewID()
	path = strings.NewReplacer("{lot_id}", platformtest.LotID, "{contract_id}", id, "{attachment_id}", id, "{template_id}", "template", "{year}", "2026",
		"{certificate_sha256}", strings.Repeat("0", 64), "{tender_id}", id, "{bid_id}", id, "{part_code}", "a", "{item_id}", id, "{sha256}", strings.Repeat("0", 64),
		"{objection_id}", id).Replace(path)
	if strings.Contains(path, "{") {
		t.Fatalf("%s: no example", path)
	}
	headers := map[string]string{"Idempotency-Key": `"` + platformapi.NewID() + `"`, "If-Match": `"c-` + id + `-1"`}
	name := strings.ToLower(op.OperationID[:1]) + op.OperationID[1:]
	body := examples[name]
	if op.RequestBody != nil && body == "" && name != "putAttachment" {
		t.Fatalf("%s: no example of its body", name)
	}
	if name == "putAttachment" {
		path += "?kind=invoice&stage=uploaded&name=a.pdf"
		body = "x"
		headers["Content-Type"] = "application/octet-stream"
		headers["Content-Digest"] = "sha-256=:LXEWQrcmsEQBYnyp++6wy9chTD7GQPMTbAiWHF5IaSQ=:"
	}
	if name == "watchEvents" { // which does not end by itself
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		req := request(t, w, rec, method, path, body, headers).WithContext(ctx)
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		if resp.StatusCode == http.StatusOK {
			cancel()
			_ = resp.Body.Close() // it was given up
			return resp.StatusCode, ""
		}
		status, p := problemOf(t, resp)
		return status, p.Code
	}
	status, p := send(t, w, rec, method, path, body, headers)
	return status, p.Code
}

var examples = func() map[string]string {
	id, sum := platformapi.NewID(), strings.Repeat("0", 64)
	return map[string]string{
		"createChallenge":        `{"certificate_chain":["AA=="]}`,
		"login":                  `{"challenge_id":"` + id + `","signature":"AA=="}`,
		"renewSession":           `{"refresh_token":"x"}`,
		"loginAccount":           `{"account":"x","password":"x"}`,
		"createBindingChallenge": `{"certificate_chain":["AA=="]}`,
		"bindCertificate":        `{"challenge_id":"` + id + `","signature":"AA=="}`,
		"createDeviceCode":       `{"client_name":"x"}`,
		"takeDeviceToken":        `{"device_code":"` + strings.Repeat("x", 43) + `"}`,
		"createDeviceChallenge":  `{"user_code":"BCDFGHJK","certificate_chain":["AA=="]}`,
		"decideDevice":           `{"challenge_id":"` + id + `","approve":false}`,
		"createContract":         `{"id":"` + id + `","lot_id":"none","fields":{}}`,
		"saveFields":             `{}`,
		"setNote":                `{"note":""}`,
		"submitContract":         `{"sha256":"` + sum + `"}`,
		"agreeContract":          `{"sha256":"` + sum + `"}`,
		"refuseContract":         `{"opinion":"x"}`,
		"publishContract":        `{"sha256":"` + sum + `","original_sha256":"` + sum + `","hidden":[]}`,
		"fileContract":           `{"number":"x","filed_on":"2026-11-25"}`,
		"createTender": `{"id":"` + id + `","number":"x","name":"x","lot_number":"x","lot_name":"x","purchaser_uscc":"91410800MA40000001","outline":"e30=",
			"deadline":"2040-01-01T00:00:00Z","decrypt_minutes":1,"remedy":"none","others_go_on":true}`,
		"postponeTender":  `{"deadline":"2040-01-01T00:00:00Z","reason":"x"}`,
		"conductOpening":  `{"act":"announce"}`,
		"beginBid":        `{"id":"` + id + `","size":1,"sha256":"` + sum + `"}`,
		"signRecord":      `{"signature":"AA=="}`,
		"signIn":          `{"place":"remote"}`,
		"decryptBid":      `{"envelopes":[{"name":"x","secret":"AA=="}]}`,
		"reportFailure":   `{"cause":"no_key"}`,
		"beginBackup":     `{"upload_id":"` + id + `","size":1,"sha256":"` + sum + `"}`,
		"object":          `{"id":"` + id + `","text":"x"}`,
		"answerObjection": `{"text":"x"}`,
		"putCredit":       `{"kind":"licence","name":"x"}`,
	}
}()

// Observers read what was submitted, and nothing before.
func TestObserversRead(t *testing.T) {
	w, _ := newRoles(t)
	as := func(org platformapi.Organisation) *client.Client {
		t.Helper()
		id := w.CA.Issue(t, "ecdsa", org)
		c, err := client.Login(t.Context(), w.URL, id.Key, id.Chain, client.Options{})
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	watchers := map[string]*client.Client{"agency": as(agency), "supervisor": as(supervisor)}
	inLot, elsewhere := submitted(t, w, platformtest.LotID), submitted(t, w, platformtest.LotOther)
	for name, c := range watchers {
		x, err := c.Session(t.Context())
		if err != nil || string(x.Kind) != name {
			t.Errorf("%s: %+v, %v", name, x, err)
		}
		got, err := c.Contract(t.Context(), inLot)
		if err != nil || got.Summary.MyRole != platformapi.RoleObserver || got.Summary.MyTurn || len(got.Summary.Moves) != 0 || got.Summary.Fields.Name == "" {
			t.Errorf("%s: %+v, %v", name, got.Summary, err)
		}
		if !got.Summary.ViewedAt.IsZero() {
			t.Errorf("%s: the look of somebody who watches is taken for the other side's", name)
		}
		_, err = c.Contract(t.Context(), elsewhere)
		if name == "agency" && !platformapi.IsCode(err, platformapi.CodeNotFound) || name == "supervisor" && err != nil {
			t.Errorf("%s, another's lot: %v", name, err)
		}
		page, err := c.Contracts(t.Context(), platformapi.ContractQuery{})
		if want := map[string]int{"agency": 1, "supervisor": 2}[name]; err != nil || len(page.Items) != want {
			t.Errorf("%s: %d contracts, %v", name, len(page.Items), err)
		}
		if _, err := c.Lot(t.Context(), platformtest.LotID); err != nil {
			t.Errorf("%s: lot: %v", name, err)
		}
		for _, a := range got.Attachments {
			path, err := c.Download(t.Context(), inLot, a, t.TempDir())
			if err != nil || path == "" {
				t.Errorf("%s: %s: %v", name, a.Name, err)
			}
		}
	}
}

// submitted is a contract that the purchaser sent to the supplier.
func submitted(t *testing.T, w *platformtest.World, lotID string) string {
	t.Helper()
	c := w.Login(t, platformtest.Purchaser, client.Options{})
	id := platformapi.NewID()
	version := int64(0)
	did := func(out platformapi.Outcome, err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		version = out.Contract.Summary.Version
	}
	change := func() platformapi.Change {
		return platformapi.Change{Key: platformapi.NewID(), ContractID: id, Version: version}
	}
	did(c.Create(t.Context(), change(), platformapi.NewContract{ID: id, LotID: lotID}))
	did(c.SaveFields(t.Context(), change(), platformapi.ContractFields{Number: "HT-1", Name: "合同", AmountFen: platformtest.AwardFen, TermDays: 90, SignedOn: "2026-03-24"}))
	put := func(stage platformapi.AttachmentStage, name string, content []byte) string {
		sum := sha256.Sum256(content)
		digest := hex.EncodeToString(sum[:])
		did(c.PutAttachment(t.Context(), change(), platformapi.Upload{
			ID: platformapi.NewID(), Kind: platformapi.KindFiling, Stage: stage, Name: name, Size: int64(len(content)), SHA256: digest, Content: bytes.NewReader(content),
		}))
		return digest
	}
	put(platformapi.StageUploaded, "合同.docx", platformtest.DOCX("draft"))
	digest := put(platformapi.StageSealed, "合同.pdf", platformtest.Seal(platformtest.PDF("contract"), platformtest.Purchaser.USCC))
	did(c.Submit(t.Context(), change(), digest))
	return id
}
