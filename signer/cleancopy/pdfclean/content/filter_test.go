package content

import (
	"bytes"
	"errors"
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
	case "Form", "Taken", "Taken.3":
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

		{"pattern that is stroked with", "/Pattern CS /P SCN 0 0 m 1 1 l s", "/Pattern CS|/P SCN|0 0 m|1 1 l|s"},
		{"colours of no number", "cs sc 0 0 1 1 re F", "cs|sc|0 0 1 1 re|F"},
		{"shading", "/OC /off BDC /S sh EMC /S sh sh", "/S sh|sh"},
		{"a form whose new name is taken", "3 Tr /Taken Do", "3 Tr|/Taken.3. Do"},
		{"operators without operands", "Do Tc BT Tj ET 1 w", "Tc|BT|Tj|ET|1 w"},
		{"a mark without its name", "BDC 1 w EMC", "1 w"},

		{"hidden text in a narrow font", "BT 50 Tz /F 10 Tf /OC /off BDC (secret) Tj EMC (kept) Tj ET", "BT|50 Tz|/F 10 Tf|[-3000.000] TJ|(kept) Tj|ET"},
		{"hidden text in a font that is not known", "BT /X 10 Tf /OC /off BDC (secret) Tj (secret) Tj EMC (kept) Tj ET", "BT|/X 10 Tf|(kept) Tj|ET"},
		{"hidden text in a font without a name", "BT 10 Tf /OC /off BDC (secret) Tj EMC (kept) Tj ET", "BT|10 Tf|(kept) Tj|ET"},
		{"hidden text of no size", "BT 1 Tc /F 0 Tf /OC /off BDC (secret) Tj EMC (kept) Tj ET", "BT|1 Tc|/F 0 Tf|(kept) Tj|ET"},
		{"text that clips, in two pieces", "q BT /F 10 Tf 7 Tr (kept) Tj (kept) Tj ET /Image Do Q", "q|BT|/F 10 Tf|7 Tr|[(kept)] TJ|[(kept)] TJ|ET|/Image Do|Q"},
		{"text of nothing", "BT /F 10 Tf [] TJ (kept) \" ET", "BT|/F 10 Tf|[] TJ|(kept) \"|ET"},
		{"the end of no text", "ET 1 w", "1 w"},

		{"words", "true false null 1 w [true 1 ) null] 0 d", "1 w|[1] 0 d"},
		{"more operands than any operator takes", strings.Repeat("7 ", maxOperands) + "5 w", "5 w"},
		{"numbers written otherwise", "+5 w .5 w 1.5e3 w 1-2 w - w 5+ w", "+5 w|.5 w|1.5 w|1 w|-0 w|5 w"},
		{"numbers too long", "0.0000000000000000000000000000000000001 w " + strings.Repeat("9", 400) + " w", "0.0000000000000000000000000000000000001 w|0 w"},
		{"names in part in digits", "/#49ma#67e Do /a#zz Do /a#4 Do", "/Image Do"},
		{"white space", "1\tw\f2\x00w\r3 % x\rw", "1 w|2 w|3 w"},
		{"strings with escapes", "BT /F 1 Tf (k\r\ne\rp\\\r\nt\\\rx\\\ny\\n\\053\\09\\8(\\)) ) Tj ET", "BT|/F 1 Tf|(k\r|e\rp\\\r|t\\\rx\\|y\\n\\053\\09\\8(\\)) ) Tj|ET"},
		{"hexadecimal left open", "BT /F 1 Tf <fFaA4", "BT|ET"},
		{"arrays and dictionaries left open", "1 w [1 <</A 1> (b)", "1 w"},
		{"an image with parameters", "BI /W 1 /H 1 /BPC 8 /CS [/I /DeviceCMYK 0 <00000000>] /DP <</K 1 /L 2>> /I false ID x EI", "BI /W 1 /H 1 /BPC 8 /CS [/I /DeviceCMYK 0 <00000000>] /DP <</K 1 /L 2>> /I false ID x|EI"},

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
	in := "/F 1 Tf /G gs /OC /off BDC BT /T 1 Tf (x) Tj ET EMC BT (x) Tj ET /CS0 cs /DeviceCMYK cs 1 scn /S sh 3 Tr /Form Do 1 0 0 RG 0 0 0 1 k"
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
		{"without data", "BI /CS /X ID", ""},
		{"with what is no key", "BI ) /W 4 /W 1 5 5 /H 1 /BPC 8 /CS /G ID  EI \nEI 1 w", " EI "},
		{"of three colours", "BI /W 1 /H 1 /BPC 8 /CS /RGB ID EI EI 1 w", "EI "},
		{"of four colours", "BI /W 1 /H 1 /BPC 8 /CS /CMYK ID  EI EI 1 w", " EI "},
		{"with a palette", "BI /W 4 /H 1 /BPC 8 /CS [/Indexed /RGB 0 <000000>] ID  EI \nEI 1 w", " EI "},
		{"with filters of which there is none", "BI /W 4 /H 1 /BPC 8 /CS /G /F [] ID  EI \nEI 1 w", " EI "},
		{"in runs", "BI /F /RL ID \x03 EI \xfea\x80 EI 1 w", "\x03 EI \xfea\x80"},
		{"in runs without end", "BI /F /RL ID \x01ab EI 1 w", "\x01ab"},
		{"JPEG", "BI /F /DCT ID \xff\xd8 EI \xff\xd9 EI 1 w", "\xff\xd8 EI \xff\xd9"},
		{"base 85", "BI /F /A85 ID ab EI ~> EI 1 w", "ab EI ~>"},
		{"by a filter that it lacks", "BI /F /Fl ID ab EI 1 w", "ab"},
		{"by a filter that breaks off", "BI /F /Fl ID " + zipped[:4] + " EI 1 w", zipped[:4]},
		{"by a filter that is not known", "BI /F /X ID ab EI 1 w", "ab"},
		{"longer than there is", "BI /W 1000 /H 1000 /BPC 8 /CS /G ID ab EI 1 w", "ab"},
		{"of an absurd width", "BI /W 9999999 /H 1 /BPC 8 /CS /G ID ab EI 1 w", "ab"},
		{"of an absurd height", "BI /W 1 /H 9999999 /BPC 8 /CS /G ID ab EI 1 w", "ab"},
		{"of no height", "BI /W 1 /H 0 /BPC 8 /CS /G ID ab EI 1 w", "ab"},
		{"of no bits", "BI /W 1 /H 1 /CS /G ID ab EI 1 w", "ab"},
		{"of absurd bits", "BI /W 1 /H 1 /BPC 32 /CS /G ID ab EI 1 w", "ab"},
		{"no mask and of no colours", "BI /W 1 /H 1 /BPC 8 /IM false ID ab EI 1 w", "ab"},
		{"shorter than its data", "BI /W 1 /H 1 /BPC 8 /CS /G ID abEI EI 1 w", "abEI"},
		{"empty", "BI /F /X ID EI 1 w", ""},
		{"with words that begin alike", "BI /F /X ID a EIx E EI 1 w", "a EIx E"},
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
	if op, ok, err := (&scanner{data: []byte("BI /W 1 ")}).next(); ok || err != nil {
		t.Errorf("an image without data is %+v, %v", op, err)
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
		"arrays of images": "BI /W " + strings.Repeat("[", maxNesting+2) + " 1",
	} {
		if _, err := Filter([]byte(in), world{}, Options{}); !errors.Is(err, &pdf.Error{Kind: pdf.TooComplex}) {
			t.Errorf("%s without bound: %v", name, err)
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
