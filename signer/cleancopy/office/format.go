package office

import (
	"encoding/json"
	"fmt"

	"sealdesk/signer/cleancopy/office/urp"
)

// Format is what LibreOffice is asked for.
type Format int

// Formats.
const (
	PDFA2b Format = iota // PDF/A-2b, tagged, fonts embedded (ISO 19005-2)
	DOCX                 // Office Open XML
)

// pdfOptions are those of the PDF export: nothing but the pages goes into the file.
var pdfOptions = []urp.Property{
	{Name: "SelectPdfVersion", Value: int32(2)},
	{Name: "UseTaggedPDF", Value: true},
	{Name: "ReduceImageResolution", Value: false},
	{Name: "ExportBookmarks", Value: false},
	{Name: "ExportBookmarksToPDFDestination", Value: false},
	{Name: "ExportNotes", Value: false},
	{Name: "ExportNotesInMargin", Value: false},
	{Name: "ExportFormFields", Value: false},
	{Name: "ExportPlaceholders", Value: false},
	{Name: "IsAddStream", Value: false},
}

func (f Format) filter() string {
	if f == DOCX {
		return "MS Word 2007 XML"
	}
	return "writer_pdf_Export"
}

func (f Format) extension() string {
	if f == DOCX {
		return ".docx"
	}
	return ".pdf"
}

// argument is the format for the command line.
func (f Format) argument() string {
	if f == DOCX {
		return "docx:" + f.filter()
	}
	type value struct {
		Type  string `json:"type"`
		Value string `json:"value"`
	}
	options := map[string]value{}
	for _, p := range pdfOptions {
		kind := "boolean"
		if _, number := p.Value.(int32); number {
			kind = "long"
		}
		options[p.Name] = value{kind, fmt.Sprint(p.Value)}
	}
	text, _ := json.Marshal(options) // which are of strings only
	return "pdf:" + f.filter() + ":" + string(text)
}

// storing is the format for a running LibreOffice.
func (f Format) storing() []urp.Property {
	p := []urp.Property{{Name: "FilterName", Value: f.filter()}, {Name: "Overwrite", Value: true}}
	if f == PDFA2b {
		p = append(p, urp.Property{Name: "FilterData", Value: pdfOptions})
	}
	return p
}
