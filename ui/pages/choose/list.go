package choose

import (
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/widget"

	"sealdesk/ui/desk/words"
	"sealdesk/ui/theme"
	"sealdesk/ui/widgets"
)

const (
	rowHeight  = 36
	sizeWidth  = 80
	dateWidth  = 124
	doubleTime = 450 * time.Millisecond
)

// entryList shows a folder's entries. One press chooses, two open; the arrows, Enter and Backspace do the same.
type entryList struct {
	widget.List
	entries []entry
	at      int // chosen, -1 for none
	last    time.Time
	onPick  func(int)
	onOpen  func(int)
	onUp    func()
}

func newEntryList() *entryList {
	l := &entryList{at: -1}
	l.HideSeparators = true
	l.Length = func() int { return len(l.entries) }
	l.CreateItem = func() fyne.CanvasObject { return newEntryRow(l) }
	l.UpdateItem = func(i int, o fyne.CanvasObject) { o.(*entryRow).set(i) }
	l.ExtendBaseWidget(l)
	return l
}

func (l *entryList) fill(entries []entry) {
	l.entries, l.at = entries, -1
	l.ScrollToTop()
	l.Refresh()
}

func (l *entryList) pick(i int) {
	if i < 0 || i >= len(l.entries) {
		return
	}
	l.at = i
	l.ScrollTo(i)
	l.Refresh()
	l.onPick(i)
}

// pressed chooses an entry, and opens it when it was pressed just before.
func (l *entryList) pressed(i int) {
	twice := i == l.at && time.Since(l.last) < doubleTime
	l.last = time.Now()
	if c := fyne.CurrentApp().Driver().CanvasForObject(l); c != nil {
		c.Focus(l)
	}
	l.pick(i)
	if twice {
		l.onOpen(i)
	}
}

// FocusGained implements fyne.Focusable. The list's own mark of where it is is not used.
func (l *entryList) FocusGained() {
	if l.at < 0 {
		l.pick(0)
	}
}

// FocusLost implements fyne.Focusable.
func (l *entryList) FocusLost() {}

// TypedRune implements fyne.Focusable.
func (l *entryList) TypedRune(rune) {}

// TypedKey implements fyne.Focusable.
func (l *entryList) TypedKey(ev *fyne.KeyEvent) {
	switch ev.Name {
	case fyne.KeyUp:
		l.pick(max(l.at-1, 0))
	case fyne.KeyDown:
		l.pick(min(l.at+1, len(l.entries)-1))
	case fyne.KeyHome:
		l.pick(0)
	case fyne.KeyEnd:
		l.pick(len(l.entries) - 1)
	case fyne.KeyBackspace:
		l.onUp()
	case fyne.KeyReturn, fyne.KeyEnter:
		if l.at >= 0 {
			l.onOpen(l.at)
		}
	default:
		if c := fyne.CurrentApp().Driver().CanvasForObject(l); c != nil && c.OnTypedKey() != nil {
			c.OnTypedKey()(ev)
		}
	}
}

// entryRow is one line of the list, filled again as lines come in sight.
type entryRow struct {
	widget.BaseWidget
	widgets.Inside
	list             *entryList
	index            int
	hovered          bool
	ground           *canvas.Rectangle
	icon             *fyne.Container
	name, size, date *widgets.Text
	all              fyne.CanvasObject
}

func newEntryRow(l *entryList) *entryRow {
	r := &entryRow{
		list: l, ground: canvas.NewRectangle(theme.Clear), icon: container.NewStack(),
		name: widgets.NewText("", theme.TextTable, theme.Text).Clip(),
		size: widgets.NewText("", theme.TextCaption, theme.Text3).Clip().Align(fyne.TextAlignTrailing),
		date: widgets.NewText("", theme.TextCaption, theme.Text3).Clip(),
	}
	r.all = widgets.Stack(r.ground, widgets.Fixed(0, rowHeight, widgets.Pad(0, 12, 0, 12, widgets.Row(10,
		widgets.Fixed(18, 18, r.icon), widgets.Grow(r.name),
		widgets.Fixed(sizeWidth, 0, r.size), widgets.Fixed(dateWidth, 0, r.date)))))
	r.ExtendBaseWidget(r)
	return r
}

func (r *entryRow) set(i int) {
	r.index = i
	e := r.list.entries[i]
	icon, ink, size := theme.IconContract, theme.Text3, words.Size(e.size)
	if e.folder {
		icon, ink, size = theme.IconFolder, theme.Primary, ""
	}
	r.icon.Objects = []fyne.CanvasObject{widgets.Icon(icon, 18, ink)}
	r.icon.Refresh()
	r.name.SetText(e.name)
	r.size.SetText(size)
	r.date.SetText(e.at.Format("2006-01-02 15:04"))
	r.draw()
}

func (r *entryRow) draw() {
	r.ground.FillColor = theme.Clear
	switch {
	case r.index == r.list.at:
		r.ground.FillColor = theme.Chosen
	case r.hovered:
		r.ground.FillColor = theme.Hover
	}
	r.ground.Refresh()
}

// Tapped implements fyne.Tappable.
func (r *entryRow) Tapped(*fyne.PointEvent) { r.list.pressed(r.index) }

// MouseIn implements desktop.Hoverable.
func (r *entryRow) MouseIn(*desktop.MouseEvent) { r.hovered = true; r.draw() }

// MouseMoved implements desktop.Hoverable.
func (r *entryRow) MouseMoved(*desktop.MouseEvent) {}

// MouseOut implements desktop.Hoverable.
func (r *entryRow) MouseOut() { r.hovered = false; r.draw() }

// CreateRenderer implements fyne.Widget.
func (r *entryRow) CreateRenderer() fyne.WidgetRenderer { return widget.NewSimpleRenderer(r.all) }
