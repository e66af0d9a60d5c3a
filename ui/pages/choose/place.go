package choose

import (
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/widget"

	"sealdesk/ui/theme"
	"sealdesk/ui/widgets"
)

var placeIcons = map[string]theme.Icon{
	"samples": theme.IconFolder, "home": theme.IconHome, "desktop": theme.IconFit, "documents": theme.IconContract, "downloads": theme.IconDownload,
}

// placeRow is a line at the left that goes to one of the person's folders.
type placeRow struct {
	widget.BaseWidget
	chosen bool
	ground *canvas.Rectangle
	all    fyne.CanvasObject
	press  func()
}

func newPlaceRow(text string, p place, chosen bool, press func()) *placeRow {
	r := &placeRow{chosen: chosen, press: press, ground: canvas.NewRectangle(theme.Clear)}
	r.ground.CornerRadius = theme.ControlRadius
	ink := theme.Text2
	if chosen {
		ink = theme.Primary
		r.ground.FillColor = theme.Chosen
	}
	r.all = widgets.Stack(r.ground, widgets.Fixed(0, 34, widgets.Pad(0, 8, 0, 10, widgets.Row(8,
		widgets.Icon(placeIcons[p.key], 16, ink), widgets.Grow(widgets.NewText(text, theme.TextTable, ink).Clip())))))
	r.ExtendBaseWidget(r)
	return r
}

// Tapped implements fyne.Tappable.
func (r *placeRow) Tapped(*fyne.PointEvent) { r.press() }

// MouseIn implements desktop.Hoverable.
func (r *placeRow) MouseIn(*desktop.MouseEvent) { r.hover(theme.Hover) }

// MouseMoved implements desktop.Hoverable.
func (r *placeRow) MouseMoved(*desktop.MouseEvent) {}

// MouseOut implements desktop.Hoverable.
func (r *placeRow) MouseOut() { r.hover(theme.Clear) }

func (r *placeRow) hover(fill color.Color) {
	if !r.chosen {
		r.ground.FillColor = fill
		r.ground.Refresh()
	}
}

// Cursor implements desktop.Cursorable.
func (r *placeRow) Cursor() desktop.Cursor { return desktop.PointerCursor }

// CreateRenderer implements fyne.Widget.
func (r *placeRow) CreateRenderer() fyne.WidgetRenderer { return widget.NewSimpleRenderer(r.all) }
