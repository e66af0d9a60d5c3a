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

// readSignatureAlgorithm reads an AlgorithmIdentifier without parameters, or with NULL.
func readSignatureAlgorithm(s *cryptobyte.String) (smx509.SignatureAlgorithm, error) {
	var seq cryptobyte.String
	var o oid
	if !s.ReadASN1(&seq, cbasn1.SEQUENCE) || !seq.ReadASN1ObjectIdentifier(&o) {
		return 0, refuse(Malformed, "the signature algorithm is not well formed")
	}
	for _, known := range signatures {
		if known.oid.Equal(o) && (seq.Empty() || bytes.Equal(seq, derNULL)) {
			return known.algorithm, strong(known.algorithm)
		}
	}
	return 0, refuse(Unsupported, "signature algorithm %v", o)
}
