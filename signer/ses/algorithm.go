package ses

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/rsa"
	_ "crypto/sha256" // crypto.SHA256.New
	_ "crypto/sha512" // crypto.SHA384.New, crypto.SHA512.New
	"encoding/asn1"
	"fmt"
	"hash"

	"github.com/emmansun/gmsm/sm2"
	"github.com/emmansun/gmsm/sm3"
	"github.com/emmansun/gmsm/smx509"

	"sealdesk/signer/sigkey"
)

// An algorithm signs and says with which digest: one identifier names both.
type algorithm struct {
	name string
	oid  asn1.ObjectIdentifier
	hash crypto.Hash // 0 for SM3, which goes with SM2
	new  func() hash.Hash
}

func (a algorithm) sm2() bool { return a.hash == 0 }

// The identifiers of GM/T 0006 and of RFC 8017, A.2.4. A maker with SM2 writes
// the first, one with RSA the third; the second is what older writers name SM2
// with SM3.
var algorithms = []algorithm{
	{"SM2-SM3", asn1.ObjectIdentifier{1, 2, 156, 10197, 1, 501}, 0, sm3.New},
	{"SM2-SM3", asn1.ObjectIdentifier{1, 2, 156, 10197, 1, 301, 1}, 0, sm3.New},
	{"RSA-SHA256", asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 11}, crypto.SHA256, crypto.SHA256.New},
	{"RSA-SHA384", asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 12}, crypto.SHA384, crypto.SHA384.New},
	{"RSA-SHA512", asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 13}, crypto.SHA512, crypto.SHA512.New},
}

// GM/T 0031-2014, 6.2.1 allows SHA-1 with RSA; it proves nothing any more.
var weakAlgorithms = map[string]string{
	"1.2.840.113549.1.1.4": "MD5-RSA",
	"1.2.840.113549.1.1.5": "SHA1-RSA",
}

const (
	minRSABits = 2048
	maxRSABits = 16384 // bounds the time that a hostile key costs
)

func algorithmByOID(o asn1.ObjectIdentifier) (algorithm, error) {
	for _, a := range algorithms {
		if a.oid.Equal(o) {
			return a, nil
		}
	}
	if name, ok := weakAlgorithms[o.String()]; ok {
		return algorithm{}, fail("weak_algorithm", "algorithm", name)
	}
	return algorithm{}, fail("algorithm_unknown", "algorithm", o.String())
}

// algorithmFor is what a key signs with.
func algorithmFor(pub crypto.PublicKey) (algorithm, error) {
	a := algorithms[0]
	if _, ok := pub.(*rsa.PublicKey); ok {
		a = algorithms[2]
	}
	return a, a.fits(pub)
}

// fits says whether a key makes signatures of this kind that prove something.
func (a algorithm) fits(pub crypto.PublicKey) error {
	switch pub := pub.(type) {
	case *rsa.PublicKey:
		bits := pub.N.BitLen()
		switch {
		case a.sm2():
		case bits < minRSABits:
			return fail("weak_algorithm", "algorithm", fmt.Sprintf("RSA-%d", bits))
		case bits > maxRSABits:
			return fail("algorithm_unknown", "algorithm", fmt.Sprintf("RSA-%d", bits))
		default:
			return nil
		}
	case *ecdsa.PublicKey:
		if a.sm2() && sm2.IsSM2PublicKey(pub) {
			return nil
		}
	}
	return fail("algorithm_mismatch", "algorithm", a.name)
}

// digest is what a key signs of a message: with SM2, e = SM3(Z || message) with
// the default user id of GM/T 0009.
func (a algorithm) digest(pub crypto.PublicKey, message []byte) ([]byte, error) {
	if key, ok := pub.(*ecdsa.PublicKey); ok {
		return sm2.CalculateSM2Hash(key, message, nil)
	}
	h := a.new()
	h.Write(message)
	return h.Sum(nil), nil
}

func (a algorithm) verify(pub crypto.PublicKey, message, signature []byte) bool {
	digest, err := a.digest(pub, message)
	if err != nil {
		return false
	}
	switch pub := pub.(type) {
	case *rsa.PublicKey:
		return rsa.VerifyPKCS1v15(pub, a.hash, digest, signature) == nil
	case *ecdsa.PublicKey:
		return sm2.VerifyASN1(pub, digest, signature)
	}
	return false
}

// A pair is a key that is known to be a certificate's, and what it signs with.
type pair struct {
	key  crypto.Signer
	cert *smx509.Certificate
	algorithm
}

// newPair looks at the pair before anything is asked of the key.
func newPair(key crypto.Signer, cert *smx509.Certificate) (pair, error) {
	if key == nil || cert == nil {
		return pair{}, fail("key_mismatch")
	}
	a, err := algorithmFor(cert.PublicKey)
	if err != nil {
		return pair{}, err
	}
	pub, ok := cert.PublicKey.(interface{ Equal(crypto.PublicKey) bool })
	if !ok || !pub.Equal(key.Public()) {
		return pair{}, fail("key_mismatch")
	}
	return pair{key, cert, a}, nil
}

// sign calls the key once and checks its answer, which is refused with code when
// it does not verify.
func (p pair) sign(message []byte, code string) ([]byte, error) {
	signature, err := sigkey.Sign(p.key, message, p.hash)
	if err != nil {
		return nil, fmt.Errorf("ses: sign: %w", err)
	}
	if !p.verify(p.cert.PublicKey, message, signature) {
		return nil, fail(code)
	}
	return signature, nil
}

// maxSignature is the length of the longest signature value in bytes.
func (p pair) maxSignature() int {
	if pub, ok := p.cert.PublicKey.(*rsa.PublicKey); ok {
		return pub.Size()
	}
	return 2*(32+3) + 2 // two INTEGERs with a sign byte in a SEQUENCE
}
