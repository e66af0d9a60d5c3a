package foreign

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Clean makes a text fit to be shown on one line of at most so many characters, the last of which is an ellipsis where there
// were more. Line ends and tabs become spaces; what else controls or cannot be seen is left out.
func Clean(s string, most int) string {
	s = strings.TrimSpace(strings.Map(func(r rune) rune {
		switch {
		case breaks(r):
			return ' '
		case hidden(r), r == unicode.ReplacementChar:
			return -1
		}
		return r
	}, s))
	return Cut(s, most)
}

// Cut keeps the first characters of a text, without the spaces around it; an ellipsis is the last where there were more.
func Cut(s string, most int) string {
	s = strings.TrimSpace(s)
	if r := []rune(s); len(r) > most {
		return string(r[:most-1]) + "…"
	}
	return s
}

// IsLine says whether a text is UTF-8 that can be shown on one line as it is.
func IsLine(s string) bool { return !strings.ContainsFunc(s, breaks) && IsPlain(s) }

// IsPlain is IsLine for a text that may have line feeds and tabs.
func IsPlain(s string) bool {
	return utf8.ValidString(s) && !strings.ContainsFunc(s, func(r rune) bool { return r != '\n' && r != '\t' && hidden(r) })
}

// breaks tells what ends a line or moves on in it.
func breaks(r rune) bool {
	return r >= '\t' && r <= '\r' || r == 0x85 || unicode.In(r, unicode.Zl, unicode.Zp)
}

// hidden tells what controls, turns or cannot be seen.
func hidden(r rune) bool {
	return unicode.IsControl(r) || unicode.In(r, unicode.Cf, unicode.Zl, unicode.Zp)
}
