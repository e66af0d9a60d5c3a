package docxtest

import "strings"

// By are the attributes of every tracked change that is made here.
const By = ` w:id="1" w:author="李四" w:date="2026-01-02T00:00:00Z"`

// P is a paragraph.
func P(inside string) string { return "<w:p>" + inside + "</w:p>" }

// Mark are the properties of a paragraph whose mark has the run properties given.
func Mark(rPr string) string { return "<w:pPr><w:rPr>" + rPr + "</w:rPr></w:pPr>" }

// R is a run of words.
func R(words string) string { return `<w:r><w:t xml:space="preserve">` + words + `</w:t></w:r>` }

// Change wraps what is inside in a tracked change: ins, del, moveFrom or moveTo.
func Change(kind, inside string) string {
	return "<w:" + kind + By + ">" + inside + "</w:" + kind + ">"
}

// Changed is the mark of a tracked change within properties: ins, del, moveFrom, moveTo, cellIns or cellDel.
func Changed(kind string) string { return "<w:" + kind + By + "/>" }

// Deleted is a run of words as it stands within a deletion.
func Deleted(words string) string { return "<w:r><w:delText>" + words + "</w:delText></w:r>" }

// Del deletes words.
func Del(words string) string { return Change("del", Deleted(words)) }

// Ins inserts words.
func Ins(words string) string { return Change("ins", R(words)) }

// Hidden is a run of hidden words.
func Hidden(words string) string {
	return "<w:r><w:rPr><w:vanish/></w:rPr><w:t>" + words + "</w:t></w:r>"
}

// FieldChar is a run with a field character: begin, separate or end.
func FieldChar(kind string) string { return `<w:r><w:fldChar w:fldCharType="` + kind + `"/></w:r>` }

// Instruction is a run with a field's instruction.
func Instruction(code string) string { return `<w:r><w:instrText>` + code + `</w:instrText></w:r>` }

// Field is a field with its result, which is runs.
func Field(code, result string) string {
	return FieldChar("begin") + Instruction(code) + FieldChar("separate") + result + FieldChar("end")
}

// Cell is a cell of a table that holds paragraphs.
func Cell(tcPr, inside string) string {
	return "<w:tc><w:tcPr>" + tcPr + "</w:tcPr>" + inside + "</w:tc>"
}

// Row is a row of cells.
func Row(trPr, cells string) string { return "<w:tr><w:trPr>" + trPr + "</w:trPr>" + cells + "</w:tr>" }

// Table is a table of rows.
func Table(rows string) string { return "<w:tbl><w:tblPr/>" + rows + "</w:tbl>" }

// Control is a content control around anything.
func Control(inside string) string {
	return "<w:sdt><w:sdtPr/><w:sdtContent>" + inside + "</w:sdtContent></w:sdt>"
}

// TextBox is a run with a text box, drawn twice as Word writes it: for itself and for older programs.
func TextBox(paragraphs string) string {
	content := "<w:txbxContent>" + paragraphs + "</w:txbxContent>"
	return `<w:r><mc:AlternateContent><mc:Choice Requires="wps"><w:drawing><wp:inline><wps:txbx>` + content +
		`</wps:txbx></wp:inline></w:drawing></mc:Choice><mc:Fallback><w:pict><v:textbox>` + content +
		`</v:textbox></w:pict></mc:Fallback></mc:AlternateContent></w:r>`
}

// Picture is a run with the picture that a relationship leads to.
func Picture(relation string) string {
	return `<w:r><w:drawing><wp:inline><a:graphic><pic:pic><pic:blipFill><a:blip r:embed="` + relation +
		`"/></pic:blipFill></pic:pic></a:graphic></wp:inline></w:drawing></w:r>`
}

// NoteReference is a run that refers to a note: kind is footnote or endnote.
func NoteReference(kind, id string) string {
	return `<w:r><w:` + kind + `Reference w:id="` + id + `"/></w:r>`
}

// Note is a note that is referred to by its id.
func Note(kind, id, paragraphs string) string {
	return `<w:` + kind + ` w:id="` + id + `">` + paragraphs + `</w:` + kind + `>`
}

const contentTypeBase = "application/vnd.openxmlformats-officedocument.wordprocessingml."

// Add puts a part of a kind (header, footer, footnotes, endnotes, numbering) at word/name.xml, and the body's relation rId+name
// to it.
func (d *Document) Add(kind, name, inside string) {
	root := kind
	switch kind {
	case "header":
		root = "hdr"
	case "footer":
		root = "ftr"
	}
	d.AddPart(kind, name+".xml", Part(root, inside), contentTypeBase+kind+"+xml")
}

// AddPart puts a part at word/name, and the body's relation of that kind to it: rId and the name without what follows a dot.
func (d *Document) AddPart(kind, name, content, contentType string) {
	if d.Parts == nil {
		d.Parts, d.Types, d.Relations = map[string]string{}, map[string]string{}, map[string]string{}
	}
	d.Parts["word/"+name] = content
	d.Types["word/"+name] = contentType
	id, _, _ := strings.Cut(name, ".")
	d.Relations["rId"+id] = kind + " " + name
}
