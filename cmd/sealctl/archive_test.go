package main

import (
	"net/http"
	"net/http/httptest"
	"os"
	"time"

	"github.com/emmansun/gmsm/smx509"
	"github.com/rogpeppe/go-internal/testscript"

	"sealdesk/signer/tsa"
	"sealdesk/token"
	"sealdesk/token/ca"
	"sealdesk/token/soft"
)

// archive starts an authority that answers for its certificates, over OCSP and lists, with a time-stamp service, and makes a
// soft key for a year: archive VAR folder keys label algorithm. The service's address goes into a variable, the key's
// certificate into folder/label.der.
func archive(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 5 {
		ts.Fatalf("usage: archive VAR folder keys label algorithm")
	}
	authority, err := ca.OpenOrCreate(ts.MkAbs(args[1]))
	ts.Check(err)
	mux := http.NewServeMux()
	mux.Handle("/", authority.Handler())
	server := httptest.NewServer(mux)
	ts.Defer(server.Close)
	alg := ca.Algorithm(args[4])
	issuer := &answering{authority: authority, url: server.URL}
	config := tsa.AuthorityConfig{Policy: []int{1, 3, 6, 1, 4, 1, 32473, 1}}
	key, err := ca.GenerateKey(alg)
	ts.Check(err)
	cert, err := issuer.Issue(ca.Request{Subject: ca.Subject{Name: "Test TSA"}, PublicKey: key.Public(), Usage: token.UsageSign,
		Purpose: ca.ForTimeStamps, NotAfter: time.Now().AddDate(10, 0, 0)})
	ts.Check(err)
	config.Pairs = []tsa.Pair{{Key: key, Chain: []*smx509.Certificate{cert}}}
	service, err := tsa.NewAuthority(config)
	ts.Check(err)
	mux.Handle("POST /tsa", stamping(service))
	_, err = soft.Create(ts.MkAbs(args[2]), soft.Options{Label: args[3], Algorithm: alg, PIN: []byte("246810"), Subject: ca.Subject{Name: "某某医院"},
		Issuer: issuer, NotBefore: time.Now().AddDate(0, 0, -1), NotAfter: time.Now().AddDate(1, 0, 0), Chain: []*smx509.Certificate{authority.Root(alg)},
		Cost: soft.Cost{Time: 1, MemoryKiB: 64, Threads: 1}})
	ts.Check(err)
	if issuer.last != nil {
		ts.Check(os.WriteFile(ts.MkAbs(args[1]+"/"+args[3]+".der"), issuer.last.Raw, 0o600))
	}
	ts.Setenv(args[0], server.URL+"/tsa")
}

// answering is an authority whose certificates say where to ask about them.
type answering struct {
	authority *ca.Authority
	url       string
	last      *smx509.Certificate // for signing
}

func (a *answering) Issue(r ca.Request) (*smx509.Certificate, error) {
	alg, err := ca.AlgorithmOf(r.PublicKey)
	if err != nil {
		return nil, err
	}
	r.OCSP, r.CRL = a.url+ca.OCSPPath, a.url+ca.CRLPath(alg)
	cert, err := a.authority.Issue(r)
	if err == nil && r.Usage&token.UsageSign != 0 {
		a.last = cert
	}
	return cert, err
}

// revoke takes a certificate back: revoke folder certificate.der [before]. With a last word it is an hour ago.
func revoke(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: revoke folder certificate.der [before]")
	}
	authority, err := ca.Open(ts.MkAbs(args[0]))
	ts.Check(err)
	der, err := os.ReadFile(ts.MkAbs(args[1]))
	ts.Check(err)
	cert, err := smx509.ParseCertificate(der)
	ts.Check(err)
	at := time.Now()
	if len(args) > 2 {
		at = at.Add(-time.Hour)
	}
	ts.Check(authority.Revoke(cert, ca.KeyCompromise, at))
}
