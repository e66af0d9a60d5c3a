package seal_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"image"
	"image/color"
	"image/draw"
	"image/jpeg"
	"math"
	"strings"
	"testing"
	"time"

	"sealdesk/signer/seal"
)

func load(t testing.TB, data []byte) (seal.Picture, error) {
	t.Helper()
	return seal.Load(bytes.NewReader(data), seal.Limits{})
}

// withDensity puts a chunk pHYs behind the header of a PNG file.
func withDensity(data []byte, dpi float64) []byte {
	chunk := []byte("pHYs")
	perMetre := uint32(math.Round(dpi / 0.0254))
	chunk = binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(chunk, perMetre), perMetre)
	chunk = append(chunk, 1)
	out := append(bytes.Clone(data[:33]), 0, 0, 0, 9)
	out = append(out, chunk...)
	out = binary.BigEndian.AppendUint32(out, crc32.ChecksumIEEE(chunk))
	return append(out, data[33:]...)
}

func TestLoadReadsTheResolution(t *testing.T) {
	s, err := seal.Make(font(t), seal.Style{Name: "华东医疗器械有限公司"}, 300)
	if err != nil {
		t.Fatal(err)
	}
	data := encode(t, s.Image)
	for _, c := range []struct {
		what string
		dpi  float64
		mm   float64
	}{
		{"300 dpi", 300, 42}, {"nothing told", 0, 0}, {"a screen's 96 dpi", 96, 0}, {"10000 dpi", 10000, 0},
	} {
		file := data
		if c.dpi > 0 {
			file = withDensity(data, c.dpi)
		}
		p, err := load(t, file)
		if err != nil || math.Abs(p.WidthMM-c.mm) > 0.05 || math.Abs(p.HeightMM-c.mm) > 0.05 {
			t.Errorf("%s: %g × %g mm, %v", c.what, p.WidthMM, p.HeightMM, err)
		}
	}
	// A chunk that claims to be longer than the file is no resolution, and no crash.
	torn := withDensity(data, 300)
	binary.BigEndian.PutUint32(torn[33:], 0xFFFFFFF0)
	if p, err := load(t, torn); err == nil && p.WidthMM != 0 {
		t.Errorf("a torn chunk gave %g mm", p.WidthMM)
	}
}

func TestAScanBecomesASeal(t *testing.T) {
	s, err := seal.Make(font(t), seal.Style{Form: seal.Invoice, Name: "华东医疗器械有限公司", TaxID: "91330127MA2B1C2D3E"}, 300)
	if err != nil {
		t.Fatal(err)
	}
	// A scan: the seal somewhere on a white sheet, as JPEG.
	sheet := image.NewRGBA(image.Rect(0, 0, 700, 600))
	draw.Draw(sheet, sheet.Rect, image.NewUniform(color.White), image.Point{}, draw.Src)
	draw.Draw(sheet, s.Image.Rect.Add(image.Pt(90, 120)), s.Image, image.Point{}, draw.Over)
	var b bytes.Buffer
	if err := jpeg.Encode(&b, sheet, &jpeg.Options{Quality: 90}); err != nil {
		t.Fatal(err)
	}
	jfif := []byte("\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01\x02\x01\x01\x2c\x01\x2c\x00\x00") // 300 dpi
	p, err := load(t, append(jfif, b.Bytes()[2:]...))
	if err != nil {
		t.Fatal(err)
	}
	if math.Abs(p.WidthMM-700/300.0*25.4) > 0.1 {
		t.Errorf("the sheet is %g mm wide", p.WidthMM)
	}
	if p, err = p.Clean(); err != nil {
		t.Fatal(err)
	}
	if math.Abs(p.WidthMM-40) > 0.4 || math.Abs(p.HeightMM-30) > 0.4 {
		t.Errorf("the seal is %g × %g mm, want 40 × 30", p.WidthMM, p.HeightMM)
	}
	if p.Image.NRGBAAt(0, 0).A > 0x30 {
		t.Error("the paper is still there")
	}
	if pressed := p.Press("x", 42); pressed.WidthMM != p.WidthMM {
		t.Error("what the file says was not believed")
	}
	p.WidthMM, p.HeightMM = 0, 0
	if pressed := p.Press("x", 42); pressed.WidthMM != 42 || math.Abs(pressed.HeightMM-31.5) > 0.5 {
		t.Errorf("without a size: %g × %g mm", pressed.WidthMM, pressed.HeightMM)
	}
}

func TestAnEmptySheetIsNoSeal(t *testing.T) {
	sheet := image.NewNRGBA(image.Rect(0, 0, 50, 50))
	draw.Draw(sheet, sheet.Rect, image.White, image.Point{}, draw.Src)
	p, err := load(t, encode(t, sheet))
	if err != nil {
		t.Fatal(err)
	}
	var bad *seal.PictureError
	if _, err := p.Clean(); !errors.As(err, &bad) || bad.Reason != "empty" {
		t.Errorf("error %v", err)
	}
}

const svgHead = `<svg xmlns="http://www.w3.org/2000/svg" width="42mm" height="42mm" viewBox="0 0 420 420">`

func TestLoadSVG(t *testing.T) {
	for _, c := range []struct {
		what, svg     string
		width, height float64
		red           image.Point // in thousandths of the picture
	}{
		{"a ring in millimetres", svgHead + `<circle cx="210" cy="210" r="200" fill="none" stroke="#d00" stroke-width="12"/></svg>`, 42, 42, image.Pt(500, 25)},
		{"an editor's own elements", `<?xml version="1.0"?><!-- made by hand -->` + strings.Replace(svgHead, "<svg", `<svg xmlns:i="http://www.inkscape.org/"`, 1) +
			`<i:namedview><i:grid/></i:namedview><metadata><x/></metadata><g style="fill:#dd0000"><rect width="420" height="420"/></g></svg>`, 42, 42, image.Pt(500, 500)},
		{"inches, oval", `<svg xmlns="http://www.w3.org/2000/svg" width="1.6in" height="1.2in" viewBox="0 0 16 12"><ellipse cx="8" cy="6" rx="8" ry="6" fill="red"/></svg>`, 40.64, 30.48, image.Pt(500, 500)},
		{"points", `<svg xmlns="http://www.w3.org/2000/svg" width="72pt" height="72pt" viewBox="0 0 1 1"><path d="M0 0H1V1H0z" fill="red"/></svg>`, 25.4, 25.4, image.Pt(500, 500)},
		{"pixels without a box", `<svg xmlns="http://www.w3.org/2000/svg" width="96" height="96"><path d="M0 0H96V96H0z" fill="red"/></svg>`, 25.4, 25.4, image.Pt(500, 500)},
		{"per cent says nothing", `<svg xmlns="http://www.w3.org/2000/svg" width="100%" height="100%" viewBox="0 0 9 9"><path d="M0 0H9V9H0z" fill="red"/></svg>`, 0, 0, image.Pt(500, 500)},
		{"a poster is no seal's size", `<svg xmlns="http://www.w3.org/2000/svg" width="600mm" height="600mm" viewBox="0 0 9 9"><path d="M0 0H9V9H0z" fill="red"/></svg>`, 0, 0, image.Pt(500, 500)},
		{"classes", svgHead + `<defs><style>.a{fill:#e60012}</style></defs><path class="a" d="M0 0H420V420H0z"/></svg>`, 42, 42, image.Pt(500, 500)},
		{"classes beside the definitions", svgHead + `<style>.a{fill:#e60012}</style><path class="a" d="M0 0H420V420H0z"/></svg>`, 42, 42, image.Pt(500, 500)},
	} {
		p, err := load(t, []byte(c.svg))
		if err != nil {
			t.Errorf("%s: %v", c.what, err)
			continue
		}
		if math.Abs(p.WidthMM-c.width) > 0.01 || math.Abs(p.HeightMM-c.height) > 0.01 {
			t.Errorf("%s: %g × %g mm, want %g × %g", c.what, p.WidthMM, p.HeightMM, c.width, c.height)
		}
		b := p.Image.Rect
		at := p.Image.NRGBAAt(b.Dx()*c.red.X/1000, b.Dy()*c.red.Y/1000)
		if at.R < 200 || at.G > 40 || at.A != 255 {
			t.Errorf("%s: %v at %v of %v", c.what, at, c.red, b)
		}
	}
}

// Transforms put shapes where the standard says.
func TestTransformsOfASVG(t *testing.T) {
	// A square of 20 that each transform brings to 300..320, 100..120 of 420.
	for _, transform := range []string{
		"translate(300,100)", "translate(300 , 100) scale(1)", "matrix(1 0 0 1 300 100)", "translate(300,100) scale(2)scale(.5,.5)",
		"translate(320,100) rotate(90)", "rotate(90 310 110) translate(300,100)", "translate(300,100),skewX(0) skewY(0)", "translate(320,120) scale(-1)",
		"translate(300) translate(0,100)",
	} {
		p, err := load(t, []byte(svgHead+`<rect width="20" height="20" fill="red" transform="`+transform+`"/></svg>`))
		if err != nil {
			t.Errorf("%s: %v", transform, err)
			continue
		}
		p, err = p.Clean()
		if err != nil {
			t.Errorf("%s: %v", transform, err)
			continue
		}
		before, err := load(t, []byte(svgHead+`<rect x="300" y="100" width="20" height="20" fill="red"/></svg>`))
		if err != nil {
			t.Fatal(err)
		}
		whole, err := load(t, []byte(svgHead+`<rect width="20" height="20" fill="red" transform="`+transform+`"/></svg>`))
		if err != nil {
			t.Fatal(err)
		}
		if d := distance(before.Image, whole.Image); d > alike {
			t.Errorf("%s: it lies elsewhere: %.1f", transform, d)
		}
		if w := p.Image.Rect.Dx(); w < 46 || w > 50 {
			t.Errorf("%s: %d pixels wide", transform, w)
		}
	}
}

// A line is as wide as the drawing says, whatever scale it is drawn at and whatever its transforms.
func TestLinesOfASVGAreAsWideAsTheySay(t *testing.T) {
	for what, shape := range map[string]string{
		"plain":            `<circle cx="210" cy="210" r="200" fill="none" stroke="red" stroke-width="20"/>`,
		"enlarged":         `<g transform="scale(10)"><circle cx="21" cy="21" r="20" fill="none" stroke="red" stroke-width="2"/></g>`,
		"by a matrix":      `<g transform="matrix(0 10 -10 0 420 0)"><g transform="scale(2)"><circle cx="10.5" cy="10.5" r="10" style="fill:none;stroke:red;stroke-width:1"/></g></g>`,
		"moved and shrunk": `<circle transform="translate(10,10) scale(.5)" cx="400" cy="400" r="400" fill="none" stroke="red" stroke-width="40"/>`,
	} {
		p, err := load(t, []byte(svgHead+shape+"</svg>"))
		if err != nil {
			t.Errorf("%s: %v", what, err)
			continue
		}
		first, last := 0, 0
		for x := range 200 {
			if p.Image.NRGBAAt(x, 500).A > 128 {
				if first == 0 {
					first = x
				}
				last = x
			}
		}
		// From 0 to 20 of 420 at the left edge: 0 to 48 of 1000 pixels.
		if first > 1 || last < 46 || last > 49 {
			t.Errorf("%s: the ring lies on pixels %d to %d, want 0 to 47", what, first, last)
		}
	}
}

func TestLoadSVGRefuses(t *testing.T) {
	rect := `<rect width="420" height="420" fill="red"/>`
	for _, c := range []struct{ what, svg, reason string }{
		{"a script", svgHead + rect + `<script>alert(1)</script></svg>`, "svg_unsafe"},
		{"an event", svgHead + `<rect width="9" height="9" onload="x()"/></svg>`, "svg_unsafe"},
		{"a picture from the net", svgHead + rect + `<image href="http://example.com/a.png"/></svg>`, "svg_unsafe"},
		{"paint from the net", svgHead + `<rect width="9" height="9" fill="url(http://example.com/a#b)"/></svg>`, "svg_unsafe"},
		{"a gradient from a file", svgHead + `<linearGradient href="file:///etc/passwd"/>` + rect + `</svg>`, "svg_unsafe"},
		{"a sheet from the net", svgHead + `<style>@import "http://example.com/a.css";</style>` + rect + `</svg>`, "svg_unsafe"},
		{"a sheet beside it", `<?xml-stylesheet href="a.css"?>` + svgHead + rect + `</svg>`, "svg_unsafe"},
		{"an entity", `<!DOCTYPE svg [<!ENTITY a "b">]>` + svgHead + rect + `</svg>`, "svg_unsafe"},
		{"a name as text", svgHead + rect + `<text x="1" y="1">云溪县教育局</text></svg>`, "svg_unsupported"},
		{"a part by reference", svgHead + `<defs><g id="a">` + rect + `</g></defs><use href="#a"/></svg>`, "svg_unsupported"},
		{"a clipped part", svgHead + `<rect width="9" height="9" clip-path="url(#c)"/></svg>`, "svg_unsupported"},
		{"a hidden part", svgHead + `<rect width="9" height="9" style="display:none"/></svg>`, "svg_unsupported"},
		{"a hidden class", svgHead + `<style>.a{visibility:hidden}</style>` + rect + `</svg>`, "svg_unsupported"},
		{"a transform that is none", svgHead + `<g transform="turn(9)">` + rect + `</g></svg>`, "svg_unsupported"},
		{"a transform with a word too many", svgHead + `<g transform="scale(1 2 3)">` + rect + `</g></svg>`, "svg_unsupported"},
		{"a number without end", svgHead + `<path d="M0 0H1e300V9z"/></svg>`, "svg_unsupported"},
		{"no size", `<svg xmlns="http://www.w3.org/2000/svg">` + rect + `</svg>`, "damaged"},
		{"a size of nothing", `<svg viewBox="0 0 0 0">` + rect + `</svg>`, "damaged"},
		{"torn", svgHead + rect, "damaged"},
		{"no drawing", svgHead + `</svg>`, "empty"},
		{"too deep", svgHead + strings.Repeat("<g>", 100) + rect + strings.Repeat("</g>", 100) + `</svg>`, "damaged"},
		{"too many", svgHead + strings.Repeat("<g></g>", 20_001) + rect + `</svg>`, "damaged"},
		{"too many points", svgHead + `<path d="M0 0` + strings.Repeat("L1 1", 50_001) + `"/></svg>`, "damaged"},
		{"lines that take for ever", `<svg viewBox="0 0 1 1"><path d="M0 0` + strings.Repeat("V-30000V0", 1000) + `"/></svg>`, "damaged"},
		{"an event of the whole", `<svg viewBox="0 0 9 9" onload="x()">` + rect + `</svg>`, "svg_unsafe"},
		{"a long address", svgHead + `<rect width="9" height="9" fill="url(http://example.com/` + strings.Repeat("a", 99) + `)"/></svg>`, "svg_unsafe"},
		{"a side without end", svgHead + `<rect width="1e300" height="9"/></svg>`, "svg_unsupported"},
		{"a line without end", svgHead + `<path d="M0 0H9" stroke-width="1e300"/></svg>`, "svg_unsupported"},
		{"a turned paint that is none", svgHead + `<linearGradient gradientTransform="turn(9)"/>` + rect + `</svg>`, "svg_unsupported"},
		{"two drawings", svgHead + rect + `</svg>` + svgHead + rect + `</svg>`, "damaged"},
		{"torn in what is left out", svgHead + rect + `<x:note xmlns:x="urn:x">`, "damaged"},
		{"a size without end", `<svg viewBox="0 0 1e300 9">` + rect + `</svg>`, "damaged"},
		{"nothing but a remark", `<!-- <svg -->`, "damaged"},
		{"too large", svgHead + strings.Repeat(" ", 3<<20) + `</svg>`, "too_large"},
		{"a page of the web", `<html><svg></svg></html>`, "damaged"},
	} {
		_, err := load(t, []byte(c.svg))
		var bad *seal.PictureError
		if !errors.As(err, &bad) || bad.Reason != c.reason {
			t.Errorf("%s: error %v, want %s", c.what, err, c.reason)
		} else if part, limit := bad.Params()["part"].(string), bad.Params()["limit"]; len(part) > 60 || !strings.Contains(bad.Error(), fmt.Sprintf("%q", part)) && part != "" || limit != bad.Limit {
			t.Errorf("%s: %v tells %v", c.what, bad, bad.Params())
		}
	}
	// What says only what is the case anyway is drawn.
	for _, attributes := range []string{`display="inline"`, `visibility="visible"`, `clip-path="none"`, `style="display:inline"`, `gradientTransform="scale(2)"`} {
		if _, err := load(t, []byte(svgHead+`<rect width="420" height="420" fill="red" `+attributes+`/></svg>`)); err != nil {
			t.Errorf("%s: %v", attributes, err)
		}
	}
}

// A JPEG file says in its JFIF header how large it is, in inches or centimetres, or that it does not say.
func TestLoadReadsTheResolutionOfJPEG(t *testing.T) {
	m := image.NewRGBA(image.Rect(0, 0, 300, 300))
	draw.Draw(m, m.Rect, image.NewUniform(color.RGBA{200, 0, 0, 255}), image.Point{}, draw.Src)
	var b bytes.Buffer
	if err := jpeg.Encode(&b, m, nil); err != nil {
		t.Fatal(err)
	}
	plain := b.Bytes()
	jfif := func(unit byte, density uint16) []byte {
		header := append([]byte("\xff\xe0\x00\x10JFIF\x00\x01\x02"), unit, byte(density>>8), byte(density), byte(density>>8), byte(density), 0, 0)
		return append(append(bytes.Clone(plain[:2]), header...), plain[2:]...)
	}
	other := jfif(1, 300)
	copy(other[6:], "JFXX")
	for name, c := range map[string]struct {
		data []byte
		mm   float64
	}{"inches": {jfif(1, 300), 25.4}, "centimetres": {jfif(2, 100), 30}, "a ratio alone": {jfif(0, 1), 0}, "no header": {plain, 0}, "another header": {other, 0}} {
		if p, err := load(t, c.data); err != nil || math.Abs(p.WidthMM-c.mm) > 0.01 || math.Abs(p.HeightMM-c.mm) > 0.01 {
			t.Errorf("%s: %g × %g mm, %v", name, p.WidthMM, p.HeightMM, err)
		}
	}
	// A ratio is no resolution of a PNG file either.
	png := withDensity(encode(t, m), 300)
	png[33+8+8] = 0
	binary.BigEndian.PutUint32(png[33+8+9:], crc32.ChecksumIEEE(png[33+4:33+8+9]))
	if p, err := load(t, png); err != nil || p.WidthMM != 0 {
		t.Errorf("a ratio: %g mm, %v", p.WidthMM, err)
	}
}

// Whoever cannot have a picture is told why, in words that differ.
func TestPictureErrorsDiffer(t *testing.T) {
	seen := map[string]string{}
	for _, reason := range []string{"not_picture", "too_large", "too_many_pixels", "empty", "svg_unsafe", "svg_unsupported", "damaged"} {
		text := (&seal.PictureError{Reason: reason}).Error()
		if before, twice := seen[text]; twice {
			t.Errorf("%s and %s say the same", before, reason)
		}
		seen[text] = reason
	}
}

// What costs the renderer most is bounded all the same.
func TestLoadSVGIsQuick(t *testing.T) {
	var path strings.Builder
	for i := range 5_000 {
		fmt.Fprintf(&path, "L%d %d", i%2*420, i%419)
	}
	for what, svg := range map[string]string{
		"many lines across": svgHead + `<path d="M0 0` + path.String() + `z" fill="red"/></svg>`,
		"many wide strokes": svgHead + `<path d="M0 0` + path.String() + `z" fill="none" stroke="red" stroke-width="90" stroke-linejoin="round"/></svg>`,
		"far away":          svgHead + `<g transform="scale(900000)"><g transform="scale(900000)"><circle cx="900000" cy="9" r="900000" stroke="red" stroke-width="900000"/></g></g><rect width="9" height="9"/></svg>`,
	} {
		start := time.Now()
		_, _ = load(t, []byte(svg))
		if took := time.Since(start); took > time.Minute { // on a machine that is busy with much else
			t.Errorf("%s: took %v", what, took)
		}
		t.Log(what, time.Since(start))
	}
}

func FuzzLoadSVG(f *testing.F) {
	f.Add([]byte(svgHead + `<circle cx="210" cy="210" r="200" fill="none" stroke="#d00" stroke-width="12"/></svg>`))
	f.Add([]byte(svgHead + `<defs><linearGradient id="a"><stop offset="0" stop-color="red"/></linearGradient><style>.a{fill:url(#a)}</style></defs><path class="a" d="M1 1a2 3 4 0 1 5 6Q7 8 9 10T1 1C1 2 3 4 5 6S1 2 3 4z" transform="rotate(4) matrix(1 2 3 4 5 6)"/></svg>`))
	f.Add([]byte(`<svg viewBox="0 0 9 9"><polygon points="1,2 3,4 5"/><line x1="1"/></svg>`))
	f.Fuzz(func(t *testing.T, data []byte) {
		if p, err := load(t, data); err == nil && p.Image.Rect.Dx() > 1000 {
			t.Fatal(p.Image.Rect)
		}
	})
}
