//go:build unix

package softkey_test

import (
	"bytes"
	"encoding/asn1"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/ebitengine/purego"

	"sealdesk/token/ca"
	"sealdesk/token/softkey"
	"sealdesk/token/softkey/softkeytest"
)

// inserted is a key with an SM2 container "a" and a library with the PIN entered.
func inserted(t testing.TB, v softkey.Variant) (*softkey.Server, *softkey.Device, *skf, opened, pair) {
	t.Helper()
	s, path := softkeytest.Start(t, v)
	sign, encrypt := keys(t, ca.SM2)
	d := addDevice(t, s, softkey.DeviceOptions{})
	addContainer(t, d, "a", sign.softkey(), encrypt.softkey())
	l := loadSKF(t, path)
	o := l.open("a")
	l.login(o)
	return s, d, l, o, sign
}

func TestUnplugAtEachCall(t *testing.T) {
	t.Parallel()
	s, path := softkeytest.Start(t, softkey.SKF)
	sign, _ := keys(t, ca.SM2)
	d := addDevice(t, s, softkey.DeviceOptions{})
	addContainer(t, d, "a", sign.softkey(), softkey.KeyPair{})
	l := loadSKF(t, path)
	var device, app, box uintptr
	steps := []struct {
		name string
		args []any
	}{
		{"SKF_GetDevInfo", []any{&device, make([]byte, 512)}},
		{"SKF_OpenApplication", []any{&device, "SEALDESK", &app}},
		{"SKF_OpenContainer", []any{&app, "a", &box}},
		{"SKF_VerifyPIN", []any{&app, 1, pinText, new(uint32)}},
		{"SKF_ECCSignData", []any{&box, make([]byte, 32), 32, make([]byte, 128)}},
	}
	for n := range len(steps) + 1 {
		d.Plug()
		l.must(sarOK, "SKF_ConnectDev", "SOFTKEY-"+serial, &device)
		pins := d.PINs()
		lift := d.UnplugAt(n + 1)
		for i, step := range steps {
			args := slices.Clone(step.args)
			args[0] = *args[0].(*uintptr) // the handle that an earlier step gave
			want := uint32(sarOK)
			if i >= n {
				want = sarDeviceRemoved
			}
			// What a removed key never opened has no handle at all.
			if got := l.call(step.name, args...); got != want && (i <= n || got != sarInvalidHandle) {
				t.Errorf("pulled out at call %d: %s returned %#x, want %#x", n+1, step.name, got, want)
			}
		}
		lift()
		if reached := d.PINs() - pins; n <= 3 && reached != 0 || n > 3 && reached != 1 {
			t.Errorf("pulled out at call %d: %d PINs reached the key", n+1, reached)
		}
	}
}

func TestHandlesEndWithTheKey(t *testing.T) {
	t.Parallel()
	_, d, l, o, _ := inserted(t, softkey.SKF)
	d.Unplug()
	for _, args := range [][]any{
		{"SKF_GetDevInfo", o.device, make([]byte, 512)}, {"SKF_EnumContainer", o.app, nil, new(uint32)}, {"SKF_CloseContainer", o.box},
	} {
		l.must(sarDeviceRemoved, args[0].(string), args[1:]...)
	}
	d.Plug()
	l.must(sarInvalidHandle, "SKF_ECCSignData", o.box, make([]byte, 32), 32, make([]byte, 128))
	o = l.open("a")
	l.must(sarNotLoggedIn, "SKF_ECCSignData", o.box, make([]byte, 32), 32, make([]byte, 128))
}

func TestSlow(t *testing.T) {
	t.Parallel()
	s, _, l, o, _ := inserted(t, softkey.SKF)
	const delay = 80 * time.Millisecond
	s.Inject(softkey.Fault{Do: softkey.Slow, Function: "SKF_GetDevInfo", Delay: delay, Skip: 1, Times: 1})
	for i, slow := range []bool{false, true, false} {
		begin := time.Now()
		l.must(sarOK, "SKF_GetDevInfo", o.device, make([]byte, 512))
		if took := time.Since(begin); (took >= delay) != slow {
			t.Errorf("call %d took %v", i+1, took)
		}
	}
}

func TestHangUntilLifted(t *testing.T) {
	t.Parallel()
	s, d, l, o, sign := inserted(t, softkey.SKF)
	lift := s.Inject(softkey.Fault{Do: softkey.Hang, Device: d})
	done := make(chan uint32, 1)
	digest, blob := make([]byte, 32), make([]byte, 128)
	go func() { done <- l.call("SKF_ECCSignData", o.box, digest, 32, blob) }()
	l.must(sarOK, "SKF_EnumDev", 1, nil, new(uint32)) // which concerns no key
	select {
	case got := <-done:
		t.Fatalf("a hanging call returned %#x", got)
	case <-time.After(50 * time.Millisecond):
	}
	lift()
	select {
	case got := <-done:
		if got != sarOK || !verifyBlob(sign.cert, digest, blob) {
			t.Errorf("the call that hung returned %#x, or another signature", got)
		}
	case <-time.After(30 * time.Second):
		t.Error("the call still hangs")
	}
}

// A server that ends takes hanging calls with it, and libraries go on when there is another.
func TestServerRestart(t *testing.T) {
	t.Parallel()
	dir := softkeytest.Folder(t)
	socket, folder := filepath.Join(dir, softkey.SocketName), filepath.Join(dir, "keys")
	start := func() *softkey.Server {
		s, err := softkey.New(softkey.Options{Folder: folder})
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Listen(socket); err != nil {
			t.Fatal(err)
		}
		return s
	}
	s := start()
	sign, _ := keys(t, ca.SM2)
	d := addDevice(t, s, softkey.DeviceOptions{})
	addContainer(t, d, "a", sign.softkey(), softkey.KeyPair{})
	l := loadSKF(t, softkeytest.Library(t, dir, softkey.SKF))
	o := l.open("a")
	left := uint32(0)
	l.must(sarPINIncorrect, "SKF_VerifyPIN", o.app, 1, wrongPIN, &left)
	s.Inject(softkey.Fault{Do: softkey.Hang, Device: d})
	done := make(chan uint32, 1)
	go func() { done <- l.call("SKF_VerifyPIN", o.app, 1, wrongPIN, nil) }()
	for d.PINs() < 2 {
		time.Sleep(time.Millisecond)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	if got := <-done; got != sarDeviceRemoved {
		t.Errorf("the call that hung returned %#x", got)
	}
	l.must(sarDeviceRemoved, "SKF_EnumDev", 1, nil, new(uint32))

	s = start()
	defer s.Close()
	l.must(sarInvalidHandle, "SKF_GetDevInfo", o.device, make([]byte, 512))
	o = l.open("a")
	l.must(sarPINIncorrect, "SKF_VerifyPIN", o.app, 1, wrongPIN, &left)
	if left != 4 {
		t.Errorf("%d tries are left after two wrong PINs and one that never arrived, want 4", left)
	}
	if got := s.Devices()[0].PINs(); got != 1 {
		t.Errorf("%d PINs reached the new server, want 1: a call was sent twice", got)
	}

	if err := s.Close(); err != nil {
		t.Error(err)
	}
	again := start()
	defer again.Close()
	l.must(sarOK, "SKF_EnumDev", 1, nil, new(uint32)) // the first call finds out that its connection is old
}

func TestAbsurdLength(t *testing.T) {
	t.Parallel()
	s, _, l, o, _ := inserted(t, softkey.SKF)
	s.Inject(softkey.Fault{Do: softkey.AbsurdLength})
	for _, buffer := range [][]byte{nil, make([]byte, 16)} {
		size := uint32(len(buffer))
		l.must(sarOK, "SKF_ExportCertificate", o.box, 1, buffer, &size)
		if size != 0xFFFFFFC2 {
			t.Errorf("the length is %#x", size)
		}
	}
}

func TestFail(t *testing.T) {
	t.Parallel()
	s, d, l, o, _ := inserted(t, softkey.SKF)
	before := d.Tries()
	s.Inject(softkey.Fault{Do: softkey.Fail, Function: "SKF_VerifyPIN", Returned: 0x0A000001, Times: 1})
	l.must(0x0A000001, "SKF_VerifyPIN", o.app, 1, wrongPIN, nil)
	if d.Tries() != before {
		t.Error("a call that failed on purpose cost a try")
	}
	l.must(sarOK, "SKF_VerifyPIN", o.app, 1, pinText, nil)
}

func TestSignatureFaults(t *testing.T) {
	t.Parallel()
	s, _, l, o, sign := inserted(t, softkey.SKF)
	lift := s.Inject(softkey.Fault{Do: softkey.WrongSignature})
	if e, blob := l.signSM2(o, sign.cert); verifyBlob(sign.cert, e, blob) {
		t.Error("a wrong signature verifies")
	}
	lift()
	lift = s.Inject(softkey.Fault{Do: softkey.OtherEncoding})
	e, blob := l.signSM2(o, sign.cert)
	var sig struct{ R, S *big.Int }
	if _, err := asn1.Unmarshal(blob, &sig); err != nil {
		t.Errorf("the signature is no DER: %v", err)
	} else if b := append(sig.R.FillBytes(make([]byte, 64)), sig.S.FillBytes(make([]byte, 64))...); !verifyBlob(sign.cert, e, b) {
		t.Error("the signature in DER does not verify")
	}
	lift()
	if e, blob := l.signSM2(o, sign.cert); !verifyBlob(sign.cert, e, blob) {
		t.Error("the signature does not verify after the faults were lifted")
	}
}

// helperVariable tells the test program that it is to load a library and use it, and to die of it.
const helperVariable = "SOFTKEY_TEST_LIBRARY"

// lockVariable has it lock the device and end.
const lockVariable = "SOFTKEY_TEST_LOCK"

func TestMain(m *testing.M) {
	if path := os.Getenv(helperVariable); path != "" {
		os.Exit(loadAndSign(path))
	}
	os.Exit(m.Run())
}

// loadAndSign is the whole life of another process.
func loadAndSign(path string) int {
	h, err := purego.Dlopen(path, purego.RTLD_NOW)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 2
	}
	var enum func(present int32, names *byte, size *uint32) uint32
	purego.RegisterLibFunc(&enum, h, "SKF_EnumDev")
	size := uint32(0)
	if got := enum(1, nil, &size); got != sarOK {
		return 3
	}
	if os.Getenv(lockVariable) == "" {
		return 0
	}
	var connect func(name string, device *uintptr) uint32
	var lock func(device uintptr, milliseconds uint32) uint32
	purego.RegisterLibFunc(&connect, h, "SKF_ConnectDev")
	purego.RegisterLibFunc(&lock, h, "SKF_LockDev")
	var device uintptr
	if connect("SOFTKEY-"+serial, &device) != sarOK || lock(device, 1000) != sarOK {
		return 4
	}
	return 0
}

// another runs a process that loads the library, and gives the signal it died of.
func another(t testing.TB, path string, env ...string) (signal syscall.Signal, code int) {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(append(os.Environ(), helperVariable+"="+path), env...)
	out, err := cmd.CombinedOutput()
	if err == nil {
		return 0, 0
	}
	status, ok := cmd.ProcessState.Sys().(syscall.WaitStatus)
	if !ok {
		t.Fatalf("%v: %s", err, out)
	}
	// Go catches SIGABRT, reports it and exits with 2.
	if status.Signaled() || strings.Contains(string(out), "SIGABRT") {
		return syscall.SIGABRT, 0
	}
	return 0, status.ExitStatus()
}

func TestCrash(t *testing.T) {
	t.Parallel()
	s, path := softkeytest.Start(t, softkey.SKF)
	addDevice(t, s, softkey.DeviceOptions{})
	alive := func(what string) {
		t.Helper()
		if signal, code := another(t, path); signal != 0 || code != 0 {
			t.Errorf("%s: signal %v, exit %d", what, signal, code)
		}
	}
	dies := func(what string, env ...string) {
		t.Helper()
		if signal, code := another(t, path, env...); signal != syscall.SIGABRT {
			t.Errorf("%s: signal %v, exit %d, want SIGABRT", what, signal, code)
		}
	}
	alive("without a fault")
	s.Inject(softkey.Fault{Do: softkey.Crash, Function: "SKF_EnumDev", Times: 1})
	dies("at a call")
	alive("after the fault has struck")
	s.CrashOnLoad(true)
	dies("on loading, by the server")
	s.CrashOnLoad(false)
	dies("on loading, by the environment", "SEALDESK_SOFTKEY_CRASH_ON_LOAD=1")
	alive("healed")
}

func TestSocketByEnvironment(t *testing.T) {
	t.Parallel()
	s, path := softkeytest.Start(t, softkey.SKF)
	addDevice(t, s, softkey.DeviceOptions{})
	elsewhere := softkeytest.Library(t, softkeytest.Folder(t), softkey.SKF)
	if _, code := another(t, elsewhere); code != 3 {
		t.Errorf("a library without a server: exit %d, want 3", code)
	}
	socket := filepath.Join(filepath.Dir(path), softkey.SocketName)
	if _, code := another(t, elsewhere, softkey.SocketVariable+"="+socket); code != 0 {
		t.Errorf("a library with the server's socket in the environment: exit %d", code)
	}
}

// Two processes see each other's PIN counters, and not each other's logins and handles.
func TestTwoProcesses(t *testing.T) {
	t.Parallel()
	_, _, l, o, _ := inserted(t, softkey.SKF)
	other := loadSKF(t, softkeytest.Library(t, filepath.Dir(l.path), softkey.SKFHaitai)) // another process to the server
	o2 := other.open("a")
	other.must(sarNotLoggedIn, "SKF_ECCSignData", o2.box, make([]byte, 32), 32, make([]byte, 128))
	other.must(sarPINIncorrect, "SKF_VerifyPIN", o2.app, 1, wrongPIN, nil)
	var most, left, initial uint32
	l.must(sarOK, "SKF_GetPINInfo", o.app, 1, &most, &left, &initial)
	if left != 5 {
		t.Errorf("%d tries are left, want 5", left)
	}
	l.must(sarOK, "SKF_ECCSignData", o.box, make([]byte, 32), 32, make([]byte, 128))
	other.must(sarInvalidHandle, "SKF_ECCSignData", o.box, make([]byte, 32), 32, make([]byte, 128))
}

// What a process held ends with it.
func TestProcessEndsWithItsLock(t *testing.T) {
	t.Parallel()
	s, _, l, o, _ := inserted(t, softkey.SKF)
	if _, code := another(t, softkeytest.Library(t, filepath.Dir(l.path), softkey.SKFHaitai), lockVariable+"=1"); code != 0 {
		t.Fatalf("the process that locks the key: exit %d", code)
	}
	if s.Calls("SKF_LockDev") != 1 {
		t.Error("the process did not lock the key")
	}
	l.must(sarOK, "SKF_LockDev", o.device, 5000)
}

func TestConcurrentCalls(t *testing.T) {
	t.Parallel()
	_, _, l, o, sign := inserted(t, softkey.SKF)
	var wg sync.WaitGroup
	for range 32 { // more than the connections that are kept
		wg.Go(func() {
			for range 20 {
				digest, blob := bytes.Repeat([]byte{7}, 32), make([]byte, 128)
				if got := l.call("SKF_ECCSignData", o.box, digest, 32, blob); got != sarOK || !verifyBlob(sign.cert, digest, blob) {
					t.Errorf("returned %#x, or a signature that does not verify", got)
				}
			}
		})
	}
	wg.Wait()
}

// The library does not leak memory or descriptors, takes threads and forks, and unloads; the sanitizers find nothing in it.
func TestDriveInC(t *testing.T) {
	t.Parallel()
	s, library := softkeytest.Start(t, softkey.SKF)
	sign, _ := keys(t, ca.SM2)
	addContainer(t, addDevice(t, s, softkey.DeviceOptions{}), "a", sign.softkey(), softkey.KeyPair{})
	dir := filepath.Dir(library)
	drive := func(t *testing.T, library string, flags ...string) {
		program := filepath.Join(dir, "drive"+strings.Join(flags, ""))
		compile(t, append(flags, "-o", program, "testdata/drive.c", "-ldl", "-lpthread")...)
		out, err := runDrive(program, library, filepath.Join(dir, softkey.SocketName))
		t.Logf("%s", out)
		if err != nil {
			t.Error(err)
		}
	}
	t.Run("plain", func(t *testing.T) { drive(t, library) })
	t.Run("sanitizers", func(t *testing.T) {
		sanitize := "-fsanitize=address,undefined"
		sanitized := filepath.Join(dir, "sanitized.so")
		compile(t, sanitize, "-fno-sanitize-recover", "-g", "-shared", "-fPIC", "-DGONE=0x0A000023UL", `-DVARIANT="skf"`,
			"-o", sanitized, "shim/wire.c", "shim/host_unix.c", "shim/skf.c")
		drive(t, sanitized, sanitize)
	})
}

func runDrive(program, library, socket string) ([]byte, error) {
	cmd := exec.Command(program, library, "SOFTKEY-"+serial, "SEALDESK", "a")
	cmd.Env = append(os.Environ(), softkey.SocketVariable+"="+socket)
	return cmd.CombinedOutput()
}

// A server that goes away while the library writes to it does not kill a C program, which unlike Go's dies of SIGPIPE.
func TestNoSIGPIPE(t *testing.T) {
	t.Parallel()
	dir := softkeytest.Folder(t)
	socket, program := filepath.Join(dir, softkey.SocketName), filepath.Join(dir, "drive")
	library := softkeytest.Library(t, dir, softkey.SKF)
	compile(t, "-o", program, "testdata/drive.c", "-ldl", "-lpthread")
	listener, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	go func() {
		for conn, err := listener.Accept(); err == nil; conn, err = listener.Accept() {
			answer(conn, string(frame("\x00\x00\x00\x00\x00\x00\x00\x00\x00"))) // to hello, and the end
		}
	}()
	for range 5 {
		out, err := runDrive(program, library, socket)
		var exit *exec.ExitError
		if !errors.As(err, &exit) || exit.ExitCode() != 1 || !strings.Contains(string(out), "got 0xa000023") {
			t.Errorf("%v: %s", err, out)
		}
	}
}

func compile(t testing.TB, args ...string) {
	t.Helper()
	if out, err := exec.Command("cc", append([]string{"-std=c11"}, args...)...).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s; run packaging/deps.sh test", err, out)
	}
}

// A library that is answered nonsense writes nowhere but into what the caller gave, and says that the device is gone.
func TestHostileAnswers(t *testing.T) {
	t.Parallel()
	const ok, values = "\x00\x00\x00\x00\x00\x00\x00\x00\x00", "\x00\x00\x00\x00\x00\x00\x00"
	long := strings.Repeat("A", 1000)
	for name, tt := range map[string]struct {
		answer string // a whole message
		want   uint32
	}{
		"more bytes than there is room": {string(frame(ok + "n\x08\x00\x00\x00\x00\x00\x00\x00b\xe8\x03\x00\x00" + long)), sarOK},
		"no values":                     {string(frame(ok)), sarOK},
		"a value of another kind":       {string(frame(ok + "b\x08\x00\x00\x0012345678")), sarDeviceRemoved},
		"bytes cut off":                 {string(frame(ok + "n\x08" + values + "b\xff\xff\xff\xff" + long)), sarDeviceRemoved},
		"a number cut off":              {string(frame(ok + "n\x08")), sarDeviceRemoved},
		"an empty message":              {string(frame("")), sarDeviceRemoved},
		"a length beyond the limit":     {"\xff\xff\xff\xff", sarDeviceRemoved},
		"an end":                        {"", sarDeviceRemoved},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := softkeytest.Folder(t)
			listener, err := net.Listen("unix", filepath.Join(dir, softkey.SocketName))
			if err != nil {
				t.Fatal(err)
			}
			defer listener.Close()
			go func() {
				for conn, err := listener.Accept(); err == nil; conn, err = listener.Accept() {
					go answer(conn, string(frame(ok)), tt.answer)
				}
			}()
			l := loadSKF(t, softkeytest.Library(t, dir, softkey.SKF))
			memory := bytes.Repeat([]byte{0xEE}, 2000)
			size := uint32(16)
			l.must(tt.want, "SKF_ExportCertificate", uintptr(1), 1, memory[:16], &size)
			if i := bytes.IndexByte(memory[16:], 'A'); i >= 0 {
				t.Errorf("byte %d of a buffer of 16 was written", 16+i)
			}
		})
	}
}

// answer gives one answer for each message, and ends.
func answer(conn net.Conn, answers ...string) {
	defer conn.Close()
	for _, a := range answers {
		head := make([]byte, 4)
		if _, err := io.ReadFull(conn, head); err != nil {
			return
		}
		if _, err := io.CopyN(io.Discard, conn, int64(binary.LittleEndian.Uint32(head))); err != nil {
			return
		}
		if _, err := io.WriteString(conn, a); err != nil {
			return
		}
	}
}

// BenchmarkSign is one SM2 signature through the SKF library, the way there and back and the cryptography.
func BenchmarkSign(b *testing.B) {
	_, _, l, o, _ := inserted(b, softkey.SKF)
	digest, blob := make([]byte, 32), make([]byte, 128)
	for b.Loop() {
		l.must(sarOK, "SKF_ECCSignData", o.box, digest, 32, blob)
	}
}

// BenchmarkCall is a call that does nothing.
func BenchmarkCall(b *testing.B) {
	_, _, l, _, _ := inserted(b, softkey.SKF)
	for b.Loop() {
		l.must(sarOK, "SKF_CancelWaitForDevEvent")
	}
}
