package main

import (
	"encoding/json"
	"os"
	"runtime/debug"
	"strings"
	"time"
)

// bom is a bill of materials, CycloneDX 1.6 in JSON, of what is linked into the programs of one target.
type bom struct {
	Format       string       `json:"bomFormat"`
	Spec         string       `json:"specVersion"`
	Version      int          `json:"version"`
	Metadata     bomMetadata  `json:"metadata"`
	Components   []component  `json:"components"`
	Dependencies []dependency `json:"dependencies"`
}

type bomMetadata struct {
	Timestamp string    `json:"timestamp"`
	Component component `json:"component"`
}

type component struct {
	Type    string `json:"type"`
	Ref     string `json:"bom-ref"`
	Name    string `json:"name"`
	Version string `json:"version"`
	PURL    string `json:"purl,omitempty"`
}

type dependency struct {
	Ref string   `json:"ref"`
	On  []string `json:"dependsOn"`
}

// fonts are what is embedded and is no module.
var fonts = []component{
	{Type: "data", Ref: "font:sans", Name: "Noto Sans CJK SC (subset)", Version: "2.004"},
	{Type: "data", Ref: "font:serif", Name: "Noto Serif CJK SC (subset)", Version: "2.001"},
}

func billOf(c commit, t target, modules []debug.Module) bom {
	self := component{Type: "application", Ref: "sealdesk", Name: "sealdesk-" + t.os + "-" + t.arch, Version: c.version}
	b := bom{"CycloneDX", "1.6", 1, bomMetadata{c.when.Format(time.RFC3339), self}, nil, nil}
	on := dependency{Ref: self.Ref}
	for _, m := range modules {
		purl := "pkg:golang/" + m.Path + "@" + strings.ReplaceAll(m.Version, "+", "%2B")
		b.Components = append(b.Components, component{"library", purl, m.Path, m.Version, purl})
		on.On = append(on.On, purl)
	}
	for _, f := range fonts {
		b.Components = append(b.Components, f)
		on.On = append(on.On, f.Ref)
	}
	b.Dependencies = []dependency{on}
	return b
}

func writeBill(path string, b bom) error {
	data, err := json.MarshalIndent(b, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(path, append(data, '\n'), 0o644)
}
