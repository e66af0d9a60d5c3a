package compare

import "fmt"

// Error is a failure that this package found itself. Those of package preview pass through.
type Error struct {
	code   string
	text   string
	params map[string]any
}

func (e *Error) Error() string { return e.text }

// Code returns the stable name of the failure: compare.too_long.
func (e *Error) Code() string { return e.code }

// Params returns "limit", the words that a document may have.
func (e *Error) Params() map[string]any { return e.params }

// Is reports whether target is the same kind of failure.
func (e *Error) Is(target error) bool {
	t, ok := target.(*Error)
	return ok && t.code == e.code
}

// ErrTooLong says that a document has more words than can be compared.
var ErrTooLong = &Error{
	code: "compare.too_long", text: fmt.Sprintf("the document has more than %d words", maxWords),
	params: map[string]any{"limit": maxWords},
}
