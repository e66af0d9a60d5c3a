package widgets

import (
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/widget"

	"sealdesk/ui/theme"
)

// HighlightShape tells kinds of highlights apart without their colour.
type HighlightShape int

// The shapes: a frame all round, a line through the middle, a line beneath, bars at both ends, and a frame of dashes.
const (
	HighlightFrame HighlightShape = iota
	HighlightStrike
	HighlightUnderline
	HighlightBars
	HighlightDashes
)

// A Highlight marks a place on a page, in mm from its top left. One without width or height is shown as a thin line where
// something is missing.
type Highlight struct {
	ID         int // what it belongs to: several highlights may be one
	Page       int // from 1
	X, Y, W, H float64
	Label      string // on a small flag at the upper left; "" for none
	Chosen     string // the same while it is chosen
	Tone       theme.Tone
	Shape      HighlightShape
}

// leastHighlight is how many pixels a highlight is at least wide and high.
const leastHighlight = 3

// SetHighlights replaces the highlights; those with the chosen ID are drawn stronger. Pressing one tells its ID.
func (v *PageView) SetHighlights(chosen int, pressed func(id int), all ...Highlight) {
	v.highlights = map[int][]Highlight{}
	for _, h := range all {
		v.highlights[h.Page] = append(v.highlights[h.Page], h)
	}
	v.chosenHighlight, v.onHighlight = chosen, pressed
	v.redrawHighlights()
}

// ChooseHighlight draws those of an ID stronger than the others.
func (v *PageView) ChooseHighlight(id int) {
	if v.chosenHighlight != id {
		v.chosenHighlight = id
		v.redrawHighlights()
	}
}

func (v *PageView) redrawHighlights() {
	for _, s := range v.slots {
		s.lit.Objects = nil
	}
	v.fillHighlights()
	v.body.Refresh()
}

// fillHighlights gives each page in sight the widgets of its highlights, once.
func (v *PageView) fillHighlights() {
	for n, s := range v.slots {
		if len(s.lit.Objects) > 0 || len(v.highlights[n]) == 0 {
			continue
		}
		for _, h := range v.highlights[n] {
			if h.ID != v.chosenHighlight {
				s.lit.Add(newHighlightWidget(s, h))
			}
		}
		for _, h := range v.highlights[n] { // over the others
			if h.ID == v.chosenHighlight {
				s.lit.Add(newHighlightWidget(s, h))
			}
		}
		s.placeHighlights()
	}
}

func (s *pageSlot) placeHighlights() {
	for _, o := range s.lit.Objects {
		if w, ok := o.(*highlightWidget); ok {
			w.settle()
		}
	}
}

// highlightWidget is a highlight on its page.
type highlightWidget struct {
	widget.BaseWidget
	slot  *pageSlot
	h     Highlight
	lines []*canvas.Rectangle
	tint  *canvas.Rectangle
	dash  *canvas.Raster
	flag  *canvas.Rectangle
	label *canvas.Text
}

func newHighlightWidget(s *pageSlot, h Highlight) *highlightWidget {
	ink, _, _ := h.Tone.Colors()
	chosen := h.ID == s.view.chosenHighlight
	w := &highlightWidget{slot: s, h: h, tint: canvas.NewRectangle(faint(ink, chosen)), flag: canvas.NewRectangle(ink)}
	w.flag.CornerRadius = 3
	w.label = canvas.NewText(h.Label, theme.White)
	if chosen {
		w.label.Text = h.Chosen
	}
	w.label.TextSize, w.label.TextStyle.Bold = theme.TextTiny, true
	w.flag.Hidden, w.label.Hidden = h.Label == "", h.Label == ""
	for range 4 {
		w.lines = append(w.lines, canvas.NewRectangle(ink))
	}
	w.dash = canvas.NewRasterWithPixels(func(x, y, width, height int) color.Color { return dashedFrame(x, y, width, height, ink) })
	w.dash.Hidden = h.Shape != HighlightDashes
	w.ExtendBaseWidget(w)
	return w
}

func faint(c color.NRGBA, chosen bool) color.NRGBA {
	c.A = 34
	if chosen {
		c.A = 84
	}
	return c
}

// dashedFrame draws dashes two pixels thick along the edges.
func dashedFrame(x, y, w, h int, ink color.NRGBA) color.Color {
	const thick, on, period = 2, 6, 10
	edgeX, edgeY := x < thick || x >= w-thick, y < thick || y >= h-thick
	if edgeY && x%period < on || edgeX && y%period < on {
		return ink
	}
	return theme.Clear
}

// settle puts the highlight where it belongs at the page's present size.
func (w *highlightWidget) settle() {
	v := w.slot.view
	px := func(mm float64) float32 { return v.px(mm * pointsPerMM) }
	x, y, width, height := px(w.h.X), px(w.h.Y), px(w.h.W), px(w.h.H)
	if width < leastHighlight {
		x, width = x-(leastHighlight-width)/2, leastHighlight
	}
	if height < leastHighlight {
		y, height = y-(leastHighlight-height)/2, leastHighlight
	}
	w.Move(fyne.NewPos(x, y))
	w.Resize(fyne.NewSize(width, height))
}

// Tapped tells whose highlight was pressed.
func (w *highlightWidget) Tapped(*fyne.PointEvent) {
	if f := w.slot.view.onHighlight; f != nil {
		f(w.h.ID)
	}
}

// Cursor implements desktop.Cursorable.
func (w *highlightWidget) Cursor() desktop.Cursor { return desktop.PointerCursor }

// CreateRenderer implements fyne.Widget.
func (w *highlightWidget) CreateRenderer() fyne.WidgetRenderer {
	objects := []fyne.CanvasObject{w.tint, w.dash}
	for _, l := range w.lines {
		objects = append(objects, l)
	}
	objects = append(objects, w.flag, w.label)
	return &drawn{
		objects: objects, layout: w.arrange,
		min:     func() fyne.Size { return fyne.Size{} },
		refresh: func() { w.arrange(w.Size()); canvas.Refresh(w) },
	}
}

func (w *highlightWidget) arrange(s fyne.Size) {
	t := float32(1.5)
	if w.h.ID == w.slot.view.chosenHighlight {
		t = 2.5
	}
	w.tint.Resize(s)
	w.dash.Resize(s)
	put := func(i int, x, y, width, height float32) {
		w.lines[i].Show()
		w.lines[i].Move(fyne.NewPos(x, y))
		w.lines[i].Resize(fyne.NewSize(width, height))
	}
	for _, l := range w.lines {
		l.Hide()
	}
	switch w.h.Shape {
	case HighlightFrame:
		// All round and outside, so that the words stay free.
		put(0, -t, -t, s.Width+2*t, t)
		put(1, -t, s.Height, s.Width+2*t, t)
		put(2, -t, 0, t, s.Height)
		put(3, s.Width, 0, t, s.Height)
	case HighlightStrike:
		put(0, 0, (s.Height-t)/2, s.Width, t)
	case HighlightUnderline:
		put(0, 0, s.Height, s.Width, t)
	case HighlightBars:
		put(0, -t, 0, t, s.Height)
		put(1, s.Width, 0, t, s.Height)
	}
	m := w.label.MinSize()
	const pad, over = 4, 2
	fw, fh := m.Width+2*pad, m.Height-2
	x, y := float32(-2), -fh-over
	if at := w.Position(); at.Y+y < 0 {
		y = s.Height + over // there is no room above it on the page
	}
	w.flag.Move(fyne.NewPos(x, y))
	w.flag.Resize(fyne.NewSize(fw, fh))
	w.label.Move(fyne.NewPos(x+pad, y-1))
	w.label.Resize(m)
}
