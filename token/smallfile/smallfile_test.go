package smallfile

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

func names(t *testing.T, folder string) (out []string) {
	t.Helper()
	entries, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		out = append(out, e.Name())
	}
	return out
}

// TestWrittenWholeOrNotAtAll: what was there stays where the new file cannot have its name, and nothing half written is left.
func TestWrittenWholeOrNotAtAll(t *testing.T) {
	for name, tc := range map[string]struct {
		write func(string, []byte, fs.FileMode) error
		old   string // "": none is there
		data  string
		mode  fs.FileMode
		want  string
		err   error
	}{
		"new":                 {Write, "", "new", 0o600, "new", nil},
		"in place of another": {Write, "old, and longer", "new", 0o600, "new", nil},
		"for everybody":       {Write, "old", "new", 0o644, "new", nil},
		"empty":               {Write, "old", "", 0o600, "", nil},
		"a name that is free": {Create, "", "new", 0o600, "new", nil},
		"a name that is not":  {Create, "old", "new", 0o600, "old", fs.ErrExist},
	} {
		folder := t.TempDir()
		path := filepath.Join(folder, "out")
		if tc.old != "" {
			if err := os.WriteFile(path, []byte(tc.old), 0o640); err != nil {
				t.Fatal(err)
			}
		}
		if err := tc.write(path, []byte(tc.data), tc.mode); !errors.Is(err, tc.err) {
			t.Errorf("%s: %v", name, err)
		}
		if got := names(t, folder); len(got) != 1 {
			t.Errorf("%s: the folder holds %v", name, got)
		}
		if got, err := os.ReadFile(path); err != nil || string(got) != tc.want {
			t.Errorf("%s: it holds %q, %v", name, got, err)
		}
		if info, err := os.Stat(path); err == nil && tc.err == nil && runtime.GOOS != "windows" && info.Mode().Perm() != tc.mode {
			t.Errorf("%s: its mode is %v", name, info.Mode())
		}
	}
}

// TestWhatCannotBeWrittenIsNamed by the file that was asked for.
func TestWhatCannotBeWrittenIsNamed(t *testing.T) {
	folder := t.TempDir()
	taken := filepath.Join(folder, "a folder")
	if err := os.MkdirAll(filepath.Join(taken, "in it"), 0o700); err != nil {
		t.Fatal(err)
	}
	for name, tc := range map[string]struct {
		write func(string, []byte, fs.FileMode) error
		path  string
		err   error
	}{
		"no folder":                      {Write, filepath.Join(folder, "none", "out"), fs.ErrNotExist},
		"no folder for a new one":        {Create, filepath.Join(folder, "none", "out"), fs.ErrNotExist},
		"a folder has the name":          {Write, taken, nil},
		"a folder has it, for a new one": {Create, taken, fs.ErrExist},
	} {
		err := tc.write(tc.path, []byte("x"), 0o600)
		if p, ok := errors.AsType[*fs.PathError](err); !ok || p.Path != tc.path || strings.Contains(err.Error(), ".new-") || tc.err != nil && !errors.Is(err, tc.err) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if got := names(t, folder); len(got) != 1 {
		t.Errorf("the folder holds %v", got)
	}
}

// TestWithoutLinks a name that is taken stays, too: from a folder, which has no second name on any file system, only a rename
// is left.
func TestWithoutLinks(t *testing.T) {
	folder := t.TempDir()
	from, to := filepath.Join(folder, "from"), filepath.Join(folder, "to")
	if err := errors.Join(os.Mkdir(from, 0o700), os.WriteFile(to, []byte("old"), 0o600)); err != nil {
		t.Fatal(err)
	}
	if err := give(from, to); !errors.Is(err, fs.ErrExist) {
		t.Errorf("a name that is taken: %v", err)
	}
	if err := give(from, to+"2"); err != nil {
		t.Error(err)
	}
	if got := names(t, folder); strings.Join(got, " ") != "to to2" {
		t.Errorf("the folder holds %v", got)
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

func TestFoldersAreSynced(t *testing.T) {
	dir := t.TempDir()
	if err := SyncFolder(dir); err != nil {
		t.Error(err)
	}
	if runtime.GOOS == "windows" {
		return
	}
	if err := SyncFolder(filepath.Join(dir, "none")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no folder: %v", err)
	}
	// Some file systems do not sync folders, and say so; a null device says the same.
	if err := SyncFolder(os.DevNull); err != nil {
		t.Errorf("what is not synced: %v", err)
	}
}
