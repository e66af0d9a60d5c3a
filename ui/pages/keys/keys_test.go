package keys

import (
	"slices"
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"

	"sealdesk/token/ca"
	"sealdesk/token/soft"
	"sealdesk/ui/desk"
	"sealdesk/ui/pages/internal/pagetest"
	"sealdesk/ui/widgets"
)

// A key whose certificate has expired, and whose PIN was mistyped, says both, and only of itself.
func TestAnExpiredKeyWithTwoTriesLeft(t *testing.T) {
	w := pagetest.NewWorld(t)
	until := time.Now().AddDate(0, 0, -12)
	w.MakeKey(soft.Options{
		Label: "expired", Subject: ca.Subject{Name: "云台县中医院", USCC: "12410899415270999X", Handler: "赵敏"},
		NotBefore: until.AddDate(-2, 0, 0), NotAfter: until,
	})
	h := pagetest.NewHost(t, w.Desk, w.Buyer())
	p := New(h)
	h.Open(p)
	h.Until("the keys", func() bool { return len(p.media) == 3 })
	i := slices.IndexFunc(p.media, func(m desk.Medium) bool { return m.Label == "expired" })
	if err := w.Desk.ChangePIN(t.Context(), p.media[i].URI, desk.PINChange{Old: []byte("000000"), New: []byte("654321")}); err == nil {
		t.Fatal("a wrong PIN was taken")
	}
	p.KeysChanged()
	h.Until("the tries", func() bool { return h.Says(p.t("keys.tries", "tries", 2, "max", 3)) })
	day := until.Format(time.DateOnly)
	if !slices.Contains(h.Texts(), p.t("keys.expired", "date", day)) {
		t.Errorf("it does not say that it expired on %s: %q", day, h.Texts())
	}
	n := 0
	for _, text := range h.Texts() {
		if text == p.t("keys.tries", "tries", 3, "max", 3) {
			n++
		}
	}
	if n != 2 {
		t.Errorf("%d keys have all tries: %q", n, h.Texts())
	}
	h.Fits()
	h.Legible()
	h.Picture("keys-expired")
}

// Of a locked key the panel says why nothing can be done with it, once for both buttons.
func TestALockedKeySaysSoOnce(t *testing.T) {
	w := pagetest.NewWorld(t)
	h := pagetest.NewHost(t, w.Desk, w.Buyer())
	page := New(h)
	h.Open(page)
	h.Until("the keys", func() bool { return len(page.media) > 0 })
	m := page.media[0]
	m.Locked = true
	page.list.Objects = []fyne.CanvasObject{page.card(m)}
	page.list.Refresh()
	said, off := 0, 0
	for _, o := range test.LaidOutObjects(page.Content()) {
		switch o := o.(type) {
		case *widgets.Text:
			if o.Visible() && o.Text() == page.t("login.why_locked") {
				said++
			}
		case *widgets.Button:
			if o.Reason() == page.t("login.why_locked") {
				off++
			}
		}
	}
	if said > 0 || off != 2 || !h.Says(page.t("login.locked_do")) {
		t.Errorf("said %d times beside %d buttons: %q", said, off, h.Texts())
	}
	h.Picture("keys-locked")
}

// Who logs out while the keys are read is not waited for by what reads them.
func TestLoggedOutWhileKeysAreRead(t *testing.T) {
	w := pagetest.NewWorld(t)
	h := pagetest.NewHost(t, w.Desk, w.Buyer())
	p := New(h)
	h.Open(p)
	h.Logout()
	h.Until("the keys", func() bool { return len(p.media) > 0 })
}

// Before the last try it asks; whoever says no is back where the PIN was entered, and it is wiped there.
func TestTheLastTryAsksFirst(t *testing.T) {
	w := pagetest.NewWorld(t)
	h, p := pagetest.Opened(t, New, w, w.Buyer())
	h.Until("the keys", func() bool { return len(p.media) > 0 })
	m := p.media[0]
	for range pagetest.Tries - 1 {
		if err := w.Desk.ChangePIN(t.Context(), m.URI, desk.PINChange{Old: []byte("000000"), New: []byte("654321")}); err == nil {
			t.Fatal("a wrong PIN was taken")
		}
	}
	p.KeysChanged()
	tries := func() int {
		for _, x := range p.media {
			if x.URI == m.URI {
				m = x
			}
		}
		return m.Tries
	}
	h.Until("one try left", func() bool { return tries() == 1 })
	var fields []*widgets.PINField
	enter := func(pins ...string) {
		fields = nil
		p.changePIN(m, "")
		for i, pin := range pins {
			if i > 0 {
				h.Tab() // to the eye
				h.Tab()
			}
			h.Type(pin)
		}
		for _, o := range test.LaidOutObjects(h.Window().Canvas().Overlays().Top()) {
			if f, ok := o.(*widgets.PINField); ok {
				fields = append(fields, f)
			}
		}
		h.Press(p.t("keys.change_pin"))
	}
	enter(pagetest.PIN, "654321", "654312")
	if len(h.Asked) != 0 || !h.Says(p.t("keys.pins_differ")) || fields[1].Len()+fields[2].Len() != 0 {
		t.Errorf("asked %+v: %q", h.Asked, h.Texts())
	}
	h.Press(p.t("button.cancel"))
	enter(pagetest.PIN, "654321", "654321")
	if len(h.Asked) != 1 || !h.Asked[0].Danger {
		t.Fatalf("asked %+v", h.Asked)
	}
	h.Press(p.t("button.cancel"))
	for i, f := range fields {
		if f.Len() != 0 {
			t.Errorf("the PIN in field %d is kept", i)
		}
	}
	enter(pagetest.PIN, "654321", "654321")
	h.Asked[1].Yes()
	h.Until("the new PIN", func() bool { return slices.Contains(h.Toasts, p.t("keys.pin_changed")) })
	h.Until("all tries", func() bool { return tries() == pagetest.Tries })
	p.test(p.media[0].Certificates[0].Key, "")
	h.Type("654321")
	field := h.Field()
	h.Press(p.t("keys.test"))
	h.Until("the signature", func() bool {
		return slices.Contains(h.Toasts, p.t("keys.tested", "owner", p.media[0].Certificates[0].Owner))
	})
	if field.Len() != 0 || h.Window().Canvas().Overlays().Top() != nil {
		t.Error("the PIN stays after the test")
	}
}
