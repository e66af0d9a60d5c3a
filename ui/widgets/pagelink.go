package widgets

import "sealdesk/ui/theme"

// LinkPages makes two views scroll and zoom together. partner gives the page of the other view that belongs to a page of the
// first (left true) or of the second, 0 for none: then the other view stays where it is.
func LinkPages(a, b *PageView, partner func(page int, left bool) int) {
	following := false
	link := func(from, to *PageView, left bool) {
		from.onMoved = func() {
			if following {
				return
			}
			following = true
			defer func() { following = false }()
			if !to.fit || !from.fit { // two that are fitted have their own sizes
				to.setZoom(from.zoom, from.fit)
			}
			page, part, x := from.at()
			if n := partner(page, left); n > 0 {
				to.show(n, part, x)
			}
		}
	}
	link(a, b, true)
	link(b, a, false)
}

// at is the page in the middle of the view, and how far down and across it the middle is, in parts of its size.
func (v *PageView) at() (page int, down, across float32) {
	if v.current < 1 || v.current > len(v.source.Sizes) {
		return 0, 0, 0
	}
	s := v.pageSize(v.current)
	middle := v.scroll.Offset.Y + v.scroll.Size().Height/2
	return v.current, (middle - v.pageTop(v.current)) / s.Height, (v.scroll.Offset.X + v.scroll.Size().Width/2) / max(v.body.MinSize().Width, 1)
}

// show puts a place of a page in the middle of the view, as at tells it.
func (v *PageView) show(n int, down, across float32) {
	if n < 1 || n > len(v.source.Sizes) {
		return
	}
	down = min(max(down, -theme.PageGap/v.pageSize(n).Height), 1)
	v.scrollTo(across*v.body.MinSize().Width-v.scroll.Size().Width/2, v.pageTop(n)+down*v.pageSize(n).Height-v.scroll.Size().Height/2)
}

// RevealAlone is Reveal for a view that is linked: the other one stays where it is.
func (v *PageView) RevealAlone(n int, x, y float64) {
	moved := v.onMoved
	v.onMoved = nil
	v.Reveal(n, x, y)
	v.onMoved = moved
}
