package tsa

import (
	"bytes"
	"crypto/subtle"
	"crypto/x509/pkix"
	"encoding/asn1"
	"hash"
	"slices"
	"time"

	"github.com/emmansun/gmsm/smx509"
	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"

	"sealdesk/signer/cms"
)

// MaxToken is the longest token in bytes that ParseToken reads.
const MaxToken = MaxAnswer

var (
	// oidTSTInfo is id-ct-TSTInfo, the content type of a token.
	oidTSTInfo     = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 16, 1, 4}
	oidExtKeyUsage = asn1.ObjectIdentifier{2, 5, 29, 37}
)

// Token is a parsed time-stamp token (RFC 3161, 2.4.2). Nothing in it may be
// believed before Check and Trust.
type Token struct {
	Info
	raw []byte
	sd  *cms.SignedData
}

// ParseToken reads a token: strict DER, and nothing behind it. It judges the
// structure alone. Errors are of type *Error.
func ParseToken(der []byte) (*Token, error) {
	if len(der) > MaxToken {
		return nil, fail(TooLarge, "a time stamp of %d bytes, more than %d", len(der), MaxToken)
	}
	sd, err := cms.ParseAttached(der, oidTSTInfo)
	if err != nil {
		return nil, asError(err)
	}
	info, err := parseInfo(sd.Content())
	if err != nil {
		return nil, err
	}
	return &Token{Info: info, raw: slices.Clone(der), sd: sd}, nil
}

// Raw returns the token's DER: the value of a signature-time-stamp attribute, or of
// a document time stamp's Contents.
func (t *Token) Raw() []byte { return slices.Clone(t.raw) }

// Certificate is the one that the authority signed with.
func (t *Token) Certificate() *smx509.Certificate { return t.sd.SignerCertificate() }

// Certificates are all that the token brings, the authority's among them.
func (t *Token) Certificates() []*smx509.Certificate { return t.sd.Certificates() }

// Algorithm names the authority's signature, such as "RSA-SHA256" or "SM2-SM3".
func (t *Token) Algorithm() string { return t.sd.Algorithm() }

// NewHash returns a new hash of the imprint's kind, for what is said to be stamped.
func (t *Token) NewHash() hash.Hash {
	oid, err := cms.DigestOID(t.Hash)
	if err != nil {
		panic("tsa: a token was read with a digest that is not known") // readImprint refuses it
	}
	_, new, err := cms.DigestByOID(oid)
	if err != nil {
		panic("tsa: " + err.Error()) // DigestOID knows it
	}
	return new()
}

// Check says whether the token is intact and is over digest, made with NewHash. Its
// certificate is meant for time stamps alone, is named by the token, and its key made
// the signature. Whether that certificate can be trusted is for Trust.
//
// Errors are of type *Error.
func (t *Token) Check(digest []byte) error {
	h, err := t.sd.DigestHash()
	if err != nil {
		return asError(err)
	}
	h.Write(t.sd.Content())
	if err := t.sd.Check(h.Sum(nil)); err != nil {
		return asError(err)
	}
	if !t.sd.NamesSigningCertificate() {
		return fail(CertificateMismatch, "the time stamp does not name its certificate")
	}
	cert := t.Certificate()
	if !forTimeStamps(cert) {
		return fail(WrongUsage, "the certificate of %q is not meant for time stamps, or not for them alone", cert.Subject.CommonName)
	}
	if !named(t.name, cert) {
		return fail(CertificateMismatch, "the time stamp is in the name of another authority than its certificate")
	}
	if subtle.ConstantTimeCompare(digest, t.Digest) != 1 {
		return fail(ImprintMismatch, "the time stamp is over something else")
	}
	return nil
}

// forTimeStamps says whether the extended key usage is critical and is
// id-kp-timeStamping alone (RFC 3161, 2.3).
func forTimeStamps(c *smx509.Certificate) bool {
	critical := slices.ContainsFunc(c.Extensions, func(x pkix.Extension) bool { return x.Id.Equal(oidExtKeyUsage) && x.Critical })
	alone := len(c.UnknownExtKeyUsage) == 0 && slices.Equal(c.ExtKeyUsage, []smx509.ExtKeyUsage{smx509.ExtKeyUsageTimeStamping})
	signs := c.KeyUsage == 0 || c.KeyUsage&(smx509.KeyUsageDigitalSignature|smx509.KeyUsageContentCommitment) != 0
	return critical && alone && signs
}

// named says whether the authority's name, where the token has one that is a
// distinguished name, is the certificate's.
func named(general []byte, c *smx509.Certificate) bool {
	name := cryptobyte.String(general)
	var dn cryptobyte.String
	if !name.ReadASN1(&dn, cbasn1.Tag(4).Constructed().ContextSpecific()) {
		return true
	}
	return bytes.Equal(dn, c.RawSubject)
}

// Trust looks for a chain from the authority's certificate to one of the roots, which
// holds at the time stated and still at the moment at: the present, or the time of a
// later stamp that covers this one. more are further intermediates.
//
// Expired comes with the chain that held at the time stated. Errors are of type *Error.
func (t *Token) Trust(roots, more []*smx509.Certificate, at time.Time) ([]*smx509.Certificate, error) {
	if len(roots) == 0 {
		return nil, fail(NoRoots, "no roots of time-stamp authorities are trusted")
	}
	trusted, intermediates := smx509.NewCertPool(), smx509.NewCertPool()
	for _, c := range roots {
		trusted.AddCert(c)
	}
	for _, c := range slices.Concat(t.Certificates(), more) {
		intermediates.AddCert(c)
	}
	cert := t.Certificate()
	chainAt := func(at time.Time) []*smx509.Certificate {
		chains, err := cert.Verify(smx509.VerifyOptions{Roots: trusted, Intermediates: intermediates, CurrentTime: at,
			KeyUsages: []smx509.ExtKeyUsage{smx509.ExtKeyUsageTimeStamping}})
		if err != nil {
			return nil
		}
		return chains[0]
	}
	then := chainAt(t.Time)
	switch {
	case then != nil && chainAt(at) != nil:
		return then, nil
	case then != nil:
		return then, fail(Expired, "the certificate of %q is no longer valid", cert.Subject.CommonName)
	case chainAt(at) != nil || chainAt(cert.NotAfter) != nil:
		return nil, fail(NotValidThen, "the certificate of %q was not valid at the time it states", cert.Subject.CommonName)
	}
	return nil, fail(Untrusted, "the certificate of %q does not lead to a trusted root", cert.Subject.CommonName)
}
