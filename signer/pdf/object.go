package pdf

import (
	"bytes"
	"cmp"
	"slices"
	"strconv"
)

// Object is one of Null, Boolean, Integer, Real, Name, String, Array, Dict, Ref
// and *Stream (ISO 32000-2, 7.3).
type Object interface {
	appendTo(b []byte) []byte // in PDF syntax
}

// The types of objects. Names and strings are kept decoded: a Name without its
// solidus and escapes, a String as the bytes it stands for.
type (
	Null    struct{}
	Boolean bool
	Integer int64
	Real    float64
	Name    string
	String  string
	Array   []Object
	Dict    map[Name]Object
	// Ref names an indirect object by number and generation.
	Ref struct {
		Num uint32
		Gen uint16
	}
	// Stream is a stream's dictionary and the place of its encoded bytes.
	Stream struct {
		Dict   Dict
		Offset int64 // of the first byte behind the stream keyword's end of line
		Length int64 // in bytes
	}
)

func (r Ref) String() string {
	return strconv.FormatUint(uint64(r.Num), 10) + " " + strconv.FormatUint(uint64(r.Gen), 10) + " R"
}

// Compare orders references by number, then generation.
func (r Ref) Compare(o Ref) int {
	return cmp.Or(cmp.Compare(r.Num, o.Num), cmp.Compare(r.Gen, o.Gen))
}

// Equal says whether two objects are the same value. References are compared,
// not followed; streams are equal when they are the same bytes of the file.
func Equal(a, b Object) bool {
	switch a := a.(type) {
	case Array:
		b, ok := b.(Array)
		return ok && slices.EqualFunc(a, b, Equal)
	case Dict:
		b, ok := b.(Dict)
		if !ok || len(a) != len(b) {
			return false
		}
		for k, v := range a {
			w, ok := b[k]
			if !ok || !Equal(v, w) {
				return false
			}
		}
		return true
	case *Stream:
		b, ok := b.(*Stream)
		return ok && a.Offset == b.Offset && a.Length == b.Length && Equal(a.Dict, b.Dict)
	case nil:
		return b == nil
	}
	switch b.(type) {
	case Array, Dict, *Stream:
		return false
	}
	return a == b
}

// Append writes an object in PDF syntax behind b; nil is the null object. Dictionaries are written
// with /Type first and the other keys sorted, so equal objects give equal
// bytes. Of a Stream only the dictionary is written.
func Append(b []byte, o Object) []byte {
	if o == nil {
		o = Null{}
	}
	return o.appendTo(b)
}

func (Null) appendTo(b []byte) []byte      { return append(b, "null"...) }
func (o Boolean) appendTo(b []byte) []byte { return strconv.AppendBool(b, bool(o)) }
func (o Integer) appendTo(b []byte) []byte { return strconv.AppendInt(b, int64(o), 10) }

func (o Real) appendTo(b []byte) []byte {
	n := len(b)
	if b = strconv.AppendFloat(b, float64(o), 'f', -1, 64); bytes.IndexByte(b[n:], '.') < 0 {
		b = append(b, ".0"...) // stays a Real when it is read again
	}
	return b
}

func (o Array) appendTo(b []byte) []byte {
	b = append(b, '[')
	for i, e := range o {
		if i > 0 {
			b = append(b, ' ')
		}
		b = Append(b, e)
	}
	return append(b, ']')
}

func (r Ref) appendTo(b []byte) []byte     { return append(b, r.String()...) }
func (o *Stream) appendTo(b []byte) []byte { return o.Dict.appendTo(b) }

func (d Dict) appendTo(b []byte) []byte {
	b = append(b, "<<"...)
	for _, k := range d.Keys() {
		b = k.appendTo(b)
		b = append(b, ' ')
		b = Append(b, d[k])
		b = append(b, '\n')
	}
	if b[len(b)-1] == '\n' {
		b = b[:len(b)-1]
	}
	return append(b, ">>"...)
}

// Keys returns the keys sorted, with Type first.
func (d Dict) Keys() []Name {
	keys := make([]Name, 0, len(d))
	for k := range d {
		keys = append(keys, k)
	}
	slices.SortFunc(keys, func(a, b Name) int {
		switch {
		case a == b:
			return 0
		case a == "Type":
			return -1
		case b == "Type":
			return 1
		}
		return cmp.Compare(a, b)
	})
	return keys
}

const hexDigits = "0123456789ABCDEF"

func (n Name) appendTo(b []byte) []byte {
	b = append(b, '/')
	for i := range len(n) {
		if c := n[i]; c < '!' || c > '~' || c == '#' || isDelimiter(c) {
			b = append(b, '#', hexDigits[c>>4], hexDigits[c&15])
		} else {
			b = append(b, c)
		}
	}
	return b
}

// appendString writes printable ASCII as a literal string and anything else in
// hexadecimal, which survives every transport.
func (s String) appendTo(b []byte) []byte {
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' {
			return AppendHex(b, []byte(s))
		}
	}
	b = append(b, '(')
	for i := range len(s) {
		if c := s[i]; c == '(' || c == ')' || c == '\\' {
			b = append(b, '\\')
		}
		b = append(b, s[i])
	}
	return append(b, ')')
}

// AppendHex writes bytes as a hexadecimal string in its angle brackets.
func AppendHex(b, data []byte) []byte {
	b = append(b, '<')
	for _, c := range data {
		b = append(b, hexDigits[c>>4], hexDigits[c&15])
	}
	return append(b, '>')
}
