package softkey

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// A message is a length of 4 bytes and that many bytes, all numbers little endian. A call's begin with the function's name,
// its length in one byte first; an answer's with a byte of flags and what the function returned, 8 bytes. Values follow: 'n'
// and 8 bytes, 'b' and a length of 4 bytes and bytes, or 'z' for a null pointer.

const (
	maxMessage = 1 << 20 // bytes
	maxName    = 64      // bytes of a function's name
	maxValues  = 4096    // in one message

	flagAbort = 1 // the library shall crash
)

var errMessage = errors.New("not a message of the software key's library")

// value is one argument of a call.
type value struct {
	kind   byte
	number uint64
	bytes  []byte
}

// readMessage reads one message's bytes.
func readMessage(r io.Reader) ([]byte, error) {
	var head [4]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return nil, err
	}
	n := binary.LittleEndian.Uint32(head[:])
	if n > maxMessage {
		return nil, fmt.Errorf("%w: %d bytes", errMessage, n)
	}
	body := make([]byte, n)
	_, err := io.ReadFull(r, body)
	return body, err
}

// parseCall takes a call apart. The values share the message's memory.
func parseCall(body []byte) (name string, values []value, err error) {
	if len(body) == 0 || body[0] == 0 || body[0] > maxName || len(body) < 1+int(body[0]) {
		return "", nil, errMessage
	}
	name, body = string(body[1:1+body[0]]), body[1+body[0]:]
	for len(body) > 0 {
		v := value{kind: body[0]}
		body = body[1:]
		switch v.kind {
		case 'n':
			if len(body) < 8 {
				return "", nil, errMessage
			}
			v.number, body = binary.LittleEndian.Uint64(body), body[8:]
		case 'b':
			if len(body) < 4 || uint64(len(body)-4) < uint64(binary.LittleEndian.Uint32(body)) {
				return "", nil, errMessage
			}
			n := binary.LittleEndian.Uint32(body)
			v.bytes, body = body[4:4+n], body[4+n:]
		case 'z':
		default:
			return "", nil, errMessage
		}
		if values = append(values, v); len(values) > maxValues {
			return "", nil, errMessage
		}
	}
	return name, values, nil
}

// arguments are read in order. One that is missing or of another kind makes all that follow zero, and bad.
type arguments struct {
	values []value
	bad    bool
}

func (a *arguments) next(kind byte) value {
	if a.bad || len(a.values) == 0 {
		a.bad = true
		return value{}
	}
	v := a.values[0]
	a.values = a.values[1:]
	if v.kind != kind && v.kind != 'z' {
		a.bad = true
		return value{}
	}
	return v
}

func (a *arguments) number() uint64 { return a.next('n').number }

// bytes is nil for a null pointer.
func (a *arguments) bytes() []byte {
	v := a.next('b')
	if v.kind == 'b' && v.bytes == nil {
		return []byte{}
	}
	return v.bytes
}

func (a *arguments) text() string { return string(a.next('b').bytes) }

// room is what the caller has for an answer.
type room struct {
	size  uint64 // bytes
	query bool   // only the size is asked for
	null  bool   // there is nowhere to tell even that
}

func (a *arguments) room() room {
	v := a.next('n')
	return room{size: v.number, query: v.number == ^uint64(0), null: v.kind != 'n'}
}

// answer gathers what a function returns.
type answer struct {
	abort    bool
	keep     bool // the values go out though the call failed
	returned uint64
	values   []byte
}

func (a *answer) number(n uint64) {
	a.values = binary.LittleEndian.AppendUint64(append(a.values, 'n'), n)
}

func (a *answer) bytes(b []byte) {
	a.values = binary.LittleEndian.AppendUint32(append(a.values, 'b'), uint32(len(b)))
	a.values = append(a.values, b...)
}

func (a *answer) none() { a.values = append(a.values, 'z') }

func (a *answer) write(w io.Writer) error {
	message := make([]byte, 4, 4+1+8+len(a.values))
	binary.LittleEndian.PutUint32(message, uint32(1+8+len(a.values)))
	flags := byte(0)
	if a.abort {
		flags = flagAbort
	}
	message = binary.LittleEndian.AppendUint64(append(message, flags), a.returned)
	_, err := w.Write(append(message, a.values...))
	return err
}
