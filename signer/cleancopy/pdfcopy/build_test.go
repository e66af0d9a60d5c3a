package pdfcopy_test

import (
	"bytes"
	"compress/zlib"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"sealdesk/signer/cleancopy/pdfclean"
	"sealdesk/signer/cleancopy/pdfcopy"
	"sealdesk/signer/cleancopy/refusal"
	"sealdesk/signer/preview"
	"sealdesk/signer/preview/previewtest"
)

var engine *preview.Renderer

func TestMain(m *testing.M) {
	engine = preview.New(preview.Options{CacheDir: previewtest.Cache()})
	code := m.Run()
	_ = engine.Close()
	os.Exit(code)
}

// A file is what a PDF of one page is built of. Objects 1 to 5 are catalog, page tree, page, contents and the font
// Helvetica; more are numbered from 10 on.
type file struct {
	catalog, page, resources, contents string
	more                               []string
	trailer                            string
}

func (f file) objects() map[int]string {
	o := map[int]string{
		1: "<< /Type /Catalog /Pages 2 0 R " + f.catalog + " >>",
		2: "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
		3: "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 300 200] /Contents 4 0 R /Resources << /Font << /F 5 0 R >> " + f.resources + " >> " + f.page + " >>",
		4: stream("", f.contents),
		5: "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /FirstChar 32 /LastChar 126 /Widths [" + strings.Repeat("500 ", 95) + "] /FontDescriptor << /Type /FontDescriptor /FontName /Helvetica /Flags 32 /MissingWidth 500 >> >>",
	}
	for i, m := range f.more {
		o[10+i] = m
	}
	return o
}

func (f file) bytes() []byte {
	objects := f.objects()
	var b bytes.Buffer
	b.WriteString("%PDF-1.7\n%\xe2\xe3\xcf\xd3\n")
	size := 10 + len(f.more)
	offsets := make([]int, size)
	for n := 1; n < size; n++ {
		if objects[n] == "" {
			continue
		}
		offsets[n] = b.Len()
		fmt.Fprintf(&b, "%d 0 obj\n%s\nendobj\n", n, objects[n])
	}
	xref := b.Len()
	fmt.Fprintf(&b, "xref\n0 %d\n0000000000 65535 f \n", size)
	for _, o := range offsets[1:] {
		if o == 0 {
			b.WriteString("0000000000 00000 f \n")
		} else {
			fmt.Fprintf(&b, "%010d 00000 n \n", o)
		}
	}
	fmt.Fprintf(&b, "trailer\n<< /Size %d /Root 1 0 R %s >>\nstartxref\n%d\n%%%%EOF\n", size, f.trailer, xref)
	return b.Bytes()
}

func stream(dict, data string) string {
	return fmt.Sprintf("<< %s /Length %d >>\nstream\n%s\nendstream", dict, len(data), data)
}

// line draws words at a place.
func line(x, y int, words string) string {
	return fmt.Sprintf("BT /F 12 Tf %d %d Td (%s) Tj ET\n", x, y, words)
}

func nothing(pdfcopy.Stage, float64) {}

func clean(t testing.TB, data []byte) ([]byte, *pdfcopy.Result) {
	t.Helper()
	out, r, err := pdfcopy.Copier{Engine: engine}.Copy(t.Context(), data, nothing)
	if err != nil {
		t.Fatal(err)
	}
	return out, r
}

func refused(t testing.TB, data []byte) string {
	t.Helper()
	out, _, err := pdfcopy.Copier{Engine: engine}.Copy(t.Context(), data, nothing)
	var r *refusal.Error
	if !errors.As(err, &r) {
		t.Fatalf("%d bytes, %v", len(out), err)
	}
	return r.Code()
}

// plain is a file with its Flate streams unpacked, for a search of bytes.
func plain(t testing.TB, data []byte) []byte {
	t.Helper()
	out := bytes.Clone(data)
	for rest := data; ; {
		i := bytes.Index(rest, []byte("stream\n"))
		if i < 0 {
			return out
		}
		rest = rest[i+len("stream\n"):]
		if z, err := zlib.NewReader(bytes.NewReader(rest)); err == nil {
			text, err := io.ReadAll(z)
			if err != nil {
				t.Fatal(err)
			}
			out = append(out, text...)
		}
	}
}

// text asks another program for the words of a file.
func text(t testing.TB, data []byte) string {
	t.Helper()
	tool, err := exec.LookPath("pdftotext")
	if err != nil {
		t.Fatal("pdftotext is not installed; run packaging/deps.sh")
	}
	cmd := exec.Command(tool, "-layout", "-", "-")
	cmd.Stdin = bytes.NewReader(data)
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

// check asks another program whether a file is well formed.
func check(t testing.TB, data []byte) {
	t.Helper()
	tool, err := exec.LookPath("qpdf")
	if err != nil {
		t.Fatal("qpdf is not installed; run packaging/deps.sh")
	}
	path := filepath.Join(t.TempDir(), "a.pdf")
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command(tool, "--check", path).CombinedOutput(); err != nil {
		t.Errorf("qpdf --check: %v %s", err, out)
	}
}

// has tells whether a finding of a kind has these words on the first page.
func has(list []pdfclean.Finding, kind, words string) bool {
	for _, f := range list {
		if f.Kind == kind && f.Page <= 1 && strings.Contains(strings.ReplaceAll(f.Text, " ", ""), strings.ReplaceAll(words, " ", "")) {
			return true
		}
	}
	return false
}
