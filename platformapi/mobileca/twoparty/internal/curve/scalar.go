package curve

import (
	"crypto/rand"
	"crypto/sha256"
	"errors"

	"filippo.io/bigmod"
	"github.com/emmansun/gmsm/sm2/sm2ec"
)

// Size is the length of a scalar in bytes, most significant byte first.
const Size = 32

// ErrScalar: bytes that are no number from 1 to n-1.
var ErrScalar = errors.New("curve: not a scalar of the group")

var (
	order = func() *bigmod.Modulus {
		m, err := bigmod.NewModulus(sm2ec.P256().Params().N.Bytes())
		if err != nil {
			panic(err)
		}
		return m
	}()
	orderMinus2 = func() []byte {
		n := sm2ec.P256().Params().N.Bytes()
		n[Size-1] -= 2 // the last byte of n is 0x23
		return n
	}()
)

// Scalar is a number modulo n, the order of the group. Its arithmetic takes the same time whatever its value.
type Scalar struct{ nat *bigmod.Nat }

// Random gives a scalar from 1 to n-1.
func Random() Scalar {
	for {
		var b [Size]byte
		_, _ = rand.Read(b[:]) // never fails: crypto/rand ends the program rather
		s, err := ParseScalar(b[:])
		clear(b[:])
		if err == nil {
			return s
		}
	}
}

// ParseScalar reads a number from 1 to n-1.
func ParseScalar(b []byte) (Scalar, error) {
	if len(b) != Size {
		return Scalar{}, ErrScalar
	}
	nat, err := bigmod.NewNat().SetBytes(b, order)
	if err != nil || nat.IsZero() == 1 {
		return Scalar{}, ErrScalar
	}
	return Scalar{nat}, nil
}

// Reduce takes a digest of up to 32 bytes as a number, modulo n. It may be zero.
func Reduce(digest []byte) Scalar {
	var wide [Size]byte
	copy(wide[Size-min(len(digest), Size):], digest)
	nat, err := bigmod.NewNat().SetOverflowingBytes(wide[:], order)
	if err != nil {
		panic(err) // 32 bytes overflow a modulus of 256 bits by less than itself
	}
	return Scalar{nat}
}

// hashed gives the scalar that stands for the parts, each told apart from the next by its length.
func hashed(domain string, parts ...[]byte) Scalar {
	h := sha256.New()
	WriteParts(h, []byte(domain))
	WriteParts(h, parts...)
	return Reduce(h.Sum(nil))
}

func (a Scalar) clone() *bigmod.Nat {
	c, err := bigmod.NewNat().SetBytes(a.nat.Bytes(order), order)
	if err != nil {
		panic(err) // a scalar is reduced
	}
	return c
}

// Plus gives a+b.
func (a Scalar) Plus(b Scalar) Scalar { return Scalar{a.clone().Add(b.nat, order)} }

// Minus gives a-b.
func (a Scalar) Minus(b Scalar) Scalar { return Scalar{a.clone().Sub(b.nat, order)} }

// Times gives a·b.
func (a Scalar) Times(b Scalar) Scalar { return Scalar{a.clone().Mul(b.nat, order)} }

// Inverse gives 1/a, by Fermat's theorem, which takes the same time for every a. Zero has none and gives zero.
func (a Scalar) Inverse() Scalar {
	return Scalar{bigmod.NewNat().Exp(a.nat, orderMinus2, order)}
}

// IsZero tells whether a is zero.
func (a Scalar) IsZero() bool { return a.nat.IsZero() == 1 }

// Equal compares in constant time.
func (a Scalar) Equal(b Scalar) bool { return a.nat.Equal(b.nat) == 1 }

// Bytes gives a in Size bytes.
func (a Scalar) Bytes() []byte { return a.nat.Bytes(order) }

// Wipe makes a zero in memory. Copies that arithmetic made on the way are the garbage collector's.
func (a Scalar) Wipe() {
	if a.nat != nil {
		clear(a.nat.Bits())
	}
}
