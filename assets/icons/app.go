//go:build ignore

// App draws the picture of the application: a seal's ring with the character 签
// (to sign) on a blue ground. It writes app/app.svg and the PNG sizes beside it.
package main

import (
	"fmt"
	"image"
	"image/color"
	"image/png"
	"log"
	"math"
	"os"
	"strings"

	"golang.org/x/image/font/sfnt"
	"golang.org/x/image/math/fixed"
	"golang.org/x/image/vector"
)

// Measures on a grid of 512.
const (
	grid   = 512
	corner = 112
	ring   = 184 // outer radius of the white ring
	inner  = 162
	em     = 248 // size of the character
)

var (
	top    = color.NRGBA{R: 0x2F, G: 0x74, B: 0xF0, A: 0xFF}
	bottom = color.NRGBA{R: 0x16, G: 0x4C, B: 0xB8, A: 0xFF}
)

// A pen takes an outline: an SVG path or a raster.
type pen interface {
	MoveTo(x, y float32)
	LineTo(x, y float32)
	CubeTo(bx, by, cx, cy, dx, dy float32)
	ClosePath()
}

type svgPath struct{ strings.Builder }

func (p *svgPath) MoveTo(x, y float32) { fmt.Fprintf(p, "M%.1f %.1f", x, y) }
func (p *svgPath) LineTo(x, y float32) { fmt.Fprintf(p, "L%.1f %.1f", x, y) }
func (p *svgPath) CubeTo(bx, by, cx, cy, dx, dy float32) {
	fmt.Fprintf(p, "C%.1f %.1f %.1f %.1f %.1f %.1f", bx, by, cx, cy, dx, dy)
}
func (p *svgPath) ClosePath() { p.WriteString("Z") }

// scaled draws on a raster of another size than the grid.
type scaled struct {
	*vector.Rasterizer
	k float32
}

func (s scaled) MoveTo(x, y float32) { s.Rasterizer.MoveTo(x*s.k, y*s.k) }
func (s scaled) LineTo(x, y float32) { s.Rasterizer.LineTo(x*s.k, y*s.k) }
func (s scaled) CubeTo(bx, by, cx, cy, dx, dy float32) {
	s.Rasterizer.CubeTo(bx*s.k, by*s.k, cx*s.k, cy*s.k, dx*s.k, dy*s.k)
}

const kappa = 0.5522847 // control points of a quarter circle

func circle(p pen, r, direction float32) {
	const c = grid / 2
	k := r * kappa * direction
	p.MoveTo(c+r, c)
	p.CubeTo(c+r, c+k, c+r*kappa, c+r*direction, c, c+r*direction)
	p.CubeTo(c-r*kappa, c+r*direction, c-r, c+k, c-r, c)
	p.CubeTo(c-r, c-k, c-r*kappa, c-r*direction, c, c-r*direction)
	p.CubeTo(c+r*kappa, c-r*direction, c+r, c-k, c+r, c)
	p.ClosePath()
}

func ground(p pen) {
	const r, k, m = corner, corner * (1 - kappa), grid
	p.MoveTo(r, 0)
	p.LineTo(m-r, 0)
	p.CubeTo(m-k, 0, m, k, m, r)
	p.LineTo(m, m-r)
	p.CubeTo(m, m-k, m-k, m, m-r, m)
	p.LineTo(r, m)
	p.CubeTo(k, m, 0, m-k, 0, m-r)
	p.LineTo(0, r)
	p.CubeTo(0, k, k, 0, r, 0)
	p.ClosePath()
}

func mark(p pen, f *sfnt.Font) {
	circle(p, ring, 1)
	circle(p, inner, -1)
	var buf sfnt.Buffer
	index, err := f.GlyphIndex(&buf, '签')
	if err != nil || index == 0 {
		log.Fatal("the font lacks the character: ", err)
	}
	segments, err := f.LoadGlyph(&buf, index, fixed.I(em), nil)
	if err != nil {
		log.Fatal(err)
	}
	// Centre the ink, not the em box.
	b := segments.Bounds()
	dx := grid/2 - float32(b.Min.X+b.Max.X)/128
	dy := grid/2 - float32(b.Min.Y+b.Max.Y)/128
	xy := func(q fixed.Point26_6) (float32, float32) { return float32(q.X)/64 + dx, float32(q.Y)/64 + dy }
	open := false
	for _, s := range segments {
		x0, y0 := xy(s.Args[0])
		x1, y1 := xy(s.Args[1])
		x2, y2 := xy(s.Args[2])
		switch s.Op {
		case sfnt.SegmentOpMoveTo:
			if open {
				p.ClosePath()
			}
			open = true
			p.MoveTo(x0, y0)
		case sfnt.SegmentOpLineTo:
			p.LineTo(x0, y0)
		case sfnt.SegmentOpCubeTo:
			p.CubeTo(x0, y0, x1, y1, x2, y2)
		default:
			log.Fatal("the font has outlines of another kind")
		}
	}
	p.ClosePath()
}

func picture(size int, f *sfnt.Font) *image.NRGBA {
	out := image.NewNRGBA(image.Rect(0, 0, size, size))
	cover := func(draw func(pen)) *image.Alpha {
		r := scaled{vector.NewRasterizer(size, size), float32(size) / grid}
		draw(r)
		m := image.NewAlpha(out.Rect)
		r.Draw(m, m.Rect, image.Opaque, image.Point{})
		return m
	}
	back := cover(ground)
	white := cover(func(p pen) { mark(p, f) })
	for y := range size {
		t := float64(y) / float64(size-1)
		for x := range size {
			w := float64(white.AlphaAt(x, y).A) / 255
			mix := func(a, b uint8) uint8 {
				c := float64(a)*(1-t) + float64(b)*t
				return uint8(math.Round(c*(1-w) + 255*w))
			}
			out.SetNRGBA(x, y, color.NRGBA{mix(top.R, bottom.R), mix(top.G, bottom.G), mix(top.B, bottom.B), back.AlphaAt(x, y).A})
		}
	}
	return out
}

func main() {
	data, err := os.ReadFile("../fonts/sans-medium.otf")
	if err != nil {
		log.Fatal(err)
	}
	f, err := sfnt.Parse(data)
	if err != nil {
		log.Fatal(err)
	}
	var back, white svgPath
	ground(&back)
	mark(&white, f)
	svg := fmt.Sprintf(`<svg xmlns="http://www.w3.org/2000/svg" width="%[1]d" height="%[1]d" viewBox="0 0 %[1]d %[1]d">`+
		`<defs><linearGradient id="g" x1="0" y1="0" x2="0" y2="1"><stop offset="0" stop-color="#%02x%02x%02x"/><stop offset="1" stop-color="#%02x%02x%02x"/></linearGradient></defs>`+
		`<path fill="url(#g)" d="%s"/><path fill="#ffffff" d="%s"/></svg>`+"\n",
		grid, top.R, top.G, top.B, bottom.R, bottom.G, bottom.B, back.String(), white.String())
	if err := os.WriteFile("app/app.svg", []byte(svg), 0o644); err != nil {
		log.Fatal(err)
	}
	for _, size := range []int{16, 24, 32, 48, 64, 128, 256, 512} {
		out, err := os.Create(fmt.Sprintf("app/app-%d.png", size))
		if err != nil {
			log.Fatal(err)
		}
		if err := png.Encode(out, picture(size, f)); err != nil {
			log.Fatal(err)
		}
		if err := out.Close(); err != nil {
			log.Fatal(err)
		}
	}
}
