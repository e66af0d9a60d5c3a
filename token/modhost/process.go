package modhost

import (
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"sync"
	"sync/atomic"

	"sealdesk/token/modhost/wire"
	"sealdesk/token/profile"
)

// process is one run of the helper.
type process struct {
	number   uint64 // of the run; what was opened in another is void
	cmd      *exec.Cmd
	requests *os.File
	lifeline *os.File // the helper's standard input, which it watches for its end
	answers  chan *wire.Reply
	exited   chan struct{}

	end       sync.Once
	hung      atomic.Bool // it was killed for not answering
	calledOff atomic.Bool // it was killed for somebody's convenience
}

// start starts the helper.
func start(host string, environment []string, number uint64) (*process, error) {
	childRequests, requests, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	replies, childReplies, err := os.Pipe()
	if err != nil {
		closeAll(childRequests, requests)
		return nil, err
	}
	childLifeline, lifeline, err := os.Pipe()
	if err != nil {
		closeAll(childRequests, requests, replies, childReplies)
		return nil, err
	}
	// The standard output and error lead nowhere: what a library prints there is of no use, and may be a PIN.
	cmd := &exec.Cmd{Path: host, Dir: filepath.Dir(host), Env: environment, Stdin: childLifeline}
	inherit(cmd, childRequests, childReplies)
	err = cmd.Start()
	closeAll(childRequests, childReplies, childLifeline)
	if err != nil {
		closeAll(requests, replies, lifeline)
		return nil, err
	}
	p := &process{
		number: number, cmd: cmd, requests: requests, lifeline: lifeline,
		answers: make(chan *wire.Reply, 1), exited: make(chan struct{}),
	}
	go p.read(replies)
	return p, nil
}

func closeAll(files ...*os.File) {
	for _, f := range files {
		f.Close()
	}
}

// read receives replies until the helper ends or says something that is none. A reply that nobody asked for is none either.
func (p *process) read(replies *os.File) {
	defer close(p.exited)
	defer close(p.answers)
	for {
		reply, err := wire.ReadReply(replies)
		if err == nil {
			select {
			case p.answers <- reply:
				continue
			default:
			}
		}
		break
	}
	p.kill()
	p.cmd.Wait()
	closeAll(replies, p.requests)
}

// kill ends the helper and what it may have started; read notices.
func (p *process) kill() {
	p.end.Do(func() {
		p.lifeline.Close()
		killAll(p.cmd.Process)
	})
}

// ended tells whether the helper is gone.
func (p *process) ended() bool {
	select {
	case <-p.exited:
		return true
	default:
		return false
	}
}

// kept are the variables that any library may see: where the user's folders are, the language, and the display, for there are
// libraries that ask for a finger or a button in a window of their own.
var kept = []string{
	"HOME", "USER", "LOGNAME", "LANG", "LC_ALL", "LC_CTYPE", "LC_MESSAGES", "TZ", "TMPDIR",
	"DISPLAY", "XAUTHORITY", "WAYLAND_DISPLAY", "XDG_RUNTIME_DIR", "XDG_CONFIG_HOME", "DBUS_SESSION_BUS_ADDRESS",
	"SystemRoot", "SystemDrive", "windir", "TEMP", "TMP", "USERPROFILE", "USERNAME", "APPDATA", "LOCALAPPDATA", "ProgramData",
	"ProgramFiles", "ProgramFiles(x86)", "CommonProgramFiles", "CommonProgramFiles(x86)",
}

// environment is what of this program's environment the helper sees: what any library may see, and what this one reads.
func environment(p profile.Profile) []string {
	env := []string{"PATH=/usr/bin:/bin"}
	if runtime.GOOS == "windows" {
		env = []string{"PATH=" + filepath.Join(os.Getenv("SystemRoot"), "System32")}
	}
	for _, name := range kept {
		if v, ok := os.LookupEnv(name); ok {
			env = append(env, name+"="+v)
		}
	}
	return append(env, p.Variables(os.Environ())...)
}
