package cryptoki

import (
	"bytes"
	"encoding/binary"
	"testing"
)

// On Windows a CK_ULONG has 4 bytes, on a 64-bit system elsewhere 8.
func TestLayout(t *testing.T) {
	windows, other := hostLayout("windows"), hostLayout("linux")
	if got := windows.appendULong(nil, 0x84000020); !bytes.Equal(got, binary.NativeEndian.AppendUint32(nil, 0x84000020)) {
		t.Errorf("Windows: %x", got)
	}
	if got := other.appendULong(nil, 5); len(got) != pointerSize {
		t.Errorf("elsewhere: %x", got)
	}
	for _, l := range []layout{windows, other} {
		if got := l.readULong(l.appendULong(nil, 0x84000020)); got != 0x84000020 {
			t.Errorf("%+v: read back as %x", l, got)
		}
		if got := l.readULong(bytes.Repeat([]byte{0xFF}, l.ulong)); got != l.unavailable() {
			t.Errorf("%+v: unavailable is %x, want %x", l, got, l.unavailable())
		}
	}
	// The upper half of a register says nothing on Windows.
	if pointerSize == 8 {
		dirty := uint64(0xDEADBEEF)<<32 | 0xA0
		if got := windows.result(uintptr(dirty)); got != CKR_PIN_INCORRECT {
			t.Errorf("result %x", uint(got))
		}
	}
}

func TestParseNumber(t *testing.T) {
	tests := []struct {
		value []byte
		want  uint
		ok    bool
	}{
		{binary.NativeEndian.AppendUint32(nil, 3), 3, true},
		{binary.NativeEndian.AppendUint64(nil, 0x84000020), 0x84000020, true},
		{nil, 0, false},
		{[]byte{1}, 0, false},
	}
	for _, tt := range tests {
		if got, ok := ParseNumber(tt.value); got != tt.want || ok != tt.ok {
			t.Errorf("%x: got %x, %v", tt.value, got, ok)
		}
	}
}

func TestText(t *testing.T) {
	for in, want := range map[string]string{
		"buyer                           ": "buyer",
		"buyer\x00garbage":                 "buyer",
		"采购人\xff ":                         "采购人",
		"":                                 "",
	} {
		if got := text([]byte(in)); got != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
}

// CK_INFO is packed on Windows and aligned elsewhere.
func TestInfo(t *testing.T) {
	maker, what := []byte("Maker                           "), []byte("A library                       ")
	for goos, between := range map[string]int{"windows": 4, "linux": (pointerSize-34%pointerSize)%pointerSize + pointerSize} {
		b := append([]byte{2, 40}, maker...)
		b = append(b, make([]byte, between)...)
		b = append(append(append(b, what...), 3, 11), make([]byte, 32)...)
		if got, want := hostLayout(goos).info(b), (Info{"Maker", "A library", 3, 11}); got != want {
			t.Errorf("%s: %+v, want %+v", goos, got, want)
		}
	}
}
