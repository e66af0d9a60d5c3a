package main

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"time"

	"sealdesk/platformapi"
	"sealdesk/platformapi/platform/store"
)

// A folder that has tenders but lacks the keys of their bids, as one that was restored without them, gets no new keys unasked.
func TestLostBidKeysAreNotMadeAnew(t *testing.T) {
	o := options{storage: storage{data: t.TempDir()}}
	kept, err := o.storage.open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := kept.close(); err != nil {
			t.Error(err)
		}
	}()
	first, err := o.keysForBids(t.Context(), kept)
	if err != nil || len(first) != 2 {
		t.Fatalf("a new platform: %d keys, %v", len(first), err)
	}
	now := time.Now()
	id, buyer := platformapi.NewID(), platformapi.Organisation{USCC: "91410800MA40000001", Name: "修武县第一中学"}
	if err := kept.store.Import(t.Context(), []platformapi.Organisation{buyer}, nil, now); err != nil {
		t.Fatal(err)
	}
	_, err = kept.store.ChangeTender(t.Context(), store.TenderRequest{USCC: buyer.USCC, Key: platformapi.NewID(), Hash: "h", TenderID: id, Now: now},
		func(f *store.TenderFile) ([]store.TenderEffect, error) {
			f.Tender = &store.Tender{ID: id, Version: 1, Purchaser: buyer, State: platformapi.TenderOpen, Deadline: now.Add(time.Hour), CreatedAt: now, Outline: []byte("{}")}
			return []store.TenderEffect{{Act: "tender.create"}}, nil
		})
	if err != nil {
		t.Fatal(err)
	}
	if again, err := o.keysForBids(t.Context(), kept); err != nil || !again[1].Certificate.Equal(first[1].Certificate) {
		t.Fatalf("the next start: %v", err)
	}
	lost := filepath.Join(o.data, "bids-rsa.pem")
	if err := os.Remove(lost); err != nil {
		t.Fatal(err)
	}
	if _, err := o.keysForBids(t.Context(), kept); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("without a key: %v", err)
	}
	if _, err := os.Stat(lost); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("it was made anew: %v", err)
	}
	o.newBidKeys = true
	if made, err := o.keysForBids(t.Context(), kept); err != nil || made[1].Certificate.Equal(first[1].Certificate) {
		t.Errorf("asked for new ones: %v", err)
	}
}
