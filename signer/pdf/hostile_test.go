package pdf_test

import (
	"bytes"
	"compress/zlib"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"sealdesk/signer/pdf"
	"sealdesk/signer/pdf/pdftest"
)

// withXRef writes a header, a body and a table that names the offsets of
// "n 0 obj" in the body; %d in the trailer becomes the table's own offset.
func withXRef(body, trailer string) []byte {
	b := []byte("%PDF-1.7\n" + body)
	at := len(b)
	b = append(b, "xref\n0 1\n0000000000 65535 f \n"...)
	for n := 1; n < 20; n++ {
		if i := bytes.Index(b, fmt.Appendf(nil, "\n%d 0 obj", n)); i >= 0 && i < at {
			b = fmt.Appendf(b, "%d 1\n%010d 00000 n \n", n, i+1)
		}
	}
	return fmt.Appendf(b, "trailer\n%s\nstartxref\n%d\n%%%%EOF\n", strings.ReplaceAll(trailer, "%d", fmt.Sprint(at)), at)
}

const (
	plain   = "<</Size 20/Root 1 0 R>>"
	catalog = "1 0 obj\n<</Type/Catalog/Pages 2 0 R>>\nendobj\n"
	pages   = "2 0 obj\n<</Type/Pages/Kids[3 0 R]/MediaBox[0 0 9 9]>>\nendobj\n3 0 obj\n<</Type/Page>>\nendobj\n"
)

func xrefStream(dict, data string) []byte {
	b := "%PDF-1.7\n"
	at := len(b)
	return []byte(b + fmt.Sprintf("9 0 obj\n<</Type/XRef/Root 1 0 R/Length %d %s>>\nstream\n%s\nendstream\nendobj\nstartxref\n%d\n%%%%EOF\n", len(data), dict, data, at))
}

// TestHostileFiles: every file must be refused with the error of its kind, and quickly.
func TestHostileFiles(t *testing.T) {
	deep := strings.Repeat("[", 5000) + strings.Repeat("]", 5000)
	tests := []struct {
		name string
		data []byte
		want pdf.Kind
	}{
		{"empty", nil, pdf.NotPDF},
		{"no header", []byte("hello"), pdf.NotPDF},
		{"header only", []byte("%PDF-1.7"), pdf.NoXRef},
		{"startxref is negative", []byte("%PDF-1.7\nstartxref\n-5\n%%EOF"), pdf.Malformed},
		{"startxref is huge", []byte("%PDF-1.7\nstartxref\n99999999999999999999999\n%%EOF"), pdf.Malformed},
		{"startxref beyond the end", []byte("%PDF-1.7\nstartxref\n99999\n%%EOF"), pdf.NoXRef},
		{"startxref at text", []byte("%PDF-1.7\nhello\nstartxref\n9\n%%EOF"), pdf.NoXRef},
		{"no %%EOF", []byte("%PDF-1.7\nxref\n0 0\ntrailer<<>>startxref\n9\n"), pdf.Malformed},
		{"the table is its own predecessor", withXRef(catalog+pages, "<</Size 20/Root 1 0 R/Prev %d>>"), pdf.Malformed},
		{"Prev is negative", withXRef(catalog+pages, "<</Size 20/Root 1 0 R/Prev -1>>"), pdf.Malformed},
		{"Prev is a reference", withXRef(catalog+pages, "<</Size 20/Root 1 0 R/Prev 5 0 R>>"), pdf.Malformed},
		{"XRefStm beyond the end", withXRef(catalog+pages, "<</Size 20/Root 1 0 R/XRefStm 999999999>>"), pdf.Malformed},
		{"no root", withXRef(catalog+pages, "<</Size 20>>"), pdf.Malformed},
		{"encrypted", withXRef(catalog+pages, "<</Size 20/Root 1 0 R/Encrypt<<>>>>"), pdf.Encrypted},
		{"trailer nested deep", withXRef(catalog+pages, "<</Size 20/Root 1 0 R/X "+deep+">>"), pdf.TooComplex},
		{"subsection of billions", []byte("%PDF-1.7\nxref\n0 4000000000\n0000000000 65535 f \nstartxref\n9\n%%EOF"), pdf.Malformed},
		{"subsection beyond 2^32", []byte("%PDF-1.7\nxref\n4294967295 2\n0000000000 65535 f \nstartxref\n9\n%%EOF"), pdf.Malformed},
		{"an object twice in a table", []byte("%PDF-1.7\nxref\n1 1\n0000000001 00000 n \n1 1\n0000000002 00000 n \ntrailer<</Root 1 0 R/Size 2>>\nstartxref\n9\n%%EOF"), pdf.Malformed},
		{"stream with negative width", xrefStream("/Size 1/W[1 -2 1]", "aaa"), pdf.Malformed},
		{"stream with huge width", xrefStream("/Size 1/W[1 2000000000 1]", "aaa"), pdf.Malformed},
		{"stream of no width", xrefStream("/Size 1000000000/W[0 0 0]", "aaa"), pdf.Malformed},
		{"stream with huge index", xrefStream("/Size 1/W[1 1 1]/Index[0 4294967295]", "aaa"), pdf.TooComplex},
		{"stream with negative index", xrefStream("/Size 1/W[1 1 1]/Index[-1 1]", "aaa"), pdf.Malformed},
		{"stream with huge generation", xrefStream("/Size 1/W[1 1 3]", "\x01a\xff\xff\xff"), pdf.Malformed},
		{"stream length by reference", []byte("%PDF-1.7\n9 0 obj\n<</Type/XRef/Length 9 0 R>>\nstream\n\nendstream\nendobj\nstartxref\n9\n%%EOF"), pdf.Malformed},
		{"stream length is huge", []byte("%PDF-1.7\n9 0 obj\n<</Type/XRef/Length 9223372036854775807>>\nstream\n\nendstream\nendobj\nstartxref\n9\n%%EOF"), pdf.Malformed},
		{"catalog missing", withXRef(pages, plain), pdf.Malformed},
		{"object is another one", bytes.Replace(withXRef(catalog+pages, plain), []byte("\n2 0 obj"), []byte("\n7 0 obj"), 1), pdf.Malformed},
		{"pages nested in themselves", withXRef(catalog+"2 0 obj\n<</Kids[2 0 R]>>\nendobj\n", plain), pdf.Malformed},
		{"a page twice", withXRef(catalog+"2 0 obj\n<</Kids[3 0 R 3 0 R]/MediaBox[0 0 9 9]>>\nendobj\n3 0 obj\n<</Type/Page>>\nendobj\n", plain), pdf.Malformed},
		{"references in a circle", withXRef(catalog+"2 0 obj\n3 0 R\nendobj\n3 0 obj\n2 0 R\nendobj\n", plain), pdf.TooComplex},
		{"a stream is its own length", withXRef(catalog+"2 0 obj\n<</Length 2 0 R>>\nstream\n\nendstream\nendobj\n", plain), pdf.TooComplex},
		{"objects nested deep", withXRef(catalog+"2 0 obj\n"+deep+"\nendobj\n", plain), pdf.TooComplex},
		{"open string", withXRef(catalog+"2 0 obj\n(abc\nendobj\n", plain), pdf.Malformed},
		{"open dictionary", withXRef(catalog+"2 0 obj\n<</Kids", plain), pdf.Malformed},
		{"number too long", withXRef(catalog+"2 0 obj\n"+strings.Repeat("1", 100)+"\nendobj\n", plain), pdf.Malformed},
		{"number out of range", withXRef(catalog+"2 0 obj\n9999999999999999999\nendobj\n", plain), pdf.Malformed},
		{"name too long", withXRef(catalog+"2 0 obj\n/"+strings.Repeat("n", 10000)+"\nendobj\n", plain), pdf.TooComplex},
		{"two signs", withXRef(catalog+"2 0 obj\n--1\nendobj\n", plain), pdf.Malformed},
		{"wrong stream length", withXRef(catalog+"2 0 obj\n<</Length 3>>\nstream\nabcdef\nendstream\nendobj\n", plain), pdf.Malformed},
		{"carriage return of the data", withXRef(catalog+"2 0 obj\n<</Length 5>>\nstream\rabc\rendstream\nendobj\n", plain), pdf.Malformed},
		{"stream keyword goes on", withXRef(catalog+"2 0 obj\n<</Length 3>>\nstream x\nabc\nendstream\nendobj\n", plain), pdf.Malformed},
		{"stream in another file", withXRef(catalog+"2 0 obj\n<</Length 3/F(x)>>\nstream\nabc\nendstream\nendobj\n", plain), pdf.Malformed},
		{"media box of text", withXRef(catalog+"2 0 obj\n<</Kids[3 0 R]/MediaBox[(a)(b)(c)(d)]>>\nendobj\n3 0 obj\n<</Type/Page>>\nendobj\n", plain), pdf.Malformed},
		{"media box of three numbers", withXRef(catalog+"2 0 obj\n<</Kids[3 0 R]/MediaBox[5 5 5]>>\nendobj\n3 0 obj\n<</Type/Page>>\nendobj\n", plain), pdf.Malformed},
		{"turned by 45 degrees", withXRef(catalog+"2 0 obj\n<</Kids[3 0 R]/Rotate 45/MediaBox[0 0 9 9]>>\nendobj\n3 0 obj\n<</Type/Page>>\nendobj\n", plain), pdf.Malformed},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			start := time.Now()
			f, err := pdf.Open(bytes.NewReader(tt.data), int64(len(tt.data)))
			if err == nil {
				err = readAll(f)
			}
			var e *pdf.Error
			if !errors.As(err, &e) || e.Kind != tt.want || e.Code() == "" {
				t.Errorf("error %v, want one of kind %s", err, tt.want)
			}
			if d := time.Since(start); d > 10*time.Second {
				t.Errorf("it took %v", d)
			}
		})
	}
}

// compressed returns a file whose objects 1 to 4 are said to stand in the given
// places: each is a type, a second and a third field of a cross-reference stream.
func compressed(stream string, entries ...[3]byte) []byte {
	b := []byte("%PDF-1.7\n")
	streamAt := len(b)
	b = append(b, stream...)
	at := len(b)
	var data []byte
	for _, e := range entries {
		data = append(data, e[0], 0, e[1], e[2])
	}
	data = append(data, 1, byte(streamAt>>8), byte(streamAt), 0)
	return fmt.Appendf(b, "9 0 obj\n<</Type/XRef/Size 20/W[1 2 1]/Index[1 %d 8 1]/Root 1 0 R/Length %d>>\nstream\n%s\nendstream\nendobj\nstartxref\n%d\n%%%%EOF\n",
		len(entries), len(data), data, at)
}

func TestHostileObjectStreams(t *testing.T) {
	stream := func(dict, data string) string {
		return fmt.Sprintf("8 0 obj\n<</Type/ObjStm %s/Length %d>>\nstream\n%s\nendstream\nendobj\n", dict, len(data), data)
	}
	good := stream("/N 1/First 4", "1 0 <</Pages 1 0 R>>")
	if err := func() error {
		data := compressed(good, [3]byte{2, 8, 0})
		f, err := pdf.Open(bytes.NewReader(data), int64(len(data)))
		if err == nil {
			_, err = f.Catalog()
		}
		return err
	}(); err != nil {
		t.Fatalf("the file that the others are made from does not open: %v", err)
	}
	tests := []struct {
		name string
		data []byte
	}{
		{"in itself", compressed(good, [3]byte{2, 1, 0})},
		{"in an object stream", compressed(good, [3]byte{2, 2, 0}, [3]byte{2, 8, 0})},
		{"in no stream", compressed(strings.Replace(good, "ObjStm", "XXXStm", 1), [3]byte{2, 8, 0})},
		{"index beyond the end", compressed(good, [3]byte{2, 8, 9})},
		{"other number", compressed(stream("/N 1/First 4", "7 0 <<>>"), [3]byte{2, 8, 0})},
		{"millions of objects", compressed(stream("/N 2000000000/First 4", "1 0 <<>>"), [3]byte{2, 8, 0})},
		{"negative number", compressed(stream("/N -1/First 4", "1 0 <<>>"), [3]byte{2, 8, 0})},
		{"first beyond the end", compressed(stream("/N 1/First 4000", "1 0 <<>>"), [3]byte{2, 8, 0})},
		{"offset beyond the end", compressed(stream("/N 1/First 5", "1 99 <<>>"), [3]byte{2, 8, 0})},
		{"number in the stream itself", compressed(stream("/N 1 0 R/First 4", "1 0 5"), [3]byte{2, 8, 0})},
		{"two objects at one place", compressed(stream("/N 2/First 8", "1 0 2 0 <<>> "), [3]byte{2, 8, 0})},
		{"object over the next one", compressed(stream("/N 2/First 8", "1 0 2 2 <</A/B>> "), [3]byte{2, 8, 0})},
		{"object followed by junk before the next one", compressed(stream("/N 2/First 9", "1 0 2 10 <<>> junk 7"), [3]byte{2, 8, 0})},
		{"object followed by junk", compressed(stream("/N 1/First 4", "1 0 <<>> junk"), [3]byte{2, 8, 0})},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f, err := pdf.Open(bytes.NewReader(tt.data), int64(len(tt.data)))
			if err == nil {
				_, err = f.Resolve(pdf.Ref{Num: 1})
			}
			var e *pdf.Error
			if !errors.As(err, &e) {
				t.Errorf("error %v", err)
			}
		})
	}
}

// TestWorkIsBounded has many objects share one long comment: reading them all
// would take the file's size times their number.
func TestWorkIsBounded(t *testing.T) {
	var b strings.Builder
	b.WriteString("%PDF-1.7\n" + catalog + "2 0 obj\n%" + strings.Repeat("x", 4<<20) + "\n7\nendobj\n")
	data := withXRef(strings.TrimPrefix(b.String(), "%PDF-1.7\n"), plain)
	f, err := pdf.Open(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	for range 10_000 {
		if _, err = f.Resolve(pdf.Ref{Num: 2}); err != nil {
			break
		}
	}
	if !errors.Is(err, &pdf.Error{Kind: pdf.TooComplex}) {
		t.Errorf("error %v", err)
	}
}

// TestWorkOfDecodingIsBounded: streams of which little or nothing comes out cost what was done for them.
func TestWorkOfDecodingIsBounded(t *testing.T) {
	flate := func(data []byte) []byte {
		var b bytes.Buffer
		w := zlib.NewWriter(&b)
		_, err := w.Write(data)
		if err := errors.Join(err, w.Close()); err != nil {
			t.Fatal(err)
		}
		return b.Bytes()
	}
	const long = 16 << 20
	torn := flate(make([]byte, long))
	torn[len(torn)-1] ^= 1 // of the checksum
	for name, tc := range map[string]struct {
		dict pdf.Dict
		data []byte
	}{
		"white space between two filters": {pdf.Dict{"Filter": pdf.Array{pdf.Name("FlateDecode"), pdf.Name("ASCII85Decode")}}, flate(bytes.Repeat([]byte(" "), long))},
		"a wrong checksum":                {pdf.Dict{"Filter": pdf.Name("FlateDecode")}, torn},
		"rows that are not there": {pdf.Dict{"Filter": pdf.Name("FlateDecode"), "DecodeParms": pdf.Dict{
			"Predictor": pdf.Integer(15), "Colors": pdf.Integer(32), "BitsPerComponent": pdf.Integer(16), "Columns": pdf.Integer(1 << 20)}}, flate(nil)},
	} {
		b, root := pdftest.Build(pdftest.Options{})
		ref := b.AddStream(tc.dict, tc.data)
		f := open(t, b.Bytes(pdf.Table, root))
		s, err := f.Stream(ref)
		if err != nil {
			t.Fatal(err)
		}
		for range 20 {
			if _, err = f.Decode(s, 2*long); errors.Is(err, &pdf.Error{Kind: pdf.TooComplex}) {
				break
			}
		}
		if !errors.Is(err, &pdf.Error{Kind: pdf.TooComplex}) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestWorkInObjectStreamsIsBounded asks for a long array of an object stream again and again.
func TestWorkInObjectStreamsIsBounded(t *testing.T) {
	array := "[" + strings.Repeat("1 ", 1<<19) + "]"
	data := compressed(fmt.Sprintf("8 0 obj\n<</Type/ObjStm/N 1/First 4/Length %d>>\nstream\n1 0 %s\nendstream\nendobj\n", len(array)+4, array), [3]byte{2, 8, 0})
	f := open(t, data)
	var err error
	reads := 0
	for ; reads < 100 && err == nil; reads++ {
		_, err = f.Resolve(pdf.Ref{Num: 1})
	}
	if !errors.Is(err, &pdf.Error{Kind: pdf.TooComplex}) {
		t.Errorf("after %d reads: %v", reads, err)
	}
}

func TestDefects(t *testing.T) {
	good := pdftest.Document(pdftest.Options{})
	f := open(t, good)
	xref := f.Revisions()[0].XRef
	stream := pdftest.Document(pdftest.Options{Form: pdf.XRefStream})
	streamAt := open(t, stream).Revisions()[0].XRef
	replace := func(old, new string) []byte {
		if !bytes.Contains(good, []byte(old)) {
			t.Fatalf("no %q in the file", old)
		}
		return bytes.Replace(good, []byte(old), []byte(new), 1)
	}
	tests := []struct {
		name string
		data []byte
		want string
	}{
		{"none", good, ""},
		{"junk in front, offsets from the header", append([]byte("junk\n"), good...), pdf.JunkBeforeHeader},
		{"junk behind", append(bytes.Clone(good), "junk"...), pdf.JunkAfterEnd},
		{"white space behind", append(bytes.Clone(good), "\n\n \x00"...), ""},
		{"offset at white space", replace(fmt.Sprintf("startxref\n%d", xref), fmt.Sprintf("startxref\n%d", xref-1)), pdf.XRefOffset},
		{"offset at white space before a stream", bytes.Replace(stream, fmt.Appendf(nil, "startxref\n%d", streamAt), fmt.Appendf(nil, "startxref\n%d", streamAt-1), 1), ""},
		{"short entries", bytes.ReplaceAll(good, []byte(" n \n"), []byte(" n\n")), pdf.XRefEntryForm},
		{"size too small", replace("/Size 6", "/Size 5"), pdf.XRefSize},
		{"an object in use at byte 0", replace("0000000000 65535 f", "0000000000 65536 n"), pdf.XRefEntryZero},
		{"an object in use at byte 0, in a stream", bytes.Replace(stream,
			[]byte("stream\n\x00\x00\x00\x00\x00\x01"), []byte("stream\n\x01\x00\x00\x00\x00\x01"), 1), pdf.XRefEntryZero},
		{"Prev 0", replace("/Size 6", "/Size 6/Prev 0"), pdf.PrevZero},
		{"a key twice", replace("/Size 6", "/Size 6/Size 6"), pdf.DuplicateKey},
		{"revision without its own end", update(good[:len(good)-len(fmt.Sprintf("startxref\n%d\n%%%%EOF\n", xref))], xref, 9, map[int]string{8: "(x)"}), pdf.NoEnd},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := open(t, tt.data)
			if err := readAll(f); err != nil {
				t.Fatal(err)
			}
			var names []string
			for _, d := range f.Defects() {
				if len(names) == 0 || names[len(names)-1] != d.Name {
					names = append(names, d.Name)
				}
			}
			if got := strings.Join(names, " "); got != tt.want {
				t.Errorf("defects %q, want %q", got, tt.want)
			}
		})
	}
}

// TestOddObjects reads what real writers left behind, which has one reading and
// which other readers open without repair.
func TestOddObjects(t *testing.T) {
	object := func(body string) []byte { return withXRef(catalog+pages+"4 0 obj\n"+body, plain) }
	tests := []struct {
		name, want, defect string
		data               []byte
	}{
		{"nothing", "null", pdf.EmptyObject, object("endobj\n")},
		{"a number glued to endobj", "58", pdf.KeywordGlued, object("58endobj\n")},
		{"a stream behind a carriage return", "abc", pdf.StreamStart, object("<</Length 3>>\nstream\rabc\nendstream\nendobj\n")},
		{"a stream behind a blank", "abc", pdf.StreamStart, object("<</Length 3>>\nstream \r\nabc\nendstream\nendobj\n")},
		{"a blank before endstream", "abc", pdf.StreamEnd, object("<</Length 3>>\nstream\nabc endstream\nendobj\n")},
		{"two lines before endstream", "abc", pdf.StreamEnd, object("<</Length 3>>\nstream\nabc\r\n\r\nendstream\nendobj\n")},
		{"an abbreviated filter", "abc", "", object("<</Length 7/Filter/AHx>>\nstream\n616263>\nendstream\nendobj\n")},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := open(t, tt.data)
			o, err := f.Resolve(pdf.Ref{Num: 4})
			if err != nil {
				t.Fatal(err)
			}
			got := string(pdf.Append(nil, o))
			if s, ok := o.(*pdf.Stream); ok {
				b, err := f.Decode(s, 100)
				if err != nil {
					t.Fatal(err)
				}
				got = string(b)
			}
			if got != tt.want {
				t.Errorf("%q, want %q", got, tt.want)
			}
			if d := f.Defects(); (len(d) > 0) != (tt.defect != "") || len(d) > 0 && d[0].Name != tt.defect {
				t.Errorf("defects %v, want %q", d, tt.defect)
			}
		})
	}
}

// TestOddObjectStreams has the index name the comment in front of an object, as
// TeX does, and leaves comments and white space between objects.
func TestOddObjectStreams(t *testing.T) {
	body := "% 1 0 obj\n<</Pages 2 0 R>>\n% 2 0 obj\n(second)% here\n\n3"
	index := fmt.Sprintf("1 0 2 %d 3 %d ", strings.Index(body, "% 2"), len(body)-1)
	f := open(t, compressed(fmt.Sprintf("8 0 obj\n<</Type/ObjStm/N 3/First %d/Length %d>>\nstream\n%s%s\nendstream\nendobj\n",
		len(index), len(index)+len(body), index, body), [3]byte{2, 8, 0}, [3]byte{2, 8, 1}, [3]byte{2, 8, 2}))
	for i, want := range []pdf.Object{pdf.Dict{"Pages": pdf.Ref{Num: 2}}, pdf.String("second"), pdf.Integer(3)} {
		if got, err := f.Resolve(pdf.Ref{Num: uint32(i + 1)}); err != nil || !pdf.Equal(got, want) {
			t.Errorf("object %d: %v %v, want %v", i+1, got, err, want)
		}
	}
}

// TestCutXRefStream reads a cross-reference stream whose compressed data lack
// their end, the checksum, behind the last entry.
func TestCutXRefStream(t *testing.T) {
	entries := []byte{0, 0, 0, 1, 9, 0, 1, 44, 0}
	var packed bytes.Buffer
	w := zlib.NewWriter(&packed)
	w.Write(entries)
	w.Flush()
	for _, cut := range []int{0, 4, len(packed.Bytes()) - 4} {
		b := []byte("%PDF-1.7\n1 0 obj\n<</Type/Catalog>>\nendobj\n")
		at := len(b)
		data := packed.Bytes()[:packed.Len()-cut]
		b = fmt.Appendf(b, "2 0 obj\n<</Type/XRef/Size 3/W[1 1 1]/Root 1 0 R/Filter/Fl/Length %d>>\nstream\n%s\nendstream\nendobj\nstartxref\n%d\n%%%%EOF\n", len(data), data, at)
		f, err := pdf.Open(bytes.NewReader(b), int64(len(b)))
		if cut > 4 {
			if !errors.Is(err, &pdf.Error{Kind: pdf.Malformed}) {
				t.Errorf("without the last entries: %v", err)
			}
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		if e, _, ok := f.Lookup(1); !ok || e.Offset != 9 {
			t.Errorf("%+v", e)
		}
	}
}

// TestSectionsOfOneRevision reads a file in the form that Office gives it: a table
// of everything, and right behind its trailer an empty one with the companion stream.
func TestSectionsOfOneRevision(t *testing.T) {
	b := []byte("%PDF-1.5\n")
	offsets := map[int]int{}
	add := func(n int, body string) {
		offsets[n] = len(b)
		b = fmt.Appendf(b, "%d 0 obj\n%s\nendobj\n", n, body)
	}
	add(1, "<</Type/Catalog/Pages 2 0 R/Hidden 4 0 R>>")
	add(2, "<</Type/Pages/Kids[3 0 R]/MediaBox[0 0 9 9]>>")
	add(3, "<</Type/Page>>")
	add(5, "<</Type/ObjStm/N 1/First 4/Length 12>>\nstream\n4 0 (hidden)\nendstream")
	data := string([]byte{2, 0, 5, 0, 1, byte(offsets[5] >> 8), byte(offsets[5]), 0})
	add(6, fmt.Sprintf("<</Type/XRef/Size 7/W[1 2 1]/Index[4 2]/Length %d>>\nstream\n%s\nendstream", len(data), data))
	first := len(b)
	b = append(b, "xref\n0 7\n0000000000 65535 f \n"...)
	for n := 1; n < 7; n++ {
		if n == 4 || n == 5 {
			b = append(b, "0000000000 65535 f \n"...)
		} else {
			b = fmt.Appendf(b, "%010d 00000 n \n", offsets[n])
		}
	}
	b = append(b, "trailer\n<</Size 7/Root 1 0 R>>\r\n"...)
	second := len(b)
	b = fmt.Appendf(b, "xref\n0 0\ntrailer\n<</Size 7/Root 1 0 R/Prev %d/XRefStm %d>>\nstartxref\n%d\n%%%%EOF\n", first, offsets[6], second)

	f := open(t, b)
	r := f.Revisions()
	if len(r) != 1 || !r[0].Hybrid || r[0].Linearized || r[0].XRef != int64(second) || r[0].End != int64(len(b)) || len(f.Defects()) != 0 {
		t.Fatalf("%+v, defects %v", r, f.Defects())
	}
	c, err := f.Catalog()
	if err != nil {
		t.Fatal(err)
	}
	if s, err := f.String(c["Hidden"]); s != "hidden" || err != nil {
		t.Errorf("%q %v", s, err)
	}
	f = open(t, update(b, int64(second), 9, map[int]string{8: "(x)"}))
	if r := f.Revisions(); len(r) != 2 || r[1].Start != r[0].End || len(f.Defects()) != 0 {
		t.Errorf("updated: %+v, defects %v", r, f.Defects())
	}
}

// TestNewestSectionOfARevisionCounts has two tables behind one another say different things of object 4, and of object 5.
func TestNewestSectionOfARevisionCounts(t *testing.T) {
	b := []byte("%PDF-1.7\n" + catalog + pages + "4 0 obj\n(older)\nendobj\n5 0 obj\n(gone)\nendobj\n")
	newer := len(b)
	b = append(b, "4 0 obj\n(newer)\nendobj\n"...)
	first := len(b)
	b = append(b, "xref\n0 6\n0000000000 65535 f \n"...)
	for n := 1; n < 6; n++ {
		b = fmt.Appendf(b, "%010d 00000 n \n", bytes.Index(b, fmt.Appendf(nil, "\n%d 0 obj", n))+1)
	}
	b = append(b, "trailer\n<</Size 6/Root 1 0 R>>\n"...)
	second := len(b)
	b = fmt.Appendf(b, "xref\n4 2\n%010d 00000 n \n0000000000 00001 f \ntrailer\n<</Size 6/Root 1 0 R/Prev %d>>\nstartxref\n%d\n%%%%EOF\n", newer, first, second)
	f := open(t, b)
	for num, want := range map[uint32]pdf.Object{4: pdf.String("newer"), 5: pdf.Null{}} {
		if got, err := f.Resolve(pdf.Ref{Num: num}); err != nil || !pdf.Equal(got, want) {
			t.Errorf("object %d: %v %v, want %v", num, got, err, want)
		}
	}
	if n := len(f.Revisions()); n != 1 {
		t.Errorf("%d revisions", n)
	}
}

// TestUpdatedLinearizedFile: the two sections of the first revision stand on both
// sides of its objects, and the update's /Prev names the one at the beginning.
func TestUpdatedLinearizedFile(t *testing.T) {
	dir := t.TempDir()
	in := write(t, filepath.Join(dir, "in.pdf"), pdftest.Document(pdftest.Options{Pages: 3}))
	for _, streams := range []string{"disable", "generate"} {
		out := filepath.Join(dir, streams+".pdf")
		tool(t, "qpdf", "--linearize", "--object-streams="+streams, in, out)
		data, err := os.ReadFile(out)
		if err != nil {
			t.Fatal(err)
		}
		first := open(t, data).Revisions()[0]
		if !first.Linearized {
			t.Fatal("not seen as linearized")
		}
		size, _ := first.Trailer["Size"].(pdf.Integer)
		root, _ := first.Trailer["Root"].(pdf.Ref)
		// White space before a stream is before an object: some writers name the place in front of it.
		at := first.XRef
		if first.Form == pdf.XRefStream {
			at--
		}
		updated := update(data, at, int(size)+1, map[int]string{int(size): "(x)"})
		updated = bytes.ReplaceAll(updated, []byte("/Root 1 0 R/Prev"), fmt.Appendf(nil, "/Root %v/Prev", root))
		f := open(t, updated)
		if err := readAll(f); err != nil {
			t.Fatal(err)
		}
		r := f.Revisions()
		if len(r) != 2 || !r[0].Linearized || r[1].Linearized || r[1].Start != int64(len(data)) || len(f.Defects()) != 0 {
			t.Errorf("%s: %d revisions, the second from %d of %d, defects %v", streams, len(r), r[len(r)-1].Start, len(data), f.Defects())
		}
	}
}

// TestPagesWithoutBoxes takes a page without a MediaBox, or with an empty one, as viewers do.
func TestPagesWithoutBoxes(t *testing.T) {
	for _, box := range []string{"", "/MediaBox null", "/MediaBox[5 5 5 90]", "/MediaBox[0 0 0 0]/CropBox[0 0 0 0]"} {
		f := open(t, withXRef(catalog+"2 0 obj\n<</Kids[3 0 R]>>\nendobj\n3 0 obj\n<</Type/Page"+box+">>\nendobj\n", plain))
		p, err := f.Page(1)
		if err != nil || p.MediaBox != (pdf.Rect{0, 0, 612, 792}) || p.CropBox != p.MediaBox {
			t.Errorf("%q: %v %v %v", box, p.MediaBox, p.CropBox, err)
		}
		if d := f.Defects(); len(d) != 1 || d[0].Name != pdf.PageBox {
			t.Errorf("%q: defects %v", box, d)
		}
	}
}

func FuzzOpen(f *testing.F) {
	f.Add(pdftest.Document(pdftest.Options{Pages: 2}))
	f.Add(pdftest.Document(pdftest.Options{Pages: 2, Form: pdf.XRefStream, Rotate: 90}))
	f.Add(withXRef(catalog+pages, "<</Size 20/Root 1 0 R/Prev %d>>"))
	f.Add(compressed("8 0 obj\n<</Type/ObjStm /N 1/First 4/Length 20>>\nstream\n1 0 <</Pages 1 0 R>>\nendstream\nendobj\n", [3]byte{2, 8, 0}))
	doc := pdftest.Document(pdftest.Options{})
	f.Add(update(doc, open(f, doc).Revisions()[0].XRef, 9, map[int]string{8: "<</A<00>>>"}))
	f.Fuzz(func(t *testing.T, data []byte) {
		file, err := pdf.Open(bytes.NewReader(data), int64(len(data)))
		if err != nil {
			return
		}
		for i, r := range file.Revisions() {
			if r.Start > r.End || r.End > int64(len(data)) || i > 0 && r.Start < file.Revisions()[i-1].End {
				t.Fatalf("revision %d from %d to %d", i, r.Start, r.End)
			}
			for _, e := range r.Entries[:min(len(r.Entries), 50)] {
				o, err := file.AtRevision(i).Resolve(e.Ref())
				if err != nil {
					continue
				}
				if s, ok := o.(*pdf.Stream); ok {
					file.Decode(s, 1<<20)
				}
				if start, end, err := file.AtRevision(i).Span(e.Ref()); err == nil && (start < 0 || start >= end || end > int64(len(data))) {
					t.Fatalf("span from %d to %d", start, end)
				}
				file.ValueSpan(e.Ref(), "Contents")
			}
		}
		file.PageCount()
	})
}

// FuzzObject: what is read can be written, and is read as the same again.
func FuzzObject(f *testing.F) {
	for _, s := range []string{"<</A[1 0 R 2 -.5(x\\(y)<00ff>]/B#20C true/D null>>", "[[[]]]", "(\\123)", "+1"} {
		f.Add([]byte(s))
	}
	b, root := pdftest.Build(pdftest.Options{})
	read := func(body string) (pdf.Object, error) {
		twin := *b
		ref := twin.AddRaw(body)
		data := twin.Bytes(pdf.Table, root)
		file, err := pdf.Open(bytes.NewReader(data), int64(len(data)))
		if err != nil {
			return nil, err
		}
		return file.Resolve(ref)
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		o, err := read(string(body))
		if err != nil {
			return
		}
		if _, ok := o.(*pdf.Stream); ok {
			return
		}
		text := pdf.Append(nil, o)
		again, err := read(string(text))
		if err != nil || !pdf.Equal(o, again) {
			t.Fatalf("%q was read as %#v, written as %q and read as %#v: %v", body, o, text, again, err)
		}
	})
}
