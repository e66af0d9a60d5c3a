package opc_test

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"sealdesk/signer/cleancopy/docxtest"
	"sealdesk/signer/cleancopy/opc"
	"sealdesk/signer/cleancopy/refusal"
)

func code(err error) string {
	var r *refusal.Error
	if errors.As(err, &r) {
		return r.Code()
	}
	return ""
}

func open(data []byte, lim opc.Limits) (*opc.Package, error) {
	return opc.Open(bytes.NewReader(data), int64(len(data)), lim)
}

// records gives the places where each entry's record of a kind begins.
func records(data []byte, signature string) []int {
	var list []int
	for at := 0; ; {
		i := bytes.Index(data[at:], []byte(signature))
		if i < 0 {
			return list
		}
		list = append(list, at+i)
		at += i + 4
	}
}

const local, central, ending = "PK\x03\x04", "PK\x01\x02", "PK\x05\x06"

// broken yields bytes that differ at a place in the last record of a kind.
func broken(data []byte, signature string, at int, b ...byte) []byte {
	out := bytes.Clone(data)
	all := records(data, signature)
	copy(out[all[len(all)-1]+at:], b)
	return out
}

func TestOpenRefuses(t *testing.T) {
	plain := docxtest.Zip(map[string]string{"a": "a", "b": strings.Repeat("b", 100)})
	twice := docxtest.Zip(map[string]string{"A/x.xml": "1", "a/X.xml": "2"})
	types := func(s string) []byte { return docxtest.Zip(map[string]string{"[Content_Types].xml": s}) }
	tests := []struct {
		name string
		data []byte
		lim  opc.Limits
		code string
	}{
		{"nothing", nil, opc.Limits{}, refusal.Damaged},
		{"cut short", plain[:len(plain)-3], opc.Limits{}, refusal.Damaged},
		{"no directory", plain[:40], opc.Limits{}, refusal.Damaged},
		{"a directory that is none", broken(plain, central, 0, 'X'), opc.Limits{}, refusal.Damaged},
		{"one part twice, but for the case", twice, opc.Limits{}, refusal.Damaged},
		{"encrypted entries", broken(plain, central, 8, 1), opc.Limits{}, refusal.Encrypted},
		{"more entries than are allowed", plain, opc.Limits{Entries: 1}, refusal.ZipBomb},
		{"a directory of another kind by its count", broken(plain, ending, 10, 0xff, 0xff), opc.Limits{}, refusal.ZipBomb},
		{"a directory of another kind by its length", broken(plain, ending, 12, 0xff, 0xff, 0xff, 0xff), opc.Limits{}, refusal.ZipBomb},
		{"a directory of another kind by its place", broken(plain, ending, 16, 0xff, 0xff, 0xff, 0xff), opc.Limits{}, refusal.ZipBomb},
		{"a directory that is too long", broken(plain, ending, 12, 0, 0, 0, 1), opc.Limits{}, refusal.ZipBomb},
		{"a directory far before the end", append(bytes.Repeat([]byte("x"), 9<<20), broken(plain, ending, 16, 0, 0, 0, 0)...), opc.Limits{}, refusal.ZipBomb},
		{"content types that are no XML", types("<Types>"), opc.Limits{}, refusal.Damaged},
		{"content types with a document type", types("<!DOCTYPE x><Types/>"), opc.Limits{}, refusal.UnsafeXML},
		{"content types too large", types("<Types>" + strings.Repeat(" ", 100) + "</Types>"), opc.Limits{XML: 50}, refusal.ZipBomb},
	}
	for _, tt := range tests {
		if _, err := open(tt.data, tt.lim); code(err) != tt.code {
			t.Errorf("%s: %v, want %s", tt.name, err, tt.code)
		}
	}
	lost := errors.New("the disk is gone")
	if _, err := opc.Open(readerAt{iotest.ErrReader(lost)}, 100, opc.Limits{}); code(err) != refusal.Damaged || !errors.Is(err, lost) {
		t.Errorf("%v", err)
	}
}

type readerAt struct{ io.Reader }

func (r readerAt) ReadAt(p []byte, _ int64) (int, error) { return r.Read(p) }

func TestParts(t *testing.T) {
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	if _, err := w.Create("folder/"); err != nil {
		t.Fatal(err)
	}
	for _, e := range []struct {
		name string
		data string
	}{{"text", strings.Repeat("text ", 40)}, {"zeros", strings.Repeat("\x00", 9<<20)}, {`Word\a.XML`, "<a/>"}, {"bad", strings.Repeat("bad", 40)}} {
		f, err := w.Create(e.name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.Write([]byte(e.data)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	data := b.Bytes()
	p, err := open(data, opc.Limits{Total: 10 << 20})
	if err != nil {
		t.Fatal(err)
	}
	if len(p.Names()) != 4 {
		t.Errorf("%q", p.Names())
	}
	if name, ok := p.Name("/word/A.xml"); !ok || name != `Word\a.XML` {
		t.Errorf("%q %t", name, ok)
	}
	if text, err := p.Read("TEXT", 200); err != nil || len(text) != 200 {
		t.Errorf("%q %v", text, err)
	}
	if head, err := p.Head("text", 4); err != nil || string(head) != "text" {
		t.Errorf("%q %v", head, err)
	}
	if head, err := p.Head("text", 999); err != nil || len(head) != 200 {
		t.Errorf("%q %v", head, err)
	}
	read := func(p *opc.Package, name string, limit int64) error {
		_, err := p.Read(name, limit)
		return err
	}
	head := func(p *opc.Package, name string) error {
		_, err := p.Head(name, 999)
		return err
	}
	// Of the last entry: of another method, of a broken stream, and longer or shorter than it says.
	change := func(signature string, at int, v ...byte) *opc.Package {
		p, err := open(broken(data, signature, at, v...), opc.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	unknown, shorter, garbage := change(central, 10, 99), change(central, 24, 9), change(local, 30+3, 0xff)
	big := binary.LittleEndian.AppendUint32(nil, 11<<20)
	tests := []struct {
		name string
		err  error
		code string
	}{
		{"a part that is not there", read(p, "none", 9), refusal.Damaged},
		{"the head of a part that is not there", head(p, "none"), refusal.Damaged},
		{"a part larger than was asked for", read(p, "text", 199), refusal.ZipBomb},
		{"a part packed beyond reason", read(p, "zeros", 99<<20), refusal.ZipBomb},
		{"a part larger than all may be", func() error {
			p, err := open(broken(data, central, 24, big...), opc.Limits{Total: 10 << 20})
			if err != nil {
				t.Fatal(err)
			}
			return read(p, "bad", 99<<20)
		}(), refusal.ZipBomb},
		{"a part in a method that is not known", read(unknown, "bad", 999), refusal.Damaged},
		{"the head of one", head(unknown, "bad"), refusal.Damaged},
		{"a part that is longer than it says", read(shorter, "bad", 999), refusal.Damaged},
		{"a part that is broken", read(garbage, "bad", 999), refusal.Damaged},
		{"the head of one that is", head(garbage, "bad"), refusal.Damaged},
	}
	for _, tt := range tests {
		if code(tt.err) != tt.code {
			t.Errorf("%s: %v, want %s", tt.name, tt.err, tt.code)
		}
	}
}

func TestRelations(t *testing.T) {
	const long = "a/" + "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx.xml"
	p, err := open(docxtest.Zip(map[string]string{
		"word/_rels/a.xml.rels": `<R><Other/><Relationship Id="1" Type="x/image" Target="media\a.png"/><Relationship Id="2" Target="../../b.png"/><Relationship Id="3" Target="/c.png"/>` +
			`<Relationship Id="4" Target="http://example.com/d.png"/><Relationship Id="5" Target="//host/share"/><Relationship Id="6" Target="e.png" TargetMode="external"/><Relationship Id="7" Target="%zz"/></R>`,
		"word/_rels/b.xml.rels": "<R>",
		long:                    "<a",
	}), opc.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	rels, err := p.Relations("word/a.xml")
	if err != nil || len(rels) != 7 {
		t.Fatalf("%+v, %v", rels, err)
	}
	for i, want := range []struct {
		target   string
		external bool
	}{{"word/media/a.png", false}, {"b.png", false}, {"c.png", false}, {"http://example.com/d.png", true}, {"//host/share", true}, {"e.png", true}, {"%zz", true}} {
		if r := rels[i]; r.Target != want.target || r.External != want.external {
			t.Errorf("%+v, want %+v", r, want)
		}
	}
	if rels[0].Type != "image" || rels[0].Full != "x/image" {
		t.Errorf("%+v", rels[0])
	}
	if none, err := p.Relations("word/c.xml"); err != nil || none != nil {
		t.Errorf("%v, %v", none, err)
	}
	if _, err := p.Relations("word/b.xml"); code(err) != refusal.Damaged {
		t.Error(err)
	}
	if _, err := p.XML(long, nil); code(err) != refusal.Damaged || len(err.Error()) > 250 {
		t.Errorf("a long name is told at length: %v", err)
	}
}

func TestKind(t *testing.T) {
	office := func(contentType, relation string) map[string]string {
		return map[string]string{
			"[Content_Types].xml": `<Types><Default Extension="rels" ContentType="r"/><Default ContentType="x"/><Override ContentType="x"/><Override PartName="/main" ContentType=" ` + contentType + `; charset=x"/></Types>`,
			"_rels/.rels":         `<R><Relationship Type="x/other" Target="other"/><Relationship Type="x/officeDocument" ` + relation + `/></R>`,
		}
	}
	const inside = `Target="main"`
	tests := []struct {
		name  string
		parts map[string]string
		want  string
	}{
		{"Word", office("application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml", inside), "docx"},
		{"Word with macros", office("application/vnd.ms-word.document.macroEnabled.main+xml", inside), "docx"},
		{"Excel", office("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml", inside), "xlsx"},
		{"Excel with macros", office("application/vnd.ms-excel.sheet.macroEnabled.main+xml", inside), "xlsx"},
		{"PowerPoint", office("application/vnd.openxmlformats-officedocument.presentationml.presentation.main+xml", inside), "pptx"},
		{"PowerPoint with macros", office("application/vnd.ms-powerpoint.presentation.macroEnabled.main+xml", inside), "pptx"},
		{"another office", office("application/octet-stream", inside), "zip"},
		{"Word elsewhere", office("application/vnd.ms-word.x", `Target="main" TargetMode="External"`), "zip"},
		{"OFD", map[string]string{"OFD.xml": ""}, "ofd"},
		{"text of OpenDocument", map[string]string{"mimetype": "application/vnd.oasis.opendocument.text\n"}, "odt"},
		{"a table of OpenDocument", map[string]string{"mimetype": "application/vnd.oasis.opendocument.spreadsheet"}, "ods"},
		{"slides of OpenDocument", map[string]string{"mimetype": "application/vnd.oasis.opendocument.presentation"}, "odp"},
		{"an electronic book", map[string]string{"mimetype": "application/epub+zip"}, "zip"},
		{"a kind that is too long", map[string]string{"mimetype": strings.Repeat("x", 257)}, "zip"},
		{"anything", map[string]string{"a": ""}, "zip"},
	}
	for _, tt := range tests {
		p, err := open(docxtest.Zip(tt.parts), opc.Limits{})
		if err != nil {
			t.Fatal(tt.name, err)
		}
		kind, main, err := p.Kind()
		if kind != tt.want || (main != "") != strings.HasSuffix(tt.want, "x") || err != nil {
			t.Errorf("%s: %s %q %v", tt.name, kind, main, err)
		}
	}
	p, err := open(docxtest.Zip(map[string]string{"_rels/.rels": "<R>"}), opc.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := p.Kind(); code(err) != refusal.Damaged {
		t.Error(err)
	}
}
