package docx

// alias gives namespaces their usual short names, those of the strict variant (ISO/IEC 29500-1) the same ones.
var alias = map[string]string{
	"http://schemas.openxmlformats.org/wordprocessingml/2006/main":              "w",
	"http://purl.oclc.org/ooxml/wordprocessingml/main":                          "w",
	"http://schemas.openxmlformats.org/officeDocument/2006/relationships":       "r",
	"http://purl.oclc.org/ooxml/officeDocument/relationships":                   "r",
	"http://schemas.openxmlformats.org/officeDocument/2006/math":                "m",
	"http://purl.oclc.org/ooxml/officeDocument/math":                            "m",
	"http://schemas.openxmlformats.org/drawingml/2006/main":                     "a",
	"http://purl.oclc.org/ooxml/drawingml/main":                                 "a",
	"http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing":    "wp",
	"http://purl.oclc.org/ooxml/drawingml/wordprocessingDrawing":                "wp",
	"http://schemas.openxmlformats.org/drawingml/2006/picture":                  "pic",
	"http://purl.oclc.org/ooxml/drawingml/picture":                              "pic",
	"http://schemas.openxmlformats.org/drawingml/2006/chart":                    "c",
	"http://purl.oclc.org/ooxml/drawingml/chart":                                "c",
	"http://schemas.openxmlformats.org/markup-compatibility/2006":               "mc",
	"http://schemas.microsoft.com/office/word/2010/wordml":                      "w14",
	"http://schemas.microsoft.com/office/word/2012/wordml":                      "w15",
	"http://schemas.microsoft.com/office/word/2010/wordprocessingShape":         "wps",
	"http://schemas.microsoft.com/office/word/2010/wordprocessingInk":           "wpi",
	"http://schemas.microsoft.com/office/drawing/2016/SVG/main":                 "asvg",
	"http://schemas.microsoft.com/office/word/2012/wordprocessingDrawing":       "wp15",
	"http://schemas.openxmlformats.org/drawingml/2006/diagram":                  "dgm",
	"urn:schemas-microsoft-com:vml":                                             "v",
	"urn:schemas-microsoft-com:office:office":                                   "o",
	"urn:schemas-microsoft-com:office:word":                                     "w10",
	"http://schemas.openxmlformats.org/package/2006/metadata/core-properties":   "cp",
	"http://schemas.openxmlformats.org/officeDocument/2006/extended-properties": "ep",
	"http://schemas.openxmlformats.org/officeDocument/2006/custom-properties":   "custom",
}

func set(names ...string) map[string]bool {
	m := make(map[string]bool, len(names))
	for _, n := range names {
		m[n] = true
	}
	return m
}

// dissolved elements give way to what is inside them.
var dissolved = set("ins", "moveTo", "sdt", "sdtContent", "customXml", "smartTag", "hyperlink")

// dropped elements go with all that is inside them. Their words, if any, are reported where it says so in revision.go.
var dropped = set(
	// what was before a change
	"rPrChange", "pPrChange", "sectPrChange", "tblPrChange", "tblPrExChange", "trPrChange", "tcPrChange", "tblGridChange", "numberingChange",
	// edges of moves and of changed content controls
	"moveFromRangeStart", "moveFromRangeEnd", "moveToRangeStart", "moveToRangeEnd",
	"customXmlInsRangeStart", "customXmlInsRangeEnd", "customXmlDelRangeStart", "customXmlDelRangeEnd",
	"customXmlMoveFromRangeStart", "customXmlMoveFromRangeEnd", "customXmlMoveToRangeStart", "customXmlMoveToRangeEnd",
	// comments, permissions, checking
	"commentRangeStart", "commentRangeEnd", "commentReference", "annotationRef", "permStart", "permEnd",
	"proofErr", "lastRenderedPageBreak", "cellIns",
	// inside content controls, smart tags and custom XML
	"sdtPr", "sdtEndPr", "customXmlPr", "smartTagPr",
	// never drawn, or drawn from elsewhere
	"delText", "delInstrText", "altChunk", "subDoc", "control", "movie", "tblCaption", "tblDescription", "contentPart",
)

var formatChanges = set("rPrChange", "pPrChange", "sectPrChange", "tblPrChange", "tblPrExChange", "trPrChange", "tcPrChange", "tblGridChange", "numberingChange")

// keptSettings are the document settings that change how pages look; everything else in settings.xml goes.
var keptSettings = set(
	"mirrorMargins", "alignBordersAndEdges", "bordersDoNotSurroundHeader", "bordersDoNotSurroundFooter", "gutterAtTop",
	"defaultTabStop", "autoHyphenation", "consecutiveHyphenLimit", "hyphenationZone", "doNotHyphenateCaps",
	"evenAndOddHeaders", "bookFoldPrinting", "bookFoldRevPrinting", "bookFoldPrintingSheets",
	"drawingGridHorizontalSpacing", "drawingGridVerticalSpacing", "displayHorizontalDrawingGridEvery", "displayVerticalDrawingGridEvery",
	"characterSpacingControl", "printTwoOnOne", "strictFirstAndLastChars", "noLineBreaksAfter", "noLineBreaksBefore",
	"footnotePr", "endnotePr", "compat", "themeFontLang", "clrSchemeMapping", "decimalSymbol", "listSeparator",
	"displayBackgroundShape", "defaultTableStyle", "doNotUseMarginsForDrawingGridOrigin", "doNotShadeFormData",
	"noPunctuationKerning", "hdrShapeDefaults", "shapeDefaults", "embedTrueTypeFonts", "saveSubsetFonts",
)

// keptFields stay fields: they count pages, draw from their own instruction, or are the table of contents around
// page references. All others are frozen at their result.
var keptFields = set("PAGE", "NUMPAGES", "SECTIONPAGES", "PAGEREF", "TOC", "SECTION", "EQ", "SYMBOL", "AUTONUM", "AUTONUMLGL", "AUTONUMOUT", "LISTNUM")
