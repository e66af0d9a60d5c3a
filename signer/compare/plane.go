package compare

import "image"

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
	at := func(x, y, c int) uint16 {
		if x < 0 || x >= p.w {
			return 255
		}
		return uint16(m.Pix[y*m.Stride+4*x+c])
	}
	for y := range p.h {
		for x := range p.w {
			for c := range 3 {
				rows[3*(y*p.w+x)+c] = at(x-1, y, c) + at(x, y, c) + at(x+1, y, c)
			}
		}
	}
	sum := func(i int) int {
		if i < 0 || i >= len(rows) {
			return 3 * 255
		}
		return int(rows[i])
	}
	for i := range p.pix {
		p.pix[i] = uint8((sum(i-3*p.w) + sum(i) + sum(i+3*p.w)) / 9)
	}
	return p
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
