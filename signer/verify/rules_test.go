package verify

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"sealdesk/signer/cms/cmstest"
)

// TestRulesOfRevisions: what a rule of later revisions refuses that no other rule would, and what it lets pass. The paper is
// made for each case; why is empty for what is allowed.
func TestRulesOfRevisions(t *testing.T) {
	buyer := cmstest.New(t, "ecdsa", cmstest.Options{})
	seller := cmstest.New(t, "ecdsa", cmstest.Options{})
	const mod = "verify.modified|"
	fillable := signing{root: map[string]string{"Perms": "<< /DocMDP SIG 0 R >>"},
		sig: "/Reference [<< /TransformMethod /DocMDP /TransformParams << /P 2 /V /1.2 >> >>]"}
	text := "<< /Type /Annot /Subtype /Widget /FT /Tx /T (total) /V (100) /P 3 0 R /F 4 /Rect [72 600 200 620] /AP << /N 21 0 R >> >>"
	empty := "<< /FT /Sig /T (empty) /Kids [23 0 R] >>"
	widget := "<< /Type /Annot /Subtype /Widget /Parent 20 0 R /P 3 0 R /F 4 /Rect [300 100 420 220] >>"
	look := stream("/Subtype /Form /BBox [0 0 128 20]", "BT (100) Tj ET")
	form := func(p *paper, more string) string {
		return "<< /Fields " + refList(p.fields) + " /SigFlags 3 " + more + " >>"
	}
	store := func(entries string, more ...string) func(p *paper) {
		return func(p *paper) {
			objs := map[int]string{objCatalog: p.rootWith("DSS", "60 0 R"), 60: "<< /Type /DSS " + entries + " >>", 61: stream("", "x"), 62: stream("", "y")}
			for i, o := range more {
				objs[63+i] = o
			}
			p.update(objs)
		}
	}
	for _, tc := range []struct {
		name, why      string
		before, follow func(p *paper) // before signs, too
	}{
		{"extensions that were none", mod + "Extensions",
			func(p *paper) { p.root["Extensions"] = "7"; p.sign(buyer, signing{}) },
			func(p *paper) { p.update(map[int]string{objCatalog: p.rootWith("Extensions", "<< >>")}) }},
		{"extensions taken away", mod + "Extensions",
			func(p *paper) { p.root["Extensions"] = "<< >>"; p.sign(buyer, signing{}) },
			func(p *paper) { delete(p.root, "Extensions"); p.update(map[int]string{objCatalog: p.dict(p.root)}) }},
		{"a form taken away and given back", mod + "form was removed",
			func(p *paper) { p.sign(buyer, signing{}) },
			func(p *paper) {
				whole := p.dict(p.root)
				delete(p.root, "AcroForm")
				p.update(map[int]string{objCatalog: p.dict(p.root)})
				p.update(map[int]string{objCatalog: whole})
			}},
		{"a form to which something else leads, unchanged", "",
			func(p *paper) { p.page["Other"] = "7 0 R"; p.sign(buyer, signing{}) },
			func(p *paper) { p.update(map[int]string{objInfo: "<< >>"}) }},
		{"a field filled in whose parent is the page's text", mod + "object 4",
			func(p *paper) {
				p.fields, p.annots = []int{20}, []int{20}
				p.update(map[int]string{20: strings.Replace(text, "/T (total)", "/Parent 4 0 R", 1), 21: look})
				p.sign(buyer, fillable)
			},
			func(p *paper) {
				p.update(map[int]string{20: strings.Replace(p.objects[20], "/V (100)", "/V (900)", 1), objText: evilText})
			}},
		{"a field of no kind filled in", mod + "object 20",
			func(p *paper) {
				p.fields, p.annots = []int{20}, []int{20}
				p.update(map[int]string{20: strings.Replace(text, "/FT /Tx", "", 1), 21: look})
				p.sign(buyer, fillable)
			},
			func(p *paper) {
				p.update(map[int]string{20: strings.Replace(p.objects[20], "/V (100)", "/V (900)", 1)})
			}},
		{"an outline that private data leads to, too", mod + "object 46",
			func(p *paper) {
				p.root["Outlines"], p.root["PieceInfo"] = "45 0 R", "<< /X 46 0 R >>"
				p.update(map[int]string{objCatalog: p.dict(p.root), 45: "<< /Type /Outlines /First 46 0 R /Last 46 0 R /Count 1 >>", 46: "<< /Title (x) /Parent 45 0 R >>"})
				p.sign(buyer, signing{})
			},
			func(p *paper) { p.update(map[int]string{46: "<< /Title (y) /Parent 45 0 R >>"}) }},
		{"an outline that is no tag gets children", mod + "object 46",
			func(p *paper) {
				p.root["Outlines"] = "45 0 R"
				p.update(map[int]string{objCatalog: p.dict(p.root), 45: "<< /Type /Outlines /First 46 0 R /Last 46 0 R /Count 1 >>", 46: "<< /Title (x) /Parent 45 0 R >>"})
				p.sign(buyer, signing{})
			},
			func(p *paper) { p.update(map[int]string{46: "<< /Title (x) /Parent 45 0 R /K 1 >>"}) }},
		{"a field filled in and its look drawn anew in its place", "verify.filled_in",
			func(p *paper) {
				p.fields, p.annots = []int{20}, []int{20}
				p.update(map[int]string{20: text, 21: look})
				p.sign(buyer, fillable)
			},
			func(p *paper) {
				p.update(map[int]string{20: strings.Replace(text, "/V (100)", "/V (900)", 1), 50: "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
					21: stream("/Subtype /Form /BBox [0 0 128 20] /Resources << /Font << /F 50 0 R >> >>", "BT /F 9 Tf (900) Tj ET")})
			}},
		{"a field filled in whose look is the page's, too", mod + "object 21",
			func(p *paper) {
				p.fields, p.annots = []int{20}, []int{20}
				p.page["Resources"] = "<< /Font << /F1 5 0 R >> /XObject << /X 21 0 R >> >>"
				p.update(map[int]string{20: text, 21: look})
				p.sign(buyer, fillable)
			},
			func(p *paper) {
				p.update(map[int]string{21: stream("/Subtype /Form /BBox [0 0 128 20]", "BT (900) Tj ET")})
			}},
		{"a field of widgets whose list is an object", "",
			func(p *paper) { p.sign(buyer, signing{}) },
			func(p *paper) {
				p.update(map[int]string{objForm: "<< /Fields " + refList(append(p.fields, 50)) + " /SigFlags 3 >>", 50: "<< /FT /Sig /T (new) /Kids 52 0 R >>",
					51: "<< /Type /Annot /Subtype /Widget /Parent 50 0 R /Rect [0 0 9 9] >>", 52: "[51 0 R]"})
			}},
		{"an empty field of widgets signed with a picture", "",
			func(p *paper) {
				p.fields, p.annots = []int{20}, []int{23}
				p.update(map[int]string{20: empty, 23: widget})
				p.sign(buyer, signing{})
			},
			func(p *paper) {
				p.sign(seller, signing{existing: 20, objects: map[int]string{23: strings.Replace(widget, "<<", "<< /AP << /N 60 0 R >>", 1), 60: stream("/Subtype /Form /BBox [0 0 1 1]", "")}})
			}},
		{"an empty field of widgets signed and moved", mod + "Rect",
			func(p *paper) {
				p.fields, p.annots = []int{20}, []int{23}
				p.update(map[int]string{20: empty, 23: widget})
				p.sign(buyer, signing{})
			},
			func(p *paper) {
				p.sign(seller, signing{existing: 20, objects: map[int]string{23: strings.Replace(widget, "[300", "[100", 1)}})
			}},
		{"an empty field of widgets signed, a widget with another value", mod + "widget of field",
			func(p *paper) {
				p.fields, p.annots = []int{20}, []int{23}
				p.update(map[int]string{20: empty, 23: widget})
				p.sign(buyer, signing{})
			},
			func(p *paper) {
				p.sign(seller, signing{existing: 20, objects: map[int]string{23: strings.Replace(widget, "<<", "<< /V (900)", 1)}})
			}},
		{"an empty field of widgets stamped with a picture", mod + "without a signer",
			func(p *paper) {
				p.fields, p.annots = []int{20}, []int{23}
				p.update(map[int]string{20: empty, 23: widget})
				p.sign(buyer, signing{})
			},
			func(p *paper) {
				p.sign(seller, signing{existing: 20, sub: "ETSI.RFC3161", objects: map[int]string{23: strings.Replace(widget, "<<", "<< /AP << /N 60 0 R >>", 1), 60: stream("/Subtype /Form /BBox [0 0 1 1]", "")}})
			}},
		{"validation data of one signature", "", func(p *paper) { p.sign(buyer, signing{}) },
			store("/Certs [61 0 R 61 0 R] /VRI << /AB << /Type /VRI /Cert [61 0 R] /TU (D:2026) /TS 62 0 R >> >>")},
		{"validation data with something else", mod + "entry Other", func(p *paper) { p.sign(buyer, signing{}) }, store("/Other 62 0 R")},
		{"validation data of one signature with something else", mod + "entry Other", func(p *paper) { p.sign(buyer, signing{}) },
			store("/VRI << /AB << /Other [61 0 R] >> >>")},
		{"validation data of one signature, not there", mod + "object 70, which is not there", func(p *paper) { p.sign(buyer, signing{}) },
			store("/VRI << /AB << /Cert [70 0 R] >> >>")},
		{"validation data of one signature, a stamp within it", mod + "not an object of its own", func(p *paper) { p.sign(buyer, signing{}) },
			store("/VRI << /AB << /TS (x) >> >>")},
		{"validation data within it", mod + "not an object of its own", func(p *paper) { p.sign(buyer, signing{}) }, store("/Certs [(x)]")},
		{"validation data that is not there", mod + "object 70, which is not there", func(p *paper) { p.sign(buyer, signing{}) }, store("/Certs [70 0 R]")},
		{"validation data that leads on", mod + "leads on", func(p *paper) { p.sign(buyer, signing{}) }, store("/Certs [63 0 R]", stream("/Other 4 0 R", "x"))},
		{"a stream repeated that is read in another way", mod + "object 4", func(p *paper) { p.sign(buyer, signing{}) },
			func(p *paper) {
				p.update(map[int]string{objText: strings.Replace(p.objects[objText], "<<", "<< /Filter /ASCIIHexDecode", 1)})
			}},
		{"metadata that validation data leads to, too", mod + "object 61",
			func(p *paper) {
				p.root["DSS"], p.root["PieceInfo"] = "<< /Certs [61 0 R] >>", "<< /X 61 0 R >>"
				p.update(map[int]string{objCatalog: p.dict(p.root), 61: stream("", "x")})
				p.sign(buyer, signing{})
			},
			func(p *paper) { p.update(map[int]string{61: stream("", "y")}) }},
		{"an object of number 0", mod + "object 0", func(p *paper) { p.sign(buyer, signing{}) },
			func(p *paper) { p.update(map[int]string{0: evilText}) }},
		{"another key of a tag", mod + "object 31", tagged31(buyer), func(p *paper) {
			p.update(map[int]string{31: "<< /Type /StructElem /S /Figure /P 30 0 R /K 33 0 R >>"})
		}},
		{"a number among the tags", mod + "object 33", tagged31(buyer), func(p *paper) { p.update(map[int]string{33: "1"}) }},
		{"what is no tag gets children", mod + "object 5", tagged31(buyer), func(p *paper) {
			p.update(map[int]string{objFont: strings.Replace(p.objects[objFont], "<<", "<< /K 1", 1)})
		}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			p := newPaper(t)
			tc.before(p)
			if r := p.verify(buyer, seller); !r.Valid() {
				t.Fatalf("before: %s %v", r.Verdict, allCodes(r))
			}
			tc.follow(p)
			r := p.verify(buyer, seller)
			want := Valid
			switch {
			case strings.HasPrefix(tc.why, mod):
				want = Invalid
			case tc.why != "":
				want = Untrusted
			}
			if r.Verdict != want || tc.why != "" && !found(r, tc.why) {
				t.Errorf("%s with %v, want %q; changes %v", r.Verdict, allCodes(r), tc.why, changes(r))
			}
		})
	}
	for _, tc := range []struct {
		name, before, after, field, why string
	}{
		{"resources where viewers make the looks", "/NeedAppearances true", "/NeedAppearances true /DR << /Font << /Helv 50 0 R >> >>", "", mod + "DR"},
		{"resources where a field has no look", "", "/DR << /Font << /Helv 50 0 R >> >>", strings.Replace(text, "/AP << /N 21 0 R >>", "", 1), mod + "DR"},
		{"resources where fields have looks", "", "/DR << /Font << /Helv 50 0 R >> >>", text, ""},
		{"a font that is another one", "/DR << /Font << /Helv 5 0 R >> >>", "/DR << /Font << /Helv 50 0 R >> >>", "", mod + "DR"},
		{"a font more", "/DR << /Font << /Helv 5 0 R >> >>", "/DR << /Font << /Helv 5 0 R /Other 50 0 R >> >>", "", ""},
		{"fonts that were none", "/DR << /Font 7 >>", "/DR << /Font << /Helv 50 0 R >> >>", "", mod + "DR"},
		{"fonts that are none", "/DR << >>", "/DR << /Font 7 >>", "", mod + "DR"},
		{"resources where a field's look is empty", "", "/DR << /Font << /Helv 50 0 R >> >>", strings.Replace(text, "/N 21 0 R", "", 1), mod + "DR"},
		{"a font taken away", "/DR << /Font << /Helv 5 0 R >> >>", "/DR << /Font << /Other 50 0 R >> >>", "", mod + "DR"},
		{"fonts taken away", "/DR << /Font << /Helv 5 0 R >> >>", "/DR << /Encoding << /E 50 0 R >> >>", "", mod + "DR"},
		{"a picture that is another one", "/DR << /XObject << /X 5 0 R >> >>", "/DR << /XObject << /X 4 0 R >> /Font << /Helv 50 0 R >> >>", "", mod + "DR"},
		{"a picture taken away", "/DR << /XObject << /X 5 0 R >> >>", "/DR << /Font << /Helv 50 0 R >> >>", "", mod + "DR"},
		{"a graphics state that is another one", "/DR << /ExtGState << /G << /ca 1 >> >> >>", "/DR << /ExtGState << /G << /ca 0 >> >> /Font << /Helv 50 0 R >> >>", "", mod + "DR"},
		{"a pattern's name for what was there", "/DR << >>", "/DR << /Pattern << /P 4 0 R >> /Font << /Helv 50 0 R >> >>", "", mod + "DR"},
		{"colours that were none", "/DR << /ColorSpace 7 >>", "/DR << /ColorSpace << /C [/Pattern] >> /Font << /Helv 50 0 R >> >>", "", mod + "DR"},
		{"what other writers put in", "/DR << /ProcSet [/PDF] >>", "/DR << /ProcSet [/PDF /Text] /ExtGState << /G << /ca 1 >> >> /Font << /Helv 50 0 R >> >>", "", ""},
		{"procedures alone", "/DR << /ProcSet [/PDF] /Font << /Helv 5 0 R >> >>", "/DR << /Font << /Helv 5 0 R /Other 50 0 R >> >>", "", ""},
		{"resources that make no looks", "", "/DR << /XObject << /X 50 0 R >> >>", "", mod + "object 50"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			p := newPaper(t)
			if tc.field != "" {
				p.fields, p.annots = []int{20}, []int{20}
				p.update(map[int]string{20: tc.field, 21: look})
			}
			p.sign(buyer, signing{form: tc.before})
			if r := p.verify(buyer); !r.Valid() {
				t.Fatalf("before: %s %v %v", r.Verdict, allCodes(r), changes(r))
			}
			p.update(map[int]string{objForm: form(p, tc.after), 50: "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>"})
			r := p.verify(buyer)
			if tc.why == "" && !r.Valid() || tc.why != "" && (r.Verdict != Invalid || !found(r, tc.why)) {
				t.Errorf("%s with %v, want %q; changes %v", r.Verdict, allCodes(r), tc.why, changes(r))
			}
		})
	}
}

// TestResourcesRewritten: the form's resources are objects of their own, which the next writer writes anew in place.
func TestResourcesRewritten(t *testing.T) {
	buyer := cmstest.New(t, "ecdsa", cmstest.Options{})
	const (
		helvetica = "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>"
		lists     = "<< /Font 31 0 R /XObject << /X 5 0 R >> /ExtGState << /G << /ca 1 >> >> >>"
		fonts     = "<< /Helv 5 0 R >>"
		more      = "<< /Helv 5 0 R /Other 50 0 R >>"
	)
	text := "<< /FT /Tx /T (t) /Type /Annot /Subtype /Widget /Rect [0 0 9 9] /P 3 0 R /DA (/Helv 9 Tf) /AP << /N 21 0 R >> >>"
	for _, tc := range []struct {
		name   string
		before func(p *paper)
		form   string // what else it says
		after  map[int]string
		why    string // empty for what is allowed
	}{
		{"a font more", nil, "", map[int]string{31: more, 50: helvetica}, ""},
		{"fonts that are named in place", nil, "", map[int]string{30: strings.Replace(lists, "31 0 R", more, 1), 50: helvetica}, ""},
		{"both", nil, "", map[int]string{30: strings.Replace(lists, "/G <<", "/H << /ca 0 >> /G <<", 1), 31: more, 50: helvetica}, ""},
		{"where fields have looks", func(p *paper) {
			p.fields, p.annots = []int{20}, []int{20}
			p.update(map[int]string{20: text, 21: stream("/Subtype /Form /BBox [0 0 9 9]", "")})
		}, "", map[int]string{31: more, 50: helvetica}, ""},
		{"where a field has no look", func(p *paper) {
			p.fields, p.annots = []int{20}, []int{20}
			p.update(map[int]string{20: strings.Replace(text, "/AP << /N 21 0 R >>", "", 1)})
		}, "", map[int]string{31: more, 50: helvetica}, "DR"},
		{"where viewers make the looks", nil, "/NeedAppearances true", map[int]string{31: more, 50: helvetica}, "DR"},
		{"another font", nil, "", map[int]string{31: "<< /Helv 50 0 R >>", 50: helvetica}, "DR"},
		{"a font taken away", nil, "", map[int]string{31: "<< /Other 50 0 R >>", 50: helvetica}, "DR"},
		{"fonts taken away", nil, "", map[int]string{30: "<< /XObject << /X 5 0 R >> /ExtGState << /G << /ca 1 >> >> >>"}, "DR"},
		{"fonts that are none", nil, "", map[int]string{31: "7"}, "DR"},
		{"a font that is written anew", nil, "", map[int]string{31: more, 5: strings.Replace(helvetica, "Helvetica", "Symbol", 1), 50: helvetica}, "object 5"},
		{"another picture", nil, "", map[int]string{30: strings.Replace(lists, "/X 5", "/X 4", 1)}, "DR"},
		{"a picture's name for what was there", nil, "", map[int]string{30: strings.Replace(lists, "/X 5", "/Y 4 0 R /X 5", 1)}, "DR"},
		{"another graphics state", nil, "", map[int]string{30: strings.Replace(lists, "/ca 1", "/ca 0", 1)}, "DR"},
		{"resources that are none", nil, "", map[int]string{30: "7"}, "where a dictionary should be"},
		{"fonts of the page, too", func(p *paper) { p.page["Resources"] = "<< /Font 31 0 R >>" }, "", map[int]string{31: more, 50: helvetica}, "form's Font is shared"},
		{"resources of the page, too", func(p *paper) { p.page["Resources"] = "30 0 R" }, "", map[int]string{30: strings.Replace(lists, "31 0 R", more, 1), 50: helvetica}, "form's DR is shared"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			p := newPaper(t)
			if tc.before != nil {
				tc.before(p)
			}
			p.update(map[int]string{objPage: p.dict(p.page), 30: lists, 31: fonts})
			p.sign(buyer, signing{form: "/DR 30 0 R " + tc.form})
			if r := p.verify(buyer); !r.Valid() {
				t.Fatalf("before: %s %v %v", r.Verdict, allCodes(r), changes(r))
			}
			p.update(tc.after)
			r := p.verify(buyer)
			if tc.why == "" && !r.Valid() || tc.why != "" && (r.Verdict != Invalid || !found(r, "verify.modified|"+tc.why)) {
				t.Errorf("%s with %v, want %q; changes %v", r.Verdict, allCodes(r), tc.why, changes(r))
			}
		})
	}
}

// TestResourcesOfANewSignature: some writers name what a new signature shows in the form's resources, too.
func TestResourcesOfANewSignature(t *testing.T) {
	buyer := cmstest.New(t, "ecdsa", cmstest.Options{})
	p := newPaper(t)
	p.sign(buyer, signing{form: "/DR << /XObject << /Old 5 0 R >> >>"})
	p.sign(buyer, signing{form: "/DR << /XObject 62 0 R >>", widget: "/AP << /N 61 0 R >>", objects: map[int]string{
		60: stream("/Subtype /Form /BBox [0 0 1 1]", ""), 61: stream("/Subtype /Form /BBox [0 0 1 1] /Resources << /XObject << /FRM 60 0 R >> >>", "/FRM Do"),
		62: "<< /Old 5 0 R /FRM 60 0 R >>"}})
	if r := p.verify(buyer); !r.Valid() {
		t.Errorf("%s %v %v", r.Verdict, allCodes(r), changes(r))
	}
}

// tagged31 signs a document with tags: 31 is an element, 33 a number that only this one leads to.
func tagged31(by *cmstest.Party) func(p *paper) {
	return func(p *paper) {
		p.root["StructTreeRoot"] = "30 0 R"
		p.update(map[int]string{objCatalog: p.dict(p.root), 30: "<< /Type /StructTreeRoot /K [31 0 R] >>",
			31: "<< /Type /StructElem /S /Document /P 30 0 R /K 33 0 R >>", 33: "0"})
		p.sign(by, signing{})
	}
}

// TestTagsThatAreDrawn: what calls itself an element of the structure tree and is something that a page draws with stays as it
// was: K is a fax's way of encoding, too. What outlines alone lead to is not drawn.
func TestTagsThatAreDrawn(t *testing.T) {
	buyer := cmstest.New(t, "ecdsa", cmstest.Options{})
	p := newPaper(t)
	p.page["Resources"] = "<< /Font << /F1 5 0 R >> /XObject << /I 40 0 R >> >>"
	p.update(map[int]string{objPage: p.dict(p.page), 41: "<< /Type /StructElem /K -1 /Columns 8 >>",
		40: stream("/Subtype /Image /Width 8 /Height 8 /ColorSpace /DeviceGray /BitsPerComponent 1 /Filter /CCITTFaxDecode /DecodeParms 41 0 R", "\x00\x10")})
	p.sign(buyer, signing{})
	p.update(map[int]string{41: "<< /Type /StructElem /K 0 /Columns 8 >>"})
	if r := p.verify(buyer); r.Verdict != Invalid || !found(r, "verify.modified|object 41") {
		t.Errorf("drawn: %s %v %v", r.Verdict, allCodes(r), changes(r))
	}
	p = newPaper(t)
	p.root["StructTreeRoot"], p.root["Outlines"] = "30 0 R", "45 0 R"
	p.update(map[int]string{objCatalog: p.dict(p.root), 30: "<< /Type /StructTreeRoot /K [31 0 R] >>",
		31: "<< /Type /StructElem /S /Document /P 30 0 R /K [0] /Pg 3 0 R >>",
		45: "<< /Type /Outlines /First 46 0 R /Last 46 0 R /Count 1 >>", 46: "<< /Title (x) /Parent 45 0 R /SE 31 0 R >>"})
	p.sign(buyer, signing{})
	p.update(map[int]string{31: "<< /Type /StructElem /S /Document /P 30 0 R /K [0 50 0 R] /Pg 3 0 R >>", 50: "<< /Type /StructElem /S /P /P 31 0 R /K 1 >>"})
	if r := p.verify(buyer); !r.Valid() || !slices.Contains(changeCodes(r), changeTags) {
		t.Errorf("named by an outline: %s %v %v", r.Verdict, allCodes(r), changes(r))
	}
}

// TestTagsThatLinksName: tags may be added to a document whose links lead to elements of its structure tree, where the links
// still end at what they ended at.
func TestTagsThatLinksName(t *testing.T) {
	buyer := cmstest.New(t, "ecdsa", cmstest.Options{})
	seller := cmstest.New(t, "ecdsa", cmstest.Options{})
	tree := map[int]string{30: "<< /Type /StructTreeRoot /K [31 0 R] /ParentTree 34 0 R >>",
		31: "<< /S /Document /P 30 0 R /K [32 0 R] /Pg 3 0 R >>", 32: "<< /S /P /P 31 0 R /K 0 /Pg 3 0 R >>", 33: "<< /S /P /P 31 0 R /Pg 3 0 R >>",
		34: "<< /Nums [0 [32 0 R]] >>", 45: "<< /Type /Annot /Subtype /Link /Rect [72 500 200 520] /A << /S /GoTo /D [3 0 R /Fit] /SD [31 0 R /Fit] >> >>"}
	for _, tc := range []struct {
		name, why string // why is empty for what is allowed
		is        map[int]string
		now       map[int]string
	}{
		{"a tag at the end", "", nil, map[int]string{31: "<< /S /Document /P 30 0 R /K [32 0 R 50 0 R] /Pg 3 0 R >>"}},
		{"a tag at the end of one", "", nil, map[int]string{32: "<< /S /P /P 31 0 R /K [0 50 0 R] /Pg 3 0 R >>"}},
		{"a tag at the end of a named destination's", "", map[int]string{45: "<< /Type /Annot /Subtype /Link /Rect [72 500 200 520] /X << /D [3 0 R /Fit] /SD [31 0 R /Fit] >> >>"},
			map[int]string{31: "<< /S /Document /P 30 0 R /K [32 0 R 50 0 R] /Pg 3 0 R >>"}},
		{"beside links to nothing", "", map[int]string{46: "<< >>", 45: "<< /Type /Annot /Subtype /Link /Rect [72 500 200 520] /A [<< /S /GoTo /SD [] >> << /S /GoTo /SD (x) >> << /S /GoTo /SD [31 0 R] >>] >>"},
			map[int]string{31: "<< /S /Document /P 30 0 R /K [32 0 R 50 0 R] /Pg 3 0 R >>"}},
		{"a tag at the beginning", "31", nil, map[int]string{31: "<< /S /Document /P 30 0 R /K [50 0 R 32 0 R] /Pg 3 0 R >>"}},
		{"a tag at the beginning of what is in it", "32", nil, map[int]string{32: "<< /S /P /P 31 0 R /K [50 0 R 0] /Pg 3 0 R >>"}},
		{"another tag in its place", "31", nil, map[int]string{31: "<< /S /Document /P 30 0 R /K [] /Pg 3 0 R >>"}},
		{"a tag in one that was empty", "33", map[int]string{31: "<< /S /Document /P 30 0 R /K [33 0 R 32 0 R] /Pg 3 0 R >>"},
			map[int]string{33: "<< /S /P /P 31 0 R /K [50 0 R] /Pg 3 0 R >>"}},
		{"a tag in a list of its own", "", map[int]string{31: "<< /S /Document /P 30 0 R /K 35 0 R /Pg 3 0 R >>", 35: "[32 0 R]"}, map[int]string{35: "[32 0 R 50 0 R]"}},
		{"a tag first in a list of its own", "35", map[int]string{31: "<< /S /Document /P 30 0 R /K 35 0 R /Pg 3 0 R >>", 35: "[32 0 R]"},
			map[int]string{35: "[50 0 R 32 0 R]"}},
		{"another page", "31", nil, map[int]string{31: "<< /S /Document /P 30 0 R /K [32 0 R 50 0 R] /Pg 9 0 R >>"}},
		{"another element in the link", "46", map[int]string{45: "<< /Type /Annot /Subtype /Link /Rect [72 500 200 520] /A << /S /GoTo /SD 46 0 R >> >>",
			46: "[31 0 R /Fit]", 30: "<< /Type /StructTreeRoot /K [31 0 R] /ParentTree 34 0 R /X 46 0 R >>"}, map[int]string{46: "[32 0 R /Fit 50 0 R]"}},
		{"an element that is private data", "32", map[int]string{objCatalog: "", 45: "<< /Type /Annot /Subtype /Link /Rect [72 500 200 520] /A << /S /GoTo /SD [32 0 R] >> >>",
			31: "<< /S /Document /P 30 0 R /Pg 3 0 R >>", 34: "<< /Nums [] >>"}, map[int]string{32: "<< /S /P /P 31 0 R /K 1 /Pg 3 0 R /X 50 0 R >>"}},
		{"an element that is drawn", "31", map[int]string{45: "<< /Type /Annot /Subtype /Link /Rect [72 500 200 520] /A << /S /GoTo /SD [31 0 R] >> /X 31 0 R >>"},
			map[int]string{31: "<< /S /Document /P 30 0 R /K [32 0 R 50 0 R] /Pg 3 0 R >>"}},
		{"what is named by a link that is none", "31", map[int]string{45: "<< /Type /Annot /Subtype /Link /Rect [72 500 200 520] /A << /S /URI /SD [31 0 R] >> >>"},
			map[int]string{31: "<< /S /Document /P 30 0 R /K [32 0 R 50 0 R] /Pg 3 0 R >>"}},
		{"what is named and is no element", "5", map[int]string{45: "<< /Type /Annot /Subtype /Link /Rect [72 500 200 520] /A << /S /GoTo /SD [5 0 R] >> >>",
			30: "<< /Type /StructTreeRoot /K [31 0 R 5 0 R] /ParentTree 34 0 R >>", objPage: "", objFont: "<< /Type /Font /K [0] >>"},
			map[int]string{objFont: "<< /Type /Font /K [0 50 0 R] >>"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			p := newPaper(t)
			p.annots = []int{45}
			p.root["StructTreeRoot"] = "30 0 R"
			objs := maps.Clone(tree)
			maps.Copy(objs, tc.is)
			if o, ok := objs[objPage]; ok && o == "" { // whose font is not drawn
				p.page["Resources"] = "<< >>"
			}
			if o, ok := objs[objCatalog]; ok && o == "" {
				p.root["PieceInfo"] = "<< /X << /Private 32 0 R >> >>"
			}
			objs[objCatalog], objs[objPage] = p.dict(p.root), p.dict(p.page)
			p.update(objs)
			p.sign(buyer, signing{})
			if r := p.verify(buyer); !r.Valid() {
				t.Fatalf("before: %s %v", r.Verdict, allCodes(r))
			}
			more := maps.Clone(tc.now)
			more[50] = "<< /Type /StructElem /S /Form /P 31 0 R /K << /Type /OBJR /Obj 45 0 R >> >>"
			p.sign(seller, signing{objects: more})
			r := p.verify(buyer, seller)
			if tc.why == "" && (!r.Valid() || !slices.Contains(changeCodes(r), changeTags)) ||
				tc.why != "" && (r.Verdict != Invalid || !found(r, "verify.modified|object "+tc.why+" ")) {
				t.Errorf("%s with %v, want %q; changes %v", r.Verdict, allCodes(r), tc.why, changes(r))
			}
		})
	}
}
