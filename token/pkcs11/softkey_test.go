//go:build unix

package pkcs11_test

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/rand"
	"sync"
	"testing"

	"github.com/emmansun/gmsm/sm2"

	"sealdesk/token"
	"sealdesk/token/ca"
	"sealdesk/token/pkcs11"
	"sealdesk/token/profile"
	"sealdesk/token/softkey"
	"sealdesk/token/softkey/softkeytest"
	"sealdesk/token/tokentest"
)

const (
	keyPIN   = "12345678"
	wrongPIN = "00000000"
)

// Keys take time to make, and serve every test.
var pair = sync.OnceValues(func() (map[ca.Algorithm][2]softkey.KeyPair, error) {
	authority, err := ca.New()
	if err != nil {
		return nil, err
	}
	pairs := map[ca.Algorithm][2]softkey.KeyPair{}
	for _, a := range ca.Algorithms() {
		var both [2]softkey.KeyPair
		for i, use := range []token.Usage{token.UsageSign, token.UsageEncrypt} {
			var key crypto.Signer
			if key, err = ca.GenerateKey(a); err != nil {
				return nil, err
			}
			cert, err := authority.Issue(ca.Request{Subject: ca.Subject{Name: "青川县教育局"}, PublicKey: key.Public(), Usage: use})
			if err != nil {
				return nil, err
			}
			both[i] = softkey.KeyPair{Key: key, Certificate: cert}
		}
		pairs[a] = both
	}
	return pairs, nil
})

func keys(t testing.TB, a ca.Algorithm) (sign, encrypt softkey.KeyPair) {
	t.Helper()
	pairs, err := pair()
	if err != nil {
		t.Fatal(err)
	}
	return pairs[a][0], pairs[a][1]
}

// plug gives a software key with a signing and an encryption pair, and the started library that finds it.
func plug(
	t testing.TB, dialect softkey.Dialect, p profile.PKCS11, sign, encrypt softkey.KeyPair,
) (*softkey.Server, *softkey.Device, *pkcs11.Driver) {
	t.Helper()
	server, library := softkeytest.Start(t, softkey.PKCS11)
	device, err := server.Add(softkey.DeviceOptions{Label: "buyer", PIN: []byte(keyPIN), Dialect: dialect})
	if err != nil {
		t.Fatal(err)
	}
	if err := device.AddContainer("buyer", sign, encrypt); err != nil {
		t.Fatal(err)
	}
	driver, err := pkcs11.Open(library, p)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		server.Heal()
		driver.Close()
	})
	return server, device, driver
}

func known(t testing.TB, id string) profile.PKCS11 {
	t.Helper()
	table, err := profile.Builtin()
	if err != nil {
		t.Fatal(err)
	}
	if id == "" {
		return *table.Unknown(profile.InterfacePKCS11).PKCS11
	}
	p, ok := table.Get(id)
	if !ok {
		t.Fatalf("no profile %s", id)
	}
	return *p.PKCS11
}

// vendors are ways in which SM2 is found in libraries.
var vendors = []struct {
	name    string
	dialect softkey.Dialect
	profile string // by its ID; empty: nothing is known of the library
}{
	{"longmai", softkey.Dialect{SM2: &softkey.Longmai, IDs: softkey.ContainerIDs, RawPoint: true}, "longmai-gm3000-pkcs11"},
	{"sansec", softkey.Dialect{SM2: &softkey.Sansec}, "sansec-pkcs11"},
	{"tass", softkey.Dialect{SM2: &softkey.TASS}, "tass-pkcs11"},
	{"ibm", softkey.Dialect{SM2: &softkey.IBM}, "ibm-pkcs11"},
	{"longmai unknown", softkey.Dialect{SM2: &softkey.Longmai, IDs: softkey.ContainerIDs}, ""},
	{"tass unknown", softkey.Dialect{SM2: &softkey.TASS, IDs: softkey.NoIDs}, ""},
	{"ibm unknown", softkey.Dialect{SM2: &softkey.IBM, IDs: softkey.NoIDs}, ""},
}

func TestConformanceOfVendors(t *testing.T) {
	tests := []struct {
		name       string
		algorithms []ca.Algorithm
		dialect    softkey.Dialect
		profile    string
	}{
		{"longmai", []ca.Algorithm{ca.SM2, ca.RSA}, vendors[0].dialect, vendors[0].profile},
		{"unknown", []ca.Algorithm{ca.SM2, ca.ECDSA}, softkey.Dialect{SM2: &softkey.Sansec, IDs: softkey.NoIDs}, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			tokentest.Run(t, tokentest.Harness{
				Algorithms: tt.algorithms,
				New: func(t *testing.T, a ca.Algorithm) tokentest.Key {
					sign, encrypt := keys(t, a)
					server, device, driver := plug(t, tt.dialect, known(t, tt.profile), sign, encrypt)
					lift := func() {}
					return tokentest.Key{
						Driver: token.Guard(driver, token.Limits{}), PIN: keyPIN, WrongPIN: wrongPIN,
						PINs: device.PINs, Unplug: device.Unplug, Replug: device.Plug,
						Hang: func(hang bool) {
							lift()
							if hang {
								lift = server.Inject(softkey.Fault{Do: softkey.Hang, Function: "C_Sign"})
							}
						},
					}
				},
			})
		})
	}
}

// Every vendor's numbers and forms sign and decrypt, whether the profile tells them or not.
// A key that waits for its button is asked once for a signature.
func TestSM2OfVendors(t *testing.T) {
	for _, v := range vendors {
		t.Run(v.name, func(t *testing.T) {
			signPair, encryptPair := keys(t, ca.SM2)
			server, device, driver := plug(t, v.dialect, known(t, v.profile), signPair, encryptPair)
			tok := find(t, guarded(driver))
			if err := tok.Unlock(t.Context(), []byte(keyPIN)); err != nil {
				t.Fatal(err)
			}
			s, err := identity(t, tok, token.UsageSign).Signer(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			for range 2 {
				if err := sign(s, "合同"); err != nil {
					t.Error(err)
				}
			}
			if n := server.Calls("C_Sign"); v.profile != "" && n != 2 {
				t.Errorf("two signatures took %d calls", n)
			}
			dec, err := identity(t, tok, token.UsageEncrypt).Decrypter(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			secret := []byte("a content key of 32 bytes, or so")
			c, err := sm2.EncryptASN1(rand.Reader, dec.Public().(*ecdsa.PublicKey), secret)
			if err != nil {
				t.Fatal(err)
			}
			if plain, err := dec.Decrypt(rand.Reader, c, nil); err != nil || !bytes.Equal(plain, secret) {
				t.Errorf("decrypted to %q, %v", plain, err)
			}
			if device.PINs() != 1 {
				t.Errorf("%d PINs reached the key", device.PINs())
			}
		})
	}
}
