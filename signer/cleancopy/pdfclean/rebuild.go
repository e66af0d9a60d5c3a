package pdfclean

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"hash"
	"io"
	"strings"

	"sealdesk/signer/cleancopy/jpegmeta"
	"sealdesk/signer/pdf"
)

// Rebuild writes a new file with the pages of f. Errors are those of package pdf, of w, or the context's.
func Rebuild(ctx context.Context, f *pdf.File, w io.Writer) error {
	catalog, err := f.Catalog()
	if err != nil {
		return err
	}
	sum := sha256.New()
	b := builder{ctx: ctx, f: f, sum: sum, numbers: map[pdf.Ref]pdf.Ref{}}
	b.out = bufio.NewWriterSize(io.MultiWriter(w, sum), 1<<16)
	version := "1.7"
	if strings.HasPrefix(f.Version(), "2.") {
		version = "2.0"
	}
	b.write([]byte("%PDF-" + version + "\n%\xe2\xe3\xcf\xd3\n"))
	if err := b.document(catalog); err != nil {
		return err
	}
	b.finish()
	return b.err
}

type builder struct {
	ctx     context.Context
	f       *pdf.File
	out     *bufio.Writer
	sum     hash.Hash
	err     error // the first that writing met
	at      int64
	offsets []int64 // of object n+1
	numbers map[pdf.Ref]pdf.Ref
	todo    []errand
}

// errand is an object of the old file that is to be copied. When two ways lead to it, the first decides its shape.
type errand struct {
	old pdf.Ref
	as  *shape
}

const (
	rootNumber  = 1
	pagesNumber = 2
)

func (b *builder) document(catalog pdf.Dict) error {
	b.offsets = make([]int64, pagesNumber)
	root := pdf.Dict{"Type": pdf.Name("Catalog"), "Pages": pdf.Ref{Num: pagesNumber}}
	if err := b.copyEntries(root, catalog, catalogEntries); err != nil {
		return err
	}
	var kids pdf.Array
	err := b.f.EachPage(func(_ int, p pdf.Page) error {
		ref, err := b.page(p)
		kids = append(kids, ref)
		if err == nil {
			err = b.drain()
		}
		return err
	})
	if err != nil {
		return err
	}
	if err := b.drain(); err != nil {
		return err
	}
	b.put(rootNumber, root)
	b.put(pagesNumber, pdf.Dict{"Type": pdf.Name("Pages"), "Kids": kids, "Count": pdf.Integer(len(kids))})
	return nil
}

type entry struct {
	key pdf.Name
	as  *shape
}

// What is copied of the catalog and, beside what they may inherit, of pages.
var (
	catalogEntries = []entry{{"Lang", anything}, {"OutputIntents", intents}}
	pageEntries    = []entry{{"Contents", contents}, {"Group", group}, {"UserUnit", anything}}
)

func (b *builder) copyEntries(to, from pdf.Dict, list []entry) error {
	for _, e := range list {
		if from[e.key] == nil {
			continue
		}
		v, err := b.object(from[e.key], e.as, 0)
		if err != nil {
			return err
		}
		to[e.key] = v
	}
	return nil
}

func (b *builder) page(p pdf.Page) (pdf.Ref, error) {
	d := pdf.Dict{"Type": pdf.Name("Page"), "Parent": pdf.Ref{Num: pagesNumber}, "MediaBox": rectangle(p.MediaBox), "CropBox": rectangle(p.CropBox)}
	if p.Rotate != 0 {
		d["Rotate"] = pdf.Integer(p.Rotate)
	}
	d["Resources"] = pdf.Dict{}
	if p.Resources != nil {
		v, err := b.object(p.Resources, resources, 0)
		if err != nil {
			return pdf.Ref{}, err
		}
		d["Resources"] = v
	}
	if err := b.copyEntries(d, p.Dict, pageEntries); err != nil {
		return pdf.Ref{}, err
	}
	ref := b.number()
	b.put(ref.Num, d)
	return ref, nil
}

func rectangle(r pdf.Rect) pdf.Array {
	return pdf.Array{pdf.Real(r[0]), pdf.Real(r[1]), pdf.Real(r[2]), pdf.Real(r[3])}
}

func (b *builder) number() pdf.Ref {
	b.offsets = append(b.offsets, 0)
	return pdf.Ref{Num: uint32(len(b.offsets))}
}

// drain copies what was referred to, and what that refers to.
func (b *builder) drain() error {
	for len(b.todo) > 0 {
		if err := b.ctx.Err(); err != nil {
			return err
		}
		next := b.todo[len(b.todo)-1]
		b.todo = b.todo[:len(b.todo)-1]
		number := b.numbers[next.old].Num
		o, err := b.f.Resolve(next.old)
		if err != nil {
			return err
		}
		if s, ok := o.(*pdf.Stream); ok {
			err = b.stream(number, s, next.as)
		} else {
			var v pdf.Object
			if v, err = b.object(o, next.as, 0); err == nil {
				b.put(number, v)
			}
		}
		if err != nil {
			return err
		}
		if b.err != nil {
			return b.err
		}
	}
	return nil
}

// object copies a value; what it refers to is noted for later.
func (b *builder) object(o pdf.Object, as *shape, depth int) (pdf.Object, error) {
	if depth > maxDepth {
		return nil, &pdf.Error{Kind: pdf.TooComplex, Detail: "objects nested too deep", Offset: -1}
	}
	switch v := o.(type) {
	case pdf.Ref:
		n, ok := b.numbers[v]
		if !ok {
			n = b.number()
			b.numbers[v] = n
			b.todo = append(b.todo, errand{v, as})
		}
		return n, nil
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
	return out, nil
}

// stream copies a stream as it is encoded; only pictures lose what was written beside them.
func (b *builder) stream(number uint32, s *pdf.Stream, as *shape) error {
	copied, err := b.dict(s.Dict, as, true, 0)
	if err != nil {
		return err
	}
	d, ok := copied.(pdf.Dict)
	if !ok { // what is not drawn
		b.put(number, copied)
		return nil
	}
	if plainJPEG(d) && s.Length <= maxContent {
		data, err := io.ReadAll(b.f.Raw(s))
		if err != nil {
			return err
		}
		data, _ = jpegmeta.Strip(data)
		b.putStream(number, d, bytes.NewReader(data), int64(len(data)))
		return nil
	}
	b.putStream(number, d, b.f.Raw(s), s.Length)
	return nil
}

func plainJPEG(d pdf.Dict) bool {
	switch f := d["Filter"].(type) {
	case pdf.Name:
		return f == "DCTDecode"
	case pdf.Array:
		return len(f) == 1 && f[0] == pdf.Name("DCTDecode")
	}
	return false
}

func (b *builder) put(number uint32, o pdf.Object) {
	b.offsets[number-1] = b.at
	b.write(fmt.Appendf(nil, "%d 0 obj\n", number))
	b.write(pdf.Append(nil, o))
	b.write([]byte("\nendobj\n"))
}

func (b *builder) putStream(number uint32, d pdf.Dict, data io.Reader, length int64) {
	d["Length"] = pdf.Integer(length)
	b.offsets[number-1] = b.at
	b.write(fmt.Appendf(nil, "%d 0 obj\n", number))
	b.write(pdf.Append(nil, d))
	b.write([]byte("\nstream\n"))
	if b.err == nil {
		var n int64
		n, b.err = io.Copy(b.out, data)
		b.at += n
		if b.err == nil && n != length {
			b.err = io.ErrUnexpectedEOF
		}
	}
	b.write([]byte("\nendstream\nendobj\n"))
}

func (b *builder) write(p []byte) {
	if b.err == nil {
		_, b.err = b.out.Write(p)
		b.at += int64(len(p))
	}
}

// finish writes the cross-reference table. The file's identifier is made of its contents.
func (b *builder) finish() {
	xref := b.at
	b.write(fmt.Appendf(nil, "xref\n0 %d\n0000000000 65535 f \n", len(b.offsets)+1))
	for _, o := range b.offsets {
		b.write(fmt.Appendf(nil, "%010d 00000 n \n", o))
	}
	if b.err == nil {
		b.err = b.out.Flush()
	}
	id := pdf.String(b.sum.Sum(nil)[:16])
	trailer := pdf.Dict{"Size": pdf.Integer(len(b.offsets) + 1), "Root": pdf.Ref{Num: rootNumber}, "ID": pdf.Array{id, id}}
	b.write(append(pdf.Append([]byte("trailer\n"), trailer), fmt.Sprintf("\nstartxref\n%d\n%%%%EOF\n", xref)...))
	if b.err == nil {
		b.err = b.out.Flush()
	}
}
