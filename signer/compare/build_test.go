package compare_test

import (
	"fmt"
	"strings"
	"unicode/utf16"

	"sealdesk/signer/pdf"
	"sealdesk/signer/pdf/pdftest"
)

// A sheet is a page that the tests write: lines of Chinese in a font without glyphs, 24 points below each other from
// (72, 760), raw content in which /H is Helvetica, and the widgets of signatures.
type sheet struct {
	lines []string
	raw   string
	seals []sealed
	attrs pdf.Dict
}

// A sealed signature shows content on rect.
type sealed struct {
	rect    pdf.Rect
	content string
}

const redSquare = "1 0 0 rg 0 0 1000 1000 re f"

// document writes sheets.
func document(sheets ...sheet) []byte {
	b := &pdftest.Builder{}
	root, tree := b.Reserve(), b.Reserve()
	name := func(s string) pdf.Name { return pdf.Name(s) }
	toUnicode := b.AddStream(nil, []byte("/CIDInit/ProcSet findresource begin 12 dict begin begincmap "+
		"/CMapName/U def /CMapType 2 def\n"+
		"1 begincodespacerange <0000> <FFFF> endcodespacerange\n1 beginbfrange <0000> <FFFF> <0000> endbfrange\nendcmap end end"))
	descriptor := b.AddRaw("<</Type/FontDescriptor/FontName/Song/Flags 4/FontBBox[0 -120 1000 880]/Ascent 880" +
		"/Descent -120/CapHeight 700/ItalicAngle 0/StemV 80>>")
	cid := b.AddRaw("<</Type/Font/Subtype/CIDFontType2/BaseFont/Song/DW 1000/CIDSystemInfo" +
		"<</Registry(Adobe)/Ordering(Identity)/Supplement 0>>/FontDescriptor " + string(pdf.Append(nil, descriptor)) + ">>")
	song := b.Add(pdf.Dict{"Type": name("Font"), "Subtype": name("Type0"), "BaseFont": name("Song"), "Encoding": name("Identity-H"),
		"DescendantFonts": pdf.Array{cid}, "ToUnicode": toUnicode})
	helvetica := b.Add(pdf.Dict{"Type": name("Font"), "Subtype": name("Type1"), "BaseFont": name("Helvetica")})

	kids, fields := pdf.Array{}, pdf.Array{}
	for _, s := range sheets {
		var c strings.Builder
		c.WriteString("0 g\n")
		for k, line := range s.lines {
			fmt.Fprintf(&c, "BT /F 12 Tf 1 0 0 1 72 %d Tm <", 760-24*k)
			for _, u := range utf16.Encode([]rune(line)) {
				fmt.Fprintf(&c, "%04X", u)
			}
			c.WriteString("> Tj ET\n")
		}
		c.WriteString(s.raw)
		annots := pdf.Array{}
		for _, seal := range s.seals {
			w, h := seal.rect.Width(), seal.rect.Height()
			look := b.AddStream(pdf.Dict{"Type": name("XObject"), "Subtype": name("Form"),
				"BBox": pdf.Array{pdf.Integer(0), pdf.Integer(0), pdf.Real(w), pdf.Real(h)}}, []byte(seal.content))
			r := pdf.Array{}
			for _, v := range seal.rect {
				r = append(r, pdf.Real(v))
			}
			annots = append(annots, b.Add(pdf.Dict{"Type": name("Annot"), "Subtype": name("Widget"), "FT": name("Sig"),
				"T": pdf.TextString(fmt.Sprintf("s%d", len(fields)+len(annots))), "F": pdf.Integer(132), "Rect": r,
				"AP": pdf.Dict{"N": look}}))
		}
		fields = append(fields, annots...)
		page := pdf.Dict{"Type": name("Page"), "Parent": tree, "Contents": b.AddStream(nil, []byte(c.String())), "Annots": annots}
		for k, v := range s.attrs {
			page[k] = v
		}
		kids = append(kids, b.Add(page))
	}
	b.Set(tree, pdf.Dict{"Type": name("Pages"), "Kids": kids, "Count": pdf.Integer(len(kids)),
		"MediaBox":  pdf.Array{pdf.Integer(0), pdf.Integer(0), pdf.Integer(595), pdf.Integer(842)},
		"Resources": pdf.Dict{"Font": pdf.Dict{"F": song, "H": helvetica}}})
	b.Set(root, pdf.Dict{"Type": name("Catalog"), "Pages": tree, "AcroForm": pdf.Dict{"Fields": fields, "SigFlags": pdf.Integer(3)}})
	return b.Bytes(pdf.Table, root)
}

// prose is n lines that are all different, from the given number on: clauses of a contract.
func prose(from, n int) []string {
	out := make([]string, n)
	for i := range out {
		k := from + i
		out[i] = fmt.Sprintf("第%s条 %s应当在%s日内向%s支付合同价款%d,%03d.00元",
			hanzi(k), hanzi(k*7+3), hanzi(k*5+1), hanzi(k*11+2), 100+k, k*37%1000)
	}
	return out
}

// hanzi is a number in Chinese characters, digit by digit.
func hanzi(n int) string {
	var out []rune
	for _, d := range fmt.Sprint(n) {
		out = append(out, []rune("零壹贰叁肆伍陆柒捌玖")[d-'0'])
	}
	return string(out)
}

// flowed sets lines on pages of so many lines each.
func flowed(lines []string, perPage int) []sheet {
	var out []sheet
	for len(lines) > 0 {
		n := min(perPage, len(lines))
		out = append(out, sheet{lines: lines[:n]})
		lines = lines[n:]
	}
	return out
}
