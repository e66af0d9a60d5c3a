package client_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"sealdesk/platformapi"
	"sealdesk/platformapi/client"
)

func TestOnlyAddressesThatMayBeDialled(t *testing.T) {
	for in, want := range map[string]string{
		"https://ggzy.example": "https://ggzy.example", "https://GGZY.example:8443/": "https://ggzy.example:8443", "http://127.0.0.1:1": "http://127.0.0.1:1",
		"http://localhost:1": "http://localhost:1", "http://[::1]:1": "http://[::1]:1",
	} {
		if got, err := client.Origin(in); err != nil || got != want {
			t.Errorf("%s: %s, %v", in, got, err)
		}
	}
	for _, in := range []string{"", "ggzy.example", "http://ggzy.example", "http://127.0.0.1.example", "ftp://localhost", "https://a@b", "https://a/b", "https://a?b", "https://a#b", "https://:1", "http://2130706433"} {
		if got, err := client.New(in, client.Options{}); !platformapi.IsCode(err, platformapi.CodeInsecureURL) {
			t.Errorf("%s: %v, %v", in, got, err)
		}
	}
}

func TestFailuresAreTold(t *testing.T) {
	nonsense := func(status int, media, body string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", media)
			w.WriteHeader(status)
			_, _ = w.Write([]byte(body))
		}
	}
	problem := `{"type":"x","title":"x","status":503,"code":"platform.unavailable"}`
	for name, x := range map[string]struct {
		h         http.HandlerFunc
		kind      platformapi.Kind
		retryable bool
	}{
		"a page":          {nonsense(200, "text/html", "<html>"), platformapi.KindNonsense, true},
		"a proxy's page":  {nonsense(502, "text/html", "<html>"), platformapi.KindNonsense, true},
		"no JSON":         {nonsense(200, "application/json", "{"), platformapi.KindNonsense, true},
		"other JSON":      {nonsense(200, "application/json", `{"then":"2026-01-01T00:00:00Z"}`), platformapi.KindNonsense, true},
		"no time":         {nonsense(200, "application/json", `{"now":"yesterday"}`), platformapi.KindNonsense, true},
		"endless":         {nonsense(200, "application/json", `{"now":"`+strings.Repeat("a", 9<<20)), platformapi.KindNonsense, true},
		"another status":  {nonsense(204, "", ""), platformapi.KindNonsense, true},
		"a lying problem": {nonsense(404, "application/problem+json", problem), platformapi.KindNonsense, true},
		"a problem":       {nonsense(503, "application/problem+json", problem), platformapi.KindProblem, true},
		"a redirect": {func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "https://elsewhere.example", http.StatusFound)
		}, platformapi.KindNonsense, true},
		"a broken line":     {func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, platformapi.KindOffline, true},
		"silence":           {func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }, platformapi.KindTimeout, true},
		"nobody is known":   {nonsense(401, "application/problem+json", `{"type":"x","title":"x","status":401,"code":"platform.session_over"}`), platformapi.KindUnauthorised, false},
		"a person must act": {nonsense(412, "application/problem+json", `{"type":"x","title":"x","status":412,"code":"platform.version_stale"}`), platformapi.KindProblem, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := httptest.NewServer(x.h)
			defer server.Close()
			patience := 10 * time.Second
			if x.kind == platformapi.KindTimeout {
				patience = 300 * time.Millisecond
			}
			c, err := client.New(server.URL, client.Options{Timeout: patience})
			if err != nil {
				t.Fatal(err)
			}
			_, err = c.Now(t.Context())
			e, ok := errors.AsType[*platformapi.Error](err)
			if !ok || e.Kind != x.kind || e.Code() == "" || platformapi.Retryable(err) != x.retryable {
				t.Errorf("got %+v (%v)", e, err)
			}
		})
	}
}

func TestOfflineIsUnsent(t *testing.T) {
	c, err := client.New("http://127.0.0.1:1", client.Options{})
	if err != nil {
		t.Fatal(err)
	}
	_, err = c.Now(t.Context())
	if e, ok := errors.AsType[*platformapi.Error](err); !ok || e.Kind != platformapi.KindOffline || !e.Unsent {
		t.Errorf("got %+v", err)
	}
}

func TestServersCertificateIsChecked(t *testing.T) {
	server := httptest.NewTLSServer(http.NotFoundHandler())
	defer server.Close()
	server.Config.ErrorLog = nil
	c, err := client.New(server.URL, client.Options{})
	if err != nil {
		t.Fatal(err)
	}
	_, err = c.Now(t.Context())
	if e, ok := errors.AsType[*platformapi.Error](err); !ok || e.Kind != platformapi.KindInsecure || platformapi.Retryable(err) {
		t.Errorf("got %v", err)
	}
}

func TestRetryAfterIsRead(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/problem+json")
		w.Header().Set("Retry-After", "7")
		w.WriteHeader(429)
		_, _ = w.Write([]byte(`{"type":"x","title":"x","status":429,"code":"platform.rate_limited"}`))
	}))
	defer server.Close()
	c, err := client.New(server.URL, client.Options{})
	if err != nil {
		t.Fatal(err)
	}
	_, err = c.Now(t.Context())
	if e, ok := errors.AsType[*platformapi.Error](err); !ok || e.RetryAfter != 7*time.Second || e.Params()["seconds"] != 7 {
		t.Errorf("got %+v", err)
	}
}

func TestDownloadThatBreaksLeavesNothing(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/octet-stream")
		w.Header().Set("Content-Length", "100")
		_, _ = w.Write([]byte("only this"))
		w.(http.Flusher).Flush()
		panic(http.ErrAbortHandler)
	}))
	defer server.Close()
	c, err := client.New(server.URL, client.Options{})
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	_, err = c.Download(context.Background(), platformapi.NewID(), platformapi.Attachment{ID: platformapi.NewID(), Size: 100}, dir)
	if !platformapi.IsCode(err, platformapi.CodeOffline) {
		t.Errorf("got %v", err)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) != 0 {
		t.Errorf("left: %v, %v", left, err)
	}
}

// A file that is not the one whose digest the platform named, byte by byte, is not taken.
func TestADownloadOfAnotherFileLeavesNothing(t *testing.T) {
	file := []byte("%PDF-1.7 the contract")
	sum := sha256.Sum256(file)
	for name, sent := range map[string][]byte{
		"another byte": []byte("%PDF-1.7 the c0ntract"), "more": append(slices.Clone(file), '\n'), "less": file[:len(file)-1], "nothing": nil, "the file": file,
	} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/octet-stream")
			_, _ = w.Write(sent)
		}))
		c, err := client.New(server.URL, client.Options{})
		if err != nil {
			t.Fatal(err)
		}
		dir, named := t.TempDir(), platformapi.Attachment{ID: platformapi.NewID(), Size: int64(len(file)), SHA256: hex.EncodeToString(sum[:])}
		path, err := c.Download(t.Context(), platformapi.NewID(), named, dir)
		server.Close()
		left, listErr := os.ReadDir(dir)
		if listErr != nil {
			t.Fatal(listErr)
		}
		if good := name == "the file"; (err == nil) != good || (path != "") != good || (len(left) == 1) != good {
			t.Errorf("%s: %q, %v, left %v", name, path, err, left)
		}
	}
}
