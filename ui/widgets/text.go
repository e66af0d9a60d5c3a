package widgets

import (
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/widget"

	"sealdesk/ui/theme"
)

// Text is one line. By default it is as wide as its words; after Clip it takes
// what width it gets and ends in … where the words do not fit.
type Text struct {
	widget.BaseWidget
	line  *canvas.Text
	full  string
	clips bool
}

// NewText makes a line of a size and colour of the theme.
func NewText(s string, size float32, c color.Color) *Text {
	t := &Text{line: canvas.NewText(s, c), full: s}
	t.line.TextSize = size
	t.ExtendBaseWidget(t)
	return t
}

// Body is a line of running text; Quiet is smaller and says what is secondary.
func Body(s string) *Text { return NewText(s, theme.TextBody, theme.Text) }

// Quiet is a small secondary line.
func Quiet(s string) *Text { return NewText(s, theme.TextCaption, theme.Text3) }

// Title is a heading.
func Title(s string) *Text { return NewText(s, theme.TextSub, theme.Text).Bold() }

// Bold sets the medium weight.
func (t *Text) Bold() *Text {
	t.line.TextStyle.Bold = true
	return t
}

// Align sets the words at the left, centre or right of the width.
func (t *Text) Align(a fyne.TextAlign) *Text {
	t.line.Alignment = a
	return t
}

// Clip lets the line be narrower than its words.
func (t *Text) Clip() *Text {
	t.clips = true
	return t
}

// Text returns the words, whole even where they are shown cut.
func (t *Text) Text() string { return t.full }

// Cut tells that they are.
func (t *Text) Cut() bool { return t.line.Text != t.full }

// SetText changes the words.
func (t *Text) SetText(s string) {
	if s == t.full {
		return
	}
	t.full = s
	t.fit()
	t.Refresh()
}

// SetSize changes the height of the letters.
func (t *Text) SetSize(size float32) {
	t.line.TextSize = size
	t.fit()
	t.Refresh()
}

// SetColor changes the colour.
func (t *Text) SetColor(c color.Color) {
	t.line.Color = c
	t.line.Refresh()
}

// Resize fits the words to the width.
func (t *Text) Resize(s fyne.Size) {
	t.BaseWidget.Resize(s)
	t.fit()
}

func (t *Text) fit() {
	s := t.full
	if t.clips {
		s = ellipsis(s, t.line.TextSize, t.line.TextStyle, t.Size().Width)
	}
	if s != t.line.Text {
		t.line.Text = s
		t.line.Refresh()
	}
}

// MinSize is that of the words, or of two characters when they may be clipped.
func (t *Text) MinSize() fyne.Size {
	m := fyne.MeasureText(t.full, t.line.TextSize, t.line.TextStyle)
	if t.full == "" {
		m = fyne.NewSize(0, fyne.MeasureText("国", t.line.TextSize, t.line.TextStyle).Height)
	}
	if t.clips {
		m.Width = min(m.Width, 2*t.line.TextSize)
	}
	return m
}

// CreateRenderer implements fyne.Widget.
func (t *Text) CreateRenderer() fyne.WidgetRenderer { return widget.NewSimpleRenderer(t.line) }

// ellipsis cuts s to the width by halving, for MeasureText shapes the whole line.
func ellipsis(s string, size float32, style fyne.TextStyle, width float32) string {
	fits := func(x string) bool { return fyne.MeasureText(x, size, style).Width <= width+0.5 }
	if width <= 0 || fits(s) {
		return s
	}
	r := []rune(s)
	lo, hi := 0, len(r)
	for lo < hi {
		mid := (lo + hi + 1) / 2
		if fits(string(r[:mid]) + "…") {
			lo = mid
		} else {
			hi = mid - 1
		}
	}
	return string(r[:lo]) + "…"
}
