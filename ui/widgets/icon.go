package widgets

import (
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"

	"sealdesk/ui/theme"
)

// Icon draws an icon of the theme in a colour, size pixels square.
func Icon(i theme.Icon, size float32, c color.NRGBA) *canvas.Image {
	img := canvas.NewImageFromResource(i.In(c))
	img.FillMode = canvas.ImageFillContain
	img.SetMinSize(fyne.NewSize(size, size))
	return img
}

// recolor draws another icon or colour in an image made by Icon.
func recolor(img *canvas.Image, i theme.Icon, c color.NRGBA) {
	if r := i.In(c); img.Resource == nil || img.Resource.Name() != r.Name() {
		img.Resource = r
		img.Refresh()
	}
}
