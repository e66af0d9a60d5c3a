package revocation

import (
	"context"
	"crypto/ecdsa"
	"crypto/rand"
	"slices"
	"time"

	"github.com/emmansun/gmsm/sm2"
	"github.com/emmansun/gmsm/smx509"

	"sealdesk/signer/fetch"
)

const (
	requestType = "application/ocsp-request"
	answerType  = "application/ocsp-response"

	nonceSize = 32 // bytes (RFC 8954, 2.1)
	// maxAddresses bounds how often a certificate can make its reader ask.
	maxAddresses = 3
)

// Fetcher asks over HTTP; *fetch.Client is one. Its zero value goes to public addresses
// only, which is right for addresses that stand in certificates.
type Fetcher interface {
	Fetch(ctx context.Context, q fetch.Request) ([]byte, error)
}

// Checker finds out whether certificates are revoked. The zero value asks nobody. It
// may be used by several goroutines.
type Checker struct {
	Fetcher Fetcher          // nil: no network is touched
	Cache   *Cache           // nil: nothing is kept
	Now     func() time.Time // nil: time.Now
	// Since, if given, is the moment that an answer must not be older than: what the cache
	// has from before is asked for anew. It is for answers that are to be kept beside a
	// signature, which should speak of the time after it.
	Since time.Time
}

// Check says whether a certificate is revoked now. OCSP is asked first, and after it
// the revocation lists, unless the responder says that it does not know the certificate:
// a list names only what was revoked, and would call good what was never issued. For
// each of them, what the cache has is taken while it holds.
func (c *Checker) Check(ctx context.Context, cert, issuer *smx509.Certificate) Answer {
	q := Question{}
	if c.Now != nil {
		q.Now = c.Now()
	}
	if err, ok := issued(cert, issuer).(*refusal); ok {
		return err.Answer
	}
	none := unknown(NoAddress, "the certificate of %q does not say where to ask", cert.Subject.CommonName)
	for _, ask := range c.asks(cert, issuer) {
		a := ask(ctx, q.settled())
		if a.Status != NotKnown || a.Why == NotListed {
			return a
		}
		// The first that was tried is told, or the first that answered at all.
		if none.Why == NoAddress || none.Why == Unreachable {
			none = a
		}
	}
	return none
}

// CheckChain checks every certificate of a chain but its last, the root.
func (c *Checker) CheckChain(ctx context.Context, chain []*smx509.Certificate) []Answer {
	var out []Answer
	for i := 0; i+1 < len(chain); i++ {
		out = append(out, c.Check(ctx, chain[i], chain[i+1]))
	}
	return out
}

type ask func(context.Context, Question) Answer

// asks are the ways to find out, in their order.
func (c *Checker) asks(cert, issuer *smx509.Certificate) []ask {
	var out []ask
	for _, url := range first(cert.OCSPServer) {
		out = append(out, func(ctx context.Context, q Question) Answer { return c.askOCSP(ctx, url, cert, issuer, q) })
	}
	for _, url := range first(cert.CRLDistributionPoints) {
		out = append(out, func(ctx context.Context, q Question) Answer { return c.askCRL(ctx, url, cert, issuer, q) })
	}
	return out
}

func first(urls []string) []string { return urls[:min(len(urls), maxAddresses)] }

func (c *Checker) askOCSP(ctx context.Context, url string, cert, issuer *smx509.Certificate, q Question) Answer {
	key := cacheKey("ocsp", []byte(url), issuer.Raw, cert.Raw)
	if a, ok := c.cached(key, func(der []byte) Answer { return JudgeOCSP(der, cert, issuer, q) }); ok {
		return a
	}
	if c.Fetcher == nil {
		return unknown(NotAsked, "asking over the network was not allowed")
	}
	// Responders know SHA-1 at least; those of SM2 may know SM3 alone.
	hashes := []oid{oidSHA1}
	if pub, ok := issuer.PublicKey.(*ecdsa.PublicKey); ok && sm2.IsSM2PublicKey(pub) {
		hashes = []oid{oidSM3, oidSHA1}
	}
	var a Answer
	for _, hash := range hashes {
		q.Nonce = make([]byte, nonceSize)
		if _, err := rand.Read(q.Nonce); err != nil {
			return unknown(Unreachable, "%v", err)
		}
		request, err := ocspRequest(cert, issuer, hash, q.Nonce)
		if err != nil {
			return unknown(Malformed, "%v", err)
		}
		der, err := c.Fetcher.Fetch(ctx, fetch.Request{URL: url, Body: request, ContentType: requestType,
			Accept: answerType, Strict: true, MaxBytes: MaxOCSP})
		if err != nil {
			return unknown(Unreachable, "%v", err)
		}
		a = JudgeOCSP(der, cert, issuer, q)
		c.keep(key, a, q.Now)
		if a.Why != Declined && a.Why != NotListed {
			break
		}
	}
	return a
}

func (c *Checker) askCRL(ctx context.Context, url string, cert, issuer *smx509.Certificate, q Question) Answer {
	key := cacheKey("crl", []byte(url), issuer.Raw)
	if a, ok := c.cached(key, func(der []byte) Answer { return JudgeCRL(der, cert, issuer, q) }); ok {
		return a
	}
	if c.Fetcher == nil {
		return unknown(NotAsked, "asking over the network was not allowed")
	}
	der, err := c.Fetcher.Fetch(ctx, fetch.Request{URL: url, MaxBytes: MaxCRL})
	if err != nil {
		return unknown(Unreachable, "%v", err)
	}
	a := JudgeCRL(der, cert, issuer, q)
	c.keep(key, a, q.Now)
	return a
}

// cached judges what the cache has anew, so that nothing in it is believed.
func (c *Checker) cached(key string, judge func([]byte) Answer) (Answer, bool) {
	if c.Cache == nil {
		return Answer{}, false
	}
	der, ok := c.Cache.get(key)
	if !ok {
		return Answer{}, false
	}
	a := judge(der)
	return a, a.Status != NotKnown && !a.ThisUpdate.Before(c.Since)
}

func (c *Checker) keep(key string, a Answer, now time.Time) {
	if c.Cache == nil || a.Status == NotKnown {
		return
	}
	until := a.NextUpdate
	if until.IsZero() {
		until = now.Add(maxAge)
	}
	c.Cache.put(key, slices.Clone(a.Raw), until, now)
}
