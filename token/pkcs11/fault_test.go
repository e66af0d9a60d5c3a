//go:build unix

package pkcs11_test

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"errors"
	"fmt"
	"path/filepath"
	"testing"

	"github.com/emmansun/gmsm/sm2"
	"github.com/emmansun/gmsm/smx509"

	"sealdesk/token"
	"sealdesk/token/ca"
	"sealdesk/token/pkcs11"
	"sealdesk/token/pkcs11/cryptoki"
	"sealdesk/token/profile"
	"sealdesk/token/softkey"
	"sealdesk/token/softkey/softkeytest"
)

// work does everything that one does with a key once, and gives the first error.
func work(ctx context.Context, d *pkcs11.Driver) error {
	if _, err := d.About(ctx); err != nil {
		return err
	}
	tokens, err := d.Tokens(ctx)
	if err != nil {
		return err
	}
	if len(tokens) == 0 {
		return token.ErrRemoved
	}
	tok := tokens[0]
	if _, err := tok.Info(ctx); err != nil {
		return err
	}
	if err := tok.Unlock(ctx, []byte(keyPIN)); err != nil {
		return err
	}
	ids, err := tok.Identities(ctx)
	if err != nil {
		return err
	}
	for _, id := range ids {
		if id.Usage() == token.UsageSign {
			s, err := id.Signer(ctx)
			if err == nil {
				err = sign(s, "合同")
			}
			if err != nil {
				return err
			}
			continue
		}
		d, err := id.Decrypter(ctx)
		if err != nil {
			return err
		}
		c, err := sm2.EncryptASN1(rand.Reader, d.Public().(*ecdsa.PublicKey), []byte("a content key"))
		if err != nil {
			return err
		}
		if _, err := d.Decrypt(nil, c, nil); err != nil {
			return err
		}
	}
	holder := tok.(token.DataReader)
	if _, err := holder.Data(ctx); err != nil {
		return err
	}
	if _, err := holder.ReadData(ctx, "seal"); !errors.Is(err, token.ErrNoData) {
		return err
	}
	if err := tok.(token.PINChanger).ChangePIN(ctx, []byte(keyPIN), []byte(keyPIN)); err != nil {
		return err
	}
	return errors.Join(tok.Lock(ctx), tok.Close())
}

// A call that fails, answers with an absurd length or finds the key pulled out ends the work with an error that people can be told,
// spends no PIN twice, and does no lasting harm.
func TestEachCallFails(t *testing.T) {
	sign, encrypt := keys(t, ca.SM2)
	for name, fault := range map[string]softkey.Fault{
		"failure":       {Do: softkey.Fail, Returned: 5},
		"absurd length": {Do: softkey.AbsurdLength},
		"pulled out":    {Do: softkey.Unplug},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server, device, driver := plug(t, softkey.Dialect{SM2: &softkey.TASS, IDs: softkey.NoIDs}, known(t, ""), sign, encrypt)
			if err := work(t.Context(), driver); err != nil {
				t.Fatal(err)
			}
			calls, failed := device.Calls(), 0
			for n := range calls {
				before := device.PINs()
				fault.Device, fault.Skip, fault.Times = device, n, 1
				lift := server.Inject(fault)
				err := work(t.Context(), driver)
				lift()
				var coded interface{ Code() string }
				if err != nil {
					failed++
					if !errors.As(err, &coded) && !errors.Is(err, cryptoki.ErrBounds) {
						t.Errorf("at call %d: %v", n+1, err)
					}
				}
				if name == "pulled out" && err != nil && !errors.Is(err, token.ErrRemoved) {
					t.Errorf("pulled out at call %d: %v", n+1, err)
				}
				if pins := device.PINs() - before; pins > 2 { // one to unlock, one to change
					t.Errorf("at call %d: %d PINs", n+1, pins)
				}
				device.Plug()
				if err := work(t.Context(), driver); err != nil {
					t.Fatalf("after call %d: %v", n+1, err)
				}
			}
			if failed == 0 || name != "absurd length" && failed < calls/2 {
				t.Errorf("%d of %d calls failed", failed, calls)
			}
		})
	}
}

// What a library answers to one call is told in the words of package token.
func TestOutcomes(t *testing.T) {
	sign, encrypt := keys(t, ca.SM2)
	server, device, driver := plug(t, softkey.Dialect{SM2: &softkey.Longmai}, known(t, "longmai-gm3000-pkcs11"), sign, encrypt)
	wrong, failed := new(token.PINWrongError), new(pkcs11.FailedError)
	for _, tt := range []struct {
		function string
		returned uint64
		times    int
		want     error // nil: it is dealt with
	}{
		{"C_SignInit", 0x101, 0, token.ErrNotUnlocked},
		{"C_SignInit", 0x90, 1, nil}, // an operation that was left behind
		{"C_SignInit", 0x90, 0, failed},
		{"C_Sign", 0x50, 0, token.ErrCancelled},
		{"C_Sign", 0x70, 0, token.ErrNotSupported},
		{"C_DecryptInit", 0x101, 0, token.ErrNotUnlocked},
		{"C_DecryptInit", 0x70, 0, token.ErrDecrypt},
		{"C_Decrypt", 0x50, 0, token.ErrCancelled},
		{"C_Decrypt", 0x40, 0, token.ErrDecrypt},
		{"C_OpenSession", 0xE2, 1, token.ErrNotSupported}, // it can be read only, and all is done but changing the PIN
		{"C_OpenSession", 0xB5, 1, token.ErrNotSupported},
		{"C_OpenSession", 0xE0, 0, token.ErrRemoved},
		{"C_Login", 0x102, 0, pkcs11.ErrPINUnset},
		{"C_Login", 0xA0, 0, wrong},
		{"C_Login", 0xA1, 0, wrong},
		{"C_Login", 0xA2, 0, wrong},
		{"C_Login", 0xA4, 0, token.ErrPINLocked},
		{"C_SetPIN", 0xA0, 0, wrong},
		{"C_SetPIN", 0xA1, 0, token.ErrNewPIN},
		{"C_SetPIN", 0xA2, 0, token.ErrNewPIN},
		{"C_SetPIN", 0x6, 0, failed},
		{"C_GetMechanismList", 0x150, 1, nil}, // it grew between the calls
		{"C_GetMechanismList", 0x150, 0, cryptoki.ErrBounds},
		{"C_GetAttributeValue", 0x150, 1, nil},
		{"C_GetAttributeValue", 0x11, 1, nil},
		{"C_GetAttributeValue", 0x12, 1, nil},
		{"C_GetAttributeValue", 0x13, 1, nil},
		{"C_GetAttributeValue", 0x7, 0, failed},
		{"C_GetTokenInfo", 0x5, 0, token.ErrRemoved}, // such a slot is passed over
		{"C_GetSlotList", 0x5, 0, failed},
		{"C_GetInfo", 0x5, 0, failed},
	} {
		t.Run(fmt.Sprintf("%s %#x", tt.function, tt.returned), func(t *testing.T) {
			find(t, driver).Close()
			lift := server.Inject(softkey.Fault{Do: softkey.Fail, Function: tt.function, Returned: tt.returned, Times: tt.times})
			err := work(t.Context(), driver)
			lift()
			switch want := tt.want.(type) {
			case *token.PINWrongError:
				if !errors.As(err, &want) {
					t.Errorf("got %v", err)
				}
			case *pkcs11.FailedError:
				if !errors.As(err, &want) || want.Function != tt.function || want.Params()["function"] != tt.function || want.Code() == "" {
					t.Errorf("got %v", err)
				}
			default:
				if !errors.Is(err, tt.want) {
					t.Errorf("got %v", err)
				}
			}
			find(t, driver).Close()
			if err := work(t.Context(), driver); err != nil {
				t.Errorf("after that: %v", err)
			}
		})
	}
	if n := device.Tries(); n == 0 {
		t.Error("the key is locked")
	}
}

// Making a key and putting a certificate beside it fail as a whole or are done, and what failed can be done again.
func TestProvisionFails(t *testing.T) {
	server, device, driver := plug(t, softkey.Dialect{SM2: &softkey.Longmai}, known(t, "longmai-gm3000-pkcs11"), softkey.KeyPair{}, softkey.KeyPair{})
	tok := find(t, driver)
	if err := tok.Unlock(t.Context(), []byte(keyPIN)); err != nil {
		t.Fatal(err)
	}
	authority, err := ca.New(ca.SM2)
	if err != nil {
		t.Fatal(err)
	}
	provision := func() error {
		p := tok.(token.Provisioner)
		id, pub, err := p.NewKey(t.Context(), "", "sm2", token.UsageSign)
		if err != nil {
			return err
		}
		for range 2 { // the second takes the place of the first
			cert, err := authority.Issue(ca.Request{Subject: ca.Subject{Name: "青川县教育局"}, PublicKey: pub, Usage: token.UsageSign})
			if err != nil {
				return err
			}
			if err := p.StoreCertificate(t.Context(), id, cert, []*smx509.Certificate{authority.Root(ca.SM2)}); err != nil {
				return err
			}
		}
		return nil
	}
	before := device.Calls()
	if err := provision(); err != nil {
		t.Fatal(err)
	}
	failed := 0
	for n := range min(device.Calls()-before, 50) { // a key has room for so many
		lift := server.Inject(softkey.Fault{Do: softkey.Fail, Returned: 0x30, Device: device, Skip: n, Times: 1})
		err := provision()
		lift()
		if err != nil {
			failed++
			if !errors.Is(err, token.ErrRemoved) {
				t.Errorf("at call %d: %v", n+1, err)
			}
			tok = find(t, driver)
			if err := tok.Unlock(t.Context(), []byte(keyPIN)); err != nil {
				t.Fatal(err)
			}
		}
	}
	if failed < 10 {
		t.Errorf("%d calls failed", failed)
	}
	p := tok.(token.Provisioner)
	if err := p.StoreCertificate(t.Context(), "no hex", authority.Root(ca.SM2), nil); !errors.Is(err, token.ErrNotSupported) {
		t.Errorf("an ID that is none: %v", err)
	}
	if err := tok.Lock(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := p.StoreCertificate(t.Context(), "00", authority.Root(ca.SM2), nil); !errors.Is(err, token.ErrNotUnlocked) {
		t.Errorf("a locked key: %v", err)
	}
}

// A library that is not there or does not start is said so; one that was started before is taken as it is, and stopped once.
func TestLibrariesThatDoNotStart(t *testing.T) {
	if d, err := pkcs11.Open(filepath.Join(t.TempDir(), "missing.so"), profile.PKCS11{}); err == nil {
		t.Errorf("a library that is not there: %v", d)
	}
	server, library := softkeytest.Start(t, softkey.PKCS11)
	lift := server.Inject(softkey.Fault{Do: softkey.Fail, Function: "C_Initialize", Returned: 5})
	failed := new(pkcs11.FailedError)
	if _, err := pkcs11.Open(library, profile.PKCS11{}); !errors.As(err, &failed) || failed.Function != "C_Initialize" {
		t.Errorf("one that does not start: %v", err)
	}
	lift()
	lift = server.Inject(softkey.Fault{Do: softkey.Fail, Function: "C_Initialize", Returned: 0x191})
	d, err := pkcs11.Open(library, profile.PKCS11{})
	lift()
	if err != nil {
		t.Fatalf("one that was started: %v", err)
	}
	ends, end := context.WithCancel(t.Context())
	end()
	if _, err := d.Tokens(ends); !errors.Is(err, context.Canceled) {
		t.Errorf("for whoever has gone: %v", err)
	}
	if err := errors.Join(d.Close(), d.Close()); err != nil || server.Calls("C_Finalize") != 0 {
		t.Errorf("stopped: %v, %d times", err, server.Calls("C_Finalize"))
	}
}

// Of RSA, each form that is asked for is given, and what the key or the standard has not is refused before the key is asked.
func TestFormsOfRSA(t *testing.T) {
	signPair, encryptPair := keys(t, ca.RSA)
	server, _, driver := plug(t, softkey.Dialect{}, known(t, ""), signPair, encryptPair)
	tok := find(t, driver)
	if err := tok.Unlock(t.Context(), []byte(keyPIN)); err != nil {
		t.Fatal(err)
	}
	s, err := identity(t, tok, token.UsageSign).Signer(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256([]byte("合同"))
	pub := s.Public().(*rsa.PublicKey)
	for name, tt := range map[string]struct {
		opts crypto.SignerOpts
		want error
	}{
		"PKCS #1 v1.5":             {crypto.SHA256, nil},
		"PSS as long as the hash":  {&rsa.PSSOptions{Hash: crypto.SHA256, SaltLength: rsa.PSSSaltLengthEqualsHash}, nil},
		"PSS as it likes":          {&rsa.PSSOptions{Hash: crypto.SHA256, SaltLength: rsa.PSSSaltLengthAuto}, nil},
		"PSS of 20 bytes":          {&rsa.PSSOptions{Hash: crypto.SHA256, SaltLength: 20}, nil},
		"PSS longer than the hash": {&rsa.PSSOptions{Hash: crypto.SHA256, SaltLength: 33}, token.ErrNotSupported},
		"PSS of no length":         {&rsa.PSSOptions{Hash: crypto.SHA256, SaltLength: -2}, token.ErrNotSupported},
		"SHA-1":                    {crypto.SHA1, token.ErrBadDigest},
		"MD5":                      {crypto.MD5, token.ErrBadDigest},
	} {
		before := server.Calls("C_SignInit")
		sig, err := s.Sign(nil, sum[:], tt.opts)
		if !errors.Is(err, tt.want) {
			t.Errorf("%s: %v", name, err)
		}
		if tt.want != nil {
			if server.Calls("C_SignInit") != before {
				t.Errorf("%s: the key was asked", name)
			}
			continue
		}
		if err := token.VerifyDigest(pub, sum[:], tt.opts, sig); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	d, err := identity(t, tok, token.UsageEncrypt).Decrypter(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	secret := []byte("a content key")
	c, err := rsa.EncryptOAEP(sha256.New(), rand.Reader, d.Public().(*rsa.PublicKey), secret, nil)
	if err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct {
		opts crypto.DecrypterOpts
		want error
	}{
		"OAEP":                         {&rsa.OAEPOptions{Hash: crypto.SHA256}, nil},
		"OAEP, its mask told":          {&rsa.OAEPOptions{Hash: crypto.SHA256, MGFHash: crypto.SHA256}, nil},
		"OAEP of MD5":                  {&rsa.OAEPOptions{Hash: crypto.MD5}, token.ErrNotSupported},
		"OAEP, its mask of MD5":        {&rsa.OAEPOptions{Hash: crypto.SHA256, MGFHash: crypto.MD5}, token.ErrNotSupported},
		"OAEP with a label":            {&rsa.OAEPOptions{Hash: crypto.SHA256, Label: []byte("other")}, token.ErrDecrypt},
		"what is no way of decrypting": {crypto.SHA256, token.ErrNotSupported},
	} {
		plain, err := d.Decrypt(nil, c, tt.opts)
		if !errors.Is(err, tt.want) || err == nil && string(plain) != string(secret) {
			t.Errorf("%s: %q, %v", name, plain, err)
		}
	}
}

// The PIN is looked at before it is sent: one that is empty, too long or not to be tried costs nothing.
func TestPINsThatAreNotSent(t *testing.T) {
	signPair, encryptPair := keys(t, ca.RSA)
	signPair.AsksAlways = true
	p := known(t, "")
	p.MaxTries = 6
	_, device, driver := plug(t, softkey.Dialect{}, p, signPair, encryptPair)
	tok := find(t, driver)
	if err := tok.Unlock(t.Context(), nil); !errors.Is(err, token.ErrPINEmpty) {
		t.Errorf("no PIN: %v", err)
	}
	changer := tok.(token.PINChanger)
	length := new(token.PINLengthError)
	if err := changer.ChangePIN(t.Context(), []byte(keyPIN), make([]byte, 100)); !errors.As(err, &length) || length.Max == 0 {
		t.Errorf("a new one that is too long: %v", err)
	}
	if info, err := tok.Info(t.Context()); err != nil || info.PIN.Max != 6 || device.PINs() != 0 {
		t.Errorf("%+v, %v, %d PINs", info.PIN, err, device.PINs())
	}
	// A key that wants its PIN for each use gets the new one.
	if err := tok.Unlock(t.Context(), []byte(keyPIN)); err != nil {
		t.Fatal(err)
	}
	s, err := identity(t, tok, token.UsageSign).Signer(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := changer.ChangePIN(t.Context(), []byte(keyPIN), []byte("another one")); err != nil {
		t.Fatal(err)
	}
	if err := sign(s, "合同"); err != nil {
		t.Errorf("signing with the new PIN: %v", err)
	}
	ctx, wrong := token.ConfirmLastTry(t.Context()), new(token.PINWrongError)
	for err = error(wrong); errors.As(err, &wrong); {
		err = tok.Unlock(ctx, []byte(wrongPIN))
	}
	if !errors.Is(err, token.ErrPINLocked) {
		t.Errorf("the last of the wrong ones: %v", err)
	}
	if err := tok.Unlock(ctx, []byte(keyPIN)); !errors.Is(err, token.ErrPINLocked) || device.Tries() != 0 {
		t.Errorf("a key that is locked: %v", err)
	}
}

// Of more certificates than a key holds the first are listed; those of one key are told apart, and one that is there twice is
// listed once.
func TestManyCertificates(t *testing.T) {
	sign, encrypt := keys(t, ca.SM2)
	_, device, driver := plug(t, softkey.Dialect{SM2: &softkey.Longmai}, known(t, "longmai-gm3000-pkcs11"), sign, encrypt)
	for range 70 {
		if err := device.AddCertificate(sign.Certificate); err != nil {
			t.Fatal(err)
		}
	}
	ids, err := find(t, driver).Identities(t.Context())
	if err != nil || len(ids) != 3 || ids[0].ID() == ids[2].ID() {
		t.Errorf("%d identities, %v", len(ids), err)
	}
}
