package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"regexp"
	"strings"
	"sync"

	"sealdesk/packaging/probe"
)

// A runner tries mutants.
type runner struct {
	tags    string
	jobs    int
	only    *regexp.Regexp // places of mutants
	run     *regexp.Regexp // names of tests; nil: all
	list    bool
	reasons reasons
	out     io.Writer
}

// Reasons tell why nothing can notice what a mutant leaves out.
type reasons map[mutantName]string

type mutantName struct{ file, what string }

// of is the reason for one, empty where there is none.
func (r reasons) of(m mutant) string { return r[mutantName{m.name, m.what}] }

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

// all makes the mutants of every package and tries them.
func (r runner) all(ctx context.Context, arguments []string) error {
	if len(arguments) == 0 {
		return fmt.Errorf("no package is named")
	}
	survivors := 0
	for _, a := range arguments {
		n, err := r.one(ctx, a)
		if err != nil {
			return err
		}
		survivors += n
	}
	if survivors > 0 {
		return fmt.Errorf("%d survived", survivors)
	}
	return nil
}

// one tries the mutants of PACKAGE=TESTED,... and returns how many survive without a reason.
func (r runner) one(ctx context.Context, argument string) (int, error) {
	name, also, _ := strings.Cut(argument, "=")
	patterns := []string{name}
	if also != "" {
		patterns = append(patterns, strings.Split(also, ",")...)
	}
	of, err := probe.Packages(ctx, r.tags, name)
	if err != nil {
		return 0, err
	}
	if len(of) != 1 {
		return 0, fmt.Errorf("%s is not one package", name)
	}
	tested, err := probe.Packages(ctx, r.tags, patterns...)
	if err != nil {
		return 0, err
	}
	found, err := find(of[0])
	if err != nil {
		return 0, err
	}
	var mutants []mutant
	for _, m := range found {
		if r.only.MatchString(m.place()) {
			mutants = append(mutants, m)
		}
	}
	if r.list {
		for _, m := range mutants {
			fmt.Fprintln(r.out, m)
		}
		fmt.Fprintf(r.out, "%s: %d mutants\n", name, len(mutants))
		return 0, nil
	}
	folder, err := os.MkdirTemp("", "mutants-")
	if err != nil {
		return 0, err
	}
	defer os.RemoveAll(folder)
	b, err := set(ctx, folder, r.tags, r.run, of[0], tested, mutants)
	if err != nil {
		return 0, err
	}
	return r.try(ctx, name, b, mutants)
}

// try runs the tests for each mutant and prints those that survive; it returns how many of them nothing explains.
func (r runner) try(ctx context.Context, name string, b *bench, mutants []mutant) (int, error) {
	count, bad := map[string]int{}, 0
	var first error
	var mu sync.Mutex
	numbers := make(chan int)
	var workers sync.WaitGroup
	for range max(1, r.jobs) {
		workers.Go(func() {
			for n := range numbers {
				fate, err := b.fate(ctx, n)
				mu.Lock()
				if err != nil && first == nil {
					first = err
				}
				m := mutants[n-1]
				count[fate]++
				if fate == survived || fate == unreached {
					fmt.Fprintf(r.out, "%s: %s\n", fate, m)
					if reason := r.reasons.of(m); reason != "" {
						fmt.Fprintf(r.out, "\t%s\n", reason)
					} else {
						bad++
					}
				}
				mu.Unlock()
			}
		})
	}
	for i := range mutants {
		numbers <- i + 1
	}
	close(numbers)
	workers.Wait()
	alive := count[survived] + count[unreached]
	fmt.Fprintf(r.out, "%s: %d mutants, %d killed, %d survived (%d explained), %d did not compile\n", name, len(mutants),
		count[killed], alive, alive-bad, count[stillborn])
	return bad, first
}
