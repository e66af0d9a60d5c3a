package platform_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/emmansun/gmsm/smx509"

	"sealdesk/platformapi/platform"
)

type stamper func(context.Context, []byte) ([]byte, error)

func (s stamper) Stamp(ctx context.Context, request []byte) ([]byte, error) { return s(ctx, request) }

type noJudge struct{}

func (noJudge) Judge(context.Context, io.ReaderAt, int64) ([]platform.SignatureFact, error) {
	return nil, nil
}

func stamping(t *testing.T, s platform.Stamper, now func() time.Time) http.Handler {
	t.Helper()
	p, err := platform.New(t.Context(), platform.Config{Dir: t.TempDir(), Judge: noJudge{}, Roots: smx509.NewCertPool(), Origins: []string{"http://localhost"},
		Stamper: s, Now: now, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.Close(); err != nil {
			t.Error(err)
		}
	})
	return p.Handler()
}

func post(h http.Handler, from, mediaType, body string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodPost, "/tsa", strings.NewReader(body))
	r.Header.Set("Content-Type", mediaType)
	r.RemoteAddr = from + ":1"
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func TestStampService(t *testing.T) {
	const query = "application/timestamp-query"
	h := stamping(t, stamper(func(_ context.Context, request []byte) ([]byte, error) {
		if string(request) == "broken" {
			return nil, errors.New("secret")
		}
		return append([]byte("stamped "), request...), nil
	}), nil)
	w := post(h, "192.0.2.1", query, "this")
	if w.Code != http.StatusOK || w.Body.String() != "stamped this" || w.Header().Get("Content-Type") != "application/timestamp-reply" {
		t.Errorf("%d %s %v", w.Code, w.Body, w.Header())
	}
	for _, tt := range []struct {
		name, mediaType, body string
		status                int
	}{
		{"another type", "text/plain", "this", http.StatusUnsupportedMediaType},
		{"no type", "", "this", http.StatusUnsupportedMediaType},
		{"too long", query, strings.Repeat("x", 8<<10+1), http.StatusRequestEntityTooLarge},
		{"no answer", query, "broken", http.StatusInternalServerError},
	} {
		if w := post(h, "192.0.2.1", tt.mediaType, tt.body); w.Code != tt.status || strings.Contains(w.Body.String(), "secret") {
			t.Errorf("%s: %d %s", tt.name, w.Code, w.Body)
		}
	}
	if w := post(stamping(t, nil, nil), "192.0.2.1", query, "this"); w.Code != http.StatusNotFound {
		t.Errorf("without a Stamper: %d", w.Code)
	}
}

// Who asks too often waits; others do not.
func TestStampServiceIsLimited(t *testing.T) {
	start := time.Now()
	var later atomic.Int64 // the jobs look at the clock too
	h := stamping(t, stamper(func(context.Context, []byte) ([]byte, error) { return []byte("stamped"), nil }), func() time.Time { return start.Add(time.Duration(later.Load())) })
	held := 0
	for range 100 {
		if w := post(h, "192.0.2.1", "application/timestamp-query", "this"); w.Code == http.StatusTooManyRequests && w.Header().Get("Retry-After") != "" {
			held++
		}
	}
	if held != 40 {
		t.Errorf("%d of 100 were held back", held)
	}
	if w := post(h, "192.0.2.2", "application/timestamp-query", "this"); w.Code != http.StatusOK {
		t.Errorf("another: %d", w.Code)
	}
	later.Store(int64(time.Second))
	if w := post(h, "192.0.2.1", "application/timestamp-query", "this"); w.Code != http.StatusOK {
		t.Errorf("after a while: %d", w.Code)
	}
}
