package softkeytest

import (
	"os"
	"path/filepath"
	"sync"
	"testing"

	"sealdesk/token/softkey"
)

// built keeps each variant's library, compiled once in a test program. A copy is another library to the loader, with
// connections of its own.
var built sync.Map // softkey.Variant to func() ([]byte, error)

// Start gives a server without keys that listens until the test ends, and the path of a library that finds it.
func Start(t testing.TB, v softkey.Variant) (*softkey.Server, string) {
	t.Helper()
	dir := Folder(t)
	s, err := softkey.New(softkey.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Listen(filepath.Join(dir, softkey.SocketName)); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s, Library(t, dir, v)
}

// Library puts a library into the folder and gives its path. It finds the server that listens at softkey.SocketName there.
func Library(t testing.TB, dir string, v softkey.Variant) string {
	t.Helper()
	compile, _ := built.LoadOrStore(v, sync.OnceValues(func() ([]byte, error) { return compile(v) }))
	library, err := compile.(func() ([]byte, error))()
	if err != nil {
		t.Fatalf("%v; is a C compiler there? run packaging/deps.sh test", err)
	}
	path := filepath.Join(dir, "libsoftkey_"+string(v)+".so")
	if err := os.WriteFile(path, library, 0o700); err != nil {
		t.Fatal(err)
	}
	return path
}

func compile(v softkey.Variant) ([]byte, error) {
	dir, err := os.MkdirTemp("", "softkey-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	path, err := softkey.Build(dir, v)
	if err != nil {
		return nil, err
	}
	return os.ReadFile(path)
}

// Folder is a temporary folder with a short path: a socket's has at most 107 bytes, which a test's own folder may exceed.
func Folder(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "softkey-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}
