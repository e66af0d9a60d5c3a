package paper

import (
	"bytes"
	"fmt"
	"unicode/utf16"

	"sealdesk/signer/pdf"
)

// perFont is how many characters a Type 3 font can have, whose codes are bytes.
const perFont = 256

// charset is the characters of one face that a document uses, in the order of
// their first use: character i is code i%256 of font i/256.
type charset struct {
	face  *Face
	name  string // of its fonts, to which their number is added
	index map[rune]int
	runes []rune
	used  []outline
}

func newCharset(name string, face *Face) *charset {
	return &charset{face: face, name: name, index: map[rune]int{}}
}

// place returns where r is, and how wide in thousandths of an em.
func (c *charset) place(r rune) (font int, code byte, advance float64, err error) {
	i, ok := c.index[r]
	if !ok {
		o, err := c.face.outline(r)
		if err != nil {
			return 0, 0, 0, err
		}
		i = len(c.runes)
		c.index[r], c.runes, c.used = i, append(c.runes, r), append(c.used, o)
	}
	return i / perFont, byte(i % perFont), c.used[i].advance, nil
}

// width returns how wide text is in points.
func (c *charset) width(text string, size float64) (float64, error) {
	total := 0.0
	for _, r := range text {
		_, _, advance, err := c.place(r)
		if err != nil {
			return 0, err
		}
		total += advance
	}
	return total * size / unitsPerEm, nil
}

// fonts writes the fonts and adds them to a page's resources.
func (c *charset) fonts(w *writer, into pdf.Dict) {
	for from := 0; from < len(c.runes); from += perFont {
		to := min(from+perFont, len(c.runes))
		procs, names, widths := pdf.Dict{}, pdf.Array{pdf.Integer(0)}, pdf.Array{}
		for i := from; i < to; i++ {
			name := pdf.Name(fmt.Sprintf("g%d", i))
			proc := fmt.Appendf(nil, "%g 0 0 -250 %g 1000 d1\n", c.used[i].advance, max(c.used[i].advance, 1))
			procs[name] = w.stream(pdf.Dict{}, append(proc, c.used[i].path...))
			names = append(names, name)
			widths = append(widths, pdf.Real(c.used[i].advance))
		}
		into[pdf.Name(fmt.Sprintf("%s%d", c.name, from/perFont))] = w.object(pdf.Dict{
			"Type": pdf.Name("Font"), "Subtype": pdf.Name("Type3"),
			"FontBBox":   pdf.Array{pdf.Integer(0), pdf.Integer(-250), pdf.Integer(unitsPerEm), pdf.Integer(unitsPerEm)},
			"FontMatrix": pdf.Array{pdf.Real(0.001), pdf.Integer(0), pdf.Integer(0), pdf.Real(0.001), pdf.Integer(0), pdf.Integer(0)},
			"Resources":  pdf.Dict{},
			"FirstChar":  pdf.Integer(0), "LastChar": pdf.Integer(to - from - 1), "Widths": widths,
			"Encoding":  w.object(pdf.Dict{"Type": pdf.Name("Encoding"), "Differences": names}),
			"CharProcs": w.object(procs),
			"ToUnicode": w.stream(pdf.Dict{}, toUnicode(c.runes[from:to])),
		})
	}
}

// toUnicode is the CMap (ISO 32000-1, 9.10.3) that says what each code stands for.
func toUnicode(runes []rune) []byte {
	var b bytes.Buffer
	b.WriteString("/CIDInit /ProcSet findresource begin\n12 dict begin\nbegincmap\n" +
		"/CIDSystemInfo << /Registry (Adobe) /Ordering (UCS) /Supplement 0 >> def\n" +
		"/CMapName /Adobe-Identity-UCS def\n/CMapType 2 def\n1 begincodespacerange\n<00> <FF>\nendcodespacerange\n")
	const perBlock = 100 // the most that a block may have
	for from := 0; from < len(runes); from += perBlock {
		block := runes[from:min(from+perBlock, len(runes))]
		fmt.Fprintf(&b, "%d beginbfchar\n", len(block))
		for i, r := range block {
			fmt.Fprintf(&b, "<%02X> <", from+i)
			for _, u := range utf16.Encode([]rune{r}) {
				fmt.Fprintf(&b, "%04X", u)
			}
			b.WriteString(">\n")
		}
		b.WriteString("endbfchar\n")
	}
	b.WriteString("endcmap\nCMapName currentdict /CMap defineresource pop\nend\nend\n")
	return b.Bytes()
}
