package pkcs11

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/rsa"
	"encoding/asn1"
	"errors"
	"io"
	"math/big"

	"sealdesk/token"
	"sealdesk/token/pkcs11/cryptoki"
	"sealdesk/token/profile"
	"sealdesk/token/sm2form"
)

// hashed is what PKCS #11 and PKCS #1 call a hash.
type hashed struct {
	mechanism, mgf uint
	info           string // DigestInfo (RFC 8017, 9.2), up to the digest
}

// hashes are those that are signed and, SHA-1 only so, that OAEP is made with.
var hashes = map[crypto.Hash]hashed{
	crypto.SHA1: {cryptoki.CKM_SHA_1, cryptoki.CKG_MGF1_SHA1, ""},
	crypto.SHA256: {cryptoki.CKM_SHA256, cryptoki.CKG_MGF1_SHA256,
		"\x30\x31\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x01\x05\x00\x04\x20"},
	crypto.SHA384: {cryptoki.CKM_SHA384, cryptoki.CKG_MGF1_SHA384,
		"\x30\x41\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x02\x05\x00\x04\x30"},
	crypto.SHA512: {cryptoki.CKM_SHA512, cryptoki.CKG_MGF1_SHA512,
		"\x30\x51\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x03\x05\x00\x04\x40"},
}

// operation is a signature as it is asked of the token.
type operation struct {
	ways   []cryptoki.Mechanism // in the order in which they are tried
	data   []byte
	finish func([]byte) ([]byte, error) // brings what the token gives into the form that callers expect
}

// Sign uses the token's own random source.
func (k *key) Sign(_ io.Reader, digest []byte, opts crypto.SignerOpts) (sig []byte, err error) {
	err = k.use(func(p *privateKey) error {
		sig, err = k.signWith(p, digest, opts)
		return err
	})
	return sig, err
}

// signWith tries the keys that may be the right one, and the ways that the token offers for each, until a signature verifies,
// and stays with these. Trying costs no PIN.
func (k *key) signWith(p *privateKey, digest []byte, opts crypto.SignerOpts) ([]byte, error) {
	failed := error(token.ErrNotSupported)
	for _, o := range p.candidates {
		op, err := k.operation(o, digest, opts)
		if err != nil {
			return nil, err
		}
		if p.proven != nil && isSM2(k.Public()) {
			op.ways = []cryptoki.Mechanism{*p.proven}
		}
		for _, m := range op.ways {
			sig, err := k.sign(o, m, op.data)
			if err == nil {
				sig, err = op.finish(sig)
			}
			if err == nil && p.proven == nil {
				err = token.VerifyDigest(k.Public(), digest, opts, sig)
			}
			if err == nil {
				p.candidates, p.proven = []object{o}, &m
				return sig, nil
			}
			if isFinal(err) {
				return nil, err
			}
			failed = err
		}
	}
	return nil, failed
}

func (k *key) operation(o object, digest []byte, opts crypto.SignerOpts) (operation, error) {
	switch pub := k.Public().(type) {
	case *rsa.PublicKey:
		return k.operationRSA(digest, opts)
	case *ecdsa.PublicKey:
		if isSM2(pub) {
			return operation{k.waysToSignSM2(o), digest, finishSM2}, nil
		}
		return operation{[]cryptoki.Mechanism{{Type: cryptoki.CKM_ECDSA}}, digest, finishECDSA(pub)}, nil
	}
	return operation{}, token.ErrNotSupported
}

func (k *key) operationRSA(digest []byte, opts crypto.SignerOpts) (operation, error) {
	hash, ok := hashes[opts.HashFunc()]
	if !ok || hash.info == "" {
		return operation{}, token.ErrBadDigest
	}
	as := func(sig []byte) ([]byte, error) { return sig, nil }
	pss, ok := opts.(*rsa.PSSOptions)
	if !ok {
		return operation{[]cryptoki.Mechanism{{Type: cryptoki.CKM_RSA_PKCS}}, append([]byte(hash.info), digest...), as}, nil
	}
	if !k.login.mechanisms[cryptoki.CKM_RSA_PKCS_PSS] {
		return operation{}, token.ErrNotSupported
	}
	salt := pss.SaltLength
	if salt == rsa.PSSSaltLengthEqualsHash || salt == rsa.PSSSaltLengthAuto {
		salt = len(digest)
	}
	if salt < 0 || salt > len(digest) {
		return operation{}, token.ErrNotSupported
	}
	return operation{[]cryptoki.Mechanism{cryptoki.PSS(hash.mechanism, hash.mgf, uint(salt))}, digest, as}, nil
}

// finishECDSA gives DER, whether the token gave that or r‖s.
func finishECDSA(pub *ecdsa.PublicKey) func([]byte) ([]byte, error) {
	n := (pub.Curve.Params().BitSize + 7) / 8
	return func(sig []byte) ([]byte, error) {
		if len(sig) != 2*n {
			return sig, nil
		}
		return asn1.Marshal(struct{ R, S *big.Int }{new(big.Int).SetBytes(sig[:n]), new(big.Int).SetBytes(sig[n:])})
	}
}

// waysToSignSM2 lists the mechanisms of the profile that the token offers for this kind of key.
func (k *key) waysToSignSM2(o object) []cryptoki.Mechanism {
	var ways []cryptoki.Mechanism
	tried := map[profile.Number]bool{}
	for _, way := range k.id.token.d.profile.SM2 {
		if way.Sign == 0 || tried[way.Sign] || !k.login.mechanisms[uint(way.Sign)] || o.hasType && o.keyType != uint(way.KeyType) {
			continue
		}
		tried[way.Sign] = true
		ways = append(ways, cryptoki.Mechanism{Type: uint(way.Sign)})
	}
	return ways
}

func finishSM2(raw []byte) ([]byte, error) {
	sig, err := sm2form.ParseSignature(raw)
	if err != nil {
		return nil, token.ErrBadSignature
	}
	return sig.DER(), nil
}

// isFinal tells whether after this outcome no other way is to be tried: the token is gone or locked, a PIN was wrong, or the
// person called it off.
func isFinal(err error) bool {
	var wrong *token.PINWrongError
	if errors.As(err, &wrong) {
		return true
	}
	for _, final := range []error{token.ErrRemoved, token.ErrNotUnlocked, token.ErrPINLocked, token.ErrCancelled} {
		if errors.Is(err, final) {
			return true
		}
	}
	return false
}

// sign is one signature as the library gives it.
func (k *key) sign(o object, m cryptoki.Mechanism, data []byte) ([]byte, error) {
	t := k.id.token
	if err := k.begin(o, func() error { return t.session.SignInit(m, o.handle) }); err != nil {
		return nil, err
	}
	sig, err := t.session.Sign(data)
	return sig, outcome(err)
}

// begin starts an operation with the key and, where the key wants it, hands the PIN over once more. A PIN that is refused here
// is not the one the key wants; it is forgotten, so that it is never sent again.
func (k *key) begin(o object, initialise func() error) error {
	t := k.id.token
	err := initialise()
	if errors.Is(err, cryptoki.CKR_OPERATION_ACTIVE) { // left behind by an operation that failed between its two calls
		if err := t.renew(); err != nil {
			return err
		}
		err = initialise()
	}
	if err != nil || !o.always {
		return outcome(err)
	}
	if err := t.session.Login(cryptoki.CKU_CONTEXT_SPECIFIC, k.login.pin); err != nil {
		err = t.pinOutcome(err)
		t.lock()
		if renewed := t.renew(); renewed != nil {
			return renewed
		}
		return err
	}
	return nil
}

// renew gives up the session for a new one, which ends every operation. The login stays, for it is the token's.
func (t *hardToken) renew() error {
	old := t.session
	t.session = nil
	err := t.open()
	if closed := outcome(old.Close()); err == nil {
		err = closed
	}
	return err
}
