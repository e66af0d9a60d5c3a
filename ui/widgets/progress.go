package widgets

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/widget"

	"sealdesk/ui/theme"
)

// Bar is how much of something is done.
type Bar struct {
	widget.BaseWidget
	part        float64
	track, fill *canvas.Rectangle
}

// NewBar makes an empty bar.
func NewBar() *Bar {
	b := &Bar{track: canvas.NewRectangle(theme.Track), fill: canvas.NewRectangle(theme.Primary)}
	b.track.CornerRadius, b.fill.CornerRadius = 3, 3
	b.ExtendBaseWidget(b)
	return b
}

// Set fills the part, 0 to 1.
func (b *Bar) Set(part float64) {
	b.part = min(max(part, 0), 1)
	b.Refresh()
}

// Part returns the part that is filled.
func (b *Bar) Part() float64 { return b.part }

// SetTone colours the filled part.
func (b *Bar) SetTone(t theme.Tone) {
	b.fill.FillColor, _, _ = t.Colors()
	b.fill.Refresh()
}

// CreateRenderer implements fyne.Widget.
func (b *Bar) CreateRenderer() fyne.WidgetRenderer {
	arrange := func(s fyne.Size) {
		b.track.Resize(s)
		w := s.Width * float32(b.part)
		b.fill.Hidden = w < 1
		b.fill.Resize(fyne.NewSize(max(w, min(6, s.Width)), s.Height))
	}
	return &drawn{
		objects: []fyne.CanvasObject{b.track, b.fill},
		layout:  arrange,
		min:     func() fyne.Size { return fyne.NewSize(40, 6) },
		refresh: func() { arrange(b.Size()); canvas.Refresh(b) },
	}
}

// Progress shows long work: the step's name, a bar, what is left, and the button
// that ends it.
type Progress struct {
	widget.BaseWidget
	bar  *Bar
	step *Text
	left *Text
	all  fyne.CanvasObject
}

// NewProgress makes the panel; cancel may be nil for work that cannot be ended.
func NewProgress(cancel *Button) *Progress {
	p := &Progress{bar: NewBar(), step: Body("").Clip(), left: NewText("", theme.TextCaption, theme.Text3)}
	line := Column(8, Row(12, Grow(p.step), p.left), p.bar)
	if cancel == nil {
		p.all = line
	} else {
		p.all = Row(20, Grow(line), cancel)
	}
	p.ExtendBaseWidget(p)
	return p
}

// Set tells where the work is: the step, how much of all is done (0 to 1), and
// what is left in words.
func (p *Progress) Set(step string, part float64, left string) {
	p.step.SetText(step)
	p.left.SetText(left)
	p.bar.Set(part)
	p.Refresh()
}

// CreateRenderer implements fyne.Widget.
func (p *Progress) CreateRenderer() fyne.WidgetRenderer { return widget.NewSimpleRenderer(p.all) }
