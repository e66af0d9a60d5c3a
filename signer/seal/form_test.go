package seal_test

import (
	"bytes"
	"errors"
	"flag"
	"image"
	"image/png"
	"math"
	"os"
	"path/filepath"
	"testing"
	"unicode/utf8"

	"sealdesk/signer/seal"
)

var update = flag.Bool("update", false, "write the kept pictures anew")

// styles are one seal of each kind that the tests look at.
var styles = map[string]seal.Style{
	"company":       {Form: seal.Company, Name: "华东医疗器械有限公司", Number: "3301270012345"},
	"contract":      {Form: seal.Contract, Name: "浙江省云溪县公共资源交易中心（政府采购中心）", Bottom: "合同专用章", Number: "3301270012345"},
	"finance":       {Form: seal.Finance, Name: "云溪县教育局", Bottom: "财务专用章"},
	"long":          {Form: seal.Contract, Name: "新疆维吾尔自治区伊犁哈萨克自治州察布查尔锡伯自治县人民医院医用耗材采购中心", Bottom: "合同专用章(1)", Number: "3301270012345"},
	"invoice":       {Form: seal.Invoice, Name: "杭州云溪医疗器械科技有限公司", TaxID: "91330127MA2B1C2D3E", Bottom: "发票专用章", Number: "(1)"},
	"name-relief":   {Form: seal.Personal, Name: "王小明", Ending: "印"},
	"name-white":    {Form: seal.Personal, Name: "张堃", Ending: "之印", Intaglio: true},
	"name-low":      {Form: seal.Personal, Name: "陈一", SizeMM: 18},
	"name-compound": {Form: seal.Personal, Name: "欧阳靖宇", SizeMM: 22, Intaglio: true},
	"name-long":     {Form: seal.Personal, Name: "阿卜杜拉买买提", Ending: "印"},
}

// keptDPI is low, so that the kept pictures are small.
const keptDPI = 100

func TestFacesAreAsKept(t *testing.T) {
	for name, style := range styles {
		t.Run(name, func(t *testing.T) {
			s, err := seal.Make(font(t), style, keptDPI)
			if err != nil {
				t.Fatal(err)
			}
			path := filepath.Join("testdata", name+".png")
			if *update {
				if err := os.WriteFile(path, encode(t, s.Image), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			data, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			kept, err := png.Decode(bytes.NewReader(data))
			if err != nil {
				t.Fatal(err)
			}
			if d := distance(s.Image, kept); d > alike {
				t.Errorf("it differs from %s by %.1f in one place", path, d)
			}
		})
	}
}

// alike is the distance up to which two faces are the same: rounding of anti-aliased edges.
const alike = 4

// distance compares two faces by the ink of patches of 6 × 6 pixels, and gives the largest difference of their means, 0 to 255.
func distance(a, b image.Image) float64 {
	if a.Bounds() != b.Bounds() {
		return 255
	}
	const patch = 6
	worst := 0.0
	for y := 0; y < a.Bounds().Dy(); y += patch {
		for x := 0; x < a.Bounds().Dx(); x += patch {
			sum := 0.0
			for dy := range patch {
				for dx := range patch {
					_, _, _, p := a.At(x+dx, y+dy).RGBA()
					_, _, _, q := b.At(x+dx, y+dy).RGBA()
					sum += (float64(p) - float64(q)) / 257
				}
			}
			worst = max(worst, math.Abs(sum)/(patch*patch))
		}
	}
	return worst
}

// What the kept pictures are compared by sees a star that was moved by half a millimetre, or one that lacks a point.
func TestAMovedStarIsSeen(t *testing.T) {
	s, err := seal.Make(font(t), styles["company"], keptDPI)
	if err != nil {
		t.Fatal(err)
	}
	pxPerMM := float64(s.Image.Rect.Dx()) / s.WidthMM
	centre := s.Image.Rect.Dx() / 2
	reach := int(7.5 * pxPerMM)
	star := image.Rect(centre-reach, centre-reach, centre+reach, centre+reach)
	moved, bare := clone(s.Image), clone(s.Image)
	shift := int(math.Round(0.5 * pxPerMM))
	for y := star.Min.Y; y < star.Max.Y; y++ {
		for x := star.Min.X; x < star.Max.X; x++ {
			moved.SetNRGBA(x, y, s.Image.NRGBAAt(x-shift, y))
			if y < centre-reach/2 {
				bare.SetNRGBA(x, y, s.Image.NRGBAAt(0, 0))
			}
		}
	}
	for what, m := range map[string]*image.NRGBA{"moved": moved, "without a point": bare} {
		if d := distance(s.Image, m); d <= 4*alike {
			t.Errorf("a star %s counts as the same: %.1f", what, d)
		}
	}
	if d := distance(s.Image, clone(s.Image)); d != 0 {
		t.Errorf("a face differs from itself by %g", d)
	}
}

func clone(m *image.NRGBA) *image.NRGBA {
	c := *m
	c.Pix = bytes.Clone(m.Pix)
	return &c
}

// A seal is as large as it says: its ink reaches from edge to edge, so the picture's millimetres are the seal's.
func TestTrueSize(t *testing.T) {
	for name, style := range styles {
		for _, dpi := range []float64{150, 300, 600} {
			s, err := seal.Make(font(t), style, dpi)
			if err != nil {
				t.Fatal(name, err)
			}
			if s.WidthMM != style.Width() || s.HeightMM != style.Height() {
				t.Errorf("%s: %g × %g mm", name, s.WidthMM, s.HeightMM)
			}
			b := s.Image.Rect
			if got, want := float64(b.Dx()), s.WidthMM/25.4*dpi; math.Abs(got-want) > 0.51 {
				t.Errorf("%s at %g dpi: %g pixels wide, want %g", name, dpi, got, want)
			}
			if got, want := float64(b.Dy()), s.HeightMM/25.4*dpi; math.Abs(got-want) > 0.51 {
				t.Errorf("%s at %g dpi: %g pixels high, want %g", name, dpi, got, want)
			}
			middle := func(x, y int) uint8 { return s.Image.NRGBAAt(x, y).A }
			for edge, a := range map[string]uint8{
				"left": middle(1, b.Dy()/2), "right": middle(b.Dx()-2, b.Dy()/2), "top": middle(b.Dx()/2, 1), "bottom": middle(b.Dx()/2, b.Dy()-2),
			} {
				if a < 200 {
					t.Errorf("%s at %g dpi: the %s edge has ink %d", name, dpi, edge, a)
				}
			}
		}
	}
}

// The invoice seal has the measures of the announcement, within a tenth of a millimetre.
func TestInvoiceMeasures(t *testing.T) {
	m := face(t, styles["invoice"], 1600) // 40 pixels a millimetre
	rows := func(from, to float64, x0, x1 float64) (top, bottom float64) {
		top = math.Inf(1)
		for y := int(from * 40); y < int(to*40); y++ {
			for x := int(x0 * 40); x < int(x1*40); x++ {
				if m.NRGBAAt(x, y).A > 128 {
					top, bottom = min(top, float64(y)/40), max(bottom, float64(y+1)/40)
				}
			}
		}
		return top, bottom
	}
	// From the top: the number from 15 - 3.7/2, the line from 15 + 4.2, the seal's own number from 15 + 10.
	for _, c := range []struct {
		what             string
		from, to, x0, x1 float64
		top, bottom      float64
	}{
		{"the taxpayer's number", 12.5, 17.5, 8, 32, 15 - 1.85, 15 + 1.85},
		{"the seal's own number", 24.3, 28.5, 19.5, 20.5, 25, 25 + 2.2},
	} {
		top, bottom := rows(c.from, c.to, c.x0, c.x1)
		if math.Abs(top-c.top) > 0.11 || math.Abs(bottom-c.bottom) > 0.11 { // round digits reach a little over straight ones
			t.Errorf("%s reaches from %.2f to %.2f mm, want %.2f to %.2f", c.what, top, bottom, c.top, c.bottom)
		}
	}
	if top, bottom := rows(18.5, 24.3, 12, 28); top < 19.2 || top > 19.8 || bottom > 23.9 {
		t.Errorf("the line reaches from %.2f to %.2f mm", top, bottom)
	}
	edge := 0
	for x := 0; x < 80 && m.NRGBAAt(x, 600).A > 128; x++ {
		edge++
	}
	if edge != 40 {
		t.Errorf("the edge is %d/40 mm wide", edge)
	}
}

// Characters stand in columns from right to left: the first one's ink is in the upper right.
func TestNameSealReadsFromTheRight(t *testing.T) {
	m := face(t, seal.Style{Form: seal.Personal, Name: "一鑫鑫鑫"}, 400)
	ink := func(r image.Rectangle) (sum int) {
		for y := r.Min.Y; y < r.Max.Y; y++ {
			for x := r.Min.X; x < r.Max.X; x++ {
				sum += int(m.NRGBAAt(x, y).A)
			}
		}
		return sum / r.Dx() / r.Dy()
	}
	upperRight, upperLeft := ink(image.Rect(205, 40, 365, 195)), ink(image.Rect(35, 40, 195, 195))
	if upperRight*3 > upperLeft {
		t.Errorf("一 is not in the upper right: ink %d there, %d in the upper left", upperRight, upperLeft)
	}
}

// Relief and intaglio are each other's negative inside of the frame.
func TestIntaglioIsTheNegative(t *testing.T) {
	style := seal.Style{Form: seal.Personal, Name: "王小明", Ending: "印"}
	relief := face(t, style, 300)
	style.Intaglio = true
	white := face(t, style, 300)
	for y := 30; y < 270; y++ {
		for x := 30; x < 270; x++ {
			if a, b := int(relief.NRGBAAt(x, y).A), int(white.NRGBAAt(x, y).A); a+b < 252 || a+b > 257 {
				t.Fatalf("at %d,%d: ink %d and %d", x, y, a, b)
			}
		}
	}
}

func TestEndingFillsTheSquare(t *testing.T) {
	for name, want := range map[string]string{"张堃": "之印", "王小明": "印", "欧阳靖宇": "", "王": ""} {
		if got := seal.EndingFor(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
}

// Every form draws at every usual size and every length of its name.
func TestFormsDrawEveryLength(t *testing.T) {
	for _, form := range seal.Forms() {
		for _, size := range form.Sizes() {
			for n := 2; n <= seal.MaxNameRunes; n += 3 {
				name := "云溪县政府采购中心新疆维吾尔自治区伊犁哈萨克自治州察布查尔锡伯自治县医院"
				for utf8.RuneCountInString(name) < n {
					name += name
				}
				style := seal.Style{Form: form, Name: string([]rune(name)[:n]), Bottom: form.Bottom(), SizeMM: size}
				if form == seal.Invoice {
					style.TaxID = "91330127MA2B1C2D3E"
				}
				var bad *seal.StyleError
				if err := style.Check(); errors.As(err, &bad) && bad.Field == "name" && n > int(bad.Max) {
					break // a form may have room for fewer
				}
				if _, err := seal.Make(font(t), style, 100); err != nil {
					t.Errorf("%s of %g mm with %d characters: %v", form, size, n, err)
				}
			}
		}
	}
}
