package pdfsig_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"io"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/pdfcpu/pdfcpu/pkg/api"

	"sealdesk/signer/cms"
	"sealdesk/signer/cms/cmstest"
	"sealdesk/signer/pdf"
	"sealdesk/signer/pdf/pdftest"
	"sealdesk/signer/pdfsig"
)

var signingTime = time.Date(2026, 3, 4, 15, 6, 7, 0, time.FixedZone("", 8*3600))

// circle is a red disc on transparency.
func circle(size int) *image.NRGBA {
	m := image.NewNRGBA(image.Rect(0, 0, size, size))
	for y := range size {
		for x := range size {
			dx, dy := float64(x)-float64(size)/2, float64(y)-float64(size)/2
			if r := dx*dx + dy*dy; r < float64(size*size)/4 {
				m.SetNRGBA(x, y, color.NRGBA{0xd7, 0x19, 0x1f, 0xc0})
			}
		}
	}
	return m
}

func frame(p *cmstest.Party) pdfsig.CMS {
	return pdfsig.CMS{Builder: cms.Builder{Signer: p.Key, Chain: p.Chain}}
}

// sign signs data and returns the signed file, which must have it as its prefix.
func sign(t testing.TB, data []byte, req pdfsig.Request) []byte {
	t.Helper()
	out, err := trySign(data, req)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.HasPrefix(out, data) {
		t.Fatal("the original bytes are not a prefix of the signed file")
	}
	return out
}

func trySign(data []byte, req pdfsig.Request) ([]byte, error) {
	if req.Time.IsZero() {
		req.Time = signingTime
	}
	plan, err := pdfsig.Prepare(context.Background(), bytes.NewReader(data), int64(len(data)), req)
	if err != nil {
		return nil, err
	}
	update, err := signOver(plan, bytes.NewReader(data))
	if err != nil {
		return nil, err
	}
	out := append(bytes.Clone(data), update...)
	if plan.Size() != int64(len(out)) {
		return nil, errors.New("the Plan does not say how large the signed file is")
	}
	return out, nil
}

// signOver hashes the document and signs.
func signOver(plan *pdfsig.Plan, document io.Reader) ([]byte, error) {
	h, err := plan.Hash()
	if err != nil {
		return nil, err
	}
	if _, err := io.CopyBuffer(h, struct{ io.Reader }{document}, make([]byte, 1<<20)); err != nil {
		return nil, err
	}
	return plan.Sign(h)
}

// tool runs one of the programs that judge our work.
func tool(t testing.TB, name string, args ...string) string {
	t.Helper()
	if _, err := exec.LookPath(name); err != nil {
		t.Fatalf("%s is missing; packaging/deps.sh test installs it", name)
	}
	out, err := exec.Command(name, args...).CombinedOutput()
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
	}
	return string(out)
}

// tryTool is tool for what may fail.
func tryTool(t testing.TB, name string, args ...string) error {
	t.Helper()
	if _, err := exec.LookPath(name); err != nil {
		t.Fatalf("%s is missing; packaging/deps.sh test installs it", name)
	}
	if out, err := exec.Command(name, args...).CombinedOutput(); err != nil {
		return fmt.Errorf("%w: %s", err, out)
	}
	return nil
}

func save(t testing.TB, data []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "signed.pdf")
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// inputs are documents in the forms that writers give them.
func inputs(t testing.TB) map[string][]byte {
	t.Helper()
	in := map[string][]byte{
		"table":  pdftest.Document(pdftest.Options{Pages: 3}),
		"stream": pdftest.Document(pdftest.Options{Pages: 3, Form: pdf.XRefStream}),
	}
	base := save(t, in["table"])
	for name, args := range map[string][]string{
		"qpdf disable":          {"--object-streams=disable"},
		"qpdf generate":         {"--object-streams=generate"},
		"qpdf linear":           {"--linearize", "--object-streams=disable"},
		"qpdf linear, generate": {"--linearize", "--object-streams=generate"},
	} {
		out := filepath.Join(t.TempDir(), "q.pdf")
		tool(t, "qpdf", append(args, base, out)...)
		data, err := os.ReadFile(out)
		if err != nil {
			t.Fatal(err)
		}
		in[name] = data
	}
	return in
}

func TestSignaturesAreJudgedValidByOthers(t *testing.T) {
	parties := map[string]*cmstest.Party{}
	for _, alg := range []string{"rsa", "ecdsa", "sm2"} {
		parties[alg] = cmstest.New(t, alg, cmstest.Options{Name: "Test " + alg})
	}
	seal := circle(120)
	for name, data := range inputs(t) {
		for _, algs := range [][]string{{"rsa"}, {"rsa", "ecdsa"}, {"sm2", "sm2"}} {
			t.Run(name+"/"+strings.Join(algs, "+"), func(t *testing.T) {
				t.Parallel()
				signed := data
				for i, alg := range algs {
					signed = sign(t, signed, pdfsig.Request{
						Frame: frame(parties[alg]), Name: "采购人", Reason: "合同签章", Location: "北京",
						Places: []pdfsig.Appearance{
							{Page: 1, Rect: pdf.Rect{100 + 200*float64(i), 100, 219 + 200*float64(i), 219}, Image: seal},
							{Page: 3, Rect: pdf.Rect{100 + 200*float64(i), 100, 219 + 200*float64(i), 219}, Image: seal},
						}[:2-i],
					})
				}
				path := save(t, signed)
				if out := tool(t, "qpdf", "--check", path); strings.Contains(out, "WARNING") {
					t.Errorf("qpdf: %s", out)
				}
				out := tool(t, "pdfsig", "-nocert", path)
				if algs[0] != "sm2" {
					// The first signature is told once for each of its two fields.
					if got := strings.Count(out, "Signature is Valid."); got != 2+len(algs)-1 {
						t.Errorf("pdfsig finds %d valid signatures:\n%s", got, out)
					}
				}
				if !strings.Contains(out, "Total document signed") {
					t.Errorf("pdfsig: %s", out)
				}
			})
		}
	}
}

func TestPdfcpuValidates(t *testing.T) {
	api.DisableConfigDir()
	p := cmstest.New(t, "ecdsa", cmstest.Options{})
	for _, form := range []pdf.Form{pdf.Table, pdf.XRefStream} {
		signed := pdftest.Document(pdftest.Options{Form: form, Pages: 2})
		for range 2 {
			signed = sign(t, signed, pdfsig.Request{Frame: frame(p), Places: []pdfsig.Appearance{{Page: 2, Rect: pdf.Rect{10, 10, 100, 100}, Image: circle(20)}}})
		}
		if err := api.ValidateFile(save(t, signed), nil); err != nil {
			t.Errorf("%v: %v", form, err)
		}
	}
}

// contents returns the value of the newest signature and the digest of what it covers.
func contents(t testing.TB, in io.ReaderAt, size int64, field string) (*cms.SignedData, []byte, pdf.Dict) {
	t.Helper()
	f, err := pdf.Open(in, size)
	if err != nil {
		t.Fatal(err)
	}
	ref := signatureOf(t, f, field)
	d, err := f.Dict(ref)
	if err != nil {
		t.Fatal(err)
	}
	start, end, err := f.ValueSpan(ref, "Contents")
	if err != nil {
		t.Fatal(err)
	}
	want := pdf.Array{pdf.Integer(0), pdf.Integer(start), pdf.Integer(end), pdf.Integer(size - end)}
	if !pdf.Equal(d["ByteRange"], want) {
		t.Fatalf("the ByteRange is %v, should be %v", d["ByteRange"], want)
	}
	sd, err := cms.Parse(value(t, d))
	if err != nil {
		t.Fatal(err)
	}
	h, err := sd.DigestHash()
	if err != nil {
		t.Fatal(err)
	}
	for _, part := range [][2]int64{{0, start}, {end, size - end}} {
		if _, err := io.Copy(h, io.NewSectionReader(in, part[0], part[1])); err != nil {
			t.Fatal(err)
		}
	}
	return sd, h.Sum(nil), d
}

// signatureOf returns what the field with a name has as its value.
func signatureOf(t testing.TB, f *pdf.File, name string) pdf.Ref {
	t.Helper()
	for _, field := range fieldsOf(t, f) {
		if s, _ := field["T"].(pdf.String); s.Text() == name {
			return field["V"].(pdf.Ref)
		}
	}
	t.Fatalf("there is no field %q", name)
	return pdf.Ref{}
}

func fieldsOf(t testing.TB, f *pdf.File) (fields []pdf.Dict) {
	t.Helper()
	root, err := f.Catalog()
	if err != nil {
		t.Fatal(err)
	}
	form, err := f.Dict(root["AcroForm"])
	if err != nil {
		t.Fatal(err)
	}
	if flags, err := f.Int(form["SigFlags"]); flags != 3 || err != nil {
		t.Errorf("SigFlags %d %v", flags, err)
	}
	list, err := f.Array(form["Fields"])
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range list {
		d, err := f.Dict(o)
		if err != nil {
			t.Fatal(err)
		}
		fields = append(fields, d)
	}
	return fields
}

// TestOpensslJudgesSM2 verifies the signature value with a second
// implementation of SM2, over the signed attributes as they stand in the file.
func TestOpensslJudgesSM2(t *testing.T) {
	p := cmstest.New(t, "sm2", cmstest.Options{})
	signed := sign(t, pdftest.Document(pdftest.Options{}), pdfsig.Request{Frame: frame(p)})
	sd, digest, d := contents(t, bytes.NewReader(signed), int64(len(signed)), "Signature1")
	if err := sd.Check(digest); err != nil || sd.Algorithm() != "SM2-SM3" {
		t.Errorf("%s: %v", sd.Algorithm(), err)
	}
	cmstest.OpenSSLTakesSM2(t, []byte(d["Contents"].(pdf.String)), p.Chain[0])
}

// TestSealStandsUpright lets poppler draw turned and cropped pages: the upper
// half of the seal is red, the lower half blue.
func TestSealStandsUpright(t *testing.T) {
	seal := image.NewNRGBA(image.Rect(0, 0, 40, 20))
	for y := range 20 {
		for x := range 40 {
			c := color.NRGBA{255, 0, 0, 255}
			if y >= 10 {
				c = color.NRGBA{0, 0, 255, 255}
			}
			if x < 10 {
				c.A = 0 // the left quarter lets the page through
			}
			seal.SetNRGBA(x, y, c)
		}
	}
	p := cmstest.New(t, "ecdsa", cmstest.Options{})
	for _, turn := range []int{0, 90, 180, 270} {
		data := pdftest.Document(pdftest.Options{Rotate: turn, CropBox: pdf.Rect{50, 100, 450, 700}})
		f, err := pdf.Open(bytes.NewReader(data), int64(len(data)))
		if err != nil {
			t.Fatal(err)
		}
		page, err := f.Page(1)
		if err != nil {
			t.Fatal(err)
		}
		// 120 by 60 points, 30 from the left and 200 from the bottom of what is displayed.
		signed := sign(t, data, pdfsig.Request{Frame: frame(p), Places: []pdfsig.Appearance{
			{Page: 1, Rect: page.UserRect(pdf.Rect{30, 200, 150, 260}), Image: seal}}})
		path := save(t, signed)
		tool(t, "pdftoppm", "-r", "72", "-cropbox", "-png", "-singlefile", path, strings.TrimSuffix(path, ".pdf"))
		file, err := os.Open(strings.TrimSuffix(path, ".pdf") + ".png")
		if err != nil {
			t.Fatal(err)
		}
		shown, err := png.Decode(file)
		file.Close()
		if err != nil {
			t.Fatal(err)
		}
		w, h := page.Displayed()
		if shown.Bounds().Dx() != int(w) || shown.Bounds().Dy() != int(h) {
			t.Fatalf("turned by %d: %v", turn, shown.Bounds())
		}
		for _, at := range []struct {
			x, y int // from the lower left corner
			want color.RGBA
		}{
			{120, 245, color.RGBA{255, 0, 0, 255}}, {120, 215, color.RGBA{0, 0, 255, 255}}, {45, 245, color.RGBA{255, 255, 255, 255}},
			{65, 205, color.RGBA{0, 0, 255, 255}}, {145, 255, color.RGBA{255, 0, 0, 255}}, {155, 245, color.RGBA{255, 255, 255, 255}},
		} {
			got := color.RGBAModel.Convert(shown.At(at.x, int(h)-at.y)).(color.RGBA)
			if got != at.want {
				t.Errorf("turned by %d, at %d,%d: %v, want %v", turn, at.x, at.y, got, at.want)
			}
		}
	}
}

// TestFormsAndAnnotationsThatAreThere keeps what a document has, whether it is
// direct or an object of its own.
func TestFormsAndAnnotationsThatAreThere(t *testing.T) {
	p := cmstest.New(t, "ecdsa", cmstest.Options{})
	for _, indirect := range []string{"", "form", "fields", "annots", "form fields annots"} {
		for _, form := range []pdf.Form{pdf.Table, pdf.XRefStream} {
			t.Run(form.String()+" "+indirect, func(t *testing.T) {
				b, root := pdftest.Build(pdftest.Options{Form: form, Pages: 1})
				place := func(what string, o pdf.Object) pdf.Object {
					if strings.Contains(indirect, what) {
						return b.Add(o)
					}
					return o
				}
				const pageRef = 5
				text := b.Add(pdf.Dict{"Type": pdf.Name("Annot"), "Subtype": pdf.Name("Widget"), "FT": pdf.Name("Tx"), "T": pdf.String("Signature1"), "V": pdf.String("text"),
					"Rect": pdf.Array{pdf.Integer(10), pdf.Integer(10), pdf.Integer(50), pdf.Integer(20)}, "P": pdf.Ref{Num: pageRef}})
				acro := place("form", pdf.Dict{"Fields": place("fields", pdf.Array{text}), "DA": pdf.String("/Helv 0 Tf 0 g")})
				b.Set(root, pdf.Dict{"Type": pdf.Name("Catalog"), "Pages": pdf.Ref{Num: 2}, "AcroForm": acro, "DSS": pdf.Dict{"Certs": pdf.Array{}}, "Lang": pdf.String("zh-CN")})
				b.Set(pdf.Ref{Num: pageRef}, pdf.Dict{"Type": pdf.Name("Page"), "Parent": pdf.Ref{Num: 2}, "Annots": place("annots", pdf.Array{text})})
				data := b.Bytes(form, root)
				signed := data
				for range 2 {
					signed = sign(t, signed, pdfsig.Request{Frame: frame(p), Places: []pdfsig.Appearance{
						{Page: 1, Rect: pdf.Rect{100, 100, 200, 200}, Image: circle(9)}, {Page: 1, Rect: pdf.Rect{100, 300, 200, 400}}}})
				}
				f, err := pdf.Open(bytes.NewReader(signed), int64(len(signed)))
				if err != nil {
					t.Fatal(err)
				}
				var names []string
				for _, field := range fieldsOf(t, f) {
					names = append(names, field["T"].(pdf.String).Text())
				}
				if got := strings.Join(names, " "); got != "Signature1 Signature2 Signature2-2 Signature3 Signature3-2" {
					t.Errorf("fields %s", got)
				}
				page, err := f.Page(1)
				if err != nil {
					t.Fatal(err)
				}
				if annots, err := f.Array(page.Dict["Annots"]); len(annots) != 5 || annots[0] != pdf.Object(text) || err != nil {
					t.Errorf("annotations %v %v", annots, err)
				}
				if _, ok := page.Dict["Annots"].(pdf.Ref); ok != strings.Contains(indirect, "annots") {
					t.Errorf("the annotations are %v", page.Dict["Annots"])
				}
				catalog, err := f.Catalog()
				if err != nil || catalog["DSS"] == nil || catalog["Lang"] != pdf.String("zh-CN") {
					t.Errorf("catalog %v %v", catalog, err)
				}
				acroForm, err := f.Dict(catalog["AcroForm"])
				if err != nil || acroForm["DA"] == nil {
					t.Errorf("form %v %v", acroForm, err)
				}
				revisions := f.Revisions()
				if len(revisions) != 3 || revisions[2].Form != form {
					t.Errorf("%d revisions, the last one a %v", len(revisions), revisions[2].Form)
				}
				// The first identifier stays, the second is new each time.
				was, is := revisions[0].Trailer["ID"].(pdf.Array), revisions[2].Trailer["ID"].(pdf.Array)
				if was[0] != is[0] || was[1] == is[1] {
					t.Errorf("ID %q became %q", was, is)
				}
				if out := tool(t, "qpdf", "--check", save(t, signed)); strings.Contains(out, "WARNING") {
					t.Error(out)
				}
			})
		}
	}
}

func TestCertification(t *testing.T) {
	p := cmstest.New(t, "rsa", cmstest.Options{Name: "Test rsa"})
	data := pdftest.Document(pdftest.Options{})
	certified := sign(t, data, pdfsig.Request{Frame: frame(p), Certify: 2})
	if _, err := trySign(certified, pdfsig.Request{Frame: frame(p), Certify: 2}); !errors.Is(err, &pdfsig.Error{Kind: pdfsig.NotFirst}) {
		t.Errorf("a second certification: %v", err)
	}
	both := sign(t, certified, pdfsig.Request{Frame: frame(p)})
	if out := tool(t, "pdfsig", "-nocert", save(t, both)); strings.Count(out, "Signature is Valid.") != 2 {
		t.Error(out)
	}
	f, err := pdf.Open(bytes.NewReader(both), int64(len(both)))
	if err != nil {
		t.Fatal(err)
	}
	catalog, err := f.Catalog()
	if err != nil {
		t.Fatal(err)
	}
	if perms, err := f.Dict(catalog["Perms"]); err != nil || perms["DocMDP"] != pdf.Object(signatureOf(t, f, "Signature1")) {
		t.Errorf("permissions %v %v", perms, err)
	}
	locked := sign(t, data, pdfsig.Request{Frame: frame(p), Certify: 1})
	if _, err := trySign(locked, pdfsig.Request{Frame: frame(p)}); !errors.Is(err, &pdfsig.Error{Kind: pdfsig.Locked}) {
		t.Errorf("signing a locked document: %v", err)
	}
}

func TestRefusals(t *testing.T) {
	p := cmstest.New(t, "ecdsa", cmstest.Options{})
	other := cmstest.New(t, "ecdsa", cmstest.Options{})
	doc := func(catalog, page pdf.Dict) []byte {
		return pdftest.Document(pdftest.Options{Catalog: catalog, Page: page})
	}
	at := func(page int, r ...float64) []pdfsig.Appearance {
		return []pdfsig.Appearance{{Page: page, Rect: pdf.Rect(r)}}
	}
	form := func(d pdf.Dict) pdf.Dict { return pdf.Dict{"AcroForm": d} }
	plain := doc(nil, nil)
	signedField := pdf.Dict{"FT": pdf.Name("Sig"), "T": pdf.String("A"), "V": pdf.Dict{"Type": pdf.Name("Sig")}, "Lock": pdf.Dict{"P": pdf.Integer(1)}}
	tests := []struct {
		name string
		data []byte
		req  pdfsig.Request
		code string
	}{
		{"XFA", doc(form(pdf.Dict{"XFA": pdf.Array{}}), nil), pdfsig.Request{}, "pdfsig.xfa"},
		{"locked by a signature", doc(form(pdf.Dict{"Fields": pdf.Array{signedField}}), nil), pdfsig.Request{}, "pdfsig.locked"},
		{"certifying a signed document", doc(form(pdf.Dict{"Fields": pdf.Array{pdf.Dict{"FT": pdf.Name("Sig"), "V": pdf.Dict{}}}}), nil), pdfsig.Request{Certify: 2}, "pdfsig.certify_not_first"},
		{"name taken", doc(form(pdf.Dict{"Fields": pdf.Array{pdf.Dict{"T": pdf.String("A")}}}), nil), pdfsig.Request{FieldName: "A"}, "pdfsig.field_exists"},
		{"name with a full stop", plain, pdfsig.Request{FieldName: "A.B"}, "pdfsig.bad_request"},
		{"page beyond", plain, pdfsig.Request{Places: at(2, 0, 0, 9, 9)}, "pdf.no_such_page"},
		{"page 0", plain, pdfsig.Request{Places: at(0, 0, 0, 9, 9)}, "pdf.no_such_page"},
		{"outside", plain, pdfsig.Request{Places: at(1, 590, 0, 600, 9)}, "pdfsig.outside_page"},
		{"outside the crop box", doc(nil, pdf.Dict{"CropBox": pdf.Array{pdf.Integer(9), pdf.Integer(9), pdf.Integer(99), pdf.Integer(99)}}), pdfsig.Request{Places: at(1, 0, 0, 20, 20)}, "pdfsig.outside_page"},
		{"no rectangle", plain, pdfsig.Request{Places: at(1, 9, 9, 9, 9)}, "pdfsig.bad_request"},
		{"not a number", plain, pdfsig.Request{Places: at(1, 0, 0, math.NaN(), 9)}, "pdfsig.bad_request"},
		{"a picture too large", plain, pdfsig.Request{Places: []pdfsig.Appearance{{Page: 1, Rect: pdf.Rect{0, 0, 9, 9}, Image: image.NewNRGBA(image.Rect(0, 0, 1, 5000))}}}, "pdfsig.bad_request"},
		{"another permission", plain, pdfsig.Request{Certify: 4}, "pdfsig.bad_request"},
		{"another key", plain, pdfsig.Request{Frame: pdfsig.CMS{Builder: cms.Builder{Signer: other.Key, Chain: p.Chain}}}, "cms.key_mismatch"},
		{"SM2's own form with another key", plain, pdfsig.Request{Frame: pdfsig.CMS{Builder: frame(p).Builder, As: formNamed(t, "gm")}}, "cms.algorithm_mismatch"},
		{"a form that is only read", plain, pdfsig.Request{Frame: pdfsig.CMS{Builder: frame(p).Builder, As: formNamed(t, "dianju")}}, "pdfsig.bad_request"},
		{"a seal's form without a seal", plain, pdfsig.Request{Frame: pdfsig.CMS{Builder: frame(p).Builder, As: formNamed(t, "seal")}}, "pdfsig.bad_request"},
		{"a seal in PAdES", plain, pdfsig.Request{Frame: pdfsig.Seal{As: formNamed(t, "pades")}}, "pdfsig.bad_request"},
		{"no seal", plain, pdfsig.Request{Frame: pdfsig.Seal{}}, "ses."},
		{"junk in front", append([]byte("junk"), plain...), pdfsig.Request{}, "pdfsig.needs_repair"},
		{"a page with a key twice", bytes.Replace(plain, []byte("/Type /Page\n"), []byte("/Type /Page/Tabs/S/Tabs/R\n"), 1), pdfsig.Request{}, "pdf."},
		{"encrypted", bytes.Replace(plain, []byte("trailer\n<<"), []byte("trailer\n<</Encrypt<<>>"), 1), pdfsig.Request{}, "pdf.encrypted"},
		{"too little room", plain, pdfsig.Request{Frame: pdfsig.CMS{Builder: cms.Builder{Signer: p.Key, Chain: p.Chain, Reserve: -400}}}, "pdfsig.reserve_exceeded"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if tt.req.Frame == nil {
				tt.req.Frame = frame(p)
			}
			_, err := trySign(tt.data, tt.req)
			var coded interface{ Code() string }
			if !errors.As(err, &coded) || !strings.HasPrefix(coded.Code(), tt.code) {
				t.Errorf("error %v, want %s", err, tt.code)
			}
		})
	}
}

// appended is a document with the update behind it.
type appended struct {
	*pdftest.Large
	tail []byte
}

func (a *appended) ReadAt(p []byte, off int64) (int, error) {
	n := 0
	if off < a.Large.Size() {
		n, _ = a.Large.ReadAt(p, off)
	}
	if n < len(p) && off+int64(n)-a.Large.Size() <= int64(len(a.tail)) {
		n += copy(p[n:], a.tail[off+int64(n)-a.Large.Size():])
	}
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

// TestLargeDocuments signs documents around the sizes at which numbers get one
// more digit or bit, in both forms.
func TestLargeDocuments(t *testing.T) {
	p := cmstest.New(t, "ecdsa", cmstest.Options{})
	for _, size := range []int64{99_999_999, 100_000_001, 1<<32 + 1} {
		for _, form := range []pdf.Form{pdf.Table, pdf.XRefStream} {
			if size > 1<<32 && form == pdf.XRefStream {
				continue // once is slow enough, and this form has no digits to run out of
			}
			t.Run(fmt.Sprint(form, " ", size), func(t *testing.T) {
				t.Parallel()
				doc := pdftest.NewLarge(form, size)
				plan, err := pdfsig.Prepare(context.Background(), doc, size, pdfsig.Request{Frame: frame(p), Time: signingTime,
					Places: []pdfsig.Appearance{{Page: 1, Rect: pdf.Rect{10, 10, 100, 100}, Image: circle(50)}}})
				if err != nil {
					t.Fatal(err)
				}
				update, err := signOver(plan, io.NewSectionReader(doc, 0, size))
				if err != nil {
					t.Fatal(err)
				}
				out := &appended{Large: doc, tail: update}
				sd, digest, _ := contents(t, out, plan.Size(), "Signature1")
				if err := sd.Check(digest); err != nil {
					t.Error(err)
				}
			})
		}
	}
	doc := pdftest.NewLarge(pdf.Table, 9_999_999_990)
	if _, err := pdfsig.Prepare(context.Background(), doc, doc.Size(), pdfsig.Request{Frame: frame(p)}); !errors.Is(err, &pdfsig.Error{Kind: pdfsig.TooLarge}) {
		t.Errorf("error %v", err)
	}
}

// TestMemoryDoesNotGrow compares what signing allocates for a small and a large document.
func TestMemoryDoesNotGrow(t *testing.T) {
	p := cmstest.New(t, "ecdsa", cmstest.Options{})
	allocated := func(size int64) uint64 {
		doc := pdftest.NewLarge(pdf.Table, size)
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		plan, err := pdfsig.Prepare(context.Background(), doc, size, pdfsig.Request{Frame: frame(p)})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := signOver(plan, io.NewSectionReader(doc, 0, size)); err != nil {
			t.Fatal(err)
		}
		runtime.ReadMemStats(&after)
		return after.TotalAlloc - before.TotalAlloc
	}
	small, large := allocated(2<<20), allocated(512<<20)
	if large > small+(1<<20) {
		t.Errorf("%d bytes for 2 MiB, %d for 512 MiB", small, large)
	}
}
