package widgets

import (
	"bytes"
	"image"
	"image/png"
	"testing"
)

// A picture keeps its proportions in the width that there is, and is not drawn larger than it is.
func TestAPictureKeepsItsProportions(t *testing.T) {
	var data bytes.Buffer
	if err := png.Encode(&data, image.NewGray(image.Rect(0, 0, 960, 600))); err != nil {
		t.Fatal(err)
	}
	p := NewPicture("a.png", data.Bytes())
	show(t, Column(0, p), 500, 800)
	for _, tt := range []struct{ room, w, h float32 }{{480, 480, 300}, {2000, 960, 600}} {
		p.Resize(p.Size().Max(p.MinSize()).AddWidthHeight(tt.room-p.Size().Width, 0))
		if p.MinSize().Height != tt.h || p.frame.Size().Width != tt.w || p.frame.Size().Height != tt.h {
			t.Errorf("in %v: %v, needs %v", tt.room, p.frame.Size(), p.MinSize())
		}
	}
	if m := NewPicture("b.png", []byte("no picture")).MinSize(); m.Height != 0 {
		t.Errorf("what is no picture takes %v", m)
	}
}
