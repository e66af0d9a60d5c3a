package widgets

import (
	"image"
	"strings"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"
	goqr "github.com/piglig/go-qr"
)

// What the window shows can be read back, at any scale and of the length that the mobile CA's codes have.
func TestQRCodeCanBeRead(t *testing.T) {
	text := "https://mca.example.com:8443/q#1." + strings.Repeat("aZ09_-xy", 9)
	for _, size := range []float32{180, 220, 401} {
		w := test.NewTempWindow(t, nil)
		w.SetPadded(false)
		code := NewQRCode(size)
		code.SetText(text)
		w.SetContent(code)
		w.Resize(fyne.NewSize(size, size))
		got, err := goqr.Decode(w.Canvas().Capture())
		if err != nil || got != text {
			t.Errorf("%v pixels: read %q, %v", size, got, err)
		}
	}
}

// Every module is as large as every other, and stands within a white edge of four of them.
func TestQRCodeIsSharp(t *testing.T) {
	code := NewQRCode(220)
	code.SetText("https://mca.example/q#1.x")
	for _, pixels := range []int{220, 331, 440} {
		img := code.draw(pixels, pixels)
		n := code.code.Size()
		module := pixels / (n + 8)
		if module < 2 {
			t.Fatalf("%d pixels: a module has %d", pixels, module)
		}
		left := (pixels - n*module) / 2
		if left < 4*module {
			t.Errorf("%d pixels: the edge has %d, a module %d", pixels, left, module)
		}
		for y := range n {
			for x := range n {
				for _, at := range []image.Point{{0, 0}, {module - 1, module - 1}} {
					r, _, _, _ := img.At(left+x*module+at.X, left+y*module+at.Y).RGBA()
					if black := r == 0; black != code.code.Module(x, y) {
						t.Fatalf("%d pixels: module %d,%d is wrong", pixels, x, y)
					}
				}
			}
		}
	}
	code.SetText(strings.Repeat("x", 5000))
	if code.code != nil {
		t.Error("a text that is too long made a code")
	}
}
