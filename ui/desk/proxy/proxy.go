package proxy

import (
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"

	ieproxy "github.com/mattn/go-ieproxy"
	"golang.org/x/net/http/httpproxy"
)

// A Choice says which proxy is used.
type Choice string

// The choices.
const (
	System Choice = ""     // HTTPS_PROXY and NO_PROXY, or else what Windows, macOS or GNOME is set to
	None   Choice = "none" // always directly
	Named  Choice = "named"
)

// A Way is how servers are reached. The zero value is the system's.
type Way struct {
	Choice  Choice `json:"choice,omitempty"`
	Address string `json:"address,omitempty"` // of Named: "http://host:port", or https
	User    string `json:"user,omitempty"`    // empty: the proxy wants none
}

// ErrAddress: the address is none of a proxy. Its code is "proxy.address".
var ErrAddress error = addressError{}

type addressError struct{}

func (addressError) Error() string { return "proxy.address: not of the form http://host:port" }
func (addressError) Code() string  { return "proxy.address" }

// Check refuses a way that cannot be gone. Error: ErrAddress.
func (w Way) Check() error {
	if w.Choice != Named {
		return nil
	}
	_, err := parse(w.Address)
	return err
}

func parse(address string) (*url.URL, error) {
	if !strings.Contains(address, "://") {
		address = "http://" + address
	}
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" || u.User != nil ||
		strings.Trim(u.Path, "/") != "" || u.RawQuery != "" || u.Fragment != "" {
		return nil, ErrAddress
	}
	return &url.URL{Scheme: u.Scheme, Host: u.Host}, nil
}

// Secret is the name under which the password of this way is kept. Another named proxy or another user has another one, so that no
// password goes to a named proxy that it was not entered for. Whatever proxy the system is set to counts as one.
func (w Way) Secret() string { return "proxy " + string(w.Choice) + " " + w.User + "@" + w.Address }

// For gives the proxy through which a request goes, nil for none; password is asked for only where the proxy wants one.
func (w Way) For(r *http.Request, password func() string) (*url.URL, error) {
	var (
		u   *url.URL
		err error
	)
	switch w.Choice {
	case None:
		return nil, nil
	case Named:
		if local(r.URL.Hostname()) {
			return nil, nil
		}
		u, err = parse(w.Address)
	default:
		u, err = system()(r)
	}
	if u == nil || err != nil {
		return nil, err
	}
	if w.User != "" {
		u = &url.URL{Scheme: u.Scheme, Host: u.Host, User: url.UserPassword(w.User, password())}
	}
	return u, nil
}

// local tells the addresses of this machine, which no proxy reaches.
func local(host string) bool {
	ip := net.ParseIP(host)
	return strings.EqualFold(host, "localhost") || ip != nil && ip.IsLoopback()
}

// system reads once what the system is set to. The environment goes first everywhere.
var system = sync.OnceValue(func() func(*http.Request) (*url.URL, error) {
	env := httpproxy.FromEnvironment()
	if env.HTTPSProxy == "" && env.HTTPProxy == "" {
		if c, ok := desktop(); ok {
			env = c
		} else {
			return ieproxy.GetProxyFunc()
		}
	}
	find := env.ProxyFunc()
	return func(r *http.Request) (*url.URL, error) { return find(r.URL) }
})
