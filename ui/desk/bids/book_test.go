package bids

import (
	"errors"
	"testing"

	"sealdesk/platformapi"
)

// A bid that the platform has is kept, though its receipt was lost on the way, and one that it may have.
func TestWhatThePlatformHasIsNotDeleted(t *testing.T) {
	sent := func(x platformapi.BidState) state { return state{Sent: []Sent{{State: x}}} }
	for state, code := range map[platformapi.BidState]string{platformapi.BidReceived: "handed_in", platformapi.BidUploading: "uploading"} {
		b := &Book{open: map[string]*Project{}}
		if err := b.Delete(&Project{book: b, state: sent(state)}); !errors.Is(err, fault(code, nil)) {
			t.Errorf("deleted: %v", err)
		}
	}
}

// A file that may lie with the platform stays here, for the opening: one that was received, and one whose upload has not ended as
// far as is known, until a later one was received.
func TestWhatThePlatformMayHaveStays(t *testing.T) {
	sent := func(id string, state platformapi.BidState) Sent {
		return Sent{ID: id, Path: id + builtEnd, State: state}
	}
	s := state{Built: &Built{Path: "d.bid"}, Sent: []Sent{sent("a", platformapi.BidWithdrawn), sent("b", platformapi.BidUploading), sent("c", platformapi.BidUploading)}}
	stay := func(want string) {
		t.Helper()
		got := ""
		for _, id := range []string{"a", "b", "c", "d"} {
			if s.inUse(id + builtEnd) {
				got += id
			}
		}
		if got != want {
			t.Errorf("%s stay, want %s", got, want)
		}
	}
	stay("bcd")
	s.take(platformapi.BidReceipt{Number: "1", Kind: platformapi.ReceiptBid, BidID: "c"})
	stay("cd")
	s.Sent = append(s.Sent, sent("d", platformapi.BidUploading))
	s.take(platformapi.BidReceipt{Number: "1", Kind: platformapi.ReceiptBid, BidID: "c"})
	if s.Sent[3].State != platformapi.BidUploading {
		t.Error("an older receipt gives up what was begun after it")
	}
	s.take(platformapi.BidReceipt{Number: "2", Kind: platformapi.ReceiptBid, BidID: "d", Replaces: "c"})
	stay("d")
}
