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
)

// Finding is one of them.
type Finding struct {
	Kind  string
	Page  int // from 1; 0 when it belongs to the document
	Text  string
	Count int
}

const (
	maxText     = 300
	maxFindings = 20000
)

type findings struct {
	list      []Finding
	truncated bool
}

func (f *findings) add(kind string, page int, text string, count int) {
	text = strings.Join(strings.Fields(strings.ToValidUTF8(text, "")), " ")
	if utf8.RuneCountInString(text) > maxText {
		text = string([]rune(text)[:maxText-1]) + "…"
	}
	for i := len(f.list) - 1; i >= 0 && i > len(f.list)-8; i-- {
		if l := &f.list[i]; l.Kind == kind && l.Page == page && l.Text == text {
			l.Count += count
			return
		}
	}
	if len(f.list) == maxFindings {
		f.truncated = true
		return
	}
	f.list = append(f.list, Finding{Kind: kind, Page: page, Text: text, Count: count})
}
