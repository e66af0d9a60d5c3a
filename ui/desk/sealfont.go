package desk

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"sync"

	"sealdesk/signer/seal"
	"sealdesk/signer/seal/sysfont"
)

// sealFonts are the fonts beside the seal's own from which rare characters are taken: found once, and kept.
type sealFonts struct {
	mu      sync.Mutex
	found   []*seal.Font
	lacking []rune // characters that no font has: not looked for again
}

// sealFont gives a font that writes as much of the text as this computer can: the seal's own, then those that the person added,
// then the system's.
//
// Error: that of ctx.
func (d *Desk) sealFont(ctx context.Context, text string) (*seal.Font, error) {
	f := &d.sealFonts
	f.mu.Lock()
	defer f.mu.Unlock()
	font := d.cfg.SealFont.Or(f.found...)
	missing := slices.DeleteFunc(font.Missing(text), func(r rune) bool { return slices.Contains(f.lacking, r) })
	if len(missing) == 0 {
		return font, nil
	}
	found, err := sysfont.Find(ctx, append([]string{d.fontFolder()}, d.cfg.FontFolders...), missing)
	if err != nil {
		return nil, err
	}
	f.found = append(f.found, found...)
	font = d.cfg.SealFont.Or(f.found...)
	f.lacking = append(f.lacking, font.Missing(string(missing))...)
	return font, nil
}

// MissingGlyphs names the characters of a text that no font of this computer can write, each once.
func (d *Desk) MissingGlyphs(ctx context.Context, text string) ([]rune, error) {
	font, err := d.sealFont(ctx, text)
	if err != nil {
		return nil, err
	}
	return font.Missing(text), nil
}

func (d *Desk) fontFolder() string { return filepath.Join(d.cfg.Folders.Data, "fonts") }

// AddSealFont takes a font file for rare characters, and gives its name.
func (d *Desk) AddSealFont(path string) (string, error) {
	font, err := sysfont.Load(path)
	if errors.Is(err, sysfont.ErrTooLarge) {
		return "", fault("font_too_large", err, "file", filepath.Base(path))
	}
	var bad *seal.FontError
	if err != nil && !errors.As(err, &bad) {
		return "", fault("file_unreadable", err, "file", filepath.Base(path))
	}
	if err != nil {
		return "", err
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return "", fault("file_unreadable", err, "file", filepath.Base(path))
	}
	if err := os.MkdirAll(d.fontFolder(), 0o700); err != nil {
		return "", diskError(d.fontFolder(), err)
	}
	if err := writeFile(filepath.Join(d.fontFolder(), fileName(filepath.Base(path), filepath.Ext(path))), data); err != nil {
		return "", err
	}
	d.sealFonts.mu.Lock()
	defer d.sealFonts.mu.Unlock()
	d.sealFonts.found, d.sealFonts.lacking = append(d.sealFonts.found, font), nil
	return font.Name(), nil
}
