package skf

import (
	"errors"
	"fmt"

	"sealdesk/token"
	"sealdesk/token/profile"
)

var (
	// ErrLibrary: the file is no SKF library that this program can load.
	ErrLibrary = token.NewError("token.library_unusable", "the library cannot be loaded, or is not one of SKF")
	// ErrAnswer: the library's answer is malformed or out of bounds.
	ErrAnswer = token.NewError("token.library_answer", "the library of the token gave an answer that makes no sense")
	// ErrHashesAgain: the library hashes what it is handed, a digest, once more. It wraps token.ErrNotSupported where it is
	// returned.
	ErrHashesAgain = token.NewError("token.library_hashes", "the library of the token hashes again what is to be signed with SM2")
	// ErrNoSigningKey: an encryption key reaches its container wrapped for the container's signing key, which is not there.
	ErrNoSigningKey = token.NewError("token.signing_key_first", "the container has no signing key yet, which must come first")
	// ErrCertificateKey: the certificate is not of the key beside which it was to be stored.
	ErrCertificateKey = token.NewError("token.certificate_foreign", "the certificate belongs to another key")
	// ErrKeyExists: there is a key in that place of the container already; it is never overwritten.
	ErrKeyExists = token.NewError("token.key_exists", "the container holds such a key already")
)

// Error is an error number of a library. It wraps the outcome of package token that the number stands for, where there is one.
type Error struct {
	Function string
	Number   uint32 // GM/T 0016-2012, annex A, or the vendor's own

	outcome profile.Outcome
}

// Error is a plain sentence for logs.
func (e *Error) Error() string {
	return fmt.Sprintf("%s returned 0x%08X: %v", e.Function, e.Number, e.Unwrap())
}

// Code is the code of the outcome that it wraps.
func (e *Error) Code() string { return e.Unwrap().(*token.Error).Code() }

// Params holds "function" and "number".
func (e *Error) Params() map[string]any {
	return map[string]any{"function": e.Function, "number": fmt.Sprintf("0x%08X", e.Number)}
}

// Unwrap gives the outcome.
func (e *Error) Unwrap() error {
	switch e.outcome {
	case profile.NotSupported:
		return token.ErrNotSupported
	case profile.Gone:
		return token.ErrRemoved
	case profile.PINLocked:
		return token.ErrPINLocked
	case profile.NotLoggedIn:
		return token.ErrNotUnlocked
	case profile.TimedOut:
		return token.ErrTimeout
	case profile.NoRoom:
		return errNoRoom
	}
	return errFailed
}

var (
	errFailed = token.NewError("token.library_failed", "the library of the token reports a failure")
	errNoRoom = token.NewError("token.full", "the token has no room left")
)

// outcomeOf is what an error says; Failed when it is not a library's.
func outcomeOf(err error) profile.Outcome {
	var e *Error
	if errors.As(err, &e) {
		return e.outcome
	}
	return profile.Failed
}
