package main

import (
	"bytes"
	"context"
	"encoding/asn1"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	"sealdesk/assets/i18n"
	"sealdesk/signer/cms"
	"sealdesk/signer/verify"
	"sealdesk/ui/desk/words"
)

// The demo with the bundled contract, judged by poppler and qpdf, and played again in the same folder.
func TestDemoWithTheSample(t *testing.T) {
	t.Parallel()
	home := t.TempDir()
	work := filepath.Join(home, "work")
	out := must(t, home, "demo", "--work", work)
	for _, step := range []string{"1 ", "2 ", "3 ", "3.1 ", "3.2 ", "3.3 ", "4 "} {
		if !strings.Contains(out, "\n"+step) {
			t.Errorf("step %q is not told:\n%s", step, out)
		}
	}
	final := filepath.Join(work, "final.pdf")
	twoValid(t, final)
	first, err := os.ReadFile(final)
	if err != nil {
		t.Fatal(err)
	}

	again := must(t, home, "demo", "--work", work, "--in", writePage(t, home), "--json")
	var answer demoJSON
	if err := json.Unmarshal([]byte(again), &answer); err != nil {
		t.Fatalf("%v\n%s", err, again)
	}
	if answer.File != final || answer.Verdict != verify.Valid || answer.Contract == "" {
		t.Errorf("the second run says %+v", answer)
	}
	twoValid(t, final)
	if second, err := os.ReadFile(final); err != nil || bytes.Equal(first, second) {
		t.Errorf("the second run's file is the first's (%v)", err)
	}
}

// A document without the usual words gets its seals at the foot of the last page.
func TestDemoECDSA(t *testing.T) {
	t.Parallel()
	home := t.TempDir()
	work, final := filepath.Join(home, "work"), filepath.Join(home, "signed.pdf")
	must(t, home, "demo", "--work", work, "--algorithm", "ecdsa", "--in", writePage(t, home), "--out", final)
	twoValid(t, final)
	roots := filepath.Join(work, "roots.pem")
	report := verdictOf(t, final, roots)
	for i, s := range report.Signatures {
		if s.Algorithm != "ECDSA-SHA256" || len(s.Widgets) != 1 {
			t.Fatalf("signature %d: %s on %d places", i+1, s.Algorithm, len(s.Widgets))
		}
		middle := (s.Widgets[0].Rect[0] + s.Widgets[0].Rect[2]) / 2
		if left := middle < 595/2; left != (i == 0) {
			t.Errorf("the seal of signature %d lies at %v", i+1, s.Widgets[0].Rect)
		}
	}
	t.Run("every bit counts", func(t *testing.T) { everyBitCounts(t, home, final, roots, report) })
}

// SM2 is known to few programs: openssl judges the signature value over the signed attributes, and the chain.
func TestDemoSM2(t *testing.T) {
	t.Parallel()
	home := t.TempDir()
	work := filepath.Join(home, "work")
	must(t, home, "demo", "--work", work, "--algorithm", "sm2", "--in", writePage(t, home))
	final, roots := filepath.Join(work, "final.pdf"), filepath.Join(work, "roots.pem")
	judge(t, "qpdf", "--check", final)
	report := verdictOf(t, final, roots)
	if len(report.Signatures) != 2 {
		t.Fatalf("%d signatures", len(report.Signatures))
	}
	for i, s := range report.Signatures {
		if s.Verdict != verify.Valid || s.Algorithm != "SM2-SM3" {
			t.Errorf("signature %d is %s by %s", i+1, s.Verdict, s.Algorithm)
		}
		opensslAgrees(t, final, roots, s)
	}
}

// The demo takes keys of its authority that somebody else made, and refuses those of another.
func TestDemoWithOwnTokens(t *testing.T) {
	t.Parallel()
	home := t.TempDir()
	work, pin := filepath.Join(home, "work"), filepath.Join(home, "pin")
	if err := os.WriteFile(pin, []byte("246810"), 0o600); err != nil {
		t.Fatal(err)
	}
	uri := func(label string) string {
		return "soft:module-path=" + filepath.Join(home, "keys") + ";token=" + label + "?pin-source=file:" + pin
	}
	for label, dir := range map[string]string{"buyer": work, "seller": work, "stranger": filepath.Join(home, "other")} {
		must(t, home, "token", "init", "--token", uri(label), "--name", "演示单位"+label, "--work", dir, "--algorithm", "ecdsa", "--pin-file", pin)
	}
	page := writePage(t, home)
	if c := call(t, home, "demo", "--work", work, "--token", uri("stranger"), "--in", page); c.status != statusToken {
		t.Errorf("a stranger's key: status %d\n%s", c.status, c.err)
	}
	if c := call(t, home, "demo", "--work", work, "--token", uri("buyer"), "--token2", uri("buyer"), "--in", page); c.status != statusToken {
		t.Errorf("one key for both: status %d\n%s", c.status, c.err)
	}
	must(t, home, "demo", "--work", work, "--token", uri("buyer"), "--token2", uri("seller"), "--in", page)
	report := verdictOf(t, filepath.Join(work, "final.pdf"), filepath.Join(work, "roots.pem"))
	if len(report.Signatures) != 2 || report.Signatures[0].Signer != "演示单位buyer" || report.Signatures[1].Signer != "演示单位seller" {
		t.Errorf("signed by %+v", report.Signatures)
	}
}

func writePage(t *testing.T, dir string) string {
	t.Helper()
	path := filepath.Join(dir, "page.pdf")
	if err := os.WriteFile(path, pagePDF("A contract of one page"), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// twoValid has poppler and qpdf judge a file: two valid signatures, the second over the whole document.
func twoValid(t *testing.T, path string) {
	t.Helper()
	judge(t, "qpdf", "--check", path)
	said := judge(t, "pdfsig", path)
	if n := strings.Count(said, "Signature is Valid"); n != 2 {
		t.Errorf("pdfsig finds %d valid signatures:\n%s", n, said)
	}
	if _, second, _ := strings.Cut(said, "Signature #2"); !regexp.MustCompile(`(?m)^\s+- Total document signed$`).MatchString(second) {
		t.Errorf("the second signature does not cover the whole document:\n%s", said)
	}
}

// verdictOf judges a file in this process, and makes sure that the command says the same.
func verdictOf(t *testing.T, path, roots string) *verify.Report {
	t.Helper()
	var said struct{ Verdict verify.Verdict }
	if err := json.Unmarshal([]byte(must(t, t.TempDir(), "verify", path, "--trust", roots, "--json")), &said); err != nil {
		t.Fatal(err)
	}
	trusted, err := readRoots(roots)
	if err != nil {
		t.Fatal(err)
	}
	a := &app{ctx: context.Background()}
	report, err := a.judge(path, verify.Options{Roots: trusted})
	if err != nil {
		t.Fatal(err)
	}
	if said.Verdict != verify.Valid || report.Verdict != verify.Valid {
		t.Fatalf("the file is %s, and %s says the command", report.Verdict, said.Verdict)
	}
	return report
}

// everyBitCounts flips single bits of what the last signature covers: all of the first and last KB, and 200 in between.
func everyBitCounts(t *testing.T, home, path, roots string, report *verify.Report) {
	covered := report.Signatures[len(report.Signatures)-1].ByteRange
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	end := covered[2] + covered[3]
	inside := func(at int64) bool { return at < covered[1] || at >= covered[2] && at < end }
	var places []int64
	for i := range int64(1024) {
		places = append(places, i, end-1-i)
	}
	random := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		places = append(places, random.Int64N(end))
	}
	places = slices.DeleteFunc(places, func(at int64) bool { return !inside(at) })
	if len(places) < 2000 {
		t.Fatalf("only %d places to try", len(places))
	}
	catalog, err := words.New(i18n.Files, words.English)
	if err != nil {
		t.Fatal(err)
	}
	try := func(path string) int {
		quiet := terminal{in: strings.NewReader(""), out: io.Discard, err: io.Discard, getenv: func(string) string { return "" }}
		a := &app{ctx: context.Background(), tui: newTUI(quiet, catalog), words: catalog}
		return status((&verifyCmd{File: path, trustFlags: trustFlags{Trust: roots}}).Run(a))
	}
	var workers sync.WaitGroup
	for w := range runtime.GOMAXPROCS(0) {
		random := rand.New(rand.NewPCG(3, uint64(w)))
		workers.Go(func() {
			flipped := filepath.Join(home, fmt.Sprintf("flipped%d.pdf", w))
			copied := slices.Clone(data)
			for i := w; i < len(places); i += runtime.GOMAXPROCS(0) {
				at, bit := places[i], byte(1)<<random.IntN(8)
				copied[at] ^= bit
				if err := os.WriteFile(flipped, copied, 0o600); err != nil {
					t.Error(err)
				}
				if got := try(flipped); got != statusNotValid {
					t.Errorf("bit %#02x of byte %d flipped: status %d", bit, at, got)
				}
				copied[at] ^= bit
			}
			if err := os.WriteFile(flipped, copied, 0o600); err != nil || try(flipped) != statusDone {
				t.Errorf("the file with every bit put back is not valid (%v)", err)
			}
		})
	}
	workers.Wait()
}

// opensslAgrees checks a signature value over its signed attributes, and the certificate's chain, with openssl.
func opensslAgrees(t *testing.T, path, roots string, s verify.Signature) {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	signed, err := cms.Parse(contentsOf(t, data, s.ByteRange))
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	write := func(name string, content []byte) string {
		p := filepath.Join(dir, name)
		if err := os.WriteFile(p, content, 0o600); err != nil {
			t.Fatal(err)
		}
		return p
	}
	cert := write("cert.pem", pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate.Raw}))
	key := write("key.pem", []byte(judge(t, "openssl", "x509", "-in", cert, "-pubkey", "-noout")))
	attributes := write("attributes", setOf(t, signed.SignedAttributes()))
	value := write("value", signed.SignatureValue())
	const id = "distid:1234567812345678"
	said := judge(t, "openssl", "pkeyutl", "-verify", "-pubin", "-inkey", key, "-in", attributes, "-sigfile", value,
		"-rawin", "-digest", "sm3", "-pkeyopt", id)
	if !strings.Contains(said, "Signature Verified Successfully") {
		t.Errorf("openssl pkeyutl says %q", said)
	}
	if said := judge(t, "openssl", "verify", "-vfyopt", id, "-CAfile", roots, cert); !strings.Contains(said, ": OK") {
		t.Errorf("openssl verify says %q", said)
	}
}

// contentsOf is the signature's DER, which stands in hex between what it covers, with zeros behind it.
func contentsOf(t *testing.T, data []byte, covered [4]int64) []byte {
	t.Helper()
	text := bytes.Trim(data[covered[1]:covered[2]], "<>")
	der := make([]byte, len(text)/2)
	for i := range der {
		der[i] = unhex(text[2*i])<<4 | unhex(text[2*i+1])
	}
	var first asn1.RawValue
	if _, err := asn1.Unmarshal(der, &first); err != nil {
		t.Fatal(err)
	}
	return first.FullBytes
}

func unhex(c byte) byte {
	if c >= 'a' {
		return c - 'a' + 10
	}
	if c >= 'A' {
		return c - 'A' + 10
	}
	return c - '0'
}

// setOf is the DER of the signed attributes as they are signed (RFC 5652, 5.4): a SET OF with its elements in order.
func setOf(t *testing.T, attributes []cms.Attribute) []byte {
	t.Helper()
	var elements [][]byte
	for _, a := range attributes {
		oid, err := asn1.Marshal(a.OID)
		if err != nil {
			t.Fatal(err)
		}
		values, err := asn1.Marshal(asn1.RawValue{Tag: asn1.TagSet, IsCompound: true, Bytes: a.Value})
		if err != nil {
			t.Fatal(err)
		}
		element, err := asn1.Marshal(asn1.RawValue{Tag: asn1.TagSequence, IsCompound: true, Bytes: append(oid, values...)})
		if err != nil {
			t.Fatal(err)
		}
		elements = append(elements, element)
	}
	slices.SortFunc(elements, bytes.Compare)
	set, err := asn1.Marshal(asn1.RawValue{Tag: asn1.TagSet, IsCompound: true, Bytes: bytes.Join(elements, nil)})
	if err != nil {
		t.Fatal(err)
	}
	return set
}
