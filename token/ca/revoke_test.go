package ca

import (
	"bytes"
	"crypto/x509"
	"encoding/asn1"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/emmansun/gmsm/smx509"
	"golang.org/x/crypto/ocsp"

	"sealdesk/token"
)

func issue(t *testing.T, a *Authority, alg Algorithm) *smx509.Certificate {
	t.Helper()
	c, err := a.Issue(Request{Subject: buyer, PublicKey: key(t, alg).Public(), Usage: token.UsageSign})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// three are a certificate that is good, one that is revoked and one with a number that was never issued.
func three(t *testing.T, a *Authority, alg Algorithm) (good, revoked, unknown *smx509.Certificate) {
	t.Helper()
	good, revoked = issue(t, a, alg), issue(t, a, alg)
	if err := a.Revoke(revoked, KeyCompromise, time.Now().Add(-time.Hour)); err != nil {
		t.Fatal(err)
	}
	// The same root, but another ledger.
	other := newAuthority()
	other.roots = a.roots
	return good, revoked, issue(t, other, alg)
}

func TestRevoke(t *testing.T) {
	dir := t.TempDir()
	a, err := Create(dir, ECDSA, SM2)
	if err != nil {
		t.Fatal(err)
	}
	at := time.Now().Add(-time.Hour)
	c := issue(t, a, SM2)
	if err := a.Revoke(c, Superseded, at); err != nil {
		t.Fatal(err)
	}
	// A later revocation does not change the first one's moment, nor does another program's view differ.
	if err := a.Revoke(c, KeyCompromise, time.Now()); err != nil {
		t.Fatal(err)
	}
	b, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, x := range []*Authority{a, b} {
		der, err := x.CRL(SM2)
		if err != nil {
			t.Fatal(err)
		}
		list, err := smx509.ParseRevocationList(der)
		if err != nil {
			t.Fatal(err)
		}
		if err := list.CheckSignatureFrom(a.Root(SM2)); err != nil {
			t.Error(err)
		}
		if n := len(list.RevokedCertificateEntries); n != 1 {
			t.Fatalf("%d entries", n)
		}
		e := list.RevokedCertificateEntries[0]
		if e.SerialNumber.Cmp(c.SerialNumber) != 0 || e.ReasonCode != int(Superseded) || !e.RevocationTime.Equal(at.UTC().Truncate(time.Second)) {
			t.Errorf("%+v", e)
		}
		if der, err = x.CRL(ECDSA); err != nil {
			t.Fatal(err)
		}
		if list, err = smx509.ParseRevocationList(der); err != nil || len(list.RevokedCertificateEntries) != 0 {
			t.Errorf("the other root's list: %v, %v", list, err)
		}
	}
	// What b issues and revokes, a knows.
	late := issue(t, b, ECDSA)
	if err := a.Revoke(late, Unspecified, time.Now()); err != nil {
		t.Error(err)
	}
	if r, err := b.ledger.find(ECDSA, late.SerialNumber); err != nil || r.Revoked == nil {
		t.Errorf("%+v, %v", r, err)
	}
	stranger, err := New(SM2)
	if err != nil {
		t.Fatal(err)
	}
	_, _, unknown := three(t, a, ECDSA)
	for _, c := range []*smx509.Certificate{issue(t, stranger, SM2), unknown} {
		if err := a.Revoke(c, Unspecified, time.Now()); !errors.Is(err, ErrNotIssued) {
			t.Errorf("%v", err)
		}
	}
	if _, err := a.CRL(RSA); !errors.Is(err, ErrAlgorithm) {
		t.Error(err)
	}
}

// A line that a crash cut off counts for nothing, and hides nothing of what comes after; a spoilt one is told.
func TestLedgerAfterACrash(t *testing.T) {
	dir := t.TempDir()
	a, err := Create(dir, SM2)
	if err != nil {
		t.Fatal(err)
	}
	before := issue(t, a, SM2)
	appendTo := func(text string) {
		f, err := os.OpenFile(filepath.Join(dir, ledgerFile), os.O_APPEND|os.O_WRONLY, 0)
		if err != nil {
			t.Fatal(err)
		}
		_, err = f.WriteString(text)
		if err := errors.Join(err, f.Close()); err != nil {
			t.Fatal(err)
		}
	}
	appendTo("\n{\"issuer\":\"sm2\",\"ser")
	after := issue(t, a, SM2)
	for _, c := range []*smx509.Certificate{before, after} {
		if r, err := a.ledger.find(SM2, c.SerialNumber); err != nil || r == nil {
			t.Errorf("%v, %v", r, err)
		}
	}
	appendTo("{\"serial\": 5}\n")
	if _, err := a.CRL(SM2); !errors.Is(err, ErrDamaged) {
		t.Errorf("a spoilt line: %v", err)
	}
}

func TestCRLWithOpenSSL(t *testing.T) {
	openssl, err := exec.LookPath("openssl")
	if err != nil {
		t.Skip("openssl is not installed: the lists are checked with gmsm only")
	}
	a, dir := authority(t), t.TempDir()
	for _, alg := range Algorithms() {
		t.Run(string(alg), func(t *testing.T) {
			good, revoked, _ := three(t, a, alg)
			der, err := a.CRL(alg)
			if err != nil {
				t.Fatal(err)
			}
			roots, crl, leaf := filepath.Join(dir, "roots.pem"), filepath.Join(dir, "crl.pem"), filepath.Join(dir, "leaf.pem")
			write(t, roots, pemCert(a.Root(alg)))
			write(t, crl, pem.EncodeToMemory(&pem.Block{Type: "X509 CRL", Bytes: der}))
			check := func(c *smx509.Certificate) (string, error) {
				write(t, leaf, pemCert(c))
				args := []string{"verify", "-crl_check", "-CAfile", roots, "-CRLfile", crl}
				if alg == SM2 {
					args = append(args, "-vfyopt", "distid:1234567812345678")
				}
				out, err := exec.Command(openssl, append(args, leaf)...).CombinedOutput()
				return string(out), err
			}
			out, err := check(good)
			if alg == SM2 {
				// openssl hands the identifier to the certificates only, not to the list, whose bare signature it judges.
				if err == nil {
					t.Error("openssl learnt to check an SM2 list: let it judge")
				}
				if !strings.Contains(out, "CRL signature failure") {
					t.Errorf("%s", out)
				}
				if out, err := exec.Command(openssl, "crl", "-in", crl, "-noout", "-text").CombinedOutput(); err != nil ||
					!strings.Contains(string(out), strings.ToUpper(revoked.SerialNumber.Text(16))) || !strings.Contains(string(out), "Key Compromise") {
					t.Errorf("openssl cannot read it: %v\n%s", err, out)
				}
				list, err := smx509.ParseRevocationList(der)
				if err != nil {
					t.Fatal(err)
				}
				bare(t, dir, a.Root(alg), list.RawTBSRevocationList, list.Signature)
				return
			}
			if err != nil {
				t.Errorf("%s", out)
			}
			if out, err := check(revoked); err == nil || !strings.Contains(out, "certificate revoked") {
				t.Errorf("openssl accepts a revoked certificate: %s", out)
			}
		})
	}
}

// bare has openssl judge an SM2 signature over bytes, and an altered one, so that it proves something.
func bare(t *testing.T, dir string, signer *smx509.Certificate, signed, signature []byte) {
	t.Helper()
	pub, sig, data := filepath.Join(dir, "pub.pem"), filepath.Join(dir, "sig"), filepath.Join(dir, "signed")
	write(t, pub, pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: signer.RawSubjectPublicKeyInfo}))
	write(t, sig, signature)
	verify := func(signed []byte) (string, error) {
		write(t, data, signed)
		out, err := exec.Command("openssl", "pkeyutl", "-verify", "-pubin", "-inkey", pub, "-rawin", "-digest", "sm3",
			"-pkeyopt", "distid:1234567812345678", "-in", data, "-sigfile", sig).CombinedOutput()
		return string(out), err
	}
	if out, err := verify(signed); err != nil {
		t.Errorf("openssl refuses: %v\n%s", err, out)
	}
	if out, err := verify(append(bytes.Clone(signed), 0)); err == nil {
		t.Errorf("openssl accepts other bytes: %s", out)
	}
}

// The answers, as golang.org/x/crypto/ocsp reads and verifies them; it knows no SM2.
func TestOCSPAnswers(t *testing.T) {
	a := authority(t)
	server := httptest.NewServer(a.Handler())
	t.Cleanup(server.Close)
	for _, alg := range []Algorithm{RSA, ECDSA} {
		t.Run(string(alg), func(t *testing.T) {
			root, err := x509.ParseCertificate(a.Root(alg).Raw)
			if err != nil {
				t.Fatal(err)
			}
			good, revoked, unknown := three(t, a, alg)
			for _, tt := range []struct {
				c    *smx509.Certificate
				want int
			}{{good, ocsp.Good}, {revoked, ocsp.Revoked}, {unknown, ocsp.Unknown}} {
				leaf, err := x509.ParseCertificate(tt.c.Raw)
				if err != nil {
					t.Fatal(err)
				}
				request, err := ocsp.CreateRequest(leaf, root, nil)
				if err != nil {
					t.Fatal(err)
				}
				answers := [][]byte{fetch(t, http.MethodPost, server.URL+OCSPPath, request),
					fetch(t, http.MethodGet, server.URL+OCSPPath+"/"+strings.ReplaceAll(base64.StdEncoding.EncodeToString(request), "/", "%2F"), nil)}
				for _, der := range answers {
					r, err := ocsp.ParseResponseForCert(der, leaf, root)
					if err != nil {
						t.Fatal(err)
					}
					if r.Status != tt.want || r.NextUpdate.Sub(r.ThisUpdate) != ocspLife || r.Certificate == nil {
						t.Errorf("%+v", r)
					}
					if tt.want == ocsp.Revoked && (r.RevocationReason != ocsp.KeyCompromise || time.Since(r.RevokedAt) < 59*time.Minute) {
						t.Errorf("revoked at %v for %d", r.RevokedAt, r.RevocationReason)
					}
				}
			}
			got, err := x509.ParseRevocationList(fetch(t, http.MethodGet, server.URL+CRLPath(alg), nil))
			if err != nil || got.CheckSignatureFrom(root) != nil {
				t.Error(err)
			}
		})
	}
	// openssl judges the bare signature of an SM2 answer.
	id := ocspCertID{Hash: ocspSignatures[SM2], Serial: a.Root(SM2).SerialNumber}
	der, err := a.signOCSP(SM2, ocspData{ProducedAt: time.Now().UTC(), Answers: []ocspAnswer{{ID: id, Status: asn1.RawValue{Class: asn1.ClassContextSpecific},
		ThisUpdate: time.Now().UTC(), NextUpdate: time.Now().UTC()}}})
	if err != nil {
		t.Fatal(err)
	}
	var r ocspResponse
	var basic ocspBasic
	if _, err := asn1.Unmarshal(der, &r); err != nil {
		t.Fatal(err)
	}
	if _, err := asn1.Unmarshal(r.Bytes.Response, &basic); err != nil {
		t.Fatal(err)
	}
	responder, err := smx509.ParseCertificate(basic.Certs[0].FullBytes)
	if err != nil || responder.CheckSignatureFrom(a.Root(SM2)) != nil {
		t.Fatal(err)
	}
	if _, err := exec.LookPath("openssl"); err == nil {
		bare(t, t.TempDir(), responder, basic.TBS.FullBytes, basic.Signature.Bytes)
	}
	for _, path := range []string{"/crl/dsa.crl", "/crl/rsa", "/crl/", "/ocsp/!", "/"} {
		resp, err := http.Get(server.URL + path)
		if err != nil {
			t.Fatal(err)
		}
		if err := resp.Body.Close(); err != nil || resp.StatusCode == http.StatusOK {
			t.Errorf("%s: %s", path, resp.Status)
		}
	}
}

func fetch(t *testing.T, method, url string, body []byte) []byte {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	data, err := io.ReadAll(resp.Body)
	if err := errors.Join(err, resp.Body.Close()); err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("%s: %s, %v", url, resp.Status, err)
	}
	return data
}

func TestOCSPWithOpenSSL(t *testing.T) {
	openssl, err := exec.LookPath("openssl")
	if err != nil {
		t.Skip("openssl is not installed: the answers are checked with x/crypto only")
	}
	a, dir := authority(t), t.TempDir()
	server := httptest.NewServer(a.Handler())
	t.Cleanup(server.Close)
	for _, alg := range Algorithms() {
		t.Run(string(alg), func(t *testing.T) {
			good, revoked, unknown := three(t, a, alg)
			root, leaf := filepath.Join(dir, "root.pem"), filepath.Join(dir, "leaf.pem")
			write(t, root, pemCert(a.Root(alg)))
			ask := func(c *smx509.Certificate, options ...string) string {
				write(t, leaf, pemCert(c))
				args := append(append([]string{"ocsp", "-url", server.URL + OCSPPath, "-CAfile", root, "-issuer", root}, options...), "-cert", leaf)
				if alg == SM2 {
					args = append(args, "-noverify") // it cannot hand over SM2's identifier
				}
				out, err := exec.Command(openssl, args...).CombinedOutput()
				if err != nil {
					t.Errorf("%v\n%s", err, out)
				}
				return string(out)
			}
			for _, options := range [][]string{nil, {"-sha256"}, {"-no_nonce"}, {"-sm3"}} {
				for want, c := range map[string]*smx509.Certificate{": good": good, ": revoked": revoked, ": unknown": unknown} {
					out := ask(c, options...)
					if !strings.Contains(out, leaf+want) || alg != SM2 && !strings.Contains(out, "Response verify OK") {
						t.Errorf("%v %s: %s", options, want, out)
					}
					if strings.Contains(out, "WARNING") { // that the nonce did not come back
						t.Errorf("%v: %s", options, out)
					}
				}
			}
		})
	}
}

func TestOCSPRefusals(t *testing.T) {
	a := authority(t)
	other, err := New(ECDSA)
	if err != nil {
		t.Fatal(err)
	}
	ask := func(a *Authority, alg Algorithm, nonce []byte) []byte {
		key, err := keyBits(a.Root(alg))
		if err != nil {
			t.Fatal(err)
		}
		sum := func(b []byte) []byte {
			h := certHashes[2].new()
			h.Write(b)
			return h.Sum(nil)
		}
		var req ocspRequest
		id := ocspCertID{NameHash: sum(a.Root(alg).RawSubject), KeyHash: sum(key), Serial: a.Root(alg).SerialNumber}
		id.Hash.Algorithm = certHashes[2].oid
		value, err := asn1.Marshal(nonce)
		if err != nil {
			t.Fatal(err)
		}
		req.TBS.List = []ocspAsked{{ID: id}}
		req.TBS.Extensions = append(req.TBS.Extensions, purposes[ForOCSPAnswers][0])
		req.TBS.Extensions[0].Id, req.TBS.Extensions[0].Value = oidNonce, value
		der, err := asn1.Marshal(struct{ TBS any }{struct {
			List       []ocspAsked
			Extensions any `asn1:"explicit,tag:2"`
		}{req.TBS.List, req.TBS.Extensions}})
		if err != nil {
			t.Fatal(err)
		}
		return der
	}
	for _, tt := range []struct {
		name    string
		request []byte
		status  asn1.Enumerated
	}{
		{"good", ask(a, SM2, []byte("nonce")), ocspSuccessful},
		{"no nonce in the nonce", ask(a, SM2, nil), ocspMalformed},
		{"a nonce that is too long", ask(a, SM2, make([]byte, 33)), ocspMalformed},
		{"another authority's", ask(other, ECDSA, []byte("nonce")), ocspUnauthorized},
		{"nothing", nil, ocspMalformed},
		{"something behind", append(ask(a, SM2, []byte("nonce")), 0), ocspMalformed},
	} {
		der, err := a.OCSP(tt.request)
		if err != nil {
			t.Fatal(err)
		}
		var r ocspResponse
		if _, err := asn1.Unmarshal(der, &r); err != nil || r.Status != tt.status {
			t.Errorf("%s: status %d, %v", tt.name, r.Status, err)
		}
	}
}
