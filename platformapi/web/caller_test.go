package web_test

import (
	"net/http"
	"net/netip"
	"testing"

	"sealdesk/platformapi/web"
)

func TestCaller(t *testing.T) {
	proxies := []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("fd00::/8")}
	for _, tt := range []struct {
		remote, want string
		forwarded    []string
	}{
		{"192.0.2.1:5", "192.0.2.1", nil},
		{"192.0.2.1:5", "192.0.2.1", []string{"198.51.100.9"}}, // not by a proxy: it says so itself
		{"10.0.0.1:5", "198.51.100.9", []string{"198.51.100.9"}},
		{"10.0.0.1:5", "198.51.100.9", []string{"203.0.113.7, 198.51.100.9"}},
		{"10.0.0.1:5", "198.51.100.9", []string{"203.0.113.7", "198.51.100.9, 10.1.2.3"}},
		{"[::ffff:10.0.0.1]:5", "2001:db8::1", []string{"2001:db8::1"}},
		{"[fd00::1]:5", "198.51.100.9", []string{"::ffff:198.51.100.9"}},
		{"10.0.0.1:5", "10.0.0.1", nil},
		{"10.0.0.1:5", "10.0.0.1", []string{"rubbish"}},
		{"10.0.0.1:5", "10.9.9.9", []string{"198.51.100.9, rubbish, 10.9.9.9"}},
		{"10.0.0.1:5", "10.9.9.9", []string{"10.9.9.9"}},
		{"@", "@", []string{"198.51.100.9"}},
	} {
		r := &http.Request{RemoteAddr: tt.remote, Header: http.Header{"X-Forwarded-For": tt.forwarded}}
		if got := web.Caller(r, proxies); got != tt.want {
			t.Errorf("%s by %q: %s, want %s", tt.remote, tt.forwarded, got, tt.want)
		}
	}
}
