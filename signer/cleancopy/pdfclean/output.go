package pdfclean

import (
	"bufio"
	"bytes"
	"compress/zlib"
	"crypto/sha256"
	"fmt"
	"hash"
	"io"

	"sealdesk/signer/pdf"
)

const (
	rootNumber  = 1
	pagesNumber = 2
)

// output is a PDF file that is being written. The first error that writing meets stays in err.
type output struct {
	buf     *bufio.Writer
	deflate *zlib.Writer // one for all streams: to make one takes longer than to deflate a page
	sum     hash.Hash
	err     error
	at      int64
	offsets []int64 // of object n+1
}

func newOutput(w io.Writer) *output {
	o := &output{sum: sha256.New(), deflate: zlib.NewWriter(nil), offsets: make([]int64, pagesNumber)}
	o.buf = bufio.NewWriterSize(io.MultiWriter(w, o.sum), 1<<16)
	o.write([]byte("%PDF-1.7\n%\xe2\xe3\xcf\xd3\n"))
	return o
}

func (o *output) number() pdf.Ref {
	o.offsets = append(o.offsets, 0)
	return pdf.Ref{Num: uint32(len(o.offsets))}
}

func (o *output) put(number uint32, v pdf.Object) {
	o.begin(number)
	o.write(pdf.Append(nil, v))
	o.write([]byte("\nendobj\n"))
}

func (o *output) begin(number uint32) {
	o.offsets[number-1] = o.at
	o.write(fmt.Appendf(nil, "%d 0 obj\n", number))
}

// putStream writes data as a stream; it is deflated, but for metadata, which any tool should be able to read (ISO 19005-2,
// 6.6.2.1 note).
func (o *output) putStream(number uint32, d pdf.Dict, data []byte) {
	if d["Type"] != pdf.Name("Metadata") {
		var b bytes.Buffer
		o.deflate.Reset(&b)
		_, _ = o.deflate.Write(data) // a buffer takes everything
		_ = o.deflate.Close()
		data = b.Bytes()
		d["Filter"] = pdf.Name("FlateDecode")
	}
	o.copyStream(number, d, bytes.NewReader(data), int64(len(data)))
}

// copyStream writes a stream of length bytes that are encoded as its dictionary says.
func (o *output) copyStream(number uint32, d pdf.Dict, data io.Reader, length int64) {
	d["Length"] = pdf.Integer(length)
	o.begin(number)
	o.write(pdf.Append(nil, d))
	o.write([]byte("\nstream\n"))
	if o.err == nil {
		var n int64
		n, o.err = io.Copy(o.buf, data)
		o.at += n
		if o.err == nil && n != length {
			o.err = io.ErrUnexpectedEOF
		}
	}
	o.write([]byte("\nendstream\nendobj\n"))
}

func (o *output) write(p []byte) {
	if o.err == nil {
		_, o.err = o.buf.Write(p)
		o.at += int64(len(p))
	}
}

// finish writes the cross-reference table. The file's identifier is made of its contents.
func (o *output) finish() error {
	xref := o.at
	o.write(fmt.Appendf(nil, "xref\n0 %d\n0000000000 65535 f \n", len(o.offsets)+1))
	for _, at := range o.offsets {
		o.write(fmt.Appendf(nil, "%010d 00000 n \n", at))
	}
	if o.err == nil {
		o.err = o.buf.Flush()
	}
	id := pdf.String(o.sum.Sum(nil)[:16])
	trailer := pdf.Dict{"Size": pdf.Integer(len(o.offsets) + 1), "Root": pdf.Ref{Num: rootNumber}, "ID": pdf.Array{id, id}}
	o.write(append(pdf.Append([]byte("trailer\n"), trailer), fmt.Sprintf("\nstartxref\n%d\n%%%%EOF\n", xref)...))
	if o.err == nil {
		o.err = o.buf.Flush()
	}
	return o.err
}
