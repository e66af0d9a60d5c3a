package login

import (
	"testing"
	"time"

	"github.com/piglig/go-qr"

	"sealdesk/ui/pages/internal/pagetest"
)

// scanning shows the tab with its code, and reads the code from the window's picture, as a phone does.
func scanning(t *testing.T, w *pagetest.World) (*pagetest.Host, *Page, string) {
	t.Helper()
	h, p := opened(t, w)
	p.tabs.Choose(1)
	p.tabs.OnChanged(1)
	code := ""
	h.Until("the code", func() bool {
		code, _ = go_qr.Decode(h.Window().Canvas().Capture())
		return code != ""
	})
	h.Fits()
	return h, p, code
}

func TestScanningLogsIn(t *testing.T) {
	w := pagetest.NewWorld(t)
	phone := w.Phone()
	h, _, code := scanning(t, w)
	h.Picture("login-scan")
	if demo := w.Desk.DemoPhone(); !h.Says(demo.Address) || !h.Says(demo.Number) {
		t.Errorf("the demo does not say where its phone is: %q", h.Texts())
	}
	phone.Slow = 1500 * time.Millisecond // long enough to be seen
	scanned := make(chan error, 1)
	go func() { scanned <- phone.Scan(code) }()
	h.Until("the match code", func() bool { return h.Says("匹配码") && h.Says("手机已显示") })
	h.Picture("login-scan-shown")
	if !h.Says("证书密码") {
		t.Errorf("%q", h.Texts())
	}
	for _, letter := range phone.Match() {
		if !h.Says(string(letter)) {
			t.Errorf("the match code %s is not shown: %q", phone.Match(), h.Texts())
		}
	}
	h.Until("the session", func() bool { return h.Session() != nil })
	defer h.Session().Close()
	if k := h.Session().Key(); !k.Phone() || k.Owner != "云台县第一人民医院" || k.Algorithm != "SM2" {
		t.Errorf("logged in with %+v", k)
	}
	if got := phone.Titles(); len(got) != 1 || got[0] != "text 登录演示平台" {
		t.Errorf("the phone was asked %q", got)
	}
	if w.Desk.RememberedKey() != "" {
		t.Error("a phone is remembered as the key to choose")
	}
}

func TestRefusedOnThePhone(t *testing.T) {
	w := pagetest.NewWorld(t)
	phone := w.Phone()
	phone.RefusesCode = true
	h, _, code := scanning(t, w)
	if err := phone.Scan(code); err != nil {
		t.Fatal(err)
	}
	h.Until("the refusal", func() bool { return h.Says("手机上拒绝了") })
	h.Picture("login-scan-refused")
	h.Press("刷新二维码")
	h.Until("another code", func() bool {
		again, _ := go_qr.Decode(h.Window().Canvas().Capture())
		return again != "" && again != code
	})
	h.Press("改用 UKey")
	h.Until("the keys", func() bool { return h.Says("PIN") })
}

func TestExpiredCode(t *testing.T) {
	w := pagetest.NewWorld(t)
	phone := w.Phone()
	phone.CA.SetLife(10 * time.Second) // in which a busy machine can read the picture
	h, _, code := scanning(t, w)
	h.Until("the end of the code", func() bool { return h.Says("二维码已过期") })
	h.Picture("login-scan-expired")
	phone.CA.SetLife(time.Minute)
	h.Press("刷新二维码")
	h.Until("another code", func() bool {
		again, _ := go_qr.Decode(h.Window().Canvas().Capture())
		return again != "" && again != code
	})
}

// Leaving the tab takes the code back.
func TestLeavingTheTab(t *testing.T) {
	w := pagetest.NewWorld(t)
	phone := w.Phone()
	h, p, _ := scanning(t, w)
	p.tabs.Choose(0)
	p.tabs.OnChanged(0)
	h.Until("the code taken back", func() bool { s := phone.CA.States(); return len(s) == 1 && s[0] == "cancelled" })
}

func TestNoMobileCA(t *testing.T) {
	w := pagetest.NewWorld(t)
	h, p := opened(t, w)
	p.tabs.Choose(1)
	p.tabs.OnChanged(1)
	if !h.Says("尚未开通") {
		t.Errorf("%q", h.Texts())
	}
}

// A key that comes while a phone looks at the code leaves the code alone.
func TestAKeyLeavesTheCodeAlone(t *testing.T) {
	w := pagetest.NewWorld(t)
	w.Phone()
	h, p, code := scanning(t, w)
	p.keys = nil
	p.KeysChanged()
	h.Until("the keys", func() bool { return len(p.keys) > 0 })
	if still, _ := go_qr.Decode(h.Window().Canvas().Capture()); still != code {
		t.Errorf("the code %q became %q", code, still)
	}
}
