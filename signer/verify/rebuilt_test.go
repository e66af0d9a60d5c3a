package verify

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/emmansun/gmsm/smx509"

	"sealdesk/signer/cms"
	"sealdesk/signer/cms/cmstest"
	"sealdesk/signer/pdf"
	"sealdesk/signer/pdfsig"
	"sealdesk/signer/ses"
	"sealdesk/signer/sigform"
)

// A victim is a document that our own signer signed, and that attacks change.
type victim struct {
	*paper
	opts  Options
	field uint32 // of the signature
	value uint32 // its dictionary
	form  uint32
}

// Numbers of the objects that the documents have beside those of every paper:
// what an attacker prepared before it was signed.
const (
	objFieldText   = 20 // a text field with an appearance
	objAppearance  = 21
	objCover       = 22 // an image that covers part of the page
	objHiddenPages = 23 // a page tree that nothing leads to
	objHiddenPage  = 24
	objHiddenText  = 25
	objLayer       = 26 // an optional content group, hidden
	objNote        = 27 // an annotation
	objNoteLook    = 28
	objUnicode     = 29 // the font's ToUnicode
	objAwaited     = 40 // referred to, and not there
)

// prepared is the document before it is signed; container is how the objects are kept.
func prepared(t testing.TB, container string) *paper {
	p := newPaper(t)
	p.root["OCProperties"] = "<< /OCGs [26 0 R] /D << /OFF [26 0 R] >> >>"
	p.page["Contents"], p.page["Rotate"] = "[4 0 R]", "0"
	p.page["Resources"] = "<< /Font << /F1 5 0 R >> /XObject << /Im1 22 0 R >> /Properties << /L1 26 0 R >> >>"
	p.fields, p.annots = []int{objFieldText}, []int{objFieldText, objNote}
	p.page["Annots"], p.root["AcroForm"] = refList(p.annots), "7 0 R"
	objs := map[int]string{
		objCatalog: p.dict(p.root), objPage: p.dict(p.page),
		objForm:        "<< /Fields " + refList(p.fields) + " /DA (/Helv 0 Tf 0 g) >>",
		objFont:        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /ToUnicode 29 0 R >>",
		objFieldText:   "<< /Type /Annot /Subtype /Widget /FT /Tx /T (total) /V (100) /DA (/Helv 12 Tf) /P 3 0 R /F 4 /Rect [72 600 200 620] /AP << /N 21 0 R >> >>",
		objAppearance:  stream("/Subtype /Form /BBox [0 0 128 20]", "BT (100) Tj ET"),
		objCover:       stream("/Subtype /Image /Width 1 /Height 1 /ColorSpace /DeviceGray /BitsPerComponent 8", "\xff"),
		objHiddenPages: "<< /Type /Pages /Kids [24 0 R] /Count 1 >>",
		objHiddenPage:  "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 25 0 R /Resources << /Font << /F1 5 0 R >> >> >>",
		objHiddenText:  evilText,
		objLayer:       "<< /Type /OCG /Name (Layer) >>",
		objNote:        "<< /Type /Annot /Subtype /Text /P 3 0 R /Rect [500 800 520 820] /Contents (seen) /AP << /N 28 0 R >> >>",
		objNoteLook:    stream("/Subtype /Form /BBox [0 0 20 20]", ""),
		objUnicode:     stream("", "begincmap endcmap"),
	}
	small := maps.Clone(objs)
	maps.DeleteFunc(small, func(_ int, o string) bool { return strings.Contains(o, "stream") })
	switch container {
	case "table":
		p.update(objs)
	case "streams", "hybrid":
		maps.DeleteFunc(objs, func(n int, _ string) bool { return small[n] != "" })
		p.update(objs)
		p.compress(small, 45)
	}
	if container == "hybrid" {
		companion := p.prev
		p.trailer += fmt.Sprintf(" /XRefStm %d", companion)
		p.update(map[int]string{objInfo: "<< /Title (Contract) >>"})
		p.trailer = strings.Replace(p.trailer, fmt.Sprintf(" /XRefStm %d", companion), "", 1)
	}
	return p
}

// victims are signed documents of every kind that this program makes.
func victims(t testing.TB) map[string]*victim {
	t.Helper()
	party := map[string]*cmstest.Party{"rsa": cmstest.New(t, "rsa", cmstest.Options{}), "sm2": cmstest.New(t, "sm2", cmstest.Options{})}
	hospital := newOffice(t, nil)
	out := map[string]*victim{}
	for _, kind := range []struct {
		algorithm, form, container string
		certify                    int
		visible                    bool
	}{
		{"rsa", "pades", "table", 0, true},
		{"sm2", "pades", "streams", 2, true},
		{"sm2", "gm", "table", 3, false},
		{"sm2", "seal", "streams", 0, true},
		{"rsa", "pades", "hybrid", 1, true},
		{"sm2", "seal", "hybrid", 2, true},
		{"rsa", "adobe", "streams", 3, true},
	} {
		form, err := sigform.Default().Named(kind.form)
		if err != nil {
			t.Fatal(err)
		}
		p := prepared(t, kind.container)
		v := &victim{paper: p, opts: hospital.trusting()}
		req := pdfsig.Request{Certify: kind.certify, Time: sealingTime, FieldName: "Seal"}
		if kind.form == "seal" {
			req.Frame = pdfsig.Seal{Builder: ses.Builder{Seal: hospital.seal, Signer: hospital.Key, Certificate: hospital.Chain[0], Time: sealingTime}}
		} else {
			by := party[kind.algorithm]
			v.opts.Roots = []*smx509.Certificate{by.Root}
			req.Frame = pdfsig.CMS{Builder: cms.Builder{Signer: by.Key, Chain: by.Chain}, As: form}
		}
		if kind.visible {
			var m image.Image = redSeal()
			if kind.form == "seal" {
				if m, err = hospital.seal.Picture.Image(); err != nil {
					t.Fatal(err)
				}
			}
			req.Places = []pdfsig.Appearance{{Page: 1, Rect: pdf.Rect{400, 100, 513, 213}, Image: m.(*image.NRGBA)}}
		}
		plan, err := pdfsig.Prepare(context.Background(), bytes.NewReader(p.data), int64(len(p.data)), req)
		if err != nil {
			t.Fatal(err)
		}
		v.data = signed(t, plan, p.data)
		v.learn()
		out[fmt.Sprintf("%s %s %s P%d", kind.algorithm, kind.form, kind.container, kind.certify)] = v
	}
	return out
}

// learn reads where things are in the signed file.
func (v *victim) learn() {
	v.t.Helper()
	f, err := pdf.Open(bytes.NewReader(v.data), int64(len(v.data)))
	if err != nil {
		v.t.Fatal(err)
	}
	last := f.Revisions()[len(f.Revisions())-1]
	v.prev = int(last.XRef)
	n, _ := last.Trailer["Size"].(pdf.Integer)
	v.size = int(n)
	for _, e := range last.Entries {
		o, err := f.Resolve(e.Ref())
		if err != nil {
			v.t.Fatal(err)
		}
		d, ok := o.(pdf.Dict)
		if !ok {
			continue
		}
		v.objects[int(e.Num)] = string(pdf.Append(nil, d))
		switch {
		case d["ByteRange"] != nil:
			v.value = e.Num
		case d["FT"] == pdf.Name("Sig"):
			v.field = e.Num
		}
	}
	v.form = objForm
}

func (v *victim) clone(t testing.TB) *victim {
	w := *v
	w.paper = v.paper.clone()
	w.t = t
	return &w
}

func (v *victim) judge() *Report { return verifyWith(v.t, v.data, v.opts) }

// edit returns an object's text with a part of it replaced, which must be there.
func (v *victim) edit(num int, old, new string) string {
	v.t.Helper()
	if !strings.Contains(v.objects[num], old) {
		v.t.Fatalf("object %d is %s, without %q", num, v.objects[num], old)
	}
	return strings.Replace(v.objects[num], old, new, 1)
}

// with returns a dictionary's text with an entry more.
func (v *victim) with(num int, entry string) string {
	o := v.objects[num]
	return o[:2] + " " + entry + " " + o[2:]
}

// annotate returns the page with an annotation more.
func (v *victim) annotate(ref string) string {
	return v.edit(objPage, fmt.Sprintf("%d 0 R", v.field), fmt.Sprintf("%d 0 R %s", v.field, ref))
}

// attack is one that the literature describes, or a turn of one.
type attack struct {
	name string
	code string // the finding that decides, and behind a bar words of its message; "" where it hangs on the kind
	like string // the attack that is named; "" where none is
	do   func(v *victim)
}

// TestRebuiltAttacks makes every attack on signatures of every kind. None is
// valid, the reason is the right one, and the attack is named.
func TestRebuiltAttacks(t *testing.T) {
	all := victims(t)
	names := slices.Sorted(maps.Keys(all))
	for _, name := range names {
		if r := all[name].judge(); !r.Valid() {
			t.Fatalf("%s, untouched: %s %v", name, r.Verdict, allCodes(r))
		}
	}
	for family, attacks := range map[string][]attack{
		"USF": forgeries, "ISA": savings, "SWA": wrappings, "shadow": shadows, "EAA": annotations, "SSA": sneakySignatures, "structure": structures,
	} {
		for _, a := range attacks {
			t.Run(family+"/"+a.name, func(t *testing.T) {
				for _, name := range names {
					v := all[name].clone(t)
					a.do(v)
					r := v.judge()
					if r.Verdict != Invalid || a.code != "" && !found(r, a.code) || a.like != "" && !found(r, "verify."+a.like) {
						t.Errorf("%s: %s with %v, want %s and %s; changes %v %v", name, r.Verdict, allCodes(r), a.code, a.like, changes(r), r.Findings)
					}
				}
			})
		}
	}
}
