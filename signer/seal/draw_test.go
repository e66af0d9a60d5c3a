package seal_test

import (
	"errors"
	"image"
	"image/png"
	"math"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"sealdesk/assets"
	"sealdesk/signer/seal"
)

var sealFont = sync.OnceValues(func() (*seal.Font, error) { return seal.ParseFont(assets.SerifBold()) })

func font(t testing.TB) *seal.Font {
	t.Helper()
	f, err := sealFont()
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func face(t testing.TB, s seal.Style, px int) *image.NRGBA {
	t.Helper()
	m, err := seal.Draw(font(t), s, px)
	if err != nil {
		t.Fatal(err)
	}
	if dir := os.Getenv("SEAL_PICTURES"); dir != "" { // to look at what the tests judge
		f, err := os.Create(filepath.Join(dir, string(s.Form)+s.Name+s.Ending+".png"))
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		if err := png.Encode(f, m); err != nil {
			t.Fatal(err)
		}
	}
	return m
}

var names = []string{
	"县医院",
	"云溪县教育局",
	"华东医疗器械有限公司",
	"杭州云溪医疗器械科技有限公司",
	"浙江省云溪县公共资源交易中心（政府采购中心）",
	"中国（浙江）自由贸易试验区国际医疗器械供应链管理股份有限公司",
}

// A region is a part of the face in polar coordinates: millimetres from the
// centre and degrees clockwise from the top.
type region struct{ r0, r1, a0, a1 float64 }

// ink returns the share of the region that is covered, from samples every tenth
// of a millimetre and every half degree.
func ink(m *image.NRGBA, g region) float64 {
	scale := float64(m.Rect.Dx()) / 2 / 21
	centre := float64(m.Rect.Dx()) / 2
	sum, n := 0.0, 0.0
	for a := g.a0 + 0.25; a < g.a1; a += 0.5 {
		sin, cos := math.Sincos(a * math.Pi / 180)
		for r := g.r0; r <= g.r1; r += 0.1 {
			x, y := int(centre+r*sin*scale), int(centre-r*cos*scale)
			if (image.Point{X: x, Y: y}).In(m.Rect) {
				sum += float64(m.Pix[y*m.Stride+4*x+3]) / 255 * r // a sample further out stands for more area
				n += r
			}
		}
	}
	return sum / n
}

func TestDrawFace(t *testing.T) {
	for _, name := range names {
		m := face(t, seal.Style{Name: name, Bottom: "合同专用章", Number: "3301270012345"}, 496)
		for _, c := range []struct {
			what     string
			region   region
			min, max float64
		}{
			{"the ring", region{19.95, 20.85, 0, 360}, 0.999, 1},
			{"outside the ring", region{21.15, 40, 0, 360}, 0, 0.0001},
			{"the air inside the ring", region{19.05, 19.6, 0, 360}, 0, 0.01},
			{"the star's heart", region{0.1, 2.5, 0, 360}, 0.999, 1},
			{"the star's upper point", region{5, 6, 358, 360}, 0.5, 1},
			{"the air between star and name", region{7.3, 11.9, 270, 360}, 0, 0.02},
			{"the number", region{17.0, 19.0, 150, 210}, 0.15, 0.6},
			{"the air round the number", region{15.4, 16.9, 170, 190}, 0, 0.01},
			{"the line below", region{9.5, 12.5, 165, 195}, 0.2, 0.7},
			{"the name at the top", region{12.5, 18.4, 330, 390}, 0.08, 0.7},
		} {
			if got := ink(m, c.region); got < c.min || got > c.max {
				t.Errorf("%s: %s has coverage %.3f, want %g to %g", name, c.what, got, c.min, c.max)
			}
		}
	}
}

func TestDrawIsBalanced(t *testing.T) {
	for _, name := range names {
		m := face(t, seal.Style{Name: name}, 496)
		// The axis of symmetry: the name reaches as far down on both sides.
		left, right := reach(m, -1), reach(m, 1)
		if math.Abs(left-right) > 7 {
			t.Errorf("%s reaches down to %.0f° on the left and %.0f° on the right", name, left, right)
		}
	}
	short := reach(face(t, seal.Style{Name: names[1]}, 496), 1)
	long := reach(face(t, seal.Style{Name: names[5]}, 496), 1)
	if short > 105 || long < 130 {
		t.Errorf("a short name ends at %.0f° and a long one at %.0f°", short, long)
	}
}

// reach returns the angle from the top at which the name's ink ends on one side.
func reach(m *image.NRGBA, side float64) float64 {
	for a := 179.0; a > 0; a-- {
		angle := a
		if side < 0 {
			angle = 360 - a
		}
		if ink(m, region{12.6, 18.4, angle - 0.5, angle + 0.5}) > 0.02 {
			return a
		}
	}
	return 0
}

func TestDrawRingIsRound(t *testing.T) {
	m := face(t, seal.Style{Name: names[2]}, 300)
	for a := range 72 {
		if got := ink(m, region{19.9, 20.9, float64(5 * a), float64(5*a + 5)}); got < 0.995 {
			t.Errorf("the ring is only %.3f covered at %d°", got, 5*a)
		}
	}
}

func TestDrawColour(t *testing.T) {
	m := face(t, seal.Style{Name: names[2]}, 128)
	full := 0
	for i := 0; i < len(m.Pix); i += 4 {
		switch m.Pix[i+3] {
		case 0:
			continue
		case 255:
			full++
		}
		if m.Pix[i] != seal.Red.R || m.Pix[i+1] != seal.Red.G || m.Pix[i+2] != seal.Red.B {
			t.Fatalf("pixel %d has colour %v", i/4, m.Pix[i:i+3])
		}
	}
	if full < 1500 {
		t.Errorf("only %d pixels are fully covered", full)
	}
}

func TestDrawErrors(t *testing.T) {
	for _, c := range []struct {
		what  string
		style seal.Style
		px    int
		code  string
	}{
		{"no name", seal.Style{}, 200, "seal.bad_name"},
		{"white space only", seal.Style{Name: " \u3000\n"}, 200, "seal.bad_name"},
		{"name of one character", seal.Style{Name: "章"}, 200, "seal.bad_name"},
		{"endless name", seal.Style{Name: strings.Repeat("长", 41)}, 200, "seal.bad_name"},
		{"endless line", seal.Style{Name: "某某公司", Bottom: strings.Repeat("章", 11)}, 200, "seal.bad_bottom"},
		{"endless number", seal.Style{Name: "某某公司", Number: strings.Repeat("1", 19)}, 200, "seal.bad_number"},
		{"too many pixels", seal.Style{Name: "某某公司"}, seal.MaxPixels + 1, "seal.bad_pixels"},
		{"too few pixels", seal.Style{Name: "某某公司"}, 31, "seal.bad_pixels"},
		{"plate-sized", seal.Style{Name: "某某公司", SizeMM: 250}, 200, "seal.bad_size"},
		{"not a number", seal.Style{Name: "某某公司", SizeMM: math.NaN()}, 200, "seal.bad_size"},
		{"a form of one's own", seal.Style{Form: "heart", Name: "某某公司"}, 200, "seal.bad_form"},
		{"no taxpayer's number", seal.Style{Form: seal.Invoice, Name: "某某公司"}, 200, "seal.bad_tax_id"},
		{"words for a number", seal.Style{Form: seal.Invoice, Name: "某某公司", TaxID: "纳税人识别号"}, 200, "seal.bad_tax_id"},
		{"a family's seal", seal.Style{Form: seal.Personal, Name: strings.Repeat("王", 13)}, 200, "seal.bad_name"},
		{"an endless ending", seal.Style{Form: seal.Personal, Name: "王", Ending: "之印章"}, 200, "seal.bad_ending"},
		{"rune without glyph", seal.Style{Name: "某🀄公司"}, 200, "seal.missing_glyph"},
		{"rune without glyph below", seal.Style{Name: "某某公司", Bottom: "🀄"}, 200, "seal.missing_glyph"},
	} {
		_, err := seal.Draw(font(t), c.style, c.px)
		var coded interface{ Code() string }
		if !errors.As(err, &coded) || coded.Code() != c.code {
			t.Errorf("%s: error %v, want %s", c.what, err, c.code)
		}
	}
	_, err := seal.Draw(font(t), seal.Style{Name: "某🀄公司"}, 200)
	var missing *seal.MissingGlyphError
	if !errors.As(err, &missing) || missing.Rune != '🀄' {
		t.Errorf("error %v does not name the character", err)
	}
	if got := string(font(t).Missing("某🀄公司")); got != "🀄" {
		t.Errorf("Missing = %q", got)
	}
}

func TestDrawEveryLength(t *testing.T) {
	for n := 2; n <= seal.MaxNameRunes; n++ {
		name := strings.Repeat("政府采购中心", 7)
		name = string([]rune(name)[:n])
		m := face(t, seal.Style{Name: name, Bottom: "合同专用章", Number: "3301270012345"}, 200)
		if got := ink(m, region{19.1, 19.5, 0, 360}); got > 0.02 {
			t.Errorf("%d characters touch the ring: %.3f", n, got)
		}
		// No character may run into the line below, whose ends are here.
		if got := ink(m, region{12.2, 12.4, 150, 210}); got > 0.5 {
			t.Errorf("%d characters run into the line below: %.3f", n, got)
		}
	}
}

func TestMakeSizes(t *testing.T) {
	s, err := seal.Make(font(t), seal.Style{Name: names[2], Bottom: "合同专用章"}, 600)
	if err != nil {
		t.Fatal(err)
	}
	if s.Image.Rect.Dx() != 992 || s.WidthMM != 42 || s.HeightMM != 42 || s.Name != "华东医疗器械有限公司 合同专用章" {
		t.Errorf("got %q, %v px, %g × %g mm", s.Name, s.Image.Rect, s.WidthMM, s.HeightMM)
	}
	if _, err := seal.Make(font(t), seal.Style{Name: names[2]}, math.Inf(1)); err == nil {
		t.Error("an endless resolution was accepted")
	}
}

func TestParseFontRefusesRubbish(t *testing.T) {
	if _, err := seal.ParseFont([]byte("no font")); err == nil {
		t.Error("rubbish was accepted as a font")
	}
}

func BenchmarkDraw600dpi(b *testing.B) {
	f := font(b)
	for b.Loop() {
		if _, err := seal.Draw(f, seal.Style{Name: names[3], Bottom: "合同专用章", Number: "3301270012345"}, 992); err != nil {
			b.Fatal(err)
		}
	}
}
