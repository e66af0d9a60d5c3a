package widgets

import (
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"

	"sealdesk/ui/theme"
)

// DropZone shows where files may be dropped; pressing it chooses one. The window reports drops to the page, which knows whose they are.
type DropZone struct {
	pressable
	ground *canvas.Rectangle
	dashes *canvas.Raster
	body   fyne.CanvasObject
	ring   *ring
	edge   color.NRGBA
	high   float32
}

// NewDropZone makes a zone with a sentence and a quiet line; choose opens the
// dialog of files.
func NewDropZone(sentence, note string, choose func()) *DropZone {
	z := &DropZone{
		ground: canvas.NewRectangle(theme.Head),
		ring:   newRing(theme.CardRadius, theme.Primary, theme.White),
		edge:   theme.FrameHi,
		high:   150,
	}
	z.ground.CornerRadius = theme.CardRadius
	z.dashes = canvas.NewRasterWithPixels(z.dash)
	z.body = Pad(0, 16, 0, 16, Column(6, Spacer(),
		Row(0, Spacer(), Icon(theme.IconUpload, 32, theme.Primary), Spacer()),
		NewParagraph(sentence, theme.TextBody, theme.Text).Align(fyne.TextAlignCenter),
		NewParagraph(note, theme.TextCaption, theme.Text3).Align(fyne.TextAlignCenter),
		Spacer()))
	z.init(z, choose, z.draw)
	return z
}

// High sets the height; 150 is usual.
func (z *DropZone) High(h float32) *DropZone {
	z.high = h
	return z
}

// dash draws a dashed frame, 6 on and 4 off, one pixel in from the edge.
func (z *DropZone) dash(x, y, w, h int) color.Color {
	const on, period = 6, 10
	edgeX, edgeY := x <= 1 || x >= w-2, y <= 1 || y >= h-2
	if edgeX && edgeY || !edgeX && !edgeY {
		return theme.Clear
	}
	along := x
	if edgeX {
		along = y
	}
	if along < 6 || edgeX && along > h-7 || edgeY && along > w-7 || along%period >= on {
		return theme.Clear
	}
	if x == 0 || y == 0 || x == w-1 || y == h-1 {
		return theme.Clear
	}
	return z.edge
}

func (z *DropZone) draw() {
	fill, edge := theme.Head, theme.FrameHi
	if z.hovered && !z.off {
		fill, edge = theme.Hover, theme.Primary
	}
	z.ground.FillColor = fill
	z.ground.Refresh()
	if z.edge != edge {
		z.edge = edge
		z.dashes.Refresh()
	}
	z.ring.show(z.ringed())
}

// CreateRenderer implements fyne.Widget.
func (z *DropZone) CreateRenderer() fyne.WidgetRenderer {
	return &drawn{
		objects: append(z.ring.objects(), z.ground, z.dashes, z.body),
		layout: func(s fyne.Size) {
			z.ring.layout(0, 0, s)
			z.ground.Resize(s)
			z.dashes.Resize(s)
			z.body.Resize(s)
		},
		min:     func() fyne.Size { return fyne.NewSize(200, z.high) },
		refresh: func() { z.draw(); canvas.Refresh(z) },
	}
}
