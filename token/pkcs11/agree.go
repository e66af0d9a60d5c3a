package pkcs11

import (
	"crypto/subtle"
	"math/big"

	"github.com/emmansun/gmsm/sm2"
	"github.com/emmansun/gmsm/sm3"

	"sealdesk/token"
	"sealdesk/token/pkcs11/cryptoki"
	"sealdesk/token/sm2form"
)

const fieldSize = 32 // bytes of a coordinate

// agree decrypts with the curve's key agreement (GB/T 32918.4-2016, 7.1): the token computes the x-coordinate of d·C1, and the
// rest is done here. Which of the two points with that x it was shows in the hash.
func (k *key) agree(o object, c sm2form.Ciphertext) ([]byte, error) {
	s := k.id.token.session
	point := append(append([]byte{4}, c.X[:]...), c.Y[:]...)
	secret, err := s.DeriveKey(cryptoki.ECDH1(point), o.handle,
		cryptoki.Number(cryptoki.CKA_CLASS, cryptoki.CKO_SECRET_KEY),
		cryptoki.Number(cryptoki.CKA_KEY_TYPE, cryptoki.CKK_GENERIC_SECRET),
		cryptoki.Number(cryptoki.CKA_VALUE_LEN, fieldSize),
		cryptoki.Bool(cryptoki.CKA_TOKEN, false),
		cryptoki.Bool(cryptoki.CKA_SENSITIVE, false),
		cryptoki.Bool(cryptoki.CKA_EXTRACTABLE, true),
	)
	if err != nil {
		return nil, outcome(err)
	}
	has, err := k.id.token.attributes(secret, cryptoki.CKA_VALUE)
	if destroyed := s.Destroy(secret); err == nil {
		err = outcome(destroyed)
	}
	if err != nil {
		return nil, err
	}
	x := has[cryptoki.CKA_VALUE]
	defer token.Wipe(x)
	if len(x) != fieldSize {
		return nil, token.ErrDecrypt
	}
	for _, y := range ordinates(x) {
		if plain := unmask(x, y, c); plain != nil {
			return plain, nil
		}
	}
	return nil, token.ErrDecrypt
}

// ordinates gives the y of the points of the SM2 curve that have this x: y² = x³ − 3x + b.
func ordinates(x []byte) [][]byte {
	curve := sm2.P256().Params()
	v := new(big.Int).SetBytes(x)
	square := new(big.Int).Mul(v, v)
	square.Sub(square, big.NewInt(3)).Mul(square, v).Add(square, curve.B).Mod(square, curve.P)
	y := new(big.Int).ModSqrt(square, curve.P)
	if y == nil {
		return nil
	}
	other := new(big.Int).Sub(curve.P, y)
	return [][]byte{y.FillBytes(make([]byte, fieldSize)), other.FillBytes(make([]byte, fieldSize))}
}

// unmask gives the plaintext, or nil when the hash says that this is not the point.
func unmask(x, y []byte, c sm2form.Ciphertext) []byte {
	mask := sm3.Kdf(append(append([]byte{}, x...), y...), len(c.Cipher))
	plain := make([]byte, len(c.Cipher))
	subtle.XORBytes(plain, c.Cipher, mask)
	h := sm3.New()
	h.Write(x)
	h.Write(plain)
	h.Write(y)
	if subtle.ConstantTimeCompare(h.Sum(nil), c.Hash[:]) != 1 {
		token.Wipe(plain)
		return nil
	}
	return plain
}
