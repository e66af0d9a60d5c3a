package pdfcopy

import (
	"bytes"
	"context"
	"errors"
	"image"
	"math"
	"slices"
	"strings"

	"sealdesk/signer/cleancopy/pdfclean"
	"sealdesk/signer/cleancopy/refusal"
	"sealdesk/signer/pdf"
	"sealdesk/signer/preview"
)

// How pages are held against each other.
const (
	resolution = 100 // dots an inch
	tolerance  = 40  // of 255, by which a colour may differ
	tolerated  = 30  // dots of a page that may differ more
)

// When words are called hard to see.
const (
	tiny     = 1.5 // points: the height, and the width, of what a character inks
	contrast = 24  // of 255: that a character's ground must vary by to show it
	pad      = 1   // dots around a character that count as its ground
)

// look holds the copy's pages against the original's, and tells which words were taken out and which are hard to see.
func (w *work) look(f *pdf.File, clean []byte, built *pdfclean.Built) error {
	before, err := w.Engine.OpenBytes(w.ctx, w.original)
	if err != nil {
		return unshowable(err)
	}
	defer before.Close()
	after, err := w.Engine.OpenBytes(w.ctx, clean)
	if err != nil {
		return unshowable(err)
	}
	defer after.Close()
	if before.Pages() != after.Pages() {
		return changed(min(before.Pages(), after.Pages()) + 1)
	}
	flat := (*preview.Document)(nil)
	if w.flat != nil {
		if flat, err = w.Engine.OpenBytes(w.ctx, w.flat); err != nil {
			return unshowable(err)
		}
		defer flat.Close()
	}
	words, err := w.removed(f, built)
	if err != nil {
		return err
	}
	defer words.close()
	for n := 1; n <= after.Pages(); n++ {
		picture, err := w.compare(before, flat, after, n)
		if err != nil {
			return err
		}
		if err := w.words(after, n, picture, words); err != nil {
			return unshowable(err)
		}
		w.tell(StageCheck, float64(n)/float64(after.Pages()))
	}
	return nil
}

func unshowable(err error) error {
	return refusal.Wrap(refusal.Damaged, err, "the PDF cannot be shown", map[string]any{"type": "pdf", "detail": err.Error()})
}

func changed(page int) error {
	return refusal.New(refusal.AppearanceChanged, "the clean copy would look different", map[string]any{"page": page})
}

// compare draws a page of all versions, at the same time, and gives the copy's picture. PDFium draws form fields on their
// own, and annotations of layers that are not shown; the original is compared outside these. Other annotations' lines may
// lie a fraction of a dot aside. But what PDFium made of the page when it flattened it must be what the copy shows.
func (w *work) compare(before, flat, after *preview.Document, n int) (*image.RGBA, error) {
	type drawn struct {
		picture *image.RGBA
		err     error
	}
	original := make(chan drawn, 1)
	go func() {
		p, err := draw(w.ctx, before, n)
		original <- drawn{p, err}
	}()
	picture, err := draw(w.ctx, after, n)
	old := <-original
	if err = errors.Join(old.err, err); err != nil {
		return nil, unshowable(err)
	}
	if flat != nil {
		flattened, err := draw(w.ctx, flat, n)
		if err != nil {
			return nil, unshowable(err)
		}
		if !alike(flattened, picture, nil, nil) {
			return nil, changed(n)
		}
	}
	g, err := before.Geometry(w.ctx, n)
	if err != nil {
		return nil, unshowable(err)
	}
	s := sight{geometry: g, picture: picture}
	var apart, about []image.Rectangle
	for _, p := range w.places[n] {
		if p.Apart {
			apart = append(apart, s.area(p.Rect))
		} else {
			about = append(about, s.area(p.Rect))
		}
	}
	if !alike(old.picture, picture, apart, about) {
		return nil, changed(n)
	}
	return picture, nil
}

func draw(ctx context.Context, d *preview.Document, n int) (*image.RGBA, error) {
	width, _, err := d.PageSize(ctx, n)
	if err != nil {
		return nil, err
	}
	return d.RenderPrinted(ctx, n, int(math.Round(min(width*resolution/72, preview.MaxSide))))
}

// alike compares two pictures but for some areas; in others, what is a little aside is alike.
func alike(a, b *image.RGBA, except, about []image.Rectangle) bool {
	if a.Rect != b.Rect || len(a.Pix) != len(b.Pix) {
		return false
	}
	if bytes.Equal(a.Pix, b.Pix) {
		return true
	}
	different := 0
	for i := 0; i+3 < len(a.Pix); i += 4 {
		if near(a.Pix[i:i+3], b.Pix[i:i+3]) {
			continue
		}
		at := image.Pt(i%a.Stride/4, i/a.Stride)
		if slices.ContainsFunc(except, at.In) || slices.ContainsFunc(about, at.In) && near(mean(a, at), mean(b, at)) {
			continue
		}
		if different++; different > tolerated {
			return false
		}
	}
	return true
}

func near(a, b []uint8) bool {
	for c := range 3 {
		if d := int(a[c]) - int(b[c]); d > tolerance || d < -tolerance {
			return false
		}
	}
	return true
}

// mean is the colour of five by five dots.
func mean(m *image.RGBA, at image.Point) []uint8 {
	area := image.Rect(at.X-2, at.Y-2, at.X+3, at.Y+3).Intersect(m.Rect)
	var sum [3]int
	for y := area.Min.Y; y < area.Max.Y; y++ {
		for x := area.Min.X; x < area.Max.X; x++ {
			c := m.RGBAAt(x, y)
			sum[0], sum[1], sum[2] = sum[0]+int(c.R), sum[1]+int(c.G), sum[2]+int(c.B)
		}
	}
	n := area.Dx() * area.Dy()
	return []uint8{uint8(sum[0] / n), uint8(sum[1] / n), uint8(sum[2] / n)}
}

// words tells which words of page n were taken out, and which stay though they are hard to see.
func (w *work) words(after *preview.Document, n int, picture *image.RGBA, r *removed) error {
	g, err := after.Geometry(w.ctx, n)
	if err != nil {
		return err
	}
	s := sight{geometry: g, picture: picture}
	_, lost := r.pages[n]
	if !lost {
		pieces, err := after.TextRects(w.ctx, n)
		if err != nil {
			return err
		}
		if !slices.ContainsFunc(pieces, s.suspicious) {
			return nil
		}
	}
	glyphs, err := after.Glyphs(w.ctx, n)
	if err != nil {
		return err
	}
	if err := r.page(w, n, glyphs, s); err != nil {
		return err
	}
	for _, kind := range []string{pdfclean.KindUnseenText, pdfclean.KindTinyText, pdfclean.KindOutsideText} {
		for _, text := range pick(glyphs, func(g preview.Glyph) bool { return s.judge(g) == kind }) {
			w.doubt(pdfclean.Finding{Kind: kind, Page: n, Text: text, Count: 1})
		}
	}
	return nil
}

// maxDoubts bounds what is listed; a report is read by a person.
const maxDoubts = 2000

func (w *work) doubt(f pdfclean.Finding) {
	if len(w.Doubtful) == maxDoubts {
		w.Truncated = true
		return
	}
	w.Doubtful = append(w.Doubtful, f)
}

// sight is a page's picture and how it lies.
type sight struct {
	geometry preview.Geometry
	picture  *image.RGBA
}

// judge says why a character is hard to see, "" when it is not.
func (s sight) judge(g preview.Glyph) string {
	b := s.geometry.Box
	switch r := g.Rect; {
	case r[2] <= b[0] || r[0] >= b[2] || r[3] <= b[1] || r[1] >= b[3]:
		return pdfclean.KindOutsideText
	case r[2]-r[0] < tiny && r[3]-r[1] < tiny && !strings.ContainsRune(marks, g.Rune):
		return pdfclean.KindTinyText
	case !s.shows(r):
		return pdfclean.KindUnseenText
	}
	return ""
}

// suspicious tells whether some of a piece of text may be hard to see, so that its characters are worth a look one by one:
// where a stretch as long as the text is high shows nothing.
func (s sight) suspicious(r [4]float64) bool {
	b := s.geometry.Box
	width, height := r[2]-r[0], r[3]-r[1]
	if r[0] < b[0] || r[2] > b[2] || r[1] < b[1] || r[3] > b[3] || min(width, height) < 2*tiny {
		return true
	}
	step := min(width, height)
	for k := range int(max(width, height) / step) {
		part := r
		if width > height {
			part[0] += float64(k) * step
			part[2] = part[0] + step
		} else {
			part[1] += float64(k) * step
			part[3] = part[1] + step
		}
		if !s.shows(part) {
			return true
		}
	}
	return false
}

// marks ink little at any size.
const marks = ".,:;'`·•・。、，-–_’‘|¨˙"

// area gives the dots of a rectangle of the page and a little around it.
func (s sight) area(r [4]float64) image.Rectangle {
	width, _ := s.geometry.Size()
	scale := float64(s.picture.Rect.Dx()) / width
	x, y, w, h := s.geometry.RectToScreen(r)
	dots := func(v float64) int { return int(math.Max(-1, math.Min(v*scale, preview.MaxSide+1))) }
	area := image.Rect(dots(x)-pad, dots(y)-pad, dots(x+w)+1+pad, dots(y+h)+1+pad)
	return area.Intersect(s.picture.Rect)
}

// shows tells whether the picture varies where a character stands.
func (s sight) shows(r [4]float64) bool {
	area := s.area(r)
	if area.Empty() {
		return false
	}
	low, high := [3]uint8{255, 255, 255}, [3]uint8{}
	for y := area.Min.Y; y < area.Max.Y; y++ {
		row := s.picture.Pix[s.picture.PixOffset(area.Min.X, y):s.picture.PixOffset(area.Max.X, y)]
		for i := 0; i+3 < len(row); i += 4 {
			for c := range 3 {
				low[c], high[c] = min(low[c], row[i+c]), max(high[c], row[i+c])
				if int(high[c])-int(low[c]) > contrast {
					return true
				}
			}
		}
	}
	return false
}

// pick joins the characters that are wanted to lines of words, as they follow one another on the page.
func pick(glyphs []preview.Glyph, want func(preview.Glyph) bool) []string {
	var out []string
	var line strings.Builder
	end := func() {
		if line.Len() > 0 {
			out = append(out, line.String())
			line.Reset()
		}
	}
	last := -2
	for i, g := range glyphs {
		if !want(g) {
			continue
		}
		if last >= 0 {
			switch p := glyphs[last].Rect; {
			case g.Rect[1] > p[3]+1 || g.Rect[3] < p[1]-1: // above or below
				end()
			case i != last+1 || g.Rect[0]-p[2] > 0.25*max(p[3]-p[1], g.Rect[3]-g.Rect[1]):
				line.WriteByte(' ')
			}
		}
		line.WriteRune(g.Rune)
		last = i
	}
	end()
	return out
}
