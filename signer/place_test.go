package signer_test

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"sealdesk/assets"
	"sealdesk/signer"
	"sealdesk/signer/cms/cmstest"
	"sealdesk/signer/pdf"
	"sealdesk/signer/pdf/pdftest"
	"sealdesk/signer/preview"
	"sealdesk/signer/preview/previewtest"
	"sealdesk/signer/seal"
	"sealdesk/signer/verify"
)

var update = flag.Bool("update", false, "keep the pictures that are drawn now")

// words are where a document has the words that are looked for, whatever they are.
type words preview.Found

func (w words) Find(context.Context, string) (preview.Found, error) { return preview.Found(w), nil }

// A sheet is a page as a scanner, a drawing program or a copier may make it.
type sheet struct {
	name      string
	media     pdf.Rect
	crop      pdf.Rect // none when zero
	rotate    int
	unit      float64 // 0: not given
	wide, hig float64 // as displayed, in mm
}

const a4w, a4h = 595.2756, 841.8898 // 210 by 297 mm in points

var sheets = []sheet{
	{"A4", pdf.Rect{0, 0, a4w, a4h}, pdf.Rect{}, 0, 0, 210, 297},
	{"A4, turned by 90", pdf.Rect{0, 0, a4w, a4h}, pdf.Rect{}, 90, 0, 297, 210},
	{"A4, turned by 180", pdf.Rect{0, 0, a4w, a4h}, pdf.Rect{}, 180, 0, 210, 297},
	{"A4, turned by 270", pdf.Rect{0, 0, a4w, a4h}, pdf.Rect{}, 270, 0, 297, 210},
	{"cropped", pdf.Rect{-100, -200, 900, 1000}, pdf.Rect{50, 60, 50 + a4w, 60 + a4h}, 0, 0, 210, 297},
	{"cropped and turned", pdf.Rect{-100, -200, 900, 1000}, pdf.Rect{-50, 60, -50 + a4w, 60 + a4h}, 270, 0, 297, 210},
	{"A3 across", pdf.Rect{0, 0, 2 * a4h / math.Sqrt2, a4h}, pdf.Rect{}, 0, 0, 2 * 297 / math.Sqrt2, 297},
	{"large unit", pdf.Rect{10, 20, 10 + a4w/2, 20 + a4h/2}, pdf.Rect{}, 0, 2, 210, 297},
	{"small unit, cropped and turned", pdf.Rect{0, 0, 3000, 3000}, pdf.Rect{100, 200, 100 + 2*a4w, 200 + 2*a4h}, 90, 0.5, 297, 210},
}

// bound makes a document of sheets, all blank.
func bound(sheets []sheet) []byte {
	array := func(r pdf.Rect) pdf.Array {
		return pdf.Array{pdf.Real(r[0]), pdf.Real(r[1]), pdf.Real(r[2]), pdf.Real(r[3])}
	}
	b := &pdftest.Builder{}
	root, tree := b.Reserve(), b.Reserve()
	kids := pdf.Array{}
	for _, s := range sheets {
		page := pdf.Dict{"Type": pdf.Name("Page"), "Parent": tree, "MediaBox": array(s.media), "Resources": pdf.Dict{}}
		if s.crop != (pdf.Rect{}) {
			page["CropBox"] = array(s.crop)
		}
		if s.rotate != 0 {
			page["Rotate"] = pdf.Integer(s.rotate)
		}
		if s.unit != 0 {
			page["UserUnit"] = pdf.Real(s.unit)
		}
		kids = append(kids, b.Add(page))
	}
	b.Set(tree, pdf.Dict{"Type": pdf.Name("Pages"), "Kids": kids, "Count": pdf.Integer(len(kids))})
	b.Set(root, pdf.Dict{"Type": pdf.Name("Catalog"), "Pages": tree})
	return b.Bytes(pdf.Table, root)
}

// corner is a red seal whose upper left quarter is blue, so that a turned one is found out.
func corner() *seal.Seal {
	m := image.NewNRGBA(image.Rect(0, 0, 84, 60))
	draw.Draw(m, m.Rect, image.NewUniform(color.NRGBA{0xff, 0, 0, 0xff}), image.Point{}, draw.Src)
	draw.Draw(m, image.Rect(0, 0, 42, 30), image.NewUniform(color.NRGBA{0, 0, 0xff, 0xff}), image.Point{}, draw.Src)
	return &seal.Seal{Name: "测试", Image: m, WidthMM: 42, HeightMM: 30}
}

// renderer is started once: compiling the engine takes seconds.
var renderer = sync.OnceValue(func() *preview.Renderer {
	return preview.New(preview.Options{CacheDir: previewtest.Cache()})
})

func opened(t testing.TB, path string) *preview.Document {
	t.Helper()
	d, err := renderer().OpenFile(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = d.Close() })
	return d
}

// pdfium draws a page so many pixels wide.
func pdfium(t testing.TB, d *preview.Document, n, width int) image.Image {
	t.Helper()
	m, err := d.Render(t.Context(), n, width)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// poppler draws a page with its longer side so many pixels long.
func poppler(t testing.TB, path string, n, side int) image.Image {
	t.Helper()
	out := filepath.Join(t.TempDir(), "page")
	tool(t, "pdftoppm", "-png", "-cropbox", "-singlefile", "-f", strconv.Itoa(n), "-l", strconv.Itoa(n),
		"-scale-to", strconv.Itoa(side), path, out)
	f, err := os.Open(out + ".png")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	m, err := png.Decode(f)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// sealed signs a document with the places.
func sealed(t testing.TB, data []byte, s *seal.Seal, places ...string) signer.Result {
	t.Helper()
	f := newFixture(t, "ecdsa")
	if err := os.WriteFile(f.job.In, data, 0o600); err != nil {
		t.Fatal(err)
	}
	f.job.ExpectSHA256, f.job.Seal, f.job.Places = sum(data), s, nil
	f.job.DateFont = dateFont(t)
	for _, text := range places {
		f.job.Places = append(f.job.Places, place(t, text))
	}
	result, err := f.job.Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return result
}

func dateFont(t testing.TB) *seal.Font {
	t.Helper()
	font, err := seal.ParseFont(assets.SerifDate())
	if err != nil {
		t.Fatal(err)
	}
	return font
}

// stain is where pixels of one colour lie: their middle and their extent, in pixels.
type stain struct {
	x, y, w, h float64
	pixels     int
}

func find(m image.Image, is func(r, g, b uint8) bool) stain {
	var s stain
	x0, y0, x1, y1 := math.MaxInt, math.MaxInt, -1, -1
	p := plain(m)
	for y := p.Rect.Min.Y; y < p.Rect.Max.Y; y++ {
		for i, row := 0, line(p, y); i < len(row); i += 4 {
			if is(row[i], row[i+1], row[i+2]) {
				s.pixels++
				x := p.Rect.Min.X + i/4
				x0, y0, x1, y1 = min(x0, x), min(y0, y), max(x1, x), max(y1, y)
			}
		}
	}
	s.x, s.y = float64(x0+x1+1)/2, float64(y0+y1+1)/2
	s.w, s.h = float64(x1-x0+1), float64(y1-y0+1)
	return s
}

func coloured(r, g, b uint8) bool { return g < 128 && (r > 128 || b > 128) }
func blue(r, g, b uint8) bool     { return g < 128 && b > 128 && r < 128 }

// A seal lies at the same millimetres of the page as it is displayed, upright and at its true size, however the page is
// turned, cropped and measured, and whichever reader draws it.
func TestSealsLieWhereTheyWerePut(t *testing.T) {
	result := sealed(t, bound(sheets), corner(), "pages=all,x=50mm,y=80mm")
	doc := opened(t, result.Path)
	var kept []image.Image
	for i, s := range sheets {
		if w, h, err := doc.PageSize(t.Context(), i+1); err != nil || math.Abs(w/seal.PointsPerMM-s.wide) > 0.1 || math.Abs(h/seal.PointsPerMM-s.hig) > 0.1 {
			t.Errorf("%s: shown as %.1f by %.1f mm, %v", s.name, w/seal.PointsPerMM, h/seal.PointsPerMM, err)
		}
		const perMM = 4
		width := int(math.Round(s.wide * perMM))
		pictures := map[string]image.Image{"pdfium": pdfium(t, doc, i+1, width), "poppler": poppler(t, result.Path, i+1, int(math.Round(max(s.wide, s.hig)*perMM)))}
		for reader, m := range pictures {
			t.Run(s.name+" by "+reader, func(t *testing.T) {
				if high := float64(m.Bounds().Dy()) / perMM; math.Abs(high-s.hig) > 0.5 {
					t.Fatalf("the page is %.1f mm high, want %.1f", high, s.hig)
				}
				whole, quarter := find(m, coloured), find(m, blue)
				for _, c := range []struct {
					what      string
					got, want float64
				}{
					{"x", whole.x, 50}, {"y", whole.y, 80}, {"width", whole.w, 42}, {"height", whole.h, 30},
					{"x of the quarter", quarter.x, 50 - 10.5}, {"y of the quarter", quarter.y, 80 - 7.5},
				} {
					if mm := c.got / perMM; math.Abs(mm-c.want) > 0.4 {
						t.Errorf("%s: %.2f mm, want %.2f", c.what, mm, c.want)
					}
				}
			})
		}
		kept = append(kept, pdfium(t, doc, i+1, 90))
	}
	compareKept(t, "placed", kept)
}

// compareKept compares pictures, side by side, with the one that is kept.
func compareKept(t *testing.T, name string, pictures []image.Image) {
	t.Helper()
	width, height := 0, 0
	for _, m := range pictures {
		width += m.Bounds().Dx() + 4
		height = max(height, m.Bounds().Dy())
	}
	got := image.NewRGBA(image.Rect(0, 0, width, height))
	draw.Draw(got, got.Rect, image.NewUniform(color.Gray{0x80}), image.Point{}, draw.Src)
	x := 0
	for _, m := range pictures {
		draw.Draw(got, image.Rect(x, 0, x+m.Bounds().Dx(), m.Bounds().Dy()), m, m.Bounds().Min, draw.Src)
		x += m.Bounds().Dx() + 4
	}
	path := filepath.Join("testdata", name+".png")
	if *update {
		var b bytes.Buffer
		if err := png.Encode(&b, got); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, b.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	want, err := png.Decode(f)
	if err != nil {
		t.Fatal(err)
	}
	if want.Bounds() != got.Bounds() {
		t.Fatalf("%s is %v, now %v", path, want.Bounds(), got.Bounds())
	}
	if d := difference(got, want); d > 1 {
		failed := filepath.Join(os.TempDir(), "sealdesk-"+name+".png")
		if f, err := os.Create(failed); err == nil {
			_ = png.Encode(f, got)
			f.Close()
		}
		t.Errorf("%s: the pictures differ by %.2f of 255 on average; the new one is %s", path, d, failed)
	}
}

// difference is how far two pictures of a size lie apart: the mean over all channels, of 255.
func difference(a, b image.Image) float64 {
	total := 0
	p, q := plain(a), plain(b)
	for y := p.Rect.Min.Y; y < p.Rect.Max.Y; y++ {
		other := line(q, y)
		for i, v := range line(p, y) {
			if d := int(v) - int(other[i]); i%4 != 3 { // not how opaque they are
				total += max(d, -d)
			}
		}
	}
	return float64(total) / float64(3*p.Rect.Dx()*p.Rect.Dy())
}

// plain is a picture whose bytes can be read: asked for each of its colours, one of a page takes seconds under the race detector.
func plain(m image.Image) *image.RGBA {
	if p, ok := m.(*image.RGBA); ok {
		return p
	}
	p := image.NewRGBA(m.Bounds())
	draw.Draw(p, p.Rect, m, p.Rect.Min, draw.Src)
	return p
}

// line is the bytes of a row of pixels.
func line(m *image.RGBA, y int) []byte {
	return m.Pix[m.PixOffset(m.Rect.Min.X, y):][:4*m.Rect.Dx()]
}

// The strips of an edge seal, put side by side at print size, give back the seal.
func TestEdgeStripsJoinAgain(t *testing.T) {
	font, err := seal.ParseFont(assets.SerifBold())
	if err != nil {
		t.Fatal(err)
	}
	whole, err := seal.Make(font, seal.Style{Name: "云台县第一人民医院", Bottom: "合同专用章", Number: "4101000012345"}, 600)
	if err != nil {
		t.Fatal(err)
	}
	a4 := sheets[0]
	for _, c := range []struct {
		name   string
		sheets []sheet
		place  string
		groups []int
		left   bool
	}{
		{"three sheets", []sheet{a4, a4, a4}, "edge", []int{3}, false},
		{"seven, which do not divide the pixels", []sheet{a4, a4, a4, a4, a4, a4, a4}, "edge,y=100mm", []int{7}, false},
		{"every kind of sheet", sheets, "edge,y=80mm", []int{9}, false},
		{"the left edge", []sheet{a4, sheets[5], a4}, "edge,side=left,y=120mm", []int{3}, true},
		{"groups", []sheet{a4, a4, a4, a4, a4}, "edge,group=2", []int{2, 3}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			result := sealed(t, bound(c.sheets), &whole, c.place)
			doc := opened(t, result.Path)
			rule := place(t, c.place)
			from := 0
			for _, size := range c.groups {
				joined := join(t, doc, c.sheets[from:from+size], from, rule, c.left)
				want := shrunk(whole.Image, joined.Bounds().Dx())
				for i := range size {
					strip := image.Rect(i*want.Rect.Dx()/size, 0, (i+1)*want.Rect.Dx()/size, want.Rect.Dy())
					if d := difference(joined.SubImage(strip), want.SubImage(strip)); d > 8 {
						t.Errorf("strip %d from page %d on differs from the seal by %.2f of 255 on average", i+1, from+1, d)
						keep(t, joined)
					}
				}
				from += size
			}
		})
	}
}

func keep(t *testing.T, m image.Image) {
	path := filepath.Join(os.TempDir(), "sealdesk-joined.png")
	if f, err := os.Create(path); err == nil {
		_ = png.Encode(f, m)
		f.Close()
		t.Log("see " + path)
	}
}

// join prints the sheets and puts their strips side by side, 42 mm together.
func join(t *testing.T, doc *preview.Document, sheets []sheet, from int, rule seal.Place, left bool) *image.RGBA {
	const perMM = 300 / 25.4
	side := int(math.Round(42 * perMM))
	out := image.NewRGBA(image.Rect(0, 0, side, side))
	for i, s := range sheets {
		wide := int(math.Round(s.wide * perMM))
		page := plain(pdfium(t, doc, from+i+1, min(wide, preview.MaxSide)))
		perMM := float64(page.Bounds().Dx()) / s.wide
		y := rule.Y
		if y == 0 {
			y = s.hig / 2
		}
		at, strip := i, 42/float64(len(sheets))
		begin := s.wide - strip
		if left {
			at, begin = len(sheets)-1-i, 0
		}
		for px := range side {
			mm := (float64(px)+0.5)/float64(side)*42 - float64(at)*strip // within the strip
			if mm < 0 || mm >= strip {
				continue
			}
			for py := range side {
				out.SetRGBA(px, py, page.RGBAAt(int((begin+mm)*perMM), int((y-21+(float64(py)+0.5)/float64(side)*42)*perMM)))
			}
		}
	}
	return out
}

// shrunk is the picture on white paper, so many pixels wide, every pixel the mean of those it covers.
func shrunk(m *image.NRGBA, side int) *image.RGBA {
	out := image.NewRGBA(image.Rect(0, 0, side, side))
	at := func(i int) int { return i * m.Rect.Dx() / side }
	for y := range side {
		for x := range side {
			var sum [3]float64
			n := 0.0
			for v := at(y); v < max(at(y+1), at(y)+1); v++ {
				for u := at(x); u < max(at(x+1), at(x)+1); u++ {
					c := m.NRGBAAt(u, v)
					a := float64(c.A) / 255
					for k, v := range []uint8{c.R, c.G, c.B} {
						sum[k] += float64(v)*a + 255*(1-a)
					}
					n++
				}
			}
			out.SetRGBA(x, y, color.RGBA{uint8(sum[0] / n), uint8(sum[1] / n), uint8(sum[2] / n), 255})
		}
	}
	return out
}

// The date stands below the seal or at its right, dark and of the size that was asked for.
func TestTheDateStandsBesideTheSeal(t *testing.T) {
	a4 := sheets[0]
	turned := sheets[3]
	result := sealed(t, bound([]sheet{a4, turned, a4}), corner(),
		"pages=1-2,x=60mm,y=60mm,date=2026年11月25日", "page=3,x=60mm,y=60mm,date=2026-11-25,date-at=right,date-size=8mm")
	if n := len(result.Fields); n != 6 {
		t.Errorf("%d fields for three seals with their dates", n)
	}
	doc := opened(t, result.Path)
	dark := func(r, g, b uint8) bool { return r < 100 && g < 100 && b < 100 }
	for i, c := range []struct{ wide, x, y, high float64 }{
		{210, 60, 60 + 15 + 2 + seal.DefaultDateMM/2, seal.DefaultDateMM},
		{297, 60, 60 + 15 + 2 + seal.DefaultDateMM/2, seal.DefaultDateMM},
		{210, 60 + 21 + 2 + 8*7.35/2, 60, 8},
	} {
		const perMM = 6
		m := pdfium(t, doc, i+1, int(c.wide*perMM))
		s := find(m, dark)
		// Eleven characters, of which the three words are as wide as high and the figures about half.
		wide := c.high * (3 + 8*0.54)
		if math.Abs(s.x/perMM-c.x) > 1 || math.Abs(s.y/perMM-c.y) > c.high*0.15 || math.Abs(s.w/perMM-wide) > c.high*0.5 || s.h/perMM > c.high || s.h/perMM < c.high*0.7 {
			t.Errorf("page %d: the date lies at %.1f, %.1f mm, %.1f by %.1f", i+1, s.x/perMM, s.y/perMM, s.w/perMM, s.h/perMM)
		}
	}
	compareKept(t, "dated", []image.Image{pdfium(t, doc, 1, 160), pdfium(t, doc, 2, 160), pdfium(t, doc, 3, 160)})
}

func layout(t testing.TB, data []byte, before *verify.Report) *signer.Layout {
	t.Helper()
	file, err := pdf.Open(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	l, err := signer.ReadLayout(t.Context(), file, before)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func TestKeywordsChooseTheirHits(t *testing.T) {
	hit := func(page int, y float64) preview.Hit {
		return preview.Hit{Page: page, Rect: [4]float64{200, y - 10, 300, y + 10}, Text: "盖章"}
	}
	found := words{Hits: []preview.Hit{hit(1, 400), hit(1, 200), hit(2, 300), hit(3, 500)}}
	l := layout(t, pdftest.Document(pdftest.Options{Pages: 3}), nil)
	for _, c := range []struct {
		place string
		want  string // page:y in points from the bottom
		code  string
	}{
		{"keyword=盖章", "1:400", ""},
		{"keyword=盖章,hit=last", "3:500", ""},
		{"keyword=盖章,hit=all", "1:400 1:200 2:300 3:500", ""},
		{"keyword=盖章,hit=2-3", "1:200 2:300", ""},
		{"keyword=盖章,hit=all,pages=2-last", "2:300 3:500", ""},
		{"keyword=盖章,hit=1,pages=3", "3:500", ""},
		{"keyword=盖章,hit=all,dy=10mm", "1:372 1:172 2:272 3:472", ""},
		{"keyword=盖章,hit=5", "", "signer.hit_missing"},
		{"keyword=盖章,pages=4", "", "seal.no_such_page"},
		{"keyword=盖章,dx=-100mm", "", "seal.outside_page"},
	} {
		got, err := l.Locate(t.Context(), signer.Placing{Seal: *redSeal(), Places: []seal.Place{place(t, c.place)}, Find: found})
		if err == nil && len(got.Outside) > 0 {
			err, got = got.Outside[0].Err, signer.Located{}
		}
		var at []string
		for _, im := range got.Impressions {
			at = append(at, fmt.Sprintf("%d:%.0f", im.Page, 842-im.Y*seal.PointsPerMM))
		}
		if strings.Join(at, " ") != c.want || codeOf(err) != c.code {
			t.Errorf("%s: %q, %v; want %q %s", c.place, at, err, c.want, c.code)
		}
	}
}

// When words are not there, the likest are told.
func TestTheLikestWordsAreTold(t *testing.T) {
	l := layout(t, pdftest.Document(pdftest.Options{}), nil)
	near := words{Near: []preview.Hit{{Page: 1, Text: "采购人（公章）", Off: 1}}}
	_, err := l.Locate(t.Context(), signer.Placing{Seal: *redSeal(), Places: []seal.Place{place(t, "keyword=采购人（盖章）")}, Find: near})
	var e *signer.Error
	if !errors.As(err, &e) || e.Kind != signer.KeywordNotFound || e.Code() != "signer.keyword_near" {
		t.Fatal(err)
	}
	if p := e.Params(); p["near"] != "采购人（公章）" || p["words"] != "采购人（盖章）" || p["page"] != 1 {
		t.Errorf("%v", p)
	}
}

func TestEdgeSealsCoverAllPages(t *testing.T) {
	for _, c := range []struct {
		pages int
		place string
		seals []int // pages of each
		code  string
	}{
		{2, "edge,y=100mm", []int{2}, ""},
		{51, "edge", []int{51}, ""},
		{250, "edge", []int{83, 83, 84}, ""},
		{51, "edge,group=20", []int{20, 20, 11}, ""},
		{41, "edge,group=20", []int{20, 21}, ""},
		{5, "edge,group=2", []int{2, 3}, ""},
		{10, "edge,pages=2-last", []int{9}, ""},
		{3, "edge,pages=2", nil, "signer.edge_needs_pages"},
		{1, "edge", nil, "signer.edge_needs_pages"},
		{300, "edge,group=200", nil, "signer.edge_too_thin"},
		{3, "edge,y=10mm", nil, "seal.outside_page"},
	} {
		l := layout(t, pdftest.Document(pdftest.Options{Pages: c.pages}), nil)
		rule := place(t, c.place)
		got, err := l.Locate(t.Context(), signer.Placing{Seal: *redSeal(), Places: []seal.Place{rule}})
		if err == nil && len(got.Outside) > 0 {
			err = got.Outside[0].Err
		}
		if codeOf(err) != c.code {
			t.Errorf("%d pages, %s: %v", c.pages, c.place, err)
		}
		if c.code != "" {
			continue
		}
		var seals []int
		width, page := 0.0, 1
		if rule.Pages != nil {
			page = 2
		}
		for _, im := range got.Impressions {
			if im.Part[0] == 0 {
				seals = append(seals, 0)
			}
			seals[len(seals)-1]++
			right, _ := l.PageSize(im.Page)
			if im.Page != page || math.Abs(im.X+im.W/2-right) > 1e-9 {
				t.Errorf("%s: %+v on page %d", c.place, im.Box, page)
			}
			page++
			width += im.W
		}
		if !reflect.DeepEqual(seals, c.seals) || math.Abs(width-42*float64(len(c.seals))) > 1e-6 {
			t.Errorf("%d pages, %s: seals on %v pages, want %v, %.3f mm together", c.pages, c.place, seals, c.seals, width)
		}
	}
}

// A seal over another party's is not pressed unless a person said so, and then it is.
func TestASealOverAnothersIsToldFirst(t *testing.T) {
	f := newFixture(t, "ecdsa")
	first, err := f.job.Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	second := f.job
	other := cmstest.New(t, "ecdsa", cmstest.Options{Name: "供应商"})
	second.In, second.Out, second.ExpectSHA256 = first.Path, filepath.Join(f.dir, "2.pdf"), first.SHA256
	second.Key, second.Chain = &countingKey{Signer: other.Key}, other.Chain
	second.Places = []seal.Place{place(t, "page=2,x=80mm,y=100mm")}
	_, err = second.Run(t.Context())
	var e *signer.Error
	if !errors.As(err, &e) || e.Kind != signer.OverSeal || e.Page != 2 || e.Signer != first.Report.Signatures[0].Signer || e.Signer == "" {
		t.Fatalf("error %v", err)
	}
	if second.Key.(*countingKey).asked != 0 {
		t.Error("the key was asked")
	}
	beside := second
	beside.Out = filepath.Join(f.dir, "3.pdf")
	beside.Places = []seal.Place{place(t, "page=2,x=102mm,y=80mm"), place(t, "page=3,x=60mm,y=80mm")}
	if _, err := beside.Run(t.Context()); err != nil {
		t.Errorf("beside it: %v", err)
	}
	second.AllowOverlap = true
	if _, err := second.Run(t.Context()); err != nil {
		t.Errorf("allowed: %v", err)
	}
}

// So many seals on a page that the verifier would doubt the signature are not pressed; as many as it takes are.
func TestAPageIsNotCoveredWithSeals(t *testing.T) {
	f := newFixture(t, "ecdsa")
	spots := []string{"page=1,x=40mm,y=40mm", "page=1,x=90mm,y=40mm", "page=1,x=40mm,y=90mm", "page=1,x=90mm,y=90mm"}
	for n := 1; n <= len(spots); n++ {
		f.job.Places, f.job.Out = nil, filepath.Join(f.dir, strconv.Itoa(n)+".pdf")
		for _, at := range spots[:n] {
			f.job.Places = append(f.job.Places, place(t, at))
		}
		result, err := f.job.Run(t.Context())
		var e *signer.Error
		switch {
		case n < 4 && (err != nil || result.Report.Verdict != verify.Valid):
			t.Errorf("%d seals: %v", n, err)
		case n == 4 && (!errors.As(err, &e) || e.Kind != signer.TooMuch || e.Page != 1):
			t.Errorf("%d seals: %v", n, err)
		}
	}
}

// The date of the signature is the one on the page.
func TestTheDayOfSigningIsWritten(t *testing.T) {
	l := layout(t, pdftest.Document(pdftest.Options{}), nil)
	p := signer.Placing{Seal: *redSeal(), Places: []seal.Place{place(t, "page=1,x=60mm,y=60mm,date")},
		Day: time.Date(2026, 3, 7, 12, 0, 0, 0, time.UTC), DateFont: dateFont(t)}
	got, err := l.Locate(t.Context(), p)
	if err != nil {
		t.Fatal(err)
	}
	want, err := seal.WriteDate(dateFont(t), "2026年3月7日", seal.DefaultDateMM)
	if err != nil {
		t.Fatal(err)
	}
	if len(got.Impressions) != 2 || !got.Impressions[1].Date || !bytes.Equal(got.Impressions[1].Image.Pix, want.Image.Pix) {
		t.Errorf("%d impressions", len(got.Impressions))
	}
}

// Words are found, and sealed, where they stand on a page that is turned, cropped and measured in another unit.
func TestWordsAreSealedWhereTheyStand(t *testing.T) {
	for _, c := range []struct {
		name    string
		options pdftest.Options
	}{
		{"upright", pdftest.Options{}},
		{"turned by 90", pdftest.Options{Rotate: 90}},
		{"turned by 180", pdftest.Options{Rotate: 180}},
		{"turned by 270 and cropped", pdftest.Options{Rotate: 270, CropBox: pdf.Rect{20, 300, 500, 830}}},
		{"large unit", pdftest.Options{Page: pdf.Dict{"UserUnit": pdf.Real(1.5)}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := newFixture(t, "ecdsa")
			f.rewrite(t, pdftest.Document(c.options))
			before := opened(t, f.job.In)
			const width = 800
			dark := func(r, g, b uint8) bool { return r < 128 && g < 128 && b < 128 }
			ink := find(pdfium(t, before, 1, width), dark)
			f.job.Seal, f.job.Find = corner(), before
			f.job.Places = []seal.Place{place(t, "keyword=\"ｃｏｎｔｒａｃｔ,ＰＡＧＥ　1\",dx=5mm")}
			result, err := f.job.Run(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			wide, _, err := before.PageSize(t.Context(), 1)
			if err != nil {
				t.Fatal(err)
			}
			mm := wide / seal.PointsPerMM / width // of a pixel
			got := find(pdfium(t, opened(t, result.Path), 1, width), coloured)
			// The words' box is as high as the line, the ink is not.
			if math.Abs((got.x-ink.x)*mm-5) > 1.5 || math.Abs((got.y-ink.y)*mm) > 1.5 || math.Abs(got.w*mm-42) > 0.6 {
				t.Errorf("the seal lies %.1f, %.1f mm off the words and is %.1f mm wide", (got.x-ink.x)*mm, (got.y-ink.y)*mm, got.w*mm)
			}
		})
	}
}

// An edge seal over a whole contract is one signature with one picture.
func TestAnEdgeSealIsOneSignatureWithOnePicture(t *testing.T) {
	f := newFixture(t, "ecdsa")
	f.rewrite(t, pdftest.Document(pdftest.Options{Pages: 51}))
	f.job.Places = []seal.Place{place(t, "edge")}
	result, err := f.job.Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(result.Path)
	if err != nil {
		t.Fatal(err)
	}
	pictures := bytes.Count(data[len(f.input):], []byte("/Subtype/Image")) + bytes.Count(data[len(f.input):], []byte("/Subtype /Image"))
	if f.key.asked != 1 || len(result.Fields) != 51 || pictures != 2 {
		t.Errorf("the key was asked %d times for %d fields with %d pictures", f.key.asked, len(result.Fields), pictures)
	}
	t.Logf("%d bytes more", len(data)-len(f.input))
}
