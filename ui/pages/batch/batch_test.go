package batch

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/storage"

	"sealdesk/signer/batch"
	"sealdesk/ui/desk"
	"sealdesk/ui/desk/words"
	"sealdesk/ui/pages/internal/pagetest"
	"sealdesk/ui/pages/reader"
	"sealdesk/ui/pages/sealrule"
)

// folder is n contracts, a Word document, one that is damaged, and one without the words.
func folder(t *testing.T, w *pagetest.World, n int) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "待盖章合同")
	pagetest.Must(t, os.MkdirAll(filepath.Join(dir, "二季度"), 0o700))
	for i := range n {
		data, err := os.ReadFile(w.Contract(1 + i%4))
		pagetest.Must(t, err)
		sub := ""
		if i%5 == 4 {
			sub = "二季度"
		}
		pagetest.Must(t, os.WriteFile(filepath.Join(dir, sub, fmt.Sprintf("政府采购合同-%03d.pdf", i+1)), data, 0o600))
	}
	pagetest.Must(t, os.WriteFile(filepath.Join(dir, "扫描件.pdf"), []byte("%PDF-1.7\nnothing"), 0o600))
	word, err := os.ReadFile(w.Sample)
	pagetest.Must(t, err)
	pagetest.Must(t, os.WriteFile(filepath.Join(dir, "补充协议.docx"), word, 0o600))
	return dir
}

func opened(t *testing.T, w *pagetest.World, s *desk.Session) (*pagetest.Host, *Page) {
	t.Helper()
	h := pagetest.NewHost(t, w.Desk, s)
	p := New(h).(*Page)
	h.Open(p)
	h.Until("the seals", func() bool { return p.rule.Seal() != nil })
	return h, p
}

func drop(p *Page, paths ...string) {
	var files []fyne.URI
	for _, path := range paths {
		files = append(files, storage.NewFileURI(path))
	}
	p.Drop(fyne.Position{}, files)
}

// enter types the PIN into the dialog and confirms.
func enter(h *pagetest.Host, p *Page, pin string) {
	h.Until("the PIN", func() bool { return h.Says(p.t("login.pin")) })
	h.Type(pin)
	h.Press(p.t("batch.seal", "count", p.view.Count[batch.Ready]))
}

// A folder is dropped, checked, looked at and sealed with one PIN; what failed is told with its reason.
func TestAFolderIsSealed(t *testing.T) {
	w := pagetest.NewWorld(t)
	h, p := opened(t, w, w.Buyer())
	h.Fits()
	if why := p.main.Reason(); why != p.t("batch.why_no_files") {
		t.Errorf("without files: %q", why)
	}
	h.Picture("batch-empty")
	drop(p, folder(t, w, 6))
	h.Until("the files", func() bool { return len(p.view.Rows) == 8 })
	if why := p.main.Reason(); why != p.t("batch.why_no_keyword") {
		t.Errorf("without a keyword: %q", why)
	}
	p.rule.Keyword().SetText("采购人（盖章）")
	h.Fits()
	h.Picture("batch-rule")
	h.Press(p.t("batch.check"))
	h.Until("the check", func() bool { return p.stage == checked })
	if n := p.view.Count; n[batch.Ready] != 6 || n[batch.Failed] != 1 || n[batch.Skipped] != 1 {
		t.Fatalf("%v %+v", n, p.view.Groups)
	}
	if !h.Says("需要先清稿") || !h.Says("1 份：") {
		t.Errorf("%q", h.Texts())
	}
	h.Fits()
	h.Picture("batch-checked")

	p.look(p.firstReady())
	l := h.Top().(*reader.Look)
	h.Until("the pages", func() bool { return len(l.Reader.View.Marks()) == 1 })
	if m := l.Reader.View.Marks()[0]; m.W < 40 || m.Image == nil || !m.Fixed {
		t.Errorf("the mark: %+v", m)
	}
	h.Fits()
	h.Settle(300 * time.Millisecond)
	h.Picture("batch-look")
	h.Back()

	h.Press(p.t("batch.seal", "count", 6))
	enter(h, p, "000000")
	h.Until("asked once more", func() bool { return h.Says("PIN 码不正确") && h.Says(p.t("login.pin")) })
	h.Picture("batch-pin")
	if p.view.Count[batch.Signed] != 0 || p.fault != nil {
		t.Fatalf("%v %v", p.view.Count, p.fault)
	}
	h.Type(pagetest.PIN)
	h.Press(p.t("batch.seal", "count", 6))
	h.Until("the seals on", func() bool { return p.stage == sealed })
	if n := p.view.Count; n[batch.Signed] != 6 || n[batch.Failed] != 1 {
		t.Fatalf("%v %v", n, p.fault)
	}
	h.Fits()
	h.Picture("batch-done")
	for _, o := range p.view.Rows {
		if o.State == batch.Signed {
			if r, err := w.Desk.Verify(t.Context(), o.Path); err != nil || len(r.Signatures) != 1 || r.Verdict != "valid" {
				t.Errorf("%s: %v", o.Path, err)
			}
		}
	}

	// Another batch may begin all the same; the one with the failure stays where it was.
	held := p.batch
	h.Press(p.t("batch.another"))
	if len(p.view.Rows) != 0 || p.stage != choosing || p.third.Visible() {
		t.Errorf("the new batch has %d files in stage %d", len(p.view.Rows), p.stage)
	}
	h.Until("the one before", func() bool { return h.Button(p.t("batch.resume")) != nil })
	p.batch, p.stage = held, sealed
	p.refresh()

	// The one that failed is mended and tried again.
	data, err := os.ReadFile(w.Contract(2))
	pagetest.Must(t, err)
	for _, o := range p.view.Rows {
		if o.State == batch.Failed {
			pagetest.Must(t, os.WriteFile(o.Item.In, data, 0o600))
		}
	}
	h.Press(p.t("batch.retry", "count", 1))
	h.Until("the check", func() bool { return p.stage == checked })
	h.Press(p.t("batch.seal", "count", 1))
	enter(h, p, pagetest.PIN)
	h.Until("all sealed", func() bool { return p.stage == sealed && p.view.Count[batch.Signed] == 7 })
}

// A batch that is called off goes on where it stopped, and on another day, too.
func TestABatchGoesOn(t *testing.T) {
	w := pagetest.NewWorld(t)
	s := w.Buyer()
	h, p := opened(t, w, s)
	drop(p, folder(t, w, 400))
	h.Until("the files", func() bool { return len(p.view.Rows) == 402 })
	p.rule.ByWay(sealrule.ByPosition)
	h.Press(p.t("batch.check"))
	h.Until("the check", func() bool { return p.stage == checked })
	h.Press(p.t("batch.seal", "count", 400))
	enter(h, p, pagetest.PIN)
	h.Until("some", func() bool { return len(p.live) > 2 })
	h.Press(p.t("button.cancel")) // at once: sealing is quick
	h.Until("the stop", func() bool { return p.stage == sealed })
	n := p.view.Count
	if n[batch.Signed] < 2 || n[batch.Ready] == 0 || n[batch.Signed]+n[batch.Ready] != 400 {
		t.Fatalf("%v %v", n, p.fault)
	}
	h.Fits()
	h.Picture("batch-stopped")

	// Later the page offers it.
	h, p = opened(t, w, s)
	h.Until("the offer", func() bool { return h.Button(p.t("batch.resume")) != nil })
	h.Fits()
	h.Picture("batch-offer")
	h.Press(p.t("batch.resume"))
	h.Until("the check", func() bool { return p.stage == checked })
	if p.rule.Way() != sealrule.ByPosition || p.view.Count[batch.Signed] != n[batch.Signed] || p.view.Count[batch.Ready] != n[batch.Ready] {
		t.Fatalf("%v, it was %v: %+v", p.view.Count, n, p.view.Groups)
	}
	h.Press(p.t("batch.seal", "count", n[batch.Ready]))
	enter(h, p, pagetest.PIN)
	h.Until("some of the rest", func() bool { return len(p.live) > 2 })
	h.Fits()
	h.Picture("batch-sealing")
	h.Until("all sealed", func() bool { return p.stage == sealed && p.view.Count[batch.Signed] == 400 })
	if h.Button(p.t("batch.retry", "count", 1)) == nil {
		t.Errorf("%q", h.Texts())
	}
}

// A rule that changes makes the check void: what was shown is what is sealed.
func TestAnotherRuleIsCheckedAnew(t *testing.T) {
	w := pagetest.NewWorld(t)
	h, p := opened(t, w, w.Buyer())
	drop(p, w.Contract(3))
	h.Until("the file", func() bool { return len(p.view.Rows) == 1 })
	p.rule.Keyword().SetText("没有这几个字")
	h.Press(p.t("batch.check"))
	h.Until("the check", func() bool { return p.stage == checked })
	if p.view.Count[batch.Failed] != 1 || p.main.Reason() == "" || !h.Says("找不到“没有这几个字”") {
		t.Errorf("%v %q", p.view.Count, h.Texts())
	}
	h.Press(p.t("batch.change_rule"))
	p.rule.ByWay(sealrule.ByEdge)
	h.Press(p.t("batch.check"))
	h.Until("the check", func() bool { return p.stage == checked && p.view.Count[batch.Ready] == 1 })
	p.look(p.view.Rows[0].Item.Name)
	l := h.Top().(*reader.Look)
	h.Until("the strips", func() bool { return len(l.Reader.View.Marks()) == 3 })
}

// Pictures in both languages and in both sizes of the window.
func TestPictures(t *testing.T) {
	if os.Getenv("SEALDESK_PICTURES") == "" {
		t.Skip("for looking at: set SEALDESK_PICTURES")
	}
	for _, lang := range []string{words.Chinese, words.English} {
		for _, size := range []fyne.Size{fyne.NewSize(1366-216, 768-56), fyne.NewSize(1024-216, 680-56)} {
			w := pagetest.NewWorldIn(t, lang)
			h, p := opened(t, w, w.Buyer())
			h.Window().Resize(size)
			name := "batch-" + lang + "-" + map[bool]string{true: "1366", false: "1024"}[size.Width > 1000]
			drop(p, folder(t, w, 30))
			h.Until("the files", func() bool { return len(p.view.Rows) == 32 })
			p.rule.Keyword().SetText("采购人（盖章）")
			h.Picture(name + "-rule")
			h.Press(p.t("batch.check"))
			h.Until("the check", func() bool { return p.stage == checked })
			h.Picture(name + "-checked")
			h.Press(p.t("batch.seal", "count", 30))
			enter(h, p, pagetest.PIN)
			h.Until("some", func() bool { return len(p.live) > 5 })
			h.Picture(name + "-sealing")
			h.Until("all", func() bool { return p.stage == sealed })
			h.Picture(name + "-done")
		}
	}
}

// Files that were gathered are still there, with the rule, after another page was looked at, as to make a seal for them; so is the
// way to that page. A batch that was sealed is not brought back.
func TestGatheredFilesOutliveThePage(t *testing.T) {
	w := pagetest.NewWorld(t)
	h, p := opened(t, w, w.Buyer())
	dir := folder(t, w, 2)
	drop(p, dir)
	h.Until("the files", func() bool { return len(p.view.Rows) == 4 })
	p.rule.Keyword().SetText("采购人（盖章）")
	seals, err := h.Session().Seals()
	pagetest.Must(t, err)
	p.rule.Take(seals[1].ID, nil)
	h.Press(p.t("batch.seal_others"))
	if len(h.Homes) != 1 || h.Homes[0] != "seals" {
		t.Fatalf("it leads to %q", h.Homes)
	}
	p.Leave()

	again := New(h).(*Page)
	h.Open(again)
	h.Until("the seals", func() bool { return again.rule.Seal() != nil })
	if n := len(again.view.Rows); n != 4 || again.view.Out == "" {
		t.Errorf("%d files for %q", n, again.view.Out)
	}
	if got := again.rule.Keyword().Text(); got != "采购人（盖章）" || again.rule.Seal().ID != seals[1].ID {
		t.Errorf("the rule is %q with %q", got, again.rule.Seal().Title)
	}
	h.Press(p.t("batch.check"))
	if !h.Says(p.t("batch.checking")) {
		t.Errorf("while it checks it says %q", h.Texts())
	}
	h.Until("the check", func() bool { return again.stage == checked })
	again.askPIN("")
	enter(h, again, pagetest.PIN)
	h.Until("the end", func() bool { return again.stage == sealed })
	again.Leave()
	if last := New(h).(*Page); len(last.batch.View().Rows) != 0 {
		t.Error("a batch that was sealed came back")
	}
}
