package widgets

import (
	"image"
	"image/color"
	"image/draw"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/widget"
	goqr "github.com/piglig/go-qr"

	"sealdesk/ui/theme"
)

// quiet is the white edge that a reader needs around the code, in modules (ISO/IEC 18004, 9.1).
const quiet = 4

// QRCode draws a QR code (ISO/IEC 18004, level M) with every module the same whole number of the screen's pixels, so that it is
// sharp at any scale. Its ground is white whatever lies below it.
type QRCode struct {
	widget.BaseWidget
	side   float32
	text   string
	code   *goqr.QrCode // nil: there is nothing to show
	dim    bool
	raster *canvas.Raster
}

// NewQRCode makes a code of this many pixels a side; it shows nothing until SetText.
func NewQRCode(side float32) *QRCode {
	q := &QRCode{side: side}
	q.raster = canvas.NewRaster(q.draw)
	q.raster.ScaleMode = canvas.ImageScalePixels
	q.ExtendBaseWidget(q)
	return q
}

// SetText shows another text; one that is too long for a code shows nothing.
func (q *QRCode) SetText(text string) {
	if text == q.text {
		return
	}
	q.text, q.code = text, nil
	if text != "" {
		q.code, _ = goqr.EncodeText(text, goqr.Medium)
	}
	q.raster.Refresh()
}

// SetDim greys the code: it is not to be scanned any more.
func (q *QRCode) SetDim(dim bool) {
	if q.dim != dim {
		q.dim = dim
		q.raster.Refresh()
	}
}

func (q *QRCode) draw(w, h int) image.Image {
	img := image.NewNRGBA(image.Rect(0, 0, w, h))
	draw.Draw(img, img.Bounds(), image.White, image.Point{}, draw.Src)
	if q.code == nil {
		return img
	}
	ink := color.NRGBA{A: 0xFF}
	if q.dim {
		ink = theme.Line
	}
	n := q.code.Size()
	module := max(min(w, h)/(n+2*quiet), 1)
	left, top := (w-n*module)/2, (h-n*module)/2
	for y := range n {
		for x := range n {
			if q.code.Module(x, y) {
				at := image.Rect(left+x*module, top+y*module, left+(x+1)*module, top+(y+1)*module)
				draw.Draw(img, at, image.NewUniform(ink), image.Point{}, draw.Src)
			}
		}
	}
	return img
}

// MinSize implements fyne.Widget.
func (q *QRCode) MinSize() fyne.Size { return fyne.NewSize(q.side, q.side) }

// CreateRenderer implements fyne.Widget.
func (q *QRCode) CreateRenderer() fyne.WidgetRenderer { return widget.NewSimpleRenderer(q.raster) }
