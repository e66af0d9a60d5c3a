//go:build linux

package modhost_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"sealdesk/token/ca"
	"sealdesk/token/modhost"
	"sealdesk/token/pkcs11/softhsmtest"
	"sealdesk/token/tokentest"
)

// helper is the real program, built once for all tests.
var helper string

func TestMain(m *testing.M) {
	if filepath.Base(os.Args[0]) == oddName {
		oddHelper()
		os.Exit(1)
	}
	os.Exit(func() int {
		dir, err := os.MkdirTemp("", "modhost-")
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		defer os.RemoveAll(dir)
		defer softhsmtest.Remove()
		helper = filepath.Join(dir, "tokenhost")
		if out, err := exec.Command("go", "build", "-o", helper, "sealdesk/cmd/tokenhost").CombinedOutput(); err != nil {
			fmt.Fprintf(os.Stderr, "building the helper: %v\n%s", err, out)
			return 1
		}
		return m.Run()
	}())
}

// open makes a driver that uses the built helper.
func open(t testing.TB, o modhost.Options) *modhost.Driver {
	t.Helper()
	o.Host = helper
	d, err := modhost.Open(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close() })
	return d
}

// softHSM gives the options for SoftHSM2.
func softHSM(t testing.TB) modhost.Options {
	t.Helper()
	library, p := softhsmtest.Library(t)
	return modhost.Options{Library: library, Profile: p}
}

func TestConformanceOfSoftHSM2(t *testing.T) {
	tokentest.Run(t, tokentest.Harness{
		Algorithms: []ca.Algorithm{ca.RSA, ca.ECDSA},
		New: func(t *testing.T, a ca.Algorithm) tokentest.Key {
			softhsmtest.New(t, a)
			return tokentest.Key{Driver: open(t, softHSM(t)), PIN: softhsmtest.PIN, WrongPIN: "00000000"}
		},
	})
}
