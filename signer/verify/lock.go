package verify

import (
	"errors"
	"slices"
	"strings"

	"sealdesk/signer/pdf"
)

// locks honours FieldMDP (ISO 32000-2, 12.8.2.4): no field that was there when a
// signature locked it is signed later. Other changes of fields are refused whether
// they are locked or not. A permission P beside it counts as that of DocMDP.
func locks(doc *document, sigs []*judged) {
	for _, s := range sigs {
		held, err := heldBy(doc.view(s.Revision), s.dict)
		for _, lock := range held {
			err = errors.Join(err, s.keepLock(doc, lock, sigs))
		}
		if err != nil {
			s.add(find("certification_wrong", "detail", err.Error()))
		}
	}
}

// fieldLock is one reference with the method FieldMDP.
type fieldLock struct {
	action pdf.Name
	fields []string
	p      int64
}

func (l *fieldLock) holds(name string) bool {
	named := slices.ContainsFunc(l.fields, func(f string) bool { return name == f || strings.HasPrefix(name, f+".") })
	return l.action == "All" || (l.action == "Include") == named
}

func heldBy(v *view, sig pdf.Dict) ([]fieldLock, error) {
	references, err := v.Array(sig["Reference"])
	if err != nil {
		return nil, err
	}
	var out []fieldLock
	for _, o := range references {
		ref, err := v.Dict(o)
		if err != nil {
			return nil, err
		}
		if method, err := v.Name(ref["TransformMethod"]); err != nil || method != "FieldMDP" {
			continue
		}
		params, err := v.Dict(ref["TransformParams"])
		if err != nil {
			return nil, err
		}
		var l fieldLock
		if l.action, err = v.Name(params["Action"]); err != nil {
			return nil, err
		}
		if l.p, err = v.Int(params["P"]); err != nil {
			return nil, err
		}
		names, err := v.Array(params["Fields"])
		if err != nil {
			return nil, err
		}
		if l.action != "All" && l.action != "Include" && l.action != "Exclude" || len(names) > maxFields {
			return nil, malformed("a lock of fields has no known action, or too many fields")
		}
		for _, o := range names {
			s, err := v.String(o)
			if err != nil {
				return nil, err
			}
			l.fields = append(l.fields, s.Text())
		}
		out = append(out, l)
	}
	return out, nil
}

// keepLock holds later signatures against a lock of this one.
func (s *judged) keepLock(doc *document, lock fieldLock, sigs []*judged) error {
	if lock.p >= 1 && lock.p <= 3 {
		s.permit(int(lock.p))
	}
	fields, err := doc.view(s.Revision).fields()
	if err != nil {
		return err
	}
	there := map[string]bool{}
	for _, f := range fields {
		there[f.name] = true
	}
	for _, t := range sigs {
		i := slices.IndexFunc(t.names, func(name string) bool { return there[name] && lock.holds(name) })
		if t.Revision <= s.Revision || i < 0 {
			continue
		}
		s.add(find("lock_violated", "field", nameOf(t.names[i])))
		for i, c := range s.ChangesAfter {
			if c.Revision == t.Revision && c.Code == changeSignature {
				s.ChangesAfter[i].Allowed = false
			}
		}
	}
	return nil
}

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
			locked, err := locked(doc.view(s.Revision), s.dict, name)
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

// locked says whether a signature forbids that a field be filled in afterwards. A lock
// that nobody understands forbids it.
func locked(v *view, sig pdf.Dict, field string) (bool, error) {
	held, err := heldBy(v, sig)
	if _, odd := errors.AsType[*broken](err); odd {
		return true, nil
	}
	return slices.ContainsFunc(held, func(l fieldLock) bool { return l.holds(field) }), err
}
