package vault_test

import (
	"bytes"
	"crypto/rand"
	"errors"
	"io"
	"os"
	"path/filepath"
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
