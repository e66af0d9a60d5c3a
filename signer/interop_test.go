package signer_test

import (
	"encoding/pem"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"sealdesk/signer/cms/cmstest"
)

// interopJudge gives a program of make interop. It must be there when that runs, and without that the test is skipped: no judge, no verdict.
func interopJudge(t *testing.T, variable string) string {
	t.Helper()
	program := os.Getenv(variable)
	if program == "" {
		t.Skipf("skipped: make interop names the judge in %s", variable)
	}
	path, err := exec.LookPath(program)
	if err != nil {
		t.Fatalf("the judge %s is missing, so nothing was judged: %v", program, err)
	}
	return path
}

// MuPDF takes every field of an edge seal over 51 pages for unchanged, and after the other party's 51 the first ones for
// valid still: it tells that something came after, not what.
func TestInteropMuPDF(t *testing.T) {
	mutool := interopJudge(t, "SEALDESK_MUTOOL")
	e := sealEdges(t, [2]string{"rsa", "ecdsa"})
	for _, tt := range []struct {
		path             string
		unchanged, after int
	}{{e.first, edgePages, 0}, {e.both, edgePages, edgePages}} {
		out := runTool(t, mutool, "sign", "-v", tt.path)
		if n := strings.Count(out, "The document is unchanged since signing."); n != tt.unchanged {
			t.Errorf("mutool finds %d fields unchanged, want %d:\n%.1000s", n, tt.unchanged, out)
		}
		if n := strings.Count(out, "The signature is valid but there have been edits since signing."); n != tt.after {
			t.Errorf("mutool finds %d fields valid with something after them, want %d:\n%.1000s", n, tt.after, out)
		}
	}
}

// pyHanko validates every field with the roots of both parties, and says what came after.
func TestInteropPyHanko(t *testing.T) {
	python := interopJudge(t, "SEALDESK_PYHANKO")
	e := sealEdges(t, [2]string{"rsa", "ecdsa"})
	args := []string{"testdata/validate.py", e.both}
	for i, p := range []*cmstest.Party{e.buyer, e.other} {
		path := filepath.Join(t.TempDir(), fmt.Sprintf("root%d.pem", i))
		if err := os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: p.Root.Raw}), 0o600); err != nil {
			t.Fatal(err)
		}
		args = append(args, path)
	}
	out := runTool(t, python, args...)
	first, second := 0, 0
	for line := range strings.Lines(strings.TrimSpace(out)) {
		f := strings.Split(strings.TrimSpace(line), "\t")
		switch {
		case len(f) != 5 || f[1] != "True" || f[4] != "True":
			t.Errorf("pyHanko: %s", line)
		case f[2] == "ENTIRE_FILE" && f[3] == "NONE":
			second++
		case f[2] == "ENTIRE_REVISION" && f[3] == "FORM_FILLING":
			first++
		default:
			t.Errorf("pyHanko: %s", line)
		}
	}
	if first != edgePages || second != edgePages {
		t.Errorf("pyHanko takes %d and %d of %d fields for valid:\n%.2000s", first, second, edgePages, out)
	}
}
