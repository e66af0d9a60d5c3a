package signer

import (
	"context"
	"crypto"
	"crypto/sha256"
	"encoding/hex"
	"errors"
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
	j, err := j.faced()
	if err != nil {
		return Checked{}, err
	}
	in, size, err := openInput(j.In)
	if err != nil {
		return Checked{}, err
	}
	defer in.Close()
	j.Key = keyless{j.Chain[0].PublicKey}
	ready, err := j.prepare(ctx, in, size)
	if err != nil {
		return Checked{}, err
	}
	c := Checked{Size: size, Places: ready.places, Before: ready.before}
	if c.Pages, err = ready.file.PageCount(); err != nil {
		return Checked{}, err
	}
	h := sha256.New()
	for block, at := make([]byte, min(1<<20, size)), int64(0); at < size; {
		if ctx.Err() != nil {
			return Checked{}, ctx.Err()
		}
		n, err := in.ReadAt(block[:min(int64(len(block)), size-at)], at)
		if err != nil && !errors.Is(err, io.EOF) || n == 0 {
			return Checked{}, onInput(j.In, errors.Join(err, io.ErrUnexpectedEOF))
		}
		h.Write(block[:n])
		at += int64(n)
	}
	c.SHA256 = hex.EncodeToString(h.Sum(nil))
	if j.ExpectSHA256 != "" && j.ExpectSHA256 != c.SHA256 {
		return Checked{}, &pdfsig.Error{Kind: pdfsig.Changed, Detail: "the document is not the one that was shown"}
	}
	return c, nil
}

// keyless stands for the key where only what the certificate tells of it matters.
type keyless struct{ public crypto.PublicKey }

// Public implements crypto.Signer.
func (k keyless) Public() crypto.PublicKey { return k.public }

// Sign implements crypto.Signer.
func (keyless) Sign(io.Reader, []byte, crypto.SignerOpts) ([]byte, error) {
	return nil, fail(BadRequest, "nothing is signed in a check")
}
