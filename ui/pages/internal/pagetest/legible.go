package pagetest

import (
	"encoding/json"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/test"

	"sealdesk/assets/i18n"
	"sealdesk/ui/desk/words"
	"sealdesk/ui/theme"
	"sealdesk/ui/widgets"
)

// The windows in which every page is to be read. Enlarged to 200 %, a screen is half as wide and high.
var windows = map[string]fyne.Size{
	"1366×768":           {Width: theme.MinWindowW, Height: theme.MinWindowH},
	"3840×2160 at 200 %": {Width: 1920, Height: 1050},
	"1366×768 at 200 %":  {Width: 683, Height: 350},
}

// Legible fails where in one of these windows words are cut off without a …, or lie over other words, and where in the smallest one
// the program's own words end in a …. What is outside a part that scrolls can be scrolled to, but not sideways. Nothing is drawn, so
// this is cheap.
func (h *Host) Legible() {
	h.t.Helper()
	before := h.window.Canvas().Size()
	defer h.window.Resize(before)
	for name, window := range windows {
		size := h.framed(window)
		h.window.Resize(size)
		r := reading{}
		if top := h.window.Canvas().Overlays().Top(); top != nil {
			r.walk(top, fyne.Position{}, box{0, 0, size.Width, size.Height}, box{0, 0, size.Width, size.Height})
		} else {
			r.walk(h.window.Content(), fyne.Position{}, box{0, 0, size.Width, size.Height}, box{0, 0, size.Width, size.Height})
		}
		for _, text := range r.cut {
			if size == h.room() && h.own()[text] {
				h.t.Errorf("in a window of %s %q is cut", name, text)
			}
		}
		for i, a := range r.lines {
			if a.needs > a.box.x1-a.box.x0+1 && a.inside {
				h.t.Errorf("in a window of %s %q needs %.0f, and has %.0f", name, a.text, a.needs, a.box.x1-a.box.x0)
			}
			if a.out {
				h.t.Errorf("in a window of %s %q sticks out of what it stands in", name, a.text)
			}
			for _, b := range r.lines[:i] {
				// The lines of a font are higher than its characters.
				if over := a.box.and(b.box); over.x1-over.x0 > 2 && over.y1-over.y0 > 4 {
					h.t.Errorf("in a window of %s %q and %q lie over one another at %v", name, b.text, a.text, over)
				}
			}
		}
	}
}

// own are the program's words as they stand on the pages.
func (h *Host) own() map[string]bool {
	h.t.Helper()
	data, err := i18n.Files.ReadFile(words.Chinese + ".json")
	keys := map[string]any{}
	if err == nil {
		err = json.Unmarshal(data, &keys)
	}
	if err != nil {
		h.t.Fatal(err)
	}
	all := map[string]bool{}
	for key := range keys {
		text := h.Words().T(key)
		all[text], all[h.Words().Zoned(text, time.Now())] = true, true
	}
	return all
}

type box struct{ x0, y0, x1, y1 float32 }

func (b box) and(o box) box {
	return box{max(b.x0, o.x0), max(b.y0, o.y0), min(b.x1, o.x1), min(b.y1, o.y1)}
}

// A line is one that can be seen, at least in part.
type line struct {
	text   string
	box    box
	needs  float32 // its words' width
	inside bool    // no part that scrolls cuts it
	out    bool    // it sticks out of what it stands in
}

type reading struct {
	lines []line
	cut   []string // the whole of what ends in a …
}

// walk notes the lines that can be seen of o, which stands in clip, and in a room that nothing is to stick out of at the right.
func (r *reading) walk(o fyne.CanvasObject, origin fyne.Position, clip, room box) {
	if o == nil || !o.Visible() {
		return
	}
	at := origin.Add(o.Position())
	whole := box{at.X, at.Y, at.X + o.Size().Width, at.Y + o.Size().Height}
	room.x1 = min(room.x1, whole.x1)
	switch o := o.(type) {
	case *canvas.Text:
		if shown := whole.and(clip); o.Text != "" && shown.x1 > shown.x0 && shown.y1 > shown.y0 {
			needs := fyne.MeasureText(o.Text, o.TextSize, o.TextStyle).Width
			r.lines = append(r.lines, line{o.Text, shown, needs, shown == whole, whole.x1 > room.x1+1})
		}
	case *fyne.Container:
		for _, inner := range o.Objects {
			r.walk(inner, at, clip, room)
		}
	case *container.Scroll:
		if o.Direction != container.ScrollVerticalOnly {
			room = whole // with what is scrolled to
			room.x1 = room.x0 + max(o.Size().Width, o.Content.MinSize().Width)
		}
		r.walk(o.Content, at, whole.and(clip), room)
	case fyne.Widget:
		if t, is := o.(*widgets.Text); is && t.Cut() {
			r.cut = append(r.cut, t.Text())
		}
		for _, inner := range test.WidgetRenderer(o).Objects() {
			r.walk(inner, at, clip, room)
		}
	}
}
