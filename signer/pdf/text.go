package pdf

import (
	"encoding/binary"
	"fmt"
	"strings"
	"time"
	"unicode/utf16"
	"unicode/utf8"
)

// TextString encodes a text string (7.9.2.2): printable ASCII as it is,
// anything else in UTF-16BE behind its byte order mark.
func TextString(s string) String {
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' {
			b := []byte{0xfe, 0xff}
			for _, u := range utf16.Encode([]rune(s)) {
				b = binary.BigEndian.AppendUint16(b, u)
			}
			return String(b)
		}
	}
	return String(s)
}

// pdfDoc has the characters of PDFDocEncoding that differ from Latin-1 (annex D.2).
var pdfDoc = map[byte]rune{
	0x18: '˘', 0x19: 'ˇ', 0x1a: 'ˆ', 0x1b: '˙', 0x1c: '˝', 0x1d: '˛', 0x1e: '˚', 0x1f: '˜',
	0x80: '•', 0x81: '†', 0x82: '‡', 0x83: '…', 0x84: '—', 0x85: '–', 0x86: 'ƒ', 0x87: '⁄',
	0x88: '‹', 0x89: '›', 0x8a: '−', 0x8b: '‰', 0x8c: '„', 0x8d: '“', 0x8e: '”', 0x8f: '‘',
	0x90: '’', 0x91: '‚', 0x92: '™', 0x93: 'ﬁ', 0x94: 'ﬂ', 0x95: 'Ł', 0x96: 'Œ', 0x97: 'Š',
	0x98: 'Ÿ', 0x99: 'Ž', 0x9a: 'ı', 0x9b: 'ł', 0x9c: 'œ', 0x9d: 'š', 0x9e: 'ž', 0xa0: '€',
}

// Text decodes a text string: UTF-16BE or UTF-8 behind a byte order mark, else
// PDFDocEncoding. What cannot be decoded becomes U+FFFD.
func (s String) Text() string {
	switch {
	case strings.HasPrefix(string(s), "\xfe\xff"):
		units := make([]uint16, 0, len(s)/2)
		for i := 2; i+1 < len(s); i += 2 {
			units = append(units, uint16(s[i])<<8|uint16(s[i+1]))
		}
		return string(utf16.Decode(units))
	case strings.HasPrefix(string(s), "\xef\xbb\xbf"):
		return strings.ToValidUTF8(string(s[3:]), string(utf8.RuneError))
	}
	var b strings.Builder
	for i := range len(s) {
		if r, ok := pdfDoc[s[i]]; ok {
			b.WriteRune(r)
		} else {
			b.WriteRune(rune(s[i]))
		}
	}
	return b.String()
}

// FormatDate writes a date (7.9.4) to the second with its offset from UTC.
func FormatDate(t time.Time) String {
	_, offset := t.Zone()
	sign := '+'
	if offset < 0 {
		sign, offset = '-', -offset
	}
	return String(fmt.Sprintf("D:%s%c%02d'%02d'", t.Format("20060102150405"), sign, offset/3600, offset/60%60))
}

// ParseDate reads a date (7.9.4); parts that are left out are their lowest
// value, an absent time zone is taken as UTC. ok is false for anything else.
func ParseDate(s String) (t time.Time, ok bool) {
	text := strings.TrimPrefix(string(s), "D:")
	digits := len(text) - len(strings.TrimLeft(text, "0123456789"))
	const layout, lowest = "20060102150405", "00000101000000"
	if digits < 4 || digits > len(layout) || digits%2 != 0 {
		return time.Time{}, false
	}
	zone := time.UTC
	if rest := text[digits:]; rest != "" && rest != "Z" && rest != "Z00'00'" && rest != "Z00'00" {
		var hours, minutes int
		rest = strings.ReplaceAll(rest, "'", "")
		if len(rest) != 3 && len(rest) != 5 || rest[0] != '+' && rest[0] != '-' {
			return time.Time{}, false
		}
		for i, c := range rest[1:] {
			if c < '0' || c > '9' {
				return time.Time{}, false
			}
			if i < 2 {
				hours = hours*10 + int(c-'0')
			} else {
				minutes = minutes*10 + int(c-'0')
			}
		}
		if hours > 23 || minutes > 59 {
			return time.Time{}, false
		}
		seconds := hours*3600 + minutes*60
		if rest[0] == '-' {
			seconds = -seconds
		}
		zone = time.FixedZone("", seconds)
	}
	t, err := time.ParseInLocation(layout, text[:digits]+lowest[digits:], zone)
	return t, err == nil
}
