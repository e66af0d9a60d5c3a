package ses

import (
	"encoding/asn1"
	"strings"
	"time"
	"unicode/utf8"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// Bounds on what is read, in bytes where not said otherwise.
const (
	// MaxSize is the longest seal or signature.
	MaxSize        = 4 << 20
	maxPicture     = 2 << 20
	maxCertificate = 64 << 10
	maxText        = 1 << 10
	maxProperty    = 64 << 10
	maxSignature   = 8 << 10
	maxTimeStamp   = 256 << 10
	maxExtension   = 256 << 10
	maxDigest      = 64
	maxExtensions  = 64  // how many
	maxSigners     = 256 // how many
)

var tag0 = cbasn1.Tag(0).Constructed().ContextSpecific()

// A decoder keeps the first thing that was wrong, so that a structure reads like
// its ASN.1. After that every field is empty.
type decoder struct {
	err   error
	loose []string // liberties that were taken with DER
}

func (d *decoder) fail(code string, params ...any) {
	if d.err == nil {
		d.err = fail(code, params...)
	}
}

// fields are those of one SEQUENCE, read one by one.
type fields struct {
	*decoder
	rest cryptobyte.String
}

// one reads der as a single SEQUENCE.
func (d *decoder) one(name string, der []byte) *fields {
	if len(der) > MaxSize {
		d.fail("too_large", "detail", "bytes")
		return &fields{decoder: d}
	}
	outer := &fields{d, cryptobyte.String(der)}
	inner := outer.sequence(name)
	outer.end(name)
	return inner
}

// end refuses what nobody asked for.
func (f *fields) end(name string) {
	if f.err == nil && !f.rest.Empty() {
		f.bad(name)
	}
}

func (f *fields) bad(name string) { f.fail("malformed", "detail", name) }

func (f *fields) next(tag cbasn1.Tag) bool { return f.err == nil && f.rest.PeekASN1Tag(tag) }

// value reads an element's contents of at most so many bytes.
func (f *fields) value(name string, tag cbasn1.Tag, most int) []byte {
	var v cryptobyte.String
	if f.err != nil {
		return nil
	}
	if !f.rest.ReadASN1(&v, tag) {
		f.bad(name)
		return nil
	}
	if len(v) > most {
		f.fail("too_large", "detail", name)
		return nil
	}
	return v
}

func (f *fields) sequence(name string) *fields {
	return &fields{f.decoder, f.value(name, cbasn1.SEQUENCE, MaxSize)}
}

// raw reads a SEQUENCE and gives its bytes with tag and length, too.
func (f *fields) raw(name string) ([]byte, *fields) {
	before := f.rest
	inner := f.sequence(name)
	return before[:len(before)-len(f.rest)], inner
}

func (f *fields) integer(name string) int {
	n := 0
	if f.err == nil && !f.rest.ReadASN1Integer(&n) {
		f.bad(name)
	}
	return n
}

// octets are never empty.
func (f *fields) octets(name string, most int) []byte {
	v := f.value(name, cbasn1.OCTET_STRING, most)
	if len(v) == 0 && f.err == nil {
		f.bad(name)
	}
	return v
}

// bits are whole bytes, at least one.
func (f *fields) bits(name string, most int) []byte {
	v := f.value(name, cbasn1.BIT_STRING, most+1)
	if f.err == nil && (len(v) < 2 || v[0] != 0) {
		f.bad(name)
	}
	if f.err != nil {
		return nil
	}
	return v[1:]
}

func (f *fields) oid(name string) asn1.ObjectIdentifier {
	var o asn1.ObjectIdentifier
	if f.err == nil && !f.rest.ReadASN1ObjectIdentifier(&o) {
		f.bad(name)
	}
	return o
}

func (f *fields) ia5(name string, most int) string {
	v := f.value(name, cbasn1.IA5String, most)
	for _, c := range v {
		if c > 0x7f {
			f.bad(name)
			return ""
		}
	}
	return string(v)
}

func (f *fields) utf8(name string, most int) string {
	v := f.value(name, cbasn1.UTF8String, most)
	if !utf8.Valid(v) {
		f.bad(name)
		return ""
	}
	return string(v)
}

func (f *fields) printable(name string, most int) string {
	v := string(f.value(name, cbasn1.PrintableString, most))
	if strings.ContainsFunc(v, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && !strings.ContainsRune(" '()+,-./:=?", r)
	}) {
		f.bad(name)
		return ""
	}
	return v
}

// DER knows times with seconds and in UTC only (X.690, 11.7 and 11.8). Fractions
// of a second, which DER allows, no version of these standards speaks of.
var timeLengths = map[cbasn1.Tag]int{
	cbasn1.UTCTime: len("060102150405Z"), cbasn1.GeneralizedTime: len("20060102150405Z"),
}

func (f *fields) time(name string, tag cbasn1.Tag) time.Time {
	before := f.rest
	var t time.Time
	v := f.value(name, tag, maxText)
	if f.err != nil {
		return t
	}
	ok := len(v) == timeLengths[tag] && v[len(v)-1] == 'Z'
	if tag == cbasn1.UTCTime {
		ok = ok && before.ReadASN1UTCTime(&t)
	} else {
		ok = ok && before.ReadASN1GeneralizedTime(&t)
	}
	if !ok {
		f.bad(name)
	}
	return t
}

// extensions are [0] EXPLICIT SEQUENCE OF ExtData, or nothing.
func (f *fields) extensions(mayBeBare bool) []Extension {
	const name = "extDatas"
	outer := f
	switch {
	case f.next(tag0):
		outer = &fields{f.decoder, f.value(name, tag0, MaxSize)}
	case mayBeBare && f.next(cbasn1.SEQUENCE):
		f.loose = append(f.loose, name)
	default:
		return nil
	}
	list := outer.sequence(name)
	if outer != f {
		outer.end(name)
	}
	var out []Extension
	for f.err == nil && !list.rest.Empty() {
		if len(out) == maxExtensions {
			f.fail("too_large", "detail", name)
			return nil
		}
		ext := list.sequence(name)
		e := Extension{ID: ext.oid("extnID")}
		if ext.next(cbasn1.BOOLEAN) {
			if !ext.rest.ReadASN1Boolean(&e.Critical) {
				ext.bad("critical")
			}
			if !e.Critical {
				f.loose = append(f.loose, "critical")
			}
		}
		e.Value = ext.value("extnValue", cbasn1.OCTET_STRING, maxExtension)
		ext.end(name)
		out = append(out, e)
	}
	return out
}

// timeStamp is [0] EXPLICIT BIT STRING, or nothing.
func (f *fields) timeStamp() []byte {
	const name = "timeStamp"
	if !f.next(tag0) {
		return nil
	}
	outer := &fields{f.decoder, f.value(name, tag0, MaxSize)}
	v := outer.bits(name, maxTimeStamp)
	outer.end(name)
	return v
}
