package mobileca

import (
	"context"
	"crypto/ecdsa"
	"errors"
	"slices"
	"time"

	"github.com/emmansun/gmsm/sm2"

	"sealdesk/platformapi/mobileca/store"
	"sealdesk/platformapi/mobileca/twoparty"
	"sealdesk/platformapi/mobileca/wire"
	"sealdesk/platformapi/web/audit"
)

// maxAnswers is how often a request is answered: an answer that was lost is asked for with a new nonce.
const maxAnswers = 3

// ListRequests is what waits for the phone.
func (s *Server) ListRequests(ctx context.Context, r wire.ListRequestsRequestObject) (wire.ListRequestsResponseObject, error) {
	x := who(ctx)
	var list wire.Inbox
	err := s.wait(ctx, ofDevice(x.Device), r.Params.After, r.Params.Wait, func() (int64, error) {
		version, waiting, err := s.store.Inbox(ctx, x.Device, s.now())
		list = wire.Inbox{Version: version, Items: []wire.RequestHead{}}
		for _, q := range waiting {
			list.Items = append(list.Items, wire.RequestHead{
				ID: q.ID, Version: q.Version, Source: q.Source, Kind: q.Kind, State: q.State, Certificate: q.Certificate, Pairing: q.Pairing,
				Title: q.Title, CreatedAt: q.CreatedAt, ExpiresAt: q.ExpiresAt,
			})
		}
		return version, found(err)
	})
	return wire.ListRequests200JSONResponse(list), err
}

// myRequest is a request to the asking phone, as it is now.
func (s *Server) myRequest(ctx context.Context, id string) (store.Request, error) {
	q, err := s.store.Request(ctx, id)
	if err == nil && q.Device != who(ctx).Device {
		return q, errNotFound()
	}
	q.Settle(s.now())
	return q, found(err)
}

// phoneRequest is a request as its phone sees it.
func (s *Server) phoneRequest(ctx context.Context, q store.Request) (wire.PhoneRequest, error) {
	v := wire.PhoneRequest{
		ID: q.ID, Version: q.Version, Source: q.Source, Kind: q.Kind, State: q.State, Certificate: q.Certificate, KeyID: q.Key, Account: q.Account,
		AnswersLeft: maxAnswers - len(q.Answers), CreatedAt: q.CreatedAt, ExpiresAt: q.ExpiresAt, Reason: q.Reason, Pairing: q.Pairing, JWS: q.JWS,
	}
	switch q.Source {
	case wire.FromPairing:
		p, err := s.store.Pairing(ctx, q.Pairing)
		if err != nil {
			return v, err
		}
		v.Key, v.Session = &p.Key, terms(&p)
	case wire.FromCSC:
		v.Digest = &wire.DigestRequest{Client: q.Client, Description: q.Note, E: encode(q.E)}
	case wire.FromPhone:
		v.Statement = encode(q.Statement)
	}
	return v, nil
}

// GetRequest is what is asked.
func (s *Server) GetRequest(ctx context.Context, r wire.GetRequestRequestObject) (wire.GetRequestResponseObject, error) {
	var q store.Request
	err := s.wait(ctx, ofRequest(r.RequestID), r.Params.After, r.Params.Wait, func() (v int64, err error) {
		q, err = s.myRequest(ctx, r.RequestID)
		return q.Version, err
	})
	if err != nil {
		return nil, err
	}
	view, err := s.phoneRequest(ctx, q)
	return wire.GetRequest200JSONResponse(view), err
}

// live says whether something can still come of a request.
func live(q *store.Request, p *store.Pairing) error {
	switch {
	case q.Over():
		return over(codeRequestOver, q.State)
	case p != nil && p.State != wire.PairingLinked:
		return over(codeRequestOver, p.State)
	}
	return nil
}

// ShowRequest says that the person has it before him.
func (s *Server) ShowRequest(ctx context.Context, r wire.ShowRequestRequestObject) (wire.ShowRequestResponseObject, error) {
	if _, err := s.myRequest(ctx, r.RequestID); err != nil {
		return nil, err
	}
	_, err := s.changeRequest(ctx, r.RequestID, func(q *store.Request, _ *store.Key, p *store.Pairing) (store.Entries, error) {
		if err := live(q, p); err != nil {
			return nil, err
		}
		q.State = wire.RequestShown
		return nil, nil
	})
	return wire.ShowRequest204Response{}, err
}

// AnswerRequest does the service's half. The try of the PIN, the message and the answer are kept in one transaction: side by
// side, tries are counted one after the other, and no message is answered twice.
func (s *Server) AnswerRequest(ctx context.Context, r wire.AnswerRequestRequestObject) (wire.AnswerRequestResponseObject, error) {
	now, x := s.now(), who(ctx)
	message, err := decode(r.Body.Message)
	if err != nil {
		return nil, unfit(codeMessageWrong, "the message is no base64url")
	}
	if _, err := s.myRequest(ctx, r.RequestID); err != nil {
		return nil, err
	}
	var answer []byte
	var refused error // that is to be kept
	_, err = s.changeRequest(ctx, r.RequestID, func(q *store.Request, k *store.Key, p *store.Pairing) (store.Entries, error) {
		if err := unlocked(k); err != nil { // also where that has ended the request
			return nil, err
		}
		if err := live(q, p); err != nil {
			return nil, err
		}
		if err := ready(k, x.Device); err != nil {
			return nil, err
		}
		if err := fresh(q.Answers, message); err != nil {
			return nil, err
		}
		share, err := s.sealer.open(k.ID, k.Share)
		if err != nil {
			return nil, err
		}
		defer clear(share)
		c := twoparty.Context{Account: q.Account, Session: q.ID}
		if q.C1 != nil {
			answer, err = s.scheme.Decrypt(c, share, q.C1, message)
		} else {
			answer, err = s.scheme.Sign(c, share, q.E, message)
		}
		e := audit.Entry{At: now, Act: actAnswered, Account: q.Account, Device: x.Device, Pairing: q.Pairing, Request: q.ID, Key: k.ID}
		if errors.Is(err, twoparty.ErrPIN) {
			refused = wrongPIN(k)
			e.Act = actWrongPIN
			if k.Wrong >= pinTries { // who asked need not wait until its time is over
				q.State, q.Reason = wire.RequestRefused, codePINLocked
			}
			return store.Entries{e}, nil
		}
		if err != nil {
			return nil, badMessage(err)
		}
		k.Wrong = 0
		q.Answers = append(q.Answers, used(message))
		return store.Entries{e}, nil
	})
	if err := errors.Join(err, refused); err != nil {
		return nil, err
	}
	return wire.AnswerRequest200JSONResponse{Message: encode(answer)}, nil
}

func used(message []byte) string { return encode(sha256Of(message)) }

// fresh says whether a message may be answered.
func fresh(answered []string, message []byte) error {
	switch {
	case slices.Contains(answered, used(message)):
		return conflict(codeMessageUsed, "this message was answered already: make one with a new nonce")
	case len(answered) >= maxAnswers:
		return conflict(codeAnswersUsed, "it was answered %d times", maxAnswers)
	}
	return nil
}

// wrongPIN counts a wrong PIN.
func wrongPIN(k *store.Key) error {
	k.Wrong++
	left := pinTries - k.Wrong
	if left <= 0 {
		return unlocked(k)
	}
	f := forbid(codePINWrong, "the PIN is wrong")
	f.Tries = &left
	return f
}

// FinishRequest takes the result.
func (s *Server) FinishRequest(ctx context.Context, r wire.FinishRequestRequestObject) (wire.FinishRequestResponseObject, error) {
	asked, err := s.myRequest(ctx, r.RequestID)
	if err != nil {
		return nil, err
	}
	if err := s.checkResult(ctx, asked, *r.Body); err != nil {
		return nil, err
	}
	if asked.Kind == wire.KindRevoke && !asked.Over() {
		if err := s.revoke(ctx, asked); err != nil {
			return nil, err
		}
	}
	now := s.now()
	q, err := s.changeRequest(ctx, r.RequestID, func(q *store.Request, _ *store.Key, p *store.Pairing) (store.Entries, error) {
		if q.State == wire.RequestApproved { // the answer to the first time was lost
			return nil, nil
		}
		if err := live(q, p); err != nil {
			return nil, err
		}
		q.State, q.Result, q.Approved, q.ResultTill = wire.RequestApproved, r.Body, now, now.Add(resultTime)
		count(p, now)
		return store.Entries{{At: now, Act: actApproved, Account: q.Account, Device: q.Device, Pairing: q.Pairing, Request: q.ID, Key: q.Key, SHA256: q.Digest}}, nil
	})
	if err != nil {
		return nil, err
	}
	view, err := s.phoneRequest(ctx, q)
	return wire.FinishRequest200JSONResponse(view), err
}

// count counts a result of a pairing, which may be its last.
func count(p *store.Pairing, now time.Time) {
	switch {
	case p == nil:
	case p.Session == nil:
		p.End(wire.EndedByCount)
	default:
		p.Session.Used++
		p.Session.IdleUntil = now.Add(p.Session.Idle)
		if p.Session.Used >= p.Session.Max {
			p.End(wire.EndedByCount)
		}
	}
}

// checkResult says whether a result is one of the request: a signature is verified by the certificate's key.
func (s *Server) checkResult(ctx context.Context, q store.Request, r wire.Result) error {
	if q.C1 != nil {
		if r.Sealed == nil || r.Signature != "" || len(q.Answers) == 0 && !q.Over() {
			return unfit(codeResultWrong, "the result of a decryption is sealed, and comes after an answer")
		}
		if _, err := publicKey(r.Sealed.Epk); err != nil {
			return unfit(codeResultWrong, "the key of the sealed result is none on P-256")
		}
		return nil
	}
	if r.Sealed != nil || r.Signature == "" {
		return unfit(codeResultWrong, "the result is a signature")
	}
	k, err := s.store.Key(ctx, q.Key)
	if err != nil {
		return err
	}
	public, err := shared(k.Public)
	if err != nil {
		return err
	}
	return verified(public, q.E, r.Signature)
}

func verified(public *ecdsa.PublicKey, e []byte, signature string) error {
	der, err := decode(signature)
	if err != nil || !sm2.VerifyASN1(public, e, der) {
		return unfit(codeResultWrong, "the signature is not one of this key of what was asked for")
	}
	return nil
}

// RefuseRequest refuses.
func (s *Server) RefuseRequest(ctx context.Context, r wire.RefuseRequestRequestObject) (wire.RefuseRequestResponseObject, error) {
	if _, err := s.myRequest(ctx, r.RequestID); err != nil {
		return nil, err
	}
	now := s.now()
	_, err := s.changeRequest(ctx, r.RequestID, func(q *store.Request, _ *store.Key, _ *store.Pairing) (store.Entries, error) {
		if q.State == wire.RequestRefused {
			return nil, nil
		}
		if q.Over() {
			return nil, over(codeRequestOver, q.State)
		}
		q.State, q.Reason = wire.RequestRefused, r.Body.Reason
		return store.Entries{{At: now, Act: actRefused, Account: q.Account, Device: q.Device, Pairing: q.Pairing, Request: q.ID}}, nil
	})
	return wire.RefuseRequest204Response{}, err
}
