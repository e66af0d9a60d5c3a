//go:build unix

package office

import (
	"os/exec"
	"syscall"
)

// group is a process with all that it started.
type group struct{ pid int }

func start(cmd *exec.Cmd) (group, error) {
	if cmd.SysProcAttr == nil {
		cmd.SysProcAttr = &syscall.SysProcAttr{}
	}
	cmd.SysProcAttr.Setpgid = true
	if err := cmd.Start(); err != nil {
		return group{}, err
	}
	return group{pid: cmd.Process.Pid}, nil
}

// end kills the group. When all of it has ended already, there is nothing to do and nothing to report.
func (g group) end() { _ = syscall.Kill(-g.pid, syscall.SIGKILL) }

// close leaves nothing of the group running.
func (g group) close() { g.end() }
