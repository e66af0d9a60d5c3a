package softkey_test

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/sha256"
	"math/big"
	"runtime"
	"slices"
	"strings"
	"testing"
	"unsafe"

	"github.com/ebitengine/purego"
	"github.com/emmansun/gmsm/sm2"
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
	handle uintptr
}

func loadSKF(t testing.TB, path string) *skf {
	t.Helper()
	h, err := purego.Dlopen(path, purego.RTLD_NOW|purego.RTLD_LOCAL)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { purego.Dlclose(h) })
	return &skf{t, h}
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
	info := append([]byte{0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01, 0x05, 0x00, 0x04, 0x20}, sum[:]...)
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
