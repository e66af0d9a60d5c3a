package bids

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"

	"sealdesk/platformapi"
)

// Sent is a file on its way to the platform, or handed in there.
type Sent struct {
	ID       string               `json:"id"`   // the bid's on the platform, made here
	Path     string               `json:"path"` // in the project's folder
	SHA256   string               `json:"sha256"`
	Size     int64                `json:"size"` // bytes
	Replaces string               `json:"replaces,omitempty"`
	State    platformapi.BidState `json:"state"` // as the platform told it last
	// Receipts are those that the platform gave, the oldest first.
	Receipts []platformapi.BidReceipt `json:"receipts,omitempty"`
	// What is repeated after an answer was lost is known again by these.
	BeginKey    string `json:"beginKey"`
	CompleteKey string `json:"completeKey"`
	WithdrawKey string `json:"withdrawKey"`
}

// holds tells that the platform has the file, and that it counts.
func (s Sent) holds() bool {
	return !slices.Contains([]platformapi.BidState{platformapi.BidUploading, platformapi.BidReplaced, platformapi.BidWithdrawn}, s.State)
}

// Current is the bid that counts now, nil where the platform has none.
func (v View) Current() *Sent {
	for i := range slices.Backward(v.Sent) {
		if v.Sent[i].holds() {
			return &v.Sent[i]
		}
	}
	return nil
}

// Returnable is the bid that can be taken back: the one that counts now, or else the newest on its way; nil where there is none.
func (v View) Returnable() *Sent {
	if now := v.Current(); now != nil {
		return now
	}
	for i := range slices.Backward(v.Sent) {
		if v.Sent[i].State == platformapi.BidUploading {
			return &v.Sent[i]
		}
	}
	return nil
}

// HandedIn tells that the bid that counts now is the file that was built last, and that nothing was changed since.
func (v View) HandedIn() bool {
	now := v.Current()
	return now != nil && v.Built != nil && now.SHA256 == v.Built.SHA256 && !v.Stale
}

// Uploading tells that the file that was built last is on its way.
func (v View) Uploading() bool {
	return v.Built != nil && slices.ContainsFunc(v.Sent, func(s Sent) bool {
		return s.SHA256 == v.Built.SHA256 && s.State == platformapi.BidUploading
	})
}

// inUse tells that a built file is the newest one, or lies with the platform: should the platform's be damaged, this one can
// take its place at the opening (补救方案). One that is on its way may lie there as well: the answer was lost, or the last byte is
// there and it counts from the deadline on.
func (s state) inUse(path string) bool {
	return s.Built != nil && s.Built.Path == path || slices.ContainsFunc(s.Sent, func(x Sent) bool {
		return x.Path == path && (x.holds() || x.State == platformapi.BidUploading)
	})
}

// A Sending is a built file on its way: it cannot be built anew meanwhile.
type Sending struct {
	Sent
	File *os.File
	p    *Project
}

// Send begins to hand the built file in, or goes on with it. That is on disk before the platform hears of it. The caller closes
// what it gives.
//
// Errors: bids.not_built, bids.no_tender, bids.busy, the disk's.
func (p *Project) Send(ctx context.Context) (*Sending, error) {
	if !p.making.TryLock() {
		return nil, fault("busy", nil)
	}
	x := &Sending{p: p}
	if err := x.begin(ctx); err != nil {
		p.making.Unlock()
		return nil, err
	}
	return x, nil
}

func (x *Sending) begin(ctx context.Context) error {
	path, built, err := x.p.BuiltFile()
	if err != nil {
		return err
	}
	err = x.p.change(ctx, func(s *state) error {
		if s.Tender.ID == "" {
			return fault("no_tender", nil)
		}
		for _, old := range slices.Backward(s.Sent) {
			if old.SHA256 == built.SHA256 && old.State == platformapi.BidUploading {
				x.Sent = old
				return nil
			}
		}
		x.Sent = Sent{ID: platformapi.NewID(), Path: built.Path, SHA256: built.SHA256, Size: built.Size, State: platformapi.BidUploading,
			BeginKey: platformapi.NewID(), CompleteKey: platformapi.NewID(), WithdrawKey: platformapi.NewID()}
		for _, old := range s.Sent {
			if old.holds() {
				x.Replaces = old.ID
			}
		}
		s.Sent = append(s.Sent, x.Sent)
		return nil
	})
	if err != nil {
		return err
	}
	if x.File, err = os.Open(path); err != nil {
		return x.p.book.desk.DiskError(path, err)
	}
	return nil
}

// Close lets the file go.
func (x *Sending) Close() error {
	defer x.p.making.Unlock()
	return x.File.Close()
}

// Learn takes over what the platform tells of the bids of this project; others are passed over.
func (p *Project) Learn(ctx context.Context, told ...platformapi.Bid) error {
	return p.change(ctx, func(s *state) error {
		for _, b := range told {
			for i := range s.Sent {
				if s.Sent[i].ID == b.ID {
					s.Sent[i].State = b.State
				}
			}
		}
		return nil
	})
}

// Keep keeps receipts of the platform, each once, with what they say of its bids.
func (p *Project) Keep(ctx context.Context, given ...platformapi.BidReceipt) error {
	var gone []string
	err := p.change(ctx, func(s *state) error {
		for _, r := range given {
			s.take(r)
		}
		for _, x := range s.Sent {
			if !s.inUse(x.Path) {
				gone = append(gone, x.Path)
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	for _, path := range gone {
		err := os.Remove(filepath.Join(p.dir, path))
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			return p.book.desk.DiskError(p.dir, err)
		}
	}
	return nil
}

// take notes one receipt.
func (s *state) take(r platformapi.BidReceipt) {
	for i := range s.Sent {
		x := &s.Sent[i]
		switch {
		case x.ID == r.BidID:
			if slices.ContainsFunc(x.Receipts, func(had platformapi.BidReceipt) bool { return had.Number == r.Number }) {
				continue
			}
			x.Receipts = append(slices.Clone(x.Receipts), r)
			if r.Kind == platformapi.ReceiptWithdrawBid {
				x.State = platformapi.BidWithdrawn
			} else if x.State == platformapi.BidUploading {
				x.State = platformapi.BidReceived
				s.giveUp(i)
			}
		case x.ID == r.Replaces && x.State == platformapi.BidReceived:
			x.State = platformapi.BidReplaced
		}
	}
}

// giveUp notes what the platform did when the bid at i was begun: those that were on their way before it do not count any more.
func (s *state) giveUp(i int) {
	for j := range s.Sent[:i] {
		if s.Sent[j].State == platformapi.BidUploading {
			s.Sent[j].State = platformapi.BidWithdrawn
		}
	}
}

// Follow takes over the tender's times and certificates, which the platform may change until the deadline.
func (p *Project) Follow(ctx context.Context, t Tender) error {
	p.mu.Lock()
	same := p.state.Tender.equal(t)
	p.mu.Unlock()
	if same {
		return nil
	}
	return p.change(ctx, func(s *state) error {
		s.Tender = t
		return nil
	})
}
