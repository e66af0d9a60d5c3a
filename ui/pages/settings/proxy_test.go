package settings

import (
	"testing"

	"fyne.io/fyne/v2"

	"sealdesk/ui/desk"
	"sealdesk/ui/desk/proxy"
	"sealdesk/ui/desk/words"
	"sealdesk/ui/pages/internal/pagetest"
	pages "sealdesk/ui/pages/proxy"
)

// A proxy is in force when its address is whole, and is there again the next time.
func TestAProxyIsChosen(t *testing.T) {
	w := pagetest.NewWorldIn(t, words.Chinese)
	h := pagetest.NewHost(t, w.Desk, nil)
	h.Open(New(h))
	pages.Open(h)
	for range 3 { // to the third choice; the first two are passed
		h.Window().Canvas().FocusNext()
	}
	h.Window().Canvas().Focused().TypedKey(&fyne.KeyEvent{Name: fyne.KeySpace})
	if got := h.Desk().Settings().Proxy; got != (proxy.Way{}) {
		t.Errorf("without an address: %+v", got)
	}
	h.Window().Canvas().FocusNext()
	h.Type("10.0.0.1:3128")
	if got := h.Desk().Settings(); got != (desk.Settings{Proxy: proxy.Way{Choice: proxy.Named, Address: "10.0.0.1:3128"}}) {
		t.Errorf("%+v", got)
	}
	h.Fits()
	h.Picture("proxy-zh")
}
