package archive

import "sealdesk/signer/pdf"

// identity tells whether a composite font's codes are CIDs, the only case that is looked into.
func (j *judge) identity(u *usedFont) (bool, error) {
	encoding, err := j.f.Resolve(u.dict["Encoding"])
	if err != nil {
		return false, err
	}
	if encoding != pdf.Name("Identity-H") && encoding != pdf.Name("Identity-V") {
		j.against("6.2.11.3 a character map that is not looked into")
		return false, nil
	}
	return true, nil
}

// compositeGlyphs tells which glyph a code means, for codes that are the glyphs' numbers or mapped to them.
func (j *judge) compositeGlyphs(u *usedFont, inner pdf.Dict) (func(int) (int, bool), error) {
	if ok, err := j.identity(u); err != nil || !ok {
		return nil, err
	}
	o, err := j.f.Resolve(inner["CIDToGIDMap"])
	if err != nil {
		return nil, err
	}
	s, ok := o.(*pdf.Stream)
	if !ok {
		if o != pdf.Name("Identity") {
			j.against("6.2.11.3.2 a composite font without a map to its glyphs")
			return nil, nil
		}
		return func(c int) (int, bool) { return c, true }, nil
	}
	b, err := j.f.Decode(s, 1<<17)
	if err != nil {
		return nil, err
	}
	return func(c int) (int, bool) {
		if 2*c+1 >= len(b) {
			return 0, false
		}
		return int(b[2*c])<<8 | int(b[2*c+1]), true
	}, nil
}

// encoding reads a simple font's encoding: the one that it names, "" for the font's own, and the names that differ.
func (j *judge) encoding(o pdf.Object) (base pdf.Name, own map[int]pdf.Name, err error) {
	switch v := o.(type) {
	case pdf.Name:
		return v, nil, nil
	case pdf.Dict:
		if base, err = j.f.Name(v["BaseEncoding"]); err != nil {
			return "", nil, err
		}
	}
	own, err = j.differences(o)
	return base, own, err
}

// outlineGlyphs tells which glyph of charstrings a code means (ISO 32000-1, 9.6.6.2 and 9.7.4.2).
func (j *judge) outlineGlyphs(o *outlines, u *usedFont) (func(int) (int, bool), error) {
	if u.wide {
		if ok, err := j.identity(u); err != nil || !ok {
			return nil, err
		}
		return func(cid int) (int, bool) {
			if o.cids == nil {
				return cid, true
			}
			g, ok := o.cids[cid]
			return g, ok
		}, nil
	}
	if o.named == nil {
		j.against("6.2.11.2 a simple font whose glyphs have no names")
		return nil, nil
	}
	encoding, err := j.f.Resolve(u.dict["Encoding"])
	if err != nil {
		return nil, err
	}
	base, own, err := j.encoding(encoding)
	if err != nil {
		return nil, err
	}
	table := encodings[base]
	if base != "" && base != "StandardEncoding" && table == nil {
		j.against("6.2.11.6 the encoding %s, which is not looked into", base)
		return nil, nil
	}
	return func(c int) (int, bool) {
		name, ok := own[c]
		switch {
		case ok:
		case table != nil:
			name = pdf.Name(names()[encoded(table, c)])
		case base != "":
			name = pdf.Name(standardName(c))
		default:
			g, ok := o.builtIn[c]
			return g, ok
		}
		g, ok := o.named[string(name)]
		return g, ok
	}, nil
}

const symbolic = 4 // of a descriptor's Flags (table 123)

// simpleGlyphs tells which glyph a code means (6.2.11.6).
func (j *judge) simpleGlyphs(t *trueType, d, descriptor pdf.Dict) (func(int) (int, bool), error) {
	flags, err := j.f.Int(descriptor["Flags"])
	if err != nil {
		return nil, err
	}
	encoding, err := j.f.Resolve(d["Encoding"])
	if err != nil {
		return nil, err
	}
	if flags&symbolic != 0 {
		return j.symbolGlyphs(t, encoding), nil
	}
	base, own, err := j.encoding(encoding)
	if err != nil {
		return nil, err
	}
	table := encodings[base]
	if table == nil {
		j.against("6.2.11.6 the encoding of a TrueType font, which is not looked into")
		return nil, nil
	}
	for _, name := range own {
		if _, ok := characters()[string(name)]; !ok {
			j.against("6.2.11.6 the encoding of a TrueType font has a name that is not looked into")
			return nil, nil
		}
	}
	m := t.maps[[2]int{3, 1}]
	if m == nil {
		j.against("6.2.11.6 a TrueType font without a map of Unicode")
		return nil, nil
	}
	return func(c int) (int, bool) {
		r := encoded(table, c)
		if name, ok := own[c]; ok {
			r = characters()[string(name)]
		}
		g, ok := m[int(r)]
		return g, ok
	}, nil
}

func (j *judge) symbolGlyphs(t *trueType, encoding pdf.Object) func(int) (int, bool) {
	if _, none := encoding.(pdf.Null); !none {
		j.against("6.2.11.6 a symbolic TrueType font with an encoding")
		return nil
	}
	m, high := t.maps[[2]int{3, 0}], 0xf000
	if m == nil && len(t.maps) == 1 {
		for _, only := range t.maps {
			m = only
		}
	}
	if m == nil {
		j.against("6.2.11.6 a symbolic TrueType font without a map of its own")
		return nil
	}
	return func(c int) (int, bool) {
		if g, ok := m[c]; ok {
			return g, true
		}
		g, ok := m[high|c]
		return g, ok
	}
}
