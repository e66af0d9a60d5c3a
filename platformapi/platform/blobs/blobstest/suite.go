package blobstest

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"io/fs"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"

	"sealdesk/platformapi/platform/blobs"
)

// Run runs the suite on a store without files; staging must be on its file system where that matters.
func Run(t *testing.T, store blobs.Store, staging *blobs.Staging) {
	keep := func(content []byte) (string, error) {
		s, err := staging.Stage(bytes.NewReader(content))
		if err != nil {
			t.Fatal(err)
		}
		defer s.Discard()
		return s.SHA256, store.Keep(t.Context(), s)
	}
	read := func(digest string) ([]byte, error) {
		r, err := store.Open(t.Context(), digest)
		if err != nil {
			return nil, err
		}
		b, err := io.ReadAll(r)
		return b, errors.Join(err, r.Close())
	}
	large := make([]byte, 6<<20+1)
	random := rand.NewChaCha8([32]byte{1})
	_, _ = random.Read(large) // it never fails
	for name, content := range map[string][]byte{"empty": {}, "small": []byte("合同"), "large": large} {
		sum := sha256.Sum256(content)
		for range 2 { // a second time it is the same
			digest, err := keep(content)
			if err != nil || digest != hex.EncodeToString(sum[:]) {
				t.Fatalf("%s: kept as %s, %v", name, digest, err)
			}
			if got, err := read(digest); err != nil || !bytes.Equal(got, content) {
				t.Errorf("%s: %d bytes of %d came back, %v", name, len(got), len(content), err)
			}
		}
	}
	none := strings.Repeat("0", 64)
	digest, err := keep([]byte("short-lived"))
	if err != nil {
		t.Fatal(err)
	}
	for _, bad := range []string{none, "", "x", "../" + digest, strings.ToUpper(digest), digest[:62], digest + "00", strings.Repeat("/", 64)} {
		if _, err := read(bad); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("open %q: %v", bad, err)
		}
		if err := store.Remove(t.Context(), bad); err != nil {
			t.Errorf("remove %q: %v", bad, err)
		}
	}
	if got, err := read(digest); err != nil || string(got) != "short-lived" {
		t.Errorf("%q, %v", got, err)
	}
	if err := store.Remove(t.Context(), digest); err != nil {
		t.Error(err)
	}
	if _, err := read(digest); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("after Remove: %v", err)
	}

	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			if digest, err := keep([]byte("at once")); err != nil {
				t.Error(err)
			} else if got, err := read(digest); err != nil || string(got) != "at once" {
				t.Errorf("%q, %v", got, err)
			}
		})
	}
	all.Wait()

	ended, end := context.WithCancel(t.Context())
	end()
	s, err := staging.Stage(strings.NewReader("given up"))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Discard()
	if err := store.Keep(ended, s); err == nil {
		t.Error("a call that was given up kept the file")
	}
	if err := store.Ping(t.Context()); err != nil {
		t.Error(err)
	}
}
