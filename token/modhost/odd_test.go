//go:build linux

package modhost_test

import (
	"context"
	"crypto"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"sealdesk/token"
	"sealdesk/token/ca"
	"sealdesk/token/modhost"
	"sealdesk/token/modhost/wire"
	"sealdesk/token/profile"
)

// oddName is what the test program is called when it is a helper that answers oddly.
const oddName = "oddhost"

// oddHelper answers with what no helper of ours answers: it ends when it is asked what the library is, waits when it is asked for
// a token that hangs, and tells of tokens what does not fit.
func oddHelper() {
	authority, err := ca.New(ca.ECDSA)
	if err != nil {
		return
	}
	key, err := ca.GenerateKey(ca.ECDSA)
	if err != nil {
		return
	}
	cert, err := authority.Issue(ca.Request{Subject: ca.Subject{Name: "青川县教育局"}, PublicKey: key.Public(), Usage: token.UsageSign})
	if err != nil {
		return
	}
	requests, replies := os.NewFile(3, "requests"), os.NewFile(4, "replies")
	for {
		q, err := wire.ReadRequest(requests)
		if err != nil {
			return
		}
		r := &wire.Reply{}
		switch q.Op {
		case wire.OpOpen:
			if strings.HasSuffix(q.Text, "broken.so") {
				r.Err = errors.New("it lacks something")
			}
		case wire.OpTokens:
			for _, name := range []string{"plain", "changing", "taking", "hanging", "dying"} {
				r.Tokens = append(r.Tokens, wire.Token{Info: token.Info{URI: name}, ChangesPIN: name != "plain", TakesKeys: name == "taking"})
			}
		case wire.OpInfo:
			switch q.Token {
			case "changing":
				r.Tokens = []wire.Token{{Info: token.Info{URI: "another"}}}
			case "taking":
				r.Tokens = []wire.Token{{Info: token.Info{URI: "taking", PIN: token.PINState{Tries: 3, Max: 3}}}}
			case "hanging":
				select {}
			}
		case wire.OpIdentities:
			if q.Token == "plain" {
				r.Err = token.ErrRemoved
			}
			r.Identities = []wire.Identity{{ID: "none", Certificate: []byte("x")},
				{ID: "one", Certificate: cert.Raw, Chain: [][]byte{[]byte("x"), authority.Root(ca.ECDSA).Raw}, Usage: token.UsageSign, HasKey: true}}
		case wire.OpNewKey:
			r.Text, r.Data = "new", []byte("no public key")
			if q.Text == "" {
				r.Err = token.ErrNotSupported
			}
		case wire.OpLock, wire.OpClose:
			if q.Token == "dying" {
				return
			}
			r.Err = token.ErrRemoved
		case wire.OpSign:
			r.Data = []byte("no signature")
		case wire.OpDecrypter:
			r.Err = token.ErrNotSupported
		case wire.OpData:
			r.Err = token.ErrTimeout
		case wire.OpAbout:
			return
		}
		if wire.WriteReply(replies, r) != nil {
			return
		}
	}
}

// odd gives a driver whose helper answers oddly.
func odd(t *testing.T, library string) *modhost.Driver {
	t.Helper()
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	host := filepath.Join(t.TempDir(), oddName)
	if err := os.Symlink(program, host); err != nil {
		t.Fatal(err)
	}
	table, err := profile.Builtin()
	if err != nil {
		t.Fatal(err)
	}
	d, err := modhost.Open(modhost.Options{Host: host, Library: library, Profile: table.Unknown(profile.InterfacePKCS11), Crashes: 100, Within: time.Nanosecond})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close() })
	return d
}

// Of what a helper answers nothing is believed that does not fit, and each token is told to do what it does.
func TestOddAnswers(t *testing.T) {
	d := odd(t, "/opt/lib/libodd.so")
	tokens, err := d.Tokens(t.Context())
	if err != nil || len(tokens) != 5 {
		t.Fatalf("%d tokens, %v", len(tokens), err)
	}
	plain, changing, taking, dying := tokens[0], tokens[1], tokens[2], tokens[4]
	for name, tok := range map[string]token.Token{"nothing": plain, "another one": changing} {
		if info, err := tok.Info(t.Context()); !errors.Is(err, token.ErrRemoved) {
			t.Errorf("told of %s: %+v, %v", name, info, err)
		}
	}
	if _, err := plain.Identities(t.Context()); !errors.Is(err, token.ErrRemoved) {
		t.Errorf("certificates of a token that went: %v", err)
	}
	if _, err := plain.(token.DataReader).Data(t.Context()); !errors.Is(err, token.ErrTimeout) {
		t.Errorf("data of a slow one: %v", err)
	}
	ids, err := taking.Identities(t.Context())
	if err != nil || len(ids) != 1 || len(ids[0].Chain()) != 1 {
		t.Fatalf("%d certificates, %v", len(ids), err)
	}
	if err := taking.Unlock(t.Context(), []byte("12345678")); err != nil {
		t.Fatal(err)
	}
	s, err := ids[0].Signer(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Sign(nil, make([]byte, 32), crypto.SHA256); !errors.Is(err, token.ErrBadSignature) {
		t.Errorf("what is no signature: %v", err)
	}
	if _, err := ids[0].Decrypter(t.Context()); err == nil {
		t.Error("it decrypts")
	}
	p := taking.(token.Provisioner)
	if _, _, err := p.NewKey(t.Context(), "", "sm2", token.UsageSign); !errors.Is(err, token.ErrNotSupported) {
		t.Errorf("a key that it does not make: %v", err)
	}
	if _, pub, err := p.NewKey(t.Context(), "new", "sm2", token.UsageSign); err == nil {
		t.Errorf("what is no key: %v", pub)
	}
	if err := taking.Close(); err != nil {
		t.Errorf("giving up one that went: %v", err)
	}
	// A token whose library ends is locked, and so is one of which no helper knows.
	for range 2 {
		if err := dying.Lock(t.Context()); err != nil {
			t.Errorf("locking: %v", err)
		}
	}
	if got := d.Status(); got.Running || got.Crashes != 1 {
		t.Errorf("status %+v", got)
	}
}

// Nobody waits longer than he wants: not for a call of somebody else's, nor for a library that may not be started yet.
func TestWaitingForOthers(t *testing.T) {
	d := odd(t, "/opt/lib/libodd.so")
	tokens, err := d.Tokens(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	hanging := tokens[3]
	gone, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { _, err := hanging.Info(gone); done <- err }()
	short := func() context.Context {
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		t.Cleanup(cancel)
		return ctx
	}
	for waited := false; !waited; { // until the other call is under way
		_, err := d.About(short())
		waited = errors.Is(err, context.DeadlineExceeded)
	}
	cancel()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Errorf("the call that hangs: %v", err)
	}
	if _, err := d.About(gone); !errors.Is(err, context.Canceled) {
		t.Errorf("for whoever has gone: %v", err)
	}

	d = odd(t, "/opt/lib/libodd.so")
	var crash *modhost.CrashError
	for range 2 {
		if _, err := d.About(t.Context()); !errors.As(err, &crash) {
			t.Fatal(err)
		}
	}
	if got := d.Status(); got.Crashes != 1 { // the one before is long ago
		t.Errorf("status %+v", got)
	}
	d = odd(t, "/opt/lib/libbroken.so")
	var load *modhost.LoadError
	for range 2 { // the second one without another helper
		if _, err := d.Tokens(t.Context()); !errors.As(err, &load) {
			t.Errorf("a library that does not load: %v", err)
		}
	}
	if d, err = modhost.Open(modhost.Options{Library: "/opt/lib/libodd.so"}); err != nil {
		t.Fatal(err)
	}
	if _, err := d.Tokens(t.Context()); !errors.Is(err, modhost.ErrHostMissing) {
		t.Errorf("without a helper: %v", err)
	}
}
