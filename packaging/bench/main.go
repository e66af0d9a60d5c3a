// Command bench measures SealDesk's work beside other programs' on the same
// files in the same run, and writes a table of ratios with the machine's name.
// A speed alone says something about the machine; a ratio says something about
// the program.
//
//	go run ./packaging/bench [-only REGEXP] [-runs N] [-million] [-o FILE]
//
// Each contender runs in turn, N times; the table has the median of the wall
// clock and the greatest peak of resident memory, as the kernel counted it. A
// program that is not installed is named as missing, not left out. Benchmarks of
// the packages, which compare within one process, are run after it; of what they
// report, x-peer and x-floor are our time divided by another program's and by that
// of what nobody can do without. The table at the end has a line for each work.
// What fails is told, and keeps nothing from the rest.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"regexp"
	"time"
)

func main() {
	only := flag.String("only", "", "measure only the trials whose name matches")
	runs := flag.Int("runs", 5, "runs of each contender")
	million := flag.Bool("million", false, "measure the platform with a million contracts in it too")
	out := flag.String("o", "", "write the table to this file too")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, *only, *runs, *million, *out); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, only string, runs int, million bool, out string) error {
	match, err := regexp.Compile(only)
	if err != nil {
		return err
	}
	if runs < 1 {
		return fmt.Errorf("-runs %d: at least one run is needed", runs)
	}
	var w io.Writer = os.Stdout
	if out != "" {
		f, err := os.Create(out)
		if err != nil {
			return err
		}
		defer f.Close()
		w = io.MultiWriter(w, f)
	}
	work, err := os.MkdirTemp("", "sealdesk-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(work)
	t := tools{work: work, sealctl: filepath.Join(work, "sealctl")}
	build := exec.CommandContext(ctx, "go", "build", "-trimpath", "-ldflags", "-s -w", "-o", work, "./cmd/sealctl", "./cmd/tokenhost")
	build.Stderr = os.Stderr
	if err := build.Run(); err != nil {
		return fmt.Errorf("build sealctl (run this from the project's folder): %w", err)
	}
	for _, program := range []string{"sealctl", "tokenhost"} {
		if err := fromDisk(filepath.Join(work, program)); err != nil {
			return err
		}
	}
	if err := header(w); err != nil {
		return err
	}
	var failed error
	var all []summed
	for _, tr := range append(trials, window) {
		if !match.MatchString(tr.name) || ctx.Err() != nil {
			continue
		}
		begun := time.Now()
		measure := tr.measure
		if tr.name == window.name {
			measure = starting
		}
		rows, err := measure(ctx, t, runs)
		if err != nil {
			err = fmt.Errorf("%s: %w", tr.name, err)
			failed = errors.Join(failed, err)
		}
		if err := table(w, tr, rows, err); err != nil {
			return err
		}
		if err == nil {
			all = append(all, sum(tr.name, rows))
		}
		fmt.Fprintf(os.Stderr, "bench: %s took %s\n", tr.name, time.Since(begun).Round(time.Second))
	}
	inside, err := packages(ctx, w, match, million)
	return errors.Join(failed, err, summary(w, append(all, inside...)))
}
