package widgets

import (
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/widget"

	"sealdesk/ui/theme"
)

// pressable is what all that can be pressed has in common: pointer, focus, Enter
// and Space. It is embedded; init must be called before use.
type pressable struct {
	widget.BaseWidget
	self    fyne.Widget
	press   func() // what pressing does
	restyle func() // draw the state anew
	off     bool
	hovered bool
	down    bool
	focused bool
	pointed bool // the focus came by the pointer, so the ring is not needed
	aside   bool // the pointer leaves the keyboard where it is
}

func (p *pressable) init(self fyne.Widget, press, restyle func()) {
	p.self, p.press, p.restyle = self, press, restyle
	p.ExtendBaseWidget(self)
}

func (p *pressable) ringed() bool { return p.focused && !p.pointed && !p.off }

func (p *pressable) activate() {
	if !p.off && p.press != nil {
		p.press()
	}
}

// Tapped presses and takes the focus.
func (p *pressable) Tapped(*fyne.PointEvent) {
	if p.off {
		return
	}
	if !p.aside {
		p.pointed = true
		focusOn(p.self)
	}
	p.activate()
}

// Cursor shows a hand over what can be pressed.
func (p *pressable) Cursor() desktop.Cursor {
	if p.off {
		return desktop.DefaultCursor
	}
	return desktop.PointerCursor
}

// MouseIn, MouseMoved and MouseOut follow the pointer.
func (p *pressable) MouseIn(*desktop.MouseEvent) { p.hovered = true; p.restyle() }

// MouseMoved implements desktop.Hoverable.
func (p *pressable) MouseMoved(*desktop.MouseEvent) {}

// MouseOut implements desktop.Hoverable.
func (p *pressable) MouseOut() { p.hovered, p.down = false, false; p.restyle() }

// MouseDown implements desktop.Mouseable.
func (p *pressable) MouseDown(*desktop.MouseEvent) { p.down = true; p.restyle() }

// MouseUp implements desktop.Mouseable.
func (p *pressable) MouseUp(*desktop.MouseEvent) { p.down = false; p.restyle() }

// FocusGained implements fyne.Focusable.
func (p *pressable) FocusGained() {
	p.focused = true
	p.restyle()
	inSight(p.self)
}

// FocusLost implements fyne.Focusable.
func (p *pressable) FocusLost() {
	p.focused, p.pointed = false, false
	p.restyle()
}

// TypedRune implements fyne.Focusable.
func (p *pressable) TypedRune(rune) {}

// TypedKey presses at Enter and Space and passes other keys on.
func (p *pressable) TypedKey(ev *fyne.KeyEvent) {
	p.pointed = false
	switch ev.Name {
	case fyne.KeyReturn, fyne.KeyEnter, fyne.KeySpace:
		p.activate()
	default:
		passOn(p.self, ev)
	}
}

// Disable, Enable and Disabled implement fyne.Disableable, by which Tab passes
// over what cannot be pressed.
func (p *pressable) Disable() { p.off = true; p.restyle() }

// Enable implements fyne.Disableable.
func (p *pressable) Enable() { p.off = false; p.restyle() }

// Disabled implements fyne.Disableable.
func (p *pressable) Disabled() bool { return p.off }

func canvasOf(o fyne.CanvasObject) fyne.Canvas {
	return fyne.CurrentApp().Driver().CanvasForObject(o)
}

func focusOn(w fyne.Widget) {
	f, ok := w.(fyne.Focusable)
	if c := canvasOf(w); ok && c != nil && c.Focused() != f {
		c.Focus(f)
	}
}

// passOn gives a key that a control has no use for to the canvas, where the page
// or the dialog on top listens.
func passOn(o fyne.CanvasObject, ev *fyne.KeyEvent) {
	c := canvasOf(o)
	if c == nil {
		return
	}
	if f := c.OnTypedKey(); f != nil {
		f(ev)
	}
}

// ring shows which control has the keyboard: two filled rectangles behind it,
// because a stroke on a transparent ground is blended with black.
type ring struct {
	outer, inner *canvas.Rectangle
}

func newRing(radius float32, outer, inner color.Color) *ring {
	r := &ring{canvas.NewRectangle(outer), canvas.NewRectangle(inner)}
	r.outer.CornerRadius = radius + theme.FocusGap + theme.FocusWidth
	r.inner.CornerRadius = radius + theme.FocusGap
	r.show(false)
	return r
}

func (r *ring) objects() []fyne.CanvasObject { return []fyne.CanvasObject{r.outer, r.inner} }

func (r *ring) layout(x, y float32, s fyne.Size) {
	o, i := theme.FocusGap+theme.FocusWidth, theme.FocusGap
	r.outer.Move(fyne.NewPos(x-o, y-o))
	r.outer.Resize(s.AddWidthHeight(2*o, 2*o))
	r.inner.Move(fyne.NewPos(x-i, y-i))
	r.inner.Resize(s.AddWidthHeight(2*i, 2*i))
}

func (r *ring) show(on bool) {
	if on {
		r.outer.Show()
		r.inner.Show()
	} else {
		r.outer.Hide()
		r.inner.Hide()
	}
}

// drawn is a renderer for widgets whose parts never change, only their looks.
type drawn struct {
	objects []fyne.CanvasObject
	layout  func(fyne.Size)
	min     func() fyne.Size
	refresh func()
}

func (d *drawn) Destroy()                     {}
func (d *drawn) Layout(s fyne.Size)           { d.layout(s) }
func (d *drawn) MinSize() fyne.Size           { return d.min() }
func (d *drawn) Objects() []fyne.CanvasObject { return d.objects }
func (d *drawn) Refresh()                     { d.refresh() }
