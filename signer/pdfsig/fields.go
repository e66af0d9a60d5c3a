package pdfsig

import (
	"errors"
	"slices"
	"strings"

	"sealdesk/signer/pdf"
)

// Bounds of a form.
const (
	maxFieldDepth = 16
	maxFields     = 100_000 // fields and widgets
)

// Flags of fields (ISO 32000-2, table 227) and of annotations (table 167).
const (
	flagReadOnly = 1 << 0
	flagHidden   = 1 << 1
	flagNoView   = 1 << 5
)

// Field is a signature field that nobody has signed yet (ISO 32000-2, 12.7.5.5).
type Field struct {
	Name     string // in full: the partial names joined by full stops (12.7.4.2)
	Label    string // TU, how a person is told of it; "" without
	Widgets  []Widget
	ReadOnly bool
	LockedBy string // the field of an earlier signature that locked this one (12.8.2.4); "" without
	Lock     *Lock  // what signing it locks; nil without
	Seed     *Seed  // what it asks of a signature; nil without

	ref  pdf.Ref
	dict pdf.Dict
}

// Widget is a place that was prepared for the picture of a signature.
type Widget struct {
	Page int      // from 1; 0 when no page has it
	Rect pdf.Rect // in points of the page's own user space

	hidden bool
	ref    pdf.Ref
	dict   pdf.Dict
}

// Shown says whether a picture put there is seen.
func (w Widget) Shown() bool {
	return !w.hidden && w.Page > 0 && w.Rect.Width() > 0 && w.Rect.Height() > 0
}

// Lock is which fields a signature locks (ISO 32000-2, table 236).
type Lock struct {
	Action string   // All, Include or Exclude
	Fields []string // in full, for Include and Exclude
	P      int64    // the permission for the whole document from then on, as of DocMDP; 0 without
}

// Holds says whether the field of that full name, or a field that it lies under, is locked.
func (l *Lock) Holds(name string) bool {
	named := slices.ContainsFunc(l.Fields, func(f string) bool { return name == f || strings.HasPrefix(name, f+".") })
	switch l.Action {
	case "All":
		return true
	case "Include":
		return named
	}
	return !named
}

// State is what can be told of a document before it is signed.
type State struct {
	Fields  []Field // signature fields that are still empty, in the form's order
	Signed  bool    // it has a signature, so that none can certify it any more
	Refused error   // why nobody may sign it: an *Error (XFA, Locked); nil when somebody may
}

// Look reads it. Errors: *Error, and *pdf.Error (TooComplex for a form beyond the bounds).
func Look(file *pdf.File) (State, error) {
	u := &update{file: file, req: &Request{}}
	f, err := u.admit()
	if e, is := errors.AsType[*Error](err); is && f != nil {
		return State{f.empty, f.signed, e}, nil
	}
	if err != nil {
		return State{}, err
	}
	return State{f.empty, f.signed, nil}, nil
}

// form is what signing needs to know of a document's interactive form.
type form struct {
	file    *pdf.File
	dict    pdf.Dict // the AcroForm; nil without
	names   map[string]bool
	empty   []Field
	signed  bool // some field has a signature
	locked  bool // a signature allows no changes
	seen    map[pdf.Ref]bool
	steps   int
	locking []lockedBy
}

// lockedBy is what one earlier signature locked.
type lockedBy struct {
	Lock
	field string
}

func readForm(file *pdf.File) (*form, error) {
	catalog, err := file.Catalog()
	if err != nil {
		return nil, err
	}
	f := &form{file: file, names: map[string]bool{}, seen: map[pdf.Ref]bool{}}
	if f.dict, err = file.Dict(catalog["AcroForm"]); err != nil {
		return nil, err
	}
	if err := f.list(f.dict["Fields"], node{}, 0); err != nil {
		return nil, err
	}
	for i := range f.empty {
		for _, l := range f.locking {
			if f.empty[i].LockedBy == "" && l.Holds(f.empty[i].Name) {
				f.empty[i].LockedBy = l.field
			}
		}
	}
	return f, f.findPages()
}

// node is what a field inherits (ISO 32000-2, 12.7.4.1).
type node struct {
	name  string
	kind  pdf.Object // FT
	value pdf.Object // V
	flags pdf.Object // Ff
}

func (f *form) list(o pdf.Object, parent node, depth int) error {
	fields, err := f.file.Array(o)
	if err != nil {
		return err
	}
	for _, o := range fields {
		if err := f.field(o, parent, depth); err != nil {
			return err
		}
	}
	return nil
}

// count bounds the walk.
func (f *form) count(depth int) error {
	if f.steps++; f.steps > maxFields || depth > maxFieldDepth {
		return tooComplex("the form has too many fields or nests them too deep")
	}
	return nil
}

func (f *form) field(o pdf.Object, in node, depth int) error {
	if err := f.count(depth); err != nil {
		return err
	}
	ref, _ := o.(pdf.Ref)
	if ref.Num != 0 {
		if f.seen[ref] {
			return nil
		}
		f.seen[ref] = true
	}
	d, err := f.file.Dict(o)
	if err != nil {
		return err
	}
	partial, err := f.file.String(d["T"])
	if err != nil {
		return err
	}
	if depth == 0 {
		f.names[partial.Text()] = true
	}
	if partial != "" {
		in.name = strings.TrimPrefix(in.name+"."+partial.Text(), ".")
	}
	for key, value := range map[pdf.Name]*pdf.Object{"FT": &in.kind, "V": &in.value, "Ff": &in.flags} {
		if o, ok := d[key]; ok {
			*value = o
		}
	}
	kids, err := f.file.Array(d["Kids"])
	if err != nil {
		return err
	}
	widgets := []pdf.Object{}
	if d["Subtype"] == pdf.Name("Widget") {
		widgets = append(widgets, o)
	}
	inner := false
	for _, kid := range kids {
		k, err := f.file.Dict(kid)
		if err != nil {
			return err
		}
		if k["T"] == nil {
			if err := f.count(depth); err != nil {
				return err
			}
			widgets = append(widgets, kid)
			continue
		}
		inner = true
		if err := f.field(kid, in, depth+1); err != nil {
			return err
		}
	}
	if kind, err := f.file.Name(in.kind); err != nil || kind != "Sig" || inner {
		return err
	}
	return f.signature(ref, d, in, widgets)
}

// signature notes a signature field, signed or empty.
func (f *form) signature(ref pdf.Ref, d pdf.Dict, in node, widgets []pdf.Object) error {
	value, err := f.file.Dict(in.value)
	if err != nil {
		return err
	}
	lock, err := f.lock(d["Lock"])
	if err != nil {
		return err
	}
	if value != nil {
		f.signed = true
		f.locked = f.locked || lock != nil && lock.P == 1
		return f.locks(in.name, value)
	}
	flags, err := f.file.Int(in.flags)
	if err != nil {
		return err
	}
	label, err := f.file.String(d["TU"])
	if err != nil {
		return err
	}
	out := Field{Name: in.name, Label: label.Text(), ReadOnly: flags&flagReadOnly != 0, Lock: lock, ref: ref, dict: d}
	if out.Seed, err = f.seed(d["SV"]); err != nil {
		return err
	}
	for _, o := range widgets {
		w, err := f.widget(o)
		if err != nil {
			return err
		}
		out.Widgets = append(out.Widgets, w)
	}
	f.empty = append(f.empty, out)
	return nil
}

func (f *form) widget(o pdf.Object) (Widget, error) {
	d, err := f.file.Dict(o)
	if err != nil {
		return Widget{}, err
	}
	ref, _ := o.(pdf.Ref)
	flags, err := f.file.Int(d["F"])
	if err != nil {
		return Widget{}, err
	}
	w := Widget{ref: ref, dict: d, hidden: flags&(flagHidden|flagNoView) != 0}
	corners, err := f.file.Array(d["Rect"])
	if err != nil || len(corners) != 4 {
		return w, err
	}
	var c [4]float64
	for i, o := range corners {
		if c[i], err = f.file.Number(o); err != nil {
			return w, err
		}
	}
	w.Rect = pdf.Rect{min(c[0], c[2]), min(c[1], c[3]), max(c[0], c[2]), max(c[1], c[3])}
	return w, nil
}

// lock reads a field's Lock; nil without.
func (f *form) lock(o pdf.Object) (*Lock, error) {
	d, err := f.file.Dict(o)
	if err != nil || d == nil {
		return nil, err
	}
	action, err := f.file.Name(d["Action"])
	if err != nil {
		return nil, err
	}
	l := &Lock{Action: string(action)}
	if l.P, err = f.file.Int(d["P"]); err != nil {
		return nil, err
	}
	l.Fields, err = f.texts(d["Fields"])
	return l, err
}

// locks notes what a signature locked: its references with the method FieldMDP.
func (f *form) locks(field string, sig pdf.Dict) error {
	references, err := f.file.Array(sig["Reference"])
	if err != nil {
		return err
	}
	for _, o := range references {
		r, err := f.file.Dict(o)
		if err != nil {
			return err
		}
		if method, err := f.file.Name(r["TransformMethod"]); err != nil || method != "FieldMDP" {
			continue
		}
		lock, err := f.lock(r["TransformParams"])
		if err != nil {
			return err
		}
		if lock != nil {
			f.locking = append(f.locking, lockedBy{*lock, field})
			f.locked = f.locked || lock.P == 1
		}
	}
	return nil
}

func (f *form) texts(o pdf.Object) ([]string, error) {
	list, err := f.file.Array(o)
	if err != nil {
		return nil, err
	}
	if len(list) > maxFields {
		return nil, tooComplex("the form has a list of too many texts")
	}
	var out []string
	for _, o := range list {
		s, err := f.file.String(o)
		if err != nil {
			return nil, err
		}
		out = append(out, s.Text())
	}
	return out, nil
}

// findPages finds out which page has which empty field's widgets.
func (f *form) findPages() error {
	if len(f.empty) == 0 {
		return nil
	}
	on := map[pdf.Ref]int{}
	err := f.file.EachPage(func(n int, p pdf.Page) error {
		annots, err := f.file.Array(p.Dict["Annots"])
		for _, a := range annots {
			if ref, ok := a.(pdf.Ref); ok && len(on) < maxFields && on[ref] == 0 {
				on[ref] = n
			}
		}
		return err
	})
	for i := range f.empty {
		for j, w := range f.empty[i].Widgets {
			f.empty[i].Widgets[j].Page = on[w.ref]
		}
	}
	return err
}
