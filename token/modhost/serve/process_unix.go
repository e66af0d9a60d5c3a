//go:build unix

package serve

import (
	"os"
	"syscall"
)

// keep keeps a pipe from programs that the library may start: the client could not see the helper's end otherwise.
func keep(f *os.File) { syscall.CloseOnExec(int(f.Fd())) }

// confine sees that a crash leaves no memory, and with it a PIN, on the disk.
func confine() { syscall.Setrlimit(syscall.RLIMIT_CORE, &syscall.Rlimit{}) }
