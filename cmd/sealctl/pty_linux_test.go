package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// A person types after the question was asked: what the terminal shows then must not hold the PIN.
func TestPINIsNotEchoed(t *testing.T) {
	t.Parallel()
	home := t.TempDir()
	uri := "soft:module-path=" + filepath.Join(home, "keys") + ";token=a"
	pin := filepath.Join(home, "pin")
	if err := os.WriteFile(pin, []byte("246810"), 0o600); err != nil {
		t.Fatal(err)
	}
	must(t, home, "token", "init", "--token", uri, "--name", "某某医院", "--work", home, "--algorithm", "ecdsa", "--pin-file", pin)

	person, terminal := openPTY(t)
	cmd := exec.Command("sealctl", "token", "pin", "--token", uri, "--new-pin-file", pin)
	cmd.Env = append(os.Environ(), "LC_ALL=en_US.UTF-8")
	cmd.Stdin, cmd.Stdout, cmd.Stderr = terminal, terminal, terminal
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	seen := make(chan string, 100)
	go func() {
		defer close(seen)
		b := make([]byte, 4096)
		for {
			n, err := person.Read(b)
			if n > 0 {
				seen <- string(b[:n])
			}
			if err != nil {
				return
			}
		}
	}()
	shown, typed := "", false
	deadline := time.After(30 * time.Second)
	for !strings.Contains(shown, "changed") {
		select {
		case s := <-seen:
			shown += s
		case <-deadline:
			t.Fatalf("the terminal shows only %q", shown)
		}
		if !typed && strings.Contains(shown, "PIN of a:") {
			typed = true
			// The echo is switched off right after the question.
			time.Sleep(200 * time.Millisecond)
			if _, err := person.WriteString("246810\n"); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := cmd.Wait(); err != nil {
		t.Errorf("sealctl: %v\n%s", err, shown)
	}
	if strings.Contains(shown, "246810") {
		t.Errorf("the PIN is on the screen: %q", shown)
	}
}

func openPTY(t *testing.T) (person, terminal *os.File) {
	t.Helper()
	person, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { person.Close() })
	if err := unix.IoctlSetPointerInt(int(person.Fd()), unix.TIOCSPTLCK, 0); err != nil {
		t.Fatal(err)
	}
	n, err := unix.IoctlGetInt(int(person.Fd()), unix.TIOCGPTN)
	if err != nil {
		t.Fatal(err)
	}
	terminal, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", n), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { terminal.Close() })
	return person, terminal
}
