package keys

import (
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"

	"sealdesk/ui/pages/internal/pagetest"
	"sealdesk/ui/widgets"
)

// Of a locked key the panel says why nothing can be done with it, once for both buttons.
func TestALockedKeySaysSoOnce(t *testing.T) {
	w := pagetest.NewWorld(t)
	h := pagetest.NewHost(t, w.Desk, w.Buyer())
	page := New(h)
	h.Open(page)
	h.Until("the keys", func() bool { return len(page.media) > 0 })
	m := page.media[0]
	m.Locked = true
	page.list.Objects = []fyne.CanvasObject{page.card(m)}
	page.list.Refresh()
	said, off := 0, 0
	for _, o := range test.LaidOutObjects(page.Content()) {
		switch o := o.(type) {
		case *widgets.Text:
			if o.Visible() && o.Text() == page.t("login.why_locked") {
				said++
			}
		case *widgets.Button:
			if o.Reason() == page.t("login.why_locked") {
				off++
			}
		}
	}
	if said > 0 || off != 2 || !h.Says(page.t("login.locked_do")) {
		t.Errorf("said %d times beside %d buttons: %q", said, off, h.Texts())
	}
	h.Picture("keys-locked")
}
