package preview_test

import (
	"bytes"
	"context"
	"errors"
	"image"
	"image/color"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"sealdesk/signer/preview"
	"sealdesk/signer/preview/previewtest"
)

// shared is started once: compiling the engine takes seconds.
var shared *preview.Renderer

func TestMain(m *testing.M) {
	shared = preview.New(preview.Options{CacheDir: previewtest.Cache()})
	code := m.Run()
	shared.Close()
	os.Exit(code)
}

func open(t testing.TB, data []byte) *preview.Document {
	t.Helper()
	d, err := shared.OpenBytes(t.Context(), data)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close() })
	return d
}

func render(t testing.TB, d *preview.Document, page, width int) *image.RGBA {
	t.Helper()
	m, err := d.Render(t.Context(), page, width)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func near(a, b, tolerance float64) bool { return math.Abs(a-b) <= tolerance }

func TestRender(t *testing.T) {
	d := open(t, makePDF([]testPage{{}, {attrs: "/Rotate 90"}, {attrs: "/CropBox[50 60 350 460]"}, {attrs: "/CropBox[50 60 350 460]/Rotate 270"}}, ""))
	if d.Pages() != 4 || d.Secured() {
		t.Fatalf("%d pages, secured %t", d.Pages(), d.Secured())
	}
	for _, c := range []struct {
		page          int
		width, height float64
	}{{1, 595, 842}, {2, 842, 595}, {3, 300, 400}, {4, 400, 300}} {
		w, h, err := d.PageSize(t.Context(), c.page)
		if err != nil || w != c.width || h != c.height {
			t.Errorf("page %d measures %g × %g, %v", c.page, w, h, err)
		}
		g, err := d.Geometry(t.Context(), c.page)
		if err != nil {
			t.Fatal(err)
		}
		if gw, gh := g.Size(); gw != c.width || gh != c.height {
			t.Errorf("page %d: geometry says %g × %g", c.page, gw, gh)
		}
		m := render(t, d, c.page, int(w))
		if m.Rect != image.Rect(0, 0, int(w), int(h)) {
			t.Errorf("page %d: picture %v", c.page, m.Rect)
		}
		for i := 3; i < len(m.Pix); i += 4 {
			if m.Pix[i] != 0xFF {
				t.Fatalf("page %d is not opaque", c.page)
			}
		}
		// The grey square proves that geometry and picture agree.
		x, y, sw, sh := g.RectToScreen([4]float64{100, 100, 140, 140})
		if sw != 40 || sh != 40 {
			t.Errorf("page %d: the square measures %g × %g", c.page, sw, sh)
		}
		if back := g.RectToPage(x, y, sw, sh); back != [4]float64{100, 100, 140, 140} {
			t.Errorf("page %d: the square comes back as %v", c.page, back)
		}
		for _, p := range []struct {
			dx, dy float64
			grey   bool
		}{{2, 2, true}, {38, 38, true}, {2, 38, true}, {-3, 20, false}, {43, 20, false}, {20, -3, false}, {20, 43, false}} {
			if got := m.RGBAAt(int(x+p.dx), int(y+p.dy)); (got.R < 200) != p.grey {
				t.Errorf("page %d at %+g,%+g of the square: %v", c.page, p.dx, p.dy, got)
			}
		}
	}
}

func TestRenderBounds(t *testing.T) {
	d := open(t, makePDF([]testPage{{}, {attrs: "/MediaBox[0 0 10 14400]"}, {attrs: "/MediaBox[0 0 14400 1]"}}, ""))
	for _, c := range []struct{ page, width, wantW, wantH int }{
		{1, 100, 100, 142}, {1, 100000, 2894, 4096}, {1, -5, 1, 1}, {2, 4096, 3, 4096}, {3, 4096, 4096, 1},
	} {
		m := render(t, d, c.page, c.width)
		if m.Rect.Dx() != c.wantW || m.Rect.Dy() != c.wantH {
			t.Errorf("page %d at %d px: %v, want %d × %d", c.page, c.width, m.Rect, c.wantW, c.wantH)
		}
	}
	for _, n := range []int{0, -1, 4} {
		if _, err := d.Render(t.Context(), n, 100); !errors.Is(err, preview.ErrNoSuchPage) {
			t.Errorf("page %d: %v", n, err)
		}
	}
}

// sealed is a page with a signature's widget, whose appearance is a red square,
// and a text annotation that is not to be printed.
func sealed(bare bool) []byte {
	form := "<</Type/XObject/Subtype/Form/BBox[0 0 50 50]/Length 22>>\nstream\n1 0 0 rg 0 0 50 50 re f\nendstream"
	blue := strings.Replace(form, "1 0 0 rg", "0 0 1 rg", 1)
	return makePDF([]testPage{{lines: []string{"采购人（盖章）："}, annots: "100 0 R 102 0 R", bare: bare}, {lines: []string{"第二页"}, bare: bare}}, "",
		"<</Type/Annot/Subtype/Widget/FT/Sig/T(s)/F 132/Rect[300 300 350 350]/AP<</N 101 0 R>>>>", form,
		"<</Type/Annot/Subtype/Square/F 2/Rect[400 300 450 350]/AP<</N 103 0 R>>>>", blue)
}

func TestSealsAreShown(t *testing.T) {
	m := render(t, open(t, sealed(false)), 1, 595)
	if got := m.RGBAAt(325, 842-325); got != (color.RGBA{255, 0, 0, 255}) {
		t.Errorf("the seal has colour %v", got)
	}
	if got := m.RGBAAt(425, 842-325); got != (color.RGBA{255, 255, 255, 255}) {
		t.Errorf("the hidden annotation has colour %v", got)
	}
}

func TestFlatten(t *testing.T) {
	for _, bare := range []bool{false, true} {
		in := sealed(bare)
		before := bytes.Clone(in)
		out, err := shared.Flatten(t.Context(), in, nil)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(in, before) {
			t.Error("the input was changed")
		}
		if bytes.Contains(out, []byte("/Widget")) {
			t.Error("the widget is still there")
		}
		was, is := open(t, in), open(t, out)
		if is.Pages() != 2 {
			t.Fatalf("%d pages", is.Pages())
		}
		for page := 1; page <= 2; page++ {
			// Nothing of what was seen may have changed, the paper's size neither.
			if a, b := render(t, was, page, 595), render(t, is, page, 595); a.Rect != b.Rect || !bytes.Equal(a.Pix, b.Pix) {
				t.Errorf("inherited %t: page %d looks different", bare, page)
			}
			a, err1 := was.Text(t.Context(), page)
			b, err2 := is.Text(t.Context(), page)
			if err1 != nil || err2 != nil || a != b {
				t.Errorf("inherited %t: page %d reads %q, was %q, %v, %v", bare, page, b, a, err1, err2)
			}
		}
	}
}

func TestFind(t *testing.T) {
	d := open(t, makePDF([]testPage{
		{lines: []string{"第一条 标的", "采购人（盖章）：", "合同编号：ＺＣ-2026—001"}},
		{lines: []string{"中标单位 (盖章) :", "面积 120㎡"}, attrs: "/Rotate 90/CropBox[20 20 500 800]"},
		{lines: []string{"请在此处由采购人（盖", "章）"}},
	}, ""))
	for _, c := range []struct {
		words string
		page  int
		text  string
		rect  [4]float64
	}{
		{"采购人（盖章）", 1, "采购人（盖章）", [4]float64{72, 676, 156, 688}},
		{"采购人(盖章):", 1, "采购人（盖章）：", [4]float64{72, 676, 168, 688}},
		{"采 购 人\n【盖章】", 1, "采购人（盖章）", [4]float64{72, 676, 156, 688}},
		{"zc-2026-001", 1, "ＺＣ-2026—001", [4]float64{132, 652, 264, 664}},
		{"中标单位（盖章）：", 2, "中标单位 (盖章) :", [4]float64{72, 700, 204, 712}},
		{"120m2", 2, "120㎡", [4]float64{108, 676, 156, 688}},
	} {
		found, err := d.Find(t.Context(), c.words)
		if err != nil || len(found.Hits) == 0 {
			t.Errorf("%q: %+v, %v", c.words, found, err)
			continue
		}
		h := found.Hits[0]
		if h.Page != c.page || h.Text != c.text || h.Off != 0 || len(found.Near) != 0 {
			t.Errorf("%q: %+v", c.words, h)
		}
		for i := range h.Rect {
			if !near(h.Rect[i], c.rect[i], 4) {
				t.Errorf("%q stands at %.0f, want %.0f", c.words, h.Rect, c.rect)
				break
			}
		}
	}
	// Words that run over a line end are found, at their longer part.
	found, err := d.Find(t.Context(), "采购人（盖章）")
	if err != nil || len(found.Hits) != 2 || found.Hits[1].Page != 3 || !near(found.Hits[1].Rect[0], 132, 4) || !near(found.Hits[1].Rect[1], 700, 4) {
		t.Errorf("over a line end: %+v, %v", found, err)
	}
	for _, words := range []string{"", " \n", strings.Repeat("长", 65)} {
		if _, err := d.Find(t.Context(), words); !errors.Is(err, preview.ErrBadWords) {
			t.Errorf("%q: %v", words, err)
		}
	}
}

func TestFindNearest(t *testing.T) {
	d := open(t, makePDF([]testPage{{lines: []string{"第一条", "采购方（盖章）："}}, {lines: []string{"采购人盖章"}}, {lines: []string{"无关"}}}, ""))
	found, err := d.Find(t.Context(), "采购人（盖章）")
	if err != nil {
		t.Fatal(err)
	}
	if len(found.Hits) != 0 || len(found.Near) != 2 {
		t.Fatalf("found %+v", found)
	}
	if n := found.Near[0]; n.Page != 1 || n.Off != 1 || n.Text != "采购方（盖章）" || !near(n.Rect[1], 676, 4) {
		t.Errorf("nearest %+v", n)
	}
	if n := found.Near[1]; n.Page != 2 || n.Off != 2 || n.Text != "采购人盖章" {
		t.Errorf("second nearest %+v", n)
	}
	found, err = d.Find(t.Context(), "投标保证金收据")
	if err != nil || len(found.Hits)+len(found.Near) != 0 {
		t.Errorf("nothing alike was found: %+v, %v", found, err)
	}
}

func TestText(t *testing.T) {
	d := open(t, makePDF([]testPage{{lines: []string{"采购人：云溪县人民医院", "second line"}}}, ""))
	text, err := d.Text(t.Context(), 1)
	if err != nil || !strings.Contains(text, "采购人：云溪县人民医院\nsecond line") {
		t.Errorf("text %q, %v", text, err)
	}
}

func TestDigestIsThatOfTheBytes(t *testing.T) {
	data := makePDF([]testPage{{}}, "")
	path := filepath.Join(t.TempDir(), "a.pdf")
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	d, err := shared.OpenFile(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	if want := open(t, data).SHA256(); d.SHA256() != want || len(want) != 64 || d.Size() != int64(len(data)) {
		t.Errorf("digest %s, want %s", d.SHA256(), want)
	}
}

func TestOpenRefuses(t *testing.T) {
	small := preview.New(preview.Options{MaxBytes: 100})
	defer small.Close()
	encrypted := makePDF([]testPage{{}}, "/ID[<00><00>]/Encrypt<</Filter/Standard/V 1/R 2/P -4"+
		"/O<"+strings.Repeat("41", 32)+">/U<"+strings.Repeat("42", 32)+">>>")
	good := makePDF([]testPage{{}}, "")
	for _, c := range []struct {
		what string
		r    *preview.Renderer
		data []byte
		want error
	}{
		{"nothing", shared, nil, preview.ErrDamaged},
		{"text", shared, []byte("Dear Sir"), preview.ErrDamaged},
		{"a header alone", shared, []byte("%PDF-1.7\n"), preview.ErrDamaged},
		{"rubbish after the header", shared, append([]byte("%PDF-1.7\n"), bytes.Repeat([]byte("<<[("), 20000)...), preview.ErrDamaged},
		{"a document without pages", shared, makePDF(nil, ""), preview.ErrDamaged},
		{"a password", shared, encrypted, preview.ErrEncrypted},
		{"a large document", small, good, preview.ErrTooLarge},
	} {
		d, err := c.r.OpenBytes(t.Context(), c.data)
		if !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", c.what, err, c.want)
		}
		if d != nil {
			d.Close()
		}
		if _, err := c.r.Flatten(t.Context(), c.data, nil); !errors.Is(err, c.want) {
			t.Errorf("flattening %s: %v, want %v", c.what, err, c.want)
		}
	}
	if _, err := shared.OpenFile(t.Context(), filepath.Join(t.TempDir(), "none.pdf")); !errors.Is(err, preview.ErrUnreadable) {
		t.Errorf("no file: %v", err)
	}
	if _, err := shared.OpenFile(t.Context(), t.TempDir()); !errors.Is(err, preview.ErrUnreadable) {
		t.Errorf("a folder: %v", err)
	}
}

// endless is a page whose drawing would take hours: forms that paint one another
// twice, forty levels deep.
func endless() []byte {
	objects := []string{"<</FT/Tx/T(x)>>"}
	for i := range 40 {
		content := "/X Do /X Do"
		if i == 39 {
			content = "0 0 595 842 re f        "
		}
		objects = append(objects, "<</Type/XObject/Subtype/Form/BBox[0 0 595 842]/Resources<</XObject<</X "+
			strconv.Itoa(102+i)+" 0 R>>>>/Length "+strconv.Itoa(len(content))+">>\nstream\n"+content+"\nendstream")
	}
	return makePDF([]testPage{{attrs: "/Resources<</Font<</F 3 0 R>>/XObject<</X 101 0 R>>>>", raw: "/X Do"}, {lines: []string{"好"}}}, "", objects...)
}

func TestHostilePageDoesNotHang(t *testing.T) {
	if err := shared.Warm(t.Context()); err != nil {
		t.Fatal(err)
	}
	d := open(t, endless())
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	start := time.Now()
	_, err := d.Render(ctx, 1, 600)
	took := time.Since(start)
	if !errors.Is(err, preview.ErrTimeout) {
		t.Fatalf("the endless page: %v after %v", err, took)
	}
	if took > 15*time.Second {
		t.Errorf("the call ended only after %v", took)
	}
	// The document is opened again, its other pages can be seen.
	if m := render(t, d, 2, 100); m.Rect.Dx() != 100 {
		t.Errorf("picture %v", m.Rect)
	}
}

func TestCancelledCallEnds(t *testing.T) {
	d := open(t, endless())
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(100*time.Millisecond, cancel)
	if _, err := d.Render(ctx, 1, 600); !errors.Is(err, context.Canceled) || errors.Is(err, preview.ErrTimeout) {
		t.Errorf("cancelled: %v", err)
	}
	if _, err := d.Render(ctx, 2, 600); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled before: %v", err)
	}
}

func TestChangedFileIsNotShown(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.pdf")
	if err := os.WriteFile(path, endless(), 0o600); err != nil {
		t.Fatal(err)
	}
	d, err := shared.OpenFile(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	if err := os.WriteFile(path, makePDF([]testPage{{}, {}}, ""), 0o600); err != nil {
		t.Fatal(err)
	}
	// What was opened is still what is shown,
	if _, err := d.Render(t.Context(), 2, 100); err != nil {
		t.Fatal(err)
	}
	// and when it has to be read again, the change is seen.
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if _, err := d.Render(ctx, 1, 600); !errors.Is(err, preview.ErrTimeout) {
		t.Fatal(err)
	}
	if _, err := d.Render(t.Context(), 2, 100); !errors.Is(err, preview.ErrChanged) {
		t.Errorf("the changed file was shown: %v", err)
	}
}

func TestClosed(t *testing.T) {
	r := preview.New(preview.Options{})
	if err := r.Close(); err != nil {
		t.Errorf("closing before the start: %v", err)
	}
	if _, err := r.OpenBytes(t.Context(), makePDF([]testPage{{}}, "")); !errors.Is(err, preview.ErrClosed) {
		t.Errorf("a closed renderer: %v", err)
	}
	d := open(t, makePDF([]testPage{{}}, ""))
	d.Close()
	d.Close()
	if _, err := d.Render(t.Context(), 1, 100); !errors.Is(err, preview.ErrClosed) {
		t.Errorf("a closed document: %v", err)
	}
}

func TestManyAtOnce(t *testing.T) {
	data := makePDF([]testPage{{lines: []string{"一"}}, {lines: []string{"二"}}}, "")
	d := open(t, data)
	errs := make(chan error)
	for i := range 8 {
		go func() {
			own := d
			if i%2 == 0 {
				var err error
				if own, err = shared.OpenBytes(context.Background(), data); err != nil {
					errs <- err
					return
				}
				defer own.Close()
			}
			_, err := own.Render(context.Background(), 1+i%2, 200)
			errs <- err
		}()
	}
	for range 8 {
		if err := <-errs; err != nil {
			t.Error(err)
		}
	}
}
