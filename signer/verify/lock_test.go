package verify

import (
	"fmt"
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
			p.update(map[int]string{20: "<< /Type /Annot /Subtype /Widget /FT /Sig /T (empty) /P 3 0 R /F 4 /Rect [300 100 420 220] >>"})
			p.sign(buyer, signing{sig: lock(tc.params)})
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
