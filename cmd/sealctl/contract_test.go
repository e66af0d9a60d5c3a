package main

import (
	"context"
	"database/sql"
	"encoding/json"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"sealdesk/cmd/internal/demo"
	"sealdesk/platformapi"
	"sealdesk/platformapi/outbox"
	"sealdesk/signer/verify"
	"sealdesk/token/ca"
	"sealdesk/ui/desk"
	"sealdesk/ui/desk/words"
)

// side is a party at its terminal: on its own machine, with its own outbox.
type side struct {
	t     *testing.T
	home  string
	flags []string
}

func (s side) call(args ...string) called {
	s.t.Helper()
	return s.run(append(args, s.flags...)...)
}

// run is call without the flags that name platform and key.
func (s side) run(args ...string) called {
	s.t.Helper()
	return call(s.t, s.home, args...)
}

// contract runs a verb that prints a contract.
func (s side) contract(args ...string) contractJSON {
	s.t.Helper()
	c := s.call(append([]string{"contract"}, args...)...)
	if c.status != statusDone {
		s.t.Fatalf("%s: status %d\n%s%s", strings.Join(args, " "), c.status, c.out, c.err)
	}
	var answer contractJSON
	if err := json.Unmarshal([]byte(c.out), &answer); err != nil {
		s.t.Fatalf("%s: %v\n%s", strings.Join(args, " "), err, c.out)
	}
	return answer
}

func parties(t *testing.T) (world *demo.World, buyer, seller side) {
	t.Helper()
	return partiesOf(t, platformapi.OrderSealFirst)
}

func partiesOf(t *testing.T, order platformapi.SealOrder) (world *demo.World, buyer, seller side) {
	t.Helper()
	world, err := demo.Open(context.Background(), demo.Options{Work: t.TempDir(), Algorithm: ca.ECDSA, Order: order})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := world.Close(); err != nil {
			t.Error(err)
		}
	})
	make := func(p demo.Party) side {
		home := t.TempDir()
		pin := filepath.Join(home, "pin")
		if err := os.WriteFile(pin, []byte(p.PIN), 0o600); err != nil {
			t.Fatal(err)
		}
		uri := strings.Replace(p.URI, "soft:", "soft:module-path="+filepath.Join(world.Work, "keys", "ecdsa")+";", 1)
		return side{t, home, []string{"--json", "--platform", world.URL, "--trust", world.RootsFile, "--token", uri, "--pin-file", pin}}
	}
	return world, make(world.Purchaser), make(world.Supplier)
}

// freeLot reads the id of a lot that can be contracted.
func (s side) freeLot() string {
	s.t.Helper()
	var answer struct{ Lots []platformapi.Lot }
	c := s.call("contract", "lots")
	if err := json.Unmarshal([]byte(c.out), &answer); err != nil {
		s.t.Fatalf("%v\n%s%s", err, c.out, c.err)
	}
	if len(answer.Lots) < 4 {
		s.t.Errorf("only %d lots", len(answer.Lots))
	}
	for _, l := range answer.Lots {
		if l.Block == "" {
			return l.ID
		}
	}
	s.t.Fatal("no lot is free")
	return ""
}

// receipts looks at a party's receipts, all of which the platform has signed, and prints one.
func (s side) receipts(contract, roots string) {
	s.t.Helper()
	var answer struct{ Receipts []receiptJSON }
	c := s.run("--json", "outbox", "receipts", "--contract", contract, "--trust", roots)
	if err := json.Unmarshal([]byte(c.out), &answer); err != nil || len(answer.Receipts) == 0 {
		s.t.Fatalf("%v\n%s%s", err, c.out, c.err)
	}
	for _, r := range answer.Receipts {
		if r.Proof != desk.ReceiptValid || r.ContractID != contract || r.Number == "" || r.Signer != demo.PlatformName {
			s.t.Errorf("%+v", r)
		}
	}
	abroad := program(s.t.Context(), s.home, "outbox", "receipts", "--contract", contract, "--trust", roots)
	abroad.Env = append(abroad.Env, "TZ=UTC")
	at := answer.Receipts[0].At.In(words.Zone).Format(time.DateTime) + "（北京时间）"
	if c := finish(s.t, abroad); !strings.Contains(c.out, at) {
		s.t.Errorf("where it is not Beijing time, %s is not told: %s%s", at, c.out, c.err)
	}
	if c := s.run("--json", "outbox", "receipts"); !strings.Contains(c.out, `"untrusted"`) || strings.Contains(c.out, `"valid"`) {
		s.t.Errorf("without roots: %s", c.out)
	}
	to := filepath.Join(s.home, "receipt.pdf")
	for want, n := range []int{statusDone, statusUsage} { // no file is written twice
		if c := s.run("--json", "outbox", "show", answer.Receipts[0].Entry, "-o", to, "--trust", roots); c.status != n {
			s.t.Errorf("print %d: status %d\n%s%s", want, c.status, c.out, c.err)
		}
	}
	if data, err := os.ReadFile(to); err != nil || !strings.HasPrefix(string(data), "%PDF-") {
		s.t.Errorf("printed: %v", err)
	}
	if c := s.run("outbox", "show", "nothing"); c.status != statusPlatform {
		s.t.Errorf("an entry that is not there: status %d\n%s", c.status, c.err)
	}
}

// A contract goes back and forth with the verbs alone: withdrawn, refused, sealed anew, agreed to and published.
func TestContractVerbs(t *testing.T) {
	t.Parallel()
	world, buyer, seller := parties(t)
	page := writePage(t, buyer.home)

	if c := buyer.call("login"); c.status != statusDone || !strings.Contains(c.out, "王建国") {
		t.Fatalf("login: status %d\n%s%s", c.status, c.out, c.err)
	}
	if c := buyer.call("contract", "new", "--lot", "nowhere"); c.status != statusUsage {
		t.Errorf("a lot that is not there: status %d\n%s", c.status, c.err)
	}
	lot := buyer.freeLot()
	made := buyer.contract("new", "--lot", lot, "--term", "90", "--number", "HT-1")
	if made.State != platformapi.StateDraft || made.Fields.TermDays != 90 || made.Fields.Number != "HT-1" || made.Receipt == nil {
		t.Fatalf("a new contract: %+v", made)
	}
	id := made.ID
	if c := buyer.call("contract", "new", "--lot", lot); c.status != statusPlatform {
		t.Errorf("a second contract for the lot: status %d\n%s", c.status, c.err)
	}
	if c := buyer.call("contract", "submit", id); c.status != statusUsage {
		t.Errorf("submitted without a filing: status %d\n%s", c.status, c.err)
	}
	if c := seller.call("contract", "show", id); c.status != statusPlatform {
		t.Errorf("the other side sees a draft: status %d\n%s", c.status, c.err)
	}
	attached := buyer.contract("attach", id, page)
	if len(attached.Attachments) != 1 {
		t.Fatalf("after the upload: %+v", attached.Attachments)
	}
	if c := buyer.call("contract", "submit", id, "--at", "page=9,x=100mm,y=100mm"); c.status == statusDone {
		t.Error("sealed on a page that is not there")
	}
	if got := buyer.contract("submit", id); got.State != platformapi.StateAwaiting {
		t.Fatalf("submitted: %s", got.State)
	}

	buyer.receipts(id, world.RootsFile)
	if got := buyer.contract("withdraw", id); got.State == platformapi.StateAwaiting {
		t.Fatalf("withdrawn: %s", got.State)
	}
	if got := buyer.contract("submit", id); got.State != platformapi.StateAwaiting {
		t.Fatalf("submitted again: %s", got.State)
	}
	if c := seller.call("contract", "reject", id); c.status != statusUsage {
		t.Errorf("refused without an opinion: status %d", c.status)
	}
	if got := seller.contract("reject", id, "--opinion", "金额有误"); got.State != platformapi.StateReturned {
		t.Fatalf("refused: %s", got.State)
	}
	if c := seller.call("contract", "agree", id); c.status == statusDone {
		t.Error("agreed to what was refused")
	}

	if got := buyer.contract("submit", id, "--at", "page=last,x=60mm,y=200mm"); got.State != platformapi.StateAwaiting {
		t.Fatalf("submitted after the refusal: %s", got.State)
	}
	if got := seller.contract("show", id); got.Verdict != verify.Valid {
		t.Fatalf("the other side's seal is %q", got.Verdict)
	}
	if got := seller.contract("agree", id, "--opinion", "同意"); got.State != platformapi.StateConcluded {
		t.Fatalf("agreed: %s", got.State)
	}
	if c := seller.call("contract", "publish", id); c.status != statusUsage {
		t.Errorf("published by the supplier: status %d\n%s", c.status, c.err)
	}
	published := buyer.contract("publish", id)
	steps := ""
	for _, h := range published.History {
		steps += string(h.Step) + " "
	}
	for _, want := range []platformapi.HistoryStep{platformapi.HistoryWithdraw, platformapi.HistoryRefuse, platformapi.HistoryAgree, platformapi.HistoryPublish} {
		if !strings.Contains(steps, string(want)) {
			t.Errorf("the history lacks %s: %s", want, steps)
		}
	}
	if err := platformapi.CheckHistory(id, published.History); err != nil {
		t.Error(err)
	}

	list := buyer.call("contract", "list")
	if list.status != statusDone || !strings.Contains(list.out, id) {
		t.Errorf("the list lacks the contract: status %d\n%s%s", list.status, list.out, list.err)
	}
	for _, s := range []side{buyer, seller} {
		if c := s.run("outbox", "list", "--json"); !strings.Contains(c.out, `"entries": []`) {
			t.Errorf("something is left in the outbox: %s%s", c.out, c.err)
		}
		if c := s.call("outbox", "retry"); c.status != statusDone {
			t.Errorf("retry of nothing: status %d\n%s", c.status, c.err)
		}
	}
}

// What is damaged in the outbox is told of at once it is alone; what else waits is sent before, and discarding says what that means.
func TestADamagedEntryOfTheOutbox(t *testing.T) {
	t.Parallel()
	_, buyer, _ := parties(t)
	var harmed, other string
	for _, id := range []*string{&harmed, &other} {
		*id = buyer.contract("new", "--lot", buyer.freeLot()).ID
	}
	journal := ""
	if err := filepath.WalkDir(buyer.home, func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.Name() == "journal.db" {
			journal = path
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
	db, err := sql.Open("sqlite", "file:"+journal+"?_pragma=busy_timeout(10000)")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	for _, statement := range []string{
		`UPDATE entries SET state = 'waiting', outcome = x'', attempts = 1, perhaps = 1`, // as if the receipts had not come
		`UPDATE entries SET title = x'0011' WHERE contract_id = '` + harmed + `'`,
	} {
		if _, err := db.ExecContext(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
	}
	if c := buyer.call("outbox", "retry"); c.status == statusDone || !strings.Contains(c.out+c.err, "ctl.not_sent") {
		t.Errorf("retry: status %d\n%s%s", c.status, c.out, c.err)
	}
	var left struct{ Entries []entryJSON }
	c := buyer.run("outbox", "list", "--json")
	if err := json.Unmarshal([]byte(c.out), &left); err != nil || len(left.Entries) != 1 || left.Entries[0].Contract != harmed ||
		left.Entries[0].State != outbox.Failed || left.Entries[0].LastCode != outbox.CodeEntryDamaged {
		t.Fatalf("%v\n%s%s", err, c.out, c.err)
	}
	if c := buyer.run("outbox", "withdraw", left.Entries[0].ID); c.status != statusDone || !strings.Contains(c.err, "请登录平台核对该合同") {
		t.Errorf("withdraw: status %d\n%s%s", c.status, c.out, c.err)
	}
	if c := buyer.call("outbox", "retry"); c.status != statusDone {
		t.Errorf("retry of nothing: status %d\n%s", c.status, c.err)
	}
}

// A concluded contract is made public by a copy, filed and amended.
func TestContractVerbsOnceItIsConcluded(t *testing.T) {
	t.Parallel()
	_, buyer, seller := parties(t)
	id := buyer.contract("new", "--lot", buyer.freeLot(), "--term", "90").ID
	buyer.contract("attach", id, writePage(t, buyer.home))
	buyer.contract("submit", id)
	if got := seller.contract("agree", id); got.State != platformapi.StateConcluded {
		t.Fatalf("agreed: %s", got.State)
	}
	copied := filepath.Join(buyer.home, "public.pdf")
	if c := buyer.call("contract", "publish", id, "--copy-to", copied); c.status != statusDone || !strings.Contains(c.out, `"Original"`) {
		t.Errorf("a copy for the public: status %d\n%s%s", c.status, c.out, c.err)
	}
	if got := buyer.contract("show", id); got.Publication != nil || len(got.Deadlines) != 3 {
		t.Errorf("after the copy: %+v", got.Publication)
	}
	if c := buyer.call("contract", "publish", id, "--hide", "no reason"); c.status != statusUsage {
		t.Errorf("hidden without a reason: status %d\n%s", c.status, c.err)
	}
	published := buyer.contract("publish", id)
	if p := published.Publication; p == nil || p.SHA256 == p.OriginalSHA256 {
		t.Errorf("published: %+v", p)
	}
	if c := seller.call("contract", "file", id, "--number", "1"); c.status != statusUsage {
		t.Errorf("filed by the supplier: status %d\n%s", c.status, c.err)
	}
	if got := buyer.contract("file", id, "--number", "备案-1"); got.Filed == nil || got.Filed.Number != "备案-1" {
		t.Errorf("filed: %+v", got.Filed)
	}
	later := seller.contract("amend", id, "--kind", "supplement", "--ground", "追加", "--amount", "900000", "--term", "10")
	if later.Kind != platformapi.ContractSupplement || later.Parent != id || len(later.Warnings) != 1 {
		t.Errorf("a supplement: %+v", later)
	}
	if c := buyer.call("contract", "amend", id, "--kind", "change", "--ground", "x"); c.status != statusPlatform && c.status != statusUsage {
		t.Errorf("a second amendment: status %d\n%s", c.status, c.err)
	}
	if got := seller.contract("edit", later.ID, "--amount", "100"); got.Fields.AmountFen != 10000 || len(got.Warnings) != 0 {
		t.Errorf("edited: %+v", got.Fields)
	}
	if got := seller.contract("delete", later.ID); got.State != platformapi.StateVoid {
		t.Errorf("given up: %s", got.State)
	}
}

// Where both agree before they seal, the verbs go the second way, and a seal comes off again.
func TestContractVerbsWhereBothAgreeFirst(t *testing.T) {
	t.Parallel()
	_, buyer, seller := partiesOf(t, platformapi.OrderReviewFirst)
	id := buyer.contract("new", "--lot", buyer.freeLot(), "--term", "90").ID
	buyer.contract("attach", id, writePage(t, buyer.home))
	if got := buyer.contract("submit", id); got.State != platformapi.StateAwaiting || got.Verdict != verify.Unsigned {
		t.Fatalf("pushed for review: %s, %s", got.State, got.Verdict)
	}
	if c := buyer.call("contract", "seal", id); c.status != statusUsage {
		t.Errorf("sealed before both agreed: status %d\n%s", c.status, c.err)
	}
	if got := seller.contract("agree", id); got.State != platformapi.StateAgreed {
		t.Fatalf("agreed: %s", got.State)
	}
	if got := buyer.contract("seal", id); got.State != platformapi.StateHalfSealed {
		t.Fatalf("sealed: %s", got.State)
	}
	if got := buyer.contract("unseal", id); got.State != platformapi.StateAgreed {
		t.Fatalf("taken off: %s", got.State)
	}
	if got := seller.contract("seal", id); got.State != platformapi.StateHalfSealed {
		t.Fatalf("sealed: %s", got.State)
	}
	got := buyer.contract("seal", id)
	if got.State != platformapi.StateConcluded || got.Verdict != verify.Valid {
		t.Fatalf("sealed by both: %s, %s", got.State, got.Verdict)
	}
	for _, args := range [][]string{{"terms"}, {"calendar", "2026"}, {"templates", "-o", filepath.Join(buyer.home, "templates")}} {
		if c := buyer.call(append([]string{"contract"}, args...)...); c.status != statusDone {
			t.Errorf("%v: status %d\n%s", args, c.status, c.err)
		}
	}
	if left, err := os.ReadDir(filepath.Join(buyer.home, "templates")); err != nil || len(left) != 1 {
		t.Errorf("templates: %v, %v", left, err)
	}
}

// A wrong PIN stops at the login: it costs one try, not two.
func TestWrongPINCostsOneTry(t *testing.T) {
	t.Parallel()
	world, buyer, _ := parties(t)
	wrong := filepath.Join(buyer.home, "wrong")
	if err := os.WriteFile(wrong, []byte("999999"), 0o600); err != nil {
		t.Fatal(err)
	}
	buyer.flags[len(buyer.flags)-1] = wrong
	c := buyer.call("contract", "submit", "018f0000-0000-7000-8000-000000000000")
	if c.status != statusToken || strings.Contains(c.out+c.err, "999999") {
		t.Errorf("status %d\n%s%s", c.status, c.out, c.err)
	}
	left := must(t, buyer.home, "token", "list", "--token", "soft:module-path="+filepath.Join(world.Work, "keys", "ecdsa")+";token=purchaser", "--json")
	if !strings.Contains(left, `"tries": 5`) {
		t.Errorf("not one try was spent:\n%s", left)
	}
}

// The libraries of this machine fail here, for the helper is not beside the test: keys are looked for all the same.
func TestABrokenDriverHidesNoKeys(t *testing.T) {
	t.Parallel()
	home := t.TempDir()
	built, err := exec.LookPath("sealctl")
	if err != nil {
		t.Fatal(err)
	}
	renamed := filepath.Join(home, "renamed") // takes no helper's part, and has none beside it
	if err := os.Link(built, renamed); err != nil {
		t.Fatal(err)
	}
	call := func(args ...string) called {
		cmd := program(t.Context(), home, args...)
		cmd.Path = renamed
		return finish(t, cmd)
	}
	c := call("token", "list")
	if c.status != statusDone || !strings.Contains(c.err, "tokenhost") {
		t.Errorf("without a key: status %d\n%s", c.status, c.err)
	}
	pin := filepath.Join(home, "pin")
	if err := os.WriteFile(pin, []byte("246810"), 0o600); err != nil {
		t.Fatal(err)
	}
	must(t, home, "token", "init", "--token", "soft:token=mine", "--name", "某某医院", "--work", filepath.Join(home, "ca"),
		"--algorithm", "ecdsa", "--pin-file", pin)
	if c := call("token", "list"); c.status != statusDone || strings.Count(c.out, "soft:token=mine") != 1 {
		t.Errorf("with a key: status %d\n%s%s", c.status, c.out, c.err)
	}
	c = call("sign", "in.pdf", "-o", "out.pdf", "--token", "pkcs11:token=nobody", "--pin-file", pin)
	if c.status != statusToken || !strings.Contains(c.err, "ctl.token_unknown") {
		t.Errorf("a key that is not there: status %d\n%s", c.status, c.err)
	}
}
