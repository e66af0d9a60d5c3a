package ca

import (
	"bytes"
	"crypto"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emmansun/gmsm/smx509"

	"sealdesk/token"
)

var buyer = Subject{Name: "青川县教育局", USCC: "11510822MB1234567X", Handler: "李明"}

// authority and keys are made once: RSA keys take their time.
var shared = sync.OnceValues(func() (*Authority, error) { return New() })

var sharedKeys sync.Map

func key(t *testing.T, alg Algorithm) crypto.Signer {
	t.Helper()
	if k, ok := sharedKeys.Load(alg); ok {
		return k.(crypto.Signer)
	}
	k, err := GenerateKey(alg)
	if err != nil {
		t.Fatal(err)
	}
	sharedKeys.Store(alg, k)
	return k
}

func authority(t *testing.T) *Authority {
	t.Helper()
	a, err := shared()
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func TestIssuePair(t *testing.T) {
	a := authority(t)
	signing := smx509.KeyUsageDigitalSignature | smx509.KeyUsageContentCommitment
	encryption := map[Algorithm]smx509.KeyUsage{
		RSA:   smx509.KeyUsageKeyEncipherment | smx509.KeyUsageDataEncipherment,
		ECDSA: smx509.KeyUsageKeyAgreement,
		SM2:   smx509.KeyUsageKeyEncipherment | smx509.KeyUsageDataEncipherment | smx509.KeyUsageKeyAgreement,
	}
	for _, alg := range Algorithms() {
		t.Run(string(alg), func(t *testing.T) {
			pub := key(t, alg).Public()
			s, e, err := a.IssuePair(buyer, pub, pub)
			if err != nil {
				t.Fatal(err)
			}
			if s.KeyUsage != signing || e.KeyUsage != encryption[alg] {
				t.Errorf("key usages %b and %b", s.KeyUsage, e.KeyUsage)
			}
			if !bytes.Equal(s.RawSubject, e.RawSubject) || SubjectOf(s) != buyer {
				t.Errorf("subjects %+v and %+v", SubjectOf(s), SubjectOf(e))
			}
			if s.SerialNumber.Cmp(e.SerialNumber) == 0 || s.SerialNumber.BitLen() < 64 {
				t.Error("serial numbers are not random")
			}
			if token.UsageOf(s) != token.UsageSign || token.UsageOf(e) != token.UsageEncrypt {
				t.Error("the usages are not read back")
			}
			root := a.Root(alg)
			if !bytes.Equal(s.AuthorityKeyId, root.SubjectKeyId) || len(s.SubjectKeyId) != 20 {
				t.Error("key identifiers are missing or do not chain")
			}
			pool := smx509.NewCertPool()
			pool.AddCert(root)
			for _, c := range []*smx509.Certificate{s, e} {
				if c.IsCA || !c.BasicConstraintsValid {
					t.Error("basic constraints")
				}
				if _, err := c.Verify(smx509.VerifyOptions{Roots: pool, KeyUsages: []smx509.ExtKeyUsage{smx509.ExtKeyUsageAny}}); err != nil {
					t.Error(err)
				}
				for _, x := range c.Extensions {
					if x.Id.String() == "2.5.29.15" && !x.Critical {
						t.Error("key usage is not critical")
					}
				}
			}
		})
	}
}

func TestOpenSSLVerifies(t *testing.T) {
	openssl, err := exec.LookPath("openssl")
	if err != nil {
		t.Skip("openssl is not installed: the chains are checked with gmsm only")
	}
	a := authority(t)
	dir := t.TempDir()
	roots := filepath.Join(dir, "roots.pem")
	write(t, roots, a.RootsPEM())
	check := func(t *testing.T, cert *smx509.Certificate, alg Algorithm) (string, error) {
		leaf := filepath.Join(t.TempDir(), "leaf.pem")
		write(t, leaf, pemCert(cert))
		args := []string{"verify", "-x509_strict", "-CAfile", roots}
		if alg == SM2 {
			// openssl hands the identifier to the first certificate only, so
			// the root's own signature is checked below, with gmsm.
			args = append(args, "-vfyopt", "distid:1234567812345678")
		} else {
			args = append(args, "-check_ss_sig")
		}
		out, err := exec.Command(openssl, append(args, leaf)...).CombinedOutput()
		return string(out), err
	}
	for _, alg := range Algorithms() {
		t.Run(string(alg), func(t *testing.T) {
			pub := key(t, alg).Public()
			s, e, err := a.IssuePair(buyer, pub, pub)
			if err != nil {
				t.Fatal(err)
			}
			for _, c := range []*smx509.Certificate{s, e} {
				if out, err := check(t, c, alg); err != nil {
					t.Errorf("openssl refuses: %v\n%s", err, out)
				}
			}
			if err := a.Root(alg).CheckSignatureFrom(a.Root(alg)); err != nil {
				t.Error(err)
			}
			// The same command must refuse what is wrong, or it proves nothing.
			old, err := a.Issue(Request{Subject: buyer, PublicKey: pub, Usage: token.UsageSign,
				NotBefore: time.Now().AddDate(-2, 0, 0), NotAfter: time.Now().AddDate(-1, 0, 0)})
			if err != nil {
				t.Fatal(err)
			}
			if out, err := check(t, old, alg); err == nil || !strings.Contains(out, "expired") {
				t.Errorf("openssl accepts an expired certificate: %s", out)
			}
		})
	}
}

func TestOddCertificates(t *testing.T) {
	a, pub, now := authority(t), key(t, ECDSA).Public(), time.Now()
	tests := []struct {
		name string
		req  Request
		ok   func(*smx509.Certificate) bool
	}{
		{"expired", Request{NotBefore: now.AddDate(-2, 0, 0), NotAfter: now.AddDate(0, 0, -1)},
			func(c *smx509.Certificate) bool { return c.NotAfter.Before(now) }},
		{"not yet valid", Request{NotBefore: now.AddDate(0, 0, 1)},
			func(c *smx509.Certificate) bool { return c.NotBefore.After(now) && c.NotAfter.After(c.NotBefore) }},
		{"wrong usage", Request{KeyUsage: smx509.KeyUsageCRLSign},
			func(c *smx509.Certificate) bool { return token.UsageOf(c) == 0 }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tt.req.Subject, tt.req.PublicKey, tt.req.Usage = buyer, pub, token.UsageSign
			c, err := a.Issue(tt.req)
			if err != nil {
				t.Fatal(err)
			}
			if !tt.ok(c) {
				t.Errorf("not as asked: %v to %v, usage %b", c.NotBefore, c.NotAfter, c.KeyUsage)
			}
		})
	}
}

func TestSubjectIsChecked(t *testing.T) {
	for name, s := range map[string]Subject{
		"no name":            {},
		"long name":          {Name: strings.Repeat("名", 65)},
		"line feed":          {Name: "a\nb"},
		"not UTF-8":          {Name: "a\xff"},
		"code too short":     {Name: "a", USCC: "1234"},
		"code with an I":     {Name: "a", USCC: "I1510822MB1234567X"},
		"handler too long":   {Name: "a", Handler: strings.Repeat("名", 65)},
		"code in lower case": {Name: "a", USCC: "11510822mb1234567x"},
	} {
		if _, err := authority(t).Issue(Request{Subject: s, PublicKey: key(t, SM2).Public(), Usage: token.UsageSign}); !errors.Is(err, ErrSubject) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestFolder(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "ca")
	if _, err := Open(dir); !errors.Is(err, ErrNotFound) {
		t.Fatalf("an empty place: %v", err)
	}
	a, err := Create(dir, ECDSA, SM2)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Create(dir, SM2); !errors.Is(err, ErrExists) {
		t.Errorf("a second authority in one folder: %v", err)
	}
	if runtime.GOOS != "windows" {
		for name, want := range map[string]os.FileMode{".": 0o700, secretFile: 0o600, rootsFile: 0o644} {
			if fi, err := os.Stat(filepath.Join(dir, name)); err != nil || fi.Mode().Perm() != want {
				t.Errorf("%s: %v, %v", name, fi.Mode(), err)
			}
		}
	}
	write(t, RootsFile(dir), []byte("spoilt"))
	b, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(a.RootsPEM(), b.RootsPEM()) {
		t.Error("the roots changed on the way through the folder")
	}
	if got, err := os.ReadFile(RootsFile(dir)); err != nil || !bytes.Equal(got, a.RootsPEM()) {
		t.Errorf("roots.pem was not restored: %v", err)
	}
	if _, err := b.Issue(Request{Subject: buyer, PublicKey: key(t, RSA).Public(), Usage: token.UsageSign}); !errors.Is(err, ErrAlgorithm) {
		t.Errorf("a certificate without a root for it: %v", err)
	}
	c, err := b.Issue(Request{Subject: buyer, PublicKey: key(t, SM2).Public(), Usage: token.UsageSign})
	if err != nil {
		t.Fatal(err)
	}
	if err := c.CheckSignatureFrom(a.Root(SM2)); err != nil {
		t.Error(err)
	}
}

func TestDamagedFolder(t *testing.T) {
	dir := t.TempDir()
	if _, err := Create(dir, ECDSA); err != nil {
		t.Fatal(err)
	}
	other, err := New(ECDSA)
	if err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(dir, secretFile)
	good, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	cut := bytes.Index(good, []byte("-----BEGIN CERT"))
	for what, data := range map[string][]byte{
		"empty":               {},
		"cut":                 good[:len(good)-40],
		"key alone":           good[:cut],
		"certificate alone":   good[cut:],
		"rubbish behind":      append(bytes.Clone(good), "rubbish"...),
		"another certificate": append(bytes.Clone(good[:cut]), other.RootsPEM()...),
		"too big":             bytes.Repeat(good, 1+maxFile/len(good)),
	} {
		write(t, name, data)
		if _, err := Open(dir); !errors.Is(err, ErrDamaged) {
			t.Errorf("%s: %v", what, err)
		}
	}
}

func TestOpenOrCreateTwice(t *testing.T) {
	dir := t.TempDir()
	roots := make([][]byte, 2)
	var wg sync.WaitGroup
	for i := range roots {
		wg.Go(func() {
			if a, err := OpenOrCreate(dir); err != nil {
				t.Error(err)
			} else {
				roots[i] = a.RootsPEM()
			}
		})
	}
	wg.Wait()
	if !bytes.Equal(roots[0], roots[1]) {
		t.Error("two programs got two authorities")
	}
}

func pemCert(c *smx509.Certificate) []byte {
	a := Authority{roots: map[Algorithm]root{RSA: {cert: c}}}
	return a.RootsPEM()
}

func write(t *testing.T, name string, data []byte) {
	t.Helper()
	if err := os.WriteFile(name, data, 0o600); err != nil {
		t.Fatal(err)
	}
}
