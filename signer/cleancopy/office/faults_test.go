//go:build unix

package office

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"sealdesk/signer/cleancopy/refusal"
)

func TestVersion(t *testing.T) {
	got, err := Version(t.Context(), fake(t, "echo 'LibreOffice 24.8.2'; yes"))
	if err != nil || got != "LibreOffice 24.8.2" {
		t.Errorf("%q, %v", got, err)
	}
	for name, program := range map[string]string{"says nothing": fake(t, ""), "is not there": filepath.Join(t.TempDir(), "none")} {
		if got, err := Version(t.Context(), program); err == nil || got != "" || errors.Is(err, context.Canceled) {
			t.Errorf("one that %s: %q, %v", name, got, err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Version(ctx, fake(t, "sleep 60")); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	t.Setenv("TMPDIR", filepath.Join(t.TempDir(), "none"))
	if _, err := Version(t.Context(), "soffice"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("without a folder: %v", err)
	}
	if _, err := (Office{Program: fake(t, "")}).begin(t.Context()); !errors.Is(err, errGone) || !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("without a folder: %v", err)
	}
}

func TestReasons(t *testing.T) {
	for _, err := range []error{fs.ErrNotExist, exec.ErrNotFound, fs.ErrPermission} {
		if got := codeOf(failed(err, "")); got != refusal.ConverterMissing {
			t.Errorf("%v is %s", err, got)
		}
	}
	var r *refusal.Error
	if err := failed(errors.New("broken"), ""); !errors.As(err, &r) || r.Params()["message"] != "broken" {
		t.Errorf("%v", err)
	}
	if err := failed(nil, ""); !errors.As(err, &r) || r.Params()["message"] != "" {
		t.Errorf("%v", err)
	}
	if err := (Office{}).refuse(t.Context(), errGone); err != errGone {
		t.Errorf("%v", err)
	}
}

func TestNamesByNumber(t *testing.T) {
	ordered := []string{"", "LibreOffice", "LibreOffice 7.6", "LibreOffice 24.2", "LibreOffice 24.8", "LibreOffice 24.8a", "LibreOffice b", "OpenOffice 1"}
	for i, a := range ordered {
		for k, b := range ordered {
			if got := byNumber(a, b); got < 0 != (i < k) || got > 0 != (i > k) {
				t.Errorf("%q and %q: %d", a, b, got)
			}
		}
	}
}

// prints writes this as the result that a program is asked for.
func prints(t *testing.T, command string) string {
	t.Helper()
	return fake(t, `for a; do case "$p" in --outdir) out="$a";; esac; p="$a"; done; `+command)
}

func TestResults(t *testing.T) {
	in := document(t, paragraph("words"))
	for name, tt := range map[string]struct{ program, code string }{
		"an empty result":                     {prints(t, `: > "$out/in.pdf"`), refusal.ConverterFailed},
		"a large result at the end":           {prints(t, `head -c 2000000 /dev/zero > "$out/in.pdf"`), refusal.OutputTooLarge},
		"a large result that is still larger": {prints(t, `head -c 2000000 /dev/zero > "$out/in.pdf"; exec sleep 60`), refusal.OutputTooLarge},
	} {
		if _, err := (Office{Program: tt.program, MaxOutput: 1 << 20}).Convert(t.Context(), in, t.TempDir(), PDFA2b); codeOf(err) != tt.code {
			t.Errorf("%s: %v, want %s", name, err, tt.code)
		}
	}
	o := Office{Program: prints(t, "")}
	none := filepath.Join(t.TempDir(), "none")
	if _, err := o.Convert(t.Context(), in, none, PDFA2b); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("into nowhere: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := o.Convert(ctx, in, t.TempDir(), PDFA2b); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	if _, err := o.launch(profile{dir: none}); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("in no folder: %v", err)
	}
	if n := sizeOf(none); n != 0 {
		t.Errorf("%d bytes in no folder", n)
	}
}

func TestProfile(t *testing.T) {
	program := fake(t, "")
	if err := os.WriteFile(filepath.Join(filepath.Dir(program), "version.ini"), []byte("[Version]\nbuildid=0123abc\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	o := Office{Program: program}
	for _, inTheWay := range []string{"tmp/", "profile/user/registrymodifications.xcu", "profile/user/extensions/buildid"} {
		dir := t.TempDir()
		path := filepath.Join(dir, inTheWay)
		if name, file := strings.CutSuffix(inTheWay, "/"); file { // a file where a folder should be
			if err := os.WriteFile(filepath.Join(dir, name), nil, 0o600); err != nil {
				t.Fatal(err)
			}
		} else if err := os.MkdirAll(path, 0o700); err != nil {
			t.Fatal(err)
		}
		var at *fs.PathError
		if _, err := o.profile(t.Context(), dir); !errors.As(err, &at) || at.Path != filepath.Clean(path) {
			t.Errorf("%s is in the way: %v", inTheWay, err)
		}
	}
	p, err := o.profile(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	if id, err := os.ReadFile(filepath.Join(p.user(), "user/extensions/buildid")); err != nil || string(id) != "0123abc" {
		t.Errorf("%q %v", id, err)
	}
	if !p.current(t.Context()) {
		t.Error("the fonts have changed")
	}
	if id := buildID(filepath.Join(t.TempDir(), "none")); id != "" {
		t.Errorf("what is not there is of build %s", id)
	}
	// Where it cannot be learned which fonts there are, none is replaced.
	broken := fake(t, "exit 1")
	if err := os.Rename(broken, filepath.Join(filepath.Dir(broken), "fc-list")); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", filepath.Dir(broken)+":"+os.Getenv("PATH"))
	other, err := o.profile(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	if text, err := os.ReadFile(filepath.Join(other.user(), "user/registrymodifications.xcu")); err != nil || strings.Contains(string(text), "Replacement") {
		t.Errorf("%s %v", text, err)
	}
	if p.current(t.Context()) {
		t.Error("nothing is known of the fonts, and they are the same")
	}
}

// kept is a converter that keeps a program that stands in for LibreOffice.
func kept(t *testing.T, script string) *Warm {
	t.Helper()
	o, err := Office{Program: fake(t, script)}.complete()
	if err != nil {
		t.Fatal(err)
	}
	p, err := o.profile(t.Context(), filepath.Join(t.TempDir(), "office"))
	if err != nil {
		t.Fatal(err)
	}
	r, err := o.launch(p)
	if err != nil {
		t.Fatal(err)
	}
	w := NewWarm(o)
	w.live = &instance{office: o, profile: p, run: r}
	t.Cleanup(func() { _ = w.Close() })
	return w
}

func TestKeptIsGivenUp(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel() // so that no other starts
	w := kept(t, "")
	old := w.live
	<-old.run.ended
	if s := w.State(); s.Running {
		t.Error("one that has ended is said to run")
	}
	if _, err := w.instance(ctx, w.office); !errors.Is(err, context.Canceled) || w.live != nil {
		t.Errorf("one that has ended is kept: %v", err)
	}
	w = kept(t, "exec sleep 60")
	w.live.documents.Store(maxDocuments)
	if s := w.State(); !s.Running || s.Documents != maxDocuments {
		t.Errorf("%+v", s)
	}
	old = w.live
	if _, err := w.instance(ctx, w.office); !errors.Is(err, context.Canceled) || w.live != nil || !old.ended() {
		t.Errorf("one that has done enough is kept: %v", err)
	}
}

func TestWarmRefuses(t *testing.T) {
	in := document(t, paragraph("words"))
	w := NewWarm(Office{Program: filepath.Join(t.TempDir(), "none")})
	defer w.Close()
	w.Prepare()
	if _, err := w.Convert(t.Context(), in, t.TempDir(), PDFA2b); codeOf(err) != refusal.ConverterSetting {
		t.Errorf("a program that is not there: %v", err)
	}
	w = NewWarm(Office{Program: fake(t, "")})
	defer w.Close()
	if _, err := w.Convert(t.Context(), in, filepath.Join(t.TempDir(), "none"), PDFA2b); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("into nowhere: %v", err)
	}
	<-w.turn // somebody converts
	ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	if _, err := w.Convert(ctx, in, t.TempDir(), PDFA2b); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("while another's turn lasts: %v", err)
	}
	w.Prepare() // does not wait
	w.pass()
}
