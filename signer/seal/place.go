package seal

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// Kind says how a Place finds its spot.
type Kind int

// The kinds of places.
const (
	AtPosition Kind = iota + 1 // a point of one or more pages
	AtKeyword                  // words of the text
	AtEdge                     // the edges of all pages, 骑缝章
	AtField                    // an empty signature field that somebody prepared
)

// A Place says where a seal goes. It is a rule that fits any document; ParsePlace reads its text and String prints it, so
// that it can be kept.
//
//	page=3,x=120mm,y=60mm          the seal's centre from the page's top left corner, as the page is displayed
//	pages=1-5,8,last,x=15cm,y=24cm the same place on several pages; also all, odd, even, and -2 for the last but one
//	keyword=采购人（盖章）             the seal's centre on the middle of these words where they first stand
//	keyword=盖章,hit=all,pages=2-last  at every occurrence on these pages; hits are counted as pages are, hit=1-3,last
//	keyword="甲方,乙方",dx=10mm,dy=-5mm moved right and up
//	edge                           one seal split over the right edges of all pages, halfway down
//	edge,group=20,y=100mm          a seal for every twenty pages, its centre this far down
//	edge,side=left,pages=2-last    at the left edges, of these pages
//	field=采购人签章                    in the empty signature field of that name
//
// Lengths have a unit: mm, cm or pt. Words that hold a comma stand in double quotes, and a double quote among them is
// written twice.
//
// Every place but edge and field may ask for the date beside the seal: date is the day of signing, date=2026年11月25日 that day;
// date-at=right puts it at the right of the seal instead of below, date-size=5mm says how high its characters are.
type Place struct {
	Kind Kind

	Pages Ranges  // AtPosition: on which pages; AtKeyword, AtEdge: within which, all of them when nil
	X, Y  float64 // AtPosition: millimetres right of and below the top left corner; AtEdge: Y, 0 meaning the middle

	Keyword string  // AtKeyword
	Hits    Ranges  // AtKeyword: which occurrences; nil the first
	DX, DY  float64 // AtKeyword: millimetres to the right and down

	Group int  // AtEdge: pages that share a seal; 0 as many as leave something to see on each
	Left  bool // AtEdge: at the left edges

	Field string // AtField: its full name

	Date Date
}

// A Date is what is written beside a seal.
type Date struct {
	On     string  // "2026-11-25", SigningDay, or "" for no date
	Right  bool    // at the right of the seal instead of below
	SizeMM float64 // height of the characters; 0 means DefaultDateMM
}

// SigningDay is the Date.On that stands for the day of the signature.
const SigningDay = "signing-day"

// DefaultDateMM is the size of 三号, 16 points, in which documents of authorities are written.
const DefaultDateMM = 16 / PointsPerMM

// Bounds of what a place may say: PDF knows no page wider than 14400 units.
const (
	maxMM      = 14400 / PointsPerMM
	maxKeyword = 64
	maxField   = 256
	maxText    = 1024
	minDateMM  = 2.0
	maxDateMM  = 20.0

	// MaxGroup is the most pages that may share an edge seal.
	MaxGroup = 1000
)

// ParsePlace reads a place. Error: *PlaceError.
func ParsePlace(text string) (Place, error) {
	if len(text) > maxText {
		return Place{}, &PlaceError{Part: "…", Reason: "it is too long"}
	}
	if !utf8.ValidString(text) {
		return Place{}, &PlaceError{Part: strings.ToValidUTF8(text, "?"), Reason: "it is not UTF-8"}
	}
	fields, first, err := splitFields(text)
	if err != nil {
		return Place{}, err
	}
	r := fieldReader{fields: fields}
	var p Place
	switch first {
	case "page", "pages":
		p.Kind = AtPosition
		p.Pages = r.pages()
		p.X = r.length("x", true)
		p.Y = r.length("y", true)
	case "keyword":
		p.Kind = AtKeyword
		p.Keyword = r.words("keyword", maxKeyword)
		p.Hits = r.ranges("hit")
		p.Pages = r.pages()
		p.DX = r.length("dx", false)
		p.DY = r.length("dy", false)
	case "edge":
		p.Kind = AtEdge
		r.flag("edge")
		p.Pages = r.pages()
		p.Group = r.group()
		p.Y = r.length("y", false)
		p.Left = r.choice("side", "right", "left")
	case "field":
		p.Kind = AtField
		p.Field = r.words("field", maxField)
	default:
		return Place{}, &PlaceError{Part: first, Reason: "a place starts with page=, pages=, keyword=, field= or edge"}
	}
	if p.Kind != AtEdge && p.Kind != AtField {
		p.Date = r.date()
	}
	if err := r.finish(); err != nil {
		return Place{}, err
	}
	if p.Kind != AtKeyword && (p.X < 0 || p.Y < 0) {
		return Place{}, &PlaceError{Part: text, Reason: "x and y are measured from the top left corner and cannot be negative"}
	}
	return p, nil
}

// A field is the value of a name; bare says that there is none, as in `edge`.
type field struct {
	value string
	bare  bool
}

// splitFields takes a place apart and returns the first name beside.
func splitFields(text string) (fields map[string]field, first string, err error) {
	fields = map[string]field{}
	last := ""
	for rest, more := text, true; more; {
		var part string
		if part, rest, more, err = nextPart(rest); err != nil {
			return nil, "", err
		}
		key, value, hasValue := strings.Cut(part, "=")
		key, value = strings.TrimSpace(key), strings.TrimSpace(value)
		switch {
		case hasValue && value == "":
			return nil, "", &PlaceError{Part: part, Reason: "the value is empty"}
		case !hasValue && (last == "page" || last == "pages" || last == "hit") && key != "date":
			// The comma stood within a list of numbers.
			fields[last] = field{value: fields[last].value + "," + key}
			continue
		case !hasValue && key != "edge" && key != "date":
			reason := "it must read name=value"
			if strings.ContainsAny(part, "，＝") {
				reason = "comma and equals sign must be the half-width ones, , and ="
			}
			return nil, "", &PlaceError{Part: part, Reason: reason}
		}
		if _, twice := fields[key]; twice {
			return nil, "", &PlaceError{Part: part, Reason: "it is given twice"}
		}
		fields[key] = field{value: value, bare: !hasValue}
		if last == "" {
			first = key
		}
		last = key
	}
	return fields, first, nil
}

// nextPart returns what stands before the next comma outside of quotes. A quote opens only where a value begins.
func nextPart(text string) (part, rest string, more bool, err error) {
	comma, equals := strings.IndexByte(text, ','), strings.IndexByte(text, '=')
	if equals >= 0 && (comma < 0 || equals < comma) {
		value := strings.TrimLeft(text[equals+1:], " \t")
		if inner, quoted := strings.CutPrefix(value, `"`); quoted {
			var b strings.Builder
			for {
				before, after, closed := strings.Cut(inner, `"`)
				if !closed {
					return "", "", false, &PlaceError{Part: text, Reason: "the closing quote is missing"}
				}
				b.WriteString(before)
				if inner, quoted = strings.CutPrefix(after, `"`); !quoted {
					inner = after
					break
				}
				b.WriteByte('"')
			}
			tail, rest, more := strings.Cut(inner, ",")
			if strings.TrimSpace(tail) != "" {
				return "", "", false, &PlaceError{Part: tail, Reason: "it follows the closing quote"}
			}
			return text[:equals+1] + b.String(), rest, more, nil
		}
	}
	part, rest, more = strings.Cut(text, ",")
	return strings.TrimSpace(part), rest, more, nil
}

// A fieldReader takes fields out of a map and keeps the first error.
type fieldReader struct {
	fields map[string]field
	err    error
}

func (r *fieldReader) take(key string) (string, bool) {
	f, ok := r.fields[key]
	delete(r.fields, key)
	if f.bare {
		r.fail(key, "it needs a value")
	}
	return f.value, ok
}

// flag takes a name that has no value.
func (r *fieldReader) flag(key string) {
	if !r.fields[key].bare {
		r.fail(key, "it takes no value")
	}
	delete(r.fields, key)
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

// pages reads page= or pages=, which mean the same.
func (r *fieldReader) pages() Ranges {
	_, one := r.fields["page"]
	_, many := r.fields["pages"]
	switch {
	case one && many:
		r.fail("pages", "page and pages exclude each other")
		return nil
	case one:
		return r.ranges("page")
	}
	return r.ranges("pages")
}

func (r *fieldReader) ranges(key string) Ranges {
	value, ok := r.take(key)
	if !ok {
		return nil
	}
	out, err := parseRanges(value)
	if err != nil {
		r.fail(key+"="+value, err.Error())
	}
	return out
}

func (r *fieldReader) group() int {
	value, ok := r.take("group")
	if !ok {
		return 0
	}
	n, err := strconv.Atoi(value)
	if err != nil || n < 2 || n > MaxGroup {
		r.fail("group="+value, fmt.Sprintf("a group has 2 to %d pages", MaxGroup))
		return 0
	}
	return n
}

// choice reports whether the second of two words is chosen; the first is the usual one.
func (r *fieldReader) choice(key, usual, other string) bool {
	value, ok := r.take(key)
	if ok && value != usual && value != other {
		r.fail(key+"="+value, "it must be "+usual+" or "+other)
	}
	return value == other
}

// words reads text of that many characters at most.
func (r *fieldReader) words(key string, most int) string {
	value, _ := r.take(key)
	if n := utf8.RuneCountInString(value); n == 0 || n > most {
		r.fail(key, fmt.Sprintf("the words must have 1 to %d characters", most))
	}
	if strings.ContainsFunc(value, unicode.IsControl) {
		r.fail(key, "the words hold a control character")
	}
	return value
}

// ISO and Chinese forms of a day.
const (
	dayISO     = "2006-01-02"
	dayChinese = "2006年1月2日"
)

func (r *fieldReader) date() Date {
	var d Date
	if r.fields["date"].bare {
		delete(r.fields, "date")
		d.On = SigningDay
	} else if value, ok := r.take("date"); ok {
		day, err := time.Parse(dayISO, value)
		if err != nil {
			day, err = time.Parse(dayChinese, value)
		}
		if err != nil || day.Year() < 1 {
			r.fail("date="+value, "it must read 2026年11月25日 or 2026-11-25")
		} else {
			d.On = day.Format(dayISO)
		}
	}
	_, at := r.fields["date-at"]
	_, size := r.fields["date-size"]
	if d.On == "" {
		if at || size {
			r.fail("date-at", "there is no date that it could belong to")
		}
		delete(r.fields, "date-at")
		delete(r.fields, "date-size")
		return d
	}
	d.Right = r.choice("date-at", "below", "right")
	if d.SizeMM = r.length("date-size", false); size && !(d.SizeMM >= minDateMM && d.SizeMM <= maxDateMM) {
		r.fail("date-size", fmt.Sprintf("the characters must be %g to %g mm high", minDateMM, maxDateMM))
	}
	return d
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

// String prints the place as ParsePlace reads it, lengths in millimetres.
func (p Place) String() string {
	var b strings.Builder
	length := func(key string, mm float64) {
		b.WriteString("," + key + "=" + strconv.FormatFloat(mm, 'f', -1, 64) + "mm")
	}
	within := func() {
		if p.Pages != nil {
			b.WriteString(",pages=" + p.Pages.String())
		}
	}
	switch p.Kind {
	case AtPosition:
		key := "pages="
		if len(p.Pages) == 1 && p.Pages[0].From == p.Pages[0].To {
			key = "page="
		}
		b.WriteString(key + p.Pages.String())
		length("x", p.X)
		length("y", p.Y)
	case AtKeyword:
		b.WriteString("keyword=" + quote(p.Keyword))
		if p.Hits != nil {
			b.WriteString(",hit=" + p.Hits.String())
		}
		within()
		if p.DX != 0 {
			length("dx", p.DX)
		}
		if p.DY != 0 {
			length("dy", p.DY)
		}
	case AtEdge:
		b.WriteString("edge")
		within()
		if p.Group != 0 {
			b.WriteString(",group=" + strconv.Itoa(p.Group))
		}
		if p.Y != 0 {
			length("y", p.Y)
		}
		if p.Left {
			b.WriteString(",side=left")
		}
	case AtField:
		b.WriteString("field=" + quote(p.Field))
	}
	if p.Date.On != "" {
		b.WriteString(",date")
		if p.Date.On != SigningDay {
			b.WriteString("=" + p.Date.Text(time.Time{}))
		}
		if p.Date.Right {
			b.WriteString(",date-at=right")
		}
		if p.Date.SizeMM != 0 {
			length("date-size", p.Date.SizeMM)
		}
	}
	return b.String()
}

// quote writes words so that they are read as they are.
func quote(words string) string {
	if strings.Contains(words, ",") || strings.HasPrefix(words, `"`) {
		return `"` + strings.ReplaceAll(words, `"`, `""`) + `"`
	}
	return words
}

// beijing is the zone of the day of signing, wherever the computer is.
var beijing = time.FixedZone("CST", 8*60*60)

// Text is the date as it is written, 2026年11月25日; signed is the time of the signature, whose day in Beijing it is.
func (d Date) Text(signed time.Time) string {
	day := signed.In(beijing)
	if d.On != SigningDay {
		day, _ = time.Parse(dayISO, d.On) // ParsePlace read it
	}
	return day.Format(dayChinese)
}

// Size is the height of the characters in millimetres.
func (d Date) Size() float64 {
	if d.SizeMM == 0 {
		return DefaultDateMM
	}
	return d.SizeMM
}

// EdgeGroups splits so many pages into the groups that share an edge seal: the number of pages of each. group is how many
// pages share one, 0 meaning as few seals as leave a strip of at least minMM millimetres on every page, of about the same
// number of pages each. A single page that is left over joins the last group, since a seal on one page is no edge seal.
func EdgeGroups(pages, group int, widthMM, minMM float64) []int {
	var out []int
	if group > 0 {
		for rest := pages; rest > 0; rest -= group {
			out = append(out, min(group, rest))
		}
		if n := len(out); n > 1 && out[n-1] == 1 {
			out[n-2]++
			out = out[:n-1]
		}
		return out
	}
	most := max(2, int(widthMM/minMM))
	groups := (pages + most - 1) / most
	for g := range groups {
		out = append(out, (g+1)*pages/groups-g*pages/groups)
	}
	return out
}
