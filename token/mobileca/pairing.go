package mobileca

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/emmansun/gmsm/smx509"

	"sealdesk/token"
	"sealdesk/token/foreign"
	"sealdesk/token/mobileca/internal/wire"
)

const (
	graceful    = 5 * time.Second // for telling the service that it is over
	maxLinked   = 17              // certificates that a link brings: one to sign with, those to decrypt with
	maxChain    = 5
	maxText     = 128    // characters of a name that are kept
	maxVersions = 10_000 // of one pairing that are followed: a service that changes it without end is not followed
)

// A pairing is one QR code, from when it is made until a phone is linked.
type pairing struct {
	*caller
	cfg     *Config
	purpose Purpose
	screen  Screen
	secrets secrets
	id      string
	raw     []byte // of id
	view    View
}

// pair shows codes until one was scanned and accepted. The pairings that came to nothing are called off at the service.
func pair(ctx context.Context, s *service, cfg *Config, screen Screen) (*link, error) {
	for {
		l, err := pairOnce(ctx, s, cfg, screen)
		if !errors.Is(err, errCodeExpired) {
			return l, err
		}
		if err := screen.Refresh(ctx); err != nil {
			return nil, err
		}
	}
}

// errCodeExpired: nobody scanned the code; there may be another.
var errCodeExpired = fmt.Errorf("nobody scanned the code: %w", ErrUnconfirmed)

func pairOnce(ctx context.Context, s *service, cfg *Config, screen Screen) (_ *link, err error) {
	key, err := newDesktopKey()
	if err != nil {
		return nil, err
	}
	c, err := s.by(key)
	if err != nil {
		return nil, err
	}
	p := &pairing{caller: c, cfg: cfg, purpose: purposeOf(ctx), screen: screen, secrets: newSecrets()}
	p.view.Kind = p.purpose.Kind
	now, err := p.create(ctx)
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			p.end(ctx)
		}
	}()
	return p.follow(ctx, now)
}

func (p *pairing) create(ctx context.Context) (wire.Pairing, error) {
	var made wire.Pairing
	err := ask(ctx, callTimeout, &made, func(ctx context.Context) (*http.Response, error) {
		return p.wire.CreatePairing(ctx, wire.PairingRequest{
			Kind: wire.PairingKind(p.purpose.Kind), Session: p.purpose.Session && p.purpose.Kind == Sign,
			Platform: wire.Asking{Name: p.cfg.Platform.Name, Origin: p.cfg.Platform.Origin}, Desktop: wire.Desktop{Name: p.cfg.Desktop},
			SecretHash: b64.EncodeToString(p.secrets.secretHash()), Commitment: b64.EncodeToString(p.secrets.commitment()),
		})
	})
	if err != nil {
		return made, err
	}
	p.id = made.ID
	if p.raw, err = b64.DecodeString(made.ID); err != nil || len(p.raw) != 16 || made.State != wire.PairingCreated {
		return made, fmt.Errorf("%w: a pairing without a name", ErrNonsense)
	}
	// The code leads to the service that was dialled and nowhere else, wherever the service may say.
	if made.ScanURL != p.origin+"/q" && !p.cfg.ScanElsewhere {
		return made, fmt.Errorf("%w: its code would lead to another address", ErrNonsense)
	}
	p.view.QR = p.secrets.qrText(made.ScanURL, p.raw, p.key.jkt)
	return made, nil
}

// follow shows each state until the phone is linked, or it is over.
func (p *pairing) follow(ctx context.Context, now wire.Pairing) (*link, error) {
	for range maxVersions {
		p.view.Until = p.local(now.ExpiresAt)
		switch now.State {
		case wire.PairingCreated:
			p.show(Code)
		case wire.PairingScanned, wire.PairingMatched:
			if err := p.match(ctx, now.Scan, now.State == wire.PairingScanned); err != nil {
				return nil, err
			}
		case wire.PairingLinked:
			return p.link(now)
		case wire.PairingExpired:
			if now.Scan == nil {
				p.show(Expired)
				return nil, errCodeExpired
			}
			return nil, ErrUnconfirmed
		case wire.PairingRefused:
			return nil, ErrRefused
		case wire.PairingCancelled, wire.PairingEnded:
			return nil, ErrGivenUp
		default:
			return nil, fmt.Errorf("%w: state %.20q", ErrNonsense, now.State)
		}
		next, err := p.next(ctx, now)
		if err != nil {
			return nil, err
		}
		now = next
	}
	return nil, ErrNonsense
}

// next waits for a newer version. A service that is away until the code has expired has let it expire.
func (p *pairing) next(ctx context.Context, now wire.Pairing) (wire.Pairing, error) {
	var next wire.Pairing
	err := patiently(ctx, p.local(now.ExpiresAt), p.offline, func(wait int) error {
		next = wire.Pairing{}
		return ask(ctx, pollWait+callTimeout, &next, func(ctx context.Context) (*http.Response, error) {
			return p.wire.GetPairing(ctx, p.id, &wire.GetPairingParams{After: now.Version, Wait: wait})
		})
	})
	switch {
	case err == nil && next.ID != p.id:
		return next, fmt.Errorf("%w: another pairing", ErrNonsense)
	case errors.Is(err, ErrUnreachable) && now.State == wire.PairingCreated:
		p.show(Expired)
		return next, errCodeExpired
	}
	return next, err
}

// match shows who scanned, opens the commitment, and shows the match code.
func (p *pairing) match(ctx context.Context, by *wire.ScannedBy, reveal bool) error {
	if by == nil {
		return fmt.Errorf("%w: scanned by nobody", ErrNonsense)
	}
	if p.view.Match != "" {
		p.show(Matched)
		return nil
	}
	jkt, err := b64.DecodeString(by.JKT)
	nonce, err2 := b64.DecodeString(by.Nonce)
	if err = errors.Join(err, err2); err != nil || len(jkt) != 32 || len(nonce) != 32 {
		return fmt.Errorf("%w: who scanned has no key", ErrNonsense)
	}
	p.view.By = Person{foreign.Clean(by.Name, maxText), foreign.Clean(by.Organisation, maxText), foreign.Clean(by.Phone, maxText)}
	p.show(Scanned)
	if reveal {
		err := patiently(ctx, p.view.Until, p.offline, func(int) error {
			return ask(ctx, callTimeout, nil, func(ctx context.Context) (*http.Response, error) {
				return p.wire.RevealNonce(ctx, p.id, wire.NonceReveal{Nonce: b64.EncodeToString(p.secrets.nonce)})
			})
		})
		if err != nil {
			return err
		}
	}
	p.view.Match = p.secrets.matchCode(p.raw, p.key.jkt, jkt, nonce)
	p.show(Matched)
	return nil
}

func (p *pairing) show(at Stage) {
	p.view.Stage = at
	if at != Code {
		p.view.QR = ""
	}
	p.screen.Show(p.view)
}

func (p *pairing) offline(is bool) {
	p.view.Offline = is
	p.screen.Show(p.view)
}

// end tells the service that nobody waits any more, whether ctx has ended or not. That it cannot be told is no matter: the
// pairing expires by itself.
func (p *pairing) end(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), graceful)
	defer cancel()
	_ = ask(ctx, graceful, nil, func(ctx context.Context) (*http.Response, error) { return p.wire.EndPairing(ctx, p.id) })
}

// link is the pairing that the person accepted, with the certificates that he chose.
func (p *pairing) link(now wire.Pairing) (*link, error) {
	if now.Link == nil || len(now.Link.Certificates) == 0 || len(now.Link.Certificates) > maxLinked {
		return nil, fmt.Errorf("%w: a link without certificates", ErrNonsense)
	}
	l := &link{pairing: p, version: now.Version, turn: make(chan struct{}, 1), over: make(chan struct{})}
	for _, c := range now.Link.Certificates {
		id, err := linked(c)
		if err != nil {
			return nil, err
		}
		if p.purpose.Kind != Decrypt && p.now().After(id.chain[0].NotAfter) {
			return nil, fmt.Errorf("%w: a certificate that has expired, and may only decrypt", ErrNonsense)
		}
		l.certificates = append(l.certificates, id)
	}
	for _, s := range now.Link.Seals {
		picture, err := b64.DecodeString(s.PNG)
		if err != nil {
			return nil, fmt.Errorf("%w: a seal without a picture", ErrNonsense)
		}
		l.seals = append(l.seals, token.SealPicture{ID: s.ID, Name: foreign.Clean(s.Name, maxText), Kind: string(s.Kind), WidthMM: s.WidthMM, HeightMM: s.HeightMM, PNG: picture})
	}
	l.setTerms(now.Link.Session)
	l.show(Linked)
	if now.Link.Session != nil {
		l.watch(p.screen)
	}
	return l, nil
}

// certificate is one of a link, or one that is remembered of an earlier one.
type certificate struct {
	id    string // SHA-256 of the DER, as the wire writes it
	use   token.Usage
	chain []*smx509.Certificate
}

func linked(c wire.LinkedCertificate) (certificate, error) {
	out := certificate{id: c.ID}
	switch c.Use {
	case wire.UseSign:
		out.use = token.UsageSign
	case wire.UseEncrypt:
		out.use = token.UsageEncrypt
	}
	if len(c.Chain) == 0 || len(c.Chain) > maxChain || out.use == 0 {
		return out, fmt.Errorf("%w: a certificate without use", ErrNonsense)
	}
	for _, text := range c.Chain {
		der, err := b64.DecodeString(text)
		if err != nil {
			return out, fmt.Errorf("%w: %w", ErrNonsense, err)
		}
		cert, err := smx509.ParseCertificate(der)
		if err != nil {
			return out, fmt.Errorf("%w: %w", ErrNonsense, err)
		}
		out.chain = append(out.chain, cert)
	}
	if b64.EncodeToString(sum(out.chain[0].Raw)) != c.ID || token.UsageOf(out.chain[0])&out.use == 0 {
		return out, fmt.Errorf("%w: a certificate that is not the one it is called", ErrNonsense)
	}
	return out, nil
}
