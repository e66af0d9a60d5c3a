package verify

import (
	"slices"
	"strings"

	"sealdesk/signer/pdf"
)

// allowFilled lets the fields that a revision filled in be filled in: whoever
// certified the document permitted it, and no signature locked them. Without a
// certification they are part of what was signed.
func allowFilled(doc *document, sigs []*judged, brought *increment, revision int) error {
	if len(brought.filled) == 0 {
		return nil
	}
	p := 0
	for i, s := range sigs {
		if s.RevisionEnd == 0 || s.Revision >= revision {
			continue
		}
		level, err := docMDP(doc.view(s.Revision), s.dict)
		if err != nil {
			return err
		}
		if i == 0 {
			p = level
		}
		for _, name := range brought.filled {
			locked, err := locks(doc.view(s.Revision), s.dict, name)
			if err != nil {
				return err
			}
			if locked {
				return deny(attackReplace, "field %q was filled in although a signature locked it", nameOf(name))
			}
		}
	}
	if p < 2 {
		return deny(attackReplace, "field %q was filled in, which nobody permitted", nameOf(brought.filled[0]))
	}
	return nil
}

// locks says whether a signature forbids that a field be filled in afterwards:
// its FieldMDP names the field (ISO 32000-1, 12.8.2.4).
func locks(v *view, sig pdf.Dict, field string) (bool, error) {
	references, err := v.Array(sig["Reference"])
	if err != nil {
		return false, err
	}
	for _, o := range references {
		ref, err := v.Dict(o)
		if err != nil {
			return false, err
		}
		if ref["TransformMethod"] != pdf.Name("FieldMDP") {
			continue
		}
		params, err := v.Dict(ref["TransformParams"])
		if err != nil {
			return false, err
		}
		names, err := v.Array(params["Fields"])
		if err != nil {
			return false, err
		}
		named := slices.ContainsFunc(names, func(o pdf.Object) bool {
			name := v.text(o)
			return field == name || strings.HasPrefix(field, name+".")
		})
		switch params["Action"] {
		case pdf.Name("Include"):
			if named {
				return true, nil
			}
		case pdf.Name("Exclude"):
			if !named {
				return true, nil
			}
		default: // All, and what is not known
			return true, nil
		}
	}
	return false, nil
}
