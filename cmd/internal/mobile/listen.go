package mobile

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strings"

	"sealdesk/token/ca"
)

// Listener listens for phones.
type Listener struct {
	net.Listener
	Origins []string // by which it is reached, the one for phones first; none where the given certificate covers none that is known here
	Root    []byte   // PEM of the local authority's root, nil when there is none
}

// Listen listens on an address. cert and key are the files of the server's certificate; without them one of a local
// authority in dir is made, but for loopback, which browsers take for secure without TLS.
func Listen(ctx context.Context, address, cert, key, dir string) (*Listener, error) {
	plain, err := (&net.ListenConfig{}).Listen(ctx, "tcp", address)
	if err != nil {
		return nil, err
	}
	l := &Listener{Listener: plain}
	if err := l.secure(hostsOf(address), cert, key, dir); err != nil {
		return nil, errors.Join(err, plain.Close())
	}
	return l, nil
}

func (l *Listener) secure(hosts []string, cert, key, dir string) (err error) {
	at := l.Addr().String()
	_, port, err := net.SplitHostPort(at)
	if err != nil {
		return err
	}
	var pair tls.Certificate
	switch {
	case cert != "":
		if pair, err = tls.LoadX509KeyPair(cert, key); err != nil {
			return fmt.Errorf("TLS: %w", err)
		}
		hosts = covered(pair.Leaf, hosts)
	case l.Addr().(*net.TCPAddr).IP.IsLoopback():
		l.Origins = []string{"http://" + at}
		return nil
	default:
		if pair, l.Root, err = localTLS(dir, hosts); err != nil {
			return err
		}
	}
	for _, h := range hosts {
		l.Origins = append(l.Origins, "https://"+net.JoinHostPort(h, port))
	}
	l.Listener = tls.NewListener(l.Listener, &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12, NextProtos: []string{"h2", "http/1.1"}})
	return nil
}

// covered are the names that a certificate was made for, then those of hosts that it is good for: phones trust no other. Only
// hosts may have localhost, which is the phone itself, in its place.
func covered(leaf *x509.Certificate, hosts []string) []string {
	named := slices.DeleteFunc(slices.Clone(leaf.DNSNames), func(n string) bool { return strings.Contains(n, "*") || n == "localhost" })
	return append(named, slices.DeleteFunc(hosts, func(h string) bool { return leaf.VerifyHostname(h) != nil || slices.Contains(named, h) })...)
}

// What is served beside the service.
const (
	caPath   = "/ca"           // the authority's revocation lists and OCSP
	RootPath = "/local-ca.crt" // the root that phones must trust, of a local authority
)

// NewIssuer certifies with an authority that is served at an origin by Beside.
func NewIssuer(authority *ca.Authority, origin string) Issuer {
	return Issuer{Authority: authority, OCSP: origin + caPath + ca.OCSPPath, CRL: origin + caPath + ca.CRLPath(ca.SM2)}
}

// Beside serves an authority's revocation lists and OCSP, and the root of the local authority if there is one, beside a service.
func Beside(service http.Handler, authority *ca.Authority, root []byte) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("/", service)
	if root != nil {
		mux.HandleFunc("GET "+RootPath, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/x-x509-ca-cert")
			_, _ = w.Write(root) // the phone is gone when this fails
		})
	}
	issuer := http.StripPrefix(caPath, authority.Handler())
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, caPath+"/") {
			issuer.ServeHTTP(w, r) // which may have slashes in a row that a mux would take out
			return
		}
		mux.ServeHTTP(w, r)
	})
}
