package pdf

import (
	"bytes"
	"errors"
	"math"
	"slices"
)

// An objectStream is a decoded stream of /Type /ObjStm (7.5.7). Each belongs to
// the place in the file where it stands, so all views can share it.
type objectStream struct {
	offset  int64 // of the stream object's header
	data    []byte
	numbers []uint32
	starts  []int32 // in data, by index
	order   []int32 // the starts, ascending
}

// size is about how many bytes of memory the stream takes.
func (s *objectStream) size() int64 { return int64(len(s.data) + 12*len(s.numbers)) }

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
	f.cached += s.size()
	for f.cached > cacheBytes && len(f.streams) > 1 {
		last := len(f.streams) - 1
		f.cached -= f.streams[last].size()
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
		s.starts = append(s.starts, int32(first+at)) // within maxObjStream
	}
	if numbers := slices.Sorted(slices.Values(s.numbers)); len(slices.Compact(numbers)) < len(s.numbers) {
		f.note(ObjectTwice, stream.Offset)
	}
	s.order = slices.Sorted(slices.Values(s.starts))
	if len(slices.Compact(s.order)) < len(s.starts) {
		return nil, fail(Malformed, stream.Offset, "an object stream has two objects at one place")
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
	start, next := int64(s.starts[index]), int64(len(s.data))
	if i, _ := slices.BinarySearch(s.order, s.starts[index]+1); i < len(s.order) {
		next = int64(s.order[i])
	}
	// An object ends before the next one begins, so that all of them together are read in the time of the stream.
	p := d.parserOf(s.data[:next])
	p.pos = start
	o, err := p.object(0)
	if err != nil {
		kind := Malformed
		if errors.Is(err, &Error{Kind: TooComplex}) {
			kind = TooComplex
		}
		return nil, fail(kind, s.offset, "object %d in an object stream: %v", num, err)
	}
	// What is asked for again and again is paid for here as in the file itself.
	if n := p.pos - start; n > firstWindow && d.budget.Add(-n) < 0 {
		return nil, fail(TooComplex, s.offset, "reading the structure takes too much work")
	}
	if p.skipSpace(); p.pos < next {
		return nil, fail(Malformed, s.offset, "object %d in an object stream is followed by something else", num)
	}
	return o, nil
}
