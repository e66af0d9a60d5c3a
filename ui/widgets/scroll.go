package widgets

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/widget"
)

// ScrollArea lets its content be longer than the room it has, without the grey
// shade that Fyne draws where content is cut. The wheel scrolls the area wherever
// the pointer is, also over a field, which would otherwise swallow it; so what
// has to scroll by itself is put beside the area, not into it.
type ScrollArea struct {
	widget.BaseWidget
	scroll *container.Scroll
	all    fyne.CanvasObject
}

// NewScrollArea makes an area that scrolls up and down.
func NewScrollArea(content fyne.CanvasObject) *ScrollArea {
	a := &ScrollArea{scroll: container.NewVScroll(content)}
	a.cover(content)
	a.all = Bare(a.scroll)
	a.ExtendBaseWidget(a)
	return a
}

// SetContent puts other content in and goes to its top.
func (a *ScrollArea) SetContent(o fyne.CanvasObject) {
	a.cover(o)
	a.scroll.ScrollToTop()
	a.all.Refresh()
}

func (a *ScrollArea) cover(o fyne.CanvasObject) {
	w := &wheel{scroll: a.scroll}
	w.ExtendBaseWidget(w)
	a.scroll.Content = newInside(Stack(o, w))
}

// wheel lies over the content, takes the wheel and nothing else.
type wheel struct {
	widget.BaseWidget
	scroll *container.Scroll
}

// Scrolled implements fyne.Scrollable.
func (w *wheel) Scrolled(ev *fyne.ScrollEvent) { w.scroll.Scrolled(ev) }

// Resize keeps the end of content that became shorter at the bottom, which Fyne does only when the person scrolls next.
func (w *wheel) Resize(s fyne.Size) {
	w.BaseWidget.Resize(s)
	if end := max(s.Height-w.scroll.Size().Height, 0); w.scroll.Offset.Y > end {
		w.scroll.ScrollToOffset(fyne.NewPos(0, end))
	}
}

// CreateRenderer implements fyne.Widget.
func (w *wheel) CreateRenderer() fyne.WidgetRenderer { return widget.NewSimpleRenderer(Gap(0, 0)) }

// Reveal scrolls so far that o, which stands somewhere within, is in sight.
func (a *ScrollArea) Reveal(o fyne.CanvasObject) {
	d := fyne.CurrentApp().Driver()
	y := d.AbsolutePositionForObject(o).Y - d.AbsolutePositionForObject(a.scroll.Content).Y
	a.scroll.ScrollToOffset(fyne.NewPos(0, along(y, o.Size().Height, a.scroll.Offset.Y, a.scroll.Size().Height)))
}

// ToEnd goes to the last line.
func (a *ScrollArea) ToEnd() { a.scroll.ScrollToBottom() }

// Offset returns how far the content is scrolled; SetOffset goes there, for a
// page that is come back to.
func (a *ScrollArea) Offset() float32 { return a.scroll.Offset.Y }

// SetOffset scrolls to y.
func (a *ScrollArea) SetOffset(y float32) { a.scroll.ScrollToOffset(fyne.NewPos(0, y)) }

// CreateRenderer implements fyne.Widget.
func (a *ScrollArea) CreateRenderer() fyne.WidgetRenderer { return widget.NewSimpleRenderer(a.all) }
