package signer

import (
	"fmt"
	"strings"

	"sealdesk/signer/pdf"
	"sealdesk/signer/pdfsig"
	"sealdesk/signer/seal"
)

// Field is an empty signature field that somebody prepared.
type Field struct {
	pdfsig.Field
	Boxes []Box // of the places where a signature in it shows, in the order of Widgets, those that are not seen left out
}

// Fields returns the empty signature fields in the form's order.
func (l *Layout) Fields() []Field { return l.fields }

// Refused is why nobody may sign the document, whatever the place: a *pdfsig.Error, or nil.
func (l *Layout) Refused() error { return l.state.Refused }

// Signed says that the document has a signature, so that no other can certify it.
func (l *Layout) Signed() bool { return l.state.Signed }

// A Wish is what a field asks of the signature in it, or what that will lock: a code for a catalogue of sentences, and
// what would do.
type Wish struct {
	Code   string // field.asks_reason and the like
	Wanted string
}

// Wishes are those that bind, and what signing the field locks.
func (f Field) Wishes() []Wish {
	var out []Wish
	for _, e := range f.Seed.Asks() {
		out = append(out, Wish{"field.asks_" + e.Entry, e.Wanted})
	}
	if l := f.Lock; l != nil {
		out = append(out, Wish{"field.locks_" + strings.ToLower(l.Action), strings.Join(l.Fields, ", ")})
		if l.P == 1 {
			out = append(out, Wish{Code: "field.locks_document"})
		}
	}
	return out
}

// readFields finds the empty fields and where they are.
func (l *Layout) readFields(file *pdf.File) error {
	var err error
	if l.state, err = pdfsig.Look(file); err != nil {
		return err
	}
	for _, f := range l.state.Fields {
		field := Field{Field: f}
		for _, w := range f.Widgets {
			if box, ok := l.Box(w.Page, w.Rect); ok && w.Shown() {
				field.Boxes = append(field.Boxes, box)
			}
		}
		l.fields = append(l.fields, field)
	}
	return nil
}

// atField puts the seal into the middle of every place of a field, made smaller where the place is smaller. Where the field
// shows nowhere there is no impression: the signature is invisible.
func (w *locator) atField(place seal.Place) error {
	if w.found.Field != "" {
		return fail(TwoFields, "one signature goes into one field")
	}
	for _, f := range w.fields {
		if f.Name != place.Field {
			continue
		}
		if err := f.Open(); err != nil {
			return err
		}
		w.found.Field = f.Name
		for i, widget := range f.Widgets {
			box, ok := w.Box(widget.Page, widget.Rect)
			if !ok || !widget.Shown() {
				continue
			}
			s := w.Seal
			if by := min(box.W/s.WidthMM, box.H/s.HeightMM); by < 1 {
				s.WidthMM, s.HeightMM = s.WidthMM*by, s.HeightMM*by
			}
			w.put(s, box.Page, box.X, box.Y, [2]float64{}, false)
			w.found.Impressions[len(w.found.Impressions)-1].Widget = i + 1
		}
		return nil
	}
	return &pdfsig.Error{Kind: pdfsig.FieldMissing, Field: place.Field, Detail: fmt.Sprintf("there is no empty signature field %q", place.Field)}
}
