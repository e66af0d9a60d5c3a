package mobileca

import (
	"errors"
	"fmt"
	"strings"

	"sealdesk/token"
)

// An Outcome is a turn that only a phone gives. It is also the outcome of package token that callers branch on.
type Outcome struct {
	code, text string
	is         error
}

// Error is a plain sentence for logs.
func (o *Outcome) Error() string { return o.text }

// Code names the outcome for the tables of words.
func (o *Outcome) Code() string { return o.code }

// Unwrap is what it is in the words of package token.
func (o *Outcome) Unwrap() error { return o.is }

func outcome(code, text string, is error) *Outcome {
	return &Outcome{"token." + code, text, is}
}

var (
	// ErrRefused: the person refused on the phone.
	ErrRefused = outcome("phone_refused", "it was refused on the phone", token.ErrCancelled)
	// ErrGivenUp: it was called off on the phone.
	ErrGivenUp = outcome("phone_cancelled", "it was called off on the phone", token.ErrCancelled)
	// ErrEnded: the pairing or its session is over.
	ErrEnded = outcome("phone_session_ended", "the session with the phone has ended", token.ErrRemoved)
	// ErrUnconfirmed: the phone did not answer in time.
	ErrUnconfirmed = outcome("phone_unconfirmed", "it was not confirmed on the phone in time", token.ErrTimeout)
	// ErrUnreachable: the service cannot be reached.
	ErrUnreachable = outcome("phone_unreachable", "the mobile CA's service cannot be reached", token.ErrTimeout)
	// ErrNonsense: the service answered what does not fit. Nothing was used of it.
	ErrNonsense = outcome("phone_nonsense", "the mobile CA's answer does not fit what was asked", token.ErrBadSignature)
	// ErrNotShown: what is to be signed is nothing that the phone can show.
	ErrNotShown = outcome("phone_not_shown", "the phone signs only what it can show", token.ErrNotSupported)
	// ErrAddress: the service's address may not be dialled.
	ErrAddress = outcome("phone_address", "the mobile CA's address is not of the form https://host[:port]", token.ErrNotSupported)
)

// ServiceError is a problem (RFC 9457) that the service answered.
type ServiceError struct {
	Status int    // of HTTP
	Name   string // its code, such as "mca.pairing_over"; bounded
	State  string // of what was asked for, where it told
}

// Error is a plain sentence for logs.
func (e *ServiceError) Error() string {
	return fmt.Sprintf("the mobile CA answered %d %s", e.Status, e.Name)
}

// Code is "token.phone_service".
func (e *ServiceError) Code() string { return "token.phone_service" }

// Params holds "code", the service's own.
func (e *ServiceError) Params() map[string]any { return map[string]any{"code": e.Name} }

// turn gives the service's problems in the words of package token.
func turn(err error) error {
	e, ok := errors.AsType[*ServiceError](err)
	if !ok {
		return err
	}
	is := error(nil)
	switch e.Name {
	case "mca.pairing_over", "mca.session_over", "mca.not_linked", "platform.not_found":
		is = ErrEnded
		if e.State == "expired" {
			is = ErrUnconfirmed
		}
	case "mca.pin_locked":
		is = token.ErrPINLocked
	case "mca.cert_other_use", "mca.not_in_session":
		is = token.ErrWrongUsage
	case "mca.request_wrong":
		is = ErrNotShown
	default:
		return err
	}
	return fmt.Errorf("%w: %w", is, err)
}

// reasonLocked is why the service refuses what waits when the PIN has locked.
func reasonLocked(reason string) bool { return strings.Contains(reason, "pin_locked") }
