package archive

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"strconv"
	"strings"
)

// type1 reads a Type 1 program (Adobe Type 1 Font Format, 1990). It is no interpreter of PostScript: it knows the form
// that the book asks of a font (chapters 2, 7 and 10), and what has another form cannot be read.
type type1 struct {
	scale     float64
	skip      int // bytes before each charstring's own (lenIV)
	subrs     map[int][]byte
	chars     [][]byte // by glyph; 0 is .notdef
	named     map[string]int
	encodings []map[int]string // names by code; nil for StandardEncoding
}

// The keys of its two layers of encryption (chapter 7).
const (
	keyFile = 55665
	keyChar = 4330
)

// parseType1 reads a program whose first bytes, as many as clear says, are not encrypted, as the next ones are, as many as
// secret says (ISO 32000-1, table 127).
func parseType1(b []byte, clear, secret int64) (*outlines, error) {
	if clear < 0 || secret < 0 || clear > int64(len(b)) || secret > int64(len(b))-clear {
		return nil, errFont
	}
	const white = " \t\r\n"
	open, ok := bytes.CutSuffix(bytes.TrimRight(b[:clear], white), []byte("currentfile eexec"))
	hidden := bytes.TrimLeft(b[clear:clear+secret], white) // which never begins with white space
	if !ok || len(hidden) < 4 {
		return nil, errFont
	}
	t := &type1{skip: 4, subrs: map[int][]byte{}, chars: make([][]byte, 1), named: map[string]int{}}
	if err := t.readClear(&postscript{b: open}); err != nil {
		return nil, err
	}
	if _, err := hex.Decode(make([]byte, 2), hidden[:4]); err == nil {
		if hidden = unhex(hidden); len(hidden) < 4 {
			return nil, errFont
		}
	}
	if err := t.readPrivate(&postscript{b: decrypt(hidden, keyFile)[4:]}); err != nil {
		return nil, err
	}
	return &outlines{
		named: t.named, builtIn: t.builtIn(), glyphs: len(t.chars),
		width: func(glyph int) (float64, error) { return t.width(t.chars[glyph]) },
	}, nil
}

// builtIn gives the glyphs of codes. Some programs state two encodings, and readers differ on which counts: none does here.
func (t *type1) builtIn() map[int]int {
	m := map[int]int{}
	if len(t.encodings) != 1 {
		return m
	}
	if t.encodings[0] == nil {
		return standard(t.named)
	}
	for code, name := range t.encodings[0] {
		if g, ok := t.named[name]; ok {
			m[code] = g
		}
	}
	return m
}

// unhex decodes the digits up to what is none.
func unhex(b []byte) []byte {
	var digits []byte
	for _, c := range b {
		if bytes.IndexByte([]byte(" \t\r\n"), c) >= 0 {
			continue
		}
		if bytes.IndexByte([]byte("0123456789abcdefABCDEF"), c) < 0 {
			break
		}
		digits = append(digits, c)
	}
	out := make([]byte, len(digits)/2)
	n, _ := hex.Decode(out, digits[:2*len(out)])
	return out[:n]
}

func decrypt(b []byte, key uint16) []byte {
	out := make([]byte, len(b))
	for i, c := range b {
		out[i] = c ^ byte(key>>8)
		key = (uint16(c)+key)*52845 + 22719
	}
	return out
}

// readClear reads the font's matrix and encoding, which nothing hides.
func (t *type1) readClear(p *postscript) error {
	for {
		token := p.next()
		switch token {
		case "":
			if t.scale <= 0 {
				return errFont
			}
			return nil
		case "/FontMatrix":
			var m [6]float64
			var err error
			if p.next() != "[" {
				return errFont
			}
			for i := range m {
				if m[i], err = strconv.ParseFloat(p.next(), 64); err != nil {
					return errFont
				}
			}
			if t.scale != 0 || m[1] != 0 {
				return errFont
			}
			t.scale = m[0] * 1000
		case "/Encoding":
			if err := t.readEncoding(p); err != nil {
				return err
			}
		}
	}
}

func (t *type1) readEncoding(p *postscript) error {
	if p.next() == "StandardEncoding" {
		t.encodings = append(t.encodings, nil)
		return nil
	}
	codes := map[int]string{}
	for {
		switch p.next() {
		case "":
			return errFont
		case "def", "readonly":
			t.encodings = append(t.encodings, codes)
			return nil
		case "dup":
			code, err := strconv.Atoi(p.next())
			name := p.next()
			if err != nil || code < 0 || code > 255 || !strings.HasPrefix(name, "/") || p.next() != "put" {
				return errFont
			}
			codes[code] = name[1:]
		}
	}
}

// readPrivate reads the subroutines and the charstrings.
func (t *type1) readPrivate(p *postscript) error {
	read := false
	for {
		switch p.next() {
		case "":
			if !read {
				return errFont
			}
			return nil
		case "/lenIV":
			n, err := strconv.Atoi(p.next())
			if err != nil || n < 0 || n > 16 {
				return errFont
			}
			t.skip = n
		case "/Subrs":
			if read || len(t.subrs) > 0 {
				return errFont
			}
			if err := t.readSubrs(p); err != nil {
				return err
			}
		case "/CharStrings":
			if read {
				return errFont
			}
			read = true
			if err := t.readChars(p); err != nil {
				return err
			}
		}
	}
}

// readSubrs reads "n array" and, n times at most, "dup number length RD bytes NP".
func (t *type1) readSubrs(p *postscript) error {
	n, err := strconv.Atoi(p.next())
	if err != nil || n < 0 || n > 0xffff || p.next() != "array" {
		return errFont
	}
	for range n {
		before := p.b
		if p.next() != "dup" {
			p.b = before
			return nil
		}
		number, err := strconv.Atoi(p.next())
		if err != nil {
			return errFont
		}
		if t.subrs[number], err = t.charstring(p); err != nil {
			return err
		}
		if p.next() == "noaccess" && p.next() != "put" {
			return errFont
		}
	}
	return nil
}

// readChars reads "n dict dup begin", "/name length RD bytes ND" for each glyph, and "end".
func (t *type1) readChars(p *postscript) error {
	for token := ""; token != "begin"; token = p.next() {
		if len(p.b) == 0 {
			return errFont
		}
	}
	for {
		token := p.next()
		if token == "end" {
			return nil
		}
		if !strings.HasPrefix(token, "/") {
			return errFont
		}
		char, err := t.charstring(p)
		if err != nil {
			return err
		}
		name := token[1:]
		if _, again := t.named[name]; again || len(t.chars) > 0xffff {
			return errFont
		}
		if name == ".notdef" {
			t.named[name], t.chars[0] = 0, char
		} else {
			t.named[name] = len(t.chars)
			t.chars = append(t.chars, char)
		}
		if p.next() == "noaccess" && p.next() != "def" {
			return errFont
		}
	}
}

// charstring reads "length RD bytes" and takes off the encryption.
func (t *type1) charstring(p *postscript) ([]byte, error) {
	n, err := strconv.Atoi(p.next())
	p.next() // RD or -|, as the font calls it; one space follows
	if err != nil || n < t.skip || n > len(p.b)-1 {
		return nil, errFont
	}
	b := decrypt(p.b[1:1+n], keyChar)[t.skip:]
	p.b = p.b[1+n:]
	return b, nil
}

// width reads the width that a Type 1 charstring sets first (6.4: hsbw, sbw).
func (t *type1) width(char []byte) (float64, error) {
	var stack []float64
	calls := [][]byte{char}
	for range maxSteps {
		b := calls[len(calls)-1]
		if len(b) == 0 || len(stack) > maxOperands {
			return 0, errFont
		}
		if v, n := readNumber(b); n > 0 && b[0] != 28 {
			stack, calls[len(calls)-1] = append(stack, v), b[n:]
			continue
		}
		if b[0] == 255 && len(b) >= 5 {
			stack, calls[len(calls)-1] = append(stack, float64(int32(binary.BigEndian.Uint32(b[1:])))), b[5:]
			continue
		}
		op, n := int(b[0]), 1
		if op == 12 && len(b) > 1 {
			op, n = 12<<8|int(b[1]), 2
		}
		calls[len(calls)-1] = b[n:]
		top := len(stack) - 1
		switch {
		case op == 13 && top == 1, op == 12<<8|7 && top == 3: // hsbw, sbw
			return stack[1+top/3] * t.scale, nil
		case op == 12<<8|12 && top > 0 && stack[top] != 0: // div
			stack[top-1] /= stack[top]
			stack = stack[:top]
		case op == 10 && top >= 0 && len(calls) <= maxNesting: // callsubr
			subr := t.subrs[int(stack[top])]
			stack, calls = stack[:top], append(calls, subr)
		case op == 11 && len(calls) > 1: // return
			calls = calls[:len(calls)-1]
		default:
			return 0, errFont
		}
	}
	return 0, errFont
}

// postscript splits a program into its tokens.
type postscript struct{ b []byte }

// next gives the next token, a name with its solidus; "" at the end. Strings are passed over.
func (p *postscript) next() string {
	const spaces, marks = " \t\r\n\f\x00", "()<>[]{}/%"
	for len(p.b) > 0 {
		c := p.b[0]
		switch {
		case strings.IndexByte(spaces, c) >= 0:
			p.b = p.b[1:]
		case c == '%':
			n := bytes.IndexAny(p.b, "\r\n")
			if n < 0 {
				n = len(p.b)
			}
			p.b = p.b[n:]
		case c == '(':
			p.pass()
		default:
			n := 1
			if c == '/' || strings.IndexByte(marks, c) < 0 {
				for n < len(p.b) && strings.IndexByte(spaces+marks, p.b[n]) < 0 {
					n++
				}
			}
			token := string(p.b[:n])
			p.b = p.b[n:]
			return token
		}
	}
	return ""
}

// pass leaves out a string, and the strings within it.
func (p *postscript) pass() {
	depth := 0
	for i := 0; i < len(p.b); i++ {
		switch p.b[i] {
		case '\\':
			i++
		case '(':
			depth++
		case ')':
			if depth--; depth == 0 {
				p.b = p.b[i+1:]
				return
			}
		}
	}
	p.b = nil
}
