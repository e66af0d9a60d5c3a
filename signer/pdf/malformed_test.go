package pdf_test

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"math/rand"
	"strings"
	"testing"
	"time"

	"sealdesk/signer/pdf"
	"sealdesk/signer/pdf/pdftest"
)

// TestMalformedObjects: what begins as an object of some kind and does not go on as one.
func TestMalformedObjects(t *testing.T) {
	object := func(body string) []byte { return withXRef(catalog+pages+"4 0 obj\n"+body+"\nendobj\n", plain) }
	for name, body := range map[string]string{
		"a name with half an escape": "/A#4z", "no keyword": "nul", "two points": "1.2.3", "a letter in a number": "1a", "a sign alone": "-",
		"a string of other digits": "<4g>", "an open string of digits": "<41", "a key that is no name": "<<1 2>>", "one bracket": "<</A 1>",
		"a key without a value": "<</A>>", "a key with half an escape": "<</A#4z 1>>", "a value that is none": "[<</A nul>>]", "two objects": "7 8",
		"a reference beyond all": "[99999999999 0 R]", "a generation beyond all": "[1 70000 R]", "a reference that goes on": "[1 0 Rx]",
		"an open array": "[1", "a stream of less than nothing": "<</Length -1>>\nstream\nabc\nendstream",
		"a stream without a length": "<<>>\nstream\nabc\nendstream", "a length that is a text": "<</Length(3)>>\nstream\nabc\nendstream",
		"a length that is nowhere": "<</Length 15 0 R>>\nstream\nabc\nendstream", "a length that cannot be read": "<</Length 9 0 R>>\nstream\nabc\nendstream\nendobj\n9 0 obj\nnul",
	} {
		f := open(t, object(body))
		if o, err := f.Resolve(pdf.Ref{Num: 4}); !errors.Is(err, &pdf.Error{Kind: pdf.Malformed}) {
			t.Errorf("%s: %v, %v", name, o, err)
		}
	}
	for body, want := range map[string]pdf.Object{
		"/A#zz": pdf.Name("A#zz"), "/A#4a#4B": pdf.Name("AJK"), ".5": pdf.Real(0.5), "+7": pdf.Integer(7), "<aF>": pdf.String("\xaf"), `(\8\1)`: pdf.String("8\x01"),
		"[1 0 R 2 3]": pdf.Array{pdf.Ref{Num: 1}, pdf.Integer(2), pdf.Integer(3)}, "true": pdf.Boolean(true), "null": pdf.Null{},
	} {
		f := open(t, object(body))
		if o, err := f.Resolve(pdf.Ref{Num: 4}); err != nil || !pdf.Equal(o, want) {
			t.Errorf("%s: %v, %v", body, o, err)
		}
	}
	long := open(t, object("("+strings.Repeat("x", 5<<20)+")"))
	if _, err := long.Resolve(pdf.Ref{Num: 4}); err != nil && !errors.Is(err, &pdf.Error{Kind: pdf.TooComplex}) {
		t.Errorf("a long text: %v", err)
	}
}

// TestMalformedTables: cross-reference tables with one fault each, and faults that have one reading.
func TestMalformedTables(t *testing.T) {
	good := string(withXRef(catalog+pages, plain))
	at := strings.Index(good, "\n1 1\n") + 5 // the first entry in use
	entry := good[at : at+20]
	for name, tc := range map[string]struct {
		old, new string
		want     pdf.Kind
	}{
		"no trailer":             {"trailer", "trailed", pdf.Malformed},
		"a trailer that is none": {"trailer\n" + plain, "trailer\n[]", pdf.Malformed},
		"a trailer that is open": {"trailer\n" + plain, "trailer\n<<", pdf.Malformed},
		"a number that is none":  {"xref\n0 1", "xref\n0 x", pdf.Malformed},
		"a kind that is none":    {entry, strings.Replace(entry, " n", " x", 1), pdf.Malformed},
		"a kind that goes on":    {entry, strings.Replace(entry, " n ", " nn", 1), pdf.Malformed},
		"a generation too high":  {entry, strings.Replace(entry, " 00000 ", " 99999 ", 1), pdf.Malformed},
		"no generation":          {entry, strings.Replace(entry, " 00000 ", " xxxxx ", 1), pdf.Malformed},
		"no offset":              {entry, "xxxxxxxxxx" + entry[10:], pdf.Malformed},
		"XRefStm as text":        {plain, "<</Size 20/Root 1 0 R/XRefStm(9)>>", pdf.Malformed},
		"XRefStm below nothing":  {plain, "<</Size 20/Root 1 0 R/XRefStm -9>>", pdf.Malformed},
		"XRefStm at something":   {plain, "<</Size 20/Root 1 0 R/XRefStm 9>>", pdf.NoXRef},
		"startxref at nothing":   {"startxref\n", "startxref\n0 ", pdf.Malformed},
	} {
		if !strings.Contains(good, tc.old) {
			t.Fatalf("%s: no %q in the file", name, tc.old)
		}
		data := strings.Replace(good, tc.old, tc.new, 1)
		if _, err := pdf.Open(strings.NewReader(data), int64(len(data))); !errors.Is(err, &pdf.Error{Kind: tc.want}) {
			t.Errorf("%s: %v, want %s", name, err, tc.want)
		}
	}
	offset, gen := entry[:10], entry[11:16]
	for name, form := range map[string]string{
		"as it should be": entry, "ended by both": offset + " " + gen + " n\r\n", "a digit less": " " + offset[1:] + " " + gen + " n \n",
		"a short generation": offset + "  0000 n \n", "two blanks before the kind": offset + " 0000  n \n", "a blank more": offset + " " + gen + " n  ",
		"a carriage return and a blank": offset + " " + gen + " n\r ", "nothing but a blank": offset + " " + gen + " n \t",
	} {
		f := open(t, []byte(strings.Replace(good, entry, form, 1)))
		exact := form == entry || strings.HasSuffix(form, "\r\n")
		if d := f.Defects(); (len(d) == 0) != exact || !exact && d[0].Name != pdf.XRefEntryForm {
			t.Errorf("%s: defects %v", name, d)
		}
		if err := readAll(f); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestMalformedXRefStreams: cross-reference streams with one fault each.
func TestMalformedXRefStreams(t *testing.T) {
	ff := strings.Repeat("\xff", 8)
	for name, tc := range map[string]struct {
		dict, data string
		want       pdf.Kind
	}{
		"no size":                     {"/W[1 1 1]", "abc", pdf.Malformed},
		"a size below nothing":        {"/Size -1/W[1 1 1]", "abc", pdf.Malformed},
		"a size beyond all":           {"/Size 4294967296/W[1 1 1]", "abc", pdf.Malformed},
		"two widths":                  {"/Size 1/W[1 1]", "abc", pdf.Malformed},
		"four widths":                 {"/Size 1/W[1 1 1 1]", "abcd", pdf.Malformed},
		"a width that is a text":      {"/Size 1/W[(a) 1 1]", "abc", pdf.Malformed},
		"an index that is none":       {"/Size 1/W[1 1 1]/Index 5", "abc", pdf.Malformed},
		"half an index":               {"/Size 1/W[1 1 1]/Index[0]", "abc", pdf.Malformed},
		"an index from a text":        {"/Size 1/W[1 1 1]/Index[(a) 1]", "abc", pdf.Malformed},
		"an index of a text":          {"/Size 1/W[1 1 1]/Index[0(a)]", "abc", pdf.Malformed},
		"an index of less":            {"/Size 1/W[1 1 1]/Index[0 -1]", "abc", pdf.Malformed},
		"an index from beyond":        {"/Size 1/W[1 1 1]/Index[4294967296 1]", "abc", pdf.Malformed},
		"an index to beyond":          {"/Size 1/W[1 1 1]/Index[4294967295 2]", "abcabc", pdf.Malformed},
		"data cut off":                {"/Size 2/W[1 1 1]", "abc", pdf.Malformed},
		"data that is not packed":     {"/Size 1/W[1 1 1]/Filter/FlateDecode", "abc", pdf.Malformed},
		"data of no digits":           {"/Size 1/W[1 1 1]/Filter/ASCIIHexDecode", "xyz>", pdf.Malformed},
		"a filter that is not known":  {"/Size 1/W[1 1 1]/Filter/DCTDecode", "abc", pdf.UnsupportedFilter},
		"an offset beyond all":        {"/Size 1/W[1 8 1]", "\x01" + ff + "a", pdf.Malformed},
		"a stream beyond all":         {"/Size 1/W[1 8 1]", "\x02" + ff + "a", pdf.Malformed},
		"a place in it beyond all":    {"/Size 1/W[1 1 8]", "\x02a" + ff, pdf.Malformed},
		"another type of object":      {"/Type/Other/Size 1/W[1 1 1]", "abc", pdf.NoXRef},
		"a kind that is not known":    {"/Size 1/W[1 1 1 0]", "\x09ab", ""},
		"an object that is not there": {"/Size 1/W[1 1 1]", "\x00ab", ""},
	} {
		data := xrefStream(tc.dict, tc.data)
		f, err := pdf.Open(bytes.NewReader(data), int64(len(data)))
		if tc.want != "" && !errors.Is(err, &pdf.Error{Kind: tc.want}) || tc.want == "" && err != nil {
			t.Errorf("%s: %v, want %q", name, err, tc.want)
		}
		if err == nil {
			if o, err := f.Resolve(pdf.Ref{}); err != nil || o != (pdf.Null{}) {
				t.Errorf("%s: %v, %v", name, o, err)
			}
		}
	}
	none := []byte("%PDF-1.7\n9 0 obj\n<</Type/XRef>>\nendobj\nstartxref\n9\n%%EOF\n")
	if _, err := pdf.Open(bytes.NewReader(none), int64(len(none))); !errors.Is(err, &pdf.Error{Kind: pdf.NoXRef}) {
		t.Errorf("no stream: %v", err)
	}
}

// TestMalformedPages: page trees with one fault each, and what counts as nothing.
func TestMalformedPages(t *testing.T) {
	leaf := func(more string) string {
		return catalog + "2 0 obj\n<</Kids[3 0 R]/MediaBox[0 0 9 9]>>\nendobj\n3 0 obj\n<</Type/Page" + more + ">>\nendobj\n"
	}
	for name, body := range map[string]string{
		"no tree":                 "1 0 obj\n<</Type/Catalog/Pages 5>>\nendobj\n",
		"a catalog that is none":  "1 0 obj\n5\nendobj\n",
		"a node that is a number": catalog + "2 0 obj\n5\nendobj\n",
		"a node that is broken":   catalog + "2 0 obj\nnul\nendobj\n",
		"a type that is a number": catalog + "2 0 obj\n<</Type 7>>\nendobj\n",
		"a leaf of another type":  catalog + "2 0 obj\n<</Type/Font>>\nendobj\n",
		"kids that are a number":  catalog + "2 0 obj\n<</Kids 7>>\nendobj\n",
		"a kid that is a number":  catalog + "2 0 obj\n<</Kids[7]>>\nendobj\n",
		"a box that is a number":  leaf("/MediaBox 7"),
		"a crop that is a number": leaf("/CropBox 7"),
		"a crop of three":         leaf("/CropBox[1 2 3]"),
		"a turn that is a text":   leaf("/Rotate(90)"),
		"a unit that is a text":   leaf("/UserUnit(2)"),
		"a corner that is broken": leaf("/MediaBox[0 0 9 4 0 R]") + "4 0 obj\nnul\nendobj\n",
	} {
		data := withXRef(body, plain)
		f, err := pdf.Open(bytes.NewReader(data), int64(len(data)))
		if err == nil {
			_, err = f.PageCount()
		}
		if !errors.Is(err, &pdf.Error{Kind: pdf.Malformed}) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for more, want := range map[string]float64{"/UserUnit 0": 1, "/UserUnit 99999999": 1, "/UserUnit -2": 1, "/UserUnit 3": 3, "": 1} {
		if p, err := open(t, withXRef(leaf(more), plain)).Page(1); err != nil || p.UserUnit != want {
			t.Errorf("%q: %v, %v", more, p.UserUnit, err)
		}
	}
	b := &pdftest.Builder{}
	root := b.Reserve()
	last := b.Add(pdf.Dict{"Type": pdf.Name("Page")})
	for range 2000 {
		last = b.Add(pdf.Dict{"Kids": pdf.Array{last}})
	}
	b.Set(root, pdf.Dict{"Pages": last})
	if _, err := open(t, b.Bytes(pdf.Table, root)).PageCount(); !errors.Is(err, &pdf.Error{Kind: pdf.TooComplex}) {
		t.Errorf("a deep tree: %v", err)
	}
}

// TestDecodeAsOthersEncode: the rows that the PNG writer filters as it thinks best come back as they were.
func TestDecodeAsOthersEncode(t *testing.T) {
	const w, h = 40, 30
	random := rand.New(rand.NewSource(1))
	m, want := image.NewRGBA(image.Rect(0, 0, w, h)), []byte(nil)
	for y := range h {
		for x := range w {
			c := color.RGBA{uint8(x*5 + random.Intn(9)), uint8(y*7 + random.Intn(30)), uint8(x*y + random.Intn(5)), 255}
			m.SetRGBA(x, y, c)
			want = append(want, c.R, c.G, c.B)
		}
	}
	var file bytes.Buffer
	if err := png.Encode(&file, m); err != nil {
		t.Fatal(err)
	}
	var packed []byte
	for rest := file.Bytes()[8:]; len(rest) >= 12; {
		n := binary.BigEndian.Uint32(rest)
		if string(rest[4:8]) == "IDAT" {
			packed = append(packed, rest[8:8+n]...)
		}
		rest = rest[n+12:]
	}
	b, root := pdftest.Build(pdftest.Options{})
	ref := b.AddStream(pdf.Dict{"Filter": pdf.Name("Fl"), "DecodeParms": pdf.Dict{"Predictor": pdf.Integer(15), "Colors": pdf.Integer(3), "Columns": pdf.Integer(w)}}, packed)
	f := open(t, b.Bytes(pdf.Table, root))
	s, err := f.Stream(ref)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := f.Decode(s, 1<<20); err != nil || !bytes.Equal(got, want) {
		t.Errorf("%d bytes of %d, %v", len(got), len(want), err)
	}
}

// TestDecodeRefuses parameters and data that mean nothing, and takes what is merely cut short.
func TestDecodeRefuses(t *testing.T) {
	parms := func(filter string, d pdf.Dict) pdf.Dict {
		return pdf.Dict{"Filter": pdf.Name(filter), "DecodeParms": d}
	}
	broken := pdf.Ref{Num: 6}
	for _, tc := range []struct {
		name, data string
		dict       pdf.Dict
		want       string
		kind       pdf.Kind
	}{
		{"a predictor that is a text", "\x80\x0b\x60\x50\x22\x0c\x0c\x85\x01", parms("LZWDecode", pdf.Dict{"Predictor": pdf.String("2")}), "", pdf.Malformed},
		{"a predictor between", "\x80", parms("LZW", pdf.Dict{"Predictor": pdf.Integer(3)}), "", pdf.UnsupportedFilter},
		{"a predictor of pairs of bytes", "\x80", parms("LZW", pdf.Dict{"Predictor": pdf.Integer(2), "BitsPerComponent": pdf.Integer(16)}), "", pdf.UnsupportedFilter},
		{"early change as a text", "\x80\x0b\x60\x50\x22\x0c\x0c\x85\x01", parms("LZWDecode", pdf.Dict{"EarlyChange": pdf.String("x")}), "-----A---B", ""},
		{"no early change", "\x80\x0b\x60\x50\x22\x0c\x0c\x85\x01", parms("LZWDecode", pdf.Dict{"EarlyChange": pdf.Integer(0)}), "-----A---B", ""},
		{"a code of nothing", "\x81\x00", pdf.Dict{"Filter": pdf.Name("LZWDecode")}, "", pdf.Malformed},
		{"no codes", "", pdf.Dict{"Filter": pdf.Name("LZWDecode")}, "", ""},
		{"runs", "\x02abc\xfed\x80junk", pdf.Dict{"Filter": pdf.Name("RunLengthDecode")}, "abcddd", ""},
		{"runs without an end", "\x02abc", pdf.Dict{"Filter": pdf.Name("RL")}, "abc", ""},
		{"a run cut off", "\x05ab", pdf.Dict{"Filter": pdf.Name("RL")}, "ab", ""},
		{"a run of nothing", "\x01ab\xfe", pdf.Dict{"Filter": pdf.Name("RL")}, "ab", ""},
		{"digits and something else", "61x2>", pdf.Dict{"Filter": pdf.Name("AHx")}, "", pdf.Malformed},
		{"an odd digit", "616>", pdf.Dict{"Filter": pdf.Name("AHx")}, "a`", ""},
		{"text of 85 characters without an end", "87cURD]i,\"Ebo80", pdf.Dict{"Filter": pdf.Name("A85")}, "Hello World!", ""},
		{"a filter that is broken", "", pdf.Dict{"Filter": broken}, "", pdf.Malformed},
		{"one of filters that is broken", "", pdf.Dict{"Filter": pdf.Array{broken}}, "", pdf.Malformed},
		{"parameters that are broken", "", pdf.Dict{"Filter": pdf.Name("LZW"), "DecodeParms": broken}, "", pdf.Malformed},
		{"one of them that is broken", "", pdf.Dict{"Filter": pdf.Name("LZW"), "DecodeParms": pdf.Array{broken}}, "", pdf.Malformed},
		{"a predictor that is broken", "", parms("LZW", pdf.Dict{"Predictor": broken}), "", pdf.Malformed},
		{"an early change that is broken", "", parms("LZW", pdf.Dict{"EarlyChange": broken}), "", pdf.Malformed},
		{"a filter that is a number", "", pdf.Dict{"Filter": pdf.Integer(7)}, "", pdf.UnsupportedFilter},
	} {
		b, root := pdftest.Build(pdftest.Options{})
		if got := b.AddRaw("nul"); got != broken {
			t.Fatalf("the broken object is %v", got)
		}
		ref := b.AddStream(tc.dict, []byte(tc.data))
		f := open(t, b.Bytes(pdf.Table, root))
		s, err := f.Stream(ref)
		if err != nil {
			t.Fatalf("%s: %v", tc.name, err)
		}
		got, err := f.Decode(s, 1000)
		if tc.kind != "" && !errors.Is(err, &pdf.Error{Kind: tc.kind}) || tc.kind == "" && (err != nil || string(got) != tc.want) {
			t.Errorf("%s: %q, %v", tc.name, got, err)
		}
	}
	// The last row of a picture may be cut short.
	var packed bytes.Buffer
	z := zlib.NewWriter(&packed)
	_, errWrite := z.Write([]byte("\x00abcd\x02\x01\x01"))
	if err := errors.Join(errWrite, z.Close()); err != nil {
		t.Fatal(err)
	}
	b, root := pdftest.Build(pdftest.Options{})
	ref := b.AddStream(parms("FlateDecode", pdf.Dict{"Predictor": pdf.Integer(12), "Columns": pdf.Integer(4)}), packed.Bytes())
	f := open(t, b.Bytes(pdf.Table, root))
	s, err := f.Stream(ref)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := f.Decode(s, 1000); err != nil || string(got) != "abcdbc" {
		t.Errorf("%q, %v", got, err)
	}
}

// TestObjectsAreTold apart, and read as what they are.
func TestObjectsAreTold(t *testing.T) {
	b, root := pdftest.Build(pdftest.Options{})
	one, two := b.AddStream(pdf.Dict{"A": pdf.Integer(1)}, []byte("one")), b.AddStream(pdf.Dict{"A": pdf.Integer(1)}, []byte("one"))
	f := open(t, b.Bytes(pdf.Table, root))
	first, errA := f.Stream(one)
	again, errB := f.Stream(one)
	second, errC := f.Stream(two)
	if err := errors.Join(errA, errB, errC); err != nil {
		t.Fatal(err)
	}
	if d, err := f.Dict(one); err != nil || d["A"] != pdf.Integer(1) {
		t.Errorf("a stream's dictionary is %v, %v", d, err)
	}
	for _, tc := range []struct {
		a, b pdf.Object
		want bool
	}{
		{first, again, true}, {first, second, false}, {first, pdf.Integer(1), false}, {pdf.Integer(1), first, false}, {pdf.Integer(1), pdf.Array{}, false},
		{pdf.Array{}, pdf.Integer(1), false}, {pdf.Array{pdf.Integer(1)}, pdf.Array{pdf.Integer(2)}, false}, {nil, nil, true}, {nil, pdf.Null{}, false},
		{pdf.Dict{}, pdf.Integer(1), false}, {pdf.Dict{"A": nil}, pdf.Dict{"B": nil}, false}, {pdf.Dict{"A": pdf.Integer(1)}, pdf.Dict{"A": pdf.Integer(2)}, false},
	} {
		if got := pdf.Equal(tc.a, tc.b); got != tc.want {
			t.Errorf("%v and %v: %t", tc.a, tc.b, got)
		}
	}
	if got := string(pdf.Append(nil, first)); got != "<</A 1\n/Length 3>>" {
		t.Errorf("a stream is written as %q", got)
	}
	for name, read := range map[string]func(pdf.Object) error{
		"dictionary": func(o pdf.Object) error { _, err := f.Dict(o); return err }, "array": func(o pdf.Object) error { _, err := f.Array(o); return err },
		"stream": func(o pdf.Object) error { _, err := f.Stream(o); return err }, "name": func(o pdf.Object) error { _, err := f.Name(o); return err },
		"string": func(o pdf.Object) error { _, err := f.String(o); return err }, "integer": func(o pdf.Object) error { _, err := f.Int(o); return err },
		"number": func(o pdf.Object) error { _, err := f.Number(o); return err },
	} {
		if err := read(pdf.Boolean(true)); !errors.Is(err, &pdf.Error{Kind: pdf.Malformed}) {
			t.Errorf("a truth value as a %s: %v", name, err)
		}
		if err := read(nil); err != nil {
			t.Errorf("nothing as a %s: %v", name, err)
		}
		if err := read(pdf.Ref{Num: 1, Gen: 7}); err != nil { // of another generation, which is null
			t.Errorf("what is gone as a %s: %v", name, err)
		}
	}
	for _, e := range []struct {
		err  pdf.Error
		want []string
	}{{pdf.Error{Kind: pdf.Malformed, Offset: -1}, nil}, {pdf.Error{Kind: pdf.Malformed, Offset: 7}, []string{"offset"}}, {pdf.Error{Kind: pdf.NoSuchPage, Offset: -1}, []string{"page", "pages"}}} {
		params := e.err.Params()
		for _, name := range e.want {
			if _, told := params[name]; !told {
				t.Errorf("%v does not tell its %s", e.err, name)
			}
		}
		if len(params) != len(e.want) || errors.Is(&e.err, &pdf.Error{Kind: pdf.NotPDF}) {
			t.Errorf("%v tells %v", e.err, params)
		}
	}
}

// TestSpansThatAreNot: of what stands nowhere, is broken, or is there twice.
func TestSpansThatAreNot(t *testing.T) {
	data := withXRef(catalog+pages+"4 0 obj\n<</A<</B 1/B 2/C 3>>/D 4>>\nendobj\n5 0 obj\nnul\nendobj\n6 0 obj\n<</A nul>>\nendobj\n7 0 obj\n(text)\nendobj\n", plain)
	f := open(t, data)
	for name, tc := range map[string]struct {
		ref  pdf.Ref
		keys []pdf.Name
		want pdf.Kind
	}{
		"no object":                {pdf.Ref{Num: 19}, []pdf.Name{"A"}, pdf.NoSuchValue},
		"another generation":       {pdf.Ref{Num: 4, Gen: 1}, []pdf.Name{"A"}, pdf.NoSuchValue},
		"no key":                   {pdf.Ref{Num: 4}, []pdf.Name{"X"}, pdf.NoSuchValue},
		"a key twice":              {pdf.Ref{Num: 4}, []pdf.Name{"A", "B"}, pdf.NoSuchValue},
		"a key of a number":        {pdf.Ref{Num: 4}, []pdf.Name{"D", "B"}, pdf.NoSuchValue},
		"a key of a text":          {pdf.Ref{Num: 7}, []pdf.Name{"A"}, pdf.NoSuchValue},
		"a dictionary that breaks": {pdf.Ref{Num: 6}, []pdf.Name{"A"}, pdf.Malformed},
	} {
		if start, end, err := f.ValueSpan(tc.ref, tc.keys...); !errors.Is(err, &pdf.Error{Kind: tc.want}) {
			t.Errorf("%s: %d to %d, %v", name, start, end, err)
		}
	}
	if start, end, err := f.ValueSpan(pdf.Ref{Num: 4}, "A", "C"); err != nil || string(data[start:end]) != "3" {
		t.Errorf("%q, %v", data[start:end], err)
	}
	for ref, want := range map[pdf.Ref]pdf.Kind{{Num: 19}: pdf.NoSuchValue, {Num: 5}: pdf.Malformed} {
		if _, _, err := f.Span(ref); !errors.Is(err, &pdf.Error{Kind: want}) {
			t.Errorf("%v: %v", ref, err)
		}
	}
	moved := open(t, bytes.Replace(data, []byte("\n4 0 obj"), []byte("\n8 0 obj"), 1))
	if _, _, err := moved.Span(pdf.Ref{Num: 4}); !errors.Is(err, &pdf.Error{Kind: pdf.Malformed}) {
		t.Errorf("another object: %v", err)
	}
	lost := open(t, bytes.Replace(data, fmt.Appendf(nil, "%010d 00000 n", bytes.Index(data, []byte("\n4 0 obj"))+1), []byte("0000099999 00000 n"), 1))
	if _, err := lost.Resolve(pdf.Ref{Num: 4}); !errors.Is(err, &pdf.Error{Kind: pdf.Malformed}) {
		t.Errorf("an object behind the end: %v", err)
	}
}

// TestMalformedObjectStreams: the numbers of an object stream that are none.
func TestMalformedObjectStreams(t *testing.T) {
	stream := func(dict, data string) string {
		return fmt.Sprintf("8 0 obj\n<</Type/ObjStm %s/Length %d>>\nstream\n%s\nendstream\nendobj\n", dict, len(data), data)
	}
	for name, s := range map[string]string{
		"a count that is a text":   stream("/N(1)/First 4", "1 0 <<>>"),
		"a start that is a text":   stream("/N 1/First(4)", "1 0 <<>>"),
		"a start below nothing":    stream("/N 1/First -4", "1 0 <<>>"),
		"an index without numbers": stream("/N 1/First 4", "a b <<>>"),
		"an index of one number":   stream("/N 1/First 4", "1 b <<>>"),
		"a number beyond all":      stream("/N 1/First 13", "4294967297 0 <<>>"),
		"data that is not packed":  stream("/N 1/First 4/Filter/FlateDecode", "1 0 <<>>"),
		"an object that is none":   "8 0 obj\n<</Type/ObjStm>>\nendobj\n",
		"one that is broken":       "8 0 obj\nnul\nendobj\n",
	} {
		f := open(t, compressed(s, [3]byte{2, 8, 0}))
		if o, err := f.Resolve(pdf.Ref{Num: 1}); !errors.Is(err, &pdf.Error{Kind: pdf.Malformed}) {
			t.Errorf("%s: %v, %v", name, o, err)
		}
	}
}

// TestDatesOfOtherWriters: what is a date all the same, and what is none.
func TestDatesOfOtherWriters(t *testing.T) {
	at := time.Date(2026, 3, 4, 15, 6, 7, 0, time.UTC)
	for in, want := range map[pdf.String]bool{
		"D:20260304150607Z00'00'": true, "D:20260304150607Z00'00": true, "D:20260304150607": true, "D:20260304150607-00'00'": true,
		"D:2026030": false, "D:20260304150607+0a'00'": false, "D:20260304150607+0 '00'": false, "D:20260304150607+08'99'": false, "D:20260304150607+080": false,
		"D:20260304150607'": false, "2026''": false,
	} {
		if got, ok := pdf.ParseDate(in); ok != want || ok && !got.Equal(at) {
			t.Errorf("%s: %v, %t", in, got, ok)
		}
	}
	west := time.Date(2026, 3, 4, 15, 6, 7, 0, time.FixedZone("", -12600))
	if got := pdf.FormatDate(west); got != "D:20260304150607-03'30'" {
		t.Errorf("%s", got)
	}
	if got := pdf.TextString("a\tb"); got != "\xfe\xff\x00a\x00\t\x00b" || got.Text() != "a\tb" {
		t.Errorf("%q", got)
	}
}
