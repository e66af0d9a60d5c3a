package pdf_test

import (
	"bytes"
	"compress/zlib"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"runtime"
	"strings"
	"testing"
	"time"

	"sealdesk/signer/pdf"
	"sealdesk/signer/pdf/pdftest"
)

func open(t testing.TB, data []byte) *pdf.File {
	t.Helper()
	f, err := pdf.Open(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// readAll resolves every object of every revision.
func readAll(f *pdf.File) error {
	for i := range f.Revisions() {
		v := f.AtRevision(i)
		for _, e := range v.Revisions()[i].Entries {
			if _, err := v.Resolve(e.Ref()); err != nil {
				return fmt.Errorf("revision %d, object %d: %w", i, e.Num, err)
			}
		}
	}
	_, err := f.PageCount()
	return err
}

func tool(t testing.TB, name string, args ...string) {
	t.Helper()
	if _, err := exec.LookPath(name); err != nil {
		t.Fatalf("%s is missing; packaging/deps.sh test installs it", name)
	}
	if out, err := exec.Command(name, args...).CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", name, err, out)
	}
}

func write(t testing.TB, path string, data []byte) string {
	t.Helper()
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestFilesOfRealWritersOpen(t *testing.T) {
	dir := t.TempDir()
	html := write(t, filepath.Join(dir, "contract.html"), []byte(`<html><meta charset="utf-8"><body><h1>采购人（盖章）</h1><p>政府采购合同</p></body></html>`))
	tool(t, "soffice", "-env:UserInstallation=file://"+filepath.Join(dir, "profile"), "--headless", "--convert-to",
		`pdf:writer_web_pdf_Export:{"SelectPdfVersion":{"type":"long","value":"2"}}`, "--outdir", dir, html)
	office := filepath.Join(dir, "contract.pdf")
	ours := write(t, filepath.Join(dir, "ours.pdf"), pdftest.Document(pdftest.Options{Pages: 40}))
	files := []string{office, ours}
	for i, source := range []string{office, ours} {
		for j, args := range [][]string{
			{"--object-streams=disable"}, {"--object-streams=generate"}, {"--linearize", "--object-streams=disable"},
			{"--linearize", "--object-streams=generate"}, {"--qdf"}, {"--compress-streams=n", "--object-streams=generate"},
		} {
			out := filepath.Join(dir, fmt.Sprintf("q%d-%d.pdf", i, j))
			tool(t, "qpdf", append(args, source, out)...)
			files = append(files, out)
		}
	}
	for _, path := range files {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		f := open(t, data)
		if err := readAll(f); err != nil {
			t.Errorf("%s: %v", path, err)
		}
		if d := f.Defects(); len(d) != 0 {
			t.Errorf("%s: defects %v", path, d)
		}
		r := f.Revisions()
		if len(r) != 1 || r[0].End != int64(len(data)) {
			t.Errorf("%s: revisions %d, end %d of %d", path, len(r), r[0].End, len(data))
		}
	}
}

func TestEncryptedFilesAreRefused(t *testing.T) {
	dir := t.TempDir()
	in := write(t, filepath.Join(dir, "in.pdf"), pdftest.Document(pdftest.Options{}))
	out := filepath.Join(dir, "out.pdf")
	tool(t, "qpdf", "--encrypt", "", "owner", "256", "--", in, out)
	data, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := pdf.Open(bytes.NewReader(data), int64(len(data))); !errors.Is(err, &pdf.Error{Kind: pdf.Encrypted}) {
		t.Errorf("error %v", err)
	}
}

// update appends an incremental update with a table, written by hand.
func update(data []byte, prev int64, size int, objects map[int]string, free ...int) []byte {
	return append(bytes.Clone(data), updateAt(int64(len(data)), prev, size, objects, free...)...)
}

// updateAt is the update of a file that is start bytes long.
func updateAt(start, prev int64, size int, objects map[int]string, free ...int) []byte {
	var data []byte
	var table strings.Builder
	for n := range size {
		if body, ok := objects[n]; ok {
			fmt.Fprintf(&table, "%d 1\n%010d 00000 n \n", n, start+int64(len(data)))
			data = fmt.Appendf(data, "%d 0 obj\n%s\nendobj\n", n, body)
		}
	}
	for _, n := range free {
		fmt.Fprintf(&table, "%d 1\n0000000000 00001 f \n", n)
	}
	at := start + int64(len(data))
	return fmt.Appendf(data, "xref\n%strailer\n<</Size %d/Root 1 0 R/Prev %d>>\nstartxref\n%d\n%%%%EOF\n", table.String(), size, prev, at)
}

func TestRevisions(t *testing.T) {
	for _, form := range []pdf.Form{pdf.Table, pdf.XRefStream} {
		first := pdftest.Document(pdftest.Options{Pages: 2, Form: form})
		f := open(t, first)
		second := update(first, f.Revisions()[0].XRef, 20, map[int]string{10: "(new)", 3: "(changed)"})
		third := update(second, open(t, second).Revisions()[1].XRef, 20, map[int]string{10: "(newer)"}, 3)
		f = open(t, third)
		r := f.Revisions()
		if len(r) != 3 || r[0].Form != form || r[1].Form != pdf.Table {
			t.Fatalf("revisions %+v", r)
		}
		for i, end := range []int{len(first), len(second), len(third)} {
			if r[i].End != int64(end) || r[i].EOF != int64(end)-1 || i > 0 && r[i].Start != r[i-1].End {
				t.Errorf("revision %d: %d to %d, end should be %d", i, r[i].Start, r[i].End, end)
			}
		}
		want := [][2]pdf.Object{{pdf.Null{}, nil}, {pdf.String("new"), pdf.String("changed")}, {pdf.String("newer"), pdf.Null{}}}
		for i, w := range want {
			for k, num := range []uint32{10, 3} {
				if w[k] == nil {
					continue
				}
				if got, err := f.AtRevision(i).Resolve(pdf.Ref{Num: num}); err != nil || !pdf.Equal(got, w[k]) {
					t.Errorf("revision %d object %d: %v %v, want %v", i, num, got, err, w[k])
				}
			}
		}
		if e, at, ok := f.Lookup(3); !ok || at != 2 || e.Kind != pdf.Free {
			t.Errorf("object 3: %+v in %d", e, at)
		}
		if e, ok := r[1].Entry(10); !ok || !bytes.HasPrefix(third[e.Offset:], []byte("10 0 obj\n(new)")) {
			t.Errorf("object 10 of revision 1: %+v", e)
		}
	}
}

// updated is a large file with an update behind it.
type updated struct {
	*pdftest.Large
	tail []byte
}

func (u updated) ReadAt(p []byte, off int64) (int, error) {
	n := 0
	if off < u.Large.Size() {
		n, _ = u.Large.ReadAt(p, off)
	}
	if at := off + int64(n) - u.Large.Size(); n < len(p) && at >= 0 && at <= int64(len(u.tail)) {
		n += copy(p[n:], u.tail[at:])
	}
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

// TestLargeFiles reads files around the sizes at which offsets get one more
// digit or bit, and their updates, in the memory of a small one.
func TestLargeFiles(t *testing.T) {
	tests := []struct {
		form pdf.Form
		size int64
	}{
		{pdf.Table, 1 << 20}, {pdf.XRefStream, 1 << 20}, {pdf.Table, 99_999_999}, {pdf.XRefStream, 99_999_999},
		{pdf.Table, 100_000_001}, {pdf.XRefStream, 100_000_001}, {pdf.Table, 1<<31 - 1}, {pdf.XRefStream, 1<<31 + 1}, {pdf.Table, 1<<31 + 1},
		{pdf.Table, 1<<32 - 1}, {pdf.Table, 1<<32 + 1}, {pdf.XRefStream, 1<<32 + 1}, {pdf.Table, 9_999_999_000}, {pdf.XRefStream, 1 << 45},
	}
	for _, tt := range tests {
		t.Run(fmt.Sprint(tt.form, " ", tt.size), func(t *testing.T) {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			doc := pdftest.NewLarge(tt.form, tt.size)
			f, err := pdf.Open(doc, tt.size)
			if err != nil {
				t.Fatal(err)
			}
			if err := readAll(f); err != nil {
				t.Fatal(err)
			}
			r := f.Revisions()
			if len(r) != 1 || r[0].Form != tt.form || r[0].End != tt.size || len(f.Defects()) != 0 {
				t.Errorf("%d revisions, end %d, defects %v", len(r), r[0].End, f.Defects())
			}
			if tt.size < 9_999_999_999 { // a table has no room for more
				u := updated{doc, updateAt(tt.size, r[0].XRef, 9, map[int]string{8: "(far behind)"})}
				whole := tt.size + int64(len(u.tail))
				if f, err = pdf.Open(u, whole); err != nil {
					t.Fatal(err)
				}
				if s, err := f.String(pdf.Ref{Num: 8}); s != "far behind" || err != nil {
					t.Errorf("%q %v", s, err)
				}
				if start, _, err := f.Span(pdf.Ref{Num: 8}); start != tt.size || err != nil {
					t.Errorf("the object is at %d of %d: %v", start, tt.size, err)
				}
				if r := f.Revisions(); len(r) != 2 || r[1].Start != tt.size || r[1].End != whole {
					t.Errorf("%+v", r)
				}
			}
			runtime.ReadMemStats(&after)
			if got := after.TotalAlloc - before.TotalAlloc; got > 1<<20 {
				t.Errorf("%d bytes of memory", got)
			}
		})
	}
}

func TestHybridFiles(t *testing.T) {
	// Object 4 stands in object stream 5, which only the companion stream tells.
	b := []byte("%PDF-1.5\n")
	offsets := map[int]int{}
	add := func(n int, body string) {
		offsets[n] = len(b)
		b = fmt.Appendf(b, "%d 0 obj\n%s\nendobj\n", n, body)
	}
	add(1, "<</Type/Catalog/Pages 2 0 R/Hidden 4 0 R>>")
	add(2, "<</Type/Pages/Kids[3 0 R]/Count 1/MediaBox[0 0 10 10]>>")
	add(3, "<</Type/Page/Parent 2 0 R>>")
	add(5, "<</Type/ObjStm/N 1/First 4/Length 12>>\nstream\n4 0 (hidden)\nendstream")
	stm := len(b)
	data := string([]byte{2, 0, 0, 5, 0, 1, byte(0), byte(offsets[5] >> 8), byte(offsets[5]), 0})
	add(6, fmt.Sprintf("<</Type/XRef/Size 7/W[1 3 1]/Index[4 2]/Length %d>>\nstream\n%s\nendstream", len(data), data))
	at := len(b)
	b = append(b, "xref\n0 7\n0000000000 65535 f \n"...)
	for n := 1; n < 7; n++ {
		if n == 4 || n == 5 {
			b = append(b, "0000000000 65535 f \n"...)
		} else {
			b = fmt.Appendf(b, "%010d 00000 n \n", offsets[n])
		}
	}
	b = fmt.Appendf(b, "trailer\n<</Size 7/Root 1 0 R/XRefStm %d>>\nstartxref\n%d\n%%%%EOF\n", stm, at)
	f := open(t, b)
	if !f.Revisions()[0].Hybrid {
		t.Error("not seen as a hybrid")
	}
	c, err := f.Catalog()
	if err != nil {
		t.Fatal(err)
	}
	if s, err := f.String(c["Hidden"]); s != "hidden" || err != nil {
		t.Errorf("%q %v", s, err)
	}
	if _, _, err := f.Span(pdf.Ref{Num: 4}); !errors.Is(err, &pdf.Error{Kind: pdf.NoSuchValue}) {
		t.Errorf("span of a compressed object: %v", err)
	}
}

func TestSpans(t *testing.T) {
	b, root := pdftest.Build(pdftest.Options{})
	sig := b.AddRaw("<< /Type /Sig /A (Contents) %/Contents <00>\n /Contents  <30 82> /B <</Contents <ff>>> /Twice 1 /Twice 2 >>")
	data := b.Bytes(pdf.Table, root)
	f := open(t, data)
	at := func(from, to int64, err error) string {
		if err != nil {
			return err.Error()
		}
		return string(data[from:to])
	}
	if got := at(f.ValueSpan(sig, "Contents")); got != "<30 82>" {
		t.Errorf("got %q", got)
	}
	if got := at(f.ValueSpan(sig, "B", "Contents")); got != "<ff>" {
		t.Errorf("got %q", got)
	}
	if got := at(f.Span(sig)); !strings.HasPrefix(got, "6 0 obj\n<<") || !strings.HasSuffix(got, ">>\nendobj") {
		t.Errorf("got %q", got)
	}
	for _, keys := range [][]pdf.Name{{"None"}, {"Twice"}, {"A", "B"}, {"B", "B"}} {
		if _, _, err := f.ValueSpan(sig, keys...); !errors.Is(err, &pdf.Error{Kind: pdf.NoSuchValue}) {
			t.Errorf("%v: %v", keys, err)
		}
	}
	if _, _, err := f.Span(pdf.Ref{Num: 99}); !errors.Is(err, &pdf.Error{Kind: pdf.NoSuchValue}) {
		t.Errorf("%v", err)
	}
}

func TestObjectsSurviveWritingAndReading(t *testing.T) {
	objects := []pdf.Object{
		pdf.Null{}, pdf.Boolean(true), pdf.Integer(-12), pdf.Integer(1 << 40), pdf.Real(0.5), pdf.Real(-1e-7), pdf.Real(595.276),
		pdf.Name("A B#/(é"), pdf.Name(""), pdf.String("plain (nested) \\ text"), pdf.String("\x00\xff\r\n"), pdf.String(""),
		pdf.Ref{Num: 7, Gen: 3}, pdf.TextString("采购人"),
		pdf.Array{pdf.Integer(1), pdf.Integer(2), pdf.Ref{Num: 1}, pdf.Integer(3), pdf.Array{}},
		pdf.Dict{"Type": pdf.Name("X"), "Empty": pdf.Dict{}, "D": pdf.Dict{"N": pdf.Null{}}},
	}
	for _, o := range objects {
		b, root := pdftest.Build(pdftest.Options{})
		ref := b.Add(pdf.Array{o})
		got, err := open(t, b.Bytes(pdf.Table, root)).Array(ref)
		if err != nil || len(got) != 1 || !pdf.Equal(got[0], o) || !reflect.DeepEqual(got[0], o) {
			t.Errorf("%#v came back as %#v: %v", o, got, err)
		}
	}
}

func TestStrings(t *testing.T) {
	for in, want := range map[string]string{
		`(a\nb\(\)\\\101\7x\q)`: "a\nb()\\A\ax" + "q",
		"(a\\\r\nb\rc\r\nd)":    "ab\nc\nd",
		"((a)(b))":              "(a)(b)",
		"<4 1 4>":               "A@",
		"<>":                    "",
	} {
		b, root := pdftest.Build(pdftest.Options{})
		ref := b.AddRaw(in)
		if got, err := open(t, b.Bytes(pdf.Table, root)).String(ref); string(got) != want || err != nil {
			t.Errorf("%q: %q %v, want %q", in, got, err, want)
		}
	}
}

func TestTextAndDates(t *testing.T) {
	for _, s := range []string{"", "plain", "采购人（盖章）", "€ 𠮷"} {
		if got := pdf.TextString(s).Text(); got != s {
			t.Errorf("%q came back as %q", s, got)
		}
	}
	for in, want := range map[pdf.String]string{"\x80\xa0\xe9": "•€é", "\xef\xbb\xbf采": "采", "\xfe\xff\x91": ""} {
		if got := in.Text(); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
	at := time.Date(2026, 3, 4, 15, 6, 7, 0, time.FixedZone("", 8*3600))
	if got := pdf.FormatDate(at); got != "D:20260304150607+08'00'" {
		t.Errorf("%q", got)
	}
	for in, want := range map[pdf.String]time.Time{
		pdf.FormatDate(at):      at,
		"D:20260304150607-0330": time.Date(2026, 3, 4, 15, 6, 7, 0, time.FixedZone("", -12600)),
		"20260304150607Z":       time.Date(2026, 3, 4, 15, 6, 7, 0, time.UTC),
		"D:2026":                time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC),
		"D:20260304150607+08'":  at,
	} {
		if got, ok := pdf.ParseDate(in); !ok || !got.Equal(want) {
			t.Errorf("%q: %v %v", in, got, ok)
		}
	}
	for _, in := range []pdf.String{"", "D:", "D:20261304", "D:202", "D:2026030415060708", "D:20260304150607+8", "D:20260304150607*08'00'", "D:20260304150607+99'00'"} {
		if got, ok := pdf.ParseDate(in); ok {
			t.Errorf("%q was read as %v", in, got)
		}
	}
}

func TestPages(t *testing.T) {
	b := &pdftest.Builder{}
	root, top, node, leaf, other := b.Reserve(), b.Reserve(), b.Reserve(), b.Reserve(), b.Reserve()
	b.Set(root, pdf.Dict{"Type": pdf.Name("Catalog"), "Pages": top})
	num := func(v ...float64) pdf.Array {
		a := pdf.Array{}
		for _, x := range v {
			a = append(a, pdf.Real(x))
		}
		return a
	}
	b.Set(top, pdf.Dict{"Type": pdf.Name("Pages"), "Kids": pdf.Array{node, other}, "Count": pdf.Integer(77), "MediaBox": num(500, 700, 0, 0), "Rotate": pdf.Integer(-90)})
	b.Set(node, pdf.Dict{"Type": pdf.Name("Pages"), "Kids": pdf.Array{leaf}, "CropBox": num(100, 100, 900, 900), "Resources": pdf.Dict{"A": pdf.Null{}}})
	b.Set(leaf, pdf.Dict{"Type": pdf.Name("Page")})
	b.Set(other, pdf.Dict{"Type": pdf.Name("Page"), "Rotate": pdf.Integer(0), "MediaBox": num(0, 0, 10, 20), "UserUnit": pdf.Real(2.5)})
	f := open(t, b.Bytes(pdf.Table, root))
	if n, err := f.PageCount(); n != 2 || err != nil {
		t.Fatal(n, err)
	}
	p, err := f.Page(1)
	if err != nil || p.Ref != leaf || p.MediaBox != (pdf.Rect{0, 0, 500, 700}) || p.CropBox != (pdf.Rect{100, 100, 500, 700}) || p.Rotate != 270 || p.Resources == nil {
		t.Errorf("%+v %v", p, err)
	}
	if p, err = f.Page(2); err != nil || p.MediaBox != p.CropBox || p.CropBox[3] != 20 || p.Rotate != 0 || p.UserUnit != 2.5 {
		t.Errorf("%+v %v", p, err)
	}
	var e *pdf.Error
	if _, err = f.Page(3); !errors.As(err, &e) || e.Kind != pdf.NoSuchPage || e.Pages != 2 {
		t.Error(err)
	}
	for i, turn := range []int{0, 90, 180, 270} {
		p.Rotate, p.UserUnit = turn, []float64{1, 2, 4, 0.5}[i]
		if w, h := p.Displayed(); w*h != 200*p.UserUnit*p.UserUnit || (w > h) != (turn%180 != 0) {
			t.Errorf("turned by %d: %v by %v", turn, w, h)
		}
		x, y := p.ToUser(3, 4)
		if u, v := p.FromUser(x, y); u != 3 || v != 4 {
			t.Errorf("turned by %d: %v %v", turn, u, v)
		}
	}
}

func TestDecode(t *testing.T) {
	flate := func(data []byte) []byte {
		var b bytes.Buffer
		w := zlib.NewWriter(&b)
		w.Write(data)
		w.Close()
		return b.Bytes()
	}
	predictor := func(n, columns int) pdf.Dict {
		return pdf.Dict{"Predictor": pdf.Integer(n), "Columns": pdf.Integer(columns)}
	}
	tests := []struct {
		name   string
		dict   pdf.Dict
		data   []byte
		want   string
		failed pdf.Kind
	}{
		{"none", pdf.Dict{}, []byte("abc"), "abc", ""},
		{"flate", pdf.Dict{"Filter": pdf.Name("FlateDecode")}, flate([]byte("abc")), "abc", ""},
		{"hex", pdf.Dict{"Filter": pdf.Array{pdf.Name("ASCIIHexDecode")}}, []byte("61 6 2\n637>"), "abcp", ""},
		{"ascii85", pdf.Dict{"Filter": pdf.Name("ASCII85Decode")}, []byte("87cURD]i,\"Ebo80~>"), "Hello World!", ""},
		{"two", pdf.Dict{"Filter": pdf.Array{pdf.Name("ASCIIHexDecode"), pdf.Name("FlateDecode")}}, fmt.Appendf(nil, "%x>", flate([]byte("abc"))), "abc", ""},
		{"all PNG rows", pdf.Dict{"Filter": pdf.Name("FlateDecode"), "DecodeParms": predictor(15, 3)},
			flate([]byte("\x00abc\x01a\x01\x01\x02\x01\x01\x01\x03\x01\x01\x01\x04\x01\x01\x01")), "abcabcbcd" + rows, ""},
		{"TIFF", pdf.Dict{"Filter": pdf.Name("FlateDecode"), "DecodeParms": predictor(2, 3)}, flate([]byte("a\x01\x01b\x01\x01")), "abcbcd", ""},
		{"bomb", pdf.Dict{"Filter": pdf.Name("FlateDecode")}, flate(make([]byte, 2000)), "", pdf.TooComplex},
		{"bad row", pdf.Dict{"Filter": pdf.Name("FlateDecode"), "DecodeParms": predictor(15, 3)}, flate([]byte("\x09abc")), "", pdf.Malformed},
		{"huge row", pdf.Dict{"Filter": pdf.Name("FlateDecode"), "DecodeParms": predictor(15, 1<<40)}, flate([]byte("a")), "", pdf.Malformed},
		{"negative", pdf.Dict{"Filter": pdf.Name("FlateDecode"), "DecodeParms": predictor(15, -3)}, flate([]byte("a")), "", pdf.Malformed},
		{"no flate", pdf.Dict{"Filter": pdf.Name("FlateDecode")}, []byte("abc"), "", pdf.Malformed},
		{"open hex", pdf.Dict{"Filter": pdf.Name("ASCIIHexDecode")}, []byte("616"), "", pdf.Malformed},
		{"unknown", pdf.Dict{"Filter": pdf.Name("DCTDecode")}, []byte("abc"), "", pdf.UnsupportedFilter},
		{"many", pdf.Dict{"Filter": make(pdf.Array, 9)}, []byte("abc"), "", pdf.TooComplex},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b, root := pdftest.Build(pdftest.Options{})
			ref := b.AddStream(tt.dict, tt.data)
			f := open(t, b.Bytes(pdf.Table, root))
			s, err := f.Stream(ref)
			if err != nil {
				t.Fatal(err)
			}
			got, err := f.Decode(s, 1000)
			if tt.failed != "" {
				if !errors.Is(err, &pdf.Error{Kind: tt.failed}) {
					t.Errorf("error %v", err)
				}
				return
			}
			if string(got) != tt.want || err != nil {
				t.Errorf("%q %v, want %q", got, err, tt.want)
			}
		})
	}
}

// rows is what the average and Paeth filters give in TestDecode: counted by
// hand from the rows "bcd" and what follows.
var rows = string([]byte{
	'b'/2 + 1, (('b'/2 + 1 + 'c') / 2) + 1, (((('b'/2 + 1 + 'c') / 2) + 1 + 'd') / 2) + 1,
	'b'/2 + 2, (('b'/2 + 1 + 'c') / 2) + 2, (((('b'/2 + 1 + 'c') / 2) + 1 + 'd') / 2) + 2,
})
