package paper

import (
	"fmt"
	"strconv"

	"golang.org/x/image/font"
	"golang.org/x/image/font/sfnt"
	"golang.org/x/image/math/fixed"
)

// unitsPerEm is the size of the grid in which outlines are written.
const unitsPerEm = 1000

// A Face is a font that a document is written in. It may be used by several
// documents, one after the other.
type Face struct {
	font *sfnt.Font
	buf  sfnt.Buffer
}

// ParseFace reads an OpenType or TrueType font; data is kept and must not change.
func ParseFace(data []byte) (*Face, error) {
	f, err := sfnt.Parse(data)
	if err != nil {
		return nil, fmt.Errorf("reading a font to write with: %w", err)
	}
	return &Face{font: f}, nil
}

// outline is a character as a page shows it.
type outline struct {
	advance float64 // in thousandths of an em
	path    []byte  // PDF path operators, filled
}

// outline returns the outline of r, or of the font's mark for a character that it
// lacks.
func (f *Face) outline(r rune) (outline, error) {
	index, err := f.font.GlyphIndex(&f.buf, r)
	if err != nil {
		return outline{}, fmt.Errorf("looking up %q: %w", r, err)
	}
	em := fixed.I(unitsPerEm)
	advance, err := f.font.GlyphAdvance(&f.buf, index, em, font.HintingNone)
	if err != nil {
		return outline{}, fmt.Errorf("measuring %q: %w", r, err)
	}
	segments, err := f.font.LoadGlyph(&f.buf, index, em, nil)
	if err != nil {
		return outline{}, fmt.Errorf("loading %q: %w", r, err)
	}
	o := outline{advance: float64(advance) / 64}
	var last fixed.Point26_6
	point := func(p fixed.Point26_6) {
		o.path = strconv.AppendInt(o.path, int64(p.X.Round()), 10)
		o.path = append(o.path, ' ')
		o.path = strconv.AppendInt(o.path, int64(-p.Y.Round()), 10)
		o.path = append(o.path, ' ')
	}
	for i, s := range segments {
		switch s.Op {
		case sfnt.SegmentOpMoveTo:
			if i > 0 {
				o.path = append(o.path, "h\n"...)
			}
			point(s.Args[0])
			o.path = append(o.path, "m\n"...)
			last = s.Args[0]
		case sfnt.SegmentOpLineTo:
			point(s.Args[0])
			o.path = append(o.path, "l\n"...)
			last = s.Args[0]
		case sfnt.SegmentOpQuadTo: // raised to the cubic that it is
			c, end := s.Args[0], s.Args[1]
			point(between(last, c))
			point(between(end, c))
			point(end)
			o.path = append(o.path, "c\n"...)
			last = end
		case sfnt.SegmentOpCubeTo:
			point(s.Args[0])
			point(s.Args[1])
			point(s.Args[2])
			o.path = append(o.path, "c\n"...)
			last = s.Args[2]
		}
	}
	if len(segments) > 0 {
		o.path = append(o.path, "h f\n"...)
	}
	return o, nil
}

// between is two thirds of the way from p to c.
func between(p, c fixed.Point26_6) fixed.Point26_6 {
	return fixed.Point26_6{X: p.X + (c.X-p.X)*2/3, Y: p.Y + (c.Y-p.Y)*2/3}
}
