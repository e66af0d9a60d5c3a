package bind

import (
	"fyne.io/fyne/v2"

	"sealdesk/ui/desk"
	"sealdesk/ui/desk/words"
	"sealdesk/ui/theme"
	"sealdesk/ui/widgets"
)

const labelWidth = 110

// difference sets the certificate's name and code under those of the platform's record, with what differs in red.
func difference(t *words.Catalog, k desk.Key, fit desk.Fit) fyne.CanvasObject {
	line := func(label, value, other string) fyne.CanvasObject {
		before, own, after := apart([]rune(value), []rune(other))
		return widgets.Row(0, widgets.Fixed(labelWidth, 0, widgets.NewText(label, theme.TextTable, theme.Text2)),
			widgets.NewText(before, theme.TextBody, theme.Text), widgets.NewText(own, theme.TextBody, theme.Red).Bold(),
			widgets.NewText(after, theme.TextBody, theme.Text))
	}
	col := widgets.Column(4)
	pair := func(title, cert, record string) {
		if len(col.Objects) > 0 {
			col.Add(widgets.Gap(1, 6))
		}
		col.Add(widgets.NewText(title, theme.TextTable, theme.Text).Bold())
		col.Add(line(t.T("bind.in_certificate"), cert, record))
		col.Add(line(t.T("bind.in_record"), record, cert))
	}
	if !fit.Name {
		pair(t.T("bind.name"), k.Owner, fit.Organisation.Name)
	}
	if !fit.Code {
		pair(t.T("bind.code"), k.USCC, fit.Organisation.USCC)
	}
	return widgets.Column(10, widgets.WarnPanel(widgets.ErrorText{What: t.T("bind.differs"), Do: t.T("bind.differs_do")}), widgets.Pad(0, 4, 0, 4, col))
}

// apart cuts a text into what it begins with like another one, what is its own, and what it ends with like that.
func apart(text, other []rune) (before, own, after string) {
	n := 0
	for n < len(text) && n < len(other) && text[n] == other[n] {
		n++
	}
	m := 0
	for m < len(text)-n && m < len(other)-n && text[len(text)-1-m] == other[len(other)-1-m] {
		m++
	}
	return string(text[:n]), string(text[n : len(text)-m]), string(text[len(text)-m:])
}
