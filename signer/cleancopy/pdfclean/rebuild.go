package pdfclean

import (
	"bytes"
	"context"
	"errors"
	"io"
	"slices"

	"sealdesk/signer/cleancopy/jpegmeta"
	"sealdesk/signer/cleancopy/pdfclean/archive"
	"sealdesk/signer/cleancopy/pdfclean/layers"
	"sealdesk/signer/pdf"
)

// Options of Rebuild.
type Options struct {
	// Archive says in the file that it is PDF/A-2b, and gives it the output intent that it needs: sRGB, or the old file's own
	// where it has one and KeepIntent is set. Whether that is true package archive tells.
	Archive, KeepIntent bool
	// KeepLayers and KeepInvisible leave in the pages what is otherwise taken out, so that its words can be looked at.
	KeepLayers, KeepInvisible bool
}

// Removal is what was left out of a page, of what it draws itself or by forms. A form that several pages draw counts for
// the first.
type Removal struct {
	Page      int            // from 1
	Layers    map[string]int // by the name of a layer that is not shown: things drawn in it
	Invisible int            // pieces of text in a rendering mode that draws nothing
}

// Built tells what became of a file.
type Built struct {
	Removed []Removal // in the order of pages
	Missing int       // things that pages draw with and that the file lacks
	// PictureData counts pictures that lost what was written beside them.
	PictureData int
}

// Rebuild writes a new file with the pages of f. Errors are those of package pdf, of w, or the context's.
func Rebuild(ctx context.Context, f *pdf.File, w io.Writer, o Options) (*Built, error) {
	catalog, err := f.Catalog()
	if err != nil {
		return nil, err
	}
	shown, err := layers.Read(f)
	if err != nil {
		return nil, err
	}
	b := builder{Options: o, ctx: ctx, f: f, layers: shown, out: newOutput(w), numbers: map[errand]pdf.Ref{}, fonts: map[pdf.Ref]*metrics{}}
	if err := b.document(catalog); err != nil {
		return nil, err
	}
	return &b.built, b.out.finish()
}

type builder struct {
	Options
	ctx     context.Context
	f       *pdf.File
	layers  *layers.Set
	out     *output
	built   Built
	numbers map[errand]pdf.Ref
	todo    []errand
	fonts   map[pdf.Ref]*metrics

	number    int      // of the page that is being written, from 1
	inherited pdf.Dict // its resources, which forms without their own draw with
}

// errand is an object of the old file that is to be copied: what it is taken for, the text rendering mode that it begins
// with, and the page whose resources it draws with, 0 where it has its own. Each way of using it gets a copy of its own.
type errand struct {
	old  pdf.Ref
	as   *shape
	mode int
	page int
}

func (b *builder) document(catalog pdf.Dict) error {
	root := pdf.Dict{"Type": pdf.Name("Catalog"), "Pages": pdf.Ref{Num: pagesNumber}}
	if lang, err := b.f.String(catalog["Lang"]); err == nil && lang != "" {
		root["Lang"] = lang
	}
	var kids pdf.Array
	err := b.f.EachPage(func(n int, p pdf.Page) error {
		ref, err := b.page(n, p)
		kids = append(kids, ref)
		return err
	})
	if err != nil {
		return err
	}
	if b.Archive {
		if err := b.archive(catalog, root); err != nil {
			return err
		}
	}
	b.out.put(rootNumber, root)
	b.out.put(pagesNumber, pdf.Dict{"Type": pdf.Name("Pages"), "Kids": kids, "Count": pdf.Integer(len(kids))})
	return nil
}

// archive adds what PDF/A-2b asks of the catalog: the metadata that says so, and what colours are meant.
func (b *builder) archive(catalog, root pdf.Dict) error {
	meta := b.out.number()
	b.out.putStream(meta.Num, pdf.Dict{"Type": pdf.Name("Metadata"), "Subtype": pdf.Name("XML")}, archive.Metadata())
	root["Metadata"] = meta
	intent := pdf.Dict{"Type": pdf.Name("OutputIntent"), "S": pdf.Name("GTS_PDFA1"), "OutputConditionIdentifier": pdf.String("Custom")}
	old, err := b.intent(catalog)
	if err != nil {
		return err
	}
	if old != nil && b.KeepIntent {
		if intent["DestOutputProfile"], err = b.object(old, profile, 0); err == nil {
			err = b.drain()
		}
		if err != nil {
			return err
		}
	} else {
		ref := b.out.number()
		b.out.putStream(ref.Num, pdf.Dict{"N": pdf.Integer(3)}, archive.Profile())
		intent["DestOutputProfile"], intent["OutputConditionIdentifier"] = ref, pdf.String("sRGB")
	}
	ref := b.out.number()
	b.out.put(ref.Num, intent)
	root["OutputIntents"] = pdf.Array{ref}
	return nil
}

// intent gives the profile of the old file's output intent for PDF/A, nil when it has none.
func (b *builder) intent(catalog pdf.Dict) (pdf.Object, error) {
	list, err := b.f.Array(catalog["OutputIntents"])
	if err != nil {
		return nil, err
	}
	for _, o := range list {
		d, err := b.f.Dict(o)
		if err != nil {
			return nil, err
		}
		s, err := b.f.Name(d["S"])
		if err != nil {
			return nil, err
		}
		if ref, ok := d["DestOutputProfile"].(pdf.Ref); ok && s == "GTS_PDFA1" {
			return ref, nil
		}
	}
	return nil, nil
}

func (b *builder) page(n int, p pdf.Page) (pdf.Ref, error) {
	d := pdf.Dict{"Type": pdf.Name("Page"), "Parent": pdf.Ref{Num: pagesNumber}, "MediaBox": rectangle(p.MediaBox), "CropBox": rectangle(p.CropBox)}
	if p.Rotate != 0 {
		d["Rotate"] = pdf.Integer(p.Rotate)
	}
	if unit, err := b.f.Number(p.Dict["UserUnit"]); err == nil && unit > 0 && unit != 1 {
		d["UserUnit"] = pdf.Real(unit)
	}
	b.built.Removed = append(b.built.Removed, Removal{Page: n, Layers: map[string]int{}})
	b.number = n
	var err error
	if b.inherited, err = b.f.Dict(p.Resources); err != nil {
		return pdf.Ref{}, err
	}
	if p.Dict["Group"] != nil {
		v, err := b.object(p.Dict["Group"], group, 0)
		if err != nil {
			return pdf.Ref{}, err
		}
		d["Group"] = v
	}
	if err := b.pageContents(p, d); err != nil {
		return pdf.Ref{}, err
	}
	ref := b.out.number()
	b.out.put(ref.Num, d)
	if err := b.drain(); err != nil {
		return pdf.Ref{}, err
	}
	last := &b.built.Removed[len(b.built.Removed)-1]
	if len(last.Layers) == 0 && last.Invisible == 0 {
		b.built.Removed = b.built.Removed[:len(b.built.Removed)-1]
	}
	return ref, b.out.err
}

func rectangle(r pdf.Rect) pdf.Array {
	return pdf.Array{pdf.Real(r[0]), pdf.Real(r[1]), pdf.Real(r[2]), pdf.Real(r[3])}
}

// drain copies what was referred to, and what that refers to.
func (b *builder) drain() error {
	for len(b.todo) > 0 {
		if err := b.ctx.Err(); err != nil {
			return err
		}
		next := b.todo[len(b.todo)-1]
		b.todo = b.todo[:len(b.todo)-1]
		number := b.numbers[next].Num
		o, err := b.f.Resolve(next.old)
		if err != nil {
			return err
		}
		if s, ok := o.(*pdf.Stream); ok {
			err = b.stream(number, s, next)
		} else {
			var v pdf.Object
			if v, err = b.object(o, next.as, 0); err == nil {
				b.out.put(number, v)
			}
		}
		if err != nil {
			return err
		}
		if b.out.err != nil {
			return b.out.err
		}
	}
	return nil
}

// reference gives the new number of an object, which is copied later.
func (b *builder) reference(old pdf.Ref, as *shape, mode int) (pdf.Object, error) {
	e := errand{old: old, as: as, mode: mode}
	if as.draws() || as == font {
		lacks, err := b.lacksResources(old)
		if err != nil {
			return nil, err
		}
		if lacks {
			e.page = b.number
		}
	}
	n, ok := b.numbers[e]
	if !ok {
		n = b.out.number()
		b.numbers[e] = n
		b.todo = append(b.todo, e)
	}
	return n, nil
}

// lacksResources tells of what draws by operators whether it has no resources of its own, as was allowed once.
func (b *builder) lacksResources(ref pdf.Ref) (bool, error) {
	d, err := b.f.Resolve(ref)
	if err != nil {
		return false, err
	}
	var dict pdf.Dict
	switch d := d.(type) {
	case *pdf.Stream:
		dict = d.Dict
	case pdf.Dict:
		dict = d
	}
	if dict["Resources"] != nil {
		return false, nil
	}
	subtype, err := b.f.Name(dict["Subtype"])
	return subtype == "Form" || subtype == "Type3" || dict["TilingType"] != nil, err
}

// object copies a value; what it refers to is noted for later.
func (b *builder) object(o pdf.Object, as *shape, depth int) (pdf.Object, error) {
	if depth > maxDepth {
		return nil, &pdf.Error{Kind: pdf.TooComplex, Detail: "objects nested too deep", Offset: -1}
	}
	switch v := o.(type) {
	case pdf.Ref:
		return b.reference(v, as, 0)
	case pdf.Array:
		list := make(pdf.Array, 0, len(v))
		for _, k := range v {
			c, err := b.object(k, as, depth+1)
			if err != nil {
				return nil, err
			}
			list = append(list, c)
		}
		return list, nil
	case pdf.Dict:
		return b.dict(v, as, false, depth)
	case nil:
		return pdf.Null{}, nil
	}
	return o, nil
}

func (b *builder) dict(d pdf.Dict, as *shape, stream bool, depth int) (pdf.Object, error) {
	kind, err := b.f.Name(d["Type"])
	if err == nil && foreign[kind] {
		return pdf.Null{}, nil
	}
	subtype, err := b.f.Name(d["Subtype"])
	if err != nil {
		subtype = ""
	}
	if as = as.of(subtype); as == nil {
		return pdf.Null{}, nil
	}
	out := pdf.Dict{}
	for _, key := range d.Keys() {
		below := as.below(key, stream)
		if below == nil {
			continue
		}
		c, err := b.object(d[key], below, depth+1)
		if err != nil {
			return nil, err
		}
		out[key] = c
	}
	if as == font {
		switch subtype {
		case "Type3":
			return out, b.glyphs(d, out)
		case "CIDFontType2":
			if out["CIDToGIDMap"] == nil { // what it is when nothing is said (table 117)
				out["CIDToGIDMap"] = pdf.Name("Identity")
			}
		}
	}
	return out, nil
}

// stream copies a stream: what draws is written anew, anything else as it is encoded, but for an encoding that PDF/A does
// not allow. Pictures lose what was written beside them.
func (b *builder) stream(number uint32, s *pdf.Stream, e errand) error {
	copied, err := b.dict(s.Dict, e.as, true, 0)
	if err != nil {
		return err
	}
	d, ok := copied.(pdf.Dict)
	if !ok { // what is not drawn
		b.out.put(number, copied)
		return nil
	}
	subtype, err := b.f.Name(s.Dict["Subtype"])
	if err != nil {
		return err
	}
	if e.as.of(subtype).draws() {
		return b.drawn(number, s, d, e)
	}
	filters, err := b.filters(s)
	if err != nil {
		return err
	}
	switch {
	case slices.Contains(filters, "LZWDecode"):
		data, err := b.f.Decode(s, maxContent)
		if errors.Is(err, &pdf.Error{Kind: pdf.UnsupportedFilter}) {
			break
		}
		if err != nil {
			return err
		}
		delete(d, "DecodeParms")
		b.out.putStream(number, d, data)
		return nil
	case slices.Equal(filters, []pdf.Name{"DCTDecode"}) && s.Length <= maxContent:
		data, err := io.ReadAll(b.f.Raw(s))
		if err != nil {
			return err
		}
		data, segments := jpegmeta.Strip(data)
		if segments > 0 {
			b.built.PictureData++
		}
		b.out.copyStream(number, d, bytes.NewReader(data), int64(len(data)))
		return nil
	}
	b.out.copyStream(number, d, b.f.Raw(s), s.Length)
	return nil
}

// filters are the names of a stream's filters. What is no name is none that we know.
func (b *builder) filters(s *pdf.Stream) ([]pdf.Name, error) {
	o, err := b.f.Resolve(s.Dict["Filter"])
	if err != nil {
		return nil, err
	}
	list, ok := o.(pdf.Array)
	if !ok {
		list = pdf.Array{o}
	}
	var out []pdf.Name
	for _, o := range list {
		n, err := b.f.Name(o)
		if err != nil {
			return nil, err
		}
		if n != "" {
			out = append(out, n)
		}
	}
	return out, nil
}
