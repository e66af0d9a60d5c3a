package widgets

import (
	"slices"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/widget"

	"sealdesk/ui/theme"
)

// TableColumn is a column's heading and width.
type TableColumn struct {
	Title string
	Width float32 // fixed; 0 shares the room that is left
	Min   float32 // least width of a sharing column; 0 is 120
	Right bool    // figures are set to the right
	Quiet bool    // second colour
	Spare bool    // left out, the last one first, where there is no room for all
}

// Action is a word in a row that does something.
type Action struct {
	Text string
	Do   func()
	Why  string // it cannot be done, and why: shown grey, the reason in the row's note
}

// Cell is what stands in one column of a row: a text, with a small second line if
// there is one; or a chip; or actions.
type Cell struct {
	Text    string
	Note    string
	Strong  bool
	Bad     bool
	Chip    string
	Tone    theme.Tone
	Actions []Action
}

// TableRow is one line; Open is what pressing it does, nil nothing.
type TableRow struct {
	Cells []Cell
	Open  func()
}

// Table is a head over rows, of which only those in sight exist. Up, Down and
// Enter work when it has the keyboard. Its body has the four faces of a Faces.
type Table struct {
	widget.BaseWidget
	columns []TableColumn
	rows    int
	row     func(int) TableRow
	high    float32
	text    float32 // size of the letters
	heads   []*Text

	list  *rowList
	faces *Faces
	all   fyne.CanvasObject
}

// NewTable makes a table that shows nothing yet.
func NewTable(columns ...TableColumn) *Table {
	t := &Table{columns: slices.Clone(columns), high: theme.TableRow, text: theme.TextTable}
	t.list = newRowList(t)
	t.faces = NewFaces(Bare(t.list))
	var heads []fyne.CanvasObject
	for _, c := range t.columns {
		h := NewText(c.Title, theme.TextTable, theme.Text2).Bold().Clip()
		if c.Right {
			h.Align(fyne.TextAlignTrailing)
		}
		t.heads, heads = append(t.heads, h), append(heads, h)
	}
	t.widen()
	head := container.New(columnsLayout{t.columns, theme.TableHead}, heads...)
	t.all = Border(
		Column(0, Filled(theme.Head, Pad(0, theme.CardPad, 0, theme.CardPad, head)), HLine()),
		nil, nil, nil, t.faces)
	t.ExtendBaseWidget(t)
	return t
}

// High makes the rows of another height, for cells with notes 60.
func (t *Table) High(h float32) *Table {
	t.high = h
	return t
}

// Sized sets letters and rows of another size, for a table that is read from afar.
func (t *Table) Sized(text, row float32) *Table {
	t.text, t.high = text, row
	for _, h := range t.heads {
		h.SetSize(text)
	}
	t.widen()
	return t
}

// widen makes columns as wide as their headings, which are of other lengths in other languages, and outside Beijing's zone.
func (t *Table) widen() {
	for i, c := range t.columns {
		switch head := fyne.MeasureText(c.Title, t.text, fyne.TextStyle{Bold: true}).Width; {
		case c.least() >= head:
		case c.Width > 0:
			t.columns[i].Width = head
		default:
			t.columns[i].Min = head
		}
	}
}

// Fill fills the table with n rows; row is asked for each as it comes in sight.
func (t *Table) Fill(n int, row func(int) TableRow) {
	t.rows, t.row = n, row
	t.list.UnselectAll()
	t.list.Refresh()
	t.faces.Filled()
}

// FillOr fills the table, or says that there is nothing to fill it with.
func (t *Table) FillOr(none string, n int, row func(int) TableRow) {
	if n == 0 {
		t.faces.Empty(none, nil)
		return
	}
	t.Fill(n, row)
}

// Faces are the other three things a table can show.
func (t *Table) Faces() *Faces { return t.faces }

// FocusIn gives the table the keyboard of the window that it is in, though that may not have drawn it yet.
func (t *Table) FocusIn(c fyne.Canvas) { c.Focus(t.list) }

// Offset and SetOffset keep the place of a page that is come back to.
func (t *Table) Offset() float32 { return t.list.GetScrollOffset() }

// SetOffset scrolls to y.
func (t *Table) SetOffset(y float32) { t.list.ScrollToOffset(y) }

// CreateRenderer implements fyne.Widget.
func (t *Table) CreateRenderer() fyne.WidgetRenderer { return widget.NewSimpleRenderer(t.all) }

func (t *Table) open(i int) {
	if i < 0 || i >= t.rows {
		return
	}
	if r := t.row(i); r.Open != nil {
		r.Open()
	}
}

// rowList is Fyne's list without its selection: choosing a row opens it.
type rowList struct {
	widget.List
	table *Table
	at    int
	keyed bool // it has the keyboard: the row that Enter opens is marked
}

func newRowList(t *Table) *rowList {
	l := &rowList{table: t}
	l.HideSeparators = true
	l.Length = func() int { return t.rows }
	l.CreateItem = func() fyne.CanvasObject { return newTableRow(t) }
	l.UpdateItem = func(i int, o fyne.CanvasObject) {
		r := o.(*tableRow)
		r.set(t.row(i))
		r.mark(l.keyed && i == l.at)
	}
	l.OnHighlighted = func(i int) {
		last := l.at
		l.at = i
		l.RefreshItem(last)
		l.RefreshItem(i)
	}
	l.OnSelected = func(i int) {
		l.UnselectAll()
		t.open(i)
	}
	l.ExtendBaseWidget(l)
	return l
}

// FocusGained marks the row that Enter opens.
func (l *rowList) FocusGained() {
	l.keyed = true
	l.List.FocusGained()
}

// FocusLost takes the mark away.
func (l *rowList) FocusLost() {
	l.keyed = false
	l.List.FocusLost()
	l.RefreshItem(l.at)
}

// TypedKey opens with Enter too, and passes on what it has no use for.
func (l *rowList) TypedKey(ev *fyne.KeyEvent) {
	switch ev.Name {
	case fyne.KeyReturn, fyne.KeyEnter:
		l.table.open(l.at)
	case fyne.KeyUp, fyne.KeyDown, fyne.KeySpace:
		l.List.TypedKey(ev)
	default:
		passOn(l, ev)
	}
}

// tableRow is a row's template, filled again as rows come in sight.
type tableRow struct {
	widget.BaseWidget
	Inside
	table  *Table
	ground *canvas.Rectangle
	cells  []*tableCell
	all    fyne.CanvasObject
	marked bool // by the keyboard
	under  bool // the pointer
}

func newTableRow(t *Table) *tableRow {
	r := &tableRow{table: t, ground: canvas.NewRectangle(theme.Clear)}
	var objects []fyne.CanvasObject
	for _, c := range t.columns {
		cell := newTableCell(c, t.text)
		r.cells = append(r.cells, cell)
		objects = append(objects, cell)
	}
	row := container.New(columnsLayout{t.columns, t.high - 1}, objects...)
	r.all = Stack(r.ground, Column(0, Pad(0, theme.CardPad, 0, theme.CardPad, row), HLine()))
	r.ExtendBaseWidget(r)
	return r
}

func (r *tableRow) set(row TableRow) {
	for i, c := range r.cells {
		if i < len(row.Cells) {
			c.set(row.Cells[i])
		} else {
			c.set(Cell{})
		}
	}
}

// MouseIn shows the row under the pointer.
func (r *tableRow) MouseIn(*desktop.MouseEvent) { r.hover(true) }

// MouseMoved implements desktop.Hoverable.
func (r *tableRow) MouseMoved(*desktop.MouseEvent) {}

// MouseOut implements desktop.Hoverable.
func (r *tableRow) MouseOut() { r.hover(false) }

func (r *tableRow) hover(on bool) {
	r.under = on
	r.draw()
}

func (r *tableRow) mark(on bool) {
	if r.marked != on {
		r.marked = on
		r.draw()
	}
}

func (r *tableRow) draw() {
	r.ground.FillColor = theme.Clear
	switch {
	case r.marked:
		r.ground.FillColor = theme.Chosen
	case r.under:
		r.ground.FillColor = theme.Hover
	}
	r.ground.Refresh()
}

// CreateRenderer implements fyne.Widget.
func (r *tableRow) CreateRenderer() fyne.WidgetRenderer { return widget.NewSimpleRenderer(r.all) }

// tableCell shows a Cell; its parts are made once and hidden when not in use.
type tableCell struct {
	widget.BaseWidget
	column  TableColumn
	text    *Text
	note    *Text
	chip    *Chip
	links   []*Button
	linkRow *fyne.Container
	size    float32 // of the letters
}

func newTableCell(c TableColumn, size float32) *tableCell {
	small := size * theme.TextCaption / theme.TextTable
	color := theme.Text
	if c.Quiet {
		color = theme.Text2
	}
	x := &tableCell{
		column:  c,
		text:    NewText("", size, color).Clip(),
		note:    NewText("", small, theme.Text3).Clip(),
		chip:    NewChip("", theme.Neutral).Sized(small),
		linkRow: Row(14),
		size:    size,
	}
	if c.Right {
		x.text.Align(fyne.TextAlignTrailing)
		x.note.Align(fyne.TextAlignTrailing)
	}
	x.ExtendBaseWidget(x)
	x.set(Cell{})
	return x
}

func (x *tableCell) set(c Cell) {
	x.text.Hidden = c.Text == ""
	x.note.Hidden = c.Note == ""
	x.chip.Hidden = c.Chip == ""
	x.linkRow.Hidden = len(c.Actions) == 0
	color := theme.Text
	switch {
	case c.Bad:
		color = theme.Red
	case x.column.Quiet:
		color = theme.Text2
	}
	x.text.line.TextStyle.Bold = c.Strong
	x.text.SetColor(color)
	x.text.SetText(c.Text)
	x.note.SetText(c.Note)
	if c.Chip != "" {
		x.chip.Set(c.Chip, c.Tone)
	}
	for len(x.links) < len(c.Actions) {
		b := NewButton(Link, "", nil).Sized(x.size)
		x.links = append(x.links, b)
		x.linkRow.Add(b)
	}
	for i, b := range x.links {
		b.Hidden = i >= len(c.Actions)
		if i < len(c.Actions) {
			a := c.Actions[i]
			if b.Text() != a.Text {
				b.SetText(a.Text)
			}
			b.SetOnPress(a.Do)
			b.SetReason(a.Why)
		}
	}
	x.Refresh()
}

// CreateRenderer implements fyne.Widget.
func (x *tableCell) CreateRenderer() fyne.WidgetRenderer {
	return &drawn{
		objects: []fyne.CanvasObject{x.text, x.note, x.chip, x.linkRow},
		layout:  x.arrange,
		min:     func() fyne.Size { return fyne.NewSize(20, 22) },
		refresh: func() { x.arrange(x.Size()); canvas.Refresh(x) },
	}
}

func (x *tableCell) arrange(s fyne.Size) {
	th, nh := x.text.MinSize().Height, x.note.MinSize().Height
	y := (s.Height - th) / 2
	if x.note.Visible() {
		y = (s.Height - th - nh) / 2
		place(x.note, 0, y+th, s.Width, nh)
	}
	place(x.text, 0, y, s.Width, th)
	ch := x.chip.height()
	cy := (s.Height - ch) / 2
	if x.note.Visible() && x.chip.Visible() {
		cy = (s.Height - ch - nh - 1) / 2
		place(x.note, 0, cy+ch+1, s.Width, nh)
	}
	place(x.chip, 0, cy, s.Width, ch)
	m := x.linkRow.MinSize()
	place(x.linkRow, 0, (s.Height-m.Height)/2, min(m.Width, s.Width), m.Height)
}

// columnsLayout sets one object in each column.
type columnsLayout struct {
	columns []TableColumn
	height  float32
}

func (l columnsLayout) MinSize([]fyne.CanvasObject) fyne.Size {
	keep := make([]bool, len(l.columns))
	for i, c := range l.columns {
		keep[i] = !c.Spare
	}
	return fyne.NewSize(l.least(keep), l.height)
}

// least is how wide the kept columns are with the gaps between them.
func (l columnsLayout) least(keep []bool) float32 {
	w := -theme.TableGap
	for i, c := range l.columns {
		if keep[i] {
			w += c.least() + theme.TableGap
		}
	}
	return w
}

// kept says which columns there is room for.
func (l columnsLayout) kept(width float32) []bool {
	keep := make([]bool, len(l.columns))
	for i := range keep {
		keep[i] = true
	}
	for i := len(l.columns) - 1; i >= 0 && l.least(keep) > width; i-- {
		keep[i] = !l.columns[i].Spare
	}
	return keep
}

func (c TableColumn) least() float32 {
	switch {
	case c.Width > 0:
		return c.Width
	case c.Min > 0:
		return c.Min
	}
	return 120
}

func (l columnsLayout) Layout(objects []fyne.CanvasObject, s fyne.Size) {
	keep := l.kept(s.Width)
	rest, sharing := s.Width-l.least(keep), float32(0)
	for i, c := range l.columns {
		if keep[i] && c.Width == 0 {
			sharing += c.least()
		}
	}
	x := float32(0)
	for i, o := range objects {
		if !keep[i] {
			o.Hide()
			continue
		}
		o.Show()
		w := l.columns[i].least()
		if l.columns[i].Width == 0 {
			w += max(rest, 0) * w / sharing
		}
		if _, cell := o.(*tableCell); cell {
			place(o, x, 0, w, s.Height)
		} else {
			h := o.MinSize().Height
			place(o, x, (s.Height-h)/2, w, h)
		}
		x += w + theme.TableGap
	}
}
