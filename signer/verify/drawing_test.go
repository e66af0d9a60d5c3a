package verify

import (
	"bytes"
	"fmt"
	"image"
	"image/jpeg"
	"runtime"
	"strings"
	"testing"

	"sealdesk/signer/pdf"
	"sealdesk/signer/ses"
)

// TestPicturesThatAreCompared: what of a picture in a PDF is not understood is not compared, and what is shows its pixels.
func TestPicturesThatAreCompared(t *testing.T) {
	var photo bytes.Buffer
	if err := jpeg.Encode(&photo, image.NewGray(image.Rect(0, 0, 2, 2)), nil); err != nil {
		t.Fatal(err)
	}
	const plain = "/Subtype /Image /Width 2 /Height 2 /ColorSpace /DeviceGray /BitsPerComponent 8"
	mask := stream(plain, "\x00\xff\x00\xff")
	for _, tc := range []struct {
		name, image, mask string
		want              bool
	}{
		{"gray", stream(plain, "abcd"), "", true},
		{"colours", stream(strings.Replace(plain, "Gray", "RGB", 1), "abcabcabcabc"), "", true},
		{"with a mask", stream(plain+" /SMask 51 0 R", "abcd"), mask, true},
		{"a photo", stream(plain+" /Filter /DCTDecode", photo.String()), "", true},
		{"no width", stream(strings.Replace(plain, "/Width 2", "", 1), "abcd"), "", false},
		{"a width that is none", stream(strings.Replace(plain, "/Width 2", "/Width (2)", 1), "abcd"), "", false},
		{"too wide", stream(strings.Replace(plain, "/Width 2", "/Width 5000", 1), strings.Repeat("a", 10000)), "", false},
		{"other colours", stream(strings.Replace(plain, "Gray", "CMYK", 1), "abcdabcdabcdabcd"), "", false},
		{"decoded in another way", stream(plain+" /Decode [1 0]", "abcd"), "", false},
		{"16 bits", stream(strings.Replace(plain, "Component 8", "Component 16", 1), "abcd"), "", false},
		{"too short", stream(plain, "abc"), "", false},
		{"a photo of another size", stream(strings.Replace(plain, "/Width 2", "/Width 3", 1)+" /Filter /DCTDecode", photo.String()), "", false},
		{"a photo that is cut", stream(plain+" /Filter /DCTDecode", photo.String()[:photo.Len()-4]), "", false},
		{"a photo that is none", stream(plain+" /Filter /DCTDecode", "abcd"), "", false},
		{"a mask that is not there", stream(plain+" /SMask 51 0 R", "abcd"), "", false},
		{"a mask of another size", stream(plain+" /SMask 51 0 R", "abcd"), strings.Replace(mask, "/Width 2", "/Width 4", 1), false},
		{"a mask that is too short", stream(plain+" /SMask 51 0 R", "abcd"), stream(plain, "abc"), false},
	} {
		p := newPaper(t)
		objs := map[int]string{50: tc.image}
		if tc.mask != "" {
			objs[51] = tc.mask
		}
		p.update(objs)
		v := p.view()
		s, err := v.Stream(pdf.Ref{Num: 50})
		if err != nil {
			t.Fatal(err)
		}
		m, ok := (&drawing{v: v}).pixels(s)
		if ok != tc.want || ok && m.Bounds().Size() != image.Pt(2, 2) {
			t.Errorf("%s: %v %v", tc.name, ok, m)
		}
		if ok && tc.name == "a photo" && m.NRGBAAt(1, 1).R > 10 {
			t.Errorf("the photo is %v", m.NRGBAAt(1, 1))
		}
	}
}

// TestLooksThatAreCompared: an appearance that does anything but place one picture is not compared.
func TestLooksThatAreCompared(t *testing.T) {
	const plain = "/Subtype /Image /Width 2 /Height 2 /ColorSpace /DeviceGray /BitsPerComponent 8"
	var photo bytes.Buffer
	if err := jpeg.Encode(&photo, image.NewGray(image.Rect(0, 0, 2, 2)), nil); err != nil {
		t.Fatal(err)
	}
	white := image.NewGray(image.Rect(0, 0, 2, 2))
	copy(white.Pix, "\xff\xff\xff\xff")
	black := image.NewGray(white.Rect)
	const one = "/Resources << /XObject << /I 51 0 R >> >>"
	for _, tc := range []struct {
		name, look, image string
		held              image.Image
		code              string
	}{
		{"its own", stream(one, "q 9 0 0 9 0 0 cm /I Do Q"), stream(plain, "\x00\x00\x00\x00"), black, ""},
		{"another", stream(one, "/I Do"), stream(plain, "\x00\x00\x00\x00"), white, "seal_shows_other"},
		{"the very photo that it holds", stream(one, "/I Do"), stream(plain+" /Filter /DCTDecode", photo.String()), white, ""},
		{"another photo of that length", stream(one, "/I Do"), stream(plain+" /Filter /DCTDecode", "x"+photo.String()[1:]), white, "seal_not_compared"},
		{"nothing", stream(one, "q Q"), stream(plain, "abcd"), black, "seal_not_compared"},
		{"no picture", stream(one, "/I Do"), stream(strings.Replace(plain, "Component 8", "Component 1", 1), "abcd"), black, "seal_not_compared"},
		{"resources that are none", stream("/Resources 7", "/I Do"), stream(plain, "abcd"), black, "seal_not_compared"},
		{"objects that are none", stream("/Resources << /XObject 7 >>", "/I Do"), stream(plain, "abcd"), black, "seal_not_compared"},
		{"not to be decoded", stream("/Filter /Odd "+one, "/I Do"), stream(plain, "abcd"), black, "seal_not_compared"},
		{"lines, too", stream(one, "/I Do 0 0 9 9 re f"), stream(plain, "\x00\x00\x00\x00"), black, "seal_not_compared"},
		{"no stream", "<< >>", stream(plain, "abcd"), black, "seal_not_compared"},
	} {
		p := newPaper(t)
		p.update(map[int]string{50: tc.look, 51: tc.image})
		if code := lookOf(p.view(), pdf.Ref{Num: 50}, tc.held, ses.Picture{Format: "JPG", Data: photo.Bytes()}); code != tc.code {
			t.Errorf("%s: %q, want %q", tc.name, code, tc.code)
		}
	}
}

// TestPicturesDoNotAskForMuch: what a small file can ask for has bounds: forms that draw one another again and again, and a photo
// that says of itself that it is larger than the file does.
func TestPicturesDoNotAskForMuch(t *testing.T) {
	p := newPaper(t)
	again := strings.Repeat("/F Do ", 1000)
	var photo bytes.Buffer
	if err := jpeg.Encode(&photo, image.NewGray(image.Rect(0, 0, 2, 2)), nil); err != nil {
		t.Fatal(err)
	}
	large := photo.Bytes()
	copy(large[bytes.Index(large, []byte("\xff\xc0"))+5:], "\x2e\xe0\x2e\xe0") // 12000 by 12000
	p.update(map[int]string{50: stream("/Subtype /Form /Resources << /XObject << /F 51 0 R >> >>", again), 51: stream("/Subtype /Form", "q Q"),
		52: stream("/Subtype /Image /Width 2 /Height 2 /Filter /DCTDecode", string(large))})
	d := drawing{v: p.view()}
	if d.form(pdf.Ref{Num: 50}, 0) {
		t.Error("a thousand forms are read")
	}
	s, err := d.v.Stream(pdf.Ref{Num: 52})
	if err != nil {
		t.Fatal(err)
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	if _, ok := d.pixels(s); ok {
		t.Error("a photo of another size is taken")
	}
	runtime.ReadMemStats(&after)
	if took := after.TotalAlloc - before.TotalAlloc; took > 32<<20 {
		t.Errorf("it takes %d MiB", took>>20)
	}
}

// view is the paper as it was last.
func (p *paper) view() *view {
	p.t.Helper()
	doc, err := open(bytes.NewReader(p.data), int64(len(p.data)))
	if err != nil {
		p.t.Fatal(fmt.Errorf("the paper cannot be read: %w", err))
	}
	return doc.view(doc.last())
}
