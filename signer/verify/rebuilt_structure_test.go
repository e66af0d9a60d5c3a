package verify

import (
	"bytes"
	"fmt"
	"strings"

	"sealdesk/signer/pdf"
	"sealdesk/signer/pdfsig"
)

// overThePage is a seal that covers most of the page.
var overThePage = pdfsig.Request{Places: []pdfsig.Appearance{{Page: 1, Rect: pdf.Rect{10, 300, 580, 830}, Image: redSeal()}}}

// catalogWith makes an update of the catalog alone, with an entry more.
func catalogWith(entry string, more ...string) func(v *victim) {
	return func(v *victim) {
		objs := map[int]string{objCatalog: v.with(objCatalog, entry)}
		for i, o := range more {
			objs[200+i] = o
		}
		v.update(objs)
	}
}

func pageWithEntry(entry string) func(v *victim) {
	return func(v *victim) { v.update(map[int]string{objPage: v.with(objPage, entry)}) }
}

// structures are the later turns: what steers how a file is read, shown and run.
var structures = []attack{
	{"script on opening", "verify.modified|OpenAction", attackSaving, catalogWith("/OpenAction << /S /JavaScript /JS (1) >>")},
	{"actions of the document", "verify.modified|AA", attackSaving, catalogWith("/AA << /WC << /S /JavaScript /JS (1) >> >>")},
	{"scripts by name", "verify.modified|Names", attackSaving, catalogWith("/Names << /JavaScript << /Names [(a) 200 0 R] >> >>", "<< /S /JavaScript /JS (1) >>")},
	{"an embedded file", "verify.modified|Names", attackSaving, catalogWith("/Names << /EmbeddedFiles << /Names [(a) 200 0 R] >> >>", "<< /Type /Filespec /F (x) /EF << /F 201 0 R >> >>", stream("", "x"))},
	{"destinations", "verify.modified|Dests", attackSaving, catalogWith("/Dests << /a [3 0 R /Fit] >>")},
	{"associated files", "verify.modified|AF", attackSaving, catalogWith("/AF [200 0 R]", "<< /Type /Filespec >>")},
	{"viewer's preferences", "verify.modified|ViewerPreferences", attackSaving, catalogWith("/ViewerPreferences << /HideToolbar true >>")},
	{"page labels", "verify.modified|PageLabels", attackSaving, catalogWith("/PageLabels << /Nums [0 << /S /r >>] >>")},
	{"outlines", "verify.modified|Outlines", attackSaving, catalogWith("/Outlines 200 0 R", "<< /Type /Outlines >>")},
	{"collection", "verify.modified|Collection", attackSaving, catalogWith("/Collection << /View /T >>")},
	{"requirements", "verify.modified|Requirements", attackSaving, catalogWith("/Requirements [<< /S /EnableJavaScripts >>]")},
	{"XFA", "verify.modified|XFA", attackReplace, func(v *victim) { v.update(map[int]string{objForm: v.with(objForm, "/XFA (x)")}) }},
	{"the form's calculation order", "verify.modified|CO", attackReplace, func(v *victim) { v.update(map[int]string{objForm: v.with(objForm, "/CO [20 0 R]")}) }},
	{"page turned", "verify.modified|Rotate", attackSaving, func(v *victim) { v.update(map[int]string{objPage: v.edit(objPage, "/Rotate 0", "/Rotate 180")}) }},
	{"page cut", "verify.modified|CropBox", attackSaving, pageWithEntry("/CropBox [0 0 595 300]")},
	{"page in other units", "verify.modified|UserUnit", attackSaving, pageWithEntry("/UserUnit 2")},
	{"page's media box", "verify.modified|MediaBox", attackSaving, func(v *victim) { v.update(map[int]string{objPage: v.edit(objPage, "[0 0 595 842]", "[0 0 595 400]")}) }},
	{"page's actions", "verify.modified|AA", attackSaving, pageWithEntry("/AA << /O << /S /JavaScript /JS (1) >> >>")},
	{"page's thumbnail", "verify.modified|Thumb", attackSaving, pageWithEntry("/Thumb 22 0 R")},
	{"page's group", "verify.modified|Group", attackSaving, pageWithEntry("/Group << /S /Transparency /K true >>")},
	{"page's presentation", "verify.modified|Trans", attackSaving, pageWithEntry("/Trans << /S /Blinds >>")},
	{"page in another structure", "verify.modified", attackSaving, pageWithEntry("/StructParents (x)")},
	{"what pages inherit", "verify.modified", attackSaving, func(v *victim) {
		v.update(map[int]string{objPages: "<< /Type /Pages /Kids [3 0 R] /Count 1 /Rotate 90 /Resources << /Font << /F1 29 0 R >> >> >>"})
	}},
	{"a page more", "verify.modified", attackSwitch, func(v *victim) {
		v.update(map[int]string{objPages: "<< /Type /Pages /Kids [3 0 R 24 0 R] /Count 2 >>"})
	}},
	{"no page any more", "verify.modified", attackSaving, func(v *victim) { v.update(map[int]string{objPages: "<< /Type /Pages /Kids [] /Count 0 >>"}) }},
	{"encrypted from now on", "verify.encrypted_later", "", func(v *victim) {
		v.trailer += " /Encrypt << /Filter /Standard /V 1 /R 2 /P -4 /O (x) /U (x) >>"
		v.update(map[int]string{objInfo: "<< >>"})
	}},
	{"an entry in two opinions", "verify.malformed|twice", attackSaving, func(v *victim) {
		at := len(v.data)
		v.update(map[int]string{objInfo: "<< >>"})
		v.replaceLast("\nxref\n", fmt.Sprintf("\nxref\n6 1\n%010d 00000 n \n", at+3))
		v.repoint()
	}},
	{"a dictionary's key twice", "verify.modified|duplicate_key", attackSaving, func(v *victim) {
		v.update(map[int]string{objInfo: "<< /Title (a) /Title (b) >>"})
	}},
	{"a chain of tables in a circle", "verify.malformed", attackSaving, func(v *victim) {
		v.update(map[int]string{objInfo: "<< >>"})
		i := v.lastOf("/Prev ")
		end := i + bytes.IndexByte(v.data[i:], '\n')
		text := fmt.Sprintf("/Prev %d >>", v.prev)
		copy(v.data[i:end], text+strings.Repeat(" ", max(0, end-i-len(text))))
	}},
	{"a companion that shows other objects", "", "", func(v *victim) {
		evil := v.clone(v.t)
		evil.compress(map[int]string{objFont: "<< /Type /Font /Subtype /Type1 /BaseFont /Symbol >>"}, 210)
		companion := evil.prev
		v.data, v.size = evil.data[:evil.lastOf("startxref")], evil.size
		v.trailer += fmt.Sprintf(" /XRefStm %d", companion)
		v.update(map[int]string{objInfo: "<< >>"})
	}},
	{"an update hidden in a stream's data", "verify.modified", "", func(v *victim) {
		v.update(map[int]string{210: stream("/Type /Metadata", "4 0 obj\n"+evilText+"\nendobj\n")})
	}},
	{"pages by way of the metadata", "verify.modified", "", func(v *victim) {
		v.update(map[int]string{objCatalog: v.with(objCatalog, "/Metadata 4 0 R"), objText: evilText})
	}},
	{"pages by way of the validation data", "verify.modified", "", func(v *victim) {
		v.update(map[int]string{objCatalog: v.with(objCatalog, "/DSS << /Certs [4 0 R] >>"), objText: evilText})
	}},
	{"pages by way of private data", "verify.modified", "", func(v *victim) {
		v.update(map[int]string{objCatalog: v.with(objCatalog, "/PieceInfo << /X << /Private 25 0 R >> >>"), objText: evilText})
	}},
	{"pages by way of tags", "verify.modified|StructTreeRoot", attackSaving, func(v *victim) {
		v.update(map[int]string{objCatalog: v.with(objCatalog, "/StructTreeRoot << /K 4 0 R >>"), objText: evilText})
	}},
	{"a page that nothing leads to", "verify.modified|without need", attackSaving, func(v *victim) {
		v.update(map[int]string{210: "<< /Type /Page /Parent 2 0 R /Contents 25 0 R >>"})
	}},
	{"a stream that nothing leads to", "verify.modified|without need", attackSaving, func(v *victim) { v.update(map[int]string{210: evilText}) }},
	{"a signature that no field shows", "verify.modified|without need", attackSaving, func(v *victim) {
		v.update(map[int]string{210: "<< /Type /Sig /ByteRange [0 1 2 3] /Contents <00> >>"})
	}},
}

// repoint lets startxref name the last table again after it moved or grew.
func (v *victim) repoint() {
	at := v.lastOf("\nxref\n") + 1
	i := v.lastOf("startxref")
	v.data = fmt.Appendf(v.data[:i], "startxref\n%d\n%%%%EOF\n", at)
}
