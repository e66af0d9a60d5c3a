package verify

import "sealdesk/signer/pdf"

// allowUnused lets a revision delete what nothing leads to any more, and leave
// objects behind that nothing leads to, as some writers do: a font's empty
// dictionary, a second cross-reference stream. What could be shown if it were used
// after all, by a program that repairs files, is not among them: streams, pages, catalogs.
func (d *diff) allowUnused() error {
	if len(d.pending) == 0 && len(d.deleted) == 0 {
		return nil
	}
	now, err := walkLinks(d.new)
	if err != nil {
		return err
	}
	for _, num := range d.deleted {
		if now.incoming[num] > 0 {
			return deny(attackHide, "object %d was deleted", num)
		}
		d.codes[changeUnused] = true
	}
	for num := range d.pending {
		if d.old.has(num) || now.incoming[num] > 0 {
			continue
		}
		o, err := d.new.byNumber(num)
		if err != nil {
			return err
		}
		if harmless(o) {
			delete(d.pending, num)
			d.codes[changeUnused] = true
		}
	}
	return nil
}

func harmless(o pdf.Object) bool {
	switch o := o.(type) {
	case *pdf.Stream:
		return o.Dict["Type"] == pdf.Name("XRef")
	case pdf.Dict:
		switch o["Type"] {
		case pdf.Name("Catalog"), pdf.Name("Pages"), pdf.Name("Page"), pdf.Name("Sig"):
			return false
		}
		return o["Kids"] == nil && o["Contents"] == nil && o["ByteRange"] == nil
	}
	return true
}
