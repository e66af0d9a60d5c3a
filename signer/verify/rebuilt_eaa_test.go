package verify

import (
	"fmt"
	"strings"
	"testing"

	"sealdesk/signer/cms/cmstest"
)

// anAnnotation adds an annotation to the page, and objects that it needs from 201 on.
func anAnnotation(dict string, more ...string) func(v *victim) {
	return func(v *victim) {
		objs := map[int]string{objPage: v.annotate("200 0 R"), 200: dict}
		for i, o := range more {
			objs[201+i] = o
		}
		v.update(objs)
	}
}

// annotations are the evil annotation attacks ("Breaking the Specification",
// 2021): what a certification of level 3 lets be put over a signed page.
var annotations = []attack{
	{"FreeText", "verify.modified|annotation", attackAnnotation, anAnnotation("<< /Type /Annot /Subtype /FreeText /Rect [72 690 400 730] /Contents (Pay 900 yuan) /DA (/F1 24 Tf) >>")},
	{"FreeText with an appearance", "verify.modified|annotation", attackAnnotation,
		anAnnotation("<< /Type /Annot /Subtype /FreeText /Rect [72 690 400 730] /AP << /N 201 0 R >> >>", evilText)},
	{"Stamp", "verify.modified|annotation", attackAnnotation,
		anAnnotation("<< /Type /Annot /Subtype /Stamp /Rect [72 690 400 730] /AP << /N 201 0 R >> /F 194 >>", evilText)},
	{"Redact", "verify.modified|annotation", attackAnnotation, anAnnotation("<< /Type /Annot /Subtype /Redact /Rect [72 690 400 730] /IC [1 1 1] /OverlayText (900) >>")},
	{"Square, filled", "verify.modified|annotation", attackAnnotation, anAnnotation("<< /Type /Annot /Subtype /Square /Rect [72 690 400 730] /IC [1 1 1] >>")},
	{"Ink", "verify.modified|annotation", attackAnnotation, anAnnotation("<< /Type /Annot /Subtype /Ink /Rect [72 690 400 730] /InkList [[72 700 300 700]] /BS << /W 30 >> >>")},
	{"Highlight", "verify.modified|annotation", attackAnnotation, anAnnotation("<< /Type /Annot /Subtype /Highlight /Rect [72 690 400 730] /C [0 0 0] /QuadPoints [72 690 400 690 72 730 400 730] >>")},
	{"Text note", "verify.modified|annotation", attackAnnotation, anAnnotation("<< /Type /Annot /Subtype /Text /Rect [72 690 90 710] /Contents (x) >>")},
	{"Link", "verify.modified|annotation", attackAnnotation, anAnnotation("<< /Type /Annot /Subtype /Link /Rect [72 690 400 730] /A << /S /URI /URI (http://example.com) >> >>")},
	{"FileAttachment", "verify.modified|annotation", attackAnnotation, anAnnotation("<< /Type /Annot /Subtype /FileAttachment /Rect [0 0 9 9] /FS << /EF << /F 201 0 R >> >> >>", stream("", "x"))},
	{"3D", "verify.modified|annotation", attackAnnotation, anAnnotation("<< /Type /Annot /Subtype /3D /Rect [72 690 400 730] >>")},
	{"Widget without a field", "verify.modified|annotation", attackAnnotation,
		anAnnotation("<< /Type /Annot /Subtype /Widget /Rect [72 690 400 730] /AP << /N 201 0 R >> >>", evilText)},
	{"of a kind nobody knows", "verify.modified|annotation", attackAnnotation, anAnnotation("<< /Type /Annot /Subtype /Evil /Rect [72 690 400 730] /AP << /N 201 0 R >> >>", evilText)},
	{"direct in the page's array", "verify.modified|annotation", attackAnnotation, func(v *victim) {
		v.update(map[int]string{objPage: v.annotate("<< /Type /Annot /Subtype /Stamp /Rect [72 690 400 730] >>")})
	}},
	{"an old annotation moved", "verify.modified", attackAnnotation, func(v *victim) {
		v.update(map[int]string{objNote: strings.Replace(v.objects[objNote], "[500 800 520 820]", "[72 690 400 730]", 1)})
	}},
	{"an old annotation shows something else", "verify.modified", "", func(v *victim) { v.update(map[int]string{objNoteLook: evilText}) }},
	{"an old annotation gets another state", "verify.modified", attackAnnotation, func(v *victim) {
		v.update(map[int]string{objNote: strings.Replace(v.objects[objNote], "/AP", "/AS /On /AP", 1)})
	}},
	{"an old annotation taken away", "verify.modified", attackAnnotation, func(v *victim) {
		v.update(map[int]string{objPage: v.edit(objPage, " 27 0 R", "")})
	}},
	{"annotations in another order", "verify.modified|reordered", attackAnnotation, func(v *victim) {
		v.update(map[int]string{objPage: v.edit(objPage, "20 0 R 27 0 R", "27 0 R 20 0 R")})
	}},
	{"the array became an object", "", "", func(v *victim) {
		o := v.objects[objPage]
		from := strings.Index(o, "/Annots")
		to := from + strings.IndexByte(o[from:], ']') + 1
		v.update(map[int]string{objPage: o[:from] + "/Annots 200 0 R" + o[to:], 200: o[from+len("/Annots"):to-1] + " 201 0 R]",
			201: "<< /Type /Annot /Subtype /Stamp /Rect [72 690 400 730] >>"})
	}},
	{"a text field over the page", "verify.modified|not a named signature field", attackAnnotation, func(v *victim) {
		v.update(map[int]string{objPage: v.annotate("200 0 R"), objForm: v.edit(objForm, fmt.Sprintf("%d 0 R", v.field), fmt.Sprintf("%d 0 R 200 0 R", v.field)),
			200: "<< /Type /Annot /Subtype /Widget /FT /Tx /T (evil) /V (900) /Rect [72 690 400 730] >>"})
	}},
}

// aField adds a signature field to form and page, and objects from 201 on.
func aField(dict string, more ...string) func(v *victim) {
	return func(v *victim) {
		objs := map[int]string{objPage: v.annotate("200 0 R"), 200: dict,
			objForm: v.edit(objForm, fmt.Sprintf("%d 0 R", v.field), fmt.Sprintf("%d 0 R 200 0 R", v.field))}
		for i, o := range more {
			objs[201+i] = o
		}
		v.update(objs)
	}
}

const sneaky = "<< /Type /Annot /Subtype /Widget /FT /Sig /T (Evil) /P 3 0 R /F 4 /Rect [72 690 400 730] %s >>"

// sneakySignatures are the sneaky signature attacks (2021): what a certification
// of level 2 lets be put over a signed page, by a signature field that shows it.
var sneakySignatures = []attack{
	{"an unsigned field that shows text", "verify.modified|without a signer", attackField, aField(fmt.Sprintf(sneaky, "/AP << /N 201 0 R >>"), evilText)},
	{"an unsigned field with a ground", "verify.modified|without a signer", attackField, aField(fmt.Sprintf(sneaky, "/MK << /BG [1 1 1] >>"))},
	{"an unsigned field whose widget shows text", "verify.modified|without a signer", attackField,
		aField("<< /FT /Sig /T (Evil) /Kids [201 0 R] >>", "<< /Type /Annot /Subtype /Widget /Parent 200 0 R /Rect [72 690 400 730] /AP << /N 202 0 R >> >>", evilText)},
	{"a field with a value that is none", "verify.modified|not a signature", attackField, aField(fmt.Sprintf(sneaky, "/V 202 0 R /AP << /N 201 0 R >>"), evilText, "<< /Type /Sig >>")},
	{"a field with an old value", "verify.modified|old value", attackWrapping, func(v *victim) {
		aField(fmt.Sprintf(sneaky, fmt.Sprintf("/V %d 0 R /AP << /N 201 0 R >>", v.value)), evilText)(v)
	}},
	{"a time stamp that shows text", "verify.modified|without a signer", attackField,
		aField(fmt.Sprintf(sneaky, "/V 202 0 R /AP << /N 201 0 R >>"), evilText, "<< /Type /DocTimeStamp /SubFilter /ETSI.RFC3161 /ByteRange [0 1 2 3] /Contents <00> >>")},
	{"a signature that is none, with text", "verify.bad_byte_range", "", aField(fmt.Sprintf(sneaky, "/V 202 0 R /AP << /N 201 0 R >>"), evilText,
		"<< /Type /Sig /Filter /Adobe.PPKLite /SubFilter /ETSI.CAdES.detached /ByteRange [0 10 20 30] /Contents <00> >>")},
	{"a field that runs a script", "verify.modified|has AA", attackAnnotation, aField(fmt.Sprintf(sneaky, "/AA << /E << /S /JavaScript /JS (1) >> >>"))},
	{"a field that goes somewhere", "verify.modified|has A", attackAnnotation, aField(fmt.Sprintf(sneaky, "/A << /S /URI /URI (x) >>"))},
	{"a field of an old name", "verify.modified|second field", attackField, aField(strings.Replace(fmt.Sprintf(sneaky, ""), "(Evil)", "(Seal)", 1))},
	{"the signed field moved", "", "", func(v *victim) {
		o := v.objects[int(v.field)]
		from := strings.Index(o, "/Rect[") + len("/Rect")
		to := from + strings.IndexByte(o[from:], ']') + 1
		v.update(map[int]string{int(v.field): o[:from] + "[72 690 400 730]" + o[to:]})
	}},
	{"the signed field shows something else", "verify.modified", attackReplace, func(v *victim) {
		v.update(map[int]string{int(v.field): v.with(int(v.field), "/AS /X"), 200: evilText})
	}},
	{"one widget on two pages' arrays", "", "", func(v *victim) {
		v.update(map[int]string{objPage: v.annotate("200 0 R 200 0 R"), objForm: v.edit(objForm, fmt.Sprintf("%d 0 R", v.field), fmt.Sprintf("%d 0 R 200 0 R", v.field)),
			200: fmt.Sprintf(sneaky, "")})
	}},
}

// TestSneakySignersSeal: a signature of another key is a signature, and its
// picture is its own: it is told where it covers much of the page.
func TestSneakySignersSeal(t *testing.T) {
	mallory := cmstest.New(t, "sm2", cmstest.Options{Name: "Mallory"})
	for name, v := range victims(t) {
		v.t = t
		if strings.HasSuffix(name, "P1") {
			continue // pdfsig refuses it, and TestCertification has it
		}
		signed := v.clone(t)
		signed.data = signWith(t, v.data, mallory, overThePage)
		r := signed.judge()
		last := r.Signatures[len(r.Signatures)-1]
		if r.Verdict == Valid || last.Verdict == Valid || last.Signer != "Mallory" || !found(r, "verify.seal_too_large") || !found(r, "verify.signer_unknown") {
			t.Errorf("%s: %s %v", name, r.Verdict, allCodes(r))
		}
	}
}
