package pdf

import (
	"bytes"
	"cmp"
	"slices"
	"strconv"
)

// Object is one of Null, Boolean, Integer, Real, Name, String, Array, Dict, Ref
// and *Stream (ISO 32000-2, 7.3).
type Object interface{ object() }

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

func (Null) object()    {}
func (Boolean) object() {}
func (Integer) object() {}
func (Real) object()    {}
func (Name) object()    {}
func (String) object()  {}
func (Array) object()   {}
func (Dict) object()    {}
func (Ref) object()     {}
func (*Stream) object() {}

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

// Append writes an object in PDF syntax behind b. Dictionaries are written
// with /Type first and the other keys sorted, so equal objects give equal
// bytes. Of a Stream only the dictionary is written.
func Append(b []byte, o Object) []byte {
	switch o := o.(type) {
	case Boolean:
		return strconv.AppendBool(b, bool(o))
	case Integer:
		return strconv.AppendInt(b, int64(o), 10)
	case Real:
		n := len(b)
		if b = strconv.AppendFloat(b, float64(o), 'f', -1, 64); bytes.IndexByte(b[n:], '.') < 0 {
			b = append(b, ".0"...) // stays a Real when it is read again
		}
		return b
	case Name:
		return appendName(b, o)
	case String:
		return appendString(b, o)
	case Array:
		b = append(b, '[')
		for i, e := range o {
			if i > 0 {
				b = append(b, ' ')
			}
			b = Append(b, e)
		}
		return append(b, ']')
	case Dict:
		return appendDict(b, o)
	case Ref:
		return append(b, o.String()...)
	case *Stream:
		return appendDict(b, o.Dict)
	}
	return append(b, "null"...)
}

func appendDict(b []byte, d Dict) []byte {
	b = append(b, "<<"...)
	for _, k := range d.Keys() {
		b = appendName(b, k)
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

func appendName(b []byte, n Name) []byte {
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
func appendString(b []byte, s String) []byte {
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
