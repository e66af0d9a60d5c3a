package bids

// An Error is a trouble of a bid in the making, named by a stable code.
type Error struct {
	code   string
	params map[string]any
	cause  error
}

func fault(code string, cause error, pairs ...any) *Error {
	e := &Error{code: "bids." + code, cause: cause, params: map[string]any{}}
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

// Code is stable and starts with "bids.".
func (e *Error) Code() string { return e.code }

// Params are the values that the sentence of the code uses.
func (e *Error) Params() map[string]any { return e.params }

func (e *Error) Unwrap() error { return e.cause }

// Is makes errors.Is compare codes.
func (e *Error) Is(target error) bool {
	t, ok := target.(*Error)
	return ok && t.code == e.code
}
