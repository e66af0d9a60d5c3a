package widgets

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/widget"

	"sealdesk/ui/theme"
)

// PINLimit is the most characters a PIN field takes; tokens allow 4 to 32.
const PINLimit = 32

// PINField takes a PIN or password. It is no entry: what is typed is kept in one
// array of bytes that is overwritten when it is taken or wiped, and never becomes a
// string unless the person looks at it with the eye, and only while the field has the keyboard. Only ASCII is taken, since an input method would put in what no key knows.
type PINField struct {
	widget.BaseWidget
	OnChanged   func(length int)
	OnSubmitted func() // Enter; without it Enter goes on to the page

	placeholder string
	digits      bool
	buf         [PINLimit]byte
	n           int
	shown       bool

	frame *frame
	hint  *canvas.Text
	plain *canvas.Text
	dots  [PINLimit]*canvas.Circle
	caret *canvas.Rectangle
	eye   *IconButton
	keys  *IconButton
	off   bool
}

// NewPINField makes an empty field.
func NewPINField(placeholder string) *PINField {
	p := &PINField{
		placeholder: placeholder,
		frame:       newFrame(),
		hint:        canvas.NewText(placeholder, theme.Hint),
		plain:       canvas.NewText("", theme.Text),
		caret:       canvas.NewRectangle(theme.Primary),
	}
	p.hint.TextSize, p.plain.TextSize = theme.TextBody, theme.TextBody
	p.plain.TextStyle.Monospace = true
	for i := range p.dots {
		p.dots[i] = canvas.NewCircle(theme.Text)
		p.dots[i].Hide()
	}
	p.caret.Hide()
	p.eye = NewIconButton(theme.IconEye, p.toggle).Small()
	p.eye.aside = true // what is shown would be hidden before it is asked to be
	p.ExtendBaseWidget(p)
	return p
}

// DigitsOnly refuses letters.
func (p *PINField) DigitsOnly() *PINField {
	p.digits = true
	return p
}

// WithPadButton puts a button into the field that is to open the pad of keys.
func (p *PINField) WithPadButton(open func()) *PINField {
	p.keys = NewIconButton(theme.IconKeypad, open).Small()
	return p
}

// Sized sets letters of another size, and the field with them.
func (p *PINField) Sized(text float32) *PINField {
	p.hint.TextSize, p.plain.TextSize = text, text
	return p
}

// grown is how many times as large as usual the field is.
func (p *PINField) grown() float32 { return p.hint.TextSize / theme.TextBody }

// Len returns how many characters stand in the field.
func (p *PINField) Len() int { return p.n }

// Same tells whether the same stands in both fields.
func (p *PINField) Same(as *PINField) bool { return p.n == as.n && p.buf == as.buf }

// Take hands the PIN out and wipes the field. The caller wipes what it got.
func (p *PINField) Take() []byte {
	out := make([]byte, p.n)
	copy(out, p.buf[:p.n])
	p.Wipe()
	return out
}

// Wipe overwrites the field.
func (p *PINField) Wipe() {
	clear(p.buf[:])
	p.n = 0
	p.shown = false
	p.changed()
}

// SetWrong shows that the PIN was not taken.
func (p *PINField) SetWrong(on bool) { p.frame.wrong = on; p.frame.draw() }

// Focus takes the keyboard.
func (p *PINField) Focus() { focusOn(p) }

func (p *PINField) keyboard() fyne.Focusable { return p }

// Disable refuses typing, while a PIN is being tried.
func (p *PINField) Disable() { p.setOff(true) }

// Enable takes typing again.
func (p *PINField) Enable() { p.setOff(false) }

// Disabled implements fyne.Disableable.
func (p *PINField) Disabled() bool { return p.off }

func (p *PINField) setOff(on bool) {
	p.off, p.frame.locked = on, on
	p.frame.draw()
}

// Put types a character, from the keyboard or from a pad.
func (p *PINField) Put(r rune) {
	if p.off || p.n == PINLimit || r < 0x21 || r > 0x7E || p.digits && (r < '0' || r > '9') {
		return
	}
	p.buf[p.n] = byte(r)
	p.n++
	p.SetWrong(false)
	p.changed()
}

// Back takes the last character away.
func (p *PINField) Back() {
	if p.off || p.n == 0 {
		return
	}
	p.n--
	p.buf[p.n] = 0
	p.changed()
}

func (p *PINField) changed() {
	p.draw()
	if p.OnChanged != nil {
		p.OnChanged(p.n)
	}
}

func (p *PINField) toggle() {
	p.shown = !p.shown
	p.draw()
	p.Focus()
}

// TypedRune implements fyne.Focusable.
func (p *PINField) TypedRune(r rune) { p.Put(r) }

// TypedKey implements fyne.Focusable.
func (p *PINField) TypedKey(ev *fyne.KeyEvent) {
	switch ev.Name {
	case fyne.KeyBackspace:
		p.Back()
	case fyne.KeyDelete:
		p.Wipe()
	case fyne.KeyReturn, fyne.KeyEnter:
		if p.OnSubmitted != nil {
			p.OnSubmitted()
			return
		}
		passOn(p, ev)
	default:
		passOn(p, ev)
	}
}

// TypedShortcut takes a pasted PIN; nothing can be copied out.
func (p *PINField) TypedShortcut(s fyne.Shortcut) {
	if paste, ok := s.(*fyne.ShortcutPaste); ok && paste.Clipboard != nil {
		for _, r := range paste.Clipboard.Content() {
			p.Put(r)
		}
	}
}

// FocusGained implements fyne.Focusable.
func (p *PINField) FocusGained() {
	p.frame.focused = true
	p.frame.draw()
	p.draw()
	inSight(p)
}

// FocusLost implements fyne.Focusable: who turns to something else has looked at the PIN.
func (p *PINField) FocusLost() {
	p.frame.focused, p.shown = false, false
	p.frame.draw()
	p.draw()
}

// Tapped takes the focus.
func (p *PINField) Tapped(*fyne.PointEvent) { p.Focus() }

// Cursor implements desktop.Cursorable.
func (p *PINField) Cursor() desktop.Cursor { return desktop.TextCursor }

// MouseIn implements desktop.Hoverable.
func (p *PINField) MouseIn(*desktop.MouseEvent) { p.frame.hovered = true; p.frame.draw() }

// MouseMoved implements desktop.Hoverable.
func (p *PINField) MouseMoved(*desktop.MouseEvent) {}

// MouseOut implements desktop.Hoverable.
func (p *PINField) MouseOut() { p.frame.hovered = false; p.frame.draw() }

func (p *PINField) draw() {
	p.hint.Hidden = p.n > 0
	p.plain.Text = ""
	if p.shown {
		p.plain.Text = string(p.buf[:p.n])
		p.eye.SetIcon(theme.IconEyeOff)
	} else {
		p.eye.SetIcon(theme.IconEye)
	}
	p.plain.Hidden = !p.shown
	for i, d := range p.dots {
		d.Hidden = p.shown || i >= p.n
	}
	p.caret.Hidden = !p.frame.focused
	p.arrange(p.Size())
	canvas.Refresh(p)
}

func (p *PINField) arrange(s fyne.Size) {
	p.frame.rect.Resize(s)
	dot, step, caret := 8*p.grown(), 14*p.grown(), 18*p.grown()
	h := p.hint.MinSize()
	place(p.hint, theme.ControlPad, (s.Height-h.Height)/2, h.Width, h.Height)
	t := p.plain.MinSize()
	place(p.plain, theme.ControlPad, (s.Height-t.Height)/2, t.Width, t.Height)
	for i, d := range p.dots {
		place(d, theme.ControlPad+float32(i)*step, (s.Height-dot)/2, dot, dot)
	}
	end := theme.ControlPad + float32(p.n)*step
	if p.shown {
		end = theme.ControlPad + t.Width + 1
	}
	if p.n == 0 {
		end = theme.ControlPad - 1
	}
	place(p.caret, end, (s.Height-caret)/2, 1.5, caret)
	x := s.Width - 4
	for _, b := range []*IconButton{p.eye, p.keys} {
		if b != nil {
			x -= theme.SmallControl
			place(b, x, (s.Height-theme.SmallControl)/2, theme.SmallControl, theme.SmallControl)
		}
	}
}

// CreateRenderer implements fyne.Widget.
func (p *PINField) CreateRenderer() fyne.WidgetRenderer {
	objects := []fyne.CanvasObject{p.frame.rect, p.hint, p.plain}
	for _, d := range p.dots {
		objects = append(objects, d)
	}
	objects = append(objects, p.caret)
	if p.keys != nil {
		objects = append(objects, p.keys)
	}
	objects = append(objects, p.eye)
	return &drawn{
		objects: objects,
		layout:  p.arrange,
		min:     func() fyne.Size { return fyne.NewSize(160, theme.ControlHeight*p.grown()) },
		refresh: func() { p.frame.draw(); p.draw() },
	}
}

// PINPad is the pad of keys for people who would rather not use the keyboard.
// order is that of the ten keys; shuffled anew each time, the places say nothing.
func PINPad(field *PINField, order [10]rune) fyne.CanvasObject {
	var keys []fyne.CanvasObject
	for i, r := range order {
		if i == 9 {
			keys = append(keys, NewButton(Secondary, "", func() { field.Wipe(); field.Focus() }).WithIcon(theme.IconClose))
		}
		keys = append(keys, NewButton(Secondary, string(r), func() { field.Put(r); field.Focus() }))
	}
	keys = append(keys, NewButton(Secondary, "", func() { field.Back(); field.Focus() }).WithIcon(theme.IconUndo))
	return Grid(3, 8, keys...)
}
