//go:build unix

package modhost

import (
	"os"
	"os/exec"
	"syscall"
)

// inherit hands the helper its pipes, as 3 and 4, and gives it a process group of its own, so that an interrupt typed at the
// terminal does not tear a signature apart.
func inherit(cmd *exec.Cmd, requests, replies *os.File) {
	cmd.ExtraFiles = []*os.File{requests, replies}
	cmd.Args = []string{cmd.Path, "3", "4"}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
}

// killAll kills the group. The helper was not waited for yet, so its number is nobody else's.
func killAll(p *os.Process) {
	syscall.Kill(-p.Pid, syscall.SIGKILL)
}
