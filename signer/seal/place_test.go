package seal_test

import (
	"errors"
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"sealdesk/assets"
	"sealdesk/signer/seal"
)

func TestParsePlace(t *testing.T) {
	one := func(n int) seal.Ranges { return seal.Only(n) }
	for _, c := range []struct {
		text  string
		want  seal.Place
		print string // "" means text
	}{
		{"page=3,x=120mm,y=60mm", seal.Place{Kind: seal.AtPosition, Pages: one(3), X: 120, Y: 60}, ""},
		{"page=last,x=12.5mm,y=240mm", seal.Place{Kind: seal.AtPosition, Pages: seal.Last(), X: 12.5, Y: 240}, ""},
		{"page=-1,y=24cm,x=1cm", seal.Place{Kind: seal.AtPosition, Pages: one(-1), X: 10, Y: 240}, "page=last,x=10mm,y=240mm"},
		{"page=-2,x=0mm,y=72pt", seal.Place{Kind: seal.AtPosition, Pages: one(-2), X: 0, Y: 25.4}, "page=-2,x=0mm,y=25.4mm"},
		{" page = 1 , x = 5 mm , y = 6 mm ", seal.Place{Kind: seal.AtPosition, Pages: one(1), X: 5, Y: 6}, "page=1,x=5mm,y=6mm"},
		{"pages=1-5,8,last,x=1mm,y=2mm", seal.Place{Kind: seal.AtPosition, Pages: seal.Ranges{{1, 5, 1}, {8, 8, 1}, {-1, -1, 1}}, X: 1, Y: 2}, ""},
		{"pages=all,x=1mm,y=2mm", seal.Place{Kind: seal.AtPosition, Pages: seal.Ranges{{1, -1, 1}}, X: 1, Y: 2}, ""},
		{"pages=1-last,x=1mm,y=2mm", seal.Place{Kind: seal.AtPosition, Pages: seal.Ranges{{1, -1, 1}}, X: 1, Y: 2}, "pages=all,x=1mm,y=2mm"},
		{"pages=odd, even ,x=1mm,y=2mm", seal.Place{Kind: seal.AtPosition, Pages: seal.Ranges{{1, -1, 2}, {2, -1, 2}}, X: 1, Y: 2}, "pages=odd,even,x=1mm,y=2mm"},
		{"pages=-3--2,x=1mm,y=2mm", seal.Place{Kind: seal.AtPosition, Pages: seal.Ranges{{-3, -2, 1}}, X: 1, Y: 2}, ""},
		{"page=1,x=1mm,y=2mm,date", seal.Place{Kind: seal.AtPosition, Pages: one(1), X: 1, Y: 2, Date: seal.Date{On: seal.SigningDay}}, ""},
		{"page=1,date,x=1mm,y=2mm", seal.Place{Kind: seal.AtPosition, Pages: one(1), X: 1, Y: 2, Date: seal.Date{On: seal.SigningDay}}, "page=1,x=1mm,y=2mm,date"},
		{"page=1,x=1mm,y=2mm,date=2026-11-05,date-at=right,date-size=5mm",
			seal.Place{Kind: seal.AtPosition, Pages: one(1), X: 1, Y: 2, Date: seal.Date{On: "2026-11-05", Right: true, SizeMM: 5}},
			"page=1,x=1mm,y=2mm,date=2026年11月5日,date-at=right,date-size=5mm"},
		{"keyword=采购人（盖章）", seal.Place{Kind: seal.AtKeyword, Keyword: "采购人（盖章）"}, ""},
		{"keyword=日期,hit=2", seal.Place{Kind: seal.AtKeyword, Keyword: "日期", Hits: one(2)}, ""},
		{"keyword=日期,hit=last,dx=10mm,dy=-5mm", seal.Place{Kind: seal.AtKeyword, Keyword: "日期", Hits: seal.Last(), DX: 10, DY: -5}, ""},
		{"keyword=日期,hit=1,3-4,pages=2-last,date", seal.Place{Kind: seal.AtKeyword, Keyword: "日期", Hits: seal.Ranges{{1, 1, 1}, {3, 4, 1}},
			Pages: seal.Ranges{{2, -1, 1}}, Date: seal.Date{On: seal.SigningDay}}, ""},
		{"keyword=\"甲方,乙方\",hit=all", seal.Place{Kind: seal.AtKeyword, Keyword: "甲方,乙方", Hits: seal.Ranges{{1, -1, 1}}}, ""},
		{`keyword="a""b,c" ,dx=1mm`, seal.Place{Kind: seal.AtKeyword, Keyword: `a"b,c`, DX: 1}, `keyword="a""b,c",dx=1mm`},
		{`keyword=他说"好"`, seal.Place{Kind: seal.AtKeyword, Keyword: `他说"好"`}, ""},
		{"keyword=甲方，乙方＝丙方", seal.Place{Kind: seal.AtKeyword, Keyword: "甲方，乙方＝丙方"}, ""},
		{"field=采购人签章", seal.Place{Kind: seal.AtField, Field: "采购人签章"}, ""},
		{`field="乙方.a,b"`, seal.Place{Kind: seal.AtField, Field: "乙方.a,b"}, ""},
		{"keyword=a=b", seal.Place{Kind: seal.AtKeyword, Keyword: "a=b"}, ""},
		{"keyword=盖章,dx=-0mm", seal.Place{Kind: seal.AtKeyword, Keyword: "盖章"}, "keyword=盖章"},
		{"edge", seal.Place{Kind: seal.AtEdge}, ""},
		{"edge,y=100mm", seal.Place{Kind: seal.AtEdge, Y: 100}, ""},
		{"edge,y=100mm,group=20,side=left,pages=2-last", seal.Place{Kind: seal.AtEdge, Y: 100, Group: 20, Left: true, Pages: seal.Ranges{{2, -1, 1}}},
			"edge,pages=2-last,group=20,y=100mm,side=left"},
		{"edge,side=right", seal.Place{Kind: seal.AtEdge}, "edge"},
	} {
		got, err := seal.ParsePlace(c.text)
		if err != nil || !reflect.DeepEqual(got, c.want) {
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
		"page=1,x=1mm,y=1mm,z=1mm", "page=1,x=1mm,x=1mm,y=1mm", "page=1.5,x=1mm,y=1mm", "page=last,x=1mm,y=1mm,hit=2",
		"page=99999999999999999999,x=1mm,y=1mm", "x=1mm,y=1mm,page=1", "edge,x=1mm", "edge,y=-1mm",
		"page=1,pages=2,x=1mm,y=1mm", "pages=5-2,x=1mm,y=1mm", "pages=-2--3,x=1mm,y=1mm", "pages=1-,x=1mm,y=1mm", "pages=first,x=1mm,y=1mm",
		"pages=1--,x=1mm,y=1mm", "pages=0-3,x=1mm,y=1mm", "pages=1,,x=1mm,y=1mm", "page=1，x=1mm，y=1mm", "page＝1",
		"keyword=", `keyword=""`, "keyword=a,hit=0", "keyword=a,hit=x", "keyword=a\x01", "keyword=\xff", "keyword=a,b", `keyword="a`, `keyword="a"b`,
		"field=", "field", "field=a,page=1", "field=a,date", "field=a\x01", "field=" + strings.Repeat("长", 257),
		"keyword=a,index=1", "keyword", "hit=1,keyword=a",
		"edge,group=1", "edge,group=1001", "edge,group=x", "edge,group", "edge,side=top", "edge,date", "edge,hit=1",
		"page=1,x=1mm,y=1mm,date=2026-13-01", "page=1,x=1mm,y=1mm,date=today", "page=1,x=1mm,y=1mm,date-at=right",
		"page=1,x=1mm,y=1mm,date,date-at=above", "page=1,x=1mm,y=1mm,date,date-size=1mm", "page=1,x=1mm,y=1mm,date,date-size=0mm",
		"page=1,x=1mm,y=1mm,date,date", "page=1,x=1mm,y=1mm,date,date-at",
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
		"page=3,x=120mm,y=60mm", "page=last,x=1.5cm,y=10pt", "keyword=采购人（盖章）,hit=-2,dx=1mm", "edge,y=5mm,group=3,side=left",
		"pages=1-5,8,last,x=1mm,y=2mm,date=2026年11月25日,date-at=right,date-size=5mm", `keyword="a""b,c",hit=all,pages=odd,even`, "keyword=\"", "date",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		p, err := seal.ParsePlace(text)
		if err != nil {
			return
		}
		again, err := seal.ParsePlace(p.String())
		if err != nil || !reflect.DeepEqual(again, p) {
			t.Fatalf("%q was read as %+v and printed as %q, which reads as %+v, %v", text, p, p, again, err)
		}
		p.Pages.Of(7)
		p.Hits.Of(0)
	})
}

func TestRanges(t *testing.T) {
	for _, c := range []struct {
		text    string
		n       int
		want    []int
		missing int
	}{
		{"1", 4, []int{1}, 0}, {"4", 4, []int{4}, 0}, {"5", 4, nil, 5}, {"-1", 4, []int{4}, 0}, {"-4", 4, []int{1}, 0}, {"-5", 4, nil, -5},
		{"1", 0, nil, 1}, {"last", 0, nil, -1}, {"all", 3, []int{1, 2, 3}, 0}, {"all", 0, nil, 1},
		{"odd", 5, []int{1, 3, 5}, 0}, {"even", 5, []int{2, 4}, 0}, {"even", 1, nil, 2}, {"odd", 1, []int{1}, 0},
		{"1-3,2-4,last", 5, []int{1, 2, 3, 4, 5}, 0}, {"3-last", 2, nil, 3}, {"2-9", 5, nil, 9}, {"2--2", 5, []int{2, 3, 4}, 0}, {"4--3", 5, nil, -3},
		{"last,1", 3, []int{1, 3}, 0}, {"even,9", 1, nil, 9},
	} {
		p, err := seal.ParsePlace("pages=" + c.text + ",x=1mm,y=1mm")
		if err != nil {
			t.Errorf("%s: %v", c.text, err)
			continue
		}
		got, missing := p.Pages.Of(c.n)
		if !slices.Equal(got, c.want) || missing != c.missing {
			t.Errorf("%s of %d: %v, missing %d; want %v, %d", c.text, c.n, got, missing, c.want, c.missing)
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

func TestSlicesCoverThePicture(t *testing.T) {
	whole := small(t)
	for _, n := range []int{1, 2, 3, 7, 64} {
		x := 0
		for i := range n {
			m := seal.Slice(whole, [2]float64{float64(i) / float64(n), float64(i+1) / float64(n)})
			if m.Bounds().Min.X != x || m.Bounds().Dy() != whole.Rect.Dy() {
				t.Fatalf("n=%d: slice %d is %v", n, i, m.Bounds())
			}
			x = m.Bounds().Max.X
		}
		if x != whole.Rect.Dx() {
			t.Errorf("n=%d: the slices end at %d", n, x)
		}
	}
	for i := range 1000 {
		if m := seal.Slice(whole, [2]float64{float64(i) / 1000, float64(i+1) / 1000}); m.Bounds().Empty() || !m.Bounds().In(whole.Rect) {
			t.Fatalf("slice %d of a thousand: %v", i, m.Bounds())
		}
	}
}

// The day beside a seal is that in Beijing, wherever the computer is; one that is named stays itself.
func TestDayOfSigning(t *testing.T) {
	at := time.Date(2026, 11, 25, 12, 0, 0, 0, time.FixedZone("", -8*60*60))
	if got := (seal.Date{On: seal.SigningDay}).Text(at); got != "2026年11月26日" {
		t.Error(got)
	}
	if got := (seal.Date{On: "2026-11-24"}).Text(at); got != "2026年11月24日" {
		t.Error(got)
	}
}

func TestWriteDate(t *testing.T) {
	f, err := seal.ParseFont(assets.SerifDate())
	if err != nil {
		t.Fatal(err)
	}
	s, err := seal.WriteDate(f, "2026年11月25日", 5)
	if err != nil {
		t.Fatal(err)
	}
	if math.Abs(s.HeightMM-5) > 0.1 || s.WidthMM < 33 || s.WidthMM > 40 || math.Abs(float64(s.Image.Rect.Dx())/s.WidthMM*25.4-600) > 1 {
		t.Errorf("%.2f by %.2f mm, %v", s.WidthMM, s.HeightMM, s.Image.Rect)
	}
	inked := 0
	for i := 3; i < len(s.Image.Pix); i += 4 {
		if s.Image.Pix[i] > 128 {
			inked++
		}
		if s.Image.Pix[i-3] != 0 {
			t.Fatal("it is not black")
		}
	}
	if share := float64(inked) / float64(len(s.Image.Pix)/4); share < 0.05 || share > 0.4 {
		t.Errorf("%.2f of it is ink", share)
	}
	var missing *seal.MissingGlyphError
	if _, err := seal.WriteDate(f, "明天", 5); !errors.As(err, &missing) {
		t.Errorf("%v", err)
	}
	if _, err := seal.WriteDate(f, "", 5); err == nil {
		t.Error("nothing was written")
	}
}
