package csc_test

import (
	"context"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
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
	because string            // its description
	hang    bool
	bearers int
	spoil   func(path string, answer map[string]any)
	instead func(w http.ResponseWriter, path string) bool // answers in its place
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
	if s.instead != nil && s.instead(w, path) {
		return
	}
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
		answer = map[string]any{"error": refusal, "error_description": s.because}
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
		{"a locked PIN", func(s *service) { s.pin, s.refuses, s.because = "246810", "invalid_request", "Credential locked" }, "246810", token.ErrPINLocked},
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

// says answers one path, the first times alone where it is told how many.
func says(on string, status int, body string, times ...int) func(http.ResponseWriter, string) bool {
	said := 0
	return func(w http.ResponseWriter, path string) bool {
		if path != on || len(times) > 0 && said == times[0] {
			return false
		}
		said++
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
		return true
	}
}

func refusal(name, description string) string {
	return fmt.Sprintf(`{"error": %q, "error_description": %q}`, name, description)
}

// Whatever a service answers is told in the words of packages token and mobileca; a PIN that was refused is not kept.
func TestAnswers(t *testing.T) {
	wrong := new(token.PINWrongError)
	const list, authorize, sign = "credentials/list", "credentials/authorize", "signatures/signHash"
	for _, tt := range []struct {
		name    string
		instead func(http.ResponseWriter, string) bool
		pin     string
		want    error
	}{
		{"a bearer that has ended", says(list, http.StatusUnauthorized, refusal("invalid_token", ""), 1), "", nil},
		{"a bearer that never holds", says(list, http.StatusUnauthorized, refusal("invalid_token", "")), "", errAny},
		{"trouble", says(list, http.StatusInternalServerError, ""), "", mobileca.ErrUnreachable},
		{"too many calls", says(list, http.StatusTooManyRequests, ""), "", mobileca.ErrUnreachable},
		{"nothing of the kind", says(list, http.StatusNotFound, refusal(strings.Repeat("x", 100), "")), "", errAny},
		{"a redirect", says(list, http.StatusFound, ""), "", errAny},
		{"no JSON", says(list, http.StatusOK, "<html>"), "", mobileca.ErrNonsense},
		{"an answer without end", says(list, http.StatusOK, strings.Repeat(" ", 3<<20)), "", mobileca.ErrNonsense},
		{"a list without end", says(list, http.StatusOK, `{"credentialIDs": ["`+strings.Repeat(`x","`, 101)+`"]}`), "", mobileca.ErrNonsense},
		{"a name that tells nothing", says(list, http.StatusOK, `{"credentialIDs": ["x"]}`), "", nil},
		{"an answer that is cut off", func(w http.ResponseWriter, path string) bool {
			if path == list {
				w.Header().Set("Content-Length", "100")
				_, _ = io.WriteString(w, "{")
			}
			return path == list
		}, "", mobileca.ErrUnreachable},
		{"a login that ends at once", says("auth/login", http.StatusOK, `{"access_token": "bearer"}`), "", nil},
		{"a login without end", says("auth/login", http.StatusOK, `{"access_token": "`+strings.Repeat("x", 9000)+`"}`), "", mobileca.ErrNonsense},
		{"a login in trouble", says("auth/login", http.StatusBadGateway, ""), "", mobileca.ErrUnreachable},
		{"a login too often", says("auth/login", http.StatusTooManyRequests, ""), "", mobileca.ErrUnreachable},
		{"a PIN that is wrong", says(authorize, http.StatusBadRequest, refusal("invalid_authentication_data", "The authentication data is invalid")), "246810", wrong},
		{"other data that is wrong", says(authorize, http.StatusBadRequest, refusal("invalid_authentication_data", "")), "", errAny},
		{"a PIN that nobody asked for", says(authorize, http.StatusBadRequest, refusal("invalid_pin", "")), "", wrong},
		{"a PIN that is locked", says(authorize, http.StatusBadRequest, refusal("invalid_request", "Credential locked")), "246810", token.ErrPINLocked},
		{"a block that is not found", says(authorize, http.StatusBadRequest, refusal("invalid_request", "The block of hashes is not authorized; unlock the credential")), "246810", errAny},
		{"a certificate that has ended", says(authorize, http.StatusBadRequest, refusal("invalid_request", "Signing certificate is expired")), "", errAny},
		{"nobody confirmed", says(authorize, http.StatusBadRequest, refusal("x", "expired")), "", mobileca.ErrUnconfirmed},
		{"nobody confirmed in time", says(authorize, http.StatusBadRequest, refusal("x", "Timeout")), "", mobileca.ErrUnconfirmed},
		{"the person refused", says(authorize, http.StatusBadRequest, refusal("x", "refused by the user")), "", mobileca.ErrRefused},
		{"something else", says(authorize, http.StatusBadRequest, refusal("x", "")), "", errAny},
		{"trouble with the authorisation", says(authorize, http.StatusBadGateway, ""), "", mobileca.ErrUnreachable},
		{"an authorisation without end", says(authorize, http.StatusOK, `{"SAD": "`+strings.Repeat("x", 65<<10)+`"}`), "", mobileca.ErrNonsense},
		{"one that is refused later", func(w http.ResponseWriter, path string) bool {
			return says(authorize, http.StatusOK, `{"handle": "h"}`)(w, path) ||
				says("credentials/authorizeCheck", http.StatusBadRequest, refusal("access_denied", ""))(w, path)
		}, "", mobileca.ErrRefused},
		{"a signature that is refused", says(sign, http.StatusBadRequest, refusal("x", "")), "", errAny},
		{"none at all", says(sign, http.StatusOK, ""), "", mobileca.ErrNonsense},
		{"one that is refused later", func(w http.ResponseWriter, path string) bool {
			return says(sign, http.StatusOK, `{"responseID": "r"}`)(w, path) ||
				says("signatures/signPolling", http.StatusBadRequest, refusal("x", ""))(w, path)
		}, "", errAny},
		{"another's, later", func(w http.ResponseWriter, path string) bool {
			return says(sign, http.StatusOK, `{"responseID": "r"}`)(w, path) ||
				says("signatures/signPolling", http.StatusOK, `{"signatures": ["MEUCIQ=="]}`)(w, path)
		}, "", token.ErrBadSignature},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := start(t, ca.SM2)
			s.pin, s.instead = tt.pin, tt.instead
			key, err := signOnce(t, open(t, s, "secret"), tt.pin)
			switch {
			case tt.want == errAny:
				if coded, ok := errors.AsType[interface {
					error
					Code() string
				}](err); !ok || coded.Code() != "token.phone_service" {
					t.Errorf("got %v", err)
				}
				if errors.Is(err, token.ErrPINLocked) || errors.Is(err, mobileca.ErrUnconfirmed) {
					t.Errorf("got %v", err)
				}
				if tt.pin != "" {
					if _, err := token.SignMessage(key, []byte("合同")); !errors.Is(err, token.ErrNotUnlocked) {
						t.Errorf("the PIN is tried again: %v", err)
					}
				}
			case tt.want == error(wrong):
				if _, ok := errors.AsType[*token.PINWrongError](err); !ok {
					t.Fatalf("got %v", err)
				}
				if _, err := token.SignMessage(key, []byte("合同")); !errors.Is(err, token.ErrNotUnlocked) {
					t.Errorf("after that: %v", err)
				}
			case !errors.Is(err, tt.want):
				t.Errorf("got %v, want %v", err, tt.want)
			}
		})
	}
}

// errAny stands for what the service says in words of its own.
var errAny = errors.New("the service's own")

// Credentials that cannot be used hide no other.
func TestCredentialsThatCannotBeUsed(t *testing.T) {
	s := start(t, ca.SM2)
	s.spoil = func(path string, m map[string]any) {
		if path != "credentials/list" {
			return
		}
		good := m["credentialInfos"].([]any)[0].(map[string]any)
		cert := good["cert"].(map[string]any)["certificates"].([]string)[0]
		all := []any{}
		for _, change := range []map[string]any{
			{"credentialID": ""}, {"key": map[string]any{"status": "disabled"}}, {"cert": map[string]any{}},
			{"cert": map[string]any{"certificates": []string{cert, cert, cert, cert, cert, cert, cert}}},
			{"cert": map[string]any{"certificates": []string{"*"}}}, {"cert": map[string]any{"certificates": []string{"AAAA"}}},
			{"auth": map[string]any{"mode": "oauth2code"}}, {"auth": map[string]any{"mode": "implicit", "objects": []any{map[string]any{"id": "PIN"}}}},
		} {
			c := maps.Clone(good)
			maps.Copy(c, change)
			all = append(all, c)
		}
		m["credentialInfos"] = all
	}
	if _, err := signOnce(t, open(t, s, "secret"), ""); err != nil {
		t.Error(err)
	}
}

// A key signs while it is unlocked, what its kind signs, for whoever still waits; the API decrypts nothing and plugs nothing in.
func TestWhatAKeyDoesNot(t *testing.T) {
	s := start(t, ca.RSA)
	s.pin = "246810"
	asked := 0
	refused := errors.New("the person gave no password")
	d, err := csc.Open(csc.Config{Base: s.url, Login: func(context.Context) (string, []byte, error) {
		if asked++; asked == 1 {
			return "", nil, refused
		}
		return "13800000000", []byte("secret"), nil
	}})
	if err != nil {
		t.Fatal(err)
	}
	tokens, err := d.Tokens(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	tok := tokens[0]
	if err := tok.Unlock(t.Context(), []byte("246810")); !errors.Is(err, refused) {
		t.Errorf("without a password: %v", err)
	}
	if info, err := tok.Info(t.Context()); err != nil || info.PIN.ProtectedPath || info.Label == "" {
		t.Errorf("%+v, %v", info, err)
	}
	ids, err := tok.Identities(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := ids[0].Signer(t.Context()); !errors.Is(err, token.ErrNotUnlocked) {
		t.Errorf("a locked key: %v", err)
	}
	if _, err := ids[0].Decrypter(t.Context()); err == nil {
		t.Error("it decrypts")
	}
	if err := tok.Unlock(t.Context(), []byte("246810")); err != nil {
		t.Fatal(err)
	}
	key, err := ids[0].Signer(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := key.Sign(nil, make([]byte, 32), &rsa.PSSOptions{Hash: crypto.SHA256}); !errors.Is(err, token.ErrNotSupported) {
		t.Errorf("PSS: %v", err)
	}
	if err := tok.Lock(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := key.Sign(nil, make([]byte, 32), crypto.SHA256); !errors.Is(err, token.ErrNotUnlocked) {
		t.Errorf("after it was locked: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	events, err := d.Watch(ctx)
	if err != nil {
		t.Fatal(err)
	}
	cancel()
	if _, ok := <-events; ok {
		t.Error("something was plugged in")
	}
	// Who called it off while the person was asked hears of that.
	s = start(t, ca.SM2)
	ctx, cancel = context.WithCancel(t.Context())
	s.instead = func(w http.ResponseWriter, path string) bool {
		if path == "credentials/authorizeCheck" {
			cancel()
			return says(path, http.StatusBadRequest, refusal("authorization_pending", ""))(w, path)
		}
		return says("credentials/authorize", http.StatusOK, `{"handle": "h"}`)(w, path)
	}
	if tokens, err = open(t, s, "secret").Tokens(t.Context()); err != nil {
		t.Fatal(err)
	}
	if ids, err = tokens[0].Identities(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := tokens[0].Unlock(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	if key, err = ids[0].Signer(ctx); err != nil {
		t.Fatal(err)
	}
	if _, err := key.Sign(nil, make([]byte, 32), crypto.Hash(0)); !errors.Is(err, context.Canceled) {
		t.Errorf("called off: %v", err)
	}
}
