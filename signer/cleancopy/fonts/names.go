package fonts

import (
	"encoding/binary"
	"errors"
	"io"
	"unicode/utf16"
)

var errNoFont = errors.New("not a font file")

// Bounds on font files, which are larger than any real one's values.
const (
	maxFaces  = 64
	maxTables = 256
	maxNames  = 4096
)

// facesOf reads the names of the faces in a TrueType or OpenType file or collection (ISO/IEC 14496-22).
func facesOf(r io.ReaderAt) ([]Face, error) {
	head, err := section(r, 0, 12)
	if err != nil {
		return nil, err
	}
	if string(head[:4]) != "ttcf" {
		f, err := face(r, 0)
		return []Face{f}, err
	}
	n := binary.BigEndian.Uint32(head[8:])
	if n > maxFaces {
		return nil, errNoFont
	}
	offsets, err := section(r, 12, int(4*n))
	if err != nil {
		return nil, err
	}
	var faces []Face
	for i := range n {
		f, err := face(r, int64(binary.BigEndian.Uint32(offsets[4*i:])))
		if err != nil {
			return nil, err
		}
		faces = append(faces, f)
	}
	return faces, nil
}

func section(r io.ReaderAt, at int64, size int) ([]byte, error) {
	b := make([]byte, size)
	if n, _ := r.ReadAt(b, at); n < size {
		return nil, errNoFont
	}
	return b, nil
}

// face reads the name table of the font whose table directory begins at an offset.
func face(r io.ReaderAt, at int64) (Face, error) {
	head, err := section(r, at, 12)
	if err != nil {
		return Face{}, err
	}
	switch binary.BigEndian.Uint32(head) {
	case 0x00010000, 0x4F54544F, 0x74727565: // TrueType, OTTO, true
	default:
		return Face{}, errNoFont
	}
	tables := int(binary.BigEndian.Uint16(head[4:]))
	if tables > maxTables {
		return Face{}, errNoFont
	}
	directory, err := section(r, at+12, 16*tables)
	if err != nil {
		return Face{}, err
	}
	for ; len(directory) > 0; directory = directory[16:] {
		if string(directory[:4]) == "name" {
			return names(r, int64(binary.BigEndian.Uint32(directory[8:])))
		}
	}
	return Face{}, errNoFont
}

// Identifiers in the name table.
const (
	familyName     = 1
	postScriptName = 6
	typographic    = 16 // the family without its weight

	unicodePlatform = 0
	windowsPlatform = 3
)

func names(r io.ReaderAt, at int64) (Face, error) {
	head, err := section(r, at, 6)
	if err != nil {
		return Face{}, err
	}
	count, text := int(binary.BigEndian.Uint16(head[2:])), at+int64(binary.BigEndian.Uint16(head[4:]))
	if count > maxNames {
		return Face{}, errNoFont
	}
	records, err := section(r, at+6, 12*count)
	if err != nil {
		return Face{}, err
	}
	var f Face
	seen := map[string]bool{}
	for ; len(records) > 0; records = records[12:] {
		platform, id := binary.BigEndian.Uint16(records), binary.BigEndian.Uint16(records[6:])
		if platform != unicodePlatform && platform != windowsPlatform || id != familyName && id != postScriptName && id != typographic {
			continue
		}
		raw, err := section(r, text+int64(binary.BigEndian.Uint16(records[10:])), int(binary.BigEndian.Uint16(records[8:])))
		if err != nil {
			return Face{}, err
		}
		units := make([]uint16, len(raw)/2)
		for i := range units {
			units[i] = binary.BigEndian.Uint16(raw[2*i:])
		}
		name := string(utf16.Decode(units))
		switch {
		case id == postScriptName:
			f.PostScript = name
		case name != "" && !seen[name]:
			seen[name] = true
			f.Families = append(f.Families, name)
		}
	}
	return f, nil
}
