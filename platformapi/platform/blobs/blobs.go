package blobs

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"time"
)

// Dir is a folder of files.
type Dir struct{ root string }

// Open makes the folder if it is missing (mode 0700).
func Open(root string) (*Dir, error) {
	for _, d := range []string{root, filepath.Join(root, "tmp"), filepath.Join(root, "sha256")} {
		if err := os.MkdirAll(d, 0o700); err != nil {
			return nil, fmt.Errorf("blobs: %w", err)
		}
	}
	return &Dir{root: root}, nil
}

// Staged is a file that was received and synced but has no name yet. Discard it in any case when done with it.
type Staged struct {
	File   *os.File // open for reading; its offset is of no meaning
	Size   int64
	SHA256 string
	dir    *Dir
	path   string
}

// Stage reads r to its end into a temporary file.
func (d *Dir) Stage(r io.Reader) (s *Staged, err error) {
	path := filepath.Join(d.root, "tmp", rand.Text())
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("blobs: %w", err)
	}
	s = &Staged{File: f, dir: d, path: path}
	defer func() {
		if err != nil {
			s.Discard()
		}
	}()
	h := sha256.New()
	if s.Size, err = io.Copy(io.MultiWriter(f, h), r); err != nil {
		return nil, err
	}
	if err = f.Sync(); err != nil {
		return nil, fmt.Errorf("blobs: %w", err)
	}
	s.SHA256 = hex.EncodeToString(h.Sum(nil))
	return s, nil
}

// Keep gives the file its name. A file of this digest that is there already is the same.
func (s *Staged) Keep() error {
	final := s.dir.path(s.SHA256)
	if err := os.MkdirAll(filepath.Dir(final), 0o700); err != nil {
		return fmt.Errorf("blobs: %w", err)
	}
	// Windows renames no open file; the copy under the temporary name is read by nobody else.
	if runtime.GOOS == "windows" {
		if err := s.File.Close(); err != nil {
			return fmt.Errorf("blobs: %w", err)
		}
	}
	if err := os.Rename(s.path, final); err != nil {
		return fmt.Errorf("blobs: %w", err)
	}
	for p := filepath.Dir(final); len(p) >= len(s.dir.root); p = filepath.Dir(p) {
		if err := SyncDir(p); err != nil {
			return fmt.Errorf("blobs: %w", err)
		}
	}
	return nil
}

// Discard closes the file and removes it, unless Keep gave it its name.
func (s *Staged) Discard() {
	_ = s.File.Close()
	_ = os.Remove(s.path) // after Keep it is not there; otherwise Sweep takes what is left
}

// Open opens the file of a digest, fs.ErrNotExist when there is none.
func (d *Dir) Open(sha256Hex string) (*os.File, error) {
	if b, err := hex.DecodeString(sha256Hex); err != nil || len(b) != sha256.Size {
		return nil, fs.ErrNotExist
	}
	return os.Open(d.path(sha256Hex))
}

func (d *Dir) path(sha256Hex string) string {
	return filepath.Join(d.root, "sha256", sha256Hex[:2], sha256Hex[2:4], sha256Hex)
}

// Sweep removes temporary files and files nobody needs that are older than age: uploads that were refused, or whose row
// was never written.
func (d *Dir) Sweep(ctx context.Context, now time.Time, age time.Duration, needed func(ctx context.Context, sha256Hex string) (bool, error)) error {
	return filepath.WalkDir(d.root, func(path string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if e.IsDir() {
			return nil
		}
		info, err := e.Info()
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil || now.Sub(info.ModTime()) < age {
			return err
		}
		if filepath.Base(filepath.Dir(path)) != "tmp" {
			if keep, err := needed(ctx, e.Name()); err != nil || keep {
				return err
			}
		}
		return os.Remove(path)
	})
}

// SyncDir makes the names in a folder last. Windows has no such call; its file system journals names by itself.
func SyncDir(path string) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	d, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
