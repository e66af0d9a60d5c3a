package smallfile

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
)

// Write puts data into the file path, in place of one that is there: after a crash the old content is there or the new one. The
// errors name path; fs.ErrNotExist: its folder is not there.
func Write(path string, data []byte, mode fs.FileMode) error {
	return write(path, data, mode, os.Rename)
}

// Create is Write for a name that nothing has. Where something has it the error is fs.ErrExist, and it stays.
func Create(path string, data []byte, mode fs.FileMode) error {
	return write(path, data, mode, give)
}

func write(path string, data []byte, mode fs.FileMode, name func(from, to string) error) error {
	folder := filepath.Dir(path)
	tmp, err := os.CreateTemp(folder, ".new-*") // mode 0600
	if err != nil {
		return naming(path, err)
	}
	defer os.Remove(tmp.Name()) // gone already when it was renamed
	_, err = tmp.Write(data)
	if err = errors.Join(err, tmp.Chmod(mode), tmp.Sync(), tmp.Close()); err == nil {
		err = name(tmp.Name(), path)
	}
	if err == nil {
		err = SyncFolder(folder)
	}
	return naming(path, err)
}

// give gives a file a name that is free.
func give(from, to string) error {
	err := os.Link(from, to)
	if err == nil || errors.Is(err, fs.ErrExist) {
		return err
	}
	// A file system without links, such as FAT, leaves a moment between looking and naming.
	if _, err := os.Lstat(to); err == nil {
		return fs.ErrExist
	}
	return os.Rename(from, to)
}

// naming gives an error the name that was asked for, in place of a temporary one.
func naming(path string, err error) error {
	if err == nil {
		return nil
	}
	if p, ok := errors.AsType[*fs.PathError](err); ok {
		err = p.Err
	} else if l, ok := errors.AsType[*os.LinkError](err); ok {
		err = l.Err
	}
	return &fs.PathError{Op: "write", Path: path, Err: err}
}
