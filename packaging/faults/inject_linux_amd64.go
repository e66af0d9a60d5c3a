package faults

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// A Kind is how a call fails.
type Kind int

// The kinds.
const (
	None    Kind = iota
	IOError      // EIO, once
	Full         // ENOSPC, and for everything that needs room from there on
	Short        // half of it is written, and then the disk is full
	Kill         // SIGKILL before the call
	Kinds
)

func (k Kind) String() string {
	return []string{"none", "i/o error", "disk full", "short write", "kill"}[k]
}

// A Program runs under the filter.
type Program struct {
	cmd      *exec.Cmd
	dir      string
	listener int

	mu    sync.Mutex
	seen  int
	point int
	kind  Kind
	full  bool
	at    string // what was failed

	watched chan struct{}
}

// launchVariable makes a program the launcher of another one: its value is the program's path.
const launchVariable = "SEALDESK_FAULTS_LAUNCH"

// Start starts cmd under the filter. Points are its calls that change files below dir, counted from 1; the point-th fails as
// kind says. With kind None they are only counted. The calling program must have called Main at its start.
func Start(cmd *exec.Cmd, dir string, point int, kind Kind) (*Program, error) {
	dir, err := filepath.EvalSymlinks(dir)
	if err != nil {
		return nil, err
	}
	pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	theirs := os.NewFile(uintptr(pair[1]), "listener")
	if cmd.Env == nil {
		cmd.Env = os.Environ()
	}
	cmd.Env = append(cmd.Env, launchVariable+"="+cmd.Path)
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	cmd.Path, cmd.ExtraFiles = self, []*os.File{theirs}
	if err := errors.Join(cmd.Start(), theirs.Close()); err != nil {
		return nil, errors.Join(err, unix.Close(pair[0]))
	}
	listener, err := receive(pair[0])
	if err = errors.Join(err, unix.Close(pair[0])); err != nil {
		return nil, errors.Join(err, cmd.Process.Kill(), cmd.Wait())
	}
	p := &Program{cmd: cmd, dir: dir, listener: listener, point: point, kind: kind, watched: make(chan struct{})}
	go p.watch()
	return p, nil
}

// Arm begins to count anew.
func (p *Program) Arm(point int, kind Kind) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.seen, p.point, p.kind, p.full, p.at = 0, point, kind, false, ""
}

// Wait waits for the program's end. Failed says which call was failed, "" when there were fewer than point; its other result
// is cmd.Wait's.
func (p *Program) Wait() (failed string, err error) {
	err = p.cmd.Wait()
	<-p.watched
	return p.Failed(), err
}

// Stop kills the program, if it still runs, and waits for its end.
func (p *Program) Stop() {
	_ = p.cmd.Process.Kill()
	_ = p.cmd.Wait() // it was killed
	<-p.watched
}

// Failed says which call was failed so far.
func (p *Program) Failed() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.at
}

// Main is called first by a program that starts others: as their launcher it does not return.
func Main() {
	program := os.Getenv(launchVariable)
	if program == "" {
		return
	}
	_, _ = fmt.Fprintln(os.Stderr, "faults:", launch(program))
	os.Exit(9)
}

// launch sets the filter, hands its listener over and becomes the program.
func launch(program string) error {
	runtime.LockOSThread()
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return err
	}
	prog := filter()
	set := unix.SockFprog{Len: uint16(len(prog)), Filter: &prog[0]}
	// Once a call was handed over no signal but a deadly one repeats it, so that each is counted once.
	fd, _, errno := unix.Syscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER,
		unix.SECCOMP_FILTER_FLAG_NEW_LISTENER|unix.SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV, uintptr(unsafe.Pointer(&set)))
	if errno != 0 {
		return fmt.Errorf("the filter cannot be set: %w", errno)
	}
	const socket = 3 // the first of ExtraFiles
	if err := unix.Sendmsg(socket, []byte{0}, unix.UnixRights(int(fd)), nil, 0); err != nil {
		return err
	}
	if err := errors.Join(unix.Close(socket), unix.Close(int(fd))); err != nil {
		return err
	}
	if err := os.Unsetenv(launchVariable); err != nil {
		return err
	}
	return syscall.Exec(program, os.Args, os.Environ())
}

func receive(socket int) (int, error) {
	oob := make([]byte, unix.CmsgSpace(4))
	_, n, _, _, err := unix.Recvmsg(socket, make([]byte, 1), oob, unix.MSG_CMSG_CLOEXEC)
	if err != nil {
		return -1, err
	}
	messages, err := unix.ParseSocketControlMessage(oob[:n])
	if err != nil || len(messages) != 1 {
		return -1, errors.Join(err, errors.New("faults: the launcher has no listener"))
	}
	fds, err := unix.ParseUnixRights(&messages[0])
	if err != nil || len(fds) != 1 {
		return -1, errors.Join(err, errors.New("faults: the launcher has no listener"))
	}
	return fds[0], nil
}

// notification is struct seccomp_notif, and answer struct seccomp_notif_resp, of seccomp_unotify(2).
type notification struct {
	id    uint64
	pid   uint32
	flags uint32
	nr    int32
	arch  uint32
	ip    uint64
	args  [6]uint64
}

type answer struct {
	id    uint64
	val   int64
	errno int32
	flags uint32
}

const goOn = 1 // SECCOMP_USER_NOTIF_FLAG_CONTINUE

// watch answers until the program has ended.
func (p *Program) watch() {
	defer close(p.watched)
	defer func() { _ = unix.Close(p.listener) }()
	for {
		ready := []unix.PollFd{{Fd: int32(p.listener), Events: unix.POLLIN}}
		if _, err := unix.Poll(ready, -1); errors.Is(err, unix.EINTR) {
			continue
		} else if err != nil || ready[0].Revents&unix.POLLIN == 0 {
			return
		}
		var n notification
		if !control(p.listener, unix.SECCOMP_IOCTL_NOTIF_RECV, unsafe.Pointer(&n)) {
			continue // it was killed meanwhile
		}
		a := p.judge(&n)
		a.id = n.id
		control(p.listener, unix.SECCOMP_IOCTL_NOTIF_SEND, unsafe.Pointer(&a)) // it may be dead
	}
}

func control(fd int, request uintptr, arg unsafe.Pointer) bool {
	_, _, errno := unix.Syscall(unix.SYS_IOCTL, uintptr(fd), request, uintptr(arg))
	return errno == 0
}

// judge decides on a call.
func (p *Program) judge(n *notification) answer {
	pass := answer{flags: goOn}
	var c call
	for _, known := range calls {
		if int32(known.nr) == n.nr {
			c = known
		}
	}
	path := p.path(n, c)
	if !strings.HasPrefix(path, p.dir) {
		return pass
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.full && c.writes {
		return answer{errno: -int32(unix.ENOSPC)}
	}
	if p.seen++; p.seen != p.point || p.kind == None {
		return pass
	}
	p.at = c.name + " " + strings.TrimPrefix(path, p.dir)
	switch p.kind {
	case Kill:
		_ = p.cmd.Process.Kill()
		return answer{errno: -int32(unix.EINTR)}
	case Full, Short:
		p.full = true
		if c.writes {
			if half, ok := p.half(n, c); ok {
				return answer{val: half}
			}
			return answer{errno: -int32(unix.ENOSPC)}
		}
	}
	return answer{errno: -int32(unix.EIO)}
}

// path is the path of what a call changes.
func (p *Program) path(n *notification, c call) string {
	if c.fd >= 0 {
		path, err := os.Readlink(fmt.Sprintf("/proc/%d/fd/%d", n.pid, int32(n.args[c.fd])))
		if err != nil {
			return ""
		}
		return path
	}
	path := string(p.memory(n, n.args[c.path], unix.PathMax))
	path, _, _ = strings.Cut(path, "\x00")
	if !filepath.IsAbs(path) {
		folder, err := os.Readlink(fmt.Sprintf("/proc/%d/cwd", n.pid))
		if err != nil {
			return ""
		}
		path = filepath.Join(folder, path)
	}
	return path
}

// memory is what lies at an address of the program, at most so many bytes.
func (p *Program) memory(n *notification, at uint64, size int) []byte {
	f, err := os.Open(fmt.Sprintf("/proc/%d/mem", n.pid))
	if err != nil {
		return nil
	}
	defer func() { _ = f.Close() }() // it was only read
	var out bytes.Buffer
	for size > 0 {
		// Page by page: the next one may not be there.
		buf := make([]byte, min(size, 4096-int(at%4096)))
		if m, err := f.ReadAt(buf, int64(at)); err != nil || m == 0 {
			break
		}
		out.Write(buf)
		at, size = at+uint64(len(buf)), size-len(buf)
	}
	return out.Bytes()
}

// half writes half of what a write is to write, in the program's place.
func (p *Program) half(n *notification, c call) (int64, bool) {
	if p.kind != Short || c.nr != unix.SYS_WRITE && c.nr != unix.SYS_PWRITE64 || n.args[2] < 2 {
		return 0, false
	}
	data := p.memory(n, n.args[1], int(n.args[2]/2))
	pidfd, err := unix.PidfdOpen(p.cmd.Process.Pid, 0)
	if err != nil {
		return 0, false
	}
	defer func() { _ = unix.Close(pidfd) }()
	fd, err := unix.PidfdGetfd(pidfd, int(int32(n.args[0])), 0)
	if err != nil {
		return 0, false
	}
	defer func() { _ = unix.Close(fd) }()
	var m int
	if c.nr == unix.SYS_WRITE {
		m, err = unix.Write(fd, data)
	} else {
		m, err = unix.Pwrite(fd, data, int64(n.args[3]))
	}
	return int64(m), err == nil && m > 0
}
