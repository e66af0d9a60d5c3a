//go:build linux

package modhost_test

import (
	"bytes"
	"crypto"
	"crypto/rand"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"testing"
	"time"

	"sealdesk/token/ca"
	"sealdesk/token/pkcs11/softhsmtest"
)

// use is what a process holds.
type use struct {
	files, threads, kilobytes int
}

func useOf(t *testing.T, pid int) use {
	t.Helper()
	count := func(what string) int {
		entries, err := os.ReadDir(filepath.Join("/proc", strconv.Itoa(pid), what))
		if err != nil {
			t.Fatal(err)
		}
		return len(entries)
	}
	u := use{files: count("fd"), threads: count("task")}
	status, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "status"))
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := bytes.Cut(status, []byte("VmRSS:"))
	if _, err := fmt.Sscan(string(rest), &u.kilobytes); err != nil {
		t.Fatal(err)
	}
	return u
}

func TestTenThousandSignaturesLeakNothing(t *testing.T) {
	softhsmtest.New(t, ca.ECDSA)
	d := open(t, softHSM(t))
	s := unlock(t, find(t, d))
	many := func(n int) {
		for range n {
			if _, err := s.Sign(rand.Reader, digest, crypto.SHA256); err != nil {
				t.Fatal(err)
			}
		}
	}
	many(1000) // what is kept for good is there by now
	pid := helperOf(t)
	before, goroutines := useOf(t, pid), runtime.NumGoroutine()
	start := time.Now()
	many(10_000)
	after := useOf(t, pid)
	t.Logf("%.0f signatures/s; before %+v, after %+v", 10_000/time.Since(start).Seconds(), before, after)
	// The runtime opens two files and starts a thread or two of its own when it first needs them.
	if after.files > before.files+2 || after.threads > before.threads+4 || after.kilobytes > before.kilobytes+8<<10 {
		t.Errorf("before %+v, after %+v", before, after)
	}
	if now := runtime.NumGoroutine(); now > goroutines+2 {
		t.Errorf("%d goroutines, %d before", now, goroutines)
	}
}
