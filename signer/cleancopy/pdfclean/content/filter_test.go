package content

import (
	"bytes"
	"strings"
	"testing"

	"sealdesk/signer/pdf"
)

// world has a layer that is shown (on) and one that is not (off), a font of glyphs half an em wide (F), one that is drawn
// by content streams (T), a form, an image, and an image in the hidden layer.
type world struct{}

func (world) Layer(n pdf.Name) (string, bool) { return string(n), n != "off" }

func (world) XObject(n pdf.Name) XObject {
	switch n {
	case "Form":
		return XObject{Kind: Form}
	case "Image":
		return XObject{Kind: Image}
	case "Ghost":
		return XObject{Kind: Image, Hidden: true, Label: "off"}
	}
	return XObject{}
}

func (world) Font(n pdf.Name) Font {
	switch n {
	case "F":
		return face{}
	case "T":
		return face{drawn: true}
	}
	return nil
}

type face struct{ drawn bool }

func (f face) Drawn() bool { return f.drawn }
func (face) Advance(s []byte) (float64, int, int, bool) {
	return 500 * float64(len(s)), len(s), bytes.Count(s, []byte(" ")), true
}

func TestFilter(t *testing.T) {
	tests := []struct{ name, in, out string }{
		{"nothing to do", "q 1 0 0 1 5 5 cm 0 g 0 0 9 9 re f Q", "q|1 0 0 1 5 5 cm|0 g|0 0 9 9 re|f|Q"},
		{"comments and marks", "% secret\n/Span <</ActualText (secret)>> BDC 0 0 m 1 1 l S EMC /P MP", "0 0 m|1 1 l|S"},
		{"unknown operators", "BX (secret) quux EX 1 w", "1 w"},
		{"operands of no use", "(secret) 1 2 3 w /secret 0 g", "3 w|0 g"},
		{"strings that hide in arrays", "[(a) /secret (b) <</S (secret)>>] TJ", "[(a) (b)] TJ"},
		{"stray delimiters", ") > } ] 1 w", "1 w"},
		{"numbers written badly", "--5 1.2.3 m 4 -.5 l S", "-5 1.2 m|4 -.5 l|S"},

		{"hidden path", "/OC /off BDC 0 0 9 9 re f EMC 1 1 2 2 re f", "1 1 2 2 re|f"},
		{"hidden path that clips", "/OC /off BDC 0 0 9 9 re W f EMC 1 1 2 2 re f", "0 0 9 9 re|W|n|1 1 2 2 re|f"},
		{"state set in a hidden layer", "/OC /off BDC q 2 0 0 2 0 0 cm 0 0 9 9 re f EMC 1 1 2 2 re f Q", "q|2 0 0 2 0 0 cm|1 1 2 2 re|f|Q"},
		{"shown layer in a hidden one", "/OC /off BDC /OC /on BDC 0 0 9 9 re f EMC 1 1 2 2 re f EMC", ""},
		{"hidden layer in a shown one", "/OC /on BDC /OC /off BDC 0 0 9 9 re f EMC 1 1 2 2 re f EMC", "1 1 2 2 re|f"},
		{"hidden text", "BT /F 10 Tf 0 0 Td /OC /off BDC (secret) Tj EMC 0 20 Td (kept) Tj ET", "BT|/F 10 Tf|0 0 Td|0 20 Td|(kept) Tj|ET"},
		{"hidden text before more of the line", "BT /F 10 Tf /OC /off BDC (secret) Tj EMC (kept) Tj ET", "BT|/F 10 Tf|[-3000.000] TJ|(kept) Tj|ET"},
		{"hidden text alone leaves no font", "BT /OC /off BDC /F 10 Tf (secret) Tj EMC ET", "BT|ET"},
		{"hidden image and form", "/OC /off BDC /Image Do /Form Do BI /W 1 /H 1 /BPC 8 /CS /G ID x EI EMC", ""},
		{"image of a hidden layer", "/Ghost Do /Image Do", "/Image Do"},
		{"nothing to draw", "/PostScript Do", ""},
		{"marks that do not pair", "EMC EMC /OC /off BDC 0 0 1 1 re f", ""},
		{"a layer in the dictionary itself", "/OC << /Type /OCG >> BDC 0 0 1 1 re f EMC", "0 0 1 1 re|f"},

		{"invisible text", "BT /F 10 Tf 3 Tr (secret) Tj 0 Tr 0 9 Td (kept) Tj ET", "BT|/F 10 Tf|3 Tr|0 Tr|0 9 Td|(kept) Tj|ET"},
		{"invisible text by quotes", "BT /F 10 Tf 3 Tr (secret) ' 1 2 (secret) \" 0 Tr (kept) ' ET", "BT|/F 10 Tf|3 Tr|T*|1 Tw|2 Tc|T*|0 Tr|(kept) '|ET"},
		{"invisible until the state is restored", "q 3 Tr BT /F 1 Tf (secret) Tj ET Q BT /F 1 Tf (kept) Tj ET", "q|3 Tr|BT|ET|Q|BT|/F 1 Tf|(kept) Tj|ET"},
		{"glyphs that are drawn", "BT 3 Tr /T 10 Tf (kept) Tj ET", "BT|3 Tr|/T 10 Tf|(kept) Tj|ET"},
		{"text for clipping that nothing is drawn in", "q BT /F 10 Tf 7 Tr (secret) Tj ET Q 0 0 1 1 re f", "q|BT|7 Tr|ET|Q|0 0 1 1 re|f"},
		{"text after text for clipping", "q BT /F 10 Tf 7 Tr (secret) Tj 0 Tr (kept) Tj ET Q", "q|BT|/F 10 Tf|7 Tr|[-3000.000] TJ|0 Tr|(kept) Tj|ET|Q"},
		{"text that clips", "q BT /F 10 Tf 7 Tr (kept) Tj ET /Image Do Q", "q|BT|/F 10 Tf|7 Tr|[(kept)] TJ|ET|/Image Do|Q"},
		{"outlined text", "BT /F 10 Tf 1 Tr (kept) Tj ET", "BT|/F 10 Tf|1 Tr|(kept) Tj|ET"},
		{"text that only moves on", "BT /F 9 Tf [-500] TJ /T 1 Tf (kept) Tj ET", "BT|/F 9 Tf|[-500] TJ|/T 1 Tf|(kept) Tj|ET"},
		{"text without letters", "BT /F 10 Tf 3 Tr () Tj 0 Tr (kept) Tj ET", "BT|/F 10 Tf|3 Tr|() Tj|0 Tr|(kept) Tj|ET"},
		{"a form goes on in its mode", "3 Tr /Form Do 0 Tr /Form Do", "3 Tr|/Form.3 Do|0 Tr|/Form Do"},

		{"pattern that nothing is painted with", "/Pattern cs /P scn 0 g 0 0 1 1 re f", "/Pattern cs|0 g|0 0 1 1 re|f"},
		{"pattern", "/Pattern cs /P scn 0 0 1 1 re f", "/Pattern cs|/P scn|0 0 1 1 re|f"},
		{"graphics state that nothing is drawn in", "q /G gs Q 0 0 1 1 re f", "q|Q|0 0 1 1 re|f"},
		{"graphics state", "q /G gs 0 0 1 1 re f Q", "q|/G gs|0 0 1 1 re|f|Q"},

		{"too many restores", "Q Q q 1 w", "q|1 w|Q"},
		{"text left open", "BT /F 1 Tf (kept) Tj", "BT|/F 1 Tf|(kept) Tj|ET"},
		{"string left open", "BT (kept", "BT|ET"},
		{"string left open in an operand", "BT (kept\\", "BT|ET"},
		{"hexadecimal", "BT < 4 1 4> Tj ET", "BT|<4140> Tj|ET"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r, err := Filter([]byte(tt.in), world{}, Options{})
			if err != nil {
				t.Fatal(err)
			}
			if got := strings.TrimSuffix(strings.ReplaceAll(string(r.Data), "\n", "|"), "|"); got != tt.out {
				t.Errorf("got  %s\nwant %s", got, tt.out)
			}
			if strings.Contains(tt.in, "off") && strings.Contains(tt.in, "secret") && r.Hidden["off"] == 0 {
				t.Errorf("hidden things are not counted: %+v", r)
			}
			again, err := Filter(r.Data, world{}, Options{})
			if err != nil || !bytes.Equal(again.Data, r.Data) && !strings.Contains(tt.name, "form") || again.Invisible > 0 {
				t.Errorf("a second time gives %q, %v", again.Data, err)
			}
		})
	}
}

func TestUses(t *testing.T) {
	in := "/F 1 Tf /G gs /OC /off BDC BT /T 1 Tf (x) Tj ET EMC BT (x) Tj ET /CS0 cs 1 scn /S sh 3 Tr /Form Do 1 0 0 RG 0 0 0 1 k"
	r, err := Filter([]byte(in), world{}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	want := []Use{
		{Category: "ColorSpace", Name: "CS0", As: "CS0"}, {Category: "Shading", Name: "S", As: "S"}, {Category: "XObject", Name: "Form", As: "Form.3", Mode: 3},
		{Category: "ExtGState", Name: "G", As: "G"}, {Category: "Font", Name: "T", As: "T"},
	}
	for _, u := range want {
		if !r.Uses[u] {
			t.Errorf("%+v is not asked for: %v", u, r.Uses)
		}
	}
	if len(r.Uses) != len(want) || !r.RGB || !r.CMYK || r.Gray {
		t.Errorf("%+v", r)
	}
}

func TestInlineImages(t *testing.T) {
	zipped := "x\x9cKL\x02\x00\x01'\x00\xc4" // "ab", with an EI of its own nowhere
	tests := []struct{ name, in, data string }{
		{"as long as its size tells", "BI /W 4 /H 1 /BPC 8 /CS /G ID  EI \nEI 1 w", " EI "},
		{"by its mask", "BI /W 8 /H 2 /IM true ID EI\nEI 1 w", "EI"},
		{"by its filter", "BI /W 2 /H 1 /F /Fl /CS /G /BPC 8 ID " + zipped + "\nEI 1 w", zipped},
		{"hexadecimal", "BI /F [/AHx] ID 00 EI 00> EI 1 w", "00 EI 00>"},
		{"by what follows", "BI /CS /X ID ab EI \x01\xff EI 1 w", "ab EI \x01\xff"},
		{"without end", "BI /CS /X ID ab", "ab"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := scanner{data: []byte(tt.in)}
			op, ok, err := s.next()
			if err != nil || !ok || op.name != "BI" || string(op.data) != tt.data {
				t.Fatalf("%q %v %v", op.data, ok, err)
			}
			if next, ok, _ := s.next(); ok != strings.HasSuffix(tt.in, " 1 w") || ok && next.name != "w" {
				t.Errorf("then %q", next.name)
			}
		})
	}
	r, err := Filter([]byte("BI /Width 1 /H 1 /Secret (secret) /BPC 8 /CS /RGB /I true /F /LZW ID abc EI"), world{}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(r.Data, []byte("ecret")) || !bytes.Contains(r.Data, []byte("/W 1")) || !r.RGB || len(r.Inline) != 1 ||
		!r.Inline[0].Interpolate || r.Inline[0].Filters[0] != "LZWDecode" {
		t.Errorf("%q %+v", r.Data, r)
	}
}

func TestBounds(t *testing.T) {
	for name, in := range map[string]string{
		"states": strings.Repeat("q ", maxGraphics+1), "arrays": strings.Repeat("[", maxNesting+2) + " 1", "elements": "[" + strings.Repeat("1 ", maxElements+1),
	} {
		if _, err := Filter([]byte(in), world{}, Options{}); err == nil {
			t.Errorf("%s without bound", name)
		}
	}
	// Every setter is looked at once, however many hold.
	if _, err := Filter([]byte(strings.Repeat("/G gs ", 50_000)+strings.Repeat("q 0 0 1 1 re f Q ", 50_000)), world{}, Options{}); err != nil {
		t.Error(err)
	}
}

func FuzzFilter(f *testing.F) {
	f.Add([]byte("q /OC /off BDC BT /F 1 Tf 3 Tr (a) Tj [(b) 1] TJ ET EMC Q /Form Do"), 0)
	f.Add([]byte("BI /W 4 /H 1 /BPC 8 /CS /G /F [/A85 /Fl] ID abc~>\nEI 7 Tr BT (x) ' ET W n /G gs f"), 3)
	f.Add([]byte("((\\053)<4> [<</A[1]>>] % x\n-.-5 1e5 #41 d0 /P scn sh"), 7)
	f.Fuzz(func(t *testing.T, data []byte, mode int) {
		r, err := Filter(bytes.Clone(data), world{}, Options{Mode: mode & 7})
		if err != nil {
			return
		}
		again, err := Filter(bytes.Clone(r.Data), world{}, Options{Mode: mode & 7})
		if err != nil {
			t.Fatalf("what was written cannot be read: %v", err)
		}
		if again.Invisible > 0 || len(again.Hidden) > 0 {
			t.Errorf("%q became %q, which hides something", data, r.Data)
		}
	})
}
