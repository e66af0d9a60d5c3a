package pdfclean

import (
	"bytes"
	"fmt"
	"testing"

	"sealdesk/signer/pdf"
)

// sample is a PDF of one page whose object 5, which the page's resources refer to, is given.
func sample(object string) []byte {
	var b bytes.Buffer
	b.WriteString("%PDF-1.7\n")
	var offsets []int
	for n, o := range []string{
		"<< /Type /Catalog /Pages 2 0 R >>", "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
		"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 9 9] /Contents 4 0 R /Resources << /XObject << /A 5 0 R >> >> >>",
		"<< /Length 5 >>\nstream\n/A Do\nendstream", object,
	} {
		offsets = append(offsets, b.Len())
		fmt.Fprintf(&b, "%d 0 obj\n%s\nendobj\n", n+1, o)
	}
	xref := b.Len()
	b.WriteString("xref\n0 6\n0000000000 65535 f \n")
	for _, o := range offsets {
		fmt.Fprintf(&b, "%010d 00000 n \n", o)
	}
	fmt.Fprintf(&b, "trailer\n<< /Size 6 /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n", xref)
	return b.Bytes()
}

func TestOnlyWhatIsDrawn(t *testing.T) {
	tests := []struct{ name, object, kept string }{
		{"form", "<< /Subtype /Form /BBox [0 0 1 1] /Secret (secret) /Length 1 >>\nstream\nq\nendstream", "/BBox"},
		{"form in a ring", "<< /Subtype /Form /BBox [0 0 1 1] /Resources << /XObject << /A 5 0 R >> >> /Length 1 >>\nstream\nq\nendstream", "/Resources"},
		{"postscript", "<< /Subtype /PS /Length 6 >>\nstream\nsecret\nendstream", ""},
		{"no subtype", "<< /Length 6 >>\nstream\nsecret\nendstream", ""},
		{"attachment", "<< /Type /EmbeddedFile /Subtype /Form /Length 6 >>\nstream\nsecret\nendstream", ""},
		{"the catalog", "<< /Type /Catalog /Secret (secret) >>", ""},
		{"other version", "<< /Subtype /Image /Width 1 /Alternates [<< /Secret (secret) >>] /Metadata (secret) /Length 0 >>\nstream\n\nendstream", "/Width"},
		{"nothing", "null", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := rebuilt(t, sample(tt.object))
			if err != nil {
				t.Fatal(err)
			}
			if bytes.Contains(got, []byte("ecret")) || !bytes.Contains(got, []byte(tt.kept)) {
				t.Errorf("%s", got)
			}
			again, err := rebuilt(t, sample(tt.object))
			if err != nil || !bytes.Equal(got, again) {
				t.Errorf("the same file gives other bytes the second time: %v", err)
			}
		})
	}
}

func rebuilt(t testing.TB, data []byte) ([]byte, error) {
	t.Helper()
	f, err := pdf.Open(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	_, err = Rebuild(t.Context(), f, &out, Options{Archive: true})
	return out.Bytes(), err
}

func FuzzRebuild(f *testing.F) {
	f.Add(sample("<< /Subtype /Form /BBox [0 0 1 1] /Resources << /XObject << /A 5 0 R >> /Font << /F << /Type /Font >> >> >> /Length 1 >>\nstream\nq\nendstream"))
	f.Add(sample("<< /Subtype /Image /Width 1 /SMask 5 0 R /Filter /DCTDecode /Length 3 >>\nstream\n\xff\xd8\xff\nendstream"))
	f.Fuzz(func(t *testing.T, data []byte) {
		in, err := pdf.Open(bytes.NewReader(data), int64(len(data)))
		if err != nil {
			return
		}
		found, err := Inspect(t.Context(), in)
		if err != nil {
			return
		}
		out, err := rebuilt(t, data)
		if err != nil {
			return
		}
		clean, err := pdf.Open(bytes.NewReader(out), int64(len(out)))
		if err != nil {
			t.Fatalf("what was written cannot be opened: %v", err)
		}
		left, err := Inspect(t.Context(), clean)
		if err != nil {
			t.Fatalf("what was written cannot be read: %v", err)
		}
		if left.Pages != found.Pages || left.Signed || left.Annotated {
			t.Errorf("%+v became %+v", found, left)
		}
	})
}
