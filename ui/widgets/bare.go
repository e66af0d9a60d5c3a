package widgets

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/widget"

	"sealdesk/ui/theme"
)

// Bare takes the padding and shades of Fyne's own from a scroll or a list. What scrolls in it stands in an Inside, or has one.
func Bare(o fyne.CanvasObject) fyne.CanvasObject { return container.NewThemeOverride(o, theme.Bare{}) }

// Inside is embedded by what stands in a Bare scroll or list and keeps the program's theme. Fyne reads the fonts once more for each
// theme that words are drawn in, anew whenever a Bare is refreshed, and keeps them.
type Inside struct{}

// SetDeviceIsMobile is what Fyne knows its own ThemeOverride by, at which the theme of one above ends.
func (Inside) SetDeviceIsMobile(bool) {}

// inside is content that is no widget of its own.
type inside struct {
	widget.BaseWidget
	Inside
	content fyne.CanvasObject
}

// newInside lays content out by the program's theme, too, which Bare would do by its own.
func newInside(content fyne.CanvasObject) fyne.CanvasObject {
	i := &inside{content: content}
	i.ExtendBaseWidget(i)
	return container.NewThemeOverride(i, theme.New())
}

// CreateRenderer implements fyne.Widget.
func (i *inside) CreateRenderer() fyne.WidgetRenderer { return widget.NewSimpleRenderer(i.content) }
