package client_test

import (
	"net/http"
	"sync/atomic"
	"testing"

	"sealdesk/platformapi"
	"sealdesk/platformapi/client"
	"sealdesk/platformapi/platformtest"
)

// A token that is over and cannot be changed for a new one now, because the line broke, is no end of the session.
func TestARenewalThatBreaksEndsNoSession(t *testing.T) {
	var bad atomic.Bool
	w := platformtest.NewWorld(t, t.TempDir(), func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
			switch {
			case !bad.Load():
				next.ServeHTTP(rw, r)
			case r.URL.Path == "/v1/session/renew":
				panic(http.ErrAbortHandler)
			default:
				rw.Header().Set("Content-Type", "application/problem+json")
				rw.WriteHeader(http.StatusUnauthorized)
				_, _ = rw.Write([]byte(`{"type":"x","title":"x","status":401,"code":"platform.session_over"}`))
			}
		})
	})
	c := w.Login(t, platformtest.Purchaser, client.Options{})
	bad.Store(true)
	if _, err := c.Lots(t.Context(), ""); !platformapi.Retryable(err) {
		t.Errorf("the caller is told %v", err)
	}
	bad.Store(false)
	if _, err := c.Lots(t.Context(), ""); err != nil {
		t.Errorf("when the line is good again: %v", err)
	}
}
