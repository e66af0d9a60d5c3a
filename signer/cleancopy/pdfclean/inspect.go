package pdfclean

import (
	"context"
	"maps"
	"regexp"
	"slices"

	"sealdesk/signer/pdf"
)

// Inspection is what Inspect found.
type Inspection struct {
	Pages         int
	Signed        bool
	XFA           bool
	HiddenLayers  []string // names of layers that are not shown, or not always
	Annotated     bool     // there is something for a renderer to draw into the pages
	InvisibleText int      // pages with text drawn in the mode that draws nothing
	Findings      []Finding
	Truncated     bool
}

const (
	maxDepth   = 64       // of direct objects within one another; the reader's own bound is lower or near
	maxContent = 64 << 20 // bytes of one content stream looked through for invisible text
)

// Inspect reads the whole file once. Errors are those of package pdf, or the context's.
func Inspect(ctx context.Context, f *pdf.File) (*Inspection, error) {
	catalog, err := f.Catalog()
	if err != nil {
		return nil, err
	}
	i := inspector{ctx: ctx, f: f, layers: map[pdf.Ref]string{}, rights: map[pdf.Ref]bool{}}
	for _, step := range []func(pdf.Dict) error{i.document, i.form, i.pages, i.objects, i.optional} {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if err := step(catalog); err != nil {
			return nil, err
		}
	}
	slices.Sort(i.HiddenLayers)
	i.Findings, i.Truncated = i.found.list, i.found.truncated
	return &i.Inspection, nil
}

type inspector struct {
	Inspection
	ctx    context.Context
	f      *pdf.File
	found  findings
	layers map[pdf.Ref]string
	rights map[pdf.Ref]bool // usage rights, which have a signature's form
}

// document looks at what hangs on catalog and trailer.
func (i *inspector) document(catalog pdf.Dict) error {
	info, err := i.f.Dict(i.f.Trailer()["Info"])
	if err != nil {
		return err
	}
	for _, key := range info.Keys() {
		value, err := i.f.Resolve(info[key])
		if err != nil {
			return err
		}
		if s, ok := value.(pdf.String); ok && s != "" && key != "Producer" && key != "CreationDate" && key != "ModDate" {
			i.found.add(KindProperties, 0, string(key)+": "+s.Text(), 1)
		}
	}
	for _, k := range []struct {
		key  pdf.Name
		kind string
	}{
		{"Metadata", KindMetadata}, {"Outlines", KindBookmarks}, {"Threads", KindBookmarks}, {"StructTreeRoot", KindTags},
		{"PieceInfo", KindPrivate}, {"SpiderInfo", KindPrivate}, {"Collection", KindAttachment},
	} {
		if catalog[k.key] != nil {
			i.found.add(k.kind, 0, "", 1)
		}
	}
	if n := len(i.f.Revisions()) - 1; n > 0 {
		i.found.add(KindRevisions, 0, "", n)
	}
	return nil
}

func (i *inspector) form(catalog pdf.Dict) error {
	form, err := i.f.Dict(catalog["AcroForm"])
	if err != nil {
		return err
	}
	xfa, err := i.f.Resolve(form["XFA"])
	if err != nil {
		return err
	}
	if _, none := xfa.(pdf.Null); xfa != nil && !none {
		i.XFA = true
	}
	perms, err := i.f.Dict(catalog["Perms"])
	if err != nil {
		return err
	}
	i.Signed = perms["DocMDP"] != nil
	for _, key := range []pdf.Name{"UR", "UR3"} { // a program's maker unlocked features with it; nobody signed
		if ref, ok := perms[key].(pdf.Ref); ok {
			i.rights[ref] = true
		}
	}
	return nil
}

func (i *inspector) pages(pdf.Dict) error {
	return i.f.EachPage(func(n int, p pdf.Page) error {
		i.Pages = n
		if p.Dict["Metadata"] != nil {
			i.found.add(KindMetadata, n, "", 1)
		}
		if p.Dict["PieceInfo"] != nil {
			i.found.add(KindPrivate, n, "", 1)
		}
		annots, err := i.f.Array(p.Dict["Annots"])
		if err != nil {
			return err
		}
		for _, o := range annots {
			a, err := i.f.Dict(o)
			if err != nil {
				return err
			}
			if a != nil {
				if err := i.annotation(n, a); err != nil {
					return err
				}
			}
		}
		return i.ctx.Err()
	})
}

func (i *inspector) annotation(page int, a pdf.Dict) error {
	kind, err := i.f.Name(a["Subtype"])
	if err != nil {
		return err
	}
	switch kind {
	case "Link":
		i.found.add(KindLink, page, "", 1)
	case "Popup":
	case "Widget":
		i.Annotated = true
		name, value, err := i.fieldText(a)
		if err != nil {
			return err
		}
		i.found.add(KindFormField, page, name+": "+value, 1)
	default:
		i.Annotated = true
		i.found.add(KindAnnotation, page, string(kind)+": "+i.text(a["Contents"]), 1)
	}
	return nil
}

// fieldText gives a form field's name and value, which may stand with its ancestors.
func (i *inspector) fieldText(a pdf.Dict) (name, value string, err error) {
	for range maxDepth {
		if t := i.text(a["T"]); t != "" && name == "" {
			name = t
		}
		if value == "" {
			value = i.text(a["V"])
		}
		if a["Parent"] == nil {
			break
		}
		if a, err = i.f.Dict(a["Parent"]); err != nil {
			return "", "", err
		}
	}
	return name, value, nil
}

// text reads a string for the report; what is none reads as nothing.
func (i *inspector) text(o pdf.Object) string {
	v, err := i.f.Resolve(o)
	if err != nil {
		return ""
	}
	switch s := v.(type) {
	case pdf.String:
		return s.Text()
	case pdf.Name:
		return string(s)
	}
	return ""
}

// objects looks at every object that the file has, reachable or not: signatures, actions, attachments and layers may
// hang on many places.
func (i *inspector) objects(pdf.Dict) error {
	seen := map[uint32]bool{}
	for _, rev := range i.f.Revisions() {
		for _, e := range rev.Entries {
			if seen[e.Num] {
				continue
			}
			seen[e.Num] = true
			now, _, ok := i.f.Lookup(e.Num)
			if !ok || now.Kind == pdf.Free {
				continue
			}
			if err := i.ctx.Err(); err != nil {
				return err
			}
			o, err := i.f.Resolve(now.Ref())
			if err != nil {
				return err
			}
			if err := i.object(now.Ref(), o, 0); err != nil {
				return err
			}
		}
	}
	return nil
}

func (i *inspector) object(ref pdf.Ref, o pdf.Object, depth int) error {
	if depth > maxDepth {
		return &pdf.Error{Kind: pdf.TooComplex, Detail: "objects nested too deep", Offset: -1}
	}
	switch v := o.(type) {
	case *pdf.Stream:
		if err := i.dict(ref, v.Dict, depth); err != nil {
			return err
		}
		i.content(v)
	case pdf.Dict:
		return i.dict(ref, v, depth)
	case pdf.Array:
		for _, k := range v {
			if err := i.object(pdf.Ref{}, k, depth+1); err != nil {
				return err
			}
		}
	}
	return nil
}

func (i *inspector) dict(ref pdf.Ref, d pdf.Dict, depth int) error {
	kind, err := i.f.Name(d["Type"])
	if err != nil {
		kind = "" // not a name: no type that means anything here
	}
	switch {
	case i.rights[ref]:
	case d["ByteRange"] != nil && d["Contents"] != nil, (kind == "Sig" || kind == "DocTimeStamp") && d["Contents"] != nil:
		i.Signed = true
	case kind == "OCG":
		i.layers[ref] = i.text(d["Name"])
	case kind == "OCMD":
		if policy := i.text(d["P"]); policy == "AllOff" || policy == "AnyOff" || d["VE"] != nil {
			i.HiddenLayers = append(i.HiddenLayers, "")
		}
	case kind == "EmbeddedFile":
		i.found.add(KindAttachment, 0, "", 1)
	case d["EF"] != nil:
		name := i.text(d["UF"])
		if name == "" {
			name = i.text(d["F"])
		}
		i.found.add(KindAttachment, 0, name, 1)
	}
	i.action(d)
	for _, key := range d.Keys() {
		if err := i.object(pdf.Ref{}, d[key], depth+1); err != nil {
			return err
		}
	}
	return nil
}

// actions that reach beyond a jump within the document.
var actions = map[string]pdf.Name{
	"Launch": "F", "GoToR": "F", "GoToE": "F", "SubmitForm": "F", "ImportData": "F", "Rendition": "", "Movie": "", "Sound": "",
	"RichMediaExecute": "", "SetOCGState": "", "ResetForm": "", "Hide": "", "Trans": "", "GoTo3DView": "",
}

func (i *inspector) action(d pdf.Dict) {
	name := i.text(d["S"])
	if name == "JavaScript" || d["JS"] != nil {
		words := i.text(d["JS"])
		if s, err := i.f.Stream(d["JS"]); words == "" && err == nil && s != nil {
			if b, err := i.f.Decode(s, maxContent); err == nil {
				words = string(b[:min(len(b), 4*maxText)])
			}
		}
		i.found.add(KindJavaScript, 0, words, 1)
		return
	}
	if name == "URI" && d["URI"] != nil {
		i.found.add(KindLink, 0, i.text(d["URI"]), 1)
		return
	}
	target, ok := actions[name]
	if !ok || d["Type"] != nil && i.text(d["Type"]) != "Action" {
		return
	}
	i.found.add(KindAction, 0, name+" "+i.text(d[target]), 1)
}

var invisible = regexp.MustCompile(`(?:^|[\s\]\)>])3\s+Tr[\s\[\(<]`)

// content looks for text that is drawn without being seen, as scanners put it under a picture. Streams that cannot be
// decoded here are pictures and fonts, or are found broken by those who draw them.
func (i *inspector) content(s *pdf.Stream) {
	switch i.text(s.Dict["Subtype"]) {
	case "", "Form":
	default:
		return
	}
	if s.Dict["Type"] != nil && i.text(s.Dict["Type"]) != "XObject" || s.Dict["FunctionType"] != nil || s.Dict["Length1"] != nil {
		return
	}
	b, err := i.f.Decode(s, maxContent)
	if err == nil && invisible.Match(b) {
		i.InvisibleText++
	}
}

// optional decides which layers are shown by default, in a viewer and in print (ISO 32000-1, 8.11.4).
func (i *inspector) optional(catalog pdf.Dict) error {
	oc, err := i.f.Dict(catalog["OCProperties"])
	if err != nil || oc == nil {
		return err
	}
	config, err := i.f.Dict(oc["D"])
	if err != nil {
		return err
	}
	off, err := i.refs(config["OFF"])
	if err != nil {
		return err
	}
	on, err := i.refs(config["ON"])
	if err != nil {
		return err
	}
	base := i.text(config["BaseState"])
	for _, ref := range slices.SortedFunc(maps.Keys(i.layers), pdf.Ref.Compare) {
		name := i.layers[ref]
		if off[ref] || base != "" && base != "ON" && !on[ref] || i.switched(ref) {
			i.HiddenLayers = append(i.HiddenLayers, name)
			continue
		}
		i.found.add(KindLayer, 0, name, 1)
	}
	return nil
}

func (i *inspector) refs(o pdf.Object) (map[pdf.Ref]bool, error) {
	list, err := i.f.Array(o)
	if err != nil {
		return nil, err
	}
	set := map[pdf.Ref]bool{}
	for _, k := range list {
		if r, ok := k.(pdf.Ref); ok {
			set[r] = true
		}
	}
	return set, nil
}

// switched tells whether a layer is turned off for a screen or a printer of its own accord.
func (i *inspector) switched(ref pdf.Ref) bool {
	d, err := i.f.Dict(ref)
	if err != nil {
		return true
	}
	usage, err := i.f.Dict(d["Usage"])
	if err != nil {
		return true
	}
	for _, u := range []struct{ use, state pdf.Name }{{"View", "ViewState"}, {"Print", "PrintState"}} {
		if s, err := i.f.Dict(usage[u.use]); err != nil || i.text(s[u.state]) == "OFF" {
			return true
		}
	}
	return false
}
