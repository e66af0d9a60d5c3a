package sysfont

import (
	"cmp"
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"sealdesk/signer/disk"
	"sealdesk/signer/seal"
)

// Bounds of the search.
const (
	maxFonts = 4000     // files that are looked at
	maxSize  = 96 << 20 // bytes of one
)

// ErrTooLarge says that a file is larger than any font.
var ErrTooLarge = errors.New("the file is too large for a font")

var endings = []string{".ttf", ".otf", ".ttc", ".otc"}

// Find gives fonts that together write as many of the characters as the folders' fonts can, those that resemble a seal's face
// first. Folders and files that cannot be read are passed over; what no font has is simply not there afterwards.
//
// Error: that of ctx.
func Find(ctx context.Context, folders []string, runes []rune) ([]*seal.Font, error) {
	var found []*seal.Font
	for _, path := range files(ctx, folders) {
		if len(runes) == 0 || ctx.Err() != nil {
			break
		}
		if !has(path, runes) {
			continue
		}
		font, err := Load(path)
		if err != nil {
			continue
		}
		if missing := font.Missing(string(runes)); len(missing) < len(runes) {
			found, runes = append(found, font), missing
		}
	}
	return found, ctx.Err()
}

// has looks into the table of characters of a font, and leaves the rest of the file alone.
func has(path string, runes []rune) bool {
	f, err := os.Open(path)
	if err != nil {
		return false
	}
	defer f.Close()
	font, err := seal.OpenFont(f)
	return err == nil && len(font.Missing(string(runes))) < len(runes)
}

// Load reads a font file whole. Errors: ErrTooLarge, *seal.FontError, or the file's own.
func Load(path string) (*seal.Font, error) {
	data, err := disk.Read(path, maxSize)
	if errors.Is(err, disk.ErrTooLarge) {
		return nil, ErrTooLarge
	}
	if err != nil {
		return nil, err
	}
	return seal.ParseFont(data)
}

// files lists font files, the likeliest first.
func files(ctx context.Context, folders []string) []string {
	var found []string
	for _, folder := range folders {
		_ = filepath.WalkDir(folder, func(path string, d fs.DirEntry, err error) error {
			switch {
			case ctx.Err() != nil || len(found) == maxFonts:
				return fs.SkipAll
			case err != nil:
				return nil // of a folder that cannot be read, or is not there, nothing is known
			case !d.IsDir() && slices.Contains(endings, strings.ToLower(filepath.Ext(path))):
				found = append(found, path)
			}
			return nil
		})
	}
	slices.SortStableFunc(found, func(a, b string) int { return cmp.Compare(likeness(a), likeness(b)) })
	return found
}

// Names of files whose faces resemble those that seals are cut in, the nearest first; the numbers of the second column are the
// order in which they are tried. Fonts of the far planes (SimSun-ExtB, Plangothic, HanaMin) come after the common ones.
var likes = []struct {
	part string
	rank int
}{
	{"serifcjk-bold", 0}, {"serifsc-bold", 0}, {"songti", 1}, {"simsun", 1}, {"serifcjk", 1}, {"serif", 2}, {"song", 1}, {"sung", 1},
	{"ming", 1}, {"hanamin", 2}, {"plangothic", 4}, {"kai", 3}, {"fang", 3}, {"cjk", 4}, {"hei", 4}, {"yahei", 4},
}

func likeness(path string) int {
	name := strings.ToLower(filepath.Base(path))
	for _, l := range likes {
		if strings.Contains(name, l.part) {
			return l.rank
		}
	}
	return 5
}
