//go:build !windows

package signer

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"syscall"
	"testing"
)

func TestErrorsOfTheDisk(t *testing.T) {
	for _, tt := range []struct {
		err  error
		want Kind
	}{
		{&os.PathError{Op: "write", Path: "x", Err: syscall.ENOSPC}, DiskFull},
		{fmt.Errorf("pdfsig: write: %w", &os.PathError{Op: "write", Path: "x", Err: syscall.EFBIG}), DiskFull},
		{&os.PathError{Op: "open", Path: "x", Err: syscall.EACCES}, NoPermission},
		{&os.PathError{Op: "open", Path: "x", Err: syscall.EROFS}, NoPermission},
		{&os.PathError{Op: "open", Path: "x", Err: syscall.ENOTDIR}, NoFolder},
		{fs.ErrExist, Exists},
		{syscall.EIO, WriteFailed},
	} {
		if err := onOutput("folder", "file", tt.err); !errors.Is(err, &Error{Kind: tt.want}) || !errors.Is(err, tt.err) {
			t.Errorf("%v gives %v, want %s", tt.err, err, tt.want)
		}
	}
}
