package main

import (
	"crypto/rand"
	"encoding/hex"
	"errors"

	"github.com/emmansun/gmsm/smx509"

	"sealdesk/token"
	"sealdesk/token/ca"
)

// provision puts a pair of demo keys and their certificates on a USB key, as a certificate authority's counter does.
func (c *tokenInitCmd) provision(a *app, subject ca.Subject) error {
	f, u, err := a.one(c.Token)
	if err != nil {
		return err
	}
	defer f.Close()
	p, ok := f.Token.(token.Provisioner)
	if !ok {
		return fault("no_provision", "token", f.info.Label)
	}
	authority, err := ca.OpenOrCreate(c.Work)
	if err != nil {
		return err
	}
	pin, err := a.pin(c.PINFile, u, prompt(a, f.info.Label))
	if err != nil {
		return err
	}
	if err := a.unlock(f, pin); err != nil {
		return err
	}
	var name [3]byte
	if _, err := rand.Read(name[:]); err != nil {
		return err
	}
	container := "sealdesk-" + hex.EncodeToString(name[:])
	algorithm, err := c.newPair(a, p, container, subject, authority)
	if err != nil {
		return err
	}
	a.tui.note("%s", a.words.T("ctl.token.algorithm", "algorithm", algorithm))
	if f.info, err = f.Info(a.ctx); err != nil { // an empty key has a name of its own now
		return err
	}
	return c.made(a, f, subject)
}

// newPair makes the signing pair and, where the key has room for one, the encryption pair. Without an algorithm that was asked
// for it takes the first that the key can do.
func (c *tokenInitCmd) newPair(a *app, p token.Provisioner, container string, subject ca.Subject, authority *ca.Authority) (ca.Algorithm, error) {
	algorithms := []ca.Algorithm{ca.Algorithm(c.Algorithm)}
	if c.Algorithm == "" {
		algorithms = []ca.Algorithm{ca.RSA, ca.SM2, ca.ECDSA}
	}
	put := func(algorithm ca.Algorithm, use token.Usage) error {
		id, pub, err := p.NewKey(a.ctx, container, string(algorithm), use)
		if err != nil {
			return err
		}
		cert, err := authority.Issue(ca.Request{Subject: subject, PublicKey: pub, Usage: use})
		if err != nil {
			return err
		}
		return p.StoreCertificate(a.ctx, id, cert, []*smx509.Certificate{authority.Root(algorithm)})
	}
	var err error
	for _, algorithm := range algorithms {
		if err = put(algorithm, token.UsageSign); errors.Is(err, token.ErrNotSupported) {
			continue
		}
		if err != nil {
			return "", err
		}
		err = put(algorithm, token.UsageEncrypt)
		if errors.Is(err, token.ErrNotSupported) {
			a.tui.warn("ctl.token.signs_only")
			err = nil
		}
		return algorithm, err
	}
	return "", err
}
