package fonts

import (
	_ "embed"
	"encoding/json"
	"slices"
	"strings"
	"sync"
)

//go:embed table.json
var tableJSON []byte

// row is a font with all its names, and those that resemble it, the closest first.
type row struct {
	names, by []string
}

var table = sync.OnceValue(func() []row {
	var data struct {
		Families map[string][]string `json:"families"`
		Fonts    []struct {
			Names []string `json:"names"`
			First []string `json:"first"`
			Like  string   `json:"like"`
		} `json:"fonts"`
	}
	if err := json.Unmarshal(tableJSON, &data); err != nil {
		panic(err) // the file is part of the program
	}
	var rows []row
	for _, f := range data.Fonts {
		by := slices.Concat(f.Names, f.First, data.Families[f.Like])
		rows = append(rows, row{names: f.Names, by: by})
	}
	return rows
})

// Replacement is a font that is not installed, and the one that stands in for it.
type Replacement struct{ Name, By string }

// Replacements are those of every font in the table that is not installed and has a stand-in that is, in the table's
// order.
func (s *Set) Replacements() []Replacement {
	var list []Replacement
	for _, r := range table() {
		for _, name := range r.names {
			if s.Has(name) {
				continue
			}
			if by := s.first(r.by); by != "" {
				list = append(list, Replacement{Name: name, By: by})
			}
		}
	}
	return list
}

// Replacement is the stand-in of one font, "" when the table has none that is installed.
func (s *Set) Replacement(name string) string {
	for _, r := range table() {
		if slices.ContainsFunc(r.names, func(n string) bool { return strings.EqualFold(n, name) }) {
			return s.first(r.by)
		}
	}
	return ""
}

func (s *Set) first(names []string) string {
	for _, n := range names {
		if s.Has(n) {
			return n
		}
	}
	return ""
}
