package archive

import (
	"bytes"
	"encoding/binary"
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"

	"golang.org/x/text/encoding/charmap"
)

// shorts is a table of numbers of two bytes.
func shorts(v ...int) []byte {
	var b []byte
	for _, n := range v {
		b = binary.BigEndian.AppendUint16(b, uint16(n))
	}
	return b
}

func TestMapsOfCharacters(t *testing.T) {
	bytewise := append(shorts(0, 262, 0), make([]byte, 70)...)
	bytewise[6+'A'] = 5
	// Two segments: A to C by a delta, a and b by a table in which b has none, and the end.
	segments := shorts(4, 0, 0, 6, 0, 0, 0, 'C', 'b', 0xffff, 0, 'A', 'a', 0xffff, 0x10000-60, 1, 1, 0, 4, 0, 8, 0)
	tests := []struct {
		name string
		b    []byte
		want map[int]int
	}{
		{"of bytes, cut", bytewise, map[int]int{'A': 5}},
		{"of segments", segments, map[int]int{'A': 5, 'B': 6, 'C': 7, 'a': 9}},
		{"of a range", shorts(6, 0, 0, 'A', 3, 5, 0, 7), map[int]int{'A': 5, 'C': 7}},
		{"of a range, cut", shorts(6, 0, 0, 'A', 3, 5), map[int]int{'A': 5}},
		{"of groups", shorts(12, 0, 0, 0, 0, 0, 0, 1, 2, 0, 2, 1, 0, 5), map[int]int{0x20000: 5, 0x20001: 6}},
		{"of a form that is not read", shorts(14, 1, 2, 3), map[int]int{}},
		{"of nothing", nil, map[int]int{}},
	}
	for _, tt := range tests {
		if got := readMap(tt.b); !maps.Equal(got, tt.want) {
			t.Errorf("%s: %v, want %v", tt.name, got, tt.want)
		}
	}
	// Groups and segments that say too much are not read to their end.
	if got := len(readMap(shorts(12, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0xffff, 0xffff, 0, 1))); got != maxMapped {
		t.Errorf("%d characters of groups", got)
	}
	const n = 9 // times all characters, each time by another delta
	again := func(v int) []int { return slices.Repeat([]int{v}, n) }
	segments = shorts(slices.Concat([]int{4, 0, 0, 2 * n, 0, 0, 0}, again(0xffff), []int{0}, again(0), []int{1, 2, 3, 4, 5, 6, 7, 8, 9}, again(0))...)
	if got := readMap(segments)[10]; got != 10+maxMapped/0xffff {
		t.Errorf("character 10 has glyph %d", got)
	}
}

func TestBadTrueType(t *testing.T) {
	whole, err := tableOf(program(600))
	if err != nil {
		t.Fatal(err)
	}
	type tables = map[string][]byte
	with := func(changes tables) []byte {
		all := maps.Clone(whole)
		maps.Copy(all, changes)
		return sfnt(all)
	}
	number := func(table string, at, v int) []byte {
		b := slices.Clone(whole[table])
		binary.BigEndian.PutUint16(b[at:], uint16(v))
		return b
	}
	outside := sfnt(tables{"head": nil})
	binary.BigEndian.PutUint32(outside[12+8:], 1<<31)
	tests := []struct {
		name string
		b    []byte
	}{
		{"nothing", nil},
		{"fewer tables than it says", program(600)[:40]},
		{"a table outside the file", outside},
		{"a short head", with(tables{"head": whole["head"][:53]})},
		{"a short maxp", with(tables{"maxp": whole["maxp"][:5]})},
		{"a short hhea", with(tables{"hhea": whole["hhea"][:35]})},
		{"no outlines", with(tables{"glyf": nil, "loca": nil})},
		{"no units", with(tables{"head": number("head", 18, 0)})},
		{"no widths", with(tables{"hhea": number("hhea", 34, 0)})},
		{"fewer widths than it says", with(tables{"hmtx": whole["hmtx"][:6]})},
		{"a map cut", with(tables{"cmap": whole["cmap"][:3]})},
		{"fewer maps than it says", with(tables{"cmap": number("cmap", 2, 9)})},
		{"a map outside the table", with(tables{"cmap": number("cmap", 8, 1)})},
	}
	for _, tt := range tests {
		if _, err := parseTrueType(tt.b); !errors.Is(err, errFont) {
			t.Errorf("%s: %v", tt.name, err)
		}
	}
	for _, changes := range []tables{{"cmap": nil}, {"glyf": nil}} { // what is shown may do without
		f, err := parseTrueType(with(changes))
		if err != nil {
			t.Fatal(err)
		}
		for glyph, want := range map[int]bool{-1: false, 0: true, 1: true, 2: false} {
			if _, ok := f.advance(glyph); ok != want {
				t.Errorf("glyph %d is there: %t", glyph, ok)
			}
		}
	}
}

func TestEncoded(t *testing.T) {
	for code, want := range map[int]rune{'A': 'A', 0xa0: ' ', 0xad: '-', 0x80: '€'} {
		if got := encoded(charmap.Windows1252, code); got != want {
			t.Errorf("%#x is %q, want %q", code, got, want)
		}
	}
	if got := encoded(charmap.Macintosh, 0xdb); got != '¤' {
		t.Errorf("MacRomanEncoding has %q", got)
	}
}

func TestBadCFF(t *testing.T) {
	for _, c := range []compact{{encoding: []byte{0, 1, 65}}, {cid: true}} {
		whole := c.bytes()
		if _, err := parseCFF(whole); err != nil {
			t.Fatal(err)
		}
		end := len(whole)
		if !c.cid {
			end -= 3 // FDSelect, which nothing asks for
		}
		for n := range end {
			if _, err := parseCFF(whole[:n]); !errors.Is(err, errFont) {
				t.Errorf("cut to %d of %d bytes: %v", n, len(whole), err)
			}
		}
	}
	head := []byte{1, 0, 4, 2}
	font := func(names, tops []byte, more ...[]byte) []byte {
		return slices.Concat(head, names, tops, slices.Concat(more...))
	}
	name, empty := index([]byte("F")), index()
	kind := func(v int) []byte { return append(number(v), 12, 6) }
	tests := []struct {
		name string
		b    []byte
	}{
		{"another version", append([]byte{2, 0, 4, 2}, make([]byte, 99)...)},
		{"a short header", append([]byte{1, 0, 3, 2}, make([]byte, 99)...)},
		{"a header longer than the file", []byte{1, 0, 5, 2}},
		{"two names", font(index([]byte("F"), []byte("G")), index(nil), empty, empty)},
		{"two fonts", font(name, index(nil, nil), empty, empty)},
		{"a broken dictionary", font(name, index([]byte{31}), empty, empty)},
		{"charstrings of Type 1", font(name, index(kind(1)), empty, empty)},
		{"no charstrings", font(name, index(kind(2)), empty, empty)},
		{"charstrings of no glyph", font(name, index(slices.Concat(kind(2), number(6), []byte{17})), empty, empty, empty)},
		{"charstrings beyond everything", font(name, index([]byte{29, 0x7f, 0xff, 0xff, 0xff, 17}), empty, empty)},
		{"charstrings before everything", font(name, index(append(number(-1), 17)), empty, empty)},
	}
	for _, tt := range tests {
		if _, err := parseCFF(tt.b); !errors.Is(err, errFont) {
			t.Errorf("%s: %v", tt.name, err)
		}
	}
}

func TestBadIndex(t *testing.T) {
	for name, b := range map[string][]byte{
		"cut": {0}, "no size": {0, 1}, "offsets of no byte": {0, 1, 0, 1, 1, 1}, "offsets of five bytes": append([]byte{0, 1, 5}, make([]byte, 20)...),
		"offsets cut": {0, 1, 1, 1}, "not from 1": {0, 1, 1, 2, 2, 0}, "backwards": {0, 2, 1, 1, 3, 2, 0, 0, 0}, "beyond": {0, 1, 1, 1, 9, 0},
	} {
		if _, _, err := readIndex(append([]byte{0}, b...), 1); !errors.Is(err, errFont) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, _, err := readIndex([]byte{0, 0, 0}, 0); !errors.Is(err, errFont) {
		t.Error("an index where none can be", err)
	}
}

func TestDict(t *testing.T) {
	tests := []struct {
		name string
		b    []byte
		want []float64 // of operator 5; nil for an error
	}{
		{"short numbers", []byte{139, 247, 0, 251, 0, 5}, []float64{0, 108, -108}},
		{"long numbers", []byte{28, 1, 0, 29, 0, 1, 0, 0, 5}, []float64{256, 65536}},
		{"a small real", []byte{30, 0x1a, 0x5c, 0x3f, 5}, []float64{0.0015}}, // 1.5E-3
		{"a negative real", []byte{30, 0xe2, 0xa5, 0xff, 5}, []float64{-2.5}},
		{"a real of a nibble that is none", []byte{30, 0xd1, 0xff, 5}, nil},
		{"a real that is no number", []byte{30, 0xaa, 0xff, 5}, nil},
		{"a real without an end", []byte{30, 0x11}, nil},
		{"a real too long", append(append([]byte{30}, bytes.Repeat([]byte{0x11}, 30)...), 0xff, 5), nil},
		{"an operator cut", []byte{12}, nil},
		{"numbers cut", []byte{28, 1}, nil},
		{"numbers of five bytes cut", []byte{29, 1}, nil},
		{"numbers of two bytes cut", []byte{247}, nil},
		{"negative numbers of two bytes cut", []byte{254}, nil},
		{"a byte that is no number", []byte{255}, nil},
		{"too many operands", append(bytes.Repeat([]byte{139}, 49), 5), nil},
	}
	for _, tt := range tests {
		d, err := readDict(tt.b)
		if tt.want == nil && !errors.Is(err, errFont) || tt.want != nil && !slices.Equal(d[5], tt.want) {
			t.Errorf("%s: %v, %v", tt.name, d[5], err)
		}
	}
}

func TestCharsets(t *testing.T) {
	tests := []struct {
		name   string
		glyphs int
		at     int
		keyed  bool
		b      []byte // after three bytes
		want   []int  // nil for an error
	}{
		{"standard", 4, 0, false, nil, []int{0, 1, 2, 3}},
		{"standard, of more glyphs than it has", 230, 0, false, nil, nil},
		{"standard, keyed by CID", 2, 0, true, nil, nil},
		{"that of the Expert fonts", 2, 1, false, nil, nil},
		{"outside", 2, 4, false, nil, nil},
		{"numbers", 3, 3, false, []byte{0, 0, 7, 0, 9}, []int{0, 7, 9}},
		{"numbers cut", 3, 3, false, []byte{0, 0, 7, 0}, nil},
		{"short ranges", 4, 3, false, []byte{1, 0, 7, 1, 0, 9, 5}, []int{0, 7, 8, 9}},
		{"long ranges", 4, 3, false, []byte{2, 0, 7, 0, 9}, []int{0, 7, 8, 9}},
		{"ranges beyond all numbers", 4, 3, false, []byte{1, 0xff, 0xff, 1}, nil},
		{"another form", 2, 3, false, []byte{3, 0, 7, 0}, nil},
	}
	for _, tt := range tests {
		c := &cff{data: append(make([]byte, 3), tt.b...), chars: make([][]byte, tt.glyphs)}
		got, err := c.charset(tt.at, tt.keyed)
		if !slices.Equal(got, tt.want) || (tt.want == nil) != errors.Is(err, errFont) {
			t.Errorf("%s: %v, %v", tt.name, got, err)
		}
	}
	c := &cff{strings: [][]byte{[]byte("own")}}
	for id, want := range map[int]string{34: "A", 391: "own", 392: ""} {
		if got, ok := c.name(id); got != want || ok != (want != "") {
			t.Errorf("name %d is %q, %t", id, got, ok)
		}
	}
	if _, err := parseCFF(compact{id: 392}.bytes()); !errors.Is(err, errFont) {
		t.Error("a glyph whose name is not there:", err)
	}
}

func TestEncodingsOfPrograms(t *testing.T) {
	tests := []struct {
		name string
		at   int
		b    []byte // after two bytes
		want map[int]int
		bad  bool
	}{
		{"standard", 0, nil, map[int]int{65: 1}, false},
		{"that of the Expert fonts", 1, nil, nil, false},
		{"outside", 9, nil, nil, true},
		{"codes", 2, []byte{0, 2, 70, 71}, map[int]int{70: 1, 71: 2}, false},
		{"codes cut", 2, []byte{0, 2, 70}, nil, true},
		{"ranges", 2, []byte{1, 1, 255, 1}, map[int]int{255: 1, 0: 2}, false},
		{"ranges cut", 2, []byte{1, 1, 70}, nil, true},
		{"another form", 2, []byte{2, 0}, nil, true},
		{"more", 2, []byte{0x80, 0, 1, 72, 0, 34}, map[int]int{72: 1}, false},
		{"more, without a count", 2, []byte{0x80, 0}, nil, true},
		{"more, cut", 2, []byte{0x80, 0, 1, 72, 0}, nil, true},
		{"more, of a name that no glyph has", 2, []byte{0x80, 0, 1, 72, 0, 35}, nil, true},
	}
	for _, tt := range tests {
		c := &cff{data: append(make([]byte, 2), tt.b...)}
		got, err := c.encoding(tt.at, map[string]int{"A": 1}, map[int]int{34: 1})
		if !maps.Equal(got, tt.want) || errors.Is(err, errFont) != tt.bad {
			t.Errorf("%s: %v, %v", tt.name, got, err)
		}
	}
}

func TestPrivates(t *testing.T) {
	keyed := dict{opROS: nil, opFDArray: {1}, opFDSelect: {0}}
	private := []byte{139, 139, 18} // of no size, at 0
	tests := []struct {
		name string
		c    cff
		top  dict
	}{
		{"no Private", cff{}, dict{}},
		{"Private of one operand", cff{}, dict{opPrivate: {1}}},
		{"Private of a negative size", cff{data: make([]byte, 9)}, dict{opPrivate: {-1, 0}}},
		{"Private before everything", cff{data: make([]byte, 9)}, dict{opPrivate: {1, -1}}},
		{"Private beyond everything", cff{data: make([]byte, 9)}, dict{opPrivate: {9, 1}}},
		{"a broken Private", cff{data: []byte{31}}, dict{opPrivate: {1, 0}}},
		{"subroutines beyond everything", cff{data: append(number(99), 19)}, dict{opPrivate: {4, 0}}},
		{"too many subroutines", cff{data: slices.Concat(number(4), []byte{19}, index([]byte{})), subrs: maxSubrs}, dict{opPrivate: {4, 0}}},
		{"a matrix of five numbers", cff{}, dict{opPrivate: {0, 0}, opMatrix: make([]float64, 5)}},
		{"a matrix of no size", cff{}, dict{opPrivate: {0, 0}, opMatrix: make([]float64, 6)}},
		{"a matrix that slants", cff{}, dict{opPrivate: {0, 0}, opMatrix: {1, 1, 0, 1, 0, 0}}},
		{"no fonts", cff{}, keyed},
		{"too many fonts", cff{data: append([]byte{0}, index(make([][]byte, 257)...)...)}, keyed},
		{"a broken font", cff{data: append([]byte{0}, index([]byte{31})...)}, keyed},
		{"no choice of fonts", cff{data: append([]byte{0}, index(private)...)}, keyed},
	}
	for _, tt := range tests {
		if _, err := tt.c.privates(tt.top); !errors.Is(err, errFont) {
			t.Errorf("%s: %v", tt.name, err)
		}
	}
	// A glyph of a font that is not there, or is broken, has no width; the others have.
	c := cff{data: slices.Concat([]byte{0}, index(private, []byte{139, 18}), []byte{0, 0, 1, 2}), chars: make([][]byte, 3)}
	of, err := c.privates(dict{opROS: nil, opFDArray: {1}, opFDSelect: {float64(len(c.data) - 4)}})
	if err != nil {
		t.Fatal(err)
	}
	if of(0) == nil || of(1) != nil || of(2) != nil {
		t.Error(of(0), of(1), of(2))
	}
	whole := compact{cid: true}.bytes()
	whole[len(whole)-len(index(make([]byte, 7)))-1] = 9 // glyph 1's font in the FDSelect, which stands before the FDArray
	o, err := parseCFF(whole)
	if err != nil {
		t.Fatal(err)
	}
	if _, ok := o.advance(1); ok {
		t.Error("a glyph of a font that is not there has a width")
	}
}

func TestChoiceOfFonts(t *testing.T) {
	tests := []struct {
		name string
		b    []byte // after a byte; three glyphs
		want []byte
	}{
		{"a list", []byte{0, 7, 8, 9}, []byte{7, 8, 9}},
		{"a list cut", []byte{0, 7, 8}, nil},
		{"ranges", []byte{3, 0, 2, 0, 0, 7, 0, 1, 8, 0, 3}, []byte{7, 8, 8}},
		{"ranges without a count", []byte{3, 0}, nil},
		{"ranges cut", []byte{3, 0, 1, 0, 0, 7, 0}, nil},
		{"ranges that begin late", []byte{3, 0, 1, 0, 1, 7, 0, 3}, nil},
		{"ranges of nothing", []byte{3, 0, 1, 0, 0, 7, 0, 0}, nil},
		{"ranges beyond the glyphs", []byte{3, 0, 1, 0, 0, 7, 0, 4}, nil},
		{"ranges of fewer glyphs", []byte{3, 0, 1, 0, 0, 7, 0, 2}, nil},
		{"another form", []byte{4, 0, 0, 0}, nil},
	}
	for _, tt := range tests {
		c := &cff{data: append([]byte{0}, tt.b...), chars: make([][]byte, 3)}
		got, err := c.choice(1)
		if !bytes.Equal(got, tt.want) || (tt.want == nil) != errors.Is(err, errFont) {
			t.Errorf("%s: %v, %v", tt.name, got, err)
		}
	}
	c := &cff{data: []byte{0}}
	for _, at := range []int{0, 1} {
		if _, err := c.choice(at); !errors.Is(err, errFont) {
			t.Errorf("a choice at %d: %v", at, err)
		}
	}
}

func TestWidthsOfCharstrings(t *testing.T) {
	long := append(bytes.Repeat([]byte{139}, maxOperands+1), 14)
	tests := []struct {
		name  string
		char  []byte
		subrs [][]byte
		want  float64 // -1 for none; 5 stands where the charstring says nothing, and it says more than 100
	}{
		{"a number with a fraction", []byte{255, 0, 1, 0x80, 0, 139, 22}, nil, 101.5},
		{"a number with a fraction, cut", []byte{255, 0, 1, 0x80}, nil, -1},
		{"a mask without hints", []byte{19, 0}, nil, 5},
		{"a mask with a width", []byte{140, 20, 0}, nil, 101},
		{"a movement of two", []byte{140, 139, 139, 21}, nil, 101},
		{"a movement of two without a width", []byte{139, 139, 21}, nil, 5},
		{"a movement that lacks an operand", []byte{139, 21}, nil, -1},
		{"the end", []byte{14}, nil, 5},
		{"another operator", []byte{139, 139, 5}, nil, -1},
		{"a call of nothing", []byte{10}, nil, -1},
		{"a call before the first", []byte{28, 0x80, 0, 10}, [][]byte{{14}}, -1},
		{"a call after the last", []byte{139, 10}, [][]byte{{14}}, -1},
		{"a call and back", append(number(-107), 10, 139, 22), [][]byte{{140, 11}}, 101},
		{"back from nowhere", []byte{11}, nil, -1},
		{"too many operands", long, nil, -1},
		{"a loop of many calls", append(number(-107), 10), [][]byte{append(append(number(-106), 10), append(number(-107), 10)...), {11}}, -1},
	}
	c := &cff{}
	for _, tt := range tests {
		got, err := c.width(tt.char, &private{standard: 5, nominal: 100, scale: 1, subrs: tt.subrs})
		if tt.want < 0 && !errors.Is(err, errFont) || tt.want >= 0 && (err != nil || got != tt.want) {
			t.Errorf("%s: %g, %v", tt.name, got, err)
		}
	}
	for n, want := range map[int]int{1239: 107, 1240: 1131, 33899: 1131, 33900: 32768} {
		if got := bias(n); got != want {
			t.Errorf("%d subroutines count from %d", n, got)
		}
	}
}

func TestType1(t *testing.T) {
	clear := func(more string) string {
		return "/FontMatrix [0.001 0 0 0.001 0 0] readonly def " + more + " currentfile eexec "
	}
	const plain = "/Encoding StandardEncoding def"
	// The encryption is taken as it comes: any bytes are the cipher of some.
	hidden := func(text string) []byte {
		out := []byte(text)
		key := uint16(keyFile)
		for i, p := range out {
			out[i] = p ^ byte(key>>8)
			key = (uint16(out[i])+key)*52845 + 22719
		}
		return out
	}
	// A charstring of an operand and hsbw with lenIV 0 reads as it stands when it is encrypted so.
	char := func(b ...byte) string {
		key := uint16(keyChar)
		for i, p := range b {
			b[i] = p ^ byte(key>>8)
			key = (uint16(b[i])+key)*52845 + 22719
		}
		return string(b)
	}
	width := char(139, 240, 13)
	chars := "/lenIV 0 def /CharStrings 1 dict dup begin /A 3 RD " + width + " ND end "
	tests := []struct {
		name, clear, hidden string
		builtIn             map[int]int // nil for an error
	}{
		{"StandardEncoding", plain, chars, map[int]int{65: 1}},
		{"an encoding of its own", "/Encoding 256 array % in part\ndup 66 /A put dup 67 /B put readonly def", chars, map[int]int{66: 1}},
		{"two encodings", plain + " " + plain, chars, map[int]int{}},
		{"no encoding", "", chars, map[int]int{}},
		{"procedures", plain, "/lenIV 0 def /Subrs 2 array dup 0 1 RD " + char(11) + " noaccess put dup 1 1 RD " + char(11) + " NP /CharStrings 1 dict dup begin /A 3 RD " + width + " noaccess def end ", map[int]int{65: 1}},
		{"an encoding without an end", "/Encoding 256 array dup 66 /A put", chars, nil},
		{"an encoding of a code that is none", "/Encoding 256 array dup x /A put def", chars, nil},
		{"an encoding of a code below", "/Encoding 256 array dup -1 /A put def", chars, nil},
		{"an encoding of a code above", "/Encoding 256 array dup 256 /A put def", chars, nil},
		{"an encoding of no name", "/Encoding 256 array dup 65 A put def", chars, nil},
		{"an encoding that puts nothing", "/Encoding 256 array dup 65 /A def", chars, nil},
		{"another matrix again", "/FontMatrix [0.001 0 0 0.001 0 0]", chars, nil},
		{"a matrix of no list", "/FontMatrix x", chars, nil},
		{"a matrix of no numbers", "/FontMatrix [a b c]", chars, nil},
		{"nothing hidden", plain, "/Private ", nil},
		{"lenIV of no number", plain, "/lenIV x " + chars, nil},
		{"lenIV below", plain, "/lenIV -1 " + chars, nil},
		{"lenIV above", plain, "/lenIV 17 " + chars, nil},
		{"charstrings twice", plain, chars + chars, nil},
		{"subroutines after the charstrings", plain, chars + "/Subrs 0 array", nil},
		{"subroutines of no number", plain, "/Subrs x array " + chars, nil},
		{"subroutines of a negative number", plain, "/Subrs -1 array " + chars, nil},
		{"too many subroutines", plain, "/Subrs 65536 array " + chars, nil},
		{"subroutines of no array", plain, "/Subrs 1 dict " + chars, nil},
		{"a subroutine of no number", plain, "/Subrs 1 array dup x ", nil},
		{"a subroutine of no length", plain, "/Subrs 1 array dup 0 x RD ", nil},
		{"a subroutine shorter than its salt", plain, "/Subrs 1 array dup 0 3 RD abc NP ", nil},
		{"a subroutine that is not put", plain, "/Subrs 1 array dup 0 4 RD abcd noaccess def ", nil},
		{"subroutines twice", plain, "/Subrs 1 array dup 0 4 RD abcd NP /Subrs 0 array " + chars, nil},
		{"charstrings that do not begin", plain, "/CharStrings 1 dict dup", nil},
		{"charstrings of no name", plain, "/CharStrings 1 dict dup begin A", nil},
		{"a charstring beyond the end", plain, "/CharStrings 1 dict dup begin /A 99 RD abc", nil},
		{"a glyph twice", plain, "/CharStrings 2 dict dup begin /A 4 RD abcd ND /A 4 RD abcd ND end ", nil},
		{"a charstring that is not defined", plain, "/CharStrings 2 dict dup begin /A 4 RD abcd noaccess put end ", nil},
	}
	for _, tt := range tests {
		open, secret := clear(tt.clear), hidden("abcd"+tt.hidden)
		o, err := parseType1(append([]byte(open), secret...), int64(len(open)), int64(len(secret)))
		if tt.builtIn == nil {
			if !errors.Is(err, errFont) {
				t.Errorf("%s: %v", tt.name, err)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", tt.name, err)
			continue
		}
		if w, ok := o.advance(1); !maps.Equal(o.builtIn, tt.builtIn) || !ok || w != 101 {
			t.Errorf("%s: %v, %g wide", tt.name, o.builtIn, w)
		}
	}
	for name, open := range map[string]string{"no matrix": plain + " currentfile eexec", "a matrix that slants": "/FontMatrix [0.001 1 0 0.001 0 0] currentfile eexec"} {
		secret := hidden("abcd" + chars)
		if _, err := parseType1(append([]byte(open), secret...), int64(len(open)), int64(len(secret))); !errors.Is(err, errFont) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, lengths := range [][2]int64{{-1, 0}, {0, -1}, {9, 0}, {0, 9}, {8, 0}} {
		if _, err := parseType1([]byte("12345678"), lengths[0], lengths[1]); !errors.Is(err, errFont) {
			t.Errorf("lengths %v: %v", lengths, err)
		}
	}
	for name, secret := range map[string]string{"three bytes": "\x80ab", "three bytes in digits": "61 62\n63x", "digits cut": "6162636"} {
		open := clear(plain)
		if _, err := parseType1([]byte(open+secret), int64(len(open)), int64(len(secret))); !errors.Is(err, errFont) {
			t.Errorf("%s hidden: %v", name, err)
		}
	}
}

func TestWidthsOfType1(t *testing.T) {
	tests := []struct {
		name string
		char []byte
		want float64 // -1 for none
	}{
		{"of one direction", []byte{139, 240, 13}, 101},
		{"of two directions", []byte{139, 139, 240, 139, 12, 7}, 101},
		{"a quotient", []byte{139, 240, 141, 12, 12, 13}, 50.5},
		{"a quotient by nothing", []byte{139, 240, 139, 12, 12, 13}, -1},
		{"a long number", []byte{139, 255, 0, 0, 1, 0, 13}, 256},
		{"a long number cut", []byte{139, 255, 0, 0}, -1},
		{"from a procedure", []byte{139, 139, 10, 13}, 101},
		{"from a procedure of no number", []byte{10}, -1},
		{"from a procedure that is not there", []byte{139, 148, 10, 13}, -1},
		{"from a procedure in a ring", []byte{140, 10}, -1},
		{"back from nowhere", []byte{11}, -1},
		{"an operator cut", []byte{12}, -1},
		{"another operator", []byte{139, 5}, -1},
		{"a number of another kind", []byte{28, 0, 1}, -1},
		{"too many operands", bytes.Repeat([]byte{139}, maxOperands+2), -1},
		{"nothing", nil, -1},
	}
	f := &type1{scale: 1, subrs: map[int][]byte{0: {240, 11}, 1: {140, 10}}}
	for _, tt := range tests {
		got, err := f.width(tt.char)
		if tt.want < 0 && !errors.Is(err, errFont) || tt.want >= 0 && (err != nil || got != tt.want) {
			t.Errorf("%s: %g, %v", tt.name, got, err)
		}
	}
}

func TestTokens(t *testing.T) {
	for text, want := range map[string]string{
		"/a{b}% c": "/a { b }", "(a(b)\\)c)d": "d", "(a": "", "a%b\nc": "a c", "a[": "a [", "/": "/",
	} {
		p := &postscript{b: []byte(text)}
		var got []string
		for token := p.next(); token != ""; token = p.next() {
			got = append(got, token)
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%q: %q", text, got)
		}
	}
}
