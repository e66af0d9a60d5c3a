package docx_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"sealdesk/signer/cleancopy/xmltree"
)

// corpus holds documents with tracked changes beside the same documents as accepted by another program. They are not
// ours and not part of the repository; where they are missing, the tests with generated documents stand alone.
const corpus = "../../../../shared/corpora/docx-revisions"

// TestInteropAccepted holds what Clean makes of every document against the same document with its changes accepted by
// another program: words and blocks against that program's file as it is, and every property against that file after Clean, which
// then takes away only what is no revision (fields, content controls, editing marks).
//
// Three differences are how the other program writes, and mean nothing:
//   - an element of properties that is empty says what a missing one says;
//   - vMerge with val="continue" is vMerge without it (ECMA-376 part 1, 17.4.85);
//   - that program loses the body's last section where paragraphs at the end are deleted: only when its body has no section
//     at the end is ours not asked for.
func TestInteropAccepted(t *testing.T) {
	changed := corpusFiles(t, "*-Accepted.docx")
	for _, accepted := range changed {
		name := strings.TrimSuffix(accepted, "-Accepted.docx")
		t.Run(filepath.Base(name), func(t *testing.T) {
			got, _ := cleanFile(t, name+".docx")
			raw, err := os.ReadFile(accepted)
			if err != nil {
				t.Fatal(err)
			}
			if g, w := words(t, got), words(t, raw); g != w {
				t.Errorf("words and blocks:\n got %s\nwant %s", diff(g, w), diff(w, g))
			}
			want, _ := cleanFile(t, accepted)
			for _, part := range storyParts {
				g, w := parsed(t, got, part), parsed(t, want, part)
				if (g == nil) != (w == nil) {
					t.Fatalf("%s: written %t, want %t", part, g != nil, w != nil)
				}
				if g == nil {
					continue
				}
				if body := w.Child("w", "body"); body != nil && body.Child("w", "sectPr") == nil {
					g.Child("w", "body").Filter(func(k *xmltree.Node) bool { return !k.Is("w", "sectPr") })
				}
				if g, w := shape(g, 0), shape(w, 0); g != w {
					t.Errorf("%s:\n got %s\nwant %s", part, diff(g, w), diff(w, g))
				}
			}
		})
	}
	t.Logf("%d documents compared", len(changed))
}

// TestInteropNothingLeft cleans every document there is and looks for revisions and comments in all that is written.
func TestInteropNothingLeft(t *testing.T) {
	files := corpusFiles(t, "*.docx")
	for _, name := range files {
		t.Run(filepath.Base(name), func(t *testing.T) {
			out, _ := cleanFile(t, name)
			nothingLeft(t, out)
			again, res, err := cleanBytes(t, out)
			if err != nil {
				t.Fatal(err)
			}
			if len(res.Findings) != 0 || words(t, again) != words(t, out) {
				t.Errorf("a clean document is cleaned again: %+v", res.Findings)
			}
		})
	}
	t.Logf("%d documents cleaned", len(files))
}

func corpusFiles(t *testing.T, pattern string) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(corpus, pattern))
	if err != nil {
		t.Fatal(err)
	}
	if len(files) == 0 {
		t.Skip("skipped: the corpus of documents with tracked changes is not beside this repository")
	}
	return files
}

var storyParts = []string{
	"document", "footnotes", "endnotes", "header1", "header2", "header3", "header4", "footer1", "footer2", "footer3", "footer4",
	"numbering", "styles",
}

var shapeNames = map[string]string{
	"http://schemas.openxmlformats.org/wordprocessingml/2006/main": "w",
	"http://schemas.openxmlformats.org/officeDocument/2006/math":   "m",
	"http://schemas.microsoft.com/office/word/2010/wordml":         "w14",
	"http://schemas.openxmlformats.org/markup-compatibility/2006":  "mc",
}

// parsed reads a part below word/, or returns nil when it is not there.
func parsed(t tester, document []byte, part string) *xmltree.Node {
	t.Helper()
	data := partOf(t, document, "word/"+part+".xml")
	if data == "" {
		return nil
	}
	root, err := xmltree.Parse([]byte(data), shapeNames, xmltree.Limits{Depth: 1000, Nodes: 10 << 20})
	if err != nil {
		t.Fatalf("%s: %v", part, err)
	}
	return root
}

// shape prints a tree with all its properties, but for bookmarks and the marks of editing sessions.
func shape(n *xmltree.Node, depth int) string {
	if n.IsText() {
		if strings.TrimSpace(n.Text) == "" && depth > 0 {
			return ""
		}
		return fmt.Sprintf("%*s%q\n", depth, "", n.Text)
	}
	if n.Is("w", "bookmarkStart") || n.Is("w", "bookmarkEnd") {
		return ""
	}
	var attrs []string
	for _, a := range n.Attrs {
		if a.Space == "xmlns" || a.Space == "mc" || strings.HasPrefix(a.Local, "rsid") || n.Is("w",
			"vMerge") && a.Value == "continue" {
			continue
		}
		attrs = append(attrs, a.Local+"="+a.Value)
	}
	slices.Sort(attrs)
	var b strings.Builder
	for _, k := range n.Kids {
		b.WriteString(shape(k, depth+1))
	}
	if b.Len() == 0 && len(attrs) == 0 && strings.HasSuffix(n.Local, "Pr") {
		return ""
	}
	return fmt.Sprintf("%*s%s %s\n", depth, "", n.Local, strings.Join(attrs, " ")) + b.String()
}

// words prints the paragraphs, tables, rows and cells of a document with their words, whatever wraps them. Of notes it prints
// those that the body refers to, where it does.
func words(t tester, document []byte) string {
	t.Helper()
	notes := map[string]*xmltree.Node{}
	for _, part := range []string{"footnotes", "endnotes"} {
		root := parsed(t, document, part)
		if root == nil {
			continue
		}
		for _, k := range root.Kids {
			id, _ := k.Attr("w", "id")
			notes[k.Local+"Reference"+id] = k
		}
	}
	var b strings.Builder
	var visit func(n *xmltree.Node)
	visit = func(n *xmltree.Node) {
		switch n.Local {
		case "p", "tbl", "tr", "tc", "oMath", "tab", "br", "drawing", "pict":
			b.WriteString("<" + n.Local + ">")
		case "t":
			for _, k := range n.Kids {
				b.WriteString(k.Text)
			}
			return
		case "tabs":
			return
		case "footnoteReference", "endnoteReference":
			id, _ := n.Attr("w", "id")
			if note := notes[n.Local+id]; note != nil {
				b.WriteString("{")
				visit(note)
				b.WriteString("}")
			}
		}
		for _, k := range n.Kids {
			visit(k)
		}
		switch n.Local {
		case "tbl", "tr", "tc":
			b.WriteString("</" + n.Local + ">")
		}
	}
	for _, part := range storyParts {
		if root := parsed(t, document,
			part); root != nil && part != "footnotes" && part != "endnotes" && part != "styles" && part != "numbering" {
			b.WriteString("\n#" + part)
			visit(root)
		}
	}
	return b.String()
}

// revisionNames are the elements of ECMA-376 part 1, 17.13.5, and those of comments.
var revisionNames = []string{
	"ins", "del", "moveFrom", "moveTo", "moveFromRangeStart", "moveFromRangeEnd", "moveToRangeStart", "moveToRangeEnd",
	"rPrChange", "pPrChange", "sectPrChange", "tblPrChange", "tblPrExChange", "tblGridChange", "trPrChange", "tcPrChange",
	"numberingChange",
	"cellIns", "cellDel", "cellMerge", "delText", "delInstrText", "commentRangeStart", "commentRangeEnd", "commentReference",
	"customXmlInsRangeStart", "customXmlInsRangeEnd", "customXmlDelRangeStart", "customXmlDelRangeEnd",
	"customXmlMoveFromRangeStart", "customXmlMoveFromRangeEnd", "customXmlMoveToRangeStart", "customXmlMoveToRangeEnd",
	"conflictIns", "conflictDel",
}

func nothingLeft(t tester, document []byte) {
	t.Helper()
	for name := range unpack(t, document) {
		base, isPart := strings.CutPrefix(name, "word/")
		base, isXML := strings.CutSuffix(base, ".xml")
		if strings.Contains(base, "comment") || strings.Contains(base, "people") {
			t.Errorf("%s is left", name)
		}
		if !isPart || !isXML {
			continue
		}
		parsed(t, document, base).Walk(func(k *xmltree.Node) bool {
			if slices.Contains(revisionNames, k.Local) {
				t.Errorf("%s is left in %s", k.Local, name)
			}
			return true
		})
	}
}
