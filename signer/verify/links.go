package verify

import (
	"maps"
	"slices"

	"sealdesk/signer/pdf"
)

// links is who refers to whom in one revision, seen from the trailer.
type links struct {
	incoming map[uint32]int  // how many references lead to an object
	missing  map[uint32]bool // referred to, but not there
	// containers are the object streams. They are read without anything leading to them, as is what they need to be read.
	containers map[uint32]bool
	// own[edge] are the objects that only one special entry leads to: the
	// information dictionary, the metadata stream, the validation data, programs'
	// private data, the tags. They may change, since nothing that is shown hangs on them.
	own map[string]map[uint32]bool

	shared map[uint32]bool // what is reached without those entries
	drawn  map[uint32]bool // what is reached without the outlines, too: it may be shown
	// named are the elements of the structure tree that links lead to (ISO 32000-2, 12.3.2.3), and what these consist of, which is
	// where the link ends; they are not drawn for that. arrays are the objects that name them.
	named, arrays map[uint32]bool
}

// edges are the special entries, where nothing visible begins.
var edges = []pdf.Name{"Metadata", "DSS", "PieceInfo", "StructTreeRoot"} // of the catalog; the trailer's Info is another

func walkLinks(v *view) (*links, error) {
	l := &links{incoming: map[uint32]int{}, missing: map[uint32]bool{}, containers: v.containers(), own: map[string]map[uint32]bool{},
		shared: map[uint32]bool{}, named: map[uint32]bool{}, arrays: map[uint32]bool{}}
	root, err := v.Catalog()
	if err != nil {
		return nil, err
	}
	trailer := v.Trailer()
	rest := pdf.Dict{}
	for k, o := range root {
		if !slices.Contains(edges, k) && k != "Outlines" {
			rest[k] = o
		}
	}
	seen := map[uint32]bool{}
	if ref, ok := trailer["Root"].(pdf.Ref); ok {
		seen[ref.Num] = true
		l.incoming[ref.Num]++
	}
	if err := l.visit(v, rest, seen); err != nil {
		return nil, err
	}
	for num := range l.containers {
		o, _ := v.byNumber(num) // one that cannot be read is missed where something in it is asked for
		if err := l.visit(v, o, seen); err != nil {
			return nil, err
		}
	}
	l.drawn = maps.Clone(seen)
	if err := l.visit(v, root["Outlines"], seen); err != nil {
		return nil, err
	}
	l.shared = seen
	special := map[string]pdf.Object{"Info": trailer["Info"]}
	for _, e := range edges {
		special[string(e)] = root[e]
	}
	for name, o := range special {
		seen := map[uint32]bool{}
		if err := l.visit(v, o, seen); err != nil {
			return nil, err
		}
		l.own[name] = seen
	}
	if err := l.descend(v); err != nil {
		return nil, err
	}
	ways := map[uint32]int{}
	for _, seen := range l.own {
		for num := range seen {
			ways[num]++
		}
	}
	for name, seen := range l.own {
		maps.DeleteFunc(seen, func(num uint32, _ bool) bool {
			return ways[num] > 1 || l.arrays[num] || l.named[num] && name != "StructTreeRoot"
		})
	}
	return l, nil
}

// containers are the numbers of the object streams that entries of any revision name.
func (v *view) containers() map[uint32]bool {
	out := map[uint32]bool{}
	for _, rev := range v.Revisions() {
		for _, e := range rev.Entries {
			if num := uint32(e.Offset); e.Kind == pdf.Compressed && !out[num] && v.has(num) {
				out[num] = true
			}
		}
	}
	return out
}

// visit counts all references that o leads to. seen are the objects whose own
// references were counted; those in shared were counted before.
func (l *links) visit(v *view, o pdf.Object, seen map[uint32]bool) error {
	but := func(d pdf.Dict, k pdf.Name, e pdf.Object) ([]pdf.Ref, bool) { return l.leads(v, d, k, e) }
	queue := refsBut(o, nil, but)
	for len(queue) > 0 {
		ref := queue[len(queue)-1]
		queue = queue[:len(queue)-1]
		l.incoming[ref.Num]++
		if seen[ref.Num] || l.shared[ref.Num] {
			continue
		}
		seen[ref.Num] = true
		if !v.has(ref.Num) {
			l.missing[ref.Num] = true
			continue
		}
		o, err := v.byNumber(ref.Num) // some viewers do not look at the generation
		if err != nil {
			return err
		}
		queue = refsBut(o, queue, but)
	}
	return nil
}

// leads says whether an entry is a link's destination in the structure tree. Of its array only the element is not followed.
func (l *links) leads(v *view, of pdf.Dict, key pdf.Name, o pdf.Object) (rest []pdf.Ref, ok bool) {
	if key != "SD" || of["S"] != pdf.Name("GoTo") && of["D"] == nil {
		return nil, false
	}
	array, err := v.Array(o)
	if err != nil || len(array) == 0 {
		return nil, false
	}
	ref, _ := array[0].(pdf.Ref)
	element, err := v.Resolve(ref)
	d, _ := element.(pdf.Dict)
	_, role := d["S"].(pdf.Name)
	_, below := d["P"].(pdf.Ref)
	if err != nil || !role || !below {
		return nil, false
	}
	l.named[ref.Num] = true
	l.incoming[ref.Num]++
	if own, ok := o.(pdf.Ref); ok {
		l.incoming[own.Num]++
		l.arrays[own.Num] = true
	}
	return refs(array[1:], nil), true
}

// descend adds to the named elements what they consist of.
func (l *links) descend(v *view) error {
	queue := slices.Collect(maps.Keys(l.named))
	for len(queue) > 0 {
		num := queue[len(queue)-1]
		queue = queue[:len(queue)-1]
		o, err := v.byNumber(num)
		if err != nil {
			return err
		}
		for _, ref := range refs(kidsOf(o), nil) {
			if !l.named[ref.Num] {
				l.named[ref.Num] = true
				queue = append(queue, ref.Num)
			}
		}
	}
	return nil
}

// refs appends the references inside o, streams' dictionaries included.
func refs(o pdf.Object, out []pdf.Ref) []pdf.Ref { return refsBut(o, out, nil) }

// refsBut does so with other references in the place of some entries of dictionaries.
func refsBut(o pdf.Object, out []pdf.Ref, but func(of pdf.Dict, key pdf.Name, o pdf.Object) ([]pdf.Ref, bool)) []pdf.Ref {
	switch o := o.(type) {
	case pdf.Ref:
		out = append(out, o)
	case pdf.Array:
		for _, e := range o {
			out = refsBut(e, out, but)
		}
	case pdf.Dict:
		for k, e := range o {
			if but != nil {
				if others, ok := but(o, k, e); ok {
					out = append(out, others...)
					continue
				}
			}
			out = refsBut(e, out, but)
		}
	case *pdf.Stream:
		out = refsBut(o.Dict, out, but)
	}
	return out
}
