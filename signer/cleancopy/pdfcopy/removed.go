package pdfcopy

import (
	"math"
	"slices"
	"strings"

	"sealdesk/signer/cleancopy/pdfclean"
	"sealdesk/signer/pdf"
	"sealdesk/signer/preview"
)

// removed finds the words that were taken out of the pages, by holding the words of versions of the document against each
// other: one in which nothing was taken out, one without its hidden layers, and the copy. PDFium knows the words of any
// font; a version is made only where something was taken out by its kind.
type removed struct {
	pages     map[int]pdfclean.Removal
	all       *preview.Document // nothing taken out; nil where no layer was
	invisible *preview.Document // layers taken out, invisible text not; nil where no such text was
}

func (w *work) removed(f *pdf.File, built *pdfclean.Built) (r *removed, err error) {
	r = &removed{pages: map[int]pdfclean.Removal{}}
	defer func() {
		if err != nil {
			r.close()
		}
	}()
	layers, text := false, false
	for _, p := range built.Removed {
		r.pages[p.Page] = p
		layers = layers || len(p.Layers) > 0
		text = text || p.Invisible > 0
	}
	if layers {
		if r.all, err = w.version(f, pdfclean.Options{KeepLayers: true, KeepInvisible: true}); err != nil {
			return nil, err
		}
	}
	if text || layers {
		if r.invisible, err = w.version(f, pdfclean.Options{KeepInvisible: true}); err != nil {
			return nil, err
		}
	}
	return r, nil
}

func (w *work) version(f *pdf.File, o pdfclean.Options) (*preview.Document, error) {
	out, _, err := w.write(f, o)
	if err != nil {
		return nil, err
	}
	d, err := w.Engine.OpenBytes(w.ctx, out)
	if err != nil {
		return nil, unshowable(err)
	}
	return d, nil
}

func (r *removed) close() {
	for _, d := range []*preview.Document{r.all, r.invisible} {
		if d != nil {
			_ = d.Close()
		}
	}
}

// page tells what was taken out of page n. glyphs are those that are left, s is how the page looks.
func (r *removed) page(w *work, n int, glyphs []preview.Glyph, s sight) error {
	p, ok := r.pages[n]
	if !ok {
		return nil
	}
	with, err := r.invisible.Glyphs(w.ctx, n)
	if err != nil {
		return err
	}
	if len(p.Layers) > 0 {
		all, err := r.all.Glyphs(w.ctx, n)
		if err != nil {
			return err
		}
		labels, count := []string{}, 0
		for label, c := range p.Layers {
			labels, count = append(labels, label), count+c
		}
		slices.Sort(labels)
		gone := missing(all, with)
		text := strings.Join(labels, ", ") + ": " + strings.Join(pick(all, func(g preview.Glyph) bool { return gone[g] }), " ")
		w.take(pdfclean.KindHiddenLayer, n, text, count)
	}
	if p.Invisible > 0 {
		r.invisibleText(w, p, with, missing(with, glyphs), s)
	}
	return nil
}

// invisibleText tells of text that draws nothing. Most of it was put by a program that recognized the words of a scan, and
// lies over their picture; what lies over nothing was hidden by somebody.
func (r *removed) invisibleText(w *work, p pdfclean.Removal, with []preview.Glyph, gone map[preview.Glyph]bool, s sight) {
	over := map[preview.Glyph]bool{}
	for g := range gone {
		if s.shows(g.Rect) {
			over[g] = true
		}
	}
	scan := len(gone) > 0 && 2*len(over) > len(gone)
	told := false
	for _, line := range pick(with, func(g preview.Glyph) bool { return gone[g] && !(scan && over[g]) }) {
		w.take(pdfclean.KindInvisibleText, p.Page, line, 1)
		told = true
	}
	if scan {
		w.take(pdfclean.KindRecognized, p.Page, strings.Join(pick(with, func(g preview.Glyph) bool { return over[g] }), " "), len(over))
		told = true
	}
	if !told { // it has no characters that PDFium knows
		w.take(pdfclean.KindInvisibleText, p.Page, "", p.Invisible)
	}
}

func (w *work) take(kind string, page int, text string, count int) {
	if !pdfclean.Add(&w.TakenOut, kind, page, text, count) {
		w.Truncated = true
	}
}

// missing gives the glyphs of a page that another version of it lacks. Places may differ by as much as rounding moves them.
func missing(from, in []preview.Glyph) map[preview.Glyph]bool {
	type place struct {
		r    rune
		x, y int
	}
	at := func(g preview.Glyph, dx, dy int) place {
		return place{g.Rune, int(math.Floor(g.Rect[0])) + dx, int(math.Floor(g.Rect[1])) + dy}
	}
	have := map[place]bool{}
	for _, g := range in {
		for dx := -1; dx <= 1; dx++ {
			for dy := -1; dy <= 1; dy++ {
				have[at(g, dx, dy)] = true
			}
		}
	}
	gone := map[preview.Glyph]bool{}
	for _, g := range from {
		if !have[at(g, 0, 0)] {
			gone[g] = true
		}
	}
	return gone
}
