package verify

import (
	"bytes"
	"crypto/x509/pkix"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"sealdesk/signer/cms"
	"sealdesk/signer/cms/cmstest"
	"sealdesk/signer/revocation"
)

// TestFormsThatAskForTooMuch: a form's fields are walked through within bounds, and never in a circle.
func TestFormsThatAskForTooMuch(t *testing.T) {
	nested := map[int]string{objForm: "<< /Fields [50 0 R] >>"}
	for i := range 20 {
		nested[50+i] = fmt.Sprintf("<< /T (a) /Kids [%d 0 R] >>", 51+i)
	}
	many := map[int]string{}
	for i := range maxSignatures + 1 {
		many[50+2*i], many[51+2*i] = fmt.Sprintf("<< /FT /Sig /T (f%d) /V %d 0 R >>", i, 51+2*i), "<< /Type /Sig >>"
		many[objForm] += fmt.Sprintf(" %d 0 R", 50+2*i)
	}
	many[objForm] = "<< /Fields [" + many[objForm] + "] >>"
	for _, tc := range []struct {
		name, why string
		objs      map[int]string
	}{
		{"in a circle", "verify.malformed|circle", map[int]string{objForm: "<< /Fields [50 0 R] >>", 50: "<< /T (a) /Kids [50 0 R] >>"}},
		{"too deep", "verify.too_large|form fields", nested},
		{"widgets in a circle", "verify.too_large|form fields", map[int]string{objForm: "<< /Fields [50 0 R] >>", 50: "<< /T (a) /Kids [51 0 R] >>", 51: "<< /Kids [51 0 R] >>"}},
		{"too many widgets", "verify.too_large|form fields", map[int]string{objForm: "<< /Fields [50 0 R] >>",
			50: "<< /T (a) /FT /Tx /Kids [" + strings.Repeat("<<>>", maxFields) + "] >>"}},
		{"too many signatures", "verify.too_large|signatures", many},
		{"a widget without a place", "verify.malformed", map[int]string{objForm: "<< /Fields [50 0 R] >>", 50: "<< /T (a) /Kids [<< /Subtype /Widget /Rect 7 >>] >>"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			p := newPaper(t)
			p.root["AcroForm"] = "7 0 R"
			tc.objs[objCatalog] = p.dict(p.root)
			p.update(tc.objs)
			if r := p.verify(); r.Verdict != Invalid || !found(r, tc.why) {
				t.Errorf("%s %v, want %s", r.Verdict, r.Findings, tc.why)
			}
		})
	}
}

// TestManyRevisionsOfManyFields: so is what is walked through of their forms, though they take few objects.
func TestManyRevisionsOfManyFields(t *testing.T) {
	p := newPaper(t)
	p.root["AcroForm"] = "7 0 R"
	p.update(map[int]string{objCatalog: p.dict(p.root), objForm: "<< /Fields [50 0 R] >>", 50: "<< /T (a) /FT /Tx /Kids [" + strings.Repeat("<<>>", maxFields-2) + "] >>"})
	for range maxWalked / maxFields {
		p.update(map[int]string{objInfo: "<< >>"})
	}
	if r := p.verify(); r.Verdict != Invalid || !found(r, "verify.too_large|form fields") {
		t.Errorf("%s %v", r.Verdict, r.Findings)
	}
}

// TestManyRevisionsOfManyObjects: what is compared again for every revision is bounded.
func TestManyRevisionsOfManyObjects(t *testing.T) {
	p := newPaper(t)
	objs := map[int]string{}
	for i := range 8500 {
		objs[50+i] = "7"
	}
	p.update(objs)
	for range 1000 {
		p.update(map[int]string{objInfo: "<< >>"})
	}
	if r := p.verify(); r.Verdict != Invalid || !found(r, "verify.too_large|revisions") {
		t.Errorf("%s %v", r.Verdict, r.Findings)
	}
}

// TestWidgetsOfFields: which objects are a signature's widgets, and where they are.
func TestWidgetsOfFields(t *testing.T) {
	buyer := cmstest.New(t, "ecdsa", cmstest.Options{})
	for rect, want := range map[string][4]float64{"[0 0 9]": {0, 0, 9, 0}, "[8 8]": {0, 0, 8, 8}, "[0 0 9 9 9]": {0, 0, 9, 9}, "[]": {}} {
		p := newPaper(t)
		p.sign(buyer, signing{rect: rect})
		if r := p.verify(buyer); !r.Valid() || r.Signatures[0].Widgets[0].Rect != want {
			t.Errorf("a place of %s: %s %v", rect, r.Verdict, r.Signatures[0].Widgets)
		}
	}
	nested := newPaper(t)
	nested.fields = []int{20}
	nested.update(map[int]string{20: "<< /FT 23 0 R /T (seal) /Kids [21 0 R] >>", 21: "<< /Parent 20 0 R /Kids [22 0 R] >>", 23: "/Sig",
		22: "<< /Type /Annot /Subtype /Widget /Parent 21 0 R /P 3 0 R /F 4 /Rect [10 10 590 830] >>"})
	nested.sign(buyer, signing{existing: 20})
	if r := nested.verify(buyer); r.Verdict != Untrusted || !found(r, "verify.seal_too_large") {
		t.Errorf("a widget of a widget: %s %v", r.Verdict, allCodes(r))
	}
	p := newPaper(t)
	p.fields = []int{20}
	p.update(map[int]string{20: "<< /T (outer) /Kids [21 0 R] >>", 21: "<< /FT /Sig /T (inner) /Parent 20 0 R /Kids [22 0 R << /Parent 21 0 R >>] >>",
		22: "<< /Type /Annot /Subtype /Widget /Parent 21 0 R /P 3 0 R /F 4 /Rect [300 100 420 220] >>"})
	p.sign(buyer, signing{existing: 21})
	r := p.verify(buyer)
	if s := r.Signatures; !r.Valid() || len(s) != 1 || s[0].Field != "outer.inner" || len(s[0].Widgets) != 1 || s[0].Widgets[0].Rect != [4]float64{300, 100, 420, 220} {
		t.Errorf("%s %v %+v", r.Verdict, allCodes(r), s)
	}
}

// TestOddSignatures: what is wrong with a signature that was put together by hand is said.
func TestOddSignatures(t *testing.T) {
	buyer := cmstest.New(t, "ecdsa", cmstest.Options{})
	for _, tc := range []struct {
		name, why string
		make      func(p *paper)
	}{
		{"within its field", "verify.bad_byte_range|object of its own", func(p *paper) {
			p.root["AcroForm"] = "7 0 R"
			p.update(map[int]string{objCatalog: p.dict(p.root), objForm: "<< /Fields [50 0 R] >>",
				50: "<< /FT /Sig /T (a) /V << /Type /Sig /SubFilter /ETSI.CAdES.detached /ByteRange [0 10 20 30] /Contents <00> >> >>"})
		}},
		{"over a later revision, too", "verify.bad_byte_range|other than the one that brought", func(p *paper) {
			p.sign(buyer, signing{})
			p.update(map[int]string{objInfo: "<< >>"})
			p.editRange(func(b []int) string { return fmt.Sprintf("[0 %d %d %d]", b[1], b[2], len(p.data)-b[2]) })
		}},
		{"over the first bytes of a later revision, too", "verify.not_whole_revision", func(p *paper) {
			p.sign(buyer, signing{})
			p.update(map[int]string{objInfo: "<< >>"})
			p.editRange(func(b []int) string { return fmt.Sprintf("[0 %d %d %d]", b[1], b[2], b[3]+5) })
		}},
		{"too long", "verify.bad_contents|too long", func(p *paper) {
			p.sign(buyer, signing{padding: cms.MaxSize + 2})
			p.editContents(func(c []byte) { copy(c[len(c)-7:], "      ") }) // which a string may have within it
		}},
		{"garbage for a seal", "verify.bad_contents|not DER", func(p *paper) {
			p.sign(buyer, signing{sub: "GM.sm2seal", contents: func(der []byte) []byte { return bytes.Repeat([]byte{0xff}, len(der)) }})
		}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			p := newPaper(t)
			tc.make(p)
			if r := p.verify(buyer); r.Verdict != Invalid || !found(r, tc.why) {
				t.Errorf("%s %v %v, want %s", r.Verdict, r.Findings, allCodes(r), tc.why)
			}
		})
	}
	stamped := newPaper(t)
	stamped.sign(buyer, signing{})
	stamped.sign(buyer, signing{sub: "ETSI.RFC3161", contents: func(der []byte) []byte { return bytes.Repeat([]byte{0xff}, len(der)) }})
	r := stamped.verify(buyer)
	if !found(r, "verify.document_stamp_broken") || len(r.Stamps) != 1 || !strings.Contains(fmt.Sprint(r.Stamps[0].Findings), "not DER") {
		t.Errorf("a stamp that is no DER: %v %+v", r.Findings, r.Stamps)
	}
	tsa := cmstest.New(t, "ecdsa", cmstest.Options{Name: "TSA", Extensions: []pkix.Extension{cmstest.TimeStamping}})
	followed := newPaper(t)
	followed.sign(buyer, signing{})
	followed.sign(tsa, signing{sub: "ETSI.RFC3161", padding: 12_000, value: func(covered []byte) []byte { return stamp(t, tsa, year(2025), covered) },
		contents: func(der []byte) []byte { return append(der, 0, 1) }})
	r = followed.verify(buyer, tsa)
	if !found(r, "verify.document_stamp_broken") || len(r.Stamps) != 1 || !strings.Contains(fmt.Sprint(r.Stamps[0].Findings), "other than zeros") {
		t.Errorf("a stamp with something behind it: %v %+v", r.Findings, r.Stamps)
	}
	undated := newPaper(t)
	undated.sign(buyer, signing{year: 99999})
	if r := undated.verify(buyer); r.Signatures[0].Level != "none" || !found(r, "verify.profile_not_pades|no time M") {
		t.Errorf("a time that is none: %s %v", r.Signatures[0].Level, allCodes(r))
	}
	// Of a value that is not DER no level of PAdES is said.
	p := newPaper(t)
	p.sign(buyer, signing{contents: func(der []byte) []byte { return slices.Concat([]byte{0x30, 0x80}, der[4:], []byte{0, 0}) }})
	if r := p.verify(buyer); !r.Valid() || r.Signatures[0].Level != "none" || !found(r, "verify.profile_not_pades|not DER") {
		t.Errorf("indefinite length: %s %s %v", r.Verdict, r.Signatures[0].Level, allCodes(r))
	}
}

// TestPermissionsOfReferences: which references of a signature certify, and what with.
func TestPermissionsOfReferences(t *testing.T) {
	buyer := cmstest.New(t, "ecdsa", cmstest.Options{})
	seller := cmstest.New(t, "ecdsa", cmstest.Options{})
	p := newPaper(t)
	p.sign(buyer, signing{sig: "/Reference [<< /TransformMethod /DocMDP /TransformParams << /P 4 >> >>]"})
	if r := p.verify(buyer); r.Verdict != Invalid || !found(r, "verify.certification_wrong|permission") {
		t.Errorf("a permission that there is not: %s %v", r.Verdict, allCodes(r))
	}
	p = newPaper(t)
	p.sign(buyer, signing{root: map[string]string{"Perms": "<< /DocMDP SIG 0 R >>"}, sig: "/Reference [<< /TransformMethod /DocMDP >>]"})
	p.sign(seller, signing{sig: "/Reference [<< /TransformMethod /FieldMDP /TransformParams << /Action /All >> >>]"})
	if r := p.verify(buyer, seller); !r.Valid() || r.Signatures[0].Certifies != 2 || r.Signatures[1].Certifies != 0 {
		t.Errorf("without a permission: %s %v %+v", r.Verdict, allCodes(r), r.Signatures)
	}
}

// TestFilledBeforeItWasLocked: a signature locks what is filled in after it, and not what was before.
func TestFilledBeforeItWasLocked(t *testing.T) {
	buyer := cmstest.New(t, "ecdsa", cmstest.Options{})
	seller := cmstest.New(t, "ecdsa", cmstest.Options{})
	p := newPaper(t)
	p.fields, p.annots = []int{20}, []int{20}
	p.update(map[int]string{20: "<< /Type /Annot /Subtype /Widget /FT /Tx /T (total) /V (100) /P 3 0 R /F 4 /Rect [72 600 200 620] >>"})
	p.sign(buyer, signing{root: map[string]string{"Perms": "<< /DocMDP SIG 0 R >>"}, sig: "/Reference [<< /TransformMethod /DocMDP /TransformParams << /P 2 >> >>]"})
	p.update(map[int]string{20: strings.Replace(p.objects[20], "(100)", "(900)", 1)})
	p.sign(seller, signing{sig: "/Reference [<< /TransformMethod /FieldMDP /TransformParams << /Action /All >> >>]"})
	if r := p.verify(buyer, seller); r.Verdict != Untrusted || !found(r, "verify.filled_in") {
		t.Errorf("%s %v %v", r.Verdict, allCodes(r), changes(r))
	}
	p.update(map[int]string{20: strings.Replace(p.objects[20], "(900)", "(950)", 1)})
	if r := p.verify(buyer, seller); r.Verdict != Invalid || !found(r, "verify.modified|locked it") {
		t.Errorf("afterwards: %s %v %v", r.Verdict, allCodes(r), changes(r))
	}
}

// TestAttacksInBrokenFiles: what was done to a byte range in a file that cannot be read is named.
func TestAttacksInBrokenFiles(t *testing.T) {
	for _, byteRange := range []string{"[0 10 9223372036854775807 9223372036854775807]", "[5 10 20 5]", "[0 30 20 5]", "[0 10 20 90]", "[0 10 99999 0]", "(none)"} {
		r := verifyBytes(t, []byte("%PDF-1.7\n/ByteRange "+byteRange+strings.Repeat(" ", 20)))
		if got := allCodes(r); r.Verdict != Invalid || !slices.Contains(got, "verify.attack_forgery") || slices.Contains(got, "verify.attack_wrapping") {
			t.Errorf("%s: %s %v", byteRange, r.Verdict, got)
		}
	}
}

// TestTheBestAnswer: of two answers about a certificate the right one outweighs the other.
func TestTheBestAnswer(t *testing.T) {
	day := func(n int) time.Time { return time.Date(2026, 1, n, 0, 0, 0, 0, time.UTC) }
	gone := func(n int) revocation.Answer { return revocation.Answer{Status: revocation.Revoked, RevokedAt: day(n)} }
	good := func(n int) revocation.Answer { return revocation.Answer{Status: revocation.Good, ThisUpdate: day(n)} }
	unknown := func(why revocation.Why) revocation.Answer {
		return revocation.Answer{Status: revocation.NotKnown, Why: why}
	}
	for name, pair := range map[string][2]revocation.Answer{
		"revoked earlier":      {gone(1), gone(2)},
		"revoked, not good":    {gone(1), good(9)},
		"newer":                {good(3), good(2)},
		"known":                {good(1), unknown(revocation.Stale)},
		"about this one":       {unknown(revocation.Stale), unknown(revocation.OtherCertificate)},
		"revoked, not unknown": {gone(1), unknown(revocation.Stale)},
	} {
		if !better(pair[0], pair[1]) || better(pair[1], pair[0]) {
			t.Errorf("%s does not outweigh the other", name)
		}
	}
	chain := cmstest.New(t, "ecdsa", cmstest.Options{}).Chain
	if s := (standing{chain: chain}); s.holds() || !s.holds(chain...) || (standing{}).holds() {
		t.Error("whether a file holds what it takes is wrong")
	}
}
