package cleancopy_test

import (
	"bytes"
	"fmt"
	"strings"
)

// buildPDF writes a PDF of one page out of objects: 1 is the catalog, 2 the page tree, 3 the page, 4 its contents.
// catalog and page are put into these dictionaries; more are further objects, numbered from 10 on.
func buildPDF(catalog, page, contents string, more ...string) []byte {
	objects := map[int]string{
		1: "<< /Type /Catalog /Pages 2 0 R " + catalog + " >>",
		2: "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
		3: "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 300 200] /Contents 4 0 R " + page + " >>",
		4: stream("", contents),
		5: "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Secret (secret) >>",
	}
	for i, m := range more {
		objects[10+i] = m
	}
	var b bytes.Buffer
	b.WriteString("%PDF-1.7\n%\xe2\xe3\xcf\xd3\n")
	size := 10 + len(more)
	offsets := make([]int, size)
	for n := 1; n < size; n++ {
		if objects[n] == "" {
			continue
		}
		offsets[n] = b.Len()
		fmt.Fprintf(&b, "%d 0 obj\n%s\nendobj\n", n, objects[n])
	}
	xref := b.Len()
	fmt.Fprintf(&b, "xref\n0 %d\n0000000000 65535 f \n", size)
	for _, o := range offsets[1:] {
		if o == 0 {
			b.WriteString("0000000000 00000 f \n")
		} else {
			fmt.Fprintf(&b, "%010d 00000 n \n", o)
		}
	}
	trailer := "/Size %d /Root 1 0 R"
	if strings.Contains(catalog, "Encrypted") {
		trailer += " /Encrypt << /Filter /Standard /V 1 /R 2 /O (00000000000000000000000000000000) /U (00000000000000000000000000000000) /P -4 >> /ID [(a)(a)]"
	}
	fmt.Fprintf(&b, "trailer\n<< "+trailer+" /Info << /Title (secret title) >> >>\nstartxref\n%d\n%%%%EOF\n", size, xref)
	return b.Bytes()
}

func stream(dict, data string) string {
	return fmt.Sprintf("<< %s /Length %d >>\nstream\n%s\nendstream", dict, len(data), data)
}

const (
	fontA   = "/Resources << /Font << /F 5 0 R >> >>"
	printed = "BT /F 12 Tf 20 150 Td (visible words) Tj ET"
)
