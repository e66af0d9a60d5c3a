package bid

import (
	"context"
	"io"
)

// nowhere takes what is written and forgets it.
type nowhere struct{}

func (nowhere) WriteAt(b []byte, _ int64) (int, error) { return len(b), nil }

// NewSealing gives a function that seals content in memory as a Builder does, without digests and files.
func NewSealing(c Cipher, content io.ReaderAt, size int64) (func() error, error) {
	s, err := suiteOf(c)
	if err != nil {
		return nil, err
	}
	m := &Manifest{ChunkSize: DefaultChunk, Cipher: c, Parts: []Part{{Code: "a", Envelope: "x", Size: size}}}
	places, _ := m.places(0)
	p := places[0]
	seal, err := s.sealer(m, p.part, make([]byte, secretSize), make([]byte, 16))
	if err != nil {
		return nil, err
	}
	_, most := p.span(0)
	return func() error {
		return each(context.Background(), p.chunks, most, func(i int64, buffer []byte) error {
			_, n := p.span(i)
			if err := readFull(content, buffer[:n-p.tag], i*p.chunk); err != nil {
				return err
			}
			seal.seal(buffer[:n-p.tag], i, p.last(i))
			return nil
		})
	}, nil
}

// Discard decrypts the part to nowhere.
func (r *Reader) Discard() error { return r.writeTo(context.Background(), nowhere{}, nil) }
