package bid_test

import (
	"context"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"sealdesk/signer/verify"
)

// Of a content of 128 MiB not a fifth is ever allocated, all in all, whatever is done to it.
func TestMemoryDoesNotGrow(t *testing.T) {
	const size, most = 128 << 20, 24 << 20
	ctx := context.Background()
	p := newParties(t, "rsa")
	b, _ := p.builder(t, 1)
	b.Outer = false
	if err := os.Truncate(b.Parts[0].Path, size); err != nil {
		t.Fatal(err)
	}
	allocates := func(what string, work func() error) {
		t.Helper()
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		if err := work(); err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		runtime.ReadMemStats(&after)
		if n := after.TotalAlloc - before.TotalAlloc; n > most {
			t.Errorf("%s allocates %d MiB", what, n>>20)
		}
	}
	allocates("building", func() error { _, err := b.Build(ctx); return err })
	f := open(t, b.Out)
	allocates("verifying", func() error { _, err := f.Verify(ctx, verify.Options{}, nil); return err })
	wrapped := filepath.Join(t.TempDir(), "wrapped.bid")
	allocates("wrapping", func() error { return f.Wrap(ctx, p.platform.Certificate, wrapped, nil) })
	outer := open(t, wrapped)
	allocates("unwrapping", func() error {
		if _, err := outer.OpenOuter("技术", p.platform); err != nil {
			return err
		}
		return outer.Unwrapped(ctx, wrapped+"2", nil)
	})
	allocates("decrypting", func() error {
		opened, err := f.OpenInner("技术", p.bidder)
		if err != nil {
			return err
		}
		r, err := opened.Part("a")
		if err != nil {
			return err
		}
		return r.Save(ctx, filepath.Join(t.TempDir(), "part"), nil)
	})
}
