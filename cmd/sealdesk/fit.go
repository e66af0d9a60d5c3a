package main

import (
	"fyne.io/fyne/v2"
	"github.com/go-gl/glfw/v3.4/glfw"
)

// titleBar is about how high the bar is that systems put over a window, in pixels.
const titleBar = 36

// fit makes a window that is larger than the room which panels leave on the screen as large as that, with its title, for not
// every system does. Fyne does not tell of the screen, but the library does by which it draws there. It is called on the
// window's goroutine, when the window is there.
func fit(w fyne.Window) {
	screen := glfw.GetPrimaryMonitor()
	if screen == nil {
		return
	}
	_, _, width, height := screen.GetWorkarea()
	scale := w.Canvas().Scale()
	size, room := w.Canvas().Size(), fyne.NewSize(float32(width)/scale, float32(height)/scale)
	if width > 0 && (size.Width > room.Width || size.Height > room.Height) {
		w.Resize(size.Min(room.SubtractWidthHeight(0, titleBar/scale)))
		w.CenterOnScreen()
	}
}
