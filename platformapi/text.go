package platformapi

import (
	"strings"
	"unicode/utf8"
)

// IsPlain says whether a text that a person wrote can be shown as it is: UTF-8 without control characters but line feeds and
// tabs, and without those that reverse or hide what stands beside them. Joiners may stand in it, as some writing needs them.
func IsPlain(s string) bool {
	return utf8.ValidString(s) && !strings.ContainsFunc(s, func(r rune) bool {
		return r < ' ' && r != '\n' && r != '\t' || r >= 0x7f && r < 0xa0 || r == 0x2028 || r == 0x2029 ||
			r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069 || r == 0x200e || r == 0x200f || r == 0xfeff
	})
}
