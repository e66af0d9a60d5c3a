package outbox

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"

	"sealdesk/platformapi"
)

// payloads are copies of the files to be sent, named by digest. A copy has its name only when it was synced.
type payloads struct {
	dir   string
	trace func(Moment)
}

func (p payloads) path(digest string) string { return filepath.Join(p.dir, digest) }

// keep copies an upload's content. A file that is not the one its digest names is refused: what was shown is what is sent.
func (p payloads) keep(u platformapi.Upload) (err error) {
	if b, err := hex.DecodeString(u.SHA256); err != nil || len(b) != sha256.Size {
		return &Error{CodeValue: CodeFileChanged, Detail: "the file has no digest"}
	}
	tmp := filepath.Join(p.dir, "tmp-"+rand.Text())
	f, err := os.OpenFile(tmp, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return disk("the file cannot be kept", err)
	}
	defer func() {
		if err != nil {
			_ = f.Close()
			_ = os.Remove(tmp) // what stays is swept when the outbox is opened again
		}
	}()
	h := sha256.New()
	n, err := io.Copy(io.MultiWriter(f, h), io.NewSectionReader(u.Content, 0, u.Size+1))
	if err != nil {
		return disk("the file cannot be kept", err)
	}
	if n != u.Size || hex.EncodeToString(h.Sum(nil)) != u.SHA256 {
		return &Error{CodeValue: CodeFileChanged, Detail: "the file is not the one that was to be sent"}
	}
	p.trace(FileCopied)
	if err := errors.Join(f.Sync(), f.Close()); err != nil {
		return disk("the file cannot be kept", err)
	}
	if err := os.Rename(tmp, p.path(u.SHA256)); err != nil {
		return disk("the file cannot be kept", err)
	}
	if err := syncDir(p.dir); err != nil {
		return disk("the file cannot be kept", err)
	}
	p.trace(FileKept)
	return nil
}

func (p payloads) open(digest string, size int64) (*os.File, error) {
	f, err := os.Open(p.path(digest))
	if err != nil {
		return nil, &Error{CodeValue: CodeFileMissing, Detail: "the file to be sent is gone from the outbox", Err: err}
	}
	info, err := f.Stat()
	if err != nil || info.Size() != size {
		return nil, errors.Join(&Error{CodeValue: CodeFileMissing, Detail: "the file to be sent is damaged", Err: err}, f.Close())
	}
	return f, nil
}

// sweep removes what no entry needs.
func (p payloads) sweep(needed map[string]bool) error {
	files, err := os.ReadDir(p.dir)
	if err != nil {
		return disk("the outbox's files cannot be listed", err)
	}
	for _, f := range files {
		if needed[f.Name()] {
			continue
		}
		if err := os.Remove(p.path(f.Name())); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return disk("a file cannot be removed from the outbox", err)
		}
	}
	return nil
}

// syncDir makes a rename last. Windows has no such call; its file system journals names by itself.
func syncDir(path string) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	d, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
