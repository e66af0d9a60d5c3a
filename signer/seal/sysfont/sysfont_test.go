package sysfont_test

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"sealdesk/assets"
	"sealdesk/signer/seal"
	"sealdesk/signer/seal/sysfont"
)

func write(t *testing.T, path string, data []byte) string {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, data, 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestFindTakesTheLikeliestFont(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "aaa.otf"), assets.SansRegular())
	write(t, filepath.Join(dir, "sub", "song.otf"), assets.SerifBold())
	write(t, filepath.Join(dir, "broken-song.ttf"), []byte("no font"))
	write(t, filepath.Join(dir, "song.txt"), assets.SerifBold())

	found, err := sysfont.Find(t.Context(), []string{filepath.Join(dir, "none"), dir}, []rune("䶮堃"))
	if err != nil || len(found) != 1 || !strings.Contains(found[0].Name(), "Serif") {
		t.Fatalf("found %d fonts, %v", len(found), err)
	}
	if missing := found[0].Missing("䶮堃"); len(missing) != 0 {
		t.Errorf("it lacks %q", missing)
	}
}

func TestFindOfWhatNoFontHas(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "song.otf"), assets.SerifBold())
	found, err := sysfont.Find(t.Context(), []string{dir}, []rune("\U0010FFFD"))
	if err != nil || len(found) != 0 {
		t.Errorf("found %d fonts, %v", len(found), err)
	}
}

func TestFindCanBeCalledOff(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := sysfont.Find(ctx, sysfont.Folders(), []rune("䶮")); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
}

func TestLoadRefusesRubbish(t *testing.T) {
	var bad *seal.FontError
	if _, err := sysfont.Load(write(t, filepath.Join(t.TempDir(), "a.ttf"), []byte("no font"))); !errors.As(err, &bad) {
		t.Errorf("error %v", err)
	}
}

func TestLoadRefusesWhatIsNoFile(t *testing.T) {
	large := write(t, filepath.Join(t.TempDir(), "a.ttf"), nil)
	if err := os.Truncate(large, 96<<20+1); err != nil {
		t.Fatal(err)
	}
	if _, err := sysfont.Load(large); !errors.Is(err, sysfont.ErrTooLarge) {
		t.Errorf("of a file that is too large: %v", err)
	}
	if _, err := sysfont.Load(large + ".none"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("of no file: %v", err)
	}
}

// Links that lead nowhere, and folders that are not there, are passed over.
func TestFindPassesOverWhatCannotBeRead(t *testing.T) {
	dir := t.TempDir()
	if err := os.Symlink("none", filepath.Join(dir, "a.ttf")); err != nil {
		t.Skip(err) // Windows wants a privilege for it
	}
	found, err := sysfont.Find(t.Context(), []string{filepath.Join(dir, "none"), dir}, []rune("字"))
	if err != nil || len(found) != 0 {
		t.Errorf("%d fonts, %v", len(found), err)
	}
}

func TestFoldersAreAbsolute(t *testing.T) {
	for _, f := range sysfont.Folders() {
		if !filepath.IsAbs(f) {
			t.Errorf("%q is not absolute", f)
		}
	}
	if len(sysfont.Folders()) == 0 {
		t.Error("no folders")
	}
}
