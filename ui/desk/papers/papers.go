package papers

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"sealdesk/platformapi/outbox/vault"
	"sealdesk/signer/disk"
)

const (
	ending   = ".enc"  // of an encrypted document
	voidMark = "void-" // before the name of one that no longer counts
)

// A Digest is what is known of a document's bytes.
type Digest struct {
	SHA256 string // lower-case hex
	Size   int64  // bytes
}

// A Shelf holds the documents of one folder: of a contract, a bid or the credit library. Its methods may be called from several goroutines.
type Shelf struct {
	vault *vault.Vault
	dir   string   // of the encrypted documents
	rooms []string // working folders, the one that is taken first, first; not all need be there
}

// NewShelf is the shelf in a folder. Of the rooms, the working folders, the first that has the space is used, else the last;
// none of them needs to be there.
func NewShelf(v *vault.Vault, dir string, rooms ...string) *Shelf {
	return &Shelf{vault: v, dir: dir, rooms: rooms}
}

func (s *Shelf) stored(name string) string { return filepath.Join(s.dir, name+ending) }

// context binds a document to its folder and its name, whether it counts or not.
func (s *Shelf) context(name string) string {
	return "document/" + filepath.Base(s.dir) + "/" + strings.TrimPrefix(name, voidMark)
}

// A Document is an encrypted document, open for reading anywhere.
type Document struct {
	*vault.File
	file *os.File
}

// Close closes its file.
func (d *Document) Close() error { return d.file.Close() }

// Reader reads it from its beginning.
func (d *Document) Reader() io.Reader { return io.NewSectionReader(d.File, 0, d.Size()) }

// Open opens a document. Errors: fs.ErrNotExist, *vault.Error when it was changed.
func (s *Shelf) Open(name string) (*Document, error) { return s.open(s.stored(name), name) }

func (s *Shelf) open(path, name string) (*Document, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	var in *vault.File
	if err == nil {
		in, err = s.vault.File(f, info.Size(), s.context(name))
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return &Document{File: in, file: f}, nil
}

// Put encrypts what r gives as the document of a name, in the place of one that is there. It has its name only when it is on
// the disk and was read back; whatever fails, what was there stays.
func (s *Shelf) Put(ctx context.Context, name string, r io.Reader) (_ Digest, err error) {
	if err := os.MkdirAll(s.dir, 0o700); err != nil {
		return Digest{}, err
	}
	draft, err := disk.NewDraft(s.dir)
	if err != nil {
		return Digest{}, err
	}
	defer draft.Discard()
	h := sha256.New()
	closing, err := s.vault.Writer(draft.File, s.context(name))
	var size int64
	if err == nil {
		size, err = io.Copy(io.MultiWriter(closing, h), reader{ctx, r})
	}
	if err == nil {
		err = closing.Close()
	}
	if err = errors.Join(err, draft.File.Sync()); err != nil {
		return Digest{}, err
	}
	d := Digest{SHA256: hex.EncodeToString(h.Sum(nil)), Size: size}
	switch back, err := s.digest(ctx, draft.Path(), name); {
	case err != nil:
		return Digest{}, err
	case back != d:
		return Digest{}, fmt.Errorf("papers: %s: the disk gives back something else than was written", name)
	}
	return d, draft.Replace(s.stored(name))
}

// Digest reads a document whole. Errors: those of Open.
func (s *Shelf) Digest(ctx context.Context, name string) (Digest, error) {
	return s.digest(ctx, s.stored(name), name)
}

func (s *Shelf) digest(ctx context.Context, path, name string) (Digest, error) {
	d, err := s.open(path, name)
	if err != nil {
		return Digest{}, err
	}
	defer d.Close()
	h := sha256.New()
	n, err := io.Copy(h, reader{ctx, d.Reader()})
	return Digest{SHA256: hex.EncodeToString(h.Sum(nil)), Size: n}, err
}

// Keep encrypts a document that was made in a room. The plain one stays there while the work goes on.
func (s *Shelf) Keep(ctx context.Context, path string) (Digest, error) {
	f, err := os.Open(path)
	if err != nil {
		return Digest{}, err
	}
	defer f.Close()
	return s.Put(ctx, filepath.Base(path), f)
}

// spare is how often the room that is taken must hold a document: what is made of it lies beside it.
const spare = 4

// Room is a working folder for a document of so many bytes, and for what will be made of it.
func (s *Shelf) Room(size int64) (string, error) {
	for i, dir := range s.rooms {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			if i < len(s.rooms)-1 {
				continue
			}
			return "", err
		}
		if i == len(s.rooms)-1 || roomy(dir, spare*size) {
			return dir, nil
		}
	}
	return "", errors.New("papers: there is no working folder")
}

// Plain gives the path of a decrypted document in a room. It is made when it is not there, or not as it should be.
// Errors: those of Open; *vault.Error also for a document of another digest.
func (s *Shelf) Plain(ctx context.Context, name, sum string) (string, error) {
	for _, dir := range s.rooms {
		path := filepath.Join(dir, name)
		if found, err := sumOf(ctx, path); err == nil && found == sum {
			return path, nil
		}
	}
	in, err := s.Open(name)
	if err != nil {
		return "", err
	}
	defer in.Close()
	dir, err := s.Room(in.Size())
	if err != nil {
		return "", err
	}
	tmp, err := os.CreateTemp(dir, ".new-*")
	if err != nil {
		return "", err
	}
	defer os.Remove(tmp.Name())
	h := sha256.New()
	_, err = io.Copy(io.MultiWriter(tmp, h), reader{ctx, in.Reader()})
	if err = errors.Join(err, tmp.Close()); err != nil {
		return "", err
	}
	if hex.EncodeToString(h.Sum(nil)) != sum {
		return "", &vault.Error{CodeValue: vault.CodeDamaged, Folder: s.dir}
	}
	path := filepath.Join(dir, name)
	return path, os.Rename(tmp.Name(), path)
}

func sumOf(ctx context.Context, path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	h := sha256.New()
	_, err = io.Copy(h, reader{ctx, f})
	return hex.EncodeToString(h.Sum(nil)), err
}

// A Name is a document on the shelf, and when it was put there.
type Name struct {
	Name string
	At   time.Time
}

// Names are the documents whose names begin so, sorted.
func (s *Shelf) Names(prefix string) ([]Name, error) {
	entries, err := os.ReadDir(s.dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	var out []Name
	for _, e := range entries {
		name, ok := strings.CutSuffix(e.Name(), ending)
		if info, err := e.Info(); ok && err == nil && e.Type().IsRegular() && strings.HasPrefix(name, prefix) {
			out = append(out, Name{name, info.ModTime()})
		}
	}
	return out, nil
}

// Void marks a document in its name as one that no longer counts, and takes the plain one away.
func (s *Shelf) Void(name string) error {
	return errors.Join(os.Rename(s.stored(name), s.stored(voidMark+name)), s.away(name))
}

// Drop deletes a document, encrypted and plain. One that is not there is no error.
func (s *Shelf) Drop(name string) error {
	err := os.Remove(s.stored(name))
	if errors.Is(err, fs.ErrNotExist) {
		err = nil
	}
	return errors.Join(err, s.away(name))
}

func (s *Shelf) away(name string) error {
	var errs []error
	for _, dir := range s.rooms {
		if err := os.Remove(filepath.Join(dir, name)); !errors.Is(err, fs.ErrNotExist) {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

// PutAway empties the rooms, and takes up the plain documents that programs before this one left on the shelf. What is a
// document by its name is deleted only when the shelf has the very same; what the shelf lacks is encrypted first, and what it
// has otherwise is encrypted beside it. Everything else is half written or can be made again. Nobody works with the documents
// meanwhile.
func (s *Shelf) PutAway(ctx context.Context, document func(name string) bool) error {
	var errs []error
	for _, dir := range append([]string{s.dir}, s.rooms...) {
		entries, err := os.ReadDir(dir)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		errs = append(errs, err)
		room := dir != s.dir
		for _, e := range entries {
			path := filepath.Join(dir, e.Name())
			switch {
			case strings.HasSuffix(e.Name(), ending) && !room:
			case e.Type().IsRegular() && document(strings.TrimPrefix(e.Name(), voidMark)):
				errs = append(errs, s.takeUp(ctx, path))
			case room || halfWritten(e.Name()):
				errs = append(errs, os.RemoveAll(path))
			}
		}
		if room {
			_ = os.Remove(dir) // what could not be taken up keeps it
		}
	}
	return errors.Join(errs...)
}

func halfWritten(name string) bool {
	for _, prefix := range []string{".new-", ".sealdesk-", "download-"} {
		if strings.HasPrefix(name, prefix) {
			return true
		}
	}
	return false
}

func (s *Shelf) takeUp(ctx context.Context, path string) error {
	name := filepath.Base(path)
	same, err := s.holds(ctx, path, name)
	if err != nil {
		return err
	}
	if !same {
		if _, err := os.Stat(s.stored(name)); err == nil {
			name = "other-" + time.Now().Format("20060102-150405.000000") + "-" + name
		}
		f, err := os.Open(path)
		if err != nil {
			return err
		}
		_, err = s.Put(ctx, name, f)
		if err = errors.Join(err, f.Close()); err != nil {
			return err
		}
	}
	return os.Remove(path)
}

// holds tells that the shelf has the very document that lies at a path. A document that cannot be read is another one.
func (s *Shelf) holds(ctx context.Context, path, name string) (bool, error) {
	in, err := s.Open(name)
	if err != nil {
		return false, nil
	}
	defer in.Close()
	f, err := os.Open(path)
	if err != nil {
		return false, err
	}
	defer f.Close()
	if info, err := f.Stat(); err != nil || info.Size() != in.Size() {
		return false, err
	}
	a, b := make([]byte, 64<<10), make([]byte, 64<<10)
	for stored := in.Reader(); ; {
		n, err := io.ReadFull(reader{ctx, f}, a)
		if m, _ := io.ReadFull(stored, b[:n]); m != n || !bytes.Equal(a[:n], b[:n]) {
			return false, nil
		}
		switch {
		case err == io.EOF || err == io.ErrUnexpectedEOF:
			return true, nil
		case err != nil:
			return false, err
		}
	}
}

// reader ends with its context.
type reader struct {
	ctx context.Context
	r   io.Reader
}

func (r reader) Read(p []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, err
	}
	return r.r.Read(p)
}
