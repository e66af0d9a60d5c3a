package pdf

import (
	"bufio"
	"errors"
	"io"
)

// Codes of LZWDecode (7.4.4.2).
const (
	lzwClear = 256
	lzwEnd   = 257
	lzwMax   = 12 // bits of a code
)

var errLZW = errors.New("LZW data with an impossible code")

// lzwReader decodes LZWDecode data. early is /EarlyChange: codes grow by a bit one code sooner than they must.
type lzwReader struct {
	src    io.ByteReader
	early  int
	bits   uint32
	have   uint
	width  uint
	prefix [1 << lzwMax]uint16
	suffix [1 << lzwMax]byte
	next   int // code that is given out next
	last   int // code before, or -1
	out    []byte
	buf    [1 << lzwMax]byte
	err    error
}

func newLZWReader(src io.Reader, early int) *lzwReader {
	r := &lzwReader{src: bufio.NewReader(src), early: early}
	r.clear()
	return r
}

func (r *lzwReader) clear() { r.width, r.next, r.last = 9, lzwEnd+1, -1 }

func (r *lzwReader) Read(b []byte) (int, error) {
	for len(r.out) == 0 {
		if r.err != nil {
			return 0, r.err
		}
		r.err = r.step()
	}
	n := copy(b, r.out)
	r.out = r.out[n:]
	return n, nil
}

// step reads one code and puts what it stands for into out.
func (r *lzwReader) step() error {
	for r.have < r.width {
		c, err := r.src.ReadByte()
		if err != nil {
			return err // data without its end code ends where it ends
		}
		r.bits = r.bits<<8 | uint32(c)
		r.have += 8
	}
	code := int(r.bits >> (r.have - r.width) & (1<<r.width - 1))
	r.have -= r.width
	switch {
	case code == lzwClear:
		r.clear()
		return nil
	case code == lzwEnd:
		return io.EOF
	case code > r.next || code == r.next && r.last < 0 || code >= r.next && code > 255 && r.next == 1<<lzwMax:
		return errLZW
	}
	at := len(r.buf)
	walk := code
	if code == r.next {
		at--
		walk = r.last
	}
	for walk > lzwEnd {
		at--
		r.buf[at] = r.suffix[walk]
		walk = int(r.prefix[walk])
	}
	at--
	r.buf[at] = byte(walk)
	if code == r.next {
		r.buf[len(r.buf)-1] = r.buf[at]
	}
	if r.last >= 0 && r.next < 1<<lzwMax {
		r.prefix[r.next], r.suffix[r.next] = uint16(r.last), r.buf[at]
		r.next++
		if r.next+r.early >= 1<<r.width && r.width < lzwMax {
			r.width++
		}
	}
	r.last = code
	r.out = r.buf[at:]
	return nil
}

// runReader decodes RunLengthDecode data (7.4.5).
type runReader struct {
	src  *bufio.Reader
	left int
	same bool
	c    byte
	done bool
}

func (r *runReader) Read(b []byte) (int, error) {
	n := 0
	for n < len(b) && !r.done {
		if r.left == 0 {
			length, err := r.src.ReadByte()
			if err != nil || length == 128 {
				r.done = true
				break
			}
			if r.same = length > 128; r.same {
				r.left = 257 - int(length)
				if r.c, err = r.src.ReadByte(); err != nil {
					r.done = true
					break
				}
			} else {
				r.left = int(length) + 1
			}
		}
		if !r.same {
			c, err := r.src.ReadByte()
			if err != nil {
				r.done = true
				break
			}
			r.c = c
		}
		b[n] = r.c
		n++
		r.left--
	}
	if n == 0 && len(b) > 0 {
		return 0, io.EOF
	}
	return n, nil
}
