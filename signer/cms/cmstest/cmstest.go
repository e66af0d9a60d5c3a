package cmstest

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509/pkix"
	"math/big"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emmansun/gmsm/sm2"
	"github.com/emmansun/gmsm/smx509"
)

// Algorithms are those that New knows.
var Algorithms = []string{"rsa", "ecdsa", "p384", "sm2"}

// Party is a signer with its certificates.
type Party struct {
	Key   crypto.Signer
	Chain []*smx509.Certificate // the signer's, then its issuer's
	Root  *smx509.Certificate
	// IssuerKey and RootKey are those of the signer's issuer, and of that one's.
	IssuerKey, RootKey crypto.Signer
}

// Options change the signer's certificate. The zero value is a certificate
// that may sign documents and is valid from 2020 to 2049.
type Options struct {
	Name                string
	Serial              int64
	NotBefore, NotAfter time.Time
	KeyUsage            smx509.KeyUsage
	ExtKeyUsage         []smx509.ExtKeyUsage
	Extensions          []pkix.Extension
}

// TimeStamping is the extended key usage of a time-stamp authority's certificate (RFC 3161, 2.3).
var TimeStamping = pkix.Extension{Id: []int{2, 5, 29, 37}, Critical: true,
	Value: []byte{0x30, 10, 6, 8, 0x2b, 6, 1, 5, 5, 7, 3, 8}}

// New makes a Party. Within a test every party has keys of its own.
func New(t testing.TB, algorithm string, opts Options) *Party {
	t.Helper()
	if opts.Name == "" {
		opts.Name = "测试采购人"
	}
	if opts.Serial == 0 {
		opts.Serial = 0x1234567
	}
	if opts.NotBefore.IsZero() {
		opts.NotBefore = time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)
	}
	if opts.NotAfter.IsZero() {
		opts.NotAfter = time.Date(2049, 1, 1, 0, 0, 0, 0, time.UTC)
	}
	if opts.KeyUsage == 0 {
		opts.KeyUsage = smx509.KeyUsageDigitalSignature | smx509.KeyUsageContentCommitment
	}
	authority := func(serial int64, name string) *smx509.Certificate {
		return &smx509.Certificate{
			SerialNumber: big.NewInt(serial), Subject: pkix.Name{CommonName: name},
			NotBefore: time.Date(2010, 1, 1, 0, 0, 0, 0, time.UTC), NotAfter: time.Date(2049, 6, 1, 0, 0, 0, 0, time.UTC),
			IsCA: true, BasicConstraintsValid: true, KeyUsage: smx509.KeyUsageCertSign | smx509.KeyUsageCRLSign,
		}
	}
	rootKey, caKey, key := newKey(t, algorithm), newKey(t, algorithm), newKey(t, algorithm)
	rootTemplate := authority(1, "Test Root "+algorithm)
	root := issue(t, rootTemplate, rootTemplate, rootKey.Public(), rootKey)
	ca := issue(t, authority(2, "Test CA "+algorithm), root, caKey.Public(), rootKey)
	leaf := issue(t, &smx509.Certificate{
		SerialNumber: big.NewInt(opts.Serial), Subject: pkix.Name{CommonName: opts.Name, Organization: []string{opts.Name}, Country: []string{"CN"}},
		NotBefore: opts.NotBefore, NotAfter: opts.NotAfter, KeyUsage: opts.KeyUsage, ExtKeyUsage: opts.ExtKeyUsage,
		ExtraExtensions: opts.Extensions, BasicConstraintsValid: true,
	}, ca, key.Public(), caKey)
	return &Party{Key: key, Chain: []*smx509.Certificate{leaf, ca}, Root: root, IssuerKey: caKey, RootKey: rootKey}
}

func newKey(t testing.TB, algorithm string) crypto.Signer {
	t.Helper()
	var key crypto.Signer
	var err error
	switch algorithm {
	case "rsa":
		key, err = pool.take(t)
	case "ecdsa":
		key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	case "p384":
		key, err = ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	case "sm2":
		key, err = sm2.GenerateKey(rand.Reader)
	default:
		t.Fatalf("unknown algorithm %q", algorithm)
	}
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// pool are RSA keys, each of which takes longer to make than most tests take: tests have them one after another, from the first.
var pool rsaKeys

type rsaKeys struct {
	mu    sync.Mutex
	made  []*rsa.PrivateKey
	taken map[string]int // by a test, with those within it
}

func (p *rsaKeys) take(t testing.TB) (*rsa.PrivateKey, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	test, _, _ := strings.Cut(t.Name(), "/")
	n := p.taken[test]
	if p.taken == nil {
		p.taken = map[string]int{}
	}
	p.taken[test] = n + 1
	for n >= len(p.made) {
		key, err := rsa.GenerateKey(rand.Reader, 2048)
		if err != nil {
			return nil, err
		}
		p.made = append(p.made, key)
	}
	return p.made[n], nil
}

func issue(t testing.TB, template, parent *smx509.Certificate, pub crypto.PublicKey, issuer crypto.Signer) *smx509.Certificate {
	t.Helper()
	der, err := smx509.CreateCertificate(rand.Reader, template, parent, pub, issuer)
	if err != nil {
		t.Fatal(err)
	}
	c, err := smx509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return c
}
