package archive

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"maps"
	"slices"
	"unicode/utf8"

	"sealdesk/signer/cleancopy/pdfclean/content"
	"sealdesk/signer/pdf"
)

// Verdict says what stands against a file's being PDF/A-2b. The zero Verdict is that nothing does.
type Verdict struct {
	Fonts   []string // names of fonts that are not embedded, sorted
	Colours []string // device colour spaces that are used without saying what they mean, sorted
	Other   []string // anything else, in short English words with the clause of ISO 19005-2, sorted
}

// OK tells whether nothing stands against it.
func (v Verdict) OK() bool { return len(v.Fonts)+len(v.Colours)+len(v.Other) == 0 }

// maxString is how long a string may be, in bytes (6.1.13).
const maxString = 32767

// maxContent bounds the decoded bytes of one stream that is looked into.
const maxContent = 64 << 20

// Judge looks at every object of a file. Errors are those of package pdf, or the context's.
func Judge(ctx context.Context, f *pdf.File) (Verdict, error) {
	j := judge{ctx: ctx, f: f, fonts: map[string]bool{}, colours: map[string]bool{}, other: map[string]bool{}, used: map[pdf.Ref]*usedFont{}, seen: map[int64]bool{}}
	if err := j.file(); err != nil {
		return Verdict{}, err
	}
	list := func(m map[string]bool) []string { return slices.Sorted(maps.Keys(m)) }
	return Verdict{Fonts: list(j.fonts), Colours: list(j.colours), Other: list(j.other)}, nil
}

type judge struct {
	ctx                   context.Context
	f                     *pdf.File
	intent                string // colour space of the output intent's profile
	fonts, colours, other map[string]bool
	used                  map[pdf.Ref]*usedFont
	direct                []*usedFont    // fonts that are no objects of their own
	seen                  map[int64]bool // streams of operators, by their place
}

func (j *judge) against(format string, args ...any) { j.other[fmt.Sprintf(format, args...)] = true }

func (j *judge) file() error {
	if err := j.intents(); err != nil {
		return err
	}
	err := j.f.EachPage(func(_ int, p pdf.Page) error {
		for _, side := range []float64{p.MediaBox.Width(), p.MediaBox.Height(), p.CropBox.Width(), p.CropBox.Height()} {
			if side < 3 || side > 14400 {
				j.against("6.1.13 a page is smaller than 3 or larger than 14400 units")
			}
		}
		s, err := j.f.Stream(p.Dict["Contents"])
		if err != nil || s == nil {
			return err
		}
		return j.content(s, p.Resources)
	})
	if err != nil {
		return err
	}
	for _, rev := range j.f.Revisions() {
		for _, e := range rev.Entries {
			if err := j.ctx.Err(); err != nil {
				return err
			}
			o, err := j.f.Resolve(e.Ref())
			if err != nil {
				return err
			}
			if err := j.object(o, ""); err != nil {
				return err
			}
		}
	}
	// A Type 3 font's glyphs may show other fonts.
	for judged := map[*usedFont]bool{}; ; {
		more := false
		for _, u := range slices.Concat(slices.Collect(maps.Values(j.used)), j.direct) {
			if judged[u] {
				continue
			}
			judged[u], more = true, true
			if err := j.font(u); err != nil {
				return err
			}
		}
		if !more {
			return nil
		}
	}
}

// intents reads which colours the file's output intent is for, from its profile's header (ICC.1, 7.2).
func (j *judge) intents() error {
	catalog, err := j.f.Catalog()
	if err != nil {
		return err
	}
	list, err := j.f.Array(catalog["OutputIntents"])
	if err != nil {
		return err
	}
	for _, o := range list {
		d, err := j.f.Dict(o)
		if err != nil {
			return err
		}
		s, err := j.f.Stream(d["DestOutputProfile"])
		if err != nil {
			return err
		}
		if s == nil {
			continue
		}
		head, err := j.profile(s)
		if err != nil {
			return err
		}
		if class := string(head[12:16]); class != "mntr" && class != "prtr" {
			j.against("6.2.3 the output intent's profile is of class %q", class)
		}
		j.intent = string(head[16:20])
	}
	return nil
}

// profile reads the header of an ICC profile and judges it.
func (j *judge) profile(s *pdf.Stream) ([]byte, error) {
	b, err := j.f.Decode(s, maxContent)
	if err != nil {
		j.against("6.2.4.2 an ICC profile cannot be read")
		return make([]byte, 128), nil
	}
	if len(b) < 128 || !bytes.Equal(b[36:40], []byte("acsp")) || int64(binary.BigEndian.Uint32(b)) > int64(len(b)) {
		j.against("6.2.4.2 an ICC profile is none")
		return make([]byte, 128), nil
	}
	if v := b[8]; v != 2 && (v != 4 || b[9]>>4 > 3) {
		j.against("6.2.4.2 an ICC profile is of version %d", v)
	}
	components := map[string]int64{"GRAY": 1, "RGB ": 3, "CMYK": 4, "Lab ": 3}[string(b[16:20])]
	if n, err := j.f.Int(s.Dict["N"]); err != nil || n != components {
		j.against("6.2.4.2 an ICC profile has other components than its /N")
	}
	return b[:128], nil
}

var renderingIntents = map[pdf.Name]bool{"": true, "RelativeColorimetric": true, "AbsoluteColorimetric": true, "Perceptual": true, "Saturation": true}

var blendModes = map[pdf.Name]bool{
	"Normal": true, "Compatible": true, "Multiply": true, "Screen": true, "Overlay": true, "Darken": true, "Lighten": true, "ColorDodge": true, "ColorBurn": true,
	"HardLight": true, "SoftLight": true, "Difference": true, "Exclusion": true, "Hue": true, "Saturation": true, "Color": true, "Luminosity": true,
}

// object looks at a value and what is within it; key is where it stands in its dictionary.
func (j *judge) object(o pdf.Object, key pdf.Name) error {
	switch v := o.(type) {
	case *pdf.Stream:
		if err := j.stream(v); err != nil {
			return err
		}
		return j.dict(v.Dict)
	case pdf.Dict:
		return j.dict(v)
	case pdf.Array:
		return j.array(v)
	case pdf.Name:
		if len(v) > 127 {
			j.against("6.1.13 a name is longer than 127 bytes")
		}
		switch key {
		case "ColorSpace", "CS", "Alternate":
			j.device(v, nil)
		}
	case pdf.String:
		if len(v) > maxString {
			j.against("6.1.13 a string is longer than 32767 bytes")
		}
	case pdf.Integer:
		if v > 1<<31-1 || v < -1<<31 {
			j.against("6.1.13 a number is too large")
		}
	}
	return nil
}

func (j *judge) array(a pdf.Array) error {
	if len(a) > 1 {
		switch first, _ := j.f.Name(a[0]); first {
		case "Indexed", "Pattern":
			if n, ok := a[1].(pdf.Name); ok {
				j.device(n, nil)
			}
		case "Separation", "DeviceN":
			j.colorants(a[1])
			if len(a) > 2 {
				if n, err := j.f.Name(a[2]); err == nil {
					j.device(n, nil)
				}
			}
			if first == "DeviceN" && len(a) < 5 {
				if names, err := j.f.Array(a[1]); err != nil || len(names) > 1 || len(names) == 1 && names[0] != pdf.Name("None") {
					j.against("6.2.4.4 a DeviceN space does not describe its colorants")
				}
			}
		case "ICCBased":
			s, err := j.f.Stream(a[1])
			if err != nil {
				return err
			}
			if s != nil {
				if _, err := j.profile(s); err != nil {
					return err
				}
			}
			return nil
		}
	}
	for _, o := range a {
		if err := j.object(o, ""); err != nil {
			return err
		}
	}
	return nil
}

// colorants judges the name of a Separation's colorant, or those of a DeviceN's.
func (j *judge) colorants(o pdf.Object) {
	v, _ := j.f.Resolve(o)
	list, ok := v.(pdf.Array)
	if !ok {
		list = pdf.Array{v}
	}
	for _, o := range list {
		if n, _ := j.f.Name(o); !utf8.ValidString(string(n)) {
			j.against("6.1.8 the name of a colorant is no UTF-8")
		}
	}
}

// device notes a device colour space that neither a default nor the output intent gives a meaning (6.2.4.3).
func (j *judge) device(n pdf.Name, resources pdf.Dict) {
	wants := map[pdf.Name]string{"DeviceRGB": "RGB ", "DeviceCMYK": "CMYK"}[n]
	if wants == "" || wants == j.intent {
		return
	}
	spaces, err := j.f.Dict(resources["ColorSpace"])
	if err == nil && spaces["Default"+n[len("Device"):]] != nil {
		return
	}
	j.colours[string(n)] = true
}

func (j *judge) dict(d pdf.Dict) error {
	typ, _ := j.f.Name(d["Type"])
	if typ == "ExtGState" || d["BM"] != nil || d["SMask"] != nil || d["TR"] != nil || d["HT"] != nil {
		j.graphics(d)
	}
	for _, key := range []pdf.Name{"RI", "Intent"} {
		if n, err := j.f.Name(d[key]); err == nil && !renderingIntents[n] {
			j.against("6.2.6 rendering intent %s", n)
		}
	}
	for _, key := range []pdf.Name{"BaseFont", "FontName"} {
		if n, _ := j.f.Name(d[key]); !utf8.ValidString(string(n)) {
			j.against("6.1.8 the name of a font is no UTF-8")
		}
	}
	for _, key := range d.Keys() {
		if len(key) > 127 {
			j.against("6.1.13 a name is longer than 127 bytes")
		}
		if err := j.object(d[key], key); err != nil {
			return err
		}
	}
	return nil
}

// graphics judges a graphics state (6.2.5).
func (j *judge) graphics(d pdf.Dict) {
	if d["TR"] != nil {
		j.against("6.2.5 a transfer function")
	}
	if n, err := j.f.Name(d["TR2"]); err != nil || n != "" && n != "Default" {
		j.against("6.2.5 a transfer function")
	}
	if d["HT"] != nil {
		if n, err := j.f.Name(d["HT"]); err != nil || n != "Default" {
			j.against("6.2.5 a halftone")
		}
	}
	o, err := j.f.Resolve(d["BM"])
	if err != nil {
		return
	}
	modes, ok := o.(pdf.Array)
	if !ok {
		modes = pdf.Array{o}
	}
	for _, m := range modes {
		if n, ok := m.(pdf.Name); ok && !blendModes[n] {
			j.against("6.2.10 blend mode %s", n)
		}
	}
}

func (j *judge) stream(s *pdf.Stream) error {
	subtype, _ := j.f.Name(s.Dict["Subtype"])
	filters, err := j.f.Resolve(s.Dict["Filter"])
	if err != nil {
		return err
	}
	list, ok := filters.(pdf.Array)
	if !ok {
		list = pdf.Array{filters}
	}
	for _, o := range list {
		switch n, _ := j.f.Name(o); n {
		case "LZWDecode", "Crypt":
			j.against("6.1.7.2 filter %s", n)
		case "JPXDecode":
			j.against("6.2.8.3 a JPEG 2000 picture, which is not looked into")
		case "", "FlateDecode", "DCTDecode", "ASCIIHexDecode", "ASCII85Decode", "RunLengthDecode", "CCITTFaxDecode", "JBIG2Decode":
		default:
			j.against("6.1.7.2 filter %s", n)
		}
	}
	switch {
	case subtype == "Image":
		if b, _ := s.Dict["Interpolate"].(pdf.Boolean); bool(b) {
			j.against("6.2.8.1 a picture that is to be interpolated")
		}
	case subtype == "Form", s.Dict["TilingType"] != nil:
		return j.content(s, s.Dict["Resources"])
	}
	return nil
}

// content looks at what operators use.
func (j *judge) content(s *pdf.Stream, of pdf.Object) error {
	if j.seen[s.Offset] {
		return nil
	}
	j.seen[s.Offset] = true
	data, err := j.f.Decode(s, maxContent)
	if err != nil {
		return err
	}
	resources, err := j.f.Dict(of)
	if err != nil {
		return err
	}
	r, err := content.Filter(data, &shown{j, resources}, content.Options{})
	if err != nil {
		return err
	}
	if r.RGB {
		j.device("DeviceRGB", resources)
	}
	if r.CMYK {
		j.device("DeviceCMYK", resources)
	}
	if r.Depth > 28 {
		j.against("6.1.13 graphics states are nested more than 28 deep")
	}
	for _, in := range r.Inline {
		if in.Interpolate {
			j.against("6.2.8.1 a picture that is to be interpolated")
		}
		if slices.Contains(in.Filters, "LZWDecode") {
			j.against("6.1.7.2 filter LZWDecode")
		}
	}
	return nil
}

// shown answers content.Filter where all is to be kept, and notes which fonts are used for what.
type shown struct {
	*judge
	resources pdf.Dict
}

func (s *shown) Layer(pdf.Name) (string, bool)    { return "", true }
func (s *shown) XObject(pdf.Name) content.XObject { return content.XObject{Kind: content.Image} }

func (s *shown) Font(n pdf.Name) content.Font {
	fonts, err := s.f.Dict(s.resources["Font"])
	if err != nil {
		return nil
	}
	ref, indirect := fonts[n].(pdf.Ref)
	if u := s.used[ref]; indirect && u != nil {
		return u
	}
	d, err := s.f.Dict(fonts[n])
	if err != nil || d == nil {
		return nil
	}
	u := &usedFont{dict: d, used: map[int]bool{}, wide: isWide(s.f, d)}
	if indirect {
		s.used[ref] = u
	} else {
		s.direct = append(s.direct, u)
	}
	return u
}
