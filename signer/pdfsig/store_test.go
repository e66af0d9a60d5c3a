package pdfsig_test

import (
	"bytes"
	"fmt"
	"testing"

	"sealdesk/signer/dss"
	"sealdesk/signer/pdf"
	"sealdesk/signer/pdf/pdftest"
	"sealdesk/signer/pdfsig"
)

func strengthen(t *testing.T, data []byte, e pdfsig.Evidence) []byte {
	t.Helper()
	update, err := pdfsig.Strengthen(bytes.NewReader(data), int64(len(data)), e)
	if err != nil {
		t.Fatal(err)
	}
	return append(bytes.Clone(data), update...)
}

func storeOf(t *testing.T, data []byte) (*pdf.File, *dss.Store) {
	t.Helper()
	f, err := pdf.Open(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	s, err := dss.Read(f)
	if err != nil {
		t.Fatal(err)
	}
	return f, s
}

func ders(items []dss.Item) string {
	var out []string
	for _, i := range items {
		out = append(out, string(i.DER))
	}
	return fmt.Sprint(out)
}

// A store is made, and grows: what it has stays, nothing is put in twice, and what adds nothing writes nothing. This goes for
// stores that others wrote in other ways.
func TestStrengthen(t *testing.T) {
	b := func(texts ...string) (out [][]byte) {
		for _, s := range texts {
			out = append(out, []byte(s))
		}
		return out
	}
	for _, form := range []pdf.Form{pdf.Table, pdf.XRefStream} {
		for name, catalog := range map[string]func(b *pdftest.Builder) pdf.Dict{
			"no store": func(*pdftest.Builder) pdf.Dict { return pdf.Dict{} },
			"in the catalog": func(b *pdftest.Builder) pdf.Dict {
				return pdf.Dict{"DSS": pdf.Dict{"Certs": pdf.Array{b.AddStream(pdf.Dict{}, []byte("old"))}, "Other": pdf.Integer(7)}}
			},
			"of objects of their own": func(b *pdftest.Builder) pdf.Dict {
				old := b.AddStream(pdf.Dict{}, []byte("old"))
				return pdf.Dict{"DSS": b.Add(pdf.Dict{"Certs": b.Add(pdf.Array{old}), "Other": pdf.Integer(7),
					"VRI": b.Add(pdf.Dict{"OLD": b.Add(pdf.Dict{"Cert": pdf.Array{old}})})})}
			},
		} {
			t.Run(form.String()+" "+name, func(t *testing.T) {
				builder, _ := pdftest.Build(pdftest.Options{})
				d := catalog(builder)
				d["Type"], d["Pages"] = pdf.Name("Catalog"), pdf.Ref{Num: 2}
				had := d["DSS"] != nil
				data := builder.Bytes(form, builder.Add(d))
				first := pdfsig.Evidence{Certs: b("old", "a", "a"), OCSPs: b("o"), CRLs: b("c"),
					Of: map[pdf.Name]pdfsig.Evidence{"NEW": {Certs: b("a"), CRLs: b("c")}}}
				once := strengthen(t, data, first)
				f, s := storeOf(t, once)
				if ders(s.Certs) != "[old a]" || ders(s.OCSPs) != "[o]" || ders(s.CRLs) != "[c]" || len(f.Revisions()) != 2 || f.Revisions()[1].Form != form {
					t.Fatalf("%s %s %s", ders(s.Certs), ders(s.OCSPs), ders(s.CRLs))
				}
				if had && s.Dict["Other"] != pdf.Integer(7) {
					t.Error("an entry of the store was dropped")
				}
				vri, err := f.Dict(s.Dict["VRI"])
				if err != nil {
					t.Fatal(err)
				}
				if name == "of objects of their own" && vri["OLD"] == nil {
					t.Error("what belongs to another signature was dropped")
				}
				entry, err := f.Dict(vri["NEW"])
				if err != nil || !pdf.Equal(entry["Cert"], pdf.Array{s.Certs[1].Ref}) || !pdf.Equal(entry["CRL"], pdf.Array{s.CRLs[0].Ref}) || entry["OCSP"] != nil {
					t.Errorf("%v, %v", entry, err)
				}
				root, err := f.Catalog()
				if err != nil {
					t.Fatal(err)
				}
				if _, isRef := root["DSS"].(pdf.Ref); !isRef {
					t.Error("the store is not an object of its own")
				}
				if again := strengthen(t, once, first); len(again) != len(once) {
					t.Error("what adds nothing wrote something")
				}
				twice := strengthen(t, once, pdfsig.Evidence{CRLs: b("c", "d")})
				if _, s := storeOf(t, twice); ders(s.CRLs) != "[c d]" || ders(s.Certs) != "[old a]" || s.CRLs[1].Revision != 2 || s.CRLs[0].Revision != 1 {
					t.Errorf("%s %s", ders(s.Certs), ders(s.CRLs))
				}
			})
		}
	}
	// PDF 1.7 is told of the extension, PDF 2.0 knows it.
	for header, want := range map[string]bool{"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n": true, "%PDF-2.0\n%\xe2\xe3\xcf\xd3\n": false} {
		builder, root := pdftest.Build(pdftest.Options{})
		builder.Header = header
		f, _ := storeOf(t, strengthen(t, builder.Bytes(pdf.Table, root), pdfsig.Evidence{Certs: b("a")}))
		catalog, err := f.Catalog()
		if err != nil || (catalog["Extensions"] != nil) != want {
			t.Errorf("%q: %v, %v", header, catalog, err)
		}
	}
	data := pdftest.Document(pdftest.Options{})
	if update, err := pdfsig.Strengthen(bytes.NewReader(data), int64(len(data)), pdfsig.Evidence{}); err != nil || update != nil {
		t.Errorf("nothing to add: %d bytes, %v", len(update), err)
	}
	if _, err := pdfsig.Strengthen(bytes.NewReader(data), int64(len(data)-20), pdfsig.Evidence{Certs: b("a")}); err == nil {
		t.Error("a file without its end")
	}
}
