package demo_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/rand"
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/emmansun/gmsm/sm2"

	"sealdesk/cmd/internal/mobile"
	"sealdesk/platformapi/mobileca"
	"sealdesk/platformapi/mobileca/csc"
	"sealdesk/platformapi/mobileca/phonetest"
	"sealdesk/platformapi/mobileca/wire"
	"sealdesk/token"
	"sealdesk/token/ca"
	driver "sealdesk/token/mobileca"
	cscdriver "sealdesk/token/mobileca/csc"
	"sealdesk/token/tokentest"
)

// The driver of the mobile CA before the real service, with a phone that makes the calls of the web app. Keys are shared between
// phone and service, and their certificates are of the demo's kind of authority.

var phoneAuthority = sync.OnceValues(func() (*ca.Authority, error) { return ca.New(ca.SM2) })

// newService starts a mobile CA whose certificates are of this authority.
func newService(t testing.TB, authority *ca.Authority) *phonetest.World {
	t.Helper()
	w := phonetest.NewWorld(t, func(c *mobileca.Config) {
		c.Issuer, c.CSC, c.Now = mobile.Issuer{Authority: authority}, csc.Handler, nil
	})
	w.Service.Now = nil
	return w
}

// A holder holds the phone before the screen: he scans, compares the match codes, accepts, and confirms what is asked.
type holder struct {
	phone   *phonetest.Phone
	session *wire.SessionChoice // what he wants when one is offered
	pin     string

	mu     sync.Mutex
	away   bool
	refuse bool
	views  []driver.View
	seen   sync.Cond
	errs   []error
}

func newHolder(w *phonetest.World, session *wire.SessionChoice) *holder {
	h := &holder{phone: w.Holder(), session: session, pin: phonetest.PIN}
	h.seen.L = &h.mu
	return h
}

// Show implements driver.Screen.
func (h *holder) Show(v driver.View) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if v.Stage == driver.Code {
		h.views = nil // of an earlier pairing
	}
	h.views = append(h.views, v)
	h.seen.Broadcast()
	if v.Stage == driver.Code && !v.Offline {
		go h.scan(v)
	}
}

// Refresh implements driver.Screen.
func (h *holder) Refresh(ctx context.Context) error { return ctx.Err() }

func (h *holder) is(away, refuse bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.away, h.refuse = away, refuse
}

func (h *holder) scan(v driver.View) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if err := h.accept(ctx, v); err != nil {
		h.mu.Lock()
		h.errs = append(h.errs, err)
		h.mu.Unlock()
		return
	}
	h.confirm(ctx)
}

// accept compares what both sides show before it accepts.
func (h *holder) accept(ctx context.Context, v driver.View) error {
	s, err := h.phone.Scan(ctx, v.QR)
	if err != nil {
		return err
	}
	there := ""
	h.mu.Lock()
	for there == "" {
		for _, v := range h.views {
			if v.Stage == driver.Matched {
				there = v.Match
			}
		}
		if there == "" {
			h.seen.Wait()
		}
	}
	h.mu.Unlock()
	here, err := h.phone.Match(ctx, s.ID)
	if err != nil {
		return err
	}
	if here != there {
		return fmt.Errorf("the phone shows %s, the screen %s", here, there)
	}
	choice := h.session
	if !s.SessionOffered {
		choice = nil
	}
	_, err = h.phone.Accept(ctx, s.ID, choice)
	return err
}

// confirm confirms what comes in, as long as something does.
func (h *holder) confirm(ctx context.Context) {
	var after int64
	for ctx.Err() == nil {
		inbox, err := h.phone.Inbox(ctx, after, 2)
		if err != nil {
			return
		}
		after = inbox.Version
		h.mu.Lock()
		away, refuse := h.away, h.refuse
		h.mu.Unlock()
		for _, r := range inbox.Items {
			switch {
			case away:
			case refuse:
				_ = h.phone.Call(ctx, "PUT", "/requests/"+r.ID+"/refusal", wire.Refusal{Reason: "no"}, nil)
			default:
				_ = h.phone.Approve(ctx, r.ID, h.pin) // one that was taken back meanwhile is none
			}
		}
	}
}

func (h *holder) trouble(t *testing.T) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, err := range h.errs {
		t.Error(err)
	}
}

func phoneDriver(t testing.TB, w *phonetest.World, h *holder, memory string) token.Driver {
	t.Helper()
	d, err := driver.Open(driver.Config{Service: w.URL, Name: "移动CA", Desktop: "办公室-PC", Screen: h, Memory: memory,
		Platform: driver.Platform{Name: "云溪县公共资源交易平台", Origin: "https://ggzy.example"}})
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func onlyToken(t testing.TB, d token.Driver) token.Token {
	t.Helper()
	all, err := d.Tokens(t.Context())
	if err != nil || len(all) != 1 {
		t.Fatal(all, err)
	}
	t.Cleanup(func() { all[0].Close() })
	return all[0]
}

func identityOf(t testing.TB, tok token.Token, use token.Usage) token.Identity {
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
	t.Fatal("no such certificate")
	return nil
}

func TestMobileCAConformance(t *testing.T) {
	authority, err := phoneAuthority()
	if err != nil {
		t.Fatal(err)
	}
	tokentest.Run(t, tokentest.Harness{
		Algorithms: []ca.Algorithm{ca.SM2},
		New: func(t *testing.T, _ ca.Algorithm) tokentest.Key {
			w := newService(t, authority)
			h := newHolder(w, &wire.SessionChoice{Auto: true})
			t.Cleanup(func() { h.trouble(t) })
			d := phoneDriver(t, w, h, filepath.Join(t.TempDir(), "phones.json"))
			tok := onlyToken(t, d) // the certificates are known from an earlier time
			if err := tok.Unlock(t.Context(), nil); err != nil {
				t.Fatal(err)
			}
			if err := tok.Close(); err != nil {
				t.Fatal(err)
			}
			return tokentest.Key{Driver: d, Hang: func(hang bool) { h.is(hang, false) }}
		},
	})
}

func TestMobileCATurns(t *testing.T) {
	authority, err := phoneAuthority()
	if err != nil {
		t.Fatal(err)
	}
	w := newService(t, authority)
	h := newHolder(w, nil)
	defer h.trouble(t)
	contract := tokentest.SignedAttributes([]byte("合同"))
	link := func(kind driver.Kind) (context.Context, token.Token) {
		tok := onlyToken(t, phoneDriver(t, w, h, ""))
		ctx := driver.WithPurpose(t.Context(), driver.Purpose{Kind: kind, Summary: "试", Document: &driver.Document{Title: "政府采购合同"}})
		soon, cancel := context.WithTimeout(ctx, 20*time.Second)
		defer cancel()
		if err := tok.Unlock(soon, nil); err != nil {
			h.trouble(t)
			t.Fatal(err)
		}
		return ctx, tok
	}
	sign := func(ctx context.Context, tok token.Token, message []byte) error {
		s, err := identityOf(t, tok, token.UsageSign).Signer(ctx)
		if err == nil {
			_, err = token.SignMessage(s, message)
		}
		return err
	}
	for _, kind := range []driver.Kind{driver.Login, driver.Bind} {
		ctx, tok := link(kind)
		if err := sign(ctx, tok, []byte("SealDesk login v1\nhttps://ggzy.example")); err != nil {
			t.Errorf("%s: %v", kind, err)
		}
		if err := sign(ctx, tok, []byte("again")); !errors.Is(err, token.ErrNotUnlocked) {
			t.Errorf("%s, a second time: %v", kind, err)
		}
	}
	ctx, tok := link(driver.Bid)
	h.is(false, true)
	if err := sign(ctx, tok, contract); !errors.Is(err, driver.ErrRefused) {
		t.Errorf("refused: %v", err)
	}
	h.is(false, false)
	if err := sign(ctx, tok, contract); err != nil {
		t.Errorf("put again: %v", err)
	}

	ctx, tok = link(driver.Decrypt)
	secret := []byte("a content key of 32 bytes, or so")
	id := identityOf(t, tok, token.UsageEncrypt)
	cipher, err := sm2.EncryptASN1(rand.Reader, id.Certificate().PublicKey.(*ecdsa.PublicKey), secret)
	if err != nil {
		t.Fatal(err)
	}
	d, err := id.Decrypter(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if plain, err := d.Decrypt(nil, cipher, nil); err != nil || string(plain) != string(secret) {
		t.Errorf("decrypted %q, %v", plain, err)
	}

	// Nobody confirms, and the desktop gives up: nothing waits on the phone any more.
	ctx, tok = link(driver.Sign)
	h.is(true, false)
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	if err := sign(ctx, tok, contract); !errors.Is(err, token.ErrTimeout) {
		t.Errorf("nobody confirms: %v", err)
	}
	for until := time.Now().Add(10 * time.Second); ; time.Sleep(50 * time.Millisecond) {
		inbox, err := h.phone.Inbox(t.Context(), 0, 0)
		if err == nil && len(inbox.Items) == 0 {
			break
		}
		if time.Now().After(until) {
			t.Fatalf("%d requests wait (%v)", len(inbox.Items), err)
		}
	}
}

// A session ends at the service, on the phone and at the desktop, whoever ends it.
func TestMobileCASessionEnds(t *testing.T) {
	authority, err := phoneAuthority()
	if err != nil {
		t.Fatal(err)
	}
	w := newService(t, authority)
	h := newHolder(w, &wire.SessionChoice{Auto: true})
	defer h.trouble(t)
	tok := onlyToken(t, phoneDriver(t, w, h, ""))
	if err := tok.Unlock(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	s, err := identityOf(t, tok, token.UsageSign).Signer(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	contract := tokentest.SignedAttributes([]byte("合同"))
	for range 3 {
		if _, err := token.SignMessage(s, contract); err != nil {
			t.Fatal(err)
		}
	}
	var scans wire.ScanList
	if err := h.phone.Call(t.Context(), "GET", "/scans", nil, &scans); err != nil || len(scans.Items) != 1 || scans.Items[0].Session == nil || scans.Items[0].Session.Used != 3 {
		t.Fatalf("the phone has %+v, %v", scans, err)
	}
	if err := h.phone.Call(t.Context(), "DELETE", "/scans/"+scans.Items[0].ID, nil, nil); err != nil {
		t.Fatal(err)
	}
	h.mu.Lock()
	for len(h.views) == 0 || h.views[len(h.views)-1].Stage != driver.Ended {
		h.seen.Wait()
	}
	h.mu.Unlock()
	if _, err := token.SignMessage(s, contract); !errors.Is(err, driver.ErrEnded) {
		t.Errorf("after the end: %v", err)
	}
}

// The same service by the consortium's API: the person approves each digest on the phone.
func TestMobileCAByCSC(t *testing.T) {
	const password = "a long password"
	authority, err := phoneAuthority()
	if err != nil {
		t.Fatal(err)
	}
	w := newService(t, authority)
	h := newHolder(w, nil)
	defer h.trouble(t)
	code, err := w.SendCode(t.Context(), phonetest.Number, wire.CodePassword)
	if err == nil {
		err = h.phone.Call(t.Context(), "PUT", "/me/password", wire.PasswordChange{Code: code, Password: password}, nil)
	}
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 40*time.Second)
	defer cancel()
	go h.confirm(ctx)
	open := func(password string) token.Token {
		d, err := cscdriver.Open(cscdriver.Config{Base: w.URL + mobileca.CSCPath, Account: phonetest.Number, Login: func(context.Context) (string, []byte, error) {
			return phonetest.Number, []byte(password), nil
		}})
		if err != nil {
			t.Fatal(err)
		}
		return onlyToken(t, d)
	}
	tok := open(password)
	if err := tok.Unlock(ctx, nil); err != nil {
		t.Fatal(err)
	}
	s, err := identityOf(t, tok, token.UsageSign).Signer(ctx)
	if err != nil {
		t.Fatal(err)
	}
	for range 2 { // the guard verifies each with the certificate
		if _, err := token.SignMessage(s, []byte("合同")); err != nil {
			t.Fatal(err)
		}
	}
	h.is(false, true)
	if _, err := token.SignMessage(s, []byte("合同")); !errors.Is(err, driver.ErrRefused) {
		t.Errorf("refused: %v", err)
	}
	if err := open("another password").Unlock(ctx, nil); err == nil {
		t.Error("a wrong password opens the account")
	}
}
