package cleancopy_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"sealdesk/signer/cleancopy"
	"sealdesk/signer/cleancopy/docx"
	"sealdesk/signer/cleancopy/docxtest"
	"sealdesk/signer/cleancopy/fonts"
	"sealdesk/signer/cleancopy/office"
	"sealdesk/signer/cleancopy/pdfcopy"
)

// keeping is a cleaner whose LibreOffice stays until the test ends.
func keeping(t *testing.T) (cleancopy.Cleaner, *office.Warm) {
	t.Helper()
	tool(t, "soffice")
	w := office.NewWarm(office.Office{})
	t.Cleanup(func() { _ = w.Close() })
	c := cleaner()
	c.Office = w
	return c, w
}

// revised is a contract with everything that must not reach the pages, and that a doc file can hold too.
func revised() []byte {
	const by = ` w:id="1" w:author="李四" w:date="2026-01-02T00:00:00Z"`
	run := func(s string) string { return `<w:r><w:t xml:space="preserve">` + s + `</w:t></w:r>` }
	return docxtest.Document{
		Body: `<w:p>` + run("政府采购合同 总价 ") + `<w:del` + by + `><w:r><w:delText>DELETED</w:delText></w:r></w:del><w:ins` + by + `>` + run("壹佰万元") + `</w:ins></w:p>` +
			`<w:p><w:commentRangeStart w:id="0"/>` + run("第一条") + `<w:commentRangeEnd w:id="0"/><w:r><w:commentReference w:id="0"/></w:r></w:p>` +
			`<w:p>` + run("甲方") + `<w:r><w:rPr><w:vanish/></w:rPr><w:t>VANISHED</w:t></w:r>` + run("乙方") + `</w:p>` +
			`<w:p><w:pPr><w:rPr><w:del` + by + `/></w:rPr></w:pPr><w:del` + by + `><w:r><w:delText>GONE</w:delText></w:r></w:del></w:p>` +
			`<w:tbl><w:tblPr><w:tblW w:w="0" w:type="auto"/></w:tblPr><w:tblGrid><w:gridCol w:w="4000"/><w:gridCol w:w="4000"/></w:tblGrid>` +
			`<w:tr><w:tc><w:tcPr><w:tcW w:w="4000" w:type="dxa"/></w:tcPr><w:p>` + run("名称") + `</w:p></w:tc><w:tc><w:tcPr><w:tcW w:w="4000" w:type="dxa"/></w:tcPr><w:p>` + run("数量") + `</w:p></w:tc></w:tr></w:tbl>` +
			`<w:p>` + run("签字 page ") + `</w:p>`,
		Parts: map[string]string{
			"word/comments.xml": docxtest.Part("comments", `<w:comment w:id="0" w:author="王五"><w:p>`+run("COMMENTED")+`</w:p></w:comment>`),
		},
		Types:     map[string]string{"word/comments.xml": "application/vnd.openxmlformats-officedocument.wordprocessingml.comments+xml"},
		Relations: map[string]string{"rIdC": "comments comments.xml"},
	}.Bytes()
}

// The clean copy of an old doc says what that of the same docx says, and one LibreOffice makes them both.
func TestDOCIsLikeDOCX(t *testing.T) {
	c, kept := keeping(t)
	source := write(t, "source.docx", revised())
	dir := t.TempDir()
	said, err := exec.Command(tool(t, "soffice"), "-env:UserInstallation=file://"+t.TempDir(), "--headless", "--convert-to", "doc:MS Word 97", "--outdir", dir, source).CombinedOutput()
	if err != nil {
		t.Fatalf("making the doc: %v %s", err, said)
	}
	var texts []string
	for _, in := range []string{source, filepath.Join(dir, "source.doc")} {
		out := filepath.Join(t.TempDir(), "out.pdf")
		report, err := c.Clean(t.Context(), in, out, cleancopy.Options{})
		if err != nil {
			t.Fatal(err)
		}
		text := output(t, "pdftotext", "-layout", out, "-")
		for _, w := range append(never, "GONE") {
			if strings.Contains(text, w) {
				t.Errorf("%s: %q is still there:\n%s", report.Type, w, text)
			}
		}
		for _, k := range []string{docx.KindDeletion, docx.KindInsertion, docx.KindComment, docx.KindHiddenText} {
			if !slices.Contains(kinds(report.Items), k) {
				t.Errorf("%s: %s is not reported", report.Type, k)
			}
		}
		if report.Standard != "PDF/A-2b" {
			t.Errorf("%s: the copy is called %q", report.Type, report.Standard)
		}
		texts = append(texts, strings.Join(strings.Fields(text), " "))
	}
	if texts[0] != texts[1] || !strings.Contains(texts[0], "总价 壹佰万元") {
		t.Errorf("docx: %s\ndoc: %s", texts[0], texts[1])
	}
	if s := kept.State(); s.Documents != 3 || s.Cold != nil {
		t.Errorf("three conversions by one LibreOffice: %+v", s)
	}
}

// asking is a page of text in these fonts.
func asking(latin, chinese string) []byte {
	return docxtest.Document{Body: `<w:p><w:r><w:rPr><w:rFonts w:ascii="` + latin + `" w:hAnsi="` + latin + `" w:eastAsia="` + chinese + `"/><w:lang w:eastAsia="zh-CN"/><w:sz w:val="44"/></w:rPr>` +
		`<w:t>骨直角关门次判平安复今 Seal</w:t></w:r></w:p>`}.Bytes()
}

// A font that this machine lacks is drawn with its stand-in, to the pixel, and the report names that one.
func TestFontsAreReplaced(t *testing.T) {
	c, _ := keeping(t)
	clean := func(doc []byte) (cleancopy.Report, string) {
		out := filepath.Join(t.TempDir(), "out.pdf")
		report, err := c.Clean(t.Context(), write(t, "in.docx", doc), out, cleancopy.Options{})
		if err != nil {
			t.Fatal(err)
		}
		picture := filepath.Join(t.TempDir(), "p")
		output(t, "pdftoppm", "-r", "60", "-png", "-singlefile", out, picture)
		data, err := os.ReadFile(picture + ".png")
		if err != nil {
			t.Fatal(err)
		}
		return report, string(data)
	}
	const serif, sans = "Noto Serif CJK SC", "Noto Sans CJK SC"
	tests := []struct{ asked, by string }{
		{"宋体", serif}, {"SimSun", serif}, {"仿宋_GB2312", serif}, {"楷体", serif}, {"方正小标宋简体", serif},
		{"黑体", sans}, {"微软雅黑", sans}, {"等线", sans},
	}
	_, want := clean(asking(serif, serif))
	_, wantSans := clean(asking(serif, sans))
	if want == wantSans {
		t.Fatal("the two stand-ins cannot be told apart")
	}
	installed, err := fonts.Installed(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range tests {
		if installed.Has(tt.asked) || installed.Replacement(tt.asked) != tt.by {
			t.Logf("this machine has more than the fonts of packaging/deps.sh: %s is not looked at", tt.asked)
			continue
		}
		report, got := clean(asking(serif, tt.asked))
		if !slices.Equal(report.Fonts, []cleancopy.Font{{Name: tt.asked, By: tt.by}}) {
			t.Errorf("%s: the report has %+v", tt.asked, report.Fonts)
		}
		if tt.by == serif && got != want || tt.by == sans && got != wantSans {
			t.Errorf("%s is not drawn with %s", tt.asked, tt.by)
		}
	}
}

// A PDF that an office program made elsewhere with Chinese OpenType fonts is copied as PDF/A, and is not where it states
// another width than the font has.
func TestOfficePDF(t *testing.T) {
	dir := t.TempDir()
	source := write(t, "source.docx", asking("Noto Serif CJK SC", "Noto Sans CJK SC"))
	said, err := exec.Command(tool(t, "soffice"), "-env:UserInstallation=file://"+t.TempDir(), "--headless", "--convert-to", "pdf", "--outdir", dir, source).CombinedOutput()
	if err != nil {
		t.Fatalf("making the PDF: %v %s", err, said)
	}
	data, err := os.ReadFile(filepath.Join(dir, "source.pdf"))
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(data, []byte("/FontFile2")) || !regexp.MustCompile(`/FontFile3?[ /]`).Match(data) {
		t.Fatal("LibreOffice embedded the font in another form than CFF or Type 1")
	}
	widths := regexp.MustCompile(`/W(idths)?\s*\[[^]]*1000`).FindIndex(data)
	if widths == nil {
		t.Fatal("no width of a Chinese character")
	}
	wider := append(slices.Clone(data[:widths[1]-1]), '5') // 1005
	wider = append(wider, data[widths[1]:]...)
	for _, tt := range []struct {
		name, standard, reason string
		data                   []byte
	}{
		{"as it is", "PDF/A-2b", "", data},
		{"wider", "", "6.2.11.5", wider},
	} {
		report, err := cleaner().Clean(t.Context(), write(t, "in.pdf", tt.data), filepath.Join(t.TempDir(), "out.pdf"), cleancopy.Options{})
		if err != nil {
			t.Fatal(err)
		}
		reason := ""
		for _, n := range report.Notices {
			if n.Code == pdfcopy.PlainOther {
				reason, _ = n.Params["detail"].(string)
			}
		}
		if report.Standard != tt.standard || !strings.HasPrefix(reason, tt.reason) || (reason == "") != (tt.reason == "") {
			t.Errorf("%s: %q because of %q", tt.name, report.Standard, reason)
		}
	}
}
