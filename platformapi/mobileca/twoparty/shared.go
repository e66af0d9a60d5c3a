package twoparty

import (
	"crypto/ecdsa"
	"crypto/sha256"
	"crypto/subtle"
	"fmt"

	"sealdesk/platformapi/mobileca/twoparty/internal/curve"
)

// Shared is the scheme of CN104243456, with proofs. Its zero value is ready.
type Shared struct{}

var _ Scheme = Shared{}

// Name is "sm2-shared-1".
func (Shared) Name() string { return "sm2-shared-1" }

// Commitment is what the phone sends before it sees the service's part: a digest of its own part with the proof.
func Commitment(c Context, opening []byte) []byte {
	h := sha256.New()
	curve.WriteParts(h, c.parts(opening)...)
	return h.Sum(nil)
}

// BeginKey answers with 1/d2·G and the proof of 1/d2. That the phone committed before, and opens after, is why neither
// side can choose the key by the other's part.
func (Shared) BeginKey(c Context, commitment []byte) (pending, answer []byte, err error) {
	if len(commitment) != sha256.Size {
		return nil, nil, fmt.Errorf("%w: a commitment of %d bytes", ErrMessage, len(commitment))
	}
	d2 := curve.Random()
	defer d2.Wipe()
	inverse := d2.Inverse()
	defer inverse.Wipe()
	proof := curve.Prove(inverse, domainServicePart, c.parts(commitment)...)
	return append(d2.Bytes(), commitment...), append(curve.Base(inverse).Bytes(), proof...), nil
}

// FinishKey takes 1/d1·G and the proof of 1/d1.
func (Shared) FinishKey(c Context, pending, opening []byte) ([]byte, error) {
	kept, err := cut(pending, curve.Size, sha256.Size)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrShare, err)
	}
	d2, err := curve.ParseScalar(kept[0])
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrShare, err)
	}
	defer d2.Wipe()
	if subtle.ConstantTimeCompare(Commitment(c, opening), kept[1]) != 1 {
		return nil, fmt.Errorf("%w: the phone opened another part than it committed to", ErrMessage)
	}
	m, err := cut(opening, curve.PointSize, curve.ProofSize)
	if err != nil {
		return nil, err
	}
	phone, err := point(m[0], "the phone's part")
	if err != nil {
		return nil, err
	}
	if err := curve.Check(m[1], phone, domainPhonePart, c.parts()...); err != nil {
		return nil, fmt.Errorf("%w: the phone's part: %w", ErrMessage, err)
	}
	public, err := publicKey(d2, phone)
	if err != nil {
		return nil, fmt.Errorf("%w: the parts cancel: %w", ErrMessage, err)
	}
	return share{d2, phone, public}.bytes(), nil
}

// Public reads the key from the share.
func (Shared) Public(stored []byte) (*ecdsa.PublicKey, error) {
	s, err := parseShare(stored)
	if err != nil {
		return nil, err
	}
	return s.publicKey.Public(), nil
}

// Sign takes k1·G with the proof of k1, and the proof of 1/d1 over both and e; it answers r, d2·k3 and d2·(r+k2) for a
// nonce k1·k3+k2, of which the service made its part anew.
func (Shared) Sign(c Context, stored, e, request []byte) ([]byte, error) {
	s, err := parseShare(stored)
	if err != nil {
		return nil, err
	}
	defer s.d2.Wipe()
	if len(e) != curve.Size {
		return nil, fmt.Errorf("%w: a digest of %d bytes", ErrMessage, len(e))
	}
	m, err := cut(request, curve.PointSize, curve.ProofSize, curve.ProofSize)
	if err != nil {
		return nil, err
	}
	// The PIN first: whoever has not the share learns nothing of what else would be wrong.
	if err := curve.Check(m[2], s.phone, domainSign, c.parts(e, m[0])...); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrPIN, err)
	}
	q1, err := point(m[0], "the phone's nonce")
	if err != nil {
		return nil, err
	}
	if err := curve.Check(m[1], q1, domainNonce, c.parts(e)...); err != nil {
		return nil, fmt.Errorf("%w: the phone's nonce: %w", ErrMessage, err)
	}
	for {
		k2, k3 := curve.Random(), curve.Random()
		nonce, err := q1.Times(k3).Plus(curve.Base(k2))
		r := curve.Scalar{}
		if err == nil {
			r = curve.Reduce(e).Plus(nonce.X())
		}
		if err != nil || r.IsZero() || r.Plus(k2).IsZero() {
			continue // once in 2^256, and an answer that the scheme has no room for
		}
		answer := append(r.Bytes(), s.d2.Times(k3).Bytes()...)
		answer = append(answer, s.d2.Times(r.Plus(k2)).Bytes()...)
		k2.Wipe()
		k3.Wipe()
		return answer, nil
	}
}

// Decrypt takes the proof of 1/d1 over C1, and answers 1/d2·C1.
func (Shared) Decrypt(c Context, stored, c1, request []byte) ([]byte, error) {
	s, err := parseShare(stored)
	if err != nil {
		return nil, err
	}
	defer s.d2.Wipe()
	p, err := point(c1, "the ciphertext's point")
	if err != nil {
		return nil, err
	}
	if err := curve.Check(request, s.phone, domainDecrypt, c.parts(c1)...); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrPIN, err)
	}
	return p.Times(s.d2.Inverse()).Bytes(), nil
}

// BeginReshare offers a factor t: the phone's share becomes d1·t, the service's d2/t.
func (Shared) BeginReshare(_ Context, stored []byte) (pending, offer []byte, err error) {
	s, err := parseShare(stored)
	if err != nil {
		return nil, nil, err
	}
	s.d2.Wipe()
	t := curve.Random()
	defer t.Wipe()
	return t.Bytes(), t.Bytes(), nil
}

// FinishReshare takes the proof of 1/(d1·t).
func (Shared) FinishReshare(c Context, stored, pending, proof []byte) ([]byte, error) {
	s, err := parseShare(stored)
	if err != nil {
		return nil, err
	}
	defer s.d2.Wipe()
	t, err := curve.ParseScalar(pending)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrShare, err)
	}
	defer t.Wipe()
	inverse := t.Inverse()
	defer inverse.Wipe()
	phone := s.phone.Times(inverse)
	if err := curve.Check(proof, phone, domainReshare, c.parts(pending)...); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrPIN, err)
	}
	return share{s.d2.Times(inverse), phone, s.publicKey}.bytes(), nil
}
