package papers_test

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"testing/iotest"

	"sealdesk/platformapi"
	"sealdesk/platformapi/outbox/vault"
	"sealdesk/ui/desk/papers"
)

// A place is where a shelf keeps its things.
type place struct {
	t     testing.TB
	vault *vault.Vault
	dir   string
	rooms []string
}

func newPlace(t testing.TB) place {
	t.Helper()
	base := t.TempDir()
	v, err := vault.Open(t.Context(), filepath.Join(base, "vault"), nil)
	must(t, err)
	return place{t, v, filepath.Join(base, "contract"), []string{filepath.Join(base, "memory"), filepath.Join(base, "cache")}}
}

func (p place) shelf() *papers.Shelf { return papers.NewShelf(p.vault, p.dir, p.rooms...) }

// found are all files below the place that hold these bytes in the plain.
func (p place) found(plain []byte) []string {
	p.t.Helper()
	var out []string
	for _, dir := range append([]string{p.dir}, p.rooms...) {
		err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
			if err != nil || e.IsDir() {
				return err
			}
			data, err := os.ReadFile(path)
			if bytes.Contains(data, plain) {
				out = append(out, path)
			}
			return err
		})
		if !errors.Is(err, fs.ErrNotExist) {
			must(p.t, err)
		}
	}
	return out
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func digest(data []byte) papers.Digest {
	sum := sha256.Sum256(data)
	return papers.Digest{SHA256: hex.EncodeToString(sum[:]), Size: int64(len(data))}
}

func content(t testing.TB, s *papers.Shelf, name string) []byte {
	t.Helper()
	d, err := s.Open(name)
	must(t, err)
	data, err := io.ReadAll(d.Reader())
	must(t, errors.Join(err, d.Close()))
	return data
}

func document(name string) bool { return strings.Contains(name, ".pdf") }

var contract = bytes.Repeat([]byte("%PDF-1.7 政府采购合同 甲方 乙方 "), 5000)

// What is put on the shelf comes back and lies nowhere in the plain, but in the working folder while it is open.
func TestADocumentIsPlainOnlyWhileItIsOpen(t *testing.T) {
	p := newPlace(t)
	s := p.shelf()
	if d, err := s.Put(t.Context(), "a.pdf", iotest.HalfReader(bytes.NewReader(contract))); err != nil || d != digest(contract) {
		t.Fatalf("%+v, %v", d, err)
	}
	if found := p.found(contract[:64]); len(found) > 0 {
		t.Errorf("in the plain: %v", found)
	}
	path, err := s.Plain(t.Context(), "a.pdf", digest(contract).SHA256)
	must(t, err)
	if data, err := os.ReadFile(path); err != nil || !bytes.Equal(data, contract) {
		t.Errorf("%d bytes, %v", len(data), err)
	}
	if info, err := os.Stat(filepath.Dir(path)); err != nil || info.Mode().Perm() != 0o700 && runtime.GOOS != "windows" {
		t.Errorf("the room: %v, %v", info.Mode(), err)
	}
	if again, err := s.Plain(t.Context(), "a.pdf", digest(contract).SHA256); err != nil || again != path {
		t.Errorf("opened again: %s, %v", again, err)
	}
	must(t, os.WriteFile(path, contract[1:], 0o600))
	if again, err := s.Plain(t.Context(), "a.pdf", digest(contract).SHA256); err != nil || digest(read(t, again)) != digest(contract) {
		t.Errorf("one that was changed is not made anew: %v", err)
	}
	must(t, s.PutAway(t.Context(), document))
	if found := p.found(contract[:64]); len(found) > 0 {
		t.Errorf("after it was put away: %v", found)
	}
	if !bytes.Equal(content(t, s, "a.pdf"), contract) {
		t.Error("it is another one now")
	}
}

func read(t testing.TB, path string) []byte {
	t.Helper()
	data, err := os.ReadFile(path)
	must(t, err)
	return data
}

// A program died: what it made and did not put on the shelf is taken up, what is the same goes, what differs is kept beside
// the document, and what is half written goes.
func TestWhatWasLeftOpenIsNotLost(t *testing.T) {
	p := newPlace(t)
	s := p.shelf()
	other := append(bytes.Clone(contract), "signed"...)
	_, err := s.Put(t.Context(), "same.pdf", bytes.NewReader(contract))
	must(t, err)
	_, err = s.Put(t.Context(), "changed.pdf", bytes.NewReader(contract))
	must(t, err)
	for _, room := range p.rooms {
		must(t, os.MkdirAll(filepath.Join(room, "sealdesk-clean-1"), 0o700))
		for name, data := range map[string][]byte{"same.pdf": contract, "changed.pdf": other, "new.pdf": other, ".new-1": contract, "half.tmp": contract[:100],
			"sealdesk-clean-1/x.pdf": contract} {
			must(t, os.WriteFile(filepath.Join(room, name), data, 0o600))
		}
	}
	must(t, p.shelf().PutAway(t.Context(), document))
	for _, room := range p.rooms {
		if _, err := os.Stat(room); err == nil {
			t.Errorf("%s is there still", room)
		}
	}
	if found := p.found(contract[:64]); len(found) > 0 {
		t.Errorf("in the plain: %v", found)
	}
	if !bytes.Equal(content(t, s, "same.pdf"), contract) || !bytes.Equal(content(t, s, "changed.pdf"), contract) || !bytes.Equal(content(t, s, "new.pdf"), other) {
		t.Error("something else lies on the shelf")
	}
	beside, err := s.Names("other-")
	must(t, err)
	if len(beside) != 2 || !bytes.Equal(content(t, s, beside[0].Name), other) {
		t.Errorf("beside: %v", beside)
	}
}

// Programs before this one left documents in the plain beside the draft: they are taken up, and what is no document stays.
func TestDocumentsInThePlainAreTakenUp(t *testing.T) {
	p := newPlace(t)
	must(t, os.MkdirAll(p.dir, 0o700))
	for _, name := range []string{"a.pdf", "void-b.pdf", "draft.json", ".sealdesk-1.tmp", "download-2.part"} {
		must(t, os.WriteFile(filepath.Join(p.dir, name), contract, 0o600))
	}
	must(t, p.shelf().PutAway(t.Context(), document))
	if found := p.found(contract[:64]); len(found) != 1 || filepath.Base(found[0]) != "draft.json" {
		t.Errorf("in the plain: %v", found)
	}
	for _, name := range []string{"a.pdf", "void-b.pdf"} {
		if !bytes.Equal(content(t, p.shelf(), name), contract) {
			t.Errorf("%s is another one", name)
		}
	}
}

// What cannot be encrypted now stays where it is.
func TestAFullDiskKeepsWhatWasLeftOpen(t *testing.T) {
	p := newPlace(t)
	must(t, os.WriteFile(p.dir, nil, 0o600)) // no folder can be made there
	left := filepath.Join(p.rooms[1], "new.pdf")
	must(t, os.MkdirAll(p.rooms[1], 0o700))
	must(t, os.WriteFile(left, contract, 0o600))
	if err := p.shelf().PutAway(t.Context(), document); err == nil {
		t.Error("nothing was told")
	}
	if !bytes.Equal(read(t, left), contract) {
		t.Error("it is another one")
	}
	must(t, os.Remove(p.dir))
	must(t, p.shelf().PutAway(t.Context(), document))
	if !bytes.Equal(content(t, p.shelf(), "new.pdf"), contract) {
		t.Error("it was lost")
	}
}

func TestDocumentsAreBoundToTheirNamesAndContracts(t *testing.T) {
	p := newPlace(t)
	s := p.shelf()
	_, err := s.Put(t.Context(), "a.pdf", bytes.NewReader(contract))
	must(t, err)
	must(t, os.Link(filepath.Join(p.dir, "a.pdf.enc"), filepath.Join(p.dir, "b.pdf.enc")))
	damaged := func(what string, err error) {
		t.Helper()
		if !platformapi.IsCode(err, vault.CodeDamaged) {
			t.Errorf("%s: %v", what, err)
		}
	}
	_, err = s.Digest(t.Context(), "b.pdf")
	damaged("under another name", err)
	_, err = s.Plain(t.Context(), "a.pdf", strings.Repeat("0", 64))
	damaged("another digest", err)
	elsewhere := filepath.Join(filepath.Dir(p.dir), "another")
	must(t, os.Rename(p.dir, elsewhere))
	_, err = papers.NewShelf(p.vault, elsewhere, p.rooms...).Open("a.pdf")
	damaged("in another contract", err)
	_, err = s.Open("a.pdf")
	if !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("one that is gone: %v", err)
	}
	must(t, os.Rename(elsewhere, p.dir))
	must(t, s.Void("a.pdf"))
	if !bytes.Equal(content(t, s, "void-a.pdf"), contract) {
		t.Error("a void one cannot be read")
	}
	must(t, s.Drop("void-a.pdf"))
	must(t, s.Drop("void-a.pdf"))
	if left, err := s.Names("void-"); err != nil || len(left) > 0 {
		t.Errorf("%v, %v", left, err)
	}
}

// A source that fails leaves the document that was there, and nothing beside it.
func TestWhatFailsChangesNothing(t *testing.T) {
	p := newPlace(t)
	s := p.shelf()
	_, err := s.Put(t.Context(), "a.pdf", bytes.NewReader(contract))
	must(t, err)
	broken := errors.New("the cable is out")
	if _, err := s.Put(t.Context(), "a.pdf", io.MultiReader(bytes.NewReader(contract[:70000]), iotest.ErrReader(broken))); !errors.Is(err, broken) {
		t.Errorf("got %v", err)
	}
	if !bytes.Equal(content(t, s, "a.pdf"), contract) {
		t.Error("it is another one")
	}
	if entries, err := os.ReadDir(p.dir); err != nil || len(entries) != 1 {
		t.Errorf("left: %v, %v", entries, err)
	}
}

// Memory stays flat however long a document is.
func TestMemoryStaysFlat(t *testing.T) {
	p := newPlace(t)
	s := p.shelf()
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	d, err := s.Put(t.Context(), "large.pdf", io.LimitReader(rand.Reader, 64<<20))
	must(t, err)
	_, err = s.Plain(t.Context(), "large.pdf", d.SHA256)
	must(t, err)
	must(t, s.PutAway(t.Context(), document))
	runtime.ReadMemStats(&after)
	if used := after.TotalAlloc - before.TotalAlloc; used > 8<<20 {
		t.Errorf("%d MiB for 64", used>>20)
	}
}
