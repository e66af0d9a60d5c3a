package bid

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"

	"sealdesk/signer/finding"
)

// Outline is what a tender asks of a bid: its parts, which of them are sealed, and the price form. FORMAT.md, 8 has its JSON form.
type Outline struct {
	Tender string        `json:"tender"` // 项目编号
	Lot    string        `json:"lot"`    // 标段编号
	Name   string        `json:"name"`   // 项目名称
	Parts  []OutlinePart `json:"parts"`
	Price  *PriceForm    `json:"price,omitempty"` // nil: no price is read out

	digest string
}

// OutlinePart is a part that a bid has or may have.
type OutlinePart struct {
	Code     string `json:"code"`
	Name     string `json:"name"` // for people
	Kind     string `json:"kind"`
	Required bool   `json:"required"`
	// Envelope is the one that it is sealed in; "" for a part that everybody may read.
	Envelope string `json:"envelope"`
	// Stamp asks for a PDF that bears the bidder's electronic seal (标书签章). A bid's form does not show it: whoever makes one or
	// reads it opened looks into the file.
	Stamp bool `json:"stamp,omitempty"`
	// Types are the extensions of files that are taken, such as ".pdf"; none: any.
	Types []string `json:"types,omitempty"`
}

// PriceForm is the form that the bidder fills in for the opening (开标一览表).
type PriceForm struct {
	Envelope string      `json:"envelope"`
	Fields   []FormField `json:"fields"`
}

// FormField is one line of it.
type FormField struct {
	Name     string    `json:"name"`
	Kind     FieldKind `json:"kind"`
	Required bool      `json:"required"`
	Capitals bool      `json:"capitals,omitempty"` // an amount stands in capitals beside the digits
	Max      string    `json:"max,omitempty"`      // the ceiling of an amount (最高限价), in yuan: digits, and two decimals at most
}

// FieldKind is what a field holds.
type FieldKind string

// The kinds of fields.
const (
	Amount FieldKind = "amount" // in yuan
	Days   FieldKind = "days"   // a whole number from 1 to 99999
	Text   FieldKind = "text"
)

// Money reads an amount in yuan as people write it: in fen, and in capitals (大写).
type Money func(text string) (fen int64, capitals string, err error)

const maxOutline = 1 << 20

// ReadOutline reads an outline. Errors: *Error of Kind BadOutline.
func ReadOutline(r io.Reader) (*Outline, error) {
	bad := func(format string, args ...any) (*Outline, error) { return nil, fail(BadOutline, format, args...) }
	data, err := io.ReadAll(io.LimitReader(r, maxOutline+1))
	switch {
	case err != nil:
		return nil, &Error{Kind: BadOutline, cause: err}
	case len(data) > maxOutline:
		return bad("longer than %d bytes", maxOutline)
	}
	o := &Outline{}
	d := json.NewDecoder(strings.NewReader(string(data)))
	d.DisallowUnknownFields()
	if err := d.Decode(o); err != nil {
		return bad("no outline: %v", err)
	}
	if _, err := d.Token(); err != io.EOF {
		return bad("something follows the outline")
	}
	if !isText(o.Tender, maxText) || !isText(o.Lot, maxText) || len(o.Parts) == 0 || len(o.Parts) >= MaxParts {
		return bad("tender, lot or parts are missing")
	}
	for i, p := range o.Parts {
		again := slices.ContainsFunc(o.Parts[:i], func(q OutlinePart) bool { return strings.EqualFold(q.Code, p.Code) })
		if !codeForm().MatchString(p.Code) || again || !isText(p.Name, maxText) || !codeForm().MatchString(p.Kind) ||
			p.Kind == KindOpening || p.Envelope != "" && !isText(p.Envelope, 64) {
			return bad("part %q", p.Code)
		}
	}
	if f := o.Price; f != nil {
		if !isText(f.Envelope, 64) || len(f.Fields) == 0 || len(f.Fields) > maxFields {
			return bad("a price form without an envelope or fields")
		}
		for i, field := range f.Fields {
			again := slices.ContainsFunc(f.Fields[:i], func(g FormField) bool { return g.Name == field.Name })
			amount := field.Kind == Amount
			if !isText(field.Name, 100) || again || !amount && field.Kind != Days && field.Kind != Text || !amount && (field.Capitals || field.Max != "") ||
				field.Max != "" && !ceilingForm().MatchString(field.Max) {
				return bad("the field %q of the price form", field.Name)
			}
		}
	}
	sum := sha256.Sum256(data)
	o.digest = hex.EncodeToString(sum[:])
	return o, nil
}

// Digest is the SHA-256 of the outline as it was read, for a manifest.
func (o *Outline) Digest() string { return o.digest }

// Apply writes into a Builder what the outline decides: tender, lot, the kinds and envelopes of parts, and where a part has no
// Name, that of its file.
func (o *Outline) Apply(b *Builder) {
	b.Tender, b.Lot, b.Outline = o.Tender, o.Lot, o.digest
	for i := range b.Parts {
		p := &b.Parts[i]
		if p.Name == "" {
			p.Name = filepath.Base(p.Path)
		}
		if want, ok := o.part(p.Code); ok {
			p.Kind, p.Envelope = want.Kind, want.Envelope
		}
	}
	if o.Price != nil {
		b.PriceEnvelope = o.Price.Envelope
	}
}

func (o *Outline) part(code string) (OutlinePart, bool) {
	i := slices.IndexFunc(o.Parts, func(p OutlinePart) bool { return p.Code == code })
	if i < 0 {
		return OutlinePart{}, false
	}
	return o.Parts[i], true
}

var findings = finding.Catalogue{Room: "bid", Known: map[string]finding.Known{
	"other_lot":      finding.Fatal.Saying("the bid is for tender {tender}, lot {lot}"),
	"other_outline":  finding.Doubt.Saying("the bid was made by another edition of the outline"),
	"part_missing":   finding.Fatal.Saying("the part {part} ({name}) is missing"),
	"part_unknown":   finding.Fatal.Saying("the outline has no part {part}"),
	"part_twice":     finding.Fatal.Saying("the part {part} is there twice"),
	"part_type":      finding.Fatal.Saying("the part {part} is a file {file}; asked for is {types}"),
	"part_empty":     finding.Fatal.Saying("the part {part} is empty"),
	"seal_missing":   finding.Fatal.Saying("the part {part} ({name}) must be sealed and is not"),
	"seal_other":     finding.Fatal.Saying("the part {part} must be sealed in {envelope}"),
	"price_missing":  finding.Fatal.Saying("the field {field} of the price form is missing"),
	"price_unknown":  finding.Fatal.Saying("the price form has no field {field}"),
	"price_form":     finding.Fatal.Saying("the field {field} of the price form is not what is asked for: {value}"),
	"price_capitals": finding.Fatal.Saying("the capitals of {field} are {capitals}; the digits say {want}"),
	"price_above":    finding.Fatal.Saying("{field} is {value}, above the ceiling of {max}"),
	"price_open":     finding.Fatal.Saying("the bid commits to no price"),
}}

// Check tells what a Builder, after Apply, lacks of the outline, in its order: missing and unknown parts, missing seals, files
// of another type, and what is wrong with the price form, capitals that say something else than the digits among it. An empty
// list is a bid that can be built.
func (o *Outline) Check(b *Builder, money Money) []finding.Finding {
	parts := make([]Part, len(b.Parts))
	for i, s := range b.Parts {
		parts[i] = Part{Code: s.Code, Kind: s.Kind, Name: s.Name, Envelope: s.Envelope, Size: 1} // what is in the file is seen when it is read
	}
	return append(o.checkParts(parts), o.CheckPrice(b.Price, money)...)
}

// CheckManifest is Check for a bid that was handed in, as far as can be seen before it is opened: the price is known to be
// committed to.
func (o *Outline) CheckManifest(m *Manifest) []finding.Finding {
	var found []finding.Finding
	if m.Tender != o.Tender || m.Lot != o.Lot {
		found = append(found, findings.Find("other_lot", "tender", m.Tender, "lot", m.Lot))
	}
	if m.Outline != o.digest {
		found = append(found, findings.Find("other_outline"))
	}
	var parts []Part
	for _, p := range m.Parts {
		if p.Kind != KindOpening {
			parts = append(parts, p)
		}
	}
	found = append(found, o.checkParts(parts)...)
	if o.Price == nil {
		return found
	}
	c, ok := m.commitment()
	if p, _ := m.Part(c.Part); !ok {
		found = append(found, findings.Find("price_open"))
	} else if p.Envelope != o.Price.Envelope {
		found = append(found, findings.Find("seal_other", "part", p.Code, "name", p.Name, "envelope", o.Price.Envelope))
	}
	return found
}

func (o *Outline) checkParts(parts []Part) []finding.Finding {
	var found []finding.Finding
	have := map[string]bool{}
	for _, p := range parts {
		want, ok := o.part(p.Code)
		switch {
		case !ok:
			found = append(found, findings.Find("part_unknown", "part", p.Code))
			continue
		case have[p.Code]:
			found = append(found, findings.Find("part_twice", "part", p.Code, "name", want.Name))
		}
		have[p.Code] = true
		if len(want.Types) > 0 && !slices.ContainsFunc(want.Types, func(t string) bool { return strings.EqualFold(t, filepath.Ext(p.Name)) }) {
			found = append(found, findings.Find("part_type", "part", p.Code, "name", want.Name, "file", p.Name, "types", want.Types))
		}
		if p.Size == 0 {
			found = append(found, findings.Find("part_empty", "part", p.Code, "name", want.Name))
		}
		switch {
		case want.Envelope != "" && !p.Sealed():
			found = append(found, findings.Find("seal_missing", "part", p.Code, "name", want.Name))
		case want.Envelope != p.Envelope:
			found = append(found, findings.Find("seal_other", "part", p.Code, "name", want.Name, "envelope", want.Envelope))
		}
	}
	for _, want := range o.Parts {
		if want.Required && !have[want.Code] {
			found = append(found, findings.Find("part_missing", "part", want.Code, "name", want.Name))
		}
	}
	return found
}

// CheckPrice is what Check says of the price alone, as when it is read out.
func (o *Outline) CheckPrice(p Price, money Money) []finding.Finding {
	var found []finding.Finding
	var form PriceForm
	if o.Price != nil {
		form = *o.Price
	}
	for _, f := range p.Fields {
		if !slices.ContainsFunc(form.Fields, func(w FormField) bool { return w.Name == f.Name }) {
			found = append(found, findings.Find("price_unknown", "field", f.Name))
		}
	}
	for _, want := range form.Fields {
		i := slices.IndexFunc(p.Fields, func(f Field) bool { return f.Name == want.Name })
		if i < 0 || p.Fields[i].Value == "" {
			if want.Required {
				found = append(found, findings.Find("price_missing", "field", want.Name))
			}
			continue
		}
		found = append(found, want.check(p.Fields[i], money)...)
	}
	return found
}

var ceilingForm = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[0-9]{1,16}(\.[0-9]{1,2})?$`) })

var daysForm = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[1-9][0-9]{0,4}$`) })

func (w FormField) check(f Field, money Money) []finding.Finding {
	var found []finding.Finding
	add := func(code string, params ...any) {
		found = append(found, findings.Find(code, append([]any{"field", w.Name}, params...)...))
	}
	if w.Kind == Days && !daysForm().MatchString(f.Value) || w.Kind != Amount && f.Capitals != "" {
		add("price_form", "value", strconv.Quote(f.Value))
	}
	if w.Kind != Amount {
		return found
	}
	fen, capitals, err := money(f.Value)
	if err != nil {
		add("price_form", "value", strconv.Quote(f.Value))
		return found
	}
	if (w.Capitals || f.Capitals != "") && plainCapitals(f.Capitals) != plainCapitals(capitals) {
		add("price_capitals", "capitals", strconv.Quote(f.Capitals), "want", capitals)
	}
	if w.Max == "" {
		return found
	}
	if most, _, err := money(w.Max); err != nil || fen > most {
		add("price_above", "value", f.Value, "max", w.Max)
	}
	return found
}

// plainCapitals makes the ways of writing capitals one: 圆 is 元, 正 is 整, and 人民币 may lead.
func plainCapitals(s string) string {
	s = strings.TrimPrefix(strings.Join(strings.Fields(s), ""), "人民币")
	return strings.NewReplacer("圆", "元", "正", "整").Replace(strings.TrimLeft(s, "：:"))
}
