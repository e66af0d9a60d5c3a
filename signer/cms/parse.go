package cms

import (
	"bytes"
	"crypto/ecdsa"
	"encoding/asn1"
	"fmt"
	"hash"
	"math/big"
	"slices"
	"time"

	"github.com/emmansun/gmsm/sm2"
	"github.com/emmansun/gmsm/smx509"
	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// Bounds on what Parse reads.
const (
	// MaxSize is the longest SignedData in bytes. Revocation lists may be inside.
	MaxSize      = 16 << 20
	maxCerts     = 128
	maxAttrs     = 64
	maxAttrBytes = 8 << 20
)

var (
	tag0 = cbasn1.Tag(0).Constructed().ContextSpecific()
	tag1 = cbasn1.Tag(1).Constructed().ContextSpecific()
)

// Attribute is one value of a signed or unsigned attribute.
type Attribute struct {
	OID   asn1.ObjectIdentifier
	Value []byte // the DER element
}

// SignedData is a parsed SignedData with one signer. Its methods do
// not change it, so it may be used by several goroutines.
type SignedData struct {
	also      Accept
	gm        bool   // GM/T 0010 content types
	content   oid    // eContentType
	inside    []byte // the content, where it is inside: the digest of what is signed
	attached  []byte // the content of ParseAttached
	digestAlg algorithm
	sigAlg    algorithm
	signer    *smx509.Certificate
	certs     []*smx509.Certificate
	signed    []Attribute
	signedDER []byte // the SET OF signed attributes as it is signed: tag 0x31
	messageD  []byte
	essHash   *essCert
	essOld    *essCert // of signing-certificate, version 1
	signature []byte
	unsigned  []Attribute

	unsignedSet []byte // the elements of unsignedAttrs
	head        []byte // SignedData's fields before signerInfos
	signerHead  []byte // SignerInfo's fields before unsignedAttrs
}

// Parse reads the DER of a ContentInfo holding SignedData (RFC 5652, 3 and 5).
// It accepts DER only, and nothing behind it: whoever keeps it in a padded
// field trims the padding first. Parse judges the structure, not the signature.
// The order of SET OF is required where it is signed: certificates, revocation
// lists and unsigned attributes may stand in any order, as many writers leave them.
//
// Errors are of type *Error.
func Parse(der []byte) (*SignedData, error) { return parse(der, expected{}) }

// Accept is what ParseAs takes beside what Parse does: what other writers were
// free to make, or made and got away with.
type Accept struct {
	// DigestInside: detached by name only, the digest of what is signed is inside as
	// the content, and the signature may stand over that content without signed
	// attributes. Content of another length than the digest's is refused, so that no
	// signature over attributes can be passed off as one over a digest.
	DigestInside bool
	// SHA1Inside is DigestInside where the digest inside is a SHA-1, whatever the
	// signer's own digest is (ISO 32000-1, 12.8.3.3.1: adbe.pkcs7.sha1); it must be there.
	SHA1Inside bool
	// NoAttributes: the signature may stand over the content itself (RFC 5652, 5.4).
	// Whoever asks for it makes sure that the content does not begin as a SET, as
	// attributes do: a signature over those could be passed off as one over content.
	NoAttributes bool
	// Loose: the signed attributes may stand in another order than DER's, and be
	// signed in either; the version of SignedData need not go with that of SignerInfo.
	// Both say the same in either way.
	Loose bool
	// Weak: SHA-1 and RSA keys from 1024 bits, which Weak names then. They prove little.
	Weak bool
}

// ParseAs is Parse with more accepted.
//
// Errors are of type *Error.
func ParseAs(der []byte, also Accept) (*SignedData, error) {
	return parse(der, expected{Accept: also})
}

// ParseAttached is Parse for a SignedData with its content inside, which is of
// the type contentType and not of data: a time-stamp token (RFC 3161, 2.4.2).
//
// Errors are of type *Error.
func ParseAttached(der []byte, contentType asn1.ObjectIdentifier) (*SignedData, error) {
	return parse(der, expected{contentType: contentType})
}

// expected is what may be there besides a signature over detached data.
type expected struct {
	Accept
	contentType oid // content of this type, instead of data
}

func parse(der []byte, want expected) (*SignedData, error) {
	if len(der) > MaxSize {
		return nil, fail(TooLarge, "%d bytes, more than %d", len(der), MaxSize)
	}
	in := cryptobyte.String(der)
	var info, outer, seq cryptobyte.String
	var contentType oid
	if !in.ReadASN1(&info, cbasn1.SEQUENCE) || !info.ReadASN1ObjectIdentifier(&contentType) {
		return nil, fail(Malformed, "no ContentInfo")
	}
	if !in.Empty() {
		return nil, fail(Malformed, "%d bytes follow the ContentInfo", len(in))
	}
	s := &SignedData{gm: contentType.Equal(oidGMSignedData), also: want.Accept}
	if !s.gm && !contentType.Equal(oidSignedData) {
		return nil, fail(NotSignedData, "content type %v is not SignedData", contentType)
	}
	if !info.ReadASN1(&outer, tag0) || !info.Empty() || !outer.ReadASN1(&seq, cbasn1.SEQUENCE) || !outer.Empty() {
		return nil, fail(Malformed, "no SignedData in the ContentInfo")
	}
	if err := s.parseSignedData(seq, want); err != nil {
		return nil, err
	}
	return s, nil
}

func (s *SignedData) parseSignedData(seq cryptobyte.String, want expected) error {
	all := seq
	var version int
	var set, encap cryptobyte.String
	if !seq.ReadASN1Integer(&version) {
		return fail(Malformed, "no version")
	}
	if version != 1 && version != 3 {
		return fail(Malformed, "SignedData version %d", version)
	}
	if !seq.ReadASN1(&set, cbasn1.SET) {
		return fail(Malformed, "no digestAlgorithms")
	}
	setAlg, ok := readAlgorithm(&set)
	if !ok || !set.Empty() {
		return fail(Malformed, "digestAlgorithms must hold exactly one algorithm")
	}
	if !seq.ReadASN1(&encap, cbasn1.SEQUENCE) || !encap.ReadASN1ObjectIdentifier(&s.content) {
		return fail(Malformed, "no encapContentInfo")
	}
	if err := s.parseContent(encap, want, setAlg); err != nil {
		return err
	}
	if err := s.parseCertificates(&seq); err != nil {
		return err
	}
	if seq.PeekASN1Tag(tag1) {
		var crls cryptobyte.String
		if !seq.ReadASN1(&crls, tag1) || !elements(crls) {
			return fail(Malformed, "crls are not well formed")
		}
	}
	s.head = all[:len(all)-len(seq)]
	if !seq.ReadASN1(&set, cbasn1.SET) || !seq.Empty() {
		return fail(Malformed, "no signerInfos")
	}
	var signer cryptobyte.String
	if !set.ReadASN1(&signer, cbasn1.SEQUENCE) || !set.Empty() {
		return fail(SignerCount, "there must be exactly one SignerInfo")
	}
	signerVersion, err := s.parseSigner(signer)
	if err != nil {
		return err
	}
	// RFC 5652, 5.1: with X.509 certificates only, the two versions are equal, but
	// another content type than data asks for version 3, which GM/T 0010 does not know.
	if version != signerVersion && !want.Loose && (want.contentType == nil || version != 3) {
		return fail(Malformed, "SignedData version %d with SignerInfo version %d", version, signerVersion)
	}
	if !s.digestAlg.oid.Equal(setAlg.oid) || !setAlg.plain() {
		return fail(AlgorithmMismatch, "the signer's digest algorithm is not the announced one")
	}
	return nil
}

// parseContent reads what follows eContentType.
func (s *SignedData) parseContent(encap cryptobyte.String, want expected, digestAlg algorithm) error {
	contentType := want.contentType
	if contentType == nil {
		contentType = contentOID(s.gm)
	}
	if !encap.Empty() && !want.DigestInside && !want.SHA1Inside && want.contentType == nil {
		return fail(Attached, "the signed content is inside the SignedData")
	}
	if !s.content.Equal(contentType) {
		return fail(ContentType, "content type %v, not %v", s.content, contentType)
	}
	if encap.Empty() {
		if want.contentType != nil || want.SHA1Inside {
			return fail(Malformed, "the SignedData does not hold its content")
		}
		return nil
	}
	var explicit, value cryptobyte.String
	if !encap.ReadASN1(&explicit, tag0) || !encap.Empty() || !explicit.ReadASN1(&value, cbasn1.OCTET_STRING) || !explicit.Empty() {
		return fail(Malformed, "the content is not an octet string")
	}
	if want.contentType != nil {
		s.attached = value
		return nil
	}
	d, err := s.also.digest(digestAlg.oid)
	if err != nil {
		return err
	}
	if want.SHA1Inside {
		d = digestSHA1
	}
	if len(value) != d.new().Size() {
		return fail(Attached, "the content inside has %d bytes, which is no %s digest", len(value), d.name)
	}
	s.inside = value
	return nil
}

// elements says whether s is a sequence of whole DER elements.
func elements(s cryptobyte.String) bool {
	for !s.Empty() {
		var e cryptobyte.String
		var tag cbasn1.Tag
		if !s.ReadAnyASN1(&e, &tag) {
			return false
		}
	}
	return true
}

func (s *SignedData) parseCertificates(seq *cryptobyte.String) error {
	if !seq.PeekASN1Tag(tag0) {
		return fail(NoSignerCertificate, "no certificates")
	}
	var set cryptobyte.String
	if !seq.ReadASN1(&set, tag0) {
		return fail(Malformed, "certificates are not well formed")
	}
	for n := 0; !set.Empty(); n++ {
		var der cryptobyte.String
		var tag cbasn1.Tag
		if !set.ReadAnyASN1Element(&der, &tag) {
			return fail(Malformed, "certificates are not well formed")
		}
		if n == maxCerts {
			return fail(TooLarge, "more than %d certificates", maxCerts)
		}
		// One that cannot be read cannot be used; if it is the signer's, it is missed below.
		if c, err := smx509.ParseCertificate(der); err == nil {
			s.certs = append(s.certs, c)
		}
	}
	return nil
}

func (s *SignedData) parseSigner(seq cryptobyte.String) (version int, err error) {
	all := seq
	if !seq.ReadASN1Integer(&version) {
		return 0, fail(Malformed, "SignerInfo has no version")
	}
	if err := s.parseSignerID(&seq, version); err != nil {
		return 0, err
	}
	var ok bool
	if s.digestAlg, ok = readAlgorithm(&seq); !ok {
		return 0, fail(Malformed, "SignerInfo has no digestAlgorithm")
	}
	var attrs, sig cryptobyte.String
	switch {
	case seq.PeekASN1Tag(tag0):
		if !seq.ReadASN1Element(&attrs, tag0) {
			return 0, fail(Malformed, "signedAttrs are not well formed")
		}
		// RFC 5652, 5.4: what is signed carries the universal tag instead of [0].
		s.signedDER = slices.Clone([]byte(attrs))
		s.signedDER[0] = byte(cbasn1.SET)
		if s.signed, err = parseAttributes(attrs, tag0, true, s.also.Loose); err != nil {
			return 0, err
		}
		if err := s.parseSignedAttributes(); err != nil {
			return 0, err
		}
	case s.inside == nil && (!s.also.NoAttributes || s.attached != nil):
		return 0, fail(NoSignedAttributes, "the signer signed no attributes")
	}
	if s.sigAlg, ok = readAlgorithm(&seq); !ok {
		return 0, fail(Malformed, "SignerInfo has no signatureAlgorithm")
	}
	if !seq.ReadASN1(&sig, cbasn1.OCTET_STRING) || len(sig) == 0 {
		return 0, fail(Malformed, "SignerInfo has no signature value")
	}
	s.signature = sig
	s.signerHead = all[:len(all)-len(seq)]
	if seq.PeekASN1Tag(tag1) {
		if !seq.ReadASN1Element(&attrs, tag1) {
			return 0, fail(Malformed, "unsignedAttrs are not well formed")
		}
		if s.unsigned, err = parseAttributes(attrs, tag1, false, false); err != nil {
			return 0, err
		}
		var set cryptobyte.String
		attrs.ReadASN1(&set, tag1)
		s.unsignedSet = set
	}
	if !seq.Empty() {
		return 0, fail(Malformed, "SignerInfo has %d bytes too many", len(seq))
	}
	return version, nil
}

// parseSignerID finds the signer's certificate: version 1 names it by issuer
// and serial number, version 3 by subject key identifier (RFC 5652, 5.3).
func (s *SignedData) parseSignerID(seq *cryptobyte.String, version int) error {
	var match func(c *smx509.Certificate) bool
	switch version {
	case 1:
		var id, issuer cryptobyte.String
		serial := new(big.Int)
		if !seq.ReadASN1(&id, cbasn1.SEQUENCE) || !id.ReadASN1Element(&issuer, cbasn1.SEQUENCE) ||
			!id.ReadASN1Integer(serial) || !id.Empty() {
			return fail(Malformed, "SignerInfo has no issuerAndSerialNumber")
		}
		match = func(c *smx509.Certificate) bool {
			return bytes.Equal(c.RawIssuer, issuer) && c.SerialNumber.Cmp(serial) == 0
		}
	case 3:
		var ski cryptobyte.String
		if !seq.ReadASN1(&ski, cbasn1.Tag(0).ContextSpecific()) || len(ski) == 0 {
			return fail(Malformed, "SignerInfo has no subjectKeyIdentifier")
		}
		match = func(c *smx509.Certificate) bool { return bytes.Equal(c.SubjectKeyId, ski) }
	default:
		return fail(Malformed, "SignerInfo version %d", version)
	}
	for _, c := range s.certs {
		if !match(c) {
			continue
		}
		if s.signer != nil && !s.signer.Equal(c) {
			return fail(NoSignerCertificate, "several certificates could be the signer's")
		}
		s.signer = c
	}
	if s.signer == nil {
		return fail(NoSignerCertificate, "the signer's certificate is not inside")
	}
	return nil
}

// parseAttributes reads SET OF Attribute. Signed attributes are in DER order,
// each type once: a second one could contradict the first. So could a second
// value, where this package reads the attribute.
func parseAttributes(in cryptobyte.String, tag cbasn1.Tag, signed, unsorted bool) ([]Attribute, error) {
	var set cryptobyte.String
	if !in.ReadASN1(&set, tag) || set.Empty() {
		return nil, fail(Malformed, "empty attributes")
	}
	if len(set) > maxAttrBytes {
		return nil, fail(TooLarge, "attributes of %d bytes", len(set))
	}
	var attrs []Attribute
	var previous []byte
	for !set.Empty() {
		if len(attrs) == maxAttrs {
			return nil, fail(TooLarge, "more than %d attributes", maxAttrs)
		}
		var el, seq, values, value cryptobyte.String
		var a Attribute
		if !set.ReadASN1Element(&el, cbasn1.SEQUENCE) {
			return nil, fail(Malformed, "an attribute is not well formed")
		}
		element := []byte(el)
		if !el.ReadASN1(&seq, cbasn1.SEQUENCE) || !seq.ReadASN1ObjectIdentifier(&a.OID) ||
			!seq.ReadASN1(&values, cbasn1.SET) || !seq.Empty() || values.Empty() {
			return nil, fail(Malformed, "an attribute is not well formed")
		}
		if signed && slices.ContainsFunc(attrs, func(b Attribute) bool { return b.OID.Equal(a.OID) }) {
			return nil, fail(DuplicateAttribute, "attribute %v occurs twice", a.OID)
		}
		if signed && !unsorted && bytes.Compare(previous, element) >= 0 {
			return nil, fail(Malformed, "signed attributes are not in DER order")
		}
		previous = element
		for !values.Empty() {
			var vtag cbasn1.Tag
			if !values.ReadAnyASN1Element(&value, &vtag) {
				return nil, fail(Malformed, "value of attribute %v is not well formed", a.OID)
			}
			if signed && !values.Empty() && a.single() {
				return nil, fail(DuplicateAttribute, "attribute %v has several values", a.OID)
			}
			a.Value = value
			if len(attrs) == maxAttrs {
				return nil, fail(TooLarge, "more than %d attribute values", maxAttrs)
			}
			attrs = append(attrs, a)
		}
	}
	return attrs, nil
}

// single says whether the attribute is one of those that are read here, which
// have one value each (RFC 5652, 11; RFC 5035, 3).
func (a Attribute) single() bool {
	return slices.ContainsFunc([]oid{oidAttrContentType, oidAttrMessageDigest, oidAttrSigningTime, oidAttrSigningCert, oidAttrSigningCertV2}, a.OID.Equal)
}

func (s *SignedData) parseSignedAttributes() error {
	value := cryptobyte.String(s.attribute(oidAttrContentType))
	if value == nil {
		return fail(MissingAttribute, "signed attribute content-type is missing")
	}
	var contentType oid
	if !value.ReadASN1ObjectIdentifier(&contentType) || !value.Empty() {
		return fail(Malformed, "content-type is not an object identifier")
	}
	if !contentType.Equal(s.content) {
		return fail(ContentType, "content-type attribute is %v, the content's type %v", contentType, s.content)
	}
	value = s.attribute(oidAttrMessageDigest)
	if value == nil {
		return fail(MissingAttribute, "signed attribute message-digest is missing")
	}
	var md cryptobyte.String
	if !value.ReadASN1(&md, cbasn1.OCTET_STRING) || !value.Empty() {
		return fail(Malformed, "message-digest is not an octet string")
	}
	s.messageD = md
	if value = s.attribute(oidAttrSigningCertV2); value != nil {
		ess, err := parseSigningCertificate(value, digests[0], true)
		if err != nil {
			return err
		}
		s.essHash = ess
	}
	if value = s.attribute(oidAttrSigningCert); value != nil {
		ess, err := parseSigningCertificate(value, digestSHA1, false)
		if err != nil {
			return err
		}
		s.essOld = ess
	}
	if value = s.attribute(oidAttrSigningTime); value != nil {
		if _, err := readTime(value); err != nil {
			return err
		}
	}
	return nil
}

// attribute returns the value of a signed attribute, nil if it is not there.
func (s *SignedData) attribute(o oid) []byte {
	for _, a := range s.signed {
		if a.OID.Equal(o) {
			return a.Value
		}
	}
	return nil
}

func readTime(value cryptobyte.String) (time.Time, error) {
	var t time.Time
	ok := false
	if value.PeekASN1Tag(cbasn1.UTCTime) {
		ok = value.ReadASN1UTCTime(&t)
	} else {
		ok = value.ReadASN1GeneralizedTime(&t)
	}
	if !ok || !value.Empty() {
		return t, fail(Malformed, "signing-time is not a time")
	}
	return t, nil
}

// SignerCertificate returns the embedded certificate that the signer names.
func (s *SignedData) SignerCertificate() *smx509.Certificate { return s.signer }

// Certificates returns all embedded certificates that can be read, the
// signer's among them, in the order of the file.
func (s *SignedData) Certificates() []*smx509.Certificate { return slices.Clone(s.certs) }

// SignedAttributes returns the signed attributes in their order.
func (s *SignedData) SignedAttributes() []Attribute { return slices.Clone(s.signed) }

// UnsignedAttributes returns the unsigned attributes, a value each.
func (s *SignedData) UnsignedAttributes() []Attribute { return slices.Clone(s.unsigned) }

// TimeStamps returns the time-stamp tokens over SignatureValue among the unsigned
// attributes (EN 319 122-1, 5.3), unread, and how many other values there are.
func (s *SignedData) TimeStamps() (tokens [][]byte, others int) {
	for _, a := range s.unsigned {
		if a.OID.Equal(oidAttrTimeStamp) {
			tokens = append(tokens, slices.Clone(a.Value))
		} else {
			others++
		}
	}
	return tokens, others
}

// SigningTime returns the signing-time attribute, which is the signer's claim.
func (s *SignedData) SigningTime() (time.Time, bool) {
	value := s.attribute(oidAttrSigningTime)
	if value == nil {
		return time.Time{}, false
	}
	t, err := readTime(value)
	return t, err == nil
}

// HasSigningCertificate says whether signing-certificate-v2 is among the signed
// attributes, as PAdES requires. Check compares it whenever it is there.
func (s *SignedData) HasSigningCertificate() bool { return s.essHash != nil }

// NamesSigningCertificate says whether the signed attributes name the signer's
// certificate in either version of the attribute; the older one names it by its
// SHA-1, which RFC 3161, 2.4.2 prescribes. Check compares both.
func (s *SignedData) NamesSigningCertificate() bool { return s.essHash != nil || s.essOld != nil }

// Content returns the content of a SignedData read with ParseAttached, over
// whose digest Check judges.
func (s *SignedData) Content() []byte { return slices.Clone(s.attached) }

// DigestInside says whether the digest of what is signed is inside as content,
// so that the SignedData is not detached: see Accept.
func (s *SignedData) DigestInside() bool { return s.inside != nil }

// GM says whether the content types are those of GM/T 0010 (GB/T 35275)
// instead of those of RFC 5652.
func (s *SignedData) GM() bool { return s.gm }

// SignatureValue returns a copy of the signature value, over which a signature
// time stamp is taken (EN 319 122-1, 5.3).
func (s *SignedData) SignatureValue() []byte { return slices.Clone(s.signature) }

// Algorithm names the signature, such as "RSA-SHA256", "RSA-PSS-SHA256",
// "ECDSA-SHA384" or "SM2-SM3"; for one that Check refuses, the identifiers.
func (s *SignedData) Algorithm() string {
	su, err := s.suite()
	if err != nil {
		return fmt.Sprintf("%v with %v", s.sigAlg.oid, s.digestAlg.oid)
	}
	return su.String()
}

// suite is what the two algorithms and the signer's key amount to.
func (s *SignedData) suite() (suite, error) {
	return resolve(s.digestAlg, s.sigAlg, s.signer.PublicKey, s.also)
}

// Weak names the algorithm that makes the signature prove little, "" where it
// is strong or not known: see Accept.
func (s *SignedData) Weak() string {
	if s.also.SHA1Inside && s.inside != nil {
		return digestSHA1.name
	}
	su, _ := s.suite()
	return su.weak
}

// NoAttributes says whether the signature stands over the content itself, or
// over a digest of it.
func (s *SignedData) NoAttributes() bool { return s.signedDER == nil }

// DigestHash returns a new hash of the kind the content was digested with. Where
// an SM2 signature stands over the content itself, the signer's identity Z was
// written to it already (GB/T 32918.2, 5.5).
func (s *SignedData) DigestHash() (hash.Hash, error) {
	if s.also.SHA1Inside && s.inside != nil {
		return digestSHA1.new(), nil
	}
	d, err := s.also.digest(s.digestAlg.oid)
	if err != nil {
		return nil, err
	}
	if key, ok := s.signer.PublicKey.(*ecdsa.PublicKey); ok && s.signedDER == nil && s.inside == nil && sm2.IsSM2PublicKey(key) {
		return sm2.NewHash(key)
	}
	return d.new(), nil
}
