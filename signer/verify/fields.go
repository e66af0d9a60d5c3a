package verify

import (
	"strings"

	"sealdesk/signer/pdf"
)

// Bounds on the form fields and widgets that are walked through.
const (
	maxFields = 100_000
	maxWalked = 4 << 20 // counted again for every revision
)

// field is a terminal form field.
type field struct {
	num     uint32 // 0 when it is not an object of its own
	gen     uint16
	name    string
	kind    string     // FT, inherited
	value   pdf.Object // V, inherited
	dict    pdf.Dict
	widgets []uint32
	rects   [][4]float64 // of widgets
}

func (f *field) ref() pdf.Ref { return pdf.Ref{Num: f.num, Gen: f.gen} }

// forms keeps what was read last of a document's forms, and how much was walked through for all of them.
type forms struct {
	revision *pdf.Revision
	fields   []field
	steps    int
}

// fields are the form's, which must not be changed.
func (v *view) fields() ([]field, error) {
	if v.forms.revision == v.revision {
		return v.forms.fields, nil
	}
	fields, err := v.listFields()
	if err != nil {
		return nil, err
	}
	v.forms.revision, v.forms.fields = v.revision, fields
	return fields, nil
}

// listFields walks the form's field tree (ISO 32000-1, 12.7.3).
func (v *view) listFields() ([]field, error) {
	root, err := v.Catalog()
	if err != nil {
		return nil, err
	}
	form, err := v.Dict(root["AcroForm"])
	if err != nil {
		return nil, err
	}
	top, err := v.Array(form["Fields"])
	if err != nil {
		return nil, err
	}
	w := &fieldWalk{v: v, seen: map[uint32]bool{}}
	for _, o := range top {
		if err := w.walk(o, field{}, 0); err != nil {
			return nil, err
		}
	}
	return w.fields, nil
}

type fieldWalk struct {
	v      *view
	seen   map[uint32]bool
	fields []field
	steps  int
}

// step counts an object of the form.
func (w *fieldWalk) step(depth int) error {
	w.steps++
	w.v.forms.steps++
	if w.steps > maxFields || depth > maxFieldDepth || w.v.forms.steps > maxWalked {
		return tooLarge("form fields")
	}
	return nil
}

func (w *fieldWalk) walk(o pdf.Object, parent field, depth int) error {
	if err := w.step(depth); err != nil {
		return err
	}
	f := field{name: parent.name, kind: parent.kind, value: parent.value}
	if ref, ok := o.(pdf.Ref); ok {
		if w.seen[ref.Num] {
			return malformed("the form's fields lead in a circle")
		}
		w.seen[ref.Num] = true
		f.num, f.gen = ref.Num, ref.Gen
	}
	var err error
	if f.dict, err = w.v.Dict(o); err != nil {
		return err
	}
	if len(f.dict) == 0 {
		return nil
	}
	t, err := w.v.Resolve(f.dict["T"])
	if err != nil {
		return err
	}
	if s, ok := t.(pdf.String); ok {
		if f.name != "" {
			f.name += "."
		}
		f.name += s.Text()
	}
	if kind, err := w.v.Name(f.dict["FT"]); err == nil && kind != "" {
		f.kind = string(kind)
	}
	if value, ok := f.dict["V"]; ok {
		f.value = value
	}
	if err := w.widget(&f, f.num, f.dict); err != nil {
		return err
	}
	inner, err := w.kids(&f, f.dict, depth+1)
	if err == nil && !inner {
		w.fields = append(w.fields, f)
	}
	return err
}

// kids walks through the fields below one, and through its widgets, which have no name; inner says whether there are fields.
func (w *fieldWalk) kids(f *field, of pdf.Dict, depth int) (inner bool, err error) {
	kids, err := w.v.Array(of["Kids"])
	if err != nil {
		return false, err
	}
	for _, kid := range kids {
		k, err := w.v.Dict(kid)
		if err != nil {
			return false, err
		}
		if k["T"] != nil {
			if err := w.walk(kid, *f, depth); err != nil {
				return false, err
			}
			inner = true
			continue
		}
		if err := w.step(depth); err != nil {
			return false, err
		}
		var num uint32
		if ref, ok := kid.(pdf.Ref); ok {
			num = ref.Num
		}
		if err := w.widget(f, num, k); err != nil {
			return false, err
		}
		below, err := w.kids(f, k, depth+1)
		if err != nil {
			return false, err
		}
		inner = inner || below
	}
	return inner, nil
}

func (w *fieldWalk) widget(f *field, num uint32, d pdf.Dict) error {
	if kind, err := w.v.Name(d["Subtype"]); err != nil || kind != "Widget" {
		return nil
	}
	rect, err := w.v.rect(d["Rect"])
	if err != nil {
		return err
	}
	f.widgets, f.rects = append(f.widgets, num), append(f.rects, rect)
	return nil
}

// nameOf shortens a name from the file, so that it fits a report.
func nameOf(s string) string {
	const limit = 200
	s = strings.ToValidUTF8(s, "�")
	if len(s) <= limit {
		return s
	}
	return strings.ToValidUTF8(s[:limit], "") + "…"
}
