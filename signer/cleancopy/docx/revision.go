package docx

import (
	"slices"
	"strconv"
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

	part  string
	paras map[*xmltree.Node]int
	gone  map[*xmltree.Node]bool // paragraphs whose mark is deleted or hidden
	dates int                    // fields that showed a date
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
	s.paras, s.gone = map[*xmltree.Node]int{}, map[*xmltree.Node]bool{}
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
	}
	return s.drawing(n, at)
}

func (s *story) word(n *xmltree.Node, at place) []*xmltree.Node {
	switch n.Local {
	case "del", "moveFrom":
		s.change(n, at)
		return nil
	case "ins", "moveTo":
		s.change(n, at)
		s.kids(n, at)
		return n.Kids
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
	case "ins":
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
	if mark.Child("w", "del") != nil || mark.Child("w", "moveFrom") != nil || s.styles.hidden(mark, at) {
		s.gone[n] = true
	}
	s.attributes(n)
	s.kids(n, at)
	return []*xmltree.Node{n}
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

func (s *story) table(n *xmltree.Node, at place) []*xmltree.Node {
	at.tableStyle, _ = n.Child("w", "tblPr").Child("w", "tblStyle").Attr("w", "val")
	s.attributes(n)
	s.kids(n, at)
	if n.Child("w", "tr") == nil {
		return nil
	}
	return []*xmltree.Node{n}
}

func (s *story) row(n *xmltree.Node, at place) []*xmltree.Node {
	trPr := n.Child("w", "trPr")
	at.para = s.firstParagraph(n)
	for _, mark := range []string{"del", "moveFrom"} {
		if m := trPr.Child("w", mark); m != nil {
			author, _ := m.Attr("w", "author")
			s.report(at, Finding{Kind: KindDeletion, Text: wordsOf(n), Author: author})
			return nil
		}
	}
	if h := trPr.Child("w", "hidden"); h != nil {
		if v, given := h.Attr("w", "val"); !given || on(v) {
			s.report(at, Finding{Kind: KindHiddenRow, Text: wordsOf(n)})
			return nil
		}
	}
	s.attributes(n)
	widen(n)
	s.kids(n, at)
	if n.Child("w", "tc") == nil {
		return nil
	}
	return []*xmltree.Node{n}
}

// widen gives the columns of deleted cells to the cell before them, which is what merging cells leaves behind.
func widen(row *xmltree.Node) {
	var before *xmltree.Node
	for _, tc := range row.Kids {
		if !tc.Is("w", "tc") {
			continue
		}
		if tc.Child("w", "tcPr").Child("w", "cellDel") == nil {
			before = tc
			continue
		}
		tcPr := before.Child("w", "tcPr")
		if tcPr == nil {
			continue
		}
		span := tcPr.Child("w", "gridSpan")
		columns := strconv.Itoa(columnsOf(before) + columnsOf(tc))
		if span == nil {
			span = tcPr.New("gridSpan")
			tcPr.Kids = slices.Insert(tcPr.Kids, afterWidth(tcPr), span)
		}
		span.SetAttr("val", columns)
	}
}

func afterWidth(tcPr *xmltree.Node) int {
	return 1 + slices.IndexFunc(tcPr.Kids, func(k *xmltree.Node) bool { return k.Is("w", "tcW") })
}

const maxColumns = 63 // of a table in Word

func columnsOf(tc *xmltree.Node) int {
	v, _ := tc.Child("w", "tcPr").Child("w", "gridSpan").Attr("w", "val")
	n, err := strconv.Atoi(v)
	if err != nil {
		return 1
	}
	return min(max(n, 1), maxColumns)
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

func (s *story) cell(n *xmltree.Node, at place) []*xmltree.Node {
	tcPr := n.Child("w", "tcPr")
	if m := tcPr.Child("w", "cellDel"); m != nil {
		author, _ := m.Attr("w", "author")
		at.para = s.firstParagraph(n)
		s.report(at, Finding{Kind: KindDeletion, Text: wordsOf(n), Author: author})
		return nil
	}
	if m := tcPr.Child("w", "cellMerge"); m != nil {
		val, _ := m.Attr("w", "vMerge")
		m.Local, m.Attrs = "vMerge", nil
		if val == "rest" {
			m.SetAttr("val", "restart")
		}
	}
	s.attributes(n)
	s.kids(n, at)
	s.container(n)
	if last := len(n.Kids) - 1; last < 0 || !lastIsParagraph(n.Kids) {
		n.Kids = append(n.Kids, n.New("p")) // a cell ends with a paragraph
	}
	return []*xmltree.Node{n}
}

func lastIsParagraph(kids []*xmltree.Node) bool {
	for i := len(kids) - 1; i >= 0; i-- {
		if k := kids[i]; !k.IsText() && !bare[k.Local] {
			return k.Is("w", "p")
		}
	}
	return false
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

// math handles formulas: a changed control character stands for the whole object around its arguments.
func (s *story) math(n *xmltree.Node, at place) []*xmltree.Node {
	if n.Local == "r" {
		if s.styles.hidden(n.Child("w", "rPr"), at) {
			s.report(at, Finding{Kind: KindHiddenText, Text: wordsOf(n)})
			return nil
		}
	}
	removed := false
	for _, k := range n.Kids {
		ctrl := k.Child("m", "ctrlPr")
		if strings.HasSuffix(k.Local, "Pr") && (ctrl.Child("w", "del") != nil || ctrl.Child("w", "moveFrom") != nil) {
			removed = true
		}
	}
	s.attributes(n)
	s.kids(n, at)
	if !removed {
		return []*xmltree.Node{n}
	}
	var out []*xmltree.Node
	for _, k := range n.Kids {
		if k.Space == "m" && !strings.HasSuffix(k.Local, "Pr") {
			out = append(out, k.Kids...)
		}
	}
	return out
}

// containers hold paragraphs side by side.
var containers = set("body", "tc", "hdr", "ftr", "footnote", "endnote", "txbxContent")

// bare elements may stand between paragraphs or within them.
var bare = set("bookmarkStart", "bookmarkEnd")

// container joins paragraphs whose mark is gone with what follows.
func (s *story) container(n *xmltree.Node) {
	if n.Space != "w" || !containers[n.Local] {
		return
	}
	var out, carry []*xmltree.Node
	var carried *xmltree.Node
	flush := func() {
		if carried == nil {
			return
		}
		if speaks(carry) {
			carried.Kids = append(properties(carried), carry...)
			out = append(out, carried)
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
			out = append(out, k)
		}
	}
	flush()
	n.Kids = out
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

var visible = set("t", "tab", "br", "cr", "sym", "drawing", "pict", "object", "oMath", "ptab", "noBreakHyphen", "fldChar", "footnoteReference", "endnoteReference", "ruby", "AlternateContent", "pgNum")
