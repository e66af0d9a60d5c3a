package platform

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync/atomic"
	"time"

	"github.com/emmansun/gmsm/smx509"

	"sealdesk/platformapi"
	"sealdesk/platformapi/platform/blobs"
	"sealdesk/platformapi/platform/store"
	"sealdesk/platformapi/platform/store/sqlite"
	"sealdesk/platformapi/receipt"
	"sealdesk/platformapi/web"
	"sealdesk/platformapi/web/header"
	"sealdesk/platformapi/wire"
)

// Config says what a platform needs. Dir, Judge, Roots and Origins are required.
type Config struct {
	Dir     string           // where it keeps everything; made if missing, mode 0700
	Judge   Judge            // verifies seals
	Roots   *smx509.CertPool // of the CAs whose certificates may log in
	Origins []string         // "https://host[:port]", the addresses people reach it by
	ID      string           // platform id in login texts; "" is "sealdesk-platform"
	MaxFile int64            // bytes of an attachment at most; 0 is 64 MiB
	Now     func() time.Time // the clock; nil is time.Now
	Log     *slog.Logger     // nil is slog.Default()
	Stamper Stamper          // answers at /tsa; nil: there is no time-stamp service
	Signer  *receipt.Signer  // of receipts; nil: they are not signed
}

const (
	defaultMaxFile   = 64 << 20
	maxJSON          = 96 << 10
	sessionLife      = 8 * time.Hour
	challengeLife    = time.Minute
	orphanAge        = 24 * time.Hour
	judgeTime        = time.Minute
	limiterNames     = 10_000
	loginBurst       = 20
	loginEvery       = 3 * time.Second
	requestBurst     = 300
	requestEvery     = 20 * time.Millisecond
	stampBurst       = 60
	stampEvery       = time.Second
	defaultID        = "sealdesk-platform"
	storeFile        = "platform.db"
	blobFolder       = "files"
	timePrecision    = time.Millisecond
	defaultPageLimit = 50
)

// Server is a running platform without a listener.
type Server struct {
	cfg       Config
	store     store.Store
	blobs     *blobs.Dir
	handler   http.Handler
	cursorKey [32]byte
	judges    chan struct{} // one place for each file that is judged at a time
	logins    *web.Limiter
	requests  *web.Limiter
	stamps    *web.Limiter
	draining  atomic.Bool
}

var _ wire.StrictServerInterface = (*Server)(nil)

// New opens the platform's folder and removes what uploads left behind in it.
func New(ctx context.Context, cfg Config) (*Server, error) {
	if cfg.Dir == "" || cfg.Judge == nil || cfg.Roots == nil || len(cfg.Origins) == 0 {
		return nil, errors.New("platform: Dir, Judge, Roots and Origins are required")
	}
	if cfg.ID == "" {
		cfg.ID = defaultID
	}
	if cfg.MaxFile == 0 {
		cfg.MaxFile = defaultMaxFile
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Log == nil {
		cfg.Log = slog.Default()
	}
	if err := os.MkdirAll(cfg.Dir, 0o700); err != nil {
		return nil, fmt.Errorf("platform: %w", err)
	}
	files, err := blobs.Open(filepath.Join(cfg.Dir, blobFolder))
	if err != nil {
		return nil, err
	}
	st, err := sqlite.Open(ctx, filepath.Join(cfg.Dir, storeFile))
	if err != nil {
		return nil, err
	}
	s := &Server{
		cfg: cfg, store: st, blobs: files,
		judges:   make(chan struct{}, runtime.GOMAXPROCS(0)),
		logins:   web.NewLimiter(loginBurst, loginEvery, limiterNames),
		requests: web.NewLimiter(requestBurst, requestEvery, limiterNames),
		stamps:   web.NewLimiter(stampBurst, stampEvery, limiterNames),
	}
	if _, err := rand.Read(s.cursorKey[:]); err != nil {
		return nil, errors.Join(err, st.Close())
	}
	if err := files.Sweep(ctx, cfg.Now(), orphanAge, st.HasBlob); err != nil {
		return nil, errors.Join(fmt.Errorf("platform: sweep: %w", err), st.Close())
	}
	if err := s.route(); err != nil {
		return nil, errors.Join(err, st.Close())
	}
	return s, nil
}

// Handler serves the API, /healthz and /readyz, and /tsa where there is a Stamper.
func (s *Server) Handler() http.Handler { return s.handler }

// Drain makes /readyz say that no new work should come here.
func (s *Server) Drain() { s.draining.Store(true) }

// Close closes the store. Stop serving first.
func (s *Server) Close() error { return s.store.Close() }

func (s *Server) now() time.Time { return s.cfg.Now().UTC().Truncate(timePrecision) }

func (s *Server) route() error {
	spec, err := wire.GetSpec()
	if err != nil {
		return fmt.Errorf("platform: openapi.yaml: %w", err)
	}
	fail := func(w http.ResponseWriter, r *http.Request, err error) { web.WriteError(w, r, s.cfg.Log, err) }
	badRequest := func(w http.ResponseWriter, r *http.Request, err error) {
		if _, ok := errors.AsType[*http.MaxBytesError](err); !ok {
			err = web.Refuse(http.StatusBadRequest, platformapi.CodeBadRequest, "the request cannot be read")
		}
		fail(w, r, err)
	}
	strict := wire.NewStrictHandlerWithOptions(s, nil, wire.StrictHTTPServerOptions{RequestErrorHandlerFunc: badRequest, ResponseErrorHandlerFunc: fail})
	api := wire.HandlerWithOptions(strict, wire.StdHTTPServerOptions{ErrorHandlerFunc: badRequest})
	api = web.Validate(spec, s.cfg.Log, isUpload, func(r *http.Request) error {
		if _, ok := r.Context().Value(sessionKey{}).(store.Session); !ok {
			return errSessionOver()
		}
		return nil
	})(api)
	api = s.admit(api)

	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, r *http.Request) {
		if s.draining.Load() {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		if err := s.store.Ping(r.Context()); err != nil {
			s.cfg.Log.Error("not ready", "error", err)
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		w.WriteHeader(http.StatusNoContent)
	})
	if s.cfg.Stamper != nil {
		mux.HandleFunc("POST /tsa", s.stamp)
	}
	pieces := s.admit(http.HandlerFunc(s.uploads))
	mux.Handle(uploadsPath, pieces)
	mux.Handle(uploadsPath+"/", pieces)
	mux.Handle("/", api)
	s.handler = web.Guard(s.cfg.Log, func(r *http.Request) int64 {
		if isUpload(r) || isPiece(r) {
			return s.cfg.MaxFile
		}
		return maxJSON
	}, mux)
	return nil
}

// isUpload says whether a request's body is a file.
func isUpload(r *http.Request) bool {
	return r.Method == http.MethodPut && strings.Contains(r.URL.Path, "/attachments/") && !strings.HasSuffix(r.URL.Path, "/note")
}

func errSessionOver() *web.Fault {
	return web.Refuse(http.StatusUnauthorized, platformapi.CodeSessionOver, "there is no session, or it is over")
}

type (
	sessionKey struct{}
	addressKey struct{}
)

// admit finds the session of a request, and holds back who asks too often.
func (s *Server) admit(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		address := remoteHost(r)
		who := address
		ctx := context.WithValue(r.Context(), addressKey{}, address)
		if token := header.Bearer(r.Header.Get("Authorization")); token != "" {
			x, err := s.store.Session(ctx, tokenHash(token))
			switch {
			case err == nil && s.now().Before(x.ExpiresAt):
				ctx = context.WithValue(ctx, sessionKey{}, x)
				who = x.TokenHash
			case err != nil && !errors.Is(err, store.ErrNotFound):
				web.WriteError(w, r, s.cfg.Log, err)
				return
			}
		}
		if ok, wait := s.requests.Allow(who, s.cfg.Now()); !ok {
			web.WriteError(w, r, s.cfg.Log, tooMany(wait))
			return
		}
		next.ServeHTTP(w, r.WithContext(ctx))
	})
}

func tooMany(wait time.Duration) *web.Fault {
	f := web.Refuse(http.StatusTooManyRequests, platformapi.CodeRateLimited, "too many requests")
	f.RetryAfter = wait
	return f
}
