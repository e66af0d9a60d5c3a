package content

import (
	"bytes"
	"compress/zlib"
	"io"
)

// imageKeys are the entries of an inline image (8.9.7, table 93) by their short and their full names. Interpolate draws
// nothing of its own and stays with the picture.
var imageKeys = map[string]string{
	"W": "W", "Width": "W", "H": "H", "Height": "H", "BPC": "BPC", "BitsPerComponent": "BPC", "CS": "CS", "ColorSpace": "CS",
	"D": "D", "Decode": "D", "DP": "DP", "DecodeParms": "DP", "F": "F", "Filter": "F", "IM": "IM", "ImageMask": "IM",
	"I": "I", "Interpolate": "I", "Intent": "Intent",
}

// maxInline bounds what a filter is followed through to find the end of an inline image, in bytes.
const maxInline = 64 << 20

// inlineImage reads what follows BI up to behind EI.
func (s *scanner) inlineImage() (operator, bool, error) {
	var items []operand
	for {
		s.space()
		if s.pos >= len(s.data) {
			return operator{}, false, nil // an image without data draws nothing
		}
		if c := s.data[s.pos]; isRegular(c) && !isNumeric(c) {
			run := s.run()
			if string(run) == "ID" {
				break
			}
			items = append(items, operand{kind: word, raw: run})
			continue
		}
		o, found, err := s.operand(0)
		if err != nil {
			return operator{}, false, err
		}
		if found {
			items = append(items, o)
		}
	}
	if s.pos < len(s.data) { // one white-space character parts ID from the data
		s.pos++
	}
	known := operand{kind: dict}
	seen := map[string]bool{}
	for i := 0; i+1 < len(items); i += 2 {
		short := imageKeys[string(items[i].bytes)]
		if items[i].kind != name || short == "" || seen[short] {
			continue
		}
		seen[short] = true
		known.items = append(known.items, operand{kind: name, raw: []byte("/" + short), bytes: []byte(short)}, items[i+1])
	}
	start := s.pos
	end := s.imageEnd(known)
	return operator{name: "BI", operands: []operand{known}, data: s.data[start:end]}, true, nil
}

// entry gives a value of an inline image's dictionary by its short name.
func (o operand) entry(key string) (operand, bool) {
	for i := 0; i+1 < len(o.items); i += 2 {
		if string(o.items[i].bytes) == key {
			return o.items[i+1], true
		}
	}
	return operand{}, false
}

// imageEnd finds where the data ends, and passes the EI behind it.
func (s *scanner) imageEnd(d operand) int {
	from := s.pos
	if n, ok := encoded(d, s.data[from:]); ok {
		p := from + n
		for p < len(s.data) && isSpace(s.data[p]) {
			p++
		}
		if isEI(s.data, p) {
			s.pos = p + 2
			return from + n
		}
	}
	// The first EI between white space that operators, and not more data, seem to follow.
	for p := from; p+1 < len(s.data); p++ {
		if !isEI(s.data, p) || p > from && !isSpace(s.data[p-1]) || !readable(s.data[p+2:]) {
			continue
		}
		s.pos = p + 2
		return max(from, p-1)
	}
	s.pos = len(s.data)
	return len(s.data)
}

func isEI(data []byte, p int) bool {
	return p+1 < len(data) && data[p] == 'E' && data[p+1] == 'I' && (p+2 == len(data) || !isRegular(data[p+2]))
}

func readable(rest []byte) bool {
	for _, c := range rest[:min(len(rest), 24)] {
		if c > '~' || c < ' ' && !isSpace(c) {
			return false
		}
	}
	return true
}

// encoded says how many bytes the data of an image takes, where its filter or its size tells.
func encoded(d operand, data []byte) (int, bool) {
	filter, ok := d.entry("F")
	if !ok || filter.kind == array && len(filter.items) == 0 {
		return plainSize(d, len(data))
	}
	if filter.kind == array {
		filter = filter.items[0]
	}
	switch string(filter.bytes) {
	case "Fl", "FlateDecode":
		return flateSize(data)
	case "AHx", "ASCIIHexDecode":
		i := bytes.IndexByte(data, '>')
		return i + 1, i >= 0
	case "A85", "ASCII85Decode":
		i := bytes.Index(data, []byte("~>"))
		return i + 2, i >= 0
	case "RL", "RunLengthDecode":
		for i := 0; i < len(data); {
			switch c := int(data[i]); {
			case c == 128:
				return i + 1, true
			case c < 128:
				i += c + 2
			default:
				i += 2
			}
		}
	case "DCT", "DCTDecode":
		i := bytes.Index(data, []byte{0xff, 0xd9})
		return i + 2, i >= 0
	}
	return 0, false
}

// flateSize inflates to find the end.
func flateSize(data []byte) (int, bool) {
	r := bytes.NewReader(data)
	z, err := zlib.NewReader(r)
	if err != nil {
		return 0, false
	}
	if n, err := io.Copy(io.Discard, io.LimitReader(z, maxInline)); err != nil || n == maxInline {
		return 0, false
	}
	return len(data) - r.Len(), true
}

// plainSize is that of samples without a filter, where the number of components is known.
func plainSize(d operand, limit int) (int, bool) {
	value := func(key string) float64 { o, _ := d.entry(key); return o.value }
	w, h, bits, components := value("W"), value("H"), value("BPC"), 0.0
	if mask, ok := d.entry("IM"); ok && string(mask.raw) == "true" {
		bits, components = 1, 1
	} else if cs, ok := d.entry("CS"); ok {
		switch string(cs.bytes) {
		case "G", "DeviceGray", "CalGray":
			components = 1
		case "RGB", "DeviceRGB", "CalRGB":
			components = 3
		case "CMYK", "DeviceCMYK":
			components = 4
		}
		if cs.kind == array && len(cs.items) > 0 && (string(cs.items[0].bytes) == "I" || string(cs.items[0].bytes) == "Indexed") {
			components = 1
		}
	}
	if !(w >= 1 && h >= 1 && bits >= 1 && bits <= 16 && components > 0 && w <= 1<<20 && h <= 1<<20) {
		return 0, false
	}
	size := float64(int((w*bits*components+7)/8)) * h
	return int(size), size <= float64(limit)
}
