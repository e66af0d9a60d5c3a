package verify

import (
	"slices"

	"sealdesk/signer/dss"
	"sealdesk/signer/pdf"
)

// Entries of a security store and of what it says of one signature (ISO 32000-2, tables 261 and 262).
var (
	storeKeys = []pdf.Name{"Type", dss.KeyCerts, dss.KeyOCSPs, dss.KeyCRLs, dss.KeyVRI}
	vriKeys   = []pdf.Name{"Type", dss.KeyCert, dss.KeyOCSP, dss.KeyCRL, "TU", "TS"}
)

// allowStore lets a security store be what the standard has, and nothing else. Since it may
// follow any signature, it must not become a place to put other things.
func (d *diff) allowStore(o pdf.Object) error {
	store, err := d.new.Dict(o)
	if err != nil {
		return err
	}
	for k, v := range store {
		switch {
		case !slices.Contains(storeKeys, k):
			return deny(attackSaving, "the validation data has an entry %s", k)
		case k == dss.KeyVRI:
			if err := d.allowVRI(v); err != nil {
				return err
			}
		case k != "Type":
			if err := d.allowStreams(v); err != nil {
				return err
			}
		}
	}
	return nil
}

func (d *diff) allowVRI(o pdf.Object) error {
	vri, err := d.new.Dict(o)
	if err != nil {
		return err
	}
	for _, o := range vri {
		entry, err := d.new.Dict(o)
		if err != nil {
			return err
		}
		for k, v := range entry {
			switch k {
			case "Type", "TU":
			case "TS":
				if err := d.allowStreams(pdf.Array{v}); err != nil {
					return err
				}
			default:
				if !slices.Contains(vriKeys, k) {
					return deny(attackSaving, "the validation data has an entry %s", k)
				}
				if err := d.allowStreams(v); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// allowStreams wants an array of streams that lead nowhere but to their length.
func (d *diff) allowStreams(o pdf.Object) error {
	array, err := d.new.Array(o)
	if err != nil {
		return err
	}
	for _, o := range array {
		ref, ok := o.(pdf.Ref)
		if !ok {
			return deny(attackSaving, "the validation data holds something that is not an object of its own")
		}
		if d.streams[ref.Num] {
			continue
		}
		s, err := d.new.Stream(ref)
		if err != nil {
			return err
		}
		if s == nil {
			return deny(attackSaving, "the validation data refers to object %d, which is not there", ref.Num)
		}
		for k, v := range s.Dict {
			if k != "Length" && len(refs(v, nil)) > 0 {
				return deny(attackSaving, "the validation data leads on to other objects (object %d)", ref.Num)
			}
		}
		d.streams[ref.Num] = true
	}
	return nil
}
