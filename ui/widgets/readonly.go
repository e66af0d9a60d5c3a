package widgets

import (
	"fyne.io/fyne/v2"

	"sealdesk/ui/theme"
)

// ReadOnly is framed text in a form that is not for the person to change, such
// as a name out of a certificate.
func ReadOnly(text string) *Text {
	return Body(text).Clip()
}

// ReadOnlyBox frames such a text like a field.
func ReadOnlyBox(t *Text) *fyne.Container {
	f := newFrame()
	f.locked = true
	f.draw()
	return Fixed(0, theme.ControlHeight, Stack(f.rect, Pad(0, theme.ControlPad, 0, theme.ControlPad, Row(0, Grow(t)))))
}
