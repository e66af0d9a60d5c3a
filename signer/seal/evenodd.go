package seal

import (
	"image"
	"image/draw"
	"math"
	"slices"

	"github.com/srwiley/rasterx"
	"golang.org/x/image/math/fixed"
)

// maxCrossings bounds how often the lines that are drawn cross outlines.
const maxCrossings = 1 << 26

// evenOdd fills outlines by the rule that the renderer does not know: inside is what an odd number of outlines lies around
// (SVG 1.1, 11.3). Each row of pixels is drawn in lines, each of which begins and ends as exactly as its outlines tell.
type evenOdd struct {
	edges     []edge
	first, at [2]float64
	crossings int
}

// edge is a straight piece of an outline, from its upper end to its lower one.
type edge struct{ x, y, toX, toY float64 }

// linesPerRow are drawn in each row of pixels.
const linesPerRow = 16

func pixels(p fixed.Point26_6) [2]float64 { return [2]float64{float64(p.X) / 64, float64(p.Y) / 64} }

func (e *evenOdd) start(a fixed.Point26_6) {
	e.close()
	e.first, e.at = pixels(a), pixels(a)
}

func (e *evenOdd) line(b fixed.Point26_6) { e.lineTo(pixels(b)) }

func (e *evenOdd) lineTo(to [2]float64) {
	switch from := e.at; {
	case from[1] < to[1]:
		e.edges = append(e.edges, edge{from[0], from[1], to[0], to[1]})
	case from[1] > to[1]:
		e.edges = append(e.edges, edge{to[0], to[1], from[0], from[1]})
	}
	e.at = to
}

// close draws the line that an outline which is filled ends with.
func (e *evenOdd) close() { e.lineTo(e.first) }

func (e *evenOdd) clear() { e.edges, e.first, e.at = e.edges[:0], [2]float64{}, [2]float64{} }

// lines are the first line that an edge crosses, and the first behind it.
func (e edge) lines() (from, to int) {
	at := func(y float64) int { return int(math.Ceil(max(min(y, 1e6), -1e6)*linesPerRow - 0.5)) }
	return at(e.y), at(e.toY)
}

// mask is how much of each pixel lies inside.
func (e *evenOdd) mask(r image.Rectangle) *image.Alpha {
	e.close()
	m := image.NewAlpha(r)
	slices.SortFunc(e.edges, func(a, b edge) int {
		from, _ := a.lines()
		other, _ := b.lines()
		return from - other
	})
	var active []edge
	var xs []float64
	ahead := e.edges
	part, whole := make([]float64, r.Dx()+1), make([]float64, r.Dx()+1) // of each pixel; what whole has counts for those behind, too
	for y := range r.Dy() {
		clear(part)
		clear(whole)
		for line := y * linesPerRow; line < (y+1)*linesPerRow; line++ {
			for len(ahead) > 0 {
				if from, _ := ahead[0].lines(); from > line {
					break
				}
				active, ahead = append(active, ahead[0]), ahead[1:]
			}
			active = slices.DeleteFunc(active, func(a edge) bool { _, to := a.lines(); return to <= line })
			if e.crossings += len(active); e.crossings > maxCrossings {
				panic("its outlines are too long")
			}
			xs = xs[:0]
			at := (float64(line) + 0.5) / linesPerRow
			for _, a := range active {
				x := a.x + (a.toX-a.x)*(at-a.y)/(a.toY-a.y)
				xs = append(xs, max(0, min(x, float64(r.Dx()))))
			}
			slices.Sort(xs)
			for i := 0; i+1 < len(xs); i += 2 {
				from, to := int(xs[i]), int(xs[i+1])
				part[from] += float64(from+1) - xs[i]
				part[to] -= float64(to+1) - xs[i+1]
				whole[from]++
				whole[to]--
			}
		}
		inside := 0.0
		for x := range r.Dx() {
			covered := inside + part[x]
			inside += whole[x]
			m.Pix[m.PixOffset(r.Min.X+x, r.Min.Y+y)] = uint8(math.Round(255 * max(0, min(1, covered/linesPerRow))))
		}
	}
	return m
}

// svgScanner fills by either rule.
type svgScanner struct {
	*rasterx.ScannerGV
	byParity bool
	evenOdd  evenOdd
}

func (s *svgScanner) SetWinding(nonZero bool) { s.byParity = !nonZero }

func (s *svgScanner) Clear() {
	s.evenOdd.clear()
	s.ScannerGV.Clear()
}

func (s *svgScanner) Start(a fixed.Point26_6) {
	if s.byParity {
		s.evenOdd.start(a)
	}
	s.ScannerGV.Start(a)
}

func (s *svgScanner) Line(b fixed.Point26_6) {
	if s.byParity {
		s.evenOdd.line(b)
	}
	s.ScannerGV.Line(b)
}

func (s *svgScanner) Draw() {
	if !s.byParity {
		s.ScannerGV.Draw()
		return
	}
	r := s.Dest.Bounds()
	draw.DrawMask(s.Dest, r, s.Source, s.Offset, s.evenOdd.mask(r), r.Min, draw.Over)
}
