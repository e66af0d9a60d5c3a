package storetest

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"sealdesk/platformapi"
	"sealdesk/platformapi/platform/store"
	"sealdesk/platformapi/web/audit"
)

func (w *world) tenderRequest(id string) store.TenderRequest {
	return store.TenderRequest{USCC: buyer.USCC, Person: "王", Key: platformapi.NewID(), Hash: "h", TenderID: id, Now: w.now}
}

// publish keeps a tender that is made so many minutes after now.
func (w *world) publish(id string, minutes int, deadline time.Time) error {
	_, err := w.any().ChangeTender(w.Context(), w.tenderRequest(id), func(f *store.TenderFile) ([]store.TenderEffect, error) {
		if f.Tender != nil {
			return nil, store.ErrIDTaken
		}
		f.Tender = &store.Tender{
			ID: id, Version: 1, Number: "XW-" + id[len(id)-4:], Name: "教学设备 100%", LotNumber: "1", Purchaser: buyer, State: platformapi.TenderOpen, Deadline: deadline,
			CreatedAt: w.now.Add(time.Duration(minutes) * time.Minute), Outline: []byte("outline"), Envelopes: []string{"a"},
		}
		return []store.TenderEffect{{Act: "tender.create"}}, nil
	})
	return err
}

// bid adds a bid of an organisation.
func (w *world) bid(tenderID, id string, o platformapi.Organisation, sha256 string) error {
	r := w.tenderRequest(tenderID)
	r.USCC, r.Bidder = o.USCC, o.USCC
	_, err := w.any().ChangeTender(w.Context(), r, func(f *store.TenderFile) ([]store.TenderEffect, error) {
		b := &store.Bid{Bid: platformapi.Bid{ID: id, TenderID: tenderID, Version: 1, State: platformapi.BidUploading, Bidder: o, Size: 3, SHA256: sha256, BegunAt: w.now}}
		f.Bids = append(f.Bids, b)
		return []store.TenderEffect{{Act: "bid.begin", Bid: b, Only: o.USCC}}, nil
	})
	return err
}

func tenders(t *testing.T, w *world) {
	id, bid := platformapi.NewID(), platformapi.NewID()
	w.must(w.publish(id, 0, w.now.Add(time.Hour)))
	w.must(w.bid(id, bid, seller, strings.Repeat("a", 64)))
	if err := w.publish(id, 0, w.now); !errors.Is(err, store.ErrIDTaken) {
		t.Errorf("a second tender of the id: %v", err)
	}
	other := platformapi.NewID()
	w.must(w.publish(other, 1, w.now.Add(time.Hour)))
	if err := w.bid(other, bid, seller, strings.Repeat("a", 64)); !errors.Is(err, store.ErrIDTaken) {
		t.Errorf("a bid of one tender became another's: %v", err)
	}
	if err := w.bid(id, bid, buyer, strings.Repeat("a", 64)); !errors.Is(err, store.ErrIDTaken) {
		t.Errorf("a bid became another organisation's: %v", err)
	}
	r := w.tenderRequest(id)
	r.USCC, r.Bidder = seller.USCC, seller.USCC
	receive := func(f *store.TenderFile) ([]store.TenderEffect, error) {
		b := f.Bids[0]
		b.State, b.Secrets, b.Version = platformapi.BidReceived, map[string][]byte{"a": []byte("secret")}, b.Version+1
		return []store.TenderEffect{{Act: "bid.receive", Bid: b, Only: seller.USCC, Receipt: platformapi.ReceiptBid, ReceiptAt: w.now.Add(-time.Minute)}}, nil
	}
	first, err := w.any().ChangeTender(t.Context(), r, receive)
	w.must(err)
	again, err := w.any().ChangeTender(t.Context(), r, func(*store.TenderFile) ([]store.TenderEffect, error) {
		return nil, errors.New("a key decided twice")
	})
	w.must(err)
	if first.Receipt == nil || first.Replayed || !again.Replayed || again.Receipt == nil || again.Receipt.Number != first.Receipt.Number || again.Receipt.AuditHash != first.Receipt.AuditHash ||
		!strings.HasPrefix(first.Receipt.Number, "B20261125-") || !again.Receipt.At.Equal(w.now.Add(-time.Minute)) {
		t.Errorf("%+v, again %+v", first.Receipt, again.Receipt)
	}
	b, err := w.any().Bid(t.Context(), bid)
	if err != nil || b.State != platformapi.BidReceived || b.Receipt != first.Receipt.Number || string(b.Secrets["a"]) != "secret" {
		t.Errorf("%+v, %v", b, err)
	}
	w.must(w.any().KeepStamp(t.Context(), first.Receipt.Number, []byte("stamp")))
	w.must(w.any().KeepStamp(t.Context(), first.Receipt.Number, []byte("a later one")))
	list, err := w.any().BidReceipts(t.Context(), bid)
	if err != nil || len(list) != 1 || string(list[0].Timestamp) != "stamp" {
		t.Errorf("%+v, %v", list, err)
	}
	// A change that fails leaves nothing.
	failing := w.tenderRequest(id)
	if _, err := w.any().ChangeTender(t.Context(), failing, func(f *store.TenderFile) ([]store.TenderEffect, error) {
		f.Tender.Version++
		return nil, context.Canceled
	}); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	if x, err := w.any().Tender(t.Context(), id); err != nil || x.Version != 1 || string(x.Outline) != "outline" {
		t.Errorf("%+v, %v", x, err)
	}
	if _, err := w.any().Answer(t.Context(), failing.USCC, failing.Key); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("the failed change has an answer: %v", err)
	}
	// What is noted is kept, and nobody's decision is stale by it.
	_, err = w.any().ChangeTender(t.Context(), w.tenderRequest(id), func(f *store.TenderFile) ([]store.TenderEffect, error) {
		f.Noted, f.Tender.Late = true, []platformapi.LateBid{{Bidder: seller, At: w.now}}
		return nil, nil
	})
	w.must(err)
	if x, err := w.any().Tender(t.Context(), id); err != nil || x.Version != 1 || len(x.Late) != 1 || x.Late[0].Bidder != seller || string(x.Outline) != "outline" {
		t.Errorf("%+v, %v", x, err)
	}
	// Who is told.
	for uscc, want := range map[string]int{seller.USCC: 3, buyer.USCC: 1} {
		events, err := w.any().TenderEvents(t.Context(), store.TenderEventQuery{USCC: uscc, TenderID: id, Until: 1 << 40, Limit: 10})
		if err != nil || len(events) != want {
			t.Errorf("%s is told %+v, %v", uscc, events, err)
		}
	}
	if _, err := w.any().CheckAudit(t.Context()); err != nil {
		t.Error(err)
	}
	w.h.Tamper(t, `UPDATE bid_receipts SET audit_hash = '`+strings.Repeat("0", 64)+`'`)
	var f *audit.Fault
	if _, err := w.any().CheckAudit(t.Context()); !errors.As(err, &f) || !strings.Contains(f.Detail, first.Receipt.Number) {
		t.Errorf("a receipt that was altered: %v", err)
	}
}

// Changes of one tender come one after the other, from whatever server; none is lost.
func tendersDoNotFork(t *testing.T, w *world) {
	id := platformapi.NewID()
	w.must(w.publish(id, 0, w.now.Add(time.Hour)))
	const writers, each = 6, 5
	var all sync.WaitGroup
	for i := range writers {
		all.Go(func() {
			for range each {
				r := w.tenderRequest(id)
				_, err := w.h.Stores[i%len(w.h.Stores)].ChangeTender(t.Context(), r, func(f *store.TenderFile) ([]store.TenderEffect, error) {
					f.Tender.Version++
					b := &store.Bid{Bid: platformapi.Bid{ID: platformapi.NewID(), TenderID: id, Version: 1, State: platformapi.BidUploading, Bidder: seller, BegunAt: w.now,
						Name: fmt.Sprint(len(f.Bids))}}
					f.Bids = append(f.Bids, b)
					return []store.TenderEffect{{Act: "bid.begin", Bid: b}}, nil
				})
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	x, err := w.any().Tender(t.Context(), id)
	if err != nil || x.Version != 1+writers*each {
		t.Errorf("version %d, %v", x.Version, err)
	}
	bids, err := w.any().TenderBids(t.Context(), id, "")
	w.must(err)
	seen := map[string]bool{}
	for _, b := range bids {
		seen[b.Name] = true
	}
	if len(seen) != writers*each {
		t.Errorf("%d bids of %d saw all before them", len(seen), writers*each)
	}
}

func tenderPages(t *testing.T, w *world) {
	var ids []string
	for i := range 5 {
		id := platformapi.NewID()
		deadline := w.now.Add(time.Hour)
		if i < 2 {
			deadline = w.now
		}
		w.must(w.publish(id, i, deadline))
		w.must(w.bid(id, platformapi.NewID(), seller, strings.Repeat("b", 64)))
		ids = append(ids, id)
	}
	find := func(q store.TenderQuery) string {
		t.Helper()
		q.Now = w.now
		if q.Limit == 0 {
			q.Limit = 10
		}
		list, err := w.any().Tenders(t.Context(), q)
		w.must(err)
		found := ""
		for _, x := range list {
			for i, id := range ids {
				if x.ID == id {
					found += fmt.Sprint(i)
				}
			}
		}
		return found
	}
	for want, q := range map[string]store.TenderQuery{
		"43210": {}, "432": {State: platformapi.TenderOpen}, "10": {State: platformapi.TenderClosed}, "": {State: platformapi.TenderEnded}, "43": {Limit: 2},
		"21": {Before: w.now.Add(3 * time.Minute), BeforeID: ids[3], Limit: 2},
		"4":  {Words: "教学 xw-" + ids[4][len(ids[4])-4:] + " 100%"},
	} {
		if got := find(q); got != want {
			t.Errorf("%+v: %s, want %s", q, got, want)
		}
	}
	page, err := w.any().Bids(t.Context(), store.BidQuery{USCC: seller.USCC, Limit: 3})
	if err != nil || len(page) != 3 {
		t.Fatalf("%d bids, %v", len(page), err)
	}
	last := page[2]
	rest, err := w.any().Bids(t.Context(), store.BidQuery{USCC: seller.USCC, Before: last.BegunAt, BeforeID: last.ID, Limit: 3})
	if err != nil || len(rest) != 2 {
		t.Errorf("%d more, %v", len(rest), err)
	}
	if one, err := w.any().Bids(t.Context(), store.BidQuery{USCC: seller.USCC, TenderID: ids[1], Limit: 3}); err != nil || len(one) != 1 || one[0].TenderID != ids[1] {
		t.Errorf("%+v, %v", one, err)
	}
	if none, err := w.any().Bids(t.Context(), store.BidQuery{USCC: buyer.USCC, Limit: 3}); err != nil || len(none) != 0 {
		t.Errorf("%+v, %v", none, err)
	}
}

func credit(t *testing.T, w *world) {
	digest := strings.Repeat("c", 64)
	w.must(w.any().AnnounceBlob(t.Context(), digest, w.now.Add(-time.Hour)))
	x := platformapi.CreditItem{ID: platformapi.NewID(), Kind: platformapi.CreditLicence, Name: "营业执照", Files: []platformapi.CreditFile{{Name: "a.pdf", Size: 1, SHA256: digest}}, UpdatedAt: w.now}
	r := store.Request{USCC: seller.USCC, Key: "key-credit", Hash: "h", Now: w.now}
	for i := range 2 {
		a, err := w.any().ChangeCredit(t.Context(), r, x, false)
		if err != nil || a.Replayed != (i == 1) {
			t.Errorf("%+v, %v", a, err)
		}
	}
	sweep := func() int {
		n, err := w.any().SweepBlobs(t.Context(), w.now, func(context.Context, string) error { return nil })
		w.must(err)
		return n
	}
	if n := sweep(); n != 0 {
		t.Error("a file of a credit library was swept away")
	}
	if names, err := w.any().Blobs(t.Context(), "", 10); err != nil || len(names) != 1 || names[0] != digest {
		t.Errorf("%v, %v", names, err)
	}
	if theirs, err := w.any().Credit(t.Context(), buyer.USCC); err != nil || len(theirs) != 0 {
		t.Errorf("%+v, %v", theirs, err)
	}
	if mine, err := w.any().Credit(t.Context(), seller.USCC); err != nil || len(mine) != 1 || len(mine[0].Files) != 1 {
		t.Errorf("%+v, %v", mine, err)
	}
	r.Key = "key-credit-2"
	_, err := w.any().ChangeCredit(t.Context(), r, x, true)
	w.must(err)
	if _, err := w.any().CreditItem(t.Context(), seller.USCC, x.ID); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("it is there: %v", err)
	}
	if n := sweep(); n != 1 {
		t.Errorf("%d files were swept", n)
	}
}

func bidsKeepTheirFiles(t *testing.T, w *world) {
	digest := strings.Repeat("d", 64)
	w.must(w.any().AnnounceBlob(t.Context(), digest, w.now.Add(-time.Hour)))
	id := platformapi.NewID()
	w.must(w.publish(id, 0, w.now.Add(time.Hour)))
	w.must(w.bid(id, platformapi.NewID(), seller, digest))
	// Of one that was never received there may be no file. Once it was, its file is of the records, whatever becomes of it.
	becomes := func(state platformapi.BidState, receipt platformapi.BidReceiptKind) {
		t.Helper()
		r := w.tenderRequest(id)
		r.USCC, r.Bidder = seller.USCC, seller.USCC
		_, err := w.any().ChangeTender(t.Context(), r, func(f *store.TenderFile) ([]store.TenderEffect, error) {
			b := f.Bids[0]
			b.State, b.Version = state, b.Version+1
			return []store.TenderEffect{{Act: "bid." + audit.Act(state), Bid: b, SHA256: b.SHA256, Only: seller.USCC, Receipt: receipt, ReceiptAt: w.now}}, nil
		})
		w.must(err)
	}
	named := func(what string, want int) {
		t.Helper()
		if list, err := w.any().Blobs(t.Context(), "", 10); err != nil || len(list) != want {
			t.Errorf("%s: %v, %v", what, list, err)
		}
	}
	named("on its way", 0)
	becomes(platformapi.BidWithdrawn, platformapi.ReceiptWithdrawBid)
	named("withdrawn on its way", 0)
	becomes(platformapi.BidReceived, platformapi.ReceiptBid)
	named("received", 1)
	becomes(platformapi.BidWithdrawn, platformapi.ReceiptWithdrawBid)
	named("received and withdrawn", 1)
	n, err := w.any().SweepBlobs(t.Context(), w.now, func(context.Context, string) error { return nil })
	if err != nil || n != 0 {
		t.Errorf("%d files of bids were swept, %v", n, err)
	}
}

// The time of the last byte is kept, and of no other.
func lastByte(t *testing.T, w *world) {
	u := store.Upload{ID: platformapi.NewID(), USCC: seller.USCC, Size: 10, Digest: []byte{1}, ExpiresAt: w.now.Add(time.Hour)}
	w.must(w.any().CreateUpload(t.Context(), u, w.now))
	at := func(from, size int64, now time.Time) time.Time {
		t.Helper()
		w.must(w.any().AdvanceUpload(t.Context(), u.ID, from, store.Piece{SHA256: fmt.Sprint(from), Size: size}, []byte{2}, now, w.now.Add(time.Hour)))
		x, err := w.any().Upload(t.Context(), seller.USCC, u.ID)
		w.must(err)
		return x.CompleteAt
	}
	if got := at(0, 6, w.now); !got.IsZero() {
		t.Errorf("complete at %v with bytes lacking", got)
	}
	end := w.now.Add(1234567 * time.Microsecond)
	if got := at(6, 4, end); !got.Equal(end) {
		t.Errorf("complete at %v, not %v", got, end)
	}
}

// An upload is its organisation's to forget.
func uploadsAreOwned(t *testing.T, w *world) {
	u := store.Upload{ID: platformapi.NewID(), USCC: seller.USCC, Size: 10, Digest: []byte{1}, ExpiresAt: w.now.Add(time.Hour)}
	w.must(w.any().CreateUpload(t.Context(), u, w.now))
	w.must(w.any().DropUpload(t.Context(), buyer.USCC, u.ID))
	if _, err := w.any().Upload(t.Context(), seller.USCC, u.ID); err != nil {
		t.Errorf("another organisation forgot it: %v", err)
	}
	w.must(w.any().DropUpload(t.Context(), seller.USCC, u.ID))
	if _, err := w.any().Upload(t.Context(), seller.USCC, u.ID); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("it is there: %v", err)
	}
}
