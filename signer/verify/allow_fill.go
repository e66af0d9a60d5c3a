package verify

import (
	"slices"

	"sealdesk/signer/pdf"
)

// Entries that filling in a field may change, in the field and in its widgets.
var fillingKeys = []pdf.Name{"V", "I", "AS", "AP", "M", "RV"}

// allowFilling lets fields that are no signatures be filled in: they get another
// value, and the appearance that shows it within the field's rectangle. Which
// signatures stand that is for lock.go.
func (d *diff) allowFilling(fields []field) error {
	for _, f := range fields {
		if f.kind == "Sig" || f.kind == "" {
			continue
		}
		nums := append(slices.Clone(f.widgets), f.num)
		if f.num != 0 {
			// Buttons keep the value of all their widgets in the field above.
			if parent, ok := f.dict["Parent"].(pdf.Ref); ok && f.dict["T"] == nil {
				nums = append(nums, parent.Num)
			}
		}
		for _, num := range nums {
			changed, err := d.fill(num)
			if err != nil {
				return err
			}
			if !changed {
				continue
			}
			if err := d.noteFilled(num); err != nil {
				return err
			}
		}
	}
	return nil
}

// noteFilled puts down the fields that an object which was filled in is a part of. What shows a signature is nothing to fill in.
func (d *diff) noteFilled(num uint32) error {
	owners, err := d.ownersOf(num)
	if err != nil {
		return err
	}
	for _, o := range owners {
		if o.kind == "Sig" {
			return deny(attackReplace, "a part of a signature's field (object %d) was filled in", num)
		}
		if !slices.Contains(d.filled, o.name) {
			d.filled = append(d.filled, o.name)
		}
	}
	d.codes[changeFilled] = true
	return nil
}

// fill settles a field or widget in which nothing but what filling in changes was
// changed, and the appearances that it alone leads to.
func (d *diff) fill(num uint32) (filled bool, err error) {
	if num == 0 || !d.old.has(num) {
		return false, nil
	}
	a, err := d.old.byNumber(num)
	if err != nil {
		return false, err
	}
	b, err := d.new.byNumber(num)
	if err != nil {
		return false, err
	}
	was, _ := a.(pdf.Dict)
	is, _ := b.(pdf.Dict)
	if d.pending[num] {
		if was == nil || is == nil {
			return false, nil
		}
		for _, k := range changedKeys(was, is) {
			if !slices.Contains(fillingKeys, k) || !d.old.fills(k, was[k]) || !d.new.fills(k, is[k]) {
				return false, deny(attackReplace, "%s of a form field (object %d) was changed", k, num)
			}
		}
		delete(d.pending, num)
		filled = true
		for _, k := range fillingKeys {
			if err := d.claim(is[k]); err != nil {
				return false, err
			}
		}
	}
	for _, ref := range refs(is["AP"], nil) {
		if !d.pending[ref.Num] || !d.old.has(ref.Num) || d.links.incoming[ref.Num] != 1 || !slices.Contains(refs(was["AP"], nil), ref) {
			continue
		}
		o, err := d.new.Resolve(ref)
		if err != nil {
			return false, err
		}
		delete(d.pending, ref.Num)
		filled = true
		if err := d.claim(o); err != nil {
			return false, err
		}
	}
	return filled, nil
}

// fills says whether an entry is one of a field. The same words mean other things elsewhere: I that a group is isolated, AS when
// layers are shown.
func (v *view) fills(key pdf.Name, o pdf.Object) bool {
	o, err := v.Resolve(o)
	_, flag := o.(pdf.Boolean)
	_, list := o.(pdf.Array)
	return err == nil && !(key == "I" && flag) && !(key == "AS" && list)
}
