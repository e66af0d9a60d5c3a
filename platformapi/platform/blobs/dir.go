package blobs

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"sync"

	"sealdesk/platformapi/internal/durable"
)

// Dir is a folder of files. A file has its name only after its bytes and its folder were synced.
type Dir struct {
	root   string
	synced sync.Map // folders whose own names last
}

var _ Store = (*Dir)(nil)

// OpenDir makes the folder if it is missing (mode 0700).
func OpenDir(root string) (*Dir, error) {
	if err := os.MkdirAll(filepath.Join(root, "sha256"), 0o700); err != nil {
		return nil, fmt.Errorf("blobs: %w", err)
	}
	return &Dir{root: root}, nil
}

// Keep gives a file that was staged in a folder of the same file system its name.
func (d *Dir) Keep(ctx context.Context, s *Staged) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	final := d.path(s.SHA256)
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
	if err := durable.SyncFolder(filepath.Dir(final)); err != nil {
		return fmt.Errorf("blobs: %w", err)
	}
	var fresh []string
	for p := filepath.Dir(final); len(p) > len(d.root); p = filepath.Dir(p) {
		if _, ok := d.synced.Load(p); ok {
			break
		}
		if err := durable.SyncFolder(filepath.Dir(p)); err != nil {
			return fmt.Errorf("blobs: %w", err)
		}
		fresh = append(fresh, p)
	}
	for _, p := range fresh {
		d.synced.Store(p, true)
	}
	return nil
}

// Open opens the file of a digest.
func (d *Dir) Open(_ context.Context, sha256Hex string) (File, error) {
	if !IsDigest(sha256Hex) {
		return nil, fs.ErrNotExist
	}
	return os.Open(d.path(sha256Hex))
}

// Remove removes the file of a digest.
func (d *Dir) Remove(_ context.Context, sha256Hex string) error {
	if !IsDigest(sha256Hex) {
		return nil
	}
	if err := os.Remove(d.path(sha256Hex)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("blobs: %w", err)
	}
	return nil
}

// Ping looks at the folder.
func (d *Dir) Ping(context.Context) error {
	_, err := os.Stat(filepath.Join(d.root, "sha256"))
	return err
}

func (d *Dir) path(sha256Hex string) string {
	return filepath.Join(d.root, "sha256", sha256Hex[:2], sha256Hex[2:4], sha256Hex)
}
