package pdfcopy

import (
	"image"
	"image/color"
	paint "image/draw"
	"slices"
	"testing"

	"sealdesk/signer/cleancopy/pdfclean"
	"sealdesk/signer/preview"
)

// sheet is a white picture with black areas, of a dot a point.
func sheet(width, height int, black ...image.Rectangle) *image.RGBA {
	m := image.NewRGBA(image.Rect(0, 0, width, height))
	paint.Draw(m, m.Rect, image.White, image.Point{}, paint.Src)
	for _, b := range black {
		paint.Draw(m, b, image.Black, image.Point{}, paint.Src)
	}
	return m
}

func TestAlike(t *testing.T) {
	plain, spot := sheet(50, 50), sheet(50, 50, image.Rect(10, 10, 20, 20))
	aside := sheet(50, 50, image.Rect(10, 10, 20, 20))
	for y := 10; y < 20; y++ { // a dotted line that stands a dot aside
		for x := 30; x < 40; x++ {
			spot.Set(x, y, color.Gray{uint8(150 * (x % 2))})
			aside.Set(x, y, color.Gray{uint8(150 * ((x + 1) % 2))})
		}
	}
	around, dots := []image.Rectangle{image.Rect(9, 9, 41, 21)}, []image.Rectangle{image.Rect(29, 9, 41, 21)}
	tests := []struct {
		name          string
		a, b          *image.RGBA
		except, about []image.Rectangle
		want          bool
	}{
		{"the same", spot, spot, nil, nil, true},
		{"another size", plain, sheet(50, 49), nil, nil, false},
		{"another form", plain, &image.RGBA{Rect: plain.Rect, Stride: plain.Stride, Pix: plain.Pix[:9]}, nil, nil, false},
		{"a few dots", plain, sheet(50, 50, image.Rect(0, 0, tolerated, 1)), nil, nil, true},
		{"one more", plain, sheet(50, 50, image.Rect(0, 0, tolerated+1, 1)), nil, nil, false},
		{"where nothing counts", plain, spot, around, nil, true},
		{"where a little aside is alike", spot, aside, nil, dots, true},
		{"where it is not", spot, aside, nil, nil, false},
		{"something where a little aside is alike", plain, sheet(50, 50, image.Rect(10, 10, 20, 20)), nil, around, false},
	}
	for _, tt := range tests {
		if got := alike(tt.a, tt.b, tt.except, tt.about); got != tt.want {
			t.Errorf("%s: %t", tt.name, got)
		}
	}
}

func TestSight(t *testing.T) {
	// Three words on a page of 100 by 100 points: of one at the top only the first half shows.
	s := sight{geometry: preview.Geometry{Box: [4]float64{0, 0, 100, 100}, Unit: 1}, picture: sheet(100, 100, image.Rect(10, 10, 14, 20), image.Rect(60, 60, 64, 64))}
	for name, tt := range map[string]struct {
		rect       [4]float64 // left, bottom, right, top
		r          rune
		judged     string
		suspicious bool
	}{
		"seen":                 {[4]float64{10, 80, 20, 90}, 'A', "", false},
		"a word half seen":     {[4]float64{10, 80, 50, 90}, 'A', "", true},
		"a word down the page": {[4]float64{10, 40, 20, 90}, 'A', "", true},
		"not seen":             {[4]float64{30, 30, 40, 40}, 'A', pdfclean.KindUnseenText, true},
		"tiny":                 {[4]float64{60, 36, 61, 37}, 'A', pdfclean.KindTinyText, true},
		"a full stop":          {[4]float64{60, 38, 61, 39}, '.', "", true},
		"left of the page":     {[4]float64{-20, 30, -1, 40}, 'A', pdfclean.KindOutsideText, true},
		"right of the page":    {[4]float64{101, 30, 120, 40}, 'A', pdfclean.KindOutsideText, true},
		"below the page":       {[4]float64{30, -20, 40, -1}, 'A', pdfclean.KindOutsideText, true},
		"above the page":       {[4]float64{30, 101, 40, 120}, 'A', pdfclean.KindOutsideText, true},
		"over the right edge":  {[4]float64{60, 36, 101, 46}, 'A', "", true},
		"over the upper edge":  {[4]float64{10, 80, 20, 101}, 'A', "", true},
		"turned inside out":    {[4]float64{40, 40, 30, 30}, 'A', pdfclean.KindTinyText, true},
		"as wide as can be":    {[4]float64{-1e300, 30, 1e300, 40}, 'A', "", true},
	} {
		if got := s.judge(preview.Glyph{Rune: tt.r, Rect: tt.rect}); got != tt.judged {
			t.Errorf("%s is %q, want %q", name, got, tt.judged)
		}
		if got := s.suspicious(tt.rect); got != tt.suspicious {
			t.Errorf("%s is suspicious: %t", name, got)
		}
	}
	if s.shows([4]float64{200, 200, 210, 210}) {
		t.Error("what lies off the page shows")
	}
}

func TestPick(t *testing.T) {
	at := func(r rune, x, y float64) preview.Glyph {
		return preview.Glyph{Rune: r, Rect: [4]float64{x, y, x + 5, y + 10}}
	}
	glyphs := []preview.Glyph{at('a', 0, 50), at('b', 5, 50), at('c', 20, 50), at('x', 25, 50), at('d', 25, 50), at('e', 0, 30), at('f', 0, 80)}
	got := pick(glyphs, func(g preview.Glyph) bool { return g.Rune != 'x' })
	if want := []string{"ab c d", "e", "f"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	if got := pick(glyphs, func(preview.Glyph) bool { return false }); got != nil {
		t.Errorf("%q", got)
	}
}

func TestInvisibleText(t *testing.T) {
	s := sight{geometry: preview.Geometry{Box: [4]float64{0, 0, 100, 100}, Unit: 1}, picture: sheet(100, 100, image.Rect(10, 10, 20, 20))}
	over, beside := preview.Glyph{Rune: 'o', Rect: [4]float64{8, 85, 14, 95}}, preview.Glyph{Rune: 'b', Rect: [4]float64{50, 50, 60, 60}}
	tests := []struct {
		name string
		gone []preview.Glyph
		want []pdfclean.Finding
	}{
		{"nothing that PDFium knows", nil, []pdfclean.Finding{{Kind: pdfclean.KindInvisibleText, Page: 2, Count: 7}}},
		{"over a scan", []preview.Glyph{over}, []pdfclean.Finding{{Kind: pdfclean.KindRecognized, Page: 2, Text: "o", Count: 1}}},
		{"over nothing", []preview.Glyph{beside}, []pdfclean.Finding{{Kind: pdfclean.KindInvisibleText, Page: 2, Text: "b", Count: 1}}},
		{"over a scan and beside it", []preview.Glyph{over, {Rune: 'p', Rect: [4]float64{9, 85, 15, 95}}, beside},
			[]pdfclean.Finding{{Kind: pdfclean.KindInvisibleText, Page: 2, Text: "b", Count: 1}, {Kind: pdfclean.KindRecognized, Page: 2, Text: "op", Count: 2}}},
	}
	for _, tt := range tests {
		w, gone := &work{}, map[preview.Glyph]bool{}
		for _, g := range tt.gone {
			gone[g] = true
		}
		(&removed{}).invisibleText(w, pdfclean.Removal{Page: 2, Invisible: 7}, tt.gone, gone, s)
		if !slices.Equal(w.TakenOut, tt.want) {
			t.Errorf("%s: %+v", tt.name, w.TakenOut)
		}
	}
}

func TestListsAreBounded(t *testing.T) {
	w := &work{}
	for n := range maxDoubts + 1 {
		w.doubt(pdfclean.Finding{Kind: pdfclean.KindTinyText, Page: n})
	}
	if len(w.Doubtful) != maxDoubts || !w.Truncated {
		t.Errorf("%d, %t", len(w.Doubtful), w.Truncated)
	}
	w = &work{}
	for n := 0; !w.Truncated && n < 1<<20; n++ {
		w.take(pdfclean.KindLink, n, "", 1)
	}
	if !w.Truncated {
		t.Errorf("%d things are listed", len(w.TakenOut))
	}
}
