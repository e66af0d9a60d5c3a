package widgets

import (
	"math"

	"fyne.io/fyne/v2"
)

// A Guide is a line of a page that a mark is drawn to while it is dragged; Ctrl
// held lets the mark pass.
type Guide struct {
	Page    int
	Upright bool    // a line from top to bottom, At mm from the left; otherwise one from left to right, At mm from the top
	At      float64 // mm
	Edge    bool    // the nearer edge of the mark comes to lie on it, not its centre
}

// How near the mark has to come: so many pixels on the screen, but no more than
// so many mm, so that guides do not fight over it when pages are small.
const (
	pullPixels = 7
	pullMM     = 4.0
)

// SetGuides replaces the guides of all pages.
func (v *PageView) SetGuides(guides ...Guide) { v.guides = guides }

// snapped is what a mark has come to lie on: for each direction the guide and
// where it takes the mark's centre.
type snapped struct {
	x, y     *Guide
	toX, toY float64
}

// at is where a mark lies that would lie at x, y without guides.
func (s snapped) at(x, y float64) (float64, float64) {
	if s.x != nil {
		x = s.toX
	}
	if s.y != nil {
		y = s.toY
	}
	return x, y
}

// snap looks for the nearest guide in each direction of a mark whose centre is
// at x, y.
func (v *PageView) snap(m *Mark, x, y float64) snapped {
	reach, _ := v.mm(fyne.NewPos(pullPixels, 0))
	reach = min(reach, pullMM)
	var out snapped
	nearX, nearY := reach, reach
	for i := range v.guides {
		g := &v.guides[i]
		if g.Page != m.Page {
			continue
		}
		if g.Upright {
			if to, far := g.draws(x, m.W); far < nearX && !m.Upright {
				out.x, out.toX, nearX = g, to, far
			}
		} else if to, far := g.draws(y, m.H); far < nearY {
			out.y, out.toY, nearY = g, to, far
		}
	}
	return out
}

// draws is where the guide would have the centre of a mark of a size, and how
// far that is.
func (g *Guide) draws(centre, size float64) (to, far float64) {
	to, far = g.At, math.Abs(g.At-centre)
	if !g.Edge {
		return to, far
	}
	low, high := g.At+size/2, g.At-size/2
	if math.Abs(low-centre) < math.Abs(high-centre) {
		return low, math.Abs(low - centre)
	}
	return high, math.Abs(high - centre)
}
