package cryptoki

import (
	"encoding/binary"
	"runtime"
	"unsafe"
)

// layout describes the structures of the C binding. On Windows CK_ULONG has 4 bytes and structures are packed; elsewhere
// CK_ULONG is as wide as a pointer, and the structures used here have no padding but before the function list.
type layout struct {
	ulong  int // bytes of CK_ULONG
	packed bool
}

const pointerSize = int(unsafe.Sizeof(uintptr(0)))

func hostLayout(goos string) layout {
	if goos == "windows" {
		return layout{ulong: 4, packed: true}
	}
	return layout{ulong: pointerSize}
}

var host = hostLayout(runtime.GOOS)

// unavailable is CK_UNAVAILABLE_INFORMATION, the largest CK_ULONG.
func (l layout) unavailable() uint { return uint(1)<<(l.ulong*8-1)<<1 - 1 }

func (l layout) appendULong(b []byte, v uint) []byte {
	if l.ulong == 4 {
		return binary.NativeEndian.AppendUint32(b, uint32(v))
	}
	return binary.NativeEndian.AppendUint64(b, uint64(v))
}

func (l layout) readULong(b []byte) uint {
	if l.ulong == 4 {
		return uint(binary.NativeEndian.Uint32(b))
	}
	return uint(binary.NativeEndian.Uint64(b))
}

func appendPointer(b []byte, p uintptr) []byte {
	if pointerSize == 4 {
		return binary.NativeEndian.AppendUint32(b, uint32(p))
	}
	return binary.NativeEndian.AppendUint64(b, uint64(p))
}

// lent is the memory that one call lends to the library: it stays where it is until the call is over.
type lent struct{ pins runtime.Pinner }

// bytes gives the address of b, or NULL when it is empty.
func (l *lent) bytes(b []byte) uintptr {
	if len(b) == 0 {
		return 0
	}
	l.pins.Pin(&b[0])
	return uintptr(unsafe.Pointer(&b[0]))
}

// number lends a CK_ULONG that the library reads and writes.
func (l *lent) number(v uint) (address uintptr, memory []byte) {
	memory = host.appendULong(nil, v)
	return l.bytes(memory), memory
}

// template makes an array of CK_ATTRIBUTE whose values are lent.
func (l *lent) template(attributes []Attribute) []byte {
	var b []byte
	for _, a := range attributes {
		b = host.appendULong(b, a.Type)
		b = appendPointer(b, l.bytes(a.Value))
		b = host.appendULong(b, uint(len(a.Value)))
	}
	return b
}

// mechanism lends a CK_MECHANISM.
func (l *lent) mechanism(m Mechanism) uintptr {
	var parameter []byte
	if m.parameter != nil {
		parameter = m.parameter(l)
	}
	b := host.appendULong(nil, m.Type)
	b = appendPointer(b, l.bytes(parameter))
	b = host.appendULong(b, uint(len(parameter)))
	return l.bytes(b)
}

func (l *lent) giveBack() { l.pins.Unpin() }

// Attribute is a CK_ATTRIBUTE: a type and its value.
type Attribute struct {
	Type  uint
	Value []byte
}

// Bool makes a CK_BBOOL attribute.
func Bool(typ uint, v bool) Attribute {
	if v {
		return Attribute{typ, []byte{1}}
	}
	return Attribute{typ, []byte{0}}
}

// Number makes a CK_ULONG attribute.
func Number(typ, v uint) Attribute { return Attribute{typ, host.appendULong(nil, v)} }

// ParseNumber reads the value of a CK_ULONG attribute. Some libraries write 4 bytes where the platform has 8.
func ParseNumber(value []byte) (uint, bool) {
	switch len(value) {
	case 4:
		return uint(binary.NativeEndian.Uint32(value)), true
	case 8:
		v := binary.NativeEndian.Uint64(value)
		return uint(v), uint64(uint(v)) == v
	}
	return 0, false
}

// Mechanism is a CK_MECHANISM.
type Mechanism struct {
	Type      uint
	parameter func(*lent) []byte // nil when there is none
}

// PSS is CKM_RSA_PKCS_PSS over a digest: hash and mgf are mechanism and mask numbers, salt is in bytes.
func PSS(hash, mgf, salt uint) Mechanism {
	return Mechanism{CKM_RSA_PKCS_PSS, func(*lent) []byte {
		return host.appendULong(host.appendULong(host.appendULong(nil, hash), mgf), salt)
	}}
}

// OAEP is CKM_RSA_PKCS_OAEP; the label may be empty.
func OAEP(hash, mgf uint, label []byte) Mechanism {
	return Mechanism{CKM_RSA_PKCS_OAEP, func(l *lent) []byte {
		b := host.appendULong(host.appendULong(nil, hash), mgf)
		b = host.appendULong(b, ckzDataSpecified)
		b = appendPointer(b, l.bytes(label))
		return host.appendULong(b, uint(len(label)))
	}}
}

// ECDH1 is CKM_ECDH1_DERIVE without a key derivation function; point is the other party's, 04‖X‖Y.
func ECDH1(point []byte) Mechanism {
	return Mechanism{CKM_ECDH1_DERIVE, func(l *lent) []byte {
		b := host.appendULong(nil, ckdNull)
		b = host.appendULong(b, 0)
		b = appendPointer(b, 0)
		b = host.appendULong(b, uint(len(point)))
		return appendPointer(b, l.bytes(point))
	}}
}
