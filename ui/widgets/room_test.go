package widgets

import (
	"testing"

	"fyne.io/fyne/v2"
)

// What is larger than the window keeps its size and is scrolled, and what gets the keyboard comes in sight.
func TestARoomCutsNothing(t *testing.T) {
	far := NewButton(Secondary, "far", func() {})
	near := NewButton(Secondary, "near", func() {})
	content := Column(0, Row(0, near, Gap(1200, 20)), Gap(10, 700), Row(0, Gap(1100, 20), far))
	room := NewRoom(content, fyne.NewSize(1024, 680))
	c := show(t, room, 640, 320)
	if m := content.MinSize(); content.Size().Width < m.Width || content.Size().Height < m.Height {
		t.Fatalf("the content has %v and needs %v", content.Size(), m)
	}
	inSight := func(b *Button) bool {
		p := fyne.CurrentApp().Driver().AbsolutePositionForObject(b)
		return p.X >= 0 && p.Y >= 0 && p.X+b.Size().Width <= c.Size().Width && p.Y+b.Size().Height <= c.Size().Height
	}
	if inSight(far) || !inSight(near) {
		t.Fatal("the room shows another corner first")
	}
	c.Focus(far)
	if !inSight(far) {
		t.Errorf("the button that has the keyboard is out of sight: offset %v", room.scroll.Offset)
	}
	c.Focus(near)
	if !inSight(near) {
		t.Errorf("the button that has the keyboard again is out of sight: offset %v", room.scroll.Offset)
	}
	if m := room.MinSize(); m.Width > 640 || m.Height > 320 {
		t.Errorf("the window cannot be made smaller than %v", m)
	}
}

// A dialog that is higher than the window is scrolled within it, too.
func TestALargeDialogIsScrolled(t *testing.T) {
	c := show(t, Gap(10, 10), 640, 320)
	ok := NewButton(Primary, "ok", func() {})
	d := NewDialog("title", Gap(10, 500), nil, ok)
	d.Open(c)
	at := fyne.CurrentApp().Driver().AbsolutePositionForObject(ok)
	if c.Focused() != ok || at.Y < 0 || at.Y+ok.Size().Height > 320 {
		t.Errorf("the button that has the keyboard is at %v", at)
	}
	if d.all.Size().Height < d.all.MinSize().Height {
		t.Errorf("the dialog has %v and needs %v", d.all.Size(), d.all.MinSize())
	}
}
