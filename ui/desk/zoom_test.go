package desk

import "testing"

// How large everything is drawn is kept for the next time; what cannot be drawn counts as never chosen.
func TestTheZoomIsKept(t *testing.T) {
	w := newWorld(t)
	dir := Folders{Data: t.TempDir(), Cache: t.TempDir()}
	open := func() *Desk {
		d, err := Open(t.Context(), Config{Words: w.words, Folders: dir})
		must(t, err)
		return d
	}
	d := open()
	if z := d.Zoom(); z != 100 {
		t.Errorf("before it was chosen: %d %%", z)
	}
	must(t, d.SetZoom(175))
	must(t, d.Close())
	d = open()
	defer d.Close()
	if z := d.Zoom(); z != 175 {
		t.Errorf("after a restart: %d %%", z)
	}
	must(t, d.SetZoom(3))
	if z := d.Zoom(); z != 100 {
		t.Errorf("3 %% is drawn as %d %%", z)
	}
}
