package cms

import "fmt"

// Kind says in one word what is wrong with a SignedData or with a request to
// build one.
type Kind string

// The kinds of Error.
const (
	// Malformed: not strict DER, or not the structure of RFC 5652.
	Malformed Kind = "malformed"
	// TooLarge: above the size or the number of elements this package reads.
	TooLarge Kind = "too_large"
	// NotSignedData: a ContentInfo of another content type.
	NotSignedData Kind = "not_signed_data"
	// Attached: the signed content is inside, a PDF signature must be detached.
	Attached Kind = "attached"
	// SignerCount: not exactly one SignerInfo.
	SignerCount Kind = "signer_count"
	// NoSignedAttributes: the signature does not cover signed attributes.
	NoSignedAttributes Kind = "no_signed_attributes"
	// DuplicateAttribute: a signed attribute occurs twice or has several values.
	DuplicateAttribute Kind = "duplicate_attribute"
	// MissingAttribute: content-type or message-digest is missing.
	MissingAttribute Kind = "missing_attribute"
	// ContentType: the content-type attribute differs from the content's type.
	ContentType Kind = "content_type"
	// DigestMismatch: the document is not the one that was signed.
	DigestMismatch Kind = "digest_mismatch"
	// WeakAlgorithm: MD5, SHA-1 or a key that is too short.
	WeakAlgorithm Kind = "weak_algorithm"
	// UnsupportedAlgorithm: an algorithm or parameter this package does not know.
	UnsupportedAlgorithm Kind = "unsupported_algorithm"
	// AlgorithmMismatch: digest, signature algorithm and key do not belong together.
	AlgorithmMismatch Kind = "algorithm_mismatch"
	// NoSignerCertificate: the signer's certificate is missing or ambiguous.
	NoSignerCertificate Kind = "no_signer_certificate"
	// CertificateMismatch: signing-certificate-v2 names another certificate.
	CertificateMismatch Kind = "certificate_mismatch"
	// BadSignature: the signature value does not belong to the signed attributes.
	BadSignature Kind = "bad_signature"
	// KeyMismatch: the Signer's public key is not the one in the certificate.
	KeyMismatch Kind = "key_mismatch"
)

// Error is every error of this package except those of the Signer, which are
// passed on unchanged inside a wrapping error.
type Error struct {
	Kind   Kind
	Detail string // for logs, in English
	// Algorithm is the name or OID of the algorithm in question, if any.
	Algorithm string
}

func (e *Error) Error() string { return "cms: " + e.Detail }

// Code returns "cms." and the kind.
func (e *Error) Code() string { return "cms." + string(e.Kind) }

// Params returns "algorithm" where an algorithm is in question.
func (e *Error) Params() map[string]any {
	if e.Algorithm == "" {
		return nil
	}
	return map[string]any{"algorithm": e.Algorithm}
}

// Is makes errors.Is(err, &Error{Kind: k}) match by kind alone.
func (e *Error) Is(target error) bool {
	t, ok := target.(*Error)
	return ok && t.Kind == e.Kind
}

func fail(k Kind, format string, args ...any) error {
	return &Error{Kind: k, Detail: fmt.Sprintf(format, args...)}
}

func failAlgorithm(k Kind, algorithm, format string, args ...any) error {
	return &Error{Kind: k, Algorithm: algorithm, Detail: fmt.Sprintf(format, args...)}
}
