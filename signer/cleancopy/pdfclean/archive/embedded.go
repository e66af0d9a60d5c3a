package archive

import (
	"errors"
	"math"
	"slices"

	"sealdesk/signer/pdf"
)

// fits says which fonts a program of a kind is for (ISO 32000-1, table 126).
var fits = map[pdf.Name][]pdf.Name{
	"TrueType": {"TrueType", "CIDFontType2"}, "Type1": {"Type1", "MMType1"}, "Type1C": {"Type1", "MMType1"}, "CIDFontType0C": {"CIDFontType0"},
	"CFF": {"Type1", "CIDFontType0"}, // within OpenType
}

// fontProgram is an embedded font's program, read.
type fontProgram interface {
	// advance gives a glyph's width in thousandths of an em; ok is false for a glyph that is not there.
	advance(glyph int) (width float64, ok bool)
}

// embedded judges a font with a program: it must have each glyph that is shown, as wide as the file says.
func (j *judge) embedded(u *usedFont, inner, descriptor pdf.Dict, key pdf.Name, s *pdf.Stream) error {
	name := nameOf(j.f, u.dict)
	b, err := j.f.Decode(s, maxContent)
	if err != nil {
		return err
	}
	kind, _ := j.f.Name(s.Dict["Subtype"])
	switch key {
	case "FontFile":
		kind = "Type1"
	case "FontFile2":
		kind = "TrueType"
	}
	if kind == "OpenType" {
		kind = "TrueType"
		if tables, err := tableOf(b); err == nil && tables["CFF "] != nil {
			kind, b = "CFF", tables["CFF "]
		}
	}
	if of, _ := j.f.Name(inner["Subtype"]); !slices.Contains(fits[kind], of) {
		j.against("6.2.11.2 the font %s is of another kind than its program", name)
		return nil
	}
	var p fontProgram
	var glyph func(code int) (int, bool)
	if kind == "TrueType" {
		p, glyph, err = j.trueType(u, inner, descriptor, b)
	} else {
		p, glyph, err = j.charstrings(u, kind, s.Dict, b)
	}
	if err != nil {
		return err
	}
	if p == nil {
		j.against("6.2.11.4.1 the program of the font %s cannot be read", name)
		return nil
	}
	if glyph == nil {
		return nil // said already
	}
	width := j.simpleWidths(u.dict, descriptor)
	if u.wide {
		width = j.compositeWidths(inner)
	}
	for code := range u.used {
		g, ok := glyph(code)
		if !ok || g == 0 {
			j.against("6.2.11.8 a character that the font %s has no glyph for", name)
			return nil
		}
		in, ok := p.advance(g)
		if !ok {
			j.against("6.2.11.4.1 a glyph that the font %s lacks", name)
			return nil
		}
		stated, err := width(code)
		if err != nil {
			return err
		}
		if d := math.Abs(in - stated); d > 1 || math.IsNaN(d) {
			j.against("6.2.11.5 the font %s states other widths than it has", name)
			return nil
		}
	}
	return nil
}

// trueType reads a TrueType program, nil if it cannot be read, and tells which glyph a code means, nil if something stands
// against that.
func (j *judge) trueType(u *usedFont, inner, descriptor pdf.Dict, b []byte) (fontProgram, func(code int) (int, bool), error) {
	t, err := parseTrueType(b)
	if err != nil {
		return nil, nil, nil
	}
	if u.wide {
		glyph, err := j.compositeGlyphs(u, inner)
		return t, glyph, err
	}
	glyph, err := j.simpleGlyphs(t, u.dict, descriptor)
	return t, glyph, err
}

// charstrings does the same for a program in CFF or Type 1, whose stream has the dictionary d.
func (j *judge) charstrings(u *usedFont, kind pdf.Name, d pdf.Dict, b []byte) (fontProgram, func(code int) (int, bool), error) {
	var o *outlines
	var err error
	if kind == "Type1" {
		clear, err1 := j.f.Int(d["Length1"])
		secret, err2 := j.f.Int(d["Length2"])
		if err = errors.Join(err1, err2); err == nil {
			o, err = parseType1(b, clear, secret)
		}
	} else {
		o, err = parseCFF(b)
	}
	if err != nil {
		return nil, nil, nil
	}
	glyph, err := j.outlineGlyphs(o, u)
	return o, glyph, err
}
