package cms_test

import (
	"bytes"
	"crypto"
	"crypto/sha256"
	"encoding/asn1"
	"encoding/pem"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"sealdesk/signer/cms"
	"sealdesk/signer/cms/cmstest"
)

var content = []byte("采购合同 / contract of procurement")

// countingSigner proves that a token is asked once.
type countingSigner struct {
	crypto.Signer
	calls int
	opts  crypto.SignerOpts
	size  int
}

func (c *countingSigner) Sign(r io.Reader, digest []byte, opts crypto.SignerOpts) ([]byte, error) {
	c.calls, c.opts, c.size = c.calls+1, opts, len(digest)
	return c.Signer.Sign(r, digest, opts)
}

func digestOf(t testing.TB, b cms.Builder, data []byte) []byte {
	t.Helper()
	h, err := b.Hash()
	if err != nil {
		t.Fatal(err)
	}
	h.Write(data)
	return h.Sum(nil)
}

func sign(t testing.TB, algorithm string) (p *cmstest.Party, der, digest []byte) {
	t.Helper()
	p = cmstest.New(t, algorithm, cmstest.Options{})
	b := cms.Builder{Signer: p.Key, Chain: p.Chain}
	digest = digestOf(t, b, content)
	der, err := b.Sign(digest)
	if err != nil {
		t.Fatal(err)
	}
	return p, der, digest
}

func TestSignAndCheck(t *testing.T) {
	names := map[string]string{"rsa": "RSA-SHA256", "ecdsa": "ECDSA-SHA256", "p384": "ECDSA-SHA384", "sm2": "SM2-SM3"}
	opts := map[string]crypto.Hash{"rsa": crypto.SHA256, "ecdsa": crypto.SHA256, "p384": crypto.SHA384, "sm2": 0}
	for _, algorithm := range cmstest.Algorithms {
		t.Run(algorithm, func(t *testing.T) {
			p := cmstest.New(t, algorithm, cmstest.Options{})
			key := &countingSigner{Signer: p.Key}
			b := cms.Builder{Signer: key, Chain: p.Chain}
			digest := digestOf(t, b, content)
			bound, err := b.SizeBound()
			if err != nil {
				t.Fatal(err)
			}
			der, err := b.Sign(digest)
			if err != nil {
				t.Fatal(err)
			}
			if key.calls != 1 || key.opts.HashFunc() != opts[algorithm] || key.size != len(digest) {
				t.Errorf("signer saw %d calls, hash %v, %d bytes", key.calls, key.opts.HashFunc(), key.size)
			}
			if len(der) > bound || bound > len(der)+128 {
				t.Errorf("%d bytes of DER, bound %d", len(der), bound)
			}
			s, err := cms.Parse(der)
			if err != nil {
				t.Fatal(err)
			}
			if err := s.Check(digest); err != nil {
				t.Fatal(err)
			}
			if got := s.Algorithm(); got != names[algorithm] {
				t.Errorf("algorithm %q", got)
			}
			if !s.HasSigningCertificate() || len(s.SignedAttributes()) != 3 || len(s.UnsignedAttributes()) != 0 {
				t.Errorf("signed attributes %v, unsigned %v", s.SignedAttributes(), s.UnsignedAttributes())
			}
			if _, ok := s.SigningTime(); ok {
				t.Error("signing-time is there, PAdES forbids it")
			}
			if !s.SignerCertificate().Equal(p.Chain[0]) || len(s.Certificates()) != 2 {
				t.Error("certificates differ from the chain")
			}
			digest[0] ^= 1
			if err := s.Check(digest); !errors.Is(err, &cms.Error{Kind: cms.DigestMismatch}) {
				t.Errorf("other content: %v", err)
			}
		})
	}
}

// TestEveryFlipFails changes each bit, and each byte as a whole, of a
// SignedData. Only the issuer's certificate, which Check does not use, may change.
func TestEveryFlipFails(t *testing.T) {
	for _, algorithm := range []string{"rsa", "ecdsa", "sm2"} {
		t.Run(algorithm, func(t *testing.T) {
			p, der, digest := sign(t, algorithm)
			issuer := bytes.Index(der, p.Chain[1].Raw)
			if issuer < 0 {
				t.Fatal("issuer's certificate not found")
			}
			tried := 0
			for i := range der {
				if i >= issuer && i < issuer+len(p.Chain[1].Raw) {
					continue
				}
				for _, mask := range []byte{1, 2, 4, 8, 16, 32, 64, 128, 255} {
					der[i] ^= mask
					if s, err := cms.Parse(der); err == nil && s.Check(digest) == nil {
						t.Errorf("byte %d with mask %#x still checks", i, mask)
					}
					der[i] ^= mask
					tried++
				}
			}
			t.Logf("%d changes of %d bytes refused", tried, len(der))
			if s, err := cms.Parse(der); err != nil || s.Check(digest) != nil {
				t.Fatal("the unchanged SignedData does not check")
			}
		})
	}
}

func TestTrailingBytes(t *testing.T) {
	_, der, _ := sign(t, "sm2")
	for _, tail := range []string{"\x00", "\x00\x00\x00", "x"} {
		if _, err := cms.Parse(append(bytes.Clone(der), tail...)); !errors.Is(err, &cms.Error{Kind: cms.Malformed}) {
			t.Errorf("tail %q: %v", tail, err)
		}
	}
	for n := range der {
		if _, err := cms.Parse(der[:n]); err == nil {
			t.Fatalf("the first %d bytes parse", n)
		}
	}
}

func TestBuilderRefuses(t *testing.T) {
	a, b := cmstest.New(t, "ecdsa", cmstest.Options{}), cmstest.New(t, "ecdsa", cmstest.Options{})
	digest := sha256.Sum256(content)
	for _, tc := range []struct {
		name string
		b    cms.Builder
		sum  []byte
		kind cms.Kind
	}{
		{"nothing", cms.Builder{}, digest[:], cms.NoSignerCertificate},
		{"another's certificate", cms.Builder{Signer: a.Key, Chain: b.Chain}, digest[:], cms.KeyMismatch},
		{"short digest", cms.Builder{Signer: a.Key, Chain: a.Chain}, digest[:20], cms.AlgorithmMismatch},
		{"token answers with another key", cms.Builder{Signer: liar{a.Key, b.Key}, Chain: a.Chain}, digest[:], cms.BadSignature},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if _, err := tc.b.Sign(tc.sum); !errors.Is(err, &cms.Error{Kind: tc.kind}) {
				t.Errorf("got %v, want %s", err, tc.kind)
			}
		})
	}
	want := errors.New("removed")
	if _, err := (cms.Builder{Signer: failing{a.Key, want}, Chain: a.Chain}).Sign(digest[:]); !errors.Is(err, want) {
		t.Errorf("signer's error got lost: %v", err)
	}
}

type liar struct {
	crypto.Signer
	other crypto.Signer
}

func (l liar) Sign(r io.Reader, d []byte, o crypto.SignerOpts) ([]byte, error) {
	return l.other.Sign(r, d, o)
}

type failing struct {
	crypto.Signer
	err error
}

func (f failing) Sign(io.Reader, []byte, crypto.SignerOpts) ([]byte, error) { return nil, f.err }

func TestAddUnsigned(t *testing.T) {
	stamp := asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 16, 2, 14}
	_, der, digest := sign(t, "ecdsa")
	for n := 1; n <= 2; n++ {
		s, err := cms.Parse(der)
		if err != nil {
			t.Fatal(err)
		}
		value, _ := asn1.Marshal(n)
		if der, err = s.AddUnsigned(stamp, value); err != nil {
			t.Fatal(err)
		}
		if s, err = cms.Parse(der); err != nil {
			t.Fatal(err)
		}
		if err := s.Check(digest); err != nil {
			t.Fatal(err)
		}
		if got := s.UnsignedAttributes(); len(got) != n || !got[n-1].OID.Equal(stamp) {
			t.Errorf("unsigned attributes %v", got)
		}
		if _, err := s.AddUnsigned(stamp, []byte{4, 5}); err == nil {
			t.Error("half an element was taken")
		}
	}
}

// TestOpenSSL has OpenSSL, which shares no code with us, judge what we write.
func TestOpenSSL(t *testing.T) {
	openssl, err := exec.LookPath("openssl")
	if err != nil {
		t.Skip("openssl is not installed")
	}
	run := func(t *testing.T, args ...string) (string, error) {
		out, err := exec.Command(openssl, args...).CombinedOutput()
		return string(out), err
	}
	for _, algorithm := range cmstest.Algorithms {
		t.Run(algorithm, func(t *testing.T) {
			p, der, digest := sign(t, algorithm)
			dir := t.TempDir()
			file := func(name string, data []byte) string {
				path := filepath.Join(dir, name)
				if err := os.WriteFile(path, data, 0o600); err != nil {
					t.Fatal(err)
				}
				return path
			}
			doc := file("doc", content)
			if algorithm != "sm2" {
				root := file("root.pem", pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: p.Root.Raw}))
				out, err := run(t, "cms", "-verify", "-binary", "-inform", "DER", "-in", file("sig", der), "-content", doc, "-CAfile", root, "-purpose", "any", "-out", os.DevNull)
				if err != nil {
					t.Fatalf("%v\n%s", err, out)
				}
				out, err = run(t, "cms", "-verify", "-binary", "-cades", "-inform", "DER", "-in", file("sig", der), "-content", doc, "-CAfile", root, "-purpose", "any", "-out", os.DevNull)
				if err != nil {
					t.Fatalf("CAdES: %v\n%s", err, out)
				}
				out, err = run(t, "cms", "-verify", "-binary", "-inform", "DER", "-in", file("sig", der), "-content", file("other", []byte("x")), "-noverify", "-out", os.DevNull)
				if err == nil {
					t.Fatalf("other content verified\n%s", out)
				}
				return
			}
			s, err := cms.Parse(der)
			if err != nil {
				t.Fatal(err)
			}
			if err := s.Check(digest); err != nil {
				t.Fatal(err)
			}
			_, attributes := cmstest.OpenSSLTakesSM2(t, der, p.Chain[0])
			var set []asn1.RawValue
			if _, err := asn1.UnmarshalWithParams(attributes, &set, "set"); err != nil || len(set) != len(s.SignedAttributes()) {
				t.Errorf("%d attributes instead of %d, %v", len(set), len(s.SignedAttributes()), err)
			}
		})
	}
}

func FuzzParse(f *testing.F) {
	for _, algorithm := range cmstest.Algorithms {
		_, der, _ := sign(f, algorithm)
		f.Add(der)
	}
	sm2 := cmstest.New(f, "sm2", cmstest.Options{})
	f.Add(sm2.DigestInside(f, bytes.Repeat([]byte{1}, 32), bytes.Repeat([]byte{1}, 32)))
	digest := make([]byte, 32)
	f.Fuzz(func(t *testing.T, der []byte) {
		plain, n, err := cms.ToDER(der)
		if err == nil && n > len(der) {
			t.Fatalf("%d of %d bytes taken", n, len(der))
		}
		if err == nil && !bytes.Equal(plain, der[:n]) {
			der = plain
		}
		all := cms.Accept{DigestInside: true, NoAttributes: true, Loose: true, Weak: true}
		for _, also := range []cms.Accept{{}, {DigestInside: true}, {SHA1Inside: true, Weak: true}, all} {
			s, err := cms.ParseAs(der, also)
			if err != nil {
				var e *cms.Error
				if !errors.As(err, &e) {
					t.Fatalf("untyped error %v", err)
				}
				continue
			}
			if s.Check(digest) == nil {
				t.Fatal("a digest of zeros checks")
			}
			_ = s.Algorithm()
		}
	})
}
