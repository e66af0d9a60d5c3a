package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"time"
)

// A runner tries mutants.
type runner struct {
	tags     string
	jobs     int
	patience time.Duration
	reasons  reasons
	out      io.Writer
}

// Reasons tell why nothing can notice what a mutant leaves out.
type reasons map[mutantName]string

type mutantName struct{ file, what string }

// of is the reason for one, empty where there is none.
func (r reasons) of(m mutant) string { return r[mutantName{filepath.ToSlash(m.file), m.what}] }

// readReasons reads a file of them; a line that starts with # is a comment.
func readReasons(path string) (reasons, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	all := reasons{}
	for i, line := range strings.Split(string(text), "\n") {
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		parts := strings.Split(line, "\t")
		if len(parts) != 3 || parts[2] == "" {
			return nil, fmt.Errorf("%s:%d: not a file, a mutant and a reason", path, i+1)
		}
		all[mutantName{parts[0], parts[1]}] = parts[2]
	}
	return all, nil
}

// The fates of a mutant.
const (
	killed    = "killed"
	survived  = "survived"
	stillborn = "does not compile"
)

// try runs the tests for each mutant and prints those that survive; it returns how many of them nothing explains.
func (r runner) try(ctx context.Context, tested []string, mutants []mutant) (int, error) {
	if fate, out, err := r.test(ctx, tested, nil); err != nil || fate != killed && fate != survived {
		return 0, fmt.Errorf("the tests cannot be run: %v\n%s", err, out)
	} else if fate == killed {
		return 0, fmt.Errorf("the tests fail as it is:\n%s", out)
	}
	fates := make([]string, len(mutants))
	var first error
	var mu sync.Mutex
	next := 0
	var workers sync.WaitGroup
	for range max(1, r.jobs) {
		workers.Go(func() {
			for {
				mu.Lock()
				i := next
				next++
				over := first != nil || i >= len(mutants) || ctx.Err() != nil
				mu.Unlock()
				if over {
					return
				}
				fate, _, err := r.test(ctx, tested, &mutants[i])
				mu.Lock()
				if fates[i] = fate; err != nil && first == nil {
					first = err
				}
				if fate == survived {
					fmt.Fprintf(r.out, "survived: %s\n", mutants[i])
					if reason := r.reasons.of(mutants[i]); reason != "" {
						fmt.Fprintf(r.out, "\t%s\n", reason)
					}
				}
				mu.Unlock()
			}
		})
	}
	workers.Wait()
	if first == nil {
		first = ctx.Err()
	}
	count, bad := map[string]int{}, 0
	for i, fate := range fates {
		if count[fate]++; fate == survived && r.reasons.of(mutants[i]) == "" {
			bad++
		}
	}
	fmt.Fprintf(r.out, "%s: %d mutants, %d killed, %d survived (%d explained), %d did not compile\n", tested[0], len(mutants),
		count[killed], count[survived], count[survived]-bad, count[stillborn])
	return bad, first
}

// test runs the tests with a mutant in the place of its file; nil: with none.
func (r runner) test(ctx context.Context, tested []string, m *mutant) (fate, out string, err error) {
	folder, err := os.MkdirTemp("", "mutant-")
	if err != nil {
		return "", "", err
	}
	defer os.RemoveAll(folder)
	args := []string{"test", "-vet=off", "-count=1", "-failfast", "-tags", r.tags, "-timeout", r.patience.String()}
	if m != nil {
		overlay, err := m.overlay(folder)
		if err != nil {
			return "", "", err
		}
		args = append(args, "-overlay", overlay)
	}
	cmd := exec.CommandContext(ctx, "go", append(args, tested...)...)
	printed, err := cmd.CombinedOutput()
	out = string(printed)
	switch {
	case ctx.Err() != nil:
		return "", out, ctx.Err()
	case err == nil:
		return survived, out, nil
	case strings.Contains(out, "[build failed]") || strings.Contains(out, "[setup failed]"):
		return stillborn, out, nil
	}
	return killed, out, nil
}

// overlay writes the mutant and the file that tells the compiler of it.
func (m mutant) overlay(folder string) (string, error) {
	source, err := os.ReadFile(m.file)
	if err != nil {
		return "", err
	}
	original, err := filepath.Abs(m.file)
	if err != nil {
		return "", err
	}
	changed := filepath.Join(folder, filepath.Base(m.file))
	if err := os.WriteFile(changed, m.apply(source), 0o600); err != nil {
		return "", err
	}
	table, err := json.Marshal(map[string]map[string]string{"Replace": {original: changed}})
	if err != nil {
		return "", err
	}
	overlay := filepath.Join(folder, "overlay.json")
	return overlay, os.WriteFile(overlay, table, 0o600)
}
