package envelope

import "fmt"

// Kind says in one word what is wrong with an envelope, or with a request to make or open one.
type Kind string

// The kinds of Error.
const (
	// Malformed: not DER, or not the structure of EnvelopedData.
	Malformed Kind = "malformed"
	// TooLarge: longer, or for more recipients, than this package reads.
	TooLarge Kind = "too_large"
	// Unsupported: an algorithm that this package does not know.
	Unsupported Kind = "unsupported"
	// BadRecipient: nothing can be encrypted to the certificate.
	BadRecipient Kind = "bad_recipient"
	// NotRecipient: the envelope is not for the certificate.
	NotRecipient Kind = "not_recipient"
	// NotOpened: the key did not open it: another key, or damaged content. It is deliberately vague.
	NotOpened Kind = "not_opened"
)

// Error is every error of this package except those of a crypto.Decrypter, which are wrapped.
type Error struct {
	Kind   Kind
	Detail string // for logs, in English
}

func (e *Error) Error() string { return "envelope: " + e.Detail }

// Code returns "envelope." and the kind.
func (e *Error) Code() string { return "envelope." + string(e.Kind) }

// Is makes errors.Is(err, &Error{Kind: k}) match by kind alone.
func (e *Error) Is(target error) bool {
	t, ok := target.(*Error)
	return ok && t.Kind == e.Kind
}

func fail(k Kind, format string, args ...any) error {
	return &Error{k, fmt.Sprintf(format, args...)}
}
