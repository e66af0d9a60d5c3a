package docx

import (
	"slices"
	"strings"

	"sealdesk/signer/cleancopy/xmltree"
)

// story rewrites one part.
type story struct {
	styles   styles
	comments map[string]comment
	notes    map[string]bool // notes that are referred to, by kind and id; filled by the body, asked by the notes
	inNotes  bool            // this part holds the notes
	// numbering: this part holds list levels, whose properties speak of numbers alone
	numbering bool
	live      map[string]bool // relationships that are kept
	found     *findings
	asked     *asked

	part    string
	paras   map[*xmltree.Node]int
	gone    map[*xmltree.Node]bool // paragraphs whose mark is deleted or hidden
	deleted map[*xmltree.Node]bool // those of them whose mark, and the section that it ends, is deleted
	dates   int                    // fields that showed a date
}

type comment struct{ author, text string }

// place is where in the document a node stands.
type place struct {
	para                  int
	paraStyle, tableStyle string
	props                 bool // inside properties, where a change is a mark, not a wrapper
	silent                bool // the same words stand elsewhere: do not report twice
}

func (s *story) report(at place, f Finding) {
	if at.silent {
		return
	}
	f.Part, f.Paragraph = s.part, at.para
	s.found.add(f)
}

// number gives every paragraph its place as the part came in.
func (s *story) number(root *xmltree.Node) {
	s.paras, s.gone, s.deleted = map[*xmltree.Node]int{}, map[*xmltree.Node]bool{}, map[*xmltree.Node]bool{}
	n := 0
	root.Walk(func(k *xmltree.Node) bool {
		if k.Is("mc", "Fallback") {
			return false
		}
		if k.Is("w", "p") {
			n++
			s.paras[k] = n
		}
		return true
	})
}

// clean rewrites a whole part.
func (s *story) clean(root *xmltree.Node) {
	s.number(root)
	s.kids(root, place{})
	s.container(root)
	s.fields(root)
	root.Walk(func(k *xmltree.Node) bool {
		k.Filter(func(c *xmltree.Node) bool { return !emptyRun(c) })
		return true
	})
}

// emptyRun tells whether nothing is left of a run but its properties.
func emptyRun(n *xmltree.Node) bool {
	if n.Local != "r" || n.Space != "w" && n.Space != "m" {
		return false
	}
	for _, k := range n.Kids {
		if !k.IsText() && k.Local != "rPr" {
			return false
		}
	}
	return true
}

func (s *story) kids(n *xmltree.Node, at place) {
	var out []*xmltree.Node
	for _, k := range n.Kids {
		out = append(out, s.rewrite(k, at)...)
	}
	n.Kids = out
}

// rewrite returns what takes the place of n.
func (s *story) rewrite(n *xmltree.Node, at place) []*xmltree.Node {
	if n.IsText() {
		return []*xmltree.Node{n}
	}
	switch n.Space {
	case "w":
		return s.word(n, at)
	case "m":
		return s.math(n, at)
	case "w14":
		switch n.Local { // edits that met another's edits (MS-DOCX 2.6.1): accepted like any other
		case "conflictDel":
			return s.removed(n, at)
		case "conflictIns":
			return s.inserted(n, at)
		}
		if strings.HasPrefix(n.Local, "customXmlConflict") {
			return nil
		}
	}
	return s.drawing(n, at)
}

// removed reports what a tracked change takes away and returns what of it stays.
func (s *story) removed(n *xmltree.Node, at place) []*xmltree.Node {
	s.change(n, at)
	return edges(n)
}

func (s *story) inserted(n *xmltree.Node, at place) []*xmltree.Node {
	s.change(n, at)
	s.kids(n, at)
	return n.Kids
}

// edges returns the ends of bookmarks that reach out of n: a bookmark shrinks to what is left of it, and goes when all of
// it goes.
func edges(n *xmltree.Node) []*xmltree.Node {
	var out []*xmltree.Node
	open := map[string]int{} // where in out a bookmark starts
	n.Walk(func(k *xmltree.Node) bool {
		if k.Space != "w" || !bare[k.Local] {
			return true
		}
		id, _ := k.Attr("w", "id")
		if k.Local == "bookmarkStart" {
			open[id] = len(out)
		} else if i, ok := open[id]; ok {
			delete(open, id)
			out[i] = nil
			return true
		}
		out = append(out, k)
		return true
	})
	return slices.DeleteFunc(out, func(k *xmltree.Node) bool { return k == nil })
}

func (s *story) word(n *xmltree.Node, at place) []*xmltree.Node {
	switch n.Local {
	case "del", "moveFrom":
		return s.removed(n, at)
	case "ins", "moveTo":
		return s.inserted(n, at)
	case "p":
		return s.paragraph(n, at)
	case "r":
		return s.run(n, at)
	case "tbl":
		return s.table(n, at)
	case "tr":
		return s.row(n, at)
	case "tc":
		return s.cell(n, at)
	case "footnote", "endnote":
		if !s.noteKept(n) {
			return nil
		}
	case "footnoteReference", "endnoteReference":
		if id, ok := n.Attr("w", "id"); ok && !s.inNotes {
			s.notes[strings.TrimSuffix(n.Local, "Reference")+id] = true
		}
	case "fldSimple":
		return s.simpleField(n, at)
	case "vanish", "specVanish":
		if s.numbering {
			break // hides a number, not a word
		}
		return nil // decided where the run stands
	case "rFonts":
		s.asked.fonts.add(fontsOf(n))
	case "pStyle", "rStyle", "tblStyle":
		id, _ := n.Attr("w", "val")
		s.asked.styles[id] = true
	case "t":
		for _, k := range n.Kids {
			s.asked.text(k.Text)
		}
	case "headerReference", "footerReference":
		if id, _ := n.Attr("r", "id"); !s.live[id] {
			return nil
		}
	}
	if dissolved[n.Local] {
		s.kids(n, at)
		return n.Kids
	}
	if dropped[n.Local] {
		s.drop(n, at)
		return nil
	}
	s.attributes(n)
	s.kids(n, s.inside(n, at))
	s.container(n)
	if hollow[n.Local] && !hasElement(n) {
		return nil
	}
	return []*xmltree.Node{n}
}

// hollow elements mean nothing once all that was in them is gone.
var hollow = set("drawing", "pict", "object")

func hasElement(n *xmltree.Node) bool {
	for _, k := range n.Kids {
		if !k.IsText() {
			return true
		}
	}
	return false
}

func (s *story) inside(n *xmltree.Node, at place) place {
	if strings.HasSuffix(n.Local, "Pr") {
		at.props = true
	}
	return at
}

// change reports a tracked change.
func (s *story) change(n *xmltree.Node, at place) {
	kind := KindDeletion
	switch n.Local {
	case "ins", "conflictIns", "cellIns":
		kind = KindInsertion
	case "moveFrom", "moveTo":
		kind = KindMove
	}
	author, _ := n.Attr("w", "author")
	f := Finding{Kind: kind, Author: author}
	if !at.props {
		f.Text = wordsOf(n)
	}
	if n.Local == "moveTo" {
		return // told once, from where it was
	}
	s.report(at, f)
}

func (s *story) drop(n *xmltree.Node, at place) {
	switch n.Local {
	case "commentReference":
		id, _ := n.Attr("w", "id")
		if c, ok := s.comments[id]; ok {
			s.report(at, Finding{Kind: KindComment, Text: c.text, Author: c.author})
			delete(s.comments, id)
		}
	case "altChunk":
		s.report(at, Finding{Kind: KindAltChunk})
	case "subDoc":
		s.report(at, Finding{Kind: KindExternalData})
	case "cellIns":
		s.change(n, at)
	case "control":
		s.report(at, Finding{Kind: KindControl})
	case "movie":
		s.report(at, Finding{Kind: KindMedia})
	case "contentPart":
		s.report(at, Finding{Kind: KindInk})
	default:
		if formatChanges[n.Local] {
			author, _ := n.Attr("w", "author")
			s.report(at, Finding{Kind: KindFormatChange, Author: author})
		}
	}
}

func (s *story) paragraph(n *xmltree.Node, at place) []*xmltree.Node {
	pPr := n.Child("w", "pPr")
	at.para = s.paras[n]
	at.paraStyle, _ = pPr.Child("w", "pStyle").Attr("w", "val")
	mark := pPr.Child("w", "rPr")
	if deletes(mark) {
		s.gone[n], s.deleted[n] = true, true
	} else if s.styles.hidden(mark, at) && pPr.Child("w", "sectPr") == nil {
		s.gone[n] = true
	}
	s.attributes(n)
	s.kids(n, at)
	return []*xmltree.Node{n}
}

// deletes tells whether properties of a paragraph's mark, of a row or of a formula's character hold the mark of a deletion.
func deletes(props *xmltree.Node) bool {
	if props == nil {
		return false
	}
	for _, k := range props.Kids {
		switch {
		case k.Is("w", "del") || k.Is("w", "moveFrom") || k.Is("w14", "conflictDel"):
			return true
		case k.Is("w", "ins") || k.Is("w", "moveTo") || k.Is("w14", "conflictIns"):
			if deletes(k) { // within a formula the marks are nested: inserted first, deleted later
				return true
			}
		}
	}
	return false
}

func (s *story) run(n *xmltree.Node, at place) []*xmltree.Node {
	if s.styles.hidden(n.Child("w", "rPr"), at) {
		if words := wordsOf(n); words != "" {
			s.report(at, Finding{Kind: KindHiddenText, Text: words})
		}
		return nil
	}
	s.attributes(n)
	s.kids(n, at)
	return []*xmltree.Node{n}
}

// authorOf finds who deleted what the properties belong to.
func authorOf(props *xmltree.Node) string {
	author := ""
	props.Walk(func(k *xmltree.Node) bool {
		if k.Local == "del" || k.Local == "moveFrom" || k.Local == "conflictDel" {
			author, _ = k.Attr("w", "author")
		}
		return !strings.HasSuffix(k.Local, "Change")
	})
	return author
}

func (s *story) firstParagraph(n *xmltree.Node) int {
	first := 0
	n.Walk(func(k *xmltree.Node) bool {
		if first == 0 {
			first = s.paras[k]
		}
		return first == 0
	})
	return first
}

func (s *story) noteKept(n *xmltree.Node) bool {
	if kind, _ := n.Attr("w", "type"); kind != "" && kind != "normal" {
		return true // separators
	}
	id, _ := n.Attr("w", "id")
	if s.notes[n.Local+id] {
		return true
	}
	if words := wordsOf(n); words != "" {
		s.report(place{para: s.firstParagraph(n)}, Finding{Kind: KindNote, Text: words})
	}
	return false
}
