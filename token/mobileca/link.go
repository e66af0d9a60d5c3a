package mobileca

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/google/uuid"

	"sealdesk/token"
	"sealdesk/token/foreign"
	"sealdesk/token/mobileca/internal/wire"
)

// How long a request may wait for its person, as the service has it.
const (
	requestLife = 180 * time.Second
	loginLife   = 60 * time.Second
)

// A link is a pairing that was accepted.
type link struct {
	*pairing
	certificates []certificate
	seals        []token.SealPicture
	version      int64
	turn         chan struct{} // holds one thing while a request is under way
	stop         func()        // of the watch; nil: there is none

	mu    sync.Mutex
	spent bool          // its one request was answered
	over  chan struct{} // closed with the end
	ended error         // why, once over is closed
}

// end is over's: the first reason counts.
func (l *link) finish(why error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.ended == nil {
		l.ended = why
		close(l.over)
	}
}

// usable is nil while the link serves.
func (l *link) usable() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case l.ended != nil:
		return l.ended
	case l.spent:
		return token.ErrNotUnlocked
	}
	return nil
}

// close ends it at the service too.
func (l *link) close(ctx context.Context) {
	if l.stop != nil {
		l.stop()
	}
	served := l.usable() == nil
	l.finish(token.ErrNotUnlocked)
	if served {
		l.pairing.end(ctx)
	}
}

func (l *link) setTerms(t *wire.SessionTerms) {
	if t == nil {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.view.Session = &Session{Auto: t.Auto, Used: t.Used, Max: t.Max, Ends: l.local(t.EndsAt), Idle: l.local(t.IdleEndsAt)}
}

func (l *link) show(at Stage) { l.showOn(l.screen, at, time.Time{}, false) }

func (l *link) showOn(s Screen, at Stage, until time.Time, offline bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	v := l.view
	v.Stage, v.Until, v.Offline, v.QR = at, until, offline, ""
	s.Show(v)
}

// watch follows a session until it ends: it may end on the phone, and its terms change there.
func (l *link) watch(screen Screen) {
	ctx, stop := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	l.stop = func() { stop(); wg.Wait() }
	wg.Go(func() {
		for range maxVersions {
			var now wire.Pairing
			until := time.Now().Add(24 * time.Hour) // the service ends it long before
			err := patiently(ctx, until, func(off bool) { l.showOn(screen, Linked, time.Time{}, off) }, func(wait int) error {
				now = wire.Pairing{}
				return ask(ctx, pollWait+callTimeout, &now, func(ctx context.Context) (*http.Response, error) {
					return l.wire.GetPairing(ctx, l.id, &wire.GetPairingParams{After: l.version, Wait: wait})
				})
			})
			switch {
			case ctx.Err() != nil:
				return
			case err != nil:
				l.finish(errors.Join(ErrEnded, err))
			case now.State != wire.PairingLinked:
				l.mu.Lock()
				if why := Why(now.Ended); slices.Contains(whys, why) {
					l.view.Why = why
				}
				l.mu.Unlock()
				l.finish(ErrEnded)
			default:
				l.version = now.Version
				if now.Link != nil {
					l.setTerms(now.Link.Session)
				}
				l.showOn(screen, Linked, time.Time{}, false)
				continue
			}
			l.showOn(screen, Ended, time.Time{}, false)
			return
		}
	})
}

// request asks the phone once, and waits for its person. Requests of one link go one after the other.
func (l *link) request(ctx context.Context, fill func(*wire.RequestPayload)) (*wire.Result, string, error) {
	select {
	case l.turn <- struct{}{}:
		defer func() { <-l.turn }()
	case <-l.over:
	case <-ctx.Done():
		return nil, "", ctx.Err()
	}
	if err := l.usable(); err != nil {
		return nil, "", err
	}
	screen := l.screenOf(ctx)
	id, err := uuid.NewV7()
	if err != nil {
		return nil, "", err
	}
	life := requestLife
	if l.purpose.Kind == Login {
		life = loginLife
	}
	now := l.now()
	payload := wire.RequestPayload{
		V: wire.RequestV1, ID: id.String(), Pairing: l.id, Kind: wire.PairingKind(l.purpose.Kind), Iat: now.Unix(), Exp: now.Add(life).Unix(),
		Platform: wire.Asking{Name: l.cfg.Platform.Name, Origin: l.cfg.Platform.Origin}, Desktop: wire.Desktop{Name: l.cfg.Desktop},
	}
	fill(&payload)
	jws, err := sign(l.key.asks, payload)
	if err != nil {
		return nil, "", err
	}
	until := time.Now().Add(life)
	l.showOn(screen, Waiting, until, false)
	defer l.showOn(screen, Done, time.Time{}, false)
	var made wire.DesktopRequest
	err = l.patiently(ctx, screen, until, func(int) error {
		made = wire.DesktopRequest{}
		// The same bytes again are the same request: what was lost on the way is not asked for twice.
		return ask(ctx, callTimeout, &made, func(ctx context.Context) (*http.Response, error) {
			return l.wire.CreateRequest(ctx, l.id, wire.RequestSubmission{JWS: jws})
		})
	})
	var result *wire.Result
	if err == nil {
		result, err = l.await(ctx, screen, made, id.String())
	}
	// It may have reached the phone even where its answer was lost.
	if err != nil && (ctx.Err() != nil || errors.Is(err, ErrUnreachable)) {
		l.takeBack(ctx, id.String())
	}
	return result, id.String(), err
}

func (l *link) patiently(ctx context.Context, screen Screen, until time.Time, do func(wait int) error) error {
	return patiently(ctx, until, func(off bool) { l.showOn(screen, Waiting, until, off) }, do)
}

// await follows a request until it is answered or over.
func (l *link) await(ctx context.Context, screen Screen, now wire.DesktopRequest, id string) (*wire.Result, error) {
	for range maxVersions {
		if now.ID != id {
			return nil, fmt.Errorf("%w: another request", ErrNonsense)
		}
		l.setTerms(now.Session)
		until := l.local(now.ExpiresAt)
		switch now.State {
		case wire.RequestWaiting:
			l.showOn(screen, Waiting, until, false)
		case wire.RequestShown:
			l.showOn(screen, Shown, until, false)
		case wire.RequestApproved:
			if now.Result == nil {
				return nil, fmt.Errorf("%w: an answer without a result", ErrNonsense)
			}
			l.mu.Lock()
			l.spent = l.view.Session == nil
			l.mu.Unlock()
			return now.Result, nil
		case wire.RequestRefused:
			if reasonLocked(now.Reason) {
				return nil, token.ErrPINLocked
			}
			return nil, ErrRefused
		case wire.RequestExpired:
			return nil, ErrUnconfirmed
		case wire.RequestCancelled:
			select {
			case <-l.over:
				return nil, ErrEnded
			default:
				return nil, ErrGivenUp
			}
		default:
			return nil, fmt.Errorf("%w: state %.20q", ErrNonsense, now.State)
		}
		var next wire.DesktopRequest
		err := l.patiently(ctx, screen, until, func(wait int) error {
			next = wire.DesktopRequest{}
			return ask(ctx, pollWait+callTimeout, &next, func(ctx context.Context) (*http.Response, error) {
				return l.wire.GetDesktopRequest(ctx, l.id, id, &wire.GetDesktopRequestParams{After: now.Version, Wait: wait})
			})
		})
		if err != nil {
			return nil, err
		}
		now = next
	}
	return nil, ErrNonsense
}

// takeBack tells the phone that nobody waits for it any more.
func (l *link) takeBack(ctx context.Context, id string) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), graceful)
	defer cancel()
	_ = ask(ctx, graceful, nil, func(ctx context.Context) (*http.Response, error) { return l.wire.CancelRequest(ctx, l.id, id) })
}

// screenOf is where a request is shown: on its own context's, or where the code was.
func (l *link) screenOf(ctx context.Context) Screen {
	if s, ok := ctx.Value(screenKey{}).(Screen); ok {
		return s
	}
	return l.screen
}

// sign has the phone sign tbs with the certificate.
func (l *link) sign(ctx context.Context, c certificate, tbs []byte, p Purpose) ([]byte, error) {
	form, digest, err := formOf(l.purpose.Kind, tbs)
	if err != nil {
		return nil, err
	}
	result, _, err := l.request(ctx, func(q *wire.RequestPayload) {
		q.Certificate, q.Form, q.Tbs, q.Summary = c.id, form, b64.EncodeToString(tbs), foreign.Cut(p.Summary, 500)
		if digest != nil {
			q.Document = p.Document.wire(digest)
		}
	})
	if err != nil {
		return nil, err
	}
	signature, err := b64.DecodeString(result.Signature)
	if err != nil || len(signature) == 0 {
		return nil, fmt.Errorf("%w: an answer without a signature", ErrNonsense)
	}
	return signature, nil
}

// decrypt has the phone open an SM2Cipher (GB/T 35276, 7.2).
func (l *link) decrypt(ctx context.Context, c certificate, cipher []byte, p Purpose) ([]byte, error) {
	result, id, err := l.request(ctx, func(q *wire.RequestPayload) {
		q.Certificate, q.Cipher, q.Summary = c.id, b64.EncodeToString(cipher), foreign.Cut(p.Summary, 500)
		if p.Document != nil {
			q.Document = p.Document.wire(sum(cipher))
			q.Document.DigestAlg = wire.DigestSHA256
		}
	})
	switch {
	case err != nil:
		return nil, err
	case result.Sealed == nil:
		return nil, fmt.Errorf("%w: an answer without what was decrypted", ErrNonsense)
	}
	return l.key.open(result.Sealed, id)
}

// wire describes the document; nil is one that nobody named.
func (d *Document) wire(digest []byte) *wire.RequestDocument {
	out := &wire.RequestDocument{Digest: b64.EncodeToString(digest), DigestAlg: wire.DigestSM3, Title: "—"}
	if d == nil {
		return out
	}
	if title := foreign.Cut(d.Title, 200); title != "" {
		out.Title = title
	}
	out.File, out.Pages, out.Size, out.Amount = foreign.Cut(d.File, 200), max(d.Pages, 0), max(d.Size, 0), max(d.Amount, 0)
	for _, p := range d.Parties[:min(len(d.Parties), 10)] {
		out.Parties = append(out.Parties, foreign.Cut(p, 200))
	}
	return out
}
