package platformtest

import (
	"bytes"
	"os"
	"slices"
	"sync"
	"testing"
	"time"

	"sealdesk/platformapi"
)

// TenderHarness is an implementation of tenders under test: one fresh platform with the organisations of Seed.
type TenderHarness struct {
	As      func(*testing.T, platformapi.Organisation) platformapi.Tendering
	Now     func() time.Time      // the platform's clock
	Clock   func(d time.Duration) // lets time pass on it
	Outline func(PaperOutline) []byte
	Bid     func(PaperBid) []byte                    // the file of a bid with these properties
	Open    func(inner []byte) []byte                // the secret in an envelope, by the bidder's key
	Sign    func(content []byte, uscc string) []byte // a detached signature
}

// RunTenders runs the suite of tenders, bids and openings. open makes a fresh platform for each test.
func RunTenders(t *testing.T, open func(t *testing.T) TenderHarness) {
	for name, test := range map[string]func(*room){
		"FromTheTenderToTheRecord":      opening,
		"TheGate":                       gate,
		"TheLastByteDecides":            lastByte,
		"WhoCameLateIsOnTheRecord":      cameLate,
		"CompleteAndNotHandedIn":        silent,
		"TheDeadlineAtTheSameMoment":    deadlineRace,
		"ReplaceAndWithdraw":            replaceAndWithdraw,
		"OnlyWithinTheWindow":           window,
		"WhoseFault":                    fault,
		"OthersWait":                    othersWait,
		"FewBidders":                    fewBidders,
		"TwoEnvelopes":                  twoEnvelopes,
		"TheRecordIsSignedByThePresent": recordSigned,
		"NobodyElsesBusiness":           nobodyElses,
		"SameKeySameTender":             sameTenderKey,
		"Postpone":                      postpone,
		"CreditLibrary":                 creditLibrary,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := open(t)
			test(&room{T: t, h: h, host: h.As(t, Purchaser)})
		})
	}
}

// room is a tender as its host sees it.
type room struct {
	*testing.T
	h       TenderHarness
	host    platformapi.Tendering
	outline []byte
	id      string
}

var bidders = []platformapi.Organisation{Supplier, Stranger, Third}

const tenderHour = time.Hour // from the publication to the deadline

// publish makes a tender, changed by change.
func (r *room) publish(change func(*platformapi.NewTender)) platformapi.Tender {
	r.Helper()
	if r.outline == nil {
		r.outline = r.h.Outline(PaperOutline{Tender: "XW-2026-7", Lot: "1", Envelopes: []string{"投标"}, Fields: []string{"投标总价"}})
	}
	n := platformapi.NewTender{
		ID: platformapi.NewID(), Number: "XW-2026-7", Name: "教学设备采购", LotNumber: "1", LotName: "第一标段", PurchaserUSCC: Purchaser.USCC, Outline: r.outline,
		Deadline: r.h.Now().Add(tenderHour), DecryptMinutes: 30, Remedy: platformapi.RemedySecondTry, OthersGoOn: true,
	}
	change(&n)
	t, err := r.host.CreateTender(r.Context(), platformapi.NewID(), n)
	if err != nil {
		r.Fatal(err)
	}
	r.id = t.ID
	return t
}

func usual(*platformapi.NewTender) {}

// offer is an organisation's bid as it should be.
func (r *room) offer(o platformapi.Organisation) PaperBid {
	return PaperBid{
		Paper: 1, ID: platformapi.NewID(), Tender: "XW-2026-7", Lot: "1", Outline: digest(r.outline), Bidder: o.USCC, Signer: o.USCC, Platform: paperPlatform,
		Envelopes: []string{"投标"}, Price: []platformapi.PriceField{{Name: "投标总价", Value: "100.00", Capitals: "壹佰元整"}},
		Text: string(bytes.Repeat([]byte("技术方案"), 300)),
	}
}

// begin says that a file is to be uploaded.
func (r *room) begin(p platformapi.Tendering, file []byte, replaces string) (platformapi.Bid, error) {
	return p.BeginBid(r.Context(), platformapi.NewID(), r.id, platformapi.NewBid{ID: platformapi.NewID(), Size: int64(len(file)), SHA256: digest(file), Name: "投标.bid", Replaces: replaces})
}

// handIn uploads a file and hands it in.
func (r *room) handIn(p platformapi.Tendering, file []byte, replaces string) (platformapi.BidOutcome, error) {
	b, err := r.begin(p, file, replaces)
	if err != nil {
		return platformapi.BidOutcome{}, err
	}
	if err := p.SendBid(r.Context(), b, bytes.NewReader(file), nil); err != nil {
		return platformapi.BidOutcome{}, err
	}
	return p.CompleteBid(r.Context(), platformapi.NewID(), b.ID)
}

// all has every bidder hand in its bid.
func (r *room) all(who ...platformapi.Organisation) (sides []platformapi.Tendering, bids []platformapi.Bid) {
	r.Helper()
	for _, o := range who {
		p := r.h.As(r.T, o)
		out, err := r.handIn(p, r.h.Bid(r.offer(o)), "")
		if err != nil {
			r.Fatal(err)
		}
		sides, bids = append(sides, p), append(bids, out.Bid)
	}
	return sides, bids
}

// act is an act of the host, on the tender as it is.
func (r *room) act(a platformapi.OpeningAct) (platformapi.Tender, error) {
	r.Helper()
	t, err := r.host.Tender(r.Context(), r.id)
	if err != nil {
		r.Fatal(err)
	}
	return r.host.Conduct(r.Context(), platformapi.TenderChange{Key: platformapi.NewID(), TenderID: r.id, Version: t.Version}, a)
}

func (r *room) did(a platformapi.OpeningAct) platformapi.Tender {
	r.Helper()
	t, err := r.act(a)
	if err != nil {
		r.Fatalf("%s: %v", a.Act, err)
	}
	return t
}

func (r *room) refused(code string, err error) {
	r.Helper()
	if !platformapi.IsCode(err, code) {
		r.Errorf("got %v, want %s", err, code)
	}
}

// pass lets the deadline pass and announces the bidders.
func (r *room) pass() platformapi.Tender {
	r.Helper()
	r.h.Clock(tenderHour)
	return r.did(platformapi.OpeningAct{Act: platformapi.MoveAnnounce})
}

// secrets are what a bidder's key finds in its envelopes.
func (r *room) secrets(p platformapi.Tendering, bidID string) []platformapi.OpenedEnvelope {
	r.Helper()
	list, err := p.TakeEnvelopes(r.Context(), bidID)
	if err != nil {
		r.Fatal(err)
	}
	var opened []platformapi.OpenedEnvelope
	for _, e := range list {
		opened = append(opened, platformapi.OpenedEnvelope{Name: e.Name, Secret: r.h.Open(e.Inner)})
	}
	return opened
}

func (r *room) decrypt(p platformapi.Tendering, bidID string) platformapi.Bid {
	r.Helper()
	b, err := p.Decrypt(r.Context(), platformapi.NewID(), bidID, r.secrets(p, bidID))
	if err != nil {
		r.Fatal(err)
	}
	return b
}

func (r *room) see(p platformapi.Tendering, bidID string) platformapi.Bid {
	r.Helper()
	b, err := p.Bid(r.Context(), bidID)
	if err != nil {
		r.Fatal(err)
	}
	return b
}

func opening(r *room) {
	r.publish(usual)
	sides, bids := r.all(bidders...)
	receipts, err := sides[0].BidReceipts(r.Context(), bids[0].ID)
	if err != nil || len(receipts) != 1 || receipts[0].SHA256 != bids[0].SHA256 || !receipts[0].At.Equal(bids[0].ReceivedAt) || receipts[0].Signature == "" {
		r.Errorf("receipts %+v, %v", receipts, err)
	}
	t, err := r.host.Tender(r.Context(), r.id)
	if err != nil || t.State != platformapi.TenderOpen || t.Bidders != 0 || t.MyRole != platformapi.TenderHost {
		r.Errorf("%+v, %v", t, err)
	}
	_, err = r.act(platformapi.OpeningAct{Act: platformapi.MoveAnnounce})
	r.refused(platformapi.CodeTooEarly, err)
	if list, err := r.host.TenderBids(r.Context(), r.id); err != nil || len(list) != 0 {
		r.Errorf("the host sees %d bids before they are announced, %v", len(list), err)
	}
	r.h.Clock(tenderHour)
	if t, err := r.host.Tender(r.Context(), r.id); err != nil || t.State != platformapi.TenderClosed || t.Bidders != 3 {
		r.Errorf("%s with %d bidders, %v", t.State, t.Bidders, err)
	}
	if t := r.did(platformapi.OpeningAct{Act: platformapi.MoveAnnounce}); t.State != platformapi.TenderOpening || !slices.Equal(t.Moves, []platformapi.OpeningMove{platformapi.MoveStart, platformapi.MoveAbort}) {
		r.Errorf("%s, %v", t.State, t.Moves)
	}
	for i, p := range sides {
		b, err := p.SignIn(r.Context(), platformapi.NewID(), bids[i].ID, platformapi.SignIn{Place: platformapi.PlaceRemote})
		if err != nil || b.SignedInAt.IsZero() || b.SignedInBy == "" {
			r.Errorf("signed in as %q, %v", b.SignedInBy, err)
		}
	}
	if t := r.did(platformapi.OpeningAct{Act: platformapi.MoveStart, Minutes: 20}); t.State != platformapi.TenderDecrypting || t.Opening.WindowUntil.Sub(t.Opening.WindowFrom) != 20*time.Minute {
		r.Errorf("%s, %+v", t.State, t.Opening)
	}
	for i, p := range sides {
		if b := r.decrypt(p, bids[i].ID); b.State != platformapi.BidDecrypted || b.OuterDecryptedAt.IsZero() || b.PackageFetchedAt.IsZero() || len(b.Price) != 0 {
			r.Errorf("%s, %v", b.State, b.Price)
		}
	}
	r.did(platformapi.OpeningAct{Act: platformapi.MoveReadOut})
	watcher := r.h.As(r.T, Supervisor)
	list, err := watcher.TenderBids(r.Context(), r.id)
	if err != nil || len(list) != 3 || list[2].Bidder != Third || len(list[2].Price) != 1 || list[2].Price[0].Value != "100.00" {
		r.Fatalf("%+v, %v", list, err)
	}
	path, err := watcher.DownloadPart(r.Context(), list[0].ID, list[0].Parts[0], r.TempDir())
	if err != nil {
		r.Fatal(err)
	}
	if text, err := os.ReadFile(path); err != nil || string(text) != r.offer(Supplier).Text {
		r.Errorf("the part is %d bytes, %v", len(text), err)
	}
	objection := platformapi.NewObjection{ID: platformapi.NewID(), Text: "对第二家报价的大写有异议"}
	if _, err := sides[0].Object(r.Context(), platformapi.NewID(), bids[0].ID, objection); err != nil {
		r.Fatal(err)
	}
	b, err := r.host.AnswerObjection(r.Context(), platformapi.NewID(), bids[0].ID, objection.ID, "大写与小写一致。")
	if err != nil || len(b.Objections) != 1 || b.Objections[0].Answer == "" {
		r.Errorf("%+v, %v", b.Objections, err)
	}
	t = r.did(platformapi.OpeningAct{Act: platformapi.MoveClose})
	record, err := r.host.Record(r.Context(), t)
	if err != nil || !bytes.Contains(record, []byte("大写与小写一致。")) || !bytes.Contains(record, []byte(Third.Name)) {
		r.Errorf("record %s, %v", record, err)
	}
	_, err = r.act(platformapi.OpeningAct{Act: platformapi.MoveEnd})
	r.refused(platformapi.CodeRecordUnsigned, err)
	for _, x := range []struct {
		p platformapi.Tendering
		o platformapi.Organisation
	}{{sides[0], Supplier}, {r.host, Purchaser}} {
		if _, err := x.p.SignRecord(r.Context(), platformapi.NewID(), r.id, r.h.Sign(record, x.o.USCC)); err != nil {
			r.Fatal(err)
		}
	}
	if t := r.did(platformapi.OpeningAct{Act: platformapi.MoveEnd, SHA256: digest([]byte("film"))}); t.State != platformapi.TenderEnded || t.Opening.RecordingSHA256 == "" {
		r.Errorf("%s", t.State)
	}
}

func gate(r *room) {
	r.publish(usual)
	p := r.h.As(r.T, Supplier)
	damaged := r.h.Bid(r.offer(Supplier))
	damaged[len(damaged)-80] ^= 1
	with := func(change func(*PaperBid)) []byte {
		b := r.offer(Supplier)
		change(&b)
		return r.h.Bid(b)
	}
	for name, x := range map[string]struct {
		file []byte
		code string
	}{
		"a PDF":                   {PDF("an offer that everybody can read"), platformapi.CodeBidNotEncrypted},
		"a part is not sealed":    {with(func(b *PaperBid) { b.Open = []string{"text"} }), platformapi.CodeBidNotEncrypted},
		"malformed":               {[]byte(`{"paper_bid":` + "\n"), platformapi.CodeBidFormat},
		"damaged":                 {damaged, platformapi.CodeBidDamaged},
		"nobody trusts":           {with(func(b *PaperBid) { b.Signer = Untrusted + Supplier.USCC }), platformapi.CodeBidSignature},
		"another bidder's":        {with(func(b *PaperBid) { b.Bidder, b.Signer = Stranger.USCC, Stranger.USCC }), platformapi.CodeBidForeign},
		"signed by another":       {with(func(b *PaperBid) { b.Signer = Stranger.USCC }), platformapi.CodeBidForeign},
		"for another tender":      {with(func(b *PaperBid) { b.Tender = "XW-2026-8" }), platformapi.CodeBidOtherTender},
		"for another lot":         {with(func(b *PaperBid) { b.Lot = "2" }), platformapi.CodeBidOtherTender},
		"by an older outline":     {with(func(b *PaperBid) { b.Outline = digest([]byte("older")) }), platformapi.CodeBidOtherTender},
		"for another platform":    {with(func(b *PaperBid) { b.Platform = "another" }), platformapi.CodeBidOtherPlatform},
		"a part lacks":            {with(func(b *PaperBid) { b.Lacks = []string{"bid.part_missing"} }), platformapi.CodeBidParts},
		"another bidder's, whole": {r.h.Bid(r.offer(Stranger)), platformapi.CodeBidForeign},
	} {
		_, err := r.handIn(p, x.file, "")
		if !platformapi.IsCode(err, x.code) {
			r.Errorf("%s: got %v, want %s", name, err, x.code)
		}
	}
	_, err := r.begin(r.host, []byte("x"), "")
	r.refused(platformapi.CodeHostBids, err)
	b, err := r.begin(p, make([]byte, 2000), "")
	if err != nil {
		r.Fatal(err)
	}
	_, err = p.CompleteBid(r.Context(), platformapi.NewID(), b.ID)
	r.refused(platformapi.CodeUploadIncomplete, err)
	if out, err := r.handIn(p, r.h.Bid(r.offer(Supplier)), ""); err != nil || out.Bid.State != platformapi.BidReceived {
		r.Errorf("after all that the right one is %s, %v", out.Bid.State, err)
	}
	if b := r.see(p, b.ID); b.State != platformapi.BidWithdrawn {
		r.Errorf("the one that was begun before is %s", b.State)
	}
}

func lastByte(r *room) {
	t := r.publish(usual)
	in, late, half, silent := r.h.As(r.T, Supplier), r.h.As(r.T, Stranger), r.h.As(r.T, Third), r.h.As(r.T, Agency)
	_, err := r.begin(silent, []byte("x"), "")
	r.refused(platformapi.CodeRoleForbidden, err)
	files := [][]byte{r.h.Bid(r.offer(Supplier)), r.h.Bid(r.offer(Stranger)), r.h.Bid(r.offer(Third))}
	var begun []platformapi.Bid
	for i, p := range []platformapi.Tendering{in, late, half} {
		b, err := r.begin(p, files[i], "")
		if err != nil {
			r.Fatal(err)
		}
		begun = append(begun, b)
	}
	// The first has its last byte there, and says so after the deadline only; the third breaks off.
	if err := in.SendBid(r.Context(), begun[0], bytes.NewReader(files[0]), nil); err != nil {
		r.Fatal(err)
	}
	broken := &breaks{bytes.NewReader(files[2]), int64(len(files[2])) / 2}
	if err := half.SendBid(r.Context(), begun[2], broken, nil); err == nil {
		r.Error("the upload did not break off")
	}
	if b := r.see(half, begun[2].ID); b.Offset == 0 || b.Offset >= b.Size {
		r.Errorf("%d of %d bytes are there", b.Offset, b.Size)
	}
	r.h.Clock(tenderHour)
	if err := late.SendBid(r.Context(), begun[1], bytes.NewReader(files[1]), nil); err != nil {
		r.Fatal(err)
	}
	_, err = late.CompleteBid(r.Context(), platformapi.NewID(), begun[1].ID)
	r.refused(platformapi.CodeTenderClosed, err)
	_, err = r.begin(late, files[1], "")
	r.refused(platformapi.CodeTenderClosed, err)
	out, err := in.CompleteBid(r.Context(), platformapi.NewID(), begun[0].ID)
	if err != nil || !out.Receipt.At.Before(t.Deadline) || !out.Bid.ReceivedAt.Equal(out.Receipt.At) {
		r.Errorf("%+v, %v", out.Receipt, err)
	}
	_, err = in.WithdrawBid(r.Context(), platformapi.NewID(), begun[0].ID)
	r.refused(platformapi.CodeTenderClosed, err)
	if t := r.did(platformapi.OpeningAct{Act: platformapi.MoveAnnounce}); t.Bidders != 1 {
		r.Errorf("%d bidders", t.Bidders)
	}
	for i, p := range []platformapi.Tendering{late, half} {
		if b := r.see(p, begun[i+1].ID); b.State != platformapi.BidWithdrawn || b.WithdrawnWhy != platformapi.WithdrawnIncomplete {
			r.Errorf("%s, %s", b.State, b.WithdrawnWhy)
		}
	}
}

// cameLate is who tried after the deadline: told to nobody before the announcement, then to all, and in the record; once, whatever is tried.
func cameLate(r *room) {
	r.publish(func(n *platformapi.NewTender) { n.MinBidders = 1 })
	sides, bids := r.all(Supplier)
	late, slow := r.h.As(r.T, Stranger), r.h.As(r.T, Third)
	file := r.h.Bid(r.offer(Third))
	begun, err := r.begin(slow, file, "")
	if err != nil {
		r.Fatal(err)
	}
	r.h.Clock(tenderHour)
	first := r.h.Now()
	for range 2 {
		_, err := r.begin(late, r.h.Bid(r.offer(Stranger)), "")
		r.refused(platformapi.CodeTenderClosed, err)
		r.h.Clock(time.Second)
	}
	if t, err := r.host.Tender(r.Context(), r.id); err != nil || len(t.Late) != 0 {
		r.Errorf("before the announcement the host is told of %v, %v", t.Late, err)
	}
	t := r.did(platformapi.OpeningAct{Act: platformapi.MoveAnnounce})
	if len(t.Late) != 1 || t.Late[0].Bidder != Stranger || t.Late[0].At.Before(first) || !t.Late[0].At.Before(first.Add(time.Second)) {
		r.Errorf("%+v", t.Late)
	}
	if list, err := r.host.TenderBids(r.Context(), r.id); err != nil || len(list) != 1 {
		r.Errorf("%d bids, %v", len(list), err)
	}
	t = r.did(platformapi.OpeningAct{Act: platformapi.MoveStart})
	r.decrypt(sides[0], bids[0].ID)
	if err := slow.SendBid(r.Context(), begun, bytes.NewReader(file), nil); err == nil {
		_, err = slow.CompleteBid(r.Context(), platformapi.NewID(), begun.ID)
		if err == nil {
			r.Error("a late bid was taken")
		}
	}
	_, err = r.begin(slow, file, "")
	r.refused(platformapi.CodeTenderClosed, err)
	// What the host decided on did not change by that.
	if t, err = r.host.Conduct(r.Context(), platformapi.TenderChange{Key: platformapi.NewID(), TenderID: r.id, Version: t.Version}, platformapi.OpeningAct{Act: platformapi.MoveReadOut}); err != nil || len(t.Late) != 2 {
		r.Fatalf("%+v, %v", t.Late, err)
	}
	if t = r.did(platformapi.OpeningAct{Act: platformapi.MoveClose}); len(t.Late) != 2 || t.Late[1].Bidder != Third {
		r.Errorf("%+v", t.Late)
	}
	record, err := sides[0].Record(r.Context(), t)
	if err != nil || !bytes.Contains(record, []byte(`"late":[{`)) || !bytes.Contains(record, []byte(Stranger.USCC)) || !bytes.Contains(record, []byte(Third.USCC)) {
		r.Errorf("%s, %v", record, err)
	}
}

// silent is a bidder whose bytes are all there before the deadline, and who says nothing any more: the bid counts if it is one.
func silent(r *room) {
	r.publish(func(n *platformapi.NewTender) { n.Deadline = r.h.Now().Add(72 * time.Hour) })
	replacing, first, not := r.h.As(r.T, Supplier), r.h.As(r.T, Stranger), r.h.As(r.T, Third)
	held, err := r.handIn(replacing, r.h.Bid(r.offer(Supplier)), "")
	if err != nil {
		r.Fatal(err)
	}
	var bids []platformapi.Bid
	for i, p := range []platformapi.Tendering{replacing, first, not} {
		file := [][]byte{r.h.Bid(r.offer(Supplier)), r.h.Bid(r.offer(Stranger)), PDF("no bid")}[i]
		b, err := r.begin(p, file, []string{held.Bid.ID, "", ""}[i])
		if err != nil {
			r.Fatal(err)
		}
		if err := p.SendBid(r.Context(), b, bytes.NewReader(file), nil); err != nil {
			r.Fatal(err)
		}
		bids = append(bids, b)
	}
	r.h.Clock(72 * time.Hour) // longer than other uploads are kept
	r.host = r.h.As(r.T, Purchaser)
	if t := r.did(platformapi.OpeningAct{Act: platformapi.MoveAnnounce}); t.Bidders != 2 {
		r.Errorf("%d bidders", t.Bidders)
	}
	for i, want := range []platformapi.BidState{platformapi.BidLocked, platformapi.BidLocked, platformapi.BidWithdrawn} {
		p := r.h.As(r.T, bidders[i])
		b := r.see(p, bids[i].ID)
		receipts, err := p.BidReceipts(r.Context(), b.ID)
		if err != nil || b.State != want || (len(receipts) == 1) != (want == platformapi.BidLocked) {
			r.Errorf("bid %d is %s with %d receipts, %v", i, b.State, len(receipts), err)
		}
		if want == platformapi.BidWithdrawn && b.WithdrawnWhy != platformapi.WithdrawnRefused {
			r.Errorf("withdrawn: %s", b.WithdrawnWhy)
		}
	}
	if b := r.see(r.h.As(r.T, Supplier), held.Bid.ID); b.State != platformapi.BidReplaced {
		r.Errorf("the one before is %s", b.State)
	}
}

// breaks is a file that can be read to a point.
type breaks struct {
	r  *bytes.Reader
	at int64
}

func (b *breaks) ReadAt(p []byte, off int64) (int, error) {
	if off+int64(len(p)) > b.at {
		return 0, os.ErrClosed
	}
	return b.r.ReadAt(p, off)
}

// deadlineRace has uploads become complete while the deadline comes and the host announces: each bid is in time with a receipt, or
// withdrawn, by the platform's time of its last byte, and nothing in between.
func deadlineRace(r *room) {
	for range 6 {
		t := r.publish(usual)
		r.h.Clock(t.Deadline.Sub(r.h.Now()) - 25*time.Millisecond)
		var group sync.WaitGroup
		ids := make([]string, len(bidders))
		sides := make([]platformapi.Tendering, len(bidders))
		for i, o := range bidders {
			sides[i] = r.h.As(r.T, o)
		}
		r.h.Clock(t.Deadline.Sub(r.h.Now()) - 30*time.Millisecond)
		for i, o := range bidders {
			group.Go(func() {
				file := r.h.Bid(r.offer(o))
				b, err := r.begin(sides[i], file, "")
				if err != nil {
					r.refused(platformapi.CodeTenderClosed, err)
					return
				}
				ids[i] = b.ID
				if err := sides[i].SendBid(r.Context(), b, bytes.NewReader(file), nil); err != nil {
					r.Errorf("sending: %v", err)
				}
			})
		}
		announced := make(chan struct{})
		go func() {
			defer close(announced)
			for {
				if _, err := r.act(platformapi.OpeningAct{Act: platformapi.MoveAnnounce}); err == nil {
					return
				} else if !platformapi.IsCode(err, platformapi.CodeTooEarly) && !platformapi.IsCode(err, platformapi.CodeTenderStale) {
					r.Errorf("announcing: %v", err)
					return
				}
			}
		}()
		group.Wait()
		<-announced
		for i, id := range ids {
			if id == "" {
				continue
			}
			b := r.see(sides[i], id)
			receipts, err := sides[i].BidReceipts(r.Context(), id)
			if err != nil {
				r.Fatal(err)
			}
			counted := b.State == platformapi.BidLocked && len(receipts) == 1 && receipts[0].At.Before(t.Deadline)
			lapsed := b.State == platformapi.BidWithdrawn && len(receipts) == 0
			if !counted && !lapsed {
				r.Errorf("%s with %d receipts, complete at %v, deadline %v", b.State, len(receipts), b.CompleteAt, t.Deadline)
			}
		}
	}
}

func replaceAndWithdraw(r *room) {
	r.publish(usual)
	p := r.h.As(r.T, Supplier)
	first, err := r.handIn(p, r.h.Bid(r.offer(Supplier)), "")
	if err != nil {
		r.Fatal(err)
	}
	_, err = r.begin(p, []byte("x"), "")
	r.refused(platformapi.CodeBidExists, err)
	_, err = r.begin(p, []byte("x"), platformapi.NewID())
	r.refused(platformapi.CodeBidExists, err)
	// Until the new one is received the old one holds.
	if _, err := r.handIn(p, PDF("no bid"), first.Bid.ID); err == nil {
		r.Error("a PDF was taken")
	}
	if b := r.see(p, first.Bid.ID); b.State != platformapi.BidReceived {
		r.Errorf("the first is %s", b.State)
	}
	better := r.offer(Supplier)
	better.Price[0].Value = "90.00"
	second, err := r.handIn(p, r.h.Bid(better), first.Bid.ID)
	if err != nil || second.Receipt.Replaces != first.Bid.ID {
		r.Fatalf("%+v, %v", second.Receipt, err)
	}
	if b := r.see(p, first.Bid.ID); b.State != platformapi.BidReplaced {
		r.Errorf("the first is %s", b.State)
	}
	if t, err := p.Tender(r.Context(), r.id); err != nil || t.MyBidID != second.Bid.ID {
		r.Errorf("mine is %s, %v", t.MyBidID, err)
	}
	out, err := p.WithdrawBid(r.Context(), platformapi.NewID(), second.Bid.ID)
	if err != nil || out.Receipt.Kind != platformapi.ReceiptWithdrawBid || out.Bid.State != platformapi.BidWithdrawn {
		r.Errorf("%+v, %v", out, err)
	}
	_, err = p.WithdrawBid(r.Context(), platformapi.NewID(), second.Bid.ID)
	r.refused(platformapi.CodeStageWrong, err)
	page, err := p.Bids(r.Context(), platformapi.BidQuery{TenderID: r.id, Limit: 2})
	if err != nil || len(page.Items) != 2 || page.NextCursor == "" || page.Items[0].ID != second.Bid.ID || page.Items[0].TenderName == "" {
		r.Errorf("%d bids, %v", len(page.Items), err)
	}
	rest, err := p.Bids(r.Context(), platformapi.BidQuery{TenderID: r.id, Limit: 2, Cursor: page.NextCursor})
	if err != nil || len(rest.Items) != 1 || rest.Items[0].ID != first.Bid.ID {
		r.Errorf("%d more, %v", len(rest.Items), err)
	}
}

func window(r *room) {
	r.publish(usual)
	sides, bids := r.all(bidders...)
	_, err := sides[0].TakeEnvelopes(r.Context(), bids[0].ID)
	r.refused(platformapi.CodeWindowClosed, err)
	r.pass()
	_, err = sides[0].TakeEnvelopes(r.Context(), bids[0].ID)
	r.refused(platformapi.CodeWindowClosed, err)
	r.did(platformapi.OpeningAct{Act: platformapi.MoveStart, Minutes: 10})
	opened := r.secrets(sides[0], bids[0].ID)
	decrypt := func(i int, secrets []platformapi.OpenedEnvelope) (platformapi.Bid, error) {
		return sides[i].Decrypt(r.Context(), platformapi.NewID(), bids[i].ID, secrets)
	}
	// Another bid's secret is a wrong one, and another bidder's bid nobody's business.
	if b, err := decrypt(1, opened); err != nil || b.State != platformapi.BidFailed || b.Failure.Cause != platformapi.CauseWrongSecret || b.Tries != 1 {
		r.Errorf("%s, %v", b.State, err)
	}
	_, err = sides[1].Decrypt(r.Context(), platformapi.NewID(), bids[0].ID, opened)
	r.refused(platformapi.CodeNotFound, err)
	_, err = decrypt(0, []platformapi.OpenedEnvelope{{Name: "报价", Secret: opened[0].Secret}})
	r.refused(platformapi.CodeBadRequest, err)
	if _, err := sides[1].ReportFailure(r.Context(), platformapi.NewID(), bids[1].ID, platformapi.Failure{Cause: platformapi.CauseFileDamaged}); err == nil {
		r.Error("a bidder found the platform's file damaged")
	}
	left := 4
	b, err := sides[1].ReportFailure(r.Context(), platformapi.NewID(), bids[1].ID, platformapi.Failure{Cause: platformapi.CausePINWrong, TriesLeft: &left})
	if err != nil || b.Failure.Cause != platformapi.CausePINWrong || *b.Failure.TriesLeft != 4 || b.Tries != 2 {
		r.Errorf("%+v, %v", b.Failure, err)
	}
	_, err = r.act(platformapi.OpeningAct{Act: platformapi.MovePause})
	r.refused(platformapi.CodeReasonNeeded, err)
	r.did(platformapi.OpeningAct{Act: platformapi.MovePause, Reason: "网络中断"})
	_, err = decrypt(0, opened)
	r.refused(platformapi.CodeWindowPaused, err)
	r.h.Clock(time.Hour)
	if t := r.did(platformapi.OpeningAct{Act: platformapi.MoveResume}); t.Opening.WindowUntil.Sub(r.h.Now()) < 9*time.Minute {
		r.Errorf("after a pause %v are left", t.Opening.WindowUntil.Sub(r.h.Now()))
	}
	if b, err := decrypt(0, opened); err != nil || b.State != platformapi.BidDecrypted {
		r.Errorf("%s, %v", b.State, err)
	}
	_, err = decrypt(0, opened)
	r.refused(platformapi.CodeStageWrong, err)
	_, err = r.act(platformapi.OpeningAct{Act: platformapi.MoveReadOut})
	r.refused(platformapi.CodeWindowOpen, err)
	later := r.secrets(sides[2], bids[2].ID)
	r.h.Clock(10 * time.Minute)
	_, err = decrypt(2, later)
	r.refused(platformapi.CodeWindowClosed, err)
	_, err = r.act(platformapi.OpeningAct{Act: platformapi.MoveExtend, Minutes: 5})
	r.refused(platformapi.CodeReasonNeeded, err)
	r.did(platformapi.OpeningAct{Act: platformapi.MoveExtend, Minutes: 5, Reason: "多家投标人请求"})
	if b, err := decrypt(2, later); err != nil || b.State != platformapi.BidDecrypted {
		r.Errorf("%s, %v", b.State, err)
	}
	r.h.Clock(6 * time.Minute)
	// A second try is for one bidder only.
	r.did(platformapi.OpeningAct{Act: platformapi.MoveSecondTry, BidID: bids[1].ID, Minutes: 5, Reason: "介质更换"})
	if b := r.decrypt(sides[1], bids[1].ID); b.State != platformapi.BidDecrypted {
		r.Errorf("%s", b.State)
	}
	r.did(platformapi.OpeningAct{Act: platformapi.MoveReadOut})
}

func fault(r *room) {
	r.publish(usual)
	sides, bids := r.all(bidders...)
	r.pass()
	r.did(platformapi.OpeningAct{Act: platformapi.MoveStart})
	attribute := func(i int, to platformapi.Liable, reason string) error {
		_, err := r.act(platformapi.OpeningAct{Act: platformapi.MoveAttribute, BidID: bids[i].ID, To: to, Reason: reason})
		return err
	}
	r.refused(platformapi.CodeWindowOpen, attribute(0, platformapi.LiableBidder, "未解密"))
	r.secrets(sides[0], bids[0].ID) // and no more
	r.decrypt(sides[1], bids[1].ID)
	r.h.Clock(31 * time.Minute)
	for i, want := range []platformapi.Liable{platformapi.LiableBidder, "", platformapi.LiableUndecided} {
		if b := r.see(sides[i], bids[i].ID); b.Liable != want {
			r.Errorf("bid %d: %q, want %q", i, b.Liable, want)
		}
	}
	_, err := r.act(platformapi.OpeningAct{Act: platformapi.MoveReadOut})
	r.refused(platformapi.CodeUndecided, err)
	r.refused(platformapi.CodeReasonNeeded, attribute(2, platformapi.LiablePlatform, ""))
	r.refused(platformapi.CodeBadRequest, attribute(2, platformapi.LiableUndecided, "不清楚"))
	r.refused(platformapi.CodeStageWrong, attribute(1, platformapi.LiableBidder, "已解密"))
	if err := attribute(2, platformapi.LiablePlatform, "平台未送达解密包"); err != nil {
		r.Fatal(err)
	}
	r.refused(platformapi.CodeAlreadyDecided, attribute(2, platformapi.LiableBidder, "改判"))
	r.did(platformapi.OpeningAct{Act: platformapi.MoveReadOut})
	if b := r.see(sides[0], bids[0].ID); b.State != platformapi.BidAttributed || b.Liable != platformapi.LiableBidder || len(b.Attributions) != 1 || b.Attributions[0].Person != "" {
		r.Errorf("%s, %+v", b.State, b.Attributions)
	}
	if err := attribute(0, platformapi.LiablePlatform, "平台日志显示服务中断"); err != nil {
		r.Fatal(err)
	}
	if b := r.see(sides[0], bids[0].ID); b.Liable != platformapi.LiablePlatform || len(b.Attributions) != 2 || b.Attributions[1].Reason == "" {
		r.Errorf("%+v", b.Attributions)
	}
}

func othersWait(r *room) {
	r.publish(func(n *platformapi.NewTender) { n.OthersGoOn = false })
	sides, bids := r.all(bidders...)
	r.pass()
	r.did(platformapi.OpeningAct{Act: platformapi.MoveStart})
	for i, p := range sides[:2] {
		r.decrypt(p, bids[i].ID)
	}
	r.secrets(sides[2], bids[2].ID)
	r.h.Clock(31 * time.Minute)
	_, err := r.act(platformapi.OpeningAct{Act: platformapi.MoveReadOut})
	r.refused(platformapi.CodeOthersWait, err)
	_, err = r.act(platformapi.OpeningAct{Act: platformapi.MoveAbort})
	r.refused(platformapi.CodeReasonNeeded, err)
	if t := r.did(platformapi.OpeningAct{Act: platformapi.MoveAbort, Reason: "按招标文件规定中止"}); t.State != platformapi.TenderFailed || len(t.Moves) != 0 {
		r.Errorf("%s, %v", t.State, t.Moves)
	}
	for _, p := range []platformapi.Tendering{r.host, sides[0], r.h.As(r.T, Supervisor)} {
		if b := r.see(p, bids[0].ID); len(b.Price) != 0 {
			r.Error("a price is shown that was never read out")
		}
	}
}

func fewBidders(r *room) {
	r.publish(usual)
	r.all(Supplier, Stranger)
	if t := r.pass(); !t.FewBidders || t.Bidders != 2 {
		r.Errorf("%d bidders, few: %v", t.Bidders, t.FewBidders)
	}
	_, err := r.act(platformapi.OpeningAct{Act: platformapi.MoveStart})
	r.refused(platformapi.CodeTooFewBidders, err)
	if t := r.did(platformapi.OpeningAct{Act: platformapi.MoveStart, Reason: "经监管部门同意改为竞争性谈判"}); t.State != platformapi.TenderDecrypting || t.Opening.Log[1].Reason == "" {
		r.Errorf("%s, %+v", t.State, t.Opening.Log)
	}
}

func twoEnvelopes(r *room) {
	r.outline = r.h.Outline(PaperOutline{Tender: "XW-2026-7", Lot: "1", Envelopes: []string{"技术", "报价"}, Fields: []string{"投标总价"}})
	r.publish(func(n *platformapi.NewTender) { n.MinBidders = 1 })
	p := r.h.As(r.T, Supplier)
	b := r.offer(Supplier)
	b.Envelopes = []string{"技术", "报价"}
	out, err := r.handIn(p, r.h.Bid(b), "")
	if err != nil {
		r.Fatal(err)
	}
	lying := r.h.As(r.T, Stranger)
	b = r.offer(Stranger)
	b.Envelopes, b.Lies = []string{"技术", "报价"}, true
	lie, err := r.handIn(lying, r.h.Bid(b), "")
	if err != nil {
		r.Fatal(err)
	}
	r.pass()
	_, err = r.act(platformapi.OpeningAct{Act: platformapi.MoveStart, Envelopes: []string{"别的"}})
	r.refused(platformapi.CodeBadRequest, err)
	r.did(platformapi.OpeningAct{Act: platformapi.MoveStart, Envelopes: []string{"技术"}})
	if x := r.decrypt(p, out.Bid.ID); x.State != platformapi.BidDecrypted {
		r.Errorf("%s", x.State)
	}
	r.decrypt(lying, lie.Bid.ID)
	r.did(platformapi.OpeningAct{Act: platformapi.MoveReadOut})
	if x := r.see(r.host, out.Bid.ID); len(x.Price) != 0 || !x.Parts[0].Readable {
		r.Errorf("price %v, part readable: %v", x.Price, x.Parts[0].Readable)
	}
	_, err = r.act(platformapi.OpeningAct{Act: platformapi.MoveClose})
	r.refused(platformapi.CodeStageWrong, err)
	r.did(platformapi.OpeningAct{Act: platformapi.MoveStart})
	if x := r.decrypt(lying, lie.Bid.ID); x.State != platformapi.BidFailed || x.Failure.Cause != platformapi.CausePriceMismatch {
		r.Errorf("a lie about the price: %s", x.State)
	}
	r.decrypt(p, out.Bid.ID)
	r.h.Clock(31 * time.Minute)
	r.did(platformapi.OpeningAct{Act: platformapi.MoveReadOut})
	if x := r.see(r.host, out.Bid.ID); len(x.Price) != 1 {
		r.Errorf("price %v", x.Price)
	}
	r.did(platformapi.OpeningAct{Act: platformapi.MoveClose})
}

func recordSigned(r *room) {
	r.publish(func(n *platformapi.NewTender) { n.MinBidders = 1 })
	sides, bids := r.all(Supplier, Stranger)
	r.pass()
	b, err := sides[0].SignIn(r.Context(), platformapi.NewID(), bids[0].ID, platformapi.SignIn{Place: platformapi.PlaceHall, Person: "李四"})
	if err != nil || b.SignedInPlace != platformapi.PlaceRemote || b.SignedInBy == "李四" || b.SignedInBy == "" {
		r.Fatalf("a bidder elsewhere signed in as %q at %s, %v", b.SignedInBy, b.SignedInPlace, err)
	}
	r.did(platformapi.OpeningAct{Act: platformapi.MoveStart})
	for i, p := range sides {
		r.decrypt(p, bids[i].ID)
	}
	_, err = sides[0].SignRecord(r.Context(), platformapi.NewID(), r.id, []byte("early"))
	r.refused(platformapi.CodeStageWrong, err)
	r.did(platformapi.OpeningAct{Act: platformapi.MoveReadOut})
	_, err = sides[1].Object(r.Context(), platformapi.NewID(), bids[1].ID, platformapi.NewObjection{ID: platformapi.NewID(), Text: "我不在场"})
	r.refused(platformapi.CodeNotSignedIn, err)
	t := r.did(platformapi.OpeningAct{Act: platformapi.MoveClose})
	record, err := sides[0].Record(r.Context(), t)
	if err != nil {
		r.Fatal(err)
	}
	sign := func(p platformapi.Tendering, signature []byte) error {
		_, err := p.SignRecord(r.Context(), platformapi.NewID(), r.id, signature)
		return err
	}
	r.refused(platformapi.CodeRecordSignature, sign(sides[0], r.h.Sign(record, Stranger.USCC)))
	r.refused(platformapi.CodeRecordSignature, sign(sides[0], r.h.Sign([]byte("another record"), Supplier.USCC)))
	r.refused(platformapi.CodeRecordSignature, sign(sides[0], r.h.Sign(record, Untrusted+Supplier.USCC)))
	r.refused(platformapi.CodeNotSignedIn, sign(sides[1], r.h.Sign(record, Stranger.USCC)))
	if err := sign(sides[0], r.h.Sign(record, Supplier.USCC)); err != nil {
		r.Fatal(err)
	}
	if b := r.see(r.host, bids[0].ID); b.RecordSignedAt.IsZero() || b.RecordSignedBy == "" {
		r.Errorf("%+v", b)
	}
}

// nobodyElses is what others may not see or do.
func nobodyElses(r *room) {
	r.publish(usual)
	sides, bids := r.all(bidders...)
	watcher, terminal := r.h.As(r.T, Supervisor), r.h.As(r.T, Hall)
	for name, p := range map[string]platformapi.Tendering{"host": r.host, "another bidder": sides[1], "supervisor": watcher, "terminal": terminal} {
		_, err := p.Bid(r.Context(), bids[0].ID)
		if !platformapi.IsCode(err, platformapi.CodeNotFound) {
			r.Errorf("%s sees a bid before it is announced: %v", name, err)
		}
		if list, err := p.TenderBids(r.Context(), r.id); err != nil || len(list) > 0 && name != "another bidder" || len(list) > 1 {
			r.Errorf("%s sees %d bids, %v", name, len(list), err)
		}
	}
	_, err := sides[1].CompleteBid(r.Context(), platformapi.NewID(), bids[0].ID)
	r.refused(platformapi.CodeNotFound, err)
	_, err = sides[1].WithdrawBid(r.Context(), platformapi.NewID(), bids[0].ID)
	r.refused(platformapi.CodeNotFound, err)
	t, err := sides[0].Tender(r.Context(), r.id)
	if err != nil || t.MyRole != platformapi.TenderBidder || len(t.Moves) != 0 {
		r.Errorf("%s, %v, %v", t.MyRole, t.Moves, err)
	}
	_, err = sides[0].Conduct(r.Context(), platformapi.TenderChange{Key: platformapi.NewID(), TenderID: r.id, Version: t.Version}, platformapi.OpeningAct{Act: platformapi.MoveAbort, Reason: "x"})
	r.refused(platformapi.CodeNotHost, err)
	r.pass()
	if b := r.see(sides[1], bids[0].ID); b.Recipients != nil || b.Parts != nil || b.SHA256 == "" {
		r.Errorf("%+v", b)
	}
	if b := r.see(terminal, bids[0].ID); len(b.Recipients) != 1 {
		r.Error("a terminal is not told which key opens a bid")
	}
	_, err = terminal.SignIn(r.Context(), platformapi.NewID(), bids[0].ID, platformapi.SignIn{Place: platformapi.PlaceHall})
	r.refused(platformapi.CodeBadRequest, err)
	if b, err := terminal.SignIn(r.Context(), platformapi.NewID(), bids[0].ID, platformapi.SignIn{Place: platformapi.PlaceHall, Person: "李四"}); err != nil || b.SignedInBy != "李四" || b.SignedInPlace != platformapi.PlaceHall {
		r.Errorf("%+v, %v", b, err)
	}
	_, err = sides[1].SignIn(r.Context(), platformapi.NewID(), bids[0].ID, platformapi.SignIn{Place: platformapi.PlaceRemote})
	r.refused(platformapi.CodeNotFound, err)
	r.did(platformapi.OpeningAct{Act: platformapi.MoveStart})
	if b := r.decrypt(terminal, bids[0].ID); b.State != platformapi.BidDecrypted {
		r.Errorf("%s", b.State)
	}
	_, err = watcher.TakeEnvelopes(r.Context(), bids[1].ID)
	r.refused(platformapi.CodeRoleForbidden, err)
	if b := r.see(r.host, bids[0].ID); b.Parts[0].Readable {
		r.Error("the host reads a bid before the read-out")
	}
	_, err = r.host.DownloadPart(r.Context(), bids[0].ID, r.see(r.host, bids[0].ID).Parts[0], r.TempDir())
	r.refused(platformapi.CodeNotFound, err)
	_, err = sides[1].DownloadBid(r.Context(), bids[0], r.TempDir())
	r.refused(platformapi.CodeNotFound, err)
	if _, err := sides[0].DownloadBid(r.Context(), bids[0], r.TempDir()); err != nil {
		r.Error(err)
	}
}

func sameTenderKey(r *room) {
	t := r.publish(usual)
	p := r.h.As(r.T, Supplier)
	file := r.h.Bid(r.offer(Supplier))
	n := platformapi.NewBid{ID: platformapi.NewID(), Size: int64(len(file)), SHA256: digest(file)}
	key := platformapi.NewID()
	for range 2 {
		if b, err := p.BeginBid(r.Context(), key, r.id, n); err != nil || b.ID != n.ID {
			r.Fatal(err)
		}
	}
	other := n
	other.ID = platformapi.NewID()
	_, err := p.BeginBid(r.Context(), key, r.id, other)
	r.refused(platformapi.CodeKeyReused, err)
	b := r.see(p, n.ID)
	if err := p.SendBid(r.Context(), b, bytes.NewReader(file), nil); err != nil {
		r.Fatal(err)
	}
	key = platformapi.NewID()
	var receipts []platformapi.BidReceipt
	for range 2 {
		out, err := p.CompleteBid(r.Context(), key, n.ID)
		if err != nil {
			r.Fatal(err)
		}
		receipts = append(receipts, out.Receipt)
	}
	if receipts[0].Number == "" || receipts[0].Number != receipts[1].Number || receipts[0].AuditHash != receipts[1].AuditHash {
		r.Errorf("%+v", receipts)
	}
	_, err = p.CompleteBid(r.Context(), platformapi.NewID(), n.ID)
	r.refused(platformapi.CodeStageWrong, err)
	r.pass()
	change := platformapi.TenderChange{Key: platformapi.NewID(), TenderID: r.id, Version: t.Version}
	_, err = r.host.Conduct(r.Context(), change, platformapi.OpeningAct{Act: platformapi.MoveStart, Reason: "x"})
	r.refused(platformapi.CodeTenderStale, err)
	now, err := r.host.Tender(r.Context(), r.id)
	if err != nil {
		r.Fatal(err)
	}
	change.Version = now.Version
	for range 2 {
		if x, err := r.host.Conduct(r.Context(), change, platformapi.OpeningAct{Act: platformapi.MoveStart, Reason: "x"}); err != nil || len(x.Opening.Log) != 2 {
			r.Errorf("%+v, %v", x.Opening, err)
		}
	}
}

func postpone(r *room) {
	t := r.publish(usual)
	change := func() platformapi.TenderChange {
		now, err := r.host.Tender(r.Context(), r.id)
		if err != nil {
			r.Fatal(err)
		}
		return platformapi.TenderChange{Key: platformapi.NewID(), TenderID: r.id, Version: now.Version}
	}
	_, err := r.host.Postpone(r.Context(), change(), platformapi.Postponement{Deadline: t.Deadline.Add(-time.Minute), Reason: "提前"})
	r.refused(platformapi.CodeDeadlineWrong, err)
	later, err := r.host.Postpone(r.Context(), change(), platformapi.Postponement{Deadline: t.Deadline.Add(time.Hour), Reason: "澄清"})
	if err != nil || !later.Deadline.Equal(t.Deadline.Add(time.Hour)) {
		r.Errorf("%v, %v", later.Deadline, err)
	}
	r.h.Clock(tenderHour + time.Minute)
	r.all(Supplier)
	r.h.Clock(tenderHour)
	_, err = r.host.Postpone(r.Context(), change(), platformapi.Postponement{Deadline: r.h.Now().Add(time.Hour), Reason: "太晚"})
	r.refused(platformapi.CodeTenderClosed, err)
	// An agency publishes for a purchaser, and holds the tender then; nobody else does.
	agency := r.h.As(r.T, Agency)
	n := platformapi.NewTender{
		ID: platformapi.NewID(), Number: "XW-2026-7", Name: "教学设备", LotNumber: "1", LotName: "一", PurchaserUSCC: Purchaser.USCC, Outline: r.outline,
		Deadline: r.h.Now().Add(time.Hour), DecryptMinutes: 30, Remedy: platformapi.RemedyNone,
	}
	x, err := agency.CreateTender(r.Context(), platformapi.NewID(), n)
	if err != nil || x.Agency == nil || *x.Agency != Agency || x.MyRole != platformapi.TenderHost || x.MinBidders != 3 {
		r.Errorf("%+v, %v", x, err)
	}
	n.ID = platformapi.NewID()
	_, err = r.h.As(r.T, Supplier).CreateTender(r.Context(), platformapi.NewID(), n)
	r.refused(platformapi.CodeNotHost, err)
	n.Number = "XW-2026-8"
	_, err = agency.CreateTender(r.Context(), platformapi.NewID(), n)
	r.refused(platformapi.CodeOutlineBad, err)
	n.Number, n.Deadline = "XW-2026-7", r.h.Now().Add(-time.Second)
	_, err = agency.CreateTender(r.Context(), platformapi.NewID(), n)
	r.refused(platformapi.CodeDeadlineWrong, err)
	page, err := r.h.As(r.T, Supplier).Tenders(r.Context(), platformapi.TenderQuery{State: platformapi.TenderClosed, Words: "教学 第一标段", Limit: 1})
	if err != nil || len(page.Items) != 1 || page.Items[0].ID != r.id || page.NextCursor != "" {
		r.Errorf("%d tenders, %v", len(page.Items), err)
	}
	page, err = r.h.As(r.T, Supplier).Tenders(r.Context(), platformapi.TenderQuery{Limit: 1})
	if err != nil || len(page.Items) != 1 || page.NextCursor == "" {
		r.Errorf("%d tenders, %v", len(page.Items), err)
	}
}

func creditLibrary(r *room) {
	p, other := r.h.As(r.T, Supplier), r.h.As(r.T, Stranger)
	content := PDF("营业执照")
	f := platformapi.NewCreditFile{Name: "营业执照.pdf", SHA256: digest(content), UploadID: platformapi.NewID()}
	if err := p.SendCredit(r.Context(), f, int64(len(content)), bytes.NewReader(content)); err != nil {
		r.Fatal(err)
	}
	id, key := platformapi.NewID(), platformapi.NewID()
	e := platformapi.CreditEntry{Kind: platformapi.CreditLicence, Name: "营业执照", Number: Supplier.USCC, ValidFrom: "2020-01-01", ValidUntil: "2040-01-01", Files: []platformapi.NewCreditFile{f}}
	for range 2 {
		if x, err := p.PutCredit(r.Context(), key, id, e); err != nil || len(x.Files) != 1 || x.Files[0].Size != int64(len(content)) {
			r.Fatalf("%+v, %v", x, err)
		}
	}
	// The file is the entry's now, and needs no upload again.
	e.Name, e.Files[0].UploadID = "营业执照（副本）", ""
	if _, err := p.PutCredit(r.Context(), platformapi.NewID(), id, e); err != nil {
		r.Fatal(err)
	}
	_, err := other.PutCredit(r.Context(), platformapi.NewID(), platformapi.NewID(), e)
	r.refused(platformapi.CodeUploadIncomplete, err)
	wrong := e
	wrong.ValidUntil = "2019-01-01"
	_, err = p.PutCredit(r.Context(), platformapi.NewID(), id, wrong)
	r.refused(platformapi.CodeBadRequest, err)
	library, err := p.Credit(r.Context())
	if err != nil || library.Organisation != Supplier || len(library.Items) != 1 || library.Items[0].Name != "营业执照（副本）" {
		r.Fatalf("%+v, %v", library, err)
	}
	path, err := p.DownloadCredit(r.Context(), id, library.Items[0].Files[0], r.TempDir())
	if err != nil {
		r.Fatal(err)
	}
	if got, err := os.ReadFile(path); err != nil || !bytes.Equal(got, content) {
		r.Errorf("%d bytes, %v", len(got), err)
	}
	_, err = other.DownloadCredit(r.Context(), id, library.Items[0].Files[0], r.TempDir())
	r.refused(platformapi.CodeNotFound, err)
	if theirs, err := other.Credit(r.Context()); err != nil || len(theirs.Items) != 0 {
		r.Errorf("%d entries of another's, %v", len(theirs.Items), err)
	}
	if _, err := p.RemoveCredit(r.Context(), platformapi.NewID(), id); err != nil {
		r.Fatal(err)
	}
	_, err = p.RemoveCredit(r.Context(), platformapi.NewID(), id)
	r.refused(platformapi.CodeNotFound, err)
}
