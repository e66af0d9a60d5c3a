package bid

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/emmansun/gmsm/smx509"

	"sealdesk/signer/cms/cmstest"
)

// What the disk changed between writing and reading back is found, wherever it is.
func TestFaultOfTheDiskIsFound(t *testing.T) {
	ctx := context.Background()
	dir := t.TempDir()
	signer := cmstest.New(t, "sm2", cmstest.Options{})
	bidder := cmstest.New(t, "sm2", cmstest.Options{KeyUsage: smx509.KeyUsageKeyEncipherment})
	source := filepath.Join(dir, "source")
	if err := os.WriteFile(source, make([]byte, 1000), 0o600); err != nil {
		t.Fatal(err)
	}
	b := Builder{
		Tender: "T", Lot: "1", Bidder: Bidder{Code: "C", Name: "N"}, Program: "P", Signer: signer.Key, Chain: signer.Chain[:1], ChunkSize: 64,
		Parts:      []Source{{Code: "a", Kind: "k", Name: "a", Envelope: "e", Path: source}, {Code: "b", Kind: "k", Name: "b", Path: source}},
		Recipients: bidder.Chain[:1],
	}
	w, err := b.prepare()
	if err != nil {
		t.Fatal(err)
	}
	defer w.close()
	f, err := os.Create(filepath.Join(dir, "out"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := w.write(ctx, f); err != nil {
		t.Fatal(err)
	}
	if _, err := w.readBack(ctx, f); err != nil {
		t.Fatal(err)
	}
	info, err := f.Stat()
	if err != nil {
		t.Fatal(err)
	}
	for at := int64(0); at < info.Size(); at += 13 {
		one := make([]byte, 1)
		if _, err := f.ReadAt(one, at); err != nil {
			t.Fatal(err)
		}
		if _, err := f.WriteAt([]byte{one[0] ^ 0x20}, at); err != nil {
			t.Fatal(err)
		}
		if _, err := w.readBack(ctx, f); !errors.Is(err, &Error{Kind: NotVerified}) {
			t.Errorf("byte %d of %d: %v", at, info.Size(), err)
		}
		if _, err := f.WriteAt(one, at); err != nil {
			t.Fatal(err)
		}
	}
}
