package seal

import (
	"image"
	"image/color"
	"math"

	"golang.org/x/image/font/sfnt"
	"golang.org/x/image/vector"
)

// dateDPI is the resolution of a date's picture, in dots per inch.
const dateDPI = 600

// WriteDate draws a line of text, such as a date, black on transparency, its characters sizeMM millimetres high. The result
// has the size at which it stands on paper.
//
// Error: *MissingGlyphError for a character that the font lacks.
func WriteDate(font *Font, text string, sizeMM float64) (Seal, error) {
	var glyphs []*glyph
	ems := 0.0
	for _, r := range text {
		g, err := font.glyph(r)
		if err != nil {
			return Seal{}, err
		}
		glyphs = append(glyphs, g)
		ems += g.advance
	}
	scale := sizeMM / 25.4 * dateDPI // pixels an em
	w, h := int(math.Ceil(ems*scale)), int(math.Ceil((emTop-emBottom)*scale))
	if w < 1 || w > 4096 || h > 4096 {
		return Seal{}, &StyleError{Field: "date", Min: minDateMM, Max: maxDateMM}
	}
	raster := vector.NewRasterizer(w, h)
	x := 0.0
	for _, g := range glyphs {
		at := func(p point) (float32, float32) { return float32((x + p.x) * scale), float32((emTop - p.y) * scale) }
		for _, s := range g.segments {
			ax, ay := at(s.args[0])
			bx, by := at(s.args[1])
			cx, cy := at(s.args[2])
			switch s.op {
			case sfnt.SegmentOpMoveTo:
				raster.MoveTo(ax, ay)
			case sfnt.SegmentOpLineTo:
				raster.LineTo(ax, ay)
			case sfnt.SegmentOpQuadTo:
				raster.QuadTo(ax, ay, bx, by)
			case sfnt.SegmentOpCubeTo:
				raster.CubeTo(ax, ay, bx, by, cx, cy)
			}
		}
		raster.ClosePath()
		x += g.advance
	}
	m := image.NewNRGBA(image.Rect(0, 0, w, h))
	raster.Draw(m, m.Rect, image.NewUniform(color.Black), image.Point{})
	const mm = 25.4 / dateDPI
	return Seal{Name: text, Image: m, WidthMM: float64(w) * mm, HeightMM: float64(h) * mm}, nil
}
