package main

import (
	"math"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"
)

// Ctrl and + draw everything larger up to twice, in a window that stays as large as it is; that is kept, and Ctrl and 0 ends it.
func TestEverythingIsEnlarged(t *testing.T) {
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
		size, err := exec.Command("sh", "-c", "LC_ALL=C.UTF-8 DISPLAY="+s.display+" xdotool search --onlyvisible --name 政采签章 getwindowgeometry").Output()
		if err != nil || !strings.Contains(string(size), "1280x800") {
			t.Errorf("the window is %s, %v", size, err)
		}
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
