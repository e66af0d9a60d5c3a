package docx_test

import (
	"slices"
	"strings"
	"testing"

	"sealdesk/signer/cleancopy/docx"
	"sealdesk/signer/cleancopy/docxtest"
)

const by = docxtest.By

var (
	p, r, del, ins, mark, hidden = docxtest.P, docxtest.R, docxtest.Del, docxtest.Ins, docxtest.Mark, docxtest.Hidden
	char, instr, field, table    = docxtest.FieldChar, docxtest.Instruction, docxtest.Field, docxtest.Table
)

func cell(inside string) string { return docxtest.Cell("", inside) }
func row(cells string) string   { return docxtest.Row("", cells) }

func TestClean(t *testing.T) {
	tests := []struct {
		name   string
		body   string
		styles string
		want   string // outline of the body
		found  string // kinds with their words
	}{
		{"plain", p(r("甲方")), "", "<p>甲方", ""},
		{"deleted", p(r("价款") + del("壹佰") + r("元")), "", "<p>价款元", "deletion=壹佰"},
		{"inserted", p(ins("贰佰") + r("元")), "", "<p>贰佰元", "insertion=贰佰"},
		{"inserted then deleted", p(r("甲") + "<w:ins" + by + ">" + del("乙") + r("丙") + "</w:ins>"), "", "<p>甲丙", "insertion=乙丙 deletion=乙"},
		{"moved", p("<w:moveFromRangeStart w:id='3' w:name='m'/><w:moveFrom"+by+">"+r("条款")+"</w:moveFrom><w:moveFromRangeEnd w:id='3'/>"+r("甲")) +
			p("<w:moveTo"+by+">"+r("条款")+"</w:moveTo>"), "", "<p>甲<p>条款", "move=条款"},
		{"paragraph mark deleted", p(mark("<w:del"+by+"/>")+r("甲")) + p(r("乙")), "", "<p>甲乙", "deletion="},
		{"paragraph deleted", p(r("甲")) + p(mark("<w:del"+by+"/>")+del("乙")) + p(r("丙")), "", "<p>甲<p>丙", "deletion=乙"},
		{"marks deleted in a row", p(mark("<w:del/>")+r("甲")) + p(mark("<w:del/>")+r("乙")) + p(r("丙")), "", "<p>甲乙丙", "deletion= deletion="},
		{"paragraph deleted before a table", p(mark("<w:del"+by+"/>")+del("乙")) + table(row(cell(p(r("格"))))), "", "<tbl><tr><tc><p>格</tc></tr></tbl>", "deletion=乙"},
		{"paragraph mark inserted", p(mark("<w:ins/>")+r("甲")) + p(r("乙")), "", "<p>甲<p>乙", "insertion="},
		{"row deleted", table(row(cell(p(r("留")))) + "<w:tr><w:trPr><w:del" + by + "/></w:trPr>" + cell(p(r("去"))) + "</w:tr>"), "",
			"<tbl><tr><tc><p>留</tc></tr></tbl>", "deletion=去"},
		{"all rows deleted", p(r("甲")) + table("<w:tr><w:trPr><w:del/></w:trPr>"+cell(p(r("去")))+"</w:tr>"), "", "<p>甲", "deletion=去"},
		{"row hidden", table(row(cell(p(r("留")))) + "<w:tr><w:trPr><w:hidden/></w:trPr>" + cell(p(r("藏"))) + "</w:tr>"), "",
			"<tbl><tr><tc><p>留</tc></tr></tbl>", "hidden_row=藏"},
		{"cell deleted", table("<w:tr><w:tc><w:tcPr/>" + p(r("留")) + "</w:tc><w:tc><w:tcPr><w:cellDel" + by + "/></w:tcPr>" + p(r("去")) + "</w:tc></w:tr>"), "",
			"<tbl><tr><tc><gridSpan><p>留</tc></tr></tbl>", "deletion=去"},
		{"cell emptied", table(row(cell(p(mark("<w:del"+by+"/>") + del("去"))))), "", "<tbl><tr><tc><p></tc></tr></tbl>", "deletion=去"},
		{"format changes", p("<w:pPr><w:jc w:val='left'/><w:pPrChange" + by + "><w:pPr/></w:pPrChange></w:pPr>" +
			"<w:r><w:rPr><w:b/><w:rPrChange" + by + "><w:rPr/></w:rPrChange></w:rPr><w:t>甲</w:t></w:r>"), "", "<p>甲", "format_change="},
		{"hidden run", p(r("甲") + hidden("密") + r("乙")), "", "<p>甲乙", "hidden_text=密"},
		{"not hidden after all", p("<w:r><w:rPr><w:vanish w:val='0'/></w:rPr><w:t>甲</w:t></w:r>"), "", "<p>甲", ""},
		{"hidden by character style", p("<w:r><w:rPr><w:rStyle w:val='H'/></w:rPr><w:t>密</w:t></w:r>" + r("甲")),
			`<w:style w:type="character" w:styleId="H0"><w:rPr><w:vanish/></w:rPr></w:style><w:style w:type="character" w:styleId="H"><w:basedOn w:val="H0"/></w:style>`,
			"<p>甲", "hidden_text=密"},
		{"hidden by paragraph style", p("<w:pPr><w:pStyle w:val='H'/></w:pPr>"+r("密")) + p(r("甲")),
			`<w:style w:type="paragraph" w:styleId="H"><w:rPr><w:vanish/></w:rPr></w:style>`, "<p>甲", "hidden_text=密"},
		{"styles that cancel each other", p("<w:pPr><w:pStyle w:val='H'/></w:pPr><w:r><w:rPr><w:rStyle w:val='C'/></w:rPr><w:t>甲</w:t></w:r>"),
			`<w:style w:type="paragraph" w:styleId="H"><w:rPr><w:vanish/></w:rPr></w:style><w:style w:type="character" w:styleId="C"><w:rPr><w:vanish/></w:rPr></w:style>`,
			"<p>甲", ""},
		{"styles in a ring", p("<w:pPr><w:pStyle w:val='A'/></w:pPr>" + r("甲")),
			`<w:style w:styleId="A"><w:basedOn w:val="B"/></w:style><w:style w:styleId="B"><w:basedOn w:val="A"/></w:style>`, "<p>甲", ""},
		{"content control", "<w:sdt><w:sdtPr><w:dataBinding w:xpath='/x'/></w:sdtPr><w:sdtContent>" + p(r("甲")+"<w:sdt><w:sdtContent>"+del("去")+r("乙")+"</w:sdtContent></w:sdt>") + "</w:sdtContent></w:sdt>",
			"", "<p>甲乙", "deletion=去"},
		{"link", p("<w:hyperlink r:id='rIdX'>" + r("网站") + "</w:hyperlink>"), "", "<p>网站", ""},
		{"date field", p(field(` DATE \@ "yyyy" `, r("2001"))), "", "<p>2001", "field=DATE: 2001"},
		{"simple field", p(`<w:fldSimple w:instr=" AUTHOR ">` + r("张三") + `</w:fldSimple>`), "", "<p>张三", "field=AUTHOR: 张三"},
		{"page field", p(field(` PAGE `, r("7"))), "", "<p><fldChar> PAGE <fldChar>7<fldChar>", ""},
		{"page field in a condition", p(char("begin") + instr(" IF ") + field("PAGE", r("1")) + instr(` = 1 "甲" "乙" `) + char("separate") + r("甲") + char("end")),
			"", "<p>甲", "field=IF: 甲"},
		{"field in a result", p(char("begin") + instr(" REF x ") + char("separate") + r("第") + field("PAGE", r("3")) + r("页") + char("end")), "",
			"<p>第<fldChar>PAGE<fldChar>3<fldChar>页", "field=REF: 第3页"},
		{"included picture", p(field(` INCLUDEPICTURE "http://x/y.png" `, r("图"))), "", "<p>图", `external_content=INCLUDEPICTURE "http://x/y.png"`},
		{"field never closed", p(char("begin") + instr(" DATE ") + char("separate") + r("2001")), "", "<p>2001", ""},
		{"field never opened", p(r("甲") + instr(" DATE ") + char("end")), "", "<p>甲", ""},
		{"index entry", p(r("甲") + char("begin") + instr(` XE "密" `) + char("end")), "", "<p>甲", "field=XE:"},
		{"check box", p(`<w:r><w:fldChar w:fldCharType="begin"><w:ffData><w:checkBox><w:default w:val="1"/></w:checkBox></w:ffData></w:fldChar></w:r>` +
			instr(" FORMCHECKBOX ") + char("end") + r("同意")), "", "<p>☒同意", "field=FORMCHECKBOX: ☒"},
		{"choice", p(`<w:r><w:fldChar w:fldCharType="begin"><w:ffData><w:ddList><w:result w:val="1"/><w:listEntry w:val="一"/><w:listEntry w:val="二"/></w:ddList></w:ffData></w:fldChar></w:r>` +
			instr(" FORMDROPDOWN ") + char("end")), "", "<p>二", "field=FORMDROPDOWN: 二"},
		{"button", p(char("begin") + instr(" MACROBUTTON Run 请单击 此处 ") + char("end")), "", "<p>请单击 此处", "field=MACROBUTTON: 请单击 此处"},
		{"text box", p(`<w:r><mc:AlternateContent><mc:Choice Requires="wps"><w:drawing><wp:inline><wps:txbx><w:txbxContent>` + p(r("框")+del("去")+field("DATE", r("今"))) +
			`</w:txbxContent></wps:txbx></wp:inline></w:drawing></mc:Choice><mc:Fallback><w:pict><v:textbox><w:txbxContent>` + p(r("框")+del("去")+field("DATE", r("今"))) +
			`</w:txbxContent></v:textbox></w:pict></mc:Fallback></mc:AlternateContent></w:r>`), "",
			"<p><drawing><p>框今<pict><p>框今", "deletion=去 field=DATE: 今"},
		{"hidden drawing", p(r("甲") + `<w:r><w:drawing><wp:inline><wp:docPr id="1" name="x" hidden="1"/>` + `</wp:inline></w:drawing></w:r>`), "", "<p>甲", "hidden_shape="},
		{"hidden shape", p(r("甲") + `<w:r><w:pict><v:shape style="width:1pt; Visibility : hidden"><v:textbox><w:txbxContent>` + p(r("密")) + `</w:txbxContent></v:textbox></v:shape></w:pict></w:r>`),
			"", "<p>甲", "hidden_shape=密"},
		{"alternative text", p(r("甲") + `<w:r><w:drawing><wp:inline><wp:docPr id="1" name="C:\私\章.png" descr="C:\私\章.png"/><a:graphic/></wp:inline></w:drawing></w:r>`),
			"", "<p>甲<drawing>", `alt_text=C:\私\章.png`},
		{"object", p(`<w:r><w:object><v:shape><v:imagedata/></v:shape><o:OLEObject ProgID="Excel.Sheet.12" r:id="rIdX"/></w:object></w:r>`), "", "<p>", "embedded_object=Excel.Sheet.12"},
		{"formula", p(`<m:oMath><m:f><m:fPr><m:ctrlPr><w:del` + by + `/></m:ctrlPr></m:fPr><m:num><m:r><m:t>1</m:t></m:r></m:num><m:den><m:r><m:t>2</m:t></m:r></m:den></m:f></m:oMath>`),
			"", "<p><oMath>12", "deletion="},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			out, res, err := cleanBytes(t, docxtest.Document{Body: tt.body, Styles: tt.styles}.Bytes())
			if err != nil {
				t.Fatal(err)
			}
			if got := strings.TrimPrefix(outline(t, out), "#document"); got != tt.want {
				t.Errorf("outline %s\n   want %s", got, tt.want)
			}
			var found []string
			for _, f := range res.Findings {
				found = append(found, strings.TrimSpace(f.Kind+"="+f.Text))
				if f.Part != "body" {
					t.Errorf("part of %s is %q", f.Kind, f.Part)
				}
			}
			if got := strings.Join(found, " "); got != tt.found {
				t.Errorf("found %s\n want %s", got, tt.found)
			}
		})
	}
}

func TestPrefixesHideNothing(t *testing.T) {
	body := `<q:p xmlns:q="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><q:r><q:t>甲</q:t></q:r><q:del><q:r><q:delText>去</q:delText></q:r></q:del></q:p>` +
		`<p xmlns="http://purl.oclc.org/ooxml/wordprocessingml/main"><del><r><delText>去</delText></r></del><r><t>乙</t></r></p>`
	out, _, err := cleanBytes(t, docxtest.Document{Body: body}.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	if got := outline(t, out); got != "#document<p>甲<p>乙" {
		t.Error(got)
	}
}

// TestNothingButPages puts one of everything into a document and asks that none of it is left in any part.
func TestNothingButPages(t *testing.T) {
	exif := "\xff\xd8\xff\xe1\x00\x0eExif\x00\x00secret\xff\xda\x00\x02\x00\xff\xd9"
	doc := docxtest.Document{
		Body: p(r("正文")+`<w:commentRangeStart w:id="0"/><w:commentRangeEnd w:id="0"/><w:r><w:commentReference w:id="0"/></w:r>`) +
			`<w:altChunk r:id="rIdChunk"/>` + p(`<w:hyperlink r:id="rIdLink">`+r("链接")+`</w:hyperlink>`) +
			p(`<w:r><w:footnoteReference w:id="2"/></w:r>`+`<w:del`+by+`><w:r><w:footnoteReference w:id="3"/></w:r></w:del>`) +
			p(`<w:r><w:drawing><wp:inline><a:graphic><pic:pic><pic:blipFill><a:blip r:link="rIdOut"/></pic:blipFill></pic:pic></a:graphic></wp:inline></w:drawing></w:r>`) +
			p(`<w:r><w:drawing><wp:inline><a:graphic><pic:pic><pic:blipFill><a:blip r:embed="rIdJPG"/></pic:blipFill></pic:pic></a:graphic></wp:inline></w:drawing></w:r>`) +
			`<w:sectPr><w:headerReference w:type="default" r:id="rIdHead"/></w:sectPr>`,
		Settings: `<w:attachedTemplate r:id="rIdT"/><w:docVars><w:docVar w:name="k" w:val="secret"/></w:docVars><w:rsids><w:rsid w:val="00A1"/></w:rsids><w:evenAndOddHeaders/>`,
		MainType: "application/vnd.ms-word.document.macroEnabled.main+xml",
		Parts: map[string]string{
			"word/comments.xml":   docxtest.Part("comments", `<w:comment w:id="0" w:author="secret">`+p(r("secret批注"))+`</w:comment>`),
			"word/header1.xml":    docxtest.Part("hdr", p(r("页眉")+del("secret"))),
			"word/footnotes.xml":  docxtest.Part("footnotes", `<w:footnote w:type="separator" w:id="0">`+p("")+`</w:footnote><w:footnote w:id="2">`+p(r("注"))+`</w:footnote><w:footnote w:id="3">`+p(r("secret注"))+`</w:footnote>`),
			"word/vbaProject.bin": "secret", "word/chunk.html": "secret", "word/media/a.jpg": exif, "word/loose.bin": "secret",
			"customXml/item1.xml": "<secret/>", "word/embeddings/o.xlsx": "secret", "word/fake.svg": "<svg>secret</svg>",
			"docProps/core.xml": `<cp:coreProperties xmlns:cp="http://schemas.openxmlformats.org/package/2006/metadata/core-properties" xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:creator>secret</dc:creator></cp:coreProperties>`,
		},
		Types: map[string]string{
			"word/footnotes.xml": "application/vnd.openxmlformats-officedocument.wordprocessingml.footnotes+xml",
			"word/header1.xml":   "application/vnd.openxmlformats-officedocument.wordprocessingml.header+xml",
		},
		Relations: map[string]string{
			"rIdC": "comments comments.xml", "rIdHead": "header header1.xml", "rIdNotes": "footnotes footnotes.xml", "rIdV": "vbaProject vbaProject.bin",
			"rIdChunk": "aFChunk chunk.html", "rIdJPG": "image media/a.jpg", "rIdX": "customXml ../customXml/item1.xml", "rIdO": "package embeddings/o.xlsx",
			"rIdLink": "hyperlink http://secret.example/", "rIdOut": "image http://secret.example/a.png", "rIdT": "attachedTemplate file:///secret.dotm",
			"rIdSVG": "image fake.svg",
		},
		TopLevel: map[string]string{"core-properties": "docProps/core.xml"},
	}
	data := doc.Bytes()
	out, res, err := cleanBytes(t, data)
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range unpack(t, out) {
		for _, word := range []string{"secret", "rsid", "macroEnabled", "comment", "altChunk", "External", "hyperlink"} {
			if strings.Contains(text, word) || strings.Contains(name, word) {
				t.Errorf("%q is left in %s: %s", word, name, text)
			}
		}
	}
	if got, want := outline(t, out), "#document<p>正文<p>链接<p><footnoteReference><p><drawing><p><drawing>#footnotes<footnote><p><footnote><p>注#header1<p>页眉"; got != want {
		t.Errorf("outline %s\n   want %s", got, want)
	}
	if !strings.Contains(partOf(t, out, "word/settings.xml"), "evenAndOddHeaders") {
		t.Error("a setting that pages depend on is gone")
	}
	var kinds []string
	for _, f := range res.Findings {
		kinds = append(kinds, f.Kind)
	}
	for _, want := range []string{
		docx.KindProperties, docx.KindComment, docx.KindAltChunk, docx.KindExternal, docx.KindExternalData, docx.KindDeletion, docx.KindMacro,
		docx.KindCustomXML, docx.KindObject, docx.KindVariables, docx.KindNote, docx.KindPictureData, docx.KindMedia, docx.KindOther,
	} {
		if !slices.Contains(kinds, want) {
			t.Errorf("%s is not reported; reported are %v", want, kinds)
		}
	}
	for _, f := range res.Findings {
		if f.Kind == docx.KindComment && (f.Author != "secret" || f.Text != "secret批注" || f.Paragraph != 1) {
			t.Errorf("comment: %+v", f)
		}
	}
	again, res2, err := cleanBytes(t, out)
	if err != nil {
		t.Fatal(err)
	}
	if len(res2.Findings) != 0 {
		t.Errorf("a clean document is cleaned again: %+v", res2.Findings)
	}
	if outline(t, again) != outline(t, out) {
		t.Error("cleaning twice changes more than cleaning once")
	}
}

func TestFontsAskedFor(t *testing.T) {
	doc := docxtest.Document{
		Body: p("<w:pPr><w:pStyle w:val='A'/></w:pPr>" + `<w:r><w:rPr><w:rFonts w:eastAsia="仿宋_GB2312"/></w:rPr><w:t>甲方</w:t></w:r>`),
		Styles: `<w:docDefaults><w:rPrDefault><w:rPr><w:rFonts w:asciiTheme="minorHAnsi"/></w:rPr></w:rPrDefault></w:docDefaults>` +
			`<w:style w:styleId="A"><w:rPr><w:rFonts w:eastAsia="方正小标宋简体"/></w:rPr></w:style><w:style w:styleId="Unused"><w:rPr><w:rFonts w:eastAsia="华文行楷"/></w:rPr></w:style>`,
	}
	_, res, err := cleanBytes(t, doc.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	if want := []string{"仿宋_GB2312", "方正小标宋简体"}; !slices.Equal(res.Fonts, want) {
		t.Errorf("fonts %v, want %v", res.Fonts, want)
	}
}
