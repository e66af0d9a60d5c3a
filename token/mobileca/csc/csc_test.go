package csc_test

import (
	"context"
	"crypto"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emmansun/gmsm/smx509"

	"sealdesk/token"
	"sealdesk/token/ca"
	"sealdesk/token/mobileca"
	"sealdesk/token/mobileca/csc"
	"sealdesk/token/tokentest"
)

// service is a signing service in memory, as far as the driver calls it.
type service struct {
	mu      sync.Mutex
	url     string
	key     crypto.Signer
	alg     ca.Algorithm
	cert    *smx509.Certificate
	pin     string // empty: its person is asked
	pins    []string
	sads    map[string]string // by SAD, the hash it is for
	raw     bool              // signatures on curves as r and s
	names   bool              // credentials/list gives names alone
	checks  int               // how often authorizeCheck says that it is pending
	refuses string            // an error's name
	hang    bool
	bearers int
	spoil   func(path string, answer map[string]any)
}

var issuer = sync.OnceValues(func() (*ca.Authority, error) { return ca.New() })

// keys are made once: those of RSA take long.
var keys = sync.OnceValue(func() map[ca.Algorithm]crypto.Signer {
	m := map[ca.Algorithm]crypto.Signer{}
	for _, a := range ca.Algorithms() {
		m[a], _ = ca.GenerateKey(a)
	}
	return m
})

func start(t *testing.T, a ca.Algorithm) *service {
	t.Helper()
	authority, err := issuer()
	if err != nil {
		t.Fatal(err)
	}
	key := keys()[a]
	cert, err := authority.Issue(ca.Request{Subject: ca.Subject{Name: "云溪县财政局"}, PublicKey: key.Public(), Usage: token.UsageSign})
	if err != nil {
		t.Fatal(err)
	}
	s := &service{key: key, alg: a, cert: cert, sads: map[string]string{}}
	server := httptest.NewServer(http.HandlerFunc(s.serve))
	t.Cleanup(server.Close)
	s.url = server.URL + "/csc/v2"
	return s
}

func (s *service) serve(w http.ResponseWriter, r *http.Request) {
	path := strings.TrimPrefix(r.URL.Path, "/csc/v2/")
	var in map[string]any
	_ = json.NewDecoder(r.Body).Decode(&in)
	s.mu.Lock()
	hang := s.hang && path != "auth/login"
	s.mu.Unlock()
	if hang {
		<-r.Context().Done()
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	answer, refusal := s.answer(r, path, in)
	if s.spoil != nil && answer != nil {
		s.spoil(path, answer)
	}
	w.Header().Set("Content-Type", "application/json")
	if refusal != "" {
		status := http.StatusBadRequest
		if refusal == "invalid_token" {
			status = http.StatusUnauthorized
		}
		w.WriteHeader(status)
		answer = map[string]any{"error": refusal}
	}
	_ = json.NewEncoder(w).Encode(answer)
}

func (s *service) answer(r *http.Request, path string, in map[string]any) (map[string]any, string) {
	if path == "auth/login" {
		if user, password, _ := r.BasicAuth(); user != "13800000000" || password != "secret" {
			return nil, "authentication_error"
		}
		s.bearers++
		return map[string]any{"access_token": "bearer", "expires_in": 600}, ""
	}
	if r.Header.Get("Authorization") != "Bearer bearer" {
		return nil, "invalid_token"
	}
	auth := map[string]any{"mode": "explicit", "objects": []any{}}
	if s.pin != "" {
		auth["objects"] = []any{map[string]any{"type": "Password", "id": "PIN", "format": "N"}}
	}
	info := map[string]any{"credentialID": "c1", "key": map[string]any{"status": "enabled"}, "auth": auth,
		"cert": map[string]any{"status": "valid", "certificates": []string{base64.StdEncoding.EncodeToString(s.cert.Raw)}}}
	switch path {
	case "credentials/list":
		list := map[string]any{"credentialIDs": []string{"c1"}}
		if !s.names {
			list["credentialInfos"] = []any{info}
		}
		return list, ""
	case "credentials/info":
		return info, ""
	case "credentials/authorize":
		if s.refuses != "" {
			return nil, s.refuses
		}
		hash := in["hashes"].([]any)[0].(string)
		if s.pin != "" {
			given := in["authData"].([]any)[0].(map[string]any)
			s.pins = append(s.pins, given["value"].(string))
			if given["id"] != "PIN" || given["value"] != s.pin {
				return nil, "invalid_pin"
			}
		}
		sad := rand.Text()
		s.sads[sad] = hash
		if s.checks > 0 {
			return map[string]any{"handle": sad}, ""
		}
		return map[string]any{"SAD": sad}, ""
	case "credentials/authorizeCheck":
		if s.checks--; s.checks > 0 {
			return nil, "authorization_pending"
		}
		return map[string]any{"SAD": in["handle"]}, ""
	case "signatures/signHash":
		hash := in["hashes"].([]any)[0].(string)
		sad := in["SAD"].(string)
		if s.sads[sad] != hash {
			return nil, "invalid_request"
		}
		delete(s.sads, sad)
		return s.sign(hash, in["signAlgo"].(string))
	}
	return nil, "invalid_request"
}

func (s *service) sign(hash, algorithm string) (map[string]any, string) {
	digest, _ := base64.StdEncoding.DecodeString(hash)
	want := map[ca.Algorithm]string{ca.RSA: "1.2.840.113549.1.1.11", ca.ECDSA: "1.2.840.10045.4.3.2", ca.SM2: "1.2.156.10197.1.501"}
	opts := crypto.SHA256
	if s.alg == ca.SM2 {
		opts = 0
	}
	signature, err := s.key.Sign(rand.Reader, digest, opts)
	if err != nil || algorithm != want[s.alg] {
		return nil, "invalid_request"
	}
	if s.raw {
		signature = rawOf(signature)
	}
	return map[string]any{"signatures": []string{base64.StdEncoding.EncodeToString(signature)}}, ""
}

// rawOf gives the two integers of a DER signature one behind the other, 32 bytes each.
func rawOf(der []byte) []byte {
	out := make([]byte, 64)
	r := der[4 : 4+der[3]]
	rest := der[4+len(r):]
	put := func(at int, n []byte) {
		for len(n) > 32 {
			n = n[1:]
		}
		copy(out[at+32-len(n):], n)
	}
	put(0, r)
	put(32, rest[2:2+rest[1]])
	return out
}

func open(t *testing.T, s *service, password string) token.Driver {
	t.Helper()
	d, err := csc.Open(csc.Config{Base: s.url, Account: "13800000000", Login: func(context.Context) (string, []byte, error) {
		return "13800000000", []byte(password), nil
	}})
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestConformance(t *testing.T) {
	tokentest.Run(t, tokentest.Harness{
		Algorithms: ca.Algorithms(),
		New: func(t *testing.T, a ca.Algorithm) tokentest.Key {
			s := start(t, a)
			return tokentest.Key{Driver: open(t, s, "secret"), Hang: func(hang bool) {
				s.mu.Lock()
				defer s.mu.Unlock()
				s.hang = hang
			}}
		},
	})
}

// signOnce opens the account with a PIN, and has it sign.
func signOnce(t *testing.T, d token.Driver, pin string) (crypto.Signer, error) {
	t.Helper()
	tokens, err := d.Tokens(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { tokens[0].Close() })
	ids, err := tokens[0].Identities(t.Context())
	if err != nil {
		return nil, err
	}
	if err := tokens[0].Unlock(t.Context(), []byte(pin)); err != nil {
		return nil, err
	}
	if len(ids) != 1 {
		t.Fatalf("%d identities", len(ids))
	}
	key, err := ids[0].Signer(t.Context())
	if err != nil {
		return nil, err
	}
	_, err = token.SignMessage(key, []byte("合同"))
	return key, err
}

func TestWays(t *testing.T) {
	tests := []struct {
		name string
		with func(*service)
		pin  string
		want error
	}{
		{"a PIN", func(s *service) { s.pin = "246810" }, "246810", nil},
		{"no PIN where one is wanted", func(s *service) { s.pin = "246810" }, "", token.ErrPINEmpty},
		{"the person is asked", func(s *service) { s.checks = 2 }, "", nil},
		{"the person refuses", func(s *service) { s.refuses = "access_denied" }, "", mobileca.ErrRefused},
		{"a locked PIN", func(s *service) { s.pin, s.refuses = "246810", "pin_locked" }, "246810", token.ErrPINLocked},
		{"names alone", func(s *service) { s.names = true }, "", nil},
		{"integers one behind the other", func(s *service) { s.raw = true }, "", nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := start(t, ca.SM2)
			tt.with(s)
			if _, err := signOnce(t, open(t, s, "secret"), tt.pin); !errors.Is(err, tt.want) {
				t.Errorf("got %v, want %v", err, tt.want)
			}
		})
	}
}

// A wrong PIN is sent once, and never again.
func TestWrongPINIsForgotten(t *testing.T) {
	s := start(t, ca.RSA)
	s.pin = "246810"
	key, err := signOnce(t, open(t, s, "secret"), "135790")
	if _, wrong := errors.AsType[*token.PINWrongError](err); !wrong {
		t.Fatalf("a wrong PIN: %v", err)
	}
	if _, err := token.SignMessage(key, []byte("合同")); !errors.Is(err, token.ErrNotUnlocked) {
		t.Errorf("signing after a wrong PIN: %v", err)
	}
	if len(s.pins) != 1 {
		t.Errorf("the service was told %q", s.pins)
	}
}

func TestNonsense(t *testing.T) {
	for name, spoil := range map[string]func(string, map[string]any){
		"no token": func(_ string, m map[string]any) { delete(m, "access_token") },
		"two signatures": func(_ string, m map[string]any) {
			if s, ok := m["signatures"].([]string); ok {
				m["signatures"] = append(s, s...)
			}
		},
		"no data": func(_ string, m map[string]any) { delete(m, "SAD") },
		"no base64": func(_ string, m map[string]any) {
			if m["signatures"] != nil {
				m["signatures"] = []string{"*"}
			}
		},
	} {
		s := start(t, ca.SM2)
		s.spoil = spoil
		if _, err := signOnce(t, open(t, s, "secret"), ""); !errors.Is(err, mobileca.ErrNonsense) {
			t.Errorf("%s: %v", name, err)
		}
	}
	s := start(t, ca.SM2)
	s.spoil = func(_ string, m map[string]any) {
		if m["signatures"] != nil {
			m["signatures"] = []string{"MEUCIQ=="}
		}
	}
	if _, err := signOnce(t, open(t, s, "secret"), ""); !errors.Is(err, token.ErrBadSignature) {
		t.Errorf("another's signature: %v", err)
	}
}

func TestLogin(t *testing.T) {
	s := start(t, ca.SM2)
	if _, err := signOnce(t, open(t, s, "wrong"), ""); err == nil || strings.Contains(err.Error(), "wrong") {
		t.Errorf("a wrong password: %v", err)
	}
	for _, base := range []string{"", "http://mca.example/csc/v2", "https://a:b@mca.example/csc/v2", "https://mca.example/csc/v2?x"} {
		if _, err := csc.Open(csc.Config{Base: base, Login: func(context.Context) (string, []byte, error) { return "", nil, nil }}); !errors.Is(err, mobileca.ErrAddress) {
			t.Errorf("%q: %v", base, err)
		}
	}
	d, err := csc.Open(csc.Config{Base: "http://127.0.0.1:1/csc/v2", Login: func(context.Context) (string, []byte, error) { return "", nil, nil }})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	tokens, err := d.Tokens(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tokens[0].Identities(ctx); !errors.Is(err, mobileca.ErrUnreachable) {
		t.Errorf("a service that is not there: %v", err)
	}
}
