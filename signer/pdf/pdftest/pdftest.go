package pdftest

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"

	"sealdesk/signer/pdf"
)

// Builder collects the objects of a file. The zero value is ready.
type Builder struct {
	objects []string // bodies of the objects 1, 2, …
	Header  string   // before the first object; a 1.7 header unless given
	Trailer pdf.Dict // goes into the trailer beside Size and Root
}

// Reserve returns the reference of an object that Set will give.
func (b *Builder) Reserve() pdf.Ref {
	b.objects = append(b.objects, "null")
	return pdf.Ref{Num: uint32(len(b.objects))}
}

// Set gives a reserved object its value.
func (b *Builder) Set(ref pdf.Ref, o pdf.Object) {
	b.objects[ref.Num-1] = string(pdf.Append(nil, o))
}

// Add adds an object.
func (b *Builder) Add(o pdf.Object) pdf.Ref {
	ref := b.Reserve()
	b.Set(ref, o)
	return ref
}

// AddRaw adds an object as it stands in the file between obj and endobj.
func (b *Builder) AddRaw(body string) pdf.Ref {
	b.objects = append(b.objects, body)
	return pdf.Ref{Num: uint32(len(b.objects))}
}

// AddStream adds a stream. Its dictionary gets the length.
func (b *Builder) AddStream(d pdf.Dict, data []byte) pdf.Ref {
	if d == nil {
		d = pdf.Dict{}
	}
	d["Length"] = pdf.Integer(len(data))
	return b.AddRaw(string(pdf.Append(nil, d)) + "\nstream\n" + string(data) + "\nendstream")
}

// Bytes returns the file with root as its catalog.
func (b *Builder) Bytes(form pdf.Form, root pdf.Ref) []byte {
	out := []byte(b.Header)
	if b.Header == "" {
		out = []byte("%PDF-1.7\n%\xe2\xe3\xcf\xd3\n")
	}
	offsets := []int{0}
	for i, body := range b.objects {
		offsets = append(offsets, len(out))
		out = fmt.Appendf(out, "%d 0 obj\n%s\nendobj\n", i+1, body)
	}
	trailer := pdf.Dict{"Size": pdf.Integer(len(offsets)), "Root": root}
	for k, v := range b.Trailer {
		trailer[k] = v
	}
	at := len(out)
	if form == pdf.Table {
		out = fmt.Appendf(out, "xref\n0 %d\n0000000000 65535 f \n", len(offsets))
		for _, o := range offsets[1:] {
			out = fmt.Appendf(out, "%010d 00000 n \n", o)
		}
		out = append(out, "trailer\n"...)
		out = pdf.Append(out, trailer)
		out = append(out, '\n')
	} else {
		var data []byte
		for i, o := range append(offsets, at) {
			kind := byte(1)
			if i == 0 {
				kind = 0
			}
			data = binary.BigEndian.AppendUint32(append(data, kind), uint32(o))
		}
		trailer["Type"], trailer["W"] = pdf.Name("XRef"), pdf.Array{pdf.Integer(1), pdf.Integer(4), pdf.Integer(0)}
		trailer["Size"], trailer["Length"] = pdf.Integer(len(offsets)+1), pdf.Integer(len(data))
		out = fmt.Appendf(out, "%d 0 obj\n%s\nstream\n%s\nendstream\nendobj\n", len(offsets), pdf.Append(nil, trailer), data)
	}
	return fmt.Appendf(out, "startxref\n%d\n%%%%EOF\n", at)
}

// Options of Document.
type Options struct {
	Form    pdf.Form // Table unless given
	Pages   int      // 1 unless given
	Rotate  int
	CropBox pdf.Rect // none when zero
	Padding int      // bytes of a stream that nobody reads
	Catalog pdf.Dict // goes into the catalog
	Page    pdf.Dict // goes into every page
}

// Document returns a document of A4 pages, each with a line of text.
func Document(o Options) []byte {
	b, root := Build(o)
	if o.Form == 0 {
		o.Form = pdf.Table
	}
	return b.Bytes(o.Form, root)
}

// Build is Document before the bytes, and returns the catalog's reference. The
// catalog is object 1, the page tree object 2.
func Build(o Options) (*Builder, pdf.Ref) {
	b := &Builder{Trailer: pdf.Dict{"ID": pdf.Array{pdf.String("0123456789abcdef"), pdf.String("0123456789abcdef")}}}
	root, tree := b.Reserve(), b.Reserve()
	font := b.Add(pdf.Dict{"Type": pdf.Name("Font"), "Subtype": pdf.Name("Type1"), "BaseFont": pdf.Name("Helvetica")})
	kids := pdf.Array{}
	for n := range max(1, o.Pages) {
		text := b.AddStream(nil, fmt.Appendf(nil, "BT /F1 24 Tf 72 700 Td (Contract, page %d) Tj ET", n+1))
		page := pdf.Dict{"Type": pdf.Name("Page"), "Parent": tree, "Contents": text}
		if o.Rotate != 0 {
			page["Rotate"] = pdf.Integer(o.Rotate)
		}
		if o.CropBox != (pdf.Rect{}) {
			page["CropBox"] = rect(o.CropBox)
		}
		for k, v := range o.Page {
			page[k] = v
		}
		kids = append(kids, b.Add(page))
	}
	if o.Padding > 0 {
		b.AddStream(pdf.Dict{"Type": pdf.Name("Padding")}, bytes.Repeat([]byte("0123456789ABCDEF"), o.Padding/16+1)[:o.Padding])
	}
	b.Set(tree, pdf.Dict{
		"Type": pdf.Name("Pages"), "Kids": kids, "Count": pdf.Integer(len(kids)), "MediaBox": rect(pdf.Rect{0, 0, 595, 842}),
		"Resources": pdf.Dict{"Font": pdf.Dict{"F1": font}},
	})
	catalog := pdf.Dict{"Type": pdf.Name("Catalog"), "Pages": tree}
	for k, v := range o.Catalog {
		catalog[k] = v
	}
	b.Set(root, catalog)
	return b, root
}

func rect(r pdf.Rect) pdf.Array {
	return pdf.Array{pdf.Real(r[0]), pdf.Real(r[1]), pdf.Real(r[2]), pdf.Real(r[3])}
}

// Large is a document of a given size in bytes, of which only the two ends are
// in memory: between them lies one stream of zeros. A table of offsets beyond
// ten digits does not fit; Large is of the form of a stream then.
type Large struct {
	head, tail []byte
	size       int64
}

// NewLarge returns a document of exactly size bytes.
func NewLarge(form pdf.Form, size int64) *Large {
	head := []byte("%PDF-1.7\n%\xe2\xe3\xcf\xd3\n")
	offsets := []int64{0}
	add := func(body string) {
		offsets = append(offsets, int64(len(head)))
		head = fmt.Appendf(head, "%d 0 obj\n%s\nendobj\n", len(offsets)-1, body)
	}
	add("<</Type/Catalog/Pages 2 0 R>>")
	add("<</Type/Pages/Kids[3 0 R]/Count 1/MediaBox[0 0 595 842]>>")
	add("<</Type/Page/Parent 2 0 R/Resources<<>>>>")
	offsets = append(offsets, int64(len(head)))
	// Numbers padded to a fixed width make the lengths known before the values.
	const stream = "4 0 obj\n<</Length %020d>>\nstream\n"
	at := int64(len(head) + len(fmt.Sprintf(stream, 0)))
	tail := func(xref int64) []byte {
		b := []byte("\nendstream\nendobj\n")
		if form == pdf.Table {
			b = fmt.Appendf(b, "xref\n0 %d\n0000000000 65535 f \n", len(offsets))
			for _, o := range offsets[1:] {
				b = fmt.Appendf(b, "%010d 00000 n \n", o)
			}
			b = fmt.Appendf(b, "trailer\n<</Size %d/Root 1 0 R>>\n", len(offsets))
		} else {
			var data []byte
			for i, o := range append(offsets, xref) {
				data = binary.BigEndian.AppendUint64(append(data, byte(min(i, 1))), uint64(o))
			}
			b = fmt.Appendf(b, "%d 0 obj\n<</Type/XRef/Size %d/Root 1 0 R/W[1 8 0]/Length %d>>\nstream\n%s\nendstream\nendobj\n",
				len(offsets), len(offsets)+1, len(data), data)
		}
		return fmt.Appendf(b, "startxref\n%020d\n%%%%EOF\n", xref)
	}
	length := size - at - int64(len(tail(0)))
	xref := at + length + int64(len("\nendstream\nendobj\n"))
	head = fmt.Appendf(head, stream, length)
	return &Large{head: head, tail: tail(xref), size: size}
}

// Size returns the size in bytes.
func (l *Large) Size() int64 { return l.size }

// ReadAt implements io.ReaderAt.
func (l *Large) ReadAt(p []byte, off int64) (int, error) {
	if off >= l.size {
		return 0, io.EOF
	}
	n := int(min(int64(len(p)), l.size-off))
	clear(p[:n])
	tailAt := l.size - int64(len(l.tail))
	if off < int64(len(l.head)) {
		copy(p[:n], l.head[off:])
	}
	if end := off + int64(n); end > tailAt {
		from := max(off, tailAt)
		copy(p[from-off:n], l.tail[from-tailAt:])
	}
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}
