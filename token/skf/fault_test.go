package skf

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/rsa"
	"errors"
	"os"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/emmansun/gmsm/sm2"

	"sealdesk/token"
	"sealdesk/token/ca"
	"sealdesk/token/profile"
	"sealdesk/token/softkey"
)

// work does everything that one does with a token once, and gives the first error.
func (b *bench) work(ctx context.Context) error {
	tokens, err := b.driver.Tokens(ctx)
	if err != nil {
		return err
	}
	if len(tokens) == 0 {
		return token.ErrRemoved
	}
	tok := tokens[0]
	defer tok.Close()
	if _, err := tok.Info(ctx); err != nil {
		return err
	}
	ids, err := tok.Identities(ctx)
	if err != nil {
		return err
	}
	if err := tok.Unlock(ctx, []byte(pin)); err != nil {
		return err
	}
	for _, id := range ids {
		pub := id.Certificate().PublicKey
		if id.Usage() == token.UsageSign {
			s, err := id.Signer(ctx)
			if err != nil {
				return err
			}
			h, opts, err := token.NewDigest(pub)
			if err != nil {
				return err
			}
			if _, err := s.Sign(nil, h.Sum(nil), opts); err != nil {
				return err
			}
		} else if _, err := id.Decrypter(ctx); err != nil {
			return err
		}
	}
	return tok.Lock(ctx)
}

// Whenever the key is pulled out, the work ends with that, the PIN was handed over once at most, nothing stays open, and the key
// that is put in again works.
func TestPulledOutAtEachCall(t *testing.T) {
	for _, a := range []ca.Algorithm{ca.SM2, ca.RSA} {
		b := newBench(t, softkey.SKFLongmai, profile.SKF{}, softkey.Dialect{}, a)
		before := 0
		for range 2 { // the second time more is known
			before = b.device.Calls()
			if err := b.work(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		whole := b.device.Calls() - before
		if whole < 20 {
			t.Fatalf("the work takes %d calls", whole)
		}
		struck := 0
		for n := 1; n <= whole; n++ {
			before := b.device.PINs()
			lift := b.device.UnplugAt(n)
			if err := b.work(t.Context()); errors.Is(err, token.ErrRemoved) {
				struck++
			} else if err != nil {
				t.Errorf("%s: pulled out at call %d: %v", a, n, err)
			}
			lift()
			if pins := b.device.PINs() - before; pins > 1 {
				t.Errorf("%s: pulled out at call %d: %d PINs", a, n, pins)
			}
			b.device.Plug()
			if err := b.work(t.Context()); err != nil {
				t.Errorf("%s: put in again after call %d: %v", a, n, err)
			}
		}
		if struck < whole-4 { // the last calls only tidy up
			t.Errorf("%s: removal was told %d times of %d", a, struck, whole)
		}
	}
}

// The same when the key is back before anyone looked: what was open is of no use any more, and its PIN is forgotten.
func TestPulledOutAndPutBack(t *testing.T) {
	b := newBench(t, softkey.SKF, profile.SKF{}, softkey.Dialect{}, ca.SM2)
	tok := b.token(t)
	unlock(t, tok)
	signer, err := identityOf(t, tok, token.UsageSign).Signer(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	b.device.Unplug()
	b.device.Plug()
	if again := b.token(t); again != tok {
		t.Error("the key became another token")
	}
	_, err = signer.Sign(nil, make([]byte, 32), hash0{})
	if !errors.Is(err, token.ErrRemoved) && !errors.Is(err, token.ErrNotUnlocked) {
		t.Errorf("signing: %v", err)
	}
	if _, err := sign(t, tok); !errors.Is(err, token.ErrNotUnlocked) {
		t.Errorf("signing without a PIN: %v", err)
	}
	unlock(t, tok)
	if _, err := sign(t, tok); err != nil {
		t.Error(err)
	}
}

// A call that fails or answers with an absurd length does not take the driver with it, and no PIN is sent twice for it.
func TestEachCallFails(t *testing.T) {
	for name, fault := range map[string]softkey.Fault{
		"failure":       {Do: softkey.Fail, Returned: 0x0A000001},
		"absurd length": {Do: softkey.AbsurdLength},
	} {
		b := newBench(t, softkey.SKFLongmai, profile.SKF{}, softkey.Dialect{}, ca.RSA)
		if err := b.work(t.Context()); err != nil {
			t.Fatal(err)
		}
		failed := 0
		for n := range b.device.Calls() {
			before := b.device.PINs()
			fault.Device, fault.Skip, fault.Times = b.device, n, 1
			lift := b.server.Inject(fault)
			if err := b.work(t.Context()); err != nil {
				failed++
			}
			lift()
			if pins := b.device.PINs() - before; pins > 1 {
				t.Errorf("%s at call %d: %d PINs", name, n, pins)
			}
			if err := b.work(t.Context()); err != nil {
				t.Errorf("after a %s at call %d: %v", name, n, err)
			}
		}
		if failed < 2 {
			t.Errorf("%s: nothing failed", name)
		}
	}
}

// What one vendor's library says on a machine without USB: a list of 4 GB that it then fails to give.
func TestAbsurdListOfDevices(t *testing.T) {
	b := newBench(t, softkey.SKF, profile.SKF{}, softkey.Dialect{}, ca.SM2)
	lift := b.server.Inject(softkey.Fault{Do: softkey.AbsurdLength, Function: "SKF_EnumDev"})
	if tokens, err := b.driver.Tokens(t.Context()); err != nil || len(tokens) != 0 {
		t.Errorf("%d tokens, %v", len(tokens), err)
	}
	lift()
	b.server.Inject(softkey.Fault{Do: softkey.Fail, Function: "SKF_EnumDev", Returned: 0x0A000001})
	if _, err := b.driver.Tokens(t.Context()); err == nil {
		t.Error("a list that fails passed for an empty one")
	}
}

// A PIN that waits for a library that hangs is not sent once its owner has gone.
func TestPINOfWhoeverHasGone(t *testing.T) {
	b := newBench(t, softkey.SKF, profile.SKF{}, softkey.Dialect{}, ca.SM2)
	tok := b.token(t)
	lift := b.server.Inject(softkey.Fault{Do: softkey.Hang, Device: b.device})
	hanging := make(chan error)
	go func() { _, err := tok.Info(context.Background()); hanging <- err }()
	for b.device.Calls() == 0 || b.server.Calls("SKF_ConnectDev") < 2 {
		time.Sleep(time.Millisecond)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if err := tok.Unlock(ctx, []byte(pin)); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
	lift()
	if err := <-hanging; err != nil {
		t.Error(err)
	}
	if _, err := tok.Info(t.Context()); err != nil || b.device.PINs() != 0 {
		t.Errorf("%d PINs reached the key, %v", b.device.PINs(), err)
	}
}

// Ten thousand signatures leave nothing behind: every handle is closed, and neither this program nor the library grows.
func TestNothingLeaks(t *testing.T) {
	const rounds = 10000
	b := newBench(t, softkey.SKF, profile.SKF{}, softkey.Dialect{}, ca.SM2)
	tok := b.token(t)
	unlock(t, tok)
	id := identityOf(t, tok, token.UsageSign)
	signer, err := id.Signer(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	digest := make([]byte, 32)
	deadline := time.Now().Add(20 * time.Second)
	work := func(n int) {
		for i := range n {
			if _, err := signer.Sign(nil, digest, hash0{}); err != nil {
				t.Fatal(err)
			}
			if time.Now().After(deadline) {
				t.Fatalf("only %d signatures in time", i)
			}
		}
	}
	work(rounds / 10)
	before, routines := resident(t), runtime.NumGoroutine()
	work(rounds * 9 / 10)
	if grown := resident(t) - before; grown > 16<<20 {
		t.Errorf("the process grew by %d bytes", grown)
	}
	if n := runtime.NumGoroutine(); n > routines+2 {
		t.Errorf("%d goroutines became %d", routines, n)
	}
	if _, err := tok.Info(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := tok.Close(); err != nil {
		t.Fatal(err)
	}
	for open, shut := range map[string]string{
		"SKF_ConnectDev": "SKF_DisConnectDev", "SKF_OpenApplication": "SKF_CloseApplication",
		"SKF_OpenContainer": "SKF_CloseContainer",
	} {
		if n, m := b.server.Calls(open), b.server.Calls(shut); n == 0 || n != m {
			t.Errorf("%d calls of %s, %d of %s", n, open, m, shut)
		}
	}
	if n := b.server.Calls("SKF_ConnectDev"); n > 5 {
		t.Errorf("%d connections for one unlocked token", n)
	}
}

// resident is the memory of the process, C's among it.
func resident(t *testing.T) int {
	t.Helper()
	runtime.GC()
	statm, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		t.Fatal(err)
	}
	pages, err := strconv.Atoi(strings.Fields(string(statm))[1])
	if err != nil {
		t.Fatal(err)
	}
	return pages * os.Getpagesize()
}

// Making keys and storing certificates fails as a whole or is done, whichever call fails, and can be done again under another name.
func TestProvisionFailsAtEachCall(t *testing.T) {
	b := newBench(t, softkey.SKF, profile.SKF{}, softkey.Dialect{}, ca.SM2)
	tok := b.token(t)
	unlock(t, tok)
	authority, err := ca.New(ca.SM2)
	if err != nil {
		t.Fatal(err)
	}
	provision := func(name string) error {
		for _, use := range []token.Usage{token.UsageSign, token.UsageEncrypt} {
			id, pub, err := tok.NewKey(t.Context(), name, string(ca.SM2), use)
			if err != nil {
				return err
			}
			cert, err := authority.Issue(ca.Request{Subject: ca.Subject{Name: "青川县教育局"}, PublicKey: pub, Usage: use})
			if err != nil {
				return err
			}
			if err := tok.StoreCertificate(t.Context(), id, cert, nil); err != nil {
				return err
			}
		}
		return nil
	}
	before := b.device.Calls()
	if err := provision("whole"); err != nil {
		t.Fatal(err)
	}
	failed := 0
	for n := range b.device.Calls() - before {
		lift := b.server.Inject(softkey.Fault{Do: softkey.Fail, Device: b.device, Skip: n, Times: 1, Returned: 0x0A000030}) // SAR_NO_ROOM
		err := provision("k" + strconv.Itoa(n))
		lift()
		if err != nil {
			failed++
			var number *Error
			if !errors.As(err, &number) || number.Number != 0x0A000030 || number.Code() != "token.full" {
				t.Errorf("call %d: %v", n+1, err)
			}
		}
		if err := tok.Lock(t.Context()); err != nil {
			t.Fatal(err)
		}
		unlock(t, tok)
	}
	if failed < 10 {
		t.Errorf("%d calls failed", failed)
	}
	if err := provision("again"); err != nil {
		t.Error(err)
	}
}

// A digest that is none of the algorithm's is refused before the key is asked.
func TestDigestsThatAreRefused(t *testing.T) {
	sum := make([]byte, 32)
	for _, tt := range []struct {
		name      string
		algorithm ca.Algorithm
		digest    []byte
		opts      crypto.SignerOpts
		want      error
	}{
		{"SM2, nothing said", ca.SM2, sum, nil, token.ErrBadDigest},
		{"SM2, too short", ca.SM2, sum[1:], hash0{}, token.ErrBadDigest},
		{"SM2, another hash", ca.SM2, sum, crypto.SHA256, token.ErrBadDigest},
		{"RSA, SHA-1", ca.RSA, sum[:20], crypto.SHA1, token.ErrBadDigest},
		{"RSA, too short", ca.RSA, sum[1:], crypto.SHA256, token.ErrBadDigest},
		{"RSA, PSS", ca.RSA, sum, &rsa.PSSOptions{Hash: crypto.SHA256}, token.ErrNotSupported},
	} {
		b := newBench(t, softkey.SKFLongmai, profile.SKF{}, softkey.Dialect{}, tt.algorithm)
		tok := b.token(t)
		unlock(t, tok)
		s, err := identityOf(t, tok, token.UsageSign).Signer(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		before := b.device.Calls()
		if _, err := s.Sign(nil, tt.digest, tt.opts); !errors.Is(err, tt.want) || b.device.Calls() != before {
			t.Errorf("%s: %v", tt.name, err)
		}
	}
}

// Each call that decrypting and reading files takes may fail, and the caller is told; the next time both work.
func TestDecryptingFailsAtEachCall(t *testing.T) {
	b := newBench(t, softkey.SKFLongmai, profile.SKF{}, softkey.Dialect{}, ca.SM2)
	if err := b.device.PutFile("seal", random(t, filePart+1), true); err != nil {
		t.Fatal(err)
	}
	pub := pairs[ca.SM2]()[1].key.Public().(*ecdsa.PublicKey)
	sealed, err := sm2.EncryptASN1(rand.Reader, pub, []byte("a content key"))
	if err != nil {
		t.Fatal(err)
	}
	tok := b.token(t)
	use := func() error {
		unlock(t, tok)
		if list, err := tok.Data(t.Context()); err != nil || len(list) != 1 {
			return errors.Join(err, token.ErrNoData)
		}
		if _, err := tok.ReadData(t.Context(), "seal"); err != nil {
			return err
		}
		d, err := identityOf(t, tok, token.UsageEncrypt).Decrypter(t.Context())
		if err != nil {
			return err
		}
		_, err = d.Decrypt(nil, sealed, nil)
		return err
	}
	if err := use(); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		function string
		returned uint64
		skip     int
		want     error
	}{
		{"SKF_EnumFiles", 0x0A000001, 0, errFailed},
		{"SKF_GetFileInfo", 0x0A000023, 1, token.ErrRemoved},
		{"SKF_ReadFile", 0x0A000001, 0, errFailed},
		{"SKF_ReadFile", 0x0A000001, 1, errFailed},
		{"SKF_ECCPrvKeyDecrypt", 0x0A000001, 0, token.ErrDecrypt},
		{"SKF_ECCPrvKeyDecrypt", 0x0A00002D, 0, token.ErrNotUnlocked},
		{"SKF_ECCPrvKeyDecrypt", 0x0A000023, 0, token.ErrRemoved},
	} {
		lift := b.server.Inject(softkey.Fault{Do: softkey.Fail, Function: tt.function, Skip: tt.skip, Returned: tt.returned})
		if err := use(); !errors.Is(err, tt.want) {
			t.Errorf("%s returns %#x: %v", tt.function, tt.returned, err)
		}
		lift()
		tok = b.token(t)
		if err := use(); err != nil {
			t.Errorf("after %s returned %#x: %v", tt.function, tt.returned, err)
		}
	}
	if _, err := tok.ReadData(t.Context(), strings.Repeat("x", maxName+1)); !errors.Is(err, token.ErrNoData) {
		t.Errorf("a file of a name that is too long: %v", err)
	}
}

// What a library answers to a PIN is told by its number, or else by the counter; and nothing is sent for whoever has gone.
func TestWhatBecomesOfAPIN(t *testing.T) {
	wrong, length := new(token.PINWrongError), new(token.PINLengthError)
	change := func(ctx context.Context, tok *skfToken) error {
		return tok.ChangePIN(ctx, []byte(pin), []byte("13141516"))
	}
	enter := func(ctx context.Context, tok *skfToken) error { return tok.Unlock(ctx, []byte(pin)) }
	for _, tt := range []struct {
		name  string
		fault softkey.Fault
		do    func(context.Context, *skfToken) error
		want  error // or of this type
	}{
		{"its form is wrong", softkey.Fault{Function: "SKF_VerifyPIN", Returned: 0x0A000027}, enter, wrong},
		{"the new one's form is wrong", softkey.Fault{Function: "SKF_ChangePIN", Returned: 0x0A000027}, change, length},
		{"it is locked", softkey.Fault{Function: "SKF_VerifyPIN", Returned: 0x0A000025}, enter, token.ErrPINLocked},
		{"the key is gone when it is asked for the tries", softkey.Fault{Function: "SKF_GetPINInfo", Returned: 0x0A000023}, enter, token.ErrRemoved},
		{"the key is gone when it has refused", softkey.Fault{Function: "SKF_GetPINInfo", Returned: 0x0A000023, Skip: 1},
			func(ctx context.Context, tok *skfToken) error { return tok.Unlock(ctx, []byte(wrongPIN)) }, token.ErrRemoved},
		{"the library forgets no PIN", softkey.Fault{Function: "SKF_ClearSecureState", Returned: 0x0A000003}, enter, nil},
		{"nobody is told the tries", softkey.Fault{Function: "SKF_GetPINInfo", Returned: 0x0A000001},
			func(ctx context.Context, tok *skfToken) error { return tok.Unlock(ctx, []byte(wrongPIN)) }, wrong},
	} {
		b := newBench(t, softkey.SKF, profile.SKF{}, softkey.Dialect{}, ca.SM2)
		tok := b.token(t)
		tt.fault.Do = softkey.Fail
		b.server.Inject(tt.fault)
		err := tt.do(t.Context(), tok)
		is := errors.Is(err, tt.want)
		switch want := tt.want.(type) {
		case *token.PINWrongError:
			is = errors.As(err, &want)
		case *token.PINLengthError:
			is = errors.As(err, &want)
		}
		if !is || b.device.PINs() > 1 {
			t.Errorf("%s: %v, %d PINs", tt.name, err, b.device.PINs())
		}
	}
}

// An encryption key is not made where the signing key that it is to be wrapped for cannot be read.
func TestNoSigningKeyToWrapFor(t *testing.T) {
	for _, a := range []ca.Algorithm{ca.SM2, ca.RSA} {
		b := newBench(t, softkey.SKF, profile.SKF{}, softkey.Dialect{}, a)
		tok := b.token(t)
		unlock(t, tok)
		if _, _, err := tok.NewKey(t.Context(), "new", string(a), token.UsageSign); err != nil {
			t.Fatal(err)
		}
		for returned, want := range map[uint64]error{0x0A00001C: ErrNoSigningKey, 0x0A000001: errFailed} {
			lift := b.server.Inject(softkey.Fault{Do: softkey.Fail, Function: "SKF_ExportPublicKey", Skip: 1, Returned: returned})
			if _, _, err := tok.NewKey(t.Context(), "new", string(a), token.UsageEncrypt); !errors.Is(err, want) {
				t.Errorf("%s, %#x: %v", a, returned, err)
			}
			lift()
		}
		other := map[ca.Algorithm]ca.Algorithm{ca.SM2: ca.RSA, ca.RSA: ca.SM2}[a]
		if _, _, err := tok.NewKey(t.Context(), "new", string(other), token.UsageEncrypt); !errors.Is(err, ErrNoSigningKey) {
			t.Errorf("%s for a signing key of %s: %v", other, a, err)
		}
	}
}
