package wire

import (
	"encoding/binary"
	"errors"
	"io"

	"sealdesk/token"
)

// MaxPIN is how long a PIN is at most, in bytes; no token is known to take a longer one.
const MaxPIN = 256

// Bounds of a message.
const (
	maxMessage = 2 << 20 // bytes
	maxText    = 4 << 10 // bytes of a name, a path or a sentence
	maxData    = 1 << 20 // bytes of a certificate, a ciphertext, a table
	maxList    = 256     // members
)

// ErrMessage: the other end sent something that is no message.
var ErrMessage = errors.New("not a message of this protocol")

// encoder appends fields. The memory it is given is large enough, so that no copy of a PIN is left where it grew.
type encoder struct{ b []byte }

func (e *encoder) number(v uint64) { e.b = binary.BigEndian.AppendUint64(e.b, v) }

func (e *encoder) signed(v int) { e.number(uint64(int64(v))) }

func (e *encoder) flag(v bool) {
	if v {
		e.b = append(e.b, 1)
	} else {
		e.b = append(e.b, 0)
	}
}

func (e *encoder) bytes(v []byte) {
	e.b = binary.BigEndian.AppendUint32(e.b, uint32(len(v)))
	e.b = append(e.b, v...)
}

func (e *encoder) text(v string) { e.bytes([]byte(v)) }

func (e *encoder) list(v [][]byte) {
	e.b = binary.BigEndian.AppendUint32(e.b, uint32(len(v)))
	for _, b := range v {
		e.bytes(b)
	}
}

// decoder takes fields off, until one is not there or out of bounds.
type decoder struct {
	b   []byte
	bad bool
}

func (d *decoder) take(n int) []byte {
	if d.bad || n > len(d.b) {
		d.bad = true
		return nil
	}
	v := d.b[:n]
	d.b = d.b[n:]
	return v
}

func (d *decoder) number() uint64 {
	if b := d.take(8); b != nil {
		return binary.BigEndian.Uint64(b)
	}
	return 0
}

// signed takes a number between -1 and 2³¹.
func (d *decoder) signed() int {
	v := int64(d.number())
	if v < -1 || v > 1<<31-1 {
		d.bad = true
		return 0
	}
	return int(v)
}

func (d *decoder) flag() bool {
	b := d.take(1)
	if b == nil || b[0] > 1 {
		d.bad = true
		return false
	}
	return b[0] == 1
}

func (d *decoder) count(limit uint32) int {
	b := d.take(4)
	if b == nil {
		return 0
	}
	n := binary.BigEndian.Uint32(b)
	if n > limit {
		d.bad = true
		return 0
	}
	return int(n)
}

// bytes gives a part of the message itself, not a copy; nil when it is empty.
func (d *decoder) bytes(limit uint32) []byte {
	if n := d.count(limit); n > 0 {
		return d.take(n)
	}
	return nil
}

func (d *decoder) text() string { return string(d.bytes(maxText)) }

func (d *decoder) list() [][]byte {
	var v [][]byte
	for range d.count(maxList) {
		v = append(v, d.bytes(maxData))
		if d.bad {
			return nil
		}
	}
	return v
}

func (d *decoder) end() error {
	if d.bad || len(d.b) > 0 {
		return ErrMessage
	}
	return nil
}

// write sends a message that was encoded after four bytes for its length, and wipes it.
func write(w io.Writer, message []byte) error {
	defer token.Wipe(message)
	n := len(message) - 4
	if n > maxMessage {
		return ErrMessage
	}
	binary.BigEndian.PutUint32(message, uint32(n))
	_, err := w.Write(message)
	return err
}

// read receives a message. At the end of the pipe between two messages the error is io.EOF.
func read(r io.Reader) ([]byte, error) {
	var head [4]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return nil, err
	}
	n := binary.BigEndian.Uint32(head[:])
	if n > maxMessage {
		return nil, ErrMessage
	}
	message := make([]byte, n)
	if _, err := io.ReadFull(r, message); err != nil {
		return nil, io.ErrUnexpectedEOF
	}
	return message, nil
}
