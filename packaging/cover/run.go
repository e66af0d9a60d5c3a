package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"text/tabwriter"

	"sealdesk/packaging/probe"
)

type cover struct {
	tags    string
	least   float64
	missing *regexp.Regexp // nil: none
	out     io.Writer
}

// run measures packages by their tests and those of others.
func (c cover) run(ctx context.Context, patterns, tested []string) error {
	if len(patterns) == 0 {
		return errors.New("no package is named")
	}
	packages, err := probe.Packages(ctx, c.tags, patterns...)
	if err != nil {
		return err
	}
	packages = slices.DeleteFunc(packages, func(p probe.Package) bool { return strings.HasSuffix(p.Name, "test") })
	var all []branching
	ends := make([]int, len(packages)) // of each package's branchings
	for i, p := range packages {
		for _, file := range p.Sources() {
			source, err := os.ReadFile(file)
			if err != nil {
				return err
			}
			some, err := branchings(file, source)
			if err != nil {
				return err
			}
			all = append(all, some...)
		}
		ends[i] = len(all)
	}
	went, unfit, failed, err := c.test(ctx, packages, slices.Concat(patterns, tested), all)
	if err != nil {
		return err
	}
	under := c.table(packages, all, ends, went, unfit)
	switch {
	case failed != nil:
		return fmt.Errorf("the tests fail: %w", failed)
	case under > 0:
		return fmt.Errorf("%d packages under %v %%", under, c.least)
	}
	return nil
}

// test runs the tests and returns which ways they went, which branchings have no probe, and whether tests failed.
func (c cover) test(ctx context.Context, packages []probe.Package, tested []string, all []branching) (went map[probe.Outcome]bool, unfit map[int]bool, failed, err error) {
	folder, err := os.MkdirTemp("", "cover-")
	if err != nil {
		return nil, nil, nil, err
	}
	defer os.RemoveAll(folder)
	var probes []probe.Probe
	for _, b := range all {
		probes = append(probes, b.probe)
	}
	overlay, err := probe.Lay(ctx, folder, c.tags, packages, probes)
	if err != nil {
		return nil, nil, nil, err
	}
	log := filepath.Join(folder, "went")
	cmd := exec.CommandContext(ctx, "go", append([]string{"test", "-count=1", "-vet=off", "-timeout", "30m", "-tags", c.tags, "-overlay", overlay.File}, tested...)...)
	cmd.Env, cmd.Stdout, cmd.Stderr = probe.Environment(log, 0), os.Stderr, os.Stderr
	failed = cmd.Run()
	if ctx.Err() != nil {
		return nil, nil, nil, ctx.Err()
	}
	went, err = probe.Read(log)
	return went, overlay.Unfit, failed, err
}

// table prints a line for each package that branches, and tells how many are under the least.
func (c cover) table(packages []probe.Package, all []branching, ends []int, went map[probe.Outcome]bool, unfit map[int]bool) (under int) {
	table := tabwriter.NewWriter(c.out, 0, 0, 2, ' ', 0)
	from, sumWays, sumGone := 0, 0, 0
	line := func(name string, gone, ways int) {
		percent := 100 * float64(gone) / float64(ways)
		mark := ""
		if percent < c.least {
			mark = "\tunder"
		}
		fmt.Fprintf(table, "%s\t%d of %d\t%.1f %%%s\n", name, gone, ways, percent, mark)
	}
	var missing []string
	for i, p := range packages {
		ways, gone := 0, 0
		for n := from + 1; n <= ends[i]; n++ {
			b := all[n-1]
			if unfit[n] {
				continue
			}
			for _, way := range b.ways {
				ways++
				if went[probe.Outcome{Number: n, Value: way}] {
					gone++
				} else if c.missing != nil && c.missing.MatchString(b.probe.File) {
					missing = append(missing, fmt.Sprintf("%s/%s:%d: %s: never %s", p.ImportPath, filepath.Base(b.probe.File), b.probe.Line, b.what, name(b, way)))
				}
			}
		}
		from = ends[i]
		if ways == 0 {
			continue
		}
		line(p.ImportPath, gone, ways)
		sumWays, sumGone = sumWays+ways, sumGone+gone
		if float64(100*gone) < c.least*float64(ways) {
			under++
		}
	}
	if sumWays > 0 {
		line("all", sumGone, sumWays)
	}
	table.Flush()
	for _, m := range missing {
		fmt.Fprintln(c.out, m)
	}
	return under
}

// name says what a way is.
func name(b branching, way int) string {
	switch {
	case len(b.ways) == 1:
		return "come to"
	case way == 1:
		return "met"
	}
	return "not met"
}
