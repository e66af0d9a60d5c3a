package opc

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"

	"sealdesk/signer/cleancopy/refusal"
	"sealdesk/signer/cleancopy/xmltree"
)

// Limits bound a container. Zero fields are replaced by those of DefaultLimits.
type Limits struct {
	Entries int   // entries in the directory
	Total   int64 // bytes that all entries read unpack to
	XML     int64 // bytes that one XML part unpacks to
	Ratio   int64 // unpacked to packed, for an entry that unpacks to more than ratioFrom
	Depth   int   // nesting of XML elements
	Nodes   int   // nodes of one XML part
}

// DefaultLimits are far above any contract that was written by people.
var DefaultLimits = Limits{Entries: 5000, Total: 1 << 30, XML: 64 << 20, Ratio: 200, Depth: 400, Nodes: 6_000_000}

const (
	ratioFrom    = 8 << 20
	maxDirectory = 8 << 20
	endSize      = 22
	maxComment   = 65535
)

// Package is an opened container.
type Package struct {
	lim   Limits
	parts map[string]*zip.File // by lower-case name: part names are compared without regard to case
	names []string
	types contentTypes
	spent int64
}

// Open reads the directory and the content types.
func Open(r io.ReaderAt, size int64, lim Limits) (*Package, error) {
	lim = lim.orDefault()
	if err := checkDirectory(r, size, lim); err != nil {
		return nil, err
	}
	zr, err := zip.NewReader(r, size)
	if err != nil {
		return nil, damaged("zip directory", err)
	}
	if len(zr.File) > lim.Entries {
		return nil, bomb("too many entries")
	}
	p := &Package{lim: lim, parts: make(map[string]*zip.File, len(zr.File))}
	for _, f := range zr.File {
		if strings.HasSuffix(f.Name, "/") {
			continue
		}
		if f.Flags&1 != 0 {
			return nil, refusal.New(refusal.Encrypted, "the container's entries are encrypted", map[string]any{"type": "zip"})
		}
		key := fold(f.Name)
		if p.parts[key] != nil {
			return nil, damaged("one part is there twice", nil)
		}
		p.parts[key] = f
		p.names = append(p.names, f.Name)
	}
	return p, p.readTypes()
}

func (l Limits) orDefault() Limits {
	d := DefaultLimits
	set := func(v *int64, def int64) {
		if *v == 0 {
			*v = def
		}
	}
	set(&l.Total, d.Total)
	set(&l.XML, d.XML)
	set(&l.Ratio, d.Ratio)
	for _, f := range []struct {
		v   *int
		def int
	}{{&l.Entries, d.Entries}, {&l.Depth, d.Depth}, {&l.Nodes, d.Nodes}} {
		if *f.v == 0 {
			*f.v = f.def
		}
	}
	return l
}

// checkDirectory bounds the directory before archive/zip reads it whole. It reads on to the end of the file whatever
// the stated size, so both statements of where the directory begins are held against the bound.
func checkDirectory(r io.ReaderAt, size int64, lim Limits) error {
	n := min(size, endSize+maxComment)
	tail := make([]byte, n)
	if _, err := r.ReadAt(tail, size-n); err != nil && !errors.Is(err, io.EOF) {
		return damaged("zip end record", err)
	}
	i := bytes.LastIndex(tail, []byte("PK\x05\x06"))
	if i < 0 || len(tail)-i < endSize {
		return damaged("the zip directory is missing, the file is cut short", nil)
	}
	end := tail[i:]
	count := binary.LittleEndian.Uint16(end[10:])
	length, offset := int64(binary.LittleEndian.Uint32(end[12:])), int64(binary.LittleEndian.Uint32(end[16:]))
	if count == 0xFFFF || length == 0xFFFFFFFF || offset == 0xFFFFFFFF || int(count) > lim.Entries ||
		length > maxDirectory || size-offset > maxDirectory {
		return bomb("directory too large")
	}
	return nil
}

// Names lists all parts as they are written.
func (p *Package) Names() []string { return p.names }

// Name gives a part's own spelling; ok is false when there is none of that name.
func (p *Package) Name(name string) (spelling string, ok bool) {
	f := p.parts[fold(name)]
	if f == nil {
		return "", false
	}
	return f.Name, true
}

// Copy unpacks a part into w, within the limits.
func (p *Package) Copy(w io.Writer, name string, limit int64) error {
	f := p.parts[fold(name)]
	if f == nil {
		return damaged("a part is missing", nil)
	}
	declared := f.UncompressedSize64
	if declared > uint64(limit) || int64(declared) > p.lim.Total-p.spent {
		return bomb("a part unpacks to too much")
	}
	if declared > ratioFrom && int64(declared)/max(1, int64(f.CompressedSize64)) > p.lim.Ratio {
		return bomb("a part is packed beyond reason")
	}
	rc, err := f.Open()
	if err != nil {
		return damaged("a part cannot be unpacked", err)
	}
	n, err := io.Copy(w, io.LimitReader(rc, int64(declared)+1))
	if cerr := rc.Close(); err == nil {
		err = cerr
	}
	p.spent += n
	switch {
	case n > int64(declared):
		return bomb("a part unpacks to more than it declares")
	case err != nil:
		return damaged("a part cannot be unpacked", err)
	}
	return nil
}

// Read unpacks a part into memory.
func (p *Package) Read(name string, limit int64) ([]byte, error) {
	var b bytes.Buffer
	if err := p.Copy(&b, name, limit); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

// Head unpacks the first bytes of a part, fewer than n where it is shorter.
func (p *Package) Head(name string, n int) ([]byte, error) {
	f := p.parts[fold(name)]
	if f == nil {
		return nil, damaged("a part is missing", nil)
	}
	rc, err := f.Open()
	if err != nil {
		return nil, damaged("a part cannot be unpacked", err)
	}
	defer rc.Close()
	head := make([]byte, n)
	read, err := io.ReadFull(rc, head)
	p.spent += int64(read)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return nil, damaged("a part cannot be unpacked", err)
	}
	return head[:read], nil
}

// XML reads a part as a tree. alias is as in xmltree.Parse.
func (p *Package) XML(name string, alias map[string]string) (*xmltree.Node, error) {
	data, err := p.Read(name, p.lim.XML)
	if err != nil {
		return nil, err
	}
	root, err := xmltree.Parse(data, alias, xmltree.Limits{Depth: p.lim.Depth, Nodes: p.lim.Nodes})
	if errors.Is(err, xmltree.ErrUnsafe) {
		return nil, refusal.Wrap(refusal.UnsafeXML, err, "a part of the document is not acceptable XML",
			map[string]any{"part": bounded(name), "detail": err.Error()})
	}
	if err != nil {
		return nil, damaged("part "+bounded(name), err)
	}
	return root, nil
}

// ContentType is a part's media type, lower case, without parameters.
func (p *Package) ContentType(name string) string {
	key := fold(name)
	if t, ok := p.types.override[key]; ok {
		return t
	}
	return p.types.byExt[strings.TrimPrefix(path.Ext(key), ".")]
}

type contentTypes struct{ override, byExt map[string]string }

const typesPart = "[Content_Types].xml"

func (p *Package) readTypes() error {
	p.types = contentTypes{override: map[string]string{}, byExt: map[string]string{}}
	if _, ok := p.Name(typesPart); !ok {
		return nil // a plain zip, or another office format
	}
	root, err := p.XML(typesPart, nil)
	if err != nil {
		return err
	}
	for _, k := range root.Kids {
		t, _ := k.Attr("", "ContentType")
		t, _, _ = strings.Cut(strings.ToLower(strings.TrimSpace(t)), ";")
		switch k.Local {
		case "Default":
			if ext, ok := k.Attr("", "Extension"); ok {
				p.types.byExt[strings.ToLower(ext)] = t
			}
		case "Override":
			if name, ok := k.Attr("", "PartName"); ok {
				p.types.override[fold(name)] = t
			}
		}
	}
	return nil
}

func fold(name string) string {
	return strings.ToLower(strings.TrimPrefix(strings.ReplaceAll(name, `\`, "/"), "/"))
}

func damaged(detail string, err error) error {
	return refusal.Wrap(refusal.Damaged, err, "the document is damaged: "+detail, map[string]any{"type": "docx", "detail": detail})
}

func bomb(detail string) error {
	return refusal.New(refusal.ZipBomb, "the document unpacks beyond all bounds: "+detail, map[string]any{"detail": detail})
}

func bounded(s string) string {
	if len(s) > 120 {
		s = s[:120]
	}
	return fmt.Sprintf("%q", s)
}
