package pdf

import (
	"bytes"
	"cmp"
	"errors"
	"io"
	"math"
	"slices"
)

// A section is one cross-reference table or stream as it stands in the file.
type section struct {
	offset  int64
	after   int64 // behind the trailer dictionary or the stream object
	form    Form
	trailer Dict
	entries []Entry

	hybrid    bool
	hidden    bool
	companion [2]int64
}

// readSections follows the chain of /Prev from the newest section, whose stated
// offset is given, and makes revisions of what it finds.
func (d *document) readSections(stated int64) error {
	var chain []*section // newest first
	objects := 0
	locked := int64(-1) // where the oldest section with an encryption dictionary stands
	for {
		if len(chain) == maxSections {
			return fail(TooComplex, -1, "more than %d cross-reference sections", maxSections)
		}
		s, err := d.readSection(stated+d.base, maxObjects-objects)
		if err != nil && locked >= 0 {
			break // it would not be read anyway
		}
		if err != nil {
			return err
		}
		for _, seen := range chain {
			if seen.offset == s.offset {
				return fail(Malformed, s.offset, "the chain of cross-reference sections is a loop")
			}
		}
		objects += len(s.entries)
		chain = append(chain, s)
		if _, ok := s.trailer["Encrypt"]; ok {
			locked = s.offset
		} else if locked > s.offset { // the second section of a linearized file stands behind the first
			return &Error{Kind: Encrypted, Later: true, Offset: locked, Detail: "a later revision encrypts the document"}
		}
		prev, ok := s.trailer["Prev"]
		if !ok {
			break
		}
		n, ok := prev.(Integer)
		if !ok || n < 0 {
			return fail(Malformed, s.offset, "/Prev is not an offset")
		}
		if n == 0 {
			d.note(PrevZero, s.offset)
			break
		}
		stated = int64(n)
	}
	if locked >= 0 {
		return fail(Encrypted, -1, "the document is encrypted")
	}
	return d.makeRevisions(chain)
}

// readSection reads the section at an offset of the file.
func (d *document) readSection(offset int64, room int) (*section, error) {
	if offset <= 0 || offset >= d.size {
		return nil, fail(NoXRef, -1, "a cross-reference section is said to be at byte %d of %d", offset, d.size)
	}
	p := d.parserAt(offset)
	p.skipWhite()
	s := &section{offset: p.pos, form: Table}
	var err error
	if p.keyword("xref") {
		// White space before a stream is before an object, as anywhere.
		if s.offset != offset {
			d.note(XRefOffset, offset)
		}
		err = d.readTable(p, s, room)
	} else {
		s.form = XRefStream
		err = d.readXRefStream(p, s, room)
	}
	if err != nil {
		return nil, err
	}
	s.after = p.pos
	if s.form == Table {
		if err := d.readHybrid(s, room); err != nil {
			return nil, err
		}
	}
	size, _ := s.trailer["Size"].(Integer)
	if n := len(s.entries); n > 0 && int64(s.entries[n-1].Num) >= int64(size) {
		d.note(XRefSize, s.offset)
	}
	return s, nil
}

// readHybrid merges the stream that a table's trailer names: its entries count
// where the table has none in use (7.5.8.4).
func (d *document) readHybrid(s *section, room int) error {
	at, ok := s.trailer["XRefStm"]
	if !ok {
		return nil
	}
	n, ok := at.(Integer)
	if !ok || int64(n) <= 0 || int64(n)+d.base >= d.size {
		return fail(Malformed, s.offset, "/XRefStm is not an offset")
	}
	p := d.parserAt(int64(n) + d.base)
	p.skipWhite()
	companion := &section{offset: p.pos}
	if err := d.readXRefStream(p, companion, room-len(s.entries)); err != nil {
		return err
	}
	s.hybrid, s.companion = true, [2]int64{companion.offset, p.pos}
	s.hidden = slices.ContainsFunc(companion.entries, func(e Entry) bool {
		i, ok := find(s.entries, e.Num)
		return e.Kind != Free && e.Offset != companion.offset && !(ok && s.entries[i] == e)
	})
	all := make([]Entry, 0, len(s.entries)+len(companion.entries))
	for _, e := range companion.entries {
		if i, ok := find(s.entries, e.Num); !ok || s.entries[i].Kind == Free && e.Kind != Free {
			all = append(all, e)
		}
	}
	hidden := len(all)
	for _, e := range s.entries {
		if _, ok := find(all[:hidden], e.Num); !ok {
			all = append(all, e)
		}
	}
	s.entries = all
	sortEntries(s.entries)
	return nil
}

func find(entries []Entry, num uint32) (int, bool) {
	return slices.BinarySearchFunc(entries, num, func(e Entry, n uint32) int { return cmp.Compare(e.Num, n) })
}

func sortEntries(entries []Entry) {
	slices.SortStableFunc(entries, func(a, b Entry) int { return cmp.Compare(a.Num, b.Num) })
}

// finish sorts a section's entries and refuses two opinions on one object.
func (s *section) finish() error {
	sortEntries(s.entries)
	for i := 1; i < len(s.entries); i++ {
		if a, b := s.entries[i-1], s.entries[i]; a.Num == b.Num && a != b {
			return fail(Malformed, s.offset, "a cross-reference section has object %d twice", a.Num)
		}
	}
	s.entries = slices.Compact(s.entries)
	return nil
}

// readTable reads a table behind its xref keyword, and the trailer.
func (d *document) readTable(p *parser, s *section, room int) error {
	for {
		p.skipSpace()
		if !isDigit(p.peek()) {
			break
		}
		first, ok := p.unsigned()
		p.skipWhite()
		count, ok2 := p.unsigned()
		if !ok || !ok2 || first+count > math.MaxUint32 {
			return p.fail("a subsection of the cross-reference table has no proper numbers")
		}
		p.skipWhite()
		if count > (p.size-p.pos)/18 {
			return p.fail("a subsection of %d entries does not fit into the file", count)
		}
		if int64(len(s.entries))+count > int64(room) {
			return fail(TooComplex, p.pos, "the file has more than %d objects", maxObjects)
		}
		for i := range count {
			e, err := d.tableEntry(p)
			if err != nil {
				return err
			}
			e.Num = uint32(first + i)
			s.entries = append(s.entries, e)
		}
	}
	if !p.keyword("trailer") {
		return p.fail("the cross-reference table has no trailer")
	}
	o, err := p.object(0)
	if err != nil {
		return err
	}
	var ok bool
	if s.trailer, ok = o.(Dict); !ok {
		return p.fail("the trailer is not a dictionary")
	}
	return s.finish()
}

// tableEntry reads "0000000017 00000 n" and its two-byte end of line.
func (d *document) tableEntry(p *parser) (Entry, error) {
	start := p.pos
	offset, ok := p.unsigned()
	exact := p.pos == start+10 && p.peek() == ' '
	p.skipWhite()
	genAt := p.pos
	exact = exact && genAt == start+11
	gen, ok2 := p.unsigned()
	exact = exact && p.pos == genAt+5 && p.peek() == ' '
	p.skipWhite()
	kind := p.next()
	if kind == 'n' && offset == 0 { // numbered by the writer, and not written
		p.defect(XRefEntryZero, start)
		kind = 'f'
	}
	if kind == 'f' {
		gen = min(gen, math.MaxUint16) // some writers count one too far, where it means nothing
	}
	if !ok || !ok2 || gen > math.MaxUint16 || kind != 'n' && kind != 'f' || isRegular(p.peek()) {
		p.pos = start
		return Entry{}, p.fail("a broken entry in the cross-reference table")
	}
	switch a := p.peek(); {
	case a == ' ':
		p.pos++
		exact = exact && (p.peek() == '\r' || p.peek() == '\n')
		p.skipEOL()
	case a == '\r':
		p.pos++
		exact = exact && p.peek() == '\n'
	default:
		exact = false
	}
	p.skipWhite()
	if !exact {
		p.defect(XRefEntryForm, start)
	}
	e := Entry{Gen: uint16(gen)}
	if kind == 'n' {
		e.Kind, e.Offset = InUse, offset+d.base
	}
	return e, nil
}

// readXRefStream reads a cross-reference stream object (7.5.8).
func (d *document) readXRefStream(p *parser, s *section, room int) error {
	if _, err := p.header(); err != nil {
		if errors.Is(err, &Error{Kind: Malformed}) {
			return fail(NoXRef, p.pos, "no cross-reference section stands where one should")
		}
		return err
	}
	o, err := p.indirect(func(o Object) (int64, error) {
		n, ok := o.(Integer) // a reference could not be followed yet
		if !ok {
			return 0, p.fail("a cross-reference stream must state its length directly")
		}
		return int64(n), nil
	})
	if err != nil {
		return err
	}
	stream, ok := o.(*Stream)
	if !ok || stream.Dict["Type"] != Name("XRef") {
		return fail(NoXRef, s.offset, "no cross-reference section stands where one should")
	}
	s.trailer = stream.Dict
	size, ok := stream.Dict["Size"].(Integer)
	if !ok || size < 0 || size > math.MaxUint32 {
		return fail(Malformed, s.offset, "a cross-reference stream has no proper /Size")
	}
	widths, err := xrefWidths(stream.Dict, s.offset)
	if err != nil {
		return err
	}
	index := Array{Integer(0), size}
	if o, ok := stream.Dict["Index"]; ok {
		if index, ok = o.(Array); !ok || len(index)%2 != 0 {
			return fail(Malformed, s.offset, "a cross-reference stream has no proper /Index")
		}
	}
	width, total := widths[0]+widths[1]+widths[2], int64(0)
	for i := 0; i < len(index); i += 2 {
		first, ok := index[i].(Integer)
		count, ok2 := index[i+1].(Integer)
		if !ok || !ok2 || first < 0 || count < 0 || first > math.MaxUint32 || count > math.MaxUint32-first {
			return fail(Malformed, s.offset, "a cross-reference stream has no proper /Index")
		}
		if total += int64(count); total > int64(room) {
			return fail(TooComplex, s.offset, "the file has more than %d objects", maxObjects)
		}
	}
	data, err := d.readEntries(stream, total*int64(width))
	if err != nil {
		return err
	}
	for ; len(index) > 0; index = index[2:] {
		first := index[0].(Integer)
		for i := range index[1].(Integer) {
			e, err := d.streamEntry(data[:width], widths, s.offset)
			if err != nil {
				return err
			}
			data = data[width:]
			e.Num = uint32(first + i)
			s.entries = append(s.entries, e)
		}
	}
	return s.finish()
}

// readEntries decodes as many bytes of a cross-reference stream as it has
// entries. What follows is not looked at: some writers cut the compressed data
// off behind the last entry.
func (d *document) readEntries(stream *Stream, size int64) ([]byte, error) {
	r, err := (&File{document: d, top: -1}).decoder(stream, 0)
	if err != nil {
		return nil, err
	}
	if err := d.pay(size, stream.Offset); err != nil {
		return nil, err
	}
	var data bytes.Buffer // grows with what is there, not with what is claimed
	switch n, err := io.CopyN(&data, r, size); {
	case n == size:
		return data.Bytes(), nil
	case errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF):
		return nil, fail(Malformed, stream.Offset, "a cross-reference stream is shorter than its /Index")
	default:
		return nil, undecoded(stream, err)
	}
}

func xrefWidths(dict Dict, offset int64) (widths [3]int, err error) {
	w, _ := dict["W"].(Array)
	if len(w) < 3 {
		return widths, fail(Malformed, offset, "a cross-reference stream has no proper /W")
	}
	total := 0
	for i, o := range w {
		n, ok := o.(Integer)
		if !ok || n < 0 || n > 8 || i >= 3 && n != 0 {
			return widths, fail(Malformed, offset, "a cross-reference stream has no proper /W")
		}
		if i < 3 {
			widths[i] = int(n)
		}
		total += int(n)
	}
	if total == 0 {
		return widths, fail(Malformed, offset, "a cross-reference stream has no proper /W")
	}
	return widths, nil
}

// streamEntry decodes one entry (table 18).
func (d *document) streamEntry(b []byte, widths [3]int, offset int64) (Entry, error) {
	field := [3]uint64{0: 1} // an absent type means in use
	for i, w := range widths {
		if w > 0 {
			field[i] = 0
		}
		for range w {
			field[i] = field[i]<<8 | uint64(b[0])
			b = b[1:]
		}
	}
	switch field[0] {
	case 0:
		return Entry{Gen: uint16(min(field[2], math.MaxUint16))}, nil
	case 1:
		if field[1] == 0 {
			d.note(XRefEntryZero, offset)
			return Entry{Gen: uint16(min(field[2], math.MaxUint16))}, nil
		}
		if field[1] > math.MaxInt64-uint64(d.base) || field[2] > math.MaxUint16 {
			break
		}
		return Entry{Kind: InUse, Offset: int64(field[1]) + d.base, Gen: uint16(field[2])}, nil
	case 2:
		if field[1] > math.MaxUint32 || field[2] > math.MaxUint32 {
			break
		}
		return Entry{Kind: Compressed, Offset: int64(field[1]), Index: uint32(field[2])}, nil
	default:
		return Entry{}, nil // an unknown type is a reference to null (7.5.8.3)
	}
	return Entry{}, fail(Malformed, offset, "a broken entry in a cross-reference stream")
}

// makeRevisions turns the chain of sections, newest first, into revisions.
func (d *document) makeRevisions(chain []*section) error {
	// In a linearized file the first-page section stands at the beginning, names
	// the main one at the end as its predecessor, and both are one revision (annex F).
	n := len(chain)
	linearized := n >= 2 && chain[n-1].offset > chain[n-2].offset
	if linearized {
		chain = append(chain[:n-2], merge(chain[n-1].after, chain[n-2], chain[n-1]))
	}
	chain, err := d.joinSections(chain)
	if err != nil {
		return err
	}
	slices.Reverse(chain)
	var start int64
	for i, s := range chain {
		if i > 0 && s.after <= start {
			return fail(Malformed, s.offset, "the cross-reference sections are not in the order of their /Prev")
		}
		r := Revision{
			Start: start, XRef: s.offset, Form: s.form, Trailer: s.trailer, Entries: s.entries,
			Hybrid: s.hybrid, Hidden: s.hidden, Companion: s.companion, Linearized: linearized && i == 0,
		}
		p := d.parserAt(s.after)
		p.skipSpace()
		stated, eof, err := p.startXRef()
		switch {
		case p.err != nil:
			return p.err
		case err != nil:
			d.note(NoEnd, s.after)
			r.EOF, r.End = s.after, s.after
		default:
			named := d.parserAt(stated + d.base)
			if named.skipWhite(); named.pos != s.offset {
				d.note(NoEnd, s.after)
			}
			r.EOF, r.End = eof, p.pos
		}
		d.revisions = append(d.revisions, r)
		start = r.End
	}
	p := d.parserAt(start)
	if p.skipWhite(); p.peek() >= 0 {
		d.note(JunkAfterEnd, p.pos)
	}
	return p.err
}

// merge makes one section of several, newest first: what an older one says counts
// where no newer one says anything. It ends where the last to be written ends.
func merge(after int64, sections ...*section) *section {
	m := *sections[0]
	m.after, m.entries = after, nil
	for _, s := range sections {
		m.hybrid, m.hidden = m.hybrid || s.hybrid, m.hidden || s.hidden
		m.entries = append(m.entries, s.entries...)
	}
	sortEntries(m.entries) // stable, so that the newest comes first
	m.entries = slices.CompactFunc(m.entries, func(a, b Entry) bool { return a.Num == b.Num })
	return &m
}

// joinSections makes one of sections, newest first, that follow one another with
// nothing between: the file never ended with the older one. Office writes its
// hybrid files so, as a table of everything and an empty one with the /XRefStm.
func (d *document) joinSections(chain []*section) ([]*section, error) {
	var out []*section
	for len(chain) > 0 {
		n := 1
		for ; n < len(chain); n++ {
			p := d.parserAt(chain[n].after)
			p.skipWhite()
			if p.err != nil {
				return nil, p.err
			}
			if p.pos != chain[n-1].offset {
				break
			}
		}
		if n == 1 {
			out = append(out, chain[0])
		} else {
			out = append(out, merge(chain[0].after, chain[:n]...))
		}
		chain = chain[n:]
	}
	return out, nil
}

// startXRef reads "startxref 123 %%EOF" and one end of line; eof is the offset before that.
func (p *parser) startXRef() (stated, eof int64, err error) {
	if !p.keyword("startxref") {
		return 0, 0, p.fail("startxref is missing")
	}
	p.skipWhite()
	stated, ok := p.unsigned()
	if !ok {
		return 0, 0, p.fail("startxref is not followed by an offset")
	}
	p.skipWhite()
	if !p.literal("%%EOF") {
		return 0, 0, p.fail("startxref is not followed by %%%%EOF")
	}
	eof = p.pos
	p.skipEOL()
	return stated, eof, nil
}
