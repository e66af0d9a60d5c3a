package bid

import (
	"bytes"
	"context"
	"encoding/hex"
	"io"
	"os"

	"github.com/emmansun/gmsm/smx509"

	"sealdesk/signer/envelope"
)

// Wrap writes the bid with the platform's layer on all its envelopes to a file that must not exist. The certificate must be the one
// that the bidder signed for. What is damaged in the contents stays so: Verify tells.
//
// Errors: *Error of Kind OtherPlatform, StillClosed (the layer is on), BadRequest, NotVerified and those of reading and of
// outputs, and the context's.
func (b *Bid) Wrap(ctx context.Context, platform *smx509.Certificate, out string, progress Progress) error {
	if platform == nil || hex.EncodeToString(b.suite.sum(platform.Raw)) != b.manifest.Platform.Digest {
		e := &Error{Kind: OtherPlatform, Needed: []string{b.manifest.Platform.Serial}}
		if platform != nil {
			e.Found = []string{Serial(platform)}
		}
		return e
	}
	if len(b.ders) == 0 {
		return fail(BadRequest, "the bid has no sealed part")
	}
	wrapped := make([][]byte, len(b.ders))
	for i, der := range b.ders {
		if name := b.manifest.Envelopes[i].Name; b.Closed(name) {
			return &Error{Kind: StillClosed, Envelope: name}
		}
		var err error
		if wrapped[i], err = envelope.Seal(b.suite.envelope, envelope.Envelope, der, platform); err != nil {
			return err
		}
	}
	return b.copyWith(ctx, wrapped, out, progress)
}

// Unwrapped writes the bid as it is now, without the layers that OpenOuter took off or SetInner replaced, to a file that must
// not exist. Whoever has the bid, and the inner envelopes, needs no such file.
//
// Errors: *Error of Kind NotVerified and those of reading and of outputs, and the context's.
func (b *Bid) Unwrapped(ctx context.Context, out string, progress Progress) error {
	return b.copyWith(ctx, b.ders, out, progress)
}

// copyWith writes the bid with other envelopes: everything else keeps its bytes.
func (b *Bid) copyWith(ctx context.Context, ders [][]byte, out string, progress Progress) error {
	area := joinEnvelopes(ders)
	if len(area) > maxEnvelopes {
		return fail(BadRequest, "envelopes of %d bytes", len(area))
	}
	h := head{uint32(len(b.raw)), uint32(len(b.area)), uint32(len(area))}
	_, size := b.manifest.places(h.size())
	return create(out, func(f *os.File) error {
		for _, piece := range [][]byte{h.bytes(), b.raw, b.area, area} {
			if _, err := f.Write(piece); err != nil {
				return writing{err}
			}
		}
		rest := size - h.size()
		if err := copyContents(ctx, f, b.r, b.size-rest, rest, progress.meter(StepCopy, rest)); err != nil {
			return err
		}
		if err := f.Sync(); err != nil {
			return writing{err}
		}
		copied, err := reopen(f)
		if err != nil {
			return err
		}
		if !bytes.Equal(copied.raw, b.raw) || !bytes.Equal(copied.area, b.area) {
			return &Error{Kind: NotVerified}
		}
		return sameContents(ctx, b, copied, rest, progress)
	})
}

// sameContents compares what stands behind the frames of two bids.
func sameContents(ctx context.Context, a, b *Bid, n int64, progress Progress) error {
	const piece = 1 << 20
	done := progress.meter(StepCheck, n)
	return each(ctx, (n+piece-1)/piece, 2*piece, func(i int64, buffer []byte) error {
		size := min(piece, n-i*piece)
		one, other := buffer[:size], buffer[piece:piece+size]
		if err := readFull(a.r, one, a.size-n+i*piece); err != nil {
			return err
		}
		if err := readFull(b.r, other, b.size-n+i*piece); err != nil {
			return err
		}
		if !bytes.Equal(one, other) {
			return &Error{Kind: NotVerified}
		}
		done(size)
		return nil
	})
}

// copyContents appends a stretch of r to the file; between files the system may share it.
func copyContents(ctx context.Context, f *os.File, r io.ReaderAt, from, n int64, done func(int64)) error {
	const piece = 16 << 20
	for at := int64(0); at < n; at += piece {
		if err := ctx.Err(); err != nil {
			return err
		}
		size := min(piece, n-at)
		in := &failing{r: io.NewSectionReader(r, from+at, size)}
		copied, err := io.Copy(f, in)
		switch {
		case in.err != nil:
			return &Error{Kind: InputUnreadable, cause: in.err}
		case err != nil:
			return writing{err}
		case copied < size:
			return fail(Cut, "the file became shorter while it was read")
		}
		done(size)
	}
	return nil
}

// failing keeps the error of reading apart from that of writing.
type failing struct {
	r   io.Reader
	err error
}

func (f *failing) Read(b []byte) (int, error) {
	n, err := f.r.Read(b)
	if err != nil && err != io.EOF {
		f.err = err
	}
	return n, err
}
