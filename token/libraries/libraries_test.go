package libraries_test

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"sync"
	"testing"

	"sealdesk/token/libraries"
	"sealdesk/token/profile"
	"sealdesk/token/softkey"
	"sealdesk/token/softkey/softkeytest"
)

var helper = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "tokenhost-")
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, "tokenhost")
	_, err = exec.Command("go", "build", "-o", path, "sealdesk/cmd/tokenhost").CombinedOutput()
	return path, err
})

func TestMain(m *testing.M) {
	status := m.Run()
	if path, err := helper(); err == nil {
		_ = os.RemoveAll(filepath.Dir(path))
	}
	os.Exit(status)
}

func open(t *testing.T, own string) *libraries.Set {
	t.Helper()
	host, err := helper()
	if err != nil {
		t.Fatal(err)
	}
	s, err := libraries.Open(libraries.Options{Own: own, Host: host})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func find(s *libraries.Set, library string) []libraries.Library {
	return slices.DeleteFunc(s.All(), func(l libraries.Library) bool { return l.Library != library })
}

func TestALibraryIsAddedUsedAndForgotten(t *testing.T) {
	server, library := softkeytest.Start(t, softkey.Variants()[0])
	if _, err := server.Add(softkey.DeviceOptions{Label: "buyer", PIN: []byte("12345678")}); err != nil {
		t.Fatal(err)
	}
	own := filepath.Join(t.TempDir(), "settings", "libraries.json")
	s := open(t, own)
	if len(find(s, library)) != 0 {
		t.Fatal("the library is known before it was added")
	}
	if err := s.Add(library); err != nil {
		t.Fatal(err)
	}
	if err := s.Add(library); err != nil {
		t.Fatalf("added twice: %v", err)
	}
	if info, err := os.Stat(own); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the file of own entries: %v, %v", info, err)
	}

	s = open(t, own) // the next start
	added := find(s, library)
	if len(added) == 0 || !added[0].Own || !added[0].Found {
		t.Fatalf("after the next start: %+v", added)
	}
	tokens := 0
	for _, l := range added {
		d, err := s.Driver(library, l.Profile.Interface)
		if err != nil {
			t.Fatal(err)
		}
		found, err := d.Tokens(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		tokens += len(found)
	}
	if tokens != len(added) {
		t.Errorf("%d tokens through %d interfaces", tokens, len(added))
	}
	if st := find(s, library)[0].Status; !st.Running || st.Quarantined {
		t.Errorf("status %+v", st)
	}
	if err := s.Remove(library); err != nil {
		t.Fatal(err)
	}
	if len(find(s, library)) != 0 {
		t.Error("the library is still known")
	}
}

func TestOnlyKeyLibrariesAreAdded(t *testing.T) {
	dir := softkeytest.Folder(t)
	file := filepath.Join(dir, "contract.pdf")
	if err := os.WriteFile(file, []byte("%PDF-1.7"), 0o600); err != nil {
		t.Fatal(err)
	}
	writable := filepath.Join(dir, "open.so")
	if err := os.WriteFile(writable, []byte("C_GetFunctionList\x00"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(writable, 0o666); err != nil {
		t.Fatal(err)
	}
	s := open(t, filepath.Join(t.TempDir(), "libraries.json"))
	for path, want := range map[string]error{
		file:                         libraries.ErrNotALibrary,
		filepath.Join(dir, "absent"): profile.ErrLibraryMissing,
		"relative.so":                profile.ErrLibraryUnsafe,
		writable:                     profile.ErrLibraryUnsafe,
	} {
		if err := s.Add(path); !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", path, err, want)
		}
	}
}

func TestADamagedFileOfOwnEntriesHidesNoOthers(t *testing.T) {
	own := filepath.Join(t.TempDir(), "libraries.json")
	if err := os.WriteFile(own, []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	s, err := libraries.Open(libraries.Options{Own: own})
	var bad *profile.Error
	if !errors.As(err, &bad) || bad.File != own {
		t.Errorf("got %v", err)
	}
	if len(s.All()) == 0 {
		t.Error("the built-in table is hidden")
	}
}
