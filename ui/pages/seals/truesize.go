package seals

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"

	"sealdesk/signer/seal"
	"sealdesk/ui/pages/page"
	"sealdesk/ui/theme"
	"sealdesk/ui/widgets"
)

// usualPixels is how many of the window's pixels a millimetre takes on a screen of which nothing is known: 96 to the inch, as
// the pages of documents are shown at 100%.
const usualPixels = 96 / 25.4

// A bank card (ISO/IEC 7810, ID-1), in millimetres: everybody has one to hold against the screen.
const (
	cardWidth  = 85.60
	cardHeight = 53.98
	cardCorner = 3.18
)

// pixelsPerMM is what the person found with the card, or the usual.
func pixelsPerMM(host page.Host) float32 {
	if k := host.Desk().PixelsPerMM(); k > 0 {
		return float32(k)
	}
	return usualPixels
}

// trueSize shows a seal as large as it is pressed.
func trueSize(host page.Host, s seal.Seal) fyne.CanvasObject {
	k := pixelsPerMM(host)
	return picture(s, float32(s.WidthMM)*k, float32(s.HeightMM)*k)
}

func picture(s seal.Seal, width, height float32) fyne.CanvasObject {
	if s.Image == nil {
		return widgets.Fixed(width, height, widgets.Gap(1, 1))
	}
	img := canvas.NewImageFromImage(s.Image)
	img.FillMode = canvas.ImageFillContain
	img.ScaleMode = canvas.ImageScaleSmooth
	return widgets.Fixed(width, height, img)
}

// calibrate has the person hold a bank card against the screen until its picture is as large.
func calibrate(host page.Host, done func()) {
	t := host.Words().T
	const step = 1.01
	k := pixelsPerMM(host)
	outline := canvas.NewRectangle(theme.Chosen)
	outline.StrokeColor, outline.StrokeWidth = theme.Primary, 1
	holder := widgets.Stack()
	figure := widgets.NewText("", theme.TextCaption, theme.Text2)
	draw := func() {
		outline.CornerRadius = cardCorner * k
		holder.Objects = []fyne.CanvasObject{widgets.Fixed(cardWidth*k, cardHeight*k, outline)}
		figure.SetText(t("seals.calibrate_figure", "percent", int(k/usualPixels*100+0.5)))
		holder.Refresh()
	}
	var d *widgets.Dialog
	change := func(factor float32) func() {
		return func() {
			if next := k * factor; next > usualPixels*0.6 && next < usualPixels*1.5 {
				k = next
				draw()
				d.Refresh()
			}
		}
	}
	keep := func(k float64) {
		d.Close()
		if err := host.Desk().CalibratePixels(k); err != nil {
			host.Tell(err)
		}
		done()
	}
	draw()
	buttons := widgets.Row(10,
		widgets.NewButton(widgets.Secondary, t("seals.smaller"), change(1/step)).WithIcon(theme.IconZoomOut),
		widgets.NewButton(widgets.Secondary, t("seals.larger"), change(step)).WithIcon(theme.IconZoomIn),
		widgets.Grow(figure), widgets.NewButton(widgets.Link, t("seals.calibrate_reset"), func() { keep(0) }))
	body := widgets.Column(14, widgets.NewParagraph(t("seals.calibrate_how"), theme.TextTable, theme.Text2),
		widgets.Fixed(0, 320, widgets.Center(holder)), buttons)
	d = widgets.NewDialog(t("seals.calibrate"), body,
		widgets.NewButton(widgets.Secondary, t("button.cancel"), func() { d.Close() }),
		widgets.NewButton(widgets.Primary, t("seals.calibrate_done"), func() { keep(float64(k)) })).Wide(620)
	host.Dialog(d)
}
