package docx

import (
	"strings"

	"sealdesk/signer/cleancopy/xmltree"
)

// styles answers whether a style hides text. vanish is a toggle (ECMA-376 part 1, 17.7.3): set in a paragraph and in a
// character style at once, it cancels itself.
type styles struct {
	byID         map[string]style
	defaultPara  string
	defaultFonts fontSet
	hideAll      bool
}

type style struct {
	basedOn string
	vanish  *bool
	fonts   fontSet
}

const maxStyleChain = 32

func readStyles(root *xmltree.Node) styles {
	s := styles{byID: map[string]style{}}
	if root == nil {
		return s
	}
	for _, k := range root.Kids {
		switch {
		case k.Is("w", "docDefaults"):
			rPr := k.Child("w", "rPrDefault").Child("w", "rPr")
			s.defaultFonts = fontsOf(rPr.Child("w", "rFonts"))
			if v := vanish(rPr); v != nil {
				s.hideAll = *v
			}
		case k.Is("w", "style"):
			id, _ := k.Attr("w", "styleId")
			based, _ := k.Child("w", "basedOn").Attr("w", "val")
			s.byID[id] = style{basedOn: based, vanish: vanish(k.Child("w", "rPr")), fonts: fontsOf(k.Child("w", "rPr").Child("w", "rFonts"))}
			kind, _ := k.Attr("w", "type")
			if def, _ := k.Attr("w", "default"); on(def) && kind == "paragraph" {
				s.defaultPara = id
			}
		}
	}
	return s
}

func (s styles) hides(id string) bool {
	for range maxStyleChain {
		st, ok := s.byID[id]
		if !ok {
			return false
		}
		if st.vanish != nil {
			return *st.vanish
		}
		id = st.basedOn
	}
	return false
}

// hidden resolves what a run's or paragraph mark's own properties and the styles around it say together.
func (s styles) hidden(rPr *xmltree.Node, at place) bool {
	if v := vanish(rPr); v != nil {
		return *v
	}
	if s.hideAll {
		return true
	}
	para := at.paraStyle
	if para == "" {
		para = s.defaultPara
	}
	char, _ := rPr.Child("w", "rStyle").Attr("w", "val")
	return s.hides(para) != s.hides(char) != s.hides(at.tableStyle)
}

func vanish(rPr *xmltree.Node) *bool {
	v := rPr.Child("w", "vanish")
	if v == nil {
		v = rPr.Child("w", "specVanish")
	}
	if v == nil {
		return nil
	}
	val, given := v.Attr("w", "val")
	b := !given || on(val)
	return &b
}

// on reads a boolean as ECMA-376 writes it (ST_OnOff).
func on(v string) bool { return v == "1" || v == "true" || v == "on" }

// hiddenShape tells whether a drawing, picture or shape is marked as not to be shown.
func hiddenShape(n *xmltree.Node) bool {
	for _, k := range n.Kids {
		if nonVisual(k) {
			return true
		}
		if strings.HasPrefix(k.Local, "nv") {
			for _, kk := range k.Kids {
				if nonVisual(kk) {
					return true
				}
			}
		}
	}
	if n.Space == "v" {
		css, _ := n.Attr("", "style")
		for _, rule := range strings.Split(css, ";") {
			name, value, _ := strings.Cut(rule, ":")
			name, value = strings.ToLower(strings.TrimSpace(name)), strings.ToLower(strings.TrimSpace(value))
			if name == "visibility" && value == "hidden" || name == "display" && value == "none" {
				return true
			}
		}
	}
	return false
}

func nonVisual(n *xmltree.Node) bool {
	if n.Local != "docPr" && n.Local != "cNvPr" {
		return false
	}
	v, _ := n.Attr("", "hidden")
	return on(v)
}
