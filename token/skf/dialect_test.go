package skf

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/rsa"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/emmansun/gmsm/sm2"

	"sealdesk/token"
	"sealdesk/token/ca"
	"sealdesk/token/profile"
	"sealdesk/token/softkey"
)

// sign signs a message with the token's signing key, as a Signer is handed it.
func sign(t testing.TB, tok token.Token) ([]byte, error) {
	t.Helper()
	id := identityOf(t, tok, token.UsageSign)
	h, opts, err := token.NewDigest(id.Certificate().PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	h.Write([]byte("政府采购合同"))
	digest := h.Sum(nil)
	signer, err := id.Signer(t.Context())
	if err != nil {
		return nil, err
	}
	sig, err := signer.Sign(rand.Reader, digest, opts)
	if err == nil {
		err = token.VerifyDigest(signer.Public(), digest, opts, sig)
	}
	return sig, err
}

var secret = []byte("sixteen byte key")

func encryptTo(t testing.TB, pub crypto.PublicKey) []byte {
	t.Helper()
	var sealed []byte
	var err error
	if k, ok := pub.(*rsa.PublicKey); ok {
		//lint:ignore SA1019 it is the padding that tokens know
		sealed, err = rsa.EncryptPKCS1v15(rand.Reader, k, secret)
	} else {
		sealed, err = sm2.EncryptASN1(rand.Reader, pub.(*ecdsa.PublicKey), secret)
	}
	if err != nil {
		t.Fatal(err)
	}
	return sealed
}

func decrypt(t testing.TB, tok token.Token) error {
	t.Helper()
	id := identityOf(t, tok, token.UsageEncrypt)
	d, err := id.Decrypter(t.Context())
	if err != nil {
		return err
	}
	plain, err := d.Decrypt(rand.Reader, encryptTo(t, d.Public()), nil)
	if err == nil && !bytes.Equal(plain, secret) {
		t.Errorf("decrypted %x", plain)
	}
	return err
}

func TestInfo(t *testing.T) {
	for name, v := range map[string]struct {
		variant softkey.Variant
		dialect softkey.Dialect
	}{
		"packed":        {softkey.SKF, softkey.Dialect{}},
		"aligned":       {softkey.SKF, softkey.Dialect{AlignedDevInfo: true}},
		"draft of 2010": {softkey.SKFDraft2010, softkey.Dialect{}},
	} {
		t.Run(name, func(t *testing.T) {
			info, err := newBench(t, v.variant, profile.SKF{}, v.dialect, ca.SM2).token(t).Info(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			want := token.Info{
				URI:   "skf:token=SEALDESK;manufacturer=SealDesk;serial=SK0001",
				Label: "SEALDESK", Serial: "SK0001", Model: "测试钥匙", Manufacturer: "SealDesk",
				PIN: token.PINState{Tries: tries, Max: tries},
			}
			if info != want {
				t.Errorf("got  %+v\nwant %+v", info, want)
			}
		})
	}
}

// Each library decrypts in its own way, or not at all, and nothing but the profile of the two with ambiguous names is told.
func TestDecryption(t *testing.T) {
	for _, v := range variants {
		for _, a := range []ca.Algorithm{ca.SM2, ca.RSA} {
			t.Run(string(v.variant)+"/"+string(a), func(t *testing.T) {
				b := newBench(t, v.variant, v.profile, softkey.Dialect{}, a)
				tok := b.token(t)
				unlock(t, tok)
				err := decrypt(t, tok)
				if v.variant == softkey.SKF {
					if !errors.Is(err, token.ErrNotSupported) {
						t.Errorf("a library that decrypts nothing: %v", err)
					}
				} else if err != nil {
					t.Error(err)
				}
				if b.device.PINs() != 1 {
					t.Errorf("%d PINs reached the key", b.device.PINs())
				}
			})
		}
	}
	t.Run("an ambiguous name is not called unasked", func(t *testing.T) {
		b := newBench(t, softkey.SKFKeyspec, profile.SKF{}, softkey.Dialect{}, ca.SM2)
		tok := b.token(t)
		unlock(t, tok)
		if err := decrypt(t, tok); !errors.Is(err, token.ErrNotSupported) || b.server.Calls("SKF_PrvKeyDecrypt") != 0 {
			t.Errorf("%v, %d calls", err, b.server.Calls("SKF_PrvKeyDecrypt"))
		}
	})
}

func TestDecryptionErrors(t *testing.T) {
	b := newBench(t, softkey.SKFLongmai, profile.SKF{}, softkey.Dialect{}, ca.RSA)
	tok := b.token(t)
	unlock(t, tok)
	d, err := identityOf(t, tok, token.UsageEncrypt).Decrypter(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	sealed := encryptTo(t, d.Public())
	if _, err := d.Decrypt(nil, sealed, &rsa.OAEPOptions{Hash: crypto.SHA256}); !errors.Is(err, token.ErrNotSupported) {
		t.Errorf("OAEP: %v", err)
	}
	if _, err := d.Decrypt(nil, sealed[1:], nil); !errors.Is(err, token.ErrDecrypt) {
		t.Errorf("a byte is missing: %v", err)
	}
	longer := append(bytes.Clone(sealed), bytes.Repeat([]byte{7}, 2*slack)...)
	if _, err := d.Decrypt(nil, longer[:len(sealed)], nil); err != nil || longer[len(sealed)] != 7 {
		t.Errorf("what follows in the caller's memory: %v, %d", err, longer[len(sealed)])
	}
	//lint:ignore SA1019 it is the padding that tokens know
	session := &rsa.PKCS1v15DecryptOptions{SessionKeyLen: len(secret)}
	if plain, err := d.Decrypt(nil, sealed, session); err != nil || !bytes.Equal(plain, secret) {
		t.Errorf("a session key: %x, %v", plain, err)
	}
	for range 3 {
		sealed[len(sealed)-1] ^= 1
		if plain, err := d.Decrypt(nil, sealed, session); err != nil || len(plain) != len(secret) {
			t.Errorf("a spoilt session key tells that it is: %v", err)
		}
		sealed[0] ^= 1
	}
}

// A wrong PIN is known by the counter, whatever number the library has for it.
func TestNumbersOfAWrongPIN(t *testing.T) {
	for _, number := range []uint32{0, 0x0A000029, 0x0A000001, 0x0B0000AA} {
		b := newBench(t, softkey.SKF, profile.SKF{}, softkey.Dialect{PINIncorrect: number}, ca.SM2)
		tok := b.token(t)
		for left := tries - 1; left > 0; left-- {
			var wrong *token.PINWrongError
			if err := tok.Unlock(t.Context(), []byte(wrongPIN)); !errors.As(err, &wrong) || wrong.Tries != left {
				t.Errorf("0x%08X: %v with %d tries left", number, err, left)
			}
		}
		if err := tok.Unlock(t.Context(), []byte(pin)); !errors.Is(err, token.ErrLastTry) {
			t.Errorf("0x%08X: the last try was not asked for: %v", number, err)
		}
		if err := tok.Unlock(token.ConfirmLastTry(t.Context()), []byte(wrongPIN)); !errors.Is(err, token.ErrPINLocked) {
			t.Errorf("0x%08X: %v", number, err)
		}
		if err := tok.Unlock(t.Context(), []byte(pin)); !errors.Is(err, token.ErrPINLocked) || b.device.PINs() != tries {
			t.Errorf("0x%08X: %v after %d PINs", number, err, b.device.PINs())
		}
	}
}

// A library that tells the tries left with a wrong PIN alone is remembered what it told.
func TestTriesToldOnceOnly(t *testing.T) {
	b := newBench(t, softkey.SKF, profile.SKF{}, softkey.Dialect{}, ca.SM2)
	b.server.Inject(softkey.Fault{Do: softkey.Fail, Function: "SKF_GetPINInfo", Returned: 0x0A000003})
	tok := b.token(t)
	state := func() token.PINState {
		info, err := tok.Info(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return info.PIN
	}
	if got := state(); got != (token.PINState{Tries: -1, Max: -1}) {
		t.Errorf("before: %+v", got)
	}
	for left := tries - 1; left > 0; left-- {
		var wrong *token.PINWrongError
		if err := tok.Unlock(t.Context(), []byte(wrongPIN)); !errors.As(err, &wrong) || wrong.Tries != left {
			t.Errorf("%v with %d tries left", err, left)
		}
		if got := state(); got != (token.PINState{Tries: left, Max: -1, Low: true}) {
			t.Errorf("with %d tries left: %+v", left, got)
		}
	}
	if err := tok.Unlock(t.Context(), []byte(pin)); !errors.Is(err, token.ErrLastTry) {
		t.Errorf("the last try was not asked for: %v", err)
	}
	if err := tok.Unlock(token.ConfirmLastTry(t.Context()), []byte(pin)); err != nil {
		t.Fatal(err)
	}
	if got := state(); got.Tries != -1 || got.Low {
		t.Errorf("after the right PIN: %+v", got)
	}
}

// A library that tells the tries left with a number that nobody knows, and in no other way, has told that the PIN was wrong.
func TestNumberNobodyKnows(t *testing.T) {
	b := newBench(t, softkey.SKF, profile.SKF{}, softkey.Dialect{PINIncorrect: 0x0B0000AA}, ca.SM2)
	b.server.Inject(softkey.Fault{Do: softkey.Fail, Function: "SKF_GetPINInfo", Returned: 0x0A000003})
	tok := b.token(t)
	var wrong *token.PINWrongError
	if err := tok.Unlock(t.Context(), []byte(wrongPIN)); !errors.As(err, &wrong) || wrong.Tries != tries-1 {
		t.Errorf("got %v", err)
	}
	b.server.Inject(softkey.Fault{Do: softkey.Fail, Function: "SKF_VerifyPIN", Returned: 0x0B0000BB})
	var e *Error
	if err := tok.Unlock(t.Context(), []byte(pin)); !errors.As(err, &e) || errors.As(err, &wrong) {
		t.Errorf("a failure passed for a wrong PIN: %v", err)
	}
}

func TestForms(t *testing.T) {
	var plain softkey.Dialect
	for name, v := range map[string]struct {
		variant softkey.Variant
		dialect softkey.Dialect
		fault   softkey.Effect
		want    error
		alg     ca.Algorithm
	}{
		"SM2, DER in place of the blob":     {softkey.SKF, plain, softkey.OtherEncoding, nil, ca.SM2},
		"SM2, blob in place of r‖s":         {softkey.SKFDraft2010, plain, softkey.BlobEncoding, nil, ca.SM2},
		"SM2, DER in place of r‖s":          {softkey.SKFDraft2010, plain, softkey.OtherEncoding, nil, ca.SM2},
		"RSA, last byte first":              {softkey.SKF, plain, softkey.OtherEncoding, nil, ca.RSA},
		"SM2, of something else":            {softkey.SKF, plain, softkey.WrongSignature, token.ErrBadSignature, ca.SM2},
		"RSA, of something else":            {softkey.SKF, plain, softkey.WrongSignature, token.ErrBadSignature, ca.RSA},
		"SM2, an absurd length":             {softkey.SKFDraft2010, plain, softkey.AbsurdLength, ErrAnswer, ca.SM2},
		"RSA, an absurd length":             {softkey.SKF, plain, softkey.AbsurdLength, ErrAnswer, ca.RSA},
		"SM2, of the hash of the digest":    {softkey.SKF, softkey.Dialect{HashesAgain: true}, 0, ErrHashesAgain, ca.SM2},
		"RSA, by a library that has no RSA": {softkey.SKF, softkey.Dialect{NoRSA: true}, 0, token.ErrNotSupported, ca.RSA},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t, v.variant, profile.SKF{}, v.dialect, v.alg)
			tok := b.token(t)
			unlock(t, tok)
			if v.fault != 0 {
				for _, f := range []string{"SKF_ECCSignData", "SKF_RSASignData"} {
					b.server.Inject(softkey.Fault{Do: v.fault, Function: f})
				}
			}
			for range 2 {
				if _, err := sign(t, tok); !errors.Is(err, v.want) {
					t.Errorf("got %v, want %v", err, v.want)
				}
			}
			if b.device.PINs() != 1 {
				t.Errorf("%d PINs reached the key", b.device.PINs())
			}
		})
	}
	t.Run("a profile tells that digests are hashed again", func(t *testing.T) {
		b := newBench(t, softkey.SKF, profile.SKF{HashesAgain: true}, softkey.Dialect{HashesAgain: true}, ca.SM2)
		tok := b.token(t)
		unlock(t, tok)
		if _, err := sign(t, tok); !errors.Is(err, token.ErrNotSupported) || b.server.Calls("SKF_ECCSignData") != 0 {
			t.Errorf("%v after %d calls", err, b.server.Calls("SKF_ECCSignData"))
		}
	})
}

// What was found to work is kept to: one call a signature, and no key asks for its button twice.
func TestOneCallASignature(t *testing.T) {
	b := newBench(t, softkey.SKFLongmai, profile.SKF{}, softkey.Dialect{}, ca.SM2)
	tok := b.token(t)
	unlock(t, tok)
	for range 5 {
		if _, err := sign(t, tok); err != nil {
			t.Fatal(err)
		}
	}
	if n := b.server.Calls("SKF_ECCSignData"); n != 5 {
		t.Errorf("%d calls for 5 signatures", n)
	}
	for range 5 {
		if err := decrypt(t, tok); err != nil {
			t.Fatal(err)
		}
	}
	if n := b.server.Calls("SKF_ECCPrvKeyDecrypt"); n != 6 {
		t.Errorf("%d calls for 5 decryptions and the first look", n)
	}
}

// A function that gives no signature is tried once.
func TestWhatDoesNotSignIsLeftAlone(t *testing.T) {
	p := profile.SKF{SignSM2: []profile.Function{function("SKF_ExportPublicKey", "container key output outputSize", 1, 0)}}
	b := newBench(t, softkey.SKF, p, softkey.Dialect{}, ca.SM2)
	tok := b.token(t)
	unlock(t, tok)
	signer, err := identityOf(t, tok, token.UsageSign).Signer(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	before := b.server.Calls("SKF_ExportPublicKey")
	for range 3 {
		if _, err := signer.Sign(rand.Reader, make([]byte, 32), hash0{}); err != nil {
			t.Fatal(err)
		}
	}
	if n := b.server.Calls("SKF_ExportPublicKey") - before; n != 1 {
		t.Errorf("it was called %d times", n)
	}
}

// Numbers mean what the profile says.
func TestErrorsOfAProfile(t *testing.T) {
	p := profile.SKF{Errors: map[profile.Number]profile.Outcome{0x0A000024: profile.PINLocked, 0x0AAAAAAA: profile.TimedOut}}
	b := newBench(t, softkey.SKF, p, softkey.Dialect{}, ca.SM2)
	tok := b.token(t)
	if err := tok.Unlock(t.Context(), []byte(wrongPIN)); !errors.Is(err, token.ErrPINLocked) {
		t.Errorf("got %v", err)
	}
	unlock(t, tok)
	b.server.Inject(softkey.Fault{Do: softkey.Fail, Function: "SKF_ECCSignData", Returned: 0x0AAAAAAA, Times: 1})
	_, err := sign(t, tok)
	var e *Error
	if !errors.Is(err, token.ErrTimeout) || !errors.As(err, &e) || e.Number != 0x0AAAAAAA || e.Code() != "token.timeout" {
		t.Errorf("got %v", err)
	}
	b.server.Inject(softkey.Fault{Do: softkey.Fail, Function: "SKF_ECCSignData", Returned: 0x0A0000EE})
	if _, err = sign(t, tok); !errors.As(err, &e) || e.Code() != "token.library_failed" || e.Params()["number"] != "0x0A0000EE" {
		t.Errorf("got %v", err)
	}
}

func TestOpen(t *testing.T) {
	junk := filepath.Join(t.TempDir(), "junk.so")
	if err := os.WriteFile(junk, []byte("no library"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, path := range map[string]string{
		"a relative path": "libskf.so", "nothing there": filepath.Join(t.TempDir(), "libskf.so"),
		"no library": junk, "no SKF": libm(t),
	} {
		if _, err := Open(path, profile.SKF{}); !errors.Is(err, ErrLibrary) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// libm is a library that has nothing to do with keys, and is on every system that the tests run on.
func libm(t *testing.T) string {
	t.Helper()
	for _, pattern := range []string{"/lib/*-linux-gnu/libm.so.6", "/lib64/libm.so.6", "/usr/lib/libm.so.6"} {
		if found, _ := filepath.Glob(pattern); len(found) > 0 {
			return found[0]
		}
	}
	t.Fatal("there is no mathematical library of C; run packaging/deps.sh test")
	return ""
}

func TestChoiceOfFunctions(t *testing.T) {
	names := func(functions []profile.Function) []string {
		var n []string
		for _, f := range functions {
			n = append(n, f.Name+"/"+string(rune('0'+len(f.Arguments))))
		}
		return n
	}
	all := func(string) bool { return true }
	own := function("SKF_ECCPrvKeyDecrypt", "container key input output outputSize", 2, 1)
	d := newDialect(profile.SKF{DecryptSM2: []profile.Function{own}}, all)
	want := []string{"SKF_ECCPrvKeyDecrypt/5", "SKF_ECCPrvKeyDecryptEx/5", "V_ECCPrvKeyDecrypt/5"}
	if got := names(d.decryptSM2); !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	if got := names(d.signSM2); !slices.Equal(got, []string{"SKF_ECCSignData/4", "SKF_ECCSignDataEx/5"}) {
		t.Errorf("got %v", got)
	}
	d = newDialect(profile.SKF{}, func(name string) bool {
		return name != "SKF_ExportCertificate" && !strings.HasPrefix(name, "V_")
	})
	want = []string{"SKF_ECCSignData/5", "SKF_ECCSignDataEx/5"}
	if got := names(d.signSM2); !slices.Equal(got, want) || d.readCertificate.Name != "SKF_ReadCert" {
		t.Errorf("the draft of 2010 was not made out: %v, %v", got, d.readCertificate)
	}
	if got := names(d.decryptSM2); slices.Contains(got, "V_ECCPrvKeyDecrypt/5") {
		t.Errorf("a function that is not there: %v", got)
	}
}
