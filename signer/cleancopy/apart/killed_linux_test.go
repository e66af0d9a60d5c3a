package apart_test

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"sealdesk/signer/cleancopy/apart"
	"sealdesk/signer/cleancopy/refusal"
)

// TestKilledInTheMiddle sends the other process the signal that nothing survives.
func TestKilledInTheMiddle(t *testing.T) {
	in, out := input(t)
	p := apart.Process{Program: program(t, "hangs"), Timeout: time.Minute}
	failed := make(chan error, 1)
	go func() {
		_, err := p.CopyFile(t.Context(), in, out, nothing)
		failed <- err
	}()
	pid := 0
	for range 200 {
		if pid = processOf(p.Program); pid != 0 {
			break
		}
		time.Sleep(20 * time.Millisecond)
	}
	if pid == 0 {
		t.Fatal("the other process was not seen")
	}
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	if err := <-failed; code(err) != refusal.Crashed {
		t.Error(err)
	}
}

// processOf finds the process of a program that this one started.
func processOf(program string) int {
	list, _ := filepath.Glob("/proc/[0-9]*/exe")
	for _, exe := range list {
		command, err := os.ReadFile(filepath.Join(filepath.Dir(exe), "cmdline"))
		if err != nil || !strings.HasPrefix(string(command), program+"\x00") {
			continue
		}
		pid, _ := strconv.Atoi(filepath.Base(filepath.Dir(exe)))
		return pid
	}
	return 0
}
