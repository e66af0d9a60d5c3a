package stamp

import (
	"image"
	"image/color"
	"image/draw"

	"sealdesk/ui/theme"
)

// fan draws the edge seal as it shows when the pages are fanned out: each page a little further out than the one above it,
// with its strip at the edge. So many pages share the seal; no more than twelve edges are drawn.
func fan(face *image.NRGBA, pages int, left bool, width, height int) image.Image {
	out := image.NewRGBA(image.Rect(0, 0, width, height))
	draw.Draw(out, out.Rect, image.NewUniform(theme.Desk), image.Point{}, draw.Src)
	const edge, room = 2, 8
	side := height - 2*room // of the seal
	begin := width - side - 3*room
	edges := min(pages, 12)
	for i := edges - 1; i >= 0; i-- { // the lowest page first
		sheet := image.Rect(3*room, room/2, begin+(i+1)*side/edges, height-room/2)
		draw.Draw(out, sheet, image.NewUniform(theme.FrameHi), image.Point{}, draw.Src)
		draw.Draw(out, image.Rect(sheet.Min.X+1, sheet.Min.Y+1, sheet.Max.X-1, sheet.Max.Y-1), image.NewUniform(theme.White), image.Point{}, draw.Src)
	}
	if left {
		mirror(out)
		begin = width - begin - side
	}
	press(out, face, image.Rect(begin, room, begin+side, room+side))
	for i := 1; i < edges; i++ {
		x := begin + i*side/edges
		draw.Draw(out, image.Rect(x, room/2, x+edge/2, height-room/2), image.NewUniform(theme.Hint), image.Point{}, draw.Over)
	}
	return out
}

func mirror(m *image.RGBA) {
	for y := range m.Rect.Dy() {
		for x := range m.Rect.Dx() / 2 {
			o := m.Rect.Dx() - 1 - x
			a, b := m.RGBAAt(x, y), m.RGBAAt(o, y)
			m.SetRGBA(x, y, b)
			m.SetRGBA(o, y, a)
		}
	}
}

// press draws the face into a rectangle, each pixel the mean of those it covers.
func press(out *image.RGBA, face *image.NRGBA, into image.Rectangle) {
	w, h := face.Rect.Dx(), face.Rect.Dy()
	scale := min(float64(into.Dx())/float64(w), float64(into.Dy())/float64(h))
	wide, high := max(int(float64(w)*scale), 1), max(int(float64(h)*scale), 1)
	at := image.Pt(into.Min.X+(into.Dx()-wide)/2, into.Min.Y+(into.Dy()-high)/2)
	for y := range high {
		for x := range wide {
			var r, g, b, a, n int
			for v := y * h / high; v < max((y+1)*h/high, y*h/high+1); v++ {
				for u := x * w / wide; u < max((x+1)*w/wide, x*w/wide+1); u++ {
					c := face.NRGBAAt(face.Rect.Min.X+u, face.Rect.Min.Y+v)
					r, g, b, a, n = r+int(c.R)*int(c.A), g+int(c.G)*int(c.A), b+int(c.B)*int(c.A), a+int(c.A), n+1
				}
			}
			if a == 0 {
				continue
			}
			ink := color.NRGBA{uint8(r / a), uint8(g / a), uint8(b / a), uint8(a / n)}
			p := image.Pt(at.X+x, at.Y+y)
			draw.Draw(out, image.Rectangle{p, p.Add(image.Pt(1, 1))}, image.NewUniform(ink), image.Point{}, draw.Over)
		}
	}
}
