package mobileca

import (
	"context"
	"errors"
	"time"

	"sealdesk/platformapi"
	"sealdesk/platformapi/mobileca/store"
	"sealdesk/platformapi/mobileca/wire"
	"sealdesk/platformapi/web"
)

// maxWaiting is how many requests of a session may wait at a time.
const maxWaiting = 20

// CreateRequest takes a request that the desktop signed.
func (s *Server) CreateRequest(ctx context.Context, r wire.CreateRequestRequestObject) (wire.CreateRequestResponseObject, error) {
	now := s.now()
	p, err := s.desktopPairing(ctx, r.PairingID)
	if err != nil {
		return nil, err
	}
	if err := asks(&p); err != nil {
		return nil, err
	}
	payload, err := s.readRequest(p, r.Body.JWS, now)
	if err != nil {
		return nil, err
	}
	// An authorisation ends by its time too, and what was linked by it with it.
	if err := s.authorised(ctx, p.Platform.Origin, p.Certificates()...); err != nil {
		if _, ok := errors.AsType[*web.Fault](err); ok {
			_, ended := s.end(ctx, p.ID, wire.EndedByAuthorisation)
			err = first(ended, err)
		}
		return nil, err
	}
	q, err := s.newRequest(ctx, p, payload, now)
	if err != nil {
		return nil, err
	}
	q.JWS = r.Body.JWS
	kept, err := s.store.CreateRequest(ctx, p.ID, q.ID, now, func(p *store.Pairing, known *store.Request, live []store.Request) (*store.Request, store.Entries, error) {
		if known != nil {
			if known.Pairing != p.ID || known.JWS != r.Body.JWS {
				return nil, nil, conflict(platformapi.CodeIDTaken, "another request has this id")
			}
			return known, nil, nil
		}
		if err := room(p, live); err != nil {
			return nil, nil, err
		}
		q.InSession = p.Session != nil
		if p.Session == nil { // it may be put again while the pairing holds
			p.ExpiresAt = minTime(q.ExpiresAt.Add(approvalTime), p.CreatedAt.Add(linkTime))
		}
		return &q, store.Entries{{At: now, Act: actAsked, Account: q.Account, Device: q.Device, Pairing: p.ID, Request: q.ID, Key: q.Key, Note: string(q.Kind)}}, nil
	})
	if err != nil {
		return nil, found(err)
	}
	s.hub.tell(ofDevice(kept.Device), ofPairing(p.ID))
	return wire.CreateRequest201JSONResponse(desktopRequest(kept, p)), nil
}

func minTime(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

// asks says whether something may be asked in a pairing.
func asks(p *store.Pairing) error {
	switch {
	case p.Over():
		return over(codePairingOver, p.State)
	case p.State != wire.PairingLinked:
		return conflict(codeNotLinked, "the phone has not agreed yet")
	}
	return nil
}

// room says whether one more request may be made.
func room(p *store.Pairing, live []store.Request) error {
	if err := asks(p); err != nil {
		return err
	}
	switch {
	case p.Session == nil && len(live) > 0:
		return conflict(codeRequestBusy, "a pairing without a session has one request at a time")
	case p.Session != nil && p.Session.Used+len(live) >= p.Session.Max:
		return conflict(codeSessionOver, "the session's %d signatures are made or asked for", p.Session.Max)
	case len(live) >= maxWaiting:
		return conflict(codeRequestBusy, "%d requests wait already", len(live))
	}
	return nil
}

// newRequest makes of a payload what is kept: what is signed, or what is decrypted, is reckoned here.
func (s *Server) newRequest(ctx context.Context, p store.Pairing, payload wire.RequestPayload, now time.Time) (store.Request, error) {
	c, err := s.store.Certificate(ctx, payload.Certificate)
	if err != nil {
		return store.Request{}, err
	}
	if state := c.State(now); payload.Kind != wire.PairDecrypt && state != wire.CertificateValid { // it may have ended since it was linked
		return store.Request{}, conflict(codeCertEnded, "the certificate is %s", state)
	}
	q := store.Request{
		ID: payload.ID, Version: 1, Source: wire.FromPairing, Kind: wire.Kind(payload.Kind), State: wire.RequestWaiting, Account: p.Account, Device: p.Device,
		Pairing: p.ID, Key: c.Key, Certificate: c.ID, CreatedAt: now, ExpiresAt: time.Unix(payload.Exp, 0).UTC(),
		Platform: payload.Platform.Name, Desktop: payload.Desktop.Name, Title: payload.Summary,
	}
	if d := payload.Document; d != nil {
		q.Title, q.Digest = d.Title, d.Digest
	}
	if payload.Kind == wire.PairDecrypt {
		if ok, wait := s.limits.decrypts.Allow(c.Key, now); !ok {
			return q, tooMany(wait)
		}
		cipher, err := decode(payload.Cipher)
		if err == nil {
			q.C1, err = firstPoint(cipher)
		}
		if err != nil {
			return q, unfit(codeRequestWrong, "the cipher is no SM2Cipher")
		}
		return q, nil
	}
	tbs, err := decode(payload.Tbs)
	if err != nil {
		return q, unfit(codeRequestWrong, "tbs is no base64url")
	}
	q.E, err = s.digestFor(ctx, c.Key, tbs)
	return q, err
}

// digestFor is what a key signs of a message.
func (s *Server) digestFor(ctx context.Context, key string, message []byte) ([]byte, error) {
	k, err := s.store.Key(ctx, key)
	if err != nil {
		return nil, err
	}
	public, err := shared(k.Public)
	if err != nil {
		return nil, err
	}
	return digest(public, message)
}

// desktopRequest is a request as its desktop sees it.
func desktopRequest(q store.Request, p store.Pairing) wire.DesktopRequest {
	return wire.DesktopRequest{ID: q.ID, Version: q.Version, State: q.State, ExpiresAt: q.ExpiresAt, Reason: q.Reason, Result: q.Result, Session: terms(&p)}
}

// requestOf is a request of a pairing, as it is now.
func (s *Server) requestOf(ctx context.Context, pairing, id string) (store.Request, error) {
	q, err := s.store.Request(ctx, id)
	if err == nil && q.Pairing != pairing {
		return q, errNotFound()
	}
	q.Settle(s.now())
	return q, found(err)
}

// GetDesktopRequest is how a request stands.
func (s *Server) GetDesktopRequest(ctx context.Context, r wire.GetDesktopRequestRequestObject) (wire.GetDesktopRequestResponseObject, error) {
	var p store.Pairing
	var q store.Request
	err := s.wait(ctx, ofRequest(r.RequestID), r.Params.After, r.Params.Wait, func() (v int64, err error) {
		if p, err = s.desktopPairing(ctx, r.PairingID); err != nil {
			return 0, err
		}
		q, err = s.requestOf(ctx, r.PairingID, r.RequestID)
		return q.Version, err
	})
	return wire.GetDesktopRequest200JSONResponse(desktopRequest(q, p)), err
}

// changeRequest changes a request, and tells who waits for it.
func (s *Server) changeRequest(ctx context.Context, id string, rule func(*store.Request, *store.Key, *store.Pairing) (store.Entries, error)) (store.Request, error) {
	q, err := s.store.ChangeRequest(ctx, id, s.now(), rule)
	if err == nil {
		s.hub.tell(ofRequest(id), ofDevice(q.Device), ofPairing(q.Pairing))
	}
	return q, found(err)
}

// CancelRequest takes a request back.
func (s *Server) CancelRequest(ctx context.Context, r wire.CancelRequestRequestObject) (wire.CancelRequestResponseObject, error) {
	if _, err := s.desktopPairing(ctx, r.PairingID); err != nil {
		return nil, err
	}
	if _, err := s.requestOf(ctx, r.PairingID, r.RequestID); err != nil {
		return nil, err
	}
	_, err := s.changeRequest(ctx, r.RequestID, func(q *store.Request, _ *store.Key, _ *store.Pairing) (store.Entries, error) {
		if !q.Over() {
			q.State, q.Reason = wire.RequestCancelled, "desktop"
		}
		return nil, nil
	})
	return wire.CancelRequest204Response{}, err
}
