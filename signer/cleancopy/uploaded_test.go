package cleancopy_test

import (
	"archive/zip"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"sealdesk/signer/cleancopy"
	"sealdesk/signer/cleancopy/office"
	"sealdesk/signer/cleancopy/refusal"
)

// lookingIn is a converter that keeps what it was given.
type lookingIn struct {
	cleancopy.Converter
	parts map[string]string
}

func (l *lookingIn) Convert(ctx context.Context, in, dir string, format office.Format) (string, error) {
	if format == office.PDFA2b {
		z, err := zip.OpenReader(in)
		if err != nil {
			return "", err
		}
		defer z.Close()
		for _, f := range z.File {
			r, err := f.Open()
			if err != nil {
				return "", err
			}
			data, err := io.ReadAll(r)
			if err != nil {
				return "", err
			}
			l.parts[f.Name] = string(data)
		}
	}
	return l.Converter.Convert(ctx, in, dir, format)
}

// The document is shown with what is tracked in it, and nothing outside is asked for.
func TestTheUploadIsShownAsItIs(t *testing.T) {
	asked := make(chan string, 8)
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { asked <- r.URL.Path }))
	defer server.Close()
	in := write(t, "合同.docx", contract(server.URL+"/x.png"))
	out := filepath.Join(t.TempDir(), "shown.pdf")
	l := &lookingIn{office.Office{}, map[string]string{}}
	c := cleaner()
	c.Office = l
	if err := c.AsUploaded(t.Context(), in, out); err != nil {
		t.Fatal(err)
	}
	text := output(t, "pdftotext", "-layout", out, "-")
	for _, w := range []string{"政府采购合同", "DELETED", "INSERTED", "MOVED"} {
		if !strings.Contains(text, w) {
			t.Errorf("%q is not on the pages:\n%s", w, text)
		}
	}
	for name, data := range l.parts {
		if strings.Contains(data, server.URL) {
			t.Errorf("%s points outside: %s", name, data)
		}
	}
	if !strings.Contains(l.parts["word/document.xml"], "DELETED") || !strings.Contains(l.parts["word/_rels/document.xml.rels"], "header1.xml") {
		t.Errorf("more was cut off than the way out: %v", l.parts["word/_rels/document.xml.rels"])
	}
	select {
	case path := <-asked:
		t.Errorf("the network was asked for %s", path)
	default:
	}
}

func TestWhatCannotBeShownAsUploaded(t *testing.T) {
	for name, tt := range map[string]struct {
		data []byte
		code string
	}{
		"a PDF":   {[]byte("%PDF-1.7\n"), refusal.UnsupportedType},
		"nothing": {nil, refusal.Empty},
		"torn":    {[]byte("PK\x03\x04torn"), refusal.Damaged},
	} {
		t.Run(name, func(t *testing.T) {
			out := filepath.Join(t.TempDir(), "out.pdf")
			err := cleancopy.Cleaner{}.AsUploaded(t.Context(), write(t, "in.docx", tt.data), out)
			if codeOf(err) != tt.code {
				t.Errorf("%v, want %s", err, tt.code)
			}
			if _, err := os.Stat(out); err == nil {
				t.Error("there is a file")
			}
		})
	}
}
