package libraries_test

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
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

// What the machine's administrator lists is known to everybody, is not the person's own, and stays when that list or the person's is damaged.
func TestLibrariesOfTheAdministrator(t *testing.T) {
	dir := t.TempDir()
	own, preset := filepath.Join(dir, "own.json"), filepath.Join(dir, "preset.json")
	write := func(file, text string) {
		t.Helper()
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	library := filepath.Join(dir, "libacme.so")
	write(library, "")
	entry := fmt.Sprintf(`{"version": 1, "profiles": [{"id": "acme", "product": {"zh": "某", "en": "Acme"}, "vendor": {"zh": "某", "en": "Acme"},
		"interface": "skf", "paths": {%q: [%q]}, "abilities": {"sm2": true}, "skf": {}}]}`, runtime.GOOS, library)
	write(preset, entry)
	known := func(o libraries.Options) (of []libraries.Library, err error) {
		s, err := libraries.Open(o)
		return find(s, library), err
	}
	if of, err := known(libraries.Options{Own: own, Preset: preset}); err != nil || len(of) != 1 || of[0].Own || !of[0].Found || of[0].Profile.ID != "acme" {
		t.Errorf("%+v, %v", of, err)
	}
	write(own, "{")
	var bad *profile.Error
	if of, err := known(libraries.Options{Own: own, Preset: preset}); !errors.As(err, &bad) || bad.File != own || len(of) != 1 {
		t.Errorf("with a damaged list of the person's: %+v, %v", of, err)
	}
	write(own, strings.ReplaceAll(entry, "Acme", "Mine"))
	if of, err := known(libraries.Options{Own: own, Preset: preset}); err != nil || len(of) != 1 || !of[0].Own || of[0].Profile.Product.En != "Mine" {
		t.Errorf("the person's own does not come first: %+v, %v", of, err)
	}
	write(preset, "{")
	if of, err := known(libraries.Options{Own: own, Preset: preset}); !errors.As(err, &bad) || bad.File != preset || len(of) != 1 {
		t.Errorf("with a damaged list of the administrator's: %+v, %v", of, err)
	}
}

// Of the libraries that are here those are given that may be loaded, of the interface that is asked for; a library is found by
// its names wherever in its file they stand.
func TestDriversOfTheLibrariesThatAreHere(t *testing.T) {
	_, usable := softkeytest.Start(t, softkey.PKCS11)
	spoilt := softkeytest.Library(t, softkeytest.Folder(t), softkey.SKF)
	long := filepath.Join(softkeytest.Folder(t), "long.so")
	if err := os.WriteFile(long, append(make([]byte, 1<<20-8), "SKF_EnumDev\x00 and more"...), 0o600); err != nil {
		t.Fatal(err)
	}
	s := open(t, filepath.Join(t.TempDir(), "libraries.json"))
	for _, library := range []string{usable, spoilt, long} {
		if err := s.Add(library); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Chmod(spoilt, 0o666); err != nil { // since then
		t.Fatal(err)
	}
	if err := s.Look(); err != nil {
		t.Fatal(err)
	}
	if l := find(s, spoilt); len(l) != 1 || !l[0].Found || !errors.Is(l[0].Problem, profile.ErrLibraryUnsafe) {
		t.Errorf("%+v", l)
	}
	if l := find(s, long); len(l) != 1 || l[0].Profile.Interface != profile.InterfaceSKF {
		t.Errorf("%+v", l)
	}
	all, skf, pkcs11 := s.Drivers(), s.Drivers(profile.InterfaceSKF), s.Drivers(profile.InterfacePKCS11)
	if len(all) != len(skf)+len(pkcs11) || len(skf) != 1 || len(pkcs11) == 0 {
		t.Errorf("%d drivers, %d of SKF, %d of PKCS #11", len(all), len(skf), len(pkcs11))
	}
	if d, err := s.Driver("relative.so", profile.InterfaceSKF); !errors.Is(err, profile.ErrLibraryUnsafe) {
		t.Errorf("a library without its folder: %v, %v", d, err)
	}
	s.Reenable(usable) // of several, this one
	if err := s.Remove(long); err != nil {
		t.Fatal(err)
	}
	if len(find(s, long)) != 0 || len(find(s, usable)) != 1 || len(find(s, spoilt)) != 1 {
		t.Error("another one was forgotten")
	}
}

// Where own entries cannot be written, nothing is added or forgotten.
func TestOwnEntriesThatCannotBeWritten(t *testing.T) {
	_, library := softkeytest.Start(t, softkey.SKF)
	folder := filepath.Join(t.TempDir(), "settings")
	s := open(t, filepath.Join(folder, "libraries.json"))
	if err := s.Add(library); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(os.RemoveAll(folder), os.WriteFile(folder, nil, 0o600)); err != nil {
		t.Fatal(err)
	}
	if err := s.Remove(library); err == nil || len(find(s, library)) != 1 {
		t.Errorf("forgotten: %v", err)
	}
	if err := s.Add(softkeytest.Library(t, softkeytest.Folder(t), softkey.SKF)); err == nil {
		t.Error("added")
	}
}
