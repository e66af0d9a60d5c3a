package docx_test

import (
	"encoding/xml"
	"errors"
	"io"
	"strings"
)

// outline prints the body, notes, headers and footers of a cleaned document as nested blocks with their words, so that
// two documents can be compared without minding properties and how words are cut into runs. Section properties are left
// out: the oracle loses the last ones where it deletes paragraphs at the end.
func outline(t tester, document []byte) string {
	t.Helper()
	var b strings.Builder
	for _, part := range []string{"document", "footnotes", "endnotes", "header1", "header2", "header3", "footer1", "footer2", "footer3"} {
		if data := partOf(t, document, "word/"+part+".xml"); data != "" {
			b.WriteString("#" + part)
			outlinePart(t, data, &b)
		}
	}
	return b.String()
}

func outlinePart(t tester, data string, b *strings.Builder) {
	t.Helper()
	dec := xml.NewDecoder(strings.NewReader(data))
	words := false
	for {
		tok, err := dec.Token()
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		switch k := tok.(type) {
		case xml.StartElement:
			switch k.Name.Local {
			case "p", "tbl", "tr", "tc", "footnote", "endnote", "tab", "br", "drawing", "pict", "footnoteReference", "endnoteReference",
				"oMath", "sSup", "f", "fldChar", "vMerge", "gridSpan":
				b.WriteString("<" + k.Name.Local + ">")
			case "t", "instrText", "delText":
				words = true
			}
		case xml.EndElement:
			switch k.Name.Local {
			case "tbl", "tr", "tc":
				b.WriteString("</" + k.Name.Local + ">")
			case "t", "instrText", "delText":
				words = false
			}
		case xml.CharData:
			if words {
				b.WriteString(string(k))
			}
		}
	}
}
