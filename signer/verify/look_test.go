package verify

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/jpeg"
	"image/png"
	"slices"
	"strings"
	"testing"

	"github.com/emmansun/gmsm/sm3"

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
	beside := func(num int) string { // an image, and then a form
		return stream(fmt.Sprintf("/Subtype /Form /Resources << /XObject << /I 30 0 R /F %d 0 R >> >>", num), "/I Do /F Do")
	}
	p.update(map[int]string{
		30: stream(image, "x"), 31: stream("/Subtype /Form /Resources << /XObject << /I 30 0 R >> >>", "q 9 0 0 9 0 0 cm/I Do Q"),
		32: stream("/Subtype /Form /Resources << /XObject << /F 31 0 R >> >>", "/F Do"),
		33: stream("/Subtype /Form /Resources << /XObject << /I 30 0 R >> >>", "/I Do /I Do"),
		34: stream("/Subtype /Form /Resources << /XObject << /I 30 0 R >> >>", "/I Do 0 0 9 9 re f"),
		35: stream("/Subtype /Form /Resources << /XObject << /I 30 0 R >> >>", "/G gs /I Do"),
		36: stream("/Subtype /Form /Resources << /XObject << /F 36 0 R >> >>", "/F Do"),
		37: stream("/Subtype /Form", "/I Do"),
		// What cannot be read beside the image may draw anything over it.
		40: beside(50), 50: stream("/Subtype /Form", "q Q"),
		41: beside(51), 51: stream("/Subtype /Form /Filter /FlateDecode", "q Q"),
		42: beside(52), 52: stream("/Subtype /Form /Resources 7", "q Q"),
		43: beside(53), 53: stream("/Subtype /Form /Resources << /XObject 7 >>", "q Q"),
	})
	doc, err := open(bytes.NewReader(p.data), int64(len(p.data)))
	if err != nil {
		t.Fatal(err)
	}
	for num, want := range map[uint32]bool{31: true, 32: true, 33: false, 34: false, 35: false, 36: false, 37: false, 40: true, 41: false, 42: false, 43: false} {
		d := drawing{v: doc.view(doc.last())}
		if got := d.form(pdf.Ref{Num: num}, 0) && len(d.images) == 1; got != want {
			t.Errorf("object %d: %v", num, got)
		}
	}
}

// TestAppearancesThatAreCompared: what shows is compared or said not to be; of what does not show nothing is said.
func TestAppearancesThatAreCompared(t *testing.T) {
	o := newOffice(t, nil)
	blue := map[int]string{60: stream("/Subtype /Form /BBox [0 0 1 1] /Resources << /XObject << /I 61 0 R >> >>", "/I Do"),
		61: stream("/Subtype /Image /Width 1 /Height 1 /ColorSpace /DeviceRGB /BitsPerComponent 8", "\x00\x00\xff")}
	for _, tc := range []struct{ name, rect, widget, code string }{
		{"another picture", "[100 100 213 213]", "/AP << /N 60 0 R >>", "verify.seal_shows_other"},
		{"another picture on no place", "[100 100 100 100]", "/AP << /N 60 0 R >>", ""},
		{"no picture", "[100 100 213 213]", "", ""},
		{"a picture for each state", "[100 100 213 213]", "/AP << /N << /On 60 0 R >> >> /AS /On", "verify.seal_not_compared"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			p := newPaper(t)
			p.sign(o.Party, signing{sub: "GM.sm2seal", padding: 16 << 10, rect: tc.rect, widget: tc.widget, objects: blue, value: func(covered []byte) []byte {
				digest := sm3.Sum(covered)
				return press(t, o.seal.Raw(), sealingTime, digest[:], "contract 7", o.Key, o.Chain[0])
			}})
			r := verifyWith(t, p.data, o.trusting())
			for _, code := range []string{"verify.seal_shows_other", "verify.seal_not_compared"} {
				if found(r, code) != (code == tc.code) {
					t.Errorf("%s: %t; %s %v", code, code != tc.code, r.Verdict, allCodes(r))
				}
			}
			if want := tc.code != "verify.seal_shows_other"; r.Valid() != want {
				t.Errorf("%s %v", r.Verdict, allCodes(r))
			}
		})
	}
}

// TestPicturesOfPixels: a seal's picture of pixels is compared at any size, and a photograph by its colours.
func TestPicturesOfPixels(t *testing.T) {
	gray := image.NewGray(image.Rect(0, 0, maxDrawn+1, 8))
	draw.Draw(gray, gray.Rect, image.NewUniform(color.Gray{90}), image.Point{}, draw.Src)
	var own, photo bytes.Buffer
	if err := png.Encode(&own, gray); err != nil {
		t.Fatal(err)
	}
	if err := jpeg.Encode(&photo, gray, nil); err != nil {
		t.Fatal(err)
	}
	held, err := pictureOf(ses.Picture{Format: "PNG", Data: own.Bytes(), WidthMM: 40, HeightMM: 8})
	if err != nil {
		t.Fatal(err)
	}
	p := newPaper(t)
	p.update(map[int]string{30: stream(fmt.Sprintf("/Subtype /Image /Width %d /Height 8 /ColorSpace /DeviceGray /BitsPerComponent 8 /Filter /DCTDecode", gray.Rect.Dx()), photo.String())})
	doc, err := open(bytes.NewReader(p.data), int64(len(p.data)))
	if err != nil {
		t.Fatal(err)
	}
	d := drawing{v: doc.view(doc.last())}
	s, err := d.v.Stream(pdf.Ref{Num: 30})
	if err != nil {
		t.Fatal(err)
	}
	if shown, ok := d.pixels(s); !ok || !alike(shown, held) {
		t.Errorf("%t: a photograph of the picture is another: %v", ok, shown.At(0, 0))
	}
}
