package demo

import (
	"bytes"
	"crypto/sha256"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/emmansun/gmsm/sm3"
	"github.com/emmansun/gmsm/smx509"

	"sealdesk/signer"
	"sealdesk/signer/fetch"
	"sealdesk/signer/pdf/pdftest"
	"sealdesk/signer/revocation"
	"sealdesk/signer/tsa"
	"sealdesk/signer/verify"
	"sealdesk/token"
	"sealdesk/token/ca"
)

// The embedded platform stamps with the demo's own authority, of both kinds, and goes on with the same keys.
func TestWorldStamps(t *testing.T) {
	work := t.TempDir()
	digests := map[string][]byte{}
	a, b := sha256.Sum256([]byte("content")), sm3.Sum([]byte("content"))
	digests["SHA256"], digests["SM3"] = a[:], b[:]
	algorithm := map[string]string{"SHA256": "RSA-SHA256", "SM3": "SM2-SM3"}
	certs := map[string]*smx509.Certificate{}
	for range 2 {
		w := open(t, Options{Work: work, Algorithm: ca.ECDSA})
		for hash, digest := range digests {
			stamps := tsa.Client{URL: w.TSA, Roots: w.Roots}
			stamp, err := stamps.Stamp(t.Context(), tsa.Imprint{Hash: hash, Digest: digest})
			if err != nil {
				t.Fatal(err)
			}
			if stamp.Algorithm() != algorithm[hash] || time.Since(stamp.Time).Abs() > time.Minute {
				t.Errorf("%s: %s at %v", hash, stamp.Algorithm(), stamp.Time)
			}
			if was := certs[hash]; was != nil && !was.Equal(stamp.Certificate()) {
				t.Errorf("%s: another certificate after the second start", hash)
			}
			certs[hash] = stamp.Certificate()
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
	}
	// A spoilt file is replaced, as the key in it was nobody else's.
	if err := os.WriteFile(filepath.Join(work, "tsa-sm2.pem"), []byte("rubbish"), 0o600); err != nil {
		t.Fatal(err)
	}
	w := open(t, Options{Work: work, Algorithm: ca.ECDSA})
	stamps := tsa.Client{URL: w.TSA, Roots: w.Roots}
	if stamp, err := stamps.Stamp(t.Context(), tsa.Imprint{Hash: "SM3", Digest: b[:]}); err != nil || stamp.Certificate().Equal(certs["SM3"]) {
		t.Errorf("%v", err)
	}
}

// What the demo's authority says of its certificates, as a verifier hears it: every case is told apart, and none but
// the good one is good.
func TestRevocationIsToldApart(t *testing.T) {
	authority, err := ca.New()
	if err != nil {
		t.Fatal(err)
	}
	stranger, err := ca.New()
	if err != nil {
		t.Fatal(err)
	}
	var responder http.Handler // what stands at the address at the time
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { responder.ServeHTTP(w, r) }))
	t.Cleanup(server.Close)
	down := httptest.NewServer(nil)
	down.Close()

	for _, alg := range ca.Algorithms() {
		key, err := ca.GenerateKey(alg)
		if err != nil {
			t.Fatal(err)
		}
		issue := func(by *ca.Authority, ocsp, crl string) *smx509.Certificate {
			c, err := by.Issue(ca.Request{Subject: purchaser, PublicKey: key.Public(), Usage: token.UsageSign, OCSP: ocsp, CRL: crl})
			if err != nil {
				t.Fatal(err)
			}
			return c
		}
		revoke := func(c *smx509.Certificate) {
			if err := authority.Revoke(c, ca.KeyCompromise, time.Now().Add(-time.Hour)); err != nil {
				t.Fatal(err)
			}
		}
		root, ocsp, crl := authority.Root(alg), server.URL+ca.OCSPPath, server.URL+ca.CRLPath(alg)
		good, byList, unreachable, silent := issue(authority, ocsp, ""), issue(authority, "", crl), issue(authority, down.URL, down.URL), issue(authority, "", "")
		revoked, revokedByList, either := issue(authority, ocsp, ""), issue(authority, "", crl), issue(authority, down.URL, crl)
		revoke(revoked)
		revoke(revokedByList)
		// A certificate that the root's key signed without the authority knowing of it: its ledger is another one.
		dir := t.TempDir()
		unknown := foreign(t, dir, alg, key.Public(), ocsp)
		unknownRoot := unknown.root

		online := &revocation.Checker{Fetcher: &fetch.Client{Private: true}}
		later := func(d time.Duration) *revocation.Checker {
			return &revocation.Checker{Fetcher: online.Fetcher, Now: func() time.Time { return time.Now().Add(d) }}
		}
		var recorded []byte
		replay := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if recorded == nil {
				rec := httptest.NewRecorder()
				authority.Handler().ServeHTTP(rec, r)
				recorded = bytes.Clone(rec.Body.Bytes())
			}
			w.Header().Set("Content-Type", "application/ocsp-response")
			_, _ = w.Write(recorded)
		})
		for _, tt := range []struct {
			name      string
			responder http.Handler
			checker   *revocation.Checker
			cert      *smx509.Certificate
			root      *smx509.Certificate
			want      string
		}{
			{"good", authority.Handler(), online, good, root, "revocation.good"},
			{"good by the list", authority.Handler(), online, byList, root, "revocation.good"},
			{"good by the list when the responder is down", authority.Handler(), online, either, root, "revocation.good"},
			{"revoked", authority.Handler(), online, revoked, root, "revocation.revoked"},
			{"revoked by the list", authority.Handler(), online, revokedByList, root, "revocation.revoked"},
			{"unknown", unknown.authority.Handler(), online, unknown.cert, unknownRoot, "revocation.not_listed"},
			{"responder down", authority.Handler(), online, unreachable, root, "revocation.unreachable"},
			{"responder of another authority", stranger.Handler(), online, good, root, "revocation.declined"},
			{"list of another authority", stranger.Handler(), online, byList, root, "revocation.other_certificate"},
			{"stale answer", authority.Handler(), later(2 * time.Hour), good, root, "revocation.stale"},
			{"stale list", authority.Handler(), later(48 * time.Hour), byList, root, "revocation.stale"},
			{"answer from the future", authority.Handler(), later(-2 * time.Hour), good, root, "revocation.not_yet"},
			{"answer recorded", replay, online, good, root, "revocation.good"},
			{"replayed nonce", replay, online, good, root, "revocation.wrong_nonce"},
			{"answer about another certificate", replay, online, revoked, root, "revocation.wrong_nonce"},
			{"no address", authority.Handler(), online, silent, root, "revocation.no_address"},
			{"not asked", authority.Handler(), &revocation.Checker{}, good, root, "revocation.not_asked"},
			{"asked of another issuer", authority.Handler(), online, good, stranger.Root(alg), "revocation.other_certificate"},
		} {
			t.Run(string(alg)+" "+tt.name, func(t *testing.T) {
				responder = tt.responder
				a := tt.checker.Check(t.Context(), tt.cert, tt.root)
				if a.Code() != tt.want {
					t.Errorf("%s (%s), want %s", a.Code(), a.Detail, tt.want)
				}
				if a.Status == revocation.Revoked && (a.Reason != "keyCompromise" || time.Since(a.RevokedAt) < 59*time.Minute) {
					t.Errorf("%+v", a)
				}
				if (a.Status == revocation.NotKnown) == (a.Raw != nil) {
					t.Errorf("evidence of %d bytes", len(a.Raw))
				}
			})
		}
	}
}

// From end to end: a contract is signed, with a time stamp and without, and the key is revoked afterwards. Whoever asks
// learns of it; only the time stamp keeps the signature standing.
func TestRevokedSigner(t *testing.T) {
	authority, err := ca.New(ca.SM2)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(authority.Handler())
	t.Cleanup(server.Close)
	key, err := ca.GenerateKey(ca.SM2)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := authority.Issue(ca.Request{Subject: purchaser, PublicKey: key.Public(), Usage: token.UsageSign, OCSP: server.URL + ca.OCSPPath})
	if err != nil {
		t.Fatal(err)
	}
	w := open(t, Options{Work: t.TempDir(), Algorithm: ca.SM2})
	dir := t.TempDir()
	in := filepath.Join(dir, "in.pdf")
	if err := os.WriteFile(in, pdftest.Document(pdftest.Options{Pages: 1}), 0o600); err != nil {
		t.Fatal(err)
	}
	roots := append(authority.Roots(), w.Roots...)
	sign := func(name string, stamps *tsa.Client) string {
		job := signer.Job{In: in, Out: filepath.Join(dir, name), Key: key, Chain: []*smx509.Certificate{cert}, Roots: roots, Stamps: stamps}
		if _, err := job.Run(t.Context()); err != nil {
			t.Fatal(err)
		}
		return job.Out
	}
	plain, stamped := sign("plain.pdf", nil), sign("stamped.pdf", &tsa.Client{URL: w.TSA, Roots: roots})
	judge := func(path string, revocations verify.Revocation) (verify.Verdict, []string) {
		f, err := os.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		info, err := f.Stat()
		if err != nil {
			t.Fatal(err)
		}
		report, err := verify.File(t.Context(), f, info.Size(), verify.Options{Roots: roots, Revocation: revocations})
		if err != nil {
			t.Fatal(err)
		}
		var codes []string
		for _, f := range report.Signatures[0].Findings {
			codes = append(codes, f.Code)
		}
		return report.Verdict, codes
	}
	ask := &revocation.Checker{Fetcher: &fetch.Client{Private: true}}
	expect := func(path string, revocations verify.Revocation, verdict verify.Verdict, codes ...string) {
		t.Helper()
		if v, got := judge(path, revocations); v != verdict || !slices.Equal(got, codes) {
			t.Errorf("%s: %s, %v", filepath.Base(path), v, got)
		}
	}
	expect(plain, nil, verify.Valid, "verify.revocation_unknown")
	expect(plain, ask, verify.Valid)
	expect(stamped, ask, verify.Valid, "verify.timestamp_revocation_unknown") // the world's authority does not say where to ask
	if err := authority.Revoke(cert, ca.CessationOfOperation, time.Now().Add(2*time.Second)); err != nil {
		t.Fatal(err)
	}
	expect(plain, ask, verify.Untrusted, "revocation.revoked")
	expect(stamped, ask, verify.Valid, "verify.revoked_since", "verify.timestamp_revocation_unknown")
	expect(plain, nil, verify.Valid, "verify.revocation_unknown")
	server.Close()
	expect(plain, ask, verify.Valid, "revocation.unreachable")
}

// A backup is an authority that lost its ledger: it does not know what it issued before.
type backup struct {
	authority *ca.Authority
	cert      *smx509.Certificate
	root      *smx509.Certificate
}

func foreign(t *testing.T, dir string, alg ca.Algorithm, pub any, ocsp string) backup {
	t.Helper()
	first, err := ca.Create(dir, alg)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := first.Issue(ca.Request{Subject: purchaser, PublicKey: pub, Usage: token.UsageSign, OCSP: ocsp})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(dir, "issued.jsonl")); err != nil {
		t.Fatal(err)
	}
	again, err := ca.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	return backup{again, cert, again.Root(alg)}
}
