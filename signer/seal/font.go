package seal

import (
	"fmt"
	"math"

	"golang.org/x/image/font"
	"golang.org/x/image/font/sfnt"
	"golang.org/x/image/math/fixed"
)

// A Font gives the outlines of a seal's characters. It may be used by several
// goroutines at once.
type Font struct {
	face *sfnt.Font
	ppem fixed.Int26_6 // pixels an em at which one unit of the font is one pixel
	em   float64
}

// ParseFont reads an OpenType or TrueType font; data is kept and must not change.
// Seals are traditionally cut in a heavy Song face.
func ParseFont(data []byte) (*Font, error) {
	face, err := sfnt.Parse(data)
	if err != nil {
		return nil, fmt.Errorf("reading the seal font: %w", err)
	}
	em := int(face.UnitsPerEm())
	return &Font{face: face, ppem: fixed.I(em), em: float64(em)}, nil
}

// Missing returns the characters of text that the font cannot write, so that a
// form can name them before anything is drawn.
func (f *Font) Missing(text string) []rune {
	var buf sfnt.Buffer
	var out []rune
	for _, r := range text {
		if index, err := f.face.GlyphIndex(&buf, r); err != nil || index == 0 {
			out = append(out, r)
		}
	}
	return out
}

// A glyph is an outline in ems: x to the right of its origin, y upwards from the
// base line.
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
func (f *Font) glyph(buf *sfnt.Buffer, r rune) (*glyph, error) {
	index, err := f.face.GlyphIndex(buf, r)
	if err != nil {
		return nil, fmt.Errorf("looking up %q in the seal font: %w", r, err)
	}
	if index == 0 {
		return nil, &MissingGlyphError{Rune: r}
	}
	advance, err := f.face.GlyphAdvance(buf, index, f.ppem, font.HintingNone)
	if err != nil {
		return nil, fmt.Errorf("measuring %q in the seal font: %w", r, err)
	}
	segments, err := f.face.LoadGlyph(buf, index, f.ppem, nil)
	if err != nil {
		return nil, fmt.Errorf("loading %q of the seal font: %w", r, err)
	}
	g := &glyph{
		segments: make([]segment, len(segments)),
		advance:  float64(advance) / 64 / f.em,
		left:     math.Inf(1), bottom: math.Inf(1),
		right: math.Inf(-1), top: math.Inf(-1),
	}
	for i, s := range segments {
		g.segments[i].op = s.Op
		for k := range points(s.Op) {
			p := point{float64(s.Args[k].X) / 64 / f.em, -float64(s.Args[k].Y) / 64 / f.em}
			g.segments[i].args[k] = p
			g.left, g.right = min(g.left, p.x), max(g.right, p.x)
			g.bottom, g.top = min(g.bottom, p.y), max(g.top, p.y)
		}
	}
	if len(segments) == 0 { // a space
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
