package pdf

// Displayed returns the width and height in points of the page as a viewer
// shows it: its CropBox, turned.
func (p Page) Displayed() (width, height float64) {
	width, height = p.CropBox.Width()*p.UserUnit, p.CropBox.Height()*p.UserUnit
	if p.Rotate == 90 || p.Rotate == 270 {
		width, height = height, width
	}
	return width, height
}

// ToUser returns the point in user space of a point of the displayed page,
// measured in points from its lower left corner.
func (p Page) ToUser(u, v float64) (x, y float64) {
	b := p.CropBox
	u, v = u/p.UserUnit, v/p.UserUnit
	switch p.Rotate {
	case 90:
		return b[2] - v, b[1] + u
	case 180:
		return b[2] - u, b[3] - v
	case 270:
		return b[0] + v, b[3] - u
	}
	return b[0] + u, b[1] + v
}

// FromUser is the inverse of ToUser.
func (p Page) FromUser(x, y float64) (u, v float64) {
	b := p.CropBox
	switch p.Rotate {
	case 90:
		u, v = y-b[1], b[2]-x
	case 180:
		u, v = b[2]-x, b[3]-y
	case 270:
		u, v = b[3]-y, x-b[0]
	default:
		u, v = x-b[0], y-b[1]
	}
	return u * p.UserUnit, v * p.UserUnit
}

// UserRect returns the rectangle in user space of one of the displayed page.
func (p Page) UserRect(r Rect) Rect {
	return turned(r, p.ToUser)
}

// DisplayRect is the inverse of UserRect.
func (p Page) DisplayRect(r Rect) Rect {
	return turned(r, p.FromUser)
}

func turned(r Rect, turn func(x, y float64) (float64, float64)) Rect {
	x0, y0 := turn(r[0], r[1])
	x1, y1 := turn(r[2], r[3])
	return Rect{min(x0, x1), min(y0, y1), max(x0, x1), max(y0, y1)}
}
