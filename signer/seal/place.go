package seal

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Kind says how a Place finds its spot.
type Kind int

// The kinds of places.
const (
	AtPosition Kind = iota + 1 // a point of a page
	AtKeyword                  // words of the text
	AtEdge                     // the edges of all pages, 骑缝章
)

// LastPage is the Page of `page=last`.
const LastPage = -1

// A Place says where a seal goes. ParsePlace reads it and String prints it.
//
//	page=3,x=120mm,y=60mm      the seal's centre from the page's top left corner
//	page=last,x=15cm,y=240mm   page=-2 is the last but one
//	keyword=采购人（盖章）         the seal's centre on the middle of these words
//	keyword=日期,index=2,dx=10mm,dy=-5mm   at their second occurrence, moved right and up
//	edge                       halfway down the right edge of all pages
//	edge,y=100mm               or this far down
//
// Lengths have a unit: mm, cm or pt. A comma or per cent sign of a keyword is
// written %2C or %25.
type Place struct {
	Kind Kind

	Page int     // AtPosition: from 1, or from the end when negative
	X, Y float64 // AtPosition: millimetres right of and below the top left corner; AtEdge: Y, 0 meaning the middle

	Keyword string  // AtKeyword
	Index   int     // AtKeyword: which occurrence, from 1, or from the end when negative; 0 the first
	DX, DY  float64 // AtKeyword: millimetres to the right and down
}

// Bounds of what a place may say: PDF knows no page wider than 14400 points.
const (
	maxMM      = 14400 / PointsPerMM
	maxPage    = 1_000_000
	maxKeyword = 64
	maxText    = 1024
)

// ParsePlace reads a place. Error: *PlaceError.
func ParsePlace(text string) (Place, error) {
	if len(text) > maxText {
		return Place{}, &PlaceError{Part: "…", Reason: "it is too long"}
	}
	if !utf8.ValidString(text) {
		return Place{}, &PlaceError{Part: strings.ToValidUTF8(text, "?"), Reason: "it is not UTF-8"}
	}
	fields := map[string]string{}
	first := ""
	for i, part := range strings.Split(text, ",") {
		part = strings.TrimSpace(part)
		key, value, hasValue := strings.Cut(part, "=")
		key, value = strings.TrimSpace(key), strings.TrimSpace(value)
		if !hasValue && (key != "edge" || i != 0) {
			return Place{}, &PlaceError{Part: part, Reason: "it must read name=value"}
		}
		if hasValue && value == "" {
			return Place{}, &PlaceError{Part: part, Reason: "the value is empty"}
		}
		if _, twice := fields[key]; twice {
			return Place{}, &PlaceError{Part: part, Reason: "it is given twice"}
		}
		if i == 0 {
			first = key
			if key == "edge" && hasValue {
				return Place{}, &PlaceError{Part: part, Reason: "edge takes no value"}
			}
		}
		fields[key] = value
	}

	r := fieldReader{fields: fields}
	var p Place
	switch first {
	case "page":
		p.Kind = AtPosition
		p.Page = r.page()
		p.X = r.length("x", true)
		p.Y = r.length("y", true)
	case "keyword":
		p.Kind = AtKeyword
		p.Keyword = r.keyword()
		p.Index = r.index()
		p.DX = r.length("dx", false)
		p.DY = r.length("dy", false)
	case "edge":
		p.Kind = AtEdge
		r.take("edge")
		p.Y = r.length("y", false)
	default:
		return Place{}, &PlaceError{Part: first, Reason: "a place starts with page=, keyword= or edge"}
	}
	if err := r.finish(); err != nil {
		return Place{}, err
	}
	if p.Kind != AtKeyword && (p.X < 0 || p.Y < 0) {
		return Place{}, &PlaceError{Part: text, Reason: "x and y are measured from the top left corner and cannot be negative"}
	}
	return p, nil
}

// A fieldReader takes fields out of a map and keeps the first error.
type fieldReader struct {
	fields map[string]string
	err    error
}

func (r *fieldReader) take(key string) (string, bool) {
	value, ok := r.fields[key]
	delete(r.fields, key)
	return value, ok
}

func (r *fieldReader) fail(part, reason string) {
	if r.err == nil {
		r.err = &PlaceError{Part: part, Reason: reason}
	}
}

// finish reports the first error, or a field that nobody took.
func (r *fieldReader) finish() error {
	if r.err == nil {
		unknown := ""
		for key := range r.fields {
			if unknown == "" || key < unknown {
				unknown = key
			}
		}
		if len(r.fields) > 0 {
			r.fail(unknown, "this place knows no such name")
		}
	}
	return r.err
}

func (r *fieldReader) page() int {
	value, _ := r.take("page")
	if value == "last" {
		return LastPage
	}
	return r.number("page", value, maxPage)
}

func (r *fieldReader) index() int {
	value, ok := r.take("index")
	switch {
	case !ok:
		return 0
	case value == "last":
		return -1
	}
	return r.number("index", value, maxPage)
}

func (r *fieldReader) number(key, value string, limit int) int {
	n, err := strconv.Atoi(value)
	if err != nil || n == 0 || n > limit || n < -limit {
		r.fail(key+"="+value, "it must be a whole number other than 0, or last")
		return 0
	}
	return n
}

var unescapeKeyword = strings.NewReplacer("%2C", ",", "%2c", ",", "%25", "%")

func (r *fieldReader) keyword() string {
	value, _ := r.take("keyword")
	value = strings.TrimSpace(unescapeKeyword.Replace(value))
	if n := utf8.RuneCountInString(value); n == 0 || n > maxKeyword {
		r.fail("keyword", fmt.Sprintf("the words must have 1 to %d characters", maxKeyword))
	}
	if strings.ContainsFunc(value, unicode.IsControl) {
		r.fail("keyword", "the words hold a control character")
	}
	return value
}

var units = []struct {
	name string
	mm   float64
}{{"mm", 1}, {"cm", 10}, {"pt", 25.4 / 72}}

// length returns a length in millimetres.
func (r *fieldReader) length(key string, required bool) float64 {
	value, ok := r.take(key)
	if !ok {
		if required {
			r.fail(key, "it is missing")
		}
		return 0
	}
	for _, unit := range units {
		digits, ok := strings.CutSuffix(value, unit.name)
		if !ok {
			continue
		}
		digits = strings.TrimSpace(digits)
		n, err := strconv.ParseFloat(digits, 64)
		// ParseFloat also reads hexadecimal, Inf and NaN.
		if err != nil || strings.Trim(digits, "+-.0123456789") != "" {
			break
		}
		mm := n * unit.mm
		if math.Abs(mm) > maxMM {
			r.fail(key+"="+value, "no page is that large")
			return 0
		}
		// To the nanometre, so that 72pt prints as 25.4mm; + 0 turns -0 into 0.
		return math.Round(mm*1e6)/1e6 + 0
	}
	r.fail(key+"="+value, "it must be a number with a unit: mm, cm or pt")
	return 0
}

var escapeKeyword = strings.NewReplacer("%", "%25", ",", "%2C")

// String prints the place as ParsePlace reads it, lengths in millimetres.
func (p Place) String() string {
	var b strings.Builder
	length := func(key string, mm float64) {
		b.WriteString("," + key + "=" + strconv.FormatFloat(mm, 'f', -1, 64) + "mm")
	}
	switch p.Kind {
	case AtPosition:
		b.WriteString("page=" + ordinal(p.Page))
		length("x", p.X)
		length("y", p.Y)
	case AtKeyword:
		b.WriteString("keyword=" + escapeKeyword.Replace(p.Keyword))
		if p.Index != 0 {
			b.WriteString(",index=" + ordinal(p.Index))
		}
		if p.DX != 0 {
			length("dx", p.DX)
		}
		if p.DY != 0 {
			length("dy", p.DY)
		}
	case AtEdge:
		b.WriteString("edge")
		if p.Y != 0 {
			length("y", p.Y)
		}
	}
	return b.String()
}

func ordinal(n int) string {
	if n == -1 {
		return "last"
	}
	return strconv.Itoa(n)
}

// PageOf returns the page that the place names in a document of so many pages,
// counted from 1. Error: *NoSuchPageError.
func (p Place) PageOf(pages int) (int, error) {
	n := p.Page
	if n < 0 {
		n += pages + 1
	}
	if n < 1 || n > pages {
		return 0, &NoSuchPageError{Page: p.Page, Pages: pages}
	}
	return n, nil
}

// Choose returns which of n occurrences of the keyword the place means, counted
// from 0, and whether there is that one.
func (p Place) Choose(n int) (int, bool) {
	i := p.Index
	switch {
	case i == 0:
		i = 1
	case i < 0:
		i += n + 1
	}
	return i - 1, i >= 1 && i <= n
}
