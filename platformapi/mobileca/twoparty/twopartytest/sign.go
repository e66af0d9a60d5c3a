package twopartytest

import (
	"fmt"
	"math/big"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"

	"sealdesk/platformapi/mobileca/twoparty"
	"sealdesk/platformapi/mobileca/twoparty/internal/curve"
)

// Signing is one signature in the making. Its nonce lives in memory alone and answers once.
type Signing struct {
	phone *Phone
	d1    curve.Scalar
	k1    curve.Scalar
	e     []byte
	over  bool
}

// Sign makes the request for a signature of e, the digest that the phone made itself from what it showed.
func (p *Phone) Sign(c twoparty.Context, e []byte, pin string) (*Signing, []byte) {
	d1, k1 := p.open(pin), curve.Random()
	q1 := curve.Base(k1).Bytes()
	account, session := []byte(c.Account), []byte(c.Session)
	request := append([]byte{}, q1...)
	request = append(request, curve.Prove(k1, "nonce", account, session, e)...)
	request = append(request, curve.Prove(d1.Inverse(), "PIN, sign", account, session, e, q1)...)
	return &Signing{phone: p, d1: d1, k1: k1, e: e}, request
}

// Finish makes the signature (GB/T 35276, SM2Signature) of the service's answer. It lets it leave only when it verifies with the
// phone's own digest and key: a service that answers (r, 0, 1) would learn d1 of the sum.
func (s *Signing) Finish(answer []byte) ([]byte, error) {
	if s.over {
		return nil, ErrUsed
	}
	s.over = true
	defer s.k1.Wipe()
	defer s.d1.Wipe()
	if len(answer) != 3*curve.Size {
		return nil, fmt.Errorf("%w: length", ErrAnswer)
	}
	var v [3]curve.Scalar
	for i := range v {
		var err error
		if v[i], err = curve.ParseScalar(answer[i*curve.Size : (i+1)*curve.Size]); err != nil {
			return nil, fmt.Errorf("%w: %w", ErrAnswer, err)
		}
	}
	r, s2, s3 := v[0], v[1], v[2]
	sum := s.d1.Times(s.k1).Times(s2).Plus(s.d1.Times(s3)).Minus(r)
	if err := s.verify(r, sum); err != nil {
		return nil, err
	}
	return der(r, sum)
}

func (s *Signing) verify(r, sum curve.Scalar) error {
	t := r.Plus(sum)
	if sum.IsZero() || t.IsZero() {
		return fmt.Errorf("%w: no signature", ErrAnswer)
	}
	nonce, err := curve.Base(sum).Plus(s.phone.public.Times(t))
	if err != nil || !curve.Reduce(s.e).Plus(nonce.X()).Equal(r) {
		return fmt.Errorf("%w: the signature does not verify", ErrAnswer)
	}
	return nil
}

func der(r, s curve.Scalar) ([]byte, error) {
	var b cryptobyte.Builder
	b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1BigInt(new(big.Int).SetBytes(r.Bytes()))
		b.AddASN1BigInt(new(big.Int).SetBytes(s.Bytes()))
	})
	return b.Bytes()
}
