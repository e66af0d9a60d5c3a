package ses

import (
	"bytes"
	"crypto/sha256"
	"crypto/subtle"
	"strings"

	"github.com/emmansun/gmsm/sm3"
	"github.com/emmansun/gmsm/smx509"
	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// Signers are those who may use a seal: SES_CertList. One of the lists is empty;
// version 1 knows certificates only.
type Signers struct {
	Certificates [][]byte // DER
	Digests      []CertDigest
}

// CertDigest stands for a certificate.
type CertDigest struct {
	Kind  string // the maker names the digest as he likes: "SM3", "SHA256"
	Value []byte // over the certificate's DER
}

// The values of certListType.
const (
	byCertificate = 1
	byDigest      = 2
)

// SignersByCertificate lists signers by their certificates.
func SignersByCertificate(certs ...*smx509.Certificate) Signers {
	var s Signers
	for _, c := range certs {
		s.Certificates = append(s.Certificates, c.Raw)
	}
	return s
}

// SignersByDigest lists signers by the SM3 of their certificates.
func SignersByDigest(certs ...*smx509.Certificate) Signers {
	var s Signers
	for _, c := range certs {
		sum := sm3.Sum(c.Raw)
		s.Digests = append(s.Digests, CertDigest{"SM3", sum[:]})
	}
	return s
}

func (s Signers) empty() bool { return len(s.Certificates)+len(s.Digests) == 0 }

// find says what is wrong with a signer's certificate: nothing, that it is
// not listed, or that the list cannot be read so far.
func (s Signers) find(cert *smx509.Certificate) error {
	for _, der := range s.Certificates {
		if bytes.Equal(der, cert.Raw) {
			return nil
		}
	}
	unknown := ""
	for _, d := range s.Digests {
		known, same := d.matches(cert)
		if same {
			return nil
		}
		if !known {
			unknown = d.Kind
		}
	}
	if unknown != "" {
		return fail("list_unknown", "kind", unknown)
	}
	return fail("signer_not_listed")
}

// Names of digests as makers write them, without dashes and in capitals.
var listDigests = map[string]func([]byte) []byte{
	"SM3":                    sumSM3,
	"1.2.156.10197.1.401":    sumSM3,
	"SHA256":                 sumSHA256,
	"2.16.840.1.101.3.4.2.1": sumSHA256,
}

func sumSM3(b []byte) []byte    { sum := sm3.Sum(b); return sum[:] }
func sumSHA256(b []byte) []byte { sum := sha256.Sum256(b); return sum[:] }

func (d CertDigest) matches(cert *smx509.Certificate) (known, same bool) {
	sum, known := listDigests[strings.ToUpper(strings.ReplaceAll(d.Kind, "-", ""))]
	return known, known && subtle.ConstantTimeCompare(sum(cert.Raw), d.Value) == 1
}

func (f *fields) signers(listType int) Signers {
	var s Signers
	list := f.sequence("certList")
	for f.err == nil && !list.rest.Empty() {
		if len(s.Certificates)+len(s.Digests) == maxSigners {
			f.fail("too_large", "detail", "certList")
			break
		}
		switch listType {
		case byCertificate:
			s.Certificates = append(s.Certificates, list.octets("certList", maxCertificate))
		case byDigest:
			d := list.sequence("certList")
			kind := d.printable("CertDigestObj.type", maxText)
			s.Digests = append(s.Digests, CertDigest{kind, d.octets("CertDigestObj.value", maxDigest)})
			d.end("certList")
		default:
			f.bad("certListType")
		}
	}
	return s
}

func (s Signers) add(b *cryptobyte.Builder, v Version) {
	if v != V1 {
		listType := int64(byCertificate)
		if len(s.Digests) > 0 {
			listType = byDigest
		}
		b.AddASN1Int64(listType)
	}
	b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
		for _, c := range s.Certificates {
			b.AddASN1OctetString(c)
		}
		for _, d := range s.Digests {
			b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
				addString(b, cbasn1.PrintableString, d.Kind)
				b.AddASN1OctetString(d.Value)
			})
		}
	})
}
