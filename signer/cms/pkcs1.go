package cms

import (
	"bytes"
	"crypto"
	"crypto/rsa"
	"crypto/subtle"
	"hash"
	"math/big"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// PKCS1 is the value of the oldest kind of PDF signatures, adbe.x509.rsa_sha1
// (ISO 32000-1, 12.8.3.2): an OCTET STRING with an RSASSA-PKCS1-v1_5 signature
// over the content itself, and nothing beside it.
type PKCS1 struct {
	suite     suite
	key       *rsa.PublicKey
	signature []byte
	signed    []byte // the digest, which only the key brings to light
}

// ParsePKCS1 takes a value apart with the signer's key. SHA-1 and RSA keys from
// 1024 bits are accepted; Weak names them then. As nothing says what the signature
// stands over, whoever asks makes sure of what Accept.NoAttributes wants.
//
// Errors are of type *Error.
func ParsePKCS1(der []byte, key crypto.PublicKey) (*PKCS1, error) {
	p := &PKCS1{suite: suite{scheme: schemeRSA, digest: digestSHA1}}
	also := Accept{Weak: true}
	if err := p.suite.fits(key, also); err != nil {
		return nil, err
	}
	p.key = key.(*rsa.PublicKey) // only that fits RSA
	in := cryptobyte.String(der)
	if !in.ReadASN1Bytes(&p.signature, cbasn1.OCTET_STRING) || !in.Empty() {
		return nil, fail(Malformed, "the value is not an OCTET STRING")
	}
	info, ok := p.digestInfo()
	if !ok {
		return nil, fail(BadSignature, "the signature value is not the signer's")
	}
	d, err := also.digest(info.oid)
	if err != nil {
		return nil, err
	}
	if p.suite.digest = d; d.oid.Equal(oidSHA1) {
		p.suite.weak = d.name
	}
	return p, p.suite.fits(key, also)
}

// digestInfo opens the signature (RFC 8017, 8.2.2 and 9.2) to learn which digest
// was signed. Whether it is well formed to the bit is left to Check.
func (p *PKCS1) digestInfo() (algorithm, bool) {
	size := p.key.Size()
	value := new(big.Int).SetBytes(p.signature)
	if len(p.signature) != size || value.Cmp(p.key.N) >= 0 {
		return algorithm{}, false
	}
	opened := value.Exp(value, big.NewInt(int64(p.key.E)), p.key.N).FillBytes(make([]byte, size))
	_, der, ok := bytes.Cut(opened[1:], []byte{0})
	in := cryptobyte.String(der)
	var info cryptobyte.String
	if !ok || !in.ReadASN1(&info, cbasn1.SEQUENCE) {
		return algorithm{}, false
	}
	a, ok := readAlgorithm(&info)
	return a, ok && info.ReadASN1Bytes(&p.signed, cbasn1.OCTET_STRING)
}

// DigestHash returns a new hash of the kind that was signed.
func (p *PKCS1) DigestHash() hash.Hash { return p.suite.digest.new() }

// Algorithm names the signature, as that of SignedData does.
func (p *PKCS1) Algorithm() string { return p.suite.String() }

// Weak names what makes the signature prove little, "" where nothing does.
func (p *PKCS1) Weak() string { return p.suite.weak }

// Check judges the signature against the content's digest, made with DigestHash.
//
// Errors are of type *Error.
func (p *PKCS1) Check(digest []byte) error {
	switch {
	case subtle.ConstantTimeCompare(digest, p.signed) != 1:
		return fail(DigestMismatch, "the content's digest is not the signed one")
	case !p.suite.verifyDigest(p.key, digest, p.signature):
		return fail(BadSignature, "the signature value is not the signer's")
	}
	return nil
}
