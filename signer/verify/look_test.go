package verify

import (
	"bytes"
	"context"
	"image"
	"image/color"
	"image/draw"
	"slices"
	"strings"
	"testing"

	"sealdesk/signer/pdf"
	"sealdesk/signer/pdfsig"
	"sealdesk/signer/seal"
	"sealdesk/signer/ses"
)

// sealedWith signs with the electronic seal, and shows another picture, or part of one.
func (o *office) sealedWith(t *testing.T, data []byte, m *image.NRGBA, part [2]float64) []byte {
	t.Helper()
	plan, err := pdfsig.Prepare(context.Background(), bytes.NewReader(data), int64(len(data)), pdfsig.Request{Time: sealingTime,
		Frame:  pdfsig.Seal{Builder: ses.Builder{Seal: o.seal, Signer: o.Key, Certificate: o.Chain[0], Time: sealingTime}},
		Places: []pdfsig.Appearance{{Page: 1, Rect: pdf.Rect{100, 100, 213, 213}, Image: m, Part: part}}})
	if err != nil {
		t.Fatal(err)
	}
	return signed(t, plan, data)
}

// TestSealsShowThemselves: what shows on the page is the picture that the
// electronic seal holds, or it is told that it is another.
func TestSealsShowThemselves(t *testing.T) {
	o := newOffice(t, nil)
	m, err := o.seal.Picture.Image()
	if err != nil {
		t.Fatal(err)
	}
	held := m.(*image.NRGBA)
	changed := func(f func(m *image.NRGBA)) *image.NRGBA {
		c := &image.NRGBA{Pix: slices.Clone(held.Pix), Stride: held.Stride, Rect: held.Rect}
		f(c)
		return c
	}
	half := image.NewNRGBA(image.Rect(0, 0, held.Rect.Dx()/2, held.Rect.Dy()/2))
	for y := range half.Rect.Dy() {
		for x := range half.Rect.Dx() {
			half.Set(x, y, held.At(2*x, 2*y))
		}
	}
	blue := image.NewNRGBA(half.Rect)
	draw.Draw(blue, blue.Rect, image.NewUniform(color.NRGBA{0, 0, 255, 255}), image.Point{}, draw.Src)
	for _, tc := range []struct {
		name    string
		picture *image.NRGBA
		part    [2]float64
		verdict Verdict
		code    string
	}{
		{"its own", held, [2]float64{}, Valid, ""},
		{"a strip of its own", held, [2]float64{0.25, 0.5}, Valid, ""},
		{"a pixel or two rounded", changed(func(m *image.NRGBA) { m.Pix[0] ^= 1; m.Pix[4003] ^= 2 }), [2]float64{}, Valid, ""},
		{"a line drawn in it", changed(func(m *image.NRGBA) {
			draw.Draw(m, image.Rect(40, 40, 60, 42), image.NewUniform(color.NRGBA{215, 25, 31, 255}), image.Point{}, draw.Src)
			draw.Draw(m, image.Rect(40, 50, 60, 52), image.NewUniform(color.NRGBA{0, 0, 0, 255}), image.Point{}, draw.Src)
		}), [2]float64{}, Untrusted, "verify.seal_shows_other"},
		{"smaller", half, [2]float64{}, Valid, "verify.seal_not_compared"},
		{"another seal", blue, [2]float64{}, Untrusted, "verify.seal_shows_other"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r := verifyWith(t, o.sealedWith(t, newPaper(t).data, tc.picture, tc.part), o.trusting())
			if r.Verdict != tc.verdict || tc.code != "" && !found(r, tc.code) || tc.code == "" && (found(r, "verify.seal_not_compared") || found(r, "verify.seal_shows_other")) {
				t.Errorf("%s %v", r.Verdict, allCodes(r))
			}
		})
	}
}

// TestDrawnSeals: a seal that holds a drawing is no place for another picture either.
func TestDrawnSeals(t *testing.T) {
	const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="40mm" height="40mm" viewBox="0 0 40 40"><circle cx="20" cy="20" r="18" fill="none" stroke="#d7191f" stroke-width="3"/>` +
		`<rect x="12" y="18" width="16" height="4" fill="#d7191f"/></svg>`
	o := newOffice(t, func(i *ses.Info) { i.Picture.Format, i.Picture.Data = "SVG", []byte(svg) })
	drawn, err := seal.Load(strings.NewReader(svg), seal.Limits{Side: 300})
	if err != nil {
		t.Fatal(err)
	}
	large, err := seal.Load(strings.NewReader(svg), seal.Limits{Side: maxDrawn})
	if err != nil {
		t.Fatal(err)
	}
	shifted := image.NewNRGBA(large.Image.Rect)
	draw.Draw(shifted, shifted.Rect, large.Image, image.Pt(1, 0), draw.Src)
	other := image.NewNRGBA(image.Rect(0, 0, 300, 300))
	draw.Draw(other, image.Rect(20, 20, 280, 280), image.NewUniform(color.NRGBA{215, 25, 31, 255}), image.Point{}, draw.Src)
	for _, tc := range []struct {
		name    string
		picture *image.NRGBA
		verdict Verdict
		code    string
	}{
		{"its own", drawn.Image, Valid, "verify.seal_not_compared"},
		{"its own, a little otherwise", shifted, Valid, "verify.seal_not_compared"},
		{"another seal", other, Untrusted, "verify.seal_shows_other"},
		{"nothing", image.NewNRGBA(other.Rect), Untrusted, "verify.seal_shows_other"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r := verifyWith(t, o.sealedWith(t, newPaper(t).data, tc.picture, [2]float64{}), o.trusting())
			if r.Verdict != tc.verdict || !found(r, tc.code) {
				t.Errorf("%s %v", r.Verdict, allCodes(r))
			}
		})
	}
	// What cannot be drawn is not compared, whoever sent it.
	for _, data := range []string{`<svg xmlns="http://www.w3.org/2000/svg"><script/></svg>`, "<svg", strings.Repeat("<g>", 1000)} {
		if _, err := pictureOf(ses.Picture{Format: "SVG", Data: []byte(data)}); err == nil {
			t.Errorf("%.20q is drawn", data)
		}
	}
}

// TestDrawings: an appearance that does anything but place one image is not compared.
func TestDrawings(t *testing.T) {
	p := newPaper(t)
	image := "/Subtype /Image /Width 1 /Height 1 /ColorSpace /DeviceGray /BitsPerComponent 8"
	p.update(map[int]string{
		30: stream(image, "x"), 31: stream("/Subtype /Form /Resources << /XObject << /I 30 0 R >> >>", "q 9 0 0 9 0 0 cm/I Do Q"),
		32: stream("/Subtype /Form /Resources << /XObject << /F 31 0 R >> >>", "/F Do"),
		33: stream("/Subtype /Form /Resources << /XObject << /I 30 0 R >> >>", "/I Do /I Do"),
		34: stream("/Subtype /Form /Resources << /XObject << /I 30 0 R >> >>", "/I Do 0 0 9 9 re f"),
		35: stream("/Subtype /Form /Resources << /XObject << /I 30 0 R >> >>", "/G gs /I Do"),
		36: stream("/Subtype /Form /Resources << /XObject << /F 36 0 R >> >>", "/F Do"),
		37: stream("/Subtype /Form", "/I Do"),
	})
	doc, err := open(bytes.NewReader(p.data), int64(len(p.data)))
	if err != nil {
		t.Fatal(err)
	}
	for num, want := range map[uint32]bool{31: true, 32: true, 33: false, 34: false, 35: false, 36: false, 37: false} {
		d := drawing{v: doc.view(doc.last())}
		if got := d.form(pdf.Ref{Num: num}, 0) && len(d.images) == 1; got != want {
			t.Errorf("object %d: %v", num, got)
		}
	}
}
