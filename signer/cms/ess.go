package cms

import (
	"bytes"
	"crypto"
	_ "crypto/sha1" // crypto.SHA1.New
	"crypto/subtle"
	"math/big"

	"github.com/emmansun/gmsm/smx509"
	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// essCert is the first ESSCertIDv2 of a signing-certificate-v2 attribute
// (RFC 5035, 4), or the first ESSCertID of the older signing-certificate
// (RFC 2634, 5.4), which cannot say its digest: it names the signer's certificate.
type essCert struct {
	digest digest
	hash   []byte
	issuer []byte   // RDNSequence, nil when issuerSerial is absent
	serial *big.Int // nil when issuerSerial is absent
}

// digestSHA1 names a certificate and proves nothing else.
var digestSHA1 = digest{"SHA1", oidSHA1, crypto.SHA1, crypto.SHA1.New}

// parseSigningCertificate reads either attribute; d is the digest where none is said.
func parseSigningCertificate(value cryptobyte.String, d digest, v2 bool) (*essCert, error) {
	bad := fail(Malformed, "the attribute that names the signing certificate is not well formed")
	var seq, certs, id cryptobyte.String
	if !value.ReadASN1(&seq, cbasn1.SEQUENCE) || !value.Empty() || !seq.ReadASN1(&certs, cbasn1.SEQUENCE) {
		return nil, bad
	}
	if !seq.Empty() { // policies
		var policies cryptobyte.String
		if !seq.ReadASN1(&policies, cbasn1.SEQUENCE) || !seq.Empty() || !elements(policies) {
			return nil, bad
		}
	}
	if !certs.ReadASN1(&id, cbasn1.SEQUENCE) || !elements(certs) {
		return nil, bad
	}
	e := &essCert{digest: d}
	// DER leaves the default SHA-256 out, but several signers write it; it is
	// under the signature either way.
	if v2 && id.PeekASN1Tag(cbasn1.SEQUENCE) {
		a, ok := readAlgorithm(&id)
		if !ok {
			return nil, bad
		}
		d, err := digestByOID(a.oid)
		if err != nil {
			return nil, err
		}
		e.digest = d
	}
	var hash cryptobyte.String
	if !id.ReadASN1(&hash, cbasn1.OCTET_STRING) {
		return nil, bad
	}
	e.hash = hash
	if id.Empty() {
		return e, nil
	}
	var is, names, name, dn cryptobyte.String
	e.serial = new(big.Int)
	if !id.ReadASN1(&is, cbasn1.SEQUENCE) || !id.Empty() || !is.ReadASN1(&names, cbasn1.SEQUENCE) ||
		!is.ReadASN1Integer(e.serial) || !is.Empty() {
		return nil, bad
	}
	// GeneralNames with the issuer as the one directoryName [4].
	if !names.ReadASN1(&name, cbasn1.Tag(4).Constructed().ContextSpecific()) || !names.Empty() ||
		!name.ReadASN1Element(&dn, cbasn1.SEQUENCE) || !name.Empty() {
		return nil, bad
	}
	e.issuer = dn
	return e, nil
}

func (e *essCert) matches(c *smx509.Certificate) bool {
	if subtle.ConstantTimeCompare(e.digest.sum(c.Raw), e.hash) != 1 {
		return false
	}
	return e.serial == nil || e.serial.Cmp(c.SerialNumber) == 0 && bytes.Equal(e.issuer, c.RawIssuer)
}

// addSigningCertificateV2 writes the attribute's value. The certificate's hash
// is SHA-256, which DER leaves unsaid, or SM3 with an SM3 signature, so that a
// reader with nothing but the Chinese algorithms can check it.
func addSigningCertificateV2(b *cryptobyte.Builder, d digest, c *smx509.Certificate) {
	if !d.oid.Equal(oidSM3) {
		d = digests[0]
	}
	b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
			b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
				if d.oid.Equal(oidSM3) {
					algorithm{oid: oidSM3}.add(b)
				}
				b.AddASN1OctetString(d.sum(c.Raw))
			})
		})
	})
}
