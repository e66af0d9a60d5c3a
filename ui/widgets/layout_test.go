package widgets

import (
	"image/color"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/test"
)

func box(w, h float32) *canvas.Rectangle {
	r := canvas.NewRectangle(color.Black)
	r.SetMinSize(fyne.NewSize(w, h))
	return r
}

func TestBorderLeavesNoSeams(t *testing.T) {
	top, bottom, left, right, mid := box(1, 56), box(1, 60), box(216, 1), box(288, 1), box(1, 1)
	Border(top, bottom, left, right, mid).Resize(fyne.NewSize(1280, 800))
	for _, tc := range []struct {
		name       string
		o          *canvas.Rectangle
		x, y, w, h float32
	}{
		{"top", top, 0, 0, 1280, 56}, {"bottom", bottom, 0, 740, 1280, 60},
		{"left", left, 0, 56, 216, 684}, {"right", right, 992, 56, 288, 684},
		{"centre", mid, 216, 56, 776, 684},
	} {
		if p, s := tc.o.Position(), tc.o.Size(); p != fyne.NewPos(tc.x, tc.y) || s != fyne.NewSize(tc.w, tc.h) {
			t.Errorf("%s lies at %v, %v", tc.name, p, s)
		}
	}
}

func TestRowSharesWhatIsLeft(t *testing.T) {
	a, b, hidden, c := box(20, 10), box(10, 30), box(500, 5), box(40, 20)
	hidden.Hide()
	Row(10, a, Grow(b), hidden, c).Resize(fyne.NewSize(200, 40))
	if a.Position() != fyne.NewPos(0, 15) || c.Position() != fyne.NewPos(160, 10) {
		t.Errorf("ends lie at %v and %v", a.Position(), c.Position())
	}
	if b.Size() != fyne.NewSize(120, 30) {
		t.Errorf("the growing one is %v", b.Size())
	}
}

func TestColumnSharesWhatIsLeft(t *testing.T) {
	a, b := box(20, 10), box(10, 30)
	Column(5, a, Spacer(), b).Resize(fyne.NewSize(100, 100))
	if b.Position() != fyne.NewPos(0, 70) || b.Size() != fyne.NewSize(100, 30) {
		t.Errorf("last lies at %v, %v", b.Position(), b.Size())
	}
}

func TestGridHasEqualColumns(t *testing.T) {
	a, b, c := box(20, 10), box(10, 30), box(5, 5)
	g := Grid(2, 10, a, b, c)
	if m := g.MinSize(); m != fyne.NewSize(50, 45) {
		t.Errorf("least %v", m)
	}
	g.Resize(fyne.NewSize(110, 100))
	if b.Position() != fyne.NewPos(60, 0) || c.Position() != fyne.NewPos(0, 40) || b.Size().Width != 50 {
		t.Errorf("second %v %v, third %v", b.Position(), b.Size(), c.Position())
	}
}

func TestTheWheelScrollsOverFieldsToo(t *testing.T) {
	pressed := false
	b := NewButton(Secondary, "查看", func() { pressed = true })
	last := NewTextField("")
	a := NewScrollArea(Column(0, NewTextField(""), b, Gap(1, 2000), last))
	c := show(t, a, 300, 200)
	test.Scroll(c, fyne.NewPos(100, 15), 0, -60)
	if a.Offset() != 60 {
		t.Errorf("scrolled to %v", a.Offset())
	}
	a.SetOffset(0)
	tapAt(c, b)
	if !pressed {
		t.Error("what lies in the area cannot be pressed any more")
	}
	a.Reveal(last)
	if want := float32(2108 - 200); a.Offset() != want {
		t.Errorf("revealing the last field scrolled to %v, want %v", a.Offset(), want)
	}
}

// A menu under a small anchor is as wide as its words.
func TestAMenuCutsNoWords(t *testing.T) {
	anchor := box(20, 20)
	c := show(t, Row(0, anchor), 800, 400)
	const words = "Log in as the other party"
	ShowMenu(anchor, []Option{{Text: words}, {Text: "Log out"}}, func(int) {})
	list := c.Overlays().Top().(*popover).content.(*optionList)
	if shown := list.rows[0].text.line.Text; shown != words {
		t.Errorf("the menu says %q", shown)
	}
}
