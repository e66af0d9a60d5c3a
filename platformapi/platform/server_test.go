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
)

// recorder keeps the Authorization that the client sends, for requests that the client would never make.
type recorder struct{ auth string }

func (r *recorder) RoundTrip(req *http.Request) (*http.Response, error) {
	if a := req.Header.Get("Authorization"); a != "" {
		r.auth = a
	}
	return http.DefaultTransport.RoundTrip(req)
}

func newSession(t *testing.T) (*platformtest.World, *client.Client, func(method, path, body string, headers map[string]string) (int, platformapi.Problem)) {
	t.Helper()
	w := platformtest.NewWorld(t, t.TempDir(), nil)
	rec := &recorder{}
	c := w.Login(t, platformtest.Purchaser, client.Options{Transport: rec})
	if _, err := c.Session(t.Context()); err != nil {
		t.Fatal(err)
	}
	return w, c, func(method, path, body string, headers map[string]string) (int, platformapi.Problem) {
		t.Helper()
		req, err := http.NewRequestWithContext(t.Context(), method, w.URL+path, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Authorization", rec.auth)
		req.Header.Set("Content-Type", "application/json")
		for k, v := range headers {
			req.Header.Set(k, v)
		}
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
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
				t.Errorf("%s %s: %s is answered as %q: %s", method, path, resp.Status, resp.Header.Get("Content-Type"), raw)
			} else if err := json.Unmarshal(raw, &p); err != nil || p.Status != resp.StatusCode || p.Type == "" {
				t.Errorf("%s %s: problem %s, %v", method, path, raw, err)
			}
		}
		return resp.StatusCode, p
	}
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
		"no session":        {"GET", "/v1/contracts", "", map[string]string{"Authorization": "Bearer x"}, 401, platformapi.CodeSessionOver},
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

func TestSignatureForAnotherPlatformIsWorthless(t *testing.T) {
	w := platformtest.NewWorld(t, t.TempDir(), nil)
	id := w.Identity(platformtest.Supplier)
	elsewhere := strings.Replace(w.URL, "127.0.0.1", "localhost", 1)
	if _, err := client.Login(t.Context(), elsewhere, id.Key, id.Chain, client.Options{}); !platformapi.IsCode(err, platformapi.CodeSignatureWrong) {
		t.Errorf("got %v", err)
	}
}

// replay sends every login twice and answers with the second answer.
type replay struct{}

func (replay) RoundTrip(r *http.Request) (*http.Response, error) {
	if !strings.HasSuffix(r.URL.Path, "/v1/login") {
		return http.DefaultTransport.RoundTrip(r)
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	first := r.Clone(r.Context())
	first.Body = io.NopCloser(bytes.NewReader(body))
	resp, err := http.DefaultTransport.RoundTrip(first)
	if err != nil {
		return nil, err
	}
	if err := resp.Body.Close(); err != nil {
		return nil, err
	}
	r = r.Clone(r.Context())
	r.Body = io.NopCloser(bytes.NewReader(body))
	return http.DefaultTransport.RoundTrip(r)
}

func TestChallengeIsGoodOnceAndForAMinute(t *testing.T) {
	w := platformtest.NewWorld(t, t.TempDir(), nil)
	id := w.Identity(platformtest.Supplier)
	if _, err := client.Login(t.Context(), w.URL, id.Key, id.Chain, client.Options{Transport: replay{}}); !platformapi.IsCode(err, platformapi.CodeChallengeGone) {
		t.Errorf("a second answer: %v", err)
	}
	late := &slowKey{Signer: id.Key, before: func() { w.Clock.Add(61 * time.Second) }}
	if _, err := client.Login(t.Context(), w.URL, late, id.Chain, client.Options{}); !platformapi.IsCode(err, platformapi.CodeChallengeGone) {
		t.Errorf("a late answer: %v", err)
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
