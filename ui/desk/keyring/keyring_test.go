//go:build linux

package keyring_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"sealdesk/platformapi"
	"sealdesk/platformapi/outbox/vault"
	"sealdesk/ui/desk/keyring"
)

// inside names the step that a child process takes with a real keyring.
const inside = "SEALDESK_KEYRING_TEST"

func TestMain(m *testing.M) {
	if step := os.Getenv(inside); step != "" {
		if err := take(step); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// take takes one step in a folder: put opens a vault and writes a text; get, in another process, reads it.
func take(step string) error {
	dir := os.Getenv("SEALDESK_KEYRING_DIR")
	v, err := vault.Open(context.Background(), filepath.Join(dir, "vault"), keyring.System{})
	switch {
	case step == "lost":
		if !platformapi.IsCode(err, vault.CodeKeyLost) {
			return fmt.Errorf("with another keyring: %v", err)
		}
		return nil
	case step == "locked":
		if !platformapi.IsCode(err, vault.CodeLocked) {
			return fmt.Errorf("without a keyring: %v", err)
		}
		return nil
	case err != nil:
		return err
	case v.Where() != vault.InKeyring:
		return fmt.Errorf("the key lies in the %s", v.Where())
	}
	text := filepath.Join(dir, "text")
	if step == "put" {
		return os.WriteFile(text, v.Seal("test", []byte("合同")), 0o600)
	}
	data, err := os.ReadFile(text)
	if err != nil {
		return err
	}
	if plain, err := v.Open("test", data); err != nil || string(plain) != "合同" {
		return fmt.Errorf("%q, %w", plain, err)
	}
	return nil
}

// With the keyring of a real desktop: what one process closed another one opens, and without that keyring nobody does.
func TestWithARealKeyring(t *testing.T) {
	for _, program := range []string{"dbus-run-session", "gnome-keyring-daemon"} {
		if _, err := exec.LookPath(program); err != nil {
			t.Skipf("%s is not there", program)
		}
	}
	dir := t.TempDir()
	session := func(home string, steps ...string) {
		t.Helper()
		script := `printf pw | gnome-keyring-daemon --unlock --components=secrets >/dev/null || exit 9
for s in ` + strings.Join(steps, " ") + `; do ` + inside + `=$s "$PROGRAM" || exit 1; done`
		if err := os.MkdirAll(home, 0o700); err != nil {
			t.Fatal(err)
		}
		cmd := exec.CommandContext(t.Context(), "dbus-run-session", "--", "sh", "-c", script)
		cmd.Env = append(os.Environ(), "HOME="+home, "XDG_DATA_HOME="+home, "XDG_RUNTIME_DIR="+home, "XDG_CACHE_HOME="+home, "XDG_CONFIG_HOME="+home,
			"PROGRAM="+os.Args[0], "SEALDESK_KEYRING_DIR="+dir)
		// Into a file: a daemon that the session's bus began may outlive it, and would hold a pipe open.
		said, err := os.Create(filepath.Join(t.TempDir(), "said"))
		if err != nil {
			t.Fatal(err)
		}
		defer said.Close()
		cmd.Stdout, cmd.Stderr = said, said
		if err := cmd.Run(); err != nil {
			out, _ := os.ReadFile(said.Name())
			t.Fatalf("%v: %v\n%s", steps, err, out)
		}
	}
	mine := filepath.Join(t.TempDir(), "mine")
	session(mine, "put", "get", "get")
	if left, err := filepath.Glob(filepath.Join(dir, "vault", "vault.key")); err != nil || len(left) > 0 {
		t.Errorf("the key lies in a file: %v, %v", left, err)
	}
	session(mine, "get") // at the next login
	session(filepath.Join(t.TempDir(), "other"), "lost")

	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), inside+"=locked", "SEALDESK_KEYRING_DIR="+dir, "DBUS_SESSION_BUS_ADDRESS=unix:path=/nonexistent")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

// A system without a session has no keyring, and nothing is started to have one.
func TestWithoutASessionThereIsNone(t *testing.T) {
	t.Setenv("DBUS_SESSION_BUS_ADDRESS", "")
	if _, err := os.Stat(fmt.Sprintf("/run/user/%d/bus", os.Getuid())); err == nil {
		t.Skip("this test runs in a session")
	}
	if _, err := (keyring.System{}).Get("x"); !errors.Is(err, keyring.ErrAbsent) {
		t.Errorf("got %v", err)
	}
}
