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
	"sealdesk/token/sm2form"
)

// hashes are the numbers and the DigestInfo (RFC 8017, 9.2) of the hashes that are signed.
var hashes = map[crypto.Hash]struct {
	mechanism, mgf uint
	info           []byte
}{
	crypto.SHA1:   {cryptoki.CKM_SHA_1, cryptoki.CKG_MGF1_SHA1, nil}, // with OAEP only
	crypto.SHA256: {cryptoki.CKM_SHA256, cryptoki.CKG_MGF1_SHA256, []byte("\x30\x31\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x01\x05\x00\x04\x20")},
	crypto.SHA384: {cryptoki.CKM_SHA384, cryptoki.CKG_MGF1_SHA384, []byte("\x30\x41\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x02\x05\x00\x04\x30")},
	crypto.SHA512: {cryptoki.CKM_SHA512, cryptoki.CKG_MGF1_SHA512, []byte("\x30\x51\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x03\x05\x00\x04\x40")},
}

// Sign uses the token's own random source.
func (k *key) Sign(_ io.Reader, digest []byte, opts crypto.SignerOpts) (sig []byte, err error) {
	err = k.use(func(p *privateKey) error {
		switch pub := k.Public().(type) {
		case *rsa.PublicKey:
			sig, err = k.signRSA(p, digest, opts)
		case *ecdsa.PublicKey:
			if isSM2(pub) {
				sig, err = k.signSM2(p, digest)
			} else {
				sig, err = k.signECDSA(p, digest, pub)
			}
		default:
			err = token.ErrNotSupported
		}
		return err
	})
	return sig, err
}

func (k *key) signRSA(p *privateKey, digest []byte, opts crypto.SignerOpts) ([]byte, error) {
	hash, ok := hashes[opts.HashFunc()]
	if !ok || hash.info == nil {
		return nil, token.ErrBadDigest
	}
	pss, ok := opts.(*rsa.PSSOptions)
	if !ok {
		return k.sign(p, cryptoki.Mechanism{Type: cryptoki.CKM_RSA_PKCS}, append(append([]byte{}, hash.info...), digest...))
	}
	if !k.login.mechanisms[cryptoki.CKM_RSA_PKCS_PSS] {
		return nil, token.ErrNotSupported
	}
	salt := pss.SaltLength
	if salt == rsa.PSSSaltLengthEqualsHash || salt == rsa.PSSSaltLengthAuto {
		salt = len(digest)
	}
	if salt < 0 || salt > len(digest) {
		return nil, token.ErrNotSupported
	}
	return k.sign(p, cryptoki.PSS(hash.mechanism, hash.mgf, uint(salt)), digest)
}

// signECDSA gives DER, whether the token gives that or r‖s.
func (k *key) signECDSA(p *privateKey, digest []byte, pub *ecdsa.PublicKey) ([]byte, error) {
	sig, err := k.sign(p, cryptoki.Mechanism{Type: cryptoki.CKM_ECDSA}, digest)
	if n := (pub.Curve.Params().BitSize + 7) / 8; err == nil && len(sig) == 2*n {
		return asn1.Marshal(struct{ R, S *big.Int }{new(big.Int).SetBytes(sig[:n]), new(big.Int).SetBytes(sig[n:])})
	}
	return sig, err
}

// signSM2 tries the ways of the profile that the token offers for this kind of key, until a signature over e verifies, and
// stays with that one. Trying costs no PIN.
func (k *key) signSM2(p *privateKey, e []byte) ([]byte, error) {
	if p.signSM2 != nil {
		return k.signSM2With(p, *p.signSM2, e)
	}
	failed := error(token.ErrNotSupported)
	tried := map[uint]bool{}
	for _, way := range k.id.token.d.profile.SM2 {
		m := cryptoki.Mechanism{Type: uint(way.Sign)}
		if m.Type == 0 || tried[m.Type] || !k.login.mechanisms[m.Type] || p.hasType && p.keyType != uint(way.KeyType) {
			continue
		}
		tried[m.Type] = true
		sig, err := k.signSM2With(p, m, e)
		if err == nil {
			err = token.VerifyDigest(k.Public(), e, crypto.Hash(0), sig)
		}
		if err == nil {
			p.signSM2 = &m
			return sig, nil
		}
		if isFinal(err) {
			return nil, err
		}
		failed = err
	}
	return nil, failed
}

func (k *key) signSM2With(p *privateKey, m cryptoki.Mechanism, e []byte) ([]byte, error) {
	raw, err := k.sign(p, m, e)
	if err != nil {
		return nil, err
	}
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
func (k *key) sign(p *privateKey, m cryptoki.Mechanism, data []byte) ([]byte, error) {
	s := k.id.token.session
	if err := k.begin(p, func() error { return s.SignInit(m, p.handle) }); err != nil {
		return nil, err
	}
	sig, err := s.Sign(data)
	return sig, outcome(err)
}

// begin starts an operation with the key and, where the key wants it, hands the PIN over once more. A PIN that is refused here
// is not the one the key wants; it is forgotten, so that it is never sent again.
func (k *key) begin(p *privateKey, initialise func() error) error {
	t := k.id.token
	err := initialise()
	if errors.Is(err, cryptoki.CKR_OPERATION_ACTIVE) { // left behind by an operation that failed between its two calls
		if err := t.renew(); err != nil {
			return err
		}
		err = initialise()
	}
	if err != nil || !p.always {
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
