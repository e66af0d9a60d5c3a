package judgement

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"os"
	"path/filepath"
	"time"

	"sealdesk/assets"
	"sealdesk/signer/paper"
	"sealdesk/signer/preview"
	"sealdesk/signer/verify"
	"sealdesk/ui/desk/words"
)

// A page of a revision is shown only of files up to this size, since it is opened
// in memory; and only for so many signatures.
const (
	mostShown   = 64 << 20 // bytes
	mostPages   = 20
	shownPixels = 827 // A4 at 100 dpi
)

// Examiner judges files and writes that down.
type Examiner struct {
	Words    *words.Catalog
	Renderer *preview.Renderer
	Options  verify.Options
	Judge    string // the program and its version
}

// Write judges the file and returns the report as a PDF, with the page on which
// each seal stands as its signer saw it. Errors are of reading the file, of
// writing with the fonts, and the context's; a page that cannot be drawn is left
// out.
func (e Examiner) Write(ctx context.Context, path string) (*verify.Report, []byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, nil, err
	}
	at := time.Now()
	report, err := verify.File(ctx, f, info.Size(), e.Options)
	if err != nil {
		return nil, nil, err
	}
	digest := sha256.New()
	if _, err := io.Copy(digest, io.NewSectionReader(f, 0, info.Size())); err != nil {
		return nil, nil, err
	}
	regular, err := paper.ParseFace(assets.SansRegular())
	if err != nil {
		return nil, nil, err
	}
	bold, err := paper.ParseFace(assets.SansMedium())
	if err != nil {
		return nil, nil, err
	}
	data, err := Paper(e.Words, regular, bold, File{
		Name: filepath.Base(path), SHA256: hex.EncodeToString(digest.Sum(nil)), Size: info.Size(), At: at, Judge: e.Judge,
	}, Read(e.Words, report), e.show(ctx, path, report))
	return report, data, err
}

// show draws for each signature the first page on which it shows, of the revision that it signed.
func (e Examiner) show(ctx context.Context, path string, r *verify.Report) []*Shown {
	out := make([]*Shown, len(r.Signatures))
	for i := range r.Signatures[:min(len(r.Signatures), mostPages)] {
		s := &r.Signatures[i]
		page := firstPage(s)
		if page == 0 || s.RevisionEnd == 0 || s.RevisionEnd > mostShown {
			continue
		}
		doc, err := e.Renderer.OpenRevision(ctx, path, s.RevisionEnd)
		if err != nil {
			continue
		}
		if m, err := doc.Render(ctx, page, shownPixels); err == nil {
			out[i] = &Shown{Page: page, Picture: m}
		}
		doc.Close()
	}
	return out
}

func firstPage(s *verify.Signature) int {
	for _, w := range s.Widgets {
		if w.Page > 0 && w.Rect[2] > w.Rect[0] {
			return w.Page
		}
	}
	return 0
}
