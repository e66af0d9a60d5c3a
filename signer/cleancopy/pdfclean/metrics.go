package pdfclean

import (
	"bytes"

	"sealdesk/signer/pdf"
)

// metrics is what has to be known of a font to leave its text out: content.Font.
type metrics struct {
	drawn   bool
	known   bool
	wide    bool // codes of two bytes, which are the glyphs' numbers
	widths  map[int]float64
	missing float64 // width of what widths does not name
}

// maxWidths bounds the widths that are read of one font, those that it states twice included.
const maxWidths = 1 << 17

// measure reads the widths of a font where they stand in the dictionary itself (9.6.2, 9.7.4.3): of simple fonts, and of
// composite ones whose codes are the glyphs' numbers. A font that is broken is one that is not known.
func measure(f *pdf.File, d pdf.Dict) *metrics {
	m := &metrics{widths: map[int]float64{}}
	subtype, _ := f.Name(d["Subtype"])
	switch subtype {
	case "Type3":
		m.drawn = true
	case "Type0":
		m.composite(f, d)
	default:
		m.simple(f, d)
	}
	return m
}

func (m *metrics) simple(f *pdf.File, d pdf.Dict) {
	list, err := f.Array(d["Widths"])
	first, ferr := f.Int(d["FirstChar"])
	descriptor, derr := f.Dict(d["FontDescriptor"])
	if err != nil || ferr != nil || derr != nil || list == nil || len(list) > 256 || first < 0 || first > 255 {
		return
	}
	for i, o := range list {
		w, err := f.Number(o)
		if err != nil {
			return
		}
		m.widths[int(first)+i] = w
	}
	m.missing, _ = f.Number(descriptor["MissingWidth"])
	m.known = true
}

func (m *metrics) composite(f *pdf.File, d pdf.Dict) {
	encoding, err := f.Name(d["Encoding"])
	list, lerr := f.Array(d["DescendantFonts"])
	if err != nil || lerr != nil || encoding != "Identity-H" || len(list) != 1 {
		return
	}
	cid, err := f.Dict(list[0])
	if err != nil {
		return
	}
	m.missing = 1000
	if cid["DW"] != nil {
		if m.missing, err = f.Number(cid["DW"]); err != nil {
			return
		}
	}
	w, err := f.Array(cid["W"])
	if err != nil {
		return
	}
	m.wide, m.known = true, m.ranges(f, w)
}

// ranges reads the two forms of W: c [w1 w2 …] and first last w.
func (m *metrics) ranges(f *pdf.File, w pdf.Array) bool {
	read := 0
	for i := 0; i+1 < len(w); {
		first, err := f.Int(w[i])
		if err != nil || first < 0 || first > 0xffff {
			return false
		}
		next, err := f.Resolve(w[i+1])
		if err != nil {
			return false
		}
		if list, ok := next.(pdf.Array); ok {
			if read += len(list); read > maxWidths {
				return false
			}
			for k, o := range list {
				if m.widths[int(first)+k], err = f.Number(o); err != nil {
					return false
				}
			}
			i += 2
			continue
		}
		last, err := f.Int(next)
		if err != nil || last > 0xffff || i+2 >= len(w) {
			return false
		}
		if read += int(max(0, last-first+1)); read > maxWidths {
			return false
		}
		width, err := f.Number(w[i+2])
		if err != nil {
			return false
		}
		for c := first; c <= last; c++ {
			m.widths[int(c)] = width
		}
		i += 3
	}
	return true
}

// Drawn tells of a Type 3 font.
func (m *metrics) Drawn() bool { return m.drawn }

// Advance measures a string.
func (m *metrics) Advance(s []byte) (width float64, glyphs, spaces int, ok bool) {
	step := 1
	if m.wide {
		step = 2
	} else {
		spaces = bytes.Count(s, []byte(" "))
	}
	for i := 0; i+step <= len(s); i += step {
		code := int(s[i])
		if m.wide {
			code = code<<8 | int(s[i+1])
		}
		w, given := m.widths[code]
		if !given {
			w = m.missing
		}
		width += w
		glyphs++
	}
	return width, glyphs, spaces, m.known
}
