package twopartytest

import "sealdesk/platformapi/mobileca/twoparty/internal/curve"

// Share gives the phone's share d1, which no phone ever shows: for tests that play somebody who has it.
func Share(p *Phone, pin string) curve.Scalar { return p.open(pin) }

// Kept gives all that a phone stores, for tests that look for what must not be in it.
func Kept(p *Phone) []byte {
	return append(append(p.blinded.Bytes(), p.salt...), p.public.Bytes()...)
}

// Restore makes a phone of what Kept gave.
func Restore(kept []byte, rounds int) (*Phone, error) {
	const salt = 16
	if len(kept) != curve.Size+salt+curve.PointSize {
		return nil, ErrAnswer
	}
	blinded, err := curve.ParseScalar(kept[:curve.Size])
	if err != nil {
		return nil, err
	}
	public, err := curve.ParsePoint(kept[curve.Size+salt:])
	if err != nil {
		return nil, err
	}
	return &Phone{blinded, append([]byte{}, kept[curve.Size:curve.Size+salt]...), public, rounds}, nil
}
