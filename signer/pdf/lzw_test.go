package pdf

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"strings"
	"testing"
)

// lzw encodes as an encoder does that never looks for what it has seen: every byte for itself, codes as wide as they
// must be, a clear code when the table is full.
func lzw(data []byte, early int) []byte {
	var out []byte
	var bits, have uint
	put := func(code, width uint) {
		bits, have = bits<<width|code, have+width
		for have >= 8 {
			out = append(out, byte(bits>>(have-8)))
			have -= 8
		}
	}
	width, next := uint(9), 258
	put(lzwClear, width)
	first := true
	for _, c := range data {
		put(uint(c), width)
		if !first {
			next++
		}
		first = false
		if next+early >= 1<<width && width < 12 {
			width++
		}
		if next == 4095 {
			put(lzwClear, width)
			width, next, first = 9, 258, true
		}
	}
	put(lzwEnd, width)
	if have > 0 {
		out = append(out, byte(bits<<(8-have)))
	}
	return out
}

func TestLZW(t *testing.T) {
	// The standard's own example (7.4.4.2).
	got, err := io.ReadAll(newLZWReader(strings.NewReader("\x80\x0b\x60\x50\x22\x0c\x0c\x85\x01"), 1))
	if want := []byte{45, 45, 45, 45, 45, 65, 45, 45, 45, 66}; err != nil || !bytes.Equal(got, want) {
		t.Errorf("%v %v", got, err)
	}
	long := bytes.Repeat([]byte("采购合同 0123456789"), 1000)
	for early := range 2 {
		got, err := io.ReadAll(newLZWReader(bytes.NewReader(lzw(long, early)), early))
		if err != nil || !bytes.Equal(got, long) {
			t.Errorf("early change %d: %d bytes of %d, %v", early, len(got), len(long), err)
		}
	}
	if _, err := io.ReadAll(newLZWReader(strings.NewReader("\xff\xff\xff"), 1)); err == nil {
		t.Error("an impossible code is taken")
	}
}

func TestRunLength(t *testing.T) {
	got, err := io.ReadAll(&runReader{src: bufio.NewReader(strings.NewReader("\x02abc\xfed\x80zzz"))})
	if err != nil || string(got) != "abcddd" {
		t.Errorf("%q %v", got, err)
	}
}

func TestDecodeLZW(t *testing.T) {
	data := lzw([]byte("BT ET"), 0)
	body := fmt.Sprintf("%%PDF-1.4\n1 0 obj\n<</Type/Catalog/Pages 2 0 R>>\nendobj\n2 0 obj\n<</Length %d/Filter[/LZWDecode]/DecodeParms[<</EarlyChange 0>>]>>\nstream\n%s\nendstream\nendobj\n", len(data), data)
	at := strings.Index(body, "2 0 obj")
	file := fmt.Sprintf("%sxref\n0 3\n0000000000 65535 f \n%010d 00000 n \n%010d 00000 n \ntrailer\n<</Size 3/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n",
		body, strings.Index(body, "1 0 obj"), at, len(body))
	f, err := Open(strings.NewReader(file), int64(len(file)))
	if err != nil {
		t.Fatal(err)
	}
	s, err := f.Stream(Ref{Num: 2})
	if err != nil {
		t.Fatal(err)
	}
	if got, err := f.Decode(s, 100); err != nil || string(got) != "BT ET" {
		t.Errorf("%q %v", got, err)
	}
}

func FuzzLZW(f *testing.F) {
	f.Add([]byte("\x80\x0b\x60\x50\x22\x0c\x0c\x85\x01"), 1)
	f.Fuzz(func(_ *testing.T, data []byte, early int) {
		_, _ = io.Copy(io.Discard, io.LimitReader(newLZWReader(bytes.NewReader(data), early&1), 1<<20))
	})
}
