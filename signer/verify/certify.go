package verify

import (
	"slices"

	"sealdesk/signer/pdf"
)

// permitted are the changes that a certification of level P lets follow
// (ISO 32000-1, 12.8.2.2; ISO 32000-2 adds validation data and time stamps to
// level 1). Annotations, which level 3 permits, are refused at every level:
// they can cover what was signed.
func permitted(p int) []string {
	always := []string{changeUnchangedAs, changeUnused, changeValidation, changeTimestamp}
	if p == 1 {
		return always
	}
	return append(always, changeSignature, changeField, changeMetadata, changeFilled, changeTags)
}

// datesEvidence says that a change of metadata comes with validation data or a time stamp:
// who writes an update dates it (ISO 32000-2, 14.3.3, ModDate), and those every level permits.
func datesEvidence(c Change, all []Change) bool {
	return c.Code == changeMetadata && slices.ContainsFunc(all, func(o Change) bool {
		return o.Revision == c.Revision && (o.Code == changeValidation || o.Code == changeTimestamp)
	})
}

// certify honours DocMDP: who certifies is first, is named by the catalog, and
// what follows is within the permission.
func certify(doc *document, sigs []*judged) {
	named, err := certified(doc.view(doc.last()))
	if err != nil {
		for _, s := range sigs {
			s.add(find("certification_wrong", "detail", err.Error()))
		}
		return
	}
	for i, s := range sigs {
		p, err := docMDP(doc.view(s.Revision), s.dict)
		if err != nil {
			s.add(find("certification_wrong", "detail", err.Error()))
			continue
		}
		if named != 0 && s.ref.Num == named && p == 0 {
			s.add(find("certification_wrong", "detail", "the catalog names a certification that is none"))
		}
		if p == 0 {
			continue
		}
		s.Certifies = p
		if i > 0 {
			s.add(find("certification_wrong", "detail", "it is not the first signature"))
		}
		s.permit(p)
	}
	if named != 0 && !slices.ContainsFunc(sigs, func(s *judged) bool { return s.ref.Num == named }) {
		for _, s := range sigs {
			s.add(find("certification_wrong", "detail", "the certification that the catalog names is no field's value"))
		}
	}
}

// permit holds what followed the signature against a permission.
func (s *judged) permit(p int) {
	allowed := permitted(p)
	for j, c := range s.ChangesAfter {
		if !slices.Contains(allowed, c.Code) && !datesEvidence(c, s.ChangesAfter) {
			s.ChangesAfter[j].Allowed = false
			s.add(find("certification_violated"))
		}
	}
}

// certified is the number of the signature that the catalog's Perms names as
// the certification, 0 without one.
func certified(v *view) (uint32, error) {
	root, err := v.Catalog()
	if err != nil {
		return 0, err
	}
	perms, err := v.Dict(root["Perms"])
	if err != nil {
		return 0, err
	}
	ref, ok := perms["DocMDP"].(pdf.Ref)
	if !ok && !isNull(perms["DocMDP"]) {
		return 0, malformed("Perms has no reference to a certification")
	}
	return ref.Num, nil
}

// docMDP returns the permission 1 to 3 in a signature's references, 0 without one.
func docMDP(v *view, sig pdf.Dict) (int, error) {
	references, err := v.Array(sig["Reference"])
	if err != nil {
		return 0, err
	}
	for _, o := range references {
		ref, err := v.Dict(o)
		if err != nil {
			return 0, err
		}
		if method, err := v.Name(ref["TransformMethod"]); err != nil || method != "DocMDP" {
			continue
		}
		params, err := v.Dict(ref["TransformParams"])
		if err != nil {
			return 0, err
		}
		p, err := v.Resolve(params["P"])
		if err != nil {
			return 0, err
		}
		if isNull(p) {
			return 2, nil
		}
		n, ok := p.(pdf.Integer)
		if !ok || n < 1 || n > 3 {
			return 0, malformed("the permission is not 1, 2 or 3")
		}
		return int(n), nil
	}
	return 0, nil
}
