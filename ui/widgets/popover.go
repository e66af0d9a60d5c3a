package widgets

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/widget"

	"sealdesk/ui/theme"
)

// popover is a small sheet that hangs under a control until the person presses
// somewhere else or Esc. It covers the whole canvas, unseen, to notice that.
type popover struct {
	widget.BaseWidget
	content fyne.CanvasObject
	anchor  fyne.CanvasObject
	canvas  fyne.Canvas
	width   float32 // at least
	sheet   *canvas.Rectangle
	closed  func()
}

// showPopover hangs content under anchor, or over it when there is no room, and
// gives the keyboard to focus.
func showPopover(anchor, content fyne.CanvasObject, width float32, focus fyne.Focusable, closed func()) *popover {
	c := canvasOf(anchor)
	if c == nil {
		return nil
	}
	p := &popover{content: content, anchor: anchor, canvas: c, width: width, closed: closed}
	p.sheet = canvas.NewRectangle(theme.White)
	p.sheet.CornerRadius = 6
	p.sheet.StrokeColor, p.sheet.StrokeWidth = theme.Line, 1
	p.sheet.Shadow = canvas.Shadow{Color: theme.FloatShade, BlurRadius: 16, Offset: fyne.NewPos(0, 4)}
	p.ExtendBaseWidget(p)
	c.Overlays().Add(p)
	p.Resize(c.Size())
	if focus != nil {
		c.Focus(focus)
	}
	return p
}

func (p *popover) close() {
	p.canvas.Overlays().Remove(p)
	if p.closed != nil {
		p.closed()
	}
}

// Tapped outside the sheet closes it.
func (p *popover) Tapped(ev *fyne.PointEvent) {
	d := ev.Position.Subtract(p.sheet.Position())
	if s := p.sheet.Size(); d.X < 0 || d.Y < 0 || d.X > s.Width || d.Y > s.Height {
		p.close()
	}
}

// Cursor implements desktop.Cursorable.
func (p *popover) Cursor() desktop.Cursor { return desktop.DefaultCursor }

// Scrolled keeps the page behind from moving away under the sheet.
func (p *popover) Scrolled(*fyne.ScrollEvent) { p.close() }

func (p *popover) arrange(s fyne.Size) {
	m := p.content.MinSize()
	w, h := max(m.Width+8, p.width), min(m.Height+8, s.Height-16)
	at := fyne.CurrentApp().Driver().AbsolutePositionForObject(p.anchor)
	x, y := at.X, at.Y+p.anchor.Size().Height+4
	if y+h > s.Height-8 {
		if up := at.Y - h - 4; up >= 8 {
			y = up
		} else {
			y = s.Height - h - 8
		}
	}
	x = max(min(x, s.Width-w-8), 8)
	place(p.sheet, x, y, w, h)
	place(p.content, x+4, y+4, w-8, h-8)
}

// CreateRenderer implements fyne.Widget.
func (p *popover) CreateRenderer() fyne.WidgetRenderer {
	return &drawn{
		objects: []fyne.CanvasObject{p.sheet, p.content},
		layout:  p.arrange,
		min:     func() fyne.Size { return fyne.Size{} },
		refresh: func() { canvas.Refresh(p) },
	}
}

// optionList is what a select field and a menu open: lines to choose from with
// the pointer or with the arrows, Enter and Esc.
type optionList struct {
	widget.BaseWidget
	options []option
	at      int
	chosen  func(int)
	cancel  func()
	rows    []*optionRow
	body    fyne.CanvasObject
	scroll  *container.Scroll
}

// option is a line of such a list.
type option struct {
	text, note string // note is small and grey, under or after the text
	off        bool   // shown with its note, but not to be chosen
}

const optionHeight = 34

func newOptionList(options []option, at int, chosen func(int), cancel func()) *optionList {
	l := &optionList{options: options, at: at, chosen: chosen, cancel: cancel}
	var rows []fyne.CanvasObject
	for i := range options {
		r := newOptionRow(l, i)
		l.rows = append(l.rows, r)
		rows = append(rows, r)
	}
	col := Column(0, rows...)
	l.body = col
	if len(options) > 9 {
		l.scroll = container.NewVScroll(newInside(col))
		l.body = Fixed(0, 9*optionHeight, Bare(l.scroll))
	}
	l.ExtendBaseWidget(l)
	l.mark(at)
	return l
}

// whole is the width at which no option is cut.
func (l *optionList) whole() float32 {
	var w float32
	for _, o := range l.options {
		line := fyne.MeasureText(o.text, theme.TextBody, fyne.TextStyle{}).Width
		if o.note != "" {
			line += 12 + fyne.MeasureText(o.note, theme.TextCaption, fyne.TextStyle{}).Width
		}
		w = max(w, line+24)
	}
	return w
}

func (l *optionList) mark(i int) {
	if i >= len(l.rows) {
		return
	}
	l.at = i
	for j, r := range l.rows {
		r.draw(j == i)
	}
	if l.scroll != nil && i >= 0 {
		y := float32(i) * optionHeight
		switch {
		case y < l.scroll.Offset.Y:
			l.scroll.ScrollToOffset(fyne.NewPos(0, y))
		case y+optionHeight > l.scroll.Offset.Y+9*optionHeight:
			l.scroll.ScrollToOffset(fyne.NewPos(0, y-8*optionHeight))
		}
	}
}

func (l *optionList) choose(i int) {
	if i >= 0 && i < len(l.options) && !l.options[i].off {
		l.chosen(i)
	}
}

// FocusGained implements fyne.Focusable.
func (l *optionList) FocusGained() {}

// FocusLost implements fyne.Focusable.
func (l *optionList) FocusLost() {}

// TypedRune implements fyne.Focusable.
func (l *optionList) TypedRune(rune) {}

// TypedKey moves with the arrows, chooses with Enter or Space, leaves with Esc.
func (l *optionList) TypedKey(ev *fyne.KeyEvent) {
	switch ev.Name {
	case fyne.KeyDown:
		l.mark(min(l.at+1, len(l.options)-1))
	case fyne.KeyUp:
		l.mark(max(l.at-1, 0))
	case fyne.KeyHome:
		l.mark(0)
	case fyne.KeyEnd:
		l.mark(len(l.options) - 1)
	case fyne.KeyReturn, fyne.KeyEnter, fyne.KeySpace:
		l.choose(l.at)
	case fyne.KeyEscape:
		l.cancel()
	}
}

// CreateRenderer implements fyne.Widget.
func (l *optionList) CreateRenderer() fyne.WidgetRenderer { return widget.NewSimpleRenderer(l.body) }

type optionRow struct {
	widget.BaseWidget
	list   *optionList
	index  int
	ground *canvas.Rectangle
	text   *Text
	all    fyne.CanvasObject
}

func newOptionRow(l *optionList, i int) *optionRow {
	o := l.options[i]
	r := &optionRow{list: l, index: i, ground: canvas.NewRectangle(theme.Clear), text: Body(o.text)}
	r.ground.CornerRadius = theme.ControlRadius
	if o.off {
		r.text.SetColor(theme.Disabled)
	}
	row := Row(12, Grow(r.text.Clip()))
	if o.note != "" {
		row.Add(Quiet(o.note))
	}
	r.all = Stack(r.ground, Fixed(0, optionHeight, Pad(0, 8, 0, 8, row)))
	r.ExtendBaseWidget(r)
	return r
}

func (r *optionRow) draw(on bool) {
	r.ground.FillColor = theme.Clear
	if on {
		r.ground.FillColor = theme.Chosen
	}
	r.ground.Refresh()
}

// Tapped chooses the line.
func (r *optionRow) Tapped(*fyne.PointEvent) { r.list.choose(r.index) }

// MouseIn marks the line.
func (r *optionRow) MouseIn(*desktop.MouseEvent) { r.list.mark(r.index) }

// MouseMoved implements desktop.Hoverable.
func (r *optionRow) MouseMoved(*desktop.MouseEvent) {}

// MouseOut implements desktop.Hoverable.
func (r *optionRow) MouseOut() {}

// CreateRenderer implements fyne.Widget.
func (r *optionRow) CreateRenderer() fyne.WidgetRenderer { return widget.NewSimpleRenderer(r.all) }
