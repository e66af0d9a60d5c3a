package pdfclean

import (
	"cmp"
	"maps"
	"slices"

	"sealdesk/signer/cleancopy/pdfclean/content"
	"sealdesk/signer/pdf"
)

// pageContents writes a page's content streams as one, and the resources that it still asks for.
func (b *builder) pageContents(p pdf.Page, d pdf.Dict) error {
	o, err := b.f.Resolve(p.Dict["Contents"])
	if err != nil {
		return err
	}
	list, ok := o.(pdf.Array)
	if !ok {
		list = pdf.Array{o}
	}
	var data []byte
	for _, o := range list {
		s, err := b.f.Stream(o)
		if err != nil {
			return err
		}
		if s == nil {
			if p.Dict["Contents"] != nil {
				b.built.Missing++
			}
			continue
		}
		part, err := b.f.Decode(s, maxContent-int64(len(data)))
		if err != nil {
			return err
		}
		data = append(append(data, part...), '\n') // the parts need not end between operators, but tokens do (7.8.2)
	}
	data, uses, err := b.filter(data, b.inherited, 0)
	if err != nil {
		return err
	}
	if d["Resources"], err = b.resources(b.inherited, uses); err != nil {
		return err
	}
	ref := b.out.number()
	b.out.putStream(ref.Num, pdf.Dict{}, data)
	d["Contents"] = ref
	return nil
}

// drawn writes a form or a pattern's cell; d is its new dictionary.
func (b *builder) drawn(number uint32, s *pdf.Stream, d pdf.Dict, e errand) error {
	data, err := b.f.Decode(s, maxContent)
	if err != nil {
		return err
	}
	resources, err := b.f.Dict(s.Dict["Resources"])
	if err != nil {
		return err
	}
	if resources == nil {
		resources = b.inherited
	}
	data, uses, err := b.filter(data, resources, e.mode)
	if err != nil {
		return err
	}
	if d["Resources"], err = b.resources(resources, uses); err != nil {
		return err
	}
	delete(d, "DecodeParms")
	b.out.putStream(number, d, data)
	return nil
}

// glyphs writes the glyphs of a Type 3 font, and what they ask for together.
func (b *builder) glyphs(d, out pdf.Dict) error {
	procs, err := b.f.Dict(d["CharProcs"])
	if err != nil {
		return err
	}
	resources, err := b.f.Dict(d["Resources"])
	if err != nil {
		return err
	}
	if resources == nil {
		resources = b.inherited
	}
	all, written := map[content.Use]bool{}, pdf.Dict{}
	for _, key := range procs.Keys() {
		s, err := b.f.Stream(procs[key])
		if err != nil {
			return err
		}
		if s == nil {
			continue
		}
		data, err := b.f.Decode(s, maxContent)
		if err != nil {
			return err
		}
		data, uses, err := b.filter(data, resources, 0)
		if err != nil {
			return err
		}
		maps.Copy(all, uses)
		ref := b.out.number()
		b.out.putStream(ref.Num, pdf.Dict{}, data)
		written[key] = ref
	}
	out["CharProcs"] = written
	out["Resources"], err = b.resources(resources, all)
	return err
}

// filter writes operators anew and notes what was left out of the page that is being written.
func (b *builder) filter(data []byte, resources pdf.Dict, mode int) ([]byte, map[content.Use]bool, error) {
	if err := b.ctx.Err(); err != nil {
		return nil, nil, err
	}
	n := named{b: b, resources: resources}
	r, err := content.Filter(data, &n, content.Options{Mode: mode, KeepInvisible: b.KeepInvisible})
	if err != nil {
		return nil, nil, err
	}
	b.built.Missing += n.missing
	last := &b.built.Removed[len(b.built.Removed)-1]
	last.Invisible += r.Invisible
	for label, count := range r.Hidden {
		last.Layers[label] += count
	}
	return r.Data, r.Uses, nil
}

// shapes of what the categories of a resource dictionary hold (table 33).
var categories = map[pdf.Name]*shape{
	"ExtGState": graphics, "ColorSpace": anything, "Pattern": pattern, "Shading": anything, "XObject": xobject, "Font": font,
}

// standardSpaces are asked for by any device colour (8.6.5.6).
var standardSpaces = []pdf.Name{"DefaultGray", "DefaultRGB", "DefaultCMYK"}

// resources copies what is asked for out of a resource dictionary.
func (b *builder) resources(from pdf.Dict, uses map[content.Use]bool) (pdf.Dict, error) {
	out := pdf.Dict{}
	spaces, err := b.f.Dict(from["ColorSpace"])
	if err != nil {
		return nil, err
	}
	for _, n := range standardSpaces {
		if spaces[n] != nil {
			uses[content.Use{Category: "ColorSpace", Name: n, As: n}] = true
		}
	}
	for _, u := range slices.SortedFunc(maps.Keys(uses), func(x, y content.Use) int {
		return cmp.Or(cmp.Compare(x.Category, y.Category), cmp.Compare(x.As, y.As))
	}) {
		category, err := b.f.Dict(from[u.Category])
		if err != nil {
			return nil, err
		}
		o, err := b.resource(category[u.Name], u)
		if err != nil {
			return nil, err
		}
		if o == nil {
			continue
		}
		if out[u.Category] == nil {
			out[u.Category] = pdf.Dict{}
		}
		out[u.Category].(pdf.Dict)[u.As] = o
	}
	return out, nil
}

func (b *builder) resource(o pdf.Object, u content.Use) (pdf.Object, error) {
	v, err := b.f.Resolve(o)
	if err != nil {
		return nil, err
	}
	if _, none := v.(pdf.Null); none {
		if u.Category != "ColorSpace" { // whose names may be a reader's own
			b.built.Missing++
		}
		return nil, nil
	}
	as := categories[u.Category]
	if ref, indirect := o.(pdf.Ref); indirect {
		return b.reference(ref, as, u.Mode)
	}
	return b.object(o, as, 0)
}

// named answers content.Filter out of a resource dictionary.
type named struct {
	b         *builder
	resources pdf.Dict
	known     map[pdf.Name]content.XObject
	missing   int
}

func (n *named) entry(category, name pdf.Name) pdf.Object {
	d, err := n.b.f.Dict(n.resources[category])
	if err != nil {
		return nil
	}
	return d[name]
}

func (n *named) Layer(property pdf.Name) (string, bool) {
	label, shown := n.b.layers.Shown(n.entry("Properties", property))
	return label, shown || n.b.KeepLayers
}

func (n *named) XObject(name pdf.Name) content.XObject {
	if x, ok := n.known[name]; ok {
		return x
	}
	x := n.xobject(name)
	if n.known == nil {
		n.known = map[pdf.Name]content.XObject{}
	}
	n.known[name] = x
	return x
}

func (n *named) xobject(name pdf.Name) (x content.XObject) {
	s, err := n.b.f.Stream(n.entry("XObject", name))
	if err != nil || s == nil {
		n.missing++
		return x
	}
	switch subtype, _ := n.b.f.Name(s.Dict["Subtype"]); subtype {
	case "Form":
		x.Kind = content.Form
	case "Image":
		x.Kind = content.Image
	}
	if oc := s.Dict["OC"]; oc != nil {
		label, shown := n.b.layers.Shown(oc)
		x.Label, x.Hidden = label, !shown && !n.b.KeepLayers
	}
	return x
}

func (n *named) Font(name pdf.Name) content.Font {
	o := n.entry("Font", name)
	ref, indirect := o.(pdf.Ref)
	if m := n.b.fonts[ref]; indirect && m != nil {
		return m
	}
	d, err := n.b.f.Dict(o)
	if err != nil || d == nil {
		return nil
	}
	m := measure(n.b.f, d)
	if indirect {
		n.b.fonts[ref] = m
	}
	return m
}
