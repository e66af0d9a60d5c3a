package cleancopy

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"os"

	"sealdesk/signer/cleancopy/refusal"
	"sealdesk/signer/disk"
)

// takeIn copies the input once into the private folder; what is checked is what is converted.
func takeIn(ctx context.Context, in, private string, limit int64) (File, error) {
	unreadable := func(err error) error {
		return refusal.Wrap(refusal.Unreadable, err, "the document cannot be read", map[string]any{"path": in})
	}
	src, err := os.Open(in)
	if err != nil {
		return File{}, unreadable(err)
	}
	defer src.Close()
	st, err := src.Stat()
	switch {
	case err != nil:
		return File{}, unreadable(err)
	case !st.Mode().IsRegular():
		return File{}, unreadable(errors.New("not a regular file"))
	case st.Size() > limit:
		return File{}, tooLarge(st.Size(), limit)
	}
	dst, err := os.OpenFile(private, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return File{}, writeError(err, private)
	}
	h := sha256.New()
	n, err := io.Copy(io.MultiWriter(dst, h), io.LimitReader(reader{ctx, src}, limit+1))
	if cerr := dst.Close(); err == nil {
		err = cerr
	}
	switch {
	case ctx.Err() != nil:
		return File{}, ctx.Err()
	case err != nil:
		return File{}, writeError(err, private)
	case n == 0:
		return File{}, refusal.New(refusal.Empty, "the file is empty", nil)
	case n > limit:
		return File{}, tooLarge(n, limit)
	}
	return File{Size: n, SHA256: hex.EncodeToString(h.Sum(nil))}, nil
}

func tooLarge(size, limit int64) error {
	return refusal.New(refusal.TooLarge, "the document is too large", map[string]any{"size": size, "limit": limit})
}

// deliver copies the result into its final place, whose name it gets when it is whole.
func deliver(ctx context.Context, from, out string) (File, error) {
	src, err := os.Open(from)
	if err != nil {
		return File{}, writeError(err, from)
	}
	defer src.Close()
	h := sha256.New()
	var n counter
	err = disk.Write(out, io.TeeReader(reader{ctx, src}, io.MultiWriter(h, &n)))
	if ctx.Err() != nil && err != nil {
		return File{}, ctx.Err()
	}
	if err != nil {
		return File{}, writeError(err, out)
	}
	return File{Size: int64(n), SHA256: hex.EncodeToString(h.Sum(nil))}, nil
}

// counter counts what is written to it.
type counter int64

func (c *counter) Write(p []byte) (int, error) {
	*c += counter(len(p))
	return len(p), nil
}

// writeError names a failure of the disk.
func writeError(err error, path string) error {
	if disk.Full(err) {
		return refusal.Wrap(refusal.DiskFull, err, "the disk is full", map[string]any{"path": path})
	}
	return refusal.Wrap(refusal.Unwritable, err, "the clean copy cannot be written", map[string]any{"path": path})
}

// outOfSpace turns a full disk, however deep it was met, into its own refusal and leaves every other error alone.
func outOfSpace(err error, path string) error {
	if disk.Full(err) {
		return writeError(err, path)
	}
	return err
}

func sameFile(a, b string) bool {
	sa, erra := os.Stat(a)
	sb, errb := os.Stat(b)
	return erra == nil && errb == nil && os.SameFile(sa, sb)
}

// reader ends a copy when the context does.
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
