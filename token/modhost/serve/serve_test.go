package serve

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/emmansun/gmsm/sm2"
	"github.com/emmansun/gmsm/smx509"

	"sealdesk/token"
	"sealdesk/token/ca"
	"sealdesk/token/modhost/wire"
	"sealdesk/token/profile"
	"sealdesk/token/soft"
)

// talk serves an empty folder of software keys as if a library did, and gives what asks it.
func talk(t *testing.T) (ask func(*wire.Request) *wire.Reply, library string, encoded []byte) {
	t.Helper()
	return talkTo(t, func(library string, _ profile.Profile) (token.Driver, error) { return soft.Open(filepath.Dir(library)) })
}

// talkTo serves the driver that open gives.
func talkTo(t *testing.T, open Opener) (ask func(*wire.Request) *wire.Reply, library string, encoded []byte) {
	t.Helper()
	requests, requestsTo := io.Pipe()
	repliesFrom, replies := io.Pipe()
	done := make(chan error, 1)
	go func() {
		done <- Serve(requests, replies, map[profile.Interface]Opener{profile.InterfacePKCS11: open})
	}()
	t.Cleanup(func() {
		requestsTo.Close()
		if err := <-done; err != nil {
			t.Errorf("the helper ended with %v", err)
		}
	})
	library = filepath.Join(t.TempDir(), "lib.so")
	if err := os.WriteFile(library, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	table, err := profile.Builtin()
	if err != nil {
		t.Fatal(err)
	}
	if encoded, err = table.Unknown(profile.InterfacePKCS11).Encode(); err != nil {
		t.Fatal(err)
	}
	return func(q *wire.Request) *wire.Reply {
		if err := wire.WriteRequest(requestsTo, q); err != nil {
			t.Fatal(err)
		}
		reply, err := wire.ReadReply(repliesFrom)
		if err != nil {
			t.Fatal(err)
		}
		return reply
	}, library, encoded
}

// What was looked at is loaded, not the link to it: that can be turned elsewhere between the two.
func TestALinkIsNotLoaded(t *testing.T) {
	loaded := ""
	ask, library, encoded := talkTo(t, func(library string, _ profile.Profile) (token.Driver, error) {
		loaded = library
		return soft.Open(filepath.Dir(library))
	})
	link := filepath.Join(t.TempDir(), "link.so")
	if err := os.Symlink(library, link); err != nil {
		t.Skip(err) // Windows wants a privilege for it
	}
	if r := ask(&wire.Request{Op: wire.OpOpen, Number: wire.Version, Text: link, Kind: "pkcs11", Data: encoded}); r.Err != nil {
		t.Fatal(r.Err)
	}
	if want, err := filepath.EvalSymlinks(library); err != nil || loaded != want {
		t.Errorf("%s was loaded, not %s (%v)", loaded, want, err)
	}
}

func TestOneLibrary(t *testing.T) {
	ask, library, encoded := talk(t)
	table, err := profile.Builtin()
	if err != nil {
		t.Fatal(err)
	}
	other, err := table.Unknown(profile.InterfaceSKF).Encode()
	if err != nil {
		t.Fatal(err)
	}
	opening := func(change func(*wire.Request)) *wire.Request {
		q := &wire.Request{Op: wire.OpOpen, Number: wire.Version, Text: library, Kind: "pkcs11", Data: encoded}
		change(q)
		return q
	}
	for _, step := range []struct {
		name string
		ask  *wire.Request
		want error // nil: any error at all
	}{
		{"tokens without a library", &wire.Request{Op: wire.OpTokens}, nil},
		{"another version", opening(func(q *wire.Request) { q.Number++ }), nil},
		{"an interface that is not served", opening(func(q *wire.Request) { q.Kind = "skf" }), token.ErrNotSupported},
		{"no profile", opening(func(q *wire.Request) { q.Data = []byte("{}") }), nil},
		{"a profile for the other interface", opening(func(q *wire.Request) { q.Data = other }), nil},
		{"a library that is not there", opening(func(q *wire.Request) { q.Text += "x" }), profile.ErrLibraryMissing},
	} {
		if r := ask(step.ask); r.Err == nil || step.want != nil && !errors.Is(r.Err, step.want) {
			t.Errorf("%s: got %v, want %v", step.name, r.Err, step.want)
		}
	}
	if r := ask(opening(func(*wire.Request) {})); r.Err != nil {
		t.Fatal(r.Err)
	}
	if r := ask(&wire.Request{Op: wire.OpTokens}); r.Err != nil || len(r.Tokens) != 0 {
		t.Errorf("%d tokens, %v", len(r.Tokens), r.Err)
	}
	if r := ask(&wire.Request{Op: wire.OpSign, Token: "pkcs11:token=none"}); !errors.Is(r.Err, token.ErrRemoved) {
		t.Errorf("a token that is not there: %v", r.Err)
	}
	if r := ask(opening(func(*wire.Request) {})); r.Err == nil {
		t.Error("a second library was loaded")
	}
}

func TestInherited(t *testing.T) {
	for _, args := range [][]string{nil, {"3"}, {"a", "b"}, {"-1", "4"}, {"3", "4", "5"}, {"3", "99999999999"}} {
		if _, _, err := inherited(args); err == nil {
			t.Errorf("%q was taken", args)
		}
	}
}

// A key is listed, unlocked, used and locked, and each of its keys is opened by exactly the certificate that was chosen.
func TestAKeyIsUsed(t *testing.T) {
	ask, library, encoded := talk(t)
	authority, err := ca.New(ca.SM2)
	if err != nil {
		t.Fatal(err)
	}
	uri, err := soft.Create(filepath.Dir(library), soft.Options{
		Label: "buyer", Algorithm: ca.SM2, PIN: []byte("246810"), Issuer: authority, Subject: ca.Subject{Name: "青川县教育局"},
		Chain: []*smx509.Certificate{authority.Root(ca.SM2)}, Cost: soft.Cost{Time: 1, MemoryKiB: 64, Threads: 1},
	})
	if err != nil {
		t.Fatal(err)
	}
	do := func(q *wire.Request, want error) *wire.Reply {
		t.Helper()
		r := ask(q)
		if !errors.Is(r.Err, want) {
			t.Fatalf("request %d: %v, want %v", q.Op, r.Err, want)
		}
		return r
	}
	do(&wire.Request{Op: wire.OpOpen, Number: wire.Version, Text: library, Kind: "pkcs11", Data: encoded}, nil)
	do(&wire.Request{Op: wire.OpAbout}, token.ErrNotSupported)
	// A token that was not listed is looked for.
	if r := do(&wire.Request{Op: wire.OpInfo, Token: uri}, nil); len(r.Tokens) != 1 || r.Tokens[0].Info.URI != uri || !r.Tokens[0].ChangesPIN || r.Tokens[0].TakesKeys {
		t.Errorf("%+v", r.Tokens)
	}
	ids := do(&wire.Request{Op: wire.OpIdentities, Token: uri}, nil).Identities
	if len(ids) != 2 || !ids[0].HasKey || len(ids[0].Chain) != 1 || ids[0].Container == "" {
		t.Fatalf("%+v", ids)
	}
	key := func(op wire.Op, i int) *wire.Request {
		sum := sha256.Sum256(ids[i].Certificate)
		return &wire.Request{Op: op, Token: uri, Identity: ids[i].ID, Hash: sum[:]}
	}
	do(key(wire.OpSigner, 0), token.ErrNotUnlocked)
	do(key(wire.OpDecrypter, 1), token.ErrNotUnlocked)
	do(&wire.Request{Op: wire.OpUnlock, Token: uri, PIN: []byte("246810"), LastTry: true}, nil)
	login := do(key(wire.OpSigner, 0), nil).Number
	do(key(wire.OpDecrypter, 1), nil)

	cert, err := smx509.ParseCertificate(ids[0].Certificate)
	if err != nil {
		t.Fatal(err)
	}
	e, err := token.SM2Digest(cert.PublicKey.(*ecdsa.PublicKey), []byte("合同"))
	if err != nil {
		t.Fatal(err)
	}
	use := func(op wire.Op, i int, data []byte, want error) []byte {
		t.Helper()
		q := key(op, i)
		q.Number, q.Data = login, data
		return do(q, want).Data
	}
	if sig := use(wire.OpSign, 0, e, nil); !sm2.VerifyASN1(cert.PublicKey.(*ecdsa.PublicKey), e, sig) {
		t.Error("the signature does not verify")
	}
	use(wire.OpSign, 1, e, token.ErrNotUnlocked) // nobody opened that one
	use(wire.OpDecrypt, 0, e, token.ErrNotUnlocked)
	other, err := smx509.ParseCertificate(ids[1].Certificate)
	if err != nil {
		t.Fatal(err)
	}
	c, err := sm2.EncryptASN1(rand.Reader, other.PublicKey.(*ecdsa.PublicKey), []byte("a content key"))
	if err != nil {
		t.Fatal(err)
	}
	if plain := use(wire.OpDecrypt, 1, c, nil); string(plain) != "a content key" {
		t.Errorf("decrypted %q", plain)
	}
	for _, op := range []wire.Op{wire.OpData, wire.OpReadData, wire.OpNewKey, wire.OpStore} {
		do(&wire.Request{Op: op, Token: uri}, token.ErrNotSupported) // a software key has none of that
	}
	do(&wire.Request{Op: wire.OpChangePIN, Token: uri, PIN: []byte("246810"), NewPIN: []byte("135790")}, nil)
	do(&wire.Request{Op: wire.OpTokens}, nil)
	use(wire.OpSign, 0, e, nil) // the token stayed
	do(&wire.Request{Op: wire.OpLock, Token: uri}, nil)
	use(wire.OpSign, 0, e, token.ErrNotUnlocked)
	do(&wire.Request{Op: wire.OpUnlock, Token: uri, PIN: []byte("135790")}, nil)
	if now := do(key(wire.OpSigner, 0), nil).Number; now == login {
		t.Error("two logins have one number")
	}
	use(wire.OpSign, 0, e, token.ErrNotUnlocked) // with the number of the login before
	do(&wire.Request{Op: wire.OpClose, Token: uri}, nil)
	swapped := key(wire.OpSigner, 0)
	swapped.Identity = ids[1].ID // the certificate of the other one
	do(swapped, token.ErrRemoved)
	if err := os.RemoveAll(filepath.Dir(library)); err != nil {
		t.Fatal(err)
	}
	do(&wire.Request{Op: wire.OpIdentities, Token: uri}, token.ErrRemoved)
	do(key(wire.OpSigner, 0), token.ErrRemoved)
}

// An odd driver has what its tokens are set to, and nothing that a token need not have.
type odd struct {
	tokens []token.Token
	err    error
}

func (o *odd) Tokens(context.Context) ([]token.Token, error)     { return o.tokens, o.err }
func (o *odd) Watch(context.Context) (<-chan token.Event, error) { return nil, token.ErrNotSupported }
func (o *odd) About(context.Context) (string, error)             { return "3.11, odd", o.err }

// plain is a token without optional abilities.
type plain struct {
	token.Token
	uri string
	ids []token.Identity
	err error
}

func (p *plain) Info(context.Context) (token.Info, error)             { return token.Info{URI: p.uri}, p.err }
func (p *plain) Identities(context.Context) ([]token.Identity, error) { return p.ids, p.err }

// taking is one that takes keys, and tells of data.
type taking struct {
	plain
	pub    crypto.PublicKey
	stored *smx509.Certificate
	chain  []*smx509.Certificate
}

func (t *taking) NewKey(_ context.Context, _, _ string, _ token.Usage) (string, crypto.PublicKey, error) {
	return "new", t.pub, t.err
}

func (t *taking) StoreCertificate(_ context.Context, _ string, cert *smx509.Certificate, chain []*smx509.Certificate) error {
	t.stored, t.chain = cert, chain
	return t.err
}

func (t *taking) Data(context.Context) ([]token.DataObject, error) {
	return []token.DataObject{{Name: "seal", Size: 4}}, t.err
}

func (t *taking) ReadData(context.Context, string) ([]byte, error) { return []byte("seal"), t.err }

// nothing is an identity whose certificate could not be read.
type nothing struct{ token.Identity }

func (nothing) ID() string                       { return "nothing" }
func (nothing) Certificate() *smx509.Certificate { return nil }

// What a token cannot do is said, what it does wrong harms nobody, and what it is handed is looked at first.
func TestOddTokens(t *testing.T) {
	o := &odd{}
	opened := errors.New("it does not load")
	ask, library, encoded := talkTo(t, func(string, profile.Profile) (token.Driver, error) { return o, opened })
	open := &wire.Request{Op: wire.OpOpen, Number: wire.Version, Text: library, Kind: "pkcs11", Data: encoded}
	if r := ask(open); r.Err == nil {
		t.Fatal("a library that does not load was opened")
	}
	opened = nil
	if r := ask(open); r.Err != nil {
		t.Fatal(r.Err)
	}
	if r := ask(&wire.Request{Op: wire.OpAbout}); r.Err != nil || r.Text != "3.11, odd" {
		t.Errorf("about: %q, %v", r.Text, r.Err)
	}
	o.err = token.ErrTimeout
	for _, q := range []*wire.Request{{Op: wire.OpTokens}, {Op: wire.OpInfo, Token: "a"}} {
		if r := ask(q); !errors.Is(r.Err, token.ErrTimeout) {
			t.Errorf("request %d: %v", q.Op, r.Err)
		}
	}
	authority, err := ca.New(ca.ECDSA)
	if err != nil {
		t.Fatal(err)
	}
	root := authority.Root(ca.ECDSA)
	able := &taking{plain: plain{uri: "b"}, pub: root.PublicKey}
	poor := &plain{uri: "a", ids: []token.Identity{nothing{}}}
	o.err, o.tokens = nil, []token.Token{poor, &plain{uri: "a"}, able, &plain{err: token.ErrRemoved}}
	if r := ask(&wire.Request{Op: wire.OpTokens}); r.Err != nil || len(r.Tokens) != 2 || r.Tokens[0].ChangesPIN || !r.Tokens[1].TakesKeys {
		t.Errorf("%+v, %v", r.Tokens, r.Err)
	}
	for _, tt := range []struct {
		name string
		ask  *wire.Request
		want error
	}{
		{"a new PIN", &wire.Request{Op: wire.OpChangePIN, Token: "a"}, token.ErrNotSupported},
		{"a new key", &wire.Request{Op: wire.OpNewKey, Token: "a"}, token.ErrNotSupported},
		{"data", &wire.Request{Op: wire.OpData, Token: "a"}, token.ErrNotSupported},
		{"a certificate that cannot be read", &wire.Request{Op: wire.OpSigner, Token: "a", Identity: "nothing"}, token.ErrRemoved},
		{"a token that is not there", &wire.Request{Op: wire.OpInfo, Token: "c"}, token.ErrRemoved},
		{"a new key of one that can", &wire.Request{Op: wire.OpNewKey, Token: "b"}, nil},
		{"its data", &wire.Request{Op: wire.OpData, Token: "b"}, nil},
		{"an object of it", &wire.Request{Op: wire.OpReadData, Token: "b"}, nil},
		{"a certificate with its issuer", &wire.Request{Op: wire.OpStore, Token: "b", Data: root.Raw, List: [][]byte{root.Raw}}, nil},
	} {
		if r := ask(tt.ask); !errors.Is(r.Err, tt.want) {
			t.Errorf("%s: %v, want %v", tt.name, r.Err, tt.want)
		}
	}
	if able.stored == nil || !bytes.Equal(able.stored.Raw, root.Raw) || len(able.chain) != 1 {
		t.Errorf("stored %v with %d issuers", able.stored, len(able.chain))
	}
	able.stored = nil
	for name, q := range map[string]*wire.Request{
		"what is no certificate": {Op: wire.OpStore, Token: "b", Data: []byte("x")},
		"what is no issuer":      {Op: wire.OpStore, Token: "b", Data: root.Raw, List: [][]byte{[]byte("x")}},
	} {
		if r := ask(q); r.Err == nil || able.stored != nil {
			t.Errorf("%s was stored: %v", name, r.Err)
		}
	}
	if r := ask(&wire.Request{Op: wire.OpIdentities, Token: "a"}); r.Err != nil || len(r.Identities) != 0 {
		t.Errorf("%+v, %v", r.Identities, r.Err)
	}
	// One that answers no more is another one when it is listed again; what was open on it is not.
	o.tokens = []token.Token{&plain{uri: "a"}}
	if r := ask(&wire.Request{Op: wire.OpTokens}); r.Err != nil || len(r.Tokens) != 1 {
		t.Errorf("the same one twice: %+v, %v", r.Tokens, r.Err)
	}
	poor.err = token.ErrRemoved
	if r := ask(&wire.Request{Op: wire.OpTokens}); r.Err != nil || len(r.Tokens) != 1 {
		t.Errorf("another one: %+v, %v", r.Tokens, r.Err)
	}
	if r := ask(&wire.Request{Op: wire.OpNewKey, Token: "b"}); !errors.Is(r.Err, token.ErrRemoved) {
		t.Errorf("one that went: %v", r.Err)
	}
}

// A request that cannot be read, and an answer that nobody takes, end the helper.
func TestPipesThatBreak(t *testing.T) {
	if err := Serve(bytes.NewReader([]byte{0, 0, 0, 1, 0}), io.Discard, nil); err == nil {
		t.Error("what is no request was answered")
	}
	var request bytes.Buffer
	if err := wire.WriteRequest(&request, &wire.Request{Op: wire.OpTokens}); err != nil {
		t.Fatal(err)
	}
	r, w := io.Pipe()
	r.Close()
	if err := Serve(&request, w, nil); !errors.Is(err, io.ErrClosedPipe) {
		t.Errorf("got %v", err)
	}
}
