package verify

import (
	"bytes"
	"image"
	"image/color"
	"image/jpeg"
	"slices"
	"strconv"

	"sealdesk/signer/pdf"
	"sealdesk/signer/seal"
	"sealdesk/signer/ses"
)

// What the comparison of pictures reads at most.
const (
	maxLook      = 64 << 10 // bytes of an appearance's content
	maxLookDepth = 4        // forms within one another
	maxLookForms = 64       // forms, each as often as it is drawn
	maxLookSide  = 4096     // pixels
	// maxShade is how much a pixel on white may differ, of 255: rounding by other
	// writers, and no more.
	maxShade = 48
	// maxCoarse is how much the parts of two pictures of different size may differ in the mean.
	maxCoarse = 24
	coarse    = 24  // parts a side
	maxDrawn  = 512 // pixels a side of what is drawn of lines
)

// looks compares what electronic seals show on the pages with the pictures that
// they hold: an appearance can be anything, and is not a part of the seal. Every
// appearance that draws one picture and nothing else is compared; of others it is
// told that they were not. Of a drawing (SVG) no two programs make the same pixels:
// one that is another is seen. OFD drawings are not compared.
func looks(v *view, sigs []*judged) {
	for _, s := range sigs {
		if s.Seal == nil || s.RevisionEnd == 0 {
			continue
		}
		held, err := pictureOf(s.Seal.Picture)
		judged := map[pdf.Ref]string{}
		for i, num := range s.widgets {
			if shared(s.Widgets[i].Rect, s.Widgets[i].Rect) == 0 {
				continue
			}
			o, _ := v.byNumber(num)
			widget, _ := o.(pdf.Dict)
			ap, _ := v.Dict(widget["AP"])
			ref, ok := ap["N"].(pdf.Ref)
			if !ok {
				if ap["N"] != nil {
					s.add(find("seal_not_compared", "page", s.Widgets[i].Page))
				}
				continue
			}
			code, known := judged[ref]
			if !known {
				code = "seal_not_compared"
				if err == nil {
					code = lookOf(v, ref, held, s.Seal.Picture)
				}
				judged[ref] = code
			}
			if code != "" {
				s.add(find(code, "page", s.Widgets[i].Page))
			}
		}
	}
}

// pictureOf is a seal's own picture in pixels.
func pictureOf(p ses.Picture) (image.Image, error) {
	if p.Format != svgFormat {
		return p.Image()
	}
	drawn, err := seal.Load(bytes.NewReader(p.Data), seal.Limits{Side: maxDrawn})
	return drawn.Image, err
}

// svgFormat is what a seal calls a picture of lines that can be drawn here.
const svgFormat = "SVG"

// lookOf is the code of what is wrong with an appearance, "" where it shows the picture.
func lookOf(v *view, appearance pdf.Ref, held image.Image, picture ses.Picture) string {
	drawn := drawing{v: v}
	if !drawn.form(appearance, 0) || len(drawn.images) != 1 {
		return "seal_not_compared"
	}
	if jpg := drawn.images[0]; jpg.Dict["Filter"] == pdf.Name("DCTDecode") && jpg.Length == int64(len(picture.Data)) {
		data := make([]byte, jpg.Length)
		if _, err := v.Raw(jpg).ReadAt(data, 0); err == nil && bytes.Equal(data, picture.Data) {
			return ""
		}
	}
	shown, ok := drawn.pixels(drawn.images[0])
	switch {
	case !ok:
		return "seal_not_compared"
	case picture.Format != svgFormat && shown.Bounds().Size() == held.Bounds().Size():
		if !alike(shown, held) {
			return "seal_shows_other"
		}
		return ""
	case !resemble(shown, held):
		return "seal_shows_other"
	}
	return "seal_not_compared"
}

// drawing collects the images that an appearance draws.
type drawing struct {
	v      *view
	images []*pdf.Stream
	forms  int // that were read
}

// form reads a form XObject that places images and does nothing else; false if it
// does something else.
func (d *drawing) form(o pdf.Object, depth int) bool {
	if d.forms++; d.forms > maxLookForms {
		return false
	}
	s, err := d.v.Stream(o)
	if err != nil || s == nil || depth > maxLookDepth {
		return false
	}
	text, err := d.v.Decode(s, maxLook)
	if err != nil {
		return false
	}
	resources, err := d.v.Dict(s.Dict["Resources"])
	if err != nil {
		return false
	}
	objects, err := d.v.Dict(resources["XObject"])
	if err != nil {
		return false
	}
	name := pdf.Name("")
	for _, word := range bytes.Fields(bytes.ReplaceAll(text, []byte("/"), []byte(" /"))) {
		switch w := string(word); {
		case w == "q" || w == "Q" || w == "cm":
		case w[0] == '/':
			name = pdf.Name(w[1:])
		case w == "Do":
			if !d.object(objects[name], depth) {
				return false
			}
		default:
			if _, err := strconv.ParseFloat(w, 64); err != nil {
				return false
			}
		}
	}
	return true
}

func (d *drawing) object(o pdf.Object, depth int) bool {
	s, err := d.v.Stream(o)
	if err != nil || s == nil {
		return false
	}
	switch s.Dict["Subtype"] {
	case pdf.Name("Form"):
		return d.form(o, depth+1)
	case pdf.Name("Image"):
		d.images = append(d.images, s)
		return len(d.images) == 1
	}
	return false
}

// pixels unpacks an image of 8 bits in gray or RGB, with its soft mask.
func (d *drawing) pixels(s *pdf.Stream) (*image.NRGBA, bool) {
	w, errW := d.v.Int(s.Dict["Width"])
	h, errH := d.v.Int(s.Dict["Height"])
	if errW != nil || errH != nil || w < 1 || h < 1 || w > maxLookSide || h > maxLookSide {
		return nil, false
	}
	for _, k := range []pdf.Name{"Decode", "Mask", "ImageMask", "SMaskInData"} {
		if s.Dict[k] != nil {
			return nil, false
		}
	}
	m := image.NewNRGBA(image.Rect(0, 0, int(w), int(h)))
	if s.Dict["Filter"] == pdf.Name("DCTDecode") {
		// What it says of its size decides how much memory it takes.
		if head, err := jpeg.DecodeConfig(d.v.Raw(s)); err != nil || int64(head.Width) != w || int64(head.Height) != h {
			return nil, false
		}
		photo, err := jpeg.Decode(d.v.Raw(s))
		if err != nil {
			return nil, false
		}
		for y := range int(h) {
			for x := range int(w) {
				m.Set(x, y, photo.At(x, y))
			}
		}
	} else {
		samples := map[pdf.Object]int{pdf.Name("DeviceRGB"): 3, pdf.Name("DeviceGray"): 1}
		name, _ := s.Dict["ColorSpace"].(pdf.Name)
		n := samples[name]
		data, ok := d.samples(s, int(w*h)*n)
		if n == 0 || !ok {
			return nil, false
		}
		for i := range int(w * h) {
			p := data[i*n : i*n+n]
			m.Pix[4*i], m.Pix[4*i+1], m.Pix[4*i+2], m.Pix[4*i+3] = p[0], p[n/2], p[n-1], 0xff
		}
	}
	if s.Dict["SMask"] == nil {
		return m, true
	}
	mask, err := d.v.Stream(s.Dict["SMask"])
	if err != nil || mask == nil || mask.Dict["Width"] != pdf.Integer(w) || mask.Dict["Height"] != pdf.Integer(h) || mask.Dict["Decode"] != nil {
		return nil, false
	}
	alpha, ok := d.samples(mask, int(w*h))
	if !ok {
		return nil, false
	}
	for i, a := range alpha {
		m.Pix[4*i+3] = a
	}
	return m, true
}

// samples decodes as many bytes of 8-bit samples.
func (d *drawing) samples(s *pdf.Stream, n int) ([]byte, bool) {
	if s.Dict["BitsPerComponent"] != pdf.Integer(8) {
		return nil, false
	}
	data, err := d.v.Decode(s, int64(n))
	return data, err == nil && len(data) == n
}

// onWhite is a colour as it shows on paper.
func onWhite(c color.Color) [3]int {
	r, g, b, a := c.RGBA()
	var out [3]int
	for i, x := range []uint32{r, g, b} {
		out[i] = int((x + 0xffff - a) >> 8)
	}
	return out
}

// alike compares two pictures of one size pixel by pixel.
func alike(a, b image.Image) bool {
	at, bt := a.Bounds().Min, b.Bounds().Min
	for y := range a.Bounds().Dy() {
		for x := range a.Bounds().Dx() {
			p, q := onWhite(a.At(at.X+x, at.Y+y)), onWhite(b.At(bt.X+x, bt.Y+y))
			for i := range p {
				if p[i]-q[i] > maxShade || q[i]-p[i] > maxShade {
					return false
				}
			}
		}
	}
	return true
}

// resemble compares two pictures of different size by the means of their parts.
func resemble(a, b image.Image) bool {
	p, q := parts(a), parts(b)
	sum := 0
	for i := range p {
		sum += max(p[i]-q[i], q[i]-p[i])
	}
	return sum <= maxCoarse*len(p)
}

func parts(m image.Image) []int {
	size := m.Bounds().Size()
	sums, counts := make([]int, 3*coarse*coarse), make([]int, coarse*coarse)
	for y := range size.Y {
		for x := range size.X {
			i := y*coarse/size.Y*coarse + x*coarse/size.X
			for j, c := range onWhite(m.At(m.Bounds().Min.X+x, m.Bounds().Min.Y+y)) {
				sums[3*i+j] += c
			}
			counts[i]++
		}
	}
	for i := range sums {
		sums[i] /= max(counts[i/3], 1)
	}
	return slices.Clip(sums)
}
