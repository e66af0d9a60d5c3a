package paper

import (
	"strings"
	"unicode"
)

// Characters that may not begin a line, and that may not end one (GB/T 15834).
const (
	notFirst = "，。、；：？！）》」』】〉〕”’…—·,.;:?!)]}%‰℃°′″"
	notLast  = "（《「『【〈〔“‘([{￥$"
)

// measure returns a text's width.
type measure func(text string) (float64, error)

// lines breaks text into lines of at most width: between Chinese characters and at
// spaces, and within a word only where it alone is wider than a line.
func lines(text string, width float64, m measure) ([]string, error) {
	var out []string
	for paragraph := range strings.SplitSeq(text, "\n") {
		line := ""
		for _, word := range breakable(paragraph) {
			w, err := m(strings.TrimRight(line+word, " "))
			if err != nil {
				return nil, err
			}
			if w <= width {
				line += word
				continue
			}
			if line != "" {
				out = append(out, strings.TrimRight(line, " "))
			}
			line = strings.TrimLeft(word, " ")
			for {
				head, tail, err := cut(line, width, m)
				if err != nil {
					return nil, err
				}
				if tail == "" {
					break
				}
				out, line = append(out, head), tail
			}
		}
		out = append(out, strings.TrimRight(line, " "))
	}
	return out, nil
}

// cut divides a word that is wider than a line.
func cut(word string, width float64, m measure) (head, tail string, err error) {
	runes := []rune(word)
	for n := 1; n <= len(runes); n++ {
		w, err := m(string(runes[:n]))
		if err != nil {
			return "", "", err
		}
		if w > width {
			n = max(n-1, 1)
			return string(runes[:n]), string(runes[n:]), nil
		}
	}
	return word, "", nil
}

// breakable divides a text at the places where a line may end.
func breakable(text string) []string {
	var out []string
	runes := []rune(text)
	from := 0
	for i := 1; i < len(runes); i++ {
		before, after := runes[i-1], runes[i]
		switch {
		case strings.ContainsRune(notFirst, after), strings.ContainsRune(notLast, before), after == ' ':
		case before == ' ', wide(before), wide(after):
			out = append(out, string(runes[from:i]))
			from = i
		}
	}
	if from < len(runes) {
		out = append(out, string(runes[from:]))
	}
	return out
}

// wide says that a line may end before and after r.
func wide(r rune) bool {
	return unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Hangul) ||
		r >= 0x3000 && r <= 0x303f || r >= 0xff00 && r <= 0xffef
}
