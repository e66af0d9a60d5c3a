package pdfclean

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"

	"sealdesk/signer/pdf"
)

func TestMeasure(t *testing.T) {
	simple := func(keys string) string { return "<< /Type /Font /Subtype /Type1 " + keys + " >>" }
	composite := func(keys string) string {
		return "<< /Type /Font /Subtype /Type0 /Encoding /Identity-H /DescendantFonts [<< " + keys + " >>] >>"
	}
	tests := []struct {
		name, font, shown string
		width             float64 // -1 where it is not known
		glyphs, spaces    int
	}{
		{"simple", simple("/FirstChar 65 /Widths [600 700]"), "AB A", 1900, 4, 1},
		{"simple, the rest stated", simple("/FirstChar 65 /Widths [600] /FontDescriptor << /MissingWidth 500 >>"), "AB", 1100, 2, 0},
		{"simple, of no widths", simple("/FirstChar 65"), "A", -1, 0, 0},
		{"simple, of widths that are none", simple("/FirstChar 65 /Widths [/A]"), "A", -1, 0, 0},
		{"simple, of too many widths", simple("/Widths [" + strings.Repeat("1 ", 257) + "]"), "A", -1, 0, 0},
		{"simple, before all codes", simple("/FirstChar -1 /Widths [1]"), "A", -1, 0, 0},
		{"simple, behind all codes", simple("/FirstChar 256 /Widths [1]"), "A", -1, 0, 0},
		{"composite", composite("/W [65 [600 700] 67 70 800]"), "\x00A\x00D\x00Z", 2400, 3, 0},
		{"composite, the rest stated", composite("/DW 500"), "\x00A ", 500, 1, 0},
		{"composite, the rest no number", composite("/DW /X"), "\x00A", -1, 0, 0},
		{"composite, in another encoding", strings.Replace(composite("/DW 500"), "Identity", "GBK-EUC", 1), "\x00A", -1, 0, 0},
		{"composite of nothing", "<< /Type /Font /Subtype /Type0 /Encoding /Identity-H /DescendantFonts [] >>", "\x00A", -1, 0, 0},
		{"composite of what is none", "<< /Type /Font /Subtype /Type0 /Encoding /Identity-H /DescendantFonts [1] >>", "\x00A", -1, 0, 0},
		{"composite, of no list", composite("/W 1"), "\x00A", -1, 0, 0},
		{"composite, from no number", composite("/W [/A [1]]"), "\x00A", -1, 0, 0},
		{"composite, before all codes", composite("/W [-1 [1]]"), "\x00A", -1, 0, 0},
		{"composite, behind all codes", composite("/W [65536 [1]]"), "\x00A", -1, 0, 0},
		{"composite, a list of what is none", composite("/W [65 [/A]]"), "\x00A", -1, 0, 0},
		{"composite, a range to what is none", composite("/W [65 /A 1]"), "\x00A", -1, 0, 0},
		{"composite, a range behind all codes", composite("/W [65 65536 1]"), "\x00A", -1, 0, 0},
		{"composite, a range without a width", composite("/W [65 66]"), "\x00A", -1, 0, 0},
		{"composite, a range of what is none", composite("/W [65 66 /A]"), "\x00A", -1, 0, 0},
		{"composite, a broken reference", composite("/W [65 6 0 R]"), "\x00A", -1, 0, 0},
		{"composite, too many widths again and again", composite("/W [" + strings.Repeat("0 65535 1 ", 1000) + "]"), "\x00A", -1, 0, 0},
		{"composite, too long a list", composite("/W [0 [" + strings.Repeat("1 ", maxWidths+1) + "]]"), "\x00A", -1, 0, 0},
		{"drawn", "<< /Type /Font /Subtype /Type3 >>", "A", -1, 0, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			data := sample(tt.font)
			f, err := pdf.Open(bytes.NewReader(data), int64(len(data)))
			if err != nil {
				t.Fatal(err)
			}
			d, err := f.Dict(pdf.Ref{Num: 5})
			if err != nil {
				t.Fatal(err)
			}
			m := measure(f, d)
			width, glyphs, spaces, ok := m.Advance([]byte(tt.shown))
			if got := fmt.Sprint(width, glyphs, spaces, ok); tt.width >= 0 && got != fmt.Sprint(tt.width, tt.glyphs, tt.spaces, true) || tt.width < 0 && ok {
				t.Errorf("%s", got)
			}
			if m.Drawn() != (tt.name == "drawn") {
				t.Errorf("drawn: %t", m.Drawn())
			}
		})
	}
}

func TestFindings(t *testing.T) {
	var list []Finding
	for range 3 {
		Add(&list, KindLink, 1, "a  b\n\xff", 2)
	}
	if len(list) != 1 || list[0] != (Finding{Kind: KindLink, Page: 1, Text: "a b", Count: 6}) {
		t.Errorf("%+v", list)
	}
	Add(&list, KindLink, 1, strings.Repeat("长", maxText+1), 1)
	if want := strings.Repeat("长", maxText-1) + "…"; list[1].Text != want {
		t.Errorf("%q", list[1].Text)
	}
	for n := range maxFindings - 2 {
		if !Add(&list, KindLink, n+2, "", 1) {
			t.Fatalf("full with %d", len(list))
		}
	}
	if Add(&list, KindLink, 0, "one more", 1) || len(list) != maxFindings {
		t.Errorf("%d findings", len(list))
	}
}

func TestDisputedShapes(t *testing.T) {
	deep := strings.Repeat("[", maxDepth-3) + strings.Repeat("]", maxDepth-3)
	tests := []struct{ name, object, kept string }{
		{"a palette deep within itself", "<< /Subtype /Image /Width 1 /ColorSpace " + deep + " /Length 0 >>\nstream\n\nendstream", "/ColorSpace"},
		{"LZW that is not read", "<< /Subtype /Image /Width 1 /Filter [/LZWDecode /JBIG2Decode] /Length 1 >>\nstream\nx\nendstream", "/LZWDecode"},
		{"a picture with a filter of no name", "<< /Subtype /Image /Width 1 /Filter [null /FlateDecode] /Length 1 >>\nstream\nx\nendstream", "/Width"},
	}
	for _, tt := range tests {
		got, err := rebuilt(t, sample(tt.object))
		if err != nil || !bytes.Contains(got, []byte(tt.kept)) {
			t.Errorf("%s: %v, %s", tt.name, err, got)
		}
	}
	if _, err := rebuilt(t, sample("<< /Subtype /Image /Width 1 /Filter /LZWDecode /Length 2 >>\nstream\n\xff\xff\nendstream")); !errors.Is(err, &pdf.Error{Kind: pdf.Malformed}) {
		t.Errorf("LZW that is broken: %v", err)
	}
	for name, object := range map[string]string{"a signature": "<< /Type /Sig >>", "a time stamp": "<< /Type /DocTimeStamp >>", "a signature without a type": "<< /ByteRange [0 1 2 3] >>"} {
		found, _, _, err := rebuiltFrom(t, sample(object), Options{})
		if err != nil || !found.Signed {
			t.Errorf("%s is not noticed: %v", name, err)
		}
	}
}
