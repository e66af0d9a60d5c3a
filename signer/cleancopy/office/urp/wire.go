package urp

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"unicode/utf8"
)

// class is a UNO type class (typelib_TypeClass).
type class byte

const (
	classVoid      class = 0
	classBoolean   class = 2
	classShort     class = 4
	classLong      class = 6
	classString    class = 12
	classType      class = 13
	classAny       class = 14
	classEnum      class = 15
	classStruct    class = 17
	classException class = 19
	classSequence  class = 20
	classInterface class = 22
)

// Bounds on what the peer may send. Replies are object identifiers, numbers and words of errors.
const (
	maxBlock = 1 << 20 // bytes
	noCache  = 0xFFFF  // the index that says: do not remember
)

// ErrProtocol is what the peer's breach of the protocol is reported as.
var ErrProtocol = errors.New("urp: unexpected data from the peer")

func breach(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrProtocol, fmt.Sprintf(format, args...))
}

// writer builds one message.
type writer struct{ b []byte }

func (w *writer) byte(v byte) { w.b = append(w.b, v) }
func (w *writer) bool(v bool) {
	if v {
		w.byte(1)
	} else {
		w.byte(0)
	}
}
func (w *writer) u16(v uint16) { w.b = binary.BigEndian.AppendUint16(w.b, v) }
func (w *writer) u32(v uint32) { w.b = binary.BigEndian.AppendUint32(w.b, v) }

// count writes a length: one byte where it fits, else 0xFF and four.
func (w *writer) count(n int) {
	if n < 0xFF {
		w.byte(byte(n))
		return
	}
	w.byte(0xFF)
	w.u32(uint32(n))
}

func (w *writer) string(s string) {
	w.count(len(s))
	w.b = append(w.b, s...)
}

// typ writes a type. Simple types have no name.
func (w *writer) typ(c class, name string) {
	if c <= classAny {
		w.byte(byte(c))
		return
	}
	w.byte(byte(c) | 0x80)
	w.u16(noCache)
	w.string(name)
}

func (w *writer) oid(oid string) {
	w.string(oid)
	w.u16(noCache)
}

// reader takes one message apart. After the first error it yields zero values.
type reader struct {
	b   []byte
	err error
}

func (r *reader) take(n int) []byte {
	if r.err != nil || n < 0 || n > len(r.b) {
		if r.err == nil {
			r.err = breach("a message ends early")
		}
		return nil
	}
	v := r.b[:n]
	r.b = r.b[n:]
	return v
}

func (r *reader) byte() byte {
	if v := r.take(1); v != nil {
		return v[0]
	}
	return 0
}

func (r *reader) u16() uint16 {
	if v := r.take(2); v != nil {
		return binary.BigEndian.Uint16(v)
	}
	return 0
}

func (r *reader) u32() uint32 {
	if v := r.take(4); v != nil {
		return binary.BigEndian.Uint32(v)
	}
	return 0
}

func (r *reader) count() int {
	n := uint32(r.byte())
	if n == 0xFF {
		n = r.u32()
	}
	if n > maxBlock {
		r.fail("a length of %d", n)
		return 0
	}
	return int(n)
}

func (r *reader) string() string {
	s := string(r.take(r.count()))
	if !utf8.ValidString(s) {
		r.fail("text is not UTF-8")
		return ""
	}
	return s
}

func (r *reader) fail(format string, args ...any) {
	if r.err == nil {
		r.err = breach(format, args...)
	}
}

// readBlock reads one block and gives the message in it. LibreOffice never puts more than one there.
func readBlock(in io.Reader) ([]byte, error) {
	var head [8]byte
	if _, err := io.ReadFull(in, head[:]); err != nil {
		return nil, err
	}
	size, messages := binary.BigEndian.Uint32(head[:4]), binary.BigEndian.Uint32(head[4:])
	if size > maxBlock || messages != 1 {
		return nil, breach("a block of %d bytes with %d messages", size, messages)
	}
	b := make([]byte, size)
	if _, err := io.ReadFull(in, b); err != nil {
		return nil, err
	}
	return b, nil
}

func writeBlock(out io.Writer, message []byte) error {
	b := make([]byte, 8, 8+len(message))
	binary.BigEndian.PutUint32(b[:4], uint32(len(message)))
	binary.BigEndian.PutUint32(b[4:], 1)
	_, err := out.Write(append(b, message...))
	return err
}
