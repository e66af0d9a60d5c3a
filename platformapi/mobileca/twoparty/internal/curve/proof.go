package curve

import "errors"

// ProofSize is the length of a Proof in bytes.
const ProofSize = PointSize + Size

// ErrProof: a proof that does not show what it should.
var ErrProof = errors.New("curve: the proof does not hold")

// Prove shows that the prover knows x, the logarithm of x·G, without telling more: Schnorr's proof, made non-interactive
// by a hash (Fiat and Shamir) that binds it to the domain and to the context, so that it proves nothing elsewhere.
func Prove(x Scalar, domain string, context ...[]byte) []byte {
	v := Random()
	defer v.Wipe()
	commitment := Base(v)
	c := challenge(domain, Base(x), commitment, context)
	return append(commitment.Bytes(), v.Plus(c.Times(x)).Bytes()...)
}

// Check judges a proof that somebody knows the logarithm of p. It fails with ErrProof, whatever is wrong.
func Check(proof []byte, p Point, domain string, context ...[]byte) error {
	if len(proof) != ProofSize {
		return ErrProof
	}
	commitment, err := ParsePoint(proof[:PointSize])
	if err != nil {
		return ErrProof
	}
	z, err := ParseScalar(proof[PointSize:])
	if err != nil {
		return ErrProof
	}
	c := challenge(domain, p, commitment, context)
	if c.IsZero() {
		return ErrProof
	}
	want, err := commitment.Plus(p.Times(c))
	if err != nil || !Base(z).Equal(want) {
		return ErrProof
	}
	return nil
}

func challenge(domain string, p, commitment Point, context [][]byte) Scalar {
	parts := append([][]byte{p.Bytes(), commitment.Bytes()}, context...)
	return hashed("SealDesk two-party SM2 v1 "+domain, parts...)
}
