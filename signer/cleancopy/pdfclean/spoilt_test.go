package pdfclean

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"sealdesk/signer/cleancopy/pdfclean/archive"
	"sealdesk/signer/pdf"
	"sealdesk/signer/pdf/pdftest"
)

// rich is a file of one page that draws with something of every kind, and has something of everything beside it.
func rich() []byte {
	var b pdftest.Builder
	root, tree, page := b.Reserve(), b.Reserve(), b.Reserve()
	add := func(format string, args ...any) pdf.Ref { return b.AddRaw(fmt.Sprintf(format, args...)) }
	stream := func(keys, data string, args ...any) pdf.Ref {
		return add("<< %s /Length %d >>\nstream\n%s\nendstream", fmt.Sprintf(keys, args...), len(data), data)
	}
	layer := add("<< /Type /OCG /Name (off) >>")
	shown := add("<< /Type /OCG /Name (on) >>")
	member := add("<< /Type /OCMD /OCGs [%v] >>", layer)
	font := add("<< /Type /Font /Subtype /TrueType /BaseFont /F /FirstChar 65 /Widths [600] /Encoding /WinAnsiEncoding /Secret (secret) /FontDescriptor << /Type /FontDescriptor /Flags 32 /MissingWidth 500 /FontFile2 %v >> >>",
		stream("/Length1 4", "true"))
	composite := add("<< /Type /Font /Subtype /Type0 /BaseFont /C /Encoding /Identity-H /DescendantFonts [<< /Type /Font /Subtype /CIDFontType2 /DW 900 /W [1 [500] 2 3 600] /FontDescriptor << /FontName /C >> >>] >>")
	glyph := stream("", "500 0 d0 /D gs 0 0 9 9 re f")
	drawn := add("<< /Type /Font /Subtype /Type3 /FontMatrix [1 0 0 1 0 0] /CharProcs << /a %v /b null >> /Encoding << /Differences [65 /a] >> /Resources << /ExtGState << /D << /CA 1 >> >> >> >>", glyph)
	bare := add("<< /Type /Font /Subtype /Type3 /CharProcs << /a %v >> >>", glyph)
	mask := stream("/Subtype /Form /BBox [0 0 9 9] /Group << /S /Transparency >>", "0 g 0 0 9 9 re f")
	form := stream("/Subtype /Form /BBox [0 0 9 9] /Resources << /Font << /F %v >> /XObject << /G %v >> >>", "BT /F 9 Tf (A) Tj ET /G Do", font, mask)
	exif := "\xff\xd8\xff\xe1\x00\x0aExsecret\xff\xda\x00\x02picture\xff\xd9"
	image := stream("/Subtype /Image /Width 1 /Height 1 /BitsPerComponent 8 /ColorSpace /DeviceGray /Filter [/DCTDecode] /SMask %v", exif,
		stream("/Subtype /Image /Width 1 /Height 1 /BitsPerComponent 8 /ColorSpace /DeviceGray", "x"))
	packed := stream("/Subtype /Image /Width 1 /Height 1 /BitsPerComponent 8 /ColorSpace /DeviceGray /Filter /LZWDecode /DecodeParms << /EarlyChange 1 >> /OC %v", "\x80\x0b\x60\x50\x22\x0c\x0c\x85\x01", shown)
	ghost := stream("/Subtype /Image /Width 1 /Height 1 /OC %v", "secret", layer)
	cell := stream("/PatternType 1 /PaintType 1 /TilingType 1 /BBox [0 0 9 9] /XStep 9 /YStep 9", "0 0 9 9 re f")
	profile := stream("/N 3", string(archive.Profile()))
	resources := add("<< /Font << /F %v /C %v /T %v /B %v >> /XObject << /X %v /I %v /L %v /H %v >> /Pattern << /P %v >> /Properties << /O %v /S %v >> /ExtGState << /G << /Type /ExtGState /CA 1 /SMask << /S /Alpha /G %v >> /Font [%v 9] >> >>"+
		" /Shading << /S << /ShadingType 2 /ColorSpace /DeviceRGB /Coords [0 0 9 9] /Function << /FunctionType 2 /Domain [0 1] /N 1 >> >> >> /ColorSpace << /DefaultRGB [/ICCBased %v] /K [/ICCBased %v] >> >>",
		font, composite, drawn, bare, form, image, packed, ghost, cell, member, shown, mask, font, profile, profile)
	contents := stream("", "q /G gs /Pattern cs /P scn 0 0 9 9 re f Q /K cs 1 0 0 sc /S sh /X Do /I Do /L Do /H Do /Gone Do BT /F 9 Tf (A) Tj /O /OC ")
	more := stream("", "BDC EMC /OC /O BDC (secret) Tj EMC (A) Tj /C 9 Tf 3 Tr <00010002> Tj 0 Tr <0001> Tj /T 9 Tf (A) Tj /B 9 Tf (A) Tj ET /OC /S BDC 0 0 1 1 re f EMC")
	script := stream("", "app.alert('secret')")
	field := add("<< /T (name) /V (secret value) /FT /Tx >>")
	annots := add("[<< /Type /Annot /Subtype /Widget /Rect [9 9 1 1] /Parent %v >> << /Subtype /Link /Rect [0 0 1 1] /A << /S /URI /URI (http://secret) >> >> << /Subtype /Popup >>"+
		" << /Subtype /Text /Contents (secret) /OC %v >> << /Subtype /Movie /A << /S /Launch /F (secret.exe) >> >> null]", field, layer)
	b.Set(root, pdf.Dict{"Type": pdf.Name("Catalog"), "Pages": tree, "Lang": pdf.String("zh-CN")})
	b.Set(tree, pdf.Dict{"Type": pdf.Name("Pages"), "Kids": pdf.Array{page}, "Count": pdf.Integer(1)})
	info := add("<< /Title (secret) /Producer (secret) /Empty () /Trapped /True >>")
	b.Trailer = pdf.Dict{"Info": info}
	catalog := add("<< /Type /Catalog /Pages %v /Lang (zh-CN) /AcroForm << /Fields [%v] /XFA null >> /Perms << /UR3 %v /X null >> /Metadata %v /Outlines << /Title (secret) >> /OpenAction << /S /JavaScript /JS %v >> /PieceInfo << /X (secret) >>"+
		" /OCProperties << /OCGs [%v %v] /D << /OFF [%v] >> >> /OutputIntents [<< /S /GTS_PDFX >> << /S /GTS_PDFA1 /DestOutputProfile %v >>] >>",
		tree, field, add("<< /Type /Sig /ByteRange [0 1 2 3] >>"), stream("/Type /Metadata /Subtype /XML", "<secret/>"), script, layer, shown, layer, profile)
	b.Set(page, pdf.Dict{"Type": pdf.Name("Page"), "Parent": tree, "MediaBox": pdf.Array{pdf.Integer(0), pdf.Integer(0), pdf.Integer(99), pdf.Integer(99)}, "Contents": pdf.Array{contents, more},
		"Resources": resources, "Annots": annots, "UserUnit": pdf.Integer(2), "Rotate": pdf.Integer(90), "Group": pdf.Dict{"S": pdf.Name("Transparency"), "CS": pdf.Name("DeviceRGB")}, "Thumb": glyph})
	add("<< /Type /Filespec /UF (secret.doc) /EF << /F %v >> >>", stream("/Type /EmbeddedFile", "secret"))
	add("<< /Subtype /PS /Alternates [] >>")
	return b.Bytes(pdf.Table, catalog)
}

// rebuiltFrom gives what Inspect finds in a file and what Rebuild makes of it.
func rebuiltFrom(t *testing.T, data []byte, o Options) (*Inspection, *Built, []byte, error) {
	t.Helper()
	f, err := pdf.Open(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	found, err := Inspect(t.Context(), f)
	var out bytes.Buffer
	built, berr := Rebuild(t.Context(), f, &out, o)
	return found, built, out.Bytes(), errors.Join(err, berr)
}

func TestRich(t *testing.T) {
	for _, o := range []Options{{Archive: true, KeepIntent: true}, {Archive: true}, {}} {
		found, built, out, err := rebuiltFrom(t, rich(), o)
		if err != nil {
			t.Fatal(err)
		}
		var list []string
		for _, f := range found.Findings {
			list = append(list, fmt.Sprintf("%s %d %s%s", f.Kind, f.Page, f.Property, f.Text))
		}
		for _, want := range []string{
			"properties 0 Titlesecret", "bookmarks 0 ", "thumbnail 1 ", "form_field 1 name: secret value", "link 1 ", "annotation 1 Text: secret", "media 1 Movie", "action 0 Launch secret.exe",
			"link 0 http://secret", "javascript 0 app.alert('secret')", "metadata 0 ", "application_data 0 ", "attachment 0 secret.doc", "attachment 0 ", "alternate_image 0 ", "postscript 0 ", "layer 0 on",
		} {
			if !strings.Contains("\n"+strings.Join(list, "\n")+"\n", "\n"+want+"\n") {
				t.Errorf("%q is not found in\n%s", want, strings.Join(list, "\n"))
			}
		}
		if found.Signed || found.XFA || !found.Annotated || found.Pages != 1 || len(found.Unshown[1]) != 1 || found.Places[1][0].Rect != [4]float64{1, 1, 9, 9} {
			t.Errorf("%+v", found)
		}
		if bytes.Contains(out, []byte("ecret")) {
			t.Errorf("a secret is left: %s", out)
		}
		if len(built.Removed) != 1 || built.Removed[0].Layers["off"] != 2 || built.Removed[0].Invisible != 1 || built.Missing != 2 || built.PictureData != 1 {
			t.Errorf("%+v", built)
		}
		for key, want := range map[string]bool{"/OutputIntents": o.Archive, "(sRGB)": o.Archive && !o.KeepIntent, "/UserUnit 2": true, "/Rotate 90": true, "/Group": true, "(zh-CN)": true, "/LZWDecode": false} {
			if bytes.Contains(out, []byte(key)) != want {
				t.Errorf("%s is there: %t", key, !want)
			}
		}
	}
}

// A file of which anything is broken is refused, or what is made of it is as clean as what is made of a whole one.
func TestSpoilt(t *testing.T) {
	refused, cleaned := 0, 0
	pdftest.Spoilt(rich(), func(place string, data []byte) {
		if strings.HasSuffix(place, "missing") {
			return // most files lack most of it
		}
		found, _, out, err := rebuiltFrom(t, data, Options{Archive: true, KeepIntent: true})
		if err != nil {
			var of *pdf.Error
			if !errors.As(err, &of) {
				t.Errorf("%s: %v", place, err)
			}
			refused++
			return
		}
		cleaned++
		if strings.HasSuffix(place, "unreadable") {
			t.Errorf("%s: not refused", place)
		}
		f, err := pdf.Open(bytes.NewReader(out), int64(len(out)))
		if err != nil {
			t.Fatalf("%s: what was written cannot be opened: %v", place, err)
		}
		left, err := Inspect(t.Context(), f)
		if err != nil || left.Pages != found.Pages || left.Signed || left.Annotated || len(left.Findings) > 0 {
			t.Errorf("%s: what was written is %+v, %v", place, left, err)
		}
		// What is written beside a picture is only known where the picture's filter is.
		if bytes.Contains(out, []byte("ecret")) && !strings.HasPrefix(place, "16/Filter") && !strings.Contains(place, "/OC") {
			t.Errorf("%s: a secret is left", place)
		}
	})
	if refused < 100 || cleaned < 100 {
		t.Errorf("%d refused, %d cleaned", refused, cleaned)
	}
}

// full is a disk that has room for some bytes.
type full struct{ room int }

var errFull = errors.New("no space left")

func (d *full) Write(p []byte) (int, error) {
	if d.room -= len(p); d.room < 0 {
		return 0, errFull
	}
	return len(p), nil
}

func TestRebuildFails(t *testing.T) {
	data := rich()
	f, err := pdf.Open(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Rebuild(t.Context(), f, &full{room: 100}, Options{}); !errors.Is(err, errFull) {
		t.Errorf("on a full disk: %v", err)
	}
	big := sample("<< /Subtype /Image /Width 1 /Length 200000 >>\nstream\n" + strings.Repeat("x", 200_000) + "\nendstream")
	of, err := pdf.Open(bytes.NewReader(big), int64(len(big)))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Rebuild(t.Context(), of, &full{room: 100}, Options{}); !errors.Is(err, errFull) {
		t.Errorf("on a disk that is full in the middle: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Rebuild(ctx, f, io.Discard, Options{}); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	if _, err := Inspect(ctx, f); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}
