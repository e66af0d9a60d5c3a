package previewtest

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
)

func TestCache(t *testing.T) {
	named := filepath.Join(t.TempDir(), "named")
	t.Setenv("SEALDESK_TEST_CACHE", named)
	if got := Cache(); got != named {
		t.Error(got)
	}
	cache := filepath.Join(t.TempDir(), "program", "cache")
	if err := Lend(cache); err != nil {
		t.Fatal(err)
	}
	if to, err := os.Readlink(filepath.Join(cache, "pdf-engine")); err != nil || to != named {
		t.Errorf("%q %v", to, err)
	}
	if err := Lend(cache); !errors.Is(err, fs.ErrExist) {
		t.Errorf("a second time: %v", err)
	}
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	var at *fs.PathError
	if err := Lend(filepath.Join(file, "below")); !errors.As(err, &at) {
		t.Errorf("below a file: %v", err)
	}
	t.Setenv("SEALDESK_TEST_CACHE", "")
	for _, name := range []string{"HOME", "XDG_CACHE_HOME", "LocalAppData"} {
		t.Setenv(name, "")
	}
	if got, want := Cache(), filepath.Join(os.TempDir(), "sealdesk-test", "pdfium"); got != want {
		t.Errorf("without a folder of the person's it is %s, want %s", got, want)
	}
}
