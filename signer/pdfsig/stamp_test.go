package pdfsig_test

import (
	"bytes"
	"errors"
	"testing"

	"sealdesk/signer/pdf"
	"sealdesk/signer/pdf/pdftest"
	"sealdesk/signer/pdfsig"
)

// A time stamp over the document is called one, claims nothing beside its token, and shows nowhere.
func TestDocumentStamp(t *testing.T) {
	data := pdftest.Document(pdftest.Options{})
	for hash, size := range map[string]int{"SHA256": 32, "SHA512": 64, "SM3": 32} {
		var asked []byte
		frame := pdfsig.DocumentStamp{HashName: hash, Stamp: func(digest []byte) ([]byte, error) {
			asked = digest
			return []byte("token"), nil
		}}
		plan, err := pdfsig.Prepare(t.Context(), bytes.NewReader(data), int64(len(data)), pdfsig.Request{Frame: frame, Name: "x", Reason: "y"})
		if err != nil {
			t.Fatal(err)
		}
		out := bytes.NewBuffer(bytes.Clone(data))
		update, err := signOver(plan, bytes.NewReader(data))
		if err != nil {
			t.Fatal(err)
		}
		out.Write(update)
		f, err := pdf.Open(bytes.NewReader(out.Bytes()), int64(out.Len()))
		if err != nil {
			t.Fatal(err)
		}
		root, _ := f.Catalog()
		form, _ := f.Dict(root["AcroForm"])
		fields, _ := f.Array(form["Fields"])
		if len(fields) != 1 || plan.Fields()[0] != "Timestamp1" {
			t.Fatalf("fields %v, named %v", fields, plan.Fields())
		}
		field, _ := f.Dict(fields[0])
		value, err := f.Dict(field["V"])
		if err != nil {
			t.Fatal(err)
		}
		if value["Type"] != pdf.Name("DocTimeStamp") || value["SubFilter"] != pdf.Name("ETSI.RFC3161") || len(value) != 5 || field["AP"] != nil {
			t.Errorf("%v of %v", value, field)
		}
		contents, _ := value["Contents"].(pdf.String)
		if len(asked) != size || !bytes.HasPrefix([]byte(contents), []byte("token\x00")) {
			t.Errorf("%s: asked over %d bytes", hash, len(asked))
		}
	}
	place := []pdfsig.Appearance{{Page: 1, Rect: pdf.Rect{0, 0, 9, 9}}}
	frame := pdfsig.DocumentStamp{HashName: "SHA256"}
	for name, req := range map[string]pdfsig.Request{"shown": {Frame: frame, Places: place}, "certifying": {Frame: frame, Certify: 1}} {
		if _, err := pdfsig.Prepare(t.Context(), bytes.NewReader(data), int64(len(data)), req); !errors.Is(err, &pdfsig.Error{Kind: pdfsig.BadRequest}) {
			t.Errorf("%s: %v", name, err)
		}
	}
	down := errors.New("down")
	frame.Stamp = func([]byte) ([]byte, error) { return nil, down }
	plan, err := pdfsig.Prepare(t.Context(), bytes.NewReader(data), int64(len(data)), pdfsig.Request{Frame: frame})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := signOver(plan, bytes.NewReader(data)); !errors.Is(err, down) {
		t.Errorf("%v", err)
	}
	frame.HashName = "MD5"
	if plan, err := pdfsig.Prepare(t.Context(), bytes.NewReader(data), int64(len(data)), pdfsig.Request{Frame: frame}); err == nil {
		if _, err := signOver(plan, bytes.NewReader(data)); err == nil {
			t.Error("MD5 was taken")
		}
	}
}
