package revocation

import (
	"bytes"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509/pkix"
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/emmansun/gmsm/smx509"
)

var algorithms = []string{"rsa", "ecdsa", "sm2"}

func TestOCSPAnswers(t *testing.T) {
	for _, alg := range algorithms {
		p := newPKI(t, alg)
		cert := p.issue(t, p.key, nil)
		responderKey := newKey(t, alg)
		responder := p.issue(t, responderKey, appoint)
		q := Question{Now: now, Nonce: []byte("nonce")}
		for _, tt := range []struct {
			name   string
			change func(r *response)
			want   Answer
		}{
			{"by the issuer's key", func(*response) {}, Answer{Status: Good}},
			{"by the issuer's name", func(r *response) { r.responderID = byName(p.root) }, Answer{Status: Good}},
			{"by the SM3 of a key", func(r *response) { r.responderID = byKey(p.root, oidSM3) }, Answer{Status: Good}},
			{"SHA-256 names", func(r *response) { r.hash = oid{2, 16, 840, 1, 101, 3, 4, 2, 1} }, Answer{Status: Good}},
			{"SM3 names", func(r *response) { r.hash = oidSM3 }, Answer{Status: Good}},
			{"by an appointed responder", func(r *response) {
				r.key, r.certs, r.responderID = responderKey, []*smx509.Certificate{cert, responder}, byName(responder)
			}, Answer{Status: Good, Responder: responder}},
			{"with the nonce", func(r *response) { r.extensions = nonceExtension(t, []byte("nonce")) }, Answer{Status: Good}},
			{"without an end", func(r *response) { r.nextUpdate = nil }, Answer{Status: Good}},
			{"revoked", func(r *response) { r.certStatus = revokedStatus(now.Add(-48*time.Hour), 1) },
				Answer{Status: Revoked, RevokedAt: now.Add(-48 * time.Hour), Reason: "keyCompromise"}},
			{"revoked without a reason", func(r *response) { r.certStatus = tlv(0xa1, gt(now)) }, Answer{Status: Revoked, RevokedAt: now, Reason: "unspecified"}},
			{"revoked long ago", func(r *response) {
				r.certStatus, r.thisUpdate, r.nextUpdate = revokedStatus(now.AddDate(0, -6, 0), 4), gt(now.AddDate(0, -6, 0)), nil
			}, Answer{Status: Revoked, RevokedAt: now.AddDate(0, -6, 0), Reason: "superseded"}},
		} {
			t.Run(alg+" "+tt.name, func(t *testing.T) {
				r := p.good(cert)
				tt.change(r)
				raw := r.build(t)
				a := JudgeOCSP(raw, cert, p.root, q)
				if a.Status != tt.want.Status || !a.RevokedAt.Equal(tt.want.RevokedAt) || a.Reason != tt.want.Reason || a.Source != OCSP || !bytes.Equal(a.Raw, raw) {
					t.Errorf("%s %s: %+v", a.Why, a.Detail, a)
				}
				if (a.Responder == nil) != (tt.want.Responder == nil) || a.Responder != nil && !a.Responder.Equal(tt.want.Responder) {
					t.Errorf("responder %v", a.Responder)
				}
				if a.Code() != "revocation."+string(a.Status) {
					t.Error(a.Code())
				}
			})
		}
	}
}

// TestOCSPSignedWithPSS: with each digest, its parameters NULL or left out.
func TestOCSPSignedWithPSS(t *testing.T) {
	p := newPKI(t, "rsa")
	cert := p.issue(t, p.key, nil)
	identifier := func(parameters []byte) []byte { return tlv(0x30, der(t, oidPSS), parameters) }
	usual := func(i byte) string {
		return "\x30\x34\xa0\x0f\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02" + string(i) + "\x05\x00\xa1\x1c\x30\x1a" +
			"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x08\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02" + string(i) + "\x05\x00\xa2\x03\x02\x01" + string(16+16*i)
	}
	short := "\x30\x30\xa0\x0d\x30\x0b\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x01\xa1\x1a\x30\x18" +
		"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x08\x30\x0b\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x01\xa2\x03\x02\x01\x20"
	sha256, sha384, sha512 := pssKey{p.key.(*rsa.PrivateKey), crypto.SHA256}, pssKey{p.key.(*rsa.PrivateKey), crypto.SHA384}, pssKey{p.key.(*rsa.PrivateKey), crypto.SHA512}
	for name, tt := range map[string]struct {
		key        crypto.Signer
		parameters string
		why        Why // empty: the answer is good
	}{
		"SHA-256":           {sha256, usual(1), ""},
		"SHA-384":           {sha384, usual(2), ""},
		"SHA-512":           {sha512, usual(3), ""},
		"without NULL":      {sha256, short, ""},
		"of another digest": {sha256, usual(2), Forged},
		"PKCS #1 v1.5":      {p.key, usual(1), Forged},
		"SHA-1 by default":  {sha256, "\x30\x00", Unsupported},
		"a shorter salt":    {sha256, strings.TrimSuffix(usual(1), "\x20") + "\x10", Unsupported},
		"no parameters":     {sha256, "", Unsupported},
	} {
		t.Run(name, func(t *testing.T) {
			r := p.good(cert)
			r.key, r.algorithm = tt.key, identifier([]byte(tt.parameters))
			a := JudgeOCSP(r.build(t), cert, p.root, Question{Now: now})
			if (a.Status == Good) != (tt.why == "") || a.Why != tt.why {
				t.Errorf("%s: %s %s", a.Status, a.Why, a.Detail)
			}
		})
	}
}

func TestOCSPNotKnown(t *testing.T) {
	p, stranger := newPKI(t, "ecdsa"), makePKI(t, "ecdsa")
	cert := p.issue(t, p.key, nil)
	expired := p.issue(t, p.key, func(c *smx509.Certificate) { c.NotAfter = now.AddDate(0, 0, -1) })
	responderKey := newKey(t, "ecdsa")
	delegated := func(from *pki, change func(*smx509.Certificate)) func(*response) {
		return func(r *response) {
			c := from.issue(t, responderKey, change)
			r.key, r.certs, r.responderID = responderKey, []*smx509.Certificate{c}, byKey(c, oidSHA1)
		}
	}
	sha1Signature := tlv(0x30, []byte{6, 7, 0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 1})
	criticalExtension := tlv(0xa1, tlv(0x30, tlv(0x30, []byte{6, 3, 0x2a, 3, 4}, tlv(1, []byte{0xff}), tlv(4))))
	for _, tt := range []struct {
		name   string
		why    Why
		change func(r *response)
	}{
		{"unknown to the responder", NotListed, func(r *response) { r.certStatus = []byte{0x82, 0} }},
		{"try later", Declined, func(r *response) { r.after = func([]byte) []byte { return tlv(0x30, []byte{10, 1, 3}) } }},
		{"not authorised", Declined, func(r *response) { r.after = func([]byte) []byte { return tlv(0x30, []byte{10, 1, 6}) } }},
		{"a status that is none", Malformed, func(r *response) { r.after = func([]byte) []byte { return tlv(0x30, []byte{10, 1, 4}) } }},
		{"declined with an answer", Malformed, func(r *response) { r.status = []byte{10, 1, 3} }},

		{"another certificate", OtherCertificate, func(r *response) { r.serial = big.NewInt(5) }},
		{"another issuer", OtherCertificate, func(r *response) { r.issuer = stranger.root }},
		{"unknown names", OtherCertificate, func(r *response) { r.hash = oid{1, 2, 3} }},
		{"twice", Malformed, func(r *response) { r.twice = true }},

		{"an older answer to another request", WrongNonce, func(r *response) { r.extensions = nonceExtension(t, []byte("other")) }},
		{"stale", Stale, func(r *response) {
			r.thisUpdate, r.nextUpdate = gt(now.Add(-2*time.Hour)), tlv(0xa0, gt(now.Add(-time.Hour)))
		}},
		{"stale without an end", Stale, func(r *response) { r.thisUpdate, r.nextUpdate = gt(now.Add(-25*time.Hour)), nil }},
		{"on hold, and stale", Stale, func(r *response) {
			r.certStatus = revokedStatus(now.Add(-48*time.Hour), 6)
			r.thisUpdate, r.nextUpdate = gt(now.Add(-2*time.Hour)), tlv(0xa0, gt(now.Add(-time.Hour)))
		}},
		{"of tomorrow", NotYet, func(r *response) { r.thisUpdate, r.nextUpdate = gt(now.Add(24*time.Hour)), nil }},
		{"made tomorrow", NotYet, func(r *response) { r.producedAt = gt(now.Add(24 * time.Hour)) }},
		{"ends before it begins", Malformed, func(r *response) { r.nextUpdate = tlv(0xa0, gt(now.Add(-2*time.Hour))) }},

		{"signed by a stranger in the issuer's name", Forged, func(r *response) { r.key = stranger.key }},
		{"signed by a stranger", WrongResponder, func(r *response) { r.key, r.responderID = stranger.key, byKey(stranger.root, oidSHA1) }},
		{"signed by a stranger who is inside", WrongResponder, func(r *response) {
			r.key, r.responderID, r.certs = stranger.key, byKey(stranger.root, oidSHA1), []*smx509.Certificate{stranger.root}
		}},
		{"appointed by a stranger", WrongResponder, delegated(stranger, appoint)},
		{"appointed for nothing", WrongResponder, delegated(p, func(c *smx509.Certificate) { appoint(c); c.ExtKeyUsage = nil })},
		{"may have been revoked itself", WrongResponder, delegated(p, func(c *smx509.Certificate) { appoint(c); c.ExtraExtensions = nil })},
		{"no longer appointed", WrongResponder, delegated(p, func(c *smx509.Certificate) { appoint(c); c.NotAfter = now.AddDate(0, 0, -1) })},
		{"not yet appointed", WrongResponder, delegated(p, func(c *smx509.Certificate) { appoint(c); c.NotBefore = now.AddDate(0, 0, 1) })},
		{"key for encryption", WrongResponder, delegated(p, func(c *smx509.Certificate) { appoint(c); c.KeyUsage = smx509.KeyUsageKeyAgreement })},
		{"the certificate's own holder answers", WrongResponder, func(r *response) { r.certs, r.responderID = []*smx509.Certificate{cert}, byName(cert) }},
		{"altered", Forged, func(r *response) {
			r.after = func(b []byte) []byte { return bytes.Replace(b, []byte{0x80, 0}, []byte{0x82, 0}, 1) }
		}},

		{"SHA-1", WeakAlgorithm, func(r *response) { r.algorithm = sha1Signature }},
		{"an unknown algorithm", Unsupported, func(r *response) { r.algorithm = tlv(0x30, []byte{6, 3, 0x2a, 3, 4}) }},
		{"the algorithm of another key", Forged, func(r *response) { r.algorithm = algorithmOf(newPKI(t, "sm2").key) }},
		{"parameters", Unsupported, func(r *response) {
			r.algorithm = tlv(0x30, []byte{6, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 2}, tlv(2, []byte{1}))
		}},
		{"another kind of response", Unsupported, func(r *response) { r.kind = []byte{6, 3, 0x2a, 3, 4} }},
		{"another version", Unsupported, func(r *response) { r.version = tlv(0xa0, tlv(2, []byte{1})) }},
		{"a critical extension", Unsupported, func(r *response) { r.extensions = criticalExtension }},
		{"a critical extension of the single one", Unsupported, func(r *response) { r.singleExtensions = criticalExtension }},

		{"no responder", Malformed, func(r *response) { r.responderID = nil }},
		{"an unknown status", Malformed, func(r *response) { r.certStatus = []byte{0x83, 0} }},
		{"good with something in it", Malformed, func(r *response) { r.certStatus = tlv(0x80, []byte{0}) }},
		{"revoked for no known reason", Malformed, func(r *response) { r.certStatus = revokedStatus(now, 7) }},
		{"given back", Malformed, func(r *response) { r.certStatus = revokedStatus(now, 8) }},
		{"a certificate nobody can read", Malformed, func(r *response) { r.certs = []*smx509.Certificate{{Raw: tlv(0x30, tlv(2, []byte{1}))}} }},
		{"UTCTime", Malformed, func(r *response) { r.thisUpdate = tlv(0x17, []byte("261125120000Z")) }},
		{"something behind", Malformed, func(r *response) { r.after = func(b []byte) []byte { return append(b, 0) } }},
		{"cut off", Malformed, func(r *response) { r.after = func(b []byte) []byte { return b[:len(b)-1] } }},
		{"nothing", Malformed, func(r *response) { r.after = func([]byte) []byte { return nil } }},
		{"too long", TooLarge, func(r *response) { r.after = func([]byte) []byte { return make([]byte, MaxOCSP+1) } }},
		{"too many certificates", TooLarge, func(r *response) {
			for range maxResponders + 1 {
				r.certs = append(r.certs, cert)
			}
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := p.good(cert)
			tt.change(r)
			a := JudgeOCSP(r.build(t), cert, p.root, Question{Now: now, Nonce: []byte("nonce")})
			if a.Status != NotKnown || a.Why != tt.why || a.Detail == "" || a.Code() != "revocation."+string(tt.why) || a.Raw != nil {
				t.Errorf("got %s %s (%s), want %s", a.Status, a.Why, a.Detail, tt.why)
			}
		})
	}
	if a := JudgeOCSP(p.good(cert).build(t), cert, stranger.root, Question{Now: now}); a.Why != OtherCertificate {
		t.Errorf("asked about another issuer: %+v", a)
	}
	if a := JudgeOCSP(p.good(expired).build(t), expired, p.root, Question{Now: now}); a.Why != AfterExpiry {
		t.Errorf("good after its expiry: %+v", a)
	}
}

// An answer inside a document speaks about the moment of signing if it is not older, however long ago that is now.
func TestPastMoments(t *testing.T) {
	p := newPKI(t, "sm2")
	cert := p.issue(t, p.key, nil)
	r := p.good(cert) // of an hour ago, for two hours
	for _, tt := range []struct {
		name    string
		at, now time.Duration // from the tests' present
		want    Status
	}{
		{"years later", 0, 5 * 365 * 24 * time.Hour, Good},
		{"years later, about that time", 5 * 365 * 24 * time.Hour, 5 * 365 * 24 * time.Hour, NotKnown},
		{"about the day before", -24 * time.Hour, 0, Good},
		{"about a while after its end", 2 * time.Hour, 3 * time.Hour, NotKnown},
		{"about the future", 48 * time.Hour, 0, Good}, // which is the present
	} {
		q := Question{At: now.Add(tt.at), Now: now.Add(tt.now)}
		if a := JudgeOCSP(r.build(t), cert, p.root, q); a.Status != tt.want {
			t.Errorf("%s: %s %s", tt.name, a.Status, a.Detail)
		}
		list := crl(t, p, nil)
		if a := JudgeCRL(list, cert, p.root, q); a.Status != tt.want {
			t.Errorf("%s, list: %s %s", tt.name, a.Status, a.Detail)
		}
	}
}

func crl(t testing.TB, p *pki, change func(*smx509.RevocationList), serials ...*big.Int) []byte {
	t.Helper()
	list := &smx509.RevocationList{Number: big.NewInt(1), ThisUpdate: now.Add(-time.Hour), NextUpdate: now.Add(time.Hour)}
	for _, n := range serials {
		list.RevokedCertificateEntries = append(list.RevokedCertificateEntries,
			smx509.RevocationListEntry{SerialNumber: n, RevocationTime: now.Add(-48 * time.Hour), ReasonCode: 4})
	}
	if change != nil {
		change(list)
	}
	der, err := smx509.CreateRevocationList(rand.Reader, list, p.root, p.key)
	if err != nil {
		t.Fatal(err)
	}
	return der
}

func TestLists(t *testing.T) {
	for _, alg := range algorithms {
		p := newPKI(t, alg)
		cert := p.issue(t, p.key, nil)
		raw := crl(t, p, nil, big.NewInt(5))
		if a := JudgeCRL(raw, cert, p.root, Question{Now: now}); a.Status != Good || a.Source != CRL || !bytes.Equal(a.Raw, raw) || !a.NextUpdate.Equal(now.Add(time.Hour)) {
			t.Errorf("%s: %+v", alg, a)
		}
		a := JudgeCRL(crl(t, p, nil, big.NewInt(5), cert.SerialNumber), cert, p.root, Question{Now: now})
		if a.Status != Revoked || !a.RevokedAt.Equal(now.Add(-48*time.Hour)) || a.Reason != "superseded" {
			t.Errorf("%s: %+v", alg, a)
		}
		// Whatever byte is altered, it is not good any more.
		for i := range raw {
			bad := bytes.Clone(raw)
			bad[i] ^= 1
			if a := JudgeCRL(bad, cert, p.root, Question{Now: now}); a.Status != NotKnown {
				t.Errorf("%s: byte %d altered: %s", alg, i, a.Status)
			}
		}
	}
}

func TestListsNotKnown(t *testing.T) {
	p, stranger := newPKI(t, "ecdsa"), makePKI(t, "ecdsa")
	point := "http://crl.example.cn/1.crl"
	cert := p.issue(t, p.key, func(c *smx509.Certificate) { c.CRLDistributionPoints = []string{point} })
	extension := func(o oid, critical bool, value []byte) func(*smx509.RevocationList) {
		return func(l *smx509.RevocationList) {
			l.ExtraExtensions = []pkix.Extension{{Id: o, Critical: critical, Value: value}}
		}
	}
	uri := func(s string) []byte { return tlv(0xa0, tlv(0xa0, tlv(0x86, []byte(s)))) }
	entry := func(change func(*smx509.RevocationListEntry)) func(*smx509.RevocationList) {
		return func(l *smx509.RevocationList) { change(&l.RevokedCertificateEntries[0]) }
	}
	for _, tt := range []struct {
		name   string
		status Status
		why    Why
		list   []byte
	}{
		{"of the certificate's point", Good, "", crl(t, p, extension(oidIssuingPoint, true, tlv(0x30, uri(point))))},
		{"of users' certificates", Good, "", crl(t, p, extension(oidIssuingPoint, true, tlv(0x30, tlv(0x81, []byte{0xff}))))},
		{"of another point", NotKnown, OtherCertificate, crl(t, p, extension(oidIssuingPoint, true, tlv(0x30, uri(point+"2"))))},
		{"of a relative point", NotKnown, Unsupported, crl(t, p, extension(oidIssuingPoint, true, tlv(0x30, tlv(0xa0, tlv(0xa1)))))},
		{"of authorities", NotKnown, OtherCertificate, crl(t, p, extension(oidIssuingPoint, true, tlv(0x30, tlv(0x82, []byte{0xff}))))},
		{"of some reasons", NotKnown, Unsupported, crl(t, p, extension(oidIssuingPoint, true, tlv(0x30, tlv(0x83, []byte{1, 0x40}))))},
		{"indirect", NotKnown, Unsupported, crl(t, p, extension(oidIssuingPoint, true, tlv(0x30, tlv(0x84, []byte{0xff}))))},
		{"indirect, not critical", NotKnown, Unsupported, crl(t, p, extension(oidIssuingPoint, false, tlv(0x30, tlv(0x84, []byte{0xff}))))},
		{"delta", NotKnown, Unsupported, crl(t, p, extension(oidDeltaCRL, true, tlv(2, []byte{1})))},
		{"an unknown critical extension", NotKnown, Unsupported, crl(t, p, extension(oid{1, 2, 3}, true, nil))},
		{"an unknown extension", Good, "", crl(t, p, extension(oid{1, 2, 3}, false, nil))},
		{"an entry of another issuer", NotKnown, Unsupported, crl(t, p, entry(func(e *smx509.RevocationListEntry) {
			e.ExtraExtensions = []pkix.Extension{{Id: oid{2, 5, 29, 29}, Critical: true, Value: tlv(0x30)}}
		}), big.NewInt(9))},
		{"given back", NotKnown, Malformed, crl(t, p, entry(func(e *smx509.RevocationListEntry) { e.ReasonCode = 8 }), cert.SerialNumber)},
		{"stale", NotKnown, Stale, crl(t, p, func(l *smx509.RevocationList) {
			l.ThisUpdate, l.NextUpdate = now.Add(-2*time.Hour), now.Add(-time.Hour)
		})},
		{"stale, but revoked", Revoked, "", crl(t, p, func(l *smx509.RevocationList) {
			l.ThisUpdate, l.NextUpdate = now.Add(-2*time.Hour), now.Add(-time.Hour)
		}, cert.SerialNumber)},
		{"of tomorrow", NotKnown, NotYet, crl(t, p, func(l *smx509.RevocationList) {
			l.ThisUpdate, l.NextUpdate = now.Add(24*time.Hour), now.Add(48*time.Hour)
		})},
		{"of a stranger of the same name", NotKnown, Forged, crl(t, stranger, nil)},
		{"of another", NotKnown, WrongResponder, crl(t, newPKI(t, "sm2"), nil)},
		{"something behind", NotKnown, Malformed, append(crl(t, p, nil), 0)},
		{"rubbish", NotKnown, Malformed, []byte("rubbish")},
		{"an OCSP answer", NotKnown, Malformed, p.good(cert).build(t)},
		{"too long", NotKnown, TooLarge, make([]byte, MaxCRL+1)},
	} {
		t.Run(tt.name, func(t *testing.T) {
			a := JudgeCRL(tt.list, cert, p.root, Question{Now: now})
			if a.Status != tt.status || a.Why != tt.why {
				t.Errorf("got %s %s (%s), want %s %s", a.Status, a.Why, a.Detail, tt.status, tt.why)
			}
		})
	}
	mute := p.issue(t, p.key, func(c *smx509.Certificate) {
		c.IsCA, c.KeyUsage, c.Subject = true, smx509.KeyUsageCertSign, p.root.Subject
	})
	if a := JudgeCRL(crl(t, p, nil), cert, mute, Question{Now: now}); a.Why != WrongResponder {
		t.Errorf("an issuer who may not sign lists: %+v", a)
	}
	weak := crl(t, p, func(l *smx509.RevocationList) { l.SignatureAlgorithm = smx509.ECDSAWithSHA1 })
	if a := JudgeCRL(weak, cert, p.root, Question{Now: now}); a.Why != WeakAlgorithm {
		t.Errorf("SHA-1: %+v", a)
	}
}

// Whatever single byte of an answer is altered, it does not become another answer.
func TestEveryByteCounts(t *testing.T) {
	for _, alg := range []string{"ecdsa", "sm2"} {
		p := newPKI(t, alg)
		cert := p.issue(t, p.key, nil)
		raw := p.good(cert).build(t)
		for i := range raw {
			for _, mask := range []byte{1, 0x80} {
				bad := bytes.Clone(raw)
				bad[i] ^= mask
				if a := JudgeOCSP(bad, cert, p.root, Question{Now: now}); a.Status != NotKnown {
					t.Errorf("%s: byte %d altered: %s", alg, i, a.Status)
				}
			}
		}
	}
}

// Every reason has its sentence.
func TestFindings(t *testing.T) {
	whys := []Why{NoAddress, NotAsked, Unreachable, Declined, NotListed, Malformed, TooLarge, OtherCertificate, WrongResponder,
		Forged, WrongNonce, Stale, NotYet, AfterExpiry, WeakAlgorithm, Unsupported}
	if len(catalogue.Known) != len(whys)+1 {
		t.Errorf("%d sentences for %d reasons", len(catalogue.Known), len(whys))
	}
	for _, why := range whys {
		a := unknown(why, "because")
		if f := a.Finding("somebody"); f.Code != a.Code() || !strings.Contains(f.Message, "somebody") || strings.Contains(f.Message, "{") {
			t.Errorf("%+v", f)
		}
	}
	a := Answer{Status: Revoked, RevokedAt: now, Reason: "superseded"}
	if f := a.Finding("somebody"); f.Code != a.Code() || f.Message != "somebody was revoked at 2026-11-25T12:00:00Z: superseded" {
		t.Errorf("%+v", f)
	}
}

func FuzzJudge(f *testing.F) {
	p := newPKI(f, "ecdsa")
	cert := p.issue(f, p.key, nil)
	f.Add(p.good(cert).build(f))
	r := p.good(cert)
	r.certStatus, r.extensions, r.certs = revokedStatus(now, 1), nonceExtension(f, []byte("n")), []*smx509.Certificate{cert}
	f.Add(r.build(f))
	f.Add(crl(f, p, nil, big.NewInt(5)))
	f.Add(tlv(0x30, []byte{10, 1, 6}))
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, a := range []Answer{JudgeOCSP(data, cert, p.root, Question{Now: now}), JudgeCRL(data, cert, p.root, Question{Now: now})} {
			if a.Status == NotKnown && (a.Why == "" || a.Raw != nil) || a.Status != NotKnown && a.Source == "" {
				t.Errorf("%+v", a)
			}
		}
		_, _ = parseOCSP(data)
		_ = pointCovers(data, cert)
	})
}
