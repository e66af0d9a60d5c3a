package pages

import (
	"fmt"
	"os"
	"slices"
	"strconv"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/desktop"

	"sealdesk/ui/desk"
	"sealdesk/ui/pages/settings"
)

// scaleVariable is where Fyne reads how large everything is to be drawn.
const scaleVariable = "FYNE_SCALE"

// given is the size that the person's system was told before this program began to change it: the variable's, or that of Fyne's
// own settings.
func given(app fyne.App) float64 {
	if s, err := strconv.ParseFloat(os.Getenv(scaleVariable), 64); err == nil && s > 0 {
		return s
	}
	if s := app.Settings().Scale(); s > 0 {
		return float64(s)
	}
	return 1
}

// Zoom implements page.Host: it draws everything at so many percent from now on, in a window that stays as large as it is on the
// screen.
func (w *Window) Zoom(percent int) {
	if err := w.desk.SetZoom(percent); err != nil {
		w.Tell(err)
		return
	}
	c := w.win.Canvas()
	size, was := c.Size(), c.Scale()
	w.enlarge(percent)
	w.win.Resize(fyne.NewSize(size.Width*was/c.Scale(), size.Height*was/c.Scale()))
	if p := w.top(); p != nil && p.Nav() == settings.Nav {
		w.show(p) // it shows how large everything is
	}
}

// enlarge tells Fyne, and has it look.
func (w *Window) enlarge(percent int) {
	if os.Setenv(scaleVariable, fmt.Sprintf("%.2f", w.given*float64(percent)/100)) == nil {
		w.app.Settings().SetTheme(w.app.Settings().Theme())
	}
}

// inverse is the size in the enlarged program's units of what is so large without that.
func inverse(size fyne.Size, percent int) fyne.Size {
	return fyne.NewSize(size.Width*100/float32(percent), size.Height*100/float32(percent))
}

// zoomKeys are those of browsers: larger, smaller, as it was.
func (w *Window) zoomKeys() {
	step := func(by int) func(fyne.Shortcut) {
		return func(fyne.Shortcut) {
			at := slices.Index(desk.Zooms, w.desk.Zoom()) + by
			if at >= 0 && at < len(desk.Zooms) {
				w.Zoom(desk.Zooms[at])
			}
		}
	}
	keys := w.win.Canvas()
	for key, f := range map[fyne.KeyName]func(fyne.Shortcut){
		fyne.KeyEqual: step(1), fyne.KeyPlus: step(1), fyne.KeyMinus: step(-1), fyne.Key0: func(fyne.Shortcut) { w.Zoom(100) },
	} {
		keys.AddShortcut(&desktop.CustomShortcut{KeyName: key, Modifier: fyne.KeyModifierControl}, f)
	}
	keys.AddShortcut(&desktop.CustomShortcut{KeyName: fyne.KeyEqual, Modifier: fyne.KeyModifierControl | fyne.KeyModifierShift}, step(1))
}
