package dss_test

import (
	"bytes"
	"testing"

	"sealdesk/signer/dss"
	"sealdesk/signer/pdf"
	"sealdesk/signer/pdf/pdftest"
)

// file is a document with a store; with adds its parts.
func file(t testing.TB, with func(b *pdftest.Builder) pdf.Object) *pdf.File {
	t.Helper()
	b, _ := pdftest.Build(pdftest.Options{})
	store := with(b)
	root := b.Add(pdf.Dict{"Type": pdf.Name("Catalog"), "Pages": pdf.Ref{Num: 2}, "DSS": store})
	data := b.Bytes(pdf.Table, root)
	f, err := pdf.Open(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func TestRead(t *testing.T) {
	stream := func(b *pdftest.Builder, data string) pdf.Ref { return b.AddStream(pdf.Dict{}, []byte(data)) }
	for name, tc := range map[string]struct {
		store               func(b *pdftest.Builder) pdf.Object
		certs, ocsps, crls  int
		excess, there, fail bool
	}{
		"none":       {func(b *pdftest.Builder) pdf.Object { return nil }, 0, 0, 0, false, false, false},
		"empty":      {func(b *pdftest.Builder) pdf.Object { return pdf.Dict{} }, 0, 0, 0, false, true, false},
		"no store":   {func(b *pdftest.Builder) pdf.Object { return pdf.Integer(7) }, 0, 0, 0, false, false, true},
		"not arrays": {func(b *pdftest.Builder) pdf.Object { return pdf.Dict{"Certs": pdf.Name("x")} }, 0, 0, 0, false, true, true},
		"one of each": {func(b *pdftest.Builder) pdf.Object {
			return b.Add(pdf.Dict{"Certs": pdf.Array{stream(b, "a")}, "OCSPs": b.Add(pdf.Array{stream(b, "b")}), "CRLs": pdf.Array{stream(b, "c")}})
		}, 1, 1, 1, false, true, false},
		"twice the same": {func(b *pdftest.Builder) pdf.Object {
			ref := stream(b, "a")
			return pdf.Dict{"Certs": pdf.Array{ref, ref, stream(b, "a"), stream(b, "b")}}
		}, 2, 0, 0, false, true, false},
		"things that are no streams": {func(b *pdftest.Builder) pdf.Object {
			return pdf.Dict{"Certs": pdf.Array{pdf.Integer(1), pdf.Ref{Num: 999}, stream(b, "a")}}
		}, 1, 0, 0, false, true, false},
		"a certificate that is too long": {func(b *pdftest.Builder) pdf.Object {
			return pdf.Dict{"Certs": pdf.Array{b.AddStream(pdf.Dict{}, make([]byte, dss.MaxCertificate+1)), stream(b, "a")}}
		}, 1, 0, 0, true, true, false},
		"too many": {func(b *pdftest.Builder) pdf.Object {
			var all pdf.Array
			for range dss.MaxItems + 1 {
				all = append(all, stream(b, "x"))
			}
			return pdf.Dict{"CRLs": all}
		}, 0, 0, 1, true, true, false},
		"too much in all": {func(b *pdftest.Builder) pdf.Object {
			var all pdf.Array
			for i := range dss.MaxBytes/dss.MaxCRL + 2 {
				all = append(all, b.AddStream(pdf.Dict{}, bytes.Repeat([]byte{byte(i)}, dss.MaxCRL)))
			}
			return pdf.Dict{"CRLs": all}
		}, 0, 0, dss.MaxBytes / dss.MaxCRL, true, true, false},
		"a filter that is not known": {func(b *pdftest.Builder) pdf.Object {
			return pdf.Dict{"Certs": pdf.Array{b.AddStream(pdf.Dict{"Filter": pdf.Name("DCTDecode")}, []byte("x")), stream(b, "a")}}
		}, 1, 0, 0, false, true, false},
	} {
		t.Run(name, func(t *testing.T) {
			s, err := dss.Read(file(t, tc.store))
			if (err != nil) != tc.fail {
				t.Fatal(err)
			}
			if len(s.Certs) != tc.certs || len(s.OCSPs) != tc.ocsps || len(s.CRLs) != tc.crls || s.Excess != tc.excess || (s.Dict != nil) != tc.there {
				t.Errorf("%d, %d, %d, excess %v, dictionary %v", len(s.Certs), len(s.OCSPs), len(s.CRLs), s.Excess, s.Dict != nil)
			}
			for _, l := range s.CRLs {
				if l.Issuer == nil {
					t.Error("a list without an issuer, which would be held against everybody")
				}
			}
		})
	}
}

// TestIssuersOfLists: a list is held against those whose name it gives, and what is no list against nobody.
func TestIssuersOfLists(t *testing.T) {
	tlv := func(tag byte, parts ...[]byte) []byte {
		content := bytes.Join(parts, nil)
		return append([]byte{tag, byte(len(content))}, content...)
	}
	version, algorithm, name, text := tlv(2, []byte{1}), tlv(0x30, tlv(6, []byte{0x2a, 3})), tlv(0x30, tlv(0x31)), tlv(12, []byte("text"))
	for what, tc := range map[string]struct{ der, want []byte }{
		"a list":                 {tlv(0x30, tlv(0x30, version, algorithm, name)), name},
		"one of version 1":       {tlv(0x30, tlv(0x30, algorithm, name)), name},
		"nothing":                {[]byte{0}, []byte{}},
		"an empty one":           {tlv(0x30), []byte{}},
		"one with a text":        {tlv(0x30, text), []byte{}},
		"a version cut off":      {tlv(0x30, tlv(0x30, []byte{2, 9})), []byte{}},
		"no algorithm":           {tlv(0x30, tlv(0x30, version, text)), []byte{}},
		"a name that is a text":  {tlv(0x30, tlv(0x30, version, algorithm, text)), []byte{}},
		"a name that is missing": {tlv(0x30, tlv(0x30, version, algorithm)), []byte{}},
	} {
		s, err := dss.Read(file(t, func(b *pdftest.Builder) pdf.Object {
			return pdf.Dict{"CRLs": pdf.Array{b.AddStream(pdf.Dict{}, tc.der)}}
		}))
		if err != nil || len(s.CRLs) != 1 || s.CRLs[0].Issuer == nil || !bytes.Equal(s.CRLs[0].Issuer, tc.want) {
			t.Errorf("%s: %+v, %v", what, s, err)
		}
	}
}

func TestNameOf(t *testing.T) {
	if n := dss.NameOf([]byte("abc")); n != "A9993E364706816ABA3E25717850C26C9CD0D89D" { // FIPS 180-4's example
		t.Error(n)
	}
}

func FuzzRead(f *testing.F) {
	f.Add([]byte("<< /Certs [1 0 R 3 0 R] /VRI << /A << /Cert [3 0 R] >> >> >>"), []byte{0x30, 3, 0x30, 1, 0})
	f.Add([]byte("<< /CRLs 4 0 R /OCSPs [[4 0 R]] >>"), []byte{0x30, 0x82, 0xff, 0xff})
	f.Fuzz(func(t *testing.T, store, item []byte) {
		var b pdftest.Builder
		pages := b.Add(pdf.Dict{"Type": pdf.Name("Pages"), "Kids": pdf.Array{}, "Count": pdf.Integer(0)})
		ref := b.AddRaw(string(store))
		b.AddStream(pdf.Dict{}, item)
		root := b.Add(pdf.Dict{"Type": pdf.Name("Catalog"), "Pages": pages, "DSS": ref})
		data := b.Bytes(pdf.Table, root)
		file, err := pdf.Open(bytes.NewReader(data), int64(len(data)))
		if err != nil {
			return
		}
		s, err := dss.Read(file)
		if err == nil && len(s.Certs)+len(s.OCSPs)+len(s.CRLs) > 3*dss.MaxItems {
			t.Error("more than the bounds let through")
		}
	})
}
