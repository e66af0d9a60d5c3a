package client

import (
	"context"
	"net/http"
	"net/url"

	"sealdesk/platformapi"
)

// A Proxy names the proxy through which a request goes, with its user and password where it wants them; nil is none.
type Proxy func(*http.Request) (*url.URL, error)

// proxyAnswer judges what a proxy says to CONNECT (RFC 9110, 9.3.6). Nothing of a request has left then.
func proxyAnswer(_ context.Context, _ *url.URL, _ *http.Request, resp *http.Response) error {
	switch {
	case resp.StatusCode == http.StatusOK:
		return nil
	case resp.StatusCode == http.StatusProxyAuthRequired:
		return &platformapi.Error{Kind: platformapi.KindOffline, CodeValue: platformapi.CodeProxyLogin, Status: resp.StatusCode,
			Detail: "the proxy wants a user and a password", Unsent: true}
	}
	return &platformapi.Error{Kind: platformapi.KindOffline, CodeValue: platformapi.CodeProxyRefused, Status: resp.StatusCode,
		Detail: "the proxy does not connect to the platform", Unsent: true}
}
