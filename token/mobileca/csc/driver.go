package csc

import (
	"context"
	"net/http"
	"net/url"
	"strings"

	"sealdesk/token"
	"sealdesk/token/mobileca"
	"sealdesk/token/uri"
)

// Config says which service and which account.
type Config struct {
	Base    string // "https://host[:port]/csc/v2"; plain http to a loopback address only
	Account string // for the token's name alone
	Name    string // the token's label
	// Login gives the account's user and password; it is asked when a login is needed. The password is wiped.
	Login func(ctx context.Context) (user string, password []byte, err error)

	Transport http.RoundTripper // nil: mobileca.Transport with the system's roots
}

// Open gives the driver, with one token. Nothing is dialled yet. Error: mobileca.ErrAddress.
func Open(c Config) (token.Driver, error) {
	u, err := url.Parse(strings.TrimSuffix(c.Base, "/"))
	if err != nil || u.RawQuery != "" || u.Fragment != "" || c.Login == nil {
		return nil, mobileca.ErrAddress
	}
	if _, err := mobileca.Origin(u.Scheme + "://" + u.Host); err != nil || u.User != nil {
		return nil, mobileca.ErrAddress
	}
	if c.Transport == nil {
		c.Transport = mobileca.Transport(nil, nil)
	}
	if c.Name == "" {
		c.Name = u.Host
	}
	return token.Guard(&driver{cfg: c, api: &api{base: u.String(), http: c.Transport, login: c.Login}}, mobileca.Limits), nil
}

type driver struct {
	cfg Config
	api *api
}

func (d *driver) Tokens(context.Context) ([]token.Token, error) {
	return []token.Token{&account{driver: d}}, nil
}

// Watch implements token.Driver: nothing is plugged in.
func (d *driver) Watch(ctx context.Context) (<-chan token.Event, error) {
	events := make(chan token.Event)
	context.AfterFunc(ctx, func() { close(events) })
	return events, nil
}

// uri names the account: mobileca:protocol=csc;service=BASE;account=USER.
func (d *driver) uri() string {
	return (&uri.URI{Scheme: uri.MobileCA, Path: uri.Attributes{"protocol": "csc", "service": d.api.base, "account": d.cfg.Account}}).String()
}
