package revocation

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509/pkix"
	"encoding/asn1"
	"math/big"
	"sync"
	"testing"
	"time"

	"github.com/emmansun/gmsm/sm2"
	"github.com/emmansun/gmsm/smx509"
)

// now is the present of these tests.
var now = time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)

// pki is an authority with a key of one algorithm, in which every certificate has that key.
type pki struct {
	key  crypto.Signer
	root *smx509.Certificate
	n    int64
}

var pkis sync.Map

func newPKI(t testing.TB, algorithm string) *pki {
	t.Helper()
	if p, ok := pkis.Load(algorithm); ok {
		return p.(*pki)
	}
	p := makePKI(t, algorithm)
	pkis.Store(algorithm, p)
	return p
}

func makePKI(t testing.TB, algorithm string) *pki {
	t.Helper()
	p := &pki{n: 100}
	p.key = newKey(t, algorithm)
	template := &smx509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "Root " + algorithm},
		NotBefore: now.AddDate(-10, 0, 0), NotAfter: now.AddDate(20, 0, 0), IsCA: true, BasicConstraintsValid: true,
		KeyUsage: smx509.KeyUsageCertSign | smx509.KeyUsageCRLSign, SubjectKeyId: []byte{1, 2, 3}}
	p.root = sign(t, template, template, p.key.Public(), p.key)
	return p
}

func newKey(t testing.TB, algorithm string) crypto.Signer {
	t.Helper()
	var key crypto.Signer
	var err error
	switch algorithm {
	case "rsa":
		key, err = rsa.GenerateKey(rand.Reader, 2048)
	case "ecdsa":
		key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	case "sm2":
		key, err = sm2.GenerateKey(rand.Reader)
	}
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func sign(t testing.TB, template, parent *smx509.Certificate, pub crypto.PublicKey, key crypto.Signer) *smx509.Certificate {
	t.Helper()
	der, err := smx509.CreateCertificate(rand.Reader, template, parent, pub, key)
	if err != nil {
		t.Fatal(err)
	}
	c, err := smx509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// issue makes a certificate for a key, with what change makes of it.
func (p *pki) issue(t testing.TB, key crypto.Signer, change func(*smx509.Certificate)) *smx509.Certificate {
	t.Helper()
	p.n++
	template := &smx509.Certificate{SerialNumber: big.NewInt(p.n), Subject: pkix.Name{CommonName: "Leaf"},
		NotBefore: now.AddDate(-1, 0, 0), NotAfter: now.AddDate(20, 0, 0), BasicConstraintsValid: true, KeyUsage: smx509.KeyUsageDigitalSignature}
	if change != nil {
		change(template)
	}
	return sign(t, template, p.root, key.Public(), p.key)
}

var noCheck = pkix.Extension{Id: asn1.ObjectIdentifier(oidNoCheck), Value: derNULL}

// appoint makes a template a responder's.
func appoint(c *smx509.Certificate) {
	c.Subject.CommonName = "Responder"
	c.ExtKeyUsage = []smx509.ExtKeyUsage{smx509.ExtKeyUsageOCSPSigning}
	c.ExtraExtensions = []pkix.Extension{noCheck}
}

// pssKey signs with RSASSA-PSS.
type pssKey struct {
	*rsa.PrivateKey
	hash crypto.Hash
}

func signMessage(t testing.TB, key crypto.Signer, message []byte) []byte {
	t.Helper()
	var sig []byte
	var err error
	switch k := key.(type) {
	case *sm2.PrivateKey:
		sig, err = k.Sign(rand.Reader, message, sm2.DefaultSM2SignerOpts)
	case pssKey:
		h := k.hash.New()
		h.Write(message)
		sig, err = k.Sign(rand.Reader, h.Sum(nil), &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash, Hash: k.hash})
	default:
		sum := sha256.Sum256(message)
		sig, err = key.Sign(rand.Reader, sum[:], crypto.SHA256)
	}
	if err != nil {
		t.Fatal(err)
	}
	return sig
}

func tlv(tag byte, content ...[]byte) []byte {
	out, n := []byte{tag}, 0
	for _, c := range content {
		n += len(c)
	}
	switch {
	case n < 128:
		out = append(out, byte(n))
	case n < 256:
		out = append(out, 0x81, byte(n))
	default:
		out = append(out, 0x82, byte(n>>8), byte(n))
	}
	for _, c := range content {
		out = append(out, c...)
	}
	return out
}

func der(t testing.TB, v any) []byte {
	t.Helper()
	b, err := asn1.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func gt(t time.Time) []byte { return tlv(0x18, []byte(t.UTC().Format("20060102150405Z"))) }

func algorithmOf(key crypto.Signer) []byte {
	switch key.(type) {
	case *sm2.PrivateKey:
		return tlv(0x30, []byte{6, 8, 0x2a, 0x81, 0x1c, 0xcf, 0x55, 1, 0x83, 0x75})
	case *rsa.PrivateKey:
		return tlv(0x30, []byte{6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 11}, derNULL)
	case *ecdsa.PrivateKey:
		return tlv(0x30, []byte{6, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 2})
	}
	return nil
}

// response is an OCSP answer whose parts can be changed before it is signed.
type response struct {
	status                             []byte // OCSPResponseStatus
	version, responderID, producedAt   []byte
	hash                               oid
	serial                             *big.Int
	issuer                             *smx509.Certificate // named in the CertID
	certStatus, thisUpdate, nextUpdate []byte
	singleExtensions, extensions       []byte
	twice                              bool
	algorithm                          []byte
	key                                crypto.Signer
	certs                              []*smx509.Certificate
	kind                               []byte
	after                              func([]byte) []byte
}

func byName(c *smx509.Certificate) []byte { return tlv(0xa1, c.RawSubject) }

func byKey(c *smx509.Certificate, hash oid) []byte {
	return tlv(0xa2, tlv(4, nameHash(hash)(keyBits(c))))
}

func revokedStatus(at time.Time, reason byte) []byte {
	return tlv(0xa1, gt(at), tlv(0xa0, tlv(10, []byte{reason})))
}

func nonceExtension(t testing.TB, nonce []byte) []byte {
	return tlv(0xa1, tlv(0x30, tlv(0x30, der(t, oidNonce), tlv(4, tlv(4, nonce)))))
}

// good is an answer of the issuer itself: the certificate is good.
func (p *pki) good(cert *smx509.Certificate) *response {
	return &response{status: []byte{10, 1, 0}, responderID: byKey(p.root, oidSHA1), producedAt: gt(now.Add(-time.Minute)),
		hash: oidSHA1, serial: cert.SerialNumber, issuer: p.root, certStatus: []byte{0x80, 0},
		thisUpdate: gt(now.Add(-time.Hour)), nextUpdate: tlv(0xa0, gt(now.Add(time.Hour))),
		algorithm: algorithmOf(p.key), key: p.key, after: func(b []byte) []byte { return b }}
}

func (r *response) build(t testing.TB) []byte {
	t.Helper()
	sum := nameHash(r.hash)
	if sum == nil {
		sum = nameHash(oidSHA1)
	}
	id := tlv(0x30, tlv(0x30, der(t, r.hash), derNULL), tlv(4, sum(r.issuer.RawSubject)), tlv(4, sum(keyBits(r.issuer))), der(t, r.serial))
	single := tlv(0x30, id, r.certStatus, r.thisUpdate, r.nextUpdate, r.singleExtensions)
	singles := single
	if r.twice {
		singles = append(append([]byte{}, single...), single...)
	}
	tbs := tlv(0x30, r.version, r.responderID, r.producedAt, tlv(0x30, singles), r.extensions)
	sig := signMessage(t, r.key, tbs)
	var certs []byte
	if len(r.certs) > 0 {
		var raw []byte
		for _, c := range r.certs {
			raw = append(raw, c.Raw...)
		}
		certs = tlv(0xa0, tlv(0x30, raw))
	}
	basic := tlv(0x30, tbs, r.algorithm, tlv(3, []byte{0}, sig), certs)
	kind := r.kind
	if kind == nil {
		kind = der(t, oidBasicResponse)
	}
	return r.after(tlv(0x30, r.status, tlv(0xa0, tlv(0x30, kind, tlv(4, basic)))))
}
