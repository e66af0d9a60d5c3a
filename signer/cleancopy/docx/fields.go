package docx

import (
	"slices"
	"strconv"
	"strings"

	"sealdesk/signer/cleancopy/xmltree"
)

// outside names fields that fetch from elsewhere.
var outside = set("INCLUDEPICTURE", "INCLUDETEXT", "INCLUDE", "IMPORT", "LINK", "DDE", "DDEAUTO", "DATABASE", "RD", "MERGEFIELD", "ADDIN")

// dateFields show the day on which they are looked at.
var dateFields = set("DATE", "TIME", "PRINTDATE", "SAVEDATE", "EDITTIME")

// maxShown bounds the pieces of a field's result that a report quotes from: results may lie within one another without end.
const maxShown = 300

func fieldName(instruction string) string {
	f := strings.Fields(instruction)
	if len(f) == 0 {
		return ""
	}
	return strings.ToUpper(f[0])
}

func (s *story) frozen(at place, instruction, shown string) {
	name := fieldName(instruction)
	switch {
	case name == "HYPERLINK" && strings.Contains(instruction, `\l`):
		// a jump within the document, as every table of contents has
	case name == "HYPERLINK":
		s.report(at, Finding{Kind: KindExternal, Text: strings.TrimSpace(instruction)})
	case outside[name]:
		s.report(at, Finding{Kind: KindExternalData, Text: strings.TrimSpace(instruction)})
	default:
		if dateFields[name] {
			s.dates++
		}
		s.report(at, Finding{Kind: KindField, Text: strings.TrimSpace(name + ": " + shown)})
	}
}

// simpleField handles a field written as one element.
func (s *story) simpleField(n *xmltree.Node, at place) []*xmltree.Node {
	n.Filter(func(k *xmltree.Node) bool { return !k.Is("w", "fldData") })
	s.kids(n, at)
	s.attributes(n)
	instruction, _ := n.Attr("w", "instr")
	if keptFields[fieldName(instruction)] {
		return []*xmltree.Node{n}
	}
	s.frozen(at, instruction, wordsOf(n))
	return n.Kids
}

// piece is one child of a run, in the order in which a part is read.
type piece struct {
	run, node *xmltree.Node
	para      int
}

type field struct {
	begin, separate, end int // indexes of pieces, -1 when missing
	instruction          strings.Builder
	words                []*xmltree.Node // of the instruction
}

// fields freezes the fields of every story in n: the text of the part, and of each text box for itself, for a field
// does not reach over their edge.
func (s *story) fields(n *xmltree.Node) {
	var pieces []piece
	s.collect(n, 0, &pieces)
	gone, closed := pair(pieces)
	for _, f := range slices.Backward(closed) { // the outer one first: what is in its instruction goes with it
		s.decide(f, pieces, gone)
	}
	for _, p := range pieces {
		if p.node.Is("w", "fldChar") {
			p.node.Kids = nil // form data and field data
		}
	}
	for i, p := range pieces {
		if i == 0 || pieces[i-1].run != p.run { // once for each run, however much is in it
			p.run.Filter(func(k *xmltree.Node) bool { return !gone[k] })
		}
	}
}

func (s *story) collect(n *xmltree.Node, para int, pieces *[]piece) {
	for _, k := range n.Kids {
		switch {
		case k.Is("w", "r"):
			for _, c := range k.Kids {
				if c.Is("w", "rPr") {
					continue
				}
				*pieces = append(*pieces, piece{run: k, node: c, para: para})
				s.boxes(c)
			}
		case k.Is("w", "p"):
			s.collect(k, s.paras[k], pieces)
		case k.Is("w", "footnote") || k.Is("w", "endnote"):
			s.fields(k)
		default:
			s.collect(k, para, pieces)
		}
	}
}

func (s *story) boxes(n *xmltree.Node) {
	for _, k := range n.Kids {
		if k.Is("w", "txbxContent") {
			s.fields(k)
		} else {
			s.boxes(k)
		}
	}
}

// pair matches field characters. Those without a partner, and instructions outside a field, are marked as gone.
func pair(pieces []piece) (gone map[*xmltree.Node]bool, closed []*field) {
	gone = map[*xmltree.Node]bool{}
	var open []*field
	for i, p := range pieces {
		switch {
		case p.node.Is("w", "instrText"):
			if len(open) == 0 || open[len(open)-1].separate >= 0 {
				gone[p.node] = true
				continue
			}
			f := open[len(open)-1]
			f.words = append(f.words, p.node)
			for _, t := range p.node.Kids {
				f.instruction.WriteString(t.Text)
			}
		case p.node.Is("w", "fldChar"):
			kind, _ := p.node.Attr("w", "fldCharType")
			switch {
			case kind == "begin":
				open = append(open, &field{begin: i, separate: -1, end: -1})
			case len(open) == 0:
				gone[p.node] = true
			case kind == "separate" && open[len(open)-1].separate < 0:
				open[len(open)-1].separate = i
			case kind == "end":
				f := open[len(open)-1]
				f.end = i
				open, closed = open[:len(open)-1], append(closed, f)
			default:
				gone[p.node] = true
			}
		}
	}
	for _, f := range open { // never closed: nothing of it works, its words stay
		gone[pieces[f.begin].node] = true
		if f.separate >= 0 {
			gone[pieces[f.separate].node] = true
		}
		for _, w := range f.words {
			gone[w] = true
		}
	}
	return gone, closed
}

func (s *story) decide(f *field, pieces []piece, gone map[*xmltree.Node]bool) {
	instruction := f.instruction.String()
	name := fieldName(instruction)
	if keptFields[name] || gone[pieces[f.begin].node] {
		return
	}
	from, last := f.begin, f.separate
	if last < 0 {
		last = f.end
	}
	begin := pieces[from]
	face := shownBy(name, instruction, begin.node.Child("w", "ffData"))
	var shown strings.Builder
	shown.WriteString(face)
	for i := last + 1; i < min(f.end, last+maxShown) && shown.Len() < maxText; i++ {
		if !gone[pieces[i].node] {
			shown.WriteString(wordsOf(pieces[i].node))
		}
	}
	if name != "" {
		s.frozen(place{para: begin.para, silent: begin.para == 0}, instruction, shown.String())
	}
	for i := from; i <= last; i++ {
		gone[pieces[i].node] = true
	}
	gone[pieces[f.end].node] = true
	if face != "" && f.separate < 0 {
		text := begin.run.New("t", xmltree.NewText(face))
		text.Attrs = []xmltree.Attr{{Name: xmltree.Name{Local: "space", Prefix: "xml"}, Value: "preserve"}}
		i := slices.Index(begin.run.Kids, begin.node)
		begin.run.Kids = slices.Insert(begin.run.Kids, i, text)
	}
}

// shownBy gives the face of fields that have no result of their own.
func shownBy(name, instruction string, form *xmltree.Node) string {
	switch name {
	case "FORMCHECKBOX":
		box := form.Child("w", "checkBox")
		state := box.Child("w", "checked")
		if state == nil {
			state = box.Child("w", "default")
		}
		if state != nil {
			if v, given := state.Attr("w", "val"); !given || on(v) {
				return "☒"
			}
		}
		return "☐"
	case "FORMDROPDOWN":
		list := form.Child("w", "ddList")
		if list == nil {
			return ""
		}
		choice, given := list.Child("w", "result").Attr("w", "val")
		if !given {
			choice, _ = list.Child("w", "default").Attr("w", "val")
		}
		want, _ := strconv.Atoi(choice)
		i := 0
		for _, k := range list.Kids {
			if !k.Is("w", "listEntry") {
				continue
			}
			if i == want {
				v, _ := k.Attr("w", "val")
				return v
			}
			i++
		}
	case "MACROBUTTON", "GOTOBUTTON":
		rest := strings.TrimSpace(instruction)
		for range 2 {
			_, after, _ := strings.Cut(rest, " ")
			rest = strings.TrimSpace(after)
		}
		return rest
	}
	return ""
}
