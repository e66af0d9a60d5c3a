package contracts

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/widget"

	"sealdesk/ui/theme"
)

// pressed makes a card something to press, with the pointer or, once Tab reached it, with Enter and Space. Its edge shows
// whether it is chosen, under the pointer or has the keyboard.
type pressed struct {
	widget.BaseWidget
	inside  fyne.CanvasObject
	press   func()
	chosen  bool
	hovered bool
	focused bool
	edge    *canvas.Rectangle
}

func newPressed(inside fyne.CanvasObject, press func()) *pressed {
	p := &pressed{inside: inside, press: press, edge: canvas.NewRectangle(theme.Clear)}
	p.edge.CornerRadius = theme.CardRadius + 2
	p.ExtendBaseWidget(p)
	return p
}

func (p *pressed) choose(on bool) {
	p.chosen = on
	p.draw()
}

// draw colours a rectangle behind the card that stands out by two pixels: a stroke around nothing would be blended with
// black.
func (p *pressed) draw() {
	p.edge.FillColor = theme.Clear
	switch {
	case p.focused || p.chosen:
		p.edge.FillColor = theme.Primary
	case p.hovered:
		p.edge.FillColor = theme.Frame
	}
	p.edge.Refresh()
}

// Tapped implements fyne.Tappable.
func (p *pressed) Tapped(*fyne.PointEvent) { p.press() }

// Cursor implements desktop.Cursorable.
func (p *pressed) Cursor() desktop.Cursor { return desktop.PointerCursor }

// MouseIn implements desktop.Hoverable.
func (p *pressed) MouseIn(*desktop.MouseEvent) { p.hovered = true; p.draw() }

// MouseMoved implements desktop.Hoverable.
func (p *pressed) MouseMoved(*desktop.MouseEvent) {}

// MouseOut implements desktop.Hoverable.
func (p *pressed) MouseOut() { p.hovered = false; p.draw() }

// FocusGained implements fyne.Focusable.
func (p *pressed) FocusGained() { p.focused = true; p.draw() }

// FocusLost implements fyne.Focusable.
func (p *pressed) FocusLost() { p.focused = false; p.draw() }

// TypedRune implements fyne.Focusable.
func (p *pressed) TypedRune(rune) {}

// TypedKey implements fyne.Focusable; keys without use go on to the page.
func (p *pressed) TypedKey(ev *fyne.KeyEvent) {
	switch ev.Name {
	case fyne.KeyReturn, fyne.KeyEnter, fyne.KeySpace:
		p.press()
	default:
		if c := fyne.CurrentApp().Driver().CanvasForObject(p); c != nil && c.OnTypedKey() != nil {
			c.OnTypedKey()(ev)
		}
	}
}

// CreateRenderer implements fyne.Widget.
func (p *pressed) CreateRenderer() fyne.WidgetRenderer { return &pressedRenderer{p} }

type pressedRenderer struct{ p *pressed }

func (r *pressedRenderer) Destroy() {}

func (r *pressedRenderer) Layout(s fyne.Size) {
	const out = 2
	r.p.edge.Move(fyne.NewPos(-out, -out))
	r.p.edge.Resize(s.AddWidthHeight(2*out, 2*out))
	r.p.inside.Resize(s)
}

func (r *pressedRenderer) MinSize() fyne.Size { return r.p.inside.MinSize() }

func (r *pressedRenderer) Objects() []fyne.CanvasObject {
	return []fyne.CanvasObject{r.p.edge, r.p.inside}
}

func (r *pressedRenderer) Refresh() {
	r.p.draw()
	r.p.inside.Refresh()
}
