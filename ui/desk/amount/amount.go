package amount

import (
	"fmt"
	"strings"
)

// Fen is a sum in fen, hundredths of a yuan.
type Fen int64

// Max is the largest sum that is read or written: 9,999 billion yuan and a bit,
// far above any contract, and small enough for all arithmetic here.
const Max Fen = 999_999_999_999_999

// Error tells why a text is not a sum.
type Error struct {
	code string
	text string
}

// Code names the reason for translation: amount.not_a_number,
// amount.too_many_decimals, amount.too_large or amount.negative.
func (e *Error) Code() string { return e.code }

func (e *Error) Error() string { return fmt.Sprintf("amount %q: %s", e.text, e.code) }

// Parse reads a sum in yuan as a person types or pastes it: with or without
// thousands marks, a leading ¥ or a trailing 元, in half-width or full-width
// characters. At most two decimals are taken; more are an error, never rounded.
func Parse(s string) (Fen, error) {
	fail := func(code string) (Fen, error) {
		if len(s) > 64 {
			s = s[:64]
		}
		return 0, &Error{code: "amount." + code, text: s}
	}
	t := strings.TrimSpace(strings.Map(narrow, s))
	t = strings.TrimSpace(strings.TrimPrefix(t, "¥"))
	t = strings.TrimSpace(strings.TrimSuffix(t, "元"))
	if strings.HasPrefix(t, "-") {
		return fail("negative")
	}
	whole, frac, dotted := strings.Cut(t, ".")
	if whole == "" || dotted && frac == "" {
		return fail("not_a_number")
	}
	if !groupedWell(whole) {
		return fail("not_a_number")
	}
	var v Fen
	for _, r := range strings.ReplaceAll(whole, ",", "") {
		if r < '0' || r > '9' {
			return fail("not_a_number")
		}
		v = v*10 + Fen(r-'0')
		if v > Max/100 {
			return fail("too_large")
		}
	}
	for _, r := range frac {
		if r < '0' || r > '9' {
			return fail("not_a_number")
		}
	}
	for len(frac) > 2 && frac[len(frac)-1] == '0' {
		frac = frac[:len(frac)-1]
	}
	if len(frac) > 2 {
		return fail("too_many_decimals")
	}
	frac += "00"[len(frac):]
	return v*100 + Fen(frac[0]-'0')*10 + Fen(frac[1]-'0'), nil
}

// groupedWell says whether thousands marks, if any, stand where they belong: a
// misplaced one is more likely a slip than a way of writing.
func groupedWell(whole string) bool {
	groups := strings.Split(whole, ",")
	if len(groups) == 1 {
		return true
	}
	if n := len(groups[0]); n < 1 || n > 3 {
		return false
	}
	for _, g := range groups[1:] {
		if len(g) != 3 {
			return false
		}
	}
	return true
}

// narrow turns the full-width characters of an input method into ASCII.
func narrow(r rune) rune {
	switch {
	case r >= '０' && r <= '９':
		return r - '０' + '0'
	case r == '，':
		return ','
	case r == '．', r == '。':
		return '.'
	case r == '￥':
		return '¥'
	case r == '－', r == '−':
		return '-'
	case r == '\u3000', r == '\u00a0':
		return ' '
	}
	return r
}

// String writes the sum in yuan with thousands marks and two decimals:
// 3,286,000.00.
func (f Fen) String() string {
	sign := ""
	if f < 0 {
		sign, f = "-", -f
	}
	whole := fmt.Sprintf("%d", uint64(f)/100)
	var b strings.Builder
	b.WriteString(sign)
	for i, r := range whole {
		if i > 0 && (len(whole)-i)%3 == 0 {
			b.WriteByte(',')
		}
		b.WriteRune(r)
	}
	fmt.Fprintf(&b, ".%02d", uint64(f)%100)
	return b.String()
}
