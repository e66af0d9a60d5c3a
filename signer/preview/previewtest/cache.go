package previewtest

import (
	"os"
	"path/filepath"
)

// Cache is the folder of the code, for preview.Options: what SEALDESK_TEST_CACHE names, or one in the person's cache.
func Cache() string {
	if dir := os.Getenv("SEALDESK_TEST_CACHE"); dir != "" {
		return dir
	}
	dir, err := os.UserCacheDir()
	if err != nil {
		dir = os.TempDir()
	}
	return filepath.Join(dir, "sealdesk-test", "pdfium")
}

// Lend puts the code where a program with this cache folder looks for it. The folder is made when it is not there.
func Lend(cache string) error {
	code, err := filepath.Abs(Cache())
	if err != nil {
		return err
	}
	for _, dir := range []string{code, cache} {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return err
		}
	}
	return os.Symlink(code, filepath.Join(cache, "pdf-engine"))
}
