package verify

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"sealdesk/signer/pdf"
)

func (v *victim) appended(format string, args ...any) { v.data = fmt.Appendf(v.data, format, args...) }

// savings are the incremental saving attacks (2019): new content behind the
// signed bytes, with every part of an update there or missing.
var savings = []attack{
	{"a proper update", "verify.modified|was changed", attackSaving, func(v *victim) { v.update(map[int]string{objText: evilText}) }},
	{"body alone", "verify.modified|bytes follow", attackSaving, func(v *victim) { v.appended("4 0 obj\n%s\nendobj\n", evilText) }},
	{"body and end", "verify.modified|bytes follow", attackSaving, func(v *victim) { v.appended("4 0 obj\n%s\nendobj\n%%%%EOF\n", evilText) }},
	{"body and trailer, no table", "verify.malformed", attackSaving, func(v *victim) {
		at := len(v.data)
		v.appended("4 0 obj\n%s\nendobj\ntrailer\n<< /Root 1 0 R /Size %d /Prev %d >>\nstartxref\n%d\n%%%%EOF\n", evilText, v.size, v.prev, at)
	}},
	{"body, table without trailer", "verify.malformed", attackSaving, func(v *victim) {
		at := len(v.data)
		v.appended("4 0 obj\n%s\nendobj\n", evilText)
		xref := len(v.data)
		v.appended("xref\n4 1\n%010d 00000 n \nstartxref\n%d\n%%%%EOF\n", at, xref)
	}},
	{"body and the old startxref", "verify.modified", attackSaving, func(v *victim) {
		v.appended("4 0 obj\n%s\nendobj\nstartxref\n%d\n%%%%EOF\n", evilText, v.prev)
	}},
	{"body with a table that does not list it", "verify.modified|belong to no object", attackSaving, func(v *victim) {
		v.write(nil, "4 0 obj\n"+evilText+"\nendobj\n")
	}},
	{"body in a comment's clothes", "verify.modified", attackSaving, func(v *victim) {
		v.write(nil, "%x\r4 0 obj\n"+evilText+"\nendobj\n")
	}},
	{"no startxref at the end", "verify.modified|bytes follow", attackSaving, func(v *victim) {
		v.update(map[int]string{objText: evilText})
		v.data = v.data[:bytes.LastIndex(v.data, []byte("startxref"))]
	}},
	{"a table without /Prev", "", "", func(v *victim) {
		v.prev = 0
		v.update(map[int]string{objText: evilText})
	}},
	{"with the signature copied", "verify.bad_byte_range|its own Contents", attackWrapping, func(v *victim) {
		at := v.lastOf(fmt.Sprintf("%d 0 obj", v.value))
		end := at + bytes.Index(v.data[at:], []byte("endobj"))
		dict := string(v.data[at+len(fmt.Sprintf("%d 0 obj", v.value)) : end])
		v.update(map[int]string{objText: evilText, int(v.value): strings.TrimSpace(dict)})
	}},
	{"the field's value replaced", "", "", func(v *victim) {
		v.update(map[int]string{int(v.field): v.edit(int(v.field), fmt.Sprintf("%d 0 R", v.value), "231 0 R"), 231: v.objects[int(v.value)]})
	}},
	{"two updates, the second innocent", "verify.modified", attackSaving, func(v *victim) {
		v.update(map[int]string{objText: evilText})
		v.update(map[int]string{objText: v.paper.objects[objInfo]})
	}},
	{"signature removed", "verify.signature_removed", attackSaving, func(v *victim) {
		v.update(map[int]string{objForm: "<< /Fields [20 0 R] /SigFlags 3 /DA (/Helv 0 Tf 0 g) >>"})
	}},
	{"form removed", "verify.signature_removed", attackSaving, func(v *victim) {
		v.update(map[int]string{objCatalog: v.edit(objCatalog, "/AcroForm 7 0 R", "")})
	}},
}

// lastOf is where a word stands last.
func (v *victim) lastOf(word string) int {
	v.t.Helper()
	at := bytes.LastIndex(v.data, []byte(word))
	if at < 0 {
		v.t.Fatalf("no %q", word)
	}
	return at
}

// signedParts are the two parts of the file that the signature covers, and the gap.
func (v *victim) signedParts() (first, gap, second []byte, b [4]int64) {
	f, err := pdf.Open(bytes.NewReader(v.data), int64(len(v.data)))
	if err != nil {
		v.t.Fatal(err)
	}
	sig, err := f.Dict(pdf.Ref{Num: v.value})
	if err != nil {
		v.t.Fatal(err)
	}
	for i, o := range sig["ByteRange"].(pdf.Array) {
		b[i] = int64(o.(pdf.Integer))
	}
	return slices.Clone(v.data[:b[1]]), slices.Clone(v.data[b[1]:b[2]]), slices.Clone(v.data[b[2]:]), b
}

// wrapped puts something between the value and the second signed part, which
// moves behind it. in is called with where it will stand.
func wrapped(in func(v *victim, at, second int) string) func(v *victim) {
	return func(v *victim) {
		first, gap, second, b := v.signedParts()
		at := len(first) + len(gap)
		text := in(v, at, 0)
		for range 3 { // its length depends on the numbers in it
			text = in(v, at, at+len(text))
		}
		v.data = slices.Concat(first, gap, []byte(text), second)
		_ = b
	}
}

// wrappings are the signature wrapping attacks (2019): the hash is right, and
// stands over parts that were moved.
var wrappings = []attack{
	{"second part moved, ByteRange again in the gap", "", "", wrapped(func(v *victim, at, second int) string {
		_, _, rest, b := v.signedParts()
		return fmt.Sprintf("/ByteRange [0 %d %d %d] >>\nendobj\n4 0 obj\n%s\nendobj\n<<", b[1], second, len(rest), evilText)
	})},
	{"second part moved, a table where startxref points", "", "", func(v *victim) {
		first, gap, second, b := v.signedParts()
		at := len(first) + len(gap)
		evil := fmt.Sprintf("/ByteRange [0 %010d %010d %010d] >>\nendobj\n", b[1], 0, b[3])
		where := at + len(evil)
		evil += fmt.Sprintf("4 0 obj\n%s\nendobj\n", evilText)
		for at+len(evil) < v.prev {
			evil += " "
		}
		xref := at + len(evil)
		moved := xref + 400 - at
		evil += fmt.Sprintf("xref\n4 1\n%010d 00000 n \n%d 1\n%010d 00000 n \ntrailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n",
			where, v.field, int(b[2])+moved, v.size, xref)
		for at+len(evil) < xref+400 {
			evil += " "
		}
		evil = strings.Replace(evil, "0000000000 "+fmt.Sprintf("%010d]", b[3]), fmt.Sprintf("%010d %010d]", at+len(evil), b[3]), 1)
		v.data = slices.Concat(first, gap, []byte(evil), second)
	}},
	{"second part moved, its ByteRange rewritten", "", attackWrapping, func(v *victim) {
		first, gap, second, b := v.signedParts()
		v.data = slices.Concat(first, gap, second)
		v.update(map[int]string{objText: evilText})
		at := len(v.data) + 1
		v.data = append(append(v.data, '%'), second...)
		v.editRoom("/ByteRange ", ']', fmt.Sprintf("/ByteRange [0 %d %d %d]", b[1], at, b[3]))
	}},
	{"value closed early, an object in its padding", "verify.bad_byte_range|its own Contents", attackWrapping, func(v *victim) {
		v.lastContents(func(c []byte) { copy(c[len(c)-200:], ">>> endobj 4 0 obj << >> endobj << /X <") })
	}},
	{"a second Contents in the gap", "verify.bad_contents", attackForgery, func(v *victim) {
		v.lastContents(func(c []byte) { copy(c[len(c)-40:], ">/Contents <0000") })
	}},
	{"white space before the gap's bracket", "verify.bad_byte_range", attackWrapping, func(v *victim) {
		_, _, _, b := v.signedParts()
		v.editRoom("/ByteRange ", ']', fmt.Sprintf("/ByteRange [0 %d %d %d]", b[1]-1, b[2], b[3]))
	}},
	{"the value under the hash", "verify.bad_byte_range", attackWrapping, func(v *victim) {
		_, _, _, b := v.signedParts()
		v.editRoom("/ByteRange ", ']', fmt.Sprintf("/ByteRange [0 %d %d %d]", b[1]+2, b[2], b[3]))
	}},
	{"a comment at the gap's end", "verify.bad_byte_range", attackWrapping, func(v *victim) {
		_, _, _, b := v.signedParts()
		v.lastContents(func(c []byte) { copy(c[len(c)-20:], ">%00000000000000000\n") })
		v.editRoom("/ByteRange ", ']', fmt.Sprintf("/ByteRange [0 %d %d %d]", b[1], b[2], b[3]))
	}},
	{"the range ends before the revision does", "verify.not_whole_revision", attackWrapping, func(v *victim) {
		_, _, _, b := v.signedParts()
		v.editRoom("/ByteRange ", ']', fmt.Sprintf("/ByteRange [0 %d %d %d]", b[1], b[2], b[3]-20))
	}},
	{"two fields, one value in two fields of the update", "verify.modified|old value", attackWrapping, func(v *victim) {
		v.update(map[int]string{objForm: v.edit(objForm, fmt.Sprintf("%d 0 R", v.field), fmt.Sprintf("%d 0 R 232 0 R", v.field)),
			232: fmt.Sprintf("<< /Type /Annot /Subtype /Widget /FT /Sig /T (Other) /V %d 0 R /Rect [0 0 0 0] >>", v.value)})
	}},
}
