package seal

import (
	"math"
	"strings"
)

// Measures of a round face, in millimetres of a seal of 42 mm. Other diameters scale them, as a seal maker's templates do, all
// but the ring's width.
const (
	radius       = 21.0
	starRadius   = 7.0
	arcOuter     = 18.45 // where the tops of the name's characters are
	arcHeight    = 6.0   // height of a short name's characters
	arcHeightMin = 4.7   // and of a very long one's
	bottomTop    = 9.1   // below the centre
	bottomHeight = 4.0
	numberInner  = 17.15 // the digits' tops, which point to the centre
	numberHeight = 1.75
	numberPitch  = 1.62
)

// A name that takes the room of more characters than this goes on two arcs, one within the other, and the star gets smaller:
// on one its characters could not be told apart in print.
const (
	longName       = 30
	outerShare     = 0.58 // of the characters, on the outer arc
	longNameHeight = 3.9
	innerOuter     = 13.9 // where the tops of the inner arc's characters are
	innerHeight    = 3.5
	longNameStar   = 5.2
)

// ringWidth is 1.2 mm on seals of 42 mm and more, and 1 mm on smaller ones.
func ringWidth(diameter float64) float64 {
	if diameter >= 42 {
		return 1.2
	}
	return 1
}

// The em box of a Chinese character, relative to the base line, in ems.
const (
	emBottom = -0.12
	emTop    = 0.88
)

// drawRound draws the round seal of an organisation: ring, star, the name on the upper arc, a line of text under the star and
// the registered number on the lower arc.
func drawRound(c *canvas, font *Font, s Style) error {
	c.across(2 * radius)
	c.ring(radius, radius, ringWidth(s.Width())*2*radius/s.Width())
	name, err := font.letters(s.Name)
	if err != nil {
		return err
	}
	if longest := longestSpan(s.Bottom != ""); name.total > longName {
		outer, inner := name.split(outerShare)
		c.star(longNameStar)
		c.arc(outer, arcOuter, longNameHeight, longest)
		c.arc(inner, innerOuter, innerHeight, longest-20*degree)
	} else {
		c.star(starRadius)
		c.arc(name, arcOuter, heightOf(name), min(nameSpan(name.total), longest))
	}
	const pitch, room = 3.5, 16.5
	if err := c.line(font, s.Bottom, -bottomTop, bottomHeight, min(pitch, room/float64(max(1, len([]rune(s.Bottom)))))); err != nil {
		return err
	}
	return c.arcNumber(font, s.Number)
}

// narrowShare is the share of a full character's room that a bracket, a letter or a digit takes in a name.
const narrowShare = 0.6

func narrow(r rune) bool {
	return r < 0x2E80 || strings.ContainsRune("（）《》〈〉「」【】〔〕·、", r)
}

// letters are the characters of a name on an arc, each with its share of the room.
type letters struct {
	runes  []rune
	glyphs []*glyph
	shares []float64
	total  float64
}

func (f *Font) letters(text string) (letters, error) {
	l := letters{runes: []rune(text)}
	for _, r := range l.runes {
		g, err := f.glyph(r)
		if err != nil {
			return l, err
		}
		share := 1.0
		if narrow(r) {
			share = narrowShare
		}
		l.glyphs, l.shares, l.total = append(l.glyphs, g), append(l.shares, share), l.total+share
	}
	return l, nil
}

// between is the room between the axes of the first and the last character, in shares.
func (l letters) between() float64 {
	return l.total - (l.shares[0]+l.shares[len(l.shares)-1])/2
}

// centre is the axis of a character, in ems: of its ink where it is narrow.
func (l letters) centre(i int) float64 {
	if narrow(l.runes[i]) {
		return (l.glyphs[i].left + l.glyphs[i].right) / 2
	}
	return l.glyphs[i].advance / 2
}

// split takes the characters apart where so large a share of their room is taken.
func (l letters) split(share float64) (first, rest letters) {
	at, taken := 0, 0.0
	for at < len(l.runes) && taken+l.shares[at]/2 < l.total*share {
		taken += l.shares[at]
		at++
	}
	return letters{l.runes[:at], l.glyphs[:at], l.shares[:at], taken}, letters{l.runes[at:], l.glyphs[at:], l.shares[at:], l.total - taken}
}

const degree = math.Pi / 180

// nameSpan returns the angle between the first and the last character's axis for a name that takes the room of n full
// characters. Short names stay on the upper half with wide gaps; long ones reach down the sides.
func nameSpan(n float64) float64 {
	span := 128 + 11.5*(n-4)
	if n > 12 {
		span = 220 + 5.5*(n-12)
	}
	return max(span, 100) * degree
}

// longestSpan is as far as a name may reach down the sides: less far when there is a line of text below.
func longestSpan(bottom bool) float64 {
	if bottom {
		return 252 * degree
	}
	return 284 * degree
}

// heightOf is the height of a name's characters on one arc.
func heightOf(l letters) float64 {
	if l.total > 14 {
		return max(arcHeight-(l.total-14)*0.08, arcHeightMin)
	}
	return arcHeight
}

// arc writes characters over an angle of the upper half, their tops at a radius, each upright to its own one. The room of a
// character is its share of the arc; when that gets small the characters become narrower.
func (c *canvas) arc(l letters, outer, height, span float64) {
	pitch := span / l.between()
	inner := outer - height
	// Neighbours come closest at their feet; some air stays between them.
	width := min(height*0.76, pitch*(inner+0.12*height)*0.99)

	angle := -span / 2 // from the vertical, clockwise
	for i, g := range l.glyphs {
		if i > 0 {
			angle += pitch * (l.shares[i-1] + l.shares[i]) / 2
		}
		sin, cos := math.Sincos(angle)
		outward := point{sin, cos}
		c.stand(g, point{outward.x * inner, outward.y * inner}, outward, width, height, l.centre(i))
	}
}

// stand draws a character whose em box stands on foot, upright towards up; centre is its axis in ems.
func (c *canvas) stand(g *glyph, foot, up point, width, height, centre float64) {
	f := frame{x: point{up.y * width, -up.x * width}, y: point{up.x * height, up.y * height}}
	f.origin = point{
		foot.x - emBottom*f.y.x - centre*f.x.x,
		foot.y - emBottom*f.y.y - centre*f.x.y,
	}
	c.glyph(g, f)
}

// line writes a straight, centred line of Chinese characters; top is where its em boxes end.
func (c *canvas) line(font *Font, text string, top, height, pitch float64) error {
	runes := []rune(text)
	width := min(pitch*0.98, height*0.86)
	x := -pitch * float64(len(runes)-1) / 2
	for _, r := range runes {
		g, err := font.glyph(r)
		if err != nil {
			return err
		}
		c.stand(g, point{x, top - height}, point{0, 1}, width, height, g.advance/2)
		x += pitch
	}
	return nil
}

// digitHeight is the height of a digit in ems.
const digitHeight = 0.74

// arcNumber writes the registered number along the lower arc, to be read from left to right with the digits' heads towards the
// centre.
func (c *canvas) arcNumber(font *Font, text string) error {
	runes := []rune(text)
	pitch := numberPitch / (numberInner + numberHeight/2)
	angle := -pitch * float64(len(runes)-1) / 2 // from straight down, counter-clockwise
	for _, r := range runes {
		g, err := font.glyph(r)
		if err != nil {
			return err
		}
		sin, cos := math.Sincos(angle)
		inward, along := point{-sin, cos}, point{cos, sin}
		size := numberHeight / digitHeight
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
