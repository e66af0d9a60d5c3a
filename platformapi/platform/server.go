package platform

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync/atomic"
	"time"

	"github.com/emmansun/gmsm/smx509"

	"sealdesk/platformapi"
	"sealdesk/platformapi/calendar"
	"sealdesk/platformapi/platform/blobs"
	"sealdesk/platformapi/platform/store"
	"sealdesk/platformapi/platform/store/sqlite"
	"sealdesk/platformapi/platform/tenders"
	"sealdesk/platformapi/receipt"
	"sealdesk/platformapi/web"
	"sealdesk/platformapi/web/dpop"
	"sealdesk/platformapi/web/header"
	"sealdesk/platformapi/web/jobs"
	"sealdesk/platformapi/web/password"
	"sealdesk/platformapi/wire"
)

// Config says what a platform needs. Dir, Judge, Roots and Origins are required.
type Config struct {
	Dir      string           // where it keeps everything that Store and Blobs do not; made if missing, mode 0700
	Store    store.Store      // nil: in a SQLite file in Dir. A Server closes it when it is closed
	Blobs    blobs.Store      // nil: in a folder in Dir
	Runner   jobs.Runner      // of what is done in the background; nil: in this process
	Judge    Judge            // verifies seals
	Roots    *smx509.CertPool // of the CAs whose certificates may log in
	Origins  []string         // "https://host[:port]", the addresses people reach it by
	ID       string           // platform id in login texts; "" is DefaultID
	MaxFile  int64            // bytes of an attachment at most; 0 is 64 MiB
	Now      func() time.Time // the clock; nil is time.Now
	Log      *slog.Logger     // nil is slog.Default()
	Stamper  Stamper          // answers at /tsa; nil: there is no time-stamp service
	Signer   HeadSigner       // signs the audit trail's head daily; nil: it is not signed
	Receipts *receipt.Signer  // of receipts; nil: they are not signed
	Proxies  []netip.Prefix   // whose X-Forwarded-For is believed

	// VerificationURI is the page on which a person approves the login of another device, the mobile CA's; "" is none.
	VerificationURI string
	Order           platformapi.SealOrder // of contracts that are begun; "" is OrderSealFirst
	Rules           calendar.Rules        // by which deadlines are counted; what is missing of it is as it was when this was built
	Templates       []Template            // texts to begin a contract with

	Bidding tenders.Bidding // knows bids; nil: the platform takes none
	MaxBid  int64           // bytes of a bid at most; 0 is 8 GiB
}

const (
	defaultMaxFile   = 64 << 20
	defaultMaxBid    = 8 << 30
	maxJSON          = 96 << 10
	sessionLife      = 8 * time.Hour
	challengeLife    = time.Minute
	orphanAge        = 24 * time.Hour
	jobLook          = time.Minute
	closeTime        = 10 * time.Second
	judgeTime        = time.Minute
	limiterNames     = 10_000
	proofsKept       = 200_000
	passwordsAtOnce  = 2
	loginBurst       = 20
	loginEvery       = 3 * time.Second
	requestBurst     = 300
	requestEvery     = 20 * time.Millisecond
	stampBurst       = 60
	stampEvery       = time.Second
	stagingFolder    = "tmp"
	cursorSecret     = "cursor"
	timePrecision    = time.Millisecond
	defaultPageLimit = 50
)

// What a platform is called in login texts and in the signed heads of its audit trail, and where it keeps things in Dir.
const (
	DefaultID  = "sealdesk-platform"
	StoreFile  = "platform.db"
	BlobFolder = "files"
)

// Server is a running platform without a listener.
type Server struct {
	cfg       Config
	store     store.Store
	blobs     blobs.Store
	staging   *blobs.Staging
	meters    *meters
	stopJobs  func(context.Context) error
	hub       *hub
	rooms     rooms
	handler   http.Handler
	cursorKey [32]byte      // the same on all servers
	judges    chan struct{} // one place for each file that is judged at a time
	errands   *jobs.Errands
	logins    *web.Limiter
	requests  *web.Limiter
	stamps    *web.Limiter
	proofs    *dpop.Guard
	passwords *password.Checker
	draining  atomic.Bool
}

var _ wire.StrictServerInterface = (*Server)(nil)

// New opens what the platform keeps, and starts its jobs.
func New(ctx context.Context, cfg Config) (_ *Server, err error) {
	if cfg.Dir == "" || cfg.Judge == nil || cfg.Roots == nil || len(cfg.Origins) == 0 {
		return nil, errors.New("platform: Dir, Judge, Roots and Origins are required")
	}
	if cfg.ID == "" {
		cfg.ID = DefaultID
	}
	if cfg.MaxFile == 0 {
		cfg.MaxFile = defaultMaxFile
	}
	if cfg.MaxBid == 0 {
		cfg.MaxBid = defaultMaxBid
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Log == nil {
		cfg.Log = slog.Default()
	}
	cfg.Order = cmp.Or(cfg.Order, platformapi.OrderSealFirst)
	if !cfg.Order.Valid() {
		return nil, fmt.Errorf("platform: there is no order %q", cfg.Order)
	}
	if cfg.Rules.Calendar == nil {
		cfg.Rules.Calendar = calendar.Embedded()
	}
	if cfg.Rules.Terms.Version == "" {
		cfg.Rules.Terms = calendar.EmbeddedTerms()
	}
	if err := os.MkdirAll(cfg.Dir, 0o700); err != nil {
		return nil, fmt.Errorf("platform: %w", err)
	}
	s := &Server{
		cfg: cfg, store: cfg.Store, blobs: cfg.Blobs, meters: newMeters(),
		judges:    make(chan struct{}, runtime.GOMAXPROCS(0)),
		errands:   jobs.NewErrands(settleWait),
		logins:    web.NewLimiter(loginBurst, loginEvery, limiterNames),
		requests:  web.NewLimiter(requestBurst, requestEvery, limiterNames),
		proofs:    dpop.NewGuard(proofsKept),
		passwords: password.NewChecker(passwordsAtOnce),
		stamps:    web.NewLimiter(stampBurst, stampEvery, limiterNames),
	}
	if s.staging, err = blobs.OpenStaging(filepath.Join(cfg.Dir, BlobFolder, stagingFolder)); err != nil {
		return nil, err
	}
	if err := s.staging.Sweep(cfg.Now(), orphanAge); err != nil {
		return nil, err
	}
	if s.blobs == nil {
		if s.blobs, err = blobs.OpenDir(filepath.Join(cfg.Dir, BlobFolder)); err != nil {
			return nil, err
		}
	}
	if s.store == nil {
		if s.store, err = sqlite.Open(ctx, filepath.Join(cfg.Dir, StoreFile)); err != nil {
			return nil, err
		}
	}
	defer func() {
		if err != nil && cfg.Store == nil {
			err = errors.Join(err, s.store.Close())
		}
	}()
	var proposed [32]byte
	if _, err := rand.Read(proposed[:]); err != nil {
		return nil, err
	}
	key, err := s.store.Secret(ctx, cursorSecret, proposed[:])
	if err != nil {
		return nil, fmt.Errorf("platform: %w", err)
	}
	copy(s.cursorKey[:], key)
	if err := s.route(); err != nil {
		return nil, err
	}
	s.hub = newHub(func(ctx context.Context) (int64, error) {
		head, err := s.store.AuditHead(ctx)
		return head.Seq, err
	})
	runner := cfg.Runner
	if runner == nil {
		runner = jobs.Ticker{Claim: s.store.Claim, Now: cfg.Now, Log: cfg.Log, Look: jobLook}
	}
	if s.stopJobs, err = runner.Start(ctx, s.jobs()); err != nil {
		s.hub.close()
	}
	return s, err
}

// Handler serves the API, /healthz and /readyz, and /tsa where there is a Stamper.
func (s *Server) Handler() http.Handler { return s.handler }

// Drain makes /readyz say that no new work should come here, and ends the streams, whose clients go elsewhere.
func (s *Server) Drain() {
	s.draining.Store(true)
	s.hub.close()
}

// Close ends the jobs, after a while those under way too, and closes the store. Stop serving first.
func (s *Server) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), closeTime)
	defer cancel()
	s.hub.close()
	s.errands.Close()
	return errors.Join(s.stopJobs(ctx), s.store.Close())
}

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
	strict := wire.NewStrictHandlerWithOptions(s, []wire.StrictMiddlewareFunc{s.permit, name}, wire.StrictHTTPServerOptions{RequestErrorHandlerFunc: badRequest, ResponseErrorHandlerFunc: fail})
	api := wire.HandlerWithOptions(strict, wire.StdHTTPServerOptions{ErrorHandlerFunc: badRequest})
	validate, err := web.Validate(spec, s.cfg.Log, isUpload, func(_ string, r *http.Request) error {
		if _, ok := r.Context().Value(sessionKey{}).(store.Session); !ok {
			return errSessionOver()
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("platform: openapi.yaml: %w", err)
	}
	api = s.admit(validate(api))

	mux := http.NewServeMux()
	s.health(mux)
	if s.cfg.Stamper != nil {
		mux.HandleFunc("POST /tsa", s.stamp)
	}
	pieces := s.admit(http.HandlerFunc(s.uploads))
	mux.Handle(uploadsPath, pieces)
	mux.Handle(uploadsPath+"/", pieces)
	mux.Handle("/", api)
	s.handler = s.observe(web.Guard(s.cfg.Log, func(r *http.Request) int64 {
		if isUpload(r) || isPiece(r) {
			return s.cfg.MaxFile
		}
		return maxJSON
	}, mux))
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
		address := web.Caller(r, s.cfg.Proxies)
		who := address
		// Clients set the time of their proofs by it.
		w.Header().Set("Date", s.now().Format(http.TimeFormat))
		ctx := context.WithValue(r.Context(), addressKey{}, address)
		if token := header.Token(r.Header.Get("Authorization")); token != "" {
			x, err := s.bound(r, token)
			switch {
			case err == nil:
				ctx = context.WithValue(ctx, sessionKey{}, x)
				who = x.ID
				if seen, ok := ctx.Value(watchedKey{}).(*watched); ok {
					seen.uscc = x.USCC
				}
			case !errors.Is(err, store.ErrNotFound):
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
