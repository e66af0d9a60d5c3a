package tsa

import (
	"bytes"
	"context"
	"encoding/pem"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/emmansun/gmsm/smx509"
)

// openssl is the independent judge of both ends.
type openssl struct {
	t   *testing.T
	dir string
}

func newOpenSSL(t *testing.T) openssl {
	t.Helper()
	if _, err := exec.LookPath("openssl"); err != nil {
		t.Skip("openssl is not installed: both ends are checked against each other only")
	}
	return openssl{t, t.TempDir()}
}

func (o openssl) path(name string) string { return filepath.Join(o.dir, name) }

func (o openssl) write(name string, data []byte) string {
	o.t.Helper()
	if err := os.WriteFile(o.path(name), data, 0o600); err != nil {
		o.t.Fatal(err)
	}
	return o.path(name)
}

func (o openssl) read(name string) []byte {
	o.t.Helper()
	data, err := os.ReadFile(o.path(name))
	if err != nil {
		o.t.Fatal(err)
	}
	return data
}

func (o openssl) certs(name string, certs ...*smx509.Certificate) string {
	var b bytes.Buffer
	for _, c := range certs {
		b.Write(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Raw}))
	}
	return o.write(name, b.Bytes())
}

func (o openssl) run(args ...string) (string, error) {
	out, err := exec.CommandContext(o.t.Context(), "openssl", args...).CombinedOutput()
	return string(out), err
}

// What openssl asks, our authority answers and openssl accepts.
func TestOpenSSLAcceptsOurAnswer(t *testing.T) {
	o := newOpenSSL(t)
	data := o.write("data", []byte("content"))
	for _, alg := range []string{"rsa", "ecdsa", "p384"} {
		p := party(t, alg)
		a := authority(t, AuthorityConfig{Accuracy: 1500e6}, alg)
		roots := o.certs("roots.pem", p.Root)
		for name, args := range map[string][]string{
			"plain":       {"-sha256", "-cert"},
			"no nonce":    {"-sha512", "-cert", "-no_nonce"},
			"with policy": {"-sha384", "-cert", "-tspolicy", testPolicy.String()},
			"SM3":         {"-sm3", "-cert"},
			"no certs":    {"-sha256"},
		} {
			t.Run(alg+" "+name, func(t *testing.T) {
				if out, err := o.run(append([]string{"ts", "-query", "-data", data, "-out", o.path("query")}, args...)...); err != nil {
					t.Fatalf("%v\n%s", err, out)
				}
				answer, err := a.Stamp(t.Context(), o.read("query"))
				if err != nil {
					t.Fatal(err)
				}
				reply := o.write("reply", answer)
				verify := func(data string) (string, error) {
					return o.run("ts", "-verify", "-queryfile", o.path("query"), "-in", reply, "-CAfile", roots, "-untrusted", o.certs("chain.pem", p.Chain...))
				}
				if out, err := verify(data); err != nil {
					t.Errorf("openssl refuses: %v\n%s", err, out)
				}
				if out, err := o.run("ts", "-verify", "-data", data, "-in", reply, "-CAfile", roots, "-untrusted", o.certs("chain.pem", p.Chain...)); err != nil {
					t.Errorf("openssl refuses for the data: %v\n%s", err, out)
				}
				// The same command must refuse what is wrong, or it proves nothing.
				answer[len(answer)-1] ^= 1
				o.write("reply", answer)
				if out, err := verify(data); err == nil {
					t.Errorf("openssl accepts an altered answer: %s", out)
				}
			})
		}
		answer, err := a.Stamp(t.Context(), []byte{0x30, 0})
		if err != nil {
			t.Fatal(err)
		}
		out, err := o.run("ts", "-reply", "-in", o.write("reply", answer), "-text")
		if err != nil || !strings.Contains(out, "Status: Rejected.") || !strings.Contains(out, "wrong format") {
			t.Errorf("%v\n%s", err, out)
		}
	}
}

// What openssl answers, our client accepts; in both versions of the attribute that names the certificate.
func TestClientAcceptsOpenSSL(t *testing.T) {
	o := newOpenSSL(t)
	for _, alg := range []string{"rsa", "ecdsa"} {
		p := party(t, alg)
		key, err := smx509.MarshalPKCS8PrivateKey(p.Key)
		if err != nil {
			t.Fatal(err)
		}
		o.write("key.pem", pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: key}))
		o.certs("tsa.pem", p.Chain[0])
		o.certs("chain.pem", p.Chain[1])
		for _, ess := range []string{"sha1", "sha256", "sha512"} {
			o.write("tsa.cnf", []byte(strings.NewReplacer("DIR", o.dir, "ESS", ess).Replace(`
[tsa]
default_tsa = t
[t]
serial = DIR/serial
crypto_device = builtin
signer_cert = DIR/tsa.pem
certs = DIR/chain.pem
signer_key = DIR/key.pem
signer_digest = sha256
default_policy = 1.2.3.4
digests = sha256, sha384, sha512
accuracy = secs:1, millisecs:500, microsecs:100
clock_precision_digits = 3
ordering = yes
tsa_name = yes
ess_cert_id_chain = yes
ess_cert_id_alg = ESS
`)))
			reply := func(_ context.Context, query []byte) ([]byte, error) {
				o.write("query", query)
				out, err := o.run("ts", "-reply", "-config", o.path("tsa.cnf"), "-queryfile", o.path("query"), "-out", o.path("reply"))
				if err != nil {
					t.Logf("%s", out)
				}
				return o.read("reply"), err
			}
			t.Run(alg+" "+ess, func(t *testing.T) {
				c := Client{URL: serve(t, reply), Roots: []*smx509.Certificate{p.Root}}
				token, err := c.Stamp(t.Context(), imprint)
				if err != nil {
					t.Fatal(err)
				}
				if token.Policy.String() != "1.2.3.4" || token.Accuracy.String() != "1.5001s" || token.sd.HasSigningCertificate() == (ess == "sha1") {
					t.Errorf("%+v", token.Info)
				}
				// The older attribute is compared too: another certificate of the same key and name is refused.
				other := bytes.Clone(p.Chain[0].Raw)
				other[len(other)-1] ^= 1
				forged, err := ParseToken(bytes.Replace(token.Raw(), p.Chain[0].Raw, other, 1))
				if err != nil {
					t.Fatal(err)
				}
				if err := forged.Check(sha[:]); !errors.Is(err, &Error{Kind: CertificateMismatch}) {
					t.Error(err)
				}
				c.Policy = testPolicy
				if _, err := c.Stamp(t.Context(), imprint); !errors.Is(err, &Error{Kind: Refused}) {
					t.Errorf("openssl's refusal: %v", err)
				}
			})
		}
	}
}

// openssl's ts does not know SM2's user id, so that it judges the bare signature over the signed attributes.
func TestOpenSSLAcceptsSM2Signature(t *testing.T) {
	o := newOpenSSL(t)
	token := tokenOf(t, authority(t, AuthorityConfig{}, "sm2"), Request{Imprint: imprint, Certificates: true})
	spki, err := smx509.MarshalPKIXPublicKey(token.Certificate().PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	key := o.write("key.pem", pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: spki}))
	attrs := signedAttributes(t, token.sd)
	verify := func(signed []byte) (string, error) {
		return o.run("pkeyutl", "-verify", "-pubin", "-inkey", key, "-rawin", "-digest", "sm3", "-pkeyopt", "distid:1234567812345678",
			"-in", o.write("attrs", signed), "-sigfile", o.write("signature", token.sd.SignatureValue()))
	}
	if out, err := verify(attrs); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
	attrs[len(attrs)-1] ^= 1
	if out, err := verify(attrs); err == nil {
		t.Errorf("altered attributes are accepted: %s", out)
	}
}
