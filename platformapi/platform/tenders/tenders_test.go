package tenders

import (
	"testing"
	"time"

	"sealdesk/platformapi"
	"sealdesk/platformapi/platform/store"
	"sealdesk/platformapi/web"
)

// The deadline is the first moment that is too late, to the millisecond (20号令 27).
func TestTheDeadlineIsTooLate(t *testing.T) {
	deadline := time.Date(2026, 11, 26, 1, 30, 0, 0, time.UTC)
	tender := &store.Tender{State: platformapi.TenderOpen, Deadline: deadline}
	for d, inTime := range map[time.Duration]bool{-time.Millisecond: true, 0: false, time.Millisecond: false} {
		b := &store.Bid{Bid: platformapi.Bid{State: platformapi.BidUploading}}
		// When it is handed in does not matter, as long as the bidders were not announced.
		err := Act{Now: deadline.Add(time.Hour)}.MayComplete(tender, b, deadline.Add(d))
		if inTime != (err == nil) {
			t.Errorf("last byte %v after the deadline: %v", d, err)
		}
		if got := stateOf(tender, deadline.Add(d)); (got == platformapi.TenderOpen) != inTime {
			t.Errorf("%v after the deadline the tender is %s", d, got)
		}
	}
	tender.State = platformapi.TenderOpening
	if err := (Act{}).MayComplete(tender, &store.Bid{Bid: platformapi.Bid{State: platformapi.BidUploading}}, deadline.Add(-time.Hour)); err == nil {
		t.Error("a bid came in after the bidders were announced")
	}
}

// The window closes at a moment, each bid's own, and does not run while it is paused.
func TestTheWindowOfABid(t *testing.T) {
	at := time.Date(2026, 11, 26, 2, 0, 0, 0, time.UTC)
	for name, x := range map[string]struct {
		until, own, paused, now time.Time
		over                    bool
	}{
		"before":              {until: at, now: at.Add(-time.Millisecond)},
		"at the end":          {until: at, now: at, over: true},
		"more of its own":     {until: at, own: at.Add(time.Minute), now: at},
		"its own over":        {until: at, own: at.Add(time.Minute), now: at.Add(time.Minute), over: true},
		"own is shorter":      {until: at, own: at.Add(-time.Minute), now: at.Add(-time.Second)},
		"paused in the end":   {until: at, paused: at.Add(-time.Second), now: at.Add(time.Hour)},
		"paused, own as well": {until: at, own: at.Add(time.Minute), paused: at, now: at.Add(time.Hour)},
	} {
		tender := &store.Tender{State: platformapi.TenderDecrypting, Opening: &platformapi.Opening{WindowUntil: x.until, PausedAt: x.paused}}
		if got := (Act{Now: x.now}).over(tender, &store.Bid{Bid: platformapi.Bid{Until: x.own}}); got != x.over {
			t.Errorf("%s: over %v", name, got)
		}
	}
}

// A bid that failed too often is neither reported nor opened again: each try may cost the platform the reading of all of it.
func TestTriesAreBounded(t *testing.T) {
	at := time.Date(2026, 11, 26, 2, 0, 0, 0, time.UTC)
	bidder := platformapi.Organisation{USCC: "91330127MA2XKQ713A"}
	secrets := map[string][]byte{"a": []byte("wrong")}
	b := &store.Bid{Bid: platformapi.Bid{ID: "b", State: platformapi.BidDecrypting, Bidder: bidder, Waiting: []string{"a"}}, Inner: map[string][]byte{"a": {1}}}
	f := &store.TenderFile{Bids: []*store.Bid{b}, Tender: &store.Tender{State: platformapi.TenderDecrypting, Opening: &platformapi.Opening{WindowUntil: at.Add(time.Hour)}}}
	a := Act{Org: bidder, Now: at}
	for try := range maxTries {
		if _, err := a.Opened(f, "b", secrets, nil, &Fault{Cause: platformapi.CauseTokenFailed}); err != nil {
			t.Fatalf("try %d: %v", try, err)
		}
	}
	_, opened := a.MayOpen(f, "b", secrets)
	_, reported := a.Report(f, "b", platformapi.Failure{Cause: platformapi.CauseNoKey})
	for what, err := range map[string]error{"opening": opened, "a report": reported} {
		if fault, ok := err.(*web.Fault); !ok || fault.Code() != platformapi.CodeTooMany {
			t.Errorf("%s after %d tries: %v", what, maxTries, err)
		}
	}
}
