package docx

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/xml"
	"fmt"
	"io"
	"maps"
	"path"
	"slices"
	"strings"

	"sealdesk/signer/cleancopy/opc"
	"sealdesk/signer/cleancopy/xmltree"
)

// Result tells what was taken out and what the document asks for.
type Result struct {
	Findings   []Finding
	Truncated  bool
	Fonts      []string // sorted names of fonts that the document asks for
	DateFields int      // fields frozen that showed the date of the day
}

// Clean writes to w a document that prints like main of pkg does with all changes accepted, and holds nothing else.
func Clean(ctx context.Context, pkg *opc.Package, main string, w io.Writer) (*Result, error) {
	c := cleaner{
		ctx: ctx, pkg: pkg, main: main, out: zip.NewWriter(w),
		notes: map[string]bool{}, comments: map[string]comment{}, asked: asked{styles: map[string]bool{}},
		done: map[string]bool{}, told: map[string]bool{}, types: map[string]string{}, media: map[string]string{},
	}
	if err := c.run(); err != nil {
		return nil, err
	}
	fonts := slices.Sorted(maps.Keys(c.asked.names(c.styles, c.theme)))
	return &Result{Findings: c.found.list, Truncated: c.found.truncated, Fonts: fonts, DateFields: c.dates}, nil
}

type cleaner struct {
	ctx      context.Context
	pkg      *opc.Package
	main     string
	out      *zip.Writer
	styles   styles
	comments map[string]comment
	notes    map[string]bool
	asked    asked
	theme    map[string]string
	done     map[string]bool   // parts written, in lower case
	told     map[string]bool   // parts that hang on something already reported
	types    map[string]string // content types of parts written
	media    map[string]string // content types of pictures looked at; empty: not to be drawn
	found    findings
	dates    int
	late     []job // notes: cleaned when it is known which are referred to
}

type job struct {
	name string
	role role
}

func (c *cleaner) run() error {
	top, err := c.pkg.Relations("")
	if err != nil {
		return err
	}
	for _, r := range top {
		if err := c.topLevel(r); err != nil {
			return err
		}
	}
	rels, err := c.pkg.Relations(c.main)
	if err != nil {
		return err
	}
	if err := c.prepare(rels); err != nil {
		return err
	}
	queue := []job{{c.main, roleStory}}
	for len(queue) > 0 || len(c.late) > 0 {
		if len(queue) == 0 {
			queue, c.late = c.late, nil
		}
		next, err := c.part(queue[0])
		if err != nil {
			return err
		}
		queue = append(queue[1:], next...)
	}
	for _, name := range c.pkg.Names() { // what no arrow leads to
		if key := strings.ToLower(name); !c.done[key] && !c.told[key] && !ofContainer(name) {
			c.found.add(Finding{Kind: KindOther, Part: name})
		}
	}
	return c.finish()
}

// ofContainer tells whether a part is none of the document's, but says how its parts hang together: that is written anew.
func ofContainer(name string) bool {
	name = strings.ToLower(name)
	return strings.HasPrefix(name, "[content_types]") || strings.HasSuffix(name, ".rels")
}

// topLevel reports what hangs on the container itself.
func (c *cleaner) topLevel(r opc.Relation) error {
	if r.External {
		c.found.add(Finding{Kind: KindExternalData, Text: r.Target})
		return nil
	}
	switch r.Type {
	case "officeDocument":
		return nil
	case "core-properties", "extended-properties", "custom-properties":
		c.told[strings.ToLower(r.Target)] = true
		if _, ok := c.pkg.Name(r.Target); !ok {
			return nil
		}
		root, err := c.pkg.XML(r.Target, alias)
		if err != nil {
			return err
		}
		for _, f := range propertiesOf(root) {
			c.found.add(f)
		}
	case "thumbnail", "metadata/thumbnail":
		c.found.add(Finding{Kind: KindProperties, Property: "thumbnail"})
		c.tellBelow(r.Target)
	case "origin":
		c.found.add(Finding{Kind: KindSignature})
		c.tellBelow(r.Target)
	default:
		c.drop(r, "")
	}
	return nil
}

// ownProperties are those that say something about people or the document; the rest is about the program.
var ownProperties = set("title", "subject", "creator", "keywords", "description", "lastModifiedBy", "category", "contentStatus",
	"identifier",
	"Company", "Manager", "HyperlinkBase", "property")

func propertiesOf(root *xmltree.Node) []Finding {
	var list []Finding
	for _, k := range root.Kids {
		text := strings.TrimSpace(allText(k))
		if text == "" || !ownProperties[k.Local] {
			continue
		}
		name := k.Local
		if given, ok := k.Attr("", "name"); ok {
			name = given
		}
		list = append(list, Finding{Kind: KindProperties, Property: name, Text: text})
	}
	return list
}

func allText(n *xmltree.Node) string {
	var b strings.Builder
	n.Walk(func(k *xmltree.Node) bool {
		b.WriteString(k.Text)
		return b.Len() < 4*maxText
	})
	return b.String()
}

func (c *cleaner) mark(part string) { c.done[strings.ToLower(part)] = true }

// tellBelow marks a part that is dropped, and all that hangs on it, so that one finding speaks for all.
func (c *cleaner) tellBelow(part string) {
	todo := []string{part}
	for len(todo) > 0 {
		p := todo[0]
		todo = todo[1:]
		if key := strings.ToLower(p); c.told[key] {
			continue
		} else {
			c.told[key] = true
		}
		rels, err := c.pkg.Relations(p)
		if err != nil {
			continue // it is not copied; that it cannot be read does not matter
		}
		for _, r := range rels {
			if !r.External {
				todo = append(todo, r.Target)
			}
		}
	}
}

// prepare reads what the rewriting of stories asks: styles and comments.
func (c *cleaner) prepare(rels []opc.Relation) error {
	for _, r := range rels {
		if r.External {
			continue
		}
		if _, ok := c.pkg.Name(r.Target); !ok {
			continue
		}
		switch r.Type {
		case "styles":
			root, err := c.pkg.XML(r.Target, alias)
			if err != nil {
				return err
			}
			c.styles = readStyles(root)
		case "theme":
			root, err := c.pkg.XML(r.Target, alias)
			if err != nil {
				return err
			}
			c.theme = themeFonts(root)
		case "comments":
			root, err := c.pkg.XML(r.Target, alias)
			if err != nil {
				return err
			}
			for _, k := range root.Kids {
				if id, ok := k.Attr("w", "id"); ok && k.Is("w", "comment") {
					author, _ := k.Attr("w", "author")
					c.comments[id] = comment{author: author, text: wordsOf(k)}
				}
			}
		}
	}
	return nil
}

// part writes one part and returns those it leads to.
func (c *cleaner) part(j job) ([]job, error) {
	if err := c.ctx.Err(); err != nil {
		return nil, err
	}
	name, ok := c.pkg.Name(j.name)
	if !ok || c.done[strings.ToLower(name)] {
		return nil, nil
	}
	c.mark(name)
	rels, err := c.pkg.Relations(name)
	if err != nil {
		return nil, err
	}
	live := map[string]bool{}
	var kept []opc.Relation
	for _, r := range rels {
		role, ok := roles[r.Type]
		if !ok || r.External {
			c.drop(r, label(name))
			continue
		}
		if target, there := c.pkg.Name(r.Target); !there || ofContainer(target) {
			continue
		}
		if role == rolePicture {
			usable, err := c.drawable(r.Target)
			if err != nil {
				return nil, err
			}
			if !usable {
				continue
			}
		}
		live[r.ID] = true
		kept = append(kept, r)
	}
	before, used, err := c.write(name, j.role, live)
	if err != nil {
		return nil, err
	}
	if err := c.diagrams(kept, used); err != nil {
		return nil, err
	}
	kept = slices.DeleteFunc(kept, func(r opc.Relation) bool {
		unused := named[r.Type] && !used[r.ID]
		if unused {
			if !before[r.ID] && r.Type != "diagramDrawing" { // else what pointed to it is taken out, and reported there
				c.found.add(Finding{Kind: KindOther, Part: label(name), Text: r.Target + " "})
			}
			c.tellBelow(r.Target)
		}
		return unused
	})
	var next []job
	for _, r := range kept {
		switch role := roles[r.Type]; role {
		case rolePicture:
			if err := c.picture(r.Target); err != nil {
				return nil, err
			}
		case roleNotes:
			c.late = append(c.late, job{r.Target, role})
		default:
			next = append(next, job{r.Target, role})
		}
	}
	return next, c.writeRelations(name, kept)
}

// diagrams adds the drawings that the diagrams in use name: they are the body's relations, though only the data names them.
func (c *cleaner) diagrams(rels []opc.Relation, used map[string]bool) error {
	for _, r := range rels {
		if r.Type != "diagramData" || !used[r.ID] {
			continue
		}
		root, err := c.pkg.XML(r.Target, alias)
		if err != nil {
			return err
		}
		root.Walk(func(k *xmltree.Node) bool {
			if id, ok := k.Attr("", "relId"); ok && k.Local == "dataModelExt" {
				used[id] = true
			}
			return true
		})
	}
	return nil
}

// write writes a part and tells which relations it named, and which it still does.
func (c *cleaner) write(name string, role role, live map[string]bool) (before, used map[string]bool, err error) {
	if role == roleFont {
		c.types[name] = "application/vnd.openxmlformats-officedocument.obfuscatedFont"
		w, err := c.out.Create(name)
		if err != nil {
			return nil, nil, err
		}
		return nil, nil, c.pkg.Copy(w, name, maxFont)
	}
	root, err := c.pkg.XML(name, alias)
	if err != nil {
		return nil, nil, err
	}
	before = namesOf(root)
	switch role {
	case roleSettings:
		c.settings(root)
	case roleFontTable, roleTheme:
	case roleStyles:
		c.generic(root, name, role, live)
		stripVanish(root)
	default:
		c.generic(root, name, role, live)
	}
	used = namesOf(root)
	c.types[name] = c.contentType(name)
	w, err := c.out.Create(name)
	if err != nil {
		return nil, nil, err
	}
	_, err = w.Write(root.Bytes())
	return before, used, err
}

// namesOf lists the relations that a part names.
func namesOf(root *xmltree.Node) map[string]bool {
	names := map[string]bool{}
	root.Walk(func(k *xmltree.Node) bool {
		for _, a := range k.Attrs {
			if a.Space == "r" || a.Space == "o" && a.Local == "relid" {
				names[a.Value] = true
			}
		}
		return true
	})
	return names
}

const mainType = "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"

func (c *cleaner) contentType(name string) string {
	if name == c.main || strings.EqualFold(name, c.main) {
		return mainType // whatever it was: a template or one with macros
	}
	return c.pkg.ContentType(name)
}

func (c *cleaner) generic(root *xmltree.Node, name string, role role, live map[string]bool) {
	s := story{
		styles: c.styles, comments: c.comments, notes: c.notes, live: live, found: &c.found, asked: &c.asked,
		part: label(name), inNotes: root.Is("w", "footnotes") || root.Is("w", "endnotes"), numbering: root.Is("w", "numbering"),
	}
	if role == roleStyles {
		s.asked = &asked{styles: map[string]bool{}} // most styles of a document draw nothing
	}
	s.clean(root)
	c.dates += s.dates
}

// settings keeps those that change how pages look.
func (c *cleaner) settings(root *xmltree.Node) {
	root.Filter(func(k *xmltree.Node) bool {
		if k.Is("w", "docVars") {
			for _, v := range k.Kids {
				name, _ := v.Attr("w", "name")
				val, _ := v.Attr("w", "val")
				if name != "" {
					c.found.add(Finding{Kind: KindVariables, Text: name + "=" + val + " "})
				}
			}
		}
		return k.IsText() || k.Space == "w" && keptSettings[k.Local] || k.Is("m", "mathPr")
	})
	root.Walk(func(k *xmltree.Node) bool {
		k.DropAttrs(func(a xmltree.Attr) bool { return a.Space == "r" })
		return true
	})
}

// stripVanish makes styles draw what is left: which runs they hid is settled.
func stripVanish(root *xmltree.Node) {
	root.Walk(func(k *xmltree.Node) bool {
		k.Filter(func(c *xmltree.Node) bool { return !c.Is("w", "vanish") && !c.Is("w", "specVanish") })
		return true
	})
}

// label names a part as a person would: body, header1, footnotes.
func label(name string) string {
	base := strings.TrimSuffix(path.Base(name), path.Ext(name))
	if base == "document" {
		return "body"
	}
	return base
}

func (c *cleaner) writeRelations(name string, rels []opc.Relation) error {
	if len(rels) == 0 {
		return nil
	}
	dir, base := path.Split(name)
	return c.printRelations(dir+"_rels/"+base+".rels", rels)
}

func (c *cleaner) printRelations(name string, rels []opc.Relation) error {
	var b bytes.Buffer
	b.WriteString(xml.Header + `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">`)
	for _, r := range rels {
		target, _ := c.pkg.Name(r.Target)
		fmt.Fprintf(&b, `<Relationship Id="%s" Type="%s" Target="/%s"/>`, escape(r.ID), escape(r.Full), escape(partURI(target)))
	}
	b.WriteString(`</Relationships>`)
	w, err := c.out.Create(name)
	if err != nil {
		return err
	}
	_, err = w.Write(b.Bytes())
	return err
}

// finish writes the container's own relationship and the content types.
func (c *cleaner) finish() error {
	main, _ := c.pkg.Name(c.main)
	const office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument"
	if err := c.printRelations("_rels/.rels", []opc.Relation{{ID: "rId1", Full: office, Target: main}}); err != nil {
		return err
	}
	var b bytes.Buffer
	b.WriteString(xml.Header + `<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">` +
		`<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>`)
	for _, name := range slices.Sorted(maps.Keys(c.types)) {
		fmt.Fprintf(&b, `<Override PartName="/%s" ContentType="%s"/>`, escape(partURI(name)), escape(c.types[name]))
	}
	b.WriteString(`</Types>`)
	w, err := c.out.Create("[Content_Types].xml")
	if err != nil {
		return err
	}
	if _, err := w.Write(b.Bytes()); err != nil {
		return err
	}
	return c.out.Close()
}

func escape(s string) string {
	var b strings.Builder
	_ = xml.EscapeText(&b, []byte(s)) // a strings.Builder does not fail
	return b.String()
}
