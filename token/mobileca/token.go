package mobileca

import (
	"context"
	"crypto"
	"fmt"
	"io"
	"sync"

	"github.com/emmansun/gmsm/smx509"

	"sealdesk/token"
)

// A phone is the token: unlocked while it is linked.
type phone struct {
	*driver

	mu   sync.Mutex
	link *link // nil: there is none
}

func (t *phone) Info(context.Context) (token.Info, error) {
	label := t.cfg.Name
	if label == "" {
		label = t.service.origin
	}
	return token.Info{
		URI: URI(t.service.origin), Label: label, Model: "Mobile CA",
		PIN: token.PINState{Tries: -1, Max: -1, ProtectedPath: true}, // the phone asks, and the service counts
	}, nil
}

// Identities are the certificates of the link, or those of earlier ones while there is none.
func (t *phone) Identities(context.Context) ([]token.Identity, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	known := recall(t.cfg.Memory)
	if t.link != nil {
		known = t.link.certificates
	}
	var ids []token.Identity
	for _, c := range known {
		ids = append(ids, &identity{t, c})
	}
	return ids, nil
}

// Seals implements token.SealReader with those that came with the link.
func (t *phone) Seals(context.Context) ([]token.SealPicture, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.link == nil {
		return nil, token.ErrNotUnlocked
	}
	return t.link.seals, nil
}

// Unlock pairs with a phone, for the purpose of the context, and ends the link that was. No PIN is taken: the phone asks for it.
// Errors: ErrRefused, ErrGivenUp, ErrUnconfirmed, ErrUnreachable, ErrNonsense, token.ErrNotSupported without a Screen.
func (t *phone) Unlock(ctx context.Context, pin []byte) error {
	token.Wipe(pin)
	screen, ok := ctx.Value(screenKey{}).(Screen)
	if !ok {
		if screen = t.cfg.Screen; screen == nil {
			return fmt.Errorf("there is no screen for the QR code: %w", token.ErrNotSupported)
		}
	}
	made, err := pair(ctx, t.service, &t.cfg, screen)
	if err != nil {
		return err
	}
	if ctx.Err() != nil { // whoever called it off does not expect a link
		made.close(ctx)
		return ctx.Err()
	}
	_ = remember(t.cfg.Memory, made.certificates) // a help for the next time alone
	t.mu.Lock()
	was := t.link
	t.link = made
	t.mu.Unlock()
	if was != nil {
		was.close(ctx)
	}
	return nil
}

func (t *phone) Lock(ctx context.Context) error {
	t.mu.Lock()
	l := t.link
	t.link = nil
	t.mu.Unlock()
	if l != nil {
		l.close(ctx)
	}
	return nil
}

func (t *phone) Close() error { return t.Lock(context.Background()) }

// linkFor is the link, if it is with this certificate.
func (t *phone) linkFor(c certificate) (*link, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.link == nil {
		return nil, token.ErrNotUnlocked
	}
	for _, o := range t.link.certificates {
		if o.id == c.id {
			return t.link, t.link.usable()
		}
	}
	return nil, token.ErrNotUnlocked
}

type identity struct {
	phone *phone
	certificate
}

func (i *identity) ID() string                       { return i.id }
func (i *identity) Certificate() *smx509.Certificate { return i.chain[0] }
func (i *identity) Chain() []*smx509.Certificate     { return i.chain[1:] }
func (i *identity) Usage() token.Usage               { return i.use }

func (i *identity) Signer(ctx context.Context) (crypto.Signer, error) {
	l, err := i.phone.linkFor(i.certificate)
	if err != nil {
		return nil, err
	}
	return &signer{key{ctx, i.certificate, l}}, nil
}

func (i *identity) Decrypter(ctx context.Context) (crypto.Decrypter, error) {
	l, err := i.phone.linkFor(i.certificate)
	if err != nil {
		return nil, err
	}
	if l.purpose.Kind != Decrypt {
		return nil, fmt.Errorf("the pairing is not one to decrypt: %w", token.ErrNotSupported)
	}
	return &decrypter{key{ctx, i.certificate, l}}, nil
}

// key is a certificate's under a link. It holds the context because crypto.Signer has no place for one.
type key struct {
	ctx  context.Context
	cert certificate
	link *link
}

func (k key) Public() crypto.PublicKey { return k.cert.chain[0].PublicKey }

type signer struct{ key }

// Sign implements crypto.Signer: a digest alone is nothing that a phone can show.
func (s *signer) Sign(io.Reader, []byte, crypto.SignerOpts) ([]byte, error) {
	if err := s.link.usable(); err != nil {
		return nil, err
	}
	return nil, ErrNotShown
}

// SignMessage implements crypto.MessageSigner. The link's end, and the context's, end it.
func (s *signer) SignMessage(_ io.Reader, message []byte, _ crypto.SignerOpts) ([]byte, error) {
	return during(s.key, func(ctx context.Context) ([]byte, error) {
		return s.link.sign(ctx, s.cert, message, purposeOf(s.ctx))
	})
}

type decrypter struct{ key }

// maxCipher is the most that the service takes, in bytes.
const maxCipher = 4 << 10

func (d *decrypter) Decrypt(_ io.Reader, cipher []byte, _ crypto.DecrypterOpts) ([]byte, error) {
	if len(cipher) == 0 || len(cipher) > maxCipher {
		return nil, token.ErrDecrypt
	}
	return during(d.key, func(ctx context.Context) ([]byte, error) {
		return d.link.decrypt(ctx, d.cert, cipher, purposeOf(d.ctx))
	})
}

// during does what ends with the link, too.
func during(k key, do func(context.Context) ([]byte, error)) ([]byte, error) {
	ctx, cancel := context.WithCancel(k.ctx)
	defer cancel()
	go func() {
		select {
		case <-k.link.over:
			cancel()
		case <-ctx.Done():
		}
	}()
	out, err := do(ctx)
	if err != nil && k.ctx.Err() == nil && ctx.Err() != nil {
		return nil, k.link.usable()
	}
	return out, err
}
