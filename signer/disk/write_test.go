package disk

import (
	"bytes"
	"cmp"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"testing/iotest"
)

var errReading = errors.New("the source fails")

// halfway gives a half and then fails, as a disk that is taken out.
func halfway() io.Reader {
	return io.MultiReader(strings.NewReader("half"), iotest.ErrReader(errReading))
}

func names(t *testing.T, folder string) []string {
	t.Helper()
	entries, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, e := range entries {
		out = append(out, e.Name())
	}
	return out
}

// TestWriteReplacesWholly, and WriteNew gives a file its name only when it is whole: whatever fails, what was there stays, and
// nothing else is in the folder.
func TestWriteReplacesWholly(t *testing.T) {
	for name, tc := range map[string]struct {
		write func(string, io.Reader) error
		old   string // "": none is there
		r     io.Reader
		want  string
		err   error
	}{
		"new":                      {Write, "", strings.NewReader("new"), "new", nil},
		"in place of another":      {Write, "old, and longer", strings.NewReader("new"), "new", nil},
		"empty":                    {Write, "old", strings.NewReader(""), "", nil},
		"the source fails":         {Write, "old", halfway(), "old", errReading},
		"a name that is free":      {WriteNew, "", strings.NewReader("new"), "new", nil},
		"a name that is not":       {WriteNew, "old", strings.NewReader("new"), "old", fs.ErrExist},
		"free, the source fails":   {WriteNew, "", halfway(), "", errReading},
		"by many small reads":      {Write, "old", iotest.OneByteReader(strings.NewReader("new")), "new", nil},
		"what a source says of io": {Write, "old", iotest.ErrReader(&fs.PathError{Op: "read", Path: "the source", Err: errReading}), "old", errReading},
	} {
		folder := t.TempDir()
		path := filepath.Join(folder, "out")
		if tc.old != "" {
			if err := os.WriteFile(path, []byte(tc.old), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		err := tc.write(path, tc.r)
		if !errors.Is(err, tc.err) {
			t.Errorf("%s: %v", name, err)
		}
		there := 1
		if tc.err != nil && tc.old == "" {
			there = 0
		}
		if got := names(t, folder); len(got) != there {
			t.Errorf("%s: the folder holds %v", name, got)
		}
		if got, _ := os.ReadFile(path); string(got) != tc.want {
			t.Errorf("%s: it holds %q", name, got)
		}
		if info, err := os.Stat(path); err == nil && tc.err == nil && runtime.GOOS != "windows" && info.Mode().Perm() != 0o600 {
			t.Errorf("%s: its mode is %v", name, info.Mode())
		}
		if tc.err == errReading && strings.Contains(err.Error(), path) {
			t.Errorf("%s: the fault of the source is told of the file: %v", name, err)
		}
	}
}

// TestWriteNewLooksTwice: before it reads anything, and when it gives the name, which somebody may have taken meanwhile.
func TestWriteNewLooksTwice(t *testing.T) {
	path := filepath.Join(t.TempDir(), "out")
	meanwhile := readerFunc(func([]byte) (int, error) { return 0, cmp.Or(os.WriteFile(path, []byte("theirs"), 0o600), io.EOF) })
	if err := WriteNew(path, meanwhile); !errors.Is(err, fs.ErrExist) {
		t.Errorf("a name that was taken meanwhile: %v", err)
	}
	never := readerFunc(func([]byte) (int, error) { t.Error("it was read for nothing"); return 0, io.EOF })
	if err := WriteNew(path, never); !errors.Is(err, fs.ErrExist) {
		t.Errorf("a name that is taken: %v", err)
	}
	if got, err := os.ReadFile(path); string(got) != "theirs" {
		t.Errorf("theirs became %q, %v", got, err)
	}
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(b []byte) (int, error) { return f(b) }

// TestWriteNamesTheFile in the errors of the disk, and not the draft, which nobody knows.
func TestWriteNamesTheFile(t *testing.T) {
	folder := t.TempDir()
	full := filepath.Join(folder, "is a folder")
	if err := os.MkdirAll(filepath.Join(full, "in it"), 0o700); err != nil {
		t.Fatal(err)
	}
	for name, tc := range map[string]struct {
		path string
		err  error
	}{
		"no folder":           {filepath.Join(folder, "none", "out"), fs.ErrNotExist},
		"a folder has it":     {full, nil},
		"no folder, at once":  {filepath.Join(folder, "none", "new"), fs.ErrNotExist},
		"a file is no folder": {filepath.Join(os.Args[0], "out"), nil},
	} {
		err := Write(tc.path, bytes.NewReader([]byte("new")))
		p, ok := errors.AsType[*fs.PathError](err)
		if !ok || p.Path != tc.path || strings.Contains(err.Error(), draftBegins) || tc.err != nil && !errors.Is(err, tc.err) {
			t.Errorf("%s: %v", name, err)
		}
		if err := WriteNew(tc.path, bytes.NewReader([]byte("new"))); err == nil || !strings.Contains(err.Error(), tc.path) {
			t.Errorf("%s, anew: %v", name, err)
		}
	}
	if got := names(t, folder); len(got) != 1 {
		t.Errorf("the folder holds %v", got)
	}
	// What is written names the file, too: here the draft was closed under the writer.
	d, err := NewDraft(folder)
	if err != nil {
		t.Fatal(err)
	}
	d.Discard()
	if _, err := (output{d.File, "out"}).Write([]byte("x")); !errors.Is(err, fs.ErrClosed) || !strings.Contains(err.Error(), "write out:") {
		t.Errorf("a closed draft: %v", err)
	}
}

func TestAHiddenDraftReplacesNothing(t *testing.T) {
	folder := t.TempDir()
	path := filepath.Join(folder, "out")
	if err := os.WriteFile(path, []byte("old"), 0o600); err != nil {
		t.Fatal(err)
	}
	d := &Draft{folder: folder, hidden: true, closed: true}
	if err := d.Replace(path); !errors.Is(err, errors.ErrUnsupported) {
		t.Error(err)
	}
	if got, err := os.ReadFile(path); string(got) != "old" {
		t.Errorf("it holds %q, %v", got, err)
	}
}

func TestDraftsAreKnownByTheirNames(t *testing.T) {
	d, err := NewDraft(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer d.Discard()
	for name, want := range map[string]bool{filepath.Base(d.Path()): true, "a.tmp": false, ".sealdesk-batch.lock": false, "": false} {
		if IsDraft(name) != want {
			t.Errorf("%q: %t", name, !want)
		}
	}
}

func TestReadIsBounded(t *testing.T) {
	path := filepath.Join(t.TempDir(), "in")
	if err := os.WriteFile(path, bytes.Repeat([]byte("x"), 10), 0o600); err != nil {
		t.Fatal(err)
	}
	for limit, want := range map[int64]error{9: ErrTooLarge, 10: nil, 11: nil, 0: ErrTooLarge} {
		data, err := Read(path, limit)
		if !errors.Is(err, want) || want == nil && len(data) != 10 || want != nil && (data != nil || !strings.Contains(err.Error(), path)) {
			t.Errorf("at most %d: %d bytes, %v", limit, len(data), err)
		}
	}
	if _, err := Read(path+"x", 10); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
	if _, err := Read(filepath.Dir(path), 10); err == nil {
		t.Error("a folder was read")
	}
}
