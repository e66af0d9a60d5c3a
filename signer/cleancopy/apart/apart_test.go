package apart_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"sealdesk/signer/cleancopy/apart"
	"sealdesk/signer/cleancopy/pdfcopy"
	"sealdesk/signer/cleancopy/refusal"
	"sealdesk/signer/pdf"
	"sealdesk/signer/pdf/pdftest"
	"sealdesk/signer/preview/previewtest"
)

// TestMain is also the other process, which behaves as the program's name says.
func TestMain(m *testing.M) {
	if !apart.Asked(os.Args[1:]) {
		os.Exit(m.Run())
	}
	name := strings.TrimSuffix(filepath.Base(os.Args[0]), ".exe")
	switch name {
	case "hangs":
		time.Sleep(time.Hour)
	case "loops":
		for i := 0; ; i++ {
			runtime.KeepAlive(i)
		}
	case "lies":
		os.Stdout.WriteString(`{"result":{"signed":false}}` + "\n")
		os.Exit(0)
	case "fails":
		os.Stdout.WriteString(`{"result":{"signed":true}}` + "\n")
		os.Exit(3)
	case "babbles":
		os.Stdout.WriteString("hello\n")
		os.Exit(0)
	case "tells":
		os.Stderr.WriteString(strings.Join(os.Environ(), "\n"))
		os.WriteFile("environment", []byte(strings.Join(os.Environ(), "\n")), 0o600)
		os.Exit(1)
	case "eats":
		os.Exit(apart.Main(os.Stdin, hungry{}))
	case "recurses":
		os.Exit(apart.Main(os.Stdin, recursing{}))
	}
	os.Exit(apart.Main(os.Stdin, os.Stdout))
}

// hungry and recursing misbehave in the middle of the work, under the limits that Main has set by then: with the first
// word that is said of it.
type hungry struct{}

func (hungry) Write([]byte) (int, error) {
	var kept [][]byte
	for {
		b := make([]byte, 64<<20)
		for i := 0; i < len(b); i += 4096 {
			b[i] = 1
		}
		kept = append(kept, b)
		runtime.KeepAlive(kept)
	}
}

type recursing struct{}

func (recursing) Write(p []byte) (int, error) { return deep(p, 0), nil }

func deep(p []byte, n int) int {
	var frame [1 << 10]byte
	copy(frame[:], p)
	if n < 0 {
		return int(frame[0])
	}
	return deep(frame[:], n+1) + int(frame[1])
}

// program is the other process under a name.
func program(t *testing.T, name string) string {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	if runtime.GOOS == "windows" {
		name += ".exe"
	}
	path := filepath.Join(t.TempDir(), name)
	if err := os.Link(self, path); err != nil {
		data, rerr := os.ReadFile(self)
		if rerr != nil {
			t.Fatal(rerr)
		}
		if err := os.WriteFile(path, data, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	return path
}

func input(t *testing.T) (in, out string) {
	t.Helper()
	dir := t.TempDir()
	in, out = filepath.Join(dir, "in"), filepath.Join(dir, "out")
	if err := os.WriteFile(in, pdftest.Document(pdftest.Options{Pages: 2}), 0o600); err != nil {
		t.Fatal(err)
	}
	return in, out
}

func nothing(pdfcopy.Stage, float64) {}

func code(err error) string {
	var r *refusal.Error
	if errors.As(err, &r) {
		return r.Code()
	}
	return fmt.Sprint(err)
}

func TestCopyApart(t *testing.T) {
	in, out := input(t)
	var stages []pdfcopy.Stage
	r, err := apart.Process{CacheDir: previewtest.Cache()}.CopyFile(t.Context(), in, out, func(s pdfcopy.Stage, _ float64) { stages = append(stages, s) })
	if err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	f, err := pdf.Open(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	if n, err := f.PageCount(); n != 2 || r.Pages != 2 || err != nil || len(stages) < 4 {
		t.Errorf("%d pages, %+v, %v, stages %v", n, r, err, stages)
	}
}

func TestRefusalsComeBack(t *testing.T) {
	in, out := input(t)
	if err := os.WriteFile(in, []byte("%PDF-1.7 broken"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := apart.Process{CacheDir: previewtest.Cache()}.CopyFile(t.Context(), in, out, nothing)
	var r *refusal.Error
	if !errors.As(err, &r) || r.Code() != refusal.Damaged || r.Params()["type"] != "pdf" {
		t.Error(err)
	}
}

func TestMisbehaviourIsARefusal(t *testing.T) {
	tests := []struct {
		name   string
		memory int64
		code   string
	}{
		{"hangs", 0, refusal.Timeout},
		{"loops", 0, refusal.Timeout},
		{"lies", 0, refusal.Crashed},
		{"fails", 0, refusal.Crashed},
		{"babbles", 0, refusal.Crashed},
		{"recurses", 0, refusal.Crashed},
		{"eats", 512 << 20, refusal.Crashed},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if tt.name == "eats" && runtime.GOOS != "linux" && runtime.GOOS != "windows" {
				t.Skip("memory is bounded on Linux and Windows")
			}
			in, out := input(t)
			p := apart.Process{Program: program(t, tt.name), CacheDir: previewtest.Cache(), Memory: tt.memory, Timeout: time.Minute}
			if tt.code == refusal.Timeout {
				p.Timeout = time.Second
			}
			begun := time.Now()
			_, err := p.CopyFile(t.Context(), in, out, nothing)
			if code(err) != tt.code {
				t.Errorf("%v, want %s", err, tt.code)
			}
			if took := time.Since(begun); took > 30*time.Second {
				t.Errorf("it took %v", took)
			}
		})
	}
}

func TestKilledAndCancelled(t *testing.T) {
	in, out := input(t)
	if _, err := (apart.Process{Program: filepath.Join(t.TempDir(), "none")}).CopyFile(t.Context(), in, out, nothing); code(err) != refusal.Crashed {
		t.Errorf("a program that is not there: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(200*time.Millisecond, cancel)
	begun := time.Now()
	if _, err := (apart.Process{Program: program(t, "hangs")}).CopyFile(ctx, in, out, nothing); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	if took := time.Since(begun); took > 10*time.Second {
		t.Errorf("it took %v to give up", took)
	}
}

func TestNoSecretsAreHandedDown(t *testing.T) {
	t.Setenv("SEALDESK_PIN", "123456")
	in, out := input(t)
	_, err := apart.Process{Program: program(t, "tells")}.CopyFile(t.Context(), in, out, nothing)
	if code(err) != refusal.Crashed {
		t.Error(err)
	}
	seen, err := os.ReadFile(filepath.Join(filepath.Dir(out), "environment"))
	if err != nil || bytes.Contains(seen, []byte("123456")) || !bytes.Contains(seen, []byte("GOTRACEBACK=none")) {
		t.Errorf("%q %v", seen, err)
	}
}
