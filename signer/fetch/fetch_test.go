package fetch

import (
	"bytes"
	"context"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"testing"
	"time"
)

func serve(t *testing.T, h http.HandlerFunc) string {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return s.URL
}

func TestFetch(t *testing.T) {
	url := serve(t, func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		w.Header().Set("Content-Type", "application/answer; x=y")
		_, _ = io.WriteString(w, r.Method+" "+r.Header.Get("Content-Type")+" "+r.Header.Get("Accept")+" "+string(body))
	})
	c := &Client{Private: true}
	for _, tt := range []struct {
		q    Request
		want string
	}{
		{Request{MaxBytes: 100}, "GET   "},
		{Request{MaxBytes: 100, Body: []byte("question"), ContentType: "application/question", Accept: "application/answer", Strict: true},
			"POST application/question application/answer question"},
	} {
		tt.q.URL = url
		got, err := c.Fetch(t.Context(), tt.q)
		if err != nil || string(got) != tt.want {
			t.Errorf("%q, %v", got, err)
		}
	}
}

func TestRefused(t *testing.T) {
	elsewhere := 0
	other := serve(t, func(w http.ResponseWriter, r *http.Request) { elsewhere++ })
	url := serve(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/redirect":
			http.Redirect(w, r, other, http.StatusFound)
		case "/file":
			w.Header().Set("Location", "file:///etc/passwd")
			w.WriteHeader(http.StatusMovedPermanently)
		case "/slow":
			<-r.Context().Done()
		case "/large":
			_, _ = w.Write(bytes.Repeat([]byte("x"), 101))
		case "/html":
			w.Header().Set("Content-Type", "text/html")
		case "/broken":
			w.Header().Set("Content-Length", "50")
			_, _ = w.Write([]byte("x"))
		default:
			w.WriteHeader(http.StatusNotFound)
		}
	})
	closed := httptest.NewServer(nil)
	closed.Close()
	tlsServer := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {}))
	t.Cleanup(tlsServer.Close)
	tlsServer.Config.ErrorLog = nil
	for _, tt := range []struct {
		name, url string
		kind      Kind
	}{
		{"redirect", url + "/redirect", BadStatus},
		{"redirect to a file", url + "/file", BadStatus},
		{"not there", url + "/nothing", BadStatus},
		{"slow", url + "/slow", TimedOut},
		{"large", url + "/large", TooLarge},
		{"another type", url + "/html", BadType},
		{"cut off", url + "/broken", Unreachable},
		{"nobody listens", closed.URL, Unreachable},
		{"a certificate of nobody", tlsServer.URL, Unreachable},
		{"file", "file:///etc/passwd", BadURL},
		{"ldap", "ldap://127.0.0.1/cn=crl", BadURL},
		{"no host", "http:///crl", BadURL},
		{"no scheme", "//127.0.0.1/crl", BadURL},
		{"not a URL", "http://a b/\x00", BadURL},
		{"too long", url + "/" + strings.Repeat("x", maxURL), BadURL},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := &Client{Private: true}
			if tt.kind == TimedOut {
				c.Timeout = 100 * time.Millisecond
			}
			_, err := c.Fetch(t.Context(), Request{URL: tt.url, MaxBytes: 100, Accept: "application/answer", Strict: tt.kind == BadType})
			if !errors.Is(err, &Error{Kind: tt.kind}) {
				t.Errorf("got %v, want %s", err, tt.kind)
			}
		})
	}
	if elsewhere != 0 {
		t.Error("a redirect was followed")
	}
	roots := x509.NewCertPool()
	roots.AddCert(tlsServer.Certificate())
	if _, err := (&Client{Private: true, RootCAs: roots}).Fetch(t.Context(), Request{URL: tlsServer.URL}); err != nil {
		t.Error(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := (&Client{Private: true}).Fetch(ctx, Request{URL: url}); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

// What a certificate names is not asked inside the person's network, by whatever name.
func TestPublicAddressesOnly(t *testing.T) {
	asked := 0
	here := serve(t, func(http.ResponseWriter, *http.Request) { asked++ })
	u, err := url.Parse(here)
	if err != nil {
		t.Fatal(err)
	}
	for _, host := range []string{"127.0.0.1", "localhost", "[::1]", "[::ffff:127.0.0.1]"} {
		_, err := (&Client{}).Fetch(t.Context(), Request{URL: "http://" + host + ":" + u.Port(), MaxBytes: 10})
		if !errors.Is(err, &Error{Kind: Forbidden}) && !errors.Is(err, &Error{Kind: Unreachable}) {
			t.Errorf("%s: %v", host, err)
		}
	}
	if _, err := (&Client{}).Fetch(t.Context(), Request{URL: here}); !errors.Is(err, &Error{Kind: Forbidden}) {
		t.Errorf("%v", err)
	}
	if asked != 0 {
		t.Error("a private address was asked")
	}
	for addr, want := range map[string]bool{
		"127.0.0.1": false, "10.1.2.3": false, "172.16.0.1": false, "192.168.1.1": false, "169.254.169.254": false, "0.0.0.0": false,
		"100.64.0.1": false, "224.0.0.1": false, "255.255.255.255": false, "::1": false, "::": false, "fe80::1": false, "fc00::1": false,
		"ff02::1": false, "::ffff:10.0.0.1": false, "64:ff9b::a00:1": false, "2002:a00:1::": false, "fe80::1%eth0": false,
		"114.114.114.114": true, "202.120.1.1": true, "2400:3200::1": true,
	} {
		if got := public(netip.MustParseAddr(addr)); got != want {
			t.Errorf("%s is public: %v", addr, got)
		}
	}
	for host, want := range map[string]bool{
		"localhost": false, "router": false, "a.localhost": false, "nas.local": false, "127.0.0.1": false, "127.1": false, "10.0.0.1.": false,
		"2130706433": false, "metadata.google.internal": false, "::1": false, "crl.example.cn": true, "crl.example.cn.": true, "202.120.1.1": true,
	} {
		if got := publicName(host); got != want {
			t.Errorf("%s is public: %v", host, got)
		}
	}
	if err := publicOnly("tcp", net.JoinHostPort("10.0.0.1", "80"), nil); !errors.Is(err, &Error{Kind: Forbidden}) {
		t.Error(err)
	}
}

// Behind a proxy, which may well stand inside, names that cannot be public are refused before it is asked.
func TestBehindAProxy(t *testing.T) {
	var asked []string
	proxy := serve(t, func(w http.ResponseWriter, r *http.Request) {
		asked = append(asked, r.URL.String())
		_, _ = io.WriteString(w, "answer")
	})
	c := &Client{Proxy: func(*http.Request) (*url.URL, error) { return url.Parse(proxy) }}
	got, err := c.Fetch(t.Context(), Request{URL: "http://crl.example.cn/1.crl", MaxBytes: 10})
	if err != nil || string(got) != "answer" {
		t.Errorf("%q, %v", got, err)
	}
	for _, u := range []string{"http://127.0.0.1/", "http://router/", "http://10.1/"} {
		if _, err := c.Fetch(t.Context(), Request{URL: u, MaxBytes: 10}); !errors.Is(err, &Error{Kind: Forbidden}) {
			t.Errorf("%s: %v", u, err)
		}
	}
	if len(asked) != 1 || asked[0] != "http://crl.example.cn/1.crl" {
		t.Errorf("the proxy was asked for %v", asked)
	}
	c.Proxy = func(*http.Request) (*url.URL, error) { return nil, errors.New("no proxy") }
	if _, err := c.Fetch(t.Context(), Request{URL: proxy}); !errors.Is(err, &Error{Kind: Unreachable}) {
		t.Error(err)
	}
}
