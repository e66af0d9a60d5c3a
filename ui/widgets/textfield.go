package widgets

import (
	"strconv"
	"strings"
	"unicode/utf8"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/widget"

	"sealdesk/ui/theme"
)

// TextField is a line, or several, to type in.
type TextField struct {
	widget.BaseWidget
	OnChanged   func(string) // after each change by the person or by SetText
	OnSubmitted func(string) // Enter; without it Enter goes on to the page
	OnLeft      func()       // the focus went elsewhere

	entry *entry
	frame *frame
	lead  *canvas.Image
	trail fyne.CanvasObject
	count *canvas.Text // 12/500
	limit int
	rows  int
}

// NewTextField makes a field of one line.
func NewTextField(placeholder string) *TextField {
	f := newTextField(placeholder, 1)
	f.ExtendBaseWidget(f)
	return f
}

// NewTextArea makes a field of several lines that takes at most limit characters
// and counts them; 0 is no limit.
func NewTextArea(placeholder string, rows, limit int) *TextField {
	f := newTextField(placeholder, rows)
	f.limit = limit
	if limit > 0 {
		f.count = canvas.NewText("", theme.Text3)
		f.count.TextSize = theme.TextCaption
		f.count.Alignment = fyne.TextAlignTrailing
		f.recount()
	}
	f.ExtendBaseWidget(f)
	return f
}

// newTextField leaves ExtendBaseWidget to the caller, which may be a widget that
// embeds the field.
func newTextField(placeholder string, rows int) *TextField {
	f := &TextField{frame: newFrame(), rows: rows}
	f.entry = &entry{field: f}
	f.entry.ExtendBaseWidget(f.entry)
	f.entry.Wrapping = fyne.TextWrapOff
	f.entry.Scroll = fyne.ScrollHorizontalOnly
	if rows > 1 {
		f.entry.MultiLine = true
		f.entry.Wrapping = fyne.TextWrapBreak
		f.entry.Scroll = fyne.ScrollVerticalOnly
		f.entry.SetMinRowsVisible(rows)
	}
	f.entry.SetPlaceHolder(placeholder)
	f.entry.OnChanged = f.changed
	return f
}

// Hidden shows dots in place of what is typed, for passwords.
func (f *TextField) Hidden() *TextField {
	f.entry.Password = true
	return f
}

// WithIcon puts a picture at the left of the field.
func (f *TextField) WithIcon(i theme.Icon) *TextField {
	f.lead = Icon(i, theme.IconSize, theme.Text3)
	return f
}

// WithTrailing puts something small at the right end of the field.
func (f *TextField) WithTrailing(o fyne.CanvasObject) *TextField {
	f.trail = o
	return f
}

// Text returns what stands in the field.
func (f *TextField) Text() string { return f.entry.Text }

// SetText replaces it.
func (f *TextField) SetText(s string) { f.entry.SetText(s) }

// SetPlaceholder changes the hint in the empty field.
func (f *TextField) SetPlaceholder(s string) { f.entry.SetPlaceHolder(s) }

// SetWrong shows that the content cannot be taken as it is.
func (f *TextField) SetWrong(on bool) { f.frame.wrong = on; f.frame.draw() }

// SetLocked shows the text as not editable. It can still be selected and copied.
func (f *TextField) SetLocked(on bool) {
	f.frame.locked = on
	if on {
		f.entry.Disable()
	} else {
		f.entry.Enable()
	}
	f.frame.draw()
}

// Focus puts the caret in the field.
func (f *TextField) Focus() {
	if c := canvasOf(f.entry); c != nil {
		c.Focus(f.entry)
	}
}

func (f *TextField) keyboard() fyne.Focusable { return f.entry }

// Focused says whether the caret is in the field.
func (f *TextField) Focused() bool { return f.frame.focused }

func (f *TextField) changed(s string) {
	f.recount()
	if f.OnChanged != nil {
		f.OnChanged(s)
	}
}

func (f *TextField) recount() {
	if f.count == nil {
		return
	}
	n := utf8.RuneCountInString(f.entry.Text)
	f.count.Text = strconv.Itoa(n) + "/" + strconv.Itoa(f.limit)
	f.count.Color = theme.Text3
	if n > f.limit {
		f.count.Color = theme.Red
	}
	f.count.Refresh()
}

// Tapped anywhere in the frame takes the focus.
func (f *TextField) Tapped(*fyne.PointEvent) { f.Focus() }

// Cursor shows the text cursor in the whole frame.
func (f *TextField) Cursor() desktop.Cursor { return desktop.TextCursor }

// MouseIn, MouseMoved and MouseOut follow the pointer.
func (f *TextField) MouseIn(*desktop.MouseEvent) { f.frame.hovered = true; f.frame.draw() }

// MouseMoved implements desktop.Hoverable.
func (f *TextField) MouseMoved(*desktop.MouseEvent) {}

// MouseOut implements desktop.Hoverable.
func (f *TextField) MouseOut() { f.frame.hovered = false; f.frame.draw() }

// CreateRenderer implements fyne.Widget.
func (f *TextField) CreateRenderer() fyne.WidgetRenderer {
	objects := []fyne.CanvasObject{f.frame.rect, f.entry}
	if f.lead != nil {
		objects = append(objects, f.lead)
	}
	if f.trail != nil {
		objects = append(objects, f.trail)
	}
	if f.count != nil {
		objects = append(objects, f.count)
	}
	const inset = theme.ControlPad - 7 // the entry has 7 of its own
	return &drawn{
		objects: objects,
		layout: func(s fyne.Size) {
			f.frame.rect.Resize(s)
			x, right := float32(inset), float32(inset)
			if f.lead != nil {
				place(f.lead, theme.ControlPad, (s.Height-theme.IconSize)/2, theme.IconSize, theme.IconSize)
				x += theme.IconSize + 6
			}
			if f.trail != nil {
				m := f.trail.MinSize()
				right = m.Width + 4
				place(f.trail, s.Width-right, (s.Height-m.Height)/2, m.Width, m.Height)
			}
			if f.rows > 1 {
				bottom := float32(2)
				if f.count != nil {
					bottom = 20
					m := f.count.MinSize()
					place(f.count, 0, s.Height-m.Height-4, s.Width-theme.ControlPad, m.Height)
				}
				place(f.entry, x, 2, s.Width-x-right, s.Height-2-bottom)
				return
			}
			h := f.entry.MinSize().Height
			place(f.entry, x, (s.Height-h)/2, s.Width-x-right, h)
		},
		min: func() fyne.Size {
			if f.rows > 1 {
				h := f.entry.MinSize().Height + 4
				if f.count != nil {
					h += 18
				}
				return fyne.NewSize(120, h)
			}
			return fyne.NewSize(80, theme.ControlHeight)
		},
		refresh: func() { f.frame.draw(); f.entry.Refresh() },
	}
}

// entry is Fyne's entry with its frame drawn elsewhere, a filter for what may be
// typed, and keys it has no use for passed on.
type entry struct {
	widget.Entry
	field *TextField
	keep  func(rune) bool // nil keeps all
	fold  func(rune) rune // before keep; nil folds nothing
}

// FocusGained implements fyne.Focusable.
func (e *entry) FocusGained() {
	e.Entry.FocusGained()
	e.field.frame.focused = true
	e.field.frame.draw()
	inSight(e)
}

// FocusLost implements fyne.Focusable.
func (e *entry) FocusLost() {
	e.Entry.FocusLost()
	e.field.frame.focused = false
	e.field.frame.draw()
	if e.field.OnLeft != nil {
		e.field.OnLeft()
	}
}

// AcceptsTab lets Tab leave a field of several lines too.
func (e *entry) AcceptsTab() bool { return false }

// TypedRune types what the field takes.
func (e *entry) TypedRune(r rune) {
	if e.fold != nil {
		r = e.fold(r)
	}
	if e.takes(r) {
		e.Entry.TypedRune(r)
	}
}

func (e *entry) takes(r rune) bool {
	return (e.keep == nil || e.keep(r)) && (e.field.limit == 0 || e.room() > 0)
}

// room is how many characters may still come, in place of the selected ones.
func (e *entry) room() int {
	return e.field.limit - utf8.RuneCountInString(e.Text) + utf8.RuneCountInString(e.SelectedText())
}

// TypedKey passes on what an entry does not use.
func (e *entry) TypedKey(ev *fyne.KeyEvent) {
	switch ev.Name {
	case fyne.KeyEscape, fyne.KeyF1, fyne.KeyF2, fyne.KeyF3, fyne.KeyF5:
		passOn(e, ev)
	case fyne.KeyReturn, fyne.KeyEnter:
		switch {
		case e.MultiLine:
			if e.takes('\n') {
				e.Entry.TypedKey(ev)
			}
		case e.field.OnSubmitted != nil:
			e.field.OnSubmitted(e.Text)
		default:
			passOn(e, ev)
		}
	default:
		e.Entry.TypedKey(ev)
	}
}

// TypedShortcut pastes only what could be typed.
func (e *entry) TypedShortcut(s fyne.Shortcut) {
	p, ok := s.(*fyne.ShortcutPaste)
	if !ok || p.Clipboard == nil {
		e.Entry.TypedShortcut(s)
		return
	}
	text := strings.ReplaceAll(p.Clipboard.Content(), "\r\n", "\n")
	if !e.MultiLine {
		text = strings.Join(strings.Fields(text), " ")
	}
	if e.fold != nil {
		text = strings.Map(e.fold, text)
	}
	if e.keep != nil {
		text = strings.Map(func(r rune) rune {
			if e.keep(r) {
				return r
			}
			return -1
		}, text)
	}
	if e.field.limit > 0 {
		if r := []rune(text); len(r) > e.room() {
			text = string(r[:max(e.room(), 0)])
		}
	}
	e.Entry.TypedShortcut(&fyne.ShortcutPaste{Clipboard: heldText{p.Clipboard, text}})
}

// heldText is a clipboard that gives the filtered text and leaves the real one
// as it is.
type heldText struct {
	fyne.Clipboard
	text string
}

func (h heldText) Content() string { return h.text }
