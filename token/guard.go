package token

import (
	"bytes"
	"context"
	"crypto"
	"errors"
	"fmt"
	"io"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/emmansun/gmsm/smx509"

	"sealdesk/token/foreign"
)

// Limits bound how long one call may take when the context sets no nearer
// deadline. Zero fields take the values of DefaultLimits.
type Limits struct {
	Look    time.Duration // listing, reading what is public, locking
	Operate time.Duration // PIN, signing, decryption: a person may have to press a button
}

// DefaultLimits leave a person time to find the button on the key.
var DefaultLimits = Limits{Look: 10 * time.Second, Operate: 120 * time.Second}

const (
	maxUnderWay   = 16       // calls a driver may have under way, those left behind included
	maxTokens     = 256      // a driver that claims more is not believed
	maxIdentities = 256      // on one token
	maxText       = 128      // runes of a label that are kept
	maxCiphertext = 64 << 10 // bytes; keys are wrapped, never documents
	maxMessage    = 1 << 20  // bytes; signed attributes and statements are signed, never documents
)

// Guard puts the common rules above a driver. Drivers call it in their Open, so
// that no unguarded driver is ever handed out.
func Guard(d Driver, l Limits) Driver {
	if l.Look <= 0 {
		l.Look = DefaultLimits.Look
	}
	if l.Operate <= 0 {
		l.Operate = DefaultLimits.Operate
	}
	return &guard{driver: d, limits: l, slots: make(chan struct{}, maxUnderWay), gates: map[string]chan struct{}{}}
}

type guard struct {
	driver Driver
	limits Limits
	slots  chan struct{}

	mu    sync.Mutex
	gates map[string]chan struct{} // by token URI: one PIN under way at a time
}

// do runs f and returns when it does, or when ctx ends or the limit is over:
// a library that hangs holds up nobody but itself.
func (g *guard) do(ctx context.Context, limit time.Duration, f func(context.Context) error) error {
	return g.doThen(ctx, limit, f, func() {})
}

// doThen is do with a last act, which is called once: when f has returned,
// even if nobody waits for it any more, or when f was never started. A call
// that is left behind keeps its slot until it returns, so that a hanging library
// cannot gather goroutines without bound.
func (g *guard) doThen(ctx context.Context, limit time.Duration, f func(context.Context) error, then func()) error {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	if ctx.Err() != nil {
		then()
		return contextError(ctx.Err())
	}
	select {
	case g.slots <- struct{}{}:
	case <-ctx.Done():
		then()
		return contextError(ctx.Err())
	}
	done := make(chan error, 1)
	go func() {
		defer func() { <-g.slots }()
		defer then()
		done <- f(ctx)
	}()
	select {
	case err := <-done:
		return contextError(err)
	case <-ctx.Done():
	}
	select {
	case err := <-done: // an answer that came in the same moment says more
		return contextError(err)
	default:
		return contextError(ctx.Err())
	}
}

// get is do for calls with a result.
func get[T any](g *guard, ctx context.Context, limit time.Duration, f func(context.Context) (T, error)) (T, error) {
	var got T
	res := make(chan T, 1)
	err := g.do(ctx, limit, func(ctx context.Context) error {
		v, err := f(ctx)
		res <- v
		return err
	})
	if err == nil {
		got = <-res
	}
	return got, err
}

// gate lets one PIN through to the token at a time. Two wrong PINs under way
// together would both see two tries left, and the last would go unasked. A PIN
// that was left behind in a hanging library keeps the gate shut until it is
// known what became of it.
func (g *guard) gate(uri string) chan struct{} {
	g.mu.Lock()
	defer g.mu.Unlock()
	c := g.gates[uri]
	if c == nil {
		c = make(chan struct{}, 1)
		g.gates[uri] = c
	}
	return c
}

func (g *guard) Tokens(ctx context.Context) ([]Token, error) {
	found, err := get(g, ctx, g.limits.Look, g.driver.Tokens)
	if err != nil {
		return nil, err
	}
	if len(found) > maxTokens {
		return nil, fmt.Errorf("the driver reports %d tokens: %w", len(found), ErrNotSupported)
	}
	tokens := make([]Token, 0, len(found))
	for _, t := range found {
		checked := &guardedToken{g: g, token: t}
		c, changes := t.(PINChanger)
		p, takesKeys := t.(Provisioner)
		switch {
		case changes && takesKeys: // a token that takes keys changes its PIN too
			tokens = append(tokens, &provisionedToken{&pinChangingToken{checked, c}, p})
		case changes:
			tokens = append(tokens, &pinChangingToken{checked, c})
		default:
			tokens = append(tokens, checked)
		}
	}
	return tokens, nil
}

func (g *guard) Watch(ctx context.Context) (<-chan Event, error) {
	// The watch outlives the call: the driver gets the caller's context, and
	// only the wait for its answer is limited.
	return get(g, ctx, g.limits.Look, func(context.Context) (<-chan Event, error) {
		return g.driver.Watch(ctx)
	})
}

type guardedToken struct {
	g     *guard
	token Token
	tried atomic.Bool // a PIN was handed over by this value
}

func (t *guardedToken) Info(ctx context.Context) (Info, error) {
	info, err := get(t.g, ctx, t.g.limits.Look, t.token.Info)
	if err != nil {
		return Info{}, err
	}
	info.Label = foreign.Clean(info.Label, maxText)
	info.Serial = foreign.Clean(info.Serial, maxText)
	info.Model = foreign.Clean(info.Model, maxText)
	info.Manufacturer = foreign.Clean(info.Manufacturer, maxText)
	if info.PIN.Tries == 0 {
		info.PIN.Locked = true
	}
	return info, nil
}

func (t *guardedToken) Identities(ctx context.Context) ([]Identity, error) {
	found, err := get(t.g, ctx, t.g.limits.Look, t.token.Identities)
	if err != nil {
		return nil, err
	}
	if len(found) > maxIdentities {
		return nil, fmt.Errorf("the token reports %d identities: %w", len(found), ErrNotSupported)
	}
	ids := make([]Identity, 0, len(found))
	for _, id := range found {
		if id.Certificate() == nil {
			continue // a key without a certificate is nobody's
		}
		ids = append(ids, &guardedIdentity{t.g, id})
	}
	return ids, nil
}

func (t *guardedToken) Unlock(ctx context.Context, pin []byte) error {
	defer Wipe(pin)
	return t.tryPIN(ctx, pin, nil, func(ctx context.Context, pin, _ []byte) error {
		return t.token.Unlock(ctx, pin)
	})
}

func (t *guardedToken) Lock(ctx context.Context) error {
	return t.g.do(ctx, t.g.limits.Look, t.token.Lock)
}

// Close locks the token if it was unlocked by this value. The login of a USB key is one for the whole program, and looking at
// the key must not lock it under a signature of somebody else's.
func (t *guardedToken) Close() error {
	if !t.tried.Load() {
		return nil
	}
	return t.g.do(context.Background(), t.g.limits.Look, func(context.Context) error { return t.token.Close() })
}

// tryPIN holds the rules of the PIN. use gets copies that are wiped when the
// driver has returned, which may be after the caller has gone.
func (t *guardedToken) tryPIN(ctx context.Context, pin, next []byte, use func(ctx context.Context, pin, next []byte) error) error {
	info, err := t.Info(ctx)
	if err != nil {
		return err
	}
	gate := t.g.gate(info.URI)
	wait, cancel := context.WithTimeout(ctx, t.g.limits.Operate)
	defer cancel()
	select {
	case gate <- struct{}{}:
	case <-wait.Done():
		return contextError(wait.Err())
	}
	// Read again behind the gate: the PIN before this one may have cost a try.
	if ctx, err = t.mayTry(ctx, pin); err != nil {
		<-gate
		return err
	}
	pin, next = bytes.Clone(pin), bytes.Clone(next)
	err = t.g.doThen(ctx, t.g.limits.Operate,
		func(ctx context.Context) error {
			t.tried.Store(true)
			return use(ctx, pin, next)
		},
		func() { Wipe(pin); Wipe(next); <-gate })
	var wrong *PINWrongError
	if errors.As(err, &wrong) && wrong.Tries == 0 {
		return ErrPINLocked
	}
	return err
}

// mayTry says whether a PIN may go to the token at all, and marks the context
// when it is the last one.
func (t *guardedToken) mayTry(ctx context.Context, pin []byte) (context.Context, error) {
	info, err := t.Info(ctx)
	switch {
	case err != nil:
		return ctx, err
	case info.PIN.Locked:
		return ctx, ErrPINLocked
	case len(pin) == 0 && !info.PIN.ProtectedPath:
		return ctx, ErrPINEmpty
	case info.PIN.Tries != 1:
		return ctx, nil
	case !takeConsent(ctx):
		return ctx, ErrLastTry
	}
	return context.WithValue(ctx, grantKey{}, true), nil
}

// pinChangingToken is a guardedToken whose driver can change PINs.
type pinChangingToken struct {
	*guardedToken
	changer PINChanger
}

func (t *pinChangingToken) ChangePIN(ctx context.Context, old, new []byte) error {
	defer Wipe(old)
	defer Wipe(new)
	return t.tryPIN(ctx, old, new, t.changer.ChangePIN)
}

// provisionedToken is a pinChangingToken whose driver can put keys on it.
type provisionedToken struct {
	*pinChangingToken
	provisioner Provisioner
}

func (t *provisionedToken) NewKey(ctx context.Context, container, algorithm string, use Usage) (string, crypto.PublicKey, error) {
	type key struct {
		id  string
		pub crypto.PublicKey
	}
	k, err := get(t.g, ctx, t.g.limits.Operate, func(ctx context.Context) (key, error) {
		id, pub, err := t.provisioner.NewKey(ctx, container, algorithm, use)
		return key{id, pub}, err
	})
	return k.id, k.pub, err
}

func (t *provisionedToken) StoreCertificate(ctx context.Context, id string, cert *smx509.Certificate, chain []*smx509.Certificate) error {
	return t.g.do(ctx, t.g.limits.Operate, func(ctx context.Context) error {
		return t.provisioner.StoreCertificate(ctx, id, cert, chain)
	})
}

type guardedIdentity struct {
	g  *guard
	id Identity
}

func (i *guardedIdentity) ID() string                       { return i.id.ID() }
func (i *guardedIdentity) Certificate() *smx509.Certificate { return i.id.Certificate() }
func (i *guardedIdentity) Chain() []*smx509.Certificate     { return i.id.Chain() }
func (i *guardedIdentity) Usage() Usage                     { return i.id.Usage() }

func (i *guardedIdentity) HasPrivateKey() bool {
	k, ok := i.id.(KeyHolder)
	return !ok || k.HasPrivateKey()
}

func (i *guardedIdentity) Container() string {
	if c, ok := i.id.(Contained); ok {
		return c.Container()
	}
	return ""
}

func (i *guardedIdentity) Signer(ctx context.Context) (crypto.Signer, error) {
	if i.id.Usage()&UsageSign == 0 {
		return nil, ErrWrongUsage
	}
	// The driver's signer lives as long as the caller's context, not as long
	// as this call.
	s, err := get(i.g, ctx, i.g.limits.Operate, func(context.Context) (crypto.Signer, error) { return i.id.Signer(ctx) })
	if err != nil {
		return nil, err
	}
	checked := &verifyingSigner{i.g, ctx, s, i.id.Certificate().PublicKey}
	if m, ok := s.(crypto.MessageSigner); ok {
		return &verifyingMessageSigner{checked, m}, nil
	}
	return checked, nil
}

func (i *guardedIdentity) Decrypter(ctx context.Context) (crypto.Decrypter, error) {
	if i.id.Usage()&UsageEncrypt == 0 {
		return nil, ErrWrongUsage
	}
	d, err := get(i.g, ctx, i.g.limits.Operate, func(context.Context) (crypto.Decrypter, error) { return i.id.Decrypter(ctx) })
	if err != nil {
		return nil, err
	}
	return &boundedDecrypter{i.g, ctx, d, i.id.Certificate().PublicKey}, nil
}

// verifyingSigner returns only signatures that the certificate's key verifies.
// It holds the context because crypto.Signer has no place for one.
type verifyingSigner struct {
	g      *guard
	ctx    context.Context
	signer crypto.Signer
	pub    crypto.PublicKey
}

func (s *verifyingSigner) Public() crypto.PublicKey { return s.pub }

func (s *verifyingSigner) Sign(rand io.Reader, digest []byte, opts crypto.SignerOpts) ([]byte, error) {
	if err := checkDigest(s.pub, digest, opts); err != nil {
		return nil, err
	}
	// A copy: the call may be left behind while the caller reuses his buffer.
	own := bytes.Clone(digest)
	return s.verified(digest, opts, func() ([]byte, error) { return s.signer.Sign(rand, own, opts) })
}

// verified has the key sign once, and returns the signature if it is over the digest.
func (s *verifyingSigner) verified(digest []byte, opts crypto.SignerOpts, sign func() ([]byte, error)) ([]byte, error) {
	sig, err := get(s.g, s.ctx, s.g.limits.Operate, func(context.Context) ([]byte, error) { return sign() })
	if err != nil {
		return nil, err
	}
	if err := VerifyDigest(s.pub, digest, opts, sig); err != nil {
		return nil, err
	}
	return sig, nil
}

// verifyingMessageSigner is a verifyingSigner whose key is handed messages.
type verifyingMessageSigner struct {
	*verifyingSigner
	messages crypto.MessageSigner
}

func (s *verifyingMessageSigner) SignMessage(rand io.Reader, message []byte, opts crypto.SignerOpts) ([]byte, error) {
	if len(message) > maxMessage {
		return nil, fmt.Errorf("a message of %d bytes: %w", len(message), ErrNotSupported)
	}
	digest, err := messageDigest(s.pub, message, opts)
	if err == nil {
		err = checkDigest(s.pub, digest, opts)
	}
	if err != nil {
		return nil, err
	}
	own := bytes.Clone(message)
	return s.verified(digest, opts, func() ([]byte, error) { return s.messages.SignMessage(rand, own, opts) })
}

type boundedDecrypter struct {
	g   *guard
	ctx context.Context
	dec crypto.Decrypter
	pub crypto.PublicKey
}

func (d *boundedDecrypter) Public() crypto.PublicKey { return d.pub }

func (d *boundedDecrypter) Decrypt(rand io.Reader, msg []byte, opts crypto.DecrypterOpts) ([]byte, error) {
	if len(msg) > maxCiphertext {
		return nil, ErrDecrypt
	}
	own := bytes.Clone(msg)
	return get(d.g, d.ctx, d.g.limits.Operate, func(context.Context) ([]byte, error) {
		return d.dec.Decrypt(rand, own, opts)
	})
}

type consentKey struct{}

type grantKey struct{}

// ConfirmLastTry marks ctx with the person's consent to spend the last try.
// The consent is good for one try: a loop over the same context cannot use it
// again.
func ConfirmLastTry(ctx context.Context) context.Context {
	return context.WithValue(ctx, consentKey{}, new(atomic.Bool))
}

// LastTryGranted tells a driver whether it may spend the last try. Guard asks
// before every PIN; a driver that can read its counter in the same moment as it
// spends a try asks again, for another program may have spent one meanwhile.
func LastTryGranted(ctx context.Context) bool {
	return ctx.Value(grantKey{}) != nil || takeConsent(ctx)
}

func takeConsent(ctx context.Context) bool {
	used, ok := ctx.Value(consentKey{}).(*atomic.Bool)
	return ok && used.CompareAndSwap(false, true)
}

// Wipe overwrites a secret with zeros.
func Wipe(secret []byte) {
	clear(secret)
	runtime.KeepAlive(secret)
}
