package mobileca_test

import (
	"net/http"
	"net/netip"
	"sync/atomic"
	"testing"

	"sealdesk/platformapi/mobileca"
	"sealdesk/platformapi/mobileca/phonetest"
	"sealdesk/platformapi/mobileca/wire"
)

// elsewhere is a computer that calls from an address of its own, through a proxy that says which.
type elsewhere struct {
	address atomic.Value
	next    http.RoundTripper
}

func (e *elsewhere) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.Header.Set("X-Forwarded-For", e.address.Load().(string))
	return e.next.RoundTrip(r)
}

// A session ends when its computer calls from another network, and both are told why. A pairing for one signature does not.
func TestASessionStaysInItsNetwork(t *testing.T) {
	for _, c := range []struct {
		name, from, to string
		session, ends  bool
	}{
		{"another network", "203.0.113.7", "198.51.100.7", true, true},
		{"another address of the network", "203.0.113.7", "203.0.113.200", true, false},
		{"another network of IPv6", "2001:db8:0:1::7", "2001:db8:0:2::7", true, true},
		{"another address of IPv6", "2001:db8:0:1::7", "2001:db8:0:1:a:b:c:d", true, false},
		{"from IPv4 to IPv6", "203.0.113.7", "2001:db8:0:1::7", true, true},
		{"without a session", "203.0.113.7", "198.51.100.7", false, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			ctx := t.Context()
			w := phonetest.NewWorld(t, func(cfg *mobileca.Config) { cfg.Proxies = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")} })
			p := w.Holder()
			way := &elsewhere{next: w.Client.Transport}
			way.address.Store(c.from)
			computer := &phonetest.Service{URL: w.URL, Client: &http.Client{Transport: way}, Now: w.Now}
			d, err := phonetest.NewDesktop(ctx, computer, wire.PairSign, c.session)
			must(t, err)
			var session *wire.SessionChoice
			if c.session {
				session = &wire.SessionChoice{}
			}
			must(t, phonetest.Link(ctx, d, p, session))

			way.address.Store(c.to)
			_, err = d.Ask(ctx, phonetest.Contract(digestOf("contract")))
			if !c.ends {
				must(t, err)
				return
			}
			wants(t, "asking from there", err, "mca.pairing_over")
			way.address.Store(c.from)
			_, err = d.Ask(ctx, phonetest.Contract(digestOf("contract")))
			wants(t, "asking from the old one again", err, "mca.pairing_over")
			must(t, d.Refresh(ctx, 0))
			var seen wire.Scan
			must(t, p.Call(ctx, "GET", "/scans/"+d.Pairing.ID, nil, &seen))
			if d.Pairing.Ended != wire.EndedByNetwork || seen.State != wire.PairingEnded || seen.Ended != wire.EndedByNetwork {
				t.Errorf("the desktop is told %q, the phone %q", d.Pairing.Ended, seen.Ended)
			}
		})
	}
}
