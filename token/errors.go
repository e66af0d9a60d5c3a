package token

import (
	"context"
	"errors"
	"fmt"
)

// Error is an outcome that callers branch on and a person may meet. Compare
// with errors.Is; find the code in a wrapped error with errors.As.
type Error struct {
	code string
	text string
}

// NewError makes an outcome of a driver's own. The code is "token." and a name
// in snake case; text is a plain sentence for logs.
func NewError(code, text string) *Error { return &Error{code, text} }

// Error is a plain sentence for logs.
func (e *Error) Error() string { return e.text }

// Code names the outcome for the tables of words.
func (e *Error) Code() string { return e.code }

var (
	// ErrPINLocked: no tries are left. The token is left alone from here on.
	ErrPINLocked = &Error{"token.pin_locked", "the PIN of the token is locked"}
	// ErrPINEmpty: no PIN was given. It costs no try.
	ErrPINEmpty = &Error{"token.pin_empty", "no PIN was given"}
	// ErrPINTooLong: the PIN, or the new one, is longer than any token takes. It costs no try.
	ErrPINTooLong = &Error{"token.pin_too_long", "the PIN is longer than any token takes"}
	// ErrNewPIN: the token does not take the new PIN, for its length or for what is in it. The old one stands.
	ErrNewPIN = &Error{"token.pin_new_refused", "the token does not take the new PIN"}
	// ErrLastTry: one try is left and ctx does not carry the person's consent.
	// It costs no try.
	ErrLastTry = &Error{"token.last_try", "one try is left before the PIN locks, and it was not confirmed"}
	// ErrRemoved: the token is gone, or its library crashed.
	ErrRemoved = &Error{"token.removed", "the token was removed"}
	// ErrCancelled: the person, or the caller, called it off.
	ErrCancelled = &Error{"token.cancelled", "the operation was cancelled"}
	// ErrTimeout: the token did not answer in time.
	ErrTimeout = &Error{"token.timeout", "the token did not answer in time"}
	// ErrNotSupported: this token or this key cannot do it.
	ErrNotSupported = &Error{"token.not_supported", "the token does not support this operation"}
	// ErrNotUnlocked: a PIN is needed first.
	ErrNotUnlocked = &Error{"token.not_unlocked", "the token is not unlocked"}
	// ErrWrongUsage: the certificate is not meant for this.
	ErrWrongUsage = &Error{"token.usage_wrong", "the certificate is not meant for this use"}
	// ErrBadDigest: what was handed to a Signer is not a digest its key can
	// sign, or does not fit its options.
	ErrBadDigest = &Error{"token.digest_invalid", "the digest does not fit the key or the options"}
	// ErrBadSignature: the token returned a signature which the certificate's
	// public key does not verify. The signature was thrown away.
	ErrBadSignature = &Error{"token.signature_bad", "the token returned a signature that does not verify with the certificate"}
	// ErrDecrypt: the ciphertext cannot be decrypted with this key. It is
	// deliberately vague, so that nobody learns from the difference.
	ErrDecrypt = &Error{"token.decrypt_failed", "the data cannot be decrypted with this key"}
)

// PINWrongError says that a try was spent on a wrong PIN.
type PINWrongError struct {
	Tries int // left; -1 when the token does not tell
}

// Error is a plain sentence for logs.
func (e *PINWrongError) Error() string {
	if e.Tries < 0 {
		return "the PIN is wrong"
	}
	return fmt.Sprintf("the PIN is wrong, tries left: %d", e.Tries)
}

// Code is "token.pin_wrong", or "token.pin_wrong_uncounted" when the tries left
// are not known, since that takes another sentence.
func (e *PINWrongError) Code() string {
	if e.Tries < 0 {
		return "token.pin_wrong_uncounted"
	}
	return "token.pin_wrong"
}

// Params holds "tries" where they are known.
func (e *PINWrongError) Params() map[string]any {
	if e.Tries < 0 {
		return nil
	}
	return map[string]any{"tries": e.Tries}
}

// PINLengthError says that a new PIN is too short or too long. It costs no try.
type PINLengthError struct {
	Min, Max int // bytes
}

// Error is a plain sentence for logs.
func (e *PINLengthError) Error() string {
	return fmt.Sprintf("the new PIN must be %d to %d characters long", e.Min, e.Max)
}

// Code names the outcome for the tables of words.
func (e *PINLengthError) Code() string { return "token.pin_length" }

// Params holds "min" and "max".
func (e *PINLengthError) Params() map[string]any {
	return map[string]any{"min": e.Min, "max": e.Max}
}

// contextError turns the end of a context into this package's vocabulary and
// leaves every other error as it is.
func contextError(err error) error {
	var own *Error
	switch {
	case err == nil, errors.As(err, &own):
		return err
	case errors.Is(err, context.Canceled):
		return fmt.Errorf("%w: %w", ErrCancelled, err)
	case errors.Is(err, context.DeadlineExceeded):
		return fmt.Errorf("%w: %w", ErrTimeout, err)
	}
	return err
}
