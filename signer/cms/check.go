package cms

import (
	"bytes"
	"crypto/subtle"
	"slices"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// Check judges the signature against the digest of the content, made with
// DigestHash, or of the bytes whose digest is inside: the algorithms belong
// together and are strong enough, the digest is the signed one, the attribute that
// names the signing certificate (where present) names the
// signer's certificate, and the signature value is the work of that
// certificate's key over the signed attributes, or over the content where that is
// accepted. Whether the certificate can be
// trusted is not asked here.
//
// Errors are of type *Error.
func (s *SignedData) Check(digest []byte) error {
	su, err := s.suite()
	if err != nil {
		return err
	}
	for _, ess := range []*essCert{s.essHash, s.essOld} {
		if ess != nil && !ess.matches(s.signer) {
			return fail(CertificateMismatch, "the signed attributes name another certificate than the signer's")
		}
	}
	content := digest
	if s.inside != nil {
		if subtle.ConstantTimeCompare(digest, s.inside) != 1 {
			return fail(DigestMismatch, "the digest inside is another one")
		}
		content = su.digest.sum(s.inside)
	}
	if !s.signedBy(su, digest) {
		return fail(BadSignature, "the signature value is not the signer's over what it should stand over")
	}
	if s.signedDER != nil && subtle.ConstantTimeCompare(content, s.messageD) != 1 {
		return fail(DigestMismatch, "the content's digest is not the signed one")
	}
	return nil
}

// signedBy checks the signature value over what it stands over: the signed
// attributes, as they are or in DER's order, or else the content.
func (s *SignedData) signedBy(su suite, digest []byte) bool {
	key := s.signer.PublicKey
	switch {
	case s.signedDER != nil:
		return su.verify(key, s.signedDER, s.signature) || s.also.Loose && su.verify(key, sorted(s.signedDER), s.signature)
	case s.inside != nil:
		return su.verify(key, s.inside, s.signature)
	}
	return su.verifyDigest(key, digest, s.signature)
}

// sorted writes a SET OF in DER's order (X.690, 11.6).
func sorted(der []byte) []byte {
	in := cryptobyte.String(der)
	var set cryptobyte.String
	var elements [][]byte
	in.ReadASN1(&set, cbasn1.SET)
	for !set.Empty() {
		var el cryptobyte.String
		var tag cbasn1.Tag
		if !set.ReadAnyASN1Element(&el, &tag) {
			return der
		}
		elements = append(elements, el)
	}
	slices.SortFunc(elements, bytes.Compare)
	return slices.Concat(der[:len(der)-len(slices.Concat(elements...))], slices.Concat(elements...))
}
