package twopartytest

import (
	"crypto/subtle"
	"fmt"

	"github.com/emmansun/gmsm/kdf"
	"github.com/emmansun/gmsm/sm3"

	"sealdesk/platformapi/mobileca/twoparty"
	"sealdesk/platformapi/mobileca/twoparty/internal/curve"
)

// Decryption is one decryption in the making.
type Decryption struct {
	d1     curve.Scalar
	c1     curve.Point
	c3, c2 []byte
}

// Decrypt makes the request to decrypt a ciphertext in the order C1, C3, C2 with an uncompressed point (GB/T 32918.4).
func (p *Phone) Decrypt(c twoparty.Context, ciphertext []byte, pin string) (*Decryption, []byte, error) {
	if len(ciphertext) <= curve.PointSize+sm3.Size {
		return nil, nil, fmt.Errorf("twopartytest: a ciphertext of %d bytes", len(ciphertext))
	}
	c1 := ciphertext[:curve.PointSize]
	point, err := curve.ParsePoint(c1)
	if err != nil {
		return nil, nil, err
	}
	d1 := p.open(pin)
	request := curve.Prove(d1.Inverse(), "PIN, decrypt", []byte(c.Account), []byte(c.Session), c1)
	rest := ciphertext[curve.PointSize:]
	return &Decryption{d1, point, rest[:sm3.Size], rest[sm3.Size:]}, request, nil
}

// Finish gives the plain text, once its digest is the one in the ciphertext.
func (d *Decryption) Finish(answer []byte) ([]byte, error) {
	defer d.d1.Wipe()
	t, err := curve.ParsePoint(answer)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrAnswer, err)
	}
	p, err := t.Times(d.d1.Inverse()).Minus(d.c1)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrAnswer, err)
	}
	xy := p.Bytes()[1:]
	plain := kdf.Kdf(sm3.New, xy, len(d.c2))
	subtle.XORBytes(plain, plain, d.c2)
	h := sm3.New()
	h.Write(xy[:curve.Size])
	h.Write(plain)
	h.Write(xy[curve.Size:])
	if subtle.ConstantTimeCompare(h.Sum(nil), d.c3) != 1 {
		return nil, fmt.Errorf("%w: the digest of the plain text is another", ErrAnswer)
	}
	return plain, nil
}
