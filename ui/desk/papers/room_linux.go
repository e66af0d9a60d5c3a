package papers

import (
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// InMemory is the person's folder in the computer's memory (XDG_RUNTIME_DIR of the XDG base directory specification), from
// which nothing reaches a disk that is not swapped; empty where there is none.
func InMemory(getenv func(string) string) string {
	dir := getenv("XDG_RUNTIME_DIR")
	var at unix.Statfs_t
	if !filepath.IsAbs(dir) || unix.Statfs(dir, &at) != nil || at.Type != unix.TMPFS_MAGIC {
		return ""
	}
	if info, err := os.Stat(dir); err != nil || info.Mode().Perm()&0o077 != 0 {
		return ""
	}
	return dir
}

// roomy tells that a file system has so many bytes to spare, and half of it besides: it is not ours alone.
func roomy(dir string, size int64) bool {
	var at unix.Statfs_t
	if unix.Statfs(dir, &at) != nil {
		return false
	}
	return int64(at.Bavail)*int64(at.Bsize)-size > int64(at.Blocks)*int64(at.Bsize)/2
}
