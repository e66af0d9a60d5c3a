package publiccopy_test

import (
	"bytes"
	"compress/zlib"
	"context"
	"errors"
	"fmt"
	"image"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"sealdesk/signer/paper"
	"sealdesk/signer/preview"
	"sealdesk/signer/preview/previewtest"
	"sealdesk/signer/publiccopy"
)

var renderer *preview.Renderer

func TestMain(m *testing.M) {
	renderer = preview.New(preview.Options{CacheDir: previewtest.Cache()})
	code := m.Run()
	if err := renderer.Close(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

func face(t *testing.T) *paper.Face {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("..", "..", "assets", "fonts", "sans-regular.otf"))
	if err != nil {
		t.Fatal(err)
	}
	f, err := paper.ParseFace(data)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// contract is a document of paragraphs, one page each group.
func contract(t *testing.T, pages ...[]string) []byte {
	t.Helper()
	d := paper.New(face(t), face(t), paper.Options{Title: "合同", Lang: "zh-CN"})
	for i, lines := range pages {
		if i > 0 {
			d.Sheet(image.NewRGBA(image.Rect(0, 0, 40, 40)), 400, 400) // a page without text
		}
		for _, l := range lines {
			d.Paragraph(l, paper.Plain)
		}
	}
	data, err := d.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func open(t *testing.T, data []byte) *preview.Document {
	t.Helper()
	doc, err := renderer.OpenBytes(t.Context(), data)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := doc.Close(); err != nil {
			t.Error(err)
		}
	})
	return doc
}

func foot(page, pages int, original string) string {
	return fmt.Sprintf("公示件 %d/%d 原件 SHA-256 %s", page, pages, original)
}

const account, phone, formula = "6222021234567890123", "13800138000", "石墨烯复合涂层"

func TestWhatIsHiddenIsNotThere(t *testing.T) {
	in := contract(t, []string{"医疗设备采购合同", "金额 1,286,000.00 元", "账号：" + account, "联系电话 " + phone, "采用" + formula + "工艺，" + formula}, []string{"附件二 报价明细"})
	doc := open(t, in)
	var progress []int
	out, report, err := publiccopy.Make(t.Context(), doc, face(t), face(t), publiccopy.Options{
		Title: "公示件", Lang: "zh-CN", Foot: foot, Progress: func(done, total int) { progress = append(progress, done, total) },
		Words: []publiccopy.Words{{Text: formula, What: publiccopy.TradeSecret, Reason: "配方"}, {Text: "不在里面", What: publiccopy.Other, Reason: "x"}},
		Pages: []publiccopy.Page{{Number: 3, What: publiccopy.TradeSecret, Reason: "报价明细"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(progress, []int{1, 3, 2, 3, 3, 3}) {
		t.Errorf("progress %v", progress)
	}
	want := []publiccopy.Hidden{
		{What: publiccopy.TradeSecret, Reason: "配方", Count: 2, Pages: []int{1}},
		{What: publiccopy.BankAccount, Count: 1, Pages: []int{1}},
		{What: publiccopy.Phone, Count: 1, Pages: []int{1}},
		{What: publiccopy.TradeSecret, Reason: "报价明细", Count: 1, Pages: []int{3}},
	}
	same := func(a, b publiccopy.Hidden) bool {
		return a.What == b.What && a.Reason == b.Reason && a.Count == b.Count && slices.Equal(a.Pages, b.Pages)
	}
	if !slices.EqualFunc(report.Hidden, want, same) {
		t.Errorf("hidden %+v", report.Hidden)
	}
	if !slices.Equal(report.Blind, []int{2}) || !slices.Equal(report.Missed, []string{"不在里面"}) || report.Original != doc.SHA256() {
		t.Errorf("report %+v", report)
	}

	public := open(t, out)
	if public.Pages() != 3 {
		t.Fatalf("%d pages", public.Pages())
	}
	for n := 1; n <= public.Pages(); n++ {
		text, err := public.Text(t.Context(), n)
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Join(strings.Fields(text), " "); got != foot(n, 3, doc.SHA256()) {
			t.Errorf("page %d says %q", n, got)
		}
	}
	// The words are nowhere in the file, packed or not.
	for _, secret := range []string{account, phone, formula} {
		for i, b := range append(streams(t, out), out) {
			if bytes.Contains(b, []byte(secret)) {
				t.Errorf("%q stands in stream %d", secret, i)
			}
		}
	}
	// And not in the picture: where the account stood there is one colour, where the sum stands there is not.
	for words, covered := range map[string]bool{account: true, phone: true, formula: true, "1,286,000.00": false, "医疗设备采购合同": false} {
		if got := plainColour(t, doc, public, words); got != covered {
			t.Errorf("%q is covered: %v", words, got)
		}
	}
}

// streams are the file's unpacked streams.
func streams(t *testing.T, file []byte) [][]byte {
	t.Helper()
	var all [][]byte
	for rest := file; ; {
		_, after, ok := bytes.Cut(rest, []byte("\nstream\n"))
		if !ok {
			return all
		}
		z, err := zlib.NewReader(bytes.NewReader(after))
		if err != nil {
			t.Fatal(err)
		}
		data, err := io.ReadAll(z)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, data)
		rest = after
	}
}

// plainColour says whether the place where words stand in the original is of one colour in the copy.
func plainColour(t *testing.T, original, public *preview.Document, words string) bool {
	t.Helper()
	found, err := original.Find(t.Context(), words)
	if err != nil || len(found.Hits) == 0 {
		t.Fatalf("%q: %v", words, err)
	}
	hit := found.Hits[0]
	g, err := original.Geometry(t.Context(), hit.Page)
	if err != nil {
		t.Fatal(err)
	}
	const wide = 2000
	picture, err := public.Render(t.Context(), hit.Page, wide)
	if err != nil {
		t.Fatal(err)
	}
	w, _ := g.Size()
	x0, y1 := g.ToScreen(hit.Rect[0], hit.Rect[1])
	x1, y0 := g.ToScreen(hit.Rect[2], hit.Rect[3])
	scale := wide / w
	// A loose box is higher than what is inked.
	middle, half := (y0+y1)/2, (y1-y0)/6
	area := image.Rect(int(x0*scale)+2, int((middle-half)*scale), int(x1*scale)-2, int((middle+half)*scale))
	first := picture.RGBAAt(area.Min.X, area.Min.Y)
	for y := area.Min.Y; y < area.Max.Y; y++ {
		for x := area.Min.X; x < area.Max.X; x++ {
			if picture.RGBAAt(x, y) != first {
				return false
			}
		}
	}
	return first.R < 0x40
}

func TestWrongOptionsAreRefused(t *testing.T) {
	doc := open(t, contract(t, []string{"合同"}))
	for _, x := range []struct {
		o    publiccopy.Options
		want error
	}{
		{publiccopy.Options{Words: []publiccopy.Words{{Text: " a "}}}, publiccopy.ErrWords},
		{publiccopy.Options{Words: []publiccopy.Words{{Text: strings.Repeat("字", 201)}}}, publiccopy.ErrWords},
		{publiccopy.Options{Pages: []publiccopy.Page{{Number: 2}}}, publiccopy.ErrPage},
		{publiccopy.Options{Pages: []publiccopy.Page{{Number: 0}}}, publiccopy.ErrPage},
	} {
		x.o.Foot = foot
		if _, _, err := publiccopy.Make(t.Context(), doc, face(t), face(t), x.o); !errors.Is(err, x.want) {
			t.Errorf("%+v: %v", x.o, err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, _, err := publiccopy.Make(ctx, doc, face(t), face(t), publiccopy.Options{Foot: foot}); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}
