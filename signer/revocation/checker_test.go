package revocation

import (
	"bytes"
	"context"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/emmansun/gmsm/smx509"

	"sealdesk/signer/fetch"
)

// service answers OCSP at /ocsp and lists at /crl, and counts how often it was asked.
type service struct {
	url        string
	ocsp, crl  func(request []byte) []byte
	asks, gets int
}

func serve(t *testing.T) *service {
	t.Helper()
	s := &service{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		var out []byte
		switch r.URL.Path {
		case "/ocsp":
			s.asks++
			w.Header().Set("Content-Type", answerType)
			out = s.ocsp(body)
		case "/crl":
			s.gets++
			out = s.crl(body)
		}
		if out == nil {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
		_, _ = w.Write(out)
	}))
	t.Cleanup(server.Close)
	s.url = server.URL
	return s
}

func (s *service) addresses(ocsp, crl bool) func(*smx509.Certificate) {
	return func(c *smx509.Certificate) {
		if ocsp {
			c.OCSPServer = []string{s.url + "/ocsp"}
		}
		if crl {
			c.CRLDistributionPoints = []string{s.url + "/crl"}
		}
	}
}

func online(cache *Cache) *Checker {
	return &Checker{Fetcher: &fetch.Client{Private: true}, Cache: cache, Now: func() time.Time { return now }}
}

func TestCheckAsks(t *testing.T) {
	p := newPKI(t, "ecdsa")
	nothing := func([]byte) []byte { return nil }
	for _, tt := range []struct {
		name       string
		ocsp, crl  func(cert *smx509.Certificate) func([]byte) []byte // nil: not named in the certificate
		status     Status
		why        Why
		asks, gets int
	}{
		{name: "no address", status: NotKnown, why: NoAddress},
		{name: "OCSP", status: Good, asks: 1, ocsp: func(c *smx509.Certificate) func([]byte) []byte {
			return func([]byte) []byte { return p.good(c).build(t) }
		}},
		{name: "OCSP before lists", status: Revoked, asks: 1, ocsp: func(c *smx509.Certificate) func([]byte) []byte {
			r := p.good(c)
			r.certStatus = revokedStatus(now.Add(-time.Hour), 1)
			return func([]byte) []byte { return r.build(t) }
		}, crl: func(*smx509.Certificate) func([]byte) []byte { return nothing }},
		{name: "a list when OCSP is down", status: Good, asks: 1, gets: 1,
			ocsp: func(*smx509.Certificate) func([]byte) []byte { return nothing },
			crl:  func(*smx509.Certificate) func([]byte) []byte { return func([]byte) []byte { return crl(t, p, nil) } }},
		{name: "no list when OCSP knows no such certificate", status: NotKnown, why: NotListed, asks: 1,
			ocsp: func(c *smx509.Certificate) func([]byte) []byte {
				r := p.good(c)
				r.certStatus = []byte{0x82, 0}
				return func([]byte) []byte { return r.build(t) }
			},
			crl: func(*smx509.Certificate) func([]byte) []byte { return func([]byte) []byte { return crl(t, p, nil) } }},
		{name: "both down", status: NotKnown, why: Unreachable, asks: 1, gets: 1,
			ocsp: func(*smx509.Certificate) func([]byte) []byte { return nothing },
			crl:  func(*smx509.Certificate) func([]byte) []byte { return nothing }},
		{name: "the telling reason", status: NotKnown, why: Stale, asks: 1, gets: 1,
			ocsp: func(*smx509.Certificate) func([]byte) []byte { return nothing },
			crl: func(*smx509.Certificate) func([]byte) []byte {
				return func([]byte) []byte {
					return crl(t, p, func(l *smx509.RevocationList) {
						l.ThisUpdate, l.NextUpdate = now.Add(-2*time.Hour), now.Add(-time.Hour)
					})
				}
			}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := serve(t)
			cert := p.issue(t, p.key, s.addresses(tt.ocsp != nil, tt.crl != nil))
			if tt.ocsp != nil {
				s.ocsp = tt.ocsp(cert)
			}
			if tt.crl != nil {
				s.crl = tt.crl(cert)
			}
			a := online(nil).Check(t.Context(), cert, p.root)
			if a.Status != tt.status || a.Why != tt.why || s.asks != tt.asks || s.gets != tt.gets {
				t.Errorf("%s %s (%s) after %d and %d", a.Status, a.Why, a.Detail, s.asks, s.gets)
			}
		})
	}
}

// Who was given no Fetcher touches no network, and says that he did not ask.
func TestNobodyIsAskedUnlessToldTo(t *testing.T) {
	p := newPKI(t, "ecdsa")
	s := serve(t)
	cert := p.issue(t, p.key, s.addresses(true, true))
	s.ocsp = func([]byte) []byte { return p.good(cert).build(t) }
	s.crl = func([]byte) []byte { return crl(t, p, nil) }
	for _, c := range []*Checker{{}, {Cache: openCache(t)}} {
		if a := c.Check(t.Context(), cert, p.root); a.Status != NotKnown || a.Why != NotAsked {
			t.Errorf("%+v", a)
		}
	}
	// The addresses are a stranger's: a Fetcher as it comes does not go to this machine.
	c := &Checker{Fetcher: &fetch.Client{}}
	if a := c.Check(t.Context(), cert, p.root); a.Why != Unreachable || !strings.Contains(a.Detail, string(fetch.Forbidden)) {
		t.Errorf("%+v", a)
	}
	if s.asks+s.gets != 0 {
		t.Error("somebody was asked")
	}
}

// The nonce is new every time, and an answer that was recorded before does not pass.
func TestReplayedAnswer(t *testing.T) {
	p := newPKI(t, "sm2")
	s := serve(t)
	cert := p.issue(t, p.key, s.addresses(true, false))
	var recorded []byte
	seen := map[string]bool{}
	s.ocsp = func(request []byte) []byte {
		nonce := request[len(request)-nonceSize:]
		seen[string(nonce)] = true
		if recorded == nil {
			r := p.good(cert)
			r.extensions = nonceExtension(t, nonce)
			recorded = r.build(t)
		}
		return recorded
	}
	if a := online(nil).Check(t.Context(), cert, p.root); a.Status != Good {
		t.Errorf("the first: %+v", a)
	}
	if a := online(nil).Check(t.Context(), cert, p.root); a.Why != WrongNonce {
		t.Errorf("the replay: %+v", a)
	}
	if len(seen) != 2 {
		t.Errorf("%d nonces", len(seen))
	}
}

// A responder of SM2 certificates that knows SHA-1 alone is asked again with that.
func TestHashesOfNames(t *testing.T) {
	sm3Name, sha1Name := der(t, oidSM3), der(t, oidSHA1)
	for alg, want := range map[string]int{"sm2": 2, "ecdsa": 1} {
		p := newPKI(t, alg)
		s := serve(t)
		cert := p.issue(t, p.key, s.addresses(true, false))
		s.ocsp = func(request []byte) []byte {
			if !bytes.Contains(request, sha1Name) {
				if !bytes.Contains(request, sm3Name) {
					t.Error("named by neither")
				}
				return tlv(0x30, []byte{10, 1, 6})
			}
			return p.good(cert).build(t)
		}
		if a := online(nil).Check(t.Context(), cert, p.root); a.Status != Good || s.asks != want {
			t.Errorf("%s: %s %s after %d", alg, a.Status, a.Detail, s.asks)
		}
	}
}

func openCache(t *testing.T) *Cache {
	t.Helper()
	c, err := OpenCache(filepath.Join(t.TempDir(), "cache"))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestCache(t *testing.T) {
	p := newPKI(t, "ecdsa")
	s := serve(t)
	both := s.addresses(true, true)
	first := p.issue(t, p.key, s.addresses(false, true))
	second := p.issue(t, p.key, s.addresses(false, true))
	third := p.issue(t, p.key, both)
	s.ocsp = func([]byte) []byte { return p.good(third).build(t) }
	s.crl = func([]byte) []byte { return crl(t, p, nil, second.SerialNumber) }
	cache := openCache(t)
	for range 2 {
		for cert, want := range map[*smx509.Certificate]Status{first: Good, second: Revoked, third: Good} {
			if a := online(cache).Check(t.Context(), cert, p.root); a.Status != want {
				t.Errorf("%+v", a)
			}
		}
	}
	if s.asks != 1 || s.gets != 1 {
		t.Errorf("asked %d times, fetched %d lists", s.asks, s.gets)
	}
	// Without the network what is kept still answers, while it holds.
	offline := &Checker{Cache: cache, Now: func() time.Time { return now }}
	if a := offline.Check(t.Context(), second, p.root); a.Status != Revoked {
		t.Errorf("%+v", a)
	}
	offline.Now = func() time.Time { return now.Add(2 * time.Hour) }
	if a := offline.Check(t.Context(), first, p.root); a.Status != NotKnown || a.Why != NotAsked {
		t.Errorf("after its end: %+v", a)
	}
	entries, err := os.ReadDir(cache.dir)
	if err != nil || len(entries) != 2 {
		t.Fatalf("%v, %v", entries, err)
	}
	if runtime.GOOS != "windows" {
		for _, e := range entries {
			if info, err := e.Info(); err != nil || info.Mode().Perm() != 0o600 {
				t.Errorf("%v, %v", info.Mode(), err)
			}
		}
		if info, err := os.Stat(cache.dir); err != nil || info.Mode().Perm() != 0o700 {
			t.Errorf("%v", err)
		}
	}
	// Nothing in it is believed.
	for _, e := range entries {
		if err := os.WriteFile(filepath.Join(cache.dir, e.Name()), []byte("rubbish"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if a := online(cache).Check(t.Context(), second, p.root); a.Status != Revoked || s.gets != 2 {
		t.Errorf("a spoilt cache: %+v, %d", a, s.gets)
	}
}

func TestCacheIsBounded(t *testing.T) {
	c := openCache(t)
	big := make([]byte, 15<<20)
	for i := range 12 {
		c.put(cacheKey("crl", []byte{byte(i)}), big, now.Add(time.Duration(i)*time.Hour), now)
	}
	c.put(cacheKey("ocsp"), []byte("old"), now.Add(-time.Hour), now)
	entries, err := os.ReadDir(c.dir)
	if err != nil || len(entries) != 8 {
		t.Errorf("%d files, %v", len(entries), err)
	}
	if _, ok := c.get(cacheKey("crl", []byte{11})); !ok {
		t.Error("what holds longest is gone")
	}
	if _, ok := c.get(cacheKey("crl", []byte{0})); ok {
		t.Error("what ends first is still there")
	}
	if cacheKey("a", []byte("bc"), []byte("d")) == cacheKey("a", []byte("b"), []byte("cd")) {
		t.Error("two keys are one")
	}
}

func TestCheckChain(t *testing.T) {
	p := newPKI(t, "ecdsa")
	s := serve(t)
	ca := p.issue(t, p.key, func(c *smx509.Certificate) {
		c.IsCA, c.KeyUsage, c.Subject.CommonName = true, smx509.KeyUsageCertSign, "CA"
		s.addresses(false, true)(c)
	})
	leaf := sign(t, &smx509.Certificate{SerialNumber: big.NewInt(7), NotBefore: ca.NotBefore, NotAfter: ca.NotAfter, BasicConstraintsValid: true}, ca, p.key.Public(), p.key)
	s.crl = func([]byte) []byte { return crl(t, p, nil) }
	got := online(nil).CheckChain(t.Context(), []*smx509.Certificate{leaf, ca, p.root})
	if len(got) != 2 || got[0].Why != NoAddress || got[1].Status != Good {
		t.Errorf("%+v", got)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if got := online(nil).CheckChain(ctx, []*smx509.Certificate{ca, p.root}); got[0].Why != Unreachable {
		t.Errorf("%+v", got)
	}
}

// openssl's responder understands what we ask, and we what it answers.
func TestOpenSSLAnswers(t *testing.T) {
	openssl, err := exec.LookPath("openssl")
	if err != nil {
		t.Skip("openssl is not installed: answers are this package's own and the demo CA's only")
	}
	for _, alg := range []string{"rsa", "ecdsa"} {
		t.Run(alg, func(t *testing.T) {
			p := makePKI(t, alg)
			dir := t.TempDir()
			path := func(name string) string { return filepath.Join(dir, name) }
			write := func(name, kind string, der []byte) {
				if err := os.WriteFile(path(name), pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			responderKey := newKey(t, alg)
			key, err := smx509.MarshalPKCS8PrivateKey(responderKey)
			if err != nil {
				t.Fatal(err)
			}
			write("ca.pem", "CERTIFICATE", p.root.Raw)
			write("responder.pem", "CERTIFICATE", p.issue(t, responderKey, appoint).Raw)
			write("key.pem", "PRIVATE KEY", key)
			good, revoked, unknown := p.issue(t, p.key, nil), p.issue(t, p.key, nil), p.issue(t, p.key, nil)
			index := fmt.Sprintf("V\t491231000000Z\t\t%02X\tunknown\t/CN=Leaf\nR\t491231000000Z\t261101000000Z,keyCompromise\t%02X\tunknown\t/CN=Leaf\n",
				good.SerialNumber, revoked.SerialNumber)
			if err := os.WriteFile(path("index.txt"), []byte(index), 0o600); err != nil {
				t.Fatal(err)
			}
			ask := func(cert *smx509.Certificate, hash oid, options ...string) Answer {
				nonce := []byte("0123456789abcdef0123456789abcdef")
				request, err := ocspRequest(cert, p.root, hash, nonce)
				if err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(path("query"), request, 0o600); err != nil {
					t.Fatal(err)
				}
				args := append([]string{"ocsp", "-index", path("index.txt"), "-CA", path("ca.pem"), "-rsigner", path("responder.pem"),
					"-rkey", path("key.pem"), "-reqin", path("query"), "-respout", path("reply"), "-nmin", "60"}, options...)
				if out, err := exec.CommandContext(t.Context(), openssl, args...).CombinedOutput(); err != nil {
					t.Fatalf("%v\n%s", err, out)
				}
				der, err := os.ReadFile(path("reply"))
				if err != nil {
					t.Fatal(err)
				}
				return JudgeOCSP(der, cert, p.root, Question{Nonce: nonce})
			}
			for _, hash := range nameHashes {
				for _, options := range [][]string{nil, {"-resp_key_id"}, {"-resp_no_certs"}} {
					g, r, u := ask(good, hash.oid, options...), ask(revoked, hash.oid, options...), ask(unknown, hash.oid, options...)
					if len(options) == 1 && options[0] == "-resp_no_certs" {
						if g.Why != WrongResponder || r.Why != WrongResponder || u.Why != WrongResponder {
							t.Errorf("without the responder's certificate: %+v, %+v, %+v", g, r, u)
						}
						continue
					}
					if g.Status != Good || g.Responder == nil || r.Status != Revoked || r.Reason != "keyCompromise" || u.Why != NotListed {
						t.Errorf("%v %v: %s %s, %s %s, %s %s", hash.oid, options, g.Status, g.Detail, r.Status, r.Detail, u.Status, u.Detail)
					}
				}
			}
		})
	}
}
