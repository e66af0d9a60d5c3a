package widgets

import (
	"strings"

	"sealdesk/ui/desk/amount"
)

// AmountField takes a sum in yuan. Thousands marks are put in when the field is
// left; nothing is changed under the fingers.
type AmountField struct {
	*TextField
	// OnAmount is told the sum after each change, with the error if what stands
	// there is none. The page shows the capitals in the field's hint.
	OnAmount func(amount.Fen, error)
}

// NewAmountField makes an empty field.
func NewAmountField(placeholder string) *AmountField {
	a := &AmountField{TextField: newTextField(placeholder, 1)}
	a.ExtendBaseWidget(a)
	a.entry.fold = foldFigure
	a.entry.keep = func(r rune) bool { return strings.ContainsRune("0123456789.,", r) }
	a.TextField.OnChanged = func(string) {
		if a.OnAmount != nil {
			a.OnAmount(a.Amount())
		}
	}
	a.TextField.OnLeft = func() {
		if v, err := a.Amount(); err == nil && v.String() != a.Text() {
			a.SetText(v.String())
		}
	}
	return a
}

// Amount reads the sum.
func (a *AmountField) Amount() (amount.Fen, error) { return amount.Parse(a.Text()) }

// SetAmount writes a sum with thousands marks.
func (a *AmountField) SetAmount(v amount.Fen) { a.SetText(v.String()) }

// foldFigure turns what a Chinese input method gives for figures into ASCII.
func foldFigure(r rune) rune {
	switch {
	case r >= '０' && r <= '９':
		return r - '０' + '0'
	case r == '。', r == '．', r == '·':
		return '.'
	case r == '，':
		return ','
	}
	return r
}
