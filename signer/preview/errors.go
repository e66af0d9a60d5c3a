package preview

import (
	"context"
	"errors"
	"fmt"
)

// An Error is a failure that a person may meet. Compare with errors.Is.
type Error struct {
	code   string
	text   string
	params map[string]any
	cause  error
}

// The failures of this package.
var (
	ErrEncrypted   = &Error{code: "preview.encrypted", text: "the document is encrypted"}
	ErrDamaged     = &Error{code: "preview.damaged", text: "the document is damaged or is no PDF file"}
	ErrTooLarge    = &Error{code: "preview.too_large", text: "the document is too large to be shown"}
	ErrTimeout     = &Error{code: "preview.timeout", text: "the page takes too long to draw"}
	ErrNoSuchPage  = &Error{code: "preview.no_such_page", text: "the document has no such page"}
	ErrChanged     = &Error{code: "preview.changed", text: "the file was changed while it was open"}
	ErrUnreadable  = &Error{code: "preview.unreadable", text: "the file cannot be read"}
	ErrEngine      = &Error{code: "preview.engine", text: "the page engine cannot be started"}
	ErrClosed      = &Error{code: "preview.closed", text: "the document was closed"}
	ErrTooMuchText = &Error{code: "preview.too_much_text", text: "a page has too much text to be read"}
	ErrBadWords    = &Error{code: "preview.bad_words", text: "there are no words to look for, or too many"}
)

func (e *Error) Error() string {
	if e.cause != nil {
		return e.text + ": " + e.cause.Error()
	}
	return e.text
}

// Code returns the stable name of the failure.
func (e *Error) Code() string { return e.code }

// Params returns the values for the sentence, or nil.
func (e *Error) Params() map[string]any { return e.params }

// Unwrap returns what caused the failure, or nil.
func (e *Error) Unwrap() error { return e.cause }

// Is reports whether target is the same kind of failure.
func (e *Error) Is(target error) bool {
	t, ok := target.(*Error)
	return ok && t.code == e.code
}

func (e *Error) because(cause error) *Error {
	return &Error{code: e.code, text: e.text, params: e.params, cause: cause}
}

func (e *Error) with(params map[string]any) *Error {
	return &Error{code: e.code, text: e.text, params: params, cause: e.cause}
}

// ended turns the end of a context into an error: a deadline into ErrTimeout, a
// cancelled call into context.Canceled.
func ended(ctx context.Context) error {
	if err := ctx.Err(); errors.Is(err, context.DeadlineExceeded) {
		return ErrTimeout.because(err)
	}
	return fmt.Errorf("preview: %w", context.Cause(ctx))
}
