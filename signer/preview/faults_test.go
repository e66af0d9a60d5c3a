package preview_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"sealdesk/signer/preview"
)

// Whichever call of the engine fails, the document is called damaged, and it can be looked at again.
func TestEngineFails(t *testing.T) {
	data := makePDF([]testPage{{lines: []string{"甲方"}, annots: "100 0 R null 101 0 R 102 0 R", bare: true}}, "",
		"<</Type/Annot/Subtype/Widget/FT/Sig/T(s)/F 132/Rect[300 300 350 350]>>",
		"<</Type/Annot/Subtype/Widget/FT/Tx/T(t)/F 4/Rect[400 300 450 350]>>",
		"<</Type/Annot/Subtype/Square/F 4/Rect[400 400 450 450]>>")
	for name, use := range map[string]struct {
		do     func(ctx context.Context, d *preview.Document) error
		silent bool // some calls may fail: those that ask for what may not be there
	}{
		"words":   {func(ctx context.Context, d *preview.Document) error { _, err := d.Words(ctx, 1); return err }, false},
		"glyphs":  {func(ctx context.Context, d *preview.Document) error { _, err := d.Glyphs(ctx, 1); return err }, false},
		"pieces":  {func(ctx context.Context, d *preview.Document) error { _, err := d.TextRects(ctx, 1); return err }, false},
		"found":   {func(ctx context.Context, d *preview.Document) error { _, err := d.Find(ctx, "甲方"); return err }, false},
		"near":    {func(ctx context.Context, d *preview.Document) error { _, err := d.Find(ctx, "甲乙"); return err }, false},
		"seals":   {func(ctx context.Context, d *preview.Document) error { _, err := d.Seals(ctx, 1); return err }, true},
		"picture": {func(ctx context.Context, d *preview.Document) error { _, err := d.Render(ctx, 1, 50); return err }, false},
		"printed": {func(ctx context.Context, d *preview.Document) error {
			_, err := d.RenderPrinted(ctx, 1, 50)
			return err
		}, false},
		"geometry": {func(ctx context.Context, d *preview.Document) error { _, err := d.Geometry(ctx, 1); return err }, false},
		"flat":     {func(ctx context.Context, d *preview.Document) error { return d.FlattenAll(ctx, []int{2}) }, true},
	} {
		told := 0
		d := open(t, data)
		for n := 1; ; n++ {
			if use.silent { // what was done to it stays
				d = open(t, data)
			}
			failed := d.Fail(n)
			err := use.do(t.Context(), d)
			if !failed() {
				if err != nil || told < 3 {
					t.Errorf("%s: %d calls failed, then %v", name, told, err)
				}
				break
			}
			if errors.Is(err, preview.ErrBroken) && errors.Is(err, preview.ErrDamaged) {
				told++
			} else if err != nil || !use.silent {
				t.Errorf("%s, call %d: %v", name, n, err)
			}
			if w, _, err := d.PageSize(t.Context(), 1); err != nil || w != 595 {
				t.Errorf("%s, after call %d: %g, %v", name, n, w, err)
			}
			if use.silent {
				d.Close()
			}
		}
	}
}

// After a failure a file is read again: it must be there, and the same.
func TestReadAgain(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.pdf")
	if err := os.WriteFile(path, makePDF([]testPage{{}}, ""), 0o600); err != nil {
		t.Fatal(err)
	}
	d, err := shared.OpenFile(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	size := func() error {
		_, _, err := d.PageSize(t.Context(), 1)
		return err
	}
	d.Fail(1)
	if err := size(); !errors.Is(err, preview.ErrBroken) {
		t.Fatal(err)
	}
	if err := size(); err != nil {
		t.Errorf("the same file: %v", err)
	}
	d.Fail(1)
	if err := size(); !errors.Is(err, preview.ErrBroken) {
		t.Fatal(err)
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if err := size(); !errors.Is(err, preview.ErrUnreadable) || !errors.Is(err, os.ErrNotExist) || !strings.Contains(err.Error(), "cannot be read: open") {
		t.Errorf("no file: %v", err)
	}
	if err := os.WriteFile(path, []byte("no document"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := shared.OpenFile(t.Context(), path); !errors.Is(err, preview.ErrDamaged) || errors.Is(err, os.ErrNotExist) {
		t.Errorf("no document: %v", err)
	}
	small := preview.New(preview.Options{MaxBytes: 3})
	if _, err := small.OpenFile(t.Context(), path); !errors.Is(err, preview.ErrTooLarge) {
		t.Errorf("a large file: %v", err)
	}
}

func TestUnitsAndTurns(t *testing.T) {
	odd := makePDF([]testPage{{attrs: "/UserUnit 2"}, {attrs: "/Rotate 180"}}, "")
	d := open(t, odd)
	if w, h, err := d.PageSize(t.Context(), 1); err != nil || w != 1190 || h != 1684 {
		t.Errorf("a page of two points a unit measures %g × %g, %v", w, h, err)
	}
	g, err := d.Geometry(t.Context(), 2)
	if err != nil || g.Rotate != 180 {
		t.Fatal(g, err)
	}
	x, y, w, h := g.RectToScreen([4]float64{100, 100, 140, 140})
	if back := g.RectToPage(x, y, w, h); x != 455 || y != 100 || back != [4]float64{100, 100, 140, 140} {
		t.Errorf("upside down the square lies at %g,%g and comes back as %v", x, y, back)
	}
	m := render(t, d, 2, 595)
	if in, out := m.RGBAAt(460, 105), m.RGBAAt(440, 105); in.R > 200 || out.R < 200 {
		t.Errorf("the square is %v, beside it %v", in, out)
	}
	// What this program's own reader does not take has common units.
	for name, data := range map[string]string{
		"no table": strings.Replace(string(odd), "startxref\n", "startxref\n9", 1), "a page of another type": strings.Replace(string(odd), "/Rotate 180", "/Rotate /X", 1),
	} {
		d, err := shared.OpenBytes(t.Context(), []byte(data))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if w, _, err := d.PageSize(t.Context(), 1); err != nil || w != 595 {
			t.Errorf("%s: %g, %v", name, w, err)
		}
		d.Close()
	}
}

func TestFlattenKeepsBoxesAndDrops(t *testing.T) {
	in := makePDF([]testPage{{lines: []string{"words"}, annots: "100 0 R 101 0 R", attrs: "/MediaBox[0 0 600 800]/CropBox[10 10 500 700]"}}, "",
		"<</Type/Annot/Subtype/Square/F 4/Rect[100 300 150 350]/AP<</N 102 0 R>>>>", "<</Type/Annot/Subtype/Square/F 4/Rect[300 300 350 350]/AP<</N 102 0 R>>>>",
		"<</Type/XObject/Subtype/Form/BBox[0 0 50 50]/Length 22>>\nstream\n1 0 0 rg 0 0 50 50 re f\nendstream")
	out, err := shared.Flatten(t.Context(), in, map[int][]int{1: {0}})
	if err != nil {
		t.Fatal(err)
	}
	d := open(t, out)
	if w, h, err := d.PageSize(t.Context(), 1); err != nil || w != 490 || h != 690 {
		t.Errorf("the page measures %g × %g, %v", w, h, err)
	}
	m := render(t, d, 1, 490)
	if kept, dropped := m.RGBAAt(325-10, 700-325), m.RGBAAt(125-10, 700-325); kept.G > 100 || dropped.G < 200 {
		t.Errorf("what stays is %v, what is dropped %v", kept, dropped)
	}
	if _, err := shared.Flatten(t.Context(), in, map[int][]int{1: {7}}); !errors.Is(err, preview.ErrDamaged) {
		t.Errorf("an annotation that is not there: %v", err)
	}
}

func TestWordsOffThePage(t *testing.T) {
	at := func(x, y int) string { return fmt.Sprintf("BT /F 12 Tf 1 0 0 1 %d %d Tm <4E004E01> Tj ET ", x, y) }
	d := open(t, makePDF([]testPage{{lines: []string{"甲\u200b方𠮷"}, raw: at(-500, 300) + at(900, 300) + at(300, -500) + at(300, 2000)}}, ""))
	words, err := d.Words(t.Context(), 1)
	if err != nil || len(words) != 3 {
		t.Errorf("%v, %v", words, err)
	}
	glyphs, err := d.Glyphs(t.Context(), 1)
	if err != nil || len(glyphs) != 3+8 {
		t.Errorf("%d glyphs, %v", len(glyphs), err)
	}
	many := open(t, makePDF([]testPage{{raw: "BT /F 1 Tf " + strings.Repeat("<4E004E01> Tj ", 600) + "ET"}, {raw: at(100, 100)}}, ""))
	found, err := many.Find(t.Context(), "一")
	if err != nil || len(found.Hits) != 601 {
		t.Errorf("%d hits, %v", len(found.Hits), err)
	}
	many = open(t, makePDF([]testPage{{raw: "BT /F 1 Tf " + strings.Repeat("<4E004E00> Tj ", 600) + "ET"}, {raw: at(100, 100)}}, ""))
	found, err = many.Find(t.Context(), "一")
	if err != nil || len(found.Hits) != 1000 || found.Hits[999].Page != 1 {
		t.Errorf("%d hits, %v", len(found.Hits), err)
	}
}
