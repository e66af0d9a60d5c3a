package probe

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// A Package is one that the go command knows.
type Package struct {
	Name, ImportPath, Dir     string
	GoFiles                   []string // without their folder; those that this system's programs are made of
	TestGoFiles, XTestGoFiles []string
}

// Packages are those that patterns name.
func Packages(ctx context.Context, tags string, patterns ...string) ([]Package, error) {
	cmd := exec.CommandContext(ctx, "go", append([]string{"list", "-json=Name,ImportPath,Dir,GoFiles,TestGoFiles,XTestGoFiles", "-tags", tags}, patterns...)...)
	var complaint strings.Builder
	cmd.Stderr = &complaint
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("go list: %w\n%s", err, complaint.String())
	}
	var all []Package
	for d := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p Package
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			return all, nil
		} else if err != nil {
			return nil, fmt.Errorf("go list: %w", err)
		}
		all = append(all, p)
	}
}

// Sources are the paths of the files that people wrote and no test.
func (p Package) Sources() []string {
	var all []string
	for _, f := range p.GoFiles {
		if !strings.HasSuffix(f, ".gen.go") {
			all = append(all, filepath.Join(p.Dir, f))
		}
	}
	slices.Sort(all)
	return all
}

// Tested tells that the package has tests.
func (p Package) Tested() bool { return len(p.TestGoFiles)+len(p.XTestGoFiles) > 0 }
