package tsa

import (
	"bytes"
	"context"
	"crypto"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"io"
	"math/big"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emmansun/gmsm/sm3"
	"github.com/emmansun/gmsm/smx509"
	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"

	"sealdesk/signer/cms"
	"sealdesk/signer/cms/cmstest"
	"sealdesk/signer/fetch"
)

var (
	testPolicy = asn1.ObjectIdentifier{1, 2, 156, 999999, 1}
	sha        = sha256.Sum256([]byte("content"))
	imprint    = Imprint{"SHA256", sha[:]}
	parties    sync.Map
)

// party makes each algorithm's authority once: keys take their time.
func party(t testing.TB, algorithm string) *cmstest.Party {
	t.Helper()
	if p, ok := parties.Load(algorithm); ok {
		return p.(*cmstest.Party)
	}
	p := cmstest.New(t, algorithm, cmstest.Options{Name: "Test TSA", Extensions: []pkix.Extension{cmstest.TimeStamping}})
	parties.Store(algorithm, p)
	return p
}

func authority(t testing.TB, c AuthorityConfig, algorithms ...string) *Authority {
	t.Helper()
	for _, alg := range algorithms {
		p := party(t, alg)
		c.Pairs = append(c.Pairs, Pair{p.Key, p.Chain})
	}
	c.Policy = testPolicy
	a, err := NewAuthority(c)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// serve answers requests over HTTP with what answer makes of them.
func serve(t *testing.T, answer func(context.Context, []byte) ([]byte, error)) string {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Content-Type") != RequestType {
			t.Errorf("content type %q", r.Header.Get("Content-Type"))
		}
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		out, err := answer(r.Context(), body)
		if err != nil {
			t.Error(err)
		}
		w.Header().Set("Content-Type", AnswerType)
		_, _ = w.Write(out)
	}))
	t.Cleanup(s.Close)
	return s.URL
}

func TestStamp(t *testing.T) {
	for _, tt := range []struct{ key, hash, algorithm string }{
		{"rsa", "SHA256", "RSA-SHA256"}, {"ecdsa", "SHA256", "ECDSA-SHA256"}, {"p384", "SHA512", "ECDSA-SHA384"},
		{"sm2", "SM3", "SM2-SM3"}, {"sm2", "SHA256", "SM2-SM3"}, {"rsa", "SM3", "RSA-SHA256"},
	} {
		t.Run(tt.key+" "+tt.hash, func(t *testing.T) {
			oid, err := cms.DigestOID(tt.hash)
			if err != nil {
				t.Fatal(err)
			}
			_, new, err := cms.DigestByOID(oid)
			if err != nil {
				t.Fatal(err)
			}
			h := new()
			h.Write([]byte("content"))
			now := time.Date(2026, 11, 25, 12, 0, 0, 120e6, time.UTC)
			clock := func() time.Time { return now }
			a := authority(t, AuthorityConfig{Accuracy: 1500250 * time.Microsecond, Now: clock}, tt.key)
			c := Client{URL: serve(t, a.Stamp), Roots: []*smx509.Certificate{party(t, tt.key).Root}, Policy: testPolicy, Now: clock}
			token, err := c.Stamp(t.Context(), Imprint{tt.hash, h.Sum(nil)})
			if err != nil {
				t.Fatal(err)
			}
			if !token.Time.Equal(now) || token.Accuracy != 1500250*time.Microsecond || !token.Policy.Equal(testPolicy) || token.Algorithm() != tt.algorithm {
				t.Errorf("%+v, %s", token.Info, token.Algorithm())
			}
			again := token.NewHash()
			again.Write([]byte("content"))
			if err := token.Check(again.Sum(nil)); err != nil {
				t.Error(err)
			}
			if !token.Certificate().Equal(party(t, tt.key).Chain[0]) || len(token.Certificates()) != 2 {
				t.Error("other certificates")
			}
			copied, err := ParseToken(token.Raw())
			if err != nil || copied.Serial.Cmp(token.Serial) != 0 {
				t.Error(err)
			}
		})
	}
}

// Of two keys, the one of the digest's family signs.
func TestAuthorityHasKeysOfBothKinds(t *testing.T) {
	a := authority(t, AuthorityConfig{}, "ecdsa", "sm2")
	sum := sm3.Sum([]byte("content"))
	for want, m := range map[string]Imprint{"SM2-SM3": {"SM3", sum[:]}, "ECDSA-SHA256": imprint} {
		if got := tokenOf(t, a, Request{Imprint: m, Certificates: true}); got.Algorithm() != want {
			t.Errorf("%s is stamped with %s", m.Hash, got.Algorithm())
		}
	}
}

func ask(t *testing.T, a *Authority, r Request) []byte {
	t.Helper()
	query, err := r.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	answer, err := a.Stamp(t.Context(), query)
	if err != nil {
		t.Fatal(err)
	}
	return answer
}

func tokenOf(t *testing.T, a *Authority, r Request) *Token {
	t.Helper()
	der, err := readAnswer(ask(t, a, r))
	if err != nil {
		t.Fatal(err)
	}
	token, err := ParseToken(der)
	if err != nil {
		t.Fatal(err)
	}
	return token
}

func TestAuthorityRefuses(t *testing.T) {
	now := time.Now()
	a := authority(t, AuthorityConfig{Now: func() time.Time { return now }}, "ecdsa")
	marshal := func(r Request) []byte {
		der, err := r.Marshal()
		if err != nil {
			t.Fatal(err)
		}
		return der
	}
	good := marshal(Request{Imprint: imprint})
	for _, tt := range []struct {
		name    string
		request []byte
		f       failure
	}{
		{"another policy", marshal(Request{Imprint: imprint, Policy: asn1.ObjectIdentifier{1, 2, 3}}), unacceptedPolicy},
		{"nothing", nil, badDataFormat},
		{"rubbish", []byte("rubbish"), badDataFormat},
		{"something behind", append(bytes.Clone(good), 0), badDataFormat},
		{"too long", make([]byte, MaxRequest+1), badDataFormat},
		{"SHA-1", bytes.Replace(good, []byte{6, 9, 0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 1}, []byte{6, 9, 0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 9}, 1), badAlg},
		{"digest of another length", bytes.Replace(good, []byte{6, 9, 0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 1}, []byte{6, 9, 0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 2}, 1), badDataFormat},
		{"a critical extension", withExtension(good), unacceptedExtension},
	} {
		t.Run(tt.name, func(t *testing.T) {
			answer, err := a.Stamp(t.Context(), tt.request)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := readAnswer(answer); !errors.Is(err, &Error{Kind: Refused}) || !strings.Contains(err.Error(), failures[tt.f]) {
				t.Errorf("%v", err)
			}
		})
	}
	tokenOf(t, a, Request{Imprint: imprint, Certificates: true})
	now = now.Add(-time.Second)
	if _, err := readAnswer(ask(t, a, Request{Imprint: imprint})); err == nil || !strings.Contains(err.Error(), failures[timeNotAvailable]) {
		t.Errorf("a clock that went back: %v", err)
	}
	now = now.Add(time.Second)
	tokenOf(t, a, Request{Imprint: imprint, Certificates: true})
	for name, extensions := range map[string][]pkix.Extension{
		"no usage":     nil,
		"not critical": {{Id: cmstest.TimeStamping.Id, Value: cmstest.TimeStamping.Value}},
		"not alone": {{Id: cmstest.TimeStamping.Id, Critical: true,
			Value: append([]byte{0x30, 20}, append(bytes.Clone(cmstest.TimeStamping.Value[2:]), 6, 8, 0x2b, 6, 1, 5, 5, 7, 3, 9)...)}},
	} {
		p := cmstest.New(t, "ecdsa", cmstest.Options{Extensions: extensions})
		if _, err := NewAuthority(AuthorityConfig{Pairs: []Pair{{p.Key, p.Chain}}, Policy: testPolicy}); !errors.Is(err, &Error{Kind: WrongUsage}) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// withExtension puts a critical extension into a request.
func withExtension(request []byte) []byte {
	ext := []byte{0xa0, 12, 0x30, 10, 6, 3, 0x2a, 3, 4, 1, 1, 0xff, 4, 0}
	out := append(bytes.Clone(request), ext...)
	out[1] += byte(len(ext))
	return out
}

func TestPairInPEM(t *testing.T) {
	p := party(t, "sm2")
	good, err := Pair{p.Key, p.Chain}.MarshalPEM()
	if err != nil {
		t.Fatal(err)
	}
	got, err := ParsePair(good)
	if err != nil || len(got.Chain) != 2 || !got.Chain[0].Equal(p.Chain[0]) || !got.Chain[1].Equal(p.Chain[1]) {
		t.Fatalf("%v, %v", got, err)
	}
	if _, err := NewAuthority(AuthorityConfig{Pairs: []Pair{got}, Policy: testPolicy}); err != nil {
		t.Error(err)
	}
	cut := bytes.Index(good, []byte("-----BEGIN CERT"))
	for name, data := range map[string][]byte{
		"nothing": nil, "key alone": good[:cut], "certificates alone": good[cut:], "two keys": append(bytes.Clone(good[:cut]), good...),
		"rubbish behind": append(bytes.Clone(good), "rubbish"...), "a spoilt key": bytes.Replace(good, []byte("MI"), []byte("AA"), 1),
	} {
		if _, err := ParsePair(data); !errors.Is(err, &Error{Kind: Malformed}) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := NewAuthority(AuthorityConfig{Pairs: []Pair{{p.Key, party(t, "ecdsa").Chain}}, Policy: testPolicy}); err == nil {
		t.Error("a key with another's certificate")
	}
}

func TestSerialNumbersDiffer(t *testing.T) {
	// The same instant, in two authorities: one that was started again.
	now := time.Now()
	seen := map[string]bool{}
	for range 2 {
		a := authority(t, AuthorityConfig{Now: func() time.Time { return now }}, "sm2")
		for range 50 {
			n := tokenOf(t, a, Request{Imprint: imprint, Certificates: true}).Serial
			if seen[n.String()] || n.BitLen() > 160 || n.Sign() <= 0 {
				t.Fatalf("serial number %v", n)
			}
			seen[n.String()] = true
		}
	}
}

// stamped is a token that an authority would not make: its parts can be changed
// before they are signed.
type stamped struct {
	party       *cmstest.Party
	contentType asn1.ObjectIdentifier
	omit        bool
	after       func(token []byte) []byte
	digest      []byte
	roots       []*smx509.Certificate
	at          time.Time
}

// fields of a TSTInfo, in their order.
type fields struct{ version, policy, imprint, serial, time, accuracy, ordering, nonce, name, extensions []byte }

func tlv(tag byte, content ...[]byte) []byte {
	c := bytes.Join(content, nil)
	if len(c) < 128 {
		return append([]byte{tag, byte(len(c))}, c...)
	}
	if len(c) < 256 {
		return append([]byte{tag, 0x81, byte(len(c))}, c...)
	}
	return append([]byte{tag, 0x82, byte(len(c) >> 8), byte(len(c))}, c...)
}

func (f fields) der() []byte {
	return tlv(0x30, f.version, f.policy, f.imprint, f.serial, f.time, f.accuracy, f.ordering, f.nonce, f.name, f.extensions)
}

var oidSHA256 = []byte{6, 9, 0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 1}

func goodFields() fields {
	return fields{
		version: tlv(2, []byte{1}), policy: tlv(6, []byte{0x2a, 3}), imprint: tlv(0x30, tlv(0x30, oidSHA256), tlv(4, sha[:])),
		serial: tlv(2, []byte{7}), time: tlv(0x18, []byte("20261125120000.5Z")), nonce: tlv(2, []byte{9}),
	}
}

func TestTokens(t *testing.T) {
	p := party(t, "ecdsa")
	future := time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC)
	made := time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)
	usage := func(x ...pkix.Extension) *cmstest.Party {
		return cmstest.New(t, "ecdsa", cmstest.Options{Extensions: x})
	}
	short := cmstest.New(t, "ecdsa", cmstest.Options{Extensions: []pkix.Extension{cmstest.TimeStamping}, NotAfter: made.AddDate(0, 0, 1)})
	late := cmstest.New(t, "ecdsa", cmstest.Options{Extensions: []pkix.Extension{cmstest.TimeStamping}, NotBefore: made.AddDate(0, 0, 1)})
	encrypts := cmstest.New(t, "ecdsa", cmstest.Options{Extensions: []pkix.Extension{cmstest.TimeStamping}, KeyUsage: smx509.KeyUsageKeyAgreement})
	for _, tt := range []struct {
		name   string
		kind   Kind // "": accepted
		change func(f *fields, s *stamped)
	}{
		{"nothing changed", "", func(*fields, *stamped) {}},
		{"digest with NULL", "", func(f *fields, s *stamped) { f.imprint = tlv(0x30, tlv(0x30, oidSHA256, []byte{5, 0}), tlv(4, sha[:])) }},
		{"everything said", "", func(f *fields, s *stamped) {
			f.accuracy, f.ordering = tlv(0x30, tlv(2, []byte{1}), tlv(0x80, []byte{5}), tlv(0x81, []byte{6})), tlv(1, []byte{0xff})
			f.name = tlv(0xa0, tlv(0xa4, p.Chain[0].RawSubject))
			f.extensions = tlv(0xa1, tlv(0x30, tlv(6, []byte{0x2a, 3, 4}), tlv(4)))
		}},
		{"ordering's FALSE said", "", func(f *fields, s *stamped) { f.ordering = tlv(1, []byte{0}) }},

		{"another digest", ImprintMismatch, func(f *fields, s *stamped) { s.digest = make([]byte, 32) }},
		{"half a digest", ImprintMismatch, func(f *fields, s *stamped) { s.digest = sha[:16] }},
		{"version 2", Malformed, func(f *fields, s *stamped) { f.version = tlv(2, []byte{2}) }},
		{"no policy", Malformed, func(f *fields, s *stamped) { f.policy = nil }},
		{"digest of another length", Malformed, func(f *fields, s *stamped) { f.imprint = tlv(0x30, tlv(0x30, oidSHA256), tlv(4, sha[:31])) }},
		{"SHA-1", WeakAlgorithm, func(f *fields, s *stamped) {
			f.imprint = tlv(0x30, tlv(0x30, tlv(6, []byte{0x2b, 14, 3, 2, 26})), tlv(4, sha[:20]))
		}},
		{"unknown digest", UnsupportedAlgorithm, func(f *fields, s *stamped) { f.imprint = tlv(0x30, tlv(0x30, tlv(6, []byte{0x2a, 3})), tlv(4, sha[:])) }},
		{"digest with parameters", Malformed, func(f *fields, s *stamped) {
			f.imprint = tlv(0x30, tlv(0x30, oidSHA256, tlv(2, []byte{1})), tlv(4, sha[:]))
		}},
		{"serial number too long", Malformed, func(f *fields, s *stamped) { f.serial = tlv(2, bytes.Repeat([]byte{1}, 40)) }},
		{"serial number not minimal", Malformed, func(f *fields, s *stamped) { f.serial = tlv(2, []byte{0, 1}) }},
		{"local time", Malformed, func(f *fields, s *stamped) { f.time = tlv(0x18, []byte("20261125120000+0800")) }},
		{"time without seconds", Malformed, func(f *fields, s *stamped) { f.time = tlv(0x18, []byte("202611251200Z")) }},
		{"fraction with a zero", Malformed, func(f *fields, s *stamped) { f.time = tlv(0x18, []byte("20261125120000.50Z")) }},
		{"fraction with a comma", Malformed, func(f *fields, s *stamped) { f.time = tlv(0x18, []byte("20261125120000,5Z")) }},
		{"a day that is not", Malformed, func(f *fields, s *stamped) { f.time = tlv(0x18, []byte("20260230120000Z")) }},
		{"UTCTime", Malformed, func(f *fields, s *stamped) { f.time = tlv(0x17, []byte("261125120000Z")) }},
		{"accuracy of 1000 ms", Malformed, func(f *fields, s *stamped) { f.accuracy = tlv(0x30, tlv(0x80, []byte{3, 0xe8})) }},
		{"accuracy below zero", Malformed, func(f *fields, s *stamped) { f.accuracy = tlv(0x30, tlv(2, []byte{0xff})) }},
		{"accuracy of centuries", Malformed, func(f *fields, s *stamped) { f.accuracy = tlv(0x30, tlv(2, bytes.Repeat([]byte{0x7f}, 7))) }},
		{"a critical extension", UnknownExtension, func(f *fields, s *stamped) {
			f.extensions = tlv(0xa1, tlv(0x30, tlv(6, []byte{0x2a, 3, 4}), tlv(1, []byte{0xff}), tlv(4)))
		}},
		{"empty extensions", Malformed, func(f *fields, s *stamped) { f.extensions = tlv(0xa1) }},
		{"something behind TSTInfo's fields", Malformed, func(f *fields, s *stamped) { f.extensions = tlv(4) }},
		{"another authority's name", CertificateMismatch, func(f *fields, s *stamped) { f.name = tlv(0xa0, tlv(0xa4, p.Chain[1].RawSubject)) }},

		{"another content type", Malformed, func(f *fields, s *stamped) { s.contentType = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 16, 1, 9} }},
		{"no certificates", NoCertificate, func(f *fields, s *stamped) { s.omit = true }},
		{"time altered", Forged, func(f *fields, s *stamped) {
			s.after = func(b []byte) []byte { return bytes.Replace(b, []byte("20261125120000"), []byte("20251125120000"), 1) }
		}},
		{"signature altered", Forged, func(f *fields, s *stamped) {
			s.after = func(b []byte) []byte { b[len(b)-1] ^= 1; return b }
		}},
		{"certificate exchanged", CertificateMismatch, func(f *fields, s *stamped) {
			// Made by the same issuer for the same name and number, as an attacker with another certificate would wish.
			s.after = func(b []byte) []byte {
				other := bytes.Clone(p.Chain[0].Raw)
				other[len(other)-1] ^= 1
				return bytes.Replace(b, p.Chain[0].Raw, other, 1)
			}
		}},
		{"cut off", Malformed, func(f *fields, s *stamped) { s.after = func(b []byte) []byte { return b[:len(b)-1] } }},
		{"something behind", Malformed, func(f *fields, s *stamped) { s.after = func(b []byte) []byte { return append(b, 0) } }},
		{"too long", TooLarge, func(f *fields, s *stamped) { s.after = func(b []byte) []byte { return make([]byte, MaxToken+1) } }},

		{"certificate for documents", WrongUsage, func(f *fields, s *stamped) { s.party = usage() }},
		{"usage not critical", WrongUsage, func(f *fields, s *stamped) {
			s.party = usage(pkix.Extension{Id: cmstest.TimeStamping.Id, Value: cmstest.TimeStamping.Value})
		}},
		{"usage not alone", WrongUsage, func(f *fields, s *stamped) {
			s.party = usage(pkix.Extension{Id: cmstest.TimeStamping.Id, Critical: true,
				Value: append([]byte{0x30, 20}, append(bytes.Clone(cmstest.TimeStamping.Value[2:]), 6, 8, 0x2b, 6, 1, 5, 5, 7, 3, 9)...)})
		}},
		{"key not for signing", WrongUsage, func(f *fields, s *stamped) { s.party = encrypts }},
		{"no roots", NoRoots, func(f *fields, s *stamped) { s.roots = []*smx509.Certificate{} }},
		{"another root", Untrusted, func(f *fields, s *stamped) { s.roots = []*smx509.Certificate{party(t, "sm2").Root} }},
		{"certificate expired since", Expired, func(f *fields, s *stamped) { s.party = short }},
		{"covered in time", "", func(f *fields, s *stamped) { s.party, s.at = short, made.Add(time.Hour) }},
		{"certificate not yet valid", NotValidThen, func(f *fields, s *stamped) { s.party = late }},
		{"certificate expired before", NotValidThen, func(f *fields, s *stamped) { f.time = tlv(0x18, []byte("20491125120000Z")); s.party = short }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f := goodFields()
			s := stamped{party: p, contentType: oidTSTInfo, digest: sha[:], at: future, after: func(b []byte) []byte { return b }}
			tt.change(&f, &s)
			if s.roots == nil {
				s.roots = []*smx509.Certificate{s.party.Root}
			}
			der, err := cms.Builder{Signer: s.party.Key, Chain: s.party.Chain, OmitCertificates: s.omit}.SignAttached(s.contentType, f.der())
			if err != nil {
				t.Fatal(err)
			}
			err = judgeToken(s.after(der), s.digest, s.roots, s.at)
			if tt.kind == "" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			if !errors.Is(err, &Error{Kind: tt.kind}) {
				t.Errorf("got %v, want %s", err, tt.kind)
			}
			if e, ok := errors.AsType[*Error](err); ok && (e.Code() != "tsa."+string(tt.kind) || e.Params()["detail"] == "") {
				t.Errorf("code %s, %v", e.Code(), e.Params())
			}
		})
	}
}

func judgeToken(der, digest []byte, roots []*smx509.Certificate, at time.Time) error {
	token, err := ParseToken(der)
	if err != nil {
		return err
	}
	if err := token.Check(digest); err != nil {
		return err
	}
	_, err = token.Trust(roots, nil, at)
	return err
}

// A token whose signed attributes do not name its certificate is none (RFC 3161, 2.4.2).
func TestTokenNamesItsCertificate(t *testing.T) {
	p := party(t, "ecdsa")
	info := goodFields().der()
	sum := sha256.Sum256(info)
	attribute := func(last byte, value []byte) []byte {
		return tlv(0x30, tlv(6, []byte{0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9, last}), tlv(0x31, value))
	}
	contentType, err := asn1.Marshal(oidTSTInfo)
	if err != nil {
		t.Fatal(err)
	}
	attrs := bytes.Join([][]byte{attribute(3, contentType), attribute(4, tlv(4, sum[:]))}, nil)
	toSign := sha256.Sum256(tlv(0x31, attrs))
	signature, err := p.Key.Sign(rand.Reader, toSign[:], crypto.SHA256)
	if err != nil {
		t.Fatal(err)
	}
	digestAlg, sigAlg := tlv(0x30, oidSHA256), tlv(0x30, tlv(6, []byte{0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 2}))
	serial, err := asn1.Marshal(p.Chain[0].SerialNumber)
	if err != nil {
		t.Fatal(err)
	}
	signer := tlv(0x30, tlv(2, []byte{1}), tlv(0x30, p.Chain[0].RawIssuer, serial), digestAlg, tlv(0xa0, attrs), sigAlg, tlv(4, signature))
	sd := tlv(0x30, tlv(2, []byte{3}), tlv(0x31, digestAlg), tlv(0x30, contentType, tlv(0xa0, tlv(4, info))), tlv(0xa0, p.Chain[0].Raw), tlv(0x31, signer))
	token, err := ParseToken(tlv(0x30, tlv(6, []byte{0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 7, 2}), tlv(0xa0, sd)))
	if err != nil {
		t.Fatal(err)
	}
	if err := token.Check(sha[:]); !errors.Is(err, &Error{Kind: CertificateMismatch}) {
		t.Errorf("%v", err)
	}
}

// Whatever single byte is altered: no token, or still the same statement of the same authority.
func TestEveryByteCounts(t *testing.T) {
	for _, alg := range []string{"ecdsa", "sm2"} {
		a := authority(t, AuthorityConfig{}, alg)
		good := tokenOf(t, a, Request{Imprint: imprint, Certificates: true, Nonce: big.NewInt(5)})
		der, same := good.Raw(), 0
		for i := range der {
			for _, mask := range []byte{1, 0x80} {
				bad := bytes.Clone(der)
				bad[i] ^= mask
				token, err := ParseToken(bad)
				if err != nil || token.Check(sha[:]) != nil {
					continue
				}
				same++
				if !bytes.Equal(token.sd.Content(), good.sd.Content()) || !token.Certificate().Equal(good.Certificate()) {
					t.Errorf("%s: byte %d altered, another statement is accepted", alg, i)
				}
			}
		}
		if same == 2*len(der) {
			t.Error("nothing is ever refused")
		}
	}
}

func TestClientRefuses(t *testing.T) {
	now := time.Now()
	a := authority(t, AuthorityConfig{Now: func() time.Time { return now }}, "ecdsa")
	roots := []*smx509.Certificate{party(t, "ecdsa").Root}
	first := ask(t, a, Request{Imprint: imprint, Nonce: big.NewInt(1), Certificates: true})
	for _, tt := range []struct {
		name   string
		kind   Kind
		answer func(ctx context.Context, query []byte) ([]byte, error)
		change func(c *Client)
	}{
		{"an answer of before", NonceMismatch, func(context.Context, []byte) ([]byte, error) { return first, nil }, nil},
		{"no nonce", NonceMismatch, func(context.Context, []byte) ([]byte, error) {
			return ask(t, a, Request{Imprint: imprint, Certificates: true}), nil
		}, nil},
		{"another digest", ImprintMismatch, func(_ context.Context, q []byte) ([]byte, error) {
			r, err := ParseRequest(q)
			r.Digest[0] ^= 1
			return ask(t, a, r), err
		}, nil},
		{"a digest of another kind", ImprintMismatch, func(_ context.Context, q []byte) ([]byte, error) {
			r, err := ParseRequest(q)
			r.Hash = "SM3"
			return ask(t, a, r), err
		}, nil},
		{"another policy", PolicyMismatch, func(_ context.Context, q []byte) ([]byte, error) {
			r, err := ParseRequest(q)
			r.Policy = nil
			return ask(t, a, r), err
		}, func(c *Client) { c.Policy = asn1.ObjectIdentifier{1, 2, 3} }},
		{"a policy that is refused", Refused, a.Stamp, func(c *Client) { c.Policy = asn1.ObjectIdentifier{1, 2, 3} }},
		{"no certificates", NoCertificate, func(_ context.Context, q []byte) ([]byte, error) {
			r, err := ParseRequest(q)
			r.Certificates = false
			return ask(t, a, r), err
		}, nil},
		{"a clock behind", ClockDiffers, a.Stamp, func(c *Client) { c.Now = func() time.Time { return now.Add(-Skew - time.Minute) } }},
		{"a clock ahead", ClockDiffers, a.Stamp, func(c *Client) { c.Now = func() time.Time { return now.Add(Skew + time.Minute) } }},
		{"a root of another", Untrusted, a.Stamp, func(c *Client) { c.Roots = []*smx509.Certificate{party(t, "sm2").Root} }},
		{"no roots", NoRoots, a.Stamp, func(c *Client) { c.Roots = nil }},
		{"rubbish", Malformed, func(context.Context, []byte) ([]byte, error) { return []byte("rubbish"), nil }, nil},
		{"granted with nothing", Malformed, func(context.Context, []byte) ([]byte, error) { return tlv(0x30, tlv(0x30, tlv(2, []byte{0}))), nil }, nil},
		{"refused with a token", Malformed, func(context.Context, []byte) ([]byte, error) {
			return tlv(0x30, tlv(0x30, tlv(2, []byte{2})), tlv(0x30)), nil
		}, nil},
		{"an unknown status", Malformed, func(context.Context, []byte) ([]byte, error) { return tlv(0x30, tlv(0x30, tlv(2, []byte{9}))), nil }, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := Client{URL: serve(t, tt.answer), Roots: roots}
			if tt.change != nil {
				tt.change(&c)
			}
			if token, err := c.Stamp(t.Context(), imprint); token != nil || !errors.Is(err, &Error{Kind: tt.kind}) {
				t.Errorf("got %v, want %s", err, tt.kind)
			}
		})
	}
	c := Client{URL: serve(t, a.Stamp), Roots: roots}
	if _, err := c.Stamp(t.Context(), Imprint{"SHA1", sha[:20]}); !errors.Is(err, &Error{Kind: UnsupportedAlgorithm}) {
		t.Error(err)
	}
	if _, err := c.Stamp(t.Context(), Imprint{"SHA256", sha[:20]}); !errors.Is(err, &Error{Kind: Malformed}) {
		t.Error(err)
	}
	c.URL = "ftp://127.0.0.1/"
	if _, err := c.Stamp(t.Context(), imprint); !errors.Is(err, &fetch.Error{Kind: fetch.BadURL}) {
		t.Error(err)
	}
}

func TestRefusalInWords(t *testing.T) {
	answer := tlv(0x30, tlv(0x30, tlv(2, []byte{2}), tlv(0x30, tlv(12, []byte("额度已用完\x1b[31m"))), tlv(3, []byte{6, 0, 0, 0x40})))
	_, err := readAnswer(answer)
	if !errors.Is(err, &Error{Kind: Refused}) || err.Error() != "tsa: rejected; 额度已用完 [31m; additional information is not understood or not available" {
		t.Errorf("%v", err)
	}
	for f, words := range failures {
		answer, err := rejected(f)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := readAnswer(answer); err == nil || err.Error() != "tsa: rejected; "+words {
			t.Errorf("%d: %v", f, err)
		}
	}
}

func FuzzParseToken(f *testing.F) {
	for _, alg := range []string{"ecdsa", "sm2"} {
		p := party(f, alg)
		der, err := cms.Builder{Signer: p.Key, Chain: p.Chain}.SignAttached(oidTSTInfo, goodFields().der())
		if err != nil {
			f.Fatal(err)
		}
		f.Add(der)
	}
	f.Fuzz(func(t *testing.T, der []byte) {
		token, err := ParseToken(der)
		if err != nil {
			if _, ok := errors.AsType[*Error](err); !ok {
				t.Errorf("an error of another kind: %v", err)
			}
			return
		}
		if !bytes.Equal(token.Raw(), der) || token.Time.Location() != time.UTC || token.NewHash().Size() != len(token.Digest) {
			t.Error("read otherwise than written")
		}
		_ = token.Check(sha[:]) // must not panic
	})
}

// What is read of TSTInfo, written anew, is read the same: nothing is lost and no second spelling is taken.
func FuzzInfo(f *testing.F) {
	f.Add(goodFields().der())
	full := goodFields()
	full.accuracy = tlv(0x30, tlv(2, []byte{1}), tlv(0x80, []byte{5}), tlv(0x81, []byte{6}))
	f.Add(full.der())
	f.Fuzz(func(t *testing.T, der []byte) {
		info, err := parseInfo(der)
		if err != nil {
			return
		}
		info.Time = info.Time.Truncate(time.Millisecond)
		again, err := info.marshal()
		if err != nil {
			t.Fatal(err)
		}
		back, err := parseInfo(again)
		if err != nil || !back.Time.Equal(info.Time) || back.Accuracy != info.Accuracy || back.Serial.Cmp(info.Serial) != 0 {
			t.Errorf("%+v became %+v, %v", info, back, err)
		}
	})
}

func FuzzRequestAndAnswer(f *testing.F) {
	good, err := Request{Imprint: imprint, Policy: testPolicy, Nonce: big.NewInt(300), Certificates: true}.Marshal()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	f.Add(tlv(0x30, tlv(0x30, tlv(2, []byte{2}), tlv(0x30, tlv(12, []byte("no"))), tlv(3, []byte{6, 0, 0, 0x40}))))
	f.Fuzz(func(t *testing.T, der []byte) {
		if r, err := ParseRequest(der); err == nil {
			again, err := r.Marshal()
			if err != nil {
				t.Fatal(err)
			}
			if back, err := ParseRequest(again); err != nil || !bytes.Equal(back.Digest, r.Digest) || !back.Policy.Equal(r.Policy) || (back.Nonce == nil) != (r.Nonce == nil) {
				t.Errorf("%+v became %+v, %v", r, back, err)
			}
		}
		if token, err := readAnswer(der); err == nil && len(token) == 0 {
			t.Error("granted with nothing")
		}
	})
}

// signedAttributes is the SET that was signed.
func signedAttributes(t *testing.T, sd *cms.SignedData) []byte {
	t.Helper()
	var b cryptobyte.Builder
	b.AddASN1(cbasn1.SET, func(b *cryptobyte.Builder) {
		for _, a := range sd.SignedAttributes() {
			b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
				b.AddASN1ObjectIdentifier(a.OID)
				b.AddASN1(cbasn1.SET, func(b *cryptobyte.Builder) { b.AddBytes(a.Value) })
			})
		}
	})
	der, err := b.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	return der
}
