package signer_test

import (
	"errors"
	"path/filepath"
	"testing"

	"github.com/emmansun/gmsm/smx509"

	"sealdesk/signer"
	"sealdesk/signer/cms/cmstest"
	"sealdesk/signer/pdf"
	"sealdesk/signer/pdf/pdftest"
	"sealdesk/signer/pdfsig"
	"sealdesk/signer/seal"
	"sealdesk/signer/verify"
)

// A party signs what another one prepared, each into its own field, and all of it is valid in the end.
func TestPreparedFieldsAreSigned(t *testing.T) {
	for _, algorithm := range []string{"ecdsa", "sm2"} {
		for _, rotate := range []int{0, 90} {
			f := newFixture(t, algorithm)
			f.rewrite(t, pdftest.Fields(pdftest.Options{Rotate: rotate}, pdf.Dict{"Lock": pdf.Dict{"Action": pdf.Name("Include"), "Fields": pdf.Array{pdf.TextString("金额")}}}))
			job := f.job
			for n, name := range []string{"采购人签章", "乙方.供应商签章", "隐形"} {
				job.Places = []seal.Place{place(t, "field="+name)}
				if n == 1 {
					job.Places = append(job.Places, place(t, "edge"))
				}
				job.Out = filepath.Join(f.dir, name+".pdf")
				checked, err := job.Check(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				result, err := job.Run(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				if result.Report.Verdict != verify.Valid || result.Report.Signatures[n].Field != name || result.Fields[0] != name {
					t.Errorf("%s: %s, field %q", name, result.Report.Verdict, result.Report.Signatures[n].Field)
				}
				shown := len(result.Report.Signatures[n].Widgets)
				if want := []int{1, 4, 1}[n]; shown != want || len(checked.Places) != []int{1, 4, 0}[n] {
					t.Errorf("%s: %d widgets, %d places", name, shown, len(checked.Places))
				}
				job.In, job.ExpectSHA256 = result.Path, result.SHA256
			}
			if f.key.asked != 3 {
				t.Errorf("the key was asked %d times", f.key.asked)
			}
		}
	}
}

// The seal is as large as it is, or as the field lets it be.
func TestASealIsFittedIntoItsField(t *testing.T) {
	l := layout(t, pdftest.Fields(pdftest.Options{}, nil), nil)
	if n := len(l.Fields()); n != 4 {
		t.Fatalf("%d fields", n)
	}
	large, small := *redSeal(), *redSeal() // 42 mm; the field has 200 by 100 points
	small.WidthMM, small.HeightMM = 20, 10
	for _, c := range []struct {
		seal seal.Seal
		w, h float64
	}{{large, 100 / seal.PointsPerMM, 100 / seal.PointsPerMM}, {small, 20, 10}} {
		got, err := l.Locate(t.Context(), signer.Placing{Seal: c.seal, Places: []seal.Place{place(t, "field=采购人签章")}})
		if err != nil || len(got.Impressions) != 1 || got.Field != "采购人签章" {
			t.Fatalf("%+v %v", got, err)
		}
		im := got.Impressions[0]
		if diff := max(im.W-c.w, c.w-im.W, im.H-c.h, c.h-im.H); diff > 1e-9 || im.Page != 2 || im.Widget != 1 {
			t.Errorf("%+v, want %v by %v", im, c.w, c.h)
		}
	}
	for name, code := range map[string]pdfsig.Kind{"乙方": pdfsig.FieldMissing, "只读": pdfsig.FieldReadOnly} {
		if _, err := l.Locate(t.Context(), signer.Placing{Seal: large, Places: []seal.Place{place(t, "field="+name)}}); !errors.Is(err, &pdfsig.Error{Kind: code}) {
			t.Errorf("%s: %v", name, err)
		}
	}
	two := []seal.Place{place(t, "field=采购人签章"), place(t, "field=隐形")}
	if _, err := l.Locate(t.Context(), signer.Placing{Seal: large, Places: two}); !errors.Is(err, &signer.Error{Kind: signer.TwoFields}) {
		t.Errorf("two fields: %v", err)
	}
}

// A certification is the first signature or none; what it forbids is told before the key is asked.
func TestCertificationsHold(t *testing.T) {
	other := cmstest.New(t, "ecdsa", cmstest.Options{Name: "供应商"})
	for certify := 1; certify <= 3; certify++ {
		f := newFixture(t, "ecdsa")
		f.rewrite(t, pdftest.Fields(pdftest.Options{}, nil))
		f.job.Certify = certify
		first, err := f.job.Run(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if s := first.Report.Signatures[0]; s.Certifies != certify || s.Verdict != verify.Valid {
			t.Errorf("P=%d became %d, %s", certify, s.Certifies, s.Verdict)
		}
		for _, at := range []string{"field=乙方.供应商签章", "page=1,x=60mm,y=80mm"} {
			second := f.job
			key := &countingKey{Signer: other.Key}
			second.In, second.Out, second.ExpectSHA256 = first.Path, filepath.Join(f.dir, "2.pdf"), first.SHA256
			second.Key, second.Chain, second.Places, second.Certify = key, other.Chain, []seal.Place{place(t, at)}, 0
			second.Roots = []*smx509.Certificate{f.party.Root, other.Root}
			_, err := second.Check(t.Context())
			if certify == 1 {
				if !errors.Is(err, &pdfsig.Error{Kind: pdfsig.Locked}) {
					t.Errorf("%s in a locked document: %v", at, err)
				}
				if _, err := second.Run(t.Context()); !errors.Is(err, &pdfsig.Error{Kind: pdfsig.Locked}) || key.asked != 0 {
					t.Errorf("%s in a locked document: %v, asked %d times", at, err, key.asked)
				}
				continue
			}
			if err != nil {
				t.Errorf("P=%d, %s: %v", certify, at, err)
			}
			again := second
			again.Certify = 2
			if _, err := again.Check(t.Context()); !errors.Is(err, &pdfsig.Error{Kind: pdfsig.NotFirst}) {
				t.Errorf("a second certification: %v", err)
			}
			second.Out = filepath.Join(f.dir, at[:4]+".pdf")
			if result, err := second.Run(t.Context()); err != nil || result.Report.Verdict != verify.Valid {
				t.Errorf("P=%d, %s: %+v %v", certify, at, result.Report, err)
			}
		}
	}
}
