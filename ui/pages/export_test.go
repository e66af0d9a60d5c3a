package pages

import (
	"testing"

	"fyne.io/fyne/v2"

	"sealdesk/ui/desk"
	"sealdesk/ui/pages/page"
)

// Framed is what fills a window in which pages were opened one from the other: the topmost, and around it, where somebody is logged
// in, the window's frame. The session stays open.
func Framed(t *testing.T, d *desk.Desk, s *desk.Session, opened ...page.Page) fyne.CanvasObject {
	top := opened[len(opened)-1]
	if _, alone := top.(page.Alone); s == nil || alone {
		return top.Content()
	}
	w := New(fyne.CurrentApp(), d)
	t.Cleanup(func() {
		w.session = nil // it is not ours to close
		w.win.Close()
	})
	w.Login(s)
	w.drop(len(w.stack))
	w.stack = opened
	w.frame(top)
	return w.shell
}
