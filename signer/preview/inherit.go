package preview

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
)

// PDFium, when it flattens a page, writes a Resources entry into the page. Where
// the page had inherited its own from the page tree (ISO 32000-1, 7.7.3.4), those
// are hidden by it, and the text is gone. ownResources therefore gives each such
// page the entry first.
//
// It reads what PDFium itself has just written: one cross-reference table, no
// object streams, no earlier revision. Everything else is refused, so this is no
// reader of documents from outside.

var errNotNormal = errors.New("the copy is not laid out as expected")

const (
	maxTreeDepth = 64
	maxNesting   = 128
)

// ownResources returns data with an update appended in which every page has its
// own Resources, or data itself where nothing is to be done.
func ownResources(data []byte) ([]byte, error) {
	f := plainFile{data: data, offsets: map[int]int{}}
	trailer, at, err := f.table()
	if err != nil {
		return nil, err
	}
	root, err := f.dictAt(trailer["Root"])
	if err != nil {
		return nil, err
	}
	w := treeWalk{file: &f, seen: map[int]bool{}}
	if err := w.node(root.entries["Pages"], nil, 0); err != nil {
		return nil, err
	}
	if len(w.updates) == 0 {
		return data, nil
	}
	out := bytes.NewBuffer(bytes.Clone(data))
	var table bytes.Buffer
	for _, u := range w.updates {
		fmt.Fprintf(&table, "%d 1\n%010d 00000 n \n", u.number, out.Len()+1)
		fmt.Fprintf(out, "\n%d 0 obj\n%s\nendobj\n", u.number, u.body)
	}
	start := out.Len()
	fmt.Fprintf(out, "xref\n%strailer\n<</Size %s/Root %s/Prev %d>>\nstartxref\n%d\n%%%%EOF\n", table.Bytes(), trailer["Size"], trailer["Root"], at, start)
	return out.Bytes(), nil
}

// A treeWalk goes through the page tree and collects the pages to be rewritten.
type treeWalk struct {
	file    *plainFile
	seen    map[int]bool
	updates []update
}

type update struct {
	number int
	body   []byte
}

func (w *treeWalk) node(ref, inherited []byte, depth int) error {
	if depth > maxTreeDepth || len(w.seen) > 2*MaxPages {
		return errNotNormal
	}
	d, err := w.file.dictAt(ref)
	if err != nil {
		return err
	}
	kids, isTree := d.entries["Kids"]
	if w.seen[d.number] {
		if isTree {
			return errNotNormal // it may hold itself
		}
		return nil // a page that is shown twice
	}
	w.seen[d.number] = true
	own, has := d.entries["Resources"]
	if has {
		inherited = own
	}
	if !isTree {
		if !has && inherited != nil {
			body := append(bytes.Clone(d.raw[:len(d.raw)-2]), "/Resources "...)
			body = append(append(body, inherited...), " >>"...)
			w.updates = append(w.updates, update{d.number, body})
		}
		return nil
	}
	list, err := w.file.resolve(kids)
	if err != nil {
		return err
	}
	s := scanner{data: list}
	if !s.skip("[") {
		return errNotNormal
	}
	for !s.skip("]") {
		kid, err := s.value(0)
		if err != nil {
			return err
		}
		if err := w.node(kid, inherited, depth+1); err != nil {
			return err
		}
	}
	return nil
}

// A plainFile is a PDF file of a single revision with a cross-reference table.
type plainFile struct {
	data    []byte
	offsets map[int]int
}

// table reads the cross-reference table and returns the trailer and where the
// table begins.
func (f *plainFile) table() (map[string][]byte, int, error) {
	i := bytes.LastIndex(f.data, []byte("startxref"))
	if i < 0 {
		return nil, 0, errNotNormal
	}
	s := scanner{data: f.data, pos: i + len("startxref")}
	start, ok := s.integer()
	if !ok || start >= len(f.data) {
		return nil, 0, errNotNormal
	}
	s.pos = start
	if !s.skip("xref") {
		return nil, 0, errNotNormal
	}
	for !s.skip("trailer") {
		first, ok1 := s.integer()
		count, ok2 := s.integer()
		if !ok1 || !ok2 || count > len(f.data)/20 {
			return nil, 0, errNotNormal
		}
		for n := first; n < first+count; n++ {
			offset, ok1 := s.integer()
			_, ok2 := s.integer()
			switch {
			case !ok1 || !ok2:
				return nil, 0, errNotNormal
			case s.skip("n"):
				f.offsets[n] = offset
			case !s.skip("f"):
				return nil, 0, errNotNormal
			}
		}
	}
	trailer, err := s.dict(0)
	if err != nil || trailer["Prev"] != nil || trailer["Root"] == nil || trailer["Size"] == nil {
		return nil, 0, errNotNormal
	}
	return trailer, start, nil
}

// A plainDict is a dictionary that is an object of its own.
type plainDict struct {
	number  int
	raw     []byte
	entries map[string][]byte
}

// dictAt reads the dictionary that ref, like `12 0 R`, names.
func (f *plainFile) dictAt(ref []byte) (plainDict, error) {
	r := scanner{data: ref}
	number, ok := r.integer()
	if !ok {
		return plainDict{}, errNotNormal
	}
	raw, err := f.resolve(ref)
	if err != nil {
		return plainDict{}, err
	}
	s := scanner{data: raw}
	entries, err := s.dict(0)
	if err != nil {
		return plainDict{}, err
	}
	return plainDict{number: number, raw: raw, entries: entries}, nil
}

// resolve returns the value that v is or names.
func (f *plainFile) resolve(v []byte) ([]byte, error) {
	if !bytes.HasSuffix(v, []byte("R")) {
		return v, nil
	}
	r := scanner{data: v}
	number, _ := r.integer()
	offset, ok := f.offsets[number]
	if !ok || offset >= len(f.data) {
		return nil, errNotNormal
	}
	s := scanner{data: f.data, pos: offset}
	if n, ok := s.integer(); !ok || n != number {
		return nil, errNotNormal
	}
	if _, ok := s.integer(); !ok || !s.skip("obj") {
		return nil, errNotNormal
	}
	return s.value(0)
}

// A scanner reads PDF values (ISO 32000-1, 7.3) without interpreting them.
type scanner struct {
	data []byte
	pos  int
}

func isSpace(c byte) bool {
	return c == ' ' || c == '\n' || c == '\r' || c == '\t' || c == '\f' || c == 0
}

func isDelimiter(c byte) bool { return bytes.IndexByte([]byte("()<>[]{}/%"), c) >= 0 }

func (s *scanner) space() {
	for s.pos < len(s.data) && isSpace(s.data[s.pos]) {
		s.pos++
	}
}

// skip passes over word, if it is next.
func (s *scanner) skip(word string) bool {
	s.space()
	if !bytes.HasPrefix(s.data[s.pos:], []byte(word)) {
		return false
	}
	s.pos += len(word)
	return true
}

// integer reads a number that is not negative.
func (s *scanner) integer() (int, bool) {
	s.space()
	from := s.pos
	for s.pos < len(s.data) && s.data[s.pos] >= '0' && s.data[s.pos] <= '9' {
		s.pos++
	}
	n, err := strconv.Atoi(string(s.data[from:s.pos]))
	return n, err == nil
}

// value passes over one value and returns it as it is written.
func (s *scanner) value(depth int) ([]byte, error) {
	s.space()
	if s.pos >= len(s.data) || depth > maxNesting {
		return nil, errNotNormal
	}
	from := s.pos
	switch c := s.data[s.pos]; {
	case bytes.HasPrefix(s.data[s.pos:], []byte("<<")):
		if _, err := s.dict(depth); err != nil {
			return nil, err
		}
	case c == '<':
		end := bytes.IndexByte(s.data[s.pos:], '>')
		if end < 0 {
			return nil, errNotNormal
		}
		s.pos += end + 1
	case c == '(':
		if !s.text() {
			return nil, errNotNormal
		}
	case c == '[':
		s.pos++
		for !s.skip("]") {
			if _, err := s.value(depth + 1); err != nil {
				return nil, err
			}
		}
	default:
		s.pos++ // a slash, a sign or a letter
		s.word()
		if s.pos == from+1 && isDelimiter(c) && c != '/' {
			return nil, errNotNormal
		}
		s.reference(from)
	}
	return s.data[from:s.pos], nil
}

func (s *scanner) word() {
	for s.pos < len(s.data) && !isSpace(s.data[s.pos]) && !isDelimiter(s.data[s.pos]) {
		s.pos++
	}
}

// reference goes on to the R, if the number that starts at from begins a reference.
func (s *scanner) reference(from int) {
	r := scanner{data: s.data, pos: from}
	if _, ok := r.integer(); !ok || r.pos != s.pos {
		return
	}
	if _, ok := r.integer(); ok && r.skip("R") {
		s.pos = r.pos
	}
}

// text passes over a literal string.
func (s *scanner) text() bool {
	open := 0
	for ; s.pos < len(s.data); s.pos++ {
		switch s.data[s.pos] {
		case '\\':
			s.pos++
		case '(':
			open++
		case ')':
			if open--; open == 0 {
				s.pos++
				return true
			}
		}
	}
	return false
}

func (s *scanner) dict(depth int) (map[string][]byte, error) {
	if !s.skip("<<") {
		return nil, errNotNormal
	}
	entries := map[string][]byte{}
	for !s.skip(">>") {
		if !s.skip("/") {
			return nil, errNotNormal
		}
		from := s.pos
		s.word()
		key := string(s.data[from:s.pos])
		v, err := s.value(depth + 1)
		if err != nil {
			return nil, err
		}
		entries[key] = v
	}
	return entries, nil
}
