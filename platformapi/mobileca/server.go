package mobileca

import (
	"context"
	"crypto/ecdsa"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/http"
	"net/netip"
	"strings"
	"sync/atomic"
	"time"

	"github.com/getkin/kin-openapi/openapi3"

	"sealdesk/platformapi"
	"sealdesk/platformapi/mobileca/store"
	"sealdesk/platformapi/mobileca/twoparty"
	"sealdesk/platformapi/mobileca/wire"
	"sealdesk/platformapi/web"
	"sealdesk/platformapi/web/dpop"
	"sealdesk/platformapi/web/header"
	"sealdesk/platformapi/web/jobs"
	"sealdesk/platformapi/web/password"
)

// Config says what a mobile CA needs. Store, Master, Issuer, Messenger, Identity and Origins are required.
type Config struct {
	Store     store.Store // a Server closes it when it is closed
	Master    []byte      // MasterSize bytes, the same on all servers; whoever has it and the store has the service's shares
	Issuer    Issuer
	Messenger Messenger
	Identity  IdentityChecker
	WeChat    WeChat                     // logs people in; nil: it is not offered
	Clerk     Clerk                      // reviews for the CA; nil: applications wait for Decide
	Cashier   Cashier                    // takes payments; nil: what has a price cannot be had
	Price     Price                      // nil: all is free
	Origins   []string                   // "https://host[:port]", the addresses people reach it by; QR codes have the first
	Name      string                     // what people know it by
	HelpPhone string                     // whom to call; "" for nobody
	Platforms []wire.TradingPlatform     // that it serves
	App       fs.FS                      // the phone's web app; nil: none is served
	Scheme    twoparty.Scheme            // nil is twoparty.Shared
	Runner    jobs.Runner                // of what is done in the background; nil: in this process
	Now       func() time.Time           // the clock; nil is time.Now
	Log       *slog.Logger               // nil is slog.Default()
	Proxies   []netip.Prefix             // whose X-Forwarded-For is believed
	CSC       func(*Server) http.Handler // serves /csc/v2; nil: nothing is there
}

// Price is what an application costs, in 分, of an organisation or of a person, for so many years.
type Price func(kind wire.ApplicationKind, organisation bool, years int) int64

// BasePath is where the API is, ScanPath the page that QR codes name.
const (
	BasePath = "/mca/v1"
	ScanPath = "/q"
	CSCPath  = "/csc/v2"
)

const (
	maxBody       = 64 << 10
	maxRequest    = 512 << 10 // a desktop's request, and a seal's picture
	maxAttached   = 12 << 20  // an application with three attachments
	limiterNames  = 10_000
	proofsKept    = 200_000
	jobLook       = time.Minute
	expireEvery   = time.Minute
	closeTime     = 10 * time.Second
	issueWait     = 30 * time.Second // that a request waits for the issuer of certificates; the phone asks again before
	timePrecision = time.Microsecond
)

var _ wire.StrictServerInterface = (*Server)(nil)

// Server is a running mobile CA without a listener.
type Server struct {
	cfg       Config
	store     store.Store
	scheme    twoparty.Scheme
	sealer    *sealer
	hub       *hub
	handler   http.Handler
	payload   *openapi3.Schema // of what a desktop signs
	proofs    *dpop.Guard
	passwords *password.Checker
	limits    limits
	errands   *jobs.Errands
	stopJobs  func(context.Context) error
	draining  atomic.Bool
}

// limits hold back who asks too often.
type limits struct {
	requests *web.Limiter // of any kind, by address or session
	pairings *web.Limiter // by K_d
	opened   *web.Limiter // pairings by address: keys are free
	scans    *web.Limiter // by address
	codes    *web.Limiter // by address; numbers are counted in the store
	logins   *web.Limiter // by address
	decrypts *web.Limiter // by key
}

func newLimits() limits {
	return limits{
		requests: web.NewLimiter(300, 20*time.Millisecond, limiterNames),
		pairings: web.NewLimiter(10, 6*time.Second, limiterNames),
		opened:   web.NewLimiter(60, time.Second, limiterNames),
		scans:    web.NewLimiter(30, 2*time.Second, limiterNames),
		codes:    web.NewLimiter(20, 6*time.Second, limiterNames),
		logins:   web.NewLimiter(30, 2*time.Second, limiterNames),
		decrypts: web.NewLimiter(30, time.Minute, limiterNames),
	}
}

// New makes a server of what it is given, and starts its jobs.
func New(ctx context.Context, cfg Config) (*Server, error) {
	if cfg.Store == nil || cfg.Issuer == nil || cfg.Messenger == nil || cfg.Identity == nil || len(cfg.Origins) == 0 {
		return nil, errors.New("mobileca: Store, Issuer, Messenger, Identity and Origins are required")
	}
	if cfg.Scheme == nil {
		cfg.Scheme = twoparty.Shared{}
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Log == nil {
		cfg.Log = slog.Default()
	}
	seal, err := newSealer(cfg.Master)
	if err != nil {
		return nil, err
	}
	s := &Server{
		cfg: cfg, store: cfg.Store, scheme: cfg.Scheme, sealer: seal, hub: newHub(),
		proofs: dpop.NewGuard(proofsKept), passwords: password.NewChecker(2), limits: newLimits(), errands: jobs.NewErrands(issueWait),
	}
	if err := s.route(); err != nil {
		return nil, err
	}
	runner := cfg.Runner
	if runner == nil {
		runner = jobs.Ticker{Claim: s.store.Claim, Now: cfg.Now, Log: cfg.Log, Look: jobLook}
	}
	s.stopJobs, err = runner.Start(ctx, []jobs.Job{{Name: "expire", Every: expireEvery, Do: func(ctx context.Context) error {
		return s.store.Expire(ctx, s.now())
	}}})
	return s, err
}

// Handler serves the API under BasePath, the phone's app, /healthz and /readyz.
func (s *Server) Handler() http.Handler { return s.handler }

// Drain makes /readyz say that no new work should come here, and answers who waits.
func (s *Server) Drain() {
	s.draining.Store(true)
	s.hub.close()
}

// Close ends the jobs and closes the store. Stop serving first.
func (s *Server) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), closeTime)
	defer cancel()
	s.hub.close()
	s.errands.Close()
	return errors.Join(s.stopJobs(ctx), s.store.Close())
}

func (s *Server) now() time.Time { return s.cfg.Now().UTC().Truncate(timePrecision) }

func (s *Server) scanURL() string { return s.cfg.Origins[0] + ScanPath }

func (s *Server) route() error {
	spec, err := wire.GetSpec()
	if err != nil {
		return fmt.Errorf("mobileca: openapi.yaml: %w", err)
	}
	s.payload = spec.Components.Schemas["RequestPayload"].Value
	fail := func(w http.ResponseWriter, r *http.Request, err error) { web.WriteError(w, r, s.cfg.Log, err) }
	badRequest := func(w http.ResponseWriter, r *http.Request, err error) {
		if _, ok := errors.AsType[*http.MaxBytesError](err); !ok {
			err = refuse(http.StatusBadRequest, platformapi.CodeBadRequest, "the request cannot be read")
		}
		fail(w, r, err)
	}
	strict := wire.NewStrictHandlerWithOptions(s, nil, wire.StrictHTTPServerOptions{RequestErrorHandlerFunc: badRequest, ResponseErrorHandlerFunc: fail})
	api := wire.HandlerWithOptions(strict, wire.StdHTTPServerOptions{ErrorHandlerFunc: badRequest})
	validate, err := web.Validate(spec, s.cfg.Log, func(*http.Request) bool { return false }, authorised)
	if err != nil {
		return fmt.Errorf("mobileca: openapi.yaml: %w", err)
	}
	mux := http.NewServeMux()
	mux.Handle(BasePath+"/", s.admit(http.StripPrefix(BasePath, validate(api))))
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })
	mux.HandleFunc("GET /readyz", s.ready)
	if s.cfg.CSC != nil {
		mux.Handle(CSCPath+"/", s.cfg.CSC(s))
	}
	if s.cfg.App != nil {
		mux.Handle("/", app(s.cfg.App))
	}
	s.handler = web.Guard(s.cfg.Log, bodyLimit, mux)
	return nil
}

// bodyLimit is how large a request's body may be.
func bodyLimit(r *http.Request) int64 {
	path := strings.TrimPrefix(r.URL.Path, BasePath)
	switch {
	case path == "/applications":
		return maxAttached
	case strings.HasPrefix(path, "/pairings/") && strings.HasSuffix(path, "/requests"), path == "/seals", strings.HasPrefix(path, "/seals/"):
		return maxRequest
	}
	return maxBody
}

func (s *Server) ready(w http.ResponseWriter, r *http.Request) {
	if err := s.store.Ping(r.Context()); err != nil || s.draining.Load() {
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

// appPolicy lets the app run what came with it, and speak to this service alone. Its QR reader is WebAssembly; pictures of
// seals are data and blob URLs.
const appPolicy = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; img-src 'self' data: blob:; font-src 'self'; " +
	"media-src 'self' blob:; connect-src 'self'; manifest-src 'self'; worker-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// app serves the phone's app: its files, and its page at ScanPath too.
func app(files fs.FS) http.Handler {
	serve := http.FileServerFS(files)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			w.Header().Set("Allow", "GET, HEAD")
			w.WriteHeader(http.StatusMethodNotAllowed)
			return
		}
		h := w.Header()
		h.Set("Content-Security-Policy", appPolicy)
		h.Set("Cache-Control", "no-cache")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Permissions-Policy", "camera=(self), geolocation=(self), screen-wake-lock=(self)")
		if r.URL.Path == ScanPath {
			r = r.Clone(r.Context())
			r.URL.Path = "/"
		}
		serve.ServeHTTP(w, r)
	})
}

type (
	callerKey  struct{}
	addressKey struct{}
	idemKey    struct{}
)

// caller is who asks: a phone with a session, or a key alone.
type caller struct {
	session store.Session
	jkt     string // thumbprint of the key that proved itself
	key     *ecdsa.PublicKey
}

// admit finds out who asks, and holds back who asks too often.
func (s *Server) admit(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		address := web.Caller(r, s.cfg.Proxies)
		who := address
		// Clients set the time of their proofs by it.
		w.Header().Set("Date", s.now().Format(http.TimeFormat))
		ctx := context.WithValue(r.Context(), addressKey{}, address)
		ctx = context.WithValue(ctx, idemKey{}, r.Header.Get("Idempotency-Key"))
		token := header.Token(r.Header.Get("Authorization"))
		if proof := r.Header.Get(dpop.Header); proof != "" {
			c, err := s.prove(r, proof, token)
			if err != nil {
				web.WriteError(w, r, s.cfg.Log, err)
				return
			}
			who = c.jkt
			if c.session.ID == "" {
				who = address // keys are free
			}
			ctx = context.WithValue(ctx, callerKey{}, c)
		}
		if ok, wait := s.limits.requests.Allow(who, s.cfg.Now()); !ok {
			web.WriteError(w, r, s.cfg.Log, tooMany(wait))
			return
		}
		next.ServeHTTP(w, r.WithContext(ctx))
	})
}

// prove judges a proof, and the token that came with it.
func (s *Server) prove(r *http.Request, proof, token string) (caller, error) {
	key, jkt, err := s.proofs.CheckKey(proof, r.Method, s.cfg.Origins, r.URL.EscapedPath(), token, s.cfg.Now())
	if err != nil {
		s.cfg.Log.DebugContext(r.Context(), "proof refused", "path", r.URL.Path, "error", err)
		return caller{}, refuse(http.StatusUnauthorized, platformapi.CodeProofWrong, "the proof of the client's key does not hold for this request")
	}
	c := caller{jkt: jkt, key: key}
	if token == "" {
		return c, nil
	}
	x, err := s.store.Session(r.Context(), web.TokenHash(token))
	if errors.Is(err, store.ErrNotFound) || err == nil && (x.CSC || x.JKT != jkt || !s.now().Before(x.TokenUntil)) {
		return c, errSessionOver()
	}
	c.session = x
	return c, err
}

// authorised looks for what an operation's security scheme wants.
func authorised(scheme string, r *http.Request) error {
	c, ok := r.Context().Value(callerKey{}).(caller)
	switch {
	case scheme == "session" && c.session.ID == "":
		return errSessionOver()
	case scheme == "desktop" && (!ok || c.session.ID != ""):
		return refuse(http.StatusUnauthorized, platformapi.CodeProofWrong, "a proof of the desktop's key is wanted, without a token")
	}
	return nil
}

// who is the phone of a request that was authorised, asking the desktop.
func who(ctx context.Context) store.Session { return ctx.Value(callerKey{}).(caller).session }
func asking(ctx context.Context) caller     { c, _ := ctx.Value(callerKey{}).(caller); return c }
func addressOf(ctx context.Context) string  { a, _ := ctx.Value(addressKey{}).(string); return a }

// once names a request that must not be done twice; done says what it made when it was done before.
func (s *Server) once(ctx context.Context, operation string, body any) (o store.Once, done bool, err error) {
	raw, _ := ctx.Value(idemKey{}).(string)
	key, err := header.ParseKey(raw)
	if err != nil {
		return o, false, refuse(http.StatusBadRequest, platformapi.CodeKeyMissing, "an Idempotency-Key is wanted")
	}
	said, err := json.Marshal(body)
	if err != nil {
		return o, false, err
	}
	o = store.Once{Account: who(ctx).Account, Key: key, Hash: web.TokenHash(operation + " " + string(said)), ID: platformapi.NewID()}
	made, err := s.store.Made(ctx, o.Account, o.Key)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return o, false, nil
	case err != nil:
		return o, false, err
	case made.Hash != o.Hash:
		return o, false, unfit(platformapi.CodeKeyReused, "the key was used for another request")
	}
	return made, true, nil
}
