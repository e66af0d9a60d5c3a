package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"sealdesk/signer/preview/previewtest"
)

// seen is what the program's probe tells of one object with words on the screen; see probe_uitest.go.
type seen struct {
	Kind     string
	Text     string
	X, Y     float64
	W, H     float64
	Disabled bool
	Overlay  bool
}

func (s seen) String() string {
	return fmt.Sprintf("%s %q at %.0f,%.0f %.0fx%.0f", s.Kind, s.Text, s.X, s.Y, s.W, s.H)
}

// A screen is a real X server with the real program on it, worked with mouse and keyboard. It finds things by their
// words, as a person does.
type screen struct {
	t       *testing.T
	display string
	dir     string
	prog    *exec.Cmd
	probe   net.Conn
	replies *bufio.Reader
	log     *lockedBuffer
	words   map[string][]string // what the Chinese words are called in the program's language, where that is another
}

type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

func needTools(t *testing.T, names ...string) {
	t.Helper()
	for _, n := range names {
		if _, err := exec.LookPath(n); err != nil {
			t.Fatalf("%s is not installed: run packaging/deps.sh test", n)
		}
	}
}

// builds are the programs, built once for all tests of this package.
var builds = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "sealdesk-test-")
	if err != nil {
		return "", err
	}
	// Without the race detector, under which the page engine takes minutes to get ready; the pages' own tests have it.
	build := exec.Command("go", "build", "-tags", "x11,uitest", "-o", dir+string(filepath.Separator), ".", "../tokenhost", "../sealctl")
	if out, err := build.CombinedOutput(); err != nil {
		return dir, fmt.Errorf("go build: %w\n%s", err, out)
	}
	return dir, previewtest.Lend(filepath.Join(dir, "cache", "sealdesk"))
})

func TestMain(m *testing.M) {
	status := m.Run()
	if dir, _ := builds(); dir != "" {
		_ = os.RemoveAll(dir)
	}
	os.Exit(status)
}

// buildForTest builds the program with the probe and without the tag that hides calls from the wrong goroutine.
func buildForTest(t *testing.T) string {
	t.Helper()
	dir, err := builds()
	if err != nil {
		t.Fatal(err)
	}
	return filepath.Join(dir, "sealdesk")
}

// newScreen starts an X server of 1280x800, the smallest desktop that the pictures are made for.
func newScreen(t *testing.T) *screen { t.Helper(); return newScreenOf(t, "1280x800") }

// newScreenOf starts an X server of a size in pixels.
func newScreenOf(t *testing.T, size string) *screen {
	t.Helper()
	needTools(t, "Xvfb", "xdotool", "import")
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	x := exec.Command("Xvfb", "-displayfd", "3", "-screen", "0", size+"x24", "-nolisten", "tcp", "-ac")
	x.ExtraFiles = []*os.File{w}
	if err := x.Start(); err != nil {
		t.Fatal(err)
	}
	w.Close()
	number, err := bufio.NewReader(r).ReadString('\n')
	if err != nil {
		t.Fatalf("Xvfb told no display: %v", err)
	}
	t.Cleanup(func() {
		_ = x.Process.Kill()
		_ = x.Wait()
	})
	s := &screen{t: t, display: ":" + strings.TrimSpace(number), dir: t.TempDir(), log: &lockedBuffer{}}
	t.Cleanup(func() { s.stop(syscall.SIGKILL) })
	return s
}

// start runs the program and waits until its window answers.
func (s *screen) start(bin string, env []string, args ...string) {
	s.t.Helper()
	socket := filepath.Join(s.dir, "probe-"+strconv.FormatInt(time.Now().UnixNano(), 36))
	s.prog = exec.Command(bin, args...)
	s.prog.Env = append(os.Environ(), "DISPLAY="+s.display, "WAYLAND_DISPLAY=", "SEALDESK_PROBE="+socket, "LIBGL_ALWAYS_SOFTWARE=1", "FYNE_SCALE=1")
	s.prog.Env = append(s.prog.Env, env...)
	s.prog.Stdout, s.prog.Stderr = s.log, s.log
	if err := s.prog.Start(); err != nil {
		s.t.Fatal(err)
	}
	deadline := time.Now().Add(90 * time.Second)
	for {
		conn, err := net.Dial("unix", socket)
		if err == nil {
			s.probe, s.replies = conn, bufio.NewReaderSize(conn, 1<<20)
			return
		}
		if time.Now().After(deadline) {
			s.t.Fatalf("the program did not open its window: %v\n%s", err, s.log)
		}
		time.Sleep(50 * time.Millisecond)
	}
}

func (s *screen) stop(sig syscall.Signal) {
	if s.prog == nil {
		return
	}
	_ = s.prog.Process.Signal(sig)
	_ = s.prog.Wait()
	s.prog = nil
	s.probe.Close()
}

func (s *screen) look() []seen {
	s.t.Helper()
	_ = s.probe.SetDeadline(time.Now().Add(60 * time.Second))
	if _, err := io.WriteString(s.probe, "look\n"); err != nil {
		s.t.Fatalf("the program is gone: %v\n%s", err, s.log)
	}
	line, err := s.replies.ReadBytes('\n')
	if err != nil {
		s.t.Fatalf("the program is gone: %v\n%s", err, s.log)
	}
	var list []seen
	if err := json.Unmarshal(line, &list); err != nil {
		s.t.Fatal(err)
	}
	return list
}

// find gives the n-th thing (from 0) whose words are text, or contain it when text ends in "…". While a dialog is open only
// the dialog is looked at.
func (s *screen) find(text string, n int) (seen, bool) {
	list := s.look()
	modal := false
	for _, o := range list {
		modal = modal || o.Overlay
	}
	part, partial := strings.CutSuffix(text, "…")
	for _, o := range list {
		if modal && !o.Overlay {
			continue
		}
		if o.Text == text || slices.Contains(s.words[text], o.Text) || partial && strings.Contains(o.Text, part) {
			if n == 0 {
				return o, true
			}
			n--
		}
	}
	return seen{}, false
}

// wait waits until text is on the screen.
func (s *screen) wait(text string) seen { s.t.Helper(); return s.waitFor(text, 0, 60*time.Second) }

func (s *screen) waitFor(text string, n int, patience time.Duration) seen {
	s.t.Helper()
	deadline := time.Now().Add(patience)
	for {
		if o, ok := s.find(text, n); ok {
			return o
		}
		if time.Now().After(deadline) {
			s.fail("%q is not on the screen", text)
		}
		time.Sleep(60 * time.Millisecond)
	}
}

// waitEnabled waits until the button with this text can be pressed, and stands still: a page that was just changed is laid
// out once more.
func (s *screen) waitEnabled(text string) seen {
	s.t.Helper()
	deadline := time.Now().Add(60 * time.Second)
	last := seen{}
	for {
		o, ok := s.find(text, 0)
		if ok && !o.Disabled && o == last {
			return o
		}
		last = o
		if time.Now().After(deadline) {
			s.fail("%q cannot be pressed (there: %v)", text, ok)
		}
		time.Sleep(60 * time.Millisecond)
	}
}

// gone waits until text is no longer on the screen.
func (s *screen) gone(text string) {
	s.t.Helper()
	deadline := time.Now().Add(60 * time.Second)
	for {
		if _, ok := s.find(text, 0); !ok {
			return
		}
		if time.Now().After(deadline) {
			s.fail("%q is still on the screen", text)
		}
		time.Sleep(60 * time.Millisecond)
	}
}

func (s *screen) fail(format string, args ...any) {
	s.t.Helper()
	s.shoot(filepath.Join(os.TempDir(), "failed-"+strings.ReplaceAll(s.t.Name(), "/", "_")+".png"))
	var words []string
	for _, o := range s.look() {
		words = append(words, o.String())
	}
	s.t.Fatalf(format+"\non the screen:\n%s\nlog:\n%s", append(args, strings.Join(words, "\n"), s.log.String())...)
}

func (s *screen) xdo(args ...string) {
	s.t.Helper()
	cmd := exec.Command("xdotool", args...)
	cmd.Env = append(os.Environ(), "DISPLAY="+s.display, "LC_ALL=C.UTF-8")
	if out, err := cmd.CombinedOutput(); err != nil {
		s.t.Fatalf("xdotool %v: %v\n%s", args, err, out)
	}
}

func px(v float64) string { return strconv.Itoa(int(v + 0.5)) }

// click presses the left button in the middle of what bears text.
func (s *screen) click(text string) {
	s.t.Helper()
	s.clickOn(s.waitEnabled(text))
}

func (s *screen) clickOn(o seen) {
	s.t.Helper()
	s.xdo("mousemove", px(o.X+o.W/2), px(o.Y+o.H/2), "sleep", "0.05", "click", "1")
}

// fill clicks into the entry with this placeholder and types into it.
func (s *screen) fill(placeholder, text string) {
	s.t.Helper()
	s.click(placeholder)
	s.write(text)
}

func (s *screen) write(text string) { s.t.Helper(); s.xdo("type", "--delay", "12", text) }

func (s *screen) key(keys ...string) {
	s.t.Helper()
	s.xdo(append([]string{"key", "--delay", "30"}, keys...)...)
}

// drag moves from one point to another with the left button down, as a hand does: in steps.
func (s *screen) drag(x0, y0, x1, y1 float64) {
	s.t.Helper()
	s.xdo("mousemove", px(x0), px(y0), "mousedown", "1")
	const steps = 8
	for i := 1; i <= steps; i++ {
		f := float64(i) / steps
		s.xdo("mousemove", px(x0+(x1-x0)*f), px(y0+(y1-y0)*f), "sleep", "0.04")
	}
	s.xdo("mouseup", "1")
}

// shot saves a picture for the README when SEALDESK_PICTURES names a folder for them.
func (s *screen) shot(name string) {
	s.t.Helper()
	dir := os.Getenv("SEALDESK_PICTURES")
	if dir == "" {
		return
	}
	time.Sleep(400 * time.Millisecond) // a toast or a hover fades
	s.shoot(filepath.Join(dir, name+".png"))
}

func (s *screen) shoot(path string) {
	cmd := exec.Command("import", "-window", "root", path)
	cmd.Env = append(os.Environ(), "DISPLAY="+s.display)
	if out, err := cmd.CombinedOutput(); err != nil {
		s.t.Logf("import: %v\n%s", err, out)
	}
}

// noThreadErrors fails when Fyne saw a call from the wrong goroutine.
func (s *screen) noThreadErrors() {
	s.t.Helper()
	if log := s.log.String(); strings.Contains(log, "Error in Fyne call thread") {
		s.t.Errorf("Fyne was called from a wrong goroutine:\n%s", log)
	}
}

var errTimeout = errors.New("timeout")

// until polls ok; for things outside the window, such as a file that is to appear.
func until(patience time.Duration, ok func() bool) error {
	deadline := time.Now().Add(patience)
	for !ok() {
		if time.Now().After(deadline) {
			return errTimeout
		}
		time.Sleep(50 * time.Millisecond)
	}
	return nil
}
