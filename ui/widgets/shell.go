package widgets

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/widget"
)

// Shell is the whole window once somebody is logged in: sidebar, topbar, the
// page, and the toasts over it.
type Shell struct {
	widget.BaseWidget
	Sidebar *Sidebar
	Topbar  *Topbar
	Toasts  *Toasts
	body    *fyne.Container
	all     fyne.CanvasObject
}

// NewShell joins the parts around an empty page.
func NewShell(side *Sidebar, top *Topbar) *Shell {
	s := &Shell{Sidebar: side, Topbar: top, Toasts: NewToasts(), body: Stack(Gap(1, 1))}
	page := Border(top, nil, nil, nil, s.body)
	s.all = Stack(Border(nil, nil, side, nil, page), s.Toasts)
	s.ExtendBaseWidget(s)
	return s
}

// SetBody shows a page.
func (s *Shell) SetBody(o fyne.CanvasObject) {
	s.body.Objects = []fyne.CanvasObject{o}
	s.body.Refresh()
}

// CreateRenderer implements fyne.Widget.
func (s *Shell) CreateRenderer() fyne.WidgetRenderer { return widget.NewSimpleRenderer(s.all) }
