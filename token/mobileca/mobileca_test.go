package mobileca_test

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/rand"
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emmansun/gmsm/sm2"

	"sealdesk/token"
	"sealdesk/token/ca"
	"sealdesk/token/mobileca"
	"sealdesk/token/mobileca/mobilecatest"
	"sealdesk/token/tokentest"
)

var platform = mobileca.Platform{Name: "云溪县公共资源交易平台", Origin: "https://ggzy.example"}

var issuer = sync.OnceValues(func() (*ca.Authority, error) { return ca.New() })

func service(t *testing.T) *mobilecatest.CA {
	t.Helper()
	authority, err := issuer()
	if err != nil {
		t.Fatal(err)
	}
	return mobilecatest.New(t, authority, ca.Subject{Name: "云溪县财政局", USCC: "11410899MB0000001X", Handler: "张小三"})
}

func open(t *testing.T, c mobileca.Config) token.Driver {
	t.Helper()
	c.Platform, c.Desktop, c.Name = platform, "办公室-PC", "移动CA"
	d, err := mobileca.Open(c)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func only(t *testing.T, d token.Driver) token.Token {
	t.Helper()
	all, err := d.Tokens(t.Context())
	if err != nil || len(all) != 1 {
		t.Fatal(all, err)
	}
	t.Cleanup(func() { all[0].Close() })
	return all[0]
}

func identity(t *testing.T, tok token.Token, use token.Usage) token.Identity {
	t.Helper()
	ids, err := tok.Identities(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, id := range ids {
		if id.Usage()&use != 0 {
			return id
		}
	}
	t.Fatalf("no identity of usage %d among %d", use, len(ids))
	return nil
}

// link pairs for a purpose and gives the signing identity.
func link(t *testing.T, ctx context.Context, p *mobilecatest.Person, purpose mobileca.Purpose) (token.Token, token.Identity, context.Context) {
	t.Helper()
	tok := only(t, open(t, mobileca.Config{Service: p.CA.URL, Screen: p}))
	ctx = mobileca.WithPurpose(ctx, purpose)
	if err := tok.Unlock(ctx, nil); err != nil {
		t.Fatal(err)
	}
	return tok, identity(t, tok, token.UsageSign), ctx
}

func sign(ctx context.Context, id token.Identity, message string) ([]byte, error) {
	s, err := id.Signer(ctx)
	if err != nil {
		return nil, err
	}
	return token.SignMessage(s, tokentest.SignedAttributes([]byte(message)))
}

func want(t *testing.T, what string, got error, targets ...error) {
	t.Helper()
	for _, target := range targets {
		if !errors.Is(got, target) {
			t.Errorf("%s: got %v, want %v", what, got, target)
		}
	}
}

func TestConformance(t *testing.T) {
	tokentest.Run(t, tokentest.Harness{
		Algorithms: []ca.Algorithm{ca.SM2},
		New: func(t *testing.T, _ ca.Algorithm) tokentest.Key {
			p := &mobilecatest.Person{CA: service(t), Session: true, Auto: true}
			d := open(t, mobileca.Config{Service: p.CA.URL, Screen: p, Memory: filepath.Join(t.TempDir(), "phones.json")})
			tok := only(t, d) // the certificates are known from an earlier time
			if err := tok.Unlock(t.Context(), nil); err != nil {
				t.Fatal(err)
			}
			if err := tok.Close(); err != nil {
				t.Fatal(err)
			}
			return tokentest.Key{Driver: d, Hang: p.SetAway}
		},
	})
}

// A pairing without a session is for one request: what is shown on the way, and that both codes are the same.
func TestOnePairingOneSignature(t *testing.T) {
	p := &mobilecatest.Person{CA: service(t)}
	_, id, ctx := link(t, t.Context(), p, mobileca.Purpose{Kind: mobileca.Login, Summary: "登录"})
	s, err := id.Signer(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := token.SignMessage(s, []byte("SealDesk login v1\nhttps://ggzy.example")); err != nil {
		t.Fatal(err)
	}
	if _, err := token.SignMessage(s, []byte("again")); !errors.Is(err, token.ErrNotUnlocked) {
		t.Errorf("a second signature: %v", err)
	}
	var stages []mobileca.Stage
	for _, v := range p.Views() {
		if !slices.Contains(stages, v.Stage) {
			stages = append(stages, v.Stage)
		}
		if v.Stage == mobileca.Matched && (v.Match == "" || v.Match != p.Match() || v.By.Name != "张*三" || v.By.Organisation != "云溪县财政局") {
			t.Errorf("shown %+v, the phone shows %s", v, p.Match())
		}
		if v.Stage == mobileca.Code && (!strings.HasPrefix(v.QR, p.CA.URL+"/q#1.") || time.Until(v.Until) > 2*time.Minute) {
			t.Errorf("the code says %q, until %v", v.QR, v.Until)
		}
		if v.Stage != mobileca.Code && v.QR != "" {
			t.Error("the code is shown on after it was scanned")
		}
	}
	if !slices.Equal(slices.DeleteFunc(stages, func(s mobileca.Stage) bool { return s == mobileca.Shown }),
		[]mobileca.Stage{mobileca.Code, mobileca.Scanned, mobileca.Matched, mobileca.Linked, mobileca.Waiting, mobileca.Done}) {
		t.Errorf("the stages were %v", stages)
	}
	if got := p.Titles(); !slices.Equal(got, []string{"text 登录"}) {
		t.Errorf("the phone was asked %q", got)
	}
}

func TestSessionIsFollowed(t *testing.T) {
	ended := make(chan struct{})
	p := &mobilecatest.Person{CA: service(t), Session: true, Auto: true}
	var once sync.Once
	var why mobileca.Why
	p.Seen = func(v mobileca.View) {
		if v.Stage == mobileca.Ended {
			once.Do(func() { why = v.Why; close(ended) })
		}
	}
	tok, id, ctx := link(t, t.Context(), p, mobileca.Purpose{Kind: mobileca.Sign, Session: true})
	for range 3 {
		if _, err := sign(ctx, id, "合同"); err != nil {
			t.Fatal(err)
		}
	}
	views := p.Views()
	if s := views[len(views)-1].Session; s == nil || s.Used != 3 || s.Max != 200 || time.Until(s.Ends) < 7*time.Hour {
		t.Errorf("the session is shown as %+v", s)
	}
	signer, err := id.Signer(ctx)
	if err != nil {
		t.Fatal(err)
	}
	p.CA.EndSessions(mobileca.EndedByNetwork)
	select {
	case <-ended:
	case <-time.After(30 * time.Second):
		t.Fatal("nobody told that the session is over")
	}
	if why != mobileca.EndedByNetwork {
		t.Errorf("it is over because of %q", why)
	}
	_, err = token.SignMessage(signer, tokentest.SignedAttributes([]byte("合同")))
	want(t, "after the end", err, mobileca.ErrEnded, token.ErrRemoved)
	if err := tok.Lock(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// What the desktop ends is over at the service too.
func TestLockEndsTheSession(t *testing.T) {
	p := &mobilecatest.Person{CA: service(t), Session: true}
	tok, _, _ := link(t, t.Context(), p, mobileca.Purpose{Kind: mobileca.Sign, Session: true})
	if err := tok.Lock(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := p.CA.States(); !slices.Equal(got, []string{"ended"}) {
		t.Errorf("the service has it as %v", got)
	}
}

func TestTurns(t *testing.T) {
	tests := []struct {
		name   string
		person *mobilecatest.Person
		unlock error // of the pairing
		sign   error // of the request
		is     error // either, in the words of package token
	}{
		{name: "the code is refused", person: &mobilecatest.Person{RefusesCode: true}, unlock: mobileca.ErrRefused, is: token.ErrCancelled},
		{name: "the request is refused", person: &mobilecatest.Person{Refuses: true}, sign: mobileca.ErrRefused, is: token.ErrCancelled},
		{name: "nobody wants another code", person: &mobilecatest.Person{Blind: true, NoMore: true}, unlock: context.Canceled, is: token.ErrCancelled},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p := tt.person
			p.CA = service(t)
			p.CA.SetLife(300 * time.Millisecond)
			tok := only(t, open(t, mobileca.Config{Service: p.CA.URL, Screen: p}))
			err := tok.Unlock(t.Context(), nil)
			if tt.unlock != nil {
				want(t, "unlock", err, tt.unlock, tt.is)
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			_, err = sign(t.Context(), identity(t, tok, token.UsageSign), "合同")
			want(t, "sign", err, tt.sign, tt.is)
		})
	}
}

// A refused request may be put again within the pairing.
func TestRefusedMayBePutAgain(t *testing.T) {
	p := &mobilecatest.Person{CA: service(t), Refuses: true}
	_, id, ctx := link(t, t.Context(), p, mobileca.Purpose{Kind: mobileca.Sign})
	if _, err := sign(ctx, id, "合同"); !errors.Is(err, mobileca.ErrRefused) {
		t.Fatal(err)
	}
	p.Refuses = false
	if _, err := sign(ctx, id, "合同"); err != nil {
		t.Error(err)
	}
}

func TestExpiredCodeIsMadeAnew(t *testing.T) {
	p := &mobilecatest.Person{CA: service(t), Blind: true}
	p.CA.SetLife(200 * time.Millisecond)
	codes := map[string]bool{}
	p.Seen = func(v mobileca.View) {
		if v.QR != "" {
			codes[v.QR] = true
		}
		if v.Stage == mobileca.Expired {
			p.Blind = false
			p.CA.SetLife(2 * time.Minute)
		}
	}
	tok := only(t, open(t, mobileca.Config{Service: p.CA.URL, Screen: p}))
	if err := tok.Unlock(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	if len(codes) != 2 {
		t.Errorf("%d codes were shown, want two", len(codes))
	}
}

// The second phone before the screen gets nothing, and changes nothing.
func TestSecondPhone(t *testing.T) {
	second := make(chan error, 1)
	p := &mobilecatest.Person{CA: service(t)}
	code := ""
	p.Seen = func(v mobileca.View) {
		switch {
		case v.QR != "":
			code = v.QR
		case v.Stage == mobileca.Scanned:
			go func() { second <- (&mobilecatest.Person{CA: p.CA}).Scan(code) }()
		}
	}
	_, id, ctx := link(t, t.Context(), p, mobileca.Purpose{Kind: mobileca.Sign})
	if err := <-second; err == nil || !strings.Contains(err.Error(), "already_scanned") {
		t.Errorf("the second phone: %v", err)
	}
	if _, err := sign(ctx, id, "合同"); err != nil {
		t.Error(err)
	}
}

func TestClockSkew(t *testing.T) {
	for _, ahead := range []time.Duration{-20 * time.Minute, 3 * time.Hour} {
		p := &mobilecatest.Person{CA: service(t)}
		p.CA.SetClock(ahead)
		_, id, ctx := link(t, t.Context(), p, mobileca.Purpose{Kind: mobileca.Sign})
		if _, err := sign(ctx, id, "合同"); err != nil {
			t.Errorf("%v: %v", ahead, err)
		}
		for _, v := range p.Views() {
			if v.Stage == mobileca.Code && (time.Until(v.Until) > 3*time.Minute || time.Until(v.Until) < time.Minute) {
				t.Errorf("%v: the code is shown until %v", ahead, v.Until)
			}
		}
	}
}

// A service that is away for a moment holds nobody up for longer than that.
func TestServiceAway(t *testing.T) {
	p := &mobilecatest.Person{CA: service(t), Blind: true}
	offline := 0
	p.Seen = func(v mobileca.View) {
		switch {
		case v.Stage == mobileca.Code && v.Offline:
			if offline++; offline == 1 {
				p.Blind = false
				p.CA.SetDown(false)
			}
		case v.Stage == mobileca.Code && offline == 0:
			p.CA.SetDown(true)
		case v.Stage == mobileca.Code:
			go func() { _ = p.Scan(v.QR) }()
		}
	}
	tok := only(t, open(t, mobileca.Config{Service: p.CA.URL, Screen: p}))
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	if err := tok.Unlock(ctx, nil); err != nil {
		t.Fatal(err)
	}
	if offline == 0 {
		t.Error("nobody told that the service is away")
	}
	p.CA.SetDown(true)
	err := only(t, open(t, mobileca.Config{Service: p.CA.URL, Screen: p})).Unlock(ctx, nil)
	want(t, "a service that is down", err, mobileca.ErrUnreachable, token.ErrTimeout)
}

// A desktop that is closed takes back what waits.
func TestCalledOff(t *testing.T) {
	p := &mobilecatest.Person{CA: service(t), Blind: true}
	ctx, cancel := context.WithCancel(t.Context())
	p.Seen = func(mobileca.View) { cancel() }
	err := only(t, open(t, mobileca.Config{Service: p.CA.URL, Screen: p})).Unlock(ctx, nil)
	want(t, "called off at the code", err, token.ErrCancelled)
	for until := time.Now().Add(5 * time.Second); !slices.Equal(p.CA.States(), []string{"cancelled"}); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(until) {
			t.Fatalf("the service has it as %v", p.CA.States())
		}
	}

	away := &mobilecatest.Person{CA: service(t), Away: true}
	_, id, _ := link(t, t.Context(), away, mobileca.Purpose{Kind: mobileca.Sign})
	ctx, cancel = context.WithCancel(t.Context())
	away.Seen = func(v mobileca.View) {
		if v.Stage == mobileca.Waiting {
			cancel()
		}
	}
	_, err = sign(ctx, id, "合同")
	want(t, "called off while the phone is away", err, token.ErrCancelled)
}

func TestDecrypt(t *testing.T) {
	p := &mobilecatest.Person{CA: service(t)}
	tok, _, ctx := link(t, t.Context(), p, mobileca.Purpose{Kind: mobileca.Decrypt, Document: &mobileca.Document{Title: "投标文件"}})
	id := identity(t, tok, token.UsageEncrypt)
	secret := []byte("a content key of 32 bytes, or so")
	cipher, err := sm2.EncryptASN1(rand.Reader, id.Certificate().PublicKey.(*ecdsa.PublicKey), secret)
	if err != nil {
		t.Fatal(err)
	}
	d, err := id.Decrypter(ctx)
	if err != nil {
		t.Fatal(err)
	}
	plain, err := d.Decrypt(nil, cipher, nil)
	if err != nil || !bytes.Equal(plain, secret) {
		t.Errorf("decrypted %q, %v", plain, err)
	}
	signing, _, ctx := link(t, t.Context(), p, mobileca.Purpose{Kind: mobileca.Sign})
	_, err = identity(t, signing, token.UsageEncrypt).Decrypter(ctx)
	want(t, "a decrypter of a pairing to sign", err, token.ErrNotSupported)
}

func TestDigestAloneIsNotSigned(t *testing.T) {
	p := &mobilecatest.Person{CA: service(t)}
	_, id, ctx := link(t, t.Context(), p, mobileca.Purpose{Kind: mobileca.Sign})
	s, err := id.Signer(ctx)
	if err != nil {
		t.Fatal(err)
	}
	_, err = s.Sign(rand.Reader, make([]byte, 32), crypto.Hash(0))
	want(t, "a digest", err, mobileca.ErrNotShown, token.ErrNotSupported)
	_, err = token.SignMessage(s, []byte{0x30, 0x82, 1, 2, 3})
	want(t, "bytes that say nothing", err, mobileca.ErrNotShown)
	if len(p.Titles()) != 0 {
		t.Errorf("the phone was asked for %q", p.Titles())
	}
}

// Whatever the service answers, nothing of it is believed that does not fit, and nothing waits for ever.
func TestNonsense(t *testing.T) {
	replace := func(old, new string) func(string, []byte) []byte {
		return func(_ string, body []byte) []byte { return bytes.ReplaceAll(body, []byte(old), []byte(new)) }
	}
	for name, spoil := range map[string]func(string, []byte) []byte{
		"no JSON":          func(string, []byte) []byte { return []byte("<html>") },
		"nothing":          func(string, []byte) []byte { return nil },
		"an endless text":  func(string, []byte) []byte { return bytes.Repeat([]byte(" "), 10<<20) },
		"another address":  replace("/q\"", "/elsewhere\""),
		"an unknown state": replace(`"linked"`, `"married"`),
		"no certificates":  replace(`"certificates":[`, `"certificates":[],"x":[`),
		"another's name":   replace(`"use":"sign"`, `"use":"encrypt"`),
		"another's id": func(_ string, body []byte) []byte {
			return regexp.MustCompile(`"id":"[^"]+","use"`).ReplaceAll(body, []byte(`"id":"`+strings.Repeat("A", 43)+`","use"`))
		},
		"a broken chain":  replace(`"chain":["MI`, `"chain":["XX`),
		"no seal picture": replace(`"seals":[]`, `"seals":[{"png":"***"}]`),
	} {
		t.Run(name, func(t *testing.T) {
			p := &mobilecatest.Person{CA: service(t)}
			p.CA.Spoil(spoil)
			err := only(t, open(t, mobileca.Config{Service: p.CA.URL, Screen: p})).Unlock(t.Context(), nil)
			want(t, name, err, mobileca.ErrNonsense)
		})
	}
	t.Run("another's signature", func(t *testing.T) {
		p := &mobilecatest.Person{CA: service(t)}
		_, id, ctx := link(t, t.Context(), p, mobileca.Purpose{Kind: mobileca.Sign})
		p.CA.Spoil(replace(`"signature":"ME`, `"signature":"MD`))
		_, err := sign(ctx, id, "合同")
		want(t, "a signature", err, token.ErrBadSignature)
	})
}

func TestAddress(t *testing.T) {
	for address, good := range map[string]bool{
		"https://mca.example": true, "https://mca.example:8443/": true, "http://127.0.0.1:80": true, "http://localhost": true,
		"http://mca.example": false, "https://a@mca.example": false, "https://mca.example/x": false, "https://mca.example?x": false, "": false, "ftp://x": false,
	} {
		if _, err := mobileca.Open(mobileca.Config{Service: address}); (err == nil) != good {
			t.Errorf("%q: %v", address, err)
		}
	}
}

// A damaged memory is one that is not there.
func TestMemory(t *testing.T) {
	file := filepath.Join(t.TempDir(), "phones.json")
	for _, content := range []string{"", "{", "[{}]", `[{"use":1,"chain":["AAAA"]}]`, strings.Repeat("x", 3<<20)} {
		if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		ids, err := only(t, open(t, mobileca.Config{Service: "http://127.0.0.1:1", Memory: file})).Identities(t.Context())
		if err != nil || len(ids) != 0 {
			t.Errorf("%.20q: %d identities, %v", content, len(ids), err)
		}
	}
}
