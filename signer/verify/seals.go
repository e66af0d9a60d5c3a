package verify

import "slices"

// MaxSealArea is how much of one page a signature may show on, in square units
// of user space, before it is doubted: it might hide the text. A round seal of a
// company is 40 to 58 mm wide, the seal of a person less.
const MaxSealArea = (80 / 25.4 * 72) * (80 / 25.4 * 72)

const minOverlap = 1 // in square points

// seals looks at where signatures show. A picture may be put over an earlier
// seal, or over half a page of text, without changing an object of the page.
func seals(signatures []Signature) {
	earlier := map[int][][4]float64{} // by page
	for i := range signatures {
		s := &signatures[i]
		area := map[int]float64{}
		for _, w := range s.Widgets {
			if area[w.Page] += shared(w.Rect, w.Rect); area[w.Page] > MaxSealArea {
				s.add(find("seal_too_large", "page", w.Page))
				break
			}
		}
		for _, w := range s.Widgets {
			if w.Page != 0 && slices.ContainsFunc(earlier[w.Page], func(r [4]float64) bool { return shared(r, w.Rect) > minOverlap }) {
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
