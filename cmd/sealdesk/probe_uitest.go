//go:build uitest

package main

import (
	"bufio"
	"encoding/json"
	"net"
	"os"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/test"
)

// A seen object is something with words on the screen, as the window test finds it: by its words, where a person would
// click. The probe exists in builds for the window test only.
type seen struct {
	Kind     string  `json:"kind"`
	Text     string  `json:"text"`
	X        float32 `json:"x"`
	Y        float32 `json:"y"`
	W        float32 `json:"w"`
	H        float32 `json:"h"`
	Disabled bool    `json:"disabled,omitempty"`
	Overlay  bool    `json:"overlay,omitempty"`
}

// probe answers each line on the socket named by SEALDESK_PROBE with what is on the screen, in screen pixels.
func probe(w fyne.Window) {
	path := os.Getenv("SEALDESK_PROBE")
	if path == "" {
		return
	}
	l, err := net.Listen("unix", path)
	if err != nil {
		panic(err)
	}
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			lines := bufio.NewScanner(conn)
			for lines.Scan() {
				var list []seen
				fyne.DoAndWait(func() { list = look(w.Canvas()) })
				if json.NewEncoder(conn).Encode(list) != nil {
					break
				}
			}
			conn.Close()
		}
	}()
}

type walker struct {
	scale   float32
	overlay bool
	list    []seen
}

type box struct{ x0, y0, x1, y1 float32 }

func (b box) clip(o box) box {
	return box{max(b.x0, o.x0), max(b.y0, o.y0), min(b.x1, o.x1), min(b.y1, o.y1)}
}

func look(c fyne.Canvas) []seen {
	s := c.Size()
	w := walker{scale: c.Scale()}
	screen := box{0, 0, s.Width, s.Height}
	w.walk(c.Content(), fyne.NewPos(0, 0), screen, false)
	for _, o := range c.Overlays().List() {
		w.overlay = true
		w.walk(o, fyne.NewPos(0, 0), screen, false)
	}
	return w.list
}

// walk notes every text that can be seen. A text within something that cannot be pressed or typed into is disabled.
func (w *walker) walk(o fyne.CanvasObject, origin fyne.Position, clip box, disabled bool) {
	if o == nil || !o.Visible() {
		return
	}
	at := origin.Add(o.Position())
	shown := box{at.X, at.Y, at.X + o.Size().Width, at.Y + o.Size().Height}.clip(clip)
	if d, ok := o.(fyne.Disableable); ok {
		disabled = disabled || d.Disabled()
	}
	switch o := o.(type) {
	case *canvas.Text:
		w.add("text", o.Text, shown, disabled)
	case *fyne.Container:
		for _, inner := range o.Objects {
			w.walk(inner, at, clip, disabled)
		}
	case *container.Scroll:
		w.walk(o.Content, at, shown, disabled)
	case fyne.Widget:
		if named, ok := o.(interface{ ProbeName() string }); ok {
			w.add("named", named.ProbeName(), shown, disabled)
		}
		for _, inner := range test.WidgetRenderer(o).Objects() {
			w.walk(inner, at, shown, disabled)
		}
	}
}

func (w *walker) add(kind, text string, b box, disabled bool) {
	if text == "" || b.x1 <= b.x0 || b.y1 <= b.y0 {
		return
	}
	w.list = append(w.list, seen{Kind: kind, Text: text, X: b.x0 * w.scale, Y: b.y0 * w.scale,
		W: (b.x1 - b.x0) * w.scale, H: (b.y1 - b.y0) * w.scale, Disabled: disabled, Overlay: w.overlay})
}
