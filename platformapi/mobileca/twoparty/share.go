package twoparty

import (
	"fmt"

	"sealdesk/platformapi/mobileca/twoparty/internal/curve"
)

// share is what the service keeps of a key: its secret, the phone's part 1/d1·G by which it tells a wrong PIN, and the key.
type share struct {
	d2        curve.Scalar
	phone     curve.Point
	publicKey curve.Point
}

const (
	shareVersion = 1
	shareSize    = 1 + curve.Size + 2*curve.PointSize
)

func (s share) bytes() []byte {
	b := make([]byte, 0, shareSize)
	b = append(b, shareVersion)
	b = append(b, s.d2.Bytes()...)
	b = append(b, s.phone.Bytes()...)
	return append(b, s.publicKey.Bytes()...)
}

func parseShare(b []byte) (s share, err error) {
	if len(b) != shareSize || b[0] != shareVersion {
		return s, fmt.Errorf("%w: %d bytes", ErrShare, len(b))
	}
	if s.d2, err = curve.ParseScalar(b[1 : 1+curve.Size]); err != nil {
		return s, fmt.Errorf("%w: %w", ErrShare, err)
	}
	points := b[1+curve.Size:]
	if s.phone, err = curve.ParsePoint(points[:curve.PointSize]); err != nil {
		return s, fmt.Errorf("%w: %w", ErrShare, err)
	}
	if s.publicKey, err = curve.ParsePoint(points[curve.PointSize:]); err != nil {
		return s, fmt.Errorf("%w: %w", ErrShare, err)
	}
	return s, nil
}

// publicKey is 1/d·p - G: of the other side's part p and one's own secret d. ErrPoint when the key would be none.
func publicKey(d curve.Scalar, p curve.Point) (curve.Point, error) {
	return p.Times(d.Inverse()).Minus(curve.G())
}
