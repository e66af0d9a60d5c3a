package token_test

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emmansun/gmsm/sm2"
	"github.com/emmansun/gmsm/smx509"

	"sealdesk/token"
	"sealdesk/token/ca"
	"sealdesk/token/tokentest"
)

type fakeSigner struct{ id *fakeIdentity }

func (s *fakeSigner) Public() crypto.PublicKey { return s.id.keys[s.id.usage].Public() }

func (s *fakeSigner) Sign(_ io.Reader, digest []byte, opts crypto.SignerOpts) ([]byte, error) {
	if err := s.id.ready(); err != nil {
		return nil, err
	}
	sig, err := s.id.keys[s.id.usage].Sign(rand.Reader, digest, opts)
	if s.id.spoil != nil {
		sig = s.id.spoil(sig)
	}
	return sig, err
}

// phoneSigner is a key that is handed messages, and signs nothing else.
type phoneSigner struct {
	*fakeSigner
	shown []byte
}

func (s *phoneSigner) Sign(io.Reader, []byte, crypto.SignerOpts) ([]byte, error) {
	return nil, token.ErrNotSupported
}

func (s *phoneSigner) SignMessage(rand io.Reader, message []byte, _ crypto.SignerOpts) ([]byte, error) {
	s.shown = message
	return token.SignMessage(s.fakeSigner, message)
}

// A key that is handed messages is one behind the guard too, and what it returns is verified.
func TestMessagesReachTheKey(t *testing.T) {
	for _, a := range ca.Algorithms() {
		f := newFake(t, a)
		var phone *phoneSigner
		f.wrap = func(s *fakeSigner) crypto.Signer { phone = &phoneSigner{fakeSigner: s}; return phone }
		s := signer(t, guarded(t, f, token.Limits{}))
		message := []byte("登录")
		sig, err := token.SignMessage(s, message)
		if err != nil || string(phone.shown) != "登录" {
			t.Fatalf("%s: shown %q, %v", a, phone.shown, err)
		}
		h, opts, _ := token.NewDigest(s.Public())
		h.Write(message)
		d := h.Sum(nil)
		if err := token.VerifyDigest(s.Public(), d, opts, sig); err != nil {
			t.Errorf("%s: %v", a, err)
		}
		if _, err := s.Sign(rand.Reader, d, opts); !errors.Is(err, token.ErrNotSupported) {
			t.Errorf("%s: a digest alone: %v", a, err)
		}
		ms := s.(crypto.MessageSigner)
		if _, err := ms.SignMessage(rand.Reader, make([]byte, 2<<20), opts); !errors.Is(err, token.ErrNotSupported) {
			t.Errorf("%s: two megabytes: %v", a, err)
		}
		for name, opts := range map[string]crypto.SignerOpts{"no options": nil, "SHA-1": crypto.SHA1, "options that hash again": sm2.DefaultSM2SignerOpts} {
			if _, err := ms.SignMessage(rand.Reader, message, opts); !errors.Is(err, token.ErrBadDigest) {
				t.Errorf("%s, %s: %v", a, name, err)
			}
		}
		f.spoil = func(sig []byte) []byte { sig[len(sig)-1] ^= 1; return sig }
		if sig, err := token.SignMessage(s, message); !errors.Is(err, token.ErrBadSignature) || sig != nil {
			t.Errorf("%s: a flipped bit: %x, %v", a, sig, err)
		}
	}
}

func TestConformance(t *testing.T) {
	tokentest.Run(t, tokentest.Harness{
		Algorithms: ca.Algorithms(),
		New: func(t *testing.T, a ca.Algorithm) tokentest.Key {
			f := newFake(t, a)
			return tokentest.Key{
				Driver: token.Guard(f, token.Limits{}), PIN: pin, WrongPIN: wrongPIN, Tries: tries,
				PINs: f.pinCount, Hang: f.setHang,
				Unplug: func() { f.plug(false) }, Replug: func() { f.plug(true) },
			}
		},
	})
}

func guarded(t *testing.T, f *fake, l token.Limits) token.Token {
	t.Helper()
	tokens, err := token.Guard(f, l).Tokens(t.Context())
	if err != nil || len(tokens) != 1 {
		t.Fatal(tokens, err)
	}
	return tokens[0]
}

func signer(t *testing.T, tok token.Token) crypto.Signer {
	t.Helper()
	if err := tok.Unlock(t.Context(), []byte(pin)); err != nil {
		t.Fatal(err)
	}
	ids, err := tok.Identities(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	s, err := ids[0].Signer(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// The certificate that was chosen is the one that signed, or there is no
// signature.
func TestTheChosenCertificateSigned(t *testing.T) {
	for _, a := range ca.Algorithms() {
		f := newFake(t, a)
		s := signer(t, guarded(t, f, token.Limits{}))
		h, opts, err := token.NewDigest(s.Public())
		if err != nil {
			t.Fatal(err)
		}
		d := h.Sum(nil)
		other := keys()[a][1]
		for name, spoil := range map[string]func([]byte) []byte{
			"another key":   func([]byte) []byte { sig, _ := other.Sign(rand.Reader, d, opts); return sig },
			"a flipped bit": func(sig []byte) []byte { sig[len(sig)-1] ^= 1; return sig },
			"cut":           func(sig []byte) []byte { return sig[:len(sig)/2] },
			"nothing":       func([]byte) []byte { return nil },
			"trailing byte": func(sig []byte) []byte { return append(sig, 0) },
			"another digest": func([]byte) []byte {
				e := bytes.Clone(d)
				e[0] ^= 1
				sig, _ := f.keys[token.UsageSign].Sign(rand.Reader, e, opts)
				return sig
			},
		} {
			f.spoil = spoil
			if sig, err := s.Sign(rand.Reader, d, opts); !errors.Is(err, token.ErrBadSignature) || sig != nil {
				t.Errorf("%s, %s: got %x, %v", a, name, sig, err)
			}
		}
		f.spoil = nil
		if _, err := s.Sign(rand.Reader, d, opts); err != nil {
			t.Errorf("%s: the unspoilt signature: %v", a, err)
		}
		// The key that signs is not asked who it is.
		f.keys[token.UsageSign] = other
		if _, err := s.Sign(rand.Reader, d, opts); !errors.Is(err, token.ErrBadSignature) {
			t.Errorf("%s: the key was exchanged on the token: %v", a, err)
		}
	}
}

// A library that never returns holds nobody up, and gathers no more calls than
// the guard has slots.
func TestHangingLibrary(t *testing.T) {
	f := newFake(t, ca.ECDSA)
	tok := guarded(t, f, token.Limits{Look: 20 * time.Millisecond, Operate: 20 * time.Millisecond})
	f.setHang(true)
	defer f.setHang(false)
	for range 40 {
		if _, err := tok.Info(t.Context()); !errors.Is(err, token.ErrTimeout) {
			t.Fatalf("got %v", err)
		}
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.under == 0 || f.under > 16 {
		t.Errorf("%d calls are stuck in the library", f.under)
	}
}

// While it is not known what became of a PIN, no other one is sent, and the
// buffers are wiped: the caller's at once, the driver's when it returns.
func TestPINLeftBehind(t *testing.T) {
	f := newFake(t, ca.ECDSA)
	slow := &slowUnlock{fake: f, release: make(chan struct{})}
	g := token.Guard(slow, token.Limits{Operate: 50 * time.Millisecond})
	tokens, err := g.Tokens(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for i := range 3 {
		given := []byte(wrongPIN)
		if err := tokens[0].Unlock(t.Context(), given); !errors.Is(err, token.ErrTimeout) {
			t.Errorf("call %d: %v", i, err)
		}
		if !bytes.Equal(given, make([]byte, len(given))) {
			t.Error("the caller's PIN was not wiped")
		}
	}
	// The same token found once more is the same token.
	again, err := g.Tokens(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := again[0].Unlock(t.Context(), []byte(wrongPIN)); !errors.Is(err, token.ErrTimeout) {
		t.Errorf("through another handle: %v", err)
	}
	if n := f.pinCount(); n != 0 {
		t.Errorf("%d PINs were tried, want none yet", n)
	}
	if n := slow.count(); n != 1 {
		t.Errorf("%d PINs went to the driver, want the first alone", n)
	}
	close(slow.release)
	deadline := time.Now().Add(10 * time.Second)
	for tokens[0].Unlock(t.Context(), []byte(pin)) != nil {
		if time.Now().After(deadline) {
			t.Fatal("the gate stayed shut after the PIN was tried")
		}
	}
	// The gate opens after the PIN before was wiped, so reading it is safe now.
	if left := slow.first(); !bytes.Equal(left, make([]byte, len(wrongPIN))) {
		t.Error("the driver's PIN was not wiped")
	}
}

// slowUnlock holds PINs back until it is released.
type slowUnlock struct {
	*fake
	release chan struct{}
	mu      sync.Mutex
	got     [][]byte
}

func (s *slowUnlock) Tokens(context.Context) ([]token.Token, error) { return []token.Token{s}, nil }

func (s *slowUnlock) Unlock(ctx context.Context, pin []byte) error {
	s.mu.Lock()
	s.got = append(s.got, pin)
	s.mu.Unlock()
	<-s.release
	return s.fake.Unlock(ctx, pin)
}

func (s *slowUnlock) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.got)
}

func (s *slowUnlock) first() []byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.got[0]
}

func TestCountlessTokens(t *testing.T) {
	f := newFake(t, ca.ECDSA)
	f.info.PIN = token.PINState{Tries: -1, Max: -1}
	tok := guarded(t, f, token.Limits{})
	var wrong *token.PINWrongError
	if err := tok.Unlock(t.Context(), []byte(wrongPIN)); !errors.As(err, &wrong) || wrong.Tries != -1 {
		t.Errorf("got %v", err)
	}
	if wrong.Code() != "token.pin_wrong_uncounted" || wrong.Params() != nil {
		t.Errorf("code %s, %v", wrong.Code(), wrong.Params())
	}
	f.info.PIN.Locked = true
	if err := tok.Unlock(t.Context(), []byte(pin)); !errors.Is(err, token.ErrPINLocked) || f.pins != 1 {
		t.Errorf("got %v after %d PINs", err, f.pins)
	}
}

func TestProtectedPathTakesNoPIN(t *testing.T) {
	f := newFake(t, ca.ECDSA)
	f.pin = ""
	tok := guarded(t, f, token.Limits{})
	if err := tok.Unlock(t.Context(), nil); !errors.Is(err, token.ErrPINEmpty) {
		t.Errorf("got %v", err)
	}
	f.info.PIN.ProtectedPath = true
	if err := tok.Unlock(t.Context(), nil); err != nil {
		t.Error(err)
	}
}

func TestLabelsAreMadeFitToShow(t *testing.T) {
	f := newFake(t, ca.ECDSA)
	f.info.Label = " ok\x00\n\u202etxt\u200b采购人\xff " + strings.Repeat("x", 1000)
	info, err := guarded(t, f, token.Limits{}).Info(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(info.Label, "ok txt采购人 x") || len([]rune(info.Label)) > 128 {
		t.Errorf("label %q", info.Label)
	}
}

func TestErrorsFromTheContext(t *testing.T) {
	tests := []struct {
		cause  error
		want   error
		wanted string
	}{
		{context.Canceled, token.ErrCancelled, "token.cancelled"},
		{context.DeadlineExceeded, token.ErrTimeout, "token.timeout"},
		{fmt.Errorf("vendor: %w", context.Canceled), token.ErrCancelled, "token.cancelled"},
		{token.ErrRemoved, token.ErrRemoved, "token.removed"},
		{fmt.Errorf("slot 3: %w", token.ErrRemoved), token.ErrRemoved, "token.removed"},
	}
	for _, tt := range tests {
		_, err := token.Guard(failing{tt.cause}, token.Limits{}).Tokens(t.Context())
		var coded interface{ Code() string }
		if !errors.Is(err, tt.want) || !errors.Is(err, tt.cause) || !errors.As(err, &coded) || coded.Code() != tt.wanted {
			t.Errorf("%v became %v", tt.cause, err)
		}
	}
}

type failing struct{ err error }

func (f failing) Tokens(context.Context) ([]token.Token, error)     { return nil, f.err }
func (f failing) Watch(context.Context) (<-chan token.Event, error) { return nil, f.err }

// GB/T 32918.5-2017, A.2: the example of a signature.
func TestSM2Digest(t *testing.T) {
	point, _ := hex.DecodeString("0409f9df311e5421a150dd7d161e4bc5c672179fad1833fc076bb08ff356f35020" +
		"ccea490ce26775a52dc6ea718cc1aa600aed05fbf35e084a6632f6072da9ad13")
	const want = "f0b43e94ba45accaace692ed534382eb17e6ab5a19ce7b31f4486fdfc0d28640"
	pub, err := sm2.NewPublicKey(point)
	if err != nil {
		t.Fatal(err)
	}
	e, err := token.SM2Digest(pub, []byte("message digest"))
	if err != nil || hex.EncodeToString(e) != want {
		t.Errorf("got %x, %v", e, err)
	}
	h, opts, err := token.NewDigest(pub)
	if err != nil {
		t.Fatal(err)
	}
	io.WriteString(h, "message ")
	io.WriteString(h, "digest")
	if got := hex.EncodeToString(h.Sum(nil)); got != want || opts.HashFunc() != 0 {
		t.Errorf("streamed %s, options %v", got, opts)
	}
	if _, err := token.SM2Digest(keys()[ca.ECDSA][0].Public().(*ecdsa.PublicKey), nil); !errors.Is(err, token.ErrNotSupported) {
		t.Errorf("a P-256 key: %v", err)
	}
	if _, _, err := token.NewDigest("no key"); !errors.Is(err, token.ErrNotSupported) {
		t.Errorf("no key: %v", err)
	}
}

// named is an identity of which nothing but the certificate counts.
type named struct {
	token.Identity
	id        string
	cert      *smx509.Certificate
	usage     token.Usage
	container string
	keyless   bool
}

func (n named) ID() string                       { return n.id }
func (n named) Certificate() *smx509.Certificate { return n.cert }
func (n named) Usage() token.Usage               { return n.usage }
func (n named) Container() string                { return n.container }
func (n named) HasPrivateKey() bool              { return !n.keyless }

func TestPair(t *testing.T) {
	now := time.Now()
	const both = token.UsageSign | token.UsageEncrypt
	id := func(name, org string, a ca.Algorithm, u token.Usage, yearsAgo int, container string) token.Identity {
		return named{id: name, usage: u, container: container, cert: issue(t, ca.Request{
			Subject: ca.Subject{Name: org}, PublicKey: keys()[a][0].Public(), Usage: u, NotBefore: now.AddDate(-yearsAgo, 0, 0)})}
	}
	s, e := token.UsageSign, token.UsageEncrypt
	tests := []struct {
		name string
		ids  []token.Identity
		want string
	}{
		{"none", nil, ""},
		{"one pair", []token.Identity{id("e", "甲", ca.SM2, e, 0, ""), id("s", "甲", ca.SM2, s, 0, "")}, "s+e"},
		{"signing alone", []token.Identity{id("s", "甲", ca.SM2, s, 0, "")}, "s+"},
		{"encryption alone", []token.Identity{id("e", "甲", ca.SM2, e, 0, "")}, ""},
		{"another organisation's", []token.Identity{id("s", "甲", ca.SM2, s, 0, ""), id("e", "乙", ca.SM2, e, 0, "")}, "s+"},
		{"another kind of key", []token.Identity{id("s", "甲", ca.SM2, s, 0, ""), id("e", "甲", ca.ECDSA, e, 0, "")}, "s+"},
		{"renewed: the newest", []token.Identity{id("s", "甲", ca.SM2, s, 0, ""), id("e1", "甲", ca.SM2, e, 0, ""), id("e0", "甲", ca.SM2, e, 2, "")}, "s+e1"},
		{"same container beats newer", []token.Identity{id("s", "甲", ca.SM2, s, 2, "A"), id("e1", "甲", ca.SM2, e, 0, "B"), id("e0", "甲", ca.SM2, e, 2, "A")}, "s+e0"},
		{"same container beats names", []token.Identity{id("s", "甲", ca.SM2, s, 0, "A"), id("e", "甲方", ca.SM2, e, 0, "A")}, "s+e"},
		{"newest signing first", []token.Identity{id("old", "甲", ca.SM2, s, 2, ""), id("new", "甲", ca.SM2, s, 0, "")}, "new+ old+"},
		{"one key for both", []token.Identity{id("b", "甲", ca.RSA, both, 0, "")}, "b+b"},
		{"both uses, with a partner", []token.Identity{id("b", "甲", ca.RSA, both, 0, ""), id("e", "甲", ca.RSA, e, 0, "")}, "b+e"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var got []string
			for _, p := range token.Pair(tt.ids) {
				partner := ""
				if p.Encrypt != nil {
					partner = p.Encrypt.ID()
				}
				got = append(got, p.Sign.ID()+"+"+partner)
			}
			if strings.Join(got, " ") != tt.want {
				t.Errorf("got %q, want %q", strings.Join(got, " "), tt.want)
			}
		})
	}
}

func TestUnfit(t *testing.T) {
	now := time.Now()
	pub := keys()[ca.ECDSA][0].Public()
	tests := []struct {
		name    string
		req     ca.Request
		keyless bool
		want    string
	}{
		{"fit", ca.Request{Usage: token.UsageSign}, false, ""},
		{"expired", ca.Request{Usage: token.UsageSign, NotBefore: now.AddDate(-2, 0, 0), NotAfter: now.AddDate(0, 0, -1)}, false, "token.certificate_expired"},
		{"not yet", ca.Request{Usage: token.UsageSign, NotBefore: now.AddDate(0, 0, 1)}, false, "token.certificate_not_yet_valid"},
		{"encryption", ca.Request{Usage: token.UsageEncrypt}, false, "token.certificate_not_for_signing"},
		{"no key", ca.Request{Usage: token.UsageSign}, true, "token.private_key_missing"},
		{"all at once", ca.Request{Usage: token.UsageEncrypt, NotBefore: now.AddDate(-2, 0, 0), NotAfter: now.AddDate(0, 0, -1)}, true,
			"token.certificate_expired token.certificate_not_for_signing token.private_key_missing"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tt.req.PublicKey = pub
			cert := issue(t, tt.req)
			var got []string
			for _, r := range token.Unfit(named{cert: cert, usage: token.UsageOf(cert), keyless: tt.keyless}, now) {
				got = append(got, r.Code())
				if r.Code() == "token.certificate_expired" && r.Params()["date"] != cert.NotAfter.In(now.Location()).Format(time.DateOnly) {
					t.Errorf("params %v", r.Params())
				}
			}
			if strings.Join(got, " ") != tt.want {
				t.Errorf("got %v, want %s", got, tt.want)
			}
		})
	}
}

// bringing is a key that brings data and seals.
type bringing struct {
	*fake
	objects []token.DataObject
	seals   []token.SealPicture
	data    []byte
	err     error
}

func (b *bringing) Tokens(context.Context) ([]token.Token, error)      { return []token.Token{b}, nil }
func (b *bringing) Data(context.Context) ([]token.DataObject, error)   { return b.objects, b.err }
func (b *bringing) Seals(context.Context) ([]token.SealPicture, error) { return b.seals, b.err }
func (b *bringing) ReadData(context.Context, string) ([]byte, error)   { return b.data, b.err }

// What a key brings is bounded, and a key that brings nothing says so.
func TestWhatAKeyBringsIsBounded(t *testing.T) {
	first := func(d token.Driver) token.Token {
		tokens, err := token.Guard(d, token.Limits{}).Tokens(t.Context())
		if err != nil || len(tokens) != 1 {
			t.Fatal(tokens, err)
		}
		return tokens[0]
	}
	b := &bringing{fake: newFake(t, ca.ECDSA)}
	tok := first(b)
	for _, tt := range []struct {
		name string
		set  bringing
		want [3]error // of the list of data, an object, and the seals
	}{
		{"a few", bringing{objects: make([]token.DataObject, 2), data: []byte("seal"), seals: make([]token.SealPicture, 2)}, [3]error{}},
		{"nothing", bringing{}, [3]error{nil, token.ErrNoData, nil}},
		{"too many", bringing{objects: make([]token.DataObject, 257), data: make([]byte, token.MaxData+1), seals: make([]token.SealPicture, 65)},
			[3]error{token.ErrNotSupported, token.ErrDataTooLong, token.ErrNotSupported}},
		{"a failure", bringing{err: token.ErrRemoved}, [3]error{token.ErrRemoved, token.ErrRemoved, token.ErrRemoved}},
	} {
		b.objects, b.data, b.seals, b.err = tt.set.objects, tt.set.data, tt.set.seals, tt.set.err
		objects, err := tok.(token.DataReader).Data(t.Context())
		if !errors.Is(err, tt.want[0]) || err == nil && len(objects) != len(b.objects) {
			t.Errorf("%s: %d objects, %v", tt.name, len(objects), err)
		}
		data, err := tok.(token.DataReader).ReadData(t.Context(), "seal")
		if !errors.Is(err, tt.want[1]) || err == nil && string(data) != "seal" {
			t.Errorf("%s: %d bytes, %v", tt.name, len(data), err)
		}
		if seals, err := tok.(token.SealReader).Seals(t.Context()); !errors.Is(err, tt.want[2]) || err == nil && len(seals) != len(b.seals) {
			t.Errorf("%s: %d seals, %v", tt.name, len(seals), err)
		}
	}
	tok = first(b.fake)
	_, listed := tok.(token.DataReader).Data(t.Context())
	_, read := tok.(token.DataReader).ReadData(t.Context(), "seal")
	_, sealed := tok.(token.SealReader).Seals(t.Context())
	for _, err := range []error{listed, read, sealed} {
		if !errors.Is(err, token.ErrNotSupported) {
			t.Errorf("of a key that brings nothing: %v", err)
		}
	}
}
