package docx

import (
	"strings"
	"unicode/utf8"

	"sealdesk/signer/cleancopy/xmltree"
)

// Kinds of what is taken out of a Word document.
const (
	KindInsertion    = "insertion"     // accepted: its words stay
	KindDeletion     = "deletion"      // accepted: its words are gone
	KindMove         = "move"          // accepted: the words stay where they were moved to
	KindFormatChange = "format_change" // the former look is forgotten
	KindComment      = "comment"
	KindHiddenText   = "hidden_text"
	KindHiddenShape  = "hidden_shape"
	KindHiddenRow    = "hidden_row"
	KindField        = "field" // frozen at what it showed
	KindMacro        = "macro"
	KindObject       = "embedded_object" // its picture stays
	KindControl      = "active_control"
	KindExternal     = "external_link" // its words stay
	KindExternalData = "external_content"
	KindAltChunk     = "alt_chunk"
	KindCustomXML    = "custom_xml"
	KindProperties   = "properties"
	KindVariables    = "document_variables"
	KindSignature    = "digital_signature"
	KindInk          = "ink"
	KindMedia        = "media"
	KindAltText      = "alt_text"
	KindNote         = "unreferenced_note"
	KindPictureData  = "picture_metadata"
	KindBlocks       = "building_blocks"
	KindOther        = "other_part"
)

// Finding is one thing that was taken out.
type Finding struct {
	Kind      string
	Part      string // body, header1, footnotes …; empty for the document as a whole
	Paragraph int    // from 1, as the part came in; 0 when it has no place
	Property  string // of a document property: its name, as the part has it
	Text      string // shortened to maxText; of a property its value
	Author    string
	Count     int
}

const (
	maxText     = 300   // runes of a finding's words
	maxFindings = 20000 // collected at all
)

// findings collects; neighbours of one kind in one paragraph become one, but for comments and properties, each of which says its own.
type findings struct {
	list      []Finding
	truncated bool
}

func (f *findings) add(n Finding) {
	if n.Count == 0 {
		n.Count = 1
	}
	if last := len(f.list) - 1; last >= 0 {
		l := &f.list[last]
		if l.Kind == n.Kind && l.Part == n.Part && l.Paragraph == n.Paragraph && l.Author == n.Author && l.Property == n.Property && n.Kind != KindComment {
			l.Count += n.Count
			if n.Text != "" && !strings.HasSuffix(l.Text, "…") {
				l.Text = shorten(l.Text + n.Text)
			}
			return
		}
	}
	if len(f.list) >= maxFindings {
		f.truncated = true
		return
	}
	n.Property, n.Text, n.Author = shorten(n.Property), shorten(n.Text), shorten(n.Author)
	f.list = append(f.list, n)
}

func shorten(s string) string {
	if utf8.RuneCountInString(s) <= maxText {
		return s
	}
	return string([]rune(s)[:maxText-1]) + "…"
}

// wordsOf gathers what a node says, deleted or not, up to what a finding can hold.
func wordsOf(n *xmltree.Node) string {
	var b strings.Builder
	n.Walk(func(k *xmltree.Node) bool {
		switch {
		case b.Len() > 4*maxText:
			return false
		case k.Is("w", "t") || k.Is("w", "delText") || k.Is("m", "t") || k.Is("a", "t"):
			for _, t := range k.Kids {
				b.WriteString(t.Text)
			}
			return false
		case k.Is("w", "tab"):
			b.WriteByte(' ')
		case k.Is("w", "drawing") || k.Is("w", "pict") || k.Is("w", "object"):
			b.WriteString("▣")
		case k.Is("w", "p") && b.Len() > 0:
			b.WriteByte(' ')
		case k.Is("mc", "Fallback"):
			return false
		}
		return true
	})
	return b.String()
}
