package opc

import (
	"net/url"
	"path"
	"strings"
)

// Relation is an arrow from one part to another, or out of the container.
type Relation struct {
	ID       string
	Type     string // last path segment of the relationship type, e.g. "image"
	Full     string // the whole relationship type
	External bool
	Target   string // name of a part when not External, else what was written
}

// Relations lists the arrows that leave a part; "" asks for those of the container itself.
func (p *Package) Relations(part string) ([]Relation, error) {
	dir, base := path.Split(part)
	name := dir + "_rels/" + base + ".rels"
	if _, ok := p.Name(name); !ok {
		return nil, nil
	}
	root, err := p.XML(name, nil)
	if err != nil {
		return nil, err
	}
	var rels []Relation
	for _, k := range root.Kids {
		if k.Local != "Relationship" {
			continue
		}
		id, _ := k.Attr("", "Id")
		full, _ := k.Attr("", "Type")
		target, _ := k.Attr("", "Target")
		mode, _ := k.Attr("", "TargetMode")
		r := Relation{ID: id, Full: full, Type: full[strings.LastIndexByte(full, '/')+1:], Target: target}
		if strings.EqualFold(mode, "External") {
			r.External = true
		} else if inside, ok := resolve(dir, target); ok {
			r.Target = inside
		} else {
			r.External = true // an address that leaves the container, whatever it calls itself
		}
		rels = append(rels, r)
	}
	return rels, nil
}

func resolve(dir, target string) (string, bool) {
	target = strings.ReplaceAll(target, `\`, "/")
	u, err := url.Parse(target)
	if err != nil || u.Scheme != "" || u.Host != "" {
		return "", false
	}
	name := u.Path
	if !strings.HasPrefix(name, "/") {
		name = "/" + dir + name
	}
	return strings.TrimPrefix(path.Clean(name), "/"), true
}

// Kind tells what the container holds: docx, xlsx, pptx, odt, ods, odp, ofd, or "zip" when it is none of these.
func (p *Package) Kind() (kind, mainPart string, err error) {
	rels, err := p.Relations("")
	if err != nil {
		return "", "", err
	}
	for _, r := range rels {
		if r.Type != "officeDocument" || r.External {
			continue
		}
		t := p.ContentType(r.Target)
		switch {
		case strings.Contains(t, "wordprocessingml") || strings.Contains(t, "ms-word"):
			return "docx", r.Target, nil
		case strings.Contains(t, "spreadsheetml") || strings.Contains(t, "ms-excel"):
			return "xlsx", r.Target, nil
		case strings.Contains(t, "presentationml") || strings.Contains(t, "ms-powerpoint"):
			return "pptx", r.Target, nil
		}
	}
	if _, ok := p.Name("OFD.xml"); ok {
		return "ofd", "", nil
	}
	if _, ok := p.Name("mimetype"); ok {
		b, err := p.Read("mimetype", 256)
		if err != nil {
			return "zip", "", nil
		}
		for suffix, kind := range map[string]string{"text": "odt", "spreadsheet": "ods", "presentation": "odp"} {
			if strings.HasSuffix(strings.TrimSpace(string(b)), "opendocument."+suffix) {
				return kind, "", nil
			}
		}
	}
	return "zip", "", nil
}
