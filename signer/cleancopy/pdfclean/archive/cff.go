package archive

import (
	"encoding/binary"
	"slices"
	"strconv"
)

// cff reads a program in the Compact Font Format (Adobe TN 5176).
type cff struct {
	data    []byte
	strings [][]byte
	global  [][]byte // subroutines of all its charstrings
	chars   [][]byte // charstrings, by glyph
	subrs   int      // subroutines that were read of all Private DICTs
}

// maxSubrs bounds the subroutines of all Private DICTs, which may lie over one another.
const maxSubrs = 1 << 18

// Operators of its dictionaries; those of two bytes have 12 for their high byte.
const (
	opCharset     = 15
	opEncoding    = 16
	opCharStrings = 17
	opPrivate     = 18
	opSubrs       = 19
	opDefaultW    = 20
	opNominalW    = 21
	opMatrix      = 12<<8 | 7
	opKind        = 12<<8 | 6
	opROS         = 12<<8 | 30
	opFDArray     = 12<<8 | 36
	opFDSelect    = 12<<8 | 37
)

// private is what glyphs that share a Private DICT have in common.
type private struct {
	standard, nominal float64
	scale             float64 // from the font's units to thousandths
	subrs             [][]byte
}

func parseCFF(b []byte) (*outlines, error) {
	if len(b) < 4 || b[0] != 1 || int(b[2]) < 4 || int(b[2]) > len(b) {
		return nil, errFont
	}
	c := &cff{data: b}
	at := int(b[2])
	var head [4][][]byte // names, top dictionaries, strings, global subroutines
	var err error
	for i := range head {
		if head[i], at, err = readIndex(b, at); err != nil {
			return nil, err
		}
	}
	if len(head[0]) != 1 || len(head[1]) != 1 {
		return nil, errFont
	}
	c.strings, c.global = head[2], head[3]
	top, err := readDict(head[1][0])
	if err != nil {
		return nil, err
	}
	if kind, ok := top[opKind]; ok && !slices.Equal(kind, []float64{2}) {
		return nil, errFont
	}
	if c.chars, _, err = readIndex(b, top.offset(opCharStrings)); err != nil {
		return nil, err
	}
	if len(c.chars) == 0 {
		return nil, errFont
	}
	o := &outlines{glyphs: len(c.chars)}
	if err := c.choose(o, top); err != nil {
		return nil, err
	}
	of, err := c.privates(top)
	if err != nil {
		return nil, err
	}
	o.width = func(glyph int) (float64, error) {
		p := of(glyph)
		if p == nil {
			return 0, errFont
		}
		return c.width(c.chars[glyph], p)
	}
	return o, nil
}

// readIndex reads an INDEX, and tells where it ends.
func readIndex(b []byte, at int) ([][]byte, int, error) {
	if at < 1 || at+2 > len(b) {
		return nil, 0, errFont
	}
	n := int(binary.BigEndian.Uint16(b[at:]))
	if at += 2; n == 0 {
		return nil, at, nil
	}
	if at >= len(b) {
		return nil, 0, errFont
	}
	size := int(b[at])
	at++
	base := at + (n+1)*size - 1 // offsets count from 1
	if size < 1 || size > 4 || base+1 > len(b) {
		return nil, 0, errFont
	}
	offset := func(i int) int {
		v := 0
		for _, c := range b[at+i*size : at+(i+1)*size] {
			v = v<<8 | int(c)
		}
		return v
	}
	list := make([][]byte, n)
	from := offset(0)
	if from != 1 {
		return nil, 0, errFont
	}
	for i := range list {
		to := offset(i + 1)
		if to < from || to > len(b)-base {
			return nil, 0, errFont
		}
		list[i], from = b[base+from:base+to], to
	}
	return list, base + from, nil
}

// dict is a DICT: operands by operator.
type dict map[int][]float64

// offset is the place that an operator has for its only operand; 0, where no table can be, if it has none.
func (d dict) offset(op int) int {
	if v := d[op]; len(v) == 1 && v[0] >= 0 && v[0] < 1<<31 {
		return int(v[0])
	}
	return 0
}

// number is an operator's only operand, 0 without.
func (d dict) number(op int) float64 {
	if v := d[op]; len(v) == 1 {
		return v[0]
	}
	return 0
}

func readDict(b []byte) (dict, error) {
	d := dict{}
	var operands []float64
	for len(b) > 0 {
		if c := int(b[0]); c <= 21 {
			b = b[1:]
			if c == 12 {
				if len(b) == 0 {
					return nil, errFont
				}
				c, b = 12<<8|int(b[0]), b[1:]
			}
			d[c], operands = operands, nil
			continue
		}
		v, n := 0.0, 0
		if b[0] == 30 {
			v, n = readReal(b)
		} else if b[0] == 29 && len(b) >= 5 {
			v, n = float64(int32(binary.BigEndian.Uint32(b[1:]))), 5
		} else {
			v, n = readNumber(b)
		}
		if n == 0 || len(operands) == 48 {
			return nil, errFont
		}
		operands, b = append(operands, v), b[n:]
	}
	return d, nil
}

// readNumber reads an integer as dictionaries and charstrings both write it, and tells how many bytes it takes: none if
// it is no such number.
func readNumber(b []byte) (float64, int) {
	c := int(b[0])
	switch {
	case c == 28 && len(b) >= 3:
		return float64(int16(binary.BigEndian.Uint16(b[1:]))), 3
	case c >= 32 && c <= 246:
		return float64(c - 139), 1
	case c >= 247 && c <= 250 && len(b) >= 2:
		return float64((c-247)*256 + int(b[1]) + 108), 2
	case c >= 251 && c <= 254 && len(b) >= 2:
		return float64(-(c-251)*256 - int(b[1]) - 108), 2
	}
	return 0, 0
}

// readReal reads a decimal number written in nibbles (table 5).
func readReal(b []byte) (float64, int) {
	var text []byte
	for i := 1; i < len(b) && i < 24; i++ {
		for _, nibble := range []byte{b[i] >> 4, b[i] & 15} {
			switch nibble {
			case 15:
				v, err := strconv.ParseFloat(string(text), 64)
				if err != nil {
					return 0, 0
				}
				return v, i + 1
			case 12:
				text = append(text, "E-"...)
			case 13:
				return 0, 0
			default:
				text = append(text, "0123456789.E?\x00-"[nibble])
			}
		}
	}
	return 0, 0
}

// choose reads by what the glyphs are chosen: names and an encoding, or CIDs.
func (c *cff) choose(o *outlines, top dict) error {
	_, keyed := top[opROS]
	ids, err := c.charset(top.offset(opCharset), keyed)
	if err != nil {
		return err
	}
	if keyed {
		o.cids = map[int]int{}
		for g := len(ids) - 1; g >= 0; g-- {
			o.cids[ids[g]] = g
		}
		return nil
	}
	o.named = map[string]int{}
	byID := map[int]int{}
	for g := len(ids) - 1; g >= 0; g-- {
		name, ok := c.name(ids[g])
		if !ok {
			return errFont
		}
		o.named[name], byID[ids[g]] = g, g
	}
	o.builtIn, err = c.encoding(top.offset(opEncoding), o.named, byID)
	return err
}

func (c *cff) name(id int) (string, bool) {
	own := id - len(standardStrings())
	switch {
	case own < 0:
		return standardStrings()[id], true
	case own < len(c.strings):
		return string(c.strings[own]), true
	}
	return "", false
}

// charset gives the number of each glyph's name, or its CID (section 13). The sets of the Expert fonts are not read.
func (c *cff) charset(at int, keyed bool) ([]int, error) {
	ids := make([]int, 1, len(c.chars))
	if at == 0 && !keyed && len(c.chars) <= 229 {
		for g := 1; g < len(c.chars); g++ {
			ids = append(ids, g)
		}
		return ids, nil
	}
	if at < 3 || at >= len(c.data) {
		return nil, errFont
	}
	b := c.data[at+1:]
	size := map[byte]int{0: 2, 1: 3, 2: 4}[c.data[at]]
	for len(ids) < len(c.chars) {
		if size == 0 || len(b) < size {
			return nil, errFont
		}
		first, left := int(binary.BigEndian.Uint16(b)), 0
		switch size {
		case 3:
			left = int(b[2])
		case 4:
			left = int(binary.BigEndian.Uint16(b[2:]))
		}
		b = b[size:]
		if first+left > 0xffff {
			return nil, errFont
		}
		for i := 0; i <= left && len(ids) < len(c.chars); i++ {
			ids = append(ids, first+i)
		}
	}
	return ids, nil
}

// encoding gives the glyphs of codes (section 12). That of the Expert fonts is not read: no code has a glyph by it.
func (c *cff) encoding(at int, named map[string]int, byID map[int]int) (map[int]int, error) {
	switch at {
	case 0:
		return standard(named), nil
	case 1:
		return nil, nil
	}
	if at+2 > len(c.data) {
		return nil, errFont
	}
	format, n, b := c.data[at], int(c.data[at+1]), c.data[at+2:]
	m := map[int]int{}
	glyph := 1
	switch format & 0x7f {
	case 0:
		if len(b) < n {
			return nil, errFont
		}
		for _, code := range b[:n] {
			m[int(code)] = glyph
			glyph++
		}
		b = b[n:]
	case 1:
		if len(b) < 2*n {
			return nil, errFont
		}
		for i := range n {
			for k := range int(b[2*i+1]) + 1 {
				m[(int(b[2*i])+k)&0xff] = glyph
				glyph++
			}
		}
		b = b[2*n:]
	default:
		return nil, errFont
	}
	if format&0x80 == 0 {
		return m, nil
	}
	if len(b) < 1 || len(b) < 1+3*int(b[0]) {
		return nil, errFont
	}
	for i := range int(b[0]) {
		more := b[1+3*i:]
		g, ok := byID[int(binary.BigEndian.Uint16(more[1:]))]
		if !ok {
			return nil, errFont
		}
		m[int(more[0])] = g
	}
	return m, nil
}

// privates reads the Private DICTs, and tells which one a glyph has: nil for none.
func (c *cff) privates(top dict) (func(glyph int) *private, error) {
	if _, keyed := top[opROS]; !keyed {
		p, err := c.private(top, top)
		return func(int) *private { return p }, err
	}
	dicts, _, err := readIndex(c.data, top.offset(opFDArray))
	if err != nil || len(dicts) > 256 {
		return nil, errFont
	}
	list := make([]*private, len(dicts))
	for i, b := range dicts {
		d, err := readDict(b)
		if err != nil {
			return nil, err
		}
		// What cannot be read counts only if a glyph needs it: subsets leave fonts behind that have none.
		list[i], _ = c.private(d, top, d)
	}
	choice, err := c.choice(top.offset(opFDSelect))
	if err != nil {
		return nil, err
	}
	return func(g int) *private {
		if int(choice[g]) >= len(list) {
			return nil
		}
		return list[choice[g]]
	}, nil
}

// private reads the Private DICT of a font that matrices in these dictionaries scale.
func (c *cff) private(font dict, scaled ...dict) (*private, error) {
	at := font[opPrivate] // its size and place
	if len(at) != 2 || at[0] < 0 || at[1] < 0 || at[0]+at[1] > float64(len(c.data)) {
		return nil, errFont
	}
	size, from := int(at[0]), int(at[1])
	d, err := readDict(c.data[from : from+size])
	if err != nil {
		return nil, err
	}
	p := &private{standard: d.number(opDefaultW), nominal: d.number(opNominalW), scale: 1}
	if subrs := d.offset(opSubrs); subrs != 0 {
		if p.subrs, _, err = readIndex(c.data, from+subrs); err != nil {
			return nil, err
		}
		if c.subrs += len(p.subrs); c.subrs > maxSubrs {
			return nil, errFont
		}
	}
	matrices := 0
	for _, d := range scaled {
		m, ok := d[opMatrix]
		if !ok {
			continue
		}
		if len(m) != 6 || m[0] <= 0 || m[1] != 0 {
			return nil, errFont
		}
		p.scale *= m[0]
		matrices++
	}
	if matrices > 0 {
		p.scale *= 1000
	}
	return p, nil
}

// choice gives the number of each glyph's font in the FDArray (section 19).
func (c *cff) choice(at int) ([]byte, error) {
	if at < 1 || at >= len(c.data) {
		return nil, errFont
	}
	n, b := len(c.chars), c.data[at+1:]
	switch c.data[at] {
	case 0:
		if len(b) >= n {
			return b[:n], nil
		}
	case 3:
		if len(b) < 2 {
			return nil, errFont
		}
		ranges := int(binary.BigEndian.Uint16(b))
		if b = b[2:]; len(b) < 3*ranges+2 {
			return nil, errFont
		}
		list := make([]byte, 0, n)
		for i := range ranges {
			r := b[3*i:]
			first, end := int(binary.BigEndian.Uint16(r)), int(binary.BigEndian.Uint16(r[3:]))
			if first != len(list) || end <= first || end > n {
				return nil, errFont
			}
			for range end - first {
				list = append(list, r[2])
			}
		}
		if len(list) == n {
			return list, nil
		}
	}
	return nil, errFont
}
