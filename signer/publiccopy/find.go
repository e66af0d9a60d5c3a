package publiccopy

import (
	"math"
	"regexp"
	"strings"
	"sync"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"sealdesk/signer/preview"
)

// What is a kind of thing that is hidden.
type What string

// The kinds that are found by themselves, and those that a person names.
const (
	BankAccount What = "bank_account"
	Phone       What = "phone"
	IDNumber    What = "id_number"
	Email       What = "email"
	TradeSecret What = "trade_secret"
	Other       What = "other"
)

// rules find what numbers look like. The first one that a character belongs to counts. join stands for what people put
// between the figures of one number; a line's end may too. They are made when the first copy is.
var rules = sync.OnceValue(func() []rule {
	return []rule{
		{Email, regexp.MustCompile(`([A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9.-]{1,255}\.[A-Za-z]{2,24})`)},
		// GB 11643: region, birthday, number, check character.
		{IDNumber, regexp.MustCompile(`(?:^|[^0-9])([1-9][0-9]{5}[ \n]?(?:18|19|20)[0-9]{2}[ \n]?(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])[ \n]?[0-9]{3}[0-9Xx])(?:$|[^0-9A-Za-z])`)},
		// Named as an account: whatever number follows.
		{BankAccount, regexp.MustCompile(`(?:账|帐|卡)[ \n]*(?:号|户)[^0-9\n]{0,12}\n?[^0-9\n]{0,4}([0-9](?:[ \n-]?[0-9]){7,31})`)},
		{BankAccount, regexp.MustCompile(`(?:^|[^0-9.,])([0-9]{4}(?:[ -]?[0-9]{4}){3}(?:[ -]?[0-9]{1,4})?)(?:$|[^0-9.,%])`)},
		{BankAccount, regexp.MustCompile(`(?:^|[^0-9.,])([0-9]{15,30})(?:$|[^0-9.,%])`)},
		{Phone, regexp.MustCompile(`(?:^|[^0-9])((?:\+?86[ -]?)?1[3-9][0-9][ -]?[0-9]{4}[ -]?[0-9]{4})(?:$|[^0-9])`)},
		{Phone, regexp.MustCompile(`(?:^|[^0-9])(\(?0[0-9]{2,3}\)?[ -]?[2-9][0-9]{2,3}[ -]?[0-9]{4}(?:[ -][0-9]{1,6})?)(?:$|[^0-9])`)},
		{Phone, regexp.MustCompile(`(?:^|[^0-9])([48]00[ -]?[0-9]{3}[ -]?[0-9]{4})(?:$|[^0-9])`)},
		{Phone, regexp.MustCompile(`(?:电话|手机|传真|联系方式)[^0-9\n]{0,8}([0-9](?:[ -]?[0-9]){6,14})`)},
	}
})

type rule struct {
	what What
	find *regexp.Regexp // its first group is hidden
}

// A pageText is a page's text with the glyph that each byte of it belongs to; -1 for what stands between glyphs.
type pageText struct {
	text  string
	glyph []int
}

// readText puts glyphs together: a space where there is a gap on a line, a line's end where another one begins.
func readText(glyphs []preview.Glyph) pageText {
	var b strings.Builder
	var from []int
	put := func(s string, glyph int) {
		b.WriteString(s)
		for range len(s) {
			from = append(from, glyph)
		}
	}
	for i, g := range glyphs {
		if i > 0 {
			if gap := between(glyphs[i-1].Rect, g.Rect); gap != "" {
				put(gap, -1)
			}
		}
		put(fold(g.Rune), i)
	}
	return pageText{b.String(), from}
}

// between is what a reader sees between two characters that follow one another.
func between(a, b [4]float64) string {
	high := max(a[3]-a[1], b[3]-b[1])
	switch middle := (b[1] + b[3]) / 2; {
	case middle < a[1]-high || middle > a[3]+high || b[0] < a[0]-high:
		return "\n"
	case b[0]-a[2] > high*0.5:
		return " "
	}
	return ""
}

// fold makes figures and signs of full width, and dashes, what they stand for.
func fold(r rune) string {
	switch {
	case r > ' ' && r < 0x7f:
		return string(r)
	case unicode.Is(unicode.Pd, r) || r == '−' || r == '﹣':
		return "-"
	}
	return norm.NFKC.String(string(r))
}

// A span is a stretch of glyphs that is hidden.
type span struct {
	what     What
	from, to int // glyphs, to is the first one after it
}

// glyphs is the stretch of glyphs that a stretch of the text comes from.
func (p pageText) glyphs(what What, from, to int) (span, bool) {
	first, last := math.MaxInt, -1
	for _, g := range p.glyph[from:to] {
		if g >= 0 {
			first, last = min(first, g), max(last, g)
		}
	}
	return span{what, first, last + 1}, last >= 0
}

// named finds words wherever they stand.
func (p pageText) named(w Words) []span {
	var out []span
	for _, at := range w.pattern().FindAllStringIndex(p.text, -1) {
		if s, ok := p.glyphs(w.What, at[0], at[1]); ok {
			out = append(out, s)
		}
	}
	return out
}

// numbers finds what is hidden by itself. A number counts once, as what the first rule takes it for.
func (p pageText) numbers() []span {
	var out []span
	taken := map[int]bool{}
	for _, r := range rules() {
		// A match takes the sign after it, which may begin the next one: so each search begins where the number ended.
		for from := 0; from < len(p.text); {
			at := r.find.FindStringSubmatchIndex(p.text[from:])
			if at == nil {
				break
			}
			s, ok := p.glyphs(r.what, from+at[2], from+at[3])
			from += max(at[3], 1)
			if !ok || taken[s.from] && taken[s.to-1] {
				continue
			}
			for g := s.from; g < s.to; g++ {
				taken[g] = true
			}
			out = append(out, s)
		}
	}
	return out
}

// pattern finds the words whatever spaces and line ends stand between their characters.
func (w Words) pattern() *regexp.Regexp {
	var parts []string
	for _, r := range w.Text {
		if !unicode.IsSpace(r) {
			parts = append(parts, regexp.QuoteMeta(fold(r)))
		}
	}
	return regexp.MustCompile(`(?i)` + strings.Join(parts, `[ \n]*`))
}
