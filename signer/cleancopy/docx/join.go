package docx

import "sealdesk/signer/cleancopy/xmltree"

// containers hold paragraphs side by side.
var containers = set("body", "tc", "hdr", "ftr", "footnote", "endnote", "txbxContent")

// endsWithParagraph: these must, and are drawn as high as it is.
var endsWithParagraph = set("tc", "hdr", "ftr", "footnote", "endnote", "txbxContent")

// bare elements may stand between paragraphs or within them.
var bare = set("bookmarkStart", "bookmarkEnd")

// container joins paragraphs whose mark is gone with what follows, whose properties win.
func (s *story) container(n *xmltree.Node) {
	if !holdsParagraphs(n) {
		return
	}
	s.inherit(n)
	var out, carry []*xmltree.Node
	var carried, last *xmltree.Node // the first of the paragraphs to be joined; the last paragraph after any table
	flush := func() {
		if carried == nil {
			return
		}
		if speaks(carry) {
			out = append(out, s.stand(carried, carry))
		} else {
			for _, k := range carry {
				if k.Space == "w" && bare[k.Local] {
					out = append(out, k)
				}
			}
		}
		carried, carry = nil, nil
	}
	for _, k := range n.Kids {
		switch {
		case k.Is("w", "p"):
			last = k
			if s.gone[k] {
				if carried == nil {
					carried = k
				}
				carry = append(carry, content(k)...)
				continue
			}
			if carried != nil {
				k.Kids = append(append(properties(k), carry...), content(k)...)
				carried, carry = nil, nil
			}
			out = append(out, k)
		case carried != nil && (k.IsText() || k.Space == "w" && bare[k.Local]):
			carry = append(carry, k)
		default:
			flush()
			last, out = nil, append(out, k)
		}
	}
	flush()
	if endsWithParagraph[n.Local] && !lastIsParagraph(out) {
		if last == nil || !s.gone[last] {
			last = n.New("p")
		}
		out = append(out, s.stand(last, nil))
	}
	n.Kids = out
}

// inherit hands the headers and footers of a section whose end is deleted to the section that takes its words in, where that
// has none of its own: it showed them before, as a section without shows those of the one before it (ECMA-376 part 1, 17.10).
func (s *story) inherit(body *xmltree.Node) {
	var left map[string]*xmltree.Node
	for _, k := range body.Kids {
		section := k
		if !k.Is("w", "sectPr") {
			section = k.Child("w", "pPr").Child("w", "sectPr")
		}
		if section == nil {
			continue
		}
		shown := map[string]*xmltree.Node{}
		for _, r := range section.Kids {
			if r.Is("w", "headerReference") || r.Is("w", "footerReference") {
				pages, _ := r.Attr("w", "type")
				shown[r.Local+" "+pages] = r
			}
		}
		var missing []*xmltree.Node
		for _, which := range references {
			if r := left[which]; r != nil && shown[which] == nil {
				missing, shown[which] = append(missing, r), r
			}
		}
		section.Kids = append(missing, section.Kids...)
		left = nil
		if s.deleted[k] {
			left = shown
		}
	}
}

// references are the headers and footers that a section can have, by the pages that show them.
var references = []string{
	"headerReference default", "headerReference first", "headerReference even",
	"footerReference default", "footerReference first", "footerReference even",
}

// stand keeps a paragraph whose mark is gone, because nothing follows that it could be joined with. The section that its
// mark ended is gone all the same.
func (s *story) stand(p *xmltree.Node, words []*xmltree.Node) *xmltree.Node {
	if s.deleted[p] {
		p.Child("w", "pPr").Filter(func(k *xmltree.Node) bool { return !k.Is("w", "sectPr") })
	}
	p.Kids = append(properties(p), words...)
	return p
}

func holdsParagraphs(n *xmltree.Node) bool {
	return n.Space == "w" && containers[n.Local] || n.Space == "mc" && (n.Local == "Choice" || n.Local == "Fallback")
}

func properties(p *xmltree.Node) []*xmltree.Node {
	if pPr := p.Child("w", "pPr"); pPr != nil {
		return []*xmltree.Node{pPr}
	}
	return nil
}

func content(p *xmltree.Node) []*xmltree.Node {
	var out []*xmltree.Node
	for _, k := range p.Kids {
		if !k.Is("w", "pPr") {
			out = append(out, k)
		}
	}
	return out
}

// speaks tells whether anything of it would be drawn.
func speaks(nodes []*xmltree.Node) bool {
	for _, n := range nodes {
		found := false
		n.Walk(func(k *xmltree.Node) bool {
			if k.Is("w", "rPr") {
				return false
			}
			if visible[k.Local] && k.Space != "" {
				found = true
			}
			return !found
		})
		if found {
			return true
		}
	}
	return false
}

var visible = set("t", "tab", "br", "cr", "sym", "drawing", "pict", "object", "oMath", "ptab", "noBreakHyphen", "fldChar",
	"footnoteReference", "endnoteReference", "ruby", "AlternateContent", "pgNum")
