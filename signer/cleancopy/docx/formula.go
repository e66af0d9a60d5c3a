package docx

import (
	"strings"

	"sealdesk/signer/cleancopy/xmltree"
)

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
