package cleancopy_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"sealdesk/signer/cleancopy"
	"sealdesk/signer/cleancopy/docx"
	"sealdesk/signer/cleancopy/docxtest"
	"sealdesk/signer/cleancopy/office"
	"sealdesk/signer/cleancopy/pdfclean"
	"sealdesk/signer/cleancopy/pdfcopy"
	"sealdesk/signer/cleancopy/refusal"
)

// giving is a converter that gives the same whatever it is asked for: nil is a file that is not there.
type giving struct {
	docx, pdf []byte
	err       error
	then      func() // happens while it works
}

func (g giving) Convert(_ context.Context, _, dir string, format office.Format) (string, error) {
	if g.then != nil {
		g.then()
	}
	path, data := filepath.Join(dir, "given."+fmt.Sprint(format)), g.docx
	if format == office.PDFA2b {
		path, data = filepath.Join(dir, "given.pdf"), g.pdf
	}
	if g.err != nil || data == nil {
		return path, g.err
	}
	return path, os.WriteFile(path, data, 0o600)
}

// oldDoc is a doc as far as anyone looks who does not convert it.
func oldDoc() []byte { return compoundFile("WordDocument", []byte{0xEC, 0xA5}) }

func TestConverterGivesOtherThanItShould(t *testing.T) {
	good := docxtest.Document{Body: "<w:p/>"}.Bytes()
	page := buildPDF("", fontA, printed)
	failed := refusal.New(refusal.ConverterFailed, "no", nil)
	torn := bytes.Replace(docxtest.Document{Body: "<w:p/>", Parts: map[string]string{"word/a.png": strings.Repeat("picture", 99)}}.Bytes(), []byte("word/a.png"), []byte("word/a.png\xff\xff\xff"), 1)
	tests := []struct {
		name  string
		in    []byte
		given giving
		code  string // of Clean's error
		shown string // of AsUploaded's, if it is another
	}{
		{"refuses the doc", oldDoc(), giving{err: failed}, refusal.ConverterFailed, ""},
		{"fills the disk with the doc", oldDoc(), giving{err: syscall.ENOSPC}, refusal.DiskFull, ""},
		{"fills the disk with the docx", good, giving{err: syscall.EDQUOT}, refusal.DiskFull, ""},
		{"says that there is a docx", oldDoc(), giving{pdf: page}, refusal.Unwritable, ""},
		{"gives no zip", oldDoc(), giving{docx: []byte("no zip"), pdf: page}, refusal.Damaged, refusal.UnsupportedType},
		{"gives a docx without a document", oldDoc(), giving{docx: docxtest.Zip(map[string]string{"a": "b"}), pdf: page}, refusal.Damaged, refusal.UnsupportedType},
		{"gives a docx with broken arrows", oldDoc(), giving{docx: docxtest.Zip(map[string]string{"_rels/.rels": "<R>"}), pdf: page}, refusal.Damaged, ""},
		{"gives a docx with a broken part", oldDoc(), giving{docx: torn, pdf: page}, refusal.Damaged, ""},
		{"gives no PDF", good, giving{pdf: []byte("no PDF")}, refusal.ConverterFailed, "ok"},
		{"says that there is a PDF", good, giving{}, refusal.Unwritable, ""},
		{"gives a PDF without pages", good, giving{pdf: bytes.Replace(page, []byte("[3 0 R]"), []byte("[     ]"), 1)}, refusal.NoPages, "ok"},
		{"gives a PDF with broken pages", good, giving{pdf: bytes.Replace(page, []byte("[3 0 R]"), []byte("[4 0 R]"), 1)}, refusal.ConverterFailed, "ok"},
		{"gives a PDF with broken fonts", good, giving{pdf: bytes.Replace(page, []byte("/Font << /F 5 0 R"), []byte("/Font << /F 5 5  "), 1)}, refusal.ConverterFailed, "ok"},
		{"gives a PDF", oldDoc(), giving{docx: good, pdf: page}, "", ""},
		{"gives a PDF whose metadata is none", good, giving{pdf: buildPDF("/Metadata 5 0 R", fontA, printed)}, "", ""},
		{"gives a PDF whose metadata is broken", good, giving{pdf: buildPDF("/Metadata 10 0 R", fontA, printed, stream("/Filter /FlateDecode", "x"))}, "", ""},
		{"gives a PDF whose metadata says nothing", good, giving{pdf: buildPDF("/Metadata 10 0 R", fontA, printed, stream("", "x"))}, "", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := cleancopy.Cleaner{Office: tt.given, TempDir: t.TempDir()}
			in, out := write(t, "in.docx", tt.in), filepath.Join(t.TempDir(), "out.pdf")
			report, err := c.Clean(t.Context(), in, out, cleancopy.Options{})
			if codeOf(err) != tt.code || (err == nil) != (tt.code == "") {
				t.Errorf("%v, want %s", err, tt.code)
			}
			if report.Standard != "" {
				t.Errorf("it is called %s", report.Standard)
			}
			shown := tt.shown
			if shown == "" {
				shown = tt.code
			}
			if err := c.AsUploaded(t.Context(), in, filepath.Join(t.TempDir(), "shown.pdf")); codeOf(err) != strings.TrimPrefix(shown, "ok") {
				t.Errorf("shown: %v, want %s", err, shown)
			}
			if left, err := os.ReadDir(c.TempDir); err != nil || len(left) != 0 {
				t.Errorf("left behind: %v %v", left, err)
			}
		})
	}
}

func TestConvertedDocIsReported(t *testing.T) {
	date := `<w:p><w:r><w:fldChar w:fldCharType="begin"/></w:r><w:r><w:instrText> DATE </w:instrText></w:r><w:r><w:fldChar w:fldCharType="separate"/></w:r><w:r><w:t>2001</w:t></w:r><w:r><w:fldChar w:fldCharType="end"/></w:r></w:p>`
	converted := docxtest.Document{
		Body:     date,
		Parts:    map[string]string{"docProps/core.xml": `<p xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:creator>LibreOffice</dc:creator></p>`},
		Types:    map[string]string{"docProps/core.xml": "application/vnd.openxmlformats-package.core-properties+xml"},
		TopLevel: map[string]string{"core-properties": "docProps/core.xml"},
	}.Bytes()
	c := cleancopy.Cleaner{Office: giving{docx: converted, pdf: buildPDF("", fontA, printed)}}
	report, err := c.Clean(t.Context(), write(t, "a.doc", oldDoc()), filepath.Join(t.TempDir(), "out.pdf"), cleancopy.Options{})
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(report.Items, func(i cleancopy.Item) bool { return i.Kind == docx.KindProperties })
	if i < 0 || report.Items[i].Text != "" {
		t.Errorf("what LibreOffice wrote is told as the document's: %+v", report.Items)
	}
	if !slices.ContainsFunc(report.Notices, func(n cleancopy.Notice) bool { return n.Code == cleancopy.NoticeDateFields && n.Params["count"] == 1 }) {
		t.Errorf("%+v", report.Notices)
	}
}

func TestFoldersAndFiles(t *testing.T) {
	good := docxtest.Document{Body: "<w:p/>"}.Bytes()
	office := giving{pdf: buildPDF("", fontA, printed)}
	folder := t.TempDir()
	gone := filepath.Join(folder, "gone")
	unknown := compoundFile("WordDocument", []byte{1, 2})
	empty := oldDoc()
	clear(empty[2*512+128+120 : 2*512+128+124]) // the stream's size
	tests := []struct {
		name, temp, in, out string
		code                string
	}{
		{"no folder to work in", gone, write(t, "a.docx", good), filepath.Join(folder, "a"), refusal.Unwritable},
		{"a folder for a document", folder, folder, filepath.Join(folder, "a"), refusal.Unreadable},
		{"no document", folder, gone, filepath.Join(folder, "a"), refusal.Unreadable},
		{"a result where a folder stands", folder, write(t, "a.docx", good), t.TempDir(), refusal.Unwritable},
		{"a result in no folder", folder, write(t, "a.docx", good), filepath.Join(gone, "a"), refusal.Unwritable},
		{"a compound file of something", folder, write(t, "a.doc", compoundFile("Contents", nil)), filepath.Join(folder, "a"), refusal.UnsupportedType},
		{"a doc of another time", folder, write(t, "a.doc", unknown), filepath.Join(folder, "a"), refusal.UnsupportedType},
		{"a doc of nothing", folder, write(t, "a.doc", empty), filepath.Join(folder, "a"), refusal.Damaged},
		{"bytes", folder, write(t, "a.doc", []byte{0, 1, 2, 3}), filepath.Join(folder, "a"), refusal.UnsupportedType},
		{"broken arrows", folder, write(t, "a.docx", docxtest.Zip(map[string]string{"_rels/.rels": "<R>"})), filepath.Join(folder, "a"), refusal.Damaged},
	}
	for _, tt := range tests {
		c := cleancopy.Cleaner{Office: office, TempDir: tt.temp}
		if _, err := c.Clean(t.Context(), tt.in, tt.out, cleancopy.Options{}); codeOf(err) != tt.code {
			t.Errorf("%s: %v, want %s", tt.name, err, tt.code)
		}
		if err := c.AsUploaded(t.Context(), tt.in, tt.out); codeOf(err) != tt.code {
			t.Errorf("%s, shown: %v, want %s", tt.name, err, tt.code)
		}
	}
	same := write(t, "a.docx", good)
	if err := (cleancopy.Cleaner{Office: office}).AsUploaded(t.Context(), same, same); codeOf(err) != refusal.SameFile {
		t.Error(err)
	}
	large := cleancopy.Cleaner{Office: office, MaxInput: 9}
	if err := large.AsUploaded(t.Context(), same, filepath.Join(folder, "a")); codeOf(err) != refusal.TooLarge {
		t.Error(err)
	}
	if left, err := os.ReadDir(folder); err != nil || len(left) != 0 {
		t.Errorf("left behind: %v %v", left, err)
	}
}

// The work ends wherever it is when it is not wanted any more.
func TestCancelledMeanwhile(t *testing.T) {
	good := docxtest.Document{Body: "<w:p/>"}.Bytes()
	for name, in := range map[string][]byte{"docx": good, "doc": oldDoc()} {
		ctx, cancel := context.WithCancel(t.Context())
		c := cleancopy.Cleaner{Office: giving{docx: good, pdf: buildPDF("", fontA, printed), then: cancel}}
		path, out := write(t, "a."+name, in), filepath.Join(t.TempDir(), "out.pdf")
		if _, err := c.Clean(ctx, path, out, cleancopy.Options{}); !errors.Is(err, context.Canceled) {
			t.Errorf("%s: %v", name, err)
		}
		ctx, cancel = context.WithCancel(t.Context())
		c.Office = giving{docx: good, pdf: buildPDF("", fontA, printed), then: cancel}
		if err := c.AsUploaded(ctx, path, out); !errors.Is(err, context.Canceled) {
			t.Errorf("%s, shown: %v", name, err)
		}
		if _, err := c.Clean(ctx, path, out, cleancopy.Options{}); !errors.Is(err, context.Canceled) { // from the beginning
			t.Errorf("%s: %v", name, err)
		}
		if _, err := os.Stat(out); err == nil {
			t.Errorf("%s: there is a file", name)
		}
	}
}

// copying is a copier of PDFs that says this of what it copied.
type copying struct {
	result pdfcopy.Result
	err    error
	then   func()
}

func (c copying) CopyFile(_ context.Context, _, out string, tell func(pdfcopy.Stage, float64)) (*pdfcopy.Result, error) {
	tell(pdfcopy.StageInspect, 0.5)
	tell(pdfcopy.StageCheck, 7) // what has no sense is not passed on
	tell(pdfcopy.StageCheck, -1)
	tell("unheard", 0.5)
	if c.then != nil {
		c.then()
	}
	if c.err != nil {
		return nil, c.err
	}
	return &c.result, os.WriteFile(out, []byte("%PDF-1.7"), 0o600)
}

func TestCopierOfPDFs(t *testing.T) {
	in, out := write(t, "a.pdf", buildPDF("", fontA, printed)), filepath.Join(t.TempDir(), "out.pdf")
	many := copying{result: pdfcopy.Result{TakenOut: slices.Repeat([]pdfclean.Finding{{Kind: pdfclean.KindLink, Page: 1, Count: 1}}, 5001)}}
	report, err := cleancopy.Cleaner{PDF: many}.Clean(t.Context(), in, out, cleancopy.Options{Progress: func(s cleancopy.Step, f float64) {
		if f < 0 || f > 1 {
			t.Errorf("%s %v", s, f)
		}
	}})
	if err != nil || len(report.Items) != 5000 || !report.Truncated {
		t.Errorf("%d items, %t, %v", len(report.Items), report.Truncated, err)
	}
	report, err = cleancopy.Cleaner{PDF: copying{result: pdfcopy.Result{Truncated: true}}}.Clean(t.Context(), in, out, cleancopy.Options{})
	if err != nil || !report.Truncated {
		t.Errorf("%+v, %v", report, err)
	}
	if _, err := (cleancopy.Cleaner{PDF: copying{err: syscall.ENOSPC}}).Clean(t.Context(), in, out, cleancopy.Options{}); codeOf(err) != refusal.DiskFull {
		t.Error(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	if _, err := (cleancopy.Cleaner{PDF: copying{then: cancel}}).Clean(ctx, in, filepath.Join(t.TempDir(), "out.pdf"), cleancopy.Options{}); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

type preparing struct {
	giving
	times *int
}

func (p preparing) Prepare() { *p.times++ }

func TestPrepare(t *testing.T) {
	times := 0
	c := cleancopy.Cleaner{Office: preparing{times: &times}}
	for _, name := range []string{"a.docx", "a.DOC", "a.pdf", "a"} {
		c.Prepare(name)
	}
	if times != 2 {
		t.Errorf("prepared %d times", times)
	}
	cleancopy.Cleaner{Office: giving{}}.Prepare("a.docx") // cannot
}

// What runs, and what points outside, is not in what is shown.
func TestNothingLeadsOut(t *testing.T) {
	parts := map[string]string{
		"word/vbaProject.bin": "macro", "word/embeddings/a.bin": "macro", "word/vbaData.xml": "<macro/>", "customXml/x.xml": "<x/>",
		"customXml/_rels/x.xml.rels": `<R><Other Target="http://a"/><Relationship Target="//host/a"/><Relationship Target="c:\a"/><Relationship Target="a.xml" TargetMode="External"/><Relationship Target="kept.xml"/></R>`,
	}
	in := write(t, "a.docm", docxtest.Document{Body: "<w:p/>", Parts: parts}.Bytes())
	kept := &lookingIn{giving{pdf: buildPDF("", fontA, printed)}, map[string]string{}}
	if err := (cleancopy.Cleaner{Office: kept}).AsUploaded(t.Context(), in, filepath.Join(t.TempDir(), "out.pdf")); err != nil {
		t.Fatal(err)
	}
	for name, data := range kept.parts {
		for _, word := range []string{"vba", "macro", ".bin", "//host", `c:\`, "External"} {
			if strings.Contains(name, word) || strings.Contains(data, word) && name != "[Content_Types].xml" {
				t.Errorf("%s is left in %s: %s", word, name, data)
			}
		}
	}
	if arrows := kept.parts["customXml/_rels/x.xml.rels"]; !strings.Contains(arrows, "kept.xml") || !strings.Contains(arrows, "Other") || kept.parts["customXml/x.xml"] != "<x/>" {
		t.Errorf("too much is gone: %s", arrows)
	}
}
