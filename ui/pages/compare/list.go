package compare

import (
	"fmt"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/widget"

	"sealdesk/signer/compare"
	"sealdesk/ui/desk"
	"sealdesk/ui/theme"
	"sealdesk/ui/widgets"
)

// list shows the differences, and under them the whole words of the one in front.
type list struct {
	t      func(string, ...any) string
	all    []compare.Difference
	choose func(n int)
	at     int

	rows    *rows
	words   *widgets.ScrollArea
	content fyne.CanvasObject
}

const (
	rowHigh   = 66
	wordsHigh = 132
)

func newList(t func(string, ...any) string, all []compare.Difference, choose func(int)) *list {
	l := &list{t: t, all: all, choose: choose, at: -1}
	l.rows = newRows(l)
	l.words = widgets.NewScrollArea(widgets.Gap(1, 1))
	l.content = widgets.Border(nil, widgets.Column(0, widgets.HLine(), widgets.Fixed(0, wordsHigh, l.words)), nil, nil,
		widgets.Bare(l.rows))
	return l
}

// mark shows which one is in front.
func (l *list) mark(i int) {
	l.at = i
	l.rows.ScrollTo(i)
	l.rows.Refresh()
	d := l.all[i]
	col := widgets.Column(6)
	line := func(key, words string) {
		if words != "" {
			col.Add(widgets.Column(2, widgets.Quiet(l.t(key)), widgets.NewParagraph(words, theme.TextTable, theme.Text)))
		}
	}
	switch {
	case d.TextA == "" && d.TextB == "":
		col.Add(widgets.NewParagraph(l.t("compare.about."+string(d.Kind)), theme.TextTable, theme.Text2))
	case d.TextA == d.TextB:
		line("compare.words", d.TextA)
	default:
		line("compare.words_a", d.TextA)
		line("compare.words_b", d.TextB)
	}
	l.words.SetContent(widgets.Pad(10, 14, 10, 14, col))
}

// rows is Fyne's list without its selection. The arrows go from one to the next; it passes on what it has no use for.
type rows struct {
	widget.List
	list *list
}

func newRows(l *list) *rows {
	r := &rows{list: l}
	r.HideSeparators = true
	r.Length = func() int { return len(l.all) }
	r.CreateItem = func() fyne.CanvasObject { return newRow() }
	r.UpdateItem = func(i int, o fyne.CanvasObject) { o.(*row).set(l.t, i+1, l.all[i], i == l.at) }
	r.OnSelected = func(i int) {
		r.UnselectAll()
		l.choose(i + 1)
	}
	r.ExtendBaseWidget(r)
	return r
}

// FocusGained implements fyne.Focusable. The list's own mark of where it is is not used.
func (r *rows) FocusGained() {}

// FocusLost implements fyne.Focusable.
func (r *rows) FocusLost() {}

// TypedKey implements fyne.Focusable.
func (r *rows) TypedKey(ev *fyne.KeyEvent) {
	switch ev.Name {
	case fyne.KeyUp:
		r.list.choose(r.list.at)
	case fyne.KeyDown:
		r.list.choose(r.list.at + 2)
	default:
		if c := fyne.CurrentApp().Driver().CanvasForObject(r); c != nil && c.OnTypedKey() != nil {
			c.OnTypedKey()(ev)
		}
	}
}

// row is a difference in the list: its number, kind and pages, and the beginning of its words.
type row struct {
	widget.BaseWidget
	widgets.Inside
	ground *canvas.Rectangle
	bar    *canvas.Rectangle
	head   *widgets.Text
	pages  *widgets.Text
	words  *widgets.Text
	all    fyne.CanvasObject
}

func newRow() *row {
	r := &row{ground: canvas.NewRectangle(theme.Clear), bar: canvas.NewRectangle(theme.Line)}
	r.bar.CornerRadius = 1.5
	r.head = widgets.NewText("", theme.TextTable, theme.Text).Bold().Clip()
	r.pages = widgets.Quiet("").Align(fyne.TextAlignTrailing)
	r.words = widgets.NewText("", theme.TextTable, theme.Text2).Clip()
	r.all = widgets.Stack(r.ground, widgets.Fixed(0, rowHigh, widgets.Column(0, widgets.Grow(widgets.Pad(0, 12, 0, 12, widgets.Row(10,
		widgets.Fixed(3, 38, r.bar),
		widgets.Grow(widgets.Column(3, widgets.Row(6, widgets.Grow(r.head), r.pages), r.words))))), widgets.HLine())))
	r.ExtendBaseWidget(r)
	return r
}

// CreateRenderer implements fyne.Widget.
func (r *row) CreateRenderer() fyne.WidgetRenderer { return widget.NewSimpleRenderer(r.all) }

func (r *row) set(t func(string, ...any) string, n int, d compare.Difference, chosen bool) {
	ink, _, _ := looks[d.Kind].tone.Colors()
	r.bar.FillColor, r.ground.FillColor = ink, theme.Clear
	if chosen {
		r.ground.FillColor = theme.Chosen
	}
	r.head.SetText(fmt.Sprintf("%d  %s", n, t("compare.kind."+string(d.Kind))))
	r.head.SetColor(ink)
	a, b := d.A[0].Page, d.B[0].Page
	if a == b {
		r.pages.SetText(t("found.page", "page", a))
	} else {
		r.pages.SetText(t("compare.pages_short", "a", a, "b", b))
	}
	words := desk.Said(d)
	if words == "" {
		words = t("compare.about." + string(d.Kind))
	}
	r.words.SetText(words)
	r.Refresh()
}
