package verify

import (
	"slices"

	"sealdesk/signer/pdf"
)

// owners tells which fields an object of the form is a part of: by the Kids that lead to it and by the Parents that it names.
// Honest forms say the same both ways; where one does not, viewers differ, and the object is a part of all of them.
type owners map[uint32][]owner

// owner is a field.
type owner struct {
	num        uint32
	name, kind string
}

func (o owners) add(num uint32, by owner) {
	if by.kind != "" && !slices.Contains(o[num], by) {
		o[num] = append(o[num], by)
	}
}

// ownersOf are the fields that an object of the old form is a part of.
func (d *diff) ownersOf(num uint32) ([]owner, error) {
	if d.owners == nil {
		var err error
		if d.owners, err = findOwners(d.old, d.fields); err != nil {
			return nil, err
		}
	}
	return d.owners[num], nil
}

// findOwners finds the owners of the objects of fields, and of what these inherit from.
func findOwners(v *view, fields []field) (owners, error) {
	out := owners{}
	for _, f := range fields {
		for _, num := range append([]uint32{f.num}, f.widgets...) {
			if num == 0 {
				continue
			}
			chain, named, err := climb(v, num)
			if err != nil {
				return nil, err
			}
			for _, n := range chain {
				if f.name != "" || named.num == 0 {
					out.add(n, owner{f.num, f.name, f.kind})
				}
				if named.num != 0 {
					out.add(n, named)
				}
			}
		}
	}
	return out, nil
}

// climb follows Parent from an object to the top: the objects on the way, and the first that has a name, with its name in full
// and what kind of field the object is by them; none has number 0.
func climb(v *view, num uint32) (chain []uint32, named owner, err error) {
	o, err := v.byNumber(num)
	if err != nil {
		return nil, named, err
	}
	chain = []uint32{num}
	d, _ := o.(pdf.Dict)
	for depth := 0; d != nil; depth++ {
		if depth > maxFieldDepth {
			return nil, named, malformed("the parents of a field lead in a circle, or too deep")
		}
		if t, err := v.String(d["T"]); err == nil && t != "" {
			if named.num == 0 {
				named.num, named.name = chain[len(chain)-1], t.Text()
			} else {
				named.name = t.Text() + "." + named.name
			}
		}
		if kind, err := v.Name(d["FT"]); err == nil && named.kind == "" {
			named.kind = string(kind)
		}
		if ref, ok := d["Parent"].(pdf.Ref); ok {
			chain = append(chain, ref.Num)
		}
		if d, err = v.Dict(d["Parent"]); err != nil {
			return nil, named, err
		}
	}
	return chain, named, nil
}
