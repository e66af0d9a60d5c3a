package twoparty_test

import (
	"bytes"
	"errors"
	"math/big"
	"testing"

	"github.com/emmansun/gmsm/sm2"

	"sealdesk/platformapi/mobileca/twoparty"
	"sealdesk/platformapi/mobileca/twoparty/internal/curve"
	"sealdesk/platformapi/mobileca/twoparty/twopartytest"
)

// A service that answers s2 = 0, s3 = 1 would have d1 = s + r of the sum; zero is out of range, and with any other
// answer of its own making the sum must not leave the phone.
func TestAServiceCannotAskForTheShare(t *testing.T) {
	p := newPair(t)
	e := p.digest(t, []byte("contract"))
	c := context("greedy")
	zero, one := make([]byte, 32), append(make([]byte, 31), 1)
	signing, request := p.phone.Sign(c, e, pin)
	honest, err := scheme.Sign(c, p.share, e, request)
	if err != nil {
		t.Fatal(err)
	}
	r, s2, s3 := honest[:32], honest[32:64], honest[64:]
	for name, answer := range map[string][]byte{
		"s2 = 0, s3 = 1":    join(r, zero, one),
		"s2 = 1, s3 = 1":    join(r, one, one),
		"s3 alone changed":  join(r, s2, one),
		"r changed":         join(one, s2, s3),
		"s2 and s3 swapped": join(r, s3, s2),
		"s2 = n":            join(r, order.FillBytes(make([]byte, 32)), s3),
		"cut":               honest[:95],
		"longer":            join(honest, one),
	} {
		signing, _ := p.phone.Sign(c, e, pin)
		if signature, err := signing.Finish(answer); !errors.Is(err, twopartytest.ErrAnswer) || signature != nil {
			t.Errorf("%s: the phone lets %x out, %v", name, signature, err)
		}
	}
	if _, err := signing.Finish(honest); err != nil {
		t.Errorf("the honest answer: %v", err)
	}
}

// A nonce used twice gives two linear equations for d1: the phone's request answers once, whatever came of it.
func TestANonceAnswersOnce(t *testing.T) {
	p := newPair(t)
	e := p.digest(t, []byte("contract"))
	c := context("twice")
	signing, request := p.phone.Sign(c, e, pin)
	first, err := scheme.Sign(c, p.share, e, request)
	if err != nil {
		t.Fatal(err)
	}
	second, err := scheme.Sign(c, p.share, e, request)
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Equal(first, second) {
		t.Error("the service answers twice with one nonce")
	}
	if _, err := signing.Finish(first); err != nil {
		t.Fatal(err)
	}
	if _, err := signing.Finish(second); !errors.Is(err, twopartytest.ErrUsed) {
		t.Errorf("the phone answers twice with one nonce: %v", err)
	}
	failed, _ := p.phone.Sign(c, e, pin)
	_, _ = failed.Finish(first)
	if _, err := failed.Finish(second); !errors.Is(err, twopartytest.ErrUsed) {
		t.Errorf("the phone answers again after a bad answer: %v", err)
	}
}

// Neither side chooses the key: the phone cannot open another part than it committed to after it saw the service's, and
// the service's part comes with a proof that it knows what is behind it.
func TestNeitherSideChoosesTheKey(t *testing.T) {
	c := context("rogue")
	_, commitment := twopartytest.Begin(c)
	pending, answer, err := scheme.BeginKey(c, commitment)
	if err != nil {
		t.Fatal(err)
	}
	other, _ := twopartytest.Begin(c)
	// The phone that opens what it did not commit to.
	_, _, err = other.Finish(answer, pin, rounds)
	if !errors.Is(err, twopartytest.ErrAnswer) {
		t.Errorf("a phone takes a service's part that was made for another commitment: %v", err)
	}
	x := curve.Random()
	opening := join(curve.Base(x).Bytes(), curve.Prove(x, "phone's part", []byte(c.Account), []byte(c.Session)))
	if _, err := scheme.FinishKey(c, pending, opening); !errors.Is(err, twoparty.ErrMessage) {
		t.Errorf("the service takes an opening that was not committed to: %v", err)
	}
	// The service that answers with a point whose logarithm it does not know: the phone's own part, mirrored.
	creation, commitment := twopartytest.Begin(c)
	_, answer, err = scheme.BeginKey(c, commitment)
	if err != nil {
		t.Fatal(err)
	}
	answer = join(curve.Base(curve.Random()).Bytes(), answer[65:])
	if _, _, err := creation.Finish(answer, pin, rounds); !errors.Is(err, twopartytest.ErrAnswer) {
		t.Errorf("the phone takes a part without a proof: %v", err)
	}
	// The phone that commits to a part without a proof, and to a proof of another session.
	for name, proof := range map[string][]byte{
		"none":            make([]byte, 97),
		"another session": curve.Prove(x, "phone's part", []byte(c.Account), []byte("yesterday")),
		"another account": curve.Prove(x, "phone's part", []byte("13900000000"), []byte(c.Session)),
		"another purpose": curve.Prove(x, "nonce", []byte(c.Account), []byte(c.Session)),
		"another point":   curve.Prove(curve.Random(), "phone's part", []byte(c.Account), []byte(c.Session)),
	} {
		opening := join(curve.Base(x).Bytes(), proof)
		pending, _, err := scheme.BeginKey(c, twoparty.Commitment(c, opening))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := scheme.FinishKey(c, pending, opening); !errors.Is(err, twoparty.ErrMessage) {
			t.Errorf("proof, %s: %v", name, err)
		}
	}
}

// gmsm's multiplication panics on a point off the curve, and an answer to one would tell the share bit by bit.
func TestPointsAreChecked(t *testing.T) {
	p := newPair(t)
	e := p.digest(t, []byte("contract"))
	c := context("points")
	_, request := p.phone.Sign(c, e, pin)
	off := bytes.Clone(request[:65])
	off[64] ^= 1
	for name, q := range map[string][]byte{
		"off the curve": off,
		"all zero":      make([]byte, 65),
		"infinity":      append([]byte{4}, make([]byte, 64)...),
		"compressed":    append([]byte{2}, request[1:65]...),
		"x beyond p":    join([]byte{4}, bytes.Repeat([]byte{0xff}, 32), request[33:65]),
	} {
		if _, err := scheme.Sign(c, p.share, e, join(q, request[65:])); err == nil {
			t.Errorf("nonce %s: answered", name)
		}
		if _, err := scheme.Decrypt(c, p.share, q, request[65:65+97]); !errors.Is(err, twoparty.ErrMessage) {
			t.Errorf("ciphertext %s: %v", name, err)
		}
		if _, err := curve.ParsePoint(q); !errors.Is(err, curve.ErrPoint) {
			t.Errorf("%s: %v", name, err)
		}
	}
	// With the right PIN, so that it is the point that is refused: a nonce off the curve, and one without its proof.
	d1 := shareOf(t, p)
	for name, q := range map[string][]byte{"off the curve": off, "of another proof": curve.Base(curve.Random()).Bytes()} {
		asked := join(q, request[65:65+97], curve.Prove(d1.Inverse(), "PIN, sign", []byte(c.Account), []byte(c.Session), e, q))
		if _, err := scheme.Sign(c, p.share, e, asked); !errors.Is(err, twoparty.ErrMessage) {
			t.Errorf("nonce %s, PIN right: %v", name, err)
		}
	}
}

// shareOf does what no program does: it takes d1 by the answer of a greedy service to a phone that would not check.
func shareOf(t *testing.T, p pair) curve.Scalar {
	t.Helper()
	return twopartytest.Share(p.phone, pin)
}

// A wrong PIN costs a try at the service, and whoever listens cannot use what was sent for anything else.
func TestRequestsAreBound(t *testing.T) {
	p := newPair(t)
	e, other := p.digest(t, []byte("contract")), p.digest(t, []byte("another contract"))
	c := context("bound")
	if _, err := p.sign(t, "wrong PIN", e, "135791"); !errors.Is(err, twoparty.ErrPIN) {
		t.Errorf("a wrong PIN: %v", err)
	}
	_, request := p.phone.Sign(c, e, pin)
	_, fresh := p.phone.Sign(c, e, pin)
	for name, tt := range map[string]struct {
		c       twoparty.Context
		e       []byte
		request []byte
	}{
		"another session":          {context("bound 2"), e, request},
		"another account":          {twoparty.Context{Account: "13900000000", Session: c.Session}, e, request},
		"account and session meet": {twoparty.Context{Account: c.Account + c.Session[:1], Session: c.Session[1:]}, e, request},
		"another document":         {c, other, request},
		"another nonce":            {c, e, join(fresh[:65+97], request[65+97:])},
	} {
		if _, err := scheme.Sign(tt.c, p.share, tt.e, tt.request); !errors.Is(err, twoparty.ErrPIN) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// From what a phone keeps, every PIN opens to some share, and nothing there tells the right one.
func TestAStolenPhoneTellsNoPIN(t *testing.T) {
	p := newPair(t)
	e := p.digest(t, []byte("contract"))
	kept := twopartytest.Kept(p.phone)
	d1 := shareOf(t, p)
	for name, secret := range map[string][]byte{"d1": d1.Bytes(), "1/d1·G": curve.Base(d1.Inverse()).Bytes()[1:33]} {
		if bytes.Contains(kept, secret) {
			t.Errorf("the phone keeps %s", name)
		}
	}
	for _, guess := range []string{"000000", "111111", "", "135790 "} {
		signing, request := p.phone.Sign(context("stolen "+guess), e, guess)
		if len(request) != 65+2*97 {
			t.Errorf("PIN %q is told apart on the phone", guess)
		}
		if _, err := scheme.Sign(context("stolen "+guess), p.share, e, request); !errors.Is(err, twoparty.ErrPIN) {
			t.Errorf("PIN %q: %v", guess, err)
		}
		_ = signing
	}
}

// Neither half signs alone: a phone that guesses the service's share, and a service that guesses the phone's.
func TestNeitherHalfSignsAlone(t *testing.T) {
	p, stranger := newPair(t), newPair(t)
	message := []byte("contract")
	e := p.digest(t, message)
	c := context("alone")
	// The phone plays the service with a share of its own making.
	signing, request := p.phone.Sign(c, e, pin)
	mine := stranger.share
	if _, err := scheme.Sign(c, mine, e, request); !errors.Is(err, twoparty.ErrPIN) {
		t.Errorf("a share of another key answers: %v", err)
	}
	d2, k2, k3 := curve.Random(), curve.Random(), curve.Random()
	q1, err := curve.ParsePoint(request[:65])
	if err != nil {
		t.Fatal(err)
	}
	nonce, err := q1.Times(k3).Plus(curve.Base(k2))
	if err != nil {
		t.Fatal(err)
	}
	r := curve.Reduce(e).Plus(nonce.X())
	forged := join(r.Bytes(), d2.Times(k3).Bytes(), d2.Times(r.Plus(k2)).Bytes())
	if _, err := signing.Finish(forged); !errors.Is(err, twopartytest.ErrAnswer) {
		t.Errorf("the phone alone signs: %v", err)
	}
	// The service plays the phone with a share of its own making: it passes its own check of the PIN only with the
	// phone's share.
	_, request = stranger.phone.Sign(c, e, pin)
	if _, err := scheme.Sign(c, p.share, e, request); !errors.Is(err, twoparty.ErrPIN) {
		t.Errorf("another phone asks: %v", err)
	}
	d1, k1 := curve.Random(), curve.Random()
	secret, err := curve.ParseScalar(p.share[1:33])
	if err != nil {
		t.Fatal(err)
	}
	nonce = curve.Base(k1.Times(k3).Plus(k2))
	r = curve.Reduce(e).Plus(nonce.X())
	s := d1.Times(k1).Times(secret.Times(k3)).Plus(d1.Times(secret.Times(r.Plus(k2)))).Minus(r)
	if sm2.Verify(p.phone.Public(), e, new(big.Int).SetBytes(r.Bytes()), new(big.Int).SetBytes(s.Bytes())) {
		t.Error("the service alone signs")
	}
}

func join(parts ...[]byte) []byte { return bytes.Join(parts, nil) }
