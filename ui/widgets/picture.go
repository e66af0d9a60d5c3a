package widgets

import (
	"bytes"
	"image/png"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/widget"

	"sealdesk/ui/theme"
)

// Picture shows a PNG as wide as there is room for it, up to its own width, and
// as high as goes with that.
type Picture struct {
	widget.BaseWidget
	image *canvas.Image
	frame *canvas.Rectangle
	own   fyne.Size
	width float32 // the one that MinSize reckons with
}

// NewPicture makes a framed picture. Data that is no PNG gives an empty one.
func NewPicture(name string, data []byte) *Picture {
	p := &Picture{image: canvas.NewImageFromResource(fyne.NewStaticResource(name, data)), frame: canvas.NewRectangle(theme.White)}
	p.image.FillMode = canvas.ImageFillContain
	p.frame.StrokeColor, p.frame.StrokeWidth = theme.Line, 1
	if m, err := png.DecodeConfig(bytes.NewReader(data)); err == nil {
		p.own = fyne.NewSize(float32(m.Width), float32(m.Height))
	}
	p.width = min(p.own.Width, theme.ReadableWidth)
	p.ExtendBaseWidget(p)
	return p
}

func (p *Picture) size(width float32) fyne.Size {
	if p.own.Width == 0 {
		return fyne.Size{}
	}
	w := min(width, p.own.Width)
	return fyne.NewSize(w, snap(p.own.Height*w/p.own.Width))
}

// Resize makes the picture as high as goes with its new width.
func (p *Picture) Resize(s fyne.Size) {
	p.width = s.Width
	p.BaseWidget.Resize(s)
}

// MinSize is as high as the picture is at the width last given.
func (p *Picture) MinSize() fyne.Size { return fyne.NewSize(80, p.size(p.width).Height) }

// CreateRenderer implements fyne.Widget.
func (p *Picture) CreateRenderer() fyne.WidgetRenderer {
	return &drawn{
		objects: []fyne.CanvasObject{p.frame, p.image},
		layout: func(s fyne.Size) {
			m := p.size(s.Width)
			place(p.frame, 0, 0, m.Width, m.Height)
			place(p.image, 1, 1, m.Width-2, m.Height-2)
		},
		min:     p.MinSize,
		refresh: func() { canvas.Refresh(p) },
	}
}
