package platform

import (
	"bytes"
	"io"
	"testing"
)

func readerAt(b []byte) io.ReaderAt { return bytes.NewReader(b) }

func TestMediaTypeIsToldFromTheBytes(t *testing.T) {
	zip := func(name string) []byte {
		head := append([]byte("PK\x03\x04"), make([]byte, 26)...)
		head[26] = byte(len(name))
		return append(append(head, name...), "data"...)
	}
	for _, x := range []struct {
		content []byte
		want    string
	}{
		{[]byte("%PDF-1.7"), mediaPDF}, {[]byte(" %PDF-1.7"), ""}, {zip("[Content_Types].xml"), mediaDOCX}, {zip("word/document.xml"), mediaDOCX},
		{zip("classes.dex"), ""}, {[]byte("PK\x03\x04"), ""}, {[]byte("\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1"), mediaDOC}, {nil, ""}, {[]byte("MZ"), ""},
	} {
		if got, err := mediaType(readerAt(x.content)); err != nil || got != x.want {
			t.Errorf("%q: %q, %v; want %q", x.content, got, err, x.want)
		}
	}
	for name, want := range map[string]bool{"a.pdf": true, "a.PDF": true, "a.docx": false, "a": false, "pdf": false} {
		if got := nameFits(name, mediaPDF); got != want {
			t.Errorf("%s fits a PDF: %v", name, got)
		}
	}
}

func TestFileNameIsMetadataOnly(t *testing.T) {
	for in, want := range map[string]string{"../../etc/passwd.pdf": "passwd.pdf", `C:\a\合同.pdf`: "合同.pdf", " a.pdf ": "a.pdf"} {
		if got, err := fileName(in); err != nil || got != want {
			t.Errorf("%q: %q, %v", in, got, err)
		}
	}
	for _, in := range []string{"", "/", "a\x00.pdf", "a\u202efdp.exe", "a\n.pdf", "\xff.pdf"} {
		if got, err := fileName(in); err == nil {
			t.Errorf("%q is taken as %q", in, got)
		}
	}
}
