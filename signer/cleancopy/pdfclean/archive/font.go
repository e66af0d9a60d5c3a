package archive

import (
	"strings"

	"sealdesk/signer/pdf"
)

// font judges a font dictionary (6.2.11): a program must be embedded, and the file must read it as it is.
func (j *judge) font(d pdf.Dict) error {
	subtype, _ := j.f.Name(d["Subtype"])
	name, _ := j.f.Name(d["BaseFont"])
	switch subtype {
	case "Type0":
		return j.composite(d)
	case "Type3":
		return j.drawn(d)
	}
	descriptor, err := j.f.Dict(d["FontDescriptor"])
	if err != nil {
		return err
	}
	for _, key := range []pdf.Name{"FontFile", "FontFile2", "FontFile3"} {
		s, err := j.f.Stream(descriptor[key])
		if err != nil {
			return err
		}
		if s != nil {
			return j.program(d, descriptor, key, s)
		}
	}
	// A subset's tag in front of the name is of no interest.
	plain := string(name)
	if len(plain) > 7 && plain[6] == '+' {
		plain = plain[7:]
	}
	j.fonts[strings.ToValidUTF8(plain, "?")] = true
	return nil
}

// drawn judges the glyphs of a Type 3 font.
func (j *judge) drawn(d pdf.Dict) error {
	procs, err := j.f.Dict(d["CharProcs"])
	if err != nil {
		return err
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

func (j *judge) composite(d pdf.Dict) error {
	encoding, err := j.f.Resolve(d["Encoding"])
	if err != nil {
		return err
	}
	if n, ok := encoding.(pdf.Name); ok && n != "Identity-H" && n != "Identity-V" {
		j.against("6.2.11.3 a character map that is not embedded and not looked into: %s", n)
	}
	return nil
}

func (j *judge) program(_, _ pdf.Dict, _ pdf.Name, _ *pdf.Stream) error { return nil }
