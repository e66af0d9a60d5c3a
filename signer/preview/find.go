package preview

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"sync"
	"unicode"
	"unicode/utf16"

	"github.com/klippa-app/go-pdfium/references"
	"github.com/klippa-app/go-pdfium/requests"
	"golang.org/x/text/unicode/norm"
)

// Bounds of a search.
const (
	MaxWords = 64 // characters that are looked for, at most

	maxHits   = 1000
	maxNear   = 5
	pageChars = 200_000 // characters of one page that are read
)

// A Hit is a place where words stand.
type Hit struct {
	Page int        // from 1
	Rect [4]float64 // left, bottom, right, top in points of the page's user space
	Text string     // the words as they stand there
	Off  int        // characters by which they differ from what was looked for; 0 for a match
}

// Found is the outcome of a search.
type Found struct {
	Hits []Hit // in reading order, at most 1000
	Near []Hit // when there is no hit: the likest places, best first, at most 5
}

// Find looks for words. Widths of letters, kinds of brackets, dashes and quotes,
// and all white space make no difference, neither do line ends: words that run
// over a line end are found, and their rectangle is that of the longer part.
//
// Errors: ErrBadWords when nothing or too much is looked for, ErrDamaged,
// ErrTimeout, ErrClosed.
func (d *Document) Find(ctx context.Context, words string) (Found, error) {
	want := foldAll(words)
	if len(want) == 0 || len(want) > MaxWords {
		return Found{}, ErrBadWords.with(map[string]any{"max": MaxWords})
	}
	var found Found
	var near []candidate
	for n := 1; n <= d.pages && len(found.Hits) < maxHits; n++ {
		err := d.withText(ctx, n, func(s *session, text references.FPDF_TEXTPAGE, chars []rune) error {
			page := foldPage(chars)
			for _, from := range page.matches(want, maxHits-len(found.Hits)) {
				hit, err := s.hit(text, chars, page.span(from, from+len(want)))
				if err != nil {
					return err
				}
				hit.Page = n
				found.Hits = append(found.Hits, hit)
			}
			if len(found.Hits) > 0 {
				return nil
			}
			if c, ok := page.nearest(want); ok {
				hit, err := s.hit(text, chars, page.span(c.from, c.to))
				if err != nil {
					return err
				}
				c.hit, c.hit.Page, c.hit.Off = hit, n, c.off
				near = append(near, c)
			}
			return nil
		})
		if err != nil {
			return Found{}, err
		}
	}
	if len(found.Hits) == 0 {
		slices.SortStableFunc(near, func(a, b candidate) int { return cmp.Compare(a.off, b.off) })
		for _, c := range near[:min(len(near), maxNear)] {
			found.Near = append(found.Near, c.hit)
		}
	}
	return found, nil
}

// Text returns the text of page n in the order in which the page draws it.
func (d *Document) Text(ctx context.Context, n int) (string, error) {
	var out string
	err := d.withText(ctx, n, func(_ *session, _ references.FPDF_TEXTPAGE, chars []rune) error {
		out = strings.ReplaceAll(string(chars), "\r\n", "\n")
		return nil
	})
	return out, err
}

// withText runs f with the characters of page n; their index is PDFium's.
func (d *Document) withText(ctx context.Context, n int, f func(*session, references.FPDF_TEXTPAGE, []rune) error) error {
	return d.withPage(ctx, n, func(ctx context.Context, s *session, page requests.Page) error {
		loaded, err := s.FPDFText_LoadPage(&requests.FPDFText_LoadPage{Page: page})
		if err != nil {
			return err
		}
		count, err := s.FPDFText_CountChars(&requests.FPDFText_CountChars{TextPage: loaded.TextPage})
		if err != nil {
			return err
		}
		chars := make([]rune, 0, min(max(count.Count, 0), pageChars))
		for i := range cap(chars) {
			char, err := s.FPDFText_GetUnicode(&requests.FPDFText_GetUnicode{TextPage: loaded.TextPage, Index: i})
			if err != nil {
				return err
			}
			chars = append(chars, toRune(char.Unicode))
		}
		joinSurrogates(chars)
		if err := f(s, loaded.TextPage, chars); err != nil {
			return err
		}
		_, err = s.FPDFText_ClosePage(&requests.FPDFText_ClosePage{TextPage: loaded.TextPage})
		return err
	})
}

// toRune takes what a hostile font may claim to be a character.
func toRune(u uint) rune {
	if u > unicode.MaxRune {
		return unicode.ReplacementChar
	}
	return rune(u)
}

// joinSurrogates turns the pairs by which a font may spell a rare character into
// that character and a zero, which keeps the indices.
func joinSurrogates(chars []rune) {
	for i := 1; i < len(chars); i++ {
		if r := utf16.DecodeRune(chars[i-1], chars[i]); r != unicode.ReplacementChar {
			chars[i-1], chars[i] = r, 0
		}
	}
}

// hit returns the words between two characters, with the rectangle round the
// longest part that stands on one line.
func (s *session) hit(text references.FPDF_TEXTPAGE, chars []rune, span [2]int) (Hit, error) {
	var best, line [4]float64
	bestLen, lineLen := 0, 0
	var words strings.Builder
	for i := span[0]; i < span[1]; i++ {
		if chars[i] >= ' ' {
			words.WriteRune(chars[i])
		}
		if len(fold(chars[i])) == 0 {
			continue
		}
		box, err := s.charBox(text, i)
		if err != nil {
			return Hit{}, err
		}
		if lineLen > 0 && sameLine(line, box) {
			line = union(line, box)
			lineLen++
		} else {
			line, lineLen = box, 1
		}
		if lineLen > bestLen {
			best, bestLen = line, lineLen
		}
	}
	return Hit{Rect: best, Text: words.String()}, nil
}

// sameLine reports whether a character belongs to the line so far. Lines may run
// in either direction, so they are the same where they overlap in one of them and
// are close in the other.
func sameLine(line, box [4]float64) bool {
	w, h := box[2]-box[0], box[3]-box[1]
	gap := 4 * max(w, h, 1)
	across := min(line[3], box[3])-max(line[1], box[1]) >= 0 && box[0] <= line[2]+gap && box[2] >= line[0]-gap
	down := min(line[2], box[2])-max(line[0], box[0]) >= 0 && line[2]-line[0] < 2*max(w, h) &&
		box[1] <= line[3]+gap/4 && box[3] >= line[1]-gap/4
	return across || down
}

func union(a, b [4]float64) [4]float64 {
	return [4]float64{min(a[0], b[0]), min(a[1], b[1]), max(a[2], b[2]), max(a[3], b[3])}
}

// A folded page is its text in the form in which words are compared, each
// character with the index it came from.
type folded struct {
	text []rune
	from []int
}

func foldPage(chars []rune) folded {
	var p folded
	for i, r := range chars {
		for _, f := range fold(r) {
			p.text = append(p.text, f)
			p.from = append(p.from, i)
		}
	}
	return p
}

func foldAll(text string) []rune {
	var out []rune
	for _, r := range text {
		out = append(out, fold(r)...)
	}
	return out
}

// span returns the characters of the page between two folded positions.
func (p folded) span(from, to int) [2]int {
	return [2]int{p.from[from], p.from[to-1] + 1}
}

// matches returns where want starts, at most limit times and without overlaps.
func (p folded) matches(want []rune, limit int) []int {
	var out []int
	for i := 0; i+len(want) <= len(p.text) && len(out) < limit; i++ {
		if slices.Equal(p.text[i:i+len(want)], want) {
			out = append(out, i)
			i += len(want) - 1
		}
	}
	return out
}

type candidate struct {
	from, to int
	off      int
	hit      Hit
}

// nearest returns the part of the page that takes the fewest changes to become
// want, if those are no more than half of it. It is Sellers' variant of the edit
// distance, which lets a match begin anywhere.
func (p folded) nearest(want []rune) (candidate, bool) {
	m := len(want)
	cost, start := make([]int, m+1), make([]int, m+1)
	for i := range cost {
		cost[i] = i
	}
	best := candidate{off: m/2 + 1}
	for j, r := range p.text {
		diagonal, diagonalStart := cost[0], j
		start[0] = j + 1 // an empty match begins after this character
		for i := 1; i <= m; i++ {
			c, s := diagonal, diagonalStart
			if want[i-1] != r {
				c++
			}
			if cost[i]+1 < c {
				c, s = cost[i]+1, start[i]
			}
			if cost[i-1]+1 < c {
				c, s = cost[i-1]+1, start[i-1]
			}
			diagonal, diagonalStart = cost[i], start[i]
			cost[i], start[i] = c, s
		}
		if cost[m] < best.off && start[m] <= j {
			best = candidate{from: start[m], to: j + 1, off: cost[m]}
		}
	}
	return best, best.to > best.from
}

// alike are characters that people and fonts use for one another and that
// compatibility normalisation keeps apart: brackets, dashes, quotes and radicals.
var alike = sync.OnceValue(func() map[rune]rune {
	table := firstOf("([{〔【〖", ")]}〕】〗", "-‐‑‒–—―−", "\"“”„", "'‘’‚`", "·•・‧")
	for r, to := range radicals() {
		table[r] = to
	}
	return table
})

// radicals are those that some fonts name instead of the characters that look like
// them. The Kangxi radicals of Unicode are all of that kind.
var radicals = sync.OnceValue(func() map[rune]rune {
	table := firstOf(
		"民⺠", "母⺟", "月⺝", "虎⻁", "西⻄", "见⻅", "角⻆", "贝⻉", "车⻋", "长⻓", "门⻔", "青⻘", "韦⻙", "页⻚", "风⻛",
		"飞⻜", "食⻝", "马⻢", "骨⻣", "鬼⻤", "鱼⻥", "鸟⻦", "麦⻨", "黄⻩", "齐⻬", "齿⻮", "龙⻰", "龟⻳",
	)
	for r := rune(0x2F00); r <= 0x2FD5; r++ {
		table[r] = []rune(norm.NFKC.String(string(r)))[0]
	}
	return table
})

// firstOf maps each character of a group to the group's first.
func firstOf(groups ...string) map[rune]rune {
	table := map[rune]rune{}
	for _, group := range groups {
		to := []rune(group)[0]
		for _, r := range group {
			table[r] = to
		}
	}
	return table
}

// fold returns a character as it is compared: nothing for white space and for
// what is not seen, several for one like ㎡.
func fold(r rune) []rune {
	if r > ' ' && r < 0x7F {
		if a, ok := alike()[r]; ok {
			return []rune{a}
		}
		return []rune{unicode.ToLower(r)}
	}
	if ignorable(r) {
		return nil
	}
	var out []rune
	for _, c := range norm.NFKC.String(string(r)) {
		if ignorable(c) {
			continue
		}
		if a, ok := alike()[c]; ok {
			c = a
		}
		out = append(out, unicode.ToLower(c))
	}
	return out
}

func ignorable(r rune) bool {
	return unicode.IsSpace(r) || unicode.IsControl(r) || unicode.Is(unicode.Cf, r) ||
		unicode.Is(unicode.Variation_Selector, r) || r == 0xFFFE || r == 0xFFFF
}
