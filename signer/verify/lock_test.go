package verify

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"sealdesk/signer/cms/cmstest"
)

// A field that an earlier signature locked is not signed; others are.
func TestFieldsStayLocked(t *testing.T) {
	buyer := cmstest.New(t, "ecdsa", cmstest.Options{})
	seller := cmstest.New(t, "ecdsa", cmstest.Options{})
	lock := func(params string) string {
		return "/Reference [<< /Type /SigRef /TransformMethod /FieldMDP /Data 1 0 R /TransformParams << /Type /TransformParams /V /1.2 " + params + " >> >>]"
	}
	for _, tc := range []struct {
		name, params string
		code         string // "" for what is allowed
		existing     int
	}{
		{"all", "/Action /All", "verify.lock_violated", 20},
		{"all, by a method that is an object of its own", "/Action /All", "verify.lock_violated", 20},
		{"all, a new field", "/Action /All", "", 0},
		{"named", "/Action /Include /Fields [(empty)]", "verify.lock_violated", 20},
		{"another named", "/Action /Include /Fields [(emp)]", "", 20},
		{"left out", "/Action /Exclude /Fields [(empty)]", "", 20},
		{"another left out", "/Action /Exclude /Fields [(other)]", "verify.lock_violated", 20},
		{"no changes at all", "/Action /Include /Fields [] /P 1", "verify.certification_violated", 0},
		{"signatures may follow", "/Action /Include /Fields [] /P 2", "", 20},
		{"no sense", "/Action /Some", "verify.certification_wrong", 0},
	} {
		t.Run(tc.name, func(t *testing.T) {
			p := newPaper(t)
			p.fields, p.annots = []int{20}, []int{20}
			p.update(map[int]string{20: "<< /Type /Annot /Subtype /Widget /FT /Sig /T (empty) /P 3 0 R /F 4 /Rect [300 100 420 220] >>", 21: "/FieldMDP"})
			lock := lock(tc.params)
			if strings.Contains(tc.name, "method") {
				lock = strings.Replace(lock, "/TransformMethod /FieldMDP", "/TransformMethod 21 0 R", 1)
			}
			p.sign(buyer, signing{sig: lock})
			p.sign(seller, signing{existing: tc.existing})
			r := p.verify(buyer, seller)
			if tc.code == "" {
				if !r.Valid() {
					t.Error(allCodes(r))
				}
				return
			}
			if r.Verdict != Invalid || !slices.Contains(codes(r.Signatures[0].Findings), tc.code) || r.Signatures[1].Verdict != Valid {
				t.Errorf("%s %v", r.Verdict, allCodes(r))
			}
			if changes := r.Signatures[0].ChangesAfter; tc.code == "verify.lock_violated" && (len(changes) != 1 || changes[0].Allowed) {
				t.Errorf("%+v", changes)
			}
		})
	}
}

// A lock counts for each of the fields that share a value, not for the first alone.
func TestFieldsThatShareAValueStayLocked(t *testing.T) {
	buyer := cmstest.New(t, "ecdsa", cmstest.Options{})
	seller := cmstest.New(t, "ecdsa", cmstest.Options{})
	const widget = "<< /Type /Annot /Subtype /Widget /FT /Sig /T (%s) /P 3 0 R /F 4 /Rect [300 100 420 220] >>"
	p := newPaper(t)
	p.fields, p.annots = []int{20, 21}, []int{20, 21}
	p.update(map[int]string{20: fmt.Sprintf(widget, "free"), 21: fmt.Sprintf(widget, "empty")})
	p.sign(buyer, signing{sig: "/Reference [<< /TransformMethod /FieldMDP /TransformParams << /Action /Include /Fields [(empty)] >> >>]"})
	p.sign(seller, signing{existing: 20, objects: map[int]string{21: strings.Replace(p.objects[21], "<<", fmt.Sprintf("<< /V %d 0 R", p.size), 1)}})
	r := p.verify(buyer, seller)
	if r.Verdict != Invalid || !found(r, "verify.lock_violated|empty") || len(r.Signatures) != 2 || r.Signatures[1].Verdict != Valid {
		t.Errorf("%s %v %v", r.Verdict, allCodes(r), changes(r))
	}
}

// TestAWidgetOfTwoFields: what stands under two fields, by the Kids that lead to it or by the Parent that it names, is held by
// what holds either of them.
func TestAWidgetOfTwoFields(t *testing.T) {
	buyer := cmstest.New(t, "ecdsa", cmstest.Options{})
	seller := cmstest.New(t, "ecdsa", cmstest.Options{})
	const (
		total  = "<< /FT /Tx /T (total) /V (100) /Kids [22 0 R] >>"
		free   = "<< /FT /Tx /T (free) /V (x) /Kids [23 0 R] >>"
		widget = "<< /Type /Annot /Subtype /Widget /Parent %d 0 R /P 3 0 R /F 4 /Rect [72 600 200 620] /AP << /N 24 0 R >> >>"
	)
	look := func(text string) string { return stream("/Subtype /Form /BBox [0 0 128 20]", "BT ("+text+") Tj ET") }
	both := func(field string) string { return strings.Replace(field, "/Kids [23 0 R]", "/Kids [23 0 R 22 0 R]", 1) }
	of := func(parent int) string { return fmt.Sprintf(widget, parent) }
	shown := func(o string) string { return strings.Replace(o, "24 0 R", "50 0 R", 1) }
	filled := func(o string) string { return strings.Replace(o, "(x)", "(y)", 1) }
	honest := map[int]string{20: total, 21: free, 22: of(20), 23: of(21)}
	const locked, sealed = "locked it", "signature"
	for _, tc := range []struct {
		name, why string // why is empty where it is filled in as it may be
		fields    []int
		is        map[int]string // beside the honest objects
		now       map[int]string
	}{
		{"filled in as it may be", "", []int{20, 21}, nil, map[int]string{21: filled(free), 23: shown(of(21))}},
		{"locked", locked, []int{20, 21}, nil, map[int]string{22: shown(of(20))}},
		{"under both, the free one first", locked, []int{21, 20}, map[int]string{21: both(free)}, map[int]string{21: filled(both(free)), 22: shown(of(20))}},
		{"under both, the other's by its word", locked, []int{21, 20}, map[int]string{21: both(free), 22: of(21)},
			map[int]string{21: filled(both(free)), 22: shown(of(21))}},
		{"under the free one, of the other by its word", locked, []int{21, 20}, map[int]string{20: "<< /FT /Tx /T (total) /V (100) >>", 21: both(free)},
			map[int]string{21: filled(both(free)), 22: shown(of(20))}},
		{"a value by way of a field without a name", locked, []int{22, 20}, map[int]string{22: strings.Replace(of(20), "<<", "<< /FT /Tx", 1)},
			map[int]string{20: strings.Replace(total, "(100)", "(900)", 1), 22: strings.Replace(shown(of(20)), "<<", "<< /FT /Tx", 1)}},
		{"a value that a locked field inherits", locked, []int{22, 25}, map[int]string{22: "<< /Type /Annot /Subtype /Widget /FT /Tx /Parent 25 0 R >>",
			25: "<< /T (all) /V (1) /Kids [20 0 R] >>", 20: "<< /FT /Tx /T (total) /Parent 25 0 R >>"},
			map[int]string{25: "<< /T (all) /V (2) /Kids [20 0 R] >>"}},
		{"under a signature", sealed, []int{20, 21, 26}, map[int]string{21: both(free), 26: "<< /FT /Sig /T (seal) /Kids [22 0 R] >>"},
			map[int]string{21: filled(both(free)), 22: shown(of(20))}},
		{"in a circle of parents", "circle", []int{21, 20}, map[int]string{23: of(27), 27: "<< /Parent 27 0 R >>"}, map[int]string{21: filled(free)}},
		{"a look that is a group's", "I of a form field", []int{20, 21}, map[int]string{23: strings.Replace(of(21), "<<", "<< /S /Transparency /I true", 1)},
			map[int]string{23: strings.Replace(of(21), "<<", "<< /S /Transparency /I false", 1)}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			p := newPaper(t)
			p.fields, p.annots = tc.fields, []int{22, 23}
			objs := map[int]string{24: look("100"), 25: "<< >>"}
			maps.Copy(objs, honest)
			maps.Copy(objs, tc.is)
			p.update(objs)
			lock := "<< /TransformMethod /FieldMDP /TransformParams << /Action /Include /Fields [(total) (all.total)] >> >>"
			if tc.why == sealed {
				lock = ""
			}
			p.sign(buyer, signing{root: map[string]string{"Perms": "<< /DocMDP SIG 0 R >>"},
				sig: "/Reference [<< /TransformMethod /DocMDP /TransformParams << /P 2 /V /1.2 >> >> " + lock + "]"})
			if r := p.verify(buyer); !r.Valid() {
				t.Fatalf("before: %s %v", r.Verdict, allCodes(r))
			}
			if slices.ContainsFunc(slices.Collect(maps.Values(tc.now)), func(o string) bool { return strings.Contains(o, "50 0 R") }) {
				tc.now[50] = look("900")
			}
			p.update(tc.now)
			r := p.verify(buyer)
			if tc.why == "" && (r.Verdict != Untrusted || !found(r, "verify.filled_in|free")) || tc.why != "" && (r.Verdict != Invalid || !found(r, "verify.modified|"+tc.why)) {
				t.Errorf("%s with %v, want %q; changes %v", r.Verdict, allCodes(r), tc.why, changes(r))
			}
		})
	}
	// An empty field that shares the seal of one that is signed, or a locked field's widget, is not signed with another picture.
	for name, shared := range map[string]int{"a seal": 26, "a text's widget": 22} {
		p := newPaper(t)
		p.fields, p.annots = []int{25, 20, 21, 27}, []int{22, 23, 26}
		objs := map[int]string{24: look("100"), 25: fmt.Sprintf("<< /FT /Sig /T (empty) /Kids [%d 0 R] >>", shared),
			26: "<< /Type /Annot /Subtype /Widget /Parent 27 0 R /P 3 0 R /F 4 /Rect [72 100 200 200] /AP << /N 24 0 R >> >>",
			27: "<< /FT /Sig /T (seal) /Kids [26 0 R] >>"}
		maps.Copy(objs, honest)
		p.update(objs)
		p.sign(buyer, signing{existing: 27})
		if r := p.verify(buyer); !r.Valid() {
			t.Fatalf("%s: %s %v", name, r.Verdict, allCodes(r))
		}
		p.sign(seller, signing{existing: 25, objects: map[int]string{shared: shown(p.objects[shared]), 50: look("900")}})
		if r := p.verify(buyer, seller); r.Verdict != Invalid || !found(r, "verify.modified|another field") {
			t.Errorf("%s: %s %v %v", name, r.Verdict, allCodes(r), changes(r))
		}
	}
}
