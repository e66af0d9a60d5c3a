package archive

import (
	"strings"

	"sealdesk/signer/pdf"
)

// usedFont is a font, and the codes that the pages show in it.
type usedFont struct {
	dict pdf.Dict
	used map[int]bool
	wide bool // codes of two bytes
	long bool // a string is longer than PDF/A allows
}

// Drawn, Advance and Shown are what content.Filter asks of a font; only the last is of use here.
func (u *usedFont) Drawn() bool                              { return true }
func (u *usedFont) Advance([]byte) (float64, int, int, bool) { return 0, 0, 0, false }
func (u *usedFont) Shown(s []byte) {
	u.long = u.long || len(s) > maxString
	if !u.wide {
		for _, c := range s {
			u.used[int(c)] = true
		}
		return
	}
	for i := 0; i+1 < len(s); i += 2 {
		u.used[int(s[i])<<8|int(s[i+1])] = true
	}
}

// font judges a font (6.2.11): a program must be embedded, and the file must read it as it is.
func (j *judge) font(u *usedFont) error {
	d := u.dict
	if u.long {
		j.against("6.1.13 a string is longer than 32767 bytes")
	}
	subtype, _ := j.f.Name(d["Subtype"])
	if subtype == "Type3" {
		return j.drawn(u)
	}
	inner := d
	if subtype == "Type0" {
		list, err := j.f.Array(d["DescendantFonts"])
		if err != nil {
			return err
		}
		if len(list) != 1 {
			j.against("6.2.11.3 a composite font without its descendant")
			return nil
		}
		if inner, err = j.f.Dict(list[0]); err != nil {
			return err
		}
	}
	descriptor, err := j.f.Dict(inner["FontDescriptor"])
	if err != nil {
		return err
	}
	for _, key := range []pdf.Name{"FontFile", "FontFile2", "FontFile3"} {
		s, err := j.f.Stream(descriptor[key])
		if err != nil {
			return err
		}
		if s == nil {
			continue
		}
		return j.embedded(u, inner, descriptor, key, s)
	}
	j.fonts[nameOf(j.f, d)] = true
	return nil
}

// nameOf is a font's name without the tag of a subset.
func nameOf(f *pdf.File, d pdf.Dict) string {
	name, _ := f.Name(d["BaseFont"])
	plain := string(name)
	if len(plain) > 7 && plain[6] == '+' {
		plain = plain[7:]
	}
	return strings.ToValidUTF8(plain, "?")
}

// drawn judges the glyphs of a Type 3 font, and that there is one for each character.
func (j *judge) drawn(u *usedFont) error {
	d := u.dict
	procs, err := j.f.Dict(d["CharProcs"])
	if err != nil {
		return err
	}
	names, err := j.differences(d["Encoding"])
	if err != nil {
		return err
	}
	for code := range u.used {
		if n, ok := names[code]; !ok || procs[n] == nil {
			j.against("6.2.11.4.1 a character that a Type 3 font does not draw")
		}
	}
	for _, key := range procs.Keys() {
		s, err := j.f.Stream(procs[key])
		if err != nil {
			return err
		}
		if s != nil {
			if err := j.content(s, d["Resources"]); err != nil {
				return err
			}
		}
	}
	return nil
}

// differences reads the names that an encoding gives to codes (table 114).
func (j *judge) differences(o pdf.Object) (map[int]pdf.Name, error) {
	v, err := j.f.Resolve(o)
	if err != nil {
		return nil, err
	}
	d, _ := v.(pdf.Dict)
	list, err := j.f.Array(d["Differences"])
	if err != nil {
		return nil, err
	}
	names, code := map[int]pdf.Name{}, 0
	for _, o := range list {
		switch v, err := j.f.Resolve(o); v := v.(type) {
		case pdf.Integer:
			code = int(v)
		case pdf.Name:
			names[code] = v
			code++
		default:
			if err != nil {
				return nil, err
			}
		}
	}
	return names, nil
}

// maxStated bounds the widths that a composite font states, those that it states twice included.
const maxStated = 1 << 18

func tooManyWidths() error {
	return &pdf.Error{Kind: pdf.TooComplex, Detail: "a font states too many widths", Offset: -1}
}

func (j *judge) compositeWidths(inner pdf.Dict) func(int) (float64, error) {
	widths, stated := map[int]float64{}, int64(0)
	w, err := j.f.Array(inner["W"])
	for i := 0; err == nil && i+1 < len(w); {
		var first, last int64
		var next pdf.Object
		if first, err = j.f.Int(w[i]); err != nil {
			break
		}
		if next, err = j.f.Resolve(w[i+1]); err != nil {
			break
		}
		if list, ok := next.(pdf.Array); ok {
			if stated += int64(len(list)); stated > maxStated {
				err = tooManyWidths()
				break
			}
			for k := range list {
				if widths[int(first)+k], err = j.f.Number(list[k]); err != nil {
					break
				}
			}
			i += 2
			continue
		}
		if last, err = j.f.Int(next); err != nil || i+2 >= len(w) {
			break
		}
		width, werr := j.f.Number(w[i+2])
		err = werr
		first, last = max(first, 0), min(last, 0xffff)
		if stated += max(0, last-first+1); stated > maxStated {
			err = tooManyWidths()
			break
		}
		for c := first; c <= last; c++ {
			widths[int(c)] = width
		}
		i += 3
	}
	standard := 1000.0
	if err == nil && inner["DW"] != nil {
		standard, err = j.f.Number(inner["DW"])
	}
	return func(code int) (float64, error) {
		if v, ok := widths[code]; ok {
			return v, err
		}
		return standard, err
	}
}

func (j *judge) simpleWidths(d, descriptor pdf.Dict) func(int) (float64, error) {
	list, err := j.f.Array(d["Widths"])
	first, ferr := j.f.Int(d["FirstChar"])
	if err == nil {
		err = ferr
	}
	return func(code int) (float64, error) {
		if i := code - int(first); err == nil && i >= 0 && i < len(list) {
			return j.f.Number(list[i])
		}
		missing, merr := j.f.Number(descriptor["MissingWidth"])
		if err == nil {
			err = merr
		}
		return missing, err
	}
}

// isWide tells whether a font's codes have two bytes; all composite ones that are looked into have.
func isWide(f *pdf.File, d pdf.Dict) bool {
	subtype, _ := f.Name(d["Subtype"])
	return subtype == "Type0"
}
