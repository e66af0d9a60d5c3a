package docx

import (
	"net/url"
	"strings"

	"sealdesk/signer/cleancopy/opc"
)

type role int

const (
	roleStory role = iota // text, or a drawing's XML: rewritten
	roleNotes
	roleStyles
	roleSettings
	roleFontTable
	roleTheme
	rolePicture
	roleFont
)

// roles are the relationships that draw something; no other is followed.
var roles = map[string]role{
	"header": roleStory, "footer": roleStory, "footnotes": roleNotes, "endnotes": roleNotes,
	"styles": roleStyles, "numbering": roleStory, "settings": roleSettings, "fontTable": roleFontTable, "font": roleFont,
	"theme": roleTheme, "themeOverride": roleTheme, "image": rolePicture,
	"chart": roleStory, "chartUserShapes": roleStory,
	"diagramData": roleStory, "diagramLayout": roleStory, "diagramQuickStyle": roleStory, "diagramColors": roleStory,
	"diagramDrawing": roleStory,
}

// named relationships mean nothing unless the part names them: what hung on words that are gone is gone with them.
var named = set("header", "footer", "font", "image", "chart", "chartUserShapes",
	"diagramData", "diagramLayout", "diagramQuickStyle", "diagramColors", "diagramDrawing")

// kinds name what other relationships lead to. An empty kind is not worth telling: it says nothing.
var kinds = map[string]string{
	"comments": "", "commentsExtended": "", "commentsIds": "", "commentsExtensible": "", "people": "",
	"documenttasks": KindComment,
	"webSettings":   "", "stylesWithEffects": "", "chartStyle": "", "chartColorStyle": "", "classificationlabels": KindProperties,
	"vbaProject": KindMacro, "wordVbaData": KindMacro, "keyMapCustomizations": KindMacro, "attachedToolbars": KindMacro,
	"extensibility": KindMacro, "ui": KindMacro, "webextension": KindMacro, "webextensiontaskpanes": KindMacro,
	"oleObject": KindObject, "package": KindObject, "control": KindControl, "activeXControlBinary": KindControl,
	"aFChunk": KindAltChunk, "customXml": KindCustomXML, "customXmlProps": KindCustomXML,
	"glossaryDocument": KindBlocks, "hyperlink": KindExternal, "ink": KindInk,
	"video": KindMedia, "audio": KindMedia, "media": KindMedia,
	"printerSettings": KindOther, "custom-properties": KindProperties,
}

// drop reports an arrow that is not followed, and what hangs on it.
func (c *cleaner) drop(r opc.Relation, part string) {
	kind, known := kinds[r.Type]
	switch {
	case r.External && r.Type == "hyperlink":
		c.found.add(Finding{Kind: KindExternal, Part: part, Text: r.Target + " "})
		return
	case r.External:
		c.found.add(Finding{Kind: KindExternalData, Part: part, Text: r.Target + " "})
		return
	case !known:
		kind = KindOther
	}
	if r.Type == "customXml" && strings.Contains(strings.ToLower(r.Target), "ink") {
		kind = KindInk
	}
	spelling, there := c.pkg.Name(r.Target)
	if kind != "" && there && !c.told[strings.ToLower(spelling)] {
		c.found.add(Finding{Kind: kind, Part: part, Text: r.Target + " "})
	}
	c.tellBelow(r.Target)
}

// partURI writes a part's name as a relationship's target.
func partURI(name string) string { return (&url.URL{Path: name}).EscapedPath() }
