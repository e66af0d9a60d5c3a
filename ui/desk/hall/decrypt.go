package hall

import (
	"context"
	"errors"

	"sealdesk/platformapi"
	"sealdesk/signer/envelope"
	"sealdesk/token"
	"sealdesk/token/mobileca"
)

// A Part of the work of one decryption.
type Part string

// The parts, in their order.
const (
	PartUnlock  Part = "unlock"  // the key is handed the PIN
	PartFetch   Part = "fetch"   // the envelopes come from the platform
	PartDecrypt Part = "decrypt" // the key opens them
	PartSend    Part = "send"    // the platform opens the bid, and checks all of it
)

// open has a token's key open one envelope: what comes out is the secret that the platform waits for. The caller wipes it.
func (p inPort) open(ctx context.Context, e platformapi.BidEnvelope) ([]byte, error) {
	sealed, err := envelope.Parse(e.Inner)
	if err != nil {
		return nil, &Error{Kind: Unfit, Detail: e.Name, inner: err}
	}
	for _, r := range sealed.Recipients() {
		for _, id := range p.ids {
			if !r.Is(id.Certificate()) {
				continue
			}
			key, err := id.Decrypter(ctx)
			if err != nil {
				return nil, err
			}
			return sealed.Open(id.Certificate(), key)
		}
	}
	wrong := &Error{Kind: WrongCertificate, Bidder: p.key.Holder.Name, Found: p.key.Serials()}
	for _, r := range e.Recipients {
		wrong.Needed = append(wrong.Needed, r.Serial)
	}
	return nil, wrong
}

// hand gives the platform what a key opened, and wipes it. Errors: *Error of Kind Refused; the platform's.
func (r *Room) hand(ctx context.Context, b platformapi.Bid, opened []platformapi.OpenedEnvelope) error {
	defer wipe(opened)
	after, err := r.platform.Decrypt(ctx, platformapi.NewID(), b.ID, opened)
	if err != nil {
		return err
	}
	r.put(after)
	return FailureOf(after)
}

func wipe(opened []platformapi.OpenedEnvelope) {
	for _, o := range opened {
		token.Wipe(o.Secret)
	}
}

// put takes a bid as the platform gave it into what is seen, before the room is read anew.
func (r *Room) put(b platformapi.Bid) {
	r.mu.Lock()
	defer r.mu.Unlock()
	bids := append([]platformapi.Bid(nil), r.view.Bids...)
	for i := range bids {
		if bids[i].ID == b.ID && bids[i].Version <= b.Version {
			bids[i] = b
		}
	}
	r.view.Bids = bids
	r.tell()
}

// report tells the platform why a bidder's key did not open its bid, so that the host sees it. What is no failure of the bidder's
// key is not told.
func (r *Room) report(ctx context.Context, b platformapi.Bid, why error) {
	f, told := failureOf(why)
	if !told || b.ID == "" {
		return
	}
	after, err := r.platform.ReportFailure(context.WithoutCancel(ctx), platformapi.NewID(), b.ID, f)
	if err == nil { // the person knows already, and the host may ask
		r.put(after)
	}
}

// failureOf is the cause in the platform's words.
func failureOf(err error) (platformapi.Failure, bool) {
	f := platformapi.Failure{}
	if e, ok := errors.AsType[*Error](err); ok {
		switch e.Kind {
		case NoKey:
			f.Cause = platformapi.CauseNoKey
		case WrongCertificate:
			f.Cause = platformapi.CauseWrongCertificate
		case Replaced:
			f.Cause = platformapi.CauseCertificateReplaced
		default:
			return f, false
		}
		f.Needed, f.Found = e.Needed, e.Found
		return f, true
	}
	if e, ok := errors.AsType[*token.PINWrongError](err); ok {
		f.Cause = platformapi.CausePINWrong
		if e.Tries >= 0 {
			f.TriesLeft = &e.Tries
		}
		return f, true
	}
	for _, c := range []struct {
		is    error
		cause platformapi.FailureCause
	}{
		{token.ErrPINLocked, platformapi.CausePINLocked},
		{mobileca.ErrRefused, platformapi.CausePhoneRefused},
		{mobileca.ErrGivenUp, platformapi.CausePhoneRefused},
		{mobileca.ErrUnconfirmed, platformapi.CausePhoneExpired},
		{mobileca.ErrEnded, platformapi.CausePhoneExpired},
		{mobileca.ErrUnreachable, platformapi.CausePhoneOffline},
		{token.ErrRemoved, platformapi.CauseNoKey},
		{token.ErrTimeout, platformapi.CauseTokenFailed},
		{token.ErrDecrypt, platformapi.CauseTokenFailed},
		{token.ErrNotSupported, platformapi.CauseTokenFailed},
		{&envelope.Error{Kind: envelope.NotOpened}, platformapi.CauseTokenFailed},
	} {
		if errors.Is(err, c.is) {
			f.Cause = c.cause
			if f.Cause == platformapi.CauseTokenFailed {
				f.Detail = code(err)
			}
			return f, true
		}
	}
	return f, false
}

// code is the first code in an error's tree: what the hot line is told.
func code(err error) string {
	if e, ok := errors.AsType[interface {
		error
		Code() string
	}](err); ok {
		return e.Code()
	}
	return ""
}
