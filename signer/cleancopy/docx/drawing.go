package docx

import (
	"strings"

	"sealdesk/signer/cleancopy/xmltree"
)

// cut elements of drawings lead outside, act, or hold a second copy of what is drawn.
var cut = map[string]string{
	"a hlinkClick":      "",
	"a hlinkHover":      "",
	"a hlinkMouseOver":  "",
	"a videoFile":       KindMedia,
	"a audioFile":       KindMedia,
	"a audioCd":         KindMedia,
	"a wavAudioFile":    KindMedia,
	"a quickTimeFile":   KindMedia,
	"asvg svgBlip":      "",
	"wp15 webVideoPr":   KindMedia,
	"c externalData":    "", // told by the relationship
	"o OLEObject":       KindObject,
	"o ink":             KindInk,
	"wpi contentPart":   KindInk,
	"w14 contentPart":   KindInk,
	"w10 anchorlock":    "",
	"mc ProcessContent": "",
}

func (s *story) drawing(n *xmltree.Node, at place) []*xmltree.Node {
	if kind, ok := cut[n.Space+" "+n.Local]; ok {
		if kind != "" {
			s.report(at, Finding{Kind: kind, Text: programOf(n)})
		}
		return nil
	}
	if hiddenShape(n) {
		s.report(at, Finding{Kind: KindHiddenShape, Text: wordsOf(n)})
		return nil
	}
	if n.Is("mc", "Fallback") {
		at.silent = true
	}
	s.altText(n, at)
	s.attributes(n)
	if n.Is("a", "blip") && !hasPicture(n) {
		return nil
	}
	s.kids(n, at)
	s.container(n)
	if n.Is("mc", "AlternateContent") && !hasElement(n) {
		return nil
	}
	return []*xmltree.Node{n}
}

func programOf(n *xmltree.Node) string {
	id, _ := n.Attr("", "ProgID")
	return id
}

func hasPicture(blip *xmltree.Node) bool {
	_, embedded := blip.Attr("r", "embed")
	return embedded
}

// altText takes away descriptions, which often hold the path the picture came from and would reach the tagged PDF.
func (s *story) altText(n *xmltree.Node, at place) {
	shape := n.Local == "docPr" || n.Local == "cNvPr"
	if !shape && n.Space != "v" {
		return
	}
	n.DropAttrs(func(a xmltree.Attr) bool {
		told := shape && (a.Local == "descr" || a.Local == "title") || n.Space == "v" && a.Space == "" && a.Local == "alt" || a.Space == "o" && a.Local == "title"
		if told && strings.TrimSpace(a.Value) != "" {
			s.report(at, Finding{Kind: KindAltText, Text: a.Value})
		}
		return told
	})
	if shape {
		for i := range n.Attrs {
			if n.Attrs[i].Local == "name" && n.Attrs[i].Space == "" {
				n.Attrs[i].Value = ""
			}
		}
	}
}

// attributes drops editing marks, outside addresses and pointers to relationships that are not kept.
func (s *story) attributes(n *xmltree.Node) {
	n.DropAttrs(func(a xmltree.Attr) bool {
		switch a.Space {
		case "w":
			return strings.HasPrefix(a.Local, "rsid")
		case "w14":
			return a.Local == "paraId" || a.Local == "textId"
		case "r":
			return !s.live[a.Value]
		case "o":
			return a.Local == "href" || a.Local == "relid" && !s.live[a.Value]
		case "":
			return n.Space == "v" && (a.Local == "href" || a.Local == "target") ||
				(a.Local == "src" && (n.Space == "v" || n.Space == "w"))
		}
		return false
	})
}
