package compare

import (
	"bytes"
	"image"
)

// A plane is a picture of which each pixel is the mean of the nine around it, so that a line drawn half a pixel further
// still looks the same. It is white beyond its edges.
type plane struct {
	w, h int
	pix  []uint8 // red, green, blue
}

func (p *plane) bounds() image.Rectangle { return image.Rect(0, 0, p.w, p.h) }

func (p *plane) inside(x, y int) bool { return x >= 0 && y >= 0 && x < p.w && y < p.h }

func blur(m *image.RGBA) *plane {
	p := &plane{w: m.Rect.Dx(), h: m.Rect.Dy()}
	p.pix = make([]uint8, 3*p.w*p.h)
	// First the sums of three beside each other, then those of three below each other.
	rows := make([]uint16, 3*p.w*p.h)
	for y := range p.h {
		from, to := m.Pix[y*m.Stride:], rows[3*y*p.w:]
		for c := range 3 {
			left, here := uint16(255), uint16(255)
			if p.w > 0 {
				here = uint16(from[c])
			}
			for x := range p.w {
				right := uint16(255)
				if x+1 < p.w {
					right = uint16(from[4*(x+1)+c])
				}
				to[3*x+c] = left + here + right
				left, here = here, right
			}
		}
	}
	beyond := make([]uint16, 3*p.w)
	for i := range beyond {
		beyond[i] = 3 * 255
	}
	row := func(y int) []uint16 {
		if y < 0 || y >= p.h {
			return beyond
		}
		return rows[3*y*p.w : 3*(y+1)*p.w]
	}
	for y := range p.h {
		above, here, below, to := row(y-1), row(y), row(y+1), p.pix[3*y*p.w:]
		for i := range here {
			to[i] = uint8((above[i] + here[i] + below[i]) / 9)
		}
	}
	return p
}

// differing is the rectangle round all pixels that differ by any amount from the other picture's.
func (p *plane) differing(other *plane) image.Rectangle {
	all := p.bounds().Union(other.bounds())
	if p.w != other.w || p.h != other.h {
		return all
	}
	var out image.Rectangle
	for y := range p.h {
		from, to := 3*y*p.w, 3*(y+1)*p.w
		a, b := p.pix[from:to], other.pix[from:to]
		if bytes.Equal(a, b) {
			continue
		}
		first, last := 0, len(a)-1
		for a[first] == b[first] {
			first++
		}
		for a[last] == b[last] {
			last--
		}
		out = out.Union(image.Rect(first/3, y, last/3+1, y+1))
	}
	return out
}

// like reports whether the pixel at (x, y) looks like one of the nine around (u, v) of the other picture.
func (p *plane) like(other *plane, x, y, u, v int) bool {
	if p.near(other, x, y, u, v) {
		return true
	}
	for dy := -1; dy <= 1; dy++ {
		for dx := -1; dx <= 1; dx++ {
			if p.near(other, x, y, u+dx, v+dy) {
				return true
			}
		}
	}
	return false
}

var white = []uint8{255, 255, 255}

func (p *plane) at(x, y int) []uint8 {
	if !p.inside(x, y) {
		return white
	}
	i := 3 * (y*p.w + x)
	return p.pix[i : i+3]
}

func (p *plane) near(other *plane, x, y, u, v int) bool {
	a, b := p.at(x, y), other.at(u, v)
	for c := range 3 {
		if abs(int(a[c])-int(b[c])) > tolerance {
			return false
		}
	}
	return true
}

// unlike counts, up to most, the pixels within r that are not to be found in the other picture, moved by (dx, dy).
func (p *plane) unlike(other *plane, r image.Rectangle, dx, dy, most int) int {
	r = r.Intersect(p.bounds())
	count := 0
	for y := r.Min.Y; y < r.Max.Y; y++ {
		for x := r.Min.X; x < r.Max.X; x++ {
			if !p.like(other, x, y, x+dx, y+dy) {
				if count++; count >= most {
					return count
				}
			}
		}
	}
	return count
}

// A grid gathers pixels into areas by square cells.
type grid struct {
	w, h  int
	cells []spot
}

// A spot is what was marked in a cell.
type spot struct {
	count int
	rect  image.Rectangle
}

func newGrid(w, h int) *grid {
	g := &grid{w: (w + cell - 1) / cell, h: (h + cell - 1) / cell}
	g.cells = make([]spot, g.w*g.h)
	return g
}

func (g *grid) mark(x, y int) {
	s := &g.cells[y/cell*g.w+x/cell]
	s.count++
	s.rect = s.rect.Union(image.Rect(x, y, x+1, y+1))
}

// areas are the rectangles round marked cells that touch or have one cell between them, from the top down.
func (g *grid) areas() []image.Rectangle {
	var out []image.Rectangle
	for i := range g.cells {
		if area := g.take(i); area.count >= fewest {
			out = append(out, area.rect)
		}
	}
	return out
}

// take gathers what hangs together with a cell, and clears it.
func (g *grid) take(start int) spot {
	var area spot
	todo := []int{start}
	for len(todo) > 0 {
		i := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		s := g.cells[i]
		if s.count == 0 {
			continue
		}
		g.cells[i] = spot{}
		area.count, area.rect = area.count+s.count, area.rect.Union(s.rect)
		for y := max(0, i/g.w-2); y <= min(g.h-1, i/g.w+2); y++ {
			for x := max(0, i%g.w-2); x <= min(g.w-1, i%g.w+2); x++ {
				todo = append(todo, y*g.w+x)
			}
		}
	}
	return area
}
