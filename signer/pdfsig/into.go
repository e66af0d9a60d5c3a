package pdfsig

import (
	"fmt"
	"maps"

	"sealdesk/signer/pdf"
)

// open finds the empty field that is to be signed and refuses one that must not be.
func (f *form) open(name string) (*Field, error) {
	for i := range f.empty {
		field := &f.empty[i]
		if field.Name != name {
			continue
		}
		return field, field.Open()
	}
	return nil, &Error{Kind: FieldMissing, Field: name, Detail: fmt.Sprintf("there is no empty signature field %q", name)}
}

// Open says why nobody may sign into the field, whoever it is: an *Error, or nil.
// What its Seed asks for is not looked at.
func (f *Field) Open() error {
	switch {
	case f.LockedBy != "":
		return &Error{Kind: FieldLocked, Field: f.Name, By: f.LockedBy, Detail: fmt.Sprintf("signature %q locked the field %q", f.LockedBy, f.Name)}
	case f.ReadOnly:
		return &Error{Kind: FieldReadOnly, Field: f.Name, Detail: fmt.Sprintf("the field %q is read-only", f.Name)}
	case f.ref.Num == 0:
		return f.malformed("it is no object of its own")
	case f.Lock != nil && f.Lock.Action != "All" && f.Lock.Action != "Include" && f.Lock.Action != "Exclude":
		return f.malformed("its Lock has no known action")
	}
	for _, w := range f.Widgets {
		if w.ref.Num == 0 {
			return f.malformed("a widget of it is no object of its own")
		}
	}
	return nil
}

func (f *Field) malformed(why string) error {
	return &Error{Kind: FieldMalformed, Field: f.Name, Detail: fmt.Sprintf("the field %q cannot be signed: %s", f.Name, why)}
}

// checkInto compares the request with the field that it names.
func (u *update) checkInto() error {
	if u.into == nil {
		return nil
	}
	for _, a := range u.req.Places {
		if a.Widget == 0 {
			continue
		}
		if a.Widget > len(u.into.Widgets) {
			return u.into.malformed(fmt.Sprintf("it has no place %d", a.Widget))
		}
		w := u.into.Widgets[a.Widget-1]
		if !w.Shown() || a.Page != w.Page || a.Rect[0] < w.Rect[0]-tolerance || a.Rect[1] < w.Rect[1]-tolerance ||
			a.Rect[2] > w.Rect[2]+tolerance || a.Rect[3] > w.Rect[3]+tolerance {
			return u.into.malformed(fmt.Sprintf("the picture would not lie within its place %d", a.Widget))
		}
	}
	return u.into.Seed.check(u.into.Name, u.req)
}

// fill gives the field its value and its places their pictures. Everything else of
// them stays: the name, the rectangles, the flags.
func (u *update) fill() error {
	changed := map[pdf.Ref]pdf.Dict{}
	of := func(ref pdf.Ref, was pdf.Dict) pdf.Dict {
		if changed[ref] == nil {
			changed[ref] = maps.Clone(was)
		}
		return changed[ref]
	}
	order := []pdf.Ref{u.into.ref}
	of(u.into.ref, u.into.dict)["V"] = u.signature
	for _, a := range u.req.Places {
		if a.Widget == 0 || a.Image == nil {
			continue
		}
		w := u.into.Widgets[a.Widget-1]
		ap, err := u.appearance(face{a.Image, a.part(), w.Rect.Width(), w.Rect.Height(),
			pdf.Rect{a.Rect[0] - w.Rect[0], a.Rect[1] - w.Rect[1], a.Rect[2] - w.Rect[0], a.Rect[3] - w.Rect[1]}, u.pages[w.Page].Rotate})
		if err != nil {
			return err
		}
		if changed[w.ref] == nil {
			order = append(order, w.ref)
		}
		d := of(w.ref, w.dict)
		d["AP"] = pdf.Dict{"N": ap}
	}
	for _, ref := range order {
		u.object(ref, changed[ref])
	}
	return nil
}

// params are those of the reference that locks fields (ISO 32000-2, table 259). P is
// not among them there; readers take it as that of DocMDP.
func (l *Lock) params() pdf.Dict {
	d := pdf.Dict{"Action": pdf.Name(l.Action)}
	if l.Action != "All" {
		names := pdf.Array{}
		for _, f := range l.Fields {
			names = append(names, pdf.TextString(f))
		}
		d["Fields"] = names
	}
	if l.P != 0 {
		d["P"] = pdf.Integer(l.P)
	}
	return d
}
