package widgets

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/widget"

	"sealdesk/ui/theme"
)

// Crumb is a step of the way to the page; Go is nil on the last.
type Crumb struct {
	Text string
	Go   func()
}

// Topbar shows where the person is and who the person is.
type Topbar struct {
	widget.BaseWidget
	OnUser func() // the name was pressed; anchor a menu to UserAnchor

	crumbs *fyne.Container
	right  *fyne.Container
	user   *userButton
	all    fyne.CanvasObject
}

// NewTopbar makes an empty bar.
func NewTopbar() *Topbar {
	t := &Topbar{crumbs: Row(8), right: Row(10)}
	t.user = newUserButton(func() { call(t.OnUser) })
	bar := Pad(0, theme.PageMarginX, 0, theme.PageMarginX, Row(16, Grow(t.crumbs), t.right))
	t.all = Fixed(0, theme.TopbarHeight, Filled(theme.White, Column(0, Grow(bar), HLine())))
	t.ExtendBaseWidget(t)
	return t
}

// SetCrumbs shows the way to the page.
func (t *Topbar) SetCrumbs(crumbs ...Crumb) {
	t.crumbs.Objects = nil
	for i, c := range crumbs {
		last := i == len(crumbs)-1
		if i > 0 {
			t.crumbs.Add(NewText("/", theme.TextTable, theme.FrameHi))
		}
		switch {
		case last:
			t.crumbs.Add(Grow(Body(c.Text).Bold().Clip()))
		case c.Go == nil:
			t.crumbs.Add(NewText(c.Text, theme.TextBody, theme.Text3))
		default:
			t.crumbs.Add(newCrumbLink(c))
		}
	}
	t.crumbs.Refresh()
}

// SetUser shows the organisation and the person; both come from the certificate.
func (t *Topbar) SetUser(organisation, person string) {
	t.right.Objects = nil
	if organisation != "" {
		t.right.Add(NewText(organisation, theme.TextTable, theme.Text2))
		t.right.Add(Fixed(1, 18, canvas.NewRectangle(theme.Line)))
	}
	if person != "" {
		t.user.set(person)
		t.right.Add(t.user)
	}
	t.right.Refresh()
}

// UserAnchor is where a menu of the person hangs.
func (t *Topbar) UserAnchor() fyne.CanvasObject { return t.user }

// CreateRenderer implements fyne.Widget.
func (t *Topbar) CreateRenderer() fyne.WidgetRenderer { return widget.NewSimpleRenderer(t.all) }

// crumbLink is a way back, grey until the pointer is over it.
type crumbLink struct {
	pressable
	label *canvas.Text
	ring  *ring
}

func newCrumbLink(c Crumb) *crumbLink {
	l := &crumbLink{label: canvas.NewText(c.Text, theme.Text3), ring: newRing(2, theme.Primary, theme.White)}
	l.label.TextSize = theme.TextBody
	l.init(l, c.Go, l.draw)
	return l
}

func (l *crumbLink) draw() {
	l.label.Color = theme.Text3
	if l.hovered {
		l.label.Color = theme.Primary
	}
	l.ring.show(l.ringed())
	l.label.Refresh()
}

// CreateRenderer implements fyne.Widget.
func (l *crumbLink) CreateRenderer() fyne.WidgetRenderer {
	return &drawn{
		objects: append(l.ring.objects(), l.label),
		layout:  func(s fyne.Size) { l.ring.layout(0, 0, s); l.label.Resize(s) },
		min:     func() fyne.Size { return l.label.MinSize() },
		refresh: func() { l.draw(); canvas.Refresh(l) },
	}
}

type userButton struct {
	pressable
	initial *Text
	name    *Text
	ground  *canvas.Rectangle
	ring    *ring
	body    fyne.CanvasObject
}

func newUserButton(press func()) *userButton {
	u := &userButton{
		initial: NewText("", theme.TextTable, theme.Primary).Bold().Align(fyne.TextAlignCenter),
		name:    NewText("", theme.TextTable, theme.Text),
		ground:  canvas.NewRectangle(theme.White),
		ring:    newRing(17, theme.Primary, theme.White),
	}
	u.ground.CornerRadius = 17
	u.body = Pad(2, 10, 2, 2, Row(8, Fixed(30, 30, Stack(canvas.NewCircle(theme.Chosen), Middle(u.initial))), u.name,
		Icon(theme.IconDown, theme.IconSmall, theme.Text3)))
	u.init(u, press, u.draw)
	return u
}

func (u *userButton) set(person string) {
	u.name.SetText(person)
	for _, r := range person {
		u.initial.SetText(string(r))
		break
	}
}

func (u *userButton) draw() {
	u.ground.FillColor = theme.White
	if u.hovered {
		u.ground.FillColor = theme.GreySoft
	}
	u.ground.Refresh()
	u.ring.show(u.ringed())
}

// CreateRenderer implements fyne.Widget.
func (u *userButton) CreateRenderer() fyne.WidgetRenderer {
	return &drawn{
		objects: append(u.ring.objects(), u.ground, u.body),
		layout: func(s fyne.Size) {
			u.ring.layout(0, 0, s)
			u.ground.Resize(s)
			u.body.Resize(s)
		},
		min:     func() fyne.Size { return u.body.MinSize() },
		refresh: func() { u.draw(); canvas.Refresh(u) },
	}
}
