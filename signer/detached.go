package signer

import (
	"bytes"
	"context"
	"crypto"
	"crypto/sha256"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"hash"
	"io"
	"path/filepath"
	"time"

	"github.com/emmansun/gmsm/smx509"

	"sealdesk/signer/cms"
	"sealdesk/signer/disk"
	"sealdesk/signer/pdfsig"
	"sealdesk/signer/verify"
)

// Detached is one file of any kind to sign with one key, once, where the
// signature becomes a file of its own: SignedData of RFC 5652 with the signed
// attributes of CAdES baseline B (EN 319 122-1, 6.3), or of GB/T 35275.
type Detached struct {
	In  string // what is signed; it is only read
	Out string // the signature, which must not exist
	// ExpectSHA256 is the lower-case hexadecimal digest of the input as it was
	// shown; an input with another one is not signed. Empty: not compared.
	ExpectSHA256 string

	Key   crypto.Signer
	Chain []*smx509.Certificate // the key's certificate, then its issuers

	// GM writes the identifiers of GB/T 35275 instead of those of RFC 5652. For SM2 only.
	GM bool
	// PEM writes text (RFC 7468) instead of DER.
	PEM  bool
	Time time.Time // claimed as the time of signing; the zero value means now
	// Roots are used to judge the trust of the signer in the Result's Report.
	Roots []*smx509.Certificate
	// Progress is as a Job's.
	Progress func(step Step, done, total int64)
}

// Run signs. The key is asked exactly once, after everything else that can be
// checked has been. When an error is returned there is no output file, and no
// temporary one. SHA256 and Size of the Result are the signature's, its Report
// is of verify.Detached.
//
// Memory does not grow with the size of the input.
//
// Errors: *Error, *pdfsig.Error of Kind Changed, *cms.Error, the key's, and the context's.
func (d Detached) Run(ctx context.Context) (Result, error) {
	if d.Key == nil || len(d.Chain) == 0 || d.Chain[0] == nil || d.In == "" || d.Out == "" {
		return Result{}, fail(BadRequest, "a signature needs an input, an output, a key and its certificate")
	}
	if d.Time.IsZero() {
		d.Time = time.Now()
	}
	if err := disk.Free(d.Out); err != nil {
		return Result{}, onOutput(filepath.Dir(d.Out), d.Out, err)
	}
	builder := cms.Builder{Signer: d.Key, Chain: d.Chain, GM: d.GM, SigningTime: d.Time}
	content, err := builder.Hash()
	if err != nil {
		return Result{}, err
	}
	in, size, err := openInput(d.In)
	if err != nil {
		return Result{}, err
	}
	defer in.Close()
	draft, err := newDraft(d.Out)
	if err != nil {
		return Result{}, err
	}
	defer draft.Discard()

	// The input's own digest costs nothing when it is the signature's as well.
	plain, hashes := sha256.New(), []hash.Hash{content}
	if bytes.Equal(content.Sum(nil), plain.Sum(nil)) {
		plain = content
	} else {
		hashes = append(hashes, plain)
	}
	if err := d.hash(ctx, in, size, hashes); err != nil {
		return Result{}, err
	}
	if info, err := in.Stat(); err != nil || info.Size() != size {
		return Result{}, &pdfsig.Error{Kind: pdfsig.Changed, Detail: "the input changed its size while it was read"}
	}
	inputSHA256 := hex.EncodeToString(plain.Sum(nil))
	if d.ExpectSHA256 != "" && d.ExpectSHA256 != inputSHA256 {
		return Result{}, &pdfsig.Error{Kind: pdfsig.Changed, Detail: fmt.Sprintf("the input has the digest %s, not %s", inputSHA256, d.ExpectSHA256)}
	}
	value, err := builder.Sign(content.Sum(nil))
	if err != nil {
		return Result{}, err
	}
	if d.PEM {
		value = pem.EncodeToMemory(&pem.Block{Type: "CMS", Bytes: value})
	}
	if _, err := draft.Write(value); err != nil {
		return Result{}, onOutput(draft.folder, d.Out, err)
	}
	if err := draft.sync(); err != nil {
		return Result{}, onOutput(draft.folder, d.Out, err)
	}
	report, err := d.readBack(ctx, draft.Path(), value, in, size)
	if err != nil {
		return Result{}, err
	}
	d.progress(StepStore, 0, 0)
	if err := draft.Name(d.Out); err != nil {
		return Result{}, onOutput(draft.folder, d.Out, err)
	}
	sum := sha256.Sum256(value)
	return Result{Path: d.Out, SHA256: hex.EncodeToString(sum[:]), InputSHA256: inputSHA256, Size: int64(len(value)), Report: report}, nil
}

func (d Detached) progress(step Step, done, total int64) {
	if d.Progress != nil {
		d.Progress(step, done, total)
	}
}

// hash reads the input once, for all hashes.
func (d Detached) hash(ctx context.Context, in io.ReaderAt, size int64, hashes []hash.Hash) error {
	block := make([]byte, min(1<<20, size))
	for done := int64(0); done < size; {
		if err := ctx.Err(); err != nil {
			return err
		}
		b := block[:min(int64(len(block)), size-done)]
		if n, err := in.ReadAt(b, done); n < len(b) {
			return onInput(d.In, err)
		}
		for _, h := range hashes {
			h.Write(b)
		}
		done += int64(len(b))
		d.progress(StepSign, done, size)
	}
	return ctx.Err()
}

// readBack judges the signature as it is on the disk now, over the input as it is now.
func (d Detached) readBack(ctx context.Context, path string, value []byte, in io.ReaderAt, size int64) (*verify.Report, error) {
	refuse := func(format string, args ...any) error {
		return fail(NotVerified, "the signature was thrown away: "+format, args...)
	}
	stored, err := disk.Read(path, verify.MaxDetached)
	switch {
	case err != nil:
		return nil, refuse("it cannot be read back: %v", err)
	case !bytes.Equal(stored, value):
		return nil, refuse("the disk holds other bytes than were written")
	}
	d.progress(StepVerify, 0, 0)
	report, err := verify.Detached(ctx, stored, in, size, verify.Options{Roots: d.Roots, Now: d.Time})
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if err != nil {
		return nil, onInput(d.In, err)
	}
	switch s := report.Signatures[0]; {
	case !s.Intact:
		return nil, refuse("%s", reasons(s.Findings))
	case !bytes.Equal(s.Certificate.Raw, d.Chain[0].Raw):
		return nil, refuse("another certificate signed than was chosen")
	}
	return report, nil
}

// ReadDetached reads a file that holds a signature of its own, for
// verify.Detached. A longer file than that takes is an *Error of Kind InputUnreadable.
func ReadDetached(path string) ([]byte, error) {
	f, size, err := openInput(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if size > verify.MaxDetached {
		return nil, onInput(path, errors.New("too long for a signature"))
	}
	value, err := io.ReadAll(io.LimitReader(f, verify.MaxDetached+1))
	if err != nil {
		return nil, onInput(path, err)
	}
	return value, nil
}
