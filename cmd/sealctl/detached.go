package main

import (
	"crypto/sha256"
	"encoding/hex"
	"io"
	"os"
	"path/filepath"

	"github.com/emmansun/gmsm/sm2"

	"sealdesk/signer"
	"sealdesk/signer/verify"
	"sealdesk/token/ca"
	"sealdesk/token/mobileca"
)

// detachedFlags are those of sign that make the signature a file of its own.
type detachedFlags struct {
	Detached bool `help:"sign_detached"`
	GM       bool `name:"gm" help:"sign_gm"`
	PEM      bool `name:"pem" help:"sign_pem"`
}

// detached signs a file of any kind and leaves it as it is. It prints {"file", "sha256", "size", "signer"} of the signature.
func (c *signCmd) detached(a *app) error {
	if !c.Detached || len(c.At) > 0 || c.Seal != "" || c.SealName != "" || c.Reason != "" || c.Form != "" || c.Accept {
		return fault("detached_flags")
	}
	if err := mustBeFree(c.Out); err != nil {
		return err
	}
	trusted, err := c.options()
	if err != nil {
		return err
	}
	a.asksFor(mobileca.Sign, filepath.Base(c.In), false)
	f, u, err := a.one(c.Token)
	if err != nil {
		return err
	}
	defer f.Close()
	id, err := f.signing(a.ctx, c.Cert)
	if err != nil {
		return err
	}
	if c.GM && !sm2.IsSM2PublicKey(id.Certificate().PublicKey) {
		return fault("gm_needs_sm2")
	}
	digest, err := digestOf(c.In)
	if err != nil {
		return err
	}
	key, err := a.key(f, u, id, c.PINFile)
	if err != nil {
		return err
	}
	show, end := a.tui.progress()
	defer end()
	job := signer.Detached{In: c.In, Out: c.Out, ExpectSHA256: digest, Key: key, Chain: chainOf(id), GM: c.GM, PEM: c.PEM, Roots: trusted.Roots}
	if show != nil {
		job.Progress = func(step signer.Step, done, total int64) { show(stepKeys[step], done, total) }
	}
	result, err := job.Run(a.ctx)
	end()
	if err != nil {
		return err
	}
	v := signedJSON{c.Out, result.SHA256, result.Size, ca.SubjectOf(id.Certificate()).Name}
	return a.tui.result(v, func() { a.tui.print("%s\t%s\t%s", v.File, v.SHA256, v.Signer) })
}

// judgeDetached gives the judge of a file whose signature is in a file of its own.
func (a *app) judgeDetached(signature string) func(path string, trusted verify.Options) (*verify.Report, error) {
	return func(path string, trusted verify.Options) (*verify.Report, error) {
		value, err := signer.ReadDetached(signature)
		if err != nil {
			return nil, fault("file_unreadable", "file", signature, "cause", err)
		}
		f, size, err := openRegular(path)
		if err != nil {
			return nil, err
		}
		defer f.Close()
		return verify.Detached(a.ctx, value, f, size, trusted)
	}
}

// digestOf is what will be signed, so that a file that changes while the PIN is typed is found out.
func digestOf(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", fault("file_unreadable", "file", path, "cause", err)
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", fault("file_unreadable", "file", path, "cause", err)
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}
