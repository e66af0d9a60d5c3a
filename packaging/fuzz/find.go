package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
)

// A suite is a package with the names of its fuzz targets.
type suite struct {
	path, folder string
	targets      []string
}

var declaration = regexp.MustCompile(`(?m)^func (Fuzz\w*)\(\w+ \*testing\.F\)`)

// find lists the packages that have targets.
func find(ctx context.Context, tags string, patterns []string) ([]suite, error) {
	const files = `{{.ImportPath}}|{{.Dir}}|{{range .TestGoFiles}}{{.}}|{{end}}{{range .XTestGoFiles}}{{.}}|{{end}}`
	cmd := exec.CommandContext(ctx, "go", append([]string{"list", "-tags", tags, "-f", files}, patterns...)...)
	var errs bytes.Buffer
	cmd.Stderr = &errs
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("go list: %w\n%s", err, errs.String())
	}
	var found []suite
	for line := range strings.Lines(string(out)) {
		fields := strings.Split(strings.TrimSpace(line), "|")
		s := suite{path: fields[0], folder: fields[1]}
		for _, name := range fields[2:] {
			if name == "" {
				continue
			}
			text, err := os.ReadFile(filepath.Join(s.folder, name))
			if err != nil {
				return nil, err
			}
			for _, m := range declaration.FindAllSubmatch(text, -1) {
				s.targets = append(s.targets, string(m[1]))
			}
		}
		if len(s.targets) > 0 {
			found = append(found, s)
		}
	}
	return found, nil
}
