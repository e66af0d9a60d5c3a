package compare

import (
	"context"
	"strings"
	"sync"
	"unicode"

	"golang.org/x/text/width"

	"sealdesk/signer/preview"
)

// maxWords bounds the words of a document: some 1500 full pages of Chinese.
const maxWords = 2_000_000

// maxSeals bounds the seals of a page; what is beyond counts as a part of the page.
const maxSeals = 100

// lineBreak is the word that stands for the end of a line when those count.
const lineBreak = "\n"

// A token is a word where it stands.
type token struct {
	id      uint32 // the same in both documents for the same word
	shown   uint32 // the same only for words that are written the same
	page    int32  // from 1
	box     box
	newLine bool
}

// A text is a document as words.
type text struct {
	tokens []token
	pages  []page // page n is pages[n-1]
}

// A page is a part of a text.
type page struct {
	first, end int // its tokens
	size       box // at (0, 0)
	seals      []box
}

func (t *text) ids() []uint32 {
	out := make([]uint32, len(t.tokens))
	for i, w := range t.tokens {
		out[i] = w.id
	}
	return out
}

// A vocabulary numbers the words of both documents.
type vocabulary struct {
	mu    sync.Mutex
	ids   map[string]uint32
	words []string
}

func (v *vocabulary) id(word string) uint32 {
	if id, ok := v.ids[word]; ok {
		return id
	}
	id := uint32(len(v.words))
	word = strings.Clone(word)
	v.ids[word] = id
	v.words = append(v.words, word)
	return id
}

// settle decides about the hyphens at line ends: one belongs to the word if either document has the word with it, and
// not broken.
func (v *vocabulary) settle(texts ...*text) {
	to := map[uint32]uint32{}
	for id, word := range v.words {
		if !strings.ContainsRune(word, preview.SoftHyphen) {
			continue
		}
		hyphened := strings.ReplaceAll(word, string(preview.SoftHyphen), "-")
		whole, ok := v.ids[hyphened]
		if !ok {
			whole = v.id(strings.ReplaceAll(word, string(preview.SoftHyphen), ""))
		}
		to[uint32(id)] = whole
	}
	if len(to) == 0 {
		return
	}
	for _, t := range texts {
		for i, w := range t.tokens {
			if id, ok := to[w.id]; ok {
				t.tokens[i].id = id
			}
		}
	}
}

// read takes the words of a document, page by page.
func (c *comparison) read(ctx context.Context, d *preview.Document) (*text, error) {
	t := &text{}
	for n := 1; n <= d.Pages(); n++ {
		g, err := d.Geometry(ctx, n)
		if err != nil {
			return nil, err
		}
		words, err := d.Words(ctx, n)
		if err != nil {
			return nil, err
		}
		seals, err := d.Seals(ctx, n)
		if err != nil {
			return nil, err
		}
		p := page{first: len(t.tokens)}
		w, h := g.Size()
		p.size = box{w: float32(w * mmPerPoint), h: float32(h * mmPerPoint)}
		for _, s := range seals[:min(len(seals), maxSeals)] {
			p.seals = append(p.seals, onScreen(g, s))
		}
		c.vocabulary.mu.Lock()
		for _, w := range words {
			t.add(c.vocabulary, c.options, w, token{page: int32(n), box: onScreen(g, w.Rect), newLine: w.NewLine})
		}
		c.vocabulary.mu.Unlock()
		if len(t.tokens) > maxWords {
			return nil, ErrTooLong
		}
		p.end = len(t.tokens)
		t.pages = append(t.pages, p)
		c.step(StepRead)
	}
	return t, nil
}

// add puts a word behind the others, as the options want it.
func (t *text) add(v *vocabulary, o Options, w preview.Word, at token) {
	if o.LineBreaks && w.NewLine && len(t.tokens) > 0 {
		end := at
		end.id, end.shown, end.box.w = v.id(lineBreak), v.id(lineBreak), 0
		t.tokens = append(t.tokens, end)
	}
	at.shown = v.id(w.Text)
	if !o.IgnoreWidth {
		at.id = at.shown
		t.tokens = append(t.tokens, at)
		return
	}
	// A sign inside a word of half width stands alone in full width.
	for _, part := range parts(width.Fold.String(w.Text)) {
		at.id = v.id(part)
		t.tokens = append(t.tokens, at)
		at.newLine = false
	}
}

// parts cuts a word at its signs.
func parts(word string) []string {
	sign := func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !unicode.IsMark(r) && r != preview.SoftHyphen
	}
	var out []string
	from := 0
	for i, r := range word {
		if sign(r) {
			if i > from {
				out = append(out, word[from:i])
			}
			from = i + len(string(r))
			out = append(out, word[i:from])
		}
	}
	if from < len(word) {
		out = append(out, word[from:])
	}
	return out
}

func onScreen(g preview.Geometry, rect [4]float64) box {
	x, y, w, h := g.RectToScreen(rect)
	return box{float32(x * mmPerPoint), float32(y * mmPerPoint), float32(w * mmPerPoint), float32(h * mmPerPoint)}
}
