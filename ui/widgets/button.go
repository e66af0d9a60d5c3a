package widgets

import (
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"

	"sealdesk/ui/theme"
)

// ButtonKind is what a button is on its page.
type ButtonKind int

// Primary is the next step, one a page. Secondary is any other. Danger destroys
// and names on itself what. Link is an action within text or a row. OnNavy is a
// quiet button on the sidebar.
const (
	Primary ButtonKind = iota
	Secondary
	Danger
	Link
	OnNavy
)

// Button is something to press. One that cannot be pressed knows why: its Reason
// is shown beside it by whatever lays it out (Actions, WithReason).
type Button struct {
	pressable
	kind   ButtonKind
	text   string
	icon   theme.Icon
	reason string
	busy   bool
	grown  float32 // how many times as large as usual
	note   *Text   // the reason, made when first asked for

	ground *canvas.Rectangle
	label  *canvas.Text
	image  *canvas.Image
	spin   *Spinner
	ring   *ring
}

// NewButton makes a button; onPress may be nil.
func NewButton(kind ButtonKind, text string, onPress func()) *Button {
	b := &Button{
		kind: kind, text: text, grown: 1,
		ground: canvas.NewRectangle(theme.White),
		label:  canvas.NewText(text, theme.Text),
		image:  Icon(theme.IconCheck, theme.IconSize, theme.White),
		spin:   NewSpinner(spinSide, theme.White),
		ring:   newRing(theme.ControlRadius, theme.Primary, theme.White),
	}
	b.image.Hide()
	b.spin.Hide()
	b.ground.CornerRadius = theme.ControlRadius
	b.label.TextSize = theme.TextBody
	b.label.TextStyle.Bold = kind == Primary || kind == Danger
	if kind == Link {
		b.label.TextSize = theme.TextTable
	}
	if kind == OnNavy {
		b.ring = newRing(theme.ControlRadius, theme.White, theme.Navy)
	}
	b.init(b, onPress, b.draw)
	b.draw()
	return b
}

// Sized sets letters of another size, and of a button all of it: for what is read, and pressed, from afar.
func (b *Button) Sized(text float32) *Button {
	b.label.TextSize = text
	if b.kind != Link {
		b.grown = text / theme.TextBody
	}
	if b.note != nil {
		b.note.SetSize(theme.TextCaption * b.grown)
	}
	return b
}

// SetOnPress changes what pressing does.
func (b *Button) SetOnPress(f func()) { b.press = f }

// WithIcon puts an icon before the text.
func (b *Button) WithIcon(i theme.Icon) *Button {
	b.icon = i
	b.image.Show()
	b.draw()
	return b
}

// spinSide is that of the ring that turns while a button works.
const spinSide float32 = 16

// Text returns what stands on the button.
func (b *Button) Text() string { return b.text }

// SetText changes what stands on the button.
func (b *Button) SetText(s string) {
	b.text = s
	b.label.Text = s
	b.draw()
	b.Refresh()
}

// Kind returns what the button is on its page.
func (b *Button) Kind() ButtonKind { return b.kind }

// Reason returns why the button cannot be pressed, or "".
func (b *Button) Reason() string { return b.reason }

// SetReason disables the button and says why; "" enables it.
func (b *Button) SetReason(why string) {
	b.reason = why
	b.off = why != "" || b.busy
	if b.note != nil {
		b.showNote()
	}
	b.draw()
}

// Enable and Disable are for callers that know only fyne.Disableable; SetReason
// is better, since it says why.
func (b *Button) Enable() { b.SetReason("") }

// SetBusy shows that the work the button began is still going on. It cannot be
// pressed meanwhile, but keeps the focus that it has.
func (b *Button) SetBusy(on bool) {
	b.busy = on
	b.off = on || b.reason != ""
	if on {
		b.spin.Show()
		b.spin.Start()
	} else {
		b.spin.Stop()
		b.spin.Hide()
	}
	b.draw()
	b.Refresh()
}

// Note is the line that tells the reason; it hides while there is none.
func (b *Button) Note() *Text {
	if b.note == nil {
		b.note = NewText("", theme.TextCaption*b.grown, theme.Amber)
		b.showNote()
	}
	return b.note
}

func (b *Button) showNote() {
	b.note.SetText(b.reason)
	if b.reason == "" {
		b.note.Hide()
	} else {
		b.note.Show()
	}
}

// WithReason is the button with its reason under it.
func WithReason(b *Button) *fyne.Container { return Column(4, b, b.Note()) }

// Actions lays buttons out at the right of a line, the blue one last, with the
// reasons of those that cannot be pressed at their left.
func Actions(buttons ...*Button) *fyne.Container {
	var objects []fyne.CanvasObject
	for _, b := range buttons {
		objects = append(objects, Row(0, b.Note().Align(fyne.TextAlignTrailing)))
	}
	for _, b := range buttons {
		objects = append(objects, b)
	}
	return Row(10, append([]fyne.CanvasObject{Spacer()}, objects...)...)
}

func (b *Button) colors() (ground, edge, text color.NRGBA) {
	hot, down := b.hovered && !b.off, b.down && b.hovered && !b.off
	pick := func(plain, hover, pressed color.NRGBA) color.NRGBA {
		switch {
		case down:
			return pressed
		case hot:
			return hover
		}
		return plain
	}
	switch b.kind {
	case Primary, Danger:
		switch {
		case b.off && !b.busy:
			return theme.PrimaryOff, theme.PrimaryOff, theme.Text3
		case b.kind == Danger:
			g := pick(theme.Red, theme.RedHi, theme.RedHi)
			return g, g, theme.White
		}
		g := pick(theme.Primary, theme.PrimaryHi, theme.PrimaryDown)
		return g, g, theme.White
	case Secondary:
		if b.off {
			return theme.Locked, theme.Line, theme.Disabled
		}
		return pick(theme.White, theme.Hover, theme.Chosen), pick(theme.Frame, theme.FrameHi, theme.Primary), theme.Text
	case OnNavy:
		g := pick(theme.Navy, theme.NavHover, theme.NavHover)
		return g, g, theme.NavText
	default:
		if b.off {
			return theme.Clear, theme.Clear, theme.Disabled
		}
		return theme.Clear, theme.Clear, pick(theme.Primary, theme.PrimaryHi, theme.PrimaryDown)
	}
}

func (b *Button) draw() {
	g, e, t := b.colors()
	b.ground.FillColor, b.ground.StrokeColor = g, e
	if b.kind == Secondary {
		b.ground.StrokeWidth = 1
	}
	b.ground.Hidden = b.kind == Link
	b.label.Color = t
	b.label.TextStyle.Underline = b.kind == Link && b.hovered && !b.off
	if b.icon != "" {
		recolor(b.image, b.icon, t)
	}
	b.spin.SetColor(t)
	b.ring.show(b.ringed())
	b.ground.Refresh()
	b.label.Refresh()
}

func (b *Button) pad() float32 {
	switch {
	case b.kind == Link:
		return 0
	case b.text == "":
		return 8
	}
	return theme.ButtonPad * b.grown
}

// side is that of the picture before the text.
func (b *Button) side() float32 {
	if b.kind == Link {
		return theme.IconSmall
	}
	return theme.IconSize * b.grown
}

// lead is the icon's or spinner's width with the gap that follows it.
func (b *Button) lead() float32 {
	w := float32(0)
	switch {
	case b.busy:
		w = spinSide * b.grown
	case b.icon != "":
		w = b.side()
	default:
		return 0
	}
	if b.text != "" {
		w += 6
	}
	return w
}

// CreateRenderer implements fyne.Widget.
func (b *Button) CreateRenderer() fyne.WidgetRenderer {
	return &drawn{
		objects: append(b.ring.objects(), b.ground, b.image, b.spin, b.label),
		layout: func(s fyne.Size) {
			b.ring.layout(0, 0, s)
			b.ground.Resize(s)
			m := b.label.MinSize()
			lead := b.lead()
			x := (s.Width - lead - m.Width) / 2
			if b.kind == Link {
				x = 0
			}
			icon, spin := b.side(), spinSide*b.grown
			place(b.image, x, (s.Height-icon)/2, icon, icon)
			place(b.spin, x, (s.Height-spin)/2, spin, spin)
			b.image.Hidden = b.icon == "" || b.busy
			place(b.label, x+lead, (s.Height-m.Height)/2, m.Width, m.Height)
		},
		min: func() fyne.Size {
			m := b.label.MinSize()
			if b.text == "" {
				m.Width = 0
			}
			w := m.Width + b.lead() + 2*b.pad()
			if b.kind == Link {
				return fyne.NewSize(w, m.Height)
			}
			if b.text != "" {
				w = max(w, 72)
			}
			return fyne.NewSize(w, theme.ControlHeight*b.grown)
		},
		refresh: func() {
			b.draw()
			canvas.Refresh(b)
		},
	}
}
