package fetch

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"mime"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"syscall"
	"time"
)

const (
	defaultTimeout = 20 * time.Second
	maxURL         = 2048     // bytes
	maxHeaders     = 32 << 10 // bytes
)

// Request is what to ask. Without a Body it is a GET, with one a POST.
type Request struct {
	URL         string
	Body        []byte
	ContentType string // of Body
	Accept      string // the answer's media type, which must be kept when Strict
	Strict      bool
	MaxBytes    int64 // of the answer; more is an error
}

// Client fetches. The zero value goes to public addresses, and gives up after 20 s.
// It may be used by several goroutines.
type Client struct {
	// Private allows addresses of this machine and of private networks.
	Private bool
	// Timeout is for all of a request; 0 is 20 s.
	Timeout time.Duration
	// RootCAs are for TLS; nil takes the system's.
	RootCAs *x509.CertPool
	// Proxy gives the proxy for a request, nil for none; nil takes that of the environment.
	Proxy func(*http.Request) (*url.URL, error)
}

// Kind says in one word why nothing was fetched.
type Kind string

// The kinds of Error.
const (
	BadURL      Kind = "url"         // not an http or https address
	Forbidden   Kind = "address"     // an address that only Private allows
	Unreachable Kind = "unreachable" // no connection, or it broke
	TimedOut    Kind = "timed_out"   // no answer in time
	BadStatus   Kind = "status"      // the answer is not 200, a redirect among others
	BadType     Kind = "media_type"  // the answer is of another media type
	TooLarge    Kind = "too_large"   // the answer is longer than allowed
)

// Error is every error of this package, except that of a context that ended.
type Error struct {
	Kind   Kind
	Host   string // who was asked, as far as known
	Status int    // of BadStatus
	cause  error
}

func (e *Error) Error() string {
	text := fmt.Sprintf("fetch: %s: %s", e.Host, e.Kind)
	if e.Status != 0 {
		text += " " + strconv.Itoa(e.Status)
	}
	if e.cause != nil {
		text += ": " + e.cause.Error()
	}
	return text
}

func (e *Error) Unwrap() error { return e.cause }

// Code returns "fetch." and the kind.
func (e *Error) Code() string { return "fetch." + string(e.Kind) }

// Params holds "host" and "status".
func (e *Error) Params() map[string]any { return map[string]any{"host": e.Host, "status": e.Status} }

// Is makes errors.Is(err, &Error{Kind: k}) match by kind alone.
func (e *Error) Is(target error) bool {
	t, ok := target.(*Error)
	return ok && t.Kind == e.Kind
}

// Fetch asks once and returns the answer's body.
func (c *Client) Fetch(ctx context.Context, q Request) ([]byte, error) {
	u, err := url.Parse(q.URL)
	if err != nil || len(q.URL) > maxURL || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" {
		return nil, &Error{Kind: BadURL, cause: err}
	}
	host := u.Hostname()
	timeout := c.Timeout
	if timeout == 0 {
		timeout = defaultTimeout
	}
	asking, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	body, err := c.fetch(asking, q, host)
	if err == nil {
		return body, nil
	}
	if e, ok := errors.AsType[*Error](err); ok {
		e.Host = host
		return nil, e
	}
	switch {
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case asking.Err() != nil:
		return nil, &Error{Kind: TimedOut, Host: host, cause: err}
	}
	return nil, &Error{Kind: Unreachable, Host: host, cause: err}
}

func (c *Client) fetch(ctx context.Context, q Request, host string) (_ []byte, err error) {
	method := http.MethodGet
	if q.Body != nil {
		method = http.MethodPost
	}
	req, err := http.NewRequestWithContext(ctx, method, q.URL, bytes.NewReader(q.Body))
	if err != nil {
		return nil, &Error{Kind: BadURL, cause: err}
	}
	req.Header.Set("User-Agent", "SealDesk")
	if q.ContentType != "" {
		req.Header.Set("Content-Type", q.ContentType)
	}
	if q.Accept != "" {
		req.Header.Set("Accept", q.Accept)
	}
	transport, err := c.transport(req, host)
	if err != nil {
		return nil, err
	}
	defer transport.CloseIdleConnections()
	answer, err := transport.RoundTrip(req) // below http.Client, so that no redirect is followed and no cookie kept
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, answer.Body.Close()) }()
	if answer.StatusCode != http.StatusOK {
		return nil, &Error{Kind: BadStatus, Status: answer.StatusCode}
	}
	if q.Strict {
		if t, _, err := mime.ParseMediaType(answer.Header.Get("Content-Type")); err != nil || t != q.Accept {
			return nil, &Error{Kind: BadType}
		}
	}
	body, err := io.ReadAll(io.LimitReader(answer.Body, q.MaxBytes+1))
	if err != nil {
		return nil, err
	}
	if int64(len(body)) > q.MaxBytes {
		return nil, &Error{Kind: TooLarge}
	}
	return body, nil
}

// transport is made for one request: whether its address is judged when dialling depends on the proxy.
func (c *Client) transport(req *http.Request, host string) (*http.Transport, error) {
	find := c.Proxy
	if find == nil {
		find = http.ProxyFromEnvironment
	}
	proxy, err := find(req)
	if err != nil {
		return nil, &Error{Kind: Unreachable, cause: err}
	}
	dialer := &net.Dialer{}
	if !c.Private {
		if proxy == nil {
			dialer.Control = publicOnly
		} else if !publicName(host) {
			return nil, &Error{Kind: Forbidden}
		}
	}
	return &http.Transport{
		Proxy:                  http.ProxyURL(proxy),
		DialContext:            dialer.DialContext,
		TLSClientConfig:        &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: c.RootCAs},
		DisableKeepAlives:      true,
		DisableCompression:     true,
		MaxResponseHeaderBytes: maxHeaders,
	}, nil
}

// publicOnly is called with every address before it is connected to.
func publicOnly(_, address string, _ syscall.RawConn) error {
	a, err := netip.ParseAddrPort(address)
	if err != nil || !public(a.Addr()) {
		return &Error{Kind: Forbidden}
	}
	return nil
}

// publicName says whether a name may be looked up by a proxy: an address is judged,
// a single word names something nearby.
func publicName(host string) bool {
	if a, err := netip.ParseAddr(host); err == nil {
		return public(a)
	}
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	for _, s := range []string{".localhost", ".local", ".internal"} {
		if strings.HasSuffix(host, s) {
			return false
		}
	}
	// A last label of digits is an address in one of its old spellings.
	last := host[strings.LastIndexByte(host, '.')+1:]
	return strings.Contains(host, ".") && last != "" && (last[0] < '0' || last[0] > '9')
}

// Blocks of the IANA special-purpose registries (RFC 6890) that netip has no question
// for, and prefixes that carry an IPv4 address inside.
var special = []netip.Prefix{
	netip.MustParsePrefix("0.0.0.0/8"),
	netip.MustParsePrefix("100.64.0.0/10"),
	netip.MustParsePrefix("192.0.0.0/24"),
	netip.MustParsePrefix("192.0.2.0/24"),
	netip.MustParsePrefix("198.18.0.0/15"),
	netip.MustParsePrefix("198.51.100.0/24"),
	netip.MustParsePrefix("203.0.113.0/24"),
	netip.MustParsePrefix("240.0.0.0/4"),
	netip.MustParsePrefix("::/96"),
	netip.MustParsePrefix("64:ff9b::/96"),
	netip.MustParsePrefix("64:ff9b:1::/48"),
	netip.MustParsePrefix("100::/64"),
	netip.MustParsePrefix("2001::/23"),
	netip.MustParsePrefix("2001:db8::/32"),
	netip.MustParsePrefix("2002::/16"),
	netip.MustParsePrefix("fec0::/10"),
}

func public(a netip.Addr) bool {
	a = a.Unmap().WithZone("")
	if !a.IsGlobalUnicast() || a.IsPrivate() {
		return false
	}
	for _, p := range special {
		if p.Contains(a) {
			return false
		}
	}
	return true
}
