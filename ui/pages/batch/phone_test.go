package batch

import (
	"slices"
	"strings"
	"testing"

	"sealdesk/signer/batch"
	"sealdesk/ui/desk"
	"sealdesk/ui/pages/internal/pagetest"
	"sealdesk/ui/pages/scan"
)

// Many files are sealed by phone with one scan, in the session that the person begins there; each is shown to him by its name.
func TestAFolderIsSealedByPhone(t *testing.T) {
	w := pagetest.NewWorld(t)
	phone := w.Phone()
	phone.Session, phone.Auto = true, true
	s := w.Buyer()
	pagetest.Must(t, s.SignWith(w.Desk.PhoneKey(s.Key())))
	h, p := opened(t, w, s)
	code := ""
	w.Desk.ShowScans(func(one *desk.Scan) {
		h.Post(func() { scan.Open(t.Context(), h, one) })
		for code == "" {
			v, news := one.View()
			if code = v.QR; code == "" {
				<-news
			}
		}
	})
	drop(p, folder(t, w, 6))
	h.Until("the files", func() bool { return len(p.view.Rows) == 8 })
	p.rule.Keyword().SetText("采购人（盖章）")
	h.Press(p.t("batch.check"))
	h.Until("the check", func() bool { return p.stage == checked })
	ready := p.view.Count[batch.Ready]
	h.Press(p.t("batch.seal", "count", ready))
	h.Until("the code", func() bool { return h.Says("请在手机上勾选【建立会话】") && code != "" })
	h.Fits()
	h.Picture("batch-scan")
	go func() { _ = phone.Scan(code) }()
	h.Until("the seals", func() bool { return p.stage == sealed })
	titles := phone.Titles()
	if len(titles) != ready || len(phone.CA.States()) != 1 {
		t.Errorf("%d files, the phone was asked %q in %v", ready, titles, phone.CA.States())
	}
	for _, name := range []string{"政府采购合同-001.pdf", "政府采购合同-006.pdf"} {
		if !slices.ContainsFunc(titles, func(title string) bool { return strings.Contains(title, name) }) {
			t.Errorf("the phone was never asked for %s: %q", name, titles)
		}
	}
	if left, lives := s.PhoneSession(); !lives || left.Used != ready {
		t.Errorf("the session: %+v, %v", left, lives)
	}
}
