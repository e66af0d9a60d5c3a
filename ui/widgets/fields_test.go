package widgets

import (
	"strings"
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"

	"sealdesk/ui/desk/amount"
)

func TestPINFieldTakesASCIIOnlyAndLeavesNothing(t *testing.T) {
	p := NewPINField("请输入 PIN 码")
	c := show(t, p, 300, 40)
	p.Focus()
	test.Type(p, "12签3 4é#a")
	if got := string(p.Take()); got != "1234#a" {
		t.Errorf("took %q", got)
	}
	if p.Len() != 0 || p.buf != [PINLimit]byte{} {
		t.Error("something is left after Take")
	}
	test.Type(p, "abc")
	key(c, fyne.KeyBackspace)
	if p.Len() != 2 || p.buf[2] != 0 {
		t.Error("Backspace leaves the character in memory")
	}
	p.Wipe()
	if p.buf != [PINLimit]byte{} {
		t.Error("something is left after Wipe")
	}
	for range 50 {
		p.Put('1')
	}
	if p.Len() != PINLimit {
		t.Errorf("%d characters", p.Len())
	}
	p.Wipe()
	p.TypedShortcut(&fyne.ShortcutPaste{Clipboard: &clip{"65 43\n2"}})
	if got := string(p.Take()); got != "65432" {
		t.Errorf("pasted %q", got)
	}
	q := NewPINField("").DigitsOnly()
	test.Type(q, "1a2b")
	if got := string(q.Take()); got != "12" {
		t.Errorf("digits only took %q", got)
	}
	q.Disable()
	q.Put('1')
	if q.Len() != 0 {
		t.Error("a disabled field took a character")
	}
}

func TestPINIsShownOnlyWhileAsked(t *testing.T) {
	p := NewPINField("")
	c := show(t, Column(0, p, NewTextField("")), 300, 100)
	p.Focus()
	test.Type(p, "1234")
	if p.plain.Text != "" || !p.dots[3].Visible() || p.dots[4].Visible() {
		t.Error("not four dots")
	}
	p.eye.Tapped(nil)
	if p.plain.Text != "1234" || p.dots[0].Visible() {
		t.Error("the eye does not show the PIN")
	}
	p.eye.Tapped(nil)
	if p.plain.Text != "" || !p.dots[0].Visible() {
		t.Error("the eye does not hide the PIN")
	}
	p.eye.Tapped(nil)
	c.FocusNext()
	if p.plain.Text != "" || !p.dots[0].Visible() || p.Len() != 4 {
		t.Error("the PIN is still shown when the keyboard is elsewhere")
	}
	p.eye.Tapped(nil)
	p.Take()
	if p.plain.Text != "" || p.shown {
		t.Error("the PIN is still shown after it was taken")
	}
}

func TestPINPadTypes(t *testing.T) {
	b := NewPINBody("PIN 码", "", []Fact{{"页数", "12 页"}}, &[10]rune{'9', '8', '7', '6', '5', '4', '3', '2', '1', '0'})
	show(t, b.Body, 400, 600)
	test.Tap(b.Field.keys)
	var nine *Button
	for _, o := range test.LaidOutObjects(b.Body) {
		if x, ok := o.(*Button); ok && x.Text() == "9" {
			nine = x
		}
	}
	if nine == nil {
		t.Fatal("the pad does not open")
	}
	test.Tap(nine)
	if got := string(b.Field.Take()); got != "9" {
		t.Errorf("typed %q", got)
	}
}

func TestAmountField(t *testing.T) {
	a := NewAmountField("")
	var last amount.Fen
	a.OnAmount = func(v amount.Fen, err error) {
		if err == nil {
			last = v
		}
	}
	c := show(t, Column(0, a, NewTextField("")), 300, 100)
	a.Focus()
	test.Type(c.Focused(), "３２８６０００元。5x")
	if a.Text() != "3286000.5" || last != 328600050 {
		t.Errorf("holds %q, told %v", a.Text(), last)
	}
	c.FocusNext()
	if a.Text() != "3,286,000.50" {
		t.Errorf("left as %q", a.Text())
	}
}

func TestDateField(t *testing.T) {
	now := func() time.Time { return time.Date(2026, 11, 20, 15, 0, 0, 0, time.UTC) }
	d := NewDateField("", galleryCalendar, now)
	c := show(t, Column(0, Gap(1, 300), d, NewTextField("")), 600, 700)
	d.Focus()
	test.Type(c.Focused(), "2026/3/5")
	c.FocusNext()
	c.FocusNext()
	if d.Text() != "2026-03-05" {
		t.Errorf("left as %q", d.Text())
	}
	d.SetText("2026-02-30")
	if _, ok := d.Date(); ok {
		t.Error("30 February is taken")
	}
	d.SetDate(now())
	d.drop()
	key(c, fyne.KeyRight, fyne.KeyDown, fyne.KeyPageDown, fyne.KeyReturn)
	if d.Text() != "2026-12-28" {
		t.Errorf("the calendar gave %q", d.Text())
	}
	if len(c.Overlays().List()) != 0 {
		t.Error("the calendar stays open")
	}
	d.drop()
	key(c, fyne.KeyEscape)
	if len(c.Overlays().List()) != 0 || d.Text() != "2026-12-28" {
		t.Error("Esc does not leave the calendar")
	}
	d.SetText("2026-03-31")
	d.drop()
	key(c, fyne.KeyPageUp, fyne.KeyReturn)
	if d.Text() != "2026-02-28" {
		t.Errorf("a month before 31 March is %q", d.Text())
	}
}

func TestTextAreaKeepsItsLimit(t *testing.T) {
	f := NewTextArea("", 3, 5)
	c := show(t, f, 300, 120)
	f.Focus()
	test.Type(c.Focused(), "一二三四五六七")
	if f.Text() != "一二三四五" || f.count.Text != "5/5" {
		t.Errorf("holds %q, counts %s", f.Text(), f.count.Text)
	}
	f.SetText("一二")
	key(c, fyne.KeyEnd)
	f.entry.TypedShortcut(&fyne.ShortcutPaste{Clipboard: &clip{strings.Repeat("甲", 90)}})
	if n := len([]rune(f.Text())); n != 5 {
		t.Errorf("%d characters after pasting 90", n)
	}
}

func TestPastingIntoOneLineKeepsOneLine(t *testing.T) {
	f := NewTextField("")
	show(t, f, 300, 40)
	f.entry.TypedShortcut(&fyne.ShortcutPaste{Clipboard: &clip{" ZC-2026\r\n 001842\n"}})
	if f.Text() != "ZC-2026 001842" {
		t.Errorf("holds %q", f.Text())
	}
}

func TestSelectField(t *testing.T) {
	s := NewSelectField("请选择标段", Option{Text: "一包"}, Option{Text: "二包", Note: "已有合同", Off: true}, Option{Text: "三包"})
	at := -1
	s.OnChanged = func(i int) { at = i }
	c := show(t, Column(0, s), 400, 300)
	c.FocusNext()
	key(c, fyne.KeyDown) // opens
	if len(c.Overlays().List()) != 1 {
		t.Fatal("the list does not open")
	}
	key(c, fyne.KeyDown, fyne.KeyDown, fyne.KeyReturn)
	if at != -1 {
		t.Errorf("chose %d, which cannot be chosen", at)
	}
	key(c, fyne.KeyDown, fyne.KeyReturn)
	if at != 2 || s.Chosen() != 2 || s.text.Text() != "三包" {
		t.Errorf("chose %d, shows %q", at, s.text.Text())
	}
	if len(c.Overlays().List()) != 0 {
		t.Error("the list stays open")
	}
	tapAt(c, s)
	test.TapCanvas(c, fyne.NewPos(390, 290))
	if len(c.Overlays().List()) != 0 {
		t.Error("pressing elsewhere leaves the list open")
	}
}

func TestFieldSaysWhatIsWrong(t *testing.T) {
	text := NewTextField("")
	f := NewField("信用代码", true, text, "18 位")
	show(t, f, 500, 60)
	f.SetError("请输入 18 位统一社会信用代码")
	if f.note.Text != "请输入 18 位统一社会信用代码" || !text.frame.wrong || f.Error() == "" {
		t.Error("the error does not show")
	}
	f.SetError("")
	if f.note.Text != "18 位" || text.frame.wrong {
		t.Error("the hint does not come back")
	}
	if got := text.Position().X; got != 124 {
		t.Errorf("the control begins at %v", got)
	}
	f.Focus()
	if !text.Focused() {
		t.Error("Focus does not reach the control")
	}
}

func TestLockedFieldTakesNothing(t *testing.T) {
	f := NewTextField("")
	c := show(t, f, 200, 40)
	f.SetText("甲")
	f.SetLocked(true)
	c.Focus(f.entry)
	f.entry.TypedRune('x')
	if f.Text() != "甲" {
		t.Errorf("holds %q", f.Text())
	}
}
