package words

// properties are the names of what a document tells of itself, under which the language files have them: of a Word document as in
// docProps (ECMA-376-2, 11; ECMA-376-1, 22.2), of a PDF as in its information dictionary (ISO 32000-1, 14.3.3), with those that
// office programs write there besides. A PDF's Creator is a program, a Word document's creator a person.
var properties = map[string]string{
	"title": "title", "subject": "subject", "creator": "author", "keywords": "keywords", "description": "comments",
	"lastModifiedBy": "last_author", "category": "category", "contentStatus": "status", "identifier": "identifier",
	"Company": "company", "Manager": "manager", "HyperlinkBase": "link_base", "thumbnail": "thumbnail",
	"Title": "title", "Author": "author", "Subject": "subject", "Keywords": "keywords", "Creator": "program", "Trapped": "trapped",
	"Comments": "comments", "Category": "category", "SourceModified": "source_modified", "PTEX.Fullbanner": "program",
}

// Property is what a document told of itself, its name in the catalog's language; a name that is not known stands as it is, quoted.
func (c *Catalog) Property(name, value string) string {
	said := c.T("found.property_quoted", "name", name)
	if known, ok := properties[name]; ok {
		said = c.T("found.property." + known)
	}
	if value == "" {
		return said
	}
	return c.T("found.property_value", "name", said, "value", value)
}
