package pdfsig

import (
	"crypto/sha256"
	"encoding/binary"
	"image"
	"sync"
)

// maxPictures bounds what Pictures remembers, in bytes.
const maxPictures = 64 << 20

// Pictures remembers seals in the form in which they are written, so that many documents with the same seal compress it only
// once. It may be used by several goroutines. A nil *Pictures remembers nothing.
type Pictures struct {
	whole *image.NRGBA // known by its address, which spares looking at its pixels

	mu    sync.Mutex
	known map[[sha256.Size]byte]*encoded
	first *encoded // of whole
	size  int
}

// NewPictures makes a memory for a seal, which must not change, and for the strips that it is cut into.
func NewPictures(whole *image.NRGBA) *Pictures {
	return &Pictures{whole: whole, known: map[[sha256.Size]byte]*encoded{}}
}

// encoded is a picture as its streams hold it.
type encoded struct {
	rgb, alpha []byte // alpha is nil for an opaque picture
}

func (p *Pictures) of(m *image.NRGBA) (*encoded, error) {
	if p == nil {
		return encode(m)
	}
	var key [sha256.Size]byte
	if m != p.whole {
		key = digestOf(m)
	}
	p.mu.Lock()
	defer p.mu.Unlock() // others wait rather than do the same work
	if m == p.whole && p.first != nil {
		return p.first, nil
	}
	if e := p.known[key]; m != p.whole && e != nil {
		return e, nil
	}
	e, err := encode(m)
	switch {
	case err != nil:
	case m == p.whole:
		p.first = e
	case p.size+len(e.rgb)+len(e.alpha) <= maxPictures:
		p.size += len(e.rgb) + len(e.alpha)
		p.known[key] = e
	}
	return e, err
}

func digestOf(m *image.NRGBA) (sum [sha256.Size]byte) {
	h := sha256.New()
	var size [16]byte
	binary.BigEndian.PutUint64(size[:8], uint64(m.Rect.Dx()))
	binary.BigEndian.PutUint64(size[8:], uint64(m.Rect.Dy()))
	h.Write(size[:])
	for y := range m.Rect.Dy() {
		h.Write(m.Pix[y*m.Stride : y*m.Stride+4*m.Rect.Dx()])
	}
	h.Sum(sum[:0])
	return sum
}

func encode(m *image.NRGBA) (*encoded, error) {
	w, h := m.Rect.Dx(), m.Rect.Dy()
	rgb, alpha := make([]byte, 0, 3*w*h), make([]byte, 0, w*h)
	opaque := true
	for y := range h {
		row := m.Pix[y*m.Stride : y*m.Stride+4*w]
		for i := 0; i < len(row); i += 4 {
			rgb = append(rgb, row[i:i+3]...)
			alpha = append(alpha, row[i+3])
			opaque = opaque && row[i+3] == 0xff
		}
	}
	var e encoded
	var err error
	if e.rgb, err = deflate(rgb); err != nil || opaque {
		return &e, err
	}
	e.alpha, err = deflate(alpha)
	return &e, err
}
