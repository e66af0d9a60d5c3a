package verify

import (
	"bytes"
	"crypto/x509/pkix"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	"sealdesk/signer/cms"
	"sealdesk/signer/cms/cmstest"
	"sealdesk/signer/finding"
)

// replaceOnce changes bytes of the file without moving any other.
func (p *paper) replaceOnce(old, new string) {
	p.t.Helper()
	if n := bytes.Count(p.data, []byte(old)); n != 1 || len(old) != len(new) {
		p.t.Fatalf("%q occurs %d times, or its replacement has another length", old, n)
	}
	p.data = bytes.Replace(p.data, []byte(old), []byte(new), 1)
}

// without copies a dictionary as text and drops or sets entries.
func (p *paper) pageWith(key, value string) string {
	d := maps.Clone(p.page)
	d[key] = value
	return p.dict(d)
}

func (p *paper) rootWith(key, value string) string {
	d := maps.Clone(p.root)
	d[key] = value
	return p.dict(d)
}

var evilText = stream("", "BT /F1 24 Tf 72 700 Td (Pay 900 yuan) Tj ET")

// TestAttacks: each changes a file with one good signature. None may be valid,
// and the verdict must have the right reason.
func TestAttacks(t *testing.T) {
	buyer := cmstest.New(t, "ecdsa", cmstest.Options{})
	mallory := cmstest.New(t, "ecdsa", cmstest.Options{Name: "Mallory"})
	honest := newPaper(t)
	honest.sign(buyer, signing{rect: "[400 100 520 220]"})
	if r := honest.verify(buyer); !r.Valid() {
		t.Fatalf("the honest file is %s: %v", r.Verdict, allCodes(r))
	}
	const modifiedCode = "verify.modified"
	for _, tc := range []struct {
		name   string
		code   string
		attack func(p *paper)
	}{
		// incremental saving
		{"page content replaced", modifiedCode, func(p *paper) { p.update(map[int]string{objText: evilText}) }},
		{"page points to other content", modifiedCode, func(p *paper) {
			p.update(map[int]string{objPage: p.pageWith("Contents", "50 0 R"), 50: evilText})
		}},
		{"page gets another font", modifiedCode, func(p *paper) {
			p.update(map[int]string{objFont: "<< /Type /Font /Subtype /Type1 /BaseFont /Symbol >>"})
		}},
		{"page box cut", modifiedCode, func(p *paper) { p.update(map[int]string{objPage: p.pageWith("CropBox", "[0 0 595 300]")}) }},
		{"page turned", modifiedCode, func(p *paper) { p.update(map[int]string{objPage: p.pageWith("Rotate", "180")}) }},
		{"page tree replaced", modifiedCode, func(p *paper) {
			p.update(map[int]string{objPages: "<< /Type /Pages /Kids [50 0 R] /Count 1 >>", 50: p.pageWith("Contents", "51 0 R"), 51: evilText})
		}},
		{"page added", modifiedCode, func(p *paper) {
			p.update(map[int]string{objPages: "<< /Type /Pages /Kids [3 0 R 50 0 R] /Count 2 >>", 50: p.dict(p.page)})
		}},
		{"catalog swapped", modifiedCode, func(p *paper) {
			p.trailer = "/ID [<00112233> <00112233>] /Info 6 0 R"
			p.update(map[int]string{50: p.dict(p.root)})
			p.replaceLast("/Root 1 0 R", "/Root 50 0 R")
		}},
		{"script run on opening", modifiedCode, func(p *paper) {
			p.update(map[int]string{objCatalog: p.rootWith("OpenAction", "<< /S /JavaScript /JS (app.alert\\(1\\)) >>")})
		}},
		{"layers added", modifiedCode, func(p *paper) { p.update(map[int]string{objCatalog: p.rootWith("OCProperties", "<< >>")}) }},
		{"object deleted", modifiedCode, func(p *paper) { p.update(map[int]string{objText: ""}) }},
		{"object nobody needs", modifiedCode, func(p *paper) { p.update(map[int]string{50: evilText}) }},
		{"object written but not listed", modifiedCode, func(p *paper) { p.write(nil, "4 0 obj\n"+evilText+"\nendobj\n") }},
		{"object without a table", modifiedCode, func(p *paper) {
			p.data = append(p.data, "4 0 obj\n"+evilText+"\nendobj\n"...)
		}},
		{"junk after the end", modifiedCode, func(p *paper) { p.data = append(p.data, "junk"...) }},
		{"table after the end without objects", modifiedCode, func(p *paper) { p.data = append(p.data, "xref\n0 0\ntrailer\n<< /Root 1 0 R >>\n%%EOF\n"...) }},
		{"metadata that is a page's content", modifiedCode, func(p *paper) {
			p.trailer = strings.Replace(p.trailer, "/Info 6 0 R", "/Info 4 0 R", 1)
			p.update(map[int]string{objText: evilText})
		}},
		{"validation data that is a page's content", modifiedCode, func(p *paper) {
			p.update(map[int]string{objCatalog: p.rootWith("DSS", "4 0 R"), objText: evilText})
		}},
		// annotations over a signed page
		{"free text over the page", modifiedCode, func(p *paper) {
			p.update(map[int]string{objPage: p.pageWith("Annots", refList(append(p.annots, 50))),
				50: "<< /Type /Annot /Subtype /FreeText /Rect [72 690 400 730] /Contents (Pay 900 yuan) /DA (/F1 24 Tf) >>"})
		}},
		{"stamp in a direct array", modifiedCode, func(p *paper) {
			p.update(map[int]string{objPage: p.pageWith("Annots", "[ 9 0 R << /Type /Annot /Subtype /Stamp /Rect [72 690 400 730] >> ]")})
		}},
		{"seal's picture replaced", modifiedCode, func(p *paper) {
			p.update(map[int]string{9: strings.Replace(p.objects[9], "/F 132", "/F 132 /AP << /N 50 0 R >>", 1), 50: stream("/Subtype /Form /BBox [0 0 1 1]", "")})
		}},
		{"seal moved", modifiedCode, func(p *paper) {
			p.update(map[int]string{9: strings.Replace(p.objects[9], "[400 100 520 220]", "[100 100 220 220]", 1)})
		}},
		{"seal taken off the page", modifiedCode, func(p *paper) { p.update(map[int]string{objPage: p.pageWith("Annots", "[]")}) }},
		{"text field added", modifiedCode, func(p *paper) {
			p.update(map[int]string{objForm: "<< /Fields [9 0 R 50 0 R] /SigFlags 3 >>", 50: "<< /Type /Annot /Subtype /Widget /FT /Tx /T (total) /V (900) /Rect [72 690 400 730] >>",
				objPage: p.pageWith("Annots", "[9 0 R 50 0 R]")})
		}},
		{"signature field with an action", modifiedCode, func(p *paper) {
			p.update(map[int]string{objForm: "<< /Fields [9 0 R 50 0 R] /SigFlags 3 >>",
				50: "<< /Type /Annot /Subtype /Widget /FT /Sig /T (x) /Rect [0 0 9 9] /AA << /E << /S /JavaScript /JS (1) >> >> >>", objPage: p.pageWith("Annots", "[9 0 R 50 0 R]")})
		}},
		{"form that hides fields", modifiedCode, func(p *paper) { p.update(map[int]string{objForm: "<< /Fields [9 0 R] /SigFlags 3 /XFA (x) >>"}) }},
		{"signature's flags lost", modifiedCode, func(p *paper) { p.update(map[int]string{objForm: "<< /Fields [9 0 R] /SigFlags 0 >>"}) }},
		{"signature removed from the form", "verify.signature_removed", func(p *paper) { p.update(map[int]string{objForm: "<< /Fields [] /SigFlags 3 >>"}) }},
		{"signature's value removed", "verify.signature_removed", func(p *paper) {
			p.update(map[int]string{9: strings.Replace(p.objects[9], "/V 8 0 R", "", 1)})
		}},
		{"second field of the same name", modifiedCode, func(p *paper) { p.sign(mallory, signing{fieldName: "Signature9"}) }},
		{"empty field with a picture over the page", modifiedCode, func(p *paper) {
			p.update(map[int]string{objForm: "<< /Fields [9 0 R 50 0 R] /SigFlags 3 >>", objPage: p.pageWith("Annots", "[9 0 R 50 0 R]"),
				50: "<< /Type /Annot /Subtype /Widget /FT /Sig /T (x) /Rect [72 690 400 730] /AP << /N 51 0 R >> >>", 51: stream("/Subtype /Form /BBox [0 0 1 1]", "0 0 1 1 re f")})
		}},
		{"empty field with a coloured ground", modifiedCode, func(p *paper) {
			p.update(map[int]string{objForm: "<< /Fields [9 0 R 50 0 R] /SigFlags 3 >>", objPage: p.pageWith("Annots", "[9 0 R 50 0 R]"),
				50: "<< /Type /Annot /Subtype /Widget /FT /Sig /T (x) /Rect [72 690 400 730] /MK << /BG [1 1 1] >> >>"})
		}},
		{"time stamp with a picture over the page", modifiedCode, func(p *paper) {
			p.sign(mallory, signing{sub: "ETSI.RFC3161", rect: "[72 690 400 730]"})
		}},
		// signature wrapping and forgery
		{"signature dictionary replaced", "verify.bad_byte_range", func(p *paper) { p.update(map[int]string{8: p.objects[8]}) }},
		{"signature moved behind the content", "verify.bad_byte_range", wrap},
		{"byte range of three numbers", "verify.bad_byte_range|four numbers", func(p *paper) {
			p.editRange(func(b []int) string { return fmt.Sprintf("[%d %d %d]", b[1], b[2], b[3]) })
		}},
		{"byte range with a real number", "verify.bad_byte_range", func(p *paper) {
			p.editRange(func(b []int) string { return fmt.Sprintf("[0 %d. %d %d]", b[1], b[2], b[3]) })
		}},
		{"byte range from byte one", "verify.bad_byte_range|first byte", func(p *paper) {
			p.editRange(func(b []int) string { return fmt.Sprintf("[1 %d %d %d]", b[1]-1, b[2], b[3]) })
		}},
		{"byte range with overlapping parts", "verify.bad_byte_range|overlap", func(p *paper) {
			p.editRange(func(b []int) string { return fmt.Sprintf("[0 %d %d %d]", b[2]+9, b[2], b[3]) })
		}},
		{"byte range leaves out too much", "verify.bad_byte_range", func(p *paper) {
			p.editRange(func(b []int) string { return fmt.Sprintf("[0 %d %d %d]", b[1]-1, b[2], b[3]) })
		}},
		{"byte range leaves out too little", "verify.bad_byte_range", func(p *paper) {
			p.editRange(func(b []int) string { return fmt.Sprintf("[0 %d %d %d]", b[1], b[2]-1, b[3]+1) })
		}},
		{"byte range ends early", "verify.not_whole_revision", func(p *paper) {
			p.editRange(func(b []int) string { return fmt.Sprintf("[0 %d %d %d]", b[1], b[2], b[3]-10) })
		}},
		{"byte range ends behind the file", "verify.bad_byte_range", func(p *paper) {
			p.editRange(func(b []int) string { return fmt.Sprintf("[0 %d %d %d]", b[1], b[2], b[3]+1) })
		}},
		{"byte range negative", "verify.bad_byte_range", func(p *paper) { p.editRange(func(b []int) string { return fmt.Sprintf("[0 -1 %d %d]", b[2], b[3]) }) }},
		{"byte range overflows", "verify.bad_byte_range", func(p *paper) {
			p.editRange(func(b []int) string { return fmt.Sprintf("[0 %d %d 9223372036854775807]", b[1], b[2]) })
		}},
		{"no byte range", "verify.no_byte_range", func(p *paper) { p.replaceOnce("/ByteRange", "/BiteRange") }},
		{"byte range null", "verify.no_byte_range", func(p *paper) { p.editRange(func(b []int) string { return "null" }) }},
		{"no contents", "verify.no_contents", func(p *paper) { p.replaceOnce("/Contents <", "/Kontents <") }},
		{"contents all zero", "verify.no_contents", func(p *paper) { p.editContents(func(c []byte) { zero(c[1 : len(c)-1]) }) }},
		{"contents padded with something", "verify.bad_contents", func(p *paper) { p.editContents(func(c []byte) { c[len(c)-2] = '1' }) }},
		{"contents with white space", "verify.bad_contents", func(p *paper) { p.editContents(func(c []byte) { c[len(c)-2] = ' ' }) }},
		{"contents a literal string", "verify.bad_contents", func(p *paper) { p.editContents(func(c []byte) { c[0], c[len(c)-1] = '(', ')' }) }},
		{"contents twice", "verify.bad_contents", func(p *paper) {
			p.editContents(func(c []byte) { copy(c[len(c)-20:], "> /Contents <000000>") })
		}},
		{"signed bytes changed", "verify.digest_mismatch", func(p *paper) { p.replaceOnce("Pay 100 yuan", "Pay 900 yuan") }},
	} {
		t.Run(tc.name, func(t *testing.T) {
			p := honest.clone()
			p.t = t
			tc.attack(p)
			r := p.verify(buyer, mallory)
			if r.Verdict != Invalid || !found(r, tc.code) {
				t.Errorf("verdict %s with %v, want invalid with %s; changes %v", r.Verdict, allCodes(r), tc.code, changes(r))
			}
		})
	}
}

// found says whether the report has a finding of a code, and, behind a bar, with
// these words in its message.
func found(r *Report, want string) bool {
	code, words, _ := strings.Cut(want, "|")
	has := func(f finding.Finding) bool { return f.Code == code && strings.Contains(f.Message, words) }
	return slices.ContainsFunc(r.Findings, has) || slices.ContainsFunc(r.Signatures, func(s Signature) bool { return slices.ContainsFunc(s.Findings, has) })
}

func changes(r *Report) (out []string) {
	for _, s := range r.Signatures {
		for _, c := range s.ChangesAfter {
			out = append(out, c.Message)
		}
	}
	return out
}

func zero(b []byte) {
	for i := range b {
		b[i] = '0'
	}
}

// replaceLast changes the last occurrence; nothing with an offset may follow it.
func (p *paper) replaceLast(old, new string) {
	i := bytes.LastIndex(p.data, []byte(old))
	p.data = slices.Concat(p.data[:i], []byte(new), p.data[i+len(old):])
}

var byteRange = regexp.MustCompile(`/ByteRange (\[0 +(\d+) +(\d+) +(\d+)\])`)

// editRange writes another byte range into the room of the first one.
func (p *paper) editRange(f func(b []int) string) {
	m := byteRange.FindSubmatchIndex(p.data)
	b := make([]int, 4)
	for i := 1; i < 4; i++ {
		fmt.Sscan(string(p.data[m[2*i+2]:m[2*i+3]]), &b[i])
	}
	s := f(b)
	copy(p.data[m[2]:m[3]], s+strings.Repeat(" ", m[3]-m[2]-len(s)))
}

// editContents hands out the value of the first /Contents of a signature with its brackets.
func (p *paper) editContents(f func(c []byte)) {
	from := bytes.Index(p.data, []byte("/Contents <")) + len("/Contents ")
	f(p.data[from : from+bytes.IndexByte(p.data[from:], '>')+1])
}

// wrap moves the second signed part behind new objects and lets the byte range
// follow it: the hash is right, what is shown is not.
func wrap(p *paper) {
	m := byteRange.FindSubmatch(p.data)
	var b1, b2, b3 int
	fmt.Sscan(string(m[2]), &b1)
	fmt.Sscan(string(m[3]), &b2)
	fmt.Sscan(string(m[4]), &b3)
	second := bytes.Clone(p.data[b2 : b2+b3])
	p.update(map[int]string{objText: evilText})
	at := len(p.data) + 1
	p.data = append(append(p.data, '%'), second...)
	p.editRange(func([]int) string { return fmt.Sprintf("[0 %d %d %d]", b1, at, b3) })
}

// TestEveryBitCounts changes one bit at every covered offset of a small file.
func TestEveryBitCounts(t *testing.T) {
	buyer := cmstest.New(t, "ecdsa", cmstest.Options{})
	p := newPaper(t)
	p.sign(buyer, signing{})
	r := p.verify(buyer)
	if !r.Valid() {
		t.Fatal(allCodes(r))
	}
	b := r.Signatures[0].ByteRange
	flips := 0
	for i := range p.data {
		if int64(i) >= b[1] && int64(i) < b[2] {
			continue
		}
		mask := byte(1) << (i % 8)
		p.data[i] ^= mask
		if r := p.verify(buyer); r.Verdict != Invalid {
			t.Errorf("bit %#x of byte %d changed: %s", mask, i, r.Verdict)
		}
		p.data[i] ^= mask
		flips++
	}
	t.Logf("%d of %d bytes changed, all invalid", flips, len(p.data))
}

// TestAllowed: what may follow a signature, and leaves it valid.
func TestAllowed(t *testing.T) {
	buyer := cmstest.New(t, "ecdsa", cmstest.Options{})
	seller := cmstest.New(t, "ecdsa", cmstest.Options{Name: "供应商"})
	authority := cmstest.New(t, "ecdsa", cmstest.Options{Name: "TSA", Extensions: []pkix.Extension{cmstest.TimeStamping}})
	for _, tc := range []struct {
		name   string
		first  signing
		follow func(p *paper)
		want   []string // what the first signature sees afterwards
	}{
		{"nothing", signing{}, func(p *paper) {}, nil},
		{"countersignature", signing{rect: "[100 100 220 220]"}, func(p *paper) {
			p.sign(seller, signing{rect: "[300 100 420 220]", widget: "/AP << /N 60 0 R >>", objects: map[int]string{60: stream("/Subtype /Form /BBox [0 0 1 1] /Resources << /XObject << /I 61 0 R >> >>", "/I Do"), 61: stream("/Subtype /Image", "x")}})
		}, []string{"verify.change_signature"}},
		{"countersignature over many fields", signing{sharedBy: 3}, func(p *paper) { p.sign(seller, signing{sharedBy: 4}) }, []string{"verify.change_signature"}},
		{"countersignature under a certification", signing{root: map[string]string{"Perms": "<< /DocMDP SIG 0 R >>"},
			sig: "/Reference [<< /Type /SigRef /TransformMethod /DocMDP /TransformParams << /Type /TransformParams /P 2 /V /1.2 >> >>]"},
			func(p *paper) { p.sign(seller, signing{}) }, []string{"verify.change_signature"}},
		{"validation data", signing{}, func(p *paper) {
			p.root["DSS"] = "60 0 R"
			p.update(map[int]string{objCatalog: p.dict(p.root), 60: "<< /Type /DSS /Certs [61 0 R] >>", 61: stream("", "x")})
			p.update(map[int]string{60: "<< /Type /DSS /Certs [61 0 R 62 0 R] >>", 62: stream("", "y")})
		}, []string{"verify.change_validation_data", "verify.change_validation_data"}},
		{"dated validation data under a certification that forbids changes", signing{root: map[string]string{"Perms": "<< /DocMDP SIG 0 R >>"},
			sig: "/Reference [<< /Type /SigRef /TransformMethod /DocMDP /TransformParams << /Type /TransformParams /P 1 /V /1.2 >> >>]"},
			func(p *paper) {
				p.root["DSS"] = "60 0 R"
				p.update(map[int]string{objCatalog: p.dict(p.root), objInfo: "<< /ModDate (D:2026) >>", 60: "<< /Type /DSS /Certs [61 0 R] >>", 61: stream("", "x")})
			}, []string{"verify.change_metadata", "verify.change_validation_data"}},
		{"metadata", signing{}, func(p *paper) {
			p.update(map[int]string{objInfo: "<< /Title (Contract 2) /ModDate (D:2026) >>"})
			p.update(map[int]string{objCatalog: p.rootWith("Metadata", "60 0 R"), 60: stream("/Type /Metadata /Subtype /XML", "<x/>")})
		}, []string{"verify.change_metadata", "verify.change_metadata"}},
		{"empty field, then signed", signing{}, func(p *paper) {
			p.fields, p.annots = append(p.fields, 60), append(p.annots, 60)
			p.page["Annots"] = refList(p.annots)
			p.update(map[int]string{objForm: "<< /Fields " + refList(p.fields) + " /SigFlags 3 >>", objPage: p.dict(p.page),
				60: "<< /Type /Annot /Subtype /Widget /FT /Sig /T (empty) /P 3 0 R /F 4 /Rect [0 0 9 9] >>"})
		}, []string{"verify.change_field"}},
		{"document time stamp", signing{}, func(p *paper) { p.stamp(authority, testNow) }, []string{"verify.change_timestamp"}},
		{"identifier replaced", signing{}, func(p *paper) {
			p.trailer = strings.Replace(p.trailer, "<00112233> <", "<FF112233> <", 1)
			p.update(map[int]string{objInfo: "<< /Title (Other) >>"})
		}, []string{"verify.change_metadata"}},
		{"objects repeated unchanged", signing{}, func(p *paper) { p.update(map[int]string{objText: p.objects[objText], objPages: p.objects[objPages]}) },
			[]string{"verify.change_none"}},
		{"comment of a writer", signing{}, func(p *paper) { p.write(map[int]string{objInfo: "<< >>"}, "%Writer 1.0\n") }, []string{"verify.change_metadata"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			p := newPaper(t)
			p.sign(buyer, tc.first)
			signed := len(p.data)
			tc.follow(p)
			r := p.verify(buyer, seller)
			if !r.Valid() {
				t.Fatalf("%s: %v; changes %v", r.Verdict, allCodes(r), changes(r))
			}
			first := r.Signatures[0]
			var got []string
			for _, c := range first.ChangesAfter {
				got = append(got, c.Code)
				if !c.Allowed || c.Message == "" {
					t.Errorf("change %+v", c)
				}
			}
			if !slices.Equal(got, tc.want) {
				t.Errorf("changes %v, want %v", got, tc.want)
			}
			if first.CoversWholeFile != (tc.want == nil) || first.RevisionEnd != int64(signed) || first.Level != "B" {
				t.Errorf("first signature %+v", first)
			}
			// What the first signer saw is a file of its own, and valid.
			if r := verifyBytes(t, p.data[:first.RevisionEnd], buyer); !r.Valid() || !r.Signatures[0].CoversWholeFile {
				t.Errorf("first revision: %s %v", r.Verdict, allCodes(r))
			}
		})
	}
}

// TestCertification: DocMDP forbids what an approval would let pass.
func TestCertification(t *testing.T) {
	buyer := cmstest.New(t, "ecdsa", cmstest.Options{})
	seller := cmstest.New(t, "ecdsa", cmstest.Options{})
	certified := func(level int) signing {
		return signing{root: map[string]string{"Perms": "<< /DocMDP SIG 0 R >>"},
			sig: fmt.Sprintf("/Reference [<< /TransformMethod /DocMDP /TransformParams << /P %d /V /1.2 >> >>]", level)}
	}
	freeText := func(p *paper) {
		p.update(map[int]string{objPage: p.pageWith("Annots", refList(append(p.annots, 50))), 50: "<< /Type /Annot /Subtype /FreeText /Rect [72 690 400 730] /Contents (Pay 900 yuan) >>"})
	}
	for _, tc := range []struct {
		name   string
		first  signing
		follow func(p *paper)
		code   string // "" means valid
	}{
		{"level 1 alone", certified(1), func(p *paper) {}, ""},
		{"level 1 countersigned", certified(1), func(p *paper) { p.sign(seller, signing{}) }, "verify.certification_violated"},
		{"level 1 other metadata", certified(1), func(p *paper) { p.update(map[int]string{objInfo: "<< >>"}) }, "verify.certification_violated"},
		{"level 2 countersigned", certified(2), func(p *paper) { p.sign(seller, signing{}) }, ""},
		{"level 3 countersigned", certified(3), func(p *paper) { p.sign(seller, signing{}) }, ""},
		{"level 3 with free text", certified(3), freeText, "verify.modified"},
		{"level 2 with free text", certified(2), freeText, "verify.certification_violated"},
		{"level 4", certified(4), func(p *paper) {}, "verify.certification_wrong"},
		{"approval, then certification", signing{}, func(p *paper) { p.sign(seller, signing{sig: certified(2).sig}) }, "verify.certification_wrong"},
		{"approval, then Perms", signing{}, func(p *paper) { p.sign(seller, certified(2)) }, "verify.modified"},
		{"Perms without a reference", signing{root: map[string]string{"Perms": "<< /DocMDP 7 >>"}}, func(p *paper) {}, "verify.certification_wrong"},
		{"Perms names no signature", signing{root: map[string]string{"Perms": "<< /DocMDP 5 0 R >>"}}, func(p *paper) {}, "verify.certification_wrong"},
		{"Perms names an approval", signing{root: map[string]string{"Perms": "<< /DocMDP SIG 0 R >>"}}, func(p *paper) {}, "verify.certification_wrong"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			p := newPaper(t)
			p.sign(buyer, tc.first)
			tc.follow(p)
			r := p.verify(buyer, seller)
			got := allCodes(r)
			if tc.code == "" && !r.Valid() || tc.code != "" && (r.Verdict != Invalid || !slices.Contains(got, tc.code)) {
				t.Errorf("%s with %v, want %q; changes %v", r.Verdict, got, tc.code, changes(r))
			}
		})
	}
}

// TestShadow: a signed file that refers to a missing object, and its filling.
func TestShadow(t *testing.T) {
	buyer := cmstest.New(t, "ecdsa", cmstest.Options{})
	p := newPaper(t)
	p.page["Contents"] = "[4 0 R 40 0 R]"
	p.sign(buyer, signing{})
	if r := p.verify(buyer); !r.Valid() || !slices.Contains(allCodes(r), "verify.hidden_objects") {
		t.Errorf("prepared: %s %v", r.Verdict, allCodes(r))
	}
	p.update(map[int]string{objInfo: "<< /Title 40 0 R >>", 40: evilText})
	if r := p.verify(buyer); r.Verdict != Invalid || !slices.Contains(allCodes(r), "verify.modified") {
		t.Errorf("filled: %s %v", r.Verdict, allCodes(r))
	}
}

// TestSealsOnThePage: pictures that cover something.
func TestSealsOnThePage(t *testing.T) {
	buyer := cmstest.New(t, "ecdsa", cmstest.Options{})
	seller := cmstest.New(t, "ecdsa", cmstest.Options{})
	for _, tc := range []struct {
		name, rect, code string
		verdict          Verdict
	}{
		{"beside", "[300 100 420 220]", "", Valid},
		{"over the first", "[150 150 270 270]", "verify.seal_overlaps", Valid},
		{"over the page", "[230 0 595 842]", "verify.seal_too_large", Untrusted},
		{"a strip over a paragraph", "[0 500 595 600]", "verify.seal_too_large", Untrusted},
		{"upside down", "[595 842 230 0]", "verify.seal_too_large", Untrusted},
	} {
		t.Run(tc.name, func(t *testing.T) {
			p := newPaper(t)
			p.sign(buyer, signing{rect: "[100 100 220 220]"})
			p.sign(seller, signing{rect: tc.rect})
			r := p.verify(buyer, seller)
			if r.Verdict != tc.verdict || tc.code != "" && !slices.Contains(codes(r.Signatures[1].Findings), tc.code) {
				t.Errorf("%s %v", r.Verdict, allCodes(r))
			}
			if got := r.Signatures[0].Widgets; len(got) != 1 || got[0] != (Widget{1, [4]float64{100, 100, 220, 220}}) {
				t.Errorf("widgets %v", got)
			}
		})
	}
}

// TestSealsOnPagesOfOtherSizes: what a seal covers is measured on paper, and against what the page shows.
func TestSealsOnPagesOfOtherSizes(t *testing.T) {
	buyer := cmstest.New(t, "ecdsa", cmstest.Options{})
	seller := cmstest.New(t, "ecdsa", cmstest.Options{})
	for _, tc := range []struct {
		name, media, rect, code string
		page                    map[string]string
		verdict                 Verdict
	}{
		{"most of a page of large units", "[0 0 59.5 84.2]", "[5 20 50 70]", "verify.seal_too_large", map[string]string{"UserUnit": "10"}, Untrusted},
		{"a seal on a page of large units", "[0 0 59.5 84.2]", "[40 10 52 22]", "", map[string]string{"UserUnit": "10"}, Valid},
		{"a seal on a page of small units", "[0 0 5950 8420]", "[4000 1000 5200 2200]", "", map[string]string{"UserUnit": "0.1"}, Valid},
		{"over the first, in large units", "[0 0 59.5 84.2]", "[15.5 15.5 17.5 17.5]", "verify.seal_overlaps", map[string]string{"UserUnit": "10"}, Valid},
		{"beside the first, in small units", "[0 0 5950 8420]", "[15 15 17 17]", "", map[string]string{"UserUnit": "0.1"}, Valid},
		{"most of what a page shows", "[0 0 595 842]", "[300 300 400 400]", "verify.seal_too_large", map[string]string{"CropBox": "[300 300 410 420]", "Rotate": "90"}, Untrusted},
		{"a seal on a card", "[0 0 255 153]", "[100 20 200 120]", "", map[string]string{"Rotate": "270"}, Valid},
	} {
		t.Run(tc.name, func(t *testing.T) {
			p := newPaper(t)
			p.page["MediaBox"] = tc.media
			maps.Copy(p.page, tc.page)
			p.sign(buyer, signing{rect: "[14 14 16 16]"})
			p.sign(seller, signing{rect: tc.rect})
			r := p.verify(buyer, seller)
			covers := func(code string) bool { return slices.Contains(codes(r.Signatures[1].Findings), code) }
			for _, code := range []string{"verify.seal_too_large", "verify.seal_overlaps"} {
				if covers(code) != (code == tc.code) {
					t.Errorf("%s: %v", code, covers(code))
				}
			}
			if r.Verdict != tc.verdict {
				t.Errorf("%s %v", r.Verdict, allCodes(r))
			}
		})
	}
}

func TestVerdicts(t *testing.T) {
	for _, algorithm := range cmstest.Algorithms {
		t.Run(algorithm, func(t *testing.T) {
			buyer := cmstest.New(t, algorithm, cmstest.Options{Name: "某县人民医院"})
			p := newPaper(t)
			if r := p.verify(buyer); r.Verdict != Unsigned || r.Sentence().Code != "verify.said_unsigned" {
				t.Errorf("unsigned: %s", r.Verdict)
			}
			p.sign(buyer, signing{sharedBy: 2})
			r := p.verify(buyer)
			if !r.Valid() || len(r.Signatures) != 1 || r.Sentence().Code != "verify.said_valid" {
				t.Fatalf("%s %v", r.Verdict, allCodes(r))
			}
			s := r.Signatures[0]
			if s.Signer != "某县人民医院" || s.Level != "B" || s.SignedAt == nil || s.SignedAt.Year() != 2025 || len(s.Chain) != 3 || len(s.Widgets) != 2 {
				t.Errorf("%+v", s)
			}
			r = p.verify()
			if r.Verdict != Untrusted || r.Sentence().Params["reason"] != "verify.no_roots" || r.Sentence().Params["signer"] != "某县人民医院" {
				t.Errorf("without roots: %s %v", r.Verdict, r.Sentence())
			}
			p.sign(cmstest.New(t, algorithm, cmstest.Options{Name: "stranger"}), signing{})
			if r := p.verify(buyer); r.Verdict != Untrusted || r.Signatures[0].Verdict != Valid || r.Sentence().Params["signer"] != "stranger" {
				t.Errorf("with a stranger's signature: %s %v", r.Verdict, allCodes(r))
			}
		})
	}
}

// TestProfiles: kinds of signature values that are judged, or are not.
func TestProfiles(t *testing.T) {
	buyer := cmstest.New(t, "ecdsa", cmstest.Options{})
	for _, tc := range []struct {
		name    string
		s       signing
		verdict Verdict
		code    string
	}{
		{"adbe.pkcs7.detached", signing{sub: "adbe.pkcs7.detached"}, Valid, "verify.profile_not_pades"},
		{"adbe.pkcs7.sha1 without a digest inside", signing{sub: "adbe.pkcs7.sha1"}, Invalid, "verify.cms_malformed"},
		{"vendor's own", signing{sub: "Vendor.own"}, Invalid, "verify.sub_filter_unsupported"},
		{"SignedData where a seal should be", signing{sub: "GM.sm2seal"}, Invalid, "ses.malformed"},
		{"SignedData of RFC 5652 in a form of GB/T 35275", signing{sub: "GM.SM2"}, Valid, "verify.profile_not_pades"},
		{"certificate in the dictionary", signing{sig: "/Cert <00>"}, Valid, "verify.profile_not_pades"},
		{"garbage for a value", signing{contents: func(der []byte) []byte { return bytes.Repeat([]byte{0x31}, len(der)) }}, Invalid, "verify.bad_contents"},
		{"indefinite length", signing{contents: func(der []byte) []byte {
			// 30 82 hh ll becomes 30 80, and two zeros end it.
			return slices.Concat([]byte{0x30, 0x80}, der[4:], []byte{0, 0})
		}}, Valid, "verify.encoding_not_der"},
		{"cut off", signing{contents: func(der []byte) []byte { return append(der[:len(der)-9], make([]byte, 9)...) }}, Invalid, "verify.signature_forged"},
		{"time stamp attribute", signing{padding: 8192, contents: func(der []byte) []byte {
			s, err := cms.Parse(der)
			if err != nil {
				t.Fatal(err)
			}
			der, err = s.AddUnsigned([]int{1, 2, 840, 113549, 1, 9, 16, 2, 14}, []byte{0x30, 0})
			if err != nil {
				t.Fatal(err)
			}
			return der
		}}, Untrusted, "verify.timestamp_wrong"},
		{"claimed long ago", signing{year: 2011}, Untrusted, "verify.not_valid_when_signed"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			p := newPaper(t)
			p.sign(buyer, tc.s)
			r := p.verify(buyer)
			if r.Verdict != tc.verdict || !slices.Contains(allCodes(r), tc.code) {
				t.Errorf("%s %v", r.Verdict, allCodes(r))
			}
		})
	}
}
