package preview_test

import (
	"bytes"
	"fmt"
	"image/color"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
)

// Opening, showing, reading and flattening a document that brings every kind of action runs none of them, asks nobody, and draws
// nothing from this computer's files: it looks and reads like the same document whose actions have other names.
func TestNothingIsRunAndNothingIsFetched(t *testing.T) {
	var asked atomic.Int32
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked.Add(1) }))
	defer server.Close()
	file := filepath.Join(t.TempDir(), "red")
	red := "\xff\x00\x00"
	if err := os.WriteFile(file, []byte(red), 0o600); err != nil {
		t.Fatal(err)
	}
	// hostile is the document with a picture that is its own bytes, or those of a file or an address that it names.
	hostile := func(from, own string) []byte {
		box := "<</Type/XObject/Subtype/Form/BBox[0 0 200 20]/Length 24>>\nstream\n0 1 0 rg 0 0 200 20 re f\nendstream"
		data := makePDF([]testPage{{lines: []string{"honest"}, bare: true, annots: "100 0 R", raw: "q 40 0 0 40 200 200 cm /X Do Q",
			attrs: "/AA<</O 102 0 R/C 102 0 R>>/Resources<</Font<</F 3 0 R>>/XObject<</X 108 0 R>>>>"}}, "",
			"<</Type/Annot/Subtype/Widget/FT/Tx/T(t)/V(honest)/DA(/F 12 Tf 0 g)/F 4/Rect[100 500 300 520]/AA<</F 102 0 R/C 102 0 R/PV 102 0 R>>/AP<</N 101 0 R>>>>",
			box,
			fmt.Sprintf(`<</S/JavaScript/JS(this.getField\("t"\).value="EVIL";app.launchURL\("%[1]s"\);this.submitForm\("%[1]s"\);)/Next 103 0 R>>`, server.URL),
			"<</S/URI/URI("+server.URL+")/Next 104 0 R>>",
			"<</S/SubmitForm/F(<</FS/URL/F("+server.URL+")>>)/Next 106 0 R>>",
			"<</Type/Catalog/Pages 2 0 R/AcroForm<</Fields[100 0 R]/CO[100 0 R]>>/OpenAction 102 0 R/AA<</WC 102 0 R>>/Names<</JavaScript<</Names[(a)102 0 R]>>>>>>",
			"<</S/Launch/F(/bin/sh)/Next 107 0 R>>",
			"<</S/ImportData/F("+file+")>>",
			fmt.Sprintf("<</Type/XObject/Subtype/Image/Width 1/Height 1/ColorSpace/DeviceRGB/BitsPerComponent 8%s/Length %d>>\nstream\n%s\nendstream", from, len(own), own))
		return bytes.Replace(data, []byte("/Root 1 0 R"), []byte("/Root 105 0 R"), 1)
	}
	tame := strings.NewReplacer("/JavaScript", "/XavaScript", "/URI", "/XRI", "/SubmitForm", "/XubmitForm", "/Launch", "/Xaunch",
		"/ImportData", "/XmportData", "/OpenAction", "/XpenAction", "/AA<<", "/XA<<")

	if m := render(t, open(t, hostile("", red)), 1, 595); m.RGBAAt(220, 842-220) != (color.RGBA{255, 0, 0, 255}) {
		t.Fatalf("a picture of the document's own is not seen: %v", m.RGBAAt(220, 842-220))
	}
	for _, from := range []string{"/F(" + file + ")", "/F<</FS/URL/F(" + server.URL + ")>>"} {
		data := hostile(from, "")
		plain := []byte(tame.Replace(string(data)))
		if len(plain) != len(data) || bytes.Equal(plain, data) {
			t.Fatal("the actions are not renamed")
		}
		is, was := open(t, data), open(t, plain)
		a, b := render(t, is, 1, 595), render(t, was, 1, 595)
		if !bytes.Equal(a.Pix, b.Pix) {
			t.Errorf("%s: the actions change the page", from)
		}
		if c := a.RGBAAt(220, 842-220); c == (color.RGBA{255, 0, 0, 255}) {
			t.Errorf("%s: it is drawn", from)
		}
		if text, err := is.Text(t.Context(), 1); err != nil || strings.Contains(text, "EVIL") || !strings.Contains(text, "honest") {
			t.Errorf("%s: it reads %q, %v", from, text, err)
		}
		var flat [2][]byte
		for i, doc := range [][]byte{data, plain} {
			out, err := shared.Flatten(t.Context(), doc, nil)
			if err != nil {
				t.Fatal(err)
			}
			flat[i] = render(t, open(t, out), 1, 595).Pix
		}
		if !bytes.Equal(flat[0], flat[1]) {
			t.Errorf("%s: the actions change the flattened page", from)
		}
	}
	if n := asked.Load(); n != 0 {
		t.Errorf("somebody was asked %d times", n)
	}
}
