package outbox

import (
	"bytes"
	"database/sql"
	"os"
	"path/filepath"
	"testing"

	"sealdesk/ui/desk"
	"sealdesk/ui/pages/internal/pagetest"
)

func TestNothingWaits(t *testing.T) {
	w := pagetest.NewWorld(t)
	h, p := pagetest.Opened(t, New, w, w.Buyer())
	h.Until("the sentence", func() bool { return h.Says(p.t("outbox.none_waiting")) })
	h.Fits()
	p.tabs.Choose(tabDone)
	p.draw()
	if !h.Says(p.t("outbox.none_done")) {
		t.Errorf("%q", h.Texts())
	}
}

// What waits says why and when it is tried; tried at once it arrives, and its receipt is there.
func TestWhatWaitsIsSentAndHasItsReceipt(t *testing.T) {
	w := pagetest.NewWorld(t)
	s := w.Buyer()
	work := w.Begin(s, "lot-1")
	w.Away(true)
	if _, err := work.Save(t.Context()); err != nil {
		t.Fatal(err)
	}
	h, p := pagetest.Opened(t, New, w, s)
	h.Until("the reason", func() bool { return len(p.waiting) == 1 && h.Says("连不上交易平台") })
	h.Until("the link", func() bool { return h.Says(p.t("outbox.offline_do")) })
	h.Fits()
	h.Picture("outbox-waiting")
	p.entry(p.waiting[0], "")
	if !h.Says(p.waiting[0].Title) {
		t.Errorf("the entry: %q", h.Texts())
	}
	h.Fits()
	h.Press(p.t("button.ok"))
	w.Away(false)
	h.Until("it is not being sent", func() bool {
		b := h.Button(p.t("outbox.retry"))
		return len(p.done) == 1 || b != nil && b.Reason() == ""
	})
	if len(p.done) == 0 {
		h.Press(p.t("outbox.retry"))
	}
	h.Until("the receipt", func() bool { return len(p.done) == 1 && len(p.waiting) == 0 })
	h.Until("the sentence", func() bool { return h.Says(p.t("outbox.none_waiting")) })
	p.tabs.Choose(tabDone)
	p.draw()
	e := p.done[0]
	if e.Receipt == nil || !h.Says(e.Receipt.Number) {
		t.Fatalf("%q", h.Texts())
	}
	h.Fits()
	h.Press(p.t("outbox.receipt"))
	if !h.Says(e.Receipt.Number) || !h.Says(work.ID()) || !h.Says("演示平台") {
		t.Errorf("the receipt: %q", h.Texts())
	}
	h.Fits()
	h.Picture("outbox-receipt")
	r, ok := s.Receipt(e)
	if !ok || r.Proof != desk.ReceiptValid || !h.Says(p.t("receipt.proof_"+string(r.Proof))) {
		t.Errorf("the proof %q: %q", r.Proof, h.Texts())
	}
	to := filepath.Join(t.TempDir(), "receipt.pdf")
	if err := s.SaveReceipt(r, to); err != nil {
		t.Fatal(err)
	}
	if data, err := os.ReadFile(to); err != nil || !bytes.HasPrefix(data, []byte("%PDF-")) {
		t.Errorf("printed: %v", err)
	}
}

// Taking back asks first; then the contract counts as not sent again.
func TestTakingBackAsksFirst(t *testing.T) {
	w := pagetest.NewWorld(t)
	s := w.Buyer()
	work := w.Begin(s, "lot-1")
	w.Clean(work, w.Contract(1))
	w.Away(true)
	if _, err := work.Save(t.Context()); err != nil {
		t.Fatal(err)
	}
	h, p := pagetest.Opened(t, New, w, s)
	h.Until("both entries", func() bool { return len(p.waiting) == 2 })
	// The second one waits for the first and has certainly not left.
	second := p.waiting[0]
	if !second.Withdrawable {
		t.Fatalf("%+v", second)
	}
	p.takeBack(second)
	if len(h.Asked) != 1 || !h.Asked[0].Danger || len(p.waiting) != 2 {
		t.Fatalf("asked %+v", h.Asked)
	}
	h.Asked[0].Yes()
	h.Until("one entry", func() bool { return len(p.waiting) == 1 })
	if v := work.View(t.Context()); !v.Unsaved || v.Filing.Original == nil {
		t.Errorf("unsaved %t, %+v", v.Unsaved, v.Filing.Original)
	}
}

// What is damaged stands there as failed, and not as refused by the platform; trying it again is no use, and discarding says what
// that means. What arrived and lost its receipt says so, too.
func TestWhatIsDamagedIsSaidAndDiscarded(t *testing.T) {
	w := pagetest.NewWorld(t)
	s := w.Buyer()
	sent, kept := w.Begin(s, "lot-1"), w.Begin(s, "lot-2")
	w.Deliver(sent.Save(t.Context()))
	w.Away(true)
	if _, err := kept.Save(t.Context()); err != nil {
		t.Fatal(err)
	}
	harmed, err := filepath.Glob(filepath.Join(w.Data(), "*", "journal.db"))
	if err != nil || len(harmed) != 1 {
		t.Fatalf("%q, %v", harmed, err)
	}
	db, err := sql.Open("sqlite", "file:"+harmed[0]+"?_pragma=busy_timeout(10000)")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.ExecContext(t.Context(), `UPDATE entries SET title = x'0011', outcome = CASE state WHEN 'done' THEN x'0011' ELSE x'' END`); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	h, p := pagetest.Opened(t, New, w, s)
	h.Until("both", func() bool { return len(p.waiting) == 1 && len(p.done) == 1 && p.waiting[0].Withdrawable })
	for _, said := range []string{"新增合同 · 内容无法读出", p.t("outbox.state_failed_here"), "是否已送达平台，本机无法确认"} {
		if !h.Says(said) {
			t.Errorf("%s: %q", said, h.Texts())
		}
	}
	if h.Says(p.t("outbox.state_failed")) {
		t.Error("the platform is said to have refused it")
	}
	if b := h.Button(p.t("outbox.retry")); b == nil || b.Reason() != p.t("outbox.not_retriable") {
		t.Errorf("to try again: %+v", b)
	}
	h.Fits()
	h.Picture("outbox-damaged")
	p.entry(p.waiting[0], "")
	h.Fits()
	h.Picture("outbox-damaged-entry")
	h.Press(p.t("button.ok"))
	p.tabs.Choose(tabDone)
	p.draw()
	if !h.Says(p.t("outbox.receipt_lost")) {
		t.Errorf("what lost its receipt: %q", h.Texts())
	}
	h.Fits()
	h.Picture("outbox-lost")
	p.tabs.Choose(tabWaiting)
	p.draw()
	h.Press(p.t("outbox.discard"))
	if len(h.Asked) != 1 || !h.Asked[0].Danger || h.Asked[0].Title != p.t("outbox.discard_title") {
		t.Fatalf("asked %+v", h.Asked)
	}
	h.Asked[0].Yes()
	h.Until("nothing", func() bool { return len(p.waiting) == 0 })
}
