package platform_test

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/gorillamux"

	"sealdesk/platformapi"
	"sealdesk/platformapi/client"
	"sealdesk/platformapi/platform"
	"sealdesk/platformapi/platformtest"
	"sealdesk/platformapi/web/dpop"
	"sealdesk/platformapi/wire"
)

const (
	lettersInSuite = 1500
	lettersAWorld  = 2000
	letterGap      = 200 * time.Millisecond // of the world's clock: nobody is held back, and tokens outlive a world
	patience       = 2 * time.Second
)

// Whatever is sent, by whoever: no answer is an internal error, none is late, and each is as the document says.
// SEALDESK_API_REQUESTS says how many requests, SEALDESK_API_SEED which: without the first always the same few.
func TestAnyRequestIsAnswered(t *testing.T) {
	letters, seed := lettersInSuite, uint64(1)
	if n, err := strconv.Atoi(os.Getenv("SEALDESK_API_REQUESTS")); err == nil {
		letters, seed = n, rand.Uint64()
	}
	if n, err := strconv.ParseUint(os.Getenv("SEALDESK_API_SEED"), 10, 64); err == nil {
		seed = n
	}
	t.Logf("SEALDESK_API_SEED=%d", seed)
	answered := map[string]map[int]int{} // operation, status: how often
	for i := 0; letters > 0; i++ {
		t.Run(strconv.Itoa(i), func(t *testing.T) { askAround(t, seed+uint64(i), min(letters, lettersAWorld), answered) })
		letters -= lettersAWorld
	}
	total := map[int]int{}
	for _, op := range slices.Sorted(maps.Keys(answered)) {
		t.Logf("%-24s %v", op, answered[op])
		for status, n := range answered[op] {
			total[status] += n
		}
	}
	t.Logf("%-24s %v", "all", total)
	// Else the letters would be so wrong that nothing but the checks before the handlers is tried.
	for _, status := range []int{200, 201, 204, 400, 401, 403, 404, 405, 409, 410, 412, 415, 422} {
		if total[status] == 0 {
			t.Errorf("no answer was a %d", status)
		}
	}
}

func document(t *testing.T) *openapi3.T {
	t.Helper()
	spec, err := wire.GetSpec()
	if err != nil {
		t.Fatal(err)
	}
	anywhere := *spec
	anywhere.Servers = nil
	return &anywhere
}

// askAround sends a number of letters to a world of its own.
func askAround(t *testing.T, seed uint64, letters int, answered map[string]map[int]int) {
	w, callers := newRoles(t)
	known := prepare(t, w)
	supplier := &recorder{}
	if _, err := w.Login(t, platformtest.Supplier, client.Options{Transport: supplier, Keeper: supplier}).Session(t.Context()); err != nil {
		t.Fatal(err)
	}
	nobody, err := dpop.NewKey()
	if err != nil {
		t.Fatal(err)
	}
	callers["supplier"], callers["account"], callers["nobody"] = supplier, newAccountRecorder(t, w), &recorder{key: nobody}

	spec := document(t)
	router, err := gorillamux.NewRouter(spec)
	if err != nil {
		t.Fatal(err)
	}
	who := slices.Sorted(maps.Keys(callers))
	g := newScribe(spec, seed, append(who, "party", "party", "supplier", "supplier"))
	for _, id := range known {
		g.learn("contract_id", id)
	}
	g.learn("filed_on", w.Clock.Now().In(time.FixedZone("CST", 8*3600)).Format(time.DateOnly))
	for _, o := range []platformapi.Organisation{platformtest.Purchaser, platformtest.Supplier} {
		g.learn("certificate_chain", base64.StdEncoding.EncodeToString(w.Identity(o).Chain[0].Raw))
	}
	x := &carrier{w: w, address: strings.TrimPrefix(w.URL, "http://"), callers: callers}
	defer x.hangUp()
	j := judge{router: router, problem: spec.Components.Schemas["Problem"].Value}
	for range letters {
		l := g.next()
		w.Clock.Add(letterGap)
		resp, body, err := x.carry(t, l)
		if errors.Is(err, os.ErrDeadlineExceeded) { // the machine may have been busy; the letter is not to blame when it is answered now
			resp, body, err = x.carry(t, l)
		}
		if err != nil {
			// Who hangs up without having read everything may take the answer with him.
			if broke := errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE); !broke || l.size() < 2<<10 {
				t.Errorf("%s: %v", &l, err)
			}
			continue
		}
		op, err := j.judge(l, resp, body)
		if err != nil {
			t.Errorf("%s:\n%s %q %.500q: %v", &l, resp.Status, resp.Header, body, err)
		}
		if answered[op] == nil {
			answered[op] = map[int]int{}
		}
		answered[op][resp.StatusCode]++
		g.note(resp, body)
		if op == "Logout" && resp.StatusCode == http.StatusNoContent {
			w.Clock.Add(10 * time.Second) // logins are rationed
			renew(t, w, callers, l.who)
		}
	}
}

// prepare makes contracts that stand at several points, and says which.
func prepare(t *testing.T, w *platformtest.World) []string {
	t.Helper()
	var seed platform.Seed
	drafts := []string{"lot-draft-1", "lot-draft-2", "lot-draft-3"}
	for _, id := range append(drafts, "lot-free-1", "lot-free-2", "lot-over") {
		l := platformtest.Seed(w.Clock.Now()).Lots[0]
		l.ID, l.Number, l.AgencyUSCC = id, "ZB-"+id, agency.USCC
		seed.Lots = append(seed.Lots, l)
	}
	if err := w.Server.Import(t.Context(), seed); err != nil {
		t.Fatal(err)
	}
	buyer, seller := w.Login(t, platformtest.Purchaser, client.Options{}), w.Login(t, platformtest.Supplier, client.Options{})
	var known []string
	for _, lot := range drafts {
		id := platformapi.NewID()
		if _, err := buyer.Create(t.Context(), platformapi.Change{Key: platformapi.NewID()}, platformapi.NewContract{ID: id, LotID: lot}); err != nil {
			t.Fatal(err)
		}
		known = append(known, id)
	}
	over := submitted(t, w, "lot-over")
	c, err := seller.Contract(t.Context(), over)
	if err != nil {
		t.Fatal(err)
	}
	both := platformtest.Seal(platformtest.Seal(platformtest.PDF("contract"), platformtest.Purchaser.USCC), platformtest.Supplier.USCC)
	sum := sha256.Sum256(both)
	put := platformapi.Upload{
		ID: platformapi.NewID(), Kind: platformapi.KindFiling, Stage: platformapi.StageSealed, Name: "合同.pdf", Size: int64(len(both)),
		SHA256: hex.EncodeToString(sum[:]), Content: bytes.NewReader(both),
	}
	out, err := seller.PutAttachment(t.Context(), platformapi.Change{Key: platformapi.NewID(), ContractID: over, Version: c.Summary.Version}, put)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := seller.Agree(t.Context(), platformapi.Change{Key: platformapi.NewID(), ContractID: over, Version: out.Contract.Summary.Version}, put.SHA256, ""); err != nil {
		t.Fatal(err)
	}
	return append(known, submitted(t, w, platformtest.LotID), submitted(t, w, platformtest.LotOther), over)
}

// renew opens a new session for a caller whose session was ended.
func renew(t *testing.T, w *platformtest.World, callers map[string]*recorder, who string) {
	t.Helper()
	if who == "account" {
		callers[who] = newAccountRecorder(t, w)
		return
	}
	org := map[string]platformapi.Organisation{
		"party": platformtest.Purchaser, "supplier": platformtest.Supplier, "agency": agency, "supervisor": supervisor, "hall": hallOrg,
	}[who]
	rec, id := &recorder{}, w.CA.Issue(t, "ecdsa", org)
	c, err := client.Login(t.Context(), w.URL, id.Key, id.Chain, client.Options{Transport: rec, Keeper: rec})
	if err == nil {
		_, err = c.Session(t.Context())
	}
	if err != nil {
		t.Fatalf("%s logs in again: %v", who, err)
	}
	callers[who] = rec
}

// note learns from an answer.
func (g *scribe) note(resp *http.Response, body []byte) {
	if tag := resp.Header.Get("ETag"); strings.HasPrefix(tag, `"c-`) {
		if i := strings.LastIndex(tag, "-"); i > 3 {
			g.versions[tag[3:i]] = tag
			g.learn("contract_id", tag[3:i])
		}
	}
	var v any
	if resp.StatusCode < 300 && json.Unmarshal(body, &v) == nil {
		g.learn("", v)
	}
}

// carrier brings letters to a world as they are, over connections of its own: an HTTP client would not send most of them.
type carrier struct {
	w       *platformtest.World
	address string
	callers map[string]*recorder
	conn    net.Conn
	in      *bufio.Reader
}

func (x *carrier) hangUp() {
	if x.conn != nil {
		_ = x.conn.Close() // what mattered was read
		x.conn = nil
	}
}

func (x *carrier) carry(t *testing.T, l letter) (*http.Response, []byte, error) {
	t.Helper()
	rec := x.callers[l.who]
	token := rec.token
	if l.unbound {
		token = ""
	}
	path, _, _ := strings.Cut(l.target, "?")
	head := map[string]string{"Host": x.address, "Content-Length": strconv.Itoa(len(l.body)), dpop.Header: prove(t, rec.key, l.method, x.w.URL+path, token, x.w.Clock.Now())}
	if token != "" {
		head["Authorization"] = "DPoP " + token
	}
	var out bytes.Buffer
	fmt.Fprintf(&out, "%s %s HTTP/1.1\r\n", l.method, l.target)
	for _, h := range l.header {
		delete(head, h[0])
		fmt.Fprintf(&out, "%s: %s\r\n", h[0], strings.NewReplacer("\r", "", "\n", "").Replace(h[1]))
	}
	for _, name := range slices.Sorted(maps.Keys(head)) {
		fmt.Fprintf(&out, "%s: %s\r\n", name, head[name])
	}
	out.WriteString("\r\n")
	out.Write(l.body)

	for range 2 {
		fresh := x.conn == nil
		if fresh {
			conn, err := net.Dial("tcp", x.address)
			if err != nil {
				return nil, nil, err
			}
			x.conn, x.in = conn, bufio.NewReader(conn)
		}
		resp, body, err := x.exchange(l.method, out.Bytes())
		if err != nil || resp.Close {
			x.hangUp()
		}
		if err == nil || fresh || errors.Is(err, os.ErrDeadlineExceeded) {
			return resp, body, err
		}
	}
	panic("unreachable")
}

// exchange writes a request and reads the answer to its end, of a stream the start.
func (x *carrier) exchange(method string, request []byte) (*http.Response, []byte, error) {
	if err := x.conn.SetDeadline(time.Now().Add(patience)); err != nil {
		return nil, nil, err
	}
	if _, err := x.conn.Write(request); err != nil && !errors.Is(err, syscall.EPIPE) && !errors.Is(err, syscall.ECONNRESET) {
		return nil, nil, err // else there may be an answer that did not wait for the end
	}
	resp, err := http.ReadResponse(x.in, &http.Request{Method: method})
	for err == nil && resp.StatusCode == http.StatusContinue {
		resp, err = http.ReadResponse(x.in, &http.Request{Method: method})
	}
	if err != nil {
		return nil, nil, err
	}
	if resp.Header.Get("Content-Type") == "text/event-stream" {
		resp.Close = true
		start := make([]byte, 4)
		_, err := io.ReadFull(resp.Body, start)
		return resp, start, err
	}
	body, err := io.ReadAll(resp.Body)
	return resp, body, err
}

// judge compares answers with the document.
type judge struct {
	router  routers.Router
	problem *openapi3.Schema
}

// judge says which operation answered, and what is wrong with the answer.
func (j judge) judge(l letter, resp *http.Response, body []byte) (string, error) {
	if resp.Header.Get("Content-Security-Policy") == "" { // net/http could not read it
		if resp.StatusCode/100 != 4 || !resp.Close {
			return "unread", errors.New("who answers this?")
		}
		return "unread", nil
	}
	r, err := http.NewRequest(l.method, l.target, nil)
	op := "elsewhere"
	var route *routers.Route
	var params map[string]string
	if err == nil {
		if route, params, err = j.router.FindRoute(r); err == nil {
			op = route.Operation.OperationID
		}
	}
	switch {
	case resp.StatusCode >= 500:
		return op, errors.New("an internal error")
	case resp.StatusCode == http.StatusMethodNotAllowed && resp.Header.Get("Allow") == "":
		return op, errors.New("which methods then?")
	case resp.StatusCode >= 400:
		if l.method == http.MethodHead {
			return op, nil
		}
		return op, j.isProblem(resp, body)
	case route != nil:
		in := &openapi3filter.ResponseValidationInput{
			RequestValidationInput: &openapi3filter.RequestValidationInput{Request: r, PathParams: params, Route: route},
			Status:                 resp.StatusCode, Header: resp.Header, Options: &openapi3filter.Options{IncludeResponseStatus: true},
		}
		in.SetBodyBytes(body)
		if resp.Header.Get("Content-Type") == "text/event-stream" {
			in.Options.ExcludeResponseBody = true
		}
		return op, openapi3filter.ValidateResponse(r.Context(), in)
	case strings.HasPrefix(l.target, "/v1/uploads") && resp.StatusCode/100 == 2 && len(body) == 0:
		return "uploads", nil
	case strings.HasSuffix(strings.SplitN(l.target, "?", 2)[0], "z") && resp.StatusCode == http.StatusNoContent:
		return "health", nil
	}
	return op, errors.New("the document knows no such answer")
}

func (j judge) isProblem(resp *http.Response, body []byte) error {
	var v any
	if err := json.Unmarshal(body, &v); err != nil {
		return fmt.Errorf("no problem: %w", err)
	}
	if media := resp.Header.Get("Content-Type"); media != "application/problem+json" {
		return fmt.Errorf("a problem as %q", media)
	}
	if err := j.problem.VisitJSON(v); err != nil {
		return err
	}
	var p platformapi.Problem
	if err := json.Unmarshal(body, &p); err != nil || p.Status != resp.StatusCode || !strings.HasPrefix(p.Code, "platform.") {
		return fmt.Errorf("problem %+v, %v", p, err)
	}
	return nil
}

// RFC 9110, 15.5.6: who asks by a wrong method is told the right ones.
func TestWrongMethodsAreToldTheRightOnes(t *testing.T) {
	w := platformtest.NewWorld(t, t.TempDir(), nil)
	rec := &recorder{}
	if _, err := w.Login(t, platformtest.Purchaser, client.Options{Transport: rec, Keeper: rec}).Session(t.Context()); err != nil {
		t.Fatal(err)
	}
	id := platformapi.NewID()
	for target, want := range map[string]string{
		"/v1/session": "GET, DELETE", "/v1/contracts": "GET, POST", "/v1/contracts/" + id + "/attachments/" + id: "PUT, DELETE",
		"/v1/uploads": "OPTIONS, POST", "/v1/uploads/" + id: "OPTIONS, HEAD, PATCH, DELETE",
	} {
		resp, err := http.DefaultClient.Do(request(t, w, rec, "BREW", target, "", map[string]string{"Tus-Resumable": "1.0.0"}))
		if err != nil {
			t.Fatal(err)
		}
		if _, p := problemOf(t, resp); p.Code != platformapi.CodeMethod || resp.Header.Get("Allow") != want {
			t.Errorf("%s: %s, Allow %q, want %q", target, p.Code, resp.Header.Get("Allow"), want)
		}
	}
}
