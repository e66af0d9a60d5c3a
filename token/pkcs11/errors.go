package pkcs11

import (
	"errors"
	"fmt"

	"sealdesk/token"
	"sealdesk/token/pkcs11/cryptoki"
)

// ErrPINUnset: the token has no PIN yet.
var ErrPINUnset = token.NewError("token.pin_unset", "the token has no PIN yet")

// FailedError says that a call of the library failed for a reason that only the vendor can tell.
type FailedError struct {
	Function string
	Return   uint // CK_RV
}

// Error is a plain sentence for logs.
func (e *FailedError) Error() string {
	return fmt.Sprintf("the library of the key failed: %s returned 0x%08X", e.Function, e.Return)
}

// Code names the outcome for the tables of words.
func (e *FailedError) Code() string { return "token.library_failed" }

// Params holds "function" and "number".
func (e *FailedError) Params() map[string]any {
	return map[string]any{"function": e.Function, "number": fmt.Sprintf("0x%08X", e.Return)}
}

// gone are the ways in which libraries say that the token is not there any more.
var gone = []cryptoki.Return{
	cryptoki.CKR_DEVICE_REMOVED, cryptoki.CKR_TOKEN_NOT_PRESENT, cryptoki.CKR_TOKEN_NOT_RECOGNIZED, cryptoki.CKR_DEVICE_ERROR,
	cryptoki.CKR_SESSION_HANDLE_INVALID, cryptoki.CKR_SESSION_CLOSED, cryptoki.CKR_SLOT_ID_INVALID,
	cryptoki.CKR_CRYPTOKI_NOT_INITIALIZED,
}

// unable are the ways in which they say that they cannot do it.
var unable = []cryptoki.Return{
	cryptoki.CKR_MECHANISM_INVALID, cryptoki.CKR_MECHANISM_PARAM_INVALID, cryptoki.CKR_FUNCTION_NOT_SUPPORTED,
	cryptoki.CKR_KEY_FUNCTION_NOT_PERMITTED, cryptoki.CKR_KEY_TYPE_INCONSISTENT, cryptoki.CKR_SESSION_READ_ONLY,
	cryptoki.CKR_TOKEN_WRITE_PROTECTED,
}

// outcome turns a return value into the vocabulary of package token. PINs have outcomes of their own: see pinOutcome.
func outcome(err error) error {
	var failed *cryptoki.Error
	if !errors.As(err, &failed) {
		return err
	}
	switch {
	case isOne(failed.Return, gone):
		return token.ErrRemoved
	case isOne(failed.Return, unable):
		return token.ErrNotSupported
	}
	switch failed.Return {
	case cryptoki.CKR_USER_NOT_LOGGED_IN:
		return token.ErrNotUnlocked
	case cryptoki.CKR_CANCEL, cryptoki.CKR_FUNCTION_CANCELED:
		return token.ErrCancelled
	case cryptoki.CKR_PIN_LOCKED:
		return token.ErrPINLocked
	case cryptoki.CKR_USER_PIN_NOT_INITIALIZED:
		return ErrPINUnset
	}
	return &FailedError{failed.Function, uint(failed.Return)}
}

func isOne(r cryptoki.Return, of []cryptoki.Return) bool {
	for _, o := range of {
		if r == o {
			return true
		}
	}
	return false
}

// rejected tells whether a return value says that the PIN was looked at and was not the right one.
func rejected(err error) bool {
	return errors.Is(err, cryptoki.CKR_PIN_INCORRECT) || errors.Is(err, cryptoki.CKR_PIN_INVALID) ||
		errors.Is(err, cryptoki.CKR_PIN_LEN_RANGE)
}
