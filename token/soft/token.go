package soft

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/rsa"
	"errors"
	"io"
	"math/big"
	"os"
	"path/filepath"
	"sync"

	"github.com/emmansun/gmsm/sm2"
	"github.com/emmansun/gmsm/smx509"

	"sealdesk/token"
)

const (
	signID    = "sign"
	encryptID = "encrypt"
)

// softToken is one folder. Each softToken is unlocked for itself.
type softToken struct {
	dir string

	mu     sync.RWMutex // held for reading while a key is in use
	keys   map[string]crypto.Signer
	folder os.FileInfo // the folder that the keys came from
}

func (t *softToken) Info(context.Context) (token.Info, error) {
	p, _, err := readPublic(t.dir)
	if err != nil {
		return token.Info{}, err
	}
	left, err := readTries(t.dir)
	if err != nil {
		return token.Info{}, err
	}
	return token.Info{
		URI: p.uri(), Label: p.Label, Serial: p.Serial, Model: "Software key", Manufacturer: "SealDesk",
		PIN: token.PINState{Tries: left.Left, Max: left.Max, Locked: left.Left == 0},
	}, nil
}

func (t *softToken) Identities(context.Context) ([]token.Identity, error) {
	p, _, err := readPublic(t.dir)
	if err != nil {
		return nil, err
	}
	var chain []*smx509.Certificate
	for _, c := range p.Chain {
		chain = append(chain, c.Certificate)
	}
	return []token.Identity{
		&identity{t, signID, p.Sign.Certificate, chain, token.UsageSign},
		&identity{t, encryptID, p.Encrypt.Certificate, chain, token.UsageEncrypt},
	}, nil
}

func (t *softToken) Unlock(ctx context.Context, pin []byte) error {
	return t.withPIN(ctx, pin, nil)
}

func (t *softToken) ChangePIN(ctx context.Context, old, new []byte) error {
	defer token.Wipe(new)
	if err := checkPIN(new); err != nil {
		token.Wipe(old)
		return err
	}
	return t.withPIN(ctx, old, new)
}

// withPIN spends a try on the PIN. If it is right, the keys are unlocked, or,
// when there is a next PIN, put under that one and left as they were.
func (t *softToken) withPIN(ctx context.Context, pin, next []byte) (err error) {
	defer token.Wipe(pin)
	unlock, err := lock(ctx, t.dir)
	if err != nil {
		return err
	}
	defer unlock()

	// All that can be wrong with the files is found out before the counter is
	// touched.
	folder, err := os.Lstat(t.dir)
	if err != nil {
		return token.ErrRemoved
	}
	p, raw, err := readPublic(t.dir)
	if err != nil {
		return err
	}
	data, err := readFile(t.dir, sealedFile)
	if err != nil {
		return err
	}
	s, err := parseSealed(data, p.Serial, raw)
	if err != nil {
		return &DamagedError{sealedFile, err}
	}
	left, err := readTries(t.dir)
	if err != nil {
		return err
	}
	switch {
	case left.Left == 0:
		return token.ErrPINLocked
	case left.Left == 1 && !token.LastTryGranted(ctx):
		return token.ErrLastTry
	case ctx.Err() != nil:
		return ctx.Err()
	}

	left.Left--
	if err := writeJSON(t.dir, triesFile, left); err != nil {
		return err
	}
	keys, err := s.open(pin)
	if errors.Is(err, errWrongPIN) {
		if left.Left == 0 {
			return token.ErrPINLocked
		}
		return &token.PINWrongError{Tries: left.Left}
	}
	// The PIN was right, whatever comes now.
	left.Left = left.Max
	if restored := writeJSON(t.dir, triesFile, left); err == nil {
		err = restored
	} else {
		err = &DamagedError{sealedFile, err}
	}
	if keys != nil {
		defer keys.wipe()
	}
	if err != nil {
		return err
	}

	if next != nil {
		s, err := seal(next, s.Header.Cost, p.Serial, raw, keys)
		if err != nil {
			return err
		}
		return writeJSON(t.dir, sealedFile, s)
	}
	sign, err := parseKey(keys.Sign, p.Sign.Certificate)
	if err != nil {
		return &DamagedError{sealedFile, err}
	}
	encrypt, err := parseKey(keys.Encrypt, p.Encrypt.Certificate)
	if err != nil {
		return &DamagedError{sealedFile, err}
	}
	if ctx.Err() != nil { // whoever called it off does not expect an unlocked token
		wipeKeys(map[string]crypto.Signer{signID: sign, encryptID: encrypt})
		return ctx.Err()
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	wipeKeys(t.keys)
	t.keys = map[string]crypto.Signer{signID: sign, encryptID: encrypt}
	t.folder = folder
	return nil
}

func (t *softToken) Lock(context.Context) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	wipeKeys(t.keys)
	t.keys = nil
	return nil
}

func (t *softToken) Close() error { return t.Lock(context.Background()) }

// use runs f with a key, if the token is there and unlocked. A token that was
// taken away has to be unlocked anew, as a USB key has.
func (t *softToken) use(ctx context.Context, id string, f func(crypto.Signer) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	t.mu.RLock()
	now, err := os.Lstat(filepath.Join(t.dir, publicFile))
	if err == nil {
		now, err = os.Lstat(t.dir)
	}
	if err != nil || t.keys != nil && !os.SameFile(now, t.folder) {
		t.mu.RUnlock()
		return errors.Join(token.ErrRemoved, t.Lock(ctx))
	}
	defer t.mu.RUnlock()
	key, ok := t.keys[id]
	if !ok {
		return token.ErrNotUnlocked
	}
	return f(key)
}

// wipeKeys overwrites what the language lets one reach of the private keys. The
// copies that crypto/rsa and crypto/ecdsa keep for themselves stay until the
// garbage collector has them.
func wipeKeys(keys map[string]crypto.Signer) {
	for _, k := range keys {
		switch k := k.(type) {
		case *rsa.PrivateKey:
			wipeInts(append([]*big.Int{k.D, k.Precomputed.Dp, k.Precomputed.Dq, k.Precomputed.Qinv}, k.Primes...)...)
		case *ecdsa.PrivateKey:
			//lint:ignore SA1019 nothing computes with the key any more; there is no other way to wipe it
			wipeInts(k.D)
		case *sm2.PrivateKey:
			wipeInts(k.D)
		}
	}
}

func wipeInts(ints ...*big.Int) {
	for _, i := range ints {
		if i != nil {
			clear(i.Bits())
			i.SetInt64(0)
		}
	}
}

type identity struct {
	token *softToken
	id    string
	cert  *smx509.Certificate
	chain []*smx509.Certificate
	usage token.Usage
}

func (i *identity) ID() string                       { return i.id }
func (i *identity) Certificate() *smx509.Certificate { return i.cert }
func (i *identity) Chain() []*smx509.Certificate     { return i.chain }
func (i *identity) Usage() token.Usage               { return i.usage }
func (i *identity) HasPrivateKey() bool              { return true }
func (i *identity) Container() string                { return filepath.Base(i.token.dir) }

func (i *identity) Signer(ctx context.Context) (crypto.Signer, error) {
	return &key{ctx, i}, i.token.use(ctx, i.id, func(crypto.Signer) error { return nil })
}

func (i *identity) Decrypter(ctx context.Context) (crypto.Decrypter, error) {
	return &key{ctx, i}, i.token.use(ctx, i.id, func(k crypto.Signer) error {
		if _, ok := k.(crypto.Decrypter); !ok {
			return token.ErrNotSupported // ECDSA keys agree, they do not decrypt
		}
		return nil
	})
}

// key is a private key that is looked up anew for every use.
type key struct {
	ctx context.Context
	id  *identity
}

func (k *key) Public() crypto.PublicKey { return k.id.cert.PublicKey }

// Sign uses the system's random source, as a USB key uses its own: a caller's
// weak one must not weaken the key.
func (k *key) Sign(_ io.Reader, digest []byte, opts crypto.SignerOpts) (sig []byte, err error) {
	err = k.id.token.use(k.ctx, k.id.id, func(s crypto.Signer) error {
		sig, err = s.Sign(rand.Reader, digest, opts)
		return err
	})
	return sig, err
}

func (k *key) Decrypt(_ io.Reader, msg []byte, opts crypto.DecrypterOpts) (plain []byte, err error) {
	err = k.id.token.use(k.ctx, k.id.id, func(s crypto.Signer) error {
		switch s := s.(type) {
		case *rsa.PrivateKey:
			switch o := opts.(type) {
			//lint:ignore SA1019 what others wrapped in the old way must open too
			case nil, *rsa.PKCS1v15DecryptOptions:
			case *rsa.OAEPOptions:
				if o.Hash != crypto.SHA256 || o.MGFHash != 0 && o.MGFHash != crypto.SHA256 {
					return token.ErrNotSupported
				}
			default:
				return token.ErrNotSupported
			}
			plain, err = s.Decrypt(rand.Reader, msg, opts)
		case *sm2.PrivateKey:
			plain, err = s.Decrypt(rand.Reader, msg, sm2.ASN1DecrypterOpts)
		default:
			return token.ErrNotSupported
		}
		if err != nil {
			return token.ErrDecrypt
		}
		return nil
	})
	return plain, err
}
