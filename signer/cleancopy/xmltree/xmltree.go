package xmltree

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"

	"golang.org/x/text/encoding/unicode"
)

// Limits bound one part.
type Limits struct {
	Depth int // nesting of elements
	Nodes int // elements, texts and attributes together
}

// maxNames bounds the declarations of namespaces that are in force at once, which every name is looked up in; office programs
// declare some forty.
const maxNames = 512

// ErrUnsafe marks XML that no honest office program writes: document types, entities, excessive depth, size or numbers of namespaces.
var ErrUnsafe = errors.New("xml not acceptable")

// Name is an element's or attribute's name. Space is the short alias of its namespace, or the URI in braces when the
// reader was given no alias for it; Prefix is what stood in the file.
type Name struct{ Space, Local, Prefix string }

// Attr is an attribute.
type Attr struct {
	Name
	Value string
	uri   string
}

// Node is an element, or a text when Local is empty.
type Node struct {
	Name
	Attrs []Attr
	Kids  []*Node
	Text  string
	uri   string
}

// Is tells whether n is the element space:local.
func (n *Node) Is(space, local string) bool { return n.Local == local && n.Space == space }

// IsText tells whether n is character data.
func (n *Node) IsText() bool { return n.Local == "" }

// Child returns the first child element space:local, or nil.
func (n *Node) Child(space, local string) *Node {
	if n == nil {
		return nil
	}
	for _, k := range n.Kids {
		if k.Is(space, local) {
			return k
		}
	}
	return nil
}

// Attr returns the value of an attribute; ok is false when it is absent.
func (n *Node) Attr(space, local string) (value string, ok bool) {
	if n == nil {
		return "", false
	}
	for _, a := range n.Attrs {
		if a.Local == local && a.Space == space {
			return a.Value, true
		}
	}
	return "", false
}

// DropAttrs removes the attributes for which drop says so.
func (n *Node) DropAttrs(drop func(Attr) bool) {
	kept := n.Attrs[:0]
	for _, a := range n.Attrs {
		if !drop(a) {
			kept = append(kept, a)
		}
	}
	n.Attrs = kept
}

// Filter replaces each child by what keep returns for it.
func (n *Node) Filter(keep func(*Node) bool) {
	kept := n.Kids[:0]
	for _, k := range n.Kids {
		if keep(k) {
			kept = append(kept, k)
		}
	}
	n.Kids = kept
}

// Walk calls visit for n and all below it, in document order; visit returns false to skip what is below a node.
func (n *Node) Walk(visit func(*Node) bool) {
	if n == nil || !visit(n) {
		return
	}
	for _, k := range n.Kids {
		k.Walk(visit)
	}
}

// New makes an element in the same namespace, and under the same prefix, as n.
func (n *Node) New(local string, kids ...*Node) *Node {
	return &Node{Name: Name{Space: n.Space, Local: local, Prefix: n.Prefix}, uri: n.uri, Kids: kids}
}

// NewText makes character data.
func NewText(s string) *Node { return &Node{Text: s} }

// SetAttr sets an attribute that bears the element's own prefix.
func (n *Node) SetAttr(local, value string) {
	for i, a := range n.Attrs {
		if a.Local == local && a.Space == n.Space {
			n.Attrs[i].Value = value
			return
		}
	}
	n.Attrs = append(n.Attrs, Attr{Name: Name{Space: n.Space, Local: local, Prefix: n.Prefix}, Value: value, uri: n.uri})
}

// scope is the list of prefixes in force, newest last.
type scope []binding

type binding struct{ prefix, uri string }

func (s scope) lookup(prefix string) (string, bool) {
	if prefix == "xml" {
		return "http://www.w3.org/XML/1998/namespace", true
	}
	for i := len(s) - 1; i >= 0; i-- {
		if s[i].prefix == prefix {
			return s[i].uri, true
		}
	}
	return "", prefix == ""
}

// Parse reads one part. alias maps namespace URIs to the short names by which the caller asks for them.
func Parse(data []byte, alias map[string]string, lim Limits) (*Node, error) {
	data, err := utf8Bytes(data)
	if err != nil {
		return nil, err
	}
	p := parser{alias: alias, lim: lim, dec: xml.NewDecoder(bytes.NewReader(data))}
	p.dec.CharsetReader = func(label string, r io.Reader) (io.Reader, error) {
		// The bytes are UTF-8 by now, whatever of the two permitted encodings the declaration names.
		if l := strings.ToLower(label); l == "utf-16" || l == "utf-8" {
			return r, nil
		}
		return nil, fmt.Errorf("%w: encoding %.20q", ErrUnsafe, label)
	}
	return p.run()
}

func utf8Bytes(data []byte) ([]byte, error) {
	if bytes.HasPrefix(data, []byte{0xEF, 0xBB, 0xBF}) {
		return data[3:], nil
	}
	if len(data) >= 2 && (data[0] == 0xFF && data[1] == 0xFE || data[0] == 0xFE && data[1] == 0xFF) {
		return unicode.UTF16(unicode.LittleEndian, unicode.UseBOM).NewDecoder().Bytes(data)
	}
	return data, nil
}

type parser struct {
	alias map[string]string
	lim   Limits
	dec   *xml.Decoder
	nodes int
	stack []*Node
	marks []int // length of the scope before each open element
	names scope
	root  *Node
}

func (p *parser) run() (*Node, error) {
	for {
		tok, err := p.dec.RawToken()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
		if err := p.token(tok); err != nil {
			return nil, err
		}
	}
	if p.root == nil || len(p.stack) != 0 {
		return nil, errors.New("xml: part ends too early")
	}
	return p.root, nil
}

func (p *parser) token(tok xml.Token) error {
	switch t := tok.(type) {
	case xml.Directive:
		return fmt.Errorf("%w: document type or entity", ErrUnsafe)
	case xml.StartElement:
		return p.open(t)
	case xml.EndElement:
		if len(p.stack) == 0 {
			return errors.New("xml: element closed that was not open")
		}
		top := p.stack[len(p.stack)-1]
		if top.Prefix != t.Name.Space || top.Local != t.Name.Local {
			return fmt.Errorf("xml: %.40s closed by %.40s", top.Local, t.Name.Local)
		}
		p.stack = p.stack[:len(p.stack)-1]
		p.names = p.names[:p.marks[len(p.marks)-1]]
		p.marks = p.marks[:len(p.marks)-1]
	case xml.CharData:
		if len(p.stack) == 0 {
			if len(bytes.TrimSpace(t)) > 0 {
				return errors.New("xml: text outside the document element")
			}
			return nil
		}
		if err := p.count(1); err != nil {
			return err
		}
		top := p.stack[len(p.stack)-1]
		top.Kids = append(top.Kids, NewText(string(t)))
	}
	return nil // comments and processing instructions carry nothing that is shown
}

func (p *parser) count(n int) error {
	p.nodes += n
	if p.nodes > p.lim.Nodes {
		return fmt.Errorf("%w: more than %d nodes", ErrUnsafe, p.lim.Nodes)
	}
	return nil
}

func (p *parser) open(t xml.StartElement) error {
	if err := p.count(1 + len(t.Attr)); err != nil {
		return err
	}
	if len(p.stack) >= p.lim.Depth {
		return fmt.Errorf("%w: nested deeper than %d", ErrUnsafe, p.lim.Depth)
	}
	if p.root != nil && len(p.stack) == 0 {
		return errors.New("xml: second document element")
	}
	p.marks = append(p.marks, len(p.names))
	for _, a := range t.Attr {
		if a.Name.Space == "xmlns" {
			p.names = append(p.names, binding{a.Name.Local, a.Value})
		} else if a.Name.Space == "" && a.Name.Local == "xmlns" {
			p.names = append(p.names, binding{"", a.Value})
		}
	}
	if len(p.names) > maxNames {
		return fmt.Errorf("%w: more than %d namespaces in force", ErrUnsafe, maxNames)
	}
	uri, ok := p.names.lookup(t.Name.Space)
	if !ok {
		return fmt.Errorf("xml: prefix %.40q not declared", t.Name.Space)
	}
	n := &Node{Name: Name{Space: p.short(uri), Local: t.Name.Local, Prefix: t.Name.Space}, uri: uri}
	seen := make(map[Name]bool, len(t.Attr))
	for _, a := range t.Attr {
		at := Attr{Name: Name{Local: a.Name.Local, Prefix: a.Name.Space}, Value: a.Value}
		switch {
		case a.Name.Space == "xmlns" || a.Name.Space == "" && a.Name.Local == "xmlns":
			at.Space = "xmlns"
		case a.Name.Space != "":
			uri, ok := p.names.lookup(a.Name.Space)
			if !ok {
				return fmt.Errorf("xml: prefix %.40q not declared", a.Name.Space)
			}
			at.Space, at.uri = p.short(uri), uri
		}
		key := Name{Space: at.Space, Local: at.Local}
		if seen[key] {
			return fmt.Errorf("xml: attribute %.40q given twice", at.Local)
		}
		seen[key] = true
		n.Attrs = append(n.Attrs, at)
	}
	if len(p.stack) == 0 {
		p.root = n
	} else {
		top := p.stack[len(p.stack)-1]
		top.Kids = append(top.Kids, n)
	}
	p.stack = append(p.stack, n)
	return nil
}

func (p *parser) short(uri string) string {
	if a, ok := p.alias[uri]; ok {
		return a
	}
	if uri == "" {
		return ""
	}
	return "{" + uri + "}"
}
