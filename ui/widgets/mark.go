package widgets

import (
	"image"
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/widget"

	"sealdesk/ui/theme"
)

// Mark is a seal on a page, at true size. Its place is the seal's centre in mm
// from the page's top left.
type Mark struct {
	ID      string
	Page    int // from 1
	X, Y    float64
	W, H    float64 // mm
	Image   image.Image
	Fixed   bool // another party's, or given by a rule: cannot be moved
	Upright bool // it moves up and down only, as an edge seal does
	Void    bool // shown crossed
	Chosen  bool
	Wrong   bool // framed in red: it cannot stay there as it is
}

// Steps of the arrow keys in mm: alone, with Shift, with Ctrl.
const (
	nudge      = 0.5
	nudgeFine  = 0.1
	nudgeLarge = 5.0
)

// SetMarks replaces the marks. The view keeps its own copies; moves are told by
// OnMarkMove. Marks that are there already stay the ones they are, so that one
// may be set from there while it is dragged.
func (v *PageView) SetMarks(marks ...Mark) {
	if v.renewMarks(marks) {
		return
	}
	v.marks = v.marks[:0]
	for _, m := range marks {
		if !m.Fixed {
			v.clampMark(&m)
		}
		v.marks = append(v.marks, &m)
	}
	for _, s := range v.slots {
		s.marks.Objects = nil
	}
	v.fillMarks()
	v.body.Refresh()
}

// renewMarks changes the marks where they are the same ones as before; false
// when they are others.
func (v *PageView) renewMarks(marks []Mark) bool {
	if len(marks) != len(v.marks) {
		return false
	}
	for i, m := range marks {
		if old := v.marks[i]; m.ID != old.ID || m.Page != old.Page || m.Fixed != old.Fixed {
			return false
		}
	}
	for i, m := range marks {
		if !m.Fixed {
			v.clampMark(&m)
		}
		*v.marks[i] = m
	}
	for _, s := range v.slots {
		for _, o := range s.marks.Objects {
			if w, ok := o.(*markWidget); ok {
				w.renew()
			}
		}
	}
	return true
}

// Marks returns the marks as they lie now.
func (v *PageView) Marks() []Mark {
	out := make([]Mark, len(v.marks))
	for i, m := range v.marks {
		out[i] = *m
	}
	return out
}

// FocusMark gives a mark the keyboard, so that the arrows move it.
func (v *PageView) FocusMark(id string) {
	for _, s := range v.slots {
		for _, o := range s.marks.Objects {
			if w, ok := o.(*markWidget); ok && w.mark.ID == id && !w.mark.Fixed {
				focusOn(w)
			}
		}
	}
}

// clampMark keeps a mark wholly on its page, and in the middle of one that is
// smaller than it.
func (v *PageView) clampMark(m *Mark) {
	if m.Page < 1 || m.Page > len(v.source.Sizes) {
		return
	}
	s := v.source.Sizes[m.Page-1]
	clampTo := func(at, size, room float64) float64 {
		if size >= room {
			return room / 2
		}
		return min(max(at, size/2), room-size/2)
	}
	m.X = clampTo(m.X, m.W, float64(s.Width)/pointsPerMM)
	m.Y = clampTo(m.Y, m.H, float64(s.Height)/pointsPerMM)
}

// fillMarks gives each page in sight the widgets of its marks, once.
func (v *PageView) fillMarks() {
	for n, s := range v.slots {
		if len(s.marks.Objects) > 0 {
			continue
		}
		for _, m := range v.marks {
			if m.Page == n {
				s.marks.Add(newMarkWidget(s, m))
			}
		}
		s.placeMarks()
	}
}

func (s *pageSlot) placeMarks() {
	for _, o := range s.marks.Objects {
		if w, ok := o.(*markWidget); ok {
			w.settle()
		}
	}
}

// markWidget is a mark on its page: dragged with the pointer, nudged with the
// arrows. While it moves, dashed lines through its centre show where it stands.
type markWidget struct {
	widget.BaseWidget
	slot *pageSlot
	mark *Mark

	img      *canvas.Image
	edge     [4]*canvas.Rectangle
	guideX   *canvas.Raster
	guideY   *canvas.Raster
	cross    [2]*canvas.Line
	focused  bool
	hovered  bool
	moving   bool
	onTheWay bool       // the drag under way has moved it already
	free     [2]float64 // where the pointer would have the centre, were there no edge
	snapped  snapped    // the guides that it has come to lie on
}

func newMarkWidget(s *pageSlot, m *Mark) *markWidget {
	w := &markWidget{slot: s, mark: m}
	w.img = canvas.NewImageFromImage(m.Image)
	w.img.FillMode = canvas.ImageFillContain
	w.img.ScaleMode = canvas.ImageScaleSmooth
	for i := range w.edge {
		w.edge[i] = canvas.NewRectangle(theme.Primary)
	}
	for i := range w.cross {
		w.cross[i] = canvas.NewLine(theme.Red)
		w.cross[i].StrokeWidth = 2
	}
	w.guideX = canvas.NewRasterWithPixels(func(x, _, _, _ int) color.Color { return dashAt(x, w.snapped.y != nil) })
	w.guideY = canvas.NewRasterWithPixels(func(_, y, _, _ int) color.Color { return dashAt(y, w.snapped.x != nil) })
	w.ExtendBaseWidget(w)
	w.draw()
	return w
}

// dashAt is a dashed line, or a whole one.
func dashAt(n int, whole bool) color.Color {
	if whole || n%8 < 5 {
		return theme.Primary
	}
	return theme.Clear
}

// settle puts the mark where it belongs at the page's present size.
func (w *markWidget) settle() {
	v := w.slot.view
	width, height := v.px(w.mark.W*pointsPerMM), v.px(w.mark.H*pointsPerMM)
	w.Resize(fyne.NewSize(width, height))
	w.Move(fyne.NewPos(v.px(w.mark.X*pointsPerMM)-width/2, v.px(w.mark.Y*pointsPerMM)-height/2))
	w.arrange(w.Size())
}

// renew takes over what SetMarks changed in the mark.
func (w *markWidget) renew() {
	if w.img.Image != w.mark.Image {
		w.img.Image = w.mark.Image
		w.img.Refresh()
	}
	w.settle()
	w.draw()
}

func (w *markWidget) moveTo(x, y float64) {
	old := *w.mark
	if w.mark.Upright {
		x = old.X
	}
	w.mark.X, w.mark.Y = x, y
	w.slot.view.clampMark(w.mark)
	if w.mark.X == old.X && w.mark.Y == old.Y {
		return
	}
	w.settle()
	w.Refresh()
	if f := w.slot.view.OnMarkMove; f != nil {
		f(w.mark.ID, w.mark.X, w.mark.Y, !w.onTheWay)
	}
	w.onTheWay = w.moving
}

// Dragged moves the mark with the pointer.
func (w *markWidget) Dragged(ev *fyne.DragEvent) {
	if w.mark.Fixed {
		return
	}
	if !w.moving {
		w.moving = true
		w.free = [2]float64{w.mark.X, w.mark.Y}
	}
	dx, dy := w.slot.view.mm(fyne.NewPos(ev.Dragged.DX, ev.Dragged.DY))
	w.free[0] += dx
	w.free[1] += dy
	w.snapped = snapped{}
	if !held(fyne.KeyModifierControl) {
		w.snapped = w.slot.view.snap(w.mark, w.free[0], w.free[1])
	}
	w.moveTo(w.snapped.at(w.free[0], w.free[1]))
	w.draw()
}

// DragEnd implements fyne.Draggable.
func (w *markWidget) DragEnd() {
	w.moving, w.onTheWay = false, false
	w.snapped = snapped{}
	w.draw()
	if f := w.slot.view.OnMarkMoved; f != nil {
		f(w.mark.ID)
	}
}

// held tells whether a modifier key is down.
func held(key fyne.KeyModifier) bool {
	d, ok := fyne.CurrentApp().Driver().(desktop.Driver)
	return ok && d.CurrentKeyModifiers()&key != 0
}

// Tapped takes the keyboard.
func (w *markWidget) Tapped(*fyne.PointEvent) {
	if w.mark.Fixed {
		return
	}
	focusOn(w)
}

// Disabled lets Tab pass over what cannot be moved.
func (w *markWidget) Disabled() bool { return w.mark.Fixed }

// Enable and Disable implement fyne.Disableable; what is fixed is the caller's.
func (w *markWidget) Enable() {}

// Disable implements fyne.Disableable.
func (w *markWidget) Disable() {}

// FocusGained implements fyne.Focusable.
func (w *markWidget) FocusGained() {
	w.focused = true
	w.draw()
	if f := w.slot.view.OnMark; f != nil {
		f(w.mark.ID)
	}
}

// FocusLost implements fyne.Focusable.
func (w *markWidget) FocusLost() { w.focused = false; w.draw() }

// TypedRune implements fyne.Focusable.
func (w *markWidget) TypedRune(rune) {}

// TypedKey nudges the mark with the arrows, and tells of Delete.
func (w *markWidget) TypedKey(ev *fyne.KeyEvent) {
	step := nudge
	if held(fyne.KeyModifierShift) {
		step = nudgeFine
	}
	w.typed(ev, step)
}

// TypedShortcut nudges far where an arrow comes with Ctrl; other shortcuts are the window's.
func (w *markWidget) TypedShortcut(s fyne.Shortcut) {
	if c, ok := s.(*desktop.CustomShortcut); ok && c.Modifier == fyne.KeyModifierControl {
		switch c.KeyName {
		case fyne.KeyLeft, fyne.KeyRight, fyne.KeyUp, fyne.KeyDown:
			w.typed(&fyne.KeyEvent{Name: c.KeyName}, nudgeLarge)
			return
		}
	}
	if window, ok := canvasOf(w).(fyne.Shortcutable); ok {
		window.TypedShortcut(s)
	}
}

func (w *markWidget) typed(ev *fyne.KeyEvent, step float64) {
	x, y := w.mark.X, w.mark.Y
	switch ev.Name {
	case fyne.KeyDelete, fyne.KeyBackspace:
		if f := w.slot.view.OnMarkDelete; f != nil {
			f(w.mark.ID)
		}
	case fyne.KeyLeft:
		w.moveTo(x-step, y)
	case fyne.KeyRight:
		w.moveTo(x+step, y)
	case fyne.KeyUp:
		w.moveTo(x, y-step)
	case fyne.KeyDown:
		w.moveTo(x, y+step)
	default:
		passOn(w, ev)
	}
}

// MouseIn implements desktop.Hoverable.
func (w *markWidget) MouseIn(*desktop.MouseEvent) { w.hovered = true; w.draw() }

// MouseMoved implements desktop.Hoverable.
func (w *markWidget) MouseMoved(*desktop.MouseEvent) {}

// MouseOut implements desktop.Hoverable.
func (w *markWidget) MouseOut() { w.hovered = false; w.draw() }

// Cursor shows a hand over what can be moved.
func (w *markWidget) Cursor() desktop.Cursor {
	if w.mark.Fixed {
		return desktop.DefaultCursor
	}
	return desktop.PointerCursor
}

func (w *markWidget) draw() {
	edged := w.mark.Wrong || !w.mark.Fixed && (w.focused || w.hovered || w.moving || w.mark.Chosen)
	for _, e := range w.edge {
		e.FillColor = theme.FrameHi
		switch {
		case w.mark.Wrong:
			e.FillColor = theme.Red
		case w.focused || w.moving || w.mark.Chosen:
			e.FillColor = theme.Primary
		}
		e.Hidden = !edged
	}
	guided := w.moving || w.focused
	w.guideX.Hidden, w.guideY.Hidden = !guided, !guided
	for _, c := range w.cross {
		c.Hidden = !w.mark.Void
	}
	w.img.Translucency = 0
	if w.mark.Void {
		w.img.Translucency = 0.5
	}
	canvas.Refresh(w)
}

// CreateRenderer implements fyne.Widget.
func (w *markWidget) CreateRenderer() fyne.WidgetRenderer {
	objects := []fyne.CanvasObject{w.guideX, w.guideY, w.img}
	for _, e := range w.edge {
		objects = append(objects, e)
	}
	objects = append(objects, w.cross[0], w.cross[1])
	return &drawn{
		objects: objects,
		layout:  w.arrange,
		min:     func() fyne.Size { return fyne.Size{} },
		refresh: func() { w.arrange(w.Size()); w.draw() },
	}
}

func (w *markWidget) arrange(s fyne.Size) {
	w.img.Resize(s)
	t := float32(1)
	if w.focused {
		t = theme.FocusWidth
	}
	const out = 3
	full := s.AddWidthHeight(2*out, 2*out)
	place4 := func(e *canvas.Rectangle, x, y, wd, h float32) {
		e.Move(fyne.NewPos(x, y))
		e.Resize(fyne.NewSize(wd, h))
	}
	place4(w.edge[0], -out, -out, full.Width, t)
	place4(w.edge[1], -out, s.Height+out-t, full.Width, t)
	place4(w.edge[2], -out, -out, t, full.Height)
	place4(w.edge[3], s.Width+out-t, -out, t, full.Height)
	page, at := w.slot.Size(), w.Position()
	lineX, lineY := s.Width/2, s.Height/2
	if g := w.snapped.x; g != nil {
		lineX = w.slot.view.px(g.At*pointsPerMM) - at.X
	}
	if g := w.snapped.y; g != nil {
		lineY = w.slot.view.px(g.At*pointsPerMM) - at.Y
	}
	w.guideX.Move(fyne.NewPos(-at.X, lineY))
	w.guideX.Resize(fyne.NewSize(page.Width, 1))
	w.guideY.Move(fyne.NewPos(lineX, -at.Y))
	w.guideY.Resize(fyne.NewSize(1, page.Height))
	w.cross[0].Position1, w.cross[0].Position2 = fyne.NewPos(0, 0), fyne.NewPos(s.Width, s.Height)
	w.cross[1].Position1, w.cross[1].Position2 = fyne.NewPos(s.Width, 0), fyne.NewPos(0, s.Height)
}
