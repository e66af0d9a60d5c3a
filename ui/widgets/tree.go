package widgets

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"

	"sealdesk/ui/theme"
)

// TreeItem is a line of a Tree: a heading, or with an ID something to choose, with the mark of how far it is.
type TreeItem struct {
	ID    string // "" is a heading
	Text  string
	Note  string // how far it is, in a word or two, at the right
	State StepState
}

// Tree is a short outline whose lines can be chosen, with the pointer, with Tab and Enter, or with Up and Down.
type Tree struct {
	OnChoose func(id string)

	column *fyne.Container
	rows   []*treeRow
	chosen string
}

// NewTree makes an empty tree.
func NewTree() *Tree { return &Tree{column: Column(0)} }

// Content is what is to be laid out.
func (t *Tree) Content() fyne.CanvasObject { return t.column }

// Set shows other lines. Lines that were there keep the keyboard.
func (t *Tree) Set(items ...TreeItem) {
	kept := map[string]*treeRow{}
	for _, r := range t.rows {
		kept[r.item.ID] = r
	}
	t.rows, t.column.Objects = nil, nil
	for _, it := range items {
		if it.ID == "" {
			t.column.Add(Pad(10, 12, 2, 14, NewText(it.Text, theme.TextTable, theme.Text2).Bold().Clip()))
			continue
		}
		r := kept[it.ID]
		if r == nil {
			r = newTreeRow(t)
		}
		r.set(it)
		t.rows = append(t.rows, r)
		t.column.Add(r)
	}
	t.Choose(t.chosen)
	t.column.Refresh()
}

// Choose marks a line as the chosen one, without telling.
func (t *Tree) Choose(id string) {
	t.chosen = id
	for _, r := range t.rows {
		r.restyle()
	}
}

// Chosen is the ID of the line that is chosen.
func (t *Tree) Chosen() string { return t.chosen }

func (t *Tree) choose(id string) {
	t.Choose(id)
	if t.OnChoose != nil {
		t.OnChoose(id)
	}
}

// move chooses the line before or after another one, and gives it the keyboard.
func (t *Tree) move(from *treeRow, by int) {
	for i, r := range t.rows {
		if r == from && i+by >= 0 && i+by < len(t.rows) {
			next := t.rows[i+by]
			t.choose(next.item.ID)
			focusOn(next)
			return
		}
	}
}

// treeRow is one line.
type treeRow struct {
	pressable
	tree *Tree
	item TreeItem

	ground, mark *canvas.Rectangle
	inside       *fyne.Container
	ring         *ring
}

func newTreeRow(t *Tree) *treeRow {
	r := &treeRow{tree: t, ground: canvas.NewRectangle(theme.Clear), mark: canvas.NewRectangle(theme.Clear), inside: Stack(), ring: newRing(4, theme.Primary, theme.White)}
	r.ground.CornerRadius = 4
	r.init(r, func() { t.choose(r.item.ID) }, r.restyle)
	return r
}

func (r *treeRow) set(it TreeItem) {
	r.item = it
	var disc fyne.CanvasObject
	if it.State == StepAhead {
		hollow := canvas.NewCircle(theme.Clear)
		hollow.StrokeColor, hollow.StrokeWidth = theme.Frame, 1.5
		disc = Fixed(18, 18, hollow)
	} else {
		disc = stepDisc(it.State, "…", 18)
	}
	r.inside.Objects = []fyne.CanvasObject{Pad(7, 12, 7, 14,
		Row(10, Center(disc), Grow(Middle(NewText(it.Text, theme.TextBody, theme.Text).Clip())), Middle(Quiet(it.Note))))}
	r.inside.Refresh()
	r.restyle()
}

func (r *treeRow) restyle() {
	chosen := r.item.ID == r.tree.chosen
	r.ground.FillColor, r.mark.FillColor = theme.Clear, theme.Clear
	switch {
	case chosen:
		r.ground.FillColor, r.mark.FillColor = theme.Chosen, theme.Primary
	case r.hovered:
		r.ground.FillColor = theme.Hover
	}
	r.ring.show(r.ringed())
	canvas.Refresh(r)
}

// TypedKey goes to the neighbours with Up and Down.
func (r *treeRow) TypedKey(ev *fyne.KeyEvent) {
	switch ev.Name {
	case fyne.KeyUp:
		r.tree.move(r, -1)
	case fyne.KeyDown:
		r.tree.move(r, 1)
	default:
		r.pressable.TypedKey(ev)
		return
	}
	for _, x := range r.tree.rows { // the ring shows where the keyboard is now
		if x.focused {
			x.pointed = false
			x.restyle()
		}
	}
}

// CreateRenderer implements fyne.Widget.
func (r *treeRow) CreateRenderer() fyne.WidgetRenderer {
	const in = 4 // room for the ring
	return &drawn{
		objects: append(r.ring.objects(), r.ground, r.mark, r.inside),
		layout: func(s fyne.Size) {
			room := s.SubtractWidthHeight(2*in, 2)
			r.ring.layout(in, 1, room)
			for _, o := range []fyne.CanvasObject{r.ground, r.inside} {
				o.Move(fyne.NewPos(in, 1))
				o.Resize(room)
			}
			r.mark.Move(fyne.NewPos(in, 1))
			r.mark.Resize(fyne.NewSize(3, room.Height))
		},
		min:     func() fyne.Size { return r.inside.MinSize().AddWidthHeight(2*in, 2) },
		refresh: func() { r.inside.Refresh() },
	}
}
