package keys

import (
	"testing"

	"sealdesk/signer/seal"
	"sealdesk/ui/desk"
	"sealdesk/ui/pages/internal/pagetest"
)

// A phone in a session stands before the keys of this machine, with its certificates and what is left of the session, and has
// no PIN to change here; 结束会话 ends it on the service, too. Without a session it is not there.
func TestThePhoneAmongTheKeys(t *testing.T) {
	w := pagetest.NewWorld(t)
	phone := w.Phone()
	phone.Session, phone.Auto = true, true
	s := w.Buyer()
	h := pagetest.NewHost(t, w.Desk, s)
	page := New(h)
	h.Open(page)
	h.Until("the keys", func() bool { return len(page.media) > 0 })
	if page.media[0].Phone || h.Says("结束会话") {
		t.Fatalf("a phone that is not linked: %q", h.Texts())
	}

	work := w.Begin(s, "lot-1")
	w.Clean(work, w.Contract(1))
	w.Desk.ShowScans(func(one *desk.Scan) {
		for {
			v, news := one.View()
			if v.Stage == desk.ScanCode {
				go func() { _ = phone.Scan(v.QR) }()
				return
			}
			<-news
		}
	})
	if err := s.SignWith(w.Desk.PhoneKey(s.Key())); err != nil {
		t.Fatal(err)
	}
	shown, err := work.Preview(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer shown.Close()
	seals, err := s.Seals()
	if err != nil {
		t.Fatal(err)
	}
	at := seal.Place{Kind: seal.AtPosition, Pages: seal.Only(1), X: 100, Y: 100}
	if _, err := work.Seal(t.Context(), desk.SealRequest{Seal: seals[0], Places: []seal.Place{at}}, func(string, int64, int64) {}); err != nil {
		t.Fatal(err)
	}

	page.KeysChanged()
	h.Until("the phone", func() bool { return len(page.media) > 0 && page.media[0].Phone })
	for _, said := range []string{"移动 CA（手机）", "会话签章：已签 1/200", "云台县第一人民医院"} {
		if !h.Says(said) {
			t.Errorf("not said: %s: %q", said, h.Texts())
		}
	}
	if n := len(page.media[0].Certificates); n != 2 {
		t.Errorf("%d certificates of the phone", n)
	}
	h.Fits()
	h.Picture("keys-phone-card")
	h.Press("结束会话")
	h.Until("the end", func() bool {
		_, lives := s.PhoneSession()
		return !lives && len(page.media) > 0 && !page.media[0].Phone
	})
	if got := phone.CA.States(); len(got) != 1 || got[0] != "ended" {
		t.Errorf("the service has it as %v", got)
	}
	if len(h.Toasts) != 1 || h.Says("结束会话") {
		t.Errorf("told %q; %q", h.Toasts, h.Texts())
	}
}
