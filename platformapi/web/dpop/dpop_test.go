package dpop

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
)

var (
	testNow = time.Date(2026, 11, 25, 9, 0, 0, 0, time.UTC)
	origins = []string{"https://127.0.0.1:8443", "https://platform.example"}
)

const (
	path    = "/v1/contracts/a"
	address = "https://platform.example" + path
	token   = "token"
)

func newKey(t testing.TB) *Key {
	t.Helper()
	k, err := NewKey()
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func prove(t testing.TB, k *Key, method, address, token string, now time.Time) string {
	t.Helper()
	p, err := k.Prove(method, address, token, now)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestProof(t *testing.T) {
	k := newKey(t)
	g := NewGuard(100)
	for _, now := range []time.Time{testNow, testNow.Add(Window), testNow.Add(-Window)} {
		got, err := g.Check(prove(t, k, "POST", address, token, testNow), "POST", origins, path, token, now)
		if err != nil || got != k.Thumbprint() {
			t.Errorf("%v: %q, %v", now, got, err)
		}
	}
	if len(k.Thumbprint()) != 43 {
		t.Errorf("thumbprint %q", k.Thumbprint())
	}
	b, err := k.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	again, err := ParseKey(b)
	if err != nil || again.Thumbprint() != k.Thumbprint() {
		t.Errorf("read back: %v", err)
	}
	if _, err := ParseKey([]byte("no key")); err == nil {
		t.Error("no key is read")
	}
}

// Taken from one request a proof is worth nothing for another, nor a second time, nor later.
func TestProofsThatDoNotHold(t *testing.T) {
	k := newKey(t)
	good := prove(t, k, "POST", address, token, testNow)
	parts := strings.Split(good, ".")
	other := strings.Split(prove(t, newKey(t), "POST", address, token, testNow), ".")
	made := func(opts *jose.SignerOptions, alg jose.SignatureAlgorithm, key any, payload any) string {
		t.Helper()
		s, err := jose.NewSigner(jose.SigningKey{Algorithm: alg, Key: key}, opts)
		if err != nil {
			t.Fatal(err)
		}
		b, err := json.Marshal(payload)
		if err != nil {
			t.Fatal(err)
		}
		j, err := s.Sign(b)
		if err != nil {
			t.Fatal(err)
		}
		out, err := j.CompactSerialize()
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	c := claims{ID: "1", Method: "POST", URL: address, Issued: testNow.Unix(), Token: tokenHash(token)}
	p384, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	noID := c
	noID.ID = ""
	longID := c
	longID.ID = strings.Repeat("x", maxID+1)
	dpopType := (&jose.SignerOptions{EmbedJWK: true}).WithType(proofType)
	for name, proof := range map[string]string{
		"none":                  "",
		"nonsense":              "a.b.c",
		"two parts":             parts[0] + "." + parts[1],
		"another key's head":    other[0] + "." + parts[1] + "." + parts[2],
		"another body":          parts[0] + "." + other[1] + "." + parts[2],
		"too long":              good + strings.Repeat("A", maxProof),
		"another method":        prove(t, k, "PUT", address, token, testNow),
		"another path":          prove(t, k, "POST", address+"/b", token, testNow),
		"another host":          prove(t, k, "POST", "https://evil.example"+path, token, testNow),
		"http":                  prove(t, k, "POST", "http://platform.example"+path, token, testNow),
		"a query":               prove(t, k, "POST", address+"?a=b", token, testNow),
		"another token":         prove(t, k, "POST", address, "other", testNow),
		"without the token":     prove(t, k, "POST", address, "", testNow),
		"too old":               prove(t, k, "POST", address, token, testNow.Add(-Window-time.Second)),
		"too new":               prove(t, k, "POST", address, token, testNow.Add(Window+time.Second)),
		"another type":          made((&jose.SignerOptions{EmbedJWK: true}).WithType("JWT"), jose.ES256, k.private, c),
		"no key in it":          made((&jose.SignerOptions{}).WithType(proofType), jose.ES256, k.private, c),
		"a key on P-384":        made(dpopType, jose.ES384, p384, c),
		"a secret for a key":    made((&jose.SignerOptions{}).WithType(proofType), jose.HS256, []byte("0123456789abcdef0123456789abcdef"), c),
		"without an id":         made(dpopType, jose.ES256, k.private, noID),
		"with too long an id":   made(dpopType, jose.ES256, k.private, longID),
		"with no claims at all": made(dpopType, jose.ES256, k.private, "text"),
	} {
		if got, err := NewGuard(100).Check(proof, "POST", origins, path, token, testNow); !errors.Is(err, ErrProof) || got != "" {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
}

func TestAProofIsUsedOnce(t *testing.T) {
	k := newKey(t)
	g := NewGuard(8)
	check := func(proof string, now time.Time) error {
		_, err := g.Check(proof, "GET", origins, path, token, now)
		return err
	}
	first := prove(t, k, "GET", address, token, testNow)
	if err := check(first, testNow); err != nil {
		t.Fatal(err)
	}
	for i := range 3 { // fewer than are remembered
		if err := check(prove(t, k, "GET", address, token, testNow), testNow); err != nil {
			t.Fatal(err)
		}
		if err := check(first, testNow.Add(time.Duration(i)*time.Second)); !errors.Is(err, ErrProof) {
			t.Errorf("used twice: %v", err)
		}
	}
	if err := check(first, testNow.Add(Window)); !errors.Is(err, ErrProof) {
		t.Errorf("used again at the window's end: %v", err)
	}
	for range 1000 {
		if err := check(prove(t, k, "GET", address, token, testNow), testNow); err != nil {
			t.Fatal(err)
		}
	}
	if n := len(g.young) + len(g.old); n > 8 {
		t.Errorf("%d proofs are remembered", n)
	}
}

func FuzzCheck(f *testing.F) {
	k, err := NewKey()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(prove(f, k, "POST", address, token, testNow))
	f.Add("eyJhbGciOiJub25lIn0.e30.")
	g := NewGuard(100)
	f.Fuzz(func(t *testing.T, proof string) {
		got, err := g.Check(proof, "POST", origins, path, token, testNow)
		if (err == nil) != (got != "") || err != nil && !errors.Is(err, ErrProof) {
			t.Error(fmt.Sprint(got, err))
		}
	})
}
