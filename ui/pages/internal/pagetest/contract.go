package pagetest

import (
	"fmt"
	"strings"
	"unicode/utf16"

	"sealdesk/signer/pdf"
	"sealdesk/signer/pdf/pdftest"
)

// contractPDF is a contract of a few pages. Words for both parties' seals stand on the last one. Its font is not embedded,
// and has the characters' numbers as codes, which is enough for words to be found.
func contractPDF(pages int) []byte {
	b := &pdftest.Builder{Trailer: pdf.Dict{"ID": pdf.Array{pdf.String("0123456789abcdef"), pdf.String("0123456789abcdef")}}}
	root, tree := b.Reserve(), b.Reserve()
	toUnicode := b.AddStream(nil, []byte("/CIDInit/ProcSet findresource begin 12 dict begin begincmap\n/CMapName/U def /CMapType 2 def\n"+
		"1 begincodespacerange <0000> <FFFF> endcodespacerange\n1 beginbfrange <0000> <FFFF> <0000> endbfrange\nendcmap end end"))
	described := b.AddRaw("<</Type/FontDescriptor/FontName/Song/Flags 4/FontBBox[0 -120 1000 880]/Ascent 880/Descent -120" +
		"/CapHeight 700/ItalicAngle 0/StemV 80>>")
	inner := b.AddRaw(fmt.Sprintf("<</Type/Font/Subtype/CIDFontType2/BaseFont/Song"+
		"/CIDSystemInfo<</Registry(Adobe)/Ordering(Identity)/Supplement 0>>"+
		"/DW 1000/FontDescriptor %d 0 R>>", described.Num))
	font := b.AddRaw(fmt.Sprintf("<</Type/Font/Subtype/Type0/BaseFont/Song/Encoding/Identity-H"+
		"/DescendantFonts[%d 0 R]/ToUnicode %d 0 R>>", inner.Num, toUnicode.Num))
	kids := pdf.Array{}
	for n := range pages {
		lines := []string{fmt.Sprintf("政府采购合同　第%d页", n+1)}
		if n == pages-1 {
			lines = append(lines, "", "采购人（盖章）：", "", "", "", "", "中标单位（盖章）：")
		}
		var text strings.Builder
		for i, line := range lines {
			fmt.Fprintf(&text, "BT /F 14 Tf 1 0 0 1 72 %d Tm <", 740-40*i)
			for _, u := range utf16.Encode([]rune(line)) {
				fmt.Fprintf(&text, "%04X", u)
			}
			text.WriteString("> Tj ET\n")
		}
		words := b.AddStream(nil, []byte(text.String()))
		kids = append(kids, b.Add(pdf.Dict{"Type": pdf.Name("Page"), "Parent": tree, "Contents": words}))
	}
	b.Set(tree, pdf.Dict{
		"Type": pdf.Name("Pages"), "Kids": kids, "Count": pdf.Integer(len(kids)),
		"MediaBox":  pdf.Array{pdf.Integer(0), pdf.Integer(0), pdf.Integer(595), pdf.Integer(842)},
		"Resources": pdf.Dict{"Font": pdf.Dict{"F": font}},
	})
	b.Set(root, pdf.Dict{"Type": pdf.Name("Catalog"), "Pages": tree})
	return b.Bytes(pdf.Table, root)
}
