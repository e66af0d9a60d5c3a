package pdfcopy_test

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"

	"sealdesk/signer/cleancopy/pdfclean"
	"sealdesk/signer/cleancopy/pdfcopy"
	"sealdesk/signer/cleancopy/refusal"
)

const (
	off     = "/OCProperties << /OCGs [10 0 R] /D << /OFF [10 0 R] >> >>"
	group   = "<< /Type /OCG /Name (Draft) >>"
	onPages = "/Properties << /L 10 0 R >>"
)

// What is on the page and not seen is gone, byte by byte, and told with its words; what is seen can still be read.
func TestWhatIsTakenOut(t *testing.T) {
	form := func(more, contents string) string {
		return stream("/Type /XObject /Subtype /Form /BBox [0 0 300 200] /Resources << /Font << /F 5 0 R >> "+onPages+" >> "+more, contents)
	}
	tests := []struct {
		name  string
		file  file
		kind  string
		words string
	}{
		{"a hidden layer", file{catalog: off, resources: onPages, contents: "/OC /L BDC " + line(20, 100, "SECRET") + " EMC", more: []string{group}},
			pdfclean.KindHiddenLayer, "Draft: SECRET"},
		{"a layer of the base state", file{catalog: "/OCProperties << /OCGs [10 0 R] /D << /BaseState /OFF >> >>", resources: onPages,
			contents: "/OC /L BDC " + line(20, 100, "SECRET") + " EMC", more: []string{group}}, pdfclean.KindHiddenLayer, "SECRET"},
		{"a membership", file{catalog: "/OCProperties << /OCGs [10 0 R] /D << >> >>", resources: "/Properties << /L 11 0 R >>",
			contents: "/OC /L BDC " + line(20, 100, "SECRET") + " EMC", more: []string{group, "<< /Type /OCMD /OCGs [10 0 R] /P /AllOff >>"}},
			pdfclean.KindHiddenLayer, "SECRET"},
		{"nested in what is shown", file{catalog: off, resources: onPages,
			contents: "/Span BMC /OC /L BDC /Span BMC " + line(20, 100, "SECRET") + " EMC EMC EMC", more: []string{group}}, pdfclean.KindHiddenLayer, "SECRET"},
		{"in a form", file{catalog: off, resources: "/XObject << /X 11 0 R >>", contents: "/X Do",
			more: []string{group, form("", "/OC /L BDC "+line(20, 100, "SECRET")+" EMC")}}, pdfclean.KindHiddenLayer, "SECRET"},
		{"in a form in a form", file{catalog: off, resources: "/XObject << /X 12 0 R >>", contents: "/X Do",
			more: []string{group, form("", "/OC /L BDC "+line(20, 100, "SECRET")+" EMC"),
				stream("/Type /XObject /Subtype /Form /BBox [0 0 300 200] /Resources << /XObject << /Y 11 0 R >> >>", "/Y Do")}}, pdfclean.KindHiddenLayer, "SECRET"},
		{"a form that is a layer", file{catalog: off, resources: "/XObject << /X 11 0 R >>", contents: "/X Do",
			more: []string{group, form("/OC 10 0 R", line(20, 100, "SECRET"))}}, pdfclean.KindHiddenLayer, "SECRET"},
		{"an annotation in a layer", file{catalog: off, page: "/Annots [11 0 R]",
			more: []string{group, "<< /Type /Annot /Subtype /Stamp /F 4 /Rect [0 0 300 200] /OC 10 0 R /Contents (SECRET) /AP << /N 12 0 R >> >>",
				form("", line(20, 100, "SECRET"))}}, pdfclean.KindAnnotation, "SECRET"},
		{"text that draws nothing", file{contents: "BT 3 Tr /F 12 Tf 20 100 Td (SECRET) Tj 0 Tr ET"}, pdfclean.KindInvisibleText, "SECRET"},
		{"text for clipping nothing", file{contents: "q BT 7 Tr /F 12 Tf 20 100 Td (SECRET) Tj ET Q"}, pdfclean.KindInvisibleText, "SECRET"},
		{"a form in its mode", file{resources: "/XObject << /X 10 0 R >>", contents: "3 Tr /X Do 0 Tr",
			more: []string{stream("/Type /XObject /Subtype /Form /BBox [0 0 300 200] /Resources << /Font << /F 5 0 R >> >>", line(20, 100, "SECRET"))}},
			pdfclean.KindInvisibleText, "SECRET"},
		{"a form without resources", file{resources: "/XObject << /X 10 0 R >>", contents: "/X Do",
			more: []string{stream("/Type /XObject /Subtype /Form /BBox [0 0 300 200]", "BT 3 Tr /F 12 Tf 20 100 Td (SECRET) Tj 0 Tr ET")}},
			pdfclean.KindInvisibleText, "SECRET"},
		{"an open action", file{catalog: "/OpenAction << /S /JavaScript /JS (SECRET) >>"}, pdfclean.KindJavaScript, "SECRET"},
		{"a script of its own", file{catalog: "/Names << /JavaScript << /Names [(a) << /S /JavaScript /JS 10 0 R >>] >> >>", more: []string{stream("", "SECRET")}},
			pdfclean.KindJavaScript, "SECRET"},
		{"a launch action", file{page: "/AA << /O << /S /Launch /F (SECRET) >> >>"}, pdfclean.KindAction, "Launch SECRET"},
		{"a form to send", file{page: "/AA << /O << /S /SubmitForm /F (SECRET) >> >>"}, pdfclean.KindAction, "SubmitForm SECRET"},
		{"an import", file{page: "/AA << /O << /S /ImportData /F (SECRET) >> >>"}, pdfclean.KindAction, "ImportData SECRET"},
		{"a jump elsewhere", file{catalog: "/OpenAction << /S /GoToR /F (SECRET) >>"}, pdfclean.KindAction, "GoToR SECRET"},
		{"an address", file{page: "/Annots [<< /Type /Annot /Subtype /Link /Rect [0 0 9 9] /A << /S /URI /URI (http://SECRET) >> >>]"}, pdfclean.KindLink, "http://SECRET"},
		{"an attachment", file{catalog: "/Names << /EmbeddedFiles << /Names [(a) << /Type /Filespec /F (SECRET) /EF << /F 10 0 R >> >>] >> >>",
			more: []string{stream("/Type /EmbeddedFile", "SECRET")}}, pdfclean.KindAttachment, "SECRET"},
		{"an associated file", file{catalog: "/AF [<< /Type /Filespec /F (SECRET) /EF << /F 10 0 R >> >>]", more: []string{stream("/Type /EmbeddedFile", "SECRET")}},
			pdfclean.KindAttachment, "SECRET"},
		{"a film", file{page: "/Annots [<< /Type /Annot /Subtype /RichMedia /Rect [0 0 9 9] /NM (SECRET) >>]"}, pdfclean.KindMedia, "RichMedia"},
		{"a thumbnail", file{page: "/Thumb 10 0 R", more: []string{stream("/Width 6 /Height 1 /ColorSpace /DeviceGray /BitsPerComponent 8", "SECRET")}}, pdfclean.KindThumbnail, ""},
		{"private data", file{page: "/PieceInfo << /X << /Private (SECRET) >> >>"}, pdfclean.KindPrivate, ""},
		{"properties", file{trailer: "/Info << /Title (SECRET) >>"}, pdfclean.KindProperties, "SECRET"},
		{"metadata", file{catalog: "/Metadata 10 0 R", more: []string{stream("/Type /Metadata /Subtype /XML", "<x>SECRET</x>")}}, pdfclean.KindMetadata, ""},
		{"metadata of a picture", file{resources: "/XObject << /X 10 0 R >>", contents: "q 9 0 0 9 0 0 cm /X Do Q",
			more: []string{stream("/Type /XObject /Subtype /Image /Width 1 /Height 1 /ColorSpace /DeviceGray /BitsPerComponent 8 /Metadata 11 0 R", "x"), stream("/Type /Metadata", "SECRET")}},
			pdfclean.KindMetadata, ""},
		{"another version of a picture", file{resources: "/XObject << /X 10 0 R >>", contents: "q 9 0 0 9 0 0 cm /X Do Q",
			more: []string{stream("/Type /XObject /Subtype /Image /Width 1 /Height 1 /ColorSpace /DeviceGray /BitsPerComponent 8 /Alternates [<< /Image 11 0 R >>]", "x"),
				stream("/Type /XObject /Subtype /Image /Width 6 /Height 1 /ColorSpace /DeviceGray /BitsPerComponent 8", "SECRET")}}, pdfclean.KindAlternate, ""},
		{"a printer's program", file{resources: "/XObject << /X 10 0 R >>", contents: "/X Do", more: []string{stream("/Type /XObject /Subtype /PS", "(SECRET) print")}},
			pdfclean.KindPostScript, ""},
		{"bookmarks", file{catalog: "/Outlines << /Type /Outlines /First 10 0 R >>", more: []string{"<< /Title (SECRET) >>"}}, pdfclean.KindBookmarks, ""},
		{"page labels", file{catalog: "/PageLabels << /Nums [0 << /P (SECRET) >>] >>"}, pdfclean.KindBookmarks, ""},
		{"structure with other words", file{catalog: "/StructTreeRoot << /Type /StructTreeRoot >> /MarkInfo << /Marked true >>",
			contents: "/Span << /ActualText (SECRET) >> BDC " + line(20, 100, "seen") + "EMC"}, pdfclean.KindTags, ""},
		{"a field", file{catalog: "/AcroForm << /Fields [10 0 R] >>", page: "/Annots [10 0 R]",
			more: []string{"<< /Type /Annot /Subtype /Widget /FT /Tx /F 2 /T (a) /V (SECRET) /Rect [20 90 200 120] >>"}}, pdfclean.KindFormField, "a: SECRET"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tt.file.contents += "\n" + line(20, 150, "kept words")
			out, r := clean(t, tt.file.bytes())
			if !has(r.TakenOut, tt.kind, tt.words) {
				t.Errorf("%s %q is not told: %+v", tt.kind, tt.words, r.TakenOut)
			}
			if bytes.Contains(plain(t, out), []byte("SECRET")) {
				t.Errorf("SECRET is still there:\n%s", plain(t, out))
			}
			if !strings.Contains(text(t, out), "kept words") {
				t.Error("words are lost")
			}
			check(t, out)
			if again, r := clean(t, out); len(r.TakenOut) > 0 || len(r.Notices) > 1 || !bytes.Equal(again, out) && !strings.Contains(tt.name, "mode") {
				t.Errorf("a clean copy of the clean copy is another: %+v", r)
			}
		})
	}
}

func TestShownLayersStay(t *testing.T) {
	out, r := clean(t, file{catalog: "/OCProperties << /OCGs [10 0 R] /D << >> >>", resources: onPages, contents: "/OC /L BDC " + line(20, 100, "layer words") + "EMC",
		more: []string{group}}.bytes())
	if !strings.Contains(text(t, out), "layer words") || bytes.Contains(plain(t, out), []byte("OC")) || !has(r.TakenOut, pdfclean.KindLayer, "Draft") {
		t.Errorf("%+v", r.TakenOut)
	}
}

// A picture of words with the words under it is what a scanner makes.
func TestScan(t *testing.T) {
	seen := "BT /F 24 Tf 20 100 Td (SCANNED) Tj ET"
	ghost := "BT 3 Tr /F 24 Tf 20 100 Td (SCANNED) Tj 0 Tr ET"
	_, r := clean(t, file{contents: strings.Replace(seen, "/F 24", "/F 24.01", 1) + "\n" + strings.Replace(ghost, "SCANNED", "scanned", 1)}.bytes())
	if !has(r.TakenOut, pdfclean.KindRecognized, "scanned") {
		t.Errorf("%+v", r.TakenOut)
	}
}

func TestWhatIsHardToSee(t *testing.T) {
	tests := []struct{ name, page, contents, kind, words string }{
		{"white", "", "1 1 1 rg " + line(20, 100, "HIDE"), pdfclean.KindUnseenText, "HIDE"},
		{"nearly white", "", "0.97 g " + line(20, 100, "HIDE"), pdfclean.KindUnseenText, "HIDE"},
		{"beneath a box", "", line(20, 100, "HIDE") + "0 0 1 rg 10 90 200 30 re f", pdfclean.KindUnseenText, "HIDE"},
		{"tiny", "", "BT /F 1 Tf 20 100 Td (HIDE) Tj ET", pdfclean.KindTinyText, "HIDE"},
		{"off the page", "", line(-200, 100, "HIDE"), pdfclean.KindOutsideText, "HIDE"},
		{"outside the crop box", "/CropBox [0 120 300 200]", line(20, 50, "HIDE"), pdfclean.KindOutsideText, "HIDE"},
		{"turned", "/Rotate 90", "1 g " + line(20, 100, "HIDE"), pdfclean.KindUnseenText, "HIDE"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			out, r := clean(t, file{page: tt.page, contents: "q " + tt.contents + " Q " + line(20, 150, "kept - words.")}.bytes())
			if len(r.Doubtful) != 1 || !has(r.Doubtful, tt.kind, tt.words) {
				t.Errorf("%+v", r.Doubtful)
			}
			if len(r.TakenOut) > 0 || !bytes.Contains(plain(t, out), []byte("HIDE")) {
				t.Errorf("it was taken out: %+v", r.TakenOut)
			}
		})
	}
}

func TestRefused(t *testing.T) {
	print := "/Usage << /Print << /PrintState /OFF >> /View << /ViewState /ON >> >>"
	tests := []struct {
		name string
		file file
		code string
	}{
		{"encrypted", file{trailer: "/Encrypt << /Filter /Standard /V 1 /R 2 /O (00000000000000000000000000000000) /U (00000000000000000000000000000000) /P -4 >> /ID [(a)(a)]"}, refusal.Encrypted},
		{"xfa", file{catalog: "/AcroForm << /Fields [] /XFA (x) >>"}, refusal.XFA},
		{"disputed layer", file{catalog: "/OCProperties << /OCGs [10 0 R] /D << >> >>", more: []string{"<< /Type /OCG /Name (x) " + print + " >>"}}, refusal.HiddenLayer},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := refused(t, tt.file.bytes()); got != tt.code {
				t.Errorf("%s, want %s", got, tt.code)
			}
		})
	}
}

func TestSignedStays(t *testing.T) {
	signed := file{catalog: "/AcroForm << /Fields [10 0 R] /SigFlags 3 >>", page: "/Annots [10 0 R]", more: []string{
		"<< /Type /Annot /Subtype /Widget /FT /Sig /T (s) /Rect [0 0 0 0] /F 132 /V 11 0 R >>",
		"<< /Type /Sig /Filter /Adobe.PPKLite /SubFilter /ETSI.CAdES.detached /ByteRange [0 1 2 3] /Contents <00> >>"}}.bytes()
	if out, r := clean(t, signed); out != nil || !r.Signed {
		t.Errorf("%d bytes, %+v", len(out), r)
	}
	// A part of it that is malformed does not matter; that its structure cannot be read does.
	if out, r := clean(t, bytes.Replace(signed, []byte("endstream"), []byte("endstreak"), 1)); out != nil || !r.Signed {
		t.Errorf("with a malformed stream: %d bytes, %+v", len(out), r)
	}
	if out, r := clean(t, bytes.Replace(signed, []byte("/Contents <00>"), []byte("/Xontents <00>"), 1)); out != nil || !r.Signed {
		t.Errorf("without contents: %d bytes, %+v", len(out), r)
	}
	broken := bytes.Replace(signed, []byte("startxref\n"), []byte("startxref\n9"), 1)
	if got := refused(t, broken); got != refusal.SignedDamaged {
		t.Error(got)
	}
}

func TestSlightlyBroken(t *testing.T) {
	good := file{contents: line(20, 150, "kept words")}.bytes()
	replace := func(old, with string) []byte {
		if !bytes.Contains(good, []byte(old)) {
			t.Fatalf("%q is not in the file", old)
		}
		return bytes.Replace(good, []byte(old), []byte(with), 1)
	}
	length := fmt.Sprintf("/Length %d", len(line(20, 150, "kept words")))
	tests := []struct {
		name string
		data []byte
		code string
	}{
		{"junk before the header", append([]byte("HTTP/1.1 200 OK\r\n\r\n"), good...), pdfcopy.MendedHeader},
		{"junk behind the end", append(bytes.Clone(good), "<html></html>"...), pdfcopy.MendedEnd},
		{"a wrong startxref", replace("startxref\n", "startxref\n7"), pdfcopy.MendedXRef},
		{"no startxref", replace("startxref", "begin"), pdfcopy.MendedXRef},
		{"a wrong offset", replace("0000000015 00000 n", "0000000999 00000 n"), pdfcopy.MendedObjects},
		{"a wrong length", replace(length, "/Length 17"), pdfcopy.MendedObjects},
		{"a length too long", replace(length, "/Length 99"), pdfcopy.MendedObjects},
		{"no endstream", replace("endstream", "endstreak"), pdfcopy.MendedObjects},
		{"a stream behind a carriage return", replace("stream\n", "stream\r"), pdfcopy.MendedObjects},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			out, r := clean(t, tt.data)
			if len(r.Notices) == 0 || r.Notices[0].Code != tt.code {
				t.Errorf("%+v, want %s", r.Notices, tt.code)
			}
			if !strings.Contains(text(t, out), "kept words") {
				t.Error("words are lost")
			}
			check(t, out)
		})
	}
	// What is not there cannot be mended.
	if got := refused(t, bytes.Replace(good, []byte("\n4 0 obj"), []byte("\n4 0 xxx"), 1)); got != refusal.Damaged {
		t.Errorf("a page without its contents: %s", got)
	}
	if got := refused(t, good[:len(good)/2]); got != refusal.Damaged {
		t.Errorf("half a file: %s", got)
	}
}

// Text that follows invisible text in a font of unknown widths moves when that is taken out: the copy would look different.
func TestAnotherLookIsRefused(t *testing.T) {
	f := file{resources: "/ProcSet [/PDF]", contents: "BT /G 12 Tf 20 100 Td 3 Tr (SECRET) Tj 0 Tr (kept) Tj ET",
		page: "/Resources << /Font << /G << /Type /Font /Subtype /Type1 /BaseFont /Helvetica >> >> >>"}
	data := bytes.Replace(f.bytes(), []byte("/Resources << /Font << /F 5 0 R >> /ProcSet"), []byte("/Unused___ << /Font << /F 5 0 R >> /ProcSet"), 1)
	out, _, err := pdfcopy.Copier{Engine: engine}.Copy(t.Context(), data, nothing)
	var r *refusal.Error
	if !errors.As(err, &r) || r.Code() != refusal.AppearanceChanged || r.Params()["page"] != 1 {
		t.Errorf("%d bytes, %v", len(out), err)
	}
}
