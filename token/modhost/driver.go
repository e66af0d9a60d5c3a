package modhost

import (
	"context"
	"crypto"
	"crypto/sha256"
	"errors"
	"io"
	"log/slog"
	"time"

	"github.com/emmansun/gmsm/smx509"

	"sealdesk/token"
	"sealdesk/token/modhost/wire"
	"sealdesk/token/poll"
	"sealdesk/token/profile"
)

// Options say which library is loaded, and how.
type Options struct {
	Host    string          // path of the helper; empty: HostPath finds it
	Library string          // absolute path of the library
	Profile profile.Profile // what is known of it; its Interface says how it is spoken to

	Limits  token.Limits  // zero fields: token.DefaultLimits
	Crashes int           // that put the library in quarantine; zero: 5
	Within  time.Duration // the time in which they count; zero: 5 minutes
	Log     *slog.Logger  // nil: none
}

const (
	defaultCrashes = 5
	defaultWithin  = 5 * time.Minute
	refresh        = 600 * time.Millisecond // how often the tokens are listed while they are watched
	margin         = 5 * time.Second        // by which the guard's limits lie behind the helper's, which can say more
)

// Status is the state of a library.
type Status struct {
	Library     string // path
	Running     bool   // the helper is there
	Crashes     int    // recent ones, hangs among them
	Quarantined bool   // the library is not loaded any more, until Reenable
}

// Driver is the driver of one library. It is guarded: see token.Guard.
type Driver struct {
	token.Driver
	host *host
}

// Open makes the driver. The helper is started with the first call.
func Open(o Options) (*Driver, error) {
	if o.Limits.Look <= 0 {
		o.Limits.Look = token.DefaultLimits.Look
	}
	if o.Limits.Operate <= 0 {
		o.Limits.Operate = token.DefaultLimits.Operate
	}
	if o.Crashes <= 0 {
		o.Crashes = defaultCrashes
	}
	if o.Within <= 0 {
		o.Within = defaultWithin
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	encoded, err := o.Profile.Encode()
	if err != nil {
		return nil, err
	}
	h := &host{options: o, name: fileName(o.Library), profile: encoded, log: o.Log, turn: make(chan struct{}, 1)}
	return &Driver{
		token.Guard(&driver{h}, token.Limits{Look: o.Limits.Look + margin, Operate: o.Limits.Operate + margin}), h,
	}, nil
}

// Status tells how the library is doing.
func (d *Driver) Status() Status {
	h := d.host
	h.mu.Lock()
	defer h.mu.Unlock()
	return Status{
		Library: h.options.Library, Running: h.process != nil && !h.process.ended(),
		Crashes: len(h.crashes), Quarantined: h.quarantined,
	}
}

// About asks what the library says of itself: its version, what it is and who made it. Libraries of SKF have no way to tell:
// token.ErrNotSupported. It is a call more into foreign code, for whoever looks for a trouble.
func (d *Driver) About(ctx context.Context) (string, error) {
	reply, _, err := d.host.call(ctx, d.host.options.Limits.Look, 0, &wire.Request{Op: wire.OpAbout})
	if err != nil {
		return "", err
	}
	return reply.Text, nil
}

// Reenable lets a library out of quarantine: a person asked for it.
func (d *Driver) Reenable() {
	h := d.host
	h.mu.Lock()
	defer h.mu.Unlock()
	h.quarantined, h.crashes, h.notBefore, h.loadFailed = false, nil, time.Time{}, nil
}

// Close ends the helper. Calls under way return token.ErrRemoved, and so does every later one.
func (d *Driver) Close() error {
	d.host.close()
	return nil
}

// driver is Driver unguarded.
type driver struct{ host *host }

func (d *driver) Tokens(ctx context.Context) ([]token.Token, error) {
	reply, _, err := d.host.call(ctx, d.host.options.Limits.Look, 0, &wire.Request{Op: wire.OpTokens})
	if err != nil {
		return nil, err
	}
	var tokens []token.Token
	for _, t := range reply.Tokens {
		plain := &remoteToken{d.host, t.Info.URI}
		switch changing := (&changingToken{plain}); {
		case t.ChangesPIN && t.TakesKeys:
			tokens = append(tokens, &provisionedToken{changing})
		case t.ChangesPIN:
			tokens = append(tokens, changing)
		default:
			tokens = append(tokens, plain)
		}
	}
	return tokens, nil
}

var errBusy = errors.New("a call is under way")

// Watch lists the tokens while no call is under way. After the helper was started anew all tokens have gone and come, for all
// have to be unlocked again.
func (d *driver) Watch(ctx context.Context) (<-chan token.Event, error) {
	var run uint64
	return poll.Watch(ctx, refresh, func(ctx context.Context) ([]string, error) {
		if len(d.host.turn) > 0 {
			return nil, errBusy
		}
		reply, now, err := d.host.call(ctx, d.host.options.Limits.Look, 0, &wire.Request{Op: wire.OpTokens})
		if errors.Is(err, token.ErrRemoved) || errors.Is(err, token.ErrTimeout) || errors.Is(err, token.ErrNotSupported) {
			return nil, nil // the library crashed, hung or is in quarantine: nothing can be reached
		}
		if err != nil {
			return nil, err
		}
		before := run
		if run = now; before != 0 && before != now {
			return nil, nil
		}
		var uris []string
		for _, t := range reply.Tokens {
			uris = append(uris, t.Info.URI)
		}
		return uris, nil
	}), nil
}

// remoteToken is a token by its name: it is the same one for as long as it calls itself so.
type remoteToken struct {
	host *host
	uri  string
}

// look is a call that nobody has to press a button for; operate is one for which somebody may have to.
func (t *remoteToken) look(ctx context.Context, op wire.Op) (*wire.Reply, error) {
	reply, _, err := t.host.call(ctx, t.host.options.Limits.Look, 0, &wire.Request{Op: op, Token: t.uri})
	return reply, err
}

func (t *remoteToken) operate(ctx context.Context, run uint64, q *wire.Request) (*wire.Reply, uint64, error) {
	q.Token = t.uri
	return t.host.call(ctx, t.host.options.Limits.Operate, run, q)
}

func (t *remoteToken) Info(ctx context.Context) (token.Info, error) {
	reply, err := t.look(ctx, wire.OpInfo)
	switch {
	case err != nil:
		return token.Info{}, err
	case len(reply.Tokens) != 1 || reply.Tokens[0].Info.URI != t.uri:
		return token.Info{}, token.ErrRemoved
	}
	return reply.Tokens[0].Info, nil
}

func (t *remoteToken) Identities(ctx context.Context) ([]token.Identity, error) {
	reply, err := t.look(ctx, wire.OpIdentities)
	if err != nil {
		return nil, err
	}
	var ids []token.Identity
	for _, w := range reply.Identities {
		cert, err := smx509.ParseCertificate(w.Certificate)
		if err != nil {
			continue // it must not hide the others
		}
		id := &identity{token: t, known: w, cert: cert, hash: sha256.Sum256(cert.Raw)}
		for _, der := range w.Chain {
			if issuer, err := smx509.ParseCertificate(der); err == nil {
				id.chain = append(id.chain, issuer)
			}
		}
		ids = append(ids, id)
	}
	return ids, nil
}

func (t *remoteToken) Unlock(ctx context.Context, pin []byte) error {
	defer token.Wipe(pin)
	if len(pin) > wire.MaxPIN {
		return token.ErrPINTooLong
	}
	_, _, err := t.operate(ctx, 0, &wire.Request{Op: wire.OpUnlock, PIN: pin, LastTry: token.LastTryGranted(ctx)})
	return err
}

// Data is there for every library; one that has no data answers token.ErrNotSupported.
func (t *remoteToken) Data(ctx context.Context) ([]token.DataObject, error) {
	reply, err := t.look(ctx, wire.OpData)
	if err != nil {
		return nil, err
	}
	return reply.Objects, nil
}

func (t *remoteToken) ReadData(ctx context.Context, name string) ([]byte, error) {
	reply, _, err := t.operate(ctx, 0, &wire.Request{Op: wire.OpReadData, Text: name})
	if err != nil {
		return nil, err
	}
	return reply.Data, nil
}

// Lock does not start a helper: without one the token is locked.
func (t *remoteToken) Lock(ctx context.Context) error { return t.end(ctx, wire.OpLock) }

func (t *remoteToken) Close() error {
	err := t.end(context.Background(), wire.OpClose)
	if errors.Is(err, token.ErrRemoved) {
		return nil
	}
	return err
}

func (t *remoteToken) end(ctx context.Context, op wire.Op) error {
	run := t.host.running()
	if run == 0 {
		return nil
	}
	_, _, err := t.host.call(ctx, t.host.options.Limits.Look, run, &wire.Request{Op: op, Token: t.uri})
	var crash *CrashError
	if errors.As(err, &crash) {
		return nil
	}
	return err
}

// changingToken is a remoteToken that can change its PIN.
type changingToken struct{ *remoteToken }

func (t *changingToken) ChangePIN(ctx context.Context, old, new []byte) error {
	defer token.Wipe(old)
	defer token.Wipe(new)
	if max(len(old), len(new)) > wire.MaxPIN {
		return token.ErrPINTooLong
	}
	_, _, err := t.operate(ctx, 0, &wire.Request{Op: wire.OpChangePIN, PIN: old, NewPIN: new, LastTry: token.LastTryGranted(ctx)})
	return err
}

// provisionedToken is a changingToken that takes keys.
type provisionedToken struct{ *changingToken }

func (t *provisionedToken) NewKey(
	ctx context.Context, container, algorithm string, use token.Usage,
) (string, crypto.PublicKey, error) {
	reply, _, err := t.operate(ctx, 0, &wire.Request{Op: wire.OpNewKey, Text: container, Kind: algorithm, Usage: use})
	if err != nil {
		return "", nil, err
	}
	pub, err := smx509.ParsePKIXPublicKey(reply.Data)
	return reply.Text, pub, err
}

func (t *provisionedToken) StoreCertificate(
	ctx context.Context, id string, cert *smx509.Certificate, chain []*smx509.Certificate,
) error {
	q := &wire.Request{Op: wire.OpStore, Identity: id, Data: cert.Raw}
	for _, c := range chain {
		q.List = append(q.List, c.Raw)
	}
	_, _, err := t.operate(ctx, 0, q)
	return err
}

// identity is an identity as it was listed.
type identity struct {
	token *remoteToken
	known wire.Identity
	cert  *smx509.Certificate
	hash  [sha256.Size]byte
	chain []*smx509.Certificate
}

func (i *identity) ID() string                       { return i.known.ID }
func (i *identity) Certificate() *smx509.Certificate { return i.cert }
func (i *identity) Chain() []*smx509.Certificate     { return i.chain }
func (i *identity) Usage() token.Usage               { return i.known.Usage }
func (i *identity) HasPrivateKey() bool              { return i.known.HasKey }
func (i *identity) Container() string                { return i.known.Container }

func (i *identity) Signer(ctx context.Context) (crypto.Signer, error) {
	k, err := i.open(ctx, wire.OpSigner)
	if err != nil {
		return nil, err
	}
	return k, nil
}

func (i *identity) Decrypter(ctx context.Context) (crypto.Decrypter, error) {
	k, err := i.open(ctx, wire.OpDecrypter)
	if err != nil {
		return nil, err
	}
	return k, nil
}

func (i *identity) open(ctx context.Context, op wire.Op) (*key, error) {
	reply, run, err := i.token.operate(ctx, 0, &wire.Request{Op: op, Identity: i.known.ID, Hash: i.hash[:]})
	if err != nil {
		return nil, err
	}
	return &key{ctx: ctx, id: i, run: run, login: reply.Number}, nil
}

// key is a private key for the time of one login in one run of the helper.
type key struct {
	ctx        context.Context
	id         *identity
	run, login uint64
}

func (k *key) Public() crypto.PublicKey { return k.id.cert.PublicKey }

func (k *key) Sign(_ io.Reader, digest []byte, opts crypto.SignerOpts) ([]byte, error) {
	return k.use(wire.OpSign, digest, wire.SignScheme(k.Public(), opts))
}

func (k *key) Decrypt(_ io.Reader, msg []byte, opts crypto.DecrypterOpts) ([]byte, error) {
	scheme, err := wire.DecryptScheme(opts)
	if err != nil {
		return nil, err
	}
	return k.use(wire.OpDecrypt, msg, scheme)
}

func (k *key) use(op wire.Op, data []byte, scheme wire.Scheme) ([]byte, error) {
	reply, _, err := k.id.token.operate(k.ctx, k.run, &wire.Request{
		Op: op, Identity: k.id.known.ID, Hash: k.id.hash[:], Number: k.login, Data: data, Scheme: scheme,
	})
	if err != nil {
		return nil, err
	}
	return reply.Data, nil
}
