package dpop

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/go-jose/go-jose/v4"
)

// ErrProof: the proof is missing, is not of its form, is for another request, is too old or too new, or was used before.
// What exactly is wrapped around it, for the log of whoever writes a client.
var ErrProof = errors.New("dpop: the proof does not hold")

const (
	maxProof = 2 << 10 // bytes
	maxID    = 100
	// Window is how far a proof's time may be from the server's, either way. Clients set their time by the server's.
	Window = time.Minute
)

// Guard judges proofs, and lets each be used once. It remembers those of the last two windows, of at most names many; when
// more come, the older half is forgotten first. Each server of several has its own memory: a proof that is replayed to
// another server within the window must be of a request that is safe to repeat, and all of this API's are.
type Guard struct {
	names int

	mu         sync.Mutex
	young, old map[string]struct{}
	youngSince time.Time
	algorithms []jose.SignatureAlgorithm
}

// NewGuard makes a guard that remembers names proofs.
func NewGuard(names int) *Guard {
	return &Guard{names: names / 2, young: map[string]struct{}{}, old: map[string]struct{}{}, algorithms: []jose.SignatureAlgorithm{jose.ES256}}
}

// Check judges the proof of a request: its method, the origins under which this server is known, its path, and the access
// token that came with it ("" for none). It gives the thumbprint of the client's key.
func (g *Guard) Check(proof, method string, origins []string, path, token string, now time.Time) (thumbprint string, err error) {
	_, thumbprint, err = g.CheckKey(proof, method, origins, path, token, now)
	return thumbprint, err
}

// CheckKey is Check that gives the key too.
func (g *Guard) CheckKey(proof, method string, origins []string, path, token string, now time.Time) (_ *ecdsa.PublicKey, thumbprint string, err error) {
	fail := func(format string, args ...any) (*ecdsa.PublicKey, string, error) {
		return nil, "", fmt.Errorf("%w: "+format, append([]any{ErrProof}, args...)...)
	}
	if proof == "" {
		return fail("there is none")
	}
	if len(proof) > maxProof {
		return fail("%d bytes", len(proof))
	}
	signed, err := jose.ParseSignedCompact(proof, g.algorithms)
	if err != nil {
		return fail("%v", err)
	}
	head := signed.Signatures[0].Protected
	if typ, _ := head.ExtraHeaders[jose.HeaderType].(string); typ != proofType {
		return fail("it is of type %.20q", typ)
	}
	if head.JSONWebKey == nil || !head.JSONWebKey.Valid() {
		return fail("there is no key in it")
	}
	key, ok := head.JSONWebKey.Key.(*ecdsa.PublicKey)
	if !ok || key.Curve != elliptic.P256() {
		return fail("its key is not a public one on P-256")
	}
	payload, err := signed.Verify(key)
	if err != nil {
		return fail("%v", err)
	}
	var c claims
	if err := json.Unmarshal(payload, &c); err != nil {
		return fail("%v", err)
	}
	if c.Method != method {
		return fail("it is for %.10q", c.Method)
	}
	if !isOf(c.URL, origins, path) {
		return fail("it is for another address")
	}
	if c.Token != tokenHash(token) {
		return fail("it is for another token")
	}
	if d := now.Sub(time.Unix(c.Issued, 0)); d > Window || d < -Window {
		return fail("its time is %v from the server's", d.Round(time.Second))
	}
	if c.ID == "" || len(c.ID) > maxID {
		return fail("its id has %d bytes", len(c.ID))
	}
	if thumbprint, err = keyThumbprint(key); err != nil {
		return fail("%v", err)
	}
	if !g.first(thumbprint+" "+c.ID, now) {
		return fail("it was used before")
	}
	return key, thumbprint, nil
}

func keyThumbprint(key *ecdsa.PublicKey) (string, error) {
	return thumbprint(jose.JSONWebKey{Key: key})
}

// isOf compares a proof's address with the ones of this server (RFC 9449, 4.3, 9: without query and fragment).
func isOf(claimed string, origins []string, path string) bool {
	u, err := url.Parse(claimed)
	if err != nil || u.RawQuery != "" || u.Fragment != "" || u.User != nil || u.EscapedPath() != path {
		return false
	}
	for _, o := range origins {
		if strings.EqualFold(u.Scheme+"://"+u.Host, o) {
			return true
		}
	}
	return false
}

// first remembers a name, and says whether it is new.
func (g *Guard) first(name string, now time.Time) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	// A proof is good for a window on either side of its time, so nothing older than two windows needs remembering.
	if now.Sub(g.youngSince) > 2*Window || len(g.young) >= g.names {
		g.old, g.young, g.youngSince = g.young, map[string]struct{}{}, now
	}
	if _, used := g.young[name]; used {
		return false
	}
	if _, used := g.old[name]; used {
		return false
	}
	g.young[name] = struct{}{}
	return true
}
