//go:build unix

package pkcs11_test

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/rand"
	"errors"
	"os/exec"
	"strings"
	"testing"

	"github.com/emmansun/gmsm/sm2"
	"github.com/emmansun/gmsm/smx509"

	"sealdesk/token"
	"sealdesk/token/ca"
	"sealdesk/token/pkcs11"
	"sealdesk/token/pkcs11/softhsmtest"
	"sealdesk/token/softkey"
	"sealdesk/token/uri"
)

func find(t testing.TB, d token.Driver) token.Token {
	t.Helper()
	tokens, err := d.Tokens(t.Context())
	if err != nil || len(tokens) != 1 {
		t.Fatalf("%d tokens: %v", len(tokens), err)
	}
	return tokens[0]
}

func identity(t testing.TB, tok token.Token, use token.Usage) token.Identity {
	t.Helper()
	ids, err := tok.Identities(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, id := range ids {
		if id.Usage()&use != 0 {
			return id
		}
	}
	t.Fatalf("no identity of usage %d among %d", use, len(ids))
	return nil
}

func sign(s crypto.Signer, message string) error {
	h, opts, err := token.NewDigest(s.Public())
	if err != nil {
		return err
	}
	h.Write([]byte(message))
	_, err = s.Sign(rand.Reader, h.Sum(nil), opts)
	return err
}

func guarded(d *pkcs11.Driver) token.Driver { return token.Guard(d, token.Limits{}) }

// A key that wants its PIN for every use gets it, from what was entered once.
func TestAlwaysAuthenticate(t *testing.T) {
	signPair, encryptPair := keys(t, ca.RSA)
	signPair.AsksAlways = true
	server, device, driver := plug(t, softkey.Dialect{}, known(t, ""), signPair, encryptPair)
	tok := find(t, guarded(driver))
	if err := tok.Unlock(t.Context(), []byte(keyPIN)); err != nil {
		t.Fatal(err)
	}
	s, err := identity(t, tok, token.UsageSign).Signer(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for n := range 3 {
		if err := sign(s, "合同"); err != nil {
			t.Fatalf("signature %d: %v", n+1, err)
		}
	}
	if device.PINs() != 4 {
		t.Errorf("%d PINs reached the key, want one and three", device.PINs())
	}

	// When the key refuses it, for it wants another one, it is not sent again.
	lift := server.Inject(softkey.Fault{Do: softkey.Fail, Function: "C_Login", Times: 1, Returned: 0xA0})
	var wrong *token.PINWrongError
	if err := sign(s, "合同"); !errors.As(err, &wrong) {
		t.Errorf("a PIN that is refused: %v", err)
	}
	lift()
	before := server.Calls("C_Login")
	if err := sign(s, "合同"); !errors.Is(err, token.ErrNotUnlocked) {
		t.Errorf("after that: %v", err)
	}
	if server.Calls("C_Login") != before {
		t.Error("a refused PIN was sent again")
	}
	if err := tok.Unlock(t.Context(), []byte(keyPIN)); err != nil {
		t.Fatal(err)
	}
	s, err = identity(t, tok, token.UsageSign).Signer(t.Context())
	if err == nil {
		err = sign(s, "合同")
	}
	if err != nil {
		t.Errorf("unlocked again: %v", err)
	}
}

// The PIN is entered on the key itself.
func TestProtectedPath(t *testing.T) {
	signPair, encryptPair := keys(t, ca.SM2)
	longmai := softkey.Longmai
	_, device, driver := plug(t, softkey.Dialect{SM2: &longmai}, known(t, "longmai-gm3000-pkcs11"), signPair, encryptPair)
	enters := func(pin string) {
		device.SetPINPad(func(context.Context) ([]byte, bool) { return []byte(pin), pin != "" })
	}
	enters(wrongPIN)
	tok := find(t, guarded(driver))
	info, err := tok.Info(t.Context())
	if err != nil || !info.PIN.ProtectedPath {
		t.Fatalf("%+v, %v", info, err)
	}
	var wrong *token.PINWrongError
	if err := tok.Unlock(t.Context(), nil); !errors.As(err, &wrong) {
		t.Errorf("a wrong PIN on the pad: %v", err)
	}
	enters("")
	if err := tok.Unlock(t.Context(), nil); !errors.Is(err, token.ErrCancelled) {
		t.Errorf("called off on the pad: %v", err)
	}
	enters(keyPIN)
	if err := tok.Unlock(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	s, err := identity(t, tok, token.UsageSign).Signer(t.Context())
	if err == nil {
		err = sign(s, "合同")
	}
	if err != nil {
		t.Error(err)
	}
}

// PKCS #11 counts no tries, but says when they run low, when one is left and when none is.
func TestPINFlags(t *testing.T) {
	signPair, encryptPair := keys(t, ca.RSA)
	_, device, driver := plug(t, softkey.Dialect{}, known(t, ""), signPair, encryptPair)
	tok := find(t, guarded(driver))
	state := func() token.PINState {
		info, err := tok.Info(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return info.PIN
	}
	if got := state(); got != (token.PINState{Tries: -1, Max: -1}) {
		t.Errorf("fresh: %+v", got)
	}
	for device.Tries() > 1 {
		var wrong *token.PINWrongError
		if err := tok.Unlock(t.Context(), []byte(wrongPIN)); !errors.As(err, &wrong) {
			t.Fatal(err)
		}
		if want := device.Tries() == 1; want != (wrong.Tries == 1) {
			t.Errorf("%d tries are left, the error says %d", device.Tries(), wrong.Tries)
		}
		if got := state(); !got.Low || got.Locked {
			t.Errorf("%d tries are left: %+v", device.Tries(), got)
		}
	}
	if got := state(); got.Tries != 1 {
		t.Errorf("the last try: %+v", got)
	}
	pins := device.PINs()
	if err := tok.Unlock(t.Context(), []byte(keyPIN)); !errors.Is(err, token.ErrLastTry) {
		t.Errorf("the last try, unasked: %v", err)
	}
	// The driver asks in the moment before it spends the try, too.
	if err := find(t, driver).Unlock(t.Context(), []byte(keyPIN)); !errors.Is(err, token.ErrLastTry) {
		t.Errorf("the last try, unasked and unguarded: %v", err)
	}
	if err := tok.Unlock(token.ConfirmLastTry(t.Context()), []byte(wrongPIN)); !errors.Is(err, token.ErrPINLocked) {
		t.Errorf("the last try, wrong: %v", err)
	}
	if got := state(); !got.Locked || got.Tries != 0 {
		t.Errorf("locked: %+v", got)
	}
	if err := tok.Unlock(token.ConfirmLastTry(t.Context()), []byte(keyPIN)); !errors.Is(err, token.ErrPINLocked) {
		t.Errorf("a locked key: %v", err)
	}
	if device.PINs() != pins+1 {
		t.Errorf("%d PINs reached the key, want 1", device.PINs()-pins)
	}
}

// A new PIN that the key cannot take costs no try.
func TestNewPINLength(t *testing.T) {
	signPair, encryptPair := keys(t, ca.RSA)
	_, device, driver := plug(t, softkey.Dialect{}, known(t, ""), signPair, encryptPair)
	changer := find(t, guarded(driver)).(token.PINChanger)
	var length *token.PINLengthError
	if err := changer.ChangePIN(t.Context(), []byte(keyPIN), []byte("1")); !errors.As(err, &length) || length.Min == 0 {
		t.Errorf("got %v", err)
	}
	if device.PINs() != 0 {
		t.Error("a PIN reached the key")
	}
}

// A second PIN is looked at by the key although the first one was right.
func TestUnlockingAgainTriesThePIN(t *testing.T) {
	signPair, encryptPair := keys(t, ca.RSA)
	_, device, driver := plug(t, softkey.Dialect{}, known(t, ""), signPair, encryptPair)
	tok := find(t, guarded(driver))
	for n, pin := range []string{keyPIN, wrongPIN, keyPIN} {
		err := tok.Unlock(t.Context(), []byte(pin))
		if (err == nil) != (pin == keyPIN) || device.PINs() != n+1 {
			t.Errorf("PIN %d: %v; %d reached the key", n+1, err, device.PINs())
		}
	}
}

// A login that cannot be made use of is ended: whoever is told of a failure does not expect an unlocked token.
func TestALoginThatFailsIsEnded(t *testing.T) {
	signPair, encryptPair := keys(t, ca.RSA)
	server, device, driver := plug(t, softkey.Dialect{}, known(t, ""), signPair, encryptPair)
	tok := find(t, guarded(driver))
	lift := server.Inject(softkey.Fault{Do: softkey.Fail, Function: "C_GetMechanismList", Device: device, Returned: 5})
	err := tok.Unlock(t.Context(), []byte(keyPIN))
	lift()
	if err == nil || server.Calls("C_Login") != 1 || server.Calls("C_Logout") != 1 {
		t.Errorf("%v, %d logins, %d logouts", err, server.Calls("C_Login"), server.Calls("C_Logout"))
	}
}

// Where nothing tells which key belongs to which certificate, the signatures do.
func TestNothingNamesTheKeys(t *testing.T) {
	sansec := softkey.Sansec
	signPair, encryptPair := keys(t, ca.SM2)
	_, device, driver := plug(t, softkey.Dialect{SM2: &sansec, IDs: softkey.NoIDs}, known(t, ""), signPair, encryptPair)
	authority, err := ca.New(ca.SM2)
	if err != nil {
		t.Fatal(err)
	}
	second, err := ca.GenerateKey(ca.SM2)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := authority.Issue(ca.Request{Subject: ca.Subject{Name: "另一单位"}, PublicKey: second.Public(), Usage: token.UsageSign})
	if err != nil {
		t.Fatal(err)
	}
	if err := device.AddContainer("other", softkey.KeyPair{Key: second, Certificate: cert}, softkey.KeyPair{}); err != nil {
		t.Fatal(err)
	}
	tok := find(t, guarded(driver))
	if err := tok.Unlock(t.Context(), []byte(keyPIN)); err != nil {
		t.Fatal(err)
	}
	ids, err := tok.Identities(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	signed := 0
	for _, id := range ids {
		if id.Usage() != token.UsageSign {
			continue
		}
		s, err := id.Signer(t.Context())
		if err == nil {
			err = errors.Join(sign(s, "一"), sign(s, "二"))
		}
		if err != nil {
			t.Errorf("%s: %v", id.ID(), err)
		}
		signed++
	}
	if signed != 2 {
		t.Errorf("%d certificates signed, want 2", signed)
	}
}

// A key that was out and in again between two looks is a new one: locked, and usable at once.
func TestReplugBetweenLooks(t *testing.T) {
	signPair, encryptPair := keys(t, ca.RSA)
	_, device, driver := plug(t, softkey.Dialect{}, known(t, ""), signPair, encryptPair)
	d := guarded(driver)
	if err := find(t, d).Unlock(t.Context(), []byte(keyPIN)); err != nil {
		t.Fatal(err)
	}
	device.Unplug()
	device.Plug()
	tok := find(t, d)
	if _, err := identity(t, tok, token.UsageSign).Signer(t.Context()); !errors.Is(err, token.ErrNotUnlocked) {
		t.Errorf("a signer without a PIN: %v", err)
	}
	if err := tok.Unlock(t.Context(), []byte(keyPIN)); err != nil {
		t.Error(err)
	}
}

// A key on USB is asked what is on it once for a login: each question takes milliseconds.
func TestALoginAsksForTheKeysOnce(t *testing.T) {
	for _, algorithm := range []ca.Algorithm{ca.RSA, ca.SM2} {
		t.Run(string(algorithm), func(t *testing.T) {
			signPair, encryptPair := keys(t, algorithm)
			server, device, driver := plug(t, softkey.Dialect{SM2: &softkey.Longmai, IDs: softkey.ContainerIDs}, known(t, ""), signPair, encryptPair)
			tok := find(t, guarded(driver))
			if err := tok.Unlock(t.Context(), []byte(keyPIN)); err != nil {
				t.Fatal(err)
			}
			before := server.Calls("C_FindObjectsInit")
			if _, err := tok.Identities(t.Context()); err != nil {
				t.Fatal(err)
			}
			listed := server.Calls("C_FindObjectsInit") - before
			if _, err := identity(t, tok, token.UsageSign).Signer(t.Context()); err != nil {
				t.Fatal(err)
			}
			opened := server.Calls("C_FindObjectsInit") - before - listed
			// The certificates, which are listed again to find the one to open; and the public keys where private ones do not tell
			// which they are, as those of SM2.
			want := map[ca.Algorithm][2]int{ca.RSA: {1, 1}, ca.SM2: {2, 3}}[algorithm]
			if got := [2]int{listed, opened}; got != want {
				t.Errorf("listing and opening searched %d times, want %d", got, want)
			}

			// What another program puts there meanwhile is found nevertheless.
			authority, err := ca.New(algorithm)
			if err != nil {
				t.Fatal(err)
			}
			key, err := ca.GenerateKey(algorithm)
			if err != nil {
				t.Fatal(err)
			}
			cert, err := authority.Issue(ca.Request{Subject: ca.Subject{Name: "另一单位"}, PublicKey: key.Public(), Usage: token.UsageSign})
			if err == nil {
				err = device.AddContainer("other", softkey.KeyPair{Key: key, Certificate: cert}, softkey.KeyPair{})
			}
			if err != nil {
				t.Fatal(err)
			}
			ids, err := tok.Identities(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			for _, id := range ids {
				if !id.Certificate().Equal(cert) {
					continue
				}
				if k, tells := id.(token.KeyHolder); tells && !k.HasPrivateKey() {
					t.Error("the new certificate is said to lack its key")
				}
				s, err := id.Signer(t.Context())
				if err == nil {
					err = sign(s, "合同")
				}
				if err != nil {
					t.Errorf("the new key: %v", err)
				}
				return
			}
			t.Error("the new certificate is not listed")
		})
	}
}

func TestProvisionVendors(t *testing.T) {
	longmai, sansec := softkey.Longmai, softkey.Sansec
	tests := []struct {
		name      string
		dialect   softkey.Dialect
		profile   string
		algorithm ca.Algorithm
	}{
		{"longmai", softkey.Dialect{SM2: &longmai}, "longmai-gm3000-pkcs11", ca.SM2},
		{"sansec", softkey.Dialect{SM2: &sansec, RawPoint: true}, "sansec-pkcs11", ca.SM2},
		{"rsa", softkey.Dialect{}, "softhsm2", ca.RSA},
		{"ecdsa", softkey.Dialect{}, "softhsm2", ca.ECDSA},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, _, driver := plug(t, tt.dialect, known(t, tt.profile), softkey.KeyPair{}, softkey.KeyPair{})
			d := guarded(driver)
			softhsmtest.Provision(t, d, tt.algorithm)
			tok := find(t, d)
			if err := tok.Unlock(t.Context(), []byte(keyPIN)); err != nil {
				t.Fatal(err)
			}
			id := identity(t, tok, token.UsageSign)
			if len(id.Chain()) != 1 {
				t.Errorf("a chain of %d certificates, want the root", len(id.Chain()))
			}
			s, err := id.Signer(t.Context())
			if err == nil {
				err = sign(s, "合同")
			}
			if err != nil {
				t.Errorf("signing with a new key: %v", err)
			}
		})
	}
}

// SoftHSM2 knows the curve of SM2 but not the algorithm: keys are made and data is decrypted, and signing is refused early.
func TestSM2ByKeyAgreement(t *testing.T) {
	softhsmtest.Empty(t, t.TempDir())
	tok := find(t, guarded(open(t)))
	if err := tok.Unlock(t.Context(), []byte(softhsmtest.PIN)); err != nil {
		t.Fatal(err)
	}
	p := tok.(token.Provisioner)
	if _, _, err := p.NewKey(t.Context(), "buyer", "sm2", token.UsageSign); !errors.Is(err, token.ErrNotSupported) {
		t.Errorf("a signing key: %v", err)
	}
	key, pub, err := p.NewKey(t.Context(), "buyer", "sm2", token.UsageEncrypt)
	if err != nil {
		t.Fatal(err)
	}
	authority, err := ca.New(ca.SM2)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := authority.Issue(ca.Request{Subject: ca.Subject{Name: "青川县教育局"}, PublicKey: pub, Usage: token.UsageEncrypt})
	if err != nil {
		t.Fatal(err)
	}
	if err := p.StoreCertificate(t.Context(), key, cert, nil); err != nil {
		t.Fatal(err)
	}
	id := identity(t, tok, token.UsageEncrypt)
	if id.ID() != key {
		t.Errorf("the identity is called %s, the key %s", id.ID(), key)
	}
	dec, err := id.Decrypter(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for n := range 20 {
		secret := make([]byte, 1+7*n)
		rand.Read(secret)
		c, err := sm2.EncryptASN1(rand.Reader, pub.(*ecdsa.PublicKey), secret)
		if err != nil {
			t.Fatal(err)
		}
		if plain, err := dec.Decrypt(rand.Reader, c, nil); err != nil || !bytes.Equal(plain, secret) {
			t.Fatalf("%d bytes: %x, %v", len(secret), plain, err)
		}
		c[len(c)-1] ^= 1
		if _, err := dec.Decrypt(rand.Reader, c, nil); !errors.Is(err, token.ErrDecrypt) {
			t.Errorf("spoilt data: %v", err)
		}
	}
	if _, err := dec.Decrypt(rand.Reader, []byte("no ciphertext"), nil); !errors.Is(err, token.ErrDecrypt) {
		t.Errorf("no ciphertext: %v", err)
	}
}

func TestProvisionRefuses(t *testing.T) {
	softhsmtest.Empty(t, t.TempDir())
	tok := find(t, guarded(open(t)))
	p := tok.(token.Provisioner)
	if _, _, err := p.NewKey(t.Context(), "buyer", "ecdsa", token.UsageSign); !errors.Is(err, token.ErrNotUnlocked) {
		t.Errorf("a key without a PIN: %v", err)
	}
	if err := tok.Unlock(t.Context(), []byte(softhsmtest.PIN)); err != nil {
		t.Fatal(err)
	}
	if _, _, err := p.NewKey(t.Context(), "buyer", "dsa", token.UsageSign); !errors.Is(err, token.ErrNotSupported) {
		t.Errorf("an unknown algorithm: %v", err)
	}
	id, pub, err := p.NewKey(t.Context(), "buyer", "ecdsa", token.UsageSign)
	if err != nil {
		t.Fatal(err)
	}
	authority, err := ca.New(ca.ECDSA)
	if err != nil {
		t.Fatal(err)
	}
	issue := func(pub crypto.PublicKey) *smx509.Certificate {
		cert, err := authority.Issue(ca.Request{Subject: ca.Subject{Name: "青川县教育局"}, PublicKey: pub, Usage: token.UsageSign})
		if err != nil {
			t.Fatal(err)
		}
		return cert
	}
	other, err := ca.GenerateKey(ca.ECDSA)
	if err != nil {
		t.Fatal(err)
	}
	if err := p.StoreCertificate(t.Context(), id, issue(other.Public()), nil); !errors.Is(err, token.ErrNotSupported) {
		t.Errorf("the certificate of another key: %v", err)
	}
	// A renewed certificate takes the place of the old one; the issuer is kept once.
	for range 2 {
		if err := p.StoreCertificate(t.Context(), id, issue(pub), []*smx509.Certificate{authority.Root(ca.ECDSA)}); err != nil {
			t.Fatal(err)
		}
	}
	ids, err := tok.Identities(t.Context())
	if err != nil || len(ids) != 1 || len(ids[0].Chain()) != 1 {
		t.Errorf("%d identities, %v", len(ids), err)
	}
}

// Another program sees what was made, and agrees on what it is.
func TestOpenSCAgrees(t *testing.T) {
	softhsmtest.New(t, ca.ECDSA)
	library, _ := softhsmtest.Library(t)
	tool := exec.Command("pkcs11-tool", "--module", library, "--login", "--pin", softhsmtest.PIN, "--list-objects")
	out, err := tool.CombinedOutput()
	if err != nil {
		t.Fatalf("pkcs11-tool: %v: run packaging/deps.sh test\n%s", err, out)
	}
	for _, want := range []string{
		"Private Key Object; EC", "Public Key Object; EC", "Certificate Object; type = X.509", "never extractable",
	} {
		if !strings.Contains(string(out), want) {
			t.Errorf("pkcs11-tool does not see %q:\n%s", want, out)
		}
	}
}

// A token is named by what it says of itself, in one way.
func TestURI(t *testing.T) {
	softhsmtest.New(t, ca.ECDSA)
	info, err := find(t, guarded(open(t))).Info(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	u, err := uri.Parse(info.URI)
	if err != nil {
		t.Fatal(err)
	}
	named := u.Path["token"] == softhsmtest.Label && u.Path["serial"] == info.Serial && info.Serial != ""
	if u.String() != info.URI || !named || u.Path["slot-id"] != "" {
		t.Errorf("the token is named %s", info.URI)
	}
}
