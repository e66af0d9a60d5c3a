package twoparty

import (
	"fmt"

	"sealdesk/platformapi/mobileca/twoparty/internal/curve"
)

// What each proof is of. One domain's proof proves nothing in another.
const (
	domainPhonePart   = "phone's part"
	domainServicePart = "service's part"
	domainNonce       = "nonce"
	domainSign        = "PIN, sign"
	domainDecrypt     = "PIN, decrypt"
	domainReshare     = "PIN, reshare"
)

func (c Context) parts(more ...[]byte) [][]byte {
	return append([][]byte{[]byte(c.Account), []byte(c.Session)}, more...)
}

// cut takes a message apart into pieces of the lengths given, which must be all of it.
func cut(b []byte, lengths ...int) ([][]byte, error) {
	total := 0
	for _, n := range lengths {
		total += n
	}
	if len(b) != total {
		return nil, fmt.Errorf("%w: %d bytes, not %d", ErrMessage, len(b), total)
	}
	pieces := make([][]byte, len(lengths))
	for i, n := range lengths {
		pieces[i], b = b[:n:n], b[n:]
	}
	return pieces, nil
}

func point(b []byte, what string) (curve.Point, error) {
	p, err := curve.ParsePoint(b)
	if err != nil {
		return p, fmt.Errorf("%w: %s: %w", ErrMessage, what, err)
	}
	return p, nil
}
