package verify

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"testing"

	"sealdesk/signer/cms/cmstest"
)

// failing does something else instead of the n-th read, from 1, and counts them all.
type failing struct {
	io.ReaderAt
	n, reads int
	instead  func() error // nil: it is read after all
}

func (f *failing) ReadAt(p []byte, off int64) (int, error) {
	if f.reads++; f.reads == f.n {
		if err := f.instead(); err != nil {
			return 0, err
		}
	}
	return f.ReaderAt.ReadAt(p, off)
}

// papersToRead are files of which different parts of the package read.
func papersToRead(t *testing.T, buyer *cmstest.Party) map[string][]byte {
	signed := newPaper(t)
	signed.sign(buyer, signing{rect: "[400 100 520 220]"})
	later := signed.clone()
	later.update(map[int]string{objCatalog: later.rootWith("DSS", "60 0 R"), 60: "<< /Type /DSS /Certs [61 0 R] >>", 61: stream("", "x"), objText: later.objects[objText]})
	broken := append(bytes.Replace(signed.data, []byte("startxref\n"), []byte("startxxxx\n"), 1), strings.Repeat(" ", 5000)...)
	stray := newPaper(t)
	stray.update(map[int]string{50: "<< /ByteRange", 51: "(x"})
	return map[string][]byte{"signed": signed.data, "with a later revision": later.data, "broken": broken, "with a stray signature": stray.data}
}

// TestAtEveryRead: whichever read fails, there is no verdict; and none where it is given up, after which nothing more is read.
func TestAtEveryRead(t *testing.T) {
	buyer := cmstest.New(t, "ecdsa", cmstest.Options{})
	opts := Options{Now: testNow}
	opts.Roots = append(opts.Roots, buyer.Root)
	disk := errors.New("bad sector")
	for name, data := range papersToRead(t, buyer) {
		whole := &failing{ReaderAt: bytes.NewReader(data)}
		if _, err := File(t.Context(), whole, int64(len(data)), opts); err != nil {
			t.Fatal(err)
		}
		for n := 1; n <= whole.reads; n++ {
			r, err := File(t.Context(), &failing{bytes.NewReader(data), n, 0, func() error { return disk }}, int64(len(data)), opts)
			if !errors.Is(err, disk) || r != nil {
				t.Errorf("%s: read %d of %d fails: %v %v", name, n, whole.reads, r, err)
			}
			ctx, giveUp := context.WithCancel(t.Context())
			until := &failing{bytes.NewReader(data), n, 0, func() error { giveUp(); return nil }}
			if r, err = File(ctx, until, int64(len(data)), opts); !errors.Is(err, context.Canceled) || r != nil || until.reads > n {
				t.Errorf("%s: given up at read %d of %d: %v %v after %d", name, n, whole.reads, r, err, until.reads)
			}
		}
	}
}
