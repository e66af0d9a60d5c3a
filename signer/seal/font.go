package seal

import (
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"

	"golang.org/x/image/font"
	"golang.org/x/image/font/sfnt"
	"golang.org/x/image/math/fixed"
)

// A Font gives the outlines of a seal's characters. What its first face lacks, the next ones give: see Or. It may be used by
// several goroutines at once.
type Font struct{ faces []face }

type face struct {
	name string
	font *sfnt.Font
	ppem fixed.Int26_6 // pixels an em at which one unit of the font is one pixel
	em   float64
}

// ParseFont reads an OpenType or TrueType font, or of a collection the face for simplified Chinese; data is kept and must not
// change. Seals are traditionally cut in a heavy Song face.
//
// Error: *FontError.
func ParseFont(data []byte) (*Font, error) {
	c, err := sfnt.ParseCollection(data)
	if err != nil {
		return nil, &FontError{cause: err}
	}
	f, err := choose(c)
	if err != nil {
		return nil, &FontError{cause: err}
	}
	return f, nil
}

// OpenFont reads a font of which no more is kept in memory than is asked for; r stays open.
//
// Error: *FontError.
func OpenFont(r io.ReaderAt) (*Font, error) {
	c, err := sfnt.ParseCollectionReaderAt(r)
	if err != nil {
		return nil, &FontError{cause: err}
	}
	f, err := choose(c)
	if err != nil {
		return nil, &FontError{cause: err}
	}
	return f, nil
}

// maxFaces bounds a collection.
const maxFaces = 64

func choose(c *sfnt.Collection) (*Font, error) {
	n := min(c.NumFonts(), maxFaces)
	if n == 0 {
		return nil, errors.New("the collection is empty")
	}
	var first *Font
	for i := range n {
		parsed, err := c.Font(i)
		if err != nil {
			return nil, err
		}
		f, err := newFont(parsed)
		if err != nil {
			return nil, err
		}
		if first == nil {
			first = f
		}
		for _, mark := range []string{" SC", " CN", " GB"} {
			if strings.Contains(f.Name(), mark) {
				return f, nil
			}
		}
	}
	return first, nil
}

func newFont(parsed *sfnt.Font) (*Font, error) {
	em := int(parsed.UnitsPerEm())
	if em <= 0 {
		return nil, errors.New("it has no units")
	}
	name, err := parsed.Name(nil, sfnt.NameIDFull)
	if err != nil || name == "" {
		name, _ = parsed.Name(nil, sfnt.NameIDFamily) // a font without a name draws as well
	}
	return &Font{[]face{{name, parsed, fixed.I(em), float64(em)}}}, nil
}

// Name is what the first face calls itself; it may be empty.
func (f *Font) Name() string { return f.faces[0].name }

// Or gives a font that takes from others, in their order, what f lacks.
func (f *Font) Or(others ...*Font) *Font {
	all := &Font{slices.Clone(f.faces)}
	for _, o := range others {
		all.faces = append(all.faces, o.faces...)
	}
	return all
}

// Missing returns the characters of text that the font cannot write, each once, so that a form can name them before anything is
// drawn.
func (f *Font) Missing(text string) []rune {
	var out []rune
	for _, r := range text {
		if _, _, err := f.find(r); err != nil && !slices.Contains(out, r) {
			out = append(out, r)
		}
	}
	return out
}

// Lent says which characters of text another face than the first writes, and which one.
func (f *Font) Lent(text string) map[rune]string {
	lent := map[rune]string{}
	for _, r := range text {
		if face, _, err := f.find(r); err == nil && face != &f.faces[0] {
			lent[r] = face.name
		}
	}
	return lent
}

// find gives the first face that writes a character.
func (f *Font) find(r rune) (*face, sfnt.GlyphIndex, error) {
	for i := range f.faces {
		var buf sfnt.Buffer
		if index, err := f.faces[i].font.GlyphIndex(&buf, r); err == nil && index != 0 {
			return &f.faces[i], index, nil
		}
	}
	return nil, 0, &MissingGlyphError{Rune: r}
}

// A glyph is an outline in ems: x to the right of its origin, y upwards from the base line.
type glyph struct {
	segments []segment
	advance  float64
	left     float64 // bounds of the ink
	right    float64
	bottom   float64
	top      float64
}

type segment struct {
	op   sfnt.SegmentOp
	args [3]point
}

type point struct{ x, y float64 }

// glyph loads the outline of r.
func (f *Font) glyph(r rune) (*glyph, error) {
	face, index, err := f.find(r)
	if err != nil {
		return nil, err
	}
	var buf sfnt.Buffer
	advance, err := face.font.GlyphAdvance(&buf, index, face.ppem, font.HintingNone)
	if err != nil {
		return nil, fmt.Errorf("measuring %q in the seal font: %w", r, err)
	}
	segments, err := face.font.LoadGlyph(&buf, index, face.ppem, nil)
	if err != nil {
		return nil, fmt.Errorf("loading %q of the seal font: %w", r, err)
	}
	g := &glyph{
		segments: make([]segment, len(segments)),
		advance:  float64(advance) / 64 / face.em,
		left:     math.Inf(1), bottom: math.Inf(1),
		right: math.Inf(-1), top: math.Inf(-1),
	}
	for i, s := range segments {
		g.segments[i].op = s.Op
		for k := range points(s.Op) {
			p := point{float64(s.Args[k].X) / 64 / face.em, -float64(s.Args[k].Y) / 64 / face.em}
			g.segments[i].args[k] = p
			g.left, g.right = min(g.left, p.x), max(g.right, p.x)
			g.bottom, g.top = min(g.bottom, p.y), max(g.top, p.y)
		}
	}
	if len(segments) == 0 {
		if r >= 0x2E80 { // a character whose outline is empty would leave a hole in a name
			return nil, &MissingGlyphError{Rune: r}
		}
		g.left, g.right, g.bottom, g.top = 0, g.advance, 0, 0
	}
	return g, nil
}

// points returns how many arguments an operation has.
func points(op sfnt.SegmentOp) int {
	switch op {
	case sfnt.SegmentOpQuadTo:
		return 2
	case sfnt.SegmentOpCubeTo:
		return 3
	default:
		return 1
	}
}
