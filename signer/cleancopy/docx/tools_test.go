package docx_test

import (
	"archive/zip"
	"bytes"
	"context"
	"os"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"sealdesk/signer/cleancopy/docx"
	"sealdesk/signer/cleancopy/docxtest"
	"sealdesk/signer/cleancopy/opc"
)

// tester is a test, a fuzz target or one draw of a property.
type tester interface {
	rapid.TB
	Context() context.Context
}

func cleanFile(t *testing.T, name string) ([]byte, *docx.Result) {
	t.Helper()
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	out, res, err := cleanBytes(t, data)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return out, res
}

func cleanBytes(t tester, data []byte) ([]byte, *docx.Result, error) {
	t.Helper()
	pkg, err := opc.Open(bytes.NewReader(data), int64(len(data)), opc.Limits{})
	if err != nil {
		return nil, nil, err
	}
	kind, main, err := pkg.Kind()
	if err != nil {
		return nil, nil, err
	}
	if kind != "docx" {
		t.Skip("not a Word document")
	}
	var out bytes.Buffer
	res, err := docx.Clean(t.Context(), pkg, main, &out)
	return out.Bytes(), res, err
}

// partOf reads one part of a written document.
func partOf(t tester, document []byte, name string) string {
	t.Helper()
	zr, err := zip.NewReader(bytes.NewReader(document), int64(len(document)))
	if err != nil {
		t.Fatal(err)
	}
	f, err := zr.Open(name)
	if err != nil {
		return ""
	}
	var b bytes.Buffer
	if _, err := b.ReadFrom(f); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func diff(a, b string) string {
	i := 0
	for i < len(a) && i < len(b) && a[i] == b[i] {
		i++
	}
	return a[max(0, i-60):min(len(a), i+200)]
}

func unpack(t tester, document []byte) map[string]string {
	t.Helper()
	zr, err := zip.NewReader(bytes.NewReader(document), int64(len(document)))
	if err != nil {
		t.Fatal(err)
	}
	parts := map[string]string{}
	for _, f := range zr.File {
		parts[f.Name] = partOf(t, document, f.Name)
	}
	return parts
}

// FuzzClean feeds hostile body text: nothing may panic, and what comes out is clean by its own measure.
func FuzzClean(f *testing.F) {
	for _, body := range []string{
		p(r("a") + del("b") + ins("c") + hidden("d")),
		p(mark("<w:del/>") + field(" DATE ", r("x"))),
		table(row(cell(p(mark("<w:del/>"))))),
		p(char("end") + char("separate") + instr("PAGE") + char("begin")),
		"<w:sdt><w:sdtContent><w:tbl/></w:sdtContent></w:sdt>",
		`<m:oMath><m:f><m:fPr><m:ctrlPr><w:del/></m:ctrlPr></m:fPr></m:f></m:oMath>`,
	} {
		f.Add(body)
	}
	f.Fuzz(func(t *testing.T, body string) {
		out, _, err := cleanBytes(t, docxtest.Document{Body: body}.Bytes())
		if err != nil {
			return
		}
		text := partOf(t, out, "word/document.xml")
		for _, left := range []string{"<w:del>", "<w:del ", "<w:delText", "<w:moveFrom", "<w:ins>", "<w:ins ", "<w:vanish",
			"<w:sdt>", "<w:fldSimple/>"} {
			if strings.Contains(text, left) {
				t.Errorf("%s is left in %s", left, text)
			}
		}
		if _, _, err := cleanBytes(t, out); err != nil {
			t.Errorf("what came out cannot be read: %v\n%s", err, text)
		}
	})
}
