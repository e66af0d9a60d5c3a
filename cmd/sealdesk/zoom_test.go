package main

import (
	"math"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"
)

// Ctrl and + draw everything larger up to twice, in a window that stays as large as it is; that is kept, and Ctrl and 0 ends it.
func TestEverythingIsEnlarged(t *testing.T) {
	t.Parallel()
	bin := buildForTest(t)
	s := newScreen(t)
	env := []string{"HOME=" + t.TempDir(), "XDG_DATA_HOME=", "XDG_CACHE_HOME=", "XDG_CONFIG_HOME=", "LC_ALL=C.UTF-8"}
	const heading = "登录交易平台"
	high := func(times float64, usual seen) {
		t.Helper()
		if err := until(20*time.Second, func() bool {
			o, ok := s.find(heading, 0)
			return ok && math.Abs(o.H-times*usual.H) < 2
		}); err != nil {
			s.fail("the heading is not %.0f high", times*usual.H)
		}
		s.size("1280x800")
	}
	s.start(bin, env, "-lang", "zh-CN")
	usual := s.wait(heading)
	s.key("ctrl+equal", "ctrl+equal")
	high(1.5, usual)
	s.key("ctrl+equal", "ctrl+equal", "ctrl+equal")
	high(2, usual)
	s.stop(syscall.SIGTERM)
	s.start(bin, env, "-lang", "zh-CN")
	high(2, usual)
	s.key("ctrl+minus")
	high(1.75, usual)
	s.key("ctrl+0")
	high(1, usual)
	s.noThreadErrors()
}

// size fails when the window is of another size in pixels.
func (s *screen) size(want string) {
	s.t.Helper()
	var told []byte
	if until(10*time.Second, func() bool {
		cmd := exec.Command("xdotool", "search", "--onlyvisible", "--name", "政采签章", "getwindowgeometry")
		cmd.Env = append(os.Environ(), "LC_ALL=C.UTF-8", "DISPLAY="+s.display)
		told, _ = cmd.Output() // until the window is there
		return strings.Contains(string(told), "Geometry: "+want)
	}) != nil {
		s.t.Errorf("the window is not %s:\n%s", want, told)
	}
}

// On a small notebook's screen the whole window is to be seen.
func TestTheWindowFitsASmallScreen(t *testing.T) {
	t.Parallel()
	bin := buildForTest(t)
	s := newScreenOf(t, "1366x768")
	s.start(bin, []string{"HOME=" + t.TempDir(), "XDG_DATA_HOME=", "XDG_CACHE_HOME=", "XDG_CONFIG_HOME=", "LC_ALL=C.UTF-8"}, "-lang", "zh-CN")
	s.size("1280x732")
	if o := s.wait("签名在密钥内完成，PIN 不会保存"); o.Y+o.H > 732 {
		t.Errorf("%v is out of sight", o)
	}
}
