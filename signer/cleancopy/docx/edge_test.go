package docx_test

import (
	"archive/zip"
	"bytes"
	"compress/gzip"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"sealdesk/signer/cleancopy/docx"
	"sealdesk/signer/cleancopy/docxtest"
	"sealdesk/signer/cleancopy/opc"
	"sealdesk/signer/cleancopy/refusal"
)

// What documents hold more rarely than those of TestClean.
func TestCleanRareMarkup(t *testing.T) {
	const hides = `<w:docDefaults><w:rPrDefault><w:rPr><w:vanish/></w:rPr></w:rPrDefault></w:docDefaults>`
	long := strings.Repeat("长", 300)
	tests := []struct {
		name, body, styles, want, found string
	}{
		{"a jump within the document", p(field(` HYPERLINK \l "a" `, r("甲"))), "", "<p>甲", ""},
		{"a jump elsewhere", p(field(` HYPERLINK "http://x" `, r("甲"))), "", "<p>甲", `external_link=HYPERLINK "http://x"`},
		{"a field without an instruction", p(char("begin") + char("separate") + r("甲") + char("end")), "", "<p>甲", ""},
		{"an instruction behind the edge", p(char("begin") + instr(" DATE ") + char("separate") + instr(" TIME ") + r("甲") + char("end")), "", "<p>甲", "field=DATE: 甲"},
		{"two edges", p(char("begin") + instr(" DATE ") + char("separate") + r("甲") + char("separate") + r("乙") + char("end")), "", "<p>甲乙", "field=DATE: 甲乙"},
		{"an edge of an unknown kind", p(char("begin") + instr(" DATE ") + char("middle") + char("separate") + r("甲") + char("end")), "", "<p>甲", "field=DATE: 甲"},
		{"a box without a mark", p(char("begin") + instr(" FORMCHECKBOX ") + char("end")), "", "<p>☐", "field=FORMCHECKBOX: ☐"},
		{"a box that is ticked by saying so", p(`<w:r><w:fldChar w:fldCharType="begin"><w:ffData><w:checkBox><w:checked/></w:checkBox></w:ffData></w:fldChar></w:r>` + instr(" FORMCHECKBOX ") + char("end")), "", "<p>☒", "field=FORMCHECKBOX: ☒"},
		{"a box that was cleared", p(`<w:r><w:fldChar w:fldCharType="begin"><w:ffData><w:checkBox><w:default w:val="1"/><w:checked w:val="0"/></w:checkBox></w:ffData></w:fldChar></w:r>` + instr(" FORMCHECKBOX ") + char("end")), "", "<p>☐", "field=FORMCHECKBOX: ☐"},
		{"a choice of nothing", p(char("begin") + instr(" FORMDROPDOWN ") + char("end")), "", "<p>", "field=FORMDROPDOWN:"},
		{"a choice beforehand", p(`<w:r><w:fldChar w:fldCharType="begin"><w:ffData><w:ddList><w:default w:val="1"/><w:other/><w:listEntry w:val="一"/><w:listEntry w:val="二"/></w:ddList></w:ffData></w:fldChar></w:r>` + instr(" FORMDROPDOWN ") + char("end")), "", "<p>二", "field=FORMDROPDOWN: 二"},
		{"a long result", p(char("begin") + instr(" REF x ") + char("separate") + r(long) + r("尾") + char("end")), "", "<p>" + long + "尾", "field=REF: " + long[:3*294] + "…"},

		{"a subdocument", p(r("甲")) + `<w:subDoc r:id="x"/>`, "", "<p>甲", "external_content="},
		{"a control", p(`<w:r><w:object><w:control r:id="x"/></w:object></w:r>`), "", "<p>", "active_control="},
		{"a film", p(`<w:r><w:pict><w:movie r:id="x"/></w:pict></w:r>`), "", "<p>", "media="},
		{"ink", p(`<w:r><w:contentPart r:id="x"/></w:r>`), "", "<p>", "ink="},
		{"edits that met another's", p(`<w14:conflictDel>` + r("去") + `</w14:conflictDel><w14:conflictIns>` + r("来") + `</w14:conflictIns><w14:customXmlConflictInsRangeStart/><w14:checkbox/>`), "", "<p>来", "deletion=去 insertion=来"},
		{"a mark inserted by an edit that met another's", p(mark("<w14:conflictIns/>")+r("甲")) + p(r("乙")), "", "<p>甲<p>乙", "insertion="},
		{"an insertion of nothing else", p("<w:ins><w:r/></w:ins>" + r("甲")), "", "<p>甲", "insertion="},
		{"a row that moved away", table("<w:tr><w:trPr><w:moveFrom w:author='李四'/></w:trPr>" + cell(p(r("去"))) + "</w:tr>" + row(cell(p(r("留"))))), "", "<tbl><tr><tc><p>留</tc></tr></tbl>", "deletion=去"},
		{"a row that is not hidden", table("<w:tr><w:trPr><w:hidden w:val='0'/></w:trPr>" + cell(p(r("留"))) + "</w:tr>"), "", "<tbl><tr><tc><p>留</tc></tr></tbl>", ""},
		{"a row that is hidden by saying so", table(row(cell(p(r("留")))) + "<w:tr><w:trPr><w:hidden w:val='on'/></w:trPr>" + cell(p(r("藏"))) + "</w:tr>"), "", "<tbl><tr><tc><p>留</tc></tr></tbl>", "hidden_row=藏"},

		{"hidden words of nothing", p(`<w:r><w:rPr><w:vanish/></w:rPr><w:cr/></w:r>` + r("甲")), "", "<p>甲", ""},
		{"hidden for good", p(`<w:r><w:rPr><w:specVanish w:val="true"/></w:rPr><w:t>密</w:t></w:r>` + r("甲")), "", "<p>甲", "hidden_text=密"},
		{"hidden unless said otherwise", p(r("密") + `<w:r><w:rPr><w:vanish w:val="false"/></w:rPr><w:t>甲</w:t></w:r>`), hides, "<p>甲", "hidden_text=密"},
		{"hidden formula", p(`<m:oMath><m:r><w:rPr><w:vanish/></w:rPr><m:t>1</m:t></m:r><m:r><m:t>2</m:t></m:r></m:oMath>`), "", "<p><oMath>2", "hidden_text=1"},
		{"a picture that is hidden within", p(r("甲") + `<w:r><w:drawing><wp:inline><a:graphic><pic:pic><pic:nvPicPr><pic:cNvPr id="1" name="x" hidden="true"/></pic:nvPicPr></pic:pic></a:graphic></wp:inline></w:drawing></w:r>`), "", "<p>甲<drawing>", "hidden_shape="},
		{"a shape that is not displayed", p(r("甲") + `<w:r><w:pict><v:shape style="display:none"/></w:pict></w:r>`), "", "<p>甲", "hidden_shape="},
		{"a shape that is displayed", p(r("甲") + `<w:r><w:pict><v:shape style="display:block;visibility:visible" alt="密" o:title=" " href="http://x" target="_blank" src="x"/></w:pict></w:r>`), "", "<p>甲<pict>", "alt_text=密"},
		{"a shape whose title tells", p(r("甲") + `<w:r><w:pict><v:shape o:title="密" o:href="http://x" title="y"/></w:pict></w:r>`), "", "<p>甲<pict>", "alt_text=密"},
		{"words of a shape", p(hidden("甲") + `<w:r><w:rPr><w:vanish/></w:rPr><w:t>乙</w:t><w:pict/><w:object/></w:r>` + `<w:r><w:drawing><wp:inline><wp:docPr id="1" name="x" hidden="1"/><a:p><a:r><a:t>图</a:t></a:r></a:p></wp:inline></w:drawing></w:r>`), "", "<p>", "hidden_text=甲乙▣▣ hidden_shape=图"},
		{"an alternative of nothing", p(`<w:r><mc:AlternateContent></mc:AlternateContent></w:r>` + r("甲")), "", "<p>甲", ""},
		{"cells merged by one who named it", table("<w:tr><w:tc><w:tcPr><w:cellMerge w:vMerge='rest'/></w:tcPr>" + p(r("甲")) + "</w:tc></w:tr>"), "", "<tbl><tr><tc><vMerge><p>甲</tc></tr></tbl>", "format_change="},
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
			}
			if got := strings.Join(found, " "); got != tt.found {
				t.Errorf("found %s\n want %s", got, tt.found)
			}
			for name, text := range unpack(t, out) {
				for _, secret := range []string{"密", "http://x", "_blank"} {
					if strings.Contains(text, secret) {
						t.Errorf("%s is left in %s", secret, name)
					}
				}
			}
		})
	}
}

func clean(ctx context.Context, data []byte, w io.Writer) (*docx.Result, error) {
	pkg, err := opc.Open(bytes.NewReader(data), int64(len(data)), opc.Limits{})
	if err != nil {
		return nil, err
	}
	return docx.Clean(ctx, pkg, "word/document.xml", w)
}

func code(err error) string {
	var r *refusal.Error
	if errors.As(err, &r) {
		return r.Code()
	}
	return ""
}

// png is the beginning of a picture of this size.
func png(width, height uint32) string {
	head := binary.BigEndian.AppendUint32([]byte("IHDR"), width)
	head = append(binary.BigEndian.AppendUint32(head, height), 8, 0, 0, 0, 0)
	head = binary.BigEndian.AppendUint32(head, crc32.ChecksumIEEE(head))
	return "\x89PNG\r\n\x1a\n\x00\x00\x00\x0d" + string(head)
}

const drawing = `<w:r><w:drawing><wp:inline><a:graphic><pic:pic><pic:blipFill><a:blip r:embed="rIdP"/></pic:blipFill></pic:pic></a:graphic></wp:inline></w:drawing></w:r>`

// Any part that counts and is broken is a reason not to clean; others are left out, broken or not.
func TestBrokenParts(t *testing.T) {
	top := func(kind, target string) docxtest.Document {
		return docxtest.Document{Body: p(r("甲")), Parts: map[string]string{target: "<a"}, TopLevel: map[string]string{kind: target}}
	}
	of := func(relation, part, data string) docxtest.Document {
		return docxtest.Document{Body: p(r("甲") + drawing), Parts: map[string]string{"word/" + part: data}, Relations: map[string]string{"rIdP": relation + " " + part}}
	}
	tests := []struct {
		name string
		doc  docxtest.Document
		code string
	}{
		{"properties", top("core-properties", "docProps/core.xml"), refusal.Damaged},
		{"a thumbnail's arrows", docxtest.Document{Body: p(""), Parts: map[string]string{"t.png": "x", "_rels/t.png.rels": "<a"}, TopLevel: map[string]string{"thumbnail": "t.png"}}, ""},
		{"properties that are not there", docxtest.Document{Body: p(""), TopLevel: map[string]string{"custom-properties": "none"}}, ""},
		{"styles", docxtest.Document{Styles: "<a"}, refusal.Damaged},
		{"the theme", of("theme", "theme.xml", "<a"), refusal.Damaged},
		{"comments", of("comments", "comments.xml", "<a"), refusal.Damaged},
		{"a header's arrows", docxtest.Document{Body: `<w:sectPr><w:headerReference r:id="rIdP"/></w:sectPr>`, Parts: map[string]string{"word/h.xml": docxtest.Part("hdr", p("")), "word/_rels/h.xml.rels": "<a"},
			Relations: map[string]string{"rIdP": "header h.xml"}}, refusal.Damaged},
		{"a diagram", docxtest.Document{Body: p(`<w:r><w:drawing><wp:inline><a:graphic><a:graphicData r:dm="rIdP"/></a:graphic></wp:inline></w:drawing></w:r>`), Parts: map[string]string{"word/d.xml": "<a"},
			Relations: map[string]string{"rIdP": "diagramData d.xml"}}, refusal.Damaged},
		{"a picture that is too large", of("image", "p.png", png(1<<16, 1<<16)), refusal.ZipBomb},
		{"a picture that is not", of("image", "p.png", png(9, 9)), ""},
		{"a packed drawing that breaks off", of("image", "p.emz", "\x1f\x8bbroken"), ""},
		{"a part that is not there", docxtest.Document{Body: p(drawing), Relations: map[string]string{"rIdP": "image none.png", "rIdS": "styles none.xml"}}, ""},
	}
	for _, tt := range tests {
		var out bytes.Buffer
		_, err := clean(t.Context(), tt.doc.Bytes(), &out)
		if code(err) != tt.code || (err == nil) != (tt.code == "") {
			t.Errorf("%s: %v, want %q", tt.name, err, tt.code)
		}
	}
}

func TestBrokenArrows(t *testing.T) {
	body := docxtest.Part("document", "<w:body/>")
	for name, parts := range map[string]map[string]string{
		"the container's": {"word/document.xml": body, "_rels/.rels": "<a"}, "the body's": {"word/document.xml": body, "word/_rels/document.xml.rels": "<a"},
	} {
		if _, err := clean(t.Context(), docxtest.Zip(parts), io.Discard); code(err) != refusal.Damaged {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestPackedDrawing(t *testing.T) {
	var megabyte bytes.Buffer
	z := gzip.NewWriter(&megabyte)
	if _, err := z.Write(make([]byte, 1<<20)); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	packed := strings.Repeat(megabyte.String(), 257) // which counts as one
	doc := docxtest.Document{Body: p(drawing), Parts: map[string]string{"word/p.emz": packed}, Relations: map[string]string{"rIdP": "image p.emz"}}
	if _, err := clean(t.Context(), doc.Bytes(), io.Discard); code(err) != refusal.ZipBomb {
		t.Errorf("%v", err)
	}
}

// What hangs on the container or the body by arrows of other kinds is told as what it is.
func TestOtherArrows(t *testing.T) {
	const emf = "\x01\x00\x00\x00xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx EMFxxxx"
	doc := docxtest.Document{
		Body: p(r("甲")+drawing+drawing+`<w:r><w:drawing><wp:inline><a:graphic><pic:pic><pic:blipFill><a:blip r:embed="rIdSame"/></pic:blipFill></pic:pic></a:graphic></wp:inline></w:drawing></w:r>`) + p(`<w:r><w:footnoteReference w:id="2"/></w:r>`),
		Parts: map[string]string{
			"word/p.emf": emf, "_xmlsignatures/origin.sigs": "", "_xmlsignatures/sig1.xml": "<s/>", "_xmlsignatures/_rels/origin.sigs.rels": `<R><Relationship Id="1" Type="x/signature" Target="sig1.xml"/><Relationship Id="2" Type="x/y" Target="http://x" TargetMode="External"/></R>`,
			"odd.xml": "<odd/>", "customXml/ink/ink1.xml": "<ink/>", "word/odd2.xml": "<odd/>", "word/font1.odttf": "font",
			"word/fontTable.xml":            docxtest.Part("fonts", `<w:font w:name="X"><w:embedRegular r:id="rId1"/></w:font>`),
			"word/_rels/fontTable.xml.rels": `<R><Relationship Id="rId1" Type="x/font" Target="font1.odttf"/></R>`,
			"word/footnotes.xml":            docxtest.Part("footnotes", `<w:footnote w:type="normal" w:id="2">`+p(r("注"))+`</w:footnote><w:footnote w:id="3"/>`),
			"docProps/custom.xml":           `<p xmlns="http://schemas.openxmlformats.org/officeDocument/2006/custom-properties"><property name="客户"><v>某局</v></property><property/></p>`,
		},
		Relations: map[string]string{"rIdP": "image p.emf", "rIdSame": "image p.emf", "rIdInk": "customXml ../customXml/ink/ink1.xml", "rIdOdd": "odd odd2.xml", "rIdOdd2": "odd odd2.xml", "rIdGone": "odd none.xml", "rIdF": "fontTable fontTable.xml", "rIdN": "footnotes footnotes.xml", "rIdN2": "endnotes footnotes.xml"},
		TopLevel:  map[string]string{"origin": "_xmlsignatures/origin.sigs", "odd": "odd.xml", "hyperlink": "http://x/", "custom-properties": "docProps/custom.xml"},
	}
	var out bytes.Buffer
	res, err := clean(t.Context(), doc.Bytes(), &out)
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	for _, f := range res.Findings {
		found = append(found, fmt.Sprintf("%s %s%s", f.Kind, f.Property, strings.TrimSpace(f.Text)))
	}
	for _, want := range []string{docx.KindSignature + " ", docx.KindExternalData + " http://x/", docx.KindProperties + " 客户某局", docx.KindInk + " customXml/ink/ink1.xml", docx.KindOther + " odd.xml", docx.KindOther + " word/odd2.xml"} {
		if !slices.Contains(found, want) {
			t.Errorf("%q is not told: %q", want, found)
		}
	}
	parts := unpack(t, out.Bytes())
	for _, name := range []string{"word/p.emf", "word/font1.odttf", "word/footnotes.xml"} {
		if _, there := parts[name]; !there {
			t.Errorf("%s is gone", name)
		}
	}
	if len(parts) != 11 {
		t.Errorf("%d parts", len(parts))
	}
}

func TestFontsOfTheTheme(t *testing.T) {
	doc := docxtest.Document{
		Body: p(`<w:r><w:rPr><w:rFonts w:asciiTheme="minorHAnsi" w:eastAsiaTheme="minorEastAsia" w:hAnsi="" w:hint="eastAsia"/></w:rPr><w:t>𠀀</w:t></w:r>` + `<w:r><w:rPr><w:rFonts w:ascii="Major" w:eastAsiaTheme="majorEastAsia"/></w:rPr><w:t>豈</w:t></w:r>`),
		Parts: map[string]string{"word/theme.xml": `<a:theme` + docxtest.Namespaces + `><a:themeElements><a:fontScheme><a:minorFont><a:latin typeface="Calibri"/><a:ea typeface=""/><a:font script="Jpan" typeface="x"/><a:font script="Hans" typeface="等线"/></a:minorFont>` +
			`<a:majorFont><a:latin typeface="Cambria"/><a:ea typeface="黑体"/></a:majorFont></a:fontScheme></a:themeElements></a:theme>`},
		Relations: map[string]string{"rIdT": "theme theme.xml"},
	}
	res, err := clean(t.Context(), doc.Bytes(), io.Discard)
	if want := []string{"Calibri", "Major", "等线", "黑体"}; err != nil || !slices.Equal(res.Fonts, want) {
		t.Errorf("%v, %v, want %v", res, err, want)
	}
	doc.Body = p(`<w:r><w:rPr><w:rFonts w:ascii="Latin" w:eastAsia="黑体"/></w:rPr><w:t>豈Seal`) // not well formed
	if _, err := clean(t.Context(), doc.Bytes(), io.Discard); code(err) != refusal.Damaged {
		t.Error(err)
	}
}

// full is a disk that has room for some bytes.
type full struct{ room int }

var errFull = errors.New("no space left")

func (d *full) Write(p []byte) (int, error) {
	if d.room -= len(p); d.room < 0 {
		return 0, errFull
	}
	return len(p), nil
}

func TestDiskFillsUp(t *testing.T) {
	noise := make([]byte, 1<<16)
	for i := range noise {
		noise[i] = byte(uint32(i*i)*2654435761>>13) ^ byte(i>>3)
	}
	doc := docxtest.Document{Body: p(drawing), Parts: map[string]string{"word/p.png": png(9, 9) + string(noise)}, Relations: map[string]string{"rIdP": "image p.png"}}
	whole := bytes.Buffer{}
	if _, err := clean(t.Context(), doc.Bytes(), &whole); err != nil {
		t.Fatal(err)
	}
	for room := 0; room < whole.Len(); room += whole.Len()/40 + 1 {
		if _, err := clean(t.Context(), doc.Bytes(), &full{room: room}); !errors.Is(err, errFull) {
			t.Errorf("with room for %d of %d bytes: %v", room, whole.Len(), err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := clean(ctx, doc.Bytes(), io.Discard); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

func TestFindingsAreBounded(t *testing.T) {
	var body strings.Builder
	for range 20_010 {
		body.WriteString(p(hidden("密")))
	}
	res, err := clean(t.Context(), docxtest.Document{Body: body.String()}.Bytes(), io.Discard)
	if err != nil || !res.Truncated || len(res.Findings) >= 20_010 {
		t.Errorf("%d findings, %v", len(res.Findings), err)
	}
	res, err = clean(t.Context(), docxtest.Document{Body: p(strings.Repeat(hidden(strings.Repeat("密", 300)), 9))}.Bytes(), io.Discard)
	if err != nil || len(res.Findings) != 1 || res.Findings[0].Count != 9 || !strings.HasSuffix(res.Findings[0].Text, "…") {
		t.Errorf("%+v, %v", res, err)
	}
}

// Notes that several parts lead to, themselves among them, are written once, and so is what belongs to the container.
func TestPartsAreWrittenOnce(t *testing.T) {
	doc := docxtest.Document{
		Body: p(r("甲") + `<w:r><w:footnoteReference w:id="2"/></w:r>`),
		Parts: map[string]string{
			"word/footnotes.xml":            docxtest.Part("footnotes", `<w:footnote w:id="2">`+p(r("注"))+`</w:footnote>`),
			"word/_rels/footnotes.xml.rels": `<R><Relationship Id="rId1" Type="x/footnotes" Target="footnotes.xml"/></R>`,
		},
		Relations: map[string]string{"rIdN": "footnotes footnotes.xml", "rIdN2": "endnotes footnotes.xml", "rIdT": "header /[Content_Types].xml", "rIdR": "theme /_rels/.rels"},
	}
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
	defer cancel()
	var out bytes.Buffer
	if _, err := clean(ctx, doc.Bytes(), &out); err != nil {
		t.Fatal(err)
	}
	written := map[string]int{}
	zr, err := zip.NewReader(bytes.NewReader(out.Bytes()), int64(out.Len()))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range zr.File {
		if written[f.Name]++; written[f.Name] > 1 {
			t.Errorf("%s is written again", f.Name)
		}
	}
	if written["word/footnotes.xml"] == 0 {
		t.Error("the notes are gone")
	}
}

// What takes time does not grow with the square of what a hostile body holds.
func TestLongBodiesEnd(t *testing.T) {
	const many = 8000
	for name, body := range map[string]string{
		"one run of much":           "<w:r>" + strings.Repeat("<w:tab/>", 4*many) + "</w:r>",
		"fields within one another": strings.Repeat(char("begin")+instr("X")+char("separate"), many) + strings.Repeat(char("end"), many),
	} {
		begun := time.Now()
		if _, err := clean(t.Context(), docxtest.Document{Body: p(body)}.Bytes(), io.Discard); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if took := time.Since(begun); took > 5*time.Second {
			t.Errorf("%s takes %v", name, took)
		}
	}
}
