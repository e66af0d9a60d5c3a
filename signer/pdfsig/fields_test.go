package pdfsig_test

import (
	"bytes"
	"errors"
	"image"
	"image/color"
	"image/png"
	"os"
	"strings"
	"testing"

	"sealdesk/signer/cms/cmstest"
	"sealdesk/signer/pdf"
	"sealdesk/signer/pdf/pdftest"
	"sealdesk/signer/pdfsig"
)

// prepared is a document with fields that the other side left for signatures.
func prepared(form pdf.Form, rotate int, more pdf.Dict) []byte {
	return pdftest.Fields(pdftest.Options{Form: form, Rotate: rotate}, more)
}

func open(t testing.TB, data []byte) *pdf.File {
	t.Helper()
	f, err := pdf.Open(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func emptyFields(t testing.TB, data []byte) map[string]pdfsig.Field {
	t.Helper()
	state, err := pdfsig.Look(open(t, data))
	if err != nil || state.Refused != nil {
		t.Fatal(err, state.Refused)
	}
	out := map[string]pdfsig.Field{}
	for _, f := range state.Fields {
		out[f.Name] = f
	}
	return out
}

func TestEmptyFieldsAreListed(t *testing.T) {
	for _, form := range []pdf.Form{pdf.Table, pdf.XRefStream} {
		fields := emptyFields(t, prepared(form, 0, pdf.Dict{
			"Lock": pdf.Dict{"Action": pdf.Name("Include"), "Fields": pdf.Array{pdf.TextString("金额")}, "P": pdf.Integer(2)},
			"SV":   pdf.Dict{"Ff": pdf.Integer(8), "Reasons": pdf.Array{pdf.TextString("合同签章")}, "TimeStamp": pdf.Dict{"Ff": pdf.Integer(1)}},
		}))
		if len(fields) != 4 {
			t.Fatalf("%d fields: %v", len(fields), fields)
		}
		buyer := fields["采购人签章"]
		if buyer.Label != "采购人（盖章）" || len(buyer.Widgets) != 1 || buyer.Widgets[0].Page != 2 || buyer.Widgets[0].Rect != (pdf.Rect{100, 200, 300, 300}) ||
			!buyer.Widgets[0].Shown() || buyer.Open() != nil {
			t.Errorf("%+v", buyer)
		}
		if l := buyer.Lock; l == nil || !l.Holds("金额") || l.Holds("金额大写") || !l.Holds("金额.元") || l.P != 2 {
			t.Errorf("lock %+v", l)
		}
		if s := buyer.Seed; s == nil || !s.Stamp || s.Certify != -1 || s.Reasons[0] != "合同签章" {
			t.Errorf("seed %+v", s)
		}
		if f := fields["乙方.供应商签章"]; len(f.Widgets) != 2 || f.Widgets[1].Rect[0] != 300 {
			t.Errorf("%+v", f)
		}
		if f := fields["隐形"]; len(f.Widgets) != 1 || f.Widgets[0].Shown() {
			t.Errorf("%+v", f)
		}
		if f := fields["只读"]; !errors.Is(f.Open(), &pdfsig.Error{Kind: pdfsig.FieldReadOnly}) {
			t.Errorf("%+v", f)
		}
	}
}

// objectOf is the object with a partial name, or the widget with a left edge.
func objectsOf(t testing.TB, f *pdf.File, want func(pdf.Dict) bool) []pdf.Dict {
	t.Helper()
	var out []pdf.Dict
	for n := uint32(1); n < 60; n++ {
		e, _, ok := f.Lookup(n)
		if !ok || e.Kind == pdf.Free {
			continue
		}
		o, err := f.Resolve(e.Ref())
		if err != nil {
			t.Fatal(err)
		}
		if d, is := o.(pdf.Dict); is && want(d) {
			out = append(out, d)
		}
	}
	return out
}

func TestAFieldThatIsThereIsSigned(t *testing.T) {
	p := cmstest.New(t, "rsa", cmstest.Options{Name: "Test rsa"})
	for _, form := range []pdf.Form{pdf.Table, pdf.XRefStream} {
		data := prepared(form, 0, pdf.Dict{"Lock": pdf.Dict{"Action": pdf.Name("Exclude"), "Fields": pdf.Array{pdf.TextString("乙方")}}})
		signed := sign(t, data, pdfsig.Request{Frame: frame(p), Into: "采购人签章", Places: []pdfsig.Appearance{
			{Page: 2, Widget: 1, Rect: pdf.Rect{150, 200, 250, 300}, Image: circle(40)},
			{Page: 1, Rect: pdf.Rect{10, 10, 60, 60}, Image: circle(40)},
		}})
		f := open(t, signed)
		named := func(name string) []pdf.Dict {
			return objectsOf(t, f, func(d pdf.Dict) bool { s, _ := d["T"].(pdf.String); return s.Text() == name })
		}
		is, was := named("采购人签章"), emptyFields(t, data)["采购人签章"]
		if len(is) != 1 || is[0]["V"] == nil || is[0]["AP"] == nil || is[0]["MK"] == nil || is[0]["F"] != pdf.Integer(4) || is[0]["Lock"] == nil {
			t.Fatalf("the field became %v", is)
		}
		if other := named("Signature1"); len(other) != 1 || other[0]["V"] != is[0]["V"] {
			t.Errorf("the second place: %v", other)
		}
		sig, err := f.Dict(is[0]["V"])
		if err != nil {
			t.Fatal(err)
		}
		refs, err := f.Array(sig["Reference"])
		if err != nil || len(refs) != 1 {
			t.Fatalf("references %v %v", refs, err)
		}
		ref, _ := refs[0].(pdf.Dict)
		params, _ := ref["TransformParams"].(pdf.Dict)
		if ref["TransformMethod"] != pdf.Name("FieldMDP") || params["Action"] != pdf.Name("Exclude") || ref["Data"] != f.Trailer()["Root"] ||
			!pdf.Equal(params["Fields"], pdf.Array{pdf.TextString("乙方")}) {
			t.Errorf("reference %v", ref)
		}
		if was.Lock == nil {
			t.Error("the lock was not read")
		}
		path := save(t, signed)
		if out := tool(t, "qpdf", "--check", path); strings.Contains(out, "WARNING") {
			t.Error(out)
		}
		if out := tool(t, "pdfsig", "-nocert", path); strings.Count(out, "Signature is Valid.") != 2 {
			t.Error(out)
		}
		// What the lock holds stays as it is; what it leaves out may be signed.
		if _, err := trySign(signed, pdfsig.Request{Frame: frame(p), Into: "隐形"}); !errors.Is(err, &pdfsig.Error{Kind: pdfsig.FieldLocked}) {
			t.Errorf("a locked field: %v", err)
		}
		second := sign(t, signed, pdfsig.Request{Frame: frame(p), Into: "乙方.供应商签章", Places: []pdfsig.Appearance{
			{Page: 2, Widget: 1, Rect: pdf.Rect{100, 400, 200, 500}, Image: circle(40)},
			{Page: 2, Widget: 2, Rect: pdf.Rect{300, 400, 400, 500}, Image: circle(40)},
		}})
		f = open(t, second)
		if kids := objectsOf(t, f, func(d pdf.Dict) bool { return d["Parent"] != nil && d["AP"] != nil }); len(kids) != 2 || kids[0]["V"] != nil {
			t.Errorf("the kids became %v", kids)
		}
		if out := tool(t, "qpdf", "--check", save(t, second)); strings.Contains(out, "WARNING") {
			t.Error(out)
		}
		if _, err := trySign(second, pdfsig.Request{Frame: frame(p), Into: "采购人签章"}); !errors.Is(err, &pdfsig.Error{Kind: pdfsig.FieldMissing}) {
			t.Errorf("a signed field: %v", err)
		}
	}
}

func TestASealStandsUprightInAField(t *testing.T) {
	halves := image.NewNRGBA(image.Rect(0, 0, 20, 20))
	for y := range 20 {
		for x := range 20 {
			halves.SetNRGBA(x, y, color.NRGBA{uint8(255 * (1 - y/10)), 0, uint8(255 * (y / 10)), 255})
		}
	}
	p := cmstest.New(t, "ecdsa", cmstest.Options{})
	for _, rotate := range []int{0, 90, 180, 270} {
		at := pdf.Rect{110, 215, 190, 295}
		signed := sign(t, prepared(pdf.Table, rotate, nil), pdfsig.Request{Frame: frame(p), Into: "采购人签章", Places: []pdfsig.Appearance{
			{Page: 2, Widget: 1, Rect: at, Image: halves}}})
		path := save(t, signed)
		tool(t, "pdftoppm", "-r", "72", "-f", "2", "-png", "-singlefile", path, strings.TrimSuffix(path, ".pdf"))
		file, err := os.Open(strings.TrimSuffix(path, ".pdf") + ".png")
		if err != nil {
			t.Fatal(err)
		}
		shown, err := png.Decode(file)
		file.Close()
		if err != nil {
			t.Fatal(err)
		}
		page, err := open(t, signed).Page(2)
		if err != nil {
			t.Fatal(err)
		}
		r := page.DisplayRect(at)
		middle := (r[0] + r[2]) / 2
		for _, point := range []struct {
			x, y float64
			want color.RGBA
		}{
			{middle, r[3] - 3, color.RGBA{255, 0, 0, 255}}, {middle, r[1] + 3, color.RGBA{0, 0, 255, 255}},
			{r[0] + 3, r[3] - 3, color.RGBA{255, 0, 0, 255}}, {r[2] - 3, r[1] + 3, color.RGBA{0, 0, 255, 255}},
			{middle, r[3] + 3, color.RGBA{255, 255, 255, 255}}, {r[0] - 3, r[1] + 3, color.RGBA{255, 255, 255, 255}},
			{r[2] + 3, r[1] + 3, color.RGBA{255, 255, 255, 255}}, {middle, r[1] - 3, color.RGBA{255, 255, 255, 255}},
		} {
			got := color.RGBAModel.Convert(shown.At(int(point.x), shown.Bounds().Dy()-int(point.y))).(color.RGBA)
			if got != point.want {
				t.Errorf("turned by %d, at %v,%v of %v: %v, want %v", rotate, point.x, point.y, r, got, point.want)
			}
		}
	}
}

func TestFieldsAskForWhatTheyNeed(t *testing.T) {
	p := cmstest.New(t, "ecdsa", cmstest.Options{Name: "某某医院"})
	leaf := pdf.String(p.Chain[0].Raw)
	name := func(s string) pdf.Array { return pdf.Array{pdf.Name(s)} }
	text := func(s string) pdf.Array { return pdf.Array{pdf.TextString(s)} }
	stamp := func(sig []byte) ([]byte, error) { return nil, errors.New("not asked in this test") }
	tests := []struct {
		name string
		sv   pdf.Dict
		req  pdfsig.Request
		want string // "" when it may be signed
	}{
		{"nothing binds", pdf.Dict{"Filter": pdf.Name("Other"), "SubFilter": name("Other"), "Reasons": text("other"), "DigestMethod": pdf.Array{pdf.String("SHA512")}}, pdfsig.Request{}, ""},
		{"filter", pdf.Dict{"Ff": pdf.Integer(1), "Filter": pdf.Name("Other")}, pdfsig.Request{}, "filter"},
		{"filter held", pdf.Dict{"Ff": pdf.Integer(1), "Filter": pdf.Name("Adobe.PPKLite")}, pdfsig.Request{}, ""},
		{"subfilter", pdf.Dict{"Ff": pdf.Integer(2), "SubFilter": name("adbe.pkcs7.detached")}, pdfsig.Request{}, "subfilter"},
		{"subfilter held", pdf.Dict{"Ff": pdf.Integer(2), "SubFilter": pdf.Array{pdf.Name("x"), pdf.Name("ETSI.CAdES.detached")}}, pdfsig.Request{}, ""},
		{"version", pdf.Dict{"Ff": pdf.Integer(4), "V": pdf.Integer(9)}, pdfsig.Request{}, "unknown"},
		{"version held", pdf.Dict{"Ff": pdf.Integer(4), "V": pdf.Real(2)}, pdfsig.Request{}, ""},
		{"reason", pdf.Dict{"Ff": pdf.Integer(8), "Reasons": text("合同签章")}, pdfsig.Request{Reason: "别的"}, "reason"},
		{"reason held", pdf.Dict{"Ff": pdf.Integer(8), "Reasons": text("合同签章")}, pdfsig.Request{Reason: "合同签章"}, ""},
		{"no reason allowed", pdf.Dict{"Ff": pdf.Integer(8), "Reasons": text(".")}, pdfsig.Request{Reason: "合同签章"}, "no_reason"},
		{"certify", pdf.Dict{"MDP": pdf.Dict{"P": pdf.Integer(2)}}, pdfsig.Request{}, "certify2"},
		{"certify held", pdf.Dict{"MDP": pdf.Dict{"P": pdf.Integer(2)}}, pdfsig.Request{Certify: 2}, ""},
		{"approve", pdf.Dict{"MDP": pdf.Dict{"P": pdf.Integer(0)}}, pdfsig.Request{Certify: 2}, "approve"},
		{"stamp", pdf.Dict{"TimeStamp": pdf.Dict{"URL": pdf.String("http://tsa.example"), "Ff": pdf.Integer(1)}}, pdfsig.Request{}, "stamp"},
		{"stamp may be", pdf.Dict{"TimeStamp": pdf.Dict{"URL": pdf.String("http://tsa.example")}}, pdfsig.Request{}, ""},
		{"stamp held", pdf.Dict{"TimeStamp": pdf.Dict{"Ff": pdf.Integer(1)}}, pdfsig.Request{Frame: pdfsig.CMS{Builder: frame(p).Builder, Stamp: stamp}}, ""},
		{"revocation", pdf.Dict{"Ff": pdf.Integer(32), "AddRevInfo": pdf.Boolean(true)}, pdfsig.Request{}, "revocation"},
		{"no revocation", pdf.Dict{"Ff": pdf.Integer(32), "AddRevInfo": pdf.Boolean(false)}, pdfsig.Request{}, ""},
		{"digest", pdf.Dict{"Ff": pdf.Integer(64), "DigestMethod": pdf.Array{pdf.String("SHA512")}}, pdfsig.Request{}, "digest"},
		{"digest held", pdf.Dict{"Ff": pdf.Integer(64), "DigestMethod": pdf.Array{pdf.String("SHA256")}}, pdfsig.Request{}, ""},
		{"lock document", pdf.Dict{"Ff": pdf.Integer(128), "LockDocument": pdf.Name("true")}, pdfsig.Request{}, "lock"},
		{"lock left open", pdf.Dict{"Ff": pdf.Integer(128), "LockDocument": pdf.Name("auto")}, pdfsig.Request{}, ""},
		{"appearance", pdf.Dict{"Ff": pdf.Integer(256), "AppearanceFilter": pdf.TextString("x")}, pdfsig.Request{}, "appearance"},
		{"a flag to come", pdf.Dict{"Ff": pdf.Integer(1 << 12)}, pdfsig.Request{}, "unknown"},
		{"subject", pdf.Dict{"Cert": pdf.Dict{"Ff": pdf.Integer(1), "Subject": pdf.Array{pdf.String("another")}}}, pdfsig.Request{}, "certificate"},
		{"subject held", pdf.Dict{"Cert": pdf.Dict{"Ff": pdf.Integer(1), "Subject": pdf.Array{leaf}}}, pdfsig.Request{}, ""},
		{"subject's names", pdf.Dict{"Cert": pdf.Dict{"Ff": pdf.Integer(8), "SubjectDN": pdf.Array{pdf.Dict{"CN": pdf.TextString("某某公司")}}}}, pdfsig.Request{}, "certificate"},
		{"subject's names held", pdf.Dict{"Cert": pdf.Dict{"Ff": pdf.Integer(8), "SubjectDN": pdf.Array{pdf.Dict{"CN": pdf.TextString("某某医院")}}}}, pdfsig.Request{}, ""},
		{"usage", pdf.Dict{"Cert": pdf.Dict{"Ff": pdf.Integer(32), "KeyUsage": pdf.Array{pdf.String("0")}}}, pdfsig.Request{}, "certificate"},
		{"usage held", pdf.Dict{"Cert": pdf.Dict{"Ff": pdf.Integer(32), "KeyUsage": pdf.Array{pdf.String("0"), pdf.String("1XXXX0")}}}, pdfsig.Request{}, ""},
		{"policy", pdf.Dict{"Cert": pdf.Dict{"Ff": pdf.Integer(4), "OID": pdf.Array{pdf.String("1.2.3")}}}, pdfsig.Request{}, "certificate"},
		{"issuer", pdf.Dict{"Cert": pdf.Dict{"Ff": pdf.Integer(2), "Issuer": pdf.Array{leaf}}}, pdfsig.Request{}, "certificate"},
		{"where to get one", pdf.Dict{"Cert": pdf.Dict{"Ff": pdf.Integer(64), "URL": pdf.String("http://ca.example")}}, pdfsig.Request{}, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tt.req.Into = "采购人签章"
			if tt.req.Frame == nil {
				tt.req.Frame = frame(p)
			}
			data := prepared(pdf.Table, 0, pdf.Dict{"SV": tt.sv})
			_, err := pdfsig.Prepare(t.Context(), bytes.NewReader(data), int64(len(data)), tt.req)
			got := ""
			if e, is := errors.AsType[*pdfsig.Error](err); is {
				got = e.Code()
			} else if err != nil {
				t.Fatal(err)
			}
			if want := "pdfsig.seed_" + tt.want; tt.want == "" && got != "" || tt.want != "" && got != want {
				t.Errorf("%q: %v", got, err)
			}
		})
	}
}

func TestFieldsThatMustNotBeSigned(t *testing.T) {
	p := cmstest.New(t, "ecdsa", cmstest.Options{})
	data := prepared(pdf.Table, 0, nil)
	place := func(page, widget int, r ...float64) []pdfsig.Appearance {
		return []pdfsig.Appearance{{Page: page, Widget: widget, Rect: pdf.Rect(r), Image: circle(9)}}
	}
	direct := pdftest.Document(pdftest.Options{Catalog: pdf.Dict{"AcroForm": pdf.Dict{"Fields": pdf.Array{pdf.Dict{"FT": pdf.Name("Sig"), "T": pdf.String("A")}}}}})
	for name, tt := range map[string]struct {
		data []byte
		req  pdfsig.Request
		code string
	}{
		"no such field":        {data, pdfsig.Request{Into: "乙方"}, "pdfsig.field_missing"},
		"a text field":         {data, pdfsig.Request{Into: "金额"}, "pdfsig.field_missing"},
		"read-only":            {data, pdfsig.Request{Into: "只读"}, "pdfsig.field_read_only"},
		"no object":            {direct, pdfsig.Request{Into: "A"}, "pdfsig.field_malformed"},
		"beyond its rectangle": {data, pdfsig.Request{Into: "采购人签章", Places: place(2, 1, 90, 200, 190, 300)}, "pdfsig.field_malformed"},
		"on another page":      {data, pdfsig.Request{Into: "采购人签章", Places: place(1, 1, 110, 210, 190, 290)}, "pdfsig.field_malformed"},
		"a place it lacks":     {data, pdfsig.Request{Into: "采购人签章", Places: place(2, 2, 110, 210, 190, 290)}, "pdfsig.field_malformed"},
		"without a field":      {data, pdfsig.Request{Places: place(2, 1, 110, 210, 190, 290)}, "pdfsig.bad_request"},
		"a new one, too":       {data, pdfsig.Request{Into: "采购人签章", FieldName: "B"}, "pdfsig.bad_request"},
		"a lock without sense": {prepared(pdf.Table, 0, pdf.Dict{"Lock": pdf.Dict{"Action": pdf.Name("Some")}}), pdfsig.Request{Into: "采购人签章"}, "pdfsig.field_malformed"},
		"certified against it": {sign(t, data, pdfsig.Request{Frame: frame(p), Into: "隐形", Certify: 1}), pdfsig.Request{Into: "采购人签章"}, "pdfsig.locked"},
		"locked by a field's P": {sign(t, prepared(pdf.Table, 0, pdf.Dict{"Lock": pdf.Dict{"Action": pdf.Name("Include"), "Fields": pdf.Array{}, "P": pdf.Integer(1)}}),
			pdfsig.Request{Frame: frame(p), Into: "采购人签章"}), pdfsig.Request{Into: "隐形"}, "pdfsig.locked"},
	} {
		tt.req.Frame = frame(p)
		_, err := trySign(tt.data, tt.req)
		if e, is := errors.AsType[*pdfsig.Error](err); !is || e.Code() != tt.code {
			t.Errorf("%s: %v, want %s", name, err, tt.code)
		}
	}
	for certify, refused := range map[int]bool{0: false, 1: true, 2: false, 3: false} {
		state, err := pdfsig.Look(open(t, sign(t, data, pdfsig.Request{Frame: frame(p), Certify: certify})))
		if err != nil || !state.Signed || errors.Is(state.Refused, &pdfsig.Error{Kind: pdfsig.Locked}) != refused || len(state.Fields) != 4 {
			t.Errorf("certified %d: %+v %v", certify, state, err)
		}
	}
	if state, err := pdfsig.Look(open(t, data)); err != nil || state.Signed {
		t.Errorf("%+v %v", state, err)
	}
	for _, certify := range []int{2, 3} {
		certified := sign(t, data, pdfsig.Request{Frame: frame(p), Into: "隐形", Certify: certify})
		sign(t, certified, pdfsig.Request{Frame: frame(p), Into: "采购人签章"})
		sign(t, certified, pdfsig.Request{Frame: frame(p)})
	}
}
