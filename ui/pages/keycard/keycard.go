package keycard

import (
	"image/color"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/widget"

	"sealdesk/ui/desk"
	"sealdesk/ui/desk/words"
	"sealdesk/ui/theme"
	"sealdesk/ui/widgets"
)

// A Card is one key to choose: whose it is and who holds it, who issued the certificate, until when, and with which algorithm. A key that
// cannot be used says why.
type Card struct {
	widget.BaseWidget
	tap    func()
	usable bool
	chosen bool
	ground *canvas.Rectangle
	all    fyne.CanvasObject
}

// New makes the card of a key; tap is called when the person chooses it.
func New(t *words.Catalog, k desk.Key, chosen bool, tap func()) *Card {
	c := &Card{tap: tap, usable: len(k.Unfit) == 0, chosen: chosen, ground: canvas.NewRectangle(theme.White)}
	c.ground.CornerRadius = 6
	c.ground.StrokeColor, c.ground.StrokeWidth = theme.Frame, 1
	ink, quiet := theme.Text, theme.Text2
	if !c.usable {
		ink, quiet = theme.Text3, theme.Text3
		c.ground.FillColor = theme.Locked
	}
	if chosen {
		c.ground.FillColor, c.ground.StrokeColor, c.ground.StrokeWidth = theme.Chosen, theme.Primary, 1.5
	}
	until := widgets.NewText(t.T("login.until", "date", k.Until.Format(time.DateOnly)), theme.TextCaption, quiet)
	left := k.DaysLeft(time.Now())
	if c.usable && left <= desk.ExpiringDays {
		until = widgets.NewText(t.T("login.until_soon", "date", k.Until.Format(time.DateOnly), "days", left), theme.TextCaption, theme.Amber)
	}
	second := fyne.CanvasObject(until)
	if k.Person != "" && k.Person != k.Owner { // which tells two keys of one organisation apart
		second = widgets.Row(12, until, widgets.Grow(widgets.NewText(t.T("login.person", "name", k.Person), theme.TextCaption, quiet).Clip()))
	}
	lines := []fyne.CanvasObject{
		widgets.Row(8, widgets.Grow(widgets.NewText(k.Owner, theme.TextBody, ink).Bold().Clip()), widgets.NewChip(k.Algorithm, theme.Neutral)),
		second,
		widgets.NewText(t.T("login.issuer", "name", k.Issuer), theme.TextCaption, theme.Text3).Clip(), // a line of its own: CAs have long names
	}
	for _, why := range k.Unfit {
		lines = append(lines, widgets.NewParagraph(why.What, theme.TextCaption, theme.Red))
	}
	if k.Locked {
		lines = append(lines, widgets.NewText(t.T("login.locked"), theme.TextCaption, theme.Red).Clip())
	}
	mark := theme.Text3
	if chosen {
		mark = theme.Primary
	}
	icon := widgets.Icon(theme.IconUSB, 24, mark)
	c.all = widgets.Stack(c.ground, widgets.Pad(10, 14, 10, 14, widgets.Border(nil, nil, widgets.Pad(0, 12, 0, 0, widgets.Middle(icon)), nil, widgets.Column(4, lines...))))
	c.ExtendBaseWidget(c)
	return c
}

// CreateRenderer implements fyne.Widget.
func (c *Card) CreateRenderer() fyne.WidgetRenderer { return widget.NewSimpleRenderer(c.all) }

// Tapped implements fyne.Tappable.
func (c *Card) Tapped(*fyne.PointEvent) {
	if c.usable {
		c.tap()
	}
}

// Cursor implements desktop.Cursorable.
func (c *Card) Cursor() desktop.Cursor {
	if c.usable {
		return desktop.PointerCursor
	}
	return desktop.DefaultCursor
}

// FocusGained implements fyne.Focusable: the card can be reached with Tab.
func (c *Card) FocusGained() { c.edge(theme.PrimaryHi, 2) }

// FocusLost implements fyne.Focusable.
func (c *Card) FocusLost() {
	if c.chosen {
		c.edge(theme.Primary, 1.5)
	} else {
		c.edge(theme.Frame, 1)
	}
}

func (c *Card) edge(ink color.Color, width float32) {
	c.ground.StrokeColor, c.ground.StrokeWidth = ink, width
	c.ground.Refresh()
}

// TypedRune implements fyne.Focusable.
func (c *Card) TypedRune(r rune) {
	if r == ' ' {
		c.Tapped(nil)
	}
}

// TypedKey implements fyne.Focusable.
func (c *Card) TypedKey(ev *fyne.KeyEvent) {
	if ev.Name == fyne.KeyReturn || ev.Name == fyne.KeyEnter {
		c.Tapped(nil)
	}
}
