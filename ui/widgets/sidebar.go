package widgets

import (
	"strconv"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/widget"

	"sealdesk/ui/theme"
)

// NavItem is a line of the sidebar.
type NavItem struct {
	ID   string
	Text string
	Icon theme.Icon
}

// Status is a line at the foot of the sidebar: a dot of a tone, what it is, and a
// quiet second line.
type Status struct {
	Tone   theme.Tone
	Text   string
	Detail string
}

// Sidebar is the navigation with the program's name above and, always, the key
// and the platform below.
type Sidebar struct {
	widget.BaseWidget
	OnNavigate func(id string)
	OnKey      func() // the key line was pressed
	OnPlatform func() // the platform line was pressed

	items         map[string]*navItem
	column        *fyne.Container
	key, platform *statusLine
	all           fyne.CanvasObject
}

// NewSidebar makes a sidebar; logo is drawn 32 pixels square.
func NewSidebar(logo fyne.CanvasObject, name, edition string) *Sidebar {
	s := &Sidebar{items: map[string]*navItem{}, column: Column(2)}
	words := Column(0, NewText(name, 15, theme.White).Bold().Clip())
	if edition != "" {
		words.Add(NewText(edition, theme.TextTiny, theme.NavQuiet).Clip())
	}
	brand := Fixed(0, theme.BrandHeight, Pad(0, 12, 0, 18, Row(10, Fixed(32, 32, logo), Grow(words))))
	s.key = newStatusLine(func() { call(s.OnKey) })
	s.platform = newStatusLine(func() { call(s.OnPlatform) })
	card := canvas.NewRectangle(theme.NavCard)
	card.CornerRadius = theme.NavRadius
	rule := canvas.NewRectangle(theme.NavHover)
	foot := Pad(8, 12, 14, 12, Stack(card, Column(0, s.key, Pad(0, 12, 0, 12, Fixed(0, 1, rule)), s.platform)))
	nav := NewScrollArea(Pad(6, 0, 6, 0, s.column))
	s.all = Fixed(theme.SidebarWidth, 0, Filled(theme.Navy, Border(brand, foot, nil, nil, nav)))
	s.ExtendBaseWidget(s)
	return s
}

func call(f func()) {
	if f != nil {
		f()
	}
}

// SetItems replaces the lines; an item without ID is a gap between groups.
func (s *Sidebar) SetItems(items ...NavItem) {
	s.items = map[string]*navItem{}
	s.column.Objects = nil
	for _, it := range items {
		if it.ID == "" {
			s.column.Add(Gap(1, 10))
			continue
		}
		n := newNavItem(it, func() {
			if s.OnNavigate != nil {
				s.OnNavigate(it.ID)
			}
		})
		s.items[it.ID] = n
		s.column.Add(n)
	}
	s.column.Refresh()
}

// Select shows which page is open.
func (s *Sidebar) Select(id string) {
	for k, n := range s.items {
		n.chosen = k == id
		n.draw()
	}
}

// SetBadge shows how many things wait on a page; 0 shows none.
func (s *Sidebar) SetBadge(id string, n int) {
	if it := s.items[id]; it != nil {
		it.setBadge(n)
	}
}

// SetKey fills the key's line.
func (s *Sidebar) SetKey(st Status) { s.key.set(st) }

// SetPlatform fills the platform's line.
func (s *Sidebar) SetPlatform(st Status) { s.platform.set(st) }

// CreateRenderer implements fyne.Widget.
func (s *Sidebar) CreateRenderer() fyne.WidgetRenderer { return widget.NewSimpleRenderer(s.all) }

// Focused tells that one of the items has the keyboard.
func (s *Sidebar) Focused() bool {
	for _, it := range s.items {
		if it.focused {
			return true
		}
	}
	return false
}

type navItem struct {
	pressable
	item   NavItem
	chosen bool
	badge  int

	ground *canvas.Rectangle
	icon   *canvas.Image
	label  *canvas.Text
	count  *canvas.Text
	pill   *canvas.Rectangle
	ring   *ring
}

func newNavItem(it NavItem, press func()) *navItem {
	n := &navItem{
		item:   it,
		ground: canvas.NewRectangle(theme.Navy),
		icon:   Icon(it.Icon, theme.IconSize, theme.NavText),
		label:  canvas.NewText(it.Text, theme.NavText),
		count:  canvas.NewText("", theme.White),
		pill:   canvas.NewRectangle(theme.NavBadge),
		ring:   newRing(theme.NavRadius, theme.White, theme.Navy),
	}
	n.ground.CornerRadius = theme.NavRadius
	n.pill.CornerRadius = 9
	n.label.TextSize = theme.TextBody
	n.count.TextSize, n.count.TextStyle.Bold = theme.TextTiny, true
	n.init(n, press, n.draw)
	return n
}

func (n *navItem) setBadge(count int) {
	n.badge = count
	n.count.Text = strconv.Itoa(count)
	if count > 99 {
		n.count.Text = "99+"
	}
	n.Refresh()
}

func (n *navItem) draw() {
	fill, c := theme.Navy, theme.NavText
	switch {
	case n.chosen:
		fill, c = theme.Primary, theme.White
	case n.hovered:
		fill, c = theme.NavHover, theme.White
	}
	n.ground.FillColor = fill
	n.label.Color, n.label.TextStyle.Bold = c, n.chosen
	recolor(n.icon, n.item.Icon, c)
	n.pill.Hidden, n.count.Hidden = n.badge == 0, n.badge == 0
	n.ring.show(n.ringed())
	n.ground.Refresh()
	n.label.Refresh()
}

// CreateRenderer implements fyne.Widget.
func (n *navItem) CreateRenderer() fyne.WidgetRenderer {
	n.draw()
	arrange := func(s fyne.Size) {
		in := theme.NavInset
		n.ring.layout(in, 0, fyne.NewSize(s.Width-2*in, s.Height))
		place(n.ground, in, 0, s.Width-2*in, s.Height)
		place(n.icon, in+12, (s.Height-theme.IconSize)/2, theme.IconSize, theme.IconSize)
		m := n.label.MinSize()
		place(n.label, in+12+theme.IconSize+10, (s.Height-m.Height)/2, m.Width, m.Height)
		b := n.count.MinSize()
		w := max(24, b.Width+12)
		place(n.pill, s.Width-in-10-w, (s.Height-18)/2, w, 18)
		place(n.count, s.Width-in-10-w+(w-b.Width)/2, (s.Height-b.Height)/2, b.Width, b.Height)
	}
	return &drawn{
		objects: append(n.ring.objects(), n.ground, n.icon, n.label, n.pill, n.count),
		layout:  arrange,
		min:     func() fyne.Size { return fyne.NewSize(120, theme.NavHeight) },
		refresh: func() { n.draw(); arrange(n.Size()); canvas.Refresh(n) },
	}
}

type statusLine struct {
	pressable
	dot    *canvas.Circle
	text   *Text
	detail *Text
	ring   *ring
}

func newStatusLine(press func()) *statusLine {
	l := &statusLine{
		dot:    canvas.NewCircle(theme.NavGrey),
		text:   NewText("", theme.TextCaption, theme.White).Clip(),
		detail: NewText("", theme.TextTiny, theme.NavQuiet).Clip(),
		ring:   newRing(theme.NavRadius, theme.White, theme.NavCard),
	}
	l.init(l, press, l.draw)
	return l
}

func (l *statusLine) set(s Status) {
	l.dot.FillColor = s.Tone.OnNavy()
	l.dot.Refresh()
	l.text.SetText(s.Text)
	l.detail.SetText(s.Detail)
	l.detail.Hidden = s.Detail == ""
	l.Refresh()
}

func (l *statusLine) draw() {
	l.text.line.TextStyle.Underline = l.hovered
	l.text.line.Refresh()
	l.ring.show(l.ringed())
}

// CreateRenderer implements fyne.Widget.
func (l *statusLine) CreateRenderer() fyne.WidgetRenderer {
	arrange := func(s fyne.Size) {
		l.ring.layout(4, 4, s.SubtractWidthHeight(8, 8))
		const x = 29
		th, dh := l.text.MinSize().Height, float32(0)
		if l.detail.Visible() {
			dh = l.detail.MinSize().Height
		}
		y := (s.Height - th - dh) / 2
		place(l.dot, 12, y+(th-8)/2, 8, 8)
		place(l.text, x, y, s.Width-x-8, th)
		place(l.detail, x, y+th, s.Width-x-8, dh)
	}
	return &drawn{
		objects: append(l.ring.objects(), l.dot, l.text, l.detail),
		layout:  arrange,
		min:     func() fyne.Size { return fyne.NewSize(120, 50) },
		refresh: func() { l.draw(); arrange(l.Size()); canvas.Refresh(l) },
	}
}
