package cms

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rsa"
	_ "crypto/sha256" // crypto.SHA256.New
	_ "crypto/sha512" // crypto.SHA384.New, crypto.SHA512.New
	"encoding/asn1"
	"fmt"
	"hash"
	"time"

	"github.com/emmansun/gmsm/sm2"
	"github.com/emmansun/gmsm/sm3"
	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

type oid = asn1.ObjectIdentifier

var (
	oidData         = oid{1, 2, 840, 113549, 1, 7, 1}
	oidSignedData   = oid{1, 2, 840, 113549, 1, 7, 2}
	oidGMData       = oid{1, 2, 156, 10197, 6, 1, 4, 2, 1} // GM/T 0010 clause 7
	oidGMSignedData = oid{1, 2, 156, 10197, 6, 1, 4, 2, 2}

	oidAttrContentType   = oid{1, 2, 840, 113549, 1, 9, 3}
	oidAttrMessageDigest = oid{1, 2, 840, 113549, 1, 9, 4}
	oidAttrSigningTime   = oid{1, 2, 840, 113549, 1, 9, 5}
	oidAttrSigningCert   = oid{1, 2, 840, 113549, 1, 9, 16, 2, 12}
	oidAttrSigningCertV2 = oid{1, 2, 840, 113549, 1, 9, 16, 2, 47}

	oidAttrTimeStamp = oid{1, 2, 840, 113549, 1, 9, 16, 2, 14}

	oidMD5    = oid{1, 2, 840, 113549, 2, 5}
	oidSHA1   = oid{1, 3, 14, 3, 2, 26}
	oidSHA256 = oid{2, 16, 840, 1, 101, 3, 4, 2, 1}
	oidSHA384 = oid{2, 16, 840, 1, 101, 3, 4, 2, 2}
	oidSHA512 = oid{2, 16, 840, 1, 101, 3, 4, 2, 3}
	oidSM3    = oid{1, 2, 156, 10197, 1, 401}

	oidRSA         = oid{1, 2, 840, 113549, 1, 1, 1}
	oidMD5RSA      = oid{1, 2, 840, 113549, 1, 1, 4}
	oidSHA1RSA     = oid{1, 2, 840, 113549, 1, 1, 5}
	oidMGF1        = oid{1, 2, 840, 113549, 1, 1, 8}
	oidRSAPSS      = oid{1, 2, 840, 113549, 1, 1, 10}
	oidSHA256RSA   = oid{1, 2, 840, 113549, 1, 1, 11}
	oidSHA384RSA   = oid{1, 2, 840, 113549, 1, 1, 12}
	oidSHA512RSA   = oid{1, 2, 840, 113549, 1, 1, 13}
	oidECDSASHA1   = oid{1, 2, 840, 10045, 4, 1}
	oidECDSASHA256 = oid{1, 2, 840, 10045, 4, 3, 2}
	oidECDSASHA384 = oid{1, 2, 840, 10045, 4, 3, 3}
	oidECDSASHA512 = oid{1, 2, 840, 10045, 4, 3, 4}
	oidSM2SM3      = oid{1, 2, 156, 10197, 1, 501}
	oidSM2Sign     = oid{1, 2, 156, 10197, 1, 301, 1} // SM2 signatures, with SM3 in GM/T 0010
)

// MinRSABits is the shortest RSA modulus that Check accepts.
const MinRSABits = 2048

// maxRSABits bounds the time an attacker's key can cost.
const maxRSABits = 16384

// digest is a hash function as CMS names it.
type digest struct {
	name string
	oid  oid
	hash crypto.Hash // 0 for SM3
	new  func() hash.Hash
}

var digests = []digest{
	{"SHA256", oidSHA256, crypto.SHA256, crypto.SHA256.New},
	{"SHA384", oidSHA384, crypto.SHA384, crypto.SHA384.New},
	{"SHA512", oidSHA512, crypto.SHA512, crypto.SHA512.New},
	{"SM3", oidSM3, 0, sm3.New},
}

func digestByOID(o oid) (digest, error) {
	for _, d := range digests {
		if d.oid.Equal(o) {
			return d, nil
		}
	}
	switch {
	case o.Equal(oidSHA1):
		return digest{}, failAlgorithm(WeakAlgorithm, "SHA-1", "digest SHA-1 is too weak to prove anything")
	case o.Equal(oidMD5):
		return digest{}, failAlgorithm(WeakAlgorithm, "MD5", "digest MD5 is too weak to prove anything")
	}
	return digest{}, failAlgorithm(UnsupportedAlgorithm, o.String(), "unknown digest algorithm %v", o)
}

// digest is digestByOID with SHA-1 where weak algorithms are accepted.
func (a Accept) digest(o oid) (digest, error) {
	if a.Weak && o.Equal(oidSHA1) {
		return digestSHA1, nil
	}
	return digestByOID(o)
}

func (d digest) sum(data []byte) []byte {
	h := d.new()
	h.Write(data)
	return h.Sum(nil)
}

// scheme is the family of a signature.
type scheme int

const (
	schemeRSA scheme = iota
	schemePSS
	schemeECDSA
	schemeSM2
)

func (s scheme) String() string {
	return [...]string{"RSA", "RSA-PSS", "ECDSA", "SM2"}[s]
}

// signatureOIDs maps a signatureAlgorithm to its scheme and to the digest it
// names. rsaEncryption names none: the digestAlgorithm stands alone (RFC 3370, 3.2).
var signatureOIDs = []struct {
	oid    oid
	scheme scheme
	digest oid
}{
	{oidRSA, schemeRSA, nil},
	{oidSHA256RSA, schemeRSA, oidSHA256},
	{oidSHA384RSA, schemeRSA, oidSHA384},
	{oidSHA512RSA, schemeRSA, oidSHA512},
	{oidRSAPSS, schemePSS, nil},
	{oidECDSASHA256, schemeECDSA, oidSHA256},
	{oidECDSASHA384, schemeECDSA, oidSHA384},
	{oidECDSASHA512, schemeECDSA, oidSHA512},
	{oidSM2SM3, schemeSM2, oidSM3},
	{oidSM2Sign, schemeSM2, oidSM3},
}

var weakSignatures = []struct {
	oid    oid
	name   string
	scheme scheme
	digest oid
}{{oidMD5RSA, "MD5-RSA", schemeRSA, oidMD5}, {oidSHA1RSA, "SHA1-RSA", schemeRSA, oidSHA1}, {oidECDSASHA1, "ECDSA-SHA1", schemeECDSA, oidSHA1}}

// algorithm is an AlgorithmIdentifier: its OID and its parameters' element,
// empty when absent.
type algorithm struct {
	oid    oid
	params cryptobyte.String
}

var derNULL = []byte{5, 0}

// plain says whether the parameters are absent or NULL: for digests and
// signatures without parameters both spellings are in use (RFC 5754, 2).
func (a algorithm) plain() bool {
	return len(a.params) == 0 || string(a.params) == string(derNULL)
}

// suite is what SignerInfo's two algorithms and the key amount to.
type suite struct {
	scheme  scheme
	digest  digest
	saltLen int       // PSS only
	weak    string    // what makes it weak, where that is accepted
	gm      bool      // identifiers of GB/T 35275
	time    time.Time // claimed, zero for none
}

func (s suite) String() string { return s.scheme.String() + "-" + s.digest.name }

// resolve checks that digest, signature algorithm and key belong together.
func resolve(digestAlg, sigAlg algorithm, pub crypto.PublicKey, also Accept) (suite, error) {
	d, err := also.digest(digestAlg.oid)
	if err != nil {
		return suite{}, err
	}
	if !digestAlg.plain() {
		return suite{}, failAlgorithm(UnsupportedAlgorithm, d.name, "digest %s with parameters", d.name)
	}
	s := suite{digest: d}
	if d.oid.Equal(oidSHA1) {
		s.weak = d.name
	}
	var named oid
	known := false
	for _, w := range weakSignatures {
		if !w.oid.Equal(sigAlg.oid) {
			continue
		}
		if !also.Weak || w.digest.Equal(oidMD5) {
			return suite{}, failAlgorithm(WeakAlgorithm, w.name, "signature %s is too weak to prove anything", w.name)
		}
		s.scheme, named, known, s.weak = w.scheme, w.digest, true, w.name
	}
	for _, a := range signatureOIDs {
		if a.oid.Equal(sigAlg.oid) {
			s.scheme, named, known = a.scheme, a.digest, true
		}
	}
	if !known {
		return suite{}, failAlgorithm(UnsupportedAlgorithm, sigAlg.oid.String(), "unknown signature algorithm %v", sigAlg.oid)
	}
	if named != nil && !named.Equal(d.oid) {
		return suite{}, fail(AlgorithmMismatch, "signature algorithm %v with digest %s", sigAlg.oid, d.name)
	}
	if s.scheme == schemePSS {
		if s.saltLen, err = parsePSS(sigAlg.params, d); err != nil {
			return suite{}, err
		}
	} else if !sigAlg.plain() {
		return suite{}, failAlgorithm(UnsupportedAlgorithm, sigAlg.oid.String(), "signature algorithm %v with parameters", sigAlg.oid)
	}
	err = s.fits(pub, also)
	return s, err
}

// weakRSABits is the shortest RSA modulus that is accepted where weak algorithms are.
const weakRSABits = 1024

// fits checks the key against the scheme, and that it is neither too short to
// prove anything nor too long to be checked in reasonable time.
func (s *suite) fits(pub crypto.PublicKey, also Accept) error {
	switch pub := pub.(type) {
	case *rsa.PublicKey:
		if s.scheme != schemeRSA && s.scheme != schemePSS || s.digest.hash == 0 {
			break
		}
		bits := pub.N.BitLen()
		if bits < MinRSABits {
			s.weak = fmt.Sprintf("RSA-%d", bits)
		}
		if bits < MinRSABits && (!also.Weak || bits < weakRSABits) {
			return failAlgorithm(WeakAlgorithm, "RSA", "RSA key of %d bits is too short", bits)
		}
		if bits > maxRSABits {
			return failAlgorithm(UnsupportedAlgorithm, "RSA", "RSA key of %d bits is too long", bits)
		}
		return nil
	case *ecdsa.PublicKey:
		if isSM2 := sm2.IsSM2PublicKey(pub); isSM2 != (s.scheme == schemeSM2) || s.scheme != schemeSM2 && s.scheme != schemeECDSA {
			break
		}
		if s.scheme == schemeECDSA && !nistCurve(pub.Curve) {
			return failAlgorithm(UnsupportedAlgorithm, "ECDSA", "ECDSA on an unsupported curve")
		}
		return nil
	}
	return failAlgorithm(AlgorithmMismatch, s.String(), "%s cannot be made with the certificate's key (%T)", s, pub)
}

func nistCurve(c elliptic.Curve) bool {
	return c == elliptic.P256() || c == elliptic.P384() || c == elliptic.P521()
}

// suiteFor is what a Builder makes with a key: the digest is as strong as the key, no stronger.
func suiteFor(pub crypto.PublicKey) (suite, error) {
	var s suite
	switch pub := pub.(type) {
	case *rsa.PublicKey:
		s = suite{scheme: schemeRSA, digest: digests[0]}
	case *ecdsa.PublicKey:
		s = suite{scheme: schemeECDSA, digest: digests[0]}
		switch {
		case sm2.IsSM2PublicKey(pub):
			s = suite{scheme: schemeSM2, digest: digests[3]}
		case pub.Curve == elliptic.P384():
			s.digest = digests[1]
		case pub.Curve == elliptic.P521():
			s.digest = digests[2]
		}
	default:
		return suite{}, failAlgorithm(UnsupportedAlgorithm, "", "cannot sign with a key of type %T", pub)
	}
	err := s.fits(pub, Accept{})
	return s, err
}

// identifiers are the AlgorithmIdentifiers the Builder writes. GB/T 35275 names
// SM2 alone, the digest standing beside it. rsaEncryption is
// the one RSA identifier every CMS reader must know (RFC 3370, 3.2), and carries
// NULL; ECDSA and SM2 carry no parameters (RFC 5754, 3.3); nor do digests.
func (s suite) identifiers() (digestAlg, sigAlg algorithm) {
	digestAlg = algorithm{oid: s.digest.oid}
	switch s.scheme {
	case schemeRSA:
		return digestAlg, algorithm{oidRSA, derNULL}
	case schemeSM2:
		if s.gm {
			return digestAlg, algorithm{oid: oidSM2Sign}
		}
		return digestAlg, algorithm{oid: oidSM2SM3}
	}
	for _, a := range signatureOIDs {
		if a.scheme == s.scheme && a.digest.Equal(s.digest.oid) {
			sigAlg.oid = a.oid
		}
	}
	return digestAlg, sigAlg
}

// verify checks the signature value over what was signed.
func (s suite) verify(pub crypto.PublicKey, signed, sig []byte) bool {
	if key, ok := pub.(*ecdsa.PublicKey); ok && s.scheme == schemeSM2 {
		e, err := sm2.CalculateSM2Hash(key, signed, nil) // nil: the default user id of GM/T 0009
		return err == nil && s.verifyDigest(pub, e, sig)
	}
	return s.verifyDigest(pub, s.digest.sum(signed), sig)
}

// verifyDigest checks the signature value over the digest of what was signed;
// SM2's is e = SM3(Z‖M).
func (s suite) verifyDigest(pub crypto.PublicKey, sum, sig []byte) bool {
	switch pub := pub.(type) {
	case *rsa.PublicKey:
		if s.scheme == schemePSS {
			return rsa.VerifyPSS(pub, s.digest.hash, sum, sig, &rsa.PSSOptions{SaltLength: s.saltLen, Hash: s.digest.hash}) == nil
		}
		return rsa.VerifyPKCS1v15(pub, s.digest.hash, sum, sig) == nil
	case *ecdsa.PublicKey:
		if s.scheme == schemeSM2 {
			return sm2.VerifyASN1(pub, sum, sig)
		}
		return ecdsa.VerifyASN1(pub, sum, sig)
	}
	return false
}

// parsePSS reads RSASSA-PSS-params (RFC 8017, A.2.3). Hash and MGF1's hash must
// both be the digest; the defaults (SHA-1) are therefore never right.
func parsePSS(params cryptobyte.String, d digest) (saltLen int, err error) {
	bad := failAlgorithm(UnsupportedAlgorithm, "RSA-PSS", "RSA-PSS parameters do not fit digest %s", d.name)
	var seq, field cryptobyte.String
	if !params.ReadASN1(&seq, cbasn1.SEQUENCE) || !params.Empty() {
		return 0, bad
	}
	explicit := func(n uint8) cbasn1.Tag { return cbasn1.Tag(n).Constructed().ContextSpecific() }
	h, ok := algorithm{}, false
	if !seq.ReadASN1(&field, explicit(0)) {
		return 0, bad
	}
	if h, ok = readAlgorithm(&field); !ok || !field.Empty() || !h.oid.Equal(d.oid) || !h.plain() {
		return 0, bad
	}
	if !seq.ReadASN1(&field, explicit(1)) {
		return 0, bad
	}
	mgf, ok := readAlgorithm(&field)
	if !ok || !field.Empty() || !mgf.oid.Equal(oidMGF1) {
		return 0, bad
	}
	if h, ok = readAlgorithm(&mgf.params); !ok || !mgf.params.Empty() || !h.oid.Equal(d.oid) || !h.plain() {
		return 0, bad
	}
	saltLen = 20 // the default; crypto/rsa would take 0 for 'any'
	if seq.PeekASN1Tag(explicit(2)) {
		if !seq.ReadASN1(&field, explicit(2)) || !field.ReadASN1Integer(&saltLen) || !field.Empty() || saltLen < 1 || saltLen > maxRSABits/8 {
			return 0, bad
		}
	}
	if seq.PeekASN1Tag(explicit(3)) {
		trailer := 0
		if !seq.ReadASN1(&field, explicit(3)) || !field.ReadASN1Integer(&trailer) || !field.Empty() || trailer != 1 {
			return 0, bad
		}
	}
	if !seq.Empty() {
		return 0, bad
	}
	return saltLen, nil
}

// readAlgorithm reads one AlgorithmIdentifier.
func readAlgorithm(s *cryptobyte.String) (algorithm, bool) {
	var a algorithm
	var seq cryptobyte.String
	if !s.ReadASN1(&seq, cbasn1.SEQUENCE) || !seq.ReadASN1ObjectIdentifier(&a.oid) {
		return a, false
	}
	if seq.Empty() {
		return a, true
	}
	var tag cbasn1.Tag
	if !seq.ReadAnyASN1Element(&a.params, &tag) || !seq.Empty() {
		return a, false
	}
	return a, true
}

func (a algorithm) add(b *cryptobyte.Builder) {
	b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1ObjectIdentifier(a.oid)
		b.AddBytes(a.params)
	})
}
