package desk

import (
	"context"
	"io"
	"path/filepath"
	"time"

	"sealdesk/platformapi"
	"sealdesk/ui/desk/bids"
)

// Tenders is the list of tenders, from the platform or, when that cannot be reached, as it was last seen.
type Tenders struct {
	Items   []platformapi.Tender
	More    string // cursor of the next page; empty at the end
	Offline bool
	AsOf    time.Time
}

const tendersFile = "tenders.json"

// HasTenders tells that the platform has tenders at all.
func (s *Session) HasTenders() bool {
	_, ok := s.platform.(platformapi.Tendering)
	return ok
}

// tendering is the platform's part that has tenders. Error: desk.no_tendering.
func (s *Session) tendering() (platformapi.Tendering, error) {
	if t, ok := s.platform.(platformapi.Tendering); ok {
		return t, nil
	}
	return nil, fault("no_tendering", nil, "platform", s.desk.PlatformName())
}

// Tenders reads a page of the list, and the platform's time. The first page of everything, of whatever size, is kept for when the
// platform is away.
func (s *Session) Tenders(ctx context.Context, q platformapi.TenderQuery) (Tenders, error) {
	list, err := s.listTenders(ctx, q)
	if err == nil && !list.Offline {
		_ = s.clock.Sync(ctx) // otherwise it runs on as it was
	}
	return list, err
}

func (s *Session) listTenders(ctx context.Context, q platformapi.TenderQuery) (Tenders, error) {
	t, err := s.tendering()
	if err != nil {
		return Tenders{}, err
	}
	page, err := t.Tenders(ctx, q)
	s.heard(err)
	kept, all := filepath.Join(s.dir, tendersFile), q == (platformapi.TenderQuery{Limit: q.Limit})
	if err == nil {
		list := Tenders{Items: page.Items, More: page.NextCursor, AsOf: time.Now()}
		if all {
			_ = s.keep(kept, list) // as in Contracts
		}
		return list, nil
	}
	var list Tenders
	if platformapi.Retryable(err) && all && s.recall(kept, &list) {
		list.Offline, list.More = true, ""
		return list, nil
	}
	return Tenders{}, err
}

// NewBid begins a bid for a tender, or goes on with the one that was begun here.
func (s *Session) NewBid(ctx context.Context, tender platformapi.Tender) (*bids.Project, error) {
	if p, _ := s.bids.For(ctx, tender.ID); p != nil { // as in NewWork
		return p, nil
	}
	t, err := s.tendering()
	if err != nil {
		return nil, err
	}
	outline, err := t.Outline(ctx, tender)
	s.heard(err)
	if err != nil {
		return nil, err
	}
	return s.bids.New(ctx, tenderOf(tender), outline)
}

// tenderOf is what a bid in the making keeps of a tender.
func tenderOf(t platformapi.Tender) bids.Tender {
	out := bids.Tender{ID: t.ID, Deadline: t.Deadline, Opens: t.Deadline}
	for _, c := range t.PlatformCertificates {
		out.Certificates = append(out.Certificates, c.Certificate)
	}
	return out
}

// RefreshBid asks the platform how the tender and the bids for it stand, and for receipts that were lost on the way.
func (s *Session) RefreshBid(ctx context.Context, p *bids.Project) error {
	v := p.View()
	if v.Tender.ID == "" {
		return nil
	}
	t, err := s.tendering()
	if err != nil {
		return err
	}
	tender, err := t.Tender(ctx, v.Tender.ID)
	s.heard(err)
	if err != nil {
		return err
	}
	_ = s.clock.Sync(ctx) // otherwise it runs on as it was
	if err := p.Follow(ctx, tenderOf(tender)); err != nil || len(v.Sent) == 0 {
		return err
	}
	own, err := s.OwnBids(ctx, v.Tender.ID)
	if err != nil {
		return err
	}
	if err := p.Learn(ctx, own...); err != nil {
		return err
	}
	for _, sent := range p.View().Sent {
		for _, b := range own {
			if b.ID != sent.ID || b.Receipt == "" {
				continue
			}
			given, err := t.BidReceipts(ctx, b.ID)
			if err == nil && len(given) > len(sent.Receipts) {
				err = p.Keep(ctx, given...)
			}
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// SendBid hands the file of a bid in (上传): it is verified first, as the platform will, and then goes on from where an earlier try
// ended. Until the platform has the last byte, a bid that was handed in before counts. The receipt is kept.
//
// Errors: those of VerifyBid and of bids.Project.Send, the platform's.
func (s *Session) SendBid(ctx context.Context, p *bids.Project, progress bids.Progress) (platformapi.BidReceipt, error) {
	t, err := s.tendering()
	if err != nil {
		return platformapi.BidReceipt{}, err
	}
	if _, err := s.VerifyBid(ctx, p, progress); err != nil {
		return platformapi.BidReceipt{}, err
	}
	x, err := p.Send(ctx)
	if err != nil {
		return platformapi.BidReceipt{}, err
	}
	v := p.View()
	out, err := s.handIn(ctx, t, handing{x.Sent, v.Tender.ID, v.Outline.Name}, x.File, progress)
	_ = x.Close() // it was only read
	if err != nil {
		return platformapi.BidReceipt{}, err
	}
	return out.Receipt, p.Keep(context.WithoutCancel(ctx), out.Receipt)
}

// handing is a file that is handed in for a tender.
type handing struct {
	bids.Sent
	tender, name string
}

// handIn brings a file to the platform, from where an earlier try ended.
func (s *Session) handIn(ctx context.Context, t platformapi.Tendering, x handing, content io.ReaderAt, progress bids.Progress) (out platformapi.BidOutcome, err error) {
	defer func() { s.heard(err) }()
	b, err := t.BeginBid(ctx, x.BeginKey, x.tender, platformapi.NewBid{
		ID: x.ID, Name: fileName(x.name, ".bid"), SHA256: x.SHA256, Size: x.Size, Replaces: x.Replaces})
	if err != nil {
		return out, err
	}
	err = t.SendBid(ctx, b, content, func(done, total int64) {
		if progress != nil {
			progress("bid.step_upload", done, total)
		}
	})
	if err != nil {
		return out, err
	}
	return t.CompleteBid(ctx, x.CompleteKey, x.ID)
}

// WithdrawBid takes the bid that was handed in, or is on its way, back before the deadline (撤回). The receipt is kept; there is none
// of a bid that the platform never heard of.
//
// Errors: desk.bid_not_sent, the platform's.
func (s *Session) WithdrawBid(ctx context.Context, p *bids.Project) (platformapi.BidReceipt, error) {
	t, err := s.tendering()
	if err != nil {
		return platformapi.BidReceipt{}, err
	}
	now := p.View().Returnable()
	if now == nil {
		return platformapi.BidReceipt{}, fault("bid_not_sent", nil)
	}
	out, err := t.WithdrawBid(ctx, now.WithdrawKey, now.ID)
	s.heard(err)
	if now.State == platformapi.BidUploading && platformapi.IsCode(err, platformapi.CodeNotFound) {
		return platformapi.BidReceipt{}, p.Learn(ctx, platformapi.Bid{ID: now.ID, State: platformapi.BidWithdrawn})
	}
	if err != nil {
		return platformapi.BidReceipt{}, err
	}
	return out.Receipt, p.Keep(context.WithoutCancel(ctx), out.Receipt)
}
