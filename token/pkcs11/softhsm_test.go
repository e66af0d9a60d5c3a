//go:build unix

package pkcs11_test

import (
	"os"
	"testing"

	"sealdesk/token"
	"sealdesk/token/ca"
	"sealdesk/token/pkcs11"
	"sealdesk/token/pkcs11/softhsmtest"
	"sealdesk/token/tokentest"
)

func TestMain(m *testing.M) {
	code := m.Run()
	softhsmtest.Remove()
	os.Exit(code)
}

// open starts SoftHSM2 in this process.
func open(t testing.TB) *pkcs11.Driver {
	t.Helper()
	library, p := softhsmtest.Library(t)
	d, err := pkcs11.Open(library, *p.PKCS11)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	})
	return d
}

func TestConformanceOfSoftHSM2(t *testing.T) {
	tokentest.Run(t, tokentest.Harness{
		Algorithms: []ca.Algorithm{ca.RSA, ca.ECDSA},
		New: func(t *testing.T, a ca.Algorithm) tokentest.Key {
			softhsmtest.New(t, a)
			return tokentest.Key{
				Driver: token.Guard(open(t), token.Limits{}), PIN: softhsmtest.PIN, WrongPIN: "00000000",
			}
		},
	})
}
