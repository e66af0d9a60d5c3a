//go:build unix

package office

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"sealdesk/signer/cleancopy/refusal"
)

// fake writes a program that stands in for LibreOffice where the real one cannot be made to fail.
func fake(t *testing.T, script string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "soffice")
	if err := os.WriteFile(path, []byte("#!/bin/sh\n"+script), 0o700); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestFailures(t *testing.T) {
	tests := []struct {
		name    string
		program string
		code    string
		message string
	}{
		{"not there", filepath.Join(t.TempDir(), "none"), refusal.ConverterSetting, ""},
		{"crashes", fake(t, "echo 'Fatal  exception' >&2; kill -SEGV $$"), refusal.ConverterFailed, "Fatal exception"},
		{"says no", fake(t, "echo 'Error: source file could not be loaded'; exit 0"), refusal.ConverterFailed, "Error: source file could not be loaded"},
		{"talks without end", fake(t, "yes 123456789 | head -c 3000000; exit 1"), refusal.ConverterFailed, ""},
		{"takes all memory", fake(t, "exec tail /dev/zero"), refusal.ConverterMemory, ""},
		{"hangs", fake(t, "sleep 60 & wait"), refusal.ConverterTimeout, ""},
		{"writes without end", fake(t, `for a; do case "$p" in --outdir) out="$a";; esac; p="$a"; done; exec head -c 40000000 /dev/zero > "$out/in.pdf"`), refusal.OutputTooLarge, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			o := Office{Program: tt.program, Timeout: 30 * time.Second, MaxOutput: 1 << 20, MaxMemory: 64 << 20}
			if tt.code == refusal.ConverterTimeout {
				o.Timeout = 500 * time.Millisecond
			}
			_, err := o.Convert(t.Context(), "in.docx", t.TempDir(), PDFA2b)
			var r *refusal.Error
			if !errors.As(err, &r) || r.Code() != tt.code {
				t.Fatalf("%v, want %s", err, tt.code)
			}
			said, _ := r.Params()["message"].(string)
			if !strings.Contains(said, tt.message) || len(said) > maxWords {
				t.Errorf("message %q", said)
			}
		})
	}
}

// TestCancelEndsTheWholeGroup starts a program with a child and asks that neither outlives the context.
func TestCancelEndsTheWholeGroup(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	dir := t.TempDir()
	note := filepath.Join(dir, "pid")
	program := fake(t, fmt.Sprintf("sleep 60 & echo $! > %s.part; mv %s.part %s; wait", note, note, note))
	done := make(chan error, 1)
	go func() { _, err := Office{Program: program}.Convert(ctx, "in.docx", dir, PDFA2b); done <- err }()
	var pid int
	for range 200 {
		if b, err := os.ReadFile(note); err == nil {
			pid, _ = strconv.Atoi(strings.TrimSpace(string(b)))
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	if pid == 0 {
		t.Fatal("the program did not start")
	}
	cancel()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
	for range 200 {
		if !running(pid) {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Error("a child is still running")
}

// running tells whether a process still does something; one that only waits to be collected does not.
func running(pid int) bool {
	if syscall.Kill(pid, 0) != nil {
		return false
	}
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	return err != nil || !strings.Contains(string(stat), ") Z ")
}

// TestCancelLeavesNoSocket cancels a conversion of a LibreOffice that listens for others already.
func TestCancelLeavesNoSocket(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	dir := t.TempDir()
	in := document(t, strings.Repeat(paragraph("words and more words"), 20000))
	done := make(chan error, 1)
	go func() { _, err := Office{}.Convert(ctx, in, dir, PDFA2b); done <- err }()
	socket := ""
	for deadline := time.Now().Add(20 * time.Second); socket == "" || !there(socket); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("LibreOffice does not listen")
		}
		if found, _ := filepath.Glob(filepath.Join(dir, "office-*", "office", "profile")); len(found) == 1 {
			socket = singleOffice(found[0])
		}
	}
	cancel()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
	if there(socket) {
		t.Error("its socket is left")
	}
}

func TestEnvironmentHasNoProxyAndNoSecrets(t *testing.T) {
	t.Setenv("http_proxy", "http://127.0.0.1:1")
	t.Setenv("API_TOKEN", "secret")
	for _, v := range environment("/tmp") {
		if strings.Contains(v, "secret") || strings.Contains(strings.ToLower(v), "proxy") {
			t.Errorf("%s is passed on", v)
		}
	}
}
