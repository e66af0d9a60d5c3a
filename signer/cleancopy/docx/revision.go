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

func (s *story) table(n *xmltree.Node, at place) []*xmltree.Node {
	at.tableStyle, _ = n.Child("w", "tblPr").Child("w", "tblStyle").Attr("w", "val")
	s.attributes(n)
	s.kids(n, at)
	if n.Child("w", "tr") == nil {
		return edges(n)
	}
	return []*xmltree.Node{n}
}

func (s *story) row(n *xmltree.Node, at place) []*xmltree.Node {
	trPr := n.Child("w", "trPr")
	at.para = s.firstParagraph(n)
	if deletes(trPr) {
		s.report(at, Finding{Kind: KindDeletion, Text: wordsOf(n), Author: authorOf(trPr)})
		return edges(n)
	}
	if h := trPr.Child("w", "hidden"); h != nil {
		if v, given := h.Attr("w", "val"); !given || on(v) {
			s.report(at, Finding{Kind: KindHiddenRow, Text: wordsOf(n)})
			return edges(n)
		}
	}
	s.attributes(n)
	widen(n)
	s.kids(n, at)
	if n.Child("w", "tc") == nil {
		return edges(n)
	}
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

// cellsOf lists the cells of a row, those in content controls among them.
func cellsOf(row *xmltree.Node) []*xmltree.Node {
	var cells []*xmltree.Node
	for _, k := range row.Kids {
		switch {
		case k.Is("w", "tc"):
			cells = append(cells, k)
		case k.Space == "w" && dissolved[k.Local]:
			cells = append(cells, cellsOf(k)...)
		}
	}
	return cells
}

// widen gives the columns of deleted cells to the cell before them, which is what merging cells leaves behind.
func widen(row *xmltree.Node) {
	var before *xmltree.Node
	for _, tc := range cellsOf(row) {
		if tc.Child("w", "tcPr").Child("w", "cellDel") == nil {
			before = tc
			continue
		}
		if before == nil {
			continue
		}
		tcPr := before.Child("w", "tcPr")
		if tcPr == nil {
			tcPr = before.New("tcPr")
			before.Kids = slices.Insert(before.Kids, 0, tcPr)
		}
		span := tcPr.Child("w", "gridSpan")
		columns := strconv.Itoa(min(columnsOf(before)+columnsOf(tc), maxColumns))
		if span == nil {
			span = tcPr.New("gridSpan")
			tcPr.Kids = slices.Insert(tcPr.Kids, after(tcPr, "cnfStyle", "tcW"), span)
		}
		span.SetAttr("val", columns)
	}
}

// after finds the place in a cell's properties behind those that the schema puts first.
func after(tcPr *xmltree.Node, first ...string) int {
	last := 0
	for i, k := range tcPr.Kids {
		if k.Space == "w" && slices.Contains(first, k.Local) {
			last = i + 1
		}
	}
	return last
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
		return edges(n)
	}
	s.merge(tcPr, at)
	s.attributes(n)
	s.kids(n, at)
	s.container(n)
	return []*xmltree.Node{n}
}

// merge turns a tracked merging of cells into the merging itself (ECMA-376 part 1, 17.13.5.3). A change that names only the
// former state leaves the cell on its own; one that names neither says nothing.
func (s *story) merge(tcPr *xmltree.Node, at place) {
	m := tcPr.Child("w", "cellMerge")
	if m == nil {
		return
	}
	author, _ := m.Attr("w", "author")
	s.report(at, Finding{Kind: KindFormatChange, Author: author})
	now, named := m.Attr("w", "vMerge")
	_, parted := m.Attr("w", "vMergeOrig")
	tcPr.Filter(func(k *xmltree.Node) bool {
		return !k.Is("w", "cellMerge") && !(k.Is("w", "vMerge") && (named || parted))
	})
	state := map[string]string{"rest": "restart", "cont": "continue"}[now]
	if state == "" {
		return
	}
	merged := tcPr.New("vMerge")
	merged.SetAttr("val", state)
	tcPr.Kids = slices.Insert(tcPr.Kids, after(tcPr, "cnfStyle", "tcW", "gridSpan", "hMerge"), merged)
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

// math handles formulas. A deletion there is a mark within a run's or a control character's properties, or wraps what is
// in the run. A deleted control character stands for the whole object around its arguments, which decide for themselves.
func (s *story) math(n *xmltree.Node, at place) []*xmltree.Node {
	if n.Local == "r" {
		if s.styles.hidden(n.Child("w", "rPr"), at) {
			s.report(at, Finding{Kind: KindHiddenText, Text: wordsOf(n)})
			return nil
		}
		if deletes(n) && !wraps(n) {
			s.report(at, Finding{Kind: KindDeletion, Text: wordsOf(n), Author: authorOf(n)})
			return nil
		}
	}
	removed := false
	for _, k := range n.Kids {
		removed = removed || strings.HasSuffix(k.Local, "Pr") && deletes(k.Child("m", "ctrlPr"))
	}
	s.attributes(n)
	s.kids(n, at)
	switch {
	case removed:
		return arguments(n)
	case emptyRun(n), (n.Local == "oMath" || n.Local == "oMathPara") && len(arguments(n)) == 0:
		return nil
	}
	return []*xmltree.Node{n}
}

// wraps tells whether a deletion within a run of a formula holds words; a mark holds properties alone.
func wraps(run *xmltree.Node) bool {
	for _, k := range run.Kids {
		if k.Space != "m" && k.Local != "rPr" && speaks([]*xmltree.Node{k}) {
			return true
		}
	}
	return false
}

// arguments returns what an object of a formula stands around, row by row.
func arguments(n *xmltree.Node) []*xmltree.Node {
	var out []*xmltree.Node
	for _, k := range n.Kids {
		switch {
		case k.Space != "m" || strings.HasSuffix(k.Local, "Pr"):
		case k.Local == "mr":
			out = append(out, arguments(k)...)
		case mathArguments[k.Local]:
			for _, inner := range k.Kids {
				if !strings.HasSuffix(inner.Local, "Pr") {
					out = append(out, inner)
				}
			}
		default:
			out = append(out, k)
		}
	}
	return out
}

var mathArguments = set("e", "num", "den", "sub", "sup", "deg", "lim", "fName")

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
