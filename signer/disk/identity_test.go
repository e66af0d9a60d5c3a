package disk

import (
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"
)

func TestIdentityNoticesEveryChange(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a")
	identity := func() Identity {
		f, err := os.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		id, err := IdentityOf(f)
		if err != nil {
			t.Fatal(err)
		}
		return id
	}
	write := func(path, text string) {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(path, "one")
	first := identity()
	if again := identity(); again != first {
		t.Errorf("an untouched file has the identities %v and %v", first, again)
	}
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	time.Sleep(20 * time.Millisecond) // more than a tick of file systems' clocks
	write(path, "two")
	if err := os.Chtimes(path, info.ModTime(), info.ModTime()); err != nil {
		t.Fatal(err)
	}
	if after, err := os.Stat(path); err != nil || after.ModTime() != info.ModTime() || after.Size() != info.Size() {
		t.Fatal("the change shows anyway, and nothing is tested")
	}
	second := identity()
	if second == first && runtime.GOOS != "windows" {
		t.Error("another content of the same size and time was not noticed")
	}
	write(path+"new", "two")
	if err := os.Rename(path+"new", path); err != nil {
		t.Fatal(err)
	}
	if identity() == second {
		t.Error("another file of that name was not noticed")
	}
}
