package docx_test

import (
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"sealdesk/signer/cleancopy/docxtest"
)

// TestNoRemovedWordIsLeft changes documents at random. Every word that is removed says 去, every word that stays says 留,
// each with a number of its own. What comes out must hold the words that stay, in order, in the paragraphs, tables, notes,
// boxes and formulas that a model of 17.13.5 gives them, and not one byte of the others.
func TestNoRemovedWordIsLeft(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := writer{t: t, notes: map[string]string{}}
		data, want := w.document()
		out, res, err := cleanBytes(t, data)
		if err != nil {
			t.Fatal(err)
		}
		if got := words(t, out); got != want {
			t.Errorf("blocks %s\n  want %s", got, want)
		}
		nothingOf(t, out, "去")
		nothingLeft(t, out)
		if w.removed > 0 && len(res.Findings) == 0 {
			t.Error("words are gone and nothing is told")
		}
		again, res, err := cleanBytes(t, out)
		if err != nil {
			t.Fatal(err)
		}
		if len(res.Findings) > 0 || partOf(t, again, "word/document.xml") != partOf(t, out, "word/document.xml") {
			t.Errorf("cleaning twice is not cleaning once: %+v", res.Findings)
		}
	})
}

// writer makes a document together with what shall be left of it. Of every piece it gives the XML and the outline that words
// prints; within removed pieces it writes removed words only, and no outline counts.
type writer struct {
	t       *rapid.T
	kept    int
	removed int
	depth   int
	bare    bool              // no notes here: in headers, boxes and notes
	notes   map[string]string // kind to the notes written
	id      int
}

func (w *writer) pick(n int) int { return rapid.IntRange(0, n-1).Draw(w.t, "pick") }

func (w *writer) some(most int) int { return rapid.IntRange(0, most).Draw(w.t, "some") }

func (w *writer) chance() bool { return rapid.Bool().Draw(w.t, "chance") }

func (w *writer) stays() string { w.kept++; return fmt.Sprintf("留%d.", w.kept) }

func (w *writer) goes() string { w.removed++; return fmt.Sprintf("去%d.", w.removed) }

func (w *writer) next() string { w.id++; return fmt.Sprint(w.id + 10) }

func (w *writer) document() (data []byte, want string) {
	var d docxtest.Document
	body, text := w.blocks(3, "body")
	before := `<w:sectPr><w:headerReference w:type="default" r:id="rIdheader1"/>` +
		was("sectPrChange", `<w:sectPr><w:pgSz w:w="`+w.goes()+`"/></w:sectPr>`) + `</w:sectPr>`
	d.Body = body + before
	w.bare = true
	header, headerText := w.blocks(1, "hdr")
	d.Add("header", "header1", header)
	for kind, notes := range w.notes {
		d.Add(kind+"s", kind+"s", notes)
	}
	return d.Bytes(), "\n#document" + text + "\n#header1" + headerText
}

// block is a paragraph or a table, as the model sees it once content controls are dissolved.
type block struct {
	text   string
	table  bool
	joined bool // a paragraph whose mark is removed
}

func (w *writer) blocks(most int, container string) (xml, want string) {
	xml, list := w.list(1+w.some(most), false)
	return xml, model(list, container)
}

// model joins paragraphs whose mark is removed with what follows, as 17.13.5.15 has it.
func model(list []block, container string) string {
	var b strings.Builder
	carried, carries, paragraph := "", false, false
	stand := func() {
		if carries && carried != "" {
			b.WriteString("<p>" + carried)
			paragraph = true
		}
		carried, carries = "", false
	}
	for _, k := range list {
		switch {
		case k.table:
			stand()
			b.WriteString(k.text)
			paragraph = false
		case k.joined:
			carried, carries = carried+k.text, true
		default:
			b.WriteString("<p>" + carried + k.text)
			carried, carries, paragraph = "", false, true
		}
	}
	stand()
	if container != "body" && !paragraph {
		b.WriteString("<p>")
	}
	return b.String()
}

// list makes n blocks. gone: they stand within something that is removed.
func (w *writer) list(n int, gone bool) (xml string, list []block) {
	w.depth++
	defer func() { w.depth-- }()
	for range n {
		kind := w.pick(8)
		if w.depth > 3 {
			kind = 0
		}
		switch kind {
		case 6:
			x, k := w.table(gone)
			xml += x
			if k != "" {
				list = append(list, block{text: k, table: true})
			}
		case 7:
			x, k := w.list(w.some(2), gone)
			xml += rapid.SampledFrom([]string{
				"<w:sdt><w:sdtContent>%s</w:sdtContent></w:sdt>", "<w:customXml w:element='e'>%s</w:customXml>",
				"<w:customXmlInsRangeStart w:id='1'/><w:sdt><w:sdtPr/><w:sdtContent>" +
					"<w:customXmlInsRangeEnd w:id='1'/>%s</w:sdtContent></w:sdt>",
				"<w:customXmlDelRangeStart w:id='1'/><w:sdt><w:sdtContent>%s</w:sdtContent></w:sdt>" +
					"<w:customXmlDelRangeEnd w:id='1'/>",
			}).Draw(w.t, "control")
			xml = strings.Replace(xml, "%s", x, 1)
			list = append(list, k...)
		default:
			x, k := w.paragraph(gone)
			xml += x
			list = append(list, k)
		}
	}
	return xml, list
}

func (w *writer) paragraph(gone bool) (string, block) {
	marks := []string{"", "", "<w:ins/>", "<w:moveTo/>", "<w:del/>", "<w:ins/><w:del/>", "<w:moveFrom/>", "<w:vanish/>"}
	i := w.pick(len(marks))
	props := mark(marks[i])
	if w.chance() {
		props = "<w:pPr><w:jc w:val='left'/><w:rPr>" + marks[i] +
			was("rPrChange", "<w:rPr><w:rStyle w:val='"+w.goes()+"'/></w:rPr>") + "</w:rPr>" +
			was("pPrChange", "<w:pPr><w:pStyle w:val='"+w.goes()+"'/></w:pPr>") + "</w:pPr>"
	}
	xml, text := w.line(gone)
	return p(props + xml), block{text: text, joined: i >= 4}
}

// line makes what stands within a paragraph.
func (w *writer) line(gone bool) (xml, want string) {
	for range w.some(4) {
		x, k := w.piece(gone)
		xml += x
		want += k
	}
	return xml, want
}

func (w *writer) piece(gone bool) (xml, want string) {
	w.depth++
	defer func() { w.depth-- }()
	if gone {
		return w.removedPiece() + r(w.goes()), ""
	}
	kind := w.pick(16)
	if w.depth > 4 && kind > 4 {
		kind = w.pick(3)
	}
	switch kind {
	case 0:
		s := w.stays()
		return r(s), s
	case 1, 2:
		return w.removedPiece(), ""
	case 3:
		s := w.stays()
		return "<w:r><w:rPr><w:b/>" + was("rPrChange", "<w:rPr><w:rStyle w:val='"+w.goes()+"'/></w:rPr>") + "</w:rPr><w:t>" +
			s + "</w:t></w:r>", s
	case 4:
		id := w.next()
		x, k := w.line(false)
		return bookmark("Start", id) + x + bookmark("End", id), k
	case 5, 6, 7:
		x, k := w.line(false)
		around := rapid.SampledFrom([]string{
			"<w:ins w:id='1'>%s</w:ins>", "<w:moveTo w:id='1'>%s</w:moveTo>", "<w14:conflictIns>%s</w14:conflictIns>",
			"<w:hyperlink w:anchor='a'>%s</w:hyperlink>",
			"<w:smartTag w:element='e'><w:smartTagPr/>%s</w:smartTag>", "<w:sdt><w:sdtContent>%s</w:sdtContent></w:sdt>",
			"<w:bdo w:val='rtl'>%s</w:bdo>",
			"<w:fldSimple w:instr='REF a'>%s</w:fldSimple>", "<w:moveToRangeStart w:id='1'/>%s<w:moveToRangeEnd w:id='1'/>",
		}).Draw(w.t, "around")
		return strings.Replace(around, "%s", x, 1), k
	case 8, 9: // with a result, for it draws something
		s := w.stays()
		x, k := w.line(false)
		code := rapid.SampledFrom([]string{"PAGE", "DATE", "TOC", "REF a"}).Draw(w.t, "code")
		return char("begin") + change("del", "<w:r><w:delInstrText>"+w.goes()+"</w:delInstrText></w:r>") +
			change("ins", instr(code)) +
			char("separate") + r(s) + x + char("end"), s + k
	case 10, 11:
		return w.formula()
	case 12, 13:
		bare := w.bare
		w.bare = true
		x, k := w.blocks(1, "txbxContent")
		w.bare = bare
		return docxtest.TextBox(x), "<drawing>" + k + "<pict>" + k
	case 14:
		return w.note(false)
	default:
		s := w.stays()
		edge := rapid.SampledFrom([]string{"Start", "End"}).Draw(w.t, "edge")
		return change("del", bookmark(edge, w.next())+deleted(w.goes())) + r(s), s
	}
}

// removedPiece makes a piece of which nothing stays.
func (w *writer) removedPiece() string {
	w.depth++
	defer func() { w.depth-- }()
	inner := deleted(w.goes())
	for w.chance() && w.depth < 6 {
		inner += rapid.SampledFrom([]string{
			r(w.goes()), ins(w.goes()), del(w.goes()), change("moveFrom", r(w.goes())), control(r(w.goes())),
			field("REF "+w.goes(), deleted(w.goes())),
			"<w:hyperlink w:anchor='" + w.goes() + "'>" + deleted(w.goes()) + "</w:hyperlink>", "<w:fldSimple w:instr='REF " +
				w.goes() + "'/>",
			docxtest.TextBox(p(r(w.goes())) + table(row(cell(p(r(w.goes())))))), "<m:oMath>" + mr(mt(w.goes())) + "</m:oMath>",
			"<w:r><w:tab/><w:br/><w:ruby><w:rt>" + r(w.goes()) + "</w:rt><w:rubyBase>" + r(w.goes()) +
				"</w:rubyBase></w:ruby></w:r>",
		}).Draw(w.t, "removed")
	}
	switch w.pick(7) {
	case 0:
		return change("moveFrom", inner)
	case 1:
		return "<w14:conflictDel>" + inner + "</w14:conflictDel>"
	case 2:
		return change("ins", change("del", inner))
	case 3:
		return change("del", change("ins", inner))
	case 4:
		x, _ := w.note(true)
		return change("del", inner+x)
	case 5:
		return docxtest.Hidden(w.goes())
	default:
		return change("del", inner)
	}
}

func (w *writer) note(gone bool) (xml, want string) {
	kind := rapid.SampledFrom([]string{"footnote", "endnote"}).Draw(w.t, "note")
	if w.bare {
		return "", ""
	}
	w.bare = true
	defer func() { w.bare = false }()
	id := w.next()
	if gone {
		w.notes[kind] += docxtest.Note(kind, id, p(r(w.goes())))
		return docxtest.NoteReference(kind, id), ""
	}
	x, list := w.list(1+w.some(2), false)
	w.notes[kind] += docxtest.Note(kind, id, x)
	return docxtest.NoteReference(kind, id), "{" + model(list, kind) + "}"
}

func (w *writer) formula() (xml, want string) {
	for range 1 + w.some(2) {
		s := w.stays()
		switch w.pick(8) {
		case 0:
			xml, want = xml+mr(mt(s)), want+s
		case 1:
			xml, want = xml+mr("<w:ins"+by+"><w:rPr/>"+mt(s)+"</w:ins>"), want+s
		case 2:
			xml += change("del", mr(mt(w.goes())))
		case 3:
			xml += mr("<w:del" + by + "><w:rPr/></w:del>" + mt(w.goes()))
		case 4:
			xml += mr("<w:ins" + by + "><w:del" + by + "><w:rPr/></w:del></w:ins>" + mt(w.goes()))
		case 5:
			xml += mr("<w:del" + by + "><w:rPr/>" + mt(w.goes()) + "</w:del>")
		case 6:
			xml, want = xml+fraction(changed("del"), mr(mt(s)), change("del", mr(mt(w.goes())))), want+s
		case 7:
			xml, want = xml+change("ins", fraction(changed("ins"), change("del", mr(mt(w.goes()))), mr(mt(s)))), want+s
		}
	}
	if want != "" {
		want = "<oMath>" + want
	}
	return "<m:oMath>" + xml + "</m:oMath>", want
}

// table makes a table; want is empty when nothing of it stays.
func (w *writer) table(gone bool) (xml, want string) {
	for range 1 + w.some(2) {
		marks := []string{"", "<w:ins/>", "<w:del/>", "<w:ins/><w:del/>", "<w:hidden/>"}
		i := w.pick(len(marks))
		cells, text := w.cells(gone || i >= 2)
		x := docxtest.Row(marks[i]+was("trPrChange", "<w:trPr><w:divId w:val='"+w.goes()+"'/></w:trPr>"), cells)
		if w.chance() {
			x = control(x)
		}
		xml += x
		if i < 2 && text != "" {
			want += "<tr>" + text + "</tr>"
		}
	}
	if want != "" {
		want = "<tbl>" + want + "</tbl>"
	}
	return table("<w:tblGrid><w:gridCol/><w:tblGridChange w:id='1'><w:tblGrid><w:gridCol w:w='" + w.goes() +
		"'/></w:tblGrid></w:tblGridChange></w:tblGrid>" + xml), want
}

func (w *writer) cells(gone bool) (xml, want string) {
	for range 1 + w.some(2) {
		marks := []string{"", "<w:cellIns/>", "<w:cellMerge w:vMerge='rest'/>", "<w:cellMerge w:vMergeOrig='cont'/>",
			"<w:cellDel/>"}
		i := w.pick(len(marks))
		inside, list := w.list(w.some(2), gone || i == 4)
		x := docxtest.Cell(marks[i]+was("tcPrChange", "<w:tcPr><w:shd w:fill='"+w.goes()+"'/></w:tcPr>"), inside)
		if w.chance() {
			x = control(x)
		}
		xml += x
		if i != 4 {
			want += "<tc>" + model(list, "tc") + "</tc>"
		}
	}
	return xml, want
}
