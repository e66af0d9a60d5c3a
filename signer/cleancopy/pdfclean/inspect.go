package pdfclean

import (
	"bytes"
	"context"

	"sealdesk/signer/cleancopy/pdfclean/archive"
	"sealdesk/signer/cleancopy/pdfclean/layers"
	"sealdesk/signer/pdf"
)

// Inspection is what Inspect found.
type Inspection struct {
	Pages     int
	Signed    bool
	XFA       bool
	Disputed  []string        // names of layers that readers may or may not show
	Annotated bool            // there is something for a renderer to draw into the pages
	Unshown   map[int][]int   // by page: which annotations, from 0, belong to layers that are not shown
	Places    map[int][]Place // by page: where annotations and form fields stand
	Findings  []Finding
	Truncated bool
}

// Place is where an annotation stands.
type Place struct {
	Rect  [4]float64 // left, bottom, right, top in user space; empty when it is broken
	Apart bool       // PDFium draws it otherwise than readers print it: a form field, or part of a layer that is not shown
}

const (
	maxDepth   = 64       // of direct objects within one another; the reader's own bound is lower or near
	maxContent = 64 << 20 // decoded bytes of one content stream, of a script that is quoted
)

// Inspect reads the whole file once. Errors are those of package pdf, or the context's.
func Inspect(ctx context.Context, f *pdf.File) (*Inspection, error) {
	catalog, err := f.Catalog()
	if err != nil {
		return nil, err
	}
	shown, err := layers.Read(f)
	if err != nil {
		return nil, err
	}
	i := inspector{ctx: ctx, f: f, layers: shown, rights: map[pdf.Ref]bool{}}
	i.Unshown, i.Places = map[int][]int{}, map[int][]Place{}
	for _, step := range []func(pdf.Dict) error{i.document, i.form, i.pages, i.objects} {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if err := step(catalog); err != nil {
			return nil, err
		}
	}
	i.Disputed = shown.Disputed
	for _, label := range shown.Labels(true) {
		i.found.add(KindLayer, 0, label, 1)
	}
	i.Findings, i.Truncated = i.found.list, i.found.truncated
	return &i.Inspection, nil
}

type inspector struct {
	Inspection
	ctx    context.Context
	f      *pdf.File
	found  findings
	layers *layers.Set
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
			i.found.put(Finding{Kind: KindProperties, Property: string(key), Text: s.Text(), Count: 1})
		}
	}
	for _, k := range []struct {
		key  pdf.Name
		kind string
	}{
		{"Outlines", KindBookmarks}, {"Threads", KindBookmarks}, {"Dests", KindBookmarks}, {"PageLabels", KindBookmarks},
		{"StructTreeRoot", KindTags}, {"SpiderInfo", KindPrivate}, {"Collection", KindAttachment},
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
		if p.Dict["Thumb"] != nil {
			i.found.add(KindThumbnail, n, "", 1)
		}
		annots, err := i.f.Array(p.Dict["Annots"])
		if err != nil {
			return err
		}
		for k, o := range annots {
			a, err := i.f.Dict(o)
			if err != nil {
				return err
			}
			if a == nil {
				continue
			}
			hidden := false
			if a["OC"] != nil {
				_, shown := i.layers.Shown(a["OC"])
				hidden = !shown
			}
			if hidden {
				i.Unshown[n] = append(i.Unshown[n], k)
			}
			if err := i.annotation(n, a, hidden); err != nil {
				return err
			}
		}
		return i.ctx.Err()
	})
}

func (i *inspector) annotation(page int, a pdf.Dict, hidden bool) error {
	kind, err := i.f.Name(a["Subtype"])
	if err != nil {
		return err
	}
	i.Places[page] = append(i.Places[page], Place{Rect: i.rectangle(a["Rect"]), Apart: hidden || kind == "Widget"})
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
	case "Screen", "Movie", "Sound", "3D", "RichMedia":
		i.Annotated = true
		i.found.add(KindMedia, page, string(kind), 1)
	default:
		i.Annotated = true
		i.found.add(KindAnnotation, page, string(kind)+": "+i.text(a["Contents"]), 1)
	}
	return nil
}

// rectangle reads a rectangle; one that is broken is empty.
func (i *inspector) rectangle(o pdf.Object) (r [4]float64) {
	list, err := i.f.Array(o)
	if err != nil || len(list) != 4 {
		return r
	}
	for k, o := range list {
		if r[k], err = i.f.Number(o); err != nil {
			return [4]float64{}
		}
	}
	return [4]float64{min(r[0], r[2]), min(r[1], r[3]), max(r[0], r[2]), max(r[1], r[3])}
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
		return i.dict(ref, v.Dict, depth)
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
	case d["ByteRange"] != nil, kind == "Sig", kind == "DocTimeStamp": // whatever it lacks, it is not ours to take out
		i.Signed = true
	case kind == "EmbeddedFile":
		i.found.add(KindAttachment, 0, "", 1)
	case d["EF"] != nil:
		name := i.text(d["UF"])
		if name == "" {
			name = i.text(d["F"])
		}
		i.found.add(KindAttachment, 0, name, 1)
	}
	i.beside(d)
	i.action(d)
	for _, key := range d.Keys() {
		if err := i.object(pdf.Ref{}, d[key], depth+1); err != nil {
			return err
		}
	}
	return nil
}

// beside notes what may hang on any object without being drawn.
func (i *inspector) beside(d pdf.Dict) {
	if d["Metadata"] != nil && !i.ours(d["Metadata"]) {
		i.found.add(KindMetadata, 0, "", 1)
	}
	if d["PieceInfo"] != nil {
		i.found.add(KindPrivate, 0, "", 1)
	}
	if d["Alternates"] != nil || d["OPI"] != nil {
		i.found.add(KindAlternate, 0, "", 1)
	}
	if i.text(d["Subtype"]) == "PS" && i.text(d["Type"]) != "Font" {
		i.found.add(KindPostScript, 0, "", 1)
	}
}

// ours tells whether metadata is what a clean copy says of itself.
func (i *inspector) ours(o pdf.Object) bool {
	s, err := i.f.Stream(o)
	if err != nil || s == nil || s.Length > 1<<12 {
		return false
	}
	b, err := i.f.Decode(s, 1<<12)
	return err == nil && bytes.Equal(b, archive.Metadata())
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
