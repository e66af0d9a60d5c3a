package skf

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/emmansun/gmsm/sm2"
	"github.com/emmansun/gmsm/smx509"
	"golang.org/x/crypto/cryptobyte"
	cryptobyte_asn1 "golang.org/x/crypto/cryptobyte/asn1"

	"sealdesk/token"
	"sealdesk/token/profile"
	"sealdesk/token/sm2form"
)

// identity is a certificate in one place of a container.
type identity struct {
	token     *skfToken
	container string
	position  position
	cert      *smx509.Certificate
	usage     token.Usage
	hasKey    bool
}

func (i *identity) ID() string                       { return keyID(i.container, i.position) }
func (i *identity) Certificate() *smx509.Certificate { return i.cert }
func (i *identity) Chain() []*smx509.Certificate     { return nil }
func (i *identity) Usage() token.Usage               { return i.usage }
func (i *identity) HasPrivateKey() bool              { return i.hasKey }
func (i *identity) Container() string                { return display([]byte(i.container)) }

// keyID names a place in a container.
func keyID(container string, p position) string { return display([]byte(container)) + "/" + p.String() }

func (i *identity) Signer(ctx context.Context) (crypto.Signer, error) {
	return &key{ctx, i}, i.token.unlocked(ctx, func(*application) error {
		l := i.token.driver.library
		switch pub := i.cert.PublicKey.(type) {
		case *rsa.PublicKey:
			if len(l.signRSA) > 0 {
				return nil
			}
		case *ecdsa.PublicKey:
			if !sm2.IsSM2PublicKey(pub) {
				break // GM/T 0016 knows no other curve
			}
			if l.hashesAgain {
				return errHashesAgain()
			}
			if len(l.signSM2) > 0 {
				return nil
			}
		}
		return token.ErrNotSupported
	})
}

func errHashesAgain() error { return fmt.Errorf("%w: %w", ErrHashesAgain, token.ErrNotSupported) }

// Decrypter finds out, once for each key, which of the library's functions decrypts: it has each decrypt a random number that
// is encrypted here. So a key that cannot is known before anything is encrypted to it.
func (i *identity) Decrypter(ctx context.Context) (crypto.Decrypter, error) {
	return &key{ctx, i}, i.token.unlocked(ctx, func(app *application) error {
		_, err := i.decryption(app)
		return err
	})
}

// key is the private key of an identity.
type key struct {
	ctx context.Context
	*identity
}

func (k *key) Public() crypto.PublicKey { return k.cert.PublicKey }

// way is how a key was found to work.
type way struct {
	function profile.Function
	form     int  // signing: which of the forms of the input
	padded   bool // decryption: the padding of RSA is left on
}

// wayKey is what a way is kept under. It goes by the key too, for another program may put another one in the place.
func (i *identity) wayKey(use string) string {
	sum := sha256.Sum256(i.cert.RawSubjectPublicKeyInfo)
	return i.ID() + "/" + use + "/" + string(sum[:])
}

// Sign tries, the first time, every function that signs and every form in which a digest may go in and a signature come out,
// until one verifies, and keeps to it.
func (k *key) Sign(_ io.Reader, digest []byte, opts crypto.SignerOpts) (sig []byte, err error) {
	forms, functions, err := k.forms(digest, opts)
	if err != nil {
		return nil, err
	}
	err = k.token.unlocked(k.ctx, func(app *application) error {
		return k.token.driver.inContainer(app, k.container, func(c handle) error {
			sig, err = k.sign(c, forms, functions, digest, opts)
			return err
		})
	})
	return sig, err
}

// forms gives what a library may want for a digest, and the functions to hand it to.
func (k *key) forms(digest []byte, opts crypto.SignerOpts) ([][]byte, []profile.Function, error) {
	l := k.token.driver.library
	if opts == nil {
		return nil, nil, token.ErrBadDigest
	}
	if sm2.IsSM2PublicKey(k.cert.PublicKey) {
		if len(digest) != sm2form.ScalarSize || opts.HashFunc() != 0 {
			return nil, nil, token.ErrBadDigest
		}
		return [][]byte{digest}, l.signSM2, nil
	}
	if _, ok := opts.(*rsa.PSSOptions); ok {
		return nil, nil, token.ErrNotSupported // libraries pad by PKCS #1 v1.5
	}
	algorithm, ok := hashes[opts.HashFunc()]
	if !ok || len(digest) != opts.HashFunc().Size() {
		return nil, nil, token.ErrBadDigest
	}
	info, err := asn1.Marshal(struct {
		Algorithm pkix.AlgorithmIdentifier
		Digest    []byte
	}{pkix.AlgorithmIdentifier{Algorithm: algorithm, Parameters: asn1.NullRawValue}, digest})
	if err != nil {
		return nil, nil, err
	}
	return [][]byte{info, digest}, l.signRSA, nil // some libraries make the DigestInfo themselves
}

// hashes are those of RFC 8017, B.1, that are still trusted.
var hashes = map[crypto.Hash]asn1.ObjectIdentifier{
	crypto.SHA256: {2, 16, 840, 1, 101, 3, 4, 2, 1},
	crypto.SHA384: {2, 16, 840, 1, 101, 3, 4, 2, 2},
	crypto.SHA512: {2, 16, 840, 1, 101, 3, 4, 2, 3},
}

func (k *key) sign(
	c handle, forms [][]byte, functions []profile.Function, digest []byte, opts crypto.SignerOpts,
) ([]byte, error) {
	l, use := k.token.driver.library, k.wayKey("sign")
	var candidates []way
	if known, ok := k.token.ways[use]; ok {
		candidates = append(candidates, known)
	} else {
		for form := range forms {
			for _, f := range functions {
				candidates = append(candidates, way{function: f, form: form})
			}
		}
	}
	failed := error(token.ErrNotSupported)
	for _, w := range candidates {
		out, err := l.apply(w.function, c, k.position, forms[w.form], signatureRoom)
		switch outcomeOf(err) {
		case profile.NotSupported, profile.NotFound, profile.BadInput:
			failed = err
			continue
		}
		if err != nil {
			return nil, err
		}
		for _, sig := range readings(k.cert.PublicKey, out) {
			if token.VerifyDigest(k.cert.PublicKey, digest, opts, sig) == nil {
				k.token.ways[use] = w
				return sig, nil
			}
			if again, err := hashedAgain(k.cert.PublicKey, digest); err == nil &&
				token.VerifyDigest(k.cert.PublicKey, again, opts, sig) == nil {
				l.hashesAgain = true
				return nil, errHashesAgain()
			}
		}
		failed = token.ErrBadSignature
	}
	return nil, failed
}

const signatureRoom = 1024 // bytes

// readings gives every signature that a library's output may stand for. One of them verifies.
func readings(pub crypto.PublicKey, out []byte) [][]byte {
	if rsaKey, ok := pub.(*rsa.PublicKey); ok {
		if len(out) != rsaKey.Size() {
			return nil
		}
		backwards := slices.Clone(out) // as CryptoAPI has it
		slices.Reverse(backwards)
		return [][]byte{out, backwards}
	}
	var sigs [][]byte
	add := func(s sm2form.Signature, err error) {
		if err == nil {
			sigs = append(sigs, s.DER())
		}
	}
	if len(out) >= sm2form.SignatureBlobSize {
		blob := out[:sm2form.SignatureBlobSize]
		add(sm2form.ParseSignatureBlob(blob))
		// Numbers at the left of their fields.
		add(sm2form.ParseRawSignature(slices.Concat(blob[:sm2form.ScalarSize], blob[64:64+sm2form.ScalarSize])))
	}
	if len(out) >= sm2form.RawSignatureSize {
		add(sm2form.ParseRawSignature(out[:sm2form.RawSignatureSize]))
	}
	in := cryptobyte.String(out)
	var der cryptobyte.String
	if in.ReadASN1Element(&der, cryptobyte_asn1.SEQUENCE) {
		add(sm2form.ParseDERSignature(der))
	}
	return sigs
}

// hashedAgain is what a library signs that takes a digest for a message.
func hashedAgain(pub crypto.PublicKey, digest []byte) ([]byte, error) {
	k, ok := pub.(*ecdsa.PublicKey)
	if !ok {
		return nil, token.ErrNotSupported
	}
	return token.SM2Digest(k, digest)
}

// Decrypt decrypts PKCS #1 v1.5 and SM2Cipher (GM/T 0009).
func (k *key) Decrypt(_ io.Reader, msg []byte, opts crypto.DecrypterOpts) (plain []byte, err error) {
	session := 0
	if _, ok := k.cert.PublicKey.(*rsa.PublicKey); ok {
		switch o := opts.(type) {
		case nil:
		//lint:ignore SA1019 keys of other programs still wrap so, and tokens know nothing else
		case *rsa.PKCS1v15DecryptOptions:
			session = o.SessionKeyLen
		default:
			return nil, token.ErrNotSupported
		}
	}
	err = k.token.unlocked(k.ctx, func(app *application) error {
		w, err := k.decryption(app)
		if err != nil {
			return err
		}
		return k.token.driver.inContainer(app, k.container, func(c handle) error {
			plain, err = k.decrypt(c, w, msg)
			return err
		})
	})
	if session > 0 && (err == nil && len(plain) != session || errors.Is(err, token.ErrDecrypt)) {
		// Nobody learns from the difference (RFC 8017, 7.2.2).
		plain, err = make([]byte, session), nil
		rand.Read(plain)
	}
	return plain, err
}

// decryption finds the function that decrypts with this key.
func (i *identity) decryption(app *application) (way, error) {
	use := i.wayKey("decrypt")
	if w, ok := i.token.ways[use]; ok {
		return w, nil
	}
	l := i.token.driver.library
	secret := make([]byte, 32)
	rand.Read(secret)
	var sealed []byte
	var functions []profile.Function
	var err error
	switch pub := i.cert.PublicKey.(type) {
	case *rsa.PublicKey:
		functions = l.decryptRSA
		//lint:ignore SA1019 it is the padding that tokens know
		sealed, err = rsa.EncryptPKCS1v15(rand.Reader, pub, secret)
	case *ecdsa.PublicKey:
		if !sm2.IsSM2PublicKey(pub) {
			return way{}, token.ErrNotSupported
		}
		functions = l.decryptSM2
		sealed, err = sm2.EncryptASN1(rand.Reader, pub, secret)
	}
	if err != nil {
		return way{}, err
	}
	err = i.token.driver.inContainer(app, i.container, func(c handle) error {
		for _, f := range functions {
			plain, err := i.decrypt(c, way{function: f}, sealed)
			switch {
			case errors.Is(err, token.ErrRemoved) || errors.Is(err, token.ErrNotUnlocked):
				return err
			case err == nil && bytes.Equal(plain, secret):
				i.token.ways[use] = way{function: f}
				return nil
			case err == nil && bytes.Equal(unpad(plain), secret):
				i.token.ways[use] = way{function: f, padded: true}
				return nil
			}
		}
		return token.ErrNotSupported
	})
	return i.token.ways[use], err
}

// decrypt has one function decrypt. Whatever goes wrong with the data is ErrDecrypt.
func (i *identity) decrypt(c handle, w way, sealed []byte) ([]byte, error) {
	l := i.token.driver.library
	input, want := sealed, -1
	if pub, ok := i.cert.PublicKey.(*rsa.PublicKey); ok {
		if len(sealed) != pub.Size() {
			return nil, token.ErrDecrypt
		}
	} else {
		cipher, err := sm2form.ParseDERCiphertext(sealed)
		if err != nil {
			return nil, token.ErrDecrypt
		}
		input, want = cipher.Blob(), len(cipher.Cipher)
	}
	// A library may read the input to the end of a structure that is larger.
	plain, err := l.apply(w.function, c, i.position, append(slices.Clip(input), make([]byte, slack)...)[:len(input)], len(input))
	switch {
	case outcomeOf(err) == profile.Gone || outcomeOf(err) == profile.NotLoggedIn:
		return nil, err
	case err != nil:
		return nil, token.ErrDecrypt
	case want < 0:
		if w.padded {
			plain = unpad(plain)
		}
	case len(plain) > want && !slices.Contains(w.function.Arguments, profile.OutputSize):
		plain = plain[:want]
	}
	if plain == nil || want >= 0 && len(plain) != want {
		return nil, token.ErrDecrypt
	}
	return plain, nil
}

// unpad takes off the padding 00 02 … 00 of RFC 8017, 7.2, where a library left it on. It is nil if there is none.
func unpad(b []byte) []byte {
	b = bytes.TrimPrefix(b, []byte{0})
	if len(b) == 0 || b[0] != 2 {
		return nil
	}
	if end := bytes.IndexByte(b, 0); end > 8 {
		return b[end+1:]
	}
	return nil
}
