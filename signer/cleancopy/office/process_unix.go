//go:build unix

package office

import (
	"os"
	"os/exec"
	"strconv"
	"syscall"
)

// guard is what runs before LibreOffice takes its place: files are for nobody else, memory is bounded, and a process
// stays behind that ends the group and removes its files when our end of the pipe closes, which it does even if we are
// killed.
const guard = `umask 077
[ "$1" = 0 ] || ulimit -v "$1" 2>/dev/null || :
a=$2 b=$3 c=$4
shift 4
(read -r line <&3; rm -rf -- "$a" "$b" "$c"; kill -KILL 0) >/dev/null 2>&1 &
exec "$@" 3<&-`

// group is a process with all that it started.
type group struct {
	pid   int
	alive *os.File // closed: the group ends
}

// start starts cmd in a group of its own. leave names what is removed if we die, at most three paths.
func start(cmd *exec.Cmd, memory int64, leave ...string) (group, error) {
	theirs, ours, err := os.Pipe() // we hold the end that writes
	if err != nil {
		return group{}, err
	}
	defer theirs.Close()
	var left [3]string
	copy(left[:], leave)
	args := []string{"sh", "-c", guard, "sh", strconv.FormatInt(addressSpace(memory)>>10, 10), left[0], left[1], left[2], cmd.Path}
	cmd.Path, cmd.Args = "/bin/sh", append(args, cmd.Args[1:]...)
	cmd.ExtraFiles = []*os.File{theirs}
	if cmd.SysProcAttr == nil {
		cmd.SysProcAttr = &syscall.SysProcAttr{}
	}
	cmd.SysProcAttr.Setpgid = true
	if err := cmd.Start(); err != nil {
		_ = ours.Close()
		return group{}, err
	}
	return group{pid: cmd.Process.Pid, alive: ours}, nil
}

// addressSpace is the hard bound behind the watched one. What LibreOffice maps is far more than it uses.
func addressSpace(memory int64) int64 {
	if memory <= 0 {
		return 0
	}
	return 2*memory + 4<<30
}

// end kills the group. When all of it has ended already, there is nothing to do and nothing to report.
func (g group) end() { _ = syscall.Kill(-g.pid, syscall.SIGKILL) }

// close leaves nothing of the group running.
func (g group) close() {
	g.end()
	_ = g.alive.Close()
}
