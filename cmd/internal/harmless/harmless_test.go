package harmless

import "testing"

// What a file, a certificate or an applicant says must not steer the terminal.
func TestText(t *testing.T) {
	for in, want := range map[string]string{
		"云溪县":               "云溪县",
		"a\x1b[2Jb":         "a[2Jb",
		"a\r\nb\tc":         "a b c",
		"\u202eevil\u2066x": "evilx",
		"\x07\u009b\x00":    "",
		"\ue000 \ufeff":     "\ue000 ",
	} {
		if got := Text(in); got != want {
			t.Errorf("%q became %q, want %q", in, got, want)
		}
	}
}
