package verify

import (
	"slices"

	"sealdesk/signer/pdf"
)

// allowStructure settles what the revision writes for its own sake: its
// cross-reference stream and object streams, and objects that it repeats
// unchanged. It refuses other generations, and new objects
// under numbers that the signed revision refers to without having them: those
// lie in wait to be filled.
func (d *diff) allowStructure() error {
	containers := map[uint32]bool{}
	for _, e := range d.new.revision.Entries {
		num := e.Num
		if e.Kind == pdf.Compressed {
			containers[uint32(e.Offset)] = true
		}
		was, _, had := d.old.Lookup(num)
		had = had && was.Kind != pdf.Free
		switch {
		case e.Kind == pdf.Free && had:
			d.deleted = append(d.deleted, num)
		case e.Kind == pdf.Free || had && e == was:
		case had && e.Gen != was.Gen:
			return deny(attackSwitch, "object %d changed its generation", num)
		default:
			d.pending[num] = true
		}
	}
	for num := range d.pending {
		if containers[num] && !d.old.has(num) {
			if d.links.missing[num] {
				return deny(attackSwitch, "object %d was missing and was filled", num)
			}
			delete(d.pending, num)
			continue
		}
		// One that something leads to is a stream like others: a page may draw what stands behind its entries.
		if d.new.isXRef(num) && !d.links.missing[num] && (!d.old.has(num) || d.old.isXRef(num) && d.links.incoming[num] == 0) {
			delete(d.pending, num)
			continue
		}
		if !d.old.has(num) {
			if d.links.missing[num] {
				return deny(attackSwitch, "object %d was missing and was filled", num)
			}
			continue
		}
		same, err := d.repeated(num)
		if err != nil {
			return err
		}
		if same {
			delete(d.pending, num)
		}
	}
	d.written = slices.Sorted(keys(d.pending))
	// An older compressed object must not be looked up in a newer container.
	for num := range d.pending {
		if containers[num] || d.links.containers[num] {
			return deny(attackSwitch, "object stream %d was replaced", num)
		}
	}
	return nil
}

// refuseDangling refuses new references to what is not there, or not in that generation. They are null (ISO 32000-1, 7.3.10), but some
// viewers look for it by gathering all that looks like an object anywhere in the file, and others take another generation. Poppler does
// so for an object that is free in a table, too, as much as for one beyond the table. Object 0, which is always free, is null to all:
// Poppler, MuPDF, qpdf and PDFBox make null of the reference itself. But PDFBox does not in an array, where it looks for "0 0 obj".
func (d *diff) refuseDangling() error {
	for _, num := range d.written {
		if err := d.refuseDanglingIn(num); err != nil {
			return err
		}
	}
	a, b := d.old.Trailer(), d.new.Trailer()
	if info, ok := b["Info"].(pdf.Ref); ok && !toZero(info) && !pdf.Equal(a["Info"], info) && !d.new.leads(info) {
		return deny(attackSwitch, "the trailer refers to object %d, which is not there", info.Num)
	}
	return nil
}

func (d *diff) refuseDanglingIn(num uint32) error {
	b, err := d.new.byNumber(num)
	if err != nil {
		return err
	}
	for _, ref := range refsBut(b, nil, func(_ pdf.Dict, _ pdf.Name, o pdf.Object) ([]pdf.Ref, bool) { return nil, toZero(o) }) {
		if d.new.leads(ref) {
			continue
		}
		a, err := d.old.byNumber(num)
		if err != nil {
			return err
		}
		if !slices.Contains(refs(a, nil), ref) {
			return deny(attackSwitch, "object %d refers to object %d, which is not there", num, ref.Num)
		}
	}
	return nil
}

// toZero says whether o refers to object 0.
func toZero(o pdf.Object) bool {
	ref, ok := o.(pdf.Ref)
	return ok && ref.Num == 0
}

// leads says whether a reference leads to an object.
func (v *view) leads(ref pdf.Ref) bool {
	e, _, ok := v.Lookup(ref.Num)
	return ok && e.Kind != pdf.Free && e.Gen == ref.Gen
}

// repeated says whether the revision wrote an object again without changing it.
func (d *diff) repeated(num uint32) (bool, error) {
	a, err := d.old.byNumber(num)
	if err != nil {
		return false, err
	}
	b, err := d.new.byNumber(num)
	if err != nil {
		return false, err
	}
	s, isStream := a.(*pdf.Stream)
	t, isToo := b.(*pdf.Stream)
	if isStream && isToo {
		if !pdf.Equal(s.Dict, t.Dict) {
			return false, nil
		}
		return d.new.sameData(s, t)
	}
	return pdf.Equal(a, b), nil
}

// allowTrailer lets the trailer change what belongs to the file, not to the
// document: its identifier among it, which many writers make anew.
func (d *diff) allowTrailer() error {
	a, b := d.old.Trailer(), d.new.Trailer()
	for _, k := range []pdf.Name{"Root", "Encrypt"} {
		if !pdf.Equal(a[k], b[k]) {
			return deny(attackSaving, "the trailer's %s was replaced", k)
		}
	}
	return nil
}

// isXRef says whether the object is the cross-reference stream of its revision.
func (v *view) isXRef(num uint32) bool {
	e, i, ok := v.Lookup(num)
	rev := v.Revisions()[i]
	return ok && e.Kind == pdf.InUse && rev.Form == pdf.XRefStream && rev.XRef == e.Offset
}
