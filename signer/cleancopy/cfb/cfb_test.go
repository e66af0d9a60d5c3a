package cfb

import (
	"bytes"
	"encoding/binary"
	"errors"
	"testing"
)

// sample is a compound file with the stream "WordDocument" of 4096 bytes that begin with "head".
func sample() []byte {
	const sector = 512
	b := make([]byte, sector*11)
	copy(b, Magic)
	le := binary.LittleEndian
	le.PutUint16(b[30:], 9)
	le.PutUint16(b[32:], 6)
	le.PutUint32(b[48:], 1)
	le.PutUint32(b[60:], 0xFFFFFFFE)
	le.PutUint32(b[68:], 0xFFFFFFFE)
	for i := range 109 {
		le.PutUint32(b[76+4*i:], 0xFFFFFFFF)
	}
	le.PutUint32(b[76:], 0)
	for i := range 10 {
		le.PutUint32(b[sector+4*i:], uint32(i+1))
	}
	le.PutUint32(b[sector+4:], 0xFFFFFFFE)
	le.PutUint32(b[sector+36:], 0xFFFFFFFE)
	entry := b[2*sector:]
	for i, r := range "WordDocument" {
		le.PutUint16(entry[2*i:], uint16(r))
	}
	le.PutUint16(entry[64:], 26)
	entry[66] = 2
	le.PutUint32(entry[116:], 2)
	le.PutUint32(entry[120:], 4096)
	copy(b[3*sector:], "head")
	return b
}

func TestOpen(t *testing.T) {
	data := sample()
	f, err := Open(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	e, ok := f.Find("WordDocument")
	if !ok || e.Size != 4096 {
		t.Fatalf("%+v", f.Entries)
	}
	if head, err := f.Head(e, 4); err != nil || string(head) != "head" {
		t.Errorf("%q %v", head, err)
	}
	if _, ok := f.Find("Workbook"); ok {
		t.Error("found what is not there")
	}
}

func TestDamaged(t *testing.T) {
	tests := map[string]func([]byte) []byte{
		"short":          func(b []byte) []byte { return b[:100] },
		"no magic":       func(b []byte) []byte { b[0] = 0; return b },
		"sector size":    func(b []byte) []byte { b[30] = 20; return b },
		"no table":       func(b []byte) []byte { b[76], b[77], b[78], b[79] = 0xff, 0xff, 0xff, 0xff; return b },
		"table outside":  func(b []byte) []byte { b[77] = 0xff; return b },
		"directory ring": func(b []byte) []byte { copy(b[516:], []byte{1, 0, 0, 0}); return b },
	}
	for name, spoil := range tests {
		t.Run(name, func(t *testing.T) {
			data := spoil(sample())
			if _, err := Open(bytes.NewReader(data), int64(len(data))); !errors.Is(err, ErrDamaged) {
				t.Errorf("%v", err)
			}
		})
	}
}

func FuzzOpen(f *testing.F) {
	f.Add(sample())
	f.Fuzz(func(t *testing.T, data []byte) {
		c, err := Open(bytes.NewReader(data), int64(len(data)))
		if err != nil {
			return
		}
		for _, e := range c.Entries[:min(len(c.Entries), 8)] {
			head, err := c.Head(e, 64)
			if err == nil && len(head) > 64 {
				t.Errorf("%d bytes", len(head))
			}
		}
	})
}
