package demo

import "strings"

// An Error is a trouble with the demo's folder, or an address of it, that a person can mend.
type Error struct {
	code  string
	dir   string // or the address
	cause error
}

func fault(code, dir string, cause error) *Error { return &Error{"demo." + code, dir, cause} }

// Error is a plain sentence for logs.
func (e *Error) Error() string {
	s := strings.ReplaceAll(strings.TrimPrefix(e.code, "demo."), "_", " ") + ": " + e.dir
	if e.cause != nil {
		s += ": " + e.cause.Error()
	}
	return s
}

// Code is "demo.in_use" when another demo works in the folder, "demo.folder" when it cannot be written, "demo.damaged"
// when demo.json cannot be read, "demo.phones" when nobody can listen for phones there, "demo.foreign_token" when the certificate on
// a token is not of the demo's authority, and "demo.same_party" when both keys are one organisation's.
func (e *Error) Code() string { return e.code }

// Params holds "folder", with "demo.phones" the address.
func (e *Error) Params() map[string]any { return map[string]any{"folder": e.dir} }

func (e *Error) Unwrap() error { return e.cause }
