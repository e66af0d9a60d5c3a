package widgets

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/widget"

	"sealdesk/ui/theme"
)

// ReadOnly is framed text in a form that is not for the person to change, such
// as a name out of a certificate.
type ReadOnly struct {
	widget.BaseWidget
	text *Text
	all  fyne.CanvasObject
}

// NewReadOnly makes such a text.
func NewReadOnly(text string) *ReadOnly {
	f := newFrame()
	f.locked = true
	f.draw()
	r := &ReadOnly{text: Body(text).Clip()}
	r.all = Fixed(0, theme.ControlHeight, Stack(f.rect, Pad(0, theme.ControlPad, 0, theme.ControlPad, Row(0, Grow(r.text)))))
	r.ExtendBaseWidget(r)
	return r
}

// SetText changes the words.
func (r *ReadOnly) SetText(s string) { r.text.SetText(s) }

// Text returns the words.
func (r *ReadOnly) Text() string { return r.text.Text() }

// CreateRenderer implements fyne.Widget.
func (r *ReadOnly) CreateRenderer() fyne.WidgetRenderer { return widget.NewSimpleRenderer(r.all) }
