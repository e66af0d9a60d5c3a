package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"syscall"
	"time"
)

// tools is what a trial's preparation can use.
type tools struct {
	work    string // a folder for the trial's files
	sealctl string
}

// role is what a contender is beside our program.
type role int

const (
	peer  role = 1 << iota // another program that does the same work
	floor                  // what nobody can do that work without
)

// contender is a command whose cost is measured.
type contender struct {
	name string
	as   role // none: it is ours
	args []string
	// env is added to the process's own.
	env []string
	// fresh puts away what the last run left, uncounted.
	fresh func() error
}

// trial is one piece of work, done by us and by others.
type trial struct {
	name   string
	target string // what the ratio is hoped to be, in words
	time   string // what is timed; empty: the whole run
	memory string // which memory is told; empty: the peak
	// contenders prepares the files; ours is the first.
	contenders func(ctx context.Context, t tools) ([]contender, error)
}

// row is what a contender needed.
type row struct {
	name    string
	as      role
	missing bool // the program is not installed
	wall    time.Duration
	peak    int64 // bytes
}

func (tr trial) measure(ctx context.Context, t tools, runs int) ([]row, error) {
	work, err := os.MkdirTemp(t.work, "trial-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(work)
	t.work = work
	all, err := tr.contenders(ctx, t)
	if err != nil {
		return nil, err
	}
	rows := make([]row, len(all))
	walls := make([][]time.Duration, len(all))
	for range runs {
		for i, c := range all {
			rows[i].name, rows[i].as = c.name, c.as
			if _, err := exec.LookPath(c.args[0]); err != nil {
				rows[i].missing = true
				continue
			}
			wall, peak, err := c.run(ctx, filepath.Join(work, "peak"))
			if err != nil {
				return nil, fmt.Errorf("%s: %w", c.name, err)
			}
			walls[i] = append(walls[i], wall)
			rows[i].peak = max(rows[i].peak, peak)
		}
	}
	for i, w := range walls {
		if len(w) > 0 {
			slices.Sort(w)
			rows[i].wall = w[len(w)/2]
		}
	}
	return rows, nil
}

// run measures one run. note is a file to write to.
func (c contender) run(ctx context.Context, note string) (wall time.Duration, peak int64, err error) {
	if c.fresh != nil {
		if err := c.fresh(); err != nil {
			return 0, 0, err
		}
	}
	args := c.args
	// The kernel counts for a process what its parent had when it was born; that of GNU time has next to nothing.
	timed, err := exec.LookPath("time")
	if err == nil {
		args = append([]string{timed, "-f", "%M", "-o", note}, args...)
	}
	var complaint bytes.Buffer
	cmd := exec.CommandContext(ctx, args[0], args[1:]...)
	cmd.Env = append(os.Environ(), c.env...)
	cmd.Stderr = &complaint
	start := time.Now()
	err = cmd.Run()
	wall = time.Since(start)
	if err != nil {
		return 0, 0, fmt.Errorf("%w: %s", err, bytes.TrimSpace(complaint.Bytes()))
	}
	if timed == "" {
		return wall, peakOf(cmd.ProcessState.SysUsage().(*syscall.Rusage)), nil
	}
	text, err := os.ReadFile(note)
	if err != nil {
		return 0, 0, err
	}
	kib, err := strconv.ParseInt(string(bytes.TrimSpace(text)), 10, 64)
	return wall, kib << 10, err
}
