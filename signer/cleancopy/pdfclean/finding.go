package pdfclean

import (
	"strings"
	"unicode/utf8"
)

// Kinds of what a PDF holds beside its pages.
const (
	KindAnnotation  = "annotation" // drawn into the page, unless it is not meant for print
	KindFormField   = "form_field" // likewise, with its value
	KindLink        = "link"       // its words stay on the page
	KindJavaScript  = "javascript"
	KindAction      = "action"
	KindAttachment  = "attachment"
	KindLayer       = "layer" // shown: its contents stay
	KindProperties  = "properties"
	KindMetadata    = "metadata"
	KindBookmarks   = "bookmarks"
	KindRevisions   = "earlier_version"
	KindTags        = "structure_tags"
	KindPrivate     = "application_data"
	KindPictureData = "picture_metadata"
	KindThumbnail   = "thumbnail"       // small picture of a page, which may show other than the page
	KindAlternate   = "alternate_image" // other version of a picture, for another occasion
	KindPostScript  = "postscript"      // program for a printer
	KindMedia       = "media"           // film, sound, three-dimensional model
)

// Kinds of what the pages draw without its being seen, which is taken out.
const (
	KindHiddenLayer   = "hidden_layer"    // its name and its words
	KindInvisibleText = "invisible_text"  // in a rendering mode that draws nothing
	KindRecognized    = "recognized_text" // likewise, over the picture of a scan
)

// Kinds of words that stay in the copy, though they are hard to see.
const (
	KindUnseenText  = "unseen_text"  // white on white, or beneath something
	KindTinyText    = "tiny_text"    // too small to be read
	KindOutsideText = "outside_text" // outside the visible part of the page
)

// Finding is one thing of a kind.
type Finding struct {
	Kind     string `json:"kind"`
	Page     int    `json:"page,omitempty"`     // from 1; 0 when it belongs to the document
	Property string `json:"property,omitempty"` // key of the information dictionary (ISO 32000-1, 14.3.3)
	Text     string `json:"text,omitempty"`     // its words, shortened; of a property its value
	Count    int    `json:"count"`
}

const (
	maxText     = 300 // characters
	maxFindings = 20000
)

// Add adds a finding to a list, to its last ones where they are the same. It is false when the list is full.
func Add(list *[]Finding, kind string, page int, text string, count int) bool {
	f := findings{list: *list}
	f.add(kind, page, text, count)
	*list = f.list
	return !f.truncated
}

type findings struct {
	list      []Finding
	truncated bool
}

func (f *findings) add(kind string, page int, text string, count int) {
	f.put(Finding{Kind: kind, Page: page, Text: text, Count: count})
}

func (f *findings) put(n Finding) {
	n.Property, n.Text = plain(n.Property), plain(n.Text)
	for i := len(f.list) - 1; i >= 0 && i > len(f.list)-8; i-- {
		if l := &f.list[i]; l.Kind == n.Kind && l.Page == n.Page && l.Property == n.Property && l.Text == n.Text {
			l.Count += n.Count
			return
		}
	}
	if len(f.list) == maxFindings {
		f.truncated = true
		return
	}
	f.list = append(f.list, n)
}

// plain is text on one line, shortened.
func plain(text string) string {
	text = strings.Join(strings.Fields(strings.ToValidUTF8(text, "")), " ")
	if utf8.RuneCountInString(text) > maxText {
		text = string([]rune(text)[:maxText-1]) + "…"
	}
	return text
}
