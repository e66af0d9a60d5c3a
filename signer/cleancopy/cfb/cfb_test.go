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
		"short":                       func(b []byte) []byte { return b[:100] },
		"no magic":                    func(b []byte) []byte { b[0] = 0; return b },
		"sector size":                 func(b []byte) []byte { b[30] = 20; return b },
		"no table":                    func(b []byte) []byte { b[76], b[77], b[78], b[79] = 0xff, 0xff, 0xff, 0xff; return b },
		"table outside":               func(b []byte) []byte { b[77] = 0xff; return b },
		"directory ring":              func(b []byte) []byte { copy(b[516:], []byte{1, 0, 0, 0}); return b },
		"mini size":                   func(b []byte) []byte { b[32] = 7; return b },
		"directory outside the table": func(b []byte) []byte { b[49] = 1; return b },
		"directory outside the file":  func(b []byte) []byte { b[48] = 90; return b },
		"no directory":                func(b []byte) []byte { clear(b[1024:1536]); return b },
		"names too long":              func(b []byte) []byte { b[1024+64] = 66; return b },
		"names of half a character":   func(b []byte) []byte { b[1024+64] = 3; return b },
		"no names":                    func(b []byte) []byte { b[1024+64] = 0; return b },
		"small streams outside":       func(b []byte) []byte { copy(b[60:], []byte{200, 0, 0, 0}); return b },
		"more tables outside":         func(b []byte) []byte { copy(b[68:], []byte{200, 0, 0, 0}); return b },
		"tables again and again":      func(b []byte) []byte { clear(b[76:512]); return b },
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

// small is a compound file of sectors of 4096 bytes with a stream of 70 bytes among the small ones, which takes the blocks 1
// and 0.
func small() []byte {
	const sector = 4096
	b := make([]byte, sector*6)
	copy(b, sample()[:512])
	le := binary.LittleEndian
	le.PutUint16(b[30:], 12)
	le.PutUint32(b[60:], 2) // of small blocks
	for i, next := range []uint32{0xFFFFFFFD, 0xFFFFFFFE, 0xFFFFFFFE, 0xFFFFFFFE} {
		le.PutUint32(b[sector+4*i:], next)
	}
	for i, e := range []struct {
		kind        byte
		start, size uint32
	}{{5, 3, 128}, {2, 1, 70}} {
		entry := b[2*sector+entrySize*i:]
		copy(entry, "x\x00")
		le.PutUint16(entry[64:], 4)
		entry[66] = e.kind
		le.PutUint32(entry[116:], e.start)
		le.PutUint32(entry[120:], e.size)
	}
	le.PutUint32(b[3*sector:], 0xFFFFFFFE)
	le.PutUint32(b[3*sector+4:], 0)
	copy(b[4*sector:], "second")
	copy(b[4*sector+64:], "first")
	return b
}

func TestHead(t *testing.T) {
	tests := []struct {
		name  string
		spoil func([]byte)
		ok    bool
	}{
		{"whole", func([]byte) {}, true},
		{"a ring of blocks", func(b []byte) { copy(b[3*4096:], []byte{1, 0, 0, 0}) }, true},
		{"a block outside the table", func(b []byte) { copy(b[3*4096+4:], []byte{0, 9, 0, 0}) }, false},
		{"a block that is not there", func(b []byte) { copy(b[3*4096+4:], []byte{0, 1, 0, 0}) }, false},
		{"a store outside the file", func(b []byte) { b[2*4096+116] = 99 }, false},
	}
	for _, tt := range tests {
		data := small()
		tt.spoil(data)
		f, err := Open(bytes.NewReader(data), int64(len(data)))
		if err != nil {
			t.Fatal(tt.name, err)
		}
		e, _ := f.Find("x")
		head, err := f.Head(e, 99)
		if tt.ok && (err != nil || len(head) != 70 || string(head[:5])+string(head[64:]) != "firstsecond") || !tt.ok && !errors.Is(err, ErrDamaged) {
			t.Errorf("%s: %q %v", tt.name, head, err)
		}
	}
	data := sample()
	binary.LittleEndian.PutUint32(data[512+4*4:], 200) // the stream's third sector
	f, err := Open(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	e, _ := f.Find("WordDocument")
	if _, err := f.Head(e, 4096); !errors.Is(err, ErrDamaged) {
		t.Error(err)
	}
	// A table that goes on in a sector of its own.
	binary.LittleEndian.PutUint32(data[68:], 9)
	for i := range 128 {
		binary.LittleEndian.PutUint32(data[10*512+4*i:], 0xFFFFFFFF)
	}
	if _, err := Open(bytes.NewReader(data), int64(len(data))); err != nil {
		t.Error(err)
	}
	f.r = lost{}
	if _, err := f.Head(e, 4); !errors.Is(err, ErrDamaged) {
		t.Error(err)
	}
}

// lost is a file on a disk that is gone.
type lost struct{}

func (lost) ReadAt(p []byte, _ int64) (int, error) { return len(p), errors.New("the disk is gone") }

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
