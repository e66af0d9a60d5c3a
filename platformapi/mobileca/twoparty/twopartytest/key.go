package twopartytest

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/pbkdf2"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"

	"sealdesk/platformapi/mobileca/twoparty"
	"sealdesk/platformapi/mobileca/twoparty/internal/curve"
)

// Errors of the phone's half. Nothing but the error may leave the phone when one is met.
var (
	// ErrAnswer: the service's answer is not what the scheme prescribes.
	ErrAnswer = errors.New("twopartytest: the service's answer does not hold")
	// ErrUsed: a nonce answers once.
	ErrUsed = errors.New("twopartytest: this request is over")
)

// Phone is what a phone keeps: its share, blinded by a PIN, and the public key. None of it tells whether a PIN is right.
type Phone struct {
	blinded curve.Scalar
	salt    []byte
	public  curve.Point

	// Rounds is PBKDF2's, few in tests.
	Rounds int
}

// Public is the shared key.
func (p *Phone) Public() *ecdsa.PublicKey { return p.public.Public() }

func mask(pin string, salt []byte, rounds int) curve.Scalar {
	key, err := pbkdf2.Key(sha256.New, pin, salt, rounds, curve.Size)
	if err != nil {
		panic(err) // only for lengths that are not these
	}
	return curve.Reduce(key)
}

// open gives d1, or something like it when the PIN is wrong.
func (p *Phone) open(pin string) curve.Scalar { return p.blinded.Plus(mask(pin, p.salt, p.Rounds)) }

func blind(d1 curve.Scalar, public curve.Point, pin string, rounds int) *Phone {
	salt := make([]byte, 16)
	_, _ = rand.Read(salt)
	return &Phone{d1.Minus(mask(pin, salt, rounds)), salt, public, rounds}
}

// ChangePIN blinds the share anew. The old PIN is not checked: nobody but the service could.
func (p *Phone) ChangePIN(from, to string) *Phone {
	return blind(p.open(from), p.public, to, p.Rounds)
}

// Creation is a key in the making.
type Creation struct {
	context twoparty.Context
	d1      curve.Scalar
	opening []byte
}

// Begin makes the phone's part and the commitment to it.
func Begin(c twoparty.Context) (*Creation, []byte) {
	d1 := curve.Random()
	inverse := d1.Inverse()
	proof := curve.Prove(inverse, "phone's part", []byte(c.Account), []byte(c.Session))
	opening := append(curve.Base(inverse).Bytes(), proof...)
	return &Creation{c, d1, opening}, commit(c, opening)
}

func commit(c twoparty.Context, opening []byte) []byte {
	h := sha256.New()
	curve.WriteParts(h, []byte(c.Account), []byte(c.Session), opening)
	return h.Sum(nil)
}

// Finish takes the service's part, and gives what the phone keeps and the opening that the service waits for.
func (k *Creation) Finish(answer []byte, pin string, rounds int) (*Phone, []byte, error) {
	if len(answer) != curve.PointSize+curve.ProofSize {
		return nil, nil, fmt.Errorf("%w: length", ErrAnswer)
	}
	p2, err := curve.ParsePoint(answer[:curve.PointSize])
	if err != nil {
		return nil, nil, fmt.Errorf("%w: %w", ErrAnswer, err)
	}
	c := k.context
	if err := curve.Check(answer[curve.PointSize:], p2, "service's part", []byte(c.Account), []byte(c.Session), commit(c, k.opening)); err != nil {
		return nil, nil, fmt.Errorf("%w: %w", ErrAnswer, err)
	}
	public, err := p2.Times(k.d1.Inverse()).Minus(curve.G())
	if err != nil {
		return nil, nil, fmt.Errorf("%w: %w", ErrAnswer, err)
	}
	return blind(k.d1, public, pin, rounds), k.opening, nil
}

// Reshare takes the service's offer, and gives what the phone keeps from when the service has accepted the proof.
func (p *Phone) Reshare(c twoparty.Context, offer []byte, pin string) (*Phone, []byte, error) {
	t, err := curve.ParseScalar(offer)
	if err != nil {
		return nil, nil, fmt.Errorf("%w: %w", ErrAnswer, err)
	}
	next := p.open(pin).Times(t)
	proof := curve.Prove(next.Inverse(), "PIN, reshare", []byte(c.Account), []byte(c.Session), bytes.Clone(offer))
	return blind(next, p.public, pin, p.Rounds), proof, nil
}
