package widgets

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"

	"sealdesk/ui/theme"
)

// PINBody is the inside of the dialog that asks for a PIN: who asks and for what,
// line by line, then the field, the pad by choice, and the line that tells how
// many tries are left.
type PINBody struct {
	Body  *fyne.Container // to put into the dialog
	Field *PINField
	tries *Text
	shown *fyne.Container
}

// Fact is a name and what it is for this document.
type Fact struct{ Name, Value string }

// Facts sets names and values under one another on a quiet ground.
func Facts(facts ...Fact) *fyne.Container {
	ground := canvas.NewRectangle(theme.Head)
	ground.CornerRadius = 6
	ground.StrokeColor, ground.StrokeWidth = theme.Line, 1
	return Stack(ground, Pad(12, 16, 12, 16, FactLines(facts...)))
}

// FactLines is the same without the ground.
func FactLines(facts ...Fact) *fyne.Container {
	var names float32
	for _, f := range facts {
		names = max(names, fyne.MeasureText(f.Name, theme.TextTable, fyne.TextStyle{}).Width)
	}
	col := Column(6)
	for _, f := range facts {
		value := NewParagraph(f.Value, theme.TextTable, theme.Text)
		col.Add(Border(nil, nil, Fixed(names+16, 0, Column(0, Gap(1, 1), NewText(f.Name, theme.TextTable, theme.Text3))), nil, value))
	}
	return col
}

// NewPINBody makes the body; pad is what shows the pad of keys when asked for, or
// nil. order is the order of its keys, shuffled by the caller.
func NewPINBody(label, placeholder string, facts []Fact, order *[10]rune) *PINBody {
	b := &PINBody{tries: NewText("", theme.TextCaption, theme.Text3), shown: Column(0)}
	b.Field = NewPINField(placeholder)
	if order != nil {
		pad := Pad(10, 0, 0, 0, PINPad(b.Field, *order))
		b.Field.WithPadButton(func() {
			if len(b.shown.Objects) == 0 {
				b.shown.Add(pad)
			} else {
				b.shown.Objects = nil
			}
			b.shown.Refresh()
			b.Body.Refresh()
			b.Field.Focus()
		})
	}
	name := NewText(label, theme.TextTable, theme.Text2)
	b.Body = Column(14, Facts(facts...), Column(6, name, b.Field, b.tries, b.shown))
	return b
}

// SetTries says how many tries are left; a warning is red.
func (b *PINBody) SetTries(s string, warn bool) {
	c := theme.Text3
	if warn {
		c = theme.Red
	}
	b.tries.SetColor(c)
	b.tries.SetText(s)
	b.Field.SetWrong(warn)
	b.Body.Refresh()
}
