package fonts

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"sealdesk/signer/pdf"
	"sealdesk/signer/pdf/pdftest"
)

// drawing is a file whose page draws with fonts itself, and by a form within a form.
func drawing() []byte {
	var b pdftest.Builder
	root := b.AddRaw("<< /Type /Catalog /Pages 2 0 R >>")
	b.AddRaw("<< /Type /Pages /Kids [3 0 R 4 0 R] /Count 2 /Resources 5 0 R >>")
	for range 2 {
		b.AddRaw("<< /Type /Page /Parent 2 0 R /MediaBox [0 0 9 9] >>")
	}
	b.AddRaw("<< /Font << /A 6 0 R /B 6 0 R /C << /BaseFont /ABCDEF+Direct >> /D << /Type /Font /Subtype /Type3 >> >> /XObject << /X 7 0 R /Y << >> /Z 9 0 R >> >>")
	b.AddRaw("<< /Type /Font /BaseFont /Page >>")
	b.AddRaw("<< /Subtype /Form /Resources << /XObject << /X 8 0 R /Y 7 0 R >> >> /Length 0 >>\nstream\n\nendstream")
	b.AddRaw("<< /Subtype /Form /Resources << /Font << /A << /BaseFont /A+Form >> >> >> /Length 0 >>\nstream\n\nendstream")
	b.AddRaw("<< /Subtype /Form /Length 0 >>\nstream\n\nendstream")
	return b.Bytes(pdf.Table, root)
}

func used(ctx context.Context, t *testing.T, data []byte) ([]string, error) {
	t.Helper()
	f, err := pdf.Open(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	return Used(ctx, f)
}

func TestUsed(t *testing.T) {
	want := []string{"A+Form", "Direct", "Page"}
	if got, err := used(t.Context(), t, drawing()); err != nil || !slices.Equal(got, want) {
		t.Errorf("%v, %v", got, err)
	}
	fewer := 0
	pdftest.Spoilt(drawing(), func(place string, data []byte) {
		got, err := used(t.Context(), t, data)
		var refused *pdf.Error
		switch {
		case err != nil && !errors.As(err, &refused):
			t.Errorf("%s: %v", place, err)
		case err != nil || len(got) < len(want):
			fewer++
		case strings.HasSuffix(place, "BaseFont unreadable"), strings.HasSuffix(place, "Font of another type"), strings.HasSuffix(place, "/XObject unreadable"):
			t.Errorf("%s: %v", place, got)
		}
	})
	if fewer < 20 {
		t.Error("what is broken is told of as if it were whole")
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := used(ctx, t, drawing()); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	var b pdftest.Builder
	root := b.AddRaw("<< /Type /Catalog /Pages 2 0 R >>")
	b.AddRaw("<< /Type /Pages /Kids [3 0 R] /Count 1 >>")
	var many strings.Builder
	for n := range maxResources + 1 {
		fmt.Fprintf(&many, "/F%d %d 0 R ", n, n+4)
	}
	b.AddRaw("<< /Type /Page /Parent 2 0 R /MediaBox [0 0 9 9] /Resources << /Font << " + many.String() + ">> >> >>")
	for n := range maxResources + 1 {
		b.AddRaw(fmt.Sprintf("<< /BaseFont /F%d >>", n))
	}
	if got, err := used(t.Context(), t, b.Bytes(pdf.Table, root)); err != nil || len(got) != maxResources {
		t.Errorf("%d fonts, %v", len(got), err)
	}
}

func TestBadFaces(t *testing.T) {
	good := fontFile(map[uint16]string{familyName: "楷体", postScriptName: "KaiTi"})
	number := func(at, v int) []byte {
		b := slices.Clone(good)
		binary.BigEndian.PutUint16(b[at:], uint16(v))
		return b
	}
	collection := func(n uint32, offsets ...uint32) []byte {
		b := binary.BigEndian.AppendUint32([]byte("ttcf\x00\x01\x00\x00"), n)
		for _, o := range offsets {
			b = binary.BigEndian.AppendUint32(b, o)
		}
		return append(b, good...)
	}
	for name, b := range map[string][]byte{
		"another file": []byte("%PDF-1.7 and more"), "no tables": number(4, 0), "too many tables": number(4, maxTables+1), "tables cut": number(4, 99), "no names": number(12, 0),
		"too many names": number(30, maxNames+1), "names cut": number(30, 99), "a name outside": number(28+6+10, 0xffff),
		"a collection of too many": collection(maxFaces + 1), "a collection cut": collection(60), "a collection of none": collection(1, 4),
	} {
		if _, err := facesOf(bytes.NewReader(b)); !errors.Is(err, errNoFont) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if faces, err := facesOf(bytes.NewReader(collection(2, 20, 20))); err != nil || len(faces) != 2 {
		t.Errorf("%v, %v", faces, err)
	}
	// Names of other platforms, and empty ones, are passed over.
	mixed := fontFile(map[uint16]string{familyName: ""})
	if faces, err := facesOf(bytes.NewReader(mixed)); err != nil || len(faces[0].Families) != 0 {
		t.Errorf("%v, %v", faces, err)
	}
	binary.BigEndian.PutUint16(good[28+6:], 1) // Macintosh
	if faces, err := facesOf(bytes.NewReader(good)); err != nil || len(faces[0].Families)*len(faces[0].PostScript) != 0 {
		t.Errorf("%v, %v", faces, err)
	}
}

func TestScan(t *testing.T) {
	dir := t.TempDir()
	for name, data := range map[string][]byte{
		"a.TTF": fontFile(map[uint16]string{familyName: "楷体"}), "b.otf": []byte("no font"), "c.txt": fontFile(map[uint16]string{familyName: "宋体"}),
	} {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink(filepath.Join(dir, "gone"), filepath.Join(dir, "d.ttc")); err != nil {
		t.Fatal(err)
	}
	s, err := scan(t.Context(), []string{filepath.Join(dir, "gone"), dir})
	if err != nil || len(s.faces) != 1 || !s.Has("楷体") || s.faces[0].File != filepath.Join(dir, "a.TTF") {
		t.Errorf("%+v, %v", s, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := scan(ctx, []string{dir}); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	if _, err := fontconfig(ctx, "fc-list"); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	t.Setenv("PATH", dir) // without fontconfig
	if _, known := Chinese(t.Context()); known {
		t.Error("it is known that there are no Chinese fonts, though nothing was asked")
	}
	if s, err := Installed(t.Context()); err != nil || s.Has("c.txt") {
		t.Errorf("%v, %v", s, err)
	}
}

func TestSubstitutesWhereNothingIsKnown(t *testing.T) {
	if got := (*Set)(nil).Substitutes([]string{"宋体"}, []string{"X"}); got != nil {
		t.Errorf("%v", got)
	}
	s := newSet([]Face{{PostScript: "Nameless"}, {Families: []string{"Silent"}}})
	want := []Replacement{{Name: "某某体", By: "Nameless"}}
	if got := s.Substitutes([]string{"某某体"}, []string{"Nameless"}); !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}
