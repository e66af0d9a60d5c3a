package mobile

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/tls"
	"encoding/pem"
	"net"
	"net/netip"
	"os"
	"time"

	"sealdesk/token"
	"sealdesk/token/ca"
)

// serverDays is how long a server's certificate holds: phones take none of more than 825 days.
const serverDays = 397

// localTLS makes a server's certificate for hosts, of an authority that it makes in a folder or finds there; its root is what a
// phone must be told to trust. The key of the server lives in memory.
func localTLS(dir string, hosts []string) (pair tls.Certificate, root []byte, err error) {
	authority, err := ca.OpenOrCreate(dir)
	if err != nil {
		return pair, nil, err
	}
	key, err := ca.GenerateKey(ca.ECDSA)
	if err != nil {
		return pair, nil, err
	}
	now := time.Now()
	cert, err := authority.Issue(ca.Request{
		Subject: ca.Subject{Name: "SealDesk mobile CA"}, PublicKey: key.Public().(*ecdsa.PublicKey), Usage: token.UsageSign, Purpose: ca.ForServers,
		Hosts: hosts, NotBefore: now.Add(-time.Hour), NotAfter: now.AddDate(0, 0, serverDays),
	})
	if err != nil {
		return pair, nil, err
	}
	anchor := authority.Root(ca.ECDSA).Raw
	return tls.Certificate{Certificate: [][]byte{cert.Raw, anchor}, PrivateKey: crypto.PrivateKey(key)}, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: anchor}), nil
}

// hostsOf are the names and addresses by which this machine is reached: the one that is listened on or, when that is all of
// them, every IPv4 one it has, the one that phones in the same network use first.
func hostsOf(listen string) []string {
	host, _, err := net.SplitHostPort(listen)
	if err != nil {
		return []string{"localhost", "127.0.0.1"}
	}
	if a, err := netip.ParseAddr(host); host != "" && (err != nil || !a.IsUnspecified()) {
		return []string{host}
	}
	var hosts []string
	addresses, err := net.InterfaceAddrs()
	if err != nil {
		addresses = nil
	}
	for _, a := range addresses {
		if n, ok := a.(*net.IPNet); ok && n.IP.To4() != nil && !n.IP.IsLoopback() {
			hosts = append(hosts, n.IP.String())
		}
	}
	if name, err := os.Hostname(); err == nil {
		hosts = append(hosts, name)
	}
	return append(hosts, "localhost", "127.0.0.1")
}
