//go:build linux

package modhost_test

import (
	"bytes"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"sealdesk/token"
	"sealdesk/token/modhost"
	"sealdesk/token/modhost/wire"
	"sealdesk/token/profile"
	"sealdesk/token/softkey"
)

func TestEnvironmentIsClean(t *testing.T) {
	t.Setenv("LD_LIBRARY_PATH", "/nowhere")
	t.Setenv("SEALDESK_SECRET", "of no concern to a library")
	t.Setenv("OPENSC_CONF", "/named/by/the/profile")
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_CORE, &limit); err != nil {
		t.Fatal(err)
	}
	before := limit
	limit.Cur = limit.Max // what the helper inherits
	if err := syscall.Setrlimit(syscall.RLIMIT_CORE, &limit); err != nil {
		t.Fatal(err)
	}
	defer syscall.Setrlimit(syscall.RLIMIT_CORE, &before)
	b := plugLongmai(t)
	b.options.Profile.Environment = []string{"OPENSC_CONF"}
	d := open(t, b.options)
	find(t, d)
	pid := helperOf(t)
	environ, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "environ"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"LD_LIBRARY_PATH=", "SEALDESK_SECRET="} {
		if strings.Contains(string(environ), name) {
			t.Errorf("the helper sees %s", name)
		}
	}
	if !strings.Contains(string(environ), "OPENSC_CONF=/named/by/the/profile") {
		t.Error("the helper does not see what the profile names")
	}
	args, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "cmdline"))
	if err != nil || bytes.Contains(args, []byte(keyPIN)) {
		t.Errorf("the arguments are %q, %v", args, err)
	}
	for _, fd := range []string{"1", "2"} { // what the library prints
		if to, err := os.Readlink(filepath.Join("/proc", strconv.Itoa(pid), "fd", fd)); err != nil || to != os.DevNull {
			t.Errorf("descriptor %s leads to %q, %v", fd, to, err)
		}
	}
	limits, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "limits"))
	if err != nil || !strings.Contains(string(limits), "Max core file size        0 ") {
		t.Errorf("a crash of the helper may leave its memory on the disk: %s, %v", limits, err)
	}
}

func TestLibrariesThatAreNotLoaded(t *testing.T) {
	b := plugLongmai(t)
	dir := t.TempDir()
	text := filepath.Join(dir, "libtext.so")
	if err := os.WriteFile(text, []byte("no library at all"), 0o600); err != nil {
		t.Fatal(err)
	}
	open4all := filepath.Join(dir, "open")
	if err := os.Mkdir(open4all, 0o700); err != nil {
		t.Fatal(err)
	}
	shared := filepath.Join(open4all, filepath.Base(b.options.Library))
	library, err := os.ReadFile(b.options.Library)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(os.WriteFile(shared, library, 0o700), os.Chmod(open4all, 0o777)); err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name, library string
		want          error
	}{
		{"missing", filepath.Join(dir, "libmissing.so"), profile.ErrLibraryMissing},
		{"relative", "libkey.so", profile.ErrLibraryUnsafe},
		{"in a folder that everyone writes to", shared, profile.ErrLibraryUnsafe},
		{"a folder", dir, profile.ErrLibraryUnsafe},
		{"no library", text, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			o := b.options
			o.Library = tt.library
			d := open(t, o)
			_, err := d.Tokens(t.Context())
			var load *modhost.LoadError
			if tt.want != nil && !errors.Is(err, tt.want) || tt.want == nil && !errors.As(err, &load) {
				t.Errorf("got %v, want %v", err, tt.want)
			}
			if s := d.Status(); s.Crashes != 0 {
				t.Errorf("status %+v", s)
			}
		})
	}
	o := b.options
	o.Host = filepath.Join(dir, "nohost")
	d, err := modhost.Open(o)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := d.Tokens(t.Context()); err == nil {
		t.Error("a helper that is not there was started")
	}
}

// OpenSC's library is one more that nobody here wrote. Without a card it finds none, which is no error.
func TestOpenSC(t *testing.T) {
	table, err := profile.Builtin()
	if err != nil {
		t.Fatal(err)
	}
	for _, place := range table.Discover() {
		if place.Profile.ID != "opensc" || !place.Found {
			continue
		}
		d := open(t, modhost.Options{Library: place.Library, Profile: place.Profile})
		if _, err := d.Tokens(t.Context()); err != nil {
			t.Error(err)
		}
		return
	}
	t.Fatal("OpenSC is not installed: run packaging/deps.sh test")
}

// start starts the helper as package modhost does, and gives the ends of its pipes.
func start(t *testing.T) (requests, replies, lifeline *os.File, cmd *exec.Cmd) {
	t.Helper()
	pipe := func() (r, w *os.File) {
		r, w, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { r.Close(); w.Close() })
		return r, w
	}
	childRequests, requests := pipe()
	replies, childReplies := pipe()
	childLifeline, lifeline := pipe()
	cmd = exec.Command(helper, "3", "4")
	cmd.Stdin, cmd.ExtraFiles = childLifeline, []*os.File{childRequests, childReplies}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	for _, f := range []*os.File{childRequests, childReplies, childLifeline} {
		f.Close()
	}
	return requests, replies, lifeline, cmd
}

func ends(t *testing.T, cmd *exec.Cmd) {
	t.Helper()
	done := make(chan error, 1)
	go func() { done <- cmd.Wait() }()
	select {
	case <-done:
	case <-time.After(20 * time.Second):
		cmd.Process.Kill()
		t.Error("the helper is still there")
	}
}

// A client that dies leaves no helper, even one whose library hangs.
func TestHelperEndsWithItsClient(t *testing.T) {
	b := plugLongmai(t)
	b.server.Inject(softkey.Fault{Do: softkey.Hang, Function: "C_GetSlotList"})
	requests, replies, lifeline, cmd := start(t)
	encoded, err := b.options.Profile.Encode()
	if err != nil {
		t.Fatal(err)
	}
	q := &wire.Request{Op: wire.OpOpen, Number: wire.Version, Text: b.options.Library, Kind: "pkcs11", Data: encoded}
	if err := wire.WriteRequest(requests, q); err != nil {
		t.Fatal(err)
	}
	if r, err := wire.ReadReply(replies); err != nil || r.Err != nil {
		t.Fatal(err, r)
	}
	if err := wire.WriteRequest(requests, &wire.Request{Op: wire.OpTokens}); err != nil {
		t.Fatal(err)
	}
	for b.server.Calls("C_GetSlotList") == 0 {
		time.Sleep(5 * time.Millisecond)
	}
	lifeline.Close()
	ends(t, cmd)
}

// A client that talks nonsense gets no answer, and the helper ends.
func TestHelperRefusesNonsense(t *testing.T) {
	for name, bytes := range map[string][]byte{
		"a length without end": {0xFF, 0xFF, 0xFF, 0xFF},
		"an empty message":     {0, 0, 0, 0},
		"text":                 []byte("GET / HTTP/1.1\r\n\r\n"),
	} {
		t.Run(name, func(t *testing.T) {
			requests, replies, _, cmd := start(t)
			if _, err := requests.Write(bytes); err != nil {
				t.Fatal(err)
			}
			requests.Close()
			if answer, err := io.ReadAll(replies); err != nil || len(answer) > 0 {
				t.Errorf("it answered %x, %v", answer, err)
			}
			ends(t, cmd)
		})
	}
	if err := exec.Command(helper).Run(); err == nil {
		t.Error("without pipes it runs")
	}
}

// A helper that talks nonsense is a library that crashed.
func TestHelperThatTalksNonsense(t *testing.T) {
	b := plugLongmai(t)
	for name, script := range map[string]string{
		"a length without end": `printf '\377\377\377\377' >&4; sleep 5`,
		"text":                 `echo hello world hello world >&4; sleep 5`,
		"silence and an end":   `exit 3`,
	} {
		t.Run(name, func(t *testing.T) {
			host := filepath.Join(t.TempDir(), "host")
			if err := os.WriteFile(host, []byte("#!/bin/sh\n"+script+"\n"), 0o700); err != nil {
				t.Fatal(err)
			}
			o := b.options
			o.Host = host
			o.Limits = token.Limits{Look: time.Second}
			d, err := modhost.Open(o)
			if err != nil {
				t.Fatal(err)
			}
			defer d.Close()
			soon(t, "giving up", func() {
				if _, err := d.Tokens(t.Context()); !errors.Is(err, token.ErrRemoved) && !errors.Is(err, token.ErrTimeout) {
					t.Errorf("got %v", err)
				}
			})
		})
	}
}
