package desk

import (
	"context"
	"errors"
	"io/fs"
	"path/filepath"
	"syscall"

	"sealdesk/signer/disk"
	"sealdesk/ui/desk/words"
)

// An Error is a trouble of the desk's own; its code starts with "desk.".
type Error = words.Error

func fault(code string, cause error, pairs ...any) *Error {
	return words.Fault("desk."+code, cause, pairs...)
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
