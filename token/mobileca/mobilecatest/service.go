package mobilecatest

import (
	"crypto"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emmansun/gmsm/sm2"
	"github.com/emmansun/gmsm/smx509"
	"github.com/go-jose/go-jose/v4"

	"sealdesk/token"
	"sealdesk/token/ca"
	"sealdesk/token/mobileca/internal/wire"
)

var b64 = base64.RawURLEncoding.Strict()

// A CA is a service with one person's phone.
type CA struct {
	URL  string
	Sign *smx509.Certificate

	mu       sync.Mutex
	changed  *sync.Cond
	keys     map[string]*sm2.PrivateKey // by certificate id
	certs    []wire.LinkedCertificate   // the one to sign with first
	earlier  []wire.LinkedCertificate   // which decrypt only, the latest first
	pairings map[string]*pairing
	skew     time.Duration
	down     bool
	life     time.Duration
	spoil    func(path string, body []byte) []byte
	closed   bool
}

type pairing struct {
	wire.Pairing
	jkt        string
	key        jose.JSONWebKey
	secretHash string
	commitment string
	nonce      []byte // the desktop's, once it was revealed
	offered    bool
	session    *wire.SessionTerms
	requests   map[string]*request
}

type request struct {
	wire.DesktopRequest
	payload wire.RequestPayload
	jws     string
}

// New starts a service whose phone has certificates of this subject.
func New(t testing.TB, issuer *ca.Authority, subject ca.Subject) *CA {
	t.Helper()
	c := &CA{keys: map[string]*sm2.PrivateKey{}, pairings: map[string]*pairing{}, life: 120 * time.Second}
	c.changed = sync.NewCond(&c.mu)
	c.Certify(t, issuer, ca.Request{Subject: subject})
	server := httptest.NewServer(http.HandlerFunc(c.serve))
	c.URL = server.URL
	t.Cleanup(func() {
		c.change(func() { c.closed = true })
		server.Close()
	})
	return c
}

// Certify gives the phone new keys, whose certificates are as asked. Those that it had decrypt on.
func (c *CA) Certify(t testing.TB, issuer *ca.Authority, asked ca.Request) {
	t.Helper()
	c.mu.Lock()
	defer c.mu.Unlock()
	was := c.certs
	c.certs = nil
	for _, use := range []token.Usage{token.UsageSign, token.UsageEncrypt} {
		key, err := sm2.GenerateKey(rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		asked.PublicKey, asked.Usage = key.Public(), use
		cert, err := issuer.Issue(asked)
		if err != nil {
			t.Fatal(err)
		}
		sum := sha256.Sum256(cert.Raw)
		l := wire.LinkedCertificate{ID: b64.EncodeToString(sum[:]), Use: wire.UseSign, Chain: []string{b64.EncodeToString(cert.Raw)}}
		for _, root := range issuer.Roots() {
			l.Chain = append(l.Chain, b64.EncodeToString(root.Raw))
		}
		if use == token.UsageEncrypt {
			l.Use = wire.UseEncrypt
		} else {
			c.Sign = cert
		}
		c.keys[l.ID] = key
		c.certs = append(c.certs, l)
	}
	if was != nil {
		c.earlier = append([]wire.LinkedCertificate{was[1]}, c.earlier...)
	}
}

func (c *CA) change(f func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	f()
	c.changed.Broadcast()
}

// SetClock puts the service's clock ahead.
func (c *CA) SetClock(ahead time.Duration) { c.change(func() { c.skew = ahead }) }

// SetDown has the service answer nothing but 503, and answer again.
func (c *CA) SetDown(down bool) { c.change(func() { c.down = down }) }

// SetLife is how long a code may be scanned.
func (c *CA) SetLife(d time.Duration) { c.change(func() { c.life = d }) }

// Spoil changes the bodies of good answers.
func (c *CA) Spoil(f func(path string, body []byte) []byte) { c.change(func() { c.spoil = f }) }

// States are the states of all pairings that there were, in no order.
func (c *CA) States() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	var all []string
	for _, p := range c.pairings {
		all = append(all, string(p.State))
	}
	return all
}

func (c *CA) now() time.Time { return time.Now().Add(c.skew) }

type problem struct {
	status int
	code   string
	state  string
}

func (c *CA) serve(w http.ResponseWriter, r *http.Request) {
	c.mu.Lock()
	w.Header().Set("Date", c.now().UTC().Format(http.TimeFormat))
	status, answer, trouble := c.answer(r)
	body, _ := json.Marshal(answer) // while nobody changes it
	spoil := c.spoil
	c.mu.Unlock()
	if trouble != nil {
		w.Header().Set("Content-Type", "application/problem+json")
		w.WriteHeader(trouble.status)
		_ = json.NewEncoder(w).Encode(wire.Problem{Type: "about:blank", Title: trouble.code, Status: trouble.status, Code: trouble.code, State: trouble.state})
		return
	}
	if spoil != nil {
		body = spoil(r.URL.Path, body)
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	if answer != nil {
		_, _ = w.Write(body)
	}
}

var notFound = &problem{404, "platform.not_found", ""}

// answer does one call; c.mu is held.
func (c *CA) answer(r *http.Request) (int, any, *problem) {
	if c.down {
		return 0, nil, &problem{503, "platform.unavailable", ""}
	}
	key, jkt, ok := c.proven(r)
	if !ok {
		return 0, nil, &problem{401, "platform.proof_wrong", ""}
	}
	path := strings.Split(strings.Trim(strings.TrimPrefix(r.URL.Path, "/mca/v1/pairings"), "/"), "/")
	if path[0] == "" && r.Method == http.MethodPost {
		return c.create(r, key, jkt)
	}
	p := c.pairings[path[0]]
	if p == nil || p.jkt != jkt {
		return 0, nil, notFound
	}
	switch {
	case len(path) == 1 && r.Method == http.MethodGet:
		c.wait(r, func() int64 { c.age(p); return p.Version })
		return 200, p.Pairing, nil
	case len(path) == 1 && r.Method == http.MethodDelete:
		c.over(p, wire.PairingCancelled)
		return 204, nil, nil
	case len(path) == 2 && path[1] == "nonce":
		return c.reveal(r, p)
	case len(path) == 2 && r.Method == http.MethodPost:
		return c.request(r, p)
	case len(path) == 3:
		q := p.requests[path[2]]
		if q == nil {
			return 0, nil, notFound
		}
		if r.Method == http.MethodDelete {
			q.State = wire.RequestCancelled
			c.touchRequest(p, q)
			return 204, nil, nil
		}
		c.wait(r, func() int64 { return q.Version })
		return 200, q.DesktopRequest, nil
	}
	return 0, nil, notFound
}

// proven checks a proof as RFC 9449, 4.3, wants.
func (c *CA) proven(r *http.Request) (jose.JSONWebKey, string, bool) {
	var none jose.JSONWebKey
	jws, err := jose.ParseSignedCompact(r.Header.Get("DPoP"), []jose.SignatureAlgorithm{jose.ES256})
	if err != nil || len(jws.Signatures) != 1 || jws.Signatures[0].Protected.JSONWebKey == nil {
		return none, "", false
	}
	key := *jws.Signatures[0].Protected.JSONWebKey
	payload, err := jws.Verify(key)
	if err != nil {
		return none, "", false
	}
	var p struct {
		Method string `json:"htm"`
		URL    string `json:"htu"`
		Issued int64  `json:"iat"`
	}
	if json.Unmarshal(payload, &p) != nil || p.Method != r.Method || p.URL != c.URL+r.URL.Path || c.now().Sub(time.Unix(p.Issued, 0)).Abs() > time.Minute {
		return none, "", false
	}
	print, err := key.Thumbprint(crypto.SHA256)
	return key, b64.EncodeToString(print), err == nil
}

func (c *CA) create(r *http.Request, key jose.JSONWebKey, jkt string) (int, any, *problem) {
	var q wire.PairingRequest
	if err := json.NewDecoder(r.Body).Decode(&q); err != nil {
		return 0, nil, &problem{400, "platform.bad_request", ""}
	}
	id := make([]byte, 16)
	_, _ = rand.Read(id)
	p := &pairing{jkt: jkt, key: key, secretHash: q.SecretHash, commitment: q.Commitment, offered: q.Session, requests: map[string]*request{},
		Pairing: wire.Pairing{ID: b64.EncodeToString(id), Version: 1, Kind: q.Kind, State: wire.PairingCreated, ScanURL: c.URL + "/q", ExpiresAt: c.now().Add(c.life)}}
	c.pairings[p.ID] = p
	time.AfterFunc(c.life, func() { c.change(func() {}) })
	return 201, p.Pairing, nil
}

// age lets a code expire.
func (c *CA) age(p *pairing) {
	if p.State == wire.PairingCreated && c.now().After(p.ExpiresAt) {
		c.over(p, wire.PairingExpired)
	}
}

// wait holds a call until there is a newer version, or its time is over; c.mu is held, but not while it waits.
func (c *CA) wait(r *http.Request, version func() int64) {
	after, _ := strconv.ParseInt(r.URL.Query().Get("after"), 10, 64)
	seconds, _ := strconv.Atoi(r.URL.Query().Get("wait"))
	until := time.Now().Add(time.Duration(seconds) * time.Second)
	stop := time.AfterFunc(time.Until(until), func() { c.change(func() {}) })
	defer stop.Stop()
	gone := false
	leave := make(chan struct{})
	defer close(leave)
	go func() {
		select {
		case <-r.Context().Done():
			c.change(func() { gone = true })
		case <-leave:
		}
	}()
	for version() <= after && time.Now().Before(until) && !c.closed && !gone && !c.down {
		c.changed.Wait()
	}
}

func (c *CA) touch(p *pairing) {
	p.Version++
	c.changed.Broadcast()
}

func (c *CA) touchRequest(p *pairing, q *request) {
	q.Version++
	q.Session = p.session
	c.changed.Broadcast()
}

func (c *CA) over(p *pairing, state wire.PairingState) {
	if state == wire.PairingCancelled && p.State == wire.PairingLinked {
		state = wire.PairingEnded
	}
	p.State = state
	c.touch(p)
	for _, q := range p.requests {
		if q.State == wire.RequestWaiting || q.State == wire.RequestShown {
			q.State = wire.RequestCancelled
			c.touchRequest(p, q)
		}
	}
}

func (c *CA) reveal(r *http.Request, p *pairing) (int, any, *problem) {
	var q wire.NonceReveal
	_ = json.NewDecoder(r.Body).Decode(&q)
	nonce, _ := b64.DecodeString(q.Nonce)
	sum := sha256.Sum256(nonce)
	if p.State != wire.PairingScanned || b64.EncodeToString(sum[:]) != p.commitment {
		return 0, nil, &problem{409, "mca.nonce_wrong", string(p.State)}
	}
	p.State, p.nonce = wire.PairingMatched, nonce
	c.touch(p)
	return 200, p.Pairing, nil
}

func (c *CA) request(r *http.Request, p *pairing) (int, any, *problem) {
	var s wire.RequestSubmission
	body, _ := io.ReadAll(io.LimitReader(r.Body, 1<<20))
	if json.Unmarshal(body, &s) != nil || p.State != wire.PairingLinked {
		return 0, nil, &problem{409, "mca.pairing_over", string(p.State)}
	}
	payload, ok := c.read(p, s.JWS)
	if !ok {
		return 0, nil, &problem{422, "mca.request_wrong", ""}
	}
	if q := p.requests[payload.ID]; q != nil {
		return 201, q.DesktopRequest, nil
	}
	for _, q := range p.requests {
		switch {
		case q.State == wire.RequestWaiting || q.State == wire.RequestShown:
			return 0, nil, &problem{409, "mca.request_busy", ""}
		case q.State == wire.RequestApproved && p.session == nil:
			return 0, nil, &problem{409, "mca.pairing_over", string(p.State)}
		}
	}
	q := &request{payload: payload, jws: s.JWS,
		DesktopRequest: wire.DesktopRequest{ID: payload.ID, Version: 1, State: wire.RequestWaiting, ExpiresAt: time.Unix(payload.Exp, 0), Session: p.session}}
	p.requests[q.ID] = q
	c.changed.Broadcast()
	return 201, q.DesktopRequest, nil
}

// read checks what a desktop asks as phone and service do.
func (c *CA) read(p *pairing, text string) (wire.RequestPayload, bool) {
	var out wire.RequestPayload
	jws, err := jose.ParseSignedCompact(text, []jose.SignatureAlgorithm{jose.ES256})
	if err != nil {
		return out, false
	}
	data, err := jws.Verify(p.key)
	head := jws.Signatures[0].Protected
	if err != nil || head.KeyID != p.jkt || head.ExtraHeaders[jose.HeaderType] != "sealdesk-request+jwt" || json.Unmarshal(data, &out) != nil {
		return out, false
	}
	documents := out.Form == wire.FormCMSAttributes || out.Form == wire.FormSESTBS
	switch out.Kind {
	case wire.PairSign, wire.PairBid:
		if !documents || out.Document == nil {
			return out, false
		}
	case wire.PairLogin, wire.PairBind:
		if out.Form != wire.FormText {
			return out, false
		}
	}
	fits := out.Pairing == p.ID && string(out.Kind) == string(p.Kind) && c.keys[out.Certificate] != nil &&
		c.now().Sub(time.Unix(out.Iat, 0)).Abs() < time.Minute && out.Exp-out.Iat <= 180
	return out, fits
}
