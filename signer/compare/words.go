package compare

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

const (
	maxJoin  = 8    // words alike between two differences, up to which they may be told as one
	moveGram = 8    // words that make a place known again elsewhere
	maxText  = 1000 // characters of a difference's words
)

// A hunk is a part of the first text that became a part of the second one; one of them may be empty.
type hunk struct{ a0, a1, b0, b1 int }

func (h hunk) size() int     { return max(h.a1-h.a0, h.b1-h.b0) }
func (h hunk) adds() bool    { return h.a0 == h.a1 }
func (h hunk) removes() bool { return h.b0 == h.b1 }

// hunks lists the differences as a person would see them, and sets match to what they leave.
func (c *comparison) hunks(match []int32) []hunk {
	out := join(hunksOf(match, len(c.b.tokens)))
	c.slide(out)
	rematch(match, out)
	return out
}

// hunksOf lists what match leaves alone.
func hunksOf(match []int32, lenB int) []hunk {
	var out []hunk
	a, b := 0, 0
	add := func(a1, b1 int) {
		if a < a1 || b < b1 {
			out = append(out, hunk{a, a1, b, b1})
		}
	}
	for i, j := range match {
		if j >= 0 {
			add(i, int(j))
			a, b = i+1, int(j)+1
		}
	}
	add(len(match), lenB)
	return out
}

// join makes one of differences that only a few words keep apart, which are alike by chance.
func join(hunks []hunk) []hunk {
	var out []hunk
	for _, h := range hunks {
		out = append(out, h)
		for len(out) > 1 {
			x, y := out[len(out)-2], out[len(out)-1]
			same := y.a0 - x.a1
			if same > maxJoin || same > x.size() || same > y.size() || x.adds() && y.adds() || x.removes() && y.removes() {
				break
			}
			out = append(out[:len(out)-2], hunk{x.a0, y.a1, x.b0, y.b1})
		}
	}
	return out
}

// forget parts words beside a difference that are on pages which do not belong together, and too few to tell that they are
// more than alike by chance.
func (c *comparison) forget(match []int32, hunks []hunk) {
	for k, h := range hunks {
		// The words alike behind this difference, up to the next one, and those in front of it.
		end, start := len(match), 0
		if k+1 < len(hunks) {
			end = hunks[k+1].a0
		}
		if k > 0 {
			start = hunks[k-1].a1
		}
		n := 0
		for h.a1+n < end && n < moveGram && c.flows(match, h.a1+n) {
			n++
		}
		m := 0
		for h.a0-m > start && m < moveGram && c.flows(match, h.a0-m-1) {
			m++
		}
		if n < moveGram {
			part(match, h.a1, h.a1+n)
		}
		if m < moveGram {
			part(match, h.a0-m, h.a0)
		}
	}
}

// part leaves words without a partner.
func part(match []int32, from, to int) {
	for i := from; i < to; i++ {
		match[i] = -1
	}
}

// flows reports whether a word of the first text stands on another page of the second one than its page became.
func (c *comparison) flows(match []int32, i int) bool {
	return match[i] >= 0 && c.partner[c.a.tokens[i].page] != int(c.b.tokens[match[i]].page)
}

// slide moves what was only added or removed to where a person would see it: of places that give the same text, one at
// the beginning of a page, a line or a clause.
func (c *comparison) slide(hunks []hunk) {
	for i := range hunks {
		h := &hunks[i]
		t, from, to := c.b, h.b0, h.b1
		if h.removes() {
			t, from, to = c.a, h.a0, h.a1
		} else if !h.adds() {
			continue
		}
		back, on := h.a0, len(c.a.tokens)-h.a1
		if i > 0 {
			back = h.a0 - hunks[i-1].a1
		}
		if i+1 < len(hunks) {
			on = hunks[i+1].a0 - h.a1
		}
		best, score := 0, c.begins(t, from)
		try := func(by int) {
			if s := c.begins(t, from+by); s > score {
				best, score = by, s
			}
		}
		for by := 1; by <= back && t.tokens[from-by].id == t.tokens[to-by].id; by++ {
			try(-by)
		}
		for by := 1; by <= on && t.tokens[from+by-1].id == t.tokens[to+by-1].id; by++ {
			try(by)
		}
		h.a0, h.a1, h.b0, h.b1 = h.a0+best, h.a1+best, h.b0+best, h.b1+best
	}
}

// begins says how much of a beginning a word is.
func (c *comparison) begins(t *text, at int) int {
	switch {
	case at == 0 || at == len(t.tokens) || t.tokens[at].page != t.tokens[at-1].page:
		return 3
	case t.tokens[at].newLine:
		return 2
	case strings.ContainsAny(c.vocabulary.words[t.tokens[at-1].id], "。；;.：:，,、"):
		return 1
	}
	return 0
}

// rematch sets match to what the hunks leave.
func rematch(match []int32, hunks []hunk) {
	a, b := 0, 0
	fill := func(a1 int) {
		for ; a < a1; a, b = a+1, b+1 {
			match[a] = int32(b)
		}
	}
	for _, h := range hunks {
		fill(h.a0)
		for ; a < h.a1; a++ {
			match[a] = -1
		}
		b = h.b1
	}
	fill(len(match))
}

// A block of words stands at a in the first text and at b in the second one.
type block struct{ a, b, n int }

// inPlace pairs words of different hunks that stand at the same place of the same page: headers and footers, which text
// that flows on has passed by. It marks them as done.
func (c *comparison) inPlace(match []int32, hunks []hunk, doneA, doneB []bool) {
	type spot struct {
		page int32
		id   uint32
		x, y int32 // half millimetres
	}
	type found struct{ hunk, at int }
	at := func(w *token, page int32) spot {
		return spot{page, w.id, int32(2*w.box.x + 0.5), int32(2*w.box.y + 0.5)}
	}
	there := map[spot]found{}
	for k, h := range hunks {
		for j := h.b0; j < h.b1; j++ {
			if w := &c.b.tokens[j]; c.vocabulary.words[w.id] != lineBreak {
				there[at(w, w.page)] = found{k, j}
			}
		}
	}
	for k, h := range hunks {
		for i := h.a0; i < h.a1; i++ {
			w := &c.a.tokens[i]
			if f, ok := there[at(w, int32(c.partner[w.page]))]; ok && f.hunk != k && !doneB[f.at] {
				match[i], doneA[i], doneB[f.at] = int32(f.at), true, true
			}
		}
	}
}

// movedBlocks finds, among the words that were removed and added and are not done, those that were taken elsewhere.
func (c *comparison) movedBlocks(hunks []hunk, doneA, doneB []bool) []block {
	// The loose words of each side. Where they are interrupted stands a word that is nowhere else.
	var looseA, looseB []uint32
	var atA, atB []int32
	nowhere := ^uint32(0)
	for _, h := range hunks {
		for i := h.a0; i <= h.a1; i++ {
			id := nowhere
			if i < h.a1 && !doneA[i] {
				id = c.a.tokens[i].id
			}
			looseA, atA = append(looseA, id), append(atA, int32(i))
		}
		for j := h.b0; j <= h.b1; j++ {
			id := nowhere - 1
			if j < h.b1 && !doneB[j] {
				id = c.b.tokens[j].id
			}
			looseB, atB = append(looseB, id), append(atB, int32(j))
		}
	}
	usedA, usedB := make([]bool, len(looseA)), make([]bool, len(looseB))
	var out []block
	for _, p := range once(looseA, looseB, moveGram) {
		if usedA[p.a] || usedB[p.b] || usedA[p.a+moveGram-1] || usedB[p.b+moveGram-1] {
			continue
		}
		same := func(i, j int) bool {
			return i >= 0 && j >= 0 && i < len(looseA) && j < len(looseB) && looseA[i] == looseB[j] && !usedA[i] && !usedB[j]
		}
		i, j, n := p.a, p.b, moveGram
		for same(i-1, j-1) {
			i, j, n = i-1, j-1, n+1
		}
		for same(i+n, j+n) {
			n++
		}
		for k := range n {
			usedA[i+k], usedB[j+k] = true, true
		}
		out = append(out, block{int(atA[i]), int(atB[j]), n})
	}
	return out
}

// tellWords lists the differences of the words.
func (c *comparison) tellWords(match []int32, hunks []hunk) {
	doneA, doneB := make([]bool, len(c.a.tokens)), make([]bool, len(c.b.tokens))
	c.inPlace(match, hunks, doneA, doneB)
	for _, m := range c.movedBlocks(hunks, doneA, doneB) {
		for k := range m.n {
			doneA[m.a+k], doneB[m.b+k] = true, true
		}
		c.tell(Moved, c.a.run(m.a, m.a+m.n), c.b.run(m.b, m.b+m.n), m.a, m.b)
	}
	c.tellFlow(match)

	// A page that shares nothing is told as a page.
	sharedA, sharedB := make([]bool, c.a.count()+1), make([]bool, c.b.count()+1)
	for i, w := range c.a.tokens {
		if doneA[i] || match[i] >= 0 {
			sharedA[w.page] = true
		}
	}
	for _, j := range match {
		if j >= 0 {
			sharedB[c.b.tokens[j].page] = true
		}
	}
	for j, w := range c.b.tokens {
		sharedB[w.page] = sharedB[w.page] || doneB[j]
	}
	c.tellPages(sharedA, sharedB)
	for _, h := range hunks {
		var gone, come []int
		for i := h.a0; i < h.a1; i++ {
			if page := c.a.tokens[i].page; !doneA[i] && (sharedA[page] || c.partner[page] != 0) {
				gone = append(gone, i)
			}
		}
		for j := h.b0; j < h.b1; j++ {
			if page := c.b.tokens[j].page; !doneB[j] && (sharedB[page] || c.origin[page] != 0) {
				come = append(come, j)
			}
		}
		switch {
		case len(gone) > 0 && c.same(gone, come):
			c.tell(Moved, gone, come, h.a0, h.b0)
		case len(gone) > 0 && len(come) > 0:
			c.tell(Changed, gone, come, h.a0, h.b0)
		case len(gone) > 0:
			c.tell(Removed, gone, nil, h.a0, h.b0)
		case len(come) > 0:
			c.tell(Added, nil, come, h.a0, h.b0)
		}
	}
}

// same reports whether words of both texts are the same.
func (c *comparison) same(a, b []int) bool {
	return slices.EqualFunc(a, b, func(i, j int) bool { return c.a.tokens[i].id == c.b.tokens[j].id })
}

// tellFlow lists the words that stand in the same order as before, but on another page.
func (c *comparison) tellFlow(match []int32) {
	for i := 0; i < len(match); {
		if !c.flows(match, i) {
			i++
			continue
		}
		a, j, n := c.a.tokens[i].page, int(match[i]), 1
		for i+n < len(match) && int(match[i+n]) == j+n && c.a.tokens[i+n].page == a && c.b.tokens[j+n].page == c.b.tokens[j].page {
			n++
		}
		c.tell(Moved, c.a.run(i, i+n), c.b.run(j, j+n), i, j)
		i += n
	}
}

// tellPages lists the pages that have no partner.
func (c *comparison) tellPages(sharedA, sharedB []bool) {
	last := 0
	for n := 1; n <= c.a.count(); n++ {
		if c.partner[n] != 0 {
			last = c.partner[n]
			continue
		}
		d := Difference{Kind: PageRemoved, A: []Place{rounded(n, c.a.pages[n-1].size)}, B: []Place{c.b.foot(last)}}
		if !sharedA[n] {
			d.TextA = c.words(c.a, c.a.run(c.a.pages[n-1].first, c.a.pages[n-1].end))
		}
		c.report.Differences = append(c.report.Differences, d)
	}
	last = 0
	for n := 1; n <= c.b.count(); n++ {
		if c.origin[n] != 0 {
			last = c.origin[n]
			continue
		}
		d := Difference{Kind: PageAdded, A: []Place{c.a.foot(last)}, B: []Place{rounded(n, c.b.pages[n-1].size)}}
		if !sharedB[n] {
			d.TextB = c.words(c.b, c.b.run(c.b.pages[n-1].first, c.b.pages[n-1].end))
		}
		c.report.Differences = append(c.report.Differences, d)
	}
}

// foot is the lower edge of a page, or the upper one of the first page for page 0.
func (t *text) foot(n int) Place {
	size := t.pages[max(n, 1)-1].size
	if n > 0 {
		size.y = size.h
	}
	size.h = 0
	return rounded(max(n, 1), size)
}

// run lists the indices from first to before end.
func (t *text) run(first, end int) []int {
	out := make([]int, end-first)
	for k := range out {
		out[k] = first + k
	}
	return out
}

// tell lists a difference of words. What only one side has stands, on the other, before the word at atA or atB.
func (c *comparison) tell(kind Kind, a, b []int, atA, atB int) {
	d := Difference{Kind: kind, TextA: c.words(c.a, a), TextB: c.words(c.b, b), A: c.a.places(a), B: c.b.places(b)}
	if len(a) == 0 {
		d.A = []Place{c.a.caret(atA, c.origin[c.b.tokens[b[0]].page])}
	}
	if len(b) == 0 {
		d.B = []Place{c.b.caret(atB, c.partner[c.a.tokens[a[0]].page])}
	}
	c.report.Differences = append(c.report.Differences, d)
}

// places are the rectangles of words, one for each line.
func (t *text) places(words []int) []Place {
	var out []Place
	var line box
	for k, i := range words {
		w := t.tokens[i]
		if k > 0 && words[k-1] == i-1 && !w.newLine && t.tokens[i-1].page == w.page {
			line = line.union(w.box)
			out[len(out)-1] = rounded(int(w.page), line)
			continue
		}
		line = w.box
		out = append(out, rounded(int(w.page), line))
	}
	return out
}

// caret is where words would stand before the word at: behind the word before it, or where that is on another page than
// wanted, in front of it.
func (t *text) caret(at, page int) Place {
	if len(t.tokens) == 0 {
		return Place{Page: max(page, 1)}
	}
	if at > 0 && (at == len(t.tokens) || page == 0 || int(t.tokens[at].page) != page || int(t.tokens[at-1].page) == page) {
		w := t.tokens[at-1]
		return rounded(int(w.page), box{x: w.box.x + w.box.w, y: w.box.y, h: w.box.h})
	}
	w := t.tokens[at]
	return rounded(int(w.page), box{x: w.box.x, y: w.box.y, h: w.box.h})
}

// words is the text of words, which a person reads.
func (c *comparison) words(t *text, of []int) string {
	var b strings.Builder
	length := 0
	last := ' '
	for _, i := range of {
		w := c.vocabulary.words[t.tokens[i].id]
		if w == lineBreak {
			w = "↵"
		}
		first, _ := utf8.DecodeRuneInString(w)
		if apartInPrint(last, first) {
			b.WriteByte(' ')
			length++
		}
		if length += utf8.RuneCountInString(w); length > maxText {
			b.WriteString("…")
			break
		}
		b.WriteString(w)
		last, _ = utf8.DecodeLastRuneInString(w)
	}
	return b.String()
}

// apartInPrint tells whether a space stands between two words in Latin text.
func apartInPrint(last, first rune) bool {
	ends := unicode.In(last, unicode.Latin, unicode.Digit) || strings.ContainsRune(".,;:!?)%", last)
	return ends && unicode.In(first, unicode.Latin, unicode.Digit)
}
