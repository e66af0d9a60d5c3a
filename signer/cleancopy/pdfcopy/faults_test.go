package pdfcopy_test

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"sealdesk/signer/cleancopy/pdfclean"
	"sealdesk/signer/cleancopy/pdfcopy"
	"sealdesk/signer/cleancopy/refusal"
)

func TestRefusedOutright(t *testing.T) {
	empty := file{}.bytes()
	for name, tt := range map[string]struct {
		data []byte
		code string
	}{
		"no PDF":       {[]byte("hello"), refusal.Damaged},
		"no pages":     {[]byte(strings.Replace(string(empty), "[3 0 R]", "[     ]", 1)), refusal.NoPages},
		"too deep":     {file{page: "/X " + strings.Repeat("[", 2000) + strings.Repeat("]", 2000)}.bytes(), refusal.Damaged},
		"cut and more": {empty[:len(empty)/3], refusal.Damaged},
	} {
		if got := refused(t, tt.data); got != tt.code {
			t.Errorf("%s: %s, want %s", name, got, tt.code)
		}
	}
}

func TestColoursAndPictures(t *testing.T) {
	exif := "\xff\xd8\xff\xe1\x00\x08SECRET\xff\xda\x00\x02\xff\xd9"
	_, r := clean(t, file{resources: "/XObject << /X 10 0 R >> /ExtGState << /G << /TR /Identity >> >>", contents: "/G gs 1 0 0 0 k 0 0 9 9 re f q 9 0 0 9 20 20 cm /X Do Q",
		more: []string{stream("/Type /XObject /Subtype /Image /Width 1 /Height 1 /ColorSpace /DeviceGray /BitsPerComponent 8 /Filter /DCTDecode", exif)}}.bytes())
	for _, code := range []string{pdfcopy.PlainColours, pdfcopy.PlainOther} {
		if !slices.ContainsFunc(r.Notices, func(n pdfcopy.Notice) bool { return n.Code == code }) || r.Archive {
			t.Errorf("%+v", r.Notices)
		}
	}
	if !has(r.TakenOut, pdfclean.KindPictureData, "") {
		t.Errorf("%+v", r.TakenOut)
	}
}

// The work ends at the next step when it is not wanted any more, whatever was done.
func TestCancelled(t *testing.T) {
	data := file{catalog: off, resources: onPages, contents: "/OC /L BDC " + line(20, 100, "SECRET") + " EMC " + line(20, 150, "words"),
		page: "/Annots [<< /Type /Annot /Subtype /Square /F 4 /Rect [10 10 50 50] >>]", more: []string{group}}.bytes()
	calls := 0
	if _, _, err := (pdfcopy.Copier{Engine: engine}).Copy(t.Context(), data, func(pdfcopy.Stage, float64) { calls++ }); err != nil || calls < 5 {
		t.Fatalf("%d calls, %v", calls, err)
	}
	for n := range calls - 1 { // the last one says that all is done
		ctx, cancel := context.WithCancel(t.Context())
		left := n
		out, _, err := pdfcopy.Copier{Engine: engine}.Copy(ctx, data, func(pdfcopy.Stage, float64) {
			if left--; left < 0 {
				cancel()
			}
		})
		if !errors.Is(err, context.Canceled) || out != nil {
			t.Errorf("cancelled with call %d of %d: %d bytes, %v", n+1, calls, len(out), err)
		}
		cancel()
	}
}

func TestFiles(t *testing.T) {
	dir := t.TempDir()
	in, out := filepath.Join(dir, "in"), filepath.Join(dir, "out")
	if _, err := (pdfcopy.Copier{Engine: engine}).CopyFile(t.Context(), in, out, nothing); !isRefused(err, refusal.Unreadable) || !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
	for _, path := range []string{in, out} {
		if err := os.WriteFile(path, file{contents: line(20, 150, "words")}.bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := (pdfcopy.Copier{Engine: engine}).CopyFile(t.Context(), in, out, nothing); !errors.Is(err, fs.ErrExist) {
		t.Errorf("over another file: %v", err)
	}
}

func TestCopyFile(t *testing.T) {
	for name, tt := range map[string]struct {
		data    []byte
		written bool
		code    string
	}{
		"good":   {file{contents: line(20, 150, "words")}.bytes(), true, ""},
		"broken": {[]byte("%PDF-1.7 broken"), false, refusal.Damaged},
		"signed": {file{catalog: "/Signature << /Type /Sig /ByteRange [0 1 2 3] >>"}.bytes(), false, ""},
	} {
		dir := t.TempDir()
		in, out := filepath.Join(dir, "in"), filepath.Join(dir, "out")
		if err := os.WriteFile(in, tt.data, 0o600); err != nil {
			t.Fatal(err)
		}
		r, err := pdfcopy.Copier{Engine: engine}.CopyFile(t.Context(), in, out, nothing)
		if (err == nil) != (tt.code == "") || err != nil && !isRefused(err, tt.code) || err == nil && r.Signed == tt.written {
			t.Errorf("%s: %+v, %v", name, r, err)
		}
		if _, err := os.Stat(out); (err == nil) != tt.written {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func isRefused(err error, code string) bool {
	var r *refusal.Error
	return errors.As(err, &r) && r.Code() == code
}
