package mobileca

import (
	"context"
	"crypto/x509"
	"net/http"
	"net/url"
	"os"
	"time"

	"sealdesk/token"
	"sealdesk/token/foreign"
	"sealdesk/token/uri"
)

// Config says which mobile CA it is, and for whom is asked.
type Config struct {
	Service  string // its address, "https://host[:port]"; plain http to a loopback address only
	Name     string // what people know it by; the token's label
	Platform Platform
	Desktop  string // the name of this computer, for the phone to show; empty: the system's
	Screen   Screen // where QR codes are shown when the context has none
	Memory   string // the file that remembers the certificates of earlier links; empty: nothing is remembered

	Roots     *x509.CertPool                        // of the service's TLS; nil: the system's
	Proxy     func(*http.Request) (*url.URL, error) // nil: that of the environment
	Transport http.RoundTripper                     // instead of both
	// ScanElsewhere lets the QR code lead to another address than Service, as when the phone reaches the service by another name.
	ScanElsewhere bool
}

// A Platform is for whom a desktop asks.
type Platform struct {
	Name   string // at most 100 characters
	Origin string // "https://host[:port]"
}

// Limits leave people the time to find the phone: for several codes after one another, or for one request.
var Limits = token.Limits{Operate: 10 * time.Minute}

// Open gives the driver of one mobile CA, which has one token: the phone, whichever it is. Nothing is dialled yet.
// Error: ErrAddress.
func Open(c Config) (token.Driver, error) {
	at, err := Origin(c.Service)
	if err != nil {
		return nil, err
	}
	if c.Desktop == "" {
		c.Desktop, _ = os.Hostname()
	}
	if c.Desktop = foreign.Clean(c.Desktop, 100); c.Desktop == "" {
		c.Desktop = "PC"
	}
	if c.Platform.Name = foreign.Cut(c.Platform.Name, 100); c.Platform.Name == "" {
		c.Platform.Name = c.Platform.Origin
	}
	if c.Transport == nil {
		c.Transport = Transport(c.Roots, c.Proxy)
	}
	return token.Guard(&driver{cfg: c, service: &service{origin: at, transport: c.Transport}}, Limits), nil
}

// URI names the mobile CA at a service: mobileca:service=ADDRESS.
func URI(service string) string {
	return (&uri.URI{Scheme: uri.MobileCA, Path: uri.Attributes{"service": service}}).String()
}

type driver struct {
	cfg     Config
	service *service
}

func (d *driver) Tokens(context.Context) ([]token.Token, error) {
	return []token.Token{&phone{driver: d}}, nil
}

// Watch implements token.Driver: a phone comes and goes with its pairings only.
func (d *driver) Watch(ctx context.Context) (<-chan token.Event, error) {
	events := make(chan token.Event)
	context.AfterFunc(ctx, func() { close(events) })
	return events, nil
}
