package docx

import (
	"strings"

	"sealdesk/signer/cleancopy/xmltree"
)

// fontSet is what a set of run properties asks for: font names, or slots of the theme.
type fontSet struct{ latin, eastAsian []string }

func (f *fontSet) add(g fontSet) {
	f.latin, f.eastAsian = append(f.latin, g.latin...), append(f.eastAsian, g.eastAsian...)
}

const themeSlot = "theme:" // marks a name that the theme resolves

func fontsOf(rFonts *xmltree.Node) fontSet {
	var f fontSet
	if rFonts == nil {
		return f
	}
	for _, a := range rFonts.Attrs {
		if a.Space != "w" || a.Value == "" {
			continue
		}
		switch a.Local {
		case "ascii", "hAnsi":
			f.latin = append(f.latin, a.Value)
		case "asciiTheme", "hAnsiTheme":
			f.latin = append(f.latin, themeSlot+a.Value)
		case "eastAsia":
			f.eastAsian = append(f.eastAsian, a.Value)
		case "eastAsiaTheme":
			f.eastAsian = append(f.eastAsian, themeSlot+a.Value)
		}
	}
	return f
}

// asked gathers the fonts and styles that the words of a document use.
type asked struct {
	fonts     fontSet
	styles    map[string]bool
	eastAsian bool // there are words that an East Asian font draws
}

func (a *asked) text(s string) {
	if a.eastAsian {
		return
	}
	a.eastAsian = strings.IndexFunc(s, func(r rune) bool { return r >= 0x2E80 && r < 0xE000 || r >= 0xF900 && r < 0xFB00 || r >= 0x20000 }) >= 0
}

// names resolves what was asked to names of fonts.
func (a *asked) names(s styles, theme map[string]string) map[string]bool {
	all := a.fonts
	all.add(s.defaultFonts)
	a.styles[s.defaultPara] = true
	for id := range a.styles {
		for range maxStyleChain {
			st, ok := s.byID[id]
			if !ok {
				break
			}
			all.add(st.fonts)
			id = st.basedOn
		}
	}
	if !a.eastAsian {
		all.eastAsian = nil
	}
	names := map[string]bool{}
	for _, n := range append(all.latin, all.eastAsian...) {
		if slot, ok := strings.CutPrefix(n, themeSlot); ok {
			n = theme[slot]
		}
		if n != "" {
			names[n] = true
		}
	}
	return names
}

// themeFonts reads the fonts of a theme for simplified Chinese documents, by the slots that run properties name.
func themeFonts(root *xmltree.Node) map[string]string {
	slots := map[string]string{}
	scheme := root.Child("a", "themeElements").Child("a", "fontScheme")
	for _, size := range []string{"major", "minor"} {
		fonts := scheme.Child("a", size+"Font")
		latin, _ := fonts.Child("a", "latin").Attr("", "typeface")
		ea, _ := fonts.Child("a", "ea").Attr("", "typeface")
		if fonts != nil && ea == "" {
			for _, k := range fonts.Kids {
				if script, _ := k.Attr("", "script"); script == "Hans" {
					ea, _ = k.Attr("", "typeface")
				}
			}
		}
		slots[size+"Ascii"], slots[size+"HAnsi"], slots[size+"EastAsia"] = latin, latin, ea
	}
	return slots
}
