package verify

import (
	"fmt"
	"strings"
)

// contents writes another value of Contents, with its key, into the same room.
func contents(text string) func(v *victim) {
	return func(v *victim) {
		v.editRoom("/Contents <", '>', text)
	}
}

// byteRangeOf writes another value of ByteRange, with its key, into the same room.
func byteRangeOf(text string) func(v *victim) {
	return func(v *victim) {
		v.editRoom("/ByteRange ", ']', text)
	}
}

// editRoom writes a text over a key and its value, and fills up with blanks.
func (v *victim) editRoom(key string, end byte, text string) {
	v.t.Helper()
	from := strings.LastIndex(string(v.data), key)
	to := from + strings.IndexByte(string(v.data[from:]), end) + 1
	for v.data[to] == ' ' {
		to++
	}
	if from < 0 || len(text) > to-from {
		v.t.Fatalf("no room for %q", text)
	}
	copy(v.data[from:to], text+strings.Repeat(" ", to-from-len(text)))
}

// forgeries are the universal signature forgeries ("1 Trillion Dollar Refund",
// 2019): Contents and ByteRange without a sensible value, in all ways of the paper.
var forgeries = func() []attack {
	var out []attack
	for _, a := range []struct{ name, text, code string }{
		{"no Contents", "", "verify.no_contents"},
		{"Contents without a value", "/Contents", "verify.malformed"},
		{"Contents null", "/Contents null", "verify.no_contents"},
		{"Contents empty", "/Contents <>", "verify.bad_byte_range"},
		{"Contents 00", "/Contents <00>", "verify.bad_byte_range"},
		{"Contents zero bytes", "/Contents (\x00\x00)", "verify.bad_byte_range"},
		{"Contents a name", "/Contents /None", "verify.bad_byte_range"},
		{"Contents an array", "/Contents []", "verify.bad_byte_range"},
		{"Contents a number", "/Contents 0", "verify.bad_byte_range"},
		{"Contents a reference", "/Contents 25 0 R", "verify.bad_byte_range"},
	} {
		out = append(out, attack{a.name, a.code, "", contents(a.text)})
	}
	for _, a := range []struct{ name, text, code string }{
		{"no ByteRange", "", "verify.no_byte_range"},
		{"ByteRange without a value", "/ByteRange", "verify.malformed"},
		{"ByteRange null", "/ByteRange null", "verify.no_byte_range"},
		{"ByteRange empty", "/ByteRange []", "verify.bad_byte_range"},
		{"ByteRange of zeros", "/ByteRange [0 0 0 0]", "verify.bad_byte_range"},
		{"ByteRange of two numbers", "/ByteRange [0 100]", "verify.bad_byte_range"},
		{"ByteRange negative", "/ByteRange [-1 -1 -1 -1]", "verify.bad_byte_range"},
		{"ByteRange with a negative length", "/ByteRange [0 100 200 -100]", "verify.bad_byte_range"},
		{"ByteRange of the header alone", "/ByteRange [0 8 8 0]", "verify.bad_byte_range"},
		{"ByteRange behind the file", "/ByteRange [0 9 99999999999 1]", "verify.bad_byte_range"},
		{"ByteRange longer than the file", "/ByteRange [0 9 10 99999999999]", "verify.bad_byte_range"},
		{"ByteRange overflowing", "/ByteRange [0 9 9223372036854775807 9223372036854775807]", "verify.bad_byte_range"},
		{"ByteRange of names", "/ByteRange [/A /B /C /D]", "verify.bad_byte_range"},
		{"ByteRange of nested arrays", "/ByteRange [[0 1 2 3]]", "verify.bad_byte_range"},
		{"ByteRange of six numbers", "/ByteRange [0 1 2 3 4 5]", "verify.bad_byte_range"},
		{"ByteRange a string", "/ByteRange (0 1 2 3)", "verify.bad_byte_range"},
		{"ByteRange of real numbers", "/ByteRange [0.0 1.0 2.0 3.0]", "verify.bad_byte_range"},
		{"ByteRange of references", "/ByteRange [1 0 R 2 0 R 3 0 R 4 0 R]", "verify.bad_byte_range"},
		{"ByteRange of another place", "/ByteRange [0 100 200 300]", "verify.bad_byte_range"},
		{"ByteRange twice", "/ByteRange [0 1 2 3]/ByteRange [0 1 2 3]", "verify.bad_byte_range"},
	} {
		like := attackForgery
		if a.code == "verify.malformed" || strings.HasSuffix(a.name, "another place") || strings.HasSuffix(a.name, "twice") {
			like = ""
		}
		out = append(out, attack{a.name, a.code, like, byteRangeOf(a.text)})
	}
	// Both at once: the paper's verifiers stopped at the first that was missing.
	out = append(out, attack{"neither", "verify.no_byte_range", attackForgery, func(v *victim) {
		contents("")(v)
		byteRangeOf("")(v)
	}}, attack{"not a digit in Contents", "verify.malformed", attackForgery, func(v *victim) {
		v.lastContents(func(c []byte) { c[len(c)/2] = 'x' })
	}}, attack{"white space in Contents", "verify.bad_contents", attackForgery, func(v *victim) {
		v.lastContents(func(c []byte) { c[len(c)-4] = '\n' })
	}}, attack{"Contents all zero", "verify.no_contents", attackForgery, func(v *victim) {
		v.lastContents(func(c []byte) { zero(c[1 : len(c)-1]) })
	}}, attack{"padding of Contents used", "verify.bad_contents", attackForgery, func(v *victim) {
		v.lastContents(func(c []byte) { copy(c[len(c)-5:], "ffff") })
	}}, attack{"dictionary without its type, no value", "verify.signature_removed", attackSaving, func(v *victim) {
		v.update(map[int]string{int(v.field): v.edit(int(v.field), fmt.Sprintf("%d 0 R", v.value), "230 0 R"), 230: "<< /Filter /Adobe.PPKLite /SubFilter /adbe.pkcs7.detached >>"})
	}})
	return out
}()

// lastContents hands out the value of the last signature's Contents with its brackets.
func (v *victim) lastContents(f func(c []byte)) {
	from := strings.LastIndex(string(v.data), "/Contents <") + len("/Contents ")
	f(v.data[from : from+strings.IndexByte(string(v.data[from:]), '>')+1])
}
