package preview_test

import (
	"bytes"
	"fmt"
	"strings"
	"unicode/utf16"
)

// A testPage is a page that the tests write.
type testPage struct {
	lines  []string // each 24 points below the last, from (72, 700), 12 points high
	attrs  string   // further entries of the page, e.g. /Rotate 90
	raw    string   // further content
	bare   bool     // inherits its Resources and boxes
	annots string   // the objects of /Annots, separated by spaces
}

// makePDF writes a document without compression. Its font is not embedded and has
// the code points as codes, which is enough for text; a grey square of 40 points
// at (100, 100) is there to be seen. Further objects are numbered from 100.
func makePDF(pages []testPage, trailer string, objects ...string) []byte {
	var b bytes.Buffer
	offsets := map[int]int{}
	object := func(n int, body string) {
		offsets[n] = b.Len()
		fmt.Fprintf(&b, "%d 0 obj\n%s\nendobj\n", n, body)
	}
	stream := func(dict, data string) string {
		return fmt.Sprintf("<<%s /Length %d>>\nstream\n%s\nendstream", dict, len(data), data)
	}
	b.WriteString("%PDF-1.7\n%\xE2\xE3\xCF\xD3\n")
	var kids []string
	for i := range pages {
		kids = append(kids, fmt.Sprintf("%d 0 R", 10+2*i))
	}
	catalog := "<</Type/Catalog/Pages 2 0 R>>"
	if len(objects) > 0 {
		catalog = "<</Type/Catalog/Pages 2 0 R/AcroForm<</Fields[100 0 R]>>>>"
	}
	object(1, catalog)
	object(2, fmt.Sprintf("<</Type/Pages/Kids[%s]/Count %d/MediaBox[0 0 595 842]/Resources<</Font<</F 3 0 R>>/Note(a \\) > (b))>>>>", strings.Join(kids, " "), len(kids)))
	object(3, "<</Type/Font/Subtype/Type0/BaseFont/Song/Encoding/Identity-H/DescendantFonts[4 0 R]/ToUnicode 5 0 R>>")
	object(4, "<</Type/Font/Subtype/CIDFontType2/BaseFont/Song/CIDSystemInfo<</Registry(Adobe)/Ordering(Identity)/Supplement 0>>/DW 1000/FontDescriptor 6 0 R>>")
	object(5, stream("", "/CIDInit/ProcSet findresource begin 12 dict begin begincmap /CMapName/U def /CMapType 2 def\n"+
		"1 begincodespacerange <0000> <FFFF> endcodespacerange\n1 beginbfrange <0000> <FFFF> <0000> endbfrange\nendcmap end end"))
	object(6, "<</Type/FontDescriptor/FontName/Song/Flags 4/FontBBox[0 -120 1000 880]/Ascent 880/Descent -120/CapHeight 700/ItalicAngle 0/StemV 80>>")
	for i, p := range pages {
		var c strings.Builder
		c.WriteString("0.5 g 100 100 40 40 re f 0 g\n")
		for k, line := range p.lines {
			fmt.Fprintf(&c, "BT /F 12 Tf 1 0 0 1 72 %d Tm <", 700-24*k)
			for _, u := range utf16.Encode([]rune(line)) {
				fmt.Fprintf(&c, "%04X", u)
			}
			c.WriteString("> Tj ET\n")
		}
		c.WriteString(p.raw)
		resources := "/Resources<</Font<</F 3 0 R>>>>"
		if p.bare {
			resources = ""
		}
		object(10+2*i, fmt.Sprintf("<</Type/Page/Parent 2 0 R%s/Contents %d 0 R/Annots[%s]%s>>", resources, 11+2*i, p.annots, p.attrs))
		object(11+2*i, stream("", c.String()))
	}
	for i, o := range objects {
		object(100+i, o)
	}
	xref := b.Len()
	last := 0
	for n := range offsets {
		last = max(last, n)
	}
	fmt.Fprintf(&b, "xref\n0 1\n0000000000 65535 f \n")
	for n := 1; n <= last; n++ {
		if at, ok := offsets[n]; ok {
			fmt.Fprintf(&b, "%d 1\n%010d 00000 n \n", n, at)
		}
	}
	fmt.Fprintf(&b, "trailer\n<</Size %d/Root 1 0 R%s>>\nstartxref\n%d\n%%%%EOF\n", last+1, trailer, xref)
	return b.Bytes()
}
