package pdfsig

import (
	"image"
	"testing"
)

// TestPicturesAreCompressedOnce: the seal, which is known by its address, and what it was cut into, which is known by its pixels.
func TestPicturesAreCompressedOnce(t *testing.T) {
	picture := func(w, h int, alpha byte) *image.NRGBA {
		m := image.NewNRGBA(image.Rect(0, 0, w, h))
		for i := range m.Pix {
			m.Pix[i] = alpha
		}
		return m
	}
	whole := picture(8, 8, 0xff)
	p := NewPictures(whole)
	of := func(p *Pictures, m *image.NRGBA) *encoded {
		e, err := p.of(m)
		if err != nil {
			t.Fatal(err)
		}
		return e
	}
	if first, again := of(p, whole), of(p, whole); first != again {
		t.Error("the seal was compressed twice")
	}
	strip := of(p, picture(2, 8, 0x80))
	for name, tc := range map[string]struct {
		m    *image.NRGBA
		same bool
	}{
		"as it was": {picture(2, 8, 0x80), true}, "of another shape": {picture(8, 2, 0x80), false}, "of other pixels": {picture(2, 8, 0x81), false},
		"a part of a wider one": {picture(8, 8, 0x80).SubImage(image.Rect(3, 0, 5, 8)).(*image.NRGBA), true},
	} {
		if got := of(p, tc.m); (got == strip) != tc.same || got.alpha == nil {
			t.Errorf("a strip %s: the same %t", name, got == strip)
		}
	}
	if of(p, picture(2, 8, 0xff)).alpha != nil {
		t.Error("an opaque picture has a mask")
	}
	if first, again := of(nil, whole), of(nil, whole); first == again {
		t.Error("nothing remembers")
	}
	// What is remembered is bounded.
	p.size = maxPictures
	if first, again := of(p, picture(3, 3, 0x80)), of(p, picture(3, 3, 0x80)); first == again {
		t.Error("more is remembered than there is room for")
	}
}
