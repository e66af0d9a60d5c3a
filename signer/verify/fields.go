package verify

import (
	"strings"

	"sealdesk/signer/pdf"
)

// maxFields bounds the form fields and widgets that are walked through.
const maxFields = 100_000

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

// listFields walks the form's field tree (ISO 32000-1, 12.7.3).
func listFields(v *view) ([]field, error) {
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

func (w *fieldWalk) walk(o pdf.Object, parent field, depth int) error {
	if w.steps++; w.steps > maxFields || depth > maxFieldDepth {
		return tooLarge("form fields")
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
	if ft, ok := f.dict["FT"].(pdf.Name); ok {
		f.kind = string(ft)
	}
	if value, ok := f.dict["V"]; ok {
		f.value = value
	}
	kids, err := w.v.Array(f.dict["Kids"])
	if err != nil {
		return err
	}
	if err := w.widget(&f, f.num, f.dict); err != nil {
		return err
	}
	inner := 0
	for _, kid := range kids {
		k, err := w.v.Dict(kid)
		if err != nil {
			return err
		}
		if k["T"] != nil {
			inner++
			if err := w.walk(kid, f, depth+1); err != nil {
				return err
			}
			continue
		}
		if w.steps++; w.steps > maxFields {
			return tooLarge("form fields")
		}
		var num uint32
		if ref, ok := kid.(pdf.Ref); ok {
			num = ref.Num
		}
		if err := w.widget(&f, num, k); err != nil {
			return err
		}
	}
	if inner == 0 {
		w.fields = append(w.fields, f)
	}
	return nil
}

func (w *fieldWalk) widget(f *field, num uint32, d pdf.Dict) error {
	if d["Subtype"] != pdf.Name("Widget") {
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
