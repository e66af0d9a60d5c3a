//go:build linux

package modhost_test

import (
	"bytes"
	"context"
	"crypto"
	"crypto/rand"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/emmansun/gmsm/smx509"

	"sealdesk/token"
	"sealdesk/token/ca"
	"sealdesk/token/modhost"
	"sealdesk/token/modhost/wire"
	"sealdesk/token/pkcs11/softhsmtest"
	"sealdesk/token/profile"
	"sealdesk/token/softkey"
	"sealdesk/token/softkey/softkeytest"
	"sealdesk/token/tokentest"
)

const (
	keyPIN   = "12345678"
	wrongPIN = "00000000"
)

// Keys take time to make, and serve every test.
var pairs = sync.OnceValues(func() (map[ca.Algorithm][2]softkey.KeyPair, error) {
	authority, err := ca.New()
	if err != nil {
		return nil, err
	}
	pairs := map[ca.Algorithm][2]softkey.KeyPair{}
	for _, a := range ca.Algorithms() {
		var both [2]softkey.KeyPair
		for i, use := range []token.Usage{token.UsageSign, token.UsageEncrypt} {
			key, err := ca.GenerateKey(a)
			if err != nil {
				return nil, err
			}
			cert, err := authority.Issue(ca.Request{Subject: ca.Subject{Name: "青川县教育局"}, PublicKey: key.Public(), Usage: use})
			if err != nil {
				return nil, err
			}
			both[i] = softkey.KeyPair{Key: key, Certificate: cert}
		}
		pairs[a] = both
	}
	return pairs, nil
})

// bench is a software key in a port that the helper reaches.
type bench struct {
	server  *softkey.Server
	device  *softkey.Device
	options modhost.Options
}

func plug(t testing.TB, v softkey.Variant, dialect softkey.Dialect, id string, a ca.Algorithm) *bench {
	t.Helper()
	made, err := pairs()
	if err != nil {
		t.Fatal(err)
	}
	server, library := softkeytest.Start(t, v)
	device, err := server.Add(softkey.DeviceOptions{Label: "buyer", PIN: []byte(keyPIN), Dialect: dialect})
	if err != nil {
		t.Fatal(err)
	}
	if err := device.AddContainer("buyer", made[a][0], made[a][1]); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Heal)
	table, err := profile.Builtin()
	if err != nil {
		t.Fatal(err)
	}
	p, ok := table.Get(id)
	if !ok {
		t.Fatalf("no profile %s", id)
	}
	return &bench{server, device, modhost.Options{Library: library, Profile: p}}
}

var longmai = softkey.Dialect{SM2: &softkey.Longmai, IDs: softkey.ContainerIDs}

func plugLongmai(t testing.TB) *bench {
	return plug(t, softkey.PKCS11, longmai, "longmai-gm3000-pkcs11", ca.SM2)
}

func TestConformanceOfVendors(t *testing.T) {
	tests := []struct {
		name       string
		algorithms []ca.Algorithm
		variant    softkey.Variant
		dialect    softkey.Dialect
		profile    string
		hang       map[ca.Algorithm]string // the function that signs
		tries      int
	}{
		{"longmai", []ca.Algorithm{ca.SM2, ca.RSA}, softkey.PKCS11, longmai, "longmai-gm3000-pkcs11", map[ca.Algorithm]string{ca.SM2: "C_Sign", ca.RSA: "C_Sign"}, 0},
		{"sansec", []ca.Algorithm{ca.SM2}, softkey.PKCS11, softkey.Dialect{SM2: &softkey.Sansec}, "sansec-pkcs11", map[ca.Algorithm]string{ca.SM2: "C_Sign"}, 0},
		{"skf", []ca.Algorithm{ca.SM2, ca.RSA}, softkey.SKFLongmai, softkey.Dialect{}, "longmai-gm3000-skf",
			map[ca.Algorithm]string{ca.SM2: "SKF_ECCSignData", ca.RSA: "SKF_RSASignData"}, 6},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			tokentest.Run(t, tokentest.Harness{
				Algorithms: tt.algorithms,
				New: func(t *testing.T, a ca.Algorithm) tokentest.Key {
					b := plug(t, tt.variant, tt.dialect, tt.profile, a)
					lift := func() {}
					return tokentest.Key{
						Driver: open(t, b.options), PIN: keyPIN, WrongPIN: wrongPIN, Tries: tt.tries,
						PINs: b.device.PINs, Unplug: b.device.Unplug, Replug: b.device.Plug,
						Hang: func(hang bool) {
							lift()
							if hang {
								lift = b.server.Inject(softkey.Fault{Do: softkey.Hang, Function: tt.hang[a]})
							}
						},
					}
				},
			})
		})
	}
}

// The rest is about what goes wrong.

var digest = make([]byte, 32)

func find(t testing.TB, d token.Driver) token.Token {
	t.Helper()
	tokens, err := d.Tokens(t.Context())
	if err != nil || len(tokens) != 1 {
		t.Fatalf("%d tokens: %v", len(tokens), err)
	}
	return tokens[0]
}

func unlock(t testing.TB, tok token.Token) crypto.Signer {
	t.Helper()
	if err := tok.Unlock(t.Context(), []byte(keyPIN)); err != nil {
		t.Fatal(err)
	}
	return signer(t, t.Context(), tok)
}

func signer(t testing.TB, ctx context.Context, tok token.Token) crypto.Signer {
	t.Helper()
	ids, err := tok.Identities(ctx)
	if err != nil {
		t.Fatal(err)
	}
	for _, id := range ids {
		if id.Usage() == token.UsageSign {
			s, err := id.Signer(ctx)
			if err != nil {
				t.Fatal(err)
			}
			return s
		}
	}
	t.Fatal("no identity signs")
	return nil
}

func sign(s crypto.Signer) error {
	_, err := s.Sign(rand.Reader, digest, crypto.Hash(0))
	return err
}

// soon fails the test when f takes longer than ten seconds.
func soon(t *testing.T, what string, f func()) {
	t.Helper()
	start := time.Now()
	f()
	if took := time.Since(start); took > 10*time.Second {
		t.Errorf("%s took %v", what, took)
	}
}

// works proves that the key does its work: found, unlocked, signing.
func works(t *testing.T, d token.Driver) {
	t.Helper()
	if err := sign(unlock(t, find(t, d))); err != nil {
		t.Errorf("signing once the trouble is over: %v", err)
	}
}

// helperOf finds the process that runs below this one.
func helperOf(t *testing.T) int {
	t.Helper()
	procs, err := filepath.Glob("/proc/[0-9]*/exe")
	if err != nil {
		t.Fatal(err)
	}
	for _, exe := range procs {
		if target, err := os.Readlink(exe); err == nil && target == helper {
			pid, err := strconv.Atoi(filepath.Base(filepath.Dir(exe)))
			if err != nil {
				t.Fatal(err)
			}
			return pid
		}
	}
	t.Fatal("no helper runs")
	return 0
}

func TestKilledHelper(t *testing.T) {
	b := plugLongmai(t)
	var log bytes.Buffer
	b.options.Log = slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	d := open(t, b.options)
	tok := find(t, d)
	s := unlock(t, tok)
	if err := sign(s); err != nil {
		t.Fatal(err)
	}
	pins := b.device.PINs()
	syscall.Kill(helperOf(t), syscall.SIGKILL)
	soon(t, "noticing that the helper is gone", func() {
		err := sign(s)
		var crash *modhost.CrashError
		if !errors.Is(err, token.ErrRemoved) || !errors.As(err, &crash) || crash.Library != filepath.Base(b.options.Library) {
			t.Errorf("signing: %v", err)
		}
	})
	// The same token answers again, wants its PIN, and the old signer stays dead.
	if _, err := tok.Info(t.Context()); err != nil {
		t.Errorf("info: %v", err)
	}
	ids, err := tok.Identities(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := ids[0].Signer(t.Context()); !errors.Is(err, token.ErrNotUnlocked) {
		t.Errorf("a signer without a PIN: %v", err)
	}
	if b.device.PINs() != pins {
		t.Errorf("%d PINs were sent by the program", b.device.PINs()-pins)
	}
	if err := sign(unlock(t, tok)); err != nil {
		t.Error(err)
	}
	if err := sign(s); !errors.Is(err, token.ErrRemoved) {
		t.Errorf("the signer of before: %v", err)
	}
	if got := d.Status(); got.Crashes != 1 || got.Quarantined || !got.Running {
		t.Errorf("status %+v", got)
	}
	d.Close()
	if text := log.String(); !strings.Contains(text, filepath.Base(b.options.Library)) || strings.Contains(text, keyPIN) {
		t.Errorf("the log says %s", text)
	}
}

func TestCrashInTheLibrary(t *testing.T) {
	for _, function := range []string{
		"C_GetSlotList", "C_GetTokenInfo", "C_OpenSession", "C_Login", "C_FindObjects", "C_SignInit", "C_Sign",
	} {
		t.Run(function, func(t *testing.T) {
			t.Parallel()
			b := plugLongmai(t)
			d := open(t, b.options)
			b.server.Inject(softkey.Fault{Do: softkey.Crash, Function: function, Times: 1})
			var failed error
			soon(t, "reporting the crash", func() { failed = whole(t.Context(), d) })
			var crash *modhost.CrashError
			if !errors.Is(failed, token.ErrRemoved) || !errors.As(failed, &crash) {
				t.Fatalf("got %v", failed)
			}
			if pins := b.device.PINs(); pins > 1 {
				t.Errorf("%d PINs reached the key", pins)
			}
			works(t, d)
		})
	}
}

// whole is one signature from the beginning, with the first error on the way.
func whole(ctx context.Context, d token.Driver) error {
	tokens, err := d.Tokens(ctx)
	if err != nil {
		return err
	}
	if len(tokens) != 1 {
		return token.ErrRemoved
	}
	if err := tokens[0].Unlock(ctx, []byte(keyPIN)); err != nil {
		return err
	}
	ids, err := tokens[0].Identities(ctx)
	if err != nil {
		return err
	}
	for _, id := range ids {
		if id.Usage() == token.UsageSign {
			s, err := id.Signer(ctx)
			if err != nil {
				return err
			}
			return sign(s)
		}
	}
	return errors.New("no identity signs")
}

// The key is pulled before each call of a signature in turn, from the first to the last.
func TestPulledAtEachCall(t *testing.T) {
	t.Parallel()
	b := plugLongmai(t)
	d := open(t, b.options)
	if err := whole(t.Context(), d); err != nil {
		t.Fatal(err)
	}
	find(t, d).Close()
	before := b.device.Calls()
	if err := whole(t.Context(), d); err != nil {
		t.Fatal(err)
	}
	calls := b.device.Calls() - before
	if calls < 20 {
		t.Fatalf("only %d calls reach the key for a signature", calls)
	}
	for n := 1; n <= calls; n++ {
		find(t, d).Close()
		pins := b.device.PINs()
		lift := b.device.UnplugAt(n)
		var err error
		soon(t, "noticing that the key is gone", func() { err = whole(t.Context(), d) })
		lift()
		if err != nil && !errors.Is(err, token.ErrRemoved) {
			t.Errorf("pulled at call %d of %d: %v", n, calls, err)
		}
		if got := b.device.PINs() - pins; got > 1 {
			t.Errorf("pulled at call %d: %d PINs reached the key", n, got)
		}
		b.device.Plug()
		if err := whole(t.Context(), d); err != nil {
			t.Fatalf("after it was pulled at call %d and put back: %v", n, err)
		}
	}
	if s := d.Status(); s.Crashes != 0 {
		t.Errorf("the helper crashed %d times", s.Crashes)
	}
}

func TestAbsurdLengths(t *testing.T) {
	for _, function := range []string{
		"C_GetSlotList", "C_GetMechanismList", "C_GetAttributeValue", "C_FindObjects", "C_Sign",
	} {
		t.Run(function, func(t *testing.T) {
			t.Parallel()
			b := plugLongmai(t)
			d := open(t, b.options)
			lift := b.server.Inject(softkey.Fault{Do: softkey.AbsurdLength, Function: function})
			soon(t, "refusing an absurd length", func() {
				if err := whole(t.Context(), d); err == nil {
					t.Error("an absurd length was believed")
				}
			})
			lift()
			works(t, d)
			if s := d.Status(); s.Crashes != 0 {
				t.Errorf("the helper crashed %d times", s.Crashes)
			}
		})
	}
}

func TestWrongSignaturesAreThrownAway(t *testing.T) {
	t.Parallel()
	b := plugLongmai(t)
	d := open(t, b.options)
	for _, effect := range []softkey.Effect{softkey.OtherEncoding, softkey.BlobEncoding} {
		lift := b.server.Inject(softkey.Fault{Do: effect, Function: "C_Sign"})
		if err := whole(t.Context(), d); err != nil {
			t.Errorf("another encoding (%d): %v", effect, err)
		}
		lift()
	}
	defer b.server.Inject(softkey.Fault{Do: softkey.WrongSignature, Function: "C_Sign"})()
	if err := whole(t.Context(), d); !errors.Is(err, token.ErrBadSignature) {
		t.Errorf("a signature over something else: %v", err)
	}
}

func TestHangingLibraryIsKilled(t *testing.T) {
	for _, function := range []string{"C_GetTokenInfo", "C_Login", "C_Sign"} {
		t.Run(function, func(t *testing.T) {
			t.Parallel()
			b := plugLongmai(t)
			b.options.Limits = token.Limits{Look: 400 * time.Millisecond, Operate: 600 * time.Millisecond}
			d := open(t, b.options)
			lift := b.server.Inject(softkey.Fault{Do: softkey.Hang, Function: function})
			var err error
			soon(t, "the deadline", func() { err = whole(t.Context(), d) })
			var hang *modhost.HangError
			if !errors.Is(err, token.ErrTimeout) || !errors.As(err, &hang) {
				t.Errorf("got %v", err)
			}
			if pins := b.device.PINs(); pins > 1 {
				t.Errorf("%d PINs reached the key", pins)
			}
			lift()
			works(t, d)
		})
	}
}

// A person calls a signature off while the key waits for its button; the key is free again soon, and nothing counts as a crash.
func TestCalledOff(t *testing.T) {
	t.Parallel()
	b := plugLongmai(t)
	d := open(t, b.options)
	tok := find(t, d)
	if err := tok.Unlock(t.Context(), []byte(keyPIN)); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	s := signer(t, ctx, tok)
	defer b.server.Inject(softkey.Fault{Do: softkey.Hang, Function: "C_Sign", Times: 1})()
	time.AfterFunc(200*time.Millisecond, cancel)
	soon(t, "calling it off", func() {
		if err := sign(s); !errors.Is(err, token.ErrCancelled) {
			t.Errorf("got %v", err)
		}
	})
	works(t, d)
	if got := d.Status(); got.Crashes != 0 {
		t.Errorf("status %+v", got)
	}
}

// An unlocking that was called off leaves the key locked, although its PIN was right and the library slow.
func TestUnlockCalledOff(t *testing.T) {
	t.Parallel()
	b := plugLongmai(t)
	d := open(t, b.options)
	tok := find(t, d)
	lift := b.server.Inject(softkey.Fault{Do: softkey.Slow, Delay: 400 * time.Millisecond, Function: "C_Login"})
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(100*time.Millisecond, cancel)
	if err := tok.Unlock(ctx, []byte(keyPIN)); !errors.Is(err, token.ErrCancelled) {
		t.Errorf("got %v", err)
	}
	lift()
	ids, err := tok.Identities(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, id := range ids {
		if id.Usage() != token.UsageSign {
			continue
		}
		if _, err := id.Signer(t.Context()); !errors.Is(err, token.ErrNotUnlocked) {
			t.Errorf("a signer: %v", err)
		}
	}
	if b.device.PINs() != 1 || b.server.Calls("C_Logout") == 0 {
		t.Errorf("%d PINs reached the key, which was locked %d times", b.device.PINs(), b.server.Calls("C_Logout"))
	}
}

// The certificate that was chosen signs, or none: one that took its place under the same name does not.
func TestOtherCertificate(t *testing.T) {
	softhsmtest.Empty(t, t.TempDir())
	d := open(t, softHSM(t))
	tok := find(t, d)
	if err := tok.Unlock(t.Context(), []byte(softhsmtest.PIN)); err != nil {
		t.Fatal(err)
	}
	p := tok.(token.Provisioner)
	key, pub, err := p.NewKey(t.Context(), "buyer", "ecdsa", token.UsageSign)
	if err != nil {
		t.Fatal(err)
	}
	authority, err := ca.New(ca.ECDSA)
	if err != nil {
		t.Fatal(err)
	}
	store := func() token.Identity {
		cert, err := authority.Issue(ca.Request{Subject: ca.Subject{Name: "青川县教育局"}, PublicKey: pub, Usage: token.UsageSign})
		if err != nil {
			t.Fatal(err)
		}
		if err := p.StoreCertificate(t.Context(), key, cert, []*smx509.Certificate{authority.Root(ca.ECDSA)}); err != nil {
			t.Fatal(err)
		}
		ids, err := tok.Identities(t.Context())
		if err != nil || len(ids) != 1 || len(ids[0].Chain()) != 1 {
			t.Fatalf("%d identities, %v", len(ids), err)
		}
		return ids[0]
	}
	first := store()
	if _, err := first.Signer(t.Context()); err != nil {
		t.Fatal(err)
	}
	second := store()
	if first.ID() != second.ID() {
		t.Fatalf("the identities are called %s and %s", first.ID(), second.ID())
	}
	if _, err := first.Signer(t.Context()); !errors.Is(err, token.ErrRemoved) {
		t.Errorf("a signer for the certificate of before: %v", err)
	}
	if _, err := second.Signer(t.Context()); err != nil {
		t.Errorf("a signer for the present one: %v", err)
	}
}

func TestQuarantine(t *testing.T) {
	t.Parallel()
	b := plugLongmai(t)
	b.options.Crashes = 3
	d := open(t, b.options)
	b.server.CrashOnLoad(true)
	for range 3 {
		if _, err := d.Tokens(t.Context()); !errors.Is(err, token.ErrRemoved) {
			t.Errorf("a library that crashes when it is loaded: %v", err)
		}
	}
	b.server.CrashOnLoad(false)
	var quarantined *modhost.QuarantineError
	if _, err := d.Tokens(t.Context()); !errors.As(err, &quarantined) || quarantined.Crashes != 3 {
		t.Errorf("after three crashes: %v", err)
	}
	if got := d.Status(); !got.Quarantined || got.Crashes != 3 || got.Library != b.options.Library {
		t.Errorf("status %+v", got)
	}
	d.Reenable()
	works(t, d)
	if got := d.Status(); got.Quarantined || got.Crashes != 0 {
		t.Errorf("status %+v", got)
	}
}

// Plugging in and out is noticed within a second; a helper that died is a token that went and came.
func TestWatch(t *testing.T) {
	b := plugLongmai(t)
	d := open(t, b.options)
	events, err := d.Watch(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, step := range []struct {
		act   func()
		kinds []token.EventKind
	}{
		{b.device.Unplug, []token.EventKind{token.Removed}},
		{b.device.Plug, []token.EventKind{token.Plugged}},
		{func() { syscall.Kill(helperOf(t), syscall.SIGKILL) }, []token.EventKind{token.Removed, token.Plugged}},
	} {
		start := time.Now()
		step.act()
		for _, kind := range step.kinds {
			select {
			case e := <-events:
				if e.Kind != kind {
					t.Errorf("got %v, want %v", e.Kind, kind)
				}
			case <-time.After(30 * time.Second):
				t.Fatalf("%v was not noticed", kind)
			}
			if took := time.Since(start); took > 5*time.Second && len(step.kinds) == 1 {
				t.Errorf("%v was noticed after %v", kind, took)
			}
		}
	}
}

func TestWrongPINsAreCounted(t *testing.T) {
	t.Parallel()
	b := plugLongmai(t)
	d := open(t, b.options)
	tok := find(t, d)
	for n := 1; n <= 5; n++ {
		err := tok.Unlock(t.Context(), []byte(wrongPIN))
		var wrong *token.PINWrongError
		if !errors.As(err, &wrong) {
			t.Fatalf("wrong PIN %d: %v", n, err)
		}
		if b.device.PINs() != n {
			t.Fatalf("%d PINs reached the key, want %d", b.device.PINs(), n)
		}
	}
	if err := tok.Unlock(t.Context(), []byte(wrongPIN)); !errors.Is(err, token.ErrLastTry) {
		t.Errorf("the last try, unasked: %v", err)
	}
	if err := tok.Unlock(token.ConfirmLastTry(t.Context()), []byte(wrongPIN)); !errors.Is(err, token.ErrPINLocked) {
		t.Errorf("the last try, wrong: %v", err)
	}
	if err := tok.Unlock(token.ConfirmLastTry(t.Context()), []byte(keyPIN)); !errors.Is(err, token.ErrPINLocked) {
		t.Errorf("a locked key: %v", err)
	}
	if b.device.PINs() != 6 || b.device.Tries() != 0 {
		t.Errorf("%d PINs reached the key, want 6; %d tries are left", b.device.PINs(), b.device.Tries())
	}
}

// The helper ends with its driver, and when this process closes its end of the pipes.
func TestNoHelperOutlives(t *testing.T) {
	b := plugLongmai(t)
	d := open(t, b.options)
	works(t, d)
	pid := helperOf(t)
	soon(t, "ending the helper", func() {
		d.Close()
		for syscall.Kill(pid, 0) == nil {
			time.Sleep(10 * time.Millisecond)
		}
	})
	if _, err := d.Tokens(t.Context()); !errors.Is(err, token.ErrRemoved) {
		t.Errorf("a closed driver: %v", err)
	}
}

// A PIN that no token takes reaches neither the token nor the helper, which goes on.
func TestALongPIN(t *testing.T) {
	b := plugLongmai(t)
	tok := find(t, open(t, b.options))
	pid, long := helperOf(t), strings.Repeat("1", wire.MaxPIN+1)
	if err := tok.Unlock(t.Context(), []byte(long)); !errors.Is(err, token.ErrPINTooLong) {
		t.Errorf("unlocking: %v", err)
	}
	for _, pair := range [][2]string{{long, keyPIN}, {keyPIN, long}} {
		if err := tok.(token.PINChanger).ChangePIN(t.Context(), []byte(pair[0]), []byte(pair[1])); !errors.Is(err, token.ErrPINTooLong) {
			t.Errorf("changing %d bytes into %d: %v", len(pair[0]), len(pair[1]), err)
		}
	}
	unlock(t, tok)
	if now := helperOf(t); now != pid {
		t.Error("the helper was ended")
	}
}
