package pdf

import (
	"bytes"
	"cmp"
	"io"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
)

// Bounds on a whole file.
const (
	maxSections  = 1024      // cross-reference sections
	maxObjects   = 2 << 20   // entries of all sections together
	maxRefs      = 32        // references to references
	maxNested    = 16        // objects that are needed to read an object
	maxObjStream = 16 << 20  // decoded bytes of an object stream
	cacheBytes   = 32 << 20  // of decoded object streams kept
	baseBudget   = 256 << 20 // bytes of structure that may be scanned and decoded in all, and
	sizeBudget   = 8         // so many times the file's size
)

// Form is the form of a cross-reference section.
type Form int

// The forms of cross-reference sections.
const (
	Table      Form = iota + 1 // xref … trailer
	XRefStream                 // a stream of /Type /XRef
)

func (f Form) String() string {
	if f == Table {
		return "table"
	}
	return "stream"
}

// EntryKind says what a cross-reference entry says of its object.
type EntryKind uint8

// The kinds of entries.
const (
	Free       EntryKind = iota // deleted, or of a type unknown to the standard: the object is null
	InUse                       // stands in the file
	Compressed                  // stands in an object stream
)

// Entry is what one revision says of one object number.
type Entry struct {
	Offset int64  // InUse: of the object in the file; Compressed: number of the object stream
	Num    uint32 // object number
	Index  uint32 // Compressed: index within the object stream
	Gen    uint16 // generation, 0 for Compressed
	Kind   EntryKind
}

// Ref returns the reference to the object.
func (e Entry) Ref() Ref { return Ref{e.Num, e.Gen} }

// Revision is the file's first writing or one incremental update.
type Revision struct {
	// Start and End bound the revision's bytes: End is behind the end of line
	// that follows its %%EOF, and is where the next revision starts.
	Start, End int64
	// EOF is the offset just behind %%EOF.
	EOF int64
	// XRef is where the cross-reference section begins; of a linearized first
	// revision, the one that startxref names.
	XRef    int64
	Form    Form
	Trailer Dict // of the section at XRef; for XRefStream the stream's dictionary
	// Entries are sorted by number, each number once.
	Entries []Entry
	// Hybrid: the table has a companion stream (/XRefStm), its entries are merged.
	Hybrid bool
	// Hidden: the companion says of an object what the table does not, so that
	// readers of tables alone see another file.
	Hidden bool
	// Companion is where that stream's object begins and ends; zero without one.
	Companion [2]int64
	// Linearized: the revision consists of two sections.
	Linearized bool
}

// Entry returns what the revision says of an object number, if it does.
func (r *Revision) Entry(num uint32) (Entry, bool) {
	i, ok := slices.BinarySearchFunc(r.Entries, num, func(e Entry, n uint32) int { return cmp.Compare(e.Num, n) })
	if !ok {
		return Entry{}, false
	}
	return r.Entries[i], true
}

// File is a PDF file, or the file as of one of its revisions. It may be used by
// several goroutines.
type File struct {
	*document
	top int // index of the newest revision that counts
}

// document is what all views of a file share.
type document struct {
	src       io.ReaderAt
	size      int64
	base      int64 // added to the offsets that the file states
	version   string
	revisions []Revision
	budget    atomic.Int64

	mu      sync.Mutex
	defects []Defect
	streams []*objectStream // most recently used first
	cached  int64
}

// Open reads the cross-reference sections of a file of the given size in bytes.
// The source must not change while the File is used.
//
// Errors are of type *Error or wrap the source's.
func Open(src io.ReaderAt, size int64) (*File, error) {
	d := &document{src: src, size: size}
	d.budget.Store(baseBudget + sizeBudget*min(size, 1<<40))
	start, err := d.readHeader()
	if err != nil {
		return nil, err
	}
	if err := d.readSections(start); err != nil {
		return nil, err
	}
	f := &File{document: d, top: len(d.revisions) - 1}
	if _, ok := f.Trailer()["Root"].(Ref); !ok {
		return nil, fail(Malformed, d.revisions[f.top].XRef, "the trailer names no document catalog")
	}
	return f, nil
}

// readHeader finds the header and returns the offset of the last startxref's
// cross-reference section as the file states it.
func (d *document) readHeader() (int64, error) {
	head := make([]byte, min(d.size, 1024+8))
	if err := d.readAt(head, 0); err != nil {
		return 0, err
	}
	at := bytes.Index(head, []byte("%PDF-"))
	if at < 0 || at > 1024 {
		return 0, fail(NotPDF, -1, "the file has no PDF header")
	}
	d.version, _, _ = strings.Cut(string(head[at+5:min(at+8, len(head))]), "\r")
	tailAt := max(0, d.size-1024-int64(len("startxref")))
	tail := make([]byte, d.size-tailAt)
	if err := d.readAt(tail, tailAt); err != nil {
		return 0, err
	}
	i := bytes.LastIndex(tail, []byte("startxref"))
	if i < 0 {
		return 0, fail(NoXRef, -1, "the file does not end with startxref and %%%%EOF")
	}
	p := d.parserAt(tailAt + int64(i))
	stated, _, err := p.startXRef()
	if err != nil {
		return 0, err
	}
	if at > 0 {
		d.note(JunkBeforeHeader, 0)
		// Offsets count from the header (7.5.2 note), but not every writer knows it.
		if d.sectionAt(stated + int64(at)) {
			d.base = int64(at)
		}
	}
	return stated, nil
}

// sectionAt says whether a cross-reference section may begin at an offset.
func (d *document) sectionAt(offset int64) bool {
	if offset <= 0 || offset >= d.size {
		return false
	}
	p := d.parserAt(offset)
	p.skipWhite()
	if p.keyword("xref") {
		return true
	}
	_, err := p.header()
	return err == nil
}

func (d *document) readAt(b []byte, offset int64) error {
	if len(b) == 0 {
		return nil
	}
	s := scanner{src: d.src, size: d.size, budget: &d.budget}
	for len(b) > 0 {
		s.reset(offset)
		if s.peek() < 0 {
			return s.err
		}
		n := copy(b, s.window[s.pos-s.base:])
		b, offset = b[n:], offset+int64(n)
	}
	return nil
}

func (d *document) parserAt(offset int64) *parser {
	return &parser{scanner: scanner{src: d.src, size: d.size, pos: offset, budget: &d.budget}, defect: d.note}
}

// note keeps a defect once.
func (d *document) note(name string, offset int64) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if df := (Defect{name, offset}); len(d.defects) < 256 && !slices.Contains(d.defects, df) {
		d.defects = append(d.defects, df)
	}
}

// Defects returns the defects noticed so far; reading objects may add some.
func (f *File) Defects() []Defect {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.defects)
}

// Size returns the size of the whole file in bytes.
func (f *File) Size() int64 { return f.size }

// Base returns what is to be added to the offsets that the file itself states:
// the number of bytes before the header, usually 0. All offsets that this
// package returns are those of the file.
func (f *File) Base() int64 { return f.base }

// Version returns the version in the header, such as "1.7".
func (f *File) Version() string { return f.version }

// Revisions returns the revisions up to the view's, oldest first. They must not be changed.
func (f *File) Revisions() []Revision { return f.revisions[:f.top+1] }

// AtRevision returns the file as it was when the revision with this index was
// the newest. The index must be one of Revisions.
func (f *File) AtRevision(i int) *File { return &File{document: f.document, top: i} }

// Trailer returns the newest revision's trailer dictionary.
func (f *File) Trailer() Dict { return f.revisions[f.top].Trailer }

// Lookup returns the entry that counts for an object number and the index of the
// revision that made it.
func (f *File) Lookup(num uint32) (Entry, int, bool) {
	for i := f.top; i >= 0; i-- {
		if e, ok := f.revisions[i].Entry(num); ok {
			return e, i, true
		}
	}
	return Entry{}, 0, false
}

// Catalog returns the document catalog.
func (f *File) Catalog() (Dict, error) {
	root, err := f.Dict(f.Trailer()["Root"])
	if err == nil && root == nil {
		err = fail(Malformed, f.revisions[f.top].XRef, "the document catalog is missing")
	}
	return root, err
}

// Resolve follows references until something else is found; a reference to no
// object gives Null (7.3.10). An object that is not a Ref is returned as it is.
func (f *File) Resolve(o Object) (Object, error) {
	return f.resolve(o, 0)
}

func (f *File) resolve(o Object, nested int) (Object, error) {
	for range maxRefs {
		ref, ok := o.(Ref)
		if !ok {
			if o == nil {
				return Null{}, nil
			}
			return o, nil
		}
		var err error
		if o, err = f.load(ref, nested); err != nil {
			return nil, err
		}
	}
	return nil, fail(TooComplex, -1, "references to references do not end")
}

// load reads an indirect object.
func (f *File) load(ref Ref, nested int) (Object, error) {
	if nested > maxNested {
		return nil, fail(TooComplex, -1, "object %v needs itself to be read", ref)
	}
	e, _, ok := f.Lookup(ref.Num)
	switch {
	case !ok || e.Kind == Free || e.Gen != ref.Gen:
		return Null{}, nil
	case e.Kind == Compressed:
		s, err := f.objectStream(uint32(e.Offset), nested)
		if err != nil {
			return nil, err
		}
		return s.object(f.document, ref.Num, e.Index)
	}
	p, err := f.objectAt(ref, e)
	if err != nil {
		return nil, err
	}
	return p.indirect(f.lengthOf(nested))
}

// objectAt returns a parser behind the header of an object in use.
func (f *File) objectAt(ref Ref, e Entry) (*parser, error) {
	if e.Offset <= 0 || e.Offset >= f.size {
		return nil, fail(Malformed, -1, "object %v lies outside the file", ref)
	}
	p := f.parserAt(e.Offset)
	p.skipSpace()
	got, err := p.header()
	if err != nil {
		return nil, err
	}
	if got != ref {
		return nil, fail(Malformed, e.Offset, "object %v is %v", ref, got)
	}
	return p, nil
}

// lengthOf finds stream lengths for objects read at a nesting.
func (f *File) lengthOf(nested int) func(Object) (int64, error) {
	return func(o Object) (int64, error) {
		v, err := f.resolve(o, nested+1)
		if err != nil {
			return 0, err
		}
		n, ok := v.(Integer)
		if !ok {
			return 0, fail(Malformed, -1, "a stream has no length")
		}
		return int64(n), nil
	}
}

// Dict resolves o. A stream gives its dictionary; null, or nothing, a nil Dict;
// anything else is an error.
func (f *File) Dict(o Object) (Dict, error) {
	o, err := f.Resolve(o)
	switch o := o.(type) {
	case Dict:
		return o, nil
	case *Stream:
		return o.Dict, nil
	}
	return nil, wrongType(o, err, "dictionary")
}

// Array resolves o. Null, or nothing, gives a nil Array; anything else is an error.
func (f *File) Array(o Object) (Array, error) {
	o, err := f.Resolve(o)
	if a, ok := o.(Array); ok {
		return a, nil
	}
	return nil, wrongType(o, err, "array")
}

// Stream resolves o. Null, or nothing, gives nil; anything else is an error.
func (f *File) Stream(o Object) (*Stream, error) {
	o, err := f.Resolve(o)
	if s, ok := o.(*Stream); ok {
		return s, nil
	}
	return nil, wrongType(o, err, "stream")
}

// Name resolves o. Null, or nothing, gives ""; anything else is an error.
func (f *File) Name(o Object) (Name, error) {
	o, err := f.Resolve(o)
	if n, ok := o.(Name); ok {
		return n, nil
	}
	return "", wrongType(o, err, "name")
}

// String resolves o. Null, or nothing, gives ""; anything else is an error.
func (f *File) String(o Object) (String, error) {
	o, err := f.Resolve(o)
	if s, ok := o.(String); ok {
		return s, nil
	}
	return "", wrongType(o, err, "string")
}

// Int resolves o. Null, or nothing, gives 0; anything else is an error.
func (f *File) Int(o Object) (int64, error) {
	o, err := f.Resolve(o)
	if n, ok := o.(Integer); ok {
		return int64(n), nil
	}
	return 0, wrongType(o, err, "integer")
}

// Number resolves o, an Integer or a Real. Null, or nothing, gives 0; anything
// else is an error.
func (f *File) Number(o Object) (float64, error) {
	o, err := f.Resolve(o)
	switch n := o.(type) {
	case Integer:
		return float64(n), nil
	case Real:
		return float64(n), nil
	}
	return 0, wrongType(o, err, "number")
}

func wrongType(o Object, err error, want string) error {
	if err != nil {
		return err
	}
	if _, ok := o.(Null); ok {
		return nil
	}
	return fail(Malformed, -1, "%T where a %s should be", o, want)
}
