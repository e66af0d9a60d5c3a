package bid

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"sync"

	"sealdesk/signer/disk"
)

// Opened is an envelope that was opened: it reads the parts whose key is in it. It may be used from several goroutines.
type Opened struct {
	bid    *Bid
	name   string
	secret []byte
}

// Forget wipes the envelope's key; parts that were asked for before can still be read.
func (o *Opened) Forget() { clear(o.secret) }

// Secret is what the envelope held, for OpenSecret elsewhere: whoever has it reads all its parts.
func (o *Opened) Secret() []byte { return bytes.Clone(o.secret) }

// Part gives a part to read. Errors: *Error of Kind NoPart or OtherEnvelope.
func (o *Opened) Part(code string) (*Reader, error) {
	p, err := o.bid.place(code)
	if err != nil {
		return nil, err
	}
	if p.part.Envelope != o.name {
		return nil, &Error{Kind: OtherEnvelope, Part: code, Name: p.part.Name, Envelope: p.part.Envelope}
	}
	s, err := o.bid.suite.sealer(o.bid.manifest, p.part, o.secret, o.bid.id())
	if err != nil {
		return nil, err
	}
	return o.bid.reader(p, s), nil
}

// Part gives a part that is not sealed to read. Errors: *Error of Kind NoPart or OtherEnvelope.
func (b *Bid) Part(code string) (*Reader, error) {
	p, err := b.place(code)
	if err != nil {
		return nil, err
	}
	if p.part.Sealed() {
		return nil, &Error{Kind: OtherEnvelope, Part: code, Name: p.part.Name, Envelope: p.part.Envelope}
	}
	return b.reader(p, nil), nil
}

func (b *Bid) reader(p place, s *sealer) *Reader {
	return &Reader{bid: b, place: p, sealer: s, held: -1, digests: sync.OnceValues(func() ([]byte, error) { return b.digestsOf(p) })}
}

func (b *Bid) place(code string) (place, error) {
	for _, p := range b.places {
		if p.part.Code == code {
			return p, nil
		}
	}
	return place{}, &Error{Kind: NoPart, Part: code}
}

// Reader reads the content of one part, anywhere, a chunk at a time. Every byte it gives was authenticated: of a sealed part by
// the envelope's key, of another by the signed digests, if the signature was verified (Verify). It may be used from several
// goroutines.
//
// Errors of reading: *Error of Kind Altered, Swapped, Repeated, DigestsAltered, NotAuthentic, Cut or InputUnreadable.
type Reader struct {
	bid    *Bid
	place  place
	sealer *sealer // nil: the part is not sealed
	// digests is the part's list of them, which is read once, and for a part that is not sealed only.
	digests func() ([]byte, error)

	mu      sync.Mutex
	held    int64 // the chunk that is in buffer, or -1
	content []byte
	buffer  []byte
}

// Size is that of the content in bytes.
func (r *Reader) Size() int64 { return r.place.part.Size }

// chunk gives the content of chunk i, in buffer.
func (r *Reader) chunk(i int64, buffer []byte) ([]byte, error) {
	offset, size := r.place.span(i)
	b := buffer[:size]
	if err := readFull(r.bid.r, b, offset); err != nil {
		return nil, err
	}
	if r.sealer == nil {
		list, err := r.digests()
		if err != nil {
			return nil, err
		}
		if !bytes.Equal(r.bid.suite.sum(b), list[i*digestSize:(i+1)*digestSize]) {
			return nil, r.bid.blame(r.place, i)
		}
		return b, nil
	}
	plain, err := r.sealer.open(b, i, r.place.last(i))
	if err != nil {
		return nil, r.bid.blame(r.place, i)
	}
	return plain, nil
}

// ReadAt implements io.ReaderAt.
func (r *Reader) ReadAt(b []byte, offset int64) (n int, err error) {
	if offset < 0 {
		return 0, errors.New("bid: a negative offset")
	}
	for n < len(b) {
		at := offset + int64(n)
		if at >= r.Size() {
			return n, io.EOF
		}
		copied, err := r.copyFrom(b[n:], at)
		n += copied
		if err != nil {
			return n, err
		}
	}
	return n, nil
}

// copyFrom copies what one chunk has of the content from an offset on.
func (r *Reader) copyFrom(b []byte, at int64) (int, error) {
	i := at / r.place.chunk
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.held != i {
		if r.buffer == nil {
			_, size := r.place.span(0)
			r.buffer = make([]byte, size)
		}
		r.held = -1
		content, err := r.chunk(i, r.buffer)
		if err != nil {
			return 0, err
		}
		r.held, r.content = i, content
	}
	return copy(b, r.content[at-i*r.place.chunk:]), nil
}

// Save writes the content to a file that must not exist, readable by its owner only. It has its name only when it is whole and on
// the disk; whatever happens before, no half of it is left under that name, nor, on Linux, under another.
//
// Errors: the Reader's, *Error of the kinds of outputs, and the context's.
func (r *Reader) Save(ctx context.Context, path string, progress Progress) error {
	return create(path, func(f *os.File) error { return r.writeTo(ctx, early{f}, progress) })
}

// writeTo writes the content from the beginning of a file, on all cores.
func (r *Reader) writeTo(ctx context.Context, w io.WriterAt, progress Progress) error {
	done := progress.meter(StepOpen, r.Size())
	_, most := r.place.span(0)
	return each(ctx, r.place.chunks, most, func(i int64, buffer []byte) error {
		content, err := r.chunk(i, buffer)
		if err != nil {
			return err
		}
		if _, err := w.WriteAt(content, i*r.place.chunk); err != nil {
			return writing{err}
		}
		done(int64(len(content)))
		return nil
	})
}

// early has the system begin to put on the disk what is written.
type early struct{ f *os.File }

func (e early) WriteAt(b []byte, offset int64) (int, error) {
	n, err := e.f.WriteAt(b, offset)
	disk.BeginWriting(e.f, offset, int64(n))
	return n, err
}
