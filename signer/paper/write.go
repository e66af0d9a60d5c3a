package paper

import (
	"bytes"
	"compress/zlib"
	"crypto/sha256"
	"fmt"

	"sealdesk/signer/pdf"
)

// writer collects the objects of a file.
type writer struct {
	out     bytes.Buffer
	offsets []int // of object i+1; 0 while it is only reserved
}

func newWriter() *writer {
	w := &writer{}
	w.out.WriteString("%PDF-1.7\n%\xe2\xe3\xcf\xd3\n")
	return w
}

func (w *writer) reserve() pdf.Ref {
	w.offsets = append(w.offsets, 0)
	return pdf.Ref{Num: uint32(len(w.offsets))}
}

func (w *writer) object(o pdf.Object) pdf.Ref {
	ref := w.reserve()
	w.set(ref, o)
	return ref
}

func (w *writer) set(ref pdf.Ref, o pdf.Object) {
	w.begin(ref)
	w.out.Write(pdf.Append(nil, o))
	w.out.WriteString("\nendobj\n")
}

func (w *writer) begin(ref pdf.Ref) {
	w.offsets[ref.Num-1] = w.out.Len()
	fmt.Fprintf(&w.out, "%d 0 obj\n", ref.Num)
}

func deflate(data []byte) []byte {
	var out bytes.Buffer
	z := zlib.NewWriter(&out)
	_, _ = z.Write(data) // a bytes.Buffer takes everything
	_ = z.Close()
	return out.Bytes()
}

// stream adds a compressed stream.
func (w *writer) stream(d pdf.Dict, data []byte) pdf.Ref { return w.packed(d, deflate(data)) }

// packed adds a stream of data that is compressed already.
func (w *writer) packed(d pdf.Dict, data []byte) pdf.Ref {
	d["Filter"], d["Length"] = pdf.Name("FlateDecode"), pdf.Integer(len(data))
	ref := w.reserve()
	w.begin(ref)
	w.out.Write(pdf.Append(nil, d))
	w.out.WriteString("\nstream\n")
	w.out.Write(data)
	w.out.WriteString("\nendstream\nendobj\n")
	return ref
}

// finish writes the table of offsets and returns the file.
func (w *writer) finish(root, info pdf.Ref) []byte {
	id := sha256.Sum256(w.out.Bytes())
	start := w.out.Len()
	fmt.Fprintf(&w.out, "xref\n0 %d\n0000000000 65535 f \n", len(w.offsets)+1)
	for _, off := range w.offsets {
		fmt.Fprintf(&w.out, "%010d 00000 n \n", off)
	}
	w.out.WriteString("trailer\n")
	w.out.Write(pdf.Append(nil, pdf.Dict{
		"Size": pdf.Integer(len(w.offsets) + 1), "Root": root, "Info": info,
		"ID": pdf.Array{pdf.String(id[:16]), pdf.String(id[:16])},
	}))
	fmt.Fprintf(&w.out, "\nstartxref\n%d\n%%%%EOF\n", start)
	return w.out.Bytes()
}
