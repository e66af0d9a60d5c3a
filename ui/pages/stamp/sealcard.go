package stamp

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/widget"

	"sealdesk/ui/desk"
	"sealdesk/ui/theme"
	"sealdesk/ui/widgets"
)

// A sealCard is one seal to choose.
type sealCard struct {
	widget.BaseWidget
	tap func()
	all fyne.CanvasObject
}

func newSealCard(s desk.SealChoice, owner string, chosen bool, tap func()) *sealCard {
	ground := canvas.NewRectangle(theme.White)
	ground.CornerRadius = 6
	ground.StrokeColor, ground.StrokeWidth = theme.Frame, 1
	if chosen {
		ground.FillColor, ground.StrokeColor, ground.StrokeWidth = theme.Chosen, theme.Primary, 1.5
	}
	lines := widgets.Column(3,
		widgets.NewText(s.Title, theme.TextBody, theme.Text).Bold().Clip(),
		widgets.NewText(owner, theme.TextCaption, theme.Text2).Clip())
	c := &sealCard{tap: tap, all: widgets.Stack(ground, widgets.Pad(8, 12, 8, 10,
		widgets.Row(12, sealPicture(s, 56), widgets.Grow(lines))))}
	c.ExtendBaseWidget(c)
	return c
}

// CreateRenderer implements fyne.Widget.
func (c *sealCard) CreateRenderer() fyne.WidgetRenderer { return widget.NewSimpleRenderer(c.all) }

// Tapped implements fyne.Tappable.
func (c *sealCard) Tapped(*fyne.PointEvent) { c.tap() }

// Cursor implements desktop.Cursorable.
func (c *sealCard) Cursor() desktop.Cursor { return desktop.PointerCursor }
