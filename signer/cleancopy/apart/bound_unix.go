//go:build unix

package apart

import (
	"os/exec"
	"syscall"
)

// maxFile bounds what the process may write into one file, in bytes.
const maxFile = 2 << 30

// start starts the process in a group of its own, so that an interrupt typed at the terminal reaches only this one, which
// ends the other in its own time.
func start(cmd *exec.Cmd, _ int64) (end func(), err error) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	return func() {}, cmd.Start()
}

// limit bounds this process: its memory, what it writes, and that a crash leaves no picture of its memory on the disk.
func limit(memory int64) error {
	for _, l := range []struct {
		what  int
		value uint64
	}{{syscall.RLIMIT_DATA, uint64(memory)}, {syscall.RLIMIT_FSIZE, maxFile}, {syscall.RLIMIT_CORE, 0}} {
		var now syscall.Rlimit
		if err := syscall.Getrlimit(l.what, &now); err != nil {
			return err
		}
		now.Cur = min(now.Max, l.value)
		now.Max = now.Cur
		if err := syscall.Setrlimit(l.what, &now); err != nil {
			return err
		}
	}
	return nil
}
