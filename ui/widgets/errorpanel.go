package widgets

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"

	"sealdesk/ui/theme"
)

// ErrorText is an error in sentences: what happened, to what or why, what to do,
// and a code to read to the hot line.
type ErrorText struct {
	What string
	Why  string
	Do   string
	Code string
}

// ErrorPanel shows an error in its three parts, the code small and grey at the
// end, and the buttons to go on.
func ErrorPanel(e ErrorText, buttons ...*Button) *fyne.Container {
	return Notice(theme.Bad, theme.TextBody, e, buttons...)
}

// WarnPanel is the same for what is no error yet.
func WarnPanel(e ErrorText, buttons ...*Button) *fyne.Container {
	return Notice(theme.Warn, theme.TextBody, e, buttons...)
}

// InfoPanel is the same for what should be known.
func InfoPanel(e ErrorText, buttons ...*Button) *fyne.Container {
	return Notice(theme.Info, theme.TextBody, e, buttons...)
}

// Notice is one of the three in letters of a size, for what is read from afar.
func Notice(tone theme.Tone, text float32, e ErrorText, buttons ...*Button) *fyne.Container {
	icon, grown := theme.IconInfo, text/theme.TextBody
	switch tone {
	case theme.Bad:
		icon = theme.IconError
	case theme.Warn:
		icon = theme.IconWarning
	}
	fg, soft, line := tone.Colors()
	ground := canvas.NewRectangle(soft)
	ground.CornerRadius = 6
	ground.StrokeColor, ground.StrokeWidth = line, 1
	var col []fyne.CanvasObject
	col = append(col, NewParagraph(e.What, text, fg).Bold())
	if e.Why != "" {
		col = append(col, NewParagraph(e.Why, theme.TextTable*grown, theme.Text))
	}
	if e.Do != "" {
		col = append(col, NewParagraph(e.Do, theme.TextTable*grown, theme.Text))
	}
	if e.Code != "" {
		col = append(col, NewText(e.Code, theme.TextCaption*grown, theme.Text2).Clip())
	}
	if len(buttons) > 0 {
		var row []fyne.CanvasObject
		for _, b := range buttons {
			row = append(row, b)
		}
		col = append(col, Pad(6, 0, 0, 0, Row(10, row...)))
	}
	mark := Column(0, Gap(1, 2), Icon(icon, theme.IconSize*grown, fg))
	body := Border(nil, nil, Pad(0, 10, 0, 0, mark), nil, Column(3, col...))
	return Stack(ground, Pad(12, 16, 12, 14, body))
}

// Verdict is the one sentence about a file, large, in green, amber, red or grey,
// with a quiet line beneath.
func Verdict(tone theme.Tone, sentence, detail string) *fyne.Container {
	fg, soft, line := tone.Colors()
	icon := theme.IconInfo
	switch tone {
	case theme.Good:
		icon = theme.IconCheck
	case theme.Warn:
		icon = theme.IconWarning
	case theme.Bad:
		icon = theme.IconError
	}
	ground := canvas.NewRectangle(soft)
	ground.CornerRadius = theme.CardRadius
	ground.StrokeColor, ground.StrokeWidth = line, 1
	disc := canvas.NewCircle(fg)
	mark := Fixed(44, 44, Stack(disc, Center(Icon(icon, 26, theme.White))))
	col := []fyne.CanvasObject{NewParagraph(sentence, theme.TextTitle, fg).Bold()}
	if detail != "" {
		col = append(col, NewParagraph(detail, theme.TextTable, theme.Text2))
	}
	return Stack(ground, Pad(18, 22, 18, 22, Row(16, mark, Grow(Column(4, col...)))))
}
