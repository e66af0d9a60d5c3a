package platformapi

import "testing"

func TestIsPlain(t *testing.T) {
	for text, want := range map[string]bool{
		"": true, "合同\n\t": true, "👩‍⚕️": true, "𠮷\ue000": true, // a joiner, a rare character, one of private use
		"\x1b": false, "\x00": false, "\r": false, "\x7f": false, "\u0085": false, "\u009b": false, "\u2028": false,
		"\u200e": false, "\u200f": false, "\u202e": false, "\u2066": false, "\u2069": false, "\ufeff": false, "\xff": false,
	} {
		if IsPlain(text) != want {
			t.Errorf("%q is plain: %t", text, !want)
		}
	}
}
