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
}

// edges are the special entries, where nothing visible begins.
var edges = []pdf.Name{"Metadata", "DSS", "PieceInfo", "StructTreeRoot"} // of the catalog; the trailer's Info is another

func walkLinks(v *view) (*links, error) {
	l := &links{incoming: map[uint32]int{}, missing: map[uint32]bool{}, containers: v.containers(), own: map[string]map[uint32]bool{}, shared: map[uint32]bool{}}
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
		o, err := v.byNumber(num)
		if err != nil { // nor can what it keeps be read, where that is asked for
			continue
		}
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
	ways := map[uint32]int{}
	for _, seen := range l.own {
		for num := range seen {
			ways[num]++
		}
	}
	for _, seen := range l.own {
		maps.DeleteFunc(seen, func(num uint32, _ bool) bool { return ways[num] > 1 })
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
	queue := refs(o, nil)
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
		o, err := v.Resolve(ref)
		if err != nil {
			return err
		}
		queue = refs(o, queue)
	}
	return nil
}

// refs appends the references inside o, streams' dictionaries included.
func refs(o pdf.Object, out []pdf.Ref) []pdf.Ref {
	switch o := o.(type) {
	case pdf.Ref:
		out = append(out, o)
	case pdf.Array:
		for _, e := range o {
			out = refs(e, out)
		}
	case pdf.Dict:
		for _, e := range o {
			out = refs(e, out)
		}
	case *pdf.Stream:
		out = refs(o.Dict, out)
	}
	return out
}
