package xmltree

import (
	"bytes"
	"encoding/xml"
)

// Bytes prints the tree as a whole part in UTF-8. Where an element was moved out of reach of its namespace's
// declaration, the declaration is written again.
func (n *Node) Bytes() []byte {
	w := writer{}
	w.buf.WriteString(`<?xml version="1.0" encoding="UTF-8" standalone="yes"?>` + "\n")
	w.node(n)
	return w.buf.Bytes()
}

type writer struct {
	buf   bytes.Buffer
	names scope
}

func (w *writer) node(n *Node) {
	if n.IsText() {
		w.escape(n.Text)
		return
	}
	mark := len(w.names)
	w.buf.WriteByte('<')
	w.name(n.Prefix, n.Local)
	for _, a := range n.Attrs {
		if a.Space == "xmlns" {
			w.names = append(w.names, binding{declared(a), a.Value})
		}
		w.buf.WriteByte(' ')
		w.name(a.Prefix, a.Local)
		w.buf.WriteString(`="`)
		w.escape(a.Value)
		w.buf.WriteByte('"')
	}
	if uri, _ := w.names.lookup(n.Prefix); uri != n.uri {
		w.declare(n.Prefix, n.uri)
	}
	for _, a := range n.Attrs {
		if a.uri == "" || a.Prefix == "xml" {
			continue
		}
		if uri, _ := w.names.lookup(a.Prefix); uri != a.uri {
			w.declare(a.Prefix, a.uri)
		}
	}
	if len(n.Kids) == 0 {
		w.buf.WriteString("/>")
	} else {
		w.buf.WriteByte('>')
		for _, k := range n.Kids {
			w.node(k)
		}
		w.buf.WriteString("</")
		w.name(n.Prefix, n.Local)
		w.buf.WriteByte('>')
	}
	w.names = w.names[:mark]
}

func (w *writer) declare(prefix, uri string) {
	w.names = append(w.names, binding{prefix, uri})
	w.buf.WriteString(" xmlns")
	if prefix != "" {
		w.buf.WriteString(":" + prefix)
	}
	w.buf.WriteString(`="`)
	w.escape(uri)
	w.buf.WriteByte('"')
}

func declared(a Attr) string {
	if a.Prefix == "xmlns" {
		return a.Local
	}
	return ""
}

func (w *writer) name(prefix, local string) {
	if prefix != "" {
		w.buf.WriteString(prefix)
		w.buf.WriteByte(':')
	}
	w.buf.WriteString(local)
}

func (w *writer) escape(s string) {
	// EscapeText writes to memory, which does not fail.
	_ = xml.EscapeText(&w.buf, []byte(s))
}
