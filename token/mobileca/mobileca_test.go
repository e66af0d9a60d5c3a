package mobileca_test

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/rand"
	"encoding/json"
	"errors"
	"net/http"
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

// deaf loses the answers to new requests, and tells of those that are taken back.
type deaf struct{ takenBack chan string }

func (d deaf) RoundTrip(r *http.Request) (*http.Response, error) {
	answer, err := http.DefaultTransport.RoundTrip(r)
	if err != nil || !strings.Contains(r.URL.Path, "/requests") {
		return answer, err
	}
	if r.Method == http.MethodDelete {
		d.takenBack <- r.URL.Path
	}
	return nil, errors.Join(errors.New("the answer was lost"), answer.Body.Close())
}

// A request that reached the phone though its answer was lost is taken back too.
func TestCalledOffUnheard(t *testing.T) {
	d := deaf{make(chan string, 1)}
	p := &mobilecatest.Person{CA: service(t), Away: true}
	tok := only(t, open(t, mobileca.Config{Service: p.CA.URL, Screen: p, Transport: d}))
	ctx := mobileca.WithPurpose(t.Context(), mobileca.Purpose{Kind: mobileca.Sign})
	if err := tok.Unlock(ctx, nil); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(ctx, 300*time.Millisecond)
	defer cancel()
	_, err := sign(ctx, identity(t, tok, token.UsageSign), "合同")
	want(t, "called off unheard", err, token.ErrTimeout)
	select {
	case <-d.takenBack:
	case <-time.After(5 * time.Second):
		t.Error("the phone goes on showing what nobody waits for")
	}
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

// What was encrypted to a certificate that was renewed since, or has expired, is decrypted by its key; it signs nothing more.
func TestEarlierCertificatesDecrypt(t *testing.T) {
	authority, err := issuer()
	if err != nil {
		t.Fatal(err)
	}
	subject, year := ca.Subject{Name: "云溪县财政局", USCC: "11410899MB0000001X"}, 365*24*time.Hour
	now := time.Now()
	c := mobilecatest.New(t, authority, subject)
	c.Certify(t, authority, ca.Request{Subject: subject, NotBefore: now.Add(-2 * year), NotAfter: now.Add(-year)})
	p := &mobilecatest.Person{CA: c}
	expired := only(t, open(t, mobileca.Config{Service: c.URL, Screen: p}))
	want(t, "a link to sign with what has expired", expired.Unlock(mobileca.WithPurpose(t.Context(), mobileca.Purpose{Kind: mobileca.Sign}), nil), mobileca.ErrNonsense)
	c.Certify(t, authority, ca.Request{Subject: subject})

	count := func(kind mobileca.Kind) int {
		tok, _, ctx := link(t, t.Context(), p, mobileca.Purpose{Kind: kind})
		ids, err := tok.Identities(ctx)
		if err != nil {
			t.Fatal(err)
		}
		return len(ids)
	}
	if n := count(mobileca.Sign); n != 2 {
		t.Errorf("a link to sign brings %d certificates", n)
	}
	if n := count(mobileca.Decrypt); n != 4 {
		t.Fatalf("a link to decrypt brings %d certificates", n)
	}
	for i := 1; i < 4; i++ { // a link decrypts once
		tok, _, ctx := link(t, t.Context(), p, mobileca.Purpose{Kind: mobileca.Decrypt})
		ids, err := tok.Identities(ctx)
		if err != nil {
			t.Fatal(err)
		}
		secret := []byte("a content key of 32 bytes, or so")
		cipher, err := sm2.EncryptASN1(rand.Reader, ids[i].Certificate().PublicKey.(*ecdsa.PublicKey), secret)
		if err != nil {
			t.Fatal(err)
		}
		d, err := ids[i].Decrypter(ctx)
		if err != nil {
			t.Fatal(err)
		}
		if plain, err := d.Decrypt(nil, cipher, nil); err != nil || !bytes.Equal(plain, secret) {
			t.Errorf("certificate %d: decrypted %q, %v", i, plain, err)
		}
	}
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

// alter changes the JSON of the answers whose path has so many parts behind "pairings": 1 of a pairing, 2 and 3 of a request.
func alter(parts int, change func(m map[string]any)) func(string, []byte) []byte {
	return func(path string, body []byte) []byte {
		var m map[string]any
		at := strings.Split(strings.Trim(strings.TrimPrefix(path, "/mca/v1/pairings"), "/"), "/")
		if len(at) < parts || parts == 1 && len(at) > 1 || json.Unmarshal(body, &m) != nil {
			return body
		}
		change(m)
		out, err := json.Marshal(m)
		if err != nil {
			return body
		}
		return out
	}
}

// becomes gives an answer another state once it has the one that is told, or one of those that are told with a bar between.
func becomes(was, now string, more ...any) func(map[string]any) {
	return func(m map[string]any) {
		if state, ok := m["state"].(string); !ok || !slices.Contains(strings.Split(was, "|"), state) {
			return
		}
		m["state"] = now
		for i := 0; i+1 < len(more); i += 2 {
			m[more[i].(string)] = more[i+1]
		}
	}
}

// However a pairing ends that nobody accepted, the desktop says so; and a pairing that is another one is none.
func TestPairingsThatEnd(t *testing.T) {
	t.Parallel()
	name := func(key string, value any) func(map[string]any) { return func(m map[string]any) { m[key] = value } }
	for what, tt := range map[string]struct {
		change func(map[string]any)
		want   error
	}{
		"called off on the phone":       {becomes("scanned", "cancelled"), mobileca.ErrGivenUp},
		"over at the service":           {becomes("scanned", "ended"), mobileca.ErrGivenUp},
		"not accepted in time":          {becomes("scanned", "expired"), mobileca.ErrUnconfirmed},
		"scanned by nobody":             {becomes("scanned", "scanned", "scan", nil), mobileca.ErrNonsense},
		"scanned by somebody nameless":  {becomes("scanned", "scanned", "scan", map[string]any{"jkt": "AAAA", "nonce": "AAAA"}), mobileca.ErrNonsense},
		"scanned without a number":      {becomes("scanned", "scanned", "scan", map[string]any{"jkt": strings.Repeat("A", 43), "nonce": "AAAA"}), mobileca.ErrNonsense},
		"a pairing of another name":     {becomes("scanned", "scanned", "id", strings.Repeat("A", 22)), mobileca.ErrNonsense},
		"a pairing of no name":          {name("id", "short"), mobileca.ErrNonsense},
		"a pairing that is linked":      {becomes("created", "linked"), mobileca.ErrNonsense},
		"a link of nothing":             {becomes("linked", "linked", "link", nil), mobileca.ErrNonsense},
		"a link of three certificates":  {becomes("linked", "linked", "link", map[string]any{"certificates": []any{map[string]any{}, map[string]any{}, map[string]any{}}}), mobileca.ErrNonsense},
		"a certificate for nothing":     {becomes("linked", "linked", "link", map[string]any{"certificates": []any{map[string]any{"chain": []any{"AAAA"}}}}), mobileca.ErrNonsense},
		"a certificate without a chain": {becomes("linked", "linked", "link", map[string]any{"certificates": []any{map[string]any{"use": "sign"}}}), mobileca.ErrNonsense},
		"a long chain": {becomes("linked", "linked", "link", map[string]any{"certificates": []any{map[string]any{"use": "sign", "chain": slices.Repeat([]any{"AAAA"}, 6)}}}),
			mobileca.ErrNonsense},
		"a chain of no base64": {becomes("linked", "linked", "link", map[string]any{"certificates": []any{map[string]any{"use": "sign", "chain": []any{"*"}}}}), mobileca.ErrNonsense},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			p := &mobilecatest.Person{CA: service(t)}
			p.CA.Spoil(alter(1, tt.change))
			err := only(t, open(t, mobileca.Config{Service: p.CA.URL, Screen: p})).Unlock(t.Context(), nil)
			want(t, what, err, tt.want)
		})
	}
}

// However a request ends that was not answered, the desktop says so, and an answer that is none is not taken for one.
func TestRequestsThatEnd(t *testing.T) {
	t.Parallel()
	for what, tt := range map[string]struct {
		change  func(map[string]any)
		decrypt bool
		want    error
	}{
		"nobody confirmed":           {becomes("shown|approved", "expired"), false, mobileca.ErrUnconfirmed},
		"called off on the phone":    {becomes("shown|approved", "cancelled"), false, mobileca.ErrGivenUp},
		"the PIN is locked":          {becomes("shown|approved", "refused", "reason", "mca.pin_locked"), false, token.ErrPINLocked},
		"an unknown state":           {becomes("shown|approved", "lost"), false, mobileca.ErrNonsense},
		"another request":            {becomes("shown|approved", "shown", "id", "another"), false, mobileca.ErrNonsense},
		"approved without a result":  {becomes("approved", "approved", "result", nil), false, mobileca.ErrNonsense},
		"an empty signature":         {becomes("approved", "approved", "result", map[string]any{"signature": ""}), false, mobileca.ErrNonsense},
		"a signature of no base64":   {becomes("approved", "approved", "result", map[string]any{"signature": "*"}), false, mobileca.ErrNonsense},
		"nothing decrypted":          {becomes("approved", "approved", "result", map[string]any{"signature": "AAAA"}), true, mobileca.ErrNonsense},
		"a decryption that is none":  {becomes("approved", "approved", "result", map[string]any{"sealed": map[string]any{}}), true, nil},
		"a decryption of no request": {becomes("shown|approved", "expired"), true, mobileca.ErrUnconfirmed},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			p := &mobilecatest.Person{CA: service(t)}
			kind := mobileca.Sign
			if tt.decrypt {
				kind = mobileca.Decrypt
			}
			tok, id, ctx := link(t, t.Context(), p, mobileca.Purpose{Kind: kind})
			p.CA.Spoil(alter(2, tt.change))
			var err error
			if tt.decrypt {
				other := identity(t, tok, token.UsageEncrypt)
				var cipher []byte
				if cipher, err = sm2.EncryptASN1(rand.Reader, other.Certificate().PublicKey.(*ecdsa.PublicKey), []byte("key")); err != nil {
					t.Fatal(err)
				}
				d, open := other.Decrypter(ctx)
				if open != nil {
					t.Fatal(open)
				}
				if _, empty := d.Decrypt(nil, nil, nil); !errors.Is(empty, token.ErrDecrypt) {
					t.Errorf("nothing to decrypt: %v", empty)
				}
				if _, long := d.Decrypt(nil, make([]byte, 5<<10), nil); !errors.Is(long, token.ErrDecrypt) {
					t.Errorf("too much to decrypt: %v", long)
				}
				_, err = d.Decrypt(nil, cipher, nil)
			} else {
				_, err = sign(ctx, id, "合同")
			}
			if err == nil {
				t.Fatal("it was done")
			}
			if tt.want != nil {
				want(t, what, err, tt.want)
			}
		})
	}
}

// Without a screen nobody is asked; what a phone brought is there while it is linked; and a new link ends the one before.
func TestALinkAfterTheOther(t *testing.T) {
	p := &mobilecatest.Person{CA: service(t), Session: true, Auto: true}
	d, err := mobileca.Open(mobileca.Config{Service: p.CA.URL, Platform: platform})
	if err != nil {
		t.Fatal(err)
	}
	tok := only(t, d)
	want(t, "no screen", tok.Unlock(t.Context(), nil), token.ErrNotSupported)
	if info, err := tok.Info(t.Context()); err != nil || info.Label != p.CA.URL {
		t.Errorf("%+v, %v", info, err)
	}
	_, err = tok.(token.SealReader).Seals(t.Context())
	want(t, "seals of no link", err, token.ErrNotUnlocked)
	ctx := mobileca.WithScreen(t.Context(), p)
	for range 2 {
		if err := tok.Unlock(ctx, nil); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := tok.(token.SealReader).Seals(t.Context()); err != nil {
		t.Errorf("seals: %v", err)
	}
	states := p.CA.States()
	slices.Sort(states)
	if !slices.Equal(states, []string{"ended", "linked"}) {
		t.Errorf("the service has them as %v", states)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	want(t, "for whoever has gone", tok.Unlock(mobileca.WithScreen(ended, p), nil), token.ErrCancelled)
}
