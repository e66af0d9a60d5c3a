package widgets

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"

	"sealdesk/ui/theme"
)

// frame is the white, edged ground of a field. The focused edge is two pixels
// thick, so that it is seen without colour too.
type frame struct {
	rect                            *canvas.Rectangle
	hovered, focused, wrong, locked bool
}

func newFrame() *frame {
	f := &frame{rect: canvas.NewRectangle(theme.White)}
	f.rect.CornerRadius = theme.ControlRadius
	f.draw()
	return f
}

func (f *frame) draw() {
	f.rect.FillColor, f.rect.StrokeColor, f.rect.StrokeWidth = theme.White, theme.Frame, 1
	switch {
	case f.locked:
		f.rect.FillColor, f.rect.StrokeColor = theme.Locked, theme.Line
	case f.focused && f.wrong:
		f.rect.StrokeColor, f.rect.StrokeWidth = theme.Red, 2
	case f.focused:
		f.rect.StrokeColor, f.rect.StrokeWidth = theme.Primary, 2
	case f.wrong:
		f.rect.StrokeColor = theme.Red
	case f.hovered:
		f.rect.StrokeColor = theme.FrameHi
	}
	f.rect.Refresh()
}

// Control is what a form asks of its controls: to show that they are wrong and to
// take the keyboard.
type Control interface {
	fyne.CanvasObject
	SetWrong(bool)
	Focus()
	keyboard() fyne.Focusable // the part of it that takes the keyboard
}
