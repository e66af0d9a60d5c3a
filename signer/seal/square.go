package seal

import "math"

// Measures of a name seal, in shares of its side.
const (
	squareFrame  = 0.045 // the line around a relief seal
	squareMargin = 0.085 // between the edge and the characters
	squareCorner = 0.03
	squareGap    = 0.02 // between characters
)

// drawSquare draws a person's name seal: characters in columns from right to left, each filled from the top down.
func drawSquare(c *canvas, font *Font, s Style) error {
	c.across(1)
	c.square(0.5, squareCorner, 1)
	if s.Intaglio {
		c.cutOut()
	} else {
		c.square(0.5-squareFrame, squareCorner/2, -1)
	}
	runes := []rune(s.Name + s.Ending)
	columns := columnsFor(len(runes))
	side := 1 - 2*squareMargin
	width := (side - squareGap*float64(len(columns)-1)) / float64(len(columns))
	x, next := side/2-width/2, 0
	for _, n := range columns {
		height := (side - squareGap*float64(n-1)) / float64(n)
		y := side/2 - height
		for range n {
			g, err := font.glyph(runes[next])
			if err != nil {
				return err
			}
			next++
			c.fill(g, point{x, y}, width, height)
			y -= height + squareGap
		}
		x -= width + squareGap
	}
	return nil
}

// columnsFor tells how many characters each column has, the rightmost first: as square as it gets, later columns taking more.
func columnsFor(n int) []int {
	columns := make([]int, max(1, int(math.Sqrt(float64(n))+0.5)))
	for i := range columns {
		columns[i] = n / len(columns)
		if i >= len(columns)-n%len(columns) {
			columns[i]++
		}
	}
	return columns
}

// fill draws a character that fills its cell, whose lower edge is centred on foot. The ink is stretched to the cell, but not by
// so much that a low character, as 一, turns into a block.
func (c *canvas) fill(g *glyph, foot point, width, height float64) {
	const most = 1.16 // an ordinary character's em box is not filled further than this
	inkW, inkH := g.right-g.left, g.top-g.bottom
	sx, sy := width*most, height*most
	if inkW > 0 {
		sx = min(sx, width/inkW)
	}
	if inkH > 0 {
		sy = min(sy, height/inkH)
	}
	c.glyph(g, frame{
		origin: point{foot.x - (g.left+g.right)/2*sx, foot.y + height/2 - (g.bottom+g.top)/2*sy},
		x:      point{sx, 0},
		y:      point{0, sy},
	})
}
