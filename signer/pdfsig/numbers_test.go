package pdfsig_test

import (
	"bytes"
	"errors"
	"fmt"
	"testing"

	"sealdesk/signer/pdf"
	"sealdesk/signer/pdf/pdftest"
	"sealdesk/signer/pdfsig"
)

// TestNoObjectNumbersLeft: behind the last number there is none, and the first ones are taken.
func TestNoObjectNumbersLeft(t *testing.T) {
	doc := pdftest.Document(pdftest.Options{})
	_, prev, _ := bytes.Cut(doc[bytes.LastIndex(doc, []byte("startxref")):], []byte("\n"))
	prev, _, _ = bytes.Cut(prev, []byte("\n"))
	doc = fmt.Appendf(doc, "xref\n4294967294 1\n0000000000 65535 f \ntrailer\n<</Size 9/Root 1 0 R/Prev %s>>\nstartxref\n%d\n%%%%EOF\n", prev, len(doc))
	_, err := pdfsig.Strengthen(bytes.NewReader(doc), int64(len(doc)), pdfsig.Evidence{Certs: [][]byte{{1}, {2}}})
	if !errors.Is(err, &pdf.Error{Kind: pdf.TooComplex}) {
		t.Errorf("error %v", err)
	}
}
