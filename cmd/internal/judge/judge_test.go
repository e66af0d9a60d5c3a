package judge_test

import (
	"bytes"
	"context"
	"crypto"
	"crypto/sha256"
	"encoding/hex"
	"encoding/pem"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/emmansun/gmsm/smx509"

	"sealdesk/cmd/internal/judge"
	"sealdesk/platformapi"
	"sealdesk/platformapi/client"
	"sealdesk/platformapi/platform"
	"sealdesk/platformapi/platformtest"
	"sealdesk/platformapi/web"
	"sealdesk/signer"
	"sealdesk/signer/pdf"
	"sealdesk/signer/pdf/pdftest"
	"sealdesk/signer/seal"
	"sealdesk/signer/ses/sestest"
	"sealdesk/token/ca"
)

type party struct {
	org   platformapi.Organisation
	key   crypto.Signer
	chain []*smx509.Certificate
}

func issue(t *testing.T, a *ca.Authority, alg ca.Algorithm, org platformapi.Organisation) party {
	t.Helper()
	key, err := ca.GenerateKey(alg)
	if err != nil {
		t.Fatal(err)
	}
	cert, _, err := a.IssuePair(ca.Subject{Name: org.Name, USCC: org.USCC, Handler: "张三"}, key.Public(), key.Public())
	if err != nil {
		t.Fatal(err)
	}
	return party{org: org, key: key, chain: []*smx509.Certificate{cert}}
}

// sign signs a file with an invisible signature and returns the signed bytes.
func (p party) sign(t *testing.T, in []byte) []byte {
	t.Helper()
	dir := t.TempDir()
	job := signer.Job{In: filepath.Join(dir, "in.pdf"), Out: filepath.Join(dir, "out.pdf"), Key: p.key, Chain: p.chain, Time: time.Now()}
	if err := os.WriteFile(job.In, in, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := job.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	out, err := os.ReadFile(job.Out)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestFacts(t *testing.T) {
	authority, err := ca.New(ca.Algorithms()...)
	if err != nil {
		t.Fatal(err)
	}
	stranger, err := ca.New(ca.ECDSA)
	if err != nil {
		t.Fatal(err)
	}
	j := judge.New(authority.Roots(), nil)
	for _, alg := range ca.Algorithms() {
		buyer, seller := issue(t, authority, alg, platformtest.Purchaser), issue(t, authority, alg, platformtest.Supplier)
		one := buyer.sign(t, pdftest.Document(pdftest.Options{Pages: 2}))
		two := seller.sign(t, one)
		facts, err := j.Judge(t.Context(), bytes.NewReader(two), int64(len(two)))
		if err != nil || len(facts) != 2 {
			t.Fatalf("%v: %+v, %v", alg, facts, err)
		}
		for i, p := range []party{buyer, seller} {
			f := facts[i]
			sum := sha256.Sum256(p.chain[0].Raw)
			if !f.Intact || !f.Trusted || f.SignerUSCC != p.org.USCC || f.SignerName != p.org.Name || f.CertSHA256 != hex.EncodeToString(sum[:]) || f.CoversWholeFile != (i == 1) {
				t.Errorf("%v: signature %d: %+v", alg, i, f)
			}
		}
		if facts[0].RangeEnd != int64(len(one)) || facts[1].RangeEnd != int64(len(two)) {
			t.Errorf("%v: ranges end at %d and %d, files at %d and %d", alg, facts[0].RangeEnd, facts[1].RangeEnd, len(one), len(two))
		}
		altered := bytes.Clone(one)
		altered[len(altered)/20] ^= 1
		if facts, err := j.Judge(t.Context(), bytes.NewReader(altered), int64(len(altered))); err == nil && (len(facts) == 0 || facts[0].Intact) {
			t.Errorf("%v: an altered file is %+v", alg, facts)
		}
	}
	clean := pdftest.Document(pdftest.Options{Pages: 1})
	if facts, err := j.Judge(t.Context(), bytes.NewReader(clean), int64(len(clean))); err != nil || len(facts) != 0 {
		t.Errorf("unsigned: %+v, %v", facts, err)
	}
	foreign := issue(t, stranger, ca.ECDSA, platformtest.Purchaser).sign(t, clean)
	if facts, err := j.Judge(t.Context(), bytes.NewReader(foreign), int64(len(foreign))); err != nil || len(facts) != 1 || !facts[0].Intact || facts[0].Trusted {
		t.Errorf("of an unknown CA: %+v, %v", facts, err)
	}
	if facts, err := j.Judge(t.Context(), bytes.NewReader([]byte("%PDF-")), 5); err == nil {
		t.Errorf("no PDF: %+v", facts)
	}
}

// An encrypted file is no file without signatures.
func TestAnEncryptedFileIsNotJudged(t *testing.T) {
	b, root := pdftest.Build(pdftest.Options{})
	secret := pdf.String(strings.Repeat("0", 32))
	b.Trailer["Encrypt"] = b.Add(pdf.Dict{"Filter": pdf.Name("Standard"), "V": pdf.Integer(1), "R": pdf.Integer(2), "O": secret, "U": secret, "P": pdf.Integer(-4)})
	data := b.Bytes(pdf.Table, root)
	facts, err := judge.New(nil, nil).Judge(t.Context(), bytes.NewReader(data), int64(len(data)))
	if err == nil || !strings.Contains(err.Error(), "verify.encrypted") {
		t.Errorf("%v %v", facts, err)
	}
}

// An electronic seal is a trusted signature where its maker is trusted, and only there.
func TestMakersOfSeals(t *testing.T) {
	authority, err := ca.New(ca.SM2)
	if err != nil {
		t.Fatal(err)
	}
	makers, err := ca.New(ca.SM2)
	if err != nil {
		t.Fatal(err)
	}
	buyer, maker := issue(t, authority, ca.SM2, platformtest.Purchaser), issue(t, makers, ca.SM2, platformapi.Organisation{Name: "制章中心"})
	info := sestest.Info(t, buyer.chain[0])
	info.Created = time.Now()
	place, err := seal.ParsePlace("page=1,x=60mm,y=60mm")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	job := signer.Job{
		In: filepath.Join(dir, "in.pdf"), Out: filepath.Join(dir, "out.pdf"), Key: buyer.key, Chain: buyer.chain,
		Electronic: sestest.Make(t, maker.key, maker.chain[0], info), Places: []seal.Place{place},
	}
	if err := os.WriteFile(job.In, pdftest.Document(pdftest.Options{Pages: 1}), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := job.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	sealed, err := os.ReadFile(job.Out)
	if err != nil {
		t.Fatal(err)
	}
	for trusted, j := range map[bool]*judge.Judge{true: judge.New(authority.Roots(), makers.Roots()), false: judge.New(authority.Roots(), authority.Roots())} {
		facts, err := j.Judge(t.Context(), bytes.NewReader(sealed), int64(len(sealed)))
		if err != nil || len(facts) != 1 || !facts[0].Intact || facts[0].Trusted != trusted || facts[0].SignerUSCC != buyer.org.USCC {
			t.Errorf("%v, %+v", err, facts)
		}
	}
}

// TestPlatformTakesRealSealsOnly runs a platform with this judge.
func TestPlatformTakesRealSealsOnly(t *testing.T) {
	authority, err := ca.New(ca.SM2)
	if err != nil {
		t.Fatal(err)
	}
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	url := "http://" + listener.Addr().String()
	pool := smx509.NewCertPool()
	for _, r := range authority.Roots() {
		pool.AddCert(r)
	}
	p, err := platform.New(t.Context(), platform.Config{Dir: t.TempDir(), Judge: judge.New(authority.Roots(), nil), Roots: pool, Origins: []string{url}})
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Import(t.Context(), platformtest.Seed(time.Now())); err != nil {
		t.Fatal(err)
	}
	server := web.NewServer(p.Handler(), slog.Default())
	go func() { _ = server.Serve(listener) }() // it ends with ErrServerClosed
	t.Cleanup(func() {
		if err := server.Shutdown(context.Background()); err != nil {
			t.Error(err)
		}
		if err := p.Close(); err != nil {
			t.Error(err)
		}
	})
	buyer, seller := issue(t, authority, ca.SM2, platformtest.Purchaser), issue(t, authority, ca.SM2, platformtest.Supplier)
	login := func(x party) *client.Client {
		c, err := client.Login(t.Context(), url, x.key, x.chain, client.Options{Transport: http.DefaultTransport})
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	bc, sc := login(buyer), login(seller)
	id := platformapi.NewID()
	version := int64(0)
	change := func() platformapi.Change {
		return platformapi.Change{Key: platformapi.NewID(), ContractID: id, Version: version}
	}
	did := func(out platformapi.Outcome, err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		version = out.Receipt.Version
	}
	put := func(c *client.Client, file []byte) (platformapi.Outcome, error) {
		sum := sha256.Sum256(file)
		return c.PutAttachment(t.Context(), change(), platformapi.Upload{
			ID: platformapi.NewID(), Kind: platformapi.KindFiling, Stage: platformapi.StageSealed, Name: "合同.pdf",
			Size: int64(len(file)), SHA256: hex.EncodeToString(sum[:]), Content: bytes.NewReader(file),
		})
	}
	refused := func(code string, _ platformapi.Outcome, err error) {
		t.Helper()
		if !platformapi.IsCode(err, code) {
			t.Errorf("got %v, want %s", err, code)
		}
	}
	did(bc.Create(t.Context(), change(), platformapi.NewContract{ID: id, LotID: platformtest.LotID, Fields: platformapi.ContractFields{
		AmountFen: platformtest.AwardFen, TermDays: 30, SignedOn: "2026-03-24",
	}}))
	clean := pdftest.Document(pdftest.Options{Pages: 2})
	one := buyer.sign(t, clean)
	two := seller.sign(t, one)
	digest := func(b []byte) string {
		sum := sha256.Sum256(b)
		return hex.EncodeToString(sum[:])
	}
	out, err := put(bc, clean)
	refused(platformapi.CodeSealMissing, out, err)
	out, err = put(bc, seller.sign(t, clean))
	refused(platformapi.CodeSealWrongParty, out, err)
	out, err = put(bc, append(bytes.Clone(one), "% more\n"...))
	refused(platformapi.CodeSealInvalid, out, err) // the verifier explains no bytes after a signature away
	did(put(bc, one))
	did(bc.Submit(t.Context(), change(), digest(one)))
	out, err = put(sc, seller.sign(t, buyer.sign(t, clean)))
	refused(platformapi.CodeFilingChanged, out, err)
	out, err = put(sc, buyer.sign(t, one))
	refused(platformapi.CodeSealWrongParty, out, err)
	did(put(sc, two))
	did(sc.Agree(t.Context(), change(), digest(two), ""))
	c, err := bc.Contract(t.Context(), id)
	if err != nil || c.Summary.State != platformapi.StateConcluded {
		t.Errorf("%s, %v", c.Summary.State, err)
	}
}

func TestParseRoots(t *testing.T) {
	authority, err := ca.New(ca.Algorithms()...)
	if err != nil {
		t.Fatal(err)
	}
	var text []byte
	for _, r := range authority.Roots() {
		text = append(text, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: r.Raw})...)
	}
	if roots, err := judge.ParseRoots(text); err != nil || len(roots) != len(authority.Roots()) {
		t.Errorf("%d roots, %v", len(roots), err)
	}
	for _, bad := range []string{"", "no PEM", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"} {
		if roots, err := judge.ParseRoots([]byte(bad)); err == nil {
			t.Errorf("%q gives %d roots", bad, len(roots))
		}
	}
}
