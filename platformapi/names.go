package platformapi

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// PlainName makes names of organisations equal that differ in spaces or in the width of their brackets and letters only.
func PlainName(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) {
			return -1
		}
		return r
	}, norm.NFKC.String(s))
}
