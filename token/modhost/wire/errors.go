package wire

import (
	"errors"
	"slices"

	"sealdesk/token"
	"sealdesk/token/profile"
)

// Error is an outcome of the helper's that package token has no value for.
type Error struct {
	code   string
	text   string
	params map[string]any
	is     error // one of values, or nil
}

// Error is a plain sentence for logs.
func (e *Error) Error() string { return e.text }

// Code names the outcome for the tables of words.
func (e *Error) Code() string { return e.code }

// Params holds numbers and texts.
func (e *Error) Params() map[string]any { return e.params }

// Unwrap gives the outcome of package token that the helper's wraps, if it does.
func (e *Error) Unwrap() error { return e.is }

// CodeFailed is the code of errors that have none.
const CodeFailed = "token.driver_failed"

// values are the outcomes that callers compare with.
var values = []*token.Error{
	token.ErrPINLocked, token.ErrPINEmpty, token.ErrPINTooLong, token.ErrNewPIN, token.ErrLastTry, token.ErrRemoved, token.ErrCancelled, token.ErrTimeout,
	token.ErrNotSupported, token.ErrNotUnlocked, token.ErrWrongUsage, token.ErrBadDigest, token.ErrBadSignature, token.ErrDecrypt,
	token.ErrNoData, token.ErrDataTooLong,
	profile.ErrLibraryUnsafe, profile.ErrLibraryMissing,
}

// valueOf finds an outcome by its code; nil where there is none.
func valueOf(code string) error {
	for _, v := range values {
		if code == v.Code() {
			return v
		}
	}
	return nil
}

func (e *encoder) error(err error) {
	if err == nil {
		e.text("")
		e.text("")
		e.text("")
		e.number(0)
		return
	}
	code := CodeFailed
	var coded interface{ Code() string }
	if errors.As(err, &coded) {
		code = coded.Code()
	}
	e.text(code)
	is := ""
	for _, v := range values {
		if errors.Is(err, v) {
			is = v.Code()
			break
		}
	}
	e.text(is)
	e.text(err.Error()[:min(len(err.Error()), maxText)])
	params := map[string]any{}
	var told interface{ Params() map[string]any }
	if errors.As(err, &told) {
		params = told.Params()
	}
	var names []string
	for name, v := range params {
		switch v.(type) {
		case int, string:
			names = append(names, name)
		}
	}
	slices.Sort(names)
	e.number(uint64(len(names)))
	for _, name := range names {
		e.text(name)
		switch v := params[name].(type) {
		case int:
			e.flag(true)
			e.signed(v)
		case string:
			e.flag(false)
			e.text(v)
		}
	}
}

// error takes an outcome off: where package token has a value for it, that one.
func (d *decoder) error() error {
	e := &Error{code: d.text(), is: valueOf(d.text()), text: d.text()}
	for range d.members() {
		if e.params == nil {
			e.params = map[string]any{}
		}
		name := d.text()
		if d.flag() {
			e.params[name] = d.signed()
		} else {
			e.params[name] = d.text()
		}
	}
	if e.code == "" {
		if e.is != nil || e.text != "" || e.params != nil {
			d.bad = true
		}
		return nil
	}
	number := func(name string) int {
		n, _ := e.params[name].(int)
		return n
	}
	wrong, length := &token.PINWrongError{Tries: number("tries")}, &token.PINLengthError{Min: number("min"), Max: number("max")}
	switch e.code {
	case (&token.PINWrongError{Tries: -1}).Code():
		return &token.PINWrongError{Tries: -1}
	case wrong.Code():
		return wrong
	case length.Code():
		return length
	}
	if v := valueOf(e.code); v != nil {
		return v
	}
	return e
}
