package web

import (
	"net/http"
	"net/netip"
	"slices"
	"strings"
)

// Caller is the address that a request came from. Where it came by a trusted proxy, it is the last address in
// X-Forwarded-For that is not such a proxy's: what stands before it anybody could have written.
func Caller(r *http.Request, proxies []netip.Prefix) string {
	at := r.RemoteAddr
	if a, err := netip.ParseAddrPort(at); err == nil {
		at = a.Addr().Unmap().String()
	}
	hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for _, hop := range slices.Backward(hops) {
		if !trusted(at, proxies) {
			return at
		}
		a, err := netip.ParseAddr(strings.TrimSpace(hop))
		if err != nil {
			return at
		}
		at = a.Unmap().String()
	}
	return at
}

func trusted(address string, proxies []netip.Prefix) bool {
	a, err := netip.ParseAddr(address)
	return err == nil && slices.ContainsFunc(proxies, func(p netip.Prefix) bool { return p.Contains(a) })
}
