package clean

import (
	"testing"

	"sealdesk/ui/pages/internal/pagetest"
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
