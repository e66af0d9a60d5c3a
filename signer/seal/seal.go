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

// EdgeStrips cuts the picture into n upright strips of the same width, one a
// page, from left to right: the parts of an edge seal (骑缝章). The strips share
// no pixel and leave none out. n is at least 1 and at most the picture's width.
func EdgeStrips(m *image.NRGBA, n int) []*image.NRGBA {
	width, height := m.Rect.Dx(), m.Rect.Dy()
	n = max(1, min(n, width))
	strips := make([]*image.NRGBA, n)
	for i := range strips {
		from, to := i*width/n, (i+1)*width/n
		strip := image.NewNRGBA(image.Rect(0, 0, to-from, height))
		for y := range height {
			copy(strip.Pix[y*strip.Stride:(y+1)*strip.Stride], m.Pix[y*m.Stride+4*from:])
		}
		strips[i] = strip
	}
	return strips
}
