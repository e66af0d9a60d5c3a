package verify

import "sealdesk/signer/pdf"

// tagKeys are the entries of the structure tree and its elements that tagging a
// new widget adds to (ISO 32000-1, 14.7.2 and 14.7.4.4).
var tagKeys = map[pdf.Name]bool{"K": true, "Kids": true, "Nums": true, "Limits": true, "ParentTree": true, "ParentTreeNextKey": true}

// allowTags lets a tagged document's structure tree gain the tags of new widgets.
// Nothing that is shown hangs on it, and nothing else in it may change.
func (d *diff) allowTags() error {
	for num := range d.links.own["StructTreeRoot"] {
		if !d.pending[num] || !d.old.has(num) {
			continue
		}
		a, err := d.old.byNumber(num)
		if err != nil {
			return err
		}
		b, err := d.new.byNumber(num)
		if err != nil {
			return err
		}
		was, wasDict := a.(pdf.Dict)
		is, isDict := b.(pdf.Dict)
		_, list := a.(pdf.Array)
		_, listToo := b.(pdf.Array)
		if !(wasDict && isDict) && !(list && listToo) {
			return deny(attackSaving, "object %d of the structure tree was replaced", num)
		}
		for _, k := range changedKeys(was, is) {
			if !tagKeys[k] {
				return deny(attackSaving, "%s of the structure tree (object %d) was changed", k, num)
			}
		}
		delete(d.pending, num)
		d.codes[changeTags] = true
		if err := d.claim(b); err != nil {
			return err
		}
	}
	return nil
}

// allowParents lets a page or a widget get its key into the structure tree.
func (d *diff) allowParents(key pdf.Name, was, is pdf.Object) bool {
	_, ok := is.(pdf.Integer)
	return (key == "StructParents" || key == "StructParent") && was == nil && ok
}
