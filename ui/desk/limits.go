package desk

import (
	"path/filepath"
	"strings"
	"time"
	"unicode/utf16"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"sealdesk/platformapi"
)

// What the platform takes (openapi.yaml, ContractFields): lengths in characters, names of files in bytes.
const (
	maxNumber   = 100
	maxName     = 200
	maxReason   = 500
	maxRemark   = 500 // opinions and notes
	maxFileName = 200
	maxFen      = 900_000_000_000_000
	maxTerm     = 36_500 // days
)

// length counts as validators of JSON do that were written for UTF-16; rare characters count twice.
func length(s string) int { return len(utf16.Encode([]rune(s))) }

// cut shortens s to at most n units of length.
func cut(s string, n int) string {
	for length(s) > n {
		_, size := utf8.DecodeLastRuneInString(s)
		s = s[:len(s)-size]
	}
	return s
}

// unlined gives pasted text the line ends that the platform knows.
func unlined(s string) string {
	return strings.ReplaceAll(strings.ReplaceAll(s, "\r\n", "\n"), "\r", "\n")
}

// remark checks an opinion or a note.
func remark(s string) error {
	switch n := length(s); {
	case n > maxRemark:
		return fault("text_too_long", nil, "max", maxRemark, "length", n)
	case !platformapi.IsPlain(s):
		return fault("text_not_plain", nil)
	}
	return nil
}

// wrongDate is the reason where the date of signing is none.
const wrongDate = "wrong.date"

// formTrouble is the reason, for words, why a form cannot be sent as it is, though not finished it may be; "" when it can.
func formTrouble(f platformapi.ContractFields) (reason string, most int) {
	for _, t := range []struct {
		name, text string
		most       int
	}{
		{"number", f.Number, maxNumber}, {"name", f.Name, maxName}, {"reason", f.AmountReason, maxReason}, {"ground", f.Ground, maxReason},
	} {
		switch {
		case length(t.text) > t.most:
			return "too_long." + t.name, t.most
		case !platformapi.IsPlain(t.text):
			return "not_plain." + t.name, 0
		}
	}
	_, dateErr := time.Parse(time.DateOnly, f.SignedOn)
	switch {
	case f.AmountFen < 0 || f.AmountFen > maxFen:
		return "range.amount", 0
	case f.TermDays < 0 || f.TermDays > maxTerm:
		return "range.term", maxTerm
	case f.SignedOn != "" && dateErr != nil:
		return wrongDate, 0
	}
	return "", 0
}

// fileName makes of a person's file name one that the platform takes: short enough, without control characters, and ending
// as its content asks (".pdf"). An ending that leaves no room for a name is none.
func fileName(name, ext string) string {
	name, ext = inLine(filepath.Base(name)), inLine(ext)
	stem := name
	if have := filepath.Ext(name); strings.EqualFold(have, ext) {
		stem, ext = strings.TrimSuffix(name, have), have
	}
	if len(ext) >= maxFileName {
		stem, ext = stem+ext, ""
	}
	for len(stem)+len(ext) > maxFileName {
		_, size := utf8.DecodeLastRuneInString(stem)
		stem = stem[:len(stem)-size]
	}
	if stem == "" {
		stem = "1"
	}
	return stem + ext
}

// inLine is a text of one line, without what plain refuses.
func inLine(s string) string {
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		if r == '\n' || r == '\t' || !platformapi.IsPlain(string(r)) {
			return -1
		}
		return r
	}, norm.NFC.String(strings.ToValidUTF8(s, ""))))
}
