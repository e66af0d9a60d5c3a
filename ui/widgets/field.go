package widgets

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/widget"

	"sealdesk/ui/theme"
)

// Field is a row of a form: the label at the right of its column, a red asterisk
// before it if the field is required, the control, and a line beneath with a
// hint or what is wrong.
type Field struct {
	widget.BaseWidget
	Control  fyne.CanvasObject
	label    string
	required bool
	hint     string
	wrong    string

	star, name, note *canvas.Text
	above            bool
}

// NewField makes a row with the label at the left.
func NewField(label string, required bool, control fyne.CanvasObject, hint string) *Field {
	f := &Field{
		Control: control, label: label, required: required, hint: hint,
		star: canvas.NewText("*", theme.Red),
		name: canvas.NewText(label, theme.Text2),
		note: canvas.NewText(hint, theme.Text3),
	}
	f.star.TextSize, f.star.TextStyle.Bold = theme.TextBody, true
	f.name.TextSize = theme.TextBody
	f.note.TextSize = theme.TextCaption
	f.star.Hidden = !required
	f.ExtendBaseWidget(f)
	return f
}

// NewFieldAbove makes a field with the label over the control, for narrow
// columns such as the login.
func NewFieldAbove(label string, required bool, control fyne.CanvasObject, hint string) *Field {
	f := NewField(label, required, control, hint)
	f.above = true
	f.name.TextSize = theme.TextTable
	return f
}

// Label returns the field's name, for the sentence that says what is missing.
func (f *Field) Label() string { return f.label }

// Required says whether the field has to be filled.
func (f *Field) Required() bool { return f.required }

// SetRequired shows or hides the asterisk.
func (f *Field) SetRequired(on bool) {
	f.required = on
	f.star.Hidden = !on
	f.Refresh()
}

// SetHint changes the line shown while nothing is wrong.
func (f *Field) SetHint(s string) { f.hint = s; f.draw() }

// SetError says what is wrong; "" takes it back.
func (f *Field) SetError(s string) {
	f.wrong = s
	if c, ok := f.Control.(Control); ok {
		c.SetWrong(s != "")
	}
	f.draw()
}

// Error returns what is wrong, or "".
func (f *Field) Error() string { return f.wrong }

// Focus takes the keyboard to the control.
func (f *Field) Focus() {
	if c, ok := f.Control.(Control); ok {
		c.Focus()
	}
}

func (f *Field) draw() {
	s, c := f.hint, theme.Text3
	if f.wrong != "" {
		s, c = f.wrong, theme.Red
	}
	w := f.note.Size().Width
	if w > 0 {
		s = ellipsis(s, f.note.TextSize, f.note.TextStyle, w)
	}
	f.note.Text, f.note.Color = s, c
	f.note.Refresh()
}

// CreateRenderer implements fyne.Widget.
func (f *Field) CreateRenderer() fyne.WidgetRenderer {
	const over = 24 // height of a label over its control
	return &drawn{
		objects: []fyne.CanvasObject{f.star, f.name, f.Control, f.note},
		layout: func(s fyne.Size) {
			m, st := f.name.MinSize(), f.star.MinSize()
			x, y := theme.LabelWidth+theme.LabelGap, float32(0)
			if f.above {
				x, y = 0, over
				lead := float32(0)
				if f.required {
					lead = st.Width + 3
				}
				place(f.star, 0, (over-4-st.Height)/2+1, st.Width, st.Height)
				place(f.name, lead, (over-4-m.Height)/2, m.Width, m.Height)
			} else {
				place(f.name, theme.LabelWidth-m.Width, (theme.ControlHeight-m.Height)/2, m.Width, m.Height)
				place(f.star, theme.LabelWidth-m.Width-3-st.Width, (theme.ControlHeight-st.Height)/2+1, st.Width, st.Height)
			}
			h := s.Height - y - theme.FieldHint
			place(f.Control, x, y, s.Width-x, h)
			place(f.note, x, y+h+2, s.Width-x, f.note.MinSize().Height)
			f.draw()
		},
		min: func() fyne.Size {
			m := f.Control.MinSize()
			m.Height = max(m.Height, theme.ControlHeight) + theme.FieldHint
			if f.above {
				return m.AddWidthHeight(0, over)
			}
			return m.AddWidthHeight(theme.LabelWidth+theme.LabelGap, 0)
		},
		refresh: func() { f.draw(); canvas.Refresh(f) },
	}
}

// Form lays fields out in columns of equal width with the usual gaps.
func Form(columns int, fields ...fyne.CanvasObject) *fyne.Container {
	return container.New(formLayout{columns}, fields...)
}

// formLayout is a grid with a wide gap between columns and none between rows,
// for a field brings the room for its hint with it.
type formLayout struct{ columns int }

const formGap = 28

func (l formLayout) MinSize(o []fyne.CanvasObject) fyne.Size {
	m := gridLayout{l.columns, 0}.MinSize(o)
	return m.AddWidthHeight(formGap*float32(l.columns-1), 0)
}

func (l formLayout) Layout(o []fyne.CanvasObject, s fyne.Size) {
	gridLayout{l.columns, 0}.Layout(o, s)
	w := (s.Width - formGap*float32(l.columns-1)) / float32(l.columns)
	shown, _ := visible(o)
	for i, x := range shown {
		place(x, float32(i%l.columns)*(w+formGap), x.Position().Y, w, x.Size().Height)
	}
}
