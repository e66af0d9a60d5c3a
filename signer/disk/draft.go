package disk

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// A Draft is a file before it has its name, in the folder where it will get it, readable by its owner only. Make it, fill and
// sync File, then Name it, or Replace another; Discard it in any case.
type Draft struct {
	File   *os.File
	folder string
	hidden bool // it has no name at all
	closed bool
}

const draftBegins, draftEnds = ".sealdesk-", ".tmp"

// IsDraft tells the name of a draft, which a program that was killed leaves behind.
func IsDraft(name string) bool {
	return strings.HasPrefix(name, draftBegins) && strings.HasSuffix(name, draftEnds)
}

// NewDraft makes a draft under a temporary name.
func NewDraft(folder string) (*Draft, error) {
	f, err := os.CreateTemp(folder, draftBegins+"*"+draftEnds)
	if err != nil {
		return nil, err
	}
	return &Draft{File: f, folder: folder}, nil
}

// NewHidden makes a draft without a name where the system has such files, so that nothing is left of it when the program is
// killed: on Linux, on most file systems. Elsewhere it is NewDraft.
func NewHidden(folder string) (*Draft, error) {
	if f, err := openUnnamed(folder); err == nil {
		return &Draft{File: f, folder: folder, hidden: true}, nil
	}
	return NewDraft(folder)
}

// Path is where the draft can be opened once more.
func (d *Draft) Path() string {
	if d.hidden {
		return unnamedPath(d.File)
	}
	return d.File.Name()
}

// Name gives the file its name, unless something of that name came up meanwhile, which is fs.ErrExist. The file is closed then.
func (d *Draft) Name(target string) error {
	if d.hidden {
		if err := d.link(target); err != nil {
			return err
		}
		return d.keepName(target)
	}
	if err := d.close(); err != nil { // some systems rename no open file
		return err
	}
	err := os.Link(d.Path(), target)
	switch {
	case err == nil:
		os.Remove(d.Path())
	case errors.Is(err, fs.ErrExist):
		return err
	default:
		// File systems without hard links, such as FAT, leave a moment between
		// looking and naming.
		if err := Free(target); err != nil {
			return err
		}
		if err := os.Rename(d.Path(), target); err != nil {
			return err
		}
	}
	return d.keepName(target)
}

// Replace gives the file its name in place of what has it, if anything. The file is closed then. A draft that NewHidden made
// can only get a name that is free: see Name.
func (d *Draft) Replace(target string) error {
	if d.hidden {
		return errors.ErrUnsupported
	}
	if err := d.close(); err != nil { // some systems rename no open file
		return err
	}
	if err := os.Rename(d.Path(), target); err != nil {
		return err
	}
	return SyncFolder(d.folder)
}

func (d *Draft) link(target string) error {
	if err := nameUnnamed(d.File, target); err != nil {
		return &os.LinkError{Op: "link", Old: d.folder, New: target, Err: err}
	}
	return d.close()
}

// keepName makes the name survive a power cut, or takes it back.
func (d *Draft) keepName(target string) error {
	if err := SyncFolder(d.folder); err != nil {
		os.Remove(target) // a name that may be gone after a power cut is none
		return err
	}
	return nil
}

func (d *Draft) close() error {
	if d.closed {
		return nil
	}
	d.closed = true
	return d.File.Close()
}

// Discard removes the draft, if it has no name yet.
func (d *Draft) Discard() {
	_ = d.close() // it is thrown away
	if !d.hidden {
		_ = os.Remove(d.Path())
	}
}

// Free is nil when nothing has the name, and fs.ErrExist when something has.
func Free(path string) error {
	_, err := os.Lstat(filepath.Clean(path))
	switch {
	case err == nil:
		return fs.ErrExist
	case errors.Is(err, fs.ErrNotExist):
		return nil
	}
	return err
}
