package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"sealdesk/packaging/probe"
)

// A bench is the tests, compiled once with every mutant in them. A run chooses one of these.
type bench struct {
	folder string
	unfit  map[int]bool // numbers of the mutants that do not compile
	tests  []known
}

// known is a test of which it is known what it reaches and how long it takes.
type known struct {
	program, dir, name string
	reaches            map[probe.Outcome]bool
	took               time.Duration
}

// set compiles the tests with the mutants, and runs each once, all mutants being left as they are.
func set(ctx context.Context, folder, tags string, names *regexp.Regexp, of probe.Package, tested []probe.Package, mutants []mutant) (*bench, error) {
	var probes []probe.Probe
	for _, m := range mutants {
		probes = append(probes, m.probe)
	}
	overlay, err := probe.Lay(ctx, folder, tags, []probe.Package{of}, probes)
	if err != nil {
		return nil, err
	}
	b := &bench{folder: folder, unfit: overlay.Unfit}
	for i, p := range tested {
		if !p.Tested() {
			continue
		}
		program := filepath.Join(folder, fmt.Sprintf("%d.test", i))
		out, err := exec.CommandContext(ctx, "go", "test", "-c", "-vet=off", "-tags", tags, "-overlay", overlay.File, "-o", program, p.ImportPath).CombinedOutput()
		if err != nil {
			return nil, fmt.Errorf("the tests of %s cannot be compiled: %w\n%s", p.ImportPath, err, out)
		}
		list := exec.CommandContext(ctx, program, "-test.list", "^(Test|Fuzz|Example)")
		list.Dir = p.Dir
		listed, err := list.Output()
		if err != nil {
			return nil, fmt.Errorf("the tests of %s cannot be listed: %w", p.ImportPath, err)
		}
		for _, name := range strings.Fields(string(listed)) {
			if names != nil && !names.MatchString(name) {
				continue
			}
			t := known{program: program, dir: p.Dir, name: name}
			if err := b.meet(ctx, &t); err != nil {
				return nil, fmt.Errorf("%s: %w", p.ImportPath, err)
			}
			if len(t.reaches) > 0 {
				b.tests = append(b.tests, t)
			}
		}
	}
	slices.SortStableFunc(b.tests, func(x, y known) int { return int(x.took - y.took) })
	return b, nil
}

// meet runs a test to see what it reaches and how long it takes.
func (b *bench) meet(ctx context.Context, t *known) error {
	log := filepath.Join(b.folder, "reached")
	if err := os.RemoveAll(log); err != nil {
		return err
	}
	passed, out := false, ""
	for range 2 { // a test that holds limits of time may fail once, on a machine that is busy
		began := time.Now()
		var err error
		if passed, out, err = t.run(ctx, log, 0, 10*time.Minute); err != nil {
			return err
		}
		if t.took = time.Since(began); passed {
			break
		}
	}
	if !passed {
		return fmt.Errorf("%s fails as it is:\n%s", t.name, out)
	}
	var err error
	t.reaches, err = probe.Read(log)
	return err
}

// run runs a test with a mutant. One that takes too long has noticed it.
func (t known) run(ctx context.Context, log string, number int, patience time.Duration) (passed bool, out string, err error) {
	limited, stop := context.WithTimeout(ctx, patience+10*time.Second)
	defer stop()
	cmd := exec.CommandContext(limited, t.program, "-test.run", "^"+t.name+"$", "-test.failfast", "-test.timeout", patience.String())
	cmd.Dir, cmd.Env, cmd.WaitDelay = t.dir, probe.Environment(log, number), time.Second
	printed, err := cmd.CombinedOutput()
	if ctx.Err() != nil {
		return false, "", ctx.Err()
	}
	if failed := (*exec.ExitError)(nil); errors.As(err, &failed) || errors.Is(err, exec.ErrWaitDelay) || limited.Err() != nil {
		return false, string(printed), nil
	}
	return err == nil, string(printed), err
}

// The fates of a mutant.
const (
	killed    = "killed"
	survived  = "survived"
	unreached = "unreached" // no test comes there, so it survives
	stillborn = "does not compile"
)

// fate runs the tests that reach a mutant, the quickest first, until one fails.
func (b *bench) fate(ctx context.Context, number int) (string, error) {
	if b.unfit[number] {
		return stillborn, nil
	}
	fate := unreached
	for _, t := range b.tests {
		if !t.reaches[probe.Outcome{Number: number, Value: 1}] {
			continue
		}
		passed, _, err := t.run(ctx, "", number, 10*time.Second+5*t.took)
		if err != nil {
			return "", err
		}
		if !passed {
			return killed, nil
		}
		fate = survived
	}
	return fate, nil
}
