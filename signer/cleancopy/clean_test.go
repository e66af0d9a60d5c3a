package cleancopy_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"sealdesk/signer/cleancopy"
	"sealdesk/signer/cleancopy/docx"
	"sealdesk/signer/cleancopy/docxtest"
	"sealdesk/signer/cleancopy/office"
	"sealdesk/signer/cleancopy/opc"
	"sealdesk/signer/cleancopy/pdfclean"
	"sealdesk/signer/cleancopy/pdfcopy"
	"sealdesk/signer/cleancopy/refusal"
	"sealdesk/signer/preview"
	"sealdesk/signer/preview/previewtest"
)

var renderer *preview.Renderer

func TestMain(m *testing.M) {
	renderer = preview.New(preview.Options{CacheDir: previewtest.Cache()})
	code := m.Run()
	_ = renderer.Close()
	os.Exit(code)
}

func cleaner() cleancopy.Cleaner {
	return cleancopy.Cleaner{PDF: pdfcopy.Copier{Engine: renderer}}
}

// tool finds a program that the tests need; packaging/deps.sh installs all of them.
func tool(t *testing.T, name string) string {
	t.Helper()
	p, err := exec.LookPath(name)
	if err != nil {
		t.Fatalf("%s is not installed; run packaging/deps.sh", name)
	}
	return p
}

func output(t *testing.T, name string, args ...string) string {
	t.Helper()
	out, err := exec.Command(tool(t, name), args...).CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v: %s", name, err, out)
	}
	return string(out)
}

func write(t *testing.T, name string, data []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func codeOf(err error) string {
	var coded interface{ Code() string }
	if errors.As(err, &coded) {
		return coded.Code()
	}
	return ""
}

func kinds(items []cleancopy.Item) []string {
	var list []string
	for _, it := range items {
		list = append(list, it.Kind)
	}
	return list
}

// contract is a document with something of everything that must not reach the pages.
func contract(linked string) []byte {
	const by = ` w:id="1" w:author="李四" w:date="2026-01-02T00:00:00Z"`
	run := func(s string) string { return `<w:r><w:t xml:space="preserve">` + s + `</w:t></w:r>` }
	field := func(code, result string) string {
		return `<w:r><w:fldChar w:fldCharType="begin"/></w:r><w:r><w:instrText>` + code + `</w:instrText></w:r><w:r><w:fldChar w:fldCharType="separate"/></w:r>` +
			run(result) + `<w:r><w:fldChar w:fldCharType="end"/></w:r>`
	}
	return docxtest.Document{
		Body: `<w:p>` + run("政府采购合同 price ") + `<w:del` + by + `><w:r><w:delText>DELETED</w:delText></w:r></w:del><w:ins` + by + `>` + run("INSERTED") + `</w:ins></w:p>` +
			`<w:p><w:commentRangeStart w:id="0"/>` + run("body") + `<w:commentRangeEnd w:id="0"/><w:r><w:commentReference w:id="0"/></w:r></w:p>` +
			`<w:p><w:r><w:rPr><w:vanish/></w:rPr><w:t>VANISHED</w:t></w:r>` + run("signed on ") + field(` DATE \@ "yyyy-MM-dd" `, "2001-01-01") + `</w:p>` +
			`<w:p>` + run("page ") + field(" PAGE ", "9") + run(" of ") + field(" NUMPAGES ", "9") + `</w:p>` +
			`<w:p><w:r><w:drawing><wp:inline><wp:extent cx="900000" cy="900000"/><wp:docPr id="1" name="x"/><a:graphic><a:graphicData uri="http://schemas.openxmlformats.org/drawingml/2006/picture"><pic:pic><pic:blipFill><a:blip r:link="rIdOut"/></pic:blipFill></pic:pic></a:graphicData></a:graphic></wp:inline></w:drawing></w:r></w:p>` +
			`<w:sectPr><w:headerReference w:type="default" r:id="rIdHead"/><w:pgSz w:w="11906" w:h="16838"/></w:sectPr>`,
		Parts: map[string]string{
			"word/comments.xml": docxtest.Part("comments", `<w:comment w:id="0" w:author="王五"><w:p>`+run("COMMENTED")+`</w:p></w:comment>`),
			"word/header1.xml":  docxtest.Part("hdr", `<w:p>`+run("HEADER")+`<w:moveFrom`+by+`>`+run("MOVED")+`</w:moveFrom></w:p>`),
			"docProps/core.xml": `<cp:coreProperties xmlns:cp="http://schemas.openxmlformats.org/package/2006/metadata/core-properties" xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title>LEAKED</dc:title><dc:creator>LEAKED</dc:creator></cp:coreProperties>`,
		},
		Types: map[string]string{
			"word/comments.xml": "application/vnd.openxmlformats-officedocument.wordprocessingml.comments+xml",
			"word/header1.xml":  "application/vnd.openxmlformats-officedocument.wordprocessingml.header+xml",
			"docProps/core.xml": "application/vnd.openxmlformats-package.core-properties+xml",
		},
		Relations: map[string]string{"rIdC": "comments comments.xml", "rIdHead": "header header1.xml", "rIdOut": "image " + linked},
		TopLevel:  map[string]string{"core-properties": "docProps/core.xml"},
	}.Bytes()
}

var shown = []string{"政府采购合同", "price INSERTED", "body", "signed on 2001-01-01", "page 1 of 1", "HEADER"}
var never = []string{"DELETED", "COMMENTED", "VANISHED", "MOVED", "LEAKED", "王五", "李四"}

func checkContract(t *testing.T, out string) {
	t.Helper()
	text := output(t, "pdftotext", "-layout", out, "-") + output(t, "pdfinfo", out)
	for _, w := range shown {
		if !strings.Contains(text, w) {
			t.Errorf("%q is not on the pages:\n%s", w, text)
		}
	}
	for _, w := range never {
		if strings.Contains(text, w) {
			t.Errorf("%q is still there:\n%s", w, text)
		}
	}
	if strings.Contains(text, "Author") || strings.Contains(text, "Title") || strings.Contains(text, "JavaScript:      yes") {
		t.Errorf("properties are left:\n%s", text)
	}
	data, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Contains(data, []byte("<pdfaid:part>2</pdfaid:part>")) {
		t.Error("not PDF/A-2")
	}
}

func TestCleanDOCX(t *testing.T) {
	tool(t, "soffice")
	var asked atomic.Int32
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked.Add(1) }))
	defer server.Close()
	in := write(t, "合同.docx", contract(server.URL+"/tracking.png"))
	out := filepath.Join(t.TempDir(), "合同 清稿.pdf")
	work := t.TempDir()
	c := cleaner()
	c.TempDir = work
	var steps []cleancopy.Step
	last := -1.0
	report, err := c.Clean(t.Context(), in, out, cleancopy.Options{Progress: func(s cleancopy.Step, f float64) {
		if f < last || f > 1 {
			t.Errorf("progress goes from %v to %v", last, f)
		}
		if last = f; len(steps) == 0 || steps[len(steps)-1] != s {
			steps = append(steps, s)
		}
	}})
	if err != nil {
		t.Fatal(err)
	}
	checkContract(t, out)
	if asked.Load() != 0 {
		t.Errorf("a linked picture was fetched %d times", asked.Load())
	}
	if report.Type != cleancopy.TypeDOCX || report.Pages != 1 || report.Kept {
		t.Errorf("%+v", report)
	}
	for _, k := range []string{docx.KindDeletion, docx.KindInsertion, docx.KindMove, docx.KindComment, docx.KindHiddenText, docx.KindField, docx.KindExternalData, docx.KindProperties} {
		if !slices.Contains(kinds(report.Items), k) {
			t.Errorf("%s is not reported", k)
		}
	}
	for _, name := range []string{"title", "creator"} {
		if !slices.ContainsFunc(report.Items, func(i cleancopy.Item) bool {
			return i.Kind == docx.KindProperties && i.Property == name && i.Text == "LEAKED"
		}) {
			t.Errorf("the property %s is not reported: %+v", name, report.Items)
		}
	}
	if want := []cleancopy.Step{"read", "inspect", "clean", "convert", "check", "write"}; !slices.Equal(steps, want) {
		t.Errorf("steps %v", steps)
	}
	if left, err := os.ReadDir(work); err != nil || len(left) != 0 {
		t.Errorf("left behind: %v %v", left, err)
	}
	if st, err := os.Stat(out); err != nil || st.Mode().Perm() != 0o600 || st.Size() != report.Output.Size {
		t.Errorf("output: %v %v", st, err)
	}
	if _, err := json.Marshal(report); err != nil {
		t.Error(err)
	}
}

func TestCleanDOC(t *testing.T) {
	tool(t, "soffice")
	source := write(t, "source.docx", contract("http://127.0.0.1:9/x.png"))
	cmd := exec.Command(tool(t, "soffice"), "-env:UserInstallation=file://"+t.TempDir(), "--headless", "--convert-to", "doc:MS Word 97", "--outdir", t.TempDir(), source)
	doc := filepath.Join(cmd.Args[len(cmd.Args)-2], "source.doc")
	if said, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("making the doc: %v %s", err, said)
	}
	data, err := os.ReadFile(doc)
	if err != nil {
		t.Fatal(err)
	}
	out := filepath.Join(t.TempDir(), "out.pdf")
	report, err := cleaner().Clean(t.Context(), write(t, "renamed.docx", data), out, cleancopy.Options{})
	if err != nil {
		t.Fatal(err)
	}
	text := output(t, "pdftotext", "-layout", out, "-") + output(t, "pdfinfo", out)
	for _, w := range never {
		if strings.Contains(text, w) {
			t.Errorf("%q is still there:\n%s", w, text)
		}
	}
	if !strings.Contains(text, "INSERTED") || !strings.Contains(text, "政府采购合同") {
		t.Errorf("words are lost:\n%s", text)
	}
	var codes []string
	for _, n := range report.Notices {
		codes = append(codes, n.Code)
	}
	if report.Type != cleancopy.TypeDOC || !slices.Contains(codes, cleancopy.NoticeTypeMismatch) || !slices.Contains(codes, cleancopy.NoticeDateFields) {
		t.Errorf("type %s, notices %v", report.Type, codes)
	}
	if !slices.Contains(kinds(report.Items), docx.KindDeletion) || !slices.Contains(kinds(report.Items), docx.KindComment) {
		t.Errorf("items %v", kinds(report.Items))
	}
}

func TestCleanPDF(t *testing.T) {
	dirty := buildPDF(
		`/OpenAction << /S /JavaScript /JS (app.alert\('secret'\)) >> /AcroForm << /Fields [11 0 R] /DA (/F 0 Tf 0 g) /DR << /Font << /F 5 0 R >> >> >>`+
			` /Names << /EmbeddedFiles << /Names [(a) 12 0 R] >> >> /Outlines << /Type /Outlines /Secret (secret) >> /OCProperties << /OCGs [15 0 R] /D << /ON [15 0 R] >> >>`,
		`/Annots [10 0 R 11 0 R 14 0 R] /AA << /O << /S /URI /URI (http://secret) >> >> /PieceInfo << /X << /Private (secret) >> >>`+
			` /Resources << /Font << /F 5 0 R /A 5 0 R >> /Properties << /MC0 15 0 R >> >>`,
		printed+` /OC /MC0 BDC BT /A 12 Tf 20 120 Td (layer words) Tj ET EMC BT 3 Tr /F 12 Tf 20 50 Td (ghost) Tj ET`,
		`<< /Type /Annot /Subtype /FreeText /Rect [20 80 200 100] /F 4 /Contents (free words) /DA (/F 12 Tf 0 g) /AP << /N 16 0 R >> >>`,
		`<< /Type /Annot /Subtype /Widget /FT /Tx /T (name) /V (form words) /Rect [20 20 200 40] /F 4 /DA (/F 12 Tf 0 g) /AP << /N 17 0 R >> >>`,
		`<< /Type /Filespec /F (secret.txt) /EF << /F 13 0 R >> >>`,
		stream("/Type /EmbeddedFile", "secret"),
		`<< /Type /Annot /Subtype /Link /Rect [0 0 10 10] /A << /S /Launch /F (secret.exe) >> >>`,
		`<< /Type /OCG /Name (secret layer) >>`,
		stream("/Type /XObject /Subtype /Form /BBox [0 0 180 20] /Resources << /Font << /F 5 0 R >> >>", "BT /F 12 Tf 2 5 Td (free words) Tj ET"),
		stream("/Type /XObject /Subtype /Form /BBox [0 0 180 20] /Resources << /Font << /F 5 0 R >> >> /PieceInfo << /S (secret) >>", "BT /F 12 Tf 2 5 Td (form words) Tj ET"),
		`(secret orphan)`,
	)
	in, out := write(t, "in.pdf", dirty), filepath.Join(t.TempDir(), "out.pdf")
	report, err := cleaner().Clean(t.Context(), in, out, cleancopy.Options{})
	if err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	for _, word := range []string{"secret", "JavaScript", "Annot", "AcroForm", "Outlines", "OCG", "Launch", "URI", "EmbeddedFile", "PieceInfo", "Info"} {
		if bytes.Contains(data, []byte(word)) {
			t.Errorf("%q is left", word)
		}
	}
	text := output(t, "pdftotext", "-layout", out, "-")
	for _, words := range []string{"visible words", "layer words", "free words", "form words"} {
		if !strings.Contains(text, words) {
			t.Errorf("%q is lost:\n%s", words, text)
		}
	}
	output(t, "qpdf", "--check", out)
	want := []string{pdfclean.KindAnnotation, pdfclean.KindFormField, pdfclean.KindLink, pdfclean.KindJavaScript, pdfclean.KindAction, pdfclean.KindAttachment, pdfclean.KindLayer, pdfclean.KindProperties, pdfclean.KindBookmarks, pdfclean.KindPrivate}
	for _, k := range want {
		if !slices.Contains(kinds(report.Items), k) {
			t.Errorf("%s is not reported: %+v", k, report.Items)
		}
	}
	if !slices.ContainsFunc(report.Items, func(i cleancopy.Item) bool {
		return i.Kind == pdfclean.KindInvisibleText && i.Page == 1 && i.Text == "ghost"
	}) {
		t.Errorf("invisible text is not told: %+v", report.Items)
	}
	again := filepath.Join(t.TempDir(), "again.pdf")
	second, err := cleaner().Clean(t.Context(), out, again, cleancopy.Options{})
	if err != nil || len(second.Items) != 0 {
		t.Errorf("cleaning twice: %v %+v", err, second.Items)
	}
}

func TestSignedPDFIsKept(t *testing.T) {
	signed := buildPDF(`/AcroForm << /Fields [10 0 R] /SigFlags 3 >> /OpenAction << /S /JavaScript /JS (x) >>`, `/Annots [10 0 R] `+fontA, printed,
		`<< /Type /Annot /Subtype /Widget /FT /Sig /T (s) /Rect [0 0 0 0] /F 132 /V 11 0 R >>`,
		`<< /Type /Sig /Filter /Adobe.PPKLite /SubFilter /ETSI.CAdES.detached /ByteRange [0 1 2 3] /Contents <00> >>`)
	in, out := write(t, "in.pdf", signed), filepath.Join(t.TempDir(), "out.pdf")
	report, err := cleaner().Clean(t.Context(), in, out, cleancopy.Options{})
	if err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(out)
	if err != nil || !bytes.Equal(got, signed) || !report.Kept || report.Input != report.Output {
		t.Errorf("kept %v, equal %v, %v", report.Kept, bytes.Equal(got, signed), err)
	}
}

func TestRefusals(t *testing.T) {
	good := docxtest.Document{Body: "<w:p/>"}.Bytes()
	deep := strings.Repeat("<w:p>", 1000) + strings.Repeat("</w:p>", 1000)
	laughs := `<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaa">]><w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main">&a;</w:document>`
	tests := []struct {
		name, file string
		data       []byte
		code       string
	}{
		{"empty", "a.docx", nil, refusal.Empty},
		{"large", "a.docx", make([]byte, 2<<20), refusal.TooLarge},
		{"picture named docx", "a.docx", []byte("\x89PNG\r\n\x1a\n000000000000"), refusal.UnsupportedType},
		{"rich text named doc", "a.doc", []byte(`{\rtf1 }`), refusal.UnsupportedType},
		{"web page named doc", "a.doc", []byte("<html></html>"), refusal.UnsupportedType},
		{"words", "a.pdf", []byte("hello"), refusal.UnsupportedType},
		{"spreadsheet", "a.docx", docxtest.Document{MainType: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"}.Bytes(), refusal.UnsupportedType},
		{"zip", "a.docx", docxtest.Zip(map[string]string{"a": "b"}), refusal.UnsupportedType},
		{"open document", "a.odt", docxtest.Zip(map[string]string{"mimetype": "application/vnd.oasis.opendocument.text"}), refusal.UnsupportedType},
		{"zip cut short", "a.docx", good[:len(good)/2], refusal.Damaged},
		{"xml broken", "a.docx", docxtest.Document{Body: "<w:p>"}.Bytes(), refusal.Damaged},
		{"xml too deep", "a.docx", docxtest.Document{Body: deep}.Bytes(), refusal.UnsafeXML},
		{"entities", "a.docx", docxtest.Document{Parts: map[string]string{"word/document.xml": laughs}}.Bytes(), refusal.UnsafeXML},
		{"zip bomb", "a.docx", docxtest.Document{Body: "<w:p/>" + strings.Repeat(" ", 20<<20)}.Bytes(), refusal.ZipBomb},
		{"encrypted docx", "a.docx", compoundFile("EncryptedPackage", nil), refusal.Encrypted},
		{"encrypted doc", "a.doc", compoundFile("WordDocument", []byte{0xEC, 0xA5, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}), refusal.Encrypted},
		{"old spreadsheet", "a.doc", compoundFile("Workbook", nil), refusal.UnsupportedType},
		{"compound file cut short", "a.doc", compoundFile("WordDocument", nil)[:600], refusal.Damaged},
		{"encrypted pdf", "a.pdf", buildPDF("/Encrypted true", fontA, printed), refusal.Encrypted},
		{"pdf cut short", "a.pdf", buildPDF("", fontA, printed)[:300], refusal.Damaged},
		{"xfa", "a.pdf", buildPDF("/AcroForm << /Fields [] /XFA (x) >>", fontA, printed), refusal.XFA},
		{"layer not for print", "a.pdf", buildPDF("/OCProperties << /OCGs [10 0 R] /D << >> >>", fontA, printed, "<< /Type /OCG /Name (x) /Usage << /Print << /PrintState /OFF >> >> >>"), refusal.HiddenLayer},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := cleaner()
			c.MaxInput, c.TempDir = 1<<20, t.TempDir()
			c.Office = unreachable{t}
			out := filepath.Join(t.TempDir(), "out.pdf")
			_, err := c.Clean(t.Context(), write(t, tt.file, tt.data), out, cleancopy.Options{})
			if got := codeOf(err); got != tt.code {
				t.Errorf("code %q, want %q (%v)", got, tt.code, err)
			}
			if _, err := os.Stat(out); err == nil {
				t.Error("there is an output all the same")
			}
			if left, err := os.ReadDir(c.TempDir); err != nil || len(left) > 0 {
				t.Errorf("left behind: %v %v", left, err)
			}
		})
	}
	t.Run("missing", func(t *testing.T) {
		_, err := cleaner().Clean(t.Context(), filepath.Join(t.TempDir(), "none.pdf"), filepath.Join(t.TempDir(), "out.pdf"), cleancopy.Options{})
		if codeOf(err) != refusal.Unreadable {
			t.Error(err)
		}
	})
	t.Run("onto itself", func(t *testing.T) {
		in := write(t, "a.pdf", buildPDF("", fontA, printed))
		if _, err := cleaner().Clean(t.Context(), in, in, cleancopy.Options{}); codeOf(err) != refusal.SameFile {
			t.Error(err)
		}
	})
	t.Run("into nowhere", func(t *testing.T) {
		in := write(t, "a.pdf", buildPDF("", fontA, printed))
		if _, err := cleaner().Clean(t.Context(), in, filepath.Join(t.TempDir(), "no", "out.pdf"), cleancopy.Options{}); codeOf(err) != refusal.Unwritable {
			t.Error(err)
		}
	})
	t.Run("too many entries", func(t *testing.T) {
		c := cleaner()
		c.Limits = opc.Limits{Entries: 3}
		if _, err := c.Clean(t.Context(), write(t, "a.docx", good), filepath.Join(t.TempDir(), "out.pdf"), cleancopy.Options{}); codeOf(err) != refusal.ZipBomb {
			t.Error(err)
		}
	})
}

type unreachable struct{ t *testing.T }

func (u unreachable) Convert(context.Context, string, string, office.Format) (string, error) {
	u.t.Error("the document reached LibreOffice")
	return "", errors.New("not here")
}

func TestCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	c := cleaner()
	c.TempDir = t.TempDir()
	c.Office = converter(func(ctx context.Context) (string, error) { cancel(); <-ctx.Done(); return "", ctx.Err() })
	out := filepath.Join(t.TempDir(), "out.pdf")
	if _, err := c.Clean(ctx, write(t, "a.docx", docxtest.Document{Body: "<w:p/>"}.Bytes()), out, cleancopy.Options{}); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	if left, err := os.ReadDir(c.TempDir); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v %v", left, err)
	}
}

type converter func(ctx context.Context) (string, error)

func (c converter) Convert(ctx context.Context, _, _ string, _ office.Format) (string, error) {
	return c(ctx)
}

// compoundFile builds a compound file of version 3 with one stream of 4096 bytes.
func compoundFile(name string, head []byte) []byte {
	const sector = 512
	b := make([]byte, sector*(1+2+8)) // header, allocation table, directory, stream
	copy(b, "\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1")
	put16 := func(at int, v uint16) { b[at], b[at+1] = byte(v), byte(v>>8) }
	put32 := func(at int, v uint32) { put16(at, uint16(v)); put16(at+2, uint16(v>>16)) }
	put16(24, 0x3E)
	put16(26, 3)
	put16(28, 0xFFFE)
	put16(30, 9)
	put16(32, 6)
	put32(44, 1)
	put32(48, 1) // the directory's first sector
	put32(56, 4096)
	put32(60, 0xFFFFFFFE)
	put32(68, 0xFFFFFFFE)
	for i := range 109 {
		put32(76+4*i, 0xFFFFFFFF)
	}
	put32(76, 0)
	fat := sector
	put32(fat, 0xFFFFFFFD)
	put32(fat+4, 0xFFFFFFFE)
	for i := 2; i < 10; i++ {
		put32(fat+4*i, uint32(i+1))
	}
	put32(fat+4*9, 0xFFFFFFFE)
	entry := func(at int, name string, kind byte, start, size uint32) {
		for i, r := range name {
			put16(at+2*i, uint16(r))
		}
		put16(at+64, uint16(2*len(name)+2))
		b[at+66] = kind
		put32(at+116, start)
		put32(at+120, size)
	}
	entry(2*sector, "Root Entry", 5, 0xFFFFFFFE, 0)
	entry(2*sector+128, name, 2, 2, 4096)
	copy(b[3*sector:], head)
	return b
}
