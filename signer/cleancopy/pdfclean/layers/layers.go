package layers

import (
	"slices"

	"sealdesk/signer/pdf"
)

// Bounds.
const (
	maxGroups     = 1 << 16
	maxExpression = 32 // operators within one another; more is not shown
	maxMembers    = 4096
	maxOperands   = 1 << 14 // of all operators of an expression, which may share some; more is not shown
)

// Set is a document's layers.
type Set struct {
	f        *pdf.File
	groups   map[pdf.Ref]group
	Disputed []string // names of layers that readers may or may not show, sorted
}

type group struct {
	label string
	shown bool
}

// Read finds the layers of a document. Errors are those of package pdf.
func Read(f *pdf.File) (*Set, error) {
	s := &Set{f: f, groups: map[pdf.Ref]group{}}
	catalog, err := f.Catalog()
	if err != nil {
		return nil, err
	}
	properties, err := f.Dict(catalog["OCProperties"])
	if err != nil || properties == nil {
		return s, err
	}
	config, err := f.Dict(properties["D"])
	if err != nil {
		return nil, err
	}
	listed, err := refs(f, properties["OCGs"])
	if err != nil {
		return nil, err
	}
	on, err := refs(f, config["ON"])
	if err != nil {
		return nil, err
	}
	off, err := refs(f, config["OFF"])
	if err != nil {
		return nil, err
	}
	automatic, err := s.automatic(config["AS"])
	if err != nil {
		return nil, err
	}
	base := s.text(config["BaseState"]) != "OFF"
	all := slices.Concat(listed, on, off)
	if len(all) > maxGroups {
		return nil, &pdf.Error{Kind: pdf.TooComplex, Detail: "too many layers", Offset: -1}
	}
	inOn, inOff, inList := set(on), set(off), set(listed)
	for _, ref := range all {
		if _, twice := s.groups[ref]; twice {
			continue
		}
		d, err := f.Dict(ref)
		if err != nil {
			return nil, err
		}
		state := base
		switch {
		case inOff[ref]:
			state = false
		case inOn[ref]:
			state = true
		}
		usage, has, err := s.usage(d)
		if err != nil {
			return nil, err
		}
		// The standard heeds the usage only when the configuration asks for it; some readers always do, some never.
		g := group{label: s.text(d["Name"]), shown: state}
		if has && automatic[ref] {
			g.shown = usage
		}
		if has && usage != g.shown || !inList[ref] && !g.shown {
			s.Disputed = append(s.Disputed, g.label)
		}
		s.groups[ref] = g
	}
	slices.Sort(s.Disputed)
	return s, nil
}

func refs(f *pdf.File, o pdf.Object) ([]pdf.Ref, error) {
	list, err := f.Array(o)
	if err != nil {
		return nil, err
	}
	var out []pdf.Ref
	for _, k := range list {
		if r, ok := k.(pdf.Ref); ok {
			out = append(out, r)
		}
	}
	return out, nil
}

func set(list []pdf.Ref) map[pdf.Ref]bool {
	m := make(map[pdf.Ref]bool, len(list))
	for _, r := range list {
		m[r] = true
	}
	return m
}

// automatic gives the layers that are switched by their usage when the document is printed (8.11.4.4).
func (s *Set) automatic(o pdf.Object) (map[pdf.Ref]bool, error) {
	list, err := s.f.Array(o)
	if err != nil {
		return nil, err
	}
	out := map[pdf.Ref]bool{}
	for _, o := range list {
		d, err := s.f.Dict(o)
		if err != nil {
			return nil, err
		}
		if s.text(d["Event"]) != "Print" {
			continue
		}
		groups, err := refs(s.f, d["OCGs"])
		if err != nil {
			return nil, err
		}
		for _, r := range groups {
			out[r] = true
		}
	}
	return out, nil
}

// usage gives what a layer's usage says of printing, or else of viewing.
func (s *Set) usage(d pdf.Dict) (shown, has bool, err error) {
	usage, err := s.f.Dict(d["Usage"])
	if err != nil {
		return false, false, err
	}
	for _, u := range []struct{ use, state pdf.Name }{{"Print", "PrintState"}, {"View", "ViewState"}} {
		use, err := s.f.Dict(usage[u.use])
		if err != nil {
			return false, false, err
		}
		if state := s.text(use[u.state]); state != "" {
			return state != "OFF", true, nil
		}
	}
	return false, false, nil
}

func (s *Set) text(o pdf.Object) string {
	v, err := s.f.Resolve(o)
	if err != nil {
		return ""
	}
	switch v := v.(type) {
	case pdf.Name:
		return string(v)
	case pdf.String:
		return v.Text()
	}
	return ""
}

// Labels gives the names of all layers that are shown, or of all that are not, sorted.
func (s *Set) Labels(shown bool) []string {
	var out []string
	for _, g := range s.groups {
		if g.shown == shown {
			out = append(out, g.label)
		}
	}
	slices.Sort(out)
	return out
}

// Shown tells whether what carries the entry /OC o is shown, and the name of the layer that it belongs to: o is a layer or
// a membership (8.11.2). What is neither hides nothing.
func (s *Set) Shown(o pdf.Object) (label string, shown bool) {
	if ref, ok := o.(pdf.Ref); ok {
		if g, ok := s.groups[ref]; ok {
			return g.label, g.shown
		}
	}
	d, err := s.f.Dict(o)
	if err != nil || s.text(d["Type"]) != "OCMD" {
		return "", true
	}
	members, err := s.members(d["OCGs"])
	if err != nil {
		return "", true
	}
	for _, m := range members {
		if g := s.groups[m]; !g.shown {
			label = g.label
			break
		}
	}
	if label == "" && len(members) > 0 {
		label = s.groups[members[0]].label
	}
	if e, err := s.f.Array(d["VE"]); err == nil && len(e) > 0 {
		left := maxOperands
		return label, s.expression(e, 0, &left) && left >= 0
	}
	return label, s.policy(s.text(d["P"]), members)
}

// members gives the layers of a membership, which may be one or a list. Those that are none count for nothing.
func (s *Set) members(o pdf.Object) ([]pdf.Ref, error) {
	if ref, ok := o.(pdf.Ref); ok {
		if _, ok := s.groups[ref]; ok {
			return []pdf.Ref{ref}, nil
		}
		if v, err := s.f.Resolve(ref); err != nil {
			return nil, err
		} else if _, list := v.(pdf.Array); !list {
			return nil, nil
		}
	}
	list, err := refs(s.f, o)
	if err != nil {
		return nil, err
	}
	var out []pdf.Ref
	for _, r := range list {
		if _, ok := s.groups[r]; ok && len(out) < maxMembers {
			out = append(out, r)
		}
	}
	return out, nil
}

func (s *Set) policy(p string, members []pdf.Ref) bool {
	if len(members) == 0 {
		return true
	}
	on := 0
	for _, m := range members {
		if s.groups[m].shown {
			on++
		}
	}
	switch p {
	case "AllOn":
		return on == len(members)
	case "AnyOff":
		return on < len(members)
	case "AllOff":
		return on == 0
	}
	return on > 0
}

// expression evaluates a visibility expression: /And, /Or or /Not and its operands, of which so many are left to look at.
func (s *Set) expression(e pdf.Array, depth int, left *int) bool {
	if depth > maxExpression || len(e) > maxMembers {
		return false
	}
	op := s.text(e[0])
	result := op == "And"
	for _, o := range e[1:] {
		if *left--; *left < 0 {
			return false
		}
		v := s.operand(o, depth, left)
		switch op {
		case "Not":
			return !v
		case "And":
			result = result && v
		case "Or":
			result = result || v
		}
		if op == "And" && !result || op == "Or" && result {
			return result // what follows cannot change it
		}
	}
	return result
}

func (s *Set) operand(o pdf.Object, depth int, left *int) bool {
	if ref, ok := o.(pdf.Ref); ok {
		if g, ok := s.groups[ref]; ok {
			return g.shown
		}
	}
	e, err := s.f.Array(o)
	if err != nil || len(e) == 0 {
		return true
	}
	return s.expression(e, depth+1, left)
}
