package clean

import (
	"testing"
	"time"

	"sealdesk/ui/pages/internal/pagetest"
	"sealdesk/ui/pages/page"
)

// While there is no copy, none is compared; and a button that turned as the page went away does not turn for ever.
func TestWithoutACopyNothingIsCompared(t *testing.T) {
	w := pagetest.NewWorld(t)
	s := w.Buyer()
	work := w.Begin(s, "lot-1")
	w.Clean(work, w.Contract(1))
	h := pagetest.NewHost(t, w.Desk, s)
	p := New(h, work).(*Page)
	h.Open(p)
	h.Until("the copy", func() bool { return p.beside.Visible() && p.confirm.Reason() == "" })
	p.confirmed()
	p.compare()
	h.Open(New(h, work))
	h.Back()
	h.Until("the copy again", func() bool { return p.confirm.Reason() == "" })
	if p.beside.Disabled() || p.confirm.Disabled() {
		t.Error("a button still turns")
	}
	p.make()
	if p.beside.Visible() {
		t.Error("what is not there can be compared")
	}
	h.Until("the copy anew", func() bool { return p.beside.Visible() && p.confirm.Reason() == "" })
}

// What goes for review first is not sealed: its copy leads back to the contract, from where it is pushed.
func TestACopyForReviewLeadsBack(t *testing.T) {
	w := pagetest.NewWorldOfReview(t)
	s := w.Buyer()
	work := w.Begin(s, "lot-1")
	w.Clean(work, w.Contract(1))
	h := pagetest.NewHost(t, w.Desk, s)
	below := New(h, work).(*Page)
	h.Open(below)
	p := New(h, work).(*Page)
	h.Open(p)
	h.Until("the copy", func() bool { return p.confirm.Reason() == "" && h.Button(p.t("clean.confirm_only")) != nil })
	h.Press(p.t("clean.confirm_only"))
	h.Until("what it came from", func() bool { return h.Top() != page.Page(p) })
	h.Settle(100 * time.Millisecond)
	if h.Top() != page.Page(below) {
		t.Errorf("it leads to %T", h.Top())
	}
}
