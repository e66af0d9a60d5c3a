package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// grace is how long a target may take to stop when it is asked to.
const grace = 10 * time.Second

type runner struct {
	folder    string // for the test programs
	tags      string
	perTarget time.Duration
	workers   int // of each target
}

// run fuzzes the targets of one package, one after another.
func (r runner) run(ctx context.Context, s suite) error {
	program := filepath.Join(r.folder, strings.ReplaceAll(s.path, "/", "-")+".test")
	// The program is built and run apart, because go test does not pass on that it is to stop.
	build := exec.CommandContext(ctx, "go", "test", "-c", "-tags", r.tags, "-fuzz", ".", "-o", program, s.path)
	if out, err := build.CombinedOutput(); err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return fmt.Errorf("%s: %w\n%s", s.path, err, out)
	}
	cache, err := exec.CommandContext(ctx, "go", "env", "GOCACHE").Output()
	if err != nil {
		return fmt.Errorf("go env: %w", err)
	}
	for _, name := range s.targets {
		cmd := exec.CommandContext(ctx, program, "-test.run", "^$", "-test.fuzz", "^"+name+"$", "-test.fuzztime", r.perTarget.String(),
			"-test.fuzzcachedir", filepath.Join(strings.TrimSpace(string(cache)), "fuzz", filepath.FromSlash(s.path)),
			"-test.parallel", strconv.Itoa(r.workers),
			// Making every new input as short as can be, for a minute each, would take all the time of slow targets.
			"-test.fuzzminimizetime", "2s")
		cmd.Dir = s.folder
		cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
		cmd.WaitDelay = grace
		var out bytes.Buffer
		cmd.Stdout, cmd.Stderr = &out, &out
		err := cmd.Run()
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case err != nil && !timeIsUp.MatchString(out.String()):
			return fmt.Errorf("%s %s failed:\n%s%s", s.path, name, out.String(), where(s, out.String()))
		}
		report(os.Stdout, s.path, name, out.String())
	}
	return nil
}

// timeIsUp is how the fuzzer fails now and then when its time ends while it hands out work (go.dev/issue/56238): no input is to
// blame.
var timeIsUp = regexp.MustCompile(`(?m)^--- FAIL: \S+ \([^)]*\)\n\s+context deadline exceeded\nFAIL$`)

var tried = regexp.MustCompile(`execs: (\d+)`)

// report says in a line how many inputs a target was given.
func report(to io.Writer, path, name, out string) {
	inputs := "0"
	if all := tried.FindAllStringSubmatch(out, -1); len(all) > 0 {
		inputs = all[len(all)-1][1]
	}
	fmt.Fprintf(to, "%s %s: %s inputs, no fault\n", path, name, inputs)
}

var written = regexp.MustCompile(`Failing input written to (\S+)`)

// where says where the input lies that a target failed on, and how to try it again.
func where(s suite, out string) string {
	m := written.FindStringSubmatch(out)
	if m == nil {
		return ""
	}
	return fmt.Sprintf("The input is in %s\nTo try it again: go test -run %s %s\n",
		filepath.Join(s.folder, m[1]), filepath.Base(filepath.Dir(m[1]))+"/"+filepath.Base(m[1]), s.path)
}
