package stamp

import (
	"testing"
	"time"

	"sealdesk/token/mobileca"
	"sealdesk/ui/desk"
	"sealdesk/ui/pages/internal/pagetest"
	"sealdesk/ui/pages/keys"
	"sealdesk/ui/pages/scan"
)

// A contract is sealed by phone after a login with a USB key (扫码签章), and the next one within the session that the person began
// there, without another code (会话签章).
func TestSealedByPhone(t *testing.T) {
	w := pagetest.NewWorld(t)
	phone := w.Phone()
	phone.Session, phone.Auto, phone.Slow = true, true, 1500*time.Millisecond
	s := w.Buyer()
	var h *pagetest.Host
	var shown *desk.Scan
	code := ""
	another := func() bool { // what the dialog shows; that it can be read is the login page's test
		if shown == nil || !h.Says("二维码") {
			return false
		}
		v, _ := shown.View()
		was := code
		code = v.QR
		return code != "" && code != was
	}
	page := func(lot string) *Page {
		work := w.Begin(s, lot)
		w.Clean(work, w.Contract(2))
		h = pagetest.NewHost(t, w.Desk, s)
		w.Desk.ShowScans(func(one *desk.Scan) { h.Post(func() { shown = one; scan.Open(t.Context(), h, one) }) })
		p := New(h, OfContract(h, work)).(*Page)
		h.Open(p)
		h.Until("the proposal", func() bool { return len(p.plan.places) == 1 && len(p.spots) == 1 })
		return p
	}
	p := page("lot-1")
	p.askPIN("")
	h.Until("the question for the PIN", func() bool { return h.Says("改用手机扫码签章") })
	h.Fits()
	h.Press("改用手机扫码签章")
	h.Until("the code", another)
	h.Fits()
	h.Picture("stamp-scan")
	go func() { _ = phone.Scan(code) }()
	h.Until("the phone's question", func() bool { return h.Says("会话签章：已签 0/200") })
	h.Picture("stamp-scan-waiting")
	h.Until("the seal", func() bool { return p.finished != nil })
	if sig := p.finished.Report.Signatures[0]; sig.Signer == "" || sig.Algorithm != "SM2-SM3" {
		t.Errorf("signed by %q with %s", sig.Signer, sig.Algorithm)
	}
	if got := phone.Titles(); len(got) != 1 || got[0] != "cms-attributes 云台县第一人民医院医疗设备采购项目合同 合同签订" {
		t.Errorf("the phone was asked %q", got)
	}
	if left, lives := s.PhoneSession(); !lives || left.Used != 1 {
		t.Errorf("the session: %+v, %v", left, lives)
	}
	if m, linked := s.PhoneMedium(t.Context()); !linked || len(m.Certificates) != 2 {
		t.Errorf("the phone has %+v", m)
	}
	h.Open(keys.New(h))
	h.Until("the phone among the keys", func() bool { return h.Says("会话签章：已签 1/200") && h.Says("结束会话") })
	h.Picture("keys-phone")

	phone.Slow, shown = 0, nil
	p = page("lot-2")
	p.askPIN("")
	h.Until("the second seal", func() bool { return p.finished != nil })
	if shown != nil { // on a slow machine it is asked for long enough to be shown; there is nothing to scan in any case
		if v, _ := shown.View(); v.QR != "" {
			t.Error("a code was shown in the session")
		}
	}
	if len(phone.CA.States()) != 1 {
		t.Errorf("the session has %v pairings", phone.CA.States())
	}

	// It ends on the phone: the next one is scanned for anew.
	phone.CA.EndSessions(mobileca.EndedByPIN)
	h.Until("the end", func() bool { _, lives := s.PhoneSession(); return !lives })
	if why, ended := s.PhoneEnded(); !ended || scan.EndText(h, why) != "证书密码已修改，或证书已在另一部手机上找回，会话签章已结束" {
		t.Errorf("it ended %v because of %q", ended, why)
	}
	if _, again := s.PhoneEnded(); again {
		t.Error("it is told twice")
	}
	p = page("lot-3")
	p.askPIN("")
	h.Until("another code", another)
	h.Press("改用 UKey")
	h.Until("the key taken", func() bool { return !s.SigningKey().Phone() })
}
