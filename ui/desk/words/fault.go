package words

import "errors"

// An Error is a trouble of the desk or of a part of it, named by a stable code that the language files have sentences of.
type Error struct {
	code   string
	params map[string]any
	cause  error
}

// Fault makes an Error; pairs are the names and values that the sentences of the code use. cause may be nil.
func Fault(code string, cause error, pairs ...any) *Error {
	e := &Error{code: code, params: make(map[string]any, len(pairs)/2), cause: cause}
	for i := 0; i+1 < len(pairs); i += 2 {
		e.params[pairs[i].(string)] = pairs[i+1]
	}
	return e
}

func (e *Error) Error() string {
	if e.cause != nil {
		return e.code + ": " + e.cause.Error()
	}
	return e.code
}

// Code is stable and starts with the part's name: "desk.disk_full".
func (e *Error) Code() string { return e.code }

// Params are the values that the sentences of the code use.
func (e *Error) Params() map[string]any { return e.params }

func (e *Error) Unwrap() error { return e.cause }

// Is makes errors.Is compare codes.
func (e *Error) Is(target error) bool {
	t, ok := errors.AsType[*Error](target)
	return ok && t.code == e.code
}
