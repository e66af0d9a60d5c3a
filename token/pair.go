package token

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/rsa"
	"slices"
	"time"
)

// KeyPair is a signing identity and the encryption identity that belongs to it.
type KeyPair struct {
	Sign    Identity
	Encrypt Identity // nil when there is none; equal to Sign when one key does both
}

// Pair finds the signing identities and, for each, its encryption certificate:
// the one in the same container if the token tells containers; otherwise, among
// those of the same issuer, subject and kind of key, the one whose validity
// began last. An identity certified for both uses is its own partner when it has
// no other. The pair whose signing certificate is the newest comes first.
//
// To decrypt, do not go by pairs: renewed keys keep the old encryption
// certificate, so search all identities for the recipient.
func Pair(ids []Identity) []KeyPair {
	var pairs []KeyPair
	for _, s := range ids {
		if s.Usage()&UsageSign == 0 {
			continue
		}
		p := KeyPair{Sign: s}
		for _, e := range ids {
			if e.Usage()&UsageEncrypt != 0 && e.Usage()&UsageSign == 0 && partners(s, e) && closer(s, e, p.Encrypt) {
				p.Encrypt = e
			}
		}
		if p.Encrypt == nil && s.Usage()&UsageEncrypt != 0 {
			p.Encrypt = s
		}
		pairs = append(pairs, p)
	}
	slices.SortStableFunc(pairs, func(a, b KeyPair) int {
		return b.Sign.Certificate().NotBefore.Compare(a.Sign.Certificate().NotBefore)
	})
	return pairs
}

func sameContainer(a, b Identity) bool {
	c := containerOf(a)
	return c != "" && c == containerOf(b)
}

func containerOf(id Identity) string {
	if c, ok := id.(Contained); ok {
		return c.Container()
	}
	return ""
}

func partners(s, e Identity) bool {
	sc, ec := s.Certificate(), e.Certificate()
	return sameContainer(s, e) ||
		bytes.Equal(sc.RawIssuer, ec.RawIssuer) && bytes.Equal(sc.RawSubject, ec.RawSubject) &&
			sameKind(sc.PublicKey, ec.PublicKey)
}

func sameKind(a, b crypto.PublicKey) bool {
	switch a := a.(type) {
	case *rsa.PublicKey:
		_, ok := b.(*rsa.PublicKey)
		return ok
	case *ecdsa.PublicKey: // SM2 among them: the curve tells
		b, ok := b.(*ecdsa.PublicKey)
		return ok && a.Curve == b.Curve
	}
	return false
}

// closer tells whether e is a better partner for s than old.
func closer(s, e, old Identity) bool {
	if old == nil {
		return true
	}
	if in, was := sameContainer(s, e), sameContainer(s, old); in != was {
		return in
	}
	return e.Certificate().NotBefore.After(old.Certificate().NotBefore)
}

// Reason is why an identity cannot sign now.
type Reason struct {
	code string
	text string
	date time.Time
}

// Error is a plain sentence for logs.
func (r Reason) Error() string { return r.text }

// Code is one of "token.certificate_expired", "token.certificate_not_yet_valid",
// "token.certificate_not_for_signing", "token.private_key_missing".
func (r Reason) Code() string { return r.code }

// Params holds "date" (2006-01-02, in the zone that Unfit was given) with the
// two reasons of time.
func (r Reason) Params() map[string]any {
	if r.date.IsZero() {
		return nil
	}
	return map[string]any{"date": r.date.Format(time.DateOnly)}
}

// Unfit lists why the identity cannot sign at the time now; it is empty when it
// can. Whether the issuer is trusted is not judged here.
func Unfit(id Identity, now time.Time) []Reason {
	cert := id.Certificate()
	var why []Reason
	if now.After(cert.NotAfter) {
		why = append(why, Reason{"token.certificate_expired", "the certificate has expired", cert.NotAfter.In(now.Location())})
	}
	if now.Before(cert.NotBefore) {
		why = append(why, Reason{"token.certificate_not_yet_valid", "the certificate is not valid yet", cert.NotBefore.In(now.Location())})
	}
	if id.Usage()&UsageSign == 0 {
		why = append(why, Reason{code: "token.certificate_not_for_signing", text: "the certificate is not meant for signing"})
	}
	if k, ok := id.(KeyHolder); ok && !k.HasPrivateKey() {
		why = append(why, Reason{code: "token.private_key_missing", text: "the token does not hold the private key of the certificate"})
	}
	return why
}
