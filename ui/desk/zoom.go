package desk

import "slices"

// Zooms are how large everything can be drawn, in percent of the usual.
var Zooms = []int{100, 125, 150, 175, 200}

// Zoom is how large everything is drawn, in percent.
func (d *Desk) Zoom() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	if !slices.Contains(Zooms, d.prefs.Zoom) {
		return Zooms[0] // never chosen, or of another version
	}
	return d.prefs.Zoom
}

// SetZoom keeps how large everything is drawn: one of Zooms. Errors: those of the disk; then it stays as it was.
func (d *Desk) SetZoom(percent int) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	before := d.prefs.Zoom
	d.prefs.Zoom = percent
	if err := d.savePreferences(); err != nil {
		d.prefs.Zoom = before
		return err
	}
	return nil
}
