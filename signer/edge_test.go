package signer_test

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/emmansun/gmsm/smx509"

	"sealdesk/signer"
	"sealdesk/signer/cms/cmstest"
	"sealdesk/signer/pdf"
	"sealdesk/signer/pdf/pdftest"
	"sealdesk/signer/seal"
	"sealdesk/signer/verify"
)

const edgePages = 51

// edged is a document of 51 pages that two parties sealed over the edges.
type edged struct {
	first, both  string // paths
	buyer, other *cmstest.Party
}

// sealEdges signs twice, and fails unless each key is asked exactly once.
func sealEdges(t testing.TB, algorithms [2]string) edged {
	t.Helper()
	dir := t.TempDir()
	e := edged{
		first: filepath.Join(dir, "1.pdf"), both: filepath.Join(dir, "2.pdf"),
		buyer: cmstest.New(t, algorithms[0], cmstest.Options{Name: "采购人"}), other: cmstest.New(t, algorithms[1], cmstest.Options{Name: "供应商"}),
	}
	in := filepath.Join(dir, "in.pdf")
	if err := os.WriteFile(in, pdftest.Document(pdftest.Options{Pages: edgePages}), 0o600); err != nil {
		t.Fatal(err)
	}
	sign := func(in, out string, by *cmstest.Party, at string) {
		key := &countingKey{Signer: by.Key}
		res, err := signer.Job{
			In: in, Out: out, Key: key, Chain: by.Chain, Roots: []*smx509.Certificate{e.buyer.Root, e.other.Root},
			Seal: redSeal(), Places: []seal.Place{place(t, at)},
		}.Run(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		if key.asked != 1 || len(res.Fields) != edgePages || res.Report.Verdict != verify.Valid {
			t.Fatalf("the key was asked %d times for %d fields, %s", key.asked, len(res.Fields), res.Report.Verdict)
		}
	}
	sign(in, e.first, e.buyer, "edge")
	sign(e.first, e.both, e.other, "edge,y=220mm")
	return e
}

// sharedBy counts the signature fields of a file by what they have as their value.
func sharedBy(t testing.TB, path string) map[pdf.Ref]int {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	f, err := pdf.Open(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	root, err := f.Catalog()
	if err != nil {
		t.Fatal(err)
	}
	form, err := f.Dict(root["AcroForm"])
	if err != nil {
		t.Fatal(err)
	}
	fields, err := f.Array(form["Fields"])
	if err != nil {
		t.Fatal(err)
	}
	values := map[pdf.Ref]int{}
	for _, o := range fields {
		d, err := f.Dict(o)
		if err != nil {
			t.Fatal(err)
		}
		if d["FT"] != pdf.Name("Sig") || d["Kids"] != nil {
			t.Errorf("a field is %v", d)
		}
		values[d["V"].(pdf.Ref)]++
	}
	return values
}

// A seal over the edges of 51 pages is one operation of the key, and stays whole when the other party does the same. Poppler
// takes each of the 102 fields for validly signed.
func TestAnEdgeSealOver51PagesIsOneSignature(t *testing.T) {
	e := sealEdges(t, [2]string{"rsa", "ecdsa"})
	if got := sharedBy(t, e.first); len(got) != 1 {
		t.Errorf("the first seal has %d signatures", len(got))
	}
	got := sharedBy(t, e.both)
	if len(got) != 2 {
		t.Errorf("both seals have %d signatures", len(got))
	}
	for ref, n := range got {
		if n != edgePages {
			t.Errorf("%d fields share %v", n, ref)
		}
	}
	out := runTool(t, "pdfsig", "-nocert", e.both)
	if valid, whole := strings.Count(out, "Signature is Valid."), strings.Count(out, "Total document signed"); valid != 2*edgePages || whole < edgePages {
		t.Errorf("pdfsig finds %d valid, %d over the whole file", valid, whole)
	}
	data, err := os.ReadFile(e.both)
	if err != nil {
		t.Fatal(err)
	}
	first, err := os.ReadFile(e.first)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.HasPrefix(data, first) {
		t.Error("the first party's bytes were touched")
	}
	// A page's byte is enough for all 51 of a seal.
	data[bytes.Index(data, []byte("/MediaBox"))+1] ^= 1
	broken := filepath.Join(t.TempDir(), "broken.pdf")
	if err := os.WriteFile(broken, data, 0o600); err != nil {
		t.Fatal(err)
	}
	if out := runTool(t, "pdfsig", "-nocert", broken); strings.Contains(out, "Signature is Valid.") {
		t.Error("pdfsig takes a changed document for valid")
	}
}

// runTool runs one of the programs that judge our work.
func runTool(t testing.TB, name string, args ...string) string {
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
