package paper_test

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"sealdesk/assets"
	"sealdesk/signer/paper"
	"sealdesk/signer/pdf"
)

func faces(t *testing.T) (regular, bold *paper.Face) {
	t.Helper()
	regular, err := paper.ParseFace(assets.SansRegular())
	if err != nil {
		t.Fatal(err)
	}
	bold, err = paper.ParseFace(assets.SansMedium())
	if err != nil {
		t.Fatal(err)
	}
	return regular, bold
}

// sample uses every kind of line, more characters than one font holds, and more lines than one page has.
func sample(t *testing.T) []byte {
	t.Helper()
	regular, bold := faces(t)
	d := paper.New(regular, bold, paper.Options{
		Title: "签名验证报告", Lang: "zh-CN", Created: time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC),
		Foot: func(page, pages int) string { return fmt.Sprintf("第 %d 页，共 %d 页", page, pages) },
	})
	d.Title("签名验证报告")
	d.Banner("签章有效：两方的签名均完好，签署之后文件没有被改动。", paper.Good)
	d.Facts(paper.Fact{Name: "文件", Value: "监护型救护车采购合同.pdf"},
		paper.Fact{Name: "SHA-256", Value: strings.Repeat("0123456789abcdef", 6)})
	d.Heading("签名 1：云溪县人民医院")
	d.Note("签署时间由签署人的电脑给出，没有时间戳。", paper.Warn)
	d.Note("签名后文件被改动。", paper.Bad)
	square := image.NewNRGBA(image.Rect(0, 0, 60, 60))
	for i := range 60 {
		square.SetNRGBA(i, i, color.NRGBA{200, 30, 30, 255})
	}
	d.Picture("签署时的第 1 页", square, 40, 40)
	var long strings.Builder
	for i := range 600 {
		long.WriteRune(rune(0x4e00 + i))
	}
	d.Paragraph(long.String(), paper.Plain)
	for i := range 60 {
		d.Paragraph(fmt.Sprintf("A line of English words, number %d, that runs on until it is wider than the column of the page and has to be broken once.", i), paper.Quiet)
	}
	data, err := d.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func TestDocument(t *testing.T) {
	data := sample(t)
	if !bytes.Equal(data, sample(t)) {
		t.Error("the same content gave other bytes")
	}
	f, err := pdf.Open(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	pages := 0
	if err := f.EachPage(func(int, pdf.Page) error { pages++; return nil }); err != nil || pages < 3 {
		t.Fatalf("%d pages, %v", pages, err)
	}
	path := filepath.Join(t.TempDir(), "paper.pdf")
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("qpdf", "--check", path).CombinedOutput(); err != nil {
		t.Errorf("qpdf --check: %v\n%s", err, out)
	}
	out, err := exec.Command("pdftotext", "-layout", path, "-").CombinedOutput()
	if err != nil {
		t.Fatalf("pdftotext: %v\n%s", err, out)
	}
	for _, words := range []string{"签名验证报告", "监护型救护车采购合同.pdf", "两方的签名均完好", fmt.Sprintf("第 %d 页，共 %d 页", pages, pages), "number 59"} {
		if !strings.Contains(string(out), words) {
			t.Errorf("%q cannot be found in the text", words)
		}
	}
	if dir := os.Getenv("SEALDESK_PICTURES"); dir != "" {
		if err := exec.Command("pdftoppm", "-png", "-r", "80", path, filepath.Join(dir, "paper")).Run(); err != nil {
			t.Error(err)
		}
	}
}

// A character that the font lacks shows as its mark for that, and is still found by its name.
func TestMissingCharacter(t *testing.T) {
	regular, bold := faces(t)
	d := paper.New(regular, bold, paper.Options{})
	d.Paragraph("\U0001F600", paper.Plain)
	if _, err := d.Bytes(); err != nil {
		t.Error(err)
	}
}
