package signer

import (
	"crypto/sha256"
	"errors"
	"hash"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/emmansun/gmsm/sm3"

	"sealdesk/signer/cms/cmstest"
	"sealdesk/signer/pdf"
	"sealdesk/signer/pdf/pdftest"
)

// TestTheClickHashesNothingAnew: the states of the hashes that a signature and its reading back need are those behind the
// document's last byte.
func TestTheClickHashesNothingAnew(t *testing.T) {
	for alg, hashes := range map[string][]func() hash.Hash{"rsa": {sha256.New}, "sm2": {sha256.New, sm3.New}} {
		dir := t.TempDir()
		in := filepath.Join(dir, "in.pdf")
		f, err := os.Create(in)
		if err != nil {
			t.Fatal(err)
		}
		doc := pdftest.NewLarge(pdf.Table, 3<<20+12345)
		if _, err := io.Copy(f, io.NewSectionReader(doc, 0, doc.Size())); err != nil {
			t.Fatal(err)
		}
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
		p := cmstest.New(t, alg, cmstest.Options{})
		c, err := Job{In: in, Out: filepath.Join(dir, "out.pdf"), Chain: p.Chain}.Begin(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for i, h := range hashes {
			if at := c.known.Resume(h(), c.size); at != c.size {
				t.Errorf("%s, hash %d: known up to byte %d of %d", alg, i, at, c.size)
			}
		}
		c.Discard()
	}
}

func TestACopyIsHeldAgainstWhatWasWritten(t *testing.T) {
	b := &block{data: []byte("block"), at: 3}
	for name, tc := range map[string]struct {
		disk string
		want error
	}{
		"as it was written": {"xxxblock", nil},
		"altered":           {"xxxblick", &Error{Kind: NotVerified}},
		"elsewhere":         {"xxblock.", &Error{Kind: NotVerified}},
		"cut":               {"xxxbloc", &Error{Kind: NotVerified}},
	} {
		if err := foundAgain(strings.NewReader(tc.disk), b, make([]byte, 8)); !errors.Is(err, tc.want) || (err == nil) != (tc.want == nil) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestWhatTheDiskSaidEarlyIsNotForgotten: a disk tells of a failure only once, and then that was before the click.
func TestWhatTheDiskSaidEarlyIsNotForgotten(t *testing.T) {
	d, err := newDraft(filepath.Join(t.TempDir(), "out.pdf"))
	if err != nil {
		t.Fatal(err)
	}
	defer d.Discard()
	if d.beginSync(); d.sync() != nil {
		t.Error("a healthy disk fails")
	}
	broken := errors.New("input/output error")
	d.early = make(chan error, 1)
	d.early <- broken
	if err := d.sync(); !errors.Is(err, broken) {
		t.Errorf("error %v", err)
	}
	if err := d.sync(); err != nil {
		t.Errorf("told twice: %v", err)
	}
}
