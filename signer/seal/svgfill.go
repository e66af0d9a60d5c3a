package seal

import (
	"encoding/xml"
	"regexp"
	"strings"
	"sync"
)

// fillRules follows fill-rule through a drawing (SVG 1.1, 11.3): which shapes are filled by parity. The renderer leaves it out.
type fillRules struct {
	byParity []bool          // of the open elements
	parities []bool          // of the shapes, in the order of the file
	classes  map[string]bool // those of style sheets that say something of it
}

var (
	svgComment = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`(?s)/\*.*?\*/`) })
	svgClass   = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^\.[A-Za-z_][-\w]*$`) })
)

const svgFillRule = "fill-rule"

// push takes in what an element says: in its style, else by its class, else as an attribute, else what its parent says.
func (r *fillRules) push(list []xml.Attr) error {
	parent := len(r.byParity) > 0 && r.byParity[len(r.byParity)-1]
	rule, by := parent, 0
	set := func(rank int, value bool) {
		if rank >= by {
			rule, by = value, rank
		}
	}
	for _, a := range list {
		switch {
		case a.Name.Space != "":
		case a.Name.Local == svgFillRule:
			value, err := parity(a.Value, parent)
			if err != nil {
				return err
			}
			set(1, value)
		case a.Name.Local == "class":
			said := map[bool]bool{}
			for _, name := range strings.Fields(a.Value) {
				if value, ok := r.classes[name]; ok {
					said[value] = true
					set(2, value)
				}
			}
			if len(said) > 1 { // which of them comes later in the sheet is not kept
				return refused("svg_unsupported", "class="+a.Value)
			}
		case a.Name.Local == "style":
			value, said, err := declared(a.Value, parent)
			if err != nil {
				return err
			}
			if said {
				set(3, value)
			}
		}
	}
	r.byParity = append(r.byParity, rule)
	return nil
}

func (r *fillRules) pop() { r.byParity = r.byParity[:len(r.byParity)-1] }

// shape notes that the open element is a shape.
func (r *fillRules) shape() { r.parities = append(r.parities, r.byParity[len(r.byParity)-1]) }

// sheet takes in what a style sheet says of classes. Of other things it may not speak, nor of classes behind their use.
func (r *fillRules) sheet(css string) error {
	for _, rule := range strings.Split(svgComment().ReplaceAllString(css, " "), "}") {
		selectors, declarations, _ := strings.Cut(rule, "{")
		value, said, err := declared(declarations, false)
		if err != nil {
			return err
		}
		if !said {
			continue
		}
		for _, s := range strings.Split(selectors, ",") {
			s = strings.TrimSpace(s)
			name := strings.TrimPrefix(s, ".")
			if before, twice := r.classes[name]; !svgClass().MatchString(s) || len(r.parities) > 0 || twice && before != value {
				return refused("svg_unsupported", "style="+svgFillRule)
			}
			if r.classes == nil {
				r.classes = map[string]bool{}
			}
			r.classes[name] = value
		}
	}
	return nil
}

// declared finds the fill rule among declarations; the last one counts.
func declared(style string, parent bool) (value, said bool, err error) {
	for _, d := range strings.Split(style, ";") {
		name, text, _ := strings.Cut(d, ":")
		if strings.ToLower(strings.TrimSpace(name)) == svgFillRule {
			if value, err = parity(text, parent); err != nil {
				return false, false, err
			}
			said = true
		}
	}
	return value, said, nil
}

// parity reads a value of fill-rule.
func parity(value string, parent bool) (bool, error) {
	switch strings.ToLower(strings.TrimSpace(value)) {
	case "evenodd":
		return true, nil
	case "nonzero":
		return false, nil
	case "inherit":
		return parent, nil
	}
	return false, refused("svg_unsupported", svgFillRule+"="+value)
}
