//go:build unix

package batch

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"sealdesk/signer"
)

func kindOfError(err error) (kind signer.Kind, path string) {
	var own *signer.Error
	if errors.As(err, &own) {
		return own.Kind, own.Path
	}
	return "", ""
}

func TestDiskErrors(t *testing.T) {
	for _, tt := range []struct {
		err  error
		kind signer.Kind
		path string
	}{
		{syscall.ENOSPC, signer.DiskFull, "folder"}, {syscall.EDQUOT, signer.DiskFull, "folder"}, {fs.ErrPermission, signer.NoPermission, "folder"}, {syscall.EIO, signer.WriteFailed, "file"},
	} {
		err := diskError("folder", "file", tt.err)
		if kind, path := kindOfError(err); kind != tt.kind || path != tt.path || !errors.Is(err, tt.err) {
			t.Errorf("%v", err)
		}
	}
}

// A line that is not on the disk for certain is an error.
func TestLinesThatAreLost(t *testing.T) {
	r, w, err := os.Pipe() // which takes it, and cannot be synced
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	l := &ledger{file: w}
	if kind, _ := kindOfError(l.add(line{Kind: lineSigned})); kind != signer.WriteFailed {
		t.Errorf("of one that cannot be synced: %s", kind)
	}
	if err := l.close(); err != nil {
		t.Error(err)
	}
	if kind, _ := kindOfError(l.add(line{Kind: lineSigned})); kind != signer.WriteFailed {
		t.Errorf("of one that is closed: %s", kind)
	}
	if full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0); err == nil {
		defer full.Close()
		if kind, _ := kindOfError((&ledger{file: full}).add(line{Kind: lineSigned})); kind != signer.DiskFull {
			t.Errorf("on a full disk: %s", kind)
		}
	}
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, LedgerName), 0o700); err != nil {
		t.Fatal(err)
	}
	if kind, _ := kindOfError(new(ledger).open(dir)); kind != signer.WriteFailed {
		t.Errorf("in a folder's place: %s", kind)
	}
}
