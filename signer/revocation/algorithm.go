package revocation

import (
	"bytes"
	"crypto/sha1" // names keys and issuers in OCSP, proves nothing
	"crypto/sha256"
	"crypto/sha512"
	"encoding/asn1"
	"hash"

	"github.com/emmansun/gmsm/sm3"
	"github.com/emmansun/gmsm/smx509"
	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

type oid = asn1.ObjectIdentifier

var (
	oidSHA1 = oid{1, 3, 14, 3, 2, 26}
	oidSM3  = oid{1, 2, 156, 10197, 1, 401}
)

// nameHashes are those by which OCSP names an issuer (RFC 6960, 4.1.1).
var nameHashes = []struct {
	oid oid
	new func() hash.Hash
}{
	{oidSHA1, sha1.New},
	{oid{2, 16, 840, 1, 101, 3, 4, 2, 1}, sha256.New},
	{oid{2, 16, 840, 1, 101, 3, 4, 2, 2}, sha512.New384},
	{oid{2, 16, 840, 1, 101, 3, 4, 2, 3}, sha512.New},
	{oidSM3, sm3.New},
}

func nameHash(o oid) func([]byte) []byte {
	for _, h := range nameHashes {
		if h.oid.Equal(o) {
			return func(data []byte) []byte {
				f := h.new()
				f.Write(data)
				return f.Sum(nil)
			}
		}
	}
	return nil
}

// keyBits are the bits of a certificate's subjectPublicKey, which OCSP hashes.
func keyBits(c *smx509.Certificate) []byte {
	in := cryptobyte.String(c.RawSubjectPublicKeyInfo)
	var spki cryptobyte.String
	var bits asn1.BitString
	if !in.ReadASN1(&spki, cbasn1.SEQUENCE) || !spki.SkipASN1(cbasn1.SEQUENCE) || !spki.ReadASN1BitString(&bits) {
		return nil
	}
	return bits.Bytes
}

var (
	derNULL = []byte{5, 0}

	signatures = []struct {
		oid       oid
		algorithm smx509.SignatureAlgorithm
	}{
		{oid{1, 2, 840, 113549, 1, 1, 11}, smx509.SHA256WithRSA},
		{oid{1, 2, 840, 113549, 1, 1, 12}, smx509.SHA384WithRSA},
		{oid{1, 2, 840, 113549, 1, 1, 13}, smx509.SHA512WithRSA},
		{oid{1, 2, 840, 10045, 4, 3, 2}, smx509.ECDSAWithSHA256},
		{oid{1, 2, 840, 10045, 4, 3, 3}, smx509.ECDSAWithSHA384},
		{oid{1, 2, 840, 10045, 4, 3, 4}, smx509.ECDSAWithSHA512},
		{oid{1, 2, 156, 10197, 1, 501}, smx509.SM2WithSM3},
		{oid{1, 2, 840, 113549, 1, 1, 4}, smx509.MD5WithRSA},
		{oid{1, 2, 840, 113549, 1, 1, 5}, smx509.SHA1WithRSA},
		{oid{1, 2, 840, 10045, 4, 1}, smx509.ECDSAWithSHA1},
	}
)

// strong refuses algorithms that prove nothing.
func strong(a smx509.SignatureAlgorithm) error {
	switch a {
	case smx509.MD5WithRSA, smx509.SHA1WithRSA, smx509.ECDSAWithSHA1:
		return refuse(WeakAlgorithm, "signed with %v", a)
	case smx509.UnknownSignatureAlgorithm:
		return refuse(Unsupported, "an unknown signature algorithm")
	}
	return nil
}

// pssParameters are those of RSASSA-PSS that a responder can be expected to take (RFC 4055, 3.1): the digest is MGF1's too, and
// the salt is as long. The digest's own parameters are NULL or left out (RFC 4055, 2.1).
func pssParameters(digest oid, salt int64, parameters []byte) []byte {
	var b cryptobyte.Builder
	algorithm := func(o oid, parameters func(b *cryptobyte.Builder)) func(b *cryptobyte.Builder) {
		return func(b *cryptobyte.Builder) {
			b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
				b.AddASN1ObjectIdentifier(o)
				parameters(b)
			})
		}
	}
	hash := algorithm(digest, func(b *cryptobyte.Builder) { b.AddBytes(parameters) })
	b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1(explicit(0), hash)
		b.AddASN1(explicit(1), algorithm(oid{1, 2, 840, 113549, 1, 1, 8}, hash))
		b.AddASN1(explicit(2), func(b *cryptobyte.Builder) { b.AddASN1Int64(salt) })
	})
	return b.BytesOrPanic() // nothing of it comes from outside
}

var oidPSS = oid{1, 2, 840, 113549, 1, 1, 10}

// readPSS reads the parameters of RSASSA-PSS.
func readPSS(parameters []byte) (smx509.SignatureAlgorithm, error) {
	for i, a := range []smx509.SignatureAlgorithm{smx509.SHA256WithRSAPSS, smx509.SHA384WithRSAPSS, smx509.SHA512WithRSAPSS} {
		digest, salt := oid{2, 16, 840, 1, 101, 3, 4, 2, i + 1}, int64(32+16*i)
		if bytes.Equal(parameters, pssParameters(digest, salt, derNULL)) || bytes.Equal(parameters, pssParameters(digest, salt, nil)) {
			return a, nil
		}
	}
	return 0, refuse(Unsupported, "RSASSA-PSS with unusual parameters")
}

// readSignatureAlgorithm reads an AlgorithmIdentifier, whose parameters, but for those of RSASSA-PSS, are left out or NULL.
func readSignatureAlgorithm(s *cryptobyte.String) (smx509.SignatureAlgorithm, error) {
	var seq cryptobyte.String
	var o oid
	if !s.ReadASN1(&seq, cbasn1.SEQUENCE) || !seq.ReadASN1ObjectIdentifier(&o) {
		return 0, refuse(Malformed, "the signature algorithm is not well formed")
	}
	if o.Equal(oidPSS) {
		return readPSS(seq)
	}
	for _, known := range signatures {
		if known.oid.Equal(o) && (seq.Empty() || bytes.Equal(seq, derNULL)) {
			return known.algorithm, strong(known.algorithm)
		}
	}
	return 0, refuse(Unsupported, "signature algorithm %v", o)
}
