package mobileca

import (
	"strings"
	"unicode"
)

// maxText is how many characters of a name are kept.
const maxText = 128

// clean makes a name from the service fit to be shown: nothing that controls or turns the text, and not too long.
func clean(s string) string {
	return cut(strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || r == unicode.ReplacementChar {
			return -1
		}
		return r
	}, s), maxText)
}

// cut keeps the first characters.
func cut(s string, most int) string {
	s = strings.TrimSpace(s)
	if r := []rune(s); len(r) > most {
		return string(r[:most-1]) + "…"
	}
	return s
}
