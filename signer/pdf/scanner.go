package pdf

import (
	"errors"
	"fmt"
	"io"
	"sync/atomic"
)

// Window sizes of a scanner: most objects are short, some are long.
const (
	firstWindow = 2 << 10
	nextWindow  = 64 << 10
)

// freeScan bytes of every object are not charged to the budget, so that asking
// for ordinary objects again and again costs nothing.
const freeScan = 64 << 10

// A scanner reads bytes of a source one after another and knows where it is.
type scanner struct {
	src    io.ReaderAt
	size   int64
	pos    int64
	base   int64 // position of window[0]
	window []byte
	buf    []byte
	read   int64 // bytes fetched so far
	budget *atomic.Int64
	err    error // of the source or the budget; the scanner then behaves as at the end
}

func (s *scanner) reset(pos int64) {
	s.pos = pos
	s.read = 0
}

// peek returns the next byte, or -1 at the end.
func (s *scanner) peek() int {
	if i := s.pos - s.base; i >= 0 && i < int64(len(s.window)) {
		return int(s.window[i])
	}
	return s.fill()
}

func (s *scanner) fill() int {
	if s.err != nil || s.pos < 0 || s.pos >= s.size {
		return -1
	}
	want := int64(firstWindow)
	if s.read >= firstWindow {
		want = nextWindow
	}
	want = min(want, s.size-s.pos)
	if s.read > freeScan && s.budget.Add(-want) < 0 {
		s.err = fail(TooComplex, s.pos, "reading the structure takes too much work")
		return -1
	}
	s.read += want
	if int64(cap(s.buf)) < want {
		s.buf = make([]byte, want)
	}
	b := s.buf[:want]
	n, err := s.src.ReadAt(b, s.pos)
	if int64(n) < want {
		if err == nil || errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
		s.err = fmt.Errorf("pdf: read: %w", err)
		s.window = nil
		return -1
	}
	s.base, s.window = s.pos, b
	return int(b[0])
}

func (s *scanner) next() int {
	c := s.peek()
	if c >= 0 {
		s.pos++
	}
	return c
}

func isSpace(c byte) bool {
	switch c {
	case 0, '\t', '\n', '\f', '\r', ' ':
		return true
	}
	return false
}

func isDelimiter(c byte) bool {
	switch c {
	case '(', ')', '<', '>', '[', ']', '{', '}', '/', '%':
		return true
	}
	return false
}

func isRegular(c int) bool { return c >= 0 && !isSpace(byte(c)) && !isDelimiter(byte(c)) }

func isDigit(c int) bool { return c >= '0' && c <= '9' }

// skipWhite passes white space, skipSpace also comments.
func (s *scanner) skipWhite() {
	for c := s.peek(); c >= 0 && isSpace(byte(c)); c = s.peek() {
		s.pos++
	}
}

func (s *scanner) skipSpace() {
	for {
		s.skipWhite()
		if s.peek() != '%' {
			return
		}
		for c := s.peek(); c >= 0 && c != '\n' && c != '\r'; c = s.peek() {
			s.pos++
		}
	}
}

// skipEOL passes one end of line, if it stands here.
func (s *scanner) skipEOL() bool {
	switch s.peek() {
	case '\n':
		s.pos++
		return true
	case '\r':
		s.pos++
		if s.peek() == '\n' {
			s.pos++
		}
		return true
	}
	return false
}

// literal passes exactly these bytes, or nothing.
func (s *scanner) literal(word string) bool {
	start := s.pos
	for i := range len(word) {
		if s.next() != int(word[i]) {
			s.pos = start
			return false
		}
	}
	return true
}

// keyword passes the word when it ends there.
func (s *scanner) keyword(word string) bool {
	start := s.pos
	if s.literal(word) && !isRegular(s.peek()) {
		return true
	}
	s.pos = start
	return false
}

// regular returns the run of regular characters that stands here, cut at limit.
func (s *scanner) regular(limit int) string {
	var run []byte
	for c := s.peek(); isRegular(c) && len(run) < limit; c = s.peek() {
		run = append(run, byte(c))
		s.pos++
	}
	return string(run)
}

// unsigned reads digits only; ok is false when none stand here or the number
// is too large for any offset.
func (s *scanner) unsigned() (n int64, ok bool) {
	start := s.pos
	for c := s.peek(); isDigit(c); c = s.peek() {
		if n = n*10 + int64(c-'0'); n > 1<<58 || s.pos-start > maxNumber {
			return 0, false
		}
		s.pos++
	}
	return n, s.pos > start
}
