package archive

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"sealdesk/signer/pdf"
	"sealdesk/signer/pdf/pdftest"
)

// compact makes a font in CFF of .notdef and one more glyph.
type compact struct {
	id       int    // the glyph's name among the standard strings, or its CID; 34, which is A, unless given
	cid      bool   // keyed by CID
	matrix   bool   // 2000 units to the em
	encoding []byte // its own; StandardEncoding unless given
	char     []byte // the charstring; number(100) moves, so that the width is 500+100, unless given
	subr     []byte // its subroutine -107; moves, unless given
}

// number is an integer of three bytes, of which a DICT and a charstring may be made.
func number(v int) []byte { return []byte{28, byte(v >> 8), byte(v)} }

func index(items ...[]byte) []byte {
	b := []byte{byte(len(items) >> 8), byte(len(items))}
	if len(items) == 0 {
		return b
	}
	b = append(b, 2)
	for i, at := 0, 1; i <= len(items); i++ {
		b = append(b, byte(at>>8), byte(at))
		if i < len(items) {
			at += len(items[i])
		}
	}
	return append(b, bytes.Join(items, nil)...)
}

var move = []byte{139, 22, 14} // 0 hmoveto, endchar

func (c compact) bytes() []byte {
	// Widths count from 500, and are 300 where there is none. The Subrs follow.
	private := slices.Concat(number(300), []byte{20}, number(500), []byte{21}, number(12), []byte{19})
	subr := c.subr
	if subr == nil {
		subr = move
	}
	id := cmp.Or(c.id, 34)
	char := c.char
	if char == nil {
		char = append(number(100), move...)
	}
	parts := [][]byte{
		index([]byte{14}, char),
		{0, byte(id >> 8), byte(id)},
		append(slices.Clone(private), index(subr)...),
		c.encoding,
		{0, 0, 0}, // FDSelect
		nil,       // FDArray
	}
	top := func(at []int) []byte {
		var d []byte
		op := func(code []byte, v ...int) {
			for _, n := range v {
				d = append(d, number(n)...)
			}
			d = append(d, code...)
		}
		if c.cid {
			op([]byte{12, 30}, 391, 391, 0)
		}
		if c.matrix {
			half := []byte{30, 0xa0, 0x00, 0x5f, 139, 139, 30, 0xa0, 0x00, 0x5f, 139, 139, 12, 7}
			d = append(d, half...)
		}
		op([]byte{17}, at[0])
		op([]byte{15}, at[1])
		private := append(slices.Concat(number(len(private)), number(at[2])), 18)
		if c.cid {
			op([]byte{12, 37}, at[4])
			op([]byte{12, 36}, at[5])
			parts[5] = index(private)
		} else {
			d = append(d, private...)
			if c.encoding != nil {
				op([]byte{16}, at[3])
			}
		}
		return d
	}
	head := func(d []byte) []byte {
		return slices.Concat([]byte{1, 0, 4, 2}, index([]byte("F")), index(d), index([]byte("S")), index())
	}
	at := make([]int, len(parts))
	at[0] = len(head(top(at)))
	for i := 1; i < len(parts); i++ {
		at[i] = at[i-1] + len(parts[i-1])
	}
	return slices.Concat(head(top(at)), bytes.Join(parts, nil))
}

// oldFont makes a Type 1 program of .notdef and a glyph of this name, as wide as is said, and the keys of its stream.
func oldFont(name string, width int) (string, []byte) {
	encrypt := func(b []byte, key uint16) []byte {
		out := make([]byte, len(b))
		for i, p := range b {
			out[i] = p ^ byte(key>>8)
			key = (uint16(out[i])+key)*52845 + 22719
		}
		return out
	}
	char := func(width int) []byte {
		b := []byte{0, 0, 0, 0, 139, 255}
		return encrypt(append(binary.BigEndian.AppendUint32(b, uint32(width)), 13, 14), keyChar)
	}
	open := "%!PS-AdobeFont-1.0: F\n/FontMatrix [0.001 0 0 0.001 0 0] readonly def\n/Encoding 256 array\n0 1 255 {1 index exch /.notdef put} for\n" +
		"dup 65 /" + name + " put\nreadonly def\n/Notice (a \\( b (c)) def\ncurrentfile eexec\n"
	var hidden bytes.Buffer
	hidden.WriteString("....dup /Private 8 dict dup begin /lenIV 4 def /Subrs 0 array ND 2 index /CharStrings 2 dict dup begin\n")
	for _, g := range []struct {
		name  string
		width int
	}{{".notdef", 250}, {name, width}} {
		b := char(g.width)
		fmt.Fprintf(&hidden, "/%s %d RD %s ND\n", g.name, len(b), b)
	}
	hidden.WriteString("end end")
	secret := encrypt(hidden.Bytes(), keyFile)
	return fmt.Sprintf("/Length1 %d /Length2 %d /Length3 0", len(open), len(secret)), append([]byte(open), secret...)
}

// sfnt puts tables into an OpenType file.
func sfnt(tables map[string][]byte) []byte {
	b := append([]byte("OTTO"), 0, byte(len(tables)), 0, 0, 0, 0, 0, 0)
	at := 12 + 16*len(tables)
	var data []byte
	for name, t := range tables {
		b = append(append(b, name...), 0, 0, 0, 0)
		b = binary.BigEndian.AppendUint32(b, uint32(at+len(data)))
		b = binary.BigEndian.AppendUint32(b, uint32(len(t)))
		data = append(data, t...)
	}
	return append(b, data...)
}

// mapped is program(600) with other maps, each of platform, encoding and the character of glyph 1.
func mapped(maps ...int) []byte {
	tables, err := tableOf(program(600))
	if err != nil {
		panic(err)
	}
	head, data := shorts(0, len(maps)/3), []byte(nil)
	for i := 0; i < len(maps); i += 3 {
		head = append(head, shorts(maps[i], maps[i+1], 0, 4+8*(len(maps)/3)+len(data))...)
		data = append(data, shorts(6, 12, 0, maps[i+2], 1, 1)...)
	}
	tables["cmap"] = append(head, data...)
	return sfnt(tables)
}

// fontFile is a file with a font, which is object 5 where the program is object 7.
func fontFile(font, shown, keys string, program []byte) []byte {
	var b pdftest.Builder
	root := b.AddRaw("<< /Type /Catalog /Pages 2 0 R >>")
	b.AddRaw("<< /Type /Pages /Kids [3 0 R] /Count 1 >>")
	b.AddRaw("<< /Type /Page /Parent 2 0 R /MediaBox [0 0 99 99] /Contents 4 0 R /Resources << /Font << /F 5 0 R >> >> >>")
	b.AddStream(nil, []byte("BT /F 9 Tf "+shown+" Tj ET"))
	b.AddRaw("<< /Type /Font /BaseFont /ABCDEF+Test " + font + " >>")
	b.AddRaw("null")
	b.AddRaw(fmt.Sprintf("<< %s /Length %d >>\nstream\n%s\nendstream", keys, len(program), program))
	b.AddStream(nil, shorts(0, 0, 1)) // which takes CID 2 to glyph 1
	return b.Bytes(pdf.Table, root)
}

// judged tells what stands against it.
func judged(t *testing.T, font, shown, keys string, program []byte) string {
	t.Helper()
	v, err := judgedFile(t, fontFile(font, shown, keys, program))
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(slices.Concat(v.Fonts, v.Colours, v.Other), "|")
}

func TestPrograms(t *testing.T) {
	const win, file3 = "/Encoding /WinAnsiEncoding", "/FontFile3"
	simple := func(encoding string, width int, file string) string {
		return fmt.Sprintf("/Subtype /Type1 /FirstChar 65 /Widths [%d] %s /FontDescriptor << /Flags 32 %s 7 0 R >>", width, encoding, file)
	}
	composite := func(widths string) string {
		return "/Subtype /Type0 /Encoding /Identity-H /DescendantFonts [<< /Type /Font /Subtype /CIDFontType0 /W [" + widths + "] /FontDescriptor << /Flags 4 /FontFile3 7 0 R >> >>]"
	}
	symbol := func(encoding string) string {
		return fmt.Sprintf("/Subtype /TrueType /FirstChar 65 /Widths [600] %s /FontDescriptor << /Flags 4 /FontFile2 7 0 R >>", encoding)
	}
	glyphs := func(toGlyphs, widths string) string {
		return "/Subtype /Type0 /Encoding /Identity-H /DescendantFonts [<< /Type /Font /Subtype /CIDFontType2 /CIDToGIDMap " + toGlyphs + " /W [" + widths + "] /FontDescriptor << /Flags 4 /FontFile2 7 0 R >> >>]"
	}
	drawing := func(differences string) string { // in which a and b are drawn alike
		return "/Subtype /Type3 /CharProcs << /a 7 0 R /b 7 0 R /d null >> /Encoding << /Differences " + differences + " >>"
	}
	const type1C, cidC, openType = "/Subtype /Type1C", "/Subtype /CIDFontType0C", "/Subtype /OpenType"
	lengths, old := oldFont("A", 600)
	_, other := oldFont("B", 600)
	_, wider := oldFont("A", 605)
	upper := bytes.Index(old, []byte("eexec\n")) + 6
	hexed := slices.Concat(old[:upper], fmt.Appendf(nil, "%x", old[upper:]))
	call := slices.Concat(number(100), number(-107), []byte{10}) // the width stands before the call
	tests := []struct {
		name, font, shown, keys string
		program                 []byte
		against                 string
	}{
		{"CFF", simple(win, 600, file3), "(A)", type1C, compact{}.bytes(), ""},
		{"CFF, a hair wider", simple(win, 601, file3), "(A)", type1C, compact{}.bytes(), ""},
		{"CFF, wider", simple(win, 605, file3), "(A)", type1C, compact{}.bytes(), "6.2.11.5"},
		{"CFF, narrower", simple(win, 595, file3), "(A)", type1C, compact{}.bytes(), "6.2.11.5"},
		{"CFF, the glyph removed", simple(win, 600, file3), "(A)", type1C, compact{id: 35}.bytes(), "6.2.11.8"},
		{"CFF, .notdef", simple("/Encoding << /Differences [65 /.notdef] >>", 600, file3), "(A)", type1C, compact{}.bytes(), "6.2.11.8"},
		{"CFF, the width before a subroutine", simple(win, 600, file3), "(A)", type1C, compact{char: call}.bytes(), ""},
		{"CFF, no width", simple(win, 300, file3), "(A)", type1C, compact{char: move}.bytes(), ""},
		{"CFF, a width before hints", simple(win, 600, file3), "(A)", type1C, compact{char: slices.Concat(number(100), []byte{139, 140, 18, 20, 0, 14})}.bytes(), ""},
		{"CFF, hints without a width", simple(win, 300, file3), "(A)", type1C, compact{char: []byte{139, 140, 18, 20, 0, 14}}.bytes(), ""},
		{"CFF, a width before an accented character", simple(win, 600, file3), "(A)", type1C, compact{char: slices.Concat(number(100), []byte{139, 139, 140, 141, 14})}.bytes(), ""},
		{"CFF, a subroutine that calls itself", simple(win, 600, file3), "(A)", type1C, compact{char: slices.Concat(number(-107), []byte{10}), subr: slices.Concat(number(-107), []byte{10})}.bytes(), "6.2.11.4.1"},
		{"CFF, a charstring of nothing", simple(win, 600, file3), "(A)", type1C, compact{char: []byte{}}.bytes(), "6.2.11.4.1"},
		{"CFF of 2000 units", simple(win, 300, file3), "(A)", type1C, compact{matrix: true}.bytes(), ""},
		{"CFF of 2000 units, taken for 1000", simple(win, 600, file3), "(A)", type1C, compact{matrix: true}.bytes(), "6.2.11.5"},
		{"CFF, StandardEncoding of its own", simple("", 600, file3), "(A)", type1C, compact{}.bytes(), ""},
		{"CFF, an encoding of its own", simple("", 600, file3), "(A)", type1C, compact{id: 35, encoding: []byte{0, 1, 65}}.bytes(), ""},
		{"CFF, an encoding of its own in a range", simple("", 600, file3), "(A)", type1C, compact{id: 35, encoding: []byte{1, 1, 65, 0}}.bytes(), ""},
		{"CFF, an encoding of its own with more", simple("", 600, file3), "(A)", type1C, compact{id: 35, encoding: []byte{0x80, 1, 66, 1, 65, 0, 35}}.bytes(), ""},
		{"CFF, an encoding of its own without it", simple("", 600, file3), "(A)", type1C, compact{encoding: []byte{0, 1, 66}}.bytes(), "6.2.11.8"},
		{"CFF, a name of the file's", simple("/Encoding << /Differences [65 /B] >>", 600, file3), "(A)", type1C, compact{id: 35}.bytes(), ""},
		{"CFF, a name of the program's", simple("/Encoding << /BaseEncoding /WinAnsiEncoding /Differences [65 /S] >>", 600, file3), "(A)", type1C, compact{id: 391}.bytes(), ""},
		{"CFF, MacExpertEncoding", simple("/Encoding /MacExpertEncoding", 600, file3), "(A)", type1C, compact{}.bytes(), "6.2.11.6"},
		{"CFF, simple and keyed by CID", simple(win, 600, file3), "(A)", type1C, compact{cid: true}.bytes(), "6.2.11.2"},
		{"CFF for a TrueType font", strings.Replace(simple(win, 600, file3), "/Type1", "/TrueType", 1), "(A)", type1C, compact{}.bytes(), "6.2.11.2"},
		{"CFF cut", simple(win, 600, file3), "(A)", type1C, compact{}.bytes()[:50], "6.2.11.4.1"},

		{"CID", composite("7 [600]"), "<0007>", cidC, compact{cid: true, id: 7}.bytes(), ""},
		{"CID of 2000 units", composite("7 [300]"), "<0007>", cidC, compact{cid: true, id: 7, matrix: true}.bytes(), ""},
		{"CID, wider", composite("7 [605]"), "<0007>", cidC, compact{cid: true, id: 7}.bytes(), "6.2.11.5"},
		{"CID, wider in a range", composite("6 8 595"), "<0007>", cidC, compact{cid: true, id: 7}.bytes(), "6.2.11.5"},
		{"CID, the glyph removed", composite("7 [600]"), "<0007>", cidC, compact{cid: true, id: 8}.bytes(), "6.2.11.8"},
		{"CID, glyphs by number", composite("1 [600]"), "<0001>", cidC, compact{}.bytes(), ""},
		{"CID, no glyph of the number", composite("2 [600]"), "<0002>", cidC, compact{}.bytes(), "6.2.11.4.1"},
		{"CID, .notdef", composite("0 [300]"), "<0000>", cidC, compact{cid: true}.bytes(), "6.2.11.8"},
		{"CID, OpenType", composite("7 [600]"), "<0007>", openType, sfnt(map[string][]byte{"CFF ": compact{cid: true, id: 7}.bytes()}), ""},
		{"CID, OpenType, wider", composite("7 [605]"), "<0007>", openType, sfnt(map[string][]byte{"CFF ": compact{cid: true, id: 7}.bytes()}), "6.2.11.5"},
		{"CID, OpenType of TrueType's outlines", composite("1 [600]"), "<0001>", openType, program(600), "6.2.11.2"},
		{"CID, another character map", strings.Replace(composite("7 [600]"), "Identity-H", "GBK-EUC-H", 1), "<0007>", cidC, compact{cid: true, id: 7}.bytes(), "6.2.11.3"},

		{"Type 1", simple(win, 600, "/FontFile"), "(A)", lengths, old, ""},
		{"Type 1, an encoding of its own", simple("", 600, "/FontFile"), "(A)", lengths, other, ""},
		{"Type 1, wider", simple(win, 600, "/FontFile"), "(A)", lengths, wider, "6.2.11.5"},
		{"Type 1, the glyph removed", simple(win, 600, "/FontFile"), "(A)", lengths, other, "6.2.11.8"},
		{"Type 1 of no size", simple(win, 600, "/FontFile"), "(A)", lengths, bytes.Replace(old, []byte("0.001"), []byte("  NaN"), 1), "6.2.11.5"},
		{"Type 1 in digits", simple(win, 600, "/FontFile"), "(A)", fmt.Sprintf("/Length1 %d /Length2 %d", upper, len(hexed)-upper), hexed, ""},
		{"Type 1, other lengths", simple(win, 600, "/FontFile"), "(A)", "/Length1 9 /Length2 99", old, "6.2.11.4.1"},
		{"Type 1 for a composite font", strings.Replace(composite("1 [600]"), "FontFile3", "FontFile", 1), "<0001>", lengths, old, "6.2.11.2"},

		{"TrueType, a name of the file's", strings.Replace(simple("/Encoding << /BaseEncoding /WinAnsiEncoding /Differences [66 /A] >>", 600, "/FontFile2"), "/Type1 /FirstChar 65", "/TrueType /FirstChar 66", 1), "(B)", "", program(600), ""},
		{"TrueType, a name that is not looked into", strings.Replace(simple("/Encoding << /BaseEncoding /WinAnsiEncoding /Differences [66 /g1] >>", 600, "/FontFile2"), "/Type1", "/TrueType", 1), "(A)", "", program(600), "6.2.11.6"},
		{"TrueType, a map of its own", symbol(""), "(A)", "", mapped(3, 0, 'A'), ""},
		{"TrueType, a map of its own in the private area", symbol(""), "(A)", "", mapped(3, 0, 0xf041), ""},
		{"TrueType, an only map", symbol(""), "(A)", "", mapped(1, 0, 'A'), ""},
		{"TrueType, no map", symbol(""), "(A)", "", mapped(), "6.2.11.6"},
		{"TrueType, two maps of which none is its own", symbol(""), "(A)", "", mapped(1, 0, 'A', 3, 1, 'A'), "6.2.11.6"},
		{"TrueType, symbolic with an encoding", symbol(win), "(A)", "", mapped(3, 0, 'A'), "6.2.11.6"},
		{"TrueType, no map of Unicode", strings.Replace(simple(win, 600, "/FontFile2"), "/Type1", "/TrueType", 1), "(A)", "", mapped(1, 0, 'A'), "6.2.11.6"},
		{"TrueType, a code without a width of its own", strings.Replace(simple(win, 600, "/MissingWidth 601 /FontFile2"), "/Type1 /FirstChar 65", "/TrueType /FirstChar 66", 1), "(A)", "", program(600), ""},

		{"TrueType, composite", glyphs("/Identity", "1 [600]"), "<0001>", "", program(600), ""},
		{"TrueType, composite and down the page", strings.Replace(glyphs("/Identity", "1 1 600"), "Identity-H", "Identity-V", 1), "<0001>", "", program(600), ""},
		{"TrueType, composite, the width of all", glyphs("/Identity", "] /DW 600 /X ["), "<0001>", "", program(600), ""},
		{"TrueType, composite, no width", glyphs("/Identity", "1 1"), "<0001>", "", program(600), "6.2.11.5"},
		{"TrueType, composite without a map", glyphs("null", "1 [600]"), "<0001>", "", program(600), "6.2.11.3.2"},
		{"TrueType, composite in another character map", strings.Replace(glyphs("/Identity", "1 [600]"), "Identity-H", "GBK-EUC-H", 1), "<0001>", "", program(600), "6.2.11.3"},
		{"TrueType, composite, mapped", glyphs("8 0 R", "2 [600]"), "<0002>", "", program(600), ""},
		{"TrueType, composite, not mapped", glyphs("8 0 R", "3 [600]"), "<0003>", "", program(600), "6.2.11.8"},
		{"composite of nothing", "/Subtype /Type0 /Encoding /Identity-H /DescendantFonts []", "<0001>", "", program(600), "6.2.11.3"},

		{"Type 3", drawing("[65 /a]"), "(A)", "/Subtype /Form /BBox [0 0 9 9]", []byte("0 0 9 9 re f"), ""},
		{"Type 3 that draws in CMYK", drawing("[65 /a]"), "(A)", "", []byte("1 0 0 0 k 0 0 9 9 re f"), "DeviceCMYK"},
		{"Type 3, a character without a name", drawing("[66 /a]"), "(A)", "", []byte("f"), "6.2.11.4.1"},
		{"Type 3, a character that is not drawn", drawing("[65 /c]"), "(A)", "", []byte("f"), "6.2.11.4.1"},

		{"TrueType, names on no base", strings.Replace(simple("/Encoding << /Differences [66 /A] >>", 600, "/FontFile2"), "/Type1", "/TrueType", 1), "(A)", "", program(600), "6.2.11.6"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			said := judged(t, tt.font, tt.shown, tt.keys, tt.program)
			if (said == "") != (tt.against == "") || !strings.Contains(said, tt.against) {
				t.Errorf("%q, want %q", said, tt.against)
			}
		})
	}
}

// The widths in the charstrings of whole Chinese fonts are those that their tables state for the same glyphs.
func TestWidthsOfFonts(t *testing.T) {
	paths, err := filepath.Glob("../../../../assets/fonts/*.otf")
	if err != nil || len(paths) == 0 {
		t.Fatal("no fonts", err)
	}
	for _, path := range paths {
		tables := tablesOf(t, path)
		o, err := parseCFF(tables["CFF "])
		if err != nil {
			t.Fatal(path, err)
		}
		for g := range o.glyphs {
			if w, ok := o.advance(g); !ok || math.Abs(w-stated(tables, g)) > 0.01 {
				t.Fatalf("%s: glyph %d is %g wide (%t), want %g", path, g, w, ok, stated(tables, g))
			}
		}
	}
}

func tablesOf(t *testing.T, path string) map[string][]byte {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	tables, err := tableOf(b)
	if err != nil {
		t.Fatal(err)
	}
	return tables
}

// stated is the width that hmtx has for a glyph.
func stated(tables map[string][]byte, glyph int) float64 {
	unit := binary.BigEndian.Uint16(tables["head"][18:])
	last := int(binary.BigEndian.Uint16(tables["hhea"][34:])) - 1
	return float64(binary.BigEndian.Uint16(tables["hmtx"][4*min(glyph, last):])) * 1000 / float64(unit)
}

// A font that a Chinese office has, embedded whole.
func TestChineseFont(t *testing.T) {
	tables := tablesOf(t, "../../../../assets/fonts/serif-date.otf")
	o, err := parseCFF(tables["CFF "])
	if err != nil {
		t.Fatal(err)
	}
	missing := 1
	var cids []int
	for c := range o.cids {
		if c != 0 {
			cids = append(cids, c)
		}
	}
	slices.Sort(cids)
	for slices.Contains(cids, missing) {
		missing++
	}
	font := func(change float64) string {
		var w strings.Builder
		for i, c := range cids {
			width := stated(tables, o.cids[c])
			if i == len(cids)/2 {
				width += change
			}
			fmt.Fprintf(&w, "%d [%g] ", c, width)
		}
		return "/Subtype /Type0 /Encoding /Identity-H /DescendantFonts [<< /Type /Font /Subtype /CIDFontType0 /W [" + w.String() + "] /FontDescriptor << /Flags 4 /FontFile3 7 0 R >> >>]"
	}
	show := func(cids []int) string {
		s := "<"
		for _, c := range cids {
			s += fmt.Sprintf("%04X", c)
		}
		return s + ">"
	}
	for _, tt := range []struct {
		name, font, shown, against string
	}{
		{"as it is", font(0), show(cids), ""},
		{"one width changed", font(5), show(cids), "6.2.11.5"},
		{"a glyph that is not there", font(0), show(append(cids, missing)), "6.2.11.8"},
	} {
		if said := judged(t, tt.font, tt.shown, "/Subtype /CIDFontType0C", tables["CFF "]); (said == "") != (tt.against == "") || !strings.Contains(said, tt.against) {
			t.Errorf("%s: %q, want %q", tt.name, said, tt.against)
		}
	}
}

// all asks for everything that a program has to tell.
func (o *outlines) all() {
	for g := range min(o.glyphs, 64) {
		o.advance(g)
	}
	for _, m := range []map[int]int{o.builtIn, o.cids} {
		for _, g := range m {
			o.advance(g)
		}
	}
}

func FuzzCFF(f *testing.F) {
	f.Add(compact{}.bytes())
	f.Add(compact{cid: true, matrix: true}.bytes())
	f.Add(compact{id: 391, encoding: []byte{0x81, 1, 65, 0, 1, 66, 0, 35}, char: slices.Concat(number(-107), []byte{10})}.bytes())
	f.Fuzz(func(_ *testing.T, b []byte) {
		if o, err := parseCFF(b); err == nil {
			o.all()
		}
	})
}

func FuzzType1(f *testing.F) {
	_, program := oldFont("A", 600)
	at := bytes.Index(program, []byte("eexec\n")) + 6
	f.Add(program[:at], decrypt(program[at:], keyFile))
	f.Fuzz(func(_ *testing.T, open, hidden []byte) {
		program := append(slices.Clone(open), hidden...)
		if o, err := parseType1(program, int64(len(open)), int64(len(hidden))); err == nil {
			o.all()
		}
		// What is hidden is looked at as if it had been decrypted already, which mutants would not survive.
		t := &type1{subrs: map[int][]byte{}, chars: make([][]byte, 1), named: map[string]int{}, scale: 1}
		if t.readPrivate(&postscript{b: hidden}) == nil {
			for _, c := range t.chars {
				_, _ = t.width(c)
			}
		}
	})
}
