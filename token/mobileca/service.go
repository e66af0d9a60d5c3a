package mobileca

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"sealdesk/token/mobileca/internal/wire"
)

const (
	dialTimeout = 10 * time.Second
	callTimeout = 20 * time.Second
	pollWait    = 25 * time.Second // the longest that the service lets one wait
	maxAnswer   = 9 << 20          // bytes: twenty pictures of seals, the most that a link may bring
	maxCode     = 64               // characters of a problem's code that are kept
)

// A service is where the mobile CA answers, and how far its clock is from ours.
type service struct {
	origin    string
	transport http.RoundTripper
	skew      atomic.Int64 // what its clock is ahead, in nanoseconds
}

// Origin is the "scheme://host[:port]" of an address that may be dialled: https, or http to this machine itself. Error: ErrAddress.
func Origin(address string) (string, error) {
	u, err := url.Parse(strings.TrimSuffix(address, "/"))
	if err != nil || u.Hostname() == "" || u.User != nil || u.Path != "" || u.RawQuery != "" || u.Fragment != "" {
		return "", ErrAddress
	}
	ip := net.ParseIP(u.Hostname())
	here := strings.EqualFold(u.Hostname(), "localhost") || ip != nil && ip.IsLoopback()
	if u.Scheme != "https" && (u.Scheme != "http" || !here) {
		return "", ErrAddress
	}
	return u.Scheme + "://" + strings.ToLower(u.Host), nil
}

// Transport is how a service is dialled.
func Transport(roots *x509.CertPool, proxy func(*http.Request) (*url.URL, error)) http.RoundTripper {
	if proxy == nil {
		proxy = http.ProxyFromEnvironment
	}
	return &http.Transport{
		Proxy:                  proxy,
		DialContext:            (&net.Dialer{Timeout: dialTimeout, KeepAlive: 30 * time.Second}).DialContext,
		TLSClientConfig:        &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12},
		TLSHandshakeTimeout:    dialTimeout,
		MaxIdleConns:           4,
		IdleConnTimeout:        time.Minute,
		ForceAttemptHTTP2:      true,
		MaxResponseHeaderBytes: 64 << 10,
	}
}

// now is the service's clock; local turns a time of the service's into one of this machine's.
func (s *service) now() time.Time              { return time.Now().Add(time.Duration(s.skew.Load())) }
func (s *service) local(t time.Time) time.Time { return t.Add(-time.Duration(s.skew.Load())) }

// heard sets the clock by an answer. Its header has whole seconds, so that a small difference is none.
func (s *service) heard(r *http.Response) {
	if at, err := http.ParseTime(r.Header.Get("Date")); err == nil {
		ahead := time.Until(at.Add(500 * time.Millisecond))
		if ahead.Abs() < 2*time.Second {
			ahead = 0
		}
		s.skew.Store(int64(ahead))
	}
}

// A caller is a service as one desktop key calls it.
type caller struct {
	*service
	key  *desktopKey
	wire *wire.Client
}

func (s *service) by(key *desktopKey) (*caller, error) {
	c := &caller{service: s, key: key}
	client, err := wire.NewClient(s.origin+"/mca/v1", wire.WithHTTPClient(&http.Client{
		Transport: c,
		// A redirect could lead a call, and what it proves, elsewhere; the service has no use for one.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}))
	c.wire = client
	return c, err
}

// RoundTrip puts the proof on a call. A service that does not believe the proof's time tells its own, and is asked once more.
func (c *caller) RoundTrip(r *http.Request) (*http.Response, error) {
	for again := false; ; again = true {
		try := r.Clone(r.Context())
		if r.GetBody != nil {
			body, err := r.GetBody()
			if err != nil {
				return nil, err
			}
			try.Body = body
		}
		at := *r.URL
		at.RawQuery, at.Fragment = "", ""
		before := c.skew.Load()
		proof, err := c.key.prove(r.Method, at.String(), c.now())
		if err != nil {
			return nil, err
		}
		try.Header.Set("DPoP", proof)
		resp, err := c.transport.RoundTrip(try)
		if err != nil {
			return nil, err
		}
		c.heard(resp)
		if resp.StatusCode != http.StatusUnauthorized || again || c.skew.Load() == before {
			return resp, nil
		}
		_ = resp.Body.Close()
	}
}

// ask sends one call and reads a JSON answer into out; nil out means that none is expected.
func ask(ctx context.Context, limit time.Duration, out any, send func(context.Context) (*http.Response, error)) error {
	inner, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	resp, err := send(inner)
	if err != nil {
		return unreached(ctx, err)
	}
	defer func() { _ = resp.Body.Close() }() // what matters of it was read
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1))
	switch {
	case err != nil:
		return unreached(ctx, err)
	case len(body) > maxAnswer:
		return fmt.Errorf("%w: an answer without end", ErrNonsense)
	case resp.StatusCode >= 300:
		return problem(resp.StatusCode, body)
	case out == nil:
		return nil
	}
	d := json.NewDecoder(bytes.NewReader(body))
	if err := d.Decode(out); err != nil {
		return fmt.Errorf("%w: %w", ErrNonsense, err)
	}
	return nil
}

// unreached tells the end of the caller's context from a service that is not there.
func unreached(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return fmt.Errorf("%w: %w", ErrUnreachable, err)
}

func problem(status int, body []byte) error {
	var p wire.Problem
	if json.Unmarshal(body, &p) != nil || p.Code == "" {
		if status >= 500 {
			return fmt.Errorf("%w: it answered %d", ErrUnreachable, status)
		}
		return &ServiceError{Status: status, Name: "http"}
	}
	if len(p.Code) > maxCode {
		p.Code = p.Code[:maxCode]
	}
	err := &ServiceError{Status: status, Name: p.Code, State: p.State}
	if status >= 500 || status == http.StatusTooManyRequests {
		return fmt.Errorf("%w: %w", ErrUnreachable, err)
	}
	return turn(err)
}

// patiently asks again, with growing pauses, while the service cannot be reached, until the deadline; told is called when
// that begins and ends. do is told how many seconds the service may let it wait: none, as long as the service was away.
func patiently(ctx context.Context, until time.Time, told func(offline bool), do func(wait int) error) error {
	pause, wait := 500*time.Millisecond, int(pollWait/time.Second)
	for offline := false; ; {
		err := do(wait)
		if !errors.Is(err, ErrUnreachable) || time.Now().After(until) {
			if offline && err == nil {
				told(false)
			}
			return err
		}
		if !offline {
			offline, wait = true, 0
			told(true)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(pause):
		}
		pause = min(2*pause, 5*time.Second)
	}
}
