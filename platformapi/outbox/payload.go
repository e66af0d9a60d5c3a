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
	"strings"
	"sync/atomic"

	"sealdesk/platformapi"
	"sealdesk/platformapi/internal/durable"
	"sealdesk/platformapi/outbox/vault"
)

// payloads are copies of the files to be sent, closed by the vault and named by digest. A copy has its name only when it was
// synced.
type payloads struct {
	dir   string
	vault *vault.Vault
	trace func(Moment)
}

// sealed is how the names of closed copies end.
const sealed = ".sealed"

func (p payloads) path(digest string) string { return filepath.Join(p.dir, digest+sealed) }

// sealContext binds a copy to its digest.
func sealContext(digest string) string { return "payload/" + digest }

// keep copies an upload's content. A file that is not the one its digest names is refused: what was shown is what is sent.
func (p payloads) keep(u platformapi.Upload) (err error) {
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
	closing, err := p.vault.Writer(f, sealContext(u.SHA256))
	if err != nil {
		return disk("the file cannot be kept", err)
	}
	h := sha256.New()
	n, err := io.Copy(io.MultiWriter(closing, h), io.NewSectionReader(u.Content, 0, u.Size+1))
	if err = errors.Join(err, closing.Close()); err != nil {
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
	if err := durable.SyncFolder(p.dir); err != nil {
		return disk("the file cannot be kept", err)
	}
	p.trace(FileKept)
	return nil
}

// sealPlain makes the closed copy of a file that lies there in the plain, as version 1 kept it. One that is gone or damaged is
// told of when it is to be sent.
func (p payloads) sealPlain(digest string) error {
	f, err := os.Open(filepath.Join(p.dir, digest))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return disk("the file cannot be kept", err)
	}
	defer func() { _ = f.Close() }() // it was only read
	info, err := f.Stat()
	if err != nil {
		return disk("the file cannot be kept", err)
	}
	err = p.keep(platformapi.Upload{SHA256: digest, Size: info.Size(), Content: f})
	if platformapi.IsCode(err, CodeFileChanged) {
		return nil
	}
	return err
}

// payload is a copy that is open. It remembers that it could not be read, since who sends it can take that for a line that broke.
type payload struct {
	*vault.File
	file   *os.File
	failed atomic.Pointer[Error]
}

func (p *payload) Close() error { return p.file.Close() }

// ReadAt implements io.ReaderAt.
func (p *payload) ReadAt(b []byte, off int64) (int, error) {
	n, err := p.File.ReadAt(b, off)
	if err != nil && err != io.EOF {
		p.failed.Store(fileDamaged(err))
	}
	return n, err
}

func fileDamaged(err error) *Error {
	return &Error{CodeValue: CodeFileMissing, Detail: "the file to be sent is damaged", Err: err}
}

func (p payloads) open(digest string, size int64) (*payload, error) {
	f, err := os.Open(p.path(digest))
	if err != nil {
		return nil, &Error{CodeValue: CodeFileMissing, Detail: "the file to be sent is gone from the outbox", Err: err}
	}
	info, err := f.Stat()
	var opened *vault.File
	if err == nil {
		opened, err = p.vault.File(f, info.Size(), sealContext(digest))
	}
	if err != nil || opened.Size() != size {
		return nil, errors.Join(fileDamaged(err), f.Close())
	}
	return &payload{File: opened, file: f}, nil
}

// sweep removes what no entry needs.
func (p payloads) sweep(needed map[string]bool) error {
	files, err := os.ReadDir(p.dir)
	if err != nil {
		return disk("the outbox's files cannot be listed", err)
	}
	for _, f := range files {
		if digest, ok := strings.CutSuffix(f.Name(), sealed); ok && needed[digest] {
			continue
		}
		if err := os.Remove(filepath.Join(p.dir, f.Name())); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return disk("a file cannot be removed from the outbox", err)
		}
	}
	return nil
}
