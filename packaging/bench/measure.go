package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"syscall"
	"time"
)

// tools is what a trial's preparation can use.
type tools struct {
	work    string // a folder for the trial's files
	sealctl string
}

// contender is a command whose cost is measured.
type contender struct {
	name string
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
	// contenders prepares the files; ours is the first.
	contenders func(ctx context.Context, t tools) ([]contender, error)
}

// row is what a contender needed.
type row struct {
	name    string
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
			rows[i].name = c.name
			wall, peak, err := c.run(ctx)
			if errors.Is(err, exec.ErrNotFound) {
				rows[i].missing = true
				continue
			}
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

func (c contender) run(ctx context.Context) (wall time.Duration, peak int64, err error) {
	if c.fresh != nil {
		if err := c.fresh(); err != nil {
			return 0, 0, err
		}
	}
	var complaint bytes.Buffer
	cmd := exec.CommandContext(ctx, c.args[0], c.args[1:]...)
	cmd.Env = append(os.Environ(), c.env...)
	cmd.Stderr = &complaint
	start := time.Now()
	err = cmd.Run()
	wall = time.Since(start)
	if err != nil {
		return 0, 0, fmt.Errorf("%w: %s", err, bytes.TrimSpace(complaint.Bytes()))
	}
	return wall, peakOf(cmd.ProcessState.SysUsage().(*syscall.Rusage)), nil
}
