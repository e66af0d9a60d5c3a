package widgets

import (
	"image/color"
	"math"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"

	"sealdesk/ui/theme"
)

// Fyne's own boxes put the theme's padding between their children, which shows
// as seams. Those of this file leave exactly the gaps they are given, and centre
// across their direction, since text hangs at the top of what holds it.

// Row puts objects side by side, each as wide as it needs and centred
// vertically; those made with Grow or Spacer share the width that is left.
func Row(gap float32, objects ...fyne.CanvasObject) *fyne.Container {
	return container.New(rowLayout{gap}, objects...)
}

// Column puts objects under one another over the full width, each as high as it
// needs; those made with Grow or Spacer share the height that is left.
func Column(gap float32, objects ...fyne.CanvasObject) *fyne.Container {
	return container.New(columnLayout{gap}, objects...)
}

// Grow lets o take the room that is left in a Row or Column.
func Grow(o fyne.CanvasObject) *fyne.Container { return container.New(growLayout{}, o) }

// Spacer is empty room that grows.
func Spacer() *fyne.Container { return Grow(Gap(0, 0)) }

// Gap is empty room of a given size.
func Gap(w, h float32) fyne.CanvasObject {
	r := canvas.NewRectangle(color.Transparent)
	r.SetMinSize(fyne.NewSize(w, h))
	if w == 0 && h == 0 {
		return container.New(fixedLayout{}, r)
	}
	return r
}

// Pad leaves room around o, in the order of a clock from the top.
func Pad(top, right, bottom, left float32, o fyne.CanvasObject) *fyne.Container {
	return container.New(padLayout{top, right, bottom, left}, o)
}

// Fixed gives o a width, a height or both; 0 leaves it what it needs.
func Fixed(w, h float32, o fyne.CanvasObject) *fyne.Container {
	return container.New(fixedLayout{w, h}, o)
}

// Stack lays objects over one another.
func Stack(objects ...fyne.CanvasObject) *fyne.Container { return container.NewStack(objects...) }

// Middle centres o vertically and gives it the full width.
func Middle(o fyne.CanvasObject) *fyne.Container { return container.New(middleLayout{}, o) }

// Center centres o both ways at the size it needs.
func Center(o fyne.CanvasObject) *fyne.Container { return container.New(centerLayout{}, o) }

// Start puts o at the left and vertically in the middle, at the size it needs.
func Start(o fyne.CanvasObject) *fyne.Container { return Row(0, o) }

// Border puts objects at the edges, as thick as they need, and centre in what
// remains. Any may be nil. Top and bottom take the full width.
func Border(top, bottom, left, right, centre fyne.CanvasObject) *fyne.Container {
	b := borderLayout{top, bottom, left, right, centre}
	var all []fyne.CanvasObject
	for _, o := range []fyne.CanvasObject{centre, top, bottom, left, right} {
		if o != nil {
			all = append(all, o)
		}
	}
	return container.New(b, all...)
}

// Grid gives n columns of equal width to as many rows as needed.
func Grid(columns int, gap float32, objects ...fyne.CanvasObject) *fyne.Container {
	return container.New(gridLayout{columns, gap}, objects...)
}

// Filled lays o on a colour.
func Filled(c color.Color, o fyne.CanvasObject) *fyne.Container {
	return container.NewStack(canvas.NewRectangle(c), o)
}

// HLine and VLine are rules one pixel thick.
func HLine() *fyne.Container { return Fixed(0, 1, canvas.NewRectangle(theme.Line)) }

// VLine is a vertical rule.
func VLine() *fyne.Container { return Fixed(1, 0, canvas.NewRectangle(theme.Line)) }

func place(o fyne.CanvasObject, x, y, w, h float32) {
	o.Move(fyne.NewPos(snap(x), snap(y)))
	o.Resize(fyne.NewSize(max(w, 0), max(h, 0)))
}

// snap keeps edges on whole pixels at scale 1; text between two pixels is blurred.
func snap(v float32) float32 { return float32(math.Round(float64(v))) }

type growLayout struct{}

func (growLayout) MinSize(o []fyne.CanvasObject) fyne.Size { return o[0].MinSize() }
func (growLayout) Layout(o []fyne.CanvasObject, s fyne.Size) {
	place(o[0], 0, 0, s.Width, s.Height)
}

func grows(o fyne.CanvasObject) bool {
	c, ok := o.(*fyne.Container)
	if !ok {
		return false
	}
	_, ok = c.Layout.(growLayout)
	return ok
}

// visible counts the objects shown and those of them that grow.
func visible(objects []fyne.CanvasObject) (shown []fyne.CanvasObject, growing int) {
	for _, o := range objects {
		if !o.Visible() {
			continue
		}
		shown = append(shown, o)
		if grows(o) {
			growing++
		}
	}
	return shown, growing
}

type rowLayout struct{ gap float32 }

func (l rowLayout) MinSize(objects []fyne.CanvasObject) fyne.Size {
	shown, _ := visible(objects)
	var s fyne.Size
	for _, o := range shown {
		m := o.MinSize()
		s.Width += m.Width
		s.Height = max(s.Height, m.Height)
	}
	s.Width += l.gap * float32(max(len(shown)-1, 0))
	return s
}

func (l rowLayout) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	shown, growing := visible(objects)
	left := size.Width - l.MinSize(objects).Width
	x := float32(0)
	for _, o := range shown {
		m := o.MinSize()
		w, h := m.Width, m.Height
		if grows(o) {
			w += left / float32(growing)
			if o.Size().Width != w { // what wraps says its height only when its width is known
				o.Resize(fyne.NewSize(w, h))
				h = o.MinSize().Height
			}
		}
		place(o, x, (size.Height-h)/2, w, h)
		x += w + l.gap
	}
}

type columnLayout struct{ gap float32 }

func (l columnLayout) MinSize(objects []fyne.CanvasObject) fyne.Size {
	shown, _ := visible(objects)
	var s fyne.Size
	for _, o := range shown {
		m := o.MinSize()
		s.Height += m.Height
		s.Width = max(s.Width, m.Width)
	}
	s.Height += l.gap * float32(max(len(shown)-1, 0))
	return s
}

func (l columnLayout) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	shown, growing := visible(objects)
	for _, o := range shown { // what wraps says its height only when its width is known
		if o.Size().Width != size.Width {
			o.Resize(fyne.NewSize(size.Width, o.MinSize().Height))
		}
	}
	left := size.Height - l.MinSize(objects).Height
	y := float32(0)
	for _, o := range shown {
		h := o.MinSize().Height
		if grows(o) {
			h += left / float32(growing)
		}
		place(o, 0, y, size.Width, h)
		y += h + l.gap
	}
}

type padLayout struct{ top, right, bottom, left float32 }

func (p padLayout) MinSize(o []fyne.CanvasObject) fyne.Size {
	return o[0].MinSize().AddWidthHeight(p.left+p.right, p.top+p.bottom)
}

func (p padLayout) Layout(o []fyne.CanvasObject, s fyne.Size) {
	place(o[0], p.left, p.top, s.Width-p.left-p.right, s.Height-p.top-p.bottom)
}

type fixedLayout struct{ w, h float32 }

func (f fixedLayout) MinSize(o []fyne.CanvasObject) fyne.Size {
	if f.w > 0 && f.h > 0 {
		return fyne.NewSize(f.w, f.h)
	}
	m := o[0].MinSize()
	if _, empty := o[0].(*canvas.Rectangle); empty {
		m = fyne.Size{}
	}
	if f.w > 0 {
		m.Width = f.w
	}
	if f.h > 0 {
		m.Height = f.h
	}
	return m
}

func (f fixedLayout) Layout(o []fyne.CanvasObject, s fyne.Size) {
	place(o[0], 0, 0, s.Width, s.Height)
}

type middleLayout struct{}

func (middleLayout) MinSize(o []fyne.CanvasObject) fyne.Size { return o[0].MinSize() }
func (middleLayout) Layout(o []fyne.CanvasObject, s fyne.Size) {
	h := o[0].MinSize().Height
	place(o[0], 0, (s.Height-h)/2, s.Width, h)
}

type centerLayout struct{}

func (centerLayout) MinSize(o []fyne.CanvasObject) fyne.Size { return o[0].MinSize() }
func (centerLayout) Layout(o []fyne.CanvasObject, s fyne.Size) {
	m := o[0].MinSize()
	place(o[0], (s.Width-m.Width)/2, (s.Height-m.Height)/2, m.Width, m.Height)
}

type borderLayout struct{ top, bottom, left, right, centre fyne.CanvasObject }

func minOf(o fyne.CanvasObject) fyne.Size {
	if o == nil || !o.Visible() {
		return fyne.Size{}
	}
	return o.MinSize()
}

func (b borderLayout) MinSize([]fyne.CanvasObject) fyne.Size {
	t, bo, l, r, c := minOf(b.top), minOf(b.bottom), minOf(b.left), minOf(b.right), minOf(b.centre)
	return fyne.NewSize(
		max(t.Width, bo.Width, l.Width+r.Width+c.Width),
		t.Height+bo.Height+max(l.Height, r.Height, c.Height))
}

func (b borderLayout) Layout(_ []fyne.CanvasObject, s fyne.Size) {
	x, y, w, h := float32(0), float32(0), s.Width, s.Height
	if b.top != nil && b.top.Visible() {
		if b.top.Size().Width != w {
			b.top.Resize(fyne.NewSize(w, b.top.MinSize().Height))
		}
		m := b.top.MinSize().Height
		place(b.top, 0, 0, w, m)
		y, h = m, h-m
	}
	if b.bottom != nil && b.bottom.Visible() {
		m := b.bottom.MinSize().Height
		h -= m
		place(b.bottom, 0, y+h, w, m)
	}
	if b.left != nil && b.left.Visible() {
		m := b.left.MinSize().Width
		place(b.left, 0, y, m, h)
		x, w = m, w-m
	}
	if b.right != nil && b.right.Visible() {
		m := b.right.MinSize().Width
		w -= m
		place(b.right, x+w, y, m, h)
	}
	if b.centre != nil {
		place(b.centre, x, y, w, h)
	}
}

type gridLayout struct {
	columns int
	gap     float32
}

func (g gridLayout) rows(n int) int { return (n + g.columns - 1) / g.columns }

func (g gridLayout) MinSize(objects []fyne.CanvasObject) fyne.Size {
	shown, _ := visible(objects)
	var w, h float32
	for i := 0; i < len(shown); i += g.columns {
		var rowH float32
		for _, o := range shown[i:min(i+g.columns, len(shown))] {
			m := o.MinSize()
			w = max(w, m.Width)
			rowH = max(rowH, m.Height)
		}
		h += rowH
	}
	n := float32(g.columns)
	return fyne.NewSize(w*n+g.gap*(n-1), h+g.gap*float32(max(g.rows(len(shown))-1, 0)))
}

func (g gridLayout) Layout(objects []fyne.CanvasObject, s fyne.Size) {
	shown, _ := visible(objects)
	n := float32(g.columns)
	w := (s.Width - g.gap*(n-1)) / n
	y := float32(0)
	rows := g.rows(len(shown))
	for i := 0; i < len(shown); i += g.columns {
		row := shown[i:min(i+g.columns, len(shown))]
		var h float32
		for _, o := range row {
			if o.Size().Width != w {
				o.Resize(fyne.NewSize(w, o.MinSize().Height))
			}
			h = max(h, o.MinSize().Height)
		}
		if rows == 1 {
			h = max(h, s.Height)
		}
		for j, o := range row {
			x := float32(j) * (w + g.gap)
			place(o, x, y, snap(x+w)-snap(x), h)
		}
		y += h + g.gap
	}
}
