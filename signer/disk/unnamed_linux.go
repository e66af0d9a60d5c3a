package disk

import (
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// openUnnamed makes a file that is gone when it is closed without having got a name.
func openUnnamed(folder string) (*os.File, error) {
	fd, err := unix.Open(folder, unix.O_TMPFILE|unix.O_RDWR|unix.O_CLOEXEC, 0o600)
	if err != nil {
		return nil, &os.PathError{Op: "open", Path: folder, Err: err}
	}
	f := os.NewFile(uintptr(fd), folder)
	// It gets its name through /proc, which a bare environment may lack.
	if _, err := os.Stat(unnamedPath(f)); err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

func unnamedPath(f *os.File) string { return fmt.Sprintf("/proc/self/fd/%d", f.Fd()) }

func nameUnnamed(f *os.File, target string) error {
	return unix.Linkat(unix.AT_FDCWD, unnamedPath(f), unix.AT_FDCWD, target, unix.AT_SYMLINK_FOLLOW)
}
