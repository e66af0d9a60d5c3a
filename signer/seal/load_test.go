package seal_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"testing"

	"sealdesk/signer/seal"
)

func encode(t testing.TB, m image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, m); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func onWhite(m image.Image) *image.RGBA {
	out := image.NewRGBA(m.Bounds())
	draw.Draw(out, out.Rect, image.White, image.Point{}, draw.Src)
	draw.Draw(out, out.Rect, m, m.Bounds().Min, draw.Over)
	return out
}

func TestLoadKeepsTransparency(t *testing.T) {
	want := image.NewNRGBA(image.Rect(0, 0, 40, 30))
	for i := range want.Pix {
		want.Pix[i] = byte(i * 7)
	}
	got, err := seal.Load(bytes.NewReader(encode(t, want)), seal.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got.Image.Pix, want.Pix) {
		t.Error("the pixels changed")
	}
	if seal.Opaque(got.Image) {
		t.Error("a transparent picture is called opaque")
	}
}

func TestLoadReadsAllKinds(t *testing.T) {
	bounds := image.Rect(0, 0, 9, 7)
	for _, m := range []draw.Image{
		image.NewGray(bounds), image.NewGray16(bounds), image.NewRGBA(bounds), image.NewNRGBA64(bounds),
		image.NewPaletted(bounds, color.Palette{color.White, color.NRGBA{R: 215, A: 255}}),
	} {
		m.Set(3, 3, color.NRGBA{R: 200, G: 20, B: 20, A: 255})
		got, err := seal.Load(bytes.NewReader(encode(t, m)), seal.Limits{})
		if err != nil || got.Image.Rect != bounds {
			t.Errorf("%T: %v", m, err)
		}
	}
}

func TestKnockOutWhiteLooksTheSameOnWhite(t *testing.T) {
	want := small(t)
	scan := image.NewNRGBA(want.Rect)
	draw.Draw(scan, scan.Rect, onWhite(want), image.Point{}, draw.Src)
	if !seal.Opaque(scan) {
		t.Fatal("the scan should be opaque")
	}
	cut := seal.KnockOutWhite(scan)
	if seal.Opaque(cut) || cut.NRGBAAt(0, 0).A != 0 {
		t.Error("the paper is still there")
	}
	before, after := onWhite(want), onWhite(cut)
	for i := range after.Pix {
		if d := int(after.Pix[i]) - int(before.Pix[i]); d > 2 || d < -2 {
			t.Fatalf("byte %d differs by %d", i, d)
		}
	}
}

// small returns a seal to store and to spoil.
func small(t testing.TB) *image.NRGBA {
	t.Helper()
	return face(t, seal.Style{Name: "华东医疗器械有限公司"}, 64)
}

// header returns a PNG file that claims the given size and ends there.
func header(width, height uint32) []byte {
	b := []byte("\x89PNG\r\n\x1a\n\x00\x00\x00\x0DIHDR")
	b = binary.BigEndian.AppendUint32(b, width)
	b = binary.BigEndian.AppendUint32(b, height)
	b = append(b, 8, 6, 0, 0, 0)
	return binary.BigEndian.AppendUint32(b, crc32.ChecksumIEEE(b[12:]))
}

func TestLoadRefuses(t *testing.T) {
	good := encode(t, small(t))
	for _, c := range []struct {
		what   string
		data   []byte
		limits seal.Limits
		code   string
	}{
		{"nothing", nil, seal.Limits{}, "seal.picture_not_picture"},
		{"a GIF", []byte("GIF89a............"), seal.Limits{}, "seal.picture_not_picture"},
		{"a torn file", good[:len(good)/2], seal.Limits{}, "seal.picture_damaged"},
		{"a flipped byte", flip(good, len(good)/2), seal.Limits{}, "seal.picture_damaged"},
		{"a picture bomb", header(60000, 60000), seal.Limits{}, "seal.picture_too_many_pixels"},
		{"a long picture", header(4097, 1), seal.Limits{}, "seal.picture_too_many_pixels"},
		{"a header alone", header(100, 100), seal.Limits{}, "seal.picture_damaged"},
		{"a large file", good, seal.Limits{Bytes: 100}, "seal.picture_too_large"},
		{"a picture over a lower bound", good, seal.Limits{Side: 63}, "seal.picture_too_many_pixels"},
		{"an empty picture", encode(t, image.NewNRGBA(image.Rect(0, 0, 5, 5))), seal.Limits{}, "seal.picture_empty"},
	} {
		_, err := seal.Load(bytes.NewReader(c.data), c.limits)
		var coded interface{ Code() string }
		if !errors.As(err, &coded) || coded.Code() != c.code {
			t.Errorf("%s: error %v, want %s", c.what, err, c.code)
		}
	}
	if _, err := seal.Load(bytes.NewReader(good), seal.Limits{Bytes: int64(len(good)), Side: 64}); err != nil {
		t.Errorf("a picture at its bounds: %v", err)
	}
}

func flip(data []byte, i int) []byte {
	out := bytes.Clone(data)
	out[i] ^= 0x10
	return out
}

func FuzzLoad(f *testing.F) {
	f.Add(encode(f, small(f)))
	f.Add(header(3, 3))
	f.Fuzz(func(t *testing.T, data []byte) {
		p, err := seal.Load(bytes.NewReader(data), seal.Limits{Side: 512})
		if err != nil {
			return
		}
		m := p.Image
		if m.Rect.Dx() > 512 || m.Rect.Dy() > 512 || m.Rect.Min != (image.Point{}) {
			t.Fatalf("bounds %v", m.Rect)
		}
		if p.WidthMM != 0 && !(p.WidthMM > 0 && p.WidthMM < 100 && p.HeightMM > 0 && p.HeightMM < 100) {
			t.Fatalf("%g × %g mm", p.WidthMM, p.HeightMM)
		}
		_, _ = p.Clean()
	})
}
