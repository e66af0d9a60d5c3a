package bid

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/storage"

	"sealdesk/platformapi"
	"sealdesk/signer/bid"
	"sealdesk/signer/finding"
	"sealdesk/ui/desk"
	"sealdesk/ui/desk/bids"
	"sealdesk/ui/desk/words"
	"sealdesk/ui/pages/internal/pagetest"
	"sealdesk/ui/pages/keys"
	"sealdesk/ui/pages/reader"
)

// enter types a PIN into the dialog and confirms.
func enter(h *pagetest.Host, w *words.Catalog, pin, confirm string) {
	h.Until("the PIN", func() bool { return h.Says(w.T("login.pin")) })
	h.Type(pin)
	h.Press(confirm)
}

func drop(p *tool, path string) { p.Drop(fyne.Position{}, []fyne.URI{storage.NewFileURI(path)}) }

// files are a PDF and a table of prices.
func files(t *testing.T, w *pagetest.World) (pdf, table string) {
	t.Helper()
	table = filepath.Join(t.TempDir(), "分项报价表.csv")
	pagetest.Must(t, os.WriteFile(table, []byte("名称,单价\n全自动生化分析仪,3286000.00\n"), 0o600))
	return w.Contract(3), table
}

// A bid is made from the list to the receipt: certified, filled in, from the credit library too, sealed, checked, built, handed
// in over a cut, taken back, and handed in again.
func TestABidFromTheListToTheReceipt(t *testing.T) {
	w, platform := pagetest.NewWorldOfBids(t)
	deadline := time.Now().Add(20 * time.Hour)
	platform.Offer("ZC-2026-0117", "云台县医院检验设备采购项目", pagetest.Outline("ZC-2026-0117", "云台县医院检验设备采购项目"), deadline)
	platform.Offer("ZC-2026-0098", "云台县中学实验室设备采购项目", pagetest.Outline("ZC-2026-0098", "云台县中学实验室设备采购项目"), time.Now().Add(9*24*time.Hour))
	platform.Offer("ZC-2026-0052", "云台县图书馆家具采购项目", pagetest.Outline("ZC-2026-0052", "云台县图书馆家具采购项目"), time.Now().Add(-time.Hour))
	licence, err := os.ReadFile(w.Contract(1))
	pagetest.Must(t, err)
	platform.AddCredit("licence", "营业执照（副本）", "营业执照.pdf", "", licence)
	platform.AddCredit("qualification", "医疗器械经营许可证", "许可证.pdf", "2025-12-31", licence)
	s := w.Seller()
	h := pagetest.NewHost(t, w.Desk, s)
	list := New(h)
	h.Open(list)
	h.Until("the tenders", func() bool { return len(list.rows) == 3 })
	h.Fits()
	h.Picture("bid-list")
	if list.rows[0].tender.Number != "ZC-2026-0117" || list.rows[2].tender.Number != "ZC-2026-0052" || !h.Says("已截止") {
		t.Errorf("the order: %q", h.Texts())
	}
	list.open(list.rows[0])
	h.Until("the tool", func() bool { _, ok := h.Top().(*tool); return ok })
	p := h.Top().(*tool)
	word := w.Desk.Words()
	h.Fits()
	h.Picture("bid-certify")
	if p.tree.Chosen() != atCertify || h.Button(p.t("bid.certify_do")) == nil {
		t.Errorf("begins at %q: %q", p.tree.Chosen(), h.Texts())
	}

	h.Press(p.t("bid.certify_do"))
	enter(h, word, "000000", p.t("bid.certify_do"))
	h.Until("asked once more", func() bool { return h.Says("PIN 码不正确") && h.Says(p.t("login.pin")) })
	enter(h, word, pagetest.PIN, p.t("bid.certify_do"))
	h.Until("certified", func() bool { return p.view.Identity != nil && p.tree.Chosen() == "licence" })

	// The licence comes from the credit library.
	h.Picture("bid-node-empty")
	h.Press(p.t("bid.from_credit"))
	h.Until("the library", func() bool { return h.Says("营业执照（副本）") })
	if !h.Says("已于 2025-12-31 过期") {
		t.Errorf("what has expired is not told: %q", h.Texts())
	}
	h.Fits()
	h.Picture("bid-credit")
	h.Press(p.t("bid.credit_take"))
	h.Until("the licence", func() bool { n, _ := p.view.Node("licence"); return n.Stage != bids.None })

	pdf, table := files(t, w)
	for _, code := range []string{"letter", "tech"} {
		p.goTo(code)
		drop(p, pdf)
		h.Until(code, func() bool { n, _ := p.view.Node(code); return n.Stage != bids.None })
	}
	p.goTo("list")
	drop(p, pdf)
	h.Until("another type is refused", func() bool { return len(h.Told) == 1 })
	drop(p, table)
	h.Until("the list", func() bool { n, _ := p.view.Node("list"); return n.Stage == bids.Ready })
	for _, n := range p.view.Nodes {
		if n.Stage == bids.Added {
			p.goTo(n.Code)
			h.Picture("bid-node-confirm")
			h.Press(p.t("bid.confirm"))
			h.Until("confirmed", func() bool { now, _ := p.view.Node(n.Code); return now.Stage == bids.Ready })
		}
	}

	// The price: capitals follow the digits, others are told at once.
	p.goTo(atPrice)
	pagetest.Must(t, p.project.SetPrice(t.Context(), "投标总价", "3286000.00", "叁佰贰拾捌万元整"))
	p.refresh()
	h.Picture("bid-price-wrong")
	if !h.Says("与小写不一致") {
		t.Errorf("other capitals are not told: %q", h.Texts())
	}
	pagetest.Must(t, p.project.SetPrice(t.Context(), "投标总价", "3286000.00", ""))
	pagetest.Must(t, p.project.SetPrice(t.Context(), "供货期", "90", ""))
	p.refresh()
	if !h.Says("叁佰贰拾捌万陆仟元整") && p.view.Price[0].Capitals != "叁佰贰拾捌万陆仟元整" {
		t.Errorf("the capitals: %+v", p.view.Price)
	}
	h.Fits()
	h.Picture("bid-price")

	// One file is sealed on its page, the rest by one rule.
	p.goTo("letter")
	h.Press(p.t("bid.stamp"))
	h.Until("the page that is sealed", func() bool { b := h.Button(p.t("stamp.sign")); return b != nil && b.Reason() == "" })
	h.Settle(300 * time.Millisecond)
	h.Fits()
	h.Picture("bid-stamp-page")
	h.Press(p.t("stamp.sign"))
	enter(h, word, "000000", p.t("pin.sign"))
	h.Until("asked once more", func() bool { return h.Says("PIN 码不正确") && h.Says(p.t("login.pin")) })
	enter(h, word, pagetest.PIN, p.t("pin.sign"))
	h.Until("the sealed file", func() bool { return h.Button(p.t("bid.back")) != nil })
	h.Fits()
	h.Picture("bid-stamp-done")
	h.Press(p.t("result.look"))
	h.Until("the sealed pages", func() bool { l, ok := h.Top().(*reader.Look); return ok && l.Reader.Document() != nil })
	h.Back()
	h.Press(p.t("bid.back"))
	h.Until("the tool again", func() bool { return h.Top() == p })
	letter, _ := p.view.Node("letter")
	if letter.Stage != bids.Stamped || s.SealCase().Preferred(desk.SealsForBids) == "" {
		t.Errorf("sealed on its page: %+v", letter)
	}

	p.goTo(atCheck)
	h.Picture("bid-check")
	h.Press(p.t("bid.stamp_all", "count", 1))
	h.Until("the seals", func() bool { b := h.Button(p.t("bid.stamp_go")); return b != nil && b.Reason() == "" })
	h.Fits()
	h.Picture("bid-stamp")
	h.Press(p.t("bid.stamp_go"))
	enter(h, word, pagetest.PIN, p.t("bid.stamp_go"))
	h.Until("sealed", func() bool { return len(p.mustStamp()) == 1 && !bids.Blocks(p.found) })
	p.goTo("tech")
	h.Fits()
	h.Picture("bid-node-stamped")
	h.Press(p.t("bid.look_at"))
	l := h.Top().(*reader.Look)
	h.Until("the pages", func() bool { return l.Reader.Document() != nil })
	h.Settle(300 * time.Millisecond)
	h.Picture("bid-look")
	h.Back()

	h.Press(p.t("bid.build"))
	enter(h, word, pagetest.PIN, p.t("bid.build"))
	h.Until("built", func() bool { return p.view.Built != nil && p.tree.Chosen() == atFile })
	if !p.view.Built.Outer {
		t.Error("the platform's layer is missing")
	}
	h.Fits()
	h.Picture("bid-built")
	h.Press(p.t("bid.verify"))
	h.Until("verified", func() bool { return strings.Contains(strings.Join(h.Toasts, " "), p.t("bid.verified")) })

	platform.CutAfter(1000)
	h.Press(p.t("bid.upload"))
	h.Until("the cut is told", func() bool { return len(h.Told) == 2 })
	if p.view.Current() != nil || !p.view.Uploading() {
		t.Errorf("handed in by half: %+v", p.view.Sent)
	}
	h.Press(p.t("bid.resume"))
	h.Until("handed in", func() bool { return p.view.HandedIn() })
	if len(p.view.Sent) != 1 || len(p.view.Sent[0].Receipts) != 1 {
		t.Errorf("sent: %+v", p.view.Sent)
	}
	h.Fits()
	h.Picture("bid-handed-in")
	receipt := filepath.Join(t.TempDir(), "回执.pdf")
	h.Save = func(string) string { return receipt }
	h.Press(p.t("bid.receipt_save"))
	h.Until("the receipt", func() bool { _, err := os.Stat(receipt); return err == nil })

	// Which bids are open under which certificate is known.
	held := s.Bids().Held(t.Context())
	if len(held) != 1 || !held[0].HandedIn || len(held[0].Serials) != 1 || held[0].Serials[0] != p.view.Identity.EncryptionSerial {
		t.Errorf("held: %+v", held)
	}

	if n := s.Bids().Due(t.Context()); n != 0 {
		t.Errorf("%d bids are due", n)
	}
	ring := keys.New(h)
	h.Open(ring)
	h.Until("the certificate is told", func() bool {
		return h.Says("等待用这张证书解密") && h.Says("开标前请勿更换、注销") && h.Says("云台县医院检验设备采购项目（"+h.Words().Beijing(deadline, "2006-01-02 15:04")+" 开标）")
	})
	h.Fits()
	h.Picture("bid-keys")
	h.Back()

	h.Press(p.t("bid.withdraw"))
	h.Until("asked", func() bool { return len(h.Asked) == 1 })
	if q := h.Asked[0]; !q.Danger || !strings.Contains(q.Body, "云台县医院") {
		t.Errorf("%+v", q)
	}
	h.Asked[0].Yes()
	h.Until("withdrawn", func() bool { return p.view.Current() == nil && len(p.view.Sent[0].Receipts) == 2 })
	h.Picture("bid-withdrawn")

	// So is one on its way, whether the platform heard of it or not.
	x, err := p.project.Send(t.Context())
	pagetest.Must(t, err)
	pagetest.Must(t, x.Close())
	p.refresh()
	back := func(n, receipts int) {
		t.Helper()
		h.Press(p.t("bid.withdraw"))
		h.Until("asked", func() bool { return len(h.Asked) == n })
		h.Asked[n-1].Yes()
		h.Until("withdrawn", func() bool {
			last := p.view.Sent[len(p.view.Sent)-1]
			return len(p.view.Sent) == n && last.State == platformapi.BidWithdrawn && len(last.Receipts) == receipts
		})
	}
	back(2, 0)
	platform.CutAfter(1000)
	h.Press(p.t("bid.upload"))
	h.Until("the cut is told", func() bool { return len(h.Told) == 3 })
	back(3, 1)

	h.Press(p.t("bid.upload"))
	h.Until("handed in again", func() bool { return p.view.HandedIn() && len(p.view.Sent) == 4 })

	// A change makes the file out of date; the next one takes the place of that which was handed in.
	pagetest.Must(t, p.project.SetPrice(t.Context(), "供货期", "60", ""))
	p.refresh()
	if !p.view.Stale || p.view.HandedIn() || p.view.Current() == nil {
		t.Error("the change is not seen")
	}
	h.Press(p.t("bid.build"))
	enter(h, word, pagetest.PIN, p.t("bid.build"))
	h.Until("built again", func() bool { return !p.view.Stale })
	h.Press(p.t("bid.replace"))
	h.Until("asked", func() bool { return len(h.Asked) == 4 })
	h.Asked[3].Yes()
	h.Until("replaced", func() bool { return len(p.view.Sent) == 5 && p.view.Sent[3].State == "replaced" && p.view.HandedIn() })
	h.Back()
	h.Until("the list again", func() bool { return h.Says(p.t("bid.state.handed_in")) })
	h.Picture("bid-list-handed-in")

	// The key that opens the bid is none of those that are here.
	pagetest.Must(t, os.RemoveAll(w.Keys()))
	h.Open(keys.New(h))
	h.Until("the lost certificate is told", func() bool { return h.Says("现有密钥中没有这张证书") })
	h.Picture("bid-keys-gone")
}

// Without a platform a bid is made by an outline's file, and exported. The keyboard alone reaches every line of the tree.
func TestABidByAnOutlineFile(t *testing.T) {
	w := pagetest.NewWorldIn(t, words.English)
	h := pagetest.NewHost(t, w.Desk, w.Seller())
	list := New(h)
	h.Open(list)
	path := filepath.Join(t.TempDir(), "outline.json")
	pagetest.Must(t, os.WriteFile(path, pagetest.Outline("ZC-2026-0117", "云台县医院检验设备采购项目"), 0o600))
	h.Choose = func([]string) string { return path }
	list.OpenFile()
	h.Until("the tool", func() bool { _, ok := h.Top().(*tool); return ok })
	p := h.Top().(*tool)
	h.Fits()
	h.Picture("bid-english")
	c := h.Window().Canvas()
	for tabs := 0; p.tree.Chosen() == atCertify && tabs < 12; tabs++ { // the first Down is at the first line
		c.FocusNext()
		c.Focused().TypedKey(&fyne.KeyEvent{Name: fyne.KeyDown})
	}
	for range 2 {
		c.Focused().TypedKey(&fyne.KeyEvent{Name: fyne.KeyDown})
	}
	if got := p.tree.Chosen(); got != "tech" {
		t.Errorf("three lines down is %q", got)
	}
	h.Picture("bid-keyboard")
	h.Back()
	pagetest.Must(t, os.WriteFile(path, []byte("{}"), 0o600))
	list.OpenFile()
	h.Until("a broken outline is told", func() bool { return len(h.Told) == 1 })
	if problem := h.Words().Problem(h.Told[0]); problem.Code != "bid."+string(bid.BadOutline) || problem.Do == "" {
		t.Errorf("told as %+v", problem)
	}
}

// After the deadline nothing can be changed any more.
func TestAfterTheDeadline(t *testing.T) {
	w, platform := pagetest.NewWorldOfBids(t)
	platform.Offer("ZC-2026-0117", "云台县医院检验设备采购项目", pagetest.Outline("ZC-2026-0117", "云台县医院检验设备采购项目"), time.Now().Add(2*time.Second))
	s := w.Seller()
	h := pagetest.NewHost(t, w.Desk, s)
	tenders, err := s.Tenders(t.Context(), platformapi.TenderQuery{})
	pagetest.Must(t, err)
	project, err := s.NewBid(t.Context(), tenders.Items[0])
	pagetest.Must(t, err)
	p := newTool(h, project)
	h.Open(p)
	h.Until("the deadline", func() bool { return p.fixed() })
	p.goTo("tech")
	p.refresh()
	if b := h.Button(p.t("bid.upload")); b == nil || b.Reason() != p.t("bid.why_late") || h.Button(p.t("bid.from_credit")) != nil {
		t.Errorf("after the deadline: %q", h.Texts())
	}
	h.Fits()
	h.Picture("bid-late")
}

// A bid that lacks nothing but time, for its deadline passed before it was built, is shown all the same.
func TestWhatIsNextOfACompleteBidAfterTheDeadline(t *testing.T) {
	p := &tool{found: []finding.Finding{{Code: "bids.deadline_passed", Severity: finding.Fatal}}}
	p.view = bids.View{Identity: &bids.Identity{}, Nodes: []bids.Node{{Stage: bids.Stamped, Done: true}}}
	if at := p.next(); at != atFile {
		t.Errorf("the tool opens at %q", at)
	}
}
