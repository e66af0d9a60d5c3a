package doctor_test

import (
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"sealdesk/token/doctor"
	"sealdesk/token/profile"
)

// A person who may not open the key is told the rule that is missing, or to plug it in anew where the rule is there.
func TestAccessDenied(t *testing.T) {
	root := tree(t)
	if err := os.Chmod(root, 0o755); err != nil {
		t.Fatal(err)
	}
	plug(t, root, "1-3", "f055", "0001", "03")
	if err := os.Chmod(filepath.Join(root, "dev/bus/usb/001/003"), 0o444); err != nil {
		t.Fatal(err)
	}
	set := open(t, product(t, "absent", "f055:0001", profile.InterfaceSKF, "/opt/testkey/lib/libtestkey.so"))
	examine := func() doctor.Check {
		got := make(chan doctor.Report)
		go func() {
			if os.Geteuid() == 0 { // root may open everything: this thread may not, and ends with its goroutine
				runtime.LockOSThread()
				_, _ = unix.SetfsuidRetUid(65534)
			}
			got <- examine(t, set, doctor.Options{Root: root, System: "linux"})
		}()
		return find(t, <-got, "doctor.access_denied")
	}
	c := examine()
	rule, _ := c.Params["rule"].(string)
	if c.State != doctor.Broken || c.Advice != "doctor.access_rule" || !strings.Contains(rule, `ATTR{idVendor}=="f055"`) {
		t.Errorf("got %s", text(t, c))
	}
	write(t, filepath.Join(root, "usr/lib/udev/rules.d/70-key.rules"), `SUBSYSTEM=="usb", ATTRS{idVendor}=="F055", MODE="0666"`)
	if c := examine(); c.Advice != "doctor.access_replug" {
		t.Errorf("with the rule: %s", text(t, c))
	}
}
