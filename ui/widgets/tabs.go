package widgets

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/widget"

	"sealdesk/ui/theme"
)

// Tabs are words over a rule, the chosen one underlined in blue; Left and Right
// move between them.
type Tabs struct {
	widget.BaseWidget
	OnChanged func(index int)
	tabs      []*tab
	chosen    int
	segments  bool
	all       fyne.CanvasObject
}

// NewTabs makes tabs, the first chosen.
func NewTabs(labels ...string) *Tabs {
	t := newTabs(false, labels)
	t.all = Stack(Column(0, Spacer(), HLine()), Row(24, t.objects()...))
	return t
}

// NewSegments makes the same choice as a bar of joined buttons of equal width,
// for the way of doing something: 单页, 多页, 骑缝.
func NewSegments(labels ...string) *Tabs {
	t := newTabs(true, labels)
	ground := canvas.NewRectangle(theme.GreySoft)
	ground.CornerRadius = theme.ControlRadius + 2
	t.all = Fixed(0, theme.ControlHeight, Stack(ground, Pad(3, 3, 3, 3, Grid(len(labels), 3, t.objects()...))))
	return t
}

// Sized sets letters of another size, for tabs that are read from afar.
func (t *Tabs) Sized(text float32) *Tabs {
	for _, x := range t.tabs {
		x.label.TextSize = text
	}
	return t
}

func newTabs(segments bool, labels []string) *Tabs {
	t := &Tabs{segments: segments}
	for i, l := range labels {
		t.tabs = append(t.tabs, newTab(t, i, l))
	}
	t.ExtendBaseWidget(t)
	t.Choose(0)
	return t
}

func (t *Tabs) objects() []fyne.CanvasObject {
	var o []fyne.CanvasObject
	for _, x := range t.tabs {
		o = append(o, x)
	}
	return o
}

// Chosen returns the chosen tab's index.
func (t *Tabs) Chosen() int { return t.chosen }

// Choose chooses a tab without telling OnChanged.
func (t *Tabs) Choose(i int) {
	t.chosen = i
	for _, x := range t.tabs {
		x.draw()
	}
}

// SetLabel changes a tab's words, for a count in them.
func (t *Tabs) SetLabel(i int, s string) {
	t.tabs[i].label.Text = s
	t.tabs[i].Refresh()
}

func (t *Tabs) choose(i int) {
	if i < 0 || i >= len(t.tabs) {
		return
	}
	changed := i != t.chosen
	t.Choose(i)
	if changed && t.OnChanged != nil {
		t.OnChanged(i)
	}
}

// CreateRenderer implements fyne.Widget.
func (t *Tabs) CreateRenderer() fyne.WidgetRenderer { return widget.NewSimpleRenderer(t.all) }

type tab struct {
	pressable
	tabs   *Tabs
	index  int
	label  *canvas.Text
	ground *canvas.Rectangle // of a segment
	under  *canvas.Rectangle
	ring   *ring
}

func newTab(t *Tabs, i int, label string) *tab {
	x := &tab{
		tabs: t, index: i,
		label:  canvas.NewText(label, theme.Text2),
		ground: canvas.NewRectangle(theme.Clear),
		under:  canvas.NewRectangle(theme.Primary),
		ring:   newRing(theme.ControlRadius, theme.Primary, theme.White),
	}
	x.ground.CornerRadius = theme.ControlRadius
	x.under.CornerRadius = 1
	x.label.TextSize = theme.TextBody
	if t.segments {
		x.label.TextSize = theme.TextTable
	}
	x.init(x, func() { t.choose(i) }, x.draw)
	return x
}

// TypedKey moves to the neighbours with Left and Right.
func (x *tab) TypedKey(ev *fyne.KeyEvent) {
	to := x.index
	switch ev.Name {
	case fyne.KeyLeft:
		to--
	case fyne.KeyRight:
		to++
	default:
		x.pressable.TypedKey(ev)
		return
	}
	if to >= 0 && to < len(x.tabs.tabs) {
		x.tabs.choose(to)
		focusOn(x.tabs.tabs[to])
	}
}

func (x *tab) draw() {
	on := x.tabs.chosen == x.index
	x.label.Color, x.label.TextStyle.Bold = theme.Text2, on
	x.ground.FillColor, x.ground.Shadow = theme.Clear, canvas.Shadow{}
	switch {
	case on && x.tabs.segments:
		x.ground.FillColor = theme.White
		x.ground.Shadow = canvas.Shadow{Color: theme.CardShadow, BlurRadius: 4, Offset: fyne.NewPos(0, 1)}
		x.label.Color = theme.Primary
	case on:
		x.label.Color = theme.Primary
	case x.hovered:
		x.label.Color = theme.Text
	}
	x.under.Hidden = !on || x.tabs.segments
	x.ring.show(x.ringed())
	x.ground.Refresh()
	x.label.Refresh()
	x.under.Refresh()
}

// CreateRenderer implements fyne.Widget.
func (x *tab) CreateRenderer() fyne.WidgetRenderer {
	return &drawn{
		objects: append(x.ring.objects(), x.ground, x.label, x.under),
		layout: func(s fyne.Size) {
			x.ring.layout(0, 0, s)
			x.ground.Resize(s)
			m := x.label.MinSize()
			place(x.label, (s.Width-m.Width)/2, (s.Height-m.Height)/2, m.Width, m.Height)
			place(x.under, 0, s.Height-2, s.Width, 2)
		},
		min: func() fyne.Size {
			bold := x.label.TextStyle
			bold.Bold = true
			w := fyne.MeasureText(x.label.Text, x.label.TextSize, bold).Width
			if x.tabs.segments {
				return fyne.NewSize(w+16, 30)
			}
			return fyne.NewSize(w+2, 40)
		},
		refresh: func() { x.draw(); canvas.Refresh(x) },
	}
}
