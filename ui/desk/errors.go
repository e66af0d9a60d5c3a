package desk

import (
	"context"
	"errors"
	"io/fs"
	"path/filepath"
	"syscall"

	"sealdesk/signer/disk"
)

// An Error is a trouble of the desk's own, named by a stable code; ui/desk/words has its sentences.
type Error struct {
	code   string
	params map[string]any
	cause  error
}

func fault(code string, cause error, pairs ...any) *Error {
	e := &Error{code: "desk." + code, cause: cause}
	if len(pairs) > 0 {
		e.params = make(map[string]any, len(pairs)/2)
		for i := 0; i+1 < len(pairs); i += 2 {
			e.params[pairs[i].(string)] = pairs[i+1]
		}
	}
	return e
}

func (e *Error) Error() string {
	if e.cause != nil {
		return e.code + ": " + e.cause.Error()
	}
	return e.code
}

// Code is stable and starts with "desk.".
func (e *Error) Code() string { return e.code }

// Params are the values that the sentence of the code uses.
func (e *Error) Params() map[string]any { return e.params }

func (e *Error) Unwrap() error { return e.cause }

// Is makes errors.Is compare codes.
func (e *Error) Is(target error) bool {
	var t *Error
	return errors.As(target, &t) && t.code == e.code
}

// diskError names what the person can mend about writing in a folder: a full disk, a folder that cannot be written, a name
// that is taken. What has its code already, and the end of a context, pass as they are.
func diskError(path string, err error) error {
	if _, coded := errors.AsType[interface {
		error
		Code() string
	}](err); err == nil || coded || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	folder := filepath.Dir(path)
	switch {
	case disk.Full(err):
		return fault("disk_full", err, "folder", folder)
	case errors.Is(err, fs.ErrPermission), errors.Is(err, syscall.EROFS):
		return fault("not_writable", err, "folder", folder)
	case errors.Is(err, fs.ErrExist):
		return fault("file_exists", err, "file", filepath.Base(path), "folder", folder)
	}
	return fault("disk", err, "folder", folder)
}
