package keyfile_test

import (
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"sealdesk/cmd/internal/keyfile"
)

// The first key stays, readable by its owner only, and nothing else is left in the folder.
func TestCreate(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "master.key")
	for _, secret := range []string{"first", "second"} {
		if err := keyfile.Create(path, []byte(secret)); err != nil {
			t.Fatal(err)
		}
		if b, err := os.ReadFile(path); err != nil || string(b) != "first" {
			t.Errorf("after %s: %s, %v", secret, b, err)
		}
	}
	if info, err := os.Stat(path); err != nil || runtime.GOOS != "windows" && info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) != 1 {
		t.Errorf("%v, %v", left, err)
	}
	if err := keyfile.Create(filepath.Join(dir, "nowhere", "master.key"), []byte("first")); err == nil {
		t.Error("a key in a folder that is not there")
	}
}
