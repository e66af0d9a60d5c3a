//go:build unix

package softkey_test

import (
	"bytes"
	"crypto"
	"crypto/cipher"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/binary"
	"errors"
	"io"
	"math/big"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"
	"unsafe"

	"github.com/ebitengine/purego"
	gmcipher "github.com/emmansun/gmsm/cipher"
	"github.com/emmansun/gmsm/sm2"
	"github.com/emmansun/gmsm/sm4"
	"github.com/emmansun/gmsm/smx509"

	"sealdesk/token"
	"sealdesk/token/ca"
	"sealdesk/token/softkey"
	"sealdesk/token/softkey/softkeytest"
)

const (
	pinText  = "135790"
	wrongPIN = "000000"
	serial   = "SK0001"
	message  = "政府采购合同 2026-11"
)

// Codes of GM/T 0016 that the tests expect.
const (
	sarOK             = 0
	sarNotSupported   = 0x0A000003
	sarInvalidHandle  = 0x0A000005
	sarTimeout        = 0x0A00000F
	sarInDataLength   = 0x0A000010
	sarKeyNotFound    = 0x0A00001B
	sarCertNotFound   = 0x0A00001C
	sarDecryptPad     = 0x0A00001E
	sarBufferTooSmall = 0x0A000020
	sarNotEvent       = 0x0A000022
	sarDeviceRemoved  = 0x0A000023
	sarPINIncorrect   = 0x0A000024
	sarPINLocked      = 0x0A000025
	sarPINLength      = 0x0A000027
	sarNotLoggedIn    = 0x0A00002D
)

// pair is a key with its certificate, of one use.
type pair struct {
	key  crypto.Signer
	cert *smx509.Certificate
}

func (p pair) softkey() softkey.KeyPair { return softkey.KeyPair{Key: p.key, Certificate: p.cert} }

// keys makes a signing and an encryption pair.
func keys(t testing.TB, a ca.Algorithm) (sign, encrypt pair) {
	t.Helper()
	authority, err := ca.New(a)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range []*pair{&sign, &encrypt} {
		if p.key, err = ca.GenerateKey(a); err != nil {
			t.Fatal(err)
		}
	}
	sign.cert, encrypt.cert, err = authority.IssuePair(ca.Subject{Name: "某县财政局"}, sign.key.Public(), encrypt.key.Public())
	if err != nil {
		t.Fatal(err)
	}
	return sign, encrypt
}

// point is an SM2 public key as 04‖x‖y.
func point(t testing.TB, key crypto.Signer) []byte {
	t.Helper()
	k, err := sm2.PublicKeyToECDH(key.Public().(*ecdsa.PublicKey))
	if err != nil {
		t.Fatal(err)
	}
	return k.Bytes()
}

// addDevice puts a key into the server's port.
func addDevice(t testing.TB, s *softkey.Server, o softkey.DeviceOptions) *softkey.Device {
	t.Helper()
	if o.Serial == "" {
		o.Serial = serial
	}
	if o.Label == "" {
		o.Label = "测试钥匙"
	}
	o.PIN = []byte(pinText)
	d, err := s.Add(o)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func addContainer(t testing.TB, d *softkey.Device, name string, sign, encrypt softkey.KeyPair) {
	t.Helper()
	if err := d.AddContainer(name, sign, encrypt); err != nil {
		t.Fatal(err)
	}
}

// skf is a loaded SKF library.
type skf struct {
	t      testing.TB
	path   string
	handle uintptr
}

func loadSKF(t testing.TB, path string) *skf {
	t.Helper()
	h, err := purego.Dlopen(path, purego.RTLD_NOW|purego.RTLD_LOCAL)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { purego.Dlclose(h) })
	return &skf{t, path, h}
}

func (l *skf) exports(name string) bool {
	_, err := purego.Dlsym(l.handle, name)
	return err == nil
}

// call passes numbers, strings, buffers and pointers as C has them; nil is a null pointer.
func (l *skf) call(name string, args ...any) uint32 {
	l.t.Helper()
	f, err := purego.Dlsym(l.handle, name)
	if err != nil {
		l.t.Fatal(err)
	}
	words := make([]uintptr, len(args))
	for i, a := range args {
		switch a := a.(type) {
		case nil:
		case int:
			words[i] = uintptr(a)
		case uintptr:
			words[i] = a
		case string:
			b := append([]byte(a), 0)
			args[i] = b
			words[i] = uintptr(unsafe.Pointer(&b[0]))
		case []byte:
			words[i] = uintptr(unsafe.Pointer(unsafe.SliceData(a)))
		case *uint32:
			words[i] = uintptr(unsafe.Pointer(a))
		case *uintptr:
			words[i] = uintptr(unsafe.Pointer(a))
		default:
			l.t.Fatalf("%s: an argument of type %T", name, a)
		}
	}
	returned, _, _ := purego.SyscallN(f, words...)
	runtime.KeepAlive(args)
	return uint32(returned)
}

// must calls and expects what is returned.
func (l *skf) must(want uint32, name string, args ...any) {
	l.t.Helper()
	if got := l.call(name, args...); got != want {
		l.t.Fatalf("%s returned %#x, want %#x", name, got, want)
	}
}

// buffer calls a function whose last arguments are a buffer and its size: once for the size, once for the bytes.
func (l *skf) buffer(name string, args ...any) []byte {
	l.t.Helper()
	var size uint32
	l.must(sarOK, name, append(slices.Clone(args), nil, &size)...)
	b := make([]byte, size)
	l.must(sarOK, name, append(slices.Clone(args), b, &size)...)
	return b[:size]
}

func (l *skf) names(name string, args ...any) []string {
	l.t.Helper()
	list := string(l.buffer(name, args...))
	if !strings.HasSuffix(list, "\x00") {
		l.t.Fatalf("%s: the list %q does not end", name, list)
	}
	return strings.FieldsFunc(list, func(r rune) bool { return r == 0 })
}

// opened is a way down to a container.
type opened struct{ device, app, box uintptr }

func (l *skf) open(container string) opened {
	l.t.Helper()
	var o opened
	l.must(sarOK, "SKF_ConnectDev", "SOFTKEY-"+serial, &o.device)
	l.must(sarOK, "SKF_OpenApplication", o.device, "SEALDESK", &o.app)
	l.must(sarOK, "SKF_OpenContainer", o.app, container, &o.box)
	return o
}

func (l *skf) login(o opened) {
	l.t.Helper()
	var left uint32
	l.must(sarOK, "SKF_VerifyPIN", o.app, 1, pinText, &left)
	if left != 6 {
		l.t.Errorf("%d tries are left after the right PIN, want 6", left)
	}
}

// signSM2 signs through SKF_ECCSignData and gives the structure.
func (l *skf) signSM2(o opened, cert *smx509.Certificate) (e, blob []byte) {
	l.t.Helper()
	e, err := token.SM2Digest(cert.PublicKey.(*ecdsa.PublicKey), []byte(message))
	if err != nil {
		l.t.Fatal(err)
	}
	blob = make([]byte, 128)
	l.must(sarOK, "SKF_ECCSignData", o.box, e, len(e), blob)
	return e, blob
}

func verifyBlob(cert *smx509.Certificate, e, blob []byte) bool {
	return sm2.Verify(cert.PublicKey.(*ecdsa.PublicKey), e, new(big.Int).SetBytes(blob[:64]), new(big.Int).SetBytes(blob[64:]))
}

func TestSKFSignsWithSM2(t *testing.T) {
	t.Parallel()
	s, path := softkeytest.Start(t, softkey.SKFLongmai)
	d := addDevice(t, s, softkey.DeviceOptions{})
	sign, encrypt := keys(t, ca.SM2)
	addContainer(t, d, "合同章", sign.softkey(), encrypt.softkey())
	l := loadSKF(t, path)

	if got := l.names("SKF_EnumDev", 1); !slices.Equal(got, []string{"SOFTKEY-" + serial}) {
		t.Fatalf("devices %q", got)
	}
	o := l.open("合同章")
	if got := l.names("SKF_EnumApplication", o.device); !slices.Equal(got, []string{"SEALDESK"}) {
		t.Errorf("applications %q", got)
	}
	if got := l.names("SKF_EnumContainer", o.app); !slices.Equal(got, []string{"合同章"}) {
		t.Errorf("containers %q", got)
	}
	var kind uint32
	l.must(sarOK, "SKF_GetContainerType", o.box, &kind)
	if kind != 2 {
		t.Errorf("the container is of type %d, want 2", kind)
	}
	for flag, p := range map[int]pair{1: sign, 0: encrypt} {
		if der := l.buffer("SKF_ExportCertificate", o.box, flag); !bytes.Equal(der, p.cert.Raw) {
			t.Errorf("the certificate of flag %d is another", flag)
		}
		blob := l.buffer("SKF_ExportPublicKey", o.box, flag)
		point := point(t, p.key)
		if len(blob) != 132 || !bytes.Equal(blob[36:68], point[1:33]) || !bytes.Equal(blob[100:132], point[33:]) {
			t.Errorf("the public key of flag %d is % x", flag, blob)
		}
	}
	l.must(sarNotLoggedIn, "SKF_ECCSignData", o.box, make([]byte, 32), 32, make([]byte, 128))
	l.login(o)
	e, blob := l.signSM2(o, sign.cert)
	if !verifyBlob(sign.cert, e, blob) {
		t.Error("the signature does not verify")
	}
	l.must(sarInDataLength, "SKF_ECCSignData", o.box, e, 31, blob)
	l.must(sarOK, "SKF_ClearSecureState", o.app)
	l.must(sarNotLoggedIn, "SKF_ECCSignData", o.box, e, 32, blob)
}

// digestInfo is PKCS #1's, of SHA-256.
func digestInfo(sum []byte) []byte {
	return append([]byte("\x30\x31\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x01\x05\x00\x04\x20"), sum...)
}

func TestSKFSignsWithRSA(t *testing.T) {
	t.Parallel()
	s, path := softkeytest.Start(t, softkey.SKFLongmai)
	d := addDevice(t, s, softkey.DeviceOptions{})
	sign, encrypt := keys(t, ca.RSA)
	addContainer(t, d, "rsa", sign.softkey(), encrypt.softkey())
	l := loadSKF(t, path)
	o := l.open("rsa")
	l.login(o)
	sum := sha256.Sum256([]byte(message))
	info := digestInfo(sum[:])
	sig := l.buffer("SKF_RSASignData", o.box, info, len(info))
	if err := rsa.VerifyPKCS1v15(sign.key.Public().(*rsa.PublicKey), crypto.SHA256, sum[:], sig); err != nil {
		t.Error(err)
	}
	size := uint32(10)
	l.must(sarBufferTooSmall, "SKF_RSASignData", o.box, info, len(info), make([]byte, 10), &size)
	if size != 384 {
		t.Errorf("a buffer that is too small is told %d bytes, want 384", size)
	}
}

func TestSKFPIN(t *testing.T) {
	t.Parallel()
	s, path := softkeytest.Start(t, softkey.SKFLongmai)
	sign, _ := keys(t, ca.SM2)
	d := addDevice(t, s, softkey.DeviceOptions{Tries: 3, AdminPIN: []byte("87654321")})
	addContainer(t, d, "a", sign.softkey(), softkey.KeyPair{})
	l := loadSKF(t, path)
	o := l.open("a")
	for _, step := range []struct {
		pin  string
		want uint32
		left uint32
	}{
		{wrongPIN, sarPINIncorrect, 2},
		{pinText, sarOK, 3},
		{wrongPIN, sarPINIncorrect, 2},
		{wrongPIN, sarPINIncorrect, 1},
		{wrongPIN, sarPINLocked, 0},
		{pinText, sarPINLocked, 0},
	} {
		left := uint32(99)
		l.must(step.want, "SKF_VerifyPIN", o.app, 1, step.pin, &left)
		var most, info, initial uint32
		l.must(sarOK, "SKF_GetPINInfo", o.app, 1, &most, &info, &initial)
		if left != step.left || info != step.left || most != 3 || initial != 1 {
			t.Errorf("after %s: %d tries left, SKF_GetPINInfo says %d of %d, initial %d; want %d",
				step.pin, left, info, most, initial, step.left)
		}
	}
	if d.PINs() != 6 || d.Tries() != 0 {
		t.Errorf("%d PINs reached the key and %d tries are left, want 6 and 0", d.PINs(), d.Tries())
	}
	var left uint32
	l.must(sarPINIncorrect, "SKF_UnblockPIN", o.app, wrongPIN, "222222", &left)
	if left != 2 {
		t.Errorf("%d tries of the administrator are left, want 2", left)
	}
	l.must(sarOK, "SKF_UnblockPIN", o.app, "87654321", "222222", &left)
	l.must(sarOK, "SKF_VerifyPIN", o.app, 1, "222222", &left)
	l.must(sarPINLength, "SKF_ChangePIN", o.app, 1, "222222", "1", &left)
	l.must(sarPINIncorrect, "SKF_ChangePIN", o.app, 1, wrongPIN, "333333", &left)
	l.must(sarOK, "SKF_ChangePIN", o.app, 1, "222222", "333333", &left)
	l.must(sarOK, "SKF_VerifyPIN", o.app, 1, "333333", nil)
	var most, info, initial uint32
	l.must(sarOK, "SKF_GetPINInfo", o.app, 1, &most, &info, &initial)
	if initial != 0 {
		t.Error("a PIN that was changed is said to be the first one")
	}
}

// A wrong PIN after a right one takes the right away again.
func TestSKFWrongPINEndsTheLogin(t *testing.T) {
	t.Parallel()
	s, path := softkeytest.Start(t, softkey.SKFLongmai)
	sign, _ := keys(t, ca.SM2)
	addContainer(t, addDevice(t, s, softkey.DeviceOptions{}), "a", sign.softkey(), softkey.KeyPair{})
	l := loadSKF(t, path)
	o := l.open("a")
	l.login(o)
	l.must(sarPINIncorrect, "SKF_VerifyPIN", o.app, 1, wrongPIN, nil)
	l.must(sarNotLoggedIn, "SKF_ECCSignData", o.box, make([]byte, 32), 32, make([]byte, 128))
}

// cipherBlob lays a ciphertext out as ECCCIPHERBLOB.
func cipherBlob(t testing.TB, to crypto.Signer, plain []byte) []byte {
	t.Helper()
	opts := sm2.NewPlainEncrypterOpts(sm2.MarshalUncompressed, sm2.C1C3C2)
	c, err := sm2.Encrypt(rand.Reader, to.Public().(*ecdsa.PublicKey), plain, opts)
	if err != nil {
		t.Fatal(err)
	}
	blob := make([]byte, 164)
	copy(blob[32:64], c[1:33])
	copy(blob[96:128], c[33:65])
	copy(blob[128:160], c[65:97])
	binary.LittleEndian.PutUint32(blob[160:], uint32(len(plain)))
	return append(blob, c[97:]...)
}

func TestSKFDecryptsByVendorsNames(t *testing.T) {
	t.Parallel()
	secret := []byte("a key of 16 byte")
	_, ecc := keys(t, ca.SM2)
	_, rsaPair := keys(t, ca.RSA)
	//lint:ignore SA1019 the interface has this padding
	rsaCipher, err := rsa.EncryptPKCS1v15(rand.Reader, rsaPair.key.Public().(*rsa.PublicKey), secret)
	if err != nil {
		t.Fatal(err)
	}
	blob := cipherBlob(t, ecc.key, secret)
	for _, tt := range []struct {
		variant  softkey.Variant
		ecc, rsa string
		keyspec  []any // of both
		rsaSpec  []any
	}{
		{softkey.SKFLongmai, "SKF_ECCPrvKeyDecrypt", "SKF_RSAPrvKeyDecrypt", nil, nil},
		{softkey.SKFKeyspec, "SKF_PrvKeyDecrypt", "SKF_RSADecrypt", []any{1}, []any{1}},
		{softkey.SKFHaitai, "SKF_ECCDecrypt", "SKF_RSADecrypt", nil, nil},
		{softkey.SKFCCore, "V_ECCPrvKeyDecrypt", "V_RSAPrvKeyDecrypt", []any{1}, nil},
	} {
		t.Run(string(tt.variant), func(t *testing.T) {
			t.Parallel()
			s, path := softkeytest.Start(t, tt.variant)
			d := addDevice(t, s, softkey.DeviceOptions{})
			addContainer(t, d, "ecc", softkey.KeyPair{}, ecc.softkey())
			addContainer(t, d, "rsa", softkey.KeyPair{}, rsaPair.softkey())
			l := loadSKF(t, path)
			for _, name := range []string{
				"SKF_ECCPrvKeyDecrypt", "SKF_PrvKeyDecrypt", "SKF_ECCDecrypt", "V_ECCPrvKeyDecrypt",
				"SKF_RSAPrvKeyDecrypt", "SKF_RSADecrypt", "V_RSAPrvKeyDecrypt", "SKF_ReadCert",
			} {
				if want := name == tt.ecc || name == tt.rsa; l.exports(name) != want {
					t.Errorf("the library exports %s: %v", name, !want)
				}
			}
			o := l.open("ecc")
			size := uint32(100)
			args := append(append([]any{o.box}, tt.keyspec...), blob, make([]byte, 100), &size)
			l.must(sarNotLoggedIn, tt.ecc, args...)
			l.login(o)
			if got := l.buffer(tt.ecc, append(append([]any{o.box}, tt.keyspec...), blob)...); !bytes.Equal(got, secret) {
				t.Errorf("SM2: %q", got)
			}
			o = l.open("rsa")
			args = append(append([]any{o.box}, tt.rsaSpec...), rsaCipher, len(rsaCipher))
			if got := l.buffer(tt.rsa, args...); !bytes.Equal(got, secret) {
				t.Errorf("RSA: %q", got)
			}
		})
	}
}

func TestSKFDecryptsBySessionKey(t *testing.T) {
	t.Parallel()
	s, path := softkeytest.Start(t, softkey.SKF)
	_, ecc := keys(t, ca.SM2)
	addContainer(t, addDevice(t, s, softkey.DeviceOptions{}), "ecc", softkey.KeyPair{}, ecc.softkey())
	l := loadSKF(t, path)
	if l.exports("SKF_ECCPrvKeyDecrypt") || l.exports("SKF_PrvKeyDecrypt") || l.exports("SKF_ECCDecrypt") {
		t.Error("the library exports more than the standard")
	}
	var decryptInit func(key uintptr, p blockCipherParam) uint32
	purego.RegisterLibFunc(&decryptInit, l.handle, "SKF_DecryptInit")
	o := l.open("ecc")
	l.login(o)
	secret, iv := []byte("0123456789abcdef"), []byte("fedcba9876543210")
	block, err := sm4.NewCipher(secret)
	if err != nil {
		t.Fatal(err)
	}
	padded := append([]byte(message), bytes.Repeat([]byte{byte(16 - len(message)%16)}, 16-len(message)%16)...)
	cbc := make([]byte, len(padded))
	cipher.NewCBCEncrypter(block, iv).CryptBlocks(cbc, padded)
	var key uintptr
	blob := cipherBlob(t, ecc.key, secret)
	l.must(sarOK, "SKF_ImportSessionKey", o.box, 0x402, blob, len(blob), &key)
	p := blockCipherParam{IVLen: 16, Padding: 1}
	copy(p.IV[:], iv)
	if got := decryptInit(key, p); got != sarOK {
		t.Fatalf("SKF_DecryptInit returned %#x", got)
	}
	if got := l.buffer("SKF_Decrypt", key, cbc, len(cbc)); string(got) != message {
		t.Errorf("decrypted at once: %q", got)
	}
	if got := decryptInit(key, p); got != sarOK {
		t.Fatalf("SKF_DecryptInit returned %#x", got)
	}
	var plain []byte
	for part := range slices.Chunk(cbc, 7) {
		size := uint32(64)
		b := make([]byte, size)
		l.must(sarOK, "SKF_DecryptUpdate", key, part, len(part), b, &size)
		plain = append(plain, b[:size]...)
	}
	size := uint32(64)
	b := make([]byte, size)
	l.must(sarOK, "SKF_DecryptFinal", key, b, &size)
	if plain = append(plain, b[:size]...); string(plain) != message {
		t.Errorf("decrypted in parts: %q", plain)
	}
	decryptInit(key, p)
	cbc[len(cbc)-17] ^= 0x55
	size = uint32(len(cbc))
	l.must(sarDecryptPad, "SKF_Decrypt", key, cbc, len(cbc), make([]byte, size), &size)
	l.must(sarOK, "SKF_CloseHandle", key)
	l.must(sarInvalidHandle, "SKF_CloseHandle", key)
}

// blockCipherParam is BLOCKCIPHERPARAM.
type blockCipherParam struct {
	IV                           [32]byte
	IVLen, Padding, FeedbackBits uint32
}

func TestSKFProvisioning(t *testing.T) {
	t.Parallel()
	s, path := softkeytest.Start(t, softkey.SKFLongmai)
	addDevice(t, s, softkey.DeviceOptions{})
	l := loadSKF(t, path)
	var device, app uintptr
	l.must(sarOK, "SKF_ConnectDev", "SOFTKEY-"+serial, &device)

	// an application needs the device's key
	create := []any{device, "CA", "admin666", 5, "222222", 5, 0, &app}
	l.must(sarNotLoggedIn, "SKF_CreateApplication", create...)
	nonce := make([]byte, 16)
	l.must(sarOK, "SKF_GenRandom", device, nonce, 8)
	block, err := sm4.NewCipher([]byte("1234567812345678"))
	if err != nil {
		t.Fatal(err)
	}
	block.Encrypt(nonce, nonce)
	l.must(sarOK, "SKF_DevAuth", device, nonce, 16)
	l.must(sarOK, "SKF_CreateApplication", create...)
	if got := l.names("SKF_EnumApplication", device); !slices.Equal(got, []string{"SEALDESK", "CA"}) {
		t.Errorf("applications %q", got)
	}

	for _, a := range []ca.Algorithm{ca.SM2, ca.RSA} {
		var box uintptr
		l.must(sarNotLoggedIn, "SKF_CreateContainer", app, string(a), &box)
		l.must(sarOK, "SKF_VerifyPIN", app, 1, "222222", nil)
		l.must(sarOK, "SKF_CreateContainer", app, string(a), &box)
		l.must(sarKeyNotFound, "SKF_ECCSignData", box, make([]byte, 32), 32, make([]byte, 128))
		l.must(sarCertNotFound, "SKF_ExportCertificate", box, 1, nil, new(uint32))
		sign, encrypt := keys(t, a)
		l.must(sarOK, "SKF_ImportCertificate", box, 1, sign.cert.Raw, len(sign.cert.Raw))
		l.must(sarOK, "SKF_ImportCertificate", box, 0, encrypt.cert.Raw, len(encrypt.cert.Raw))
		if got := l.buffer("SKF_ExportCertificate", box, 0); !bytes.Equal(got, encrypt.cert.Raw) {
			t.Error("the certificate is another")
		}
		var blob []byte
		if a == ca.SM2 {
			blob = make([]byte, 132)
			l.must(sarOK, "SKF_GenECCKeyPair", box, 0x00020100, blob)
		} else {
			blob = make([]byte, 268)
			l.must(sarOK, "SKF_GenRSAKeyPair", box, 2048, blob)
		}
		if got := l.buffer("SKF_ExportPublicKey", box, 1); !bytes.Equal(got, blob) {
			t.Error("the public key that was made is not the one that is exported")
		}
		importEncryptionKey(t, l, box, blob, encrypt.key)
		l.must(sarOK, "SKF_ClearSecureState", app)
	}
	l.must(sarOK, "SKF_VerifyPIN", app, 1, "222222", nil)
	l.must(sarOK, "SKF_DeleteContainer", app, string(ca.RSA))
	if got := l.names("SKF_EnumContainer", app); !slices.Equal(got, []string{string(ca.SM2)}) {
		t.Errorf("containers %q", got)
	}
}

// importEncryptionKey gives the container an encryption key under its signing key, and uses it.
func importEncryptionKey(t testing.TB, l *skf, box uintptr, signBlob []byte, key crypto.Signer) {
	t.Helper()
	secret := []byte("0123456789abcdef")
	block, err := sm4.NewCipher(secret)
	if err != nil {
		t.Fatal(err)
	}
	ecb := gmcipher.NewECBEncrypter(block)
	var got []byte
	switch key := key.(type) {
	case *sm2.PrivateKey:
		signPub, err := sm2.ParseUncompressedPublicKey(slices.Concat([]byte{4}, signBlob[36:68], signBlob[100:132]))
		if err != nil {
			t.Fatal(err)
		}
		envelope := make([]byte, 208)
		binary.LittleEndian.PutUint32(envelope, 1)
		binary.LittleEndian.PutUint32(envelope[4:], 0x401)
		binary.LittleEndian.PutUint32(envelope[8:], 256)
		key.D.FillBytes(envelope[12:76])
		ecb.CryptBlocks(envelope[12:76], envelope[12:76])
		binary.LittleEndian.PutUint32(envelope[76:], 256)
		p := point(t, key)
		copy(envelope[112:144], p[1:33])
		copy(envelope[176:208], p[33:])
		envelope = append(envelope, cipherBlob(t, publicOnly{signPub}, secret)...)
		l.must(sarOK, "SKF_ImportECCKeyPair", box, envelope)
		got = l.buffer("SKF_ECCPrvKeyDecrypt", box, cipherBlob(t, key, []byte(message)))
	case *rsa.PrivateKey:
		signPub := &rsa.PublicKey{N: new(big.Int).SetBytes(signBlob[8:264]), E: int(binary.BigEndian.Uint32(signBlob[264:]))}
		//lint:ignore SA1019 the interface has this padding
		wrapped, err := rsa.EncryptPKCS1v15(rand.Reader, signPub, secret)
		if err != nil {
			t.Fatal(err)
		}
		der := x509.MarshalPKCS1PrivateKey(key)
		der = append(der, make([]byte, 16-len(der)%16)...)
		ecb.CryptBlocks(der, der)
		l.must(sarOK, "SKF_ImportRSAKeyPair", box, 0x401, wrapped, len(wrapped), der, len(der))
		//lint:ignore SA1019 the interface has this padding
		c, err := rsa.EncryptPKCS1v15(rand.Reader, &key.PublicKey, []byte(message))
		if err != nil {
			t.Fatal(err)
		}
		got = l.buffer("SKF_RSAPrvKeyDecrypt", box, c, len(c))
	}
	if string(got) != message {
		t.Errorf("the imported key decrypts to %q", got)
	}
}

// publicOnly is a public key where a key pair is asked for its public half.
type publicOnly struct{ pub *ecdsa.PublicKey }

func (p publicOnly) Public() crypto.PublicKey { return p.pub }
func (publicOnly) Sign(io.Reader, []byte, crypto.SignerOpts) ([]byte, error) {
	return nil, errors.ErrUnsupported
}

func TestSKFDialects(t *testing.T) {
	t.Parallel()
	s, path := softkeytest.Start(t, softkey.SKFLongmai)
	d := addDevice(t, s, softkey.DeviceOptions{Manufacturer: "Longmai"})
	sign, encrypt := keys(t, ca.SM2)
	addContainer(t, d, "a", sign.softkey(), encrypt.softkey())
	l := loadSKF(t, path)
	o := l.open("a")
	info := func() []byte {
		b := bytes.Repeat([]byte{0xEE}, 512)
		l.must(sarOK, "SKF_GetDevInfo", o.device, b)
		return bytes.TrimRight(b, "\xEE")
	}
	packed := info()
	if len(packed) != 294 || !bytes.HasPrefix(packed[2:], []byte("Longmai\x00")) || string(packed[162:162+len(serial)]) != serial ||
		binary.LittleEndian.Uint32(packed[226:]) != 4096 {
		t.Errorf("DEVINFO has %d bytes: % x", len(packed), packed)
	}
	dialect := softkey.Dialect{AlignedDevInfo: true, PINIncorrect: 0x0A000029, HashesAgain: true, NoRSA: true}
	if err := d.SetDialect(dialect); err != nil {
		t.Fatal(err)
	}
	aligned := info()
	if len(aligned) != 296 || !bytes.Equal(aligned[200:], packed[198:]) && binary.LittleEndian.Uint32(aligned[228:]) != 4096 {
		t.Errorf("DEVINFO aligned has %d bytes: % x", len(aligned), aligned)
	}
	l.must(0x0A000029, "SKF_VerifyPIN", o.app, 1, wrongPIN, nil)
	l.login(o)
	e, blob := l.signSM2(o, sign.cert)
	if verifyBlob(sign.cert, e, blob) {
		t.Error("a key that hashes again signed e")
	}
	again, err := sm2.CalculateSM2Hash(sign.cert.PublicKey.(*ecdsa.PublicKey), e, nil)
	if err != nil {
		t.Fatal(err)
	}
	if !verifyBlob(sign.cert, again, blob) {
		t.Error("a key that hashes again did not sign SM3(Z‖e)")
	}
	size := uint32(512)
	l.must(sarNotSupported, "SKF_RSASignData", o.box, e, len(e), make([]byte, 512), &size)
}

func TestSKFDraft2010(t *testing.T) {
	t.Parallel()
	s, path := softkeytest.Start(t, softkey.SKFDraft2010)
	sign, encrypt := keys(t, ca.SM2)
	addContainer(t, addDevice(t, s, softkey.DeviceOptions{Manufacturer: "Haitai"}), "a", sign.softkey(), encrypt.softkey())
	l := loadSKF(t, path)
	for _, name := range []string{"SKF_ExportCertificate", "SKF_ImportCertificate", "SKF_GetContainerType"} {
		if l.exports(name) {
			t.Errorf("the library exports %s", name)
		}
	}
	o := l.open("a")
	info := make([]byte, 180)
	l.must(sarOK, "SKF_GetDevInfo", o.device, info)
	if !bytes.HasPrefix(info, []byte("Haitai\x00")) || !bytes.HasPrefix(info[128:], []byte(serial)) {
		t.Errorf("DEVINFO is % x", info)
	}
	for keyspec, p := range map[int]pair{2: sign, 1: encrypt} {
		var size uint32
		l.must(sarOK, "SKF_ReadCert", o.box, keyspec, &size, nil)
		der := make([]byte, size)
		l.must(sarOK, "SKF_ReadCert", o.box, keyspec, &size, der)
		if !bytes.Equal(der, p.cert.Raw) {
			t.Errorf("the certificate of keyspec %d is another", keyspec)
		}
	}
	if blob := l.buffer("SKF_ExportPublicKey", o.box, 1); len(blob) != 136 || !bytes.Equal(blob[40:72], point(t, sign.key)[1:33]) {
		t.Errorf("the public key is % x", blob)
	}
	l.login(o)
	e, err := token.SM2Digest(sign.cert.PublicKey.(*ecdsa.PublicKey), []byte(message))
	if err != nil {
		t.Fatal(err)
	}
	sig := l.buffer("SKF_ECCSignData", o.box, e, len(e))
	if len(sig) != 64 || !verifyBlob(sign.cert, e, slices.Concat(make([]byte, 32), sig[:32], make([]byte, 32), sig[32:])) {
		t.Error("the signature does not verify")
	}
	if got := l.buffer("SKF_ECCDecrypt", o.box, cipherBlob(t, encrypt.key, []byte(message))); string(got) != message {
		t.Errorf("decrypted %q", got)
	}
}

func TestSKFEvents(t *testing.T) {
	t.Parallel()
	s, path := softkeytest.Start(t, softkey.SKF)
	l := loadSKF(t, path)
	type event struct {
		returned, kind uint32
		device         string
	}
	wait := func() <-chan event {
		events := make(chan event, 1)
		go func() {
			b, size, kind := make([]byte, 64), uint32(64), uint32(0)
			returned := l.call("SKF_WaitForDevEvent", b, &size, &kind)
			name, _, _ := bytes.Cut(b, []byte{0})
			events <- event{returned, kind, string(name)}
		}()
		return events
	}
	expect := func(events <-chan event, want event) {
		t.Helper()
		select {
		case got := <-events:
			if got != want {
				t.Errorf("got %+v, want %+v", got, want)
			}
		case <-time.After(30 * time.Second):
			t.Fatal("no event")
		}
	}
	events := wait()
	d := addDevice(t, s, softkey.DeviceOptions{})
	expect(events, event{sarOK, 1, "SOFTKEY-" + serial})
	d.Unplug()
	expect(wait(), event{sarOK, 2, "SOFTKEY-" + serial})
	if got := l.names("SKF_EnumDev", 1); len(got) != 0 {
		t.Errorf("devices %q after the last was pulled out", got)
	}
	var state uint32
	l.must(sarOK, "SKF_GetDevState", "SOFTKEY-"+serial, &state)
	if state != 0 {
		t.Error("a device that was pulled out is said to be there")
	}
	events = wait()
	for s.Calls("SKF_WaitForDevEvent") < 3 {
		time.Sleep(time.Millisecond)
	}
	l.must(sarOK, "SKF_EnumDev", 1, nil, new(uint32)) // which is not held up
	l.must(sarOK, "SKF_CancelWaitForDevEvent")
	expect(events, event{sarNotEvent, 0, ""})
}

func TestSKFLockDev(t *testing.T) {
	t.Parallel()
	s, path := softkeytest.Start(t, softkey.SKF)
	sign, _ := keys(t, ca.SM2)
	addContainer(t, addDevice(t, s, softkey.DeviceOptions{}), "a", sign.softkey(), softkey.KeyPair{})
	l := loadSKF(t, path)
	other := loadSKF(t, softkeytest.Library(t, filepath.Dir(path), softkey.SKFHaitai)) // a process of its own to the server
	o := l.open("a")
	var device uintptr
	other.must(sarOK, "SKF_ConnectDev", "SOFTKEY-"+serial, &device)
	l.must(sarOK, "SKF_LockDev", o.device, 0xFFFFFFFF)
	other.must(sarTimeout, "SKF_LockDev", device, 20)
	done := make(chan uint32, 1)
	go func() { done <- other.call("SKF_GetDevInfo", device, make([]byte, 512)) }()
	select {
	case got := <-done:
		t.Fatalf("a call of another process came through a lock: %#x", got)
	case <-time.After(50 * time.Millisecond):
	}
	l.must(sarOK, "SKF_UnlockDev", o.device)
	if got := <-done; got != sarOK {
		t.Errorf("after the lock: %#x", got)
	}
}
