package fonts

import (
	"context"
	"crypto/sha256"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"
)

// Face is one face of an installed font.
type Face struct {
	Families   []string // in several languages
	PostScript string
	File       string
}

// Set is what is installed. The nil Set has nothing.
type Set struct {
	faces    []Face
	families map[string]bool // in lower case
}

// newSet makes a set of faces.
func newSet(faces []Face) *Set {
	s := &Set{faces: faces, families: map[string]bool{}}
	for _, f := range faces {
		for _, name := range f.Families {
			s.families[strings.ToLower(name)] = true
		}
	}
	return s
}

// Has tells whether a family is installed. A name with @ before it is the same font for vertical text.
func (s *Set) Has(family string) bool {
	return s != nil && s.families[strings.ToLower(strings.TrimPrefix(family, "@"))]
}

// Digest is equal for equal sets.
func (s *Set) Digest() [sha256.Size]byte {
	if s == nil {
		return [sha256.Size]byte{}
	}
	var lines []string
	for _, f := range s.faces {
		lines = append(lines, fmt.Sprintf("%q", f))
	}
	slices.Sort(lines)
	return sha256.Sum256([]byte(strings.Join(lines, "\n")))
}

const listTimeout = 10 * time.Second

// Installed lists the fonts of this machine.
func Installed(ctx context.Context) (*Set, error) {
	if list, err := exec.LookPath("fc-list"); err == nil {
		return fontconfig(ctx, list)
	}
	return scan(ctx, folders())
}

func fontconfig(ctx context.Context, list string) (*Set, error) {
	ctx, cancel := context.WithTimeout(ctx, listTimeout)
	defer cancel()
	out, err := exec.CommandContext(ctx, list, "-f", `%{family}\t%{postscriptname}\t%{file}\n`).Output()
	if err != nil {
		return nil, err
	}
	var faces []Face
	for line := range strings.Lines(string(out)) {
		f := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		if len(f) != 3 {
			continue
		}
		faces = append(faces, Face{Families: strings.Split(strings.ReplaceAll(f[0], `\-`, "-"), ","), PostScript: f[1], File: f[2]})
	}
	return newSet(faces), nil
}

// folders are where the systems without fontconfig keep fonts.
func folders() []string {
	switch runtime.GOOS {
	case "windows":
		return []string{filepath.Join(os.Getenv("SystemRoot"), "Fonts"), filepath.Join(os.Getenv("LOCALAPPDATA"), "Microsoft", "Windows", "Fonts")}
	case "darwin":
		return []string{"/System/Library/Fonts", "/System/Library/AssetsV2", "/Library/Fonts", filepath.Join(os.Getenv("HOME"), "Library", "Fonts")}
	}
	return nil
}

const maxFiles = 20000 // looked at in all folders

// scan reads the names out of the font files below folders. Files that are none are passed over.
func scan(ctx context.Context, folders []string) (*Set, error) {
	var faces []Face
	files := 0
	for _, folder := range folders {
		err := filepath.WalkDir(folder, func(path string, d fs.DirEntry, err error) error {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			switch strings.ToLower(filepath.Ext(path)) {
			case ".ttf", ".ttc", ".otf", ".otc":
			default:
				return nil
			}
			if files++; err != nil || files > maxFiles {
				return nil
			}
			f, err := os.Open(path)
			if err != nil {
				return nil
			}
			defer f.Close()
			found, err := facesOf(f)
			if err != nil {
				return nil
			}
			for _, face := range found {
				face.File = path
				faces = append(faces, face)
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return newSet(faces), nil
}

// Chinese tells whether a font with Chinese characters is installed; known is false where fontconfig is not used (Windows,
// macOS, which bring such fonts).
func Chinese(ctx context.Context) (installed, known bool) {
	list, err := exec.LookPath("fc-list")
	if err != nil {
		return false, false
	}
	ctx, cancel := context.WithTimeout(ctx, listTimeout)
	defer cancel()
	out, err := exec.CommandContext(ctx, list, ":lang=zh-cn", "family").Output()
	return len(strings.TrimSpace(string(out))) > 0, err == nil
}
