package token_test

import (
	"context"
	"crypto"
	"errors"
	"sync"
	"testing"

	"github.com/emmansun/gmsm/smx509"

	"sealdesk/token"
	"sealdesk/token/ca"
)

const (
	pin      = "246810"
	wrongPIN = "135790"
	tries    = 5
)

// fake is a key in memory, with everything that a bad vendor library does. It
// knows none of the rules: what holds in these tests is held by the guard.
type fake struct {
	mu       sync.Mutex
	info     token.Info
	pin      string
	open     bool
	away     bool
	pins     int // how many PINs came
	keys     map[token.Usage]crypto.Signer
	certs    map[token.Usage]*smx509.Certificate
	spoil    func([]byte) []byte // what becomes of signatures
	wrap     func(*fakeSigner) crypto.Signer
	hang     chan struct{} // while set, calls wait for it
	under    int           // calls that wait
	watchers []chan token.Event
}

var keys = sync.OnceValue(func() map[ca.Algorithm][2]crypto.Signer {
	m := map[ca.Algorithm][2]crypto.Signer{}
	for _, a := range ca.Algorithms() {
		var pair [2]crypto.Signer
		for i := range pair {
			pair[i], _ = ca.GenerateKey(a)
		}
		m[a] = pair
	}
	return m
})

var authority = sync.OnceValues(func() (*ca.Authority, error) { return ca.New() })

func issue(t testing.TB, req ca.Request) *smx509.Certificate {
	t.Helper()
	issuer, err := authority()
	if err != nil {
		t.Fatal(err)
	}
	if req.Subject.Name == "" {
		req.Subject.Name = "采购人"
	}
	cert, err := issuer.Issue(req)
	if err != nil {
		t.Fatal(err)
	}
	return cert
}

func newFake(t testing.TB, a ca.Algorithm) *fake {
	t.Helper()
	pair := keys()[a]
	return &fake{
		info: token.Info{URI: "soft:token=fake", Label: "fake", PIN: token.PINState{Tries: tries, Max: tries}},
		pin:  pin,
		keys: map[token.Usage]crypto.Signer{token.UsageSign: pair[0], token.UsageEncrypt: pair[1]},
		certs: map[token.Usage]*smx509.Certificate{
			token.UsageSign:    issue(t, ca.Request{PublicKey: pair[0].Public(), Usage: token.UsageSign}),
			token.UsageEncrypt: issue(t, ca.Request{PublicKey: pair[1].Public(), Usage: token.UsageEncrypt}),
		},
	}
}

// enter is what every call to the fake begins with.
func (f *fake) enter() error {
	f.mu.Lock()
	hang := f.hang
	if hang != nil {
		f.under++
	}
	f.mu.Unlock()
	if hang != nil {
		<-hang // whatever the context says
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.away {
		return token.ErrRemoved
	}
	return nil
}

func (f *fake) setHang(on bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if on {
		f.hang = make(chan struct{})
	} else if f.hang != nil {
		close(f.hang)
		f.hang = nil
	}
}

func (f *fake) plug(in bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.away, f.open = !in, false
	kind := token.Removed
	if in {
		kind = token.Plugged
	}
	for _, w := range f.watchers {
		w <- token.Event{Kind: kind, URI: f.info.URI}
	}
}

func (f *fake) pinCount() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.pins
}

func (f *fake) Tokens(context.Context) ([]token.Token, error) {
	switch err := f.enter(); {
	case errors.Is(err, token.ErrRemoved):
		return nil, nil
	case err != nil:
		return nil, err
	}
	return []token.Token{f}, nil
}

func (f *fake) Watch(ctx context.Context) (<-chan token.Event, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	events := make(chan token.Event, 4)
	f.watchers = append(f.watchers, events)
	context.AfterFunc(ctx, func() {
		f.mu.Lock()
		defer f.mu.Unlock()
		f.watchers = nil
		close(events)
	})
	return events, nil
}

func (f *fake) Info(context.Context) (token.Info, error) {
	err := f.enter()
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.info, err
}

func (f *fake) Identities(context.Context) ([]token.Identity, error) {
	if err := f.enter(); err != nil {
		return nil, err
	}
	return []token.Identity{
		&fakeIdentity{f, token.UsageSign}, &fakeIdentity{f, token.UsageEncrypt},
		&fakeIdentity{f, token.UsageSign | token.UsageEncrypt}, // a key without a certificate
	}, nil
}

func (f *fake) Unlock(_ context.Context, given []byte) error {
	f.mu.Lock()
	f.pins++
	f.mu.Unlock()
	if err := f.enter(); err != nil {
		return err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if string(given) != f.pin {
		if f.info.PIN.Tries > 0 {
			f.info.PIN.Tries--
		}
		return &token.PINWrongError{Tries: f.info.PIN.Tries}
	}
	f.open = true
	f.info.PIN.Tries = f.info.PIN.Max
	return nil
}

func (f *fake) ChangePIN(ctx context.Context, old, new []byte) error {
	was := f.open
	if err := f.Unlock(ctx, old); err != nil {
		return err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.pin, f.open = string(new), was
	return nil
}

func (f *fake) Lock(context.Context) error { return f.Close() }

func (f *fake) Close() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.open = false
	return nil
}

type fakeIdentity struct {
	*fake
	usage token.Usage
}

func (i *fakeIdentity) ID() string                       { return string(rune('0' + i.usage)) }
func (i *fakeIdentity) Certificate() *smx509.Certificate { return i.certs[i.usage] }
func (i *fakeIdentity) Chain() []*smx509.Certificate     { return nil }
func (i *fakeIdentity) Usage() token.Usage               { return i.usage }

func (i *fakeIdentity) ready() error {
	if err := i.enter(); err != nil {
		return err
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	if !i.open {
		return token.ErrNotUnlocked
	}
	return nil
}

func (i *fakeIdentity) Signer(context.Context) (crypto.Signer, error) {
	s := &fakeSigner{i}
	if i.wrap != nil {
		return i.wrap(s), i.ready()
	}
	return s, i.ready()
}

func (i *fakeIdentity) Decrypter(context.Context) (crypto.Decrypter, error) {
	if err := i.ready(); err != nil {
		return nil, err
	}
	if d, ok := i.keys[i.usage].(crypto.Decrypter); ok {
		return d, nil
	}
	return nil, token.ErrNotSupported
}
