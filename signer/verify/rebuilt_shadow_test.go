package verify

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"sealdesk/signer/cms/cmstest"
)

// shadows are the shadow attacks (2021): what was prepared before the signature
// is hidden, replaced, or both, after it.
var shadows = []attack{
	{"hide: the cover is deleted", "verify.modified|deleted", attackHide, func(v *victim) { v.update(map[int]string{objCover: ""}) }},
	{"hide: the cover becomes another", "verify.modified", attackHide, func(v *victim) {
		v.update(map[int]string{objCover: stream("/Subtype /Image /Width 1 /Height 1 /ColorSpace /DeviceGray /BitsPerComponent 8", "\x00")})
	}},
	{"hide: the cover becomes null", "verify.modified", attackHide, func(v *victim) { v.update(map[int]string{objCover: "null"}) }},
	{"hide: the page names another cover", "verify.modified|Resources", attackReplace, func(v *victim) {
		v.update(map[int]string{objPage: v.edit(objPage, "/Im1 22 0 R", "/Im1 200 0 R"), 200: stream("/Subtype /Image", "\x00")})
	}},
	{"hide: the layer is shown", "verify.modified|OCProperties", attackSaving, func(v *victim) {
		v.update(map[int]string{objCatalog: v.edit(objCatalog, "/OFF", "/ON")})
	}},
	{"hide: the layer object changes", "verify.modified", attackSaving, func(v *victim) {
		v.update(map[int]string{objLayer: "<< /Type /OCG /Name (Layer) /Intent /Design >>"})
	}},
	{"replace: the font", "verify.modified", attackReplace, func(v *victim) {
		v.update(map[int]string{objFont: "<< /Type /Font /Subtype /Type1 /BaseFont /Symbol /ToUnicode 29 0 R >>"})
	}},
	{"replace: the font's ToUnicode", "verify.modified", "", func(v *victim) { v.update(map[int]string{objUnicode: stream("", "begincmap x endcmap")}) }},
	{"replace: the value and the place of a field", "verify.modified", attackReplace, func(v *victim) {
		v.update(map[int]string{objFieldText: strings.NewReplacer("(100)", "(900)", "[72 600", "[72 700").Replace(v.objects[objFieldText])})
	}},
	{"replace: the appearance of a field by one of the page's objects", "verify.modified", "", func(v *victim) {
		v.update(map[int]string{objCover: stream("/Subtype /Form /BBox [0 0 9 9]", "evil"), objFieldText: strings.Replace(v.objects[objFieldText], "/N 21 0 R", "/N 22 0 R", 1)})
	}},
	{"replace: appearances are made anew", "verify.modified|NeedAppearances", attackReplace, func(v *victim) {
		v.update(map[int]string{objForm: v.with(objForm, "/NeedAppearances true")})
	}},
	{"replace: the form's default appearance", "verify.modified|DA", attackReplace, func(v *victim) {
		v.update(map[int]string{objForm: v.edit(objForm, "/Helv 0 Tf", "/Symb 0 Tf")})
	}},
	{"replace: the page's content stream", "verify.modified|Contents", attackSaving, func(v *victim) {
		v.update(map[int]string{objPage: v.edit(objPage, "[4 0 R]", "[25 0 R]")})
	}},
	{"switch: the hidden page tree", "verify.modified", attackSwitch, func(v *victim) {
		v.update(map[int]string{objHiddenPages: "<< /Type /Pages /Kids [24 0 R 3 0 R] /Count 2 >>"})
	}},
	{"switch: the hidden text becomes another", "verify.modified|object 25", attackSwitch, func(v *victim) {
		v.update(map[int]string{objHiddenText: stream("", "BT (Pay 9000 yuan) Tj ET")})
	}},
	{"switch: the catalog names the hidden pages", "verify.modified|Pages", attackSaving, func(v *victim) {
		v.update(map[int]string{objCatalog: v.edit(objCatalog, "/Pages 2 0 R", "/Pages 23 0 R")})
	}},
	{"switch: the table exchanges two objects", "verify.modified", "", func(v *victim) {
		v.update(map[int]string{objText: v.objects[objHiddenText], objHiddenText: v.objects[objText]})
	}},
	{"switch: the table points a number at another object", "", "", func(v *victim) {
		at := v.lastOf("25 0 obj")
		xref := len(v.data)
		v.appended("xref\n4 1\n%010d 00000 n \ntrailer\n<< /Size %d /Root 1 0 R %s /Prev %d >>\nstartxref\n%d\n%%%%EOF\n", at, v.size, v.trailer, v.prev, xref)
	}},
	{"switch: another generation", "verify.modified|generation", attackSwitch, func(v *victim) {
		v.update(map[int]string{objText: evilText})
		v.replaceLast("4 0 obj", "4 1 obj")
		v.replaceLast(" 00000 n", " 00001 n")
	}},
	{"switch: the root", "verify.modified|Root", attackSaving, func(v *victim) {
		v.update(map[int]string{200: v.edit(objCatalog, "/Pages 2 0 R", "/Pages 23 0 R")})
		v.replaceLast("/Root 1 0 R", "/Root 200 0 R")
	}},
	{"switch: an object from a stream becomes one of its own", "verify.modified", "", func(v *victim) {
		v.update(map[int]string{objNote: strings.Replace(v.objects[objNote], "seen", "SEEN", 1)})
	}},
	{"switch: hidden in an object stream of the update", "verify.modified", "", func(v *victim) {
		v.compress(map[int]string{objFont: "<< /Type /Font /Subtype /Type1 /BaseFont /Symbol >>"}, 210)
	}},
	{"switch: an object stream under an old number", "verify.modified", "", func(v *victim) {
		v.compress(map[int]string{objInfo: "<< /Title (x) >>"}, objHiddenText)
	}},
}

// TestFilledIn: filling in a field is what the shadow attack by replacement does,
// and what a certification may permit. Then it is told, and not valid any more;
// the attacker's way, without a permission, is a modification.
func TestFilledIn(t *testing.T) {
	for name, v := range victims(t) {
		v.t = t
		fill := func(v *victim) {
			v.update(map[int]string{objFieldText: strings.NewReplacer("(100)", "(900)", "21 0 R", "200 0 R").Replace(v.objects[objFieldText]),
				200: stream("/Subtype /Form /BBox [0 0 128 20]", "BT (900) Tj ET")})
		}
		permitted := strings.HasSuffix(name, "P2") || strings.HasSuffix(name, "P3")
		filled := v.clone(t)
		fill(filled)
		r := filled.judge()
		if permitted && (r.Verdict != Untrusted || !found(r, "verify.filled_in|total") || !slices.Equal(changeCodes(r), []string{"verify.change_filled"})) {
			t.Errorf("%s: %s %v %v", name, r.Verdict, allCodes(r), changes(r))
		}
		if !permitted && (r.Verdict != Invalid || !found(r, "verify.modified|nobody permitted") || !found(r, "verify.attack_shadow_replace")) {
			t.Errorf("%s: %s %v %v", name, r.Verdict, allCodes(r), changes(r))
		}
	}
}

func changeCodes(r *Report) (out []string) {
	for _, s := range r.Signatures {
		for _, c := range s.ChangesAfter {
			out = append(out, c.Code)
		}
	}
	return out
}

// TestLockedFields: FieldMDP forbids what the certification permits.
func TestLockedFields(t *testing.T) {
	v := victims(t)["sm2 pades streams P2"]
	for _, tc := range []struct {
		params string
		locked bool
	}{
		{"/Action /All", true},
		{"/Action /Include /Fields [(total)]", true},
		{"/Action /Include /Fields [(other)]", false},
		{"/Action /Include /Fields [(tot)]", false},
		{"/Action /Exclude /Fields [(total)]", false},
		{"/Action /Exclude /Fields [(other)]", true},
		{"/Action /Unheard", true},
	} {
		p := newPaper(t)
		buyer := cmstest.New(t, "ecdsa", cmstest.Options{})
		p.fields, p.annots = []int{20}, []int{20}
		p.update(map[int]string{20: v.objects[objFieldText], 21: v.objects[objAppearance]})
		p.sign(buyer, signing{root: map[string]string{"Perms": "<< /DocMDP SIG 0 R >>"}, sig: fmt.Sprintf(
			"/Reference [<< /TransformMethod /DocMDP /TransformParams << /P 2 >> >> << /TransformMethod /FieldMDP /TransformParams << %s >> >>]", tc.params)})
		p.update(map[int]string{20: strings.Replace(v.objects[objFieldText], "(100)", "(900)", 1)})
		r := p.verify(buyer)
		if tc.locked && !found(r, "verify.modified|locked") || !tc.locked && r.Verdict != Untrusted {
			t.Errorf("%s: %s %v %v", tc.params, r.Verdict, allCodes(r), changes(r))
		}
	}
}
