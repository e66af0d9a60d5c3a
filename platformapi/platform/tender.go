package platform

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"

	"sealdesk/platformapi"
	"sealdesk/platformapi/platform/store"
	"sealdesk/platformapi/platform/tenders"
	"sealdesk/platformapi/web"
	"sealdesk/platformapi/web/header"
	"sealdesk/platformapi/wire"
)

// acting is who makes a request, as the rules of tenders see it.
func (s *Server) acting(ctx context.Context) (tenders.Act, error) {
	if s.cfg.Bidding == nil {
		return tenders.Act{}, web.Refuse(http.StatusConflict, platformapi.CodeBiddingOff, "this platform takes no bids")
	}
	x, org, err := s.who(ctx)
	a := tenders.Act{Org: org, Kind: x.Kind, Person: x.Person, Now: s.now()}
	if err == nil && x.Kind == platformapi.OrganisationHall {
		a.Venues, err = s.store.Venues(ctx, org.USCC)
	}
	return a, err
}

func noTender() error {
	return web.Refuse(http.StatusNotFound, platformapi.CodeNotFound, "there is no such tender")
}

func noBid() error {
	return web.Refuse(http.StatusNotFound, platformapi.CodeNotFound, "there is no such bid")
}

// tenderSeen is a tender with all its bids, and who asks for it.
func (s *Server) tenderSeen(ctx context.Context, id string) (tenders.Act, *store.TenderFile, error) {
	a, err := s.acting(ctx)
	if err != nil {
		return a, nil, err
	}
	f, err := s.tenderFile(ctx, id)
	return a, f, err
}

// tenderFile is a tender with all its bids, which is only read: many look at the same after every event.
func (s *Server) tenderFile(ctx context.Context, id string) (*store.TenderFile, error) {
	seq, err := s.store.TenderSeq(ctx, id)
	if err != nil {
		return nil, err
	}
	if f := s.rooms.get(id, seq); f != nil {
		return f, nil
	}
	t, err := s.store.Tender(ctx, id)
	if errors.Is(err, store.ErrNotFound) {
		err = noTender()
	}
	if err != nil {
		return nil, err
	}
	bids, err := s.store.TenderBids(ctx, id, "")
	f := &store.TenderFile{Tender: &t}
	for i := range bids {
		f.Bids = append(f.Bids, &bids[i])
	}
	if err == nil {
		s.rooms.put(id, seq, f) // it is of seq, or newer, and then read anew at the next look
	}
	return f, err
}

const maxRooms = 50

// rooms keep the tenders that were looked at last, as they were after an event.
type rooms struct {
	mu  sync.Mutex
	all map[string]room
}

type room struct {
	seq  int64
	file *store.TenderFile
}

func (r *rooms) get(id string, seq int64) *store.TenderFile {
	r.mu.Lock()
	defer r.mu.Unlock()
	if x := r.all[id]; x.seq == seq {
		return x.file
	}
	return nil
}

func (r *rooms) put(id string, seq int64, f *store.TenderFile) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.all) >= maxRooms || r.all == nil {
		r.all = map[string]room{}
	}
	r.all[id] = room{seq, f}
}

// bidSeen is a bid that the caller may see, and its tender.
func (s *Server) bidSeen(ctx context.Context, id string) (tenders.Act, *store.Tender, *store.Bid, error) {
	a, err := s.acting(ctx)
	if err != nil {
		return a, nil, nil, err
	}
	b, err := s.store.Bid(ctx, id)
	if errors.Is(err, store.ErrNotFound) {
		err = noBid()
	}
	if err != nil {
		return a, nil, nil, err
	}
	t, err := s.store.Tender(ctx, b.TenderID)
	if err == nil && !a.Sees(&t, &b) {
		err = noBid()
	}
	return a, &t, &b, err
}

// tendering is a change of a tender that was asked for.
type tendering struct {
	act tenders.Act
	req store.TenderRequest
}

// prepareTender is readAsked for a tender and what belongs to one.
func (s *Server) prepareTender(ctx context.Context, op, tenderID, keyHeader string, ifMatch *string, body any) (tendering, error) {
	a, err := s.acting(ctx)
	if err != nil {
		return tendering{}, err
	}
	q, err := readAsked(op, tenderID, keyHeader, ifMatch, body)
	if err != nil {
		return tendering{}, err
	}
	a.Version = q.version
	return tendering{act: a, req: store.TenderRequest{
		USCC: a.Org.USCC, Person: a.Person, Key: q.key, Hash: q.hash, TenderID: tenderID, Now: a.Now,
	}}, nil
}

// done says whether a change was made before, by the same key; what takes long is not begun again then.
func (s *Server) done(ctx context.Context, ch tendering) (bool, error) {
	old, err := s.store.Answer(ctx, ch.req.USCC, ch.req.Key)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return false, nil
	case err == nil && old.Hash != ch.req.Hash:
		err = keyReused()
	}
	return err == nil, err
}

// A ruling decides on a change of a tender; see store.Tenders.
type ruling func(tenders.Act, *store.TenderFile) ([]store.TenderEffect, error)

// changeTender makes a change of a tender that is there, once.
func (s *Server) changeTender(ctx context.Context, ch tendering, rule ruling) (store.TenderAnswer, error) {
	return s.ruleTender(ctx, ch, func(a tenders.Act, f *store.TenderFile) ([]store.TenderEffect, error) {
		if f.Tender == nil {
			return nil, noTender()
		}
		return rule(a, f)
	})
}

// ruleTender makes a change once.
func (s *Server) ruleTender(ctx context.Context, ch tendering, rule ruling) (store.TenderAnswer, error) {
	answer, err := s.store.ChangeTender(ctx, ch.req, func(f *store.TenderFile) ([]store.TenderEffect, error) { return rule(ch.act, f) })
	switch {
	case errors.Is(err, store.ErrIDTaken):
		return answer, web.Refuse(http.StatusConflict, platformapi.CodeIDTaken, "the id is taken")
	case err != nil:
		return answer, err
	case answer.Hash != ch.req.Hash:
		return answer, keyReused()
	}
	s.hub.look()
	return answer, nil
}

// tenderNow answers with a tender as it is now.
func (s *Server) tenderNow(ctx context.Context, id string, replayed bool) (wire.TenderJSONResponse, error) {
	a, f, err := s.tenderSeen(ctx, id)
	if err != nil {
		return wire.TenderJSONResponse{}, err
	}
	return wire.TenderJSONResponse{
		Body:    a.Tender(f.Tender, f.Bids, s.cfg.Bidding.Certificates()),
		Headers: wire.TenderResponseHeaders{ETag: header.FormatETag(id, f.Tender.Version), IdempotencyReplayed: fmt.Sprint(replayed)},
	}, nil
}

// tenderMove is a change that answers with the tender.
func (s *Server) tenderMove(ctx context.Context, ch tendering, rule ruling) (wire.TenderJSONResponse, error) {
	answer, err := s.changeTender(ctx, ch, rule)
	if err != nil {
		return wire.TenderJSONResponse{}, err
	}
	return s.tenderNow(ctx, ch.req.TenderID, answer.Replayed)
}

// ListTenders answers with a page.
func (s *Server) ListTenders(ctx context.Context, r wire.ListTendersRequestObject) (wire.ListTendersResponseObject, error) {
	a, err := s.acting(ctx)
	if err != nil {
		return nil, err
	}
	q := store.TenderQuery{State: orZero(r.Params.State), Now: a.Now, Words: orZero(r.Params.Q), Limit: cmp.Or(orZero(r.Params.Limit), defaultPageLimit)}
	filter := strings.Join([]string{"tenders", a.Org.USCC, string(q.State), q.Words}, "\x00")
	found, next, link, err := paged(s, "/v1/tenders", filter, r.Params.Cursor, q.Limit, map[string]string{"state": string(q.State), "q": q.Words},
		func(after position, limit int) ([]store.Tender, error) {
			q.Before, q.BeforeID, q.Limit = after.created, after.id, limit
			return s.store.Tenders(ctx, q)
		}, func(t store.Tender) position { return position{created: t.CreatedAt, id: t.ID} })
	if err != nil {
		return nil, err
	}
	page := platformapi.TenderPage{Items: []platformapi.Tender{}, NextCursor: next}
	for i := range found {
		f, err := s.tenderFile(ctx, found[i].ID)
		if err != nil {
			return nil, err
		}
		page.Items = append(page.Items, a.Tender(f.Tender, f.Bids, s.cfg.Bidding.Certificates()))
	}
	return wire.ListTenders200JSONResponse{Body: page, Headers: wire.ListTenders200ResponseHeaders{Link: link}}, nil
}

// GetTender answers with a tender.
func (s *Server) GetTender(ctx context.Context, r wire.GetTenderRequestObject) (wire.GetTenderResponseObject, error) {
	out, err := s.tenderNow(ctx, r.TenderID, false)
	return wire.GetTender200JSONResponse{TenderJSONResponse: out}, err
}

// CreateTender publishes a tender.
func (s *Server) CreateTender(ctx context.Context, r wire.CreateTenderRequestObject) (wire.CreateTenderResponseObject, error) {
	ch, err := s.prepareTender(ctx, "tender.create", r.Body.ID, r.Params.IdempotencyKey, nil, r.Body)
	if err != nil {
		return nil, err
	}
	purchaser, err := s.store.Organisation(ctx, r.Body.PurchaserUSCC)
	if errors.Is(err, store.ErrNotFound) {
		return nil, web.Refuse(http.StatusForbidden, platformapi.CodeOrgUnknown, "the purchaser is not registered here")
	}
	if err != nil {
		return nil, err
	}
	venues, err := s.store.Venues(ctx, "")
	if err != nil {
		return nil, err
	}
	answer, err := s.ruleTender(ctx, ch, func(a tenders.Act, f *store.TenderFile) ([]store.TenderEffect, error) {
		if f.Tender != nil {
			return nil, store.ErrIDTaken
		}
		t, effects, err := a.Create(*r.Body, purchaser, venues, s.cfg.Bidding)
		f.Tender = &t
		return effects, err
	})
	if err != nil {
		return nil, err
	}
	out, err := s.tenderNow(ctx, r.Body.ID, answer.Replayed)
	return wire.CreateTender201JSONResponse{TenderJSONResponse: out}, err
}

// PostponeTender moves a deadline.
func (s *Server) PostponeTender(ctx context.Context, r wire.PostponeTenderRequestObject) (wire.PostponeTenderResponseObject, error) {
	ch, err := s.prepareTender(ctx, "tender.postpone", r.TenderID, r.Params.IdempotencyKey, &r.Params.IfMatch, r.Body)
	if err != nil {
		return nil, err
	}
	out, err := s.tenderMove(ctx, ch, func(a tenders.Act, f *store.TenderFile) ([]store.TenderEffect, error) {
		return a.Postpone(f.Tender, *r.Body)
	})
	return wire.PostponeTender200JSONResponse{TenderJSONResponse: out}, err
}

// DownloadOutline answers with a tender's outline.
func (s *Server) DownloadOutline(ctx context.Context, r wire.DownloadOutlineRequestObject) (wire.DownloadOutlineResponseObject, error) {
	_, f, err := s.tenderSeen(ctx, r.TenderID)
	if err != nil {
		return nil, err
	}
	body, size, digest, err := paper(f.Tender.Outline)
	return wire.DownloadOutline200ApplicationOctetStreamResponse{
		Body: body, ContentLength: size,
		Headers: wire.DownloadOutline200ResponseHeaders{ReprDigest: digest, ContentDisposition: attachmentName("outline.json")},
	}, err
}
