package demo

import (
	"bytes"
	"context"
	"crypto"
	"crypto/sha256"
	"encoding/hex"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/emmansun/gmsm/smx509"

	"sealdesk/platformapi"
	"sealdesk/platformapi/client"
	"sealdesk/platformapi/receipt"
	"sealdesk/signer/bid"
	"sealdesk/signer/cms"
	"sealdesk/signer/envelope"
	"sealdesk/signer/tsa"
	"sealdesk/token"
	"sealdesk/token/ca"
)

// hand is a party at work: its session and its keys.
type hand struct {
	Party
	c       *client.Client
	sign    crypto.Signer
	chain   []*smx509.Certificate
	decrypt crypto.Decrypter
	box     *smx509.Certificate // for encryption
}

func (w *World) hand(t *testing.T, p Party) *hand {
	t.Helper()
	ctx := context.Background()
	h := &hand{Party: p}
	for _, d := range w.Drivers {
		tokens, err := d.Tokens(ctx)
		if err != nil {
			t.Fatal(err)
		}
		for _, k := range tokens {
			info, err := k.Info(ctx)
			if err != nil {
				t.Fatal(err)
			}
			if info.URI != p.URI {
				_ = k.Close()
				continue
			}
			t.Cleanup(func() { _ = k.Close() })
			if err := k.Unlock(ctx, []byte(p.PIN)); err != nil {
				t.Fatal(err)
			}
			ids, err := k.Identities(ctx)
			if err != nil {
				t.Fatal(err)
			}
			for _, id := range ids {
				if id.Usage()&token.UsageSign != 0 {
					if h.sign, err = id.Signer(ctx); err != nil {
						t.Fatal(err)
					}
					h.chain = []*smx509.Certificate{id.Certificate()}
				}
				if id.Usage()&token.UsageEncrypt != 0 {
					if h.decrypt, err = id.Decrypter(ctx); err == nil {
						h.box = id.Certificate()
					}
				}
			}
		}
	}
	var err error
	if h.c, err = client.Login(ctx, w.URL, h.sign, h.chain, client.Options{}); err != nil {
		t.Fatal(err)
	}
	return h
}

// build makes the hand's bid for a tender.
func (h *hand) build(t *testing.T, tender platformapi.Tender, price string) string {
	t.Helper()
	dir := t.TempDir()
	data, err := h.c.Outline(t.Context(), tender)
	if err != nil {
		t.Fatal(err)
	}
	outline, err := bid.ReadOutline(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	b := bid.Builder{
		Bidder: bid.Bidder{Code: h.USCC, Name: h.Name}, Program: "test", Signer: h.sign, Chain: h.chain, Recipients: []*smx509.Certificate{h.box},
		Outer: true, Out: filepath.Join(dir, "offer.bid"),
		Price: bid.Price{Fields: []bid.Field{{Name: "投标总价", Value: price, Capitals: "叁佰万元整"}, {Name: "交货期", Value: "30"}, {Name: "质保期", Value: "三年"}}},
	}
	want := platformapi.BidRSA
	if alg, err := ca.AlgorithmOf(h.box.PublicKey); err == nil && alg == ca.SM2 {
		want = platformapi.BidSM2
	}
	for _, c := range tender.PlatformCertificates {
		if c.Algorithm == want {
			if b.Platform, err = smx509.ParseCertificate(c.Certificate); err != nil {
				t.Fatal(err)
			}
		}
	}
	for _, p := range outline.Parts {
		path := filepath.Join(dir, p.Code+".pdf")
		if err := os.WriteFile(path, onePage(p.Name+h.USCC), 0o600); err != nil {
			t.Fatal(err)
		}
		b.Parts = append(b.Parts, bid.Source{Code: p.Code, Path: path})
	}
	outline.Apply(&b)
	if found := outline.Check(&b, func(string) (int64, string, error) { return 300_000_000, "叁佰万元整", nil }); len(found) > 0 {
		t.Fatal(found)
	}
	if _, err := b.Build(t.Context()); err != nil {
		t.Fatal(err)
	}
	return b.Out
}

// begin says that a file is to be uploaded as a bid.
func (h *hand) begin(t *testing.T, tender platformapi.Tender, path, replaces string) (platformapi.Bid, *os.File) {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(content)
	b, err := h.c.BeginBid(t.Context(), platformapi.NewID(), tender.ID, platformapi.NewBid{
		ID: platformapi.NewID(), Size: int64(len(content)), SHA256: hex.EncodeToString(sum[:]), Name: filepath.Base(path), Replaces: replaces,
	})
	if err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.Close() })
	return b, f
}

func (h *hand) handIn(t *testing.T, tender platformapi.Tender, path, replaces string) (platformapi.BidOutcome, error) {
	t.Helper()
	b, f := h.begin(t, tender, path, replaces)
	if err := h.c.SendBid(t.Context(), b, f, nil); err != nil {
		t.Fatal(err)
	}
	return h.c.CompleteBid(t.Context(), platformapi.NewID(), b.ID)
}

// open opens the envelopes of a bid, taken by whoever has a session for it, with the hand's key.
func (h *hand) open(t *testing.T, by *client.Client, bidID string) []platformapi.OpenedEnvelope {
	t.Helper()
	list, err := by.TakeEnvelopes(t.Context(), bidID)
	if err != nil {
		t.Fatal(err)
	}
	var opened []platformapi.OpenedEnvelope
	for _, e := range list {
		sealed, err := envelope.Parse(e.Inner)
		if err != nil {
			t.Fatal(err)
		}
		if !slices.ContainsFunc(e.Recipients, func(c platformapi.BidCertificate) bool { return c.Serial == bid.Serial(h.box) }) {
			t.Fatal("the envelope is for another certificate")
		}
		secret, err := sealed.Open(h.box, h.decrypt)
		if err != nil {
			t.Fatal(err)
		}
		opened = append(opened, platformapi.OpenedEnvelope{Name: e.Name, Secret: secret})
	}
	return opened
}

func (h *hand) conduct(t *testing.T, id string, a platformapi.OpeningAct) (platformapi.Tender, error) {
	t.Helper()
	now, err := h.c.Tender(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	return h.c.Conduct(t.Context(), platformapi.TenderChange{Key: platformapi.NewID(), TenderID: id, Version: now.Version}, a)
}

func did[T any](t *testing.T) func(T, error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

// TestOpening plays a tender from its publication to the signed record, with real keys and files.
func TestOpening(t *testing.T) {
	w, err := Open(t.Context(), Options{Work: t.TempDir(), Algorithm: ca.RSA})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = w.Close() })
	cast, err := w.CastOpening(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	host := w.hand(t, w.Purchaser)
	terminal, watcher := w.hand(t, cast.Terminal), w.hand(t, cast.Supervisor)
	bidders := []*hand{w.hand(t, cast.Bidders[0]), w.hand(t, cast.Bidders[1]), w.hand(t, cast.Bidders[2])}
	const until = 25 * time.Second
	id, err := w.AddTender(t.Context(), TenderPlan{Deadline: until, Minutes: 5})
	if err != nil {
		t.Fatal(err)
	}
	start := time.Now()
	tender := did[platformapi.Tender](t)(bidders[0].c.Tender(t.Context(), id))
	if tender.MyRole != platformapi.TenderBidder || len(tender.PlatformCertificates) != 2 || tender.State != platformapi.TenderOpen {
		t.Fatalf("%+v", tender)
	}
	var bids []platformapi.Bid
	for i, b := range bidders {
		out, err := b.handIn(t, tender, b.build(t, tender, []string{"3000000.00", "2980000.00", "3100000.00"}[i]), "")
		if err != nil {
			t.Fatal(err)
		}
		if out.Bid.State != platformapi.BidReceived || out.Receipt.Signature == "" || len(out.Receipt.Timestamp) == 0 {
			t.Errorf("%+v", out.Receipt)
		}
		digest := did[[]byte](t)(receipt.StateBid(w.URL, b.USCC, out.Receipt).Digest())
		if token := did[*tsa.Token](t)(tsa.ParseToken(out.Receipt.Timestamp)); token.Check(digest) != nil {
			t.Errorf("the receipt's time stamp: %v", token.Check(digest))
		} else if _, err := token.Trust(w.Roots, nil, time.Now()); err != nil {
			t.Errorf("the receipt's time stamp: %v", err)
		}
		bids = append(bids, out.Bid)
	}
	if list, err := host.c.TenderBids(t.Context(), id); err != nil || len(list) > 0 {
		t.Errorf("before the announcement the host sees %d bids, %v", len(list), err)
	}
	if _, err := host.conduct(t, id, platformapi.OpeningAct{Act: platformapi.MoveAnnounce}); !platformapi.IsCode(err, platformapi.CodeTooEarly) {
		t.Errorf("announced before the deadline: %v", err)
	}
	time.Sleep(time.Until(start.Add(until + 200*time.Millisecond)))
	did[platformapi.Tender](t)(host.conduct(t, id, platformapi.OpeningAct{Act: platformapi.MoveAnnounce}))
	if list, err := watcher.c.TenderBids(t.Context(), id); err != nil || len(list) != 3 {
		t.Errorf("the supervisor sees %d bids, %v", len(list), err)
	}
	for i, b := range bidders {
		if i == 2 {
			did[platformapi.Bid](t)(terminal.c.SignIn(t.Context(), platformapi.NewID(), bids[i].ID, platformapi.SignIn{Place: platformapi.PlaceHall, Person: b.Handler}))
			continue
		}
		did[platformapi.Bid](t)(b.c.SignIn(t.Context(), platformapi.NewID(), bids[i].ID, platformapi.SignIn{Place: platformapi.PlaceRemote}))
	}
	did[platformapi.Tender](t)(host.conduct(t, id, platformapi.OpeningAct{Act: platformapi.MoveStart}))
	wrong := bidders[1].open(t, bidders[1].c, bids[1].ID)
	wrong[0].Secret = bytes.Repeat([]byte{7}, 32)
	if b := did[platformapi.Bid](t)(bidders[1].c.Decrypt(t.Context(), platformapi.NewID(), bids[1].ID, wrong)); b.State != platformapi.BidFailed || b.Failure.Cause != platformapi.CauseWrongSecret {
		t.Errorf("a wrong secret: %s %+v", b.State, b.Failure)
	}
	for i, b := range bidders {
		by := b.c
		if i == 2 {
			by = terminal.c
		}
		opened := did[platformapi.Bid](t)(by.Decrypt(t.Context(), platformapi.NewID(), bids[i].ID, b.open(t, by, bids[i].ID)))
		if opened.State != platformapi.BidDecrypted || len(opened.Price) > 0 {
			t.Errorf("bid %d: %s, price %v", i, opened.State, opened.Price)
		}
	}
	did[platformapi.Tender](t)(host.conduct(t, id, platformapi.OpeningAct{Act: platformapi.MoveReadOut}))
	list := did[[]platformapi.Bid](t)(watcher.c.TenderBids(t.Context(), id))
	if len(list) != 3 || len(list[0].Price) != 3 || list[0].Price[0].Value != "3000000.00" {
		t.Errorf("read out: %+v", list)
	}
	i := slices.IndexFunc(list[0].Parts, func(p platformapi.BidPart) bool { return p.Code == "technical" })
	part, err := watcher.c.DownloadPart(t.Context(), list[0].ID, list[0].Parts[i], t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	if content, err := os.ReadFile(part); err != nil || !bytes.Equal(content, onePage("技术文件"+bidders[0].USCC)) {
		t.Errorf("the part that was read is another one: %v", err)
	}
	tender = did[platformapi.Tender](t)(host.conduct(t, id, platformapi.OpeningAct{Act: platformapi.MoveClose}))
	record := did[[]byte](t)(host.c.Record(t.Context(), tender))
	for _, h := range []*hand{bidders[0], bidders[1], host} {
		builder := cms.Builder{Signer: h.sign, Chain: h.chain, SigningTime: time.Now()}
		sum, err := builder.Hash()
		if err != nil {
			t.Fatal(err)
		}
		sum.Write(record)
		signature, err := builder.Sign(sum.Sum(nil))
		if err != nil {
			t.Fatal(err)
		}
		did[platformapi.Tender](t)(h.c.SignRecord(t.Context(), platformapi.NewID(), id, signature))
	}
	tender = did[platformapi.Tender](t)(host.conduct(t, id, platformapi.OpeningAct{Act: platformapi.MoveEnd}))
	if tender.State != platformapi.TenderEnded {
		t.Errorf("state %s", tender.State)
	}
}
