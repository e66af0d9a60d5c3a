package platform_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/emmansun/gmsm/smx509"

	"sealdesk/platformapi"
	"sealdesk/platformapi/client"
	"sealdesk/platformapi/platformtest"
	"sealdesk/platformapi/web/dpop"
	"sealdesk/platformapi/web/header"
)

// recorder keeps what the client sends and keeps of its session, for requests that the client would never make.
type recorder struct {
	token  string
	key    *dpop.Key
	secret []byte
	login  []byte // the last answer to a challenge
}

func (r *recorder) RoundTrip(req *http.Request) (*http.Response, error) {
	if t := header.Token(req.Header.Get("Authorization")); t != "" {
		r.token = t
	}
	if strings.HasSuffix(req.URL.Path, "/v1/login") {
		body, err := req.GetBody()
		if err != nil {
			return nil, err
		}
		if r.login, err = io.ReadAll(body); err != nil {
			return nil, err
		}
	}
	return http.DefaultTransport.RoundTrip(req)
}

func (r *recorder) Save(secret []byte) error {
	r.secret = bytes.Clone(secret)
	var kept struct{ Key []byte }
	err := json.Unmarshal(secret, &kept)
	if err == nil {
		r.key, err = dpop.ParseKey(kept.Key)
	}
	return err
}

func (r *recorder) Forget() error {
	r.secret = nil
	return nil
}

func prove(t *testing.T, k *dpop.Key, method, address, token string, now time.Time) string {
	t.Helper()
	address, _, _ = strings.Cut(address, "?")
	proof, err := k.Prove(method, address, token, now)
	if err != nil {
		t.Fatal(err)
	}
	return proof
}

func newSession(t *testing.T) (*platformtest.World, *client.Client, func(method, path, body string, headers map[string]string) (int, platformapi.Problem)) {
	t.Helper()
	w := platformtest.NewWorld(t, t.TempDir(), nil)
	rec := &recorder{}
	c := w.Login(t, platformtest.Purchaser, client.Options{Transport: rec, Keeper: rec})
	if _, err := c.Session(t.Context()); err != nil {
		t.Fatal(err)
	}
	return w, c, func(method, path, body string, headers map[string]string) (int, platformapi.Problem) {
		t.Helper()
		return send(t, w, rec, method, path, body, headers)
	}
}

// send sends what the client would never send, in the recorded session or, without one, in none.
func send(t *testing.T, w *platformtest.World, rec *recorder, method, path, body string, headers map[string]string) (int, platformapi.Problem) {
	t.Helper()
	resp, err := http.DefaultClient.Do(request(t, w, rec, method, path, body, headers))
	if err != nil {
		t.Fatal(err)
	}
	return problemOf(t, resp)
}

func request(t *testing.T, w *platformtest.World, rec *recorder, method, path, body string, headers map[string]string) *http.Request {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, w.URL+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if rec != nil {
		req.Header.Set("Authorization", "DPoP "+rec.token)
		req.Header.Set(dpop.Header, prove(t, rec.key, method, w.URL+path, rec.token, w.Clock.Now()))
	}
	req.Header.Set("Content-Type", "application/json")
	for k, v := range headers {
		req.Header.Set(k, v)
	}
	return req
}

// problemOf reads an answer to its end.
func problemOf(t *testing.T, resp *http.Response) (int, platformapi.Problem) {
	t.Helper()
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	if err := resp.Body.Close(); err != nil {
		t.Fatal(err)
	}
	var p platformapi.Problem
	if resp.StatusCode >= 400 {
		if resp.Header.Get("Content-Type") != "application/problem+json" {
			t.Errorf("%s %s: %s is answered as %q: %s", resp.Request.Method, resp.Request.URL, resp.Status, resp.Header.Get("Content-Type"), raw)
		} else if err := json.Unmarshal(raw, &p); err != nil || p.Status != resp.StatusCode || p.Type == "" {
			t.Errorf("%s %s: problem %s, %v", resp.Request.Method, resp.Request.URL, raw, err)
		}
	}
	return resp.StatusCode, p
}

func TestRequestsThatAreRefused(t *testing.T) {
	_, c, do := newSession(t)
	id := platformapi.NewID()
	if _, err := c.Create(t.Context(), platformapi.Change{Key: platformapi.NewID()}, platformapi.NewContract{ID: id, LotID: platformtest.LotID}); err != nil {
		t.Fatal(err)
	}
	contract := "/v1/contracts/" + id
	key := func() string { return `"` + platformapi.NewID() + `"` }
	match := `"c-` + id + `-1"`
	sum := sha256.Sum256([]byte("x"))
	digest := "sha-256=:" + base64.StdEncoding.EncodeToString(sum[:]) + ":"
	file := contract + "/attachments/" + platformapi.NewID() + "?kind=invoice&stage=uploaded&name=a.pdf"
	for name, x := range map[string]struct {
		method, path, body string
		headers            map[string]string
		status             int
		code               string
	}{
		"no key":            {"PUT", contract + "/fields", "{}", map[string]string{"If-Match": match}, 400, platformapi.CodeKeyMissing},
		"bad key":           {"PUT", contract + "/fields", "{}", map[string]string{"If-Match": match, "Idempotency-Key": `"x`}, 400, platformapi.CodeBadRequest},
		"no version":        {"PUT", contract + "/fields", "{}", map[string]string{"Idempotency-Key": key()}, 428, platformapi.CodeVersionMissing},
		"other version":     {"PUT", contract + "/fields", "{}", map[string]string{"Idempotency-Key": key(), "If-Match": `"c-x-1"`}, 412, platformapi.CodeVersionStale},
		"unknown member":    {"PUT", contract + "/fields", `{"a":1}`, map[string]string{"Idempotency-Key": key(), "If-Match": match}, 400, platformapi.CodeBadRequest},
		"negative amount":   {"PUT", contract + "/fields", `{"amount_fen":-1}`, map[string]string{"Idempotency-Key": key(), "If-Match": match}, 400, platformapi.CodeBadRequest},
		"not JSON":          {"PUT", contract + "/fields", `{`, map[string]string{"Idempotency-Key": key(), "If-Match": match}, 400, platformapi.CodeBadRequest},
		"other media":       {"PUT", contract + "/fields", `a=b`, map[string]string{"Idempotency-Key": key(), "If-Match": match, "Content-Type": "text/plain"}, 415, platformapi.CodeMediaType},
		"too much JSON":     {"PUT", contract + "/fields", `{"name":"` + strings.Repeat("a", 100<<10) + `"}`, nil, 413, platformapi.CodeTooLarge},
		"no such id":        {"GET", "/v1/contracts/" + platformapi.NewID(), "", nil, 404, platformapi.CodeNotFound},
		"malformed id":      {"GET", "/v1/contracts/1", "", nil, 400, platformapi.CodeBadRequest},
		"no such path":      {"GET", "/v1/other", "", nil, 404, platformapi.CodeNotFound},
		"no such method":    {"PATCH", contract, "", nil, 405, platformapi.CodeMethod},
		"limit":             {"GET", "/v1/contracts?limit=100000", "", nil, 400, platformapi.CodeBadRequest},
		"state":             {"GET", "/v1/contracts?state=bogus", "", nil, 400, platformapi.CodeBadRequest},
		"cursor":            {"GET", "/v1/contracts?cursor=bogus", "", nil, 400, platformapi.CodeBadRequest},
		"no session":        {"GET", "/v1/contracts", "", map[string]string{"Authorization": "DPoP x"}, 401, platformapi.CodeSessionOver},
		"token alone":       {"GET", "/v1/contracts", "", map[string]string{"DPoP": ""}, 401, platformapi.CodeProofWrong},
		"bearer":            {"GET", "/v1/contracts", "", map[string]string{"Authorization": "Bearer x"}, 401, platformapi.CodeSessionOver},
		"file, no digest":   {"PUT", file, "x", map[string]string{"Idempotency-Key": key(), "If-Match": match, "Content-Type": "application/octet-stream"}, 400, platformapi.CodeBadRequest},
		"file, bad digest":  {"PUT", file, "x", map[string]string{"Idempotency-Key": key(), "If-Match": match, "Content-Type": "application/octet-stream", "Content-Digest": "sha-256=x"}, 400, platformapi.CodeBadRequest},
		"file, other bytes": {"PUT", file, "y", map[string]string{"Idempotency-Key": key(), "If-Match": match, "Content-Type": "application/octet-stream", "Content-Digest": digest}, 400, platformapi.CodeDigestMismatch},
		"file, no session":  {"PUT", file, "x", map[string]string{"Authorization": ""}, 401, platformapi.CodeSessionOver},
		"file, too large":   {"PUT", file, strings.Repeat("y", 1<<20+1), map[string]string{"Idempotency-Key": key(), "If-Match": match, "Content-Type": "application/octet-stream", "Content-Digest": digest}, 413, platformapi.CodeTooLarge},
	} {
		if status, p := do(x.method, x.path, x.body, x.headers); status != x.status || p.Code != x.code {
			t.Errorf("%s: %d %s %v, want %d %s", name, status, p.Code, p.Errors, x.status, x.code)
		}
	}
	if c, err := c.Contract(t.Context(), id); err != nil || c.Summary.Version != 1 {
		t.Errorf("a refused request changed the contract: %+v, %v", c.Summary, err)
	}
}

func TestLogin(t *testing.T) {
	w := platformtest.NewWorld(t, t.TempDir(), nil)
	login := func(id platformtest.Identity) error {
		_, err := client.Login(t.Context(), w.URL, id.Key, id.Chain, client.Options{})
		return err
	}
	for _, algorithm := range []string{"rsa", "ecdsa", "sm2"} {
		if err := login(w.CA.Issue(t, algorithm, platformtest.Supplier)); err != nil {
			t.Errorf("%s: %v", algorithm, err)
		}
	}
	wide := platformtest.Supplier
	wide.Name = "国泰测试(焦作) 有限公司" // other brackets and a space are the same name
	if err := login(w.CA.Issue(t, "ecdsa", wide)); err != nil {
		t.Errorf("name in another width: %v", err)
	}
	other := platformtest.Supplier
	other.Name = "另一家公司"
	unknown := platformtest.Supplier
	unknown.USCC = "91410800MA40000009"
	short := platformtest.Supplier
	short.USCC = "123"
	stolen := w.Identity(platformtest.Supplier)
	stolen.Key = platformtest.NewKey(t, "ecdsa")
	for code, id := range map[string]platformtest.Identity{
		platformapi.CodeOrgNameMismatch: w.CA.Issue(t, "ecdsa", other),
		platformapi.CodeOrgUnknown:      w.CA.Issue(t, "ecdsa", unknown),
		platformapi.CodeCertNoOrg:       w.CA.Issue(t, "ecdsa", short),
		platformapi.CodeCertUntrusted:   platformtest.NewCA(t, "ecdsa").Issue(t, "ecdsa", platformtest.Supplier),
		platformapi.CodeCertExpired:     w.CA.Issue(t, "ecdsa", platformtest.Supplier, func(c *smx509.Certificate) { c.NotAfter = time.Now().Add(-time.Minute) }),
		platformapi.CodeCertUsage:       w.CA.Issue(t, "ecdsa", platformtest.Supplier, func(c *smx509.Certificate) { c.KeyUsage = smx509.KeyUsageKeyAgreement }),
		platformapi.CodeSignatureWrong:  stolen,
	} {
		if err := login(id); !platformapi.IsCode(err, code) {
			t.Errorf("got %v, want %s", err, code)
		}
	}
}

// relay is somebody between the client and the platform, who opens a session of his own with what the client signed.
type relay struct {
	t   *testing.T
	w   *platformtest.World
	key *dpop.Key
}

func (x relay) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.Header.Set(dpop.Header, prove(x.t, x.key, r.Method, x.w.URL+r.URL.Path, "", x.w.Clock.Now()))
	r.URL.Host = strings.TrimPrefix(x.w.URL, "http://")
	return http.DefaultTransport.RoundTrip(r)
}

// What is signed names the address that was dialled and the client's key: a relay gets nothing for it.
func TestSignatureForAnotherPlatformIsWorthless(t *testing.T) {
	w := platformtest.NewWorld(t, t.TempDir(), nil)
	id := w.Identity(platformtest.Supplier)
	elsewhere := strings.Replace(w.URL, "127.0.0.1", "localhost", 1)
	if _, err := client.Login(t.Context(), elsewhere, id.Key, id.Chain, client.Options{}); !platformapi.IsCode(err, platformapi.CodeProofWrong) {
		t.Errorf("to another address: %v", err)
	}
	key, err := dpop.NewKey()
	if err != nil {
		t.Fatal(err)
	}
	for _, address := range []string{elsewhere, w.URL} {
		if _, err := client.Login(t.Context(), address, id.Key, id.Chain, client.Options{Transport: relay{t, w, key}}); !platformapi.IsCode(err, platformapi.CodeSignatureWrong) {
			t.Errorf("relayed from %s: %v", address, err)
		}
	}
}

func TestChallengeIsGoodOnceAndForAMinute(t *testing.T) {
	w := platformtest.NewWorld(t, t.TempDir(), nil)
	id := w.Identity(platformtest.Supplier)
	rec := &recorder{}
	if _, err := client.Login(t.Context(), w.URL, id.Key, id.Chain, client.Options{Transport: rec, Keeper: rec}); err != nil {
		t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, w.URL+"/v1/login", bytes.NewReader(rec.login))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set(dpop.Header, prove(t, rec.key, http.MethodPost, w.URL+"/v1/login", "", w.Clock.Now()))
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	if err := resp.Body.Close(); err != nil || resp.StatusCode != http.StatusGone {
		t.Errorf("a second answer, freshly proven: %s, %v", resp.Status, err)
	}
	late := &slowKey{Signer: id.Key, before: func() { w.Clock.Add(61 * time.Second) }}
	if _, err := client.Login(t.Context(), w.URL, late, id.Chain, client.Options{}); !platformapi.IsCode(err, platformapi.CodeChallengeGone) {
		t.Errorf("a late answer: %v", err)
	}
}

// A token that was stolen without the key is worth nothing, and so is a proof that was sent already.
func TestTokensAreBound(t *testing.T) {
	w, c, _ := newSession(t)
	rec := &recorder{}
	other := w.Login(t, platformtest.Purchaser, client.Options{Transport: rec, Keeper: rec})
	if _, err := other.Session(t.Context()); err != nil {
		t.Fatal(err)
	}
	thief, err := dpop.NewKey()
	if err != nil {
		t.Fatal(err)
	}
	ask := func(key *dpop.Key, address, method, token string, proof string) int {
		t.Helper()
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, w.URL+"/v1/session", nil)
		if err != nil {
			t.Fatal(err)
		}
		if proof == "" {
			proof = prove(t, key, method, address, token, w.Clock.Now())
		}
		req.Header.Set("Authorization", "DPoP "+rec.token)
		req.Header.Set(dpop.Header, proof)
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		if err := resp.Body.Close(); err != nil {
			t.Fatal(err)
		}
		return resp.StatusCode
	}
	here := w.URL + "/v1/session"
	once := prove(t, rec.key, http.MethodGet, here, rec.token, w.Clock.Now())
	for name, x := range map[string]struct {
		got  func() int
		want int
	}{
		"the session's own key": {func() int { return ask(rec.key, here, http.MethodGet, rec.token, once) }, http.StatusOK},
		"another key":           {func() int { return ask(thief, here, http.MethodGet, rec.token, "") }, http.StatusUnauthorized},
		"another method":        {func() int { return ask(rec.key, here, http.MethodDelete, rec.token, "") }, http.StatusUnauthorized},
		"another path":          {func() int { return ask(rec.key, w.URL+"/v1/lots", http.MethodGet, rec.token, "") }, http.StatusUnauthorized},
		"another token":         {func() int { return ask(rec.key, here, http.MethodGet, "x", "") }, http.StatusUnauthorized},
	} {
		if got := x.got(); got != x.want {
			t.Errorf("%s: %d, want %d", name, got, x.want)
		}
	}
	if got := ask(rec.key, here, http.MethodGet, rec.token, once); got != http.StatusUnauthorized {
		t.Errorf("the same proof again: %d", got)
	}
	if _, err := c.Session(t.Context()); err != nil {
		t.Errorf("the other session: %v", err)
	}
}

// Tokens are short-lived and renew themselves; a session can be gone on with after the program ended, and ends when an
// old refresh token comes again.
func TestSessionIsRenewed(t *testing.T) {
	w := platformtest.NewWorld(t, t.TempDir(), nil)
	rec := &recorder{}
	c := w.Login(t, platformtest.Purchaser, client.Options{Transport: rec, Keeper: rec})
	first := rec.secret
	for i := range 3 {
		w.Clock.Add(11 * time.Minute)
		before := rec.token
		if _, err := c.Session(t.Context()); err != nil {
			t.Fatalf("renewal %d: %v", i, err)
		}
		if rec.token == before {
			t.Errorf("renewal %d: the old token was taken", i)
		}
	}
	latest := rec.secret
	resumed, err := client.New(w.URL, client.Options{Transport: rec, Keeper: rec})
	if err != nil {
		t.Fatal(err)
	}
	x, err := resumed.Resume(t.Context(), latest)
	if err != nil || x.Organisation != platformtest.Purchaser {
		t.Fatalf("resumed: %+v, %v", x, err)
	}
	// The answer was lost: the token before is taken for a minute.
	if _, err := resumed.Resume(t.Context(), latest); err != nil {
		t.Errorf("at once again: %v", err)
	}
	elsewhere, err := client.New(strings.Replace(w.URL, "127.0.0.1", "localhost", 1), client.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for name, secret := range map[string][]byte{"another platform's": latest, "nothing": nil, "nonsense": []byte(`{"origin":"` + w.URL + `","key":"AA==","refresh_token":"x"}`)} {
		if _, err := elsewhere.Resume(t.Context(), secret); !platformapi.IsCode(err, platformapi.CodeSessionOver) {
			t.Errorf("%s: %v", name, err)
		}
	}
	thief, err := client.New(w.URL, client.Options{Transport: rec})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := thief.Resume(t.Context(), first); !platformapi.IsCode(err, platformapi.CodeSessionOver) {
		t.Errorf("an old refresh token: %v", err)
	}
	if _, err := resumed.Session(t.Context()); !platformapi.IsCode(err, platformapi.CodeSessionOver) {
		t.Errorf("after an old refresh token came again: %v", err)
	}
	if rec.secret != nil {
		t.Error("a session that is over is still kept")
	}
}

// Whatever time the client's computer thinks it is.
func TestClocksMayDiffer(t *testing.T) {
	w := platformtest.NewWorld(t, t.TempDir(), nil)
	w.Clock.Add(3 * time.Hour)
	c := w.Login(t, platformtest.Purchaser, client.Options{})
	w.Clock.Add(5 * time.Minute) // the platform's own is set
	if _, err := c.Session(t.Context()); err != nil {
		t.Errorf("after the platform's clock was set: %v", err)
	}
}

func TestLogoutEndsEveryToken(t *testing.T) {
	w := platformtest.NewWorld(t, t.TempDir(), nil)
	rec := &recorder{}
	c := w.Login(t, platformtest.Purchaser, client.Options{Transport: rec, Keeper: rec})
	secret := rec.secret
	if err := c.Logout(t.Context()); err != nil {
		t.Fatal(err)
	}
	if rec.secret != nil {
		t.Error("the session is still kept")
	}
	again, err := client.New(w.URL, client.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := again.Resume(t.Context(), secret); !platformapi.IsCode(err, platformapi.CodeSessionOver) {
		t.Errorf("resumed after log-out: %v", err)
	}
}

func TestSessionEnds(t *testing.T) {
	w := platformtest.NewWorld(t, t.TempDir(), nil)
	c := w.Login(t, platformtest.Supplier, client.Options{})
	w.Clock.Add(8*time.Hour + time.Second)
	if _, err := c.Session(t.Context()); !platformapi.IsCode(err, platformapi.CodeSessionOver) {
		t.Errorf("after 8 hours: %v", err)
	}
}

func TestLoginIsHeldBack(t *testing.T) {
	w := platformtest.NewWorld(t, t.TempDir(), nil)
	id := w.Identity(platformtest.Supplier)
	var err error
	for range 50 {
		if _, err = client.Login(t.Context(), w.URL, id.Key, id.Chain, client.Options{}); err != nil {
			break
		}
	}
	if !platformapi.IsCode(err, platformapi.CodeRateLimited) || !platformapi.Retryable(err) {
		t.Errorf("fifty logins: %v", err)
	}
}
