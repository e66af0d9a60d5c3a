package cms

import "crypto/subtle"

// Check judges the signature against the digest of the detached content, made
// with DigestHash, or of the bytes whose digest is inside: the algorithms belong together and are strong enough, the
// digest is the signed one, signing-certificate-v2 (where present) names the
// signer's certificate, and the signature value is the work of that
// certificate's key over the signed attributes. Whether the certificate can be
// trusted is not asked here.
//
// Errors are of type *Error.
func (s *SignedData) Check(digest []byte) error {
	su, err := resolve(s.digestAlg, s.sigAlg, s.signer.PublicKey)
	if err != nil {
		return err
	}
	if s.essHash != nil && !s.essHash.matches(s.signer) {
		return fail(CertificateMismatch, "signing-certificate-v2 names another certificate than the signer's")
	}
	signed, content := s.signedDER, digest
	if s.inside != nil {
		if subtle.ConstantTimeCompare(digest, s.inside) != 1 {
			return fail(DigestMismatch, "the digest inside is another one")
		}
		content = su.digest.sum(s.inside)
	}
	if signed == nil {
		signed = s.inside
	}
	if !su.verify(s.signer.PublicKey, signed, s.signature) {
		return fail(BadSignature, "the signature value is not the signer's over these attributes")
	}
	if s.signedDER != nil && subtle.ConstantTimeCompare(content, s.messageD) != 1 {
		return fail(DigestMismatch, "the content's digest is not the signed one")
	}
	return nil
}
