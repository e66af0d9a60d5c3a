package desk

import (
	"bytes"
	"context"
	"errors"
	"image"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"sealdesk/signer/seal"
)

// A SealChoice is a seal that this party may put on, as the page shows it. Its picture is shared: it is only looked at.
type SealChoice struct {
	ID    string
	Title string // 合同专用章, 公章, or the file's name
	Seal  seal.Seal
}

// loadedSeal is an imported picture as it was when it was read.
type loadedSeal struct {
	size   int64
	time   time.Time
	choice SealChoice
}

const sealDPI = 600

// contractSeal is what a contract seal bears, whatever the language of the window.
const contractSeal = "合同专用章"

// Seals are the party's: its contract seal and its official seal, drawn from the name in the certificate, and pictures
// that were imported. A name that cannot be drawn, for want of a glyph, leaves the pictures; without any it is the error.
func (s *Session) Seals() ([]SealChoice, error) {
	s.sealsMu.Lock()
	defer s.sealsMu.Unlock()
	var drawErr error
	if s.drawn == nil {
		s.drawn, drawErr = s.draw()
	}
	out := append([]SealChoice(nil), s.drawn...)
	files, err := filepath.Glob(filepath.Join(s.sealFolder(), "*.png"))
	if err != nil {
		return nil, err
	}
	for _, path := range files {
		info, err := os.Stat(path)
		if err != nil {
			continue // gone since
		}
		name := filepath.Base(path)
		had, ok := s.loaded[name]
		if !ok || had.size != info.Size() || !had.time.Equal(info.ModTime()) {
			picture, err := loadSeal(path)
			if err != nil {
				continue // said when it was imported; a file that went bad since is left out
			}
			title := name[:len(name)-len(".png")]
			had = loadedSeal{info.Size(), info.ModTime(), SealChoice{ID: name, Title: title, Seal: pressed(title, picture)}}
			s.loaded[name] = had
		}
		out = append(out, had.choice)
	}
	if len(out) == 0 {
		return nil, drawErr
	}
	return out, nil
}

func (s *Session) draw() ([]SealChoice, error) {
	t := s.desk.cfg.Words.T
	var out []SealChoice
	for _, kind := range []string{"contract", "official"} {
		style := seal.Style{Name: s.key.Owner, Number: sealNumber(s.key.USCC)}
		if kind == "contract" {
			style.Bottom = contractSeal
		}
		drawn, err := seal.Make(s.desk.cfg.SealFont, style, sealDPI)
		if err != nil {
			return nil, err
		}
		out = append(out, SealChoice{ID: kind, Title: t("seal." + kind), Seal: drawn})
	}
	return out, nil
}

func (s *Session) sealFolder() string { return filepath.Join(s.dir, "seals") }

// maxSeal bounds a seal's picture, in bytes.
const maxSeal = 8 << 20

// ImportSeal takes a PNG picture of a seal among the party's seals. A picture that is there already is not taken twice;
// another one of the same name gets a number.
func (s *Session) ImportSeal(_ context.Context, path string) error {
	name := filepath.Base(path)
	in, err := os.Open(path)
	if err != nil {
		return fault("file_unreadable", err, "file", name)
	}
	defer in.Close()
	data, err := io.ReadAll(io.LimitReader(in, maxSeal+1))
	if err != nil {
		return fault("file_unreadable", err, "file", name)
	}
	if _, err := seal.Load(bytes.NewReader(data), seal.Limits{Bytes: maxSeal}); err != nil {
		return err
	}
	s.sealsMu.Lock()
	defer s.sealsMu.Unlock()
	if err := os.MkdirAll(s.sealFolder(), 0o700); err != nil {
		return diskError(s.sealFolder(), err)
	}
	stem := fileName(name[:len(name)-len(filepath.Ext(name))]+".png", ".png")
	stem = stem[:len(stem)-len(".png")]
	for n := 1; ; n++ {
		to := filepath.Join(s.sealFolder(), stem+".png")
		if n > 1 {
			to = filepath.Join(s.sealFolder(), stem+" ("+strconv.Itoa(n)+").png")
		}
		there, err := os.ReadFile(to)
		switch {
		case err == nil && bytes.Equal(there, data):
			return nil
		case errors.Is(err, fs.ErrNotExist):
			return writeFile(to, data)
		case err != nil:
			return diskError(to, err)
		}
	}
}

func loadSeal(path string) (*image.NRGBA, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return seal.Load(f, seal.Limits{Bytes: maxSeal})
}

// pressed gives a picture the size of a seal: its longer side as long as a contract seal is wide.
func pressed(name string, m *image.NRGBA) seal.Seal {
	w, h := float64(m.Rect.Dx()), float64(m.Rect.Dy())
	scale := seal.DefaultDiameterMM / max(w, h)
	return seal.Seal{Name: name, Image: m, WidthMM: w * scale, HeightMM: h * scale}
}

// sealNumber is the seal's number under the arc: the middle of the 统一社会信用代码, 13 digits as the police's seal
// registers have them, until a registered number is known.
func sealNumber(uscc string) string {
	digits := make([]byte, 0, 13)
	for i := 2; i < len(uscc) && len(digits) < 13; i++ {
		if uscc[i] >= '0' && uscc[i] <= '9' {
			digits = append(digits, uscc[i])
		}
	}
	return string(digits)
}
