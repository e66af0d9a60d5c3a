package seal

import (
	"image"
	"image/color"
	"math"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/image/font/sfnt"
	"golang.org/x/image/vector"
)

// Red is the colour of a drawn seal, that of cinnabar paste.
var Red = color.NRGBA{R: 0xD7, G: 0x19, B: 0x1F, A: 0xFF}

// Bounds of what Draw accepts.
const (
	DefaultDiameterMM = 42.0
	MinDiameterMM     = 20.0
	MaxDiameterMM     = 60.0
	MinPixels         = 32
	MaxPixels         = 1200 // more than 42 mm at 600 dpi, 992 pixels
	MaxNameRunes      = 40
	MaxBottomRunes    = 10
	MaxNumberRunes    = 18
)

// Style says what stands on a round seal.
type Style struct {
	Name       string  // the organisation, on the upper arc; 2 to 40 characters
	Bottom     string  // straight text under the star, e.g. 合同专用章; may be empty
	Number     string  // the registered number on the lower arc, usually 13 digits; may be empty
	DiameterMM float64 // outer diameter; 0 means 42
}

// Measures of the face, in millimetres of a seal of 42 mm. Other diameters scale
// them, as a seal maker's templates do.
const (
	radius       = 21.0
	ringWidth    = 1.2
	starRadius   = 7.0
	arcOuter     = 18.45 // where the tops of the name's characters are
	arcHeight    = 6.0   // height of a short name's characters
	arcHeightMin = 4.7   // and of a very long one's
	bottomTop    = 9.1   // below the centre
	bottomHeight = 4.0
	numberInner  = 17.15 // the digits' tops, which point to the centre
	numberHeight = 1.75
	numberPitch  = 1.62
	margin       = 0.25 // between the ring and the edge of the picture, for anti-aliasing
)

// The em box of a Chinese character, relative to the base line, in ems.
const (
	emBottom = -0.12
	emTop    = 0.88
)

// Draw draws the seal as a square picture of px pixels a side, red on
// transparency. px is between MinPixels and MaxPixels.
//
// Errors: *StyleError for a text, diameter or size out of bounds,
// *MissingGlyphError for a character that the font lacks.
func Draw(font *Font, s Style, px int) (*image.NRGBA, error) {
	s.Name, s.Bottom, s.Number = compact(s.Name), compact(s.Bottom), compact(s.Number)
	if err := s.check(); err != nil {
		return nil, err
	}
	if px < MinPixels || px > MaxPixels {
		return nil, &StyleError{Field: "pixels", Min: MinPixels, Max: MaxPixels}
	}
	scale := float64(px) / 2 / (radius + margin)
	c := &canvas{raster: vector.NewRasterizer(px, px), scale: scale, centre: float64(px) / 2}

	c.ring(radius, radius-ringWidth)
	c.star(starRadius)
	if err := c.name(font, s); err != nil {
		return nil, err
	}
	if err := c.bottom(font, s.Bottom); err != nil {
		return nil, err
	}
	if err := c.number(font, s.Number); err != nil {
		return nil, err
	}
	return c.picture(px), nil
}

// compact drops white space, which a seal never shows.
func compact(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) {
			return -1
		}
		return r
	}, text)
}

func (s Style) check() error {
	for _, f := range []struct {
		field, text string
		min, max    int
	}{
		{"name", s.Name, 2, MaxNameRunes},
		{"bottom", s.Bottom, 0, MaxBottomRunes},
		{"number", s.Number, 0, MaxNumberRunes},
	} {
		if n := utf8.RuneCountInString(f.text); n < f.min || n > f.max {
			return &StyleError{Field: f.field, Min: float64(f.min), Max: float64(f.max)}
		}
	}
	if d := s.DiameterMM; d != 0 && !(d >= MinDiameterMM && d <= MaxDiameterMM) {
		return &StyleError{Field: "diameter", Min: MinDiameterMM, Max: MaxDiameterMM}
	}
	return nil
}

// A canvas collects outlines given in millimetres from the centre, y upwards.
type canvas struct {
	raster *vector.Rasterizer
	scale  float64
	centre float64
}

func (c *canvas) at(p point) (x, y float32) {
	return float32(c.centre + p.x*c.scale), float32(c.centre - p.y*c.scale)
}

func (c *canvas) moveTo(p point) { x, y := c.at(p); c.raster.MoveTo(x, y) }
func (c *canvas) lineTo(p point) { x, y := c.at(p); c.raster.LineTo(x, y) }

// ring draws an annulus: two circles that run in opposite directions.
func (c *canvas) ring(outer, inner float64) {
	c.circle(outer, 1)
	c.circle(inner, -1)
}

// circle draws eight Bézier arcs, which leave the true circle by less than a
// millionth of its radius.
func (c *canvas) circle(r, direction float64) {
	const arcs = 8
	step := direction * 2 * math.Pi / arcs
	k := 4.0 / 3 * math.Tan(step/4) * r
	c.moveTo(point{r, 0})
	for i := range arcs {
		s0, c0 := math.Sincos(float64(i) * step)
		s1, c1 := math.Sincos(float64(i+1) * step)
		bx, by := c.at(point{r*c0 - k*s0, r*s0 + k*c0})
		cx, cy := c.at(point{r*c1 + k*s1, r*s1 - k*c1})
		dx, dy := c.at(point{r * c1, r * s1})
		c.raster.CubeTo(bx, by, cx, cy, dx, dy)
	}
	c.raster.ClosePath()
}

// star draws the five-pointed star, one point up.
func (c *canvas) star(outer float64) {
	inner := outer * math.Sin(math.Pi/10) / math.Sin(3*math.Pi/10)
	for i := range 10 {
		r := outer
		if i%2 == 1 {
			r = inner
		}
		sin, cos := math.Sincos(float64(i) * math.Pi / 5)
		p := point{r * sin, r * cos}
		if i == 0 {
			c.moveTo(p)
		} else {
			c.lineTo(p)
		}
	}
	c.raster.ClosePath()
}

// A frame places a glyph: its origin and where its own x and y axes point, each
// the length of one em.
type frame struct{ origin, x, y point }

func (f frame) apply(p point) point {
	return point{
		f.origin.x + p.x*f.x.x + p.y*f.y.x,
		f.origin.y + p.x*f.x.y + p.y*f.y.y,
	}
}

func (c *canvas) glyph(g *glyph, f frame) {
	for _, s := range g.segments {
		var x, y [3]float32
		for k := range points(s.op) {
			x[k], y[k] = c.at(f.apply(s.args[k]))
		}
		switch s.op {
		case sfnt.SegmentOpMoveTo:
			c.raster.MoveTo(x[0], y[0])
		case sfnt.SegmentOpLineTo:
			c.raster.LineTo(x[0], y[0])
		case sfnt.SegmentOpQuadTo:
			c.raster.QuadTo(x[0], y[0], x[1], y[1])
		case sfnt.SegmentOpCubeTo:
			c.raster.CubeTo(x[0], y[0], x[1], y[1], x[2], y[2])
		}
	}
	c.raster.ClosePath()
}

// narrowShare is the share of a full character's room that a bracket, a letter
// or a digit takes in a name.
const narrowShare = 0.6

func narrow(r rune) bool {
	return r < 0x2E80 || strings.ContainsRune("（）《》〈〉「」【】〔〕·、", r)
}

// nameSpan returns the angle between the first and the last character's axis for
// a name that takes the room of n full characters. Short names stay on the upper
// half with wide gaps; long ones reach down the sides, less far when there is a
// line of text below.
func nameSpan(n float64, bottom bool) float64 {
	const degree = math.Pi / 180
	span := 128 + 11.5*(n-4)
	if n > 12 {
		span = 220 + 5.5*(n-12)
	}
	longest := 284.0
	if bottom {
		longest = 252
	}
	return min(max(span, 100), longest) * degree
}

// name writes the organisation on the upper arc, each character upright to its
// own radius. The room of a character is its share of the arc; when that gets
// small the characters become narrower first and lower a little.
func (c *canvas) name(font *Font, s Style) error {
	var buf sfnt.Buffer
	runes := []rune(s.Name)
	glyphs := make([]*glyph, len(runes))
	shares := make([]float64, len(runes))
	total := 0.0
	for i, r := range runes {
		g, err := font.glyph(&buf, r)
		if err != nil {
			return err
		}
		glyphs[i], shares[i] = g, 1
		if narrow(r) {
			shares[i] = narrowShare
		}
		total += shares[i]
	}
	// The axes of the first and last character are half a share from the ends.
	between := total - (shares[0]+shares[len(shares)-1])/2
	span := nameSpan(total, s.Bottom != "")
	pitch := span / between

	height := arcHeight
	if total > 14 {
		height = max(arcHeight-(total-14)*0.08, arcHeightMin)
	}
	inner := arcOuter - height
	// Neighbours come closest at their feet; some air stays between them.
	width := min(height*0.76, pitch*(inner+0.12*height)*0.99)

	angle := -span / 2 // from the vertical, clockwise
	for i, g := range glyphs {
		if i > 0 {
			angle += pitch * (shares[i-1] + shares[i]) / 2
		}
		sin, cos := math.Sincos(angle)
		outward, along := point{sin, cos}, point{cos, -sin}
		centre := 0.5
		if narrow(runes[i]) {
			centre = (g.left + g.right) / 2
		}
		f := frame{
			x: point{along.x * width, along.y * width},
			y: point{outward.x * height, outward.y * height},
		}
		f.origin = point{
			outward.x*(inner-emBottom*height) - centre*f.x.x,
			outward.y*(inner-emBottom*height) - centre*f.x.y,
		}
		c.glyph(g, f)
	}
	return nil
}

// bottom writes the straight line under the star.
func (c *canvas) bottom(font *Font, text string) error {
	if text == "" {
		return nil
	}
	var buf sfnt.Buffer
	runes := []rune(text)
	pitch := min(3.5, 16.5/float64(len(runes)))
	width := min(pitch*0.98, bottomHeight*0.86)
	x := -pitch * float64(len(runes)-1) / 2
	for _, r := range runes {
		g, err := font.glyph(&buf, r)
		if err != nil {
			return err
		}
		c.glyph(g, frame{
			origin: point{x - g.advance/2*width, -bottomTop - emTop*bottomHeight},
			x:      point{width, 0},
			y:      point{0, bottomHeight},
		})
		x += pitch
	}
	return nil
}

// number writes the registered number along the lower arc, to be read from left
// to right with the digits' heads towards the centre.
func (c *canvas) number(font *Font, text string) error {
	var buf sfnt.Buffer
	runes := []rune(text)
	pitch := numberPitch / (numberInner + numberHeight/2)
	angle := -pitch * float64(len(runes)-1) / 2 // from straight down, counter-clockwise
	for _, r := range runes {
		g, err := font.glyph(&buf, r)
		if err != nil {
			return err
		}
		sin, cos := math.Sincos(angle)
		inward, along := point{-sin, cos}, point{cos, sin}
		size := numberHeight / 0.74 // digits are 0.74 em high
		f := frame{
			x: point{along.x * size, along.y * size},
			y: point{inward.x * size, inward.y * size},
		}
		foot := numberInner + numberHeight
		f.origin = point{
			-inward.x*foot - g.advance/2*f.x.x,
			-inward.y*foot - g.advance/2*f.x.y,
		}
		c.glyph(g, f)
		angle += pitch
	}
	return nil
}

// picture fills the outlines with Red.
func (c *canvas) picture(px int) *image.NRGBA {
	mask := image.NewAlpha(image.Rect(0, 0, px, px))
	c.raster.Draw(mask, mask.Rect, image.Opaque, image.Point{})
	out := image.NewNRGBA(mask.Rect)
	for i, a := range mask.Pix {
		if a != 0 {
			out.Pix[4*i], out.Pix[4*i+1], out.Pix[4*i+2], out.Pix[4*i+3] = Red.R, Red.G, Red.B, a
		}
	}
	return out
}
