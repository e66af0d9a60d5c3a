package widgets

import (
	"testing"

	"fyne.io/fyne/v2"
)

func TestButtonsAnswerPointerAndKeyboard(t *testing.T) {
	n := 0
	b := NewButton(Primary, "提交合同", func() { n++ })
	c := show(t, Column(0, b), 300, 100)
	tapAt(c, b)
	if n != 1 {
		t.Fatalf("pressed %d times by the pointer", n)
	}
	if b.ring.outer.Visible() {
		t.Error("the ring shows after a press with the pointer")
	}
	c.Unfocus()
	c.FocusNext()
	if c.Focused() != fyne.Focusable(b) || !b.ring.outer.Visible() {
		t.Fatal("Tab does not reach the button, or shows no ring")
	}
	key(c, fyne.KeyReturn, fyne.KeySpace, fyne.KeyEnter)
	if n != 4 {
		t.Errorf("pressed %d times after Enter, Space, Enter", n)
	}
}

func TestAButtonThatCannotBePressedSaysWhy(t *testing.T) {
	n := 0
	b := NewButton(Primary, "加盖印章", func() { n++ })
	c := show(t, WithReason(b), 300, 100)
	if b.Note().Visible() {
		t.Error("a reason shows though there is none")
	}
	b.SetReason("请先确认清稿")
	tapAt(c, b)
	b.TypedKey(&fyne.KeyEvent{Name: fyne.KeyReturn})
	if n != 0 {
		t.Error("it was pressed")
	}
	if !b.Note().Visible() || b.Note().Text() != "请先确认清稿" {
		t.Error("the reason does not show")
	}
	c.FocusNext()
	if c.Focused() != nil {
		t.Error("Tab stops at it")
	}
	b.SetReason("")
	tapAt(c, b)
	if n != 1 || b.Note().Visible() {
		t.Error("it cannot be pressed again, or the reason stays")
	}
}

func TestABusyButtonIsPressedOnce(t *testing.T) {
	n := 0
	b := NewButton(Primary, "签章", nil)
	b.spin.clock = newTestClock()
	b.SetOnPress(func() { n++; b.SetBusy(true) })
	c := show(t, Column(0, b), 300, 100)
	tapAt(c, b)
	tapAt(c, b)
	if n != 1 {
		t.Errorf("pressed %d times", n)
	}
	b.SetBusy(false)
	tapAt(c, b)
	if n != 2 {
		t.Error("it stays busy")
	}
}

func TestBusyDoesNotForgetTheReason(t *testing.T) {
	b := NewButton(Primary, "签章", nil)
	b.spin.clock = newTestClock()
	show(t, Column(0, b), 300, 100)
	b.SetReason("离线")
	b.SetBusy(true)
	b.SetBusy(false)
	if !b.Disabled() {
		t.Error("it can be pressed though it has a reason")
	}
}

func TestKeysWithoutUseGoOnToThePage(t *testing.T) {
	for name, w := range map[string]interface {
		fyne.CanvasObject
		fyne.Focusable
	}{
		"button":   NewButton(Secondary, "x", nil),
		"checkbox": NewCheckbox("x", nil),
		"pin":      NewPINField(""),
	} {
		c := show(t, w, 200, 40)
		var got []fyne.KeyName
		c.SetOnTypedKey(func(ev *fyne.KeyEvent) { got = append(got, ev.Name) })
		c.Focus(w)
		key(c, fyne.KeyEscape, fyne.KeyF5)
		if len(got) != 2 {
			t.Errorf("%s: the page got %v", name, got)
		}
	}
	f := NewTextField("")
	c := show(t, f, 200, 40)
	var got []fyne.KeyName
	c.SetOnTypedKey(func(ev *fyne.KeyEvent) { got = append(got, ev.Name) })
	f.Focus()
	key(c, fyne.KeyEscape, fyne.KeyReturn)
	if len(got) != 2 {
		t.Errorf("text field: the page got %v", got)
	}
	f.OnSubmitted = func(string) {}
	key(c, fyne.KeyReturn)
	if len(got) != 2 {
		t.Error("Enter went on though the field has a use for it")
	}
}

func TestChoices(t *testing.T) {
	told := []bool{}
	box := NewCheckbox("记住所选证书", func(on bool) { told = append(told, on) })
	c := show(t, box, 200, 30)
	tapAt(c, box)
	key(c, fyne.KeySpace)
	if len(told) != 2 || !told[0] || told[1] || box.On() {
		t.Errorf("checkbox told %v", told)
	}
	r := NewRadios("公开招标", "竞争性磋商", "单一来源")
	at := -1
	r.OnChanged = func(i int) { at = i }
	c = show(t, r, 500, 30)
	tapAt(c, r.buttons[2])
	if at != 2 || r.Chosen() != 2 || r.buttons[0].On() || !r.buttons[2].On() {
		t.Errorf("radios at %d", at)
	}
	tabs := NewTabs("证书登录", "扫码登录")
	tabs.OnChanged = func(i int) { at = i }
	c = show(t, tabs, 500, 40)
	c.FocusNext()
	key(c, fyne.KeyRight)
	if at != 1 || tabs.Chosen() != 1 || c.Focused() != fyne.Focusable(tabs.tabs[1]) {
		t.Errorf("tabs at %d", at)
	}
	key(c, fyne.KeyRight)
	if tabs.Chosen() != 1 {
		t.Error("Right leaves the last tab")
	}
}
