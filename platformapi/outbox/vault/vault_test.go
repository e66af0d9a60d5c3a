package vault_test

import (
	"bytes"
	"crypto/rand"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"

	"sealdesk/platformapi"
	"sealdesk/platformapi/outbox/vault"
)

// ring is a keyring in memory that can be out of reach.
type ring struct {
	secrets map[string][]byte
	away    error
}

func (r *ring) Get(name string) ([]byte, error) {
	if r.away != nil {
		return nil, r.away
	}
	s, ok := r.secrets[name]
	if !ok {
		return nil, vault.ErrNoSecret
	}
	return s, nil
}

func (r *ring) Set(name string, secret []byte) error {
	if r.away != nil {
		return r.away
	}
	r.secrets[name] = bytes.Clone(secret)
	return nil
}

func opened(t testing.TB, dir string, r vault.Keyring) *vault.Vault {
	t.Helper()
	v, err := vault.Open(t.Context(), dir, r)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func sealed(t testing.TB, v *vault.Vault, plain []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	w, err := v.Writer(&out, "file")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(w, iotest.HalfReader(bytes.NewReader(plain))); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if int64(out.Len()) != vault.Size(int64(len(plain))) {
		t.Fatalf("%d bytes take %d, not %d", len(plain), out.Len(), vault.Size(int64(len(plain))))
	}
	return out.Bytes()
}

func unsealed(v *vault.Vault, data []byte, context string) ([]byte, error) {
	f, err := v.File(bytes.NewReader(data), int64(len(data)), context)
	if err != nil {
		return nil, err
	}
	return io.ReadAll(io.NewSectionReader(f, 0, f.Size()))
}

const chunk = 64 << 10

func TestFilesComeBackAndNothingOfThemCanBeChanged(t *testing.T) {
	v, other := opened(t, t.TempDir(), nil), opened(t, t.TempDir(), nil)
	for _, size := range []int{0, 1, chunk - 1, chunk, chunk + 1, 2 * chunk, 3*chunk + 17} {
		plain := make([]byte, size)
		_, _ = rand.Read(plain)
		data := sealed(t, v, plain)
		if got, err := unsealed(v, data, "file"); err != nil || !bytes.Equal(got, plain) {
			t.Errorf("%d bytes: %d came back, %v", size, len(got), err)
		}
		refused := func(what string, data []byte) {
			t.Helper()
			if _, err := unsealed(v, data, "file"); !platformapi.IsCode(err, vault.CodeDamaged) {
				t.Errorf("%d bytes, %s: %v", size, what, err)
			}
		}
		for _, at := range []int{0, 9, 40, len(data) / 2, len(data) - 1} {
			changed := bytes.Clone(data)
			changed[min(at, len(data)-1)] ^= 0x10
			refused("changed", changed)
		}
		for _, n := range []int{1, 16, 17, chunk + 16} {
			refused("cut off", data[:max(0, len(data)-n)])
		}
		refused("longer", append(bytes.Clone(data), 0))
		if size > 2*chunk {
			swapped := bytes.Clone(data)
			copy(swapped[32:], data[32+chunk+16:32+2*(chunk+16)])
			copy(swapped[32+chunk+16:], data[32:32+chunk+16])
			refused("chunks swapped", swapped)
			refused("without its first chunk", append(bytes.Clone(data[:32]), data[32+chunk+16:]...))
		}
		if _, err := unsealed(v, data, "another file"); !platformapi.IsCode(err, vault.CodeDamaged) {
			t.Errorf("it passes for another file: %v", err)
		}
		if _, err := unsealed(other, data, "file"); !platformapi.IsCode(err, vault.CodeDamaged) {
			t.Errorf("another vault reads it: %v", err)
		}
	}
}

// A file can be read anywhere.
func TestReadAt(t *testing.T) {
	v := opened(t, t.TempDir(), nil)
	plain := make([]byte, 2*chunk+100)
	_, _ = rand.Read(plain)
	data := sealed(t, v, plain)
	f, err := v.File(bytes.NewReader(data), int64(len(data)), "file")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ off, n int }{{0, 1}, {chunk - 5, 10}, {chunk, chunk}, {2 * chunk, 100}, {5, 2 * chunk}} {
		got := make([]byte, c.n)
		if n, err := f.ReadAt(got, int64(c.off)); n != c.n || err != nil || !bytes.Equal(got, plain[c.off:c.off+c.n]) {
			t.Errorf("at %d: %d bytes, %v", c.off, n, err)
		}
	}
	if n, err := f.ReadAt(make([]byte, 10), int64(len(plain)-3)); n != 3 || err != io.EOF {
		t.Errorf("over the end: %d, %v", n, err)
	}
}

func TestTextsAreBoundToTheirContext(t *testing.T) {
	dir := t.TempDir()
	v := opened(t, dir, nil)
	box := v.Seal("title", []byte("合同"))
	if got, err := opened(t, dir, nil).Open("title", box); err != nil || string(got) != "合同" {
		t.Errorf("%q, %v", got, err)
	}
	for _, bad := range [][]byte{nil, box[:20], append(bytes.Clone(box), 0)} {
		if _, err := v.Open("title", bad); !platformapi.IsCode(err, vault.CodeDamaged) {
			t.Errorf("got %v", err)
		}
	}
	if _, err := v.Open("request", box); !platformapi.IsCode(err, vault.CodeDamaged) {
		t.Errorf("it passes for another text: %v", err)
	}
}

// The second key lies in the keyring where there is one, moves there when there is one later, and is told to be lost only
// when the keyring says that it has none.
func TestWhereTheSecondKeyLies(t *testing.T) {
	dir := t.TempDir()
	r := &ring{secrets: map[string][]byte{}, away: errors.New("no bus")}
	v := opened(t, dir, r)
	box := v.Seal("x", []byte("x"))
	keyFile := filepath.Join(dir, "vault.key")
	info, err := os.Stat(keyFile)
	if v.Where() != vault.InFile || err != nil || info.Mode().Perm() != 0o600 {
		t.Fatalf("%s, %v", v.Where(), err)
	}
	same := func(v *vault.Vault, where vault.Where) {
		t.Helper()
		if got, err := v.Open("x", box); err != nil || string(got) != "x" || v.Where() != where {
			t.Errorf("%s: %q, %v", v.Where(), got, err)
		}
	}
	same(opened(t, dir, nil), vault.InFile)
	r.away = nil
	same(opened(t, dir, r), vault.InKeyring)
	if _, err := os.Stat(keyFile); !os.IsNotExist(err) {
		t.Errorf("the key still lies in its file: %v", err)
	}
	same(opened(t, dir, r), vault.InKeyring)
	if len(r.secrets) != 1 {
		t.Errorf("%d secrets in the keyring", len(r.secrets))
	}

	before, err := os.ReadFile(filepath.Join(dir, "vault.json"))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		ring vault.Keyring
		code string
	}{
		{nil, vault.CodeLocked}, {&ring{away: errors.New("locked")}, vault.CodeLocked}, {&ring{}, vault.CodeKeyLost},
	} {
		if _, err := vault.Open(t.Context(), dir, c.ring); !platformapi.IsCode(err, c.code) {
			t.Errorf("got %v, want %s", err, c.code)
		}
	}
	for name := range r.secrets {
		r.secrets[name] = make([]byte, 32)
	}
	if _, err := vault.Open(t.Context(), dir, r); !platformapi.IsCode(err, vault.CodeKeyLost) {
		t.Errorf("with another key: %v", err)
	}
	after, err := os.ReadFile(filepath.Join(dir, "vault.json"))
	if err != nil || !bytes.Equal(before, after) {
		t.Errorf("the vault was changed: %s, %v", after, err)
	}
}

func TestADamagedVaultIsSaid(t *testing.T) {
	for _, text := range []string{"", "{", `{"version":2,"id":"x","in":"file"}`, `{"version":1,"id":"x","in":"cloud"}`} {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, "vault.json"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := vault.Open(t.Context(), dir, nil); !platformapi.IsCode(err, vault.CodeDamaged) {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func FuzzFile(f *testing.F) {
	v, err := vault.Open(f.Context(), f.TempDir(), nil)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(sealed(f, v, []byte("contract")))
	f.Add([]byte("SDVAULT1"))
	f.Fuzz(func(t *testing.T, data []byte) {
		if got, err := unsealed(v, data, "file"); err == nil && string(got) != "contract" {
			t.Errorf("%q was opened", got)
		}
	})
}

// What stands in the way of a vault in its folder is said by what a person can do about it, and nothing there is changed.
func TestFoldersThatHoldNoVault(t *testing.T) {
	folder := func(name string) func(t *testing.T, dir string) error {
		return func(_ *testing.T, dir string) error { return os.MkdirAll(filepath.Join(dir, name, "x"), 0o700) }
	}
	file := func(name, text string) func(t *testing.T, dir string) error {
		return func(_ *testing.T, dir string) error {
			return os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600)
		}
	}
	made := func(then func(t *testing.T, dir string) error) func(t *testing.T, dir string) error {
		return func(t *testing.T, dir string) error {
			opened(t, dir, nil)
			for _, name := range []string{"vault.key", "vault.lock"} { // where a folder is to be
				if err := os.Rename(filepath.Join(dir, name), filepath.Join(dir, name+".old")); err != nil {
					return err
				}
			}
			return then(t, dir)
		}
	}
	for name, tt := range map[string]struct {
		build func(t *testing.T, dir string) error
		code  string
	}{
		"a lock that is a folder":             {folder("vault.lock"), vault.CodeDisk},
		"a state that is a folder":            {folder("vault.json"), vault.CodeDisk},
		"a state that is too long":            {file("vault.json", `{"version":1,"id":"x","in":"file"}`+strings.Repeat(" ", 5000)), vault.CodeDamaged},
		"a state that names no vault":         {file("vault.json", `{"version":1,"id":"","in":"file"}`), vault.CodeDamaged},
		"no place for the state":              {folder("vault.json.new"), vault.CodeDisk},
		"no place for the key":                {folder("vault.key.new"), vault.CodeDisk},
		"a key that cannot be put in place":   {folder("vault.key"), vault.CodeDisk},
		"a state without its key":             {made(func(*testing.T, string) error { return nil }), vault.CodeKeyLost},
		"a state with a key that is a folder": {made(folder("vault.key")), vault.CodeDisk},
		"a state with a key that is cut off":  {made(file("vault.key", "short")), vault.CodeKeyLost},
		"a state with another key":            {made(file("vault.key", strings.Repeat("k", 32))), vault.CodeKeyLost},
	} {
		dir := t.TempDir()
		if err := tt.build(t, dir); err != nil {
			t.Fatal(err)
		}
		_, err := vault.Open(t.Context(), dir, nil)
		e, ok := errors.AsType[*vault.Error](err)
		if !ok || e.Code() != tt.code || e.Params()["folder"] != dir || !strings.HasPrefix(e.Error(), tt.code+": "+dir) {
			t.Errorf("%s: %v", name, err)
		}
	}
	path := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := vault.Open(t.Context(), filepath.Join(path, "vault"), nil); !platformapi.IsCode(err, vault.CodeDisk) {
		t.Errorf("a folder in a file: %v", err)
	}
}

// forgetful gives back something else than it was given.
type forgetful struct{ err error }

func (f forgetful) Get(string) ([]byte, error) { return []byte("something else"), f.err }
func (forgetful) Set(string, []byte) error     { return nil }

// A keyring that does not give back what it was given is not relied on: the key goes into a file, and stays there.
func TestAForgetfulKeyring(t *testing.T) {
	for _, r := range []forgetful{{}, {errors.New("gone")}} {
		dir := t.TempDir()
		box := opened(t, dir, r).Seal("x", []byte("x"))
		v := opened(t, dir, r)
		if got, err := v.Open("x", box); err != nil || string(got) != "x" || v.Where() != vault.InFile {
			t.Errorf("%s: %q, %v", v.Where(), got, err)
		}
	}
}

// short takes so many bytes, and then fails.
type short struct{ room int }

var errFull = errors.New("no room is left")

func (s *short) Write(p []byte) (int, error) {
	if s.room -= len(p); s.room < 0 {
		return 0, errFull
	}
	return len(p), nil
}

// A file that cannot be written whole is not said to be, wherever the room ends; and nothing is written after its end.
func TestFilesThatCannotBeWritten(t *testing.T) {
	v := opened(t, t.TempDir(), nil)
	plain := make([]byte, 2*chunk+1)
	for _, room := range []int{0, 31, 32, 32 + chunk, 32 + 2*(chunk+16)} {
		w, err := v.Writer(&short{room}, "file")
		if err == nil {
			_, err = w.Write(plain)
			if closed := w.Close(); err == nil {
				err = closed
			}
		}
		if !errors.Is(err, errFull) {
			t.Errorf("with room for %d bytes: %v", room, err)
		}
	}
	w, err := v.Writer(&short{1000}, "file")
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	if n, err := w.Write(plain); n != 0 || err == nil {
		t.Errorf("after its end %d bytes were written, %v", n, err)
	}
	if err := w.Close(); err == nil {
		t.Error("it was closed twice")
	}
}

// failing reads up to a place.
type failing struct {
	io.ReaderAt
	from int64
}

var errTorn = errors.New("a bad sector")

func (f failing) ReadAt(p []byte, off int64) (int, error) {
	if off+int64(len(p)) > f.from {
		return 0, errTorn
	}
	return f.ReaderAt.ReadAt(p, off)
}

// A file that cannot be read is damaged where it cannot, and nowhere else.
func TestFilesThatCannotBeRead(t *testing.T) {
	v := opened(t, t.TempDir(), nil)
	data := sealed(t, v, make([]byte, 2*chunk+1))
	for _, from := range []int64{0, 32, 100} {
		_, err := v.File(failing{bytes.NewReader(data), from}, int64(len(data)), "file")
		if !platformapi.IsCode(err, vault.CodeDamaged) || !errors.Is(err, errTorn) {
			t.Errorf("from %d: %v", from, err)
		}
	}
	f, err := v.File(bytes.NewReader(data), int64(len(data)), "file")
	if err != nil {
		t.Fatal(err)
	}
	if n, err := f.ReadAt(make([]byte, 1), -1); n != 0 || err != io.EOF {
		t.Errorf("before its beginning: %d, %v", n, err)
	}
}
