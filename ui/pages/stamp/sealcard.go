package stamp

import (
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/widget"

	"sealdesk/ui/desk"
	"sealdesk/ui/theme"
	"sealdesk/ui/widgets"
)

// A sealCard is one seal to choose, with the pointer or with Enter and Space.
type sealCard struct {
	widget.BaseWidget
	tap    func()
	chosen bool
	ground *canvas.Rectangle
	all    fyne.CanvasObject
}

// newSealCard makes a card; owner is whose seal it is where the seal does not say.
func newSealCard(s desk.SealChoice, owner string, chosen bool, tap func()) *sealCard {
	title := s.Short(owner)
	if s.Owner != "" {
		owner = s.Owner
	}
	ground := canvas.NewRectangle(theme.White)
	ground.CornerRadius = 6
	lines := widgets.Column(3,
		widgets.NewText(title, theme.TextBody, theme.Text).Bold().Clip(),
		widgets.NewText(owner, theme.TextCaption, theme.Text2).Clip())
	if !s.Until.IsZero() {
		until := widgets.Quiet("~ " + s.Until.Local().Format(time.DateOnly)).Clip()
		if s.Expiring(time.Now()) {
			until.SetColor(theme.Amber)
		}
		lines.Add(until)
	}
	c := &sealCard{tap: tap, chosen: chosen, ground: ground, all: widgets.Stack(ground, widgets.Pad(8, 12, 8, 10,
		widgets.Row(12, sealPicture(s, 56), widgets.Grow(lines))))}
	c.ExtendBaseWidget(c)
	c.draw(false)
	return c
}

func (c *sealCard) draw(focused bool) {
	c.ground.FillColor, c.ground.StrokeColor, c.ground.StrokeWidth = theme.White, theme.Frame, 1
	switch {
	case focused && c.chosen:
		c.ground.FillColor, c.ground.StrokeColor, c.ground.StrokeWidth = theme.Chosen, theme.PrimaryDown, theme.FocusWidth
	case focused:
		c.ground.StrokeColor, c.ground.StrokeWidth = theme.PrimaryDown, theme.FocusWidth
	case c.chosen:
		c.ground.FillColor, c.ground.StrokeColor, c.ground.StrokeWidth = theme.Chosen, theme.Primary, 1.5
	}
	c.ground.Refresh()
}

// CreateRenderer implements fyne.Widget.
func (c *sealCard) CreateRenderer() fyne.WidgetRenderer { return widget.NewSimpleRenderer(c.all) }

// Tapped implements fyne.Tappable.
func (c *sealCard) Tapped(*fyne.PointEvent) { c.tap() }

// Cursor implements desktop.Cursorable.
func (c *sealCard) Cursor() desktop.Cursor { return desktop.PointerCursor }

// FocusGained implements fyne.Focusable.
func (c *sealCard) FocusGained() { c.draw(true) }

// FocusLost implements fyne.Focusable.
func (c *sealCard) FocusLost() { c.draw(false) }

// TypedKey implements fyne.Focusable.
func (c *sealCard) TypedKey(ev *fyne.KeyEvent) {
	switch ev.Name {
	case fyne.KeyReturn, fyne.KeyEnter, fyne.KeySpace:
		c.tap()
	}
}

// TypedRune implements fyne.Focusable.
func (c *sealCard) TypedRune(rune) {}
