package skf

import (
	"bytes"
	"crypto"
	"crypto/rand"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/emmansun/gmsm/smx509"

	"sealdesk/token"
	"sealdesk/token/ca"
	"sealdesk/token/profile"
	"sealdesk/token/softkey"
	"sealdesk/token/uri"
)

// hash0 is the option that SM2 signatures over e go with.
type hash0 struct{}

func (hash0) HashFunc() crypto.Hash { return 0 }

const both = token.UsageSign | token.UsageEncrypt

// issue makes a pair of the uses.
func issue(t *testing.T, a ca.Algorithm, u token.Usage) pair {
	t.Helper()
	authority, err := ca.New(a)
	if err != nil {
		t.Fatal(err)
	}
	key, err := ca.GenerateKey(a)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := authority.Issue(ca.Request{Subject: ca.Subject{Name: "青川县教育局"}, PublicKey: key.Public(), Usage: u})
	if err != nil {
		t.Fatal(err)
	}
	return pair{key, cert}
}

func TestPlacesOfCertificates(t *testing.T) {
	keys := pairs[ca.SM2]()
	dual := issue(t, ca.SM2, both)
	b := newBench(t, softkey.SKFLongmai, profile.SKF{}, softkey.Dialect{}, ca.SM2)
	none := softkey.KeyPair{}
	for _, box := range []struct {
		name          string
		sign, encrypt softkey.KeyPair
	}{
		{"empty", none, none},
		{"swapped", keys[1].softkey(), keys[0].softkey()},
		{"alone", none, dual.softkey()},
		{"without key", softkey.KeyPair{Certificate: keys[0].cert}, none},
		{"another key", softkey.KeyPair{Key: keys[1].key, Certificate: keys[0].cert}, none},
		{"without certificate", softkey.KeyPair{Key: keys[0].key}, none},
		{"容器", keys[0].softkey(), none},
	} {
		if err := b.device.AddContainer(box.name, box.sign, box.encrypt); err != nil {
			t.Fatal(err)
		}
	}
	ids, err := b.token(t).Identities(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	type fact struct {
		id        string
		container string
		usage     token.Usage
		hasKey    bool
	}
	var got []fact
	for _, id := range ids {
		got = append(got, fact{id.ID(), id.(token.Contained).Container(), id.Usage(), id.(token.KeyHolder).HasPrivateKey()})
	}
	want := []fact{
		{"CONTRACT/sign", "CONTRACT", token.UsageSign, true},
		{"CONTRACT/encrypt", "CONTRACT", token.UsageEncrypt, true},
		{"swapped/sign", "swapped", token.UsageEncrypt, true},
		{"swapped/encrypt", "swapped", token.UsageSign, true},
		{"alone/encrypt", "alone", both, true},
		{"without key/sign", "without key", token.UsageSign, false},
		{"another key/sign", "another key", token.UsageSign, false},
		{"容器/sign", "容器", token.UsageSign, true},
	}
	if !slices.Equal(got, want) {
		t.Errorf("got  %v\nwant %v", got, want)
	}
	if p := token.Pair(ids[:2]); len(p) != 1 || p[0].Encrypt.ID() != "CONTRACT/encrypt" {
		t.Errorf("the pair is %v", p)
	}
}

func TestUsage(t *testing.T) {
	const all = smx509.KeyUsageDigitalSignature | smx509.KeyUsageDataEncipherment
	cert := func(u smx509.KeyUsage) *smx509.Certificate { return &smx509.Certificate{KeyUsage: u} }
	for _, tt := range []struct {
		name  string
		usage smx509.KeyUsage
		place position
		alone bool
		want  token.Usage
	}{
		{"told: sign", smx509.KeyUsageDigitalSignature, exchange, false, token.UsageSign},
		{"told: encrypt", smx509.KeyUsageKeyEncipherment, signing, false, token.UsageEncrypt},
		{"told both, in its place", all, signing, false, token.UsageSign},
		{"told both, beside another", all, exchange, false, token.UsageEncrypt},
		{"told both, alone", all, exchange, true, both},
		{"untold", 0, signing, false, token.UsageSign},
		{"untold, beside another", 0, exchange, false, token.UsageEncrypt},
		{"untold, alone", 0, exchange, true, both},
	} {
		if got := usageOf(cert(tt.usage), tt.place, tt.alone); got != tt.want {
			t.Errorf("%s: %d, want %d", tt.name, got, tt.want)
		}
	}
}

// Several devices with several applications are as many tokens, and each has a PIN of its own.
func TestSeveralTokens(t *testing.T) {
	b := newBench(t, softkey.SKF, profile.SKF{}, softkey.Dialect{}, ca.SM2)
	second, err := b.server.Add(softkey.DeviceOptions{Label: "2", Serial: "SK0002", Application: "应用", PIN: []byte(wrongPIN)})
	if err != nil {
		t.Fatal(err)
	}
	third := &skfToken{driver: b.driver, place: place{"SOFTKEY-SK0002", "SK0002", ""}, ways: map[string]way{}, tries: -1}
	if err := third.Unlock(t.Context(), []byte(pin)); err != nil { // a second application on it
		t.Fatal(err)
	}
	tokens, err := b.driver.Tokens(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var uris []string
	for _, tok := range tokens {
		info, err := tok.Info(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		uris = append(uris, info.URI)
		if _, err := uri.Parse(info.URI); err != nil {
			t.Error(err)
		}
	}
	want := []string{
		"skf:token=SEALDESK;manufacturer=SealDesk;serial=SK0001",
		"skf:token=%E5%BA%94%E7%94%A8;manufacturer=SealDesk;serial=SK0002",
		"skf:token=SEALDESK;manufacturer=SealDesk;serial=SK0002",
	}
	if !slices.Equal(uris, want) {
		t.Fatalf("got %q", uris)
	}
	unlock(t, tokens[0])
	if err := tokens[1].Unlock(t.Context(), []byte(wrongPIN)); err != nil { // it is the right one here
		t.Fatal(err)
	}
	if err := tokens[1].Lock(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := sign(t, tokens[0]); err != nil {
		t.Errorf("another token was locked: %v", err)
	}
	second.Unplug()
	if _, err := sign(t, tokens[0]); err != nil {
		t.Errorf("another token was pulled out: %v", err)
	}
	if tokens, err := b.driver.Tokens(t.Context()); err != nil || len(tokens) != 1 {
		t.Errorf("%d tokens, %v", len(tokens), err)
	}
}

// A token that is unlocked once more asks the library anew: it does not take any PIN because the right one was there before.
func TestUnlockTwice(t *testing.T) {
	b := newBench(t, softkey.SKF, profile.SKF{}, softkey.Dialect{}, ca.SM2)
	tok := b.token(t)
	unlock(t, tok)
	unlock(t, tok)
	if _, err := sign(t, tok); err != nil {
		t.Fatal(err)
	}
	var wrong *token.PINWrongError
	if err := tok.Unlock(t.Context(), []byte(wrongPIN)); !errors.As(err, &wrong) {
		t.Errorf("a wrong PIN: %v", err)
	}
	if _, err := sign(t, tok); !errors.Is(err, token.ErrNotUnlocked) {
		t.Errorf("after a wrong PIN: %v", err)
	}
	if b.device.PINs() != 3 || b.server.Calls("SKF_ClearSecureState") < 3 {
		t.Errorf("%d PINs, want 3; the library forgot %d of them", b.device.PINs(), b.server.Calls("SKF_ClearSecureState"))
	}
}

// Another device that the library knows by the same name is not the one whose token was chosen.
func TestAnotherDeviceInItsPlace(t *testing.T) {
	b := newBench(t, softkey.SKF, profile.SKF{}, softkey.Dialect{}, ca.SM2)
	tok := b.token(t)
	tok.place.serial = "SK0000"
	if err := tok.Unlock(t.Context(), []byte(pin)); !errors.Is(err, token.ErrRemoved) || b.device.PINs() != 0 {
		t.Errorf("%v, and %d PINs reached it", err, b.device.PINs())
	}
}

// After Lock the library itself has forgotten the PIN, which it otherwise keeps for the whole process.
func TestLockReachesTheLibrary(t *testing.T) {
	b := newBench(t, softkey.SKF, profile.SKF{}, softkey.Dialect{}, ca.SM2)
	tok := b.token(t)
	use := func() error {
		return tok.with(t.Context(), func(app *application) error {
			return b.driver.inContainer(app, container, func(c handle) error {
				_, err := b.driver.library.apply(standardSignSM2, c, signing, make([]byte, 32), signatureRoom)
				return err
			})
		})
	}
	unlock(t, tok)
	if err := use(); err != nil {
		t.Fatal(err)
	}
	if err := tok.Lock(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := use(); !errors.Is(err, token.ErrNotUnlocked) {
		t.Errorf("got %v", err)
	}
}

func TestPINsThatCostNothing(t *testing.T) {
	b := newBench(t, softkey.SKF, profile.SKF{}, softkey.Dialect{}, ca.SM2)
	tok := b.token(t)
	var length *token.PINLengthError
	for _, next := range []string{"12345", "12345678901234567"} {
		old, new := []byte(pin), []byte(next)
		if err := tok.ChangePIN(t.Context(), old, new); !errors.As(err, &length) || length.Min != 6 || length.Max != 16 {
			t.Errorf("%d characters: %v", len(next), err)
		}
		if bytes.ContainsAny(old, "0123456789") || bytes.ContainsAny(new, "0123456789") {
			t.Error("a PIN was left in memory")
		}
	}
	if err := tok.Unlock(t.Context(), []byte("2468\x001012")); !errors.Is(err, token.ErrNotSupported) {
		t.Errorf("a PIN with a zero: %v", err)
	}
	if b.device.PINs() != 0 {
		t.Errorf("%d PINs reached the key", b.device.PINs())
	}
}

func TestProvision(t *testing.T) {
	for _, a := range []ca.Algorithm{ca.SM2, ca.RSA} {
		t.Run(string(a), func(t *testing.T) {
			b := newBench(t, softkey.SKFLongmai, profile.SKF{}, softkey.Dialect{}, a)
			authority, err := ca.New(a)
			if err != nil {
				t.Fatal(err)
			}
			name := "SK0001-甲"
			empty := &skfToken{driver: b.driver, place: place{"SOFTKEY-SK0001", "SK0001", ""}, ways: map[string]way{}, tries: -1}
			// The key's application gives up its name to the one that is made.
			tok := empty
			if a == ca.RSA {
				tok = b.token(t)
				unlock(t, tok)
			} else if err := rename(t, b, tok); err != nil {
				t.Fatal(err)
			}
			if _, _, err := tok.NewKey(t.Context(), name, string(a), token.UsageEncrypt); !errors.Is(err, ErrNoSigningKey) {
				t.Errorf("an encryption key first: %v", err)
			}
			for _, u := range []token.Usage{token.UsageSign, token.UsageEncrypt} {
				id, pub, err := tok.NewKey(t.Context(), name, string(a), u)
				if err != nil {
					t.Fatal(err)
				}
				if _, _, err := tok.NewKey(t.Context(), name, string(a), u); !errors.Is(err, ErrKeyExists) {
					t.Errorf("the same key once more: %v", err)
				}
				cert, err := authority.Issue(ca.Request{Subject: ca.Subject{Name: "青川县教育局"}, PublicKey: pub, Usage: u})
				if err != nil {
					t.Fatal(err)
				}
				if err := tok.StoreCertificate(t.Context(), id, pairs[a]()[0].cert, nil); !errors.Is(err, ErrCertificateKey) {
					t.Errorf("a stranger's certificate: %v", err)
				}
				if err := tok.StoreCertificate(t.Context(), id, cert, nil); err != nil {
					t.Fatal(err)
				}
			}
			var made []token.Identity
			ids, err := tok.Identities(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			for _, id := range ids {
				if strings.HasPrefix(id.ID(), name+"/") && id.(token.KeyHolder).HasPrivateKey() {
					made = append(made, id)
				}
			}
			if len(made) != 2 {
				t.Fatalf("%d identities of 2", len(made))
			}
			signer, err := made[0].Signer(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			h, opts, err := token.NewDigest(signer.Public())
			if err != nil {
				t.Fatal(err)
			}
			if _, err := signer.Sign(rand.Reader, h.Sum(nil), opts); err != nil {
				t.Error(err)
			}
			d, err := made[1].Decrypter(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if plain, err := d.Decrypt(rand.Reader, encryptTo(t, d.Public()), nil); err != nil || !bytes.Equal(plain, secret) {
				t.Errorf("decrypted %x, %v", plain, err)
			}
		})
	}
}

// rename makes an application on the device as if it had none.
func rename(t *testing.T, b *bench, tok *skfToken) error {
	t.Helper()
	other, err := b.server.Add(softkey.DeviceOptions{Serial: "SK0003", Application: "OTHER", PIN: []byte(wrongPIN)})
	if err != nil {
		return err
	}
	tok.place = place{"SOFTKEY-" + other.Serial(), other.Serial(), ""}
	if err := tok.Unlock(t.Context(), []byte("short")); !isLength(err) {
		t.Errorf("a short PIN for an empty device: %v", err)
	}
	if err := tok.ChangePIN(t.Context(), []byte(pin), []byte(pin)); !errors.Is(err, token.ErrNotSupported) {
		t.Errorf("a change of no PIN: %v", err)
	}
	if ids, err := tok.Identities(t.Context()); err != nil || len(ids) != 0 {
		t.Errorf("an empty device has %d identities, %v", len(ids), err)
	}
	return tok.Unlock(t.Context(), []byte(pin))
}

func isLength(err error) bool {
	var length *token.PINLengthError
	return errors.As(err, &length)
}

func TestProvisionErrors(t *testing.T) {
	b := newBench(t, softkey.SKF, profile.SKF{}, softkey.Dialect{}, ca.SM2)
	tok := b.token(t)
	if _, _, err := tok.NewKey(t.Context(), "A", "sm2", token.UsageSign); !errors.Is(err, token.ErrNotUnlocked) {
		t.Errorf("without a PIN: %v", err)
	}
	unlock(t, tok)
	for _, tt := range []struct {
		container, algorithm string
		use                  token.Usage
	}{
		{"", "sm2", token.UsageSign}, {strings.Repeat("A", 65), "sm2", token.UsageSign}, {"A\x00B", "sm2", token.UsageSign},
		{"A", "ecdsa", token.UsageSign}, {"A", "sm2", both}, {"A", "", token.UsageSign},
	} {
		if _, _, err := tok.NewKey(t.Context(), tt.container, tt.algorithm, tt.use); !errors.Is(err, token.ErrNotSupported) {
			t.Errorf("%+v: %v", tt, err)
		}
	}
	cert := pairs[ca.SM2]()[0].cert
	for _, id := range []string{"", "nowhere", "nowhere/sign"} {
		if err := tok.StoreCertificate(t.Context(), id, cert, nil); err == nil {
			t.Errorf("a certificate went to %q", id)
		}
	}
}

// Another program may have put another key in the place of one that was used: what worked with that one is not tried with it.
func TestAnotherKeyInThePlace(t *testing.T) {
	b := newBench(t, softkey.SKF, profile.SKF{}, softkey.Dialect{}, ca.SM2)
	tok := b.token(t)
	unlock(t, tok)
	was := *identityOf(t, tok, token.UsageSign).(*identity)
	was.cert = pairs[ca.RSA]()[0].cert
	tok.ways[was.wayKey("sign")] = way{function: standardSignRSA, form: 1}
	if _, err := sign(t, tok); err != nil {
		t.Error(err)
	}
}
