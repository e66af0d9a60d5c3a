package uri

import (
	"fmt"
	"slices"
	"strings"
)

const (
	maxLength     = 4096 // bytes of a whole URI
	maxAttributes = 32
	maxName       = 64 // bytes of an attribute's name
)

// Schemes that name tokens.
const (
	PKCS11   = "pkcs11"
	SKF      = "skf"
	Soft     = "soft"
	MobileCA = "mobileca"
)

// Attributes holds decoded values by name. Values are bytes, UTF-8 but for "id".
type Attributes map[string]string

// URI names a token, or an object on it.
type URI struct {
	Scheme string
	Path   Attributes // which token and object
	Query  Attributes // how to reach it
}

// Error says what is wrong with a URI. It never repeats the URI.
type Error struct {
	Reason string
}

// Error is a plain sentence for logs.
func (e *Error) Error() string { return "the token URI is not valid: " + e.Reason }

// Code names the outcome for the tables of words.
func (e *Error) Code() string {
	if e == errPINValue {
		return "token.uri_pin_value"
	}
	return "token.uri_invalid"
}

// Params holds "reason", in English.
func (e *Error) Params() map[string]any { return map[string]any{"reason": e.Reason} }

var errPINValue = &Error{"a PIN must not stand in a URI; use pin-source=file:NAME"}

func invalid(format string, args ...any) error {
	return &Error{fmt.Sprintf(format, args...)}
}

// Parse reads a URI. The error is always an *Error.
func Parse(s string) (*URI, error) {
	if len(s) > maxLength {
		return nil, invalid("longer than %d bytes", maxLength)
	}
	scheme, rest, ok := strings.Cut(s, ":")
	if !ok {
		return nil, invalid("no scheme")
	}
	u := &URI{Scheme: strings.ToLower(scheme)}
	switch u.Scheme {
	case PKCS11, SKF, Soft, MobileCA:
	default:
		return nil, invalid("the scheme is not pkcs11, skf, soft or mobileca")
	}
	path, query, asked := strings.Cut(rest, "?")
	var err error
	if u.Path, err = parseAttributes(path, ";"); err != nil {
		return nil, err
	}
	if asked && query == "" {
		return nil, invalid("nothing after the question mark")
	}
	if u.Query, err = parseAttributes(query, "&"); err != nil {
		return nil, err
	}
	for name := range u.Query {
		if _, twice := u.Path[name]; twice {
			return nil, invalid("attribute %s stands on both sides of the question mark", name)
		}
	}
	return u, nil
}

func parseAttributes(s, separator string) (Attributes, error) {
	found := Attributes{}
	if s == "" {
		return found, nil
	}
	if strings.Count(s, separator) >= maxAttributes {
		return nil, invalid("more than %d attributes", maxAttributes)
	}
	for part := range strings.SplitSeq(s, separator) {
		name, raw, ok := strings.Cut(part, "=")
		if !ok || !isName(name) {
			return nil, invalid("an attribute is not of the form name=value")
		}
		if name == "pin-value" {
			return nil, errPINValue
		}
		if _, twice := found[name]; twice {
			return nil, invalid("attribute %s stands twice", name)
		}
		value, err := unescape(raw)
		if err != nil {
			return nil, err
		}
		if name != "id" && strings.ContainsFunc(value, isControl) {
			return nil, invalid("attribute %s holds a control character", name)
		}
		found[name] = value
	}
	return found, nil
}

func isName(s string) bool {
	if s == "" || len(s) > maxName {
		return false
	}
	for _, c := range []byte(s) {
		if !isAlphanumeric(c) && c != '-' && c != '_' {
			return false
		}
	}
	return true
}

func isAlphanumeric(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9'
}

func isControl(r rune) bool { return r < 0x20 || r == 0x7f }

func unescape(s string) (string, error) {
	if !strings.Contains(s, "%") {
		return s, nil
	}
	out := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		if s[i] != '%' {
			out = append(out, s[i])
			continue
		}
		if i+2 >= len(s) {
			return "", invalid("a percent sign is not followed by two hex digits")
		}
		high, low := unhex(s[i+1]), unhex(s[i+2])
		if high < 0 || low < 0 {
			return "", invalid("a percent sign is not followed by two hex digits")
		}
		out = append(out, byte(high<<4|low))
		i += 2
	}
	return string(out), nil
}

func unhex(c byte) int {
	switch {
	case '0' <= c && c <= '9':
		return int(c - '0')
	case 'a' <= c && c <= 'f':
		return int(c-'a') + 10
	case 'A' <= c && c <= 'F':
		return int(c-'A') + 10
	}
	return -1
}

// String prints the URI in one form, whatever order it was read in: equal URIs
// print the same. Attributes that RFC 7512 names come first, in the order in
// which people narrow a search down; others follow by the alphabet.
func (u *URI) String() string {
	var b strings.Builder
	b.WriteString(u.Scheme)
	b.WriteByte(':')
	printAttributes(&b, u.Path, ";")
	if len(u.Query) > 0 {
		b.WriteByte('?')
		printAttributes(&b, u.Query, "&")
	}
	return b.String()
}

var order = []string{
	"module-path", "module-name", "library-manufacturer", "library-description", "library-version",
	"slot-manufacturer", "slot-description", "slot-id",
	"token", "manufacturer", "model", "serial", "object", "id", "type",
}

func printAttributes(b *strings.Builder, attrs Attributes, separator string) {
	names := make([]string, 0, len(attrs))
	for name := range attrs {
		names = append(names, name)
	}
	slices.SortFunc(names, func(x, y string) int {
		i, j := slices.Index(order, x), slices.Index(order, y)
		switch {
		case i < 0 && j < 0:
			return strings.Compare(x, y)
		case i < 0:
			return 1
		case j < 0:
			return -1
		}
		return i - j
	})
	for i, name := range names {
		if i > 0 {
			b.WriteString(separator)
		}
		b.WriteString(name)
		b.WriteByte('=')
		escape(b, attrs[name])
	}
}

// escape leaves unreserved characters (RFC 3986, 2.3) and the few that keep
// file names readable; it writes everything else as percent-encoded bytes.
func escape(b *strings.Builder, s string) {
	const hex = "0123456789ABCDEF"
	for _, c := range []byte(s) {
		if isAlphanumeric(c) || strings.IndexByte("-._~:/", c) >= 0 {
			b.WriteByte(c)
			continue
		}
		b.WriteByte('%')
		b.WriteByte(hex[c>>4])
		b.WriteByte(hex[c&15])
	}
}

// Get returns the value of an attribute from either part, or "".
func (u *URI) Get(name string) string {
	if v, ok := u.Path[name]; ok {
		return v
	}
	return u.Query[name]
}

// namesToken lists the path attributes that choose a token; the others choose
// an object on it or the library to reach it with.
var namesToken = []string{"token", "serial", "model", "manufacturer", "slot-id", "slot-description", "slot-manufacturer"}

// Selects tells whether t, the name that a token gives itself, is one that u
// asks for: every attribute of u that chooses a token has the same value in t.
func (u *URI) Selects(t *URI) bool {
	if u.Scheme != t.Scheme {
		return false
	}
	for _, name := range namesToken {
		if want, ok := u.Path[name]; ok && t.Path[name] != want {
			return false
		}
	}
	return true
}

// PINFile returns the file that pin-source names, or "" when there is none. It
// takes file: and nothing else; RFC 7512's commands to run are refused.
func (u *URI) PINFile() (string, error) { return u.file("pin-source") }

// PasswordFile is the same for password-source, of the account at a service.
func (u *URI) PasswordFile() (string, error) { return u.file("password-source") }

func (u *URI) file(attribute string) (string, error) {
	source := u.Get(attribute)
	if source == "" {
		return "", nil
	}
	name, ok := strings.CutPrefix(source, "file:")
	if !ok {
		return "", invalid("%s is not of the form file:NAME", attribute)
	}
	if strings.HasPrefix(name, "//") { // file://host/path, with the host empty or this one
		name = strings.TrimPrefix(strings.TrimPrefix(name, "//"), "localhost")
		if !strings.HasPrefix(name, "/") {
			return "", invalid("%s names a file of another host", attribute)
		}
	}
	if name == "" {
		return "", invalid("%s names no file", attribute)
	}
	return name, nil
}
