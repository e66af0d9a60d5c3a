package softkey

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"math/big"
	"strings"
	"sync"
	"testing"

	"github.com/emmansun/gmsm/sm2"
)

// The handles of inUse.
const (
	theDevice = firstHandle + 16*(iota+1)
	theApp
	theBox
	theSession
	theKey
	query = ^uint64(0) // for the size alone
)

// Keys of the kinds that fuzzKeys are not.
var (
	rsaTestKey  = sync.OnceValues(func() (*rsa.PrivateKey, error) { return rsa.GenerateKey(rand.Reader, 2048) })
	p256TestKey = sync.OnceValues(func() (*ecdsa.PrivateKey, error) { return ecdsa.GenerateKey(elliptic.P256(), rand.Reader) })
)

// step is a call, and what is due.
type step struct {
	name   string
	values []any
	want   code
}

func does(name string, want code, values ...any) step { return step{name, values, want} }

// stage is a server that inUse has set up, on which calls follow one another.
type stage struct {
	*call
	t testing.TB
}

func (s stage) do(steps ...step) {
	s.t.Helper()
	for i, x := range steps {
		_, values, err := parseCall(message(x.name, x.values...))
		if err != nil {
			s.t.Fatal(err)
		}
		c := &call{server: s.server, client: s.client, ctx: s.ctx, name: x.name, in: arguments{values: values}}
		c.run()
		if got := code(c.out.returned); got != x.want {
			s.t.Errorf("step %d, %s: %#x, want %#x", i+1, x.name, got, x.want)
		}
		s.out = c.out
	}
}

func (s stage) unlocked(is bool) {
	if !is {
		clear(s.client.logins)
	}
}

func le64(n uint64) string { return string(binary.LittleEndian.AppendUint64(nil, n)) }

// with builds a call's values with a template at the end.
func with(first []any, attributes ...any) []any {
	return append(append(first, len(attributes)/2), attributes...)
}

// What a caller of SKF asks wrongly, or has no right to, comes back as the standard's number for it, and changes nothing.
func TestSKFRefuses(t *testing.T) {
	long := strings.Repeat("x", 70)
	param := func(iv, padding uint32) string {
		p := binary.LittleEndian.AppendUint32(make([]byte, 32), iv)
		return string(append(binary.LittleEndian.AppendUint32(p, padding), make([]byte, 4)...))
	}
	block := strings.Repeat("0123456789abcdef", 2)
	for _, tt := range []struct {
		name    string
		prepare func(s stage)
		steps   []step
	}{
		{"names and numbers of the device", nil, []step{
			does("SKF_SetLabel", sarNameLength, theDevice, long),
			does("SKF_SetLabel", sarOK, theDevice, "label"),
			does("SKF_GenRandom", sarInvalidParam, theDevice, 0),
			does("SKF_GenRandom", sarInvalidParam, theDevice, maxRandom+1),
			does("SKF_DevAuth", sarInDataLength, theDevice, block[:16]), // for no random
			does("SKF_GenRandom", sarOK, theDevice, 8),
			does("SKF_DevAuth", sarInDataLength, theDevice, "short"),
			does("SKF_GenRandom", sarOK, theDevice, 8),
			does("SKF_DevAuth", sarFail, theDevice, block[:16]),
			does("SKF_ConnectDev", sarInvalidParam, "nobody"),
			does("SKF_GetDevInfo", sarInvalidHandle, theApp),
			does("SKF_GetDevInfo", sarInvalidHandle, 1),
			does("SKF_Nothing", sarNotSupported),
			does("C_Nothing", ckrFunctionNotSupported),
		}},
		{"applications", nil, []step{
			does("SKF_CreateApplication", sarInvalidParam, theDevice, "", "admin123", 5, "user1234", 5, 0),
			does("SKF_CreateApplication", sarInvalidParam, theDevice, long, "admin123", 5, "user1234", 5, 0),
			does("SKF_CreateApplication", sarInvalidParam, theDevice, "B", "admin123", 0, "user1234", 5, 0),
			does("SKF_CreateApplication", sarInvalidParam, theDevice, "B", "admin123", 5, "user1234", maxTries+1, 0),
			does("SKF_CreateApplication", sarPINLength, theDevice, "B", "a", 5, "user1234", 5, 0),
			does("SKF_CreateApplication", sarPINLength, theDevice, "B", "admin123", 5, "u", 5, 0),
			does("SKF_CreateApplication", sarInvalidParam, theDevice, "B", "admin123"),
			does("SKF_CreateApplication", sarApplicationThere, theDevice, "SEALDESK", "admin123", 5, "user1234", 5, 0),
			does("SKF_DeleteApplication", sarNoApplication, theDevice, "B"),
			does("SKF_DeleteApplication", sarFail, theDevice, "SEALDESK"), // the last one
			does("SKF_OpenApplication", sarNoApplication, theDevice, "B"),
			does("SKF_CreateApplication", sarOK, theDevice, "B", "admin123", 5, "user1234", 5, 0),
			does("SKF_DeleteApplication", sarOK, theDevice, "B"),
		}},
		{"a device that did not authenticate its caller", func(s stage) { clear(s.client.authed) }, []step{
			does("SKF_CreateApplication", sarNotLoggedIn, theDevice, "B", "admin123", 5, "user1234", 5, 0),
			does("SKF_DeleteApplication", sarNotLoggedIn, theDevice, "SEALDESK"),
		}},
		{"a device with many applications", func(s stage) {
			for range maxApplications - 1 {
				d := s.server.devices[0]
				d.applications = append(d.applications, &application{})
			}
		}, []step{does("SKF_CreateApplication", sarNoRoom, theDevice, "B", "admin123", 5, "user1234", 5, 0)}},
		{"PINs", nil, []step{
			does("SKF_GetPINInfo", sarUserTypeInvalid, theApp, 7),
			does("SKF_VerifyPIN", sarUserTypeInvalid, theApp, 7, "123456"),
			does("SKF_VerifyPIN", sarInvalidParam, theApp, 1, nil),
			does("SKF_ChangePIN", sarUserTypeInvalid, theApp, 7, "123456", "654321"),
			does("SKF_ChangePIN", sarInvalidParam, theApp, 1, nil, "654321"),
			does("SKF_ChangePIN", sarInvalidParam, theApp, 1, "123456", nil),
			does("SKF_ChangePIN", sarPINLength, theApp, 1, "123456", "6"),
			does("SKF_ChangePIN", sarPINIncorrect, theApp, 1, "wrong PIN", "654321"),
			does("SKF_UnblockPIN", sarInvalidParam, theApp, nil, "654321"),
			does("SKF_UnblockPIN", sarInvalidParam, theApp, "admin12345678", nil),
			does("SKF_UnblockPIN", sarPINLength, theApp, "admin12345678", "6"),
			does("SKF_UnblockPIN", sarPINIncorrect, theApp, "wrong PIN", "654321"),
			does("SKF_UnblockPIN", sarOK, theApp, "admin12345678", "654321"),
			does("SKF_VerifyPIN", sarOK, theApp, 1, "654321"),
		}},
		{"a PIN that is locked", func(s stage) { s.server.devices[0].app().user.Left = 0 }, []step{
			does("SKF_VerifyPIN", sarPINLocked, theApp, 1, "123456"),
			does("C_SetPIN", ckrPINLocked, theSession, "123456", "654321"),
		}},
		{"containers", nil, []step{
			does("SKF_CreateContainer", sarNameLength, theApp, ""),
			does("SKF_CreateContainer", sarNameLength, theApp, long),
			does("SKF_CreateContainer", sarFileThere, theApp, "a"),
			does("SKF_OpenContainer", sarFileNotThere, theApp, "b"),
			does("SKF_DeleteContainer", sarFileNotThere, theApp, "b"),
			does("SKF_ExportCertificate", sarCertNotFound, theBox, 1, 100),
			does("SKF_ImportCertificate", sarInDataLength, theBox, 1, ""),
			does("SKF_ImportCertificate", sarInDataLength, theBox, 1, strings.Repeat("x", maxCertificate+1)),
			does("SKF_ImportCertificate", sarInData, theBox, 1, "no certificate"),
			does("SKF_GenECCKeyPair", sarInvalidParam, theBox, 0x10000),
			does("SKF_GenRSAKeyPair", sarModulusLength, theBox, 1025),
			does("SKF_ExportPublicKey", sarInvalidParam, theBox, 1, nil), // nowhere to tell even the size
			does("SKF_ExportPublicKey", sarBufferTooSmall, theBox, 1, 1),
			does("SKF_DeleteContainer", sarOK, theApp, "a"),
			does("SKF_ExportPublicKey", sarInvalidHandle, theBox, 1, 100),
		}},
		{"containers with the PIN to be entered", func(s stage) { s.unlocked(false) }, []step{
			does("SKF_CreateContainer", sarNotLoggedIn, theApp, "b"),
			does("SKF_DeleteContainer", sarNotLoggedIn, theApp, "a"),
			does("SKF_ImportCertificate", sarNotLoggedIn, theBox, 1, "x"),
			does("SKF_GenECCKeyPair", sarNotLoggedIn, theBox, 0x20100),
			does("SKF_GenRSAKeyPair", sarNotLoggedIn, theBox, 2048),
			does("SKF_ECCSignData", sarNotLoggedIn, theBox, block),
			does("SKF_CreateFile", sarNotLoggedIn, theApp, "f", 10, 0xFF, 0x10),
		}},
		{"a device full of containers", func(s stage) {
			for i := range maxContainers {
				app := s.server.devices[0].app()
				app.containers = append(app.containers, &container{name: fmt.Sprint(i)})
			}
		}, []step{
			does("SKF_CreateContainer", sarNoRoom, theApp, "b"),
			does("C_GenerateKeyPair", ckrDeviceMemory, theSession, uint64(Longmai.Generate), 0, 0, 0, nil, 0, 0),
		}},
		{"an empty container", func(s stage) {
			box := s.server.devices[0].app().containers[0]
			box.sign, box.encrypt = nil, nil
		}, []step{
			does("SKF_GetContainerType", sarOK, theBox),
			does("SKF_ExportPublicKey", sarKeyNotFound, theBox, 1, 100),
			does("SKF_ECCSignData", sarKeyNotFound, theBox, block),
			does("SKF_ImportECCKeyPair", sarKeyNotFound, theBox, block),
		}},
		{"a container of a certificate alone", func(s stage) { s.server.devices[0].app().containers[0].sign.key = nil }, []step{
			does("SKF_ExportPublicKey", sarKeyNotFound, theBox, 1, 100),
			does("SKF_ECCSignData", sarKeyNotFound, theBox, block),
		}},
		{"a container that SKF does not know", func(s stage) {
			key, err := p256TestKey()
			if err != nil {
				s.t.Fatal(err)
			}
			for i := range 2 {
				app := s.server.devices[0].app()
				box := &container{name: fmt.Sprint("p", i)}
				*box.place(i == 0) = s.server.devices[0].newPair(key)
				app.containers = append(app.containers, box)
			}
		}, []step{
			does("SKF_OpenContainer", sarFileNotThere, theApp, "p0"),
			does("SKF_OpenContainer", sarFileNotThere, theApp, "p1"),
			does("SKF_EnumContainer", sarOK, theApp, query),
		}},
		{"signing and decrypting with SM2", nil, []step{
			does("SKF_ECCSignData", sarInDataLength, theBox, "short"),
			does("SKF_RSASignData", sarKeyUsage, theBox, "x", 256),
			does("SKF_ECCPrvKeyDecrypt", sarInDataLength, theBox, "short", 100),
			does("SKF_ECCPrvKeyDecrypt", sarInDataLength, theBox, strings.Repeat("\x00", 200), 100),                        // of no bytes
			does("SKF_ECCPrvKeyDecrypt", sarInDataLength, theBox, strings.Repeat("\xFF", 200), 100),                        // of too many
			does("SKF_ECCPrvKeyDecrypt", sarInDataLength, theBox, strings.Repeat("\x00", 160)+"\x50\x00\x00\x00rest", 100), // cut off
			does("SKF_ECCPrvKeyDecrypt", sarInData, theBox, strings.Repeat("\x00", 160)+"\x04\x00\x00\x00rest\x04\x00\x00\x00rest\x04\x00\x00\x00", 100),
			does("SKF_RSAPrvKeyDecrypt", sarKeyUsage, theBox, 1, block, 100),
			does("SKF_PrvKeyDecrypt", sarInDataLength, theBox, 1, "short", 100),
			does("SKF_ImportECCKeyPair", sarInData, theBox, "short"),
			does("SKF_ImportECCKeyPair", sarInData, theBox, strings.Repeat("\x00", 400)), // of another version
			does("SKF_ImportECCKeyPair", sarInData, theBox, "\x01"+strings.Repeat("\x00", 400)),
			does("SKF_ImportRSAKeyPair", sarKeyUsage, theBox, sgdSM4ECB, block, block),
			does("SKF_ImportSessionKey", sarNotSupported, theBox, 7, block),
			does("SKF_ImportSessionKey", sarInDataLength, theBox, sgdSM4ECB, block),
		}},
		{"RSA", func(s stage) {
			key, err := rsaTestKey()
			if err != nil {
				s.t.Fatal(err)
			}
			box := s.server.devices[0].app().containers[0]
			box.sign, box.encrypt = s.server.devices[0].newPair(key), s.server.devices[0].newPair(key)
		}, []step{
			does("SKF_GetContainerType", sarOK, theBox),
			does("SKF_ECCSignData", sarKeyUsage, theBox, block),
			does("SKF_RSASignData", sarInvalidParam, theBox, "", 256),
			does("SKF_RSASignData", sarInvalidParam, theBox, strings.Repeat("x", 256), 256),
			does("SKF_RSASignData", sarBufferTooSmall, theBox, block, 255),
			does("SKF_RSASignData", sarOK, theBox, block, query),
			does("SKF_RSAPrvKeyDecrypt", sarInDataLength, theBox, 1, "short", 256),
			does("SKF_RSAPrvKeyDecrypt", sarDecryptPad, theBox, 1, strings.Repeat("\x01", 256), 256),
			does("SKF_ImportRSAKeyPair", sarNotSupported, theBox, 7, block, block),
			does("SKF_ImportRSAKeyPair", sarInDataLength, theBox, sgdSM4ECB, block, block),
			does("SKF_ImportSessionKey", sarInDataLength, theBox, sgdSM4ECB, block),
		}},
		{"a vendor's key without RSA", func(s stage) { s.server.devices[0].dialect.NoRSA = true }, []step{
			does("SKF_GenRSAKeyPair", sarNotSupported, theBox, 2048),
			does("SKF_RSASignData", sarNotSupported, theBox, block, 256),
		}},
		{"a session key", nil, []step{
			does("SKF_Decrypt", sarInDataLength, theKey, "", 100),
			does("SKF_Decrypt", sarInDataLength, theKey, "short", 100),
			does("SKF_Decrypt", sarInDataLength, theKey, strings.Repeat("x", maxPlain+16), 100),
			does("SKF_Decrypt", sarBufferTooSmall, theKey, block, 31),
			does("SKF_Decrypt", sarOK, theKey, block, query),
			does("SKF_Decrypt", sarInvalidParam, theKey, block, nil),
			does("SKF_Decrypt", sarDecryptPad, theKey, block, 32),
			does("SKF_Decrypt", sarNotInitialized, theKey, block, 32),
			does("SKF_DecryptUpdate", sarNotInitialized, theKey, block, 32),
			does("SKF_DecryptFinal", sarNotInitialized, theKey, 32),
			does("SKF_DecryptInit", sarInvalidParam, theKey, "short"),
			does("SKF_DecryptInit", sarInvalidParam, theKey, param(15, 1)),
			does("SKF_DecryptInit", sarInvalidParam, theKey, param(16, 2)),
			does("SKF_DecryptInit", sarOK, theKey, param(16, 0)), // without padding
			does("SKF_DecryptUpdate", sarInDataLength, theKey, strings.Repeat("x", maxPlain+1), 100),
			does("SKF_DecryptUpdate", sarBufferTooSmall, theKey, block, 31),
			does("SKF_DecryptUpdate", sarOK, theKey, block, query),
			does("SKF_DecryptUpdate", sarInvalidParam, theKey, block, nil),
			does("SKF_DecryptUpdate", sarOK, theKey, block+"more", 100),
			does("SKF_DecryptFinal", sarInvalidParam, theKey, nil),
			does("SKF_DecryptFinal", sarOK, theKey, query),
			does("SKF_DecryptFinal", sarBufferTooSmall, theKey, 3),
			does("SKF_DecryptFinal", sarInDataLength, theKey, 100), // of a part of a block
			does("SKF_DecryptInit", sarOK, theKey, param(16, 0)),
			does("SKF_Decrypt", sarOK, theKey, block, 32),
			does("SKF_DecryptInit", sarOK, theKey, param(16, 1)),
			does("SKF_DecryptFinal", sarInDataLength, theKey, 100), // of nothing, where padding is due
		}},
		{"files", nil, []step{
			does("SKF_CreateFile", sarInvalidParam, theApp, "", 10, 0xFF, 0x10),
			does("SKF_CreateFile", sarInvalidParam, theApp, "f", 0, 0xFF, 0x10),
			does("SKF_CreateFile", sarInvalidParam, theApp, "f", maxFileBytes+1, 0xFF, 0x10),
			does("SKF_CreateFile", sarInvalidParam, theApp, "f", 10),
			does("SKF_CreateFile", sarNameLength, theApp, long, 10, 0xFF, 0x10),
			does("SKF_CreateFile", sarOK, theApp, "f", 10, 0xFF, 0x10),
			does("SKF_CreateFile", sarFileThere, theApp, "f", 10, 0xFF, 0x10),
			does("SKF_GetFileInfo", sarFileNotThere, theApp, "g"),
			does("SKF_ReadFile", sarFileNotThere, theApp, "g", 0, 1, 1),
			does("SKF_ReadFile", sarInvalidParam, theApp, "f", 11, 1, 1),
			does("SKF_ReadFile", sarInvalidParam, theApp, "f", 1),
			does("SKF_WriteFile", sarFileNotThere, theApp, "g", 0, "data"),
			does("SKF_WriteFile", sarInDataLength, theApp, "f", 11, "data"),
			does("SKF_WriteFile", sarInDataLength, theApp, "f", 7, "data"),
			does("SKF_WriteFile", sarInvalidParam, theApp, "f"),
			does("SKF_WriteFile", sarOK, theApp, "f", 6, "data"),
			does("SKF_ReadFile", sarOK, theApp, "f", 6, 100, 100),
			does("SKF_CreateFile", sarOK, theApp, "nobody's", 10, 0, 0),
			does("SKF_ReadFile", sarNotLoggedIn, theApp, "nobody's", 0, 1, 1),
			does("SKF_WriteFile", sarNotLoggedIn, theApp, "nobody's", 0, "x"),
			does("SKF_DeleteFile", sarFileNotThere, theApp, "g"),
			does("SKF_DeleteFile", sarOK, theApp, "f"),
		}},
		{"files with the PIN to be entered", func(s stage) {
			s.do(does("SKF_CreateFile", sarOK, theApp, "f", 10, 0x10, 0x10))
			s.unlocked(false)
		}, []step{
			does("SKF_ReadFile", sarNotLoggedIn, theApp, "f", 0, 1, 1),
			does("SKF_WriteFile", sarNotLoggedIn, theApp, "f", 0, "x"),
			does("SKF_DeleteFile", sarNotLoggedIn, theApp, "f"),
		}},
		{"a device full of files", func(s stage) {
			for i := range maxFiles {
				s.do(does("SKF_CreateFile", sarOK, theApp, fmt.Sprint(i), 1, 0xFF, 0x10))
			}
		}, []step{does("SKF_CreateFile", sarNoRoom, theApp, "f", 10, 0xFF, 0x10)}},
		{"a device that was pulled out", func(s stage) { s.server.devices[0].unplug() }, []step{
			does("SKF_GetDevInfo", sarDeviceRemoved, theDevice),
			does("SKF_ConnectDev", sarDeviceRemoved, "SOFTKEY-F1"),
			does("C_GetSessionInfo", ckrDeviceRemoved, theSession),
			does("C_GetTokenInfo", ckrTokenNotPresent, 1),
			does("C_GetSlotInfo", ckrOK, 1),
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := stage{inUse(t, "", nil), t}
			if tt.prepare != nil {
				tt.prepare(s)
			}
			s.do(tt.steps...)
		})
	}
}

// The same by PKCS #11.
func TestPKCS11Refuses(t *testing.T) {
	privateKey := func(s stage) int { return s.server.devices[0].app().containers[0].sign.number<<2 | int(privateClass) }
	class := func(c class) string { return le64(uint64(c)) }
	p256, err := p256TestKey()
	if err != nil {
		t.Fatal(err)
	}
	scalar, err := p256.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	rsaKey, err := rsaTestKey()
	if err != nil {
		t.Fatal(err)
	}
	number := func(n *big.Int) string { return string(n.Bytes()) }
	sum := sha256.Sum256([]byte("合同"))
	other := s2scalar(t)
	generate := func(want code, mechanism uint64, public ...any) step {
		return step{"C_GenerateKeyPair", append(with([]any{theSession, mechanism, 0, 0, 0, nil}, public...), 0), want}
	}
	create := func(want code, attributes ...any) step {
		return step{"C_CreateObject", with([]any{theSession}, attributes...), want}
	}
	for _, tt := range []struct {
		name    string
		prepare func(s stage)
		steps   func(s stage) []step
	}{
		{"slots and sessions", nil, func(stage) []step {
			return []step{
				does("C_GetSlotInfo", ckrSlotInvalid, 9),
				does("C_GetMechanismInfo", ckrMechanismInvalid, 1, 0x7777),
				does("C_GetMechanismInfo", ckrOK, 1, ckmECDSA),
				does("C_OpenSession", ckrParallelNotSupported, 1, 0),
				does("C_GetSessionInfo", ckrSessionHandleInvalid, 9),
				does("C_WaitForSlotEvent", ckrNoEvent, ckfDontBlock),
				does("C_InitToken", ckrArgumentsBad, 1, nil, strings.Repeat(" ", maxLabel)),
				does("C_InitToken", ckrArgumentsBad, 1, "admin12345678", "short"),
				does("C_InitToken", ckrSessionExists, 1, "admin12345678", strings.Repeat(" ", maxLabel)),
				does("C_CloseSession", ckrOK, theSession),
				does("C_InitToken", ckrPINIncorrect, 1, "wrong PIN", strings.Repeat(" ", maxLabel)),
				does("C_InitToken", ckrOK, 1, "admin12345678", strings.Repeat(" ", maxLabel)),
				does("SKF_GetContainerType", sarInvalidHandle, theBox),
				does("C_GenerateRandom", ckrSessionHandleInvalid, theSession, 8),
			}
		}},
		{"too many sessions", func(s stage) {
			for i := range maxSessions {
				s.client.sessions[uint64(i)] = &session{device: s.server.devices[0]}
			}
		}, func(stage) []step { return []step{does("C_OpenSession", ckrSessionCount, 1, ckfSerial)} }},
		{"PINs", nil, func(stage) []step {
			return []step{
				does("C_Login", ckrUserTypeInvalid, theSession, 9, "123456"),
				does("C_Login", ckrOperationNotStarted, theSession, ckuContext, "123456"),
				does("C_Login", ckrAlreadyLoggedIn, theSession, ckuUser, "123456"),
				does("C_Login", ckrAnotherAlreadyLoggedIn, theSession, ckuAdmin, "admin12345678"),
				does("C_SetPIN", ckrArgumentsBad, theSession, nil, "654321"),
				does("C_SetPIN", ckrArgumentsBad, theSession, "123456", nil),
				does("C_SetPIN", ckrPINLengthRange, theSession, "123456", "6"),
				does("C_SetPIN", ckrPINIncorrect, theSession, "wrong PIN", "654321"),
				does("C_InitPIN", ckrNotLoggedIn, theSession, "654321"),
				does("C_GenerateRandom", ckrArgumentsBad, theSession, 0),
				does("C_GenerateRandom", ckrArgumentsBad, theSession, maxRandom+1),
				does("C_GenerateRandom", ckrOK, theSession, 8),
				does("C_Logout", ckrOK, theSession),
				does("C_Logout", ckrNotLoggedIn, theSession),
				does("C_Login", ckrArgumentsBad, theSession, ckuUser, nil),
				does("C_Login", ckrOK, theSession, ckuAdmin, "admin12345678"),
				does("C_GetSessionInfo", ckrOK, theSession),
				does("C_InitPIN", ckrPINLengthRange, theSession, "6"),
				does("C_InitPIN", ckrOK, theSession, "654321"),
				does("C_SetPIN", ckrOK, theSession, "admin12345678", "admin87654321"),
				does("C_Logout", ckrOK, theSession),
				does("C_Login", ckrOK, theSession, ckuUser, "654321"),
			}
		}},
		{"a user without a PIN", func(s stage) {
			s.unlocked(false)
			s.server.devices[0].app().user.Unset = true
		}, func(stage) []step {
			return []step{
				does("C_Login", ckrUserPINNotInitialized, theSession, ckuUser, "123456"),
				does("C_SetPIN", ckrUserPINNotInitialized, theSession, "123456", "654321"),
				does("C_GetTokenInfo", ckrOK, 1),
			}
		}},
		{"a session that only reads", func(s stage) { s.client.sessions[theSession].rw = false }, func(s stage) []step {
			return []step{
				does("C_SetPIN", ckrSessionReadOnly, theSession, "123456", "654321"),
				generate(ckrSessionReadOnly, uint64(Longmai.Generate)),
				create(ckrSessionReadOnly, ckaClass, class(certificateClass)),
				does("C_DestroyObject", ckrSessionReadOnly, theSession, privateKey(s)),
				does("C_SetAttributeValue", ckrSessionReadOnly, theSession, privateKey(s), 0),
			}
		}},
		{"a session with the PIN to be entered", func(s stage) { s.unlocked(false) }, func(s stage) []step {
			return []step{
				generate(ckrNotLoggedIn, uint64(Longmai.Generate)),
				create(ckrNotLoggedIn, ckaClass, class(certificateClass)),
				does("C_SignInit", ckrKeyHandleInvalid, theSession, uint64(Longmai.Sign), 0, 0, 0, nil, privateKey(s)),
			}
		}},
		{"finding", nil, func(s stage) []step {
			return []step{
				does("C_FindObjects", ckrOperationNotStarted, theSession, 80),
				does("C_FindObjectsFinal", ckrOperationNotStarted, theSession),
				does("C_FindObjectsInit", ckrOK, theSession, 1, 0x7777, "no such attribute"),
				does("C_FindObjectsInit", ckrOperationActive, theSession, 0),
				does("C_FindObjects", ckrArgumentsBad, theSession, nil),
				does("C_FindObjects", ckrArgumentsBad, theSession, query),
				does("C_FindObjects", ckrOK, theSession, 80),
				does("C_FindObjectsFinal", ckrOK, theSession),
				does("C_GetAttributeValue", ckrObjectHandleInvalid, theSession, 0x7777, 0),
				does("C_GetAttributeValue", ckrBufferTooSmall, theSession, privateKey(s), 1, ckaClass, 4),
				does("C_GetAttributeValue", ckrAttributeTypeInvalid, theSession, privateKey(s), 1, ckaModulus, 100),
				does("C_GetAttributeValue", ckrAttributeSensitive, theSession, privateKey(s), 1, ckaPrivateExponent, 100),
				does("C_GetAttributeValue", ckrArgumentsBad, theSession, privateKey(s), 2, ckaClass, 8),
				does("C_GetAttributeValue", ckrOK, theSession, privateKey(s), 1, ckaClass, query),
			}
		}},
		{"making keys", nil, func(stage) []step {
			return []step{
				does("C_GenerateKeyPair", ckrArgumentsBad, theSession, uint64(Longmai.Generate), 0, 0, 0, nil, 1),
				generate(ckrMechanismInvalid, ckmRSAPKCS),
				generate(ckrTemplateIncomplete, ckmRSAKeyPairGen),
				generate(ckrTemplateIncomplete, ckmRSAKeyPairGen, ckaModulusBits, "odd"),
				generate(ckrAttributeValueInvalid, ckmRSAKeyPairGen, ckaModulusBits, le64(1000)),
				generate(ckrAttributeValueInvalid, ckmECKeyPairGen, ckaECParams, "no curve"),
				generate(ckrOK, ckmECKeyPairGen, ckaECParams, string(oidP256)),
			}
		}},
		{"storing objects", nil, func(s stage) []step {
			return []step{
				create(ckrTemplateIncomplete),
				create(ckrTemplateIncomplete, ckaClass, "odd"),
				create(ckrTemplateInconsistent, ckaClass, class(publicClass)),
				create(ckrAttributeValueInvalid, ckaClass, class(certificateClass), ckaValue, "no certificate"),
				create(ckrTemplateIncomplete, ckaClass, class(privateClass)),
				create(ckrTemplateInconsistent, ckaClass, class(privateClass), ckaKeyType, le64(9)),
				create(ckrTemplateInconsistent, ckaClass, class(privateClass), ckaKeyType, le64(ckkEC), ckaECParams, "no curve"),
				create(ckrAttributeValueInvalid, ckaClass, class(privateClass), ckaKeyType, le64(ckkEC), ckaECParams, string(oidP256), ckaValue, "short"),
				create(ckrOK, ckaClass, class(privateClass), ckaKeyType, le64(ckkEC), ckaECParams, string(oidP256), ckaValue, string(scalar), ckaLabel, "p256", ckaDerive, "\x01"),
				create(ckrAttributeValueInvalid, ckaClass, class(privateClass), ckaKeyType, le64(uint64(Longmai.KeyType)), ckaValue, "short"),
				create(ckrOK, ckaClass, class(privateClass), ckaKeyType, le64(uint64(Longmai.KeyType)), ckaValue, other, ckaLabel, "a", ckaSign, "\x01"),
				create(ckrOK, ckaClass, class(privateClass), ckaKeyType, le64(uint64(Longmai.KeyType)), ckaValue, other, ckaLabel, strings.Repeat("x", maxText+1), ckaID, "id", ckaUnwrap, "\x01"),
				create(ckrAttributeValueInvalid, ckaClass, class(privateClass), ckaKeyType, le64(ckkRSA), ckaModulus, "\x01"),
				create(ckrAttributeValueInvalid, ckaClass, class(privateClass), ckaKeyType, le64(ckkRSA), ckaModulus, strings.Repeat("\xFF", 600)),
				create(ckrOK, ckaClass, class(privateClass), ckaKeyType, le64(ckkRSA), ckaModulus, number(rsaKey.N), ckaPublicExponent, "\x01\x00\x01",
					ckaPrivateExponent, number(rsaKey.D), ckaPrime1, number(rsaKey.Primes[0]), ckaPrime2, number(rsaKey.Primes[1])),
				does("C_SetAttributeValue", ckrObjectHandleInvalid, theSession, 0x7777, 0),
				does("C_SetAttributeValue", ckrAttributeReadOnly, theSession, privateKey(s), 1, ckaValue, "x"),
				does("C_SetAttributeValue", ckrOK, theSession, privateKey(s), 2, ckaLabel, "new", ckaID, "id"),
				does("C_DestroyObject", ckrObjectHandleInvalid, theSession, 0x7777),
				does("C_DestroyObject", ckrOK, theSession, privateKey(s)),
			}
		}},
		{"using keys", nil, func(s stage) []step {
			sign := []any{theSession, uint64(Longmai.Sign), 0, 0, 0, nil, privateKey(s)}
			decrypt := []any{theSession, uint64(Longmai.Decrypt), 0, 0, 0, nil, s.server.devices[0].app().containers[0].encrypt.number<<2 | int(privateClass)}
			return []step{
				does("C_Sign", ckrOperationNotStarted, theSession, "x", 128),
				does("C_SignUpdate", ckrOperationNotStarted, theSession, "x"),
				does("C_SignFinal", ckrOperationNotStarted, theSession, 128),
				does("C_Decrypt", ckrOperationNotStarted, theSession, "x", 128),
				does("C_SignInit", ckrArgumentsBad, theSession, uint64(Longmai.Sign)),
				does("C_SignInit", ckrMechanismInvalid, theSession, 0x7777, 0, 0, 0, nil, privateKey(s)),
				does("C_SignInit", ckrKeyHandleInvalid, theSession, uint64(Longmai.Sign), 0, 0, 0, nil, 0x7777),
				does("C_SignInit", ckrKeyTypeInconsistent, theSession, ckmECDSA, 0, 0, 0, nil, privateKey(s)),
				{"C_SignInit", sign, ckrOK},
				{"C_SignInit", sign, ckrOperationActive},
				does("C_Sign", ckrArgumentsBad, theSession, string(sum[:]), nil),
				does("C_Sign", ckrOK, theSession, string(sum[:]), query),
				does("C_Sign", ckrBufferTooSmall, theSession, string(sum[:]), 10),
				does("C_Sign", ckrOK, theSession, string(sum[:]), 128),
				{"C_SignInit", sign, ckrOK},
				does("C_SignUpdate", ckrDataLengthRange, theSession, strings.Repeat("x", maxPlain+1)),
				{"C_SignInit", sign, ckrOK},
				does("C_Sign", ckrDataLengthRange, theSession, "short", 128),
				{"C_DecryptInit", decrypt, ckrOK},
				does("C_Decrypt", ckrArgumentsBad, theSession, "x", nil),
				does("C_Decrypt", ckrOK, theSession, "x", query),
				does("C_Decrypt", ckrEncryptedDataInvalid, theSession, "x", 128),
			}
		}},
		{"a key that asks for its PIN at each use", func(s stage) {
			box := s.server.devices[0].app().containers[0]
			box.sign.asks, box.encrypt.asks = true, true
		}, func(s stage) []step {
			sign := []any{theSession, uint64(Longmai.Sign), 0, 0, 0, nil, privateKey(s)}
			decrypt := []any{theSession, uint64(Longmai.Decrypt), 0, 0, 0, nil, s.server.devices[0].app().containers[0].encrypt.number<<2 | int(privateClass)}
			return []step{
				{"C_SignInit", sign, ckrOK},
				does("C_Sign", ckrNotLoggedIn, theSession, string(sum[:]), 128),
				{"C_SignInit", sign, ckrOK},
				does("C_SignUpdate", ckrNotLoggedIn, theSession, string(sum[:])),
				{"C_DecryptInit", decrypt, ckrOK},
				does("C_Decrypt", ckrNotLoggedIn, theSession, "x", 128),
				{"C_SignInit", sign, ckrOK},
				does("C_Login", ckrPINIncorrect, theSession, ckuContext, "wrong PIN"),
				does("C_Login", ckrOK, theSession, ckuContext, "123456"),
				does("C_Sign", ckrOK, theSession, string(sum[:]), 128),
			}
		}},
		{"a key of RSA", func(s stage) {
			box := s.server.devices[0].app().containers[0]
			box.sign, box.encrypt = s.server.devices[0].newPair(rsaKey), s.server.devices[0].newPair(rsaKey)
		}, func(s stage) []step {
			init := func(want code, mechanism uint64, hash, mgf, extra int) step {
				return does("C_SignInit", want, theSession, mechanism, hash, mgf, extra, nil, privateKey(s))
			}
			encrypt := s.server.devices[0].app().containers[0].encrypt.number<<2 | int(privateClass)
			return []step{
				init(ckrMechanismParamInvalid, ckmRSAPSS, 7, 0, 32),
				init(ckrMechanismParamInvalid, ckmRSAPSS, ckmSHA1, 2, 20),
				init(ckrMechanismParamInvalid, ckmRSAPSS, ckmSHA256, 2, 129),
				init(ckrMechanismParamInvalid, ckmSHA256RSAPSS, ckmSHA512, 4, 32),
				init(ckrOK, ckmRSAPSS, ckmSHA384, 3, 32),
				does("C_Sign", ckrDataLengthRange, theSession, string(sum[:]), 256),
				init(ckrOK, ckmSHA384RSA, 0, 0, 0),
				does("C_Sign", ckrOK, theSession, "x", 256),
				init(ckrOK, ckmSHA512RSA, 0, 0, 0),
				does("C_Sign", ckrOK, theSession, "x", 256),
				init(ckrOK, ckmRSAPKCS, 0, 0, 0),
				does("C_Sign", ckrDataLengthRange, theSession, strings.Repeat("x", 250), 256),
				does("C_DecryptInit", ckrMechanismParamInvalid, theSession, ckmRSAOAEP, 7, 0, 0, nil, encrypt),
				does("C_DecryptInit", ckrMechanismParamInvalid, theSession, ckmRSAOAEP, ckmSHA256, 1, 0, nil, encrypt),
				does("C_DecryptInit", ckrMechanismParamInvalid, theSession, ckmRSAOAEP, ckmSHA256, 2, 2, nil, encrypt),
				does("C_DecryptInit", ckrOK, theSession, ckmRSAOAEP, ckmSHA1, 1, 0, nil, encrypt),
				does("C_Decrypt", ckrEncryptedDataInvalid, theSession, strings.Repeat("\x01", 256), 256),
				does("C_DecryptInit", ckrOK, theSession, ckmRSAPKCS, 0, 0, 0, nil, encrypt),
				does("C_Decrypt", ckrEncryptedDataLength, theSession, "short", 256),
			}
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := stage{inUse(t, "", nil), t}
			if tt.prepare != nil {
				tt.prepare(s)
			}
			s.do(tt.steps(s)...)
		})
	}
}

// s2scalar is a private key of SM2, as 32 bytes.
func s2scalar(t *testing.T) string {
	t.Helper()
	key, err := sm2.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return string(key.D.FillBytes(make([]byte, scalarSize)))
}

// A key whose folder cannot be written fails the call that changes it, and no other.
func TestAFolderThatCannotBeWritten(t *testing.T) {
	s := stage{inUse(t, "", nil), t}
	s.server.folder = t.TempDir() + "/missing"
	s.do(
		does("SKF_SetLabel", sarFail, theDevice, "label"),
		does("SKF_CreateContainer", sarFail, theApp, "b"),
		does("SKF_CreateFile", sarFail, theApp, "f", 10, 0xFF, 0x10),
		does("SKF_CreateApplication", sarFail, theDevice, "B", "admin123", 5, "user1234", 5, 0),
		does("C_SetPIN", ckrDeviceMemory, theSession, "123456", "654321"),
		does("SKF_VerifyPIN", sarFail, theApp, 1, "123456"),
		does("SKF_GetDevInfo", sarOK, theDevice),
	)
	if _, err := s.server.Add(DeviceOptions{Serial: "F2", PIN: []byte("123456")}); err == nil || len(s.server.Devices()) != 1 {
		t.Errorf("a key was added: %v", err)
	}
}
