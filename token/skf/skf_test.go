package skf

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"sync"
	"testing"
	"time"

	"github.com/emmansun/gmsm/smx509"

	"sealdesk/token"
	"sealdesk/token/ca"
	"sealdesk/token/profile"
	"sealdesk/token/softkey"
	"sealdesk/token/softkey/softkeytest"
	"sealdesk/token/tokentest"
)

const (
	pin       = "24681012"
	wrongPIN  = "13579111"
	tries     = 6
	container = "CONTRACT"
)

// pair is a key with its certificate.
type pair struct {
	key  crypto.Signer
	cert *smx509.Certificate
}

func (p pair) softkey() softkey.KeyPair { return softkey.KeyPair{Key: p.key, Certificate: p.cert} }

// What takes time to make is made once for all tests.
var pairs = map[ca.Algorithm]func() [2]pair{ca.RSA: once(ca.RSA), ca.SM2: once(ca.SM2)}

func once(a ca.Algorithm) func() [2]pair {
	return sync.OnceValue(func() [2]pair {
		var p [2]pair
		authority, err := ca.New(a)
		for i := range p {
			if err == nil {
				p[i].key, err = generate(a)
			}
		}
		if err == nil {
			p[0].cert, p[1].cert, err = authority.IssuePair(ca.Subject{Name: "青川县教育局"}, p[0].key.Public(), p[1].key.Public())
		}
		if err != nil {
			panic(err)
		}
		return p
	})
}

// generate makes keys of the sizes that there are in the field.
func generate(a ca.Algorithm) (crypto.Signer, error) {
	if a == ca.RSA {
		return rsa.GenerateKey(rand.Reader, rsaBits)
	}
	return ca.GenerateKey(a)
}

// bench is a server with one key, and the driver that reaches it.
type bench struct {
	server *softkey.Server
	device *softkey.Device
	driver *Driver
}

func newBench(t testing.TB, v softkey.Variant, p profile.SKF, dialect softkey.Dialect, a ca.Algorithm) *bench {
	t.Helper()
	server, library := softkeytest.Start(t, v)
	device, err := server.Add(softkey.DeviceOptions{
		Label: "测试钥匙", Serial: "SK0001", PIN: []byte(pin), Tries: tries, Dialect: dialect,
	})
	if err != nil {
		t.Fatal(err)
	}
	keys := pairs[a]()
	if err := device.AddContainer(container, keys[0].softkey(), keys[1].softkey()); err != nil {
		t.Fatal(err)
	}
	driver, err := Open(library, p)
	if err != nil {
		t.Fatal(err)
	}
	driver.refresh = 20 * time.Millisecond
	t.Cleanup(func() {
		server.Heal()
		if err := driver.Close(); err != nil {
			t.Error(err)
		}
		if err := driver.Close(); err != nil {
			t.Errorf("once more: %v", err)
		}
	})
	return &bench{server, device, driver}
}

// token gives the only token, unguarded.
func (b *bench) token(t testing.TB) *skfToken {
	t.Helper()
	tokens, err := b.driver.Tokens(t.Context())
	if err != nil || len(tokens) != 1 {
		t.Fatalf("%d tokens, %v", len(tokens), err)
	}
	return tokens[0].(*skfToken)
}

func unlock(t testing.TB, tok token.Token) {
	t.Helper()
	if err := tok.Unlock(t.Context(), []byte(pin)); err != nil {
		t.Fatal(err)
	}
}

// identityOf gives the identity of a use.
func identityOf(t testing.TB, tok token.Token, u token.Usage) token.Identity {
	t.Helper()
	ids, err := tok.Identities(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, id := range ids {
		if id.Usage() == u {
			return id
		}
	}
	t.Fatalf("no identity of use %d among %d", u, len(ids))
	return nil
}

func TestConformance(t *testing.T) {
	for _, v := range variants {
		t.Run(string(v.variant), func(t *testing.T) {
			t.Parallel()
			tokentest.Run(t, tokentest.Harness{
				Algorithms: []ca.Algorithm{ca.SM2, ca.RSA},
				New: func(t *testing.T, a ca.Algorithm) tokentest.Key {
					b := newBench(t, v.variant, v.profile, softkey.Dialect{}, a)
					var lift func()
					return tokentest.Key{
						Driver: token.Guard(b.driver, token.Limits{}), PIN: pin, WrongPIN: wrongPIN, Tries: tries,
						PINs: b.device.PINs, Unplug: b.device.Unplug, Replug: b.device.Plug,
						Hang: func(hang bool) {
							if hang {
								lift = b.server.Inject(softkey.Fault{Do: softkey.Hang, Device: b.device})
							} else {
								lift()
							}
						},
					}
				},
			})
		})
	}
}

// variants are the libraries that the software key can be, with what must be known of each.
var variants = []struct {
	variant softkey.Variant
	profile profile.SKF
}{
	{softkey.SKF, profile.SKF{}},
	{softkey.SKFLongmai, profile.SKF{}},
	{softkey.SKFCCore, profile.SKF{}},
	{softkey.SKFKeyspec, profile.SKF{
		DecryptSM2: []profile.Function{function("SKF_PrvKeyDecrypt", "container key input output outputSize", 2, 1)},
		DecryptRSA: []profile.Function{function("SKF_RSADecrypt", "container key input inputSize output outputSize", 2, 1)},
	}},
	{softkey.SKFHaitai, haitai},
	{softkey.SKFDraft2010, haitai},
}

var haitai = profile.SKF{
	DecryptSM2: []profile.Function{function("SKF_ECCDecrypt", "container input output outputSize", 0, 0)},
	DecryptRSA: []profile.Function{function("SKF_RSADecrypt", "container input inputSize output outputSize", 0, 0)},
}
