package verify

import "sealdesk/signer/pdf"

// allowCatalog lets the catalog gain a form, validation data, metadata and
// extensions. Everything else in it steers what is shown or run.
func (d *diff) allowCatalog() error {
	a, err := d.old.Catalog()
	if err != nil {
		return err
	}
	b, err := d.new.Catalog()
	if err != nil {
		return err
	}
	for _, k := range changedKeys(a, b) {
		switch k {
		case "AcroForm", "Metadata", "DSS", "PieceInfo":
			// judged by their own rules
		case "Version":
			if _, ok := b[k].(pdf.Name); !ok {
				return deny(attackSaving, "the catalog's Version was removed")
			}
		case "Extensions":
			if err := d.allowExtensions(a[k], b[k]); err != nil {
				return err
			}
		default:
			return deny(attackSaving, "the catalog's %s was changed", k)
		}
	}
	if root, ok := d.new.Trailer()["Root"].(pdf.Ref); ok {
		delete(d.pending, root.Num)
	}
	return nil
}

// allowExtensions lets extensions be added, and their level be raised
// (ISO 32000-1, 7.12): they tell which standards a file follows.
func (d *diff) allowExtensions(a, b pdf.Object) error {
	wrong := deny(attackSaving, "the catalog's Extensions was changed")
	b, err := d.replaceable(a, b, "catalog's Extensions")
	if err != nil {
		return err
	}
	was, err := d.old.Dict(a)
	if err != nil {
		return wrong
	}
	is, err := d.new.Dict(b)
	if err != nil || is == nil {
		return wrong
	}
	for _, k := range changedKeys(was, is) {
		x, _ := was[k].(pdf.Dict)
		y, isDict := is[k].(pdf.Dict)
		before, _ := x["ExtensionLevel"].(pdf.Integer)
		after, _ := y["ExtensionLevel"].(pdf.Integer)
		if _, had := was[k]; had && (!isDict || after < before) || is[k] == nil || len(refs(is[k], nil)) != 0 {
			return wrong
		}
	}
	return nil
}

// allowOwned lets the information dictionary, the metadata and the validation
// data change, with all that only they lead to.
func (d *diff) allowOwned() error {
	b, err := d.new.Catalog()
	if err != nil {
		return err
	}
	for _, edge := range []struct {
		name  string
		value pdf.Object
		code  string
	}{
		{"Info", d.new.Trailer()["Info"], changeMetadata},
		{"Metadata", b["Metadata"], changeMetadata},
		{"PieceInfo", b["PieceInfo"], changeMetadata},
		{"DSS", b["DSS"], changeValidation},
	} {
		before := len(d.pending)
		if err := d.claim(edge.value); err != nil {
			return err
		}
		for num := range d.links.own[edge.name] {
			if !d.pending[num] || !d.old.has(num) {
				continue
			}
			delete(d.pending, num)
			o, err := d.new.byNumber(num)
			if err != nil {
				return err
			}
			if err := d.claim(o); err != nil {
				return err
			}
		}
		if len(d.pending) < before {
			d.codes[edge.code] = true
		}
	}
	if d.codes[changeValidation] {
		return d.allowStore(b["DSS"])
	}
	return nil
}
