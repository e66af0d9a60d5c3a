//go:build linux && amd64

package faults_test

import (
	"bufio"
	"bytes"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"sync"
	"sync/atomic"
	"testing"

	"sealdesk/packaging/faults"
)

// childVariable says which scenario's program this process is.
const childVariable = "SEALDESK_FAULTS_CHILD"

// children are the programs that are failed. They read their job as JSON from standard input.
var children = map[string]func(in io.Reader, out io.Writer) error{"sign": signChild, "outbox": outboxChild, "platform": platformChild}

func TestMain(m *testing.M) {
	faults.Main()
	if child, ok := children[os.Getenv(childVariable)]; ok {
		if err := child(os.Stdin, os.Stdout); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// stride is how far the points lie apart that are failed: 1 is all of them, as make faults asks for. The suite fails every
// few, beginning at another one for each kind.
func stride(few int) int {
	if os.Getenv("SEALDESK_FAULTS") == "all" {
		return 1
	}
	return few
}

var points atomic.Int64

// everyPoint fails point after point in every way, until a run passes without a fault, and prints how many there are.
func everyPoint(t *testing.T, few int, kinds []faults.Kind, one func(t *testing.T, point int, kind faults.Kind) (failed string)) {
	step := stride(few)
	var mu sync.Mutex
	total, last := 0, map[faults.Kind]int{}
	t.Run("points", func(t *testing.T) {
		for i, kind := range kinds {
			t.Run(kind.String(), func(t *testing.T) {
				t.Parallel()
				n := 0
				for point := 1 + i*step/len(kinds); ; point += step {
					failed := one(t, point, kind)
					if failed == "" {
						mu.Lock()
						total, last[kind] = total+n, point-1
						mu.Unlock()
						return
					}
					n++
					if t.Failed() {
						t.Fatalf("at point %d, %s: %s", point, kind, failed)
					}
				}
			})
		}
	})
	fmt.Printf("%s: %d faults, every %d of %v points\n", t.Name(), total, step, last)
	if total == 0 {
		t.Error("nothing was failed")
	}
	points.Add(int64(total))
}

// program starts a scenario's program with its job under the filter.
func program(t *testing.T, name string, job any, dir string, point int, kind faults.Kind) (*faults.Program, *bufio.Reader, *bytes.Buffer) {
	t.Helper()
	said, err := json.Marshal(job)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), childVariable+"="+name)
	cmd.Stdin = bytes.NewReader(said)
	var errs bytes.Buffer
	cmd.Stderr = &errs
	out, in, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stdout = in
	p, err := faults.Start(cmd, dir, point, kind)
	if err != nil {
		t.Fatal(err)
	}
	if err := in.Close(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = out.Close() })
	return p, bufio.NewReader(out), &errs
}

// said reads what a program prints until it ends.
func said(t *testing.T, out *bufio.Reader) map[string]bool {
	t.Helper()
	lines := map[string]bool{}
	for {
		line, err := out.ReadString('\n')
		if line != "" {
			lines[line] = true
		}
		if err != nil {
			return lines
		}
	}
}

func marshalKey(t *testing.T, key any) []byte {
	t.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return der
}

// folder is a folder in memory, where there is such a file system: what fails here is failed by us, not by the disk's pace.
func folder(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("/dev/shm", "sealdesk-faults-")
	if err != nil {
		return t.TempDir()
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}
