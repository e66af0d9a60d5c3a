package pdf

import (
	"bufio"
	"bytes"
	"compress/zlib"
	"encoding/ascii85"
	"errors"
	"fmt"
	"io"
)

// maxFilters bounds the filters of one stream.
const maxFilters = 8

// Raw returns the encoded bytes of a stream.
func (f *File) Raw(s *Stream) *io.SectionReader {
	return io.NewSectionReader(f.src, s.Offset, s.Length)
}

// Decode returns the bytes of a stream, decoded by FlateDecode and LZWDecode
// with their predictors, RunLengthDecode, ASCIIHexDecode and ASCII85Decode, or
// their abbreviations, which are for inline images but mean the same elsewhere.
// More than limit bytes are an Error of Kind TooComplex, another filter is one
// of UnsupportedFilter.
func (f *File) Decode(s *Stream, limit int64) ([]byte, error) {
	return f.decode(s, limit, 0)
}

func (f *File) decode(s *Stream, limit int64, nested int) ([]byte, error) {
	r, err := f.decoder(s, nested)
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	n, err := io.Copy(&out, io.LimitReader(r, limit+1))
	if err := f.pay(n, s.Offset); err != nil { // for what cannot be decoded to its end, too
		return nil, err
	}
	if err != nil {
		return nil, undecoded(s, err)
	}
	if n > limit {
		return nil, fail(TooComplex, s.Offset, "a stream decodes to more than %d bytes", limit)
	}
	return out.Bytes(), nil
}

// pay takes work in bytes from the budget.
func (d *document) pay(n, offset int64) error {
	if d.budget.Add(-n) < 0 {
		return fail(TooComplex, offset, "reading the structure takes too much work")
	}
	return nil
}

// undecoded is why a stream cannot be decoded: too much work stays that.
func undecoded(s *Stream, err error) error {
	if e, ok := errors.AsType[*Error](err); ok && e.Kind == TooComplex {
		return e
	}
	return fail(Malformed, s.Offset, "a stream cannot be decoded: %v", err)
}

// handed pays for what one filter hands to the next, which may make nothing of it.
type handed struct {
	src      io.Reader
	document *document
	offset   int64
}

func (h *handed) Read(b []byte) (int, error) {
	n, err := h.src.Read(b)
	if paid := h.document.pay(int64(n), h.offset); paid != nil {
		return n, paid
	}
	return n, err
}

// earlyChange reads a parameter of LZWDecode, which is 1 unless given as 0.
func (f *File) earlyChange(params Object, nested int) (int, error) {
	params, err := f.resolve(params, nested+1)
	if err != nil {
		return 0, err
	}
	d, _ := params.(Dict)
	early, err := f.resolve(d["EarlyChange"], nested+1)
	if early == Integer(0) {
		return 0, err
	}
	return 1, err
}

// decoder returns a reader of a stream's decoded bytes.
func (f *File) decoder(s *Stream, nested int) (io.Reader, error) {
	filters, err := f.list(s.Dict["Filter"], nested)
	if err != nil {
		return nil, err
	}
	params, err := f.list(s.Dict["DecodeParms"], nested)
	if err != nil {
		return nil, err
	}
	if len(filters) > maxFilters {
		return nil, fail(TooComplex, s.Offset, "a stream has more than %d filters", maxFilters)
	}
	var r io.Reader = f.Raw(s)
	for i, o := range filters {
		if o, err = f.resolve(o, nested+1); err != nil {
			return nil, err
		}
		var p Object = Null{}
		if i < len(params) {
			p = params[i]
		}
		if i > 0 {
			r = &handed{r, f.document, s.Offset}
		}
		switch o {
		case Name("FlateDecode"), Name("Fl"):
			if r, err = zlib.NewReader(r); err != nil {
				return nil, undecoded(s, err)
			}
			if r, err = f.predict(r, p, s, nested); err != nil {
				return nil, err
			}
		case Name("LZWDecode"), Name("LZW"):
			early, err := f.earlyChange(p, nested)
			if err != nil {
				return nil, err
			}
			if r, err = f.predict(newLZWReader(r, early), p, s, nested); err != nil {
				return nil, err
			}
		case Name("RunLengthDecode"), Name("RL"):
			r = &runReader{src: bufio.NewReader(r)}
		case Name("ASCIIHexDecode"), Name("AHx"):
			r = &hexReader{src: bufio.NewReader(r)}
		case Name("ASCII85Decode"), Name("A85"):
			r = ascii85.NewDecoder(&ascii85Input{src: r})
		default:
			return nil, fail(UnsupportedFilter, s.Offset, "a stream has the filter %v", o)
		}
	}
	return r, nil
}

// list resolves an object that may stand alone or in an array.
func (f *File) list(o Object, nested int) (Array, error) {
	o, err := f.resolve(o, nested+1)
	if err != nil {
		return nil, err
	}
	switch o := o.(type) {
	case Null:
		return nil, nil
	case Array:
		return o, nil
	}
	return Array{o}, nil
}

// predict puts the decoder of /Predictor behind r (7.4.4.4).
func (f *File) predict(r io.Reader, params Object, s *Stream, nested int) (io.Reader, error) {
	params, err := f.resolve(params, nested+1)
	if err != nil {
		return nil, err
	}
	d, _ := params.(Dict)
	value := func(key Name, standard, limit int64) int64 {
		if err != nil {
			return 0
		}
		var o Object
		if o, err = f.resolve(d[key], nested+1); err != nil {
			return 0
		}
		switch n := o.(type) {
		case Null:
			return standard
		case Integer:
			if n >= 1 && int64(n) <= limit {
				return int64(n)
			}
		}
		err = fail(Malformed, s.Offset, "a stream has the decode parameter %s %v", key, o)
		return 0
	}
	predictor := value("Predictor", 1, 15)
	colors := value("Colors", 1, 32)
	bits := value("BitsPerComponent", 8, 16)
	columns := value("Columns", 1, 1<<20)
	if err != nil || predictor == 1 {
		return r, err
	}
	rows := &rowReader{src: r, pixel: int(max(1, (colors*bits+7)/8)), png: predictor >= 10}
	if !rows.png && (predictor != 2 || bits != 8) {
		return nil, fail(UnsupportedFilter, s.Offset, "a stream has predictor %d with %d bits", predictor, bits)
	}
	length := (colors*bits*columns + 7) / 8
	if err := f.pay(2*length, s.Offset); err != nil {
		return nil, err
	}
	rows.row, rows.above = make([]byte, length), make([]byte, length)
	return rows, nil
}

// rowReader undoes the PNG predictors, or the TIFF predictor for bytes.
type rowReader struct {
	src        io.Reader
	row, above []byte
	rest       []byte // of row, not yet read
	pixel      int    // bytes to the left neighbour
	png        bool
	err        error
}

func (r *rowReader) Read(b []byte) (int, error) {
	for len(r.rest) == 0 {
		if r.err != nil {
			return 0, r.err
		}
		r.next()
	}
	n := copy(b, r.rest)
	r.rest = r.rest[n:]
	return n, nil
}

func (r *rowReader) next() {
	kind := [1]byte{1} // the TIFF predictor is PNG's Sub
	if r.png {
		if _, r.err = io.ReadFull(r.src, kind[:]); r.err != nil {
			return
		}
	}
	r.row, r.above = r.above, r.row
	n, err := io.ReadFull(r.src, r.row)
	if r.err = err; err == io.ErrUnexpectedEOF {
		r.err = io.EOF // a last row may be cut short
	}
	if n == 0 {
		return
	}
	row := r.row[:n]
	for i := range row {
		var left, corner byte
		if i >= r.pixel {
			left, corner = row[i-r.pixel], r.above[i-r.pixel]
		}
		switch up := r.above[i]; kind[0] {
		case 0:
		case 1:
			row[i] += left
		case 2:
			row[i] += up
		case 3:
			row[i] += byte((int(left) + int(up)) / 2)
		case 4:
			row[i] += paeth(left, up, corner)
		default:
			r.err = fmt.Errorf("unknown row filter %d", kind[0])
			return
		}
	}
	r.rest = row
}

func paeth(a, b, c byte) byte {
	p := int(a) + int(b) - int(c)
	pa, pb, pc := abs(p-int(a)), abs(p-int(b)), abs(p-int(c))
	switch {
	case pa <= pb && pa <= pc:
		return a
	case pb <= pc:
		return b
	}
	return c
}

func abs(n int) int { return max(n, -n) }

// hexReader decodes ASCIIHexDecode data up to its >.
type hexReader struct {
	src  io.Reader
	done bool
}

func (r *hexReader) Read(b []byte) (int, error) {
	n := 0
	for n < len(b) && !r.done {
		hi, err := r.digit()
		if err != nil {
			return n, err
		}
		if hi < 0 {
			break
		}
		lo, err := r.digit()
		if err != nil {
			return n, err
		}
		b[n] = byte(hi<<4 | max(lo, 0))
		n++
	}
	if n == 0 && len(b) > 0 {
		return 0, io.EOF
	}
	return n, nil
}

// digit returns the next digit, or -1 at the end of the data.
func (r *hexReader) digit() (int, error) {
	var c [1]byte
	for !r.done {
		if _, err := io.ReadFull(r.src, c[:]); err != nil {
			return 0, fmt.Errorf("hexadecimal data without end: %w", err)
		}
		switch d := unhex(int(c[0])); {
		case d >= 0:
			return d, nil
		case c[0] == '>':
			r.done = true
		case !isSpace(c[0]):
			return 0, fmt.Errorf("byte %#x in hexadecimal data", c[0])
		}
	}
	return -1, nil
}

// ascii85Input ends the data at its ~>, which the decoder does not know.
type ascii85Input struct {
	src  io.Reader
	done bool
}

func (r *ascii85Input) Read(b []byte) (int, error) {
	if r.done {
		return 0, io.EOF
	}
	n, err := r.src.Read(b)
	if i := bytes.IndexByte(b[:n], '~'); i >= 0 {
		n, r.done, err = i, true, io.EOF
	}
	return n, err
}
