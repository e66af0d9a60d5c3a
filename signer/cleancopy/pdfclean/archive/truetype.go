package archive

import (
	"encoding/binary"
	"errors"
)

var errFont = errors.New("a font program that cannot be read")

// trueType is what has to be known of a TrueType program (ISO/IEC 14496-22): how wide its glyphs are, and which glyph a
// character has by which of its maps.
type trueType struct {
	advances []float64 // of glyphs, in thousandths of an em; the last one counts for all that follow
	glyphs   int
	maps     map[[2]int]map[int]int // by platform and encoding
}

// maxMapped bounds the characters that are read of a map, those that are said twice included.
const maxMapped = 1 << 18

func parseTrueType(b []byte) (*trueType, error) {
	tables, err := tableOf(b)
	if err != nil {
		return nil, err
	}
	head, maxp, hhea, hmtx := tables["head"], tables["maxp"], tables["hhea"], tables["hmtx"]
	if len(head) < 54 || len(maxp) < 6 || len(hhea) < 36 || len(tables["glyf"]) == 0 && len(tables["loca"]) == 0 {
		return nil, errFont
	}
	unit := float64(binary.BigEndian.Uint16(head[18:]))
	t := &trueType{glyphs: int(binary.BigEndian.Uint16(maxp[4:])), maps: map[[2]int]map[int]int{}}
	n := int(binary.BigEndian.Uint16(hhea[34:]))
	if unit == 0 || n == 0 || len(hmtx) < 4*n {
		return nil, errFont
	}
	for i := range n {
		t.advances = append(t.advances, float64(binary.BigEndian.Uint16(hmtx[4*i:]))*1000/unit)
	}
	return t, t.readMaps(tables["cmap"])
}

func tableOf(b []byte) (map[string][]byte, error) {
	if len(b) < 12 {
		return nil, errFont
	}
	n := int(binary.BigEndian.Uint16(b[4:]))
	if len(b) < 12+16*n {
		return nil, errFont
	}
	tables := map[string][]byte{}
	for i := range n {
		entry := b[12+16*i:]
		at, size := int64(binary.BigEndian.Uint32(entry[8:])), int64(binary.BigEndian.Uint32(entry[12:]))
		if at > int64(len(b)) {
			return nil, errFont
		}
		tables[string(entry[:4])] = b[at:min(at+size, int64(len(b)))]
	}
	return tables, nil
}

// readMaps reads the maps of formats 0, 4 and 6, which are those of embedded fonts, and of 12. A map of another format has
// no characters.
func (t *trueType) readMaps(b []byte) error {
	if len(b) == 0 {
		return nil
	}
	if len(b) < 4 {
		return errFont
	}
	n := int(binary.BigEndian.Uint16(b[2:]))
	if len(b) < 4+8*n {
		return errFont
	}
	for i := range n {
		entry := b[4+8*i:]
		key := [2]int{int(binary.BigEndian.Uint16(entry)), int(binary.BigEndian.Uint16(entry[2:]))}
		at := int64(binary.BigEndian.Uint32(entry[4:]))
		if at+2 > int64(len(b)) {
			return errFont
		}
		t.maps[key] = readMap(b[at:])
	}
	return nil
}

func readMap(b []byte) map[int]int {
	m := map[int]int{}
	steps := 0
	u16 := func(at int) int {
		if at < 0 || at+2 > len(b) {
			return 0
		}
		return int(binary.BigEndian.Uint16(b[at:]))
	}
	switch u16(0) {
	case 0:
		for c := range 256 {
			if 6+c < len(b) && b[6+c] != 0 {
				m[c] = int(b[6+c])
			}
		}
	case 4:
		segments := u16(6) / 2
		for s := range segments {
			end, start := u16(14+2*s), u16(16+2*segments+2*s)
			delta, offset := u16(16+4*segments+2*s), u16(16+6*segments+2*s)
			for c := start; c <= end && c < 0xffff && steps < maxMapped; c++ {
				steps++
				g := c + delta
				if offset != 0 {
					if g = u16(16 + 6*segments + 2*s + offset + 2*(c-start)); g != 0 {
						g += delta
					}
				}
				if g &= 0xffff; g != 0 {
					m[c] = g
				}
			}
		}
	case 6:
		for i := range u16(8) {
			if g := u16(10 + 2*i); g != 0 {
				m[u16(6)+i] = g
			}
		}
	case 12:
		u32 := func(at int) int { return u16(at)<<16 | u16(at+2) }
		for i := range min(u32(12), len(b)/12) {
			start, end, g := u32(16+12*i), u32(20+12*i), u32(24+12*i)
			for c := start; c <= end && steps < maxMapped; c++ {
				steps++
				m[c] = g + c - start
			}
		}
	}
	return m
}

func (t *trueType) advance(glyph int) (float64, bool) {
	if glyph < 0 || glyph >= t.glyphs {
		return 0, false
	}
	return t.advances[min(glyph, len(t.advances)-1)], true
}
