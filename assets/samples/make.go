//go:build ignore

// Make writes sample-contract.docx, a government procurement contract between two
// parties that do not exist, in our own words. As a contract comes from an office,
// it carries a tracked insertion, a tracked deletion and a comment, which the
// clean copy has to take out. The file is the same at every run.
package main

import (
	"archive/zip"
	"bytes"
	"encoding/xml"
	"fmt"
	"log"
	"os"
	"strings"
	"time"
)

const (
	number    = "ZC-2026-001842"
	project   = "云溪县人民医院医疗设备采购项目"
	lot       = "标段二：影像与检验设备"
	purchaser = "云溪县人民医院"
	supplier  = "华东医疗器械有限公司"
)

// Half-points and twentieths of a point, as OOXML counts.
const (
	bodySize = 28  // 四号, 14 pt
	line     = 500 // fixed line pitch of 25 pt
	indent   = 560 // two characters
)

func escape(s string) string {
	var b bytes.Buffer
	if err := xml.EscapeText(&b, []byte(s)); err != nil {
		log.Fatal(err)
	}
	return b.String()
}

// properties of a run.
func fontOf(face string, size int, bold bool) string {
	b := ""
	if bold {
		b = "<w:b/><w:bCs/>"
	}
	return fmt.Sprintf(`<w:rPr><w:rFonts w:ascii="Times New Roman" w:hAnsi="Times New Roman" w:eastAsia="%[1]s" w:cs="Times New Roman"/>%[2]s<w:sz w:val="%[3]d"/><w:szCs w:val="%[3]d"/></w:rPr>`, face, b, size)
}

var (
	body      = fontOf("仿宋", bodySize, false)
	head      = fontOf("黑体", bodySize, false)
	small     = fontOf("宋体", 21, false)
	table     = fontOf("宋体", 19, false)
	tableBold = fontOf("宋体", 19, true)
)

func run(props, text string) string {
	return "<w:r>" + props + `<w:t xml:space="preserve">` + escape(text) + "</w:t></w:r>"
}

func para(props string, runs ...string) string {
	return "<w:p><w:pPr>" + props + "</w:pPr>" + strings.Join(runs, "") + "</w:p>"
}

func spacing(before, after int) string {
	return fmt.Sprintf(`<w:spacing w:before="%d" w:after="%d" w:line="%d" w:lineRule="exact"/>`, before, after, line)
}

// text is a paragraph of running text.
func text(runs ...string) string {
	return para(spacing(0, 0)+fmt.Sprintf(`<w:ind w:firstLine="%d"/><w:jc w:val="both"/>`, indent), runs...)
}

func plain(s string) string { return text(run(body, s)) }

func article(s string) string {
	return para("<w:keepNext/>"+spacing(120, 0)+fmt.Sprintf(`<w:ind w:firstLine="%d"/>`, indent), run(head, s))
}

func centred(face string, size, before, after int, bold bool, s string) string {
	return para(fmt.Sprintf(`<w:spacing w:before="%d" w:after="%d"/><w:jc w:val="center"/>`, before, after), run(fontOf(face, size, bold), s))
}

func pageBreak() string { return `<w:p><w:r><w:br w:type="page"/></w:r></w:p>` }

func cell(width int, align, props, s string, extra string) string {
	return fmt.Sprintf(`<w:tc><w:tcPr><w:tcW w:w="%d" w:type="dxa"/>%s<w:vAlign w:val="center"/></w:tcPr>`, width, extra) +
		para(`<w:spacing w:before="50" w:after="50"/><w:jc w:val="`+align+`"/>`, run(props, s)) + "</w:tc>"
}

func priceTable() string {
	widths := []int{560, 2640, 1660, 560, 560, 1600, 1640}
	aligns := []string{"center", "left", "center", "center", "center", "right", "right"}
	rows := [][]string{
		{"序号", "货物名称", "品牌型号", "单位", "数量", "单价（元）", "金额（元）"},
		{"1", "数字化X射线摄影系统", "中影 ZY-DR500", "台", "1", "1,280,000.00", "1,280,000.00"},
		{"2", "彩色多普勒超声诊断仪", "辰源 CY-C80", "台", "2", "680,000.00", "1,360,000.00"},
		{"3", "全自动生化分析仪", "华申 HS-A1200", "台", "1", "420,000.00", "420,000.00"},
		{"4", "中央监护系统（一拖十二）", "佳和 JH-M12", "套", "1", "186,000.00", "186,000.00"},
		{"5", "安装调试、培训及三年质保", "—", "项", "1", "40,000.00", "40,000.00"},
	}
	var b strings.Builder
	b.WriteString(`<w:tbl><w:tblPr><w:tblW w:w="9220" w:type="dxa"/><w:jc w:val="center"/><w:tblBorders>`)
	for _, side := range []string{"top", "left", "bottom", "right", "insideH", "insideV"} {
		b.WriteString(`<w:` + side + ` w:val="single" w:sz="6" w:space="0" w:color="000000"/>`)
	}
	b.WriteString(`</w:tblBorders><w:tblLayout w:type="fixed"/><w:tblCellMar><w:left w:w="70" w:type="dxa"/><w:right w:w="70" w:type="dxa"/></w:tblCellMar></w:tblPr><w:tblGrid>`)
	for _, w := range widths {
		fmt.Fprintf(&b, `<w:gridCol w:w="%d"/>`, w)
	}
	b.WriteString("</w:tblGrid>")
	for i, row := range rows {
		b.WriteString(`<w:tr><w:trPr><w:cantSplit/></w:trPr>`)
		for k, s := range row {
			align, props := aligns[k], table
			if i == 0 {
				align, props = "center", tableBold
			}
			b.WriteString(cell(widths[k], align, props, s, ""))
		}
		b.WriteString("</w:tr>")
	}
	b.WriteString(`<w:tr><w:trPr><w:cantSplit/></w:trPr>`)
	b.WriteString(cell(widths[0]+widths[1], "center", tableBold, "合计", `<w:gridSpan w:val="2"/>`))
	b.WriteString(cell(9220-widths[0]-widths[1], "right", tableBold, "人民币叁佰贰拾捌万陆仟元整（¥3,286,000.00）", `<w:gridSpan w:val="5"/>`))
	b.WriteString("</w:tr></w:tbl>")
	return b.String()
}

// signatures are two columns, each with room above and below its first line for a
// seal of 42 mm.
func signatures() string {
	columns := [2][]string{
		{"采购人（盖章）：", purchaser, "法定代表人或授权代表（签字）：", "地址：云溪县城关镇康宁路 18 号", "电话：0571-64000120",
			"统一社会信用代码：", "1233012747013082XH", "签订日期：      年    月    日"},
		{"中标单位（盖章）：", supplier, "法定代表人或授权代表（签字）：", "地址：云溪县经济开发区创业路 6 号", "电话：0571-64000686",
			"统一社会信用代码：", "91330127MA2XKQ713A", "签订日期：      年    月    日"},
	}
	var b strings.Builder
	b.WriteString(`<w:tbl><w:tblPr><w:tblW w:w="9220" w:type="dxa"/><w:tblLayout w:type="fixed"/></w:tblPr><w:tblGrid><w:gridCol w:w="4610"/><w:gridCol w:w="4610"/></w:tblGrid><w:tr><w:trPr><w:cantSplit/></w:trPr>`)
	for _, lines := range columns {
		b.WriteString(`<w:tc><w:tcPr><w:tcW w:w="4610" w:type="dxa"/></w:tcPr>`)
		for i, s := range lines {
			before, after, props := 0, 0, fontOf("仿宋", 24, false)
			switch i {
			case 0:
				before, after, props = 1300, 0, body
			case 1:
				after = 1100
			}
			b.WriteString(para(fmt.Sprintf(`<w:spacing w:before="%d" w:after="%d" w:line="460" w:lineRule="exact"/>`, before, after), run(props, s)))
		}
		b.WriteString("</w:tc>")
	}
	b.WriteString("</w:tr></w:tbl>")
	return b.String()
}

func document() string {
	var b strings.Builder
	add := func(parts ...string) {
		for _, p := range parts {
			b.WriteString(p)
		}
	}
	coverLine := func(label, value string) string {
		return para(`<w:spacing w:before="0" w:after="240"/><w:ind w:left="700"/>`,
			run(fontOf("仿宋", 32, false), label), run(fontOf("仿宋", 32, false), value))
	}
	add(
		para(`<w:spacing w:before="0" w:after="0"/><w:jc w:val="right"/>`, run(body, "合同编号："+number)),
		centred("黑体", 56, 2200, 300, false, "政府采购合同"),
		centred("黑体", 32, 0, 2400, false, "（货物类）"),
		coverLine("项目名称：", project),
		coverLine("标段名称：", lot),
		coverLine("采 购 人：", purchaser),
		coverLine("供 应 商：", supplier),
		coverLine("签订地点：", "浙江省云溪县"),
		coverLine("签订日期：", "2026 年 11 月"),
		pageBreak(),
		centred("黑体", 36, 0, 240, false, "政府采购合同"),
		plain("采购人（以下称甲方）："+purchaser),
		plain("供应商（以下称乙方）："+supplier),
		plain("甲方以公开招标方式采购“"+project+"”（"+lot+"），经评标委员会评审并公告，确定乙方为中标单位。甲乙双方根据《中华人民共和国政府采购法》《中华人民共和国民法典》及有关规定，依照招标文件、投标文件和中标通知书，本着平等、自愿、诚实信用的原则，订立本合同，共同遵守。"),

		article("第一条  合同文件"),
		plain("下列文件是本合同的组成部分，互为补充；相互不一致时，以排列在先的为准：（一）本合同及其补充协议；（二）中标通知书；（三）招标文件及其澄清、修改；（四）投标文件及其澄清；（五）双方确认的其他书面材料。"),

		article("第二条  标的与价款"),
		plain("乙方向甲方提供下列货物及相关服务："),
		priceTable(),
		text(run(body, "合同总价为人民币"), comment("叁佰贰拾捌万陆仟元整（¥3,286,000.00）"), run(body, "。总价已含货物、包装、运输、保险、装卸、安装调试、检验、培训、质保、税费等完成本合同的一切费用；除本合同另有约定外，甲方不再支付其他款项。")),

		article("第三条  质量与权利保证"),
		plain("乙方保证所供货物为全新、未经使用的原厂产品，符合国家标准、行业标准以及招标文件的技术要求，具有有效的医疗器械注册证和出厂合格证明。"),
		plain("乙方保证甲方使用货物时不受第三人关于所有权、知识产权或者其他权利的追究；有第三人主张权利的，由乙方负责处理并承担由此产生的一切费用和损失。"),

		article("第四条  交货"),
		plain("交货时间：自本合同生效之日起三十日内全部交货，六十日内完成安装调试。交货地点：甲方指定的科室。交货方式：乙方负责运至现场并承担验收合格以前的一切风险。"),
		plain("乙方应当在交货前三个工作日书面通知甲方。货物的包装应当适合长途运输并能够防潮、防震，随箱附有装箱清单、中文使用说明书、合格证和保修文件。"),

		article("第五条  安装、调试与培训"),
		plain("乙方派出具有资质的工程师完成安装调试，并对甲方的操作人员、维护人员分别进行不少于三个工作日的现场培训，直至能够独立操作和日常维护。培训资料由乙方免费提供。"),

		article("第六条  验收"),
		plain("货物到达后，双方共同开箱，核对品牌、型号、数量和随箱文件。安装调试完毕并连续运行七日无故障后，甲方在收到乙方书面申请之日起七个工作日内组织验收，必要时可以邀请第三方检测机构或者其他供应商参加。"),
		plain("验收合格的，双方签署验收书；验收不合格的，乙方应当在十日内更换或者修复，并承担重新验收的费用。验收书不免除乙方对潜在缺陷的责任。"),

		article("第七条  付款"),
		plain("本合同生效后七个工作日内，甲方支付合同总价的百分之四十作为预付款；全部货物验收合格后十个工作日内，甲方支付合同总价的百分之六十。每次付款以前，乙方应当开具等额的增值税发票。"),
		plain("甲方不以机构变动、人员更替、政策调整为由拖延付款。逾期付款的，按照第十条的约定承担责任。"),

		article("第八条  售后服务"),
		text(run(body, "质量保证期为三年，自验收合格之日起计算。质量保证期内，乙方免费提供维修和更换零部件的服务，接到故障通知后两小时内响应，二十四小时内到达现场；四十八小时内不能修复的，提供同档次的备用设备。"),
			inserted("质量保证期内，乙方每季度上门巡检一次，并向甲方提交巡检报告。")),
		text(run(body, "质量保证期满后，乙方继续提供有偿维修，零部件价格不高于投标文件所列的价格。"),
			deleted("乙方可以将部分售后服务交由其委托的第三方完成。")),

		article("第九条  履约保证金"),
		plain("乙方在本合同签订前以银行保函的形式向甲方提交合同总价百分之五的履约保证金。货物验收合格后十五日内，甲方退还保函；乙方不履行合同的，甲方有权依保函主张权利。"),

		article("第十条  违约责任"),
		plain("乙方逾期交货的，每逾期一日，向甲方支付逾期部分价款万分之五的违约金；逾期超过三十日的，甲方有权解除合同，并要求乙方赔偿损失。"),
		plain("乙方所供货物不符合约定的，甲方有权拒收，乙方应当在约定期限内更换；拒绝更换或者更换后仍不符合约定的，乙方向甲方支付合同总价百分之五的违约金。"),
		plain("甲方无正当理由拒收货物或者逾期付款的，每逾期一日，向乙方支付逾期款项万分之五的违约金。违约金不足以弥补损失的，违约方应当补足。"),

		article("第十一条  不可抗力"),
		plain("因不可抗力不能履行合同的一方，应当在事件发生后三日内书面通知对方，并在十五日内提供有关机构出具的证明。受影响的期限相应顺延；事件持续超过九十日的，双方协商是否继续履行。"),

		article("第十二条  合同的变更与解除"),
		plain("除法律另有规定外，双方不得擅自变更、中止或者终止合同。需要追加与合同标的相同的货物的，在不改变其他条款的前提下，可以签订补充合同，但补充合同的累计金额不超过原合同总价的百分之十。"),
		plain("乙方不得转让合同，也不得将合同分包给他人履行。"),

		article("第十三条  争议的解决"),
		plain("履行本合同发生的争议，双方应当协商解决；协商不成的，向甲方住所地有管辖权的人民法院提起诉讼。诉讼期间，除争议部分外，双方继续履行。"),

		article("第十四条  其他"),
		plain("本合同以电子形式订立，自双方以可靠的电子签名签署并加盖电子印章之日起生效，与纸质合同具有同等的法律效力。合同自签订之日起二个工作日内在指定媒体公告，七个工作日内报同级财政部门备案。"),
		plain("本合同未尽事宜，由双方另行签订补充协议，补充协议与本合同具有同等效力。"),
		para(spacing(240, 0)+`<w:jc w:val="center"/>`, run(body, "（以下无正文，下页为签署页）")),
		pageBreak(),
		centred("黑体", 32, 0, 200, false, "签 署 页"),
		plain("合同编号："+number),
		plain("项目名称："+project),
		signatures(),
		para(`<w:spacing w:before="0" w:after="0"/>`),
	)
	return header + `<w:document ` + namespaces + `><w:body>` + b.String() +
		`<w:sectPr><w:headerReference w:type="default" r:id="rId1"/><w:footerReference w:type="default" r:id="rId2"/>` +
		`<w:pgSz w:w="11906" w:h="16838"/><w:pgMar w:top="1588" w:right="1343" w:bottom="1474" w:left="1343" w:header="851" w:footer="737" w:gutter="0"/></w:sectPr>` +
		`</w:body></w:document>`
}

const (
	author = `w:author="陈敏" w:date="2026-11-18T09:26:00Z"`

	header     = `<?xml version="1.0" encoding="UTF-8" standalone="yes"?>` + "\n"
	namespaces = `xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"`
)

func inserted(s string) string { return `<w:ins w:id="1" ` + author + `>` + run(body, s) + `</w:ins>` }

func deleted(s string) string {
	return `<w:del w:id="2" ` + author + `><w:r>` + body + `<w:delText xml:space="preserve">` + escape(s) + `</w:delText></w:r></w:del>`
}

func comment(s string) string {
	return `<w:commentRangeStart w:id="0"/>` + run(body, s) + `<w:commentRangeEnd w:id="0"/><w:r><w:commentReference w:id="0"/></w:r>`
}

// field is a number that the office program fills in.
func field(code string) string {
	return `<w:r>` + small + `<w:fldChar w:fldCharType="begin"/></w:r><w:r>` + small + `<w:instrText xml:space="preserve"> ` + code +
		` </w:instrText></w:r><w:r>` + small + `<w:fldChar w:fldCharType="separate"/></w:r>` + run(small, "1") + `<w:r>` + small + `<w:fldChar w:fldCharType="end"/></w:r>`
}

func main() {
	relation := func(id, kind, target string) string {
		return `<Relationship Id="` + id + `" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/` + kind + `" Target="` + target + `"/>`
	}
	const relationships = `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">`
	const word = "application/vnd.openxmlformats-officedocument.wordprocessingml."
	part := func(name, kind string) string {
		return `<Override PartName="/` + name + `" ContentType="` + kind + `"/>`
	}

	files := []struct{ name, content string }{
		{"[Content_Types].xml", header + `<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">` +
			`<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/>` +
			part("word/document.xml", word+"document.main+xml") + part("word/styles.xml", word+"styles+xml") + part("word/settings.xml", word+"settings+xml") +
			part("word/header1.xml", word+"header+xml") + part("word/footer1.xml", word+"footer+xml") + part("word/comments.xml", word+"comments+xml") +
			part("docProps/core.xml", "application/vnd.openxmlformats-package.core-properties+xml") + `</Types>`},
		{"_rels/.rels", header + relationships + relation("rId1", "officeDocument", "word/document.xml") +
			`<Relationship Id="rId2" Type="http://schemas.openxmlformats.org/package/2006/relationships/metadata/core-properties" Target="docProps/core.xml"/></Relationships>`},
		{"docProps/core.xml", header + `<cp:coreProperties xmlns:cp="http://schemas.openxmlformats.org/package/2006/metadata/core-properties" xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:dcterms="http://purl.org/dc/terms/" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">` +
			`<dc:title>` + project + `合同</dc:title><dc:creator>陈敏</dc:creator><cp:lastModifiedBy>陈敏</cp:lastModifiedBy>` +
			`<dcterms:created xsi:type="dcterms:W3CDTF">2026-11-16T08:00:00Z</dcterms:created><dcterms:modified xsi:type="dcterms:W3CDTF">2026-11-18T09:30:00Z</dcterms:modified></cp:coreProperties>`},
		{"word/_rels/document.xml.rels", header + relationships + relation("rId1", "header", "header1.xml") + relation("rId2", "footer", "footer1.xml") +
			relation("rId3", "styles", "styles.xml") + relation("rId4", "settings", "settings.xml") + relation("rId5", "comments", "comments.xml") + `</Relationships>`},
		{"word/document.xml", document()},
		{"word/styles.xml", header + `<w:styles ` + namespaces + `><w:docDefaults><w:rPrDefault><w:rPr><w:rFonts w:ascii="Times New Roman" w:hAnsi="Times New Roman" w:eastAsia="宋体" w:cs="Times New Roman"/><w:sz w:val="28"/><w:lang w:val="en-US" w:eastAsia="zh-CN"/></w:rPr></w:rPrDefault></w:docDefaults>` +
			`<w:style w:type="paragraph" w:default="1" w:styleId="Normal"><w:name w:val="Normal"/></w:style></w:styles>`},
		{"word/settings.xml", header + `<w:settings ` + namespaces + `><w:trackRevisions/><w:defaultTabStop w:val="420"/><w:characterSpacingControl w:val="compressPunctuation"/></w:settings>`},
		{"word/header1.xml", header + `<w:hdr ` + namespaces + `>` + para(`<w:pBdr><w:bottom w:val="single" w:sz="4" w:space="1" w:color="808080"/></w:pBdr><w:tabs><w:tab w:val="right" w:pos="9220"/></w:tabs>`,
			run(small, project), `<w:r><w:tab/></w:r>`, run(small, "合同编号："+number)) + `</w:hdr>`},
		{"word/footer1.xml", header + `<w:ftr ` + namespaces + `>` + para(`<w:jc w:val="center"/>`,
			run(small, "第 "), field("PAGE"), run(small, " 页  共 "), field("NUMPAGES"), run(small, " 页")) + `</w:ftr>`},
		{"word/comments.xml", header + `<w:comments ` + namespaces + `><w:comment w:id="0" w:author="陈敏" w:date="2026-11-18T09:30:00Z" w:initials="CM">` +
			para("", run(small, "请财务科核对大小写金额，与中标通知书一致后再送签。")) + `</w:comment></w:comments>`},
	}

	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, f := range files {
		if err := xml.Unmarshal([]byte(f.content), new(struct{})); err != nil {
			log.Fatalf("%s: %v", f.name, err)
		}
		w, err := z.CreateHeader(&zip.FileHeader{Name: f.name, Method: zip.Deflate, Modified: time.Date(2026, 11, 18, 9, 30, 0, 0, time.UTC)})
		if err != nil {
			log.Fatal(err)
		}
		if _, err := w.Write([]byte(f.content)); err != nil {
			log.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		log.Fatal(err)
	}
	if err := os.WriteFile("sample-contract.docx", b.Bytes(), 0o644); err != nil {
		log.Fatal(err)
	}
}
