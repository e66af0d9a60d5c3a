package verify

import "sealdesk/signer/pdf"

// allowPages lets pages gain the widgets of new signature fields at the end of
// their annotations, and another order of tabbing through these. What is on a page, and which pages there are, stays.
func (d *diff) allowPages() error {
	pages, err := allPages(d.old)
	if err != nil {
		return err
	}
	for _, ref := range pages {
		was, err := d.old.Dict(ref)
		if err != nil {
			return err
		}
		is := was
		if d.pending[ref.Num] {
			if is, err = d.new.Dict(ref); err != nil {
				return err
			}
			for _, k := range changedKeys(was, is) {
				if k != "Annots" && k != "Tabs" && !d.allowParents(k, was[k], is[k]) {
					return deny(pageAttack(k), "%s of a page (object %d) was changed", k, ref.Num)
				}
			}
			delete(d.pending, ref.Num)
		}
		annots, ok := is["Annots"].(pdf.Ref)
		if pdf.Equal(was["Annots"], is["Annots"]) && !(ok && d.pending[annots.Num]) {
			continue
		}
		old, new, err := d.appended(was["Annots"], is["Annots"], attackAnnotation, "annotations of a page")
		if err != nil {
			return err
		}
		for _, o := range new[len(old):] {
			w, ok := o.(pdf.Ref)
			if !ok || !d.widgets[w.Num] {
				return deny(attackAnnotation, "a page (object %d) was given an annotation that is not of a new signature", ref.Num)
			}
			widget, err := d.new.Dict(w)
			if err != nil {
				return err
			}
			if p, ok := widget["P"].(pdf.Ref); ok && p != ref {
				return deny(attackField, "a signature's widget (object %d) names another page than the one it is on", w.Num)
			}
			delete(d.widgets, w.Num) // a second page with the same widget is refused
		}
	}
	return nil
}

// pageAttack names the attack that changing an entry of a page looks like.
func pageAttack(key pdf.Name) string {
	if key == "Resources" {
		return attackReplace
	}
	return attackSaving
}
