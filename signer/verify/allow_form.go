package verify

import (
	"slices"
	"strings"

	"sealdesk/signer/pdf"
)

// Entries that a new signature field or its widget may have (ISO 32000-1,
// tables 164, 188, 220, 232). Actions are not among them.
var fieldKeys = []pdf.Name{"Type", "Subtype", "FT", "T", "TU", "TM", "V", "Ff", "F", "Rect", "P", "AP", "AS", "MK", "BS", "Border",
	"DA", "DR", "Q", "M", "NM", "H", "Parent", "Kids", "Lock", "SV", "StructParent"}

// Entries that signing an existing empty field may change.
var signingKeys = []pdf.Name{"V", "AP", "M", "F", "MK", "DA"}

const maxFieldDepth = 16

// allowForm lets the form gain signature fields, and lets empty signature
// fields that were there be signed. No other field may change.
func (d *diff) allowForm() error {
	a, err := d.old.Catalog()
	if err != nil {
		return err
	}
	b, err := d.new.Catalog()
	if err != nil {
		return err
	}
	was, is := a["AcroForm"], b["AcroForm"]
	if is == nil { // what was signed has a form
		return deny(attackSaving, "the form was removed")
	}
	form, err := d.replaceable(was, is, "form")
	if err != nil {
		return err
	}
	oldForm, err := d.old.Dict(was)
	if err != nil {
		return err
	}
	newForm, err := d.new.Dict(form)
	if err != nil {
		return err
	}
	var defaults []pdf.Name
	for _, k := range changedKeys(oldForm, newForm) {
		switch {
		case k == "Fields":
		case k == "SigFlags":
			x, _ := oldForm[k].(pdf.Integer)
			y, ok := newForm[k].(pdf.Integer)
			if !ok || x&^y != 0 {
				return deny(attackSaving, "the form's SigFlags lost a flag")
			}
		case k == "DR" || k == "DA" || k == "NeedAppearances" && newForm[k] == pdf.Boolean(false):
			defaults = append(defaults, k)
		case k == "CO" && oldForm[k] == nil && pdf.Equal(newForm[k], pdf.Array{}):
		default:
			return deny(attackReplace, "the form's %s was changed", k)
		}
	}
	if !slices.Contains(defaults, "DR") && d.rewritten(newForm["DR"]) {
		defaults = append(defaults, "DR")
	}
	oldFields, newFields, err := d.appended(oldForm["Fields"], newForm["Fields"], attackSaving, "form's Fields")
	if err != nil {
		return err
	}
	fields, err := d.old.fields()
	if err != nil {
		return err
	}
	for _, k := range defaults {
		if err := d.allowDefault(k, oldForm, newForm, fields); err != nil {
			return err
		}
	}
	d.fields = fields
	d.names = map[string]bool{}
	for _, f := range fields {
		d.names[f.name] = true
	}
	if err := d.allowSigning(fields); err != nil {
		return err
	}
	if err := d.allowFilling(fields); err != nil {
		return err
	}
	for _, o := range newFields[len(oldFields):] {
		if err := d.allowField(o, nil); err != nil {
			return err
		}
	}
	return nil
}

// allowDefault lets the defaults for making appearances be added to, where every
// field that was there has its appearance: those of signatures are their own.
func (d *diff) allowDefault(key pdf.Name, oldForm, newForm pdf.Dict, fields []field) error {
	wrong := deny(attackReplace, "the form's %s was changed", key)
	if oldForm["NeedAppearances"] == pdf.Boolean(true) {
		return wrong
	}
	for _, f := range fields {
		if f.kind == "Sig" {
			continue
		}
		for _, w := range f.widgets {
			o, err := d.old.byNumber(w)
			if err != nil {
				return err
			}
			widget, _ := o.(pdf.Dict)
			if looks, err := d.old.Dict(widget["AP"]); err != nil || isNull(looks["N"]) {
				return wrong
			}
		}
	}
	if key != "DR" {
		if key == "DA" && oldForm[key] != nil {
			return wrong
		}
		return nil
	}
	return d.allowResources(oldForm[key], newForm[key])
}

// rewritten says whether resources, or the names of one category, are objects of their own that the revision wrote.
func (d *diff) rewritten(resources pdf.Object) bool {
	list, _ := d.new.Dict(resources) // what is no dictionary names nothing
	ref, ok := resources.(pdf.Ref)
	return ok && d.pending[ref.Num] || len(d.touchedKeys(list, list)) > 0
}

// touchedKeys are the entries in which two dictionaries differ, or whose object the revision wrote.
func (d *diff) touchedKeys(a, b pdf.Dict) []pdf.Name {
	out := changedKeys(a, b)
	for k, o := range b {
		if ref, ok := o.(pdf.Ref); ok && d.pending[ref.Num] && !slices.Contains(out, k) {
			out = append(out, k)
		}
	}
	slices.Sort(out)
	return out
}

// allowResources lets the form's resources gain names: those of fonts and encodings, which appearances are made with, and those
// of other things when they came with the revision, as what a new signature shows does. A name that was there stays what it was,
// since an appearance without resources of its own is drawn with it. Resources and the names of a category that are objects of their own
// may be rewritten in place, as some writers do, where nothing else leads to them.
func (d *diff) allowResources(was, is pdf.Object) error {
	wrong := deny(attackReplace, "the form's DR was changed")
	is, err := d.replaceable(was, is, "form's DR")
	if err != nil {
		return err
	}
	old, err := d.old.Dict(was)
	if err != nil {
		return err
	}
	new, err := d.new.Dict(is)
	if err != nil {
		return err
	}
	for _, category := range d.touchedKeys(old, new) {
		if category == "ProcSet" { // which viewers have no use for
			continue
		}
		list, err := d.replaceable(old[category], new[category], "form's "+string(category))
		if err != nil {
			return err
		}
		x, errX := d.old.Dict(old[category])
		y, errY := d.new.Dict(list)
		if errX != nil || errY != nil {
			return wrong
		}
		drawn := category != "Font" && category != "Encoding"
		for name, o := range x {
			if other, kept := y[name]; !kept || !pdf.Equal(o, other) {
				return wrong
			}
		}
		for name, o := range y {
			if _, had := x[name]; drawn && !had && slices.ContainsFunc(refs(o, nil), func(r pdf.Ref) bool { return d.old.has(r.Num) }) {
				return wrong
			}
		}
		if !drawn {
			if err := d.claim(y); err != nil {
				return err
			}
		}
	}
	return nil
}

// replaceable settles a dictionary or array that may be direct or an object of
// its own. An object of its own keeps its number, and nothing else may lead to it.
func (d *diff) replaceable(was, is pdf.Object, what string) (pdf.Object, error) {
	ref, ok := is.(pdf.Ref)
	if !ok {
		return is, nil
	}
	if !d.pending[ref.Num] {
		return is, nil
	}
	if d.old.has(ref.Num) {
		old, ok := was.(pdf.Ref)
		if !ok || old != ref {
			return nil, deny(attackSwitch, "the %s became another object", what)
		}
		if d.links.incoming[ref.Num] != 1 {
			return nil, deny(attackSwitch, "the %s is shared with something else", what)
		}
	}
	delete(d.pending, ref.Num)
	return is, nil
}

// appended returns two arrays of which the second starts with the first.
func (d *diff) appended(was, is pdf.Object, attack, what string) (old, new pdf.Array, err error) {
	if is, err = d.replaceable(was, is, what); err != nil {
		return nil, nil, err
	}
	if old, err = d.old.Array(was); err != nil {
		return nil, nil, err
	}
	if new, err = d.new.Array(is); err != nil {
		return nil, nil, err
	}
	if len(new) < len(old) {
		return nil, nil, deny(attack, "the %s lost an entry", what)
	}
	for i := range old {
		if !pdf.Equal(old[i], new[i]) {
			return nil, nil, deny(attack, "the %s were changed or reordered", what)
		}
	}
	return old, new, nil
}

// allowField settles a new signature field with all that it alone leads to. How deep fields are nested is known to be bounded.
func (d *diff) allowField(o pdf.Object, parent *pdf.Ref) error {
	ref, ok := o.(pdf.Ref)
	if !ok || !d.added(ref.Num) {
		return deny(attackField, "something that is not a new field was added to the form")
	}
	field, err := d.new.Dict(ref)
	if err != nil {
		return err
	}
	for k := range field {
		if !slices.Contains(fieldKeys, k) {
			return deny(attackAnnotation, "a new signature field (object %d) has %s", ref.Num, k)
		}
	}
	if parent == nil {
		name, ok := field["T"].(pdf.String)
		text := name.Text()
		if field["FT"] != pdf.Name("Sig") || !ok || text == "" || strings.Contains(text, ".") {
			return deny(attackAnnotation, "a field that is not a named signature field was added (object %d)", ref.Num)
		}
		if d.names[text] {
			return deny(attackField, "a second field of the name %q was added", text)
		}
		d.names[text] = true
		if field["Parent"] != nil {
			return deny(attackField, "a new field has a parent")
		}
		if err := d.noteValue(field["V"]); err != nil {
			return err
		}
	} else {
		// Some writers leave Parent out, although a widget that is a kid needs it.
		if p, ok := field["Parent"]; ok && p != *parent || field["FT"] != nil && field["FT"] != pdf.Name("Sig") || field["T"] != nil || field["V"] != nil {
			return deny(attackField, "a widget (object %d) does not belong to its signature field", ref.Num)
		}
	}
	if err := d.allowUnjudged(field, parent); err != nil {
		return err
	}
	delete(d.pending, ref.Num)
	if field["Subtype"] != nil {
		if field["Subtype"] != pdf.Name("Widget") {
			return deny(attackAnnotation, "a new field (object %d) is an annotation that is not a widget", ref.Num)
		}
		d.widgets[ref.Num] = true
	}
	kids, err := d.new.Array(field["Kids"])
	if err != nil {
		return err
	}
	if len(kids) > 0 {
		if k, ok := field["Kids"].(pdf.Ref); ok && d.added(k.Num) {
			delete(d.pending, k.Num)
		}
		for _, kid := range kids {
			if err := d.allowField(kid, &ref); err != nil {
				return err
			}
		}
	}
	for k, v := range field {
		if k != "Parent" && k != "P" && k != "Kids" {
			if err := d.claim(v); err != nil {
				return err
			}
		}
	}
	return nil
}

// allowUnjudged keeps fields without a signature that answers for their
// picture from showing one: empty ones and time stamps.
func (d *diff) allowUnjudged(field pdf.Dict, parent *pdf.Ref) error {
	value := field["V"]
	if parent != nil {
		p, err := d.new.Dict(*parent)
		if err != nil {
			return err
		}
		value = p["V"]
	}
	sig, err := d.new.Dict(value)
	if err != nil {
		return err
	}
	if sig != nil && sig["SubFilter"] != stampSubFilter {
		return nil
	}
	rect, err := d.new.rect(field["Rect"])
	if err != nil {
		return err
	}
	visible := shared(rect, rect) > 0
	if visible && sig != nil || visible && (!isNull(field["AP"]) || !isNull(field["MK"])) {
		return deny(attackField, "a new field without a signer shows something on a page")
	}
	return nil
}

// noteValue names the change that a field's value is. The value must be new:
// one that was there before was not a value of this field.
func (d *diff) noteValue(v pdf.Object) error {
	if isNull(v) {
		d.codes[changeField] = true
		return nil
	}
	if ref, ok := v.(pdf.Ref); ok && d.old.has(ref.Num) {
		return deny(attackWrapping, "a new field has an old value")
	}
	sig, err := d.new.Dict(v)
	if err != nil {
		return err
	}
	switch {
	case sig["SubFilter"] == stampSubFilter:
		d.codes[changeTimestamp] = true
	case sig["ByteRange"] == nil || sig["Contents"] == nil:
		return deny(attackField, "a field was given a value that is not a signature")
	default:
		d.codes[changeSignature] = true
	}
	return nil
}

// allowSigning lets an empty signature field be signed: it gets a value and a
// picture, and keeps its place.
func (d *diff) allowSigning(fields []field) error {
	for _, f := range fields {
		if !d.pending[f.num] || f.kind != "Sig" || !isNull(f.value) || f.num == 0 {
			continue
		}
		was, err := d.old.Dict(f.ref())
		if err != nil {
			return err
		}
		is, err := d.new.Dict(f.ref())
		if err != nil {
			return err
		}
		if isNull(is["V"]) {
			return deny(attackField, "field %q was changed without being signed", f.name)
		}
		if err := d.noteValue(is["V"]); err != nil {
			return err
		}
		if err := d.allowUnjudged(is, nil); err != nil {
			return err
		}
		if err := d.allowSigned(f, f.num, was, is); err != nil {
			return err
		}
		for _, w := range f.widgets {
			if w == f.num || !d.pending[w] {
				continue
			}
			a, err := d.old.byNumber(w)
			if err != nil {
				return err
			}
			b, err := d.new.byNumber(w)
			if err != nil {
				return err
			}
			x, _ := a.(pdf.Dict)
			y, _ := b.(pdf.Dict)
			if x == nil || y == nil || y["V"] != nil {
				return deny(attackField, "a widget of field %q was replaced", f.name)
			}
			parent := f.ref()
			if err := d.allowUnjudged(y, &parent); err != nil {
				return err
			}
			if err := d.allowSigned(f, w, x, y); err != nil {
				return err
			}
		}
	}
	return nil
}

// allowSigned settles a part of a field that is signed, and of no other.
func (d *diff) allowSigned(f field, num uint32, was, is pdf.Dict) error {
	owners, err := d.ownersOf(num)
	if err != nil {
		return err
	}
	for _, o := range owners {
		if o.num != f.num {
			return deny(attackField, "signing field %q changed what is a part of another field, too (object %d)", f.name, num)
		}
	}
	for _, k := range changedKeys(was, is) {
		if !slices.Contains(signingKeys, k) {
			return deny(attackField, "signing changed %s of a field (object %d)", k, num)
		}
	}
	delete(d.pending, num)
	for _, k := range signingKeys {
		if err := d.claim(is[k]); err != nil {
			return err
		}
	}
	return nil
}
