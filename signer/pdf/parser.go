package pdf

import (
	"math"
	"strconv"
	"strings"
)

// Bounds on a single object.
const (
	maxDepth    = 96       // nested arrays and dictionaries
	maxElements = 1 << 20  // values in one indirect object
	maxString   = 16 << 20 // bytes of a string
	maxName     = 4 << 10  // bytes of a name
	maxNumber   = 64       // characters of a number
)

// A value costs more work than the few bytes that it may take in the file. Those
// of ordinary objects are free, as their bytes are.
const (
	freeElements = 1024
	elementCost  = 32
)

// A parser reads objects from a scanner. Offsets in errors are the scanner's,
// which for object streams are those of the decoded bytes.
type parser struct {
	scanner
	elements int
	defect   func(name string, offset int64)
}

func (p *parser) fail(format string, args ...any) error {
	if p.err != nil {
		return p.err
	}
	return fail(Malformed, p.pos, format, args...)
}

// object reads one direct object or reference. Streams are read by indirect.
func (p *parser) object(depth int) (Object, error) {
	if depth > maxDepth {
		return nil, fail(TooComplex, p.pos, "objects are nested more than %d deep", maxDepth)
	}
	if p.elements++; p.elements > maxElements {
		return nil, fail(TooComplex, p.pos, "an object holds more than %d values", maxElements)
	}
	if p.elements > freeElements && p.budget.Add(-elementCost) < 0 {
		return nil, fail(TooComplex, p.pos, "reading the structure takes too much work")
	}
	p.skipSpace()
	switch c := p.peek(); {
	case c < 0:
		return nil, p.fail("the file ends within an object")
	case c == '/':
		return p.name()
	case c == '(':
		return p.literalString()
	case c == '[':
		return p.array(depth)
	case c == '<':
		p.pos++
		if p.peek() == '<' {
			p.pos++
			return p.dict(depth)
		}
		return p.hexString()
	case isDigit(c) || c == '+' || c == '-' || c == '.':
		return p.numberOrRef()
	case p.keyword("true"):
		return Boolean(true), nil
	case p.keyword("false"):
		return Boolean(false), nil
	case p.keyword("null"):
		return Null{}, nil
	}
	return nil, p.fail("no object begins here")
}

func (p *parser) name() (Name, error) {
	p.pos++
	var n []byte
	for c := p.peek(); isRegular(c); c = p.peek() {
		p.pos++
		if c == '#' {
			hi := unhex(p.peek())
			if hi >= 0 {
				p.pos++
				lo := unhex(p.peek())
				if lo < 0 {
					return "", p.fail("a name has a broken escape")
				}
				p.pos++
				c = hi<<4 | lo
			}
		}
		if n = append(n, byte(c)); len(n) > maxName {
			return "", fail(TooComplex, p.pos, "a name is longer than %d bytes", maxName)
		}
	}
	return Name(n), nil
}

func unhex(c int) int {
	switch {
	case c >= '0' && c <= '9':
		return c - '0'
	case c >= 'a' && c <= 'f':
		return c - 'a' + 10
	case c >= 'A' && c <= 'F':
		return c - 'A' + 10
	}
	return -1
}

func (p *parser) literalString() (String, error) {
	p.pos++
	var s []byte
	for depth := 1; ; {
		c := p.next()
		switch c {
		case -1:
			return "", p.fail("the file ends within a string")
		case '(':
			depth++
		case ')':
			if depth--; depth == 0 {
				return String(s), nil
			}
		case '\r': // any end of line is a line feed (7.3.4.2)
			if p.peek() == '\n' {
				p.pos++
			}
			c = '\n'
		case '\\':
			var skip bool
			if c, skip = p.escape(); skip {
				continue
			}
		}
		if s = append(s, byte(c)); len(s) > maxString {
			return "", fail(TooComplex, p.pos, "a string is longer than %d bytes", maxString)
		}
	}
}

// escape reads what follows a reverse solidus; skip is true for a continued line.
func (p *parser) escape() (c int, skip bool) {
	if p.skipEOL() {
		return 0, true
	}
	c = p.next()
	if i := strings.IndexByte("nrtbf", byte(c)); c >= 0 && i >= 0 {
		return int("\n\r\t\b\f"[i]), false
	}
	if c < '0' || c > '7' {
		return c, c < 0
	}
	c -= '0'
	for range 2 {
		d := p.peek()
		if d < '0' || d > '7' {
			break
		}
		c = c<<3 | (d - '0')
		p.pos++
	}
	return c & 0xff, false
}

func (p *parser) hexString() (String, error) {
	var s []byte
	digits := 0
	for {
		c := p.next()
		if c == '>' {
			return String(s), nil
		}
		if c >= 0 && isSpace(byte(c)) {
			continue
		}
		d := unhex(c)
		if d < 0 {
			return "", p.fail("a hexadecimal string holds something else")
		}
		if digits++; digits%2 == 1 {
			s = append(s, byte(d<<4))
		} else {
			s[len(s)-1] |= byte(d)
		}
		if len(s) > maxString {
			return "", fail(TooComplex, p.pos, "a string is longer than %d bytes", maxString)
		}
	}
}

func (p *parser) array(depth int) (Array, error) {
	p.pos++
	a := Array{}
	for {
		p.skipSpace()
		if p.peek() == ']' {
			p.pos++
			return a, nil
		}
		o, err := p.object(depth + 1)
		if err != nil {
			return nil, err
		}
		a = append(a, o)
	}
}

func (p *parser) dict(depth int) (Dict, error) {
	d := Dict{}
	err := p.entries(depth, func(key Name, _, _ int64, value Object) error {
		if _, twice := d[key]; twice {
			p.note(DuplicateKey)
		}
		d[key] = value
		return nil
	})
	return d, err
}

// entries reads a dictionary behind its << up to and including its >>.
func (p *parser) entries(depth int, each func(key Name, start, end int64, value Object) error) error {
	for {
		p.skipSpace()
		switch p.peek() {
		case '>':
			if !p.literal(">>") {
				return p.fail("a dictionary is not closed")
			}
			return nil
		case '/':
		default:
			return p.fail("a dictionary's key is not a name")
		}
		key, err := p.name()
		if err != nil {
			return err
		}
		p.skipSpace()
		start := p.pos
		value, err := p.object(depth + 1)
		if err != nil {
			return err
		}
		if err := each(key, start, p.pos, value); err != nil {
			return err
		}
	}
}

func (p *parser) note(name string) {
	if p.defect != nil {
		p.defect(name, p.pos)
	}
}

func (p *parser) numberOrRef() (Object, error) {
	start := p.pos
	text := p.regular(maxNumber + 1)
	if len(text) > maxNumber {
		return nil, p.fail("a number is too long")
	}
	if n, glued := strings.CutSuffix(text, "endobj"); glued {
		text = n
		p.pos -= int64(len("endobj"))
		p.note(KeywordGlued)
	}
	digits := strings.TrimLeft(text, "+-")
	if len(text)-len(digits) > 1 || digits == "" || strings.Trim(digits, "0123456789.") != "" {
		p.pos = start
		return nil, p.fail("%q is not a number", text)
	}
	if strings.Contains(digits, ".") {
		f, err := strconv.ParseFloat(text, 64)
		if err != nil || math.IsInf(f, 0) {
			p.pos = start
			return nil, p.fail("%q is not a number", text)
		}
		return Real(f), nil
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		p.pos = start
		return nil, p.fail("the number %s is out of range", text)
	}
	if len(digits) == len(text) && n <= math.MaxUint32 {
		if gen, ok := p.restOfRef(); ok {
			return Ref{Num: uint32(n), Gen: gen}, nil
		}
	}
	return Integer(n), nil
}

// restOfRef reads the generation and the R of a reference, or nothing.
func (p *parser) restOfRef() (uint16, bool) {
	after := p.pos
	p.skipSpace()
	if isDigit(p.peek()) {
		gen, ok := p.unsigned()
		if ok && gen <= math.MaxUint16 && p.peek() >= 0 && isSpace(byte(p.peek())) {
			p.skipSpace()
			if p.keyword("R") {
				return uint16(gen), true
			}
		}
	}
	p.pos = after
	return 0, false
}

// header reads "12 0 obj".
func (p *parser) header() (Ref, error) {
	start := p.pos
	num, ok := p.unsigned()
	if ok && num <= math.MaxUint32 {
		p.skipSpace()
		gen, ok := p.unsigned()
		p.skipSpace()
		if ok && gen <= math.MaxUint16 && p.literal("obj") {
			return Ref{Num: uint32(num), Gen: uint16(gen)}, nil
		}
	}
	p.pos = start
	return Ref{}, p.fail("no indirect object begins here")
}

// indirect reads the body of an indirect object behind its header, the endobj
// included. length finds the value of a stream's /Length.
func (p *parser) indirect(length func(Object) (int64, error)) (Object, error) {
	p.skipSpace()
	if p.keyword("endobj") {
		p.note(EmptyObject)
		return Null{}, nil
	}
	o, err := p.object(0)
	if err != nil {
		return nil, err
	}
	p.skipSpace()
	if d, ok := o.(Dict); ok && p.keyword("stream") {
		s, err := p.stream(d, length)
		if err != nil {
			return nil, err
		}
		o = s
		p.skipSpace()
	}
	if !p.keyword("endobj") {
		return nil, p.fail("an indirect object does not end with endobj")
	}
	return o, nil
}

func (p *parser) stream(d Dict, length func(Object) (int64, error)) (*Stream, error) {
	if err := p.streamStart(); err != nil {
		return nil, err
	}
	if _, external := d["F"]; external {
		return nil, p.fail("a stream lies in another file")
	}
	s := &Stream{Dict: d, Offset: p.pos}
	n, err := length(d["Length"])
	if err != nil {
		return nil, err
	}
	if n < 0 || n > p.size-s.Offset {
		return nil, p.fail("a stream's length of %d bytes is impossible", n)
	}
	s.Length = n
	p.pos += n
	p.skipEOL()
	if end := p.pos; !p.keyword("endstream") {
		// Only white space is at stake, whichever of the two a reader believes.
		if p.skipWhite(); !p.keyword("endstream") {
			p.pos = end
			return nil, p.fail("a stream's length of %d bytes is wrong", n)
		}
		p.note(StreamEnd)
	}
	return s, nil
}

// streamStart passes what ends the line of the stream keyword. A carriage return
// alone is not allowed, for it could be data (7.3.8.1), nor are blanks; readers
// agree on where the data begin then, and /Length must confirm it.
func (p *parser) streamStart() error {
	start := p.pos
	for c := p.peek(); c == ' ' || c == '\t'; c = p.peek() {
		p.pos++
	}
	proper := p.pos == start
	switch p.next() {
	case '\n':
	case '\r':
		if p.peek() == '\n' {
			p.pos++
		} else {
			proper = false
		}
	default:
		p.pos = start
		return p.fail("the stream keyword is not followed by an end of line")
	}
	if !proper {
		p.note(StreamStart)
	}
	return nil
}
