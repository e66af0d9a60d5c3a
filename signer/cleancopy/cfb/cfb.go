package cfb

import (
	"encoding/binary"
	"errors"
	"io"
	"unicode/utf16"
)

// Magic is what every compound file begins with.
const Magic = "\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1"

// ErrDamaged says that the container does not hold together.
var ErrDamaged = errors.New("cfb: compound file damaged")

const (
	maxSectors  = 1 << 20 // of tables read, 4 GiB of file at the usual 512 bytes
	maxEntries  = 1 << 14
	lastRegular = 0xFFFFFFFA
	miniCutoff  = 4096
	headerSize  = 512
	entrySize   = 128
)

// Entry is a stream or storage.
type Entry struct {
	Name   string
	Stream bool
	Size   int64
	start  uint32
}

// File is an opened compound file.
type File struct {
	Entries []Entry

	r        io.ReaderAt
	size     int64
	sector   int64
	miniSize int64
	fat      []uint32
	minifat  []uint32
	root     Entry
}

// Open reads the header, the allocation tables and the directory.
func Open(r io.ReaderAt, size int64) (*File, error) {
	var h [headerSize]byte
	if _, err := r.ReadAt(h[:], 0); err != nil || string(h[:8]) != Magic {
		return nil, ErrDamaged
	}
	shift, mini := binary.LittleEndian.Uint16(h[30:]), binary.LittleEndian.Uint16(h[32:])
	if (shift != 9 && shift != 12) || mini != 6 {
		return nil, ErrDamaged
	}
	f := &File{r: r, size: size, sector: 1 << shift, miniSize: 1 << mini}
	if err := f.readFAT(h[:]); err != nil {
		return nil, err
	}
	dir, err := f.chain(binary.LittleEndian.Uint32(h[48:]), maxEntries*entrySize)
	if err != nil {
		return nil, err
	}
	if err := f.readDirectory(dir); err != nil {
		return nil, err
	}
	if start := binary.LittleEndian.Uint32(h[60:]); start < lastRegular {
		raw, err := f.chain(start, maxSectors*4)
		if err != nil {
			return nil, err
		}
		f.minifat = words(raw)
	}
	return f, nil
}

// Find returns the stream of that name, wherever in the tree it stands.
func (f *File) Find(name string) (Entry, bool) {
	for _, e := range f.Entries {
		if e.Stream && e.Name == name {
			return e, true
		}
	}
	return Entry{}, false
}

// Head returns at most n first bytes of a stream.
func (f *File) Head(e Entry, n int64) ([]byte, error) {
	n = min(n, e.Size)
	if e.Size >= miniCutoff {
		b, err := f.chain(e.start, n)
		if err != nil {
			return nil, err
		}
		return b[:min(n, int64(len(b)))], nil
	}
	store, err := f.chain(f.root.start, f.root.Size)
	if err != nil {
		return nil, err
	}
	var out []byte
	for s, left := e.start, len(f.minifat); s < lastRegular && int64(len(out)) < n; left-- {
		from := int64(s) * f.miniSize
		if left == 0 || int(s) >= len(f.minifat) || from+f.miniSize > int64(len(store)) {
			return nil, ErrDamaged
		}
		out = append(out, store[from:from+f.miniSize]...)
		s = f.minifat[s]
	}
	return out[:min(n, int64(len(out)))], nil
}

func (f *File) readFAT(h []byte) error {
	sectors := min(f.size/f.sector+1, maxSectors)
	var list []uint32
	for i := range 109 {
		list = append(list, binary.LittleEndian.Uint32(h[76+4*i:]))
	}
	next := binary.LittleEndian.Uint32(h[68:])
	for range sectors {
		if next >= lastRegular {
			break
		}
		raw, err := f.readSector(next)
		if err != nil {
			return err
		}
		w := words(raw)
		list, next = append(list, w[:len(w)-1]...), w[len(w)-1]
	}
	for _, s := range list {
		if s >= lastRegular {
			continue
		}
		if int64(len(f.fat)) > sectors+f.sector/4 {
			return ErrDamaged
		}
		raw, err := f.readSector(s)
		if err != nil {
			return err
		}
		f.fat = append(f.fat, words(raw)...)
	}
	if len(f.fat) == 0 {
		return ErrDamaged
	}
	return nil
}

func (f *File) readDirectory(dir []byte) error {
	for ; len(dir) >= entrySize; dir = dir[entrySize:] {
		n, kind := int(binary.LittleEndian.Uint16(dir[64:])), dir[66]
		if kind == 0 || n < 2 || n > 64 || n%2 != 0 {
			continue
		}
		u := make([]uint16, 0, 32)
		for i := 0; i < n-2; i += 2 {
			u = append(u, binary.LittleEndian.Uint16(dir[i:]))
		}
		size := int64(binary.LittleEndian.Uint32(dir[120:])) // version 3 leaves the upper half undefined
		e := Entry{Name: string(utf16.Decode(u)), Stream: kind == 2, Size: min(size, f.size), start: binary.LittleEndian.Uint32(dir[116:])}
		if kind == 5 {
			f.root = e
		}
		f.Entries = append(f.Entries, e)
	}
	if len(f.Entries) == 0 {
		return ErrDamaged
	}
	return nil
}

// chain returns the bytes of a chain of sectors, at least limit of them if there are so many.
func (f *File) chain(start uint32, limit int64) ([]byte, error) {
	var out []byte
	for s, left := start, len(f.fat); s < lastRegular && int64(len(out)) < limit; left-- {
		if left == 0 || int(s) >= len(f.fat) {
			return nil, ErrDamaged
		}
		b, err := f.readSector(s)
		if err != nil {
			return nil, err
		}
		out = append(out, b...)
		s = f.fat[s]
	}
	return out, nil
}

func (f *File) readSector(s uint32) ([]byte, error) {
	b := make([]byte, f.sector)
	n, err := f.r.ReadAt(b, (int64(s)+1)*f.sector)
	if n == 0 || err != nil && !errors.Is(err, io.EOF) {
		return nil, ErrDamaged
	}
	return b, nil // a short last sector is padded with zeros, as Word tolerates
}

func words(b []byte) []uint32 {
	w := make([]uint32, len(b)/4)
	for i := range w {
		w[i] = binary.LittleEndian.Uint32(b[4*i:])
	}
	return w
}
