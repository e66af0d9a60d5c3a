package publiccopy

import (
	"context"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"math"
	"slices"
	"unicode"

	"sealdesk/signer/paper"
	"sealdesk/signer/preview"
)

// Words are hidden wherever they stand, on whatever line.
type Words struct {
	Text   string // 2 to 200 characters, white space not counted
	What   What
	Reason string
}

// A Page is hidden as a whole.
type Page struct {
	Number int // from 1
	What   What
	Reason string
}

// Options say what is hidden beside what is found by itself, and what the copy says of itself.
type Options struct {
	Words []Words
	Pages []Page
	Title string
	Lang  string // BCP 47
	// Foot is what each page says: that it is a copy for the public, and of which original.
	Foot     func(page, pages int, original string) string
	Progress func(done, total int) // after each page; may be nil
}

// Hidden is one kind of thing that was taken out.
type Hidden struct {
	What   What
	Reason string // of what a person named
	Count  int    // in how many places
	Pages  []int  // on which pages, from 1
}

// Report is what became of it.
type Report struct {
	Original string   // digest of what the copy is of, lower-case hex
	Hidden   []Hidden // in the order of the pages; of one page what was named before what was found by itself
	Blind    []int    // pages without any text that can be read: nothing was looked for there
	Missed   []string // words that stand nowhere
}

// Errors.
var (
	ErrWords = errors.New("publiccopy: words are too short or too long")
	ErrPage  = errors.New("publiccopy: there is no such page")
)

const (
	dpi      = 150
	minWords = 2
	maxWords = 200
)

// ink is what hidden places are painted with.
var ink = color.RGBA{0x26, 0x2b, 0x33, 0xff}

// Make makes the copy of an open document. regular and bold are the faces in which the foot is written.
func Make(ctx context.Context, doc *preview.Document, regular, bold *paper.Face, o Options) ([]byte, *Report, error) {
	for _, w := range o.Words {
		n := 0
		for _, r := range w.Text {
			if !unicode.IsSpace(r) {
				n++
			}
		}
		if n < minWords || n > maxWords {
			return nil, nil, fmt.Errorf("%w: %q", ErrWords, w.Text)
		}
	}
	for _, p := range o.Pages {
		if p.Number < 1 || p.Number > doc.Pages() {
			return nil, nil, fmt.Errorf("%w: %d", ErrPage, p.Number)
		}
	}
	report := &Report{Original: doc.SHA256()}
	out := paper.New(regular, bold, paper.Options{Title: o.Title, Lang: o.Lang, Foot: func(page, pages int) string {
		return o.Foot(page, pages, report.Original)
	}})
	t := tally{}
	for n := 1; n <= doc.Pages(); n++ {
		if err := t.page(ctx, doc, n, o, out, report); err != nil {
			return nil, nil, err
		}
		if o.Progress != nil {
			o.Progress(n, doc.Pages())
		}
	}
	report.Hidden = t.hidden
	for _, w := range o.Words {
		if !t.words[w.Text] {
			report.Missed = append(report.Missed, w.Text)
		}
	}
	data, err := out.Bytes()
	return data, report, err
}

// tally counts what was taken out.
type tally struct {
	hidden []Hidden
	words  map[string]bool // that were found somewhere
}

func (t *tally) find(what What, reason string) *Hidden {
	for i := range t.hidden {
		if h := &t.hidden[i]; h.What == what && h.Reason == reason {
			return h
		}
	}
	return nil
}

func (t *tally) add(what What, reason string, page int) {
	h := t.find(what, reason)
	if h == nil {
		t.hidden = append(t.hidden, Hidden{What: what, Reason: reason})
		h = &t.hidden[len(t.hidden)-1]
	}
	h.Count++
	if !slices.Contains(h.Pages, page) {
		h.Pages = append(h.Pages, page)
	}
}

// page draws a page, paints over what is hidden and adds the picture.
func (t *tally) page(ctx context.Context, doc *preview.Document, n int, o Options, out *paper.Document, report *Report) error {
	g, err := doc.Geometry(ctx, n)
	if err != nil {
		return err
	}
	width, height := g.Size()
	picture, err := doc.Render(ctx, n, int(math.Ceil(width*dpi/72)))
	if err != nil {
		return err
	}
	if i := slices.IndexFunc(o.Pages, func(p Page) bool { return p.Number == n }); i >= 0 {
		paint(picture, picture.Bounds())
		t.add(o.Pages[i].What, o.Pages[i].Reason, n)
		out.Sheet(picture, width, height)
		return nil
	}
	glyphs, err := doc.Glyphs(ctx, n)
	if err != nil {
		return err
	}
	if len(glyphs) == 0 {
		report.Blind = append(report.Blind, n)
	}
	scale := float64(picture.Bounds().Dx()) / width
	for _, s := range t.spans(readText(glyphs), o.Words, n) {
		for _, r := range boxes(glyphs[s.from:s.to]) {
			paint(picture, onPicture(g, r, scale))
		}
	}
	out.Sheet(picture, width, height)
	return nil
}

// spans are the stretches that are hidden on a page, counted.
func (t *tally) spans(p pageText, words []Words, n int) []span {
	if t.words == nil {
		t.words = map[string]bool{}
	}
	var all []span
	for _, w := range words { // each by itself, for its own reason
		found := p.named(w)
		for range found {
			t.add(w.What, w.Reason, n)
			t.words[w.Text] = true
		}
		all = append(all, found...)
	}
	for _, s := range p.numbers() {
		t.add(s.what, "", n)
		all = append(all, s)
	}
	return all
}

// boxes are the rectangles round glyphs, one a line, a little larger than what is inked.
func boxes(glyphs []preview.Glyph) [][4]float64 {
	var out [][4]float64
	for i, g := range glyphs {
		if i > 0 && between(glyphs[i-1].Rect, g.Rect) != "\n" {
			last := &out[len(out)-1]
			last[0], last[1] = min(last[0], g.Rect[0]), min(last[1], g.Rect[1])
			last[2], last[3] = max(last[2], g.Rect[2]), max(last[3], g.Rect[3])
			continue
		}
		out = append(out, g.Rect)
	}
	for i := range out {
		r := &out[i]
		by := max(1.5, (r[3]-r[1])*0.25)
		r[0], r[1], r[2], r[3] = r[0]-by, r[1]-by, r[2]+by, r[3]+by
	}
	return out
}

// onPicture is where a rectangle of user space lies on a page's picture.
func onPicture(g preview.Geometry, r [4]float64, scale float64) image.Rectangle {
	x0, y0 := g.ToScreen(r[0], r[1])
	x1, y1 := g.ToScreen(r[2], r[3])
	floor := func(a, b float64) int { return int(math.Floor(min(a, b) * scale)) }
	ceil := func(a, b float64) int { return int(math.Ceil(max(a, b) * scale)) }
	return image.Rect(floor(x0, x1), floor(y0, y1), ceil(x0, x1), ceil(y0, y1))
}

func paint(m draw.Image, r image.Rectangle) {
	draw.Draw(m, r.Intersect(m.Bounds()), image.NewUniform(ink), image.Point{}, draw.Src)
}
