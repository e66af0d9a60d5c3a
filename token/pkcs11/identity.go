package pkcs11

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"slices"

	"github.com/emmansun/gmsm/smx509"

	"sealdesk/token"
	"sealdesk/token/pkcs11/cryptoki"
)

const (
	maxCertificates = 64 // on one token, issuers included
	maxChain        = 8
)

// identity is a certificate that is not an issuer's.
type identity struct {
	token  *hardToken
	id     string
	object object
	cert   *smx509.Certificate
	chain  []*smx509.Certificate
	usage  token.Usage
	lacks  bool // the token is known not to hold the private key
}

func (i *identity) ID() string                       { return i.id }
func (i *identity) Certificate() *smx509.Certificate { return i.cert }
func (i *identity) Chain() []*smx509.Certificate     { return i.chain }
func (i *identity) Usage() token.Usage               { return i.usage }
func (i *identity) HasPrivateKey() bool              { return !i.lacks }
func (i *identity) Container() string                { return string(i.object.container) }

// Identities lists the certificates. One that cannot be read is left out: it must not hide the others.
func (t *hardToken) Identities(ctx context.Context) (ids []token.Identity, err error) {
	err = t.do(ctx, func() error {
		found, err := t.identities()
		for _, i := range found {
			ids = append(ids, i)
		}
		return err
	})
	return ids, err
}

func (t *hardToken) identities() ([]*identity, error) {
	certs, err := t.objects(cryptoki.CKO_CERTIFICATE)
	if err != nil {
		return nil, err
	}
	if len(certs) > maxCertificates {
		certs = certs[:maxCertificates]
	}
	var ids []*identity
	var issuers []*smx509.Certificate
	seen := map[string]bool{}
	silent := false // about what its key is for
	for _, o := range certs {
		cert, err := smx509.ParseCertificate(o.value)
		if err != nil {
			continue
		}
		if cert.IsCA {
			issuers = append(issuers, cert)
			continue
		}
		i := &identity{token: t, id: nameOfObject(o), object: o, cert: cert}
		if seen[i.id] { // a renewed certificate of the same key
			sum := sha256.Sum256(o.value)
			i.id += "-" + hex.EncodeToString(sum[:4])
		}
		if seen[i.id] {
			continue // the same certificate twice
		}
		seen[i.id] = true
		silent = silent || token.UsageOf(cert) == 0
		ids = append(ids, i)
	}
	for _, i := range ids {
		i.chain = chainOf(i.cert, issuers)
	}
	for _, fresh := range []bool{false, true} { // another program may have changed keys since the login
		privates, publics, err := t.keys(fresh, silent)
		if err != nil {
			return nil, err
		}
		if !match(ids, privates, publics) || t.login == nil {
			break
		}
	}
	return ids, nil
}

// match finds out what each identity's key is for and whether the token has it, and tells whether one is missing.
func match(ids []*identity, privates, publics []object) (missing bool) {
	all := slices.Concat(publics, privates)
	for _, i := range ids {
		i.usage = usageOf(i.object, i.cert, all)
		has := len(matchKeys(i.object, i.cert.PublicKey, privates, publics)) > 0
		missing = missing || !has
		i.lacks = !has && (i.token.login != nil || len(privates) > 0)
	}
	return missing
}

// nameOfObject is CKA_ID as hex or, for a certificate without one, a part of its hash.
func nameOfObject(o object) string {
	if len(o.id) > 0 {
		return hex.EncodeToString(o.id)
	}
	sum := sha256.Sum256(o.value)
	return hex.EncodeToString(sum[:8])
}

func chainOf(cert *smx509.Certificate, issuers []*smx509.Certificate) []*smx509.Certificate {
	var chain []*smx509.Certificate
next:
	for len(chain) < maxChain && cert.CheckSignatureFrom(cert) != nil {
		for _, i := range issuers {
			if cert.CheckSignatureFrom(i) == nil {
				chain = append(chain, i)
				cert = i
				continue next
			}
		}
		break
	}
	return chain
}

// privateKey is the private key of an identity: the object, or as long as no signature showed which one it is, those that may
// be it.
type privateKey struct {
	candidates []object
	proven     *cryptoki.Mechanism // by which the one candidate made a signature that verifies; nil until then
}

// key is the private key of an identity, for the time of one login.
type key struct {
	ctx   context.Context
	id    *identity
	login *login
}

func (k *key) Public() crypto.PublicKey { return k.id.cert.PublicKey }

// use runs f with the private key while its login lasts.
func (k *key) use(f func(*privateKey) error) error {
	return k.id.token.do(k.ctx, func() error {
		if k.login == nil || k.login != k.id.token.login {
			return token.ErrNotUnlocked
		}
		object := k.login.keys[k.id.id]
		if object == nil {
			return token.ErrNotUnlocked
		}
		err := f(object)
		if errors.Is(err, token.ErrNotUnlocked) { // the token thinks so, whatever we think
			k.id.token.forget()
		}
		return err
	})
}

// open finds the private key of the identity. The certificate has to be on the token still.
func (i *identity) open(ctx context.Context) (*key, error) {
	k := &key{ctx: ctx, id: i}
	err := i.token.do(ctx, func() error {
		t := i.token
		if t.login == nil {
			return token.ErrNotUnlocked
		}
		k.login = t.login
		if t.login.keys[i.id] != nil {
			return nil
		}
		for _, fresh := range []bool{false, true} { // another program may have put it there since
			privates, publics, err := t.keys(fresh, false)
			if err != nil {
				return err
			}
			if found := matchKeys(i.object, i.cert.PublicKey, privates, publics); len(found) > 0 {
				t.login.keys[i.id] = &privateKey{candidates: found}
				return nil
			}
		}
		return token.ErrNotSupported
	})
	if err != nil {
		return nil, err
	}
	return k, nil
}

func (i *identity) Signer(ctx context.Context) (crypto.Signer, error) {
	k, err := i.open(ctx)
	if err != nil {
		return nil, err
	}
	return k, nil
}

func (i *identity) Decrypter(ctx context.Context) (crypto.Decrypter, error) {
	if _, ec := i.cert.PublicKey.(*ecdsa.PublicKey); ec && !isSM2(i.cert.PublicKey) {
		return nil, token.ErrNotSupported // ECDSA keys agree, they do not decrypt
	}
	k, err := i.open(ctx)
	if err != nil {
		return nil, err
	}
	return k, k.canDecrypt()
}
