package docxtest

import (
	"archive/zip"
	"bytes"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Namespaces are declared on the root of every part that Part makes.
const Namespaces = ` xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"` +
	` xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"` +
	` xmlns:m="http://schemas.openxmlformats.org/officeDocument/2006/math"` +
	` xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main"` +
	` xmlns:pic="http://schemas.openxmlformats.org/drawingml/2006/picture"` +
	` xmlns:wp="http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing"` +
	` xmlns:wps="http://schemas.microsoft.com/office/word/2010/wordprocessingShape"` +
	` xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006"` +
	` xmlns:v="urn:schemas-microsoft-com:vml" xmlns:o="urn:schemas-microsoft-com:office:office"` +
	` xmlns:w14="http://schemas.microsoft.com/office/word/2010/wordml"`

const relationshipBase = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/"

// Document is a document to be built. The zero value is an empty one.
type Document struct {
	Body     string            // inside w:body
	Styles   string            // inside w:styles
	Settings string            // inside w:settings
	Parts    map[string]string // further parts by name, as they are
	Types    map[string]string // their content types, by name
	// Relations of the body beyond styles and settings: id to "type target", where a target that holds :// is external.
	Relations map[string]string
	TopLevel  map[string]string // relations of the container: type to target
	MainType  string            // content type of the body; empty: a document without macros
}

// Part wraps what is inside a root element of the w namespace.
func Part(root, inside string) string {
	return `<?xml version="1.0" encoding="UTF-8" standalone="yes"?><w:` + root + Namespaces + `>` + inside + `</w:` + root + `>`
}

// Bytes builds the document.
func (d Document) Bytes() []byte {
	main := d.MainType
	if main == "" {
		main = "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"
	}
	parts := map[string]string{
		"word/document.xml": Part("document", "<w:body>"+d.Body+"</w:body>"),
		"word/styles.xml":   Part("styles", d.Styles),
		"word/settings.xml": Part("settings", d.Settings),
	}
	types := map[string]string{
		"word/document.xml": main,
		"word/styles.xml":   "application/vnd.openxmlformats-officedocument.wordprocessingml.styles+xml",
		"word/settings.xml": "application/vnd.openxmlformats-officedocument.wordprocessingml.settings+xml",
	}
	maps.Copy(parts, d.Parts)
	maps.Copy(types, d.Types)

	relations := map[string]string{"rIdStyles": "styles styles.xml", "rIdSettings": "settings settings.xml"}
	maps.Copy(relations, d.Relations)
	parts["word/_rels/document.xml.rels"] = rels(relations)
	top := map[string]string{"rIdMain": "officeDocument word/document.xml"}
	for kind, target := range d.TopLevel {
		top["rIdTop"+kind] = kind + " " + target
	}
	parts["_rels/.rels"] = rels(top)

	var b strings.Builder
	b.WriteString(`<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">` +
		`<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>` +
		`<Default Extension="xml" ContentType="application/xml"/><Default Extension="png" ContentType="image/png"/>` +
		`<Default Extension="jpg" ContentType="image/jpeg"/><Default Extension="bin" ContentType="application/octet-stream"/>`)
	for _, name := range slices.Sorted(maps.Keys(types)) {
		fmt.Fprintf(&b, `<Override PartName="/%s" ContentType="%s"/>`, name, types[name])
	}
	parts["[Content_Types].xml"] = b.String() + `</Types>`
	return Zip(parts)
}

func rels(list map[string]string) string {
	var b strings.Builder
	b.WriteString(`<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">`)
	for _, id := range slices.Sorted(maps.Keys(list)) {
		kind, target, _ := strings.Cut(list[id], " ")
		mode := ""
		if strings.Contains(target, "://") {
			mode = ` TargetMode="External"`
		}
		fmt.Fprintf(&b, `<Relationship Id="%s" Type="%s" Target="%s"%s/>`, id, relationshipBase+kind, target, mode)
	}
	return b.String() + `</Relationships>`
}

// Zip packs files, sorted by name. It panics when memory cannot be written to.
func Zip(files map[string]string) []byte {
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, name := range slices.Sorted(maps.Keys(files)) {
		f, err := w.Create(name)
		must(err)
		_, err = f.Write([]byte(files[name]))
		must(err)
	}
	must(w.Close())
	return b.Bytes()
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}
