package desk

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"

	"sealdesk/platformapi"
	"sealdesk/signer/bid"
	"sealdesk/ui/desk/bids"
)

// Tender is a tender of the platform.
func (s *Session) Tender(ctx context.Context, id string) (platformapi.Tender, error) {
	t, err := s.tendering()
	if err != nil {
		return platformapi.Tender{}, err
	}
	tender, err := t.Tender(ctx, id)
	s.heard(err)
	return tender, err
}

// Outline is what the bids for a tender consist of, as JSON.
func (s *Session) Outline(ctx context.Context, tender platformapi.Tender) ([]byte, error) {
	t, err := s.tendering()
	if err != nil {
		return nil, err
	}
	data, err := t.Outline(ctx, tender)
	s.heard(err)
	return data, err
}

// maxBids is how many bids a platform may list of one party; a list that is longer has no end.
const maxBids = 10_000

// OwnBids are the party's bids on the platform, for one tender or with "" for all, the newest first.
func (s *Session) OwnBids(ctx context.Context, tender string) ([]platformapi.Bid, error) {
	t, err := s.tendering()
	if err != nil {
		return nil, err
	}
	var all []platformapi.Bid
	for q := (platformapi.BidQuery{TenderID: tender, Limit: 200}); ; {
		page, err := t.Bids(ctx, q)
		s.heard(err)
		if err != nil {
			return nil, err
		}
		all = append(all, page.Items...)
		if q.Cursor = page.NextCursor; q.Cursor == "" {
			return all, nil
		}
		if len(page.Items) == 0 || len(all) > maxBids {
			return nil, &platformapi.Error{Kind: platformapi.KindNonsense, CodeValue: platformapi.CodeNonsense, Detail: "the list of bids has no end"}
		}
	}
}

// SendBidFile hands in a bid that lies in a file, wherever it was built: it is judged first, as the platform will, and goes on from
// where an earlier try with the same file ended. It takes the place of a bid that was handed in before.
//
// Errors: desk.bid_unfit, *bid.Error, the platform's.
func (s *Session) SendBidFile(ctx context.Context, tender platformapi.Tender, path string, progress bids.Progress) (platformapi.BidOutcome, error) {
	var none platformapi.BidOutcome
	t, err := s.tendering()
	if err != nil {
		return none, err
	}
	data, err := s.Outline(ctx, tender)
	if err != nil {
		return none, err
	}
	sum, size, err := s.judgeBidFile(ctx, data, path, progress)
	if err != nil {
		return none, err
	}
	own, err := s.OwnBids(ctx, tender.ID)
	if err != nil {
		return none, err
	}
	x := bids.Sent{ID: platformapi.NewID(), SHA256: sum, Size: size, BeginKey: platformapi.NewID(), CompleteKey: platformapi.NewID()}
	for _, b := range own {
		switch {
		case b.State == platformapi.BidUploading && string(b.SHA256) == sum:
			x.ID, x.Replaces = b.ID, b.Replaces
		case b.State == platformapi.BidReceived && x.Replaces == "":
			x.Replaces = b.ID
		}
	}
	f, err := os.Open(path)
	if err != nil {
		return none, fault("file_unreadable", err, "file", filepath.Base(path))
	}
	defer f.Close()
	return s.handIn(ctx, t, handing{x, tender.ID, filepath.Base(path)}, f, progress)
}

// judgeBidFile holds a bid to its signature, its digests and the outline, and gives the file's digest and size.
func (s *Session) judgeBidFile(ctx context.Context, outline []byte, path string, progress bids.Progress) (string, int64, error) {
	o, err := bid.ReadOutline(bytes.NewReader(outline))
	if err != nil {
		return "", 0, err
	}
	f, err := bid.OpenFile(path)
	if err != nil {
		return "", 0, err
	}
	defer f.Close()
	report, err := f.Verify(ctx, s.desk.asking(), func(step bid.Step, done, total int64) {
		if progress != nil {
			progress("bid.step_"+string(step), done, total)
		}
	})
	if err != nil {
		return "", 0, err
	}
	if !report.Intact() {
		var all []error
		for _, e := range report.Damage {
			all = append(all, e)
		}
		return "", 0, errors.Join(append(all, &bid.Error{Kind: bid.BadSignature})...)
	}
	if found := o.CheckManifest(f.Manifest()); len(found) > 0 {
		what, _ := s.desk.cfg.Words.Sentence(found[0].Code, found[0].Params)
		return "", 0, fault("bid_unfit", nil, "file", filepath.Base(path), "why", what)
	}
	sum, err := bids.Digest(ctx, path)
	return sum, f.Size(), diskError(path, err)
}

// WithdrawBidByID takes a bid of the platform back, wherever it was handed in from.
func (s *Session) WithdrawBidByID(ctx context.Context, id string) (platformapi.BidOutcome, error) {
	t, err := s.tendering()
	if err != nil {
		return platformapi.BidOutcome{}, err
	}
	out, err := t.WithdrawBid(ctx, platformapi.NewID(), id)
	s.heard(err)
	return out, err
}

// BidReceipts are those that the platform gave for a bid, the oldest first.
func (s *Session) BidReceipts(ctx context.Context, id string) ([]platformapi.BidReceipt, error) {
	t, err := s.tendering()
	if err != nil {
		return nil, err
	}
	given, err := t.BidReceipts(ctx, id)
	s.heard(err)
	return given, err
}
