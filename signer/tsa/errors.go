package tsa

import (
	"errors"
	"fmt"

	"sealdesk/signer/cms"
)

// Kind says in one word what is wrong.
type Kind string

// The kinds of Error.
const (
	// Malformed: not strict DER, or not the structure of RFC 3161.
	Malformed Kind = "malformed"
	// TooLarge: longer than this package reads.
	TooLarge Kind = "too_large"
	// Refused: the authority made no time stamp, and says why.
	Refused Kind = "refused"
	// ImprintMismatch: the time stamp is over another digest.
	ImprintMismatch Kind = "imprint_mismatch"
	// NonceMismatch: the answer is to another question.
	NonceMismatch Kind = "nonce_mismatch"
	// PolicyMismatch: the time stamp is under another policy than was asked for.
	PolicyMismatch Kind = "policy_mismatch"
	// Forged: the time stamp was altered, or is not the work of its certificate.
	Forged Kind = "forged"
	// NoCertificate: the authority's certificate is not inside.
	NoCertificate Kind = "no_certificate"
	// CertificateMismatch: the token does not name its certificate, or names another one.
	CertificateMismatch Kind = "certificate_mismatch"
	// WrongUsage: the certificate is not meant for time stamps, or not for them alone.
	WrongUsage Kind = "wrong_usage"
	// WeakAlgorithm: MD5, SHA-1 or a key that is too short.
	WeakAlgorithm Kind = "weak_algorithm"
	// UnsupportedAlgorithm: an algorithm this package does not know.
	UnsupportedAlgorithm Kind = "unsupported_algorithm"
	// UnknownExtension: an extension that must be understood is not known.
	UnknownExtension Kind = "unknown_extension"
	// ClockDiffers: the time stated is far from this machine's time.
	ClockDiffers Kind = "clock_differs"
	// NoRoots: no trusted roots were given.
	NoRoots Kind = "no_roots"
	// Untrusted: the authority's certificate does not lead to a trusted root.
	Untrusted Kind = "untrusted"
	// NotValidThen: the authority's certificate was not valid at the time stated.
	NotValidThen Kind = "not_valid_then"
	// Expired: the authority's certificate was valid then and no longer is.
	Expired Kind = "expired"
)

// Error is every error of this package, except what fetching and a key report,
// which is wrapped.
type Error struct {
	Kind      Kind
	Detail    string // for logs, in English
	Algorithm string // the one in question, if any
	cause     error
}

func (e *Error) Error() string { return "tsa: " + e.Detail }

// Code returns "tsa." and the kind.
func (e *Error) Code() string { return "tsa." + string(e.Kind) }

// Params holds "detail", and "algorithm" where one is in question.
func (e *Error) Params() map[string]any {
	p := map[string]any{"detail": e.Detail}
	if e.Algorithm != "" {
		p["algorithm"] = e.Algorithm
	}
	return p
}

func (e *Error) Unwrap() error { return e.cause }

// Is makes errors.Is(err, &Error{Kind: k}) match by kind alone.
func (e *Error) Is(target error) bool {
	t, ok := target.(*Error)
	return ok && t.Kind == e.Kind
}

func fail(k Kind, format string, args ...any) error {
	return &Error{Kind: k, Detail: fmt.Sprintf(format, args...)}
}

var kindOfCMS = map[cms.Kind]Kind{
	cms.TooLarge:             TooLarge,
	cms.BadSignature:         Forged,
	cms.DigestMismatch:       Forged,
	cms.CertificateMismatch:  CertificateMismatch,
	cms.NoSignerCertificate:  NoCertificate,
	cms.WeakAlgorithm:        WeakAlgorithm,
	cms.UnsupportedAlgorithm: UnsupportedAlgorithm,
	cms.AlgorithmMismatch:    UnsupportedAlgorithm,
}

// asError says in this package's words what package cms found.
func asError(err error) error {
	e, ok := errors.AsType[*cms.Error](err)
	if !ok {
		return err
	}
	kind, ok := kindOfCMS[e.Kind]
	if !ok {
		kind = Malformed
	}
	return &Error{Kind: kind, Detail: e.Detail, Algorithm: e.Algorithm, cause: err}
}
