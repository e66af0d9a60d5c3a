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

	ground *canvas.Rectangle
	dot    *canvas.Circle
	label  *canvas.Text
}

// NewChip makes a chip.
func NewChip(text string, tone theme.Tone) *Chip {
	c := &Chip{
		ground: canvas.NewRectangle(theme.White),
		dot:    canvas.NewCircle(theme.White),
		label:  canvas.NewText("", theme.Text),
	}
	c.ground.CornerRadius = theme.ChipHeight / 2
	c.label.TextSize = theme.TextCaption
	c.ExtendBaseWidget(c)
	c.Set(text, tone)
	return c
}

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
		min:     func() fyne.Size { return fyne.NewSize(chipWidth(c.text), theme.ChipHeight) },
		refresh: func() { c.arrange(c.Size()); canvas.Refresh(c) },
	}
}

func chipWidth(s string) float32 {
	return fyne.MeasureText(s, theme.TextCaption, fyne.TextStyle{}).Width + chipText + 10
}

const chipText = 20 // where a chip's word begins

func (c *Chip) arrange(s fyne.Size) {
	w := chipWidth(c.text)
	c.label.Text = c.text
	if s.Width > 0 && w > s.Width {
		w = s.Width
		c.label.Text = ellipsis(c.text, theme.TextCaption, c.label.TextStyle, w-chipText-8)
	}
	m := c.label.MinSize()
	y := snap((s.Height - theme.ChipHeight) / 2)
	place(c.ground, 0, y, w, theme.ChipHeight)
	place(c.dot, 9, y+(theme.ChipHeight-6)/2, 6, 6)
	place(c.label, chipText, y+(theme.ChipHeight-m.Height)/2, m.Width, m.Height)
}
