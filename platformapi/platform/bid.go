package platform

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"sealdesk/platformapi"
	"sealdesk/platformapi/platform/blobs"
	"sealdesk/platformapi/platform/store"
	"sealdesk/platformapi/platform/tenders"
	"sealdesk/platformapi/receipt"
	"sealdesk/platformapi/web"
	"sealdesk/platformapi/web/header"
	"sealdesk/platformapi/wire"
)

// prepareBid is prepareTender for a change of a bid that the caller may see.
func (s *Server) prepareBid(ctx context.Context, op, bidID, keyHeader string, body any) (tendering, *store.Tender, *store.Bid, error) {
	_, t, b, err := s.bidSeen(ctx, bidID)
	if err != nil {
		return tendering{}, nil, nil, err
	}
	ch, err := s.prepareTender(ctx, op, t.ID, keyHeader, nil, []any{bidID, body})
	ch.req.Bidder = b.Bidder.USCC
	return ch, t, b, err
}

// bidNow answers with a bid as it is now.
func (s *Server) bidNow(ctx context.Context, id string, replayed bool) (wire.BidJSONResponse, error) {
	a, t, b, err := s.bidSeen(ctx, id)
	if err != nil {
		return wire.BidJSONResponse{}, err
	}
	return wire.BidJSONResponse{
		Body:    s.showBid(ctx, a, t, b),
		Headers: wire.BidResponseHeaders{ETag: header.FormatETag(id, b.Version), IdempotencyReplayed: fmt.Sprint(replayed)},
	}, nil
}

// showBid is a bid as the caller sees it, with how far its upload is.
func (s *Server) showBid(ctx context.Context, a tenders.Act, t *store.Tender, b *store.Bid) platformapi.Bid {
	v := a.Bid(t, b)
	if b.State == platformapi.BidUploading {
		if u, err := s.store.Upload(ctx, b.Bidder.USCC, b.ID); err == nil { // else it expired, and nothing of it is here
			v.Offset, v.CompleteAt = u.Offset, u.CompleteAt
		}
	}
	return v
}

// bidMove is a change that answers with the bid.
func (s *Server) bidMove(ctx context.Context, ch tendering, bidID string, rule ruling) (wire.BidJSONResponse, error) {
	answer, err := s.changeTender(ctx, ch, rule)
	if err != nil {
		return wire.BidJSONResponse{}, err
	}
	return s.bidNow(ctx, bidID, answer.Replayed)
}

// ListBids answers with a page of the caller's bids.
func (s *Server) ListBids(ctx context.Context, r wire.ListBidsRequestObject) (wire.ListBidsResponseObject, error) {
	a, err := s.acting(ctx)
	if err != nil {
		return nil, err
	}
	q := store.BidQuery{USCC: a.Org.USCC, TenderID: orZero(r.Params.Tender), Limit: cmp.Or(orZero(r.Params.Limit), defaultPageLimit)}
	filter := strings.Join([]string{"bids", q.USCC, q.TenderID}, "\x00")
	found, next, link, err := paged(s, "/v1/bids", filter, r.Params.Cursor, q.Limit, map[string]string{"tender": q.TenderID},
		func(after position, limit int) ([]store.Bid, error) {
			q.Before, q.BeforeID, q.Limit = after.created, after.id, limit
			return s.store.Bids(ctx, q)
		}, func(b store.Bid) position { return position{created: b.BegunAt, id: b.ID} })
	if err != nil {
		return nil, err
	}
	page := platformapi.BidPage{Items: []platformapi.Bid{}, NextCursor: next}
	known := map[string]*store.Tender{}
	for i := range found {
		b := &found[i]
		if known[b.TenderID] == nil {
			t, err := s.store.Tender(ctx, b.TenderID)
			if err != nil {
				return nil, err
			}
			known[b.TenderID] = &t
		}
		page.Items = append(page.Items, s.showBid(ctx, a, known[b.TenderID], b))
	}
	return wire.ListBids200JSONResponse{Body: page, Headers: wire.ListBids200ResponseHeaders{Link: link}}, nil
}

// GetBid answers with a bid.
func (s *Server) GetBid(ctx context.Context, r wire.GetBidRequestObject) (wire.GetBidResponseObject, error) {
	out, err := s.bidNow(ctx, r.BidID, false)
	return wire.GetBid200JSONResponse{BidJSONResponse: out}, err
}

// BeginBid makes room for a bid that is about to be uploaded.
func (s *Server) BeginBid(ctx context.Context, r wire.BeginBidRequestObject) (wire.BeginBidResponseObject, error) {
	ch, err := s.prepareTender(ctx, "bid.begin", r.TenderID, r.Params.IdempotencyKey, nil, r.Body)
	if err != nil {
		return nil, err
	}
	ch.req.Bidder = ch.act.Org.USCC
	var givenUp []string
	answer, err := s.changeTender(ctx, ch, func(a tenders.Act, f *store.TenderFile) ([]store.TenderEffect, error) {
		effects, err := a.Begin(f, *r.Body, s.cfg.MaxBid)
		givenUp = nil
		for _, b := range f.Bids {
			if b.State == platformapi.BidWithdrawn {
				givenUp = append(givenUp, b.ID)
			}
		}
		return effects, err
	})
	if err != nil {
		return nil, s.noteLate(ctx, ch, err)
	}
	s.forget(ctx, ch.act.Org.USCC, givenUp...)
	// Whoever asks again may do so because it failed here.
	_, t, b, err := s.bidSeen(ctx, r.Body.ID)
	if err == nil && b.State == platformapi.BidUploading {
		err = s.expect(ctx, b.Bidder.USCC, b.ID, b.Size, b.SHA256, t.Deadline)
	}
	if err != nil {
		return nil, err
	}
	out, err := s.bidNow(ctx, r.Body.ID, answer.Replayed)
	return wire.BeginBid201JSONResponse{BidJSONResponse: out}, err
}

// arrived is a bid whose bytes are all here and were judged.
type arrived struct {
	upload store.Upload
	facts  tenders.Facts
	staged *blobs.Staged
}

// judgeBid stages a bid's upload and judges it at the gate. A refusal is a *web.Fault. The file is to be discarded in any case.
func (s *Server) judgeBid(ctx context.Context, t *store.Tender, b *store.Bid, u store.Upload) (x arrived, err error) {
	x.upload = u
	if x.staged, err = s.assemble(ctx, u); err != nil {
		return x, err
	}
	if x.staged.SHA256 != b.SHA256 || x.staged.Size != b.Size {
		return x, web.Refuse(http.StatusUnprocessableEntity, platformapi.CodeDigestMismatch, "the file is not the one that was to come")
	}
	leave, err := s.takePlace(ctx)
	if err != nil {
		return x, err
	}
	defer leave()
	x.facts, err = s.cfg.Bidding.Judge(ctx, x.staged.File, x.staged.Size, t.Outline)
	if f, ok := errors.AsType[*tenders.Fault](err); ok {
		return x, web.Refuse(http.StatusUnprocessableEntity, f.Gate, "%s", f.Detail)
	}
	if err != nil {
		return x, err
	}
	return x, tenders.Gate(t, b.Bidder.USCC, x.facts)
}

// CompleteBid hands in a bid.
func (s *Server) CompleteBid(ctx context.Context, r wire.CompleteBidRequestObject) (wire.CompleteBidResponseObject, error) {
	ch, t, b, err := s.prepareBid(ctx, "bid.complete", r.BidID, r.Params.IdempotencyKey, nil)
	if err != nil {
		return nil, err
	}
	if b.Bidder.USCC != ch.act.Org.USCC {
		return nil, noBid()
	}
	did, err := s.done(ctx, ch)
	if err != nil {
		return nil, err
	}
	var x arrived
	if !did {
		if x, err = s.handIn(ctx, ch.act, t, b); x.staged != nil {
			defer x.staged.Discard()
		}
		if err != nil {
			return nil, s.noteLate(ctx, ch, err)
		}
	}
	out, err := s.bidOutcome(ctx, ch, r.BidID, func(a tenders.Act, f *store.TenderFile) ([]store.TenderEffect, error) {
		return a.Receive(f, r.BidID, x.facts, x.upload.CompleteAt)
	})
	if err == nil {
		s.forget(ctx, ch.act.Org.USCC, r.BidID)
	}
	return wire.CompleteBid200JSONResponse{BidOutcomeJSONResponse: out}, err
}

// noteLate notes that who asks came too late, if that is what the refusal says, and gives the refusal.
func (s *Server) noteLate(ctx context.Context, ch tendering, refusal error) error {
	if f, ok := errors.AsType[*web.Fault](refusal); !ok || f.CodeValue != platformapi.CodeTenderClosed {
		return refusal
	}
	ch.req.Key, ch.req.Hash = "late "+ch.req.TenderID, "" // no client's key looks like this one: however often somebody tries, it is noted once
	if _, err := s.changeTender(ctx, ch, func(a tenders.Act, f *store.TenderFile) ([]store.TenderEffect, error) { return a.Late(f), nil }); err != nil {
		s.cfg.Log.WarnContext(ctx, "a late bid was not noted", "tender", ch.req.TenderID, "error", err)
	}
	return refusal
}

// handIn judges a bid's upload and keeps its file.
func (s *Server) handIn(ctx context.Context, a tenders.Act, t *store.Tender, b *store.Bid) (arrived, error) {
	if b.State != platformapi.BidUploading {
		return arrived{}, a.MayComplete(t, b, a.Now)
	}
	u, err := s.complete(ctx, b.ID)
	if err != nil {
		return arrived{}, err
	}
	if err := a.MayComplete(t, b, u.CompleteAt); err != nil {
		return arrived{}, err
	}
	x, err := s.judgeBid(ctx, t, b, u)
	if err != nil {
		return x, err
	}
	return x, s.keep(ctx, x.staged)
}

// bidOutcome is a change that answers with a receipt.
func (s *Server) bidOutcome(ctx context.Context, ch tendering, bidID string, rule ruling) (wire.BidOutcomeJSONResponse, error) {
	var out wire.BidOutcomeJSONResponse
	answer, err := s.changeTender(ctx, ch, rule)
	if err != nil {
		return out, err
	}
	if answer.Receipt == nil {
		return out, fmt.Errorf("bid %s: a change gave no receipt", bidID)
	}
	if err := s.signBid(ctx, answer.Receipt, ch.act.Org.USCC); err != nil {
		return out, err
	}
	now, err := s.bidNow(ctx, bidID, answer.Replayed)
	out.Body.Receipt, out.Body.Bid = *answer.Receipt, now.Body
	out.Headers.ETag, out.Headers.IdempotencyReplayed = now.Headers.ETag, now.Headers.IdempotencyReplayed
	return out, err
}

// signBid signs a bid's receipt, and stamps it where it was not stamped yet: by the platform's own authority, if it has one.
func (s *Server) signBid(ctx context.Context, r *platformapi.BidReceipt, uscc string) (err error) {
	said := receipt.StateBid(s.cfg.Origins[0], uscc, *r)
	if s.cfg.Receipts != nil {
		if r.Signature, err = s.cfg.Receipts.SignBid(said); err != nil {
			return err
		}
	}
	if s.cfg.Stamper == nil || len(r.Timestamp) > 0 {
		return nil
	}
	digest, err := said.Digest()
	if err != nil {
		return err
	}
	if r.Timestamp, err = stampOf(ctx, s.cfg.Stamper, digest); err != nil {
		s.cfg.Log.WarnContext(ctx, "a receipt got no time stamp", "receipt", r.Number, "error", err) // it is asked for again with the receipt
		r.Timestamp = nil
		return nil
	}
	return s.store.KeepStamp(ctx, r.Number, r.Timestamp)
}

// WithdrawBid takes a bid back.
func (s *Server) WithdrawBid(ctx context.Context, r wire.WithdrawBidRequestObject) (wire.WithdrawBidResponseObject, error) {
	ch, _, b, err := s.prepareBid(ctx, "bid.withdraw", r.BidID, r.Params.IdempotencyKey, nil)
	if err != nil {
		return nil, err
	}
	if b.Bidder.USCC != ch.act.Org.USCC {
		return nil, noBid()
	}
	out, err := s.bidOutcome(ctx, ch, r.BidID, func(a tenders.Act, f *store.TenderFile) ([]store.TenderEffect, error) { return a.Withdraw(f, r.BidID) })
	if err == nil {
		s.forget(ctx, ch.act.Org.USCC, r.BidID)
	}
	return wire.WithdrawBid200JSONResponse{BidOutcomeJSONResponse: out}, err
}

// ListBidReceipts answers with a bid's receipts.
func (s *Server) ListBidReceipts(ctx context.Context, r wire.ListBidReceiptsRequestObject) (wire.ListBidReceiptsResponseObject, error) {
	a, _, b, err := s.bidSeen(ctx, r.BidID)
	if err != nil {
		return nil, err
	}
	if b.Bidder.USCC != a.Org.USCC {
		return nil, noBid()
	}
	list, err := s.store.BidReceipts(ctx, r.BidID)
	if err != nil {
		return nil, err
	}
	for i := range list {
		if err := s.signBid(ctx, &list[i], a.Org.USCC); err != nil {
			return nil, err
		}
	}
	if list == nil {
		list = []platformapi.BidReceipt{}
	}
	return wire.ListBidReceipts200JSONResponse{Items: list}, nil
}

// DownloadBid streams a bid's file.
func (s *Server) DownloadBid(ctx context.Context, r wire.DownloadBidRequestObject) (wire.DownloadBidResponseObject, error) {
	a, t, b, err := s.bidSeen(ctx, r.BidID)
	if err != nil {
		return nil, err
	}
	if !a.Reads(t, b) || b.ReceivedAt.IsZero() {
		return nil, noBid()
	}
	f, digest, err := s.kept(ctx, "bid "+b.ID, b.SHA256)
	if err != nil {
		return nil, err
	}
	return wire.DownloadBid200ApplicationOctetStreamResponse{
		Body: f, ContentLength: b.Size,
		Headers: wire.DownloadBid200ResponseHeaders{ReprDigest: digest, ContentDisposition: attachmentName(cmp.Or(b.Name, b.ID+".bid"))},
	}, nil
}
