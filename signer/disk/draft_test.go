//go:build !windows

package disk

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

// kinds are the two ways to make a draft, of which only the first leaves something behind when the program is killed.
var kinds = map[string]func(folder string) (*Draft, error){"named": NewDraft, "hidden": NewHidden}

func fill(t *testing.T, d *Draft) {
	t.Helper()
	if _, err := d.File.WriteString("signed"); err != nil {
		t.Fatal(err)
	}
	if got, err := os.ReadFile(d.Path()); err != nil || string(got) != "signed" {
		t.Errorf("by its path it holds %q, %v", got, err)
	}
}

// TestADraftGetsItsName, whole, and nothing else is in the folder then.
func TestADraftGetsItsName(t *testing.T) {
	for kind, draft := range kinds {
		folder := t.TempDir()
		d, err := draft(folder)
		if err != nil {
			t.Fatal(err)
		}
		fill(t, d)
		target := filepath.Join(folder, "out")
		if err := d.Name(target); err != nil {
			t.Errorf("%s: %v", kind, err)
		}
		d.Discard()
		d.Discard()
		info, err := os.Stat(target)
		if got := names(t, folder); err != nil || info.Mode().Perm() != 0o600 || len(got) != 1 {
			t.Errorf("%s: %v %v, the folder holds %v", kind, info, err, got)
		}
		if got, err := os.ReadFile(target); err != nil || string(got) != "signed" {
			t.Errorf("%s: it holds %q, %v", kind, got, err)
		}
	}
}

// TestADraftThatGetsNoName leaves what has the name, and after Discard nothing of its own.
func TestADraftThatGetsNoName(t *testing.T) {
	for kind, draft := range kinds {
		for name, tc := range map[string]struct {
			target string
			before func(folder string, d *Draft) error
			want   error
			is     Reason
			holds  int
		}{
			"somebody has it": {"out", func(folder string, _ *Draft) error {
				return os.WriteFile(filepath.Join(folder, "out"), []byte("theirs"), 0o600)
			}, fs.ErrExist, Exists, 1},
			"a link has it": {"out", func(folder string, _ *Draft) error {
				return os.Symlink("nowhere", filepath.Join(folder, "out"))
			}, fs.ErrExist, Exists, 1},
			"there is no such folder": {"none/out", func(string, *Draft) error { return nil }, fs.ErrNotExist, NoFolder, 0},
			"the folder is a file": {"file/out", func(folder string, _ *Draft) error {
				return os.WriteFile(filepath.Join(folder, "file"), nil, 0o600)
			}, syscall.ENOTDIR, NoFolder, 1},
			"the draft's folder cannot be synced": {"out", func(_ string, d *Draft) error { d.folder += "-gone"; return nil }, fs.ErrNotExist, NoFolder, 0},
			"its file is closed":                  {"out", func(_ string, d *Draft) error { return d.File.Close() }, nil, Other, 0},
		} {
			folder := t.TempDir()
			d, err := draft(folder)
			if err != nil {
				t.Fatal(err)
			}
			fill(t, d)
			if err := tc.before(folder, d); err != nil {
				t.Fatal(err)
			}
			err = d.Name(filepath.Join(folder, tc.target))
			if err == nil || tc.want != nil && (!errors.Is(err, tc.want) || Why(err) != tc.is) {
				t.Errorf("%s, %s: %v", kind, name, err)
			}
			d.Discard()
			if got := names(t, folder); len(got) != tc.holds {
				t.Errorf("%s, %s: the folder holds %v", kind, name, got)
			}
			if got, err := os.ReadFile(filepath.Join(folder, "out")); name == "somebody has it" && (err != nil || string(got) != "theirs") {
				t.Errorf("%s: theirs became %q, %v", kind, got, err)
			}
		}
		if d, err := draft(filepath.Join(t.TempDir(), "none")); Why(err) != NoFolder {
			t.Errorf("%s in no folder: %v, %v", kind, d, err)
		}
	}
}

// TestWhyADiskFails: the system's errors by their reasons.
func TestWhyADiskFails(t *testing.T) {
	for _, tc := range []struct {
		err  error
		want Reason
	}{
		{syscall.ENOSPC, NoRoom}, {&os.PathError{Op: "write", Path: "a", Err: syscall.EDQUOT}, NoRoom}, {syscall.EFBIG, NoRoom}, {syscall.EIO, Other},
		{fs.ErrExist, Exists}, {syscall.ENOTDIR, NoFolder}, {syscall.ENOENT, NoFolder}, {syscall.EROFS, NoPermission}, {syscall.EACCES, NoPermission}, {nil, Other},
	} {
		if got := Why(tc.err); got != tc.want {
			t.Errorf("%v: %d, want %d", tc.err, got, tc.want)
		}
	}
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]error{dir: fs.ErrExist, file: fs.ErrExist, file + "x": nil, filepath.Join(file, "x"): syscall.ENOTDIR} {
		if err := Free(path); !errors.Is(err, want) {
			t.Errorf("free %s: %v", path, err)
		}
	}
	if err := SyncFolder(dir); err != nil {
		t.Error(err)
	}
	if err := SyncFolder(file + "x"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no folder: %v", err)
	}
	// Some file systems do not sync folders, and say so; a null device says the same.
	if err := SyncFolder(os.DevNull); err != nil {
		t.Errorf("what is not synced: %v", err)
	}
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := IdentityOf(f); err == nil {
		t.Error("a closed file has an identity")
	}
	BeginWriting(f, 0, 1) // a hint that nobody takes
}

// TestAFullDiskIsKnown through the names that its error is given.
func TestAFullDiskIsKnown(t *testing.T) {
	f, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Skip("this system has no disk that is always full")
	}
	defer f.Close()
	_, err = output{f, "out"}.Write([]byte("x"))
	if !Full(err) || !errors.Is(err, syscall.ENOSPC) || err.Error() != "write out: "+syscall.ENOSPC.Error() {
		t.Error(err)
	}
}
