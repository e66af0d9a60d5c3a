package harmless

import (
	"strings"
	"unicode"
)

// Text takes out of a text what would steer a terminal or turn the direction of what stands beside it. What would begin a
// line or a column is a space.
func Text(s string) string {
	return strings.Map(func(r rune) rune {
		if r == '\n' || r == '\t' {
			return ' '
		}
		if unicode.IsControl(r) || unicode.Is(unicode.Cf, r) {
			return -1
		}
		return r
	}, s)
}
