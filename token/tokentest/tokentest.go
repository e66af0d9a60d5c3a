package tokentest

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/asn1"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/emmansun/gmsm/sm2"
	"github.com/emmansun/gmsm/sm3"
	"github.com/emmansun/gmsm/smx509"
	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"

	"sealdesk/token"
	"sealdesk/token/ca"
)

// Harness says how to come by keys of the kind under test.
type Harness struct {
	// Algorithms that the keys can be made with; each runs the whole suite.
	Algorithms []ca.Algorithm

	// New makes a key for one test alone: plugged in, locked, all tries left,
	// with a signing certificate and, where the kind has them, an encryption
	// certificate of this algorithm. It cleans up through t.
	New func(t *testing.T, a ca.Algorithm) Key
}

// Key is one token and what the test may do to it. Fields that are nil are
// abilities the kind does not have; the tests that need them are skipped.
type Key struct {
	Driver        token.Driver // as callers get it; finds this token alone
	PIN, WrongPIN string       // empty: the token asks its person itself, and with each signature
	Tries         int          // after a right PIN; 0 when the kind does not count

	PINs           func() int      // how many PINs have reached the token so far
	Unplug, Replug func()          // take the token away, and bring it back
	Hang           func(hang bool) // have the token not answer, and answer again
}

const patience = 30 * time.Second // for what ought to take no time

// Run runs the suite.
func Run(t *testing.T, h Harness) {
	tests := []struct {
		name string
		run  func(*testing.T, *subject)
	}{
		{"PublicBeforePIN", publicBeforePIN},
		{"SignerBeforeUnlock", signerBeforeUnlock},
		{"SignatureVerifies", signatureVerifies},
		{"OnlyDigestsAreSigned", onlyDigestsAreSigned},
		{"EncryptionKeyDoesNotSign", encryptionKeyDoesNotSign},
		{"DecryptRoundTrip", decryptRoundTrip},
		{"SignsConcurrently", signsConcurrently},
		{"LockForgetsThePIN", lockForgetsThePIN},
		{"CloseForgetsThePIN", closeForgetsThePIN},
		{"LookingLeavesItUnlocked", lookingLeavesItUnlocked},
		{"PINIsWiped", pinIsWiped},
		{"EmptyPINCostsNothing", emptyPINCostsNothing},
		{"WrongPINCostsOneTry", wrongPINCostsOneTry},
		{"RightPINRestoresTries", rightPINRestoresTries},
		{"LastTryAsksFirst", lastTryAsksFirst},
		{"ConsentIsForOneTry", consentIsForOneTry},
		{"WrongPINsAtOnceStopBeforeTheLast", wrongPINsAtOnce},
		{"LockedIsLeftAlone", lockedIsLeftAlone},
		{"PINChange", pinChange},
		{"WrongOldPINCostsOneTry", wrongOldPIN},
		{"CancelledContext", cancelledContext},
		{"RemovedInUse", removedInUse},
		{"WatchReports", watchReports},
		{"HangIsBounded", hangIsBounded},
	}
	for _, a := range h.Algorithms {
		t.Run(string(a), func(t *testing.T) {
			for _, tt := range tests {
				t.Run(tt.name, func(t *testing.T) {
					ctx, cancel := context.WithTimeout(t.Context(), patience)
					defer cancel()
					tt.run(t, open(ctx, t, h.New(t, a), a))
				})
			}
		})
	}
}

// subject is a key with the token found on it.
type subject struct {
	Key
	ctx   context.Context
	alg   ca.Algorithm
	token token.Token
}

func open(ctx context.Context, t *testing.T, k Key, a ca.Algorithm) *subject {
	t.Helper()
	tokens, err := k.Driver.Tokens(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if len(tokens) != 1 {
		t.Fatalf("the driver found %d tokens, want the one under test", len(tokens))
	}
	t.Cleanup(func() { tokens[0].Close() })
	return &subject{k, ctx, a, tokens[0]}
}

func (s *subject) unlock(ctx context.Context, pin string) error {
	return s.token.Unlock(ctx, []byte(pin))
}

func (s *subject) mustUnlock(t *testing.T) {
	t.Helper()
	if err := s.unlock(s.ctx, s.PIN); err != nil {
		t.Fatalf("the right PIN: %v", err)
	}
}

func (s *subject) identity(t *testing.T, u token.Usage) token.Identity {
	t.Helper()
	ids, err := s.token.Identities(s.ctx)
	if err != nil {
		t.Fatal(err)
	}
	for _, id := range ids {
		if id.Usage()&u != 0 {
			return id
		}
	}
	if u == token.UsageEncrypt {
		t.Skip("the token has no encryption certificate")
	}
	t.Fatalf("no identity of usage %d among %d", u, len(ids))
	return nil
}

func (s *subject) signer(t *testing.T) crypto.Signer {
	t.Helper()
	signer, err := s.identity(t, token.UsageSign).Signer(s.ctx)
	if err != nil {
		t.Fatal(err)
	}
	return signer
}

func (s *subject) tries(t *testing.T) int {
	t.Helper()
	info, err := s.token.Info(s.ctx)
	if err != nil {
		t.Fatal(err)
	}
	return info.PIN.Tries
}

// counted skips the test when the kind does not tell the tries left.
func (s *subject) counted(t *testing.T) {
	t.Helper()
	if s.Tries == 0 {
		t.Skip("this kind of token does not tell how many tries are left")
	}
	if got := s.tries(t); got != s.Tries {
		t.Fatalf("a fresh token has %d tries, want %d", got, s.Tries)
	}
}

// takesPIN skips the test when the kind has its own way to be told the PIN.
func (s *subject) takesPIN(t *testing.T) {
	t.Helper()
	if s.PIN == "" {
		t.Skip("this kind of token takes no PIN from the program")
	}
}

// spend leaves so many tries.
func (s *subject) spend(t *testing.T, left int) {
	t.Helper()
	for s.tries(t) > left {
		var wrong *token.PINWrongError
		if err := s.unlock(s.ctx, s.WrongPIN); !errors.As(err, &wrong) {
			t.Fatalf("a wrong PIN: %v", err)
		}
	}
}

func want(t *testing.T, what string, got, target error) {
	t.Helper()
	if !errors.Is(got, target) {
		t.Errorf("%s: got %v, want %v", what, got, target)
	}
}

// message is what is signed of a document, so that keys sign it that show what they sign.
var message = SignedAttributes([]byte("政府采购合同 2026-11"))

// SignedAttributes are those of CMS for a content (RFC 5652, 5.4): content type and message digest, by SM3.
func SignedAttributes(content []byte) []byte {
	sum := sm3.Sum(content)
	var b cryptobyte.Builder
	one := func(b *cryptobyte.Builder, last int, value cryptobyte.BuilderContinuation) {
		b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
			b.AddASN1ObjectIdentifier(asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, last})
			b.AddASN1(cbasn1.SET, value)
		})
	}
	b.AddASN1(cbasn1.SET, func(b *cryptobyte.Builder) {
		one(b, 3, func(b *cryptobyte.Builder) {
			b.AddASN1ObjectIdentifier(asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 1})
		})
		one(b, 4, func(b *cryptobyte.Builder) { b.AddASN1OctetString(sum[:]) })
	})
	return b.BytesOrPanic()
}

func digestOf(t *testing.T, pub crypto.PublicKey) ([]byte, crypto.SignerOpts) {
	t.Helper()
	h, opts, err := token.NewDigest(pub)
	if err != nil {
		t.Fatal(err)
	}
	h.Write(message)
	return h.Sum(nil), opts
}

// sign has the key sign as callers do: by the message where the key takes one.
func sign(t *testing.T, s crypto.Signer) ([]byte, error) {
	t.Helper()
	return token.SignMessage(s, message)
}

// verify goes from the message, by the certificate's own method, and so shares
// nothing with the code under test.
func verify(cert *smx509.Certificate, a ca.Algorithm, sig []byte) error {
	methods := map[ca.Algorithm]smx509.SignatureAlgorithm{
		ca.RSA: smx509.SHA256WithRSA, ca.ECDSA: smx509.ECDSAWithSHA256, ca.SM2: smx509.SM2WithSM3,
	}
	return cert.CheckSignature(methods[a], message, sig)
}

func publicBeforePIN(t *testing.T, s *subject) {
	info, err := s.token.Info(s.ctx)
	if err != nil {
		t.Fatal(err)
	}
	if info.URI == "" || info.Label == "" {
		t.Errorf("a token without a name: %+v", info)
	}
	if info.PIN.Locked {
		t.Error("a fresh token says that it is locked")
	}
	ids, err := s.token.Identities(s.ctx)
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, id := range ids {
		if seen[id.ID()] {
			t.Errorf("two identities are called %q", id.ID())
		}
		seen[id.ID()] = true
	}
	id := s.identity(t, token.UsageSign)
	if got, err := ca.AlgorithmOf(id.Certificate().PublicKey); err != nil || got != s.alg {
		t.Errorf("the signing certificate is of kind %q, want %q (%v)", got, s.alg, err)
	}
	if why := token.Unfit(id, time.Now()); len(why) > 0 {
		t.Errorf("the signing certificate cannot sign: %v", why)
	}
}

func signerBeforeUnlock(t *testing.T, s *subject) {
	_, err := s.identity(t, token.UsageSign).Signer(s.ctx)
	want(t, "a signer before any PIN", err, token.ErrNotUnlocked)
}

func signatureVerifies(t *testing.T, s *subject) {
	s.mustUnlock(t)
	id := s.identity(t, token.UsageSign)
	signer := s.signer(t)
	sig, err := sign(t, signer)
	if err != nil {
		t.Fatal(err)
	}
	if err := verify(id.Certificate(), s.alg, sig); err != nil {
		t.Error(err)
	}
	if s.alg != ca.RSA {
		return
	}
	d, _ := digestOf(t, signer.Public())
	pss := &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash, Hash: crypto.SHA256}
	sig, err = signer.Sign(rand.Reader, d, pss)
	if errors.Is(err, token.ErrNotSupported) {
		return
	}
	if err == nil {
		err = id.Certificate().CheckSignature(smx509.SHA256WithRSAPSS, message, sig)
	}
	if err != nil {
		t.Errorf("PSS: %v", err)
	}
}

func onlyDigestsAreSigned(t *testing.T, s *subject) {
	s.mustUnlock(t)
	signer := s.signer(t)
	d, opts := digestOf(t, signer.Public())
	for name, call := range map[string]struct {
		digest []byte
		opts   crypto.SignerOpts
	}{
		"a message":   {message, opts},
		"nothing":     {nil, opts},
		"a short one": {d[1:], opts},
		"SHA-1":       {d[:20], crypto.SHA1},
		"no options":  {d, nil},
	} {
		_, err := signer.Sign(rand.Reader, call.digest, call.opts)
		want(t, name, err, token.ErrBadDigest)
	}
	if s.alg == ca.SM2 {
		_, err := signer.Sign(rand.Reader, d, sm2.DefaultSM2SignerOpts)
		want(t, "options that hash again", err, token.ErrBadDigest)
	}
}

func encryptionKeyDoesNotSign(t *testing.T, s *subject) {
	s.mustUnlock(t)
	id := s.identity(t, token.UsageEncrypt)
	if id.Usage()&token.UsageSign != 0 {
		t.Skip("one key does both")
	}
	_, err := id.Signer(s.ctx)
	want(t, "a signer of the encryption certificate", err, token.ErrWrongUsage)
}

func decryptRoundTrip(t *testing.T, s *subject) {
	s.mustUnlock(t)
	id := s.identity(t, token.UsageEncrypt)
	dec, err := id.Decrypter(s.ctx)
	if errors.Is(err, token.ErrNotSupported) {
		t.Skip("the key does not decrypt")
	}
	if err != nil {
		t.Fatal(err)
	}
	secret := []byte("a content key of 32 bytes, or so")
	tried := 0
	for _, scheme := range schemes(t, id.Certificate(), secret) {
		plain, err := dec.Decrypt(rand.Reader, scheme.ciphertext, scheme.opts)
		if errors.Is(err, token.ErrNotSupported) {
			continue
		}
		if err != nil || !bytes.Equal(plain, secret) {
			t.Errorf("%s: got %q, %v", scheme.name, plain, err)
		}
		tried++
		spoilt := bytes.Clone(scheme.ciphertext)
		spoilt[len(spoilt)-1] ^= 1
		if plain, err := dec.Decrypt(rand.Reader, spoilt, scheme.opts); err == nil && bytes.Equal(plain, secret) {
			t.Errorf("%s: spoilt data decrypted", scheme.name)
		}
	}
	if tried == 0 {
		t.Error("the key gave a decrypter that supports no scheme")
	}
	_, err = dec.Decrypt(rand.Reader, make([]byte, 1<<20), nil)
	want(t, "a megabyte", err, token.ErrDecrypt)
}

type scheme struct {
	name       string
	ciphertext []byte
	opts       crypto.DecrypterOpts
}

func schemes(t *testing.T, cert *smx509.Certificate, secret []byte) []scheme {
	t.Helper()
	pub, ok := cert.PublicKey.(*rsa.PublicKey)
	if !ok {
		if !sm2.IsSM2PublicKey(cert.PublicKey) {
			t.Skip("no scheme encrypts to this key")
		}
		c, err := sm2.EncryptASN1(rand.Reader, cert.PublicKey.(*ecdsa.PublicKey), secret)
		if err != nil {
			t.Fatal(err)
		}
		return []scheme{{"SM2", c, nil}}
	}
	oaep, err := rsa.EncryptOAEP(sha256.New(), rand.Reader, pub, secret, nil)
	if err != nil {
		t.Fatal(err)
	}
	v15, err := encryptPKCS1v15(pub, secret)
	if err != nil {
		t.Fatal(err)
	}
	return []scheme{
		{"OAEP with SHA-256", oaep, &rsa.OAEPOptions{Hash: crypto.SHA256}},
		{"PKCS #1 v1.5", v15, nil},
	}
}

func signsConcurrently(t *testing.T, s *subject) {
	s.mustUnlock(t)
	id := s.identity(t, token.UsageSign)
	signer := s.signer(t)
	var wg sync.WaitGroup
	for range 24 {
		wg.Go(func() {
			sig, err := sign(t, signer)
			if err == nil {
				err = verify(id.Certificate(), s.alg, sig)
			}
			if err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
}

func lockForgetsThePIN(t *testing.T, s *subject) {
	s.mustUnlock(t)
	signer := s.signer(t)
	if err := s.token.Lock(s.ctx); err != nil {
		t.Fatal(err)
	}
	_, err := sign(t, signer)
	want(t, "signing after Lock", err, token.ErrNotUnlocked)
	s.mustUnlock(t)
	if _, err := sign(t, s.signer(t)); err != nil {
		t.Errorf("signing after unlocking again: %v", err)
	}
}

func closeForgetsThePIN(t *testing.T, s *subject) {
	s.mustUnlock(t)
	signer := s.signer(t)
	if err := s.token.Close(); err != nil {
		t.Fatal(err)
	}
	_, err := sign(t, signer)
	want(t, "signing after Close", err, token.ErrNotUnlocked)
	again := open(s.ctx, t, s.Key, s.alg)
	_, err = again.identity(t, token.UsageSign).Signer(s.ctx)
	want(t, "a signer of the token found anew", err, token.ErrNotUnlocked)
	again.mustUnlock(t)
}

// lookingLeavesItUnlocked: who lists the certificates of a key that somebody signs with does not lock it.
func lookingLeavesItUnlocked(t *testing.T, s *subject) {
	s.mustUnlock(t)
	signer := s.signer(t)
	looking := open(s.ctx, t, s.Key, s.alg)
	looking.identity(t, token.UsageSign)
	if err := looking.token.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := sign(t, signer); err != nil {
		t.Errorf("signing after somebody looked: %v", err)
	}
}

func pinIsWiped(t *testing.T, s *subject) {
	s.takesPIN(t)
	for _, pin := range []string{s.WrongPIN, s.PIN} {
		buffer := []byte(pin)
		if err := s.token.Unlock(s.ctx, buffer); (err == nil) != (pin == s.PIN) {
			t.Fatal(err)
		}
		if !bytes.Equal(buffer, make([]byte, len(buffer))) {
			t.Error("a PIN was left in memory")
		}
	}
}

func emptyPINCostsNothing(t *testing.T, s *subject) {
	s.counted(t)
	want(t, "an empty PIN", s.token.Unlock(s.ctx, nil), token.ErrPINEmpty)
	if got := s.tries(t); got != s.Tries {
		t.Errorf("%d tries left, want %d", got, s.Tries)
	}
}

func wrongPINCostsOneTry(t *testing.T, s *subject) {
	s.takesPIN(t)
	before := s.pins()
	err := s.unlock(s.ctx, s.WrongPIN)
	var wrong *token.PINWrongError
	if !errors.As(err, &wrong) {
		t.Fatalf("a wrong PIN: %v", err)
	}
	if s.PINs != nil && s.pins() != before+1 {
		t.Errorf("%d PINs reached the token, want 1", s.pins()-before)
	}
	if s.Tries == 0 {
		return
	}
	if got := s.tries(t); got != s.Tries-1 || wrong.Tries != s.Tries-1 {
		t.Errorf("%d tries left, the error says %d, want %d", got, wrong.Tries, s.Tries-1)
	}
	_, err = s.identity(t, token.UsageSign).Signer(s.ctx)
	want(t, "a signer after a wrong PIN", err, token.ErrNotUnlocked)
}

func (s *subject) pins() int {
	if s.PINs == nil {
		return 0
	}
	return s.PINs()
}

func rightPINRestoresTries(t *testing.T, s *subject) {
	s.counted(t)
	s.spend(t, s.Tries-1)
	s.mustUnlock(t)
	if got := s.tries(t); got != s.Tries {
		t.Errorf("%d tries after the right PIN, want %d", got, s.Tries)
	}
}

func lastTryAsksFirst(t *testing.T, s *subject) {
	s.counted(t)
	s.spend(t, 1)
	before := s.pins()
	want(t, "the last try, unasked", s.unlock(s.ctx, s.PIN), token.ErrLastTry)
	if got := s.tries(t); got != 1 || s.pins() != before {
		t.Errorf("refusing cost a try: %d left", got)
	}
	if err := s.unlock(token.ConfirmLastTry(s.ctx), s.PIN); err != nil {
		t.Fatalf("the last try, confirmed: %v", err)
	}
	if got := s.tries(t); got != s.Tries {
		t.Errorf("%d tries after the right PIN, want %d", got, s.Tries)
	}
}

func consentIsForOneTry(t *testing.T, s *subject) {
	s.counted(t)
	s.spend(t, 1)
	consent := token.ConfirmLastTry(s.ctx)
	if err := s.unlock(consent, s.PIN); err != nil {
		t.Fatal(err)
	}
	s.spend(t, 1)
	want(t, "the same consent again", s.unlock(consent, s.PIN), token.ErrLastTry)
}

func wrongPINsAtOnce(t *testing.T, s *subject) {
	s.counted(t)
	var wg sync.WaitGroup
	for range s.Tries + 3 {
		wg.Go(func() {
			var wrong *token.PINWrongError
			if err := s.unlock(s.ctx, s.WrongPIN); !errors.As(err, &wrong) && !errors.Is(err, token.ErrLastTry) {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if got := s.tries(t); got != 1 {
		t.Errorf("%d tries left, want the last one, which nobody confirmed", got)
	}
}

func lockedIsLeftAlone(t *testing.T, s *subject) {
	s.counted(t)
	s.spend(t, 1)
	want(t, "a wrong PIN on the last try", s.unlock(token.ConfirmLastTry(s.ctx), s.WrongPIN), token.ErrPINLocked)
	before := s.pins()
	want(t, "the right PIN on a locked token", s.unlock(token.ConfirmLastTry(s.ctx), s.PIN), token.ErrPINLocked)
	if s.pins() != before {
		t.Error("a PIN went to a locked token")
	}
	info, err := s.token.Info(s.ctx)
	if err != nil {
		t.Fatal(err)
	}
	if !info.PIN.Locked || info.PIN.Tries != 0 {
		t.Errorf("a locked token says %+v", info.PIN)
	}
	if _, err := s.token.Identities(s.ctx); err != nil {
		t.Errorf("a locked token does not show its certificates: %v", err)
	}
}

func (s *subject) changer(t *testing.T) token.PINChanger {
	t.Helper()
	c, ok := s.token.(token.PINChanger)
	if !ok {
		t.Skip("this kind of token does not change PINs")
	}
	return c
}

func pinChange(t *testing.T, s *subject) {
	next := s.PIN + "7"
	old, new := []byte(s.PIN), []byte(next)
	if err := s.changer(t).ChangePIN(s.ctx, old, new); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(old, make([]byte, len(old))) || !bytes.Equal(new, make([]byte, len(new))) {
		t.Error("a PIN was left in memory")
	}
	var wrong *token.PINWrongError
	if err := s.unlock(s.ctx, s.PIN); !errors.As(err, &wrong) {
		t.Errorf("the old PIN: %v", err)
	}
	if err := s.unlock(s.ctx, next); err != nil {
		t.Errorf("the new PIN: %v", err)
	}
	if _, err := sign(t, s.signer(t)); err != nil {
		t.Errorf("signing after the change: %v", err)
	}
	// Keys that outlive the test get their PIN back.
	if err := s.changer(t).ChangePIN(s.ctx, []byte(next), []byte(s.PIN)); err != nil {
		t.Errorf("changing back: %v", err)
	}
}

func wrongOldPIN(t *testing.T, s *subject) {
	c := s.changer(t)
	s.counted(t)
	var wrong *token.PINWrongError
	if err := c.ChangePIN(s.ctx, []byte(s.WrongPIN), []byte("76543210")); !errors.As(err, &wrong) {
		t.Errorf("a wrong old PIN: %v", err)
	}
	if got := s.tries(t); got != s.Tries-1 {
		t.Errorf("%d tries left, want %d", got, s.Tries-1)
	}
	s.spend(t, 1)
	want(t, "changing on the last try", c.ChangePIN(s.ctx, []byte(s.WrongPIN), []byte("76543210")), token.ErrLastTry)
	s.ctx = token.ConfirmLastTry(s.ctx)
	s.mustUnlock(t)
}

func cancelledContext(t *testing.T, s *subject) {
	cancelled, cancel := context.WithCancel(s.ctx)
	cancel()
	before := s.pins()
	want(t, "unlocking", s.unlock(cancelled, s.PIN), token.ErrCancelled)
	if s.pins() != before || s.Tries != 0 && s.tries(t) != s.Tries {
		t.Error("a cancelled PIN reached the token")
	}
	_, err := s.token.Info(cancelled)
	want(t, "info", err, token.ErrCancelled)
	_, err = s.Driver.Tokens(cancelled)
	want(t, "listing", err, token.ErrCancelled)

	s.mustUnlock(t)
	late, cancel := context.WithCancel(s.ctx)
	signer, err := s.identity(t, token.UsageSign).Signer(late)
	if err != nil {
		t.Fatal(err)
	}
	cancel()
	_, err = sign(t, signer)
	want(t, "signing", err, token.ErrCancelled)

	past, cancel := context.WithDeadline(s.ctx, time.Now().Add(-time.Second))
	defer cancel()
	want(t, "unlocking too late", s.unlock(past, s.PIN), token.ErrTimeout)
}

func removedInUse(t *testing.T, s *subject) {
	if s.Unplug == nil || s.Replug == nil {
		t.Skip("the harness cannot unplug this kind of token")
	}
	s.mustUnlock(t)
	signer := s.signer(t)
	if _, err := sign(t, signer); err != nil {
		t.Fatal(err)
	}
	s.Unplug()
	_, err := sign(t, signer)
	want(t, "signing", err, token.ErrRemoved)
	want(t, "unlocking", s.unlock(s.ctx, s.PIN), token.ErrRemoved)
	_, err = s.token.Info(s.ctx)
	want(t, "info", err, token.ErrRemoved)
	if tokens, err := s.Driver.Tokens(s.ctx); err != nil || len(tokens) != 0 {
		t.Errorf("the driver finds %d tokens (%v) after removal", len(tokens), err)
	}
	s.Replug()
	again := open(s.ctx, t, s.Key, s.alg)
	if _, err := again.identity(t, token.UsageSign).Signer(s.ctx); !errors.Is(err, token.ErrNotUnlocked) {
		t.Errorf("a token that was plugged in again needs no PIN: %v", err)
	}
	again.mustUnlock(t)
	if _, err := sign(t, again.signer(t)); err != nil {
		t.Errorf("signing after plugging in again: %v", err)
	}
}

func watchReports(t *testing.T, s *subject) {
	if s.Unplug == nil || s.Replug == nil {
		t.Skip("the harness cannot unplug this kind of token")
	}
	info, err := s.token.Info(s.ctx)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(s.ctx)
	defer cancel()
	events, err := s.Driver.Watch(ctx)
	if err != nil {
		t.Fatal(err)
	}
	for _, step := range []struct {
		act  func()
		kind token.EventKind
	}{{s.Unplug, token.Removed}, {s.Replug, token.Plugged}} {
		step.act()
		select {
		case e := <-events:
			if e != (token.Event{Kind: step.kind, URI: info.URI}) {
				t.Errorf("got %v of %s, want %v of %s", e.Kind, e.URI, step.kind, info.URI)
			}
		case <-s.ctx.Done():
			t.Fatalf("%v was not reported", step.kind)
		}
	}
	cancel()
	for range events { // must end
	}
}

func hangIsBounded(t *testing.T, s *subject) {
	if s.Hang == nil {
		t.Skip("the harness cannot make this kind of token hang")
	}
	s.mustUnlock(t)
	ctx, cancel := context.WithTimeout(s.ctx, 300*time.Millisecond)
	defer cancel()
	signer, err := s.identity(t, token.UsageSign).Signer(ctx)
	if err != nil {
		t.Fatal(err)
	}
	s.Hang(true)
	defer s.Hang(false)
	start := time.Now()
	_, err = sign(t, signer)
	want(t, "signing with a token that hangs", err, token.ErrTimeout)
	if took := time.Since(start); took > 5*time.Second {
		t.Errorf("it took %v", took)
	}
}

func encryptPKCS1v15(pub *rsa.PublicKey, secret []byte) ([]byte, error) {
	//lint:ignore SA1019 keys of other programs still wrap so, and tokens must open it
	return rsa.EncryptPKCS1v15(rand.Reader, pub, secret)
}
