package widgets

import (
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"

	"sealdesk/ui/theme"
)

// Card is the white sheet on which a page's parts lie.
func Card(o fyne.CanvasObject) *fyne.Container {
	return Stack(sheet(theme.White, theme.Line), o)
}

// PaddedCard is a Card with the usual margins inside.
func PaddedCard(o fyne.CanvasObject) *fyne.Container {
	return Card(Pad(theme.CardGap, theme.CardPad, theme.CardGap, theme.CardPad, o))
}

func sheet(fill, edge color.Color) *canvas.Rectangle {
	r := canvas.NewRectangle(fill)
	r.CornerRadius = theme.CardRadius
	r.StrokeColor, r.StrokeWidth = edge, 1
	r.Shadow = canvas.Shadow{Color: theme.CardShadow, BlurRadius: 10, Offset: fyne.NewPos(0, 2)}
	return r
}

// CardHead is the upper line of a card: a title, a quiet word after it, and what
// stands at the right (may be nil), with a rule beneath.
func CardHead(title, subtitle string, right fyne.CanvasObject) *fyne.Container {
	row := []fyne.CanvasObject{Title(title)}
	if subtitle != "" {
		row = append(row, Grow(Quiet(subtitle).Clip()))
	} else {
		row = append(row, Spacer())
	}
	if right != nil {
		row = append(row, right)
	}
	return headed(Row(10, row...))
}

func headed(row fyne.CanvasObject) *fyne.Container {
	return Column(0,
		Fixed(0, theme.SectionHead-1, Pad(0, theme.CardPad, 0, theme.CardPad, row)),
		HLine())
}

// Section is a numbered card of a form: 01, title, a quiet line, and the fields.
func Section(number, title, subtitle string, body fyne.CanvasObject) *fyne.Container {
	ground := canvas.NewRectangle(theme.Chosen)
	ground.CornerRadius = theme.ControlRadius
	n := NewText(number, theme.TextBody, theme.Primary).Bold().Align(fyne.TextAlignCenter)
	row := []fyne.CanvasObject{Fixed(32, 24, Stack(ground, Middle(n))), Title(title)}
	if subtitle != "" {
		row = append(row, Grow(Quiet(subtitle).Clip()))
	} else {
		row = append(row, Spacer())
	}
	return Card(Column(0, headed(Row(10, row...)), Pad(theme.CardGap, theme.CardPad, 2, theme.CardPad, body)))
}

// Page puts the margins of a page around its content.
func Page(o fyne.CanvasObject) *fyne.Container {
	return Pad(theme.PageMarginY, theme.PageMarginX, theme.PageMarginY, theme.PageMarginX, o)
}

// Foot is the fixed line under a scrolling form: a note at the left, the actions
// at the right.
func Foot(note fyne.CanvasObject, actions fyne.CanvasObject) *fyne.Container {
	if note == nil {
		note = Gap(1, 1)
	}
	return Filled(theme.White, Column(0, HLine(),
		Fixed(0, theme.FormFoot-1, Pad(0, theme.PageMarginX, 0, theme.PageMarginX, Row(16, Grow(note), actions)))))
}

// Stat is a figure with its name, and a bar in the colour of its tone.
func Stat(name, figure string, tone theme.Tone) *fyne.Container {
	c, _, _ := tone.Colors()
	bar := canvas.NewRectangle(c)
	bar.CornerRadius = 2
	return Card(Pad(14, 20, 14, 20, Row(14, Fixed(4, 40, bar),
		Grow(Column(1, NewText(name, theme.TextTable, theme.Text2).Clip(), NewText(figure, theme.TextVerdict, theme.Text).Bold())))))
}
