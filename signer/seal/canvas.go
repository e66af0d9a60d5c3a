package seal

import (
	"image"
	"math"

	"golang.org/x/image/font/sfnt"
	"golang.org/x/image/vector"
)

// A canvas collects outlines given in a shape's own units from the centre, y upwards. What is cut out afterwards, the white
// characters of an intaglio seal, has a layer of its own.
type canvas struct {
	width, height int // pixels
	scale         float64
	raster        *vector.Rasterizer
	cut           *vector.Rasterizer // nil: nothing is cut out
}

func newCanvas(width, height int) *canvas {
	return &canvas{width: width, height: height, raster: vector.NewRasterizer(width, height)}
}

// across sets the unit: so many make the picture's width.
func (c *canvas) across(units float64) { c.scale = float64(c.width) / units }

// cutOut has all that follows be taken away from what was drawn before.
func (c *canvas) cutOut() {
	c.cut = c.raster
	c.raster = vector.NewRasterizer(c.width, c.height)
}

func (c *canvas) at(p point) (x, y float32) {
	return float32(float64(c.width)/2 + p.x*c.scale), float32(float64(c.height)/2 - p.y*c.scale)
}

func (c *canvas) moveTo(p point) { x, y := c.at(p); c.raster.MoveTo(x, y) }
func (c *canvas) lineTo(p point) { x, y := c.at(p); c.raster.LineTo(x, y) }

func (c *canvas) cubeTo(p, q, r point) {
	px, py := c.at(p)
	qx, qy := c.at(q)
	rx, ry := c.at(r)
	c.raster.CubeTo(px, py, qx, qy, rx, ry)
}

// ring draws what lies between two ellipses: their outlines run in opposite directions.
func (c *canvas) ring(rx, ry, width float64) {
	c.ellipse(rx, ry, 1)
	c.ellipse(rx-width, ry-width, -1)
}

// ellipse draws eight Bézier arcs, which leave the true line by less than a millionth of its radius.
func (c *canvas) ellipse(rx, ry, direction float64) {
	const arcs = 8
	step := direction * 2 * math.Pi / arcs
	k := 4.0 / 3 * math.Tan(step/4)
	c.moveTo(point{rx, 0})
	for i := range arcs {
		s0, c0 := math.Sincos(float64(i) * step)
		s1, c1 := math.Sincos(float64(i+1) * step)
		c.cubeTo(point{rx * (c0 - k*s0), ry * (s0 + k*c0)}, point{rx * (c1 + k*s1), ry * (s1 - k*c1)}, point{rx * c1, ry * s1})
	}
	c.raster.ClosePath()
}

// square draws a square with rounded corners, half its side from the centre; direction -1 runs clockwise.
func (c *canvas) square(half, corner, direction float64) {
	const k = 0.5523 // where the controls of a quarter circle stand
	near, control := half-corner, half-corner+k*corner
	turned := func(x, y float64, quarters int) point {
		for range quarters {
			x, y = -y, x
		}
		return point{x, y * direction}
	}
	for q := range 4 {
		if from := turned(half, near, q); q == 0 {
			c.moveTo(from)
		} else {
			c.lineTo(from)
		}
		c.cubeTo(turned(half, control, q), turned(control, half, q), turned(near, half, q))
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

// A frame places a glyph: its origin and where its own x and y axes point, each the length of one em.
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

// mask fills the outlines of a layer.
func (c *canvas) mask(r *vector.Rasterizer) *image.Alpha {
	m := image.NewAlpha(image.Rect(0, 0, c.width, c.height))
	r.Draw(m, m.Rect, image.Opaque, image.Point{})
	return m
}

// picture fills the outlines with Red.
func (c *canvas) picture() *image.NRGBA {
	ink, gap := c.mask(c.raster), (*image.Alpha)(nil)
	if c.cut != nil {
		ink, gap = c.mask(c.cut), ink
	}
	out := image.NewNRGBA(ink.Rect)
	for i, a := range ink.Pix {
		if gap != nil {
			a = uint8(int(a) * (255 - int(gap.Pix[i])) / 255)
		}
		if a != 0 {
			out.Pix[4*i], out.Pix[4*i+1], out.Pix[4*i+2], out.Pix[4*i+3] = Red.R, Red.G, Red.B, a
		}
	}
	return out
}
