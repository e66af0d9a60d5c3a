package widgets

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/widget"

	"sealdesk/ui/theme"
)

// Chip tells a state in a word, with a dot, in the colours of a tone.
type Chip struct {
	widget.BaseWidget
	text string
	tone theme.Tone
	size float32 // of the letters

	ground *canvas.Rectangle
	dot    *canvas.Circle
	label  *canvas.Text
}

// NewChip makes a chip.
func NewChip(text string, tone theme.Tone) *Chip {
	c := &Chip{
		size:   theme.TextCaption,
		ground: canvas.NewRectangle(theme.White),
		dot:    canvas.NewCircle(theme.White),
		label:  canvas.NewText("", theme.Text),
	}
	c.ExtendBaseWidget(c)
	c.Set(text, tone)
	return c
}

// Sized sets letters of another size.
func (c *Chip) Sized(text float32) *Chip {
	c.size = text
	c.Refresh()
	return c
}

// scale is how much larger it is than usual.
func (c *Chip) scale() float32 { return c.size / theme.TextCaption }

// Set changes the state told.
func (c *Chip) Set(text string, tone theme.Tone) {
	c.text, c.tone = text, tone
	fg, bg, _ := tone.Colors()
	c.label.Color = fg
	c.dot.FillColor, c.ground.FillColor = fg, bg
	c.Refresh()
}

// CreateRenderer implements fyne.Widget.
func (c *Chip) CreateRenderer() fyne.WidgetRenderer {
	return &drawn{
		objects: []fyne.CanvasObject{c.ground, c.dot, c.label},
		layout:  c.arrange,
		min:     func() fyne.Size { return fyne.NewSize(c.width(), c.height()) },
		refresh: func() { c.arrange(c.Size()); canvas.Refresh(c) },
	}
}

func (c *Chip) height() float32 { return theme.ChipHeight * c.scale() }

func (c *Chip) width() float32 {
	return fyne.MeasureText(c.text, c.size, fyne.TextStyle{}).Width + (chipText+10)*c.scale()
}

const chipText = 20 // where a chip's word begins

func (c *Chip) arrange(s fyne.Size) {
	w, h, scale := c.width(), c.height(), c.scale()
	c.label.Text, c.label.TextSize = c.text, c.size
	if s.Width > 0 && w > s.Width {
		w = s.Width
		c.label.Text = ellipsis(c.text, c.size, c.label.TextStyle, w-(chipText+8)*scale)
	}
	m := c.label.MinSize()
	y := snap((s.Height - h) / 2)
	c.ground.CornerRadius = h / 2
	place(c.ground, 0, y, w, h)
	place(c.dot, 9*scale, y+(h-6*scale)/2, 6*scale, 6*scale)
	place(c.label, chipText*scale, y+(h-m.Height)/2, m.Width, m.Height)
}
