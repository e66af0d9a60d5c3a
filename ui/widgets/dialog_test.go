package widgets

import (
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"
)

func TestDialogKeys(t *testing.T) {
	c := show(t, NewButton(Secondary, "页面", nil), 800, 600)
	pageKeys := 0
	c.SetOnTypedKey(func(*fyne.KeyEvent) { pageKeys++ })
	var done []string
	var d *Dialog
	pin := NewPINField("")
	confirm := NewButton(Primary, "签章", func() { done = append(done, "confirm"); d.Close() })
	d = NewDialog("输入 PIN 码", pin, NewButton(Secondary, "取消", func() { done = append(done, "cancel"); d.Close() }), confirm).FocusFirst(pin)

	d.Open(c)
	if c.Focused() != fyne.Focusable(pin) {
		t.Error("the first field has not got the keyboard")
	}
	confirm.SetReason("请输入 PIN 码")
	key(c, fyne.KeyReturn)
	if len(done) != 0 {
		t.Error("Enter pressed a button that cannot be pressed")
	}
	confirm.SetReason("")
	key(c, fyne.KeyReturn)
	if len(done) != 1 || done[0] != "confirm" || len(c.Overlays().List()) != 0 {
		t.Fatalf("after Enter: %v", done)
	}
	d.Open(c)
	key(c, fyne.KeyEscape)
	if len(done) != 2 || done[1] != "cancel" {
		t.Fatalf("after Esc: %v", done)
	}
	if pageKeys != 0 {
		t.Error("the page behind heard a key")
	}
	key(c, fyne.KeyF5)
	if pageKeys != 1 {
		t.Error("the page did not get its keys back")
	}
}

func TestEnterDoesNotDestroyByHabit(t *testing.T) {
	c := show(t, Gap(1, 1), 800, 600)
	destroyed, left := false, false
	var d *Dialog
	d = NewDialog("注销证书", Body("注销后不可恢复"),
		NewButton(Secondary, "取消", func() { left = true; d.Close() }),
		NewButton(Danger, "确认注销该证书", func() { destroyed = true }))
	d.Open(c)
	key(c, fyne.KeyReturn)
	if destroyed || !left {
		t.Error("Enter destroyed")
	}
}

func TestPressingBesideADialogChangesNothing(t *testing.T) {
	pressed := false
	behind := NewButton(Secondary, "页面", func() { pressed = true })
	c := show(t, Column(0, behind), 800, 600)
	pin := NewPINField("")
	d := NewDialog("t", pin, nil, NewButton(Primary, "好", nil)).FocusFirst(pin)
	d.Open(c)
	test.TapCanvas(c, fyne.NewPos(20, 20))
	c.Unfocus() // as the driver does, and the test's does not
	d.Tapped(nil)
	if c.Focused() != fyne.Focusable(pin) {
		t.Errorf("what is typed goes to %T", c.Focused())
	}
	if pressed || len(c.Overlays().List()) != 1 {
		t.Error("it was waved away, or the page behind was pressed")
	}
}

func TestDialogStaysInTheWindow(t *testing.T) {
	c := show(t, Gap(1, 1), 1024, 680)
	d := galleryPIN()
	d.Open(c)
	p, s := d.sheet.Position(), d.sheet.Size()
	if p.X < 0 || p.Y < 0 || p.X+s.Width > 1024 || p.Y+s.Height > 680 || s.Width != 440 {
		t.Errorf("sheet at %v, %v", p, s)
	}
}
