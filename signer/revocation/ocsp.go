package revocation

import (
	"bytes"
	"encoding/asn1"
	"math/big"
	"slices"
	"time"

	"github.com/emmansun/gmsm/smx509"
	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// Bounds on an OCSP answer.
const (
	// MaxOCSP is the longest answer in bytes that JudgeOCSP reads.
	MaxOCSP        = 256 << 10
	maxSingles     = 64
	maxResponders  = 16
	maxOCSPNonce   = 128 // bytes, generous: RFC 8954 says 32
	ocspSuccessful = 0
)

var (
	oidBasicResponse = oid{1, 3, 6, 1, 5, 5, 7, 48, 1, 1}
	oidNonce         = oid{1, 3, 6, 1, 5, 5, 7, 48, 1, 2}
	oidNoCheck       = oid{1, 3, 6, 1, 5, 5, 7, 48, 1, 5}

	// OCSPResponseStatus, RFC 6960, 4.2.1.
	declined = map[int]string{1: "malformed request", 2: "internal error", 3: "try later", 5: "the request must be signed", 6: "not authorised"}
)

func explicit(n uint8) cbasn1.Tag { return cbasn1.Tag(n).Constructed().ContextSpecific() }

// certID names a certificate by its issuer's hashes (RFC 6960, 4.1.1).
type certID struct {
	hash              oid
	nameHash, keyHash []byte
	serial            *big.Int
}

func certIDOf(cert, issuer *smx509.Certificate, hash oid) certID {
	sum := nameHash(hash)
	return certID{hash, sum(cert.RawIssuer), sum(keyBits(issuer)), cert.SerialNumber}
}

func (id certID) equal(o certID) bool {
	return id.serial.Cmp(o.serial) == 0 && bytes.Equal(id.nameHash, o.nameHash) && bytes.Equal(id.keyHash, o.keyHash)
}

// ocspRequest is the DER of a request about one certificate. hash is how the issuer
// is named.
func ocspRequest(cert, issuer *smx509.Certificate, hash oid, nonce []byte) ([]byte, error) {
	id := certIDOf(cert, issuer, hash)
	var b cryptobyte.Builder
	b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) { // OCSPRequest
		b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) { // TBSRequest
			b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) { // requestList
				b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) { // Request
					b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) { // CertID
						b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
							b.AddASN1ObjectIdentifier(id.hash)
							b.AddBytes(derNULL)
						})
						b.AddASN1OctetString(id.nameHash)
						b.AddASN1OctetString(id.keyHash)
						b.AddASN1BigInt(id.serial)
					})
				})
			})
			b.AddASN1(explicit(2), func(b *cryptobyte.Builder) {
				b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
					b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
						b.AddASN1ObjectIdentifier(oidNonce)
						b.AddASN1(cbasn1.OCTET_STRING, func(b *cryptobyte.Builder) { b.AddASN1OctetString(nonce) })
					})
				})
			})
		})
	})
	return b.Bytes()
}

// JudgeOCSP judges an OCSP answer about a certificate: the issuer, or a responder whom
// the issuer appointed for nothing but to answer for it (RFC 6960, 4.2.2.2), signed it
// unaltered, it is about this certificate, and it speaks about the moment in question.
// A responder's certificate must be one that need not be asked about itself
// (4.2.2.2.1): otherwise one answer would hang on the next.
func JudgeOCSP(der []byte, cert, issuer *smx509.Certificate, q Question) Answer {
	a, err := judgeOCSP(der, cert, issuer, q.settled())
	return asAnswer(a, err, cert)
}

func judgeOCSP(der []byte, cert, issuer *smx509.Certificate, q Question) (Answer, error) {
	if err := issued(cert, issuer); err != nil {
		return Answer{}, err
	}
	r, err := parseOCSP(der)
	if err != nil {
		return Answer{}, err
	}
	responder, err := r.responder(issuer)
	if err != nil {
		return Answer{}, err
	}
	if q.Nonce != nil && r.nonce != nil && !bytes.Equal(q.Nonce, r.nonce) {
		return Answer{}, refuse(WrongNonce, "the answer belongs to another request")
	}
	var found *single
	for i, s := range r.singles {
		if nameHash(s.id.hash) == nil || !s.id.equal(certIDOf(cert, issuer, s.id.hash)) {
			continue
		}
		if found != nil {
			return Answer{}, refuse(Malformed, "two answers about one certificate")
		}
		found = &r.singles[i]
	}
	if found == nil {
		return Answer{}, refuse(OtherCertificate, "the answer is not about this certificate")
	}
	if r.producedAt.After(q.Now.Add(skew)) {
		return Answer{}, refuse(NotYet, "the answer was made at %s", r.producedAt.UTC().Format(time.RFC3339))
	}
	a := found.Answer
	if err := q.timely(a); err != nil {
		return Answer{}, err
	}
	if a.Status == NotKnown {
		return Answer{}, refuse(NotListed, "the responder does not know the certificate")
	}
	a.Source, a.Raw = OCSP, slices.Clone(der)
	if !responder.Equal(issuer) {
		a.Responder = responder
	}
	return a, nil
}

// ocspAnswer is a parsed BasicOCSPResponse (RFC 6960, 4.2.1).
type ocspAnswer struct {
	tbs        []byte
	name       []byte // ResponderID byName: a Name's element
	key        []byte // ResponderID byKey
	producedAt time.Time
	singles    []single
	nonce      []byte
	algorithm  smx509.SignatureAlgorithm
	signature  []byte
	certs      []*smx509.Certificate
}

type single struct {
	id certID
	Answer
}

func parseOCSP(der []byte) (*ocspAnswer, error) {
	bad := refuse(Malformed, "not an OCSP response")
	if len(der) > MaxOCSP {
		return nil, refuse(TooLarge, "%d bytes", len(der))
	}
	in := cryptobyte.String(der)
	var seq, outer, body, octets, basic, tbs cryptobyte.String
	status := 0
	if !in.ReadASN1(&seq, cbasn1.SEQUENCE) || !in.Empty() || !seq.ReadASN1Enum(&status) {
		return nil, bad
	}
	if status != ocspSuccessful {
		words, known := declined[status]
		if !known || !seq.Empty() {
			return nil, bad
		}
		return nil, refuse(Declined, "%s", words)
	}
	var kind oid
	if !seq.ReadASN1(&outer, explicit(0)) || !seq.Empty() || !outer.ReadASN1(&body, cbasn1.SEQUENCE) || !outer.Empty() ||
		!body.ReadASN1ObjectIdentifier(&kind) || !body.ReadASN1(&octets, cbasn1.OCTET_STRING) || !body.Empty() {
		return nil, bad
	}
	if !kind.Equal(oidBasicResponse) {
		return nil, refuse(Unsupported, "a response of type %v", kind)
	}
	if !octets.ReadASN1(&basic, cbasn1.SEQUENCE) || !octets.Empty() || !basic.ReadASN1Element(&tbs, cbasn1.SEQUENCE) {
		return nil, bad
	}
	r := &ocspAnswer{tbs: tbs}
	if err := r.parseData(tbs); err != nil {
		return nil, err
	}
	var err error
	if r.algorithm, err = readSignatureAlgorithm(&basic); err != nil {
		return nil, err
	}
	var bits asn1.BitString
	if !basic.ReadASN1BitString(&bits) || bits.BitLength%8 != 0 {
		return nil, bad
	}
	r.signature = bits.Bytes
	if basic.PeekASN1Tag(explicit(0)) {
		var list, set, c cryptobyte.String
		if !basic.ReadASN1(&list, explicit(0)) || !list.ReadASN1(&set, cbasn1.SEQUENCE) || !list.Empty() {
			return nil, bad
		}
		for !set.Empty() {
			if !set.ReadASN1Element(&c, cbasn1.SEQUENCE) {
				return nil, bad
			}
			if len(r.certs) == maxResponders {
				return nil, refuse(TooLarge, "more than %d certificates", maxResponders)
			}
			parsed, err := smx509.ParseCertificate(c)
			if err != nil {
				return nil, bad
			}
			r.certs = append(r.certs, parsed)
		}
	}
	if !basic.Empty() {
		return nil, bad
	}
	return r, nil
}

// parseData reads ResponseData.
func (r *ocspAnswer) parseData(in cryptobyte.String) error {
	bad := refuse(Malformed, "the response data is not well formed")
	var data, id, list cryptobyte.String
	if !in.ReadASN1(&data, cbasn1.SEQUENCE) {
		return bad
	}
	if data.PeekASN1Tag(explicit(0)) {
		return refuse(Unsupported, "a response of another version") // version 1 is left unsaid
	}
	switch {
	case data.PeekASN1Tag(explicit(1)):
		var name cryptobyte.String
		if !data.ReadASN1(&id, explicit(1)) || !id.ReadASN1Element(&name, cbasn1.SEQUENCE) || !id.Empty() {
			return bad
		}
		r.name = name
	case data.PeekASN1Tag(explicit(2)):
		var key cryptobyte.String
		if !data.ReadASN1(&id, explicit(2)) || !id.ReadASN1(&key, cbasn1.OCTET_STRING) || !id.Empty() {
			return bad
		}
		r.key = key
	default:
		return bad
	}
	if !data.ReadASN1GeneralizedTime(&r.producedAt) || !data.ReadASN1(&list, cbasn1.SEQUENCE) {
		return bad
	}
	for !list.Empty() {
		if len(r.singles) == maxSingles {
			return refuse(TooLarge, "more than %d answers", maxSingles)
		}
		s, err := readSingle(&list)
		if err != nil {
			return err
		}
		r.singles = append(r.singles, s)
	}
	err := readExtensions(&data, explicit(1), func(o oid, value cryptobyte.String) (bool, error) {
		if !o.Equal(oidNonce) {
			return false, nil
		}
		var nonce cryptobyte.String
		if r.nonce != nil || !value.ReadASN1(&nonce, cbasn1.OCTET_STRING) || !value.Empty() || len(nonce) > maxOCSPNonce {
			return true, refuse(Malformed, "the nonce is not well formed")
		}
		r.nonce = nonce
		return true, nil
	})
	if err != nil {
		return err
	}
	if !data.Empty() {
		return bad
	}
	return nil
}

func readSingle(list *cryptobyte.String) (single, error) {
	bad := refuse(Malformed, "a single response is not well formed")
	var s single
	var seq, id, alg, names, keys cryptobyte.String
	s.id.serial = new(big.Int)
	if !list.ReadASN1(&seq, cbasn1.SEQUENCE) || !seq.ReadASN1(&id, cbasn1.SEQUENCE) ||
		!id.ReadASN1(&alg, cbasn1.SEQUENCE) || !alg.ReadASN1ObjectIdentifier(&s.id.hash) || !alg.Empty() && !bytes.Equal(alg, derNULL) ||
		!id.ReadASN1(&names, cbasn1.OCTET_STRING) || !id.ReadASN1(&keys, cbasn1.OCTET_STRING) ||
		!id.ReadASN1Integer(s.id.serial) || !id.Empty() {
		return s, bad
	}
	s.id.nameHash, s.id.keyHash = names, keys
	var value cryptobyte.String
	var tag cbasn1.Tag
	if !seq.ReadAnyASN1(&value, &tag) {
		return s, bad
	}
	switch tag {
	case cbasn1.Tag(0).ContextSpecific():
		s.Status = Good
	case cbasn1.Tag(2).ContextSpecific():
		s.Status = NotKnown
	case explicit(1): // implicit, of a SEQUENCE
		s.Status = Revoked
		code := 0
		if !value.ReadASN1GeneralizedTime(&s.RevokedAt) {
			return s, bad
		}
		if value.PeekASN1Tag(explicit(0)) {
			var reason cryptobyte.String
			if !value.ReadASN1(&reason, explicit(0)) || !reason.ReadASN1Enum(&code) || !reason.Empty() {
				return s, bad
			}
		}
		if s.Reason = reasons[code]; s.Reason == "" || code == removeFromCRL {
			return s, bad
		}
	default:
		return s, bad
	}
	if !value.Empty() || !seq.ReadASN1GeneralizedTime(&s.ThisUpdate) {
		return s, bad
	}
	if seq.PeekASN1Tag(explicit(0)) {
		var next cryptobyte.String
		if !seq.ReadASN1(&next, explicit(0)) || !next.ReadASN1GeneralizedTime(&s.NextUpdate) || !next.Empty() {
			return s, bad
		}
	}
	if err := readExtensions(&seq, explicit(1), nil); err != nil {
		return s, err
	}
	if !seq.Empty() {
		return s, bad
	}
	return s, nil
}

// readExtensions reads extensions, where there are any, under an explicit tag. take
// says whether it knows one; what is critical must be known.
func readExtensions(s *cryptobyte.String, tag cbasn1.Tag, take func(oid, cryptobyte.String) (bool, error)) error {
	bad := refuse(Malformed, "the extensions are not well formed")
	if !s.PeekASN1Tag(tag) {
		return nil
	}
	var outer, list cryptobyte.String
	if !s.ReadASN1(&outer, tag) || !outer.ReadASN1(&list, cbasn1.SEQUENCE) || !outer.Empty() {
		return bad
	}
	for !list.Empty() {
		var ext, value cryptobyte.String
		var o oid
		critical, known := false, false
		if !list.ReadASN1(&ext, cbasn1.SEQUENCE) || !ext.ReadASN1ObjectIdentifier(&o) {
			return bad
		}
		if ext.PeekASN1Tag(cbasn1.BOOLEAN) && !ext.ReadASN1Boolean(&critical) {
			return bad
		}
		if !ext.ReadASN1(&value, cbasn1.OCTET_STRING) || !ext.Empty() {
			return bad
		}
		if take != nil {
			var err error
			if known, err = take(o, value); err != nil {
				return err
			}
		}
		if critical && !known {
			return refuse(Unsupported, "extension %v must be understood and is not known", o)
		}
	}
	return nil
}

// responder finds who signed, and checks that he may and did.
func (r *ocspAnswer) responder(issuer *smx509.Certificate) (*smx509.Certificate, error) {
	candidates := append([]*smx509.Certificate{issuer}, r.certs...)
	i := slices.IndexFunc(candidates, r.names)
	if i < 0 {
		return nil, refuse(WrongResponder, "the responder is not the issuer, and its certificate is not inside")
	}
	c := candidates[i]
	if !c.Equal(issuer) {
		if err := r.appointed(c, issuer); err != nil {
			return nil, err
		}
	}
	if c.CheckSignature(r.algorithm, r.tbs, r.signature) != nil {
		return nil, refuse(Forged, "the signature is not that of %q", c.Subject.CommonName)
	}
	return c, nil
}

// names says whether a certificate is the one that ResponderID means. The hash of a
// key is SHA-1's; responders of the Chinese algorithms take SM3's.
func (r *ocspAnswer) names(c *smx509.Certificate) bool {
	if r.name != nil {
		return bytes.Equal(r.name, c.RawSubject)
	}
	bits := keyBits(c)
	return bytes.Equal(r.key, nameHash(oidSHA1)(bits)) || bytes.Equal(r.key, nameHash(oidSM3)(bits))
}

// appointed says whether the issuer made c its responder, at the time of the answer.
func (r *ocspAnswer) appointed(c, issuer *smx509.Certificate) error {
	noCheck := false
	for _, x := range c.Extensions {
		noCheck = noCheck || x.Id.Equal(oidNoCheck)
	}
	switch {
	case issued(c, issuer) != nil:
		return refuse(WrongResponder, "the responder %q was not appointed by the certificate's issuer", c.Subject.CommonName)
	case !slices.Contains(c.ExtKeyUsage, smx509.ExtKeyUsageOCSPSigning):
		return refuse(WrongResponder, "the certificate of %q is not meant for OCSP", c.Subject.CommonName)
	case c.KeyUsage != 0 && c.KeyUsage&(smx509.KeyUsageDigitalSignature|smx509.KeyUsageContentCommitment) == 0:
		return refuse(WrongResponder, "the key of %q is not meant for signing", c.Subject.CommonName)
	case !noCheck:
		return refuse(WrongResponder, "whether %q may still answer would have to be asked in turn", c.Subject.CommonName)
	case r.producedAt.Add(skew).Before(c.NotBefore) || r.producedAt.After(c.NotAfter):
		return refuse(WrongResponder, "the certificate of %q was not valid when it answered", c.Subject.CommonName)
	}
	return nil
}
