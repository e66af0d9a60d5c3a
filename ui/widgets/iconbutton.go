package widgets

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"

	"sealdesk/ui/theme"
)

// IconButton is a small square with a picture, for tools whose picture is known
// to everybody: zoom, close, eye, page back.
type IconButton struct {
	pressable
	icon   theme.Icon
	side   float32
	ground *canvas.Rectangle
	image  *canvas.Image
	ring   *ring
}

// NewIconButton makes a tool button, 32 pixels square.
func NewIconButton(i theme.Icon, onPress func()) *IconButton {
	b := &IconButton{
		icon: i, side: 32,
		ground: canvas.NewRectangle(theme.Clear),
		image:  Icon(i, theme.IconSize, theme.Text2),
		ring:   newRing(theme.ControlRadius, theme.Primary, theme.White),
	}
	b.ground.CornerRadius = theme.ControlRadius
	b.init(b, onPress, b.draw)
	return b
}

// Small makes the button fit inside a field.
func (b *IconButton) Small() *IconButton {
	b.side = theme.SmallControl
	return b
}

// SetIcon changes the picture.
func (b *IconButton) SetIcon(i theme.Icon) {
	b.icon = i
	b.draw()
}

func (b *IconButton) draw() {
	b.ground.FillColor = theme.Clear
	c := theme.Text2
	switch {
	case b.off:
		c = theme.Frame
	case b.hovered:
		b.ground.FillColor = theme.GreySoft
		c = theme.Text
	}
	recolor(b.image, b.icon, c)
	b.ring.show(b.ringed())
	b.ground.Refresh()
}

// CreateRenderer implements fyne.Widget.
func (b *IconButton) CreateRenderer() fyne.WidgetRenderer {
	b.draw()
	return &drawn{
		objects: append(b.ring.objects(), b.ground, b.image),
		layout: func(s fyne.Size) {
			b.ring.layout(0, 0, s)
			b.ground.Resize(s)
			place(b.image, (s.Width-theme.IconSize)/2, (s.Height-theme.IconSize)/2, theme.IconSize, theme.IconSize)
		},
		min:     func() fyne.Size { return fyne.NewSize(b.side, b.side) },
		refresh: func() { b.draw(); canvas.Refresh(b) },
	}
}
