package platform

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"github.com/VictoriaMetrics/metrics"

	"sealdesk/platformapi"
	"sealdesk/platformapi/web"
	"sealdesk/platformapi/wire"
)

// meters counts what a server does. Its names begin with "sealdesk_".
type meters struct{ set *metrics.Set }

func newMeters() *meters { return &meters{set: metrics.NewSet()} }

func (m *meters) request(op string, status int, took time.Duration) {
	m.set.GetOrCreateCounter(fmt.Sprintf(`sealdesk_requests_total{operation=%q,status="%d"}`, op, status)).Inc()
	m.set.GetOrCreateHistogram(fmt.Sprintf(`sealdesk_request_seconds{operation=%q}`, op)).Update(took.Seconds())
}

func (m *meters) job(name string, err error, took time.Duration) {
	result := "ok"
	if err != nil {
		result = "failed"
	}
	m.set.GetOrCreateCounter(fmt.Sprintf(`sealdesk_jobs_total{job=%q,result=%q}`, name, result)).Inc()
	m.set.GetOrCreateHistogram(fmt.Sprintf(`sealdesk_job_seconds{job=%q}`, name)).Update(took.Seconds())
}

// deadlines are those that were near or over when they were last looked at, by kind and state.
func (m *meters) deadlines(found map[[2]string]int) {
	for _, kind := range []platformapi.DeadlineKind{platformapi.DeadlineSign, platformapi.DeadlinePublish, platformapi.DeadlineFile} {
		for _, state := range []platformapi.DeadlineState{platformapi.DeadlineSoon, platformapi.DeadlineOver} {
			m.set.GetOrCreateGauge(fmt.Sprintf(`sealdesk_deadlines{kind=%q,state=%q}`, kind, state), nil).Set(float64(found[[2]string{string(kind), string(state)}]))
		}
	}
}

// watched is what is known of a request when it is answered.
type watched struct {
	http.ResponseWriter
	status    int
	operation string
	uscc      string
}

func (w *watched) WriteHeader(status int) {
	if w.status == 0 {
		w.status = status
	}
	w.ResponseWriter.WriteHeader(status)
}

func (w *watched) Write(b []byte) (int, error) {
	if w.status == 0 {
		w.status = http.StatusOK
	}
	return w.ResponseWriter.Write(b)
}

// Flush sends what was written, for streams.
func (w *watched) Flush() { _ = http.NewResponseController(w.ResponseWriter).Flush() } // an answer that cannot be flushed is sent at its end

// Unwrap is for http.ResponseController.
func (w *watched) Unwrap() http.ResponseWriter { return w.ResponseWriter }

type watchedKey struct{}

// observe counts and logs every request, by operation and path: no query, header or body is logged, as they hold what was
// searched for and who may come in.
func (s *Server) observe(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		seen := &watched{ResponseWriter: w, operation: "other"}
		start := time.Now()
		defer func() { // also when the handler gives the connection up
			took := time.Since(start)
			s.meters.request(seen.operation, seen.status, took)
			s.cfg.Log.LogAttrs(r.Context(), slog.LevelInfo, "request", slog.String("operation", seen.operation), slog.String("method", r.Method),
				slog.String("path", r.URL.Path), slog.Int("status", seen.status), slog.Duration("took", took),
				slog.String("from", web.Caller(r, s.cfg.Proxies)), slog.String("uscc", seen.uscc))
		}()
		next.ServeHTTP(seen, r.WithContext(context.WithValue(r.Context(), watchedKey{}, seen)))
	})
}

// name tells observe which operation a request is.
func name(next wire.StrictHandlerFunc, operation string) wire.StrictHandlerFunc {
	return func(ctx context.Context, w http.ResponseWriter, r *http.Request, request any) (any, error) {
		if seen, ok := ctx.Value(watchedKey{}).(*watched); ok {
			seen.operation = operation
		}
		return next(ctx, w, r, request)
	}
}

const readyTime = 5 * time.Second

// health answers whether the process lives (/healthz) and whether work may be sent to it (/readyz): not while it is told
// to end, and not when the database or the files cannot be reached.
func (s *Server) health(mux *http.ServeMux) {
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, r *http.Request) { answer(r, w, "healthz", http.StatusNoContent) })
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), readyTime)
		defer cancel()
		status := http.StatusNoContent
		if s.draining.Load() {
			status = http.StatusServiceUnavailable
		} else if err := errors.Join(s.store.Ping(ctx), s.blobs.Ping(ctx)); err != nil {
			s.cfg.Log.Error("not ready", "error", err)
			status = http.StatusServiceUnavailable
		}
		answer(r, w, "readyz", status)
	})
}

func answer(r *http.Request, w http.ResponseWriter, operation string, status int) {
	if seen, ok := r.Context().Value(watchedKey{}).(*watched); ok {
		seen.operation = operation
	}
	w.WriteHeader(status)
}

// Admin serves /healthz, /readyz and /metrics (in Prometheus' text format), for the administrator's own network.
func (s *Server) Admin() http.Handler {
	mux := http.NewServeMux()
	s.health(mux)
	mux.HandleFunc("GET /metrics", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
		s.meters.set.WritePrometheus(w)
		metrics.WriteProcessMetrics(w)
	})
	return mux
}
