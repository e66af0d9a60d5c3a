package serve

import (
	"os"
	"syscall"

	"golang.org/x/sys/windows"
)

// keep keeps a pipe from programs that the library may start: the client could not see the helper's end otherwise.
func keep(f *os.File) { syscall.CloseOnExec(syscall.Handle(f.Fd())) }

// confine has a crash end the process, without a window that asks what to do and without a dump.
func confine() {
	windows.SetErrorMode(windows.SEM_FAILCRITICALERRORS | windows.SEM_NOGPFAULTERRORBOX | windows.SEM_NOOPENFILEERRORBOX)
}
