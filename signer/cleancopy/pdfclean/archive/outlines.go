package archive

// outlines is what has to be known of a font program whose glyphs are charstrings, CFF or Type 1: which glyph is meant,
// and how wide it is. Glyph 0 is .notdef.
type outlines struct {
	named   map[string]int // glyphs by name; nil in a program that is keyed by CID
	cids    map[int]int    // glyphs by CID; nil in a program that has names
	builtIn map[int]int    // glyphs by code, in the program's own encoding
	glyphs  int
	width   func(glyph int) (float64, error) // of a glyph that is there, in thousandths of an em
}

func (o *outlines) advance(glyph int) (float64, bool) {
	if glyph < 0 || glyph >= o.glyphs {
		return 0, false
	}
	w, err := o.width(glyph)
	return w, err == nil
}

// standard is StandardEncoding for these names.
func standard(named map[string]int) map[int]int {
	m := map[int]int{}
	for code := range 256 {
		if g, ok := named[standardName(code)]; ok {
			m[code] = g
		}
	}
	return m
}
