//go:build !windows

package disk

import (
	"os"

	"golang.org/x/sys/unix"
)

func identityOf(f *os.File) (Identity, error) {
	raw, err := f.SyscallConn()
	if err != nil {
		return Identity{}, err
	}
	var s unix.Stat_t
	var failed error
	if err := raw.Control(func(fd uintptr) { failed = unix.Fstat(int(fd), &s) }); err != nil {
		return Identity{}, err
	}
	if failed != nil {
		return Identity{}, &os.PathError{Op: "stat", Path: f.Name(), Err: failed}
	}
	return Identity{
		volume: uint64(s.Dev), file: uint64(s.Ino), size: s.Size,
		written: unix.TimespecToNsec(s.Mtim), change: unix.TimespecToNsec(s.Ctim),
	}, nil
}
