package bids

import (
	"errors"
	"testing"

	"sealdesk/platformapi"
)

// A bid that the platform has is kept, though its receipt was lost on the way.
func TestWhatThePlatformHasIsNotDeleted(t *testing.T) {
	b := &Book{open: map[string]*Project{}}
	p := &Project{book: b, state: state{Sent: []Sent{{State: platformapi.BidReceived}}}}
	if err := b.Delete(p); !errors.Is(err, fault("handed_in", nil)) {
		t.Errorf("deleted: %v", err)
	}
}
