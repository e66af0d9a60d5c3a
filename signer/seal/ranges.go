package seal

import (
	"errors"
	"slices"
	"strconv"
	"strings"
)

// A Range is a run of pages or hits. They count from 1, or from the end when negative: -1 is the last.
type Range struct {
	From, To int
	Step     int // 1, or 2 for every second
}

// Ranges is a choice of pages or hits, printed as `1-5,8,last`.
type Ranges []Range

// Only is the choice of one page or hit.
func Only(n int) Ranges { return Ranges{{n, n, 1}} }

// Last is the choice of the last page or hit.
func Last() Ranges { return Only(-1) }

// named are choices that have a name.
var named = map[string]Range{"all": {1, -1, 1}, "odd": {1, -1, 2}, "even": {2, -1, 2}, "last": {-1, -1, 1}}

const maxOrdinal = 1_000_000

var errRange = errors.New("it must be numbers and ranges such as 1-5,8,last, or all, odd, even")

func parseRanges(text string) (Ranges, error) {
	var out Ranges
	for item := range strings.SplitSeq(text, ",") {
		item = strings.TrimSpace(item)
		if r, ok := named[item]; ok {
			out = append(out, r)
			continue
		}
		from, rest, ok := cutNumber(item)
		if !ok {
			return nil, errRange
		}
		to := from
		if rest != "" {
			if rest, ok = strings.CutPrefix(rest, "-"); !ok {
				return nil, errRange
			}
			if to, rest, ok = cutNumber(strings.TrimSpace(rest)); !ok || rest != "" {
				return nil, errRange
			}
		}
		if (from > 0) == (to > 0) && from > to {
			return nil, errors.New("a range goes from the smaller number to the larger")
		}
		out = append(out, Range{from, to, 1})
	}
	return out, nil
}

// cutNumber takes a number other than 0, or last, off the front.
func cutNumber(text string) (n int, rest string, ok bool) {
	if rest, ok := strings.CutPrefix(text, "last"); ok {
		return -1, strings.TrimSpace(rest), true
	}
	end := 0
	for end < len(text) && (text[end] >= '0' && text[end] <= '9' || end == 0 && text[0] == '-') {
		end++
	}
	n, err := strconv.Atoi(text[:end])
	if err != nil || n == 0 || n > maxOrdinal || n < -maxOrdinal {
		return 0, "", false
	}
	return n, strings.TrimSpace(text[end:]), true
}

// String prints the choice.
func (r Ranges) String() string {
	var items []string
	for _, x := range r {
		item := ""
		for name, known := range named {
			if x == known {
				item = name
			}
		}
		switch {
		case item != "":
		case x.From == x.To:
			item = strconv.Itoa(x.From)
		default:
			item = ordinal(x.From) + "-" + ordinal(x.To)
		}
		items = append(items, item)
	}
	return strings.Join(items, ",")
}

func ordinal(n int) string {
	if n == -1 {
		return "last"
	}
	return strconv.Itoa(n)
}

// Of returns the numbers that are chosen out of n, each once and in order. When one is named that is not among the n, it is
// returned as missing, and nothing else.
func (r Ranges) Of(n int) (chosen []int, missing int) {
	count := func(k int) int {
		if k < 0 {
			return n + 1 + k
		}
		return k
	}
	for _, x := range r {
		from, to := count(x.From), count(x.To)
		switch {
		case from >= 1 && from <= to && to <= n:
		case x.Step > 1 && n > 0:
			continue // a document of one page has no even one
		case from < 1 || from > n:
			return nil, x.From
		default:
			return nil, x.To
		}
		for k := from; k <= to; k += x.Step {
			chosen = append(chosen, k)
		}
	}
	slices.Sort(chosen)
	if chosen = slices.Compact(chosen); len(chosen) == 0 && len(r) > 0 {
		return nil, r[0].From
	}
	return chosen, 0
}
