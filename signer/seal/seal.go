package seal

import (
	"image"
	"math"
)

// PointsPerMM converts millimetres to PDF points of 1/72 inch.
const PointsPerMM = 72 / 25.4

// A Seal is a picture with the size at which it is pressed.
type Seal struct {
	Name     string
	Image    *image.NRGBA
	WidthMM  float64
	HeightMM float64
}

// Rect returns the rectangle of the seal whose centre lies x and y millimetres
// from the top left corner of a page, the page's size being given in points. The
// result is left, bottom, right, top in points from the lower left corner of the
// page as it is displayed; a page that is turned or cropped needs the change to
// its own coordinates still.
//
// Error: *OutsideError when the seal is not wholly on the page.
func (s Seal) Rect(pageWidth, pageHeight, x, y float64) ([4]float64, error) {
	w, h := pageWidth/PointsPerMM, pageHeight/PointsPerMM
	out := OutsideError{
		Left:   over(s.WidthMM/2 - x),
		Top:    over(s.HeightMM/2 - y),
		Right:  over(x + s.WidthMM/2 - w),
		Bottom: over(y + s.HeightMM/2 - h),
	}
	if out != (OutsideError{}) {
		return [4]float64{}, &out
	}
	return [4]float64{
		(x - s.WidthMM/2) * PointsPerMM,
		pageHeight - (y+s.HeightMM/2)*PointsPerMM,
		(x + s.WidthMM/2) * PointsPerMM,
		pageHeight - (y-s.HeightMM/2)*PointsPerMM,
	}, nil
}

// over returns what is more than a hair's breadth, else 0. Not a number counts as
// far outside.
func over(mm float64) float64 {
	if mm <= 0.005 {
		return 0
	}
	if math.IsNaN(mm) {
		return math.Inf(1)
	}
	return mm
}

// Slice returns what shows of the picture between two parts of its width, 0 being its left edge and 1 its right one, to the
// nearest pixel: a strip of an edge seal (骑缝章) as it looks on the screen. On paper the cut is exact, see pdfsig.
func Slice(m *image.NRGBA, part [2]float64) image.Image {
	r := m.Rect
	at := func(f float64) int { return r.Min.X + int(math.Round(f*float64(r.Dx()))) }
	r.Min.X, r.Max.X = at(part[0]), at(part[1])
	if r.Empty() { // narrower than a pixel
		r.Min.X = min(r.Min.X, m.Rect.Max.X-1)
		r.Max.X = r.Min.X + 1
	}
	return m.SubImage(r)
}
