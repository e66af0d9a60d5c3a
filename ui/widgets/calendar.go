package widgets

import (
	"strconv"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/widget"

	"sealdesk/ui/theme"
)

const dayCell = 34

// calendar is a month to choose a day from: arrows move by a day or a week, Page
// Up and Page Down by a month, Enter chooses.
type calendar struct {
	widget.BaseWidget
	texts  CalendarTexts
	at     time.Time
	marked bool // at is the date that stands in the field
	today  time.Time
	chosen func(time.Time)
	cancel func()

	title *Text
	cells [42]*dayButton
	body  fyne.CanvasObject
}

func newCalendar(texts CalendarTexts, at time.Time, marked bool, today time.Time, chosen func(time.Time), cancel func()) *calendar {
	c := &calendar{texts: texts, at: dayOf(at), marked: marked, today: dayOf(today), chosen: chosen, cancel: cancel}
	c.title = Body("").Bold().Align(fyne.TextAlignCenter)
	head := Row(0,
		NewIconButton(theme.IconPrev, func() { c.move(inMonth(c.at, -1)) }),
		Grow(c.title),
		NewIconButton(theme.IconNext, func() { c.move(inMonth(c.at, 1)) }))
	var names, days []fyne.CanvasObject
	for _, n := range texts.Weekdays {
		names = append(names, Fixed(dayCell, 24, Middle(Quiet(n).Align(fyne.TextAlignCenter))))
	}
	for i := range c.cells {
		c.cells[i] = newDayButton(c)
		days = append(days, c.cells[i])
	}
	toToday := NewButton(Link, texts.Today, func() { c.chosen(c.today) })
	c.body = Pad(4, 6, 6, 6, Column(4, head, Grid(7, 0, names...), Grid(7, 0, days...), Row(0, Spacer(), toToday, Spacer())))
	c.ExtendBaseWidget(c)
	c.fill()
	return c
}

func dayOf(t time.Time) time.Time {
	y, m, d := t.Date()
	return time.Date(y, m, d, 0, 0, 0, 0, t.Location())
}

// inMonth is the same day so many months later, or the last one of a month that is too short for it.
func inMonth(day time.Time, by int) time.Time {
	to := day.AddDate(0, by, 0)
	if to.Day() != day.Day() { // it ran over into the next one
		to = to.AddDate(0, 0, -to.Day())
	}
	return to
}

func (c *calendar) move(to time.Time) {
	c.at, c.marked = to, true
	c.fill()
}

func (c *calendar) fill() {
	first := c.at.AddDate(0, 0, 1-c.at.Day())
	first = first.AddDate(0, 0, -(int(first.Weekday())+6)%7)
	c.title.SetText(c.texts.Month(c.at))
	for i, b := range c.cells {
		b.set(first.AddDate(0, 0, i))
	}
}

// FocusGained implements fyne.Focusable.
func (c *calendar) FocusGained() {}

// FocusLost implements fyne.Focusable.
func (c *calendar) FocusLost() {}

// TypedRune implements fyne.Focusable.
func (c *calendar) TypedRune(rune) {}

// TypedKey moves and chooses.
func (c *calendar) TypedKey(ev *fyne.KeyEvent) {
	switch ev.Name {
	case fyne.KeyLeft:
		c.move(c.at.AddDate(0, 0, -1))
	case fyne.KeyRight:
		c.move(c.at.AddDate(0, 0, 1))
	case fyne.KeyUp:
		c.move(c.at.AddDate(0, 0, -7))
	case fyne.KeyDown:
		c.move(c.at.AddDate(0, 0, 7))
	case fyne.KeyPageUp:
		c.move(inMonth(c.at, -1))
	case fyne.KeyPageDown:
		c.move(inMonth(c.at, 1))
	case fyne.KeyReturn, fyne.KeyEnter, fyne.KeySpace:
		c.chosen(c.at)
	case fyne.KeyEscape:
		c.cancel()
	}
}

// CreateRenderer implements fyne.Widget.
func (c *calendar) CreateRenderer() fyne.WidgetRenderer { return widget.NewSimpleRenderer(c.body) }

// dayButton is a day of the month shown.
type dayButton struct {
	widget.BaseWidget
	cal     *calendar
	day     time.Time
	hovered bool
	ground  *canvas.Rectangle
	label   *canvas.Text
}

func newDayButton(c *calendar) *dayButton {
	b := &dayButton{cal: c, ground: canvas.NewRectangle(theme.Clear), label: canvas.NewText("", theme.Text)}
	b.ground.CornerRadius = theme.ControlRadius
	b.label.TextSize = theme.TextTable
	b.ExtendBaseWidget(b)
	return b
}

func (b *dayButton) set(day time.Time) {
	b.day = day
	b.label.Text = strconv.Itoa(day.Day())
	b.draw()
}

func (b *dayButton) draw() {
	b.ground.FillColor, b.label.Color = theme.Clear, theme.Text
	switch {
	case b.cal.marked && b.day.Equal(b.cal.at):
		b.ground.FillColor, b.label.Color = theme.Primary, theme.White
	case b.hovered:
		b.ground.FillColor = theme.Chosen
	case b.day.Month() != b.cal.at.Month():
		b.label.Color = theme.Disabled
	case b.day.Equal(b.cal.today):
		b.label.Color = theme.Primary
	}
	b.label.TextStyle.Bold = b.day.Equal(b.cal.today)
	b.Refresh()
}

// Tapped chooses the day.
func (b *dayButton) Tapped(*fyne.PointEvent) { b.cal.chosen(b.day) }

// MouseIn implements desktop.Hoverable.
func (b *dayButton) MouseIn(*desktop.MouseEvent) { b.hovered = true; b.draw() }

// MouseMoved implements desktop.Hoverable.
func (b *dayButton) MouseMoved(*desktop.MouseEvent) {}

// MouseOut implements desktop.Hoverable.
func (b *dayButton) MouseOut() { b.hovered = false; b.draw() }

// CreateRenderer implements fyne.Widget.
func (b *dayButton) CreateRenderer() fyne.WidgetRenderer {
	return &drawn{
		objects: []fyne.CanvasObject{b.ground, b.label},
		layout: func(s fyne.Size) {
			place(b.ground, 1, 1, s.Width-2, s.Height-2)
			m := b.label.MinSize()
			place(b.label, (s.Width-m.Width)/2, (s.Height-m.Height)/2, m.Width, m.Height)
		},
		min: func() fyne.Size { return fyne.NewSize(dayCell, 30) },
		refresh: func() {
			b.ground.Refresh()
			b.label.Refresh()
		},
	}
}
