package demo

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"sealdesk/assets/i18n"
	"sealdesk/platformapi"
	"sealdesk/platformapi/client"
	"sealdesk/signer/seal"
	"sealdesk/token/ca"
	"sealdesk/ui/desk"
	"sealdesk/ui/desk/bids"
	"sealdesk/ui/desk/words"
)

// supplierDesk is the supplier's desk with its session.
func (w *World) supplierDesk(t *testing.T) *desk.Session {
	t.Helper()
	catalog, err := words.New(i18n.Files, words.Chinese)
	if err != nil {
		t.Fatal(err)
	}
	roots, err := desk.ReadRoots(w.RootsFile)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	d, err := desk.Open(t.Context(), desk.Config{
		Words: catalog, Folders: desk.Folders{Data: filepath.Join(dir, "data"), Cache: filepath.Join(dir, "cache")}, Drivers: w.Drivers, Roots: roots, PlatformName: PlatformName,
		Connect: func(ctx context.Context, key desk.PlatformKey) (platformapi.Platform, error) {
			return client.Login(ctx, w.URL, key.Signer, key.Chain, client.Options{Piece: 2 << 10})
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = d.Close() })
	keys, err := d.Keys(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, k := range keys {
		if k.URI == w.Supplier.URI {
			s, err := d.Login(t.Context(), desk.LoginRequest{Key: k, PIN: []byte(w.Supplier.PIN)})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(s.Close)
			return s
		}
	}
	t.Fatal("no key of the supplier")
	return nil
}

// The supplier's tool against the reference platform: the tender's outline, a file of the credit library, building, an upload that
// is broken off and goes on where it was, a receipt that the platform signed, withdrawing, and replacing.
func TestTheBidToolAndThePlatform(t *testing.T) {
	w, err := Open(t.Context(), Options{Work: t.TempDir(), Algorithm: ca.SM2})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = w.Close() })
	id, err := w.AddTender(t.Context(), TenderPlan{TwoEnvelopes: true})
	if err != nil {
		t.Fatal(err)
	}
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	s := w.supplierDesk(t)
	tender, err := s.Tender(t.Context(), id)
	must(err)
	p, err := s.NewBid(t.Context(), tender)
	must(err)
	if again, err := s.NewBid(t.Context(), tender); err != nil || again != p {
		t.Errorf("begun twice: %v", err)
	}
	use := func() desk.KeyUse { return desk.KeyUse{PIN: []byte(w.Supplier.PIN)} }
	must(s.CertifyBid(t.Context(), p, use()))

	library, err := s.SyncCredit(t.Context(), nil)
	must(err)
	if len(library.Items) == 0 || len(library.Items[0].Files) == 0 {
		t.Fatalf("the credit library: %+v", library)
	}
	dir := t.TempDir()
	pdf := filepath.Join(dir, "技术文件.pdf")
	must(os.WriteFile(pdf, onePage("技术文件"), 0o600))
	for _, n := range p.View().Nodes {
		switch {
		case n.Kind == "qualification":
			must(s.AddCredit(t.Context(), p, n.Code, library.Items[0], library.Items[0].Files[0], nil))
		case n.Required:
			must(p.Add(t.Context(), n.Code, bids.Addition{Path: pdf, Name: n.Name + ".pdf"}, nil))
		}
		if now, _ := p.View().Node(n.Code); now.Stage == bids.Added {
			must(p.Confirm(t.Context(), n.Code))
		}
	}
	if n, _ := p.View().Node("qualification"); n.Credit != library.Items[0].ID || n.Original != library.Items[0].Files[0].Name {
		t.Errorf("from the credit library: %+v", n)
	}
	var rule desk.BidSeal
	seals, err := s.Seals()
	must(err)
	at, err := seal.ParsePlace("page=1,x=150mm,y=230mm")
	must(err)
	rule.Seal, rule.Places, rule.KeyUse = seals[0], []seal.Place{at}, use()
	must(s.SealBid(t.Context(), p, []string{"technical", "price"}, rule, nil))
	for _, l := range p.View().Price {
		value := "三年"
		switch l.Kind {
		case "amount":
			value = "3286000.00"
		case "days":
			value = "30"
		}
		must(p.SetPrice(t.Context(), l.Name, value, ""))
	}
	if found := p.Check(); bids.Blocks(found) {
		t.Fatalf("lacks %+v", found)
	}
	must(s.BuildBid(t.Context(), p, use(), nil))
	if b := p.View().Built; !b.Outer || b.Size < 100 {
		t.Fatalf("built: %+v", b)
	}

	// Broken off after the first pieces; the bid is not handed in then.
	ctx, stop := context.WithCancel(t.Context())
	_, err = s.SendBid(ctx, p, func(step string, done, total int64) {
		if step == "bid.step_upload" && done > 0 && done < total {
			stop()
		}
	})
	if !errors.Is(err, context.Canceled) || !p.View().Uploading() || p.View().Current() != nil {
		t.Fatalf("broken off: %v, %+v", err, p.View().Sent)
	}
	from := int64(-1)
	given, err := s.SendBid(t.Context(), p, func(step string, done, _ int64) {
		if step == "bid.step_upload" && from < 0 {
			from = done
		}
	})
	must(err)
	if from <= 0 {
		t.Errorf("the second upload began at %d", from)
	}
	v := p.View()
	if !v.HandedIn() || len(v.Sent) != 1 || given.SHA256 != platformapi.SHA256(v.Built.SHA256) {
		t.Fatalf("handed in: %+v, %+v", v.Sent, given)
	}
	if r := s.BidReceiptOf(given, "x"); r.Proof != desk.ReceiptValid || r.Signer != PlatformName || time.Since(r.At) > time.Minute {
		t.Errorf("the receipt: %+v", r)
	}
	forged := given
	forged.SHA256 = platformapi.SHA256(given.SHA256[1:] + given.SHA256[:1])
	if r := s.BidReceiptOf(forged, "x"); r.Proof != desk.ReceiptBroken {
		t.Errorf("a forged receipt is %s", r.Proof)
	}

	// Replaced by another price, then taken back; what the platform says is what is known here.
	must(p.SetPrice(t.Context(), p.View().Price[0].Name, "3200000.00", ""))
	if _, err := s.SendBid(t.Context(), p, nil); !errors.As(err, new(*bids.Error)) {
		t.Errorf("an old file is uploaded: %v", err)
	}
	must(s.BuildBid(t.Context(), p, use(), nil))
	_, err = s.SendBid(t.Context(), p, nil)
	must(err)
	if v = p.View(); len(v.Sent) != 2 || v.Sent[0].State != platformapi.BidReplaced || !v.HandedIn() {
		t.Fatalf("replaced: %+v", v.Sent)
	}
	must(s.RefreshBid(t.Context(), p))
	if v = p.View(); v.Sent[0].State != platformapi.BidReplaced || v.Sent[1].State != platformapi.BidReceived {
		t.Errorf("as the platform tells it: %+v", v.Sent)
	}
	back, err := s.WithdrawBid(t.Context(), p)
	must(err)
	if v = p.View(); back.Kind != platformapi.ReceiptWithdrawBid || v.Current() != nil || len(v.Sent[1].Receipts) != 2 {
		t.Errorf("withdrawn: %+v", v.Sent)
	}
	if _, err := s.WithdrawBid(t.Context(), p); err == nil {
		t.Error("withdrawn twice")
	}
	if err := s.Bids().Delete(p); err == nil {
		t.Error("a bid with receipts is deleted")
	}
}
