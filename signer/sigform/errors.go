package sigform

import "fmt"

// Kind says in one word what is wrong with a profile or a choice.
type Kind string

// The kinds of Error.
const (
	// Malformed: a profile is not what Read wants.
	Malformed Kind = "malformed"
	// Unknown: the table has no such form.
	Unknown Kind = "unknown"
)

// Error is every error of this package.
type Error struct {
	Kind   Kind
	Form   string // Unknown: what was asked for
	Detail string // for logs, in English
}

func (e *Error) Error() string { return "sigform: " + e.Detail }

// Code returns "sigform." and the kind.
func (e *Error) Code() string { return "sigform." + string(e.Kind) }

// Params returns "form" or "detail".
func (e *Error) Params() map[string]any {
	if e.Kind == Unknown {
		return map[string]any{"form": e.Form}
	}
	return map[string]any{"detail": e.Detail}
}

func malformed(format string, args ...any) error {
	return &Error{Kind: Malformed, Detail: fmt.Sprintf(format, args...)}
}
