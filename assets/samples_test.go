package assets_test

import (
	"archive/zip"
	"bytes"
	"io"
	"strings"
	"testing"

	"sealdesk/assets"
)

func TestSampleContract(t *testing.T) {
	data := assets.SampleContract()
	z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	parts := map[string]string{}
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		content, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		parts[f.Name] = string(content)
	}
	document := parts["word/document.xml"]
	for _, c := range []struct {
		what string
		part string
		n    int
	}{
		{"tracked insertion", "<w:ins ", 1},
		{"tracked deletion", "<w:del ", 1},
		{"comment", "<w:commentReference ", 1},
		{"line for the purchaser's seal", "采购人（盖章）：", 1},
		{"line for the supplier's seal", "中标单位（盖章）：", 1},
		{"page break", `<w:br w:type="page"/>`, 2},
	} {
		if n := strings.Count(document, c.part); n != c.n {
			t.Errorf("%s: found %d times, want %d", c.what, n, c.n)
		}
	}
	if !strings.Contains(parts["word/footer1.xml"], "NUMPAGES") || parts["word/comments.xml"] == "" || parts["word/header1.xml"] == "" {
		t.Error("header, footer or comment is missing")
	}
	for name, f := range fonts(t) {
		text := strings.NewReplacer("<", "", ">", "").Replace(document)
		if m := missing(t, f, text); m != "" {
			t.Errorf("%s lacks %q of the contract", name, m)
		}
	}
}
