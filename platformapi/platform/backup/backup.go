package backup

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"sealdesk/platformapi/internal/durable"
	"sealdesk/platformapi/platform/blobs"
	"sealdesk/platformapi/web/audit"
)

const (
	format       = 1
	manifestFile = "manifest.json"
	filesFolder  = "files"
	stagingName  = "tmp"
	partial      = ".partial"
	maxManifest  = 64 << 10
	page         = 500
)

// ErrDamaged: a backup is not as it was written.
var ErrDamaged = errors.New("the backup is damaged")

// Manifest says what is in a backup.
type Manifest struct {
	Format   int        `json:"format"`
	MadeAt   time.Time  `json:"made_at"`
	Database string     `json:"database"` // the name of the database's copy: platform.db or platform.dump
	SHA256   string     `json:"sha256"`   // of that copy
	Files    int        `json:"files"`
	Audit    audit.Head `json:"audit"` // when the backup began; the copy holds at least this
}

// Source is a platform to be copied.
type Source struct {
	Database string // what the copy of the database is called
	Copy     func(ctx context.Context, path string) error
	Head     func(ctx context.Context) (audit.Head, error)
	Blobs    blobs.Store
	Digests  func(ctx context.Context, after string, limit int) ([]string, error)
}

// Write makes a backup in a folder that must not exist; those above it are made. It is there under its name only when it is whole and synced.
func Write(ctx context.Context, dir string, s Source, now time.Time) (m Manifest, err error) {
	if _, err := os.Stat(dir); !errors.Is(err, fs.ErrNotExist) {
		return m, errors.Join(fmt.Errorf("backup: %s: %w", dir, fs.ErrExist), err)
	}
	work := dir + partial
	if err := os.MkdirAll(filepath.Dir(work), 0o700); err != nil {
		return m, fmt.Errorf("backup: %w", err)
	}
	if err := os.Mkdir(work, 0o700); errors.Is(err, fs.ErrExist) {
		return m, fmt.Errorf("backup: what an earlier try left must be removed first: %w", err)
	} else if err != nil {
		return m, fmt.Errorf("backup: %w", err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.RemoveAll(work))
		}
	}()
	m = Manifest{Format: format, MadeAt: now.UTC(), Database: s.Database}
	if m.Audit, err = s.Head(ctx); err != nil {
		return m, err
	}
	copied := filepath.Join(work, s.Database)
	if err = s.Copy(ctx, copied); err != nil {
		return m, err
	}
	if m.SHA256, err = digest(copied, true); err != nil {
		return m, err
	}
	to, err := blobs.OpenDir(filepath.Join(work, filesFolder))
	if err != nil {
		return m, err
	}
	err = each(ctx, s.Digests, func(d string) error {
		m.Files++
		return carry(ctx, d, s.Blobs, to, filepath.Join(work, filesFolder))
	})
	if err = errors.Join(err, os.RemoveAll(filepath.Join(work, filesFolder, stagingName))); err != nil {
		return m, err
	}
	text, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return m, err
	}
	if err = os.WriteFile(filepath.Join(work, manifestFile), append(text, '\n'), 0o600); err != nil {
		return m, err
	}
	if _, err = digest(filepath.Join(work, manifestFile), true); err != nil {
		return m, err
	}
	if err = errors.Join(durable.SyncFolder(work), os.Rename(work, dir)); err != nil {
		return m, err
	}
	return m, durable.SyncFolder(filepath.Dir(dir))
}

// Open reads a backup's manifest and checks the copy of the database, whose path it gives.
func Open(dir string) (m Manifest, database string, err error) {
	f, err := os.Open(filepath.Join(dir, manifestFile))
	if err != nil {
		return m, "", fmt.Errorf("backup: %w", err)
	}
	err = json.NewDecoder(io.LimitReader(f, maxManifest)).Decode(&m)
	if err := errors.Join(err, f.Close()); err != nil {
		return m, "", fmt.Errorf("%w: %s: %w", ErrDamaged, manifestFile, err)
	}
	if m.Format != format || m.Database != filepath.Base(m.Database) || m.Database == "." {
		return m, "", fmt.Errorf("backup: this program does not know its form (format %d)", m.Format)
	}
	database = filepath.Join(dir, m.Database)
	sum, err := digest(database, false)
	if err != nil {
		return m, "", err
	}
	if sum != m.SHA256 {
		return m, "", fmt.Errorf("%w: %s is not the file that was written", ErrDamaged, m.Database)
	}
	return m, database, nil
}

// Files puts a backup's files into a store by way of a staging folder. Digests are those that the restored database names:
// each must be there, whole.
func Files(ctx context.Context, dir string, digests func(ctx context.Context, after string, limit int) ([]string, error), to blobs.Store, staging string) error {
	from, err := blobs.OpenDir(filepath.Join(dir, filesFolder))
	if err != nil {
		return err
	}
	return each(ctx, digests, func(d string) error {
		err := carry(ctx, d, from, to, staging)
		if errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("%w: file %s is missing", ErrDamaged, d)
		}
		return err
	})
}

func each(ctx context.Context, digests func(ctx context.Context, after string, limit int) ([]string, error), do func(string) error) error {
	for after := ""; ; {
		some, err := digests(ctx, after, page)
		if err != nil {
			return err
		}
		for _, d := range some {
			if err := do(d); err != nil {
				return err
			}
			after = d
		}
		if len(some) < page {
			return nil
		}
	}
}

// carry copies a file from one store to another and sees that its bytes are those of its digest.
func carry(ctx context.Context, digest string, from, to blobs.Store, root string) error {
	staging, err := blobs.OpenStaging(filepath.Join(root, stagingName))
	if err != nil {
		return err
	}
	r, err := from.Open(ctx, digest)
	if err != nil {
		return fmt.Errorf("file %s: %w", digest, err)
	}
	s, err := staging.Stage(r)
	if err := errors.Join(err, r.Close()); err != nil {
		return fmt.Errorf("file %s: %w", digest, err)
	}
	defer s.Discard()
	if s.SHA256 != digest {
		return fmt.Errorf("%w: file %s has other bytes", ErrDamaged, digest)
	}
	return to.Keep(ctx, s)
}

// digest reads a file through, and syncs it if asked to.
func digest(path string, sync bool) (string, error) {
	mode := os.O_RDONLY
	if sync {
		mode = os.O_RDWR
	}
	f, err := os.OpenFile(path, mode, 0)
	if err != nil {
		return "", fmt.Errorf("backup: %w", err)
	}
	h := sha256.New()
	_, err = io.Copy(h, f)
	if sync {
		err = errors.Join(err, f.Sync())
	}
	return hex.EncodeToString(h.Sum(nil)), errors.Join(err, f.Close())
}
