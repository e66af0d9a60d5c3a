package platform

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"time"

	"sealdesk/platformapi"
	"sealdesk/platformapi/platform/blobs"
	"sealdesk/platformapi/platform/store"
	"sealdesk/platformapi/platform/tenders"
	"sealdesk/platformapi/web"
	"sealdesk/platformapi/wire"
)

// ConductOpening is an act of the host. What it needs of the bids' files is done before it is decided, as that takes long.
func (s *Server) ConductOpening(ctx context.Context, r wire.ConductOpeningRequestObject) (wire.ConductOpeningResponseObject, error) {
	ch, err := s.prepareTender(ctx, "tender.conduct", r.TenderID, r.Params.IdempotencyKey, &r.Params.IfMatch, r.Body)
	if err != nil {
		return nil, err
	}
	did, err := s.done(ctx, ch)
	if err != nil {
		return nil, err
	}
	p := tenders.Preparation{Record: ch.act.Record(s.cfg.ID)}
	if !did {
		f, err := s.tenderFile(ctx, r.TenderID)
		if err != nil {
			return nil, err
		}
		if ch.act.Role(f.Tender) == platformapi.TenderHost && !ch.act.Now.Before(f.Tender.Deadline) {
			switch r.Body.Act {
			case platformapi.MoveAnnounce:
				err = s.settle(ctx, ch, f)
			case platformapi.MoveStart:
				p.Uncovered, err = s.uncover(ctx, f, tenders.ToStart(f.Tender, *r.Body))
			}
			if err != nil {
				return nil, err
			}
		}
	}
	out, err := s.tenderMove(ctx, ch, func(a tenders.Act, f *store.TenderFile) ([]store.TenderEffect, error) {
		return a.Conduct(f, *r.Body, p)
	})
	return wire.ConductOpening200JSONResponse{TenderJSONResponse: out}, err
}

const (
	settleTime = time.Second      // after the deadline, and the last pieces that came before it are in the database
	settleWait = 10 * time.Second // that a request waits for the judgement of bids
)

// settle has the bids judged whose bytes were all here before the deadline, and that nobody handed in. Each is received, or
// withdrawn, by a change of its own: what was judged is not judged again, whoever asks next. It may take longer than a request can
// wait, and goes on then.
func (s *Server) settle(ctx context.Context, ch tendering, f *store.TenderFile) error {
	uploading := func(b *store.Bid) bool { return b.State == platformapi.BidUploading }
	if !slices.ContainsFunc(f.Bids, uploading) {
		return nil
	}
	done, err := s.errands.Run(ctx, "settle "+f.Tender.ID, func(ctx context.Context) error {
		select {
		case <-time.After(settleTime - s.now().Sub(f.Tender.Deadline)): // at once, when that is over
		case <-ctx.Done():
			return ctx.Err()
		}
		for _, b := range f.Bids {
			if uploading(b) {
				if err := s.settleBid(ctx, ch, f.Tender, b); err != nil {
					return err
				}
			}
		}
		return nil
	})
	if err == nil && !done {
		busy := web.Refuse(http.StatusServiceUnavailable, platformapi.CodeJudging, "the bids that came last are still being judged")
		busy.RetryAfter = settleWait
		return busy
	}
	return err
}

func (s *Server) settleBid(ctx context.Context, ch tendering, t *store.Tender, b *store.Bid) error {
	u, err := s.store.Upload(ctx, b.Bidder.USCC, b.ID)
	if errors.Is(err, store.ErrNotFound) || err == nil && (u.CompleteAt.IsZero() || !u.CompleteAt.Before(t.Deadline)) {
		return nil
	}
	if err != nil {
		return err
	}
	x, err := s.judgeBid(ctx, t, b, u)
	if err == nil {
		err = s.keep(ctx, x.staged)
	}
	if x.staged != nil {
		x.staged.Discard()
	}
	came := tenders.Arrival{At: u.CompleteAt, Facts: x.facts}
	if refused, ok := errors.AsType[*web.Fault](err); ok && refused.Status < http.StatusInternalServerError {
		came.Refused = refused
	} else if err != nil {
		return err
	}
	ch.req.Key, ch.req.Bidder = platformapi.NewID(), b.Bidder.USCC
	_, err = s.changeTender(ctx, ch, func(a tenders.Act, f *store.TenderFile) ([]store.TenderEffect, error) { return a.Arrive(f, b.ID, came) })
	if err == nil {
		s.forget(ctx, b.Bidder.USCC, b.ID)
	}
	return err
}

// uncover takes the platform's layer off the bids in play.
func (s *Server) uncover(ctx context.Context, f *store.TenderFile, names []string) (map[string]tenders.Uncovered, error) {
	all := map[string]tenders.Uncovered{}
	for b, envelopes := range tenders.InPlay(f.Bids, names) {
		if len(envelopes) == 0 {
			continue
		}
		u, err := s.uncoverBid(ctx, b, envelopes)
		if err != nil {
			return nil, err
		}
		all[b.ID] = u
	}
	return all, nil
}

// uncoverBid takes the platform's layer off one bid. That it does not come off is no error.
func (s *Server) uncoverBid(ctx context.Context, b *store.Bid, envelopes []string) (tenders.Uncovered, error) {
	var u tenders.Uncovered
	err := s.withBid(ctx, b, func(f blobs.File) (err error) {
		u.Inner, err = s.cfg.Bidding.Uncover(ctx, f, b.Size, envelopes)
		return err
	})
	fault, ok := errors.AsType[*tenders.Fault](err)
	if ok {
		u.Fault, err = fault, nil
	}
	return u, err
}

// withBid opens a bid's file. One that is gone is a damaged one.
func (s *Server) withBid(ctx context.Context, b *store.Bid, do func(blobs.File) error) error {
	f, err := s.blobs.Open(ctx, b.SHA256)
	if err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		s.cfg.Log.ErrorContext(ctx, "a bid's file cannot be opened", "bid", b.ID, "error", err)
		return &tenders.Fault{Cause: platformapi.CauseFileDamaged, Detail: "the platform's file cannot be opened", Err: err}
	}
	return errors.Join(do(f), f.Close())
}

// ListTenderBids answers with the bids that the caller may see.
func (s *Server) ListTenderBids(ctx context.Context, r wire.ListTenderBidsRequestObject) (wire.ListTenderBidsResponseObject, error) {
	a, f, err := s.tenderSeen(ctx, r.TenderID)
	if err != nil {
		return nil, err
	}
	return wire.ListTenderBids200JSONResponse{Items: a.Bids(f.Tender, f.Bids)}, nil
}

// SignIn is being present.
func (s *Server) SignIn(ctx context.Context, r wire.SignInRequestObject) (wire.SignInResponseObject, error) {
	ch, _, _, err := s.prepareBid(ctx, "bid.sign_in", r.BidID, r.Params.IdempotencyKey, r.Body)
	if err != nil {
		return nil, err
	}
	out, err := s.bidMove(ctx, ch, r.BidID, func(a tenders.Act, f *store.TenderFile) ([]store.TenderEffect, error) {
		return a.SignIn(f, r.BidID, *r.Body)
	})
	return wire.SignIn200JSONResponse{BidJSONResponse: out}, err
}

// TakeEnvelopes answers with the envelopes that wait for the bidder's key, and records that the bidder has them.
func (s *Server) TakeEnvelopes(ctx context.Context, r wire.TakeEnvelopesRequestObject) (wire.TakeEnvelopesResponseObject, error) {
	// The call has no key of its own, and needs none: a second one changes nothing.
	ch, t, b, err := s.prepareBid(ctx, "bid.fetch", r.BidID, platformapi.NewID(), nil)
	if err != nil {
		return nil, err
	}
	if _, err := ch.act.MayFetch(&store.TenderFile{Tender: t, Bids: []*store.Bid{b}}, r.BidID); err != nil {
		return nil, err
	}
	if b.PackageFetchedAt.IsZero() {
		if _, err := s.changeTender(ctx, ch, func(a tenders.Act, f *store.TenderFile) ([]store.TenderEffect, error) { return a.Fetch(f, r.BidID) }); err != nil {
			return nil, err
		}
	}
	return wire.TakeEnvelopes200JSONResponse{Items: tenders.Envelopes(b)}, nil
}

// DecryptBid opens a bid by the secrets that its bidder hands over. They are of the moment at which they came.
func (s *Server) DecryptBid(ctx context.Context, r wire.DecryptBidRequestObject) (wire.DecryptBidResponseObject, error) {
	secrets := map[string][]byte{}
	for _, e := range r.Body.Envelopes {
		if _, twice := secrets[e.Name]; twice {
			return nil, web.Refuse(http.StatusBadRequest, platformapi.CodeBadRequest, "an envelope is there twice")
		}
		secrets[e.Name] = e.Secret
	}
	ch, t, b, err := s.prepareBid(ctx, "bid.decrypt", r.BidID, r.Params.IdempotencyKey, r.Body)
	if err != nil {
		return nil, err
	}
	did, err := s.done(ctx, ch)
	if err != nil {
		return nil, err
	}
	var price []platformapi.PriceField
	var fault *tenders.Fault
	if !did {
		if _, err := ch.act.MayOpen(&store.TenderFile{Tender: t, Bids: []*store.Bid{b}}, r.BidID, secrets); err != nil {
			return nil, err
		}
		price, err = s.openBid(ctx, b, secrets)
		if f, ok := errors.AsType[*tenders.Fault](err); ok {
			fault = f
		} else if err != nil {
			return nil, err
		}
	}
	out, err := s.bidMove(ctx, ch, r.BidID, func(a tenders.Act, f *store.TenderFile) ([]store.TenderEffect, error) {
		return a.Opened(f, r.BidID, secrets, price, fault)
	})
	return wire.DecryptBid200JSONResponse{BidJSONResponse: out}, err
}

func (s *Server) openBid(ctx context.Context, b *store.Bid, secrets map[string][]byte) (price []platformapi.PriceField, err error) {
	leave, err := s.takePlace(ctx)
	if err != nil {
		return nil, err
	}
	defer leave()
	err = s.withBid(ctx, b, func(f blobs.File) (err error) {
		price, err = s.cfg.Bidding.Open(ctx, f, b.Size, secrets)
		return err
	})
	return price, err
}

// ReportFailure records why a bidder's key did not open its bid.
func (s *Server) ReportFailure(ctx context.Context, r wire.ReportFailureRequestObject) (wire.ReportFailureResponseObject, error) {
	ch, _, _, err := s.prepareBid(ctx, "bid.fail", r.BidID, r.Params.IdempotencyKey, r.Body)
	if err != nil {
		return nil, err
	}
	out, err := s.bidMove(ctx, ch, r.BidID, func(a tenders.Act, f *store.TenderFile) ([]store.TenderEffect, error) {
		return a.Report(f, r.BidID, *r.Body)
	})
	return wire.ReportFailure200JSONResponse{BidJSONResponse: out}, err
}

// BeginBackup makes room for a backup.
func (s *Server) BeginBackup(ctx context.Context, r wire.BeginBackupRequestObject) (wire.BeginBackupResponseObject, error) {
	ch, _, b, err := s.prepareBid(ctx, "bid.begin_backup", r.BidID, r.Params.IdempotencyKey, r.Body)
	if err != nil {
		return nil, err
	}
	out, err := s.bidMove(ctx, ch, r.BidID, func(a tenders.Act, f *store.TenderFile) ([]store.TenderEffect, error) {
		return a.BeginBackup(f, r.BidID, *r.Body)
	})
	if err != nil {
		return nil, err
	}
	// Whoever asks again may do so because it failed here.
	now, err := s.store.Bid(ctx, r.BidID)
	if err == nil && now.BackupUpload == r.Body.UploadID {
		err = s.expect(ctx, b.Bidder.USCC, now.BackupUpload, b.Size, b.SHA256, ch.act.Now)
	}
	return wire.BeginBackup200JSONResponse{BidJSONResponse: out}, err
}

// CompleteBackup puts a backup in the damaged file's place.
func (s *Server) CompleteBackup(ctx context.Context, r wire.CompleteBackupRequestObject) (wire.CompleteBackupResponseObject, error) {
	ch, t, b, err := s.prepareBid(ctx, "bid.backup", r.BidID, r.Params.IdempotencyKey, nil)
	if err != nil {
		return nil, err
	}
	did, err := s.done(ctx, ch)
	if err != nil {
		return nil, err
	}
	var u tenders.Uncovered
	if !did {
		if u, err = s.restore(ctx, ch.act, t, b); err != nil {
			return nil, err
		}
	}
	out, err := s.bidMove(ctx, ch, r.BidID, func(a tenders.Act, f *store.TenderFile) ([]store.TenderEffect, error) {
		return a.Restored(f, r.BidID, u)
	})
	if err == nil && !did {
		s.forget(ctx, b.Bidder.USCC, b.BackupUpload)
	}
	return wire.CompleteBackup200JSONResponse{BidJSONResponse: out}, err
}

// restore keeps a backup in the place of the damaged file, whose digest it has, and takes the platform's layer off.
func (s *Server) restore(ctx context.Context, a tenders.Act, t *store.Tender, b *store.Bid) (tenders.Uncovered, error) {
	if _, err := a.MayBackUp(&store.TenderFile{Tender: t, Bids: []*store.Bid{b}}, b.ID, b.SHA256, b.Size); err != nil {
		return tenders.Uncovered{}, err
	}
	upload, err := s.complete(ctx, b.BackupUpload)
	if err != nil {
		return tenders.Uncovered{}, err
	}
	staged, err := s.assemble(ctx, upload)
	if err != nil {
		return tenders.Uncovered{}, err
	}
	defer staged.Discard()
	if staged.SHA256 != b.SHA256 {
		return tenders.Uncovered{}, web.Refuse(http.StatusUnprocessableEntity, platformapi.CodeBackupOther, "this is not the bid that was received")
	}
	if err := s.keep(ctx, staged); err != nil {
		return tenders.Uncovered{}, err
	}
	return s.uncoverBid(ctx, b, b.Waiting)
}

// Object objects to something at the read-out.
func (s *Server) Object(ctx context.Context, r wire.ObjectRequestObject) (wire.ObjectResponseObject, error) {
	ch, _, _, err := s.prepareBid(ctx, "bid.object", r.BidID, r.Params.IdempotencyKey, r.Body)
	if err != nil {
		return nil, err
	}
	out, err := s.bidMove(ctx, ch, r.BidID, func(a tenders.Act, f *store.TenderFile) ([]store.TenderEffect, error) {
		return a.Object(f, r.BidID, *r.Body)
	})
	return wire.Object200JSONResponse{BidJSONResponse: out}, err
}

// AnswerObjection answers an objection.
func (s *Server) AnswerObjection(ctx context.Context, r wire.AnswerObjectionRequestObject) (wire.AnswerObjectionResponseObject, error) {
	ch, _, _, err := s.prepareBid(ctx, "bid.answer", r.BidID, r.Params.IdempotencyKey, []string{r.ObjectionID, r.Body.Text})
	if err != nil {
		return nil, err
	}
	out, err := s.bidMove(ctx, ch, r.BidID, func(a tenders.Act, f *store.TenderFile) ([]store.TenderEffect, error) {
		return a.Answer(f, r.BidID, r.ObjectionID, r.Body.Text)
	})
	return wire.AnswerObjection200JSONResponse{BidJSONResponse: out}, err
}

// DownloadRecord answers with the record of the opening.
func (s *Server) DownloadRecord(ctx context.Context, r wire.DownloadRecordRequestObject) (wire.DownloadRecordResponseObject, error) {
	_, f, err := s.tenderSeen(ctx, r.TenderID)
	if err != nil {
		return nil, err
	}
	if len(f.Tender.Record) == 0 {
		return nil, web.Refuse(http.StatusNotFound, platformapi.CodeNotFound, "there is no record yet")
	}
	body, size, digest, err := paper(f.Tender.Record)
	return wire.DownloadRecord200ApplicationOctetStreamResponse{
		Body: body, ContentLength: size,
		Headers: wire.DownloadRecord200ResponseHeaders{ReprDigest: digest, ContentDisposition: attachmentName("开标记录.json")},
	}, err
}

// SignRecord adds a signature to the record.
func (s *Server) SignRecord(ctx context.Context, r wire.SignRecordRequestObject) (wire.SignRecordResponseObject, error) {
	ch, err := s.prepareTender(ctx, "tender.sign", r.TenderID, r.Params.IdempotencyKey, nil, r.Body)
	if err != nil {
		return nil, err
	}
	f, err := s.tenderFile(ctx, r.TenderID)
	if err != nil {
		return nil, err
	}
	fact, err := s.cfg.Bidding.Signature(ctx, r.Body.Signature, f.Tender.Record)
	if err != nil {
		return nil, err
	}
	out, err := s.tenderMove(ctx, ch, func(a tenders.Act, f *store.TenderFile) ([]store.TenderEffect, error) {
		return a.Sign(f, r.Body.Signature, fact)
	})
	return wire.SignRecord200JSONResponse{TenderJSONResponse: out}, err
}

// DownloadPart streams a part of an opened bid.
func (s *Server) DownloadPart(ctx context.Context, r wire.DownloadPartRequestObject) (wire.DownloadPartResponseObject, error) {
	a, t, b, err := s.bidSeen(ctx, r.BidID)
	if err != nil {
		return nil, err
	}
	parts := a.Bid(t, b).Parts
	i := slices.IndexFunc(parts, func(p platformapi.BidPart) bool { return p.Code == r.PartCode && p.Readable })
	if i < 0 {
		return nil, web.Refuse(http.StatusNotFound, platformapi.CodeNotFound, "there is no such part, or it is closed")
	}
	f, err := s.blobs.Open(ctx, b.SHA256)
	if err != nil {
		return nil, fmt.Errorf("bid %s: %w", b.ID, err)
	}
	content, err := s.cfg.Bidding.Part(ctx, f, b.Size, r.PartCode, maps.Clone(b.Secrets))
	if err != nil {
		return nil, errors.Join(fmt.Errorf("bid %s: %w", b.ID, err), f.Close())
	}
	return wire.DownloadPart200ApplicationOctetStreamResponse{
		Body: partBody{content, f}, ContentLength: parts[i].Size,
		Headers: wire.DownloadPart200ResponseHeaders{ContentDisposition: attachmentName(parts[i].Name)},
	}, nil
}

// partBody reads a part, and closes the file that it is in.
type partBody struct {
	io.Reader
	io.Closer
}
