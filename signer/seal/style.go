package seal

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// DefaultDiameterMM is the size that a seal has of which nothing is known: that of most organisations' seals.
const DefaultDiameterMM = 42.0

// A Form is a kind of seal: it decides the shape, the usual sizes and which texts stand on it.
//
// The measures are those of 国发〔1999〕25号 (organisations: round, no wider than 45 mm, a five-pointed star, characters in a
// Song face), of the seal registers' usual templates for the special seals, and of 国家税务总局公告2011年第7号 with its annex
// (the invoice seal). Seals of state organs that bear the national emblem are not made here.
type Form string

// The forms. The zero value draws as Company does.
const (
	Company  Form = "company"  // 公章: round, star, name on the arc
	Contract Form = "contract" // 合同专用章: the same with a line under the star
	Finance  Form = "finance"  // 财务专用章: likewise, smaller
	Invoice  Form = "invoice"  // 发票专用章: oval, 40 × 30 mm, the taxpayer's number across
	Personal Form = "name"     // 法定代表人名章: square, in columns from right to left
)

// Forms lists the forms in the order in which a form offers them.
func Forms() []Form { return []Form{Company, Contract, Finance, Invoice, Personal} }

// design is what a form is made of.
type design struct {
	sizes    []float64 // mm, the usual one first
	min, max float64   // mm
	aspect   float64   // height by width
	bottom   string    // the text that names the form
	name     int       // characters of a name, at most
	draw     func(*canvas, *Font, Style) error
}

// design is what a form is made of; false for one that is not known.
func (f Form) design() (design, bool) {
	round := design{min: 20, max: 60, aspect: 1, name: MaxNameRunes, draw: drawRound}
	switch f {
	case "", Company:
		round.sizes = []float64{42, 40, 45, 38}
	case Contract:
		round.sizes, round.bottom = []float64{42, 40, 38, 58}, "合同专用章"
	case Finance:
		round.sizes, round.bottom = []float64{38, 40, 42}, "财务专用章"
	case Invoice:
		return design{sizes: []float64{40}, min: 30, max: 60, aspect: ovalHeight / ovalWidth, bottom: "发票专用章", name: MaxNameRunes, draw: drawOval}, true
	case Personal:
		return design{sizes: []float64{20, 18, 22, 16}, min: 8, max: 40, aspect: 1, name: maxPerson, draw: drawSquare}, true
	default:
		return design{}, false
	}
	return round, true
}

// Sizes are the usual widths in millimetres, the commonest first; nil for a form that is not known.
func (f Form) Sizes() []float64 {
	d, _ := f.design()
	return slices.Clone(d.sizes)
}

// Bottom is the text that names the form on the seal, as 合同专用章; empty where none does.
func (f Form) Bottom() string {
	d, _ := f.design()
	return d.bottom
}

// Style says what stands on a seal. White space in its texts is dropped: a seal never shows any.
type Style struct {
	Form Form
	Name string // the organisation, 2 to 40 characters; for Personal the person, 1 to 12

	// Bottom is the straight line under the middle; Company and its like leave it out when it is empty. Form.Bottom has the
	// usual one. Not for Personal.
	Bottom string

	// Number is what the seal is registered under, usually 13 digits on the lower arc; for Invoice the number of the seal
	// among several, as (1), under the line. Not for Personal.
	Number string

	TaxID string // Invoice: 纳税人识别号, 15 to 20 letters and digits across the middle

	Ending   string // Personal: what follows the name, as 印 or 之印; EndingFor has the usual one
	Intaglio bool   // Personal: 白文, white characters on red; otherwise 朱文

	// SizeMM is the diameter, the longer axis or the side; 0 means the usual one.
	SizeMM float64
}

// Bounds of the texts, in characters.
const (
	MaxNameRunes  = 40
	maxPerson     = 12
	maxBottom     = 10
	maxSealNumber = 18
	minTaxID      = 15
	maxTaxID      = 20
	maxEnding     = 2
)

// EndingFor is what usually follows a person's name, so that four characters fill the square.
func EndingFor(name string) string {
	switch utf8.RuneCountInString(compact(name)) {
	case 2:
		return "之印"
	case 3:
		return "印"
	}
	return ""
}

// Width is the width of the seal in millimetres.
func (s Style) Width() float64 {
	if d, ok := s.Form.design(); s.SizeMM == 0 && ok {
		return d.sizes[0]
	}
	return s.SizeMM
}

// Height is the height of the seal in millimetres.
func (s Style) Height() float64 {
	d, _ := s.Form.design()
	return s.Width() * d.aspect
}

// Text is all that stands on the seal, for Font.Missing.
func (s Style) Text() string {
	s = s.compact()
	return s.Name + s.Ending + s.TaxID + s.Bottom + s.Number
}

// Title is what the seal may be called: the name and what names the form.
func (s Style) Title() string {
	s = s.compact()
	if s.Form == Personal {
		return s.Name + s.Ending
	}
	return strings.TrimSpace(s.Name + " " + s.Bottom)
}

// compact drops white space, and what does not stand on the form.
func (s Style) compact() Style {
	s.Name, s.Bottom, s.Number, s.TaxID, s.Ending = compact(s.Name), compact(s.Bottom), compact(s.Number), compact(s.TaxID), compact(s.Ending)
	if s.Form == Personal {
		s.Bottom, s.Number = "", ""
	} else {
		s.Ending, s.Intaglio = "", false
	}
	if s.Form != Invoice {
		s.TaxID = ""
	}
	return s
}

func compact(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) {
			return -1
		}
		return r
	}, text)
}

// Check says what is wrong with the texts and the size, before a font is asked.
//
// Error: *StyleError.
func (s Style) Check() error {
	s = s.compact()
	d, ok := s.Form.design()
	if !ok {
		return &StyleError{Field: "form"}
	}
	minName := 2
	if s.Form == Personal {
		minName = 1
	}
	bounds := []struct {
		field, text string
		min, max    int
	}{
		{"name", s.Name, minName, d.name},
		{"bottom", s.Bottom, 0, maxBottom},
		{"number", s.Number, 0, maxSealNumber},
		{"ending", s.Ending, 0, maxEnding},
	}
	if s.Form == Invoice {
		bounds[2].max = maxOrder
		if n := len(s.TaxID); n < minTaxID || n > maxTaxID || strings.Trim(s.TaxID, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ") != "" {
			return &StyleError{Field: "tax_id", Min: minTaxID, Max: maxTaxID}
		}
	}
	for _, b := range bounds {
		if n := utf8.RuneCountInString(b.text); n < b.min || n > b.max {
			return &StyleError{Field: b.field, Min: float64(b.min), Max: float64(b.max)}
		}
	}
	if w := s.Width(); !(w >= d.min && w <= d.max) {
		return &StyleError{Field: "size", Min: d.min, Max: d.max}
	}
	return nil
}
