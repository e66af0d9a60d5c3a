package pdfsig_test

import (
	"bytes"
	"context"
	"crypto/x509/pkix"
	"errors"
	"fmt"
	"image"
	"io"
	"math"
	"strings"
	"testing"

	"sealdesk/signer/cms"
	"sealdesk/signer/cms/cmstest"
	"sealdesk/signer/dss"
	"sealdesk/signer/pdf"
	"sealdesk/signer/pdf/pdftest"
	"sealdesk/signer/pdfsig"
)

// prepare plans a signature.
func prepare(t testing.TB, data []byte, req pdfsig.Request) (*pdfsig.Plan, error) {
	return pdfsig.Prepare(t.Context(), bytes.NewReader(data), int64(len(data)), req)
}

// TestFormsOfTheWrongTypes: whatever stands in a form where something else should, the document is refused as malformed, and
// nothing is signed.
func TestFormsOfTheWrongTypes(t *testing.T) {
	p := cmstest.New(t, "ecdsa", cmstest.Options{})
	const seven, name = pdf.Integer(7), pdf.Name("Name")
	array := func(o ...pdf.Object) pdf.Array { return o }
	sig := func(more pdf.Dict) pdf.Dict {
		d := pdf.Dict{"FT": pdf.Name("Sig"), "T": pdf.String("A")}
		for k, v := range more {
			d[k] = v
		}
		return pdf.Dict{"AcroForm": pdf.Dict{"Fields": array(d)}}
	}
	refers := func(o pdf.Object) pdf.Dict { return sig(pdf.Dict{"V": pdf.Dict{"Reference": o}}) }
	certified := func(o pdf.Object) pdf.Dict { return pdf.Dict{"Perms": pdf.Dict{"DocMDP": pdf.Dict{"Reference": o}}} }
	for what, catalog := range map[string]pdf.Dict{
		"AcroForm":            {"AcroForm": seven},
		"Fields":              {"AcroForm": pdf.Dict{"Fields": seven}},
		"a field":             {"AcroForm": pdf.Dict{"Fields": array(seven)}},
		"T":                   sig(pdf.Dict{"T": seven}),
		"FT":                  sig(pdf.Dict{"FT": seven}),
		"Ff":                  sig(pdf.Dict{"Ff": name}),
		"TU":                  sig(pdf.Dict{"TU": seven}),
		"V":                   sig(pdf.Dict{"V": seven}),
		"Kids":                sig(pdf.Dict{"Kids": seven}),
		"a kid":               sig(pdf.Dict{"Kids": array(seven)}),
		"a kid's kids":        sig(pdf.Dict{"Kids": array(pdf.Dict{"T": pdf.String("B"), "Kids": seven})}),
		"a widget's F":        sig(pdf.Dict{"Kids": array(pdf.Dict{"F": name})}),
		"a widget's Rect":     sig(pdf.Dict{"Kids": array(pdf.Dict{"Rect": seven})}),
		"its corner":          sig(pdf.Dict{"Kids": array(pdf.Dict{"Rect": array(seven, seven, seven, name)})}),
		"Lock":                sig(pdf.Dict{"Lock": seven}),
		"Lock's Action":       sig(pdf.Dict{"Lock": pdf.Dict{"Action": seven}}),
		"Lock's P":            sig(pdf.Dict{"Lock": pdf.Dict{"P": name}}),
		"Lock's Fields":       sig(pdf.Dict{"Lock": pdf.Dict{"Fields": seven}}),
		"a name in it":        sig(pdf.Dict{"Lock": pdf.Dict{"Fields": array(seven)}}),
		"SV":                  sig(pdf.Dict{"SV": seven}),
		"what SV holds":       sig(pdf.Dict{"SV": pdf.Dict{"Ff": name, "SubFilter": seven}}),
		"Reference":           refers(seven),
		"a reference":         refers(array(seven)),
		"its parameters":      refers(array(pdf.Dict{"TransformMethod": pdf.Name("FieldMDP"), "TransformParams": seven})),
		"Perms":               {"Perms": seven},
		"DocMDP":              {"Perms": pdf.Dict{"DocMDP": seven}},
		"DocMDP's Reference":  certified(seven),
		"a reference of it":   certified(array(seven)),
		"its parameters, too": certified(array(pdf.Dict{"TransformParams": seven})),
		"the permission":      certified(array(pdf.Dict{"TransformParams": pdf.Dict{"P": name}})),
	} {
		data := pdftest.Document(pdftest.Options{Catalog: catalog})
		malformed := &pdf.Error{Kind: pdf.Malformed}
		if state, err := pdfsig.Look(open(t, data)); !errors.Is(err, malformed) {
			t.Errorf("%s: %+v, %v", what, state, err)
		}
		if _, err := prepare(t, data, pdfsig.Request{Frame: frame(p)}); !errors.Is(err, malformed) {
			t.Errorf("%s, signing: %v", what, err)
		}
	}
	// What only signing reads.
	for what, o := range map[string]pdftest.Options{
		"SigFlags": {Catalog: pdf.Dict{"AcroForm": pdf.Dict{"SigFlags": name}}},
		"Annots":   {Page: pdf.Dict{"Annots": seven}},
	} {
		if _, err := prepare(t, pdftest.Document(o), pdfsig.Request{Frame: frame(p)}); !errors.Is(err, &pdf.Error{Kind: pdf.Malformed}) {
			t.Errorf("%s: %v", what, err)
		}
	}
	for what, id := range map[string]pdf.Object{"ID": seven, "the first ID": array(seven)} {
		b, root := pdftest.Build(pdftest.Options{})
		b.Trailer["ID"] = id
		if _, err := prepare(t, b.Bytes(pdf.Table, root), pdfsig.Request{Frame: frame(p)}); !errors.Is(err, &pdf.Error{Kind: pdf.Malformed}) {
			t.Errorf("%s: %v", what, err)
		}
	}
}

// TestFormsAreBounded: neither depth nor number nor a circle keeps anybody waiting.
func TestFormsAreBounded(t *testing.T) {
	nested := pdf.Dict{"T": pdf.String("A")}
	for range 20 {
		nested = pdf.Dict{"T": pdf.String("A"), "Kids": pdf.Array{nested}}
	}
	many, widgets := make(pdf.Array, 100_001), make(pdf.Array, 100_001)
	for i := range many {
		many[i], widgets[i] = pdf.Dict{}, pdf.Dict{}
	}
	texts := make(pdf.Array, 100_001)
	for i := range texts {
		texts[i] = pdf.String("")
	}
	for what, fields := range map[string]pdf.Array{
		"too deep": {nested}, "too many fields": many, "too many widgets": {pdf.Dict{"Kids": widgets}},
		"too many names in a lock": {pdf.Dict{"FT": pdf.Name("Sig"), "Lock": pdf.Dict{"Fields": texts}}},
	} {
		data := pdftest.Document(pdftest.Options{Catalog: pdf.Dict{"AcroForm": pdf.Dict{"Fields": fields}}})
		if state, err := pdfsig.Look(open(t, data)); !errors.Is(err, &pdf.Error{Kind: pdf.TooComplex}) {
			t.Errorf("%s: %+v, %v", what, state, err)
		}
	}
	// A field that is its own kid, or is listed twice, is one.
	b, root := pdftest.Build(pdftest.Options{})
	field := b.Reserve()
	b.Set(field, pdf.Dict{"T": pdf.String("A"), "FT": pdf.Name("Sig"), "Kids": pdf.Array{field}})
	b.Set(root, pdf.Dict{"Type": pdf.Name("Catalog"), "Pages": pdf.Ref{Num: 2}, "AcroForm": pdf.Dict{"Fields": pdf.Array{field, field}}})
	if state, err := pdfsig.Look(open(t, b.Bytes(pdf.Table, root))); err != nil || len(state.Fields) != 0 {
		t.Errorf("a circle: %+v, %v", state, err)
	}
}

// TestWidgetsThatAreNotSeen, and fields that their widgets keep from being signed.
func TestWidgetsThatAreNotSeen(t *testing.T) {
	number := func(n ...int) (out pdf.Array) {
		for _, v := range n {
			out = append(out, pdf.Integer(v))
		}
		return out
	}
	b, root := pdftest.Build(pdftest.Options{})
	widget := func(rect pdf.Array, flags int) pdf.Ref {
		return b.Add(pdf.Dict{"Subtype": pdf.Name("Widget"), "Rect": rect, "F": pdf.Integer(flags)})
	}
	kids := pdf.Array{widget(number(1, 1, 9, 9), 4), widget(number(1, 1, 9, 9), 2), widget(number(1, 1, 9, 9), 32), widget(number(1, 1, 1, 9), 4),
		widget(number(1, 1, 9, 1), 4), widget(number(1, 1, 9), 4)}
	away := widget(number(1, 1, 9, 9), 4)
	form := pdf.Dict{"Fields": pdf.Array{b.Add(pdf.Dict{"T": pdf.String("A"), "FT": pdf.Name("Sig"), "Kids": append(kids[:len(kids):len(kids)], away)}),
		b.Add(pdf.Dict{"T": pdf.String("B"), "FT": pdf.Name("Sig"), "Kids": pdf.Array{pdf.Dict{"Rect": number(1, 1, 9, 9)}}})}}
	b.Set(root, pdf.Dict{"Type": pdf.Name("Catalog"), "Pages": pdf.Ref{Num: 2}, "AcroForm": form})
	b.Set(pdf.Ref{Num: 5}, pdf.Dict{"Type": pdf.Name("Page"), "Parent": pdf.Ref{Num: 2}, "Annots": append(kids, kids[0], pdf.Null{})})
	data := b.Bytes(pdf.Table, root)
	fields := emptyFields(t, data)
	for i, w := range fields["A"].Widgets {
		if w.Shown() != (i == 0) || (w.Page == 1) != (i < len(kids)) {
			t.Errorf("widget %d: %+v", i, w)
		}
	}
	p := cmstest.New(t, "ecdsa", cmstest.Options{})
	for name, want := range map[string]pdfsig.Kind{"A": "", "B": pdfsig.FieldMalformed} {
		_, err := prepare(t, data, pdfsig.Request{Frame: frame(p), Into: name})
		if want == "" && err != nil || want != "" && !errors.Is(err, &pdfsig.Error{Kind: want}) {
			t.Errorf("%s: %v", name, err)
		}
	}
	rect := func(r ...float64) pdf.Rect { return pdf.Rect(r) }
	for what, place := range map[string]pdfsig.Appearance{
		"below": {Page: 1, Widget: 1, Rect: rect(2, 0, 8, 8)}, "above": {Page: 1, Widget: 1, Rect: rect(2, 2, 8, 10)},
		"left": {Page: 1, Widget: 1, Rect: rect(0, 2, 8, 8)}, "right": {Page: 1, Widget: 1, Rect: rect(2, 2, 10, 8)},
		"not seen": {Page: 1, Widget: 2, Rect: rect(2, 2, 8, 8)},
	} {
		if _, err := prepare(t, data, pdfsig.Request{Frame: frame(p), Into: "A", Places: []pdfsig.Appearance{place}}); !errors.Is(err, &pdfsig.Error{Kind: pdfsig.FieldMalformed}) {
			t.Errorf("%s: %v", what, err)
		}
	}
	empty := pdfsig.Request{Frame: frame(p), Into: "A", Places: []pdfsig.Appearance{{Page: 1, Widget: 1, Rect: rect(2, 2, 8, 8)}}}
	if f := open(t, sign(t, data, empty)); len(objectsOf(t, f, func(d pdf.Dict) bool { return d["AP"] != nil })) != 0 {
		t.Error("a place without a picture has one")
	}
}

// TestRequestsThatContradictThemselves are refused before the document is read.
func TestRequestsThatContradictThemselves(t *testing.T) {
	p := cmstest.New(t, "ecdsa", cmstest.Options{})
	long := strings.Repeat("x", 5000)
	at := func(change func(*pdfsig.Appearance)) []pdfsig.Appearance {
		a := pdfsig.Appearance{Page: 1, Rect: pdf.Rect{1, 1, 9, 9}, Image: circle(9)}
		change(&a)
		return []pdfsig.Appearance{a}
	}
	picture := func(w, h int) []pdfsig.Appearance {
		return at(func(a *pdfsig.Appearance) { a.Image = image.NewNRGBA(image.Rect(0, 0, w, h)) })
	}
	part := func(from, to float64) []pdfsig.Appearance {
		return at(func(a *pdfsig.Appearance) { a.Part = [2]float64{from, to} })
	}
	for what, req := range map[string]pdfsig.Request{
		"a permission below":         {Certify: -1},
		"too many places":            {Places: make([]pdfsig.Appearance, 20_001)},
		"a long field":               {Into: long},
		"a long name of a field":     {FieldName: long},
		"a long name":                {Name: long},
		"a long reason":              {Reason: long},
		"a long location":            {Location: long},
		"a long contact":             {ContactInfo: long},
		"an endless place":           {Places: at(func(a *pdfsig.Appearance) { a.Rect[2] = math.Inf(1) })},
		"a place without a height":   {Places: at(func(a *pdfsig.Appearance) { a.Rect[3] = 1 })},
		"a strip from below nothing": {Places: part(-0.1, 0.5)},
		"a strip of nothing":         {Places: part(0.5, 0.5)},
		"a strip beyond the whole":   {Places: part(0.5, 1.5)},
		"a widget below the first":   {Into: "A", Places: at(func(a *pdfsig.Appearance) { a.Widget = -1 })},
		"a strip in a field":         {Into: "A", Places: at(func(a *pdfsig.Appearance) { a.Widget, a.Part = 1, [2]float64{0, 0.5} })},
		"a picture without a width":  {Places: picture(0, 9)},
		"a picture without a height": {Places: picture(9, 0)},
		"a picture too wide":         {Places: picture(4097, 1)},
	} {
		req.Frame = frame(p)
		if _, err := prepare(t, nil, req); !errors.Is(err, &pdfsig.Error{Kind: pdfsig.BadRequest}) {
			t.Errorf("%s: %v", what, err)
		}
	}
	if _, err := prepare(t, nil, pdfsig.Request{}); !errors.Is(err, &pdfsig.Error{Kind: pdfsig.BadRequest}) {
		t.Errorf("no frame: %v", err)
	}
	data := pdftest.Document(pdftest.Options{})
	for _, place := range []pdf.Rect{{0, -1, 9, 9}, {0, 800, 9, 843}} {
		if _, err := prepare(t, data, pdfsig.Request{Frame: frame(p), Places: []pdfsig.Appearance{{Page: 1, Rect: place}}}); !errors.Is(err, &pdfsig.Error{Kind: pdfsig.OutsidePage}) {
			t.Errorf("%v: %v", place, err)
		}
	}
	stamp := pdfsig.DocumentStamp{HashName: "MD5"}
	if _, err := stamp.Hash(); !errors.Is(err, &cms.Error{Kind: cms.WeakAlgorithm}) && !errors.Is(err, &cms.Error{Kind: cms.UnsupportedAlgorithm}) {
		t.Errorf("MD5: %v", err)
	}
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := pdfsig.Prepare(gone, bytes.NewReader(data), int64(len(data)), pdfsig.Request{Frame: frame(p)}); !errors.Is(err, context.Canceled) {
		t.Errorf("called off: %v", err)
	}
}

// endless is a file whose last byte, read for itself, cannot be read.
type endless struct{ io.ReaderAt }

var errLast = errors.New("the last byte is gone")

func (e endless) ReadAt(p []byte, off int64) (int, error) {
	if len(p) == 1 {
		return 0, errLast
	}
	return e.ReaderAt.ReadAt(p, off)
}

func TestTheLastByteIsRead(t *testing.T) {
	p := cmstest.New(t, "ecdsa", cmstest.Options{})
	data := pdftest.Document(pdftest.Options{})
	if _, err := pdfsig.Prepare(t.Context(), endless{bytes.NewReader(data)}, int64(len(data)), pdfsig.Request{Frame: frame(p)}); !errors.Is(err, errLast) {
		t.Errorf("signing: %v", err)
	}
	if _, err := pdfsig.Strengthen(endless{bytes.NewReader(data)}, int64(len(data)), pdfsig.Evidence{Certs: [][]byte{{1}}}); !errors.Is(err, errLast) {
		t.Errorf("strengthening: %v", err)
	}
	// An update begins on a line of its own.
	for _, end := range []string{"", "\n", "\r"} {
		whole := append(bytes.TrimRight(data, "\r\n"), end...)
		signed := sign(t, whole, pdfsig.Request{Frame: frame(p)})
		if next := signed[len(whole)]; (end == "") != (next == '\n') {
			t.Errorf("behind %q comes %q", end, next)
		}
	}
}

// TestErrorsTellTheirParameters: those that the sentences of their codes have.
func TestErrorsTellTheirParameters(t *testing.T) {
	whole := pdfsig.Error{Page: 3, Field: "A", By: "B", Entry: "reason", Wanted: "C", Defect: "D", Need: 5, Reserved: 4}
	for kind, want := range map[pdfsig.Kind][]string{
		pdfsig.OutsidePage: {"page"}, pdfsig.FieldExists: {"field"}, pdfsig.FieldMissing: {"field"}, pdfsig.FieldReadOnly: {"field"},
		pdfsig.FieldMalformed: {"field"}, pdfsig.FieldLocked: {"field", "by"}, pdfsig.SeedValue: {"field", "wanted"}, pdfsig.NeedsRepair: {"defect"},
		pdfsig.ReserveExceeded: {"need", "reserved"}, pdfsig.XFA: nil,
	} {
		e := whole
		e.Kind = kind
		params := e.Params()
		for _, name := range want {
			if params[name] == nil {
				t.Errorf("%s does not tell its %s", kind, name)
			}
		}
		if len(params) != len(want) {
			t.Errorf("%s tells %v", kind, params)
		}
		if errors.Is(&e, &pdfsig.Error{Kind: pdfsig.Changed}) || !errors.Is(&e, &pdfsig.Error{Kind: kind}) {
			t.Errorf("%s is taken for another", kind)
		}
	}
}

// TestLocksHoldWhatTheySay by their action.
func TestLocksHoldWhatTheySay(t *testing.T) {
	for action, want := range map[string][2]bool{"All": {true, true}, "Include": {true, false}, "Exclude": {false, true}} {
		l := pdfsig.Lock{Action: action, Fields: []string{"A"}}
		if got := [2]bool{l.Holds("A.B"), l.Holds("AB")}; got != want {
			t.Errorf("%s: %v, want %v", action, got, want)
		}
	}
	p := cmstest.New(t, "ecdsa", cmstest.Options{})
	data := prepared(pdf.Table, 0, pdf.Dict{"Lock": pdf.Dict{"Action": pdf.Name("All")}})
	signed := sign(t, data, pdfsig.Request{Frame: frame(p), Into: "采购人签章"})
	for name, f := range emptyFields(t, signed) {
		if f.LockedBy != "采购人签章" || !errors.Is(f.Open(), &pdfsig.Error{Kind: pdfsig.FieldLocked}) {
			t.Errorf("%s is not locked: %+v", name, f)
		}
	}
	// One of what others wrote locks the whole document.
	for p, refused := range map[int]bool{1: true, 2: false} {
		data := pdftest.Document(pdftest.Options{Catalog: pdf.Dict{"AcroForm": pdf.Dict{"Fields": pdf.Array{pdf.Dict{"FT": pdf.Name("Sig"), "T": pdf.String("A"),
			"V": pdf.Dict{"Reference": pdf.Array{pdf.Dict{"TransformMethod": pdf.Name("FieldMDP")}, pdf.Dict{"TransformMethod": pdf.Name("FieldMDP"),
				"TransformParams": pdf.Dict{"Action": pdf.Name("All"), "P": pdf.Integer(p)}}}}}}}}})
		state, err := pdfsig.Look(open(t, data))
		if err != nil || errors.Is(state.Refused, &pdfsig.Error{Kind: pdfsig.Locked}) != refused {
			t.Errorf("P %d: %+v, %v", p, state, err)
		}
	}
	// A certification by what is no reference of its own is one that lets forms be filled.
	data = pdftest.Document(pdftest.Options{Catalog: pdf.Dict{"Perms": pdf.Dict{"DocMDP": pdf.Dict{"Reference": pdf.Array{
		pdf.Dict{"TransformMethod": pdf.Name("UR3"), "TransformParams": pdf.Dict{"P": pdf.Integer(1)}}, pdf.Dict{"TransformMethod": pdf.Name("DocMDP")}}}}}})
	if state, err := pdfsig.Look(open(t, data)); err != nil || !state.Signed || state.Refused != nil {
		t.Errorf("%+v, %v", state, err)
	}
}

// TestSeedValuesOfOtherWriters: entries in other types than most writers', and what nobody can hold.
func TestSeedValuesOfOtherWriters(t *testing.T) {
	policies := []byte{0x30, 6, 0x30, 4, 6, 2, 0x2a, 3} // 1.2.3
	p := cmstest.New(t, "ecdsa", cmstest.Options{Name: "某某医院", Extensions: []pkix.Extension{{Id: []int{2, 5, 29, 32}, Value: policies}}})
	leaf, issuer := pdf.String(p.Chain[0].Raw), pdf.String(p.Chain[1].Raw)
	text := pdf.TextString("某某医院")
	cert := func(d pdf.Dict) pdf.Dict { return pdf.Dict{"Cert": d} }
	for _, tt := range []struct {
		name string
		sv   pdf.Dict
		req  pdfsig.Request
		want string
	}{
		{"one subject, no array", cert(pdf.Dict{"Ff": pdf.Integer(1), "Subject": leaf}), pdfsig.Request{}, ""},
		{"issuer held", cert(pdf.Dict{"Ff": pdf.Integer(2), "Issuer": pdf.Array{issuer}}), pdfsig.Request{}, ""},
		{"policy held", cert(pdf.Dict{"Ff": pdf.Integer(4), "OID": pdf.Array{pdf.String("1.2.3")}}), pdfsig.Request{}, ""},
		{"a name by its number", cert(pdf.Dict{"Ff": pdf.Integer(8), "SubjectDN": pdf.Array{pdf.Dict{"2.5.4.3": text}}}), pdfsig.Request{}, ""},
		{"a name that is no text", cert(pdf.Dict{"Ff": pdf.Integer(8), "SubjectDN": pdf.Array{pdf.Dict{"CN": pdf.Integer(1)}}}), pdfsig.Request{}, "certificate"},
		{"a usage that is not set", cert(pdf.Dict{"Ff": pdf.Integer(32), "KeyUsage": pdf.Array{pdf.String("XX1")}}), pdfsig.Request{}, "certificate"},
		{"a flag to come", cert(pdf.Dict{"Ff": pdf.Integer(1 << 12)}), pdfsig.Request{}, "certificate"},
		{"nobody's certificate", cert(pdf.Dict{"Ff": pdf.Integer(1), "Subject": leaf}), pdfsig.Request{Frame: pdfsig.DocumentStamp{HashName: "SHA256"}}, "certificate"},
		{"a lock as a truth value", pdf.Dict{"Ff": pdf.Integer(128), "LockDocument": pdf.Boolean(true)}, pdfsig.Request{}, "lock"},
		{"no lock as one", pdf.Dict{"Ff": pdf.Integer(128), "LockDocument": pdf.Boolean(false)}, pdfsig.Request{}, ""},
		{"a filter that is a number", pdf.Dict{"Ff": pdf.Integer(1), "Filter": pdf.Integer(1)}, pdfsig.Request{}, "filter"},
		{"legal attestation", pdf.Dict{"Ff": pdf.Integer(16), "LegalAttestation": pdf.Array{text}}, pdfsig.Request{Certify: 2}, "legal"},
		{"legal attestation of an approval", pdf.Dict{"Ff": pdf.Integer(16), "LegalAttestation": pdf.Array{text}}, pdfsig.Request{}, ""},
		{"a permission that is none", pdf.Dict{"MDP": pdf.Dict{"P": pdf.Integer(9)}}, pdfsig.Request{}, "approve"},
		{"MDP that says nothing", pdf.Dict{"MDP": pdf.Dict{}}, pdfsig.Request{}, ""},
		{"no reason at all", pdf.Dict{"Ff": pdf.Integer(8)}, pdfsig.Request{Reason: "合同签章"}, "no_reason"},
		{"two reasons", pdf.Dict{"Ff": pdf.Integer(8), "Reasons": pdf.Array{pdf.String("."), pdf.String("B")}}, pdfsig.Request{Reason: "B"}, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tt.req.Into = "采购人签章"
			if tt.req.Frame == nil {
				tt.req.Frame = frame(p)
			}
			_, err := prepare(t, prepared(pdf.Table, 0, pdf.Dict{"SV": tt.sv}), tt.req)
			e, _ := errors.AsType[*pdfsig.Error](err)
			if tt.want == "" && err != nil || tt.want != "" && (e == nil || e.Code() != "pdfsig.seed_"+tt.want) {
				t.Errorf("%v", err)
			}
		})
	}
}

// TestStoresOfTheWrongTypes are refused, and what is declared of a store is declared once.
func TestStoresOfTheWrongTypes(t *testing.T) {
	const seven = pdf.Integer(7)
	add := pdfsig.Evidence{Certs: [][]byte{{1}}, Of: map[pdf.Name]pdfsig.Evidence{"A": {Certs: [][]byte{{1}}}}}
	for what, store := range map[string]pdf.Object{
		"DSS": seven, "Certs": pdf.Dict{dss.KeyCerts: seven}, "VRI": pdf.Dict{dss.KeyVRI: seven},
		"an entry of VRI": pdf.Dict{dss.KeyVRI: pdf.Dict{"A": seven}}, "its Cert": pdf.Dict{dss.KeyVRI: pdf.Dict{"A": pdf.Dict{dss.KeyCert: seven}}},
	} {
		data := pdftest.Document(pdftest.Options{Catalog: pdf.Dict{"DSS": store}})
		if _, err := pdfsig.Strengthen(bytes.NewReader(data), int64(len(data)), add); !errors.Is(err, &pdf.Error{Kind: pdf.Malformed}) {
			t.Errorf("%s: %v", what, err)
		}
	}
	esic := pdf.Dict{"BaseVersion": pdf.Name("1.7"), "ExtensionLevel": pdf.Integer(9)}
	for what, tt := range map[string]struct {
		catalog pdf.Dict
		want    pdf.Object
	}{
		"of PDF 2.0":     {pdf.Dict{"Version": pdf.Name("2.0")}, nil},
		"declared":       {pdf.Dict{"Extensions": pdf.Dict{"ESIC": esic}}, pdf.Dict{"ESIC": esic}},
		"another's":      {pdf.Dict{"Extensions": pdf.Ref{Num: 2}}, pdf.Ref{Num: 2}},
		"the wrong type": {pdf.Dict{"Extensions": seven}, seven},
		"beside another": {pdf.Dict{"Extensions": pdf.Dict{"ADBE": esic}},
			pdf.Dict{"ADBE": esic, "ESIC": pdf.Dict{"BaseVersion": pdf.Name("1.7"), "ExtensionLevel": pdf.Integer(1)}}},
	} {
		f, _ := storeOf(t, strengthen(t, pdftest.Document(pdftest.Options{Catalog: tt.catalog}), add))
		catalog, err := f.Catalog()
		if err != nil || tt.want == nil && catalog["Extensions"] != nil || tt.want != nil && !pdf.Equal(catalog["Extensions"], tt.want) {
			t.Errorf("%s: %v, %v", what, catalog["Extensions"], err)
		}
	}
	// Of what holds nothing nothing is said, and direct streams are no objects to point to.
	data := pdftest.Document(pdftest.Options{Catalog: pdf.Dict{"DSS": pdf.Dict{dss.KeyCerts: pdf.Array{seven}}}})
	update, err := pdfsig.Strengthen(bytes.NewReader(data), int64(len(data)), pdfsig.Evidence{Of: map[pdf.Name]pdfsig.Evidence{"A": {}}})
	if err != nil || update != nil {
		t.Errorf("%d bytes, %v", len(update), err)
	}
	_, s := storeOf(t, strengthen(t, data, add))
	if list, is := s.Dict[dss.KeyCerts].(pdf.Array); !is || len(list) != 2 || list[0] != pdf.Object(seven) {
		t.Errorf("%v", s.Dict)
	}
	junk := append([]byte("junk"), data...)
	if _, err := pdfsig.Strengthen(bytes.NewReader(junk), int64(len(junk)), add); !errors.Is(err, &pdfsig.Error{Kind: pdfsig.NeedsRepair}) {
		t.Errorf("junk in front: %v", err)
	}
}

// TestAPageTwiceInItsObjectStream: readers take the one or the other, and nobody signs what he may not have seen.
func TestAPageTwiceInItsObjectStream(t *testing.T) {
	p := cmstest.New(t, "ecdsa", cmstest.Options{})
	page := "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] >> "
	for twice, index := range map[bool]string{true: fmt.Sprintf("3 0 3 %d ", len(page)), false: fmt.Sprintf("9 0 3 %d ", len(page))} {
		data := []byte("%PDF-1.7\n1 0 obj\n<< /Type /Catalog /Pages 2 0 R >>\nendobj\n")
		pages := len(data)
		data = append(data, "2 0 obj\n<< /Type /Pages /Kids [3 0 R] /Count 1 >>\nendobj\n"...)
		packed := len(data)
		data = fmt.Appendf(data, "4 0 obj\n<< /Type /ObjStm /N 2 /First %d /Length %d >>\nstream\n%s\nendstream\nendobj\n", len(index), len(index)+2*len(page), index+page+page)
		at := len(data)
		rows := []byte{0, 0, 0, 0, 1, 0, 9, 0, 1, byte(pages >> 8), byte(pages), 0, 2, 0, 4, 1, 1, byte(packed >> 8), byte(packed), 0, 1, byte(at >> 8), byte(at), 0}
		data = fmt.Appendf(data, "5 0 obj\n<< /Type /XRef /Size 6 /W [1 2 1] /Root 1 0 R /Length %d >>\nstream\n%s\nendstream\nendobj\nstartxref\n%d\n%%%%EOF\n", len(rows), rows, at)
		_, err := prepare(t, data, pdfsig.Request{Frame: frame(p)})
		var refused *pdfsig.Error
		if twice != (errors.As(err, &refused) && refused.Kind == pdfsig.NeedsRepair && refused.Defect == pdf.ObjectTwice) || !twice && err != nil {
			t.Errorf("twice %v: %v", twice, err)
		}
	}
}
