package signer

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"sealdesk/signer/internal/disk"
)

// A draft is the output under its temporary name, in the folder where it will
// get its own, readable by its owner only.
type draft struct {
	file   *os.File
	folder string
	target string
	err    error // of the last write
	closed bool
}

func newDraft(target string) (*draft, error) {
	folder := filepath.Dir(target)
	f, err := os.CreateTemp(folder, ".sealdesk-*.tmp")
	if err != nil {
		return nil, onOutput(folder, target, err)
	}
	return &draft{file: f, folder: folder, target: target}, nil
}

func (d *draft) path() string { return d.file.Name() }

// Write implements io.Writer and keeps the error, to tell failures of the disk
// from those of the key.
func (d *draft) Write(b []byte) (int, error) {
	n, err := d.file.Write(b)
	d.err = err
	return n, err
}

// finish puts the bytes on the disk.
func (d *draft) finish() error {
	if err := d.file.Sync(); err != nil {
		return err
	}
	d.closed = true
	return d.file.Close()
}

// name gives the file its name, unless something of that name came up meanwhile.
func (d *draft) name() error {
	err := os.Link(d.path(), d.target)
	switch {
	case err == nil:
		os.Remove(d.path())
	case errors.Is(err, fs.ErrExist):
		return err
	default:
		// File systems without hard links, such as FAT, leave a moment between
		// looking and naming.
		if err := free(d.target); err != nil {
			return err
		}
		if err := os.Rename(d.path(), d.target); err != nil {
			return err
		}
	}
	if err := disk.SyncFolder(d.folder); err != nil {
		os.Remove(d.target) // a name that may be gone after a power cut is none
		return err
	}
	return nil
}

// free is nil when nothing has the name.
func free(path string) error {
	_, err := os.Lstat(path)
	switch {
	case err == nil:
		return fs.ErrExist
	case errors.Is(err, fs.ErrNotExist):
		return nil
	}
	return err
}

// discard removes the temporary file, if it is there.
func (d *draft) discard() {
	if !d.closed {
		d.file.Close()
	}
	os.Remove(d.path())
}
