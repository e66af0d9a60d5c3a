//go:build cgo && unix

package softkey_test

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/asn1"
	"errors"
	"math/big"
	"testing"
	"time"

	"github.com/emmansun/gmsm/sm2"
	"github.com/miekg/pkcs11"

	"sealdesk/token"
	"sealdesk/token/ca"
	"sealdesk/token/softkey"
	"sealdesk/token/softkey/softkeytest"
)

// cryptoki is a loaded PKCS #11 library with a session.
type cryptoki struct {
	*pkcs11.Ctx
	t       testing.TB
	slot    uint
	session pkcs11.SessionHandle
}

func loadCryptoki(t testing.TB, path string) *cryptoki {
	t.Helper()
	ctx := pkcs11.New(path)
	if ctx == nil {
		t.Fatal("the library does not load")
	}
	c := &cryptoki{Ctx: ctx, t: t}
	c.must(ctx.Initialize())
	t.Cleanup(func() {
		ctx.Finalize()
		ctx.Destroy()
	})
	slots, err := ctx.GetSlotList(true)
	c.must(err)
	if len(slots) != 1 {
		t.Fatalf("%d slots hold a token, want 1", len(slots))
	}
	c.slot = slots[0]
	c.open()
	return c
}

func (c *cryptoki) must(err error) {
	c.t.Helper()
	if err != nil {
		c.t.Fatal(err)
	}
}

func (c *cryptoki) open() {
	c.t.Helper()
	var err error
	c.session, err = c.OpenSession(c.slot, pkcs11.CKF_SERIAL_SESSION|pkcs11.CKF_RW_SESSION)
	c.must(err)
}

func (c *cryptoki) login() {
	c.t.Helper()
	c.must(c.Login(c.session, pkcs11.CKU_USER, pinText))
}

// fails expects a return value.
func fails(t testing.TB, what string, err error, want uint) {
	t.Helper()
	var got pkcs11.Error
	if !errors.As(err, &got) || uint(got) != want {
		t.Errorf("%s: got %v, want %v", what, err, pkcs11.Error(want))
	}
}

// find gives the objects of a class, and of the label when there is one.
func (c *cryptoki) find(class uint, label string) []pkcs11.ObjectHandle {
	c.t.Helper()
	template := []*pkcs11.Attribute{pkcs11.NewAttribute(pkcs11.CKA_CLASS, class)}
	if label != "" {
		template = append(template, pkcs11.NewAttribute(pkcs11.CKA_LABEL, label))
	}
	c.must(c.FindObjectsInit(c.session, template))
	found, _, err := c.FindObjects(c.session, 100)
	c.must(err)
	c.must(c.FindObjectsFinal(c.session))
	return found
}

func (c *cryptoki) attribute(o pkcs11.ObjectHandle, kind uint) []byte {
	c.t.Helper()
	a, err := c.GetAttributeValue(c.session, o, []*pkcs11.Attribute{pkcs11.NewAttribute(kind, nil)})
	c.must(err)
	return a[0].Value
}

// private is the private key that may sign, or decrypt.
func (c *cryptoki) private(use uint) pkcs11.ObjectHandle {
	c.t.Helper()
	for _, o := range c.find(pkcs11.CKO_PRIVATE_KEY, "") {
		if bytes.Equal(c.attribute(o, use), []byte{1}) {
			return o
		}
	}
	c.t.Fatal("no private key is for that use")
	return 0
}

func (c *cryptoki) sign(mechanism uint, parameter any, key pkcs11.ObjectHandle, data []byte) ([]byte, error) {
	err := c.SignInit(c.session, []*pkcs11.Mechanism{pkcs11.NewMechanism(mechanism, parameter)}, key)
	if err != nil {
		return nil, err
	}
	return c.Sign(c.session, data)
}

func (c *cryptoki) decrypt(mechanism uint, parameter any, key pkcs11.ObjectHandle, data []byte) ([]byte, error) {
	err := c.DecryptInit(c.session, []*pkcs11.Mechanism{pkcs11.NewMechanism(mechanism, parameter)}, key)
	if err != nil {
		return nil, err
	}
	return c.Decrypt(c.session, data)
}

func TestPKCS11RSA(t *testing.T) {
	t.Parallel()
	s, path := softkeytest.Start(t, softkey.PKCS11)
	d := addDevice(t, s, softkey.DeviceOptions{})
	sign, encrypt := keys(t, ca.RSA)
	addContainer(t, d, "rsa", sign.softkey(), encrypt.softkey())
	c := loadCryptoki(t, path)

	info, err := c.GetTokenInfo(c.slot)
	c.must(err)
	if info.Label != "测试钥匙" || info.SerialNumber != serial || info.ManufacturerID != softkey.DefaultManufacturer {
		t.Errorf("the token says %+v", info)
	}
	if got := c.find(pkcs11.CKO_PRIVATE_KEY, ""); len(got) != 0 {
		t.Errorf("%d private keys are seen before the PIN", len(got))
	}
	certs := c.find(pkcs11.CKO_CERTIFICATE, "rsa")
	if len(certs) != 2 {
		t.Fatalf("%d certificates, want 2", len(certs))
	}
	if got := c.attribute(certs[0], pkcs11.CKA_VALUE); !bytes.Equal(got, sign.cert.Raw) {
		t.Error("the first certificate is not the one for signing")
	}
	c.login()
	key := c.private(pkcs11.CKA_SIGN)
	if !bytes.Equal(c.attribute(key, pkcs11.CKA_ID), c.attribute(certs[0], pkcs11.CKA_ID)) {
		t.Error("key and certificate do not share an ID")
	}
	pub := sign.key.Public().(*rsa.PublicKey)
	sum := sha256.Sum256([]byte(message))
	for name, tt := range map[string]struct {
		mechanism uint
		parameter any
		data      []byte
		verify    func(sig []byte) error
	}{
		"PKCS": {pkcs11.CKM_RSA_PKCS, nil, digestInfo(sum[:]),
			func(sig []byte) error { return rsa.VerifyPKCS1v15(pub, crypto.SHA256, sum[:], sig) }},
		"SHA256_RSA_PKCS": {pkcs11.CKM_SHA256_RSA_PKCS, nil, []byte(message),
			func(sig []byte) error { return rsa.VerifyPKCS1v15(pub, crypto.SHA256, sum[:], sig) }},
		"PSS": {pkcs11.CKM_RSA_PKCS_PSS, pkcs11.NewPSSParams(pkcs11.CKM_SHA256, pkcs11.CKG_MGF1_SHA256, 32), sum[:],
			func(sig []byte) error {
				return rsa.VerifyPSS(pub, crypto.SHA256, sum[:], sig, &rsa.PSSOptions{SaltLength: 32})
			}},
		"SHA256_PSS": {pkcs11.CKM_SHA256_RSA_PKCS_PSS, pkcs11.NewPSSParams(pkcs11.CKM_SHA256, pkcs11.CKG_MGF1_SHA256, 20),
			[]byte(message),
			func(sig []byte) error {
				return rsa.VerifyPSS(pub, crypto.SHA256, sum[:], sig, &rsa.PSSOptions{SaltLength: 20})
			}},
	} {
		sig, err := c.sign(tt.mechanism, tt.parameter, key, tt.data)
		if err != nil {
			t.Errorf("%s: %v", name, err)
		} else if err := tt.verify(sig); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	_, err = c.sign(pkcs11.CKM_RSA_PKCS, nil, c.private(pkcs11.CKA_DECRYPT), digestInfo(sum[:]))
	fails(t, "signing with the encryption key", err, pkcs11.CKR_KEY_FUNCTION_NOT_PERMITTED)
	_, err = c.sign(pkcs11.CKM_RSA_PKCS_PSS, pkcs11.NewPSSParams(pkcs11.CKM_SHA256, pkcs11.CKG_MGF1_SHA1, 32), key, sum[:])
	fails(t, "PSS with two hashes", err, pkcs11.CKR_MECHANISM_PARAM_INVALID)

	secret, encPub, encKey := []byte("session key"), encrypt.key.Public().(*rsa.PublicKey), c.private(pkcs11.CKA_DECRYPT)
	//lint:ignore SA1019 what keys are given has this padding
	v15, err := rsa.EncryptPKCS1v15(rand.Reader, encPub, secret)
	c.must(err)
	oaep, err := rsa.EncryptOAEP(sha256.New(), rand.Reader, encPub, secret, []byte("label"))
	c.must(err)
	plain, err := c.decrypt(pkcs11.CKM_RSA_PKCS, nil, encKey, v15)
	if err != nil || !bytes.Equal(plain, secret) {
		t.Errorf("PKCS #1 v1.5: %q, %v", plain, err)
	}
	parameter := pkcs11.NewOAEPParams(pkcs11.CKM_SHA256, pkcs11.CKG_MGF1_SHA256, pkcs11.CKZ_DATA_SPECIFIED, []byte("label"))
	plain, err = c.decrypt(pkcs11.CKM_RSA_PKCS_OAEP, parameter, encKey, oaep)
	if err != nil || !bytes.Equal(plain, secret) {
		t.Errorf("OAEP: %q, %v", plain, err)
	}
	v15[5] ^= 1
	_, err = c.decrypt(pkcs11.CKM_RSA_PKCS, nil, encKey, v15)
	fails(t, "a broken ciphertext", err, pkcs11.CKR_ENCRYPTED_DATA_INVALID)
	_, err = c.GetAttributeValue(c.session, key, []*pkcs11.Attribute{pkcs11.NewAttribute(pkcs11.CKA_PRIVATE_EXPONENT, nil)})
	fails(t, "reading the private key", err, pkcs11.CKR_ATTRIBUTE_SENSITIVE)
}

func TestPKCS11ECDSA(t *testing.T) {
	t.Parallel()
	s, path := softkeytest.Start(t, softkey.PKCS11)
	sign, encrypt := keys(t, ca.ECDSA)
	addContainer(t, addDevice(t, s, softkey.DeviceOptions{}), "ec", sign.softkey(), encrypt.softkey())
	c := loadCryptoki(t, path)
	c.login()
	sum := sha256.Sum256([]byte(message))
	for mechanism, data := range map[uint][]byte{pkcs11.CKM_ECDSA: sum[:], pkcs11.CKM_ECDSA_SHA256: []byte(message)} {
		sig, err := c.sign(mechanism, nil, c.private(pkcs11.CKA_SIGN), data)
		c.must(err)
		r, q := new(big.Int).SetBytes(sig[:32]), new(big.Int).SetBytes(sig[32:])
		if !ecdsa.Verify(sign.key.Public().(*ecdsa.PublicKey), sum[:], r, q) {
			t.Errorf("the signature of mechanism %#x does not verify", mechanism)
		}
	}
}

func TestPKCS11SM2OfVendors(t *testing.T) {
	t.Parallel()
	sign, encrypt := keys(t, ca.SM2)
	pub, encPub := sign.key.Public().(*ecdsa.PublicKey), encrypt.key.Public().(*ecdsa.PublicKey)
	e, err := token.SM2Digest(pub, []byte(message))
	if err != nil {
		t.Fatal(err)
	}
	secret := []byte("a session key ..")
	der, err := sm2.EncryptASN1(rand.Reader, encPub, secret)
	if err != nil {
		t.Fatal(err)
	}
	plain, err := sm2.Encrypt(rand.Reader, encPub, secret, sm2.NewPlainEncrypterOpts(sm2.MarshalUncompressed, sm2.C1C3C2))
	if err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct {
		dialect softkey.Dialect
		asks    int // what a query for the size says
	}{
		"Longmai": {softkey.Dialect{SM2: &softkey.Longmai, IDs: softkey.ContainerIDs, RawPoint: true}, 128},
		"Sansec":  {softkey.Dialect{SM2: &softkey.Sansec}, 64},
		"TASS":    {softkey.Dialect{SM2: &softkey.TASS, IDs: softkey.NoIDs}, 72},
		"IBM":     {softkey.Dialect{SM2: &softkey.IBM}, 64},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, path := softkeytest.Start(t, softkey.PKCS11)
			addContainer(t, addDevice(t, s, softkey.DeviceOptions{Dialect: tt.dialect}), "sm2", sign.softkey(), encrypt.softkey())
			c := loadCryptoki(t, path)
			c.login()
			n := tt.dialect.SM2
			key, encKey := c.find(pkcs11.CKO_PRIVATE_KEY, "")[0], c.find(pkcs11.CKO_PRIVATE_KEY, "")[1]

			mechanisms, err := c.GetMechanismList(c.slot)
			c.must(err)
			listed := map[uint]bool{}
			for _, m := range mechanisms {
				listed[m.Mechanism] = true
			}
			if !listed[uint(n.Sign)] || !listed[uint(n.Decrypt)] {
				t.Error("a mechanism is not listed")
			}
			want, err := asn1.Marshal(point(t, sign.key))
			c.must(err)
			if tt.dialect.RawPoint {
				want = point(t, sign.key)
			}
			publicKey := c.find(pkcs11.CKO_PUBLIC_KEY, "")[0]
			if got := c.attribute(publicKey, pkcs11.CKA_EC_POINT); !bytes.Equal(got, want) {
				t.Errorf("CKA_EC_POINT is % x", got)
			}
			ids := map[softkey.IDScheme]string{softkey.ContainerIDs: "sm2S", softkey.NoIDs: ""}
			if id, ok := ids[tt.dialect.IDs]; ok && string(c.attribute(key, pkcs11.CKA_ID)) != id {
				t.Errorf("CKA_ID is %q, want %q", c.attribute(key, pkcs11.CKA_ID), id)
			}
			if tt.dialect.IDs == softkey.ContainerIDs {
				if got := c.attribute(key, 0x80000066); string(got) != "sm2" {
					t.Errorf("the container attribute is %q", got)
				}
				if got := c.attribute(encKey, 0x80000067); got[0] != 1 {
					t.Errorf("the encryption key's keyspec is %d, want 1", got[0])
				}
			}

			sig, err := c.sign(uint(n.Sign), nil, key, e)
			c.must(err)
			verify := func(sig []byte, der bool) bool {
				if der {
					return sm2.VerifyASN1(pub, e, sig)
				}
				return len(sig) == 64 && sm2.Verify(pub, e, new(big.Int).SetBytes(sig[:32]), new(big.Int).SetBytes(sig[32:]))
			}
			if !verify(sig, n.DER) {
				t.Error("the signature does not verify")
			}
			if n.Message != 0 {
				sig, err := c.sign(uint(n.Message), nil, key, []byte(message))
				c.must(err)
				if !verify(sig, n.DER) {
					t.Error("the signature of the message does not verify")
				}
			}
			_, err = c.sign(uint(n.Sign), nil, key, e[:31])
			fails(t, "a digest that is too short", err, pkcs11.CKR_DATA_LEN_RANGE)

			cipher := plain
			if n.CipherDER {
				cipher = der
			}
			if got, err := c.decrypt(uint(n.Decrypt), nil, encKey, cipher); err != nil || !bytes.Equal(got, secret) {
				t.Errorf("decrypted %q, %v", got, err)
			}
			if n.DecryptDER != 0 {
				if got, err := c.decrypt(uint(n.DecryptDER), nil, encKey, der); err != nil || !bytes.Equal(got, secret) {
					t.Errorf("decrypted from DER %q, %v", got, err)
				}
			}
		})
	}
}

func TestPKCS11PIN(t *testing.T) {
	t.Parallel()
	s, path := softkeytest.Start(t, softkey.PKCS11)
	d := addDevice(t, s, softkey.DeviceOptions{Tries: 3})
	c := loadCryptoki(t, path)
	const low, last, locked = pkcs11.CKF_USER_PIN_COUNT_LOW, pkcs11.CKF_USER_PIN_FINAL_TRY, pkcs11.CKF_USER_PIN_LOCKED
	for _, step := range []struct {
		pin   string
		want  uint
		flags uint
	}{
		{wrongPIN, pkcs11.CKR_PIN_INCORRECT, low},
		{pinText, pkcs11.CKR_OK, 0},
		{wrongPIN, pkcs11.CKR_PIN_INCORRECT, low},
		{wrongPIN, pkcs11.CKR_PIN_INCORRECT, low | last},
		{wrongPIN, pkcs11.CKR_PIN_LOCKED, locked},
		{pinText, pkcs11.CKR_PIN_LOCKED, locked},
	} {
		if err := c.Login(c.session, pkcs11.CKU_USER, step.pin); step.want != pkcs11.CKR_OK {
			fails(t, "the PIN "+step.pin, err, step.want)
		} else {
			c.must(err)
			c.must(c.Logout(c.session))
		}
		info, err := c.GetTokenInfo(c.slot)
		c.must(err)
		if got := info.Flags & (low | last | locked); got != step.flags {
			t.Errorf("after %s the flags are %#x, want %#x", step.pin, got, step.flags)
		}
	}
	if d.PINs() != 6 {
		t.Errorf("%d PINs reached the key, want 6", d.PINs())
	}
}

func TestPKCS11LoginIsTheProcess(t *testing.T) {
	t.Parallel()
	s, path := softkeytest.Start(t, softkey.PKCS11)
	sign, encrypt := keys(t, ca.ECDSA)
	addContainer(t, addDevice(t, s, softkey.DeviceOptions{}), "ec", sign.softkey(), encrypt.softkey())
	c := loadCryptoki(t, path)
	c.login()
	fails(t, "logging in again", c.Login(c.session, pkcs11.CKU_USER, pinText), pkcs11.CKR_USER_ALREADY_LOGGED_IN)
	second, err := c.OpenSession(c.slot, pkcs11.CKF_SERIAL_SESSION)
	c.must(err)
	if info, err := c.GetSessionInfo(second); err != nil || info.State != pkcs11.CKS_RO_USER_FUNCTIONS {
		t.Errorf("another session's state is %d, %v", info.State, err)
	}
	c.must(c.CloseSession(c.session))
	c.must(c.CloseSession(second))
	c.open()
	if info, err := c.GetSessionInfo(c.session); err != nil || info.State != pkcs11.CKS_RW_PUBLIC_SESSION {
		t.Errorf("the PIN is remembered after the last session: %d, %v", info.State, err)
	}
}

func TestPKCS11AsksAlways(t *testing.T) {
	t.Parallel()
	s, path := softkeytest.Start(t, softkey.PKCS11)
	sign, _ := keys(t, ca.ECDSA)
	pair := sign.softkey()
	pair.AsksAlways = true
	addContainer(t, addDevice(t, s, softkey.DeviceOptions{}), "ec", pair, softkey.KeyPair{})
	c := loadCryptoki(t, path)
	c.login()
	key, sum := c.private(pkcs11.CKA_ALWAYS_AUTHENTICATE), sha256.Sum256([]byte(message))
	_, err := c.sign(pkcs11.CKM_ECDSA, nil, key, sum[:])
	fails(t, "signing without the second PIN", err, pkcs11.CKR_USER_NOT_LOGGED_IN)
	for range 2 {
		c.must(c.SignInit(c.session, []*pkcs11.Mechanism{pkcs11.NewMechanism(pkcs11.CKM_ECDSA, nil)}, key))
		fails(t, "a wrong second PIN", c.Login(c.session, pkcs11.CKU_CONTEXT_SPECIFIC, wrongPIN), pkcs11.CKR_PIN_INCORRECT)
		c.must(c.Login(c.session, pkcs11.CKU_CONTEXT_SPECIFIC, pinText))
		_, err := c.Sign(c.session, sum[:])
		c.must(err)
	}
}

func TestPKCS11PINPad(t *testing.T) {
	t.Parallel()
	s, path := softkeytest.Start(t, softkey.PKCS11)
	d := addDevice(t, s, softkey.DeviceOptions{})
	c := loadCryptoki(t, path)
	types := func(pin string, presses bool) {
		d.SetPINPad(func(context.Context) ([]byte, bool) { return []byte(pin), presses })
	}
	types(pinText, true)
	info, err := c.GetTokenInfo(c.slot)
	c.must(err)
	if info.Flags&pkcs11.CKF_PROTECTED_AUTHENTICATION_PATH == 0 {
		t.Error("the token does not tell of its pad")
	}
	fails(t, "a PIN from the computer", c.Login(c.session, pkcs11.CKU_USER, pinText), pkcs11.CKR_ARGUMENTS_BAD)
	types(pinText, false)
	fails(t, "the cancel button", c.Login(c.session, pkcs11.CKU_USER, ""), pkcs11.CKR_FUNCTION_CANCELED)
	types(wrongPIN, true)
	fails(t, "a wrong PIN", c.Login(c.session, pkcs11.CKU_USER, ""), pkcs11.CKR_PIN_INCORRECT)
	types(pinText, true)
	c.must(c.Login(c.session, pkcs11.CKU_USER, ""))
}

func TestPKCS11Provisioning(t *testing.T) {
	t.Parallel()
	authority, err := ca.New()
	if err != nil {
		t.Fatal(err)
	}
	s, path := softkeytest.Start(t, softkey.PKCS11)
	addDevice(t, s, softkey.DeviceOptions{Dialect: softkey.Dialect{SM2: &softkey.Sansec}})
	c := loadCryptoki(t, path)
	c.login()
	const p256 = "\x06\x08\x2A\x86\x48\xCE\x3D\x03\x01\x07" // prime256v1 in CKA_EC_PARAMS
	for i, tt := range []struct {
		mechanism uint
		public    []*pkcs11.Attribute
	}{
		{pkcs11.CKM_RSA_PKCS_KEY_PAIR_GEN, []*pkcs11.Attribute{pkcs11.NewAttribute(pkcs11.CKA_MODULUS_BITS, 2048)}},
		{pkcs11.CKM_EC_KEY_PAIR_GEN, []*pkcs11.Attribute{pkcs11.NewAttribute(pkcs11.CKA_EC_PARAMS, []byte(p256))}},
		{uint(softkey.Sansec.Generate), nil},
	} {
		id := []byte{7, byte(i)}
		pub, priv, err := c.GenerateKeyPair(c.session, []*pkcs11.Mechanism{pkcs11.NewMechanism(tt.mechanism, nil)}, tt.public,
			[]*pkcs11.Attribute{
				pkcs11.NewAttribute(pkcs11.CKA_ID, id), pkcs11.NewAttribute(pkcs11.CKA_LABEL, "made"),
				pkcs11.NewAttribute(pkcs11.CKA_SIGN, true),
			})
		c.must(err)
		key := publicKey(t, c, pub)
		cert, err := authority.Issue(ca.Request{Subject: ca.Subject{Name: "供应商"}, PublicKey: key, Usage: token.UsageSign})
		c.must(err)
		o, err := c.CreateObject(c.session, []*pkcs11.Attribute{
			pkcs11.NewAttribute(pkcs11.CKA_CLASS, pkcs11.CKO_CERTIFICATE),
			pkcs11.NewAttribute(pkcs11.CKA_CERTIFICATE_TYPE, pkcs11.CKC_X_509),
			pkcs11.NewAttribute(pkcs11.CKA_ID, id), pkcs11.NewAttribute(pkcs11.CKA_VALUE, cert.Raw),
		})
		c.must(err)
		if got := c.attribute(o, pkcs11.CKA_VALUE); !bytes.Equal(got, cert.Raw) {
			t.Error("the certificate is not the one that was stored")
		}
		if got := c.attribute(o, pkcs11.CKA_ID); !bytes.Equal(got, id) || !bytes.Equal(c.attribute(priv, pkcs11.CKA_ID), id) {
			t.Errorf("the certificate's ID is % x, want % x", got, id)
		}
		c.must(c.DestroyObject(c.session, o))
		c.must(c.DestroyObject(c.session, priv))
	}
	if got := c.find(pkcs11.CKO_PUBLIC_KEY, ""); len(got) != 0 {
		t.Errorf("%d public keys are left after all was destroyed", len(got))
	}
}

func publicKey(t testing.TB, c *cryptoki, o pkcs11.ObjectHandle) crypto.PublicKey {
	t.Helper()
	kind := c.attribute(o, pkcs11.CKA_KEY_TYPE)
	if kind[0] == pkcs11.CKK_RSA && kind[3] == 0 {
		e := new(big.Int).SetBytes(c.attribute(o, pkcs11.CKA_PUBLIC_EXPONENT))
		return &rsa.PublicKey{N: new(big.Int).SetBytes(c.attribute(o, pkcs11.CKA_MODULUS)), E: int(e.Int64())}
	}
	var point []byte
	if _, err := asn1.Unmarshal(c.attribute(o, pkcs11.CKA_EC_POINT), &point); err != nil {
		t.Fatal(err)
	}
	if kind[3] == 0x80 {
		pub, err := sm2.ParseUncompressedPublicKey(point)
		c.must(err)
		return pub
	}
	pub, err := ecdsa.ParseUncompressedPublicKey(elliptic.P256(), point)
	c.must(err)
	return pub
}

func TestPKCS11InitToken(t *testing.T) {
	t.Parallel()
	s, path := softkeytest.Start(t, softkey.PKCS11)
	sign, _ := keys(t, ca.ECDSA)
	addContainer(t, addDevice(t, s, softkey.DeviceOptions{AdminPIN: []byte("87654321")}), "ec", sign.softkey(), softkey.KeyPair{})
	c := loadCryptoki(t, path)
	fails(t, "with a session open", c.InitToken(c.slot, "87654321", "new"), pkcs11.CKR_SESSION_EXISTS)
	c.must(c.CloseSession(c.session))
	fails(t, "with a wrong PIN", c.InitToken(c.slot, "11111111", "new"), pkcs11.CKR_PIN_INCORRECT)
	c.must(c.InitToken(c.slot, "87654321", "new"))
	c.open()
	fails(t, "before a PIN is set", c.Login(c.session, pkcs11.CKU_USER, pinText), pkcs11.CKR_USER_PIN_NOT_INITIALIZED)
	c.must(c.Login(c.session, pkcs11.CKU_SO, "87654321"))
	c.must(c.InitPIN(c.session, "222222"))
	c.must(c.Logout(c.session))
	c.must(c.Login(c.session, pkcs11.CKU_USER, "222222"))
	fails(t, "a PIN too short", c.SetPIN(c.session, "222222", "1"), pkcs11.CKR_PIN_LEN_RANGE)
	c.must(c.SetPIN(c.session, "222222", "333333"))
	c.must(c.Logout(c.session))
	c.must(c.Login(c.session, pkcs11.CKU_USER, "333333"))
	if got := c.find(pkcs11.CKO_CERTIFICATE, ""); len(got) != 0 {
		t.Error("a certificate is left on the token")
	}
}

func TestPKCS11Removal(t *testing.T) {
	t.Parallel()
	s, path := softkeytest.Start(t, softkey.PKCS11)
	sign, _ := keys(t, ca.ECDSA)
	d := addDevice(t, s, softkey.DeviceOptions{})
	addContainer(t, d, "ec", sign.softkey(), softkey.KeyPair{})
	c := loadCryptoki(t, path)
	c.login()
	key, sum := c.private(pkcs11.CKA_SIGN), sha256.Sum256([]byte(message))
	d.UnplugAt(2) // in C_Sign
	_, err := c.sign(pkcs11.CKM_ECDSA, nil, key, sum[:])
	fails(t, "signing", err, pkcs11.CKR_DEVICE_REMOVED)
	if slots, err := c.GetSlotList(true); err != nil || len(slots) != 0 {
		t.Errorf("the slots %v hold a token, %v", slots, err)
	}
	_, err = c.GetTokenInfo(c.slot)
	fails(t, "asking the token", err, pkcs11.CKR_TOKEN_NOT_PRESENT)
	d.Plug()
	_, err = c.GetSessionInfo(c.session)
	fails(t, "the old session", err, pkcs11.CKR_SESSION_HANDLE_INVALID)
	c.open()
	if info, err := c.GetSessionInfo(c.session); err != nil || info.State != pkcs11.CKS_RW_PUBLIC_SESSION {
		t.Errorf("a key that was put in again remembers its PIN: %d, %v", info.State, err)
	}
}

func TestPKCS11WaitsForSlots(t *testing.T) {
	t.Parallel()
	s, path := softkeytest.Start(t, softkey.PKCS11)
	d := addDevice(t, s, softkey.DeviceOptions{})
	c := loadCryptoki(t, path)
	events := c.WaitForSlotEvent(0)
	select {
	case e := <-events:
		t.Fatalf("an event before anything happened: %v", e)
	case <-time.After(50 * time.Millisecond):
	}
	d.Unplug()
	select {
	case e := <-events:
		if e.SlotID != c.slot {
			t.Errorf("the event is of slot %d, want %d", e.SlotID, c.slot)
		}
	case <-time.After(30 * time.Second):
		t.Error("no event")
	}
}

func TestPKCS11SignatureFaults(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		numbers softkey.SM2Numbers
		do      softkey.Effect
		want    int // bytes at the least
	}{
		"DER for r‖s":  {softkey.Sansec, softkey.OtherEncoding, 68},
		"r‖s for DER":  {softkey.TASS, softkey.OtherEncoding, 64},
		"blob for r‖s": {softkey.Sansec, softkey.BlobEncoding, 128},
		"wrong":        {softkey.Sansec, softkey.WrongSignature, 64},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, path := softkeytest.Start(t, softkey.PKCS11)
			sign, _ := keys(t, ca.SM2)
			d := addDevice(t, s, softkey.DeviceOptions{Dialect: softkey.Dialect{SM2: &tt.numbers}})
			addContainer(t, d, "a", sign.softkey(), softkey.KeyPair{})
			c := loadCryptoki(t, path)
			c.login()
			s.Inject(softkey.Fault{Do: tt.do})
			pub, e := sign.key.Public().(*ecdsa.PublicKey), make([]byte, 32)
			sig, err := c.sign(uint(tt.numbers.Sign), nil, c.private(pkcs11.CKA_SIGN), e)
			c.must(err)
			if len(sig) < tt.want {
				t.Fatalf("the signature has %d bytes: % x", len(sig), sig)
			}
			var good bool
			switch half := len(sig) / 2; {
			case sig[0] == 0x30 && len(sig) > 64 && len(sig) < 128:
				good = sm2.VerifyASN1(pub, e, sig)
			default:
				good = sm2.Verify(pub, e, new(big.Int).SetBytes(sig[:half]), new(big.Int).SetBytes(sig[half:]))
			}
			if good == (tt.do == softkey.WrongSignature) {
				t.Errorf("the signature verifies: %v", good)
			}
		})
	}
}
