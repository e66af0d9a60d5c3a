package envelope_test

import (
	"bytes"
	"crypto"
	"crypto/rand"
	"encoding/pem"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/emmansun/gmsm/pkcs7"
	"github.com/emmansun/gmsm/smx509"

	"sealdesk/signer/cms/cmstest"
	"sealdesk/signer/envelope"
)

var use = cmstest.Options{KeyUsage: smx509.KeyUsageKeyEncipherment}

func party(t testing.TB, algorithm string, serial int64) *cmstest.Party {
	o := use
	o.Serial = serial
	return cmstest.New(t, algorithm, o)
}

func TestRoundTrip(t *testing.T) {
	for _, suite := range []envelope.Suite{envelope.GM, envelope.AES} {
		var all []*cmstest.Party
		var certs []*smx509.Certificate
		for i, alg := range []string{"sm2", "rsa", "sm2"} { // a suite does not bind the keys
			p := party(t, alg, int64(0x80+i))
			all, certs = append(all, p), append(certs, p.Chain[0])
		}
		for _, size := range []int{0, 1, 15, 16, 17, 1000} {
			content := make([]byte, size)
			rand.Read(content)
			der, err := envelope.Seal(suite, envelope.Envelope, content, certs...)
			if err != nil {
				t.Fatal(err)
			}
			s, err := envelope.Parse(der)
			if err != nil || s.Suite() != suite || s.Content() != envelope.Envelope || len(s.Recipients()) != 3 {
				t.Fatalf("%+v %v", s, err)
			}
			for _, p := range all {
				got, err := s.Open(p.Chain[0], p.Key.(crypto.Decrypter))
				if err != nil || !bytes.Equal(got, content) {
					t.Fatalf("%d bytes: %x, %v", size, got, err)
				}
			}
			_, err = s.Open(all[0].Chain[0], all[2].Key.(crypto.Decrypter))
			if !errors.Is(err, &envelope.Error{Kind: envelope.NotOpened}) {
				t.Errorf("another key: %v", err)
			}
			_, err = s.Open(party(t, "sm2", 0x99).Chain[0], all[2].Key.(crypto.Decrypter))
			if !errors.Is(err, &envelope.Error{Kind: envelope.NotRecipient}) {
				t.Errorf("another certificate: %v", err)
			}
		}
	}
}

func TestFit(t *testing.T) {
	for _, tc := range []struct {
		algorithm string
		use       smx509.KeyUsage
		fits      bool
	}{
		{"sm2", smx509.KeyUsageKeyEncipherment, true}, {"sm2", smx509.KeyUsageDataEncipherment, true}, {"sm2", smx509.KeyUsageKeyAgreement, true},
		{"rsa", smx509.KeyUsageKeyEncipherment | smx509.KeyUsageDigitalSignature, true},
		{"sm2", smx509.KeyUsageDigitalSignature, false}, {"rsa", smx509.KeyUsageContentCommitment, false}, {"ecdsa", smx509.KeyUsageKeyAgreement, false},
	} {
		c := cmstest.New(t, tc.algorithm, cmstest.Options{KeyUsage: tc.use}).Chain[0]
		err := envelope.Fit(c)
		if (err == nil) != tc.fits || err != nil && !errors.Is(err, &envelope.Error{Kind: envelope.BadRecipient}) {
			t.Errorf("%s for %d: %v", tc.algorithm, tc.use, err)
		}
		if _, err := envelope.Seal(envelope.AES, envelope.Data, []byte("x"), c); (err == nil) != tc.fits {
			t.Errorf("%s for %d: sealed, %v", tc.algorithm, tc.use, err)
		}
	}
	if _, err := envelope.Seal(envelope.AES, envelope.Data, []byte("x")); !errors.Is(err, &envelope.Error{Kind: envelope.BadRecipient}) {
		t.Errorf("an envelope for nobody: %v", err)
	}
}

// Other programs open ours, and we open theirs.
func TestOthersAgree(t *testing.T) {
	p := party(t, "sm2", 7)
	content := []byte("thirty-two bytes of a secret key")
	der, err := envelope.Seal(envelope.GM, envelope.Data, content, p.Chain[0])
	if err != nil {
		t.Fatal(err)
	}
	theirs, err := pkcs7.Parse(der)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := theirs.Decrypt(p.Chain[0], p.Key); err != nil || !bytes.Equal(got, content) {
		t.Errorf("gmsm opens %q, %v", got, err)
	}

	if _, err := exec.LookPath("openssl"); err != nil {
		t.Skip("openssl is not here")
	}
	dir := t.TempDir()
	in := func(name string) string { return filepath.Join(dir, name) }
	run := func(args ...string) {
		t.Helper()
		if out, err := exec.Command("openssl", args...).CombinedOutput(); err != nil {
			t.Fatalf("openssl %v: %v\n%s", args, err, out)
		}
	}
	run("req", "-x509", "-newkey", "rsa:2048", "-noenc", "-keyout", in("key.pem"), "-out", in("cert.pem"), "-subj", "/CN=Bidder", "-days", "30")
	keyPEM, _ := os.ReadFile(in("key.pem"))
	certPEM, _ := os.ReadFile(in("cert.pem"))
	certs, err := smx509.ParseCertificatePEM(certPEM)
	if err != nil {
		t.Fatal(err)
	}
	if der, err = envelope.Seal(envelope.AES, envelope.Data, content, certs); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(in("ours.der"), der, 0o600); err != nil {
		t.Fatal(err)
	}
	run("cms", "-decrypt", "-binary", "-inform", "DER", "-in", in("ours.der"), "-inkey", in("key.pem"), "-recip", in("cert.pem"), "-out", in("opened"))
	if got, _ := os.ReadFile(in("opened")); !bytes.Equal(got, content) {
		t.Errorf("openssl opens %q", got)
	}
	run("cms", "-encrypt", "-binary", "-aes-256-cbc", "-in", in("opened"), "-outform", "DER", "-out", in("theirs.der"), in("cert.pem"))
	der, _ = os.ReadFile(in("theirs.der"))
	s, err := envelope.Parse(der)
	if err != nil {
		t.Fatal(err)
	}
	private := parseKey(t, keyPEM)
	if got, err := s.Open(certs, private); err != nil || !bytes.Equal(got, content) {
		t.Errorf("we open %q, %v", got, err)
	}
}

// FuzzParse: whatever it is, reading it ends in an answer, and opening it with a stranger's key does.
func FuzzParse(f *testing.F) {
	p := party(f, "sm2", 7)
	for _, suite := range []envelope.Suite{envelope.GM, envelope.AES} {
		der, err := envelope.Seal(suite, envelope.Data, []byte("content"), p.Chain[0])
		if err != nil {
			f.Fatal(err)
		}
		f.Add(der)
		f.Add(der[:len(der)-1])
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		s, err := envelope.Parse(data)
		var e *envelope.Error
		if err != nil {
			if !errors.As(err, &e) {
				t.Fatalf("%T: %v", err, err)
			}
			return
		}
		if n := len(s.Recipients()); n == 0 || n > envelope.MaxRecipients {
			t.Fatalf("%d recipients", n)
		}
		if _, err := s.Open(p.Chain[0], p.Key.(crypto.Decrypter)); err != nil && !errors.As(err, &e) {
			t.Fatalf("%T: %v", err, err)
		}
	})
}

func parseKey(t *testing.T, text []byte) crypto.Decrypter {
	block, _ := pem.Decode(text)
	key, err := smx509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	return key.(crypto.Decrypter)
}
