package verify

import (
	"slices"

	"sealdesk/signer/pdf"
)

const (
	maxSealArea = (80 / 25.4 * 72) * (80 / 25.4 * 72) // in square points
	minOverlap  = 1                                   // in square points
)

// MaxSealArea is how much of a page a signature may show on, in square units of its user space, before it is doubted: it might
// hide the text. That is a square of 80 mm a side, for a round seal of a company is 40 to 58 mm wide and the seal of a person
// less, and never more than half of what the page shows.
func MaxSealArea(p pdf.Page) float64 {
	return min(maxSealArea/(p.UserUnit*p.UserUnit), p.CropBox.Width()*p.CropBox.Height()/2)
}

// ground is what a page is to the signatures on it, in square units of its user space.
type ground struct{ most, overlap float64 }

// elsewhere is where widgets are that no page has.
var elsewhere = ground{maxSealArea, minOverlap}

func groundOf(p pdf.Page) ground {
	return ground{MaxSealArea(p), minOverlap / (p.UserUnit * p.UserUnit)}
}

// seals looks at where signatures show. A picture may be put over an earlier
// seal, or over half a page of text, without changing an object of the page.
func seals(signatures []Signature, pages []ground) {
	earlier := map[int][][4]float64{} // by page
	for i := range signatures {
		s := &signatures[i]
		area := map[int]float64{}
		for _, w := range s.Widgets {
			if area[w.Page] += shared(w.Rect, w.Rect); area[w.Page] > pages[w.Page].most {
				s.add(find("seal_too_large", "page", w.Page))
				break
			}
		}
		for _, w := range s.Widgets {
			if w.Page != 0 && slices.ContainsFunc(earlier[w.Page], func(r [4]float64) bool { return shared(r, w.Rect) > pages[w.Page].overlap }) {
				s.add(find("seal_overlaps", "page", w.Page))
				break
			}
		}
		for _, w := range s.Widgets {
			earlier[w.Page] = append(earlier[w.Page], w.Rect)
		}
	}
}

// shared is the area two rectangles have in common.
func shared(a, b [4]float64) float64 {
	w := min(a[2], b[2]) - max(a[0], b[0])
	h := min(a[3], b[3]) - max(a[1], b[1])
	if w <= 0 || h <= 0 {
		return 0
	}
	return w * h
}
