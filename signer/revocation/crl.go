package revocation

import (
	"bytes"
	"slices"

	"github.com/emmansun/gmsm/smx509"
	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// MaxCRL is the longest list in bytes that JudgeCRL reads: some 400,000 certificates.
const MaxCRL = 16 << 20

var (
	oidDeltaCRL     = oid{2, 5, 29, 27}
	oidIssuingPoint = oid{2, 5, 29, 28}
)

// JudgeCRL judges a revocation list about a certificate: its issuer signed it unaltered,
// it is a complete list that covers this certificate, and it speaks about the moment in
// question.
func JudgeCRL(der []byte, cert, issuer *smx509.Certificate, q Question) Answer {
	a, err := judgeCRL(der, cert, issuer, q.settled())
	return asAnswer(a, err, cert)
}

func judgeCRL(der []byte, cert, issuer *smx509.Certificate, q Question) (Answer, error) {
	if err := issued(cert, issuer); err != nil {
		return Answer{}, err
	}
	if len(der) > MaxCRL {
		return Answer{}, refuse(TooLarge, "%d bytes", len(der))
	}
	list, err := smx509.ParseRevocationList(der)
	if err != nil {
		return Answer{}, refuse(Malformed, "%v", err)
	}
	if len(list.Raw) != len(der) {
		return Answer{}, refuse(Malformed, "something follows the list")
	}
	if !bytes.Equal(list.RawIssuer, issuer.RawSubject) {
		return Answer{}, refuse(WrongResponder, "the list is of %q, not of the certificate's issuer", list.Issuer.CommonName)
	}
	if err := strong(list.SignatureAlgorithm); err != nil {
		return Answer{}, err
	}
	if issuer.KeyUsage != 0 && issuer.KeyUsage&smx509.KeyUsageCRLSign == 0 {
		return Answer{}, refuse(WrongResponder, "%q may not sign lists", issuer.Subject.CommonName)
	}
	if len(list.AuthorityKeyId) > 0 && len(issuer.SubjectKeyId) > 0 && !bytes.Equal(list.AuthorityKeyId, issuer.SubjectKeyId) {
		return Answer{}, refuse(OtherCertificate, "the list is signed with another key of %q", list.Issuer.CommonName)
	}
	if list.CheckSignatureFrom(issuer) != nil {
		return Answer{}, refuse(Forged, "the signature is not that of %q", issuer.Subject.CommonName)
	}
	if err := covers(list, cert); err != nil {
		return Answer{}, err
	}
	a := Answer{Status: Good, Source: CRL, ThisUpdate: list.ThisUpdate, NextUpdate: list.NextUpdate, Raw: slices.Clone(der)}
	for _, e := range list.RevokedCertificateEntries {
		if e.SerialNumber.Cmp(cert.SerialNumber) != 0 {
			continue
		}
		reason := reasons[e.ReasonCode]
		if reason == "" || e.ReasonCode == removeFromCRL {
			return Answer{}, refuse(Malformed, "reason %d in a complete list", e.ReasonCode)
		}
		if a.Status == Good || e.RevocationTime.Before(a.RevokedAt) {
			a.Status, a.RevokedAt, a.Reason = Revoked, e.RevocationTime, reason
		}
	}
	return a, q.timely(a)
}

// covers says whether a list is complete for a certificate, as far as that is known
// here (RFC 5280, 5.2 and 5.3).
func covers(list *smx509.RevocationList, cert *smx509.Certificate) error {
	for _, x := range list.Extensions {
		switch {
		case x.Id.Equal(oidDeltaCRL):
			return refuse(Unsupported, "the list has only what changed since another one")
		case x.Id.Equal(oidIssuingPoint):
			if err := pointCovers(x.Value, cert); err != nil {
				return err
			}
		case x.Critical:
			return refuse(Unsupported, "extension %v must be understood and is not known", x.Id)
		}
	}
	for _, e := range list.RevokedCertificateEntries {
		for _, x := range e.Extensions {
			if x.Critical { // such as certificateIssuer, of an indirect list
				return refuse(Unsupported, "extension %v of an entry must be understood and is not known", x.Id)
			}
		}
	}
	return nil
}

// pointCovers reads IssuingDistributionPoint (RFC 5280, 5.2.5): lists of a part are
// taken when the certificate names the same part, or when the part is its kind.
func pointCovers(der []byte, cert *smx509.Certificate) error {
	bad := refuse(Malformed, "the list's distribution point is not well formed")
	in := cryptobyte.String(der)
	var seq cryptobyte.String
	if !in.ReadASN1(&seq, cbasn1.SEQUENCE) || !in.Empty() {
		return bad
	}
	if seq.PeekASN1Tag(explicit(0)) {
		var point, full, name cryptobyte.String
		if !seq.ReadASN1(&point, explicit(0)) {
			return bad
		}
		if !point.ReadASN1(&full, explicit(0)) || !point.Empty() {
			return refuse(Unsupported, "the list's distribution point is relative to its issuer")
		}
		same := false
		for !full.Empty() {
			var tag cbasn1.Tag
			if !full.ReadAnyASN1(&name, &tag) {
				return bad
			}
			same = same || tag == cbasn1.Tag(6).ContextSpecific() && slices.Contains(cert.CRLDistributionPoints, string(name))
		}
		if !same {
			return refuse(OtherCertificate, "the list is of another distribution point than the certificate's")
		}
	}
	for !seq.Empty() {
		var value cryptobyte.String
		var tag cbasn1.Tag
		if !seq.ReadAnyASN1(&value, &tag) {
			return bad
		}
		isTrue := len(value) == 1 && value[0] == 0xff
		switch {
		case tag == cbasn1.Tag(1).ContextSpecific() && isTrue:
			if cert.IsCA {
				return refuse(OtherCertificate, "the list is of users' certificates only")
			}
		case tag == cbasn1.Tag(2).ContextSpecific() && isTrue:
			if !cert.IsCA {
				return refuse(OtherCertificate, "the list is of authorities' certificates only")
			}
		default:
			return refuse(Unsupported, "the list is indirect, of some reasons or of some attributes only")
		}
	}
	return nil
}
