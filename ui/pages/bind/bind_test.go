package bind

import (
	"slices"
	"strings"
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"
	"github.com/piglig/go-qr"

	"sealdesk/token/ca"
	"sealdesk/token/soft"
	"sealdesk/ui/desk"
	"sealdesk/ui/pages/internal/pagetest"
	"sealdesk/ui/pages/keycard"
)

// opened shows the page of the world's account with its keys.
func opened(t *testing.T, w *pagetest.World) (*pagetest.Host, *Page) {
	t.Helper()
	w.AddAccount()
	account, err := w.Desk.LoginAccount(t.Context(), pagetest.Account, pagetest.Password)
	if err != nil {
		t.Fatal(err)
	}
	h := pagetest.NewHost(t, w.Desk, nil)
	p := New(h, account)
	h.Open(p)
	h.Until("the keys", func() bool { return len(p.keys) > 0 })
	return h, p
}

func choose(t *testing.T, p *Page, owner string) desk.Key {
	t.Helper()
	i := slices.IndexFunc(p.keys, func(k desk.Key) bool { return k.Owner == owner })
	if i < 0 {
		t.Fatalf("no key of %s", owner)
	}
	test.Tap(p.list.Objects[i].(*keycard.Card))
	return p.keys[i]
}

// enter types a PIN into the dialog and goes on.
func enter(h *pagetest.Host, pin string) {
	h.Until("the dialog", func() bool { return h.Window().Canvas().Overlays().Top() != nil })
	h.Type(pin)
	h.Window().Canvas().OnTypedKey()(&fyne.KeyEvent{Name: fyne.KeyReturn})
}

// A certificate of the account's organisation is bound by its key, listed, and taken off again.
func TestACertificateIsBoundAndTakenOff(t *testing.T) {
	w := pagetest.NewWorld(t)
	h, p := opened(t, w)
	k, ok := p.key()
	if !ok || k.Owner != "云台县第一人民医院" || p.bind.Reason() != "" {
		t.Fatalf("chosen: %+v, %q", k, p.bind.Reason())
	}
	p.bind.SetBusy(true) // and the page goes away
	p.Show(t.Context())
	if p.bind.Disabled() {
		t.Error("the button still turns when the page is back")
	}
	h.Until("the keys", func() bool { return len(p.keys) > 0 && p.bind.Reason() == "" })
	if !h.Says(p.t("bind.none")) || !h.Says(k.USCC) {
		t.Errorf("%q", h.Texts())
	}
	h.Fits()
	h.Picture("bind-new")
	h.Press(p.t("bind.do"))
	h.Until("the dialog", func() bool { return h.Window().Canvas().Overlays().Top() != nil })
	h.Picture("bind-pin")
	enter(h, "000000")
	h.Until("it is asked again", func() bool { return len(h.Dialogs) == 2 && h.Says("PIN 码不正确") })
	enter(h, pagetest.PIN)
	h.Until("it is bound", func() bool { return len(p.account.Account().Bindings) == 1 && p.bind.Reason() == p.t("bind.why_bound") })
	if len(h.Toasts) != 1 || h.Says(p.t("bind.none")) || p.account.Account().Bindings[0].CertificateSHA256 != k.SHA256 {
		t.Errorf("%v, %+v", h.Toasts, p.account.Account())
	}
	h.Settle(100 * time.Millisecond)
	h.Fits()
	h.Picture("bind-done")
	h.Press(p.t("bind.off"))
	if len(h.Asked) != 1 || !h.Asked[0].Danger || !strings.Contains(h.Asked[0].Body, k.Owner) {
		t.Fatalf("asked %+v", h.Asked)
	}
	h.Asked[0].Yes()
	h.Until("it is off", func() bool { return len(p.account.Account().Bindings) == 0 && p.bind.Reason() == "" })
	if len(h.Told) > 0 {
		t.Errorf("told: %v", h.Told)
	}
}

// The phone's certificate is bound by a scan (扫码绑定证书).
func TestThePhonesCertificateIsBound(t *testing.T) {
	w := pagetest.NewWorld(t)
	phone := w.Phone()
	h, p := opened(t, w)
	h.Press(p.t("scan.title_bind"))
	code := ""
	h.Until("the code", func() bool {
		code, _ = go_qr.Decode(h.Window().Canvas().Capture())
		return code != ""
	})
	h.Fits()
	h.Picture("bind-scan")
	go func() { _ = phone.Scan(code) }()
	h.Until("it is bound", func() bool { return len(p.account.Account().Bindings) == 1 && len(h.Toasts) == 1 })
	if b := p.account.Account().Bindings[0]; b.Organisation.Name != "云台县第一人民医院" || h.Toasts[0] != p.t("bind.done_phone") || len(h.Told) > 0 {
		t.Errorf("%+v, %q, %v", b, h.Toasts, h.Told)
	}
	if got := phone.Titles(); len(got) != 1 {
		t.Errorf("the phone was asked %q", got)
	}
	h.Until("it is listed", func() bool { return !h.Says(p.t("bind.none")) && h.Button(p.t("bind.off")) != nil })
	h.Fits()
}

// A certificate of another organisation cannot be bound: what differs is shown, and no PIN is tried.
func TestADifferentOrganisationIsShown(t *testing.T) {
	w := pagetest.NewWorld(t)
	w.MakeKey(soft.Options{Label: "renamed", Subject: ca.Subject{Name: "云台县人民医院", USCC: "12410899415270838H", Handler: "王建国"}})
	h, p := opened(t, w)
	k := choose(t, p, "云台县人民医院")
	for _, part := range []string{p.t("bind.differs"), p.t("bind.name"), "云台县", "第一", p.t("bind.in_record")} {
		if !h.Says(part) {
			t.Errorf("not said: %s", part)
		}
	}
	if fit := p.account.Fit(k); fit.Name || !fit.Code {
		t.Errorf("%+v", fit)
	}
	if p.bind.Reason() != p.t("bind.why_differs") {
		t.Errorf("it can be bound: %q", p.bind.Reason())
	}
	h.Fits()
	h.Picture("bind-differs")
	err := p.account.Bind(t.Context(), desk.BindRequest{Key: k, PIN: []byte("000000")})
	if problem := h.Words().Problem(err); problem.Code != "desk.bind_unfit" || problem.Do == "" {
		t.Errorf("%+v", problem)
	}
	choose(t, p, "中原示范医疗器械有限公司")
	if !h.Says("91410899MA9K3T7X11") || p.bind.Reason() == "" {
		t.Errorf("of the other party: %q", h.Texts())
	}
	keys, err := w.Desk.Keys(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, k := range keys {
		if k.Tries != pagetest.Tries {
			t.Errorf("%s: %d tries left", k.Owner, k.Tries)
		}
	}
}

// Leaving the page ends the account's session: the platform can be changed again.
func TestLeavingLogsTheAccountOut(t *testing.T) {
	w := pagetest.NewWorld(t)
	h, p := opened(t, w)
	account := p.account
	h.Stack = append(h.Stack[:0:0], p, p)
	h.Back()
	h.Until("it is over", func() bool {
		return account.Unbind(t.Context(), strings.Repeat("0", 64)) != nil && h.Words().Problem(account.Unbind(t.Context(), strings.Repeat("0", 64))).Code != "platform.not_found"
	})
}

// Names that differ in the width of brackets or in spaces are the same.
func TestWhatDoesNotCount(t *testing.T) {
	for _, c := range []struct{ text, other, before, own, after string }{
		{"云台县人民医院", "云台县第一人民医院", "云台县", "", "人民医院"},
		{"云台县第一人民医院", "云台县人民医院", "云台县", "第一", "人民医院"},
		{"甲", "乙", "", "甲", ""},
		{"", "乙", "", "", ""},
		{"甲甲", "甲", "甲", "甲", ""},
	} {
		before, own, after := apart([]rune(c.text), []rune(c.other))
		if before != c.before || own != c.own || after != c.after {
			t.Errorf("%s beside %s: %q %q %q", c.text, c.other, before, own, after)
		}
	}
}
