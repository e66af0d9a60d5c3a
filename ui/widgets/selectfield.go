package widgets

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"

	"sealdesk/ui/theme"
)

// Option is a line of a SelectField or a Menu. One that cannot be chosen says
// why in its note.
type Option struct {
	Text string
	Note string
	Off  bool
}

// SelectField is one choice out of a list.
type SelectField struct {
	pressable
	OnChanged func(index int)

	placeholder string
	options     []Option
	chosen      int
	open        *popover

	frame *frame
	text  *Text
	arrow *canvas.Image
}

// NewSelectField makes a field with nothing chosen.
func NewSelectField(placeholder string, options ...Option) *SelectField {
	s := &SelectField{
		placeholder: placeholder, options: options, chosen: -1,
		frame: newFrame(),
		text:  NewText(placeholder, theme.TextBody, theme.Hint).Clip(),
		arrow: Icon(theme.IconDown, theme.IconSize, theme.Text2),
	}
	s.init(s, s.drop, s.draw)
	return s
}

// SetOptions replaces the lines; nothing is chosen then.
func (s *SelectField) SetOptions(options ...Option) {
	s.options = options
	s.Choose(-1)
}

// Chosen returns the index of the chosen line, or -1.
func (s *SelectField) Chosen() int { return s.chosen }

// Choose chooses a line without telling OnChanged; -1 chooses none.
func (s *SelectField) Choose(i int) {
	s.chosen = i
	if i >= 0 && i < len(s.options) {
		s.text.SetText(s.options[i].Text)
		s.text.SetColor(theme.Text)
	} else {
		s.chosen = -1
		s.text.SetText(s.placeholder)
		s.text.SetColor(theme.Hint)
	}
}

// SetWrong shows that the choice cannot stay.
func (s *SelectField) SetWrong(on bool) { s.frame.wrong = on; s.draw() }

// Focus takes the keyboard.
func (s *SelectField) Focus() { focusOn(s) }

func (s *SelectField) keyboard() fyne.Focusable { return s }

// TypedKey opens the list with the arrows too.
func (s *SelectField) TypedKey(ev *fyne.KeyEvent) {
	switch ev.Name {
	case fyne.KeyDown, fyne.KeyUp:
		s.drop()
	default:
		s.pressable.TypedKey(ev)
	}
}

func (s *SelectField) drop() {
	if s.open != nil || len(s.options) == 0 {
		return
	}
	list := newOptionList(lines(s.options), s.chosen, func(i int) {
		s.open.close()
		s.Choose(i)
		if s.OnChanged != nil {
			s.OnChanged(i)
		}
	}, func() { s.open.close() })
	s.open = showPopover(s, list, s.Size().Width, list, func() { s.open = nil })
}

func lines(options []Option) []option {
	out := make([]option, len(options))
	for i, o := range options {
		out[i] = option{o.Text, o.Note, o.Off}
	}
	return out
}

func (s *SelectField) draw() {
	s.frame.hovered, s.frame.focused, s.frame.locked = s.hovered, s.focused, s.off
	s.frame.draw()
}

// CreateRenderer implements fyne.Widget.
func (s *SelectField) CreateRenderer() fyne.WidgetRenderer {
	s.draw()
	return &drawn{
		objects: []fyne.CanvasObject{s.frame.rect, s.text, s.arrow},
		layout: func(size fyne.Size) {
			s.frame.rect.Resize(size)
			h := s.text.MinSize().Height
			place(s.text, theme.ControlPad, (size.Height-h)/2, size.Width-2*theme.ControlPad-theme.IconSize, h)
			place(s.arrow, size.Width-theme.ControlPad-theme.IconSize+2, (size.Height-theme.IconSize)/2, theme.IconSize, theme.IconSize)
		},
		min:     func() fyne.Size { return fyne.NewSize(96, theme.ControlHeight) },
		refresh: func() { s.draw(); canvas.Refresh(s) },
	}
}

// ShowMenu hangs a list of actions under what opened it, at least as wide as that.
func ShowMenu(anchor fyne.CanvasObject, options []Option, chosen func(index int)) {
	var open *popover
	list := newOptionList(lines(options), -1, func(i int) {
		open.close()
		chosen(i)
	}, func() { open.close() })
	open = showPopover(anchor, list, max(140, anchor.Size().Width, min(list.whole(), theme.DialogWidth)), list, nil)
}
