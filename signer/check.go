package signer

import (
	"context"
	"crypto"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"

	"sealdesk/signer/pdfsig"
	"sealdesk/signer/verify"
)

// Checked is what can be told of a job without its key.
type Checked struct {
	SHA256 string // of the document, lower-case hexadecimal: what a person was shown, for ExpectSHA256
	Size   int64  // bytes
	Pages  int
	Places []pdfsig.Appearance // where the seal would show
	Before *verify.Report      // on the signatures that the document has already
}

// Check finds everything that can be wrong with a job before the key is asked: what Run would find, it finds. Key and Out are not
// used; nothing is written. Errors: those of Run up to the key.
func (j Job) Check(ctx context.Context) (Checked, error) {
	if len(j.Chain) == 0 || j.Chain[0] == nil || j.In == "" {
		return Checked{}, fail(BadRequest, "a check needs an input and a certificate")
	}
	in, size, err := openInput(j.In)
	if err != nil {
		return Checked{}, err
	}
	defer in.Close()
	before, err := j.earlier(ctx, in, size, nil)
	if err != nil {
		return Checked{}, err
	}
	c, err := j.check(ctx, in, size, before)
	if err != nil {
		return Checked{}, err
	}
	h := sha256.New()
	if err := readInto(ctx, h, in, 0, size); err != nil {
		return Checked{}, inputFailure(ctx, j.In, err)
	}
	c.SHA256 = hex.EncodeToString(h.Sum(nil))
	return c, j.expected(c.SHA256)
}

// check is Check of a document whose earlier signatures were judged; it takes no digest.
func (j Job) check(ctx context.Context, in io.ReaderAt, size int64, before *verify.Report) (Checked, error) {
	j, err := j.faced()
	if err != nil {
		return Checked{}, err
	}
	j.Key = keyless{j.Chain[0].PublicKey}
	ready, err := j.prepare(ctx, in, size, before)
	if err != nil {
		return Checked{}, err
	}
	c := Checked{Size: size, Places: ready.places, Before: before}
	c.Pages, err = ready.file.PageCount()
	return c, err
}

// expected is nil when the digest is the one of what was shown.
func (j Job) expected(sha256 string) error {
	if j.ExpectSHA256 != "" && j.ExpectSHA256 != sha256 {
		return &pdfsig.Error{Kind: pdfsig.Changed, Detail: fmt.Sprintf("the document has the digest %s, not %s", sha256, j.ExpectSHA256)}
	}
	return nil
}

// readInto hands the bytes from one offset to another to w.
func readInto(ctx context.Context, w io.Writer, r io.ReaderAt, from, to int64) error {
	block := make([]byte, min(blockSize, to-from))
	for from < to {
		if err := ctx.Err(); err != nil {
			return err
		}
		b := block[:min(int64(len(block)), to-from)]
		if n, err := r.ReadAt(b, from); n < len(b) {
			if err == nil || errors.Is(err, io.EOF) {
				err = io.ErrUnexpectedEOF
			}
			return err
		}
		if _, err := w.Write(b); err != nil {
			return err
		}
		from += int64(len(b))
	}
	return nil
}

// keyless stands for the key where only what the certificate tells of it matters.
type keyless struct{ public crypto.PublicKey }

// Public implements crypto.Signer.
func (k keyless) Public() crypto.PublicKey { return k.public }

// Sign implements crypto.Signer.
func (keyless) Sign(io.Reader, []byte, crypto.SignerOpts) ([]byte, error) {
	return nil, fail(BadRequest, "nothing is signed in a check")
}
