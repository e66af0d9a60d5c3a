package pdf

import (
	"bytes"
	"math"
	"slices"
)

// An objectStream is a decoded stream of /Type /ObjStm (7.5.7). Each belongs to
// the place in the file where it stands, so all views can share it.
type objectStream struct {
	offset  int64 // of the stream object's header
	data    []byte
	numbers []uint32
	starts  []int64
}

// objectStream returns the object stream with a number.
func (f *File) objectStream(num uint32, nested int) (*objectStream, error) {
	e, _, ok := f.Lookup(num)
	if !ok || e.Kind != InUse {
		return nil, fail(Malformed, -1, "object stream %d is not an object of its own", num)
	}
	f.mu.Lock()
	for i, s := range f.streams {
		if s.offset == e.Offset {
			copy(f.streams[1:i+1], f.streams[:i])
			f.streams[0] = s
			f.mu.Unlock()
			return s, nil
		}
	}
	f.mu.Unlock()
	o, err := f.load(e.Ref(), nested+1)
	if err != nil {
		return nil, err
	}
	stream, ok := o.(*Stream)
	if !ok || stream.Dict["Type"] != Name("ObjStm") {
		return nil, fail(Malformed, e.Offset, "object %d is not an object stream", num)
	}
	s, err := f.readObjectStream(stream, nested)
	if err != nil {
		return nil, err
	}
	s.offset = e.Offset
	f.mu.Lock()
	defer f.mu.Unlock()
	f.streams = slices.Insert(f.streams, 0, s)
	f.cached += int64(len(s.data))
	for f.cached > cacheBytes && len(f.streams) > 1 {
		last := len(f.streams) - 1
		f.cached -= int64(len(f.streams[last].data))
		f.streams = slices.Delete(f.streams, last, last+1)
	}
	return s, nil
}

func (f *File) readObjectStream(stream *Stream, nested int) (*objectStream, error) {
	number := func(key Name) (int64, error) {
		o, err := f.resolve(stream.Dict[key], nested+1)
		if err != nil {
			return 0, err
		}
		n, ok := o.(Integer)
		if !ok || n < 0 {
			return 0, fail(Malformed, stream.Offset, "an object stream has no proper /%s", key)
		}
		return int64(n), nil
	}
	count, err := number("N")
	if err != nil {
		return nil, err
	}
	first, err := number("First")
	if err != nil {
		return nil, err
	}
	s := &objectStream{}
	if s.data, err = f.decode(stream, maxObjStream, nested+1); err != nil {
		return nil, err
	}
	if first > int64(len(s.data)) || count > first/3+1 {
		return nil, fail(Malformed, stream.Offset, "an object stream is shorter than it says")
	}
	p := f.parserOf(s.data)
	for range count {
		p.skipSpace()
		num, ok := p.unsigned()
		p.skipSpace()
		at, ok2 := p.unsigned()
		if !ok || !ok2 || num > math.MaxUint32 || at > int64(len(s.data))-first {
			return nil, fail(Malformed, stream.Offset, "an object stream has a broken index")
		}
		s.numbers = append(s.numbers, uint32(num))
		s.starts = append(s.starts, first+at)
	}
	return s, nil
}

// parserOf returns a parser of decoded bytes.
func (d *document) parserOf(data []byte) *parser {
	return &parser{scanner: scanner{
		src: bytes.NewReader(data), size: int64(len(data)), window: data, budget: &d.budget,
	}, defect: d.note}
}

// object reads the object with a number that stands at an index.
func (s *objectStream) object(d *document, num, index uint32) (Object, error) {
	if int64(index) >= int64(len(s.numbers)) || s.numbers[index] != num {
		return nil, fail(Malformed, s.offset, "object %d is not in its object stream", num)
	}
	p := d.parserOf(s.data)
	p.pos = s.starts[index]
	o, err := p.object(0)
	if err != nil {
		return nil, fail(Malformed, s.offset, "object %d in an object stream: %v", num, err)
	}
	p.skipSpace()
	if c := p.peek(); c >= 0 && !slices.Contains(s.starts, p.pos) {
		return nil, fail(Malformed, s.offset, "object %d in an object stream is followed by something else", num)
	}
	return o, nil
}
