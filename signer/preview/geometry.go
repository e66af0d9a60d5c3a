package preview

// A Geometry tells how a page lies on the screen. Points of the screen are
// measured in PDF points from the top left corner of the page as displayed, y
// downwards; points of the page in its own user space, y upwards.
type Geometry struct {
	Box    [4]float64 // the visible part of the page, in user space: left, bottom, right, top
	Rotate int        // clockwise turn for display: 0, 90, 180 or 270
	Unit   float64    // points to a unit of user space, usually 1
}

// Size returns the displayed width and height.
func (g Geometry) Size() (width, height float64) {
	width, height = (g.Box[2]-g.Box[0])*g.Unit, (g.Box[3]-g.Box[1])*g.Unit
	if g.Rotate == 90 || g.Rotate == 270 {
		width, height = height, width
	}
	return width, height
}

// ToPage returns the user space point of a point on the screen.
func (g Geometry) ToPage(x, y float64) (px, py float64) {
	left, bottom, right, top := g.Box[0], g.Box[1], g.Box[2], g.Box[3]
	x, y = x/g.Unit, y/g.Unit
	switch g.Rotate {
	case 90:
		return left + y, bottom + x
	case 180:
		return right - x, bottom + y
	case 270:
		return right - y, top - x
	default:
		return left + x, top - y
	}
}

// ToScreen returns the screen point of a point in user space.
func (g Geometry) ToScreen(px, py float64) (x, y float64) {
	left, bottom, right, top := g.Box[0], g.Box[1], g.Box[2], g.Box[3]
	switch g.Rotate {
	case 90:
		x, y = py-bottom, px-left
	case 180:
		x, y = right-px, py-bottom
	case 270:
		x, y = top-py, right-px
	default:
		x, y = px-left, top-py
	}
	return x * g.Unit, y * g.Unit
}

// RectToPage returns the user space rectangle (left, bottom, right, top) of a
// screen rectangle given by its top left corner and its size.
func (g Geometry) RectToPage(x, y, width, height float64) [4]float64 {
	x0, y0 := g.ToPage(x, y)
	x1, y1 := g.ToPage(x+width, y+height)
	return [4]float64{min(x0, x1), min(y0, y1), max(x0, x1), max(y0, y1)}
}

// RectToScreen returns the top left corner and the size on the screen of a
// rectangle (left, bottom, right, top) in user space.
func (g Geometry) RectToScreen(r [4]float64) (x, y, width, height float64) {
	x0, y0 := g.ToScreen(r[0], r[1])
	x1, y1 := g.ToScreen(r[2], r[3])
	return min(x0, x1), min(y0, y1), max(x0, x1) - min(x0, x1), max(y0, y1) - min(y0, y1)
}
