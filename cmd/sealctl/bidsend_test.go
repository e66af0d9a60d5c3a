package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"sealdesk/cmd/internal/demo"
	"sealdesk/platformapi"
	"sealdesk/signer/pdf/pdftest"
	"sealdesk/token/ca"
	"sealdesk/ui/desk"
)

// answer runs a verb and reads what it prints.
func (s side) answer(into any, args ...string) {
	s.t.Helper()
	c := s.call(args...)
	if c.status != statusDone {
		s.t.Fatalf("%s: status %d\n%s%s", strings.Join(args, " "), c.status, c.out, c.err)
	}
	if err := json.Unmarshal([]byte(c.out), into); err != nil {
		s.t.Fatalf("%s: %v\n%s", strings.Join(args, " "), err, c.out)
	}
}

// A supplier finds a tender, builds a bid by its outline, hands it in, replaces it and takes it back, all from the terminal.
func TestBidsAreHandedInFromTheTerminal(t *testing.T) {
	t.Parallel()
	world, err := demo.Open(t.Context(), demo.Options{Work: t.TempDir(), Algorithm: ca.SM2})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = world.Close() })
	id, err := world.AddTender(t.Context(), demo.TenderPlan{})
	if err != nil {
		t.Fatal(err)
	}
	home := t.TempDir()
	in := func(name string) string { return filepath.Join(home, name) }
	if err := os.WriteFile(in("pin"), []byte(world.Supplier.PIN), 0o600); err != nil {
		t.Fatal(err)
	}
	uri := strings.Replace(world.Supplier.URI, "soft:", "soft:module-path="+filepath.Join(world.Work, "keys", "sm2")+";", 1)
	s := side{t, home, []string{"--json", "--platform", world.URL, "--trust", world.RootsFile, "--token", uri, "--pin-file", in("pin")}}

	var list struct{ Tenders []tenderJSON }
	s.answer(&list, "bid", "tenders")
	found := false
	for _, x := range list.Tenders {
		found = found || x.ID == id && x.State == platformapi.TenderOpen && x.Lot != "" && !x.Deadline.IsZero() && x.MyBid == ""
	}
	if !found {
		t.Fatalf("the tender is not among %+v", list.Tenders)
	}
	var papers struct {
		Outline      string
		Certificates map[string]string
	}
	s.answer(&papers, "bid", "outline", id, "-o", in("papers"))
	if papers.Certificates["sm2"] == "" {
		t.Fatalf("the platform's certificates: %+v", papers)
	}
	if err := os.WriteFile(in("part.pdf"), pdftest.Document(pdftest.Options{Pages: 1}), 0o600); err != nil {
		t.Fatal(err)
	}
	copies := []string{}
	for _, code := range []string{"qualification", "technical", "price"} {
		data, err := os.ReadFile(in("part.pdf"))
		if err == nil {
			err = os.WriteFile(in(code+".pdf"), data, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
		copies = append(copies, "--part", code+"="+in(code+".pdf"))
	}
	build := func(out, price string, more ...string) {
		t.Helper()
		args := append([]string{"--json", "bid", "build", "--outline", papers.Outline, "-o", in(out), "--token", uri, "--pin-file", in("pin"),
			"--price", "投标总价=" + price, "--price", "交货期=30", "--price", "质保期=三年"}, copies...)
		if c := s.run(append(args, more...)...); c.status != statusDone {
			t.Fatalf("build: %d\n%s%s", c.status, c.out, c.err)
		}
	}
	closed := []string{"--platform", papers.Certificates["sm2"], "--encrypt"}
	build("a.bid", "3286000.00", closed...)
	build("b.bid", "3200000.00", closed...)
	build("open.bid", "3200000.00", "--platform", papers.Certificates["sm2"])

	// What the platform would not take: without its layer, cut, changed, for another tender.
	if c := s.call("bid", "upload", in("open.bid"), "--tender", id); c.status == statusDone {
		t.Errorf("a bid without the platform's layer: status %d\n%s%s", c.status, c.out, c.err)
	}
	data, err := os.ReadFile(in("a.bid"))
	if err != nil {
		t.Fatal(err)
	}
	broken := append([]byte(nil), data...)
	broken[len(broken)-20] ^= 1
	for name, content := range map[string][]byte{"broken.bid": broken, "cut.bid": data[:len(data)-1], "none.bid": []byte("x")} {
		if err := os.WriteFile(in(name), content, 0o600); err != nil {
			t.Fatal(err)
		}
		if c := s.call("bid", "upload", in(name), "--tender", id); c.status == statusDone || !strings.Contains(c.err, "投标文件") {
			t.Errorf("%s: status %d\n%s%s", name, c.status, c.out, c.err)
		}
	}
	var none struct{ Bids []platformapi.Bid }
	if s.answer(&none, "bid", "list", "--tender", id); len(none.Bids) > 1 { // the one without the layer was refused at the gate
		t.Errorf("on the platform: %+v", none.Bids)
	}

	var first, second, back bidReceiptJSON
	s.answer(&first, "bid", "upload", in("a.bid"), "--tender", id)
	if first.Proof != desk.ReceiptValid || first.Number == "" || first.Size != int64(len(data)) || first.Signer != demo.PlatformName {
		t.Errorf("the receipt: %+v", first)
	}
	s.answer(&second, "bid", "upload", in("b.bid"), "--tender", id)
	if second.Replaces != first.BidID {
		t.Errorf("the second replaces %q, not %q", second.Replaces, first.BidID)
	}
	s.answer(&back, "bid", "withdraw", second.BidID)
	if back.Kind != platformapi.ReceiptWithdrawBid || back.Proof != desk.ReceiptValid {
		t.Errorf("withdrawn: %+v", back)
	}
	if c := s.call("bid", "withdraw", second.BidID); c.status != statusPlatform {
		t.Errorf("withdrawn twice: status %d\n%s", c.status, c.err)
	}
	var own struct{ Bids []platformapi.Bid }
	s.answer(&own, "bid", "list", "--tender", id)
	states := map[string]platformapi.BidState{}
	for _, b := range own.Bids {
		states[b.ID] = b.State
	}
	if states[first.BidID] != platformapi.BidReplaced || states[second.BidID] != platformapi.BidWithdrawn {
		t.Errorf("the states: %v", states)
	}
	var kept struct{ Receipts []bidReceiptJSON }
	s.answer(&kept, "bid", "receipt", second.BidID, "-o", in("receipt.pdf"))
	if info, err := os.Stat(in("receipt.pdf")); len(kept.Receipts) != 2 || err != nil || info.Size() < 1000 {
		t.Errorf("%d receipts, printed: %v", len(kept.Receipts), err)
	}
	// The credit library: an entry is added with its file, changed, its file replaced, and it is taken out again.
	var library struct{ Credit []platformapi.CreditItem }
	s.answer(&library, "bid", "credit")
	had := len(library.Credit)
	if c := s.call("bid", "credit", "--put", "new", "--kind", "work"); c.status == statusDone {
		t.Error("an entry without a name is added")
	}
	if c := s.call("bid", "credit", "--put", "new", "--kind", "work", "--name", "x", "--file", in("none.pdf")); c.status == statusDone {
		t.Error("an entry is added with a file that is not there")
	}
	s.answer(&library, "bid", "credit", "--put", "new", "--kind", "work", "--name", "阜阳市中医院 CT 采购项目", "--file", in("technical.pdf"))
	entry := func() (x platformapi.CreditItem) {
		for _, x = range library.Credit {
			if x.Name == "阜阳市中医院 CT 采购项目" {
				return x
			}
		}
		return platformapi.CreditItem{}
	}
	if x := entry(); len(library.Credit) != had+1 || len(x.Files) != 1 || x.Files[0].Name != "technical.pdf" {
		t.Errorf("added: %+v", x)
	}
	s.answer(&library, "bid", "credit", "--put", entry().ID, "--number", "FY-2026-1", "--until", "2030-01-31")
	if x := entry(); x.Number != "FY-2026-1" || x.ValidUntil != "2030-01-31" || x.Kind != platformapi.CreditWork || len(x.Files) != 1 {
		t.Errorf("changed: %+v", x)
	}
	if err := os.WriteFile(in("new.pdf"), pdftest.Document(pdftest.Options{Pages: 2}), 0o600); err != nil {
		t.Fatal(err)
	}
	s.answer(&library, "bid", "credit", "--put", entry().ID, "--file", in("new.pdf"))
	if x := entry(); len(x.Files) != 1 || x.Files[0].Name != "new.pdf" || x.Number != "FY-2026-1" {
		t.Errorf("its file replaced: %+v", x)
	}
	s.answer(&library, "bid", "credit", "--remove", entry().ID)
	if len(library.Credit) != had {
		t.Errorf("%d entries are left of %d", len(library.Credit), had)
	}
	if c := s.call("bid", "upload", in("a.bid"), "--tender", platformapi.NewID()); c.status != statusPlatform {
		t.Errorf("a tender that is not there: status %d\n%s", c.status, c.err)
	}
}
