package disk

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// Write puts what r gives into the file path, in place of one that is there, readable by its owner only: whenever the power
// goes, the old content is there or the new one, whole. The errors of r come back as they are; those of the disk name path.
func Write(path string, r io.Reader) error { return write(path, r, (*Draft).Replace) }

// WriteNew is Write for a name that nothing has. Where something has it the error is fs.ErrExist, and it stays.
func WriteNew(path string, r io.Reader) error {
	if err := Free(path); err != nil { // before a long file is written for nothing
		return naming(path, err)
	}
	return write(path, r, (*Draft).Name)
}

func write(path string, r io.Reader, name func(*Draft, string) error) error {
	d, err := NewDraft(filepath.Dir(path))
	if err != nil {
		return naming(path, err)
	}
	defer d.Discard()
	if _, err := io.Copy(output{d.File, path}, r); err != nil {
		return err
	}
	if err := d.File.Sync(); err != nil {
		return naming(path, err)
	}
	return naming(path, name(d, path))
}

// output is a draft whose errors name the file that it will be.
type output struct {
	w    io.Writer
	path string
}

func (o output) Write(b []byte) (int, error) {
	n, err := o.w.Write(b)
	return n, naming(o.path, err)
}

// naming gives an error the name that people know, in place of a draft's.
func naming(path string, err error) error {
	if p, ok := errors.AsType[*fs.PathError](err); ok {
		err = p.Err
	} else if l, ok := errors.AsType[*os.LinkError](err); ok {
		err = l.Err
	}
	if err == nil {
		return nil
	}
	return &fs.PathError{Op: "write", Path: path, Err: err}
}
