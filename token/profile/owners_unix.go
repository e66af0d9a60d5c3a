//go:build unix

package profile

import (
	"os"
	"path/filepath"
	"syscall"
)

// checkOwners refuses a library that someone else could replace: a file or a folder on the way to it that everyone may write
// to. In a folder with the sticky bit, such as /tmp, nobody replaces what is root's or the user's own.
func checkOwners(path string) error {
	inside, err := os.Lstat(path)
	if err != nil {
		return ErrLibraryMissing
	}
	if everyone(inside) {
		return ErrLibraryUnsafe
	}
	for {
		path = filepath.Dir(path)
		folder, err := os.Lstat(path)
		if err != nil {
			return ErrLibraryMissing
		}
		if everyone(folder) && (folder.Mode()&os.ModeSticky == 0 || !trusted(inside)) {
			return ErrLibraryUnsafe
		}
		if path == filepath.Dir(path) {
			return nil
		}
		inside = folder
	}
}

func everyone(info os.FileInfo) bool { return info.Mode().Perm()&0o002 != 0 }

func trusted(info os.FileInfo) bool {
	stat, ok := info.Sys().(*syscall.Stat_t)
	return ok && (stat.Uid == 0 || int(stat.Uid) == os.Getuid())
}

func registered() []string { return nil }
