package verify

import "sealdesk/signer/pdf"

// tagKeys are the entries of the structure tree and its elements that tagging a
// new widget adds to (ISO 32000-1, 14.7.2 and 14.7.4.4).
var tagKeys = map[pdf.Name]bool{"K": true, "Kids": true, "Nums": true, "Limits": true, "ParentTree": true, "ParentTreeNextKey": true}

// allowTags lets a tagged document's structure tree gain the tags of new widgets.
// Nothing that is shown hangs on it, and nothing else in it may change.
func (d *diff) allowTags() error {
	own := d.links.own["StructTreeRoot"]
	for num := range d.pending {
		if !d.old.has(num) {
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
		if d.links.drawn[num] || !tagged(a, b, own[num]) || d.links.named[num] && !keepsKids(a, b) {
			continue
		}
		delete(d.pending, num)
		d.codes[changeTags] = true
		if err := d.claim(b); err != nil {
			return err
		}
	}
	return nil
}

// tagged says whether an object was a part of the structure tree and is that still,
// with tags more. What the tree alone leads to may be any part; elements to which
// outlines lead, too, say what they are. Of what pages lead to that word does not count:
// it may be the parameters of a picture's filter, which have a K, too.
func tagged(a, b pdf.Object, own bool) bool {
	was, wasDict := a.(pdf.Dict)
	is, isDict := b.(pdf.Dict)
	_, list := a.(pdf.Array)
	_, listToo := b.(pdf.Array)
	if !(wasDict && isDict) && !(own && list && listToo) {
		return false
	}
	element := was["Type"] == pdf.Name("StructTreeRoot") || was["Type"] == pdf.Name("StructElem")
	if !own && !element {
		return false
	}
	for _, k := range changedKeys(was, is) {
		_, flag := is[k].(pdf.Boolean) // K of a transparency group
		if !tagKeys[k] || flag || !own && k != "K" && k != "ParentTree" && k != "ParentTreeNextKey" {
			return false
		}
	}
	return true
}

// keepsKids says whether a part of an element to which links lead still begins with what it began with: there they end.
func keepsKids(a, b pdf.Object) bool {
	was, is := kidsOf(a), kidsOf(b)
	return len(was) > 0 && len(was) <= len(is) && pdf.Equal(was, is[:len(was)])
}

// kidsOf are the parts of an element of the structure tree, or of a list of such.
func kidsOf(o pdf.Object) pdf.Array {
	if d, ok := o.(pdf.Dict); ok {
		o = d["K"]
	}
	switch o := o.(type) {
	case nil:
		return nil
	case pdf.Array:
		return o
	}
	return pdf.Array{o}
}

// allowParents lets a page or a widget get its key into the structure tree.
func (d *diff) allowParents(key pdf.Name, was, is pdf.Object) bool {
	_, ok := is.(pdf.Integer)
	return (key == "StructParents" || key == "StructParent") && was == nil && ok
}
