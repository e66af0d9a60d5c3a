package widgets

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/widget"

	"sealdesk/ui/theme"
)

// Checkbox is a yes or no with its words.
type Checkbox struct {
	pressable
	OnChanged func(bool)

	on     bool
	box    *canvas.Rectangle
	mark   *canvas.Image
	label  *canvas.Text
	ring   *ring
	across bool // a round mark: one of several
	dot    *canvas.Circle
}

// NewCheckbox makes an empty box.
func NewCheckbox(label string, onChanged func(bool)) *Checkbox {
	c := &Checkbox{OnChanged: onChanged}
	c.build(label, theme.ControlRadius-1)
	c.init(c, func() { c.Set(!c.on); c.tell() }, c.draw)
	return c
}

func newRadio(label string, press func()) *Checkbox {
	c := &Checkbox{across: true}
	c.build(label, checkSide/2)
	c.init(c, press, c.draw)
	return c
}

const checkSide = 16

func (c *Checkbox) build(label string, radius float32) {
	c.box = canvas.NewRectangle(theme.White)
	c.box.CornerRadius = radius
	c.mark = Icon(theme.IconCheck, theme.IconSmall, theme.White)
	c.dot = canvas.NewCircle(theme.White)
	c.label = canvas.NewText(label, theme.Text)
	c.label.TextSize = theme.TextBody
	c.ring = newRing(radius, theme.Primary, theme.White)
}

// Label returns the box's words.
func (c *Checkbox) Label() string { return c.label.Text }

// On says whether the box is checked.
func (c *Checkbox) On() bool { return c.on }

// Set checks the box or not, without telling OnChanged.
func (c *Checkbox) Set(on bool) { c.on = on; c.draw() }

func (c *Checkbox) tell() {
	if c.OnChanged != nil {
		c.OnChanged(c.on)
	}
}

func (c *Checkbox) draw() {
	fill, edge := theme.White, theme.FrameHi
	switch {
	case c.on && c.off:
		fill, edge = theme.Disabled, theme.Disabled
	case c.on:
		fill, edge = theme.Primary, theme.Primary
	case c.off:
		fill, edge = theme.Locked, theme.Frame
	case c.hovered:
		edge = theme.Primary
	}
	c.box.FillColor, c.box.StrokeColor, c.box.StrokeWidth = fill, edge, 1
	c.mark.Hidden = !c.on || c.across
	c.dot.Hidden = !c.on || !c.across
	c.label.Color = theme.Text
	if c.off {
		c.label.Color = theme.Disabled
	}
	c.ring.show(c.ringed())
	c.box.Refresh()
	c.label.Refresh()
}

// CreateRenderer implements fyne.Widget.
func (c *Checkbox) CreateRenderer() fyne.WidgetRenderer {
	c.draw()
	return &drawn{
		objects: append(c.ring.objects(), c.box, c.mark, c.dot, c.label),
		layout: func(s fyne.Size) {
			y := snap((s.Height - checkSide) / 2)
			c.ring.layout(0, y, fyne.NewSquareSize(checkSide))
			place(c.box, 0, y, checkSide, checkSide)
			place(c.mark, 1, y+1, theme.IconSmall, theme.IconSmall)
			place(c.dot, 5, y+5, 6, 6)
			m := c.label.MinSize()
			place(c.label, checkSide+8, (s.Height-m.Height)/2, m.Width, m.Height)
		},
		min: func() fyne.Size {
			return fyne.NewSize(checkSide+8+c.label.MinSize().Width, max(24, c.label.MinSize().Height))
		},
		refresh: func() { c.draw(); canvas.Refresh(c) },
	}
}

// Radios are a few choices side by side of which one holds.
type Radios struct {
	widget.BaseWidget
	OnChanged func(index int)
	buttons   []*Checkbox
	chosen    int
	all       fyne.CanvasObject
}

// NewRadios makes the choices with none chosen.
func NewRadios(labels ...string) *Radios {
	r := &Radios{chosen: -1}
	var objects []fyne.CanvasObject
	for i, l := range labels {
		b := newRadio(l, func() {
			r.Choose(i)
			if r.OnChanged != nil {
				r.OnChanged(i)
			}
		})
		r.buttons = append(r.buttons, b)
		objects = append(objects, b)
	}
	r.all = Row(24, objects...)
	r.ExtendBaseWidget(r)
	return r
}

// SetWrong implements what a form asks; the words beneath say it.
func (r *Radios) SetWrong(bool) {}

// Focus takes the keyboard to the first choice.
func (r *Radios) Focus() { focusOn(r.buttons[0]) }

func (r *Radios) keyboard() fyne.Focusable { return r.buttons[0] }

// CreateRenderer implements fyne.Widget.
func (r *Radios) CreateRenderer() fyne.WidgetRenderer { return widget.NewSimpleRenderer(r.all) }

// Chosen returns the index that holds, or -1.
func (r *Radios) Chosen() int { return r.chosen }

// Choose sets the choice without telling OnChanged.
func (r *Radios) Choose(index int) {
	r.chosen = index
	for i, b := range r.buttons {
		b.Set(i == index)
	}
}
