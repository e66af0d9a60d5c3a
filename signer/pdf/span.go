package pdf

// Span returns the bytes of the file that an indirect object takes, from its
// number up to behind endobj. An object that does not exist or that stands in
// an object stream is an Error of Kind NoSuchValue.
func (f *File) Span(ref Ref) (start, end int64, err error) {
	p, err := f.direct(ref)
	if err != nil {
		return 0, 0, err
	}
	start = p.pos
	if _, err := p.header(); err != nil {
		return 0, 0, err
	}
	if _, err = p.indirect(f.lengthOf(0)); err != nil {
		return 0, 0, err
	}
	return start, p.pos, nil
}

// ValueSpan returns the bytes of the file that the value of a key takes in the
// dictionary of an indirect object, its delimiters included: of a signature
// dictionary's Contents, from < up to behind >. Several keys lead through
// dictionaries that stand within one another. A key that is missing, or given
// twice, is an Error of Kind NoSuchValue.
func (f *File) ValueSpan(ref Ref, keys ...Name) (start, end int64, err error) {
	p, err := f.direct(ref)
	if err != nil {
		return 0, 0, err
	}
	if _, err := p.header(); err != nil {
		return 0, 0, err
	}
	p.skipSpace()
	start, end = p.pos, p.pos
	for _, key := range keys {
		p.pos = start
		if !p.literal("<<") {
			return 0, 0, fail(NoSuchValue, start, "there is no dictionary with /%s in object %v", key, ref)
		}
		found := 0
		err := p.entries(0, func(k Name, from, to int64, _ Object) error {
			if k == key {
				found++
				start, end = from, to
			}
			return nil
		})
		if err != nil {
			return 0, 0, err
		}
		if found != 1 {
			return 0, 0, fail(NoSuchValue, p.pos, "a dictionary of object %v has the key /%s %d times", ref, key, found)
		}
	}
	return start, end, nil
}

// direct returns a parser at the header of an object that stands in the file itself.
func (f *File) direct(ref Ref) (*parser, error) {
	e, _, ok := f.Lookup(ref.Num)
	if !ok || e.Kind != InUse || e.Gen != ref.Gen {
		return nil, fail(NoSuchValue, -1, "object %v has no bytes of its own in the file", ref)
	}
	p, err := f.objectAt(ref, e)
	if err != nil {
		return nil, err
	}
	p.pos = e.Offset
	p.skipSpace()
	return p, nil
}
