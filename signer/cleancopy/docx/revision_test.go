package docx_test

import (
	"slices"
	"strings"
	"testing"

	"sealdesk/signer/cleancopy/docx"
	"sealdesk/signer/cleancopy/docxtest"
)

var (
	change, changed = docxtest.Change, docxtest.Changed
	deleted         = docxtest.Deleted
	control         = docxtest.Control
)

// aligned is a paragraph whose alignment tells later whose properties won.
func aligned(jc, mark, inside string) string {
	return p(`<w:pPr><w:jc w:val="` + jc + `"/><w:rPr>` + mark + `</w:rPr></w:pPr>` + inside)
}

func math(inside string) string { return p("<m:oMath>" + inside + "</m:oMath>") }

func mr(inside string) string { return "<m:r>" + inside + "</m:r>" }
func mt(words string) string  { return "<m:t>" + words + "</m:t>" }

// fraction is one whose bar bears a mark.
func fraction(mark, num, den string) string {
	return "<m:f><m:fPr><m:ctrlPr>" + mark + "</m:ctrlPr></m:fPr><m:num>" + num + "<m:ctrlPr/></m:num><m:den>" + den +
		"</m:den></m:f>"
}

func was(kind, before string) string { return "<w:" + kind + by + ">" + before + "</w:" + kind + ">" }

func bookmark(edge, id string) string {
	return "<w:bookmark" + edge + ` w:id="` + id + `" w:name="b` + id + `"/>`
}

// TestRevisions tries the kinds of ECMA-376 part 1, 17.13.5, one by one. What is removed says 去 somewhere in its words,
// and no part of what comes out may say it.
func TestRevisions(t *testing.T) {
	ranged := func(kind, inside string) string {
		return "<w:" + kind + "RangeStart" + by + "/>" + inside + `<w:` + kind + `RangeEnd w:id="1"/>`
	}
	tests := []struct {
		name string
		body string
		want string // blocks and words
		has  string // of the body's XML, pieces apart by |
		not  string
	}{
		// Paragraph marks: what follows takes the words in, and its properties win.
		{"properties of the last win", aligned("left", changed("del"), r("甲")) + aligned("right", "", r("乙")), "<p>甲乙",
			`w:val="right"`, `w:val="left"`},
		{"mark inserted and deleted", aligned("left", changed("ins")+changed("del"), r("甲")) + p(r("乙")), "<p>甲乙", "",
			`w:val="left"`},
		{"mark moved away", p(mark(changed("moveFrom"))+change("moveFrom", r("去"))) + p(r("乙")), "<p>乙", "", ""},
		{"mark moved here", p(mark(changed("moveTo"))+change("moveTo", r("甲"))) + p(r("乙")), "<p>甲<p>乙", "", ""},
		{"marks deleted on both sides of an inserted one", p(mark(changed("del"))+r("甲")) + p(mark(changed("ins"))+ins("乙")) +
			p(mark(changed("del"))+del("去")) + p(r("丙")), "<p>甲乙<p>丙", "", ""},
		{"words before a table stay a paragraph", aligned("left", changed("del"), r("甲")) + table(row(cell(p("")))),
			"<p>甲<tbl><tr><tc><p></tc></tr></tbl>", `w:val="left"`, ""},
		{"words at the end stay a paragraph", p(r("甲")) + aligned("left", changed("del"), r("乙")) + "<w:sectPr/>",
			"<p>甲<p>乙", `w:val="left"|<w:sectPr`, ""},
		{"all at the end", p(r("甲")) + p(mark(changed("del"))+del("去")) + p(mark(changed("del"))+del("去")) + "<w:sectPr/>",
			"<p>甲", "<w:sectPr", ""},
		{"mark deleted across a content control", p(mark(changed("del"))+r("甲")) + control(p(r("乙"))) + p(r("丙")),
			"<p>甲乙<p>丙", "", ""},
		{"mark deleted within a content control", control(p(r("甲"))+p(mark(changed("del"))+r("乙"))) + p(r("丙")),
			"<p>甲<p>乙丙", "", ""},
		{"words deleted, mark not", p(del("去")) + p(r("甲")), "<p><p>甲", "", ""},
		{"list number inserted", p(`<w:pPr><w:numPr><w:numId w:val="7"/>` + changed("ins") + `</w:numPr></w:pPr>` + r("甲")),
			"<p>甲", `<w:numId w:val="7"`, ""},

		// Sections end with a paragraph's mark.
		{"section break deleted",
			p("<w:pPr><w:rPr>"+changed("del")+"</w:rPr><w:sectPr><w:pgSz w:w='9'/></w:sectPr></w:pPr>"+r("甲")) + p(r("乙")),
			"<p>甲乙", "", "sectPr"},
		{"section break deleted before a table", p("<w:pPr><w:rPr>"+changed("del")+"</w:rPr><w:sectPr/></w:pPr>"+r("甲")) +
			table(row(cell(p("")))),
			"<p>甲<tbl><tr><tc><p></tc></tr></tbl>", "", "sectPr"},
		{"section break hidden", p("<w:pPr><w:rPr><w:vanish/></w:rPr><w:sectPr/></w:pPr>"+r("甲")) + p(r("乙")), "<p>甲<p>乙",
			"sectPr", ""},

		// Runs, one within another.
		{"deleted within inserted", p(change("ins", r("甲")+del("去")+r("乙"))), "<p>甲乙", "", ""},
		{"inserted within deleted", p(change("del", deleted("去")+change("ins", r("去了")))), "<p>", "", ""},
		{"inserted within moved away", p(change("moveFrom", r("去")+ins("去了"))), "<p>", "", ""},
		{"deleted within moved here", p(change("moveTo", r("甲")+del("去"))), "<p>甲", "", ""},
		{"moved away within inserted", p(change("ins", r("甲")+change("moveFrom", r("去")))), "<p>甲", "", ""},
		{"moved here within moved here", p(change("moveTo", change("moveTo", r("甲")))), "<p>甲", "", ""},
		{"empty runs", p("<w:r/>" + change("ins", "<w:r><w:rPr><w:b/></w:rPr></w:r>") + r("甲")), "<p>甲", "", "<w:r/>|<w:b/>"},
		{"deleted words without their wrapper", p(r("甲") + deleted("去")), "<p>甲", "", ""},
		{"other than words", p(change("del", "<w:r><w:tab/><w:br/><w:sym w:char='F0FE'/><w:delText>去</w:delText></w:r>") +
			r("甲")), "<p>甲", "", "w:sym"},
		{"direction of writing", p("<w:bdo w:val='rtl'>" + ins("甲") + del("去") + "</w:bdo>"), "<p>甲", "", ""},
		{"in a link", p("<w:hyperlink w:anchor='x'>" + del("去") + ins("甲") + "</w:hyperlink>"), "<p>甲", "", ""},
		{"in a smart tag", p("<w:smartTag w:element='x'><w:smartTagPr/>" + del("去") + ins("甲") + "</w:smartTag>"), "<p>甲",
			"", ""},
		{"over readings", p("<w:r><w:ruby><w:rt>" + del("去") + r("jiǎ") + "</w:rt><w:rubyBase>" + del("去") + r("甲") +
			"</w:rubyBase></w:ruby></w:r>"), "<p>jiǎ甲", "", ""},
		{"two authors at once", p("<w14:conflictIns" + by + ">" + r("甲") + "</w14:conflictIns><w14:conflictDel" + by + ">" +
			r("去") + "</w14:conflictDel>"), "<p>甲", "", ""},
		{"two authors at once, mark", p(mark("<w14:conflictDel"+by+"/>")+r("甲")) + p(r("乙")), "<p>甲乙", "", ""},

		// What was before.
		{"run", p("<w:r><w:rPr><w:b/>" + was("rPrChange", "<w:rPr><w:rStyle w:val='去'/></w:rPr>") +
			"</w:rPr><w:t>甲</w:t></w:r>"), "<p>甲", "<w:b/>", ""},
		{"paragraph", p("<w:pPr><w:keepNext/>" + was("pPrChange", "<w:pPr><w:pStyle w:val='去'/></w:pPr>") + "</w:pPr>" +
			r("甲")), "<p>甲", "<w:keepNext/>", ""},
		{"paragraph mark", p(mark("<w:b/>"+was("rPrChange", "<w:rPr><w:rStyle w:val='去'/></w:rPr>")) + r("甲")), "<p>甲",
			"<w:b/>", ""},
		{"section", p(r("甲")) + "<w:sectPr><w:cols w:num='2'/>" +
			was("sectPrChange", "<w:sectPr><w:pgSz w:w='去'/></w:sectPr>") + "</w:sectPr>", "<p>甲", "w:cols", ""},
		{"table", "<w:tbl><w:tblPr><w:tblW w:w='9'/>" + was("tblPrChange", "<w:tblPr><w:tblStyle w:val='去'/></w:tblPr>") +
			"</w:tblPr><w:tblGrid><w:gridCol w:w='3'/>" +
			"<w:tblGridChange w:id='1'><w:tblGrid><w:gridCol w:w='去'/></w:tblGrid></w:tblGridChange></w:tblGrid>" +
			"<w:tr><w:tblPrEx><w:jc w:val='left'/>" + was("tblPrExChange", "<w:tblPrEx><w:jc w:val='去'/></w:tblPrEx>") +
			"</w:tblPrEx>" +
			"<w:trPr><w:cantSplit/>" + was("trPrChange", "<w:trPr><w:divId w:val='去'/></w:trPr>") + "</w:trPr>" +
			docxtest.Cell("<w:noWrap/>"+was("tcPrChange", "<w:tcPr><w:cellDel/><w:shd w:fill='去'/></w:tcPr>"), p(r("甲"))) +
			"</w:tr></w:tbl>",
			"<tbl><tr><tc><p>甲</tc></tr></tbl>", `<w:tblW|<w:gridCol|<w:jc|<w:cantSplit/>|<w:noWrap/>`, ""},
		{"numbers", p("<w:pPr><w:numPr><w:numId w:val='1'/><w:numberingChange w:original='去'/></w:numPr></w:pPr>" +
			"<w:r><w:fldChar w:fldCharType='begin'><w:numberingChange w:original='去'/></w:fldChar></w:r>" + instr("AUTONUM") +
			char("end")), "<p>", "numId", ""},

		// Tables.
		{"row inserted", table(docxtest.Row(changed("ins"), cell(p(ins("甲"))))), "<tbl><tr><tc><p>甲</tc></tr></tbl>", "", ""},
		{"row inserted, then deleted", table(row(cell(p(r("甲")))) +
			docxtest.Row(changed("ins")+changed("del"), cell(p(r("去"))))), "<tbl><tr><tc><p>甲</tc></tr></tbl>", "", ""},
		{"row deleted in a content control", table(row(cell(p(r("甲")))) +
			control(docxtest.Row(changed("del"), cell(p(r("去")))))), "<tbl><tr><tc><p>甲</tc></tr></tbl>", "", ""},
		{"row deleted by two authors at once", table(row(cell(p(r("甲")))) +
			docxtest.Row("<w14:conflictDel"+by+"/>", cell(p(r("去"))))), "<tbl><tr><tc><p>甲</tc></tr></tbl>", "", ""},
		{"table within a table", table(row(cell(table(docxtest.Row(changed("del"), cell(p(r("去"))))) + p(r("甲"))))),
			"<tbl><tr><tc><p>甲</tc></tr></tbl>", "", ""},
		{"table within a deleted row", p(r("甲")) +
			table(docxtest.Row(changed("del"), cell(table(row(cell(p(r("去")))))+p("")))), "<p>甲", "", ""},
		{"cell left with a table", table(row(cell(table(row(cell(p(r("甲"))))) + p(mark(changed("del"))+del("去"))))),
			"<tbl><tr><tc><tbl><tr><tc><p>甲</tc></tr></tbl><p></tc></tr></tbl>", "", ""},
		{"cell emptied keeps its height", table(row(cell(aligned("center", changed("del"), del("去"))))),
			"<tbl><tr><tc><p></tc></tr></tbl>", `w:val="center"`, ""},
		{"cell whose last mark is deleted", table(row(cell(p(r("甲")) + aligned("center", changed("del"), r("乙"))))),
			"<tbl><tr><tc><p>甲<p>乙</tc></tr></tbl>", `w:val="center"`, ""},
		{"words before a table in a cell", table(row(cell(aligned("center", changed("del"), r("甲")) + table(row(cell(p("")))) +
			aligned("right", changed("del"), del("去"))))),
			"<tbl><tr><tc><p>甲<tbl><tr><tc><p></tc></tr></tbl><p></tc></tr></tbl>", `w:val="center"|w:val="right"`, ""},
		{"cell without a paragraph", table(row(cell(""))), "<tbl><tr><tc><p></tc></tr></tbl>", "", ""},
		{"cell inserted", table(row(docxtest.Cell(changed("cellIns"), p(r("甲"))))), "<tbl><tr><tc><p>甲</tc></tr></tbl>", "",
			""},
		{"first cell deleted", table(row(docxtest.Cell(changed("cellDel"), p(r("去"))) + cell(p(r("甲"))))),
			"<tbl><tr><tc><p>甲</tc></tr></tbl>", "", "gridSpan"},
		{"cell deleted in a content control", table(row("<w:tc>" + p(r("甲")) + "</w:tc>" +
			control(docxtest.Cell("<w:gridSpan w:val='2'/>"+changed("cellDel"), p(r("去")))))),
			"<tbl><tr><tc><p>甲</tc></tr></tbl>", `<w:tcPr><w:gridSpan w:val="3"/></w:tcPr>`, ""},
		{"all cells deleted", p(r("甲")) + table(row(docxtest.Cell(changed("cellDel"), p(r("去"))))), "<p>甲", "", ""},
		{"cells merged", table(row(docxtest.Cell("<w:tcW w:w='9'/><w:shd w:fill='auto'/><w:cellMerge w:vMerge='rest'/>",
			p(r("甲")))) +
			row(docxtest.Cell("<w:cellMerge w:vMerge='cont' w:vMergeOrig='rest'/>", p(del("去"))))),
			"<tbl><tr><tc><p>甲</tc></tr><tr><tc><p></tc></tr></tbl>",
			`<w:tcW w:w="9"/><w:vMerge w:val="restart"/><w:shd|<w:vMerge w:val="continue"/>`, "cellMerge"},
		{"merging that says nothing", table(row(docxtest.Cell("<w:vMerge w:val='restart'/><w:cellMerge/>", p(r("甲"))))),
			"<tbl><tr><tc><p>甲</tc></tr></tbl>", `<w:vMerge w:val="restart"/>`, "cellMerge"},
		{"cells parted", table(row(docxtest.Cell("<w:vMerge/><w:cellMerge w:vMergeOrig='cont'/>", p(r("甲"))))),
			"<tbl><tr><tc><p>甲</tc></tr></tbl>", "", "Merge"},

		// Fields.
		{"instruction replaced", p(char("begin") + change("del", "<w:r><w:delInstrText>PAGE 去</w:delInstrText></w:r>") +
			change("ins", instr(" NUMPAGES ")) +
			char("separate") + r("3") + char("end")), "<p>3", "NUMPAGES", ""},
		{"field deleted", p(r("甲") +
			change("del", char("begin")+
				"<w:r><w:delInstrText>REF 去</w:delInstrText></w:r>"+char("separate")+deleted("去")+char("end"))), "<p>甲", "",
			"fldChar"},
		{"field deleted but for its result",
			p(change("del", char("begin")+"<w:r><w:delInstrText>PAGE</w:delInstrText></w:r>"+char("separate")) + r("甲") +
				char("end")), "<p>甲", "", "fldChar"},
		{"field left open", p(change("ins", char("begin")+instr("PAGE")+char("separate")) + r("甲") +
			change("del", char("end"))), "<p>甲", "", "fldChar|instrText"},
		{"field inserted", p(change("ins", field("PAGE", r("3")))), "<p>3", "instrText", ""},
		{"field over joined paragraphs", p(mark(changed("del"))+char("begin")+instr("TOC")+char("separate")+r("甲")) +
			p(del("去")+r("乙")+char("end")), "<p>甲乙", "TOC", ""},
		{"changes in a short field", p("<w:fldSimple w:instr='PAGE'>" + del("去") + ins("3") + "</w:fldSimple>"), "<p>3", "", ""},
		{"short field deleted", p(change("del", "<w:fldSimple w:instr='REF 去'>"+deleted("去")+"</w:fldSimple>") + r("甲")),
			"<p>甲", "", ""},

		// Content controls and custom XML.
		{"control inserted", ranged("customXmlIns",
			"<w:sdt><w:sdtContent>"+`<w:customXmlInsRangeEnd w:id="1"/>`+p(r("甲"))+"</w:sdtContent></w:sdt>"), "<p>甲", "", ""},
		{"control deleted", ranged("customXmlDel", control(p(del("去")+r("甲")))), "<p>甲", "", ""},
		{"control moved", ranged("customXmlMoveFrom", control(p(mark(changed("moveFrom"))+change("moveFrom", r("去"))))) +
			ranged("customXmlMoveTo", control(p(change("moveTo", r("甲"))))), "<p>甲", "", ""},
		{"control in a line", p(ranged("customXmlDel", control(del("去"))) + r("甲")), "<p>甲", "", ""},
		{"custom XML deleted", ranged("customXmlDel",
			"<w:customXml w:element='去'>"+
				"<w:customXmlPr><w:attr w:name='a' w:val='去'/></w:customXmlPr>"+p(r("甲"))+"</w:customXml>"), "<p>甲", "", ""},
		{"moves that cross paragraphs", p(r("甲")+"<w:moveFromRangeStart"+by+" w:name='去'/>"+change("moveFrom", r("去"))) +
			p(mark(changed("moveFrom"))+change("moveFrom", r("去"))) + p("<w:moveFromRangeEnd w:id='1'/>"+r("乙")),
			"<p>甲<p>乙", "", ""},

		// Formulas.
		{"run of a formula deleted", math(change("del", mr(mt("去"))) + mr(mt("1"))), "<p><oMath>1", "", ""},
		{"run of a formula marked as deleted", math(mr("<w:del"+by+"><w:rPr/></w:del>"+mt("去")) + mr(mt("1"))), "<p><oMath>1",
			"", ""},
		{"run of a formula inserted, then deleted", math(mr("<w:ins"+by+"><w:del"+by+"><w:rPr/></w:del></w:ins>"+mt("去")) +
			mr(mt("1"))), "<p><oMath>1", "", ""},
		{"deletion within a run of a formula", math(mr("<w:del"+by+"><w:rPr/>"+mt("去")+"</w:del>"+mt("1")) +
			mr("<w:del"+by+">"+mt("去")+"</w:del>")), "<p><oMath>1", "<m:r><m:t>1</m:t></m:r></m:oMath>", ""},
		{"insertion within a run of a formula", math(mr("<w:ins" + by + "><w:rPr><w:b/></w:rPr>" + mt("1") + "</w:ins>")),
			"<p><oMath>1", "<w:b/>", ""},
		{"formula marked as inserted", math(mr("<w:ins" + by + "><w:rPr><w:b/></w:rPr></w:ins>" + mt("1"))), "<p><oMath>1",
			"<w:b/>", ""},
		{"bar of a fraction deleted", math(fraction(changed("del"), mr(mt("1")), mr(mt("2")))), "<p><oMath>12", "",
			"m:num|m:ctrlPr"},
		{"bar inserted, then deleted", math(fraction("<w:ins"+by+"><w:del"+by+"/></w:ins>", mr(mt("1")),
			change("del", mr(mt("去"))))), "<p><oMath>1", "", "m:den"},
		{"bar inserted", math(fraction(changed("ins"), mr(mt("1")), mr(mt("2")))), "<p><oMath>12", "m:num", ""},
		{"formula emptied", p(r("甲") + "<m:oMathPara><m:oMath>" + fraction(changed("del"), change("del", mr(mt("去"))),
			change("del", mr(mt("去")))) + "</m:oMath></m:oMathPara>"), "<p>甲", "", "oMath"},
		{"brackets of a matrix deleted", math("<m:m><m:mPr><m:ctrlPr>" + changed("del") +
			"</m:ctrlPr></m:mPr><m:mr><m:e><m:argPr/>" + mr(mt("1")) + "</m:e><m:e>" + mr(mt("2")) + "</m:e></m:mr></m:m>"),
			"<p><oMath>12", "", "m:mr|m:e|m:argPr"},

		// Text boxes, and what is drawn twice.
		{"text box", p(docxtest.TextBox(p(mark(changed("del"))+r("甲")+del("去")) + p(ins("乙")))),
			"<p><drawing><p>甲乙<pict><p>甲乙", "", ""},
		{"text box emptied", p(docxtest.TextBox(aligned("center", changed("del"), del("去")))), "<p><drawing><p><pict><p>",
			`w:val="center"`, ""},
		{"text box deleted", p(r("甲") + change("del", docxtest.TextBox(p(r("去"))))), "<p>甲", "", "AlternateContent"},
		{"paragraphs drawn twice", `<mc:AlternateContent><mc:Choice Requires="wps">` + p(mark(changed("del"))+del("去")) +
			p(r("甲")) + `</mc:Choice><mc:Fallback>` +
			p(mark(changed("del"))+r("甲")) + p(del("去")) + `</mc:Fallback></mc:AlternateContent>`, "<p>甲<p>甲", "", ""},

		// Bookmarks: one that reaches out of what goes shrinks, one that lies within goes.
		{"bookmark within", p(change("del", bookmark("Start", "7")+deleted("去")+bookmark("End", "7")) + r("甲")), "<p>甲", "",
			"bookmark"},
		{"bookmark that starts within", p(change("del", bookmark("Start", "7")+deleted("去")) + r("甲") + bookmark("End", "7")),
			"<p>甲", "bookmarkStart|bookmarkEnd", ""},
		{"bookmark that ends within", p(bookmark("Start", "7") + r("甲") + change("del", deleted("去")+bookmark("End", "7"))),
			"<p>甲", "bookmarkStart|bookmarkEnd", ""},
		{"bookmark over a deleted row", table(row(cell(p(bookmark("Start", "7")+r("甲")))) +
			docxtest.Row(changed("del"), cell(p(r("去")+bookmark("End", "7"))))),
			"<tbl><tr><tc><p>甲</tc></tr></tbl>", "bookmarkStart|bookmarkEnd", ""},
		{"bookmark over a deleted table", table(docxtest.Row(changed("del"), cell(p(bookmark("Start", "7")+r("去"))))) +
			p(r("甲")+bookmark("End", "7")),
			"<p>甲", "bookmarkStart|bookmarkEnd", ""},
		{"bookmark over a deleted paragraph", p(mark(changed("del"))+bookmark("Start", "7")+del("去")) +
			table(row(cell(p(bookmark("End", "7"))))), "<tbl><tr><tc><p></tc></tr></tbl>", "bookmarkStart|bookmarkEnd", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			out, _, err := cleanBytes(t, docxtest.Document{Body: tt.body}.Bytes())
			if err != nil {
				t.Fatal(err)
			}
			if got := strings.TrimPrefix(words(t, out), "\n#document"); got != tt.want {
				t.Errorf("blocks %s\n  want %s", got, tt.want)
			}
			text := partOf(t, out, "word/document.xml")
			for _, has := range split(tt.has) {
				if !strings.Contains(text, has) {
					t.Errorf("%s is missing in %s", has, text)
				}
			}
			for _, not := range split(tt.not) {
				if strings.Contains(text, not) {
					t.Errorf("%s is left in %s", not, text)
				}
			}
			nothingOf(t, out, "去")
			nothingLeft(t, out)
			again, res, err := cleanBytes(t, out)
			if err != nil {
				t.Fatal(err)
			}
			for _, f := range res.Findings {
				t.Errorf("found in a clean document: %+v", f)
			}
			if partOf(t, again, "word/document.xml") != text {
				t.Error("cleaning twice changes more than cleaning once")
			}
		})
	}
}

func split(s string) []string {
	if s == "" {
		return nil
	}
	return strings.Split(s, "|")
}

func nothingOf(t tester, document []byte, word string) {
	t.Helper()
	for name, content := range unpack(t, document) {
		if strings.Contains(content, word) {
			t.Errorf("%q is left in %s: %s", word, name, content)
		}
	}
}

// TestRevisionsInOtherParts changes everything that a body leads to.
func TestRevisionsInOtherParts(t *testing.T) {
	note := docxtest.NoteReference
	d := docxtest.Document{
		Body: p(r("甲")+note("footnote", "2")+change("del", note("footnote", "3"))+ins("乙")+note("endnote",
			"2")+change("moveFrom", note("endnote", "3"))) +
			p("<w:pPr><w:rPr>"+changed("del")+`</w:rPr><w:sectPr>`+
				`<w:headerReference w:type="default" r:id="rIdheader2"/></w:sectPr></w:pPr>`) +
			p(docxtest.Picture("rIdkept")+change("del", docxtest.Picture("rIdgone"))+
				change("del", `<w:r><w:drawing><a:graphic>`+
					`<c:chart xmlns:c="http://schemas.openxmlformats.org/drawingml/2006/chart"`+
					` r:id="rIdchart"/></a:graphic></w:drawing></w:r>`)) +
			`<w:sectPr><w:headerReference w:type="default" r:id="rIdheader1"/>` +
			`<w:footerReference w:type="default" r:id="rIdfooter1"/></w:sectPr>`,
		Styles: `<w:style w:styleId="A"><w:rPr><w:b/><w:rPrChange` + by +
			`><w:rPr><w:rStyle w:val="去"/></w:rPr></w:rPrChange></w:rPr></w:style>`,
	}
	d.Add("header", "header1", aligned("center", changed("del"), del("去")))
	d.Add("header", "header2", p(r("去")))
	d.Add("footer", "footer1", p(mark(changed("del"))+r("页")+del("去"))+p(ins("脚")))
	d.Add("footnotes", "footnotes", docxtest.Note("footnote", "2",
		aligned("center", changed("del"), del("去")))+docxtest.Note("footnote", "3", p(r("去"))))
	d.Add("endnotes", "endnotes", docxtest.Note("endnote", "2", p(r("注")+del("去")))+docxtest.Note("endnote", "3", p(r("去"))))
	d.Add("numbering", "numbering",
		`<w:abstractNum><w:lvl><w:pPr><w:jc w:val="left"/><w:pPrChange`+by+`>`+
			`<w:pPr><w:pStyle w:val="去"/></w:pPr></w:pPrChange></w:pPr></w:lvl></w:abstractNum>`)
	d.AddPart("image", "kept.png", "\x89PNG\r\n\x1a\nkept", "image/png")
	d.AddPart("image", "loose.png", "\x89PNG\r\n\x1a\n去", "image/png")
	d.AddPart("image", "gone.png", "\x89PNG\r\n\x1a\n去", "image/png")
	d.AddPart("chart", "chart.xml",
		`<c:chartSpace xmlns:c="http://schemas.openxmlformats.org/drawingml/2006/chart"><c:v>去</c:v></c:chartSpace>`,
		"application/vnd.openxmlformats-officedocument.drawingml.chart+xml")

	out, res, err := cleanBytes(t, d.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	if got, want := words(t, out), "\n#document<p>甲{<p>}乙{<p>注}<p><drawing>\n#header1<p>\n#footer1<p>页脚"; got != want {
		t.Errorf("blocks %s\n  want %s", got, want)
	}
	nothingOf(t, out, "去")
	nothingLeft(t, out)
	parts := unpack(t, out)
	for _, name := range []string{"word/header2.xml", "word/gone.png", "word/chart.xml"} {
		if _, left := parts[name]; left {
			t.Errorf("%s is left", name)
		}
	}
	if parts["word/kept.png"] == "" {
		t.Error("a picture that stays is gone")
	}
	for _, part := range []string{"header1", "footnotes"} {
		if !strings.Contains(parts["word/"+part+".xml"], `w:val="center"`) {
			t.Errorf("%s has lost the height of its last line", part)
		}
	}
	var others []string
	for _, f := range res.Findings {
		if f.Kind == docx.KindOther {
			others = append(others, f.Text)
		}
	}
	if want := []string{"word/loose.png "}; !slices.Equal(others, want) {
		t.Errorf("told apart from removed words are %q, want %q", others, want)
	}
}

// TestHeadersOfDeletedSections: a section without a header of its own goes on showing the one it showed.
func TestHeadersOfDeletedSections(t *testing.T) {
	ends := func(refs string) string {
		return p("<w:pPr><w:rPr>" + changed("del") + "</w:rPr><w:sectPr>" + refs + "</w:sectPr></w:pPr>" + r("甲"))
	}
	refers := func(pages, header string) string {
		return `<w:headerReference w:type="` + pages + `" r:id="rId` + header + `"/>`
	}
	tests := []struct{ name, body, want, gone string }{
		{"none of its own", ends(refers("default", "header1")) + p("") + "<w:sectPr><w:cols/></w:sectPr>",
			refers("default", "header1") + "<w:cols/>", "header2"},
		{"one of its own", ends(refers("default", "header1")) + p("") + "<w:sectPr>" + refers("default", "header2") +
			"</w:sectPr>",
			refers("default", "header2"), "header1"},
		{"one for other pages", ends(refers("first", "header1")) + p("") + "<w:sectPr>" + refers("default", "header2") +
			"</w:sectPr>",
			refers("first", "header1") + refers("default", "header2"), "header3"},
		{"two deleted", ends(refers("default", "header1")+refers("first", "header3")) + ends(refers("default", "header2")) +
			p("") + "<w:sectPr/>",
			refers("default", "header2") + refers("first", "header3"), "header1"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			d := docxtest.Document{Body: tt.body}
			for _, name := range []string{"header1", "header2", "header3"} {
				d.Add("header", name, p(r(name)))
			}
			out, _, err := cleanBytes(t, d.Bytes())
			if err != nil {
				t.Fatal(err)
			}
			if text := partOf(t, out, "word/document.xml"); !strings.Contains(text, "<w:sectPr>"+tt.want+"</w:sectPr>") {
				t.Errorf("%s is missing in %s", tt.want, text)
			}
			if partOf(t, out, "word/"+tt.gone+".xml") != "" {
				t.Errorf("%s is left", tt.gone)
			}
		})
	}
}

// TestDiagrams: a diagram's drawing is named by its data alone, and goes with it.
func TestDiagrams(t *testing.T) {
	const ns = ` xmlns:dgm="http://schemas.openxmlformats.org/drawingml/2006/diagram"` +
		` xmlns:dsp="http://schemas.microsoft.com/office/drawing/2008/diagram"`
	diagram := func(data string) string {
		return `<w:r><w:drawing><a:graphic><dgm:relIds` + ns + ` r:dm="` + data + `"/></a:graphic></w:drawing></w:r>`
	}
	d := docxtest.Document{Body: p(diagram("rIddata1") + change("del", diagram("rIddata2")))}
	for i, word := range []string{"甲", "去"} {
		n := string(rune('1' + i))
		d.AddPart("diagramData", "data"+n+".xml",
			`<dgm:dataModel`+ns+`><dgm:t>`+word+`</dgm:t><dsp:dataModelExt relId="rIddrawing`+n+
				`"/></dgm:dataModel>`, "application/vnd.openxmlformats-officedocument.drawingml.diagramData+xml")
		d.AddPart("diagramDrawing", "drawing"+n+".xml", `<dsp:drawing`+ns+`><dsp:t>`+word+`</dsp:t></dsp:drawing>`,
			"application/vnd.ms-office.drawingml.diagramDrawing+xml")
	}
	out, _, err := cleanBytes(t, d.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	nothingOf(t, out, "去")
	for _, part := range []string{"data1", "drawing1"} {
		if !strings.Contains(partOf(t, out, "word/"+part+".xml"), "甲") {
			t.Errorf("%s is gone", part)
		}
	}
	for _, part := range []string{"data2", "drawing2"} {
		if partOf(t, out, "word/"+part+".xml") != "" {
			t.Errorf("%s is left", part)
		}
	}
}

// TestRevisionsAreTold holds the report's words for changes that are marks within properties.
func TestRevisionsAreTold(t *testing.T) {
	tests := []struct {
		name, body, kind, text string
		paragraph              int
	}{
		{"row", table(row(cell(p(r("甲")))) + docxtest.Row(changed("del"), cell(p(r("去"))))), docx.KindDeletion, "去", 2},
		{"cell", table(row(cell(p(r("甲"))) + docxtest.Cell(changed("cellDel"), p(r("去"))))), docx.KindDeletion, "去", 2},
		{"cell inserted", table(row(docxtest.Cell(changed("cellIns"), p(r("甲"))))), docx.KindInsertion, "", 1},
		{"cells merged", table(row(docxtest.Cell(`<w:cellMerge`+by+` w:vMerge="rest"/>`, p(r("甲"))))), docx.KindFormatChange,
			"", 1},
		{"run of a formula", math(mr("<w:del"+by+"/>"+mt("去")) + mr(mt("1"))), docx.KindDeletion, "去", 1},
		{"two authors at once", p("<w14:conflictDel" + by + ">" + r("去") + "</w14:conflictDel>"), docx.KindDeletion, "去", 1},
		{"two authors at once, inserted", p("<w14:conflictIns" + by + ">" + r("甲") + "</w14:conflictIns>"), docx.KindInsertion,
			"甲", 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, res, err := cleanBytes(t, docxtest.Document{Body: tt.body}.Bytes())
			if err != nil {
				t.Fatal(err)
			}
			want := docx.Finding{Kind: tt.kind, Part: "body", Paragraph: tt.paragraph, Text: tt.text, Author: "李四", Count: 1}
			if !slices.Contains(res.Findings, want) {
				t.Errorf("found %+v\n want %+v", res.Findings, want)
			}
		})
	}
}
