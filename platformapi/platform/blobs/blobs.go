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
	"time"
)

// Store keeps files. A digest is 64 lower-case hexadecimal characters; anything else names no file.
type Store interface {
	// Keep takes a staged file in, whole and lasting when it returns. A file of this digest that is there already is the same.
	Keep(ctx context.Context, s *Staged) error
	// Open opens the file of a digest, fs.ErrNotExist when there is none.
	Open(ctx context.Context, sha256Hex string) (File, error)
	// Remove removes the file of a digest, if it is there.
	Remove(ctx context.Context, sha256Hex string) error
	Ping(ctx context.Context) error
}

// File is one that is kept, open for reading from its start and anywhere.
type File interface {
	io.ReadCloser
	io.ReaderAt
}

// IsDigest says whether a text has the form of a digest.
func IsDigest(s string) bool {
	b, err := hex.DecodeString(s)
	return err == nil && len(b) == sha256.Size && hex.EncodeToString(b) == s
}

// Staging is the folder that files are received into.
type Staging struct{ root string }

// OpenStaging makes the folder if it is missing (mode 0700).
func OpenStaging(root string) (*Staging, error) {
	if err := os.MkdirAll(root, 0o700); err != nil {
		return nil, fmt.Errorf("blobs: %w", err)
	}
	return &Staging{root: root}, nil
}

// Staged is a file that was received and synced. Discard it in any case when done with it.
type Staged struct {
	File   *os.File // open for reading; its offset is of no meaning
	Size   int64
	SHA256 string
	path   string
}

// Stage reads r to its end.
func (d *Staging) Stage(r io.Reader) (s *Staged, err error) {
	path := filepath.Join(d.root, rand.Text())
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("blobs: %w", err)
	}
	s = &Staged{File: f, path: path}
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

// Discard closes the file and removes what is left of it here.
func (s *Staged) Discard() {
	_ = s.File.Close()
	_ = os.Remove(s.path) // a folder that kept it has taken it away; otherwise Sweep takes what is left
}

// Sweep removes files older than age: what a crash left behind.
func (d *Staging) Sweep(now time.Time, age time.Duration) error {
	entries, err := os.ReadDir(d.root)
	if err != nil {
		return fmt.Errorf("blobs: %w", err)
	}
	for _, e := range entries {
		info, err := e.Info()
		if err == nil && now.Sub(info.ModTime()) >= age {
			err = os.Remove(filepath.Join(d.root, e.Name()))
		}
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("blobs: %w", err)
		}
	}
	return nil
}
