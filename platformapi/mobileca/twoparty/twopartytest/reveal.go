package twopartytest

import "sealdesk/platformapi/mobileca/twoparty/internal/curve"

// Share gives the phone's share d1, which no phone ever shows: for tests that play somebody who has it.
func Share(p *Phone, pin string) curve.Scalar { return p.open(pin) }

// Kept gives all that a phone stores, for tests that look for what must not be in it.
func Kept(p *Phone) []byte {
	return append(append(p.blinded.Bytes(), p.salt...), p.public.Bytes()...)
}
