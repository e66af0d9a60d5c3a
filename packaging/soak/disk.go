package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"

	"golang.org/x/sys/unix"
)

// A disk is where a client keeps its things. It is a small file system of its own where that is allowed; elsewhere the size
// that the client may give to a file is limited instead, which stops all its writing too.
type disk struct {
	dir   string
	small bool
}

const diskSize = 16 << 20 // bytes

func smallDisk(dir string) (disk, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return disk{}, err
	}
	err := unix.Mount("tmpfs", dir, "tmpfs", 0, fmt.Sprintf("size=%d,mode=0700", diskSize))
	return disk{dir: dir, small: err == nil}, nil
}

func (d disk) close() error {
	if !d.small {
		return nil
	}
	return unix.Unmount(d.dir, unix.MNT_DETACH)
}

func (d disk) filler() string { return filepath.Join(d.dir, "filler") }

// fill leaves no room.
func (d disk) fill(pid int) error {
	if !d.small {
		return limit(pid, 0)
	}
	f, err := os.Create(d.filler())
	if err != nil {
		return full(err)
	}
	for size := 1 << 20; size >= 512; {
		if _, err := f.Write(make([]byte, size)); err != nil {
			if err := full(err); err != nil {
				return errors.Join(err, f.Close())
			}
			size /= 2
		}
	}
	return f.Close()
}

func full(err error) error {
	if errors.Is(err, syscall.ENOSPC) {
		return nil
	}
	return err
}

// free makes room again.
func (d disk) free(pid int) error {
	if !d.small {
		return limit(pid, unix.RLIM_INFINITY)
	}
	if err := os.Remove(d.filler()); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return nil
}

// limit sets how large the files of a process may become; one that has ended needs none.
func limit(pid int, size uint64) error {
	err := unix.Prlimit(pid, unix.RLIMIT_FSIZE, &unix.Rlimit{Cur: size, Max: unix.RLIM_INFINITY}, nil)
	if errors.Is(err, syscall.ESRCH) {
		return nil
	}
	return err
}
