package curve

import (
	"crypto/ecdsa"
	"encoding/binary"
	"errors"
	"hash"
	"math/big"

	"github.com/emmansun/gmsm/sm2"
	"github.com/emmansun/gmsm/sm2/sm2ec"
)

// PointSize is the length of a point in bytes: 04, then both coordinates (GB/T 32918.1, 4.2.9, uncompressed).
const PointSize = 1 + 2*Size

// group is what is used of gmsm's curve. Its methods are those that crypto/elliptic advises against because they take any
// coordinates: here each point was checked when it came in, and a protocol with shares needs the plain group.
var group = sm2ec.P256().(interface {
	Unmarshal(uncompressed []byte) (x, y *big.Int)
	Add(x1, y1, x2, y2 *big.Int) (x, y *big.Int)
	ScalarMult(x, y *big.Int, k []byte) (*big.Int, *big.Int)
	ScalarBaseMult(k []byte) (x, y *big.Int)
})

// ErrPoint: bytes that are no point of the group, or its neutral element.
var ErrPoint = errors.New("curve: not a point of the group")

// Point is a point of the group, never the neutral element.
type Point struct{ x, y *big.Int }

// ParsePoint reads an uncompressed point and checks that it is on the curve.
func ParsePoint(b []byte) (Point, error) {
	if len(b) != PointSize || b[0] != 4 {
		return Point{}, ErrPoint
	}
	// The curve's own reader checks that the coordinates are reduced and fulfil the equation.
	return known(group.Unmarshal(b))
}

func known(x, y *big.Int) (Point, error) {
	if x == nil || y == nil || x.Sign() == 0 && y.Sign() == 0 {
		return Point{}, ErrPoint
	}
	return Point{x, y}, nil
}

// Base gives k·G, for k that is not zero.
func Base(k Scalar) Point {
	x, y := group.ScalarBaseMult(k.Bytes())
	return Point{x, y}
}

// Times gives k·p, for k that is not zero.
func (p Point) Times(k Scalar) Point {
	x, y := group.ScalarMult(p.x, p.y, k.Bytes())
	return Point{x, y}
}

// Plus gives p+q; ErrPoint when they cancel.
func (p Point) Plus(q Point) (Point, error) { return known(group.Add(p.x, p.y, q.x, q.y)) }

// Minus gives p-q; ErrPoint when they are equal.
func (p Point) Minus(q Point) (Point, error) {
	y := new(big.Int).Sub(sm2ec.P256().Params().P, q.y)
	return p.Plus(Point{q.x, y})
}

// Equal tells whether both are the same point.
func (p Point) Equal(q Point) bool { return p.x.Cmp(q.x) == 0 && p.y.Cmp(q.y) == 0 }

// X gives the first coordinate modulo n, the r of a signature before the digest is added.
func (p Point) X() Scalar { return Reduce(p.x.FillBytes(make([]byte, Size))) }

// Bytes gives p in PointSize bytes.
func (p Point) Bytes() []byte {
	b := make([]byte, PointSize)
	b[0] = 4
	p.x.FillBytes(b[1 : 1+Size])
	p.y.FillBytes(b[1+Size:])
	return b
}

// Public gives p as a public key for SM2.
func (p Point) Public() *ecdsa.PublicKey {
	key, err := sm2.NewPublicKey(p.Bytes())
	if err != nil {
		panic(err) // the point was checked
	}
	return key
}

// G is the group's generator.
func G() Point {
	p := sm2ec.P256().Params()
	return Point{p.Gx, p.Gy}
}

// WriteParts writes each part after its length in 4 bytes, so that no two lists of parts are the same bytes.
func WriteParts(h hash.Hash, parts ...[]byte) {
	var length [4]byte
	for _, p := range parts {
		binary.BigEndian.PutUint32(length[:], uint32(len(p)))
		h.Write(length[:])
		h.Write(p)
	}
}
