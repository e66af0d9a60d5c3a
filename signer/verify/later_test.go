package verify

import (
	"crypto/sha1"
	"encoding/pem"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/emmansun/gmsm/smx509"
	"sealdesk/signer/cms/cmstest"
)

// TestLaterRevisions breaks one rule after the other in a revision that
// follows a signature. The words are part of the reason.
func TestLaterRevisions(t *testing.T) {
	buyer := cmstest.New(t, "ecdsa", cmstest.Options{})
	seller := cmstest.New(t, "ecdsa", cmstest.Options{})
	base := newPaper(t)
	base.root["Version"], base.root["Extensions"] = "/1.7", "<< /ADBE << /BaseVersion /1.7 /ExtensionLevel 3 >> >>"
	base.page["Shared"] = "21 0 R" // the annotations of the second page
	base.fields, base.annots = []int{20}, []int{20}
	base.update(map[int]string{
		objPages: "<< /Type /Pages /Kids [3 0 R 22 0 R] /Count 2 >>",
		20:       "<< /Type /Annot /Subtype /Widget /FT /Sig /T (empty) /P 3 0 R /F 4 /Rect [300 100 420 220] >>",
		21:       "[]",
		22:       "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Annots 21 0 R >>",
	})
	base.sign(buyer, signing{})
	value, signed := base.size-2, base.size-1 // the signature and its field
	if r := base.verify(buyer); !r.Valid() {
		t.Fatal(allCodes(r))
	}
	field := "<< /Type /Annot /Subtype /Widget /FT /Sig /T (new) /Rect [0 0 0 0] >>"
	with := func(field string, more ...string) func(p *paper) {
		return func(p *paper) {
			objs := map[int]string{objForm: fmt.Sprintf("<< /Fields %s /SigFlags 3 >>", refList(append(p.fields, 50))), 50: field}
			for i, o := range more {
				objs[51+i] = o
			}
			p.update(objs)
		}
	}
	const mod = "verify.modified|"
	for _, tc := range []struct {
		name, why string // why is empty for what is allowed
		follow    func(p *paper)
	}{
		{"another generation", mod + "generation", func(p *paper) {
			p.update(map[int]string{objFont: p.objects[objFont]})
			p.replaceLast("5 0 obj", "5 1 obj")
			p.replaceLast(" 00000 n", " 00001 n")
		}},
		{"version raised", "", func(p *paper) { p.update(map[int]string{objCatalog: p.rootWith("Version", "/2.0")}) }},
		{"version no name", mod + "Version", func(p *paper) { p.update(map[int]string{objCatalog: p.rootWith("Version", "2")}) }},
		{"extension added", "", func(p *paper) {
			p.update(map[int]string{objCatalog: p.rootWith("Extensions", "<< /ADBE << /BaseVersion /1.7 /ExtensionLevel 3 >> /ESIC << /BaseVersion /1.7 /ExtensionLevel 2 >> >>")})
		}},
		{"extension's level lowered", mod + "Extensions", func(p *paper) {
			p.update(map[int]string{objCatalog: p.rootWith("Extensions", "<< /ADBE << /BaseVersion /1.7 /ExtensionLevel 2 >> >>")})
		}},
		{"extension's level raised", "", func(p *paper) {
			p.update(map[int]string{objCatalog: p.rootWith("Extensions", "<< /ADBE << /BaseVersion /1.7 /ExtensionLevel 8 >> >>")})
		}},
		{"extensions not a dictionary", mod + "Extensions", func(p *paper) { p.update(map[int]string{objCatalog: p.rootWith("Extensions", "7")}) }},
		{"form in the place of a font", mod + "became another object", func(p *paper) {
			p.update(map[int]string{objCatalog: p.rootWith("AcroForm", "5 0 R"), objFont: p.objects[objForm]})
		}},
		{"annotations shared with something else", mod + "shared", func(p *paper) {
			with(field)(p)
			p.update(map[int]string{21: "[50 0 R]"})
		}},
		{"fields in another order", mod + "reordered", func(p *paper) {
			p.update(map[int]string{objForm: fmt.Sprintf("<< /Fields [%d 0 R 20 0 R] /SigFlags 3 >>", signed)})
		}},
		{"an old object as a field", mod + "not a new field", func(p *paper) {
			p.update(map[int]string{objForm: fmt.Sprintf("<< /Fields %s /SigFlags 3 >>", refList(append(p.fields, objFont)))})
		}},
		{"new field", "", with(field)},
		{"field without a name", mod + "named signature field", with(strings.Replace(field, "/T (new)", "", 1))},
		{"field with a dot in its name", mod + "named signature field", with(strings.Replace(field, "(new)", "(a.b)", 1))},
		{"field of text", mod + "named signature field", with(strings.Replace(field, "/FT /Sig", "/FT /Tx", 1))},
		{"field with a parent", mod + "has a parent", with(strings.Replace(field, "<<", "<< /Parent 20 0 R", 1))},
		{"field that is a link", mod + "not a widget", with(strings.Replace(field, "/Widget", "/Link", 1))},
		{"field with the value of another", mod + "old value", with(strings.Replace(field, "<<", fmt.Sprintf("<< /V %d 0 R", value), 1))},
		{"field with a value that is no signature", mod + "not a signature", with(strings.Replace(field, "<<", "<< /V 51 0 R", 1), "<< /Type /Sig >>")},
		{"field of widgets", "", with("<< /FT /Sig /T (new) /Kids [51 0 R] >>", "<< /Type /Annot /Subtype /Widget /Parent 50 0 R /Rect [0 0 9 9] >>")},
		{"widget of another field", mod + "does not belong", with("<< /FT /Sig /T (new) /Kids [51 0 R] >>", "<< /Subtype /Widget /Parent 20 0 R /Rect [0 0 9 9] >>")},
		{"widget with a picture, no signer", mod + "without a signer", with("<< /FT /Sig /T (new) /Kids [51 0 R] >>",
			"<< /Subtype /Widget /Parent 50 0 R /Rect [0 0 9 9] /AP << /N 52 0 R >> >>", stream("/Subtype /Form", ""))},
		{"widget with a picture at a place of five numbers", mod + "without a signer", with(strings.Replace(field, "[0 0 0 0]", "[9 9 99 99 0] /AP << /N 51 0 R >>", 1), stream("/Subtype /Form", ""))},
		{"kids without end", "verify.too_large|form fields", func(p *paper) {
			objs := []string{}
			for i := range 40 {
				objs = append(objs, fmt.Sprintf("<< /Subtype /Widget /Parent %d 0 R /Kids [%d 0 R] /Rect [0 0 0 0] >>", 50+i, 52+i))
			}
			with("<< /FT /Sig /T (new) /Kids [51 0 R] >>", objs...)(p)
		}},
		{"widget that names another page", mod + "another page", func(p *paper) {
			p.fields, p.annots = append(p.fields, 50), append(p.annots, 50)
			p.update(map[int]string{objForm: "<< /Fields " + refList(p.fields) + " /SigFlags 3 >>", objPage: p.pageWith("Annots", refList(p.annots)),
				50: "<< /Type /Annot /Subtype /Widget /FT /Sig /T (new) /P 22 0 R /Rect [0 0 9 9] >>"})
		}},
		{"empty field signed", "", func(p *paper) { p.sign(seller, signing{existing: 20}) }},
		{"empty field signed with a picture", "", func(p *paper) {
			p.sign(seller, signing{existing: 20, widget: "/AP << /N 60 0 R >>", objects: map[int]string{60: stream("/Subtype /Form /BBox [0 0 1 1]", "")}})
		}},
		{"empty field signed and moved", mod + "Rect", func(p *paper) {
			p.objects[20] = strings.Replace(p.objects[20], "[300 100 420 220]", "[100 100 420 220]", 1)
			p.sign(seller, signing{existing: 20})
		}},
		{"empty field stamped with a picture", mod + "without a signer", func(p *paper) { p.sign(seller, signing{existing: 20, sub: "ETSI.RFC3161"}) }},
		{"empty field changed", mod + "without being signed", func(p *paper) {
			p.update(map[int]string{20: strings.Replace(p.objects[20], "<<", "<< /AP << >>", 1)})
		}},
		{"table with odd entries", mod + "xref_entry_form", func(p *paper) {
			p.update(map[int]string{objInfo: "<< >>"})
			p.replaceLast(" n \n", " n\n")
		}},
		{"a long comment", mod + "comment", func(p *paper) { p.write(map[int]string{objInfo: "<< >>"}, "%"+strings.Repeat("x", 300)+"\n") }},
		{"much white space", mod + "belong to no object", func(p *paper) { p.write(map[int]string{objInfo: "<< >>"}, strings.Repeat(" ", 70<<10)) }},
		{"white space", "", func(p *paper) { p.write(map[int]string{objInfo: "<< >>"}, "\r\n  \n") }},
	} {
		t.Run(tc.name, func(t *testing.T) {
			p := base.clone()
			p.t = t
			tc.follow(p)
			r := p.verify(buyer, seller)
			if tc.why == "" && !r.Valid() || tc.why != "" && (r.Verdict != Invalid || !found(r, tc.why)) {
				t.Errorf("%s with %v, want %q; changes %v", r.Verdict, allCodes(r), tc.why, changes(r))
			}
		})
	}
}

// TestContainers: an older object must not be looked up in a newer object
// stream, not even when validation data leads to it.
func TestContainers(t *testing.T) {
	buyer := cmstest.New(t, "ecdsa", cmstest.Options{})
	p := newPaper(t)
	p.compress(map[int]string{objFont: p.objects[objFont]}, 30)
	p.root["DSS"] = "<< /Certs [30 0 R] >>"
	p.sign(buyer, signing{})
	if r := p.verify(buyer); !r.Valid() {
		t.Fatal(allCodes(r))
	}
	p.compress(map[int]string{objFont: "<< /Type /Font /Subtype /Type1 /BaseFont /Symbol >>", objInfo: "<< >>"}, 30, objFont)
	if r := p.verify(buyer); r.Verdict != Invalid || !found(r, "verify.modified|object stream 30 was replaced") {
		t.Errorf("%s %v", r.Verdict, changes(r))
	}

	p = newPaper(t)
	p.page["Contents"] = "[4 0 R 40 0 R]"
	p.sign(buyer, signing{})
	p.compress(map[int]string{objInfo: "<< >>"}, 40)
	if r := p.verify(buyer); r.Verdict != Invalid || !found(r, "verify.modified|was missing and was filled") {
		t.Errorf("%s %v", r.Verdict, changes(r))
	}
}

// TestHybrid: a later revision from which two readers take different objects.
func TestHybrid(t *testing.T) {
	buyer := cmstest.New(t, "ecdsa", cmstest.Options{})
	p := newPaper(t)
	p.compress(map[int]string{objFont: p.objects[objFont]}, 30)
	companion := p.prev
	p.sign(buyer, signing{})
	hybrid := p.clone()
	hybrid.trailer += fmt.Sprintf(" /XRefStm %d", companion)
	hybrid.update(map[int]string{objInfo: "<< >>"})
	if r := hybrid.verify(buyer); r.Verdict != Invalid || !found(r, "verify.modified|odd cross-reference section") {
		t.Errorf("%s %v %v", r.Verdict, allCodes(r), changes(r))
	}
	p.trailer += fmt.Sprintf(" /XRefStm %d", companion)
	p.sign(buyer, signing{})
	if r := p.verify(buyer); r.Verdict != Invalid || !found(r, "verify.hybrid") {
		t.Errorf("signed: %s %v", r.Verdict, allCodes(r))
	}
}

// TestOpenSSLValues judges values that OpenSSL wrote: without
// signing-certificate-v2, which only one of the two kinds lets pass.
func TestOpenSSLValues(t *testing.T) {
	openssl, err := exec.LookPath("openssl")
	if err != nil {
		t.Skip("openssl is not installed")
	}
	buyer := cmstest.New(t, "rsa", cmstest.Options{})
	dir := t.TempDir()
	key, err := smx509.MarshalPKCS8PrivateKey(buyer.Key)
	if err != nil {
		t.Fatal(err)
	}
	file := func(name string, data []byte) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	args := []string{"cms", "-sign", "-binary", "-nosmimecap", "-outform", "DER", "-md", "sha256",
		"-signer", file("cert.pem", pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: buyer.Chain[0].Raw})),
		"-certfile", file("ca.pem", pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: buyer.Chain[1].Raw})),
		"-inkey", file("key.pem", pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: key}))}
	for _, tc := range []struct {
		sub   string
		more  []string
		level string
		want  Verdict
		codes []string
	}{
		{"adbe.pkcs7.detached", nil, "none", Valid, []string{"verify.profile_not_pades"}},
		{"ETSI.CAdES.detached", nil, "none", Invalid, []string{"verify.no_signing_cert", "verify.profile_not_pades|does not name"}},
		{"ETSI.CAdES.detached", []string{"-cades", "-md", "sha1"}, "none", Untrusted, []string{"verify.profile_not_pades|weak"}},
		{"ETSI.CAdES.detached", []string{"-cades"}, "none", Valid, []string{"verify.profile_not_pades|signing-time"}},
		{"ETSI.CAdES.detached", []string{"-cades", "-keyopt", "rsa_padding_mode:pss"}, "none", Valid, []string{"verify.profile_not_pades|signing-time"}},
		{"adbe.pkcs7.detached", []string{"-noattr"}, "none", Valid, []string{"verify.names_no_certificate"}},
		{"ETSI.CAdES.detached", []string{"-noattr"}, "none", Invalid, []string{"verify.cms_malformed|attributes"}},
		{"adbe.pkcs7.detached", []string{"-md", "sha1"}, "none", Untrusted, []string{"verify.weak_signature|SHA1"}},
		{"adbe.pkcs7.detached", []string{"-md", "md5"}, "none", Invalid, []string{"verify.weak_algorithm|MD5"}},
		{"adbe.pkcs7.sha1", []string{"-nodetach"}, "none", Untrusted, []string{"verify.weak_signature|SHA1", "verify.digest_inside"}},
		{"adbe.pkcs7.detached", []string{"-nodetach"}, "none", Invalid, []string{"verify.cms_malformed|inside"}},
		{"adbe.pkcs7.detached", []string{"-nocerts"}, "none", Invalid, []string{"verify.cms_malformed|certificate"}},
	} {
		t.Run(tc.sub+strings.Join(tc.more, ""), func(t *testing.T) {
			p := newPaper(t)
			p.sign(buyer, signing{sub: tc.sub, padding: 8192, value: func(covered []byte) []byte {
				if tc.sub == "adbe.pkcs7.sha1" {
					sum := sha1.Sum(covered)
					covered = sum[:]
				}
				out, err := exec.Command(openssl, append(append(args, "-in", file("doc", covered)), tc.more...)...).Output()
				if err != nil {
					t.Fatal(err)
				}
				return out
			}})
			r := p.verify(buyer)
			if r.Verdict != tc.want || r.Signatures[0].Level != tc.level {
				t.Errorf("%s %v", r.Verdict, allCodes(r))
			}
			for _, c := range tc.codes {
				if !found(r, c) {
					t.Errorf("no %s among %v", c, allCodes(r))
				}
			}
		})
	}
}

// TestBareSM2: a signature of GB/T 35275 over the document itself, in which nothing
// says what it stands over but the file's own beginning.
func TestBareSM2(t *testing.T) {
	buyer := cmstest.New(t, "sm2", cmstest.Options{})
	opts := Options{Now: testNow, Roots: []*smx509.Certificate{buyer.Root}, Intermediates: buyer.Chain[1:]}
	p := newPaper(t)
	p.sign(buyer, signing{sub: "GM.SM2", value: func(covered []byte) []byte { return buyer.Bare(t, covered) }})
	if r := verifyWith(t, p.data, opts); !r.Valid() || !found(r, "verify.names_no_certificate") {
		t.Errorf("%s %v", r.Verdict, allCodes(r))
	}
	p.replaceOnce("Pay 100 yuan", "Pay 900 yuan")
	if r := verifyWith(t, p.data, opts); r.Verdict != Invalid {
		t.Errorf("changed: %s %v", r.Verdict, allCodes(r))
	}
}

// TestOtherWriters: what writers of signed files do in later revisions, and
// changes nothing that is shown.
func TestOtherWriters(t *testing.T) {
	buyer := cmstest.New(t, "ecdsa", cmstest.Options{})
	seller := cmstest.New(t, "ecdsa", cmstest.Options{Name: "供应商"})
	base := newPaper(t)
	base.root["StructTreeRoot"], base.root["MarkInfo"] = "30 0 R", "<< /Marked true >>"
	base.root["PieceInfo"] = "<< /X << /Private 35 0 R >> >>"
	base.update(map[int]string{objCatalog: base.dict(base.root),
		30: "<< /Type /StructTreeRoot /K [31 0 R] /ParentTree 32 0 R /ParentTreeNextKey 1 >>",
		31: "<< /Type /StructElem /S /Document /P 30 0 R /K [0] /Pg 3 0 R >>", 32: "<< /Nums [0 [31 0 R]] >>",
		33: "<< /Unused true >>", 35: "<< /State 1 >>"})
	base.sign(buyer, signing{rect: "[400 100 520 220]"})
	for _, tc := range []struct {
		name   string
		change string
		follow func(p *paper)
	}{
		{"white space before the table", "verify.change_metadata", func(p *paper) {
			p.update(map[int]string{objInfo: "<< >>"})
			p.replaceLast(fmt.Sprintf("startxref\n%d", p.prev), fmt.Sprintf("startxref\n%d", p.prev-1))
		}},
		{"a companion that says the same", "verify.change_metadata", func(p *paper) {
			at, stm := len(p.data), 0
			p.data = append(p.data, "6 0 obj\n<< /Title (x) >>\nendobj\n"...)
			stm = len(p.data)
			p.data = fmt.Appendf(p.data, "60 0 obj\n%s\nendobj\n", stream("/Type /XRef /W [1 4 1] /Index [6 1 60 1] /Size 61 /Root 1 0 R",
				fmt.Sprintf("\x01%s\x00\x01%s\x00", be32(at), be32(stm))))
			xref := len(p.data)
			p.data = fmt.Appendf(p.data, "xref\n6 1\n%010d 00000 n \ntrailer\n<< /Size 61 /Root 1 0 R %s /Prev %d /XRefStm %d >>\nstartxref\n%d\n%%%%EOF\n", at, p.trailer, p.prev, stm, xref)
		}},
		{"tags of a new seal", "verify.change_tags", func(p *paper) {
			p.sign(seller, signing{widget: "/StructParent 1", rect: "[100 100 220 220]", objects: map[int]string{
				30: "<< /Type /StructTreeRoot /K [31 0 R 50 0 R] /ParentTree 32 0 R /ParentTreeNextKey 2 >>",
				32: "<< /Nums [0 [31 0 R] 1 50 0 R] >>", 50: "<< /Type /StructElem /S /Form /P 30 0 R >>"}})
		}},
		{"private data", "verify.change_metadata", func(p *paper) { p.update(map[int]string{35: "<< /State 2 >>"}) }},
		{"an object that nothing uses is deleted", "verify.change_unused", func(p *paper) { p.update(map[int]string{33: ""}) }},
		{"a font that nothing uses", "verify.change_unused", func(p *paper) { p.update(map[int]string{50: "<< /Type /Font >>"}) }},
		{"highlighting of a new field", "verify.change_signature", func(p *paper) { p.sign(seller, signing{widget: "/H /P", rect: "[100 100 220 220]"}) }},
		{"the form's resources", "verify.change_none", func(p *paper) {
			p.update(map[int]string{objForm: strings.Replace(p.objects[objForm], "<<", "<< /DA (/Helv 0 Tf 0 g) /DR << /Font << /Helv 50 0 R >> >> /NeedAppearances false /CO []", 1),
				50: "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>"})
		}},
		{"another order of tabbing", "verify.change_none", func(p *paper) { p.update(map[int]string{objPage: p.pageWith("Tabs", "/S")}) }},
		{"a widget without its Parent", "verify.change_field", func(p *paper) {
			p.update(map[int]string{objForm: "<< /Fields " + refList(append(p.fields, 50)) + " /SigFlags 3 >>", objPage: p.pageWith("Annots", refList(append(p.annots, 51))),
				50: "<< /FT /Sig /T (new) /Kids [51 0 R] >>", 51: "<< /Type /Annot /Subtype /Widget /P 3 0 R /Rect [0 0 9 9] >>"})
		}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			p := base.clone()
			p.t = t
			tc.follow(p)
			r := p.verify(buyer, seller)
			if !r.Valid() || !slices.Contains(changeCodes(r), tc.change) {
				t.Errorf("%s %v; changes %v %v", r.Verdict, allCodes(r), changes(r), r.Findings)
			}
		})
	}
}

func be32(n int) string { return string([]byte{byte(n >> 24), byte(n >> 16), byte(n >> 8), byte(n)}) }
