package docx

import (
	"slices"
	"strconv"

	"sealdesk/signer/cleancopy/xmltree"
)

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
