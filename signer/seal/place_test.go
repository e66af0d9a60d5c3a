package seal_test

import (
	"errors"
	"image"
	"math"
	"strings"
	"testing"

	"sealdesk/signer/seal"
)

func TestParsePlace(t *testing.T) {
	for _, c := range []struct {
		text  string
		want  seal.Place
		print string // "" means text
	}{
		{"page=3,x=120mm,y=60mm", seal.Place{Kind: seal.AtPosition, Page: 3, X: 120, Y: 60}, ""},
		{"page=last,x=12.5mm,y=240mm", seal.Place{Kind: seal.AtPosition, Page: seal.LastPage, X: 12.5, Y: 240}, ""},
		{"page=-1,y=24cm,x=1cm", seal.Place{Kind: seal.AtPosition, Page: -1, X: 10, Y: 240}, "page=last,x=10mm,y=240mm"},
		{"page=-2,x=0mm,y=72pt", seal.Place{Kind: seal.AtPosition, Page: -2, X: 0, Y: 25.4}, "page=-2,x=0mm,y=25.4mm"},
		{" page = 1 , x = 5 mm , y = 6 mm ", seal.Place{Kind: seal.AtPosition, Page: 1, X: 5, Y: 6}, "page=1,x=5mm,y=6mm"},
		{"keyword=采购人（盖章）", seal.Place{Kind: seal.AtKeyword, Keyword: "采购人（盖章）"}, ""},
		{"keyword=日期,index=2", seal.Place{Kind: seal.AtKeyword, Keyword: "日期", Index: 2}, ""},
		{"keyword=日期,index=last,dx=10mm,dy=-5mm", seal.Place{Kind: seal.AtKeyword, Keyword: "日期", Index: -1, DX: 10, DY: -5}, ""},
		{"keyword=a=b%2C100%25", seal.Place{Kind: seal.AtKeyword, Keyword: "a=b,100%"}, ""},
		{"keyword=盖章,dx=-0mm", seal.Place{Kind: seal.AtKeyword, Keyword: "盖章"}, "keyword=盖章"},
		{"edge", seal.Place{Kind: seal.AtEdge}, ""},
		{"edge,y=100mm", seal.Place{Kind: seal.AtEdge, Y: 100}, ""},
	} {
		got, err := seal.ParsePlace(c.text)
		if err != nil || got != c.want {
			t.Errorf("%q: %+v, %v; want %+v", c.text, got, err, c.want)
			continue
		}
		print := c.print
		if print == "" {
			print = c.text
		}
		if got.String() != print {
			t.Errorf("%q prints as %q, want %q", c.text, got, print)
		}
	}
}

func TestParsePlaceRefuses(t *testing.T) {
	for _, text := range []string{
		"", ",", "edge=1", "edge,edge", "corner", "page", "page=", "page=0,x=1mm,y=1mm", "page=1", "page=1,x=1mm",
		"page=1,x=1,y=1mm", "page=1,x=mm,y=1mm", "page=1,x=1in,y=1mm", "page=1,x=1e3mm,y=1mm", "page=1,x=0x10mm,y=1mm",
		"page=1,x=NaNmm,y=1mm", "page=1,x=Infmm,y=1mm", "page=1,x=-1mm,y=1mm", "page=1,x=9999mm,y=1mm",
		"page=1,x=1mm,y=1mm,z=1mm", "page=1,x=1mm,x=1mm,y=1mm", "page=1.5,x=1mm,y=1mm", "page=last,x=1mm,y=1mm,index=2",
		"page=99999999999999999999,x=1mm,y=1mm", "x=1mm,y=1mm,page=1", "edge,x=1mm", "edge,y=-1mm",
		"keyword=", "keyword=a,index=0", "keyword=a,index=x", "keyword=a\x01", "keyword=\xff",
		"keyword=" + strings.Repeat("长", 65), "keyword=" + strings.Repeat("x", 2000),
	} {
		got, err := seal.ParsePlace(text)
		var place *seal.PlaceError
		if !errors.As(err, &place) || place.Code() != "seal.bad_place" {
			t.Errorf("%.40q was read as %+v, %v", text, got, err)
		}
	}
}

func FuzzParsePlace(f *testing.F) {
	for _, text := range []string{
		"page=3,x=120mm,y=60mm", "page=last,x=1.5cm,y=10pt", "keyword=采购人（盖章）,index=-2,dx=1mm", "edge,y=5mm", "keyword=%2C%25%",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		p, err := seal.ParsePlace(text)
		if err != nil {
			return
		}
		again, err := seal.ParsePlace(p.String())
		if err != nil || again != p {
			t.Fatalf("%q was read as %+v and printed as %q, which reads as %+v, %v", text, p, p, again, err)
		}
	})
}

func TestPageOf(t *testing.T) {
	for _, c := range []struct{ page, pages, want int }{
		{1, 4, 1}, {4, 4, 4}, {5, 4, 0}, {-1, 4, 4}, {-4, 4, 1}, {-5, 4, 0}, {1, 0, 0}, {-1, 0, 0},
	} {
		got, err := seal.Place{Kind: seal.AtPosition, Page: c.page}.PageOf(c.pages)
		var no *seal.NoSuchPageError
		if got != c.want || (c.want == 0) != errors.As(err, &no) {
			t.Errorf("page %d of %d: %d, %v", c.page, c.pages, got, err)
		}
	}
}

func TestChoose(t *testing.T) {
	for _, c := range []struct {
		index, n, want int
		ok             bool
	}{
		{0, 3, 0, true}, {1, 3, 0, true}, {3, 3, 2, true}, {4, 3, 3, false}, {-1, 3, 2, true}, {-3, 3, 0, true}, {-4, 3, -1, false}, {0, 0, 0, false},
	} {
		got, ok := seal.Place{Index: c.index}.Choose(c.n)
		if ok != c.ok || ok && got != c.want {
			t.Errorf("index %d of %d: %d, %t", c.index, c.n, got, ok)
		}
	}
}

func TestRect(t *testing.T) {
	s := seal.Seal{WidthMM: 42, HeightMM: 42}
	const a4w, a4h = 210 * seal.PointsPerMM, 297 * seal.PointsPerMM
	got, err := s.Rect(a4w, a4h, 120, 60)
	if err != nil {
		t.Fatal(err)
	}
	for i, mm := range []float64{99, 297 - 81, 141, 297 - 39} {
		if math.Abs(got[i]/seal.PointsPerMM-mm) > 1e-9 {
			t.Errorf("side %d lies at %.3f mm, want %g", i, got[i]/seal.PointsPerMM, mm)
		}
	}
	for _, c := range []struct {
		x, y float64
		want seal.OutsideError
	}{
		{20, 100, seal.OutsideError{Left: 1}},
		{100, 20, seal.OutsideError{Top: 1}},
		{190, 280, seal.OutsideError{Right: 1, Bottom: 4}},
	} {
		_, err := s.Rect(a4w, a4h, c.x, c.y)
		var out *seal.OutsideError
		if !errors.As(err, &out) || math.Abs(out.Left-c.want.Left)+math.Abs(out.Top-c.want.Top)+
			math.Abs(out.Right-c.want.Right)+math.Abs(out.Bottom-c.want.Bottom) > 1e-6 {
			t.Errorf("at %g, %g: %v, want %v", c.x, c.y, err, &c.want)
		}
	}
	if _, err := s.Rect(a4w, a4h, 21, 276); err != nil {
		t.Errorf("a seal that touches two edges: %v", err)
	}
	if _, err := s.Rect(a4w, a4h, math.NaN(), 100); err == nil {
		t.Error("a seal nowhere was accepted")
	}
}

func TestEdgeStripsJoinAgain(t *testing.T) {
	whole := small(t)
	for _, n := range []int{1, 2, 3, 7, 64, 1000} {
		strips := seal.EdgeStrips(whole, n)
		if want := min(n, 64); len(strips) != want {
			t.Fatalf("%d strips, want %d", len(strips), want)
		}
		x := 0
		for _, s := range strips {
			for dy := range s.Rect.Dy() {
				for dx := range s.Rect.Dx() {
					if s.NRGBAAt(dx, dy) != whole.NRGBAAt(x+dx, dy) {
						t.Fatalf("n=%d: pixel %d,%d differs", n, x+dx, dy)
					}
				}
			}
			x += s.Rect.Dx()
		}
		if x != whole.Rect.Dx() {
			t.Errorf("n=%d: the strips are %d pixels wide together", n, x)
		}
	}
	if got := seal.EdgeStrips(image.NewNRGBA(image.Rect(0, 0, 3, 3)), -1); len(got) != 1 {
		t.Errorf("%d strips for -1 pages", len(got))
	}
}
