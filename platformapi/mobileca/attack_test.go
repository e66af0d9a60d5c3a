package mobileca_test

import (
	"bytes"
	"crypto/rand"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/emmansun/gmsm/sm2"

	"sealdesk/platformapi"
	"sealdesk/platformapi/mobileca"
	"sealdesk/platformapi/mobileca/phonetest"
	"sealdesk/platformapi/mobileca/twoparty"
	"sealdesk/platformapi/mobileca/twoparty/twopartytest"
	"sealdesk/platformapi/mobileca/wire"
	"sealdesk/platformapi/web/dpop"
)

// asked is a request that a phone has before it.
func asked(t *testing.T, w *phonetest.World, p *phonetest.Phone) (*phonetest.Desktop, phonetest.Shown) {
	t.Helper()
	d := linked(t, w, p, wire.PairSign, nil)
	r, err := d.Ask(t.Context(), phonetest.Contract(digestOf("contract")))
	must(t, err)
	s, err := p.Show(t.Context(), r.ID)
	must(t, err)
	return d, s
}

func answerPath(s phonetest.Shown) string { return "/requests/" + s.Request.ID + "/answer" }

// A message is answered once; a phone that lost the answer asks with a new nonce, three times at most, and one signature
// comes of it.
func TestAnAnswerIsNotGivenTwice(t *testing.T) {
	ctx := t.Context()
	w := phonetest.NewWorld(t)
	p := w.Holder()
	_, s := asked(t, w, p)
	_, message := p.Message(s, phonetest.PIN)
	_, err := p.Exchange(ctx, answerPath(s), message)
	must(t, err)
	_, err = p.Exchange(ctx, answerPath(s), message)
	wants(t, "the same message again", err, "mca.message_used")
	// The phone was offline in the middle: it makes a new nonce.
	signing, message := p.Message(s, phonetest.PIN)
	_, err = p.Exchange(ctx, answerPath(s), message)
	must(t, err)
	_ = signing // this answer was lost, too
	signing, message = p.Message(s, phonetest.PIN)
	answer, err := p.Exchange(ctx, answerPath(s), message)
	must(t, err)
	_, another := p.Message(s, phonetest.PIN)
	_, err = p.Exchange(ctx, answerPath(s), another)
	wants(t, "a fourth answer", err, "mca.answers_used")
	signature, err := signing.Finish(answer)
	must(t, err)
	result := wire.Result{Signature: phonetest.EncodeBytes(signature)}
	must(t, p.Finish(ctx, s.Request.ID, result))
	must(t, p.Finish(ctx, s.Request.ID, result)) // the answer to the first time was lost
	_, err = p.Exchange(ctx, answerPath(s), another)
	wants(t, "an answer after the result", err, "mca.request_over")
}

// Of the same message sent many times at once, one is answered.
func TestAnswersRace(t *testing.T) {
	ctx := t.Context()
	w := phonetest.NewWorld(t)
	p := w.Holder()
	_, s := asked(t, w, p)
	_, message := p.Message(s, phonetest.PIN)
	var answered, used atomic.Int64
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			switch _, err := p.Exchange(ctx, answerPath(s), message); {
			case err == nil:
				answered.Add(1)
			case phonetest.Code(err) == "mca.message_used":
				used.Add(1)
			default:
				t.Error(err)
			}
		})
	}
	all.Wait()
	if answered.Load() != 1 || used.Load() != 7 {
		t.Errorf("%d answers, %d refused", answered.Load(), used.Load())
	}
}

// Wrong PINs at once are each counted: of twenty, five are told to be wrong, and the right one is locked out after that.
func TestTriesRace(t *testing.T) {
	ctx := t.Context()
	w := phonetest.NewWorld(t)
	p := w.Holder()
	d, s := asked(t, w, p)
	var wrong, locked atomic.Int64
	var all sync.WaitGroup
	for i := range 20 {
		all.Go(func() {
			_, message := p.Message(s, fmt.Sprintf("00000%d", i))
			switch _, err := p.Exchange(ctx, answerPath(s), message); phonetest.Code(err) {
			case "mca.pin_wrong":
				wrong.Add(1)
			case "mca.pin_locked":
				locked.Add(1)
			default:
				t.Errorf("try %d: %v", i, err)
			}
		})
	}
	all.Wait()
	if wrong.Load() != 4 || locked.Load() != 16 { // the fifth one locks
		t.Errorf("%d told to be wrong, %d locked", wrong.Load(), locked.Load())
	}
	_, err := p.Work(ctx, s, phonetest.PIN)
	wants(t, "the right PIN of a locked key", err, "mca.pin_locked")
	var k wire.Key
	must(t, p.Call(ctx, http.MethodGet, "/keys/"+s.Request.KeyID, nil, &k))
	if !k.Locked || k.Tries != 0 {
		t.Errorf("key %+v", k)
	}
	// Who asked hears why at once.
	r, err := d.Request(ctx, s.Request.ID, 0, 0)
	must(t, err)
	if r.State != wire.RequestRefused || r.Reason != "mca.pin_locked" {
		t.Errorf("the desktop is told %s, %q", r.State, r.Reason)
	}
	// Nothing else works with it either.
	wants(t, "a link with a locked key", phonetest.Link(ctx, begin(t, w, wire.PairSign, false), p, nil), "mca.pin_locked")
	wants(t, "a change of the PIN of a locked key", p.ChangePIN(ctx, s.Request.KeyID, phonetest.PIN, "111111"), "mca.pin_locked")
}

// Each wrong PIN says how many are left, and a right one begins anew.
func TestTriesAreTold(t *testing.T) {
	ctx := t.Context()
	w := phonetest.NewWorld(t)
	p := w.Holder()
	_, s := asked(t, w, p)
	for round := range 2 {
		for left := 4; left > 1; left-- {
			_, err := p.Work(ctx, s, "000000")
			problem, ok := err.(*phonetest.Problem)
			if !ok || problem.Code != "mca.pin_wrong" || problem.Tries == nil || *problem.Tries != left {
				t.Fatalf("round %d: %v, want %d tries", round, err, left)
			}
		}
		_, err := p.Work(ctx, s, phonetest.PIN)
		must(t, err)
	}
}

// Two phones scan at once: one has the pairing, and the other is told. A phone that has only the id has nothing.
func TestTwoPhonesScan(t *testing.T) {
	ctx := t.Context()
	w := phonetest.NewWorld(t)
	phones := []*phonetest.Phone{w.Phone(phonetest.Number), w.Phone("13912345678"), w.Phone("13712345678")}
	d := begin(t, w, wire.PairLogin, false)
	var got, late atomic.Int64
	var all sync.WaitGroup
	for _, p := range phones[:2] {
		all.Go(func() {
			switch _, err := p.Scan(ctx, d.QR()); {
			case err == nil:
				got.Add(1)
			case phonetest.Code(err) == "mca.already_scanned":
				late.Add(1)
			default:
				t.Error(err)
			}
		})
	}
	all.Wait()
	if got.Load() != 1 || late.Load() != 1 {
		t.Errorf("%d phones have it, %d are late", got.Load(), late.Load())
	}
	wants(t, "a phone that did not scan", phones[2].Call(ctx, http.MethodGet, "/scans/"+d.Pairing.ID, nil, nil), "platform.not_found")

	// The secret is on the screen alone.
	other := begin(t, w, wire.PairLogin, false)
	_, err := phones[2].Scan(ctx, strings.Replace(other.QR(), phonetest.EncodeBytes(other.Secret), phonetest.EncodeBytes(make([]byte, 16)), 1))
	wants(t, "a wrong secret", err, "mca.secret_wrong")
	_, err = phones[2].Scan(ctx, other.QR())
	must(t, err)
}

// A service that names another desktop's key, or another commitment, is found out by the code's fingerprint.
func TestTheServiceCannotSwapDesktops(t *testing.T) {
	ctx := t.Context()
	w := phonetest.NewWorld(t)
	p := w.Holder()
	mine, other := begin(t, w, wire.PairSign, false), begin(t, w, wire.PairSign, false)
	address, fragment, _ := strings.Cut(mine.QR(), "#")
	_, elsewhere, _ := strings.Cut(other.QR(), "#")
	a, b := strings.Split(fragment, "."), strings.Split(elsewhere, ".")
	for name, parts := range map[string][]string{
		"another pairing behind my fingerprint": {a[0], b[1], b[2], a[3]},
		"another fingerprint":                   {a[0], a[1], a[2], b[3]},
	} {
		if _, err := p.Scan(ctx, address+"#"+strings.Join(parts, ".")); !errors.Is(err, phonetest.ErrUnsafe) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Another desktop's key gets nothing of a pairing, whatever it knows; and the nonce is the one that was committed to.
func TestAnotherDesktopHasNothing(t *testing.T) {
	ctx := t.Context()
	w := phonetest.NewWorld(t)
	p := w.Holder()
	d := begin(t, w, wire.PairSign, false)
	_, err := p.Scan(ctx, d.QR())
	must(t, err)
	stranger, err := d.Stranger()
	must(t, err)
	for name, err := range map[string]error{
		"read":   stranger.Refresh(ctx, 0),
		"end":    stranger.End(ctx),
		"reveal": stranger.Call(ctx, http.MethodPut, "/pairings/"+d.Pairing.ID+"/nonce", wire.NonceReveal{Nonce: phonetest.EncodeBytes(d.Nonce)}, nil),
	} {
		wants(t, name, err, "platform.not_found")
	}
	wants(t, "another nonce", d.Call(ctx, http.MethodPut, "/pairings/"+d.Pairing.ID+"/nonce", wire.NonceReveal{Nonce: phonetest.EncodeBytes(make([]byte, 32))}, nil), "mca.nonce_wrong")
	_, err = p.Match(ctx, d.Pairing.ID)
	if err == nil {
		t.Error("a match code without the desktop's nonce")
	}
	_, err = p.Accept(ctx, d.Pairing.ID, nil)
	wants(t, "linking before the codes can be compared", err, "mca.wrong_state")
	_, err = d.Match(ctx)
	must(t, err)
	_, err = p.Accept(ctx, d.Pairing.ID, nil)
	must(t, err)
	must(t, d.Refresh(ctx, 0))
	r, err := d.Ask(ctx, phonetest.Contract(digestOf("contract")))
	must(t, err)
	_, err = stranger.Request(ctx, r.ID, 0, 0)
	wants(t, "its requests", err, "platform.not_found")
	if stranger.Pairing.Link == nil {
		stranger.Pairing = d.Pairing
	}
	_, err = stranger.Ask(ctx, phonetest.Contract(digestOf("contract")))
	wants(t, "a request", err, "platform.not_found")
}

// The service takes only what K_d signed for this pairing, now, in a form that a phone can show.
func TestRequestsThatAreNotTaken(t *testing.T) {
	ctx := t.Context()
	w := phonetest.NewWorld(t)
	p := w.Holder()
	d := linked(t, w, p, wire.PairSign, &wire.SessionChoice{})
	foreign, err := dpop.NewKey()
	must(t, err)
	good := d.Payload(phonetest.Contract(digestOf("contract")))
	jws := func(change func(*wire.RequestPayload)) string {
		r := good
		r.ID = platformapi.NewID()
		document := *good.Document
		r.Document = &document
		if change != nil {
			change(&r)
		}
		text, err := d.JWS(r)
		must(t, err)
		return text
	}
	raw := func(typ, kid string, key *dpop.Key, payload any) string {
		text, err := phonetest.SignRequest(key, jose(typ), kid, payload)
		must(t, err)
		return text
	}
	honest := jws(nil)
	parts := strings.Split(honest, ".")
	other := strings.Split(jws(func(r *wire.RequestPayload) { r.Summary = "x" }), ".")
	swapped := linked(t, w, p, wire.PairSign, &wire.SessionChoice{})
	for name, text := range map[string]string{
		"another key's":               raw(mobileca.RequestType, d.Pairing.ID, foreign, good),
		"another key's, my kid":       raw(mobileca.RequestType, kidOf(t, honest), foreign, good),
		"another type":                raw("dpop+jwt", kidOf(t, honest), d.Key(), good),
		"another kid":                 raw(mobileca.RequestType, "x", d.Key(), good),
		"another payload":             parts[0] + "." + other[1] + "." + parts[2],
		"a field that is not known":   raw(mobileca.RequestType, kidOf(t, honest), d.Key(), map[string]any{"v": 1, "more": true}),
		"another pairing":             jws(func(r *wire.RequestPayload) { r.Pairing = swapped.Pairing.ID }),
		"another kind":                jws(func(r *wire.RequestPayload) { r.Kind = wire.PairLogin }),
		"another certificate":         jws(func(r *wire.RequestPayload) { r.Certificate = p.Certs[1].ID }),
		"another platform":            jws(func(r *wire.RequestPayload) { r.Platform.Origin = "https://evil.example" }),
		"another desktop":             jws(func(r *wire.RequestPayload) { r.Desktop.Name = "x" }),
		"a clock that is late":        jws(func(r *wire.RequestPayload) { r.Iat -= 61 }),
		"a clock that is early":       jws(func(r *wire.RequestPayload) { r.Iat += 61; r.Exp += 61 }),
		"expired":                     jws(func(r *wire.RequestPayload) { r.Exp = r.Iat - 1 }),
		"for ever":                    jws(func(r *wire.RequestPayload) { r.Exp = r.Iat + 181 }),
		"a text":                      jws(func(r *wire.RequestPayload) { r.Form = wire.FormText }),
		"of another document":         jws(func(r *wire.RequestPayload) { r.Document.Digest = phonetest.EncodeBytes(digestOf("other")) }),
		"without a document":          jws(func(r *wire.RequestPayload) { r.Document = nil }),
		"nothing to sign":             jws(func(r *wire.RequestPayload) { r.Tbs = "" }),
		"rubbish to sign":             jws(func(r *wire.RequestPayload) { r.Tbs = "MAA" }),
		"something to decrypt beside": jws(func(r *wire.RequestPayload) { r.Cipher = "MAA" }),
	} {
		_, err := d.Submit(ctx, text)
		wants(t, name, err, "mca.request_wrong")
	}
	// A clock within a minute is taken, and the same again is the same.
	late := jws(func(r *wire.RequestPayload) { r.Iat -= 55 })
	first, err := d.Submit(ctx, late)
	must(t, err)
	again, err := d.Submit(ctx, late)
	if err != nil || again.ID != first.ID {
		t.Errorf("the same again: %+v, %v", again, err)
	}
	inbox, err := p.Inbox(ctx, 0, 0)
	must(t, err)
	if len(inbox.Items) != 1 {
		t.Errorf("%d wait", len(inbox.Items))
	}
	text, err := d.JWS(func() wire.RequestPayload { r := good; r.ID = first.ID; r.Summary = "another"; return r }())
	must(t, err)
	_, err = d.Submit(ctx, text)
	wants(t, "another with the same id", err, "platform.id_taken")
}

// What the service swaps on the way to the phone, the phone finds: the JWS is of the desktop that was scanned, and of this
// request.
func TestThePhoneFindsASwappedJWS(t *testing.T) {
	w := phonetest.NewWorld(t)
	p := w.Holder()
	_, s := asked(t, w, p)
	_, other := asked(t, w, p)
	foreign, err := dpop.NewKey()
	must(t, err)
	bad := s.Payload
	bad.Tbs = other.Payload.Tbs
	bad.Document = &wire.RequestDocument{Title: "另一份合同", Digest: phonetest.EncodeBytes(digestOf("other")), DigestAlg: wire.DigestSM3}
	forged, err := phonetest.SignRequest(foreign, mobileca.RequestType, kidOf(t, s.Request.JWS), s.Payload)
	must(t, err)
	for name, change := range map[string]func(*wire.PhoneRequest){
		"another request's":     func(r *wire.PhoneRequest) { r.JWS = other.Request.JWS },
		"signed by the service": func(r *wire.PhoneRequest) { r.JWS = forged },
		"with a key of its own": func(r *wire.PhoneRequest) { k := other.Request.Key; r.JWS, r.Key = forged, k },
		"another certificate":   func(r *wire.PhoneRequest) { r.Certificate = p.Certs[1].ID },
		"another pairing":       func(r *wire.PhoneRequest) { r.Pairing = other.Request.Pairing },
		"another kind":          func(r *wire.PhoneRequest) { r.Kind = wire.KindLogin },
	} {
		r := s.Request
		change(&r)
		if _, err := p.Check(r); !errors.Is(err, phonetest.ErrUnsafe) {
			t.Errorf("%s: the phone shows it", name)
		}
	}
	if _, err := p.Check(s.Request); err != nil {
		t.Errorf("the honest one: %v", err)
	}
}

// Service and phone each reckon e: a phone that asks for another digest than the one of the request has a wrong proof, and a
// result of another digest is not taken.
func TestAnotherDigestIsNotSigned(t *testing.T) {
	ctx := t.Context()
	w := phonetest.NewWorld(t)
	p := w.Holder()
	d, s := asked(t, w, p)
	other := s
	other.E = digestOf("something else")
	_, message := p.Message(other, phonetest.PIN)
	_, err := p.Exchange(ctx, answerPath(s), message)
	wants(t, "a proof of another e", err, "mca.pin_wrong")
	for name, signature := range map[string][]byte{
		"nothing":  {0x30, 6, 2, 1, 0, 2, 1, 0},
		"one, one": {0x30, 6, 2, 1, 1, 2, 1, 1},
		"rubbish":  bytes.Repeat([]byte{1}, 70),
	} {
		wants(t, name, p.Finish(ctx, s.Request.ID, wire.Result{Signature: phonetest.EncodeBytes(signature)}), "mca.result_wrong")
	}
	wants(t, "a sealed text for a signature", p.Finish(ctx, s.Request.ID, wire.Result{Sealed: &wire.Sealed{Epk: d.JWK(), IV: strings.Repeat("A", 16), Ciphertext: "AAAA"}}), "mca.result_wrong")
	r, err := d.Request(ctx, s.Request.ID, 0, 0)
	must(t, err)
	if r.Result != nil || r.State != wire.RequestShown {
		t.Errorf("request %+v", r)
	}
}

// The service alone and the phone alone cannot sign: with its share and any other in the other's place, nothing verifies.
func TestNobodySignsAlone(t *testing.T) {
	ctx := t.Context()
	w := phonetest.NewWorld(t)
	p := w.Holder()
	d, s := asked(t, w, p)
	der, err := d.Certificate(wire.UseSign)
	must(t, err)
	public, err := phonetest.Public(der)
	must(t, err)
	scheme := twoparty.Shared{}
	c := twoparty.Context{Account: p.Me.Account, Session: s.Request.ID}
	// The phone plays the service with a share that it made with a stranger.
	creation, commitment := twopartytest.Begin(c)
	pending, answer, err := scheme.BeginKey(c, commitment)
	must(t, err)
	stranger, opening, err := creation.Finish(answer, phonetest.PIN, phonetest.Rounds)
	must(t, err)
	share, err := scheme.FinishKey(c, pending, opening)
	must(t, err)
	signing, message := stranger.Sign(c, s.E, phonetest.PIN)
	half, err := scheme.Sign(c, share, s.E, message)
	must(t, err)
	signature, err := signing.Finish(half)
	must(t, err)
	if sm2.VerifyASN1(public, s.E, signature) {
		t.Error("the phone alone signs")
	}
	mine, message := p.Message(s, phonetest.PIN)
	if _, err := scheme.Sign(c, share, s.E, message); err == nil {
		t.Error("a share of another key answers the phone")
	}
	if signature, err := mine.Finish(half); err == nil {
		t.Errorf("the phone takes another's answer: %x", signature)
	}
	// The service plays the phone: what it knows of the phone's share passes no check of the PIN.
	_, message = stranger.Sign(c, s.E, phonetest.PIN)
	_, err = p.Exchange(ctx, answerPath(s), message)
	wants(t, "a stranger's share", err, "mca.pin_wrong")
	// And what lies in its store is sealed: the file holds neither a share nor a plain digest of a code or an identity.
	file := w.Contents()
	kept := twopartytest.Kept(p.Shares[s.Request.KeyID])
	for name, secret := range map[string][]byte{"the phone's share": kept[:32], "the identity number": []byte(phonetest.IDNumber)} {
		if bytes.Contains(file, secret) || bytes.Contains(file, []byte(phonetest.EncodeBytes(secret))) {
			t.Errorf("the store holds %s", name)
		}
	}
}

// A refused, an expired and a cancelled request have no answer, and a desktop that closed gets nothing late.
func TestWhatIsOverIsNotAnswered(t *testing.T) {
	ctx := t.Context()
	w := phonetest.NewWorld(t)
	p := w.Holder()
	work := func(s phonetest.Shown) error {
		_, err := p.Work(ctx, s, phonetest.PIN)
		return err
	}
	d, s := asked(t, w, p)
	must(t, p.Call(ctx, http.MethodPut, "/requests/"+s.Request.ID+"/refusal", wire.Refusal{Reason: "不是我的合同"}, nil))
	wants(t, "refused", work(s), "mca.request_over")
	r, err := d.Request(ctx, s.Request.ID, 0, 0)
	must(t, err)
	if r.State != wire.RequestRefused || r.Reason != "不是我的合同" {
		t.Errorf("request %+v", r)
	}
	// It may be put again in the same pairing.
	r, err = d.Ask(ctx, phonetest.Contract(digestOf("contract")))
	must(t, err)
	s, err = p.Show(ctx, r.ID)
	must(t, err)
	must(t, d.Call(ctx, http.MethodDelete, "/pairings/"+d.Pairing.ID+"/requests/"+r.ID, nil, nil))
	wants(t, "cancelled", work(s), "mca.request_over")

	_, s = asked(t, w, p)
	w.Clock.Add(61 * time.Second) // it was to hold for a minute
	wants(t, "expired", work(s), "mca.request_over")

	d, s = asked(t, w, p)
	must(t, d.End(ctx))
	wants(t, "its desktop closed", work(s), "mca.request_over")

	// The code itself holds for two minutes, a scan for three.
	late := begin(t, w, wire.PairSign, false)
	w.Clock.Add(2 * time.Minute)
	_, err = p.Scan(ctx, late.QR())
	wants(t, "an old code", err, "mca.pairing_over")
	late = begin(t, w, wire.PairSign, false)
	_, err = p.Scan(ctx, late.QR())
	must(t, err)
	_, err = late.Match(ctx)
	must(t, err)
	w.Clock.Add(3 * time.Minute)
	_, err = p.Accept(ctx, late.Pairing.ID, nil)
	wants(t, "an old scan", err, "mca.pairing_over")
	must(t, late.Refresh(ctx, 0))
	if late.Pairing.State != wire.PairingExpired {
		t.Errorf("it is %s", late.Pairing.State)
	}
	// Signed in time, fetched too late.
	d, s = asked(t, w, p)
	must(t, p.Renew(ctx))
	result, err := p.Work(ctx, s, phonetest.PIN)
	must(t, err)
	must(t, p.Finish(ctx, s.Request.ID, result))
	w.Clock.Add(10 * time.Minute)
	r, err = d.Request(ctx, s.Request.ID, 0, 0)
	must(t, err)
	if r.Result != nil {
		t.Error("a result is handed out after ten minutes")
	}
}

// Another phone of the same account has no share, and sees nothing of this one's requests.
func TestAShareLivesOnOneDevice(t *testing.T) {
	ctx := t.Context()
	w := phonetest.NewWorld(t)
	p := w.Holder()
	_, s := asked(t, w, p)
	second := w.Phone(phonetest.Number)
	second.Certs, second.Shares = p.Certs, p.Shares // it even has a copy of all that the first one has
	_, err := second.Request(ctx, s.Request.ID)
	wants(t, "a request to the other device", err, "platform.not_found")
	_, message := second.Message(s, phonetest.PIN)
	_, err = second.Exchange(ctx, answerPath(s), message)
	wants(t, "an answer to the other device", err, "platform.not_found")
	wants(t, "a link", phonetest.Link(ctx, begin(t, w, wire.PairSign, false), second, nil), "mca.key_elsewhere")
	// Somebody else's account still less.
	third := w.Phone("13712345678")
	third.Certs = p.Certs
	wants(t, "another account's certificate", phonetest.Link(ctx, begin(t, w, wire.PairSign, false), third, nil), "platform.not_found")
	for _, path := range []string{"/keys/" + s.Request.KeyID, "/certificates/" + p.Certs[0].ID, "/requests/" + s.Request.ID} {
		wants(t, path, third.Call(ctx, http.MethodGet, path, nil, nil), "platform.not_found")
	}
}

// C1 is read from the cipher that the desktop signed; a proof of another point is none, and points off the curve do nothing.
func TestDecryptionIsOfOneCipher(t *testing.T) {
	ctx := t.Context()
	w := phonetest.NewWorld(t)
	p := w.Holder()
	d := linked(t, w, p, wire.PairDecrypt, nil)
	der, err := d.Certificate(wire.UseEncrypt)
	must(t, err)
	public, err := phonetest.Public(der)
	must(t, err)
	ciphers := [2][]byte{}
	for i := range ciphers {
		ciphers[i], err = sm2.EncryptASN1(rand.Reader, public, []byte("bid"))
		must(t, err)
	}
	off := slices.Clone(ciphers[0])
	off[20] ^= 1 // within C1
	_, err = d.Ask(ctx, wire.RequestPayload{Cipher: phonetest.EncodeBytes(off)})
	wants(t, "a point off the curve", err, "mca.request_wrong")
	r, err := d.Ask(ctx, wire.RequestPayload{Cipher: phonetest.EncodeBytes(ciphers[0])})
	must(t, err)
	s, err := p.Show(ctx, r.ID)
	must(t, err)
	other := s
	other.Cipher, err = sm2.ASN1Ciphertext2Plain(ciphers[1], nil)
	must(t, err)
	_, err = p.Work(ctx, other, phonetest.PIN)
	wants(t, "another cipher", err, "mca.pin_wrong")
	result, err := p.Work(ctx, s, phonetest.PIN)
	must(t, err)
	must(t, p.Finish(ctx, r.ID, result))
}

// A pairing without a session has one request at a time.
func TestOneRequestAtATime(t *testing.T) {
	w := phonetest.NewWorld(t)
	p := w.Holder()
	d, _ := asked(t, w, p)
	_, err := d.Ask(t.Context(), phonetest.Contract(digestOf("another")))
	wants(t, "a second request beside the first", err, "mca.request_busy")
}
