package curve

import (
	"bytes"
	"errors"
	"math/big"
	"testing"

	"github.com/emmansun/gmsm/sm2/sm2ec"
)

func big32(x *big.Int) []byte { return x.FillBytes(make([]byte, Size)) }

// Scalars beside math/big.
func TestScalars(t *testing.T) {
	n := sm2ec.P256().Params().N
	edge := []*big.Int{big.NewInt(1), big.NewInt(2), new(big.Int).Sub(n, big.NewInt(1)), new(big.Int).Sub(n, big.NewInt(2)), new(big.Int).Rsh(n, 1)}
	for range 20 {
		edge = append(edge, new(big.Int).SetBytes(Random().Bytes()))
	}
	mod := func(x *big.Int) []byte { return big32(x.Mod(x, n)) }
	for _, x := range edge {
		a, err := ParseScalar(big32(x))
		if err != nil {
			t.Fatal(err)
		}
		if got, want := a.Inverse().Bytes(), mod(new(big.Int).ModInverse(x, n)); !bytes.Equal(got, want) {
			t.Errorf("1/%x = %x, want %x", x, got, want)
		}
		for _, y := range edge {
			b, err := ParseScalar(big32(y))
			if err != nil {
				t.Fatal(err)
			}
			for op, pair := range map[string][2][]byte{
				"+": {a.Plus(b).Bytes(), mod(new(big.Int).Add(x, y))},
				"-": {a.Minus(b).Bytes(), mod(new(big.Int).Sub(x, y))},
				"*": {a.Times(b).Bytes(), mod(new(big.Int).Mul(x, y))},
			} {
				if !bytes.Equal(pair[0], pair[1]) {
					t.Errorf("%x %s %x = %x, want %x", x, op, y, pair[0], pair[1])
				}
			}
			if a.Equal(b) != (x.Cmp(y) == 0) {
				t.Errorf("%x == %x: %v", x, y, a.Equal(b))
			}
		}
		if !bytes.Equal(a.Bytes(), big32(x)) {
			t.Errorf("arithmetic changed its operand %x", x)
		}
	}
	for name, b := range map[string][]byte{
		"zero": make([]byte, Size), "n": big32(n), "all ones": bytes.Repeat([]byte{0xff}, Size), "short": {1}, "long": make([]byte, Size+1),
	} {
		if _, err := ParseScalar(b); !errors.Is(err, ErrScalar) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if got := Reduce(bytes.Repeat([]byte{0xff}, Size)).Bytes(); !bytes.Equal(got, mod(new(big.Int).SetBytes(bytes.Repeat([]byte{0xff}, Size)))) {
		t.Errorf("reduced: %x", got)
	}
}

func TestWipe(t *testing.T) {
	s := Random()
	s.Wipe()
	if !s.IsZero() {
		t.Error("a wiped scalar is still there")
	}
}

func TestPoints(t *testing.T) {
	a, b := Random(), Random()
	sum, err := Base(a).Plus(Base(b))
	if err != nil || !sum.Equal(Base(a.Plus(b))) {
		t.Errorf("a·G + b·G: %v", err)
	}
	difference, err := Base(a).Minus(Base(b))
	if err != nil || !difference.Equal(Base(a.Minus(b))) {
		t.Errorf("a·G - b·G: %v", err)
	}
	if !Base(a).Times(b).Equal(Base(a.Times(b))) {
		t.Error("b·(a·G)")
	}
	if _, err := Base(a).Minus(Base(a)); !errors.Is(err, ErrPoint) {
		t.Errorf("the neutral element: %v", err)
	}
	if p, err := ParsePoint(Base(a).Bytes()); err != nil || !p.Equal(Base(a)) {
		t.Errorf("read back: %v", err)
	}
}

func TestProofs(t *testing.T) {
	x := Random()
	proof := Prove(x, "here", []byte("a"), []byte("bc"))
	if err := Check(proof, Base(x), "here", []byte("a"), []byte("bc")); err != nil {
		t.Fatal(err)
	}
	for i := range proof {
		bad := bytes.Clone(proof)
		bad[i] ^= 1
		if err := Check(bad, Base(x), "here", []byte("a"), []byte("bc")); !errors.Is(err, ErrProof) {
			t.Errorf("byte %d changed: %v", i, err)
		}
	}
	for name, err := range map[string]error{
		"another domain":  Check(proof, Base(x), "there", []byte("a"), []byte("bc")),
		"parts cut anew":  Check(proof, Base(x), "here", []byte("ab"), []byte("c")),
		"a part missing":  Check(proof, Base(x), "here", []byte("abc")),
		"another point":   Check(proof, Base(Random()), "here", []byte("a"), []byte("bc")),
		"a proof cut off": Check(proof[:ProofSize-1], Base(x), "here", []byte("a"), []byte("bc")),
	} {
		if !errors.Is(err, ErrProof) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
