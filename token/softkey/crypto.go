package softkey

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/asn1"
	"errors"
	"math/big"
	"slices"

	"github.com/emmansun/gmsm/sm2"
	"github.com/emmansun/gmsm/smx509"
)

// kind is what a key can do.
type kind int

const (
	unknownKey kind = iota
	rsaKey
	p256Key
	sm2Key
)

func kindOf(key crypto.Signer) kind {
	switch k := key.(type) {
	case *rsa.PrivateKey:
		return rsaKey
	case *ecdsa.PrivateKey:
		if k.Curve == elliptic.P256() {
			return p256Key
		}
	case *sm2.PrivateKey:
		return sm2Key
	}
	return unknownKey
}

// public is the pair's public key, the certificate's where the key is missing; nil when there is none.
func (p *keyPair) public() crypto.PublicKey {
	if p.key != nil {
		return p.key.Public()
	}
	cert, err := smx509.ParseCertificate(p.cert)
	if err != nil {
		return nil
	}
	return cert.PublicKey
}

// kind is the kind of the pair's public key.
func (p *keyPair) kind() kind {
	if p == nil {
		return unknownKey
	}
	switch pub := p.public().(type) {
	case *rsa.PublicKey:
		return rsaKey
	case *ecdsa.PublicKey:
		if sm2.IsSM2PublicKey(pub) {
			return sm2Key
		}
		return p256Key
	}
	return unknownKey
}

// pointOf is a public key as 04‖x‖y.
func pointOf(pub *ecdsa.PublicKey) ([]byte, error) {
	if !sm2.IsSM2PublicKey(pub) {
		return pub.Bytes()
	}
	k, err := sm2.PublicKeyToECDH(pub)
	if err != nil {
		return nil, err
	}
	return k.Bytes(), nil
}

// scalarSize is the length in bytes of r, s and coordinates on both curves.
const scalarSize = 32

// signature is an SM2 or ECDSA signature before it is encoded.
type signature struct{ R, S *big.Int }

func signEC(key crypto.Signer, digest []byte) (signature, error) {
	var der []byte
	var err error
	switch k := key.(type) {
	case *sm2.PrivateKey:
		der, err = sm2.SignASN1(rand.Reader, k, digest, nil)
	case *ecdsa.PrivateKey:
		der, err = ecdsa.SignASN1(rand.Reader, k, digest)
	default:
		err = errors.New("not a key on a curve")
	}
	if err != nil {
		return signature{}, err
	}
	var sig signature
	_, err = asn1.Unmarshal(der, &sig)
	return sig, err
}

func (s signature) der() []byte {
	der, _ := asn1.Marshal(s) // two positive integers always marshal
	return der
}

func (s signature) raw() []byte {
	raw := make([]byte, 2*scalarSize)
	s.R.FillBytes(raw[:scalarSize])
	s.S.FillBytes(raw[scalarSize:])
	return raw
}

// blob is ECCSIGNATUREBLOB (GM/T 0016, 6.4.9): each number at the end of 64 bytes.
func (s signature) blob() []byte {
	blob := make([]byte, 2*coordinateRoom)
	s.R.FillBytes(blob[:coordinateRoom])
	s.S.FillBytes(blob[coordinateRoom:])
	return blob
}

// encoding is how a signature on a curve leaves the key.
type encoding int

const (
	rawEncoding encoding = iota
	derEncoding
	blobEncoding
)

// most is the most bytes that a signature takes.
func (e encoding) most() int {
	switch e {
	case derEncoding:
		return 72
	case blobEncoding:
		return 2 * coordinateRoom
	}
	return 2 * scalarSize
}

// encoded is the encoding that is due, or the one that a fault has instead.
func (c *call) encoded(due encoding) encoding {
	switch {
	case c.effects.blob:
		return blobEncoding
	case !c.effects.other:
		return due
	case due == derEncoding:
		return rawEncoding
	}
	return derEncoding
}

// sealEC signs, as far as no fault has it otherwise.
func (c *call) sealEC(key crypto.Signer, digest []byte, due encoding) ([]byte, error) {
	if c.effects.wrong {
		digest = slices.Clone(digest)
		digest[0] ^= 1
	}
	sig, err := signEC(key, digest)
	if err != nil {
		return nil, err
	}
	switch c.encoded(due) {
	case derEncoding:
		return sig.der(), nil
	case blobEncoding:
		return sig.blob(), nil
	}
	return sig.raw(), nil
}

// sealRSA is what a fault leaves of an RSA signature.
func (c *call) sealRSA(signature []byte) []byte {
	if c.effects.wrong {
		signature[len(signature)/2] ^= 1
	}
	if c.effects.other {
		slices.Reverse(signature)
	}
	return signature
}

// decryptSM2 takes C1‖C3‖C2 with C1 = 04‖x‖y.
func decryptSM2(key *sm2.PrivateKey, cipher []byte) ([]byte, error) {
	return key.Decrypt(rand.Reader, cipher, sm2.NewPlainDecrypterOpts(sm2.C1C3C2))
}
