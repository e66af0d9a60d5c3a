package signer

import (
	"cmp"
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
	size   int64 // bytes written
	closed bool
	early  chan error // what came of beginSync, once
}

func newDraft(target string) (*draft, error) {
	folder := filepath.Dir(target)
	f, err := os.CreateTemp(folder, ".sealdesk-*.tmp")
	if err != nil {
		return nil, onOutput(folder, target, err)
	}
	return &draft{file: f, folder: folder}, nil
}

func (d *draft) path() string { return d.file.Name() }

// writeOut is after how many bytes the system is told to begin putting them on the disk.
const writeOut = 8 << 20

// Write implements io.Writer.
func (d *draft) Write(b []byte) (int, error) {
	n, err := d.file.WriteAt(b, d.size)
	before := d.size
	d.size += int64(n)
	if done := d.size / writeOut * writeOut; done > before {
		disk.BeginWriting(d.file, done-writeOut, writeOut)
	}
	return n, err
}

// beginSync has the disk take what was written so far, and does not wait for it: sync tells what came of it.
func (d *draft) beginSync() {
	d.early = make(chan error, 1)
	go func() { d.early <- d.file.Sync() }()
}

// sync is nil when all that was written is on the disk.
func (d *draft) sync() error {
	var early error
	if d.early != nil {
		early, d.early = <-d.early, nil // a disk tells of a failure only once
	}
	return cmp.Or(early, d.file.Sync())
}

// close ends writing; what was written is on the disk after sync only.
func (d *draft) close() error {
	if d.closed {
		return nil
	}
	d.closed = true
	return d.file.Close()
}

// name gives the file its name, unless something of that name came up meanwhile.
func (d *draft) name(target string) error {
	if err := d.close(); err != nil { // some systems rename no open file
		return err
	}
	err := os.Link(d.path(), target)
	switch {
	case err == nil:
		os.Remove(d.path())
	case errors.Is(err, fs.ErrExist):
		return err
	default:
		// File systems without hard links, such as FAT, leave a moment between
		// looking and naming.
		if err := free(target); err != nil {
			return err
		}
		if err := os.Rename(d.path(), target); err != nil {
			return err
		}
	}
	if err := disk.SyncFolder(d.folder); err != nil {
		os.Remove(target) // a name that may be gone after a power cut is none
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
	_ = d.close() // it is thrown away
	_ = os.Remove(d.path())
}
