package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// needInputMethod skips the test where there is none.
func needInputMethod(t *testing.T) {
	t.Helper()
	for _, needed := range []string{"/usr/bin/fcitx5", "/usr/share/rime-data/luna_pinyin_simp.schema.yaml"} {
		if _, err := os.Stat(needed); err != nil {
			t.Skipf("there is no input method here (packaging/deps.sh test installs fcitx5): %v", err)
		}
	}
}

// inputMethod starts fcitx5 with Rime's pinyin on the screen, switched on wherever the keyboard is. ready waits until it
// has heard of the window. It works without a bus and keeps its own settings in a folder of the test.
func (s *screen) inputMethod() (ready func()) {
	s.t.Helper()
	dir := s.t.TempDir()
	for name, text := range map[string]string{
		"config/fcitx5/config":                 "[Behavior]\nActiveByDefault=True\n",
		"config/fcitx5/profile":                "[Groups/0]\nName=Default\nDefault Layout=us\nDefaultIM=rime\n[Groups/0/Items/0]\nName=rime\n[GroupOrder]\n0=Default\n",
		"data/fcitx5/rime/default.custom.yaml": "patch:\n  schema_list:\n    - schema: luna_pinyin_simp\n",
	} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			s.t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			s.t.Fatal(err)
		}
	}
	said := &lockedBuffer{}
	fcitx := exec.Command("fcitx5", "--disable", "all", "--enable", "xcb,xim,rime,keyboard", "-D")
	fcitx.Env = append(os.Environ(), "DISPLAY="+s.display, "WAYLAND_DISPLAY=", "LC_ALL=C.UTF-8", "XDG_RUNTIME_DIR="+dir,
		"XDG_CONFIG_HOME="+filepath.Join(dir, "config"), "XDG_DATA_HOME="+filepath.Join(dir, "data"))
	fcitx.Stdout, fcitx.Stderr = said, said
	if err := fcitx.Start(); err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() {
		_ = fcitx.Process.Kill()
		_ = fcitx.Wait()
	})
	if err := until(60*time.Second, func() bool { return strings.Contains(said.String(), "Loaded addon rime") }); err != nil {
		s.t.Fatalf("fcitx5 does not start: %v\n%s", err, said)
	}
	return func() {
		s.t.Helper()
		if err := until(60*time.Second, func() bool { return strings.Contains(said.String(), "starting engine") }); err != nil {
			s.fail("fcitx5 has not heard of the window:\n%s", said)
		}
	}
}

// digits types what is no pinyin into the PIN field, shown by its eye, one after the other: the X library loses keys that come
// before the input method has judged the ones before, as they do on a busy machine.
func (s *screen) digits(pin string) {
	s.t.Helper()
	field := s.waitEnabled("请输入 PIN 码")
	s.clickOn(field)
	s.xdo("mousemove", "1194", px(field.Y+field.H/2), "click", "1")
	for i := range pin {
		for tries := 0; ; tries++ {
			s.write(pin[i : i+1])
			if until(10*time.Second, func() bool { _, ok := s.find(pin[:i+1], 0); return ok }) == nil {
				break
			}
			if tries == 2 {
				s.fail("%q does not reach the PIN field", pin[i:i+1])
			}
		}
	}
}

// compose types pinyin into the field that has the keyboard until the field has the words. When keys are lost, it is typed
// again, slower.
func (s *screen) compose(pinyin, words string) {
	s.t.Helper()
	for _, pace := range []string{"200", "600", "1500"} {
		s.xdo("type", "--delay", pace, pinyin)
		if until(10*time.Second, func() bool { _, ok := s.find(words, 0); return ok }) == nil {
			return
		}
		s.t.Logf("%q typed every %s ms gave something else", pinyin, pace)
		s.key("Escape", "ctrl+a", "BackSpace")
	}
	s.fail("%q is not on the screen", words)
}

// Chinese that is typed in pinyin through an input method reaches the fields.
func TestChineseIsTypedThroughAnInputMethod(t *testing.T) {
	t.Parallel()
	needInputMethod(t)
	bin := buildForTest(t)
	s := newScreen(t)
	ready := s.inputMethod()
	home := t.TempDir()
	s.start(bin, []string{"XMODIFIERS=@im=fcitx", "LC_ALL=C.UTF-8", "HOME=" + home, "XDG_DATA_HOME=", "XDG_CACHE_HOME=", "XDG_CONFIG_HOME="},
		"--demo", "--work", filepath.Join(home, "demo"), "--algorithm", "ecdsa")
	s.wait("云溪县人民医院")
	ready()
	s.digits("123456")
	s.key("Return")
	s.wait("待办")
	s.contracts()

	s.key("ctrl+f")
	s.compose("caigouhetong ", "采购合同")
	s.key("BackSpace", "BackSpace")
	s.wait("采购")
	s.key("ctrl+a", "BackSpace")

	s.click("新增合同签订")
	s.click("云溪县人民医院医疗设备采购项目")
	s.click("云溪县人民医院医疗设备采购项目合同") // the proposed name
	s.key("ctrl+a", "BackSpace")
	s.compose("yunxi ", "云溪")
	s.noThreadErrors()
}
