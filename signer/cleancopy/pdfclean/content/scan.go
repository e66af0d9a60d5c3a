package content

import (
	"bytes"
	"fmt"
	"math"
	"strconv"

	"sealdesk/signer/pdf"
)

// Bounds on one content stream.
const (
	maxOperators = 8 << 20
	maxOperands  = 64      // that an operator is asked with; annex A knows of at most 33 (scn of DeviceN)
	maxElements  = 1 << 20 // of one operand
	maxNesting   = 32      // of arrays and dictionaries
	maxGraphics  = 512     // graphics states saved within one another
	maxNumber    = 32      // characters of a number that are kept as they are written
)

type kind uint8

const (
	number kind = iota
	name
	text
	array
	dict
	word // true, false, null
)

// operand is one value before its operator. raw is how it is written.
type operand struct {
	kind  kind
	raw   []byte
	value float64   // of a number
	bytes []byte    // of a name without its solidus, of a string what it stands for
	items []operand // of an array; of a dictionary keys and values in turn
}

// operator is a step of a content stream. data belongs to an inline image, whose dictionary is the only operand.
type operator struct {
	name     string
	operands []operand
	data     []byte
}

type scanner struct {
	data     []byte
	pos      int
	operands []operand
	count    int
	elements int
}

func tooComplex(format string, args ...any) error {
	return &pdf.Error{Kind: pdf.TooComplex, Detail: fmt.Sprintf(format, args...), Offset: -1}
}

// next gives the next operator; ok is false at the end. What is no token is passed over, as readers do.
func (s *scanner) next() (op operator, ok bool, err error) {
	s.operands = s.operands[:0]
	s.elements = 0
	for {
		s.space()
		if s.pos >= len(s.data) {
			return operator{}, false, nil
		}
		if isRegular(s.data[s.pos]) && !isNumeric(s.data[s.pos]) {
			run := s.run()
			if isWord(run) {
				s.push(operand{kind: word, raw: run})
				continue
			}
			if s.count++; s.count > maxOperators {
				return operator{}, false, tooComplex("a content stream has more than %d operators", maxOperators)
			}
			op := operator{name: string(run), operands: s.operands}
			if op.name == "BI" {
				return s.inlineImage()
			}
			return op, true, nil
		}
		o, found, err := s.operand(0)
		if err != nil {
			return operator{}, false, err
		}
		if found {
			s.push(o)
		}
	}
}

// push keeps the operands that stand nearest to the operator.
func (s *scanner) push(o operand) {
	if len(s.operands) == maxOperands {
		s.operands = append(s.operands[:0], s.operands[1:]...)
	}
	s.operands = append(s.operands, o)
}

func isWord(run []byte) bool {
	switch string(run) {
	case "true", "false", "null":
		return true
	}
	return false
}

// operand reads a value that is no bare word. found is false when a stray delimiter was passed over.
func (s *scanner) operand(depth int) (o operand, found bool, err error) {
	if s.elements++; s.elements > maxElements {
		return operand{}, false, tooComplex("an operand has more than %d elements", maxElements)
	}
	if depth > maxNesting {
		return operand{}, false, tooComplex("operands are nested more than %d deep", maxNesting)
	}
	start := s.pos
	switch c := s.data[s.pos]; {
	case c == '/':
		s.pos++
		n := unescapeName(s.run())
		return operand{kind: name, raw: pdf.Append(nil, pdf.Name(n)), bytes: n}, true, nil
	case c == '(':
		b := s.literal()
		return operand{kind: text, raw: s.data[start:s.pos], bytes: b}, true, nil
	case c == '<' && s.at(1) == '<':
		s.pos += 2
		items, err := s.list(depth, func() bool {
			closed := s.data[s.pos] == '>'
			if closed {
				s.pos++
				if s.pos < len(s.data) && s.data[s.pos] == '>' {
					s.pos++
				}
			}
			return closed
		})
		return operand{kind: dict, items: items}, true, err
	case c == '<':
		b := s.hex()
		return operand{kind: text, raw: pdf.AppendHex(nil, b), bytes: b}, true, nil
	case c == '[':
		s.pos++
		items, err := s.list(depth, func() bool {
			if s.data[s.pos] == ']' {
				s.pos++
				return true
			}
			return false
		})
		return operand{kind: array, items: items}, true, err
	case isNumeric(c):
		run := s.run()
		v, raw := numeral(run)
		return operand{kind: number, raw: raw, value: v}, true, nil
	}
	s.pos++
	return operand{}, false, nil
}

// list reads values until closed says so, or the data ends.
func (s *scanner) list(depth int, closed func() bool) ([]operand, error) {
	var items []operand
	for {
		s.space()
		if s.pos >= len(s.data) || closed() {
			return items, nil
		}
		if c := s.data[s.pos]; isRegular(c) && !isNumeric(c) {
			items = append(items, operand{kind: word, raw: s.run()})
			continue
		}
		o, found, err := s.operand(depth + 1)
		if err != nil {
			return nil, err
		}
		if found {
			items = append(items, o)
		}
	}
}

// numeral reads a number as tolerantly as readers do and gives it as the standard writes it (7.3.3).
func numeral(run []byte) (float64, []byte) {
	if v, err := strconv.ParseFloat(string(run), 64); err == nil && len(run) <= maxNumber && plain(run) {
		return v, run
	}
	rest, sign := run, 1.0
	for len(rest) > 0 && (rest[0] == '-' || rest[0] == '+') {
		if rest[0] == '-' {
			sign = -1
		}
		rest = rest[1:]
	}
	end, dots := 0, 0
	for end < len(rest) && (rest[end] >= '0' && rest[end] <= '9' || rest[end] == '.' && dots == 0) {
		if rest[end] == '.' {
			dots++
		}
		end++
	}
	v, err := strconv.ParseFloat(string(rest[:end]), 64)
	if err != nil || math.IsInf(v, 0) {
		v = 0
	}
	v *= sign
	return v, strconv.AppendFloat(nil, v, 'f', -1, 64)
}

// plain says whether a number has no more than a sign, digits and a point.
func plain(run []byte) bool {
	for i, c := range run {
		if (c < '0' || c > '9') && c != '.' && (i > 0 || c != '-' && c != '+') {
			return false
		}
	}
	return true
}

func (s *scanner) at(n int) byte {
	if s.pos+n < len(s.data) {
		return s.data[s.pos+n]
	}
	return 0
}

// space passes white space and comments.
func (s *scanner) space() {
	for s.pos < len(s.data) {
		c := s.data[s.pos]
		if c == '%' {
			for s.pos < len(s.data) && s.data[s.pos] != '\n' && s.data[s.pos] != '\r' {
				s.pos++
			}
			continue
		}
		if !isSpace(c) {
			return
		}
		s.pos++
	}
}

func (s *scanner) run() []byte {
	start := s.pos
	for s.pos < len(s.data) && isRegular(s.data[s.pos]) {
		s.pos++
	}
	return s.data[start:s.pos]
}

func unescapeName(run []byte) []byte {
	if bytes.IndexByte(run, '#') < 0 {
		return run
	}
	var out []byte
	for i := 0; i < len(run); i++ {
		if run[i] == '#' && i+2 < len(run) && unhex(run[i+1]) >= 0 && unhex(run[i+2]) >= 0 {
			out = append(out, byte(unhex(run[i+1])<<4|unhex(run[i+2])))
			i += 2
			continue
		}
		out = append(out, run[i])
	}
	return out
}

// literal reads a string in parentheses (7.3.4.2). A string without end goes to the end of the data, and is closed.
func (s *scanner) literal() []byte {
	var out []byte
	s.pos++
	for depth := 1; s.pos < len(s.data); s.pos++ {
		c := s.data[s.pos]
		switch c {
		case '(':
			depth++
		case ')':
			if depth--; depth == 0 {
				s.pos++
				return out
			}
		case '\r':
			if s.at(1) == '\n' {
				s.pos++
			}
			c = '\n'
		case '\\':
			var skip bool
			if c, skip = s.escape(); skip {
				continue
			}
		}
		out = append(out, c)
	}
	s.data = append(s.data[:len(s.data):len(s.data)], ')') // so that what is written has an end
	s.pos = len(s.data)
	return out
}

// escape stands at a reverse solidus and stops at the last byte that belongs to it.
func (s *scanner) escape() (c byte, skip bool) {
	if s.pos+1 >= len(s.data) {
		return 0, true
	}
	s.pos++
	switch c := s.data[s.pos]; {
	case c == '\r':
		if s.at(1) == '\n' {
			s.pos++
		}
		return 0, true
	case c == '\n':
		return 0, true
	case c >= '0' && c <= '7':
		v := int(c - '0')
		for range 2 {
			if d := s.at(1); d >= '0' && d <= '7' {
				v = v<<3 | int(d-'0')
				s.pos++
			}
		}
		return byte(v), false
	default:
		if i := bytes.IndexByte([]byte("nrtbf"), c); i >= 0 {
			return "\n\r\t\b\f"[i], false
		}
		return c, false
	}
}

func (s *scanner) hex() []byte {
	var out []byte
	s.pos++
	odd := false
	for ; s.pos < len(s.data); s.pos++ {
		c := s.data[s.pos]
		if c == '>' {
			s.pos++
			break
		}
		d := unhex(c)
		if d < 0 {
			continue
		}
		if odd {
			out[len(out)-1] |= byte(d)
		} else {
			out = append(out, byte(d<<4))
		}
		odd = !odd
	}
	return out
}

func unhex(c byte) int {
	switch {
	case c >= '0' && c <= '9':
		return int(c - '0')
	case c >= 'a' && c <= 'f':
		return int(c-'a') + 10
	case c >= 'A' && c <= 'F':
		return int(c-'A') + 10
	}
	return -1
}

func isSpace(c byte) bool {
	return c == ' ' || c == '\n' || c == '\r' || c == '\t' || c == '\f' || c == 0
}

func isDelimiter(c byte) bool {
	switch c {
	case '(', ')', '<', '>', '[', ']', '{', '}', '/', '%':
		return true
	}
	return false
}

func isRegular(c byte) bool { return !isSpace(c) && !isDelimiter(c) }

func isNumeric(c byte) bool { return c >= '0' && c <= '9' || c == '-' || c == '+' || c == '.' }

// write appends an operand as the standard writes it.
func (o operand) write(b []byte) []byte {
	switch o.kind {
	case array:
		b = append(b, '[')
		for i, it := range o.items {
			if i > 0 {
				b = append(b, ' ')
			}
			b = it.write(b)
		}
		return append(b, ']')
	case dict:
		b = append(b, "<<"...)
		for i, it := range o.items {
			if i > 0 {
				b = append(b, ' ')
			}
			b = it.write(b)
		}
		return append(b, ">>"...)
	}
	return append(b, o.raw...)
}
