package mobileca_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"sealdesk/platformapi/mobileca"
	"sealdesk/platformapi/mobileca/phonetest"
	"sealdesk/platformapi/mobileca/wire"
)

// A code is good once, for five minutes and five tries, for the number and purpose it was sent for, one a minute and ten a day.
func TestCodes(t *testing.T) {
	ctx := t.Context()
	w := phonetest.NewWorld(t)
	p, err := phonetest.NewPhone(w.Service)
	must(t, err)
	login := func(code string) error {
		return p.Login(ctx, wire.LoginRequest{Phone: phonetest.Number, Code: code})
	}
	send := func(purpose wire.CodePurpose) string {
		t.Helper()
		code, err := w.SendCode(ctx, phonetest.Number, purpose)
		must(t, err)
		w.Clock.Add(time.Minute)
		return code
	}
	code := send(wire.CodePassword)
	wants(t, "a code for something else", login(code), "mca.code_wrong")
	code = send(wire.CodeLogin)
	must(t, login(code))
	wants(t, "a code that was used", login(code), "mca.code_wrong")
	code = send(wire.CodeLogin)
	w.Clock.Add(4 * time.Minute)
	wants(t, "an old code", login(code), "mca.code_wrong")
	code = send(wire.CodeLogin)
	for i := range 5 {
		wants(t, "a guess", login(fmt.Sprintf("%06d", (atoi(code)+1+i)%1_000_000)), "mca.code_wrong")
	}
	wants(t, "the code after five guesses", login(code), "mca.code_wrong")
	if _, err := w.SendCode(ctx, phonetest.Number, wire.CodeLogin); err != nil {
		t.Fatal(err)
	}
	_, err = w.SendCode(ctx, phonetest.Number, wire.CodeLogin)
	wants(t, "two within a minute", err, "platform.rate_limited")
	n := w.Messages.N
	for range 20 {
		w.Clock.Add(time.Minute)
		_, err = w.SendCode(ctx, phonetest.Number, wire.CodeLogin)
	}
	wants(t, "the eleventh of a day", err, "mca.limit_reached")
	if sent := w.Messages.N - n; sent > 6 {
		t.Errorf("%d more were sent", sent)
	}
}

func atoi(s string) (n int) {
	_, _ = fmt.Sscanf(s, "%d", &n)
	return n
}

// A password is set by a code, changed by the old one, and locked by five wrong ones; the other sessions end.
func TestPasswords(t *testing.T) {
	ctx := t.Context()
	w := phonetest.NewWorld(t)
	p, second := w.Phone(phonetest.Number), w.Phone(phonetest.Number)
	code, err := w.SendCode(ctx, phonetest.Number, wire.CodePassword)
	must(t, err)
	must(t, p.Call(ctx, http.MethodPut, "/me/password", wire.PasswordChange{Code: code, Password: "correct horse"}, nil))
	wants(t, "another session", second.Call(ctx, http.MethodGet, "/me", nil, nil), "platform.session_over")
	must(t, p.Call(ctx, http.MethodGet, "/me", nil, &p.Me))
	if !p.Me.HasPassword {
		t.Error("it has no password")
	}
	must(t, second.Login(ctx, wire.LoginRequest{Phone: phonetest.Number, Password: "correct horse"}))
	wants(t, "a wrong old one", p.Call(ctx, http.MethodPut, "/me/password", wire.PasswordChange{Old: "wrong horse", Password: "battery staple"}, nil), "mca.password_wrong")
	must(t, p.Call(ctx, http.MethodPut, "/me/password", wire.PasswordChange{Old: "correct horse", Password: "battery staple"}, nil))
	for range 5 {
		wants(t, "a guess", second.Login(ctx, wire.LoginRequest{Phone: phonetest.Number, Password: "guess guess"}), "mca.password_wrong")
	}
	wants(t, "the right one after five guesses", second.Login(ctx, wire.LoginRequest{Phone: phonetest.Number, Password: "battery staple"}), "mca.account_locked")
	w.Clock.Add(15 * time.Minute)
	must(t, second.Login(ctx, wire.LoginRequest{Phone: phonetest.Number, Password: "battery staple"}))
	wants(t, "a number without an account", second.Login(ctx, wire.LoginRequest{Phone: "13700000000", Password: "battery staple"}), "mca.password_wrong")
	wants(t, "nothing", second.Login(ctx, wire.LoginRequest{Phone: phonetest.Number}), "mca.login_unknown")
	wants(t, "WeChat", second.Login(ctx, wire.LoginRequest{Wechat: "x"}), "mca.login_unknown")
}

// Tokens hold for ten minutes and for their key; a refresh token answers once, and one that comes again ends the session.
func TestTokens(t *testing.T) {
	ctx := t.Context()
	w := phonetest.NewWorld(t)
	p := w.Phone(phonetest.Number)
	me := func(p *phonetest.Phone) error { return p.Call(ctx, http.MethodGet, "/me", nil, nil) }
	thief, err := phonetest.NewPhone(w.Service)
	must(t, err)
	thief.Steal(p)
	wants(t, "a stolen token", me(thief), "platform.session_over")
	wants(t, "a stolen refresh token", thief.Renew(ctx), "platform.session_over")
	w.Clock.Add(10 * time.Minute)
	wants(t, "an old token", me(p), "platform.session_over")
	old := p.Refresh
	must(t, p.Renew(ctx))
	must(t, me(p))
	w.Clock.Add(2 * time.Minute)
	p.Refresh, old = old, p.Refresh
	wants(t, "a refresh token again", p.Renew(ctx), "platform.session_over")
	p.Refresh = old
	wants(t, "the one that followed it", p.Renew(ctx), "platform.session_over")
	wants(t, "the access token", me(p), "platform.session_over")

	p = w.Phone(phonetest.Number)
	must(t, p.Call(ctx, http.MethodDelete, "/session", nil, nil))
	wants(t, "after the log-out", me(p), "platform.session_over")
}

// The number is changed by codes to both.
func TestTheNumberIsChanged(t *testing.T) {
	ctx := t.Context()
	w := phonetest.NewWorld(t)
	p, other := w.Phone(phonetest.Number), w.Phone("13700000001")
	code := func(number string, purpose wire.CodePurpose) string {
		c, err := w.SendCode(ctx, number, purpose)
		must(t, err)
		w.Clock.Add(time.Minute)
		return c
	}
	change := func(number, old, new string) error {
		return p.Call(ctx, http.MethodPut, "/me/phone", wire.PhoneChange{OldCode: old, Phone: number, Code: new}, &p.Me)
	}
	wants(t, "a wrong code", change("13700000002", code(phonetest.Number, wire.CodePhoneOld), "000000"), "mca.code_wrong")
	wants(t, "a number that is taken", change("13700000001", code(phonetest.Number, wire.CodePhoneOld), code("13700000001", wire.CodePhoneNew)), "platform.id_taken")
	must(t, change("13700000002", code(phonetest.Number, wire.CodePhoneOld), code("13700000002", wire.CodePhoneNew)))
	if p.Me.Phone != "137****0002" {
		t.Errorf("the number is %s", p.Me.Phone)
	}
	_ = other
}

// A person is checked once, an organisation claimed once, and nothing is asked for before.
func TestApplications(t *testing.T) {
	ctx := t.Context()
	w := phonetest.NewWorld(t)
	p := w.Phone(phonetest.Number)
	_, err := p.Apply(ctx, nil)
	wants(t, "before the identity is checked", err, "mca.identity_missing")
	wants(t, "a number with another check character", p.Identify(ctx, phonetest.Name, "410821199001011232"), "mca.identity_refused")
	must(t, p.Identify(ctx, phonetest.Name, phonetest.IDNumber))
	wants(t, "another person", p.Identify(ctx, "李四", phonetest.IDNumber), "mca.identity_refused")
	a, err := p.Apply(ctx, phonetest.Hospital)
	must(t, err)
	wants(t, "certificates without keys", p.Call(ctx, http.MethodPost, "/applications/"+a.ID+"/certificates", nil, nil), "mca.key_not_ready")
	must(t, p.Download(ctx, a.ID, phonetest.PIN))
	first := p.Certs
	var again wire.CertificateList
	must(t, p.Call(ctx, http.MethodPost, "/applications/"+a.ID+"/certificates", nil, &again))
	if len(again.Items) != 2 || len(first) != 2 || again.Items[0].ID != first[0].ID || first[0].Use != wire.UseSign || first[0].Pair != first[1].ID {
		t.Errorf("certificates %d, %d", len(again.Items), len(first))
	}
	must(t, p.Call(ctx, http.MethodGet, "/me", nil, &p.Me))
	if len(p.Me.Organisations) != 1 || p.Me.Organisations[0].Role != wire.RoleAdministrator {
		t.Errorf("organisations %+v", p.Me.Organisations)
	}
	wants(t, "keys of an application that is done", p.MakeKey(ctx, a.ID, wire.UseSign, phonetest.PIN), "mca.wrong_state")
	other := w.Phone("13700000001")
	must(t, other.Identify(ctx, phonetest.Name, phonetest.IDNumber))
	_, err = other.Apply(ctx, phonetest.Hospital)
	wants(t, "an organisation that was claimed", err, "mca.org_claimed")

	// The same key makes one application, whatever it is called with after that.
	var one, two wire.Application
	personal := wire.ApplicationRequest{Kind: wire.ApplyPersonal}
	must(t, other.Call(ctx, http.MethodPost, "/applications", personal, &one, "Idempotency-Key", `"0123456789"`))
	must(t, other.Call(ctx, http.MethodPost, "/applications", personal, &two, "Idempotency-Key", `"0123456789"`))
	if one.ID != two.ID {
		t.Error("two applications of one key")
	}
	personal.Years = 2
	wants(t, "another request with the key", other.Call(ctx, http.MethodPost, "/applications", personal, nil, "Idempotency-Key", `"0123456789"`), "platform.key_reused")
	wants(t, "no key", other.Call(ctx, http.MethodPost, "/applications", personal, nil), "platform.key_missing")
	must(t, other.Call(ctx, http.MethodDelete, "/applications/"+one.ID, nil, nil))
	wants(t, "keys of one that was withdrawn", other.MakeKey(ctx, one.ID, wire.UseSign, phonetest.PIN), "mca.wrong_state")
}

// The PIN is changed by sharing anew: a wrong old one costs a try, and the old share is worth nothing after that.
func TestThePINIsChanged(t *testing.T) {
	ctx := t.Context()
	w := phonetest.NewWorld(t)
	p := w.Holder()
	session := linked(t, w, p, wire.PairSign, &wire.SessionChoice{})
	key := p.Certs[0].Key.ID
	err := p.ChangePIN(ctx, key, "000000", "246801")
	problem, ok := err.(*phonetest.Problem)
	if !ok || problem.Code != "mca.pin_wrong" || *problem.Tries != 4 {
		t.Fatalf("a wrong old PIN: %v", err)
	}
	before := *p.Shares[key]
	must(t, p.ChangePIN(ctx, key, phonetest.PIN, "246801"))
	must(t, session.Refresh(ctx, 0))
	if session.Pairing.State != wire.PairingEnded || session.Pairing.Ended != wire.EndedByPIN {
		t.Errorf("a session of before is %s by %q", session.Pairing.State, session.Pairing.Ended)
	}
	_, s := asked(t, w, p)
	_, err = p.Work(ctx, s, phonetest.PIN)
	wants(t, "the old PIN", err, "mca.pin_wrong")
	_, err = p.Work(ctx, s, "246801")
	must(t, err)
	p.Shares[key] = &before
	_, s = asked(t, w, p)
	_, err = p.Work(ctx, s, phonetest.PIN)
	wants(t, "the old share with its PIN", err, "mca.pin_wrong")
}

// A new phone takes the keys over with the recovery code, the number's code and the identity; the old phone's share is
// worth nothing then. A key that was locked is open again.
func TestAKeyIsRecovered(t *testing.T) {
	ctx := t.Context()
	w := phonetest.NewWorld(t)
	p := w.Holder()
	code := []byte("0123456789abcdef")
	must(t, p.Backup(ctx, p.Certs[0].Key.ID, code))
	must(t, p.Backup(ctx, p.Certs[1].Key.ID, code))
	_, locked := asked(t, w, p)
	for range 5 {
		_, _ = p.Work(ctx, locked, "000000")
	}
	second := w.Phone(phonetest.Number)
	if second.Me.Recoverable != 2 {
		t.Errorf("%d can be recovered", second.Me.Recoverable)
	}
	recover := func(number string, secret []byte) error {
		w.Clock.Add(time.Minute)
		sms, err := w.SendCode(ctx, phonetest.Number, wire.CodeRecovery)
		must(t, err)
		return second.Recover(ctx, wire.RecoveryRequest{Code: sms, Identity: wire.IdentityRequest{Method: wire.IdentityCFCA, Name: phonetest.Name, IDNumber: number}}, secret, phonetest.PIN)
	}
	wants(t, "another person", recover("330127199003070026", code), "mca.identity_refused")
	if err := recover(phonetest.IDNumber, []byte("another code 123")); err == nil {
		t.Error("recovered with another code")
	}
	must(t, second.Renew(ctx))
	must(t, recover(phonetest.IDNumber, code))
	d := linked(t, w, second, wire.PairSign, nil)
	r, err := d.Ask(ctx, phonetest.Contract(digestOf("contract")))
	must(t, err)
	must(t, second.Approve(ctx, r.ID, phonetest.PIN))
	wants(t, "the old phone", phonetest.Link(ctx, begin(t, w, wire.PairSign, false), renewed(ctx, t, p), nil), "mca.key_elsewhere")
	// And by its old share nothing is signed on the new device either.
	second.Shares[second.Certs[0].Key.ID] = p.Shares[p.Certs[0].Key.ID]
	_, s := asked(t, w, second)
	_, err = second.Work(ctx, s, phonetest.PIN)
	wants(t, "the old share", err, "mca.pin_wrong")
}

// Who recovers a key guesses its PIN no better than who has it: five wrong ones end the day's recoveries.
func TestARecoveryIsNoWayToGuessThePIN(t *testing.T) {
	ctx := t.Context()
	w := phonetest.NewWorld(t)
	p := w.Holder()
	key, code := p.Certs[0].Key.ID, []byte("0123456789abcdef")
	must(t, p.Backup(ctx, key, code))
	second := w.Phone(phonetest.Number)
	request := func() wire.RecoveryRequest {
		w.Clock.Add(time.Minute)
		must(t, second.Renew(ctx))
		sms, err := w.SendCode(ctx, phonetest.Number, wire.CodeRecovery)
		must(t, err)
		return wire.RecoveryRequest{Code: sms, Identity: wire.IdentityRequest{Method: wire.IdentityCFCA, Name: phonetest.Name, IDNumber: phonetest.IDNumber}}
	}
	var open wire.Recovery
	must(t, second.Call(ctx, http.MethodPost, "/recoveries", request(), &open))
	for range 5 {
		wants(t, "a wrong PIN", second.Recover(ctx, request(), code, "000000"), "mca.pin_wrong")
	}
	wants(t, "an offer of the recovery that is open", second.Call(ctx, http.MethodPost, "/keys/"+key+"/reshare", wire.ReshareRequest{Recovery: open.ID}, nil), "mca.limit_reached")
	wants(t, "another recovery", second.Recover(ctx, request(), code, phonetest.PIN), "mca.limit_reached")
	w.Clock.Add(24 * time.Hour)
	must(t, second.Renew(ctx))
	must(t, second.Recover(ctx, request(), code, phonetest.PIN))
}

func renewed(ctx context.Context, t *testing.T, p *phonetest.Phone) *phonetest.Phone {
	t.Helper()
	must(t, p.Renew(ctx))
	return p
}

// A device that was removed is logged out, its pairings are over, and its keys are to be recovered.
func TestADeviceIsRemoved(t *testing.T) {
	ctx := t.Context()
	w := phonetest.NewWorld(t)
	p := w.Holder()
	must(t, p.Backup(ctx, p.Certs[0].Key.ID, []byte("0123456789abcdef")))
	d := linked(t, w, p, wire.PairSign, &wire.SessionChoice{})
	second := w.Phone(phonetest.Number)
	var list wire.DeviceList
	must(t, second.Call(ctx, http.MethodGet, "/devices", nil, &list))
	if len(list.Items) != 2 || !list.Items[0].This || list.Items[1].Keys != 2 {
		t.Fatalf("devices %+v", list.Items)
	}
	must(t, second.Call(ctx, http.MethodDelete, "/devices/"+list.Items[1].ID, nil, nil))
	wants(t, "the device that is gone", p.Call(ctx, http.MethodGet, "/me", nil, nil), "platform.session_over")
	must(t, d.Refresh(ctx, 0))
	if d.Pairing.State != wire.PairingEnded || d.Pairing.Ended != wire.EndedByDevice {
		t.Errorf("its session is %s by %q", d.Pairing.State, d.Pairing.Ended)
	}
	var lost wire.RecoverableList
	must(t, second.Call(ctx, http.MethodGet, "/recoveries", nil, &lost))
	if len(lost.Items) != 2 {
		t.Errorf("%d keys can be recovered", len(lost.Items))
	}
}

// Whoever asks too often is held back: ten pairings a minute for a key, thirty scans a minute from an address.
func TestRates(t *testing.T) {
	ctx := t.Context()
	w := phonetest.NewWorld(t)
	p := w.Phone(phonetest.Number)
	d := begin(t, w, wire.PairSign, false)
	for range 9 {
		must(t, d.Again(ctx, wire.PairSign))
	}
	wants(t, "the eleventh pairing", d.Again(ctx, wire.PairSign), "platform.rate_limited")
	w.Clock.Add(6 * time.Second)
	must(t, d.Again(ctx, wire.PairSign))
	qr := strings.Replace(d.QR(), phonetest.EncodeBytes(d.Secret), phonetest.EncodeBytes(make([]byte, 16)), 1)
	for range 30 {
		_, err := p.Scan(ctx, qr)
		wants(t, "a wrong secret", err, "mca.secret_wrong")
	}
	_, err := p.Scan(ctx, qr)
	wants(t, "the thirty-first scan", err, "platform.rate_limited")
}

// Who waits is answered when something happens, and not before.
func TestWaiting(t *testing.T) {
	ctx := t.Context()
	w := phonetest.NewWorld(t)
	p := w.Holder()
	d := begin(t, w, wire.PairSign, false)
	done := make(chan error, 1)
	began := time.Now()
	go func() { done <- d.Refresh(ctx, 20) }()
	time.Sleep(200 * time.Millisecond)
	select {
	case err := <-done:
		t.Fatalf("answered before anything happened: %v", err)
	default:
	}
	_, err := p.Scan(ctx, d.QR())
	must(t, err)
	must(t, <-done)
	if d.Pairing.State != wire.PairingScanned || time.Since(began) > 10*time.Second {
		t.Errorf("%s after %v", d.Pairing.State, time.Since(began))
	}
	// Not too often at a time.
	var held sync.WaitGroup
	var late atomic.Int64
	for range 20 {
		held.Go(func() {
			var v wire.Pairing
			if err := d.Call(ctx, http.MethodGet, fmt.Sprintf("/pairings/%s?after=%d&wait=2", d.Pairing.ID, d.Pairing.Version), nil, &v); phonetest.Code(err) == "platform.rate_limited" {
				late.Add(1)
			} else if err != nil {
				t.Error(err)
			}
		})
	}
	held.Wait()
	if late.Load() != 4 {
		t.Errorf("%d of 20 were turned away", late.Load())
	}
	// The inbox, too, and what expires is told of within a second.
	inbox, err := p.Inbox(ctx, 0, 0)
	must(t, err)
	_, err = d.Match(ctx)
	must(t, err)
	_, err = p.Accept(ctx, d.Pairing.ID, nil)
	must(t, err)
	must(t, d.Refresh(ctx, 0))
	inbox, err = p.Inbox(ctx, 0, 0)
	must(t, err)
	news := make(chan wire.Inbox, 1)
	go func() {
		next, err := p.Inbox(ctx, inbox.Version, 20)
		if err != nil {
			t.Error(err)
		}
		news <- next
	}()
	time.Sleep(100 * time.Millisecond)
	r, err := d.Ask(ctx, phonetest.Contract(digestOf("contract")))
	must(t, err)
	if got := <-news; len(got.Items) != 1 || got.Items[0].ID != r.ID {
		t.Errorf("inbox %+v", got)
	}
	over := make(chan wire.DesktopRequest, 1)
	go func() {
		next, err := d.Request(ctx, r.ID, r.Version, 20)
		if err != nil {
			t.Error(err)
		}
		over <- next
	}()
	time.Sleep(100 * time.Millisecond)
	w.Clock.Add(2 * time.Minute)
	if got := <-over; got.State != wire.RequestExpired {
		t.Errorf("request %+v", got)
	}
}

// slowIssuer is an issuer that something happens at, before it has issued the first certificate.
type slowIssuer struct {
	*phonetest.Issuer
	first  func()
	issued atomic.Int32
}

func (i *slowIssuer) Issue(ctx context.Context, r mobileca.Certified) ([][]byte, error) {
	if i.issued.Add(1) == 1 {
		i.first()
	}
	return i.Issuer.Issue(ctx, r)
}

// While the issuer takes its time the service goes on with everything else, and who asks again waits for the same certificates.
func TestTheIssuerMayTakeItsTime(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	issuer := &slowIssuer{}
	w := phonetest.NewWorld(t, func(c *mobileca.Config) { issuer.Issuer = c.Issuer.(*phonetest.Issuer); c.Issuer = issuer })
	p := w.Phone(phonetest.Number)
	must(t, p.Identify(ctx, phonetest.Name, phonetest.IDNumber))
	a, err := p.Apply(ctx, phonetest.Hospital)
	must(t, err)
	for _, use := range []wire.KeyUse{wire.UseSign, wire.UseEncrypt} {
		must(t, p.MakeKey(ctx, a.ID, use, phonetest.PIN))
	}
	var again wire.CertificateList
	second := make(chan error, 1)
	issuer.first = func() {
		if _, err := w.SendCode(ctx, "13700000009", wire.CodeLogin); err != nil { // which is written down
			t.Error(err)
		}
		go func() { second <- p.Call(ctx, http.MethodPost, "/applications/"+a.ID+"/certificates", nil, &again) }()
	}
	var list wire.CertificateList
	must(t, p.Call(ctx, http.MethodPost, "/applications/"+a.ID+"/certificates", nil, &list))
	must(t, <-second)
	if n := issuer.issued.Load(); n != 2 || len(list.Items) != 2 || len(again.Items) != 2 || again.Items[0].ID != list.Items[0].ID || len(w.Issuer.Revoked) != 0 {
		t.Errorf("%d were issued; %d and %d are answered, %d revoked", n, len(list.Items), len(again.Items), len(w.Issuer.Revoked))
	}
}

// A certificate of a key that is another one by now is revoked, and not kept.
func TestWhatIsIssuedInVainIsRevoked(t *testing.T) {
	ctx := t.Context()
	issuer := &slowIssuer{}
	w := phonetest.NewWorld(t, func(c *mobileca.Config) { issuer.Issuer = c.Issuer.(*phonetest.Issuer); c.Issuer = issuer })
	p := w.Phone(phonetest.Number)
	must(t, p.Identify(ctx, phonetest.Name, phonetest.IDNumber))
	a, err := p.Apply(ctx, phonetest.Hospital)
	must(t, err)
	issuer.first = func() {
		if err := p.MakeKey(ctx, a.ID, wire.UseEncrypt, phonetest.PIN); err != nil {
			t.Error(err)
		}
	}
	wants(t, "the certificates of a key that was made anew", p.Download(ctx, a.ID, phonetest.PIN), "mca.key_not_ready")
	if kept := get[wire.CertificateList](t, p, "/certificates").Items; len(kept) != 0 || len(w.Issuer.Revoked) != 2 {
		t.Errorf("%d are kept, %d revoked", len(kept), len(w.Issuer.Revoked))
	}
	var list wire.CertificateList
	must(t, p.Call(ctx, http.MethodPost, "/applications/"+a.ID+"/certificates", nil, &list))
	if len(list.Items) != 2 {
		t.Errorf("%d in the end", len(list.Items))
	}
}
