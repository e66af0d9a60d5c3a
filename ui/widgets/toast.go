package widgets

import (
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/widget"

	"sealdesk/ui/theme"
)

// toastStay is how long a toast stays; long enough to read two lines.
const toastStay = 4 * time.Second

// Toasts is the layer over a page on which what is done is told, above the foot,
// where it hides neither the page's heading nor its buttons. A toast goes by
// itself and takes no part in pointer or keyboard.
type Toasts struct {
	widget.BaseWidget
	column *fyne.Container
	all    fyne.CanvasObject
	text   float32 // size
	most   int     // that stand at once
	clock  clock
}

// NewToasts makes an empty layer.
func NewToasts() *Toasts {
	t := &Toasts{column: Column(8), text: theme.TextBody, most: 3, clock: mainClock{}}
	t.above(theme.FormFoot + 16)
	t.ExtendBaseWidget(t)
	return t
}

// above puts them so far above the lower edge.
func (t *Toasts) above(edge float32) {
	t.all = Column(0, Spacer(), Pad(0, 0, edge, 0, Row(0, Spacer(), t.column, Spacer())))
}

// Afar is for a screen that a room looks at, which has no foot: large and one at a time, over neither heading nor countdown.
func (t *Toasts) Afar() *Toasts {
	t.text, t.most = theme.TextTitle, 1
	t.above(24)
	return t
}

// Tell tells something for four seconds. No more than three stand at once, and the oldest makes way.
func (t *Toasts) Tell(tone theme.Tone, text string) {
	o := toast(tone, text, t.text)
	if len(t.column.Objects) == t.most {
		t.column.Remove(t.column.Objects[0])
	}
	t.column.Add(o)
	t.Refresh()
	t.clock.after(toastStay, func() {
		t.column.Remove(o)
		t.Refresh()
	})
}

// MinSize is nothing, for the layer must not make the window grow.
func (t *Toasts) MinSize() fyne.Size { return fyne.Size{} }

// CreateRenderer implements fyne.Widget.
func (t *Toasts) CreateRenderer() fyne.WidgetRenderer {
	return &drawn{
		objects: []fyne.CanvasObject{t.all},
		layout:  func(s fyne.Size) { t.all.Resize(s) },
		min:     func() fyne.Size { return fyne.Size{} },
		refresh: func() { t.all.Refresh(); canvas.Refresh(t) },
	}
}

func toast(tone theme.Tone, text string, size float32) fyne.CanvasObject {
	fg, _, _ := tone.Colors()
	icon := theme.IconInfo
	switch tone {
	case theme.Good:
		icon = theme.IconCheck
	case theme.Warn:
		icon = theme.IconWarning
	case theme.Bad:
		icon = theme.IconError
	}
	ground := canvas.NewRectangle(theme.White)
	ground.CornerRadius = 6
	ground.StrokeColor, ground.StrokeWidth = theme.Line, 1
	ground.Shadow = canvas.Shadow{Color: theme.FloatShade, BlurRadius: 18, Offset: fyne.NewPos(0, 4)}
	side := size * 10 / 7
	disc := Fixed(side, side, Stack(canvas.NewCircle(fg), Center(Icon(icon, size*6/7, theme.White))))
	return Stack(ground, Fixed(0, 3*size, Pad(0, 18, 0, 14, Row(10, disc, NewText(text, size, theme.Text)))))
}
