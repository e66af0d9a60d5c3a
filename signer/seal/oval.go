package seal

import (
	"math"
	"sort"
)

// Measures of the invoice seal in millimetres (国家税务总局公告2011年第7号 and its annex): 40 × 30, edge 1, the name 4.2 high
// and 0.5 from the edge over an arc of 210 to 260 degrees, the taxpayer's number 3.7 high and 26 wide for 18 characters, the
// line 4.6 high and 3 wide from 4.2 below the centre, the seal's own number 2.2 high and 1.7 wide from 10 below it.
const (
	ovalWidth      = 40.0
	ovalHeight     = 30.0
	ovalEdge       = 1.0
	ovalGap        = 0.5
	ovalNameHeight = 4.2
	ovalTaxHeight  = 3.7
	ovalTaxPitch   = 26.0 / 18
	ovalTaxDigit   = 1.3
	ovalLineTop    = 4.2
	ovalLineHeight = 4.6
	ovalLineWidth  = 3.0
	ovalOrderTop   = 10.0
	ovalOrderHigh  = 2.2
	ovalOrderWidth = 1.7
	maxOrder       = 4 // characters
)

// drawOval draws the invoice seal (发票专用章). The announcement asks for 仿宋 and Arial; the font that is given draws both.
func drawOval(c *canvas, font *Font, s Style) error {
	c.across(ovalWidth)
	c.ring(ovalWidth/2, ovalHeight/2, ovalEdge)
	if err := c.ovalName(font, s.Name); err != nil {
		return err
	}
	tax := min(ovalTaxPitch, 26/float64(len(s.TaxID)))
	if err := c.digits(font, s.TaxID, ovalTaxHeight/2, ovalTaxHeight, tax*ovalTaxDigit/ovalTaxPitch, tax); err != nil {
		return err
	}
	if n := len([]rune(s.Bottom)); n > 0 {
		const room = 17.5
		pitch := min(ovalLineWidth*1.15, room/float64(n))
		if err := c.line(font, s.Bottom, -ovalLineTop, ovalLineHeight, pitch); err != nil {
			return err
		}
	}
	return c.digits(font, s.Number, -ovalOrderTop, ovalOrderHigh, ovalOrderWidth, ovalOrderWidth)
}

// digits writes a straight, centred line of letters and digits, each as high and as wide as is asked, from top downwards.
func (c *canvas) digits(font *Font, text string, top, height, width, pitch float64) error {
	runes := []rune(text)
	x := -pitch * float64(len(runes)-1) / 2
	for _, r := range runes {
		g, err := font.glyph(r)
		if err != nil {
			return err
		}
		// A full digit's advance fills the width; one that is narrow, as 1, stays so.
		wide := width / max(g.advance, 0.55)
		high := height / digitHeight
		c.glyph(g, frame{
			origin: point{x - g.advance/2*wide, top - height},
			x:      point{wide, 0},
			y:      point{0, high},
		})
		x += pitch
	}
	return nil
}

// ovalName writes the taxpayer's name along the upper arc, left to right: at equal lengths of the ellipse on which the
// characters' middles lie, each upright to it.
func (c *canvas) ovalName(font *Font, name string) error {
	l, err := font.letters(name)
	if err != nil {
		return err
	}
	const top = ovalEdge + ovalGap
	curve := newOvalCurve(ovalWidth/2-top-ovalNameHeight/2, ovalHeight/2-top-ovalNameHeight/2)
	// From 210 degrees for a short name to 260 for a long one.
	span := (210 + 50*min(max((l.total-8)/8, 0), 1)) * math.Pi / 180
	length := curve.length(span/2) * 2
	pitch := length / l.between()
	width := min(ovalNameHeight*0.86, pitch*0.92)
	at := -length / 2
	for i, g := range l.glyphs {
		if i > 0 {
			at += pitch * (l.shares[i-1] + l.shares[i]) / 2
		}
		middle, outward := curve.at(at)
		foot := point{middle.x - outward.x*ovalNameHeight/2, middle.y - outward.y*ovalNameHeight/2}
		c.stand(g, foot, outward, width, ovalNameHeight, l.centre(i))
	}
	return nil
}

// An ovalCurve is an ellipse measured along its line, from its top clockwise.
type ovalCurve struct {
	rx, ry float64
	angles []float64 // as seen from the centre, from the top to the bottom
	along  []float64 // length of the line up to each
	params []float64 // of the ellipse's equation
}

func newOvalCurve(rx, ry float64) ovalCurve {
	const steps = 720
	o := ovalCurve{rx: rx, ry: ry}
	last, sum := point{0, ry}, 0.0
	for i := range steps + 1 {
		t := math.Pi * float64(i) / steps
		p := point{rx * math.Sin(t), ry * math.Cos(t)}
		sum += math.Hypot(p.x-last.x, p.y-last.y)
		o.params, o.along, o.angles = append(o.params, t), append(o.along, sum), append(o.angles, math.Atan2(p.x, p.y))
		last = p
	}
	return o
}

// length is that of the line from the top to an angle.
func (o ovalCurve) length(angle float64) float64 { return interpolate(o.angles, o.along, angle) }

// at gives the point so far along from the top, to the left when negative, and the direction away from the line.
func (o ovalCurve) at(along float64) (p, outward point) {
	side := 1.0
	if along < 0 {
		side = -1
	}
	sin, cos := math.Sincos(interpolate(o.along, o.params, math.Abs(along)))
	p = point{side * o.rx * sin, o.ry * cos}
	nx, ny := side*sin/o.rx, cos/o.ry
	n := math.Hypot(nx, ny)
	return p, point{nx / n, ny / n}
}

// interpolate reads y where the rising xs have x.
func interpolate(xs, ys []float64, x float64) float64 {
	i := min(max(sort.SearchFloat64s(xs, x), 1), len(xs)-1)
	share := (x - xs[i-1]) / (xs[i] - xs[i-1])
	return ys[i-1] + share*(ys[i]-ys[i-1])
}
