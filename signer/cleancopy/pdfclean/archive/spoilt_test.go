package archive

import (
	"bytes"
	"compress/zlib"
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"sealdesk/signer/pdf"
	"sealdesk/signer/pdf/pdftest"
)

// rich is a file with nothing against it in which fonts of all kinds, colours and graphics states are used.
func rich() []byte {
	var b pdftest.Builder
	root, tree, page := b.Reserve(), b.Reserve(), b.Reserve()
	packed := func(keys string, data []byte) pdf.Ref {
		var z bytes.Buffer
		w := zlib.NewWriter(&z)
		_, _ = w.Write(data)
		_ = w.Close()
		return b.AddRaw(fmt.Sprintf("<< %s /Filter [/FlateDecode] /Length %d >>\nstream\n%s\nendstream", keys, z.Len(), z.Bytes()))
	}
	add := func(format string, args ...any) pdf.Ref { return b.AddRaw(fmt.Sprintf(format, args...)) }
	lengths, old := oldFont("A", 600)
	profile := packed("/N 3", Profile())
	var fonts, shown strings.Builder
	show := func(ref pdf.Ref, s string) {
		fmt.Fprintf(&fonts, "/F%d %v ", ref.Num, ref)
		fmt.Fprintf(&shown, "/F%d 9 Tf %s Tj ", ref.Num, s)
	}
	const simple = "/Type /Font /BaseFont /ABCDEF+F /FirstChar 65 /Widths [600]"
	show(add("<< %s /Subtype /TrueType /Encoding << /BaseEncoding /WinAnsiEncoding /Differences [65 /A] >> /FontDescriptor << /Flags 32 /MissingWidth 0 /FontFile2 %v >> >>",
		simple, packed("", program(600))), "(A)")
	show(add("<< %s /Subtype /TrueType /FontDescriptor << /Flags 4 /FontFile2 %v >> >>", simple, packed("", mapped(3, 0, 'A'))), "(A)")
	show(add("<< %s /Subtype /Type1 /FontDescriptor << /Flags 32 /FontFile %v >> >>", simple, packed(lengths, old)), "(A)")
	show(add("<< %s /Subtype /Type1 /Encoding << /Differences [65 /A] >> /FontDescriptor << /Flags 32 /FontFile3 %v >> >>", simple, packed("/Subtype /Type1C", compact{}.bytes())), "(A)")
	const composite = "/Type /Font /BaseFont /F /Subtype /Type0 /Encoding /Identity-H"
	show(add("<< %s /DescendantFonts [<< /Type /Font /Subtype /CIDFontType0 /DW 600 /W [3 [600 600] 5 9 600] /FontDescriptor << /Flags 4 /FontFile3 %v >> >>] >>",
		composite, packed("/Subtype /CIDFontType0C", compact{cid: true, id: 7}.bytes())), "<0007>")
	show(add("<< %s /DescendantFonts [<< /Type /Font /Subtype /CIDFontType2 /CIDToGIDMap %v /W [2 2 600] /FontDescriptor << /Flags 4 /FontFile2 %v >> >>] >>",
		composite, packed("", shorts(0, 0, 1)), packed("", program(600))), "<0002>")
	show(add("<< /Type /Font /Subtype /Type3 /FontMatrix [1 0 0 1 0 0] /CharProcs << /a %v >> /Encoding << /Differences [65 /a] >> /Resources << /ColorSpace << >> >> >>",
		packed("", []byte("0 0 9 9 re f"))), "(A)")
	form := packed("/Subtype /Form /BBox [0 0 9 9] /Resources << /ColorSpace << /DefaultCMYK [/CalRGB << /WhitePoint [1 1 1] >>] >> >>", []byte("1 0 0 0 k 0 0 9 9 re f"))
	contents := packed("", []byte("/G gs /X Do BT "+shown.String()+"ET"))
	b.Set(root, pdf.Dict{"Type": pdf.Name("Catalog"), "Pages": tree,
		"OutputIntents": pdf.Array{pdf.Dict{"S": pdf.Name("GTS_PDFA1"), "DestOutputProfile": profile}, pdf.Dict{"S": pdf.Name("GTS_PDFX")}}})
	b.Set(tree, pdf.Dict{"Type": pdf.Name("Pages"), "Kids": pdf.Array{page}, "Count": pdf.Integer(1)})
	resources := add("<< /Font << %s >> /XObject << /X %v >> /ExtGState << /G << /Type /ExtGState /BM [/Normal] /TR2 /Default /HT /Default /RI /Perceptual >> >>"+
		" /ColorSpace << /I [/ICCBased %v] /S [/Separation /Gold [/ICCBased %v] << /FunctionType 2 >>] /N [/DeviceN [/Gold] /DeviceRGB << >> << >>] >> >>", fonts.String(), form, profile, profile)
	b.Set(page, pdf.Dict{"Type": pdf.Name("Page"), "Parent": tree, "MediaBox": pdf.Array{pdf.Integer(0), pdf.Integer(0), pdf.Integer(99), pdf.Integer(99)}, "Contents": contents, "Resources": resources})
	return b.Bytes(pdf.Table, root)
}

func judgedFile(t *testing.T, data []byte) (Verdict, error) {
	t.Helper()
	f, err := pdf.Open(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	return Judge(t.Context(), f)
}

// A file of which anything cannot be read is never judged fit; one of which something is of another type, or missing, is
// judged or refused, as a file.
func TestSpoilt(t *testing.T) {
	if v, err := judgedFile(t, rich()); err != nil || !v.OK() {
		t.Fatalf("%+v, %v", v, err)
	}
	against := 0
	pdftest.Spoilt(rich(), func(place string, data []byte) {
		v, err := judgedFile(t, data)
		var refused *pdf.Error
		if err != nil && !errors.As(err, &refused) {
			t.Errorf("%s: %v", place, err)
		}
		if err == nil && strings.HasSuffix(place, "unreadable") {
			t.Errorf("%s: judged %+v", place, v)
		}
		if err == nil && !v.OK() {
			against++
		}
	})
	if against < 50 {
		t.Errorf("only %d of what is wrong count against the file", against)
	}
}

func TestJudgeEnds(t *testing.T) {
	for _, widths := range []string{"-9223372036854775808 9 600", strings.Repeat("0 65535 600 ", 100)} {
		font := "/Subtype /Type0 /Encoding /Identity-H /DescendantFonts [<< /Type /Font /Subtype /CIDFontType2 /CIDToGIDMap /Identity /W [" + widths + "] /FontDescriptor << /Flags 4 /FontFile2 7 0 R >> >>]"
		data := fontFile(font, "<0001>", "", program(600))
		switch v, err := judgedFile(t, data); {
		case strings.HasPrefix(widths, "-") && (err != nil || v.OK()):
			t.Errorf("%+v, %v", v, err)
		case !strings.HasPrefix(widths, "-") && !errors.Is(err, &pdf.Error{Kind: pdf.TooComplex}):
			t.Errorf("%+v, %v", v, err)
		}
	}
	// One list that is stated again and again.
	var b pdftest.Builder
	root := b.AddRaw("<< /Type /Catalog /Pages 2 0 R >>")
	b.AddRaw("<< /Type /Pages /Kids [3 0 R] /Count 1 >>")
	b.AddRaw("<< /Type /Page /Parent 2 0 R /MediaBox [0 0 99 99] /Contents 4 0 R /Resources << /Font << /F 5 0 R >> >> >>")
	b.AddStream(nil, []byte("BT /F 9 Tf <0001> Tj ET"))
	b.AddRaw("<< /Type /Font /BaseFont /ABCDEF+Test /Subtype /Type0 /Encoding /Identity-H /DescendantFonts [<< /Type /Font /Subtype /CIDFontType2 /CIDToGIDMap /Identity /W [" +
		strings.Repeat("0 6 0 R ", 1000) + "] /FontDescriptor << /Flags 4 /FontFile2 7 0 R >> >>] >>")
	b.AddRaw("[" + strings.Repeat("600 ", 300) + "]")
	b.AddStream(nil, program(600))
	if v, err := judgedFile(t, b.Bytes(pdf.Table, root)); !errors.Is(err, &pdf.Error{Kind: pdf.TooComplex}) {
		t.Errorf("%+v, %v", v, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	data := rich()
	f, err := pdf.Open(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Judge(ctx, f); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}
